"""JSON with a list of lines under `transcript` (or alone): a text each, maybe a speaker and a time."""

from __future__ import annotations

from typing import Any

from index.formats.json import segments
from index.formats.json.metadata import metadata_in
from index.formats.parsed import Parsed
from index.formats.source import Source

NAME = "json"

_LISTS = ("transcript", "utterances", "monologues", "lines", "entries", "turns", "captions", "segments", "results")
_TEXTS = ("text", "content", "words", "body", "utterance", "caption")
_SPEAKERS = ("speaker", "name", "speaker_name", "speakerName", "speaker_label", "who")
_STARTS = ("timestamp", "start", "startTime", "start_time", "time", "begin", "from")
_ENDS = ("end", "endTime", "end_time", "to")


def matches(source: Source) -> bool:
    """Whether a list of objects with a text is there, and at least one names a speaker or a time."""
    rows = _rows(source.json)
    return bool(rows) and any(_first(row, _SPEAKERS) is not None or _first(row, _STARTS) is not None for row in rows)


def parse(source: Source) -> Parsed:
    """One piece for each line; a line without a speaker continues nobody's turn."""
    mended: list[str] = []
    rows = _rows(source.json)
    # AssemblyAI and others count whole milliseconds; no line of speech lasts hours.
    times = [value for row in rows for value in (_first(row, _STARTS), _first(row, _ENDS)) if value is not None]
    milliseconds = (
        all(isinstance(value, int) for value in times)
        and bool(times)
        and max(times) > 200 * len(rows) > 0
        and any(_first(row, _ENDS) is not None for row in rows)
    )
    scale = 1000.0 if milliseconds else 1.0
    if milliseconds:
        mended.append("times were read as milliseconds")
    turns = segments.turns_of(
        (
            segments.Segment(
                _first(row, _TEXTS),
                _scaled(_first(row, _STARTS), scale),
                _scaled(_first(row, _ENDS), scale),
                segments.name(_first(row, _SPEAKERS)),
            )
            for row in rows
        ),
        mended,
    )
    return Parsed(NAME, turns, metadata_in(source), tuple(mended))


def _rows(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, dict):
        for key in _LISTS:
            inner = content.get(key)
            if isinstance(inner, list) and inner:
                content = inner
                break
            if isinstance(inner, dict) and isinstance(inner.get("segments"), list):
                content = inner["segments"]
                break
    if not isinstance(content, list):
        return []
    return [row for row in content if isinstance(row, dict) and isinstance(_first(row, _TEXTS), str)]


def _first(row: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((row[key] for key in keys if row.get(key) is not None), None)


def _scaled(value: Any, scale: float) -> float | None:
    time = segments.number(value)
    return None if time is None else round(time / scale, 3)
