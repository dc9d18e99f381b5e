"""What a question is searched in: filters read, checked and applied. The only place that does so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.episode import Role
from index.errors import VerbatimError
from index.library import EpisodeSummary, Library
from rag.question.people import find_person, nearest_names


class QuestionError(VerbatimError):
    """A question or filter that can't be asked: empty, too long, or naming what the library doesn't hold."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What to search in. `guest` names a person (any role); dates are ISO, both included."""

    show: str | None = None
    episode: str | None = None
    guest: str | None = None
    role: Role | None = None
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a question is searched in: the episodes that pass the filters, and the person whom they name."""

    episodes: tuple[EpisodeSummary, ...]
    rows: list[int] | None
    person: str | None = None


def read_scope(library: Library, filters: Filters, *, named_episodes: Sequence[str] = ()) -> Scope:
    """The episodes to search in. QuestionError: a filter names what the library doesn't hold.

    `named_episodes`: ids of episodes whose title stands in the question; they narrow the search where no filter does.
    """
    every = library.summaries()
    chosen = every
    person = None
    if filters.show:
        chosen = [e for e in chosen if e.show.casefold() == filters.show.casefold()]
        if not chosen:
            shows = ", ".join(sorted({e.show for e in every}))
            raise QuestionError(f"No show is called {filters.show!r} here. There are: {shows}.")
    if filters.episode:
        chosen = [e for e in chosen if e.id == filters.episode]
        if not chosen:
            library.episode(filters.episode)  # raises NoSuchEpisode with the nearest ids, where it is nowhere
            raise QuestionError(f"Episode {filters.episode!r} is not in the show {filters.show!r}.")
    if filters.guest:
        people = find_person(filters.guest, chosen)
        if not people:
            nearest = nearest_names(filters.guest, every)
            hint = f" Nearest: {', '.join(nearest)}." if nearest else ""
            raise QuestionError(f"Nobody called {filters.guest!r} speaks in these episodes.{hint}")
        person = people[0]
        chosen = [e for e in chosen if any(p.name == person for p in e.people)]
    if filters.since:
        chosen = [e for e in chosen if e.date and e.date >= filters.since]
    if filters.until:
        chosen = [e for e in chosen if e.date and e.date[: len(filters.until)] <= filters.until]
    if named_episodes and not filters.episode and any(e.id in named_episodes for e in chosen):
        chosen = [e for e in chosen if e.id in named_episodes]
    rows = None if len(chosen) == len(every) else library.rows([e.id for e in chosen])
    return Scope(tuple(chosen), rows, person)
