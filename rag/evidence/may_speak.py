"""Whose words may be quoted in answer to a question: the hard rules of attribution."""

from __future__ import annotations

from collections.abc import Callable

from index.episode import Turn
from rag.question.question import Question
from rag.question.scope import Filters, Scope


def may_speak_rule(asked: Question, filters: Filters, scope: Scope) -> Callable[[Turn], bool]:
    """Whose words may be quoted: hard rules of attribution. Words that nobody is known to have said may always be."""
    people = set(asked.people) if asked.said else set()

    def may_speak(turn: Turn) -> bool:
        if turn.speaker is None:
            return True
        if scope.person and turn.speaker.name != scope.person:
            return False
        if filters.role and turn.speaker.role not in (filters.role, "unknown"):
            return False
        if people:
            return turn.speaker.name in people
        if asked.said and asked.role:
            return turn.speaker.role in (asked.role, "unknown")
        return True

    return may_speak
