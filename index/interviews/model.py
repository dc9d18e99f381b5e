"""The fitted networks that tell host from guest, sentence by sentence, in numpy. Their weights lie in `speakers.npz`.

There are two, and their log-odds are added: one reads how a sentence is worded (a bag of n-grams, an int8 table), the other
what it says among its neighbours (`index/interviews/context.py`). Both take the dense features too, and go through one layer and a
recurrent one that reads the talk in both directions. What is known already (a person's answer in review) is an input like
any other, so that one answer moves its whole neighbourhood. `python -m eval fit-voices` fits them, and names the data in
`made_by`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from index.interviews.context import TurnContext, shipped_arrays, shipped_context
from index.interviews.features import dense, folded, key_of, ngrams, tokens_of
from index.interviews.panel import panel_features

WEIGHTS = "speakers.npz"


class TalkArrays(NamedTuple):
    """What the networks need of a talk, a row a sentence: bags of n-grams, vectors in context, and dense features."""

    bags: np.ndarray
    contexts: np.ndarray
    dense: np.ndarray


class TurnModel:
    """The networks with their calibration and thresholds. `arrays`: as saved, by name; those of the second begin with `c_`."""

    def __init__(self, arrays: Mapping[str, np.ndarray], context: TurnContext) -> None:
        self.arrays = arrays
        self.context = context
        self.rows = {int(key): row for row, key in enumerate(arrays["keys"])}
        self.common = frozenset(str(arrays["common"]).split())
        self.thresholds = tuple(float(value) for value in arrays["thresholds"])
        """Least probability at which a sentence is credited to the host, and to the guest."""

    @property
    def made_by(self) -> dict[str, Any]:
        """What the weights were fitted on and how, as the fitting wrote it."""
        return json.loads(str(self.arrays["made_by"]))

    def read(self, texts: Sequence[str], names: Mapping[str, str]) -> TalkArrays:
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
        return TalkArrays(bags, self.context.read(texts), dense(token_lists, self.common, names))

    def log_odds(self, talk: TalkArrays, known: np.ndarray) -> np.ndarray:
        """Log-odds that the guest says each sentence, shape (n_sentences,), not calibrated.

        `known`: shape (n_sentences, 2), 1 where it is known that the host (column 0) or the guest (column 1) speaks.
        """
        rest = np.concatenate([talk.dense, known], axis=1, dtype=np.float32)
        context = np.maximum(talk.contexts @ self.arrays["c_proj_w"].T + self.arrays["c_proj_b"], 0)
        worded = self._through("", np.concatenate([talk.bags, rest], axis=1))
        meant = self._through("c_", np.concatenate([context, rest], axis=1))
        return np.stack([worded, meant], axis=1).astype(float) @ self.arrays["weights"]

    def _through(self, which: str, inputs: np.ndarray) -> np.ndarray:
        hidden = np.maximum(inputs @ self.arrays[which + "in_w"].T + self.arrays[which + "in_b"], 0)
        forward = self._gru(hidden, which + "f")
        backward = self._gru(hidden[::-1], which + "b")[::-1]
        states = np.concatenate([forward, backward, hidden], axis=1)
        return (states @ self.arrays[which + "out_w"].T + self.arrays[which + "out_b"])[:, 0]

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
    """The model that comes with Verbatim; read once."""
    return TurnModel(shipped_arrays(WEIGHTS), shipped_context())
