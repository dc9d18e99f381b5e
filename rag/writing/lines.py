"""The lines of a refusal, and of an answer that contradicts what the question takes for granted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answer import Searched
from rag.evidence.quote import Quote
from rag.prose import counted, either
from rag.question.narrowed import Narrowed, titled
from rag.question.question import Question
from rag.question.scope import Scope


def refusal(
    question: Question,
    searched: Searched,
    *,
    verdict: str,
    nearest_people: Sequence[str] = (),
    asked_in_vain: Quote | None = None,
) -> str:
    """What is said when nothing is quoted, in plain sentences: what was searched, and what can be tried.

    `asked_in_vain`: words of somebody here who asks the same, and gets no answer that was found.
    """
    scope = f"{counted(searched.episodes, 'episode')}{_minutes(searched.seconds)}"
    if verdict == "unknown_person":
        hint = f" Did you mean {either(nearest_people)}?" if nearest_people else ""
        return f"Nobody called {question.unknown} speaks in the {scope} searched.{hint}"
    begin = ""
    if asked_in_vain is not None:
        who = asked_in_vain.turn.speaker.name if asked_in_vain.turn.speaker else "Somebody"
        begin = f"{who} asks about this ({asked_in_vain.place}), but I found no answer to it. "
    if searched.speaker:
        seconds = searched.speaker_seconds
        own = f", in which {searched.speaker} speaks{_minutes(seconds, ' for ')}" if seconds else ""
        return f"{begin}I found nothing that {searched.speaker} says about this in the {scope} searched{own}."
    return f"{begin}I found nobody saying anything about this in the {scope} searched."


def said_in_scope(limit: Narrowed, scope: Scope) -> str:
    """The line that says where an answer was looked for, where the question limits itself."""
    label = limit.label
    if limit.perhaps and {episode.id for episode in scope.episodes} <= set(limit.perhaps):
        label = f"{either([titled(episode) for episode in scope.episodes])}, which has no date and may be meant as well"
    return f"In {label}:"


def other_line(asked_for: str) -> str:
    """The line before the words of somebody else than the person asked about."""
    return f"I found no words of {asked_for} that answer this, but somebody else said:"


def asked_line(question: Quote, reply: Quote) -> str:
    """The line before a question and what is said in reply, where that is no answer to it."""
    who = question.turn.speaker.name if question.turn.speaker else "Somebody"
    whom = f"{reply.turn.speaker.name} gives no answer" if reply.turn.speaker else "no answer is given"
    return f"{who} asks about this, but {whom} to it:"


UNSURE = "I am not sure of this: the language model finds it in the words cited, and the search alone does not."
"""The line before an answer on which the language model and the reading without it disagree."""

MAY_ANSWER = "What stands nearest may answer it all the same: only the language model found that it does not."
"""The last line of a refusal that the reading without a language model disagrees with."""

_TAKES_FOR_GRANTED = re.compile(r"^(?:and |so |but )?(?:why|when|how|what|which|since when|in what way)\b", re.I)

_LIKE = "love|like|want|recommend|enjoy|prefer|support|favou?r|agree|insist|hope|approve|trust|welcome|appreciate"

_LIKES = re.compile(rf"\b(?:{_LIKE})(?:s|d|ed|ing)?\b", re.I)

_NOT_LIKING = re.compile(
    rf"\b(?:do|does|did|would|will|wo|could)(?:n't| not) (?:\w+ ){{0,2}}?(?:{_LIKE})\b"
    rf"|\bnever (?:\w+ ){{0,1}}?(?:{_LIKE})(?:s|d|ed)?\b"
    r"|\bca(?:n't|nnot) (?:abide|bear|stand)\b|\bcould(?:n't| not) (?:abide|bear|stand)\b|\bagainst (?:it|that|them)\b"
    r"|\bno time for\b|\b(?:hate|loathe|detest)\b",
    re.I,
)

_DISLIKES = re.compile(r"\b(?:hate|dislike|oppose|despise|loathe|detest|refuse)(?:s|d|ed)?\b|\bagainst\b", re.I)

_IN_FAVOUR = re.compile(r"\bI'?(?:m| am) (?:all )?for (?:it|that|them)\b|\bin favou?r of\b", re.I)


def otherwise_line(question: Question, quotes: Sequence[Quote]) -> str | None:
    """The line before quotes that say the opposite of what the question takes for granted; None where they don't.

    "Why does Ann love raisins?" takes for granted that she does. Recognised are only likes and wishes, by the verbs for them.
    """
    best = quotes[0] if quotes else None
    if best is None or best.turn.speaker is None or not _TAKES_FOR_GRANTED.match(question.asked):
        return None
    asked, said = question.asked.replace("’", "'"), best.text.replace("’", "'")
    dislikes = bool(_DISLIKES.search(asked) or _NOT_LIKING.search(asked))
    likes = bool(_LIKES.search(asked)) and not dislikes
    says_no, says_yes = bool(_NOT_LIKING.search(said)), bool(_IN_FAVOUR.search(said))
    if (likes and says_no) or (dislikes and says_yes and not says_no):
        return f"{best.turn.speaker.name} does not say so, but rather:"
    return None


def _minutes(seconds: float | None, before: str = ", ") -> str:
    if not seconds:
        return ""
    minutes = seconds / 60
    if minutes < 1.5:
        return f"{before}{counted(round(seconds), 'second')}"
    return f"{before}{counted(round(minutes), 'minute')}" if minutes < 120 else f"{before}{minutes / 60:,.1f} hours"
