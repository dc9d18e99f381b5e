"""What a question names and asks: people with typos and first names, follow-ups rewritten, nothing invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.library import EpisodeSummary, Speaker
from rag.question.people import find_person, nearest_names
from rag.question.question import LONGEST_QUESTION, Question, read_question
from rag.question.scope import QuestionError

MARK, JAS, WILL = "Mark Thompson", "Jasneet Gill", "Will Rose"


def summary(id: str, title: str, *people: tuple[str, str]) -> EpisodeSummary:
    speakers = tuple(Speaker(name, role, 100, 60.0) for name, role in people)
    return EpisodeSummary(id, "Mended", title, "2024-02-01", speakers, 60.0, "vtt", (), (), 1, None, None, "", (), "")


EPISODES = (
    summary("one", "The Copper Kettle", (MARK, "host"), (JAS, "guest")),
    summary("two", "A Lantern", (MARK, "host"), (WILL, "guest"), ("Speaker 3", "unknown")),
)
KNOWN_WORDS = set("people the council kettle boats will rose mark copper price of bread anyone".split())


def read(question: str, *earlier: str) -> Question:
    history = [
        {"role": role, "content": text} for pair in earlier for role, text in (("user", pair), ("assistant", "…"))
    ]
    return read_question(question, episodes=EPISODES, history=history, is_word=lambda word: word in KNOWN_WORDS)


@pytest.mark.parametrize(
    ("question", "people"),
    [
        ("What did Mark Thompson say about the kettle?", (MARK,)),
        ("what did mark say about the kettle", (MARK,)),
        ("What did Thompson think of boats?", (MARK,)),
        ("What does Jasneet believe about boats?", (JAS,)),
        ("What did Jasnet Gill say about bread?", (JAS,)),
        ("What is Jasneet Gill's view on boats?", (JAS,)),
        ("According to Gill, what is a boat?", (JAS,)),
        ("Did Rose say anything on boats?", (WILL,)),
        ("Did Will say anything on boats?", (WILL,)),
    ],
)
def test_a_person_is_known_by_first_name_surname_and_typo(question, people):
    asked = read(question)
    assert asked.people == people and asked.said and asked.unknown is None
    assert not {word for word in asked.words} & {"mark", "thompson", "jasneet", "gill"}


@pytest.mark.parametrize(
    "question",
    ["Will the price of bread rise?", "will copper rise", "Why did the council mark the boats?", "What is a rose?"],
)
def test_a_name_that_is_a_word_is_a_word_where_nobody_speaks(question):
    assert read(question).people == ()


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What did Zebulon Pike say about boats?", "Zebulon Pike"),
        ("What did Einstein think of the kettle?", "Einstein"),
        ("what did einstein say about boats", "einstein"),
        ("According to Ada Lovelace, what is a boat?", "Ada Lovelace"),
    ],
)
def test_somebody_who_never_speaks_here_is_unknown(question, name):
    asked = read(question)
    assert asked.unknown == name and not asked.people


@pytest.mark.parametrize(
    "question",
    [
        "What did the council say?",
        "What did people say about bread?",
        "Did anyone say anything on boats?",
        "What did they say?",
    ],
)
def test_people_in_general_are_nobody_unknown(question):
    assert read(question).unknown is None


@pytest.mark.parametrize(
    ("question", "role"), [("What did the guest say?", "guest"), ("What did the host say on boats?", "host")]
)
def test_a_role_stands_for_whoever_has_it(question, role):
    asked = read(question)
    assert (asked.role, asked.said, asked.people) == (role, True, ())


def test_a_title_in_the_question_narrows_it():
    assert read("What was said on bread in The Copper Kettle?").narrowed.episodes == ("one",)
    assert read("What was said on a copper kettle?").narrowed is None


ASKED_BEFORE = "What did Mark Thompson say about copper kettles?"


@pytest.mark.parametrize(
    ("follow_up", "people"),
    [
        ("Why?", (MARK,)),
        ("And Jasneet?", (JAS,)),
        ("What else did he say?", (MARK,)),
        ("What about Jasneet?", (JAS,)),
        ("And what about Jasneet Gill?", (JAS,)),
        ("Why does he think so?", (MARK,)),
        ("Why does he like it?", (MARK,)),
        ("When was that?", (MARK,)),
    ],
)
def test_a_follow_up_without_a_subject_takes_the_one_before(follow_up, people):
    asked = read(follow_up, ASKED_BEFORE)
    assert asked.people == people and {"copper", "kettles"} <= set(asked.words)


def test_a_follow_up_on_something_else_keeps_its_own_subject():
    asked = read("Why does he bake his bread in winter?", ASKED_BEFORE)
    assert asked.people == (MARK,) and "bread" in asked.words and "kettles" not in asked.words


def test_a_question_that_stands_alone_is_left_as_it_is():
    whole = "What did Jasneet Gill say about the price of bread in winter?"
    assert read(whole, "What did Mark Thompson say about copper kettles?").asked == whole
    assert read("  Why\n boats? ").asked == "Why boats?"


@pytest.mark.parametrize("question", ["", "  \n", "?!", "…", "x" * (LONGEST_QUESTION + 1)])
def test_what_is_no_question_is_refused(question):
    with pytest.raises(QuestionError):
        read(question)


@given(st.text(max_size=80), st.lists(st.text(max_size=40), max_size=2))
def test_any_text_is_read_or_refused_and_names_only_who_is_here(question, earlier):
    try:
        asked = read(question, *earlier)
    except QuestionError:
        return
    assert set(asked.people) <= {MARK, JAS, WILL}
    assert asked.asked.strip()


PARTS = "what did does mark jasneet gill the host say said think of boats kettle he it and why ?".split()


@given(st.lists(st.sampled_from(PARTS), min_size=1))
def test_any_order_of_such_words_is_read(words):
    text = " ".join(words)
    if any(word != "?" for word in words):
        read(text, "What did Will Rose say about bread?")


def test_a_filters_name_finds_its_person_and_the_nearest():
    assert find_person("jasneet gill", EPISODES) == [JAS]
    assert find_person("Gill", EPISODES) == [JAS]
    assert find_person("Jasnet Gil", EPISODES) == [JAS]
    assert find_person("Nobody Atall", EPISODES) == []
    assert find_person("", EPISODES) == []
    assert nearest_names("Marc Tomson", EPISODES)[0] == MARK
    assert "Speaker 3" not in nearest_names("Speaker", EPISODES)


OFFICES = [
    "Kirsty Hallam AM", "Mr. Pierre Dorn-Vale", "Hon. Bill Strand (Minister of Public Safety)", "Tobin Askerly", "Maud Illingsby",
]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "people", "about"),
    [
        ("What did Kirsty Hallam think of grades?", ("Kirsty Hallam AM",), "What did think of grades?"),
        ("Did Kirsty Hallam' attitude to grades change?", ("Kirsty Hallam AM",), "Did attitude to grades change?"),
        ("What did Dorn-Vale say about petitions?", ("Mr. Pierre Dorn-Vale",), "What did say about petitions?"),
        ("How did Bill Strand react to the harbour plans?", (OFFICES[2],), "How did react to the harbour plans?"),
        ("What did Tobin say about public safety?", ("Tobin Askerly",), "What did say about public safety?"),
        ("What did Tobin say about Maud's jars?", ("Tobin Askerly",), "What did say about Maud's jars?"),
    ],
)
def test_titles_offices_and_hyphens_are_no_part_of_what_people_are_called(question, people, about):
    understood = read_question(
        question, episodes=[summary("council", "Council", *((name, "unknown") for name in OFFICES))]
    )
    assert (understood.people, understood.said, understood.unknown) == (people, True, None)
    assert understood.about == about
    words = about.lower().replace("'s", "").rstrip("?").split()
    assert set(understood.words) <= {*words, "maud's"} and ("safety" in words) <= ("safety" in understood.words)


def test_a_strangers_name_that_stands_nowhere_is_nobodys_here():
    asked = "why did Eugenia Branscombe give up fishing"
    assert (
        read_question(asked, episodes=EPISODES, is_word=lambda word: word == "fishing").unknown == "Eugenia Branscombe"
    )
    assert read_question(asked, episodes=EPISODES, is_word=lambda word: True).unknown is None
    assert (
        read_question("What does the boat builder think of ham?", episodes=EPISODES, is_word=lambda word: False).unknown
        is None
    )
