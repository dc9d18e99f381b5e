"""Whether a question was understood as the set says that it is meant: whose words, which episodes, and nothing put into it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from eval.sets.questions import SetQuestion
from rag.answer import Answer
from rag.assistant import Assistant
from rag.question.people import names_of
from rag.question.question import Question
from rag.question.scope import Filters

# What the rules themselves may put in: a question about somebody's words, or about somebody else's.
FRAME = frozenset("what does did do say says said about think of who else besides talks and the a in not".split())


def understanding(
    asked: SetQuestion, question: Question, answer: Answer, right: Sequence[bool], assistant: Assistant
) -> dict[str, float]:
    """`scope_right`, `glued`, `corrupted`, `in_scope` and `misplaced`, each where it applies."""
    meant = asked.meant
    assert meant is not None
    metrics: dict[str, float] = {}
    if asked.talk:
        metrics["scope_right"] = float(_of_them(asked, question, assistant) and _inside(meant.episodes, answer))
        metrics["corrupted"] = float(bool(_strange_words(asked, question, assistant)))
        if asked.question == meant.whole:
            metrics["glued"] = float(question.asked.split() != asked.question.split())
    elif meant.episodes is not None:
        metrics["in_scope"] = float(_inside(meant.episodes, answer))
    if meant.odd:
        wrong_quote = bool(right) and not any(right)
        nobody = answer.kind == "speech" and not right and bool(asked.gold)
        metrics["misplaced"] = float(wrong_quote or nobody)
    return metrics


def _of_them(asked: SetQuestion, question: Question, assistant: Assistant) -> bool:
    """Whether the question was taken to be about one of the people that it is about.

    Where it was taken to be about nobody, the question in full must name nobody either.
    """
    meant = asked.meant
    assert meant is not None
    people = set(meant.people)
    if question.people:
        return not people or bool(people & set(question.people))
    if people & set(question.focus) or question.role or not people or answer_is_of_library(asked):
        return True
    whole, _ = assistant.understand(meant.whole or asked.question, (), Filters())
    return not whole.people


def answer_is_of_library(asked: SetQuestion) -> bool:
    """Whether a turn asks about the library, so that nobody's words are in question."""
    return asked.kind == "about_library"


def _inside(episodes: Sequence[str] | None, answer: Answer) -> bool:
    return episodes is None or all(citation.episode in episodes for citation in answer.citations)


def _strange_words(asked: SetQuestion, question: Question, assistant: Assistant) -> set[str]:
    """Words of the question made whole that stand neither in it nor in the conversation, and name nobody here."""
    said = " ".join([asked.question, *(str(message.get("content", "")) for message in asked.history)])
    said += " " + " ".join(str(message.get("asked", "")) for message in asked.history)
    known = _words(said) | _words(" ".join(names_of(assistant.library.summaries()))) | FRAME
    titles = " ".join(episode.title for episode in assistant.library.summaries())
    return _words(question.asked) - known - _words(titles)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))
