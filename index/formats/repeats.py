"""What a recogniser made up over silence: lines and words in a loop, a segment twice, "Subtitles by …". Kept, marked, told.

Such words stay in the transcript as what nobody said. People do say "No, no, no": only what comes more often than anybody
says it is a loop.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from typing import NamedTuple

from index.formats.parsed import ParsedTurn, Piece, counted

LONGEST_LOOP = 6  # lines
FEWEST_TIMES = 4
"""So often a line or a run of lines comes before it is a loop; in a recogniser's own file a line three times over is."""
FEWEST_WORDS = 12
"""The words of a loop together, without its first round: "Yes. Yes. Yes. Yes." is said."""
_WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_LOOP = re.compile(
    r"(?<!\w)((?:[^\W_]+(?:['’][^\W_]+)?)(?:[ ,]+[^\W_]+(?:['’][^\W_]+)?){0,7}?)[.!?]?((?:[ ,.!?…-]+\1(?!\w)[.!?]?){7,})",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"\W*(?:(?:sub)?titles?|subtitl\w+|captions?|captioned|closed captioning|transcri(?:bed|ptions?|pt)|translat\w+"
    r"|untertitel\w*"
    r"|sous-titr\w+|subt[ií]tulos?|legendas?|sottotitoli|ondertitel\w*|napisy|altyaz\w+|субтитры)\b[^.!?]{0,30}?"
    r"(?:\b(?:by|von|par|por|door|im auftrag|des|della|cura|made|provided|realizad[oa]s|réalisés?)\b|:"
    r"|amara\.org|https?:|www\.).{0,70}",
    re.IGNORECASE,
)


class _Place(NamedTuple):
    """A piece of speech: its turn, its place there, and its words as they are compared."""

    turn: int
    piece: int
    key: tuple[str | None, str]
    words: int


def marked_repeats(turns: Sequence[ParsedTurn], mended: list[str], *, recogniser: bool) -> tuple[ParsedTurn, ...]:
    """The turns, with what comes in loops, twice at one time, or is a credit marked as what nobody said.

    `recogniser`: the file is a recogniser's own, so three equal lines in a row are one. What was marked is added to `mended`.
    """
    places = [
        _Place(t, p, (turn.speaker, " ".join(_WORDS.findall(piece.text.lower()))), len(piece.text.split()))
        for t, turn in enumerate(turns)
        for p, piece in enumerate(turn.pieces)
        if piece.speech
    ]
    again = _loops(places, recogniser) | _twice(places, turns)
    credits = {
        (place.turn, place.piece) for place in places
        if place.words <= 14 and _CREDIT.fullmatch(turns[place.turn].pieces[place.piece].text.strip())
    }  # fmt: skip
    inside = 0
    made = []
    for number, turn in enumerate(turns):
        pieces: list[Piece] = []
        for place, piece in enumerate(turn.pieces):
            if (number, place) in again or (number, place) in credits:
                pieces.append(piece._replace(speech=False))
            elif piece.speech and (parts := _without_loops(piece)):
                pieces += parts
                inside += 1
            else:
                pieces.append(piece)
        made.append(replace(turn, pieces=_together(pieces, number, again)))
    if not again and not credits and not inside:
        return tuple(turns)
    if again:
        first = min(again)
        shown = turns[first[0]].pieces[first[1]].text[:40]
        mended.append(f"{counted(len(again), 'line')} repeating those before marked as not said (first {shown!r})")
    if inside:
        mended.append(f"a word or a few repeated many times in {counted(inside, 'line')}: marked as not said")
    if credits:
        mended.append(f"{counted(len(credits), 'line')} of credits marked as not said")
    return tuple(made)


def _loops(places: Sequence[_Place], recogniser: bool) -> set[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    at = 0
    while at < len(places):
        for period in range(1, LONGEST_LOOP + 1):
            stop = at
            while stop + period < len(places) and places[stop].key == places[stop + period].key and places[stop].key[1]:
                stop += 1
            rounds = (stop - at) // period + 1
            words = sum(place.words for place in places[at + period : at + rounds * period])
            enough = 3 if recogniser else FEWEST_TIMES
            whole = recogniser and any(place.words > 1 for place in places[at : at + period])
            if rounds >= enough and (words >= FEWEST_WORDS or (whole and period < 3)):
                end = min(len(places), stop + period)
                found |= {(place.turn, place.piece) for place in places[at + period : end]}
                at = end - 1
                break
        at += 1
    return found


def _twice(places: Sequence[_Place], turns: Sequence[ParsedTurn]) -> set[tuple[int, int]]:
    """Pieces that say once more, at the same time, what the one before them says."""
    found = set()
    for before, place in pairwise(places):
        one, two = turns[before.turn].pieces[before.piece], turns[place.turn].pieces[place.piece]
        same = one.start is not None and one.end is not None and (one.start, one.end) == (two.start, two.end)
        if same and before.key == place.key and place.words > 1:
            found.add((place.turn, place.piece))
    return found


def _without_loops(piece: Piece) -> list[Piece]:
    """The piece in parts, a word or a few that come eight times over once; [] where none do."""
    if len(piece.text) < 16 or (match := _LOOP.search(piece.text)) is None:
        return []
    parts: list[Piece] = []
    done = 0
    start = piece.start
    while match is not None:
        parts.append(Piece(piece.text[done : match.end(1)].strip(), start, None))
        parts.append(Piece(match[2].strip(" ,"), None, None, speech=False))
        done, start = match.end(), None
        match = _LOOP.search(piece.text, done)
    if rest := piece.text[done:].strip(" ,"):
        parts.append(Piece(rest, None, piece.end))
    else:
        parts[-1] = parts[-1]._replace(end=piece.end)
    return parts


def _together(pieces: Sequence[Piece], turn: int, again: set[tuple[int, int]]) -> tuple[Piece, ...]:
    """The pieces, those of one loop as one."""
    if not any(number == turn for number, _ in again):
        return tuple(pieces)
    joined: list[Piece] = []
    for speech, run in groupby(pieces, key=lambda piece: piece.speech):
        of_run = list(run)
        if speech or len(of_run) == 1:
            joined += of_run
        else:
            joined.append(
                Piece(" ".join(piece.text for piece in of_run), of_run[0].start, of_run[-1].end, speech=False)
            )
    return tuple(joined)
