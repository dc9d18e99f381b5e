"""Every screen opens after everything that can happen to a library: nothing raises, and no text shows its braces."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from screens import LISTENERS, STAFF, STAFF_SCREENS, Screens
from staff import KETTLE, small_library, write_talk

from index.corrections.kinds import SpeakerIs, StartsAt, WordsAre
from index.interviews.answers import VoiceIs
from index.library import Library
from index.library.causes import DATABASE
from index.library.feedback import Feedback
from rag.settings import Serving

LOGIN = Serving(staff_user="ines", staff_password="a long one")
QUESTION = "What did Ben Tull say about the copper kettle?"


def plain(library: Library, folder: Path) -> None:
    """As it was added."""


def speaker_corrected(library: Library, folder: Path) -> None:
    library.correct("kettle", SpeakerIs(2, 2, "Cleo Marsh", "guest"), by="ines")


def speaker_taken_away(library: Library, folder: Path) -> None:
    library.correct("kettle", SpeakerIs(2, 4, None))


def speaker_renamed_throughout(library: Library, folder: Path) -> None:
    library.correct("lantern", SpeakerIs(1, 2, "Cleo Marshall", "guest"), by="ines")


def words_corrected(library: Library, folder: Path) -> None:
    library.correct("kettle", WordsAre(2, "The first thing I mended was a copper {kettle} with <no> lid."), by="ines")


def time_corrected(library: Library, folder: Path) -> None:
    library.correct("kettle", StartsAt(2, 2, 8.5, 11.0), by="ines")


def time_given_where_there_was_none(library: Library, folder: Path) -> None:
    library.correct("bellows", StartsAt(3, 3, 30.0))


def reviewed(library: Library, folder: Path) -> None:
    library.correct("bellows", VoiceIs(0, "host"), VoiceIs(4, "guest"), by="ines")


def corrections_taken_back(library: Library, folder: Path) -> None:
    for given in (speaker_corrected, words_corrected, time_corrected):
        given(library, folder)
    for kept in library.corrections("kettle"):
        library.undo_correction("kettle", kept.number)


def corrected_and_added_anew(library: Library, folder: Path) -> None:
    speaker_corrected(library, folder)
    lines = tuple((who, words.replace("copper", "tin")) for who, words in KETTLE)
    write_talk(folder / "transcripts", "kettle", lines, show="Mended", title="The tin kettle", date="2024-02-01")
    assert library.add([folder / "transcripts"]).replaced == ["kettle"]


def removed(library: Library, folder: Path) -> None:
    speaker_corrected(library, folder)
    library.to_bin("kettle", by="ines")


def all_removed(library: Library, folder: Path) -> None:
    for summary in library.summaries():
        library.to_bin(summary.id)


def put_back(library: Library, folder: Path) -> None:
    time_corrected(library, folder)
    library.from_bin(library.to_bin("kettle").key)


def gone_for_good(library: Library, folder: Path) -> None:
    library.empty_bin(library.to_bin("lantern").key)
    library.remove("kettle")


def renamed(library: Library, folder: Path) -> None:
    speaker_corrected(library, folder)
    beside = folder / "transcripts" / "kettle.meta.json"
    beside.write_text(json.dumps(json.loads(beside.read_text()) | {"title": "Another name", "show": "Put together"}))
    assert library.add([folder / "transcripts"]).replaced == ["kettle"]


def commented_on(library: Library, folder: Path) -> None:
    library.add_feedback(Feedback("wrong_speaker", QUESTION, note="{number}"))
    library.add_feedback(Feedback("missed", "{quotes}?", about="{"))


STATES = (
    plain, speaker_corrected, speaker_taken_away, speaker_renamed_throughout, words_corrected, time_corrected,
    time_given_where_there_was_none, reviewed, corrections_taken_back, corrected_and_added_anew, removed, all_removed,
    put_back, gone_for_good, renamed, commented_on,
)  # fmt: skip
ELSEWHERE = {  # where it happens, and to whom
    reviewed: ("bellows", "Ada Rowe"),
    time_given_where_there_was_none: ("bellows", "Nobody"),
    speaker_renamed_throughout: ("lantern", "Cleo Marshall"),
    gone_for_good: ("lantern", "Cleo Marsh"),
}


class Running:
    """One site that runs on while its library is put back to how it was added, as a later generation, for each state."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.kept = folder / "now", folder / "kept"
        small_library(self.folder)
        shutil.copytree(self.folder, self.kept)
        self.library = Library.open(self.folder / "library")
        self.screens = Screens(self.library, LOGIN)

    def put_back(self) -> None:
        generation = self.library.generation()
        for file in self.folder.rglob("*"):
            if (
                file.is_file()
                and not file.name.startswith(DATABASE)
                and not (self.kept / file.relative_to(self.folder)).exists()
            ):
                file.unlink()
        shutil.copytree(self.kept, self.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(f"{DATABASE}*"))
        with (
            closing(sqlite3.connect(self.kept / "library" / DATABASE)) as kept,
            closing(sqlite3.connect(self.folder / "library" / DATABASE)) as now,
        ):
            kept.backup(now)
            with now:
                now.execute("UPDATE meta SET value = ? WHERE key = 'generation'", (str(generation + 1),))
        assert self.library.generation() == generation + 1 and len(self.library.summaries()) == 4


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Running:
    return Running(tmp_path_factory.mktemp("screens"))


def walk(screens: Screens, library: Library, id_: str = "kettle", name: str = "Ben Tull") -> str:
    """Opens every screen, bare, and with an episode, a person and a search in the address; what the screens said.

    Each screen of the staff takes its own of what stands in an address, so that one address opens all of them.
    """
    for screen in ("/", "/gradio_api/info", *(f"{STAFF}/{name}" for name in STAFF_SCREENS)):
        screens.page(screen)
    told = [screens.opened(STAFF, query) for query in ("", f"?q=kettle&id={id_}&sentence=2&name={name}&topic=kettle")]
    told += [screens.opened(LISTENERS, query) for query in ("", "?q=kettle", "?episode=kettle&first=2&last=2")]
    there = any(summary.id == "kettle" for summary in library.summaries())
    for name, given in (
        ("episodes", {}),
        ("transcript", {"episode": "kettle"}),
        ("search", {"topic": "kettle"}),
        ("ask", {"question": QUESTION}),
    ):
        answer = screens.api(name, **given)
        assert answer.status_code == (200 if there or name != "transcript" else 400), answer.text[:300]
        told.append(answer.text)
    return "\n".join(told)


@pytest.mark.slow
@pytest.mark.parametrize("happens", STATES, ids=lambda happens: happens.__name__)
def test_every_screen_opens_after(happens: Callable[[Library, Path], None], running: Running) -> None:
    running.put_back()
    happens(running.library, running.folder)
    id_, name = ELSEWHERE.get(happens, ("kettle", "Ben Tull"))
    told = walk(running.screens, running.library, id_, name)
    typed = ("{kettle}", "{number}", "{quotes}") if happens in (words_corrected, commented_on) else ()
    assert not set(re.findall(r"\{[a-z_]*\}", told)) - {"{}", *typed}, "a text shows its braces"


@pytest.mark.slow
def test_every_screen_of_an_empty_library_opens(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "library", "hashing")
    told = walk(Screens(library, LOGIN), library)
    assert "There are no episodes" in told


@pytest.mark.slow
def test_the_library_screen_says_what_was_corrected(running: Running) -> None:
    running.put_back()
    speaker_corrected(running.library, running.folder)
    time_corrected(running.library, running.folder)
    table = running.screens.opened(STAFF)
    assert "<td>corrected, labelled</td>" in table and "<td>corrected, transcript</td>" in table
