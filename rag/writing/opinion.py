"""The word that a model's reply begins with: whether the passages answer, as it says. It decides nothing by itself."""

from __future__ import annotations

import re
from typing import Literal, get_args

Opinion = Literal["", "ANSWERED", "OTHER", "ASKED", "NOBODY", "NONE"]
"""As `prompts/read.md` explains the words; "" where a reply begins without one."""

_OPINION = re.compile(
    rf"^\W*(?:(?:verdict|opinion|decision)\W+)?(?P<word>{'|'.join(filter(None, get_args(Opinion)))})\b(?:\W*$|(?=[:.]?\s))",
    re.IGNORECASE,
)
_NONE = re.compile(r"^\W*none of (?:the|these) (?:passages|quotes|sentences)\b", re.IGNORECASE)


def opinion_of(sentence: str) -> tuple[Opinion, str]:
    """The word, and what follows it in a reply's first sentence: for NOBODY a name, for others a sentence or ""."""
    if match := _OPINION.match(sentence):
        rest = sentence[match.end() :].lstrip(" :.—–-")
        for word in get_args(Opinion):
            if word == match["word"].upper() and (not rest or match["word"].isupper()):
                return word, rest
    return ("NONE", "") if _NONE.match(sentence) else ("", sentence)
