"""LoCoMo: samples of a long conversation in dated sessions, with questions. A sample is a show, a session an episode.

The captions of pictures were not spoken and are left out. Of a question of category 5, which twists what was said,
the right answer is that nobody said so; its `evidence` is what it twists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from eval.sets.questions import Gold, GoldEvidence, QuestionSet, SetQuestion
from eval.sets.readers.documents import Document, build_document, named_in, safe_id
from eval.sets.readers.source import Fault, Row, SetSource, naming, objects_in, optional_text, text_in

EXPECTED = "LoCoMo's list of samples with conversation and qa"
KINDS = {"1": "multi_hop", "2": "temporal", "3": "open_domain", "4": "single_hop", "5": "adversarial"}
MONTHS = "january february march april may june july august september october november december".split()
_SESSION = re.compile(r"session_(\d{1,6})")
_TURN = re.compile(r"D(\d{1,6}):(\d{1,6})")
_DATE = re.compile(r"(?P<day>\d{1,2}) (?P<month>[A-Za-z]{3,9}),? (?P<year>\d{4})")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

Turns = dict[str, tuple[Document, int, str | None]]
"""Of each turn's id (D1:3): the session, the turn's place in it, and who speaks."""


def matches(source: SetSource) -> bool:
    """Whether the first row is a sample."""
    return {"conversation", "qa"} <= source.first.keys()


def read(source: SetSource) -> QuestionSet:
    """Every question of every sample, asked of its own show. VerbatimError names the sample of what can't be read."""
    questions: list[SetQuestion] = []
    episodes: list[Document] = []
    skipped: list[str] = []
    shows: set[str] = set()
    for row in source.rows:
        with naming(row.where):
            show = safe_id(optional_text(row.value, "sample_id") or row.name, ())
            if show in shows:
                raise Fault(f"the sample {show} stands earlier in the set")
            shows.add(show)
            sessions, turns = _sessions(row, show, {document.episode.id for document in episodes}, skipped)
            questions += _questions(row, show, turns, skipped)
        episodes += sessions
    documents = tuple(document.episode for document in episodes)
    return QuestionSet(source.name, tuple(questions), documents, tuple(skipped))


def _sessions(row: Row, show: str, taken: set[str], skipped: list[str]) -> tuple[list[Document], Turns]:
    conversation = row.value.get("conversation")
    if not isinstance(conversation, dict):
        raise Fault("`conversation` must be an object with session_1, session_2 …")
    keys = {int(match[1]): key for key in conversation if (match := _SESSION.fullmatch(key))}
    documents: list[Document] = []
    turns: dict[str, Any] = {}
    for number, key in sorted(keys.items()):
        said = objects_in(conversation, key)
        spoken = [(optional_text(turn, "speaker") or None, optional_text(turn, "text") or "") for turn in said]
        document = build_document(
            safe_id(f"{show}-session-{number}", taken),
            show,
            f"{show}, session {number}",
            spoken,
            date=_iso(optional_text(conversation, f"{key}_date_time") or ""),
            format_="locomo",
        )
        if not document.text:
            continue
        documents.append(document)
        for place, turn in enumerate(said):
            with naming(f"{row.where}, {key}, turn {place + 1}"):
                id_ = text_in(turn, "dia_id")
            if id_ in turns:
                skipped.append(f"{show}: the turn {id_} stands twice, the first one counts")
            turns.setdefault(id_, (document, place, spoken[place][0]))
    if not documents:
        raise Fault("`conversation` holds no session with words")
    return documents, turns


def _questions(row: Row, show: str, turns: Turns, skipped: list[str]) -> Iterator[SetQuestion]:
    speakers = {speaker for _, _, speaker in turns.values() if speaker}
    for number, item in enumerate(objects_in(row.value, "qa"), start=1):
        id_ = f"{show}-{number}"
        with naming(f"{row.where}, question {number}"):
            question = text_in(item, "question")
            # Published files have the number as text here and there.
            kind = KINDS.get(str(item.get("category")))
            if kind is None:
                raise Fault(f"`category` must be a number from 1 to 5, not {str(item.get('category'))[:40]}")
            evidence = tuple(_evidence(item, id_, turns, skipped))
            answer = item.get("answer")
        said = kind != "adversarial"
        if said and not evidence:
            skipped.append(f"{id_}: there is no evidence to judge an answer by")
            continue
        heard = {place.speaker for place in evidence}
        named = named_in(question, speakers)
        yield SetQuestion(
            id=id_,
            question=question,
            kind=kind,
            verdict="answered" if said else "not_said",
            gold=tuple(Gold(p.episode, offsets=p.offsets, sha256=p.sha256) for p in evidence) if said else (),
            # Only where the question names one person, who says all of the evidence.
            speaker=named[0] if said and len(named) == 1 and heard == set(named) else None,
            filters={"show": show},
            answer=None if answer is None or not said else str(answer),
            evidence=evidence,
        )


def _evidence(item: dict[str, Any], id_: str, turns: Turns, skipped: list[str]) -> Iterator[GoldEvidence]:
    """The turns that the evidence names, each once. Published files have "D8:6; D9:17", "D:11:26" and "['D2:3']" in them."""
    named = item.get("evidence") or []
    named = [named] if isinstance(named, str) else named
    if not isinstance(named, list) or not all(isinstance(text, str) for text in named):
        raise Fault("`evidence` must be a list of turns' ids")
    seen = set()
    for text in named:
        ids = [f"D{int(session)}:{int(turn)}" for session, turn in _TURN.findall(text)]
        for turn_id in ids or [text]:
            document, turn, speaker = turns.get(turn_id, (None, 0, None))
            place = document.evidence(turn, speaker) if document else None
            if place is None:
                skipped.append(f"{id_}: its evidence {turn_id[:40]!r} is no turn with words")
            elif turn_id not in seen:
                seen.add(turn_id)
                yield place


def _iso(text: str) -> str | None:
    """ "1:56 pm on 8 May, 2023" -> "2023-05-08"; None where no date can be read."""
    try:
        if iso := _ISO_DATE.search(text):
            return date.fromisoformat(iso[0]).isoformat()
        found = _DATE.search(text)
        months = [n for n, name in enumerate(MONTHS, start=1) if found and name.startswith(found["month"].lower())]
        return date(int(found["year"]), months[0], int(found["day"])).isoformat() if found and months else None
    except ValueError:  # the 31st of June
        return None
