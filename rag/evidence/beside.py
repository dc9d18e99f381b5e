"""Where a follow-up is likely to be answered: beside the sources shown before, whatever its own few words find."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.library import Library
from rag.evidence.quotes import READ_PASSAGES
from rag.evidence.retrieve import Hit
from rag.question.question import Question
from rag.question.scope import Scope

MOST_SOURCES = 2  # of the last answer, whose surroundings are read
MOST_BESIDE = 2  # passages read because of them
LONGEST_EPISODE = 400  # passages of an episode that are looked at: about six hours
AS_GOOD = 0.8  # of the best passage's score


def beside(hits: Sequence[Hit], asked: Question, scope: Scope, library: Library) -> list[Hit]:
    """The hits, with the passages in which the last sources stand, and those after them, among the first that are read."""
    inside = {episode.id for episode in scope.episodes}
    sources = [source for source in asked.near if source.episode in inside and source.quote][:MOST_SOURCES]
    if not sources or not hits:
        return list(hits)
    vector = library.remembered.encode([asked.about or asked.asked], query=True)[0]
    wanted: dict[int, Hit] = {}
    for source in sources:
        rows = library.rows([source.episode or ""])
        cosines = dict(library.search_vector(vector, k=LONGEST_EPISODE, rows=rows))
        passages = library.passages(sorted(cosines))
        in_order = sorted(passages, key=lambda id_: passages[id_].first)
        opening = re.split(r"(?<=[.?!…]) ", source.quote)[0]
        at = next((n for n, id_ in enumerate(in_order) if opening in passages[id_].text), None)
        for id_ in in_order[at : at + 2] if at is not None else ():
            wanted[id_] = Hit(id_, passages[id_], AS_GOOD * hits[0].score, cosines[id_], 0.0)
    read = {hit.id for hit in hits[:READ_PASSAGES]}
    fresh = [hit for id_, hit in wanted.items() if id_ not in read][:MOST_BESIDE]
    kept = [hit for hit in hits if hit.id not in {one.id for one in fresh}]
    return [*kept[: READ_PASSAGES - len(fresh)], *fresh, *kept[READ_PASSAGES - len(fresh) :]]
