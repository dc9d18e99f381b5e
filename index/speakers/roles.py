"""Who hosts and who is a guest, by what each speaker of an episode does: opens, welcomes, introduces, asks, closes.

Weights were fitted on talks of shows where it is known who comes back episode after episode: python -m eval people.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from index.episode import Role
from index.formats.parsed import ParsedTurn
from index.speakers.evidence import folded
from index.speakers.mentions import mentions_of, spoken
from index.speakers.naming import likelihood, total, weights_of

_WELCOMES = re.compile(
    r"\bwelcome (?:back )?to\b|\bthis is (?:the )?\w+.{0,40}\bpodcast\b|\bjoin(?:ed|ing) (?:me|us|by|today)\b"
    r"|\bwith (?:me|us) (?:today|now|is|are)\b|\b(?:my|our) (?:special )?guests?\b|\bwelcome,? everyone\b|\bwelcome back\b",
    re.IGNORECASE,
)
_OWN_SHOW = re.compile(
    r"\bour (?:listeners?|audience|sponsors?|show)\b|\bshow ?notes\b|\bthis (?:episode|week's show|show)\b"
    r"|\bnext (?:week|episode)\b|\btun(?:e|ing) in\b|\bsubscribe\b|\b(?:a|quick|short) break\b|\blisteners?\b"
    r"|\bwe'll be (?:right )?back\b|\bthanks for listening\b",
    re.IGNORECASE,
)
_THANKS_GUESTS = re.compile(
    r"\b(?:thank(?:s| you)(?: \w+){0,4} for (?:coming|joining|being|taking the time|sharing|spending)|(?:great|glad|happy|excited"
    r"|awesome|good) to have you|appreciate you(?:r time)?|having you (?:on|here|back))\b",
    re.IGNORECASE,
)
_THANKS_HOSTS = re.compile(
    r"\b(?:for having (?:me|us)|thanks? (?:you )?for inviting|(?:glad|happy|great|excited|good|pleasure|honou?r(?:ed)?|thrilled"
    r"|fun) to be (?:here|on|back)|be(?:en)? (?:on|a fan of) (?:the|your) (?:show|podcast))\b",
    re.IGNORECASE,
)
_OWN_ROLE = re.compile(
    r"\b(?:I['’]m|I am|[Mm]yself,?|as) your (?:co-?)?host\b|\bI['’]ll be your host\b"
    r"|\byour hosts?,? (?:today|this)\b"
)
FEWEST_WORDS = 200
"""In a shorter talk nobody does enough to be told by it."""


def roles_of(turns: Sequence[ParsedTurn], names: Mapping[str, str]) -> dict[str, tuple[Role, float]]:
    """For each label its role and how probable that is; `unknown` where neither is likely enough. `names`: {label: name}."""
    if sum(len(spoken(turn).split()) for turn in turns if turn.speaker) < FEWEST_WORDS:
        return {}
    fitted = weights_of("roles")
    found: dict[str, tuple[Role, float]] = {}
    for label, features in deeds(turns, names).items():
        host = likelihood(fitted["weights"], features)
        if host >= fitted["host"]:
            found[label] = ("host", host)
        elif host <= fitted["guest"]:
            found[label] = ("guest", 1 - host)
        else:
            found[label] = ("unknown", max(host, 1 - host))
    return found


def hosting(turns: Sequence[ParsedTurn]) -> dict[str, float]:
    """How much each label acts like a host, whatever its name: log-odds; 0 where the talk is too short to tell."""
    weights = weights_of("roles")["weights"]
    if sum(len(spoken(turn).split()) for turn in turns if turn.speaker) < FEWEST_WORDS:
        return {}
    return {label: total(weights, features) for label, features in deeds(turns, {}).items()}


def deeds(turns: Sequence[ParsedTurn], names: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """What each label does, as the numbers that are weighed."""
    heard = [(turn.speaker, text) for turn in turns if turn.speaker and (text := spoken(turn))]
    if not heard:
        return {}
    said: dict[str, list[str]] = defaultdict(list)
    for label, text in heard:
        said[label].append(text)
    words = {label: sum(len(text.split()) for text in texts) for label, texts in said.items()}
    questions = {label: sum(text.count("?") for text in texts) for label, texts in said.items()}
    total_words, total_questions = max(1, sum(words.values())), max(1, sum(questions.values()))
    introduces, introduced = _introductions(turns, names)
    opening = [label for label, _ in heard[:1]]
    closing = [label for label, _ in heard[-1:]]
    found = {}
    for label, texts in said.items():
        count = {name: sum(len(pattern.findall(text)) for text in texts) for name, pattern in _PATTERNS.items()}
        asking = sum(text.rstrip("\"'”’) ").endswith("?") for text in texts) / len(texts)
        share = words[label] / total_words
        found[label] = {
            "one": 1.0,
            "alone": float(len(said) == 1),
            "two": float(len(said) == 2),
            "many": math.log(len(said)),
            "share": share,
            "share_of_questions": questions[label] / total_questions,
            "asking": asking,
            "questions_a_word": min(0.05, questions[label] / max(1, words[label])) * 20,
            "turns": len(texts) / len(heard),
            "words_a_turn": math.log1p(words[label] / len(texts)),
            "opens": float(label in opening),
            "closes": float(label in closing),
            "introduces": float(introduces[label] > 0),
            "introduced": float(introduced[label] > 0),
            **{name: float(number > 0) for name, number in count.items()},
            **{f"{name}_often": math.log1p(number) for name, number in count.items()},
        }
    return found


_PATTERNS = {
    "welcomes": _WELCOMES,
    "own_show": _OWN_SHOW,
    "thanks_guests": _THANKS_GUESTS,
    "thanks_hosts": _THANKS_HOSTS,
    "own_role": _OWN_ROLE,
}


def _introductions(turns: Sequence[ParsedTurn], names: Mapping[str, str]) -> tuple[Counter[str], Counter[str]]:
    """How often each label introduces somebody, and is introduced by another."""
    labels_of: dict[str, list[str]] = defaultdict(list)
    for label, name in names.items():
        if folded(name):
            labels_of[folded(name)[0]].append(label)
    introduces: Counter[str] = Counter()
    introduced: Counter[str] = Counter()
    if not names:
        return introduces, introduced
    for mention in mentions_of(turns):
        speaker = turns[mention.turn].speaker
        key = folded(mention.name)[:1]
        if mention.kind == "introduced" and mention.early and speaker and key:
            for label in labels_of.get(key[0], []):
                if label != speaker:
                    introduces[speaker] += 1
                    introduced[label] += 1
    return introduces, introduced
