"""A second look at a sentence that the rules let pass: the language model is asked whether the quotes support it.

Off by default: it costs a call for each sentence, and the wait for it. It only ever takes away what the rules let pass; where
the model can't be asked, what the rules say stands.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Sequence

from prompts import fence_around, flat, one_line
from rag.draft import Draft
from rag.evidence.quote import Quote
from rag.gate.clauses import speaker_of
from rag.model.endpoint import Allowance, whole_reply
from rag.model.faults import ModelFault
from rag.settings import Settings

LONGEST_REPLY = 200  # characters; one word is asked for

log = logging.getLogger(__name__)

SecondLook = Callable[[str, Sequence[Quote]], bool]
"""Whether the quotes support the sentence."""


def second_look(settings: Settings, draft: Draft) -> SecondLook | None:
    """What asks the model that the settings name, within what the answer may still take; None where they want no such look."""
    if settings.support != "model":
        return None

    def supported(sentence: str, quotes: Sequence[Quote]) -> bool:
        words = "\n".join(f"{flat(speaker_of(quote) or 'somebody')}: {one_line(quote.text)}" for quote in quotes)
        values = {"sentence": one_line(sentence), "words": words, "fence": fence_around(sentence, words)}
        try:
            seconds = settings.timeout - (time.monotonic() - draft.began)
            allowance = Allowance.left(settings, seconds=seconds, taken=draft.taken)
            reply = whole_reply(
                settings, values, prompt="support", longest=LONGEST_REPLY, allowance=allowance, spent=draft.spent
            )
        except ModelFault as fault:
            log.warning("no second look at a sentence: %s", fault)
            return True
        return re.search(r"\b(?:yes|no)\b", reply.lower() + " no")[0] == "yes"  # type: ignore[index]

    return supported
