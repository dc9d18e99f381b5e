"""Every episode's line in a list."""

from __future__ import annotations

import json
from dataclasses import dataclass

from index.episode import SpeakerSource, TimeSource
from index.library.connection import Connection, of_rows


@dataclass(frozen=True, slots=True)
class Speaker:
    """A person in one episode, with what they spoke there. `seconds` is None where the transcript has no times."""

    name: str
    role: str
    words: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class EpisodeSummary:
    """An episode's line in a list: all that is known of it but its words."""

    id: str
    show: str
    title: str
    date: str | None
    people: tuple[Speaker, ...]
    duration: float | None
    format: str
    speaker_sources: tuple[SpeakerSource, ...]
    time_sources: tuple[TimeSource, ...]
    passages: int
    audio: str | None
    url: str | None
    description: str
    mended: tuple[str, ...]
    content_hash: str


def summaries(connection: Connection) -> list[EpisodeSummary]:
    """Every episode, by show and date. LibraryDamaged: the list can't be read."""
    with of_rows(connection, "the list of episodes"):
        people: dict[int, list[Speaker]] = {}
        for episode, *person in connection.execute(
            "SELECT episode, name, role, words, seconds FROM appearances JOIN people ON people.id = person"
            " WHERE shown ORDER BY episode, position"
        ):
            people.setdefault(episode, []).append(Speaker(*person))
        passages = dict(connection.execute("SELECT episode, count(*) FROM passages GROUP BY episode"))
        return [
            EpisodeSummary(
                id_, show, title, date, tuple(people.get(row, ())), duration, format_, tuple(json.loads(speaker_sources)),
                tuple(json.loads(time_sources)), passages.get(row, 0), audio, url, description, tuple(json.loads(mended)), hash_,
            )
            for row, id_, show, title, date, duration, format_, audio, url, description, mended, speaker_sources,
            time_sources, hash_ in connection.execute(
                "SELECT episodes.id, episodes.name, shows.name, title, date, duration, format, audio, url,"
                " episodes.description, mended, speaker_sources, time_sources, content_hash FROM episodes"
                " JOIN shows ON shows.id = show ORDER BY shows.name, date, episodes.name"
            )
        ]  # fmt: skip
