"""What every format's parser returns: turns of pieces, and what the file says about itself.

Knows nothing of sentences, passages or libraries; `index/reading/read.py` makes an Episode of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from index.episode import Chapter, Person


class Piece(NamedTuple):
    """A run of words with one time: a cue, a word of a recogniser, or a paragraph. `start`/`end` in seconds or None.

    `speech` is False for what nobody said: `[music]`, `(laughs)`, a sponsor's boilerplate.
    """

    text: str
    start: float | None = None
    end: float | None = None
    speech: bool = True


@dataclass(frozen=True, slots=True)
class ParsedTurn:
    """One speaker's uninterrupted pieces, in the order spoken. `speaker` is the label as written, or None."""

    speaker: str | None
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file, its front matter or the page around it says of the episode; None where it says nothing."""

    id: str | None = None
    show: str | None = None
    show_description: str | None = None
    title: str | None = None
    date: str | None = None
    duration: float | None = None
    description: str | None = None
    people: tuple[Person, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    audio: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A transcript as read. `format` is the parser's name; `mended` tells once, in words, what was put right."""

    format: str
    turns: tuple[ParsedTurn, ...]
    metadata: Metadata = field(default_factory=Metadata)
    mended: tuple[str, ...] = ()


def counted(number: int, noun: str) -> str:
    """ "1 cue", "2 cues"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
