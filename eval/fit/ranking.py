"""Fit how passages are ranked: `python -m eval fit-ranking QUESTIONS=LIBRARY …` writes "ranking" in `rag/evidence/fitted.json`.

Only development questions are used (`eval.sets.questions.development`). The share of probability on passages that overlap the gold
is made as large as it can be (softmax over a question's candidates, L2), each set weighing the same. `--half test` and
`--dry-run` show what the other half would give, to see that weights hold on questions that they were not fitted on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eval.fit.softmax import fit_softmax
from eval.run.metrics import EpisodeSpan, gold_spans, overlaps
from eval.run.runner import commit
from eval.sets.questions import SetQuestion, development
from eval.sets.readers import read_set
from index.library import Library
from rag.assistant import Assistant
from rag.evidence.rank import FEATURES
from rag.question.scope import Filters

L2 = 3.0
FITTED = Path(__file__).parents[2] / "rag" / "evidence" / "fitted.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit the weights on one half of each set and print them; without `--dry-run`, write them as "ranking" in
    `rag/evidence/fitted.json`."""
    parser = argparse.ArgumentParser(prog="python -m eval fit-ranking", description="Fit how passages are ranked.")
    parser.add_argument("sets", nargs="+", metavar="QUESTIONS=LIBRARY")
    parser.add_argument("--half", choices=("dev", "test"), default="dev")
    parser.add_argument("--dry-run", action="store_true", help="print the weights, write nothing")
    options = parser.parse_args(arguments)
    sets = [item.split("=", 1) for item in options.sets]
    per_set = []
    for questions, library in sets:
        assistant = Assistant(Library.open(library))
        every = read_set(questions).questions
        dev = development(every)
        chosen = dev if options.half == "dev" else [asked for asked in every if asked not in dev]
        per_set.append([judged for asked in chosen if asked.gold for judged in _judged(assistant, asked)])
    weights = fit_softmax(per_set, l2=L2)
    ranking = {
        "made_by": {
            "sets": ["/".join(Path(questions).parts[-2:]) for questions, _ in sets],
            "half": options.half,
            "questions": sum(map(len, per_set)),
            "commit": commit(),
        },
        "weights": {name: round(float(weight), 3) for name, weight in zip(FEATURES, weights, strict=True)},
    }
    print(json.dumps(ranking, indent=1))
    if not options.dry_run:
        written = json.loads(FITTED.read_text(encoding="utf-8")) | {"ranking": ranking}
        FITTED.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return 0


def _judged(assistant: Assistant, asked: SetQuestion) -> list[tuple[np.ndarray, np.ndarray]]:
    """The features of a question's candidates and which overlap the gold; nothing where all or none do."""
    question, scope = assistant.understand(asked.question, asked.history, Filters(**asked.filters))
    found = assistant.retriever.candidates(question, scope)
    gold = gold_spans(asked.gold, {place.episode: assistant.library.episode(place.episode) for place in asked.gold})
    spans = [
        EpisodeSpan(p.episode, p.start, p.end, p.first, p.last) for p in (found.passages[id_] for id_ in found.ids)
    ]
    right = np.array([any(overlaps(span, place) for place in gold) for span in spans], bool)
    return [(found.features, right)] if right.any() and not right.all() else []


if __name__ == "__main__":
    sys.exit(main())
