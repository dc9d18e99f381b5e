"""When, in a transcript without times. Every estimate says that it is one, and how far off it may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from index.episode import Sentence

WORD_SHARE_ERROR = 52.0
"""Error (p90, seconds) of "share of the words times the duration" on two shows whose times are known."""


def estimate_times(turns: Sequence[Sequence[Sentence]], duration: float | None) -> list[list[Sentence]]:
    """The turns' sentences, timed by their share of the words where no time is known at all and a duration is.

    `duration` in seconds. Sentences are returned unchanged where the transcript has times, or nobody knows how long it is.
    """
    if duration is None or any(sentence.start is not None for sentences in turns for sentence in sentences):
        return [list(sentences) for sentences in turns]
    total = sum(len(sentence.text.split()) for sentences in turns for sentence in sentences if sentence.speech)
    before = 0
    timed = []
    for sentences in turns:
        of_turn = []
        for sentence in sentences:
            words = len(sentence.text.split()) if sentence.speech else 0
            start, end = duration * before / max(total, 1), duration * (before + words) / max(total, 1)
            of_turn.append(
                replace(sentence, start=start, end=end, time_source="estimated", time_error=WORD_SHARE_ERROR)
            )
            before += words
        timed.append(of_turn)
    return timed
