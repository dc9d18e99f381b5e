"""Why a library's folder can't be read or written, in words with the repair.

Only what was found damaged is called so: a full disk, a folder of somebody else's, a lock or too many open files are looked
for first, by trying what could not be done.
"""

from __future__ import annotations

import errno
import getpass
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from index.errors import LibraryBlocked, LibraryBusy, LibraryDamaged, LibraryError, NoLibrary

DATABASE = "library.db"
PROBE_BYTES = 65_536
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_MISMATCH}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_BLOCKED = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOLFS,
}
# What SQLite says without a code of its own where a table, or what stands in it, is not what it was.
_SAID_OF_DAMAGE = ("Could not decode to UTF-8", "malformed", "no such table", "no such column", "no such module")
_ON_LINUX = os.name == "posix"
_SAFE = "Nothing that was saved is lost, and asking goes on."
_OR_COPY = "or copy the folder to where you can write and name the copy with --library. Asking works as it is."


def meaning(folder: Path, exc: sqlite3.Error) -> LibraryError | None:
    """What SQLite's error means for the library in `folder`; None: a bug of ours."""
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
            f"the disk reports a fault ({exc.strerror})",
            "Copy the folder to another disk first of all, and use the copy.",
        ),
    }
    why, repair = causes.get(exc.errno, lambda: (f"the system says: {exc.strerror or exc}", _SAFE))()
    return LibraryBlocked(f"{folder} can't be {_done(folder)}: {why}. {repair}")


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
