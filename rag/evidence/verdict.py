"""Whether the best evidence answers at all: one probability from several signals, fitted on development questions.

And the plain lines that are said where it doesn't, or where it answers otherwise than the question takes for granted.
The weights stand in `fitted.json`, written by `python -m eval fit-quotes`, which names the data they come from.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import asdict

from rag.answer import Searched
from rag.evidence.quotes import Quote, Signals, fitted
from rag.question.question import Question
from rag.writing.extractive import counted, either, place


def threshold() -> float:
    """The probability from which a question counts as answered."""
    return fitted()["refusal"]["threshold"]


OTHER_PROBABILITY = 0.45
OTHER_MARGIN = 1.5
"""Another person's words are shown as "said by other" from that probability on, and where their log-odds are so much above
those of the named person's own. On development halves: 5 of 6 traps of the samples, and 5 of 119 questions of qmsum that the
person does answer; a margin of .7 found all 6 traps, and 23 of those 119 (eval/NOTES.md)."""


def said_by_other(own: float, theirs: float) -> bool:
    """Whether somebody else said it rather than the person asked about: the probabilities of the best quotes of each."""
    return theirs >= max(OTHER_PROBABILITY, threshold()) and _log_odds(theirs) - _log_odds(own) >= OTHER_MARGIN


def _log_odds(probability: float) -> float:
    return math.log(max(probability, 1e-9) / max(1 - probability, 1e-9))


def features(signals: Signals) -> list[float]:
    """What the fitted weights are multiplied with: the signals, in their order."""
    return list(asdict(signals).values())


def probability(signals: Signals) -> float:
    """How likely these signals belong to an answer, 0..1."""
    refusal = fitted()["refusal"]
    total = refusal["bias"] + sum(w * x for w, x in zip(refusal["weights"], features(signals), strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def best_probability(quotes: list[Quote]) -> float:
    """The likeliest of these quotes; 0 where there is none."""
    return max((probability(quote.signals) for quote in quotes), default=0.0)


# ---- the lines


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
        begin = f"{who} asks about this ({place(asked_in_vain)}), but I found no answer to it. "
    if searched.speaker:
        seconds = searched.speaker_seconds
        own = f", in which {searched.speaker} speaks{_minutes(seconds, ' for ')}" if seconds else ""
        return f"{begin}I found nothing that {searched.speaker} says about this in the {scope} searched{own}."
    return f"{begin}I found nobody saying anything about this in the {scope} searched."


def other_line(asked_for: str) -> str:
    """The line before the words of somebody else than the person asked about."""
    return f"I found no words of {asked_for} that answer this, but somebody else said:"


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

    "Why does Ann love raisins?" takes for granted that she does. Told are only likes and wishes, by the verbs for them.
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
