"""What a reader gives, and which reader the settings name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rag.reader.view import View


@dataclass(frozen=True, slots=True)
class SentenceReading:
    """Of a sentence: the log-odds that it answers, and the log-probabilities that the answer's words start or end in it."""

    answers: float
    starts: float
    ends: float


@dataclass(frozen=True, slots=True)
class Reading:
    """Of a passage: the log-odds that it answers by whom the question asks for, and whoever says it; and of each sentence."""

    answered: float
    by_anyone: float
    sentences: tuple[SentenceReading, ...]


class Reader(Protocol):
    """Reads passages for a question."""

    def read(self, question: str, views: Sequence[View]) -> list[Reading]:
        """A reading for each view, in their order; its sentences are those of the view."""
        ...
