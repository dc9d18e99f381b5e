"""Conversations kept in a browser, filters, links and suggestions: what comes from outside is checked. No browser here."""

from __future__ import annotations

import json
from typing import Any

import pytest
from browsing import make_small_library

from index.episode import Episode, Person, Sentence, Show, Turn
from index.library import Library
from rag.answer import Answer, Done
from rag.assistant import Assistant
from rag.question.scope import Filters, QuestionError
from ui.listeners import answers
from ui.listeners.conversation import LARGEST_KEPT, MOST_KEPT, Round, citation_at, link_of, moments_of, packed, unpacked
from ui.listeners.fields import remaining
from ui.listeners.links import opened
from ui.listeners.suggest import SUGGESTING_AT_ONCE, Suggester, phrases, topic_asked, topics_of
from ui.shared.captions import captions_of
from ui.shared.filters import choice_of, filters_of, matching
from ui.words.listeners import said

KETTLE_ASKED = "What did Ben Tull say about the copper kettle?"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return Library.open(make_small_library(tmp_path_factory.mktemp("rounds")))


def answer_to(library: Library, question: str, filters: Filters | None = None) -> Answer:
    return next(event.answer for event in Assistant(library).ask(question, (), filters) if isinstance(event, Done))


@pytest.fixture(scope="module")
def asked(library: Library) -> Round:
    answer = answer_to(library, KETTLE_ASKED)
    return Round(KETTLE_ASKED, stage="done", answer=answer, moments=moments_of(answer.citations, library))


# ---- kept in a browser


def test_a_conversation_comes_back_as_it_was(library: Library, asked: Round) -> None:
    (back,) = unpacked(packed((asked,)), library)
    assert (back.question, back.stage, back.answer.answer) == (asked.question, "done", asked.answer.answer)
    assert [m.citation.quote for m in back.moments] == [m.citation.quote for m in asked.moments]
    assert [m.citation.start for m in back.moments] == [m.citation.start for m in asked.moments]


@pytest.mark.parametrize(("question", "kind"), [("Hello!", "small_talk"), ("Who are the guests?", "library")])
def test_what_no_transcript_was_searched_for_comes_back_as_that(library: Library, question: str, kind: str) -> None:
    (back,) = unpacked(packed((Round(question, stage="done", answer=answer_to(library, question)),)), library)
    assert (back.answer.kind, back.moments) == (kind, ())
    assert "Searched" not in answers.footnote(back.answer)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quote", "The first thing I mended was a silver kettle from my grandmother's kitchen."),
        ("speaker", "Cleo Marsh"),
        ("start", 20.0),
        ("first", 900),
        ("episode", "missing"),
        ("episode", "lantern"),
    ],
)
def test_a_quote_that_is_not_what_it_was_takes_its_answer_with_it(
    library: Library, asked: Round, field: str, value: Any
) -> None:
    rows = json.loads(packed((asked,)))
    rows[0]["citations"][0][field] = value
    (back,) = unpacked(json.dumps(rows), library)
    assert (back.answer, back.moments, back.stage) == (None, (), "failed")
    assert back.problem == (
        "The transcripts have changed: 1 quote of this answer can’t be confirmed any more, so it is not shown."
    )


def test_a_listener_is_told_how_many_quotes_are_gone(library: Library, asked: Round) -> None:
    row = json.loads(packed((asked,)))[0]
    row["nearest"] = [place | {"episode": "missing"} for place in row["citations"]]
    row["citations"] = [place | {"quote": "Nobody said that."} for place in row["citations"]]
    (back,) = unpacked(json.dumps([row]), library)
    assert f"{2 * len(row['citations'])} quotes of this answer" in back.problem and back.answer is None


def test_a_filter_that_a_browser_cannot_have_kept_is_named_and_the_rest_comes_back(
    library: Library, asked: Round
) -> None:
    rows = json.loads(packed((asked, asked)))
    rows[0]["filters"] = {"since": "{number}"}
    first, second = unpacked(json.dumps(rows), library)
    assert "{number}" in first.problem and first.answer is None and second.answer is not None


@pytest.mark.parametrize(
    "kept",
    [None, "", "[]", "{", "[1]", '[{"question": 1}]', "[[[[", 7, {"a": 1}, "null", "[null]", "[" * 5000, "x" * (LARGEST_KEPT + 1),
     '[{"question": "q", "filters": [], "citations": 3}]'],
)  # fmt: skip
def test_what_is_no_conversation_is_left_out(library: Library, kept: object) -> None:
    assert unpacked(kept, library) == ()


def test_so_many_questions_are_kept_and_no_more(library: Library, asked: Round) -> None:
    assert len(json.loads(packed((asked,) * (MOST_KEPT + 5)))) == MOST_KEPT
    long = Round("q" * 2000, answer=Answer("q", "q" * 20_000, "not_said", "", (), (), asked.answer.searched, "x", None))
    text = packed((long,) * MOST_KEPT)
    assert len(text) <= LARGEST_KEPT and json.loads(text)


def test_the_words_between_two_turns_are_nobodys_quote(library: Library) -> None:
    kettle = library.episode("kettle")
    assert citation_at(kettle, 1, 2) is None
    assert citation_at(kettle, 2, 3).speaker == "Ben Tull"
    assert citation_at(kettle, 3, 2) is None


# ---- filters


@pytest.mark.parametrize(
    "choice",
    [
        ("", "", "", "king", "", ""),
        ("", "", "", "", "2024", ""),
        ("", "", "", "", "2024-02-30", ""),
        ("", "", "", "", "٢٠٢٤-٠٢-٠١", ""),
        ("", "", "", "", "2024-02-02", "2024-02-01"),
        ("x" * 301, "", "", "", "", ""),
    ],
)
def test_a_filter_that_cannot_be_one_is_refused(choice: tuple[str, ...]) -> None:
    with pytest.raises(QuestionError):
        filters_of(choice)


def test_fields_and_filters_say_the_same() -> None:
    choice = ("Mended", "kettle", "Ben Tull", "guest", "2024-01-01", "2024-12-31")
    assert choice_of(filters_of(choice)) == choice
    assert filters_of((None, None, None, "", "", "")) == Filters()  # type: ignore[arg-type]


def test_what_the_filters_leave_is_what_is_searched(library: Library) -> None:
    for filters in (
        Filters(),
        Filters(guest="Cleo Marsh"),
        Filters(since="2024-02-02"),
        Filters(until="2024-01"),
        Filters(show="Mended"),
        Filters(show="mENDED"),
    ):
        left = len(matching(library, filters))
        assert answer_to(library, "What was said about the lantern?", filters).searched.episodes == left
    assert "1 episode" in remaining(library, "", "", "Cleo Marsh", "", "", "")
    assert "2024-13-01 is not a day" in remaining(library, "", "", "", "", "2024-13-01", "")


# ---- links


def test_a_link_says_what_was_asked_and_of_what(library: Library) -> None:
    from urllib.parse import parse_qsl

    filters = Filters("Mended", "kettle", "Ben Tull", "guest", "2024-01-01", "2024-12-31")
    link = opened(library, dict(parse_qsl(link_of("Why? & how=#1", filters)[1:])))
    assert (link.question, link.filters, link.round) == ("Why? & how=#1", filters, None)
    assert opened(library, {"person": "ben tul", "show": "MENDED"}).choice == ("Mended", "", "Ben Tull", "", "", "")
    assert opened(library, {"utm_source": "x"}).round is None


# ---- suggestions


def test_every_example_is_answered(library: Library) -> None:
    examples = Suggester(Assistant(library)).examples()
    assert examples
    for question in examples:
        assert answer_to(library, question).verdict == "answered"


def test_what_is_suggested_is_answered_and_not_the_same_again(library: Library) -> None:
    suggester = Suggester(Assistant(library))
    for question in (
        KETTLE_ASKED,
        "What did Ben Tull say about an umbrella?",
        "What did Ben Tull say about volcanoes?",
    ):
        answer = answer_to(library, question)
        suggestions = suggester.next(answer, Filters())
        assert len(suggestions) <= 3
        for suggestion in suggestions:
            assert suggestion.question != question
            more = 1 if suggestion.goes_on else 0
            asked = Assistant(library).ask(suggestion.goes_on or suggestion.question, more=more)
            assert [event.answer.verdict for event in asked if isinstance(event, Done)] == ["answered"]


def test_after_small_talk_the_examples_are_suggested(library: Library) -> None:
    suggester = Suggester(Assistant(library))
    suggested = suggester.next(answer_to(library, "Hello!"), Filters())
    assert suggested and {suggestion.question for suggestion in suggested} <= set(suggester.examples())


def test_more_is_offered_where_there_is_more(library: Library) -> None:
    suggester = Suggester(Assistant(library))
    for question in (KETTLE_ASKED, "What did Cleo Marsh say about the crab?"):
        more = next(e.answer for e in Assistant(library).ask(question, more=1) if isinstance(e, Done))
        offered = said("more") in [
            suggestion.question for suggestion in suggester.next(answer_to(library, question), Filters())
        ]
        assert offered == (more.verdict == "answered")


def test_a_name_that_nobody_has_is_tried_with_the_nearest_name(library: Library) -> None:
    answer = answer_to(library, "What did Bernard Tullington say about the copper kettle?")
    assert answer.verdict == "unknown_person"
    questions = [suggestion.question for suggestion in Suggester(Assistant(library)).next(answer, Filters())]
    assert "What was said about the copper kettle?" in questions or KETTLE_ASKED in questions


def test_where_many_ask_answers_come_before_suggestions(library: Library) -> None:
    suggester = Suggester(Assistant(library))
    answer = answer_to(library, "What did Ben Tull say about an umbrella?")
    held = [suggester._turns.acquire() for _ in range(SUGGESTING_AT_ONCE)]
    assert held and suggester.next(answer, Filters()) == []
    suggester._turns.release()
    assert suggester.next(answer, Filters())


def test_a_question_is_tried_once_for_as_long_as_the_library_stays(library: Library) -> None:
    suggester = Suggester(Assistant(library))
    suggester.examples()
    suggester.assistant = None  # type: ignore[assignment]
    assert suggester.examples()


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("What did Ben say about the copper kettle?", "the copper kettle"),
        ("What did he think of glass", "glass"),
        ("And what about the tidal barrier (Nell Havergate) (about fog bell)?", "the tidal barrier"),
        ("What did she say about that?", ""),
        ("Who?", ""),
    ],
)
def test_the_topic_is_what_a_question_is_about(question: str, topic: str) -> None:
    assert topic_asked(question) == topic


def test_phrases_are_pairs_that_name_something() -> None:
    assert list(phrases("He put the copper kettle on. My Silver Spoon, the very best, the first week.")) == [
        ("the", "copper kettle"),
        ("the", "Silver Spoon"),
    ]


def test_topics_come_up_more_than_once_and_name_no_speaker(library: Library) -> None:
    assert "the copper kettle" in topics_of(library, "Ben Tull")
    assert not [topic for topic in topics_of(library, "Ada Rowe") if "Rowe" in topic or "Mended" in topic]


# ---- captions


def test_captions_have_who_says_what_when_and_say_where_times_are_estimated() -> None:
    ada = Person("Ada Rowe", "host")
    timed, guessed = Sentence(0, "Yes.", 1.0, 2.004, "transcript", 0.0), Sentence(1, "No.", 2.5, 3.0, "estimated", 9.0)
    untimed = Sentence(2, "Well.")
    episode = Episode("e", Show("S"), "T", (Turn(ada, (timed,), "labelled"), Turn(None, (guessed, untimed))))
    assert captions_of(episode) == {
        "speakers": ["Ada Rowe"],
        "estimated": True,
        "sentences": [[1.0, 2.0, 0, "Yes."], [2.5, 3.0, None, "No."]],
    }


# ---- texts


def test_values_are_filled_into_a_text_once() -> None:
    assert said("carried_topic", what="{people} {0}") == "about: {people} {0}"
