"""Whether anybody still waits for what is being made: asked between its steps, and while a language model is waited for."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from index.errors import VerbatimError

# Set by whoever makes an answer in a thread for somebody; without it, an answer is always waited for.
halted: ContextVar[Callable[[], bool]] = ContextVar("halted", default=lambda: False)


class GaveUp(VerbatimError):
    """Nobody waits for it any more."""


def go_on() -> None:
    """GaveUp: nobody waits for what is being made."""
    if halted.get()():
        raise GaveUp("Nobody waits for this answer any more.")
