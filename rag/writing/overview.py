"""An outline of an episode, or somebody's main topics -> the words of an answer, each quote cited and checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prompts import flat
from rag.answer import Wrote, clock
from rag.draft import Draft
from rag.evidence.outline import Part
from rag.evidence.quote import Quote

MADE_BY = "An outline made by Verbatim of the episode's own parts: what was asked, and how each answer begins."


def overview(parts: Sequence[Part], draft: Draft, *, lead: str = "") -> Iterator[Wrote]:
    """Each part in a paragraph. `lead`: the line before them."""
    if lead and parts:
        yield Wrote(lead)
    for part in parts:
        begins = [part.asked, part.answer] if part.asked else [part.answer]
        cited = [quote.cited(len(draft.citations) + 1 + n) for n, quote in enumerate(begins)]
        if any(citation.check != "verified" for citation in cited):
            draft.withheld += 1
            continue
        draft.citations += cited
        lines = [
            f"{_who(quote)} “{citation.quote}” [{citation.n}]" for quote, citation in zip(begins, cited, strict=True)
        ]
        title = f"On {flat(part.title)}: " if part.title else ""
        yield Wrote(title + "\n".join(lines), tuple(cited))


def _who(quote: Quote) -> str:
    first = quote.sentences[0]
    at = clock(first.start, first.time_error)
    name = flat(quote.turn.speaker.name) if quote.turn.speaker else "Unlabelled"
    return f"{name}{f' ({at})' if at else ''}:"
