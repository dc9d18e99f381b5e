"""What a question carries on: shown as chips, taken away with a click, and handed on with the conversation."""

from __future__ import annotations

from pathlib import Path

import pytest
from talks import write_show

from index.library import Library
from rag.answer import Answer, Carried, Searched
from rag.question.scope import Filters
from ui.api import BadValue, checked_history, checked_without
from ui.listeners import answers
from ui.listeners.chat import cleared, pressed
from ui.listeners.conversation import Round, history_of, packed, unpacked

WHOLE = "Why? (What does Bo say about kettles?)"
ANSWER = Answer(
    "Why?", WHOLE, "answered", "Tin.", (), (), Searched(1, 60.0), "extractive", None,
    carried=(Carried("person", "Bo <b>"), Carried("topic", "kettles")), limits="“A Spout”",
)  # fmt: skip
ROUND = Round("Why?", stage="done", answer=ANSWER)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    made = Library.create(tmp_path / "library", "hashing")
    made.add([write_show(tmp_path / "talks")])
    return made


def test_chips_stand_under_the_question_and_only_the_last_ones_come_off() -> None:
    last, earlier = answers.round_(2, "Why?", answer=ANSWER, latest=True), answers.round_(1, "Why?", answer=ANSWER)
    assert 'data-drop="person"' in last and "Bo &lt;b&gt;" in last and "<b>" not in last and "about: kettles" in last
    assert "data-drop" not in earlier and "about: kettles" in earlier and "Understood" not in last


def test_a_chip_that_comes_off_asks_the_question_again_without_it(library: Library) -> None:
    rounds = pressed(library, (ROUND,), ("",) * 6, {"drop": "topic"})["rounds"]
    assert [(one.question, one.without, one.stage) for one in rounds] == [("Why?", ("topic",), "waiting")]
    again = (Round("Why?", without=("topic",), stage="done", answer=ANSWER),)
    assert pressed(library, again, ("",) * 6, {"drop": "person"})["rounds"][-1].without == ("topic", "person")
    assert pressed(library, (ROUND,), ("",) * 6, {"drop": "everything"}) == {}


def test_a_new_conversation_clears_the_filters(library: Library) -> None:
    changes = cleared(library, (Round("Why?", Filters(guest="Bo")),))
    assert changes["rounds"] == () and "Clear filters" not in changes["remain"]
    assert (changes["role"], changes["since"], changes["until"]) == ("", "", "")
    assert [changes[name]["value"] for name in ("show", "episode", "person")] == ["", "", ""]


def test_a_conversation_hands_on_what_was_understood(library: Library) -> None:
    assert history_of((ROUND,))[1] == {"role": "assistant", "content": "Tin.", "asked": WHOLE, "citations": []}
    (back,) = unpacked(packed((ROUND,)), library)
    assert back.answer is not None and (back.answer.carried, back.answer.limits) == (ANSWER.carried, "“A Spout”")


def test_programs_say_what_is_not_to_be_carried_on() -> None:
    assert checked_without(["topic"]) == ("topic",) and checked_without(None) == ()
    with pytest.raises(BadValue, match="without"):
        checked_without(["verdict"])
    message = {"role": "assistant", "content": "Tin.", "asked": WHOLE, "citations": [{"n": 1}, "?"], "other": 1}
    assert checked_history([message]) == [
        {"role": "assistant", "content": "Tin.", "asked": WHOLE, "citations": [{"n": 1}]}
    ]
