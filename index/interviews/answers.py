"""What a person answers in review about who speaks: fixed, whatever the words tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np


@dataclass(frozen=True, slots=True)
class VoiceIs:
    """What a person says in review: `role` speaks the sentence at `position`, and on up to `last`.

    `begins`: this voice starts there, so the sentence before is the other one's. `ends`: it stops after `last`.
    """

    position: int
    role: Literal["host", "guest"]
    last: int | None = None
    begins: bool = True
    ends: bool = False


def known_voices(positions: Sequence[int], corrections: Sequence[VoiceIs]) -> np.ndarray:
    """Shape (n_sentences, 2): 1 where a person said that the host (column 0) or the guest (column 1) speaks."""
    known = np.zeros((len(positions), 2), np.float32)
    index_of = {position: number for number, position in enumerate(positions)}
    for correction in corrections:
        if correction.position not in index_of:
            continue
        first = index_of[correction.position]
        column = 0 if correction.role == "host" else 1
        last = index_of.get(correction.last if correction.last is not None else correction.position, first)
        if correction.begins and first > 0 and not known[first - 1].any():
            known[first - 1, 1 - column] = 1
        if correction.ends and last + 1 < len(positions) and not known[last + 1].any():
            known[last + 1, 1 - column] = 1
        known[first : last + 1] = 0
        known[first : last + 1, column] = 1
    return known
