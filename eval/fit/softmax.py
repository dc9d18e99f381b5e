"""Weights of features that put the most probability on what is right: a softmax over the candidates of each question."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def fit_softmax(per_set: Sequence[Sequence[tuple[np.ndarray, np.ndarray]]], *, l2: float) -> np.ndarray:
    """Weights, shape (n_features,), from each question's features (n_candidates, n_features) and which rows are right.

    Each set weighs the same, however many questions it has. `l2` holds weights of scaled features small. Every question
    must have something right among its candidates.
    """
    from scipy.optimize import minimize

    most = max(len(questions) for questions in per_set)
    data = [(matrix, right, most / len(questions)) for questions in per_set for matrix, right in questions]
    scale = np.vstack([matrix for matrix, _, _ in data]).std(0) + 1e-6

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        total, gradient = l2 * weights @ weights, 2 * l2 * weights
        for matrix, right, importance in data:
            scores = (matrix / scale) @ weights
            odds = np.exp(scores - scores.max())
            shares, wanted = odds / odds.sum(), odds * right / (odds * right).sum()
            total -= importance * np.log((shares * right).sum())
            gradient = gradient - importance * ((wanted - shares) @ (matrix / scale))
        return total, gradient

    return minimize(loss, np.zeros(per_set[0][0][0].shape[1]), jac=True, method="L-BFGS-B").x / scale
