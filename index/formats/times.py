"""Clock times as people write them (`1:02:03.5`, `02:03,500`, `[00:01:02.31]`) turned into seconds."""

from __future__ import annotations

import re

CLOCK = r"(?:\d{1,3}:)?\d{1,3}:[0-5]\d(?:[.,]\d{1,3})?"
"""A regular expression for one clock time, without groups."""

_PARTS = re.compile(r"(?:(?:(\d{1,4})[:.])?(\d{1,4})[:.])?(\d{1,6})(?:[.,:](\d{1,6}))?")


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
    match = _PARTS.fullmatch(text)
    if match is None:
        return None
    hours, minutes, whole, fraction = match.groups()
    # 00:01:02:500 is a millisecond behind a colon, 1:02:03 is hours, and 02:03 is minutes: the parts decide.
    if hours is None and fraction is not None and ":" + fraction in text[-5:] and len(fraction) <= 2:
        hours, minutes, whole, fraction = minutes, whole, fraction, None
    value = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(whole)
    return round(value + (int(fraction) / 10 ** len(fraction) if fraction else 0.0), 3)
