"""The library's tables and the SQL over them. Called by `index/library/library.py` only, which holds locks and transactions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.corrections import kinds as corrections
from index.episode import Episode, Passage, Person, Sentence, Show, Turn
from index.library import corrections_table, feedback, seals
from index.library.connection import Connection, damaged
from index.search import lexical
from index.search.encoder import Fingerprint

FORMAT = "4"
FORMATS = ("3", FORMAT)
"""Those that are read. A library of format 3, without hashes, becomes one of format 4 with its first change (`bring_up`)."""
EMBEDDINGS_AT_ONCE = 20_000

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


@contextmanager
def _of_rows(connection: Connection, what: str) -> Iterator[None]:
    """A block that makes things out of stored rows: rows that make none are damaged."""
    try:
        yield
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError) as exc:
        raise damaged(connection.folder, f"{what} can't be read ({type(exc).__name__}: {str(exc)[:100]})") from exc


def fingerprint(connection: Connection) -> Fingerprint | None:
    """The model that the vectors came from; None where no library was made yet."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        return None
    with _of_rows(connection, "the name of its model"):
        name, revision, weights = json.loads(_meta(connection, "model"))
        return Fingerprint(name, revision, weights, dimensions(connection))


def dimensions(connection: Connection) -> int:
    with _of_rows(connection, "its model"):
        return int(_meta(connection, "dimensions"))


def made_as(connection: Connection) -> str:
    """The format of the tables, as `FORMAT` was when they were made."""
    return _meta(connection, "format")


def generation(connection: Connection) -> int:
    with _of_rows(connection, "its generation"):
        return int(_meta(connection, "generation"))


def raise_generation(connection: Connection) -> None:
    connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")


def unsettled(connection: Connection) -> set[str]:
    """The ids of the episodes that were added since it was last told what only a show's episodes together tell."""
    found = connection.execute("SELECT value FROM meta WHERE key = 'unsettled'").fetchone()
    with _of_rows(connection, "what is still to be settled"):
        return set(json.loads(found[0])) if found else set()


def note_unsettled(connection: Connection, id_: str | None) -> None:
    """One more of them; None: they are all settled."""
    if id_ is None:
        connection.execute("DELETE FROM meta WHERE key = 'unsettled'")
        return
    noted = json.dumps(sorted(unsettled(connection) | {id_}))
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('unsettled', ?)", (noted,))


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
    row = connection.execute("SELECT id, show FROM episodes WHERE name = ?", (id_,)).fetchone()
    if row is None:
        return
    lexical.delete_episode(connection, row[0])
    connection.execute("DELETE FROM episodes WHERE id = ?", (row[0],))
    _forget_people(connection)
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
    row = connection.execute(
        "INSERT INTO episodes (name, show, title, date, description, duration, audio, url, format, mended, content_hash,"
        " source, speaker_sources, time_sources, unlabelled, voices)"
        " VALUES (?, (SELECT id FROM shows WHERE name = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            id_, episode.show.name, episode.title, episode.date, episode.description, episode.duration, episode.audio,
            episode.url, episode.format, json.dumps(episode.mended), episode.content_hash, source,
            _speaker_sources(episode),
            _time_sources(episode), episode.unlabelled,
            json.dumps(episode.voices),
        ),
    ).lastrowid  # fmt: skip
    seals.new(connection, row)
    _insert_turns(connection, row, episode, _insert_people(connection, row, episode))
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
    _insert_passages(connection, row, passages, [np.asarray(vector, np.float16).tobytes() for vector in vectors])


def _insert_people(connection: Connection, row: int, episode: Episode) -> dict[str, int]:
    """Who takes part, and who speaks, as the episode was added. Returns the row of each name."""
    people = {name: _person_row(connection, name) for name in _names(episode)}
    connection.executemany(
        "INSERT INTO appearances VALUES (?, ?, ?, ?, ?, ?, 1, 1)",
        [
            (row, position, people[person.name], person.role, *_spoken(episode, person.name))
            for position, person in enumerate(episode.people)
        ],
    )
    _insert_turns(connection, row, episode, people, "turns_added")
    return people


def retell(connection: Connection, added: Episode) -> None:
    """An episode as it was added gets other speakers; to be followed by `rewrite_episode`, which shows them."""
    row = episode_rows(connection, [added.id])[0]
    seals.open_row(connection, row)
    for table in ("appearances", "turns_added"):
        connection.execute(f"DELETE FROM {table} WHERE episode = ?", (row,))
    _insert_people(connection, row, added)


def _insert_passages(
    connection: Connection, row: int, passages: Sequence[Passage], vectors: Sequence[bytes]
) -> None:
    """`vectors`: float16, as they are kept."""
    for passage, vector in zip(passages, vectors, strict=True):
        passage_row = connection.execute(
            "INSERT INTO passages (episode, first, last, text, context, start, end) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (row, passage.first, passage.last, passage.text, passage.context, passage.start, passage.end),
        ).lastrowid
        connection.execute("INSERT INTO embeddings VALUES (?, ?)", (passage_row, vector))
        lexical.insert(connection, passage_row, passage.text, passage.context)


def _insert_turns(
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
    people = {name: _person_row(connection, name) for name in _names(episode) | _names(added)}
    _insert_turns(connection, row, episode, people)
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
        [(*_spoken(episode, person.name), person.name in here, row, people[person.name]) for person in added.people],
    )
    connection.execute("DELETE FROM appearances WHERE episode = ? AND NOT added", (row,))
    listed = {person.name for person in added.people}
    free = connection.execute("SELECT max(position) + 1 FROM appearances WHERE episode = ?", (row,)).fetchone()[0] or 0
    connection.executemany(
        "INSERT INTO appearances VALUES (?, ?, ?, ?, ?, ?, 0, 1)",
        [
            (row, free + number, people[person.name], person.role, *_spoken(episode, person.name))
            for number, person in enumerate(person for person in episode.people if person.name not in listed)
        ],
    )
    connection.execute(
        "UPDATE episodes SET speaker_sources = ?, time_sources = ? WHERE id = ?",
        (_speaker_sources(episode), _time_sources(episode), row),
    )
    _forget_people(connection)


def _facts(s: Sentence) -> tuple[str, float | None, float | None, str | None, float | None]:
    """What of a sentence can be put right."""
    return s.text, s.start, s.end, s.time_source, s.time_error


def _forget_people(connection: Connection) -> None:
    """Those who take part nowhere any more."""
    tables = ("appearances", "turns", "turns_added")
    nowhere = " AND ".join(f"NOT EXISTS (SELECT 1 FROM {table} WHERE person = people.id)" for table in tables)
    connection.execute(f"DELETE FROM people WHERE {nowhere}")


def move_passages(connection: Connection, id_: str, passages: Sequence[Passage]) -> None:
    """New times for the passages of an episode, which are the same otherwise; in their order."""
    seals.open_of(connection, id_)
    connection.executemany(
        "UPDATE passages SET start = ?, end = ? WHERE id = ?",
        [
            (passage.start, passage.end, row)
            for row, passage in zip(passages_in(connection, id_), passages, strict=True)
        ],
    )


def replace_passages(
    connection: Connection, id_: str, passages: Sequence[Passage], fresh: dict[int, np.ndarray]
) -> None:
    """Passages with new words in the place of those that an episode has, as many and in their order.

    `fresh`: the vectors of those whose words changed, by their number; the others keep theirs. All get new ids: readers
    take a vector for granted as long as they hold one by that id, and neighbours must have neighbouring ids.
    """
    row = episode_rows(connection, [id_])[0]
    seals.open_row(connection, row)
    old = passages_in(connection, id_)
    vectors = []
    for number, passage in enumerate(old):
        held = connection.execute("SELECT vector FROM embeddings WHERE passage = ?", (passage,)).fetchone()[0]
        vectors.append(np.asarray(fresh[number], np.float16).tobytes() if number in fresh else held)
    lexical.delete_episode(connection, row)
    connection.execute("DELETE FROM passages WHERE episode = ?", (row,))
    _insert_passages(connection, row, passages, vectors)


# People of a show


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
    old, new = _person_row(connection, name), _person_row(connection, keep)
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
    corrections_table.rename(connection, show, name, keep)
    _forget_people(connection)


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
    rows = connection.execute(f"SELECT id FROM episodes WHERE show = ? AND ({here})", (show, *[role, name] * len(tables)))
    for (row,) in rows.fetchall():
        seals.open_row(connection, row)


def _names(episode: Episode) -> set[str]:
    return {person.name for person in episode.people} | {turn.speaker.name for turn in episode.turns if turn.speaker}


def _person_row(connection: Connection, name: str) -> int:
    connection.execute("INSERT INTO people (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
    return connection.execute("SELECT id FROM people WHERE name = ?", (name,)).fetchone()[0]


def _spoken(episode: Episode, name: str) -> tuple[int, float | None]:
    """Words and seconds that a person speaks; seconds are None where neither times nor the duration are known."""
    turns = [turn for turn in episode.turns if turn.speaker and turn.speaker.name == name]
    timed = [(turn.start, turn.end) for turn in turns if turn.start is not None and turn.end is not None]
    seconds = sum(end - start for start, end in timed) if timed and episode.duration is not None else None
    return sum(turn.words for turn in turns), seconds


# Reading


def episode_ids(connection: Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM episodes ORDER BY name")]


def audio(connection: Connection, id_: str) -> str | None:
    found = connection.execute("SELECT audio FROM episodes WHERE name = ?", (id_,)).fetchone()
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
    with _of_rows(connection, f"episode {id_}"):
        return _episode_of(id_, rows, about[0], as_added=as_added)


def _episode_of(id_: str, rows: list[list[tuple]], about: str, *, as_added: bool) -> Episode:
    ((_, show, title, date, description, duration, audio_, url, format_, mended, hash_, unlabelled, voices, _),) = rows[0]
    sentences: dict[int, list[Sentence]] = {}
    for turn, position, speech, added, *facts in rows[1]:
        facts = json.loads(added) if as_added and added else facts
        sentences.setdefault(turn, []).append(Sentence(position, *facts, bool(speech)))
    turns = tuple(
        Turn(Person(name, role) if name is not None else None, tuple(sentences[position]), speaker_source)
        for position, name, role, speaker_source in rows[2]
    )
    people = tuple(Person(name, role) for name, role in rows[3])
    return Episode(
        id_, Show(show, about), title, turns, people, date, description, duration, audio_, url, format_, hash_,
        tuple(json.loads(mended)), bool(unlabelled), tuple((position, role) for position, role in json.loads(voices)),
    )  # fmt: skip


def summaries(connection: Connection) -> list[dict]:
    """One mapping an episode, with the fields of `EpisodeSummary`; `people` as (name, role, words, seconds)."""
    with _of_rows(connection, "the list of episodes"):
        return _summaries(connection)


def _summaries(connection: Connection) -> list[dict]:
    people: dict[int, list[tuple]] = {}
    for episode, *person in connection.execute(
        "SELECT episode, name, role, words, seconds FROM appearances JOIN people ON people.id = person"
        " WHERE shown ORDER BY episode, position"
    ):
        people.setdefault(episode, []).append(tuple(person))
    passages = dict(connection.execute("SELECT episode, count(*) FROM passages GROUP BY episode"))
    return [
        {
            "id": name, "show": show, "title": title, "date": date, "people": people.get(row, []), "duration": duration,
            "format": format_, "speaker_sources": tuple(json.loads(speaker_sources)),
            "time_sources": tuple(json.loads(time_sources)),
            "passages": passages.get(row, 0), "audio": audio_, "url": url, "description": description,
            "mended": tuple(json.loads(mended)), "content_hash": content_hash,
        }
        for row, name, show, title, date, duration, format_, audio_, url, description, mended, speaker_sources,
        time_sources, content_hash in connection.execute(
            "SELECT episodes.id, episodes.name, shows.name, title, date, duration, format, audio, url,"
            " episodes.description, mended, speaker_sources, time_sources, content_hash FROM episodes JOIN shows ON shows.id = show"
            " ORDER BY shows.name, date, episodes.name"
        )
    ]  # fmt: skip


def read_passages(connection: Connection, ids: Sequence[int]) -> dict[int, Passage]:
    marks = ",".join(str(int(id_)) for id_ in ids)
    return {
        id_: Passage(episode, first, last, text, context, start, end)
        for id_, episode, first, last, text, context, start, end in connection.execute(
            "SELECT passages.id, name, first, last, text, context, start, end FROM passages"
            f" JOIN episodes ON episodes.id = episode WHERE passages.id IN ({marks})"
        )
    }


def passages_in(connection: Connection, id_: str) -> list[int]:
    """The ids of an episode's passages, in its order."""
    found = connection.execute(
        "SELECT passages.id FROM passages JOIN episodes ON episodes.id = episode WHERE name = ? ORDER BY first", (id_,)
    )
    return [row for (row,) in found]


def episode_rows(connection: Connection, ids: Sequence[str]) -> list[int]:
    wanted = set(ids)
    return [row for row, name in connection.execute("SELECT id, name FROM episodes") if name in wanted]


def spoken_words(connection: Connection, ids: Sequence[int]) -> dict[int, dict[tuple[str, str], int]]:
    """Words by (name, role) in each passage, counted as characters / 5.5 (close enough to prefer by, and quick)."""
    found: dict[int, dict[tuple[str, str], int]] = {}
    for id_, name, role, characters in connection.execute(
        "SELECT passages.id, people.name, turns.role, sum(length(sentences.text)) FROM passages"
        " JOIN sentences ON sentences.episode = passages.episode AND sentences.position BETWEEN first AND last"
        " JOIN turns ON turns.episode = passages.episode AND turns.position = sentences.turn"
        " JOIN people ON people.id = turns.person"
        f" WHERE passages.id IN ({','.join(str(int(id_)) for id_ in ids)}) AND speech GROUP BY 1, 2, 3"
    ):
        found.setdefault(id_, {})[name, role] = round(characters / 5.5)
    return found


def said_by(connection: Connection, name: str) -> list[tuple[int, str]]:
    """(passage, sentence) for each sentence of speech that a person says."""
    return connection.execute(
        "SELECT passages.id, sentences.text FROM turns JOIN sentences ON sentences.episode = turns.episode"
        " AND sentences.turn = turns.position JOIN passages ON passages.episode = turns.episode"
        " AND sentences.position BETWEEN first AND last"
        " WHERE turns.person = (SELECT id FROM people WHERE name = ?) AND speech",
        (name,),
    ).fetchall()


def passage_ids(connection: Connection) -> tuple[np.ndarray, np.ndarray]:
    """All passages' ids, rising, and the rows of their episodes: int64, shape (n_passages,) each."""
    rows = np.array(connection.execute("SELECT id, episode FROM passages ORDER BY id").fetchall(), np.int64).reshape(
        -1, 2
    )
    return rows[:, 0].copy(), rows[:, 1].copy()


def embeddings(connection: Connection, ids: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The stored vectors of these passages, in parts: ids, and float32 rows of shape (n, dimensions)."""
    for start in range(0, len(ids), EMBEDDINGS_AT_ONCE):
        part = ids[start : start + EMBEDDINGS_AT_ONCE]
        found = connection.execute(
            f"SELECT passage, vector FROM embeddings WHERE passage IN ({','.join(map(str, part.tolist()))})"
        ).fetchall()
        with _of_rows(connection, "the vectors of some passages"):
            vectors = np.frombuffer(b"".join(vector for _, vector in found), np.float16)
            vectors = vectors.reshape(len(found), dimensions(connection)).astype(np.float32)
        yield np.array([id_ for id_, _ in found], np.int64), vectors


def rebuild_lexical(connection: Connection) -> None:
    connection.execute("INSERT INTO lexical (lexical) VALUES ('rebuild')")


def problems(connection: Connection) -> list[str]:
    """Faults of the database itself, in words; empty where there are none."""
    found = [
        f"The database is damaged: {line}" for (line,) in connection.execute("PRAGMA integrity_check") if line != "ok"
    ]
    found += [
        f"The database is damaged: a row of {table} belongs to no {parent}"
        for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check")
    ]
    feedback.read(connection)
    lost = connection.execute(
        "SELECT count(*) FROM passages WHERE id NOT IN (SELECT passage FROM embeddings)"
    ).fetchone()[0]
    if lost:
        found.append(f"{lost} passages have no embedding. Repair: verbatim check --repair")
    empty = connection.execute("SELECT name FROM episodes WHERE id NOT IN (SELECT episode FROM passages)").fetchall()
    found += [
        f"Episode {name} has no passages. Repair: verbatim check --repair" for (name,) in empty
    ]
    held, indexed = (
        connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("passages", "lexical_docsize")
    )
    if held != indexed:
        found.append(f"The lexical index holds {indexed} passages of {held}. Repair: verbatim check --repair")
    return found
