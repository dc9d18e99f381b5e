"""Find: every passage of a person about a topic, or every place of exact words; for staff, to take away.

`find_screen` lays it out and wires it; the functions below it are plain Python that can be called without a browser.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import gradio as gr

from index.errors import VerbatimError
from index.library import EpisodeSummary, Library
from index.search.lexical import content_words, stems
from rag.answer import Citation
from rag.assistant import Assistant
from rag.question.scope import FilterError, Filters
from rag.search.exact import find_phrase, in_quotes
from rag.search.export import KINDS, exported
from rag.search.topic import find_topic
from ui.listeners.conversation import moments_of
from ui.shared.events import Changes, on
from ui.shared.filters import EVERY, people_in
from ui.shared.html import counted, heading, notice
from ui.staff import found_html as passages_staff
from ui.words.staff import ORDERS, ROLES, said

PAGE = 20  # passages on a page, and on until the episode is whole
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}

Order = Literal["best", "oldest", "newest"]


@dataclass(frozen=True, slots=True)
class Search:
    """What was found, as it is shown: grouped by episode, `citations` in that order and numbered by it.

    `exact`: the exact words that were looked for. `marked`: stems of the topic's words. `starts`: where each page begins.
    """

    name: str
    citations: tuple[Citation, ...] = ()
    told: str = ""
    exact: str = ""
    marked: frozenset[str] = frozenset()
    starts: tuple[int, ...] = (0,)


def find_screen(page: gr.Blocks, assistant: Assistant) -> None:
    """The screen, inside the Blocks that is open."""
    library = assistant.library
    search = gr.State(None)
    with gr.Column(elem_classes="staff", elem_id="find"):
        gr.HTML(heading(said("find"), said("find_lead")))
        with gr.Row(elem_id="find-row"):
            topic = gr.Textbox(
                elem_id="question",
                label=said("topic"),
                show_label=False,
                container=False,
                placeholder=said("topic_hint"),
                max_lines=1,
                max_length=2000,
                autofocus=True,
                scale=1,
            )
            go = gr.Button(said("search"), elem_id="go", variant="primary", scale=0)
        with gr.Row(elem_id="narrow"):
            person, show, episode = (
                gr.Dropdown(label=said("person")),
                gr.Dropdown(label=said("show")),
                gr.Dropdown(label=said("episode")),
            )
            roles = [(said("any_role"), EVERY), (ROLES["host"], "host"), (ROLES["guest"], "guest")]
            role = gr.Dropdown(roles, value=EVERY, label=said("role"))
            since = gr.Textbox(label=said("since"), placeholder=said("date_hint"), max_lines=1, max_length=10)
            until = gr.Textbox(label=said("until"), placeholder=said("date_hint"), max_lines=1, max_length=10)
            order = gr.Dropdown([(told, key) for key, told in ORDERS.items()], value="best", label=said("order"))
            exact = gr.Checkbox(label=said("exact"), elem_id="exact")
        found = gr.HTML(notice(said("start")), elem_id="found", js_on_load="staff.found(element, trigger)")
        file = gr.JSON(visible=False)

    asked = {
        "topic": topic,
        "person": person,
        "show": show,
        "episode": episode,
        "role": role,
        "since": since,
        "until": until,
        "order": order,
        "exact": exact,
    }
    results = {"search": search, "found": found}

    def find(*wanted: Any) -> Iterator[Changes]:
        yield {"search": None, "found": notice(said("searching"))}
        yield shown(assistant, *wanted)

    def turn(held: Search | None, event: gr.EventData) -> Any:
        return page_of(library, held, int(event.page)) if held else gr.skip()

    def take(held: Search | None, event: gr.EventData) -> dict[str, str]:
        return file_of(library, held, str(event.kind), list(event.picked))

    def opened(request: gr.Request) -> Changes:
        return furnished(assistant, dict(request.query_params))

    wanted = list(asked.values())
    on([topic.submit, go.click, order.input], find, wanted, results, trigger_mode="always_last", **QUIET)
    found.click(turn, search, found, queue=False, **QUIET).then(None, js="() => scrollTo({top: 0})")
    found.download(take, search, file, queue=False, **QUIET).then(None, file, js="(file) => staff.save(file)")
    on(page.load, opened, None, {**asked, **results}, **QUIET)


def furnished(assistant: Assistant, query: dict[str, str]) -> Changes:
    """What a fresh screen lets choose from, what its address asks for (topic, person, show, episode, exact), and what is found.

    All at once: an answer that came after the rest could take away what was searched for meanwhile.
    """
    summaries = assistant.library.summaries()
    titles = [(summary.title, summary.id) for summary in newest_first(summaries)]
    people = people_in(summaries)
    shows = sorted({summary.show for summary in summaries})
    person = query.get("person", EVERY) if query.get("person") in people else EVERY
    show, episode, exact = query.get("show", EVERY), query.get("episode", EVERY), bool(query.get("exact"))
    furniture = {
        "person": gr.update(choices=_choices(said("everybody"), people), value=person),
        "show": gr.update(choices=_choices(said("all_shows"), shows), value=show),
        "episode": gr.update(choices=[(said("all_episodes"), EVERY), *titles], value=episode),
        "exact": exact,
    }
    if "topic" not in query:  # its field is left alone: somebody may be typing already
        return furniture
    topic = query["topic"][:2000]
    found = shown(assistant, topic, person, show, episode, EVERY, "", "", "best", exact) if topic else {}
    return {"topic": topic, **furniture, **found}


def _choices(every: str, names: list[str]) -> list[tuple[str, str]]:
    """As (what is shown, what is meant); the first means no filter."""
    return [(every, EVERY), *((name, name) for name in names)]


def newest_first(summaries: list[EpisodeSummary]) -> list[EpisodeSummary]:
    """Episodes by date, newest first; those without a date last."""
    return sorted(summaries, key=lambda summary: summary.date or "", reverse=True)


def shown(
    assistant: Assistant,
    topic: str,
    person: str,
    show: str,
    episode: str,
    role: str,
    since: str,
    until: str,
    order: Order,
    exact: bool,
) -> Changes:
    """What was found, and the HTML of its first page; nothing and why where there is none."""
    if not topic.strip():
        return {"search": None, "found": notice(said("start"))}
    try:
        filters = Filters.parse(show, episode, person, role, since, until)
        with assistant.pinned() as pinned:
            search = searched(pinned, topic.strip(), filters, order, exact)
            if not search.citations:
                return {"search": None, "found": passages_staff.nothing(search.told)}
            return {"search": search, "found": page_of(pinned.library, search, 0)}
    except VerbatimError as error:
        bad_date = isinstance(error, FilterError) and error.fault == "date" and said("bad_date", date=error.value)
        return {"search": None, "found": notice(bad_date or str(error), problem=True)}


def searched(assistant: Assistant, topic: str, filters: Filters, order: Order, exact: bool) -> Search:
    """The search done: exact words where they are asked for by quote marks or the switch, else the topic."""
    phrase = in_quotes(topic) or (topic if exact else "")
    if phrase:
        places = find_phrase(assistant.library, phrase, filters)
        citations, searched_in = places.citations, counted(places.searched, "episode")
        told = said(
            "found_exact", places=counted(places.count, "place"), episodes=_episodes(citations), searched=searched_in
        )
        marked: frozenset[str] = frozenset()
        if not citations:
            told = said("nothing_exact", searched=searched_in)
    else:
        findings = find_topic(assistant, topic, filters)
        citations, searched_in = findings.citations, counted(findings.searched, "episode")
        told = said(
            "found",
            passages=counted(len(citations), "passage"),
            episodes=_episodes(citations),
            naming=findings.naming,
            searched=searched_in,
        )
        asked = assistant.understand(topic, (), filters)[0].words or content_words(topic)
        marked = frozenset(stem for word in asked for stem in stems(re.findall(r"\w+", word)))
        if not citations:
            told = said("nothing_of", searched=searched_in)
    ordered = _grouped(citations, order)
    return Search(secrets.token_hex(8), ordered, told, phrase, marked, _starts(ordered))


def _episodes(citations: tuple[Citation, ...]) -> str:
    return counted(len({citation.episode for citation in citations}), "episode")


def _grouped(citations: tuple[Citation, ...], order: Order) -> tuple[Citation, ...]:
    """By episode: as the best passage of each ranks, or by date, undated ones last; numbered in that order."""
    groups: dict[str, list[Citation]] = {}
    for citation in citations:
        groups.setdefault(citation.episode, []).append(citation)
    rows = list(groups.values())
    if order != "best":
        rows = [sorted(row, key=lambda citation: citation.first) for row in rows]
        rows.sort(key=lambda row: (row[0].date or "", row[0].episode), reverse=order == "newest")
        rows.sort(key=lambda row: row[0].date is None)
    return tuple(citation.numbered(n) for n, citation in enumerate((c for row in rows for c in row), start=1))


def _starts(citations: tuple[Citation, ...]) -> tuple[int, ...]:
    """Where pages begin: after PAGE passages or more, at an episode's first one; in a long episode, within it."""
    starts = [0]
    for at in range(1, len(citations)):
        here = at - starts[-1]
        if here >= 2 * PAGE or (here >= PAGE and citations[at].episode != citations[at - 1].episode):
            starts.append(at)
    return tuple(starts)


def page_of(library: Library, search: Search, number: int) -> str:
    """The HTML of one page of what was found, from 0; the nearest one where there is no such page."""
    number = max(0, min(number, len(search.starts) - 1))
    start = search.starts[number]
    end = search.starts[number + 1] if number + 1 < len(search.starts) else len(search.citations)
    on_page = search.citations[start:end]
    return passages_staff.found(
        moments_of(on_page, library),
        exact=search.exact,
        marked=search.marked,
        told=search.told,
        search=search.name,
        count=len(search.citations),
        page=number,
        pages=len(search.starts),
        first=start + 1,
    )


def file_of(library: Library, search: Search | None, kind: str, picked: list[str]) -> dict[str, str]:
    """The selected passages, or all where none is selected, as a file: {name, media, text}; {} where there are none."""
    if search is None or kind not in KINDS:
        return {}
    numbers = {int(n) for n in picked if str(n).isdecimal()}
    chosen = [citation for citation in search.citations if not numbers or citation.n in numbers]
    hashes = {summary.id: summary.content_hash for summary in library.summaries()}
    renumbered = [replace(citation, n=n) for n, citation in enumerate(chosen, start=1)]
    return {"name": KINDS[kind].file, "media": KINDS[kind].media, "text": exported(renumbered, kind, hashes)}
