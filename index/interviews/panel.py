"""What tells a panel from an interview, in text without labels: who is called by name, and how a group is spoken to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

_GROUP = re.compile(
    r"\b(?:you (?:guys|all|two|both|three|folks)|both of (?:you|us|them)|(?:all|each|the two|the three) of (?:you|us)|y'all"
    r"|everybody|everyone|panel(?:ists?)?|guests|co-?hosts?|you and \w+)\b",
    re.I,
)
_NAME = r"([A-Z][a-z]{2,})"
_CALLED = (
    re.compile(rf"^(?:(?:So|And|But|Yeah|Okay|Hey|Hi|Hello|Thanks|Well|Right|Alright|Now|Oh),? )?{_NAME},"),
    re.compile(rf", {_NAME}(?=[?.!,])"),
    re.compile(rf"^{_NAME}[?.!…]+$"),
    re.compile(rf"\b(?:[Hh]i|[Hh]ello|[Hh]ey|[Ww]elcome|[Tt]hanks|[Tt]hank you),? {_NAME}\b"),
    re.compile(
        rf"\b(?:[Ww]hat about|[Ll]ike|[Aa]s|[Tt]o) {_NAME}(?:'s (?:point|question)| said| mentioned| was saying)"
    ),
)
_INTRODUCED = re.compile(
    r"\b(?:joined by|[Jj]oining (?:me|us)|with (?:me|us)|I'm|I am|name is|name's|[Hh]i|[Hh]ello|[Hh]ey|[Ww]elcome|here's"
    rf"|hosts?|co-hosts?|is|and|also) ,?{_NAME}"
)
_ECHOED = re.compile(
    r"\b(?:agree with|to add to|add to (?:that|what)|echo what|what [A-Z]\w+ (?:said|just said|was saying|mentioned)"
    r"|[A-Z]\w+'s point|(?:like|as) [A-Z]\w+ said)\b"
)
_CAPITAL = re.compile(r"\b[A-Z][a-z]{2,}\b")
_NOT_NAMES = frozenset(
    """The And But Yes Yeah Right Well Okay Now Then This That What Why How You They Because Thanks Thank Great Sure Exactly
    Also Actually Like Cool Absolutely Not Maybe Basically Again First Second Obviously Definitely Sorry Wow Nice Alright
    Awesome Interesting Hey Hello Welcome Perfect Good One Two Three Just Let Hmm Gotcha All Yep Yup Nope God Totally Correct
    True Anyways Anyway However Today Monday Tuesday Wednesday Thursday Friday Saturday Sunday Honestly Literally Really Ooh
    Man""".split()
)
OPENING = 80
"""Sentences in which people are introduced."""
OFTEN_CALLED = 1 / 3
"""A capitalised word is somebody's name where it is called out in this share of its places; a product's name is not."""


def panel_features(texts: Sequence[str]) -> np.ndarray:
    """Shape (11,), of a talk's sentences; zeros where there are none."""
    called: Counter[str] = Counter()
    places: Counter[str] = Counter()
    for text in texts:
        called.update(name for form in _CALLED for name in form.findall(text) if name not in _NOT_NAMES)
        places.update(_CAPITAL.findall(text))
    thousands = max(0.1, sum(len(text.split()) for text in texts) / 1000)
    people = {name: n for name, n in called.items() if n >= 2 and n >= OFTEN_CALLED * places[name]}
    introduced = {name for text in texts[:OPENING] for name in _INTRODUCED.findall(text)} & called.keys()
    most = sorted(people.values(), reverse=True) + [0] * 4
    return np.array(
        [
            np.log1p(sum(len(_GROUP.findall(text)) for text in texts) / thousands),
            min(len(people), 8),
            min(len(introduced), 8),
            *np.log1p(most[:4]),
            np.log1p(sum(len(_ECHOED.findall(text)) for text in texts)),
            np.log1p(sum(people.values()) / thousands),
            sum(len(text.split()) <= 3 for text in texts) / max(1, len(texts)),
            np.log1p(len(introduced) * thousands),
        ]
    )
