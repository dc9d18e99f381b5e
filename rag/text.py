"""Answers, passages, episodes and transcripts as text and JSON for the terminal. No HTML here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from index.episode import Episode, Turn
from index.feedback import Feedback
from index.library import EpisodeSummary
from index.plain import plain
from rag.export import source_line
from rag.result import Answer, Citation, clock


def answer_text(answer: Answer) -> str:
    """The answer with its sources under it."""
    parts = [answer.answer]
    if answer.citations:
        # A model's answer may paraphrase: then the words themselves stand with their source.
        quotes = ["" if c.quote in answer.answer else f"\n    “{c.quote}”" for c in answer.citations]
        parts.append("\n".join(f"[{c.n}] {source_line(c)}{q}" for c, q in zip(answer.citations, quotes, strict=True)))
    elif answer.nearest:
        parts.append(
            "Nearest, but no answer:\n" + "\n".join(f"  “{c.quote}”\n    {source_line(c)}" for c in answer.nearest)
        )
    return "\n\n".join(parts)


def passages_text(citations: Sequence[Citation]) -> str:
    """Passages, numbered, each under its source."""
    return "\n".join(f"{c.n}. {source_line(c)}\n   {c.quote}\n" for c in citations) or "nothing found\n"


def feedback_json(given: Sequence[Feedback]) -> list[dict[str, Any]]:
    """One object a piece of feedback; `filters` and `answer` are those that it is about."""
    return [
        {
            "at": one.at,
            "kind": one.kind,
            "question": one.question,
            "note": one.note,
            "generation": one.generation,
            "version": one.version,
            **json.loads(one.about),
        }
        for one in given
    ]


def feedback_text(given: Sequence[Feedback]) -> str:
    """A line each: when, what, about which question, and the note."""
    lines = (
        f"{one.at[:16].replace('T', ' ')}  {one.kind.replace('_', ' '):<13}  {_line(one.question)}"
        + (f"  — {_line(one.note)}" if one.note else "")
        for one in given
    )
    return "\n".join(lines) or "no feedback yet"


def _line(text: str) -> str:
    """A stranger's words on one line, without what a terminal would obey."""
    return " ".join(plain(text).split())


def episodes_json(summaries: Sequence[EpisodeSummary]) -> list[dict[str, Any]]:
    """One object an episode, as the design's interfaces name the fields."""
    return [
        {
            "id": e.id,
            "show": e.show,
            "title": e.title,
            "date": e.date,
            "people": [
                {
                    "name": p.name,
                    "role": p.role,
                    "seconds": None if p.seconds is None else round(p.seconds, 1),
                    "words": p.words,
                }
                for p in e.people
            ],
            "duration": e.duration,
            "formats": [e.format],
            "speaker_sources": list(e.speaker_sources),
            "time_sources": list(e.time_sources),
            "passages": e.passages,
        }
        for e in summaries
    ]


def episodes_text(summaries: Sequence[EpisodeSummary]) -> str:
    lines = []
    for e in summaries:
        people = ", ".join(f"{p.name} ({p.role})" if p.role != "unknown" else p.name for p in e.people)
        facts = [e.show, e.date or "no date", clock(e.duration) or "length not known", f"{e.passages} passages"]
        lines.append(f"{e.id}\n  {e.title}\n  {' · '.join(facts)}\n  {people or 'nobody named'}")
    return "\n".join(lines) or "no episodes yet; add some with: verbatim add TRANSCRIPTS"


def episode_json(episode: Episode) -> dict[str, Any]:
    return {
        "id": episode.id,
        "show": episode.show.name,
        "title": episode.title,
        "date": episode.date,
        "description": episode.description,
        "duration": episode.duration,
        "url": episode.url,
        "people": [{"name": p.name, "role": p.role} for p in episode.people],
        "mended": list(episode.mended),
        "turns": [_turn_json(turn) for turn in episode.turns],
    }


def _turn_json(turn: Turn) -> dict[str, Any]:
    return {
        "speaker": turn.speaker.name if turn.speaker else None,
        "role": turn.speaker.role if turn.speaker else "unknown",
        "speaker_source": turn.speaker_source,
        "start": _round(turn.start),
        "end": _round(turn.end),
        "text": turn.text,
        "sentences": [
            {
                "position": s.position,
                "text": s.text,
                "start": _round(s.start),
                "end": _round(s.end),
                "time_source": s.time_source,
                "time_error": s.time_error,
                "speech": s.speech,
            }
            for s in turn.sentences
        ],
    }


def episode_text(episode: Episode) -> str:
    lines = [f"{episode.show.name}: {episode.title}", ""]
    for turn in episode.turns:
        at = clock(turn.start, turn.sentences[0].time_error)
        who = turn.speaker.name if turn.speaker else "(speaker not known)"
        who += f" ({turn.speaker_source})" if turn.speaker_source in ("recovered", "corrected") else ""
        # Where who speaks can be answered in review, the sentence to name there.
        number = f"  sentence {turn.sentences[0].position}" if episode.unlabelled else ""
        lines += [f"{who}{f'  {at}' if at else ''}{number}", f"  {turn.text}", ""]
    return "\n".join(lines).rstrip()


def _round(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)
