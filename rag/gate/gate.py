"""The gate of one answer: each sentence of a model's reply goes in, and comes out as it may be shown, or not at all.

Holds what the reader has seen so far: which quotes have which number, and whom "she" means. Knows nothing of models
and streams; whether a sentence may be shown is `rag.gate.judge`'s to say.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from index.episode import Episode
from rag.answer import Citation, Withheld, Wrote
from rag.draft import Draft
from rag.evidence.check import normalise
from rag.evidence.quote import Quote
from rag.gate.judge import Ruling, judge
from rag.gate.second_look import SecondLook
from rag.gate.synonyms import synonyms
from rag.question.question import Question

log = logging.getLogger(__name__)


class Gate:
    """What of a model's sentences is shown, and under which numbers. Holds what the reader has seen so far."""

    def __init__(
        self,
        question: Question,
        quotes: Sequence[Quote],
        draft: Draft,
        second_look: SecondLook | None = None,
        *,
        read: Sequence[Episode] = (),
    ) -> None:
        """`read`: the episodes that the model reads beside those of the quotes; everybody in them is known by name."""
        verified = [quote for quote in quotes if quote.cited(1).check == "verified"]
        self.given = dict(enumerate(verified, start=1))
        self.question, self.draft, self.second_look = question, draft, second_look
        self.read = 0
        synonyms()  # read now, while nobody waits for a sentence
        episodes = [*read, *(quote.episode for quote in verified)]
        people = [person.name for episode in episodes for person in episode.people]
        speakers = [turn.speaker.name for episode in episodes for turn in episode.turns if turn.speaker]
        self.people = tuple(dict.fromkeys([*people, *speakers, *question.people]))
        self._numbers: dict[int, int] = {}
        self._before: tuple[str, ...] = question.people
        self._shown: set[str] = set()

    def give(self, quotes: Mapping[int, Quote]) -> None:
        """Adds quotes that sentences may cite by these numbers, where they stand in their transcripts."""
        for number, quote in quotes.items():
            if number not in self.given and quote.cited(1).check == "verified":
                self.given[number] = quote

    def judged(self, sentence: str) -> Wrote | None:
        """The sentence as it may be shown, its citations numbered in order of first use; None: withheld, and counted.

        What is not shown as it was written is kept in the draft, with the reason.
        """
        self.read += 1
        ruling = judge(sentence, self.given, self.question, self.people, before=self._before)
        if ruling.check == "verified" and not ruling.why and not self._holds(sentence, ruling):
            ruling = Ruling("unsupported", "asked again, the language model does not find it in the words cited")
        if ruling.check != "verified":
            log.info("withheld (%s: %s)", ruling.check, ruling.why)
            log.debug("withheld: %r", sentence)
            self.draft.withheld += 1
            self.draft.held_back.append(Withheld(sentence, ruling.check, ruling.why))
            return None
        text = "".join(clause.text for clause in ruling.clauses)
        if normalise(text) in self._shown:  # a model in a loop says the same again; once is enough
            return None
        self._shown.add(normalise(text))
        wrote = self._numbered(ruling)
        if ruling.why:
            self.draft.held_back.append(Withheld(sentence, "unsupported", ruling.why, instead=wrote.text))
        return wrote

    def _holds(self, sentence: str, ruling: Ruling) -> bool:
        """False where a second look is wanted and finds that the quotes don't support the sentence."""
        marks = dict.fromkeys(mark for clause in ruling.clauses for mark in clause.marks)
        return self.second_look is None or self.second_look(sentence, [self.given[mark] for mark in marks])

    def _numbered(self, ruling: Ruling) -> Wrote:
        new: list[Citation] = []
        text = ""
        for clause in ruling.clauses:
            for mark in clause.marks:
                if mark not in self._numbers:
                    # Counted on from what the answer cites already: it may have been begun by another gate.
                    self._numbers[mark] = len(self.draft.citations) + len(new) + 1
                    new.append(self.given[mark].cited(self._numbers[mark]))
            marks = "".join(f"[{n}]" for n in sorted(self._numbers[mark] for mark in clause.marks))
            text += f"{clause.text} {marks}"
        last = [self.given[mark].turn.speaker for mark in ruling.clauses[-1].marks]
        self._before = tuple(speaker.name for speaker in last if speaker) or self._before
        self.draft.citations.extend(new)
        return Wrote(f"{text}{ruling.ending}".strip(), tuple(new))
