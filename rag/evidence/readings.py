"""A question and the passages found -> how near each of their sentences comes to answering it, by a reader."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.library import Library
from rag.evidence.retrieve import Hit
from rag.reader.reading import Reader
from rag.reader.view import view


def readings(library: Library, reader: Reader, asked: str, hits: Sequence[Hit]) -> dict[tuple[str, int], float]:
    """By episode and position, what the reader gives each sentence, -1..1: the most of the passages in which it stands.

    An episode that is damaged is left out.
    """
    episodes = {one.id: one for one in library.episodes({hit.passage.episode: None for hit in hits})}
    here = [hit.passage for hit in hits if hit.passage.episode in episodes]
    views = [view(episodes[passage.episode], passage) for passage in here]
    most: dict[tuple[str, int], float] = {}
    for passage, seen, scores in zip(here, views, reader.read(_spelled(library, asked), views), strict=True):
        for place, score in zip(seen.places, scores, strict=True):
            key = (passage.episode, place.sentence.position)
            most[key] = max(float(score), most.get(key, -1.0))
    return most


def _spelled(library: Library, text: str) -> str:
    """The text with each word as it is surely meant: a reader knows words by how they are spelt."""

    def meant(found: re.Match[str]) -> str:
        word = found[0].lower()
        right = library.spelled(word)
        return found[0] if right == word else right

    return re.sub(r"\w+", meant, text)
