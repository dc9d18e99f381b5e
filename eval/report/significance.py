"""Statistics of paired differences: how large, how sure, and whether chance alone explains them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

DRAWS = 2000  # of the bootstrap; the ends of an interval move by less than a tenth of its width between seeds
SHUFFLES = 9999  # of the permutation test, where there are too many to try each: p is known to about .005 at .05


def mean_interval(gains: Any, seed: int) -> tuple[float, float]:
    """95 % bootstrap interval of the mean of paired differences. `gains`: float array, shape (n,)."""
    if not gains.any():
        return 0.0, 0.0
    rng = np.random.default_rng(seed)
    # Drawn a few at a time: a set of 10,000 questions would need 160 MB at once.
    means = [rng.choice(gains, (100, len(gains))).mean(1) for _ in range(DRAWS // 100)]
    low, high = np.percentile(np.concatenate(means), [2.5, 97.5])
    return float(low), float(high)


def sign_flip_p(gains: Any, seed: int) -> float:
    """Two-sided p of a paired permutation test: which of the two results a value is from is exchanged at random.

    Exact where there are few enough ways to exchange; 1 where no question differs. `gains`: float array, shape (n,).
    """
    from scipy.stats import permutation_test

    moved = gains[gains != 0]  # exchanging two equal values changes nothing
    if len(moved) < 2:
        return 1.0  # one difference: half of all exchanges give it, the other half its opposite
    found = permutation_test(
        (moved,),
        lambda values, axis: values.sum(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=SHUFFLES,
        batch=1000,
        rng=np.random.default_rng(seed),
    )
    return float(min(1.0, found.pvalue))


def holm(ps: Sequence[float]) -> list[float]:
    """p-values, in order, corrected (Holm 1979) for the chance that one of many moves by luck."""
    corrected, highest = [0.0] * len(ps), 0.0
    for rank, index in enumerate(sorted(range(len(ps)), key=lambda index: ps[index])):
        highest = max(highest, min(1.0, ps[index] * (len(ps) - rank)))
        corrected[index] = highest
    return corrected
