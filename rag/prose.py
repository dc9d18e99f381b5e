"""Small pieces of English prose: a number with its noun, names in a row. Knows nothing of answers."""

from __future__ import annotations

from collections.abc import Sequence


def either(names: Sequence[str]) -> str:
    """Names as they are said: `Ann`, `Ann or Bo`, `Ann, Bo or Cat`."""
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def counted(n: int, noun: str) -> str:
    """A number with its noun: `1 quote`, `1,200 quotes`."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
