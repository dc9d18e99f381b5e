"""Pieces of a transcript into sentences: no word lost, changed or moved, and times that can be."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from talks import WORDS

from index.formats.parsed import Piece
from index.reading.sentences import LONGEST_SENTENCE_WORDS, WORDS_WITHOUT_STOP, build_sentences, split_sentences

punctuated = st.text(st.sampled_from([*"abI é漢.!?…,'\"”’)]。！\n\t—0"]), max_size=60)
texts = st.one_of(
    punctuated, st.lists(st.sampled_from([*WORDS, "Yes.", "go?", "Mr.", "..."]), max_size=40).map(" ".join)
)


@st.composite
def turns_of_pieces(draw: st.DrawFn) -> list[list[Piece]]:
    """Turns with times that run forward, where there are any."""
    clock, turns = 0.0, []
    for _ in range(draw(st.integers(1, 5))):
        pieces = []
        for text in draw(st.lists(texts, max_size=5)):
            start = end = None
            if draw(st.booleans()):
                start = clock = clock + draw(st.floats(0, 30))
            if draw(st.booleans()):
                end = clock = clock + draw(st.floats(0, 30))
            pieces.append(Piece(text, start, end, draw(st.integers(0, 4)) > 0))
        turns.append(pieces)
    return turns


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", []),
        ("   ", []),
        ("Yes.", ["Yes."]),
        ("no full stop at all", ["no full stop at all"]),
        ("Is it? It is! Good.", ["Is it?", "It is!", "Good."]),
        (
            "Dr. Gill and Mr. Lund met at St. Ives. They spoke.",
            ["Dr. Gill and Mr. Lund met at St. Ives.", "They spoke."],
        ),
        ("It cost 3.5 million. Then 4.", ["It cost 3.5 million.", "Then 4."]),
        ("J. R. Hartley wrote it. I read it.", ["J. R. Hartley wrote it.", "I read it."]),
        ("So did I. Then we left.", ["So did I.", "Then we left."]),
        ('He said, "Come back." And I did.', ['He said, "Come back."', "And I did."]),
        ("I was... not sure. You?", ["I was... not sure.", "You?"]),
        ("これは船です。とても古い。", ["これは船です。", "とても古い。"]),
        ("شكرا لك. إلى اللقاء.", ["شكرا لك.", "إلى اللقاء."]),
        ("😀 Well. 😀", ["😀 Well.", "😀"]),
        ("... Well, yes.", ["... Well, yes."]),
    ],
)
def test_a_text_is_cut_where_a_sentence_ends(text, sentences):
    assert cut(text) == sentences


@given(texts)
def test_sentences_are_slices_in_order_that_leave_out_only_white_space(text):
    spans = split_sentences(text)
    assert all(start < end and not text[start].isspace() for start, end in spans)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))
    ends, starts = [0, *(end for _, end in spans)], [*(start for start, _ in spans), len(text)]
    assert not "".join(text[end:start] for end, start in zip(ends, starts, strict=True)).strip()


@given(turns_of_pieces())
def test_words_in_are_words_out_in_their_order(turns):
    built = build_sentences(turns)
    assert len(built) == len(turns)
    for pieces, sentences in zip(turns, built, strict=True):
        said = " ".join(" ".join(piece.text.split()) for piece in pieces if piece.speech and piece.text.split())
        rest = said
        for sentence in sentences:
            if sentence.speech:
                before, found, rest = rest.partition(sentence.text)
                assert found and not before.strip(), "a sentence is a slice of the words, next after the one before"
        assert not rest.strip()
        notes = [" ".join(piece.text.split()) for piece in pieces if not piece.speech and piece.text.split()]
        assert [sentence.text for sentence in sentences if not sentence.speech] == notes
    positions = [sentence.position for sentences in built for sentence in sentences]
    assert positions == list(range(len(positions)))


@given(turns_of_pieces())
def test_times_never_run_backwards(turns):
    sentences = [sentence for of_turn in build_sentences(turns) for sentence in of_turn]
    timed = [s for s in sentences if s.start is not None]
    assert all(s.end is None or s.start <= s.end for s in timed)
    assert all(one.start <= two.start for one, two in pairwise(timed))
    spoken = [s for s in timed if s.speech]  # a stage direction may stand inside a sentence
    assert all(one.end is None or one.end <= two.start + 1e-6 for one, two in pairwise(spoken))


@given(turns_of_pieces())
def test_times_lie_within_the_known_ones_or_say_how_far_off_they_may_be(turns):
    known = [
        t for pieces in turns for p in pieces if p.speech and p.text.split() for t in (p.start, p.end) if t is not None
    ]
    sentences = [sentence for of_turn in build_sentences(turns) for sentence in of_turn]
    for sentence in sentences:
        if not known:
            assert sentence.start is None and sentence.end is None and sentence.time_source is None
        elif not min(known) <= sentence.start <= max(known):
            assert sentence.time_error > 0
            assert sentence.start >= 0


@given(turns_of_pieces())
def test_a_time_that_was_given_is_kept(turns):
    for pieces, sentences in zip(turns, build_sentences(turns), strict=True):
        spoken = [piece for piece in pieces if piece.speech and piece.text.split()]
        first = next((sentence for sentence in sentences if sentence.speech), None)
        if spoken and first and spoken[0].start is not None:
            assert first.start == spoken[0].start
            assert (first.time_source, first.time_error) == ("transcript", 0.0)


def test_a_sentence_over_two_cues_lasts_from_the_first_to_the_second():
    ((one, two),) = build_sentences([[Piece("The fog came", 10.0, 12.0), Piece("in at noon. We waited.", 12.5, 15.0)]])
    assert (one.text, one.start, one.time_source) == ("The fog came in at noon.", 10.0, "transcript")
    assert (two.text, two.end) == ("We waited.", 15.0)
    assert 12.5 < one.end <= two.start < 15.0


def test_a_time_far_from_known_ones_is_an_estimate():
    long = " ".join(["word"] * 80)
    ((one, two),) = build_sentences([[Piece(f"One {long}. Two {long}.", 0.0, 200.0)]])
    assert one.time_source == "transcript"
    assert two.time_source == "estimated" and two.time_error > 2


def test_a_stage_direction_stands_where_it_was_and_is_no_speech():
    ((one, note, two),) = build_sentences([[Piece("Yes."), Piece("[laughs]", speech=False), Piece("No.")]])
    assert [one.speech, note.speech, two.speech] == [True, False, True]
    assert (note.text, note.position) == ("[laughs]", 1)


def test_two_stage_directions_in_one_place_keep_their_order():
    pieces = [Piece("Yes."), Piece("[laughs]", speech=False), Piece("[coughs]", speech=False), Piece("No.")]
    assert [sentence.text for sentence in build_sentences([pieces])[0]] == ["Yes.", "[laughs]", "[coughs]", "No."]


def test_text_without_full_stops_is_cut_where_the_speaker_pauses():
    pieces = [Piece(" ".join(f"w{n}x{i}" for i in range(7)), float(n), n + 1.0) for n in range(30)]
    (sentences,) = build_sentences([pieces])
    assert all(WORDS_WITHOUT_STOP <= len(s.text.split()) <= LONGEST_SENTENCE_WORDS for s in sentences[:-1])
    ends = {" ".join(p.text.split()).split()[-1] for p in pieces}
    assert all(s.text.split()[-1] in ends for s in sentences)


def test_a_turn_without_words_has_no_sentences():
    assert build_sentences([[], [Piece("  \n ")], [Piece("Yes.")]])[:2] == [[], []]
