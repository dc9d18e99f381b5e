"""Which words of a text stand under a negation. Knows nothing of sentences and marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from index.search.lexical import STOP_WORDS, stems
from rag.english import UNIVERSALS
from rag.gate.clauses import bare

NEGATOR = re.compile(
    r"no|not|never|none|nobody|nothing|neither|nor|nowhere|cannot|without|hardly|barely|rarely|seldom|ain'?t"
    r"|(?:do|does|did|wo|would|ca|could|should|must|need|is|are|was|were|has|have|had)n'?t"
    r"|refus\w*|avoid\w*|den(?:y|ies|ied)|stop\w*|quit|lack\w*|fail\w*|reject\w*|against|oppos\w*|instead|rather"
)
_NO_NEGATION = re.compile(r"\b(?:not only|not just|no doubt|no wonder|nothing but|no one but)\b")
ONLY = re.compile(r"\b(?:only|just|merely)\b", re.IGNORECASE)
NOT_ONLY = re.compile(r"(?:\bnot|n['’]t) (?:only|just|merely)\b", re.IGNORECASE)
_CLAUSE_END = re.compile(
    r"[,;:.!?()—–]+|\b(?:but|because|although|though|while|whereas|if|whether|unless|until)\b"
    r"|\band (?=(?:i|he|she|we|they|it|you|that|this|there|then|so)\b)"
)
LEAST_SHARED = 0.6  # share of the words of a part that say what it is made from
# Opposites among the words of grammar, which need no support of their own; opposites of other words are found missing anyhow.
_PAIRS = """more/less more/fewer most/least before/after up/down with/without always/never over/under above/below for/against
    first/last many/few all/some every/some always/sometimes all/most""".split()


class Polarity:
    """Which content words (stems) of a text stand under a negation, which don't; the same word may do both.

    `found`: there is a negation. `bare`: one that negates nothing beside it ("No." "I would not.").
    """

    def __init__(self, text: str) -> None:
        self.plain: set[str] = set()
        self.negated: set[str] = set()
        self.found = self.bare = False
        for words in _parts(text):
            self._read(words)

    def _read(self, words: Iterable[str]) -> None:
        negated = False
        under: set[str] = set()
        seen = False
        for word in words:
            if NEGATOR.fullmatch(word):
                negated, seen = not negated, True
            elif word not in STOP_WORDS:
                stem = stems([bare(word)])[0]
                (self.negated if negated else self.plain).add(stem)
                if negated:
                    under.add(stem)
        self.found |= seen
        self.bare |= seen and not under


def _parts(text: str) -> list[list[str]]:
    """The words of each part of a text that a negation reaches, lower case."""
    text = re.sub(r"(?<=\d)[.,](?=\d)", "", text)  # no part ends within a number
    folded = re.sub(r"[\"“”„«»]", " ", text.replace("’", "'").replace("‘", "'").lower())
    parts = _CLAUSE_END.split(_NO_NEGATION.sub(" ", folded))
    return [words for part in parts if (words := re.findall(r"[^\W_]+(?:'[^\W_]+)*", part))]


def tilted(ours: str, theirs: str) -> str:
    """What is wrong where a part of ours has a "not" that the part of theirs which it is made from lacks, or lacks its "not"."""
    there = [(_content(words), _is_negated(words)) for words in _parts(theirs)]
    for words in _parts(ours):
        content = _content(words)
        shared = [(len(content & other), -len(other), negated) for other, negated in there]
        nearest = max(shared, default=(0, 0, False))
        if nearest[0] >= max(2, LEAST_SHARED * len(content)) and nearest[2] != _is_negated(words):
            rivals = [negated for count, _, negated in shared if count == nearest[0]]
            if all(negated == nearest[2] for negated in rivals):
                return "a “not” that the words cited have" if nearest[2] else "a “not” that the words cited don't have"
    return ""


def _content(words: Sequence[str]) -> set[str]:
    return set(stems(bare(word) for word in words if word not in STOP_WORDS and not NEGATOR.fullmatch(word)))


def _is_negated(words: Sequence[str]) -> bool:
    return sum(bool(NEGATOR.fullmatch(word)) for word in words) % 2 == 1


def turned(ours: set[str], theirs: set[str]) -> str:
    """What is wrong where a small word became its opposite, or a larger claim; "" where none did. Words in lower case."""
    for pair in _PAIRS:
        one, other = pair.split("/")
        for said, meant in ((one, other), (other, one)):
            if said in ours - theirs and meant in theirs - ours:
                return f"“{said}”, where the words cited have “{meant}”"
    for word in sorted(UNIVERSALS & ours):
        if not theirs & UNIVERSALS:
            return f"“{word}”, which the words cited don't say"
    return ""
