"""The listeners' functions for programs: ask, search, episodes, transcript; for gradio_client, over HTTP and as MCP tools.

Their names, types and docstrings are the interface that programs see. What they say of the library is what a listener
can see of it: no file, folder, setting or staff function is within reach.
"""

# Without `from __future__ import annotations`: Gradio reads what a function returns from the annotation itself.
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, get_args

import gradio as gr

from index.errors import LibraryError, VerbatimError
from rag.answer import Answer, CarriedKind, Done
from rag.as_json import episode_json, episodes_json
from rag.assistant import Assistant
from rag.question.question import LONGEST_QUESTION
from rag.question.scope import Filters
from rag.search.export import passage_json
from ui.door.calls import refusal
from ui.door.leaving import has_left
from ui.door.limits import Door

LONGEST_NAME = 300
MOST_PASSAGES = 100
MOST_HISTORY = 50  # messages; only the last few tell what a follow-up is about
LONGEST_MESSAGE = 20_000
MOST_CITATIONS = 50  # of one message


class BadValue(VerbatimError):
    """An argument that can't be meant: names it, its fault and what it should be."""


def api_functions(assistant: Assistant, door: Door) -> None:
    """The four functions, in the Blocks that is open."""
    for function in (api_ask, api_search, api_episodes, api_transcript):
        made = function(assistant, door)
        # Not queued: they stand in the door's own line, and an MCP tool then runs here, for whoever called it.
        gr.api(made, api_name=made.__name__, queue=False, concurrency_limit=None)


def api_ask(assistant: Assistant, door: Door) -> Callable[..., Awaitable[Any]]:
    """The function `ask`."""

    def answer_of(question: str, history: list[dict[str, Any]], filters: Filters, without: tuple[str, ...]) -> Answer:
        for event in assistant.ask(question, history=history, filters=filters, without=without):
            if isinstance(event, Done):
                return event.answer
        raise RuntimeError("the assistant stopped before its last event")

    async def ask(
        question: str,
        request: gr.Request,
        history: list[dict[str, Any]] | None = None,
        show: str = "",
        episode: str = "",
        guest: str = "",
        role: Literal["", "host", "guest"] = "",
        since: str = "",
        until: str = "",
        without: list[str] | None = None,
    ) -> dict[str, Any]:
        """Answers a question about what people said in these podcast episodes, in their own words.

        Every quote is checked against the transcript, word for word, and so is who said it. Where nobody said it, the
        verdict says so and `nearest` has what comes nearest.

        Parameters:
            question: What you want to know, in a sentence, with the person's name where it is about one.
            history: Earlier questions and answers, oldest first, each {"role": "user" or "assistant", "content": text}; an
                answer may bring its `asked` and `citations`, so that "the second one" is surely the one that was shown.
            show: Only this show, by its name; empty for all.
            episode: Only this episode, by its id as `episodes` lists it; empty for all.
            guest: Only what this person said, by name; empty for everybody.
            role: Only what hosts or only what guests said: "host" or "guest"; empty for both.
            since: Only episodes from this day on, as 2024-02-01, 2024-02 or 2024; empty for all.
            until: Only episodes up to this day, this month or this year; empty for all.
            without: What not to carry on from earlier questions: "person", "topic", "episode".
        Returns:
            The answer: `verdict` (answered, said_by_other, asked_not_answered, not_said or unknown_person), `answer` with
            marks like [1], `citations` with speaker, role, show, episode, date, start and end in seconds and the exact words,
            `nearest` where there is no answer, what was `searched`, what was `carried` on from earlier questions, and
            the episodes to which the question `limits` itself.
        """
        with told():
            asked, filters = checked_question(question), Filters.parse(show, episode, guest, role, since, until)
            messages, dropped = checked_history(history), checked_without(without)
            gone = partial(has_left, request)
            async with door.admitted(*caller(request), gone):
                return (await door.run(answer_of, asked, messages, filters, dropped, gone=gone)).to_json()

    return ask


def api_search(assistant: Assistant, door: Door) -> Callable[..., Awaitable[Any]]:
    """The function `search`."""

    async def search(
        topic: str,
        request: gr.Request,
        show: str = "",
        episode: str = "",
        guest: str = "",
        role: Literal["", "host", "guest"] = "",
        since: str = "",
        until: str = "",
        limit: int = 10,
    ) -> list[dict[str, Any]]:
        """Finds passages about a topic in these podcast episodes, best first, with who says them and when.

        Parameters:
            topic: A few words or a question.
            show: Only this show, by its name; empty for all.
            episode: Only this episode, by its id as `episodes` lists it; empty for all.
            guest: Only passages of this person, by name; empty for everybody.
            role: Only passages of hosts or only of guests: "host" or "guest"; empty for both.
            since: Only episodes from this day on, as 2024-02-01, 2024-02 or 2024; empty for all.
            until: Only episodes up to this day, this month or this year; empty for all.
            limit: How many passages at most, 1 to 100.
        Returns:
            Passages, each with the exact words (`quote`), speaker, role, show, episode, date, start and end in seconds,
            and `score` (higher is better).
        """
        with told():
            asked, filters = checked_question(topic), Filters.parse(show, episode, guest, role, since, until)
            most = checked_limit(limit)
            gone = partial(has_left, request)
            async with door.admitted(*caller(request), gone):
                found = await door.run(assistant.search, asked, filters, limit=most, gone=gone)
                return [passage_json(citation) for citation in found]

    return search


def api_episodes(assistant: Assistant, door: Door) -> Callable[..., Awaitable[Any]]:
    """The function `episodes`."""

    async def episodes(request: gr.Request) -> list[dict[str, Any]]:
        """Lists every episode that can be asked about.

        Returns:
            Episodes, each with id, show, title, date, people (name, role, seconds and words spoken), duration in seconds,
            format, and where its speakers and times come from.
        """
        with told():
            gone = partial(has_left, request)
            async with door.admitted(*caller(request), gone):
                return episodes_json(await door.run(assistant.library.summaries, gone=gone))

    return episodes


def api_transcript(assistant: Assistant, door: Door) -> Callable[..., Awaitable[Any]]:
    """The function `transcript`."""

    async def transcript(episode: str, request: gr.Request) -> dict[str, Any]:
        """Gives the whole transcript of one episode: who says what, and when.

        Parameters:
            episode: The episode's id, as `episodes` lists it.
        Returns:
            The episode with its turns in order, each with speaker, role, how the speaker is known (labelled, recovered or
            unknown), start and end in seconds, the text, and its sentences with their times.
        """
        with told():
            wanted = checked_name(episode, "episode")
            if not wanted:
                raise BadValue("episode is empty. Give an episode's id, as `episodes` lists it.")
            gone = partial(has_left, request)
            async with door.admitted(*caller(request), gone):
                return episode_json(await door.run(assistant.library.episode, wanted, gone=gone))

    return transcript


@contextmanager
def told() -> Iterator[None]:
    """A block whose faults are told to the caller in a clear line; what is the house's own business is not."""
    try:
        yield
    except LibraryError as fault:
        raise gr.Error("The library can't be read just now. Try again later.", print_exception=False) from fault
    except VerbatimError as fault:
        line = str(fault).replace("See them all with: verbatim episodes", "`episodes` lists them all.")
        raise refusal(line) from fault


def caller(request: gr.Request) -> tuple[str | None, str | None]:
    """The session and the network address of who calls, as the limits count them."""
    address = request.client.host if request.client else None
    return getattr(request, "session_hash", None), address


# Bad values are refused here, each by its name


def checked_question(text: object) -> str:
    """A question without the space around it. BadValue: it is empty or too long."""
    question = text.strip() if isinstance(text, str) else ""
    if not 1 <= len(question) <= LONGEST_QUESTION:
        raise BadValue(f"A question has 1 to {LONGEST_QUESTION} characters.")
    return question


def checked_name(value: object, name: str) -> str:
    """A text without the space around it. BadValue: it is none, or too long."""
    text = "" if value is None else value
    if not isinstance(text, str) or len(text) > LONGEST_NAME:
        raise BadValue(f"{name} should be text of at most {LONGEST_NAME} characters.")
    return text.strip()


def checked_limit(value: object) -> int:
    """A number of passages. BadValue: it is none that can be given."""
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())  # which nan and inf are not
    if not whole or isinstance(value, bool) or not 1 <= value <= MOST_PASSAGES:  # type: ignore[operator]
        raise BadValue(f"limit is {str(value)[:40]!r}. It should be a whole number from 1 to {MOST_PASSAGES}.")
    return int(value)  # type: ignore[call-overload]


def checked_without(without: object) -> tuple[str, ...]:
    """Kinds of what is carried on. BadValue: one that is none."""
    kinds = [] if without is None else without
    if not isinstance(kinds, list) or any(kind not in get_args(CarriedKind) for kind in kinds):
        raise BadValue(f"without should be a list of some of: {', '.join(get_args(CarriedKind))}.")
    return tuple(kinds)


def checked_history(history: object) -> list[dict[str, Any]]:
    """The messages with the fields that are read; those before the last MOST_HISTORY are left out."""
    should_be = 'It should be a list of {"role": "user" or "assistant", "content": text}, oldest first.'
    if history is None:
        return []
    if not isinstance(history, list):
        raise BadValue(f"history is no list. {should_be}")
    messages = []
    for message in history[-MOST_HISTORY:]:
        known = isinstance(message, dict) and message.get("role") in ("user", "assistant")
        content = message.get("content") if known else None
        if not isinstance(content, str):
            raise BadValue(f"history has a message that can't be read. {should_be}")
        kept: dict[str, Any] = {"role": message["role"], "content": content[:LONGEST_MESSAGE]}
        if isinstance(asked := message.get("asked"), str):
            kept["asked"] = asked[:LONGEST_QUESTION]
        if isinstance(citations := message.get("citations"), list):
            kept["citations"] = [one for one in citations[:MOST_CITATIONS] if isinstance(one, dict)]
        messages.append(kept)
    return messages
