"""Run a question set against a library and measure it. `verbatim eval` prints the table; `--json` keeps everything."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.metrics import Span, citing, finding, gold_spans, mean_with_interval
from eval.questions import Asked, load_questions
from index.errors import VerbatimError
from index.library import Library, find_transcripts
from index.passages import LIMITS
from index.read import content_hash
from rag.answer import Assistant
from rag.check import check_quote
from rag.progress import progress_bar
from rag.question import Filters
from rag.result import Answer, Done
from rag.retrieve import SPEAKER_WEIGHT
from rag.settings import Settings

MAIN_METRICS = (
    "hit@1",
    "hit@5",
    "recall@10",
    "mrr@10",
    "citation_precision",
    "verdict_right",
    "speaker_right",
    "wrong_speaker",
)
CACHE = Path(".eval-cache")


def main(options: argparse.Namespace, settings: Settings) -> int:
    """The command: measure, print a table to stdout, and write everything to `--json`."""
    questions = load_questions(options.questions)[: options.limit]
    folder = _library_of(options.transcripts, settings) if options.transcripts else Path(settings.library)
    assistant = Assistant.open(folder, settings)
    if options.lexical_weight is not None:
        assistant.retriever.lexical_weight = options.lexical_weight
    result = evaluate(assistant, questions, settings, finding_only=options.finding_only)
    if options.out:
        options.out.write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    print(table(result))
    return 0


def evaluate(
    assistant: Assistant, questions: Sequence[Asked], settings: Settings, *, finding_only: bool = False
) -> dict[str, Any]:
    """What `--json` writes: {"made_by", "metrics": {kind: {name: {mean, low, high, n}}}, "questions": […]}.

    `finding_only` measures retrieval and leaves the answers out.
    """
    began = time.perf_counter()
    rows = []
    for number, asked in enumerate(questions, start=1):
        rows.append(_one(assistant, asked, finding_only))
        if sys.stderr.isatty():
            print(f"\r{number}/{len(questions)} questions", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return {
        "made_by": {
            "settings": repr(settings),
            "passages": LIMITS.name,
            "weights": {"lexical": assistant.retriever.lexical_weight, "speaker": SPEAKER_WEIGHT},
            "model": assistant.library.encoder.fingerprint.name,
            "commit": commit(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
            "seconds": round(time.perf_counter() - began, 1),
        },
        "metrics": _means(rows),
        "questions": rows,
    }


def table(result: dict[str, Any]) -> str:
    """The main metrics by kind, as Markdown."""
    names = [name for name in MAIN_METRICS if any(name in metrics for metrics in result["metrics"].values())]
    lines = ["| kind | n | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
    for kind, metrics in result["metrics"].items():
        cells = [f"{metrics[name]['mean']:.3f}" if name in metrics else "" for name in names]
        n = max(metric["n"] for metric in metrics.values())
        lines.append(f"| {kind} | {n} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _one(assistant: Assistant, asked: Asked, finding_only: bool) -> dict[str, Any]:
    """One question's row; one that is refused at the door counts as wrong and says why."""
    row: dict[str, Any] = {"id": asked.id, "kind": asked.kind, "half": asked.half, "question": asked.question}
    try:
        metrics, answer = _measure(assistant, asked, finding_only)
    except VerbatimError as exc:
        zero = dict.fromkeys(("hit@1", "hit@5", "hit@10", "recall@10", "mrr@10", "ndcg@10"), 0.0) if asked.gold else {}
        return row | {"error": str(exc), "metrics": zero | {"verdict_right": 0.0}, "citations": []}
    row["metrics"] = metrics
    if answer is not None:
        row |= {"expected": asked.verdict, "verdict": answer.verdict, "answer": answer.answer}
        row["citations"] = [citation.to_json() for citation in answer.citations]
        row["seconds"] = answer.to_json()["seconds"]
    return row


def _measure(assistant: Assistant, asked: Asked, finding_only: bool) -> tuple[dict[str, float], Answer | None]:
    filters = Filters(**asked.filters)
    metrics: dict[str, float] = {}
    episodes = {place.episode: assistant.extractor.episode(place.episode) for place in asked.gold}
    gold = gold_spans(asked.gold, episodes)
    if gold:
        question, scope = assistant.understand(asked.question, asked.history, filters)
        hits = assistant.retriever.retrieve(question, scope, k=10)
        found = [Span(h.passage.episode, h.passage.start, h.passage.end, h.passage.first, h.passage.last) for h in hits]
        metrics |= finding(found, gold)
        metrics["passage_words"] = sum(h.passage.words for h in hits) / max(1, len(hits))
    if finding_only:
        return metrics, None
    answer = next(e.answer for e in assistant.ask(asked.question, asked.history, filters) if isinstance(e, Done))
    metrics["verdict_right"] = float(answer.verdict == asked.verdict)
    metrics["refused"] = float(not answer.citations)
    answerable = asked.verdict in ("answered", "said_by_other")
    metrics["wrongly_refused" if answerable else "wrongly_answered"] = float(answerable != bool(answer.citations))
    if gold:
        cited = [Span(c.episode, c.start, c.end, c.first, c.last) for c in answer.citations]
        metrics |= citing(cited, gold)
    if answer.citations:
        metrics["quotes_exact"] = _mean(
            check_quote(c.quote, c.speaker, assistant.extractor.episode(c.episode))[0] == "verified"
            for c in answer.citations
        )
        # Credited to somebody who didn't say it, or quoted from somebody else than the person whose words are asked for.
        question, _ = assistant.understand(asked.question, asked.history, filters)
        others = answer.verdict == "answered" and question.said and question.people
        metrics["wrong_speaker"] = float(
            metrics["quotes_exact"] < 1
            or any(others and c.speaker is not None and c.speaker not in question.people for c in answer.citations)
        )
        if asked.speaker:
            metrics["speaker_right"] = float(answer.citations[0].speaker in (asked.speaker, None))
    return metrics, answer


def _means(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, dict[str, float]]]:
    by_kind: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        groups = ["all", row["kind"], *([f"half:{row['half']}"] if row["half"] else [])]
        for name, value in row["metrics"].items():
            for group in groups:
                by_kind[group][name].append(value)
    return {
        kind: {name: mean_with_interval(values) for name, values in names.items()} for kind, names in by_kind.items()
    }


def _mean(values: Any) -> float:
    numbers = [float(value) for value in values]
    return sum(numbers) / len(numbers)


def _library_of(transcripts: Path, settings: Settings) -> Path:
    """A library of these transcripts, kept under a name made of their contents and of what cuts and embeds them."""
    files, missing = find_transcripts([transcripts])
    if missing:
        raise missing[0]
    key = hashlib.sha256(f"{settings.embeddings} {LIMITS.name}".encode())
    for file in files:
        key.update(content_hash(file).encode())
    folder = CACHE / key.hexdigest()[:16]
    library = Library.create(folder, settings.embeddings)
    with progress_bar() as on_progress:
        report = library.add(files, on_progress=on_progress)
    for error in report.refused:
        print(f"refused: {error}", file=sys.stderr)
    return folder


def commit() -> str:
    """The commit that is checked out, with `-dirty` where files differ from it."""
    found = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"
