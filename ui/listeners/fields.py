"""The six fields by which a question is narrowed, as Gradio's components and their updates."""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr

from index.errors import VerbatimError
from index.library import Library
from rag.question.scope import Filters
from ui.listeners import answers
from ui.shared.events import Changes, Outputs
from ui.shared.filters import EVERY, FIELDS, choice_of, filters_of, matching, people_in
from ui.shared.html import counted, duration
from ui.words.listeners import said


def filter_fields() -> Outputs:
    """The six fields, by the names in FIELDS and in their order, inside the Blocks that is open. Their choices come from
    `furnished` when the page is opened."""
    roles = [("any_role", EVERY), ("only_guests", "guest"), ("only_hosts", "host")]
    return {
        "show": gr.Dropdown(label=said("show"), elem_id="show"),
        "episode": gr.Dropdown(label=said("episode"), elem_id="episode"),
        "person": gr.Dropdown(label=said("person"), elem_id="person"),
        "role": gr.Dropdown([(said(k), role) for k, role in roles], value=EVERY, label=said("role"), elem_id="role"),
        # The browser's own date field, see player.js: Gradio's has buttons without a name.
        "since": gr.Textbox(label=said("since"), elem_id="since", max_lines=1, max_length=10),
        "until": gr.Textbox(label=said("until"), elem_id="until", max_lines=1, max_length=10),
    }


def furnished(library: Library, filters: Filters) -> Changes:
    """The six fields as a fresh page shows them, set to these filters."""
    shows = sorted({summary.show for summary in library.summaries()})
    chosen = dict(zip(FIELDS, choice_of(filters), strict=True))
    within = narrowed(library, chosen["show"])
    return {
        **chosen,
        "show": gr.update(choices=choices("all_shows", shows), value=chosen["show"], visible=len(shows) > 1),
        **{name: field | {"value": chosen[name]} for name, field in within.items()},
    }


def narrowed(library: Library, show: str) -> Changes:
    """The episodes and people to choose from within a show, both set back to all of them."""
    summaries = matching(library, Filters(show=show or None))
    newest_first = sorted(summaries, key=lambda summary: summary.date or "", reverse=True)
    titles = [(summary.title, summary.id) for summary in newest_first]
    return {
        "episode": gr.update(choices=[(said("all_episodes"), EVERY), *titles], value=EVERY),
        "person": gr.update(choices=choices("everybody", people_in(summaries)), value=EVERY),
    }


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
