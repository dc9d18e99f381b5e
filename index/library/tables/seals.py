"""A hash of what is stored of every episode, so that what another program or a failing disk changed is never quoted as said.

Three for each episode: `shown` of what `read_episode` reads (the words, who says them, when, of which episode), checked
whenever an episode is read; `stored` of all its rows, also as they were added, of passages, vectors and corrections, checked
by `verbatim check` and before anything of it is changed; `given` of its corrections alone. They are made in the transaction
that stores the rows.

A library of format 3 has none: its episodes are read unchecked until the first change, which makes all of them and raises
the format. From then on an episode without its hash is damaged like one with a wrong one. A changed episode's hash is NULL
from the first of its rows that changes to the end of the transaction. One that was damaged before keeps the hash that it
does not match.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from index.library.connection import Connection
from index.library.tables.rows import row_of, rows_of_episode

SCHEMA = """
CREATE TABLE IF NOT EXISTS seals (
    episode INTEGER PRIMARY KEY REFERENCES episodes ON DELETE CASCADE, shown TEXT, stored TEXT, given TEXT);
CREATE INDEX IF NOT EXISTS seals_open ON seals (episode) WHERE shown IS NULL;
"""
_GIVEN = "SELECT id, kind, position, last, value, words_hash, who, given_at, state FROM corrections WHERE episode = ? ORDER BY id"
# People and shows by their names: their row numbers change when an episode is removed and put back.
_STORED = (
    "SELECT episodes.name, shows.name, title, date, episodes.description, duration, audio, url, format, mended, content_hash,"
    " source, speaker_sources, time_sources, unlabelled, voices FROM episodes JOIN shows ON shows.id = show"
    " WHERE episodes.id = ?",
    "SELECT position, name, role, words, seconds, added, shown FROM appearances JOIN people ON people.id = person"
    " WHERE episode = ? ORDER BY position",
    *(
        f"SELECT position, name, role, speaker_source FROM {table} LEFT JOIN people ON people.id = person"
        " WHERE episode = ? ORDER BY position"
        for table in ("turns", "turns_added")
    ),
    "SELECT position, turn, added_in_turn, text, start, end, time_source, time_error, speech, added FROM sentences"
    " WHERE episode = ? ORDER BY position",
    "SELECT id, first, last, text, context, start, end FROM passages WHERE episode = ? ORDER BY id",
    _GIVEN,
)
OTHER_ROWS = "its words, names or times are not those that were stored"
_VECTORS = "SELECT vector FROM embeddings JOIN passages ON passages.id = passage WHERE episode = ? ORDER BY passage"


def sealed(connection: Connection) -> bool:
    """Whether this library's episodes have hashes; False where it was not changed since an earlier version made it."""
    return connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()[0] != "3"


def hash_of_rows(tables: Iterable[Sequence[Any]] | None) -> str:
    """SHA-256 over rows, each made of texts, numbers and None."""
    return hashlib.sha256(json.dumps(tables, default=repr).encode("ascii")).hexdigest()


def check_shown(connection: Connection, row: int, rows: Iterable[Sequence[Any]]) -> str:
    """What is wrong with the rows that `read_episode` read of an episode, in a clause; "" where nothing is."""
    if not sealed(connection):
        return ""
    held = connection.execute("SELECT shown FROM seals WHERE episode = ?", (row,)).fetchone()
    if held is None:
        return "its hash is gone"
    # NULL inside the transaction that changes it.
    return "" if held[0] in (None, hash_of_rows(rows)) else OTHER_ROWS


def check_stored(connection: Connection, row: int) -> str:
    """What is wrong with any row of an episode, in a clause; "" where nothing is."""
    if not sealed(connection):
        return ""
    held = connection.execute("SELECT stored FROM seals WHERE episode = ?", (row,)).fetchone()
    if held is None:
        return "its hash is gone"
    if held[0] in (None, _hash_of_stored(connection, row)):
        return ""
    return "its words, names, times, passages or corrections are not those that were stored"


def are_whole_corrections(connection: Connection, id_: str) -> bool:
    """Whether what was put right in an episode is what was given."""
    row = row_of(connection, id_)
    held = (
        connection.execute("SELECT given FROM seals WHERE episode = ?", (row,)).fetchone()
        if sealed(connection)
        else (None,)
    )
    return held is not None and held[0] in (None, hash_of_rows(connection.execute(_GIVEN, (row,)).fetchall()))


# While an episode changes, inside a transaction


def new(connection: Connection, row: int) -> None:
    """An episode whose rows are written for the first time."""
    connection.execute("INSERT OR IGNORE INTO seals (episode) VALUES (?)", (row,))


def open_of(connection: Connection, id_: str) -> None:
    """Mark the episode named `id_` as being written: its hash counts again once it is closed. Nothing where there is
    none."""
    row = row_of(connection, id_)
    if row is not None:
        open_row(connection, row)


def open_row(connection: Connection, row: int) -> None:
    """To be called before rows of an episode change: it gets a new hash at the transaction's end, if it matches its old one."""
    held = connection.execute("SELECT shown, stored FROM seals WHERE episode = ?", (row,)).fetchone()
    if held is not None and held[0] is not None and not check_stored(connection, row):
        connection.execute("UPDATE seals SET shown = NULL, stored = NULL, given = NULL WHERE episode = ?", (row,))


def seal(connection: Connection) -> None:
    """Hash the episodes that changed; to be called at a transaction's end."""
    for (row,) in connection.execute("SELECT episode FROM seals WHERE shown IS NULL").fetchall():
        (id_,) = connection.execute("SELECT name FROM episodes WHERE id = ?", (row,)).fetchone()
        connection.execute(
            "UPDATE seals SET shown = ?, stored = ?, given = ? WHERE episode = ?",
            (
                hash_of_rows(rows_of_episode(connection, id_)),
                _hash_of_stored(connection, row),
                hash_of_rows(connection.execute(_GIVEN, (row,)).fetchall()),
                row,
            ),
        )


def _hash_of_stored(connection: Connection, row: int) -> str:
    digest = hashlib.sha256()
    for statement in _STORED:
        digest.update(
            json.dumps(connection.execute(statement, (row,)).fetchall(), default=repr).encode("ascii") + b"\n"
        )
    for (vector,) in connection.execute(_VECTORS, (row,)):
        digest.update(vector if isinstance(vector, bytes) else repr(vector).encode())
    return digest.hexdigest()
