"""The table of corrections: each that was given to an episode, in order, and whether it counts."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict

from index.corrections.kinds import KINDS, KeptCorrection, kind_of
from index.library.causes import damaged
from index.library.connection import Connection
from index.plain import plain

SCHEMA = """
CREATE TABLE corrections (
    id INTEGER PRIMARY KEY AUTOINCREMENT, episode INTEGER NOT NULL REFERENCES episodes ON DELETE CASCADE,
    kind TEXT NOT NULL, position INTEGER NOT NULL, last INTEGER, value TEXT NOT NULL,
    words_hash TEXT NOT NULL, who TEXT, given_at TEXT NOT NULL, state TEXT NOT NULL);
CREATE INDEX corrections_by_episode ON corrections (episode);
"""


def read(connection: Connection, id_: str) -> list[KeptCorrection]:
    """All that was given about an episode, in the order in which it was given; later ones win."""
    rows = connection.execute(
        "SELECT id, kind, position, last, value, who, given_at, state, words_hash FROM corrections"
        " WHERE episode = (SELECT id FROM episodes WHERE name = ?) ORDER BY id",
        (id_,),
    ).fetchall()
    try:
        return [
            KeptCorrection(
                KINDS[kind](**json.loads(value), position=position, last=last), who, given_at, state, words_hash, number
            )
            for number, kind, position, last, value, who, given_at, state, words_hash in rows
        ]
    except (ValueError, TypeError, KeyError) as exc:
        raise damaged(connection.folder, f"a correction of episode {id_} can't be read ({exc})") from exc


def insert(connection: sqlite3.Connection, id_: str, kept: KeptCorrection) -> None:
    """Keep a correction of the episode named `id_`, after those that it has. Free text loses what would steer a
    screen."""
    c = kept.correction
    value = {
        name: plain(held) if isinstance(held, str) else held
        for name, held in asdict(c).items()
        if name not in ("position", "last")
    }
    connection.execute(
        "INSERT INTO corrections (episode, kind, position, last, value, words_hash, who, given_at, state)"
        " VALUES ((SELECT id FROM episodes WHERE name = ?), ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            id_,
            kind_of(c),
            c.position,
            c.last,
            json.dumps(value),
            kept.words_hash,
            kept.by and plain(kept.by),
            kept.at,
            kept.state,
        ),
    )


def undo(connection: sqlite3.Connection, number: int) -> None:
    """Marks a correction as taken back."""
    connection.execute("UPDATE corrections SET state = 'undone' WHERE id = ?", (number,))


def rename(connection: sqlite3.Connection, show: int, name: str, keep: str) -> None:
    """Speakers who were put right go by the spelling that their show settles on."""
    connection.execute(
        "UPDATE corrections SET value = json_set(value, '$.name', ?) WHERE kind = 'speaker'"
        " AND json_extract(value, '$.name') = ? AND episode IN (SELECT id FROM episodes WHERE show = ?)",
        (keep, name, show),
    )
