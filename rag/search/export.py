"""Passages as a file to take away: CSV, JSON, Markdown, or a quote sheet to check against. No HTML here.

What a transcript says is data in each: a spreadsheet runs nothing of it, and Markdown shows it as it is.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from index.plain import plain, visible
from rag.answer import Citation, clock

FORMULA_STARTS = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "＝",
    "＋",
    "－",
    "＠",
)  # the wide ones, as some spreadsheets do
BYTE_ORDER_MARK = "\ufeff"  # without it, Excel takes a CSV for the machine's old encoding
_CITATION_FIELDS = [
    "n", "episode", "title", "show", "date", "speaker", "role", "speaker_source", "start", "end", "time_source",
    "time_error", "quote", "check", "url", "score",
]  # fmt: skip


class ExportFormat(NamedTuple):
    """One kind of export: what it is called, the file's name, and its media type."""

    label: str
    file: str
    media: str


KINDS = {
    "csv": ExportFormat("CSV", "passages.csv", "text/csv"),
    "md": ExportFormat("Markdown", "passages.md", "text/markdown"),
    "json": ExportFormat("JSON", "passages.json", "application/json"),
    "sheet": ExportFormat("Quote sheet", "quotes.csv", "text/csv"),
}


def exported(citations: Sequence[Citation], kind: str, hashes: Mapping[str, str]) -> str:
    """The passages as a file of that kind (see KINDS). `hashes`: of each episode's transcript, for the quote sheet."""
    # A library that an older Verbatim made may still hold what a terminal or an editor obeys.
    text = visible(_written(citations, kind, hashes))
    return BYTE_ORDER_MARK + text if kind == "sheet" else text


def _written(citations: Sequence[Citation], kind: str, hashes: Mapping[str, str]) -> str:
    if kind == "json":
        return json.dumps([passage_json(c) for c in citations], ensure_ascii=False, indent=1) + "\n"
    if kind == "csv":
        return _csv([passage_json(c) for c in citations], _CITATION_FIELDS)
    if kind == "md":
        return "".join(f"- “{_md(c.quote)}” — {_md(source_line(c))}\n" for c in citations)
    if kind == "sheet":
        return _csv([_sheet_row(c, hashes.get(c.episode, "")) for c in citations], list(_SHEET))
    raise ValueError(f"no kind of export is called {kind!r}")


def passage_json(citation: Citation) -> dict[str, Any]:
    """A passage as `verbatim search --json` prints it: a citation's fields and its score, higher is better."""
    return citation.to_json() | {"score": citation.score}


def source_line(citation: Citation) -> str:
    """Who said it where and when, on one line."""
    known: list[str] = [citation.role] if citation.role != "unknown" else []
    known += [citation.speaker_source] if citation.speaker_source in ("recovered", "corrected") else []
    role = f" ({', '.join(known)})" if known else ""
    who = f"{citation.speaker}{role}" if citation.speaker else "host or guest, unlabelled"
    facts = [
        who,
        citation.title,
        citation.show,
        citation.date,
        clock(citation.start, citation.time_error, citation.way),
        citation.url,
    ]
    return ", ".join(fact for fact in facts if fact)


_SHEET = {
    "quote": lambda c, hash_: c.quote,
    "speaker": lambda c, hash_: c.speaker or "not known",
    "role": lambda c, hash_: c.role,
    "how the speaker is known": lambda c, hash_: c.speaker_source,
    "show": lambda c, hash_: c.show,
    "episode": lambda c, hash_: c.title,
    "date": lambda c, hash_: c.date or "",
    "time": lambda c, hash_: clock(c.start, c.time_error, c.way),
    "how the time is known": lambda c, hash_: c.time_source or "not known",
    "link": lambda c, hash_: c.url or "",
    "checked": lambda c, hash_: c.check,
    "transcript SHA-256": lambda c, hash_: hash_,
}


def _sheet_row(citation: Citation, hash_: str) -> dict[str, str]:
    return {name: value_of(citation, hash_) for name, value_of in _SHEET.items()}


def _csv(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: plain_cell(value) for name, value in row.items()})
    return out.getvalue()


def plain_cell(value: Any) -> Any:
    """A cell that a spreadsheet shows and doesn't run: what would begin a formula gets an apostrophe before it.

    It is one line: a carriage return would end the row for some readers, and what follows would begin a cell of its own.
    """
    if not isinstance(value, str):
        return value
    value = plain(value)
    dangerous = value.lstrip(" \u00a0").startswith(FORMULA_STARTS)
    return ("'" if dangerous else "") + re.sub(r"[\n\t]+", " ", value)


def _md(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    one_line = " ".join(text.split())
    return re.sub(r"([\\`*_{}\[\]<>#|~!&])", r"\\\1", one_line)
