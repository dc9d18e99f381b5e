"""Question sets and runs of them, kept in the library's folder, for the Evaluate screen. Knows nothing of pages.

questions/NAME.jsonl   sets that were uploaded or made from feedback
runs/KEY.json          what `verbatim eval --json` would have written
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval.command import read_result
from eval.report.compare import name_of
from eval.run.measure import Options
from eval.run.runner import SetIdentity, evaluate
from eval.sets.questions import QuestionSet, SetQuestion, fingerprint
from eval.sets.readers import read_set
from index.errors import VerbatimError
from rag.assistant import Assistant
from ui.words.evaluate import said

SHIPPED = Path(__file__).parents[2] / "eval" / "data"
SETS, RUNS, UNFINISHED = "questions", "runs", "unfinished"
MOST_SET_BYTES = 5_000_000
SET_NAME = re.compile(r"[A-Za-z0-9][\w-]{0,59}")
RUN_KEY = re.compile(r"[\w-]{1,120}")


class Cancelled(Exception):
    """A run was given up; what was measured is kept for the next one."""


@dataclass(frozen=True, slots=True)
class KnownSet:
    """A set that can be run: the name to show, where it lies, how many questions it has, and about which episodes."""

    name: str
    file: Path
    questions: int
    episodes: frozenset[str]


def known_sets(folder: Path) -> list[KnownSet]:
    """The shipped sets and the library's own, by name; one that can't be read is left out."""
    found = []
    for file in [*sorted(SHIPPED.glob("*.jsonl")), *sorted((folder / SETS).glob("*.jsonl"))]:
        try:
            asked = read_set(file)
        except VerbatimError:
            continue
        found.append(KnownSet(file.stem, file, len(asked.questions), asked.episodes_needed))
    return found


def add_set(folder: Path, file: Path) -> tuple[KnownSet, QuestionSet]:
    """Keep an uploaded set under its file's name. VerbatimError: it can't be read, or a set has that name."""
    if file.stat().st_size > MOST_SET_BYTES:
        raise VerbatimError(f"The file has {file.stat().st_size / 1e6:.0f} MB; a set has at most 5.")
    name = re.sub(r"[^\w-]+", "-", file.stem, flags=re.ASCII).strip("-_")
    if file.suffix.lower() != ".jsonl" or not SET_NAME.fullmatch(name):
        raise VerbatimError("A question set is a file NAME.jsonl, with one question a line.")
    if any(known.name == name for known in known_sets(folder)):
        raise VerbatimError(f"There is a set {name} already. Give the file another name.")
    data = file.read_bytes()
    try:
        asked = read_set(file)
    except VerbatimError as error:
        raise VerbatimError(str(error).replace(str(file), file.name)) from error
    kept = _written(folder / SETS / f"{name}.jsonl", data)
    return KnownSet(name, kept, len(asked.questions), asked.episodes_needed), asked


def add_question(folder: Path, name: str, question: dict[str, Any]) -> tuple[str, int]:
    """Append a question to a set of the library, which is made where it isn't there: its id, and the set's size.

    VerbatimError: the name or the question can't be meant; nothing is changed then.
    """
    if not SET_NAME.fullmatch(name) or any(
        known.name == name for known in known_sets(folder) if known.file.parent == SHIPPED
    ):
        raise VerbatimError(said("bad_set_name"))
    file = folder / SETS / f"{name}.jsonl"
    held = file.read_text(encoding="utf-8") if file.exists() else ""
    used = {json.loads(line)["id"] for line in held.splitlines() if line.strip()}
    number = next(n for n in range(1, len(used) + 2) if f"feedback-{n}" not in used)
    row = {"id": f"feedback-{number}", **question}
    scratch = file.with_suffix(".part")
    _written(
        scratch,
        (held.rstrip("\n") + "\n" if held else "").encode() + json.dumps(row, ensure_ascii=False).encode() + b"\n",
    )
    try:
        size = len(read_set(scratch).questions)
    except VerbatimError:
        scratch.unlink()
        raise
    scratch.replace(file)
    return row["id"], size


def known_runs(folder: Path) -> list[tuple[str, str]]:
    """The runs that are kept, the latest first, as (what to show, key)."""
    found = []
    for file in sorted((folder / RUNS).glob("*.json"), reverse=True):
        try:
            result = read_result(file)
        except VerbatimError:
            continue
        made_by = result["made_by"]
        date = str(made_by.get("date") or "")[:16].replace("T", " ")
        about = (made_by.get("questions") or {}).get("name")
        named = said("run_label", date=date, set=about, commit=name_of(result).split()[0])
        found.append((named, file.stem))
    return found


def run_of(folder: Path, key: str) -> dict[str, Any]:
    """A kept run. VerbatimError: there is none of that key."""
    if not RUN_KEY.fullmatch(key):
        raise VerbatimError("There is no such run.")
    return read_result(folder / RUNS / f"{key}.json")


class Runner:
    """One run at a time, in a thread of its own. `state()` can be asked from anywhere."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self._lock = threading.Lock()
        self._halt = threading.Event()
        self._thread: threading.Thread | None = None
        self.done = self.of = 0
        self.key = self.problem = ""
        self.cancelled = False

    @property
    def running(self) -> bool:
        """True while a run is going on."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, known: KnownSet, *, limit: int, finding_only: bool) -> None:
        """Begin a run. VerbatimError: another is under way, or the set asks about other episodes."""
        asked = read_set(known.file)
        questions = asked.questions[: limit or None]
        held = {summary.id for summary in self.assistant.library.summaries()}
        if asked.episodes_needed and not held & asked.episodes_needed:
            raise VerbatimError(said("other_library"))
        with self._lock:
            if self.running:
                raise VerbatimError(said("already_running"))
            self._halt.clear()
            self.done, self.of, self.key, self.problem, self.cancelled = 0, len(questions), "", "", False
            name = known.name if len(questions) == len(asked.questions) else f"{known.name}, the first {len(questions)}"
            self._thread = threading.Thread(
                target=self._run, args=(name, questions, Options(finding_only)), name="evaluate", daemon=True
            )
            self._thread.start()

    def cancel(self) -> None:
        """Have the run end after the question that it is at."""
        self._halt.set()

    @property
    def stopping(self) -> bool:
        """True where a run was cancelled and may still be going on."""
        return self._halt.is_set()

    def wait(self, seconds: float) -> bool:
        """Waits a while for the end; whether it has come."""
        if self._thread is not None:
            self._thread.join(seconds)
        return not self.running

    def _run(self, name: str, questions: Sequence[SetQuestion], options: Options) -> None:
        folder = self.assistant.library.folder
        try:
            result = evaluate(
                self.assistant,
                questions,
                self.assistant.settings,
                options=options,
                source=SetIdentity(name, name, fingerprint(questions)),
                resume_in=folder / RUNS / UNFINISHED,
                on_progress=self._progress,
            )
        except Cancelled:
            self.cancelled = True
        except Exception as error:  # whatever it is, the screen must not say that it still runs
            self.problem = str(error) if isinstance(error, VerbatimError) else said("run_failed")
            if not isinstance(error, VerbatimError):
                raise
        else:
            key = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
            _written(folder / RUNS / f"{key}.json", json.dumps(result, ensure_ascii=False).encode("utf-8", "replace"))
            self.key = key

    def _progress(self, done: int, of: int) -> None:
        self.done, self.of = done, of
        if self._halt.is_set() and done < of:
            raise Cancelled


def lost_by_stage(view: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The questions that went wrong with the stage that lost them in words, the biggest loss first."""
    return [(lost["words"][0], question) for lost in view["lost"] for question in lost["questions"]]


def _written(file: Path, data: bytes) -> Path:
    """Written beside and renamed: what was there stays whole until the new one is."""
    file.parent.mkdir(parents=True, exist_ok=True)
    scratch = file.with_name(file.name + ".new")
    scratch.write_bytes(data)
    scratch.replace(file)
    return file
