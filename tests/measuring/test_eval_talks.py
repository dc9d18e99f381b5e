"""Conversations are measured turn by turn, after the program's own answers; and whether each was understood as it is meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from talks import write_talk

from eval.run.runner import evaluate
from eval.sets.readers import read_set
from index.errors import VerbatimError
from index.library import Library
from rag.assistant import Assistant
from rag.settings import Settings

DATA = Path(__file__).resolve().parents[2] / "eval/data"
BEECH = "I burn nothing but beech wood in the lamps of my shed."
OIL = "We burn whale oil in all of the lamps, because it never freezes."
TURNS = [
    {"question": "What does Bo burn in the lamps?", "complete": True, "people": ["Bo Lund"],
     "gold": [{"episode": "spout", "text": BEECH}]},
    {"question": "And Cat?", "whole": "What does Cat burn in the lamps?", "people": ["Cat Moor"],
     "gold": [{"episode": "lamps", "text": OIL}]},
    {"question": "Which episode is that from?", "verdict": "about_library", "answer": "Lamps at Sea"},
]  # fmt: skip


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    folder = tmp_path_factory.mktemp("mended")
    for name, title, who, words in (("lamps", "Lamps at Sea", "Cat Moor", OIL), ("spout", "A Spout", "Bo Lund", BEECH)):
        lines = (("Ann Dale", "What do you burn in your lamps at night?"), (who, words))
        people = [{"name": "Ann Dale", "role": "host"}, {"name": who, "role": "guest"}]
        write_talk(
            folder / "talks", name, lines, title=title, show="Mended", date="2023-05-02", duration=60, people=people
        )
    Library.create(folder / "library", "hashing").add([folder / "talks"])
    return Assistant.open(folder / "library")


def written(folder: Path, *turns: dict[str, object]) -> Path:
    file = folder / "talk.jsonl"
    file.write_text(json.dumps({"id": "t", "half": "dev", "turns": turns}), "utf-8")
    return file


def test_a_conversation_is_asked_turn_by_turn_after_its_own_answers(assistant: Assistant, tmp_path: Path) -> None:
    questions = read_set(written(tmp_path, *TURNS)).questions
    assert [asked.id for asked in questions] == ["t.1", "t.2", "t.3"] and {asked.talk for asked in questions} == {"t"}
    result = evaluate(assistant, questions, Settings())
    first, second, third = result["questions"]
    assert [row["error"] for row in result["questions"]] == [None] * 3
    assert second["asked"] == "What does Cat Moor burn in the lamps?"
    assert (
        second["history"][1]["content"] == first["answer"] and second["history"][1]["citations"] == first["citations"]
    )
    assert second["metrics"]["scope_right"] == 1.0 and second["metrics"]["corrupted"] == 0.0
    assert "Lamps at Sea" in third["answer"] and third["metrics"]["verdict_right"] == 1.0


def test_what_the_set_takes_the_answer_to_be_stands_in_its_place(assistant: Assistant, tmp_path: Path) -> None:
    source = {"episode": "lamps", "text": OIL, "speaker": "Cat Moor"}
    asked = {**TURNS[0], "reply": "Did you mean Cat Moor?", "sources": [source]}
    result = evaluate(
        assistant, read_set(written(tmp_path, asked, {**TURNS[1], "question": "yes"})).questions, Settings()
    )
    last = result["questions"][-1]
    assert last["history"][1] == {
        "role": "assistant", "content": "Did you mean Cat Moor?",
        "citations": [{"n": 1, "speaker": "Cat Moor", "episode": "lamps", "quote": OIL}],
    }  # fmt: skip
    assert last["asked"] == "What does Cat Moor burn in the lamps?"


def test_a_turn_without_a_question_is_refused_by_its_line(tmp_path: Path) -> None:
    with pytest.raises(VerbatimError, match=r"talk\.jsonl"):
        read_set(written(tmp_path, {"verdict": "answered"}))


@pytest.mark.parametrize(("name", "least"), [("conversations", 300), ("scope_questions", 80), ("odd_questions", 60)])
def test_our_own_sets_have_both_halves_and_say_how_each_question_is_meant(name: str, least: int) -> None:
    questions = read_set(DATA / f"{name}.jsonl").questions
    assert len(questions) >= least and {asked.half for asked in questions} == {"dev", "test"}
    assert all(asked.meant for asked in questions)
