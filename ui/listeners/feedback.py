"""What a listener says about an answer, on its way into the library: limited in size and in how often.

Knows nothing of Gradio or HTML.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from threading import Lock

from index.errors import VerbatimError
from index.library import Library
from index.library.feedback import KINDS, Feedback
from ui.door.limits import Rate
from ui.listeners.answers import LONGEST_NOTE
from ui.listeners.conversation import Round, named
from ui.shared.version import our_version
from ui.words.listeners import said

MOST_AT_ONCE = 20  # pieces of feedback of one address within WHILE_SECONDS
WHILE_SECONDS = 300.0
MOST_ADDRESSES = 10_000  # remembered; the one that was quiet longest is forgotten first


class Moderator:
    """Takes feedback for one library. `now`: seconds that only grow."""

    def __init__(self, library: Library, now: Callable[[], float] = time.monotonic) -> None:
        self.library = library
        self._rate = Rate(MOST_AT_ONCE, WHILE_SECONDS, now, keys=MOST_ADDRESSES)
        self._lock = Lock()

    def take(self, round_: Round, kind: str, note: str, address: str) -> str:
        """Keeps it; returns what the listener is told. `address`: where it comes from."""
        if round_.answer is None or kind not in KINDS or (kind == "note" and not note.strip()):
            return ""
        if not self._may(address):
            return said("feedback_often")
        try:
            self.library.add_feedback(feedback_on(round_, kind, note), version=our_version())
        except VerbatimError as error:
            return said("feedback_lost", why=str(error))
        return said("thanks")

    def _may(self, address: str) -> bool:
        """Whether this address has not said too much of late; counts this one."""
        with self._lock:
            if self._rate.wait(address):
                return False
            self._rate.count(address)
            return True


def feedback_on(round_: Round, kind: str, note: str) -> Feedback:
    """What is kept: the question, its filters, and the whole answer that it is about."""
    answer = round_.answer
    assert answer is not None
    about = {"filters": named(round_.filters), "answer": answer.to_json()}
    return Feedback(kind, round_.question, note.strip()[:LONGEST_NOTE], json.dumps(about, ensure_ascii=False))  # type: ignore[arg-type]
