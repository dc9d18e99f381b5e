"""Connections to a library's database; every fault of it is told with its true cause and its true repair.

A folder that can't be written is read all the same. Only a database that was found damaged is called so: a full disk, a
folder of somebody else's, a lock or too many open files are looked for first, by trying what could not be done.
"""

from __future__ import annotations

import errno
import getpass
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from index.errors import LibraryBlocked, LibraryBusy, LibraryDamaged, LibraryError, NoLibrary

DATABASE = "library.db"
WAL = f"{DATABASE}-wal"
WAIT = 20  # seconds for another program to let go of the database
PROBE_BYTES = 65_536
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_MISMATCH}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_BLOCKED = {
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOLFS,
}  # fmt: skip
# What SQLite says without a code of its own where a table, or what stands in it, is not what it was.
_SAID_OF_DAMAGE = ("Could not decode to UTF-8", "malformed", "no such table", "no such column", "no such module")
_ON_LINUX = os.name == "posix"


class Connection(sqlite3.Connection):
    """A connection whose errors are LibraryErrors. `folder` is the library's; `seen` is how the database's file looked when
    it was opened, where no lock guards it (None where one does)."""

    folder: Path
    seen: tuple[int, ...] | None = None

    def cursor(self, factory: type[sqlite3.Cursor] | None = None) -> sqlite3.Cursor:
        return super().cursor(factory or Cursor)

    def execute(self, *arguments: Any) -> Cursor:
        return self.cursor().execute(*arguments)  # type: ignore[return-value]

    def executemany(self, *arguments: Any) -> Cursor:
        return self.cursor().executemany(*arguments)  # type: ignore[return-value]

    def commit(self) -> None:
        with _told(self.folder):
            super().commit()

    def __exit__(self, *exc: Any) -> Any:
        with _told(self.folder):
            return super().__exit__(*exc)


class Cursor(sqlite3.Cursor):
    """Rows of a `Connection`. Errors arise while rows are fetched too."""

    connection: Connection

    def execute(self, *arguments: Any) -> Cursor:
        try:
            super().execute(*arguments)
        except sqlite3.Error as exc:
            _tell(self.connection.folder, exc)
        return self

    def executemany(self, *arguments: Any) -> Cursor:
        with _told(self.connection.folder):
            super().executemany(*arguments)
        return self

    def fetchone(self) -> Any:
        try:
            return super().fetchone()
        except sqlite3.Error as exc:
            _tell(self.connection.folder, exc)

    def fetchall(self) -> list[Any]:
        with _told(self.connection.folder):
            return super().fetchall()

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        with _told(self.connection.folder):
            yield from iter(super().__next__, _NEVER)


_NEVER = object()


def connect_to_write(folder: Path) -> Connection:
    """A connection that writes; the database is made where there is none. LibraryBlocked: the folder can't be written."""
    connection = _connect(folder, "mode=rwc")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def connect_to_read(folder: Path) -> Connection:
    """A connection that never writes, also in a folder where nothing can be written."""
    try:
        return _reading(folder, "mode=rw")
    except LibraryBlocked as exc:
        if not (folder / DATABASE).is_file():
            raise NoLibrary(folder) from exc
        # SQLite's shared memory can't be made there. Where nothing waits in the write-ahead log, nobody is writing: the
        # file is read as it lies, and looked at again before each question. Else the log is read where SQLite can.
        waiting = _size(folder / WAL) > 0
        seen = None if waiting else file_as_seen(folder)
        try:
            connection = _reading(folder, "mode=ro" if waiting else "mode=ro&immutable=1")
        except LibraryBlocked:
            raise exc from None
        connection.seen = seen
        return connection


def file_as_seen(folder: Path) -> tuple[int, ...]:
    """What changes when somebody writes the database."""
    try:
        held = (folder / DATABASE).stat()
    except OSError:
        return ()
    return held.st_ino, held.st_size, held.st_mtime_ns, _size(folder / WAL)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _reading(folder: Path, how: str) -> Connection:
    connection = _connect(folder, how)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA cache_size = -65536")
    connection.execute("PRAGMA mmap_size = 1073741824")
    connection.execute("PRAGMA temp_store = MEMORY")  # a full disk has no room to sort on either
    connection.execute("SELECT 1 FROM sqlite_master").fetchone()  # the first look, which needs the shared memory
    return connection


def _connect(folder: Path, how: str) -> Connection:
    address = f"{Path(os.path.abspath(folder / DATABASE)).as_uri()}?{how}"
    with _told(folder):
        # isolation_level None: transactions are begun by hand, where they are meant.
        connection = sqlite3.connect(
            address, uri=True, timeout=WAIT, isolation_level=None, check_same_thread=False, factory=Connection
        )
    connection.folder = folder
    return connection


# What a fault means


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as exc:
        _tell(folder, exc)


def _tell(folder: Path, exc: sqlite3.Error) -> None:
    """Raises what the fault means; the fault itself where it is a bug of ours."""
    meant = _meaning(folder, exc)
    if meant is None:
        raise exc
    raise meant from exc


def _meaning(folder: Path, exc: sqlite3.Error) -> LibraryError | None:
    code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGED or (code in (0, sqlite3.SQLITE_ERROR) and any(said in str(exc) for said in _SAID_OF_DAMAGE)):
        return damaged(folder, str(exc))
    if code in _BUSY:
        return LibraryBusy(folder, "another program (the database is locked)")
    if code == sqlite3.SQLITE_FULL:
        return blocked(folder, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    if code in _BLOCKED:
        return blocked(folder, hindrance(folder) or OSError(errno.EIO, str(exc)))
    return None


def damaged(folder: Path, why: str) -> LibraryDamaged:
    """`why` in a few words, or a clause."""
    return LibraryDamaged(
        f"{folder / DATABASE} is damaged: {why}. What is concerned: verbatim check --library {folder}. "
        f"To save what can be saved: verbatim check --repair --library {folder}"
    )


@contextmanager
def telling(folder: Path) -> Iterator[None]:
    """A block that reads or writes files of the library's folder; what the system refuses is a LibraryBlocked."""
    try:
        yield
    except OSError as exc:
        raise blocked(folder, exc) from exc


def hindrance(folder: Path) -> OSError | None:
    """What the system says when the database is opened and a file is written beside it; None where it lets us do both."""
    file, probe = folder / DATABASE, folder / f"probe-{os.getpid()}.part"
    try:
        with file.open("rb") as held:
            held.read(1)
        os.close(os.open(file, os.O_RDWR))
        try:
            probe.write_bytes(b"\0" * PROBE_BYTES)
        finally:
            with suppress(OSError):
                probe.unlink(missing_ok=True)
    except OSError as exc:
        return exc
    return None


def blocked(folder: Path, exc: OSError) -> LibraryError:
    """Why the folder can't be read or written, in words with the repair."""
    if exc.errno == errno.ENOENT and not (folder / DATABASE).exists():
        return NoLibrary(folder)
    causes: dict[int | None, Callable[[], tuple[str, str]]] = {
        errno.ENOSPC: lambda: (_how_full(folder), f"Make room there. {_SAFE}"),
        errno.EDQUOT: lambda: ("your share of the disk is used up", f"Make room there. {_SAFE}"),
        errno.EFBIG: lambda: ("the file would be larger than the disk or a limit (ulimit -f) allows", _SAFE),
        errno.EROFS: lambda: ("its disk is mounted read-only", f"Mount it for writing, {_OR_COPY}"),
        errno.EACCES: lambda: _whose(folder),
        errno.EPERM: lambda: _whose(folder),
        errno.EMFILE: lambda: ("too many files are open in this process", f"Raise the limit: ulimit -n 4096. {_SAFE}"),
        errno.ENFILE: lambda: ("too many files are open on this machine", f"Close some programs. {_SAFE}"),
        errno.EIO: lambda: (
            f"the disk reports a fault ({exc.strerror})", "Copy the folder to another disk first of all, and use the copy."
        ),
    }  # fmt: skip
    why, repair = causes.get(exc.errno, lambda: (f"the system says: {exc.strerror or exc}", _SAFE))()
    return LibraryBlocked(f"{folder} can't be {_done(folder)}: {why}. {repair}")


_SAFE = "Nothing that was saved is lost, and asking goes on."
_OR_COPY = "or copy the folder to where you can write and name the copy with --library. Asking works as it is."


def _done(folder: Path) -> str:
    """What can't be done to the folder: `read` or `written`."""
    try:
        with (folder / DATABASE).open("rb") as held:
            held.read(1)
    except FileNotFoundError:
        return "written"
    except OSError:
        return "read"
    return "written"


def _how_full(folder: Path) -> str:
    try:
        disk = os.statvfs(folder)
    except (OSError, AttributeError):
        return "the disk is full"
    if disk.f_files and not disk.f_favail:
        return "the disk is full: it takes no more files"
    return f"the disk is full ({disk.f_bavail * disk.f_frsize // 1024:,} KiB are free)"


def _whose(folder: Path) -> tuple[str, str]:
    """Whose folder it is, where this user has no permission."""
    here = folder if folder.exists() else folder.parent
    try:
        owner = here.owner()
    except (OSError, KeyError, NotImplementedError):
        owner = "another user"
    try:
        us = getpass.getuser()
    except (OSError, KeyError):
        us = str(os.getuid()) if _ON_LINUX else "this user"
    if owner == us:
        return "its permissions do not let you, its owner,", f"Give yourself the permission: chmod -R u+rwX {folder}"
    return (
        f"it belongs to {owner}, and {us} has no permission",
        f"Give the command as {owner}, ask {owner} for the permission, {_OR_COPY}",
    )
