"""Where it is in doubt who speaks, and what to ask a person about first: the answer that is expected to put most words right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from index.episode import Sentence
from index.interviews.voices import Recovery

CLEAR = 0.05
"""A sentence that is less likely than this to be somebody else's is not worth asking about."""

AROUND = 20
"""Sentences on each side that are shown with one that is asked about."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A place whose voice is in doubt: `ask` is the sentence to ask about, to be shown with `first`..`last` around it.

    `likely` is the role that it has now, `sure` that role's probability. `wrong_words`: how many words an answer is
    expected to put right, there and where the same voice goes on.
    """

    first: int
    last: int
    ask: int
    likely: Literal["host", "guest"]
    sure: float
    wrong_words: float


def doubts(sentences: Sequence[Sentence], recovery: Recovery) -> list[Doubt]:
    """What to ask a person about, the most words at stake first; none of them shown with an earlier one. Empty: all is clear."""
    words = {sentence.position: len(sentence.text.split()) for sentence in sentences}
    heard = recovery.heard
    at_stake = np.array([0.0 if one.fixed else (1 - one.sure) * words[one.position] for one in heard])
    p_host = np.array([one.p_host for one in heard])
    fixed = np.array([one.fixed for one in heard], bool)
    found: list[Doubt] = []
    asked = np.zeros(len(heard), bool)
    gain = _gains(p_host, at_stake, fixed)
    for number in np.argsort(gain, kind="stable")[::-1]:
        one = heard[number]
        if one.fixed or 1 - one.sure < CLEAR or asked[number]:
            continue
        first, last = max(0, number - AROUND), min(len(heard) - 1, number + AROUND)
        asked[first : last + 1] = True
        shown = heard[first].position, heard[last].position
        found.append(Doubt(*shown, one.position, one.likely, one.sure, float(gain[number])))
    return found


def _gains(p_host: np.ndarray, at_stake: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """Words that an answer about each sentence is expected to put right: its own, and on as far as the voice may go on."""
    gains = at_stake.copy()
    # How likely an answer about one sentence holds for its neighbour; it never runs over what is fixed.
    holds = np.maximum(0.0, 1 - 1.6 * np.abs(np.diff(p_host)))
    for stake, passes, into in (
        (at_stake, holds * ~fixed[1:], slice(None)),
        (at_stake[::-1], (holds * ~fixed[:-1])[::-1], slice(None, None, -1)),
    ):
        goes_on = np.ones(len(stake))
        for away in range(1, min(AROUND + 1, len(stake))):
            goes_on = goes_on[: len(stake) - away] * passes[away - 1 :]
            gains[into][: len(stake) - away] += goes_on * stake[away:]
    return gains
