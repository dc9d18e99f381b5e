"""Labels into people, doubt kept as doubt; and times where a transcript has none, each said to be an estimate."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from talks import episodes

from index.episode import Person, Sentence
from index.formats.parsed import ParsedTurn, Piece
from index.speakers import is_anonymous, resolve_people
from index.timing import WORD_SHARE_ERROR, estimate_times

MARK, ALEX, MARY = Person("Mark Thompson", "host"), Person("Alex Gill", "guest"), Person("Mary Gill", "guest")


def turns(*said: tuple[str | None, str]) -> list[ParsedTurn]:
    return [ParsedTurn(label, (Piece(text),)) for label, text in said]


@pytest.mark.parametrize("label", ["Speaker 1", "SPEAKER_00", "speaker", "Unknown", "Unknown Speaker", "A", "2", "Voice 3", "?"])
def test_a_label_that_names_nobody_is_anonymous(label):
    assert is_anonymous(label)


@pytest.mark.parametrize("label", ["Ann", "Ann Hale", "Al", "Bo", "Speaker Pelosi", "Host", "李"])
def test_a_name_is_not_anonymous(label):
    assert not is_anonymous(label)


@pytest.mark.parametrize(
    ("label", "person"),
    [
        ("Mark Thompson", MARK),
        ("MARK THOMPSON", MARK),
        ("mark", MARK),
        ("Thompson", MARK),
        ("MT", MARK),
        ("Alex", ALEX),
        ("Gill", Person("Gill", "unknown")),
        ("Host", MARK),
        ("the interviewer", MARK),
        ("Guest", Person("Guest", "guest")),
        ("Marko", Person("Marko", "unknown")),
        ("Speaker 1", Person("Speaker 1", "unknown")),
    ],
)
def test_a_label_means_the_one_person_it_fits_or_itself(label, person):
    assert resolve_people(turns((label, "Yes.")), [MARK, ALEX, MARY])[label] == person


def test_who_welcomes_and_asks_is_the_host_and_the_only_other_one_the_guest():
    said = turns(("A B", "Welcome to the show. Why boats?"), ("C D", "I like them."), ("A B", "Since when?"), ("C D", "Ever."))
    assert resolve_people(said, []) == {"A B": Person("A B", "host"), "C D": Person("C D", "guest")}


def test_of_three_the_others_stay_unknown():
    said = turns(("Ann", "Welcome to the show. Why boats?"), ("Bo", "I like them."), ("Cat", "So do I."))
    assert [p.role for p in resolve_people(said, []).values()] == ["host", "unknown", "unknown"]


def test_where_it_is_not_clear_who_hosts_nobody_does():
    said = turns(("Ann", "Welcome to the show."), ("Bo", "Why boats?"), ("Ann", "I like them."), ("Bo", "Do you?"))
    assert {p.role for p in resolve_people(said, []).values()} == {"unknown"}
    assert resolve_people(turns((None, "Yes.")), [MARK]) == {}


@given(st.lists(st.tuples(st.none() | st.text(max_size=12), st.text(max_size=20)), max_size=8))
def test_every_label_stands_for_somebody(said):
    resolved = resolve_people(turns(*said), [MARK, ALEX, MARY])
    assert set(resolved) == {label for label, _ in said if label}


@given(episodes(), st.none() | st.floats(0.1, 20_000))
def test_estimated_times_rise_within_the_duration_and_say_what_they_are(talk, duration):
    spoken = [list(turn.sentences) for turn in talk.turns]
    timed = estimate_times(spoken, duration)
    if duration is None or talk.sentences[0].start is not None:
        assert timed == spoken
        return
    sentences = [sentence for of_turn in timed for sentence in of_turn]
    assert [(s.position, s.text, s.speech) for s in sentences] == [(s.position, s.text, s.speech) for s in talk.sentences]
    assert all((s.time_source, s.time_error) == ("estimated", WORD_SHARE_ERROR) for s in sentences)
    assert sentences[0].start == 0 and sentences[-1].end == pytest.approx(duration)
    assert all(0 <= s.start <= s.end <= duration * (1 + 1e-9) for s in sentences)
    assert all(one.end == pytest.approx(two.start) for one, two in pairwise(sentences))


def test_a_sentence_has_the_share_of_its_words():
    ((one, two),) = estimate_times([[Sentence(0, "one two three"), Sentence(1, "four")]], 100.0)
    assert (one.start, one.end, two.start, two.end) == (0, 75, 75, 100)
