"""Chapters as anchors: found in notes and metadata, placed by their words, and never where they can't be true."""

from __future__ import annotations

import json
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.episode import Chapter, Sentence
from index.errors import TranscriptError
from index.library import find_transcripts
from index.reading.chapters import listed_chapters, places_of
from index.reading.read import read_episode
from index.reading.timing import estimate_times

SUBJECTS = ("lighthouse keepers", "copper kettles", "heron nests", "tidal barrier")
FILLER = "And then we walked on for a while and said nothing at all, which was just as well. "


def talk(*fillers: int) -> list[str]:
    """For each subject: a sentence that names it, one more about it, and so many sentences of anything."""
    texts = []
    for subject, count in zip(SUBJECTS, fillers, strict=True):
        texts += [f"Tell me about the {subject}.", f"The {subject} were there before us.", *[FILLER.strip()] * count]
    return texts


def spoken(texts: list[str]) -> list[list[Sentence]]:
    return [[Sentence(number, text)] for number, text in enumerate(texts)]


def truth(texts: list[str], pauses: dict[int, float]) -> list[float]:
    """When each sentence begins: at .065 seconds a character, after pauses before some of them."""
    ends = accumulate(0.065 * len(text) + pauses.get(number, 0.0) for number, text in enumerate(texts))
    return [end - 0.065 * len(text) for end, text in zip(ends, texts, strict=True)]


TEXTS = talk(30, 60, 40, 50)
FIRST = [TEXTS.index(f"Tell me about the {subject}.") for subject in SUBJECTS]
TRUE = truth(TEXTS, {0: 20.0, FIRST[1]: 35.0, FIRST[3]: 25.0})
CHAPTERS = tuple(Chapter(TRUE[number], f"All about {subject}") for number, subject in zip(FIRST, SUBJECTS, strict=True))


def off(duration: float | None, chapters: tuple[Chapter, ...]) -> float:
    timed = estimate_times(spoken(TEXTS), duration, chapters)
    return sum(abs(turn[0].start - true) for turn, true in zip(timed, TRUE, strict=True)) / len(TRUE)


@pytest.mark.parametrize("duration", [None, TRUE[-1] + 5.0])
def test_chapters_whose_words_are_said_near_their_time_bring_the_times_nearer(duration):
    assert off(duration, CHAPTERS) < 0.85 * off(duration, ())
    timed = estimate_times(spoken(TEXTS), duration, CHAPTERS)
    assert [timed[number][0].start for number in FIRST] == pytest.approx([chapter.start for chapter in CHAPTERS])
    plain = estimate_times(spoken(TEXTS), duration)
    assert timed[80][0].time_source == "estimated" and 2 < timed[80][0].time_error <= plain[80][0].time_error


def test_chapters_whose_words_are_never_said_change_nothing():
    silent = tuple(Chapter(chapter.start, "Zebra quartz") for chapter in CHAPTERS)
    assert estimate_times(spoken(TEXTS), 800.0, silent) == estimate_times(spoken(TEXTS), 800.0)


def test_two_places_are_too_few_to_move_the_times():
    assert estimate_times(spoken(TEXTS), 800.0, CHAPTERS[:2]) == estimate_times(spoken(TEXTS), 800.0)


def test_a_chapter_that_contradicts_the_others_has_no_place():
    expected = list(TRUE)
    offsets = [0, *accumulate(map(len, TEXTS))][:-1]
    wrong = (CHAPTERS[0], Chapter(CHAPTERS[1].start, "All about tidal barrier"), *CHAPTERS[2:])
    found = places_of(wrong, TEXTS, offsets, expected, [2000.0] * len(TEXTS))
    assert [(place.number, place.start) for place in found] == [
        (number, chapter.start) for number, chapter in zip(FIRST, CHAPTERS, strict=True) if number != FIRST[1]
    ]


def test_a_list_of_times_in_the_notes_is_chapters():
    notes = "About boats.\n\n00:00 Hello\n(12:40) The move to Lisbon\n[1:02:03] - Questions\nSee you at 10:30 tomorrow"
    assert listed_chapters(notes) == (
        Chapter(0, "Hello"),
        Chapter(760, "The move to Lisbon"),
        Chapter(3723, "Questions"),
    )


@pytest.mark.parametrize(
    "notes",
    ["", "12:40 The move to Lisbon", "12:40 Lisbon\n05:00 Hello\n20:00 Questions", "At 12:40 we\nat 13:00\nat 14:00"],
)
def test_times_that_are_too_few_or_run_backwards_are_no_chapters(notes):
    assert listed_chapters(notes) == ()


def written(folder, fields: dict[str, object]) -> None:
    (folder / "talk.txt").write_text("\n\n".join(f"Ann Hale: {text}" for text in TEXTS), encoding="utf-8")
    (folder / "talk.meta.json").write_text(json.dumps({"duration": TRUE[-1] + 5, **fields}), encoding="utf-8")


def test_chapters_come_with_the_metadata_or_from_the_notes(tmp_path):
    given_times = [{"startTime": chapter.start, "title": chapter.title} for chapter in CHAPTERS]
    written(tmp_path, {"chapters": given_times})
    episode = read_episode(tmp_path / "talk.txt")
    begins = {s.text: s.start for s in episode.sentences}
    assert begins[f"Tell me about the {SUBJECTS[2]}."] == pytest.approx(CHAPTERS[2].start)
    clocks = [f"{chapter.start // 60:02.0f}:{chapter.start % 60:02.0f} {chapter.title}" for chapter in CHAPTERS]
    written(tmp_path, {"description": "\n".join(clocks)})
    noted = {s.text: s.start for s in read_episode(tmp_path / "talk.txt").sentences}
    assert noted == pytest.approx(begins, abs=1.5)


def test_the_podcast_namespaces_chapters_may_lie_beside_the_transcript(tmp_path):
    written(tmp_path, {})
    before = read_episode(tmp_path / "talk.txt")
    marks = {
        "version": "1.2.0",
        "chapters": [{"startTime": c.start, "title": c.title, "img": "a.png"} for c in CHAPTERS],
    }
    (tmp_path / "talk.chapters.json").write_text(json.dumps(marks), encoding="utf-8")
    after = read_episode(tmp_path / "talk.txt")
    begins = {s.text: s.start for s in after.sentences}
    assert begins[f"Tell me about the {SUBJECTS[2]}."] == pytest.approx(CHAPTERS[2].start)
    assert after.content_hash != before.content_hash
    assert find_transcripts([tmp_path])[0] == [tmp_path / "talk.txt"]


@pytest.mark.parametrize(
    "chapters", ["12:40 Lisbon", [1], [{"startTime": "soon", "title": "Lisbon"}], [{"startTime": 1, "title": []}]]
)
def test_chapters_that_are_none_are_refused_by_name(tmp_path, chapters):
    written(tmp_path, {"chapters": chapters})
    with pytest.raises(TranscriptError, match="chapters"):
        read_episode(tmp_path / "talk.txt")


titles = st.sampled_from(SUBJECTS) | st.text(max_size=20)
chapter_marks = st.lists(st.builds(Chapter, st.floats(0, 4000), titles), max_size=12).map(
    lambda found: tuple(sorted(found))
)


@given(chapter_marks, st.none() | st.floats(200, 4000), st.lists(st.integers(0, 20), min_size=4, max_size=4))
def test_whatever_the_chapters_say_times_rise_within_the_duration_and_no_word_is_touched(chapters, duration, fillers):
    texts = talk(*fillers)
    timed = [sentence for turn in estimate_times(spoken(texts), duration, chapters) for sentence in turn]
    assert [sentence.text for sentence in timed] == texts
    assert all(0 <= one.start <= one.end + 1e-6 and one.end <= two.start + 1e-6 for one, two in pairwise(timed))
    assert all(sentence.time_source == "estimated" and sentence.time_error > 2 for sentence in timed)
    assert duration is None or timed[-1].end <= duration + 1e-6
