"""Does the time to read a file grow with its length alone? `python -m eval scaling`: each kind of hostile file at N and 4 N.

Prints for each the seconds of processor time and the MiB that the longer one takes, and the exponent: 1 is in proportion,
2 with the square. Exit 1 where one passes the bars. Each is read in a process of its own, that is ended at the limit.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from eval.studies.files.hostile import KINDS
from index.errors import TranscriptError
from index.reading.read import read_episode

MOST_SECONDS, MOST_MIB = 5.0, 500.0
MOST_EXPONENT = 1.5
MEASURABLE = 0.2  # seconds; what takes less says nothing about growth
ENDED_AT = 12  # seconds


@dataclass(frozen=True, slots=True)
class Cost:
    """Of reading one file: processor time in seconds, memory above what the program takes anyway, and how it ended."""

    seconds: float
    mib: float
    outcome: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Print seconds, memory and exponent of each kind (1: linear); `<<<` marks what is over the limits. Exit code 1 where one
    is."""
    parser = argparse.ArgumentParser(prog="python -m eval scaling", description=__doc__.split("\n")[0])
    parser.add_argument("--bytes", type=int, default=1_000_000, help="of the longer file (default: 1,000,000)")
    parser.add_argument("--only", help="only kinds with this in their name")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write all of it to a file too")
    options = parser.parse_args(arguments)
    rows = []
    print(f"{'kind':34} {'seconds':>8} {'MiB':>7} {'exponent':>8}  outcome")
    for name, make in KINDS.items():
        if options.only and options.only not in name:
            continue
        short, long = (cost_of(make, name, size) for size in (options.bytes // 4, options.bytes))
        grows = math.log(long.seconds / max(short.seconds, 0.001), 4) if long.seconds >= MEASURABLE else 0.0
        bad = long.seconds > MOST_SECONDS or long.mib > MOST_MIB or grows > MOST_EXPONENT
        rows.append(asdict(long) | {"kind": name, "exponent": round(grows, 2), "bad": bad})
        mark = "  <<<" if bad else ""
        print(f"{name:34} {long.seconds:8.2f} {long.mib:7.0f} {grows:8.2f}  {long.outcome[:90]}{mark}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    return 1 if any(row["bad"] for row in rows) else 0


def cost_of(make: Callable[[int], bytes], name: str, size: int) -> Cost:
    """What it takes to read the file of that kind and about that many bytes, as an episode."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"file{name[name.rindex('.') :]}"
        file.write_bytes(make(size))
        return in_child(lambda: _read(file))


def _read(file: Path) -> str:
    try:
        episode = read_episode(file)
    except TranscriptError as exc:
        return f"refused: {exc.why}"
    return f"read: {episode.format}, {len(episode.turns)} turns, {sum(turn.words for turn in episode.turns)} words"


def in_child(work: Callable[[], str]) -> Cost:
    """What `work` costs in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        resource.setrlimit(resource.RLIMIT_CPU, (ENDED_AT, ENDED_AT + 1))
        before = _used()
        try:
            outcome = work()
        except BaseException as exc:
            outcome = f"UNCAUGHT {type(exc).__name__}: {exc}"
        after = _used()
        os.write(writing, json.dumps([after[0] - before[0], after[1] - before[1], outcome[:300]]).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        reported = pipe.read()
    _, _, used = os.wait4(child, 0)
    if not reported:
        return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, "ENDED at the limit")
    return Cost(*json.loads(reported))


def _used() -> tuple[float, float]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
