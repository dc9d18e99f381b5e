"""What can be read of a damaged database: under another header, row by row."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

from index.errors import LibraryDamaged
from index.library.causes import DATABASE
from index.library.connection import Connection, connect_to_read, connect_to_write
from index.library.tables import schema
from index.search.encoder import load_encoder

HEADER = 100  # bytes, of every SQLite file
INTERIOR = 5  # the kind of a page of a table that points to others
MOST_LOOKED_FOR = 200_000  # rows looked for one by one between two that can be read


def under_another_header(aside: Path, scratch: Path, model: str, *, with_tables: bool) -> Connection:
    """The damaged database under the header of a new one, where its own (its first hundred bytes) is what is damaged; with
    `with_tables`, under its list of tables too: tables are made in one order, so they begin on the same pages everywhere. Whether
    that is true of this one, the hashes of its episodes tell."""
    fresh, headed = scratch / f"fresh-{with_tables}", scratch / f"headed-{with_tables}"
    for folder in (fresh, headed):
        folder.mkdir()
    with closing(connect_to_write(fresh)) as connection:
        schema.create(connection, load_encoder(model).fingerprint)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    pages = (fresh / DATABASE).read_bytes()
    header = bytearray(pages[:HEADER])
    page = int.from_bytes(header[16:18], "big")
    # Its length in pages; then where the list of free pages begins and how long it is: there shall be none.
    header[28:40] = ((aside / DATABASE).stat().st_size // page).to_bytes(4, "big") + bytes(8)
    shutil.copy2(aside / DATABASE, headed / DATABASE)
    with (headed / DATABASE).open("r+b") as out:
        for number in _schema_pages(pages, page) if with_tables else ():
            out.seek((number - 1) * page)
            out.write(pages[(number - 1) * page : number * page])
        out.seek(0)
        out.write(header)
    return connect_to_read(headed)


def _schema_pages(pages: bytes, page: int) -> list[int]:
    """The pages of the list of tables: the first one, and those that it points to (https://sqlite.org/fileformat.html, 1.6)."""
    if pages[HEADER] != INTERIOR:
        return [1]
    cells = int.from_bytes(pages[HEADER + 3 : HEADER + 5], "big")
    starts = [int.from_bytes(pages[HEADER + 12 + 2 * n : HEADER + 14 + 2 * n], "big") for n in range(cells)]
    return [1, *(int.from_bytes(pages[at : at + 4], "big") for at in (*starts, HEADER + 8))]


def rows_by_number(old: Connection, table: str) -> tuple[list[dict[str, Any]], bool]:
    """The rows of a table that can be read, by their number, and whether that is all of them.

    From both ends up to what is damaged, then each number between the two.
    """
    found: dict[int, dict[str, Any]] = {}
    whole = _read_into(found, old, f"SELECT * FROM {table} ORDER BY id")
    if whole:
        return list(found.values()), True
    last = max(found, default=0)
    _read_into(found, old, f"SELECT * FROM {table} ORDER BY id DESC")
    first = min((number for number in found if number > last), default=last + 1)
    for number in range(last + 1, min(first, last + MOST_LOOKED_FOR)):
        _read_into(found, old, f"SELECT * FROM {table} WHERE id = {number}")
    return [found[number] for number in sorted(found)], False


def _read_into(found: dict[int, dict[str, Any]], old: Connection, statement: str) -> bool:
    try:
        rows = old.execute(statement)
        names = [name for name, *_ in rows.description]
        for row in rows:
            found[row[names.index("id")]] = dict(zip(names, row, strict=True))
    except (LibraryDamaged, ValueError, TypeError):
        return False
    return True
