"""A plan's search passes -> sections of quotes, by person, date or episode.

A section is what one person said, or what was said on one date, or an item of a list. Each quote in it answers by itself:
what only comes near is left out, and what is left out is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from itertools import groupby

from index.episode import Turn
from index.library import Library
from prompts import flat
from rag.evidence.quote import Quote
from rag.evidence.quotes import READ_PASSAGES, Extractor
from rag.evidence.retrieve import Hit, Retriever
from rag.evidence.verdict import RELATED, enough, probability
from rag.prose import counted
from rag.question.plan import Plan, SearchPass, episode_line
from rag.question.question import Question

MOST_READ = 40  # quotes read in a batch of passages, where they must hold something of their own
IN_A_SECTION = 3  # quotes of one person or date; a list has one for each item
MOST_LISTED = 15  # quotes in all; the closing line says how many more there are
CLEAR = 0.85
"""Cosine and share of the question's words in the quote, added: from there on a quote is about the subject by itself. With the
refusal's threshold alone, what only stands beside the subject came in: of 9 quotes about raisins 6 were not."""

NOT_KNOWN = "Who speaks is not known:"

MaySpeak = Callable[[Question], Callable[[Turn], bool]]


@dataclass(frozen=True, slots=True)
class Section:
    """Quotes that belong together, led by `title` ("" for no line). Without quotes, it says that nothing was found."""

    title: str
    quotes: tuple[Quote, ...]
    nothing: str = ""


@dataclass(frozen=True, slots=True)
class Sections:
    """What a plan found, in the order in which it is shown, and the line that says how complete that can be."""

    plan: Plan
    sections: tuple[Section, ...]
    closing: str = ""

    @property
    def quotes(self) -> list[Quote]:
        """The quotes of all sections, in the order in which they are shown."""
        return [quote for section in self.sections for quote in section.quotes]


def gather(plan: Plan, retriever: Retriever, extractor: Extractor, may_speak: MaySpeak) -> Sections:
    """The plan's search passes, each one retrieval, as sections. `may_speak`: whose words may be quoted for a question."""
    found: list[list[Quote]] = []
    read: set[int] = set()
    for search_pass in plan.passes:
        hits = retriever.retrieve(search_pass.question, search_pass.scope, k=search_pass.passages)
        read |= {hit.id for hit in hits}
        allowed = but_of(may_speak(search_pass.question), plan.but)
        found.append(_quotes(plan, search_pass, hits, extractor, allowed))
    if plan.kind == "compare":
        return Sections(plan, tuple(_compared(plan, found)))
    every = [quote for quotes in found for quote in quotes]
    if plan.kind == "change":
        own = [quote for quote in every if quote.turn.speaker or len(plan.passes[0].scope.episodes) == 1]
        sections = _by_episode(own, most=IN_A_SECTION)[:MOST_LISTED]
        return Sections(plan, tuple(sections), one_date(plan, len(sections)))
    kept = sorted(every, key=lambda quote: -probability(quote.signals))[:MOST_LISTED]
    if plan.kind == "people":
        sections = _by_person(kept)
    elif plan.kind == "episodes":
        sections = _by_episode(every, most=1)[:MOST_LISTED]
    else:
        sections = [Section("", tuple(section.quotes)) for section in _by_episode(kept, most=MOST_LISTED)]
    shown = [quote.episode.id for section in sections for quote in section.quotes]
    return Sections(plan, tuple(sections), how_complete(plan, shown, len(every), read, retriever.library))


def nothing_of(name: str) -> str:
    """The line in the place of somebody's words, where a comparison finds none."""
    return f"I found no words of {name} about this."


def but_of(may_speak: Callable[[Turn], bool], but: Sequence[str]) -> Callable[[Turn], bool]:
    """The same rule without these people."""
    return lambda turn: may_speak(turn) and not (turn.speaker and turn.speaker.name in but)


def _compared(plan: Plan, found: Sequence[list[Quote]]) -> list[Section]:
    """A section for each person, with nobody else's words in it; words that nobody is known to have said come last."""
    sections: list[Section] = []
    unknown: dict[tuple[str, int], Quote] = {}
    for search_pass, quotes in zip(plan.passes, found, strict=True):
        (name,) = search_pass.question.people
        own = [quote for quote in quotes if quote.turn.speaker and quote.turn.speaker.name == name]
        unknown |= {(quote.episode.id, quote.first): quote for quote in quotes if quote.turn.speaker is None}
        sections.append(Section(search_pass.title, tuple(own[:IN_A_SECTION]), nothing_of(name)))
    if unknown:
        sections.append(Section(NOT_KNOWN, tuple(unknown.values())[:IN_A_SECTION]))
    return sections


def _quotes(
    plan: Plan, search_pass: SearchPass, hits: Sequence[Hit], extractor: Extractor, may_speak: Callable[[Turn], bool]
) -> list[Quote]:
    """The quotes that answer, best first. A wide pass is read episode by episode, so that none crowds out another."""
    groups: dict[str, list[Hit]] = {}
    for hit in hits:
        groups.setdefault(hit.passage.episode, []).append(hit)
    quotes = []
    for group in groups.values():
        for first in range(0, len(group), READ_PASSAGES):
            evidence = extractor.read(search_pass.question, group[first : first + READ_PASSAGES])
            quotes += evidence.choose(may_speak, limit=MOST_READ if plan.holds else READ_PASSAGES)
    best = max((quote.score for quote in quotes), default=0.0)
    apart: list[Quote] = []
    for quote in sorted(quotes, key=lambda quote: -probability(quote.signals)):
        overlaps = any(
            other.episode.id == quote.episode.id and other.first <= quote.last and quote.first <= other.last
            for other in apart
        )
        if not overlaps and _answers(plan, quote, best):
            apart.append(quote)
    return apart


def _answers(plan: Plan, quote: Quote, best: float) -> bool:
    """Whether a quote is worth a place of its own.

    What one person or date has may lean on what is around it, like any answer to one question (`best` is the best score
    there). An item of a list answers by itself.
    """
    if plan.holds:
        return bool(plan.holds.search(quote.text))
    signals = quote.signals
    clear = signals.near + signals.coverage >= CLEAR if plan.lists else quote.score >= best - RELATED
    return clear and enough(signals)


def _by_episode(quotes: Sequence[Quote], *, most: int) -> list[Section]:
    """A section for each episode, by date; its best `most` quotes in the order spoken."""

    def when(quote: Quote) -> tuple[str, str, str]:
        return quote.episode.date or "", quote.episode.title, quote.episode.id

    return [
        Section(episode_line(best[0].episode), tuple(sorted(best, key=lambda quote: quote.first)))
        for _, group in groupby(sorted(quotes, key=when), key=when)
        if (best := sorted(group, key=lambda quote: -probability(quote.signals))[:most])
    ]


def _by_person(quotes: Sequence[Quote]) -> list[Section]:
    """A section for each person, the surest first; words that nobody is known to have said come last."""
    groups: dict[str, list[Quote]] = {}
    for quote in quotes:
        groups.setdefault(quote.turn.speaker.name if quote.turn.speaker else "", []).append(quote)
    named = [Section(f"{flat(name)}:", tuple(own[:IN_A_SECTION])) for name, own in groups.items() if name]
    return [
        *named,
        *(Section(NOT_KNOWN, tuple(own[:IN_A_SECTION])) for name, own in groups.items() if not name),
    ]


def one_date(plan: Plan, episodes: int) -> str:
    """The line after a view of one date only, where a change of it was asked for; "" after any other."""
    if episodes != 1:
        return ""
    return f"In the other episodes with {plan.question.people[0]} I found nothing about this."


def how_complete(plan: Plan, shown: Sequence[str], found: int, read: Set[int], library: Library) -> str:
    """How much of everything this can be, in plain sentences: what was read, what else has the words, what may be missing.

    `shown`: the episode of each quote shown; `found`: the quotes found; `read`: the passages read.
    """
    quotes, episodes = counted(len(shown), "quote"), len(set(shown))
    scope = plan.passes[0].scope
    searched = len(scope.episodes)
    lines = [f"These are {quotes} from {episodes} of the {counted(searched, 'episode')} searched."]
    if found > len(shown) and plan.kind == "list":
        lines = [
            f"These are the {len(shown)} surest of {found} quotes, from {episodes} of the {counted(searched, 'episode')} searched."
        ]
    held = set.intersection(*(library.holding(word) for word in plan.question.words)) if plan.question.words else set()
    if scope.rows is not None:
        held = library.passages_of(scope.rows, among=sorted(held))
    if held and not plan.holds:
        words = plan.question.words
        stand = f"the word “{words[0]}” stands" if len(words) == 1 else f"the words “{', '.join(words)}” stand together"
        share = "all of which I read" if held <= read else f"{len(held & read)} of which I read"
        lines.append(f"In the transcripts {stand} in {counted(len(held), 'passage')}, {share}.")
    lines.append("I looked by words and by meaning, so what is put in quite other words may be missing.")
    return " ".join(lines)
