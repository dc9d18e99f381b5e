"""The rows that an episode is stored in."""

from __future__ import annotations

from collections.abc import Sequence

from index.library.connection import Connection


def row_of(connection: Connection, id_: str) -> int | None:
    found = connection.execute("SELECT id FROM episodes WHERE name = ?", (id_,)).fetchone()
    return found[0] if found else None


def rows_of_episode(connection: Connection, id_: str, *, as_added: bool = False) -> list[list[tuple]] | None:
    """All that `read_episode` reads: the episode itself, its sentences, its turns and its people; None where there is none."""
    found = connection.execute(
        "SELECT episodes.id, shows.name, title, date, episodes.description, duration, audio, url, format,"
        " mended, content_hash, unlabelled, voices, episodes.name FROM episodes JOIN shows ON shows.id = show"
        " WHERE episodes.name = ?",
        (id_,),
    ).fetchone()
    if found is None:
        return None
    turn_column, turns_table, here = (
        ("added_in_turn", "turns_added", "added") if as_added else ("turn", "turns", "shown")
    )
    row = found[0]
    sentences = connection.execute(
        f"SELECT {turn_column}, position, speech, added, text, start, end, time_source, time_error FROM sentences"
        " WHERE episode = ? ORDER BY position",
        (row,),
    ).fetchall()
    turns = connection.execute(
        f"SELECT position, people.name, role, speaker_source FROM {turns_table} LEFT JOIN people ON people.id = person"
        " WHERE episode = ? ORDER BY position",
        (row,),
    ).fetchall()
    people = connection.execute(
        f"SELECT name, role FROM appearances JOIN people ON people.id = person WHERE episode = ? AND {here}"
        " ORDER BY position",
        (row,),
    ).fetchall()
    return [[found], sentences, turns, people]


def episode_ids(connection: Connection) -> list[str]:
    """The ids of all episodes, in the order of the alphabet."""
    return [name for (name,) in connection.execute("SELECT name FROM episodes ORDER BY name")]


def episode_rows(connection: Connection, ids: Sequence[str]) -> list[int]:
    """The database rows of these episodes, in no order; ids that aren't there are left out."""
    wanted = set(ids)
    return [row for row, name in connection.execute("SELECT id, name FROM episodes") if name in wanted]
