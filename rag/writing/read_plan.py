"""A question of several search passes, read by the model in one call: the passages of all passes, and the lines between.

The model reads the best passages of each pass; a heading stands where the person or the episode changes, and the line that
says what is missing at the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence, Set
from itertools import chain, zip_longest

from index.episode import Turn
from index.library import Library
from prompts import flat
from rag.answer import Citation, Wrote
from rag.draft import Draft
from rag.evidence.retrieve import Hit, Retriever
from rag.evidence.sections import NOT_KNOWN, MaySpeak, but_of, how_complete, nothing_of, one_date
from rag.gate.clauses import MARKS
from rag.question.plan import Plan, episode_line

MOST_LISTED = 24  # passages that are read where everything is asked for
MOST_ITEMS = 24  # sentences that are listened to then


def passages_of(plan: Plan, retriever: Retriever, *, besides: Sequence[Hit]) -> list[Hit]:
    """The best passages of a plan's search passes, turn by turn, and after them those found `besides`, each once.

    As many as were found besides, or more where everything is asked for.
    """
    rankings = [retriever.retrieve(one.question, one.scope, k=one.passages) for one in plan.passes]
    best = chain.from_iterable(zip_longest(*rankings))
    found = {hit.id: hit for hit in chain(best, besides) if hit is not None}
    return list(found.values())[: MOST_LISTED if plan.lists else len(besides)]


def rule_of(plan: Plan, may_speak: MaySpeak) -> Callable[[Turn], bool]:
    """Whose words answer a plan's question: those who may speak in one of its passes."""
    rules = [but_of(may_speak(search_pass.question), plan.but) for search_pass in plan.passes]
    return lambda turn: any(rule(turn) for rule in rules)


def headed(plan: Plan, words: Iterator[Wrote], draft: Draft) -> Iterator[Wrote]:
    """The words with a line before each that rests on another person, or on another episode, than those before it."""
    before = ""
    for wrote in words:
        marks = {int(n) for match in MARKS.finditer(wrote.text) for n in re.findall(r"\d+", match[0])}
        titles = {_title(plan, citation) for citation in draft.citations if citation.n in marks}
        if len(titles) == 1 and (title := titles.pop()) and title != before:
            yield Wrote(title)
            before = title
        yield wrote


def missing(plan: Plan, citations: Sequence[Citation], read: Set[int], library: Library) -> Iterator[Wrote]:
    """The lines at the end of an answer: of whom or of when nothing was found, and how complete a list can be.

    `read`: the rows of the passages that were read.
    """
    lines: list[str] = []
    if plan.kind == "compare":
        heard = {citation.speaker for citation in citations}
        lines = [nothing_of(name) for name in plan.question.people if name not in heard]
    elif plan.kind == "change":
        lines = [one_date(plan, len({citation.episode for citation in citations}))]
    else:
        shown = [citation.episode for citation in citations]
        lines = [how_complete(plan, shown, len(shown), read, library)]
    yield from (Wrote(line) for line in lines if line)


def _title(plan: Plan, citation: Citation) -> str:
    if plan.kind in ("compare", "people"):
        return f"{flat(citation.speaker)}:" if citation.speaker else NOT_KNOWN
    return episode_line(citation) if plan.kind in ("change", "episodes") else ""
