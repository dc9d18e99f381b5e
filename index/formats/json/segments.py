"""Segments of recognisers and players (a speaker, two times, a text) become turns; shared by the JSON formats."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from index.formats.inside import voices_inside
from index.formats.marks import pieces_of
from index.formats.parsed import ParsedTurn, Piece, counted
from index.formats.times import seconds


class Word(NamedTuple):
    """One recognised word with its times in seconds, and a speaker where the file tells one for each word."""

    text: str
    start: float | None
    end: float | None
    speaker: str | None = None


class Segment(NamedTuple):
    """One segment as read, times in seconds. `words` may be empty."""

    text: str
    start: float | None
    end: float | None
    speaker: str | None
    words: tuple[Word, ...] = ()


def turns_of(segments: Iterable[Segment], mended: list[str]) -> tuple[ParsedTurn, ...]:
    """One turn for each run of one speaker, pieces in file order, times as given where they are possible."""
    turns: list[ParsedTurn] = []
    pieces: list[Piece] = []
    speaker: str | None = None
    backwards = 0
    for segment in segments:
        if pieces and segment.speaker:  # each such segment tells anew whose it is
            turns.append(ParsedTurn(speaker, tuple(pieces)))
            pieces = []
        for voice, piece in _pieces(segment):
            if piece.start is not None and piece.end is not None and piece.end < piece.start:
                piece = piece._replace(end=None)
                backwards += 1
            if pieces and voice != speaker:
                turns.append(ParsedTurn(speaker, tuple(pieces)))
                pieces = []
            speaker = voice
            pieces.append(piece)
    if pieces:
        turns.append(ParsedTurn(speaker, tuple(pieces)))
    if backwards:
        mended.append(f"{counted(backwards, 'segment')} ended before the beginning: end left open")
    return voices_inside(turns)


def number(value: Any) -> float | None:
    """A time in seconds from a JSON number or clock text; None for what is no possible time.

    OverflowError: a whole number of hundreds of digits, which no program writes that means a time.
    """
    if isinstance(value, str):
        return seconds(value) if len(value) < 40 else None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
        or not 0 <= value < 1e7
    ):
        return None
    return round(float(value), 3)


def name(value: Any) -> str | None:
    """A speaker's label, or None where there is none."""
    if isinstance(value, dict):
        value = value.get("name") or value.get("label")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    if isinstance(value, int) and not 0 <= value < 10**9:
        return None
    text = " ".join(value.split()) if isinstance(value, str) else f"Speaker {value}"
    return text.rstrip(":").strip()[:200] or None


def _pieces(segment: Segment) -> list[tuple[str | None, Piece]]:
    whole = [piece._replace(start=segment.start, end=segment.end) for piece in pieces_of(segment.text)]
    if not segment.words:
        return [(segment.speaker, piece) for piece in whole]
    timed: list[tuple[str | None, Piece]] = []
    words = iter(segment.words)
    for piece in whole:
        tokens = piece.text.split() if piece.speech else [piece.text]
        for token in tokens:
            found = _next_words(token, words)
            if found is None:  # the words aren't the segment's: its own times are the best there are
                return [(segment.speaker, piece) for piece in whole]
            voices = [word.speaker for word in found if word.speaker]
            starts = [word.start for word in found if word.start is not None]
            ends = [word.end for word in found if word.end is not None]
            timed.append(
                (
                    voices[0] if voices else None,
                    Piece(token, starts[0] if starts else None, ends[-1] if ends else None, piece.speech),
                )
            )
    return _with_voices(timed, segment.speaker)


def _next_words(token: str, words: Any) -> list[Word] | None:
    """The recogniser's words that together make one token of the text ("don" and "'t" make "don't")."""
    wanted = token.replace(" ", "")
    found: list[Word] = []
    made = ""
    while len(made) < len(wanted):
        word = next(words, None)
        if word is None:
            return None
        found.append(word)
        made += "".join(word.text.split())
    return found if made == wanted else None


def _with_voices(timed: list[tuple[str | None, Piece]], speaker: str | None) -> list[tuple[str | None, Piece]]:
    """A word without a speaker of its own belongs to the one before it, the first ones to the segment's."""
    result = []
    voice = speaker
    for own, piece in timed:
        voice = own or voice
        result.append((voice, piece))
    return result
