"""Lines, and what opens a turn at the start of some, become turns: paragraphs are pieces, asides and notes stand between them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from index.episode import Person
from index.formats.documents.heads import LabelHead, markdown_heading
from index.formats.documents.page import is_note, is_notes_heading, is_transcript_heading, talks
from index.formats.inside import voices_inside
from index.formats.labels import clean_label, is_aside, role_in_label
from index.formats.marks import pieces_of, plain_words
from index.formats.parsed import ParsedTurn, Piece
from index.formats.times import CLOCK, seconds

RULE = re.compile(r"(?:\\?[*_=~-]\s*){3,}|#+")
_FIRST_PERSON = re.compile(r"\b(?:I|we|let['’]s)\b|\b(?:I|we)['’]", re.IGNORECASE)
_ENDS = '.!?…"”’)]:*_'
_SPONSOR = re.compile(r"\b(?:ads?|advert\w*|commercial|sponsor\w*|promo|p?reroll|midroll|postroll)\b", re.IGNORECASE)
_IN_BRACKETS = re.compile(rf"\[\s*({CLOCK})")


def turns_of(
    lines: Sequence[str], heads: Sequence[LabelHead | None], *, markdown: bool
) -> tuple[tuple[ParsedTurn, ...], list[str], tuple[Person, ...]]:
    """(turns, the lines before them that are notes, people whose role a label tells). `heads`: one a line."""
    last_head = max((n for n, head in enumerate(heads) if head), default=-1)
    # Where the only heads were doubted, nothing opens a turn: all is one.
    first_head = next((n for n, head in enumerate(heads) if head), len(lines))
    builder = _TurnBuilder(markdown)
    before = builder.read_before(lines[:first_head])
    for number in range(first_head, len(lines)):
        builder.read(lines[number], heads[number], past_heads=number > last_head)
    builder.close_turn()
    in_bold = sum(head is not None and head.kind == "bold" for head in heads)
    plain = in_bold * 2 < sum(head is not None and head.label is not None for head in heads)
    return voices_inside(builder.turns, labels_too=plain), before, tuple(builder.people.values())


class _TurnBuilder:
    """Turns as far as the lines were read: those that are closed, the open turn's pieces, and its open paragraph."""

    def __init__(self, markdown: bool) -> None:
        self.markdown = markdown
        self.turns: list[ParsedTurn] = []
        self.people: dict[str, Person] = {}
        self._pieces: list[Piece] = []
        self._speaker: str | None = None
        self._paragraph: list[str] = []
        self._start: float | None = None
        self._end: float | None = None
        self._after_gap = False
        self._in_notes = False
        self._sponsored = False

    def read_before(self, lines: Sequence[str]) -> list[str]:
        """The lines before the first head: speech and stage directions become turns; the others, notes, are given back."""
        notes = []
        for line in lines:
            if not line or is_transcript_heading(line):
                continue
            found = pieces_of(line, markdown=self.markdown)
            speech = len(line.split()) > 14 and talks(line) > 0.3
            if speech or (found and not any(piece.speech for piece in found)):
                self._pieces.extend(found)
                self.close_turn()
            else:
                notes.append(line)
        return notes

    def read(self, line: str, head: LabelHead | None, *, past_heads: bool) -> None:
        """One more line. `past_heads`: no head comes after it."""
        if not line:
            self._after_gap = True
            return
        if head is None:
            self._read_text(line, past_heads)
        else:
            self._in_notes = False
            if head.label is None:
                if head.kind == "doubted":  # opens like a label and may be none: nobody's words, not the last speaker's
                    self.close_turn()
                    self._speaker = None
                self._read_time(head)
            elif is_aside(label := clean_label(head.label)):
                self._read_aside(label, head)
            else:
                self._read_label(label, head, role_in_label(head.label))
        self._after_gap = False

    def _read_label(self, label: str, head: LabelHead, role: Literal["host", "guest"] | None) -> None:
        self._sponsored = False
        self._close_paragraph()
        self.close_turn()
        self._speaker = label
        if role:
            self.people[label] = Person(label, role)
        self._start, self._end = head.start if head.start is not None else self._start, head.end
        self._begin_paragraph(head.rest)

    def _read_time(self, head: LabelHead) -> None:
        self._close_paragraph()
        self._start, self._end = head.start, head.end
        self._begin_paragraph(head.rest)

    def _read_aside(self, label: str, head: LabelHead) -> None:
        """A label that names what was not said, such as "[music]:" or "Sponsor:"."""
        at = head.start
        if at is None:
            inline = pieces_of(head.rest, markdown=True)
            at = next((piece.start for piece in inline if piece.start is not None), None)
        if at is None and (clock := _IN_BRACKETS.search(head.rest)):
            at = seconds(clock[1])
        self._put_aside(f"{label}: {head.rest}".rstrip(": "), at)
        self._sponsored = bool(_SPONSOR.search(label))

    def _read_text(self, line: str, past_heads: bool) -> None:
        if RULE.fullmatch(line):
            self._close_paragraph()
        elif self._in_notes or (is_notes_heading(line) and (past_heads or line[0] == "#")):
            self._in_notes = True
            self._put_aside(line.lstrip("# "))
        elif line[0] == "#" and (heading := markdown_heading(line)) is not None:
            self._put_aside(heading)
        elif past_heads and is_note(line) and not _FIRST_PERSON.search(line):
            self._put_aside(line)
        else:
            if self._after_gap or not self._paragraph or self._paragraph[-1][-1] in _ENDS:
                self._close_paragraph()
            self._paragraph.append(_unquoted(line))

    def _begin_paragraph(self, text: str) -> None:
        if text:
            self._paragraph = [text]

    def _close_paragraph(self) -> None:
        if self._paragraph:
            found = pieces_of(" ".join(self._paragraph), self._start, self._end, markdown=self.markdown)
            self._pieces += [piece._replace(speech=False) for piece in found] if self._sponsored else found
            self._paragraph, self._start, self._end = [], None, None

    def close_turn(self) -> None:
        """What was read so far belongs to no later line."""
        self._close_paragraph()
        if self._pieces:
            self.turns.append(ParsedTurn(self._speaker, tuple(self._pieces)))
            self._pieces = []

    def _put_aside(self, text: str, at: float | None = None) -> None:
        """A turn of nobody's: what stands in the transcript and was not said."""
        self.close_turn()
        shown = plain_words(text) if self.markdown else text
        if shown:
            self.turns.append(ParsedTurn(None, (Piece(shown, at, None, speech=False),)))


def _unquoted(line: str) -> str:
    """The line without the mark of a Markdown quotation or list."""
    if line[0] in ">-*+" and len(line) > 1 and (line[1] == " " or line[0] == ">"):
        return line[1:].lstrip("> ") or line
    return line
