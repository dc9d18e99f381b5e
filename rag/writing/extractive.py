"""Quotes -> the words of an answer. Two writers with one signature: `extractive_writer` (no model) and `llm_writer`.

A writer yields `Wrote` events; each has been checked against the transcript before it is yielded. What fails is counted, not
shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from prompts import flat
from rag.answer import Wrote
from rag.draft import Draft
from rag.evidence.quote import Quote
from rag.prose import either
from rag.question.question import Question

UNLABELLED = "host or guest, unlabelled"


class Writer(Protocol):
    def __call__(self, question: Question, quotes: Sequence[Quote], draft: Draft) -> Iterator[Wrote]: ...


def extractive_writer(question: Question, quotes: Sequence[Quote], draft: Draft) -> Iterator[Wrote]:
    """The quotes themselves, grouped by speaker and episode, each group led by one plain line."""
    for group in _grouped(quotes):
        led = False
        for quote in group:
            citation = quote.cited(len(draft.citations) + 1)
            if citation.check != "verified":
                draft.withheld += 1
                continue
            draft.citations.append(citation)
            lead = "" if led else _lead(quote) + " "
            led = True
            yield Wrote(f"{lead}“{citation.quote}” [{citation.n}]", (citation,))


def _lead(quote: Quote) -> str:
    where = quote.place
    speaker = quote.turn.speaker
    if speaker is None:
        people = [flat(person.name) for person in quote.episode.people]
        who = f"{either(people)} said" if 1 < len(people) < 4 else "Somebody said"
        return f"{who} ({UNLABELLED}; {where}):"
    role = f"{speaker.role}, " if speaker.role != "unknown" else ""
    recovered = "recovered, " if quote.turn.speaker_source == "recovered" else ""
    return f"{flat(speaker.name)} ({role}{recovered}{where}) said:"


def _grouped(quotes: Sequence[Quote]) -> list[list[Quote]]:
    """Quotes of one speaker in one episode stand together, in the order spoken; groups stay best first."""
    groups: dict[tuple[str, str | None], list[Quote]] = {}
    for quote in quotes:
        name = quote.turn.speaker.name if quote.turn.speaker else None
        groups.setdefault((quote.episode.id, name), []).append(quote)
    return [sorted(group, key=lambda quote: quote.first) for group in groups.values()]
