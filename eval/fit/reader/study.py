"""What the reader gives: `python -m eval reader NETWORK QUESTIONS=LIBRARY …`, one JSON line a set. Changes nothing.

The retriever's best passages of each question are read by NETWORK (an exported `.onnx`). Reported are, for the retriever's
order and for the reader's, hit@1 and hit@5; how often the best sentence, of those who may be quoted, lies in the gold; and the
area of answered against never-said questions. Only development halves are read, unless `--test` is given.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eval.fit.reader.measure import area
from eval.run.metrics import EpisodeSpan, gold_spans, in_gold
from eval.sets.questions import SetQuestion, development
from eval.sets.readers import read_set
from index.episode import Sentence
from index.library import Library
from rag.assistant import Assistant
from rag.evidence.may_speak import may_speak_rule
from rag.question.scope import Filters
from rag.reader.embedded import EmbeddedReader
from rag.reader.reading import READ, Reader
from rag.reader.view import view
from rag.settings import Settings


@dataclass(frozen=True, slots=True)
class ReadPassages:
    """A question and its passages, in the retriever's order. `best`: the score of each one's best sentence.

    `right`: whether a passage overlaps the gold; `hit`: whether its best sentence does.
    """

    asked: SetQuestion
    best: np.ndarray
    right: np.ndarray
    hit: np.ndarray


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one JSON object a set. Exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m eval reader", description="Measure a reader's network.")
    parser.add_argument("network", type=Path)
    parser.add_argument("sets", nargs="+", metavar="QUESTIONS=LIBRARY")
    parser.add_argument("--test", action="store_true", help="the test halves instead of the development halves")
    parser.add_argument("--limit", type=int, help="questions of a set")
    options = parser.parse_args(arguments)
    reader = EmbeddedReader(options.network)
    for pair in options.sets:
        file, _, library = pair.partition("=")
        questions = read_set(file).questions
        dev = development(questions)
        asked = [one for one in questions if one not in dev] if options.test else dev
        assistant = Assistant(Library.open(library), Settings(reader="none"))
        reads = [found for one in asked[: options.limit] if (found := read(assistant, one, reader))]
        half = "test" if options.test else "dev"
        print(json.dumps({"set": Path(file).name, "half": half, **figures(reads)}), flush=True)
    return 0


def read(assistant: Assistant, asked: SetQuestion, reader: Reader) -> ReadPassages | None:
    """The question's best passages, read; None where nothing is found."""
    filters = Filters(**asked.filters)
    question, scope = assistant.understand(asked.question, asked.history, filters)
    hits = assistant.retriever.retrieve(question, scope, k=READ)
    if not hits:
        return None
    gold = gold_spans(asked.gold, {place.episode: assistant.library.episode(place.episode) for place in asked.gold})
    may_speak = may_speak_rule(question, filters, scope)
    views = [view(assistant.library.episode(hit.passage.episode), hit.passage) for hit in hits]
    best, found = np.full(len(hits), -1.0), np.zeros(len(hits), bool)
    for n, (seen, scores) in enumerate(zip(views, reader.read(question.asked, views), strict=True)):
        for place, score in zip(seen.places, scores, strict=True):
            asks = place.sentence.text.rstrip("\"'”’)]").endswith("?")
            if score > best[n] and may_speak(place.turn) and not asks:
                best[n], found[n] = score, in_gold(span_of(hits[n].passage.episode, place.sentence), gold)
    spans = [
        EpisodeSpan(h.passage.episode, h.passage.start, h.passage.end, h.passage.first, h.passage.last) for h in hits
    ]
    return ReadPassages(asked, best, np.array([in_gold(span, gold) for span in spans]), found)


def span_of(episode: str, sentence: Sentence) -> EpisodeSpan:
    """Where a sentence stands."""
    return EpisodeSpan(episode, sentence.start, sentence.end, sentence.position, sentence.position)


def figures(reads: Sequence[ReadPassages]) -> dict[str, Any]:
    """Means over the questions with gold, for both orders; and the area over those with and without an answer."""
    with_gold = [one for one in reads if one.asked.gold and one.asked.verdict in ("answered", "said_by_other")]
    measured: dict[str, Any] = {"questions": len(reads), "found": _mean(one.right.any() for one in with_gold)}
    for name in ("retriever", "reader"):
        ranked = [
            one.right if name == "retriever" else one.right[np.argsort(-one.best, kind="stable")] for one in with_gold
        ]
        measured[f"hit@1 {name}"] = _mean(right[0] for right in ranked)
        measured[f"hit@5 {name}"] = _mean(right[:5].any() for right in ranked)
    measured["sentence"] = _mean(one.hit[np.argmax(one.best)] for one in with_gold)
    likely = np.array([one.best.max() for one in reads])
    for verdict in ("not_said", "said_by_other"):
        kept = [n for n, one in enumerate(reads) if one.asked.verdict in ("answered", verdict)]
        right = np.array([reads[n].asked.verdict == "answered" for n in kept], bool)
        if right.any() and not right.all():
            measured[f"area {verdict}"] = round(area(likely[kept], right), 3)
    return measured


def _mean(values: Any) -> float:
    values = list(values)
    return round(float(np.mean(values)), 3) if values else 0.0


if __name__ == "__main__":
    sys.exit(main())
