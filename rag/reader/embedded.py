"""The reader that comes along: a network of MiniLM's size over question and passage (docs/reader.md tells how it was made)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from cachetools import LRUCache

from index.search.encoder import open_graph
from rag.reader.pairs import Pair, PairEncoder, padded
from rag.reader.reading import Reading, SentenceReading
from rag.reader.view import View

NETWORK = Path(__file__).with_name("reader.onnx")
BATCH = 8
REMEMBERED = 4096
"""Questions with a passage each."""
START, END, SENTENCE = range(3)
"""The scores of a token, in the order in which the network gives them."""
LEAST = -12.0
"""What a sentence gets that was cut off."""


class EmbeddedReader:
    """Reads by the network in `file`, in batches sorted by length; what was read lately is remembered."""

    def __init__(self, file: Path = NETWORK) -> None:
        self.encoder = PairEncoder()
        self.session = open_graph(file)
        self._remembered: LRUCache[tuple[str, str], Reading] = LRUCache(REMEMBERED)
        self._lock = threading.Lock()

    def read(self, question: str, views: Sequence[View]) -> list[Reading]:
        """What is read of each view, in their order."""
        with self._lock:
            found = {view.text: self._remembered.get((question, view.text)) for view in views}
        left = [view for view in {view.text: view for view in views}.values() if found[view.text] is None]
        pairs = [self.encoder.pair(question, view.text) for view in left]
        order = sorted(range(len(left)), key=lambda n: len(pairs[n].ids))
        for at in range(0, len(order), BATCH):
            numbers = order[at : at + BATCH]
            ids, types, mask = padded([pairs[n] for n in numbers])
            odds, tokens = self.session.run(None, {"ids": ids, "types": types, "mask": mask})
            for row, number in enumerate(numbers):
                reading = _reading(left[number], pairs[number], odds[row], tokens[row])
                found[left[number].text] = reading
                with self._lock:
                    self._remembered[question, left[number].text] = reading
        return [reading for view in views if (reading := found[view.text]) is not None]


def _reading(view: View, pair: Pair, odds: np.ndarray, tokens: np.ndarray) -> Reading:
    """The network's scores by sentence. `tokens`: (tokens, 3)."""
    allowed = [0, *range(pair.begin, len(pair.ids) - 1)]
    chances = tokens[:, : END + 1] - np.log(np.exp(tokens[allowed, : END + 1]).sum(0))
    sentences = []
    for place in view.places:
        inside = pair.tokens_of(place.start, place.end)
        scores = (
            (tokens[inside, SENTENCE].mean(), chances[inside, START].max(), chances[inside, END].max())
            if inside
            else (LEAST, LEAST, LEAST)
        )
        sentences.append(SentenceReading(*(max(LEAST, float(score)) for score in scores)))
    return Reading(float(odds[0]), float(odds[1]), tuple(sentences))
