"""Labels without a name ("Speaker 1") -> the names that the transcript gives them, where it leaves little doubt.

For each pair of a voice and a name, what speaks for and against it is counted (does it say "I'm Ann"? does it speak
right after "Ann, tell us"? does it say "Ann" to others?) and weighed; the weights were fitted on talks whose speakers
are known: python -m eval people. A voice gets a name only where one name stands out, and no other voice claims it. Where
the show's other episodes tell who comes back, that is weighed too.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from index.formats.parsed import ParsedTurn
from index.speakers.evidence import Claims, NameClaim, folded
from index.speakers.regulars import InShow, in_show, made_whole

MOST_ROUNDS = 4
UNLIKELY, SURE = -5.0, 8.0
"""Log-odds of a rival that needs no mention, and a lead above which more of it tells no more."""
FITTED = Path(__file__).parent / "people.json"


def names_of_voices(
    turns: Sequence[ParsedTurn],
    *,
    known: Mapping[str, str],
    expected: Sequence[str] = (),
    show: InShow | None = None,
) -> dict[str, str]:
    """The names of labels that name nobody, as {label: name}; labels that can't be told are left out.

    `turns`: those that somebody speaks. `known`: the labels whose person is known already, and their names. `expected`:
    full names that the page gives; a first name in the talk is made whole by them. `show`: what its other
    episodes tell, if they do.
    """
    if all(turn.speaker in known for turn in turns if turn.speaker):
        return {}
    claims = Claims([turn for turn in turns if turn.speaker], expected)
    named = named_by(claims, known, weights_of("naming"), show)
    return {label: name for label, name in named.items() if label not in known}


def named_by(claims: Claims, known: Mapping[str, str], fitted: Mapping, show: InShow | None = None) -> dict[str, str]:
    """The names of the voices: `known` and those that the claims give. Sure names make the others easier to tell: so again,
    until no more are found. `show`: what its other episodes tell, if they do."""
    named = dict(known)
    for _ in range(MOST_ROUNDS):
        pairs = weighed(claims, named, fitted, show)
        weights = fitted["in_show" if show else "among"]
        scored = [(label, name, likelihood(weights, features)) for label, name, features in pairs]
        found = assigned(scored, least=fitted["least"], gap=fitted["gap"])
        if not found:
            break
        named |= found
    if show is None:
        return named
    return {
        label: name if label in known else made_whole(name, show.hosting.get(label, 0.0), show.regulars)
        for label, name in named.items()
    }


def weighed(claims: Claims, named: Mapping[str, str], fitted: Mapping, show: InShow | None) -> list[NameClaim]:
    """The pairs that are open once `named` are known, with all that is weighed at last."""
    pairs = among_others(claims.pairs(named), fitted["weights"])
    if show is None:
        return pairs
    return in_show(pairs, [total(fitted["among"], features) for _, _, features in pairs], show)


def among_others(pairs: Sequence[NameClaim], weights: Mapping[str, float]) -> list[NameClaim]:
    """The pairs, with how likely each is by itself, and against the likeliest other voice for the name and the likeliest
    other name for the voice (in log-odds)."""
    odds = [total(weights, features) for _, _, features in pairs]
    of_voice: dict[str, list[tuple[float, int]]] = defaultdict(list)
    of_name: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for number, (label, name, _) in enumerate(pairs):
        of_voice[label].append((odds[number], number))
        of_name[folded(name)[0]].append((odds[number], number))
    found = []
    for number, (label, name, features) in enumerate(pairs):
        others = [
            max((o for o, n in group if n != number), default=UNLIKELY)
            for group in (of_voice[label], of_name[folded(name)[0]])
        ]
        other_name, other_voice = (max(UNLIKELY, other) for other in others)
        found.append(
            (
                label,
                name,
                features
                | {
                    "alone_likely": odds[number],
                    "over_other_name": min(SURE, odds[number] - other_name),
                    "over_other_voice": min(SURE, odds[number] - other_voice),
                    "beaten_by_name": min(0.0, odds[number] - other_name),
                    "beaten_by_voice": min(0.0, odds[number] - other_voice),
                },
            )
        )
    return found


@cache
def weights_of(what: str) -> dict:
    """What was fitted for `naming` or `roles`: the weights, and the bounds at which they decide."""
    return json.loads(FITTED.read_text(encoding="utf-8"))[what]


def likelihood(weights: Mapping[str, float], features: Mapping[str, float]) -> float:
    """How probable it is that what has these features is so."""
    return 1 / (1 + math.exp(-total(weights, features)))


def total(weights: Mapping[str, float], features: Mapping[str, float]) -> float:
    """The log-odds of the same, between -30 and 30."""
    return max(-30.0, min(30.0, sum(weights[name] * value for name, value in features.items())))


def assigned(scored: Sequence[tuple[str, str, float]], *, least: float, gap: float) -> dict[str, str]:
    """One name a voice and one voice a name, the likeliest first; where two voices claim a name, or two names a voice,
    about equally (log-odds within `gap`), none is given. `scored`: (label, name, probability)."""
    odds = {(label, folded(name)[0]): (math.log(p / (1 - p)), name) for label, name, p in scored if 0 < p < 1}
    named: dict[str, str] = {}
    taken: set[str] = set()
    for (label, key), (likely, name) in sorted(odds.items(), key=lambda item: -item[1][0]):
        if likely < math.log(least / (1 - least)):
            break
        if label in named or key in taken:
            continue
        rivals = [
            other
            for (voice, first), (other, _) in odds.items()
            if (voice == label) != (first == key) and voice not in named and first not in taken
        ]
        if all(likely - other >= gap for other in rivals):
            named[label] = name
        taken.add(key)
    return named
