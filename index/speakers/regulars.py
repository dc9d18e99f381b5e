"""Who comes back in a show's episodes, and what that says about the speakers of another one.

Where a show names Ann Lee again and again, a voice that acts like a host and is called Ann is most likely hers, and hardly
that of a guest. It only weighs what the talk says (`naming.py`): whom a talk doesn't name gets no name from its show.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from index.speakers.evidence import NameClaim, folded
from index.speakers.labels import names_nobody

FEWEST, SHARE = 3, 0.1
"""Who speaks in so many other episodes of a show, and in this share of them, is known there."""
FEWEST_WHOLE, SHARE_WHOLE = 3, 0.9
"""In so many of them the full name must be given, and in this share of those that give one with that first name."""
SURE_ODDS, SURE_ROLE = 8.0, 4.0
"""Log-odds of a name, and of acting like a host, above which more of it tells no more."""


@dataclass(frozen=True, slots=True)
class Regular:
    """Somebody who comes back: in which share of the other episodes, and the full name, None where it isn't told."""

    share: float
    name: str | None


@dataclass(frozen=True, slots=True)
class InShow:
    """What helps to name an episode's voices: the show's regulars by first name (in small letters, without accents), and
    how much each voice acts like a host (`hosting`: log-odds by label)."""

    regulars: Mapping[str, Regular]
    hosting: Mapping[str, float]


def regulars_of(spoken_in: Mapping[str, int], episodes: int) -> dict[str, Regular]:
    """Who comes back, by first name. `spoken_in`: in how many of the `episodes` each name speaks; all of them others than
    the one that is to be told."""
    of_first: dict[str, Counter[str]] = defaultdict(Counter)
    for name, number in spoken_in.items():
        if number > 0 and not names_nobody(name) and (words := folded(name)):
            of_first[words[0]][name] += number
    found = {}
    for first, names in of_first.items():
        number = min(episodes, names.total())
        if number >= FEWEST and number >= SHARE * episodes:
            found[first] = Regular(number / episodes, _whole(names))
    return found


def _whole(names: Mapping[str, int]) -> str | None:
    """The one full name among those with the same first name."""
    full = Counter({name: number for name, number in names.items() if len(folded(name)) > 1})
    for name, number in full.most_common(1):
        if number >= FEWEST_WHOLE and number >= SHARE_WHOLE * full.total():
            return name
    return None


def in_show(pairs: Sequence[NameClaim], odds: Sequence[float], show: InShow) -> list[NameClaim]:
    """The pairs of a voice and a name, with what the show tells of each. `odds`: how likely each is by the talk alone."""
    known_of: dict[str, set[str]] = defaultdict(set)
    for label, name, _ in pairs:
        known_of[label] |= show.regulars.keys() & {folded(name)[0]}
    found = []
    for (label, name, features), likely in zip(pairs, odds, strict=True):
        first = folded(name)[0]
        regular = show.regulars.get(first)
        known = float(regular is not None)
        hosting = max(-SURE_ROLE, min(SURE_ROLE, show.hosting.get(label, 0.0)))
        likely = max(-SURE_ODDS, min(SURE_ODDS, likely))
        other_known = float(bool(known_of[label] - {first}))
        found.append(
            (
                label,
                name,
                features
                | {
                    "likely": likely,
                    "known": known,
                    "known_likely": known * likely,
                    "known_share": regular.share if regular else 0.0,
                    "known_hosting": known * hosting,
                    "hosting": hosting,
                    "other_known": other_known,
                    "known_other_known": known * other_known,
                },
            )
        )
    return found


def made_whole(name: str, hosting: float, regulars: Mapping[str, Regular]) -> str:
    """A first name as the regular's full name, where the voice acts more like a host than like a guest."""
    words = folded(name)
    regular = regulars.get(words[0]) if len(words) == 1 else None
    return regular.name if regular and regular.name and hosting > 0 else name
