"""The language model as the reader: it gets the best passages, decides whether they answer, and marks what it rests on.

    passages, numbered and fenced → one call, streamed → a word of opinion, then sentences → quotes → the gate → shown, or withheld

The model's opinion decides nothing by itself. Whose words may stand for an answer is a hard rule: sentences that rest on
somebody else than the person asked about are held back until the end, and shown as what they are only where nothing else is.
What is decided without a model is the second witness: where both disagree, the answer says so. Knows nothing of endpoints
(`rag/model/endpoint.py`), of what a number stands for (`rag/writing/marked.py`), and of what makes a sentence true (`rag/gate/`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

from index.episode import Episode, Turn
from index.library import Library
from index.search.lexical import STOP_WORDS, stems
from prompts import one_line
from rag.answer import Verdict, Withheld, Wrote
from rag.draft import Draft
from rag.evidence.quote import Quote
from rag.evidence.quotes import asks
from rag.evidence.retrieve import Hit
from rag.evidence.verdict import Decision, worth_showing
from rag.gate.clauses import Cited, words_of
from rag.gate.gate import Gate
from rag.gate.second_look import second_look
from rag.model.endpoint import Allowance, ask_model
from rag.model.faults import ModelFault
from rag.question.plan import Plan
from rag.question.question import Question
from rag.settings import Settings
from rag.writing.extractive import extractive_writer
from rag.writing.lines import MAY_ANSWER, UNSURE, asked_line, other_line
from rag.writing.marked import Marks
from rag.writing.numbered import MOST_CHARACTERS, number
from rag.writing.read_plan import headed, missing
from rag.writing.sentences import sentences
from rag.writing.with_model import NOTHING_RIGHT

MOST_PASSAGES = 16  # the answer to 36 questions about a real page stood in the first 16 for .97, in the first 8 for .91
REPLY = 400  # tokens that passages leave to the reply, where money is short
PROMPT = 3_000  # characters of the prompt beside passages and question: a little more than it has
OPINIONS = ("ANSWERED", "OTHER", "ASKED", "NONE")

_OPINION = re.compile(
    rf"^\W*(?:(?:verdict|opinion|decision)\W+)?(?P<word>{'|'.join(OPINIONS)})\b(?:\W*$|(?=[:.]?\s))", re.IGNORECASE
)
_NONE = re.compile(r"^\W*none of (?:the|these) (?:passages|quotes|sentences)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Read:
    """What is read, and by which rules. `hits`: best first; `episodes`: those that they are from.

    `may_speak`: whose words answer the question, `may_stand_in`: whose may be shown in their place, as what they are.
    `witness`: what is decided without a model. `plan`: that of a question of several search passes, all of which are read.
    `most`: sentences that are listened to.
    """

    asked: Question
    hits: Sequence[Hit]
    episodes: Mapping[str, Episode]
    may_speak: Callable[[Turn], bool]
    may_stand_in: Callable[[Turn], bool]
    witness: Decision
    plan: Plan | None
    library: Library
    most: int


class Reading:
    """One reading of passages by the model. `verdict` and `fault` are known at the end of `words`.

    `verdict`: None where the model failed, or nothing that it wrote was right; then `fault` says why, as a clause, and
    nothing of it was shown.
    """

    def __init__(self, settings: Settings, read: Read, draft: Draft) -> None:
        self.settings, self.read, self.draft = settings, read, draft
        self.verdict: Verdict | None = None
        self.fault = ""
        self._heard = 0
        self._before = len(draft.citations)
        self._held: list[str] = []
        self._named: dict[int, Quote] = {}

    def words(self) -> Iterator[Wrote]:
        """What the model finds, checked, as it streams in. It never raises for what the model does or doesn't do."""
        self.draft.writer, self.draft.model = "llm", self.settings.model
        plan = self.read.plan
        yield from headed(plan, self._found(), self.draft) if plan else self._found()
        if plan and self.verdict == "answered" and not self.fault:
            yield from missing(plan, self.draft.citations, self.read.hits, self.read.library)
        if self.verdict is None:
            self.draft.writer = "extractive"

    def instead(self, words: Iterable[Wrote]) -> Iterator[Wrote]:
        """The words of an answer that was made without the model, after the line that says why; nothing where there are none."""
        for n, wrote in enumerate(words):
            if n == 0:
                yield Wrote(f"{self.fault}, so these are the speakers' own words, chosen without it.")
            yield wrote

    def refused(self, line: str) -> str:
        """The line of a refusal, with who decided it where that is in doubt."""
        if self.verdict is None:
            return f"{self.fault}, so this was decided without it. {line}"
        return f"{line} {MAY_ANSWER}" if self.read.witness.verdict == "answered" else line

    def nearest(self, quotes: Sequence[Quote]) -> tuple[Quote, ...]:
        """What stands nearest where nothing answers: what the model named, before the `quotes` found without it."""
        named = list(self._named.values())
        return (*named, *(quote for quote in quotes if not any(_overlap(quote, other) for other in named)))

    def _found(self) -> Iterator[Wrote]:
        """The answer as far as the model makes it."""
        hits = list(self.read.hits)
        try:
            try:
                yield from self._read(hits)
            except ModelFault as fault:
                if fault.kind != "too_long" or self._heard or len(hits) < 2:
                    raise
                # The best half stands first; a model whose context can't hold even that is not asked a third time.
                yield from self._read(hits[: len(hits) // 2])
        except ModelFault as fault:
            self.fault = str(fault)
            if self.verdict:
                yield from self._rest()
        if self.verdict is None and not self.fault:
            self.fault = NOTHING_RIGHT if self._heard else str(ModelFault("empty"))
            if self._named and self.read.witness.verdict == "answered":
                self.verdict, self.draft.writer = "answered", "extractive"
                yield Wrote(f"{self.fault}, so these are the speakers' own words, those on which it rests.")
                best = list(self._named.values())[: self.settings.quotes]
                yield from extractive_writer(self.read.asked, best, self.draft)

    def _read(self, hits: Sequence[Hit]) -> Iterator[Wrote]:
        """One call, and what of its reply may be shown."""
        settings, draft = self.settings, self.draft
        seconds = settings.timeout - (time.monotonic() - draft.began)
        allowance = Allowance.left(settings, seconds=seconds, taken=draft.taken)
        room = allowance.characters(settings, reply=min(REPLY, settings.max_tokens))
        most = MOST_CHARACTERS if room is None else room - PROMPT - len(self.read.asked.asked)
        numbered = number(hits, self.read.episodes, characters=most)
        if not numbered.lines:
            self.verdict = "not_said"
            return
        marks = Marks(numbered)
        gate = Gate(self.read.asked, (), draft, second_look(settings, draft), read=numbered.episodes)
        values = {"question": one_line(self.read.asked.asked), "passages": numbered.text}
        opinion = ""
        with closing(ask_model(settings, values, prompt="read", allowance=allowance, spent=draft.spent)) as pieces:
            for sentence in islice(sentences(pieces), self.read.most + 1):
                if not self._heard:
                    opinion, sentence = _opinion(sentence)
                self._heard += 1
                if opinion == "NONE":
                    break
                if not sentence:
                    continue
                if opinion == "ASKED":
                    self._named |= marks.read(sentence)[1]
                else:
                    yield from self._heard_of(sentence, marks, gate)
        if opinion == "NONE":
            self.verdict = "not_said"
        elif opinion == "ASKED":
            yield from self._asked_not_answered()
        elif self._held:
            yield from self._said_by_other(marks, gate)

    def _heard_of(self, sentence: str, marks: Marks, gate: Gate) -> Iterator[Wrote]:
        """The sentence where it may be shown as an answer; one that rests on others' words is kept for the end."""
        text, quotes = marks.read(sentence)
        if not all(self.read.may_speak(quote.turn) for quote in quotes.values()):
            self._held.append(sentence)
            return
        gate.give(quotes)
        withheld = self.draft.withheld
        if wrote := gate.judged(text):
            if self.verdict is None:
                yield from self._begun("answered")
            yield wrote
        elif self.draft.withheld > withheld and self.draft.held_back[-1].check == "unsupported" and quotes:
            # Its words are its own; what it marked may be right all the same, where it speaks of the same things.
            self._named |= quotes if _shares_words(sentence, Cited(list(quotes.values()))) else {}

    def _said_by_other(self, marks: Marks, gate: Gate) -> Iterator[Wrote]:
        """Sentences that rest on the words of others than those asked about, where none rests on theirs; else withheld."""
        asked = self.read.asked
        for sentence in self._held:
            text, quotes = marks.read(sentence)
            others = all(self.read.may_stand_in(quote.turn) for quote in quotes.values())
            if self.verdict == "answered" or not (asked.said and asked.asked_for and others):
                self.draft.withheld += 1
                why = "it rests on words of somebody else than those who were asked about"
                self.draft.held_back.append(Withheld(sentence, "wrong_speaker", why))
                continue
            gate.give(quotes)
            if wrote := gate.judged(text):
                if self.verdict is None:
                    yield from self._begun("said_by_other")
                    yield Wrote(other_line(asked.asked_for))
                yield wrote

    def _asked_not_answered(self) -> Iterator[Wrote]:
        """The question that somebody asks, and what is said in reply; nothing where the model marked no such pair."""
        pair = self._asked_and_replied()
        if pair is None:
            self.verdict = "not_said"
            return
        self.verdict = "asked_not_answered"
        yield Wrote(asked_line(*pair))
        yield from extractive_writer(self.read.asked, pair, self.draft)

    def _asked_and_replied(self) -> tuple[Quote, Quote] | None:
        """Among the quotes marked, a question and what somebody else, whose words may stand for an answer, says after it."""
        for question in self._named.values():
            if not any(asks(s.text) for s in question.sentences) or not self.read.may_stand_in(question.turn):
                continue
            for reply in self._named.values():
                after = reply.episode.id == question.episode.id and reply.first > question.last
                if after and reply.turn.speaker != question.turn.speaker and self.read.may_speak(reply.turn):
                    return question, reply
        return None

    def _begun(self, verdict: Verdict) -> Iterator[Wrote]:
        self.verdict = verdict
        if self.read.witness.verdict != verdict:
            yield Wrote(UNSURE)

    def _rest(self) -> Iterator[Wrote]:
        """The end of an answer that the model broke off: quotes chosen without it, where they are another part of the same."""
        shown = self.draft.citations[self._before :]
        rest = [
            quote
            for quote in (worth_showing(self.read.witness.quotes) if self.read.witness.verdict == self.verdict else [])
            if not any(c.episode == quote.episode.id and c.first <= quote.last and quote.first <= c.last for c in shown)
        ]
        yield Wrote(
            f"{self.fault}, so the rest is in the speakers' own words."
            if rest
            else f"{self.fault}, so this may not be all of it."
        )
        yield from extractive_writer(self.read.asked, rest, self.draft)


def _shares_words(sentence: str, cited: Cited) -> bool:
    """Whether a sentence has a word of what it rests on, beside names and grammar."""
    return bool(set(stems(words_of(sentence) - STOP_WORDS - cited.name_parts)) & cited.stems)


def _overlap(one: Quote, other: Quote) -> bool:
    return one.episode.id == other.episode.id and one.first <= other.last and other.first <= one.last


def _opinion(sentence: str) -> tuple[str, str]:
    """The word that a reply begins with, and what follows it in the same sentence; ("", the sentence) where it is none."""
    if match := _OPINION.match(sentence):
        rest = sentence[match.end() :].lstrip(" :.—–-")
        if not rest or match["word"].isupper():
            return match["word"].upper(), rest
    return ("NONE", "") if _NONE.match(sentence) else ("", sentence)
