"""The library on disk: what goes in, what comes out, what is made good, and who may write."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talks import ANN, BO, KETTLE, LANTERN, episode, episodes, write_show, write_talk

from index.corrections.kinds import WordsAre
from index.episode import Show
from index.errors import (
    LibraryBusy,
    LibraryDamaged,
    LibraryError,
    NoLibrary,
    NoSuchEpisode,
    TranscriptError,
    VerbatimError,
    WrongModel,
)
from index.library import Library, Progress, find_transcripts, vectors_on_disk
from index.library.tables import passages
from index.reading.read import read_episode
from index.search.encoder import Fingerprint, HashingEncoder
from index.search.faiss_index import FaissIndex
from index.search.lexical import content_words

HASHING = HashingEncoder()
TABLES = (
    "shows",
    "people",
    "episodes",
    "appearances",
    "turns",
    "sentences",
    "passages",
    "embeddings",
    "lexical_docsize",
)


@pytest.fixture
def made(tmp_path: Path) -> Library:
    """Two episodes of one show."""
    library = Library.create(tmp_path / "library", "hashing")
    assert library.add([write_show(tmp_path / "talks")]).added == ["kettle", "lantern"]
    return library


def found(library: Library, text: str = "copper kettle") -> tuple[list, list]:
    """What both searches find, with the scores as they are shown."""
    vector = HASHING.encode([text])[0]
    dense = [(id_, round(score, 4)) for id_, score in library.search_vector(vector, k=20)]
    return dense, library.search_words(text.split(), k=20)


def counts(library: Library) -> dict[str, int]:
    return {name: library.connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES}


def stamped_file(library: Library) -> Path:
    return library.folder / json.loads((library.folder / vectors_on_disk.STAMP).read_text())["file"]


# ---- in and out


@settings(max_examples=60)
@given(st.lists(episodes(), min_size=1, max_size=4))
def test_an_episode_comes_out_as_it_went_in(tmp_path_factory, talks):
    library = Library.create(tmp_path_factory.mktemp("library"), "hashing")
    held = {}
    for talk in talks:
        id_ = library.add_episode(talk)
        held[id_] = talk
    for id_, talk in held.items():
        assert library.episode(id_) == replace(talk, id=id_)
    assert library.check() == []
    assert {summary.id for summary in library.summaries()} == set(held)
    shutil.rmtree(library.folder)


def test_a_file_comes_out_as_it_was_read(made, tmp_path):
    for name in ("kettle", "lantern"):
        assert made.episode(name) == read_episode(tmp_path / "talks" / f"{name}.json")
    kettle, lantern = made.summaries()
    assert (kettle.id, kettle.show, kettle.date, kettle.passages) == ("kettle", "Mended", "2024-02-01", 1)
    assert [(p.name, p.role, p.words, p.seconds) for p in kettle.people] == [
        ("Ann Hale", "host", 26, 10.0),
        ("Bo Lund", "guest", 48, 14.0),
    ]
    assert lantern.speaker_sources == ("labelled",) and lantern.time_sources == ("transcript",)


def test_the_samples_come_out_as_they_were_read(tmp_path):
    folder = Path(__file__).resolve().parents[2] / "samples" / "transcripts"
    library = Library.create(tmp_path / "library", "hashing")
    report = library.add([folder])
    assert len(report.added) == 7 and not report.refused
    for id_ in report.added:
        (file,) = (f for f in folder.glob(f"{id_}.*") if not f.name.endswith(".meta.json"))
        # One of the files alone describes the show, for all of them.
        assert replace(library.episode(id_), show=None) == replace(read_episode(file), show=None)
    assert {summary.show for summary in library.summaries()} == {"The Long Quay"}
    assert library.check() == []


def test_progress_is_told_before_each_file_and_at_the_end(tmp_path):
    told: list[Progress] = []
    Library.create(tmp_path / "library", "hashing").add([write_show(tmp_path / "talks")], on_progress=told.append)
    assert [(p.file and p.file.name, p.files, p.of_files) for p in told] == [
        ("kettle.json", 0, 2),
        ("lantern.json", 1, 2),
        (None, 2, 2),
    ]
    assert told[0].bytes == 0 and told[-1].bytes == told[-1].of_bytes > 0


# ---- adding again, changing, removing


def test_what_has_not_changed_is_skipped(made, tmp_path):
    generation = made.generation()
    report = made.add([tmp_path / "talks", tmp_path / "talks" / "kettle.json"])
    assert report.unchanged == ["kettle", "lantern"] and not report.added and not report.replaced
    assert made.generation() == generation


def test_a_changed_file_replaces_its_episode(made, tmp_path):
    before = found(made)
    write_talk(tmp_path / "talks", "kettle", (("Bo Lund", "The zeppelin was mended with string."),))
    report = made.add([tmp_path / "talks"])
    assert (report.replaced, report.unchanged, report.added) == (["kettle"], ["lantern"], [])
    assert made.episode("kettle").turns[0].text == "The zeppelin was mended with string."
    assert found(made) != before
    assert made.search_words(["zeppelin"], k=5) and not made.search_words(["copper"], k=5)
    assert counts(made)["passages"] == counts(made)["embeddings"] == made.vectors().index.ntotal == 2
    assert made.check() == []


def test_a_changed_sidecar_replaces_its_episode(made, tmp_path):
    (tmp_path / "talks" / "kettle.meta.json").write_text('{"title": "Another title", "show": "Mended"}')
    assert made.add([tmp_path / "talks"]).replaced == ["kettle"]
    assert made.episode("kettle").title == "Another title"


def test_a_file_with_the_words_of_another_replaces_its_own_episode_too(made, tmp_path):
    for name in ("kettle.json", "kettle.meta.json"):
        shutil.copy(tmp_path / "talks" / name.replace("kettle", "lantern"), tmp_path / "talks" / name)
    made.add([tmp_path / "talks"])
    assert not made.search_words(["copper"], k=5), "words that stand in no file any more are found"


def test_a_moved_file_stays_the_same_episode(made, tmp_path):
    (tmp_path / "talks").rename(tmp_path / "elsewhere")
    assert made.add([tmp_path / "elsewhere"]).unchanged == ["kettle", "lantern"]
    write_talk(tmp_path / "elsewhere", "kettle", KETTLE[:3], show="Mended")
    assert made.add([tmp_path / "elsewhere"]).replaced == ["kettle"]
    assert [summary.id for summary in made.summaries()] == ["kettle", "lantern"]


def test_a_removed_episode_leaves_everywhere(made):
    made.remove("kettle")
    assert [summary.id for summary in made.summaries()] == ["lantern"]
    assert not made.search_words(["kettle"], k=5) and made.passages_with("kettle") == 0
    assert [name for (name,) in made.connection.execute("SELECT name FROM people ORDER BY 1")] == [
        "Ann Hale",
        "Cat Moor",
    ]
    with pytest.raises(NoSuchEpisode):
        made.episode("kettle")
    assert made.vectors().index.ntotal == 1 == FaissIndex.load(stamped_file(made)).index.ntotal
    made.remove("lantern")
    assert set(counts(made).values()) == {0}
    assert found(made) == ([], [])
    assert made.check() == []


def test_a_removed_episode_can_come_back(made, tmp_path):
    before = made.episode("kettle")
    made.remove("kettle")
    assert made.add([tmp_path / "talks"]).added == ["kettle"]
    assert made.episode("kettle") == before


def test_an_unknown_episode_is_refused_with_the_nearest(made):
    for refused in (made.episode, made.remove):
        with pytest.raises(NoSuchEpisode, match="Nearest: kettle"):
            refused("ketle")


def test_one_stem_in_two_folders_and_shows_is_two_episodes(tmp_path):
    library = Library.create(tmp_path / "library", "hashing")
    one = write_talk(tmp_path / "one", "talk", KETTLE, show="Mended")
    two = write_talk(tmp_path / "two", "talk", LANTERN, show="Found at Sea")
    three = write_talk(tmp_path / "three", "talk", LANTERN[:2], show="Mended")
    assert library.add([one, two, three]).added == ["talk", "Found-at-Sea-talk", "Mended-talk"]
    assert library.episode("talk") == read_episode(one)
    assert library.episode("Found-at-Sea-talk").turns == read_episode(two).turns
    assert library.add([tmp_path]).unchanged == ["talk", "Mended-talk", "Found-at-Sea-talk"]
    write_talk(tmp_path / "two", "talk", LANTERN[1:], show="Found at Sea")
    assert library.add([two]).replaced == ["Found-at-Sea-talk"]


# ---- files that are not fit


def test_one_bad_file_of_three_is_named_and_the_rest_goes_in(tmp_path):
    folder = write_show(tmp_path / "talks")
    (folder / "bad.srt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    library = Library.create(tmp_path / "library", "hashing")
    report = library.add([folder])
    assert report.added == ["kettle", "lantern"]
    assert [error.path for error in report.refused] == [str(folder / "bad.srt")]
    assert library.check() == []


@pytest.mark.parametrize(
    "sidecar",
    [
        "[1]",
        "{",
        "\0",
        '{"people": 7}',
        '{"duration": "soon"}',
        '{"id": ["a"]}',
        '{"audio": "file:///etc/passwd"}',
        "[" * 99_999,
    ],
)
def test_a_sidecar_that_cannot_be_read_refuses_its_file_only(tmp_path, sidecar):
    folder = write_show(tmp_path / "talks")
    (folder / "kettle.meta.json").write_text(sidecar)
    report = Library.create(tmp_path / "library", "hashing").add([folder])
    assert report.added == ["lantern"]
    assert len(report.refused) == 1 and "kettle" in str(report.refused[0])


@pytest.mark.parametrize("path", ["none.srt", "no*.srt", "x**.srt", "a\0b", "x" * 5000, "empty"])
def test_what_is_not_there_is_refused_by_name(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    report = Library.create("library", "hashing").add([path, write_show(tmp_path / "talks")])
    assert report.added == ["kettle", "lantern"]
    (error,) = report.refused
    assert isinstance(error, TranscriptError) and error.path == path


def test_a_folder_is_searched_for_transcripts_and_nothing_else(tmp_path):
    folder = write_show(tmp_path / "talks")
    for name in ("README.md", "LICENSE.txt", "package.json", ".hidden.txt", "cover.png"):
        (folder / name).write_text("Ann: This is not a transcript.\n\nBo: No, it is not.\n")
    write_talk(folder / "deep" / "down", "deep", KETTLE[:2])
    report = Library.create(tmp_path / "library", "hashing").add([folder])
    assert report.added == ["deep", "kettle", "lantern"] and not report.refused


def test_a_glob_means_the_files_that_it_matches(tmp_path, monkeypatch):
    write_show(tmp_path / "talks")
    monkeypatch.chdir(tmp_path)
    assert Library.create("library", "hashing").add(["talks/k*.json"]).refused  # the sidecar is matched, and is no talk
    assert [summary.id for summary in Library.open("library").summaries()] == ["kettle"]


@pytest.mark.parametrize(
    ("audio", "taken"),
    [
        ("sound.mp3", True),
        ("../sounds/deep/sound.mp3", True),
        ("notes.txt", False),
        ("link.mp3", False),
        ("../../outside.mp3", False),
        ("/etc/passwd", False),
        ("none.mp3", False),
        ("x" * 300 + ".mp3", False),
    ],
)
def test_only_a_sound_near_the_transcript_is_taken(tmp_path, audio, taken):
    show = tmp_path / "show"
    folder = write_show(show / "talks")
    (show / "sounds" / "deep").mkdir(parents=True)
    for file in ("talks/sound.mp3", "sounds/deep/sound.mp3", "talks/notes.txt", "../outside.mp3"):
        (show / file).write_bytes(b"sound")
    (folder / "link.mp3").symlink_to("notes.txt")
    write_talk(folder, "kettle", KETTLE, audio=audio)
    library = Library.create(tmp_path / "library", "hashing")
    assert not library.add([folder / "kettle.json"]).refused
    file = library.audio_file("kettle")
    assert (file == (folder / audio).resolve()) if taken else (file is None)


def test_audio_on_the_web_is_kept_as_an_address_and_is_no_file(tmp_path):
    file = write_talk(tmp_path / "talks", "kettle", KETTLE, audio="https://example.org/kettle.mp3")
    library = Library.create(tmp_path / "library", "hashing")
    library.add([file])
    assert library.episode("kettle").audio == "https://example.org/kettle.mp3"
    assert library.audio_file("kettle") is None


# ---- filters before the search, against brute force


@settings(max_examples=25)
@given(st.lists(episodes(most_turns=4), min_size=1, max_size=6), st.data())
def test_filtered_searches_are_the_whole_search_of_what_passes(tmp_path_factory, talks, data):
    library = Library.create(tmp_path_factory.mktemp("library"), "hashing")
    for n, talk in enumerate(talks):
        library.add_episode(replace(talk, id=f"{talk.id}{n}"))
    ids, of_episode = passages.passage_ids(library.connection)
    rows = data.draw(st.none() | st.lists(st.sampled_from([*of_episode.tolist(), 10_000]), unique=True))
    k = data.draw(st.integers(1, 30))
    words = data.draw(
        st.lists(st.sampled_from(["barley", "kettle", "fog", "the", "1998", "край", '"', "a*b"]), min_size=1)
    )
    vector = HASHING.encode([" ".join(words)])[0]

    passes = np.ones(len(ids), bool) if rows is None else np.isin(of_episode, rows)
    held = dict(zip(ids.tolist(), library.vectors().rows(ids.tolist()) @ vector, strict=True))
    best = sorted((held[id_] for id_ in ids[passes].tolist()), reverse=True)[:k]
    dense = library.search_vector(vector, k=k, rows=rows)
    assert {id_ for id_, _ in dense} <= set(ids[passes].tolist())
    assert [score for _, score in dense] == pytest.approx(best, abs=2e-3)
    assert all(score == pytest.approx(held[id_], abs=2e-3) for id_, score in dense)

    every = library.search_words(words, k=10_000)
    allowed = [(id_, score) for id_, score in every if id_ in set(ids[passes].tolist())]
    lexical = library.search_words(words, k=k, rows=rows)
    assert [score for _, score in lexical] == pytest.approx([score for _, score in allowed[:k]])
    scores = dict(allowed)
    assert all(score == pytest.approx(scores[id_]) for id_, score in lexical)
    shutil.rmtree(library.folder)


@given(st.text(max_size=30))
def test_any_words_can_be_searched_for(text):
    held = shared_library()
    words = content_words(text)
    assert isinstance(held.search_words(words, k=3), list)
    assert all(held.passages_with(word) >= 0 for word in words)


_shared: list[Library] = []


def shared_library() -> Library:
    """One library for properties that only read."""
    if not _shared:
        import tempfile

        _shared.append(Library.create(tempfile.mkdtemp(), "hashing"))
        _shared[0].add_episode(episode((ANN, ["Where is край?"]), (BO, ["It is by the harbour."])))
    return _shared[0]


def test_an_empty_library_can_be_asked(tmp_path):
    library = Library.create(tmp_path / "library", "hashing")
    assert found(library) == ([], [])
    assert library.summaries() == [] and library.passage_count() == 0 and library.passages([]) == {}
    assert library.cosines(HASHING.encode(["a"])[0], []) == {}
    assert Library.open(tmp_path / "library").generation() == 0


# ---- the derived index


def lose(library: Library) -> None:
    stamped_file(library).unlink()


def truncate(library: Library) -> None:
    os.truncate(stamped_file(library), stamped_file(library).stat().st_size // 2)


def empty(library: Library) -> None:
    stamped_file(library).write_bytes(b"")


def flip(library: Library) -> None:
    data = bytearray(stamped_file(library).read_bytes())
    data[-10] ^= 0xFF
    stamped_file(library).write_bytes(data)


def lose_stamp(library: Library) -> None:
    (library.folder / vectors_on_disk.STAMP).unlink()


def garble_stamp(library: Library) -> None:
    (library.folder / vectors_on_disk.STAMP).write_bytes(b"\xff\xfe{")


def list_stamp(library: Library) -> None:
    (library.folder / vectors_on_disk.STAMP).write_text("[]")


def point_elsewhere(library: Library) -> None:
    stamp = json.loads((library.folder / vectors_on_disk.STAMP).read_text())
    (library.folder / vectors_on_disk.STAMP).write_text(json.dumps(stamp | {"file": "../../etc/passwd"}))


def other_size(library: Library) -> None:
    """A whole FAISS file, but of another model's vectors."""
    index = FaissIndex(8)
    index.add(np.array([1]), np.ones((1, 8), np.float32) / 8**0.5)
    index.save(stamped_file(library))
    stamp = {"file": stamped_file(library).name, "generation": library.generation()}
    stamp["sha256"] = vectors_on_disk.sha256_of(stamped_file(library))
    (library.folder / vectors_on_disk.STAMP).write_text(json.dumps(stamp))


HARMS = [lose, truncate, empty, flip, lose_stamp, garble_stamp, list_stamp, point_elsewhere]


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_a_harmed_index_changes_no_answer_and_is_mended(made, harm):
    before = found(made)
    assert before[0] and before[1]
    harm(made)
    opened = Library.open(made.folder)
    assert found(opened) == before
    (problem,) = opened.check()
    assert "FAISS index is missing or damaged" in problem and "verbatim check --repair" in problem
    opened.repair()
    assert opened.check() == [] == Library.open(made.folder).check()
    assert found(opened) == found(Library.open(made.folder)) == before


def test_an_index_of_another_length_changes_no_answer(made):
    before = found(made)
    other_size(made)
    assert found(Library.open(made.folder)) == before


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_the_next_writer_makes_a_harmed_index_good(made, harm, tmp_path):
    harm(made)
    opened = Library.open(made.folder)
    assert opened.add([tmp_path / "talks"]).unchanged == ["kettle", "lantern"]
    assert opened.check() == []


def test_a_stale_index_is_caught_up(made, tmp_path):
    for file in made.folder.glob("vectors*"):
        shutil.copy(file, tmp_path)
    write_talk(tmp_path / "talks", "kettle", KETTLE[2:4], show="Mended")
    write_talk(tmp_path / "talks", "third", LANTERN[1:3], show="Mended")
    made.add([tmp_path / "talks"])
    before = found(made)
    for file in made.folder.glob("vectors*"):
        file.unlink()
    for file in tmp_path.glob("vectors*"):
        shutil.copy(file, made.folder)
    opened = Library.open(made.folder)
    assert found(opened) == before
    (problem,) = opened.check()
    assert "stale" in problem
    opened.repair()
    assert opened.check() == [] and found(opened) == before


def test_a_harmed_lexical_index_is_named_and_mended(made):
    before = found(made)
    with sqlite3.connect(made.folder / "library.db") as connection:
        connection.execute("INSERT INTO lexical (lexical) VALUES ('delete-all')")
    connection.close()
    opened = Library.open(made.folder)
    assert any("lexical" in problem and "--repair" in problem for problem in opened.check())
    opened.repair()
    assert opened.check() == [] and found(opened) == before


def test_only_one_file_of_vectors_is_kept(made, tmp_path):
    for n in range(3):
        write_talk(tmp_path / "talks", f"more{n}", KETTLE[n : n + 2])
        made.add([tmp_path / "talks"])
    assert [file.name for file in made.folder.glob("vectors-*")] == [stamped_file(made).name]
    assert not list(made.folder.glob("*.part"))


# ---- what can't be opened


def test_where_there_is_no_library_none_is_made(tmp_path):
    with pytest.raises(NoLibrary, match="verbatim add"):
        Library.open(tmp_path / "none")
    assert not (tmp_path / "none").exists()
    (tmp_path / "library.db").write_bytes(b"")
    with pytest.raises(NoLibrary):
        Library.open(tmp_path)


def test_a_file_in_the_folders_place_is_refused(tmp_path):
    (tmp_path / "library").write_text("a file")
    with pytest.raises(VerbatimError):
        Library.open(tmp_path / "library")
    with pytest.raises(VerbatimError):
        Library.create(tmp_path / "library", "hashing")


def whole_database(library: Library) -> bytes:
    """The database as one file, without a log beside it."""
    connection = sqlite3.connect(library.folder / "library.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return (library.folder / "library.db").read_bytes()


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_a_truncated_database_is_damaged_and_says_so(made, tmp_path, kept):
    data = whole_database(made)
    (tmp_path / "library.db").write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(LibraryDamaged, match="To save what can be saved: verbatim check --repair"):
        Library.open(tmp_path).check()


@pytest.mark.parametrize("at", [0.2, 0.4, 0.6, 0.8])
def test_a_database_with_a_spoilt_part_is_damaged_and_says_so(made, tmp_path, at):
    data = bytearray(whole_database(made))
    start = int(len(data) * at) // 4096 * 4096
    data[start : start + 4096] = b"\xaa" * 4096
    (tmp_path / "library.db").write_bytes(data)
    try:
        problems = Library.open(tmp_path).check()
    except LibraryDamaged as damaged:
        problems = [str(damaged)]
    assert any("damaged" in problem for problem in problems)


def test_a_file_that_is_no_database_is_damaged(tmp_path):
    (tmp_path / "library.db").write_bytes(b"not a database, but long enough to be looked at. " * 100)
    for opened in (Library.open, Library.create):
        with pytest.raises(LibraryDamaged, match="To save what can be saved: verbatim check --repair"):
            opened(tmp_path)


def test_another_model_is_refused_with_the_repair(made):
    for open_ in (Library.open, Library.create):
        with pytest.raises(WrongModel, match="VERBATIM_EMBEDDINGS=hashing"):
            open_(made.folder, "all-MiniLM-L6-v2")


class Retrained(HashingEncoder):
    """The same name with other weights."""

    fingerprint = Fingerprint("hashing", "2", "abc", 256)


def test_other_weights_under_the_same_name_are_refused(made, tmp_path):
    opened = Library.open(made.folder, Retrained())
    with pytest.raises(WrongModel, match="was built with hashing"):
        opened.add([write_talk(tmp_path, "third", KETTLE[:2])])
    assert len(made.summaries()) == 2


def test_the_embedded_model_has_two_names(tmp_path):
    Library.create(tmp_path, "all-MiniLM-L6-v2")
    Library.create(tmp_path, "sentence-transformers/all-MiniLM-L6-v2")
    Library.open(tmp_path, "sentence-transformers/all-MiniLM-L6-v2")


def test_an_episode_is_read_once_as_long_as_the_library_stays_as_it_is(made, tmp_path):
    first = made.episode("kettle")
    with made.snapshot() as snapshot:
        assert snapshot.episode("kettle") is first and made.episode("kettle") is first
        made.correct("kettle", WordsAre(0, "Another word."))
        assert snapshot.episode("kettle") is first
    assert made.episode("kettle").sentences[0].text == "Another word." != first.sentences[0].text


# ---- nothing half-added


class Failing(HashingEncoder):
    """Breaks on its third episode."""

    def __init__(self) -> None:
        self.calls = 0

    def encode(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
        self.calls += 1
        if self.calls == 3:
            raise KeyboardInterrupt("at the third")
        return super().encode(texts, query=query)


def test_what_was_committed_before_a_break_stays_and_nothing_else(tmp_path):
    for n in range(5):
        write_talk(tmp_path / "talks", f"talk{n}", KETTLE[n : n + 2])
    library = Library.create(tmp_path / "library", Failing())
    with pytest.raises(KeyboardInterrupt):
        library.add([tmp_path / "talks"])
    opened = Library.open(tmp_path / "library")
    assert [summary.id for summary in opened.summaries()] == ["talk0", "talk1"]
    assert counts(opened) | {"shows": 1, "people": 2} == counts(opened)
    assert counts(opened)["passages"] == counts(opened)["embeddings"] == len(found(opened, KETTLE[1][1])[0]) == 2
    assert all("FAISS" in problem for problem in opened.check())
    report = opened.add([tmp_path / "talks"])
    assert report.unchanged == ["talk0", "talk1"] and report.added == ["talk2", "talk3", "talk4"]
    assert opened.check() == []


def test_a_break_while_replacing_leaves_the_old_version(made, tmp_path):
    before = made.episode("kettle")
    write_talk(tmp_path / "talks", "kettle", KETTLE[:2])
    encoder = Failing()
    encoder.calls = 2
    with pytest.raises(KeyboardInterrupt):
        Library.open(made.folder, encoder).add([tmp_path / "talks"])
    assert made.episode("kettle") == before and made.check() == []


# ---- more than one process


WRITER = """
import sys
from index.library import Library
library = Library.open(sys.argv[1])
with library._writing():
    print("writing", flush=True)
    sys.stdin.read()
"""
CHANGER = """
import sys, time
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from talks import write_talk
from index.library import Library
library = Library.open(sys.argv[1])
print("ready", flush=True)
for n in range(40):
    lines = tuple(("Bo Lund", f"Copper kettle number {n} has sentence {m}. " + "And more words. " * 40) for m in range(n % 5 + 1))
    write_talk(Path(sys.argv[2]), "kettle", lines, show="Mended")
    library.add([sys.argv[2]])
"""


def process(script: str, *arguments: object) -> subprocess.Popen:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def writer(made: Library) -> Iterator[subprocess.Popen]:
    """Another process that holds the lock until its stdin is closed."""
    with process(WRITER, made.folder) as running:
        assert running.stdout.readline() == "writing\n"
        yield running
        running.communicate()


def test_a_second_writer_is_told_who_writes_and_readers_go_on(made, writer, tmp_path):
    for write in (lambda: made.add([tmp_path / "talks"]), lambda: made.remove("kettle"), made.repair):
        with pytest.raises(LibraryBusy, match=f"process {writer.pid} on "):
            write()
    with pytest.raises(LibraryBusy):
        Library.create(made.folder, "hashing")
    opened = Library.open(made.folder)
    assert len(opened.summaries()) == 2 and found(opened)[0] and opened.check() == []
    writer.communicate()
    assert made.add([tmp_path / "talks"]).unchanged == ["kettle", "lantern"]


def test_a_killed_writer_lets_go_of_the_library(made, writer, tmp_path):
    writer.kill()
    writer.wait()
    assert made.add([tmp_path / "talks"]).unchanged == ["kettle", "lantern"]


def test_a_reader_sees_whole_generations_while_another_process_changes_them(made, tmp_path):
    reader = Library.open(made.folder)
    versions, faults = set(), []

    def read() -> None:
        while not done.is_set():
            try:
                kettle = reader.episode("kettle")
                versions.add(len(kettle.turns[0].sentences))
                said = [s.text.split() for s in kettle.sentences]
                numbers = {words[3] for words in said if words[:3] == ["Copper", "kettle", "number"]}
                dense, words = found(reader)
                reader.cosines(HASHING.encode(["kettle"])[0], [id_ for id_, _ in words])
                reader.passages([id_ for id_, _ in dense])
                ids, _ = passages.passage_ids(reader.connection)
                if not dense or len(numbers) > 1 or not len(ids):
                    faults.append((numbers, dense, ids))
            except Exception as exc:  # any is a fault; told below with what it was
                faults.append(exc)

    done = threading.Event()
    threads = [threading.Thread(target=read) for _ in range(3)]
    with process(CHANGER, made.folder, tmp_path / "talks", Path(__file__).parents[1]) as changer:
        assert changer.stdout.readline() == "ready\n"
        for thread in threads:
            thread.start()
        changer.communicate()
        done.set()
        for thread in threads:
            thread.join()
    assert changer.returncode == 0
    assert not faults
    assert len(versions) > 2, "the reader saw the library change"
    assert reader.check() == [] and reader.generation() == made.generation() == 42


def test_shows_keep_their_description_when_a_later_episode_has_none(made):
    made.add_episode(episode((BO, ["One."]), id="one", show=Show("Mended", "About repairs.")))
    made.add_episode(episode((BO, ["Two."]), id="two", show=Show("Mended")))
    assert made.episode("two").show == made.episode("kettle").show == Show("Mended", "About repairs.")


def test_only_whole_names_of_project_files_are_passed_over(tmp_path):
    for name in ("CHANGELOG.md", "readme.txt", "LICENSE.md", "changelog-and-friends-12.md", "readme-show.txt"):
        (tmp_path / name).write_text("Ana: Hello there.\n\nBo: Hello to you.\n", encoding="utf-8")
    found, missing = find_transcripts([tmp_path])
    assert [file.name for file in found] == ["changelog-and-friends-12.md", "readme-show.txt"] and not missing


def test_a_library_of_another_format_is_refused_whether_it_is_read_or_added_to(tmp_path):
    Library.create(tmp_path / "old", "hashing").add([write_show(tmp_path / "talks")])
    with closing(sqlite3.connect(tmp_path / "old" / "library.db", isolation_level=None)) as database:
        database.execute("UPDATE meta SET value = '0' WHERE key = 'format'")
    for use in (Library.open, lambda folder: Library.create(folder, "hashing")):
        with pytest.raises(
            LibraryError, match=r"has format 0; this version reads format \d+\. Add the transcripts to a new"
        ):
            use(tmp_path / "old")
