"""QMSum: meetings with topics, general and specific queries; one meeting a file, a folder of them, or one a line.

Gold is the spans of turns. A general query asks for the whole meeting: it is asked and no place is judged, since every
passage would count as found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from eval.sets.questions import Gold, QuestionSet, SetQuestion
from eval.sets.readers.documents import Document, build_document, named_in, safe_id
from eval.sets.readers.source import Fault, Row, SetSource, naming, objects_in, optional_text, text_in

EXPECTED = "QMSum's meetings with meeting_transcripts and specific_query_list"
# (the field, the kind, the field of the question in each item)
LISTS = (
    ("topic_list", "topic", "topic"),
    ("general_query_list", "general", "query"),
    ("specific_query_list", "specific", "query"),
)
_MARK = re.compile(r"\{\w+\}")
_TITLES = re.compile(r"^(?:(?:the |right )*hon\.?|mr\.?|mrs\.?|ms\.?|miss|dr\.?)\s+|\s+(?:AM|AS|MP|MS)$", re.I)
_OFFICE = re.compile(r"(?<=\S)\s*\(.*\)$", re.DOTALL)
_SPAN_END = re.compile(r"\d{1,9}")


def matches(source: SetSource) -> bool:
    """Whether the first row is a meeting."""
    return "meeting_transcripts" in source.first


def read(source: SetSource) -> QuestionSet:
    """Every query of every meeting, asked of its own meeting. VerbatimError names the meeting of what can't be read."""
    questions: list[SetQuestion] = []
    episodes = []
    skipped: list[str] = []
    taken: set[str] = set()
    for row in source.rows:
        with naming(row.where):
            meeting = _meeting(row, source.name, taken)
            taken.add(meeting.episode.id)
            questions += _questions(row.value, meeting, skipped)
        episodes.append(meeting.episode)
    return QuestionSet(source.name, tuple(questions), tuple(episodes), tuple(skipped))


def _meeting(row: Row, show: str, taken: set[str]) -> Document:
    turns = []
    for turn in objects_in(row.value, "meeting_transcripts"):
        # {vocalsound} and {disfmarker} are the transcriber's marks and were not spoken.
        words = _MARK.sub(" ", optional_text(turn, "content") or "")
        # "Hon. Ada Quill (Minister of Kettles)" is "Hon. Ada Quill" from the second time on.
        speaker = _OFFICE.sub("", (optional_text(turn, "speaker") or "").strip())
        turns.append((speaker or None, words))
    id_ = safe_id(row.name, taken)
    meeting = build_document(id_, show, row.name, turns, format_="qmsum")
    if not meeting.text:
        raise Fault("`meeting_transcripts` holds no words")
    return meeting


def _questions(row: dict[str, Any], meeting: Document, skipped: list[str]) -> Iterator[SetQuestion]:
    speakers = [person.name for person in meeting.episode.people]
    for key, kind, field in LISTS:
        for number, item in enumerate(objects_in(row, key), start=1):
            id_ = f"{meeting.episode.id}-{kind}-{number}"
            question = text_in(item, field)
            gold = () if kind == "general" else tuple(_gold(item, meeting, id_, skipped))
            if kind != "general" and not gold:
                skipped.append(f"{id_}: none of its turns can be found")
                continue
            yield SetQuestion(
                id=id_,
                question=question,
                kind=kind,
                verdict="answered",
                gold=gold,
                speaker=_asked_about(question, speakers) if kind == "specific" else None,
                filters={"episode": meeting.episode.id},
                answer=optional_text(item, "answer"),
            )


def _gold(item: dict[str, Any], meeting: Document, id_: str, skipped: list[str]) -> Iterator[Gold]:
    spans = item.get("relevant_text_span")
    if not isinstance(spans, list):
        raise Fault(f"{id_}: `relevant_text_span` must be a list of pairs of turns")
    for span in spans:
        if (
            not isinstance(span, list)
            or len(span) != 2
            or not all(isinstance(end, str | int) and _SPAN_END.fullmatch(str(end).strip()) for end in span)
        ):
            raise Fault(f"{id_}: {str(span)[:60]} is no pair of turns")
        first, last = sorted(int(end) for end in span)
        place = meeting.gold(first, last)
        if place is None:
            skipped.append(f"{id_}: no words at turns {first} to {last} of {len(meeting.spans)}")
        else:
            yield place


def _asked_about(question: str, speakers: list[str]) -> str | None:
    """The one speaker named, where their words are what is asked for: "What did PhD F think about …"."""
    # "Ms. Ada Quill MP" in the transcript is "Ada Quill" in a question.
    full_names = {_TITLES.sub("", speaker): speaker for speaker in speakers}
    named = named_in(question, full_names)
    if len(named) != 1:
        return None
    name = re.escape(named[0])
    asks_them = rf"\b(?:did|do|does|was|is|had|has|would|could|according to)\s+(?:the\s+)?(?:\w+\.\s+)?{name}\b"
    if re.search(rf"{asks_them}|\b{name}'\s?s?\s+\w+", question, re.I):
        return full_names[named[0]]
    return None
