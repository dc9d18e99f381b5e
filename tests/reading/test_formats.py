"""Subtitles and JSON: what people get wrong is read as they meant it, and told once."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import TranscriptError
from index.formats import parse
from index.formats.parsed import Parsed


def read(text: str, name: str = "talk.txt") -> Parsed:
    return parse(text.encode(), name)


def said(parsed: Parsed) -> list[tuple[str | None, str]]:
    """(speaker, words) of each turn, stage directions left out."""
    return [
        (turn.speaker, " ".join(piece.text for piece in turn.pieces if piece.speech))
        for turn in parsed.turns
        if any(piece.speech for piece in turn.pieces)
    ]


def aside(parsed: Parsed) -> list[str]:
    return [piece.text for turn in parsed.turns for piece in turn.pieces if not piece.speech]


SRT = """1
00:00:01,000 --> 00:00:03,500
Ines: Welcome to the
potting shed.

2
00:00:03,500 --> 00:00:05,000
Today we talk about soil.

3
00:00:05,200 --> 00:00:07,000
Tomas: Glad to be here.
"""


def test_an_srt_label_carries_on_until_the_next_one():
    parsed = read(SRT)
    assert parsed.format == "srt"
    assert said(parsed) == [
        ("Ines", "Welcome to the potting shed. Today we talk about soil."),
        ("Tomas", "Glad to be here."),
    ]
    first = parsed.turns[0].pieces
    assert [(piece.start, piece.end) for piece in first] == [(1.0, 3.5), (3.5, 5.0)]
    assert parsed.mended == ()


def test_the_format_is_chosen_by_content_and_not_by_suffix():
    assert read(SRT, "talk.json").format == "srt"
    assert read("WEBVTT\n\n00:01.000 --> 00:02.000\nHello there.\n", "talk.srt").format == "vtt"
    assert read('{"segments": [{"body": "Hello", "startTime": 1, "endTime": 2}]}', "talk.txt").format == "podcast-json"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SRT.replace("\n", "\r\n"), id="CRLF"),
        pytest.param("\ufeff" + SRT, id="BOM"),
        pytest.param(SRT.replace(",", "."), id="dots"),
        pytest.param(SRT.replace("1\n00", "00").replace("2\n00", "00").replace("3\n00", "00"), id="no indices"),
        pytest.param(SRT.replace("\n\n", "\n"), id="no blank lines"),
        pytest.param(SRT.replace("00:00:0", "0:0"), id="no hours"),
        pytest.param(SRT.replace("-->", "->"), id="short arrows"),
        pytest.param(SRT.replace("Welcome", "<i>Welcome</i>").replace("Today", "{\\an8}Today"), id="tags"),
    ],
)
def test_srt_is_read_as_people_meant_it(text):
    assert said(read(text)) == said(read(SRT))
    assert read(text).turns[0].pieces[0].start == 1.0


def test_a_number_that_somebody_says_is_not_taken_for_an_index():
    parsed = read("1\n00:00:01,000 --> 00:00:02,000\nThe answer is\n42\n\n2\n00:00:02,000 --> 00:00:03,000\n7\n")
    assert said(parsed) == [(None, "The answer is 42 7")]


def test_backwards_overlapping_and_shuffled_cues_are_mended_and_told_once():
    parsed = read(
        "1\n00:00:04,000 --> 00:00:03,000\nsecond\n\n2\n00:00:01,000 --> 00:00:04,500\nfirst\n\n"
        "3\n00:00:06,000 --> 00:00:07,000\nthird\n"
    )
    assert [(p.text, p.start, p.end) for p in parsed.turns[0].pieces] == [
        ("first", 1.0, 4.0), ("second", 4.0, 6.0), ("third", 6.0, 7.0),
    ]  # fmt: skip
    assert len(parsed.mended) == 3
    assert "line 2" in " ".join(parsed.mended)


def test_times_that_start_again_are_a_second_part_and_not_shuffled_into_the_first():
    part = "".join(f"{n + 1}\n00:0{n}:00,000 --> 00:0{n}:20,000\nword{n}\n\n" for n in range(6))
    parsed = read(part + part.replace("word", "again"))
    words = [piece.text for piece in parsed.turns[0].pieces]
    assert words == [f"word{n}" for n in range(6)] + [f"again{n}" for n in range(6)]
    starts = [piece.start for piece in parsed.turns[0].pieces]
    assert starts == sorted(starts)
    assert "second" in parsed.mended[0] or "further parts" in parsed.mended[0]


def test_an_unreadable_time_is_refused_with_its_line():
    with pytest.raises(TranscriptError, match=r"talk\.srt:6: '00:0x:03 --> 00:00:05'"):
        read("1\n00:00:01,000 --> 00:00:02,000\nHi\n\n2\n00:0x:03 --> 00:00:05\nHo\n", "talk.srt")


def test_dashes_and_arrows_in_a_cue_change_the_speaker():
    parsed = read(
        "1\n00:00:01,000 --> 00:00:02,000\n- Ready?\n- Ready.\n\n2\n00:00:03,000 --> 00:00:04,000\n>> ANN: Go.\n"
    )
    assert said(parsed) == [(None, "Ready?"), (None, "Ready."), ("ANN", "Go.")]


def test_a_sentence_with_a_colon_is_no_label():
    parsed = read(
        "1\n00:00:01,000 --> 00:00:02,000\nAnn: Here is the thing\n\n2\n00:00:02,000 --> 00:00:03,000\n"
        "and then he said: stop.\n\n3\n00:00:03,000 --> 00:00:04,000\nRemember: I remember it all.\n"
    )
    assert said(parsed) == [("Ann", "Here is the thing and then he said: stop. Remember: I remember it all.")]


def test_machine_labels_in_brackets_are_speakers():
    parsed = read(
        "1\n00:00:01,000 --> 00:00:02,000\n[SPEAKER_00]: Hi.\n\n2\n00:00:02,000 --> 00:00:03,000\n[SPEAKER_01]: Ho.\n"
    )
    assert said(parsed) == [("SPEAKER_00", "Hi."), ("SPEAKER_01", "Ho.")]


VTT = """WEBVTT - a talk
Kind: captions

STYLE
::cue { color: lime }

NOTE this is nobody's word

intro
00:00:01.000 --> 00:00:02.500 align:start position:0%
<v Ines Roth>Soil &amp; water,</v>

00:00:02.500 --> 00:00:04.000
<v Ines Roth><c.yellow>that is</c> all.

NOTE
two lines
of comment

00:00:04.000 --> 00:00:06.000
<v Tomas>Is it?</v> <v Ines Roth>It is.
"""


def test_vtt_voices_speak_and_notes_styles_and_identifiers_do_not():
    parsed = read(VTT)
    assert parsed.format == "vtt"
    assert said(parsed) == [("Ines Roth", "Soil & water, that is all."), ("Tomas", "Is it?"), ("Ines Roth", "It is.")]


def test_vtt_with_commas_and_without_hours_is_read_and_told():
    parsed = read("WEBVTT\n\n00:01,000 --> 00:02,000\nHello there.\n")
    assert parsed.turns[0].pieces[0].start == 1.0
    assert "commas" in parsed.mended[0]


def test_captions_that_roll_up_say_each_line_once():
    rolled = """WEBVTT

00:00:00.100 --> 00:00:02.300
the<00:00:00.400><c> kettle</c><00:00:00.900><c> boils</c>

00:00:02.300 --> 00:00:02.310
the kettle boils

00:00:02.310 --> 00:00:04.000
the kettle boils
and<00:00:02.800><c> sings</c>

00:00:04.000 --> 00:00:04.010
and sings

00:00:04.010 --> 00:00:06.000
and sings
all day

00:00:06.000 --> 00:00:06.010
all day
"""
    parsed = read(rolled)
    assert said(parsed) == [(None, "the kettle boils and sings all day")]
    assert "roll up" in parsed.mended[0]


def test_a_line_that_is_said_twice_stays_twice():
    cues = "".join(
        f"00:00:0{n}.000 --> 00:00:0{n + 1}.000\n{w}\n\n" for n, w in enumerate(["Yes.", "Yes.", "No.", "Maybe so."])
    )
    assert said(read("WEBVTT\n\n" + cues)) == [(None, "Yes. Yes. No. Maybe so.")]


def test_music_and_laughter_in_cues_are_marked_in_place():
    parsed = read(
        "WEBVTT\n\n00:01.000 --> 00:02.000\n[music]\n\n00:02.000 --> 00:03.000\nSo (laughs) it grew ♪ la la ♪\n"
    )
    assert said(parsed) == [(None, "So it grew")]
    assert aside(parsed) == ["[music]", "(laughs)", "♪ la la ♪"]


def test_podcast_namespace_json_words_become_turns():
    rows = [("Ines", 0.5, 0.8, "Good"), ("Ines", 0.8, 1.0, "soil."), ("Tomas", 1.5, 1.9, "Indeed.")]
    content = {"version": "1.0.0", "segments": [
        {"speaker": who, "startTime": start, "endTime": end, "body": body}
        for who, start, end, body in rows]}  # fmt: skip
    parsed = read(json.dumps(content))
    assert said(parsed) == [("Ines", "Good soil."), ("Tomas", "Indeed.")]
    assert parsed.turns[0].pieces[1].start == 0.8


def test_whisper_words_are_timed_and_its_repeated_line_is_said_once():
    content = {"text": "", "language": "en", "segments": [
        {"start": 0.0, "end": 2.0, "text": " It doesn't rain.", "words": [
            {"word": " It", "start": 0.0, "end": 0.4}, {"word": " doesn", "start": 0.4, "end": 0.8},
            {"word": "'t", "start": 0.8, "end": 0.9}, {"word": " rain.", "start": 1.0, "end": 2.0}]},
        *({"start": 2.0 + n, "end": 3.0 + n, "text": " Thank you."} for n in range(4)),
    ]}  # fmt: skip
    parsed = read(json.dumps(content))
    assert parsed.format == "whisper-json"
    assert [(p.text, p.start, p.end) for p in parsed.turns[0].pieces] == [
        ("It", 0.0, 0.4), ("doesn't", 0.4, 0.9), ("rain.", 1.0, 2.0), ("Thank you.", 2.0, 3.0),
        ("Thank you. Thank you. Thank you.", 3.0, 6.0),
    ]  # fmt: skip
    assert [piece.speech for piece in parsed.turns[0].pieces] == [True] * 4 + [False]
    assert parsed.mended == ("3 lines repeating those before marked as not said (first 'Thank you.')",)


def test_whisperx_splits_a_segment_where_its_words_change_speaker():
    content = {"segments": [{"start": 0, "end": 3, "text": "Ready? Yes, now.", "speaker": "SPEAKER_00", "words": [
        {"word": "Ready?", "start": 0, "end": 1, "speaker": "SPEAKER_00"},
        {"word": "Yes,", "start": 1, "end": 2, "speaker": "SPEAKER_01"},
        {"word": "now."}]}], "word_segments": []}  # fmt: skip
    assert said(read(json.dumps(content))) == [("SPEAKER_00", "Ready?"), ("SPEAKER_01", "Yes, now.")]


def test_whisper_cpp_counts_milliseconds():
    content = {"transcription": [{"offsets": {"from": 500, "to": 1500}, "text": " Hello."}]}
    assert read(json.dumps(content)).turns[0].pieces[0].start == 0.5


def test_a_json_list_of_lines_keeps_people_times_and_the_episode():
    content = {"podcast": "Shed Talk", "episode": "7", "transcript": [
        {"text": "(Intro music: Banjo)"},
        {"timestamp": "0:00:12.9", "speaker": "Ines", "text": "Hello."},
        {"timestamp": "0:01:02", "speaker": "Tomas", "text": "Hello (laughs) again."}]}  # fmt: skip
    parsed = read(json.dumps(content))
    assert said(parsed) == [("Ines", "Hello."), ("Tomas", "Hello again.")]
    assert aside(parsed) == ["(Intro music: Banjo)", "(laughs)"]
    assert (parsed.metadata.show, parsed.metadata.title) == ("Shed Talk", "Episode 7")
    assert parsed.turns[1].pieces[0].start == 12.9


WORDS = st.lists(
    st.text(st.characters(categories=("Lu", "Ll", "Nd"), exclude_characters="Ãâ"), min_size=1, max_size=8),
    min_size=1,
    max_size=8,
).map(" ".join)


@settings(deadline=None)  # the first example imports the parsers
@given(st.lists(st.tuples(st.integers(200, 5000), WORDS), min_size=1, max_size=12))
def test_what_is_written_as_srt_vtt_and_json_comes_back_word_for_word(rows):
    start, cues = 0, []
    for length, words in rows:
        cues.append((start, start + length, f"w {words} w"))  # a cue that is only a number is told apart elsewhere
        start += length
    clock = lambda ms, dot: f"{ms // 3600000:02d}:{ms // 60000 % 60:02d}:{ms // 1000 % 60:02d}{dot}{ms % 1000:03d}"  # noqa: E731
    srt = "".join(f"{n}\n{clock(a, ',')} --> {clock(b, ',')}\n{w}\n\n" for n, (a, b, w) in enumerate(cues, 1))
    vtt = "WEBVTT\n\n" + "".join(f"{clock(a, '.')} --> {clock(b, '.')}\n{w}\n\n" for a, b, w in cues)
    js = json.dumps({"segments": [{"startTime": a / 1000, "endTime": b / 1000, "body": w} for a, b, w in cues]})
    expected = [(w, a / 1000, b / 1000) for a, b, w in cues]
    for text in (srt, vtt, js):
        parsed = read(text)
        assert [(p.text, p.start, p.end) for turn in parsed.turns for p in turn.pieces] == expected
