"""A sentence of a model in clauses, and the quotes that a clause rests on. Knows nothing of right and wrong.

A clause ends at its marks: “Tobin bakes 45 loaves [1], and Maud holds 243 jars [2].” has two.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.search.lexical import stems
from index.speakers.labels import is_anonymous
from rag.evidence.quote import Quote

NAME_WORDS = 4  # by which words may be attributed to a speaker
WHOLE_NAME_WORDS = 24  # of a name, office included, that may stand whole in a sentence; a longer one is no name
SENTENCES_BEFORE = 2  # of the same turn, and of the question that it answers: what a quote's "it" and "she" stand for

_QUOTED = re.compile(
    r"“([^“”]*)”|\"([^\"]*)\"|«([^«»]*)»|„([^„“”]*)[“”]"
    r"|(?<!\w)‘((?:[^‘’]|(?<=\w)’(?=\w))*)’(?!\w)|(?<!\w)'((?:[^']|(?<=\w)'(?=\w))*)'(?!\w)"
)
_TITLED = re.compile(r"^(?:(?:(?:right )?hon|mr|mrs|ms|dr)\.?\s+)+(?=\S)", re.IGNORECASE)
_MARK = r"\[\s*[0-9]{1,3}(?:\s*(?:[,;&]|and)\s*[0-9]{1,3})*\s*\]"
MARKS = re.compile(rf"\s*{_MARK}(?:\s*{_MARK})*")
WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Clause:
    """Words up to their marks: `plain` is what stands outside quote marks, `runs` are the words inside, `text` is both."""

    text: str
    plain: str
    runs: tuple[str, ...]
    marks: tuple[int, ...]


def clauses_of(sentence: str) -> tuple[list[Clause], str]:
    """The sentence's clauses, and what stands after its last marks. Marks inside quote marks are words, not marks."""
    held = [match for match in _QUOTED.finditer(sentence)]
    blank = _QUOTED.sub(lambda match: "\0" * len(match[0]), sentence)
    clauses, start = [], 0
    for match in MARKS.finditer(blank):
        inside = [quoted for quoted in held if start <= quoted.start() < match.start()]
        plain = _QUOTED.sub(" … ", sentence[start : match.start()])
        runs = tuple(next(group for group in quoted.groups() if group is not None) for quoted in inside)
        marks = tuple(dict.fromkeys(int(number) for number in re.findall(r"[0-9]+", match[0])))
        clauses.append(Clause(sentence[start : match.start()], plain, runs, marks))
        start = match.end()
    return clauses, sentence[start:]


class Cited:
    """The quotes that one clause rests on, as words to look in.

    `before`: the words just before each quote, in its own turn; `answered`: those of the question that the turn answers.
    They resolve what "it" is; they are not what was said here, so they support a word of a clause, and never a clause.
    """

    def __init__(self, quotes: Sequence[Quote]) -> None:
        self.quotes = quotes
        self.text = " ".join(quote.text for quote in quotes)
        self.words = words_of(self.text)
        self.stems = set(stems(self.words))
        self.before = words_of(" ".join(part for quote in quotes for part in _before(quote)))
        self.answered = " ".join(_answered(quote) for quote in quotes)
        self.around = self.before | words_of(self.answered)
        self.speakers = {speaker_of(quote) for quote in quotes}
        self.roles = {quote.turn.speaker.role for quote in quotes if quote.turn.speaker}
        self.about = words_of(" ".join(f"{quote.episode.title} {quote.episode.show.name}" for quote in quotes))
        self.dates = " ".join(quote.episode.date or "" for quote in quotes)

    def by_mark(self, clause: Clause, mark: int) -> Quote:
        """The quote that one of the clause's marks names."""
        return self.quotes[clause.marks.index(mark)]

    @property
    def sentences(self) -> list[str]:
        """The quotes' sentences, as they were spoken."""
        return [sentence.text for quote in self.quotes for sentence in quote.sentences if sentence.speech]

    @property
    def name_parts(self) -> set[str]:
        """The words of the speakers' names, lower case. Of a name as long as a sentence, only the first: it is none."""
        return words_of(" ".join(called(name) for name in self.speakers if name))

    def with_short_names(self, text: str) -> str:
        """The text with each speaker's full name shortened: an office beside a name says nothing that needs support."""
        for name in sorted((name for name in self.speakers if name), key=len, reverse=True):
            if len(name.split()) <= WHOLE_NAME_WORDS:
                for whole in (name, _without_office(name)):
                    text = text.replace(whole, called(name))
        return text


def _before(quote: Quote) -> list[str]:
    """The sentences that stand before a quote in its turn."""
    return [s.text for s in quote.turn.sentences if s.speech and s.position < quote.first][-SENTENCES_BEFORE:]


def _answered(quote: Quote) -> str:
    """The end of what somebody else asked before, where the quote is the start of the reply to it; else ""."""
    first = quote.turn.sentences[0].position
    if len(_before(quote)) == SENTENCES_BEFORE:
        return ""
    before = next((turn for turn in quote.episode.turns if turn.sentences[-1].position == first - 1), None)
    asked = " ".join([s.text for s in before.sentences if s.speech][-SENTENCES_BEFORE:]) if before else ""
    return asked if "?" in asked else ""


def speaker_of(quote: Quote) -> str | None:
    """Who is known to speak in a quote."""
    speaker = quote.turn.speaker
    return speaker.name if speaker and not is_anonymous(speaker.name) else None


@lru_cache(maxsize=4096)
def called(name: str) -> str:
    """What somebody is called: “Hon. Ada Brill (Minister of Tides)” is “Ada Brill”. At most `NAME_WORDS` words."""
    return " ".join(_TITLED.sub("", _without_office(name)).split()[:NAME_WORDS])


def _without_office(name: str) -> str:
    return name.partition(" (")[0] or name


def names_in(text: str) -> set[str]:
    """The words with a capital that don't open a sentence, lower case."""
    return {bare(word) for word in re.findall(r"(?<=[^\W\d_,;] )[A-Z][\w'’-]+|(?<=[,;] )[A-Z][\w'’-]+", text)} - {"i"}


def words_of(text: str) -> set[str]:
    """The words of a text, lower case, with an 's taken off."""
    return {bare(part) for word in WORD.findall(text) for part in (word, *re.split(r"[-.]", word)) if part}


def bare(word: str) -> str:
    """A word as it is compared: lower case, without a possessive's ending, apostrophes straight ("Nell’s" → "nell")."""
    return re.sub(r"['’]s?$", "", word.lower()).replace("’", "'")
