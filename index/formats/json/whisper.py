"""Whisper, faster-whisper, WhisperX and whisper.cpp JSON: timed segments, often timed words, maybe speakers."""

from __future__ import annotations

from typing import Any

from index.formats.json import segments
from index.formats.json.metadata import metadata_in
from index.formats.parsed import Parsed
from index.formats.source import Source

NAME = "whisper-json"


def matches(source: Source) -> bool:
    """Whether there are segments with `text`, `start` and `end`, at the top, in `segments` or in `transcription`."""
    rows = _rows(source.json)
    return any(isinstance(row, dict) and isinstance(row.get("text"), str) and _has_times(row) for row in rows[:50])


def parse(source: Source) -> Parsed:
    """One piece for each word where words are timed, else one for each segment."""
    mended: list[str] = []
    turns = segments.turns_of(
        (_segment(row) for row in _rows(source.json) if _is_segment(row)), mended, recogniser=True
    )
    return Parsed(NAME, turns, metadata_in(source), tuple(mended))


def _rows(content: Any) -> list[Any]:
    if isinstance(content, dict):
        content = content.get("segments", content.get("transcription"))
        if isinstance(content, dict):
            content = content.get("segments")
    return content if isinstance(content, list) else []


def _has_times(row: dict[str, Any]) -> bool:
    return ("start" in row and "end" in row) or "offsets" in row or "timestamps" in row


def _is_segment(row: Any) -> bool:
    return isinstance(row, dict) and isinstance(row.get("text"), str)


def _segment(row: dict[str, Any]) -> segments.Segment:
    start, end = _times(row)
    listed = row.get("words")
    words = tuple(
        segments.Word(
            text,
            segments.number(word.get("start")),
            segments.number(word.get("end")),
            segments.name(word.get("speaker")),
        )
        for word in (listed if isinstance(listed, list) else ())
        if isinstance(word, dict) and isinstance(text := word.get("word", word.get("text")), str)
    )
    return segments.Segment(row["text"], start, end, segments.name(row.get("speaker")), words)


def _times(row: dict[str, Any]) -> tuple[float | None, float | None]:
    if "start" in row:
        return segments.number(row["start"]), segments.number(row.get("end"))
    offsets = row.get("offsets")  # whisper.cpp counts milliseconds
    if isinstance(offsets, dict):
        start, end = segments.number(offsets.get("from")), segments.number(offsets.get("to"))
        return (start / 1000 if start is not None else None), (end / 1000 if end is not None else None)
    stamps = row.get("timestamps")
    if isinstance(stamps, dict):
        return segments.number(stamps.get("from")), segments.number(stamps.get("to"))
    return None, None
