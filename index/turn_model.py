"""The fitted network that tells host from guest, sentence by sentence, in numpy. Its weights lie in `speakers.npz`.

A bag of n-grams (an int8 table) and the dense features of each sentence go through one layer and a recurrent one that
reads the talk in both directions. What is known already (a person's answer in review) is an input like any other, so that
one answer moves its whole neighbourhood. `python -m eval.train.speakers` fits it, and names the data in `made_by`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np

from index.panel import panel_features
from index.turn_features import dense, folded, key_of, ngrams, tokens_of

WEIGHTS = "speakers.npz"


class Talk(NamedTuple):
    """What the network needs of a talk. `bags`: shape (n_sentences, n_embedding); `dense`: (n_sentences, n_features)."""

    bags: np.ndarray
    dense: np.ndarray


class TurnModel:
    """The network with its calibration and thresholds. `arrays`: as saved, by name."""

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.arrays = arrays
        self.rows = {int(key): row for row, key in enumerate(arrays["keys"])}
        self.common = frozenset(str(arrays["common"]).split())
        self.thresholds = tuple(float(value) for value in arrays["thresholds"])
        """Least probability at which a sentence is credited to the host, and to the guest."""

    @property
    def made_by(self) -> dict[str, Any]:
        return json.loads(str(self.arrays["made_by"]))

    def read(self, texts: Sequence[str], names: Mapping[str, str]) -> Talk:
        """The features of a talk's sentences, in order. `names`: from `names_by_role`; empty where nobody is known."""
        token_lists = [tokens_of(text) for text in texts]
        table, scale = self.arrays["table"], float(self.arrays["table_scale"])
        bags = np.zeros((len(texts), table.shape[1]), np.float32)
        for number, tokens in enumerate(token_lists):
            found = [self.rows.get(key_of(ngram)) for ngram in ngrams(folded(tokens, self.common, names))]
            rows = [row for row in found if row is not None]
            if rows:
                # Twice the sum over the root of the count: as it was fitted.
                bags[number] = table[rows].sum(0, dtype=np.int32) * (2 * scale / np.sqrt(len(rows)))
        return Talk(bags, dense(token_lists, self.common, names))

    def log_odds(self, talk: Talk, known: np.ndarray) -> np.ndarray:
        """Log-odds that the guest says each sentence, shape (n_sentences,), not calibrated.

        `known`: shape (n_sentences, 2), 1 where it is known that the host (column 0) or the guest (column 1) speaks.
        """
        inputs = np.concatenate([talk.bags, talk.dense, known.astype(np.float32)], axis=1)
        hidden = np.maximum(inputs @ self.arrays["in_w"].T + self.arrays["in_b"], 0)
        forward = self._gru(hidden, "f")
        backward = self._gru(hidden[::-1], "b")[::-1]
        out = np.concatenate([forward, backward, hidden], axis=1) @ self.arrays["out_w"].T + self.arrays["out_b"]
        return out[:, 0].astype(float)

    def calibrated(self, log_odds: np.ndarray) -> np.ndarray:
        """Probabilities from the network's log-odds: a rising curve fitted across shows."""
        at, chance = self.arrays["calibration"]
        return np.interp(log_odds, at, chance)

    def panel_chance(self, texts: Sequence[str]) -> float:
        """How likely more than two people speak."""
        *weights, bias = self.arrays["panel"]
        return float(1 / (1 + np.exp(-(panel_features(texts) @ np.array(weights) + bias))))

    def _gru(self, inputs: np.ndarray, way: str) -> np.ndarray:
        """The states of a gated recurrent layer, shape (n_sentences, n_hidden); gates in the order reset, update, new."""
        recurrent, bias = self.arrays[f"{way}_hh"], self.arrays[f"{way}_bhh"]
        size = recurrent.shape[1]
        gates = inputs @ self.arrays[f"{way}_ih"].T + self.arrays[f"{way}_bih"]
        state = np.zeros(size, np.float32)
        states = np.zeros((len(inputs), size), np.float32)
        for number in range(len(inputs)):
            own = recurrent @ state + bias
            both = 1 / (1 + np.exp(-(gates[number, : 2 * size] + own[: 2 * size])))
            new = np.tanh(gates[number, 2 * size :] + both[:size] * own[2 * size :])
            state = (1 - both[size:]) * new + both[size:] * state
            states[number] = state
        return states


@cache
def shipped() -> TurnModel:
    """The model that comes with Verbatim; read once; numpy refuses pickled arrays by default."""
    with files("index").joinpath(WEIGHTS).open("rb") as file, np.load(file) as arrays:
        return TurnModel({name: arrays[name] for name in arrays.files})
