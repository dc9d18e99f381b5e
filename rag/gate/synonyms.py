"""Which words may stand for one another. Read from `synonyms.txt`, made from WordNet by eval/fit/synonyms.py.

A neural similarity can't separate these: to it, Monday is as near to Tuesday as kids are to children.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from index.search.lexical import stems


@dataclass(frozen=True, slots=True)
class Synonyms:
    """By stem: the stems that mean the same, those that mean the opposite, and the words that an irregular form is of."""

    same: dict[str, set[str]]
    opposite: dict[str, set[str]]
    forms: dict[str, set[str]]


@lru_cache(maxsize=20_000)
def family(word: str) -> frozenset[str]:
    """The stems under which a word may be found as itself: its own, and that of the word which it is a form of."""
    own = stems([word])[0]
    # The stemmer files "flies" apart from "fly".
    whole = stems([re.sub(r"ie[sd]$", "y", word)])[0]
    return frozenset({own, whole} | synonyms().forms.get(own, set()))


def families(words: Iterable[str]) -> set[str]:
    """The stems under which any of these words may be found as itself; see `family`."""
    return {stem for word in words for stem in family(word)}


@lru_cache(maxsize=20_000)
def meant(word: str) -> frozenset[str]:
    """The stems of the word and of all that may stand for it."""
    same = synonyms().same
    return family(word).union(*(same.get(stem, ()) for stem in family(word)))


def opposite(word: str) -> set[str]:
    """The stems of what means the opposite."""
    return {other for stem in family(word) for other in synonyms().opposite.get(stem, ())}


@cache
def synonyms() -> Synonyms:
    """The list, read once."""
    same: defaultdict[str, set[str]] = defaultdict(set)
    opposite: defaultdict[str, set[str]] = defaultdict(set)
    forms: defaultdict[str, set[str]] = defaultdict(set)
    lines = files("rag.gate").joinpath("synonyms.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    listed = list({word for row in rows for word in row[1:]})
    stem_of = dict(zip(listed, stems(listed), strict=True))
    for sign, *plain in rows:
        words = [stem_of[word] for word in plain]
        if sign == ">":
            forms[words[0]].add(words[1])
            continue
        table = same if sign == "=" else opposite
        for word in words:
            table[word].update(other for other in words if other != word)
    return Synonyms(dict(same), dict(opposite), dict(forms))
