"""Times as people and programs write them (`1:02:03.5`, `00:00:02:12`, `1 minute 3 seconds`, `65.5s`) turned into seconds."""

from __future__ import annotations

import re

CLOCK = r"(?:\d{1,3}:)?\d{1,3}:[0-5]\d(?:[.,]\d{1,3})?"
"""A regular expression for one clock time, without groups."""

FRAMES = r"\d{1,3}[:;][0-5]\d[:;][0-5]\d[:;]\d\d(?!\d)"
"""The same for a time code whose last two digits count frames: `00:00:02:12`, drop-frame `00;00;02;12`."""

_HOURS = r"\d{1,3} ?(?:hours?|hrs?|h)(?![a-z])"
_MINUTES = r"\d{1,4} ?(?:minutes?|mins?|m)(?![a-z])"
_SECONDS = r"\d{1,6}(?:[.,]\d{1,6})? ?(?:seconds?|secs?|s)(?![a-z])"
_AND = r"(?:, ?| )?(?:and )?"
SPELT = (
    rf"(?i:{_HOURS}(?:{_AND}{_MINUTES})?(?:{_AND}{_SECONDS})?|{_MINUTES}(?:{_AND}{_SECONDS})?|{_SECONDS}"
    r"|\d{1,9} ?ms(?![a-z]))"
)
"""The same for a time in units: `1 minute 3 seconds`, `6m32s`, `65.50s`, `4100 ms`."""

TIME = rf"(?:{FRAMES}|(?:\d{{4}}-\d\d-\d\d[T ])?{CLOCK}(?:Z\b| ?(?i:[ap]\.?m\b\.?))?|{SPELT})"
"""The same for any of them, also with a date before it or am and pm behind: a wall clock's."""

_FRACTION = re.compile(r"(\d{1,6})(?:[.,](\d{1,6}))?")
_FRAMES = re.compile(r"(\d{1,3})[:;](\d\d)[:;](\d\d)[:;](\d\d)")
_WALL = re.compile(r"(?:\d{4}-\d\d-\d\d[T ])?(.*?)(?:Z| ?([aApP])\.?[mM]\.?)?")
_UNITS = re.compile(r"(\d+(?:[.,]\d+)?) ?(milli|ms|h|m|s)", re.IGNORECASE)
_UNIT = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "milli": 0.001}
_IN_UNITS = re.compile(rf"(?:PT)?({SPELT}|\d{{1,9}} ?milliseconds?)", re.IGNORECASE)
FEWEST_RATE, HIGHER_RATE = 30, 60  # frames a second; at 24 or 25 a time is off by a fifth of a second at most


def seconds(clock: str) -> float | None:
    """A time in seconds, rounded to the millisecond, or None where the text is no time.

    seconds("1:02:03.5") == 3723.5; seconds("02:03,250") == 123.25; seconds("12") == 12.0; seconds("6m32s") == 392.0
    """
    text = clock.strip()
    if ":" not in text and ";" not in text:
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            return _in_units(text)
        return round(value, 3) if 0 <= value < 1e7 else None
    parts = text.split(":")
    if len(parts) == 4 and len(parts[3]) == 3:  # 00:01:02:500, a colon where the comma should be
        parts[2:] = [f"{parts[2]}.{parts[3]}"]
    match = _FRACTION.fullmatch(parts[-1].strip())
    if match is None or len(parts) > 3 or not all(part.isdecimal() and len(part) < 5 for part in parts[:-1]):
        return _with_frames(text) if match is None or len(parts) > 3 else None
    minutes = 0
    for part in parts[:-1]:
        minutes = minutes * 60 + int(part)
    return round(minutes * 60 + int(match[1]) + (int(match[2]) / 10 ** len(match[2]) if match[2] else 0.0), 3)


def _with_frames(text: str) -> float | None:
    """A time code with frames, or a wall clock's time, which counts from midnight."""
    match = _FRAMES.fullmatch(text)
    if match:
        hours, minutes, whole, frames = map(int, match.groups())
        rate = FEWEST_RATE if frames < FEWEST_RATE else HIGHER_RATE
        return round(hours * 3600 + minutes * 60 + whole + min(frames / rate, 0.999), 3)
    wall = _WALL.fullmatch(text)
    if wall is None or wall[1] == text:
        return None
    value = seconds(wall[1])
    if value is None or not wall[2]:
        return value
    if wall[1].count(":") == 1:  # "10:03 AM" has hours and minutes
        value *= 60
    return value % 43_200 + (43_200 if wall[2] in "pP" else 0)


def _in_units(text: str) -> float | None:
    """`1 hour 2 minutes 3 seconds`, `6m32s`, `PT0.2S`, `4100 ms`."""
    match = _IN_UNITS.fullmatch(text)
    if match is None:
        return None
    return round(sum(float(n.replace(",", ".")) * _UNIT[unit.lower()] for n, unit in _UNITS.findall(match[1])), 3)
