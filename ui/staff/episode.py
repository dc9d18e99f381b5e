"""Episode: a whole transcript to read, search, hear, review and correct; for staff.

`reader_screen` lays it out and wires it; the functions below it are plain Python that can be called without a browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from index.corrections.kinds import Correction, SpeakerIs, StartsAt, WordsAre
from index.episode import EXACT_SECONDS, Episode
from index.errors import VerbatimError
from index.formats.times import seconds
from index.interviews.answers import VoiceIs
from index.library import Library
from rag.answer import clock
from rag.assistant import Assistant
from rag.review import Review, given_text
from ui.listeners.conversation import audio_address
from ui.shared.events import Changes, on
from ui.shared.filters import people_in
from ui.shared.html import heading, notice, section
from ui.staff import episode_html as passages_episode
from ui.staff.find import QUIET, newest_first
from ui.words.staff import ROLES, said

MOST_DOUBTS = 5
GO_TO = "(id) => { if (id) location.search = '?' + new URLSearchParams({id}); }"
PARTS = ("head", "kept", "review", "voices", "transcript")
WHOLE, ONE, FROM = "turn", "one", "from"  # what a correction is about


@dataclass(frozen=True, slots=True)
class Editing:
    """The turn that is being corrected: its episode and its sentences' positions, both included."""

    episode: str
    first: int
    last: int


def reader_screen(page: gr.Blocks, assistant: Assistant) -> None:
    """The screen, inside the Blocks that is open."""
    library = assistant.library
    id_, editing = gr.State(""), gr.State(None)
    with gr.Column(elem_classes="staff", elem_id="reader"):
        gr.HTML(heading(said("episode"), said("episode_lead")))
        which = gr.Dropdown(label=said("episode"), elem_id="which")
        head = gr.HTML(notice(said("searching")), elem_id="episode-head")
        line = gr.HTML(elem_id="said")
        kept = gr.HTML(elem_id="kept", js_on_load="staff.acts(element, trigger)")
        review = gr.HTML(elem_id="review", js_on_load="staff.acts(element, trigger)")
        with gr.Column(elem_id="tools-inside", visible=False) as tools:
            voices = gr.HTML(elem_id="voices", js_on_load="staff.strip(element)")
            gr.HTML(passages_episode.search_inside(), elem_id="search-inside")
        transcript = gr.HTML(elem_id="transcript", js_on_load="staff.reader(element, trigger)")
        with gr.Column(visible=False, elem_id="correct") as panel:
            panel_head = gr.HTML()
            about = gr.Dropdown(label=said("which"), info=said("which_hint"))
            speaker = gr.Dropdown(label=said("speaker"), info=said("speaker_hint"), allow_custom_value=True)
            roles = [(ROLES[role], role) for role in ("host", "guest", "unknown")]
            role = gr.Radio(roles, value="unknown", label=said("role_of_new"))
            with gr.Row():
                starts = gr.Textbox(label=said("starts"), max_lines=1, max_length=12)
                ends = gr.Textbox(label=said("ends"), max_lines=1, max_length=12)
            text = gr.Textbox(label=said("words"), lines=3, max_length=2000)
            fault = gr.HTML()
            with gr.Row():
                save = gr.Button(said("save"), variant="primary")
                cancel = gr.Button(said("cancel"), elem_id="cancel-correct")

    screen = {"head": head, "kept": kept, "review": review, "voices": voices, "transcript": transcript}
    told = {"line": line, **screen}
    fields = {"about": about, "speaker": speaker, "role": role, "starts": starts, "ends": ends, "text": text}
    open_panel = {"editing": editing, "panel": panel, "panel_head": panel_head, "fault": fault, **fields}

    def opened(request: gr.Request) -> Changes:
        return opened_of(library, dict(request.query_params))

    def edit(held: str, event: gr.EventData) -> Changes:
        return editing_of(library, held, int(event.first))

    def choose(held: Editing | None, chosen: str) -> Changes:
        return fields_of(library, held, chosen) if held else {}

    def keep(
        held: Editing | None, chosen: str, name: str, part: str, start: str, end: str, text: str, request: gr.Request
    ) -> Changes:
        return kept_of(library, held, (chosen, name, part, start, end, text), who(request))

    def answer(held: str, event: gr.EventData, request: gr.Request) -> Changes:
        if event.act == "undo":
            return taken_back(library, held, None)
        return answered(library, held, VoiceIs(int(event.position), event.role), who(request))

    def take_back(held: str, event: gr.EventData) -> Changes:
        return taken_back(library, held, int(event.number))

    def close() -> Changes:
        return {"panel": gr.update(visible=False)}

    began = on(page.load, opened, None, {"id": id_, "which": which, "tools": tools, **told}, **QUIET)
    began.then(None, js="() => setTimeout(staff.open, 50)")
    which.input(None, which, None, js=GO_TO, **QUIET)
    closed = "() => setTimeout(staff.panelClosed, 100)"
    open_ = on(transcript.click, edit, id_, open_panel, queue=False, **QUIET)
    open_.then(None, js="() => setTimeout(staff.panelOpened, 100)")
    on(about.input, choose, [editing, about], fields, queue=False, trigger_mode="always_last", **QUIET)
    panel_and_screen = {"panel": panel, "fault": fault, **told}
    on(save.click, keep, [editing, *fields.values()], panel_and_screen, **QUIET).then(None, js=closed)
    on(cancel.click, close, None, {"panel": panel}, queue=False, **QUIET).then(None, js=closed)
    on(review.click, answer, id_, told, **QUIET)
    on(kept.click, take_back, id_, told, **QUIET)


def who(request: gr.Request) -> str:
    """Whose correction it is: the login's user, or this machine where there is no login."""
    return getattr(request, "username", None) or said("this_machine")


def opened_of(library: Library, query: dict[str, str]) -> Changes:
    """The screen for the episode that the address names, at its moment: `id`, and `sentence` or `at` (seconds)."""
    summaries = newest_first(library.summaries())
    wanted = query.get("id", "")
    known = wanted in {summary.id for summary in summaries}
    choice = gr.update(choices=[(s.title, s.id) for s in summaries], value=wanted if known else None)
    empty = {"id": "", "which": choice, "tools": gr.update(visible=False), "line": "", **dict.fromkeys(PARTS, "")}
    if not wanted:
        return empty | {"head": notice(said("choose_episode") if summaries else said("no_episodes"))}
    try:
        episode = library.episode(wanted)
    except VerbatimError as error:
        return empty | {"head": notice(str(error), problem=True)}
    parts = parts_of_screen(library, episode, opened=moment_in(episode, query))
    return {"id": wanted, "which": choice, "tools": gr.update(visible=True), "line": "", **parts}


def moment_in(episode: Episode, query: dict[str, str]) -> int | None:
    """The sentence that the address names, by its position or by a second of the talk; None where it names none."""
    named = query.get("sentence", "")
    if named.isascii() and named.isdecimal() and int(named) < len(episode.sentences):
        return int(named)
    at = seconds(query.get("at", "")) if query.get("at") else None
    started = [s.position for s in episode.sentences if at is not None and s.start is not None and s.start <= at + 0.5]
    return started[-1] if started else None


def parts_of_screen(library: Library, episode: Episode, *, opened: int | None = None) -> dict[str, str]:
    """The HTML of each of PARTS: head, corrections, review, map of the voices and transcript."""
    kept = library.corrections(episode.id)
    before = passages_episode.words_before(kept, library.episode_as_added(episode.id))
    doubts = ""
    if episode.unlabelled:
        told = Review.of(episode, library.recovery(episode.id), kept, limit=MOST_DOUBTS)
        doubts = passages_episode.review(told)
    audio = audio_address(episode, library)
    return {
        "head": passages_episode.head(episode),
        "kept": passages_episode.corrections(kept),
        "review": doubts,
        "voices": passages_episode.voices(episode),
        "transcript": passages_episode.transcript(episode, audio, opened=opened, put_right=before),
    }


# Correcting


def editing_of(library: Library, id_: str, first: int) -> Changes:
    """The panel for the turn that begins with a sentence: its state, itself, its head, no fault, and its fields."""
    episode = library.episode(id_)
    turn = episode.turn_at(first)
    held = Editing(id_, turn.sentences[0].position, turn.sentences[-1].position)
    spoken = turn.spoken()
    choices = [(said("whole_turn"), f"{WHOLE}-{held.first}")]
    if len(turn.sentences) > 1:
        choices += [(said("one_sentence", text=_short(s.text)), f"{ONE}-{s.position}") for s in turn.sentences]
        choices += [(said("from_here", text=_short(s.text)), f"{FROM}-{s.position}") for s in spoken[1:]]
    people = [*(person.name for person in episode.people), *people_in(library.summaries())]
    names = [(name, name) for name in dict.fromkeys(people)]
    fields = fields_of(library, held, choices[0][1])
    named = turn.speaker.name if turn.speaker else said("unknown_speaker")
    at = clock(turn.start, turn.sentences[0].time_error)
    return {
        "editing": held,
        "panel": gr.update(visible=True),
        "panel_head": section(said("correct_head"), " · ".join(fact for fact in (named, at) if fact)),
        "fault": "",
        "about": gr.update(choices=choices, value=choices[0][1]),
        "role": "unknown",
        **fields,
        "speaker": fields["speaker"] | {"choices": names},
    }


def fields_of(library: Library, held: Editing, chosen: str) -> Changes:
    """Speaker, start, end and words as they are, of what was chosen to be corrected; words of a single sentence only."""
    first, last = _stretch(held, chosen)
    episode = library.episode(held.episode)
    turn = episode.turn_at(first)
    one = episode.sentences[first] if first == last else None
    return {
        "speaker": gr.update(value=turn.speaker.name if turn.speaker else ""),
        "starts": _start_of(episode, first),
        "ends": "",
        "text": gr.update(value=one.text if one else "", visible=one is not None),
    }


def kept_of(library: Library, held: Editing | None, given: tuple[Any, ...], by: str) -> Changes:
    """What the panel's fields changed, kept, for panel, fault, notice and screen; or the fault, with the panel still open."""
    if held is None:
        return {}
    try:
        changes = changes_of(library.episode(held.episode), held, *given)
        if changes:
            library.correct(held.episode, *changes, by=by)
    except VerbatimError as error:
        return {"fault": notice(str(error), problem=True)}
    line = said("saved", what="; ".join(map(given_text, changes))) if changes else said("unchanged")
    parts = parts_of_screen(library, library.episode(held.episode))
    return {"panel": gr.update(visible=False), "fault": "", "line": notice(line), **parts}


def changes_of(
    episode: Episode, held: Editing, chosen: str, speaker: str | None, role: str, starts: str, ends: str, text: str
) -> list[Correction]:
    """The corrections that the fields mean: what differs from the episode as it is. VerbatimError: a time is none."""
    first, last = _stretch(held, chosen)
    turn = episode.turn_at(first)
    now = turn.speaker.name if turn.speaker else ""
    changes: list[Correction] = []
    name = " ".join((speaker or "").split())
    if name != now:
        spoken = [s.position for s in episode.spoken(first, last)]
        if spoken:
            changes.append(SpeakerIs(spoken[0], spoken[-1], name or None, role))  # type: ignore[arg-type]
    if starts.strip() != _start_of(episode, first) or ends.strip():
        changes.append(StartsAt(first, last, _time(starts), _time(ends) if ends.strip() else None))
    wanted = " ".join((text or "").split())
    if first == last and wanted != episode.sentences[first].text:
        changes.append(WordsAre(first, wanted))
    return changes


def _start_of(episode: Episode, position: int) -> str:
    """When a sentence starts, to be put right; empty where it is not known to the second."""
    sentence = episode.sentences[position]
    return "" if (sentence.time_error or 0.0) > EXACT_SECONDS else clock(sentence.start)


def _time(text: str) -> float:
    found = seconds(text)
    if found is None:
        raise VerbatimError(said("not_a_time", text=text))
    return found


def _stretch(held: Editing, chosen: str) -> tuple[int, int]:
    """The sentences that a choice of the panel means; the whole turn where it means none of this turn."""
    kind, _, number = (chosen or "").partition("-")
    at = int(number) if number.isdecimal() else -1
    if kind == WHOLE or not held.first <= at <= held.last:
        return held.first, held.last
    return (at, at) if kind == ONE else (at, held.last)


def _short(text: str) -> str:
    return text if len(text) <= 48 else text[:47].rstrip() + "…"


def answered(library: Library, id_: str, given: VoiceIs, by: str) -> Changes:
    """An answer about who speaks, kept."""
    try:
        library.correct(id_, given, by=by)
    except VerbatimError as error:
        return {"line": notice(str(error), problem=True)}
    line = said("saved", what=given_text(given))
    return {"line": notice(line), **parts_of_screen(library, library.episode(id_))}


def taken_back(library: Library, id_: str, number: int | None) -> Changes:
    """A correction taken back; the last answer about who speaks where no number is given."""
    try:
        kept = library.undo_correction(id_, number)
    except VerbatimError as error:
        return {"line": notice(str(error), problem=True)}
    line = said("taken_back", what=given_text(kept.correction))
    return {"line": notice(line), **parts_of_screen(library, library.episode(id_))}
