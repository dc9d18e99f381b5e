"""A quote compared with the transcript: does it stand there, word for word, and did that person say it?

Comparison normalises case, spaces, quote marks and dashes, and nothing else. Knows nothing of how a quote was chosen:
the extractive writer's quotes pass through here exactly like a language model's.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.episode import Episode, Sentence, Turn
from rag.answer import Check

_MARKS = str.maketrans(
    {
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "‘": "'",
        "’": "'",
        "‚": "'",
        "–": "-",
        "—": "-",
        "‑": "-",
        "‐": "-",
        "…": "...",
    }
)
ALTERED_LIKENESS = 82.0  # rapidfuzz partial ratio from which missing words are "altered" and not "absent"
LEAST_PART_WORDS = 3  # words that each half of a stitched quote has at least


@dataclass(frozen=True, slots=True)
class Place:
    """Where words stand: sentences `first`..`last` of an episode (both included), and who speaks them."""

    episode: str
    first: int
    last: int
    speakers: tuple[str | None, ...]


def normalise(text: str) -> str:
    """The text as quotes are compared: case, spaces, quote marks and dashes made alike."""
    # A dash gets a space on both sides, so that sentences normalised one by one and joined equal the whole normalised.
    return " ".join(re.sub(r"-+", " - ", text.translate(_MARKS).casefold()).split())


def locate(quote: str, episode: Episode) -> list[Place]:
    """Every place in the episode where the quote stands, in speech, word for word."""
    wanted = normalise(quote).strip(" \"'")
    said = _said(_Itself(episode))
    if not re.search(r"\w", wanted) or wanted not in said.text:
        return []
    places = []
    # A look-ahead, so that places which overlap ("No. No. No.") are all found.
    for match in re.finditer(rf"(?<!\w)(?=({re.escape(wanted)})(?!\w))", said.text):
        first = bisect_right(said.starts, match.start()) - 1
        # A place that begins in the space before a sentence begins with that sentence.
        first += match.start() >= said.ends[first]
        last = bisect_left(said.starts, match.end(1)) - 1
        inside = said.spoken[first : last + 1]
        speakers = tuple(dict.fromkeys(turn.speaker.name if turn.speaker else None for turn, _ in inside))
        places.append(Place(episode.id, inside[0][1].position, inside[-1][1].position, speakers))
    return places


@dataclass(frozen=True, slots=True)
class _Said:
    """What is spoken in an episode, normalised: sentence n stands at `text[starts[n]:ends[n]]`."""

    spoken: tuple[tuple[Turn, Sentence], ...]
    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]


class _Itself:
    """An episode as the key of a cache: that very one, since comparing two takes as long as reading them."""

    def __init__(self, episode: Episode) -> None:
        self.episode = episode

    def __hash__(self) -> int:
        return id(self.episode)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.episode is other.episode


@lru_cache(maxsize=32)
def _said(key: _Itself) -> _Said:
    spoken = tuple((turn, sentence) for turn in key.episode.turns for sentence in turn.sentences if sentence.speech)
    text, starts, ends = [], [], []
    at = 0
    for _, sentence in spoken:
        piece = normalise(sentence.text)
        starts.append(at)
        ends.append(at + len(piece))
        text.append(piece)
        at += len(piece) + 1
    return _Said(spoken, " ".join([*text, ""]), tuple(starts), tuple(ends))


def check_quote(
    quote: str,
    speaker: str | None,
    episode: Episode,
    *,
    first: int | None = None,
    last: int | None = None,
    others: Sequence[Episode] = (),
) -> tuple[Check, Place | None]:
    """The verdict on a quote attributed to `speaker` (None: unattributed) in `episode`, and where the words really stand.

    `first`..`last`: the sentences cited, where they are known; words that stand elsewhere in the same episode are still
    verified, at that place. `others`: episodes in which to look for words that this one doesn't hold.
    """
    places = locate(quote, episode)
    if places:
        cited = [p for p in places if first is not None and last is not None and first <= p.first and p.last <= last]
        for place in cited or places:
            if place.speakers == (speaker,):
                return "verified", place
        return "wrong_speaker", (cited or places)[0]
    for other in others:
        if other.id != episode.id and (found := locate(quote, other)):
            return "wrong_episode", found[0]
    if _is_stitched(quote, episode):
        return "stitched", None
    from rapidfuzz import fuzz

    likeness = fuzz.partial_ratio(normalise(quote), _said(_Itself(episode)).text, score_cutoff=ALTERED_LIKENESS)
    return ("altered" if likeness >= ALTERED_LIKENESS else "absent"), None


def _is_stitched(quote: str, episode: Episode) -> bool:
    """True when the quote is two runs of words, each in the transcript, that don't stand together there."""
    words = re.split(r"\s+", quote.strip())

    # Where a run of words stands, so does every shorter one: the longest start and the longest end are all that counts.
    def stands(part: Sequence[str]) -> bool:
        return bool(locate(re.sub(r"[.,;:…]+$", "", " ".join(part)), episode))

    start = next((n for n in range(LEAST_PART_WORDS, len(words)) if not stands(words[: n + 1])), 0)
    if not start or not stands(words[:start]):
        return False
    return any(stands(words[cut:]) for cut in range(LEAST_PART_WORDS, min(start, len(words) - LEAST_PART_WORDS) + 1))
