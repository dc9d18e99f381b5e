"""Episodes in the database: written, rewritten as corrections show them, and read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from index.episode import Episode, Passage, Person, Sentence, Show, Turn
from index.library.causes import damaged
from index.library.connection import Connection, of_rows
from index.library.tables import seals
from index.library.tables.passages import insert_passages
from index.library.tables.people import forget_people, insert_people, insert_turns, names_of, person_row, spoken
from index.library.tables.rows import episode_rows, rows_of_episode
from index.search import lexical

# Writing an episode


def episode_by_hash(connection: Connection, content_hash: str, source: str) -> str | None:
    """The id of the episode with that content, or None. A file that has an episode of its own means that one only."""
    found = connection.execute(
        "SELECT name FROM episodes WHERE content_hash = ?"
        " AND (source = ? OR NOT EXISTS (SELECT 1 FROM episodes WHERE source = ?))",
        (content_hash, source, source),
    ).fetchone()
    return found[0] if found else None


def place_of(connection: Connection, episode: Episode, source: str) -> tuple[str, bool]:
    """The id that this episode gets, and whether it replaces the one that has it.

    The same file again, or the same id in the same show after its file is gone, is a new version; anything else that
    has the id already is another episode, and the newcomer's id is made unique with the show's name.
    """
    same_source = connection.execute(
        "SELECT name FROM episodes WHERE source = ? AND source != ''", (source,)
    ).fetchone()
    if same_source:
        return same_source[0], True
    candidates = [episode.id, f"{'-'.join(episode.show.name.split())}-{episode.id}"]
    candidates += [f"{candidates[1]}-{number}" for number in range(2, 10_000)]
    for candidate in candidates:
        taken = connection.execute(
            "SELECT episodes.source, shows.name FROM episodes JOIN shows ON shows.id = show WHERE episodes.name = ?",
            (candidate,),
        ).fetchone()
        if taken is None:
            return candidate, False
        if taken[1] == episode.show.name and not (taken[0] and Path(taken[0]).exists()):
            return candidate, True
    raise ValueError(f"ten thousand episodes are called {episode.id}")


def delete_episode(connection: Connection, id_: str) -> None:
    """Take an episode's rows out, and people and shows that nothing else names; nothing where there is no such
    episode."""
    row = connection.execute("SELECT id, show FROM episodes WHERE name = ?", (id_,)).fetchone()
    if row is None:
        return
    lexical.delete_episode(connection, row[0])
    connection.execute("DELETE FROM episodes WHERE id = ?", (row[0],))
    forget_people(connection)
    connection.execute("DELETE FROM shows WHERE id NOT IN (SELECT show FROM episodes)")


def insert_episode(
    connection: Connection,
    episode: Episode,
    id_: str,
    source: str,
    passages: Sequence[Passage],
    vectors: np.ndarray,
) -> None:
    """All rows of an episode. `vectors`: float32, shape (n_passages, dimensions), rows of unit length."""
    connection.execute(
        "INSERT INTO shows (name, description) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET description = iif(excluded.description = '', description, excluded.description)",
        (episode.show.name, episode.show.description),
    )
    row = connection.insert(
        "INSERT INTO episodes (name, show, title, date, description, duration, audio, url, format, mended, content_hash,"
        " source, speaker_sources, time_sources, unlabelled, voices)"
        " VALUES (?, (SELECT id FROM shows WHERE name = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            id_,
            episode.show.name,
            episode.title,
            episode.date,
            episode.description,
            episode.duration,
            episode.audio,
            episode.url,
            episode.format,
            json.dumps(episode.mended),
            episode.content_hash,
            source,
            _speaker_sources(episode),
            _time_sources(episode),
            episode.unlabelled,
            json.dumps(episode.voices),
        ),
    )
    seals.new(connection, row)
    insert_turns(connection, row, episode, insert_people(connection, row, episode))
    connection.executemany(
        "INSERT INTO sentences VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        [
            (
                row,
                s.position,
                turn_position,
                turn_position,
                s.text,
                s.start,
                s.end,
                s.time_source,
                s.time_error,
                s.speech,
            )
            for turn_position, turn in enumerate(episode.turns)
            for s in turn.sentences
        ],
    )
    insert_passages(connection, row, passages, [np.asarray(vector, np.float16).tobytes() for vector in vectors])


def retell(connection: Connection, added: Episode) -> None:
    """An episode as it was added gets other speakers; to be followed by `rewrite_episode`, which shows them."""
    row = episode_rows(connection, [added.id])[0]
    seals.open_row(connection, row)
    for table in ("appearances", "turns_added"):
        connection.execute(f"DELETE FROM {table} WHERE episode = ?", (row,))
    insert_people(connection, row, added)


def _speaker_sources(episode: Episode) -> str:
    return json.dumps(sorted({turn.speaker_source for turn in episode.turns}))


def _time_sources(episode: Episode) -> str:
    return json.dumps(sorted({s.time_source for s in episode.sentences if s.time_source}))


def rewrite_episode(connection: Connection, added: Episode, episode: Episode) -> None:
    """What was told or put right since: the episode's turns, its sentences, and what each person speaks.

    `added`: the same episode as it was added, which is kept. Both must hold the same sentences, in their order.
    """
    row = episode_rows(connection, [episode.id])[0]
    seals.open_row(connection, row)
    connection.execute("DELETE FROM turns WHERE episode = ?", (row,))
    people = {name: person_row(connection, name) for name in names_of(episode) | names_of(added)}
    insert_turns(connection, row, episode, people)
    connection.executemany(
        "UPDATE sentences SET turn = ?, text = ?, start = ?, end = ?, time_source = ?, time_error = ?, added = ?"
        " WHERE episode = ? AND position = ?",
        [
            (number, *_facts(s), None if s == was else json.dumps(_facts(was)), row, s.position)
            for (number, s), was in zip(
                ((number, s) for number, turn in enumerate(episode.turns) for s in turn.sentences),
                added.sentences,
                strict=True,
            )
        ],
    )
    here = {person.name for person in episode.people}
    connection.executemany(
        "UPDATE appearances SET words = ?, seconds = ?, shown = ? WHERE episode = ? AND person = ?",
        [(*spoken(episode, person.name), person.name in here, row, people[person.name]) for person in added.people],
    )
    connection.execute("DELETE FROM appearances WHERE episode = ? AND NOT added", (row,))
    listed = {person.name for person in added.people}
    free = connection.execute("SELECT max(position) + 1 FROM appearances WHERE episode = ?", (row,)).fetchone()[0] or 0
    connection.executemany(
        "INSERT INTO appearances VALUES (?, ?, ?, ?, ?, ?, 0, 1)",
        [
            (row, free + number, people[person.name], person.role, *spoken(episode, person.name))
            for number, person in enumerate(person for person in episode.people if person.name not in listed)
        ],
    )
    connection.execute(
        "UPDATE episodes SET speaker_sources = ?, time_sources = ? WHERE id = ?",
        (_speaker_sources(episode), _time_sources(episode), row),
    )
    forget_people(connection)


def _facts(s: Sentence) -> tuple[str, float | None, float | None, str | None, float | None]:
    """What of a sentence can be put right."""
    return s.text, s.start, s.end, s.time_source, s.time_error


# People of a show


# Reading


def audio(connection: Connection, id_: str) -> str | None:
    """The episode's audio, an address or a path; None where it has none or isn't there."""
    found = connection.execute("SELECT audio FROM episodes WHERE name = ?", (id_,)).fetchone()
    return found[0] if found else None


def read_episode(connection: Connection, id_: str, *, as_added: bool = False) -> Episode | None:
    """The whole episode under the id it has here; None where there is none. LibraryDamaged: it is not what was stored.

    `as_added`: without what was told or put right since.
    """
    rows = rows_of_episode(connection, id_, as_added=as_added)
    if rows is None:
        return None
    ((row, *_),) = rows[0]
    fault = seals.check_stored(connection, row) if as_added else seals.check_shown(connection, row, rows)
    if fault:
        raise damaged(connection.folder, f"of episode {id_}, {fault}")
    about = connection.execute(
        "SELECT description FROM shows WHERE id = (SELECT show FROM episodes WHERE id = ?)", (row,)
    ).fetchone()
    with of_rows(connection, f"episode {id_}"):
        return _episode_of(id_, rows, about[0], as_added=as_added)


def _episode_of(id_: str, rows: list[list[tuple]], about: str, *, as_added: bool) -> Episode:
    ((_, show, title, date, description, duration, audio_, url, format_, mended, hash_, unlabelled, voices, _),) = rows[
        0
    ]
    sentences: dict[int, list[Sentence]] = {}
    for turn, position, speech, added, *facts in rows[1]:
        facts = json.loads(added) if as_added and added else facts
        text, start, end, time_source, time_error = facts
        sentence = Sentence(position, text, start, end, time_source, time_error, bool(speech))
        sentences.setdefault(turn, []).append(sentence)
    turns = tuple(
        Turn(Person(name, role) if name is not None else None, tuple(sentences[position]), speaker_source)
        for position, name, role, speaker_source in rows[2]
    )
    people = tuple(Person(name, role) for name, role in rows[3])
    return Episode(
        id_, Show(show, about), title, turns, people, date, description, duration, audio_, url, format_, hash_,
        tuple(json.loads(mended)), bool(unlabelled), tuple((position, role) for position, role in json.loads(voices)),
    )  # fmt: skip
