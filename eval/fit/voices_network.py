"""The network of `index/interviews/model.py` in torch, and its fitting. Knows nothing of files.

A talk is cut into runs of sentences. In half of them some turns are revealed, as a person would in review, so that the
network learns what an answer means for the turns around it; the loss counts only what was not revealed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

RUN = 128
"""Sentences of a run."""
BATCH = 12
DROPOUT = 0.4
EMBEDDING = 32
INNER, HIDDEN = 96, 64
"""Sizes of the layer after the inputs, and of each way of the recurrent one."""
SEVERAL_SHARE = 0.3
"""Of the runs of talks with several hosts or guests: they teach manners, not how an interview goes."""
NAMED_SHARE = 0.6
"""Of the runs in which the names of host and guest are known."""


@dataclass(frozen=True, slots=True)
class Example:
    """A talk. `named`/`plain`: (n-gram rows, offsets) with and without names; `words`: (n_sentences, 2), host and guest."""

    show: str
    interview: bool
    named: tuple[np.ndarray, np.ndarray]
    plain: tuple[np.ndarray, np.ndarray]
    dense: np.ndarray
    words: np.ndarray

    @staticmethod
    def pack(
        number: int,
        named: Sequence[Sequence[int]],
        plain: Sequence[Sequence[int]],
        dense: np.ndarray,
        row_of: Mapping[int, int],
    ) -> dict[str, np.ndarray]:
        """An episode's features as arrays under names that begin with its number; n-grams as rows of the table, int32 offsets,
        float16 dense."""
        arrays = {f"{number}_dense": dense.astype(np.float16)}
        for name, sentences in (("named", named), ("plain", plain)):
            rows = [[row_of[key] for key in keys if key in row_of] for keys in sentences]
            arrays[f"{number}_{name}"] = np.array([row for of_one in rows for row in of_one], np.uint16)
            arrays[f"{number}_{name}_at"] = np.cumsum([0, *map(len, rows)]).astype(np.int32)
        return arrays

    @classmethod
    def unpack(cls, arrays: Mapping[str, np.ndarray], number: int, episode: Mapping[str, Any]) -> Example:
        """The example that `pack` made of an episode; `arrays` may hold those of many."""
        return cls(
            episode["show"],
            episode["kind"] == "interview",
            (arrays[f"{number}_named"], arrays[f"{number}_named_at"]),
            (arrays[f"{number}_plain"], arrays[f"{number}_plain_at"]),
            arrays[f"{number}_dense"],
            np.array([words for _, words, _ in episode["sentences"]], np.float32),
        )


def fit_network(examples: Sequence[Example], ngrams: int, *, epochs: int, seed: int = 0) -> dict[str, np.ndarray]:
    """The fitted arrays, named as `TurnModel` wants them."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    features = examples[0].dense.shape[1]
    bag = nn.EmbeddingBag(ngrams, EMBEDDING, mode="sum")
    nn.init.normal_(bag.weight, 0, 0.05)
    head = Head(EMBEDDING + features + 2, DROPOUT)
    plan = [_runs(examples, rng) for _ in range(epochs)]
    steps = sum(len(runs) // BATCH for runs in plan)
    optimizer = torch.optim.AdamW(
        [
            {"params": [bag.weight], "lr": 6e-3, "weight_decay": 0.05},
            {"params": head.parameters(), "lr": 2e-3, "weight_decay": 0.02},
        ],
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [6e-3, 2e-3], total_steps=steps + 1, pct_start=0.15)
    for number, runs in enumerate(plan):
        began, total = time.perf_counter(), 0.0
        for at in range(0, len(runs) - BATCH + 1, BATCH):
            batch = _Batch(runs[at : at + BATCH], rng)
            summed = bag(torch.from_numpy(batch.rows), torch.from_numpy(batch.offsets))
            bags = summed * torch.from_numpy(2 / np.sqrt(np.maximum(batch.counts, 1))).float().unsqueeze(1)
            inputs = torch.cat(
                [bags.view(BATCH, RUN, -1), torch.from_numpy(batch.dense), torch.from_numpy(batch.targets.known)], 2
            )
            loss = batch.targets.loss(head(head.dropout(inputs)))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
        took = time.perf_counter() - began
        print(f"epoch {number + 1}: loss {total / (len(runs) // BATCH):.4f}, {took:.0f} s", file=sys.stderr, flush=True)
    scale = float(bag.weight.detach().abs().max()) / 127
    table = np.clip(np.round(bag.weight.detach().numpy() / scale), -127, 127).astype(np.int8)
    arrays: dict[str, np.ndarray] = {"table": table, "table_scale": np.array(scale, np.float32)}
    return arrays | head.arrays()


class Head(nn.Module):
    """One layer, a recurrent one that reads both ways, and two log-odds of each sentence: the guest says it, the voice changes."""

    def __init__(self, inputs: int, dropout: float) -> None:
        super().__init__()
        self.first = nn.Linear(inputs, INNER)
        self.gru = nn.GRU(INNER, HIDDEN, batch_first=True, bidirectional=True)
        self.last = nn.Linear(2 * HIDDEN + INNER, 2)
        self.dropout = nn.Dropout(dropout)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """(runs, sentences, inputs) -> (runs, sentences, 2)."""
        hidden = self.dropout(torch.relu(self.first(inputs)))
        return self.last(self.dropout(torch.cat([self.gru(hidden)[0], hidden], 2)))

    def arrays(self) -> dict[str, np.ndarray]:
        """Named as `TurnModel` wants them."""
        of_gru = dict(self.gru.named_parameters())
        parts = {"ih": "weight_ih_l0", "hh": "weight_hh_l0", "bih": "bias_ih_l0", "bhh": "bias_hh_l0"}
        named: dict[str, torch.Tensor] = {
            f"{way}_{ours}": of_gru[theirs + suffix]
            for way, suffix in (("f", ""), ("b", "_reverse"))
            for ours, theirs in parts.items()
        }
        named |= {"in_w": self.first.weight, "in_b": self.first.bias}
        named |= {"out_w": self.last.weight, "out_b": self.last.bias}
        return {name: parameter.detach().numpy() for name, parameter in named.items()}


class Targets:
    """The targets for each sentence of some runs, (runs, sentences); padding has no weight. `known`: what is revealed."""

    def __init__(self, runs: int, sentences: int) -> None:
        self.known = np.zeros((runs, sentences, 2), np.float32)
        self.guest, self.change, self.weight = (np.zeros((runs, sentences), np.float32) for _ in range(3))

    def fill(self, row: int, words: np.ndarray, rng: np.random.Generator) -> None:
        """A run's truth from its words of host and guest, (n_sentences, 2); in half of the runs something is revealed."""
        length = len(words)
        total = words.sum(1)
        voices = (words[:, 1] > words[:, 0]).astype(int)
        self.guest[row, :length] = words[:, 1] / total
        self.change[row, 1:length] = voices[1:] != voices[:-1]
        if rng.random() < 0.5:
            _reveal(self.known[row], voices, int(rng.integers(1, 4)), rng)
        self.weight[row, :length] = total**0.8 * (self.known[row, :length].sum(1) == 0)

    def loss(self, out: torch.Tensor) -> torch.Tensor:
        """Of a `Head`'s log-odds: that of the voice weighs by words, that of the change half as much, by sentences."""
        weight = torch.from_numpy(self.weight)
        there = (weight > 0).float()
        voice, change = (
            functional.binary_cross_entropy_with_logits(out[..., n], torch.from_numpy(wanted), reduction="none")
            for n, wanted in enumerate((self.guest, self.change))
        )
        return (voice * weight).sum() / weight.sum() + 0.5 * (change * there).sum() / there.sum()


def _runs(examples: Sequence[Example], rng: np.random.Generator) -> list[tuple[Example, int, int]]:
    """(talk, first, one after the last sentence) of an epoch, shuffled; each talk is cut again."""
    runs = []
    for example in examples:
        for start in range(-int(rng.integers(RUN)), len(example.words), RUN):
            a, b = max(0, start), min(len(example.words), start + RUN)
            if b - a >= 20 and (example.interview or rng.random() < SEVERAL_SHARE):
                runs.append((example, a, b))
    rng.shuffle(runs)
    return runs


class _Batch:
    """Arrays of BATCH runs, padded to RUN sentences; padding has no weight."""

    def __init__(self, runs: Sequence[tuple[Example, int, int]], rng: np.random.Generator) -> None:
        rows, counts = [], []
        self.dense = np.zeros((len(runs), RUN, runs[0][0].dense.shape[1]), np.float32)
        self.targets = Targets(len(runs), RUN)
        for number, (example, a, b) in enumerate(runs):
            named = rng.random() < NAMED_SHARE
            ids, at = example.named if named else example.plain
            rows.append(ids[at[a] : at[b]].astype(np.int64))
            counts.append(np.pad(np.diff(at[a : b + 1]), (0, RUN - (b - a))))
            length = b - a
            self.dense[number, :length] = example.dense[a:b]
            if not named:
                self.dense[number, :length, -3:] = 0  # the three columns of `DENSE` that know names
            self.targets.fill(number, example.words[a:b], rng)
        self.rows = np.concatenate(rows)
        self.counts = np.concatenate(counts)
        self.offsets = np.concatenate([[0], np.cumsum(self.counts)[:-1]]).astype(np.int64)


def _reveal(known: np.ndarray, voices: np.ndarray, answers: int, rng: np.random.Generator) -> None:
    """Marks what so many answers would give: a sentence with its turn up to it, and the voice before."""
    for _ in range(answers):
        at = begin = int(rng.integers(len(voices)))
        while begin > 0 and voices[begin - 1] == voices[at]:
            begin -= 1
        known[begin : at + 1, voices[at]] = 1
        if begin > 0:
            known[begin - 1, 1 - voices[at]] = 1
