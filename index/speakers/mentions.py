"""Where a transcript names its speakers: who gives their own name, who is introduced, who is addressed by name.

Turns in, mentions out. Whose names they are is decided in `index/speakers/people.py`. Knows nothing of files or metadata.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

from index.formats.parsed import ParsedTurn

MentionKind = Literal["self", "introduced", "called"]


class Mention(NamedTuple):
    """A name as it is spoken in turn number `turn` (from 0).

    `kind`: `self` is the voice's own name ("I'm Ann Lee"); `introduced` a third person's ("my guest is Ann Lee");
    `called` is spoken to ("Ann, tell us …", "Thanks, Ann."). `first` and `last`: it stands in the first or the last two
    sentences of the turn, where people are answered and where the word is handed over. `plain`: the words around it leave
    little else ("my name is", "your host"; "welcome, Ann"). `early`: in the first `INTRODUCING_WORDS` words of the talk.
    """

    name: str
    turn: int
    kind: MentionKind
    first: bool = False
    last: bool = False
    plain: bool = False
    early: bool = True


_PART = r"\b[A-ZÀ-ÖØ-Þ](?:[\w’']*\w)?(?:-[A-Z]\w*){0,3}"
_FULL = (
    rf"{_PART}(?:\s+(?:[A-Z]\.\s+|(?:de|da|di|del|van|von|der|den|bin|al|la|le|el|Mc|St\.)\s+){{0,3}}{_PART}){{0,3}}"
)
_ENDS = r"(?=\s*(?:[,.!?;:–—…)]|-\s|$))"
_SELF = re.compile(
    r"\b(?:[Mm]y name(?:['’]s| is)|(?:[Yy]our|[Tt]he|[Aa]|[Yy]our usual) (?:co-?)?host(?: for)?"
    r"(?: today| this week| tonight| as always| again)*,?"
    rf"|[Ii]['’]m|I am|[Tt]his is)(?: your (?:co-?)?host,?)?\s+(?P<name>{_FULL})"
    r"(?=\s*(?:[,.!?;:–—…(]|-\s|$)|\s+(?:and|here|with|from|your|speaking|again)\b)"
)
_HOST_AFTER = re.compile(r",?\s+(?:and )?(?:I['’]m |I am |I['’]ll be )?(?:your|the|a) (?:co-?)?host\b")
_HERE = re.compile(rf"(?:^|[.!?]\s+)(?P<name>{_FULL}) here[,.!]")
_CUE = re.compile(
    r"(?:[Jj]oin(?:ed|ing|s)?(?: (?:me|us|here))?(?: (?:today|again|now|once again|as always|in the studio))*,?"
    r"(?: (?:by|with|is|are))?"
    r"|(?:[Mm]y|[Oo]ur|[Tt]oday['’]s|[Ss]pecial|[Tt]he) (?:special |first |next |very special |second |other )?"
    r"(?:guests?|(?:co-?)?hosts?|panelists?)(?: (?:today|for today|this week|on the show|of the day|on today's show))*"
    r"(?: is| are| we have)?(?: none other than)?,?"
    r"|[Ww]elcome(?: back)?(?: to the (?:show|podcast|party|pod))?(?: today)?,?|[Ww]elcoming(?: back)?"
    r"|(?:here|talk|talking|talked|speak|speaking|spoke|chat|chatting|chatted|sit(?:ting)?(?: down)?|sat down|conversation"
    r"|interview|alongside|hanging out|dive|one-on-one|catching up)(?: today)? (?:with|to)|[Ii]nterviewing"
    r"|[Tt]he (?:first|second|third|next|other|last|final) (?:one|person|panelist|guest)(?: today)? is"
    r"|[Ll]ast but not least(?: is)?"
    r"|panel(?:ist)?s?(?: today| this week)*(?: is| are)|[Nn]ext(?: up)?(?: is|,)?|[Ff]inally(?: is|,)?"
    r"|[Ww]ith (?:me|us)(?: (?:today|here|now|always|as always|also))*,?(?: (?:is|are|I have|we have))?"
    r"|(?:I|[Ww]e)(?:['’]ve| have)?(?: also)? (?:got|have)(?: also| here)?|[Ii]ntroduc(?:e|ing)(?: you to)?"
    r"|(?:^|\b[Aa]nd )(?:also|then|we also have|then there['’]s))"
    r"(?:\s+(?:by|my|our|the|a|an|his|her|none other than|good|old|great|dear|longtime|long-time|special|amazing"
    r"|wonderful|awesome|fellow|friends?|guests?|pals?|co-?hosts?|buddy|colleagues?|regular|panelists?|incomparable|inimitable|lovely|brilliant|very|own|also|today|again"
    r"|back|in the house|here|always|one and only|it['’]s|is|are))*"
    r",?\s+(?:Dr\.?|Prof(?:essor)?\.?|Mr\.?|Ms\.?|Mrs\.?|Sir)?\s*$"
)
_IS_HERE = re.compile(
    rf"(?P<name>{_FULL})(?:,[^,.!?]{{1,60}},)? (?:is|are|['’]s) (?:(?:also )?(?:here|with (?:us|me)|joining|in the house"
    rf"|our guest|my guest|our special|back)|(?:our|my|your|the) host)"
    rf"|(?P<joins>{_FULL}) joins (?:us|me)"
)
_GREETING = (
    r"(?:[Hh]i|[Hh]ey|[Hh]ello|[Hh]owdy|[Hh]iya|[Ww]elcome(?: back)?(?: to [^.?!,]{1,40})?|[Tt]hanks(?: so much| a lot| again)?"
    r"|[Tt]hank you(?: so much| very much| again)?|[Gg]ood (?:morning|afternoon|evening)|[Cc]ongrat\w*|[Bb]ye|[Ss]orry|[Cc]heers"
    r"|[Gg]reat to (?:see|have|meet) you|[Nn]ice to (?:see|meet) you)"
)
_GREETED = re.compile(rf"\b{_GREETING}(?: there| again)?,?\s+(?P<name>{_FULL})(?=\s*(?:[,.!?;:–—…]|-\s|$)|\s+and\b)")
_AT_END = re.compile(rf",\s+(?P<name>{_FULL})\s*(?=[.?!…]|\s-|$)")
_LEADS = (
    r"(?:(?:[Ss]o|[Aa]nd|[Bb]ut|[Ww]ell|[Oo]kay|[Oo]k|[Aa]lright|[Aa]ll right|[Yy]eah|[Yy]es|[Nn]o|[Rr]ight|[Nn]ow|[Oo]h"
    r"|[Ww]hat about you|[Hh]ow about you|[Mm]aybe|[Aa]bsolutely|[Ee]xactly|[Ss]ure|[Yy]ou know|[Gg]o ahead),?\s+)*"
)
_AMID = re.compile(rf",\s+(?P<name>{_PART})(?=,\s+[a-z]|\s+[-–—])")
_AT_START = re.compile(
    rf"{_LEADS}(?P<name>{_PART}),\s+(?:(?:so|and|but|maybe|first|then|please|again|well|okay),?\s+)*"
    r"(?:you\b|your\b|you['’]|what|how|why|where|when|which|who|tell|talk|do\b|did|does|can|could|would"
    r"|is it|are|give|take|go\b|help|let['’]?s?|I['’]?|we|since|thank"
    r"|welcome|thanks|as|have|any|anything|it['’]s|this|that)"
)
_AT_START_LOOSELY = re.compile(
    rf"{_LEADS}(?P<name>{_PART})(?:,\s+[a-zI]|\s+[-–—]\s+(?=[^.?!]{{0,60}}\byou)(?![^.?!]{{0,60}}\b(?:he|she|him|her)\b))"
)
_APPOSED = re.compile(r"\b(?:my|our|his|her|their)\s+(?:[\w’'-]+\s+){0,3}[\w’'-]+$", re.IGNORECASE)
_PLAIN_SELF = re.compile(r"\b(?:name(?:['’]s| is)|host)\b")
_QUOTED = re.compile(r"\"[^\"]{1,600}\"|“[^“”]{1,600}”")
_ALONE = re.compile(rf"{_LEADS}(?P<name>{_PART})\s*(?:\?|\.\.\.|[.!])?$")
_LIST = re.compile(
    rf"\s*(?:,?\s+(?:and|&)\s+|,\s+)(?:(?:also|then|as well as|by|with|my|our|friend|the)\s+)*(?P<name>{_FULL})"
)
_NAME = re.compile(_FULL)
_WORD = re.compile(r"[^\W\d_][\w’'-]*")
_SENTENCE = re.compile(r"[^.?!…]+(?:[.?!…]+[\"'”’)]*|$)")
_INITIAL_DOT = re.compile(r"\b([A-Z]|Dr|Prof|Mr|Mrs|Ms|St|Jr|Sr)\.(?=\s+[A-Z])")
_NOT_NAMES = frozenset(
    "i i'm i’m i've i’ve i'll i’ll a an the so and but or well yeah yes no oh okay ok alright right now then there here this that "
    "these those it it's it’s he she we you they what how why where when who which if because everyone everybody all folks guys "
    "friends friend people listeners listener party day man dude god jesus lord sir mom dad internet monday tuesday wednesday "
    "thursday friday saturday sunday january february march april may june july august september october november december "
    "christmas true english american welcome thanks thank hello hi hey team world twitter google github apple microsoft amazon "
    "facebook slack youtube podcast show episode dr prof professor mr mrs ms awesome cool great good nice totally definitely "
    "exactly absolutely sure maybe actually basically again today also let let's let’s my your our his her their not just only "
    "wow yup yep nope um uh hmm huh mhm anyway anyways literally neat gotcha bingo correct perfect "
    "interesting fantastic amazing hopefully "
    "obviously honestly seriously indeed certainly likewise same ditto boom ouch yikes jeez whoa cto ceo coo cfo usd net "
    "one two three first last next in on at to from for with by of as is are was were do does did have has had can could would "
    "should will shall may might must go going get got see look tell talk please sorry bye cheers europe america".split()
)
INTRODUCING_WORDS = 3000
"""People are introduced early; what sounds like it later is about somebody else."""


def mentions_of(turns: Sequence[ParsedTurn]) -> list[Mention]:
    """Every name by which somebody in the talk is meant, as far as the words tell, in the order spoken."""
    texts = [own_words(spoken(turn)) for turn in turns]
    named = _Names(texts)
    found: list[Mention] = []
    words = 0
    for number, text in enumerate(texts):
        early = words < INTRODUCING_WORDS
        words += len(text.split())
        sentences = sentences_of(text)
        for place, sentence in enumerate(sentences):
            found += _in_sentence(
                sentence, number, named, first=place < 2, last=place >= len(sentences) - 2, early=early
            )
    return found


def spoken(turn: ParsedTurn) -> str:
    """The words of a turn that somebody says, as one line."""
    return " ".join(" ".join(piece.text for piece in turn.pieces if piece.speech).split())


def own_words(text: str) -> str:
    """The text without what it quotes: whom somebody else spoke to, elsewhere, is nobody here."""
    return text if text.count('"') % 2 else _QUOTED.sub('""', text)


def sentences_of(text: str) -> list[str]:
    """A turn's sentences, roughly: initials don't end one."""
    return [part.strip() for part in _SENTENCE.findall(_INITIAL_DOT.sub(r"\1", text)) if part.strip()]


def _in_sentence(sentence: str, turn: int, named: _Names, *, first: bool, last: bool, early: bool) -> list[Mention]:
    found = []
    for pattern in (_SELF, _HERE):
        for match in pattern.finditer(sentence):
            if name := named.full(match["name"]):
                plain = bool(_PLAIN_SELF.search(match[0]) or _HOST_AFTER.match(sentence, match.end()))
                found.append(Mention(name, turn, "self", first, last, plain, early))
    found += [Mention(name, turn, "introduced", first, last, False, early) for name in _introduced(sentence, named)]
    greeted: list[str] = []
    for match in _GREETED.finditer(sentence):
        greeted.append(match["name"])
        greeted += [other["name"] for other in (_LIST.match(sentence, match.end()),) if other]
    asked = [match["name"] for match in _AT_END.finditer(sentence) if not _apposed(sentence, match)]
    asked += [called["name"] for pattern in (_AT_START, _ALONE) if (called := pattern.match(sentence))]
    by_greeting = dict.fromkeys(name for name in map(named.full, greeted) if name)
    loose = [match["name"] for match in _AMID.finditer(sentence) if not _apposed(sentence, match)]
    loose += [match["name"] for match in (_AT_START_LOOSELY.match(sentence),) if match]
    names = [name for name in map(named.full, asked) if name]
    names += [name for name in map(named.full, loose) if name and named.is_first(name)]
    return found + [
        Mention(name, turn, "called", first, last, name in by_greeting, early)
        for name in dict.fromkeys([*by_greeting, *names])
    ]


def _apposed(sentence: str, match: re.Match[str]) -> bool:
    """Whether the name tells who was meant before it: "my co-founder, Rob", whom nobody speaks to."""
    return bool(_APPOSED.search(sentence, max(0, match.start() - 60), match.start()))


def _introduced(sentence: str, named: _Names) -> list[str]:
    """Names after "joined by", "my guest is" and their kin, with those that follow in a list."""
    found = []
    listed_until = -1
    for match in _NAME.finditer(sentence):
        if match.start() < listed_until:
            continue
        if _CUE.search(sentence[max(0, match.start() - 90) : match.start()]):
            found.append(match[0])
            listed_until = match.end()
            while other := _LIST.match(sentence, listed_until):
                found.append(other["name"])
                listed_until = other.end()
    for match in _IS_HERE.finditer(sentence):
        found.append(match["name"] or match["joins"])
    return [name for name in map(named.full, found) if name]


@cache
def first_names() -> frozenset[str]:
    """First names of many languages in small letters; a hint, never needed for somebody to be named."""
    lines = (Path(__file__).parent / "first_names.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line.lower() for line in lines if not line.startswith("#"))


class _Names:
    """Which words of this talk are names: written with a capital inside sentences, and hardly ever without one."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.small: Counter[str] = Counter()
        self.inside: Counter[str] = Counter()
        self.begins: Counter[str] = Counter()
        for text in texts:
            for match in _WORD.finditer(text):
                word = match[0]
                if word[0].islower():
                    self.small[word] += 1
                elif match.start() and text[match.start() - 2 : match.start() - 1] not in ".?!…":
                    self.inside[word.lower()] += 1
                else:
                    self.begins[word.lower()] += 1

    def full(self, text: str) -> str | None:
        """The name at the start of `text` as people write it, or None where it is none."""
        words = []
        for word in text.split():
            bare = re.sub(r"['’]s$", "", word.strip(",.'’"))
            if not bare or (bare[0].isupper() and not self._is_name(bare)):
                break
            words.append(word if word.endswith(".") else bare)
            if bare != word.strip(",."):
                break
        while words and words[-1][0].islower():
            words.pop()
        return " ".join(words) or None

    def is_first(self, name: str) -> bool:
        """Whether it is a first name by itself, and people are spoken to by it: "Ann", not "Ruby" in a list of languages."""
        return name.lower() in first_names()

    def _is_name(self, word: str) -> bool:
        low = word.lower()
        if low == "will":  # a small word everywhere; with a capital inside a sentence it is somebody
            return self.inside[low] > 0
        if low in _NOT_NAMES or (len(word) < 2) or (len(word) > 3 and word.isupper()):
            return False
        if low in first_names():
            return 3 * self.inside[low] + 1 > self.small[low]
        if not self.inside[low]:
            return self.begins[low] > 1 and not self.small[low]
        return self.inside[low] >= self.small[low]
