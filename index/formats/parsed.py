"""What every format's parser returns: turns of pieces, and what the file says about itself.

Knows nothing of sentences, passages or libraries; `index/reading/read.py` makes an Episode of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

from index.episode import Chapter, Person
from index.plain import is_plain, plain


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

    def made_plain(self) -> Parsed:
        """The same without what a screen would obey or nobody sees.

        A file's text is plain before it is parsed, so that labels and times are found; this is for what only parsing makes
        letters: `\\u001b` in JSON, `&#x202e;` in HTML, `\\e` in YAML, and the text of a Word document.
        """
        metadata = _plain_metadata(self.metadata)
        written = [text for turn in self.turns for text in (turn.speaker or "", *(piece.text for piece in turn.pieces))]
        if is_plain("\n".join(written)):  # by far the most: one look at all of it
            return replace(self, metadata=metadata)
        turns = tuple(ParsedTurn(_one_line(turn.speaker), _plain_pieces(turn.pieces)) for turn in self.turns)
        left_out = sum(len(text) - len(plain(text)) for text in written)
        told = (f"{counted(left_out, 'control or unseen character')} left out",) if left_out else ()
        return Parsed(self.format, turns, metadata, self.mended + told)


def _plain_pieces(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    made = (piece._replace(text=plain(piece.text)) for piece in pieces)
    return tuple(piece for piece in made if piece.text.strip())


def _plain_metadata(said: Metadata) -> Metadata:
    lines: dict[str, str] = {f.name: value for f in fields(said) if isinstance(value := getattr(said, f.name), str)}
    texts: dict[str, Any] = {
        name: plain(value) if "description" in name else _one_line(value) for name, value in lines.items()
    }
    people = tuple(replace(person, name=name) for person in said.people if (name := _one_line(person.name)))
    chapters = tuple(replace(mark, title=plain(mark.title)) for mark in said.chapters)
    return replace(said, **texts, people=people, chapters=chapters)


def _one_line(text: str | None) -> str | None:
    return " ".join(plain(text or "").split()) or None


def counted(number: int, noun: str) -> str:
    """ "1 cue", "2 cues"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
