"""What the page's own links open: a question with its filters (`?q=…&person=…`), or one moment (`?moment=…&sentences=4-6`).

A link is a stranger's: every value is checked, and a bad one is refused in a sentence. Knows nothing of Gradio.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from index.errors import VerbatimError
from index.library import Library
from rag.question.question import LONGEST_QUESTION
from rag.question.scope import LONGEST_VALUE, Filters
from ui.listeners.conversation import Round, citation_at, moments_of
from ui.shared.filters import FIELDS, choice_of, filters_of, known_here
from ui.words.listeners import said


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opens: a question to ask under filters, or a round that is there at once. Neither for the bare page."""

    question: str = ""
    filters: Filters = field(default_factory=Filters)
    round: Round | None = None

    @property
    def choice(self) -> tuple[str, ...]:
        """Its filters as the values of the fields that choose them."""
        return choice_of(self.filters)


def opened(library: Library, fields: Mapping[str, str]) -> Opened:
    """What the link with these fields opens; others than its own are not looked at."""
    question = fields.get("q", "").strip()
    if len(question) > LONGEST_QUESTION:
        return _refused(question[:80] + "…", said("link_long", limit=LONGEST_QUESTION))
    try:
        if fields.get("moment"):
            return _moment(library, fields["moment"], fields.get("sentences", ""))
        filters = known_here(library, filters_of([fields.get(name, "") for name in FIELDS]))
    except VerbatimError as error:
        return _refused(question, said("link_bad", why=str(error)))
    return Opened(question, filters)


def _refused(question: str, why: str) -> Opened:
    return Opened(round=Round(question, stage="failed", problem=why, title="" if question else said("link")))


def _moment(library: Library, episode: str, sentences: str) -> Opened:
    """The card of these sentences under a title. VerbatimError: there is no such episode."""
    talk = library.episode(episode[:LONGEST_VALUE])
    places = re.fullmatch(r"(\d{1,7})-(\d{1,7})", sentences, re.ASCII)
    citation = citation_at(talk, int(places[1]), int(places[2])) if places else None
    if citation is None:
        return _refused("", said("moment_gone", title=talk.title))
    moments = moments_of([citation], library)
    return Opened(round=Round("", stage="done", moments=moments, title=said("moment", title=talk.title)))
