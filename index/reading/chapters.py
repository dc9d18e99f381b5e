"""Chapter marks -> their places in the transcript, by the words of their titles: anchors where it gives no times.

A chapter ("12:40 The move to Lisbon") has a time and no place in the text. Its place is looked for near where it should be,
at the sentence from which the rare words of its title begin to be said. A chapter that finds no such place is no anchor,
and neither is one that leaves no time for the words between it and the others.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from index.episode import Chapter
from index.formats.times import seconds

FEWEST_LISTED = 3
MOST_CHAPTERS = 200
AHEAD, MOST_AHEAD = 900, 60  # characters (about a minute) and sentences in which a chapter's words are looked for
JUST_BEFORE = 4  # sentences in which they should not be said yet
WEIGHT, LEAST_FIT = 0.5, 1.0
"""How much a title's words weigh against the time, and the least of it that makes a place: chosen on half of 81 talks whose
sections have headings and times (eval/NOTES.md)."""
FASTEST, SLOWEST, LONGEST_PAUSE = (
    0.03,
    0.2,
    120.0,
)  # seconds a character between two anchors, and of music or advertising
LEAST_SPREAD = 15.0  # seconds
OPTIONS, CHAINS = 8, 32
_LISTED = re.compile(
    r"^[^\w\n]{0,4}((?:\d{1,2}:)?\d{1,2}:\d\d)\)?\]?(?:\s{0,3}[-–—]\s{0,3}(?:\d{1,2}:)?\d{1,2}:\d\d)?[ \t:.–—-]{1,4}(\S.{2,160})$",
    re.MULTILINE,
)
_WORD = re.compile(r"[^\W_]{3,}")


class ChapterStart(NamedTuple):
    """Where a chapter begins: at sentence `number` of those given, `start` seconds into the audio."""

    number: int
    start: float


def listed_chapters(notes: str) -> tuple[Chapter, ...]:
    """The chapters of a list of times in show notes ("12:40 The move to Lisbon"); none where its times run backwards."""
    found = [
        Chapter(start, title.strip())
        for clock, title in _LISTED.findall(notes)[: MOST_CHAPTERS + 1]
        if (start := seconds(clock)) is not None
    ]
    listed = FEWEST_LISTED <= len(found) <= MOST_CHAPTERS and all(a.start < b.start for a, b in pairwise(found))
    return tuple(found) if listed else ()


def places_of(
    chapters: Sequence[Chapter],
    texts: Sequence[str],
    offsets: Sequence[int],
    expected: Sequence[float],
    errors: Sequence[float],
) -> list[ChapterStart]:
    """Where the chapters begin, rising in number and in time; those that can't be told are left out.

    `texts`: the sentences in order; `offsets`: characters of talk before each; `expected`, `errors`: when each is spoken as
    far as is known without the chapters, rising, and how far off (p90) that may be, in seconds.
    """
    words = [frozenset(_stems(text)) for text in texts]
    common = Counter(word for said in words for word in said)
    options = []
    for chapter in (chapter for chapter in chapters if chapter.start > 0):  # 0:00 says nothing of the opening's length
        rarity = {
            stem: math.log((len(texts) + 1) / (common[stem] + 0.5)) for stem in _stems(chapter.title) if common[stem]
        }
        spread = max(LEAST_SPREAD, errors[min(len(errors) - 1, bisect_left(expected, chapter.start))])
        first, last = (bisect_left(expected, chapter.start + off) for off in (-1.5 * spread, 1.5 * spread))
        scored = []
        for number in range(first, min(len(texts), last + 1)):
            fit = WEIGHT * _fit(number, words, offsets, rarity)
            late = (expected[number] - chapter.start) * 1.64 / spread
            if fit >= LEAST_FIT and fit > late**2 / 2:
                scored.append((fit - late**2 / 2, ChapterStart(number, chapter.start)))
        options.append(sorted(scored, reverse=True)[:OPTIONS])
    return _possible(options, offsets)


def _stems(text: str) -> list[str]:
    return [word[:6] for word in _WORD.findall(text.casefold())]


def _fit(number: int, words: Sequence[frozenset[str]], offsets: Sequence[int], rarity: dict[str, float]) -> float:
    """How well the title's words begin to be said at this sentence: soon from there on, and not just before."""
    fit = 0.0
    missing = dict(rarity)
    for later in range(number, min(len(words), number + MOST_AHEAD)):
        away = offsets[later] - offsets[number]
        if away >= AHEAD or not missing:
            break
        for stem in missing.keys() & words[later]:
            fit += missing.pop(stem) * (1 - away / AHEAD)
    just_before = frozenset().union(*words[max(0, number - JUST_BEFORE) : number])
    return fit - sum(rarity[stem] for stem in rarity.keys() & just_before) / 2


def _possible(options: Sequence[Sequence[tuple[float, ChapterStart]]], offsets: Sequence[int]) -> list[ChapterStart]:
    """The best places that can be true together: each leaves time for the words before it, and not too much."""
    chains: list[tuple[float, list[ChapterStart]]] = [(0.0, [])]
    for scored in options:
        grown = list(chains)
        for score, place in scored:
            fitting = [
                (total, chain) for total, chain in chains if not chain or _leaves_time(chain[-1], place, offsets)
            ]
            if fitting:
                total, chain = max(fitting)
                grown.append((total + score, [*chain, place]))
        chains = sorted(grown, reverse=True)[:CHAINS]
    return chains[0][1]


def _leaves_time(one: ChapterStart, two: ChapterStart, offsets: Sequence[int]) -> bool:
    characters = offsets[two.number] - offsets[one.number]
    return characters > 0 and FASTEST * characters <= two.start - one.start <= SLOWEST * characters + LONGEST_PAUSE
