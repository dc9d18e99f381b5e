"""The nouns: Show → Episode → Turn → Sentence → Passage. Frozen values; knows nothing of files, indexes or models.

Times are seconds (float) from the start of the audio, or None where nobody knows. Each fact keeps its source:
`speaker_source` says how the speaker is known, `time_source` and `time_error` how well the time is.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["host", "guest", "unknown"]
SpeakerSource = Literal["labelled", "recovered", "corrected", "unknown"]
TimeSource = Literal["transcript", "aligned", "estimated", "corrected"]

EXACT_SECONDS = 2.0
"""A time whose error (p90) is above this is shown with ≈ and never to the second."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who speaks in an episode."""

    name: str
    role: Role = "unknown"


@dataclass(frozen=True, slots=True, order=True)
class Chapter:
    """A mark in the audio that somebody set: `start` seconds, and what begins there."""

    start: float
    title: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """The smallest thing that is quoted: one whole sentence of one turn, in the transcript's own words.

    `position` counts the sentences of an episode from 0; with the episode's id it is the sentence's address.
    `speech` is False for stage directions, music and sponsors' notes: kept, shown as such, never quoted.
    """

    position: int
    text: str
    start: float | None = None
    end: float | None = None
    time_source: TimeSource | None = None
    time_error: float | None = None
    speech: bool = True


@dataclass(frozen=True, slots=True)
class Turn:
    """One speaker's uninterrupted words. `speaker` is None where the transcript doesn't tell."""

    speaker: Person | None
    sentences: tuple[Sentence, ...]
    speaker_source: SpeakerSource = "unknown"

    @property
    def text(self) -> str:
        """The turn's words, its sentences joined by single blanks."""
        return " ".join(sentence.text for sentence in self.sentences)

    def spoken(self, first: int = 0, last: int = sys.maxsize) -> tuple[Sentence, ...]:
        """Its sentences of speech whose positions are `first`..`last`, both included; stage directions are left out."""
        return tuple(s for s in self.sentences if first <= s.position <= last and s.speech)

    @property
    def start(self) -> float | None:
        """Seconds at which its first sentence begins; None where no time is known."""
        return self.sentences[0].start

    @property
    def end(self) -> float | None:
        """Seconds at which its last sentence ends; None where no time is known."""
        return self.sentences[-1].end

    @property
    def words(self) -> int:
        """Words of speech, stage directions left out."""
        return sum(len(sentence.text.split()) for sentence in self.sentences if sentence.speech)


@dataclass(frozen=True, slots=True)
class Show:
    """A podcast."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    """One published talk with everything that is known of it.

    `duration` is seconds; `date` is ISO (2024-02-01) or None; `audio` is a path or URL; `url` is the episode's page.
    `format` names the parser that read it; `mended` says in words what was put right while reading.
    `unlabelled`: the transcript names no speakers at all; who speaks was told from the words, and can be answered in review.
    `voices`: what another way of telling them said, as (sentence position, role); empty where none was asked.
    """

    id: str
    show: Show
    title: str
    turns: tuple[Turn, ...]
    people: tuple[Person, ...] = ()
    date: str | None = None
    description: str = ""
    duration: float | None = None
    audio: str | None = None
    url: str | None = None
    format: str = ""
    content_hash: str = ""
    mended: tuple[str, ...] = field(default=())
    unlabelled: bool = False
    voices: tuple[tuple[int, Role], ...] = ()
    sentences: tuple[Sentence, ...] = field(init=False, repr=False, compare=False)
    """Those of all turns, in order: the one at index n has the position n."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "sentences", tuple(sentence for turn in self.turns for sentence in turn.sentences))

    def turn_at(self, position: int) -> Turn:
        """The turn that holds the sentence at a position. IndexError: there is none."""
        if position >= 0:
            at = bisect_left(self.turns, position, key=lambda turn: turn.sentences[-1].position)
            if at < len(self.turns):
                return self.turns[at]
        raise IndexError(f"episode {self.id} has no sentence {position}")

    def spoken(self, first: int, last: int) -> tuple[Sentence, ...]:
        """The sentences of speech among `first`..`last`, both included."""
        return tuple(sentence for sentence in self.sentences[first : last + 1] if sentence.speech)


@dataclass(frozen=True, slots=True)
class Passage:
    """What is embedded and found: whole sentences of one exchange.

    `first` and `last` are sentence positions, both included. `text` is their words and nothing else; `context` (the
    host's question, people, titles) may be embedded with them and is never quoted.
    """

    episode: str
    first: int
    last: int
    text: str
    context: str = ""
    start: float | None = None
    end: float | None = None

    @property
    def words(self) -> int:
        """How many words it has, between blanks."""
        return len(self.text.split())
