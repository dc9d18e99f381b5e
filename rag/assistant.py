"""Assistant.ask: a question -> events, the last of which is the checked Answer. Control flow is plain Python.

    the question rewritten → passages found → (refuse | write) → each sentence checked → the Answer

The page, the CLI, the API and the evaluator all consume these events. Knows nothing of file formats or Gradio.
"""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from index.episode import Turn
from index.library import EpisodeSummary, Library
from index.plain import plain
from rag.answer import Answer, Asked, Citation, Done, Event, Found, Searched, Verdict, Wrote
from rag.draft import Draft
from rag.evidence.beside import beside
from rag.evidence.may_speak import may_speak_rule
from rag.evidence.outline import Part, main_words, outline
from rag.evidence.quote import Quote
from rag.evidence.quotes import Evidence, Extractor
from rag.evidence.retrieve import Hit, Retriever
from rag.evidence.sections import Sections, gather
from rag.evidence.verdict import Decision, decide
from rag.halting import go_on
from rag.question.about_library import Reply, reply_to
from rag.question.elsewhere import reply_elsewhere
from rag.question.language import foreign_to
from rag.question.people import nearest_names
from rag.question.plan import Plan, model_kind, plan
from rag.question.question import Question, checked, exchanges_of, people_meant, understood, whole_of
from rag.question.rewritten import condense
from rag.question.scope import Filters, Scope
from rag.settings import Settings
from rag.writing.by_section import words_of
from rag.writing.extractive import Writer, extractive_writer
from rag.writing.lines import refusal, said_in_scope
from rag.writing.overview import MADE_BY, overview

NEAREST = 3
NOTHING_MORE = "I found nothing more about this."


@dataclass(frozen=True, slots=True)
class Passages:
    """Passages about a topic, best first, with the topic as understood. `may_speak`: whose words pass the filters."""

    asked: Question
    scope: Scope
    may_speak: Callable[[Turn], bool]
    hits: list[Hit]


class Assistant:
    """Answers questions about one library. `retriever` and `writer` may be swapped. `today`: what "last month" is counted from."""

    def __init__(
        self,
        library: Library,
        settings: Settings | None = None,
        *,
        retriever: Retriever | None = None,
        writer: Writer = extractive_writer,
        today: date | None = None,
    ) -> None:
        self.library = library
        self.settings = settings or Settings()
        self.retriever = retriever or Retriever(library)
        self.writer = writer
        self.today = today
        self.extractor = Extractor(library)

    @classmethod
    def open(cls, folder: str | Path, settings: Settings | None = None) -> Assistant:
        """An assistant for the library in that folder, with the writer that the settings name."""
        settings = settings or Settings.from_environment()
        writer: Writer = extractive_writer
        if settings.model:
            from rag.writing.with_model import llm_writer

            writer = llm_writer(settings)
        return cls(Library.open(folder), settings, writer=writer)

    @contextmanager
    def pinned(self) -> Iterator[Assistant]:
        """This assistant over its library as of one generation: what is found, quoted, checked and shown in the block comes
        from the same words, whatever is removed or replaced meanwhile."""
        with self.library.snapshot() as library:
            pinned = copy.copy(self)
            pinned.library, pinned.extractor = library, Extractor(library)
            pinned.retriever = copy.copy(self.retriever)
            pinned.retriever.library = library
            yield pinned

    def ask(
        self,
        question: str,
        history: Sequence[Mapping[str, Any]] = (),
        filters: Filters | None = None,
        *,
        more: int = 0,
        without: Sequence[str] = (),
    ) -> Generator[Event, None, None]:
        """The events of one question, the last of which is `Done`. QuestionError: it can't be asked as it stands.

        `more`: how often more was asked for; each time, the next best quotes are given. "Tell me more" in a conversation
        counts too. `without`: kinds of what is carried on from earlier questions ("person", "topic", "episode") that are not
        to be. LibraryDamaged: nothing answers it but perhaps an episode that can't be read.
        """
        with self.pinned() as pinned:
            yield from pinned._ask(question, history, filters, more, without)

    def _ask(
        self,
        question: str,
        history: Sequence[Mapping[str, Any]],
        filters: Filters | None,
        more: int,
        without: Sequence[str],
    ) -> Iterator[Event]:
        clock, draft = _Stopwatch(), Draft("extractive")
        filters = filters or Filters()
        question = plain(question)
        history = [{**said, "content": plain(str(said.get("content", "")))} for said in history]
        here, every = Scope.of(self.library, filters), self.library.summaries()
        before = exchanges_of(history, every)
        if reply := reply_to(question, episodes=here.episodes, conversation=before):
            yield from _without_search(question, reply, here, clock)
            return
        asked, scope = self.understand(question, history, filters, here=here, spent=draft.spent, without=without)
        if reply := reply_elsewhere(asked, scope, filters, here, every, self._is_word):
            yield from _without_search(question, reply, here, clock, asked)
            return
        again = asked.more
        planned = None if more + again else self._plan(asked, scope, draft)
        asked = planned.question if planned else asked
        yield Asked(asked.asked, asked.people)
        go_on()
        clock.lap("question")
        hits, evidence, may_speak, decision = self._read(asked, scope, filters, more + again)
        if asked.narrowed and asked.narrowed.perhaps:
            # What has no date may be the latest.
            perhaps = Scope.of(self.library, filters, asked.narrowed.perhaps)
            other = self._read(asked, perhaps, filters, more + again)
            if other[3].verdict == "answered" and other[3].confidence > decision.confidence:
                scope, (hits, evidence, may_speak, decision) = perhaps, other
        clock.lap("retrieve")
        yield Found(len(hits))
        go_on()
        sections = self._sections(planned, decision.verdict, filters, scope)
        verdict: Verdict = "answered" if sections else decision.verdict
        clock.lap("write")
        texts: list[str] = []
        if asked.narrowed and (line := said_in_scope(asked.narrowed, scope)):
            texts.append(line)
            yield Wrote(line)
        if parts := self._parts(asked, scope):
            verdict = "answered"
            for wrote in self._overview(asked, parts, draft):
                texts.append(wrote.text)
                yield wrote
                go_on()
        elif verdict in ("answered", "said_by_other"):
            for wrote in words_of(asked, replace(decision, verdict=verdict), sections, self.writer, draft):
                texts.append(wrote.text)
                yield wrote
                go_on()
            verdict = verdict if draft.citations else "not_said"
        searched = _searched(scope, asked)
        nearest: tuple[Citation, ...] = ()
        if not draft.citations:
            # Nobody can say that nobody said it, where what was found could not be read.
            for damaged in self.library.left_out.values():
                raise damaged
            refused = replace(decision, verdict=verdict)
            line, nearest = self._refused(refused, evidence, may_speak, filters, scope, searched, more + again)
            texts = [*texts[: bool(asked.narrowed)], line]
            yield Wrote(line)
        clock.lap("check")
        yield Done(
            Answer(
                question=question,
                asked=asked.asked,
                verdict=verdict,
                answer="\n\n".join(text for text in texts if text),
                citations=tuple(draft.citations),
                nearest=nearest,
                searched=searched,
                writer=draft.writer,
                model=draft.model,
                seconds=clock.laps,
                withheld=draft.withheld,
                confidence=decision.confidence,
                tokens=draft.tokens,
                cost=self.settings.cost(draft.tokens),
                held_back=tuple(draft.held_back),
                carried=asked.carried,
                limits=asked.narrowed.label if asked.narrowed else None,
            )
        )

    def _read(
        self, asked: Question, scope: Scope, filters: Filters, more: int
    ) -> tuple[list[Hit], Evidence, Callable[[Turn], bool], Decision]:
        """What is found in a scope, and what it comes to."""
        hits = beside(self.retriever.retrieve(asked, scope, k=self.settings.passages), asked, scope, self.library)
        may_speak = may_speak_rule(asked, filters, scope)
        evidence = self.extractor.read(asked, hits)
        return hits, evidence, may_speak, decide(evidence, may_speak, limit=self.settings.quotes, more=more)

    def _parts(self, asked: Question, scope: Scope) -> list[Part]:
        """An episode's outline, or what somebody says in the main, where no more than that is asked for."""
        if asked.wants == "outline" and len(scope.episodes) == 1:
            return outline(self.library.episode(scope.episodes[0].id))
        if asked.wants == "topics":
            theirs = [e.id for e in scope.episodes if any(p.name == asked.people[0] for p in e.people)]
            return main_words(self.library, asked.people[0], theirs)
        return []

    def _overview(self, asked: Question, parts: Sequence[Part], draft: Draft) -> Iterator[Wrote]:
        """The parts in words: a model's own, where there is one and what it writes stands, or the parts themselves."""
        if self.writer is not extractive_writer:
            yield from self.writer(asked, [part.answer for part in parts], draft)
            return
        yield from overview(parts, draft, lead=MADE_BY if asked.wants == "outline" else "")

    def _plan(self, asked: Question, scope: Scope, draft: Draft) -> Plan | None:
        """The search passes of a question that needs more than one; None for the others."""
        ask_kind = None
        if self.settings.model and self.settings.planner == "model":
            ask_kind = model_kind(self.settings, spent=draft.spent)
        return plan(asked, scope, self.library.rows, ask_kind=ask_kind)

    def understand(
        self,
        question: str,
        history: Sequence[Mapping[str, Any]],
        filters: Filters,
        *,
        here: Scope | None = None,
        without: Sequence[str] = (),
        spent: Callable[[int, int, bool], None] = lambda read, wrote, counted: None,
    ) -> tuple[Question, Scope]:
        """The question rewritten to stand alone, its names and words resolved; and the episodes that it is asked of.

        `here`: what the filters leave, where that is known already. `spent` hears the tokens that a language model takes for it.
        """
        question, every = checked(question), self.library.summaries()
        whole = whole_of(question, exchanges_of(history, every), every, without)
        # A complete question is nobody's to rewrite.
        if whole.text != question or whole.rests_on:
            rewritten = condense(self.settings, question, history, spent=spent)
            if rewritten and rewritten != question and not (whole.more or whole.again or without):
                whole = replace(whole, text=rewritten, rests_on="")
        asked = understood(whole, every, is_word=self._is_word, today=self.today)
        foreign = foreign_to(self.library, question, people_meant(question, every), self._is_word)
        asked = replace(asked, languages=foreign)
        scope = here or Scope.of(self.library, filters)
        if asked.narrowed:
            scope = Scope.of(self.library, filters, asked.narrowed.episodes)
        if filters.role and asked.role is None and not asked.people:
            asked = replace(asked, role=filters.role)
        spelled = {word: self.library.spelled(word) for word in asked.words}
        about = re.sub(r"[\w'’]+", lambda found: spelled.get(found[0].lower(), found[0]), asked.about)
        return replace(asked, words=tuple(spelled.values()), about=about), scope

    def passages(self, topic: str, filters: Filters | None = None, *, k: int) -> Passages:
        """The `k` best passages about a topic, best first. QuestionError: it can't be searched for."""
        filters = filters or Filters()
        asked, scope = self.understand(topic, (), filters)
        may_speak = may_speak_rule(Question(asked.asked, asked.words), filters, scope)
        return Passages(asked, scope, may_speak, self.retriever.retrieve(asked, scope, k=k))

    def search(self, topic: str, filters: Filters | None = None, *, limit: int = 10) -> list[Citation]:
        """Passages about a topic as citations, best first; `quote` is the words of the speakers that pass the filters.

        One citation for each passage: the longest run of one speaker in it who may be quoted under the filters.
        """
        with self.pinned() as pinned:
            return pinned._search(topic, filters or Filters(), limit)

    def _search(self, topic: str, filters: Filters, limit: int) -> list[Citation]:
        found = self.passages(topic, filters, k=limit * 3 if filters.guest or filters.role else limit)
        citations: list[Citation] = []
        for hit in found.hits:
            quote = self.extractor.whole(hit, found.may_speak)
            if quote is not None:
                citations.append(quote.cited(len(citations) + 1))
        return citations[:limit]

    def _is_word(self, word: str) -> bool:
        return self.library.passages_with(word) > 0

    def _refused(
        self,
        decision: Decision,
        evidence: Evidence,
        may_speak: Callable[[Turn], bool],
        filters: Filters,
        scope: Scope,
        searched: Searched,
        more: int,
    ) -> tuple[str, tuple[Citation, ...]]:
        """What is said where nothing is quoted, and what stands nearest."""
        if more:
            return NOTHING_MORE, ()
        asked = evidence.question
        in_scope = may_speak_rule(Question(asked.asked, asked.words), filters, scope)
        quotes = decision.quotes
        nearest = nearest_quotes(quotes or evidence.choose(in_scope, limit=NEAREST))
        people = nearest_names(asked.unknown, self.library.summaries()) if asked.unknown else ()
        # Under a filter on who speaks, the host's question is out of place.
        asks = decision.verdict == "not_said" and not (filters.role or scope.person)
        in_vain = evidence.asked_in_vain(may_speak) if asks else None
        if in_vain:
            nearest = nearest_quotes([in_vain, *quotes])
        line = refusal(asked, searched, verdict=decision.verdict, nearest_people=people, asked_in_vain=in_vain)
        return line, nearest

    def _sections(self, planned: Plan | None, verdict: Verdict, filters: Filters, scope: Scope) -> Sections | None:
        """What a plan's search passes find, where it is needed; None where nothing does."""
        if planned is None or not (verdict == "answered" or planned.holds):
            return None
        found = gather(planned, self.retriever, self.extractor, lambda one: may_speak_rule(one, filters, scope))
        return found if found.quotes else None


def _without_search(
    question: str, reply: Reply, scope: Scope, clock: _Stopwatch, asked: Question | None = None
) -> Iterator[Event]:
    """The events of an answer that no transcript was searched for."""
    yield Asked(asked.asked if asked else question, asked.people if asked else ())
    clock.lap("question")
    yield Wrote(reply.text)
    yield Done(
        Answer(
            question=question,
            asked=asked.asked if asked else question,
            verdict="answered" if reply.found else "not_said",
            answer=reply.text,
            citations=(),
            nearest=(),
            searched=_searched(scope, Question(question, ())),
            writer="library",
            model=None,
            seconds=clock.laps,
            kind=reply.kind,
            carried=asked.carried if asked else (),
            limits=asked.narrowed.label if asked and asked.narrowed else None,
        )
    )


def nearest_quotes(quotes: Sequence[Quote]) -> tuple[Citation, ...]:
    """What stands nearest to a question that nothing answers, as citations; not as an answer."""
    cited = [quote.cited(n) for n, quote in enumerate(quotes[:NEAREST], start=1)]
    verified = [citation for citation in cited if citation.check == "verified"]
    return tuple(citation.numbered(n) for n, citation in enumerate(verified, start=1))


def _searched(scope: Scope, asked: Question) -> Searched:
    """How much was searched. Minutes are those of the episodes whose length is known."""
    seconds = sum(episode.duration or 0.0 for episode in scope.episodes)
    name = scope.person or (asked.people[0] if len(asked.people) == 1 else None)
    spoken = _seconds_of(name, scope.episodes) if name else None
    return Searched(len(scope.episodes), round(seconds, 1), name, spoken)


def _seconds_of(name: str, episodes: Sequence[EpisodeSummary]) -> float | None:
    known = [p.seconds for episode in episodes for p in episode.people if p.name == name and p.seconds is not None]
    return round(sum(known), 1) if known else None


class _Stopwatch:
    """Seconds spent in each stage, by name."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.laps[stage] = self.laps.get(stage, 0.0) + now - self._last
        self._last = now
