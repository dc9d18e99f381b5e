"""How a language model fails: a provider's exception -> one ModelFault, in words for a listener. Knows no prompts, no quotes.

What exactly failed stands in the log, without the address and the key.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from email.utils import parsedate_to_datetime
from typing import Literal

from rag.settings import Settings

FaultKind = Literal[
    "missing", "misnamed", "no_key", "refused", "unknown", "busy", "spent", "failed", "unreachable", "slow", "broken_off",
    "unreadable", "empty", "filtered", "too_long", "too_dear",
]  # fmt: skip

WORDS: dict[FaultKind, str] = {
    "missing": "The language model is not installed here",
    "misnamed": "The language model is not set up rightly",
    "no_key": "The language model needs a key, and none is set",
    "refused": "The language model did not let us in",
    "unknown": "The language model is not there under its name",
    "busy": "The language model has too much to do",
    "spent": "The account with the language model is used up",
    "failed": "The language model failed",
    "unreachable": "The language model could not be reached",
    "slow": "The language model took too long",
    "broken_off": "The language model broke off",
    "unreadable": "The language model gave no answer that can be read",
    "empty": "The language model gave no answer",
    "filtered": "The language model's own filter stopped the answer",
    "too_long": "The quotes are too long for the language model",
    "too_dear": "The language model would have taken more than one answer may take",
}
PASSING: frozenset[FaultKind] = frozenset(["busy", "failed", "unreachable", "broken_off"])
"""What may be gone a moment later, where nothing has arrived yet."""

_TOO_LONG = re.compile(
    r"context.{0,24}(?:length|size|window)|maximum context|prompt is too long|too many (?:input )?tokens|exceed_context",
    re.IGNORECASE,
)
_FILTERED = re.compile(r"content_?filter|content management policy|responsible ?ai|content policy", re.IGNORECASE)
_SPENT = re.compile(r"insufficient_quota|billing|credit balance", re.IGNORECASE)

log = logging.getLogger(__name__)


class ModelFault(Exception):
    """The model can't be used now. Its words are for a listener: no key, no address, nothing of the provider's.

    `retry_after`: the seconds that the endpoint asks to be left alone, where it says so.
    """

    def __init__(self, kind: FaultKind, *, retry_after: float | None = None) -> None:
        super().__init__(WORDS[kind])
        self.kind, self.retry_after = kind, retry_after


def provider_faults() -> tuple[type[Exception], ...]:
    """What a provider's client raises when the endpoint fails or answers nonsense; only clients that are loaded count."""
    named = (
        ("openai", "OpenAIError"),
        ("httpx", "HTTPError"),
        ("httpx2", "HTTPError"),
        ("httpx", "InvalidURL"),
        ("httpx2", "InvalidURL"),
        ("httpx", "StreamError"),
        ("httpx2", "StreamError"),
        ("ollama", "ResponseError"),
        ("anthropic", "AnthropicError"),
    )
    loaded = [getattr(sys.modules.get(module), name, None) for module, name in named]
    # A reply that is no chat completion trips langchain's reading of it.
    return (*[fault for fault in loaded if fault], OSError, ValueError, TypeError, KeyError, AttributeError, IndexError)


def fault_of(exc: Exception, settings: Settings) -> ModelFault:
    """The provider's exception as a fault; logged, without the secrets of the settings."""
    status, name = getattr(exc, "status_code", None), type(exc).__name__
    log.warning("the language model failed: %s%s", name, f", status {status}" if status else "")
    log_traceback(exc, settings)
    return ModelFault(_kind(exc, status, name), retry_after=_retry_after(exc))


def log_traceback(exc: Exception, settings: Settings) -> None:
    """For whoever looks into it (level DEBUG). Endpoints echo keys, and clients name addresses: they are taken out."""
    if log.isEnabledFor(logging.DEBUG):
        log.debug("%s", settings.hidden_in("".join(traceback.format_exception(exc))))


def _kind(exc: Exception, status: int | None, name: str) -> FaultKind:
    if status is None and name == "OpenAIError":  # the client refuses to be made without a key
        return "no_key"
    if isinstance(exc, ValueError | TypeError | KeyError | AttributeError | IndexError):
        return "unreadable"
    if "Timeout" in name:
        return "slow"
    if isinstance(exc, OSError) or "Connect" in name:
        return "unreachable"
    if "Protocol" in name or "Stream" in name or "Read" in name:
        return "broken_off"
    said = f"{getattr(exc, 'code', '')} {exc}"
    # An error may also arrive inside the stream, without a status; a server that is out of order may say anything.
    if status is None or status in (400, 413, 422):
        if _TOO_LONG.search(said) or status == 413:
            return "too_long"
        if _FILTERED.search(said):
            return "filtered"
    if status in (401, 403):
        return "refused"
    if status == 404:
        return "unknown"
    if status == 402 or (status == 429 and _SPENT.search(said)):
        return "spent"
    if status in (408, 409, 429):
        return "busy"
    return "failed" if status is None or status >= 500 else "misnamed"


def _retry_after(exc: Exception) -> float | None:
    """The seconds of a Retry-After header, which is a number or a date; None where there is none to be read."""
    headers = getattr(getattr(exc, "response", None), "headers", None)
    said = headers.get("retry-after", "") if headers is not None else ""
    if re.fullmatch(r"\d{1,6}(\.\d+)?", said):
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    import time

    return max(0.0, until.timestamp() - time.time())
