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
from ui.shared.events import Changes, Outputs, on
from ui.shared.html import counted, day, heading, listed, notice, section
from ui.staff import drafts as incoming
from ui.staff import evaluate_html as html
from ui.staff.charts import episodes_chart, spoken_chart
from ui.staff.drafts import MOST_FILES, Drafts, FileDraft
from ui.words.evaluate import said

PREVIEW_TURNS = 4
PREVIEW_LETTERS = 300
NOTHING_TO_UNDO = {"undo_keys": (), "undo": gr.update(visible=False)}


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
    fields: Outputs = {"which": which, "title": title, "show": show, "date": date, "people": people}
    holdings = {"head": head, "episodes": episodes, "chosen": chosen, "binned": binned, "charts": charts}
    filled = {"form": form, **fields, "begins": begins, "save": save}
    draft: Outputs = {"drafts": drafts, "states": states, **filled}
    after_removing = {"line": line, "undo_keys": undo_keys, "undo": undo}
    typed = list(fields.values())

    def furnish() -> Changes:
        return furnished(library)

    def take(paths: list[str] | None, held: Drafts) -> Iterator[Changes]:
        incoming.discard(held)
        yield from taken(library, paths or [])

    def choose(held: Drafts, name: str | None) -> Changes:
        return {key: value for key, value in form_of(held, name).items() if key != "form"}

    def keep(held: Drafts, *values: str) -> Changes:
        try:
            return {"drafts": with_typed(held, *values), "line": ""}
        except VerbatimError as error:
            return {"line": notice(str(error), problem=True)}

    def store(held: Drafts, *values: str) -> Iterator[Changes]:
        yield from stored(library, held, *values)

    def drop(held: Drafts) -> Changes:
        incoming.discard(held)
        return {"drafts": (), "states": "", "files": None, **form_of((), None)}

    def out(ids: list[str], request: gr.Request) -> Changes:
        return removed(library, ids, request.username)

    def restore(keys: Sequence[str]) -> Changes:
        return put_back(library, keys)

    def ask_first(keys: Sequence[str]) -> Changes:
        return {"sure": gr.update(visible=bool(keys))}

    def gone(keys: Sequence[str]) -> Changes:
        return deleted(library, keys)

    on(page.load, furnish, None, holdings, **at_once)
    # Two may come within the time that one takes to be answered: the last of them is looked at too.
    anew: dict[str, Any] = {"trigger_mode": "always_last", **at_once}
    on(files.upload, take, [files, drafts], draft, **working)
    on(which.input, choose, [drafts, which], filled, **anew)
    # One event of all fields, so that what is told of an earlier field never comes after what is told of a later one.
    on([box.blur for box in typed[1:]], keep, [drafts, *typed], {"drafts": drafts, "line": line}, **anew)
    on(discard.click, drop, drafts, {"files": files, **draft}, **at_once)
    on(delete.click, ask_first, binned, {"sure": sure}, **at_once)
    changed = [
        on(save.click, store, [drafts, *typed], {"line": line, **draft}, **working),
        on(remove.click, out, chosen, after_removing, **quiet),
        on(undo.click, restore, undo_keys, after_removing, **quiet),
        on(back.click, restore, binned, after_removing, **quiet),
        on(sure.click, gone, binned, {"line": line, "sure": sure}, **quiet),
    ]
    for done in changed:
        on(done.then, furnish, None, holdings, **anew)


def furnished(library: Library) -> Changes:
    """Head, table, the choices of both lists and the charts, of the library as it is now."""
    summaries = library.summaries()
    names = [(f"{summary.title} ({summary.show})", summary.id) for summary in summaries]
    entries = [
        (said("bin_entry", title=removed.title, show=removed.show, day=day(removed.at[:10])), removed.key)
        for removed in library.in_bin()
    ]
    drawn = [(said("chart_people"), spoken_chart(summaries)), (said("chart_episodes"), episodes_chart(summaries))]
    return {
        "head": heading(said("library"), html.library_lead(summaries) if summaries else said("library_empty")),
        "episodes": html.episodes_table(summaries, problems_of(library, summaries)),
        "chosen": gr.update(choices=names, value=[]),
        "binned": gr.update(choices=entries, value=[]),
        "charts": html.charts(drawn, said("chart_none")),
    }


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


def taken(library: Library, paths: Sequence[str]) -> Iterator[Changes]:
    """The drafts of these files after each one that is read, and their form at the end."""
    drafts: Drafts = ()
    shows = Counter(summary.show for summary in library.summaries())
    for drafts in incoming.read_drafts(paths, show=next((show for show, _ in shows.most_common(1)), "")):
        yield listed_drafts(drafts)
    first = next((draft.name for draft in drafts if draft.episode), None)
    yield listed_drafts(drafts, known=titles(library)) | form_of(drafts, first)


def listed_drafts(drafts: Drafts, *, known: frozenset[tuple[str, str]] = frozenset()) -> dict[str, Any]:
    """The drafts, and the table that says where each stands."""
    return {"drafts": drafts, "states": html.drafts_table([state_of(draft, known=known) for draft in drafts])}


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


def form_of(drafts: Drafts, name: str | None) -> dict[str, Any]:
    """The form for the draft of that name: whether it shows, choices, four fields, how it begins, and the button's words."""
    ready = [draft for draft in drafts if draft.episode and not draft.saved]
    draft = next((draft for draft in ready if draft.name == name), ready[0] if ready else None)
    fields = draft.fields if draft else {}
    return {
        "form": gr.update(visible=draft is not None),
        "which": gr.update(
            choices=[draft.name for draft in ready], value=draft.name if draft else None, visible=len(ready) > 1
        ),
        **{key: str(fields.get(key) or "") for key in ("title", "show", "date")},
        "people": incoming.people_text(draft) if draft else "",
        "begins": html.preview(first_turns(draft)) if draft else "",
        "save": gr.update(value=said("save", files=counted(len(ready), "file"))),
    }


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


def stored(library: Library, drafts: Drafts, *typed: str) -> Iterator[Changes]:
    """Saves the drafts that are ready; their states after each one, and at the end what is left of the form."""
    try:
        drafts = with_typed(drafts, *typed)
    except VerbatimError as error:
        yield {"line": notice(said("not_saved", why=error), problem=True)}
        return
    drafts = tuple(replace(draft, refusal="") if draft.episode else draft for draft in drafts)
    for after in incoming.save_drafts(library, drafts):
        drafts = after
        yield listed_drafts(drafts) | {"line": ""}
    yield listed_drafts(drafts) | {"line": ""} | form_of(drafts, None)


# Removing


def removed(library: Library, ids: Sequence[str], by: str | None) -> Changes:
    """Moves episodes to the bin: the line to show, the keys that undo it, and the button that does."""
    if not ids:
        return NOTHING_TO_UNDO | {"line": notice(said("choose_first"), problem=True)}
    done = []
    try:
        for id_ in ids:
            done.append(library.to_bin(id_, by=by))
    except VerbatimError as error:
        line = notice(str(error), problem=True)
    else:
        line = notice(said("removed", titles=listed([each.title for each in done], limit=4)))
    keys = tuple(each.key for each in done)
    return {"line": line, "undo_keys": keys, "undo": gr.update(visible=bool(keys))}


def put_back(library: Library, keys: Sequence[str]) -> Changes:
    """Puts removed episodes back: the line to show, no keys to undo, and no button."""
    if not keys:
        return NOTHING_TO_UNDO | {"line": notice(said("choose_first"), problem=True)}
    known = {removed.key: removed.title for removed in library.in_bin()}
    try:
        for key in keys:
            library.from_bin(key)
    except VerbatimError as error:
        return NOTHING_TO_UNDO | {"line": notice(str(error), problem=True)}
    line = said("put_back_done", titles=listed([known.get(key, key) for key in keys], limit=4))
    return NOTHING_TO_UNDO | {"line": notice(line)}


def deleted(library: Library, keys: Sequence[str]) -> Changes:
    """Deletes removed episodes for good: the line to show, and the button that asked whether one is sure, gone."""
    asked = {"sure": gr.update(visible=False)}
    if not keys:
        return asked | {"line": notice(said("choose_first"), problem=True)}
    known = {removed.key: removed.title for removed in library.in_bin()}
    try:
        for key in keys:
            library.empty_bin(key)
    except VerbatimError as error:
        return asked | {"line": notice(str(error), problem=True)}
    line = said("deleted", titles=listed([known.get(key, key) for key in keys], limit=4))
    return asked | {"line": notice(line)}
