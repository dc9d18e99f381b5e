"""Our own format: one question a line, as docs/measure.md describes, asked of a library of one's own."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

from eval.sets.questions import VERDICTS, Gold, GoldEvidence, Meant, QuestionSet, SetQuestion
from eval.sets.readers.source import Fault, SetSource, id_in, naming, objects_in, optional_text, refuse, text_in
from rag.question.scope import Filters

EXPECTED = "JSON lines with id, question, verdict and gold, or with id and turns"
GoldPlace = TypeVar("GoldPlace", bound=Gold)
FILTERS = tuple(field.name for field in fields(Filters))


def matches(source: SetSource) -> bool:
    """Whether the rows of a file are questions."""
    return not source.path.is_dir() and bool(source.first.keys() & {"question", "verdict", "gold", "turns"})


def read(source: SetSource) -> QuestionSet:
    """Every row a question. VerbatimError names the line of one that isn't, and of an id that is used twice."""
    questions: dict[str, SetQuestion] = {}
    for row in source.rows:
        with naming(row.where):
            every = _turns(row.value) if "turns" in row.value else [_question(row.value)]
        for asked in every:
            if asked.id in questions:
                raise refuse(row.where, f"the id {asked.id} is used by an earlier question.")
            questions[asked.id] = asked
    return QuestionSet(source.name, tuple(questions.values()))


def _turns(row: dict[str, Any]) -> list[SetQuestion]:
    """A conversation as its turns, each a question of its own that is asked after those before it."""
    talk, half = id_in(row, "id"), _one_of(row, "half", ("dev", "test"))
    turns = []
    for number, turn in enumerate(objects_in(row, "turns"), start=1):
        library = turn.get("verdict") == "about_library"
        kind = "about_library" if library else "complete" if turn.get("complete") else "follow_up"
        facts = {**turn, "id": f"{talk}.{number}", "half": half, "kind": turn.get("kind") or kind}
        if library:
            facts["verdict"] = None
        asked = _question(facts, needs_gold=not library)
        turns.append(replace(asked, talk=talk, history=()))
    return turns


def _meant(row: dict[str, Any]) -> Meant | None:
    if not row.keys() & {"people", "scope", "whole", "odd"}:
        return None
    scope = row.get("scope")
    return Meant(
        people=_texts(row, "people"),
        episodes=_texts(row, "scope") if scope is not None else None,
        whole=optional_text(row, "whole"),
        odd=row.get("odd") is True,
    )


def _texts(row: dict[str, Any], key: str) -> tuple[str, ...]:
    value = row.get(key) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Fault(f"`{key}` must be a list of texts")
    return tuple(value)


def _question(row: dict[str, Any], *, needs_gold: bool = True) -> SetQuestion:
    verdict = _one_of(row, "verdict", VERDICTS) or "answered"
    filters = row.get("filters") or {}
    if not isinstance(filters, dict) or (unknown := filters.keys() - set(FILTERS)):
        wrong = f": {', '.join(sorted(unknown))}" if isinstance(filters, dict) else ""
        raise Fault(f"`filters` must be an object with some of {', '.join(FILTERS)}{wrong}")
    gold = tuple(_place(Gold, place, {}) for place in objects_in(row, "gold"))
    if verdict in ("answered", "said_by_other", "asked_not_answered") and not gold and needs_gold:
        raise Fault(f"a question with the verdict {verdict} needs `gold`")
    # Evidence without an episode lies in the one that the filters name, or the gold.
    beside = {"episode": filters.get("episode") or (gold[0].episode if gold else None)}
    return SetQuestion(
        id=id_in(row, "id"),
        question=text_in(row, "question"),
        kind=optional_text(row, "kind") or "question",
        verdict=verdict,
        gold=gold,
        speaker=optional_text(row, "speaker"),
        history=tuple(_turn(turn) for turn in objects_in(row, "history")),
        filters={name: text_in(filters, name) for name in filters if filters[name] is not None},
        answer=optional_text(row, "answer"),
        half=_one_of(row, "half", ("dev", "test")),
        evidence=tuple(
            _place(GoldEvidence, place, beside, speaker=optional_text(place, "speaker"))
            for place in objects_in(row, "evidence")
        ),
        meant=_meant(row),
        reply=optional_text(row, "reply"),
        sources=tuple(
            _place(GoldEvidence, place, {}, speaker=optional_text(place, "speaker"))
            for place in objects_in(row, "sources")
        ),
        today=optional_text(row, "today"),
    )


def _place(make: type[GoldPlace], place: dict[str, Any], beside: dict[str, Any], **more: Any) -> GoldPlace:
    """Seconds, or words, or offsets with a hash; `beside` has what the place itself may leave out."""
    start, end = _seconds(place, "start"), _seconds(place, "end")
    text, sha256 = optional_text(place, "text"), optional_text(place, "sha256")
    offsets = place.get("offsets")
    if offsets is not None:
        whole = isinstance(offsets, list) and len(offsets) == 2 and all(type(number) is int for number in offsets)
        if not whole or not 0 <= offsets[0] < offsets[1] or not sha256:
            raise Fault("`offsets` must be two character numbers, the first smaller, with `sha256`")
        offsets = (offsets[0], offsets[1])
    elif text is not None:
        if not text.strip():
            raise Fault("a gold place's `text` is empty")
    elif start is None or end is None or not start < end:
        raise Fault("a gold place needs `start` before `end` in seconds, or `text`, or `offsets` with `sha256`")
    episode = text_in({**beside, **{key: value for key, value in place.items() if value is not None}}, "episode")
    return make(episode, start, end, text, offsets, sha256, **more)


def _seconds(place: dict[str, Any], key: str) -> float | None:
    value = place.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise Fault(f"`{key}` must be seconds, not {str(value)[:60]}")
    return float(value)


def _turn(turn: dict[str, Any]) -> dict[str, str]:
    role = _one_of(turn, "role", ("user", "assistant"))
    if role is None:
        raise Fault("`role` of the history is missing")
    return {"role": role, "content": text_in(turn, "content")}


def _one_of(row: dict[str, Any], key: str, known: tuple[str, ...]) -> str | None:
    value = optional_text(row, key)
    if value is not None and value not in known:
        raise Fault(f"`{key}` is {value[:60]!r}, none of {', '.join(known)}")
    return value
