"""A follow-up rewritten: with the words of the question before it, and only where it leans on them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.question.follow_up import rewritten

ANN, BO, CAT = "Ann Dale", "Bo Lund", "Cat Moor"
NAMES = (ANN, BO, CAT)
SET = Path(__file__).resolve().parents[2] / "eval/data/follow_ups.jsonl"


def whole(question: str, *earlier: str) -> str:
    history = [
        {"role": role, "content": text} for said in earlier for role, text in (("user", said), ("assistant", "…"))
    ]
    return rewritten(question, history, NAMES)


@pytest.mark.parametrize(
    ("before", "question", "made"),
    [
        ("What does Ann Dale think of the harbour?", "And Bo?", "What does Bo Lund think of the harbour?"),
        ("What does Ann Dale think of the harbour?", "What about Bo Lund?", "What does Bo Lund think of the harbour?"),
        ("What did Zebulon say about the harbour?", "And Bo?", "What did Bo Lund say about the harbour?"),
        ("What does Ann Dale think of kettles?", "And of spoons?", "What does Ann Dale think of spoons?"),
        ("What did Ann say about jet planes?", "And about spoons?", "What did Ann say about spoons?"),
        ("How many kettles did Bo mend in 2021?", "And in 2023?", "How many kettles did Bo mend in 2023?"),
        ("How many kettles did Bo mend?", "What about 2023?", "How many kettles did Bo mend in 2023?"),
        (
            "How many kettles does Bo mend a week?",
            "And on Fridays?",
            "How many kettles does Bo mend a week, on Fridays?",
        ),
        ("What does Ann think of kettles?", "Why?", "Why? (What does Ann think of kettles?)"),
        ("What is a gannet?", "How long does it last?", "How long does it last? (What is a gannet?)"),
        (
            "What does Bo mend?",
            "Why does he mend umbrellas by candlelight?",
            "Why does Bo Lund mend umbrellas by candlelight?",
        ),
        (
            "What does Ann's daughter want?",
            "When did she mend her old kettle?",
            "When did Ann's daughter mend her old kettle?",
        ),
    ],
)
def test_a_follow_up_takes_over_what_it_leaves_out(before, question, made):
    assert whole(question, before) == made


@pytest.mark.parametrize(
    "question",
    [
        "What did Cat Moor say about the copper kettle?",
        "Who is against the tidal barrier?",
        "Why is copper fastened with rivets the way it is?",
        "How many boats were launched from the old slipway?",
    ],
)
def test_a_question_that_stands_on_its_own_stays_as_it_is(question):
    assert whole(question, "What does Ann Dale think of spoons?") == question
    assert whole(question) == question


def test_he_is_not_the_person_whom_somebody_else_taught():
    assert whole("When did he die?", "Who taught Bo to weld?") == "When did he die? (Who taught Bo to weld?)"


def test_a_chain_of_follow_ups_keeps_its_person_and_its_subject():
    made = whole("And how long does it take?", "What does Bo Lund mend?", "And why not umbrellas?")
    assert "Bo Lund" in made and "umbrellas" in made and made.count("(") == 1


def test_what_is_no_question_of_the_reader_is_never_taken_over():
    history = [{"role": "assistant", "content": "Ask about Ann Dale's spoons."}, {"role": "user", "content": "  "}]
    assert rewritten("And why?", history, NAMES) == "And why?"


def test_a_long_conversation_is_cut_to_size():
    assert len(whole("And why?", *(f"What does Ann say about {'kettles ' * 200}?" for _ in range(30)))) < 700


def test_the_set_of_follow_ups_has_both_halves_and_each_its_whole_question():
    rows = [json.loads(line) for line in SET.read_text(encoding="utf-8").splitlines()]
    halves = [row["half"] for row in rows]
    assert len(rows) >= 60 and abs(halves.count("dev") - halves.count("test")) <= 1
    assert all(row["whole"] != row["question"] and row["history"] and row["gold"] for row in rows)
