"""How an episode is cut into what is found: whole sentences, each once, of one exchange."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from talks import ANN, BO, CAT, episode, episodes

from index.episode import Episode, Sentence
from index.search.passages import (
    EMBEDDED_QUESTION_WORDS,
    LIMITS,
    Limits,
    build_passages,
    embedded_text,
    question_before,
)

limits = st.builds(Limits, st.integers(1, 60), st.floats(1, 90), st.integers(1, 30))


def held(talk: Episode, first: int, last: int) -> list[Sentence]:
    return [s for s in talk.sentences if first <= s.position <= last and s.speech]


@given(episodes(), limits)
def test_passages_hold_every_sentence_of_speech_once_and_whole(talk, limits):
    passages = build_passages(talk, limits)
    assert all(one.last < two.first for one, two in pairwise(passages))
    found = [sentence for p in passages for sentence in held(talk, p.first, p.last)]
    assert found == [sentence for sentence in talk.sentences if sentence.speech]
    for passage in passages:
        assert passage.text == " ".join(s.text for s in held(talk, passage.first, passage.last))
        assert passage.episode == talk.id


@given(episodes(), limits)
def test_a_passage_is_within_the_limits_unless_one_sentence_is_not(talk, limits):
    for passage in build_passages(talk, limits):
        if len(held(talk, passage.first, passage.last)) > 1:
            assert passage.words <= limits.words
            assert passage.start is None or passage.end - passage.start <= limits.seconds


@given(episodes(), limits)
def test_a_passage_lasts_from_its_first_sentence_to_its_last(talk, limits):
    for passage in build_passages(talk, limits):
        sentences = held(talk, passage.first, passage.last)
        assert (sentences[0].position, sentences[-1].position) == (passage.first, passage.last)
        assert (passage.start, passage.end) == (sentences[0].start, sentences[-1].end)


@given(episodes())
def test_what_is_embedded_ends_with_the_passage_and_what_is_quoted_has_nothing_added(talk):
    for passage in build_passages(talk):
        text = embedded_text(talk, passage)
        assert text.endswith(passage.text.strip())
        assert len(text.split()) <= len(passage.text.split()) + EMBEDDED_QUESTION_WORDS
        assert passage.context == question_before(talk, passage.first)


def test_a_question_begins_a_new_passage_and_a_short_exchange_does_not_end_one():
    answer = " ".join(["word"] * 30) + "."
    talk = episode((ANN, ["What is it?"]), (BO, [answer, answer]), (ANN, ["And then?"]), (BO, [answer]))
    first, second = build_passages(talk)
    assert first.text.startswith("What is it?") and second.text.startswith("And then?")
    assert len(build_passages(talk, Limits(least_words=100))) == 1


def test_the_question_that_a_passage_answers_is_kept_beside_it():
    talk = episode(
        (ANN, ["Thanks.", "What did you do with the copper kettle in the end?"]),
        (BO, [" ".join(["word"] * 100) + ".", " ".join(["more"] * 100) + "."]),
    )
    *_, last = build_passages(talk)
    assert last.context == "Thanks. What did you do with the copper kettle in the end?"
    assert "kettle" not in last.text


def test_a_nod_between_is_not_taken_for_the_question():
    talk = episode((ANN, ["Why did you never sell the boat?"]), (BO, ["Well."]), (CAT, ["It was mine."]))
    assert question_before(talk, 2) == "Why did you never sell the boat?"


def test_a_stage_direction_is_in_no_passage():
    talk = episode((ANN, ["[music]", "Hello there."]), (None, ["[applause]"]), (BO, ["Thank you."]))
    (passage,) = build_passages(talk)
    assert passage.text == "Hello there. Thank you."
    assert (passage.first, passage.last) == (1, 3)


@pytest.mark.parametrize("words", [LIMITS.words + 1, 2000])
def test_a_sentence_longer_than_a_passage_stands_alone(words):
    long = " ".join(["word"] * words) + "."
    passages = build_passages(episode((BO, ["Short.", long, "Short again."])))
    assert [p.text for p in passages] == ["Short.", long, "Short again."]
