"""Quotes -> the words of an answer. Two writers with one signature: `extractive_writer` (no model) and `llm_writer`.

A writer yields `Wrote` events; each has been through the gate before it is yielded. What fails is counted, not shown.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from index.episode import Episode
from prompts import flat
from rag.answer import MINUTE, Citation, Withheld, Wrote, clock
from rag.evidence.check import check_quote
from rag.evidence.quotes import Quote
from rag.question.question import Question

UNLABELLED = "host or guest, unlabelled"


@dataclass
class Draft:
    """What a writer made, filled while it writes: the citations shown, how many sentences were withheld, who wrote.

    `held_back`: the sentences of a language model that were not shown as it wrote them.
    `tokens`: what a language model read and wrote, as {"input", "output"}; None where it doesn't tell. `taken`: the same
    with estimates where it doesn't, for the answer's budget. `began`: when the answer was begun, on the monotonic clock.
    """

    writer: str
    model: str | None = None
    citations: list[Citation] = field(default_factory=list)
    withheld: int = 0
    held_back: list[Withheld] = field(default_factory=list)
    tokens: dict[str, int] | None = None
    taken: dict[str, int] = field(default_factory=lambda: {"input": 0, "output": 0})
    began: float = field(default_factory=time.monotonic)

    def spent(self, read: int, wrote: int, told: bool = True) -> None:
        """Tokens that a language model took, added to those before; `told` by the endpoint, or else estimated."""
        self.taken = {"input": self.taken["input"] + read, "output": self.taken["output"] + wrote}
        if told:
            before = self.tokens or {"input": 0, "output": 0}
            self.tokens = {"input": before["input"] + read, "output": before["output"] + wrote}


class Writer(Protocol):
    def __call__(self, question: Question, quotes: Sequence[Quote], draft: Draft) -> Iterator[Wrote]: ...


def extractive_writer(question: Question, quotes: Sequence[Quote], draft: Draft) -> Iterator[Wrote]:
    """The quotes themselves, grouped by speaker and episode, each group led by one plain line."""
    for group in _grouped(quotes):
        led = False
        for quote in group:
            citation = cite(quote, len(draft.citations) + 1)
            if citation.check != "verified":
                draft.withheld += 1
                continue
            draft.citations.append(citation)
            lead = "" if led else _lead(quote) + " "
            led = True
            yield Wrote(f"{lead}“{citation.quote}” [{citation.n}]", (citation,))


def cite(quote: Quote, n: int) -> Citation:
    """The quote as a citation, checked against the transcript that it says it comes from."""
    episode, sentences = quote.episode, quote.sentences
    speaker = quote.turn.speaker
    start, end = sentences[0].start, sentences[-1].end
    check, _ = check_quote(quote.text, speaker.name if speaker else None, episode, first=quote.first, last=quote.last)
    return Citation(
        n=n,
        episode=episode.id,
        title=episode.title,
        show=episode.show.name,
        date=episode.date,
        speaker=speaker.name if speaker else None,
        role=speaker.role if speaker else "unknown",
        speaker_source=quote.turn.speaker_source,
        start=start,
        end=end,
        time_source=sentences[0].time_source,
        time_error=sentences[0].time_error,
        quote=quote.text,
        check=check,
        url=link(episode, start, sentences[0].time_error),
        first=quote.first,
        last=quote.last,
        passage=quote.passage,
        score=round(quote.score, 4),
        way=way_to(episode, quote.first),
    )


def way_to(episode: Episode, position: int) -> float:
    """The share of the talk's words that are said before a sentence."""
    before = total = 0
    for sentence in episode.sentences:
        words = len(sentence.text.split()) if sentence.speech else 0
        total += words
        before += words if sentence.position < position else 0
    return before / max(1, total)


def link(episode: Episode, start: float | None, time_error: float | None = None) -> str | None:
    """The episode's page (or its audio on the web) at that second, or as a whole where not even the minute is known."""
    address = episode.url or (episode.audio if episode.audio and episode.audio.startswith("http") else None)
    if address is None or start is None or (time_error or 0.0) > MINUTE:
        return address
    return f"{address.split('#')[0]}#t={start:.1f}"


def place(quote: Quote) -> str:
    """Where a quote stands, as it is said: its episode's title and its time. Nothing in a title can look like a mark."""
    first = quote.sentences[0]
    at = clock(first.start, first.time_error, way_to(quote.episode, quote.first))
    return f"{flat(quote.episode.title)}{f', {at}' if at else ''}"


def _lead(quote: Quote) -> str:
    where = place(quote)
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


def either(names: Sequence[str]) -> str:
    """Names as they are said: `Ann`, `Ann or Bo`, `Ann, Bo or Cat`."""
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def counted(n: int, noun: str) -> str:
    """A number with its noun: `1 quote`, `1,200 quotes`."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
