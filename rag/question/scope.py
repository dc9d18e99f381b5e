"""What a question is searched in: filters read, checked and applied. The only place that does so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from index.episode import Role
from index.errors import VerbatimError
from index.library import EpisodeSummary, Library
from rag.question.people import find_person, nearest_names

LONGEST_VALUE = 300  # characters of one filter: the longest titles and names have fewer


class QuestionError(VerbatimError):
    """A question or filter that can't be asked: empty, too long, or naming what the library doesn't hold."""


class FilterError(QuestionError):
    """A filter that can't be meant. `field` is its name among those of `Filters`, `value` the start of what it was given."""

    def __init__(self, field: str, fault: Literal["text", "role", "date", "crossed"], value: object, should_be: str):
        self.field, self.fault, self.value = field, fault, str(value)[:40]
        super().__init__(f"{field} is {self.value!r}. It should be {should_be}.")


@dataclass(frozen=True, slots=True)
class Filters:
    """What to search in. `guest` names a person (any role); dates are ISO, both included."""

    show: str | None = None
    episode: str | None = None
    guest: str | None = None
    role: Role | None = None
    since: str | None = None
    until: str | None = None

    @classmethod
    def parse(
        cls,
        show: object,
        episode: object,
        guest: object,
        role: object,
        since: object,
        until: object,
        *,
        whole_days: bool = False,
    ) -> Filters:
        """Filters as somebody gave them; None and "" are no filter. FilterError: a value that can't be meant.

        Dates are days, months or years, as 2024-02-01, 2024-02 or 2024; with `whole_days` only days.
        """
        texts = (_text("show", show), _text("episode", episode), _text("guest", guest))
        wanted = _text("role", role)
        if wanted not in (None, "host", "guest"):
            raise FilterError("role", "role", wanted, "host, guest or empty")
        first, last = _date("since", since, whole_days), _date("until", until, whole_days)
        if first and last and last < first[: len(last)]:
            raise FilterError("since", "crossed", first, f"no later than the end of {last}")
        return cls(*texts, wanted, first, last)  # type: ignore[arg-type]


def _text(field: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > LONGEST_VALUE:
        raise FilterError(field, "text", value, f"text of at most {LONGEST_VALUE} characters")
    return value.strip() or None


def _date(field: str, value: object, whole_days: bool) -> str | None:
    text = _text(field, value)
    if text is None:
        return None
    try:
        known = re.fullmatch(r"\d{4}-\d\d-\d\d" if whole_days else r"\d{4}(-\d\d(-\d\d)?)?", text, re.ASCII)
        if known and date.fromisoformat(text + "-01-01"[len(text) - 4 :] if len(text) < 10 else text):
            return text
    except ValueError:  # the 30th of February
        pass
    should_be = "a day, as 2024-02-01" if whole_days else "a day, a month or a year, as 2024-02-01, 2024-02 or 2024"
    raise FilterError(field, "date", text, should_be)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a question is searched in: the episodes that pass the filters, and the person whom they name."""

    episodes: tuple[EpisodeSummary, ...]
    rows: list[int] | None
    person: str | None = None

    @classmethod
    def of(cls, library: Library, filters: Filters, named_episodes: Sequence[str] | None = None) -> Scope:
        """The episodes to search in. QuestionError, NoSuchEpisode: a filter names what the library doesn't hold.

        A role narrows nothing here: it is a rule for who may be quoted.

        `named_episodes`: ids of the episodes to which the question limits itself; None: to none.
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
        if named_episodes is not None:
            chosen = [e for e in chosen if e.id in named_episodes]
        rows = None if len(chosen) == len(every) else library.rows([e.id for e in chosen])
        return cls(tuple(chosen), rows, person)
