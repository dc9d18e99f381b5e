"""Run a question set against a library and measure it: `evaluate(assistant, questions)` gives what `--json` writes.

A question that raises counts as wrong and is listed with its error. What was measured is kept while a run lasts, so that
one that was interrupted goes on where it stopped. Knows nothing of reports, limits or the command line.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval.run.measure import ABSTENTIONS, Options, measure
from eval.run.metrics import Attempt, mean_with_interval, quantiles, ratio_with_interval, risk_coverage
from eval.sets.questions import SetQuestion, fingerprint
from index.search.passages import LIMITS
from rag.assistant import Assistant
from rag.evidence.rank import FEATURES, weights
from rag.settings import Settings

CACHE = Path(".eval-cache")
"""Where libraries made for a set are kept, and runs that aren't finished. May be deleted at any time."""

STAGES = ("question", "retrieve", "write", "check")
CODE = ("eval", "rag", "index", "prompts")


@dataclass(frozen=True, slots=True)
class SetIdentity:
    """The set that is asked: its name, where it lies, a hash of its questions."""

    name: str
    file: str
    sha256: str


def evaluate(
    assistant: Assistant,
    questions: Sequence[SetQuestion],
    settings: Settings,
    *,
    options: Options | None = None,
    source: SetIdentity | None = None,
    resume_in: Path | None = None,
    on_progress: Callable[[int, int], None] = lambda done, of: None,
) -> dict[str, Any]:
    """What `--json` writes: made_by, metrics, quantiles, verdicts, risk_coverage and one object for each question.

    `metrics` is {kind: {name: {"mean", "low", "high", "n"}}}; the kinds are `all`, those of the set, `half:dev` and
    `half:test` where the set has halves, and `with history`. `resume_in`: a folder in which the rows of an unfinished run
    are kept, found again by the same questions, library, settings and code. `on_progress(done, of)` is called after each question.
    """
    began = time.perf_counter()
    options = options or Options()
    source = source or SetIdentity("questions", "", fingerprint(questions))
    held = _Held(resume_in, _run_key(assistant, source, questions, settings, options)) if resume_in else None
    rows: list[dict[str, Any]] = []
    talks: dict[str, list[dict[str, Any]]] = defaultdict(list)
    done = held.rows() if held else {}
    for number, asked in enumerate(questions, start=1):
        if asked.talk:
            asked = replace(asked, history=tuple(talks[asked.talk]))
        row = done.get(asked.id)
        if row is None:
            row = measure(assistant, asked, options)
            if held:
                held.keep(row)
        rows.append(row)
        if asked.talk:
            talks[asked.talk] += said_in_turn(asked, row)
        on_progress(number, len(questions))
    result = {
        "made_by": {
            "settings": settings.public(),
            "model": assistant.library.encoder.fingerprint.name,
            "writer": settings.model or "extractive",
            "questions": asdict(source) | {"n": len(questions)},
            "library": {"episodes": len(assistant.library.summaries()), "passages": assistant.library.passage_count()},
            "passages": LIMITS.name,
            "weights": _weights(assistant.retriever.lexical_weight),
            "finding_only": options.finding_only,
            "repeat": options.repeat,
            "commit": commit(),
            "machine": machine(),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - began, 1),
            "resumed": len(done),
        },
        **summary(rows),
        "questions": rows,
    }
    if held:
        held.forget()
    return result


def said_in_turn(asked: SetQuestion, row: dict[str, Any]) -> list[dict[str, Any]]:
    """One turn as the next ones read it: the question, and the program's own answer, or what the set takes it to be."""
    answer: dict[str, Any] = {"role": "assistant", "content": asked.reply or row["answer"] or ""}
    if asked.reply is None:
        answer |= {"asked": row["asked"], "citations": row["citations"]}
    elif asked.sources:
        answer["citations"] = [
            {"n": n, "speaker": one.speaker, "episode": one.episode, "quote": one.text}
            for n, one in enumerate(asked.sources, start=1)
        ]
    return [{"role": "user", "content": asked.question}, answer]


# From rows to figures


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """metrics, quantiles, verdicts and risk_coverage of these rows."""
    kinds = {kind: [row for row in rows if kind in groups(row)] for kind in _kinds(rows)}
    verdicts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        if row["verdict"] is not None:
            verdicts[row["expected"]][row["verdict"]] += 1
    attempts = [Attempt(row["confidence"], row["best_right"]) for row in rows if row["confidence"] is not None]
    return {
        "metrics": {kind: _means(of_kind) for kind, of_kind in kinds.items()},
        "quantiles": {kind: _quantiles(of_kind) for kind, of_kind in kinds.items()},
        "verdicts": {expected: dict(got) for expected, got in verdicts.items()},
        "risk_coverage": risk_coverage(attempts) if attempts else None,
    }


def groups(row: dict[str, Any]) -> list[str]:
    """The kinds that a question counts for."""
    return [
        "all",
        row["kind"],
        *([f"half:{row['half']}"] if row["half"] else []),
        *(["with history"] if row["history"] else []),
    ]


def _kinds(rows: Sequence[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(kind for row in rows for kind in groups(row)))


def _means(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    values: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for name, value in row["metrics"].items():
            values[name].append(value)
    means = {name: mean_with_interval(numbers) for name, numbers in values.items()}
    if any(row["verdict"] is not None for row in rows):
        for verdict in ABSTENTIONS:
            expected = [row["expected"] == verdict for row in rows]
            got = [row["verdict"] == verdict for row in rows]
            for name, ratio in (
                (f"{verdict}_precision", ratio_with_interval(expected, got)),
                (f"{verdict}_recall", ratio_with_interval(got, expected)),
            ):
                if ratio is not None:
                    means[name] = ratio
    return means


def _quantiles(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    found = {}
    errors = [row["start_error_s"] for row in rows if row["start_error_s"] is not None]
    if errors:
        found["start_error_s"] = quantiles(errors, (50, 90))
    timed = [row["seconds"] for row in rows if row["seconds"]]
    for stage in STAGES:
        if timed:
            found[f"seconds_{stage}"] = quantiles([seconds.get(stage, 0.0) for seconds in timed], (50, 95))
    if timed:
        found["seconds_total"] = quantiles([sum(seconds.values()) for seconds in timed], (50, 95))
    for name in ("input", "output"):
        tokens = [row["tokens"][name] for row in rows if row["tokens"]]
        if tokens:
            found[f"tokens_{name}"] = quantiles(tokens, (50, 95))
    costs = [row["cost"] for row in rows if row["cost"] is not None]
    if costs:
        found["cost"] = quantiles(costs, (50, 95)) | {"total": round(sum(costs), 6)}
    return found


# Going on after an interruption


class _Held:
    """The rows of a run that isn't finished, one JSON object a line, under a name made of all that they depend on."""

    def __init__(self, folder: Path, key: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / f"run-{key}.jsonl"

    def rows(self) -> dict[str, dict[str, Any]]:
        found = {}
        lines = self.file.read_text(encoding="utf-8").splitlines() if self.file.exists() else []
        for line in lines:
            try:
                row = json.loads(line)
            except ValueError:
                continue  # the line that was being written when the run was killed
            found[row["id"]] = row
        return found

    def keep(self, row: dict[str, Any]) -> None:
        # The newline goes first: after a kill in the middle of a line, the next row still starts on one of its own.
        with self.file.open("a", encoding="utf-8") as out:
            out.write("\n" + json.dumps(row, ensure_ascii=False))

    def forget(self) -> None:
        self.file.unlink(missing_ok=True)


def _run_key(
    assistant: Assistant, source: SetIdentity, questions: Sequence[SetQuestion], settings: Settings, options: Options
) -> str:
    parts = [
        source.sha256,
        str(len(questions)),
        str(assistant.library.folder.resolve()),
        str(assistant.library.generation()),
        repr(settings),
        settings.base_url or "",  # rows of one endpoint are never taken for another's; the key is a hash
        repr(options),
        str(assistant.retriever.lexical_weight),
        _code(),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _code() -> str:
    """A hash of our own code: rows that another version measured are never taken over."""
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parents[2]
    for room in CODE:
        for file in sorted((root / room).rglob("*")):
            if file.suffix in (".py", ".json", ".md"):
                digest.update(file.read_bytes())
    return digest.hexdigest()


# What made it


def _weights(lexical: float | None) -> dict[str, float]:
    """What passages were ranked with: the fitted weights, or the plain sum that was asked for."""
    return dict(zip(FEATURES, weights().tolist(), strict=True)) if lexical is None else {"lexical": lexical}


def machine() -> str:
    """The machine in a line, as a result records it: processor, cores, Python."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def commit() -> str:
    """The commit that is checked out, with `-dirty` where files differ from it."""
    found = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"
