"""Speakers, times and words corrected: seen everywhere at once, taken back without a trace, the transcript never
lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talks import ANN, BO, KETTLE, write_show, write_talk

from index.corrections.kinds import SpeakerIs, StartsAt, WordsAre
from index.episode import Person
from index.errors import VerbatimError
from index.interviews.answers import VoiceIs
from index.library import Library
from rag.answer import Done
from rag.as_json import episode_json
from rag.assistant import Assistant
from rag.question.scope import Filters
from rag.search.exact import find_phrase
from rag.search.export import KINDS, exported
from rag.search.topic import find_topic

TABLES = {
    "people": "name",
    "appearances": "episode, position, role, words, seconds, added, shown",
    "turns": "episode, position, role, speaker_source",
    "turns_added": "*",
    "sentences": "*",
    "passages": "episode, first, last, text, context, start, end",
    "embeddings": "vector",
    "episodes": "*",
}


@pytest.fixture
def made(tmp_path: Path) -> Library:
    library = Library.create(tmp_path / "library", "hashing")
    assert library.add([write_show(tmp_path / "talks")]).added == ["kettle", "lantern"]
    return library


def state(library: Library) -> dict[str, list[tuple]]:
    """All that is stored but the corrections themselves, and the ids that new passages get."""
    return {
        table: sorted(library.connection.execute(f"SELECT {names} FROM {table}").fetchall(), key=repr)
        for table, names in TABLES.items()
    }


def at(library: Library, position: int, id_: str = "kettle"):
    """(speaker, source, sentence) there."""
    return next(
        (turn.speaker, turn.speaker_source, sentence)
        for turn in library.episode(id_).turns
        for sentence in turn.sentences
        if sentence.position == position
    )


# ---- a speaker


def test_a_corrected_speaker_is_credited_everywhere_and_the_transcripts_one_nowhere(made):
    made.correct("kettle", SpeakerIs(4, 4, "Ann Hale"), by="Nell")
    assert at(made, 4)[:2] == (ANN, "corrected")
    assert at(made, 3)[:2] == (BO, "labelled")
    found = find_phrase(made, "has not leaked a drop").citations[0]
    assert (found.speaker, found.role, found.speaker_source) == ("Ann Hale", "host", "corrected")
    for person, quoted in (("Ann Hale", True), ("Bo Lund", False)):
        quotes = [c.quote for c in find_topic(Assistant(made), "leaked", Filters(guest=person)).citations]
        assert any("leaked" in quote for quote in quotes) == quoted
    (ann,) = [p for p in made.summaries()[0].people if p.name == "Ann Hale"]
    assert ann.words == sum(len(text.split()) for n, (who, text) in enumerate(KETTLE) if who == "Ann Hale" or n == 4)
    assert made.summaries()[0].speaker_sources == ("corrected", "labelled")


def test_what_is_exported_and_shown_says_that_it_was_put_right(made):
    made.correct("kettle", SpeakerIs(4, 4, "Ann Hale"), StartsAt(4, 4, 17.0))
    found = find_phrase(made, "has not leaked a drop").citations
    for kind in KINDS:
        text = exported(found, kind, {})
        assert "Ann Hale" in text and "corrected" in text and "Bo Lund" not in text
    turn = next(turn for turn in episode_json(made.episode("kettle"))["turns"] if "leaked" in turn["text"])
    assert (turn["speaker"], turn["speaker_source"], turn["start"]) == ("Ann Hale", "corrected", 17.0)


def test_an_answer_quotes_the_corrected_speaker(made):
    made.correct("kettle", SpeakerIs(2, 4, "Cat Moor", "guest"))
    events = Assistant(made).ask("What did Cat Moor say about the copper kettle?")
    answer = next(event.answer for event in events if isinstance(event, Done))
    assert {c.speaker for c in answer.citations} == {"Cat Moor"} and all(
        c.check == "verified" for c in answer.citations
    )


def test_a_person_who_is_new_takes_part_and_one_who_said_nothing_after_all_does_not(made):
    made.correct("kettle", SpeakerIs(2, 4, "Dan Voss", "guest"))
    made.correct("kettle", SpeakerIs(6, 6, "Dan Voss", "guest"))
    assert made.episode("kettle").people == (ANN, Person("Dan Voss", "guest"))
    assert [p.name for p in made.summaries()[0].people] == ["Ann Hale", "Dan Voss"]
    made.undo_correction("kettle", made.corrections("kettle")[-1].number)
    assert made.episode("kettle").people == (ANN, BO, Person("Dan Voss", "guest"))


def test_words_can_be_credited_to_nobody(made):
    made.correct("kettle", SpeakerIs(6, 6, None))
    assert at(made, 6)[:2] == (None, "unknown")


def test_no_passage_or_vector_changes_for_a_speaker(made):
    before = {
        table: made.connection.execute(f"SELECT * FROM {table}").fetchall() for table in ("passages", "embeddings")
    }
    made.correct("kettle", SpeakerIs(2, 3, "Cat Moor", "guest"))
    after = {table: made.connection.execute(f"SELECT * FROM {table}").fetchall() for table in before}
    assert after == before


# ---- a time


def test_a_corrected_time_moves_its_stretch_and_is_exact(made):
    made.correct("kettle", StartsAt(2, 4, 9.0))
    assert [at(made, n)[2].start for n in (2, 3, 4)] == [9.0, 13.0, 17.0]
    assert [at(made, n)[2].time_source for n in (1, 2, 4, 5)] == ["transcript", "corrected", "corrected", "transcript"]
    found = find_phrase(made, "the first thing I mended was").citations[0]
    assert (found.start, found.time_source, found.time_error) == (9.0, "corrected", 0.0)
    assert {p.start for p in made.passages_in("kettle")} == {0.0} or 9.0 in {
        p.start for p in made.passages_in("kettle")
    }


def test_an_end_stretches_what_is_between(made):
    made.correct("kettle", StartsAt(2, 4, 9.0, 20.0))
    starts = [at(made, n)[2].start for n in (2, 3, 4)]
    assert starts[0] == 9.0 and at(made, 4)[2].end == 20.0
    assert starts == sorted(starts) and starts[1] - starts[0] == pytest.approx(starts[2] - starts[1])


def test_estimated_times_around_give_way_and_stay_estimated(tmp_path):
    library = Library.create(tmp_path / "library", "hashing")
    file = tmp_path / "talk.md"
    words = "".join(
        f"Ann Hale: Question {n}, is it so?\n\nBo Lund: Answer {n} is long and slow.\n\n" for n in range(20)
    )
    file.write_text(f"---\nshow: Slow\nduration: 5:00\n---\n\n{words}", encoding="utf-8")
    library.add([file])
    before = library.episode("talk").sentences
    middle = before[20]
    assert middle.time_source == "estimated" and middle.time_error > 2
    library.correct("talk", StartsAt(20, 20, middle.start + 60))
    after = library.episode("talk").sentences
    assert (after[20].start, after[20].time_error, after[20].time_source) == (middle.start + 60, 0.0, "corrected")
    starts = [sentence.start for sentence in after]
    assert starts == sorted(starts)
    assert {s.time_source for s in after if s.position != 20} == {"estimated"}
    assert [s.text for s in after] == [s.text for s in before]


# ---- words


def test_corrected_words_are_found_quoted_and_shown_and_the_old_ones_nowhere(made):
    made.correct("kettle", WordsAre(3, "I soldered a ring of pewter around the spout of the kettle."), by="Nell")
    assert find_phrase(made, "ring of pewter").count == 1
    assert find_phrase(made, "ring of tin").count == 0
    assert made.holding("pewter") and not made.holding("tin")
    assert "pewter" in Assistant(made).search("pewter ring")[0].quote
    assert made.check() == []
    reopened = Library.open(made.folder)
    assert "pewter" in Assistant(reopened).search("pewter ring")[0].quote


def test_only_passages_whose_words_changed_are_embedded_anew(made, monkeypatch):
    encoded: list[str] = []
    encode = made.encoder.encode

    def counting(texts, **options):
        encoded.extend(texts)
        return encode(texts, **options)

    monkeypatch.setattr(type(made.encoder), "encode", lambda self, texts, **options: counting(texts, **options))
    made.correct("kettle", SpeakerIs(3, 3, "Ann Hale"))
    made.correct("kettle", StartsAt(3, 3, 12.5))
    assert encoded == []
    made.correct("kettle", WordsAre(6, "I never repair a parasol."))
    assert encoded and all("parasol" in text for text in encoded)


# ---- kept, taken back, carried over


def test_a_correction_is_kept_with_who_gave_it_and_the_transcript_stays(made):
    made.correct("kettle", WordsAre(3, "I soldered a ring of pewter."), by="Nell")
    (kept,) = made.corrections("kettle")
    assert (kept.by, kept.state, kept.correction.text) == ("Nell", "active", "I soldered a ring of pewter.")
    (added,) = made.connection.execute("SELECT added FROM sentences WHERE added IS NOT NULL").fetchone()
    assert json.loads(added)[0] == KETTLE[3][1]


steps = st.one_of(
    st.builds(
        SpeakerIs,
        st.just(2),
        st.integers(2, 6),
        st.sampled_from(["Ann Hale", "Bo Lund", "Eve Orr", None]),
        st.just("guest"),
    ),
    st.builds(StartsAt, st.integers(2, 3), st.just(3), st.floats(6, 11)),
    st.builds(
        WordsAre, st.integers(0, 6), st.sampled_from(["Quite other words.", "And what is more?", "=1+1 (really)"])
    ),
)


@settings(max_examples=25)
@given(st.lists(steps, min_size=1, max_size=5), st.randoms())
def test_all_taken_back_in_any_order_leaves_exactly_what_was_added(tmp_path_factory, given_, random):
    folder = tmp_path_factory.mktemp("back")
    library = Library.create(folder / "library", "hashing")
    library.add([write_show(folder / "talks")])
    before, episode = state(library), library.episode("kettle")
    for step in given_:
        try:
            library.correct("kettle", step)
        except VerbatimError:
            continue  # the same words once more, or a time past one that was put right
    numbers = [kept.number for kept in library.corrections("kettle")]
    random.shuffle(numbers)
    for number in numbers:
        library.undo_correction("kettle", number)
    assert library.episode("kettle") == episode
    assert state(library) == before
    assert library.check() == []


def test_one_is_taken_back_and_the_others_still_count(made):
    made.correct("kettle", WordsAre(3, "I soldered a ring of pewter."))
    made.correct("kettle", SpeakerIs(3, 3, "Ann Hale"))
    first, second = made.corrections("kettle")
    assert made.undo_correction("kettle", first.number).state == "undone"
    assert at(made, 3)[0] == ANN and at(made, 3)[2].text == KETTLE[3][1]
    for number in (first.number, 99, second.number + 7):
        with pytest.raises(VerbatimError, match="left to take back"):
            made.undo_correction("kettle", number)


def test_corrections_go_with_their_words_into_a_changed_file(made, tmp_path):
    made.correct("kettle", WordsAre(3, "I soldered a ring of pewter."))
    made.correct("kettle", SpeakerIs(6, 6, "Cat Moor", "guest"))
    lines = (("Ann Hale", "A new beginning."), *KETTLE[:6], ("Bo Lund", "Nothing, really."))
    write_talk(tmp_path / "talks", "kettle", lines, title="The copper kettle", show="Mended")
    assert made.add([tmp_path / "talks"]).unplaced == {"kettle": 1}
    assert at(made, 4)[2].text == "I soldered a ring of pewter."
    assert [(k.correction.position, k.state) for k in made.corrections("kettle")] == [(4, "active"), (6, "unplaced")]
    assert made.check() == []


def test_answers_about_voices_and_corrections_live_side_by_side(tmp_path):
    library = Library.create(tmp_path / "library", "hashing")
    file = tmp_path / "wall.md"
    file.write_text(
        "---\nshow: Wall\nduration: 1:00\nhosts: [Una Marsh]\nguests: [Piet Oland]\n---\n\n" + "How do you lay a rope? "
        "I walk backwards with hemp around my waist. And is it heavy? It is not, once you know the shed. " * 3,
        encoding="utf-8",
    )
    library.add([file])
    library.correct("wall", VoiceIs(1, "guest"))
    library.correct("wall", WordsAre(1, "I walk backwards with flax around my waist."))
    library.correct("wall", SpeakerIs(1, 1, "Una Marsh"))
    library.correct("wall", VoiceIs(3, "guest"))
    speaker, source, sentence = at(library, 1, "wall")
    assert (speaker.name, source) == ("Una Marsh", "corrected") and "flax" in sentence.text
    library.undo_correction("wall")  # the last answer about voices, not the last correction
    assert [kept.state for kept in library.corrections("wall")] == ["active", "active", "active", "undone"]
    assert len(library.recovery("wall").heard) == len(library.episode("wall").sentences)


def test_several_at_once_are_kept_all_or_none(made):
    before = state(made)
    with pytest.raises(VerbatimError, match="already"):
        made.correct("kettle", SpeakerIs(3, 3, "Ann Hale"), WordsAre(3, KETTLE[3][1]))
    assert state(made) == before and made.corrections("kettle") == []
    made.correct("kettle", SpeakerIs(3, 3, "Ann Hale"), StartsAt(3, 3, 12.5), by="Nell")
    assert [kept.by for kept in made.corrections("kettle")] == ["Nell", "Nell"]


def test_a_name_put_right_goes_by_the_spelling_that_the_show_settles_on(made, tmp_path):
    made.correct("lantern", SpeakerIs(3, 3, "Dr. Bo Lund"))
    lines = (("Ann Hale", "One more."), ("Bo Lund", "One more kettle, and that is all for today."))
    write_talk(tmp_path / "talks", "third", lines, title="Third", show="Mended", date="2024-04-01")
    made.add([tmp_path / "talks"])
    assert at(made, 3, "lantern")[0].name == "Bo Lund"
    made.correct("lantern", SpeakerIs(0, 0, "Cat Moor"))  # put together anew
    assert at(made, 3, "lantern")[0].name == "Bo Lund"


def test_removing_the_episode_removes_its_corrections(made, tmp_path):
    made.correct("kettle", SpeakerIs(2, 2, "Eve Orr"))
    made.remove("kettle")
    assert made.connection.execute("SELECT count(*) FROM corrections").fetchone() == (0,)
    assert not made.connection.execute("SELECT * FROM people WHERE name = 'Eve Orr'").fetchall()


@pytest.mark.parametrize(
    ("correction", "says"),
    [
        (SpeakerIs(2, 99, "Ann Hale"), "Sentence 99"),
        (SpeakerIs(4, 2, "Ann Hale"), "backwards"),
        (SpeakerIs(2, 2, "  "), "no name"),
        (SpeakerIs(2, 2, "x" * 101), "no name"),
        (SpeakerIs(2, 2, "A\nB"), "no name"),
        (SpeakerIs(2, 2, "Ann", "boss"), "no role"),
        (StartsAt(2, 2, float("nan")), "no time"),
        (StartsAt(2, 2, -1.0), "no time"),
        (StartsAt(2, 2, 9.0, 8.0), "not after"),
        (StartsAt(2, 2, 3.0), "Sentence 1 starts at 4 s"),
        (StartsAt(2, 2, 13.0), "Sentence 3 starts at 12 s"),
        (WordsAre(2, " …"), "has a word"),
        (WordsAre(2, "two\nlines"), "one line"),
        (WordsAre(2, "x" * 2001), "2000 characters"),
        (WordsAre(2, KETTLE[2][1]), "already"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_changes_nothing(made, correction, says):
    before = state(made)
    with pytest.raises(VerbatimError, match=says):
        made.correct("kettle", correction)
    assert state(made) == before and made.corrections("kettle") == []


# ---- verbatim correct


@pytest.fixture
def verbatim(made, commands_on):
    """Runs a command on that library; returns exit code, stdout and stderr."""
    return commands_on(made.folder)


def test_the_terminal_corrects_lists_and_takes_back(verbatim, made):
    code, out, err = verbatim(
        "correct", "kettle", "--at", "3", "--words", "I soldered a ring of pewter.", "--by", "Nell"
    )
    assert (code, err) == (0, "kept: sentence 3 reads: I soldered a ring of pewter.\n") and "by Nell" in out
    assert verbatim("correct", "kettle", "--at", "2-3", "--speaker", "Eve Orr", "--role", "guest")[0] == 0
    assert verbatim("correct", "kettle", "--at", "0", "--start", "0", "--end", "0:02")[0] == 0
    listed = json.loads(verbatim("correct", "kettle", "--json")[1])
    assert [one["kind"] for one in listed] == ["words", "speaker", "time"]
    assert listed[0]["by"] == "Nell" and listed[1]["name"] == "Eve Orr"
    assert verbatim("show", "kettle")[1].count("(corrected)") == 1
    code, _, err = verbatim("correct", "kettle", "--undo", listed[1]["number"])
    assert (code, err) == (0, "taken back: Eve Orr says sentences 2 to 3\n")
    assert verbatim("correct", "lantern")[1] == "Nothing was put right here.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--speaker", "Ann Hale"], 1, "A correction has a place"),
        (["--at", "3"], 1, "A correction has a place"),
        (["--at", "2-3", "--words", "x"], 1, "one sentence at a time"),
        (["--at", "3", "--words", "x", "--nobody"], 2, "not allowed with"),
        (["--at", "three", "--nobody"], 2, "is not a sentence"),
        (["--at", "3", "--start", "noon"], 2, "is not a time"),
        (["--undo", "5"], 1, "No correction 5"),
    ],
)
def test_half_a_correction_is_told_on_stderr(verbatim, made, arguments, code, says):
    ran, out, err = verbatim("correct", "kettle", *arguments)
    assert (ran, out) == (code, "") and says in err
    assert made.corrections("kettle") == []
