"""Who takes part in episodes and who speaks in them, by show."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from index.episode import Episode
from index.library.connection import Connection
from index.library.tables import corrections, seals


def insert_people(connection: Connection, row: int, episode: Episode) -> dict[str, int]:
    """Who takes part, and who speaks, as the episode was added. Returns the row of each name."""
    people = {name: person_row(connection, name) for name in names_of(episode)}
    connection.executemany(
        "INSERT INTO appearances VALUES (?, ?, ?, ?, ?, ?, 1, 1)",
        [
            (row, position, people[person.name], person.role, *spoken(episode, person.name))
            for position, person in enumerate(episode.people)
        ],
    )
    insert_turns(connection, row, episode, people, "turns_added")
    return people


def insert_turns(
    connection: Connection, row: int, episode: Episode, people: dict[str, int], table: str = "turns"
) -> None:
    connection.executemany(
        f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?)",
        [
            (row, position, people[turn.speaker.name], turn.speaker.role, turn.speaker_source)
            if turn.speaker
            else (row, position, None, "unknown", turn.speaker_source)
            for position, turn in enumerate(episode.turns)
        ],
    )


def forget_people(connection: Connection) -> None:
    """Those who take part nowhere any more."""
    tables = ("appearances", "turns", "turns_added")
    nowhere = " AND ".join(f"NOT EXISTS (SELECT 1 FROM {table} WHERE person = people.id)" for table in tables)
    connection.execute(f"DELETE FROM people WHERE {nowhere}")


def speakers_of_shows(connection: Connection) -> dict[int, tuple[int, dict[str, int]]]:
    """Of each show's row: how many episodes it has, and in how many each person speaks, as {show: (n, {name: n})}."""
    counts = dict(connection.execute("SELECT show, count(*) FROM episodes GROUP BY show"))
    found: dict[int, tuple[int, dict[str, int]]] = {show: (number, {}) for show, number in counts.items()}
    for show, name, number in connection.execute(
        "SELECT show, people.name, count(DISTINCT episodes.id) FROM turns JOIN people ON people.id = person"
        " JOIN episodes ON episodes.id = turns.episode GROUP BY show, people.id"
    ):
        found[show][1][name] = number
    return found


@dataclass(frozen=True, slots=True)
class Speakers:
    """Who speaks in an episode, which was read from the file `source`. `recovered`: some were told from the talk, since their
    labels name nobody."""

    source: str
    recovered: bool
    names: set[str]


def speakers_beside(connection: Connection, ids: Iterable[str]) -> list[dict[str, Speakers]]:
    """Of each show that has one of these episodes, all of its episodes by id."""
    found: dict[int, dict[str, Speakers]] = {}
    for show, id_, source, recovered, name in connection.execute(
        "SELECT show, episodes.name, source, NOT unlabelled AND speaker_sources LIKE '%recovered%', people.name FROM episodes"
        " LEFT JOIN (SELECT DISTINCT episode, person FROM turns WHERE person NOT NULL) AS said ON said.episode = episodes.id"
        " LEFT JOIN people ON people.id = said.person"
        " WHERE show IN (SELECT show FROM episodes WHERE name IN (SELECT value FROM json_each(?)))",
        (json.dumps(list(ids)),),
    ):
        speakers = found.setdefault(show, {}).setdefault(id_, Speakers(source, bool(recovered), set()))
        if name is not None:
            speakers.names.add(name)
    return list(found.values())


def unlabelled_episodes(connection: Connection, show: int) -> list[str]:
    """The ids of a show's episodes whose transcripts name no speakers."""
    return [name for (name,) in connection.execute("SELECT name FROM episodes WHERE show = ? AND unlabelled", (show,))]


def rename_person(connection: Connection, show: int, name: str, keep: str) -> None:
    """Everything that one person says in a show becomes another's. Where both are listed in an episode, one entry stays."""
    old, new = person_row(connection, name), person_row(connection, keep)
    of_show = "episode IN (SELECT id FROM episodes WHERE show = ?)"
    for (row,) in connection.execute("SELECT id FROM episodes WHERE show = ?", (show,)).fetchall():
        seals.open_row(connection, row)
    for episode, words, seconds in connection.execute(
        f"SELECT episode, words, seconds FROM appearances AS a WHERE person = ? AND {of_show}"
        " AND EXISTS (SELECT 1 FROM appearances AS b WHERE b.episode = a.episode AND b.person = ?)",
        (old, show, new),
    ).fetchall():
        connection.execute("DELETE FROM appearances WHERE episode = ? AND person = ?", (episode, old))
        connection.execute(
            "UPDATE appearances SET words = words + ?, seconds = iif(seconds IS NULL, ?, seconds + ifnull(?, 0))"
            " WHERE episode = ? AND person = ?",
            (words, seconds, seconds, episode, new),
        )
    for table in ("appearances", "turns", "turns_added"):
        connection.execute(f"UPDATE {table} SET person = ? WHERE person = ? AND {of_show}", (new, old, show))
    corrections.rename(connection, show, name, keep)
    forget_people(connection)


def give_roles(connection: Connection, show: int, roles: Mapping[str, str]) -> int:
    """These people ({name: role}) get their role in the show's episodes where it is unknown. Returns how many rows changed."""
    changed = 0
    for name, role in roles.items():
        _open_those_with(connection, show, name, role="unknown")
        for table in ("appearances", "turns", "turns_added"):
            changed += connection.execute(
                f"UPDATE {table} SET role = ? WHERE role = 'unknown' AND person = (SELECT id FROM people WHERE name = ?)"
                " AND episode IN (SELECT id FROM episodes WHERE show = ?)",
                (role, name, show),
            ).rowcount
    return changed


def _open_those_with(connection: Connection, show: int, name: str, *, role: str) -> None:
    """The hashes of a show's episodes in which that person has that role are to be made anew."""
    tables = ("appearances", "turns", "turns_added")
    here = " OR ".join(
        f"id IN (SELECT episode FROM {table} WHERE role = ? AND person = (SELECT id FROM people WHERE name = ?))"
        for table in tables
    )
    rows = connection.execute(
        f"SELECT id FROM episodes WHERE show = ? AND ({here})", (show, *[role, name] * len(tables))
    )
    for (row,) in rows.fetchall():
        seals.open_row(connection, row)


def names_of(episode: Episode) -> set[str]:
    return {person.name for person in episode.people} | {turn.speaker.name for turn in episode.turns if turn.speaker}


def person_row(connection: Connection, name: str) -> int:
    connection.execute("INSERT INTO people (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
    return connection.execute("SELECT id FROM people WHERE name = ?", (name,)).fetchone()[0]


def spoken(episode: Episode, name: str) -> tuple[int, float | None]:
    """Words and seconds that a person speaks; seconds are None where neither times nor the duration are known."""
    turns = [turn for turn in episode.turns if turn.speaker and turn.speaker.name == name]
    timed = [(turn.start, turn.end) for turn in turns if turn.start is not None and turn.end is not None]
    seconds = sum(end - start for start, end in timed) if timed and episode.duration is not None else None
    return sum(turn.words for turn in turns), seconds
