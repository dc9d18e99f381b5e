"""Library: the episodes in a table, adding, removing and putting back, and two charts. For staff.

`holdings_screen` lays it out and wires it; what is done is in `ui/staff/drafts.py` and `index/library/library.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from index.errors import VerbatimError
from index.formats.source import MAX_BYTES
from index.library import EpisodeSummary, Library
from index.reading.read import TRANSCRIPT_SUFFIXES
from rag.answer import clock
from rag.assistant import Assistant
from ui.shared.html import counted, day, heading, listed, notice, section
from ui.staff import drafts as incoming
from ui.staff import evaluate_html as html
from ui.staff.charts import episodes_chart, spoken_chart
from ui.staff.drafts import MOST_FILES, Drafts, FileDraft
from ui.words.evaluate import said

PREVIEW_TURNS = 4
PREVIEW_LETTERS = 300


def holdings_screen(page: gr.Blocks, assistant: Assistant) -> None:
    """The screen, inside the Blocks that is open."""
    library = assistant.library
    drafts = gr.State((), delete_callback=incoming.discard)
    undo_keys = gr.State(())
    kinds = ", ".join(sorted(TRANSCRIPT_SUFFIXES))
    with gr.Column(elem_classes="staff desk", elem_id="holdings"):
        head = gr.HTML()
        episodes = gr.HTML(elem_id="episodes")
        gr.HTML(section(said("add"), said("add_lead", kinds=kinds, megabytes=MAX_BYTES // 1_000_000, files=MOST_FILES)))
        files = gr.File(label=said("drop"), file_count="multiple", elem_id="drop", height=150)
        states = gr.HTML(elem_id="drafts")
        with gr.Column(visible=False, elem_id="draft") as form:
            which = gr.Dropdown(label=said("which"), elem_id="which-draft")
            with gr.Row():
                title = gr.Textbox(label=said("title"), max_length=2000)
                show = gr.Textbox(label=said("show"), max_length=2000)
                date = gr.Textbox(label=said("date"), info=said("date_hint"), max_length=30)
            people = gr.Textbox(label=said("people"), info=said("people_hint"), lines=3, max_length=20_000)
            begins = gr.HTML(elem_id="preview")
            with gr.Row():
                save = gr.Button(said("save_none"), variant="primary", elem_id="save")
                discard = gr.Button(said("discard"), elem_id="discard")
        line = gr.HTML(elem_id="holdings-line")
        gr.HTML(section(said("remove")))
        with gr.Row():
            chosen = gr.Dropdown(label=said("remove_which"), multiselect=True, elem_id="to-remove")
            remove = gr.Button(said("remove_button"), elem_id="remove", scale=0)
            undo = gr.Button(said("undo"), elem_id="undo", visible=False, scale=0)
        with gr.Row():
            binned = gr.Dropdown(label=said("bin"), multiselect=True, elem_id="bin")
            back = gr.Button(said("put_back"), elem_id="put-back", scale=0)
            delete = gr.Button(said("delete"), elem_id="delete", scale=0)
            sure = gr.Button(said("delete_sure"), elem_id="delete-sure", variant="stop", visible=False, scale=0)
        gr.HTML(section(said("charts")))
        charts = gr.HTML(elem_id="charts")

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    at_once: dict[str, Any] = {"queue": False, **quiet}
    working: dict[str, Any] = {"concurrency_limit": 4, **quiet}
    typed: list[Any] = [which, title, show, date, people]
    shown = [head, episodes, chosen, binned, charts]
    filled = [form, which, title, show, date, people, begins, save]

    def furnish() -> list[Any]:
        return furnished(library)

    def take(paths: list[str] | None, held: Drafts) -> Iterator[list[Any]]:
        incoming.discard(held)
        yield from taken(library, paths or [])

    def keep(held: Drafts, *values: str) -> tuple[Drafts, str]:
        try:
            return with_typed(held, *values), ""
        except VerbatimError as error:
            return held, notice(str(error), problem=True)

    def store(held: Drafts, *values: str) -> Iterator[list[Any]]:
        yield from stored(library, held, *values)

    def drop(held: Drafts) -> list[Any]:
        incoming.discard(held)
        return [(), "", None, *form_of((), None)]

    def out(ids: list[str], request: gr.Request) -> list[Any]:
        return removed(library, ids, request.username)

    def restore(keys: Sequence[str]) -> list[Any]:
        return put_back(library, keys)

    def gone(keys: Sequence[str]) -> list[Any]:
        return deleted(library, keys)

    page.load(furnish, None, shown, **at_once)
    # Two may come within the time that one takes to be answered: the last of them is looked at too.
    anew: dict[str, Any] = {"trigger_mode": "always_last", **at_once}
    files.upload(take, [files, drafts], [drafts, states, *filled], **working)
    which.input(lambda held, name: form_of(held, name)[2:], [drafts, which], filled[2:], **anew)
    # One event of all fields, so that what is told of an earlier field never comes after what is told of a later one.
    gr.on([box.blur for box in typed[1:]], keep, [drafts, *typed], [drafts, line], **anew)
    saved = save.click(store, [drafts, *typed], [drafts, states, line, *filled], **working)
    saved.then(furnish, None, shown, **anew)
    discard.click(drop, drafts, [drafts, states, files, *filled], **at_once)
    remove.click(out, chosen, [line, undo_keys, undo], **quiet).then(furnish, None, shown, **anew)
    undo.click(restore, undo_keys, [line, undo_keys, undo], **quiet).then(furnish, None, shown, **anew)
    back.click(restore, binned, [line, undo_keys, undo], **quiet).then(furnish, None, shown, **anew)
    delete.click(lambda keys: gr.update(visible=bool(keys)), binned, sure, **at_once)
    sure.click(gone, binned, [line, sure], **quiet).then(furnish, None, shown, **anew)


def furnished(library: Library) -> list[Any]:
    """Head, table, the choices of both lists and the charts, of the library as it is now."""
    summaries = library.summaries()
    names = [(f"{summary.title} ({summary.show})", summary.id) for summary in summaries]
    entries = [
        (said("bin_entry", title=removed.title, show=removed.show, day=day(removed.at[:10])), removed.key)
        for removed in library.in_bin()
    ]
    drawn = [(said("chart_people"), spoken_chart(summaries)), (said("chart_episodes"), episodes_chart(summaries))]
    return [
        heading(said("library"), html.library_lead(summaries) if summaries else said("library_empty")),
        html.episodes_table(summaries, problems_of(library, summaries)),
        gr.update(choices=names, value=[]),
        gr.update(choices=entries, value=[]),
        html.charts(drawn, said("chart_none")),
    ]


def problems_of(library: Library, summaries: Sequence[EpisodeSummary]) -> dict[str, list[str]]:
    """What is wrong with an episode beside what was put right when it was read."""
    problems: dict[str, list[str]] = {}
    for summary in summaries:
        web = (summary.audio or "").startswith(("http://", "https://"))
        if summary.audio and not web and library.audio_file(summary.id) is None:
            problems.setdefault(summary.id, []).append(said("audio_gone"))
        if summary.speaker_sources == ("unknown",):
            problems.setdefault(summary.id, []).append(said("no_speaker_known"))
    return problems


# Adding


def taken(library: Library, paths: Sequence[str]) -> Iterator[list[Any]]:
    """The drafts of these files and their form, after each one that is read."""
    drafts: Drafts = ()
    shows = Counter(summary.show for summary in library.summaries())
    for drafts in incoming.read_drafts(paths, show=next((show for show, _ in shows.most_common(1)), "")):
        yield [drafts, html.drafts_table([state_of(draft) for draft in drafts]), *[gr.skip()] * 8]
    first = next((draft.name for draft in drafts if draft.episode), None)
    states = html.drafts_table([state_of(draft, known=titles(library)) for draft in drafts])
    yield [drafts, states, *form_of(drafts, first)]


def titles(library: Library) -> frozenset[tuple[str, str]]:
    """(show, title) of every episode, case folded: what a new one may double."""
    return frozenset((summary.show.casefold(), summary.title.casefold()) for summary in library.summaries())


def state_of(draft: FileDraft, *, known: frozenset[tuple[str, str]] = frozenset()) -> tuple[str, str, str]:
    """A draft's line: its name, a kind for the eye, and where it stands in words."""
    if draft.saved:
        return draft.name, "saved", said("saved", id=draft.saved)
    if draft.refusal:
        return draft.name, "refused", said("refused", why=draft.refusal)
    if draft.episode is None:
        return draft.name, "waiting", said("reading")
    people = [person.name for person in draft.episode.people]
    line = said(
        "ready",
        turns=counted(len(draft.episode.turns), "turn"),
        people=listed(people, limit=4) if people else said("no_speaker_known"),
        length=clock(draft.episode.duration) or said("no_length"),
    )
    told = (str(draft.fields.get("show", "")).casefold(), str(draft.fields.get("title", "")).casefold())
    again = f". {said('already_there')}" if told in known else ""
    return draft.name, "ready", "; ".join([line, *draft.episode.mended]) + again


def form_of(drafts: Drafts, name: str | None) -> list[Any]:
    """The form for the draft of that name: visible, choices, four fields, how it begins, and the button's words."""
    ready = [draft for draft in drafts if draft.episode and not draft.saved]
    draft = next((draft for draft in ready if draft.name == name), ready[0] if ready else None)
    button = gr.update(value=said("save", files=counted(len(ready), "file")))
    if draft is None:
        return [gr.update(visible=False), gr.update(choices=[], value=None), "", "", "", "", "", button]
    fields = draft.fields
    return [
        gr.update(visible=True),
        gr.update(choices=[draft.name for draft in ready], value=draft.name, visible=len(ready) > 1),
        str(fields.get("title") or ""),
        str(fields.get("show") or ""),
        str(fields.get("date") or ""),
        incoming.people_text(draft),
        html.preview(first_turns(draft)),
        button,
    ]


def first_turns(draft: FileDraft) -> list[tuple[str, str, str]]:
    """(time, speaker, words) of a draft's first turns, shortened; none where it could not be read."""
    turns = draft.episode.turns[:PREVIEW_TURNS] if draft.episode else ()
    shown = []
    for turn in turns:
        at = clock(turn.start, turn.sentences[0].time_error)
        words = turn.text if len(turn.text) <= PREVIEW_LETTERS else turn.text[:PREVIEW_LETTERS] + " …"
        shown.append((at, f"{turn.speaker.name}:" if turn.speaker else "", words))
    return shown


def with_typed(drafts: Drafts, which: str | None, title: str, show: str, date: str, people: str) -> Drafts:
    """The drafts with what was typed about the chosen one. VerbatimError: a field that can't be meant."""
    return tuple(
        incoming.mended(draft, title, show, date, people) if draft.name == which and draft.episode else draft
        for draft in drafts
    )


def stored(library: Library, drafts: Drafts, *typed: str) -> Iterator[list[Any]]:
    """Saves the drafts that are ready; their states after each one, and at the end what is left of the form."""
    try:
        drafts = with_typed(drafts, *typed)
    except VerbatimError as error:
        yield [gr.skip(), gr.skip(), notice(said("not_saved", why=error), problem=True), *[gr.skip()] * 8]
        return
    drafts = tuple(replace(draft, refusal="") if draft.episode else draft for draft in drafts)
    for after in incoming.save_drafts(library, drafts):
        drafts = after
        yield [drafts, html.drafts_table([state_of(draft) for draft in drafts]), "", *[gr.skip()] * 8]
    yield [drafts, html.drafts_table([state_of(draft) for draft in drafts]), "", *form_of(drafts, None)]


# Removing


def removed(library: Library, ids: Sequence[str], by: str | None) -> list[Any]:
    """Moves episodes to the bin: the line to show, the keys that undo it, and the button that does."""
    if not ids:
        return [notice(said("choose_first"), problem=True), (), gr.update(visible=False)]
    done = []
    try:
        for id_ in ids:
            done.append(library.to_bin(id_, by=by))
    except VerbatimError as error:
        line = notice(str(error), problem=True)
    else:
        line = notice(said("removed", titles=listed([each.title for each in done], limit=4)))
    return [line, tuple(each.key for each in done), gr.update(visible=bool(done))]


def put_back(library: Library, keys: Sequence[str]) -> list[Any]:
    """Puts removed episodes back: the line to show, no keys to undo, and no button."""
    if not keys:
        return [notice(said("choose_first"), problem=True), (), gr.update(visible=False)]
    known = {removed.key: removed.title for removed in library.in_bin()}
    try:
        for key in keys:
            library.from_bin(key)
    except VerbatimError as error:
        return [notice(str(error), problem=True), (), gr.update(visible=False)]
    line = said("put_back_done", titles=listed([known.get(key, key) for key in keys], limit=4))
    return [notice(line), (), gr.update(visible=False)]


def deleted(library: Library, keys: Sequence[str]) -> list[Any]:
    """Deletes removed episodes for good: the line to show, and the button that asked whether one is sure, gone."""
    if not keys:
        return [notice(said("choose_first"), problem=True), gr.update(visible=False)]
    known = {removed.key: removed.title for removed in library.in_bin()}
    try:
        for key in keys:
            library.empty_bin(key)
    except VerbatimError as error:
        return [notice(str(error), problem=True), gr.update(visible=False)]
    line = said("deleted", titles=listed([known.get(key, key) for key in keys], limit=4))
    return [notice(line), gr.update(visible=False)]
