"""The podcast namespace's JSON transcript: `segments` with speaker, startTime, endTime and body."""

from __future__ import annotations

from index.formats.json import segments
from index.formats.json.metadata import metadata_in
from index.formats.parsed import Parsed, counted
from index.formats.source import Source

NAME = "podcast-json"


def matches(source: Source) -> bool:
    """Whether there are segments with a `body`."""
    content = source.json
    rows = content.get("segments") if isinstance(content, dict) else None
    return isinstance(rows, list) and any(isinstance(row, dict) and "body" in row for row in rows[:50])


def parse(source: Source) -> Parsed:
    """One piece for each segment (often one word); segments of one speaker in a row are one turn."""
    mended: list[str] = []
    rows = [row for row in source.json["segments"] if isinstance(row, dict) and isinstance(row.get("body"), str)]
    skipped = len(source.json["segments"]) - len(rows)
    if skipped:
        mended.append(f"{counted(skipped, 'segment')} without a body left out")
    turns = segments.turns_of(
        (
            segments.Segment(
                row["body"],
                segments.number(row.get("startTime")),
                segments.number(row.get("endTime")),
                segments.name(row.get("speaker")),
            )
            for row in rows
        ),
        mended,
    )
    return Parsed(NAME, turns, metadata_in(source), tuple(mended))
