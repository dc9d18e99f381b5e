"""Episodes, transcripts and feedback as the JSON that the docs promise to programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from index.episode import Episode, Turn
from index.library import EpisodeSummary
from index.library.feedback import Feedback


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


def episode_json(episode: Episode) -> dict[str, Any]:
    """One episode with its turns and sentences."""
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


def _round(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)
