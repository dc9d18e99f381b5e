"""A damaged library: every command says so in a line, and what can be saved is saved, corrections and feedback first."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from talks import write_talk

from index.corrections.kinds import SpeakerIs, WordsAre
from index.library import Library
from index.library.feedback import Feedback
from index.library.rescue import rescue
from index.search.encoder import HashingEncoder
from ui.terminal.cli import main

PAGE = 4096
PIECES = 40


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Four episodes of some pages each, with corrections and feedback; all in one file."""
    work, dice = tmp_path_factory.mktemp("whole"), random.Random(3)
    words = (
        "barley bread oven boat copper kettle harbour fog bell lamp tide storm seed jar pencil ferry rope tar".split()
    )
    for number in range(4):
        lines = tuple(
            (dice.choice(("Ann Hale", "Bo Lund")), f"Talk{number} {' '.join(dice.choices(words, k=9))} {n}.")
            for n in range(60)
        )
        people = [{"name": "Ann Hale", "role": "host"}, {"name": "Bo Lund", "role": "guest"}]
        write_talk(work / "talks", f"talk{number}", lines, show="Mended", people=people)
    library = Library.create(work / "library", "hashing")
    library.add([work / "talks"])
    for number in range(4):
        put_right = WordsAre(5, f"In talk {number} this was put right."), SpeakerIs(7, 8, "Cat Moor")
        library.correct(f"talk{number}", *put_right, by="Nell")
    for number in range(PIECES):
        library.add_feedback(Feedback("note", f"Question {number}?", "A note. " * 20))
    with closing(sqlite3.connect(library.folder / "library.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return library


def damaged(whole: Library, folder: Path, at: list[int], length: int = 64, seed: int = 0) -> Path:
    """A copy, in which so many bytes at these places are others."""
    shutil.copytree(whole.folder, folder)
    content, dice = bytearray((folder / "library.db").read_bytes()), random.Random(seed)
    for start in at:
        content[start : start + length] = dice.randbytes(length)
    (folder / "library.db").write_bytes(content)
    return folder


def places(whole: Library, seed: int) -> list[int]:
    pages, dice = (whole.folder / "library.db").stat().st_size // PAGE, random.Random(seed)
    return [dice.randrange(1, pages) * PAGE + dice.randrange(PAGE - 64) for _ in range(3)]


@pytest.mark.parametrize("seed", range(10))
def test_every_command_on_a_damaged_library_answers_or_says_what_is_damaged(whole, tmp_path, capsys, seed):
    for command in (
        ["ask", "What was put right?"],
        ["show", "talk1"],
        ["episodes"],
        ["search", "kettle"],
        ["correct", "talk0"],
        ["feedback"],
        ["check"],
        ["remove", "talk2"],
        ["add", str(whole.folder.parent / "talks")],
    ):
        folder = damaged(whole, tmp_path / command[0], places(whole, seed), seed=seed)
        code = main([*command, "--library", str(folder)])  # anything else that is raised fails here
        said = capsys.readouterr()
        assert code in (0, 1) and "Traceback" not in said.err
        assert code == 0 or said.err.strip()


def test_a_library_that_tells_nothing_of_itself_is_damaged(whole, tmp_path, capsys):
    folder = damaged(whole, tmp_path / "library", [])
    with closing(sqlite3.connect(folder / "library.db")) as database, database:
        database.execute("DELETE FROM meta")
    for command in (["ask", "What?"], ["episodes"], ["check"], ["remove", "talk1"], ["add", str(tmp_path)]):
        assert main([*command, "--library", str(folder)]) == 1
        assert "check --repair" in capsys.readouterr().err
    assert rescue(folder, "hashing")
    assert Library.open(folder).check() == [] and len(Library.open(folder).summaries()) == 4


@pytest.mark.parametrize("seed", [*range(8), "the header", "the list of tables", "cut off"])
def test_repair_brings_back_all_where_the_transcripts_are_there(whole, tmp_path, seed):
    if isinstance(seed, int):
        folder = damaged(whole, tmp_path / "library", places(whole, seed), seed=seed)
    elif seed == "the header":
        folder = damaged(whole, tmp_path / "library", [0], length=100)
    elif seed == "the list of tables":
        folder = damaged(whole, tmp_path / "library", [0], length=PAGE)
    else:
        folder = damaged(whole, tmp_path / "library", [])
        with (folder / "library.db").open("r+b") as out:
            out.truncate((folder / "library.db").stat().st_size * 9 // 10 // PAGE * PAGE)
    told = rescue(folder, "hashing")
    library = Library.open(folder)
    assert library.check() == [], told
    assert {summary.id: library.episode(summary.id).sentences for summary in library.summaries()} == {
        summary.id: whole.episode(summary.id).sentences for summary in whole.summaries()
    } or seed == "cut off", told
    if seed != "cut off":
        assert len(library.feedback()) >= PIECES - 20, told  # a page of them may be what was overwritten
    assert library.search_words(["kettle"], k=5) and library.search_vector(HashingEncoder().encode(["kettle"])[0], k=5)
    assert rescue(folder, "hashing") == []


def test_repair_reads_an_altered_episode_again_and_keeps_what_was_put_right(whole, tmp_path):
    folder = damaged(whole, tmp_path / "library", [])
    with closing(sqlite3.connect(folder / "library.db")) as database, database:
        database.execute("UPDATE sentences SET text = replace(text, 'kettle', 'spoon')")
        database.execute("UPDATE corrections SET value = replace(value, 'Cat Moor', 'Dan Roe') WHERE episode = 2")
    told = rescue(folder, "hashing")
    library = Library.open(folder)
    assert library.check() == [] and len(told) == 4 and all("read again" in line for line in told)
    for summary in library.summaries():
        states = [kept.state for kept in library.corrections(summary.id)]
        # What is not what was given counts no more, and is still there to be looked at.
        assert states == (["unplaced"] * 2 if summary.id == "talk1" else ["active"] * 2)
    assert library.episode("talk0").sentences == whole.episode("talk0").sentences
    assert "Dan Roe" not in {person.name for summary in library.summaries() for person in summary.people}


def test_an_altered_episode_whose_transcript_is_gone_stays_marked_until_it_is_back(whole, tmp_path):
    folder = damaged(whole, tmp_path / "library", [])
    gone = tmp_path / "gone.json"
    with closing(sqlite3.connect(folder / "library.db")) as database, database:
        database.execute("UPDATE episodes SET source = ? WHERE name = 'talk0'", (str(gone),))
    (line,) = rescue(folder, "hashing")
    assert f"{gone} is not there" in line and "check --repair" in line
    library = Library.open(folder)
    assert any("talk0" in problem for problem in library.check()) and len(library.summaries()) == 4
    assert [kept.by for kept in library.corrections("talk1")] == ["Nell", "Nell"]
    shutil.copy(whole.folder.parent / "talks" / "talk0.json", gone)
    rescue(folder, "hashing")
    assert Library.open(folder).check() == []


def test_what_can_neither_be_saved_nor_read_again_is_written_down(whole, tmp_path):
    folder = damaged(whole, tmp_path / "library", [])
    with closing(sqlite3.connect(folder / "library.db")) as database, database:
        database.execute(
            "UPDATE episodes SET source = ?, title = 'x' WHERE name = 'talk0'", (str(tmp_path / "gone.json"),)
        )
        (root,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'turns_by_person'").fetchone()
    with (folder / "library.db").open("r+b") as out:
        out.seek((root - 1) * PAGE)
        out.write(b"\xaa" * PAGE)
    told = rescue(folder, "hashing")
    assert any("Episode talk0 is damaged and could not be read again" in line for line in told)
    (aside,) = folder.glob("damaged-*")
    (lost,) = json.loads((aside / "lost.json").read_text(encoding="utf-8"))
    assert lost["episode"] == "talk0" and [one["by"] for one in lost["corrections"]] == ["Nell", "Nell"]
    assert "put right" in json.dumps(lost) and (aside / "library.db").is_file()
    library = Library.open(folder)
    assert library.check() == [] and len(library.summaries()) == 3 and len(library.feedback()) == PIECES
