"""How well follow-ups are rewritten: `python -m eval follow-ups [--library DIR] [--half dev|test] [--show]`.

Each is asked after its history, and once more in full, as a person would have put it (`whole` in the set). Reported is how often
the right passage is among the first five either way, and the first as a share of the second.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.run.metrics import EpisodeSpan, gold_spans, in_gold
from eval.run.runner import CACHE
from eval.sets.libraries import library_of_transcripts
from eval.sets.readers import read_set
from index.library import Library
from rag.assistant import Assistant
from rag.question.scope import Filters
from rag.settings import Settings

FOLLOW_UPS = Path(__file__).parents[1] / "data" / "follow_ups.jsonl"
SAMPLES = Path(__file__).parents[2] / "samples" / "transcripts"
FIRST = 5


@dataclass(frozen=True, slots=True)
class Compared:
    """One follow-up: how it was rewritten, how a person would, and whether each found the right passage."""

    id: str
    half: str
    question: str
    made: str
    in_full: str
    found: bool
    found_in_full: bool


def compare_follow_ups(assistant: Assistant, file: Path = FOLLOW_UPS) -> list[Compared]:
    """Every follow-up of the file, in its order."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    compared = []
    for row, asked in zip(rows, read_set(file).questions, strict=True):
        gold = gold_spans(asked.gold, {place.episode: assistant.library.episode(place.episode) for place in asked.gold})

        def finds(
            question: str, history: Sequence[dict[str, str]], gold: Sequence[EpisodeSpan] = gold
        ) -> tuple[str, bool]:
            understood, scope = assistant.understand(question, history, Filters())
            passages = [hit.passage for hit in assistant.retriever.retrieve(understood, scope, k=FIRST)]
            spans = [EpisodeSpan(p.episode, p.start, p.end, p.first, p.last) for p in passages]
            return understood.asked, any(in_gold(span, gold) for span in spans)

        made, found = finds(asked.question, asked.history)
        _, found_in_full = finds(row["whole"], ())
        compared.append(
            Compared(asked.id, asked.half or "dev", asked.question, made, row["whole"], found, found_in_full)
        )
    return compared


def figures(compared: Sequence[Compared]) -> dict[str, dict[str, Any]]:
    """By half: how many, found after their history, found whole, and the first as a share of the second."""
    counted = {}
    for half in dict.fromkeys(item.half for item in compared):
        inside = [item for item in compared if item.half == half]
        found, in_full = sum(item.found for item in inside), sum(item.found_in_full for item in inside)
        counted[half] = {
            "n": len(inside),
            "found": found,
            "found_whole": in_full,
            "share": round(found / max(1, in_full), 3),
        }
    return counted


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one JSON object: how often a rewritten follow-up finds what the question asked in full finds. Exit code
    0."""
    parser = argparse.ArgumentParser(prog="python -m eval follow-ups", description="Measure follow-ups made whole.")
    parser.add_argument("--library", type=Path, help="ask this library (left out: one of the samples, made once)")
    parser.add_argument("--show", action="store_true", help="print each development follow-up that lost its passage")
    options = parser.parse_args(arguments)
    settings = Settings.from_environment()
    folder = options.library or library_of_transcripts(SAMPLES, settings.embeddings, CACHE)
    compared = compare_follow_ups(Assistant(Library.open(folder), settings))
    for item in compared:
        if options.show and item.half == "dev" and not item.found:
            print(f"{item.id}: {item.question}\n  made:  {item.made}\n  whole: {item.in_full} ({item.found_in_full})")
    print(json.dumps(figures(compared), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
