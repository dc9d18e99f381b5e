"""A second copy of a talk, in another format or under another name, is noticed by its words; the better of the two is kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.episode import Episode
from index.library.connection import Connection
from index.search import lexical

FEWEST_WORDS = 20
SHARE = 0.97  # of the words of either that the other has too: a copy differs by a comment or a spelling
LOOKED_UP = 4  # sentences
WORDS_OF_EACH = 8
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Copy:
    """The episode that holds the same talk already. `better`: the new file tells more of who speaks, or when."""

    id: str
    better: bool


def copy_of(connection: Connection, episode: Episode, source: str) -> Copy | None:
    """The episode of another file with the same words, or None."""
    sentences = [sentence.text for sentence in episode.sentences if sentence.speech]
    words = _words(sentences)
    if (
        words.total() < FEWEST_WORDS
        or connection.execute("SELECT 1 FROM episodes WHERE source = ?", (source,)).fetchone()
    ):
        return None  # a file that has an episode is read anew, whatever it says now
    for row, name, of_source in _candidates(connection, sentences):
        if of_source == source or not of_source:
            continue
        texts = connection.execute("SELECT text FROM sentences WHERE episode = ? AND speech", (row,))
        there = _words(text for (text,) in texts)
        common = (words & there).total()
        if common >= SHARE * max(words.total(), there.total()):
            corrected = connection.execute("SELECT 1 FROM corrections WHERE episode = ? LIMIT 1", (row,)).fetchone()
            gone = not Path(of_source).exists()
            return None if gone else Copy(name, corrected is None and _worth(episode) > _worth_of(connection, row))
    return None


def _candidates(connection: Connection, sentences: Sequence[str]) -> list[tuple[int, str, str]]:
    """Episodes that a few long sentences are found in: (row, id, file)."""
    found: Counter[int] = Counter()
    for sentence in sorted(set(sentences), key=len, reverse=True)[:LOOKED_UP]:
        longest = sorted(set(lexical.content_words(sentence)), key=len, reverse=True)[:WORDS_OF_EACH]
        for passage, _ in lexical.search(connection, longest, k=3):
            (row,) = connection.execute("SELECT episode FROM passages WHERE id = ?", (passage,)).fetchone()
            found[row] += 1
    rows = [row for row, _ in found.most_common(4)]
    query = "SELECT id, name, source FROM episodes WHERE id = ?"
    return [tuple(connection.execute(query, (row,)).fetchone()) for row in rows]


def _words(texts: Iterable[str]) -> Counter[str]:
    return Counter(word for text in texts for word in _WORD.findall(text.lower()))


def _worth(episode: Episode) -> tuple[int, int]:
    """How much it tells: whether speakers are named, and whether sentences have exact times."""
    named = any(turn.speaker_source in ("labelled", "corrected") for turn in episode.turns)
    return int(named), int(any(s.time_source in ("transcript", "aligned") for s in episode.sentences))


def _worth_of(connection: Connection, row: int) -> tuple[int, int]:
    named = connection.execute(
        "SELECT 1 FROM turns WHERE episode = ? AND speaker_source IN ('labelled', 'corrected') LIMIT 1", (row,)
    ).fetchone()
    timed = connection.execute(
        "SELECT 1 FROM sentences WHERE episode = ? AND time_source IN ('transcript', 'aligned') LIMIT 1", (row,)
    ).fetchone()
    return int(named is not None), int(timed is not None)
