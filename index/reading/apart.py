"""A transcript that a stranger gave, read in a process of its own: what it may take is limited, and its end is one sentence.

    read_apart(file) → a fresh interpreter, limited → read_episode → JSON → the Episode, or TranscriptError

The interpreter is started anew (a server with threads can't be forked) and loads nothing but the reader. It costs about a third
of a second, and a second more where voices are told from the words; `verbatim add`, whose files are one's own, reads without it.
Where a system has no `resource` (Windows), the file is read here, within what the parsers allow themselves.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NamedTuple

from index.episode import Episode, Person, Sentence, Show, Turn
from index.errors import TranscriptError
from index.interviews.context import prepare_context
from index.reading.read import read_episode

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

MOST_ANSWERED = 128_000_000  # bytes of JSON: the largest transcript's sentences with their times
MOST_WRITTEN = 1_000_000  # bytes in any file; the reader writes none
_START = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from index.reading.apart import answer; answer(*sys.argv[2:])"

log = logging.getLogger(__name__)


class Allowed(NamedTuple):
    """What reading one file may take. `seconds` of one processor, `wall` seconds by the clock, MiB of address space.

    The model that tells voices apart maps 900 MiB, of which it uses 250.
    """

    seconds: int = 30
    wall: int = 120
    mebibytes: int = 2048


def read_apart(path: Path, *, allowed: Allowed = Allowed()) -> Episode:  # noqa: B008 - a frozen value
    """As `read_episode`. TranscriptError also where the file takes more than is allowed."""
    if resource is None:
        return read_episode(path)
    prepare_context()  # more than a child may take, and needed once on a machine
    started = [sys.executable, "-B", "-P", "-c", _START, json.dumps(sys.path), str(path), *map(str, allowed)]
    with subprocess.Popen(
        started, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        assert child.stdout is not None  # it is a pipe
        clock = threading.Timer(allowed.wall, child.kill)
        clock.start()
        try:
            written = child.stdout.read(MOST_ANSWERED + 1)
        finally:
            clock.cancel()
            child.kill()
    answered = _answer_in(written)
    if "episode" in answered:
        return episode_from_json(answered["episode"])
    if "refused" in answered:
        refused = answered["refused"]
        raise TranscriptError(path, refused["why"], line=refused["line"], repair=refused["repair"])
    if "fault" in answered:
        log.error("a fault of Verbatim's in reading %s apart:\n%s", path.name, answered["fault"])
        raise TranscriptError(path, "reading it met a fault of Verbatim's; the log tells where.", repair="Report it.")
    raise TranscriptError(
        path,
        f"this file needed more than {allowed.seconds} s of the processor or {allowed.mebibytes:,} MiB.",
        repair="Is it a transcript, and of one talk? Split it, or export it in another format.",
    )


def _answer_in(written: bytes) -> dict[str, Any]:
    """What the child said; empty where it died before it was done, or said more than anybody may."""
    try:
        return dict(json.loads(written)) if len(written) <= MOST_ANSWERED else {}
    except ValueError:
        return {}


def answer(path: str, seconds: str, wall: str, mebibytes: str) -> None:
    """The child's part: limited first, then the file read and the answer written to stdout."""
    limits = {
        resource.RLIMIT_CPU: int(seconds),
        resource.RLIMIT_AS: int(mebibytes) << 20,
        resource.RLIMIT_FSIZE: MOST_WRITTEN,
        resource.RLIMIT_CORE: 0,
    }
    for limit, most in limits.items():
        least = min(most, hard) if (hard := resource.getrlimit(limit)[1]) != resource.RLIM_INFINITY else most
        resource.setrlimit(limit, (least, least))
    try:
        told: dict[str, Any] = {"episode": asdict(read_episode(Path(path)))}
    except TranscriptError as exc:
        told = {"refused": {"why": exc.why, "line": exc.line, "repair": exc.repair}}
    except MemoryError:
        told = {}
    except Exception:  # whatever it is, it is told: nobody else sees this process
        import traceback

        told = {"fault": traceback.format_exc(limit=-20)[-8000:]}
    sys.stdout.write(json.dumps(told))
    sys.stdout.flush()


def episode_from_json(told: dict[str, Any]) -> Episode:
    """The Episode that `dataclasses.asdict` was made of, after its way through JSON."""
    turns = tuple(
        Turn(
            turn["speaker"] and Person(**turn["speaker"]),
            tuple(Sentence(**sentence) for sentence in turn["sentences"]),
            turn["speaker_source"],
        )
        for turn in told["turns"]
    )
    made = {
        "show": Show(**told["show"]),
        "turns": turns,
        "people": tuple(Person(**person) for person in told["people"]),
        "mended": tuple(told["mended"]),
        "voices": tuple((position, role) for position, role in told["voices"]),
    }
    given = {field.name: told[field.name] for field in fields(Episode) if field.init}
    return Episode(**{**given, **made})
