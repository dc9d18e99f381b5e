"""Tables in text: Markdown's (`| Time | Speaker | Text |`), and lines whose cells a Word or HTML table left apart by tabs."""

from __future__ import annotations

import re

from index.formats.documents.page import notes_metadata
from index.formats.marks import plain_words
from index.formats.parsed import Parsed
from index.formats.tables.columns import turns_of_rows

NAME = "table-text"

_CELLS = re.compile(r"(?<!\\)\|")
_APART = re.compile(r"\t| {2,}")
_RULE = re.compile(r"\s*\|?(?:\s*:?-{2,}:?\s*\|)*\s*:?-{2,}:?\s*\|?\s*")


def parse_table(lines: list[str], *, markdown: bool) -> Parsed | None:
    """The turns of the text where most of its lines are one table's rows, else None. Lines around it are notes."""
    filled = [line for line in lines if line.strip()]
    rows: dict[int, list[str]] = {}
    for number, line in enumerate(lines):
        bare = line.strip()
        if markdown and bare.count("|") > 1 and bare[0] == "|":
            rows[number] = [plain_words(cell) for cell in _CELLS.split(bare.strip("|"))]
        elif not markdown and "\t" in bare:
            rows[number] = bare.split("\t")
        elif "  " in bare and len(cells := _APART.split(bare)) > 2:
            rows[number] = cells
    if len(rows) < 3 or len(rows) * 2 < len(filled):
        return None
    body = [row for number, row in rows.items() if not _RULE.fullmatch(lines[number])]
    mended: list[str] = []
    turns = turns_of_rows(body, mended)
    if not turns:
        return None
    first = min(rows)
    before = [line for line in lines[:first] if line.strip()]
    after = [line for number, line in enumerate(lines) if number > first and line.strip() and number not in rows]
    return Parsed(NAME, turns, notes_metadata(before, after, turns[0].pieces[0].text), tuple(mended))
