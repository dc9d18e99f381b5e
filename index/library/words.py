"""Words of a library: in how many passages one stands, how much it tells them apart, and which is meant by a misspelling."""

from __future__ import annotations

import math

from index.library.connection import Connection
from index.search import lexical

MOST_COUNTS = 50_000  # words whose passages are counted once and kept: a few MiB
MISSPELT_LETTERS = 5  # shorter words have too many neighbours
MISSPELT_LIKENESS = 80  # rapidfuzz ratio: one letter in five wrong, or two swapped in a word of seven


def passages_with(connection: Connection, word: str, counts: dict[str, int]) -> int:
    """In how many passages a word stands, in any of its forms. `counts`: those of this generation that are known."""
    if len(counts) > MOST_COUNTS:
        counts.clear()
    held = counts.get(word)
    if held is None:
        # Another thread may empty the counts meanwhile, so the value is returned and not looked up again.
        held = counts[word] = lexical.passages_with(connection, word)
    return held


def rarity(passages: int, with_it: int) -> float:
    """BM25's idf of a word that stands in `with_it` of so many passages."""
    return math.log(1 + (max(1, passages) - with_it + 0.5) / (with_it + 0.5))


def may_be_misspelt(word: str) -> bool:
    """Whether it is long enough for its neighbours to be few, and made of letters."""
    return len(word) >= MISSPELT_LETTERS and word.isalpha()


def terms(connection: Connection) -> list[str]:
    """The stems that a misspelt word may be meant for."""
    return lexical.terms(connection, shortest=MISSPELT_LETTERS - 1)


def nearest(word: str, stems: list[str]) -> str:
    """The stem that is surely meant by a misspelt word; the word itself where none is."""
    from rapidfuzz import fuzz, process

    (stem,) = lexical.stems([word])
    found = process.extractOne(stem, stems, scorer=fuzz.ratio, score_cutoff=MISSPELT_LIKENESS)
    return found[0] if found else word
