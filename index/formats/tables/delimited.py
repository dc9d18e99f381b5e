"""CSV and TSV (Whisper's, editors', spreadsheets'), read with Python's csv: any delimiter, any order of columns."""

from __future__ import annotations

import csv
import re

from index.formats.parsed import Metadata, Parsed
from index.formats.source import Source
from index.formats.tables.columns import roles_of, turns_of_rows
from index.formats.times import TIME

NAME = "table"

_DELIMITERS = "\t,;|"
_CELL_OF_TIME = re.compile(rf"(?:^|[\t,;|])\s*\"?(?:{TIME}|\d{{1,12}}(?:\.\d{{1,9}})?)\"?\s*(?=[\t,;|]|$)")
_HEAD = re.compile(
    r"\b(?:text|transcript(?:ion)?|words|content|sentence|utterance|caption|speech|dialog(?:ue)?)\b", re.IGNORECASE
)


def matches(source: Source) -> bool:
    """Whether the first lines are rows of cells with times, or a head that names words."""
    return _rows(source) is not None


def parse(source: Source) -> Parsed:
    """One piece for each row. Raises TranscriptError where the columns turn out to be no transcript's."""
    rows = _rows(source)
    mended: list[str] = []
    turns = turns_of_rows(rows, mended) if rows else None
    if not turns:
        raise source.refuse("it is a table without a column of words.", repair="Save it as SRT, WebVTT or text.")
    return Parsed(NAME, turns, Metadata(), tuple(mended))


def _rows(source: Source) -> list[list[str]] | None:
    text = source.text.lstrip("\n")
    if text[:1] in "|{[<#" or text.startswith(("WEBVTT", "---")):  # a table of Markdown, JSON, HTML
        return None
    first, _, rest = text.partition("\n")
    for delimiter in _DELIMITERS:
        cells = first.count(delimiter)
        if not cells or (len(first) > 2000 and delimiter in ",;"):
            continue
        second = rest.lstrip("\n").partition("\n")[0]
        headed = bool(_HEAD.search(first)) and len(first) < 400
        if not headed and not (_CELL_OF_TIME.search(first) and (_CELL_OF_TIME.search(second) or not second)):
            continue
        try:
            rows = [
                row
                for row in csv.reader(text.split("\n"), delimiter=delimiter, strict=False)
                if any(map(str.strip, row))
            ]
            if any('"' in line for line in (first, second)) or text.count('"') > 1:
                rows = [
                    row
                    for row in csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
                    if any(map(str.strip, row))
                ]
        except csv.Error:
            continue
        width = len(rows[0])
        if width < 2 or sum(len(row) >= width for row in rows) * 10 < len(rows) * 8:
            continue
        rows = [_whole(row, width, delimiter) for row in rows]
        if roles_of([[cell.strip() for cell in row] for row in rows]) is not None:
            return rows
    return None


def _whole(row: list[str], width: int, delimiter: str) -> list[str]:
    """The row with as many cells as the first: words that hold the delimiter stand in the last one."""
    return row if len(row) <= width else [*row[: width - 1], delimiter.join(row[width - 1 :])]
