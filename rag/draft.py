"""What a writer fills while it writes an answer: citations, what was withheld, tokens spent."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from rag.answer import Citation, Withheld


@dataclass
class Draft:
    """What a writer made, filled while it writes: the citations shown, how many sentences were withheld, who wrote.

    `held_back`: the sentences of a language model that were not shown as it wrote them.
    `tokens`: what a language model read and wrote, as {"input", "output"}; None where it isn't known. `taken`: the same
    with estimates where it doesn't, for the answer's budget. `began`: when the answer was begun, on the monotonic clock.
    """

    writer: str
    model: str | None = None
    citations: list[Citation] = field(default_factory=list)
    withheld: int = 0
    held_back: list[Withheld] = field(default_factory=list)
    tokens: dict[str, int] | None = None
    taken: dict[str, int] = field(default_factory=lambda: {"input": 0, "output": 0})
    began: float = field(default_factory=time.monotonic)

    def spent(self, read: int, wrote: int, counted: bool = True) -> None:
        """Tokens that a language model took, added to those before. `counted`: by the endpoint, not estimated here."""
        self.taken = {"input": self.taken["input"] + read, "output": self.taken["output"] + wrote}
        if counted:
            before = self.tokens or {"input": 0, "output": 0}
            self.tokens = {"input": before["input"] + read, "output": before["output"] + wrote}
