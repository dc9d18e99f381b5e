"""Whether the best evidence answers at all: one probability from several signals, fitted on development questions.

The weights stand in `refusal.json`, written by `python -m eval.fit_refusal`, which names the data they come from.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from functools import cache
from importlib.resources import files

from rag.extract import Quote, Signals


@cache
def _fitted() -> dict:
    return json.loads(files("rag").joinpath("refusal.json").read_text(encoding="utf-8"))


def threshold() -> float:
    """The probability from which a question counts as answered."""
    return _fitted()["threshold"]


def other_margin() -> float:
    """How much likelier another speaker's words must be than the named person's own, to be "said by other"."""
    return _fitted()["other_margin"]


def features(signals: Signals) -> list[float]:
    """What the fitted weights are multiplied with, in their order: the signals, and the products that tell most."""
    values = list(asdict(signals).values())
    return [*values, signals.cosine * signals.coverage, signals.passage_cosine * signals.passage_coverage]


def probability(signals: Signals) -> float:
    """How likely these signals belong to an answer, 0..1."""
    fitted = _fitted()
    total = fitted["bias"] + sum(w * x for w, x in zip(fitted["weights"], features(signals), strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def best_probability(quotes: list[Quote]) -> float:
    """The likeliest of these quotes; 0 where there is none."""
    return max((probability(quote.signals) for quote in quotes), default=0.0)
