"""Which word of a sentence may be swapped for which, so that a lie reads like the truth."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

import numpy as np

from eval.studies.gate.rewrites import SAME
from index.search.encoder import Encoder
from index.search.lexical import STOP_WORDS, stems

NEAREST_WORDS = 12  # how many of the words nearest in meaning one may be swapped for

SAME_MEANING = 0.6  # cosine of two words from which one might be put for the other honestly: never swapped


class SentenceWords:
    """Words that one can be swapped for: near in meaning, or any of the same ending."""

    def __init__(self, texts: Iterable[str], encoder: Encoder) -> None:
        counts: dict[str, int] = {}
        for text in texts:
            for word in subject(text):
                counts[word] = counts.get(word, 0) + 1
        self.words = sorted(counts, key=lambda word: (-counts[word], word))[:2500]
        self.vectors = encoder.encode(self.words)
        self.rows = {word: row for row, word in enumerate(self.words)}

    def near(self, word: str, rng: random.Random) -> str | None:
        """One of the words nearest in meaning that still mean something else."""
        if word not in self.rows:
            return None
        cosines = self.vectors @ self.vectors[self.rows[word]]
        order = [self.words[row] for row in np.argsort(-cosines)[:60] if cosines[row] < SAME_MEANING]
        fit = [other for other in order if _is_other(word, other) and _ending(word) == _ending(other)]
        return rng.choice(fit[:NEAREST_WORDS]) if fit else None

    def any(self, word: str, rng: random.Random) -> str | None:
        """Any word with the same ending and another stem; None where there is none."""
        fit = [other for other in self.words if _ending(other) == _ending(word) and _is_other(word, other)]
        return rng.choice(fit) if fit else None


SAME_STEMS = [set(stems(pair)) for pair in SAME.items()]


def _ending(word: str) -> str:
    return next((end for end in ("ing", "ed", "ly", "s") if word.endswith(end)), "")


def _is_other(word: str, other: str) -> bool:
    one, two = stems([word])[0], stems([other])[0]
    return one != two and {one, two} not in SAME_STEMS


def subject(text: str) -> list[str]:
    """The words that a sentence is about, in order: lower case, four letters or more, no stop words."""
    return [word for word in re.findall(r"[a-z]{4,}", text) if word not in STOP_WORDS]
