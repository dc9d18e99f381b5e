"""Assistant.ask: a question -> events, the last of which is the checked Answer. Control flow is plain Python.

    the question made whole → passages found → (refuse | write) → each sentence checked → the Answer

The page, the CLI, the API and the evaluator all consume these events. Knows nothing of file formats or Gradio.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from index.episode import Turn
from index.library import EpisodeSummary, Library
from index.plain import plain
from rag.about_library import Reply, reply_to
from rag.condense import condense, more_of
from rag.extract import Extractor, Quote
from rag.halting import go_on
from rag.names import nearest_names
from rag.plan import Plan, model_kind, plan
from rag.question import Filters, Question, read_question
from rag.refuse import best_probability, other_line, otherwise_line, probability, refusal, said_by_other, threshold
from rag.result import Answer, Asked, Citation, Done, Event, Found, Searched, Verdict, Wrote
from rag.retrieve import Hit, Retriever, Scope, read_scope
from rag.sections import RELATED, Sections, gather, written
from rag.settings import Settings
from rag.write import Draft, Writer, cite, extractive_writer

NEAREST = 3
NOTHING_MORE = "I found nothing more about this."


class Assistant:
    """Answers questions about one library. `retriever` and `writer` may be swapped."""

    def __init__(
        self,
        library: Library,
        settings: Settings | None = None,
        *,
        retriever: Retriever | None = None,
        writer: Writer = extractive_writer,
    ) -> None:
        self.library = library
        self.settings = settings or Settings()
        self.retriever = retriever or Retriever(library)
        self.writer = writer
        self.extractor = Extractor(library)

    @classmethod
    def open(cls, folder: str | Path, settings: Settings | None = None) -> Assistant:
        """An assistant for the library in that folder, with the writer that the settings name."""
        settings = settings or Settings.from_environment()
        writer: Writer = extractive_writer
        if settings.model:
            from rag.llm import llm_writer

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
        history: Sequence[Mapping[str, str]] = (),
        filters: Filters | None = None,
        *,
        more: int = 0,
    ) -> Iterator[Event]:
        """The events of one question, the last of which is `Done`. QuestionError: it can't be asked as it stands.

        `more`: how often more was asked for; each time, the next best quotes are given. "Tell me more" in a conversation
        counts too. LibraryDamaged: nothing answers it but perhaps an episode that can't be read.
        """
        with self.pinned() as pinned:
            yield from pinned._ask(question, history, filters, more)

    def _ask(
        self, question: str, history: Sequence[Mapping[str, str]], filters: Filters | None, more: int
    ) -> Iterator[Event]:
        clock, draft = _Stopwatch(), Draft("extractive")
        filters = filters or Filters()
        question = plain(question)
        history = [{**said, "content": plain(str(said.get("content", "")))} for said in history]
        here = read_scope(self.library, filters)
        if reply := reply_to(question, episodes=here.episodes, history=history):
            yield from _without_search(question, reply, here, clock)
            return
        whole, history, again = more_of(question, history)
        asked, scope = self.understand(whole, history, filters, here=here, spent=draft.spent)
        planned = None if more + again else self._plan(asked, scope, draft)
        asked = planned.question if planned else asked
        yield Asked(asked.asked, asked.people)
        go_on()
        clock.lap("question")
        hits = self.retriever.retrieve(asked, scope, k=self.settings.passages)
        clock.lap("retrieve")
        yield Found(len(hits))
        go_on()
        yield from self._answer(question, asked, filters, scope, hits, clock, draft, planned, more + again)

    def _plan(self, asked: Question, scope: Scope, draft: Draft) -> Plan | None:
        """How a question that needs more than one look is looked for; None for the others."""
        tell_kind = None
        if self.settings.model and self.settings.planner == "model":
            tell_kind = model_kind(self.settings, spent=draft.spent)
        return plan(asked, scope, self.library.rows, tell_kind=tell_kind)

    def understand(
        self,
        question: str,
        history: Sequence[Mapping[str, str]],
        filters: Filters,
        *,
        here: Scope | None = None,
        spent: Callable[[int, int, bool], None] = lambda read, wrote, told: None,
    ) -> tuple[Question, Scope]:
        """The question made whole, its names and words resolved; and the episodes that it is asked of.

        `here`: what the filters leave, where that is known already. `spent` hears the tokens that a language model takes for it.
        """
        whole = condense(self.settings, question, history, spent=spent) if history else None
        if whole and whole != question:  # what the model leaves as it is, the rules may still make whole
            question, history = whole, ()
        scope = here or read_scope(self.library, filters)
        asked = read_question(question, episodes=scope.episodes, history=history, is_word=self._is_word)
        if asked.episodes:
            scope = read_scope(self.library, filters, named_episodes=asked.episodes)
        if filters.role and asked.role is None and not asked.people:
            asked = replace(asked, role=filters.role)
        return replace(asked, words=tuple(self.library.spelled(word) for word in asked.words)), scope

    def search(self, topic: str, filters: Filters | None = None, *, limit: int = 10) -> list[Citation]:
        """Passages about a topic as citations, best first; `quote` is the words of the speakers that pass the filters.

        One citation for each passage: the longest run of one speaker in it who may be quoted under the filters.
        """
        with self.pinned() as pinned:
            return pinned._search(topic, filters or Filters(), limit)

    def _search(self, topic: str, filters: Filters, limit: int) -> list[Citation]:
        asked, scope = self.understand(topic, (), filters)
        hits = self.retriever.retrieve(asked, scope, k=limit * 3 if filters.guest or filters.role else limit)
        may_speak = may_speak_rule(Question(asked.asked, asked.words), filters, scope)
        citations = []
        for hit in hits:
            quote = self.extractor.whole(hit, may_speak)
            if quote is not None:
                citations.append(replace(cite(quote, len(citations) + 1), score=round(hit.score, 4)))
        return citations[:limit]

    def _is_word(self, word: str) -> bool:
        return self.library.passages_with(word) > 0

    def _answer(
        self,
        question: str,
        asked: Question,
        filters: Filters,
        scope: Scope,
        hits: list[Hit],
        clock: _Stopwatch,
        draft: Draft,
        planned: Plan | None,
        more: int,
    ) -> Iterator[Event]:
        may_speak = may_speak_rule(asked, filters, scope)
        evidence = self.extractor.read(asked, hits)
        quotes = evidence.choose(may_speak, limit=self.settings.quotes * (more + 1))[self.settings.quotes * more :]
        own = confidence = best_probability(quotes)
        verdict: Verdict = "answered" if own >= threshold() else "not_said"
        asked_for = _asked_for(asked)
        if asked.unknown:
            verdict = "unknown_person"
        elif asked.said and asked_for and not more:
            others = evidence.choose(lambda turn: not may_speak(turn), limit=self.settings.quotes)
            if said_by_other(own, theirs := best_probability(others)):
                verdict, quotes, confidence = "said_by_other", others, theirs
        sections = self._sections(planned, verdict, filters, scope)
        verdict = "answered" if sections else verdict
        clock.lap("write")
        searched = _searched(scope, asked)
        texts: list[str] = []
        if verdict in ("answered", "said_by_other"):
            if verdict == "said_by_other":
                texts.append(other_line(asked_for or "them"))
                yield Wrote(texts[0])
            elif not sections and (line := otherwise_line(asked, quotes)):
                texts.append(line)
                yield Wrote(line)
            shown = written(self.writer, sections, draft) if sections else None
            for wrote in shown or self.writer(asked, _worth_showing(quotes), draft):
                texts.append(wrote.text)
                yield wrote
                go_on()
            if not draft.citations:
                verdict = "not_said"
        nearest: tuple[Citation, ...] = ()
        if not draft.citations:
            # Nobody can say that nobody said it, where what was found could not be read.
            for damaged in self.library.left_out.values():
                raise damaged
            in_scope = may_speak_rule(Question(asked.asked, asked.words), filters, scope)
            nearest = () if more else _nearest(quotes or evidence.choose(in_scope, limit=NEAREST))
            people = nearest_names(asked.unknown, self.library.summaries()) if asked.unknown else ()
            # Under a filter on who speaks, the host's question is out of place.
            asks = verdict == "not_said" and not (more or filters.role or scope.person)
            in_vain = evidence.asked_in_vain(may_speak) if asks else None
            if in_vain:
                nearest = _nearest([in_vain, *quotes])
            told = refusal(asked, searched, verdict=verdict, nearest_people=people, asked_in_vain=in_vain)
            texts = [NOTHING_MORE if more else told]
            yield Wrote(texts[0])
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
                confidence=confidence,
                tokens=draft.tokens,
                cost=self.settings.cost(draft.tokens),
                held_back=tuple(draft.held_back),
            )
        )

    def _sections(self, planned: Plan | None, verdict: Verdict, filters: Filters, scope: Scope) -> Sections | None:
        """What a plan's looks find, where it is needed; None where nothing does."""
        if planned is None or not (verdict == "answered" or planned.holds):
            return None
        found = gather(planned, self.retriever, self.extractor, lambda one: may_speak_rule(one, filters, scope))
        return found if found.quotes else None


def _without_search(question: str, reply: Reply, scope: Scope, clock: _Stopwatch) -> Iterator[Event]:
    """The events of an answer that no transcript was searched for."""
    yield Asked(question)
    clock.lap("question")
    yield Wrote(reply.text)
    yield Done(
        Answer(
            question=question,
            asked=question,
            verdict="answered" if reply.found else "not_said",
            answer=reply.text,
            citations=(),
            nearest=(),
            searched=_searched(scope, Question(question, ())),
            writer="library",
            model=None,
            seconds=clock.laps,
            kind=reply.kind,
        )
    )


def _nearest(quotes: Sequence[Quote]) -> tuple[Citation, ...]:
    """What stands nearest to a question that nothing answers, as citations; not as an answer."""
    cited = [cite(quote, n) for n, quote in enumerate(quotes[:NEAREST], start=1)]
    verified = [citation for citation in cited if citation.check == "verified"]
    return tuple(citation.numbered(n) for n, citation in enumerate(verified, start=1))


def may_speak_rule(asked: Question, filters: Filters, scope: Scope) -> Callable[[Turn], bool]:
    """Whose words may be quoted: hard rules of attribution. Words that nobody is known to have said may always be."""
    people = set(asked.people) if asked.said else set()

    def may_speak(turn: Turn) -> bool:
        if turn.speaker is None:
            return True
        if scope.person and turn.speaker.name != scope.person:
            return False
        if filters.role and turn.speaker.role not in (filters.role, "unknown"):
            return False
        if people:
            return turn.speaker.name in people
        if asked.said and asked.role:
            return turn.speaker.role in (asked.role, "unknown")
        return True

    return may_speak


def _asked_for(asked: Question) -> str | None:
    """Whose words are asked for, as it is said to the reader."""
    if asked.people:
        return " or ".join(asked.people)
    return f"the {asked.role}" if asked.role else None


def _worth_showing(quotes: Sequence[Quote]) -> list[Quote]:
    if not quotes:
        return []
    best = quotes[0]
    return [best] + [
        quote
        for quote in quotes[1:]
        if quote.score >= best.score - RELATED and probability(quote.signals) >= threshold()
    ]


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
