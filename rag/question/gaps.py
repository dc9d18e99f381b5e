"""What a follow-up lacks: the referents that its own words don't hold. A complete question lacks nothing, whatever it opens with.

"Why is copper fastened the way it is?" has its "it" in itself, and so has "Does Petra still have her first boat?" its "her"; "Why
does she have it?" has neither. Rules of English grammar, of no subject. Knows nothing of conversations.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.english import SPEECH_FORMS, SPEECH_VERBS
from rag.question.people import Mention, search_words, speaker_slots

GapKind = Literal["person", "thing", "object"]

FEMALE, MALE = frozenset(["she", "her", "hers", "herself"]), frozenset(["he", "him", "his", "himself"])
_PRONOUN = re.compile(r"\b(she|he|her|him|his|hers|they|them|their|theirs)\b(?:['’](?:s|d|ll|re|ve))?", re.I)
_OWNED = re.compile(
    r"\s+(?!(?:about|to|for|in|on|at|with|and|or|one|ones|a|an|the|it|any|some|if|when|as|again|then|well)\b)\w", re.I
)
_BOUNDARY = re.compile(
    r"[,;:.–—-] |\b(?:and|but|that|when|if|because|while|since|as|before|after|why|how|what|where|who|which"
    r"|whether|so|until|than|the way|once|unless|though|although|except)\b",
    re.I,
)
PERSON_NOUN = (
    r"(?:man|woman|boy|girl|lady|gentleman|person|somebody|someone|anybody|anyone|nobody|everybody|everyone"
    r"|guests?|hosts?|people|daughter"
    r"|mother|wife|sister|aunt|niece|grandmother|granddaughter|gran|mum|son|father|husband|brother|uncle|nephew"
    r"|grandfather|dad|child|kids?"
    r"|friend|partner|boss|apprentice|doctor|presenter|interviewer|\w{3,}(?:man|woman|smith|keeper|maker"
    r"|builder|ist|ian|ander|lot))"
)
_SOMEBODY = re.compile(
    rf"\b(?:the|an?|my|this|that|any|some|\w+['’]s?) (?:\w+ ){{0,2}}(?:{PERSON_NOUN}|\w{{2,}}(?:er|or))\b"
    r"|\b(?:some|any|every)(?:body|one)\b"
    r"|\bwho\b|^\W*(?:(?:and|but|so|ok)\b[, ]*)?(?!(?:and|but|so|ok|okay|well|no|yes|then|fine|hm+|what|why|how"
    r"|when|where)\b)[\w'’-]+(?: [\w'’-]+)?(?=, )"
    r"|(?<!^)(?<![.?!] )(?-i:\b[A-Z][a-z]+)",  # ships and ovens are called "she" as well
    re.I,
)

_THING = re.compile(
    r"\b(it|its|it['’]s|itself|this|that|that['’]s|these|those|them|they|they['’]re|one|ones|the others?|the"
    r" same|both|either|neither)\b(?!['’])",
    re.I,
)
# "How long does it take to …", "Is it true that …", "what is it like to …": an "it" that stands for what follows.
_AHEAD = re.compile(
    r"(?:['’]s)?(?:\s+\w+n['’]t|\s+not)?(?:\s+\w+){0,4}?\s+(?:to \w+|that \w+|for \w+ to|when|if|\w+ing)\b"
    r"|\s+(?:rain|snow|blow)\w*",
    re.I,
)
# "that" as a conjunction, "the boat that sank": what follows is a clause, or what stands before is what it belongs to.
_CLAUSE = re.compile(r"\s+(?:he|she|it|they|i|we|you|the|an?|his|its|their|my|our|your|there|[A-Z][\w'’-]+ \w+s?)\b")
_BEFORE_PRONOUN = re.compile(
    r"(?:^|[,;:] |\b(?:is|was|are|were|do|does|did|has|have|had|will|would|can|could|should|might|and|but|so|or"
    r"|of|about|on|in|at|for|from|to|with|after"
    r"|before|by|than|like|into|over|why|when|where|how|what|who|isn['’]?t|wasn['’]?t|doesn['’]?t|didn['’]?t"
    r"|which|bring|brings|keep|said|say|says|mean|do|doing"
    r"|did|give|gives|get|gets|buy|take|takes|want|wants|still|call|calls|fix|got)\s)$",
    re.I,
)
_TIME = re.compile(
    r"\s+(?:days?|weeks?|months?|years?|winter|summer|spring|autumn|morning|evening|time of|kind of|sort of|much|many|far|long)\b",
    re.I,
)
_DESCRIBED = re.compile(
    r"\s+(?:[\w'’-]+ ){1,3}(?:of|on|in|at|by|from|with|that|who|which|where|about|called|named|for|near|under|(?-i:[A-Z]\w+))\b",
    re.I,
)
_AFTER_THAT = re.compile(r"\s+(?P<word>[\w'’]+)")
_NOUN = re.compile(r"[a-z]{3,}", re.I)
_PLACE = re.compile(
    r"(?<!\bup )(?<!\bover )\bthere\b(?= ?(?:[?.!,]|$)| (?:as well|too|again|either)\b)|\bin there\b|\b(?:then"
    r"|back then|meanwhile)\W*$",
    re.I,
)
_OPEN_VERB = re.compile(
    r"\b(?:agrees?|agreed|disagrees?|disagreed)(?: with (?:[\w.'’-]+ ?){1,3})?(?: too| as well| either| also)?\W*$"
    r"|\b(?:think|thinks|say|says|said|do|does|did|feel|feels|hope|believe)s? so\b|\b(?:else|instead|any"
    r"|another)\W*$|\bwho(?:['’]?s| is| was| are)? (?:for|against)\W*$"
    r"|\b\w+ (?:from|about|of|with|for|to) what\W*$|^\W*(?:[\w'’]+ ){0,2}[\w'’]+, (?:why|how|when|where|who)(?:"
    r" so)?\W*$|\ball that time\b",
    re.I,
)
_OPEN_SAYING = re.compile(
    r"^(?:(?:and|but|so|then|ok|okay)\b[, ]*)*(?:what|how) (?:did|does|do|was|is|has|would|were|had"
    r"|['’]s)\b.*\b(?:say|said|saying|says|answer|answers|answered|reply|replies"
    r"|replied|respond|responds|responded|response|react|reacted|reaction|think|thinks|thought|feel|object|add"
    r"|added|to (?:that|this))\b(?: exactly| then| back| there| "
    r"to (?:that|this|it))*\W*$|\b(?:answer|reply|response|reaction)(?: to (?:that|this|it|him|her|them))?\W*$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Gap:
    """What is lacking, and where its pronoun stands (`start` == `end` where no word stands for it)."""

    kind: GapKind
    start: int
    end: int

    def word(self, text: str) -> str:
        """The pronoun, in lower case."""
        return text[self.start : self.end].lower()


def gaps_in(text: str, mentions: Sequence[Mention]) -> list[Gap]:
    """What the question's own words don't hold, in order; none for a complete question.

    `mentions`: the people that it names, with their places.
    """
    # What stands in quotation marks was said by somebody: its words refer to nothing here.
    text = re.sub(r"[“\"][^“”\"]*[”\"]|(?<!\w)[‘'][^‘’']{6,}[’'](?!\w)", lambda found: "x" * len(found[0]), text)
    found = [*_people(text, mentions), *_things(text, mentions)]
    if place := _PLACE.search(text):
        found.append(Gap("thing", *place.span()))
    differ = len({name for name, *_ in mentions}) > 1 and re.search(r"\bagree|disagree", text)
    if (
        not differ
        and all(gap.kind == "person" for gap in found)
        and (_OPEN_VERB.search(text) or _open_saying(text, mentions))
    ):
        found.append(Gap("object", len(text), len(text)))
    return sorted(found, key=lambda gap: gap.start)


def _open_saying(text: str, mentions: Sequence[Mention]) -> bool:
    """Whether somebody's words are asked for, and not on what: "What did Ann answer?"."""
    own = [word for word in search_words(text, mentions, always=False) if word not in SPEECH_FORMS]
    return len(own) <= 1 and bool(_OPEN_SAYING.search(text))


def _people(text: str, mentions: Sequence[Mention]) -> list[Gap]:
    known = [(start, end) for _, start, end in mentions] + [match.span() for match in _SOMEBODY.finditer(text)]
    gaps = []
    for match in _PRONOUN.finditer(text):
        word = match[1].lower()
        start, end = match.span(1)
        if word in ("they", "them", "their", "theirs"):
            continue  # people in general where they speak, else things, which are looked at there
        if re.search(r"\b(?:call|name)(?:s|ed)?\s$", text[:start], re.I) and re.match(r"\s(?:x+|[A-Z])", text[end:]):
            continue  # "Why do they call her Old Patience?"
        owns = word in ("his", "their", "hers", "theirs") or (word == "her" and bool(_OWNED.match(text, end)))
        subject = word in ("he", "she", "they")
        if any(last <= start and (owns or subject or _apart(text, last, start)) for _, last in known):
            continue
        gaps.append(Gap("person", start, end))
    return gaps


def _apart(text: str, last: int, start: int) -> bool:
    """Whether an object pronoun can mean who was named before: in another clause, or only as an owner ("Ann's mother … her")."""
    return (
        bool(_BOUNDARY.search(text, last, start))
        or text[last - 2 : last] in ("'s", "’s")
        or text[last:][:2] in ("'s", "’s")
    )


def _things(text: str, mentions: Sequence[Mention]) -> list[Gap]:
    taken = [(start, end) for _, start, end in mentions]
    gaps = []
    for match in _THING.finditer(text):
        if any(start <= match.start() < end for start, end in taken):
            continue
        word = match[1].lower().replace("’", "'")
        if _stands_alone(word, match, text) and not _held(text, match.start(), mentions):
            gaps.append(Gap("thing", *match.span(1)))
    return gaps


def _stands_alone(word: str, match: re.Match[str], text: str) -> bool:
    """Whether the word stands for something that was named before it, and isn't an article, a conjunction or a number."""
    before, after = text[: match.start()], text[match.end() :]
    if word in ("it", "it's", "its"):
        if word == "its":
            return not any(noun.lower() not in _NO_NOUNS for noun in _NOUN.findall(before))
        # "How cold does it get up there?", "How far is it to the mole?"
        around = re.search(
            r"\bhow (?:cold|warm|hot|dark|late|windy|foggy|noisy|quiet|loud|far|wet|bad) (?:is|was|does|did|do)\s$",
            before,
            re.I,
        )
        return not (_AHEAD.match(after) or (around and re.match(r"\s+\w+", after)))
    follows = _AFTER_THAT.match(after)
    if word in ("this", "that", "that's", "these", "those"):
        if follows is None or re.match(r"\s*(?:[?.!,]|$)", after):
            return True
        asks = re.search(r"\b(?:is|was|are|were)\s$", before, re.I)
        if word == "that" and not asks and (_CLAUSE.match(after) or not _BEFORE_PRONOUN.search(before)):
            return False
        if _TIME.match(after) or _DESCRIBED.match(after):
            return False
        # "That boat" as much as "that": nothing says which. "This episode" is known where it is asked.
        return not re.match(r"\s+(?:episode|podcast|show|library|interview|conversation|programme)s?\b", after, re.I)
    if word in ("one", "ones"):
        described = re.match(r"\s+(?:that|who|which|with|of|in|from|where|to|about|called)\b", after)
        bare = re.search(
            r"\b(?:the|that|this|which|other|another|for|has|have|her|him|them)\s+$", before, re.I
        ) and re.match(r"\s*(?:[?.!,]|$|out\b)", after)
        # "the old one": but "the one thing", "one of them", "one boat"
        adjective = re.search(r"\b(?:the|an?|that|this|another) [\w'’-]+ $", before, re.I) or word == "ones"
        return bool(bare or adjective) and not described
    if word.startswith("the other") or word == "the same":
        return bool(re.match(r"\s*(?:[?.!,]|$)|\s+(?:is|was|does|did|has|too|one)\b", after))
    if word == "them" and re.search(r"\bof $", before) and re.match(r"\s+\w+ \w+", after):
        return False  # "one of them clinker boats"
    if word in ("both", "either", "neither"):
        return bool(re.match(r"\s*(?:[?.!,]|$)", after))
    speak = any(start <= match.start() < end for start, end in speaker_slots(text))
    return word not in ("they", "them") or not (speak or re.match(r"\s*$", before))


def _held(text: str, at: int, mentions: Sequence[Mention]) -> bool:
    """Whether a noun of the question itself, in a clause before, can be what the word at `at` stands for."""
    rest = text[:at]
    for _, start, end in sorted(mentions, key=lambda mention: -mention[1]):
        if end <= at:
            rest = rest[:start] + " " * (end - start) + rest[end:]
    boundaries = [match for match in _BOUNDARY.finditer(rest) if match.start() > 0]
    return any(
        any(word.lower() not in _NO_NOUNS for word in _NOUN.findall(rest[: boundary.start()]))
        for boundary in boundaries
    )


_NO_NOUNS = frozenset(
    """
    and but what which who whom whose when where why how did does was were are the has have had would will can could should may
    might must about
    with for from that this these those then than there here not yes well okay say said says tell told think thinks thought mean
    means meant like
    likes just also still ever never really only even much many long often old what's whats why's does it's its him her his she
    they them their you
    your one ones other some any all more most very too sort kind way back come came mind out off over into sure right true feel
    felt happen
    happened take took make made get got give gave know knew want wanted doing done
    """.split()
) | frozenset(SPEECH_VERBS.split("|"))
