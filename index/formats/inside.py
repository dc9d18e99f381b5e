"""Voices that change inside a piece of text: "Nobody? Ann Lee: Only one.", ">> Did it? >> It did.", "… there.Ann Lee: 00:00:06So".

Looks at the turns of every format, once all of a file's labels are known. Words stay as they are; a label and the time
that stands with it are no words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from index.formats.labels import clean_label, is_aside, is_heading_word, name_like
from index.formats.parsed import ParsedTurn, Piece
from index.formats.times import CLOCK, FRAMES

_CHEVRONS = re.compile(r"(?:(?<=\s)|\A|(?<=[.?!…]))>{2,3}\s*(?:([^\W\d_][^:\n<>?!\"“”]{0,60}?):(?=\s)\s*)?")
_ENDED = r"(?:(?<=[.?!…]\s)|(?<=[.?!…][\"”)\]]\s)|(?<=[.?!…]))"
# A name of two words and more between the end of a sentence and the beginning of one.
_NAMED = re.compile(
    rf"{_ENDED}((?i:speaker|spk)[ _]?\d{{1,3}}|(?:[A-Z][\w'’-]*\.? ){{1,3}}[A-Z][\w'’-]*):\s+(?=[\"“‘'(\[]?[A-Z])"
)
_TIME = rf"(?:[\[(]?(?:{FRAMES}|{CLOCK})[\])]?\s*)?"
OFTEN = 3
_FUNCTION = frozenset(
    "the a an my our your his her its their this that these those and or but so in on at of for to from with by as if is are"
    " i we you he she it they there here what who when where why how rule chapter part step number question".split()
)


def voices_inside(turns: Sequence[ParsedTurn], *, labels_too: bool = True) -> tuple[ParsedTurn, ...]:
    """The turns, cut where a chevron or one of the file's own labels stands among the words; then those of one voice as one.

    `turns`: one for each label of the file, so that a label ends what was cut before it. A name between two sentences that is
    no speaker of this file so far is one if it comes again; if not, the words behind it are nobody's. Not `labels_too`:
    at chevrons only, in a file whose labels are set apart (in bold) from what is said.
    """
    labels = {turn.speaker for turn in turns if turn.speaker} if labels_too else set()
    texts = [piece.text for turn in turns for piece in turn.pieces if piece.speech]
    chevrons = any(">>" in text for text in texts)
    if not labels and not chevrons:
        return _joined(turns)
    found: Counter[str] = Counter(
        match[1] for text in texts if ": " in text for match in _NAMED.finditer(text) if _may_be_name(match[1])
    )
    known = {label for label in labels if not is_aside(label) and any(f"{label}:" in text for text in texts)}
    if not chevrons and not known and not found:
        return _joined(turns)
    again = {name for name, count in found.items() if count > 1 or any(name in label for label in labels)}
    cut = _Cut(known | again, set(found) - again, chevrons)
    cut.learn(texts)
    return _joined(part for turn in turns for part in cut.parts(turn))


def _joined(turns: Iterable[ParsedTurn]) -> tuple[ParsedTurn, ...]:
    """The turns, those of one known voice that follow each other made one."""
    joined: list[ParsedTurn] = []
    for voice, run in groupby(turns, key=lambda turn: turn.speaker):
        of_voice = list(run)
        if voice is None or len(of_voice) == 1:
            joined += of_voice
        else:
            joined.append(ParsedTurn(voice, tuple(piece for turn in of_voice for piece in turn.pieces)))
    return tuple(joined)


def _may_be_name(name: str) -> bool:
    words = name.lower().replace(".", "").split()
    return not _FUNCTION & set(words) and name_like(name) and not is_heading_word(name)


class _Cut:
    """Where a piece of text changes its voice. `speakers`: labels that are believed; `doubted`: names that may be none."""

    def __init__(self, speakers: set[str], doubted: set[str], chevrons: bool) -> None:
        names = self._names = sorted(speakers, key=len, reverse=True)
        one_of = "|".join(map(re.escape, names))
        self._doubted = doubted
        self._chevrons = chevrons
        # A single word before a colon is often speech: only where a sentence ended, or a time shows that it is a label.
        self._label = (
            re.compile(
                rf"(?:{_ENDED}|(?<=[–—-]\s)|\A)({one_of}):(?:\s+{_TIME}|\s*{_TIME}(?<=[\d\])]))"
                rf"|(?<=\s)({one_of}):\s*(?:[\[(]?(?:{FRAMES}|{CLOCK})[\])]?)\s*"
            )
            if names
            else None
        )

    def learn(self, texts: Iterable[str]) -> None:
        """Where labels often stand in the middle of a line, one of two words and more is one also after an unfinished sentence."""
        if self._label is None:
            return
        inside = sum(match.start() > 0 for text in texts if ":" in text for match in self._label.finditer(text))
        if inside >= OFTEN and (full := [name for name in self._names if " " in name]):
            anywhere = "|".join(map(re.escape, full))
            self._label = re.compile(rf"{self._label.pattern}|(?<=\s)({anywhere}):\s+{_TIME}")

    def parts(self, turn: ParsedTurn) -> Iterator[ParsedTurn]:
        speaker = turn.speaker
        pieces: list[Piece] = []
        for piece in turn.pieces:
            for changes, label, part in self._pieces(piece):
                if changes and (label is None or label != speaker):
                    if pieces:
                        yield ParsedTurn(speaker, tuple(pieces))
                    pieces, speaker = [], label
                if part is not None:
                    pieces.append(part)
        if pieces:
            yield ParsedTurn(speaker, tuple(pieces))

    def _pieces(self, piece: Piece) -> list[tuple[bool, str | None, Piece | None]]:
        """The piece in runs of one voice: (the voice changes, its label or None, the words)."""
        marks = list(self._marks(piece.text)) if piece.speech and (":" in piece.text or ">>" in piece.text) else []
        if not marks:
            return [(False, None, piece)]
        parts: list[tuple[bool, str | None, Piece | None]] = []
        bounds = [(0, 0, False, None), *((start, end, True, label) for start, end, label in marks)]
        stops = [start for start, *_ in bounds[1:]] + [len(piece.text)]
        for (_, begin, changes, label), stop in zip(bounds, stops, strict=True):
            words = piece.text[begin:stop].strip()
            if changes or words:
                first, last = begin == 0 or not parts, stop == len(piece.text)
                part = Piece(words, piece.start if first else None, piece.end if last else None) if words else None
                parts.append((changes, label, part))
        return parts

    def _marks(self, text: str) -> Iterable[tuple[int, int, str | None]]:
        """(start, end, label or None) of what changes the voice, in order."""
        found: list[tuple[int, int, str | None]] = []
        if self._chevrons:
            for match in _CHEVRONS.finditer(text):
                named = clean_label(match[1]) if match[1] else ""
                if named and name_like(named):
                    found.append((match.start(), match.end(), named))
                else:
                    found.append((match.start(), match.start(1) if match[1] else match.end(), None))
        if self._label:
            found += [
                (match.start(), match.end(), next(filter(None, match.groups()))) for match in self._label.finditer(text)
            ]
        if self._doubted:
            found += [
                (match.start(1), match.start(1), None) for match in _NAMED.finditer(text) if match[1] in self._doubted
            ]
        found.sort(key=lambda mark: mark[:2])
        done = -1
        for start, end, label in found:
            if start >= done:
                yield start, end, label
                done = max(end, start + 1)
