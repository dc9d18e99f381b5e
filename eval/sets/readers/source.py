"""Files of a question set as rows, and rows as values that can be trusted. Sizes are bounded, faults are named by place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from index.errors import VerbatimError

LARGEST_FILE = 500_000_000  # the largest BEIR corpora that one machine searches at leisure
LONGEST_LINE = 20_000_000  # a whole LoCoMo file is 3 MB, a QMSum meeting .3 MB
MOST_FILES = 10_000


class Fault(ValueError):
    """What is wrong with a row, in words; `naming` adds where it stands."""


@dataclass(frozen=True, slots=True)
class Row:
    """One JSON object of a set. `where` names it in messages; `name` is its file's stem, made unique within the file."""

    where: str
    name: str
    value: dict[str, Any]


class SetSource:
    """A set's file or folder, opened once for all readers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise refuse(path, "there is no such file or folder.")

    @cached_property
    def rows(self) -> list[Row]:
        """Every JSON object of the file, or of all .json and .jsonl files right in the folder, sorted by name."""
        if not self.path.is_dir():
            return list(rows_of(self.path))
        files = sorted(file for file in self.path.iterdir() if file.suffix in (".json", ".jsonl") and file.is_file())
        if len(files) > MOST_FILES:
            raise refuse(self.path, f"{len(files):,} files are more than a set may have ({MOST_FILES:,}).")
        return [row for file in files for row in rows_of(file)]

    @property
    def name(self) -> str:
        """What the set is called: the folder's name, or the file's without its suffix."""
        path = self.path.resolve()
        return path.name if path.is_dir() else path.stem

    @property
    def first(self) -> dict[str, Any]:
        """The first row, by which readers recognise the set; empty where there is none."""
        return self.rows[0].value if self.rows else {}


def refuse(where: str | Path, why: str) -> VerbatimError:
    """The error for a set, or a row of it, that can't be used."""
    return VerbatimError(f"{where}: {why}")


@contextmanager
def naming(where: str) -> Iterator[None]:
    """A Fault inside becomes a VerbatimError that says where."""
    try:
        yield
    except Fault as exc:
        raise refuse(where, f"{exc}.") from exc


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a text file that are not blank, with their numbers from 1."""
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            most = LARGEST_FILE // 1_000_000
            raise refuse(path, f"the file has {size / 1e6:.0f} MB; a question set's file has at most {most}.")
        # utf-8-sig: a byte-order mark is no part of the first row. Only \n and \r\n end a line, not U+2028 in a text.
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            number = 0
            while line := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    raise refuse(f"{path}:{number}", f"the line is longer than {LONGEST_LINE:,} characters.")
                if line.strip():
                    yield number, line.rstrip("\r\n")
    except UnicodeDecodeError as exc:
        raise refuse(path, f"not UTF-8 ({exc.reason}).") from exc
    except OSError as exc:
        raise refuse(path, f"can't be read ({exc.strerror}).") from exc


def rows_of(path: Path) -> Iterator[Row]:
    """The JSON objects of a file: one a line, or one for the whole file, or a list of them."""
    lines = list(lines_of(path))
    if not lines:
        return
    if path.suffix == ".jsonl" or isinstance(_parsed_or_none(lines[0][1]), dict):
        for number, line in lines:
            where = f"{path}:{number}"
            yield Row(
                where, path.stem if len(lines) == 1 else f"{path.stem}-{number}", _object(_parsed(line, where), where)
            )
        return
    whole = _parsed("\n".join(line for _, line in lines), str(path))
    values = whole if isinstance(whole, list) else [whole]
    for number, value in enumerate(values, start=1):
        where = f"{path}, number {number}" if isinstance(whole, list) else str(path)
        yield Row(where, path.stem if len(values) == 1 else f"{path.stem}-{number}", _object(value, where))


def _parsed(text: str, where: str) -> Any:
    try:
        value = json.loads(text)
        if "\\u" in text:
            # Half of a surrogate pair is JSON but no text: it could be neither embedded nor stored.
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as exc:
        raise refuse(where, "it holds half a character (a lone surrogate).") from exc
    except (ValueError, RecursionError) as exc:
        raise refuse(where, f"not JSON ({exc}).") from exc
    return value


def _parsed_or_none(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise refuse(where, f"a JSON object was expected, not {_shown(value)}.")
    return value


def text_in(row: dict[str, Any], key: str) -> str:
    """A field that must hold words."""
    value = optional_text(row, key)
    if value is None or not value.strip():
        raise Fault(f"`{key}` is missing" if value is None else f"`{key}` is empty")
    return value


def optional_text(row: dict[str, Any], key: str) -> str | None:
    """A field that holds text, or None where it is absent or null."""
    value = row.get(key)
    if value is not None and not isinstance(value, str):
        raise Fault(f"`{key}` must be text, not {_shown(value)}")
    return value


def id_in(row: dict[str, Any], key: str) -> str:
    """A field that identifies: text, or a whole number."""
    value = row.get(key)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text_in(row, key)


def objects_in(row: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """A field that holds a list of objects; empty where it is absent or null."""
    value = row.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Fault(f"`{key}` must be a list of objects, not {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= 60 else shown[:60] + "…"
