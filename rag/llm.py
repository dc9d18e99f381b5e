"""The language model as a writer: it says in its own words what the quotes say, and the gate shows what they carry.

    the quotes, numbered → prompt | model | parser → whole sentences → judged one by one → shown, or withheld and counted

Nothing is shown that is taken back later. When the model fails, or nothing that it wrote may be shown, the extractive
writer takes over, after one line that says why. langchain is imported at the first answer, not with this module.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any

from rag.extract import Quote
from rag.gate import Gate
from rag.question import Question
from rag.result import Wrote
from rag.settings import Settings
from rag.support import MARKS
from rag.write import Draft, Writer, extractive_writer

PROMPT = "answer"
NO_KEY = "none"  # an OpenAI-compatible endpoint of one's own often wants no key; the client refuses to send none at all
MOST_SENTENCES = 12  # five are asked for; a model that runs on says nothing new
LONGEST_SENTENCE = 2_000  # characters; what is longer is no sentence, and the reply is read no further
LONGEST_FACT = 200  # characters of a title or name in the prompt
NOTHING_RIGHT = "What the language model wrote did not hold up against the transcripts"

log = logging.getLogger(__name__)


def llm_writer(settings: Settings) -> Writer:
    """A writer that asks the model that the settings name. It never raises for what the model does or doesn't do."""

    def write(question: Question, quotes: Sequence[Quote], draft: Draft) -> Iterator[Wrote]:
        draft.writer, draft.model = "llm", settings.model
        gate = Gate(question, quotes, draft)
        fault = ""
        try:
            values = {"question": one_line(question.asked), "quotes": quotes_block(gate.given)}
            with closing(ask_model(settings, values, spent=draft.spent)) as pieces:
                for sentence in islice(sentences(pieces), MOST_SENTENCES):
                    wrote = gate.judged(sentence)
                    if wrote is not None:
                        yield wrote
        except ModelFault as exc:
            fault = str(exc)
        if draft.citations:
            return
        draft.writer = "extractive"
        reason = fault or (NOTHING_RIGHT if gate.read else "The language model gave no answer")
        for n, wrote in enumerate(extractive_writer(question, quotes, draft)):
            if n == 0:
                yield Wrote(f"{reason}, so these are the speakers' own words, chosen without it.")
            yield wrote

    return write


# What the model is told


def quotes_block(given: Mapping[int, Quote]) -> str:
    """The quotes as the prompt shows them: number, speaker, role, episode, date; then the exact words, fenced.

    The words stand on one line, so that they can't close the fence.
    """
    fence = fence_around(*(quote.text for quote in given.values()))
    blocks = []
    for number, quote in given.items():
        speaker = quote.turn.speaker
        facts = [
            flat(speaker.name) if speaker else "speaker not known",
            speaker.role if speaker and speaker.role != "unknown" else "",
            f"episode: {flat(quote.episode.title)}",
            flat(quote.episode.date or ""),
        ]
        blocks.append(
            f"[{number}] {' · '.join(fact for fact in facts if fact)}\n{fence}\n{one_line(quote.text)}\n{fence}"
        )
    return "\n\n".join(blocks)


def fence_around(*texts: str) -> str:
    """A line of tildes longer than any run of them in the texts: what stands between two of these can't end it."""
    return "~" * (max((len(run) for text in texts for run in re.findall("~+", text)), default=2) + 1)


def flat(text: str) -> str:
    """A fact on one line, and short: a title is whatever a stranger's file says it is."""
    return one_line(text).replace("~", "-")[:LONGEST_FACT]


def one_line(text: str) -> str:
    return " ".join(text.split())


# What the model says


class ModelFault(Exception):
    """The model can't be used now. Its words are for a listener: no key, no address, nothing of the provider's."""


def ask_model(
    settings: Settings,
    values: Mapping[str, str],
    *,
    prompt: str = PROMPT,
    spent: Callable[[int, int], None] = lambda read, wrote: None,
) -> Iterator[str]:
    """The model's reply, piece by piece, for `settings.timeout` seconds in all. ModelFault: it failed, and how.

    `prompt`: a file of `prompts/`, filled with `values`. `spent(read, wrote)` is told the tokens at the end of a whole
    reply, by endpoints that count them.
    """
    try:
        chain, close = _chain(settings, prompt)
        from langchain_core.callbacks import UsageMetadataCallbackHandler
    except ImportError as exc:
        log.warning("the language model's package is missing: %s", exc)
        raise ModelFault("The language model is not installed here") from exc
    except (ValueError, TypeError) as exc:
        log.warning("the language model can't be set up: %s", type(exc).__name__)
        log.debug("the language model can't be set up", exc_info=exc)
        raise ModelFault("The language model is not set up rightly") from exc
    except _faults() as exc:
        raise ModelFault(_in_words(exc)) from exc
    counted = UsageMetadataCallbackHandler()
    yield from _in_time(lambda: chain.stream(dict(values), {"callbacks": [counted]}), close, settings.timeout)
    for usage in counted.usage_metadata.values():
        spent(usage["input_tokens"], usage["output_tokens"])


def whole_reply(settings: Settings, values: Mapping[str, str], *, prompt: str, longest: int) -> str:
    """The model's reply in one piece; read no further than just over `longest` characters. ModelFault as in `ask_model`."""
    reply = ""
    with closing(ask_model(settings, values, prompt=prompt)) as pieces:
        for piece in pieces:
            reply += piece
            if len(reply) > longest:
                break
    return reply


def _chain(settings: Settings, prompt: str) -> tuple[Any, Callable[[], None]]:
    """prompt | model | parser, and what closes its connection."""
    from langchain.chat_models import init_chat_model
    from langchain_core.output_parsers import StrOutputParser

    import prompts

    provider, colon, name = (settings.model or "").partition(":")
    if not colon or not name:
        raise ValueError(f"a model is named like openai:NAME, not {settings.model!r}")
    options: dict[str, Any] = {}
    close: Callable[[], None] = lambda: None  # noqa: E731
    if settings.base_url:
        options["base_url"] = settings.base_url
    if provider == "openai":
        import openai

        # A client of our own: langchain keeps its own open for ever, and shares it between answers.
        client = openai.DefaultHttpxClient(timeout=settings.timeout)
        close = client.close
        options |= {"timeout": settings.timeout, "max_retries": 0, "http_client": client, "stream_usage": True}
        if settings.api_key or settings.base_url:
            options["api_key"] = settings.api_key or NO_KEY
    elif provider == "ollama":
        options["client_kwargs"] = {"timeout": settings.timeout}
    else:
        options |= {"timeout": settings.timeout, "max_retries": 0}
        if settings.api_key:
            options["api_key"] = settings.api_key
    try:
        model = init_chat_model(settings.model, **options)
    except BaseException:
        close()
        raise
    return prompts.load(prompt) | model | StrOutputParser(), close


def _in_time(start: Callable[[], Iterator[str]], close: Callable[[], None], seconds: float) -> Iterator[str]:
    """The pieces as they come; then the connection is closed. ModelFault: they fail, or aren't all there after `seconds`.

    Read in a thread of its own: an endpoint that sends signs of life and no words resets every timeout of a connection.
    """
    arrived: SimpleQueue[str | Exception | None] = SimpleQueue()
    faults = _faults()

    def read() -> None:
        try:
            # To the end, even where nobody waits for it any more: a langchain stream that is left early reads the rest
            # by itself, where its errors can't be caught. Closing the connection is what ends it.
            for piece in start():
                arrived.put(piece)
        except faults as exc:
            arrived.put(exc)
        finally:
            arrived.put(None)

    deadline = time.monotonic() + seconds
    threading.Thread(target=read, name="language model", daemon=True).start()
    try:
        while True:
            try:
                piece = arrived.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                raise ModelFault("The language model took too long") from None
            if piece is None:
                return
            if isinstance(piece, Exception):
                raise ModelFault(_in_words(piece)) from piece
            yield piece
    finally:
        close()


def _faults() -> tuple[type[Exception], ...]:
    """What a provider's client raises when the endpoint fails or talks nonsense; only clients that are loaded count."""
    import sys

    named = (
        ("openai", "OpenAIError"), ("httpx", "HTTPError"), ("httpx2", "HTTPError"), ("httpx", "InvalidURL"),
        ("httpx2", "InvalidURL"), ("httpx", "StreamError"), ("httpx2", "StreamError"),
        ("ollama", "ResponseError"), ("anthropic", "AnthropicError"),
    )  # fmt: skip
    loaded = [getattr(sys.modules.get(module), name, None) for module, name in named]
    # A reply that is no chat completion trips langchain's reading of it.
    return (*[fault for fault in loaded if fault], OSError, ValueError, TypeError, KeyError, AttributeError, IndexError)


def _in_words(fault: Exception) -> str:
    """What went wrong, for a listener; what exactly, in the log, without the address or the key."""
    status = getattr(fault, "status_code", None)
    kind = type(fault).__name__
    log.warning("the language model failed: %s%s", kind, f", status {status}" if status else "")
    log.debug("the language model failed", exc_info=fault)
    if status in (401, 403) or (kind == "OpenAIError" and status is None):
        return "The language model did not let us in"
    if status == 404:
        return "The language model is not there under its name"
    if status == 429:
        return "The language model has too much to do"
    if "Timeout" in kind:
        return "The language model took too long"
    if isinstance(fault, OSError) or "Connect" in kind:
        return "The language model could not be reached"
    if isinstance(fault, ValueError | TypeError | KeyError | AttributeError | IndexError):
        return "The language model gave no answer that can be read"
    return "The language model failed"


# Whole sentences

_STOP = re.compile(rf"[.!?…]+[\"”’»)*_]*(?:{MARKS.pattern})?[.!?…]*(?=\s)|\n")
_ABBREVIATED = re.compile(
    r"(?<!\S)[(“\"]*(?:mr|mrs|ms|dr|prof|st|sr|jr|vs|capt|rev|[a-z]|(?:[a-z]\.)+[a-z])\.$", re.IGNORECASE
)


def sentences(pieces: Iterator[str]) -> Iterator[str]:
    """The whole sentences of a reply, as soon as each is whole; a rest that no full stop ends comes last.

    A quote is not cut between its sentences, and marks after a full stop belong to the sentence before them.
    A reasoning model's <think>…</think> at the start is left out.
    """
    held, opening = "", True
    for piece in pieces:
        held += piece
        if opening and (thinking := held.lstrip()).startswith("<think>"[: len(thinking)]):
            if "</think>" not in thinking:
                # Only the tag's end is still looked for: a thought may be as long as a book.
                held = held if len(thinking) < len("<think>") else "<think>" + thinking[len("<think>") :][-10:]
                continue
            held = thinking.partition("</think>")[2]
        opening = False
        while (cut := _cut(held)) is not None:
            if whole := _tidy(held[:cut]):
                yield whole
            held = held[cut:]
        if len(held) > LONGEST_SENTENCE:
            return
    if not held.lstrip().startswith("<think>") and (rest := _tidy(held)):
        yield rest


def _cut(text: str) -> int | None:
    """Where the first whole sentence ends, or None where that can't be told yet."""
    for match in _STOP.finditer(text):
        head = text[: match.end()]
        if match[0] == "\n":
            return match.end()
        following = text[match.end() :].lstrip(" \t")
        if not following:
            return None  # a mark may still come
        open_quote = head.count("“") > head.count("”") or head.count('"') % 2 == 1
        if open_quote or following[0] == "[" or following[0].islower():
            continue
        if match[0] == "." and (_ABBREVIATED.search(head) or re.fullmatch(r"\s*\d+\.", head)):  # "1. Tobin says"
            continue
        return match.end()
    return None


def _tidy(sentence: str) -> str:
    """The sentence without the bullet or emphasis that models like to put around it."""
    return re.sub(r"\*\*|__", "", re.sub(r"^\s*(?:[-*•]|\d+[.)])\s+", "", sentence)).strip()
