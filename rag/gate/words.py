"""Whether the words cited support every word of a clause.
They do by the same word in any form, a synonym, or a number's value.

Words outside quote marks are of four kinds: grammar and words about speaking need no support; a word of the quote cited, or
one that means the same, is supported; a word of the question answered there is supported too, and so is one that resolves the
quote's "it", as long as most of the clause stands in the quote; any other is the writer's own invention.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.english import (
    ANAPHORS,
    FUNCTION_WORDS,
    OPENERS,
    QUANTITIES,
    REPORTING_WORDS,
    ROLE_NOUNS,
    SAYING_VERBS,
    SUBJECT_PRONOUNS,
)
from rag.evidence.check import locate
from rag.gate.clauses import WORD, Cited, Clause, bare, words_of
from rag.gate.negation import Polarity
from rag.gate.numbers import numbers
from rag.gate.synonyms import families, family, meant, opposite
from rag.question.question import Question

MOST_MEANT = 2  # words that a quote's "it" or "she" may be replaced by
NEAR = 4  # words between who says it and how it is said, at most
_FRAME = re.compile(
    r"^\W*(?:(?:and|while|whereas|but) )?"
    r"(?:asked|when asked|questioned|on|about|regarding|as for|speaking of|in)\b[^,…]{0,80},",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Support:
    """A clause's content words outside quote marks, and those of them that nothing supports; lower case, each word once.

    `share`: of the content words, the share that the quotes themselves support; 1 where there is none. `framed`: words of
    the question and of titles that only introduce the clause ("Asked about bread, …").
    """

    content: tuple[str, ...]
    missing: tuple[str, ...]
    share: float
    framed: frozenset[str]


def support_of(clause: Clause, cited: Cited, question: Question) -> Support:
    """Which content words of a clause are supported by the quotes that it rests on."""
    # "Asked about bread, …", "In the first episode, …": words of the question and of titles that only introduce it.
    frame = _FRAME.match(clause.plain)
    framed = words_of(question.asked) | cited.about | {"episode"} if frame else set()
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", clause.plain)
    tokens = [
        (bare(part), match.end()) for match in WORD.finditer(plain) for part in re.split(r"[-.]", match[0]) if part
    ]
    words = [word for word, _ in tokens]
    skipped = cited.name_parts | FUNCTION_WORDS | QUANTITIES
    content: dict[str, None] = {}
    for place, (word, end) in enumerate(tokens):
        in_frame = frame is not None and end <= frame.end() and word in framed | REPORTING_WORDS
        if word in skipped or numbers(word) or in_frame or (place == 0 and word in OPENERS):
            continue
        if not (word in REPORTING_WORDS and _is_report(words, place, cited)) and words[place : place + 2] != [
            "used",
            "to",
        ]:
            content[word] = None
    # Words of grammar support none: "live" is not "be", nor is "used" "us".
    there = families(cited.words - FUNCTION_WORDS)
    answered = families(words_of(cited.answered) - FUNCTION_WORDS)
    before = families((cited.before | _asked_and_said(question, cited)) - FUNCTION_WORDS)
    dropped = ANAPHORS & (cited.words - set(words))
    denied = Polarity(cited.text).negated
    missing, supported, meant_by_it = [], 0, 0
    for word in content:
        if meant(word) & there or opposite(word) & denied or (word in SAYING_VERBS and cited.words & SAYING_VERBS):
            supported += 1
        elif family(word) & before and dropped and meant_by_it < MOST_MEANT:
            meant_by_it += 1  # "the oven", where the quote has "her"
        elif not meant(word) & answered:
            missing.append(word)
    share = supported / len(content) if content else 1.0
    return Support(tuple(content), tuple(missing), share, frozenset(framed))


def _asked_and_said(question: Question, cited: Cited) -> set[str]:
    """The words of a question that its answer's episode has too: a question may be anything that a stranger typed."""
    episodes = [quote.episode for quote in cited.quotes]
    return {word for word in words_of(question.asked) if any(locate(word, episode) for episode in episodes)}


def _is_report(words: Sequence[str], place: int, cited: Cited) -> bool:
    """True where a word about speaking stands beside who speaks."""
    near = set(words[max(0, place - NEAR) : place + NEAR + 1])
    beside = set(words[max(0, place - 1) : place + 2])
    opens = place < NEAR and bool(set(words[:place]) & SUBJECT_PRONOUNS)
    said_by_pronoun = words[place] in SAYING_VERBS and bool(beside & SUBJECT_PRONOUNS)
    return bool(near & (cited.name_parts | ROLE_NOUNS)) or opens or said_by_pronoun


def is_supported_word(word: str, words: set[str]) -> bool:
    """True where one of the words is this one in another form, or means the same."""
    return bool(meant(word) & families(words))
