"""The kind of thing that would answer a question (a number, a sum of money, a time, a name, a reason), and who holds one.

"How much did the boat cost?" is answered by no sentence without a sum in it, however much it says about the boat. These
are rules of English, not of any subject; where a question expects no such thing, they say nothing.
Knows nothing of transcripts.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Kind = Literal["number", "money", "duration", "frequency", "time", "size", "name", "reason"]

_ASKED: tuple[tuple[Kind, str], ...] = (
    ("money", r"\bhow much\b.*\b(?:costs?|pay|paid|pays|charges?|charged|price|spend|spent|earns?|earned|worth|money|raised?|sells?|sold|rent)\b"
              r"|\bwhat\b.*\b(?:price|cost|fee|rent|wage|wages|salary|budget)\b|\bhow expensive\b"),
    ("duration", r"\bhow long\b|\bhow (?:many|much) (?:seconds|minutes|hours|days|weeks|months|years|time)\b|\bhow soon\b|\bhow old\b|\b(?:what|which) age\b"),
    ("frequency", r"\bhow (?:often|frequently|regularly)\b|\bhow many times\b"),
    ("number", r"\bhow many\b|\bwhat (?:number|percentage|share|proportion|fraction)\b|\bhow much\b"),
    ("size", r"\bhow (?:far|deep|tall|high|wide|thick|heavy|big|large|fast|hot|cold|strong|steep)\b"
             r"|\bwhat (?:size|depth|height|weight|length|width|temperature|speed|distance)\b"),
    ("time", r"\bwhen\b(?=.*\?|$|\s+(?:did|does|do|is|was|were|will|would|has|have|had|can|could)\b)|\b(?:what|which) (?:year|date|day|month|time|century|decade)\b"
             r"|\bsince when\b|\bhow long ago\b"),
    ("name", r"\b(?:names? of|named|called|name for|titles? of)\b|\bwhat(?:'s| is| was| are| were) (?:the |his |her |its |their )?(?:\w+(?:'s)? ){0,3}names?\b"
             r"|^(?:and |so |but )?who(?:'s|se|m)?\b"),
    ("reason", r"^(?:and |so |but )?why\b|\bhow come\b|\bwhat(?:'s| is| was)? (?:the |his |her |their )?reasons?\b|\bwhat made\b"),
)  # fmt: skip
_WHO_SPEAKS = re.compile(
    r"^(?:and |so |but )?who(?:'s)?\s+(?:else\s+)?(?:\w+ly\s+)?(?:said|says|say|talks?|talked|thinks?|thought|mention\w*|spoke|speaks?|explain\w*"
    r"|is (?:for|against)|was (?:for|against)|'s (?:for|against)|agrees?|disagrees?|recommend\w*|believes?)\b"
)
_NUMBER = (
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
    r"|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|dozens?|half|third|quarter"
    r"|couple|single|none|zero|one (?:of|hundred|thousand|million|year|month|week|day|hour|minute))\b"
)
_HELD: dict[Kind, re.Pattern[str]] = {
    "number": re.compile(rf"{_NUMBER}|\b(?:one|most|all of|nobody|no one|few)\b", re.I),
    "money": re.compile(
        rf"[$£€¥]\s?\d|(?:{_NUMBER})[\w ,.-]*\b(?:pounds?|dollars?|euros?|pence|cents?|quid|grand|bucks?|shillings?|francs?|crowns?|bitcoins?|sats?)\b"
        r"|\b(?:for free|free of charge|for nothing|didn't cost|no money|a fortune|percent|per cent|thousand|million|billion)\b",
        re.I,
    ),
    "duration": re.compile(
        rf"(?:{_NUMBER}|\ba|\ban|\bone|\bfew|\bseveral|\bmany|\bsome)\b[\w ,.-]{{0,20}}\b(?:seconds?|minutes?|hours?|days?|nights?|weeks?|months?|years?|decades?|century|centuries|summers?|winters?|generations?)\b"
        rf"|\b(?:forever|for life|since|until|till|overnight|all (?:day|night|week|winter|summer|year))\b|\bi was (?:{_NUMBER})|\b(?:age|aged)\b",
        re.I,
    ),
    "frequency": re.compile(
        r"\b(?:every|each|once|twice|times|daily|weekly|monthly|yearly|annually|always|never|often|rarely|seldom|sometimes|a (?:day|week|month|year))\b",
        re.I,
    ),
    "time": re.compile(
        rf"\b(?:1[5-9]|20)\d\d\b|\b(?:january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday"
        r"|wednesday|thursday|friday|saturday|sunday|spring|summer|autumn|winter|christmas|easter|noon|midnight|o'clock|morning|evening|night"
        r"|today|tomorrow|yesterday|ago|last (?:year|week|month|night)|next (?:year|week|month)|nineteen|eighteen|twenty|century|years?|days?|weeks?|months?|hours?)\b"
        r"|\bwhen (?:i|we|he|she|they|it|the)\b|\b(?:before|after|until|once|as soon as)\b",
        re.I,
    ),
    "size": re.compile(
        rf"(?:{_NUMBER})|\b(?:feet|foot|metres?|meters?|miles?|yards?|inches|inch|kilomet\w+|fathoms?|tons?|tonnes?|kilos?|degrees|knots|as (?:big|tall|deep|high|long|wide|heavy) as)\b",
        re.I,
    ),
    "reason": re.compile(
        r"\b(?:because|'cause|cause|since|so that|so (?:i|we|you|they|he|she|it)|otherwise|reason|that's why|which is why|in order to|to (?:make|keep|get|stop|let|avoid)"
        r"|if (?:i|you|we|they|it)|due to|thanks to|so as|afraid|wanted|i (?:like|love|hate|don't))\b",
        re.I,
    ),
}  # fmt: skip
_KIN = re.compile(
    r"\bmy (?:father|mother|dad|mum|mom|husband|wife|son|daughter|brother|sister|uncle|aunt|cousin|grand\w+|partner|boss|teacher|friend|neighbour|neighbor)\b",
    re.I,
)
_CAPITAL = re.compile(r"(?<![.!?…:\"“‘(]\s)(?<!^)\b[A-Z][a-z'’]*[a-z]\w*")
_TWO_CAPITALS = re.compile(r"\b[A-Z][a-z]+ (?:[A-Z]\. )?[A-Z][a-z]+")


@lru_cache(maxsize=4096)
def expected(question: str) -> Kind | None:
    """The kind of thing that the question asks for; None where any sentence might answer it."""
    asked = question.strip().lower().replace("’", "'")
    for kind, pattern in _ASKED:
        if re.search(pattern, asked):
            return None if kind == "name" and _WHO_SPEAKS.search(asked) else kind
    return None


def holds(kind: Kind, text: str, *, but: frozenset[str] = frozenset()) -> bool:
    """Whether a text holds a thing of that kind. `but`: lower-case words that don't count as names: those of the question."""
    if kind != "name":
        return bool(_HELD[kind].search(text))
    if text == text.lower():
        return True  # without capitals, names can't be told
    if _KIN.search(text):
        return True
    words = [match[0] for match in _CAPITAL.finditer(text)] + [w for m in _TWO_CAPITALS.finditer(text) for w in m[0].split()]
    return any(re.sub(r"['’]s?$", "", word).lower() not in but and word not in _NO_NAMES for word in words)


_NO_NAMES = frozenset("I I'm I've I'll I'd Well Yes No Oh And But So Okay God Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
