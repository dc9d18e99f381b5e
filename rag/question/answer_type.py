"""The kind of thing that would answer a question (a number, a sum of money, a time, a name, a reason), and who holds one.

"How much did the boat cost?" is answered by no sentence without a sum in it, however much it says about the boat. These
are rules of English, not of any subject; where a question expects no such thing, they say nothing.
Knows nothing of transcripts.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from rag.english import CAPITALISED_WORDS

AnswerType = Literal["number", "money", "duration", "frequency", "time", "size", "name", "reason"]


def _any(words: str) -> str:
    """A pattern for any of these words; `_` stands for a space inside one."""
    return rf"\b(?:{'|'.join(word.replace('_', ' ') for word in words.split())})\b"


_FIRST = r"^(?:and |so |but )?"
_PRICED = _any(
    "costs? pay pays paid charges? charged price spend spent earns? earned worth money raised? sells? sold rent"
)
_ASKED: tuple[tuple[AnswerType, str], ...] = (
    (
        "money",
        rf"\bhow much\b.*{_PRICED}|\bwhat\b.*{_any('price cost fee rent wages? salary budget')}|\bhow expensive\b",
    ),
    (
        "duration",
        r"\bhow (?:many|much) (?:seconds|minutes|hours|days|weeks|months|years|time)\b|\bhow (?:long|soon|old)\b",
    ),
    ("duration", r"\b(?:what|which) age\b"),
    ("frequency", r"\bhow (?:often|frequently|regularly)\b|\bhow many times\b"),
    ("number", rf"\bhow (?:many|much)\b|\bwhat {_any('number percentage share proportion fraction')}"),
    ("size", rf"\bhow {_any('far deep tall high wide thick heavy big large fast hot cold strong steep')}"),
    ("size", rf"\bwhat {_any('size depth height weight length width temperature speed distance')}"),
    ("time", rf"\b(?:what|which) {_any('year date day month time century decade')}|\bsince when\b"),
    ("time", rf"\bwhen (?:exactly )?{_any('did does do is are was were will would has have had can could')}"),
    ("name", _any("names?_of named called name_for titles?_of")),
    ("name", r"\bwhat(?:'s| is| was| are| were) (?:the |his |her |its |their )?(?:\w+(?:'s)? ){0,3}names?\b"),
    ("name", rf"{_FIRST}who(?:'s|se|m)?\b"),
    (
        "reason",
        rf"{_FIRST}why\b|\bhow come\b|\bwhat(?:'s| is| was)? (?:the |his |her |their )?reasons?\b|\bwhat made\b",
    ),
)
_WHO_SPEAKS = re.compile(
    rf"{_FIRST}who(?:'s)?\s+(?:else\s+)?(?:is |was |\w+ly )?"
    + _any(
        "said says? talks? talked thinks? thought mention\\w* spoke speaks? explain\\w* for against agrees? disagrees?"
    )
)
_NUMBER = r"(?:\d|" + _any(
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
    " twenty thirty forty fifty sixty seventy eighty ninety hundreds? thousands? millions? billions? dozens? half third"
    " quarter couple single none zero one_of one_hundred one_thousand"
) + ")"  # fmt: skip
_SPAN = _any("seconds? minutes? hours? days? nights? weeks? months? years? decades? century centuries generations?")
_HELD_PATTERNS: dict[AnswerType, tuple[str, ...]] = {
    "number": (_NUMBER, _any("one most all_of nobody no_one few")),
    "money": (
        r"[$£€¥]\s?\d",
        rf"{_NUMBER}[\w ,.-]*{_any('pounds? dollars? euros? pence cents? quid grand bucks? shillings? francs? crowns?')}",
        _any("for_free free_of_charge for_nothing no_money a_fortune percent per_cent thousand million billion"),
    ),
    "duration": (
        rf"(?:{_NUMBER}|{_any('an? one few several many some')})[\w ,.-]{{0,20}}{_SPAN}",
        _any("forever for_life since until till overnight all_day all_night all_week all_year age aged"),
        rf"\bi was {_NUMBER}",
    ),
    "frequency": (
        _any("every each once twice times daily weekly monthly yearly always never often rarely seldom sometimes"),
        _any("a_day a_week a_month a_year"),
    ),
    "time": (
        r"\b(?:1[5-9]|20)\d\d\b",
        _any("january february march april may june july august september october november december monday tuesday"),
        _any("wednesday thursday friday saturday sunday spring summer autumn winter christmas easter noon midnight"),
        _any("o'clock morning evening night today tomorrow yesterday ago nineteen eighteen twenty before after until"),
        _any("once as_soon_as last_year last_month last_week next_year next_month next_week when_\\w+"),
        _SPAN,
    ),
    "size": (
        _NUMBER,
        _any(
            "feet foot metres? meters? miles? yards? inches inch kilomet\\w+ fathoms? tons? tonnes? kilos? degrees knots"
        ),
        rf"\bas {_any('big tall deep high long wide heavy')} as\b",
    ),
    "reason": (
        _any(
            "because 'cause cause since so_that otherwise reason that's_why which_is_why in_order_to due_to thanks_to"
        ),
        rf"\bso {_any('i we you they he she it')}|\bif {_any('i we you they it')}|\bto {_any('make keep get stop let avoid')}",
        _any("so_as afraid wanted i_like i_love i_hate i_don't"),
    ),
}
_HELD = {kind: re.compile("|".join(patterns), re.I) for kind, patterns in _HELD_PATTERNS.items()}
_KIN = re.compile(
    r"\bmy (?:grand\w+|step\w+)\b|\bmy "
    + _any(
        "father mother dad mum mom husband wife son daughter brother sister uncle aunt cousin partner boss teacher friend"
    ),
    re.I,
)
_CAPITAL = re.compile(r"(?<![.!?…:\"“‘(]\s)(?<!^)\b[A-Z][a-z'’]*[a-z]\w*")  # where no sentence begins
_TWO_CAPITALS = re.compile(r"\b[A-Z][a-z]+ (?:[A-Z]\. )?[A-Z][a-z]+")


@lru_cache(maxsize=4096)
def expected(question: str) -> AnswerType | None:
    """The kind of thing that the question asks for; None where any sentence might answer it."""
    # What a follow-up rests on stands in brackets behind it.
    asked = re.sub(r"(?<=\?) \(.*\)$", "", question.strip()).lower().replace("’", "'")
    for kind, pattern in _ASKED:
        if re.search(pattern, asked):
            return None if kind == "name" and _WHO_SPEAKS.search(asked) else kind
    return None


def holds(kind: AnswerType, text: str, *, but: frozenset[str] = frozenset()) -> bool:
    """Whether a text holds a thing of that kind. `but`: lower-case words that don't count as names: those of the question."""
    if kind != "name":
        return bool(_HELD[kind].search(text.replace("’", "'")))
    if text == text.lower():
        return True  # without capitals, names can't be recognised
    if _KIN.search(text):
        return True
    words = [match[0] for match in _CAPITAL.finditer(text)]
    words += [word for match in _TWO_CAPITALS.finditer(text) for word in match[0].split()]
    return any(re.sub(r"['’]s?$", "", word).lower() not in but and word not in CAPITALISED_WORDS for word in words)
