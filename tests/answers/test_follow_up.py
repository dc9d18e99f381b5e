"""A follow-up made whole from the state of the conversation, and only where something in it lacks its referent."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.library import EpisodeSummary, Speaker
from rag.answer import Carried
from rag.question.conversation import Source
from rag.question.gaps import gaps_in
from rag.question.people import find_people
from rag.question.question import Question, exchanges_of, read_question

ANN, BO, CAT = "Ann Dale", "Bo Lund", "Cat Moor"
NAMES = (ANN, BO, CAT)
SET = Path(__file__).resolve().parents[2] / "eval/data/follow_ups.jsonl"


def summary(id: str, title: str, description: str, *people: tuple[str, str]) -> EpisodeSummary:
    speakers = tuple(Speaker(name, role, 100, 60.0) for name, role in people)
    return EpisodeSummary(
        id, "Mended", title, "2024-02-01", speakers, 60.0, "vtt", (), (), 1, None, None, description, (), ""
    )


EPISODES = (
    summary("spout", "A New Spout", "Bo Lund mends kettles. He talks of tin.", (ANN, "host"), (BO, "guest")),
    summary("lamps", "Lamps at Sea", "Cat Moor keeps lamps. She is never late.", (ANN, "host"), (CAT, "guest")),
)

Said = str | tuple[str, str]


def history(*earlier: Said) -> list[dict[str, str]]:
    pairs = [(said, "…") if isinstance(said, str) else said for said in earlier]
    return [
        {"role": role, "content": text}
        for pair in pairs
        for role, text in zip(("user", "assistant"), pair, strict=True)
    ]


def read(question: str, *earlier: Said, without: tuple[str, ...] = ()) -> Question:
    return read_question(question, episodes=EPISODES, history=history(*earlier), without=without)


def whole(question: str, *earlier: Said) -> str:
    return read(question, *earlier).asked


KETTLES = ("What does Bo Lund say about kettles?", f"{BO} (guest, A New Spout, 0:10) said: “Tin holds.” [1]")


@pytest.mark.parametrize(
    ("before", "question", "made"),
    [
        ("What does Ann Dale think of the harbour?", "And Bo?", "What does Bo Lund think of the harbour?"),
        ("What does Ann Dale think of the harbour?", "What about Bo Lund?", "What does Bo Lund think of the harbour?"),
        ("What does Ann Dale think of the harbour?", "same question for bo", "What does Bo Lund think of the harbour?"),
        ("What does Ann Dale think of the harbour?", "No, I meant Cat", "What does Cat Moor think of the harbour?"),
        ("What did Zebulon say about the harbour?", "And Bo?", "What did Bo Lund say about the harbour?"),
        ("What does Ann Dale think of kettles?", "And of spoons?", "What does Ann Dale think of spoons?"),
        ("What did Ann say about jet planes?", "And about spoons?", "What did Ann say about spoons?"),
        ("How many kettles did Bo mend in 2021?", "And in 2023?", "How many kettles did Bo mend in 2023?"),
        ("How many kettles did Bo mend?", "What about 2023?", "How many kettles did Bo mend in 2023?"),
        ("How many kettles does Bo mend a week?", "And on Fridays?", "How many kettles does Bo mend a week, on Fridays?"),
        ("What does Ann think of kettles?", "Why?", "Why? (What does Ann think of kettles?)"),
        ("What is a gannet?", "How long does it last?", "How long does it last? (What is a gannet?)"),
        ("Who is against the new slipway?", "who's for?", "who's for the new slipway?"),
        ("What does Bo say about the tin ring?", "What did Cat answer?", "What did Cat answer about the tin ring?"),
    ],
)  # fmt: skip
def test_a_follow_up_takes_over_what_it_leaves_out(before, question, made):
    assert whole(question, before) == made


@pytest.mark.parametrize(
    "question",
    [
        "What did Cat Moor say about the copper kettle?",
        "Who is against the tidal barrier?",
        "Why is copper fastened with rivets the way it is?",
        "How many boats were launched from the old slipway?",
        "So what is the old kettle made of?",
        "But why can't Cat swim?",
        "Does Bo still have his first kettle?",
        "What about Cat's lamp, has it a name?",
        "How long does it take to weld a spout?",
        "And who built the boat that sank off the mole?",
        "Is it true that Bo never sleeps?",
        "What does the guest do when her lamp goes out?",
    ],
)
def test_a_complete_question_stays_as_it_is_whatever_it_opens_with(question):
    assert whole(question, "What does Ann Dale think of spoons?") == question
    assert whole(question, KETTLES, "And Cat?", "Why?") == question
    assert whole(question) == question


def test_a_name_takes_the_place_of_a_word_and_never_of_a_part_of_one():
    before = ("What does Bo Lund like about boats?", "Who taught him to row?")
    made = whole("And Cat?", *before)
    assert "boats" in made and CAT in made and not re.search(r"\wCat|Moor\w", made)


def test_he_and_she_are_whoever_was_spoken_of_and_is_called_so():
    assert whole("When did he begin?", KETTLES) == "When did Bo Lund begin? (What does Bo Lund say about kettles?)"
    both = ("Does Cat Moor agree with Bo Lund about oil?", "…")
    assert (
        CAT in whole("Why does she say so?", both) and BO in whole("How long has he thought so?", both).split(" (")[0]
    )
    assert whole("How hot does she get?", ("What is the kettle of Bo called?", "…")).startswith("How hot does she get?")


def test_ten_turns_keep_as_well_as_two():
    turns = [
        KETTLES,
        "Why?",
        "And Cat?",
        "Who agrees with her?",
        "What about the lamps?",
        "Really?",
        "And Bo?",
        "Why not?",
        "And when?",
    ]
    made = whole("What about spoons?", *turns)
    assert len(made) < 120 and made.count("(") <= 1 and "spoons" in made
    assert len(whole("And why?", *(f"What does Ann say about {'kettles ' * 200}?" for _ in range(30)))) < 700


def test_are_you_sure_asks_the_last_question_again():
    asked = read("Are you sure?", KETTLES)
    assert asked.again and asked.asked == KETTLES[0]
    assert read("What did he say exactly?", ("Who mends kettles here?", KETTLES[1])).people == (BO,)


@pytest.mark.parametrize(
    "question", ["Tell me more", "more", "go on", "Anything else?", "Can you tell me more about that?", "yes"]
)
def test_more_goes_on_with_the_question_before_it(question):
    assert (read(question, KETTLES).asked, read(question, KETTLES).more) == (KETTLES[0], 1)
    assert read(question, KETTLES, ("tell me more", "…")).more == 2
    assert read(question).more == 0


def test_yes_takes_what_a_refusal_offers():
    refused = ("What did Boe Lunt say about oil?", "Nobody called Boe Lunt speaks here. Did you mean Bo Lund?")
    assert BO in whole("yes please", refused) and "oil" in whole("yes please", refused)


SHOWN = (
    "Who talks about oil?",
    f"{CAT} (guest, Lamps at Sea, 0:05) said: “Oil burns.” [1]\n\n{BO} (guest, A New Spout, 0:10) said: “Oil stains.” [2]",
)


def test_the_second_one_is_the_second_source_that_was_shown():
    asked = read("What does the second one mean by stains?", SHOWN)
    assert asked.people == (BO,) and asked.near[0] == Source(2, BO, "spout", "Oil stains.")
    assert read(
        "And what does the first one mean?", SHOWN, ("What does the second one mean by stains?", "…")
    ).people == (CAT,)


def test_the_host_is_the_one_of_what_was_quoted():
    asked = read("What did the host answer?", KETTLES)
    assert asked.role == "host" and asked.narrowed.episodes == ("spout",)


def test_sources_come_from_the_fields_of_an_answer_before_its_text():
    messages = history(SHOWN)
    messages[1]["citations"] = [{"n": 1, "speaker": BO, "episode": "spout", "quote": "Oil stains."}]
    assert exchanges_of(messages, EPISODES)[0].sources == (Source(1, BO, "spout", "Oil stains."),)
    messages[1]["asked"] = "Who talks about lamp oil?"
    assert exchanges_of(messages, EPISODES)[0].asked == "Who talks about lamp oil?"


def test_what_is_carried_on_is_told_and_can_be_taken_away():
    assert read("Why does he solder it?", KETTLES).carried == (Carried("person", BO), Carried("topic", "kettles"))
    assert read("Why does he solder it?", KETTLES, without=("topic",)).asked == "Why does Bo Lund solder it?"
    assert BO not in read("Why does he solder it?", KETTLES, without=("person", "topic")).asked


def test_what_is_no_question_of_the_reader_is_never_taken_over():
    messages = [{"role": "assistant", "content": "Ask about Ann Dale's spoons."}, {"role": "user", "content": "  "}]
    assert read_question("And why?", episodes=EPISODES, history=messages).asked == "And why?"
    assert whole("And Cat?", KETTLES, ("thanks!", "You are welcome.")) == "What does Cat Moor say about kettles?"


TEXT = st.text(max_size=60)
WORDS = (
    "what did does bo cat the host he she it that second one and why about kettles lamps no yes more sure ? ,".split()
)


@given(st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join), min_size=1, max_size=6))
def test_any_conversation_of_such_words_is_read_and_names_only_who_is_here(turns):
    *earlier, last = [turn if re.search(r"\w", turn) else "why" for turn in turns]
    asked = read(last, *earlier)
    assert set(asked.people) <= set(NAMES) and asked.asked.strip()
    assert not re.search(r"\w(?:Ann Dale|Bo Lund|Cat Moor)|(?:Ann Dale|Bo Lund|Cat Moor)\w", asked.asked)


@given(TEXT)
def test_any_text_is_looked_through_for_what_it_lacks(text):
    assert all(0 <= gap.start <= gap.end <= len(text) for gap in gaps_in(text, find_people(text, NAMES)))


def test_the_set_of_follow_ups_has_both_halves_and_each_its_whole_question():
    rows = [json.loads(line) for line in SET.read_text(encoding="utf-8").splitlines()]
    halves = [row["half"] for row in rows]
    assert len(rows) >= 60 and abs(halves.count("dev") - halves.count("test")) <= 1
    assert all(row["whole"] != row["question"] and row["history"] and row["gold"] for row in rows)
