"""What the reader would give: `python -m eval reader WEIGHTS QUESTIONS=TRANSCRIPTS …`, one JSON line a set. Changes nothing.

The retriever's best passages of each question are read by the network of WEIGHTS (a `state.safetensors` of its training, or
an exported `.onnx`). Reported are, for the retriever's order, the reader's and a fitted sum of both: hit@1 and hit@5; how often
the best sentence, of those who may be quoted, lies in the gold; and the area of answered against never-said questions.
Only development halves are read, unless `--test` is given. TRANSCRIPTS may be a library, too.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eval.fit.reader.data import ReaderExample
from eval.fit.reader.measure import area
from eval.fit.reader.network import ANSWERED, BY_ANYONE, SENTENCE, ReaderEncoder
from eval.fit.softmax import fit_softmax
from eval.run.metrics import EpisodeSpan, gold_spans, in_gold
from eval.run.runner import CACHE
from eval.sets.libraries import library_of_episodes, library_of_transcripts
from eval.sets.questions import SetQuestion, development
from eval.sets.readers import read_set
from index.episode import Episode, Passage, Sentence, Turn
from index.library import Library
from index.library.causes import DATABASE
from index.search.onnx_export import EMBEDDED_MODEL
from rag.assistant import Assistant
from rag.evidence.may_speak import may_speak_rule
from rag.question.scope import Filters

READ, TOKENS, AFTER_A_QUESTION = 16, 256, 3
L2 = 1.0

Scorer = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, slots=True)
class ReadPassages:
    """A question and its passages, in the retriever's order. `odds`: (passages, 2); `best`: their best sentences' scores.

    `right`: whether a passage overlaps the gold; `hit`: whether its best sentence does; `fit`: the retriever's score.
    """

    asked: SetQuestion
    odds: np.ndarray
    best: np.ndarray
    right: np.ndarray
    hit: np.ndarray
    fit: np.ndarray


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one JSON object a set, and the fitted weights of the sum over all development halves. Exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m eval reader", description="Measure a reader's weights.")
    parser.add_argument("weights", type=Path)
    parser.add_argument("sets", nargs="+", metavar="QUESTIONS=TRANSCRIPTS")
    parser.add_argument("--test", action="store_true", help="the test halves instead of the development halves")
    parser.add_argument("--limit", type=int, help="questions of a set")
    options = parser.parse_args(arguments)
    score, encoder = load_scorer(options.weights), ReaderEncoder(TOKENS)
    every: list[list[ReadPassages]] = []
    for pair in options.sets:
        file, _, transcripts = pair.partition("=")
        questions = read_set(file)
        dev = development(questions.questions)
        asked = [one for one in questions.questions if one not in dev] if options.test else dev
        assistant = Assistant(_library(Path(transcripts) if transcripts else None, questions.episodes))
        reads = [read(assistant, one, score, encoder) for one in asked[: options.limit]]
        every.append([one for one in reads if one is not None])
        print(
            json.dumps({"set": Path(file).name, "half": "test" if options.test else "dev", **figures(every[-1])}),
            flush=True,
        )
    if not options.test:
        print(
            json.dumps(
                {
                    "weights of the sum (reader, retriever), over all": fit_sum([one for one in every if one])
                    .round(3)
                    .tolist()
                }
            )
        )
    return 0


def _library(transcripts: Path | None, episodes: Sequence[Episode] | None) -> Library:
    if transcripts is None:
        return Library.open(library_of_episodes(episodes or (), EMBEDDED_MODEL, CACHE))
    if (transcripts / DATABASE).exists():
        return Library.open(transcripts)
    return Library.open(library_of_transcripts(transcripts, EMBEDDED_MODEL, CACHE))


def load_scorer(file: Path) -> Scorer:
    """(ids, types, mask) -> (log-odds of the pairs, scores of the tokens), from a training's state or an ONNX file."""
    if file.suffix == ".onnx":
        from index.search.encoder import open_graph

        session = open_graph(file)
        return lambda ids, types, mask: tuple(session.run(None, {"ids": ids, "types": types, "mask": mask}))
    import torch

    from eval.fit.reader.network import Network
    from eval.fit.reader.train import load_weights

    network = Network().eval()
    load_weights(network, file)

    def score(*arrays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with torch.no_grad():
            pairs, tokens = network(*map(torch.from_numpy, arrays))
        return pairs.numpy(), tokens.numpy()

    return score


def read(assistant: Assistant, asked: SetQuestion, score: Scorer, encoder: ReaderEncoder) -> ReadPassages | None:
    """The question's best passages, read; None where nothing is found or nobody is asked."""
    filters = Filters(**asked.filters)
    question, scope = assistant.understand(asked.question, asked.history, filters)
    hits = assistant.retriever.retrieve(question, scope, k=READ)
    if not hits:
        return None
    gold = gold_spans(asked.gold, {place.episode: assistant.library.episode(place.episode) for place in asked.gold})
    may_speak = may_speak_rule(question, filters, scope)
    shown = [view(assistant.library.episode(hit.passage.episode), hit.passage) for hit in hits]
    examples = [
        ReaderExample("", "", question.asked, text, tuple((a, b, None) for _, _, a, b in placed), None, False, False)
        for text, placed in shown
    ]
    odds, best, hit_gold = np.zeros((len(hits), 2)), np.full(len(hits), -np.inf), np.zeros(len(hits), bool)
    for numbers in encoder.batches(examples, 8):
        batch = encoder.batch([examples[n] for n in numbers])
        pairs, tokens = score(batch.ids.numpy(), batch.types.numpy(), batch.mask.numpy())
        for row, number in enumerate(numbers):
            odds[number] = pairs[row]
            for n, (turn, sentence, _, _) in enumerate(shown[number][1]):
                inside = batch.sentence[row].numpy() == n
                if not inside.any() or not may_speak(turn) or sentence.text.rstrip("\"'”’)]").endswith("?"):
                    continue
                value = float(tokens[row, inside, SENTENCE].mean())
                if value > best[number]:
                    best[number] = value
                    hit_gold[number] = in_gold(span_of(hits[number].passage.episode, sentence), gold)
    spans = [
        EpisodeSpan(h.passage.episode, h.passage.start, h.passage.end, h.passage.first, h.passage.last) for h in hits
    ]
    right = np.array([in_gold(span, gold) for span in spans])
    return ReadPassages(asked, odds, best, right, hit_gold, np.array([hit.score for hit in hits]))


def view(episode: Episode, passage: Passage) -> tuple[str, list[tuple[Turn, Sentence, int, int]]]:
    """A passage as the network reads it: a label before each turn, the question before it, and the answer after one at its end."""
    spoken = [(turn, s) for turn in episode.turns for s in turn.sentences if s.speech]
    inside = [n for n, (_, s) in enumerate(spoken) if passage.first <= s.position <= passage.last]
    first, last = inside[0], inside[-1]
    if first > 0 and spoken[first - 1][1].text.endswith("?"):
        first -= 1 + (first > 1 and spoken[first - 2][1].text.endswith("?"))
    if spoken[last][1].text.endswith("?"):
        last = min(last + AFTER_A_QUESTION, len(spoken) - 1)
    text, placed, before = "", [], None
    for turn, sentence in spoken[first : last + 1]:
        if turn is not before:
            text += ("\n" if text else "") + (f"{turn.speaker.name}: " if turn.speaker else "")
        else:
            text += " "
        placed.append((turn, sentence, len(text), len(text) + len(sentence.text)))
        text, before = text + sentence.text, turn
    return text, placed


def span_of(episode: str, sentence: Sentence) -> EpisodeSpan:
    """Where a sentence stands."""
    return EpisodeSpan(episode, sentence.start, sentence.end, sentence.position, sentence.position)


def fit_sum(per_set: Sequence[Sequence[ReadPassages]]) -> np.ndarray:
    """Weights of the reader's log-odds and the retriever's score that rank best."""
    rows = [
        [(_columns(one), one.right) for one in reads if one.right.any() and not one.right.all()] for reads in per_set
    ]
    return fit_softmax([of_set for of_set in rows if of_set], l2=L2) if any(rows) else np.array([1.0, 0.0])


def _columns(one: ReadPassages) -> np.ndarray:
    return np.stack([one.odds[:, BY_ANYONE], one.fit], 1)


def figures(reads: Sequence[ReadPassages]) -> dict[str, Any]:
    """Means over the questions with gold, for each order; and the area over those with and without an answer."""
    with_gold = [one for one in reads if one.asked.gold and one.asked.verdict in ("answered", "said_by_other")]
    weights = fit_sum([reads])
    orders: dict[str, Callable[[ReadPassages], np.ndarray]] = {
        "retriever": lambda one: one.fit,
        "reader": lambda one: one.odds[:, BY_ANYONE],
        "sum": lambda one: _columns(one) @ weights,
    }
    measured: dict[str, Any] = {"questions": len(reads), "found": _mean(one.right.any() for one in with_gold)}
    for name, order in orders.items():
        ranked = [one.right[np.argsort(-order(one), kind="stable")] for one in with_gold]
        measured[f"hit@1 {name}"] = _mean(right[0] for right in ranked)
        measured[f"hit@5 {name}"] = _mean(right[:5].any() for right in ranked)
        if name != "retriever":
            measured[f"sentence {name}"] = _mean(
                one.hit[np.argmax(order(one) + one.best)] for one in with_gold if np.isfinite(one.best).any()
            )
    likely = np.array([one.odds[:, ANSWERED].max() for one in reads])
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
