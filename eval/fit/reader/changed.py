"""A question that a text answers -> one that it doesn't: a detail exchanged, or a word turned into its opposite."""

from __future__ import annotations

import random
import re

from eval.fit.reader.sets import Item, Text

_CAPITAL = re.compile(r"(?<=[a-z,] )[A-Z][\w'-]{2,}\b")
_NUMBER = re.compile(
    r"\b\d[\d,.]*\d\b|\b\d+\b|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|hundred)\b", re.I
)
_TURNED = [
    pair.split("/")
    for pair in "love/hate likes/dislikes like/dislike for/against agree/disagree agrees/disagrees more/less most/least "
    "increase/decrease increased/decreased better/worse best/worst before/after always/never easy/hard good/bad first/last "
    "start/stop started/stopped begin/end won/lost win/lose allowed/forbidden support/oppose supports/opposes supported/opposed "
    "accept/refuse accepted/refused highest/lowest largest/smallest advantage/disadvantage advantages/disadvantages "
    "happy/unhappy possible/impossible positive/negative buy/sell bought/sold success/failure trust/distrust "
    "praise/criticise".split()
]
_OPPOSITE = {a: b for a, b in _TURNED} | {b: a for a, b in _TURNED}


def detail_changed(item: Item, text: Text, rng: random.Random) -> str | None:
    """The question with a name or number of its text exchanged for another one of it; None where it has none."""
    for pattern in (_CAPITAL, _NUMBER) if rng.random() < 0.5 else (_NUMBER, _CAPITAL):
        here = [m for m in pattern.finditer(item.question) if m[0].lower() in text.text.lower()]
        there = [m[0] for m in pattern.finditer(text.text) if m[0].lower() not in item.question.lower()]
        if here and there:
            found = rng.choice(here)
            return item.question[: found.start()] + rng.choice(there) + item.question[found.end() :]
    return None


def turned_round(item: Item, rng: random.Random) -> str | None:
    """The question with one word turned into its opposite; None where it has no such word."""
    here = [
        m
        for m in re.finditer(r"[\w']+", item.question)
        if m[0].lower() in _OPPOSITE and m[0].lower() not in ("for", "like")
    ]
    if not here:
        return None
    found = rng.choice(here)
    other = _OPPOSITE[found[0].lower()]
    return (
        item.question[: found.start()]
        + (other.capitalize() if found[0][0].isupper() else other)
        + item.question[found.end() :]
    )


def misspelt(question: str, rng: random.Random) -> str:
    """A question as it is typed in haste: all in small letters, without its mark, or with letters lost, doubled or exchanged."""
    kind = rng.random()
    if kind < 0.3:
        return question.lower().rstrip("?")
    words = question.split(" ")
    long = [n for n, word in enumerate(words) if len(word) > 3]
    for n in rng.sample(long, min(len(long), 1 if kind < 0.6 else 2)):
        word = words[n]
        at = rng.randrange(1, len(word) - 1)
        words[n] = rng.choice(
            (
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
                word[:at] + rng.choice("aeiouy") + word[at + 1 :],
            )
        )
    return " ".join(words).lower() if kind > 0.8 else " ".join(words)
