"""Which words may stand for one another. Read from `synonyms.txt`, made from WordNet by eval/train/synonyms.py.

A neural similarity can't tell this: to it, Monday is as near to Tuesday as kids are to children.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from index.lexical import stems


@dataclass(frozen=True, slots=True)
class Synonyms:
    """By stem: the stems that mean the same, those that mean the opposite, and the words that an irregular form is of."""

    same: dict[str, set[str]]
    opposite: dict[str, set[str]]
    forms: dict[str, set[str]]

    def family(self, word: str) -> set[str]:
        """The stems under which a word may be found as itself: its own, and that of the word which it is a form of."""
        own = stems([word])[0]
        return {own} | self.forms.get(own, set())

    def meant(self, word: str) -> set[str]:
        """The stems of the word and of all that may stand for it."""
        family = self.family(word)
        return family.union(*(self.same.get(stem, ()) for stem in family))

    def families(self, words: Iterable[str]) -> set[str]:
        return {stem for word in words for stem in self.family(word)}


@cache
def synonyms() -> Synonyms:
    """The list, read once."""
    same, opposite, forms = (defaultdict(set) for _ in range(3))
    lines = files("rag").joinpath("synonyms.txt").read_text(encoding="utf-8").splitlines()
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
