"""Estimated times for a transcript without any, and the check that given times are possible. Every estimate says how far off it
may be.

All figures were measured on Changelog's transcripts, whose times are known: python -m eval times. Words are never touched.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from index.episode import Chapter, Sentence
from index.formats.parsed import ParsedTurn, counted
from index.reading.chapters import places_of

SECONDS_A_CHARACTER, ITS_SPREAD = 0.063, 0.005
"""Pace of talk, pauses included: 175 words a minute; and how much it differs from talk to talk (standard deviation)."""
OPENING, OPENING_A_BREAK, LONGEST_OPENING, OPENING_SPREAD = 15.0, 35.0, 110.0, 15.0
"""Seconds before the first word: music, and advertising in shows that also break for it."""
SHARE_OF_OPENING = 0.01  # of the duration, at most, where no breaks are marked
BREAK, BREAK_SPREAD = 60.0, 40.0
"""Seconds of a marked break, in which the clock runs and no words are written."""
BREAK_CHARACTERS = 1430
"""The same as characters of talk, between two known times; fits better a little longer than `BREAK`."""

INTERPOLATED_ERROR, INTERPOLATED_SHARE = 2.3, 0.4
"""Error (p90) between two known times: the smaller of 2.3 √(a b / (a + b)) and .4 min(a, b), where a and b are the seconds
to them. The first on Changelog (minutes apart), the second on the sample show against its true times (seconds apart)."""
BEYOND_ERROR = 0.18
"""Error (p90) past the last known time, as a share of the seconds since it."""
DURATION_ERROR, LEAST_DURATION_ERROR = 0.032, 20.0
"""Error (p90) where only the duration is known, as a share of it; less towards the end, which is known."""
PACE_ERROR, PACE_ERROR_SHARE = 130.0, 0.1
"""Error (p90) where not even the duration is: 130 s, and a tenth of the time itself."""
CHAPTERS_ERROR, LEAST_CHAPTERS_ERROR, FEWEST_ANCHORS = (0.8, 0.85), 20.0, 3
"""Error (p90) with so many chapters placed, as a share of that without them, after each of two rounds of placing; on half of
81 talks whose sections have headings and times: python -m eval times --chapters."""

MOST_CHARACTERS_A_SECOND = 40.0  # the fastest speakers reach 30 over some seconds
LEAST_CHARACTERS_A_SECOND = 0.5
FEWEST_CHARACTERS = 2000  # of a shorter talk, the duration may be mostly music
LINE = 80  # characters that may share one second: times are rounded
FEWEST_TIMES = 8
PAST_THE_END = 30.0  # seconds by which times may exceed a duration that was rounded, or is that of another cut

_BREAK = re.compile(
    r"\W*(?:(?:a |the |quick |short |ad |ads |sponsor |commercial |mid-?roll |station )*"
    r"(?:breaks?|ads?|advert\w*|commercials?|sponsors?|sponsorship|promo|mid-?roll))\b\s*(?:[^\w\s'’].*)?",
    re.IGNORECASE | re.DOTALL,
)


def is_break(text: str) -> bool:
    """Whether what is no speech marks advertising or a break: "Break", "[ad break]", "Sponsor: …"."""
    return bool(_BREAK.fullmatch(text))


def interpolation_error(before: float, after: float) -> float:
    """Error (p90, seconds) of a time that lies so many seconds after one known time and before another."""
    if before <= 0 or after <= 0:
        return 0.0
    return min(
        INTERPOLATED_ERROR * math.sqrt(before * after / (before + after)), INTERPOLATED_SHARE * min(before, after)
    )


def estimate_times(
    turns: Sequence[Sequence[Sentence]], duration: float | None, chapters: Sequence[Chapter] = ()
) -> list[list[Sentence]]:
    """The turns' sentences with estimated times, where no time is known at all; otherwise unchanged.

    With a `duration` (seconds): what passes for talk, opening and breaks is fitted to it. Without one: the usual pace, and
    an error of minutes, which is never shown to the second. `chapters`, rising, are anchors where their titles tell the place.
    """
    flat = [sentence for sentences in turns for sentence in sentences]
    if any(sentence.start is not None for sentence in flat):
        return [list(sentences) for sentences in turns]
    course = _Course.of(flat, duration)
    offsets: list[int] = []
    bounds: list[float] = []  # of each sentence its start, and the end of the last
    characters = breaks = 0
    for sentence in flat:
        offsets.append(characters)
        bounds.append(course.seconds(characters, breaks))
        characters += len(sentence.text) if sentence.speech else 0
        breaks += not sentence.speech and is_break(sentence.text)
    bounds.append(course.seconds(characters, breaks))
    errors = [course.error(start) for start in bounds[:-1]]
    texts = [sentence.text if sentence.speech else "" for sentence in flat]
    for share in CHAPTERS_ERROR if chapters else ():
        places = places_of(chapters, texts, offsets, bounds[:-1], errors)
        if len(places) < FEWEST_ANCHORS:
            break
        bounds = _through(bounds, [(bounds[place.number], place.start) for place in places], duration)
        errors = [round(max(LEAST_CHAPTERS_ERROR, share * course.error(start)), 1) for start in bounds[:-1]]
    timed = iter(
        replace(sentence, start=start, end=end, time_source="estimated", time_error=error)
        for sentence, (start, end), error in zip(flat, pairwise(bounds), errors, strict=True)
    )
    return [list(islice(timed, len(sentences))) for sentences in turns]


def _through(times: Sequence[float], anchors: Sequence[tuple[float, float]], duration: float | None) -> list[float]:
    """The times, moved so that each anchor (a time as estimated, and the true one) is met; those between move in proportion.

    Past the last anchor the pace up to it goes on, or the `duration` is met.
    """
    known = [(0.0, 0.0), *anchors]
    last, true = known[-1]
    if duration is not None and last < duration and true < duration:
        known.append((duration, duration))
    else:
        known.append((last + 3600.0, true + 3600.0 * (true / last if last else 1.0)))
    moved = []
    for time in times:
        right = min(len(known) - 1, max(1, bisect_right(known, (time, math.inf))))
        (begin, begin_true), (end, end_true) = known[right - 1 : right + 1]
        at = begin_true + (time - begin) * (end_true - begin_true) / (end - begin) if end > begin else end_true
        moved.append(at if duration is None else min(at, duration))
    return moved


@dataclass(frozen=True, slots=True)
class _Course:
    """How a talk passes: `opening` seconds, then seconds a character and a break, up to `duration` where that is known."""

    opening: float
    character: float
    break_: float
    duration: float | None

    @classmethod
    def of(cls, sentences: Sequence[Sentence], duration: float | None) -> _Course:
        """The likeliest course: what the usual one lacks or has too much is shared out by how much each part varies."""
        characters = sum(len(sentence.text) for sentence in sentences if sentence.speech)
        breaks = sum(not sentence.speech and is_break(sentence.text) for sentence in sentences)
        opening = min(OPENING + OPENING_A_BREAK * breaks, LONGEST_OPENING)
        if duration is None:
            return cls(opening, SECONDS_A_CHARACTER, BREAK, None)
        # A short talk has no long opening.
        opening = min(opening, SHARE_OF_OPENING * duration) if not breaks else opening
        opening_spread = min(OPENING_SPREAD, SHARE_OF_OPENING * duration)
        off = duration - opening - SECONDS_A_CHARACTER * characters - BREAK * breaks
        spread = opening_spread**2 + (characters * ITS_SPREAD) ** 2 + breaks * BREAK_SPREAD**2
        opening = max(0.0, opening + off * opening_spread**2 / spread)
        character = max(SECONDS_A_CHARACTER / 10, SECONDS_A_CHARACTER + off * characters * ITS_SPREAD**2 / spread)
        break_ = max(0.0, BREAK + off * BREAK_SPREAD**2 / spread)
        whole = opening + character * characters + break_ * breaks
        scale = duration / whole if whole else 0.0
        return cls(opening * scale, character * scale, break_ * scale, duration)

    def seconds(self, characters: int, breaks: int) -> float:
        at = self.opening + self.character * characters + self.break_ * breaks
        return at if self.duration is None else min(at, self.duration)

    def error(self, at: float) -> float:
        """Error (p90) of a time of this course, in seconds."""
        if self.duration is None:
            return round(PACE_ERROR + PACE_ERROR_SHARE * at, 1)
        left = 1 - at / self.duration if self.duration else 0.0
        return round(max(LEAST_DURATION_ERROR, DURATION_ERROR * self.duration * min(1.0, 0.15 + 4.5 * left)), 1)


# Times that a transcript gives


def possible_times(
    turns: Sequence[ParsedTurn], duration: float | None, mended: list[str]
) -> tuple[tuple[ParsedTurn, ...], float | None]:
    """The turns without the times that can't be true, and the duration, or None where that can't be.

    Times must run forwards and leave time to speak the words between them; of those that contradict each other the most are
    kept that agree. What was left out is added to `mended`, in words.
    """
    places = [
        (number, place)
        for number, turn in enumerate(turns)
        for place, piece in enumerate(turn.pieces)
        if piece.start is not None and (piece.speech or is_break(piece.text))
    ]
    duration = _possible_duration(turns, duration, mended)
    if not places:
        return tuple(turns), duration
    kept = _agreeing(turns, places)
    if len(places) >= FEWEST_TIMES and len(kept) * 2 < len(places):
        mended.append(f"the {counted(len(places), 'time')} can't be true for so many words: none is shown")
        kept = set()
    elif len(kept) < len(places):
        first = next(place for place in places if place not in kept)
        shown = turns[first[0]].pieces[first[1]]
        mended.append(
            f"{counted(len(places) - len(kept), 'time')} can't be true (first {shown.start:.0f} s at"
            f" {shown.text[:30]!r}): left out"
        )
    last = max((turns[n].pieces[p].start or 0.0 for n, p in kept), default=0.0)
    if duration is not None and kept and last > duration + PAST_THE_END:
        mended.append(f"times run to {last:.0f} s and the duration is {duration:.0f} s: the duration is not believed")
        duration = None
    lies = set(places) - kept
    return tuple(_without(turn, number, lies) for number, turn in enumerate(turns)), duration


def _possible_duration(turns: Sequence[ParsedTurn], duration: float | None, mended: list[str]) -> float | None:
    """The duration, or None where nobody could speak that much in it, or so little."""
    characters = sum(len(piece.text) for turn in turns for piece in turn.pieces if piece.speech)
    if not duration or characters < FEWEST_CHARACTERS:
        return duration
    if LEAST_CHARACTERS_A_SECOND <= characters / duration <= MOST_CHARACTERS_A_SECOND:
        return duration
    mended.append(f"a duration of {duration:.0f} s can't be that of {characters:,} characters of talk: not believed")
    return None


def _agreeing(turns: Sequence[ParsedTurn], places: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """The most of these times that can be true together: the longest run in which each leaves time for the words before it."""
    slack: list[float] = []
    needed = 0.0
    wanted = set(places)
    for number, turn in enumerate(turns):
        for place, piece in enumerate(turn.pieces):
            if (number, place) in wanted:
                slack.append((piece.start or 0.0) - needed)
            if piece.speech:
                needed += max(0, len(piece.text) - LINE) / MOST_CHARACTERS_A_SECOND
    # Longest run that never falls (patience sorting): `tails` ends the best run of each length.
    tails: list[float] = []
    at_tail: list[int] = []
    before: list[int] = []
    for position, value in enumerate(slack):
        length = bisect_right(tails, value)
        before.append(at_tail[length - 1] if length else -1)
        tails[length : length + 1] = [value]
        at_tail[length : length + 1] = [position]
    kept = set()
    position = at_tail[-1]
    while position >= 0:
        kept.add(places[position])
        position = before[position]
    return kept


def _without(turn: ParsedTurn, number: int, lies: set[tuple[int, int]]) -> ParsedTurn:
    """The turn with these times left out; the turn itself where none of them stands in it."""
    pieces = tuple(
        piece._replace(start=None, end=None) if (number, place) in lies else piece
        for place, piece in enumerate(turn.pieces)
    )
    return turn if pieces == turn.pieces else replace(turn, pieces=pieces)
