"""Evidence -> the decision: is the question answered, by whom, and with which quotes. It says nothing in words.

Whether the best evidence answers at all is one probability from several signals, fitted on development questions.
The weights stand in `fitted.json`, written by `python -m eval fit-quotes`, which names the data they come from.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

from index.episode import Sentence, Turn
from rag.answer import Verdict
from rag.evidence.quote import Quote, Signals
from rag.evidence.quotes import Evidence, fitted


def threshold(signals: Signals) -> float:
    """The probability from which what has these signals counts as an answer: it depends on whether a reader has read it."""
    least: float = fitted(read=signals.read)["refusal"]["threshold"]
    return least


def enough(signals: Signals) -> bool:
    """Whether what has these signals counts as an answer."""
    return probability(signals) >= threshold(signals)


OTHER_PROBABILITY = 0.3
OTHER_MARGIN = 0.5
"""Another person's words are shown as "said by other" from that probability on, and where their log-odds are so much above
those of the named person's own. On development halves: 5 of 7 traps of the samples; .38 of the questions put to the wrong
person, and .04 of the same put to the right one (`python -m eval swapped`); .13 of those of qmsum that the person does answer,
in meetings where several say the like. Margins from .4 to 1.5: eval/NOTES.md."""


LEAST_REPLY, LONGEST_REPLY = 8, 60
"""Words of a reply to the host that answers what the host brought up."""
_TO_THEIR_FACE = re.compile(
    r"\byou(?:'d|'ve|'re)? (?:\w+ )?(?:told|said|say|wrote|swore|promised|called|once|always|never|used to)\b", re.I
)


def said_by_other(own: float, theirs: float, least: float) -> bool:
    """Whether somebody else said it rather than the person asked about: the probabilities of the best quotes of each, and the
    one from which something counts as an answer."""
    return theirs >= max(OTHER_PROBABILITY, least) and _log_odds(theirs) - _log_odds(own) >= OTHER_MARGIN


def _log_odds(probability: float) -> float:
    return math.log(max(probability, 1e-9) / max(1 - probability, 1e-9))


def features(signals: Signals) -> list[float]:
    """What the fitted weights are multiplied with: the signals, in their order; `read` only tells which weights."""
    return list(asdict(signals).values())[:-1]


def probability(signals: Signals) -> float:
    """How likely these signals belong to an answer, 0..1."""
    refusal = fitted(read=signals.read)["refusal"]
    total = refusal["bias"] + sum(w * x for w, x in zip(refusal["weights"], features(signals), strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def best_probability(quotes: Sequence[Quote]) -> float:
    """The likeliest of these quotes; 0 where there is none."""
    return max((probability(quote.signals) for quote in quotes), default=0.0)


# ---- the lines

RELATED = 2.0  # further quotes are left out where the best one is e ** 2, seven times, likelier to be the answer


@dataclass(frozen=True, slots=True)
class Decision:
    """What the evidence comes to. `confidence`: how likely the best of `quotes` answers, 0..1.

    `quotes` are those to be shown, best first; where the verdict is none that shows quotes, those that came nearest.
    """

    verdict: Verdict
    quotes: tuple[Quote, ...]
    confidence: float


def decide(evidence: Evidence, may_speak: Callable[[Turn], bool], *, limit: int, more: int = 0) -> Decision:
    """Whether the question is answered by those who `may_speak`, or else by somebody else than the person asked about.

    `limit`: quotes at most. `more`: how often more was asked for; the quotes given before are passed over.
    """
    asked = evidence.question
    quotes = evidence.choose(may_speak, limit=limit * (more + 1))[limit * more :]
    own = best_probability(quotes)
    if asked.unknown:
        return Decision("unknown_person", tuple(quotes), own)
    if asked.said and asked.asked_for and not more:
        others = evidence.choose(lambda turn: not may_speak(turn), limit=limit)
        theirs = best_probability(others)
        if others and said_by_other(own, theirs, threshold(others[0].signals)):
            if reply := reply_to(others[0], may_speak):
                return Decision("answered", (reply, *quotes)[:limit], theirs)
            return Decision("said_by_other", tuple(others), theirs)
    answered = any(enough(quote.signals) for quote in quotes)
    return Decision("answered" if answered else "not_said", tuple(quotes), own)


def reply_to(quote: Quote, may_speak: Callable[[Turn], bool]) -> Quote | None:
    """How the next turn begins, where the host says it of somebody to their face ("You once told me …"), who `may_speak` and
    answers in more than a few words."""
    said_by, turns = quote.turn.speaker, quote.episode.turns
    after = next((turn for turn in turns if turn.sentences[0].position > quote.turn.sentences[-1].position), None)
    if said_by is None or said_by.role != "host" or not _TO_THEIR_FACE.search(quote.text):
        return None
    if after is None or after.speaker is None or not may_speak(after):
        return None
    taken: list[Sentence] = []
    for sentence in after.spoken():
        words = sum(len(one.text.split()) for one in taken)
        if taken and (words >= LEAST_REPLY or words + len(sentence.text.split()) > LONGEST_REPLY):
            break
        taken.append(sentence)
    if sum(len(one.text.split()) for one in taken) < LEAST_REPLY:
        return None
    text = " ".join(one.text for one in taken)
    return replace(quote, turn=after, first=taken[0].position, last=taken[-1].position, text=text)


def worth_showing(quotes: Sequence[Quote]) -> list[Quote]:
    """The best quote, and those after it that are nearly as good and answer by themselves."""
    if not quotes:
        return []
    best = quotes[0]
    return [best] + [quote for quote in quotes[1:] if quote.score >= best.score - RELATED and enough(quote.signals)]
