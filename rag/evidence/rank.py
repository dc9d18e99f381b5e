"""Candidates found by both searches -> how well each fits: a fitted sum of a few features, and an order with variety.

The weights stand in `fitted.json`, written by `python -m eval fit-ranking`. Knows nothing of questions or of writing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np

FEATURES = ("dense", "lexical", "speaker", "coverage", "dense_around", "lexical_around")
"""What a passage's fit is made of, in the order of the columns.

`dense`, `lexical`: cosine and BM25, each scaled to 0..1 over the candidates. `speaker`: 1 where a person asked about says
SPEAKER_WORDS here, less for fewer. `coverage`: the share of the question's words that stand here, weighted by rarity.
`dense_around`, `lexical_around`: the mean cosine and scaled BM25 of the passages up to REACH before and after it: what is
said in the middle of an exchange about something seldom names it.
"""
REACH = 3
VARIED = 5  # so many first places are kept from being neighbours of each other
NEAR = 8  # passages this far apart in one episode are no longer neighbours
REPEATED = 0.1
"""What a neighbour of one that is already placed loses, next to it; less farther off, nothing from NEAR on. On qmsum and
bitcoin .1 to .3 were alike (+.01 to +.02 hit@5 on all four halves); .2 costs the samples' development half .05 (eval/NOTES.md)."""


@cache
def weights() -> np.ndarray:
    """The fitted weights, shape (len(FEATURES),)."""
    fitted = json.loads(files("rag.evidence").joinpath("fitted.json").read_text(encoding="utf-8"))["ranking"]
    return np.array([fitted["weights"][name] for name in FEATURES])


def fits(features: np.ndarray) -> np.ndarray:
    """Of each candidate, how well it fits, 0..1: the weighted sum of its `features`, scaled over the candidates."""
    return scaled(features @ weights())


def scaled(values: np.ndarray) -> np.ndarray:
    """The values from 0 for the least to 1 for the greatest; all 1 where they are equal."""
    if not len(values):
        return values
    low, span = values.min(), values.max() - values.min()
    return (values - low) / span if span > 0 else np.ones(len(values))


def varied(ids: Sequence[int], episodes: Sequence[str], fit: np.ndarray, *, k: int) -> list[tuple[int, float]]:
    """The `k` best as (place in `ids`, score), best first; scores never rise.

    `ids` count passages in the order of their episode, as a library's do. Among the first VARIED, neighbours of one that is
    placed already lose up to REPEATED.
    """
    rows, of = np.asarray(ids), np.asarray(episodes)
    lost = np.zeros(len(ids))
    left = np.ones(len(ids), bool)
    placed: list[tuple[int, float]] = []
    while left.any() and len(placed) < min(k, VARIED):
        worth = np.where(left, fit - lost, -np.inf)
        best = int(np.argmax(worth))
        placed.append((best, float(worth[best])))
        left[best] = False
        apart = np.abs(rows - rows[best]) / (NEAR + 1)
        lost += REPEATED * np.where(of == of[best], np.clip(1 - apart, 0, 1), 0)
    rest = [int(place) for place in np.argsort(-fit, kind="stable") if left[place]][: k - len(placed)]
    lowest = placed[-1][1] if placed else 0.0
    return placed + [(place, min(lowest, float(fit[place]))) for place in rest]
