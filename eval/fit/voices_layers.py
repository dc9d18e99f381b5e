"""The upper layers of `index/interviews/context.py` and the network over them in torch, and their fitting.

The lower layers stay as they are, so their states are made once for each talk and kept. A run is some windows of a talk that
follow one another; as in `turn_network.py`, turns are revealed in half of the runs, as a person would in review. Matrices
are multiplied in bfloat16, which is what makes two cores enough.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional

from eval.fit.voices_network import INNER, NAMED_SHARE, Head, Targets
from index.interviews.context import SIZE, UPPER, Windows, windows_of
from index.search.encoder import tokenizer_of
from index.search.onnx_export import torch_model, wheel_folder

WINDOWS = 8
"""Of a run: about 110 sentences."""
BATCH = 4
HEADS = 12
DROPOUT = 0.1, 0.3
"""In the layers, and in the network over them."""
LEARNING_RATE = 1e-4, 2e-3
"""Of the layers, and of the network over them."""


@dataclass(frozen=True, slots=True)
class ReadTalk:
    """A talk. `below`: states under the fitted layers, (n_windows, WINDOW, SIZE), read from disk; `words`: of host and guest."""

    show: str
    below: np.ndarray
    sentence: np.ndarray
    dense: np.ndarray
    words: np.ndarray


def make_below(folder: Path, episodes: Iterable[Mapping[str, Any]]) -> None:
    """Write each talk's states under the fitted layers to `folder`, a file a talk (about 10 MB); those there are left."""
    torch.set_num_threads(1)
    folder.mkdir(exist_ok=True)
    missing = [episode for episode in episodes if not _below_file(folder, episode).exists()]
    model: Any = torch_model(wheel_folder()) if missing else None
    for episode in missing:
        file = _below_file(folder, episode)
        windows = _windows(episode)
        states = np.zeros((*windows.ids.shape, SIZE), np.float16)
        with torch.no_grad():
            for at in range(0, len(states), 16):
                part = model.embeddings(input_ids=torch.from_numpy(windows.ids[at : at + 16]))
                for layer in model.encoder.layer[:-UPPER]:
                    part = _through(layer, part)
                states[at : at + 16] = part.numpy()
        np.save(file.with_suffix(".part.npy"), states)
        file.with_suffix(".part.npy").rename(file)


def read_talk(folder: Path, episode: Mapping[str, Any], dense: np.ndarray) -> ReadTalk:
    """A talk whose states were made. `dense`: its other features, as the first network's examples hold them."""
    words = np.array([words for _, words, _ in episode["sentences"]], np.float32)
    below = np.load(_below_file(folder, episode), mmap_mode="r")
    return ReadTalk(episode["show"], below, _windows(episode).sentence, dense, words)


def _windows(episode: Mapping[str, Any]) -> Windows:
    return windows_of(_tokenizer(), [text for text, _, _ in episode["sentences"]])


@cache
def _tokenizer() -> Tokenizer:
    return tokenizer_of(wheel_folder())


def _below_file(folder: Path, episode: Mapping[str, Any]) -> Path:
    return folder / f"{episode['show']}__{episode['id']}.npy"


def fit_layers(
    talks: Sequence[ReadTalk], *, epochs: int, seed: int = 0
) -> tuple[torch.nn.ModuleList, dict[str, np.ndarray]]:
    """The fitted layers, and the network over them as `TurnModel` wants it: the names of its arrays begin with `c_`."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    layers = torch_model(wheel_folder()).encoder.layer[-UPPER:]
    project = nn.Linear(SIZE, INNER)
    head = Head(INNER + talks[0].dense.shape[1] + 2, DROPOUT[1])
    over = nn.ModuleList([project, head])
    plan = [_runs(talks, rng) for _ in range(epochs)]
    steps = sum(len(runs) // BATCH for runs in plan)
    optimizer = torch.optim.AdamW(
        [
            {"params": layers.parameters(), "lr": LEARNING_RATE[0], "weight_decay": 0.01},
            {"params": over.parameters(), "lr": LEARNING_RATE[1], "weight_decay": 0.02},
        ],
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, list(LEARNING_RATE), total_steps=steps + 1, pct_start=0.1)
    for number, runs in enumerate(plan):
        began, total = time.perf_counter(), 0.0
        for at in range(0, len(runs) - BATCH + 1, BATCH):
            batch = _RunBatch(runs[at : at + BATCH], rng)
            states = torch.from_numpy(batch.below)
            for layer in layers:
                states = _through(layer, states, DROPOUT[0])
            vectors = _pooled(states, batch.sentence, int(batch.lengths.sum()))
            vectors = nn.utils.rnn.pad_sequence(vectors.split(batch.lengths.tolist()), batch_first=True)
            context = head.dropout(torch.relu(project(head.dropout(vectors))))
            rest = torch.from_numpy(batch.dense), torch.from_numpy(batch.targets.known)
            loss = batch.targets.loss(head(torch.cat([context, *rest], 2)))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_([*layers.parameters(), *over.parameters()], 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
        took = time.perf_counter() - began
        print(f"epoch {number + 1}: loss {total / (len(runs) // BATCH):.4f}, {took:.0f} s", file=sys.stderr, flush=True)
    network = {"proj_w": project.weight.detach().numpy(), "proj_b": project.bias.detach().numpy(), **head.arrays()}
    return layers, {f"c_{name}": array for name, array in network.items()}


def _through(layer: Any, states: torch.Tensor, dropout: float = 0.0) -> torch.Tensor:
    """One of BERT's layers, all tokens seeing all, as in the library's own; matrices in bfloat16, sums in float32."""

    def linear(weight: torch.Tensor, bias: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        return functional.linear(values.bfloat16(), weight.bfloat16(), bias.bfloat16())

    texts, tokens, size = states.shape
    own, after = layer.attention.self, layer.attention.output
    parts = (own.query, own.key, own.value)
    together = linear(torch.cat([p.weight for p in parts]), torch.cat([p.bias for p in parts]), states)
    query, key, value = together.view(texts, tokens, 3, HEADS, size // HEADS).permute(2, 0, 3, 1, 4)
    seen = functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(states.shape)
    seen = functional.dropout(linear(after.dense.weight, after.dense.bias, seen).float(), dropout)
    states = after.LayerNorm(states + seen)
    inner = functional.gelu(linear(layer.intermediate.dense.weight, layer.intermediate.dense.bias, states))
    outer = functional.dropout(linear(layer.output.dense.weight, layer.output.dense.bias, inner).float(), dropout)
    return layer.output.LayerNorm(states + outer)


def _pooled(states: torch.Tensor, sentence: np.ndarray, count: int) -> torch.Tensor:
    """The mean over each sentence's tokens, shape (count, SIZE). `sentence`: of each token, -1: none."""
    flat = sentence.reshape(-1)
    inside = np.flatnonzero(flat >= 0)
    of = torch.from_numpy(flat[inside]).long()
    sums = torch.zeros(count, SIZE).index_add_(0, of, states.reshape(-1, SIZE)[torch.from_numpy(inside)])
    return sums / torch.bincount(of, minlength=count).clamp(min=1)[:, None]


def _runs(talks: Sequence[ReadTalk], rng: np.random.Generator) -> list[tuple[ReadTalk, int, int]]:
    """(talk, first, one after the last window) of an epoch, shuffled; each talk is cut again."""
    runs = []
    for talk in talks:
        for start in range(-int(rng.integers(WINDOWS)), len(talk.below), WINDOWS):
            a, b = max(0, start), min(len(talk.below), start + WINDOWS)
            if b - a >= 2:
                runs.append((talk, a, b))
    rng.shuffle(runs)
    return runs


class _RunBatch:
    """Arrays of some runs, padded to the longest; padding has no weight. `lengths`: sentences of each run."""

    def __init__(self, runs: Sequence[tuple[ReadTalk, int, int]], rng: np.random.Generator) -> None:
        self.below = np.concatenate([talk.below[a:b] for talk, a, b in runs]).astype(np.float32)
        spans: list[tuple[int, int]] = []
        sentence = []
        for talk, a, b in runs:
            of = talk.sentence[a:b]
            begin, end = int(of[of >= 0].min()), int(of.max()) + 1
            sentence.append(np.where(of >= 0, of - begin + sum(e - s for s, e in spans), -1))
            spans.append((begin, end))
        self.sentence = np.concatenate(sentence)
        self.lengths = np.array([end - begin for begin, end in spans])
        shape = len(runs), int(self.lengths.max())
        self.dense = np.zeros((*shape, runs[0][0].dense.shape[1]), np.float32)
        self.targets = Targets(*shape)
        for row, ((talk, _, _), (begin, end)) in enumerate(zip(runs, spans, strict=True)):
            self.dense[row, : end - begin] = talk.dense[begin:end]
            if rng.random() >= NAMED_SHARE:
                self.dense[row, : end - begin, -3:] = 0  # the three columns of `DENSE` that know names
            self.targets.fill(row, talk.words[begin:end], rng)
