"""A language model behind an endpoint: a prompt goes in, its words come out piece by piece, or one ModelFault.

    prompt | model → pieces, in a thread of their own → tried again while nothing has arrived → until the time is up

langchain is imported at the first question, not with this module. Knows nothing of quotes, citations and the gate.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import unquote, urlsplit

from index.plain import plain
from rag.halting import go_on
from rag.model.faults import PASSING, ModelFault, fault_of, log_traceback, provider_faults
from rag.settings import Settings

NO_KEY = "none"  # an OpenAI-compatible endpoint of one's own often wants no key; the client refuses to send none at all
MOST_TRIES = 4
FIRST_WAIT, LONGEST_WAIT, JITTER = 0.4, 8.0, 0.4  # seconds between tries: doubled each time, and jittered
CHARACTERS_A_TOKEN = 3  # English has about four: an estimate that is rather too dear than too cheap
LOOKING = 0.25  # seconds between two checks whether anybody still waits for the reply
LEAST_REPLY = 64  # tokens; what is shorter is no answer
RUNS_ON = 2  # a reply of so many times the tokens it may have comes from an endpoint that doesn't count them

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one reply may take: seconds in all, tokens written, and money by the settings' prices.

    None for tokens: as many as the model likes. None for money: whatever it costs.
    """

    seconds: float
    tokens: int | None = None
    money: float | None = None

    @classmethod
    def left(cls, settings: Settings, *, seconds: float, taken: Mapping[str, int]) -> Allowance:
        """What the settings allow an answer, less the tokens {"input", "output"} that it has taken, in the seconds left."""
        money = settings.max_cost - (settings.cost(taken) or 0.0) if settings.max_cost else None
        return cls(max(0.0, seconds), settings.max_tokens - taken["output"], money)

    def reply(self, settings: Settings, characters: int) -> int | None:
        """The most tokens that a reply to so many characters may have; None: any number. ModelFault: too few to say anything."""
        most = [] if self.tokens is None else [self.tokens]
        if self.money is not None:
            read = math.ceil(characters / CHARACTERS_A_TOKEN)
            rest = (self.money - read * settings.price_input / 1_000_000) * 1_000_000
            if rest <= 0 or settings.price_output:
                most.append(0 if rest <= 0 else int(rest / settings.price_output))
        if most and min(most) < LEAST_REPLY:
            log.warning("the language model is not asked: one answer may take no more")
            raise ModelFault("too_dear")
        return min(most, default=None)

    def characters(self, settings: Settings, *, reply: int) -> int | None:
        """The most characters of a prompt that leave money for a reply of so many tokens, 0 or more; None: any number."""
        if self.money is None or not settings.price_input:
            return None
        rest = self.money * 1_000_000 - reply * settings.price_output
        return max(0, int(rest / settings.price_input * CHARACTERS_A_TOKEN))


def ask_model(
    settings: Settings,
    values: Mapping[str, str],
    *,
    prompt: str,
    allowance: Allowance | None = None,
    spent: Callable[[int, int, bool], None] = lambda read, wrote, counted: None,
) -> Generator[str, None, None]:
    """The model's reply, piece by piece, within the allowance. ModelFault: it failed, and how.

    `prompt`: a file of `prompts/`, filled with `values`. `allowance`: without one, the settings' time and nothing else.
    An endpoint that is busy, down or out of order before it says a word is asked again, as long as there is time.
    `spent(read, wrote, counted)` is called with the tokens at the end; `counted` by the endpoint, or else estimated here.
    """
    allowance = allowance or Allowance(settings.timeout)
    messages = _filled(prompt, values)
    characters = sum(len(str(message.content)) for message in messages)
    most = allowance.reply(settings, characters)
    counts: list[tuple[int, int]] = []
    # The first model is made before the clock starts: importing its package takes seconds, once.
    made = iter([_model(settings, most)])
    until = time.monotonic() + allowance.seconds

    def attempt() -> tuple[str, Generator[str, None, None]]:
        model, close = next(made, None) or _model(settings, most)
        pieces = _in_time(settings, model, close, messages, until, counts)
        try:
            return next(pieces, ""), pieces
        except BaseException:
            pieces.close()
            raise

    first, pieces = _again_and_again(attempt, until)
    wrote = 0
    with closing(pieces):
        try:
            for piece in chain([first], pieces):
                wrote += len(piece)
                if piece:
                    yield piece
                if most and wrote > RUNS_ON * CHARACTERS_A_TOKEN * most:
                    log.warning("the language model writes more than it may; the rest is not read")
                    break
        finally:  # the endpoint's count comes last: a reply that is left early has to be estimated
            estimate = (math.ceil(characters / CHARACTERS_A_TOKEN), math.ceil(wrote / CHARACTERS_A_TOKEN))
            spent(*(counts or [estimate])[-1], bool(counts))


def whole_reply(
    settings: Settings,
    values: Mapping[str, str],
    *,
    prompt: str,
    longest: int,
    allowance: Allowance | None = None,
    spent: Callable[[int, int, bool], None] = lambda read, wrote, counted: None,
) -> str:
    """The model's reply in one piece; read no further than just over `longest` characters. ModelFault as in `ask_model`."""
    reply = ""
    with closing(ask_model(settings, values, prompt=prompt, allowance=allowance, spent=spent)) as pieces:
        for piece in pieces:
            reply += piece
            if len(reply) > longest:
                break
    return plain(reply)


def _filled(prompt: str, values: Mapping[str, str]) -> list[Any]:
    """The prompt's messages, with the values in their places."""
    try:
        import prompts

        return prompts.load(prompt).format_messages(**values)
    except ImportError as exc:
        log.warning("the language model's package is missing: %s", exc)
        raise ModelFault("missing") from exc


def _again_and_again(
    attempt: Callable[[], tuple[str, Generator[str, None, None]]], until: float
) -> tuple[str, Generator[str, None, None]]:
    """The first piece of a reply and the rest of it. A fault that may pass is waited out, if there is time for that."""
    import tenacity

    backoff = tenacity.wait_exponential_jitter(multiplier=FIRST_WAIT, max=LONGEST_WAIT, jitter=JITTER)

    def wait(state: tenacity.RetryCallState) -> float:
        fault = state.outcome.exception() if state.outcome else None
        asked = fault.retry_after if isinstance(fault, ModelFault) else None
        return backoff(state) if asked is None else asked

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda exc: isinstance(exc, ModelFault) and exc.kind in PASSING),
        wait=wait,
        stop=tenacity.stop_any(
            tenacity.stop_after_attempt(MOST_TRIES), tenacity.stop_before_delay(max(0.0, until - time.monotonic()))
        ),
        reraise=True,
    )
    return retrying(attempt)


def _in_time(
    settings: Settings,
    model: Any,
    close: Callable[[], None],
    messages: list[Any],
    until: float,
    told: list[tuple[int, int]],
) -> Generator[str, None, None]:
    """The pieces of one try as they come; then the connection is closed. ModelFault: they fail, or the time is up.

    `told`: the tokens read and written are added to it at the end, where the endpoint counts them.

    Read in a thread of its own: an endpoint that sends signs of life and no words resets every timeout of a connection.
    """
    arrived: SimpleQueue[Any] = SimpleQueue()
    left = threading.Event()
    faults = provider_faults()

    def read() -> None:
        try:
            # To the end, even where nobody waits for it any more: a langchain stream that is left early reads the rest
            # by itself, where its errors can't be caught. Closing the connection is what ends it.
            for chunk in model.stream(messages):
                arrived.put(chunk)
        except faults as exc:
            arrived.put(exc)
        except RuntimeError:  # the connection was closed before the request was sent, since the time was up
            if not left.is_set():
                raise
        finally:
            arrived.put(None)

    threading.Thread(target=read, name="language model", daemon=True).start()
    begun = False
    counted: list[tuple[int, int]] = []
    try:
        while True:
            go_on()
            try:
                chunk = arrived.get(timeout=max(0.0, min(LOOKING, until - time.monotonic())))
            except Empty:
                if time.monotonic() < until:
                    continue
                raise ModelFault("slow") from None
            if chunk is None:
                break
            if isinstance(chunk, Exception):
                fault = fault_of(chunk, settings)
                if begun and fault.kind in ("unreachable", "failed"):
                    fault = ModelFault("broken_off")
                raise fault from chunk
            if chunk.usage_metadata:
                counted.append((chunk.usage_metadata["input_tokens"], chunk.usage_metadata["output_tokens"]))
            if text := str(chunk.text):
                begun = True
                yield text
            if _ended_by(chunk) in ("content_filter", "refusal"):
                raise ModelFault("filtered")
        if counted:  # some providers count what is read at the start, and what is written at the end
            told.append((sum(read for read, _ in counted), sum(wrote for _, wrote in counted)))
    finally:
        left.set()
        close()


def _ended_by(chunk: Any) -> str | None:
    """Why the reply ends with this piece, where it does and the provider says why."""
    return chunk.response_metadata.get("finish_reason") or chunk.response_metadata.get("stop_reason")


def _model(settings: Settings, most: int | None) -> tuple[Any, Callable[[], None]]:
    """The model that the settings name, and what closes its connection. ModelFault: there is none to be had.

    `most`: the tokens that its reply may have.
    """
    try:
        from langchain.chat_models import init_chat_model

        options, close = _options(settings)
        if most is not None:
            options["num_predict" if settings.provider == "ollama" else "max_tokens"] = most
        try:
            return init_chat_model(settings.model, **options), close
        except BaseException:
            close()
            raise
    except ImportError as exc:
        log.warning("the language model's package is missing: %s", exc)
        raise ModelFault("missing") from exc
    except (ValueError, TypeError) as exc:
        log.warning("the language model can't be set up: %s", type(exc).__name__)
        log_traceback(exc, settings)
        raise ModelFault("misnamed") from exc
    except provider_faults() as exc:
        raise fault_of(exc, settings) from exc


def _options(settings: Settings) -> tuple[dict[str, Any], Callable[[], None]]:
    """What a provider's model is made with, and what closes its connection. ValueError: no provider is named."""
    provider = settings.provider
    if provider is None:
        raise ValueError(f"a model is named like openai:NAME, not {settings.model!r}")
    options: dict[str, Any] = {}
    address, login = settings.base_url, None
    if address and provider in ("openai", "azure_openai"):
        address, login = _without_login(address)
    if address:
        options["azure_endpoint" if provider == "azure_openai" else "base_url"] = address
    if provider == "ollama":
        return options | {"client_kwargs": {"timeout": settings.timeout}}, _nothing
    # Tries are counted here, not by each provider's client in its own way.
    options |= {"timeout": settings.timeout, "max_retries": 0}
    if settings.api_key or (provider == "openai" and settings.base_url):
        options["api_key"] = settings.api_key or NO_KEY
    if provider not in ("openai", "azure_openai"):
        return options, _nothing
    import openai

    # A client of our own: langchain keeps its own open for ever, and shares it between answers.
    client = openai.DefaultHttpxClient(timeout=settings.timeout, auth=login)
    # langchain goes by the model's name to an interface that only OpenAI's own server has to have (/v1/responses).
    responses = False if settings.base_url else None
    return options | {"http_client": client, "stream_usage": True, "use_responses_api": responses}, client.close


def _without_login(address: str) -> tuple[str, tuple[str, str] | None]:
    """The address without the name and password in it, and these two: the client logs addresses, and names them in errors."""
    parts = urlsplit(address)
    if parts.username is None and parts.password is None:
        return address, None
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return bare, (unquote(parts.username or ""), unquote(parts.password or ""))


def _nothing() -> None:
    """Closes what needs no closing."""
