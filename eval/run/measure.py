"""One question of a set, asked and measured: a row of the result, with the stage that lost it."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from eval.run.judge import Judge
from eval.run.metrics import (
    CITING,
    DEPTH,
    FINDING,
    EpisodeSpan,
    citing,
    faithfulness,
    finding,
    gold_spans,
    in_gold,
    start_error,
    token_f1,
)
from eval.run.understanding import understanding
from eval.sets.questions import SetQuestion
from index.episode import Episode
from rag.answer import Answer, Citation, Done
from rag.assistant import Assistant
from rag.question.question import Question
from rag.question.scope import Filters

ABSTENTIONS = ("not_said", "said_by_other", "asked_not_answered", "unknown_person")
ANSWERABLE = ("answered", "said_by_other", "asked_not_answered")

LostAt = Literal[
    "failed", "not_found", "found_not_cited", "wrong_speaker", "wrongly_refused", "wrongly_answered", "wrong_verdict"
]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """How a set is run. `repeat`: how often each question is asked, to see whether the answers stay the same."""

    finding_only: bool = False
    repeat: int = 1
    judge: Judge | None = None


def measure(assistant: Assistant, asked: SetQuestion, options: Options) -> dict[str, Any]:
    """The question's row. One that raises counts as wrong: everything that applies to it is 0, and `error` says why."""
    row: dict[str, Any] = {
        "id": asked.id, "kind": asked.kind, "half": asked.half, "question": asked.question, "asked": asked.question,
        "history": list(asked.history), "filters": asked.filters, "expected": asked.verdict, "verdict": None,
        "speaker": asked.speaker, "gold": [gold.to_json() for gold in asked.gold], "reference": asked.answer,
        "answer": None, "found": [], "citations": [], "metrics": nothing(asked, options), "start_error_s": None,
        "confidence": None, "best_right": False, "seconds": {}, "tokens": None, "cost": None, "stage": None, "error": None,
    }  # fmt: skip
    try:
        _Measured(assistant, asked, options, row).fill()
    except Exception as exc:  # whatever it is, the set goes on, and the question is lost
        hidden = assistant.settings.hidden_in
        log.debug("question %s failed: %s", asked.id, hidden("".join(traceback.format_exception(exc))))
        row |= {"error": hidden(f"{type(exc).__name__}: {exc}"), "stage": "failed", "metrics": nothing(asked, options)}
    return row


def nothing(asked: SetQuestion, options: Options) -> dict[str, float]:
    """The metrics of a question that got nothing at all: 0 wherever one applies, so that it stays in every mean."""
    metrics: dict[str, float] = dict.fromkeys(FINDING, 0.0) if asked.gold else {}
    if options.finding_only:
        return metrics
    metrics |= {"verdict_right": 0.0, "wrong_speaker": 0.0, "refused": 1.0}
    metrics |= {"wrongly_refused": 1.0} if asked.verdict in ANSWERABLE else {"wrongly_answered": 0.0}
    if asked.gold:
        metrics |= dict.fromkeys(CITING, 0.0)
    if asked.evidence:
        metrics["evidence_precision"] = 0.0
    if asked.speaker and asked.gold:
        metrics |= {"speaker_right": 0.0, "role_right": 0.0}
    if asked.answer and asked.verdict in ANSWERABLE:
        metrics |= {"token_f1": 0.0, "similarity": 0.0}
        if options.judge:
            metrics["judge_right"] = 0.0
    if options.repeat > 1:
        metrics["stable"] = 0.0
    return metrics


class _Measured:
    """One question while it is measured; `row` is filled on the way."""

    def __init__(self, assistant: Assistant, asked: SetQuestion, options: Options, row: dict[str, Any]) -> None:
        self.assistant, self.asked, self.options, self.row = assistant, asked, options, row
        self.metrics: dict[str, float] = row["metrics"]
        self.filters = Filters(**asked.filters)
        if asked.today:
            self.assistant = assistant = copy(assistant)
            assistant.today = date.fromisoformat(asked.today)
        self.question, self.scope = assistant.understand(asked.question, asked.history, self.filters)
        row["asked"] = self.question.asked
        self.gold = gold_spans(asked.gold, {place.episode: self.episode(place.episode) for place in asked.gold})

    def episode(self, id_: str) -> Episode:
        return self.assistant.library.episode(id_)

    def fill(self) -> None:
        if self.gold:
            self._find()
        if self.options.finding_only:
            self.row["stage"] = "not_found" if self.gold and not self.metrics["hit@10"] else None
            return
        answers = [self._ask() for _ in range(self.options.repeat)]
        self._answered(answers[0])
        if len(answers) > 1:
            self.metrics["stable"] = float(len({_same(answer) for answer in answers}) == 1)
        self.row["stage"] = stage(self.row)

    def _find(self) -> None:
        hits = self.assistant.retriever.retrieve(self.question, self.scope, k=DEPTH)
        spans = [
            EpisodeSpan(h.passage.episode, h.passage.start, h.passage.end, h.passage.first, h.passage.last)
            for h in hits
        ]
        right = [in_gold(span, self.gold) for span in spans]
        relevant = sum(
            in_gold(EpisodeSpan(p.episode, p.start, p.end, p.first, p.last), self.gold)
            for episode in {place.episode for place in self.gold}
            for p in self.assistant.library.passages_in(episode)
        )
        self.metrics |= finding(right, relevant)
        self.metrics["passage_words"] = sum(hit.passage.words for hit in hits) / max(1, len(hits))
        self.row["found"] = [
            {
                "episode": hit.passage.episode,
                "title": self.episode(hit.passage.episode).title,
                "start": hit.passage.start,
                "end": hit.passage.end,
                "first": hit.passage.first,
                "last": hit.passage.last,
                "words": hit.passage.words,
                "score": round(hit.score, 4),
                "relevant": is_right,
            }
            for hit, is_right in zip(hits, right, strict=True)
        ]

    def _ask(self) -> Answer:
        events = self.assistant.ask(self.asked.question, self.asked.history, self.filters)
        return next(event.answer for event in events if isinstance(event, Done))

    def _answered(self, answer: Answer) -> None:
        asked, metrics, row = self.asked, self.metrics, self.row
        cited = [_span(citation) for citation in answer.citations]
        right = [in_gold(span, self.gold) for span in cited]
        best = cited or [_span(citation) for citation in answer.nearest]
        row |= {
            "verdict": answer.verdict,
            "answer": answer.answer,
            "confidence": round(answer.confidence, 4),
            "best_right": asked.verdict in ANSWERABLE and any(in_gold(span, self.gold) for span in best),
            "citations": [c.to_json() | {"right": r} for c, r in zip(answer.citations, right, strict=True)],
            "seconds": {stage: round(seconds, 5) for stage, seconds in answer.seconds.items()},
            "tokens": answer.tokens,
            "cost": answer.cost,
            "start_error_s": start_error(cited, self.gold),
        }
        shown = bool(answer.citations) or (not self.gold and answer.kind == "library" and asked.verdict in ANSWERABLE)
        metrics["verdict_right"] = float(answer.verdict == asked.verdict)
        # Who quotes a question and what evades it gives no answer, unless that is what there is to find.
        refused = not shown or (answer.verdict == "asked_not_answered" != asked.verdict)
        metrics["refused"] = float(refused)
        if asked.verdict in ANSWERABLE:
            metrics["wrongly_refused"] = float(refused)
        else:
            metrics["wrongly_answered"] = float(not refused)
        if self.gold:
            metrics |= citing(cited, self.gold)
        if asked.meant:
            metrics |= understanding(asked, self.question, answer, right, self.assistant)
        if answer.citations:
            self._attributed(answer, cited, right)
        if asked.answer and asked.verdict in ANSWERABLE and shown:
            metrics["token_f1"] = token_f1(answer.answer, asked.answer)
            vectors = self.assistant.library.encoder.encode([answer.answer, asked.answer])
            metrics["similarity"] = float(vectors[0] @ vectors[1])
            if self.options.judge:
                row["judged"] = self.options.judge.judged(asked.question, answer, asked.answer)
                metrics["judge_right"] = float(row["judged"]["verdict"] == "right")

    def _attributed(self, answer: Answer, cited: Sequence[EpisodeSpan], right: Sequence[bool]) -> None:
        """What is shown, against the transcript and against the speaker that the set names."""
        asked, metrics, citations = self.asked, self.metrics, answer.citations
        exact, attributed = faithfulness(citations, {c.episode: self.episode(c.episode) for c in citations})
        metrics |= {"quotes_exact": exact, "speakers_exact": attributed}
        plain = answer.verdict == "answered"  # else the answer itself says that it quotes somebody else
        metrics["wrong_speaker"] = float(
            attributed < exact
            or any(
                plain and r and asked.speaker and c.speaker and not same_person(c.speaker, asked.speaker)
                for c, r in zip(citations, right, strict=True)
            )
            or _somebody_else(answer, self.question)
        )
        if asked.speaker:
            by_them = [c.speaker is not None and same_person(c.speaker, asked.speaker) for c in citations]
            if plain:
                metrics["by_speaker"] = sum(by_them) / len(by_them)
            if asked.gold:
                metrics["speaker_right"] = float(by_them[0])
                people = [p for place in self.gold for p in self.episode(place.episode).people]
                roles = {p.role for p in people if same_person(p.name, asked.speaker)}
                metrics["role_right"] = float(citations[0].role in roles)
        if asked.evidence:
            spoken = gold_spans(
                asked.evidence, {place.episode: self.episode(place.episode) for place in asked.evidence}
            )
            metrics["evidence_precision"] = sum(in_gold(span, spoken) for span in cited) / len(cited)


def _somebody_else(answer: Answer, question: Question) -> bool:
    """Whether a plain answer to what a person said shows the words of another person."""
    return bool(
        answer.verdict == "answered"
        and question.said
        and question.people
        and any(c.speaker is not None and c.speaker not in question.people for c in answer.citations)
    )


def stage(row: dict[str, Any]) -> LostAt | None:
    """The stage that lost a question, or None where it went right. The first fault on the way is the one that is named."""
    metrics, answerable = row["metrics"], row["expected"] in ANSWERABLE
    if metrics.get("wrong_speaker") or metrics.get("speakers_exact", 1.0) < 1:
        return "wrong_speaker"
    if not answerable:
        if metrics["wrongly_answered"]:
            return "wrongly_answered"
        return None if metrics["verdict_right"] else "wrong_verdict"
    placed = "citation_hit" in metrics  # else no place is judged
    if metrics.get("citation_hit", 1.0) and metrics["verdict_right"]:
        return None
    if placed and not metrics["hit@10"]:
        return "not_found"
    if metrics["wrongly_refused"]:
        return "wrongly_refused"
    return "found_not_cited" if placed and not metrics["citation_hit"] else "wrong_verdict"


def same_person(one: str, other: str) -> bool:
    """Whether two names are one person's, apart from an office in brackets: "Bill Blair (Minister …)"."""
    return one.partition(" (")[0].casefold() == other.partition(" (")[0].casefold()


def _span(citation: Citation) -> EpisodeSpan:
    return EpisodeSpan(citation.episode, citation.start, citation.end, citation.first, citation.last)


def _same(answer: Answer) -> tuple[object, ...]:
    """What two answers to one question must share to count as the same: the verdict, and the places quoted in order."""
    return (answer.verdict, *((c.episode, c.first, c.last) for c in answer.citations))
