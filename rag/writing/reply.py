"""A model's reply to passages, as it streams in -> what of it may be shown, and the verdict that it comes to.

The model's opinion decides nothing by itself. Whose words may stand for an answer is a hard rule: sentences that rest on
somebody else than the person asked about are held back until the end, and shown as what they are only where nothing else is.
Knows nothing of endpoints, and of what happens where a model fails (`rag/writing/model_reader.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.episode import Episode, Turn
from index.library import Library
from index.search.lexical import STOP_WORDS, stems
from rag.answer import Verdict, Withheld, Wrote
from rag.draft import Draft
from rag.evidence.quote import Quote
from rag.evidence.quotes import asks
from rag.evidence.retrieve import Hit
from rag.evidence.verdict import Decision
from rag.gate.clauses import Cited, words_of
from rag.gate.gate import Gate
from rag.gate.second_look import SecondLook
from rag.question.people import find_person, fold
from rag.question.plan import Plan
from rag.question.question import Question
from rag.question.scope import Scope
from rag.writing.by_section import unanswered
from rag.writing.lines import UNSURE, other_line
from rag.writing.marked import Marks
from rag.writing.numbered import Numbered
from rag.writing.opinion import Opinion, opinion_of

LONGEST_NAME = 4  # words


@dataclass(frozen=True, slots=True)
class Read:
    """What is read, and by which rules. `hits`: best first; `episodes`: those that they are from.

    `whose`: whose words are asked for, as it is said. `may_speak`: whose answer the question, `may_stand_in`: whose may be
    shown in their place, as what they are.
    `witness`: what is decided without a model. `plan`: that of a question of several search passes, all of which are read.
    `most`: sentences that are listened to.
    """

    asked: Question
    scope: Scope
    hits: Sequence[Hit]
    episodes: Mapping[str, Episode]
    whose: str
    may_speak: Callable[[Turn], bool]
    may_stand_in: Callable[[Turn], bool]
    witness: Decision
    plan: Plan | None
    library: Library
    most: int


class Reply:
    """One reply. `verdict`: what it comes to so far, None where nothing of it is shown or said. `heard`: its sentences.

    `named`: quotes that it marked and that are not shown as an answer. `nobody`: who speaks nowhere here, as it says.
    """

    def __init__(self, read: Read, numbered: Numbered, draft: Draft, look: SecondLook | None) -> None:
        self.read, self.draft, self.numbered = read, draft, numbered
        self.marks = Marks(numbered)
        self.gate = Gate(read.asked, (), draft, look, read=numbered.episodes)
        self.verdict: Verdict | None = None
        self.heard = 0
        self.named: dict[int, Quote] = {}
        self.nobody: str | None = None
        self._opinion: Opinion = ""
        self._held: list[str] = []

    def shown(self, sentences: Iterable[str]) -> Iterator[Wrote]:
        """What of these sentences may be shown, each as soon as it is heard."""
        for sentence in sentences:
            if not self.heard:
                self._opinion, sentence = opinion_of(sentence)
            self.heard += 1
            if self._opinion == "NONE":
                break
            if self._opinion == "NOBODY":
                self.nobody = self._stranger(sentence)
                break
            if self._opinion == "ASKED":
                self.named |= self.marks.quoted(sentence)
            elif sentence:
                yield from self._judged(sentence)
        if self._opinion in ("NONE", "NOBODY"):
            self.verdict = "unknown_person" if self.nobody else "not_said"
        elif self._opinion == "ASKED":
            yield from self._asked_not_answered()
        else:
            yield from self._said_by_other()

    def _judged(self, sentence: str) -> Iterator[Wrote]:
        """The sentence where it may be shown as an answer; one that rests on others' words is kept for the end."""
        text, quotes = self.marks.read(sentence, self._may_answer)
        if not all(self._may_answer(quote.turn) for quote in quotes.values()):
            self._held.append(sentence)
            return
        self.gate.give(quotes)
        withheld = self.draft.withheld
        if wrote := self.gate.judged(text):
            yield from self._begun("answered")
            yield wrote
        elif self.draft.withheld > withheld and self.draft.held_back[-1].check == "unsupported" and quotes:
            # Its words are its own; what it marked may be right all the same, where it speaks of the same things.
            self.named |= quotes if _shares_words(sentence, Cited(list(quotes.values()))) else {}

    def _may_answer(self, turn: Turn) -> bool:
        """By the rule; and where the model itself says that it is somebody else's, only who surely is the one asked about."""
        if self._opinion == "OTHER" and not (self.read.asked.asked_for and turn.speaker):
            return False
        return self.read.may_speak(turn)

    def _said_by_other(self) -> Iterator[Wrote]:
        """Sentences that rest on the words of others than those asked about, where none rests on theirs; else withheld."""
        asked = self.read.asked
        about_somebody = self._opinion == "OTHER" or bool(asked.said and asked.asked_for)
        for sentence in self._held:
            text, quotes = self.marks.read(sentence, self.read.may_stand_in)
            others = all(self.read.may_stand_in(quote.turn) for quote in quotes.values())
            if self.verdict == "answered" or not (about_somebody and others):
                self.draft.withheld += 1
                why = "it rests on words of somebody else than those who were asked about"
                self.draft.held_back.append(Withheld(sentence, "wrong_speaker", why))
                continue
            self.gate.give(quotes)
            if wrote := self.gate.judged(text):
                if self.verdict is None:
                    yield from self._begun("said_by_other")
                    yield Wrote(other_line(asked.asked_for or "the person asked about"))
                yield wrote

    def _asked_not_answered(self) -> Iterator[Wrote]:
        """The question that somebody asks, and what is said in reply; nothing where the model marked no such pair."""
        pair = self._asked_and_replied()
        if pair is None:
            self.verdict = "not_said"
            return
        self.verdict = "asked_not_answered"
        yield from unanswered(self.read.asked, pair, self.draft)

    def _asked_and_replied(self) -> tuple[Quote, Quote] | None:
        """Among the quotes marked, a question and what somebody else, whose words may stand for an answer, says after it."""
        for question in self.named.values():
            if not any(asks(s.text) for s in question.sentences) or not self.read.may_stand_in(question.turn):
                continue
            for reply in self.named.values():
                after = reply.episode.id == question.episode.id and reply.first > question.last
                if after and reply.turn.speaker != question.turn.speaker and self.read.may_speak(reply.turn):
                    return question, reply
        return None

    def _begun(self, verdict: Verdict) -> Iterator[Wrote]:
        """The verdict that the first sentence shown stands for, and the line before it where the second witness disagrees."""
        if self.verdict is None:
            self.verdict = verdict
            if self.read.witness.verdict != verdict:
                yield Wrote(UNSURE)

    def _stranger(self, name: str) -> str | None:
        """The name, where the question has it and nobody in the episodes searched does; else None."""
        words = fold(name).split()
        in_question = f" {' '.join(words)} " in f" {fold(self.read.asked.asked)} "
        if not 0 < len(words) <= LONGEST_NAME or not in_question or find_person(name, self.read.scope.episodes):
            return None
        return name.strip(" .")


def _shares_words(sentence: str, cited: Cited) -> bool:
    """Whether a sentence has a word of what it rests on, beside names and grammar."""
    return bool(set(stems(words_of(sentence) - STOP_WORDS - cited.name_parts)) & cited.stems)
