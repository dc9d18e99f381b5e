"""The nouns of measuring: what is asked, what is right, and a set of both. Knows nothing of files; eval/sets/readers does."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from index.episode import Episode

VERDICTS = ("answered", "said_by_other", "asked_not_answered", "not_said", "unknown_person")


@dataclass(frozen=True, slots=True)
class Gold:
    """Where an answer stands: seconds in a timed episode, or words of an untimed one.

    Words are given as they are (`text`), or, where they may not be copied, as `offsets`: first character and the one
    after the last in the episode's spoken sentences joined by spaces, with the start of their SHA-256 in hex.
    """

    episode: str
    start: float | None = None
    end: float | None = None
    text: str | None = None
    offsets: tuple[int, int] | None = None
    sha256: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The place, without what is not set."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class GoldEvidence(Gold):
    """A place that bears on a question, and who speaks there: finer than gold, or what a false question twists."""

    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Meant:
    """How a question is to be understood, where a set says so.

    `people`: whose words it is about, empty where anybody's. `episodes`: those that may be quoted, None where any may. `whole`: the
    question as somebody would ask it who has read nothing before, the same where it is complete. `odd`: no question about what
    was said, or not in the library's language: neither "nobody said it" nor a quote that isn't gold may answer it.
    """

    people: tuple[str, ...] = ()
    episodes: tuple[str, ...] | None = None
    whole: str | None = None
    odd: bool = False


@dataclass(frozen=True, slots=True)
class SetQuestion:
    """A question of a set, with what is right. `half` is `dev` or `test` where the set says so, else None.

    `talk`: the conversation that it is a turn of; the answers before it are then the program's own, and `reply` with `sources` is
    what the next turns take its own answer to be, where the set says so. `today`: the day on which it is asked.

    An answered question of a set with its own documents may have no gold: then it is asked, and no place is judged.
    """

    id: str
    question: str
    kind: str
    verdict: str
    gold: tuple[Gold, ...]
    speaker: str | None = None
    history: tuple[dict[str, Any], ...] = ()
    filters: dict[str, Any] = field(default_factory=dict)
    answer: str | None = None
    half: str | None = None
    evidence: tuple[GoldEvidence, ...] = ()
    meant: Meant | None = None
    talk: str | None = None
    reply: str | None = None
    sources: tuple[GoldEvidence, ...] = ()
    today: str | None = None


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions in their order. `episodes` are the set's own documents, or None where it is asked of a library of yours.

    `skipped` says in words what of the set could not be used, a line each.
    """

    name: str
    questions: tuple[SetQuestion, ...]
    episodes: tuple[Episode, ...] | None = None
    skipped: tuple[str, ...] = ()

    @property
    def episodes_needed(self) -> frozenset[str]:
        """The ids of the episodes that gold points into: without them the set can't be measured."""
        return frozenset(place.episode for asked in self.questions for place in asked.gold)

    @property
    def only_points(self) -> bool:
        """Whether all gold points into texts that the set may not carry: then they need not be here, and it is skipped."""
        places = [place for asked in self.questions for place in asked.gold]
        return bool(places) and all(place.offsets is not None for place in places)


def fingerprint(questions: Sequence[SetQuestion]) -> str:
    """SHA-256 over the questions and what is right for each: equal ones are the same set, whatever its file is called."""
    return hashlib.sha256("\0".join(map(repr, questions)).encode()).hexdigest()


def half_of(asked: SetQuestion, episodes: Sequence[str]) -> str | None:
    """`dev` or `test`: as the set marks the question, else by its episode; None where neither says.

    `episodes`: the ids of all the set's gold episodes, sorted. Every second one is `dev`, so that none is in both halves.
    """
    halves = {("dev", "test")[episodes.index(place.episode) % 2] for place in asked.gold}
    return asked.half or (halves.pop() if len(halves) == 1 else None)


def development(questions: Sequence[SetQuestion]) -> list[SetQuestion]:
    """The questions of the development half, in their order."""
    episodes = sorted({place.episode for asked in questions for place in asked.gold})
    marked = any(asked.half for asked in questions)
    return [asked for asked in questions if (asked.half if marked else half_of(asked, episodes)) == "dev"]
