"""The check of quotes: only the transcript's own words, by the person who said them, pass."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from talks import ANN, BO, CAT, KETTLE, LANTERN, episode, episodes, sentence_texts

from index.episode import Episode
from rag.evidence.check import check_quote, locate, normalise


def talk(lines: tuple[tuple[str, str], ...], id: str) -> Episode:
    people = {p.name: p for p in (ANN, BO, CAT)}
    return episode(*((people[speaker], [text]) for speaker, text in lines), id=id)


# A dash at a sentence's edge has a test of its own.
texts = sentence_texts.filter(lambda text: not set(normalise(text)[:1] + normalise(text)[-1:]) & set("-"))


@st.composite
def runs(draw: st.DrawFn) -> tuple[Episode, str, str | None, int, int]:
    """An episode, and a run of whole spoken sentences of one of its turns: words, speaker, first and last position."""
    made = draw(episodes(texts=texts))
    turns = [turn for turn in made.turns if any(s.speech for s in turn.sentences)]
    turn = draw(st.sampled_from(turns))
    spoken = [s for s in turn.sentences if s.speech]
    first = draw(st.integers(0, len(spoken) - 1))
    last = draw(st.integers(first, len(spoken) - 1))
    text = " ".join(s.text for s in spoken[first : last + 1])
    assume(any(letter.isalnum() for letter in text))
    return made, text, turn.speaker and turn.speaker.name, spoken[first].position, spoken[last].position


@given(runs())
def test_whole_sentences_of_one_turn_are_verified(run):
    made, text, speaker, first, last = run
    check, place = check_quote(text, speaker, made, first=first, last=last)
    assert check == "verified"
    assert speaker in place.speakers


@pytest.mark.parametrize("texts", [["Yes.", "- No, I mean it."], ["I was about to —", "It rang."]])
def test_a_dash_between_two_sentences_does_not_spoil_their_quote(texts):
    assert check_quote(" ".join(texts), BO.name, episode((BO, texts)))[0] == "verified"


@given(runs(), st.data())
def test_one_letter_changed_is_never_verified(run, data):
    made, text, speaker, first, last = run
    letters = [n for n, letter in enumerate(text) if letter.isascii() and letter.isalpha()]
    assume(letters)
    at = data.draw(st.sampled_from(letters))
    altered = text[:at] + data.draw(st.sampled_from("qxjQXJ")) + text[at + 1 :]
    everything = normalise(" ".join(s.text for s in made.sentences if s.speech))
    assume(normalise(altered).strip(" \"'") not in everything)
    assert check_quote(altered, speaker, made, first=first, last=last)[0] != "verified"


@given(runs())
def test_another_speaker_is_wrong_unless_he_said_the_same(run):
    made, text, speaker, first, last = run
    for other in {None, ANN.name, BO.name, CAT.name, "Nobody Here"} - {speaker}:
        check, place = check_quote(text, other, made, first=first, last=last)
        if check == "verified":
            assert place.speakers == (other,) and place in locate(text, made)
        else:
            assert check == "wrong_speaker"


@given(st.permutations(range(7)), st.integers(3, 6), st.integers(3, 6))
def test_two_half_quotes_joined_are_stitched(order, words_before, words_after):
    made = talk(KETTLE, "kettle")
    one, two = (KETTLE[n][1].split() for n in order[:2])
    joined = " ".join(one[:words_before] + two[-words_after:])
    assume(len(one) > words_before and len(two) > words_after and not locate(joined, made))
    assert check_quote(joined, BO.name, made)[0] == "stitched"


@pytest.mark.parametrize(
    "quote",
    [
        "the first thing i mended was a copper kettle",
        "“The first thing I mended was a copper kettle from my grandmother’s kitchen.”",
        "The first  thing\nI mended",
        "copper kettle",
    ],
)
def test_case_spaces_and_quote_marks_do_not_count(quote):
    check, place = check_quote(quote, BO.name, talk(KETTLE, "kettle"))
    assert check == "verified"
    assert (place.first, place.last) == (2, 2)


@pytest.mark.parametrize(
    ("quote", "verdict"),
    [
        ("It has leaked a drop in nineteen years.", "altered"),
        ("It has not leaked a drop in ninety years.", "altered"),
        ("The first thing I mended was a copper kettles", "altered"),
        ("opper kettl", "altered"),
        ("The kettle exploded on a Thursday and took half of the village along with it.", "absent"),
        ("", "absent"),
        ("…", "absent"),
    ],
)
def test_changed_words_are_altered_and_strange_ones_absent(quote, verdict):
    assert check_quote(quote, BO.name, talk(KETTLE, "kettle")) == (verdict, None)


def test_words_of_another_episode_are_found_there():
    kettle, lantern = talk(KETTLE, "kettle"), talk(LANTERN, "lantern")
    check, place = check_quote(LANTERN[1][1], CAT.name, kettle, others=(kettle, lantern))
    assert (check, place.episode, place.first) == ("wrong_episode", "lantern", 1)


def test_words_over_two_speakers_are_neither_ones():
    joined = f"{KETTLE[1][1]} {KETTLE[2][1]}"
    check, place = check_quote(joined, BO.name, talk(KETTLE, "kettle"))
    assert check == "wrong_speaker"
    assert place.speakers == (ANN.name, BO.name)


def test_a_stage_direction_can_be_left_out_but_not_quoted():
    made = episode((BO, ["We left at noon.", "[laughs]", "We came back at once."]))
    assert check_quote("We left at noon. We came back at once.", BO.name, made)[0] == "verified"
    assert check_quote("[laughs]", BO.name, made)[0] != "verified"


def test_words_said_twice_are_verified_where_the_person_said_them():
    made = episode((ANN, ["I like the sea."]), (BO, ["Yes, and so do I.", "I like the sea."]))
    check, place = check_quote("I like the sea.", BO.name, made)
    assert (check, place.first) == ("verified", 2)
    assert check_quote("I like the sea.", BO.name, made, first=0, last=0)[0] == "wrong_speaker"


def test_words_said_over_and_over_are_found_where_the_person_said_them():
    made = episode((ANN, ["No."]), (BO, ["No.", "No."]))
    assert check_quote("No. No.", BO.name, made, first=1, last=2)[0] == "verified"


def test_words_of_nobody_known_are_verified_only_as_nobodys():
    made = episode((None, ["The bell rang four times."]))
    assert check_quote("The bell rang four times.", None, made)[0] == "verified"
    assert check_quote("The bell rang four times.", ANN.name, made)[0] == "wrong_speaker"


@given(episodes())
def test_every_position_has_its_turn_and_sentence(made):
    for turn in made.turns:
        for sentence in turn.sentences:
            assert made.turn_at(sentence.position) is turn and made.sentences[sentence.position] is sentence
    for nowhere in (-1, len(made.sentences)):
        with pytest.raises(IndexError):
            made.turn_at(nowhere)
