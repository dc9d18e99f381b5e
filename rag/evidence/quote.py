"""A quote: a run of whole sentences of one turn, with the signals that speak for it."""

from __future__ import annotations

from dataclasses import dataclass

from index.episode import Episode, Sentence, Turn
from rag.answer import Citation
from rag.evidence.cite import cite, place


@dataclass(frozen=True, slots=True)
class Signals:
    """How well the best evidence fits the question; each is higher for a better fit.

    `near`: how near the best sentence comes to the question; `passage_cosine`: of the best passage. `coverage`: the share of
    the question's words, weighted by rarity, that stand in the quote or the question that it answers; `passage_coverage`: in
    its passage. `known`: the weighted share of the question's words that stand anywhere in the library. `expected`: 1 where
    the quote holds the kind of thing that the question asks for, or no such kind is asked for, ½ where only its passage does.
    `read`: whether `near` is a reader's; without one it is the cosine of the words alone.
    """

    near: float = 0.0
    passage_cosine: float = 0.0
    coverage: float = 0.0
    passage_coverage: float = 0.0
    known: float = 0.0
    expected: float = 1.0
    read: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """A run of sentences `first`..`last` of one turn, with what speaks for it. `score`: higher fits better."""

    episode: Episode
    turn: Turn
    first: int
    last: int
    text: str
    score: float
    passage: int
    signals: Signals

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences quoted, in order, of one turn."""
        return self.turn.spoken(self.first, self.last)

    def cited(self, n: int) -> Citation:
        """The quote as the citation `n`, checked against the transcript that it says it comes from."""
        return cite(
            self.episode, self.turn, self.first, self.last, self.text, n=n, score=self.score, passage=self.passage
        )

    @property
    def place(self) -> str:
        """Where it stands, as it is said: its episode's title and its time."""
        return place(self.episode, self.first, self.last)
