"""Removed episodes that can be put back: every row of one, in a file of the library's folder, until it is deleted for good.

    removed/KEY.json     one removed episode: its rows of every table that hangs on it, vectors and corrections too

Which tables those are is asked of the database, so that what is kept of an episode tomorrow is kept here too. Rows get
their old numbers back: they are never given out again. People and shows are known by name, since their numbers are.
Called by `index/library/library.py` only, which holds locks and transactions.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from index.errors import LibraryError, NoSuchEpisode
from index.library.connection import Connection
from index.library.tables import seals
from index.search import lexical

FOLDER = "removed"
BY_NAME = {"people": "name", "shows": "name"}
KEY = re.compile(r"[0-9a-f-]{8,80}")


@dataclass(frozen=True, slots=True)
class Removed:
    """An episode in the bin. `key` names it there; `at` is when it was removed (ISO, UTC), `by` whom, None: not said."""

    key: str
    episode: str
    show: str
    title: str
    at: str
    by: str | None


def keep(folder: Path, connection: Connection, id_: str, by: str | None) -> Removed:
    """Write all rows of the episode to a file, whole and on the disk when this returns. Deletes nothing."""
    row, show, title = connection.execute(
        "SELECT episodes.id, shows.name, title FROM episodes JOIN shows ON shows.id = show WHERE episodes.name = ?",
        (id_,),
    ).fetchone()
    now = datetime.now(UTC)
    key = f"{now:%Y%m%d-%H%M%S-%f}-{hashlib.sha256(id_.encode('utf-8', 'replace')).hexdigest()[:12]}"
    removed = Removed(key, id_, show, title, now.isoformat(timespec="seconds"), by)
    facts = {name: getattr(removed, name) for name in Removed.__slots__}
    held = facts | {"rows": rows_of(connection, row)}
    file = _file(folder, key)
    file.parent.mkdir(exist_ok=True)
    scratch = file.with_suffix(".part")
    try:
        with scratch.open("w", encoding="utf-8") as out:
            json.dump(held, out)
            out.flush()
            os.fsync(out.fileno())
        scratch.replace(file)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
    # The names too: a file that no folder tells of after a power cut is none.
    for named_in in (file.parent, folder):
        _sync(named_in)
    return removed


def _sync(folder: Path) -> None:
    if os.name != "posix":
        return  # elsewhere a folder can't be opened
    held = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)


def listed(folder: Path, connection: Connection) -> list[Removed]:
    """What is in the bin, the last removed first. A file that can't be read is left out, and left alone; one whose episode is
    in the library is no removed episode: it was left behind when removing or putting back broke off."""
    return [removed for _, removed, left_behind in _files(folder, connection) if not left_behind]


def tidy(folder: Path, connection: Connection) -> None:
    """Delete what was left behind by removing or putting back that broke off. Called by a writer that holds the lock."""
    for file, _, left_behind in _files(folder, connection):
        if left_behind:
            file.unlink(missing_ok=True)
    for scratch in (folder / FOLDER).glob("*.part"):
        scratch.unlink(missing_ok=True)


def _files(folder: Path, connection: Connection) -> list[tuple[Path, Removed, bool]]:
    """The files of the bin, newest first, and whether each one's very episode, by its row, is in the library."""
    found = []
    for file in sorted((folder / FOLDER).glob("*.json"), reverse=True):
        try:
            held = json.loads(file.read_text(encoding="utf-8"))
            removed = Removed(*(held[name] for name in Removed.__slots__))
            row = held["rows"]["episodes"][0]["id"]
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            continue
        there = connection.execute(
            "SELECT 1 FROM episodes WHERE id = ? AND name = ?", (row, removed.episode)
        ).fetchone()
        found.append((file, removed, there is not None))
    return found


def put_back(folder: Path, connection: Connection, key: str) -> str:
    """Write the rows of a removed episode again; returns its id. To be called inside a transaction.

    NoSuchEpisode: it isn't in the bin. LibraryError: another episode has its id by now.
    """
    try:
        held = json.loads(_file(folder, key).read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise NoSuchEpisode(key, []) from exc
    id_ = held["episode"]
    if connection.execute("SELECT 1 FROM episodes WHERE name = ?", (id_,)).fetchone():
        raise LibraryError(f"There is another episode {id_!r} in the library now. Remove that one first.")
    insert_rows(connection, held["rows"])
    return id_


def insert_rows(connection: Connection, held: dict[str, list[dict[str, Any]]]) -> None:
    """Write what `rows_of` an episode gave, into the lexical index too."""
    for table, rows in held.items():
        by_name = _references(connection, table)
        for row in rows:
            insert_row(
                connection, table, {name: _value(connection, by_name.get(name), value) for name, value in row.items()}
            )
    seals.new(connection, held["episodes"][0]["id"])  # one that was removed before there were hashes
    for passage in held.get("passages", ()):
        lexical.insert(connection, passage["id"], passage["text"], passage["context"])


def insert_row(connection: Connection, table: str, values: dict[str, Any]) -> None:
    """Add a row, each value to the column of its name."""
    columns, marks = ", ".join(f'"{name}"' for name in values), ", ".join("?" * len(values))
    connection.execute(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', tuple(values.values()))


def discard(folder: Path, key: str) -> None:
    """Delete a removed episode for good."""
    _file(folder, key).unlink(missing_ok=True)


def _file(folder: Path, key: str) -> Path:
    if not KEY.fullmatch(key):
        raise NoSuchEpisode(key, [])
    return folder / FOLDER / f"{key}.json"


def rows_of(connection: Connection, row: int) -> dict[str, list[dict[str, Any]]]:
    """The rows that hang on an episode by table, each after the tables that it points into."""
    held = {"episodes": _selected(connection, "episodes", "id", [row])}
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    grown = True
    while grown:  # until no table is left that points into one of those found
        grown = False
        for table in tables:
            if table in held:
                continue
            for _, _, into, column, *_ in connection.execute(f'PRAGMA foreign_key_list("{table}")').fetchall():
                if into in held:
                    held[table] = _selected(connection, table, column, [parent["id"] for parent in held[into]])
                    grown = True
                    break
    for table, rows in held.items():
        by_name = _references(connection, table)
        for found in rows:
            for name, value in found.items():
                found[name] = _name(connection, by_name.get(name), value)
    return held


def _selected(connection: Connection, table: str, column: str, values: Sequence[int]) -> list[dict[str, Any]]:
    found = []
    for value in values:
        rows = connection.execute(f'SELECT * FROM "{table}" WHERE "{column}" = ?', (value,))
        names = [name for name, *_ in rows.description]
        found += [dict(zip(names, row, strict=True)) for row in rows]
    return found


def _references(connection: Connection, table: str) -> dict[str, str]:
    """The columns of a table that hold a number of people or shows, with the table that they point into."""
    keys = connection.execute(f'PRAGMA foreign_key_list("{table}")').fetchall()
    return {column: into for _, _, into, column, *_ in keys if into in BY_NAME}


def _name(connection: Connection, into: str | None, value: Any) -> Any:
    """A value as JSON holds it: bytes as base64, a person or a show as all that is known of them."""
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    if into is None or value is None:
        return value
    return {"row": _selected(connection, into, "id", [value])[0]}


def _value(connection: Connection, into: str | None, value: Any) -> Any:
    """What `_name` made of it, as the database holds it now."""
    if not isinstance(value, dict):
        return value
    if "base64" in value:
        return base64.b64decode(value["base64"])
    assert into is not None
    row = {name: held for name, held in value["row"].items() if name != "id"}
    columns, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
    connection.execute(f'INSERT OR IGNORE INTO "{into}" ({columns}) VALUES ({marks})', tuple(row.values()))
    name = BY_NAME[into]
    return connection.execute(f'SELECT id FROM "{into}" WHERE "{name}" = ?', (row[name],)).fetchone()[0]
