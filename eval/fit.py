"""Fit how sentences are scored and when to refuse: `python -m eval.fit QUESTIONS=LIBRARY …` writes `rag/fitted.json`.

With `--keep-sentences` only the refusal is fitted: that needs the sets with halves only, and minutes instead of an hour.

Only development questions are used: those marked `"half": "dev"`, or of every second episode in a set without halves.
- Sentences: among a question's candidates, the share of probability on gold sentences is made as large as it can be
  (softmax over the candidates, L2), each set weighing the same.
- Refusing: logistic regression without negative weights on the signals of the chosen quote, over the sets with halves. Right: the
  question has an answer (counted in full where the quote lies in it). Wrong: nobody said it. The threshold refuses no more
  than `WRONGLY_REFUSED` of the questions whose quote is right. Told with it is the curve of risk over coverage, cross-fitted.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from eval.metrics import Span, gold_spans, overlaps
from eval.questions import Asked, development
from eval.readers import read_set
from eval.runner import commit
from eval.softmax import fit_softmax
from index.library import Library
from rag.answer import Assistant, may_speak_rule
from rag.extract import FEATURES, Evidence, Quote, fitted
from rag.question import Filters
from rag.refuse import features
from rag.retrieve import read_scope

L2 = 5.0
MOST_QUESTIONS = 120  # of one set: more change the weights in the second digit only
WRONGLY_REFUSED = 0.10
LIKELY = 0.6  # how much a question with an answer counts whose quote is another one; all others count 1
FITTED = Path(__file__).parent.parent / "rag" / "fitted.json"


class Row(NamedTuple):
    """What the refusal is fitted on: the signals of the quote chosen for a question.

    `answers`: the question has an answer; `right`: and the quote lies in it. `weight`: how much the row counts.
    """

    features: list[float]
    answers: bool
    right: bool
    weight: float = 1.0


@dataclass
class Read:
    """A question with what was read for it: gold marks for each candidate that may be quoted."""

    asked: Asked
    evidence: Evidence
    may: np.ndarray
    gold: np.ndarray
    spans: list[Span]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.fit", description="Fit sentence scores and refusals.")
    parser.add_argument("sets", nargs="+", metavar="QUESTIONS=LIBRARY")
    parser.add_argument("--keep-sentences", action="store_true", help="fit only when to refuse")
    parser.add_argument("--curve", type=Path, metavar="FILE", help="write risk over coverage, cross-fitted, as JSON")
    options = parser.parse_args(arguments)
    sets = [item.split("=", 1) for item in options.sets]
    per_set: list[list[Read]] = []
    for questions, library in sets:
        assistant = Assistant(Library.open(library))
        per_set.append([_read(assistant, asked) for asked in _development(read_set(questions).questions)])
    if options.keep_sentences:
        sentence = np.array([fitted()["sentence"][name] for name in FEATURES])
    else:
        sentence = fit_sentences(per_set)
        fitted()["sentence"] = dict(zip(FEATURES, sentence, strict=True))
    rows: list[Row] = []
    for (_, library), reads in zip(sets, per_set, strict=True):
        assistant = Assistant(Library.open(library))
        # Which quote is chosen, and so its signals, depends on the weights just found.
        halved = [_rescored(read, sentence) for read in reads if read.asked.half is not None]
        rows += of_one_set([row for read in halved for row in _refusal_rows(assistant, read)])
    chances = cross_fitted(rows)
    made_by = {"sets": ["/".join(Path(questions).parts[-2:]) for questions, _ in sets], "commit": commit()}
    written = {
        **fitted(),
        "made_by": fitted()["made_by"] if options.keep_sentences else made_by,
        "sentence": {name: round(float(weight), 3) for name, weight in zip(FEATURES, sentence, strict=True)},
        "refusal": {"made_by": made_by, **fit_refusal(rows, chances)},
    }
    if options.curve:
        options.curve.write_text(json.dumps(curve(rows, chances), indent=1) + "\n", encoding="utf-8")
    FITTED.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(written, indent=1))
    return 0


def fit_sentences(per_set: Sequence[Sequence[Read]]) -> np.ndarray:
    """Weights, shape (len(FEATURES),), that put the most probability on gold sentences among those that may be quoted."""
    return fit_softmax(
        [
            [(read.evidence.features[read.may], read.gold[read.may]) for read in reads if (read.gold & read.may).any()]
            for reads in per_set
        ],
        l2=L2,
    )


def fit_refusal(rows: Sequence[Row], chances: np.ndarray) -> dict[str, Any]:
    """Bias, weights and threshold of the logistic regression. `chances`: of each row, from a fit that didn't see it."""
    bias, weights = _logistic(rows)
    answers, right = _answers(rows), np.array([row.right for row in rows], bool)
    threshold = float(np.quantile(chances[right], WRONGLY_REFUSED))
    return {
        "bias": round(bias, 3),
        "weights": [round(float(weight), 3) for weight in weights],
        "threshold": round(threshold, 3),
        "development": {
            "rows": len(rows),
            "wrongly_refused": round(float((chances[answers] < threshold).mean()), 3),
            "never_said_refused": round(float((chances[~answers] < threshold).mean()), 3),
            "area": round(_area(answers, chances), 3),
        },
    }


def cross_fitted(rows: Sequence[Row], folds: int = 8) -> np.ndarray:
    """The probability of each row under weights fitted on the other folds, shape (n_rows,)."""
    places = np.random.default_rng(0).permutation(len(rows)) % folds
    matrix, chances = np.array([row.features for row in rows]), np.zeros(len(rows))
    for fold in range(folds):
        bias, weights = _logistic([row for row, place in zip(rows, places, strict=True) if place != fold])
        chances[places == fold] = 1 / (1 + np.exp(-(matrix[places == fold] @ weights + bias)))
    return chances


def curve(rows: Sequence[Row], chances: np.ndarray) -> dict[str, Any]:
    """Risk over coverage: answering the surest questions first, how many of those answered nobody said or are quoted wrongly."""
    wrong = np.array([not row.right for row in rows], float)
    never = ~_answers(rows)
    order = np.argsort(-chances, kind="stable")
    n = np.arange(1, len(rows) + 1)
    return {
        "coverage": (n / len(rows)).round(4).tolist(),
        "risk": (np.cumsum(wrong[order]) / n).round(4).tolist(),
        "never_said": (np.cumsum(never[order]) / n).round(4).tolist(),
        "area_under_risk": round(float((np.cumsum(wrong[order]) / n).mean()), 4),
        "area": round(_area(~never, chances), 4),
    }


def _answers(rows: Sequence[Row]) -> np.ndarray:
    return np.array([row.answers for row in rows], bool)


def _area(answers: np.ndarray, chances: np.ndarray) -> float:
    """The chance that a question with an answer is held likelier to have one than a question without."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(answers, chances))


def _logistic(rows: Sequence[Row]) -> tuple[float, np.ndarray]:
    """Bias and weights of a logistic regression, none of them negative."""
    from sklearn.linear_model import LogisticRegression

    matrix = np.array([row.features for row in rows])
    right = _answers(rows)
    importance = np.array([row.weight for row in rows])
    # Both sides count the same, however many questions each has.
    importance = importance / np.where(right, importance[right].sum(), importance[~right].sum()) * len(rows) / 2
    scale = matrix.std(0) + 1e-6
    # Negative weights would punish a better fit: they come from chance in few rows, and are kept out.
    keep = np.ones(matrix.shape[1], bool)
    while True:
        model = LogisticRegression(C=0.3, max_iter=5000)
        model.fit((matrix / scale)[:, keep], right, sample_weight=importance)
        if (model.coef_[0] >= 0).all():
            break
        keep[np.flatnonzero(keep)[np.argmin(model.coef_[0])]] = False
    weights = np.zeros(matrix.shape[1])
    weights[keep] = model.coef_[0] / scale[keep]
    return float(model.intercept_[0]), weights


def _development(questions: Sequence[Asked]) -> list[Asked]:
    half = development(questions)
    # What is marked by hand is little and counts whole.
    return half if any(asked.half for asked in half) else half[:: max(1, len(half) // MOST_QUESTIONS)]


def _read(assistant: Assistant, asked: Asked) -> Read:
    filters = Filters(**asked.filters)
    question, scope = assistant.understand(asked.question, asked.history, filters)
    hits = assistant.retriever.retrieve(question, scope, k=8)
    evidence = assistant.extractor.read(question, hits)
    spans = gold_spans(asked.gold, {place.episode: assistant.extractor.episode(place.episode) for place in asked.gold})
    may_speak = may_speak_rule(question, filters, scope)
    may = np.array([may_speak(candidate.turn) for candidate in evidence.candidates], bool)
    gold = np.array(
        [any(overlaps(_span(c.episode.id, [c.sentence]), place) for place in spans) for c in evidence.candidates], bool
    )
    return Read(asked, evidence, may, gold, spans)


def _rescored(read: Read, sentence: np.ndarray) -> Read:
    scores = read.evidence.features @ sentence
    scored = [replace(old, score=float(score)) for old, score in zip(read.evidence.scored, scores, strict=True)]
    return replace(read, evidence=replace(read.evidence, scored=scored))


def _refusal_rows(assistant: Assistant, read: Read) -> list[Row]:
    """The signals of the quote chosen for a question, if there is one and the question is about no other verdict."""
    asked = read.asked
    quote = _best(read, assistant, asked)
    if asked.verdict not in ("answered", "not_said") or quote is None:
        return []
    right = any(overlaps(_span(quote.episode.id, quote.sentences), place) for place in read.spans)
    answers = asked.verdict == "answered"
    return [Row(features(quote.signals), answers, right, LIKELY if answers and not right else 1.0)]


def of_one_set(rows: Sequence[Row]) -> list[Row]:
    """The rows of one set, so that each set counts the same however many questions it has."""
    total = sum(row.weight for row in rows)
    return [row._replace(weight=row.weight / total) for row in rows]


def _best(read: Read, assistant: Assistant, asked: Asked) -> Quote | None:
    filters = Filters(**asked.filters)
    may_speak = may_speak_rule(read.evidence.question, filters, read_scope(assistant.library, filters))
    return next(iter(read.evidence.choose(may_speak, limit=1)), None)


def _span(episode: str, sentences: Sequence) -> Span:
    return Span(episode, sentences[0].start, sentences[-1].end, sentences[0].position, sentences[-1].position)


if __name__ == "__main__":
    sys.exit(main())
