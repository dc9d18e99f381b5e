"""A question -> the passages that may answer it. Hybrid: dense (FAISS) and lexical (BM25), filters before the search.

The two are fused by a fitted sum of their scores and of what stands around (`rag/evidence/rank.py`). A person whom the question
names is a strong preference here, never a filter, since an answer often needs the host's question. Knows nothing of
writing answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

import numpy as np

from index.episode import Passage
from index.library import Library
from rag.evidence.rank import REACH, fits, scaled, varied
from rag.question.question import Question
from rag.question.scope import Scope

POOL = 100  # candidates from each side
SPEAKER_WORDS = 40  # of a person asked about, in a passage: so many are preferred in full, fewer less
COMMON_PASSAGES = 3000  # a word in more passages is left out where two rarer ones remain: costly, and says little


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found. `score` is the fused one, `cosine` the dense and `bm25` the lexical (0 where not in its pool)."""

    id: int
    passage: Passage
    score: float
    cosine: float
    bm25: float


@dataclass(frozen=True, slots=True)
class Candidates:
    """What both searches found: `features` has a row for each of `ids` and the columns of `rag.evidence.rank.FEATURES`.

    `cosines` are those of the candidates and of what stands around them, `lexical` the BM25 of those found by words.
    """

    ids: list[int]
    passages: dict[int, Passage]
    cosines: dict[int, float]
    lexical: dict[int, float]
    features: np.ndarray


class Reranker(Protocol):
    """What may stand behind the retriever: the same hits in a better order."""

    def rerank(self, question: str, hits: list[Hit]) -> list[Hit]:
        """The same hits in the order in which they are to be read, best first. None may be added."""


class Retriever:
    """Finds passages in one library.

    `reranker`: applied to the fused hits, where there is one. `lexical_weight`: to measure against, the plain sum of both
    scores instead of the fitted one: 1 finds by BM25 alone, 0 by vectors alone.
    """

    def __init__(
        self, library: Library, *, reranker: Reranker | None = None, lexical_weight: float | None = None
    ) -> None:
        self.library, self.reranker, self.lexical_weight = library, reranker, lexical_weight

    def retrieve(self, question: Question, scope: Scope, *, k: int = 8) -> list[Hit]:
        """The `k` best passages for the question, best first; fewer where fewer are there."""
        found = self.candidates(question, scope)
        if self.lexical_weight is None:
            fit = fits(found.features)
        else:
            fit = found.features[:, :2] @ [1 - self.lexical_weight, self.lexical_weight]
        episodes = [found.passages[id_].episode for id_ in found.ids]
        order = varied(found.ids, episodes, fit, k=max(k, 30) if self.reranker else k)
        hits = [
            Hit(id_, found.passages[id_], score, found.cosines[id_], found.lexical.get(id_, 0.0))
            for id_, score in ((found.ids[place], score) for place, score in order)
        ]
        return (self.reranker.rerank(question.asked, hits) if self.reranker else hits)[:k]

    def candidates(self, question: Question, scope: Scope) -> Candidates:
        """The best POOL of both searches, with what their fit is made of."""
        words = self._searched_words(list(question.words))
        vector = self.library.remembered.encode([question.about or question.asked], query=True)[0]
        dense = dict(self.library.search_vector(vector, k=POOL, rows=scope.rows))
        lexical = dict(self.library.search_words(words, k=POOL, rows=scope.rows))
        around = self.library.around([*dense, *lexical], reach=REACH)
        cosines = dense | self.library.cosines(vector, sorted({*around, *chain(*around.values())} - set(dense)))
        passages = self.library.passages(sorted({*dense, *lexical}))
        ids = [id_ for id_ in passages if id_ in around]
        least = min((cosines[id_] for id_ in ids), default=0.0)
        bm25 = dict(zip(lexical, scaled(np.fromiter(lexical.values(), float)), strict=True))
        columns = (
            scaled(np.array([cosines[id_] for id_ in ids])),
            [bm25.get(id_, 0.0) for id_ in ids],
            self._spoken_by(ids, question, scope),
            self._coverage(ids, words),
            # Beyond an episode's ends stands nothing: as little as the least of the candidates.
            [
                (sum(cosines[near] for near in around[id_]) + least * (2 * REACH - len(around[id_]))) / (2 * REACH)
                for id_ in ids
            ],
            [sum(bm25.get(near, 0.0) for near in around[id_]) / (2 * REACH) for id_ in ids],
        )
        return Candidates(ids, passages, cosines, lexical, np.array(columns, float).T)

    def _searched_words(self, words: list[str]) -> list[str]:
        """The words that not very many passages have, or else the two rarest; in their order."""
        held = {word: self.library.passages_with(word) for word in words}
        rarest = sorted(words, key=lambda word: held[word])[:2]
        return [word for word in words if held[word] <= COMMON_PASSAGES or word in rarest]

    def _coverage(self, ids: Sequence[int], words: Sequence[str]) -> list[float]:
        """Of each passage, the share of the words that stand in it, weighted by rarity (BM25's idf over the library)."""
        covered = dict.fromkeys(ids, 0.0)
        total = 0.0
        for word in words:
            weight = self.library.rarity(word)
            total += weight
            for id_ in self.library.holding(word) & covered.keys():
                covered[id_] += weight
        return [covered[id_] / total if total else 0.0 for id_ in ids]

    def _spoken_by(self, ids: Sequence[int], question: Question, scope: Scope) -> list[float]:
        """Of each passage, 1 where the person or role asked about says SPEAKER_WORDS in it, less for fewer."""
        people = set(question.people or question.focus) | ({scope.person} if scope.person else set())
        if not people and question.role is None:
            return [0.0] * len(ids)
        spoken_words = self.library.spoken_words(ids)
        # Where the transcript names nobody, the person may be the one who speaks if they are in that episode.
        present = [e.id for e in scope.episodes if any(p.name in people for p in e.people)]
        maybe = self.library.passages_of(self.library.rows(present), among=ids)
        shares = []
        for id_ in ids:
            spoken = spoken_words.get(id_)
            if spoken is None:
                shares.append(float(id_ in maybe))
            else:
                own = sum(n for (name, role), n in spoken.items() if name in people or role == question.role)
                shares.append(min(1.0, own / SPEAKER_WORDS))
        return shares
