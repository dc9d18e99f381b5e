"""Faults of our own while a file is read: that file is refused by name, the traceback goes to a log, the other files go on.

What the caller can mend is a VerbatimError already and passes through; so does what concerns the library and not the file
(its database, the disk).
"""

from __future__ import annotations

import datetime
import os
import sqlite3
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import TranscriptError, VerbatimError

LOG = "faults.log"
MOST_LOGGED = 1_000_000  # bytes; above it the log is begun anew: the last faults are those that somebody asks about
_OF_THE_LIBRARY = (sqlite3.OperationalError, OSError)


@contextmanager
def contained(file: str | Path, folder: Path | None = None) -> Iterator[None]:
    """What goes wrong inside is the end of this file alone: a TranscriptError that says so, and where the traceback is.

    `folder`: the library's, whose `faults.log` gets the traceback; the user's cache does where that can't be written.
    """
    try:
        yield
    except VerbatimError:
        raise
    except MemoryError as exc:
        raise TranscriptError(file, "it takes more memory to read than there is.", repair="Split it.") from exc
    except RecursionError as exc:
        raise TranscriptError(file, "it is nested too deeply to be read.", repair="Export it again.") from exc
    except Exception as exc:
        if isinstance(exc, _OF_THE_LIBRARY) or type(exc) is sqlite3.DatabaseError:
            raise
        raise TranscriptError(
            file,
            f"a fault of Verbatim's ({type(exc).__name__}) kept it out; the file may be in order.",
            repair=f"{_logged(file, exc, folder)} Please report it.",
        ) from exc


def _logged(file: str | Path, exc: Exception, folder: Path | None) -> str:
    """Where the traceback was written, as a sentence."""
    when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    text = f"{when} {os.fspath(file)!a}\n{''.join(traceback.format_exception(exc))}\n"
    from index.search.onnx_export import cache_folder

    for place in (folder, cache_folder()):
        if place is None:
            continue
        log = place / LOG
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            begun = log.exists() and log.stat().st_size < MOST_LOGGED
            with log.open("a" if begun else "w", encoding="utf-8", errors="backslashreplace") as out:
                out.write(text)
        except OSError:
            continue
        return f"What went wrong is in {log}."
    return f"What went wrong could not be written down ({str(exc)[:200]!r})."
