"""Voices without a name -> the names that the talk gives them, where it leaves little doubt.

For each pair of a voice and a name, what speaks for and against it is counted (does it say "I'm Ann"? does it speak
right after "Ann, tell us"? does it say "Ann" to others?) and weighed; the weights were fitted on talks whose speakers
are known: python -m eval.people. A voice gets a name only where one name stands out, and no other voice claims it.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from index.formats.parsed import ParsedTurn
from index.introductions import Mention, first_names, mentions_of, spoken

FITTED = Path(__file__).parent / "people.json"


def names_of_voices(
    turns: Sequence[ParsedTurn], *, known: Mapping[str, str], expected: Sequence[str] = ()
) -> dict[str, str]:
    """The names of labels that name nobody, as {label: name}; labels that can't be told are left out.

    `turns`: those that somebody speaks. `known`: the labels whose person is known already, and their names. `expected`:
    full names that the page gives; a first name in the talk is made whole by them.
    """
    if all(turn.speaker in known for turn in turns if turn.speaker):
        return {}
    claims = Claims([turn for turn in turns if turn.speaker], expected)
    fitted = weights_of("naming")
    named = dict(known)
    for weights in (fitted["weights"], fitted["weights_again"]):
        scored = [(label, name, likelihood(weights, features)) for label, name, features in claims.pairs(named)]
        named |= assigned(scored, least=fitted["least"], gap=fitted["gap"])
    return {label: name for label, name in named.items() if label not in known}


@cache
def weights_of(what: str) -> dict:
    """What was fitted for `naming` or `roles`: the weights, and the bounds at which they decide."""
    return json.loads(FITTED.read_text(encoding="utf-8"))[what]


def likelihood(weights: Mapping[str, float], features: Mapping[str, float]) -> float:
    """How probable it is that what has these features is so."""
    total = sum(weights[name] * value for name, value in features.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


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


def folded(name: str) -> list[str]:
    """The words of a name in small letters without accents."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return re.findall(r"[^\W_]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))


class Claims:
    """What in a talk speaks for and against each of its voices having each of the names in it. `turns`: all with a label."""

    def __init__(self, turns: Sequence[ParsedTurn], expected: Sequence[str] = ()) -> None:
        self._expected = expected
        self._voices = voices = _Voices(turns)
        self._mentions: dict[str, list[Mention]] = defaultdict(list)
        for mention in mentions_of(turns):
            if folded(mention.name):
                self._mentions[folded(mention.name)[0]].append(mention)
        together: dict[int, list[str]] = defaultdict(list)
        for key, mentions in self._mentions.items():
            for turn in {mention.turn: None for mention in mentions if mention.kind == "introduced"}:
                together[turn].append(key)
        self._known_first = first_names() | {folded(name)[0] for name in expected if folded(name)}
        self._claims = {
            (label, key): _Claim.of(label, key, mentions, voices, together)
            for key, mentions in self._mentions.items()
            for label in voices.first
        }

    def pairs(self, named: Mapping[str, str]) -> list[tuple[str, str, dict[str, float]]]:
        """Every voice with every name that may be its own, and the features: (label, name, features).

        `named`: voices whose names are known; they and their first names are out of the question, which makes the rest
        easier to tell.
        """
        taken = {folded(name)[0] for name in named.values() if folded(name)}
        labels = [label for label in self._voices.first if label not in named]
        open_ = {
            (label, key): claim
            for (label, key), claim in self._claims.items()
            if label not in named and key not in taken
        }
        of_label: dict[str, list[str]] = defaultdict(list)
        for label, key in open_:
            of_label[label].append(key)
        found = []
        for (label, key), claim in open_.items():
            if not claim.strength:
                continue
            rivals = [open_[other, key] for other in labels if other != label]
            others = [open_[label, other] for other in of_label[label] if other != key]
            features = claim.features(
                max((rival.strength for rival in rivals if not rival.says), default=0.0),
                max((other.strength for other in others if not other.says), default=0.0),
            )
            found.append((label, self._fullest(label, key), features | self._about(label, key, claim, len(labels))))
        return found

    def _about(self, label: str, key: str, claim: _Claim, unnamed: int) -> dict[str, float]:
        known = key in self._known_first
        said = sum(says[key] for says in self._voices.says.values())
        return {
            "voice_share": self._voices.share[label],
            "two_voices": float(len(self._voices.first) == 2),
            "only_one_left": float(unnamed == 1),
            "first_name": float(known),
            "own_first_name": float(known and claim.own > 0),
            "never_says_first_name": float(known and not claim.says),
            "only_spoken_of": math.log1p(said) - math.log1p(len(self._mentions[key])),
            "once": 1.0,
        }

    def _fullest(self, label: str, key: str) -> str:
        """The name in its fullest form that is surely this voice's: said by itself, given when it is introduced, or expected.

        "Adam" stays Adam where the talk is also about another Adam, whose family name it gives.
        """
        voices, mentions = self._voices, self._mentions[key]
        whole = [name for name in self._expected if folded(name)[:1] == [key]]
        if len(whole) == 1:
            return whole[0]
        sure: Counter[str] = Counter()
        for mention in mentions:
            by_it = voices.at(mention.turn) == label
            first_heard = mention.kind != "self" and voices.first[label] == mention.turn + 1
            if " " in mention.name and ((by_it and mention.kind == "self") or (not by_it and first_heard)):
                sure[mention.name] += 1
        said_otherwise = {m.name for m in mentions if voices.at(m.turn) == label and m.kind != "self"}
        names = [name for name in sure if name not in said_otherwise]
        if len({folded(name)[-1] for name in names}) == 1:
            return max(names, key=lambda name: (sure[name], -len(name)))
        return Counter(m.name.split()[0] for m in mentions).most_common(1)[0][0]


class _Voices:
    """Who speaks when: labels by turn, where each begins, its share of the words, and the names that it says."""

    def __init__(self, turns: Sequence[ParsedTurn]) -> None:
        self.labels = [turn.speaker or "" for turn in turns]
        self.first: dict[str, int] = {}
        self.nth: list[int] = []
        self.says: dict[str, Counter[str]] = defaultdict(Counter)
        counts: Counter[str] = Counter()
        words: Counter[str] = Counter()
        for number, (label, text) in enumerate(zip(self.labels, map(spoken, turns), strict=True)):
            self.first.setdefault(label, number)
            counts[label] += 1
            self.nth.append(counts[label])
            words[label] += len(text.split())
            self.says[label].update(key for word in _CAPITAL.findall(text) for key in folded(word)[:1])
        total = max(1, sum(words.values()))
        self.share = {label: words[label] / total for label in self.first}

    def at(self, turn: int) -> str | None:
        return self.labels[turn] if 0 <= turn < len(self.labels) else None


_CAPITAL = re.compile(r"[A-ZÀ-ÖØ-Þ][\w’'-]+")


@dataclass(frozen=True, slots=True)
class _Claim:
    """What speaks for and against one voice having one name, counted."""

    own: int  # "I'm Ann", said by the voice
    own_early: bool
    own_of_another: bool  # another voice says that it has this name
    says: int  # the voice speaks to somebody of that name, or introduces one
    utters: int  # the name is in the voice's mouth, in whatever way
    others: int  # other voices introduce it, or speak to it
    called: int  # turns of others that speak to it
    handed: int  # of these, it is called at the end, and the voice speaks next
    after: int  # the voice speaks next
    before: int  # it is called at the beginning, and the voice spoke before
    answerable: int
    beside: int  # turns by others that speak to that name and stand beside the voice's
    new: float  # introduced alone, and the voice is heard for the first time right after
    one_of_many: float  # the same where several are introduced at once
    later: float

    @classmethod
    def of(
        cls, label: str, key: str, mentions: Sequence[Mention], voices: _Voices, together: Mapping[int, Sequence[str]]
    ) -> _Claim:
        by_it = [m for m in mentions if voices.at(m.turn) == label]
        by_others = [m for m in mentions if voices.at(m.turn) != label]
        own = [m for m in by_it if m.kind == "self"]
        called = [m for m in by_others if m.kind == "called"]
        after = {m.turn for m in called if voices.at(m.turn + 1) == label}
        handed = {m.turn for m in called if m.last and m.turn in after}
        before = {m.turn for m in called if m.first and voices.at(m.turn - 1) == label}
        new = many = later = 0.0
        for turn in {m.turn for m in by_others if m.kind == "introduced"}:
            if voices.first[label] == turn + 1 and len(together[turn]) == 1:
                new = 1.0
            elif voices.first[label] == turn + 1:
                many = max(many, 1.0 if together[turn][0] == key else 0.5)
            elif voices.first[label] > turn:
                later = 1.0
        return cls(
            own=len(own),
            own_early=any(voices.nth[m.turn] <= 2 for m in own),
            own_of_another=any(m.kind == "self" for m in by_others),
            says=sum(m.kind != "self" for m in by_it),
            utters=max(0, voices.says[label][key] - len(own)),
            others=sum(m.kind != "self" for m in by_others),
            called=len({m.turn for m in called}),
            handed=len(handed),
            after=len(after),
            before=len(before),
            answerable=len({m.turn for m in called if m.first}),
            beside=len(after | before),
            new=new,
            one_of_many=many,
            later=later,
        )

    @property
    def strength(self) -> float:
        return 2 * self.own + self.beside + 2 * self.new + self.one_of_many

    def features(self, rival: float, other_name: float) -> dict[str, float]:
        """`rival`: how strong the strongest claim of another voice is that never says the name itself; `other_name`: how
        strong this voice's strongest claim to another name is."""
        return {
            "own": float(self.own > 0),
            "own_again": float(self.own > 1),
            "own_early": float(self.own_early),
            "own_of_another": float(self.own_of_another),
            "says": math.log1p(self.says),
            "says_share": self.says / max(1, self.says + self.others),
            "never_says": float(not self.says),
            "utters": math.log1p(self.utters),
            "never_utters": float(not self.utters),
            "others": math.log1p(self.others),
            "handed": math.log1p(self.handed),
            "after": math.log1p(self.after),
            "after_share": self.after / max(1, self.called),
            "before": math.log1p(self.before),
            "before_share": self.before / max(1, self.answerable),
            "beside_share": self.beside / max(1, self.called),
            "new": self.new,
            "one_of_many": self.one_of_many,
            "later": self.later,
            "rival": math.log1p(rival) - math.log1p(self.strength),
            "other_name": math.log1p(other_name) - math.log1p(self.strength),
        }
