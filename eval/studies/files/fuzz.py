"""Spoiled transcripts put to the reader: `python -m eval fuzz --seed 7 --cases 20000` (or `--seconds 600`). Exit code 1: a fault.

Each case is a file of ours that was spoiled (`mutations.py`), read as `verbatim add` reads it, cut into passages and
examined: is it fit to be stored? Either it is, or TranscriptError says why not. All else is a fault:

- uncaught: another exception, an episode that the database couldn't keep, or a process that died
- slow: more than 5 s of the processor; fat: more than 500 MiB beside what the reader itself takes

Faults with the same place in the code are reported once, with a case that repeats them: `--seed 7 --only 1834`. The cases of a seed
are always the same. They run in a process of their own, which is started again when it dies. The network that tells voices apart
is left out: what it takes grows evenly with the words (about 0.3 ms each), and would be nearly all that is measured.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import math
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from eval.studies.files.mutations import mutated
from eval.studies.files.seeds import Seed, seeds
from index.episode import Episode
from index.errors import TranscriptError
from index.plain import plain
from index.reading.read import chapters_beside, content_hash, read_episode, sidecar_of
from index.search.passages import build_passages

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 5.0
MEBIBYTES = 500
WALL = 120.0  # seconds by the clock without a sign of life: a worker that waits for something uses no processor
WORKER = ("-m", "eval.studies.files.fuzz")
PLACES = 4  # innermost places of our own code that distinguish faults
NAMES = (
    "talk",
    "talk",
    "talk",
    "talk",
    "t\u200falk",
    "2023-01-02 Ann & Bo",
    "a" * 200,
    "-x",
    ".hidden",
    "\udcff\udcfe",
    "x\x1b[2J\ny",
)


@dataclass
class FuzzFault:
    """One place where the code fails: what happened there, and the numbers of the cases."""

    kind: str
    what: str
    places: tuple[str, ...]
    cases: list[int] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print each fault with the number that repeats it. Exit code 1 where there is one, 0 for none."""
    parser = argparse.ArgumentParser(prog="python -m eval fuzz", description="Put spoiled transcripts to the reader.")
    parser.add_argument("--seed", type=int, default=1, help="the cases of a seed are always the same")
    parser.add_argument("--cases", type=int, help="how many (default: 2,000, or as many as there is time for)")
    parser.add_argument("--seconds", type=float, help="stop after so many seconds by the clock")
    parser.add_argument(
        "--only", type=int, metavar="CASE", help="this case alone: its files are kept, its traceback is shown"
    )
    parser.add_argument("--worker", nargs=2, type=int, metavar=("FIRST", "END"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        work(options.seed, *options.worker)
        return 0
    first, end = (options.only, options.only + 1) if options.only is not None else (0, options.cases or 2000)
    if options.seconds and not options.cases:
        end = sys.maxsize
    if options.only is not None:
        _show_case(options.seed, options.only)
    faults, counts = run(options.seed, first, end, seconds=options.seconds or math.inf, full=options.only is not None)
    for fault in sorted(faults, key=lambda fault: (fault.kind, -len(fault.cases))):
        print(f"{fault.kind}: {plain(fault.what)}   ({len(fault.cases)} cases)")
        print(
            "".join(f"    {place}\n" for place in fault.places)
            + f"    again: --seed {options.seed} --only {fault.cases[0]}"
        )
    kinds = Counter(fault.kind for fault in faults)
    total = counts["read"] + counts["refused"] + counts["faults"]
    print(
        f"{total:,} cases: {counts['read']:,} read, {counts['refused']:,} refused, {counts['faults']:,} faults"
        f" ({kinds['uncaught']} uncaught, {kinds['slow']} slow, {kinds['fat']} fat places); {counts['seconds']:.0f} s"
    )
    return 1 if faults else 0


def run(
    seed: int, first: int, end: int, *, seconds: float = math.inf, full: bool = False
) -> tuple[list[FuzzFault], Counter[str]]:
    """The faults in the cases `first` to `end` (not included), and how many were read and refused; `seconds` by the clock."""
    began, counts = time.monotonic(), Counter[str]()
    faults: dict[tuple[str, str, tuple[str, ...]], FuzzFault] = {}
    while first < end and time.monotonic() - began < seconds:
        for reported in _worker(seed, first, end, began + seconds):
            first = reported["case"] + 1
            counts[reported["ended"] if reported["ended"] in ("read", "refused") else "faults"] += 1
            if reported["ended"] in ("read", "refused"):
                continue
            if full:
                print(reported.get("trace", ""), file=sys.stderr)
            key = (reported["ended"], reported["what"].split(":")[0], tuple(reported["places"]))
            fault = FuzzFault(reported["ended"], reported["what"][:200], tuple(reported["places"]))
            faults.setdefault(key, fault).cases.append(reported["case"])
    counts["seconds"] = round(time.monotonic() - began)
    return list(faults.values()), counts


def _worker(seed: int, first: int, end: int, until: float) -> Iterator[dict[str, Any]]:
    """What a worker reports of its cases, up to the one that it dies of. It is stopped at `until` (the monotonic clock)."""
    command = [sys.executable, *WORKER, "--seed", str(seed), "--worker", str(first), str(end)]
    with (
        tempfile.TemporaryFile("w+") as dump,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=dump, text=True) as child,
    ):
        watch = _Watch(child)
        try:
            for line in child.stdout or ():
                reported = json.loads(line)
                watch.alive()
                yield reported
                first = reported["case"] + 1
                if time.monotonic() > until:
                    return
        finally:
            watch.end()
        if child.wait() == 0:
            return
        dump.seek(0)
        trace = dump.read()
        if child.returncode > 0:  # no signal: what failed is the fuzzer
            raise RuntimeError(f"case {first} of seed {seed} can't be made:\n{trace}")
        slow = child.returncode in (-signal.SIGPROF, -signal.SIGKILL)
        died = f"{SECONDS:g} s of the processor" if slow else f"the process died of signal {-child.returncode}"
        yield {
            "case": first,
            "ended": "slow" if slow else "uncaught",
            "what": died,
            "places": _dumped(trace),
            "trace": trace,
        }


class _Watch:
    """Kills a process that gives no sign of life for WALL seconds."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        import threading

        self.child, self.seen, self.over = child, time.monotonic(), threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def alive(self) -> None:
        self.seen = time.monotonic()

    def _watch(self) -> None:
        while not self.over.wait(1.0):
            if time.monotonic() - self.seen > WALL:
                self.child.kill()

    def end(self) -> None:
        self.over.set()
        self.child.kill()


def _ours(file: str) -> bool:
    return Path(file).is_relative_to(ROOT / "index")


def _dumped(trace: str) -> list[str]:
    """The innermost places of ours in what faulthandler wrote, without line numbers: a loop is at another one each time."""
    found = re.findall(r'^  File "(.+?)", line \d+ in (\w+)', trace, re.MULTILINE)
    ours = [f"{Path(file).relative_to(ROOT)} {name}" for file, name in found if _ours(file)]
    return list(dict.fromkeys(ours))[:PLACES]


# ---- in the worker


class Still:
    """In the place of the network that reads a transcript's sentences: it sees nothing."""

    def read(self, texts: Sequence[str]) -> Any:
        """Zeros, float32 of shape (len(texts), SIZE): reading is tried here, not the model."""
        import numpy as np

        from index.interviews.context import SIZE

        return np.zeros((len(texts), SIZE), np.float32)


class Unfit(Exception):
    """An episode that was read and can't be kept or shown."""


def case_of(seed: int, case: int, those: Sequence[Seed]) -> tuple[Seed, str]:
    """The spoiled file of that number, and the name that it goes by."""
    random = Random(f"{seed}:{case}")
    return mutated(random.choice(those), those, random), random.choice(NAMES)


def work(seed: int, first: int, end: int) -> None:
    """Read the cases; a line of JSON on stdout for each. What dies of a limit leaves its traceback on stderr."""
    from index.interviews import model as voices_model

    voices_model.shipped_context = Still  # type: ignore[assignment]
    those = seeds()
    with tempfile.TemporaryDirectory(prefix="verbatim-fuzz-") as folder:
        for one in those:  # what is loaded and compiled once is no case's fault
            read_case(one, "talk", Path(folder))
        faulthandler.enable()
        faulthandler.register(signal.SIGPROF, all_threads=False, chain=True)
        most = _address_space() + (MEBIBYTES << 20)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for case in range(first, end):
            reported = _tried(*case_of(seed, case, those), Path(folder))
            print(json.dumps({"case": case, **reported}), flush=True)


def _address_space() -> int:
    pages = Path("/proc/self/statm").read_text().split()[0]
    return int(pages) * resource.getpagesize()


def _tried(spoiled: Seed, name: str, folder: Path) -> dict[str, Any]:
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        read_case(spoiled, name, folder)
    except TranscriptError:
        return {"ended": "refused"}
    except MemoryError as exc:
        return {"ended": "fat", "what": f"{MEBIBYTES} MiB", **_places(exc)}
    except Exception as exc:
        return {"ended": "uncaught", "what": f"{type(exc).__name__}: {ascii(str(exc))[1:-1][:200]}", **_places(exc)}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return {"ended": "read"}


def _places(exc: BaseException) -> dict[str, Any]:
    frames = [frame for frame in traceback.extract_tb(exc.__traceback__, limit=-200) if _ours(frame.filename)]
    ours = [f"{Path(frame.filename).relative_to(ROOT)}:{frame.lineno} {frame.name}" for frame in reversed(frames)]
    trace = "".join(traceback.format_exception(exc, limit=-30))
    return {
        "places": list(dict.fromkeys(ours))[:PLACES],
        "trace": trace.encode("ascii", "backslashreplace").decode()[-6000:],
    }


def read_case(spoiled: Seed, name: str, folder: Path) -> Episode:
    """Read, cut into passages and judged as what goes into a library. Raises whatever the reader raises, or Unfit."""
    file = folder / (name + spoiled.suffix)
    beside = {file: spoiled.data, sidecar_of(file): spoiled.sidecar, chapters_beside(file): spoiled.chapters}
    written = {path: data for path, data in beside.items() if data or path == file}
    for path, data in written.items():
        path.write_bytes(data)
    try:
        episode = read_episode(file)
        if content_hash(file) != episode.content_hash and not episode.voices:
            raise Unfit("the hash of the file is another one than the episode's")
    finally:
        for path in written:
            os.unlink(path)
    for passage in build_passages(episode):
        _check_times(passage.start, passage.end)
    _check(asdict(episode), "episode")
    for sentence in episode.sentences:
        _check_times(sentence.start, sentence.end)
    return episode


def _check_times(start: float | None, end: float | None) -> None:
    if start is not None and (start < 0 or (end is not None and end < start)):
        raise Unfit("a time before the beginning, or an end before its start")


def _check(value: Any, where: str) -> None:
    """Every text plain and fit for UTF-8, every number one that SQLite and JSON can hold."""
    if isinstance(value, str):
        if plain(value) != value:
            raise Unfit(f"{where} holds what a screen obeys or nobody sees")
        value.encode()
    elif isinstance(value, float) and not math.isfinite(value):
        raise Unfit(f"{where} is no finite number")
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise Unfit(f"{where} is too large for the database")
    elif isinstance(value, dict):
        for key, held in value.items():
            _check(held, key)
    elif isinstance(value, list | tuple):
        for held in value:
            _check(held, where)


def _show_case(seed: int, case: int) -> None:
    """Leave the case's files where they can be looked at."""
    spoiled, name = case_of(seed, case, seeds())
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{seed}-{case}-"))
    for suffix, data in (
        (spoiled.suffix, spoiled.data),
        (".meta.json", spoiled.sidecar),
        (".chapters.json", spoiled.chapters),
    ):
        if data:
            (folder / f"talk{suffix}").write_bytes(data)
    print(f"{spoiled.name}, as {name!a}: {folder}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
