"""What is wrong with a library: its database, its lexical index, its episodes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from index.errors import LibraryBlocked, LibraryBusy, LibraryDamaged
from index.library import feedback
from index.library.connection import Connection
from index.library.tables.episodes import read_episode
from index.library.tables.rows import row_of
from index.library.tables.seals import OTHER_ROWS, check_stored
from index.search import lexical


def faults(connection: Connection, folder: Path) -> list[str]:
    """What is wrong with the database, in words with the repair; damaged episodes each by its name."""
    repair = f"verbatim check --repair --library {folder}"
    found: list[str] = []
    for look in (_database_faults, lexical.problems):
        try:
            found += look(connection)
        except LibraryDamaged as exc:
            found.append(str(exc))
        except (LibraryBlocked, LibraryBusy):
            pass  # SQLite takes looking into the lexical index for a change, which can't be made here, or now
    try:
        found += [f"Episode {name} is damaged: {why}. Repair: {repair}" for name, why in damaged_episodes(connection)]
    except LibraryDamaged as exc:
        found.append(str(exc))
    return list(dict.fromkeys(found))


def _database_faults(connection: Connection) -> list[str]:
    """Faults of the database itself, in words; empty where there are none."""
    found = [
        f"The database is damaged: {line}" for (line,) in connection.execute("PRAGMA integrity_check") if line != "ok"
    ]
    found += [
        f"The database is damaged: a row of {table} belongs to no {parent}"
        for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check")
    ]
    feedback.read(connection)
    lost = connection.execute(
        "SELECT count(*) FROM passages WHERE id NOT IN (SELECT passage FROM embeddings)"
    ).fetchone()[0]
    if lost:
        found.append(f"{lost} passages have no embedding. Repair: verbatim check --repair")
    empty = connection.execute("SELECT name FROM episodes WHERE id NOT IN (SELECT episode FROM passages)").fetchall()
    found += [f"Episode {name} has no passages. Repair: verbatim check --repair" for (name,) in empty]
    held, indexed = (
        connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("passages", "lexical_docsize")
    )
    if held != indexed:
        found.append(f"The lexical index holds {indexed} passages of {held}. Repair: verbatim check --repair")
    return found


def is_whole(connection: Connection, id_: str) -> bool:
    """Whether all that is stored of an episode can be read, and is what was stored."""
    try:
        row = row_of(connection, id_)
        return row is not None and not check_stored(connection, row) and not _shown_fault(connection, id_)
    except LibraryDamaged:
        return False


def damaged_episodes(connection: Connection) -> Iterator[tuple[str, str]]:
    """The damaged episodes: each one's id, and what is wrong with it, in a clause."""
    for row, id_ in connection.execute("SELECT id, name FROM episodes ORDER BY name").fetchall():
        try:
            why = check_stored(connection, row) or _shown_fault(connection, id_)
        except LibraryDamaged as exc:
            why = f"it can't be read ({exc.__cause__ or exc})"
        if why:
            yield str(id_), why


def _shown_fault(connection: Connection, id_: str) -> str:
    try:
        return "" if read_episode(connection, id_) else "it is listed, but can't be found by its id"
    except LibraryDamaged as exc:
        return f"it can't be read ({exc.__cause__})" if exc.__cause__ else OTHER_ROWS
