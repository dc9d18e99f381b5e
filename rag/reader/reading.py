"""What a reader is, and the one that the settings name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Protocol

import numpy as np

from rag.reader.view import View

READ = 12
"""The retriever's best passages that are read."""


class Reader(Protocol):
    """Reads passages for a question."""

    def read(self, question: str, views: Sequence[View]) -> list[np.ndarray]:
        """Of each view, how near each of its sentences comes to answering: float32, shape (sentences,), -1..1."""
        ...


@cache
def embedded_reader() -> Reader:
    """The reader that comes along; one for the process, as it remembers what it read."""
    from rag.reader.embedded import EmbeddedReader

    return EmbeddedReader()
