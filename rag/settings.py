"""All settings in two frozen dataclasses, one for answering and one for serving, with defaults, units and checks.

The only reader of VERBATIM_* and OPENAI_* variables.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from index.errors import SettingsError
from index.search.onnx_export import EMBEDDED_MODEL
from index.web import web_address

READERS = ("embedded", "model", "none")
SECRET = {"secret": True}
"""Metadata of a field whose value never leaves the process: `Settings.public` tells only whether it is set."""
SHORTEST_SECRET = 4  # characters; a shorter value would be found all over an ordinary text
NO_LIMIT_AT_ZERO = frozenset(["questions_a_minute", "questions_a_minute_by_address", "connections_by_address"])


def variable_of(name: str) -> str:
    """The environment variable that sets a setting."""
    return f"VERBATIM_{name.upper()}"


@dataclass(frozen=True, slots=True, repr=False)
class Public:
    """What both kinds of settings say of themselves: of a secret, only whether it is set."""

    def public(self) -> dict[str, Any]:
        """The settings as they may leave the process, in results, reports, logs and errors: of a secret, whether it is set.

        The endpoint's address is one: it may hold a name and a password, and tells of a network that is nobody's business.
        """
        return {
            setting.name: ("set" if value else None) if setting.metadata.get("secret") else value
            for setting in fields(self)
            for value in [getattr(self, setting.name)]
        }

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.public().items())})"


@dataclass(frozen=True, slots=True, repr=False)
class Settings(Public):
    """How questions are answered. Each has a default, and `VERBATIM_` + its name in capitals sets it."""

    library: str = "library"
    """Folder of the library."""
    embeddings: str = EMBEDDED_MODEL
    """Embedding model for new libraries: the embedded one, or any sentence-transformers name or folder."""
    model: str | None = None
    """Language model as langchain names it ("openai:gpt-5-mini", "ollama:qwen3"); None writes without one."""
    base_url: str | None = field(default=None, metadata=SECRET)
    """Address of an OpenAI-compatible endpoint; None means the provider's own."""
    api_key: str | None = field(default=None, metadata=SECRET)
    """Key for the endpoint; OPENAI_API_KEY is read where this is not set."""
    timeout: float = 30.0
    """Seconds that the language model may take for one answer before the extractive answer takes over."""
    price_input: float = 0.0
    """What a million tokens cost that the language model reads, in any currency; 0 where it costs nothing."""
    price_output: float = 0.0
    """What a million tokens cost that the language model writes."""
    max_tokens: int = 2000
    """Most tokens that the language model may write for one answer, its thoughts included."""
    max_cost: float = 0.0
    """Most that one answer may cost, in the currency of the prices; 0 for no limit. It needs the prices."""
    reader: str | None = None
    """What reads passages and chooses what answers: `embedded`, `model` (the default where a model is set), or `none` for rules."""
    planner: Literal["rules", "model"] = "rules"
    """What decides whether a question needs several search passes (comparisons, lists): rules, or the language model too."""
    support: Literal["rules", "model"] = "rules"
    """What decides whether a language model's sentence is supported by its quotes: rules, or the model asked again too."""
    passages: int = 12
    """Passages that an answer is written from; a language model that reads gets 16 at least."""
    quotes: int = 3
    """Most quotes in an extractive answer."""

    @property
    def provider(self) -> str | None:
        """The provider in the model's name: `openai` of openai:NAME; None where none or no model is named."""
        provider, _, name = (self.model or "").partition(":")
        return provider if provider and name else None

    @property
    def reads(self) -> str:
        """What reads the passages: `reader`, or what stands for it where it isn't set."""
        return self.reader or ("model" if self.model else "embedded")

    def cost(self, tokens: Mapping[str, int] | None) -> float | None:
        """The price of {"input", "output"} tokens in the currency of the prices; None where tokens or prices aren't known."""
        if tokens is None or not (self.price_input or self.price_output):
            return None
        return (tokens["input"] * self.price_input + tokens["output"] * self.price_output) / 1_000_000

    def hidden_in(self, text: str) -> str:
        """A text of somebody else's, such as a client's error, with every secret of these settings taken out."""
        secrets = [getattr(self, setting.name) for setting in fields(self) if setting.metadata.get("secret")]
        secrets += _parts_of(self.base_url)
        for secret in sorted(
            {secret for secret in secrets if secret and len(secret) >= SHORTEST_SECRET}, key=len, reverse=True
        ):
            text = text.replace(secret, "[hidden]")
        return text

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """The defaults, changed by what the environment sets. SettingsError names the variable and the fault."""
        values = _read(cls, environment)
        if "api_key" not in values and environment.get("OPENAI_API_KEY", "").strip():
            values["api_key"] = environment["OPENAI_API_KEY"].strip()
        for variable in ("OPENAI_BASE_URL", "OPENAI_API_BASE"):  # langchain goes to both by itself
            if "base_url" not in values and environment.get(variable, "").strip():
                values["base_url"] = environment[variable].strip()
        settings = cls(**values)
        if settings.reads not in READERS:
            raise SettingsError(f"VERBATIM_READER={settings.reader!r} is none of {', '.join(READERS)}.")
        if settings.reads == "model" and not settings.model:
            raise SettingsError("VERBATIM_READER=model needs a language model: set VERBATIM_MODEL too.")
        if settings.planner not in ("rules", "model"):
            raise SettingsError(f"VERBATIM_PLANNER={settings.planner!r} is neither rules nor model.")
        if settings.support not in ("rules", "model"):
            raise SettingsError(f"VERBATIM_SUPPORT={settings.support!r} is neither rules nor model.")
        if settings.max_cost and not (settings.price_input or settings.price_output):
            raise SettingsError(
                "VERBATIM_MAX_COST needs to know what tokens cost: set VERBATIM_PRICE_INPUT and VERBATIM_PRICE_OUTPUT too."
            )
        return settings


@dataclass(frozen=True, slots=True, repr=False)
class Serving(Public):
    """How the pages are served: where, to whom, and how much one visitor may ask. Set like `Settings`."""

    host: str = "127.0.0.1"
    """Address that the page is served on."""
    port: int = 7860
    """Port that the page is served on."""
    staff_user: str | None = field(default=None, metadata=SECRET)
    """Name to log in with on the staff's page."""
    staff_password: str | None = field(default=None, metadata=SECRET)
    """Password of the staff's page; without both, only this machine opens it, with the key that `verbatim serve` prints."""
    questions_a_minute: int = 30
    """Questions that one browser or program may ask in a minute; 0 for no limit."""
    questions_a_minute_by_address: int = 300
    """Questions that may come from one network address in a minute; 0 for no limit."""
    connections_by_address: int = 200
    """Connections that one network address may hold open; 0 for no limit."""
    proxy: str | None = None
    """Address of the proxy in front of the page, as in 127.0.0.1: its X-Forwarded-For is believed, nobody else's."""
    audio_hosts: str | None = None
    """Hosts, with https:// before each and spaces between, that the episodes' addresses of audio lead on to."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Serving:
        """The defaults, changed by what the environment sets. SettingsError names the variable and the fault."""
        serving = cls(**_read(cls, environment))
        for host in (serving.audio_hosts or "").split():
            if not web_address(host) or set(host) & set(",;"):
                raise SettingsError(
                    f"VERBATIM_AUDIO_HOSTS={host!r} is no address of a host, as in https://cdn.example.org."
                )
        return serving


SECRETS = frozenset(
    setting.name for kind in (Settings, Serving) for setting in fields(kind) if setting.metadata.get("secret")
)
"""Names of the settings whose value never leaves the process."""


def _read(kind: type[Settings | Serving], environment: Mapping[str, str]) -> dict[str, Any]:
    """The fields of `kind` that the environment sets. SettingsError names the variable and the fault."""
    values: dict[str, Any] = {}
    for setting in fields(kind):
        variable = variable_of(setting.name)
        raw = environment.get(variable, "").strip()
        if not raw:
            continue
        of_type: type = str if setting.default is None else type(setting.default)
        try:
            values[setting.name] = value = of_type(raw)
        except ValueError as exc:
            raise SettingsError(f"{variable}={raw!r} is not {'a whole' if of_type is int else 'a'} number.") from exc
        zero_means_none = setting.default == 0 or setting.name in NO_LIMIT_AT_ZERO
        if of_type in (int, float) and not (value > 0 or (raw == "0" and zero_means_none)):
            raise SettingsError(f"{variable}={raw!r} must be above 0.")
    return values


def read_environment(environment: Mapping[str, str] = os.environ) -> tuple[Settings, Serving]:
    """All that the environment sets. SettingsError names the variable and the fault."""
    return Settings.from_environment(environment), Serving.from_environment(environment)


def _parts_of(address: str | None) -> list[str]:
    """What an address may give away by itself, as it is written and as it is read: its host, name, password and query."""
    try:
        parts = urlsplit(address or "")
    except ValueError:  # no address at all; as a whole it is hidden anyway
        return []
    found = [part for part in (parts.netloc, parts.hostname, parts.username, parts.password, parts.query) if part]
    return [*found, *map(unquote, found)]
