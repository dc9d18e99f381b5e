"""A sentence among its neighbours -> features that tell host from guest: little of the topic, much of the manner.

Nothing is learnt here. `n-grams` are runs of common words; a rare word is only `_` (or `A`, with a capital inside a
sentence), so that what is learnt on shows about software holds for shows about bread.
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d[\d,.:]*|[?!…,]|\.{2,3}|[-–—]{1,2}(?=\s|$)")
NEAR = 5
"""Sentences on each side that count as the neighbourhood in which a word is echoed."""

_COMMON_WORDS = frozenset(
    """a an and are as at be been but by can could did do does doing don't done for from get go going good got had has have
    he her here him his how i i'd i'll i'm i've if in into is isn't it it's its just kind know let's like lot me mean more
    much my no not now of oh okay on one or other our out people really right say see she so some sort than that that's the
    their them then there there's these they they're thing things think this those to too um uh up us very was way we we're
    we've well were what what's when where which who why will with would yeah yes you you're you've your about actually all
    also because even any something want wanna gonna maybe said something time""".split()
)
_SECOND = frozenset("you you're you've you'd you'll your yours yourself u".split())
_FIRST = frozenset("i i'm i've i'd i'll me my mine myself".split())
_WE = frozenset("we we're we've we'd we'll us our ours".split())
_THIRD = frozenset("he she they they're they've him her them his their it's it".split())
_FILLERS = frozenset("um uh er like kinda sorta basically literally".split())
_WH = frozenset("what how why when where who which what's how's who's where's".split())
_INVERTED = frozenset(
    "do does did are is was were can could would will have has should don't didn't isn't aren't any".split()
)
_OPENERS = frozenset(
    "so and but well okay ok alright right now yeah yes no oh hmm mm mhm sure exactly absolutely".split()
)
_COURTESY = frozenset(
    "thanks thank welcome hello hi hey bye appreciate pleasure glad excited listeners show episode podcast".split()
)
_REACTIONS = frozenset(
    "yeah yes right wow okay ok sure exactly absolutely interesting cool nice awesome great mhm hmm gotcha totally".split()
)


def tokens_of(text: str) -> list[str]:
    """Words, numbers and the marks that matter, in order; words keep their capitals, apostrophes are straight."""
    return [token.replace("’", "'") for token in TOKEN.findall(text)]


def folded(tokens: Sequence[str], common: frozenset[str], names: Mapping[str, str]) -> list[str]:
    """The tokens as classes: a common word itself, `#` a number, `@host`/`@guest` a name, `A` a capital, `_` the rest."""
    classes = []
    for number, token in enumerate(tokens):
        low = token.lower()
        if low in names and token[0].isupper():
            classes.append(names[low])
        elif low in common:
            classes.append(low)
        elif token[0].isdigit():
            classes.append("#")
        elif not token[0].isalpha():
            classes.append("..." if token[0] in ".…" else "-" if token[0] in "-–—" else token)
        else:
            classes.append("A" if token[0].isupper() and number else "_")
    return classes


def ngrams(classes: Sequence[str]) -> list[str]:
    """Runs of one to three, and again those that open and close the sentence."""
    found = list(classes)
    found += [f"{a} {b}" for a, b in itertools.pairwise(classes)]
    found += [f"{a} {b} {c}" for a, b, c in zip(classes, classes[1:], classes[2:], strict=False)]
    for length in (1, 2, 3, 4):
        if len(classes) >= length:
            found.append("^" + " ".join(classes[:length]))
            found.append("$" + " ".join(classes[-length:]))
    if len(classes) <= 5:
        found.append("=" + " ".join(classes))
    return found


def key_of(ngram: str) -> int:
    """An n-gram as a number of 32 bits that is the same on every machine; a few share one."""
    return zlib.crc32(ngram.encode())


DENSE = (
    "words", "one", "short", "asks", "has_question", "trails", "exclaims", "punctuated",
    "second", "first", "we", "third", "fillers", "wh", "inverted", "opener", "courtesy", "reaction",
    "numbers", "capitals", "rare", "letters", "commas", "past",
    "echo_before", "echo_after", "echo_near", "new", "handed_over", "shift", "question_before", "question_after",
    "asks_near_before", "asks_near_after",
    "place", "opening", "closing", "start", "end", "host_named", "guest_named", "names_known",
)  # fmt: skip
"""The other features of a sentence, in the order of `dense`'s columns."""


def dense(token_lists: Sequence[Sequence[str]], common: frozenset[str], names: Mapping[str, str]) -> np.ndarray:
    """Shape (n_sentences, len(DENSE)), float32: what is counted in each sentence and between it and its neighbours."""
    lows = [[token.lower() for token in tokens] for tokens in token_lists]
    content = [{w for w in low if len(w) > 3 and w[0].isalpha() and w not in _COMMON_WORDS} for low in lows]
    total = len(lows)
    rows = np.zeros((total, len(DENSE)), np.float32)
    seen: set[str] = set()
    asks = [bool(tokens) and "?" in tokens[-2:] for tokens in token_lists]
    any_marks = any(token in ".?!," for tokens in token_lists for token in tokens)
    lengths = np.array([sum(t[0].isalnum() for t in tokens) for tokens in token_lists], float)
    before_words = np.concatenate([[0.0], np.cumsum(lengths)])
    known = float(len(set(names.values())) == 2)
    last_use: dict[str, int] = {}
    uses: dict[str, list[int]] = {}
    for number, of_sentence in enumerate(content):
        for word in of_sentence:
            uses.setdefault(word, []).append(number)
    for i, (tokens, low) in enumerate(zip(token_lists, lows, strict=True)):
        words = [w for w in low if w[0].isalnum()]
        n = max(1, len(words))
        counts = Counter(words)

        def rate(group: frozenset[str], counts: Counter[str] = counts, n: int = n) -> float:
            return sum(c for w, c in counts.items() if w in group) / n

        head = words[:3]
        near = set().union(*content[max(0, i - NEAR) : i]) if i else set()
        ahead = set().union(*content[i + 1 : i + 1 + NEAR]) if i + 1 < total else set()
        mine = content[i]
        size = max(1, len(mine))
        new = {w for w in mine if w not in seen}
        fresh = {w for w in mine if w not in near and last_use.get(w, -99) < i - 30}
        rows[i] = (
            np.log1p(n) / 3,
            len(words) <= 1,
            len(words) <= 4,
            asks[i],
            "?" in tokens,
            bool(tokens) and tokens[-1][0] in ".…-–—",
            "!" in tokens[-2:],
            any_marks,
            rate(_SECOND) * 5,
            rate(_FIRST) * 5,
            rate(_WE) * 5,
            rate(_THIRD) * 5,
            rate(_FILLERS) * 5,
            any(w in _WH for w in head),
            any(
                a in _INVERTED and b in ("you", "it", "that", "there", "they", "we") for a, b in itertools.pairwise(low)
            ),
            bool(words) and words[0] in _OPENERS,
            sum(w in _COURTESY for w in words) / 2,
            len(words) <= 6 and any(w in _REACTIONS for w in words),
            sum(w[0].isdigit() for w in words) / n * 5,
            sum(t[0].isupper() and t.lower() not in _FIRST for t in tokens[1:]) / n * 5,
            sum(w not in common for w in words) / n,
            sum(map(len, words)) / n / 5,
            min(tokens.count(","), 5) / 5,
            sum(w.endswith("ed") for w in words) / n * 5,
            len(mine & content[i - 1]) / size if i else 0,
            len(mine & content[i + 1]) / size if i + 1 < total else 0,
            len(mine & near) / size,
            len(new) / size,
            len(fresh & ahead) / size,
            len(near & ahead) / max(1.0, min(len(near), len(ahead))),
            bool(i) and asks[i - 1],
            i + 1 < total and asks[i + 1],
            any(asks[max(0, i - 4) : i]),
            any(asks[i + 1 : i + 5]),
            before_words[i] / max(1.0, before_words[-1]),
            max(0.0, 1 - before_words[i] / 400),
            max(0.0, 1 - (before_words[-1] - before_words[i + 1]) / 400),
            i < 2,
            i >= total - 2,
            any(names.get(w) == "@host" for w in low),
            any(names.get(w) == "@guest" for w in low),
            known,
        )
        seen |= mine
        for word in mine:
            last_use[word] = i
    return rows


def names_by_role(host: Sequence[str], guest: Sequence[str]) -> dict[str, str]:
    """Each known first name and surname (lower case) -> `@host` or `@guest`; one that both have, or a common word, is left out."""
    names: dict[str, str] = {}
    shared: set[str] = set()
    for role, people in (("@host", host), ("@guest", guest)):
        for person in people:
            for part in re.findall(r"[^\W\d_]{3,}", person.lower()):
                if names.get(part, role) != role:
                    shared.add(part)
                names[part] = role
    return {part: role for part, role in names.items() if part not in shared and part not in _COMMON_WORDS}
