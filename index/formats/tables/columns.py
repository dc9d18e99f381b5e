"""Rows of cells -> turns: which column holds the words, the speaker and the times is told by what stands in them.

The names in a table's head only help where values leave it open. A table without words and without a speaker or a time is
none of a talk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from index.formats.inside import voices_inside
from index.formats.labels import clean_label, is_aside, names_no_voice
from index.formats.marks import pieces_of
from index.formats.parsed import ParsedTurn, Piece
from index.formats.tables.units import told, unit_of
from index.formats.times import TIME, seconds

MOST_COLUMNS = 30
_NUMBER = re.compile(r"\d{1,12}(?:[.,]\d{1,9})?")
_A_TIME = re.compile(rf"\\?[\[(]?\s*({TIME})(?:\s*(?:-->|->|→|to|[-–—])\s*({TIME}))?\s*\\?[\])]?")
_TIME_INSIDE = re.compile(rf"[\[(]?(?<![\w:]){TIME}[\])]?")
_HEADS = {
    "text": r"text|words?|transcript(?:ion)?|caption|content|sentence|utterance|line|dialog(?:ue)?|speech|body|quote"
    r"|message|what",
    "speaker": r"speaker(?:[ _]?(?:name|label|id))?|name|who|voice|person|participant|character|role|from[ _]name|user",
    "start": r"(?:start|begin|from|in|time|timestamp|time ?code|tc|at|when|offset|position)"
    r"(?:[ _]?(?:time|ms|s|sec|seconds|code|in|point|stamp|start)){0,2}",
    "end": r"(?:end|stop|to|out|finish|till|until)(?:[ _]?(?:time|ms|s|sec|seconds|code|point|stamp)){0,2}|time ?code out",
    "other": r"(?:duration|length|confidence|id|index|number|no\.?|#|language|channel|score|row|count|dur)(?:[ _]?\w{1,8})?",
}
_HEAD = {kind: re.compile(rf"\W*(?:{names})\W*", re.IGNORECASE) for kind, names in _HEADS.items()}


class Roles(NamedTuple):
    """Which column is what; None where the table has none. `head`: whether the first row names them."""

    text: int
    speaker: int | None
    start: int | None
    end: int | None
    head: bool
    numbers: bool = False


def turns_of_rows(rows: Sequence[Sequence[str]], mended: list[str]) -> tuple[ParsedTurn, ...] | None:
    """The turns of a table, one piece for each row; None where its columns aren't those of a transcript."""
    rows = [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
    roles = roles_of(rows)
    if roles is None:
        return None
    body = rows[1:] if roles.head else rows
    parts = [_row(row, roles) for row in body]
    unit = unit_of((start, end, len(words)) for _, start, end, words in parts) if roles.numbers else 1.0
    if unit != 1.0:
        mended.append(told(unit))
    turns: list[ParsedTurn] = []
    for label, start, end, words in parts:
        start, end = _scaled(start, unit), _scaled(end, unit)
        pieces = [
            piece._replace(start=start, end=end if end is not None and (start is None or end >= start) else None)
            for piece in pieces_of(words)
        ]
        if label and is_aside(label):
            label, pieces = None, [Piece(f"{label}: {words}".rstrip(": "), start, None, speech=False)]
        if pieces:
            turns.append(ParsedTurn(label, tuple(pieces)))
    return voices_inside(_run_together(turns))


def roles_of(rows: Sequence[Sequence[str]]) -> Roles | None:
    """What each column of the rows holds, or None where they are no transcript."""
    if len(rows) < 2 or not 1 < len(rows[0]) <= MOST_COLUMNS:
        return None
    names = [next((kind for kind, head in _HEAD.items() if head.fullmatch(cell)), None) for cell in rows[0]]
    head = sum(name is not None for name in names) >= 2 and not any(_is_time(cell) for cell in rows[0])
    body = rows[1:] if head else rows
    width = max(map(len, body))
    columns = [[row[n] if n < len(row) else "" for row in body] for n in range(width)]
    named = {kind: [n for n, name in enumerate(names) if name == kind] if head else [] for kind in _HEADS}
    times = [n for n, cells in enumerate(columns) if _all(cells, _is_time) and n not in named["other"]]
    text = _text(columns, named["text"], times)
    if text is None:
        return None
    speaker = _speaker(columns, named["speaker"], {text, *times}, named["other"], head)
    start = next((n for n in named["start"] if n in times), None)
    end = next((n for n in named["end"] if n in times), None)
    rising = [n for n in times if n != end and _rises(columns[n]) and not _counts(columns[n], len(times) > 1)]
    if start is None:
        start = next(iter(rising), None)
    if end is None and start is not None:
        end = next((n for n in rising if n != start and _later(columns[start], columns[n])), None)
    if (
        start is None
        and speaker is not None
        and sum(bool(_TIME_INSIDE.search(c)) for c in columns[speaker]) * 2 > len(body)
    ):
        start = speaker  # "Ann Lee 0:02" in one cell
    if speaker is None and start is None:
        return None
    numbers = start is not None and _all(columns[start], lambda cell: bool(_NUMBER.fullmatch(cell)))
    if (
        not head
        and (start is None or (numbers and end is None))
        and not (speaker is not None and _again(columns[speaker]))
    ):
        return None
    return Roles(text, speaker, start, end, head, numbers)


def _is_time(cell: str) -> bool:
    return bool(_A_TIME.fullmatch(cell) or _NUMBER.fullmatch(cell))


def _all(cells: Sequence[str], holds: Callable[[str], bool]) -> bool:
    filled = [cell for cell in cells if cell]
    return len(filled) * 2 > len(cells) and sum(map(holds, filled)) * 10 >= len(filled) * 9


def _text(columns: Sequence[Sequence[str]], named: Sequence[int], times: Sequence[int]) -> int | None:
    words = {n: sum(len(cell) for cell in cells) for n, cells in enumerate(columns) if n not in times}
    best = max(
        (n for n in named if n in words) if any(n in words for n in named) else words,
        key=words.__getitem__,
        default=None,
    )
    return best if best is not None and words[best] else None


def _speaker(
    columns: Sequence[Sequence[str]], named: Sequence[int], taken: set[int], others: Sequence[int], head: bool
) -> int | None:
    for n in named:
        if n < len(columns) and (n not in taken or _few(columns[n])):
            return n
    if head and named:
        return None
    for n, cells in enumerate(columns):
        if n in taken or n in others:
            continue
        filled = [_TIME_INSIDE.sub("", cell).strip() for cell in cells if cell]
        if (
            filled
            and sum(len(c) < 60 and len(c.split()) < 7 and any(map(str.isalpha, c)) for c in filled) * 10
            >= len(filled) * 9
        ):
            return n
    return None


def _few(cells: Sequence[str]) -> bool:
    return 0 < len(set(cells)) <= max(2, len(cells) // 2)


def _again(cells: Sequence[str]) -> bool:
    filled = [clean_label(_TIME_INSIDE.sub("", cell)) for cell in cells if cell]
    return len(filled) > 3 and len(set(filled)) * 2 <= len(filled)


def _value(cell: str) -> float | None:
    match = _A_TIME.fullmatch(cell)
    if match:
        return seconds(match[1])
    return float(cell.replace(",", ".")) if _NUMBER.fullmatch(cell) else None


def _rises(cells: Sequence[str]) -> bool:
    values = [value for cell in cells if (value := _value(cell)) is not None]
    return sum(a <= b for a, b in pairwise(values)) * 10 >= (len(values) - 1) * 9


def _counts(cells: Sequence[str], among_others: bool) -> bool:
    """Whether the column only numbers the rows."""
    values = [value for cell in cells if (value := _value(cell)) is not None]
    by_one = all(b - a == 1 for a, b in pairwise(values)) and all(cell.isdigit() for cell in cells if cell)
    return by_one and (among_others or len(values) > 3)


def _later(starts: Sequence[str], ends: Sequence[str]) -> bool:
    pairs = [
        (a, b)
        for s, e in zip(starts, ends, strict=True)
        if (a := _value(s)) is not None and (b := _value(e)) is not None
    ]
    return bool(pairs) and sum(a <= b for a, b in pairs) * 10 >= len(pairs) * 9


def _row(row: Sequence[str], roles: Roles) -> tuple[str | None, float | None, float | None, str]:
    def cell(n: int | None) -> str:
        return row[n] if n is not None and n < len(row) else ""

    who = cell(roles.speaker)
    start = end = None
    if roles.start is not None and roles.start == roles.speaker:
        match = _TIME_INSIDE.search(who)
        if match:
            start = _value(match[0])
            who = f"{who[: match.start()]} {who[match.end() :]}"
    else:
        range_ = _A_TIME.fullmatch(cell(roles.start))
        start = _value(cell(roles.start))
        end = seconds(range_[2]) if range_ and range_[2] else None
    end = _value(cell(roles.end)) if roles.end is not None else end
    label = clean_label(who.strip(" \t-–—|,:()[]") if roles.start == roles.speaker else who)
    if label.isdigit():
        label = f"Speaker {label}"
    return (label if label and not names_no_voice(label) else None), start, end, cell(roles.text)


def _scaled(value: float | None, unit: float) -> float | None:
    return None if value is None else round(value * unit, 3)


def _run_together(turns: Sequence[ParsedTurn]) -> list[ParsedTurn]:
    """Rows of nobody's that follow each other are one turn, as cues are."""
    joined: list[ParsedTurn] = []
    for turn in turns:
        if joined and turn.speaker is None and joined[-1].speaker is None:
            joined[-1] = ParsedTurn(None, (*joined[-1].pieces, *turn.pieces))
        else:
            joined.append(turn)
    return joined
