"""Values of options, read by argparse: numbers, sentences, times. What can't be meant is misuse."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError


def positive(text: str) -> int:
    """A whole number from 1."""
    number = int(text)
    if number < 1:
        raise ArgumentTypeError(f"{text} is not a whole number above 0")
    return number


def port(text: str) -> int:
    """A port from 1 to 65535."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)


def places(text: str) -> tuple[int, int | None]:
    """`12` or `12-15` as the first and the last sentence; the last is None where it isn't named."""
    match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", text, re.ASCII)
    if not match or (match[2] and int(match[2]) < int(match[1])):
        raise ArgumentTypeError(f"{text!r} is not a sentence like 12, or a stretch like 12-15")
    return int(match[1]), int(match[2]) if match[2] else None


def seconds(text: str) -> float:
    """A length in seconds, above 0."""
    found = moment(text)
    if not found:
        raise ArgumentTypeError(f"{text!r} is no length: it is nothing at all")
    return found


def moment(text: str) -> float:
    """A time in seconds from the start."""
    from index.formats.times import seconds as clock_time

    found = clock_time(text)
    if found is None:
        raise ArgumentTypeError(f"{text!r} is not a time like 32:10 or 1:02:03")
    return found
