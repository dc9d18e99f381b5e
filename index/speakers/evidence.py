"""Features for every pair of a speaker label and a candidate name in a transcript, to be weighed.

Does the voice say "I'm Ann"? Does it speak right after "Ann, tell us"? Does it say "Ann" to others? Weighed in
`index/speakers/naming.py`; knows nothing of weights.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from index.formats.parsed import ParsedTurn
from index.speakers.mentions import Mention, first_names, mentions_of, own_words, spoken

NameClaim = tuple[str, str, dict[str, float]]
"""A voice, a name that may be its own, and the features of that."""


MOST_NAMES = 500
"""Of a talk in which more fall, those that fall most often: every name is weighed for every voice."""


class Claims:
    """What in a talk speaks for and against each of its voices having each of the names in it. `turns`: all with a label."""

    def __init__(self, turns: Sequence[ParsedTurn], expected: Sequence[str] = ()) -> None:
        self._expected = expected
        self._voices = voices = _Voices(turns)
        self._mentions: dict[str, list[Mention]] = defaultdict(list)
        for mention in mentions_of(turns):
            if folded(mention.name):
                self._mentions[folded(mention.name)[0]].append(mention)
        if len(self._mentions) > MOST_NAMES:
            often = Counter({key: len(mentions) for key, mentions in self._mentions.items()})
            self._mentions = defaultdict(list, {key: self._mentions[key] for key, _ in often.most_common(MOST_NAMES)})
        heard = _NamesHeard.of(self._mentions, voices)
        self._known_first = first_names() | {folded(name)[0] for name in expected if folded(name)}
        self._claims = {
            (label, key): _Claim.of(label, key, mentions, voices, heard)
            for key, mentions in self._mentions.items()
            for label in voices.first
        }

    def pairs(self, named: Mapping[str, str]) -> list[NameClaim]:
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
        share, asks = self._voices.share[label], self._voices.asks[label]
        two = float(len(self._voices.first) == 2)
        said = sum(says[key] for says in self._voices.says.values())
        return {
            "voice_share": share,
            "two_voices": two,
            "two_voices_called": two * float(claim.beside > 0),
            "two_voices_handed": two * float(claim.handed_alone > 0),
            "two_voices_never_says": two * float(not claim.says),
            "asks": asks,
            "own_asks": asks * float(claim.own > 0),
            "introduced_asks": asks * max(claim.new, claim.one_of_many, claim.later, float(claim.thanked > 0)),
            "introduced_share": share * max(claim.new, claim.one_of_many, claim.later, float(claim.thanked > 0)),
            "called_share": share * float(claim.beside > 0),
            "opens": float(self._voices.first[label] == 0),
            "opens_and_own": float(self._voices.first[label] == 0 and claim.own > 0),
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
        self.nth: list[int] = []  # of each turn: the voice's how manieth it is
        self.says: dict[str, Counter[str]] = defaultdict(Counter)
        counts: Counter[str] = Counter()
        words: Counter[str] = Counter()
        texts = [own_words(spoken(turn)) for turn in turns]
        self.replies = {number for number, text in enumerate(texts) if _REPLY.match(text)}
        for number, (label, text) in enumerate(zip(self.labels, texts, strict=True)):
            self.first.setdefault(label, number)
            counts[label] += 1
            self.nth.append(counts[label])
            words[label] += len(text.split())
            self.says[label].update(key for word in _CAPITAL.findall(text) for key in folded(word)[:1])
        total = max(1, sum(words.values()))
        self.share = {label: words[label] / total for label in self.first}
        asking = Counter(label for label, text in zip(self.labels, texts, strict=True) if text.endswith("?"))
        self.asks = {label: asking[label] / counts[label] for label in self.first}

    def at(self, turn: int) -> str | None:
        return self.labels[turn] if 0 <= turn < len(self.labels) else None


_CAPITAL = re.compile(r"[A-ZÀ-ÖØ-Þ][\w’'-]+")
_REPLY = re.compile(
    r"(?:(?:well|oh|yeah|yes|sure|so|awesome|great|absolutely|of course|hello|hey|hi|everyone|everybody|there)[\s,.!]+)*"
    r"(?:thank(?:s| you)|hello|hey|hi\b|doing (?:great|good|well)|(?:i['’]m )?(?:good|great)\b"
    r"|(?:i['’]m |i am |it['’]s )?(?:so |very |really |super )?"
    r"(?:glad|happy|great|excited|good|(?:a |my )?pleasure|honou?red|thrilled|delighted|fun|nice|awesome)"
    r" (?:to (?:be|meet|see|have)|being))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _NamesHeard:
    """Which names are said together, by turn, each once in the order heard; and the turns that begin as a greeted one replies."""

    introduced: Mapping[int, Sequence[str]]
    called_last: Mapping[int, Sequence[str]]
    named: Mapping[int, Sequence[str]]
    replies: Set[int]

    @classmethod
    def of(cls, mentions: Mapping[str, Sequence[Mention]], voices: _Voices) -> _NamesHeard:
        introduced: dict[int, dict[str, None]] = {}  # dictionaries for their order
        called_last: dict[int, dict[str, None]] = {}
        named: dict[int, dict[str, None]] = {}
        for key, of_key in mentions.items():
            for mention in of_key:
                if mention.kind == "self":
                    continue
                named.setdefault(mention.turn, {})[key] = None
                if mention.kind == "introduced":
                    introduced.setdefault(mention.turn, {})[key] = None
                elif mention.last:
                    called_last.setdefault(mention.turn, {})[key] = None
        by_turn = [{turn: list(keys) for turn, keys in turns.items()} for turns in (introduced, called_last, named)]
        return cls(by_turn[0], by_turn[1], by_turn[2], voices.replies)


@dataclass(frozen=True, slots=True)
class _Claim:
    """What speaks for and against one voice having one name, counted; "alone" means that no other name is called there."""

    own: int  # "I'm Ann", said by the voice
    own_early: bool
    own_at_once: bool  # in the voice's first turn
    own_plainly: bool  # "my name is Ann", "your host, Ann"
    own_whole: bool  # first and last name
    own_of_another: bool  # another voice says that it has this name
    says: int  # the voice speaks to somebody of that name, or introduces one
    utters: int  # the name is in the voice's mouth, in whatever way
    others: int  # other voices introduce it, or speak to it
    called: int  # turns of others that speak to it
    handed: int  # of these, it is called at the end, and the voice speaks next
    handed_alone: int
    handed_to_another: int  # it is called at the end, alone, and a third voice speaks next
    after: int  # the voice speaks next
    before: int  # it is called at the beginning, and the voice spoke before
    thanked: int  # of these, it is greeted or thanked
    greeted_back: int  # by somebody's first words, right after the voice's
    greeted_opener: bool  # the same, and the voice opened the talk
    answerable: int
    beside: int  # turns by others that speak to that name and stand beside the voice's
    replies: int  # named, alone, and the voice answers right then: "Thanks for having me"
    new: float  # introduced alone, and the voice is heard for the first time right after
    one_of_many: float  # the same where several are introduced at once
    later: float
    new_and_called: float  # called in the turn before the voice's first

    @classmethod
    def of(cls, label: str, key: str, mentions: Sequence[Mention], voices: _Voices, heard: _NamesHeard) -> _Claim:
        by_it = [m for m in mentions if voices.at(m.turn) == label]
        by_others = [m for m in mentions if voices.at(m.turn) != label]
        own = [m for m in by_it if m.kind == "self"]
        called = [m for m in by_others if m.kind == "called"]
        introduced = {m.turn for m in by_others if m.kind == "introduced"}
        early = {m.turn for m in by_others if m.kind == "introduced" and m.early}
        after = {m.turn for m in called if voices.at(m.turn + 1) == label}
        at_end = {m.turn for m in called if m.last}
        before = {m.turn for m in called if m.first and voices.at(m.turn - 1) == label}
        alone = {turn for turn in at_end if len(heard.called_last[turn]) == 1}
        new = many = later = 0.0
        for turn in introduced:
            if voices.first[label] == turn + 1 and len(heard.introduced[turn]) == 1:
                new = 1.0
            elif voices.first[label] == turn + 1:
                many = max(many, 1.0 if heard.introduced[turn][0] == key else 0.5)
            elif voices.first[label] > turn and turn in early:
                later = 1.0
        named_in = introduced | {m.turn for m in called}
        return cls(
            own=len(own),
            own_early=any(voices.nth[m.turn] <= 2 for m in own),
            own_at_once=any(voices.nth[m.turn] == 1 for m in own),
            own_plainly=any(m.plain for m in own),
            own_whole=any(" " in m.name for m in own),
            own_of_another=any(m.kind == "self" for m in by_others),
            says=sum(m.kind == "called" or (m.kind == "introduced" and m.early) for m in by_it),
            utters=max(0, voices.says[label][key] - len(own)),
            others=sum(m.kind == "called" or (m.kind == "introduced" and m.early) for m in by_others),
            called=len({m.turn for m in called}),
            handed=len(at_end & after),
            handed_alone=len(alone & after),
            handed_to_another=len(alone - after),
            after=len(after),
            before=len(before),
            thanked=len({m.turn for m in called if m.plain and m.turn in before}),
            greeted_back=len({m.turn for m in called if m.turn in before and voices.nth[m.turn] == 1}),
            greeted_opener=any(
                m.turn in before and voices.nth[m.turn] == 1 and voices.first[label] == 0 for m in called
            ),
            answerable=len({m.turn for m in called if m.first}),
            beside=len(after | before),
            replies=sum(
                voices.at(turn + 1) == label and turn + 1 in heard.replies and len(heard.named[turn]) == 1
                for turn in named_in
            ),
            new=new,
            one_of_many=many,
            later=later,
            new_and_called=float(any(voices.first[label] == turn + 1 for turn in at_end)),
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
            "own_at_once": float(self.own_at_once),
            "own_plainly": float(self.own_plainly),
            "own_whole": float(self.own_whole),
            "own_whole_at_once": float(self.own_whole and self.own_at_once),
            "own_of_another": float(self.own_of_another),
            "own_and_beside": float(self.own > 0 and self.beside > 0),
            "says": math.log1p(self.says),
            "says_share": self.says / max(1, self.says + self.others),
            "never_says": float(not self.says),
            "utters": math.log1p(self.utters),
            "never_utters": float(not self.utters),
            "others": math.log1p(self.others),
            "handed": math.log1p(self.handed),
            "handed_alone": math.log1p(self.handed_alone),
            "handed_to_another": math.log1p(self.handed_to_another),
            "handed_share": self.handed_alone / max(1, self.handed_alone + self.handed_to_another),
            "after": math.log1p(self.after),
            "after_share": self.after / max(1, self.called),
            "before": math.log1p(self.before),
            "before_share": self.before / max(1, self.answerable),
            "thanked": math.log1p(self.thanked),
            "greeted_back": float(self.greeted_back > 0),
            "greeted_opener": float(self.greeted_opener),
            "beside_share": self.beside / max(1, self.called),
            "replies": float(self.replies > 0),
            "new": self.new,
            "new_and_called": self.new_and_called,
            "new_and_known": float(self.new > 0 and self.beside > 0),
            "one_of_many": self.one_of_many,
            "later": self.later,
            "rival": math.log1p(rival) - math.log1p(self.strength),
            "no_rival": float(not rival),
            "other_name": math.log1p(other_name) - math.log1p(self.strength),
            "no_other_name": float(not other_name),
        }


def folded(name: str) -> list[str]:
    """The words of a name in small letters without accents."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return re.findall(r"[^\W_]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))
