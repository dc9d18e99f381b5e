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


OTHER_PROBABILITY = 0.45
OTHER_MARGIN = 1.5
"""Another person's words are shown as "said by other" from that probability on, and where their log-odds are so much above
those of the named person's own. On development halves: 5 of 6 traps of the samples, and 5 of 119 questions of qmsum that the
person does answer; a margin of .7 found all 6 traps, and 23 of those 119 (eval/NOTES.md)."""


def said_by_other(own: float, theirs: float) -> bool:
    """Whether somebody else said it rather than the person asked about: the probabilities of the best quotes of each."""
    return theirs >= max(OTHER_PROBABILITY, threshold()) and _log_odds(theirs) - _log_odds(own) >= OTHER_MARGIN


def _log_odds(probability: float) -> float:
    return math.log(max(probability, 1e-9) / max(1 - probability, 1e-9))


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
