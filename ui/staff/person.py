"""Person: where somebody speaks, about what most, and what they said about one topic over time; for staff."""

from __future__ import annotations

import re
from typing import Any

import gradio as gr

from index.library import Library
from index.search.lexical import content_words, stems
from rag.assistant import Assistant
from rag.search.person import over_time, parts_of, topics_of
from ui.listeners.conversation import moments_of
from ui.shared.events import Changes, on
from ui.shared.filters import people_in
from ui.shared.html import heading, notice, section
from ui.staff import found_html as passages_staff
from ui.staff.find import QUIET
from ui.words.staff import said

GO_TO = "(name) => { if (name) location.search = '?' + new URLSearchParams({name}); }"


def person_screen(page: gr.Blocks, assistant: Assistant) -> None:
    """The screen, inside the Blocks that is open."""
    library = assistant.library
    name = gr.State("")
    with gr.Column(elem_classes="staff", elem_id="person"):
        gr.HTML(heading(said("person"), said("person_lead")))
        who = gr.Dropdown(label=said("person"), elem_id="who")
        about = gr.HTML(notice(said("searching")), elem_id="about")
        with gr.Column(visible=False, elem_id="over-time") as over:
            gr.HTML(section(said("over_time"), said("over_time_lead")))
            with gr.Row(elem_id="find-row"):
                topic = gr.Textbox(
                    elem_id="question",
                    label=said("over_time_topic"),
                    show_label=False,
                    container=False,
                    placeholder=said("over_time_hint"),
                    max_lines=1,
                    max_length=200,
                    scale=1,
                )
                go = gr.Button(said("over_time_show"), variant="primary", scale=0, elem_id="go")
            told = gr.HTML(elem_id="dated")

    def opened(request: gr.Request) -> Changes:
        return person_of(library, dict(request.query_params))

    def follow(person: str, asked: str | None) -> str:
        return told_of(library, person, asked)

    who.input(None, who, None, js=GO_TO, **QUIET)
    gr.on([topic.submit, go.click], follow, [name, topic], told, trigger_mode="always_last", **QUIET)
    on(
        page.load,
        opened,
        None,
        {"name": name, "who": who, "about": about, "over": over, "topic": topic, "told": told},
        **QUIET,
    )


def person_of(library: Library, query: dict[str, str]) -> dict[str, Any]:
    """What the screen shows of the person that the address names, and of its topic.

    All at once: an answer that came after the rest could take away what was asked for meanwhile.
    """
    people = people_in(library.summaries())
    name = query.get("name", "")
    choice = gr.update(choices=people, value=name if name in people else None)
    # Without a topic in the address its field is left alone: somebody may be typing already.
    asked = {"topic": query["topic"][:200]} if "topic" in query else {}
    if name not in people:
        why = said("nobody_called", name=name) if name else said("choose_person") if people else said("no_people")
        head = notice(why, problem=bool(name))
        return {"name": "", "who": choice, "about": head, "over": gr.update(visible=False), **asked}
    html = passages_staff.person(name, parts_of(library, name), topics_of(library, name))
    told = {"told": told_of(library, name, asked["topic"])} if asked else {}
    return {"name": name, "who": choice, "about": html, "over": gr.update(visible=True), **asked, **told}


def told_of(library: Library, name: str, topic: str | None) -> str:
    """What the person said about the topic, oldest first, with its plot; "" where nothing is asked.

    A field that nobody has touched holds None.
    """
    asked = (topic or "").strip()
    if not name or not asked:
        return ""
    with library.snapshot() as library:
        found = over_time(library, name, asked)
        quotes = found.said
        moments = moments_of([one.citation.numbered(n) for n, one in enumerate(quotes)], library)
    marked = {stem for word in content_words(asked) for stem in stems(re.findall(r"\w+", word))}
    return passages_staff.over_time(name, asked, list(zip(quotes, moments, strict=True)), marked, count=found.count)
