"""Times that don't count from the beginning of the recording: an editor's timeline that begins at 01:00:00, a wall clock's.

Where a known duration tells how much to subtract, it is; where nothing does, no time is shown rather than a wrong one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from index.formats.parsed import ParsedTurn

HOUR = 3600.0
TIMELINES = (1, 10)
"""Hours at which editing programs begin a timeline by custom."""
PAST_THE_END = 30.0  # seconds by which times may exceed a duration that was rounded
SECONDS_A_CHARACTER = 0.063
SHARE = 0.3  # of the time before the first given one that words before it must fill, at the usual pace, to explain it


def on_the_recording(turns: Sequence[ParsedTurn], duration: float | None, mended: list[str]) -> tuple[ParsedTurn, ...]:
    """The turns with times that count from the recording's beginning; without any where that can't be told.

    `duration`: seconds, or None where nobody knows. What was done is added to `mended`, in words.
    """
    first, before = _first(turns)
    if first is None or first < (HOUR if duration is None else min(HOUR, duration + PAST_THE_END)):
        return tuple(turns)
    if before * SECONDS_A_CHARACTER >= SHARE * first or (duration is not None and first <= duration):
        return tuple(turns)
    hours = int(first // HOUR)
    last = max(piece.start for turn in turns for piece in turn.pieces if piece.start is not None)
    begins = f"times begin at {_clock(first)}"
    if duration is not None and hours in TIMELINES and last - hours * HOUR <= duration + PAST_THE_END:
        mended.append(f"{begins} and the recording lasts {_clock(duration)}: {hours}:00:00 was subtracted")
        return tuple(_shifted(turn, hours * HOUR) for turn in turns)
    known = "nobody tells how long the recording is" if duration is None else f"the recording lasts {_clock(duration)}"
    mended.append(f"{begins} and {known}: they are a clock's or a timeline's, and are left out")
    return tuple(_shifted(turn, None) for turn in turns)


def _first(turns: Sequence[ParsedTurn]) -> tuple[float | None, int]:
    """The first time given, and how many characters are spoken before it."""
    characters = 0
    for turn in turns:
        for piece in turn.pieces:
            if piece.start is not None:
                return piece.start, characters
            characters += len(piece.text) if piece.speech else 0
    return None, characters


def _shifted(turn: ParsedTurn, seconds: float | None) -> ParsedTurn:
    def moved(time: float | None) -> float | None:
        return None if time is None or seconds is None else max(0.0, round(time - seconds, 3))

    return replace(turn, pieces=tuple(p._replace(start=moved(p.start), end=moved(p.end)) for p in turn.pieces))


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
