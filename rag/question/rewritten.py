"""A follow-up rewritten by a language model.

What the model makes of a question is only believed where it adds no name, number or word of its own: it can ask about
nothing that the conversation doesn't hold. Knows nothing of the library; the rules of `rag/question/question.py` stand behind it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence

from index.search.lexical import STOP_WORDS, stems
from prompts import fence_around, one_line
from rag.model.endpoint import Allowance, whole_reply
from rag.model.faults import ModelFault
from rag.settings import Settings

MOST_MESSAGES = 8  # the latest of a conversation; a follow-up leans on what was said just before
LONGEST_MESSAGE = 600  # characters of one
LONGEST_REWRITTEN = 300  # characters of a rewritten question
LONGEST_REPLY = 4_000  # characters, a reasoning model's thoughts among them
SHARE = 0.25  # of the answer's time, in which a question is rewritten
NEW_WORDS = 2  # words that stand nowhere before, such as "concerning": more is another question

_MARKUP = re.compile(r"[<>{}\[\]|~`\\\n]|://")

log = logging.getLogger(__name__)


def condense(
    settings: Settings,
    question: str,
    history: Sequence[Mapping[str, str]],
    *,
    spent: Callable[[int, int, bool], None] = lambda read, wrote, counted: None,
) -> str | None:
    """The question as somebody would ask it who has read nothing before; None: the model has no answer to be believed.

    `history`: earlier messages, oldest first, as {"role", "content"}. It never raises for what the model does or doesn't do.
    """
    earlier = [
        f"{'Question' if message.get('role') == 'user' else 'Answer'}: {text[:LONGEST_MESSAGE]}"
        for message in history[-MOST_MESSAGES:]
        if (text := one_line(str(message.get("content", ""))))
    ]
    if not settings.model or not earlier:
        return None
    conversation, asked = "\n".join(earlier), one_line(question)
    values = {"conversation": conversation, "question": asked, "fence": fence_around(conversation, asked)}
    allowance = Allowance(settings.timeout * SHARE, settings.max_tokens)
    try:
        reply = whole_reply(
            settings, values, prompt="condense", longest=LONGEST_REPLY, allowance=allowance, spent=spent
        )
    except ModelFault as exc:
        log.info("the follow-up is rewritten without the language model: %s", exc)
        return None
    rewritten = reply.rpartition("</think>")[2].strip().strip("\"“”'")
    return rewritten if believable(rewritten, asked, conversation) else None


def believable(rewritten: str, question: str, conversation: str) -> bool:
    """Whether a rewritten question asks for nothing that neither the question nor the conversation holds."""
    if not rewritten or len(rewritten) > LONGEST_REWRITTEN + len(question) or _MARKUP.search(rewritten):
        return False
    known = f"{question} {conversation}"
    held, before = _held(known), set(re.findall(r"\w+", known))
    new = [
        word for word in re.findall(r"\w+", rewritten) if word not in before and not set(stems([word.lower()])) <= held
    ]
    if any(word[0].isupper() or word[0].isdigit() for word in new if not rewritten.startswith(word)):
        return False
    # A question that forgets what was asked is another question.
    kept = [word for word in _content(question) if word in _held(rewritten)]
    return len(new) <= NEW_WORDS and 2 * len(kept) >= len(_content(question))


def _held(text: str) -> set[str]:
    return set(stems(word.lower() for word in re.findall(r"\w+", text)))


def _content(question: str) -> set[str]:
    """The stems of the question's words that carry meaning; pronouns and question words may be replaced."""
    return {stem for word in re.findall(r"\w+", question.lower()) if word not in STOP_WORDS for stem in stems([word])}
