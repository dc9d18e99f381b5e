"""A question -> the passages that may answer it. Hybrid: dense (FAISS) and lexical (BM25), filters before the search.

The two are fused by a weighted sum of their scores, each scaled over its own best hundred: on both development sets this
beat reciprocal ranks (eval/NOTES.md). A person whom the question names is a strong preference here, never a filter,
since an answer often needs the host's question. Knows nothing of writing answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from index.episode import Passage
from index.library import EpisodeSummary, Library
from rag.question import Filters, Question, QuestionError, find_person, nearest_names

POOL = 100  # candidates from each side
LEXICAL_WEIGHT = 0.5  # .3, .5, .7 measured on qmsum and bitcoin; .5 was best or level on both
SPEAKER_WEIGHT = 0.3  # added in full for a passage with SPEAKER_WORDS of the named person; .1 to .5 measured
SPEAKER_WORDS = 40
COMMON_PASSAGES = (
    3000  # a word in more passages is left out where two rarer ones remain: costly, and tells little
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found. `score` is the fused one, `cosine` the dense and `bm25` the lexical (0 where not in its pool)."""

    id: int
    passage: Passage
    score: float
    cosine: float
    bm25: float


@dataclass(frozen=True, slots=True)
class Scope:
    """What a question is searched in: the episodes that pass the filters, and the person whom they name."""

    episodes: tuple[EpisodeSummary, ...]
    rows: list[int] | None
    person: str | None = None


class Reranker(Protocol):
    """What may stand behind the retriever: the same hits in a better order."""

    def rerank(self, question: str, hits: list[Hit]) -> list[Hit]: ...


class Retriever:
    """Finds passages in one library.

    `reranker`: applied to the fused hits, where there is one. `lexical_weight`: 1 finds by BM25 alone, 0 by vectors alone.
    """

    def __init__(
        self, library: Library, *, reranker: Reranker | None = None, lexical_weight: float = LEXICAL_WEIGHT
    ) -> None:
        self.library, self.reranker, self.lexical_weight = library, reranker, lexical_weight

    def retrieve(self, question: Question, scope: Scope, *, k: int = 8) -> list[Hit]:
        """The `k` best passages for the question, best first; fewer where fewer are there."""
        words = self._searched_words(list(question.words))
        vector = self.library.encoder.encode([question.about or question.asked], query=True)[0]
        dense = dict(self.library.search_vector(vector, k=POOL, rows=scope.rows))
        lexical = dict(self.library.search_words(words, k=POOL, rows=scope.rows))
        only_lexical = [id_ for id_ in lexical if id_ not in dense]
        cosines = dense | self.library.cosines(vector, only_lexical)
        scores = _fuse(cosines, lexical, self.lexical_weight)
        self._prefer_speakers(scores, question, scope)
        best = sorted(scores, key=lambda id_: (-scores[id_], id_))[: max(k, 30) if self.reranker else k]
        passages = self.library.passages(best)
        hits = [
            Hit(id_, passages[id_], scores[id_], cosines[id_], lexical.get(id_, 0.0)) for id_ in best if id_ in passages
        ]
        return (self.reranker.rerank(question.asked, hits) if self.reranker else hits)[:k]

    def _searched_words(self, words: list[str]) -> list[str]:
        """The words that not very many passages have, or else the two rarest; in their order."""
        held = {word: self.library.passages_with(word) for word in words}
        rarest = sorted(words, key=lambda word: held[word])[:2]
        return [word for word in words if held[word] <= COMMON_PASSAGES or word in rarest]


    def _prefer_speakers(self, scores: dict[int, float], question: Question, scope: Scope) -> None:
        people = set(question.people) | ({scope.person} if scope.person else set())
        if not people and question.role is None:
            return
        spoken_words = self.library.spoken_words(list(scores))
        # Where the transcript names nobody, the person may be the one who speaks if they are in that episode.
        present = [e.id for e in scope.episodes if any(p.name in people for p in e.people)]
        maybe = self.library.passages_of(self.library.rows(present), among=list(scores))
        for id_ in scores:
            spoken = spoken_words.get(id_)
            words = (
                sum(n for (name, role), n in spoken.items() if name in people or role == question.role) if spoken else 0
            )
            if spoken is None and id_ in maybe:
                words = SPEAKER_WORDS
            scores[id_] += SPEAKER_WEIGHT * min(1.0, words / SPEAKER_WORDS)


def read_scope(library: Library, filters: Filters, *, named_episodes: Sequence[str] = ()) -> Scope:
    """The episodes to search in. QuestionError: a filter names what the library doesn't hold.

    `named_episodes`: ids of episodes whose title stands in the question; they narrow the search where no filter does.
    """
    every = library.summaries()
    chosen = every
    person = None
    if filters.show:
        chosen = [e for e in chosen if e.show.casefold() == filters.show.casefold()]
        if not chosen:
            shows = ", ".join(sorted({e.show for e in every}))
            raise QuestionError(f"No show is called {filters.show!r} here. There are: {shows}.")
    if filters.episode:
        chosen = [e for e in chosen if e.id == filters.episode]
        if not chosen:
            library.episode(filters.episode)  # raises NoSuchEpisode with the nearest ids, where it is nowhere
            raise QuestionError(f"Episode {filters.episode!r} is not in the show {filters.show!r}.")
    if filters.guest:
        people = find_person(filters.guest, chosen)
        if not people:
            nearest = nearest_names(filters.guest, every)
            hint = f" Nearest: {', '.join(nearest)}." if nearest else ""
            raise QuestionError(f"Nobody called {filters.guest!r} speaks in these episodes.{hint}")
        person = people[0]
        chosen = [e for e in chosen if any(p.name == person for p in e.people)]
    if filters.since:
        chosen = [e for e in chosen if e.date and e.date >= filters.since]
    if filters.until:
        chosen = [e for e in chosen if e.date and e.date[: len(filters.until)] <= filters.until]
    if named_episodes and not filters.episode and any(e.id in named_episodes for e in chosen):
        chosen = [e for e in chosen if e.id in named_episodes]
    rows = None if len(chosen) == len(every) else library.rows([e.id for e in chosen])
    return Scope(tuple(chosen), rows, person)


def _fuse(cosines: dict[int, float], lexical: dict[int, float], weight: float) -> dict[int, float]:
    """Weighted sum of both scores, each scaled to 0..1 over its own hits; a passage without a BM25 score has 0 there."""
    dense = _scaled(cosines)
    words = _scaled(lexical)
    return {id_: (1 - weight) * dense[id_] + weight * words.get(id_, 0.0) for id_ in cosines}


def _scaled(scores: dict[int, float]) -> dict[int, float]:
    if not scores:
        return {}
    values = np.fromiter(scores.values(), float)
    low, span = values.min(), values.max() - values.min()
    return {id_: (score - low) / span if span > 0 else 1.0 for id_, score in scores.items()}
