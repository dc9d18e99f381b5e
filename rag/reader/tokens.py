"""Questions and views -> token ids, and which tokens belong to which sentence. By the embedded model's tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.search.encoder import tokenizer_of
from index.search.onnx_export import wheel_folder

LONGEST, LONGEST_QUESTION = 256, 48
"""Tokens: what is longer is cut off."""
MULTIPLE = 16
"""Batches are padded to a multiple of so many tokens."""


@dataclass(frozen=True, slots=True)
class ReadTokens:
    """Ids of "[CLS] passage [SEP]", and of each sentence the numbers of its tokens; none where it was cut off."""

    ids: list[int]
    sentences: list[list[int]]


class ReaderTokenizer:
    """Texts as the reader's network takes them in; `longest`: tokens of a passage at most."""

    def __init__(self, longest: int = LONGEST) -> None:
        self.tokenizer = tokenizer_of(wheel_folder())
        self.longest = longest
        self._open, self._close = (int(self.tokenizer.token_to_id(name) or 0) for name in ("[CLS]", "[SEP]"))

    def question(self, text: str) -> list[int]:
        """Ids of a question."""
        return [self._open, *self.tokenizer.encode(text, add_special_tokens=False).ids[:LONGEST_QUESTION], self._close]

    def passage(self, text: str, places: Sequence[tuple[int, int]]) -> ReadTokens:
        """A passage. `places`: the first character of each sentence, and the one after its last."""
        read = self.tokenizer.encode(text, add_special_tokens=False)
        offsets = read.offsets[: self.longest - 2]
        sentences = [[1 + n for n, (a, b) in enumerate(offsets) if start <= a and b <= end] for start, end in places]
        return ReadTokens([self._open, *read.ids[: self.longest - 2], self._close], sentences)


def padded(rows: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """ids and mask of some texts: int64, shape (texts, the longest's tokens rounded up to MULTIPLE)."""
    longest = -(-max(map(len, rows)) // MULTIPLE) * MULTIPLE
    ids, mask = (np.zeros((len(rows), longest), np.int64) for _ in range(2))
    for n, row in enumerate(rows):
        ids[n, : len(row)], mask[n, : len(row)] = row, 1
    return ids, mask
