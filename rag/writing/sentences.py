"""A model's reply, as it streams in -> whole sentences, each as soon as it is whole. Knows nothing of what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.gate.clauses import MARKS

LONGEST_SENTENCE = 2_000  # characters; what is longer is no sentence, and the reply is read no further

_STOP = re.compile(rf"[.!?…]+[\"”’»)*_]*(?:{MARKS.pattern})?[.!?…]*(?=\s)|\n")
_ABBREVIATED = re.compile(
    r"(?<!\S)[(“\"]*(?:mr|mrs|ms|dr|prof|st|sr|jr|vs|capt|rev|[a-z]|(?:[a-z]\.)+[a-z])\.$", re.IGNORECASE
)


def sentences(pieces: Iterator[str]) -> Iterator[str]:
    """The whole sentences of a reply, as soon as each is whole; a rest that no full stop ends comes last.

    A quote is not cut between its sentences, and marks after a full stop belong to the sentence before them.
    A reasoning model's <think>…</think> at the start is left out.
    """
    held, opening = "", True
    for piece in pieces:
        held += piece
        if opening and (thinking := held.lstrip()).startswith("<think>"[: len(thinking)]):
            if "</think>" not in thinking:
                # Only the tag's end is still looked for: a thought may be as long as a book.
                held = held if len(thinking) < len("<think>") else "<think>" + thinking[len("<think>") :][-10:]
                continue
            held = thinking.partition("</think>")[2]
        opening = False
        while (cut := _cut(held)) is not None:
            if whole := _tidy(held[:cut]):
                yield whole
            held = held[cut:]
        if len(held) > LONGEST_SENTENCE:
            return
    if not held.lstrip().startswith("<think>") and (rest := _tidy(held)):
        yield rest


def _cut(text: str) -> int | None:
    """Where the first whole sentence ends, or None where that can't be known yet."""
    for match in _STOP.finditer(text):
        head = text[: match.end()]
        if match[0] == "\n":
            return match.end()
        following = text[match.end() :].lstrip(" \t")
        if not following:
            return None  # a mark may still come
        open_quote = head.count("“") > head.count("”") or head.count('"') % 2 == 1
        if open_quote or following[0] == "[" or following[0].islower():
            continue
        if match[0] == "." and (_ABBREVIATED.search(head) or re.fullmatch(r"\s*\d+\.", head)):  # "1. Tobin says"
            continue
        return match.end()
    return None


def _tidy(sentence: str) -> str:
    """The sentence without the bullet or emphasis that models like to put around it."""
    return re.sub(r"\*\*|__", "", re.sub(r"^\s*(?:[-*•]|\d+[.)])\s+", "", sentence)).strip()
