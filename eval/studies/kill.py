"""Every command that writes, killed without warning at random moments: is the library whole, and all of it still there?

    python -m eval kill --moments 200 --seed 1

A moment is one copy of a library of the samples, one command on it in a process of its own, and one SIGKILL. Afterwards the
library must be as before the command or as after it (where several episodes are added: so for each of them), `check` must find
nothing but an index that is to be rebuilt, and the same command, given again, must end as if nothing had happened.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import faiss
import numpy as np

from index.corrections.kinds import Correction, WordsAre
from index.errors import VerbatimError
from index.interviews.answers import VoiceIs
from index.library import Library
from index.library.feedback import Feedback
from index.library.rescue import rescue

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "transcripts"
CORRECTED, REVIEWED, REMOVED, CHANGED = (
    "morrow-light",
    "clinker-and-copper",
    "fourteen-grains",
    "who-rings-the-fog-bell",
)
NOTE = Feedback("note", "Who rings the bell?", "Not this one.")
PAGE = 4096
State = dict[str, object]
"""What a library holds by name, without the times and numbers that differ from run to run."""


@dataclass(frozen=True, slots=True)
class Command:
    """`run` writes to the library in a folder; `prepare` makes the library that it is given from a whole one.

    `damaged`: it was damaged before, so that it may be so after a kill."""

    name: str
    run: Callable[[Path], object]
    prepare: Callable[[Path], object] = lambda folder: None
    damaged: bool = False


@dataclass
class KillOutcome:
    """What became of all the moments. `killed`: how many commands were still running then."""

    moments: int = 0
    killed: int = 0
    damaged: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    half_done: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = f"damaged {len(self.damaged)} · lost {len(self.lost)} · half-done {len(self.half_done)}"
        return f"{self.moments} moments, {self.killed} kills: {counts}"


def commands(transcripts: Path) -> list[Command]:
    """Those that write, over a library of these transcripts."""

    def change(folder: Path) -> None:
        file = transcripts / f"{CHANGED}.txt"
        text = file.read_text(encoding="utf-8")
        if "a brass tap" not in text:
            # Put in its place whole: a kill between emptying and writing it would leave another transcript, not half a command.
            changed = file.with_suffix(".changed")
            changed.write_text(
                f"{text}\nBillie Strand (00:58:00):\nAnd the last one was a brass tap.\n", encoding="utf-8"
            )
            changed.replace(file)
        Library.open(folder).add([file])

    def without_two(folder: Path) -> None:
        for id_ in (REMOVED, CHANGED):
            Library.open(folder).remove(id_)

    return [
        Command("add", lambda folder: Library.open(folder).add([transcripts]), without_two),
        Command("add of a changed file", change),
        Command("remove", _remove),
        Command("remove into the bin", _to_bin),
        Command("put back", _put_back, _to_bin),
        Command("empty the bin", _empty_bin, _to_bin),
        Command("correct", lambda folder: _put_right(folder, CORRECTED, WordsAre(14, "The lamp was lit at noon."))),
        Command("correct --undo", _take_back),
        Command("speakers", lambda folder: _put_right(folder, REVIEWED, VoiceIs(4, "host", None, begins=False))),
        Command("feedback", _say_once),
        Command("check --repair", _repair),
        Command("check --repair of altered words", _repair, _alter, damaged=True),
        Command("check --repair of a spoilt page", _repair, _spoil, damaged=True),
    ]


def _to_bin(folder: Path) -> None:
    with suppress(VerbatimError):  # given again, it is gone already
        Library.open(folder).to_bin(REMOVED)


def _put_back(folder: Path) -> None:
    library = Library.open(folder)
    for removed in library.in_bin():
        library.from_bin(removed.key)


def _empty_bin(folder: Path) -> None:
    library = Library.open(folder)
    for removed in library.in_bin():
        library.empty_bin(removed.key)


def _say_once(folder: Path) -> None:
    library = Library.open(folder)
    if all(kept.note != NOTE.note for kept in library.feedback()):
        library.add_feedback(NOTE)


def _remove(folder: Path) -> None:
    with suppress(VerbatimError):
        Library.open(folder).remove(REMOVED)


def _put_right(folder: Path, id_: str, given: Correction) -> None:
    library = Library.open(folder)
    if all(kept.correction != given for kept in library.corrections(id_)):
        library.correct(id_, given)


def _take_back(folder: Path) -> None:
    with suppress(VerbatimError):
        Library.open(folder).undo_correction(CORRECTED, 1)


def _repair(folder: Path) -> None:
    rescue(folder, "hashing")


def _alter(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "library.db")) as database, database:
        database.execute("UPDATE sentences SET text = 'I never said that.' WHERE position = 9")


def _spoil(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "library.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'turns_by_person'").fetchone()
    with (folder / "library.db").open("r+b") as out:
        out.seek((root - 1) * PAGE)
        out.write(b"\xaa" * PAGE)


def run(moments: int, seed: int, *, report: Callable[[str], object] = lambda line: None) -> KillOutcome:
    """Kill all the commands in turn, so many times in all."""
    dice, outcome = random.Random(seed), KillOutcome()
    with tempfile.TemporaryDirectory() as work_:
        work = Path(work_)
        transcripts = work / "transcripts"
        shutil.copytree(SAMPLES, transcripts)
        whole = work / "whole"
        library = Library.create(whole, "hashing")
        library.add([transcripts])
        writing = commands(transcripts)
        library.correct(CORRECTED, WordsAre(12, "The gate was shut."))
        library.add_feedback(Feedback("right", "Who rings the bell?"))
        for number, command in enumerate(writing):
            times = moments // len(writing) + (number < moments % len(writing))
            if times:
                _kill(command, times, dice, outcome, work, whole, transcripts)
                report(f"{command.name}: {outcome}")
    return outcome


def _kill(
    command: Command, times: int, dice: random.Random, outcome: KillOutcome, work: Path, whole: Path, transcripts: Path
) -> None:
    prepared = _copy(whole, work / "prepared")
    command.prepare(prepared)
    before = {} if command.damaged else _state(prepared)
    done = _copy(prepared, work / "done")
    seconds = alone(command.run, done)
    after = _state(done)
    for _ in range(times):
        shutil.copytree(SAMPLES, transcripts, dirs_exist_ok=True)
        folder, at = _copy(prepared, work / "killed"), dice.uniform(0, seconds * 1.05)
        outcome.moments += 1
        outcome.killed += alone(command.run, folder, kill_after=at) < 0
        where = f"{command.name}, killed after {at:.3f} s of {seconds:.3f}"
        if not command.damaged:
            outcome.damaged += [f"{where}: {fault}" for fault in _faults(folder)]
            now = _state(folder)
            outcome.lost += [f"{where}: {name}" for name in before.keys() & after.keys() - now.keys()]
            outcome.half_done += [
                f"{where}: {name}"
                for name in {*before, *after, *now}
                if now.get(name) not in (before.get(name), after.get(name))
            ]
        alone(command.run, folder)
        finished = _state(folder)
        outcome.damaged += [f"{where}, given again: {fault}" for fault in _faults(folder)]
        outcome.lost += [f"{where}, given again: {name}" for name in after.keys() - finished.keys()]
        outcome.half_done += [f"{where}, given again: {name}" for name in finished if finished[name] != after.get(name)]


def _copy(folder: Path, to: Path) -> Path:
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(folder, to)
    return to


def alone(write: Callable[[Path], object], folder: Path, *, kill_after: float | None = None) -> float:
    """Run it in a process of its own, which has loaded what this one has; returns seconds, -1 where it was killed meanwhile.

    RuntimeError: it failed by itself.
    """
    began = time.monotonic()
    child = os.fork()
    if not child:
        code = 1
        try:
            for stream in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
            # A pool of threads that the parent has used isn't there after a fork: a second thread would be waited for forever.
            faiss.omp_set_num_threads(1)
            write(folder)
            code = 0
        finally:
            os._exit(code)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        took = time.monotonic() - began
        if ended:
            if status:
                raise RuntimeError(f"the command itself failed in {folder}: status {status}")
            return took
        if kill_after is not None and took >= kill_after:
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            return -1.0 if os.WIFSIGNALED(status) else took
        time.sleep(0.0005)


def _faults(folder: Path) -> list[str]:
    """What is wrong, but for an index that the next writer rebuilds; readers catch up with it in memory meanwhile."""
    return [fault for fault in Library.open(folder).check() if "FAISS" not in fault]


def _state(folder: Path) -> State:
    """Everything that was stored, each under its name: episodes with their corrections, the bin, feedback."""
    library = Library.open(folder)
    held: State = {}
    for summary in library.summaries():
        episode = library.episode(summary.id)
        given = [replace(kept, at="", number=0) for kept in library.corrections(summary.id)]
        found = {library.passages([id_])[id_].episode for id_, _ in library.search_vector(_nothing(library), k=10_000)}
        words = [passage.text for passage in library.passages_in(summary.id)]
        held[f"episode {summary.id}"] = (episode, given, summary.id in found, words)
    held |= {f"in the bin {removed.episode}": removed.title for removed in library.in_bin()}
    held |= {f"feedback {given.kind}": (given.question, given.note) for given in library.feedback()}
    return held


def _nothing(library: Library) -> np.ndarray:
    return library.encoder.encode(["bell"])[0]


def main(arguments: list[str] | None = None) -> int:
    """Print what was damaged, lost or half done, then the counts. Exit code 1 where there is any of it."""
    parser = argparse.ArgumentParser(prog="python -m eval kill", description=__doc__.partition("\n")[0])
    parser.add_argument("--moments", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    outcome = run(options.moments, options.seed, report=lambda line: print(line, file=sys.stderr))
    for line in (*outcome.damaged, *outcome.lost, *outcome.half_done):
        print(line)
    print(outcome)
    return 1 if outcome.damaged or outcome.lost or outcome.half_done else 0


if __name__ == "__main__":
    sys.exit(main())
