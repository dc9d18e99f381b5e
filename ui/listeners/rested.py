"""A conversation put away while its visitor is idle: a tenth of the size, and the same when it is taken out again."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache

from pydantic import ConfigDict, TypeAdapter

from ui.listeners.conversation import Round, Rounds


@dataclass(frozen=True, slots=True)
class Rested:
    """A conversation as compressed JSON."""

    packed: bytes


def rested(rounds: Rounds) -> Rested | None:
    """The conversation put away; None where one of its questions is still being answered."""
    if any(round_.working for round_ in rounds):
        return None  # whoever answers it listens to `halt`, and that can't be put away
    return Rested(zlib.compress(_adapter().dump_json(rounds, exclude={"__all__": {"halt"}}), 6))


def woken(away: Rested) -> Rounds:
    """The conversation as it was."""
    return _adapter().validate_json(zlib.decompress(away.packed))


@cache
def _adapter() -> TypeAdapter[Rounds]:
    return TypeAdapter(tuple[Round, ...], config=ConfigDict(arbitrary_types_allowed=True, ser_json_inf_nan="constants"))
