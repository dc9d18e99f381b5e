"""Fit how sentences are scored and when to refuse: `python -m eval fit-quotes QUESTIONS=LIBRARY …`.

Writes `rag/evidence/fitted.json`.

Only development questions are used: those marked `"half": "dev"`, or of every second episode in a set without halves.
- Sentences: among a question's candidates, the share of probability on gold sentences is made as large as it can be
  (softmax over the candidates, L2), each set weighing the same.
- Refusing: logistic regression on the signals of the chosen quote, over the sets with halves. Right: the question has an
  answer (counted in full where the quote lies in it). Wrong: nobody said it, or the question is asked of other episodes than
  those that hold the answer. The threshold wrongly refuses no more than `WRONGLY_REFUSED` of the questions with an answer.
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

from eval.fit.softmax import fit_softmax
from eval.run.metrics import EpisodeSpan, gold_spans, overlaps
from eval.run.runner import commit
from eval.sets.questions import SetQuestion, development
from eval.sets.readers import read_set
from index.library import Library
from rag.assistant import Assistant
from rag.evidence.may_speak import may_speak_rule
from rag.evidence.quote import Quote
from rag.evidence.quotes import FEATURES, Evidence
from rag.evidence.verdict import features
from rag.question.scope import Filters, Scope
from rag.reader.reading import READ
from rag.settings import Settings

L2 = 5.0
MOST_QUESTIONS = 200  # of one set
WRONGLY_REFUSED = 0.12
SURE, LIKELY, NEVER, ELSEWHERE = 1.0, 0.6, 3.0, 0.5
"""How much a row counts: right quote, other quote of a question with an answer, nobody said it, asked of other episodes."""
READERS = {"read": "embedded", "alone": "none"}
"""By the name in the file, which reader reads."""
FITTED = Path(__file__).parents[2] / "rag" / "evidence" / "fitted.json"


class RefusalRow(NamedTuple):
    """What the refusal is fitted on: the signals of a chosen quote, whether it should be shown, and how much it counts."""

    features: list[float]
    answers: bool
    weight: float


@dataclass
class Read:
    """A question with what was read for it: gold marks for each candidate that may be quoted."""

    asked: SetQuestion
    evidence: Evidence
    may: np.ndarray
    gold: np.ndarray
    spans: list[EpisodeSpan]


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit on the development halves and write `rag/evidence/fitted.json`; prints what was fitted. Exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m eval fit-quotes", description="Fit sentence scores and refusals.")
    parser.add_argument("sets", nargs="+", metavar="QUESTIONS=LIBRARY")
    parser.add_argument(
        "--refusing",
        nargs="*",
        default=[],
        metavar="QUESTIONS=LIBRARY",
        help="sets for refusing alone: the reader learnt from them",
    )
    parser.add_argument("--only", nargs="+", choices=READERS, help="with a reader (read) or without (alone)")
    options = parser.parse_args(arguments)
    sets = [item.split("=", 1) for item in options.sets]
    refusing = [item.split("=", 1) for item in options.refusing]
    made_by = {"sets": ["/".join(Path(questions).parts[-2:]) for questions, _ in sets + refusing], "commit": commit()}
    written = json.loads(FITTED.read_text(encoding="utf-8"))
    for name in options.only or READERS:
        written[name] = fit(sets, refusing, Settings(reader=READERS[name]))
        written[name]["made_by"] = made_by
    FITTED.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(written, indent=1))
    return 0


def fit(sets: Sequence[Sequence[str]], refusing: Sequence[Sequence[str]], settings: Settings) -> dict[str, Any]:
    """Weights of sentences and of refusing, for passages as these settings read them. `sets`: (questions, library);
    `refusing`: the same, for refusing alone."""
    per_set: list[list[Read]] = []
    for questions, library in (*sets, *refusing):
        assistant = Assistant(Library.open(library), settings)
        per_set.append([_read(assistant, asked) for asked in _development(read_set(questions).questions)])
    sentence = fit_sentences(per_set[: len(sets)])
    rows: list[RefusalRow] = []
    for (_, library), reads in zip((*sets, *refusing), per_set, strict=True):
        assistant = Assistant(Library.open(library), settings)
        for read in reads:
            if read.asked.half is None:
                # In sets that nobody marked by hand, "elsewhere" often holds an answer too.
                continue
            # Which quote is chosen, and so its signals, depends on the weights just found.
            rows += _refusal_rows(assistant, _rescored(read, sentence), sentence)
    weights = {name: round(float(weight), 3) for name, weight in zip(FEATURES, sentence, strict=True)}
    return {"sentence": weights, "refusal": fit_refusal(rows)}


def fit_sentences(per_set: Sequence[Sequence[Read]]) -> np.ndarray:
    """Weights, shape (len(FEATURES),), that put the most probability on gold sentences among those that may be quoted."""
    return fit_softmax(
        [
            [(read.evidence.features[read.may], read.gold[read.may]) for read in reads if (read.gold & read.may).any()]
            for reads in per_set
        ],
        l2=L2,
    )


def fit_refusal(rows: Sequence[RefusalRow]) -> dict:
    """Bias, weights and threshold of the logistic regression."""
    from sklearn.linear_model import LogisticRegression

    matrix = np.array([row.features for row in rows])
    right = np.array([row.answers for row in rows])
    importance = np.array([row.weight for row in rows])
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
    chances = 1 / (1 + np.exp(-(matrix @ weights + model.intercept_[0])))
    never = ~right & (importance == NEVER)
    threshold = float(np.quantile(chances[right], WRONGLY_REFUSED))
    return {
        "bias": round(float(model.intercept_[0]), 3),
        "weights": [round(float(weight), 3) for weight in weights],
        "threshold": round(threshold, 3),
        "development": {
            "rows": len(rows),
            "wrongly_refused": WRONGLY_REFUSED,
            "never_said_refused": round(float((chances[never] < threshold).mean()), 3),
        },
    }


def _development(questions: Sequence[SetQuestion]) -> list[SetQuestion]:
    """A turn of a conversation is asked as it is meant."""
    half = [one for one in development(questions) if one.kind != "about_library"]
    whole = [replace(one, question=one.meant.whole) if one.meant and one.meant.whole else one for one in half]
    return whole[:: max(1, len(whole) // MOST_QUESTIONS)]


def _read(assistant: Assistant, asked: SetQuestion, scope: Scope | None = None) -> Read:
    filters = Filters(**asked.filters)
    question, asked_of = assistant.understand(asked.question, asked.history, filters)
    scope = scope or asked_of
    hits = assistant.retriever.retrieve(question, scope, k=READ)
    evidence = assistant.extractor.read(question, hits)
    spans = gold_spans(asked.gold, {place.episode: assistant.library.episode(place.episode) for place in asked.gold})
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


SEVERAL_EPISODES = ("several_places", "across_episodes", "changed_opinion")


def _refusal_rows(assistant: Assistant, read: Read, sentence: np.ndarray) -> list[RefusalRow]:
    """(features, answers, kind) of the chosen quote: asked as it is, and of episodes that don't hold the answer."""
    asked = read.asked
    if asked.verdict not in ("answered", "not_said"):
        return []
    rows = []
    quote = _best(read, assistant, asked)
    if quote is not None:
        hit = any(overlaps(_span(quote.episode.id, quote.sentences), place) for place in read.spans)
        answers = asked.verdict == "answered"
        rows.append(RefusalRow(features(quote.signals), answers, NEVER if not answers else SURE if hit else LIKELY))
    held = {place.episode for place in asked.gold}
    elsewhere = [e for e in assistant.library.summaries() if e.id not in held]
    if held and elsewhere and not asked.history and not asked.filters and asked.kind not in SEVERAL_EPISODES:
        scope = Scope(tuple(elsewhere), assistant.library.rows([e.id for e in elsewhere]))
        away = replace(asked, gold=())
        quote = _best(_rescored(_read(assistant, away, scope), sentence), assistant, away)
        if quote is not None:
            rows.append(RefusalRow(features(quote.signals), False, ELSEWHERE))
    return rows


def _best(read: Read, assistant: Assistant, asked: SetQuestion) -> Quote | None:
    filters = Filters(**asked.filters)
    may_speak = may_speak_rule(read.evidence.question, filters, Scope.of(assistant.library, filters))
    return next(iter(read.evidence.choose(may_speak, limit=1)), None)


def _span(episode: str, sentences: Sequence) -> EpisodeSpan:
    return EpisodeSpan(episode, sentences[0].start, sentences[-1].end, sentences[0].position, sentences[-1].position)


if __name__ == "__main__":
    sys.exit(main())
