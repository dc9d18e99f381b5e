"""Regular expressions that take ever longer over a hostile text: `python -m eval expressions`.

Takes every expression that the modules of index/, rag/ and ui/ compile, makes texts of its own parts repeated (what its
loops match, and almost match), and times it on a text and on one four times as long. Prints those that grow faster than in
proportion, with the text; exit 1 where there are any that `BOUNDED` doesn't name.
"""

from __future__ import annotations

import argparse
import importlib
import math
import os
import pkgutil
import random
import re
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from re import _constants as c  # type: ignore[attr-defined]  # the tree of an expression has no public door
from re import _parser  # type: ignore[attr-defined]
from typing import Any

LONG = 24_000
MOST_SECONDS = 2.0
LEAST_SECONDS = 0.02  # what takes less over the long text is of no matter
MOST_EXPONENT = 1.5


def main(arguments: Sequence[str] | None = None) -> int:
    """Print each expression whose time grows faster than its text, with that text. Exit code 1 where there is one."""
    parser = argparse.ArgumentParser(prog="python -m eval expressions", description=__doc__.split("\n")[0])
    parser.add_argument("--tries", type=int, default=30, help="texts for each expression (default: 30)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="only expressions with this in their name")
    options = parser.parse_args(arguments)
    found = 0
    signal.signal(signal.SIGVTALRM, _too_long)
    for name, pattern, ways in expressions():
        if options.only in name:
            worst = worst_text(pattern, ways, random.Random(options.seed), options.tries)
            if worst is not None:
                found += 1
                way, seconds, exponent, text = worst
                print(f"{name:44} {way:9} {seconds:6.2f} s  exponent {exponent:4.1f}  {text!r}", flush=True)
    print(f"{found} grow faster than the text")
    return 1 if found else 0


def expressions() -> Iterator[tuple[str, re.Pattern[str], list[str]]]:
    """Every expression that a module compiles for all to use: its name, itself, and how the module uses it."""
    seen = set()
    for room in ("index", "rag", "ui"):
        for info in pkgutil.walk_packages([room], f"{room}."):
            module = importlib.import_module(info.name)
            source = Path(module.__file__ or os.devnull).read_text(encoding="utf-8")
            for name, value in vars(module).items():
                values = value if isinstance(value, (tuple, list)) else [value]
                for number, pattern in enumerate(values):
                    if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str) and pattern not in seen:
                        seen.add(pattern)
                        ways = {_WAYS[way] for way in re.findall(rf"\b{name}\.(\w+)\(", source) if way in _WAYS}
                        place = f"[{number}]" if len(values) > 1 else ""
                        yield f"{info.name}.{name}{place}", pattern, sorted(ways or {"match", "search", "finditer"})


_WAYS = {
    "match": "match",
    "fullmatch": "fullmatch",
    "search": "search",
    "finditer": "finditer",
    "findall": "finditer",
    "sub": "finditer",
    "subn": "finditer",
    "split": "finditer",
}


def worst_text(
    pattern: re.Pattern[str], ways: Sequence[str], chance: random.Random, tries: int
) -> tuple[str, float, float, str] | None:
    """The way of matching that grows most, its seconds and exponent, and the text; None where all is in proportion."""
    tree = _parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    loops = list(_loops(tree))
    worst = None
    for _ in range(tries):
        before = _text(list(tree)[: chance.randrange(len(tree) + 1)], chance)[:40]
        pump = "".join(_text(chance.choice(loops), chance) for _ in range(chance.randint(1, 2))) if loops else ""
        pump = (pump or chance.choice(["a", " ", ".", "A b ", "-"]))[:12]
        after = chance.choice(["", "\x01", "!", " ", "a", "\n", pump[:1] + "\x01"])
        for way in ways:
            short, long = (_seconds(pattern, way, before, pump, after, length) for length in (LONG // 4, LONG))
            if long < LEAST_SECONDS:
                continue
            exponent = math.log(long / max(short, 1e-6), 4)
            if (exponent > MOST_EXPONENT or long > MOST_SECONDS) and (worst is None or long > worst[1]):
                worst = way, long, exponent, f"{before}|{pump}|{after}"
            if long > MOST_SECONDS:
                return worst
    return worst


def _seconds(pattern: re.Pattern[str], way: str, before: str, pump: str, after: str, length: int) -> float:
    text = before + pump * (length // len(pump)) + after
    began = time.process_time()
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_SECONDS + 0.1)
    try:
        if way == "finditer":
            for _ in pattern.finditer(text):
                pass
        else:
            getattr(pattern, way)(text)
    except TimeoutError:
        pass
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return time.process_time() - began


def _too_long(*_: object) -> None:
    raise TimeoutError


_REPEATS = (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT)


def _loops(tree: Any) -> Iterator[Any]:
    """The insides of all that repeats, and of all that stands between repeats."""
    for op, value in tree:
        if op in _REPEATS:
            yield value[2]
            yield from _loops(value[2])
        elif op is c.SUBPATTERN:
            yield from _loops(value[3])
        elif op is c.BRANCH:
            for branch in value[1]:
                yield branch
                yield from _loops(branch)
        elif op in (c.ASSERT, c.ASSERT_NOT):
            yield from _loops(value[1])
        elif op is c.ATOMIC_GROUP:
            yield from _loops(value)


def _text(tree: Any, chance: random.Random) -> str:
    """A text that this part of an expression matches, nearly."""
    parts = []
    for op, value in tree:
        if op is c.LITERAL:
            parts.append(chr(value))
        elif op is c.NOT_LITERAL:
            parts.append("a" if value != ord("a") else "b")
        elif op is c.ANY:
            parts.append(chance.choice("a b"))
        elif op is c.IN:
            parts.append(_one_of(value, chance))
        elif op in _REPEATS:
            least, most, inside = value
            parts += [_text(inside, chance) for _ in range(min(chance.randint(least, least + 2), most))]
        elif op is c.SUBPATTERN:
            parts.append(_text(value[3], chance))
        elif op is c.BRANCH:
            parts.append(_text(chance.choice(value[1]), chance))
        elif op is c.ATOMIC_GROUP:
            parts.append(_text(value, chance))
    return "".join(parts)


def _one_of(items: Any, chance: random.Random) -> str:
    op, value = chance.choice([item for item in items if item[0] is not c.NEGATE] or [(c.LITERAL, ord("a"))])
    if items[0][0] is c.NEGATE:
        barred = {chr(v) for o, v in items if o is c.LITERAL}
        return chance.choice([letter for letter in "a .A1-" if letter not in barred] or ["\x02"])
    if op is c.RANGE:
        return chr(chance.randint(*value))
    if op is c.CATEGORY:
        return {c.CATEGORY_DIGIT: "1", c.CATEGORY_SPACE: " ", c.CATEGORY_WORD: "a"}.get(value, "-")
    return chr(value)


if __name__ == "__main__":
    sys.exit(main())
