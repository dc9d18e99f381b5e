"""Pieces of a transcript -> sentences with times. Words are never changed: a sentence is a slice of the words spoken.

Knows nothing of file formats or speakers. Text without punctuation (raw speech recognition) is cut where the
transcript itself pauses: between pieces, at about `WORDS_WITHOUT_STOP` words.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from index.episode import EXACT_SECONDS, Sentence, TimeSource
from index.formats.parsed import Piece
from index.reading.timing import BEYOND_ERROR, BREAK_CHARACTERS, SECONDS_A_CHARACTER, interpolation_error, is_break

WORDS_WITHOUT_STOP = 28
LONGEST_SENTENCE_WORDS = 90

ABBREVIATIONS = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "sr",
        "jr",
        "vs",
        "etc",
        "e.g",
        "i.e",
        "no",
        "fig",
        "vol",
        "approx",
        "inc",
        "ltd",
        "co",
        "gen",
        "sen",
        "rep",
        "rev",
        "hon",
        "capt",
        "col",
        "sgt",
    ]
)
# A run of stops is looked at once, from its beginning: a million dots are no million sentences' ends to try.
_STOP = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’)\]]*+(?=\s)|[。！？]+[」』”]*")
_SAID = re.compile(r"[^\W_]")  # a letter or a digit
_LAST_WORD = re.compile(r"([\w.]+?)\.[\"'”’)\]]*$")
_WORD = re.compile(r"\S+")


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Where each sentence of `text` starts and ends, in characters, in order; whitespace between them left out."""
    return _split(text, [])


def build_sentences(turns: Sequence[Sequence[Piece]], *, duration: float | None = None) -> list[list[Sentence]]:
    """The sentences of each turn, with the best time that the pieces allow; positions count over all turns.

    Estimated times end at `duration` (seconds) at the latest.
    `turns`: each turn's pieces, in the order spoken. What is not speech becomes a sentence with `speech=False`, placed
    after the sentence it stands in. A turn without words yields an empty list.
    """
    joined: list[_Joined] = []
    knowns: list[tuple[int, float]] = []
    ends: set[int] = set()
    overlapped: dict[int, float] = {}
    breaks: list[int] = []
    for pieces in turns:
        begin = joined[-1].begin + len(joined[-1].text) + 1 if joined else 0
        joined.append(_join(pieces, begin, knowns, breaks, ends, overlapped))
    clock = _Clock(knowns, breaks, duration, overlapped)
    sentences: list[list[Sentence]] = []
    position = 0
    for turn in joined:
        spans = [(turn.begin + start, turn.begin + end, True, "") for start, end in _split(turn.text, turn.breaks)]
        if turn.notes:
            # Before speech that begins there, after notes that do: they keep their order.
            spans += [(turn.begin + offset, turn.begin + offset, False, words) for offset, words in turn.notes]
            spans.sort(key=lambda span: (span[0], span[2]))
        of_turn = []
        for start, end, speech, words in spans:
            text = turn.text[start - turn.begin : end - turn.begin] if speech else words
            of_turn.append(clock.sentence(position, text, start, end, speech))
            position += 1
        sentences.append(of_turn)
    return sentences


@dataclass(frozen=True, slots=True)
class _Joined:
    """A turn's spoken words as one text. Offsets in `breaks` (ends of pieces) and `notes` count from its start."""

    begin: int
    text: str
    breaks: list[int]
    notes: list[tuple[int, str]]


def _join(
    pieces: Sequence[Piece],
    begin: int,
    knowns: list[tuple[int, float]],
    breaks_in_talk: list[int],
    ends: set[int],
    overlapped: dict[int, float],
) -> _Joined:
    """The turn's words; the times that its pieces give are added to `knowns` as (character, seconds).

    `breaks_in_talk` gets the character before which a break is marked. Its time is when the words before it end. `ends`
    gets the characters at which a piece ends, `overlapped` those that end after the next has begun, with when.
    """
    parts: list[str] = []
    breaks: list[int] = []
    notes: list[tuple[int, str]] = []
    length = 0
    for piece in pieces:
        words = " ".join(piece.text.split())
        if not words:
            continue
        if piece.speech:
            if piece.start is not None:
                # Two speak at once: each begins when the transcript says so, whoever was not yet done.
                if len(knowns) > 1 and knowns[-1][0] in ends and knowns[-2][1] <= piece.start < knowns[-1][1]:
                    offset, seconds = knowns.pop()
                    overlapped[offset] = seconds
                knowns.append((begin + length, piece.start))
            if piece.end is not None:
                knowns.append((begin + length + len(words), piece.end))
                ends.add(begin + length + len(words))
            parts.append(words)
            breaks.append(length + len(words))
            length += len(words) + 1
        else:
            notes.append((length, words))
            if is_break(words):
                breaks_in_talk.append(begin + length)
                if piece.start is not None and begin + length > 0:
                    knowns.append((begin + length - 1, piece.start))
    return _Joined(begin, " ".join(parts), breaks, notes)


class _Clock:
    """Seconds at a character, from the characters at which the transcript gives them.

    A marked break counts as so many characters of talk, since the clock runs on in it.
    """

    def __init__(
        self,
        knowns: list[tuple[int, float]],
        breaks: list[int],
        duration: float | None,
        overlapped: dict[int, float],
    ) -> None:
        self.breaks = breaks
        self.overlapped = overlapped
        # Backwards times were mended or are lies; what runs backwards here is left out rather than believed.
        self.offsets: list[int] = []
        self.seconds: list[float] = []
        for offset, seconds in knowns:
            if not self.seconds or (seconds >= self.seconds[-1] and offset >= self.offsets[-1]):
                self.offsets.append(offset)
                self.seconds.append(seconds)
        self.latest = math.inf if duration is None else max([duration, *self.seconds[-1:]])

    def sentence(self, position: int, text: str, start: int, end: int, speech: bool) -> Sentence:
        begins, error = self._at(start, bisect_right(self.offsets, start))
        ends = self.overlapped.get(end) or self._at(end, bisect_left(self.offsets, end))[0]
        if begins is None:
            return Sentence(position, text, speech=speech)
        source: TimeSource = "transcript" if error <= EXACT_SECONDS else "estimated"
        return Sentence(position, text, begins, None if ends is None else max(begins, ends), source, error, speech)

    def _at(self, offset: int, after: int) -> tuple[float | None, float]:
        """Seconds and their error (p90). `after` is the index of the first known time past the offset."""
        if not self.offsets:
            return None, 0.0
        for known in (after - 1, after):
            if 0 <= known < len(self.offsets) and self._way(*sorted((self.offsets[known], offset))) <= 1:
                return self.seconds[known], 0.0
        if after == 0 or after == len(self.offsets):
            return self._beyond(offset, 0 if after == 0 else len(self.offsets) - 1)
        left, right = after - 1, after
        span = self.seconds[right] - self.seconds[left]
        before = span * self._way(self.offsets[left], offset) / self._way(self.offsets[left], self.offsets[right])
        return self.seconds[left] + before, round(interpolation_error(before, span - before), 2)

    def _beyond(self, offset: int, known: int) -> tuple[float | None, float]:
        """Past the last known time (or before the first): at the pace of speech, less sure with each second."""
        first, last = sorted((self.offsets[known], offset))
        away = self._way(first, last) * SECONDS_A_CHARACTER * (1 if offset > self.offsets[known] else -1)
        return min(max(0.0, self.seconds[known] + away), self.latest), round(BEYOND_ERROR * abs(away), 2)

    def _way(self, start: int, end: int) -> int:
        """Characters from one offset to a later one, and those that the breaks between them count as."""
        between = bisect_right(self.breaks, end) - bisect_right(self.breaks, start)
        return end - start + BREAK_CHARACTERS * between


def _split(text: str, breaks: list[int]) -> list[tuple[int, int]]:
    """Spans of whole sentences; `breaks` are where pieces end, used where punctuation is missing."""
    spans: list[tuple[int, int]] = []
    start = looked = 0
    says = False  # whether something is said between `start` and `looked`
    for stop in _STOP.finditer(text):
        # A stop with nothing but marks before it ("..." on its own) belongs to what follows.
        says = says or _SAID.search(text, looked, stop.start()) is not None
        looked = stop.start()
        if says and _ends_sentence(text, start, stop):
            spans.append((start, stop.end()))
            start = looked = stop.end()
            says = False
    spans.append((start, len(text)))
    trimmed = [(_skip_space(text, first), last) for first, last in spans]
    ends = set(breaks)
    return [part for first, last in trimmed if first < last for part in _cut_long(text, first, last, ends)]


def _skip_space(text: str, offset: int) -> int:
    while offset < len(text) and text[offset].isspace():
        offset += 1
    return offset


def _ends_sentence(text: str, start: int, stop: re.Match[str]) -> bool:
    following = _skip_space(text, stop.end())
    if text[following : following + 1].islower():
        return False
    if stop.group().startswith("."):
        word = _LAST_WORD.search(text, max(start, stop.end() - 24), stop.end())
        if word and (word[1].lower() in ABBREVIATIONS or (len(word[1]) == 1 and word[1].isalpha() and word[1] != "I")):
            return False
    return True


def _cut_long(text: str, start: int, end: int, ends: set[int]) -> list[tuple[int, int]]:
    """A span cut where pieces end, when it is too long to be one sentence (nobody wrote the full stops)."""
    words = [(match.start(), match.end()) for match in _WORD.finditer(text, start, end)]
    if len(words) <= LONGEST_SENTENCE_WORDS:
        return [(start, end)]
    spans, first = [], 0
    for number, (_, word_end) in enumerate(words, start=1):
        length = number - first
        if (length >= WORDS_WITHOUT_STOP and word_end in ends) or length >= 2 * WORDS_WITHOUT_STOP:
            spans.append((words[first][0], word_end))
            first = number
    if first < len(words):
        spans.append((words[first][0], end))
    return spans
