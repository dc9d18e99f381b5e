"""A damaged library made good: what can be saved is, corrections and feedback first; what can't is read again from the
transcripts, whose paths are known; the rest is told by name. The damaged database is kept, in a folder beside it.

    damaged-TIME/library.db     the database as it was found, where it had to be made anew
    damaged-TIME/lost.json      the corrections of episodes that could be neither saved nor read again, and lost episodes' names
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from index.corrections import kinds as corrections
from index.corrections.kinds import KeptCorrection
from index.errors import LibraryDamaged, NoLibrary
from index.library import Library, feedback, removed
from index.library.causes import DATABASE, telling
from index.library.connection import Connection, connect_to_read, connect_to_write, locked
from index.library.damage import damaged_episodes
from index.library.salvage import rows_by_number, under_another_header
from index.library.tables import schema, seals
from index.library.tables.episodes import read_episode
from index.library.tables.summaries import summaries
from index.library.vectors_on_disk import STAMP
from index.search.encoder import load_encoder

# Numbers that were given out once are not given out again; where the last one can't be read, so many are passed over.
NEVER_GIVEN = 1_000_000


@dataclass(frozen=True, slots=True)
class _Lost:
    """An episode that is not what was stored. `given` is what was put right in it, None where that still lies in the library;
    `kept`: the episode stays in the library, marked as damaged, where it can't be read again."""

    id: str
    source: str
    given: tuple[KeptCorrection, ...] | None
    kept: bool


def rescue(folder: Path, model: str) -> list[str]:
    """Make a library good; returns what was done and what could not be, in lines. `model` is recorded where the library
    doesn't tell its own. LibraryBlocked, LibraryBusy: why nothing was done."""
    if not (folder / DATABASE).is_file():
        raise NoLibrary(folder)
    told: list[str] = []
    lost: list[_Lost] = []
    aside: Path | None = None
    with locked(folder):
        if why := _unsound(folder):
            aside, told, lost = _made_anew(folder, model, why)
    library = Library.open(folder)
    try:
        library.repair()
    except LibraryDamaged as exc:
        if aside is not None:
            raise
        with locked(folder):
            aside, told, lost = _made_anew(folder, model, str(exc.__cause__ or exc))
        library = Library.open(folder)
        library.repair()
    here = {one.id for one in lost}
    lost += [
        _Lost(id_, _source(library, id_), None, True)
        for id_, _ in damaged_episodes(library.connection)
        if id_ not in here
    ]
    return told + _read_again(library, lost, aside)


def _unsound(folder: Path) -> str:
    """What is wrong with the database as such, "" where nothing is: then its rows can be changed where they are."""
    try:
        with closing(connect_to_write(folder)) as connection:
            schema.fingerprint(connection)
            schema.generation(connection)
            schema.made_as(connection)
            lines = [line for (line,) in connection.execute("PRAGMA integrity_check") if line != "ok"]
            feedback.read(connection)
            summaries(connection)
            orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
            return lines[0] if lines else "rows that belong to nothing" if orphans else ""
    except LibraryDamaged as exc:
        return str(exc.__cause__ or exc)


def _source(library: Library, id_: str) -> str:
    with suppress(LibraryDamaged):
        found = library.connection.execute("SELECT source FROM episodes WHERE name = ?", (id_,)).fetchone()
        return str(found[0]) if found else ""
    return ""


# The database made anew


def _made_anew(folder: Path, model: str, why: str) -> tuple[Path, list[str], list[_Lost]]:
    """A new database in the damaged one's place, with all that can be saved. Called with the lock held."""
    at = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
    aside, scratch = folder / f"damaged-{at}", folder / f"rescued-{at}.part"
    copied = aside.with_suffix(".part")
    with telling(folder):
        for broken_off in (*folder.glob("damaged-*.part"), *folder.glob("rescued-*.part")):
            shutil.rmtree(broken_off)
        copied.mkdir()
        for name in (DATABASE, f"{DATABASE}-wal"):
            if (folder / name).exists():
                shutil.copy2(folder / name, copied / name)
        copied.rename(aside)
        scratch.mkdir()
    try:
        with closing(connect_to_write(scratch)) as new:
            told, lost = _saved(aside, new, folder, scratch, model)
            new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            _put_in_place(new, folder, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return aside, [f"The database was damaged ({why}). As it was found it is kept in {aside}.", *told], lost


def _put_in_place(new: Connection, folder: Path, scratch: Path) -> None:
    """Through SQLite, so that whoever has the library open goes on with the new one; as a file where SQLite takes the old one
    for no database at all, which nobody can have open then."""
    try:
        with closing(sqlite3.connect(folder / DATABASE)) as target:
            new.backup(target)
    except sqlite3.DatabaseError:
        for name in (f"{DATABASE}-wal", f"{DATABASE}-shm"):
            (folder / name).unlink(missing_ok=True)
        shutil.copy2(scratch / DATABASE, folder / f"{DATABASE}.part")
        (folder / f"{DATABASE}.part").replace(folder / DATABASE)


def _saved(aside: Path, new: Connection, folder: Path, scratch: Path, model: str) -> tuple[list[str], list[_Lost]]:
    old = fingerprint = None
    with suppress(LibraryDamaged):
        old = connect_to_read(aside)
    for with_tables in () if old else (False, True):
        with suppress(LibraryDamaged):
            old = under_another_header(aside, scratch, model, with_tables=with_tables)
            break
    if old is not None:
        with suppress(LibraryDamaged):
            fingerprint = schema.fingerprint(old)
    schema.create(new, fingerprint or load_encoder(model).fingerprint)
    if old is None:
        return ["Nothing in it could be read. Add the transcripts again: verbatim add TRANSCRIPTS"], []
    told, lost = [], []
    with closing(old), new:
        new.execute("BEGIN IMMEDIATE")
        new.execute("UPDATE meta SET value = ? WHERE key = 'generation'", (str(_generation(old, folder) + 1),))
        said, whole = rows_by_number(old, "feedback")
        for row in said:
            with suppress(sqlite3.Error):  # values that no feedback has
                removed.insert_row(new, "feedback", row)
        told.append(f"{len(said)} pieces of feedback saved{'' if whole else '; some could not be read'}.")
        given = defaultdict(list)
        kept, corrections_whole = rows_by_number(old, "corrections")
        for row in kept:
            given[row["episode"]].append(row)
        rows, all_episodes = rows_by_number(old, "episodes")
        saved = 0
        for row in rows:
            if _copied(old, new, row["id"], str(row["name"])):
                saved += 1
                continue
            mine = tuple(_kept(one) for one in given.get(row["id"], ()) if _is_correction(one))
            lost.append(_Lost(str(row["name"]), str(row["source"]), mine, False))
        told.append(f"{saved} episodes saved, {len(lost)} damaged.")
        if not all_episodes:
            told.append(
                "Some rows of the list of episodes could not be read: add the transcripts again, what is there is skipped."
            )
        if not corrections_whole:
            told.append("Some corrections could not be read.")
        _pass_over_numbers(old, new)
        seals.seal(new)
    return told, lost


def _generation(old: Connection, folder: Path) -> int:
    with suppress(LibraryDamaged):
        return schema.generation(old)
    with suppress(OSError, ValueError, KeyError, TypeError):
        return int(json.loads((folder / STAMP).read_text())["generation"]) + 1000
    return NEVER_GIVEN


def _copied(old: Connection, new: Connection, row: int, id_: str) -> bool:
    """Whether all rows of an episode could be read, are what was stored, and stand in the new database now."""
    new.execute("SAVEPOINT episode")
    try:
        if seals.check_stored(old, row) or read_episode(old, id_) is None:
            return False
        removed.insert_rows(new, removed.rows_of(old, row))
        return not seals.check_stored(new, row) and bool(read_episode(new, id_))
    except (LibraryDamaged, sqlite3.Error, ValueError, KeyError, TypeError, IndexError):
        new.execute("ROLLBACK TO episode")
        return False
    finally:
        new.execute("RELEASE episode")


def _is_correction(row: dict[str, Any]) -> bool:
    with suppress(ValueError, TypeError, KeyError):
        _kept(row)
        return True
    return False


def _kept(row: dict[str, Any]) -> KeptCorrection:
    value = corrections.KINDS[row["kind"]](**json.loads(row["value"]), position=row["position"], last=row["last"])
    return KeptCorrection(value, row["who"], row["given_at"], row["state"], row["words_hash"], row["id"])


def _pass_over_numbers(old: Connection, new: Connection) -> None:
    """Row numbers go on from those of the old database: what lies in the bin keeps its own."""
    for table in ("episodes", "passages", "corrections", "feedback"):
        last = None
        with suppress(LibraryDamaged):
            last = old.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        held = new.execute(f"SELECT max(id) FROM {table}").fetchone()[0] or 0
        after = max(held, last[0]) if last and isinstance(last[0], int) else held + NEVER_GIVEN
        new.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        new.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, after))


# What could not be saved, read again


def _read_again(library: Library, lost: Sequence[_Lost], aside: Path | None) -> list[str]:
    told: list[str] = []
    gone: list[_Lost] = []
    for one in lost:
        report = library.add_again(Path(one.source), one.given) if one.source and Path(one.source).is_file() else None
        done = [*report.added, *report.replaced] if report else []
        if report and done:
            told.append(
                f"Episode {one.id} was damaged and is read again from {one.source}{_unplaced(report.unplaced, done[0])}."
            )
        else:
            gone.append(one)
            why = str(report.refused[0]) if report else f"{one.source or 'its transcript'} is not there"
            stays = "It stays in the library and is not quoted" if one.kept else "It is lost from the library"
            then = f"check --repair --library {library.folder}" if one.kept else f"add {one.source or 'TRANSCRIPT'}"
            told.append(
                f"Episode {one.id} is damaged and could not be read again: {why}. {stays}. "
                f"Put the transcript back, then: verbatim {then}"
            )
    told += _written_down([one for one in gone if not one.kept], aside)
    return told


def _unplaced(unplaced: dict[str, int], id_: str) -> str:
    number = unplaced.get(id_, 0)
    return f"; corrections that are kept but not counted: {number} (see verbatim correct {id_})" if number else ""


def _written_down(gone: Sequence[_Lost], aside: Path | None) -> Iterator[str]:
    """What was put right in episodes that are not there any more, written beside the damaged database."""
    if not gone or aside is None:
        return
    file = aside / "lost.json"
    rows = [
        {
            "episode": one.id,
            "source": one.source,
            "corrections": [{"kind": corrections.kind_of(kept.correction)} | asdict(kept) for kept in one.given or ()],
        }
        for one in gone
    ]
    with telling(aside.parent):
        file.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    yield f"What was put right in them is written down in {file}."
