"""The first screen: ask, read the answer as its sentences are checked, hear each quote.

`chat_screen` lays it out and wires it; the functions below it are plain Python that can be called without a browser.
A Round is one question and what came back; the conversation is a tuple of them, kept on the server for each visitor.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Event
from typing import Any, Literal
from urllib.parse import quote

import gradio as gr

from index.episode import Episode
from index.errors import VerbatimError
from index.library import EpisodeSummary, Library
from rag.answer import Assistant
from rag.question import Filters
from rag.result import Answer, Citation, Done, Found, Wrote
from rag.result import Event as AnswerEvent
from ui import passages
from ui.api import LONGEST_QUESTION, caller
from ui.limits import Door, TooMany, line_of
from ui.moments import Moment, moment_of

MOST_EXAMPLES = 4
EVERY = ""  # the filters' "all of them"

Stage = Literal["waiting", "searching", "done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Round:
    """One question and what came back so far. `text` holds the sentences checked until `answer` is there.

    `halt` is set when the visitor wants no more of it.
    """

    question: str
    filters: Filters = field(default_factory=Filters)
    scope: str = ""
    stage: Stage = "waiting"
    status: str = ""
    text: str = ""
    moments: tuple[Moment, ...] = ()
    nearest: tuple[Moment, ...] = ()
    answer: Answer | None = None
    problem: str = ""
    halt: Event = field(default_factory=Event, compare=False)

    @property
    def working(self) -> bool:
        return self.stage in ("waiting", "searching")


Rounds = tuple[Round, ...]


def chat_screen(page: gr.Blocks, assistant: Assistant, door: Door) -> None:
    """The screen, inside the Blocks that is open. The page's buttons show and hide through `ui/style.css`."""
    rounds = gr.State(())
    welcome = gr.HTML(elem_id="welcome")
    with gr.Row(elem_id="examples"):
        examples = [gr.Button(visible=False, elem_classes="example") for _ in range(MOST_EXAMPLES)]
    with gr.Column(elem_id="talk"):
        # Two pieces, so that what streams leaves alone what is already read: a selection, a focused card.
        earlier = gr.HTML(elem_id="earlier")
        now = gr.HTML(passages.conversation([]), elem_id="now")
    with gr.Column(elem_id="dock"):
        with gr.Row(elem_id="tools"):
            gr.HTML(passages.filters_button(), elem_id="filters-button")
            retry = gr.Button("Ask again", elem_id="retry", size="sm")
            clear = gr.Button("New conversation", elem_id="clear", size="sm")
        with gr.Row(elem_id="filters"):
            show = gr.Dropdown(label="Show", elem_id="show")
            episode = gr.Dropdown(label="Episode", elem_id="episode")
            person = gr.Dropdown(label="Person", elem_id="person")
        with gr.Row(elem_id="ask-row"):
            box = gr.Textbox(
                elem_id="question",
                label="Your question",
                show_label=False,
                container=False,
                placeholder="What did they say about …?",
                max_lines=1,
                max_length=LONGEST_QUESTION,
                autofocus=True,
                scale=1,
            )
            send = gr.Button("Ask", elem_id="send", variant="primary", scale=0)
            stop = gr.Button("Stop", elem_id="stop", scale=0)

    # The interface for programs is in `ui/api.py`; the page's own events are nobody else's business.
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    at_once: dict[str, Any] = {"queue": False, **quiet}
    # A question may be asked while one that was stopped is still winding up, hence "multiple". How many are answered at
    # once, the door says; Gradio's own queue would not tell a visitor where they stand in it.
    streaming: dict[str, Any] = {"concurrency_limit": None, "trigger_mode": "multiple", **quiet}
    narrowed = [show, episode, person]

    # No partial: Gradio gives the request to whom it belongs by the types of a plain function.
    async def in_turn(rounds: Rounds, request: gr.Request) -> AsyncIterator[tuple[Any, Any]]:
        async for step in follow_in_turn(assistant, door, rounds, request):
            yield step

    def answer_after(begun: Any) -> None:
        answered = begun.success(in_turn, rounds, [rounds, now], **streaming)
        answered.failure(give_up, rounds, [rounds, now], **at_once)

    asked = [(box.submit, box), (send.click, box), *((example.click, example) for example in examples)]
    for trigger, question in asked:
        inputs, outputs = [question, *narrowed, rounds], [box, rounds, earlier, now]
        answer_after(trigger(partial(begin, assistant.library), inputs, outputs, **at_once))
    answer_after(retry.click(ask_again, rounds, [rounds, now], **at_once))

    stop.click(stopped, rounds, [rounds, now], **at_once)
    clear.click(cleared, rounds, [rounds, earlier, now], **at_once)
    show.input(partial(narrow, assistant.library), show, [episode, person], **at_once)
    page.load(partial(furnish, assistant.library), None, [welcome, *examples, *narrowed], **at_once)


def begin(
    library: Library, question: str, show: str, episode: str, person: str, rounds: Rounds
) -> tuple[Any, Any, Any, Any]:
    """The emptied box, the conversation with the question in it, and the HTML of its earlier rounds and of this one.

    Nothing changes for an empty question, and while the last one is still being answered.
    """
    asked = question.strip()[:LONGEST_QUESTION]
    if not asked or (rounds and rounds[-1].working):
        return gr.skip(), gr.skip(), gr.skip(), gr.skip()
    filters = Filters(show=show or None, episode=episode or None, guest=person or None)
    now = Round(asked, filters, scope_of(library, filters), status="Waiting…")
    return "", (*rounds, now), render(rounds, live=False), render((*rounds, now))


async def follow_in_turn(
    assistant: Assistant, door: Door, rounds: Rounds, request: gr.Request
) -> AsyncIterator[tuple[Any, Any]]:
    """As `follow`, when it is this question's turn. Until then it says where it stands in line."""
    if not rounds or rounds[-1].stage != "waiting":
        yield gr.skip(), gr.skip()
        return
    earlier, now = rounds[:-1], rounds[-1]
    try:
        async with door.turn(*caller(request)) as ticket:
            async for place in ticket.places():
                if now.halt.is_set():
                    yield gr.skip(), gr.skip()
                    return
                standing = (*earlier, replace(now, status=line_of(place)))
                yield standing, render(standing)
            async for step in door.steps(follow(assistant, rounds)):
                yield step
    except TooMany as error:
        refused = (*earlier, replace(now, stage="failed", status="", problem=str(error)))
        yield refused, render(refused)


def follow(assistant: Assistant, rounds: Rounds) -> Iterator[tuple[Any, Any]]:
    """The conversation and the HTML of its last round after each event, until that round is answered.

    A question that is already being answered (Enter pressed twice) is left to whoever began it. One that is halted
    says nothing more: by then the conversation may hold the next question. Gradio's own `cancels` is not used, since
    it waits for the running step to end and meanwhile breaks a question that is asked after it.
    """
    if not rounds or rounds[-1].stage != "waiting":
        yield gr.skip(), gr.skip()
        return
    earlier, now = rounds[:-1], rounds[-1]
    now = replace(now, stage="searching", status=searching(assistant.library, now.filters))
    yield (*earlier, now), render((*earlier, now))
    try:
        with closing(assistant.ask(now.question, history=history_of(earlier), filters=now.filters)) as events:
            for event in events:
                now = after(now, event, assistant.library)
                if now.halt.is_set():
                    yield gr.skip(), gr.skip()
                    return
                yield (*earlier, now), render((*earlier, now))
    except VerbatimError as error:
        if now.halt.is_set():
            yield gr.skip(), gr.skip()
            return
        now = replace(now, stage="failed", status="", problem=str(error))
        yield (*earlier, now), render((*earlier, now))


def after(now: Round, event: AnswerEvent, library: Library) -> Round:
    """The round with what the event tells."""
    if isinstance(event, Found):
        return replace(now, status=f"Reading {passages.counted(event.passages, 'passage')}…")
    if isinstance(event, Wrote):
        text = "\n\n".join(part for part in (now.text, event.text) if part)
        seen = {moment.citation.n for moment in now.moments}
        fresh = [citation for citation in event.citations if citation.n not in seen]
        return replace(now, text=text, moments=(*now.moments, *moments_of(fresh, library)), status="Checking…")
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


def ask_again(rounds: Rounds) -> tuple[Any, Any]:
    """The last question once more, as it was asked."""
    if not rounds or rounds[-1].working:
        return gr.skip(), gr.skip()
    last = rounds[-1]
    rounds = (*rounds[:-1], Round(last.question, last.filters, last.scope, status="Waiting…"))
    return rounds, render(rounds)


def stopped(rounds: Rounds) -> tuple[Rounds, str]:
    """The conversation with its last question given up; what was already checked stays."""
    if rounds and rounds[-1].working:
        rounds[-1].halt.set()
        rounds = (*rounds[:-1], replace(rounds[-1], stage="stopped", status="", problem="Stopped."))
    return rounds, render(rounds)


def cleared(rounds: Rounds) -> tuple[Rounds, str, str]:
    """An empty conversation; what is being answered in the old one is halted."""
    for round_ in rounds:
        round_.halt.set()
    return (), "", render(())


def give_up(rounds: Rounds) -> tuple[Rounds, str]:
    """The conversation after a fault of ours; the traceback is in the server's log."""
    problem = "Something went wrong here while answering. The conversation is kept; try asking again."
    if rounds and rounds[-1].working:
        rounds = (*rounds[:-1], replace(rounds[-1], stage="failed", status="", problem=problem))
    return rounds, render(rounds)


def render(rounds: Rounds, *, live: bool = True) -> str:
    """The last round as HTML, the one that streams; with `live` off, all of them, as what has been said before."""
    return passages.conversation(
        [
            passages.round_(
                number,
                round_.question,
                scope=round_.scope,
                status=round_.status,
                text=round_.text,
                answer=round_.answer,
                problem=round_.problem,
                moments=round_.moments,
                nearest=round_.nearest,
            )
            for number, round_ in enumerate(rounds, start=1)
            if not live or number == len(rounds)
        ],
        live=live,
    )


def history_of(rounds: Rounds) -> list[dict[str, str]]:
    """The finished questions and answers, oldest first, as the assistant takes them."""
    return [
        message
        for round_ in rounds
        if round_.answer
        for message in (
            {"role": "user", "content": round_.question},
            {"role": "assistant", "content": round_.answer.answer},
        )
    ]


def moments_of(citations: Sequence[Citation], library: Library, *, known: Sequence[Moment] = ()) -> tuple[Moment, ...]:
    """Each citation in its surroundings; those already `known` are not looked up again."""
    ready = {moment.citation: moment for moment in known}
    fresh = [citation for citation in citations if citation not in ready]
    episodes = {name: library.episode(name) for name in {citation.episode for citation in fresh}}
    for citation in fresh:
        episode = episodes[citation.episode]
        ready[citation] = moment_of(citation, episode, audio_address(episode, library))
    return tuple(ready[citation] for citation in citations)


def audio_address(episode: Episode, library: Library) -> str | None:
    """Where the browser gets the audio: from this server by the episode's id, or from where it is published."""
    if library.audio_file(episode.id):
        return passages.LOCAL_AUDIO + quote(episode.id, safe="")
    return passages.web_address(episode.audio)


def searching(library: Library, filters: Filters) -> str:
    """`Searching 7 episodes…`, the filters taken into account."""
    return f"Searching {passages.counted(len(matching(library.summaries(), filters)), 'episode')}…"


def matching(summaries: list[EpisodeSummary], filters: Filters) -> list[EpisodeSummary]:
    """The episodes that the filters leave."""
    return [
        summary
        for summary in summaries
        if (not filters.show or summary.show == filters.show)
        and (not filters.episode or summary.id == filters.episode)
        and (not filters.guest or any(person.name == filters.guest for person in summary.people))
    ]


def scope_of(library: Library, filters: Filters) -> str:
    """What a question was narrowed to, in words; "" where it was not."""
    title = next((summary.title for summary in library.summaries() if summary.id == filters.episode), None)
    parts = [part for part in (filters.show, title) if part]
    return " · ".join([*(f"In {part}" for part in parts), *([f"By {filters.guest}"] if filters.guest else [])])


def furnish(library: Library) -> list[Any]:
    """What a fresh page shows of the library as it is now: greeting, examples, filters."""
    summaries = library.summaries()
    people = people_in(summaries)
    questions = examples_from(summaries)
    buttons = [
        gr.update(value=questions[at] if at < len(questions) else "", visible=at < len(questions))
        for at in range(MOST_EXAMPLES)
    ]
    shows = sorted({summary.show for summary in summaries})
    return [
        passages.welcome(people, audible=any(summary.audio for summary in summaries)),
        *buttons,
        gr.update(choices=choices("All shows", shows), value=EVERY, visible=len(shows) > 1),
        *narrow(library, EVERY),
    ]


def narrow(library: Library, show: str) -> list[Any]:
    """The episodes and people to choose from within a show, both set back to all of them."""
    summaries = matching(library.summaries(), Filters(show=show or None))
    newest_first = sorted(summaries, key=lambda summary: summary.date or "", reverse=True)
    titles = [(summary.title, summary.id) for summary in newest_first]
    return [
        gr.update(choices=[("All episodes", EVERY), *titles], value=EVERY),
        gr.update(choices=choices("Everybody", people_in(summaries)), value=EVERY),
    ]


def choices(every: str, names: list[str]) -> list[tuple[str, str]]:
    """A filter's choices, as (what is shown, what is meant); the first means no filter."""
    return [(every, EVERY), *((name, name) for name in names)]


def people_in(summaries: list[EpisodeSummary]) -> list[str]:
    """Who speaks, guests first, then by how long they speak."""
    spoken: dict[str, float] = {}
    guests: set[str] = set()
    for summary in summaries:
        for person in summary.people:
            spoken[person.name] = spoken.get(person.name, 0.0) + (person.seconds or 0.0)
            if person.role == "guest":
                guests.add(person.name)
    return sorted(spoken, key=lambda name: (name not in guests, -spoken[name], name))


def examples_from(summaries: list[EpisodeSummary]) -> list[str]:
    """Up to four questions that this library can be asked, from its people and titles, newest episodes first."""
    questions: dict[str, None] = {}
    for summary in sorted(summaries, key=lambda summary: summary.date or "", reverse=True):
        guest = next((person.name for person in summary.people if person.role == "guest"), None)
        topic = topic_of(summary)
        if summary.title.endswith("?"):
            questions[summary.title] = None
        elif topic:
            questions[f"What did {guest} say about {topic}?" if guest else f"What was said about {topic}?"] = None
    return list(questions)[:MOST_EXAMPLES]


def topic_of(summary: EpisodeSummary) -> str:
    """The part of a title that is about something: `Elon Musk: Tesla Autopilot | Podcast #18` is `Tesla Autopilot`."""
    names = {word.lower() for person in summary.people for word in person.name.split() if len(word) > 2}
    for part in re.split(r"\s*[:|,–—]\s*|\s+-\s+", summary.title):
        words = part.split()
        about_nobody = not names & {word.lower() for word in words}
        if words and about_nobody and not re.search(r"#\d|\b(episode|podcast|ep\.?)\b", part, re.IGNORECASE):
            return re.sub(r"^(The|A|An)\b", lambda article: article[0].lower(), part)
    return ""
