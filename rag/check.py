"""The gate: does a quote stand in the transcript, word for word, and did that person say it?

Comparison normalises case, spaces, quote marks and dashes, and nothing else. Knows nothing of how a quote was chosen:
the extractive writer's quotes pass through here exactly like a language model's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.episode import Episode, Sentence, Turn
from rag.result import Check

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
    if not re.search(r"\w", wanted):
        return []
    spoken = [(turn, sentence) for turn in episode.turns for sentence in turn.sentences if sentence.speech]
    text, starts = "", []
    for _, sentence in spoken:
        starts.append(len(text))
        text += normalise(sentence.text) + " "
    places = []
    # A look-ahead, so that places which overlap ("No. No. No.") are all found.
    for match in re.finditer(rf"(?<!\w)(?=({re.escape(wanted)})(?!\w))", text):
        inside = [
            (turn, sentence)
            for (turn, sentence), start, end in zip(spoken, starts, [*starts[1:], len(text)], strict=True)
            if start < match.end(1) and match.start() < end - 1
        ]
        speakers = tuple(dict.fromkeys(turn.speaker.name if turn.speaker else None for turn, _ in inside))
        places.append(Place(episode.id, inside[0][1].position, inside[-1][1].position, speakers))
    return places


def check_quote(
    quote: str,
    speaker: str | None,
    episode: Episode,
    *,
    first: int | None = None,
    last: int | None = None,
    others: Sequence[Episode] = (),
) -> tuple[Check, Place | None]:
    """The verdict on a quote credited to `speaker` (None: to nobody) in `episode`, and where the words really stand.

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

    text = normalise(" ".join(sentence.text for sentence in episode.sentences if sentence.speech))
    likeness = fuzz.partial_ratio(normalise(quote), text, score_cutoff=ALTERED_LIKENESS)
    return ("altered" if likeness >= ALTERED_LIKENESS else "absent"), None


def _is_stitched(quote: str, episode: Episode) -> bool:
    """True when the quote is two runs of words, each in the transcript, that don't stand together there."""
    words = re.split(r"\s+", quote.strip())
    return any(
        locate(" ".join(words[:cut]), episode) and locate(" ".join(words[cut:]), episode)
        for cut in range(LEAST_PART_WORDS, len(words) - LEAST_PART_WORDS + 1)
    )


def speaker_at(episode: Episode, position: int) -> tuple[Turn, Sentence]:
    """The turn and sentence at a position."""
    for turn in episode.turns:
        if turn.sentences[0].position <= position <= turn.sentences[-1].position:
            return turn, turn.sentences[position - turn.sentences[0].position]
    raise IndexError(f"episode {episode.id} has no sentence {position}")
