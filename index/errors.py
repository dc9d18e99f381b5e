"""Everything that Verbatim refuses, under one base that the doors (CLI, page, evaluator) catch and print.

    VerbatimError
    ├── TranscriptError      a file that can't be taken in: names file, line, fault and repair
    ├── LibraryError         a folder on disk that can't be used as it is
    │   ├── NoLibrary            there is none
    │   ├── LibraryBusy          another process is writing
    │   ├── LibraryBlocked       its folder can't be read or written; the library itself is whole
    │   ├── LibraryDamaged       the database itself is broken
    │   └── WrongModel           built with another embedding model
    ├── NoSuchEpisode        an id that the library doesn't hold
    ├── ModelError           an embedding model that is missing, altered or unknown
    └── SettingsError        a setting that can't be meant

Each message names the thing, what is wrong with it, and what to do next.
"""

from __future__ import annotations

import os
from pathlib import Path

from index.plain import HALF, visible


def printable(path: str | Path) -> str:
    """A file's name as it can be printed and stored: bytes that are no UTF-8 stand as \\xe9."""
    return os.fsencode(path).decode("utf-8", errors="backslashreplace") if HALF.search(str(path)) else str(path)


class VerbatimError(Exception):
    """Base of all errors that are the caller's to mend, not a bug.

    What it quotes (names of files, words of a transcript) is written out where a terminal would obey it.
    """

    def __str__(self) -> str:
        return visible(super().__str__())


class TranscriptError(VerbatimError):
    """A transcript that is refused at the door; nothing of it is kept.

    `line` is 1-based, or None where the file has no lines that matter.
    """

    def __init__(self, path: str | Path, why: str, *, line: int | None = None, repair: str = "") -> None:
        self.path, self.line, self.why, self.repair = printable(path), line, visible(why), repair
        place = self.path if line is None else f"{self.path}:{line}"
        super().__init__(f"{place}: {why}" + (f" {repair}" if repair else ""))


class LibraryError(VerbatimError):
    """A library folder that can't be used as it is."""


class NoLibrary(LibraryError):
    """No library where one was named."""

    def __init__(self, folder: str | Path) -> None:
        super().__init__(f"No library in {folder}. Make one with: verbatim add TRANSCRIPTS --library {folder}")


class LibraryBusy(LibraryError):
    """Another process holds the write lock."""

    def __init__(self, folder: str | Path, holder: str) -> None:
        super().__init__(f"{folder} is being written by {holder}. Wait until it is done; reading works meanwhile.")


class LibraryBlocked(LibraryError):
    """The system doesn't let the folder be read or written: a full disk, a permission, a limit. Nothing is damaged."""


class LibraryDamaged(LibraryError):
    """What the database (the one truth) holds can't be read, or is not what was stored there."""


class WrongModel(LibraryError):
    """The library was built with another embedding model than the settings name."""


class NoSuchEpisode(VerbatimError):
    """An episode id that the library doesn't hold."""

    def __init__(self, episode: str, nearest: list[str]) -> None:
        hint = f" Nearest: {', '.join(nearest)}." if nearest else ""
        super().__init__(f"No episode {episode!r} in this library.{hint} See them all with: verbatim episodes")


class ModelError(VerbatimError):
    """An embedding model that is missing, altered or unknown."""


class SettingsError(VerbatimError):
    """A setting (environment variable or option) that can't be meant."""
