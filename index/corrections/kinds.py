"""Corrections that people make: who speaks, when, and with which words. Kept for good, and carried over to a changed transcript.

What is given is never deleted or altered while its episode is there: it is taken back by a mark. Removing the episode removes it
too. What it does to an episode, `index/corrections/applied.py` and `index/interviews/voices.py` know; where it is stored,
`index/library/tables/corrections.py`.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from index.episode import Episode, Role, Sentence
from index.errors import VerbatimError
from index.interviews.answers import VoiceIs

LONGEST_NAME = 100  # characters of a speaker's name
LONGEST_SENTENCE = 2000  # characters of a sentence's new words
MOST_SENTENCES = 2000  # that one correction may be about
LATEST = 360_000.0  # seconds: a hundred hours, longer than any talk


@dataclass(frozen=True, slots=True)
class SpeakerIs:
    """Sentences `position`..`last` (both included) are said by `name`; by nobody that is known where that is None.

    `role`: of a person whom the episode doesn't have yet, or whose role it doesn't know.
    """

    position: int
    last: int
    name: str | None
    role: Role = "unknown"


@dataclass(frozen=True, slots=True)
class StartsAt:
    """Sentence `position` starts at `start` (seconds), and those up to `last` with it; the last one ends at `end`, if given."""

    position: int
    last: int
    start: float
    end: float | None = None


@dataclass(frozen=True, slots=True)
class WordsAre:
    """Sentence `position` has these words."""

    position: int
    text: str
    last: None = None


Correction = VoiceIs | SpeakerIs | StartsAt | WordsAre
KINDS: dict[str, type[Correction]] = {"voice": VoiceIs, "speaker": SpeakerIs, "time": StartsAt, "words": WordsAre}


@dataclass(frozen=True, slots=True)
class KeptCorrection:
    """A correction as it is kept: `by` whom (None: not said), and when it was given (`at`: ISO, UTC).

    `state`: `active`, it counts; `undone`, it was taken back; `unplaced`, its words stand in the transcript no more, and it
    counts again when they come back. `words_hash`: SHA-256 of the text of the sentences that it is about, as the transcript
    has them. `number` names it in the library, 0 as long as it isn't kept there.
    """

    correction: Correction
    by: str | None
    at: str
    state: Literal["active", "undone", "unplaced"]
    words_hash: str
    number: int = 0

    @classmethod
    def given_now(cls, correction: Correction, by: str | None, texts: Sequence[str]) -> KeptCorrection:
        """`texts`: all sentences of the transcript, in order."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        first, last = correction.position, last_of(correction)
        return cls(correction, by, at, "active", _hash(texts[first : last + 1]))


def kind_of(correction: Correction) -> str:
    """`voice` (an answer in review), `speaker`, `time` or `words`."""
    return next(kind for kind, made in KINDS.items() if type(correction) is made)


def last_of(correction: Correction) -> int:
    """The last sentence that it is about."""
    return correction.position if correction.last is None else correction.last


def check(correction: Correction, episode: Episode) -> None:
    """VerbatimError where it can't be meant: sentences that aren't there, an empty name, a time out of order.

    `episode` is as it is shown now.
    """
    sentences, id_ = episode.sentences, episode.id
    if correction.last is not None and correction.last < correction.position:
        raise VerbatimError(
            f"Sentences {correction.position} to {correction.last} run backwards; name the first one first."
        )
    of_speech = [s.position for s in sentences if s.speech or not isinstance(correction, VoiceIs | SpeakerIs)]
    for position in (correction.position, last_of(correction)):
        if position not in of_speech:
            places = f"its speech is in sentences {of_speech[0]} to {of_speech[-1]}" if of_speech else "it has none"
            raise VerbatimError(
                f"Sentence {position} is no speech in {id_}: {places}. See them with: verbatim show {id_} --json"
            )
    if isinstance(correction, VoiceIs):
        return  # a voice may speak on and on
    if last_of(correction) - correction.position >= MOST_SENTENCES:
        raise VerbatimError(f"One correction is about {MOST_SENTENCES} sentences at most; give several.")
    if isinstance(correction, SpeakerIs):
        _check_name(correction)
    elif isinstance(correction, StartsAt):
        _check_time(correction, sentences)
    else:
        _check_words(correction, sentences[correction.position])


def _check_name(correction: SpeakerIs) -> None:
    name = correction.name
    if name is not None and (not re.search(r"\w", name) or len(name) > LONGEST_NAME or not name.isprintable()):
        raise VerbatimError(f"{name!r} is no name: give 1 to {LONGEST_NAME} letters, or nobody.")
    if correction.role not in ("host", "guest", "unknown"):
        raise VerbatimError(f"{correction.role!r} is no role: give host, guest or unknown.")


def _check_time(correction: StartsAt, sentences: Sequence[Sentence]) -> None:
    start, end = correction.start, correction.end
    for seconds in (start, end):
        if seconds is not None and not (math.isfinite(seconds) and 0 <= seconds <= LATEST):
            raise VerbatimError(f"{seconds} is no time in a talk: give seconds from its start.")
    if end is not None and end <= start:
        raise VerbatimError(f"The end, {end:g} s, is not after the start, {start:g} s.")
    if end is None and sentences[correction.position].start is None:
        raise VerbatimError(
            "This transcript has no times, so give the end too: the sentences are laid out between both."
        )
    # Estimated times give way to one that somebody heard; a known one contradicts it.
    before = [s for s in sentences[: correction.position] if s.time_source in ("transcript", "corrected")]
    after = [s for s in sentences[last_of(correction) + 1 :] if s.time_source in ("transcript", "corrected")]
    if before and (known := before[-1].start) is not None and known > start:
        raise VerbatimError(
            f"Sentence {before[-1].position} starts at {known:g} s, later than {start:g} s. Correct it first."
        )
    latest = start if end is None else end
    if after and (known := after[0].start) is not None and known < start:
        raise VerbatimError(
            f"Sentence {after[0].position} starts at {known:g} s, before {latest:g} s. Correct it first."
        )


def _check_words(correction: WordsAre, sentence: Sentence) -> None:
    text = correction.text
    if not re.search(r"\w", text) or len(text) > LONGEST_SENTENCE:
        raise VerbatimError(f"A sentence has a word and up to {LONGEST_SENTENCE} characters; these are {len(text)}.")
    if text != " ".join(text.split()):
        raise VerbatimError("A sentence is one line, with single spaces between its words.")
    if text == sentence.text:
        raise VerbatimError(f"Sentence {sentence.position} has these words already.")


def placed(kept: KeptCorrection, texts: Sequence[str]) -> KeptCorrection:
    """The correction where its words stand in another version of the transcript: at the same place, else at the only other.

    Where they stand nowhere, or in several other places, it counts no more (`unplaced`). `texts`: all sentences, in order.
    """
    given = kept.correction
    count = last_of(given) - given.position + 1
    out_of_use: Literal["undone", "unplaced"] = "undone" if kept.state == "undone" else "unplaced"
    standing = [at for at in range(len(texts) - count + 1) if _hash(texts[at : at + count]) == kept.words_hash]
    if given.position in standing:
        at = given.position
    elif len(standing) == 1:
        (at,) = standing
    else:
        return replace(kept, state=out_of_use)
    last: dict[str, Any] = {} if given.last is None else {"last": at + count - 1}  # words are about one sentence
    moved = replace(given, position=at, **last)
    return replace(kept, correction=moved, state="undone" if kept.state == "undone" else "active")


def set_aside(kept: KeptCorrection) -> KeptCorrection:
    """An answer out of use, as where the transcript now has labels; what was taken back stays so."""
    return kept if kept.state == "undone" else replace(kept, state="unplaced")


def never_placed(kept: KeptCorrection) -> KeptCorrection:
    """A correction that is not what was given: kept to be looked at, out of use for good."""
    return replace(kept, state="unplaced", words_hash="")


def _hash(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
