"""A question set: one JSON object a line, as the README describes. Bad lines are refused by number."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from index.errors import VerbatimError

VERDICTS = ("answered", "said_by_other", "not_said", "unknown_person")


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


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a set, with what is right.

    `half` is `dev` or `test`: as the set marks it (`marked`), else by `half_of`; None where that can't tell either.
    """

    id: str
    question: str
    kind: str
    verdict: str
    gold: tuple[Gold, ...]
    speaker: str | None = None
    history: tuple[dict[str, str], ...] = ()
    filters: dict[str, str] = field(default_factory=dict)
    answer: str | None = None
    half: str | None = None
    marked: bool = False


def load_questions(file: Path) -> list[Asked]:
    """The questions of a file in order. VerbatimError names file, line and fault."""
    questions = []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise VerbatimError(f"{file}: can't be read ({exc}).") from exc
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            questions.append(_question(json.loads(line)))
        except (ValueError, KeyError, TypeError) as exc:
            raise VerbatimError(f"{file}:{number}: not a question ({type(exc).__name__}: {exc}).") from exc
    if not questions:
        raise VerbatimError(f"{file}: there are no questions in it.")
    if any(asked.marked for asked in questions):
        return questions
    episodes = sorted({place.episode for asked in questions for place in asked.gold})
    return [replace(asked, half=half_of(asked, episodes)) for asked in questions]


def half_of(asked: Asked, episodes: Sequence[str]) -> str | None:
    """The half of a question in a set that marks none: every second episode is `dev`, so that no episode is in both.

    `episodes`: the ids of all the set's gold episodes, sorted. None: the question has no gold, or gold in both halves.
    """
    halves = {("dev", "test")[episodes.index(place.episode) % 2] for place in asked.gold}
    return halves.pop() if len(halves) == 1 else None


def _gold(place: dict[str, Any]) -> Gold:
    offsets = place.get("offsets")
    if offsets is not None:
        offsets = (int(offsets[0]), int(offsets[1]))
    return Gold(place["episode"], place.get("start"), place.get("end"), place.get("text"), offsets, place.get("sha256"))


def _question(row: dict[str, Any]) -> Asked:
    verdict = row.get("verdict", "answered")
    if verdict not in VERDICTS:
        raise ValueError(f"verdict {verdict!r} is none of {', '.join(VERDICTS)}")
    gold = tuple(_gold(place) for place in row.get("gold", []))
    if verdict in ("answered", "said_by_other") and not gold:
        raise ValueError(f"a question with the verdict {verdict} needs gold")
    return Asked(
        id=str(row["id"]),
        question=row["question"],
        kind=row.get("kind", "question"),
        verdict=verdict,
        gold=gold,
        speaker=row.get("speaker"),
        history=tuple(row.get("history") or ()),
        filters=dict(row.get("filters") or {}),
        answer=row.get("answer"),
        half=row.get("half"),
        marked="half" in row,
    )
