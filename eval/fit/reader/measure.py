"""How well the reader does on parts that it doesn't learn from: a point of the learning curve."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from eval.fit.reader.data import ExampleMaker, ReaderExample
from eval.fit.reader.network import BatchReader, Network
from eval.fit.reader.sets import MEASURED, Corpus

LEARNT, FOREIGN = 48, 64
"""Examples of each set that is trained on, and of each that is only measured."""
TOGETHER = 32


def measured_examples(corpus: Corpus, tokens: int) -> list[ReaderExample]:
    """The examples of every point of the curve: `dev` articles as in training, and the development half of other sets."""
    rng = random.Random(0)
    made = []
    learnt = ExampleMaker(corpus, "dev", tokens=tokens)
    for name in sorted(set(learnt.items) - set(MEASURED)):
        rows = learnt.items[name]
        # A set with few rows is asked several times, each time differently.
        made += [learnt.example(rows[n % len(rows)], rng) for n in rng.sample(range(max(len(rows), LEARNT)), LEARNT)]
    docs: dict[str, list[str]] = {name: sorted({t.doc for t in corpus.texts if t.set == name}) for name in MEASURED}
    development = {doc for of_set in docs.values() for doc in of_set[::2]}
    for name in MEASURED:
        rows = [item for item in corpus.items if item.set == name and corpus.texts[item.text].doc in development]
        made += [learnt.as_it_stands(item, rng) for item in rng.sample(rows, min(FOREIGN, len(rows)))]
    return made


def measure(network: Network, reader: BatchReader, examples: Sequence[ReaderExample]) -> dict[str, dict[str, Any]]:
    """Of each set, of all (`all`) and of right words of the wrong person against right ones (`swapped`): `sentence`, how often
    the best of a passage's sentences is right, and `answered`, the area under the curve of the best one's log-odds."""
    found: dict[str, list[tuple[ReaderExample, np.ndarray]]] = {"all": []}
    network.eval()
    order = sorted(range(len(examples)), key=lambda n: len(examples[n].passage))
    with torch.no_grad():
        for at in range(0, len(order), TOGETHER):
            some = [examples[n] for n in order[at : at + TOGETHER]]
            odds, inside = reader.odds(network, some)
            first = 0
            for row, (example, tokens) in enumerate(zip(some, inside, strict=True)):
                own = odds[row, first : first + len(tokens)].float().cpu().numpy()
                first += len(tokens)
                scores = np.where([bool(one) for one in tokens], own, -np.inf)
                found["all"].append((example, scores))
                found.setdefault(example.set, []).append((example, scores))
    network.train()
    found["swapped"] = [one for one in found["all"] if one[0].kind in ("answer", "swapped") and one[0].by_anyone]
    return {name: _figures(rows) for name, rows in found.items()}


def _figures(rows: Sequence[tuple[ReaderExample, np.ndarray]]) -> dict[str, Any]:
    figures: dict[str, Any] = {"n": len(rows)}
    answered = np.array([example.answered for example, _ in rows], bool)
    if answered.any() and not answered.all():
        best = np.array([scores.max(initial=-20.0) for _, scores in rows])
        figures["answered"] = round(area(np.maximum(best, -20.0), answered), 3)
    hits = []
    for example, scores in rows:
        rights = np.array([-1 if right is None else int(right) for _, _, right in example.sentences])
        if example.answered and (rights == 1).any() and (rights == 0).any():
            hits.append(rights[np.argmax(np.where(rights >= 0, scores, -np.inf))] == 1)
    if hits:
        figures["sentence"] = round(float(np.mean(hits)), 3)
    return figures


def area(scores: np.ndarray, right: np.ndarray) -> float:
    """How often a right one scores above a wrong one."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(right, scores))
