"""The numbers of a text, in figures or words, and what each of them counts. Knows nothing of sentences and marks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.search.lexical import STOP_WORDS, stems
from rag.english import DETERMINERS
from rag.gate.clauses import bare

_UNITS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = "third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_VALUES = (
    {word: float(n) for n, word in enumerate(_UNITS.split())}
    | {word: float(n) for n, word in zip(range(20, 100, 10), _TENS.split(), strict=True)}
    | {word: float(n) for n, word in enumerate(_ORDINALS.split(), start=3)}
)
_SCALES = {"hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9}
_NUMBER_TOKEN = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|[^\W\d_]+(?:['’][^\W\d_]+)*")


def numbers(text: str, *, ones: bool = True) -> list[tuple[float, str | None]]:
    """The numbers of a text, in figures or words, each with the stem of the word that it counts (None: no such word).

    `ones`: whether "one" always counts as a number; else only where it can't be "the one", "no one", "one of".
    """
    tokens = [token.lower() for token in _NUMBER_TOKEN.findall(text.replace("%", " percent "))]
    found: list[tuple[float, str | None]] = []
    at = 0
    while at < len(tokens):
        start, total, current, seen = at, 0.0, 0.0, False
        while at < len(tokens):
            token = tokens[at]
            if token[0].isdigit() and not seen:
                current, seen = float(token.replace(",", "")), True
            elif token in _SCALES and (seen or (start > 0 and tokens[start - 1] == "a")):
                current = (current or 1.0) * _SCALES[token]
                seen = True
                if _SCALES[token] > 100:
                    total, current = total + current, 0.0
            elif token in _SCALES and not seen and at == start:
                current, seen = _SCALES[token], True
            elif token == "point" and seen and (decimals := _decimals(tokens, at + 1)):
                current, at = float(f"{current:.0f}.{decimals}"), at + len(decimals)
            elif token in _VALUES and (added := _joined(current, _VALUES[token], seen)) is not None:
                current, seen = added, True
            elif not (
                token == "and" and seen and at > start and tokens[at - 1] in _SCALES and _is_number(tokens, at + 1)
            ):
                break
            at += 1
        if not seen:
            at = start + 1
            continue
        unit = tokens[at] if at < len(tokens) else ""
        counts = unit and unit not in STOP_WORDS and unit not in _VALUES and not unit[0].isdigit() and len(unit) > 2
        is_loose_one = tokens[start:at] == ["one"] and (not counts or (start > 0 and tokens[start - 1] in DETERMINERS))
        if ones or not is_loose_one:
            found.append((total + current, stems([bare(unit)])[0] if counts else None))
    return found


def _joined(current: float, added: float, seen: bool) -> float | None:
    """A number word put to those before it: twenty + two, two hundred + five, nineteen + eighty; None: a new number."""
    if not seen:
        return added
    if added < 10 and current % 10 == 0 and current % 100 >= 20:
        return current + added
    if current >= 100 and current % 100 == 0:
        return current + added
    if current == 0:
        return added
    if 10 <= current < 100 and added >= 10:
        return current * 100 + added
    return None


def _decimals(tokens: Sequence[str], at: int) -> str:
    """The figures of "point three five", as they are said one by one."""
    figures = ""
    while at < len(tokens) and (tokens[at] == "oh" or _VALUES.get(tokens[at], 10.0) < 10):
        figures += f"{_VALUES.get(tokens[at], 0.0):.0f}"
        at += 1
    return figures


def _is_number(tokens: Sequence[str], at: int) -> bool:
    return at < len(tokens) and (tokens[at] in _VALUES or tokens[at][0].isdigit())
