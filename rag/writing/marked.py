"""A model's sentence with marks of numbered sentences -> the same with marks of quotes, and the quotes: whole thoughts of one turn.

    "Tobin burns ash [12][13]."  →  "Tobin burns ash [12]." and 12: the quote that sentences 12 and 13 and their thought make

A quote has the number of the first sentence marked in it. Exact words that bear a wrong mark, or none, get the right one
where they stand in one place only; a mark beside the right one that carries nothing, such as that of the question answered,
is left out. Says nothing on whether the sentence is true: that is `rag.gate`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

from index.episode import Turn
from index.search.lexical import STOP_WORDS
from rag.evidence.check import locate, normalise
from rag.evidence.quote import Quote, Signals
from rag.evidence.quotes import LONGEST_QUOTE_WORDS, MOST_SENTENCES, asks
from rag.evidence.thought import thought
from rag.gate.clauses import WORD, Cited, Clause, clauses_of, words_of
from rag.gate.words import is_supported_word
from rag.writing.numbered import Line, Numbered

LEAST_WORDS = 3  # of a run in quote marks that may put a mark right
BETWEEN = 1  # sentences that may lie unmarked inside a quote

_BRACKETS = re.compile(r"\[[\s\d,;&–-]+\]")
_LED = re.compile(r"\[\s*(?:s|sentences?|lines?|nos?\.|#)\s*(?=\d)", re.IGNORECASE)
_RANGE = re.compile(r"(\d{1,3})\s*[–-]\s*(\d{1,3})")

Place = tuple[str, int]
"""An episode and the position of a sentence in it."""


class Marks:
    """What the marks of one reply mean. `quotes`: those made so far, by the numbers that they are cited with."""

    def __init__(self, numbered: Numbered) -> None:
        self.lines = numbered.lines
        self.quotes: dict[int, Quote] = {}
        self._episodes = numbered.episodes
        self._numbers: dict[Place, int] = {
            (line.episode.id, line.sentence.position): n for n, line in numbered.lines.items()
        }

    def read(self, sentence: str, may_speak: Callable[[Turn], bool]) -> tuple[str, dict[int, Quote]]:
        """The sentence with the marks of quotes in the place of marks of sentences, and those quotes. Unknown marks stay.

        `may_speak`: whose words are asked for; beside a mark of theirs, one of somebody else's is left out.
        """
        clauses, ending = clauses_of(_plain_marks(sentence))
        if not clauses:
            clauses, ending = _unmarked(sentence)
        text, cited = "", dict[int, Quote]()
        for clause in clauses:
            marks = self._put_right(clause)
            quotes = self._quoted([mark for mark in marks if mark in self.lines])
            for rule in (lambda quote: may_speak(quote.turn), _answers, partial(_carries, clause)):
                quotes = {n: quote for n, quote in quotes.items() if rule(quote)} or quotes
            cited |= quotes
            numbers = [*quotes, *(mark for mark in marks if mark not in self.lines)]
            text += clause.text + (" " if numbers else "") + "".join(f"[{n}]" for n in numbers)
        return f"{text}{ending}", cited

    def quoted(self, sentence: str) -> dict[int, Quote]:
        """The quotes of every mark of a sentence, whatever it says of them."""
        clauses, _ = clauses_of(_plain_marks(sentence))
        return self._quoted([mark for clause in clauses for mark in clause.marks if mark in self.lines])

    def _put_right(self, clause: Clause) -> list[int]:
        """The numbers that a clause rests on: those that it marks, or where its exact words stand, if they do so elsewhere."""
        runs = [run for run in (re.sub(r"[\s.,;…]+$", "", run) for run in clause.runs) if _long(run)]
        marked = {(line.episode.id, line.sentence.position) for n in clause.marks if (line := self.lines.get(n))}
        found = [list(self._places(run)) for run in runs]
        here = [place for places in found for one in places if marked & set(one) for place in one]
        only = [place for places in found if len(places) == 1 for place in places[0]]
        # Put right only where nothing of it stands under the mark written, so that no right mark is taken away.
        if found and not here and len(clause.marks) < 2 and all(len(places) == 1 for places in found):
            return list(dict.fromkeys(self._numbers[place] for place in only))
        return list(dict.fromkeys([*clause.marks, *(self._numbers[place] for place in here)]))

    def _places(self, run: str) -> Iterator[tuple[Place, ...]]:
        """The places among the numbered sentences at which exact words stand."""
        for episode in self._episodes:
            for place in locate(run, episode):
                spoken = [(episode.id, s.position) for s in episode.spoken(place.first, place.last)]
                if all(one in self._numbers for one in spoken):
                    yield tuple(spoken)

    def _quoted(self, marks: Sequence[int]) -> dict[int, Quote]:
        """The quotes that hold these sentences: those made before, or new ones."""
        cited: dict[int, Quote] = {}
        left: list[int] = []
        for mark in marks:
            line = self.lines[mark]
            held = next((n for n, quote in self.quotes.items() if _holds(quote, line)), None)
            if held is None:
                left.append(mark)
            else:
                cited[held] = self.quotes[held]
        for run in _runs(sorted(left, key=lambda mark: self._order(mark)), self.lines):
            quote = self._whole([self.lines[mark] for mark in run])
            self.quotes[run[0]] = cited[run[0]] = quote
        return cited

    def _order(self, mark: int) -> tuple[str, int]:
        line = self.lines[mark]
        return line.episode.id, line.sentence.position

    def _whole(self, lines: Sequence[Line]) -> Quote:
        """The sentences from the first of these lines to the last, as a whole thought that overlaps no quote made before."""
        line = lines[0]
        quoted = {
            position
            for quote in self.quotes.values()
            if quote.episode.id == line.episode.id
            for position in range(quote.first, quote.last + 1)
        }
        before = line.episode.spoken(0, line.turn.sentences[0].position - 1)[-1:]
        answers = line.turn.speaker is not None and any(asks(sentence.text) for sentence in before)
        first, last = thought(
            line.turn, line.sentence.position, lines[-1].sentence.position, answers=answers, but=quoted
        )
        text = " ".join(sentence.text for sentence in line.turn.spoken(first, last))
        signals = Signals(passage_cosine=line.hit.cosine)
        return Quote(line.episode, line.turn, first, last, text, line.hit.score, line.hit.id, signals)


def _answers(quote: Quote) -> bool:
    """False where a quote only asks."""
    return not all(asks(sentence.text) for sentence in quote.sentences)


def _carries(clause: Clause, quote: Quote) -> bool:
    """Whether a quote supports anything of a clause: exact words, or a word beside names and grammar."""
    if any(normalise(run).strip(" .,;") in normalise(quote.text) for run in clause.runs):
        return True
    there = words_of(quote.text)
    own = words_of(clause.plain) - STOP_WORDS - Cited([quote]).name_parts
    return any(is_supported_word(word, there) for word in own)


def _plain_marks(sentence: str) -> str:
    """The sentence with its marks as plain numbers: no ranges, and no word before a number."""
    return _BRACKETS.sub(lambda match: _RANGE.sub(_spread, match[0]), _LED.sub("[", sentence))


def _holds(quote: Quote, line: Line) -> bool:
    return quote.episode.id == line.episode.id and quote.first <= line.sentence.position <= quote.last


def _runs(marks: Sequence[int], lines: Mapping[int, Line]) -> list[list[int]]:
    """Marks, sorted by place, in groups: each of one turn, with next to nothing between."""
    runs = [[mark] for mark in marks[:1]]
    for before, mark in pairwise(marks):
        one, other = lines[before], lines[mark]
        near = other.turn is one.turn and (
            len(one.turn.spoken(one.sentence.position, other.sentence.position)) <= 2 + BETWEEN
        )
        whole = lines[runs[-1][0]].turn.spoken(lines[runs[-1][0]].sentence.position, other.sentence.position)
        if near and sum(len(s.text.split()) for s in whole) <= LONGEST_QUOTE_WORDS:
            runs[-1].append(mark)
        else:
            runs.append([mark])
    return runs


def _unmarked(sentence: str) -> tuple[list[Clause], str]:
    """A sentence without marks as one clause, and its full stop."""
    stop = re.search(r"[.!?…]*$", sentence.rstrip())
    assert stop
    clauses, _ = clauses_of(f"{sentence[: stop.start()]} [0]")
    return [replace(clause, marks=()) for clause in clauses], stop[0]


def _spread(match: re.Match[str]) -> str:
    """A range of marks as single ones; one that is no range of a few sentences stays as it is."""
    first, last = int(match[1]), int(match[2])
    return ", ".join(map(str, range(first, last + 1))) if first <= last < first + MOST_SENTENCES else match[0]


def _long(run: str) -> bool:
    return len(WORD.findall(run)) >= LEAST_WORDS
