"""Metrics of one question. Each is a number per question; the runner takes the mean over *every* question of its kind.

A passage or quote hits a gold place when they share any time (or, without times, any sentence). Means say little without
the passages' length beside them: long passages hit by luck.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.sets.questions import Gold
from index.episode import Episode
from index.errors import VerbatimError
from rag.answer import Citation
from rag.evidence.check import check_quote, locate

DEPTH = 10  # of every ranking that is measured
DRAWS = 2000  # of every bootstrap


@dataclass(frozen=True, slots=True)
class EpisodeSpan:
    """A piece of an episode: seconds where it is timed, and sentence positions, both ends included."""

    episode: str
    start: float | None
    end: float | None
    first: int
    last: int


def gold_spans(gold: Sequence[Gold], episodes: dict[str, Episode]) -> list[EpisodeSpan]:
    """Gold as spans. Exact words that don't stand in their episode are an error of the set: VerbatimError."""
    spans = []
    for place in gold:
        if place.offsets is not None:
            spans.append(_pointed_at(place, episodes[place.episode]))
        elif place.text is not None:
            found = locate(place.text, episodes[place.episode])
            if not found:
                raise VerbatimError(f"gold words are not in {place.episode}: {place.text[:60]!r}")
            spans += [EpisodeSpan(place.episode, None, None, where.first, where.last) for where in found]
        else:
            spans.append(EpisodeSpan(place.episode, place.start, place.end, -1, -1))
    return spans


def _pointed_at(place: Gold, episode: Episode) -> EpisodeSpan:
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
    return EpisodeSpan(episode.id, None, None, inside[0], inside[-1])


def overlaps(span: EpisodeSpan, gold: EpisodeSpan) -> bool:
    """Whether they share time, or sentences where the gold is exact words."""
    if span.episode != gold.episode:
        return False
    if gold.start is None:
        return span.first <= gold.last and gold.first <= span.last
    if span.start is None or span.end is None or gold.end is None:
        return False
    return min(span.end, gold.end) > max(span.start, gold.start)


def in_gold(span: EpisodeSpan, gold: Sequence[EpisodeSpan]) -> bool:
    """True where a span overlaps any of the gold spans of its episode."""
    return any(overlaps(span, place) for place in gold)


# Finding


def finding(found: Sequence[bool], relevant: int) -> dict[str, float]:
    """hit@1/5/10, recall@10, mrr@10 and ndcg@10 of a ranking, as trec_eval counts them; all 0 where nothing was found.

    `found`: for each passage found, best first, whether it is relevant. `relevant`: how many relevant passages there are
    in the library, found or not. So a long answer that is spread over ten passages is not fully recalled by one of them.
    """
    hits = list(found[:DEPTH])
    first = next((rank for rank, hit in enumerate(hits, start=1) if hit), None)
    gains = sum(_gain(rank) for rank, hit in enumerate(hits, start=1) if hit)
    ideal = sum(_gain(rank) for rank in range(1, min(DEPTH, relevant) + 1))
    return {
        "hit@1": float(any(hits[:1])),
        "hit@5": float(any(hits[:5])),
        "hit@10": float(any(hits)),
        "recall@10": sum(hits) / relevant if relevant else 0.0,
        "mrr@10": 1 / first if first else 0.0,
        "ndcg@10": gains / ideal if ideal else 0.0,
    }


def _gain(rank: int) -> float:
    return float(1 / np.log2(rank + 1))


FINDING = ("hit@1", "hit@5", "hit@10", "recall@10", "mrr@10", "ndcg@10")


# Citing


def citing(cited: Sequence[EpisodeSpan], gold: Sequence[EpisodeSpan]) -> dict[str, float]:
    """citation_hit, citation_precision and citation_recall; all 0 where nothing is cited."""
    right = [in_gold(span, gold) for span in cited]
    covered = sum(any(overlaps(span, place) for span in cited) for place in gold)
    return {
        "citation_hit": float(any(right)),
        "citation_precision": sum(right) / len(right) if right else 0.0,
        "citation_recall": covered / len(gold),
    }


CITING = ("citation_hit", "citation_precision", "citation_recall")


def faithfulness(citations: Sequence[Citation], episodes: dict[str, Episode]) -> tuple[float, float]:
    """Shares of the citations whose words stand in the transcript, and whose speaker the transcript says spoke them.

    Judged from the transcript alone, whatever the citation says of itself. A citation without a speaker claims nothing
    of its speaker, and counts as right only where its words are.
    """
    checks = [check_quote(c.quote, c.speaker, episodes[c.episode])[0] for c in citations]
    exact = [check in ("verified", "wrong_speaker") for check in checks]
    attributed = [
        check == "verified" or (c.speaker is None and e) for check, c, e in zip(checks, citations, exact, strict=True)
    ]
    return sum(exact) / len(exact), sum(attributed) / len(attributed)


def start_error(citations: Sequence[EpisodeSpan], gold: Sequence[EpisodeSpan]) -> float | None:
    """Seconds between the start of the first citation that hits and the start of the gold it hits; None without either."""
    for span in citations:
        for place in gold:
            if overlaps(span, place) and span.start is not None and place.start is not None:
                return abs(span.start - place.start)
    return None


# Answering


def token_f1(answer: str, reference: str) -> float:
    """The F1 of the words two texts share, as in SQuAD: lower case, articles and punctuation left out."""
    said, wanted = _tokens(answer), _tokens(reference)
    shared = sum((Counter(said) & Counter(wanted)).values())
    if not shared:
        return 0.0
    precision, recall = shared / len(said), shared / len(wanted)
    return 2 * precision * recall / (precision + recall)


def _tokens(text: str) -> list[str]:
    return [word for word in re.findall(r"\w+", text.casefold()) if word not in ("a", "an", "the")]


# Abstaining


@dataclass(frozen=True, slots=True)
class Attempt:
    """A question with the confidence of its best evidence, and whether showing that evidence would be right."""

    confidence: float
    right: bool


def risk_coverage(attempts: Sequence[Attempt]) -> dict[str, object]:
    """How wrong the answers are when only the most confident ones are given: points from few to all, and their area.

    {"points": [{"coverage", "risk", "confidence"}], "area", "n"}; coverage is the share of all questions that are
    answered, risk the share of those that are wrong, area the mean risk over all coverages (lower is better).
    Questions of equal confidence are answered together or not at all.
    """
    ordered = sorted(attempts, key=lambda attempt: -attempt.confidence)
    points: list[dict[str, float]] = []
    wrong, area, before = 0, 0.0, 0.0
    for n, attempt in enumerate(ordered, start=1):
        wrong += not attempt.right
        if n < len(ordered) and ordered[n].confidence == attempt.confidence:
            continue
        coverage, risk = n / len(ordered), wrong / n
        area += (coverage - before) * risk
        before = coverage
        points.append(
            {"coverage": round(coverage, 4), "risk": round(risk, 4), "confidence": round(attempt.confidence, 4)}
        )
    return {"points": points, "area": round(area, 4), "n": len(ordered)}


# Means


def mean_with_interval(values: Sequence[float], *, seed: int = 0) -> dict[str, float]:
    """Mean, 95 % bootstrap interval (percentiles, drawn with a fixed seed) and count of a metric."""
    numbers = np.asarray(values, float)
    drawn = np.random.default_rng(seed).choice(numbers, (DRAWS, len(numbers))).mean(1)
    return _with_interval(float(numbers.mean()), drawn, len(numbers))


def ratio_with_interval(counted: Sequence[bool], of: Sequence[bool], *, seed: int = 0) -> dict[str, float] | None:
    """The share of the questions in `of` that are also `counted`, as `mean_with_interval` gives it; None where `of` is empty.

    Questions are drawn, not only those in `of`: their number is part of what chance decides.
    """
    top, bottom = np.asarray(counted, bool) & np.asarray(of, bool), np.asarray(of, bool)
    if not bottom.any():
        return None
    rows = np.random.default_rng(seed).integers(0, len(top), (DRAWS, len(top)))
    tops, bottoms = top[rows].sum(1), bottom[rows].sum(1)
    drawn = tops[bottoms > 0] / bottoms[bottoms > 0]
    return _with_interval(float(top.sum() / bottom.sum()), drawn, int(bottom.sum()))


def _with_interval(mean: float, drawn: np.ndarray, n: int) -> dict[str, float]:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return {"mean": round(mean, 4), "low": round(float(low), 4), "high": round(float(high), 4), "n": n}


def quantiles(values: Sequence[float], percents: Sequence[int]) -> dict[str, float]:
    """{"p50": …, "n": …}: percentiles of a metric that has a long tail, such as seconds."""
    return {f"p{p}": round(float(np.percentile(values, p)), 4) for p in percents} | {"n": len(values)}
