"""Follow-ups rewritten by a model, believed only where it adds nothing; and "tell me more"."""

from __future__ import annotations

from pathlib import Path

import pytest
from endpoint import Endpoint
from talks import write_talk

from index.library import Library
from rag.answer import Answer, Asked, Done
from rag.assistant import NOTHING_MORE, Assistant
from rag.question.rewritten import believable, condense
from rag.settings import Settings

HISTORY = [
    {"role": "user", "content": "What did Bo Lund say about the copper kettle?"},
    {"role": "assistant", "content": "Bo Lund said: “I soldered a ring of tin around the spout of the kettle.” [1]"},
]


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        ("And why did he do that?", "Why did Bo Lund solder a ring of tin around the spout of the kettle?"),
        ("What about an umbrella?", "What did Bo Lund say about an umbrella?"),
        ("Did it leak?", "“Did the copper kettle leak?”"),
        ("Did it leak?", "<think>It is the kettle. [1]</think>\nDid the copper kettle leak?\n"),
        ("Who is Cat Moor?", "Who is Cat Moor?"),
    ],
)
def test_a_follow_up_is_made_whole_by_the_model(endpoint: Endpoint, question: str, reply: str) -> None:
    endpoint.says = [reply]
    whole = condense(endpoint.settings(), question, HISTORY)
    assert whole == reply.rpartition("</think>")[2].strip().strip("“”")
    sent = endpoint.asked[0]["messages"][1]["content"]
    assert "Question: What did Bo Lund say about the copper kettle?\nAnswer: Bo Lund said:" in sent
    assert sent.rstrip("~\n").endswith(question)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Did Zelda Quint's kettle leak?",  # a name from nowhere
        "Did the copper kettle leak in 1987?",  # a number from nowhere
        "What is the weather like on the moon tonight?",  # another question
        "It did not leak a drop.\nThat is the answer.",
        "Did the kettle leak? [1]",
        "Did the kettle leak, see https://evil.example",
        "<b>Did the kettle leak?</b>",
        "Did the copper kettle leak? " * 40,
        "<think>never done",
    ],
)
def test_what_adds_something_is_not_believed(endpoint: Endpoint, reply: str) -> None:
    endpoint.says = [reply]
    assert condense(endpoint.settings(), "Did it leak?", HISTORY) is None


def test_a_question_that_is_forgotten_is_another_question() -> None:
    conversation = "Question: What did Bo Lund say about the copper kettle?"
    assert not believable("What did Bo Lund say about the copper kettle?", "And the price of umbrellas?", conversation)
    assert believable("What did Bo Lund say about the price of umbrellas?", "And the price of umbrellas?", conversation)


@pytest.mark.parametrize(
    "misbehave", [{"status": 500}, {"status": 401}, {"raw": "data: {not json}\n\n"}, {"cut": True}]
)
def test_a_model_that_fails_leaves_it_to_the_rules(endpoint: Endpoint, misbehave: dict[str, object]) -> None:
    for name, value in misbehave.items():
        setattr(endpoint, name, value)
    assert condense(endpoint.settings(), "Did it leak?", HISTORY) is None


def test_nobody_is_asked_without_a_model_or_a_conversation(endpoint: Endpoint) -> None:
    assert condense(Settings(), "Did it leak?", HISTORY) is None
    assert condense(endpoint.settings(), "Did it leak?", []) is None
    assert condense(endpoint.settings(), "Did it leak?", [{"role": "user", "content": "  "}]) is None
    assert endpoint.asked == []


def test_a_long_conversation_is_told_from_its_end(endpoint: Endpoint) -> None:
    long = [{"role": "user", "content": f"Question number {n}? " + "word " * 400} for n in range(30)]
    condense(endpoint.settings(), "And then?", long)
    sent = endpoint.asked[0]["messages"][1]["content"]
    assert "number 29" in sent and "number 10" not in sent and len(sent) < 6000


# More of it


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    folder = tmp_path_factory.mktemp("kettles")
    lines = [("Bo Lund", f"A copper kettle needs {what} before anything else is done.") for what in
             ("tin", "patience", "a lid", "a clean spout", "a dry shelf", "good light", "a soft cloth", "a name")]  # fmt: skip
    between = ("Ann Hale", "And what does it need then?")
    write_talk(
        folder / "talks", "needs", tuple(line for spoken in lines for line in (between, spoken)),
        title="Needs", show="Mended", date="2024-02-01", duration=120, people=[{"name": "Bo Lund", "role": "guest"}],
    )  # fmt: skip
    Library.create(folder / "library", "hashing").add([folder / "talks"])
    return Assistant.open(folder / "library", Settings())


def ask(assistant: Assistant, question: str, **given: object) -> Answer:
    return next(event.answer for event in assistant.ask(question, **given) if isinstance(event, Done))


def test_each_time_more_is_asked_for_other_quotes_come_until_there_are_none(assistant: Assistant) -> None:
    question = "What does a copper kettle need before anything else is done?"
    seen: set[str] = set()
    for more in range(10):
        answer = ask(assistant, question, more=more)
        if answer.verdict != "answered":
            break
        quotes = {citation.quote for citation in answer.citations}
        assert 1 <= len(quotes) <= 3 and not quotes & seen
        seen |= quotes
    assert 1 < more < 10
    assert (answer.verdict, answer.answer, answer.nearest) == ("not_said", NOTHING_MORE, ())


def test_tell_me_more_in_a_conversation_is_the_same(assistant: Assistant) -> None:
    question = "What does a copper kettle need before anything else is done?"
    first = ask(assistant, question)
    history = [{"role": "user", "content": question}, {"role": "assistant", "content": first.answer}]
    events = list(assistant.ask("Tell me more.", history))
    (asked,) = (event for event in events if isinstance(event, Asked))
    (done,) = (event.answer for event in events if isinstance(event, Done))
    assert asked.asked == question and done.question == "Tell me more."
    assert done.citations == ask(assistant, question, more=1).citations != first.citations


def test_the_question_made_whole_is_shown_and_its_tokens_are_counted(endpoint: Endpoint, assistant: Assistant) -> None:
    endpoint.usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    endpoint.replies = lambda asked: (
        "What else does the copper kettle need?" if asked.startswith("The conversation") else "Bo Lund says so [1]."
    )
    settings = endpoint.settings(library=str(assistant.library.folder))
    events = list(Assistant.open(Path(settings.library), settings).ask("What else does it need?", HISTORY))
    assert (
        events[0] == Asked("What else does the copper kettle need?", ("Bo Lund",))
        or events[0].asked == "What else does the copper kettle need?"
    )
    done = events[-1]
    assert isinstance(done, Done)
    assert done.answer.tokens == {"input": 100 * len(endpoint.asked), "output": 10 * len(endpoint.asked)}
