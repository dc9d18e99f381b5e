"""Answers about who speaks: kept in the library, taken back, carried over to a changed file; no word is touched by any."""

from __future__ import annotations

import json
import re
import shutil
import threading
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talks import write_show, write_talk

from index.corrections.kinds import KeptCorrection, placed
from index.episode import Episode, Person, Sentence, Show, Turn
from index.errors import LibraryBusy, NoSuchEpisode, VerbatimError
from index.interviews.answers import VoiceIs
from index.interviews.doubts import doubts
from index.library import Library
from index.library.connection import one_generation
from index.reading.read import read_episode
from rag.review import one_line

STAFF_PAGE = (Path(__file__).resolve().parents[2] / "docs" / "staff.md").read_text(encoding="utf-8")
UNA, PIET = Person("Una Marsh", "host"), Person("Piet Olander", "guest")

# Written for these tests: one wall of words; host and guest take turns, the host begins.
ROPES = (
    "Welcome back to Low Water, I'm Una Marsh. Today my guest is Piet Olander, who makes ropes. Piet, welcome to the show. "
    "Thanks for having me. I have been looking forward to it. "
    "So how does somebody become a ropemaker? "
    "I was a postman first, to be honest. There was a long shed on my round, and one morning the door stood open. An old woman "
    "walked backwards out of it with hemp around her waist. I asked if I could hold the other end, and I never gave it back. "
    "And how long is that shed? "
    "Two hundred metres, and it leans. We used to lay a rope for every ferry on this coast. Now I lay mostly bell ropes. "
    "Right. What makes a bell rope different? "
    "It has to be kind to the hands. I put wool in the part that you hold, and I grease nothing, because grease finds its way "
    "to the hymn books. A good one lasts forty years. "
    "Would you teach somebody? "
    "I would teach anybody who can walk backwards. Most people look over their shoulder, and then the strand goes slack. "
    "Piet Olander, thank you so much for coming in. And thank you all for listening to Low Water."
)
HEAD = "---\nshow: Low Water\ntitle: The Long Shed\nduration: 3:20\nhosts: [Una Marsh]\nguests: [Piet Olander]\n---\n\n"
# What no answer may change, and what one decides.
UNTOUCHED = {
    "sentences": "episode, position, added_in_turn, text, start, end, time_source, time_error, speech",
    "passages": "*",
    "embeddings": "*",
    "lexical_docsize": "*",
    "shows": "*",
    "people": "*",
    "episodes": "id, name, show, title, date, description, duration, format, mended, content_hash, source, time_sources,"
    " unlabelled",
}
DECIDED = {
    "turns": "*",
    "sentences": "episode, position, turn",
    "appearances": "*",
    "episodes": "id, speaker_sources",
}


def write(folder: Path, words: str = ROPES, head: str = HEAD) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "ropes.md"
    file.write_text(f"{head}{words}\n", encoding="utf-8")
    return file


@pytest.fixture
def made(tmp_path: Path) -> Library:
    """A library with the talk about ropes and a show whose speakers are labelled."""
    library = Library.create(tmp_path / "library", "hashing")
    assert library.add([write(tmp_path / "low"), write_show(tmp_path / "talks")]).added == [
        "ropes",
        "kettle",
        "lantern",
    ]
    return library


def rows(library: Library, columns: dict[str, str]) -> dict[str, list[tuple]]:
    return {
        table: library.connection.execute(f"SELECT {names} FROM {table} ORDER BY 1, 2").fetchall()
        for table, names in columns.items()
    }


def position_of(library: Library, words: str) -> int:
    (found,) = (s.position for s in library.episode("ropes").sentences if words in s.text)
    return found


def speakers(library: Library) -> dict[int, Person | None]:
    return {s.position: turn.speaker for turn in library.episode("ropes").turns for s in turn.sentences}


# ---- an answer


def test_an_answer_decides_its_sentence_and_changes_no_word_time_passage_or_vector(made):
    untouched, decided, generation = rows(made, UNTOUCHED), rows(made, DECIDED), made.generation()
    at = position_of(made, "Two hundred metres")
    made.correct("ropes", VoiceIs(at, "guest", last=at + 2), by="Nell")
    assert rows(made, UNTOUCHED) == untouched
    assert rows(made, DECIDED) != decided
    assert made.generation() == generation + 1
    told = speakers(made)
    assert {told[at], told[at + 1], told[at + 2]} == {PIET} and told[at - 1] == UNA
    assert made.check() == [] and Library.open(made.folder).check() == []


def test_what_is_decided_is_what_the_words_people_and_answers_tell(made, tmp_path):
    at = position_of(made, "Would you teach")
    made.correct("ropes", VoiceIs(at, "host"))
    heard = {one.position: one for one in made.recovery("ropes").heard}
    assert heard[at].fixed and heard[at].role == "host" and heard[at - 1].fixed and heard[at - 1].role == "guest"
    for position, speaker in speakers(made).items():
        assert speaker == {"host": UNA, "guest": PIET, "unknown": None}[heard[position].role]
    episode, summary = made.episode("ropes"), next(s for s in made.summaries() if s.id == "ropes")
    for person in summary.people:
        turns = [turn for turn in episode.turns if turn.speaker and turn.speaker.name == person.name]
        assert person.words == sum(turn.words for turn in turns) > 0
        assert person.seconds == pytest.approx(sum(turn.end - turn.start for turn in turns))
    assert summary.speaker_sources == tuple(sorted({turn.speaker_source for turn in episode.turns}))
    assert episode.sentences == read_episode(tmp_path / "low" / "ropes.md").sentences


def test_other_episodes_stay_as_they_are(made):
    before = [made.episode(id_) for id_ in ("kettle", "lantern")]
    made.correct("ropes", VoiceIs(3, "guest"))
    assert [made.episode(id_) for id_ in ("kettle", "lantern")] == before


def test_what_is_searched_and_credited_follows_the_answer(made):
    at = position_of(made, "Two hundred metres")
    (passage, _), *_ = made.search_words(["metres"], k=1)
    made.correct("ropes", VoiceIs(at, "host", begins=False))
    as_host = made.spoken_words([passage])[passage].get(("Una Marsh", "host"), 0)
    made.correct("ropes", VoiceIs(at, "guest", begins=False))
    assert as_host > made.spoken_words([passage])[passage].get(("Una Marsh", "host"), 0)
    assert made.search_words(["metres"], k=1)[0][0] == passage


def test_an_answer_is_kept_with_who_gave_it_and_when(made):
    given = VoiceIs(5, "host", last=6, begins=True, ends=True)
    made.correct("ropes", given, by="Nell")
    made.correct("ropes", VoiceIs(9, "guest", begins=False))
    first, second = made.corrections("ropes")
    assert (first.correction, first.by, first.state, second.by) == (given, "Nell", "active", None)
    assert datetime.fromisoformat(first.at).utcoffset().total_seconds() == 0
    assert Library.open(made.folder).corrections("ropes") == [first, second]
    assert made.corrections("kettle") == []


def test_a_library_opened_again_tells_the_same(made):
    made.correct("ropes", VoiceIs(position_of(made, "And how long"), "host"))
    again = Library.open(made.folder)
    assert (again.episode("ropes"), again.recovery("ropes")) == (made.episode("ropes"), made.recovery("ropes"))


def test_answers_to_what_is_asked_first_end_with_nothing_in_doubt(made):
    begins = ("Welcome back", "Thanks for having", "So how does", "I was a postman", "And how long", "Two hundred")
    begins += ("Right.", "It has to be", "Would you", "I would teach", "Piet Olander, thank")
    starts = [position_of(made, words) for words in begins]
    sentences = made.episode("ropes").sentences
    for _ in range(len(sentences)):
        asked = doubts(sentences, made.recovery("ropes"))
        if not asked:
            break
        turn = max(number for number, start in enumerate(starts) if start <= asked[0].ask)
        last = [*starts, len(sentences)][turn + 1] - 1
        made.correct("ropes", VoiceIs(starts[turn], "guest" if turn % 2 else "host", last, turn > 0))
    assert doubts(sentences, made.recovery("ropes")) == []
    told = speakers(made)
    right = [told[n] == (PIET if sum(s <= n for s in starts) % 2 == 0 else UNA) for n in range(len(sentences))]
    assert sum(right) >= 0.8 * len(right)


# ---- taken back


def test_taking_an_answer_back_restores_exactly_what_was_before_and_keeps_the_answer(made):
    states = [rows(made, DECIDED)]
    for correction in (VoiceIs(8, "host"), VoiceIs(2, "guest", 6), VoiceIs(8, "guest", begins=False)):
        made.correct("ropes", correction)
        states.append(rows(made, DECIDED))
    for state in states[-2::-1]:
        assert made.undo_correction("ropes").state == "undone"
        assert rows(made, DECIDED) == state
    assert [kept.state for kept in made.corrections("ropes")] == ["undone"] * 3
    with pytest.raises(VerbatimError, match="left to take back"):
        made.undo_correction("ropes")


answers = st.builds(
    VoiceIs,
    st.integers(-1, 40),
    st.sampled_from(("host", "guest")),
    st.none() | st.integers(0, 40),
    st.booleans(),
    st.booleans(),
)


@settings(max_examples=25)
@given(st.lists(answers | st.just("undo"), max_size=8))
def test_any_answers_leave_all_words_as_they_were_and_all_taken_back_restore_the_first_state(tmp_path_factory, given_):
    folder = tmp_path_factory.mktemp("any")
    library = Library.create(folder / "library", "hashing")
    library.add([write(folder)])
    untouched, decided = rows(library, UNTOUCHED), rows(library, DECIDED)
    kept = 0
    for answer in given_:
        try:
            if answer == "undo":
                library.undo_correction("ropes")
            else:
                library.correct("ropes", answer)
                kept += 1
        except VerbatimError:
            pass
        assert rows(library, UNTOUCHED) == untouched
        assert len(library.corrections("ropes")) == kept
    while any(one.state == "active" for one in library.corrections("ropes")):
        library.undo_correction("ropes")
    assert rows(library, UNTOUCHED) == untouched and rows(library, DECIDED) == decided
    assert library.check() == []
    shutil.rmtree(folder)


# ---- refused


@pytest.mark.parametrize(
    ("id_", "correction", "says"),
    [
        ("kettle", VoiceIs(1, "host"), "says who speaks, so there is nothing to answer"),
        ("ropes", VoiceIs(400, "host"), r"Sentence 400 is no speech in ropes: its speech is in sentences 0 to \d+"),
        ("ropes", VoiceIs(-1, "host"), "Sentence -1 is no speech"),
        ("ropes", VoiceIs(3, "host", last=400), "Sentence 400 is no speech"),
        ("ropes", VoiceIs(6, "host", last=5), "Sentences 6 to 5 run backwards"),
        ("rops", VoiceIs(1, "host"), "Nearest: ropes"),
    ],
)
def test_an_answer_that_cannot_be_meant_is_refused_and_changes_nothing(made, id_, correction, says):
    before = rows(made, UNTOUCHED), rows(made, DECIDED), made.generation()
    with pytest.raises(VerbatimError, match=says):
        made.correct(id_, correction)
    assert (rows(made, UNTOUCHED), rows(made, DECIDED), made.generation()) == before
    assert made.corrections("ropes") == []


def test_labels_that_name_nobody_are_labels_too(tmp_path):
    file = tmp_path / "numbers.txt"
    file.write_text("Speaker 1: I'm Una Marsh. Who are you?\n\nSpeaker 2: I'm Piet Olander. I make ropes.\n")
    library = Library.create(tmp_path / "library", "hashing")
    library.add([file])
    for refused in (library.recovery, library.undo_correction):
        with pytest.raises(VerbatimError, match="says who speaks"):
            refused("numbers")


def test_reviewing_an_episode_that_is_not_there_names_the_nearest(made):
    for refused in (made.recovery, made.corrections, made.undo_correction):
        with pytest.raises(NoSuchEpisode, match="Nearest: ropes"):
            refused("rops")


def test_an_answer_waits_for_no_other_writer(made):
    with made._writing(), pytest.raises(LibraryBusy, match="is being written by"):
        made.correct("ropes", VoiceIs(3, "guest"))


def test_without_names_voices_are_told_and_nobody_is_credited(tmp_path):
    library = Library.create(tmp_path / "library", "hashing")
    words = ROPES.replace("I'm Una Marsh", "good evening").replace("Piet Olander", "a friend")
    library.add([write(tmp_path, words, "---\nshow: Low Water\n---\n\n")])
    assert {turn.speaker for turn in library.episode("ropes").turns} == {None}
    at = position_of(library, "And how long")
    library.correct("ropes", VoiceIs(at, "host"))
    heard = {one.position: one for one in library.recovery("ropes").heard}
    assert (heard[at].role, heard[at - 1].role) == ("host", "guest")
    assert {(turn.speaker, turn.speaker_source) for turn in library.episode("ropes").turns} == {(None, "unknown")}
    assert at in {turn.sentences[0].position for turn in library.episode("ropes").turns}, (
        "no quote runs over the boundary"
    )


# ---- the file changes


def test_answers_go_with_their_words_into_a_changed_file(made, tmp_path):
    at = position_of(made, "And how long")
    made.correct("ropes", VoiceIs(at, "host"), by="Nell")
    made.correct("ropes", VoiceIs(at + 1, "guest", last=at + 3, begins=False))
    made.correct("ropes", VoiceIs(2, "guest"))
    made.undo_correction("ropes")
    before = made.corrections("ropes")
    write(tmp_path / "low", ROPES.replace("Thanks for having me.", "Oh, hello! Thanks for having me."))
    report = made.add([tmp_path / "low"])
    assert (report.replaced, report.unplaced) == (["ropes"], {})
    assert position_of(made, "And how long") == at + 1
    after = made.corrections("ropes")
    assert [one.correction.position for one in after] == [at + 1, at + 2, 2]
    assert [one.correction.last for one in after] == [None, at + 4, None]
    assert [(one.by, one.at, one.state) for one in after] == [(one.by, one.at, one.state) for one in before]
    told = speakers(made)
    assert told[at + 1] == UNA and {told[n] for n in range(at + 2, at + 5)} == {PIET}
    assert made.check() == []


def test_an_answer_whose_words_are_gone_is_kept_and_counts_again_when_they_are_back(made, tmp_path):
    at = position_of(made, "And how long")
    made.correct("ropes", VoiceIs(at, "host"))
    answered = made.episode("ropes").turns
    write(tmp_path / "low", ROPES.replace("And how long is that shed?", "And how wide is that shed?"))
    report = made.add([tmp_path / "low"])
    assert report.unplaced == {"ropes": 1}
    assert [one.state for one in made.corrections("ropes")] == ["unplaced"]
    assert made.episode("ropes").turns == read_episode(tmp_path / "low" / "ropes.md").turns
    with pytest.raises(VerbatimError, match="left to take back"):
        made.undo_correction("ropes")
    write(tmp_path / "low")
    assert made.add([tmp_path / "low"]).unplaced == {}
    assert [one.state for one in made.corrections("ropes")] == ["active"]
    assert made.episode("ropes").turns == answered
    assert speakers(made)[at] == UNA


def test_a_changed_sidecar_keeps_all_answers(made, tmp_path):
    made.correct("ropes", VoiceIs(4, "guest", last=9))
    decided = made.episode("ropes").turns
    (tmp_path / "low" / "ropes.meta.json").write_text('{"title": "Another title"}')
    assert made.add([tmp_path / "low"]).unplaced == {}
    assert made.episode("ropes").title == "Another title" and made.episode("ropes").turns == decided


def test_a_file_that_now_has_labels_sets_the_answers_aside(made, tmp_path):
    made.correct("ropes", VoiceIs(2, "guest"))
    made.correct("ropes", VoiceIs(4, "guest"))
    made.undo_correction("ropes")
    write(tmp_path / "low", "Una Marsh: Piet, welcome to the show.\n\nPiet Olander: Thanks for having me.")
    assert made.add([tmp_path / "low"]).unplaced == {"ropes": 1}
    assert [one.state for one in made.corrections("ropes")] == ["unplaced", "undone"]
    assert made.episode("ropes").turns == read_episode(tmp_path / "low" / "ropes.md").turns


def test_removing_the_episode_removes_its_answers(made, tmp_path):
    made.correct("ropes", VoiceIs(3, "guest"))
    made.remove("ropes")
    assert made.connection.execute("SELECT count(*) FROM corrections").fetchone() == (0,)
    assert made.add([tmp_path / "low"]).added == ["ropes"]
    assert made.corrections("ropes") == []


@pytest.mark.parametrize(
    ("texts", "where"),
    [
        (["a", "b", "c", "b"], (1, "active")),  # at the same place, though it stands twice
        (["x", "a", "b", "c"], (2, "active")),  # at the only other place
        (["b", "x", "b"], (1, "unplaced")),  # which of two?
        (["x"], (1, "unplaced")),
        ([], (1, "unplaced")),
    ],
)
def test_an_answer_is_placed_where_its_words_surely_stand(texts, where):
    kept = KeptCorrection.given_now(VoiceIs(1, "host"), None, ["a", "b", "c"])
    found = placed(kept, texts)
    assert (found.correction.position, found.state) == where
    assert found.words_hash == kept.words_hash


def test_a_stretch_is_placed_only_whole():
    kept = KeptCorrection.given_now(VoiceIs(1, "host", last=2), None, ["a", "b", "c", "d"])
    moved = placed(kept, ["x", "a", "b", "c", "d"])
    assert (moved.correction.position, moved.correction.last, moved.state) == (2, 3, "active")
    assert placed(kept, ["a", "b", "x", "c"]).state == "unplaced"


def test_a_host_whom_only_the_other_episodes_tell_is_credited_here_too_and_taking_back_restores_that(made, tmp_path):
    people = HEAD.replace("hosts: [Una Marsh]\nguests: [Piet Olander]", "people: [Una Marsh, Piet Olander]")
    made.add([write(tmp_path / "low", head=people)])
    made.correct("ropes", VoiceIs(3, "guest"))
    for number in range(4):
        lines = (("Una Marsh", f"Welcome to Low Water, number {number}."), (f"Kit {'ABCD'[number]}mber", "Hello."))
        write_talk(tmp_path / "low", f"other{number}", lines, show="Low Water")
    made.add([tmp_path / "low"])
    assert UNA in made.episode("ropes").people
    heard = {one.position: one for one in made.recovery("ropes").heard}
    credited = {position: speaker for position, speaker in speakers(made).items() if speaker}
    assert credited and set(credited.values()) == {UNA}
    assert set(credited) == {position for position, one in heard.items() if one.role == "host"}
    before = rows(made, DECIDED)
    made.correct("ropes", VoiceIs(10, "host", last=12))
    made.undo_correction("ropes")
    assert rows(made, DECIDED) == before


# ---- readers meanwhile


def test_a_reader_sees_the_generation_that_it_began_with(made):
    reader = Library.open(made.folder)
    with one_generation(reader.connection):
        before = reader.generation(), rows(reader, DECIDED)
        made.correct("ropes", VoiceIs(3, "guest", last=12))
        assert (reader.generation(), rows(reader, DECIDED)) == before
    assert reader.generation() == before[0] + 1 and rows(reader, DECIDED) == rows(made, DECIDED) != before[1]


def test_readers_beside_a_writer_see_only_whole_states(made):
    answer = VoiceIs(3, "guest", last=12)
    whole = [made.episode("ropes")]
    made.correct("ropes", answer)
    whole.append(made.episode("ropes"))
    reader, over, wrong, seen = Library.open(made.folder), threading.Event(), [], 0

    def read() -> None:
        nonlocal seen
        while not over.is_set():
            episode = reader.episode("ropes")
            wrong.extend([episode] if episode not in whole else [])
            seen += 1

    thread = threading.Thread(target=read)
    thread.start()
    for _ in range(10):
        made.undo_correction("ropes")
        made.correct("ropes", answer)
    over.set()
    thread.join()
    assert seen and not wrong


# ---- the terminal


@pytest.fixture
def verbatim(made, commands_on):
    """Runs a command on that library; returns exit code, stdout and stderr."""
    return commands_on(made.folder)


def test_the_most_useful_question_is_shown_with_the_words_around_it(made, verbatim):
    code, out, err = verbatim("speakers", "ropes")
    assert (code, err) == (0, "")
    episode = made.episode("ropes")
    first = doubts(episode.sentences, made.recovery("ropes"))[0]
    assert f"1. Who says sentence {first.ask}? Likely the {first.likely} ({first.sure:.0%})" in out
    shown = re.findall(r"^[> ] +(\d+)  (?:host |guest) +(\d+%|said)  (.+)$", out, re.M)
    assert str(first.ask) in {position for position, *_ in shown}
    assert all(episode.sentences[int(position)].text == text for position, _, text in shown)
    command = re.search(r"^  verbatim (speakers ropes --host-from \d+)$", out, re.M)
    assert verbatim(*command[1].split())[0] == 0


def test_an_answer_says_what_it_changed_and_what_is_most_doubtful_now(made, verbatim):
    at = position_of(made, "And how long")
    code, out, err = verbatim("speakers", "ropes", "--guest-from", f"{at + 1}-{at + 3}", "--by", "Nell")
    assert (code, err) == (0, "")
    assert out.startswith(f"kept: the guest begins at sentence {at + 1} and ends with sentence {at + 3}; ")
    assert re.search(r"; \d+ sentences \(\d+ words\) changed voice\n", out)
    assert "by Nell" in out and out.count("Who says sentence") <= 1
    (kept,) = made.corrections("ropes")
    assert kept.correction == VoiceIs(at + 1, "guest", at + 3, begins=True, ends=True)
    verbatim("speakers", "ropes", "--host", at)
    verbatim("speakers", "ropes", "--guest", f"{at + 1}-{at + 2}")
    assert [one.correction for one in made.corrections("ropes")[1:]] == [
        VoiceIs(at, "host", None, begins=False),
        VoiceIs(at + 1, "guest", at + 2, begins=False),
    ]
    code, out, _ = verbatim("speakers", "ropes", "--undo")
    assert code == 0 and out.startswith(f"taken back: the guest says sentences {at + 1} to {at + 2}; ")


def test_what_it_counts_as_changed_is_what_changed(made, verbatim):
    before = {one.position: (one.role, one.likely) for one in made.recovery("ropes").heard}
    told = json.loads(verbatim("speakers", "ropes", "--host-from", 10, "--json")[1])["changed"]
    moved = [one.position for one in made.recovery("ropes").heard if before[one.position] != (one.role, one.likely)]
    sentences = made.episode("ropes").sentences
    assert told == {"sentences": len(moved), "words": sum(len(sentences[n].text.split()) for n in moved)}


def test_the_json_has_the_documented_shape_with_and_without_an_answer(made, verbatim):
    (example,) = (
        row for row in map(json.loads, re.findall(r"^```json\n(.*?)^```$", STAFF_PAGE, re.M | re.S)) if "doubts" in row
    )
    plain_, answered, labelled = (
        json.loads(verbatim("speakers", *words, "--json")[1])
        for words in (["ropes"], ["ropes", "--host-from", "5", "--by", "Nell"], ["kettle"])
    )
    for told in (plain_, answered, labelled):
        assert list(told) == list(example) and list(told["words"]) == list(example["words"])
    assert list(answered["doubts"][0]) == list(example["doubts"][0])
    assert list(answered["doubts"][0]["sentences"][0]) == list(example["doubts"][0]["sentences"][0])
    assert list(answered["corrections"][0]) == list(example["corrections"][0])
    assert list(answered["changed"]) == list(example["changed"]) and plain_["changed"] is None
    assert sum(plain_["words"].values()) == len(ROPES.split()) == sum(answered["words"].values())
    assert (labelled["labelled"], labelled["doubts"], labelled["words"]) == (
        True,
        [],
        {"host": 26, "guest": 48, "unknown": 0},
    )


def test_a_labelled_episode_has_nothing_to_ask(verbatim):
    code, out, err = verbatim("speakers", "kettle")
    assert (code, err) == (0, "")
    assert "Ann Hale (host), Bo Lund (guest)" in out and "there is nothing to ask" in out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["kettle", "--host-from", "1"], 1, "says who speaks, so there is nothing to answer"),
        (["kettle", "--undo"], 1, "says who speaks"),
        (["ropes", "--undo"], 1, "No answer about who speaks in ropes is left to take back"),
        (["ropes", "--guest", "400"], 1, "Sentence 400 is no speech in ropes"),
        (["rops"], 1, "Nearest: ropes"),
        (["ropes", "--host", "6-5"], 2, "is not a sentence like 12"),
        (["ropes", "--host", "-3"], 2, "usage:"),
        (["ropes", "--host", "x"], 2, "is not a sentence like 12"),
        (["ropes", "--host-from", "3", "--undo"], 2, "not allowed with"),
        (["ropes", "--limit", "0"], 2, "not a whole number above 0"),
        ([], 2, "usage:"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_what_cannot_be_meant_is_told_on_stderr(made, verbatim, arguments, code, says):
    ended, out, err = verbatim("speakers", *arguments)
    assert (ended, out) == (code, "") and says in err
    assert code == 2 or err.count("\n") == 1
    assert made.corrections("ropes") == []


def test_answers_that_count_no_more_are_told_when_the_file_is_added_again(verbatim, tmp_path):
    verbatim("speakers", "ropes", "--host-from", "5")
    write(tmp_path / "low", "A wholly other talk. It has two sentences.")
    code, out, err = verbatim("add", tmp_path / "low")
    assert (code, out) == (0, "1 replaced\n")
    assert err == "ropes: corrections whose words have changed: 1; not counted now\n"
    assert "kept, and not counted" in verbatim("speakers", "ropes")[1]


def test_show_tells_the_sentences_to_name_where_there_is_something_to_answer(made, verbatim):
    out = verbatim("show", "ropes")[1]
    assert [int(n) for n in re.findall(r"^\S.*  sentence (\d+)$", out, re.M)] == [
        turn.sentences[0].position for turn in made.episode("ropes").turns
    ]
    assert "  sentence " not in verbatim("show", "kettle")[1]


def test_a_terminal_obeys_nothing_of_a_transcript_or_a_name(made, verbatim):
    said = [Sentence(n, f"\x1b[2J\x9b31m We met {n}\u202e times\r\nand why not?") for n in range(12)]
    hidden = Episode(
        "bad",
        Show("Low"),
        "T\x1b]0;x\x07",
        (Turn(None, tuple(said)),),
        (Person("Una\x1b[1m", "host"),),
        unlabelled=True,
    )
    made.add_episode(hidden)
    for words in ([], ["--host-from", "3", "--by", "N\x1b[5m\nell"], ["--undo"]):
        code, out, _ = verbatim("speakers", "bad", *words)
        assert code == 0 and not [letter for letter in out if letter in "\x1b\x9b\x07\r\u202e"]
    assert re.search(r"We met \d+ times and why not\?$", verbatim("speakers", "bad")[1], re.M)
    assert (one_line("a\tb\x00c\u2067d"), one_line("\U0001f469\u200d\U0001f527")) == (
        "a bcd",
        "\U0001f469\u200d\U0001f527",
    )


def test_a_panel_and_a_talk_without_names_say_why_nobody_is_credited(verbatim, tmp_path):
    three = HEAD.replace("[Piet Olander]", "[Piet Olander, Kit Amber]").replace("[Una Marsh]", "[Una Marsh, Bo Reed]")
    write(tmp_path / "low", head=three)
    verbatim("add", tmp_path / "low")
    out = verbatim("speakers", "ropes")[1]
    assert "More than two people seem to speak" in out and "No one host or guest is named" in out
    assert json.loads(verbatim("speakers", "ropes", "--json")[1])["panel"] is True
