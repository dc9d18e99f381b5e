"""A language model's opinion on a quote against a reference. It is shown beside the other metrics, and decides nothing.

The judge sees the question, the quotes and the reference; not who spoke, not what the search thought of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from prompts import fence_around
from rag.answer import Answer
from rag.model.endpoint import whole_reply
from rag.model.faults import ModelFault
from rag.settings import Settings

LONGEST_REPLY = 2_000  # characters; a line is asked for
_REPLY = re.compile(r"\b(RIGHT|WRONG|UNSURE)\b\s*[:.\-–—]*\s*(.*)")


@dataclass(frozen=True)
class Judge:
    """Asks the model that the settings name, one question at a time."""

    settings: Settings

    def judged(self, question: str, answer: Answer, reference: str) -> dict[str, str]:
        """{"verdict": "right" | "wrong" | "unsure" | "failed", "why"}; never raises for what the model does."""
        quote = "\n".join(citation.quote for citation in answer.citations)
        fence = fence_around(quote, reference)
        values = {"question": question, "quote": quote, "reference": reference, "fence": fence}
        try:
            reply = whole_reply(self.settings, values, prompt="judge", longest=LONGEST_REPLY)
        except ModelFault as exc:
            return {"verdict": "failed", "why": str(exc)}
        found = _REPLY.search(reply.partition("</think>")[2] or reply)
        if found is None:
            return {"verdict": "failed", "why": "The model's reply names none of RIGHT, WRONG and UNSURE"}
        return {"verdict": found[1].lower(), "why": " ".join(found[2].split())[:200]}
