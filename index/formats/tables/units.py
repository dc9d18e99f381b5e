"""Whether bare numbers count seconds, milliseconds, microseconds or ticks: told by how fast people would have spoken."""

from __future__ import annotations

import math
from collections.abc import Iterable

USUAL = 15.0  # characters a second; talk has 8 to 25, and a thousand times less or more is another unit
SLOWEST, FASTEST = 2.0, 60.0  # characters a second over whole segments, pauses included
FEWEST_CHARACTERS = 20
_NAMES = {1: "seconds", 1e-3: "milliseconds", 1e-6: "microseconds", 1e-9: "nanoseconds", 1e-7: "ticks of 100 ns"}


def unit_of(spans: Iterable[tuple[float | None, float | None, int]]) -> float:
    """How many seconds 1 is, for pieces of (start, end, characters): 1, 1e-3, 1e-6 or 1e-9; 1 where nothing tells."""
    lasted = 0.0
    characters = 0
    starts: list[tuple[float, int]] = []
    for start, end, length in spans:
        if start is None:
            continue
        starts.append((start, length))
        if end is not None and end > start:
            lasted += end - start
            characters += length
    if not lasted and len(starts) > 1:
        lasted = max(start for start, _ in starts) - min(start for start, _ in starts)
        characters = sum(length for _, length in starts[:-1])
    if characters < FEWEST_CHARACTERS or lasted <= 0:
        return 1.0
    thousands = round(math.log10(USUAL * lasted / characters) / 3)
    unit = {1: 1e-3, 2: 1e-6, 3: 1e-9}.get(thousands, 1.0)
    # A few words over a long silence are no proof: in the other unit people must speak as people do.
    return unit if SLOWEST <= characters / (lasted * unit) <= FASTEST else 1.0


def told(unit: float) -> str:
    """What is told of a unit other than seconds."""
    return f"times were read as {_NAMES.get(unit, 'another unit')}"
