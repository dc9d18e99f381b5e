"""When: given times are checked, missing ones estimated, and each estimate says that it is one and how far off it may be."""

from __future__ import annotations

import wave
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from talks import episodes

from index.episode import Sentence
from index.formats.parsed import ParsedTurn, Piece
from index.library import Library
from index.reading.read import read_episode
from index.reading.sentences import build_sentences
from index.reading.timing import BREAK, PACE_ERROR, estimate_times, interpolation_error, is_break, possible_times
from ui.terminal import cli

LINE = "The bell on the mole was cast from two older ones, and you can hear both of them in it. "


def talk(*lines: tuple[float | None, int]) -> list[ParsedTurn]:
    """One turn for each (start, how many times the line is said)."""
    return [ParsedTurn("Ann", (Piece(LINE * count, start),)) for start, count in lines]


def starts(turns) -> list[float | None]:
    return [piece.start for turn in turns for piece in turn.pieces]


@given(episodes(), st.none() | st.floats(0.1, 20_000))
def test_estimated_times_rise_within_the_duration_and_say_what_they_are(talk, duration):
    spoken = [list(turn.sentences) for turn in talk.turns]
    timed = estimate_times(spoken, duration)
    if talk.sentences[0].start is not None:
        assert timed == spoken
        return
    sentences = [sentence for of_turn in timed for sentence in of_turn]
    assert [(s.position, s.text, s.speech) for s in sentences] == [
        (s.position, s.text, s.speech) for s in talk.sentences
    ]
    assert all(s.time_source == "estimated" and s.time_error > 2 for s in sentences)
    assert all(0 <= s.start <= s.end for s in sentences)
    assert all(one.end == pytest.approx(two.start) for one, two in pairwise(sentences))
    if duration is None:
        assert all(s.time_error >= PACE_ERROR for s in sentences), "known to the minute at best"
    else:
        assert sentences[-1].end == pytest.approx(duration)
        assert all(s.end <= duration for s in sentences)


def test_a_sentence_has_the_share_of_its_characters_after_the_opening():
    ((one, two),) = estimate_times([[Sentence(0, "a" * 750), Sentence(1, "b" * 250)]], 100.0)
    assert 0 < one.start < 10
    assert (one.end - one.start) == pytest.approx(3 * (two.end - two.start))
    assert (one.end, two.end) == (two.start, 100)


def test_the_clock_runs_on_in_a_marked_break():
    ((one, note, two),) = estimate_times(
        [[Sentence(0, LINE), Sentence(1, "Break", speech=False), Sentence(2, LINE)]], None
    )
    assert note.end - note.start == BREAK
    assert one.end == note.start and note.end == two.start


@pytest.mark.parametrize(
    "text", ["Break", "Break: our sponsor is a rope maker", "[ad break]", "Sponsor: ropes", "(commercial)"]
)
def test_a_break_is_known_by_its_word(text):
    assert is_break(text)


@pytest.mark.parametrize(
    "text", ["[laughter]", "Music", "[breaks a plate]", "Intro", "(adds something)", "[broadcast]", ""]
)
def test_other_stage_directions_are_no_break(text):
    assert not is_break(text)


def test_the_error_grows_with_the_distance_to_the_nearest_known_time():
    errors = [interpolation_error(before, 600 - before) for before in range(0, 301, 10)]
    assert errors[0] == 0
    assert all(one < two for one, two in pairwise(errors))
    assert interpolation_error(100, 500) == interpolation_error(500, 100)


def test_a_time_inside_the_transcript_makes_those_near_it_better_known():
    near, far = build_sentences([[Piece(LINE * 40, 600.0), Piece(LINE * 40, 900.0)]])[0][1::30][:2]
    assert 600 < near.start < far.start < 900
    assert near.time_error < far.time_error


def test_between_two_times_a_break_takes_its_share():
    pieces = [Piece(LINE * 10, 0.0), Piece("[ad break]", None, None, False), Piece(LINE * 10), Piece("Yes.", 180.0)]
    without = build_sentences([[pieces[0], *pieces[2:]]])[0]
    with_break = [s for s in build_sentences([pieces])[0] if s.speech]
    assert with_break[9].start < without[9].start
    assert with_break[10].start > without[10].start


def test_words_after_a_break_do_not_start_with_it():
    pieces = [Piece(LINE * 10, 0.0), Piece("Break", 60.0, None, False), Piece(LINE * 10), Piece("Yes.", 240.0)]
    sentences = build_sentences([pieces])[0]
    assert sentences[9].end == 60
    assert sentences[11].start > 60


def test_estimates_past_the_last_known_time_end_with_the_duration():
    sentences = build_sentences([[Piece(LINE, 0.0), Piece(LINE * 100, 10.0)]], duration=60.0)[0]
    assert max(sentence.end for sentence in sentences) == 60


pieces = st.builds(
    lambda speech, count, gap, timed: (speech, count, gap, timed),
    st.booleans(), st.integers(0, 4), st.floats(0, 90), st.booleans(),
)  # fmt: skip


@given(st.lists(st.lists(pieces, max_size=4), max_size=6), st.none() | st.floats(0, 300))
def test_with_breaks_too_times_run_forwards_end_with_the_duration_and_no_word_is_touched(drawn, more):
    turns, clock = [], 0.0
    for of_turn in drawn:
        turns.append([])
        for speech, count, gap, timed in of_turn:
            clock += gap
            text = "".join(f"Bell {n} rings. " for n in range(count)) if speech else "Break"
            turns[-1].append(Piece(text, clock if timed else None, None, speech))
    duration = None if more is None else clock + more
    built = build_sentences(turns, duration=duration)
    said = [" ".join(" ".join(piece.text.split()) for piece in turn if piece.speech).split() for turn in turns]
    assert [" ".join(s.text for s in sentences if s.speech).split() for sentences in built] == said
    timed = [s for sentences in built for s in sentences if s.start is not None]
    assert all(one.start <= two.start + 1e-6 for one, two in pairwise(timed))
    assert all(s.start >= 0 and (s.end is None or s.start <= s.end) for s in timed)
    assert all(s.end is None or duration is None or s.end <= duration + 1e-6 for s in timed)
    assert all(s.time_error >= 0 for s in timed)


# Given times


def test_times_that_can_be_true_are_kept_as_they_are():
    mended: list[str] = []
    turns = talk((0, 1), (6, 2), (18, 1), (19, 0), (24, 5))
    assert possible_times(turns, 60.0, mended) == (tuple(turns), 60.0)
    assert not mended


@pytest.mark.parametrize("wrong", [3612.0, 0.0])
def test_one_time_that_contradicts_all_others_is_left_out_and_told(wrong):
    mended: list[str] = []
    turns, _ = possible_times(talk((0, 1), (10, 1), (20, 1), (wrong, 1), (40, 1), (50, 1)), None, mended)
    assert starts(turns) == [0, 10, 20, None, 40, 50]
    assert len(mended) == 1 and "1 time can't be true" in mended[0]


def test_the_time_of_a_break_is_checked_with_the_others():
    pieces = [Piece(LINE, 0.0), Piece("Break", 3600.0, None, False), Piece(LINE, 90.0), Piece(LINE, 100.0)]
    turns, _ = possible_times([ParsedTurn("Ann", tuple(pieces))], None, [])
    assert starts(turns) == [0, None, 90, 100]


def test_a_time_that_leaves_no_time_to_speak_is_left_out():
    mended: list[str] = []
    turns, _ = possible_times(talk((0, 1), (10, 60), (12, 1), (300, 1), (310, 1)), None, mended)
    assert starts(turns) == [0, 10, None, 300, 310]


def test_times_that_are_wrong_throughout_are_not_shown_at_all():
    mended: list[str] = []
    turns, _ = possible_times(talk(*((n / 10, 5) for n in range(20))), None, mended)
    assert starts(turns) == [None] * 20
    assert "none is shown" in mended[0]


def test_a_duration_that_the_times_run_far_past_is_not_believed():
    mended: list[str] = []
    assert possible_times(talk((0, 1), (600, 1)), 60.0, mended)[1] is None
    assert "not believed" in mended[0]
    assert possible_times(talk((0, 1), (62, 1)), 60.0, [])[1] == 60


@pytest.mark.parametrize("duration", [20.0, 3_600_000.0])
def test_a_duration_in_which_nobody_speaks_so_is_not_believed(duration):
    mended: list[str] = []
    assert possible_times(talk((None, 100)), duration, mended)[1] is None
    assert "not believed" in mended[0]


@given(
    st.lists(st.tuples(st.none() | st.floats(0, 400), st.integers(0, 30)), max_size=30), st.none() | st.floats(1, 500)
)
def test_checked_times_run_forwards_and_no_word_is_touched(lines, duration):
    before = talk(*lines)
    turns, _ = possible_times(before, duration, [])
    assert [[piece.text for piece in turn.pieces] for turn in turns] == [
        [piece.text for piece in turn.pieces] for turn in before
    ]
    kept = [start for start in starts(turns) if start is not None]
    assert kept == sorted(kept)
    assert set(kept) <= {start for start, _ in lines}


def test_without_times_and_duration_an_episode_has_the_minute_and_no_duration(tmp_path):
    file = tmp_path / "bell.txt"
    file.write_text(f"Ann Hale: {LINE * 200}\n\nBo Lund: {LINE}", encoding="utf-8")
    episode = read_episode(file)
    last = episode.turns[-1].sentences[-1]
    assert episode.duration is None
    assert 900 < last.start < 1500 and last.time_source == "estimated" and last.time_error > 60


def test_a_time_known_to_the_minute_at_best_is_shown_with_its_place_in_the_talk_and_no_second(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("VERBATIM_EMBEDDINGS", "hashing")
    file = tmp_path / "bell.txt"
    file.write_text(f"Ann Hale: {LINE * 150}\n\nBo Lund: A heron stole the clapper. {LINE * 50}", encoding="utf-8")
    (tmp_path / "bell.meta.json").write_text('{"url": "https://example.org/bell"}', encoding="utf-8")
    library = str(tmp_path / "library")
    assert cli.main(["add", str(file), "--library", library]) == 0
    capsys.readouterr()
    assert cli.main(["search", "heron stole the clapper", "--limit", "1", "--library", library]) == 0
    shown = capsys.readouterr().out
    assert "about minute 14, 75 % in" in shown
    assert "https://example.org/bell" in shown and "#t=" not in shown


def test_a_duration_given_with_the_file_turns_minutes_into_estimates_and_stays(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("VERBATIM_EMBEDDINGS", "hashing")
    file, folder = tmp_path / "bell.txt", str(tmp_path / "library")
    file.write_text(f"Ann Hale: {LINE * 200}\n\nBo Lund: {LINE}", encoding="utf-8")
    Library.create(folder, "hashing")
    for length in ([], ["--duration", "18:20"], []):
        assert cli.main(["add", str(file), "--library", folder, *length]) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["added", "replaced", "unchanged"]
    episode = Library.open(folder).episode("bell")
    assert episode.duration == 1100 and episode.sentences[-1].end == pytest.approx(1100)
    assert episode.sentences[-1].time_error < 60


def test_a_duration_is_that_of_one_file_and_a_length(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("VERBATIM_EMBEDDINGS", "hashing")
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"Ann Hale: {LINE}", encoding="utf-8")
    Library.create(tmp_path / "library", "hashing")
    arguments = ["add", str(tmp_path), "--library", str(tmp_path / "library"), "--duration"]
    assert cli.main([*arguments, "18:20"]) == 1
    assert "one talk" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        cli.main([*arguments, "long"])


def test_the_length_of_the_audio_is_the_duration_where_nobody_tells_one(tmp_path):
    with wave.open(str(tmp_path / "bell.wav"), "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(1)
        audio.setframerate(100)
        audio.writeframes(bytes(1200))
    (tmp_path / "bell.txt").write_text(f"Ann Hale: {LINE}", encoding="utf-8")
    (tmp_path / "bell.meta.json").write_text('{"audio": "bell.wav"}', encoding="utf-8")
    assert read_episode(tmp_path / "bell.txt").duration == pytest.approx(12)
    (tmp_path / "bell.wav").write_bytes(b"no sound")
    assert read_episode(tmp_path / "bell.txt").duration is None


def test_a_wrong_time_in_a_file_is_told_among_what_was_mended(tmp_path):
    file = tmp_path / "bell.txt"
    times = ["00:00", "00:10", "59:00", "00:30", "00:40"]
    file.write_text("\n\n".join(f"[{time}] Ann Hale: {LINE}" for time in times), encoding="utf-8")
    episode = read_episode(file)
    assert any("1 time can't be true" in line for line in episode.mended)
    assert [turn.start for turn in episode.turns if turn.sentences[0].time_error == 0] == [0, 10, 30, 40] or len(
        episode.turns
    ) == 1
