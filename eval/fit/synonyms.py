"""Makes `rag/gate/synonyms.txt` from WordNet: `python -m eval fit-synonyms FOLDER`, FOLDER being WordNet's.

FOLDER holds data.noun, index.sense, verb.exc and so on; Debian's package wordnet-base puts them into /usr/share/wordnet.

Three parts, each word in lower case and alone (no phrases):

    = child kid youngster      may stand for one another
    ! early late               must not
    > went go                  is a form of

WordNet lists every sense that a word ever had; only those are taken that are among a word's first, or that were counted
in its corpus, since a rare sense lets a word pass for what nobody would take it for.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.search.lexical import stems

KINDS = {"n": "noun", "v": "verb", "a": "adj", "s": "adj", "r": "adv"}
NUMBERS = {"noun": 1, "verb": 2, "adj": 3, "adv": 4}
FIRST_SENSES = 1  # of a word, which count without having been counted: the second of “dough” is money
LEAST_COUNTED = 2  # times that a later sense stands in the corpus,
LEAST_SHARE = 0.25  # and share of the word's uses that it has
LEAST_OF_KIND = (
    0.1  # share of a word's uses as that part of speech, for any sense to count: to time is to clock, time is not
)
TARGET = Path("rag/gate/synonyms.txt")


@dataclass(frozen=True, slots=True)
class Synset:
    """One sense: its `words`, and `pointers` as (symbol, kind, offset, own word's number, other's number; 0: all)."""

    kind: str
    words: tuple[str, ...]
    pointers: tuple[tuple[str, str, str, int, int], ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write `rag/gate/synonyms.txt` from WordNet's files in FOLDER, with its notice. Exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m eval fit-synonyms", description="Make the list of synonyms.")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    synsets = {(s.kind, offset): s for kind in NUMBERS for offset, s in read_synsets(options.folder, kind)}
    usual = read_usual(options.folder)
    same: set[str] = set()
    opposite: set[str] = set()
    for (kind, offset), synset in synsets.items():
        words = [word for word in synset.words if (word, kind, offset) in usual and word.isalpha()]
        if len(different(words)) > 1:
            same.add(" ".join(different(words)))
        for symbol, other_kind, other_offset, own, theirs in synset.pointers:
            other = synsets[other_kind, other_offset]
            if symbol not in ("!", "+") or not own:
                continue
            one, two = synset.words[own - 1], other.words[theirs - 1]
            both = one.isalpha() and two.isalpha() and len(different(sorted((one, two)))) == 2
            if both and (one, kind, offset) in usual and (two, other_kind, other_offset) in usual:
                (opposite if symbol == "!" else same).add(" ".join(sorted((one, two))))
    forms = {f"{form} {lemma}" for form, lemma in read_forms(options.folder)}
    lines = [f"{sign} {line}" for sign, found in (("=", same), ("!", opposite), (">", forms)) for line in sorted(found)]
    notice = [f"# {line}".strip() for line in license_of(options.folder)]
    TARGET.write_text("\n".join([*notice, *lines]) + "\n", encoding="utf-8")
    print(f"{TARGET}: {len(same):,} sets, {len(opposite):,} opposites, {len(forms):,} forms")
    return 0


def different(words: Sequence[str]) -> list[str]:
    """The words that differ in more than their ending."""
    return list({stem: word for word, stem in zip(reversed(words), reversed(stems(words)), strict=True)}.values())[::-1]


def read_synsets(folder: Path, kind: str) -> Iterator[tuple[str, Synset]]:
    """Every synset of one part of speech with its offset in the file `data.KIND`, the key that pointers name."""
    for line in (folder / f"data.{kind}").read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            continue  # the licence
        fields = line.split(" | ")[0].split()
        count = int(fields[3], 16)
        # Names have capitals in WordNet, and no synonyms that anybody would count as the same word.
        words = tuple(word.split("(")[0] for word in fields[4 : 4 + 2 * count : 2])
        rest = fields[4 + 2 * count :]
        pointers = tuple(
            (symbol, KINDS[other], offset, int(ends[:2], 16), int(ends[2:], 16))
            for symbol, offset, other, ends in zip(
                *(rest[n + 1 : 4 * int(rest[0]) + 1 : 4] for n in range(4)), strict=True
            )
        )
        yield fields[0], Synset(kind, words, pointers)


def read_usual(folder: Path) -> set[tuple[str, str, str]]:
    """(word, kind, offset) of the senses that a word usually has, without words that the corpus never has."""
    kinds = {"1": "noun", "2": "verb", "3": "adj", "4": "adv", "5": "adj"}
    senses = []
    total: Counter[str] = Counter()
    of_kind: Counter[tuple[str, str]] = Counter()
    for line in (folder / "index.sense").read_text(encoding="utf-8").splitlines():
        key, offset, number, counted = line.split()
        word, _, place = key.partition("%")
        senses.append((word, kinds[place[0]], offset, int(number), int(counted)))
        total[word] += int(counted)
        of_kind[word, kinds[place[0]]] += int(counted)
    return {
        (word, kind, offset)
        for word, kind, offset, number, counted in senses
        if total[word]
        and of_kind[word, kind] >= LEAST_OF_KIND * total[word]
        and (number <= FIRST_SENSES or (counted >= LEAST_COUNTED and counted >= LEAST_SHARE * total[word]))
    }


def read_forms(folder: Path) -> Iterator[tuple[str, str]]:
    """Irregular forms with the word that they are of, where the stem doesn't tell."""
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for kind in NUMBERS:
        for line in (folder / f"{kind}.exc").read_text(encoding="utf-8").splitlines():
            form, *lemmas = line.split()
            for lemma in lemmas:
                if (
                    form.isalpha()
                    and lemma.isalpha()
                    and lemma not in seen[form]
                    and len(set(stems([form, lemma]))) == 2
                ):
                    seen[form].add(lemma)
                    yield form, lemma


def license_of(folder: Path) -> list[str]:
    """WordNet's own notice, which its licence wants to stand with what is made of it."""
    lines = (folder / "data.noun").read_text(encoding="utf-8").splitlines()
    return [re.sub(r"^\s*[0-9]+\s*", "", line).strip() for line in lines if line.startswith("  ")]


if __name__ == "__main__":
    sys.exit(main())
