"""Metrics of one question. Each is a number per question; the runner takes the mean over *every* question of its kind.

A passage or quote hits a gold place when they share any time (or, without times, any sentence). Means say little without
the passages' length beside them: long passages hit by luck.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.questions import Gold
from index.episode import Episode
from index.errors import VerbatimError
from rag.check import locate


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of an episode: seconds where it is timed, and sentence positions, both ends included."""

    episode: str
    start: float | None
    end: float | None
    first: int
    last: int


def gold_spans(gold: Sequence[Gold], episodes: dict[str, Episode]) -> list[Span]:
    """Gold as spans. Exact words that don't stand in their episode are an error of the set: VerbatimError."""
    spans = []
    for place in gold:
        if place.offsets is not None:
            spans.append(_pointed_at(place, episodes[place.episode]))
        elif place.text is not None:
            found = locate(place.text, episodes[place.episode])
            if not found:
                raise VerbatimError(f"gold words are not in {place.episode}: {place.text[:60]!r}")
            spans += [Span(place.episode, None, None, where.first, where.last) for where in found]
        else:
            spans.append(Span(place.episode, place.start, place.end, -1, -1))
    return spans


def _pointed_at(place: Gold, episode: Episode) -> Span:
    """The sentences that a pointer means; VerbatimError when the words there are not those that it was made for."""
    assert place.offsets is not None
    spoken = [sentence for sentence in episode.sentences if sentence.speech]
    text = " ".join(sentence.text for sentence in spoken)
    start, end = place.offsets
    if hashlib.sha256(text[start:end].encode()).hexdigest()[: len(place.sha256 or "")] != place.sha256:
        raise VerbatimError(f"gold at {start}–{end} of {episode.id}: the words there have changed")
    inside, offset = [], 0
    for sentence in spoken:
        if offset < end and start < offset + len(sentence.text):
            inside.append(sentence.position)
        offset += len(sentence.text) + 1
    return Span(episode.id, None, None, inside[0], inside[-1])


def overlaps(span: Span, gold: Span) -> bool:
    """Whether they share time, or sentences where the gold is exact words."""
    if span.episode != gold.episode:
        return False
    if gold.start is None:
        return span.first <= gold.last and gold.first <= span.last
    if span.start is None or span.end is None or gold.end is None:
        return False
    return min(span.end, gold.end) > max(span.start, gold.start)


def finding(found: Sequence[Span], gold: Sequence[Span]) -> dict[str, float]:
    """hit@1/5/10, recall@10, mrr@10 and ndcg@10 of a ranking; all 0 where nothing was found."""
    relevant = [any(overlaps(span, place) for place in gold) for span in found[:10]]
    first = next((rank for rank, hit in enumerate(relevant, start=1) if hit), None)
    covered = sum(any(overlaps(span, place) for span in found[:10]) for place in gold)
    gains = sum(1 / np.log2(rank + 1) for rank, hit in enumerate(relevant, start=1) if hit)
    ideal = sum(1 / np.log2(rank + 1) for rank in range(1, max(1, sum(relevant)) + 1))
    return {
        "hit@1": float(any(relevant[:1])),
        "hit@5": float(any(relevant[:5])),
        "hit@10": float(any(relevant)),
        "recall@10": covered / len(gold),
        "mrr@10": 1 / first if first else 0.0,
        "ndcg@10": float(gains / ideal),
    }


def citing(cited: Sequence[Span], gold: Sequence[Span]) -> dict[str, float]:
    """citation_precision (0 where nothing is cited) and citation_recall."""
    right = [any(overlaps(span, place) for place in gold) for span in cited]
    covered = sum(any(overlaps(span, place) for span in cited) for place in gold)
    return {
        "citation_hit": float(any(right)),
        "citation_precision": sum(right) / len(right) if right else 0.0,
        "citation_recall": covered / len(gold),
    }


def mean_with_interval(values: Sequence[float], *, seed: int = 0, draws: int = 1000) -> dict[str, float]:
    """Mean, 95 % bootstrap interval (percentiles, drawn with a fixed seed) and count of a metric."""
    numbers = np.asarray(values, float)
    drawn = np.random.default_rng(seed).choice(numbers, (draws, len(numbers))).mean(1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return {
        "mean": round(float(numbers.mean()), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
        "n": len(numbers),
    }
