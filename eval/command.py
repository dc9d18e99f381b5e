"""`verbatim eval`: a question set is run, measured, shown, compared and written where it is wanted.

stdout is the table; progress and what was skipped go to stderr. Exit codes: 0 done, 1 could not, 2 misused, 3 a limit is broken.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eval.report.compare import compare, comparison_table
from eval.report.limits import Limit, check_limits, limits_table, load_limits
from eval.run.judge import Judge
from eval.run.measure import Options
from eval.run.runner import CACHE, SetIdentity, evaluate
from eval.sets.libraries import ProgressBar, library_of_episodes, library_of_transcripts, no_bar
from eval.sets.questions import QuestionSet, fingerprint
from eval.sets.readers import read_set
from index.errors import VerbatimError
from index.library import Library
from rag.assistant import Assistant
from rag.settings import Settings

FELL = 3
MAIN_METRICS = (
    "hit@1",
    "hit@5",
    "recall@10",
    "mrr@10",
    "citation_hit",
    "citation_precision",
    "verdict_right",
    "speaker_right",
    "wrong_speaker",
    "quotes_exact",
)
GATES = Path(__file__).parent / "gates.toml"


def main(options: argparse.Namespace, settings: Settings, *, bar: ProgressBar = no_bar) -> int:
    """The command; returns its exit code. `bar` is drawn while transcripts are made into a library."""
    if options.judge and not settings.model:
        raise VerbatimError("--judge asks a language model, and none is set. Name one in VERBATIM_MODEL.")
    # What the end needs is read first: a set may take an hour.
    old = read_result(options.compare) if options.compare else None
    limits = load_limits(options.gates or GATES) if options.gates or old else []
    asked = read_set(options.questions)
    folder = _library_folder(asked, options, settings, bar)
    if folder is None or not _applies(asked, folder):
        where = options.transcripts or settings.library
        print(f"skipped: {options.questions} asks about episodes that are not in {where}.", file=sys.stderr)
        return 0
    for line in asked.skipped:
        print(f"skipped: {line}", file=sys.stderr)
    assistant = Assistant.open(folder, settings)
    if options.lexical_weight is not None:
        assistant.retriever.lexical_weight = options.lexical_weight
    questions = asked.questions[: options.limit]
    # A part of a set is another set: the limits of the whole say nothing of it.
    name = asked.name if len(questions) == len(asked.questions) else f"{asked.name}, the first {len(questions)}"
    with _counting_bar("questions") as on_progress:
        result = evaluate(
            assistant,
            questions,
            settings,
            options=Options(options.finding_only, options.repeat, Judge(settings) if options.judge else None),
            source=SetIdentity(name, str(options.questions), fingerprint(questions)),
            resume_in=CACHE,
            on_progress=on_progress,
        )
    if options.out:
        _write(options.out, json.dumps(result, ensure_ascii=False, indent=1))
    return _report_result(result, old, limits, options.report)


def _report_result(
    result: dict[str, Any], old: dict[str, Any] | None, limits: Sequence[Limit], report: Path | None
) -> int:
    """Print the table, the comparison and the limits, and write the report. Exit code 3 where a limit is broken, else 0."""
    print(table(result))
    for row in result["questions"]:
        if row["error"]:
            print(f"failed: {row['id']}: {row['error']}", file=sys.stderr)
    comparison = compare(result, old) if old else None
    if comparison:
        print(f"\n{comparison_table(comparison)}")
    checked = check_limits(result, limits, comparison)
    if checked:
        print(f"\n{limits_table(checked)}")
    if report:
        from eval.report.report import write_report

        print(f"report: {write_report(result, report, comparison=comparison, limits=checked)}", file=sys.stderr)
    return FELL if any(one.status == "failed" for one in checked) else 0


def table(result: dict[str, Any]) -> str:
    """The main metrics by kind, as Markdown."""
    names = [name for name in MAIN_METRICS if any(name in metrics for metrics in result["metrics"].values())]
    lines = ["| kind | n | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
    for kind, metrics in result["metrics"].items():
        cells = [f"{metrics[name]['mean']:.3f}" if name in metrics else "" for name in names]
        n = max((metric["n"] for metric in metrics.values()), default=0)
        lines.append(f"| {kind} | {n} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def read_result(file: Path) -> dict[str, Any]:
    """What an earlier `--json` wrote. VerbatimError: it can't be read, or is something else."""
    try:
        result = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise VerbatimError(
            f"{file}: can't be read as JSON ({exc}). It is what --json wrote for another version."
        ) from exc
    if not isinstance(result, dict) or not {"made_by", "metrics", "questions"} <= result.keys():
        raise VerbatimError(f"{file}: not a result of `verbatim eval --json`.")
    return result


def _library_folder(
    asked: QuestionSet, options: argparse.Namespace, settings: Settings, bar: ProgressBar
) -> Path | None:
    """The library to ask; None where the set only points into transcripts that aren't here."""
    if options.transcripts:
        if not options.transcripts.exists() and asked.only_points:
            return None
        return library_of_transcripts(options.transcripts, settings.embeddings, CACHE, bar=bar)
    if asked.episodes is not None and not options.library:
        return library_of_episodes(asked.episodes, settings.embeddings, CACHE)
    return Path(settings.library)


def _applies(asked: QuestionSet, folder: Path) -> bool:
    """Whether the library holds any episode that the set asks about. One missing of many counts as wrong, not as skipped."""
    held = {summary.id for summary in Library.open(folder).summaries()}
    return not asked.episodes_needed or bool(held & asked.episodes_needed) or not asked.only_points


@contextmanager
def _counting_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A callback (done, of) that draws a bar on stderr where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _write(file: Path, text: str) -> None:
    """Written beside and renamed: a result that was there stays whole until the new one is."""
    file.parent.mkdir(parents=True, exist_ok=True)
    scratch = file.with_name(file.name + ".part")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(file)
