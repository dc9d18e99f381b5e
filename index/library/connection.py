"""Connections to a library's database, its lock and its snapshots; every fault is told with its true cause and its repair.

A folder that can't be written is read all the same.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from index.errors import LibraryBlocked, LibraryBusy, NoLibrary
from index.library.causes import DATABASE, damaged, meaning, telling

WAL = f"{DATABASE}-wal"
LOCK = "lock"
MOST_IDLE = 8  # connections kept open for the next question
WAIT = 20  # seconds for another program to let go of the database


class Connection(sqlite3.Connection):
    """A connection whose errors are LibraryErrors. `folder` is the library's; `seen` is how the database's file looked when
    it was opened, where no lock guards it (None where one does)."""

    folder: Path
    seen: tuple[int, ...] | None = None

    def cursor(self, factory: Any = None) -> Any:
        """A cursor whose faults are reported as this connection's are."""
        return super().cursor(factory or Cursor)

    def execute(self, *arguments: Any) -> Cursor:
        """As sqlite3's; what fails raises a LibraryError with the true cause."""
        return self.cursor().execute(*arguments)

    def executemany(self, *arguments: Any) -> Cursor:
        """As sqlite3's; what fails raises a LibraryError with the true cause."""
        return self.cursor().executemany(*arguments)

    def insert(self, statement: str, values: Sequence[Any]) -> int:
        """Runs an INSERT of one row; its number."""
        row = self.execute(statement, values).lastrowid
        assert row is not None  # SQLite tells it after every INSERT
        return row

    def commit(self) -> None:
        """As sqlite3's; a full or read-only disk shows here, as a LibraryError."""
        with _told(self.folder):
            super().commit()

    def __exit__(self, *exc: Any) -> Any:
        with _told(self.folder):
            return super().__exit__(*exc)


class Cursor(sqlite3.Cursor):
    """Rows of a `Connection`. Errors arise while rows are fetched too."""

    connection: Connection

    def execute(self, *arguments: Any) -> Cursor:
        """As sqlite3's; what fails raises a LibraryError with the true cause."""
        try:
            super().execute(*arguments)
        except sqlite3.Error as exc:
            _tell(self.connection.folder, exc)
        return self

    def executemany(self, *arguments: Any) -> Cursor:
        """As sqlite3's; what fails raises a LibraryError with the true cause."""
        with _told(self.connection.folder):
            super().executemany(*arguments)
        return self

    def fetchone(self) -> Any:
        """The next row, None after the last. A damaged page shows only here, as a LibraryError."""
        try:
            return super().fetchone()
        except sqlite3.Error as exc:
            _tell(self.connection.folder, exc)

    def fetchall(self) -> list[Any]:
        """The rows that are left. A damaged page shows only here, as a LibraryError."""
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


# What is held while reading and writing


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The library's lock is held. LibraryBusy: another process holds it, and which. LibraryBlocked: it can't be taken."""
    from filelock import FileLock, Timeout

    lock, holder = FileLock(folder / LOCK), folder / f"{LOCK}.holder"
    with telling(folder):
        try:
            lock.acquire(timeout=0)
        except Timeout as exc:
            raise LibraryBusy(folder, _holder(folder)) from exc
    try:
        with suppress(OSError):  # a name for others to read; a full disk has no room for it
            holder.write_text(f"process {os.getpid()} on {socket.gethostname()}")
        yield
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def _holder(folder: Path) -> str:
    try:
        return (folder / f"{LOCK}.holder").read_text()[:200] or "another process"
    except OSError:
        return "another process"


@contextmanager
def one_generation(connection: Connection) -> Iterator[None]:
    """What is read inside is of one generation, though another process may be writing the next."""
    if connection.in_transaction:  # it is so already
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.rollback()


def is_past(connection: Connection) -> bool:
    """Whether somebody has written the database since it was opened as a file that nobody writes."""
    return connection.seen is not None and connection.seen != file_as_seen(connection.folder)


class Readers:
    """Connections that read a library: one for each thread, and idle ones for the next snapshot."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._threads = threading.local()
        self._idle: list[Connection] = []

    def of_thread(self) -> Connection:
        """This thread's; made again where somebody has written since it was opened as a file that nobody writes."""
        connection = getattr(self._threads, "open", None)
        if connection is None or is_past(connection):
            connection = self._threads.open = connect_to_read(self.folder)
        return connection

    @contextmanager
    def lent(self) -> Iterator[Connection]:
        """A connection in a transaction of its own; any thread may use it, one at a time."""
        connection = self._from_idle()
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            if connection.in_transaction:
                connection.rollback()
            if len(self._idle) < MOST_IDLE:
                self._idle.append(connection)
            else:
                connection.close()

    def _from_idle(self) -> Connection:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return connect_to_read(self.folder)
            if not is_past(connection):
                return connection
            connection.close()


# What a fault means


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as exc:
        _tell(folder, exc)


def _tell(folder: Path, exc: sqlite3.Error) -> None:
    """Raises what the fault means; the fault itself where it is a bug of ours."""
    meant = meaning(folder, exc)
    if meant is None:
        raise exc
    raise meant from exc


@contextmanager
def of_rows(connection: Connection, what: str) -> Iterator[None]:
    """A block that makes things out of stored rows: rows that make none are damaged."""
    try:
        yield
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError) as exc:
        raise damaged(connection.folder, f"{what} can't be read ({type(exc).__name__}: {str(exc)[:100]})") from exc
