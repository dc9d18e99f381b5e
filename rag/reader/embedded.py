"""The reader that comes along: MiniLM, taught to put a question near the sentences that answer it (docs/reader.md).

A passage is read once for all questions: each sentence's vector is the mean of its tokens, which have seen the whole passage:
who speaks, what was asked, what "it" is. A question's is the mean of all of its tokens; what counts is the cosine.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from cachetools import LRUCache

from index.search.encoder import open_graph
from rag.reader.tokens import ReaderTokenizer, padded
from rag.reader.view import View

NETWORK = Path(__file__).with_name("reader.onnx")
BATCH = 8
MOST_REMEMBERED = 3_000
"""Passages of about 12 sentences: 30 MB."""


class EmbeddedReader:
    """Reads by the network in `file`: (ids, mask) -> the tokens' states, in batches sorted by length."""

    def __init__(self, file: Path = NETWORK) -> None:
        self.tokens = ReaderTokenizer()
        self.session = open_graph(file)
        self._remembered: LRUCache[str, np.ndarray] = LRUCache(MOST_REMEMBERED)
        self._lock = threading.Lock()

    def read(self, question: str, views: Sequence[View]) -> list[np.ndarray]:
        """Of each view, the cosine of question and sentence: float32, shape (sentences,). 0 for a sentence that was cut off."""
        if not views:
            return []
        asked = self.tokens.question(question)
        states = self._states([asked])[0, : len(asked)]
        vector = _unit(states.mean(0))
        return [vectors.astype(np.float32) @ vector for vectors in self.sentences(views)]

    def sentences(self, views: Sequence[View]) -> list[np.ndarray]:
        """Of each view, the vectors of its sentences: float16 of unit length, shape (sentences, dim)."""
        found: dict[str, np.ndarray] = {}
        with self._lock:
            for view in views:
                if (known := self._remembered.get(view.text)) is not None:
                    found[view.text] = known
        left = list({view.text: view for view in views if view.text not in found}.values())
        read = [self.tokens.passage(view.text, [(place.start, place.end) for place in view.places]) for view in left]
        order = sorted(range(len(left)), key=lambda n: len(read[n].ids))
        for at in range(0, len(order), BATCH):
            numbers = order[at : at + BATCH]
            for states, number in zip(self._states([read[n].ids for n in numbers]), numbers, strict=True):
                vectors = np.zeros((len(read[number].sentences), states.shape[1]))
                for n, tokens in enumerate(read[number].sentences):
                    if tokens:
                        vectors[n] = states[tokens].mean(0)
                found[left[number].text] = _unit(vectors).astype(np.float16)
        with self._lock:
            for view in left:
                self._remembered[view.text] = found[view.text]
        return [found[view.text] for view in views]

    def _states(self, rows: Sequence[Sequence[int]]) -> np.ndarray:
        ids, mask = padded(rows)
        states: np.ndarray = self.session.run(None, {"ids": ids, "mask": mask})[0]
        return states


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)
