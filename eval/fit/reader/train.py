"""Train the reader: `python -m eval fit-reader QA --talks CHANGELOG --meetings QMSUM --out OUT`, hours on one core.

QA, CHANGELOG and QMSUM are folders of texts that stay out of the repository (`reader_sets.py`, `reader_talks.py`). OUT gets
`corpus.jsonl` (made once), `curve.jsonl` (a line for each point of the learning curve) and `state.safetensors`, written every
ten minutes and at SIGTERM: the same command goes on from it, to the weights that it would have come to
without a stop. With another `--examples` it ends earlier or later; the learning rate falls over the last half. `--start FILE`
begins a new run from the weights of another. `--export FILE` writes the last state as ONNX in int8, and compares it with
torch. Runs on a GPU as it is.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from eval.fit.reader.data import BLOCK, ExampleMaker, ReaderExample
from eval.fit.reader.export import export
from eval.fit.reader.measure import measure, measured_examples
from eval.fit.reader.mine import mine
from eval.fit.reader.network import BatchReader, Network, loss_of
from eval.fit.reader.sets import Corpus, add_sets
from eval.fit.reader.talks import add_interviews, add_meetings
from eval.fit.reader.written import add_written

BATCH = 32
LEARNING_RATE = 5e-5, 1e-3
"""Of the layers, and of scale and bias."""
WARM_UP, FALLING = 100, 0.5
"""Steps, and the share of all examples at the end."""
SAVED_EVERY = 600
"""Seconds."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How long is trained, and on what. `examples` in all; `measured_every` so many."""

    examples: int
    tokens: int = 192
    learning: int = 6
    seed: int = 0
    measured_every: int = 16 * BLOCK
    saved_every: float = SAVED_EVERY


class Training:
    """A run that can be stopped at any time: network, optimizer, and how many batches of how many blocks are done."""

    def __init__(
        self, corpus: Corpus, plan: TrainingPlan, out: Path, device: torch.device, start: Path | None = None
    ) -> None:
        self.plan, self.out, self.device = plan, out, device
        torch.manual_seed(plan.seed)
        self.network = Network(plan.learning).to(device)
        self.reader = BatchReader(plan.tokens, device)
        self.maker = ExampleMaker(corpus, "train", tokens=plan.tokens)
        self.held = measured_examples(corpus, plan.tokens)
        layers = [*self.network.embeddings.parameters(), *self.network.layers.parameters()]
        groups = [
            {"params": [p for p in layers if p.requires_grad]},
            {"params": [self.network.scale, self.network.bias]},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=1e-4, weight_decay=0.01, fused=True)
        self.block = self.done = self.step = self.seen = 0
        self.stopped = False
        if self.file.exists():
            self._load(self.file)
        elif start is not None:
            load_weights(self.network, start)

    @property
    def file(self) -> Path:
        """Where the state of the training lies, to go on from."""
        return self.out / "state.safetensors"

    def run(self, until: int | None = None) -> None:
        """Train up to the planned number of examples, or `until` so many, or until `stopped`, and save."""
        until = min(until or self.plan.examples, self.plan.examples)
        saved, began, at = time.monotonic(), time.monotonic(), self.seen
        sums: dict[str, float] = {}
        self.network.train()
        for examples in self.maker.blocks(self.plan.seed, self.block):
            order = batches(examples, BATCH, np.random.default_rng([self.plan.seed, self.block]))
            for numbers in order[self.done :]:
                if self.seen >= until or self.stopped:
                    self.save()
                    return
                parts = self._learn([examples[n] for n in numbers])
                sums = {name: sums.get(name, 0.0) + value for name, value in parts.items()}
                self.done += 1
                if time.monotonic() - saved > self.plan.saved_every:
                    self.save()
                    saved = time.monotonic()
            self.block, self.done = self.block + 1, 0
            count, passed = self.seen - at, time.monotonic() - began
            losses = " ".join(f"{name} {value * BATCH / max(count, 1):.3f}" for name, value in sums.items())
            print(f"{self.seen} examples, {count / passed:.1f}/s: {losses}", file=sys.stderr, flush=True)
            if self.seen // self.plan.measured_every > at // self.plan.measured_every:
                self.measure()
            began, at, sums = time.monotonic(), self.seen, {}

    def measure(self) -> None:
        """Add a point to the learning curve."""
        figures = measure(self.network, self.reader, self.held)
        with (self.out / "curve.jsonl").open("a", encoding="utf-8") as out:
            out.write(json.dumps({"examples": self.seen, **figures}) + "\n")

    def _learn(self, examples: Sequence[ReaderExample]) -> dict[str, float]:
        odds, inside = self.reader.odds(self.network, examples)
        parts = loss_of(odds, examples, inside)
        self.optimizer.zero_grad()
        loss: Any = sum(parts.values())
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for g in self.optimizer.param_groups for p in g["params"]], 1.0)
        left = (self.plan.examples - self.seen) / max(1.0, FALLING * self.plan.examples)
        for group, rate in zip(self.optimizer.param_groups, LEARNING_RATE, strict=True):
            group["lr"] = rate * min(1.0, (self.step + 1) / WARM_UP, max(left, 0.02))
        self.optimizer.step()
        self.step += 1
        self.seen += len(examples)
        return {name: part.item() for name, part in parts.items()}

    def save(self) -> None:
        """Write all that a later run needs, whole or not at all."""
        tensors = {f"weights.{name}": value for name, value in self.network.state_dict().items()}
        for number, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{name}": value for name, value in state.items()}
        place = {name: str(getattr(self, name)) for name in ("block", "done", "step", "seen")}
        part = self.file.with_suffix(".part")
        save_file({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, part, metadata=place)
        os.replace(part, self.file)

    def _load(self, file: Path) -> None:
        load_weights(self.network, file)
        with safe_open(file, "pt") as held:
            for name, value in held.metadata().items():
                setattr(self, name, int(value))
            state: dict[int, dict[str, torch.Tensor]] = {}
            for name in held.keys():  # noqa: SIM118 - no mapping
                if name.startswith("optimizer."):
                    _, number, part = name.split(".")
                    state.setdefault(int(number), {})[part] = held.get_tensor(name)
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})


def batches(examples: Sequence[ReaderExample], size: int, rng: np.random.Generator) -> list[list[int]]:
    """Numbers of the examples, in batches of passages of like length; the batches in a shuffled order."""
    order = sorted(range(len(examples)), key=lambda n: (len(examples[n].passage), n))
    made = [order[at : at + size] for at in range(0, len(order), size)]
    return [made[n] for n in rng.permutation(len(made))]


def load_weights(network: Network, file: Path) -> None:
    """The weights of a saved state, into a network."""
    with safe_open(file, "pt") as held:
        names = [name for name in held.keys() if name.startswith("weights.")]  # noqa: SIM118 - no mapping
        network.load_state_dict({name.removeprefix("weights."): held.get_tensor(name) for name in names})


def main(arguments: Sequence[str] | None = None) -> int:
    """Train until the plan is done or SIGTERM comes, then measure; the same `--out` goes on where it stopped. Exit
    code 0."""
    parser = argparse.ArgumentParser(prog="python -m eval fit-reader", description="Train the reader.")
    parser.add_argument("qa", type=Path)
    parser.add_argument("--talks", type=Path)
    parser.add_argument("--meetings", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--examples", type=int, default=60_000)
    parser.add_argument("--tokens", type=int, default=192)
    parser.add_argument("--layers", type=int, default=6, help="upper layers trained; 7: the embeddings too")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, help="begin with the weights of this state")
    parser.add_argument(
        "--more", type=Path, help="a corpus of mined passages to learn from as well (reader_mistakes.py)"
    )
    parser.add_argument("--limit", type=int, help="rows of a set, episodes and meetings: to try it out")
    parser.add_argument("--export", type=Path, help="write the last state as ONNX, train nothing")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.export:
        network = Network(options.layers)
        load_weights(network, options.out / "state.safetensors")
        print(json.dumps(export(network, options.export)))
        return 0
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    plan = TrainingPlan(options.examples, options.tokens, options.layers, options.seed)
    training = Training(_corpus(options), plan, options.out, device, options.start)
    signal.signal(signal.SIGTERM, lambda *_: setattr(training, "stopped", True))
    training.run()
    if not training.stopped:
        training.measure()
    return 0


def _corpus(options: argparse.Namespace) -> Corpus:
    file = options.out / "corpus.jsonl"
    if not file.exists():
        corpus = Corpus()
        add_sets(corpus, options.qa, options.limit)
        if options.talks:
            add_interviews(corpus, options.talks, options.limit)
        if options.meetings:
            add_meetings(corpus, options.meetings, options.limit)
        mine(corpus)
        corpus.save(file)
    corpus = Corpus.load(file)
    if options.more:
        corpus.add(Corpus.load(options.more))
    add_written(corpus)
    return corpus


if __name__ == "__main__":
    sys.exit(main())
