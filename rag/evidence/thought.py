"""Sentences of a turn -> the whole thought that they stand in, as it is quoted: where it starts, and until it says something."""

from __future__ import annotations

from collections.abc import Container

from index.episode import Turn
from rag.evidence.quotes import (
    LONGEST_QUOTE_WORDS,
    MOST_SENTENCES,
    OPENING_WORDS,
    SHORTEST_QUOTE_WORDS,
    asks,
    leans,
)

LEAST_OPENING = 3  # words of a turn's first sentences that may be the answer; a bare "Well." is not


def thought(turn: Turn, first: int, last: int, *, answers: bool, but: Container[int] = ()) -> tuple[int, int]:
    """The positions `first`..`last` of a turn, widened to a whole thought: from where it starts, to where it says something.

    A sentence that leans on the one before takes it along. Where the turn `answers` a question, its first words are often the
    answer, and what stands soon after them takes them along. `but`: positions that are quoted already.
    """
    spoken = turn.spoken()
    at = {sentence.position: n for n, sentence in enumerate(spoken)}
    begin, end = at[first], at[last]

    def words(of: slice) -> int:
        return sum(len(sentence.text.split()) for sentence in spoken[of])

    def may_take(n: int) -> bool:
        if not 0 <= n < len(spoken) or spoken[n].position in but or asks(spoken[n].text):
            return False
        return words(slice(begin, end + 1)) + words(slice(n, n + 1)) <= LONGEST_QUOTE_WORDS and (
            end - begin + 1 < MOST_SENTENCES
        )

    while leans(spoken[begin].text) and may_take(begin - 1):
        begin -= 1
    if answers and 0 < words(slice(0, begin)) <= OPENING_WORDS:
        said = [n for n in range(begin) if len(spoken[n].text.split()) >= LEAST_OPENING]
        while said and begin > said[0] and may_take(begin - 1):
            begin -= 1
    while words(slice(begin, end + 1)) < SHORTEST_QUOTE_WORDS and may_take(end + 1):
        end += 1
    return spoken[begin].position, spoken[end].position
