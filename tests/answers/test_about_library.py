"""Small talk and questions about the library are answered from its lists; questions that only look like them are searched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from talks import write_show

from index.library import EpisodeSummary, Library, Speaker
from rag.answer import Asked, Done, Wrote
from rag.assistant import Assistant
from rag.question.about_library import reply_to
from rag.question.conversation import Exchange
from rag.question.question import exchanges_of
from rag.question.scope import Filters

DATA = Path(__file__).resolve().parents[2] / "eval/data"


def summary(id: str, title: str, date: str | None, duration: float | None, *people: tuple[str, str]) -> EpisodeSummary:
    speakers = tuple(Speaker(name, role, 100, 60.0) for name, role in people)
    return EpisodeSummary(
        id, "Mended", title, date, speakers, duration, "vtt", (), (), 1, None, None, "On old tin.", (), ""
    )


EPISODES = (
    summary("one", "The Copper Kettle", "2024-02-01", 600.0, ("Ann Dale", "host"), ("Joss Wells", "guest")),
    summary("two", "A Lantern", None, None, ("Ann Dale", "host"), ("Cat Moor", "guest"), ("Speaker 3", "unknown")),
)


def conversation(*earlier: str) -> list[Exchange]:
    return exchanges_of([{"role": "user", "content": one} for one in earlier], EPISODES)


def text(question: str, *earlier: str) -> str:
    found = reply_to(question, episodes=EPISODES, conversation=conversation(*earlier))
    assert found is not None, question
    return found.text


@pytest.mark.parametrize("said", ["hi", "Hello there!", "Good morning", "thanks", "Thank you very much!", "Who are you?", "bye",
                                  "What can you do?", "help", "Are you a robot?", "how are you today?"])  # fmt: skip
def test_small_talk_is_answered_with_what_can_be_asked(said):
    assert reply_to(said, episodes=EPISODES).kind == "small_talk"


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Who are the guests?", ["Joss Wells: The Copper Kettle", "Cat Moor: A Lantern"]),
        ("Who is the host?", ["The host is Ann Dale"]),
        ("Which episodes do you have?", ["2 episodes", "The Copper Kettle (Mended, 2024-02-01, 10:00"]),
        ("Please list all episodes", ["A Lantern"]),
        ("How many episodes are there?", ["2 episodes, 10:00"]),
        ("How many episodes with Joss?", ["Joss Wells speaks in 1 episode", "The Copper Kettle"]),
        ("When was Joss's episode?", ["“The Copper Kettle” is dated 2024-02-01"]),
        ("When was A Lantern published?", ["has no date"]),
        ("What is The Copper Kettle about?", ["On old tin.", "Joss Wells (guest)"]),
        ("How long is the copper kettle?", ["10:00 long"]),
        ("How long is A Lantern?", ["not known"]),
        ("What is this episode about?", ["Which episode do you mean?"]),
        ("Which shows do you have?", ["1 show: Mended"]),
        ("Who speaks in A Lantern?", ["Ann Dale (host) and Cat Moor (guest)"]),
    ],
)
def test_a_question_about_the_library_is_answered_with_its_episodes_named(question, told):
    assert all(part in text(question) for part in told), text(question)
    assert "Speaker 3" not in text(question)


def test_it_is_the_episode_that_was_just_asked_about():
    assert "10:00 long" in text("How long is it?", "What is The Copper Kettle about?")
    assert reply_to("How long is it?", episodes=EPISODES) is None
    assert reply_to("How long is it?", episodes=EPISODES, conversation=conversation("What did Joss say of it?")) is None
    assert "10:00 long" in reply_to("How long is it?", episodes=EPISODES[:1]).text


@pytest.mark.parametrize(
    "question", ["What was said in the episode called The Iron Whale?", "What did he say in episode 12?"]
)
def test_an_episode_that_is_not_here_is_said_to_be_so_with_the_nearest(question):
    found = reply_to(question, episodes=EPISODES)
    assert not found.found and "No episode here is called" in found.text and "The Copper Kettle" in found.text


def test_an_episode_that_is_here_is_searched():
    assert reply_to("What did he say in the episode called A Lantern?", episodes=EPISODES) is None
    assert reply_to("What did he say in the episode called The Coper Kettle?", episodes=EPISODES) is None


@pytest.mark.parametrize(
    "question",
    ["Who are the guests of the hotel that he mentions?", "Who is the host of the party?",
     "How many episodes of flooding were there?", "How long is the crossing?",
     "What is the kettle about to do?", "thanks to whom was it built?", "Who are you talking about?",
     "Hi Joss, what did you burn?", "What can you do with a dry plank?", "help, how do I mend a kettle?", ""],
)  # fmt: skip
def test_what_only_looks_like_such_a_question_is_searched(question):
    assert reply_to(question, episodes=EPISODES) is None


def test_no_question_of_the_sets_is_taken_for_one():
    for name in ("samples", "episode_page", "refusals", "follow_ups"):
        for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            before = exchanges_of(row.get("history") or (), EPISODES)
            assert reply_to(row["question"], episodes=EPISODES, conversation=before) is None, row["id"]


def test_the_assistant_answers_them_without_a_search(tmp_path):
    Library.create(tmp_path / "library", "hashing").add([write_show(tmp_path / "talks")])
    assistant = Assistant.open(tmp_path / "library")
    events = list(assistant.ask("Which episodes do you have?"))
    assert [type(event) for event in events] == [Asked, Wrote, Done]
    answer = events[-1].answer
    assert (answer.kind, answer.verdict, answer.writer, answer.citations) == ("library", "answered", "library", ())
    assert all(episode.title in answer.answer for episode in assistant.library.summaries())
    only = list(assistant.ask("Which episodes do you have?", filters=Filters(episode="kettle")))[-1].answer
    assert only.answer.startswith("1 episode") and only.searched.episodes == 1
    missing = list(assistant.ask("What was said in the episode called The Iron Whale?"))[-1].answer
    assert (missing.kind, missing.verdict) == ("library", "not_said")
