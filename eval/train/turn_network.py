"""The network of `index/turn_model.py` in torch, and its fitting. Knows nothing of files.

A talk is cut into runs of sentences. In half of them some turns are revealed, as a person would in review, so that the
network learns what an answer tells of the turns around it; the loss counts only what was not revealed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

RUN = 128
"""Sentences of a run."""
BATCH = 12
EMBEDDING = 32
HIDDEN = 64
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
        arrays = {f"{number}_dense": dense.astype(np.float16)}
        for name, sentences in (("named", named), ("plain", plain)):
            rows = [[row_of[key] for key in keys if key in row_of] for keys in sentences]
            arrays[f"{number}_{name}"] = np.array([row for of_one in rows for row in of_one], np.uint16)
            arrays[f"{number}_{name}_at"] = np.cumsum([0, *map(len, rows)]).astype(np.int32)
        return arrays

    @classmethod
    def unpack(cls, arrays: Mapping[str, np.ndarray], number: int, episode: Mapping[str, Any]) -> Example:
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
    import torch
    from torch import nn
    from torch.nn import functional

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    features = examples[0].dense.shape[1]
    bag = nn.EmbeddingBag(ngrams, EMBEDDING, mode="sum")
    nn.init.normal_(bag.weight, 0, 0.05)
    first = nn.Linear(EMBEDDING + features + 2, 96)
    gru = nn.GRU(96, HIDDEN, batch_first=True, bidirectional=True)
    last = nn.Linear(2 * HIDDEN + 96, 2)
    dropout = nn.Dropout(0.4)
    rest = [*first.parameters(), *gru.parameters(), *last.parameters()]
    plan = [_runs(examples, rng) for _ in range(epochs)]
    steps = sum(len(runs) // BATCH for runs in plan)
    optimizer = torch.optim.AdamW(
        [
            {"params": [bag.weight], "lr": 6e-3, "weight_decay": 0.05},
            {"params": rest, "lr": 2e-3, "weight_decay": 0.02},
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
                [bags.view(BATCH, RUN, -1), torch.from_numpy(batch.dense), torch.from_numpy(batch.known)], 2
            )
            hidden = dropout(torch.relu(first(dropout(inputs))))
            states, _ = gru(hidden)
            out = last(dropout(torch.cat([states, hidden], 2)))
            weight = torch.from_numpy(batch.weight)
            voice = functional.binary_cross_entropy_with_logits(
                out[..., 0], torch.from_numpy(batch.guest), reduction="none"
            )
            change = functional.binary_cross_entropy_with_logits(
                out[..., 1], torch.from_numpy(batch.change), reduction="none"
            )
            there = (weight > 0).float()
            loss = (voice * weight).sum() / weight.sum() + 0.5 * (change * there).sum() / there.sum()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(rest, 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
        took = time.perf_counter() - began
        print(f"epoch {number + 1}: loss {total / (len(runs) // BATCH):.4f}, {took:.0f} s", file=sys.stderr, flush=True)
    scale = float(bag.weight.detach().abs().max()) / 127
    table = np.clip(np.round(bag.weight.detach().numpy() / scale), -127, 127).astype(np.int8)
    arrays = {"table": table, "table_scale": np.array(scale, np.float32)}
    arrays |= gru_arrays(gru)
    layers = {"in_w": first.weight, "in_b": first.bias, "out_w": last.weight, "out_b": last.bias}
    return arrays | {name: parameter.detach().numpy() for name, parameter in layers.items()}


def gru_arrays(gru: torch.nn.GRU) -> dict[str, np.ndarray]:
    """A layer that reads both ways, named as `TurnModel` wants it."""
    of_gru = dict(gru.named_parameters())
    parts = {"ih": "weight_ih_l0", "hh": "weight_hh_l0", "bih": "bias_ih_l0", "bhh": "bias_hh_l0"}
    return {
        f"{way}_{ours}": of_gru[theirs + suffix].detach().numpy()
        for way, suffix in (("f", ""), ("b", "_reverse"))
        for ours, theirs in parts.items()
    }


def _runs(examples: Sequence[Example], rng: np.random.Generator) -> list[tuple[Example, int, int]]:
    """(talk, first, one after the last sentence) of an epoch, shuffled; each talk is cut anew."""
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
        self.known = np.zeros((len(runs), RUN, 2), np.float32)
        self.guest = np.zeros((len(runs), RUN), np.float32)
        self.change = np.zeros((len(runs), RUN), np.float32)
        self.weight = np.zeros((len(runs), RUN), np.float32)
        for number, (example, a, b) in enumerate(runs):
            named = rng.random() < NAMED_SHARE
            ids, at = example.named if named else example.plain
            rows.append(ids[at[a] : at[b]].astype(np.int64))
            counts.append(np.pad(np.diff(at[a : b + 1]), (0, RUN - (b - a))))
            length = b - a
            self.dense[number, :length] = example.dense[a:b]
            if not named:
                self.dense[number, :length, -3:] = 0  # the three columns of `DENSE` that know names
            words = example.words[a:b]
            total = words.sum(1)
            self.guest[number, :length] = words[:, 1] / total
            voices = (words[:, 1] > words[:, 0]).astype(int)
            self.change[number, 1:length] = voices[1:] != voices[:-1]
            if rng.random() < 0.5:
                reveal(self.known[number], voices, int(rng.integers(1, 4)), rng)
            self.weight[number, :length] = total**0.8 * (self.known[number, :length].sum(1) == 0)
        self.rows = np.concatenate(rows)
        self.counts = np.concatenate(counts)
        self.offsets = np.concatenate([[0], np.cumsum(self.counts)[:-1]]).astype(np.int64)


def reveal(known: np.ndarray, voices: np.ndarray, answers: int, rng: np.random.Generator) -> None:
    """Marks what so many answers would tell: a sentence with its turn up to it, and the voice before."""
    for _ in range(answers):
        at = begin = int(rng.integers(len(voices)))
        while begin > 0 and voices[begin - 1] == voices[at]:
            begin -= 1
        known[begin : at + 1, voices[at]] = 1
        if begin > 0:
            known[begin - 1, 1 - voices[at]] = 1
