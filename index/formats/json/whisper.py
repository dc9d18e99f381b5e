"""Whisper, faster-whisper, WhisperX and whisper.cpp JSON: timed segments, often timed words, maybe speakers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from index.formats.json import segments
from index.formats.json.listed import names_of
from index.formats.json.metadata import metadata_in
from index.formats.parsed import Parsed
from index.formats.source import Source
from index.formats.tables.units import told, unit_of

NAME = "whisper-json"

_SPEAKERS = ("speaker", "speaker_name", "speakerName", "speaker_label", "speakerLabel", "speaker_id", "spk")


def matches(source: Source) -> bool:
    """Whether there are segments with `text`, `start` and `end`, at the top, in `segments` or in `transcription`."""
    rows = _rows(source.json)
    return any(isinstance(row, dict) and isinstance(row.get("text"), str) and _has_times(row) for row in rows[:50])


def parse(source: Source) -> Parsed:
    """One piece for each word where words are timed, else one for each segment."""
    mended: list[str] = []
    made = [_segment(row) for row in _rows(source.json) if _is_segment(row)]
    names = names_of(source.json, {segment.speaker for segment in made if segment.speaker})
    unit = unit_of((segment.start, segment.end, len(segment.text.strip())) for segment in made)
    if unit != 1.0:
        mended.append(told(unit))
    turns = segments.turns_of((_meant(segment, unit, names) for segment in made), mended)
    return Parsed(NAME, turns, metadata_in(source), tuple(mended))


def _meant(segment: segments.Segment, unit: float, names: Mapping[str, str]) -> segments.Segment:
    """The segment with its speaker's name, and in seconds."""
    if unit != 1.0:
        words = tuple(
            word._replace(start=_scaled(word.start, unit), end=_scaled(word.end, unit)) for word in segment.words
        )
        segment = segment._replace(start=_scaled(segment.start, unit), end=_scaled(segment.end, unit), words=words)
    return segment._replace(speaker=names.get(segment.speaker or "", segment.speaker))


def _scaled(value: float | None, unit: float) -> float | None:
    return None if value is None else round(value * unit, 3)


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
    return segments.Segment(
        row["text"],
        start,
        end,
        segments.name(next((row[key] for key in _SPEAKERS if row.get(key) is not None), None)),
        words,
    )


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
