"""What people answered about who speaks: kept for good, and carried over to a transcript that has changed.

The table and the SQL over it; called by `index/library.py` only, which holds locks and transactions. An answer is never
deleted or altered while its episode is there: it is taken back by a mark. Removing the episode removes its answers.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from index.errors import VerbatimError
from index.recover import Correction

SCHEMA = """
CREATE TABLE corrections (
    id INTEGER PRIMARY KEY AUTOINCREMENT, episode INTEGER NOT NULL REFERENCES episodes ON DELETE CASCADE,
    position INTEGER NOT NULL, last INTEGER, role TEXT NOT NULL, begins INTEGER NOT NULL, ends INTEGER NOT NULL,
    words_hash TEXT NOT NULL, who TEXT, given_at TEXT NOT NULL, state TEXT NOT NULL);
CREATE INDEX corrections_by_episode ON corrections (episode);
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it is kept: `by` whom (None: not said), and when it was given (`at`: ISO, UTC).

    `state`: `active`, it counts; `undone`, it was taken back; `unplaced`, its words stand in the transcript no more, and it
    counts again when they come back. `words_hash`: SHA-256 of the text of the sentences that it is about.
    """

    correction: Correction
    by: str | None
    at: str
    state: Literal["active", "undone", "unplaced"]
    words_hash: str

    @classmethod
    def given_now(cls, correction: Correction, by: str | None, texts: Sequence[str]) -> Kept:
        """`texts`: all sentences of the episode, in order."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        first, last = correction.position, _last(correction)
        return cls(correction, by, at, "active", _hash(texts[first : last + 1]))


def read(connection: sqlite3.Connection, id_: str) -> list[Kept]:
    """All answers about an episode, in the order in which they were given; later ones win."""
    return [
        Kept(Correction(position, role, last, bool(begins), bool(ends)), who, given_at, state, words_hash)
        for position, role, last, begins, ends, who, given_at, state, words_hash in connection.execute(
            "SELECT position, role, last, begins, ends, who, given_at, state, words_hash FROM corrections"
            " WHERE episode = (SELECT id FROM episodes WHERE name = ?) ORDER BY id",
            (id_,),
        )
    ]


def insert(connection: sqlite3.Connection, id_: str, kept: Kept) -> None:
    c = kept.correction
    connection.execute(
        "INSERT INTO corrections (episode, position, last, role, begins, ends, words_hash, who, given_at, state)"
        " VALUES ((SELECT id FROM episodes WHERE name = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (id_, c.position, c.last, c.role, c.begins, c.ends, kept.words_hash, kept.by, kept.at, kept.state),
    )


def undo_last(connection: sqlite3.Connection, id_: str) -> bool:
    """Marks the last answer that counts as taken back. False where none counts."""
    return bool(
        connection.execute(
            "UPDATE corrections SET state = 'undone' WHERE id = (SELECT max(id) FROM corrections WHERE state = 'active'"
            " AND episode = (SELECT id FROM episodes WHERE name = ?))",
            (id_,),
        ).rowcount
    )


def check(correction: Correction, id_: str, spoken: Sequence[int]) -> None:
    """VerbatimError where the answer is about sentences that aren't there. `spoken`: positions of speech, rising."""
    if correction.last is not None and correction.last < correction.position:
        raise VerbatimError(
            f"Sentences {correction.position} to {correction.last} run backwards; name the first one first."
        )
    for position in (correction.position, _last(correction)):
        if position not in spoken:
            places = f"its speech is in sentences {spoken[0]} to {spoken[-1]}" if spoken else "it has none"
            raise VerbatimError(
                f"Sentence {position} is no speech in {id_}: {places}. See them with: verbatim show {id_} --json"
            )


def placed(kept: Kept, texts: Sequence[str]) -> Kept:
    """The answer where its words stand in another version of the transcript: at the same place, else at the only other.

    Where they stand nowhere, or in several other places, it counts no more (`unplaced`). `texts`: all sentences, in order.
    """
    given = kept.correction
    count = _last(given) - given.position + 1
    out_of_use = "undone" if kept.state == "undone" else "unplaced"
    standing = [at for at in range(len(texts) - count + 1) if _hash(texts[at : at + count]) == kept.words_hash]
    if given.position in standing:
        at = given.position
    elif len(standing) == 1:
        (at,) = standing
    else:
        return replace(kept, state=out_of_use)
    moved = replace(given, position=at, last=None if given.last is None else at + count - 1)
    return replace(kept, correction=moved, state="undone" if kept.state == "undone" else "active")


def set_aside(kept: Kept) -> Kept:
    """The answer out of use, as where the transcript now has labels; what was taken back stays so."""
    return kept if kept.state == "undone" else replace(kept, state="unplaced")


def _last(correction: Correction) -> int:
    return correction.position if correction.last is None else correction.last


def _hash(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
