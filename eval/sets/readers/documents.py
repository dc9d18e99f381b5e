"""A set's own documents as episodes, and gold at their words. Nothing is invented: no times, no roles, no punctuation."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eval.sets.questions import Gold, GoldEvidence
from index.episode import Episode, Person, Show, Turn
from index.formats.parsed import Piece
from index.reading.sentences import build_sentences

LONGEST_ID = 120


@dataclass(frozen=True, slots=True)
class Document:
    """An episode made of a set's turns, with where each of them stands in its spoken words.

    `text` is the spoken sentences joined by single spaces; `spans` has the characters of each turn that was given, or
    None for one without words.
    """

    episode: Episode
    text: str
    spans: tuple[tuple[int, int] | None, ...]

    def gold(self, first: int = 0, last: int | None = None) -> Gold | None:
        """The place from turn `first` to turn `last`, both included; None where there are no words."""
        last = len(self.spans) - 1 if last is None else last
        spoken = [span for span in self.spans[first : last + 1] if span]
        if not spoken:
            return None
        start, end = spoken[0][0], spoken[-1][1]
        sha256 = hashlib.sha256(self.text[start:end].encode()).hexdigest()[:16]
        return Gold(self.episode.id, offsets=(start, end), sha256=sha256)

    def evidence(self, turn: int, speaker: str | None) -> GoldEvidence | None:
        """The place of one turn, with who speaks it; None where it has no words."""
        place = self.gold(turn, turn)
        if place is None:
            return None
        return GoldEvidence(place.episode, offsets=place.offsets, sha256=place.sha256, speaker=speaker)


def build_document(
    id_: str, show: str, title: str, turns: Sequence[tuple[str | None, str]], *, date: str | None = None, format_: str
) -> Document:
    """A document of (speaker or None, words), one turn each. Turns without words are no part of the episode."""
    made: list[Turn] = []
    spans: list[tuple[int, int] | None] = []
    words: list[str] = []
    offset = 0
    sentences_of = build_sentences([[Piece(text)] for _, text in turns])
    for (speaker, _), sentences in zip(turns, sentences_of, strict=True):
        if not sentences:
            spans.append(None)
            continue
        person = Person(speaker) if speaker else None
        made.append(Turn(person, tuple(sentences), "labelled" if person else "unknown"))
        words.append(" ".join(sentence.text for sentence in sentences))
        spans.append((offset, offset + len(words[-1])))
        offset += len(words[-1]) + 1
    people = dict.fromkeys(turn.speaker for turn in made if turn.speaker)
    episode = Episode(id_, Show(show), title, tuple(made), tuple(people), date, format=format_)
    return Document(episode, " ".join(words), tuple(spans))


def safe_id(text: str, taken: Iterable[str]) -> str:
    """The text as an id that fits a URL, a command line and a file name, and that none of `taken` has."""
    slug = re.sub(r"[^\w.-]+", "-", text)[:LONGEST_ID].strip("-.") or "document"
    id_, number = slug, 1
    while id_ in taken:
        number += 1
        id_ = f"{slug}-{number}"
    return id_


def named_in(question: str, speakers: Iterable[str]) -> list[str]:
    """The speakers whose whole name stands in the question, longest first; "PhD F" in "What did PhD F think?"."""
    found = []
    for name in sorted(set(speakers), key=len, reverse=True):
        whole = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.I)
        if whole.search(question):
            found.append(name)
            # Taken out, so that "Ann Orr" doesn't name Ann too.
            question = whole.sub("·", question)
    return found
