"""A library's tables, made; what it is: its format, its model, its generation."""

from __future__ import annotations

import json
from pathlib import Path

from index.errors import LibraryError, WrongModel
from index.library import feedback
from index.library.causes import damaged
from index.library.connection import Connection, of_rows
from index.library.tables import corrections, seals
from index.search import lexical
from index.search.encoder import Encoder, Fingerprint, known_name

FORMAT = "4"
FORMATS = ("3", FORMAT)
"""Those that are read. A library of format 3, without hashes, becomes one of format 4 with its first change (`bring_up`)."""

SCHEMA = (
    """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE shows (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL);
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE episodes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, show INTEGER NOT NULL REFERENCES shows,
    title TEXT NOT NULL, date TEXT, description TEXT NOT NULL, duration REAL, audio TEXT, url TEXT,
    format TEXT NOT NULL, mended TEXT NOT NULL, content_hash TEXT NOT NULL, source TEXT NOT NULL,
    speaker_sources TEXT NOT NULL, time_sources TEXT NOT NULL, unlabelled INTEGER NOT NULL, voices TEXT NOT NULL);
CREATE INDEX episodes_by_hash ON episodes (content_hash);
CREATE TABLE appearances (
    episode INTEGER NOT NULL REFERENCES episodes ON DELETE CASCADE, position INTEGER NOT NULL,
    person INTEGER NOT NULL REFERENCES people, role TEXT NOT NULL, words INTEGER NOT NULL, seconds REAL,
    added INTEGER NOT NULL, shown INTEGER NOT NULL, -- came with the transcript; is there now, with all corrections
    PRIMARY KEY (episode, position)) WITHOUT ROWID;
CREATE TABLE turns (
    episode INTEGER NOT NULL REFERENCES episodes ON DELETE CASCADE, position INTEGER NOT NULL,
    person INTEGER REFERENCES people, role TEXT NOT NULL, speaker_source TEXT NOT NULL,
    PRIMARY KEY (episode, position)) WITHOUT ROWID;
CREATE INDEX turns_by_person ON turns (person);
CREATE TABLE turns_added ( -- as the episode was added, whatever was put right since
    episode INTEGER NOT NULL REFERENCES episodes ON DELETE CASCADE, position INTEGER NOT NULL,
    person INTEGER REFERENCES people, role TEXT NOT NULL, speaker_source TEXT NOT NULL,
    PRIMARY KEY (episode, position)) WITHOUT ROWID;
CREATE INDEX turns_added_by_person ON turns_added (person);
CREATE TABLE sentences (
    episode INTEGER NOT NULL REFERENCES episodes ON DELETE CASCADE, position INTEGER NOT NULL, turn INTEGER NOT NULL,
    added_in_turn INTEGER NOT NULL, -- its turn as the episode was added, whatever was answered about it since
    text TEXT NOT NULL, start REAL, end REAL, time_source TEXT, time_error REAL, speech INTEGER NOT NULL,
    added TEXT, -- JSON of text .. time_error as they were added, where they were put right since
    PRIMARY KEY (episode, position)) WITHOUT ROWID;
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, episode INTEGER NOT NULL REFERENCES episodes ON DELETE CASCADE,
    first INTEGER NOT NULL, last INTEGER NOT NULL, text TEXT NOT NULL, context TEXT NOT NULL, start REAL, end REAL);
CREATE INDEX passages_by_episode ON passages (episode);
CREATE TABLE embeddings (passage INTEGER PRIMARY KEY REFERENCES passages ON DELETE CASCADE, vector BLOB NOT NULL);
"""
    + corrections.SCHEMA
    + feedback.SCHEMA
    + seals.SCHEMA
    + lexical.SCHEMA
)


def create(connection: Connection, model: Fingerprint) -> None:
    """Make the tables, all or none, where they aren't yet; record the model."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        return
    values = {"format": FORMAT, "generation": "0", "model": json.dumps([model.name, model.revision, model.weights])}
    values["dimensions"] = str(model.dimensions)
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for statement in SCHEMA.split(";\n"):
            if statement.strip():
                connection.execute(statement)
        connection.executemany("INSERT INTO meta VALUES (?, ?)", values.items())


def bring_up(connection: Connection) -> None:
    """Make a library of an earlier format one of this format, inside a transaction; its episodes are hashed at the end of it."""
    if made_as(connection) == FORMAT:
        return
    for statement in seals.SCHEMA.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.execute("INSERT OR IGNORE INTO seals (episode) SELECT id FROM episodes")
    connection.execute("UPDATE meta SET value = ? WHERE key = 'format'", (FORMAT,))


def _meta(connection: Connection, key: str) -> str:
    found = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    if found is None:
        raise damaged(connection.folder, f"it does not tell its {key}")
    return found[0]


def fingerprint(connection: Connection) -> Fingerprint | None:
    """The model that the vectors came from; None where no library was made yet."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        return None
    with of_rows(connection, "the name of its model"):
        name, revision, weights = json.loads(_meta(connection, "model"))
        return Fingerprint(name, revision, weights, dimensions(connection))


def dimensions(connection: Connection) -> int:
    """How many numbers a vector of this library has. LibraryDamaged: that can't be read."""
    with of_rows(connection, "its model"):
        return int(_meta(connection, "dimensions"))


def made_as(connection: Connection) -> str:
    """The format of the tables, as `FORMAT` was when they were made."""
    return _meta(connection, "format")


def generation(connection: Connection) -> int:
    """How often the library has changed. LibraryDamaged: that can't be read."""
    with of_rows(connection, "its generation"):
        return int(_meta(connection, "generation"))


def raise_generation(connection: Connection) -> None:
    """Count one change more, in the transaction that makes it."""
    connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")


def unsettled(connection: Connection) -> set[str]:
    """The ids of the episodes that were added since it was last told what only a show's episodes together tell."""
    found = connection.execute("SELECT value FROM meta WHERE key = 'unsettled'").fetchone()
    with of_rows(connection, "what is still to be settled"):
        return set(json.loads(found[0])) if found else set()


def note_unsettled(connection: Connection, id_: str | None) -> None:
    """One more of them; None: they are all settled."""
    if id_ is None:
        connection.execute("DELETE FROM meta WHERE key = 'unsettled'")
        return
    noted = json.dumps(sorted(unsettled(connection) | {id_}))
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('unsettled', ?)", (noted,))


def check_format(connection: Connection) -> None:
    """LibraryError where this version doesn't read the library's format."""
    if (found := made_as(connection)) not in FORMATS:
        raise LibraryError(
            f"{connection.folder} has format {found}; this version reads format {FORMAT}. "
            f"Add the transcripts to a new library: verbatim add TRANSCRIPTS --library NEW, and keep this folder: "
            f"its corrections and its feedback are in it alone."
        )


def check_model(connection: Connection, encoder: Encoder | str) -> None:
    """WrongModel where the vectors came from a model of another name; without loading any. `encoder`: a model, or its name."""
    recorded = fingerprint(connection)
    named = known_name(encoder) if isinstance(encoder, str) else encoder.fingerprint.name
    if recorded is not None and named != recorded.name:
        raise wrong_model(connection.folder, recorded, named)


def wrong_model(folder: Path, recorded: Fingerprint, named: str) -> WrongModel:
    """What is said of a library whose vectors are `recorded`'s where the settings name another model."""
    return WrongModel(
        f"{folder} was built with {recorded}; the settings name {named}. "
        f"Set VERBATIM_EMBEDDINGS={recorded.name}, or add the episodes to a new library."
    )
