"""Feedback: kept for good, also in a library older than it, also while somebody writes; limited in size and in how often."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from browsing import make_small_library

from index.errors import LibraryError
from index.library import Library
from index.library.feedback import MOST_KEPT, Feedback
from rag.answer import Done
from rag.as_json import feedback_json
from rag.assistant import Assistant
from rag.question.scope import Filters
from ui.listeners.conversation import Round
from ui.listeners.feedback import MOST_AT_ONCE, WHILE_SECONDS, Moderator
from ui.terminal.text import feedback_text
from ui.words.listeners import said


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.open(make_small_library(tmp_path))


def answered(library: Library, filters: Filters | None = None) -> Round:
    question = "What did Ben Tull say about the copper kettle?"
    events = Assistant(library).ask(question, (), filters)
    answer = next(event.answer for event in events if isinstance(event, Done))
    return Round(question, filters or Filters(), stage="done", answer=answer)


def test_feedback_is_kept_with_its_time_and_the_librarys_generation(library: Library) -> None:
    generation = library.generation()
    library.add_feedback(Feedback("missed", "Who?", "In the second half."), version="1.2")
    (kept,) = Library.open(library.folder).feedback()
    assert (kept.kind, kept.question, kept.note) == ("missed", "Who?", "In the second half.")
    assert (kept.generation, kept.version) == (generation, "1.2")
    assert kept.at.endswith("+00:00")
    assert library.generation() == generation, "feedback changes nothing that is found"


def test_feedback_outlives_the_episode_that_it_is_about(library: Library) -> None:
    library.add_feedback(Feedback("right", "Who?"))
    library.remove("kettle")
    assert [kept.kind for kept in library.feedback()] == ["right"]


def test_a_library_from_before_there_was_feedback_takes_it(library: Library) -> None:
    with sqlite3.connect(library.folder / "library.db") as connection:
        connection.execute("DROP TABLE feedback")
    connection.close()
    older = Library.open(library.folder)
    assert older.feedback() == []
    assert older.check() == []
    older.add_feedback(Feedback("right", "Who?"))
    assert [kept.question for kept in Library.open(library.folder).feedback()] == ["Who?"]


def test_feedback_is_not_lost_while_somebody_writes(library: Library) -> None:
    with library._writing():
        library.add_feedback(Feedback("right", "Who?"))
    assert len(library.feedback()) == 1


@pytest.mark.parametrize(
    "feedback",
    [
        Feedback("praise", "Who?"),  # type: ignore[arg-type]
        Feedback("note", "Who?", "x" * 2001),
        Feedback("right", "x" * 2001),
        Feedback("right", "Who?", about="x" * 64_001),
    ],
    ids=["kind", "note", "question", "about"],
)
def test_feedback_that_no_listener_writes_is_refused(library: Library, feedback: Feedback) -> None:
    with pytest.raises(LibraryError):
        library.add_feedback(feedback)
    assert library.feedback() == []


def test_a_library_takes_so_much_feedback_and_no_more(library: Library) -> None:
    library.add_feedback(Feedback("right", "Who?"))
    with sqlite3.connect(library.folder / "library.db") as connection:
        copies = f"WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {MOST_KEPT})"
        connection.execute(
            f"{copies} INSERT INTO feedback (given_at, kind, question, note, about, generation, version)"
            " SELECT '', 'right', '', '', '{}', 0, '' FROM n"
        )
    connection.close()
    with pytest.raises(LibraryError, match="takes no more"):
        library.add_feedback(Feedback("right", "Who?"))


def test_what_is_kept_names_the_answer_and_its_filters(library: Library) -> None:
    round_ = answered(library, Filters(guest="Ben Tull", since="2024-01-01"))
    assert Moderator(library).take(round_, "wrong_time", "", "127.0.0.1") == said("thanks")
    (told,) = feedback_json(library.feedback())
    assert told["filters"] == {"person": "Ben Tull", "since": "2024-01-01"}
    assert told["answer"] == json.loads(json.dumps(round_.answer.to_json()))
    assert told["kind"] == "wrong_time"


def test_one_address_may_say_so_much_and_then_waits(library: Library) -> None:
    now = [100.0]
    moderator, round_ = Moderator(library, lambda: now[0]), answered(library)
    told = [moderator.take(round_, "right", "", "198.51.100.1") for _ in range(MOST_AT_ONCE + 1)]
    assert told == [said("thanks")] * MOST_AT_ONCE + [said("feedback_often")]
    assert moderator.take(round_, "right", "", "198.51.100.2") == said("thanks")
    now[0] += WHILE_SECONDS
    assert moderator.take(round_, "right", "", "198.51.100.1") == said("thanks")
    assert len(library.feedback()) == MOST_AT_ONCE + 2


@pytest.mark.parametrize(("kind", "note"), [("praise", ""), ("note", ""), ("note", "  ")])
def test_what_says_nothing_is_not_kept(library: Library, kind: str, note: str) -> None:
    assert Moderator(library).take(answered(library), kind, note, "") == ""
    assert Moderator(library).take(replace(answered(library), answer=None), "right", "", "") == ""
    assert library.feedback() == []


def test_the_list_has_one_line_for_each_whatever_strangers_wrote(library: Library) -> None:
    library.add_feedback(Feedback("wrong_quote", "Who\nsaid \x1b[31mthis?", "a\r\nb\u2028c"))
    (line,) = feedback_text(library.feedback()).splitlines()
    assert "wrong quote" in line and "Who said this?  — a b c" in line
    assert feedback_text([]) == "no feedback yet"
