"""Whether the best evidence answers at all: one probability from several signals, fitted on development questions.

The weights stand in `fitted.json`, written by `python -m eval.fit`, which names the data they come from.
"""

from __future__ import annotations

import math
from dataclasses import asdict

from rag.extract import Quote, Signals, fitted


def threshold() -> float:
    """The probability from which a question counts as answered."""
    return fitted()["refusal"]["threshold"]


def other_margin() -> float:
    """How much likelier another speaker's words must be than the named person's own, to be "said by other"."""
    return fitted()["refusal"]["other_margin"]


def features(signals: Signals) -> list[float]:
    """What the fitted weights are multiplied with: the signals, in their order."""
    return list(asdict(signals).values())


def probability(signals: Signals) -> float:
    """How likely these signals belong to an answer, 0..1."""
    refusal = fitted()["refusal"]
    total = refusal["bias"] + sum(w * x for w, x in zip(refusal["weights"], features(signals), strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def best_probability(quotes: list[Quote]) -> float:
    """The likeliest of these quotes; 0 where there is none."""
    return max((probability(quote.signals) for quote in quotes), default=0.0)
