"""The six fields by which a question is narrowed, as Gradio's components and their updates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from index.errors import VerbatimError
from index.library import Library
from rag.question.scope import Filters
from ui.listeners import answers
from ui.shared.filters import EVERY, choice_of, filters_of, matching, people_in
from ui.shared.html import counted, duration
from ui.words.listeners import said


def filter_fields() -> list[Any]:
    """The six fields, inside the Blocks that is open. Their choices come from `furnished` when the page is opened."""
    roles = [("any_role", EVERY), ("only_guests", "guest"), ("only_hosts", "host")]
    return [
        gr.Dropdown(label=said("show"), elem_id="show"),
        gr.Dropdown(label=said("episode"), elem_id="episode"),
        gr.Dropdown(label=said("person"), elem_id="person"),
        gr.Dropdown([(said(key), role) for key, role in roles], value=EVERY, label=said("role"), elem_id="role"),
        # The browser's own date field, see player.js: Gradio's has buttons without a name.
        gr.Textbox(label=said("since"), elem_id="since", max_lines=1, max_length=10),
        gr.Textbox(label=said("until"), elem_id="until", max_lines=1, max_length=10),
    ]


def furnished(library: Library, filters: Filters) -> list[Any]:
    """The six fields as a fresh page shows them, set to these filters."""
    shows = sorted({summary.show for summary in library.summaries()})
    show, episode, person, role, since, until = choice_of(filters)
    episodes, people = narrowed(library, show)
    return [
        gr.update(choices=choices("all_shows", shows), value=show, visible=len(shows) > 1),
        episodes | {"value": episode},
        people | {"value": person},
        role,
        since,
        until,
    ]


def narrowed(library: Library, show: str) -> list[Any]:
    """The episodes and people to choose from within a show, both set back to all of them."""
    summaries = matching(library, Filters(show=show or None))
    newest_first = sorted(summaries, key=lambda summary: summary.date or "", reverse=True)
    titles = [(summary.title, summary.id) for summary in newest_first]
    return [
        gr.update(choices=[(said("all_episodes"), EVERY), *titles], value=EVERY),
        gr.update(choices=choices("everybody", people_in(summaries)), value=EVERY),
    ]


def choices(every: str, names: Sequence[str]) -> list[tuple[str, str]]:
    """A field's choices, as (what is shown, what is meant); the first means no filter."""
    return [(said(every), EVERY), *((name, name) for name in names)]


def remaining(library: Library, *choice: str) -> str:
    """How many episodes and hours the fields leave, as the line beside them."""
    try:
        filters = filters_of(choice)
    except VerbatimError as error:
        return answers.remaining(0, str(error), problem=True)
    left = matching(library, filters)
    used = sum(bool(value) for value in choice)
    if not left:
        return answers.remaining(used, said("remain_none"), problem=bool(used))
    seconds = sum(summary.duration or 0.0 for summary in left)
    parts = [counted(len(left), "episode"), duration(seconds)]
    return answers.remaining(used, " · ".join(part for part in parts if part))
