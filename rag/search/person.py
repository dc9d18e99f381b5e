"""What one person says in the whole library: how much and where, about what most, and about one topic in the order of time.

No verdict on what they mean: quotes are laid side by side, dated and checked, and the reader judges.
"""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from index.episode import Episode, Sentence, Turn
from index.library import EpisodeSummary, Library
from index.search.lexical import STOP_WORDS, content_words, stems
from index.search.passages import question_before
from rag.answer import Citation
from rag.english import FILLERS
from rag.evidence.cite import cite

MOST_TOPICS = 24
MOST_CANDIDATES = 150  # words and pairs whose places in the library are counted
LEAST_PASSAGES = 2  # a topic comes up in so many of a person's passages
NEAR = 2  # sentences between two that name the topic, which then are one quote
LONGEST_QUOTE = 90  # words
ANSWERING_WORDS = 120  # about 45 seconds: what is said so soon after a question answers it
MOST_QUOTES = 200
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")

Prompted = Literal["asked", "volunteered", "unknown"]


@dataclass(frozen=True, slots=True)
class Part:
    """A person's part in one episode."""

    episode: EpisodeSummary
    role: str
    words: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Topic:
    """Words that a person says in `passages` of their passages, of `of` in the library that have them."""

    words: str
    passages: int
    of: int


@dataclass(frozen=True, slots=True)
class DatedQuote:
    """A checked quote, and whether it was asked for: `asked` by the question before it (`question`), or volunteered.

    `unknown`: the transcript has no question marks to go by.
    """

    citation: Citation
    asked: Prompted
    question: str = ""


@dataclass(frozen=True, slots=True)
class OverTime:
    """What a person said about a topic, oldest first, undated last. `count`: how many quotes there are, of which the
    MOST_QUOTES that name the topic most are `said`."""

    said: tuple[DatedQuote, ...]
    count: int


def parts_of(library: Library, name: str) -> list[Part]:
    """The episodes that a person takes part in, newest first; those without a date last."""
    parts = [
        Part(summary, person.role, person.words, person.seconds)
        for summary in library.summaries()
        for person in summary.people
        if person.name == name
    ]
    return sorted(parts, key=lambda part: part.episode.date or "", reverse=True)


def topics_of(library: Library, name: str) -> list[Topic]:
    """What a person speaks about more than the rest of the library does, most characteristic first: words, and pairs of words."""
    own: dict[str, set[int]] = defaultdict(set)
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    spoken_in: set[int] = set()
    names = {stem for other in _names(library) for stem in stems(re.findall(r"\w+", other))}
    for passage, text in library.said_by(name):
        spoken_in.add(passage)
        for term, form in _terms(text, names):
            own[term].add(passage)
            forms[term][form] += 1
    share = len(spoken_in) / max(1, library.passage_count())
    often = [term for term, passages in own.items() if len(passages) >= LEAST_PASSAGES]
    often.sort(key=lambda term: (-len(own[term]) * _rarity(library, forms, term), term))
    scored = []
    for term in often[:MOST_CANDIDATES]:
        form = forms[term].most_common(1)[0][0]
        here, everywhere = len(own[term]), max(len(library.holding(form)), len(own[term]))
        # How much more often than by chance, the pair of words a little before its words; in a library of one person's
        # talk, where nothing is more than by chance, by rarity.
        more = math.log(here / (everywhere * share)) if share else 0.0
        weight = here * (max(0.0, more) + 0.2 * _rarity(library, forms, term) / 5) * (1.5 if " " in term else 1.0)
        scored.append((weight, term, Topic(form, here, everywhere)))
    scored.sort(key=lambda row: (-row[0], row[1]))
    return [topic for _, _, topic in _without_parts(scored, own)][:MOST_TOPICS]


def over_time(library: Library, name: str, topic: str) -> OverTime:
    """What a person says about a topic: every run of sentences that names it, checked.

    A run names it where it has half of its words, by rarity, in any of their forms.
    """
    with library.snapshot() as library:
        return _over_time(library, name, topic)


def _over_time(library: Library, name: str, topic: str) -> OverTime:
    weights = {stem: library.rarity(word) for word in content_words(topic) for stem in stems(re.findall(r"\w+", word))}
    wanted = {part.episode.id for part in parts_of(library, name)}
    places = {id_ for word in content_words(topic) for id_ in library.holding(word)}
    holding = {passage.episode for passage in library.passages(sorted(places)).values()} & wanted
    runs = [
        (weight, episode, at, run)
        for episode in library.episodes(sorted(holding))
        for at, turn in enumerate(episode.turns)
        if turn.speaker and turn.speaker.name == name
        for weight, run in _runs(turn, weights)
    ]
    most = heapq.nlargest(MOST_QUOTES, runs, key=lambda row: row[0])
    said = [_said(episode, at, run) for _, episode, at, run in most]
    verified = [one for one in said if one.citation.check == "verified"]
    verified.sort(key=lambda one: (one.citation.date or "9999", one.citation.episode, one.citation.first))
    return OverTime(tuple(verified), len(runs))


def _names(library: Library) -> set[str]:
    return {person.name for summary in library.summaries() for person in summary.people}


def _terms(text: str, names: set[str]) -> Iterator[tuple[str, str]]:
    """Each word and each pair of words of a sentence that may be a topic, as (its stem, as it is written)."""
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    topical = [
        None if word in STOP_WORDS or word in FILLERS or len(word) < 3 or "'" in word else stems([word])[0]
        for word in words
    ]
    topical = [None if stem in names else stem for stem in topical]
    for word, stem in zip(words, topical, strict=True):
        if stem and len(word) > 3:
            yield stem, word
    for (first, one), (second, two) in pairwise(zip(words, topical, strict=True)):
        if one and two:
            yield f"{one} {two}", f"{first} {second}"


def _rarity(library: Library, forms: dict[str, Counter[str]], term: str) -> float:
    words = forms[term].most_common(1)[0][0].split()
    return max(library.rarity(word) for word in words)


def _without_parts(
    scored: Sequence[tuple[float, str, Topic]], own: dict[str, set[int]]
) -> list[tuple[float, str, Topic]]:
    """Without words that hardly come up but in a pair that is there ("barrier" beside "tidal barrier"), nor the other way."""
    kept: list[tuple[float, str, Topic]] = []
    for row in scored:
        term = row[1]
        for _, other, _ in kept:
            shorter, longer = sorted((term, other), key=len)
            if set(shorter.split()) < set(longer.split()) and len(own[longer]) >= 0.6 * len(own[shorter]):
                break
        else:
            kept.append(row)
    return kept


def _runs(turn: Turn, weights: dict[str, float]) -> Iterator[tuple[float, Sequence[Sentence]]]:
    """The runs of a turn's sentences that name the topic, with how much of it."""
    total = sum(weights.values())
    spoken = turn.spoken()
    named = [weights.keys() & set(stems(re.findall(r"\w+", sentence.text))) for sentence in spoken]
    run: list[int] = []
    for at in [*(at for at, words in enumerate(named) if words), None]:
        if run and (at is None or at - run[-1] > NEAR or _words(spoken[run[0] : at + 1]) > LONGEST_QUOTE):
            covered = sum(weights[stem] for stem in set().union(*(named[n] for n in run)))
            if total and covered >= total / 2:
                yield covered, spoken[run[0] : run[-1] + 1]
            run = []
        if at is not None:
            run.append(at)


def _words(sentences: Sequence[Sentence]) -> int:
    return sum(len(sentence.text.split()) for sentence in sentences)


def _said(episode: Episode, at: int, run: Sequence[Sentence]) -> DatedQuote:
    turn = episode.turns[at]
    text = " ".join(sentence.text for sentence in run)
    citation = cite(episode, turn, run[0].position, run[-1].position, text, n=0)
    if not any("?" in sentence.text for sentence in episode.sentences):
        return DatedQuote(citation, "unknown")
    since = _words(turn.spoken(last=run[0].position - 1))
    question = question_before(episode, run[0].position)
    before = next((other for other in reversed(episode.turns[:at]) if other.words > 3), None)
    by_other = before is not None and (before.speaker is None or before.speaker != turn.speaker)
    asked = by_other and since <= ANSWERING_WORDS and "?" in question.split(". ")[-1]
    return DatedQuote(citation, "asked" if asked else "volunteered", question if asked else "")
