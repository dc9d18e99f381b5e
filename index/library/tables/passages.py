"""An episode's passages with their vectors, written and read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from index.episode import Passage
from index.library.connection import Connection, of_rows
from index.library.tables import seals
from index.library.tables.rows import episode_rows
from index.library.tables.schema import dimensions
from index.search import lexical

EMBEDDINGS_AT_ONCE = 20_000


def insert_passages(connection: Connection, row: int, passages: Sequence[Passage], vectors: Sequence[bytes]) -> None:
    """`vectors`: float16, as they are kept."""
    for passage, vector in zip(passages, vectors, strict=True):
        passage_row = connection.insert(
            "INSERT INTO passages (episode, first, last, text, context, start, end) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (row, passage.first, passage.last, passage.text, passage.context, passage.start, passage.end),
        )
        connection.execute("INSERT INTO embeddings VALUES (?, ?)", (passage_row, vector))
        lexical.insert(connection, passage_row, passage.text, passage.context)


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
    insert_passages(connection, row, passages, vectors)


def read_passages(connection: Connection, ids: Sequence[int]) -> dict[int, Passage]:
    """Passages by row id; ids that aren't there are left out."""
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
        with of_rows(connection, "the vectors of some passages"):
            vectors = np.frombuffer(b"".join(vector for _, vector in found), np.float16)
            vectors = vectors.reshape(len(found), dimensions(connection)).astype(np.float32)
        yield np.array([id_ for id_, _ in found], np.int64), vectors


def rebuild_lexical(connection: Connection) -> None:
    """Make the BM25 index again from the passages."""
    connection.execute("INSERT INTO lexical (lexical) VALUES ('rebuild')")
