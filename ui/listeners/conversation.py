"""A conversation: a tuple of rounds, oldest first, each one question and what came back.

Also how a conversation is kept in the visitor's browser. What comes back from there is not believed: each quote is looked
up and checked again, and shown as the library has it now. Knows nothing of Gradio.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from threading import Event
from typing import Any, Literal, get_args
from urllib.parse import quote

from index.episode import Episode
from index.errors import VerbatimError
from index.library import Library
from index.web import web_address
from rag.answer import Answer, Carried, CarriedKind, Citation, Searched
from rag.evidence.cite import cite
from rag.question.question import LONGEST_QUESTION
from rag.question.scope import Filters
from ui.listeners import answers
from ui.shared import html as passages
from ui.shared.filters import FIELDS, choice_of, filters_of, scope_of
from ui.shared.moments import Moment, moment_of
from ui.words.listeners import said

MOST_KEPT = 20  # rounds in the browser; older ones are let go, since each quote is looked up when they come back
NOTHING_KEPT = "[]"  # Gradio doesn't write an empty string over what a browser holds
LARGEST_KEPT = 300_000  # characters of them; browsers give a site about five million
MOVED_SECONDS = 1.0  # a quote whose time was corrected by more is not shown under its old time

KINDS = get_args(CarriedKind)
Stage = Literal["waiting", "searching", "done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Round:
    """One question and what came back so far. `text` holds the sentences checked until `answer` is there.

    `title` stands in the question's place where nothing was asked: a moment that a link leads to. `halt` is set when the
    visitor wants no more of it. `without`: kinds of what is carried on from earlier questions that the visitor took away.
    """

    question: str
    filters: Filters = field(default_factory=Filters)
    scope: str = ""
    stage: Stage = "waiting"
    status: str = ""
    text: str = ""
    moments: tuple[Moment, ...] = ()
    nearest: tuple[Moment, ...] = ()
    answer: Answer | None = None
    problem: str = ""
    title: str = ""
    without: tuple[str, ...] = ()
    halt: Event = field(default_factory=Event, compare=False)

    @property
    def working(self) -> bool:
        """True while its answer is being made."""
        return self.stage in ("waiting", "searching")


Rounds = tuple[Round, ...]


def render(rounds: Rounds, *, live: bool = True) -> str:
    """The last round as HTML, the one that streams; with `live` off, all of them, as what has been said before."""
    return answers.conversation(
        [
            answers.round_(
                number,
                round_.title or round_.question,
                asked=bool(round_.question),
                link=link_of(round_.question, round_.filters) if round_.question else "",
                scope=round_.scope,
                status=round_.status,
                text=round_.text,
                answer=round_.answer,
                problem=round_.problem,
                moments=round_.moments,
                nearest=round_.nearest,
                latest=number == len(rounds),
            )
            for number, round_ in enumerate(rounds, start=1)
            if not live or number == len(rounds)
        ],
        live=live,
    )


def link_of(question: str, filters: Filters) -> str:
    """The page's address, from its `?` on, that opens this question with its filters."""
    return answers.address(q=question, **named(filters))


def named(filters: Filters) -> dict[str, str]:
    """The filters by the names of their fields, as links and the browser keep them."""
    return {name: value for name, value in zip(FIELDS, choice_of(filters), strict=True) if value}


def history_of(rounds: Rounds) -> list[dict[str, Any]]:
    """The finished questions and answers, oldest first, as the assistant takes them."""
    return [
        message
        for round_ in rounds
        if round_.answer
        for message in (
            {"role": "user", "content": round_.question},
            {
                "role": "assistant",
                "content": round_.answer.answer,
                "asked": round_.answer.asked,
                "citations": [_place(citation) for citation in round_.answer.citations],
            },
        )
    ]


def moments_of(citations: Sequence[Citation], library: Library, *, known: Sequence[Moment] = ()) -> tuple[Moment, ...]:
    """Each citation in its surroundings; those already `known` are not looked up again."""
    ready = {moment.citation: moment for moment in known}
    fresh = [citation for citation in citations if citation not in ready]
    episodes = {name: library.episode(name) for name in {citation.episode for citation in fresh}}
    for citation in fresh:
        episode = episodes[citation.episode]
        ready[citation] = moment_of(citation, episode, audio_address(episode, library))
    return tuple(ready[citation] for citation in citations)


def audio_address(episode: Episode, library: Library) -> str | None:
    """Where the browser gets the audio: from this server by the episode's id, or from where it is published."""
    if library.audio_file(episode.id):
        return passages.LOCAL_AUDIO + quote(episode.id, safe="")
    return web_address(episode.audio)


def citation_at(talk: Episode, first: int, last: int, *, n: int = 1, words: str = "") -> Citation | None:
    """The citation of sentences `first`..`last` of an episode as they are now; None where they are not one turn's speech.

    `words`: the part of them that is quoted, where it isn't all.
    """
    try:
        turn = talk.turn_at(first)
    except IndexError:
        return None
    spoken = turn.spoken(first, last)
    if last > turn.sentences[-1].position or not spoken:
        return None
    text = words or " ".join(sentence.text for sentence in spoken)
    citation = cite(talk, turn, first, last, text, n=n)
    return citation if citation.check == "verified" else None


# Kept in the browser


def packed(rounds: Rounds) -> str:
    """The finished questions as JSON: the newest MOST_KEPT, fewer where they are long."""
    kept = [_packed(round_) for round_ in rounds if round_.answer][-MOST_KEPT:]
    while len(text := json.dumps(kept, ensure_ascii=False)) > LARGEST_KEPT:
        kept = kept[1:]
    return text


def _packed(round_: Round) -> dict[str, Any]:
    answer = round_.answer
    assert answer is not None
    return {
        "question": round_.question,
        "filters": named(round_.filters),
        "asked": answer.asked,
        "verdict": answer.verdict,
        "answer": answer.answer,
        "citations": [_place(citation) for citation in answer.citations],
        "nearest": [_place(citation) for citation in answer.nearest],
        "searched": asdict(answer.searched),
        "writer": answer.writer,
        "model": answer.model,
        "withheld": answer.withheld,
        "kind": answer.kind,
        "carried": [asdict(one) for one in answer.carried],
        "limits": answer.limits,
        "without": list(round_.without),
    }


def _place(citation: Citation) -> dict[str, Any]:
    """What is enough to look a citation up again."""
    return {key: getattr(citation, key) for key in ("n", "episode", "first", "last", "quote", "speaker", "start")}


def unpacked(kept: object, library: Library) -> Rounds:
    """The conversation that a browser kept; whatever is not one there, is left out."""
    if not isinstance(kept, str) or not kept or len(kept) > LARGEST_KEPT:
        return ()
    try:
        rows = json.loads(kept)
        read = lru_cache(maxsize=MOST_KEPT)(library.episode)
        return tuple(_unpacked(row, library, read) for row in rows[-MOST_KEPT:])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ()  # not ours, or from another version: nothing that could be shown


def _unpacked(row: dict[str, Any], library: Library, read: Callable[[str], Episode]) -> Round:
    question = str(row["question"])[:LONGEST_QUESTION]
    try:
        filters = filters_of([row["filters"].get(name, "") for name in FIELDS])
    except VerbatimError as error:
        return Round(question, stage="failed", problem=str(error))
    citations = [_again(place, read) for place in row["citations"]]
    nearest = [_again(place, read) for place in row["nearest"]]
    scope = scope_of(library, filters)
    if gone := [*citations, *nearest].count(None):
        # One quote of the answer is not what it was: none of its sentences is shown.
        problem = said("gone", quotes=passages.counted(gone, "quote"))
        return Round(question, filters, scope, stage="failed", problem=problem)
    answer = Answer(
        question=question,
        asked=str(row["asked"]),
        verdict=row["verdict"],
        answer=str(row["answer"]),
        citations=tuple(citation for citation in citations if citation),
        nearest=tuple(citation for citation in nearest if citation),
        searched=Searched(**row["searched"]),
        writer=str(row["writer"]),
        model=str(row["model"]) if row["model"] else None,
        withheld=int(row["withheld"]),
        kind=row.get("kind", "speech"),
        carried=tuple(
            Carried(one["kind"], str(one["value"])) for one in row.get("carried", ()) if one["kind"] in KINDS
        ),
        limits=str(row["limits"]) if row.get("limits") else None,
    )
    return Round(
        question,
        filters,
        scope,
        "done",
        answer=answer,
        without=tuple(kind for kind in row.get("without", ()) if kind in KINDS),
        moments=moments_of(answer.citations, library),
        nearest=moments_of(answer.nearest, library),
    )


def _again(place: dict[str, Any], read: Callable[[str], Episode]) -> Citation | None:
    """The citation of a place that a browser kept; None where it is gone, or its words, speaker or time are not what they were."""
    first, last = int(place["first"]), int(place["last"])
    try:
        talk = read(str(place["episode"]))
    except VerbatimError:
        return None
    citation = citation_at(talk, first, last, n=int(place["n"]), words=str(place["quote"]))
    if citation is None or citation.speaker != place["speaker"]:
        return None
    was = place["start"]
    if citation.start is None or was is None:
        return citation if citation.start == was else None
    return citation if abs(citation.start - float(was)) <= MOVED_SECONDS else None
