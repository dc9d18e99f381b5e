"""Clock times as people write them (`1:02:03.5`, `02:03,500`, `[00:01:02.31]`) turned into seconds."""

from __future__ import annotations

import re

CLOCK = r"(?:\d{1,3}:)?\d{1,3}:[0-5]\d(?:[.,]\d{1,3})?"
"""A regular expression for one clock time, without groups."""

_FRACTION = re.compile(r"(\d{1,6})(?:[.,](\d{1,6}))?")


def seconds(clock: str) -> float | None:
    """A clock time in seconds, rounded to the millisecond, or None where the text is no clock time.

    seconds("1:02:03.5") == 3723.5; seconds("02:03,250") == 123.25; seconds("12") == 12.0
    """
    text = clock.strip()
    if ":" not in text:
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            return None
        return round(value, 3) if 0 <= value < 1e7 else None
    parts = text.split(":")
    if len(parts) == 4 and len(parts[3]) == 3:  # 00:01:02:500, a colon where the comma should be
        parts[2:] = [f"{parts[2]}.{parts[3]}"]
    match = _FRACTION.fullmatch(parts[-1].strip())
    if match is None or len(parts) > 3 or not all(part.isdecimal() and len(part) < 5 for part in parts[:-1]):
        return None
    minutes = 0
    for part in parts[:-1]:
        minutes = minutes * 60 + int(part)
    return round(minutes * 60 + int(match[1]) + (int(match[2]) / 10 ** len(match[2]) if match[2] else 0.0), 3)
