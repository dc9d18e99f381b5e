"""`verbatim add` killed without warning at fifty moments, and every command that writes at some: nothing is damaged, nothing
that was committed is lost, nothing stays half-done.

As a measurement: pytest -q -s tests/library/test_kill.py, python -m eval kill
"""

from __future__ import annotations

import random
import shutil
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from talks import write_talk

from eval.studies.kill import alone, run
from index.episode import Episode
from index.errors import NoLibrary
from index.library import Library
from index.reading.read import read_episode
from index.search.encoder import HashingEncoder
from ui.terminal import cli

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

KILLS = 50
TRANSCRIPTS = 12
SENTENCES = 120
WORDS = "barley bread oven boat copper kettle harbour fog bell lamp tide storm seed jar pencil ferry rope tar".split()


@pytest.fixture(scope="module")
def talks(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Thirty episodes of two hundred sentences, each of which has its number: `.folder` of files, `.episodes` by id."""
    folder, dice = tmp_path_factory.mktemp("talks"), random.Random(1)
    # Roles are told, so that the show's other episodes, of which a kill leaves some out, change nothing of any.
    people = [{"name": "Ann Hale", "role": "host"}, {"name": "Bo Lund", "role": "guest"}]
    read = {}
    for number in range(TRANSCRIPTS):
        lines = tuple(
            (dice.choice(("Ann Hale", "Bo Lund")), f"Number{number} {' '.join(dice.choices(WORDS, k=9))} {n}.")
            for n in range(SENTENCES)
        )
        episode = read_episode(write_talk(folder, f"talk{number:02}", lines, show="Mended", people=people))
        read[episode.id] = episode
    return SimpleNamespace(folder=folder, episodes=read)


def add(talks: Path, library: Path) -> None:
    """What `verbatim add` does once Python has loaded it."""
    if code := cli.main(["add", str(talks), "--library", str(library)]):
        sys.exit(code)


def faults(folder: Path, episodes: dict[str, Episode], committed: set[str]) -> tuple[list[str], list[str], set[str]]:
    """What is damaged, which of the committed episodes are lost, and which are there now."""
    try:
        library = Library.open(folder)
    except NoLibrary:
        return [], sorted(committed), set()
    damaged = [problem for problem in library.check() if "FAISS" not in problem]
    there = {summary.id for summary in library.summaries()}
    damaged += [f"{id_} is not whole" for id_ in there if library.episode(id_) != episodes[id_]]
    if library.generation() != len(there):
        damaged.append(f"generation {library.generation()}, but {len(there)} episodes")
    passages = sum(summary.passages for summary in library.summaries())
    if library.passage_count() != passages or library.vectors().index.ntotal != passages:
        damaged.append("the vectors are not those of the episodes")
    if there:
        id_ = max(there)
        word = f"number{int(id_[4:])}"
        vector = HashingEncoder().encode([f"{word} {word} {word}"])[0]
        own = set(library.rows([id_]))
        for searched in (library.search_words([word], k=3), library.search_vector(vector, k=3, rows=sorted(own))):
            found = {library.passages([passage])[passage].episode for passage, _ in searched}
            if found != {id_}:
                damaged.append(f"a search for {word} finds {sorted(found)}")
    return damaged, sorted(committed - there), there


def test_fifty_kills_damage_nothing_and_lose_nothing(talks, tmp_path, monkeypatch):
    monkeypatch.setenv("VERBATIM_EMBEDDINGS", "hashing")
    adding = partial(add, talks.folder)
    seconds = alone(adding, tmp_path / "measured")

    dice = random.Random(20240201)
    # Evenly over the whole command, from its first instant on; and a fifth where it ends, writing the FAISS file.
    even, late = KILLS * 4 // 5, KILLS // 5
    moments = [seconds * (n + dice.random()) / even for n in range(even)]
    moments += [seconds * dice.uniform(0.85, 1.0) for _ in range(late)]
    dice.shuffle(moments)
    library, kills, damaged, lost, half_done, unsaved = tmp_path / "library", 0, [], [], 0, 0
    committed: set[str] = set()
    while kills < KILLS:
        moment = moments[kills]
        # A library that is whole is begun again, and some others: the kills shall fall into work.
        if len(committed) == TRANSCRIPTS or moment > 0.85 * seconds or dice.random() < 0.3:
            shutil.rmtree(library, ignore_errors=True)
            committed = set()
        killed = alone(adding, library, kill_after=moment) < 0
        if not killed:  # it was quicker than the kill: that moment again, a little earlier
            moments[kills] *= 0.97
        kills += killed
        broken, gone, committed = faults(library, talks.episodes, committed)
        damaged += [f"after {moment:.3f} s: {fault}" for fault in broken]
        lost += [f"after {moment:.3f} s: {id_}" for id_ in gone]
        half_done += 0 < len(committed) < TRANSCRIPTS
        unsaved += killed and bool(committed) and bool(Library.open(library).check())
    print(f"\n{kills} kills, {len(damaged)} damaged, {len(lost)} lost")
    print(
        f"(a whole run takes {seconds:.1f} s; {half_done} kills left some episodes in, {unsaved} no saved FAISS index)"
    )
    assert not damaged and not lost

    alone(adding, library)
    assert faults(library, talks.episodes, set(talks.episodes)) == ([], [], set(talks.episodes))
    assert Library.open(library).check() == []


def test_every_command_that_writes_is_whole_or_undone_after_a_kill():
    outcome = run(26, seed=7)
    assert outcome.moments == 26 and outcome.killed > 13, "the kills fell into the work"
    assert (outcome.damaged, outcome.lost, outcome.half_done) == ([], [], [])
