"""How well the reader does on parts that it doesn't learn from: a point of the learning curve."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from eval.fit.reader.data import ExampleMaker, ReaderExample
from eval.fit.reader.network import ANSWERED, BY_ANYONE, END, START, Network, ReaderEncoder, sentence_scores
from eval.fit.reader.sets import MEASURED, Corpus

LEARNT, FOREIGN = 64, 160
"""Examples of each set that is trained on, and of each that is only measured."""
LONGEST_SPAN = 30
"""Tokens."""


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


def measure(
    network: Network, encoder: ReaderEncoder, examples: Sequence[ReaderExample], device: torch.device
) -> dict[str, dict[str, Any]]:
    """Of each set, and of all (`all`): what `_figures` gives. `swapped`: right words of the wrong person, against right ones."""
    found: list[tuple[ReaderExample, dict[str, float]]] = []
    network.eval()
    with torch.no_grad():
        for numbers in encoder.batches(examples, 32):
            some = [examples[n] for n in numbers]
            batch = encoder.batch(some)
            pairs, tokens = network(*(t.to(device) for t in (batch.ids, batch.types, batch.mask)), half=True)
            pairs, tokens = pairs.float().cpu(), tokens.float().cpu()
            scores = sentence_scores(tokens, batch.sentence, batch.rights.shape[1])
            for row, example in enumerate(some):
                found.append(
                    (
                        example,
                        _one(
                            example,
                            encoder,
                            pairs[row],
                            tokens[row].numpy(),
                            scores[row].numpy(),
                            batch.rights[row].numpy(),
                        ),
                    )
                )
    network.train()
    by_set: dict[str, list[tuple[ReaderExample, dict[str, float]]]] = {"all": found}
    for one in found:
        by_set.setdefault(one[0].set, []).append(one)
    by_set["swapped"] = [one for one in found if one[0].by_anyone and (one[0].kind == "swapped" or _named(one[0]))]
    return {name: _figures(rows) for name, rows in by_set.items()}


def _named(example: ReaderExample) -> bool:
    """Whether the question names who speaks in the passage."""
    speakers = {m[1].split()[0].lower() for m in re.finditer(r"^([^\n:]{1,40}): ", example.passage, re.M)}
    return bool(speakers & set(re.findall(r"[\w'-]+", example.question.lower())))


def _one(
    example: ReaderExample,
    encoder: ReaderEncoder,
    pair: torch.Tensor,
    tokens: np.ndarray,
    scores: np.ndarray,
    rights: np.ndarray,
) -> dict[str, float]:
    one = {"answered": float(pair[ANSWERED]), "by_anyone": float(pair[BY_ANYONE])}
    if (rights == 1).any() and (rights == 0).any():
        known = np.flatnonzero(rights >= 0)
        one["sentence"] = float(rights[known[np.argmax(scores[known])]] == 1)
    if example.spans:
        _, begin, offsets = encoder.encode(example)
        a, b = best_span(tokens[begin : begin + len(offsets)])
        said = example.passage[offsets[a][0] : offsets[b][1]]
        one["overlap"] = max(overlap(said, example.passage[x:y]) for x, y in example.spans)
    return one


def best_span(tokens: np.ndarray) -> tuple[int, int]:
    """First and last token of the likeliest words. `tokens`: (n, 3), the passage's."""
    sums = tokens[:, START, None] + tokens[None, :, END]
    there = np.triu(np.ones_like(sums, bool)) & ~np.triu(np.ones_like(sums, bool), LONGEST_SPAN)
    return divmod(int(np.argmax(np.where(there, sums, -np.inf))), len(tokens))


def overlap(one: str, other: str) -> float:
    """F1 of the words of both."""
    a, b = (Counter(re.findall(r"\w+", text.lower())) for text in (one, other))
    common = sum((a & b).values())
    return 2 * common / (sum(a.values()) + sum(b.values())) if common else 0.0


def _figures(rows: Sequence[tuple[ReaderExample, dict[str, float]]]) -> dict[str, Any]:
    """Areas under the curve of both log-odds, span overlap, sentence chosen right; absent where it can't be computed."""
    figures: dict[str, Any] = {"n": len(rows)}
    for name in ("answered", "by_anyone"):
        right = np.array([getattr(example, name) for example, _ in rows])
        if right.any() and not right.all():
            figures[name] = round(area(np.array([one[name] for _, one in rows]), right), 3)
    for name in ("overlap", "sentence"):
        values = [one[name] for _, one in rows if name in one]
        if values:
            figures[name] = round(float(np.mean(values)), 3)
    return figures


def area(scores: np.ndarray, right: np.ndarray) -> float:
    """How often a right one scores above a wrong one."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(right, scores))
