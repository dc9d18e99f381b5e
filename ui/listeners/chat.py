"""The first screen: ask, read the answer as its sentences are checked, hear each quote.

`chat_screen` lays it out and wires it; the functions below it are plain Python that can be called without a browser.
The conversation (`ui/listeners/conversation.py`) is kept on the server for each visitor, and in their browser until they delete it.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from threading import Thread
from typing import Any

import gradio as gr

from index.errors import LibraryError, VerbatimError
from index.library import Library
from rag.answer import Done, Found, Wrote
from rag.answer import Event as AnswerEvent
from rag.assistant import Assistant
from rag.halting import GaveUp
from rag.question.question import LONGEST_QUESTION
from rag.question.scope import Filters
from ui.api import caller
from ui.door.leaving import has_left
from ui.door.limits import Door, TooMany, line_of
from ui.listeners import answers
from ui.listeners.conversation import (
    KINDS,
    NOTHING_KEPT,
    Round,
    Rounds,
    history_of,
    moments_of,
    packed,
    render,
    unpacked,
)
from ui.listeners.feedback import Moderator
from ui.listeners.fields import filter_fields, furnished, narrowed, remaining
from ui.listeners.links import opened
from ui.listeners.suggest import Suggester
from ui.shared.events import Changes, on
from ui.shared.filters import FIELDS, choice_of, filters_of, matching, people_in, scope_of
from ui.shared.html import counted
from ui.words.listeners import said

log = logging.getLogger(__name__)

KEPT_AS = "verbatim"  # the conversation's name in the browser's storage
# Gradio wants a key to scramble what it stores there. It hides nothing: every page carries it. What comes back is checked.
NO_SECRET = "verbatim"
# talk.js sends what is pressed inside the conversation through one element, as events with a few plain values.
SIGNALS = "window.addEventListener('signal', (event) => trigger(event.detail.name, event.detail.values));"


def chat_screen(page: gr.Blocks, assistant: Assistant, door: Door) -> None:
    """The screen, inside the Blocks that is open. The page's buttons show and hide through `ui/shared/style.css`."""
    library, suggester, moderator = assistant.library, Suggester(assistant), Moderator(assistant.library)
    Thread(target=partial(warm, suggester), name="warm", daemon=True).start()
    rounds = gr.State(())
    replacing = gr.State(False)  # whether the next question takes the place of the last one
    kept = gr.BrowserState(NOTHING_KEPT, storage_key=KEPT_AS, secret=NO_SECRET)
    signals = gr.HTML(elem_id="signals", js_on_load=SIGNALS)
    told = gr.HTML(elem_id="told")
    with gr.Column(elem_id="welcome"):
        welcome, examples = gr.HTML(), gr.HTML(elem_id="examples")
    with gr.Column(elem_id="talk"):
        # Two pieces, so that what streams leaves alone what is already read: a selection, a focused card.
        earlier = gr.HTML(elem_id="earlier")
        now = gr.HTML(answers.conversation([]), elem_id="now")
    with gr.Column(elem_id="dock"):
        suggestions = gr.HTML(elem_id="suggestions")
        with gr.Row(elem_id="tools"):
            remain = gr.HTML(answers.remaining(0, ""), elem_id="remain")
            edit = gr.Button(said("edit"), elem_id="edit", size="sm")
            retry = gr.Button(said("ask_again"), elem_id="retry", size="sm")
            clear = gr.Button(said("new_conversation"), elem_id="clear", size="sm")
        with gr.Row(elem_id="filters"):
            narrow = filter_fields()
        editing = gr.HTML(elem_id="editing")
        with gr.Row(elem_id="ask-row"):
            box = gr.Textbox(
                elem_id="question",
                label=said("your_question"),
                show_label=False,
                container=False,
                placeholder=said("placeholder"),
                max_lines=1,
                max_length=LONGEST_QUESTION,
                autofocus=True,
                scale=1,
            )
            send = gr.Button(said("ask"), elem_id="send", variant="primary", scale=0)
            stop = gr.Button(said("stop"), elem_id="stop", scale=0)

    # The interface for programs is in `ui/api.py`; the page's own events are nobody else's business.
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    at_once: dict[str, Any] = {"queue": False, **quiet}
    # A question may be asked while one that was stopped is still winding up, hence "multiple". How many are answered at
    # once, the door says; Gradio's own queue would not tell a visitor where they stand in it.
    streaming: dict[str, Any] = {"concurrency_limit": None, "trigger_mode": "multiple", **quiet}
    last = {"rounds": rounds, "now": now}
    talk = {**last, "earlier": earlier, "suggestions": suggestions}
    asking = {"box": box, "replacing": replacing, "editing": editing}
    beside = {"remain": remain, **narrow}
    choice = list(narrow.values())

    # Gradio hands over an event or a request by its type hint, which it finds only on a plain function, and only there
    # where each argument has a name.
    async def in_turn(rounds: Rounds, request: gr.Request) -> AsyncIterator[Changes]:
        async for step in follow_in_turn(assistant, door, rounds, request):
            yield step

    def answer_after(begun: Any) -> None:
        answered = on(begun.success, in_turn, rounds, last, **streaming)
        on(answered.failure, give_up, rounds, last, **at_once)
        answered.success(packed, rounds, kept, **at_once).success(
            partial(suggest, suggester), rounds, suggestions, trigger_mode="multiple", **at_once
        )

    def on_press(rounds: Rounds, a: str, b: str, c: str, d: str, e: str, f: str, event: gr.EventData) -> Changes:
        return pressed(library, rounds, (a, b, c, d, e, f), event._data)

    def on_feedback(rounds: Rounds, event: gr.EventData, request: gr.Request) -> str:
        return say(moderator, rounds, event._data, request.client.host if request.client else "")

    def on_load(kept: Any, request: gr.Request) -> Changes:
        return arrive(library, kept, dict(request.query_params))

    for trigger in (box.submit, send.click):
        answer_after(
            on(trigger, partial(begin, library), [box, replacing, rounds, *choice], {**asking, **talk}, **at_once)
        )
    answer_after(on(signals.select, on_press, [rounds, *choice], {**asking, **talk, **beside}, **at_once))
    answer_after(on(retry.click, ask_again, rounds, talk, **at_once))

    on(edit.click, edit_last, rounds, asking, **at_once)
    on(signals.undo, keep_the_last_one, None, asking, **at_once)
    on(stop.click, stopped, rounds, last, **at_once)
    on(clear.click, partial(cleared, library), rounds, {**talk, "kept": kept, **asking, **beside}, **at_once)
    signals.submit(on_feedback, rounds, told, **at_once)

    # Another field may be set before the answer to the last one: it is looked at too.
    counts: dict[str, Any] = {"trigger_mode": "always_last", **at_once}
    chosen = on(narrow["show"].input, partial(narrowed, library), narrow["show"], narrow, **counts)
    chosen.then(partial(remaining, library), choice, remain, **counts)
    typed = [narrow[name].input for name in ("episode", "person", "role")]
    dated = [narrow[name].change for name in ("since", "until")]  # these change without a key being pressed
    gr.on([*typed, *dated], partial(remaining, library), choice, remain, **counts)
    on(signals.clear, partial(unfiltered, library), None, beside, **at_once)
    # Apart from the rest, which need not wait for questions to be tried.
    page.load(lambda: answers.examples(suggester.examples()), None, examples, **at_once)
    on(page.load, on_load, kept, {"welcome": welcome, **talk, **beside}, **at_once)


def warm(suggester: Suggester) -> None:
    """Tries the examples beforehand, so that the first visitor waits neither for them nor for the embedding model."""
    with suppress(VerbatimError):  # what is wrong is said to whoever asks
        suggester.examples()


def arrive(library: Library, kept: object, fields: Mapping[str, str]) -> Changes:
    """What a fresh page shows: greeting, fields, the conversation kept in the browser, and what its link opens."""
    link = opened(library, fields)
    summaries = library.summaries()
    greeting = answers.welcome(people_in(summaries), audible=any(summary.audio for summary in summaries))
    if link.question:
        greeting += answers.to_be_asked(link.question, link.choice)
    rounds = unpacked(kept, library)
    if link.round:
        rounds = (*rounds, link.round)
    return {
        "welcome": greeting,
        "rounds": rounds,
        "earlier": render(rounds[:-1], live=False),
        "now": render(rounds),
        "suggestions": "",
        **furnished(library, link.filters),
        "remain": remaining(library, *link.choice),
    }


def begin(
    library: Library, question: str, replacing: bool, rounds: Rounds, *choice: str, without: tuple[str, ...] = ()
) -> Changes:
    """The emptied box, the conversation with the question in it, and the HTML of its earlier rounds and of this one.

    `replacing`: the question takes the place of the last one. Nothing changes for an empty question, and while the last
    one is still being answered. `without`: what is not to be carried on from the questions before it.
    """
    asked = question.strip()[:LONGEST_QUESTION]
    if not asked or (rounds and rounds[-1].working):
        return {}
    for round_ in rounds:
        round_.halt.set()  # suggestions for it that are still being made come too late
    earlier = rounds[:-1] if replacing and rounds else rounds
    try:
        filters = filters_of(choice)
        now = Round(asked, filters, scope_of(library, filters), status=said("waiting"), without=without)
    except VerbatimError as error:
        now = Round(asked, stage="failed", problem=str(error))
    shown = {"earlier": render(earlier, live=False), **shown_last((*earlier, now)), "suggestions": ""}
    return {"box": "", "replacing": False, "editing": "", **shown}


def shown_last(rounds: Rounds) -> Changes:
    """The conversation, and the HTML of its last round."""
    return {"rounds": rounds, "now": render(rounds)}


def pressed(library: Library, rounds: Rounds, choice: Sequence[str], sent: Mapping[str, Any]) -> Changes:
    """What `begin` gives, for a question that stands on the page; without the filters where it says so.

    A link's question brings its own filters: it may be asked before the fields show them.
    """
    question, everywhere, drop = sent.get("question"), sent.get("everywhere") is True, sent.get("drop")
    if drop in KINDS and rounds and not rounds[-1].working and rounds[-1].question:
        last = rounds[-1]
        without = (*last.without, str(drop))
        return begin(library, last.question, True, rounds, *choice_of(last.filters), without=without)
    own = sent.get("choice")
    if isinstance(own, list) and len(own) == len(FIELDS) and all(isinstance(value, str) for value in own):
        choice = own
    if not isinstance(question, str):
        return {}
    begun = begin(library, question, False, rounds, *([""] * len(FIELDS) if everywhere else choice))
    return {**begun, **(unfiltered(library) if everywhere else {})}


def unfiltered(library: Library) -> Changes:
    """The six fields set back, and the line beside them."""
    return {**furnished(library, Filters()), "remain": remaining(library, *[""] * len(FIELDS))}


async def follow_in_turn(
    assistant: Assistant, door: Door, rounds: Rounds, request: gr.Request
) -> AsyncIterator[Changes]:
    """As `follow`, when it is this question's turn. Until then it says where it stands in line."""
    if not rounds or rounds[-1].stage != "waiting":
        yield {}
        return
    earlier, now = rounds[:-1], rounds[-1]
    gone = partial(has_left, request)
    try:
        async with door.turn(*caller(request)) as ticket:
            async for place in ticket.places(gone):
                if now.halt.is_set():
                    yield {}
                    return
                yield shown_last((*earlier, replace(now, status=line_of(place))))
            async for step in door.steps(follow(assistant, rounds), gone):
                yield step
    except GaveUp:
        return
    except TooMany as error:
        yield shown_last((*earlier, replace(now, stage="failed", status="", problem=str(error))))


def follow(assistant: Assistant, rounds: Rounds) -> Iterator[Changes]:
    """The conversation and the HTML of its last round after each event, until that round is answered.

    A question that is already being answered (Enter pressed twice) is left to whoever began it. One that is halted
    says nothing more: by then the conversation may hold the next question. Gradio's own `cancels` is not used, since
    it waits for the running step to end and meanwhile breaks a question that is asked after it.
    """
    if not rounds or rounds[-1].stage != "waiting":
        yield {}
        return
    earlier, now = rounds[:-1], rounds[-1]
    now = replace(now, stage="searching", status=searching(assistant.library, now.filters))
    yield shown_last((*earlier, now))
    try:
        # What is shown around a quote is of the same generation as the quote.
        with (
            assistant.pinned() as pinned,
            closing(
                pinned.ask(now.question, history=history_of(earlier), filters=now.filters, without=now.without)
            ) as events,
        ):
            for event in events:
                now = after(now, event, pinned.library)
                if now.halt.is_set():
                    yield {}
                    return
                yield shown_last((*earlier, now))
    except GaveUp:
        raise
    except VerbatimError as error:
        if now.halt.is_set():
            yield {}
            return
        # What is wrong with the library, and in which folder, is the house's own business: it stands in the log.
        ours = isinstance(error, LibraryError)
        if ours:
            log.error("a question could not be answered: %s", error)
        now = replace(now, stage="failed", status="", problem=said("fault") if ours else str(error))
        yield shown_last((*earlier, now))


def after(now: Round, event: AnswerEvent, library: Library) -> Round:
    """The round with what the event tells."""
    if isinstance(event, Found):
        return replace(now, status=said("reading", passages=counted(event.passages, "passage")))
    if isinstance(event, Wrote):
        text = "\n\n".join(part for part in (now.text, event.text) if part)
        seen = {moment.citation.n for moment in now.moments}
        fresh = [citation for citation in event.citations if citation.n not in seen]
        moments = (*now.moments, *moments_of(fresh, library))
        return replace(now, text=text, moments=moments, status=said("checking"))
    if isinstance(event, Done):
        answer = event.answer
        return replace(
            now,
            stage="done",
            status="",
            answer=answer,
            moments=moments_of(answer.citations, library, known=now.moments),
            nearest=moments_of(answer.nearest, library),
        )
    return now


def searching(library: Library, filters: Filters) -> str:
    """`Searching 7 episodes…`, the filters taken into account."""
    return said("searching", episodes=counted(len(matching(library, filters)), "episode"))


def suggest(suggester: Suggester, rounds: Rounds) -> Any:
    """What can be asked after the last answer, as HTML; nothing where it was overtaken by another question meanwhile."""
    answer = rounds[-1].answer if rounds else None
    if answer is None:
        return ""
    last = rounds[-1]
    suggestions = suggester.next(answer, last.filters)
    if last.halt.is_set():
        return gr.skip()
    return answers.suggested(suggestions, refused=answer.verdict in answers.REFUSALS)


def ask_again(rounds: Rounds) -> Changes:
    """The last question once more, as it was asked."""
    if not rounds or rounds[-1].working or not rounds[-1].question:
        return {}
    last = rounds[-1]
    last.halt.set()
    anew = Round(last.question, last.filters, last.scope, status=said("waiting"), without=last.without)
    return {**shown_last((*rounds[:-1], anew)), "suggestions": ""}


def edit_last(rounds: Rounds) -> Changes:
    """The last question in the box, to be changed and asked in its own place."""
    if not rounds or rounds[-1].working or not rounds[-1].question:
        return {}
    return {"box": rounds[-1].question, "replacing": True, "editing": answers.editing()}


def keep_the_last_one() -> Changes:
    """The next question takes nothing's place; the box is emptied in the browser."""
    return {"replacing": False, "editing": ""}


def stopped(rounds: Rounds) -> Changes:
    """The conversation with its last question given up; what was already checked stays."""
    if rounds and rounds[-1].working:
        rounds[-1].halt.set()
        rounds = (*rounds[:-1], replace(rounds[-1], stage="stopped", status="", problem=said("stopped")))
    return shown_last(rounds)


def cleared(library: Library, rounds: Rounds) -> Changes:
    """An empty conversation without filters, here and in the browser; what is being answered in the old one is halted."""
    for round_ in rounds:
        round_.halt.set()
    emptied = {"earlier": "", **shown_last(()), "suggestions": "", "kept": NOTHING_KEPT}
    return {**emptied, "box": "", "replacing": False, "editing": "", **unfiltered(library)}


def give_up(rounds: Rounds) -> Changes:
    """The conversation after a fault of ours; the traceback is in the server's log."""
    if rounds and rounds[-1].working:
        rounds = (*rounds[:-1], replace(rounds[-1], stage="failed", status="", problem=said("fault")))
    return shown_last(rounds)


def say(moderator: Moderator, rounds: Rounds, sent: Mapping[str, Any], address: str) -> str:
    """Takes what a listener says about an answer; what they are told, as HTML."""
    number, kind, note, id_ = (sent.get(name) for name in ("round", "kind", "note", "id"))
    if not (isinstance(number, int) and 1 <= number <= len(rounds) and isinstance(id_, int)):
        return ""
    if not (isinstance(kind, str) and isinstance(note, str)):
        return ""
    reply = moderator.take(rounds[number - 1], kind, note, address)
    return answers.told(reply, id_, kept=reply == said("thanks"))
