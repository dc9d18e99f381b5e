"""What a question yields: events on the way, and the Answer at the end. The page, the CLI and the evaluator read these.

Knows nothing of how they are found; `Citation.to_json` and `Answer.to_json` are the interface that others rely on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from index.episode import EXACT_SECONDS, Role, SpeakerSource, TimeSource

Verdict = Literal["answered", "said_by_other", "asked_not_answered", "not_said", "unknown_person"]
"""`asked_not_answered`: somebody in the episodes asks the same, and is given no answer; both are quoted."""
Check = Literal["verified", "wrong_speaker", "wrong_episode", "stitched", "altered", "absent", "unsupported"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote and where it stands. `n` is the mark in the answer; `first`..`last` are the sentences it was taken from.

    `passage` is the passage's row in the library, `score` how well it fits (higher is better): both for programs. `way` is
    the share of the episode's words that are said before it, shown where the time is known to the minute at best.
    """

    n: int
    episode: str
    title: str
    show: str
    date: str | None
    speaker: str | None
    role: Role
    speaker_source: SpeakerSource
    start: float | None
    end: float | None
    time_source: TimeSource | None
    time_error: float | None
    quote: str
    check: Check
    url: str | None
    first: int = -1
    last: int = -1
    passage: int = -1
    score: float = 0.0
    way: float | None = None

    def numbered(self, n: int) -> Citation:
        """The same citation with another mark."""
        return replace(self, n=n)

    def to_json(self) -> dict[str, Any]:
        """The documented fields, in the documented order."""
        fields = asdict(self)
        for private in ("first", "last", "passage", "score", "way"):
            del fields[private]
        for seconds in ("start", "end", "time_error"):
            if fields[seconds] is not None:
                fields[seconds] = round(fields[seconds], 2)
        return fields


@dataclass(frozen=True, slots=True)
class Withheld:
    """A sentence that a language model wrote and no reader was shown, its verdict, and why in plain words.

    `instead`: what was shown in its place, where the speaker's own words could stand for it; None: nothing.
    """

    sentence: str
    check: Check
    why: str
    instead: str | None = None


@dataclass(frozen=True, slots=True)
class Searched:
    """What "nobody said that" is said about: how much was searched, and the named person's share of it."""

    episodes: int
    seconds: float
    speaker: str | None = None
    speaker_seconds: float | None = None


CarriedKind = Literal["person", "topic", "episode"]


@dataclass(frozen=True, slots=True)
class Carried:
    """Something that a question takes over from the ones before it, in the words in which it is shown."""

    kind: CarriedKind
    value: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of every question, answered or not.

    `confidence`: how likely the best evidence answers, 0..1, also where it was not enough. `tokens`: {"input", "output"} of
    the language model, None where none was asked or it isn't known; `cost` in the unit of the prices set, None without.
    `kind`: `speech` was searched; the others were answered without: from the lists of the library, as small talk, or because the
    question is in another `language` or outside the `filters`.
    `carried`: what it takes over from the questions before it. `limits`: the episodes to which it limits itself, in words.
    `held_back`: what it wrote and nobody was shown, with the reasons; `withheld` counts those that nothing stands for.
    """

    question: str
    asked: str
    verdict: Verdict
    answer: str
    citations: tuple[Citation, ...]
    nearest: tuple[Citation, ...]
    searched: Searched
    writer: str
    model: str | None
    seconds: dict[str, float] = field(default_factory=dict)
    withheld: int = 0
    confidence: float = 0.0
    tokens: dict[str, int] | None = None
    cost: float | None = None
    held_back: tuple[Withheld, ...] = ()
    carried: tuple[Carried, ...] = ()
    limits: str | None = None
    kind: Literal["speech", "library", "small_talk", "language", "filters"] = "speech"

    def to_json(self) -> dict[str, Any]:
        """The answer as the object that `verbatim ask --json` prints: docs/terminal.md shows every field."""
        return {
            "question": self.question,
            "asked": self.asked,
            "verdict": self.verdict,
            "answer": self.answer,
            "citations": [citation.to_json() for citation in self.citations],
            "nearest": [citation.to_json() for citation in self.nearest],
            "searched": asdict(self.searched),
            "writer": self.writer,
            "model": self.model,
            "seconds": {stage: round(seconds, 4) for stage, seconds in self.seconds.items()},
            "withheld": self.withheld,
            "tokens": self.tokens,
            "cost": None if self.cost is None else round(self.cost, 6),
            "kind": self.kind,
            "carried": [asdict(one) for one in self.carried],
            "limits": self.limits,
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """First event: the question rewritten to stand alone, and who it was found to name."""

    asked: str
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """Second event: how many passages were found."""

    passages: int


@dataclass(frozen=True, slots=True)
class Wrote:
    """A checked sentence of the answer, ready to be shown; `citations` are those it is the first to use."""

    text: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """Last event."""

    answer: Answer


Event = Asked | Found | Wrote | Done

MINUTE = 60.0
"""A time whose error (p90, seconds) is above this is shown as a minute, and nothing points at its second."""


def clock(seconds: float | None, time_error: float | None = None, way: float | None = None) -> str:
    """A time as people read it: `12:40`, `1:02:03`; `≈ 12:40` where it is known less well; "" for None.

    A time with an error above a minute is shown to the minute, with how far into the episode it is where `way` says so (a share
    of it): `about minute 21, 43 % in`.
    """
    if seconds is None:
        return ""
    if time_error is not None and time_error > MINUTE:
        return f"about minute {int(seconds // 60) + 1}" + ("" if way is None else f", {way * 100:.0f} % in")
    whole = int(seconds)
    hours, minutes, secs = whole // 3600, whole % 3600 // 60, whole % 60
    text = f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"
    return f"≈ {text}" if time_error is not None and time_error > EXACT_SECONDS else text
