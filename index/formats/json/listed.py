"""JSON of recognisers, meeting bots, editors and players: the list of timed pieces in it is found by what stands in it.

Any program's keys do: the words are the key with the most letters, times are those that rise, a speaker is who comes again.
What no values can tell (YouTube's offsets, an editor's HTML) has a line in the table of shapes.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from index.formats.documents import html_page
from index.formats.json import segments
from index.formats.json.metadata import metadata_in
from index.formats.json.patterns import TEXT_KEYS, Rows, lists_in, plain_key, speaker_key, text_key, time_keys
from index.formats.parsed import Parsed, counted
from index.formats.source import MAX_VALUES, Source
from index.formats.tables.units import told, unit_of

NAME = "json"

_WORD = 1.7  # blanks a piece: rows with fewer are single words
_UNITS = (("tick", 1e-7), ("nanos", 1e-9), ("micros", 1e-6), ("_ms", 1e-3), ("milli", 1e-3))


class Found(NamedTuple):
    """The list that holds the talk, and its keys."""

    rows: Sequence[Mapping[str, Any]]
    text: str
    start: str | None
    end: str | None
    duration: str | None
    speaker: str | None

    @property
    def letters(self) -> int:
        return sum(len(row[self.text]) for row in self.rows if isinstance(row.get(self.text), str))


def matches(source: Source) -> bool:
    """Whether a list of objects with words is there, and a speaker or a time beside them."""
    content = content_of(source)
    return content is not None and (_html_in(content) is not None or _found_in(source, content) is not None)


def parse(source: Source) -> Parsed:
    """One piece for each row, or for each word; a row without a speaker continues nobody's turn."""
    content = content_of(source)
    page = _html_in(content)
    if page is not None:
        return replace(html_page.parse(Source(source.name, source.data, page)), format=NAME)
    content = _as_youtube(content)
    found = _found_in(source, content)
    assert found is not None  # `matches` saw it
    mended: list[str] = []
    found = _with_speakers(found, content)
    names = names_of(content, {str(row.get(found.speaker)) for row in found.rows} if found.speaker else set())
    pieces = _segments(found, names, mended)
    turns = segments.turns_of(_joined(pieces) if _is_words(pieces) else pieces, mended)
    without = sum(not isinstance(row.get(found.text), str) for row in found.rows)
    if without:
        mended.append(f"{counted(without, 'row')} without words left out")
    return Parsed(NAME, turns, metadata_in(source), tuple(mended))


def content_of(source: Source) -> Any:
    """The file's JSON, or its lines' where each is an object of its own; None where it is neither."""
    if source.json is not None or source.text.lstrip()[:1] != "{":
        return source.json
    rows = []
    for line in source.text.split("\n"):
        if line.strip():
            try:
                rows.append(json.loads(line))
            except (ValueError, RecursionError):
                return None
            if len(rows) > MAX_VALUES:
                return None
    return rows if all(isinstance(row, dict) for row in rows) else None


def names_of(content: Any, labels: set[str]) -> dict[str, str]:
    """{label: name} where the file has a map of them (`{"A": "Ann Lee"}`, `[{"id": 0, "name": "Ann Lee"}]`)."""
    found: dict[str, str] = {}
    for value in _objects(content):
        if isinstance(value, dict):
            pairs = {str(key): _name(inner) for key, inner in value.items() if str(key) in labels}
        else:
            rows = [row for row in value if isinstance(row, dict)]
            pairs = {str(v): _name(row) for row in rows if _name(row) for k, v in row.items()
                     if str(v) in labels and re.search(r"id$|^id|label|tag|key|number|speaker", str(k), re.I)}  # fmt: skip
        named = {label: name for label, name in pairs.items() if name and name != label}
        if named and len(named) >= len(found):
            found = named
    return found


def _name(value: Any) -> str | None:
    if isinstance(value, dict):
        value = next(
            (value[key] for key in ("name", "display_name", "displayName", "label", "fullName") if value.get(key)), None
        )
    return value if isinstance(value, str) and 0 < len(value.strip()) < 100 else None


def _objects(content: Any) -> list[Any]:
    """Objects and lists near the top, where programs keep what is about the whole file."""
    found: list[Any] = []
    if isinstance(content, dict):
        for value in content.values():
            if isinstance(value, dict):
                found += [value, *(inner for inner in value.values() if isinstance(inner, dict | list))]
            elif isinstance(value, list) and len(value) < 200:
                found.append(value)
    return found


def _found_in(source: Source, content: Any) -> Found | None:
    """The list that holds the talk; looked for once, though `matches` and `parse` both ask."""
    if "found" not in source.__dict__:
        source.__dict__["found"] = _found(_as_youtube(content))
    found: Found | None = source.__dict__["found"]
    return found


def _found(content: Any) -> Found | None:
    candidates = [found for rows in lists_in(content) if (found := _keyed(rows)) is not None]
    if not candidates:
        return None
    most = max(found.letters for found in candidates)
    full = [found for found in candidates if found.letters * 10 >= most * 7 and found.letters < most * 3]
    # The same words may stand there twice, as segments and as words: who speaks first, then when.
    return max(
        full,
        key=lambda found: (found.speaker is not None, found.start is not None, not _of_words(found), found.letters),
    )


def _keyed(rows: Rows) -> Found | None:
    text = text_key(rows.rows)
    if text is None:
        return None
    start, end, duration = time_keys(rows.rows, text)
    speaker = speaker_key(rows.rows, (text, start, end, duration))
    if speaker is None and start is None:
        return None
    if start is None and (len(rows.rows) < 2 or text.rpartition(".")[2].lower() not in TEXT_KEYS):
        return None  # names beside texts alone may be anything: questions, reviews, a list of guests
    spoken = [row for row in rows.rows if speaker and row.get(speaker) is not None]
    # Some programs list all words once more, with speakers, at the end.
    if speaker and spoken and not speaker.startswith("^") and 0 < len(rows.rows) - len(spoken) <= len(spoken) and _of_words(
        Found(rows.rows, text, start, end, duration, speaker)
    ) and [row.get(text) for row in rows.rows[: len(spoken)]] == [row.get(text) for row in spoken]:  # fmt: skip
        return Found(spoken, text, start, end, duration, speaker)
    return Found(rows.rows, text, start, end, duration, speaker)


def _of_words(found: Found) -> bool:
    texts = [row[found.text].strip() for row in found.rows if isinstance(row.get(found.text), str)]
    return len(texts) > 1 and sum(len(text.split()) for text in texts) < _WORD * len(texts)


def _with_speakers(found: Found, content: Any) -> Found:
    """Who speaks, from another list of the file that has times and speakers and no words."""
    if found.speaker is not None or found.start is None:
        return found
    for rows in lists_in(content):
        start, end, _ = time_keys(rows.rows, None)
        speaker = speaker_key(rows.rows, (start, end))
        if start is None or end is None or speaker is None or speaker.startswith("^"):
            continue
        spans: list[tuple[float, float, Any]] = []
        for row in rows.rows:
            begins, ends = segments.number(row.get(start)), segments.number(row.get(end))
            if begins is not None and ends is not None and row.get(speaker) is not None:
                spans.append((begins, ends, row[speaker]))
        spans.sort(key=lambda span: span[:2])
        begun = [span[0] for span in spans]
        told_rows: list[dict[str, Any]] = []
        last: Any = None
        for told_row in found.rows:
            at = segments.number(told_row.get(found.start))
            if at is not None:
                near = bisect_right(begun, at + 0.01)
                last = next((who for _, ends, who in spans[max(0, near - 4) : near][::-1] if at <= ends + 0.01), None)
            told_rows.append({**told_row, "speaker": last})
        if sum(row["speaker"] is not None for row in told_rows) * 2 > len(told_rows):
            return found._replace(rows=told_rows, speaker="speaker")
    return found


def _segments(found: Found, names: Mapping[str, str], mended: list[str]) -> list[segments.Segment]:
    made = []
    for row in found.rows:
        words = row.get(found.text)
        if not isinstance(words, str):
            continue
        start = segments.number(row.get(found.start or ""))
        end = segments.number(row.get(found.end or ""))
        if end is None and start is not None and found.duration and (lasts := segments.number(row.get(found.duration))):
            end = round(start + lasts, 7)
        who = row.get(found.speaker or "")
        label = names.get(str(who)) if who is not None else None
        made.append(segments.Segment(words, start, end, label or segments.name(who)))
    unit = _unit(found, made)
    if unit == 1.0:
        return made
    mended.append(told(unit))
    return [
        segment._replace(
            start=None if segment.start is None else round(segment.start * unit, 3),
            end=None if segment.end is None else round(segment.end * unit, 3),
        )
        for segment in made
    ]


def _unit(found: Found, made: Sequence[segments.Segment]) -> float:
    if found.start is None or any(
        isinstance(row.get(found.start), str) and not row[found.start].strip().replace(".", "").isdigit()
        for row in found.rows
    ):
        return 1.0
    named = plain_key(found.start)
    by_values = unit_of((segment.start, segment.end, len(segment.text.strip())) for segment in made)
    return next((unit for mark, unit in _UNITS if mark in named), by_values)


def _is_words(pieces: Sequence[segments.Segment]) -> bool:
    return len(pieces) > 1 and sum(len(piece.text.split()) for piece in pieces) < _WORD * len(pieces)


def _joined(pieces: Sequence[segments.Segment]) -> list[segments.Segment]:
    """Single words as segments, one for each run of a speaker; marks and blanks of their own join the word before."""
    made = []
    spaced = any(piece.text[:1].isspace() or piece.text[-1:].isspace() for piece in pieces)
    voiced: list[segments.Segment] = []
    for piece in pieces:
        said = any(character.isalnum() for character in piece.text)
        if voiced and not said:
            piece = piece._replace(speaker=voiced[-1].speaker)
        voiced.append(piece)
    for speaker, run in groupby(voiced, key=lambda piece: piece.speaker):
        words: list[segments.Word] = []
        for piece in run:
            said = any(character.isalnum() for character in piece.text)
            if words and not said:
                words[-1] = words[-1]._replace(text=words[-1].text + piece.text)
            elif spaced and words and not piece.text[:1].isspace() and not words[-1].text[-1:].isspace():
                words[-1] = words[-1]._replace(text=words[-1].text + piece.text, end=piece.end)
            else:
                words.append(segments.Word(piece.text, piece.start, piece.end))
        text = " ".join(" ".join(word.text for word in words).split())
        kept = tuple(word._replace(text=word.text.strip()) for word in words if word.text.strip())
        if text:
            made.append(segments.Segment(text, kept[0].start, kept[-1].end, speaker, kept))
    return made


# Shapes that no values can tell


def _html_in(content: Any) -> str | None:
    """oTranscribe's: the talk as HTML under `text`."""
    text = content.get("text") if isinstance(content, dict) else None
    return (
        f"<html><body>{text}</body></html>"
        if isinstance(text, str) and re.match(r"\s*<(?:p|div|span|br)\b", text)
        else None
    )


def _as_youtube(content: Any) -> Any:
    """YouTube's json3: a line's words stand in `segs`, its time in milliseconds beside them; other files as they are."""
    events = content.get("events") if isinstance(content, dict) else None
    if not isinstance(events, list) or not any(isinstance(event, dict) and "segs" in event for event in events):
        return content
    rows = []
    for event in events:
        if not isinstance(event, dict) or not isinstance(event.get("segs"), list):
            continue
        begin = event.get("tStartMs", 0)
        text = "".join(str(seg.get("utf8") or "") for seg in event["segs"] if isinstance(seg, dict))
        if text.strip() and isinstance(begin, int | float):
            rows.append(
                {"text": text.replace("\n", " "), "start_ms": begin, "duration_ms": event.get("dDurationMs", 0)}
            )
    for row, after in pairwise(rows):  # lines roll: one is shown while the next is spoken
        row["duration_ms"] = max(0, min(row["duration_ms"], after["start_ms"] - row["start_ms"]))
    return {**{key: value for key, value in content.items() if key != "events"}, "captions": rows}
