"""What listeners said about answers: kept for good, beside the episodes and independent of them.

The table and the SQL over it; called by `index/library/library.py` only. An older library gets the table with its first feedback.
"""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal

from index.errors import LibraryError
from index.plain import plain

FeedbackKind = Literal["right", "wrong_speaker", "wrong_time", "wrong_quote", "missed", "note"]
KINDS = ("right", "wrong_speaker", "wrong_time", "wrong_quote", "missed", "note")
MOST_KEPT = 100_000  # rows: some 200 MB of the longest ones
LONGEST = {"question": 2000, "note": 2000, "about": 64_000}  # characters

SCHEMA = """
CREATE TABLE IF NOT EXISTS feedback (
    id INTEGER PRIMARY KEY AUTOINCREMENT, given_at TEXT NOT NULL, kind TEXT NOT NULL, question TEXT NOT NULL,
    note TEXT NOT NULL, about TEXT NOT NULL, generation INTEGER NOT NULL, version TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Feedback:
    """One thing that was said about one answer.

    `about` is the answer that it is about, with its filters and citations, as JSON. `at` is ISO, UTC; `generation` and
    `version` are those of the library and of Verbatim then.
    """

    kind: FeedbackKind
    question: str
    note: str = ""
    about: str = "{}"
    at: str = ""
    generation: int = 0
    version: str = ""

    def given_now(self, generation: int, version: str) -> Feedback:
        """The same feedback with the time (UTC, to the second), the library's generation and Verbatim's version."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        return Feedback(self.kind, self.question, self.note, self.about, at, generation, version)

    def to_json(self) -> dict[str, Any]:
        """Its fields as `verbatim feedback --json` prints them."""
        return asdict(self)


def check(feedback: Feedback) -> None:
    """LibraryError where it is of no known kind, or longer than anything that a listener writes."""
    if feedback.kind not in KINDS:
        raise LibraryError(f"{str(feedback.kind)[:40]!r} is no kind of feedback. There are: {', '.join(KINDS)}.")
    for name, longest in LONGEST.items():
        if len(getattr(feedback, name)) > longest:
            raise LibraryError(f"The feedback's {name} is longer than {longest:,} characters. Shorten it.")


def insert(connection: sqlite3.Connection, feedback: Feedback) -> None:
    """LibraryError: there is too much of it already."""
    connection.execute(SCHEMA)
    if connection.execute("SELECT count(*) FROM feedback").fetchone()[0] >= MOST_KEPT:
        raise LibraryError(f"This library holds {MOST_KEPT:,} pieces of feedback, and takes no more.")
    connection.execute(
        "INSERT INTO feedback (given_at, kind, question, note, about, generation, version) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            feedback.at,
            feedback.kind,
            plain(feedback.question),
            plain(feedback.note),
            feedback.about,
            feedback.generation,
            feedback.version,
        ),
    )


def read(connection: sqlite3.Connection) -> list[Feedback]:
    """All of it, oldest first; none where the library is older than its first."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'feedback'").fetchone():
        return []
    columns = {"at": "given_at"}
    names = ", ".join(columns.get(field.name, field.name) for field in fields(Feedback))
    return [Feedback(*row) for row in connection.execute(f"SELECT {names} FROM feedback ORDER BY id")]
