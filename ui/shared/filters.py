"""What a question is narrowed to: show, episode, person, host or guest, and days; and how much that leaves.

A choice is what the page's six fields (`ui/listeners/fields.py`) hold, in the order of FIELDS: strings, "" for no filter.
Links carry the same six. Knows nothing of Gradio.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from index.library import EpisodeSummary, Library
from rag.question.scope import Filters, QuestionError, read_scope
from ui.shared.html import day
from ui.words.listeners import said

FIELDS = ("show", "episode", "person", "role", "since", "until")
EVERY = ""  # the fields' "all of them"
LONGEST_VALUE = 300  # characters of one field: the longest titles and names have fewer


def filters_of(choice: Sequence[str]) -> Filters:
    """The filters that a choice means. QuestionError: a value that can't be one."""
    show, episode, person, role, since, until = (str(value or "").strip() for value in choice)
    for value in (show, episode, person, role):
        if len(value) > LONGEST_VALUE:
            raise QuestionError(f"{value[:40]}… is longer than any name here.")
    if role not in (EVERY, "host", "guest"):
        raise QuestionError(f"{role!r} is neither host nor guest.")
    for value in (since, until):
        if value and not _is_day(value):
            raise QuestionError(said("bad_date", value=value[:40]))
    if since and until and until < since:
        raise QuestionError(said("dates_crossed", since=day(since), until=day(until)))
    return Filters(show or None, episode or None, person or None, role or None, since or None, until or None)  # type: ignore[arg-type]


def _is_day(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def choice_of(filters: Filters) -> tuple[str, ...]:
    """What the six fields hold for these filters."""
    values = (filters.show, filters.episode, filters.guest, filters.role, filters.since, filters.until)
    return tuple(value or EVERY for value in values)


def known_here(library: Library, filters: Filters) -> Filters:
    """The same filters in the library's own spelling. VerbatimError: they name what isn't there."""
    scope = read_scope(library, filters)
    shows = {summary.show.casefold(): summary.show for summary in library.summaries()}
    show = shows.get((filters.show or "").casefold())
    return Filters(show, filters.episode, scope.person, filters.role, filters.since, filters.until)


def matching(summaries: Sequence[EpisodeSummary], filters: Filters) -> list[EpisodeSummary]:
    """The episodes that the filters leave: those in which somebody speaks who may be quoted."""
    return [
        summary
        for summary in summaries
        if (not filters.show or summary.show.casefold() == filters.show.casefold())
        and (not filters.episode or summary.id == filters.episode)
        and (
            not (filters.guest or filters.role)
            or any(
                (not filters.guest or person.name == filters.guest)
                and (not filters.role or person.role in (filters.role, "unknown"))
                for person in summary.people
            )
        )
        and (not filters.since or (summary.date or "") >= filters.since)
        and (not filters.until or EVERY < (summary.date or EVERY)[: len(filters.until)] <= filters.until)
    ]


def scope_of(library: Library, filters: Filters) -> str:
    """What a question was narrowed to, in words; "" where it was not."""
    title = next((summary.title for summary in library.summaries() if summary.id == filters.episode), None)
    parts = [said("in_place", place=place) for place in (filters.show, title) if place]
    if filters.guest:
        parts.append(said("by_person", person=filters.guest))
    if filters.role:
        parts.append(said("by_guests" if filters.role == "guest" else "by_hosts"))
    if filters.since:
        parts.append(said("from_day", day=day(filters.since)))
    if filters.until:
        parts.append(said("to_day", day=day(filters.until)))
    return " · ".join(parts)


def people_in(summaries: Sequence[EpisodeSummary]) -> list[str]:
    """Who speaks, guests first, then by how long they speak."""
    spoken: dict[str, float] = {}
    guests: set[str] = set()
    for summary in summaries:
        for person in summary.people:
            spoken[person.name] = spoken.get(person.name, 0.0) + (person.seconds or 0.0)
            if person.role == "guest":
                guests.add(person.name)
    return sorted(spoken, key=lambda name: (name not in guests, -spoken[name], name))
