"""What a question is narrowed to: show, episode, person, host or guest, and days; and how much that leaves.

A choice is what the page's six fields (`ui/listeners/fields.py`) hold, in the order of FIELDS: strings, "" for no filter.
Links carry the same six. Knows nothing of Gradio.
"""

from __future__ import annotations

from collections.abc import Sequence

from index.errors import NoSuchEpisode
from index.library import EpisodeSummary, Library
from rag.question.scope import FilterError, Filters, QuestionError, Scope
from ui.shared.html import day
from ui.words.listeners import said

FIELDS = ("show", "episode", "person", "role", "since", "until")
EVERY = ""  # the fields' "all of them"


def filters_of(choice: Sequence[str]) -> Filters:
    """The filters that a choice means, in whole days. QuestionError: a value that can't be one, in the page's words."""
    show, episode, person, role, since, until = choice
    try:
        return Filters.parse(show, episode, person, role, since, until, whole_days=True)
    except FilterError as fault:
        if fault.fault == "date":
            raise QuestionError(said("bad_date", value=fault.value)) from fault
        if fault.fault == "crossed":
            raise QuestionError(said("dates_crossed", since=day(since.strip()), until=day(until.strip()))) from fault
        if fault.fault == "role":
            raise QuestionError(f"{fault.value!r} is neither host nor guest.") from fault
        raise QuestionError(f"{fault.value}… is longer than any name here.") from fault


def choice_of(filters: Filters) -> tuple[str, ...]:
    """What the six fields hold for these filters."""
    values = (filters.show, filters.episode, filters.guest, filters.role, filters.since, filters.until)
    return tuple(value or EVERY for value in values)


def known_here(library: Library, filters: Filters) -> Filters:
    """The same filters in the library's own spelling. VerbatimError: they name what isn't there."""
    scope = Scope.of(library, filters)
    shows = {summary.show.casefold(): summary.show for summary in library.summaries()}
    show = shows.get((filters.show or "").casefold())
    return Filters(show, filters.episode, scope.person, filters.role, filters.since, filters.until)


def matching(library: Library, filters: Filters) -> tuple[EpisodeSummary, ...]:
    """The episodes in which somebody speaks who may be quoted under the filters: none where they name what isn't there."""
    try:
        scope = Scope.of(library, filters)
    except (QuestionError, NoSuchEpisode):
        return ()
    return tuple(
        summary
        for summary in scope.episodes
        if not filters.role
        or any(
            person.role in (filters.role, "unknown") and scope.person in (None, person.name)
            for person in summary.people
        )
    )


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
