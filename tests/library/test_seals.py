"""Hashes of what is stored: whatever another program changes in an episode is found, and is not quoted."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from talks import write_show, write_talk

from index.corrections.kinds import SpeakerIs, WordsAre
from index.errors import LibraryDamaged
from index.library import Library
from rag.answer import Done
from rag.assistant import Assistant
from rag.search.exact import find_phrase
from rag.search.topic import find_topic


@pytest.fixture
def made(tmp_path: Path) -> Library:
    """Two episodes of one show, in one of which a word and a speaker were put right."""
    library = Library.create(tmp_path / "library", "hashing")
    library.add([write_show(tmp_path / "talks")])
    library.correct("kettle", WordsAre(3, "I soldered a ring of silver around the spout."), SpeakerIs(4, 4, "Cat Moor"))
    return library


def write(library: Library, *statements: str) -> None:
    """As another program does it: without this library's knowledge."""
    with closing(sqlite3.connect(library.folder / "library.db")) as database, database:
        for statement in statements:
            assert database.execute(statement).rowcount, "nothing was changed"


KETTLE = "(SELECT id FROM episodes WHERE name = 'kettle')"
SHOWN = {
    "a word": f"UPDATE sentences SET text = replace(text, 'copper', 'golden') WHERE episode = {KETTLE} AND position = 2",
    "a time": f"UPDATE sentences SET start = start + 60 WHERE episode = {KETTLE} AND position = 2",
    "how a time is known": f"UPDATE sentences SET time_error = 9 WHERE episode = {KETTLE} AND position = 2",
    "a sentence gone": f"DELETE FROM sentences WHERE episode = {KETTLE} AND position = 6",
    "what is speech": f"UPDATE sentences SET speech = 0 WHERE episode = {KETTLE} AND position = 6",
    "who speaks": f"UPDATE turns SET person = (SELECT id FROM people WHERE name = 'Cat Moor') WHERE episode = {KETTLE}",
    "a role": f"UPDATE turns SET role = 'host' WHERE episode = {KETTLE} AND position = 1",
    "how a speaker is known": f"UPDATE turns SET speaker_source = 'recovered' WHERE episode = {KETTLE}",
    "a name": "UPDATE people SET name = 'Bo Lindt' WHERE name = 'Bo Lund'",
    "a title": "UPDATE episodes SET title = 'The golden kettle' WHERE name = 'kettle'",
    "a date": "UPDATE episodes SET date = '1999-01-01' WHERE name = 'kettle'",
    "a link": "UPDATE episodes SET url = 'https://example.org/other' WHERE name = 'kettle'",
    "who takes part": f"DELETE FROM appearances WHERE episode = {KETTLE} AND position = 0",
    "a show's name": "UPDATE shows SET name = 'Torn'",
    "bytes for a word": f"UPDATE sentences SET text = x'ff00' WHERE episode = {KETTLE} AND position = 2",
    "no hash": f"DELETE FROM seals WHERE episode = {KETTLE}",
    "another hash": f"UPDATE seals SET shown = 'abc' WHERE episode = {KETTLE}",
}
STORED = {
    "a word as it was added": "UPDATE sentences SET added = replace(added, 'tin', 'lead') WHERE added NOT NULL",
    "who spoke as it was added": f"UPDATE turns_added SET role = 'host' WHERE episode = {KETTLE} AND position = 1",
    "a passage": f"UPDATE passages SET text = replace(text, 'copper', 'golden') WHERE episode = {KETTLE}",
    "a passage's context": f"UPDATE passages SET context = 'What else?' WHERE episode = {KETTLE}",
    "a vector": f"UPDATE embeddings SET vector = zeroblob(512) WHERE passage IN (SELECT id FROM passages WHERE episode = {KETTLE})",
    "a correction": "UPDATE corrections SET value = replace(value, 'Cat Moor', 'Ann Hale')",
    "a correction's state": "UPDATE corrections SET state = 'undone' WHERE kind = 'words'",
    "a file's path": "UPDATE episodes SET source = '/elsewhere' WHERE name = 'kettle'",
}


@pytest.mark.parametrize("change", [*SHOWN, *STORED])
def test_whatever_is_changed_from_outside_is_named_with_its_episode(made, change):
    write(made, {**SHOWN, **STORED}[change])
    problems = Library.open(made.folder).check()
    assert any("kettle" in problem and "check --repair" in problem for problem in problems), problems


@pytest.mark.parametrize("change", SHOWN)
def test_an_episode_that_was_changed_from_outside_is_neither_shown_nor_quoted(made, change):
    write(made, SHOWN[change])
    library = Library.open(made.folder)
    with pytest.raises(LibraryDamaged, match="kettle"):
        library.episode("kettle")
    assistant = Assistant(library)
    for found in (
        find_phrase(library, "kettle").citations,
        find_topic(assistant, "mended copper kettle").citations,
        assistant.search("mended copper kettle"),
    ):
        assert "kettle" not in {citation.episode for citation in found}
    if change == "a show's name":  # it is that of the other episode too
        return
    (done,) = (event for event in assistant.ask("What did Cat Moor put in the lantern?") if isinstance(event, Done))
    assert all(citation.episode == "lantern" for citation in done.answer.citations)


def test_nobody_is_said_to_have_said_nothing_where_what_was_found_can_not_be_read(made):
    write(made, "UPDATE sentences SET text = text || ' So.'")
    with pytest.raises(LibraryDamaged):
        list(Assistant(Library.open(made.folder)).ask("What was the first thing that Bo mended?"))


@pytest.mark.parametrize("change", ["a word", "a vector", "a correction", "who spoke as it was added"])
def test_a_change_from_outside_is_never_taken_for_what_was_stored(made, change, tmp_path):
    write(made, {**SHOWN, **STORED}[change])
    library = Library.open(made.folder)
    for use in (lambda: library.correct("kettle", WordsAre(0, "Welcome.")), lambda: library.to_bin("kettle")):
        with pytest.raises(LibraryDamaged, match="kettle"):
            use()
    # What writes to the other episodes of the show leaves it marked.
    library.add([write_talk(tmp_path / "talks", "third", (("Ann Hale", "A third talk of spoons."),), show="Mended")])
    library.correct("lantern", WordsAre(0, "Today there is a lantern."))
    assert any("kettle" in problem for problem in Library.open(made.folder).check())
    library.remove("kettle")
    assert Library.open(made.folder).check() == []


def as_of_format_3(library: Library) -> None:
    with closing(sqlite3.connect(library.folder / "library.db")) as database, database:
        database.execute("DROP TABLE seals")
        database.execute("UPDATE meta SET value = '3' WHERE key = 'format'")


def test_a_library_without_hashes_is_read_and_gets_them_with_its_first_change(made):
    as_of_format_3(made)
    library = Library.open(made.folder)
    assert library.without_hash() == 2 and library.check() == []
    assert library.episode("kettle") == made.episode("kettle")
    library.correct("lantern", WordsAre(0, "Today there is a lantern."))
    assert library.without_hash() == 0 and library.check() == []
    write(library, SHOWN["a word"])
    assert any("kettle" in problem for problem in Library.open(made.folder).check())


def test_an_episode_goes_into_the_bin_and_comes_back_with_its_hash(made):
    removed = made.to_bin("kettle")
    assert made.check() == [] and [one.key for one in made.in_bin()] == [removed.key]
    file = made.folder / "removed" / f"{removed.key}.json"
    altered = file.read_text(encoding="utf-8").replace("copper kettle", "golden kettle")
    kept = file.read_text(encoding="utf-8")
    file.write_text(altered, encoding="utf-8")
    made.from_bin(removed.key)
    with pytest.raises(LibraryDamaged, match="kettle"):
        Library.open(made.folder).episode("kettle")
    made.remove("kettle")
    file.parent.mkdir(exist_ok=True)
    file.write_text(kept, encoding="utf-8")
    made.from_bin(removed.key)
    assert Library.open(made.folder).check() == [] and len(made.corrections("kettle")) == 2


def test_what_breaks_off_while_removing_is_recognised_in_the_bin_and_tidied(made):
    removed = made.to_bin("kettle")
    file = made.folder / "removed" / f"{removed.key}.json"
    kept = file.read_bytes()
    made.from_bin(removed.key)
    file.write_bytes(kept)  # as a break before the row went, or after it came back, leaves it
    (file.parent / "half.part").write_text("{")
    assert made.in_bin() == []
    made.to_bin("lantern")
    assert [one.episode for one in made.in_bin()] == ["lantern"]
    assert len(list(file.parent.iterdir())) == 1


# ---- one generation a question


def test_a_question_is_answered_from_one_generation(made, tmp_path):
    assistant = Assistant(made)
    before = [event for event in assistant.ask("What was the first thing that Bo mended?")]
    events = assistant.ask("What was the first thing that Bo mended?")
    seen = [next(events)]
    other = Library.open(made.folder)
    other.remove("kettle")
    other.add([write_talk(tmp_path / "talks", "lantern", (("Cat Moor", "Nothing is left of it."),), show="Mended")])
    seen += list(events)
    told = [[c.quote for c in es[-1].answer.citations] for es in (before, seen)]
    assert told[0] and told[0] == told[1]
    (done,) = (event for event in assistant.ask("What was the first thing that Bo mended?") if isinstance(event, Done))
    assert all(citation.episode != "kettle" for citation in (*done.answer.citations, *done.answer.nearest))


def test_a_snapshot_holds_still_and_the_library_goes_on(made):
    with made.snapshot() as library:
        Library.open(made.folder).remove("kettle")
        assert [summary.id for summary in library.summaries()] == ["kettle", "lantern"]
        assert library.episode("kettle") and library.search_words(["kettle"], k=5)
        vector = library.encoder.encode(["kettle"])[0]
        ids = [id_ for id_, _ in library.search_vector(vector, k=9)]
        assert {passage.episode for passage in library.passages(ids).values()} == {"kettle", "lantern"}
        assert len(library.cosines(vector, ids)) == len(ids) == library.passage_count()
        assert [summary.id for summary in made.summaries()] == ["lantern"] and made.passage_count() < len(ids)
    assert not made.search_words(["kettle"], k=5)


def test_questions_while_episodes_come_and_go_never_fail(made, tmp_path):
    assistant, failed, asked, over = Assistant(made), [], [0], threading.Event()

    def listen() -> None:
        while not over.is_set():
            try:
                for _ in assistant.ask("What was the first thing that Bo mended?"):
                    pass
                find_phrase(made, "copper kettle")
                asked[0] += 1
            except Exception as exc:  # any is a fault; told below with what it was
                failed.append(exc)
                return

    threads = [threading.Thread(target=listen) for _ in range(3)]
    for thread in threads:
        thread.start()
    writer = Library.open(made.folder)
    for _ in range(12):
        writer.remove("kettle")
        writer.add([tmp_path / "talks"])
    over.set()
    for thread in threads:
        thread.join()
    assert not failed and asked[0] > 3
