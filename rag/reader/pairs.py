"""A question and what is read -> token ids, and which token belongs to which sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.search.encoder import tokenizer_of
from index.search.onnx_export import wheel_folder

LONGEST_QUESTION = 48
"""Tokens."""
MULTIPLE = 16
"""Batches are padded to a multiple of so many tokens."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Ids of "[CLS] question [SEP] passage [SEP]"; `begin`: the passage's first; `offsets`: of its tokens, their characters."""

    ids: list[int]
    begin: int
    offsets: list[tuple[int, int]]

    def tokens_of(self, start: int, end: int) -> list[int]:
        """The numbers of the tokens between two characters of the passage; none where it was cut off before."""
        return [self.begin + n for n, (a, b) in enumerate(self.offsets) if start <= a < end and b <= end]


class PairEncoder:
    """Pairs of texts by the embedded model's tokenizer, `tokens` at most: a longer passage is cut off."""

    def __init__(self, tokens: int = 256) -> None:
        self.tokenizer = tokenizer_of(wheel_folder())
        self.tokens = tokens
        self._open, self._close = (int(self.tokenizer.token_to_id(name) or 0) for name in ("[CLS]", "[SEP]"))

    def pair(self, question: str, passage: str) -> Pair:
        """The tokens of one question and one passage."""
        asked = self.tokenizer.encode(question, add_special_tokens=False).ids[:LONGEST_QUESTION]
        read = self.tokenizer.encode(passage, add_special_tokens=False)
        room = self.tokens - len(asked) - 3
        ids = [self._open, *asked, self._close, *read.ids[:room], self._close]
        return Pair(ids, len(asked) + 2, read.offsets[:room])


def padded(pairs: Sequence[Pair]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ids, types (1: the passage) and mask of some pairs: int64, shape (pairs, the longest's tokens rounded up to MULTIPLE)."""
    longest = -(-max(len(pair.ids) for pair in pairs) // MULTIPLE) * MULTIPLE
    ids, types, mask = (np.zeros((len(pairs), longest), np.int64) for _ in range(3))
    for row, pair in enumerate(pairs):
        length = len(pair.ids)
        ids[row, :length], mask[row, :length], types[row, pair.begin : length] = pair.ids, 1, 1
    return ids, types, mask
