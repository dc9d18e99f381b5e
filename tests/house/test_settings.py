"""Settings: defaults, what the environment changes, what is refused, and that a key is never shown."""

from __future__ import annotations

from dataclasses import fields

import pytest

from index.errors import SettingsError
from rag.settings import Serving, Settings, read_environment


def test_an_empty_environment_changes_nothing():
    assert read_environment({}) == (Settings(), Serving())
    assert read_environment({"VERBATIM_LIBRARY": "  ", "VERBATIM_PORT": ""}) == (Settings(), Serving())


def test_every_setting_is_read_with_its_type():
    settings, serving = read_environment(
        {
            "VERBATIM_LIBRARY": "mine",
            "VERBATIM_EMBEDDINGS": "hashing",
            "VERBATIM_MODEL": "openai:some-model",
            "VERBATIM_TIMEOUT": "2.5",
            "VERBATIM_PASSAGES": " 12 ",
            "VERBATIM_PORT": "8000",
        }
    )
    assert (settings.library, settings.embeddings, settings.model) == ("mine", "hashing", "openai:some-model")
    assert (settings.timeout, settings.passages, serving.port) == (2.5, 12, 8000)


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("VERBATIM_PORT", "http", "not a whole number"),
        ("VERBATIM_PASSAGES", "2.5", "not a whole number"),
        ("VERBATIM_TIMEOUT", "soon", "not a number"),
        ("VERBATIM_QUOTES", "0", "above 0"),
        ("VERBATIM_TIMEOUT", "-1", "above 0"),
        ("VERBATIM_QUESTIONS_A_MINUTE", "-1", "above 0"),
        ("VERBATIM_PLANNER", "somebody", "neither rules nor model"),
        ("VERBATIM_READER", "somebody", "none of embedded, model, none"),
        ("VERBATIM_READER", "model", "needs a language model: set VERBATIM_MODEL"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(name, value, fault):
    with pytest.raises(SettingsError, match=fault) as refused:
        read_environment({name: value})
    assert name in str(refused.value) and value in str(refused.value)


def test_a_model_reads_where_one_is_set_and_nothing_else_is_wanted():
    assert Settings.from_environment({}).reads == "embedded"
    assert Settings.from_environment({"VERBATIM_MODEL": "openai:x"}).reads == "model"
    for reader in ("embedded", "none"):
        chosen = Settings.from_environment({"VERBATIM_MODEL": "openai:x", "VERBATIM_READER": reader})
        assert (chosen.reads, chosen.model) == (reader, "openai:x")


def test_a_limit_in_money_needs_prices():
    with pytest.raises(SettingsError, match="VERBATIM_PRICE_INPUT and VERBATIM_PRICE_OUTPUT"):
        Settings.from_environment({"VERBATIM_MAX_COST": "0.05"})
    priced = Settings.from_environment({"VERBATIM_MAX_COST": "0.05", "VERBATIM_PRICE_OUTPUT": "10"})
    assert (priced.max_cost, priced.price_output, Settings().max_cost) == (0.05, 10.0, 0.0)


@pytest.mark.parametrize(
    ("model", "provider"), [("openai:x", "openai"), ("openai", None), (":", None), ("openai:", None), (None, None)]
)
def test_a_model_names_its_provider(model, provider):
    assert Settings(model=model).provider == provider


def test_openais_own_variables_are_read_where_ours_are_not_set():
    theirs = {"OPENAI_API_KEY": "key-1", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    settings = Settings.from_environment(theirs)
    assert (settings.api_key, settings.base_url) == ("key-1", "http://127.0.0.1:9/v1")
    ours = Settings.from_environment(
        theirs | {"VERBATIM_API_KEY": "key-2", "VERBATIM_BASE_URL": "http://127.0.0.1:8/v1"}
    )
    assert (ours.api_key, ours.base_url) == ("key-2", "http://127.0.0.1:8/v1")
    assert Settings.from_environment({"OPENAI_API_BASE": "http://127.0.0.1:7/v1"}).base_url == "http://127.0.0.1:7/v1"


def test_the_real_environment_is_read_when_it_is_asked_for(monkeypatch):
    monkeypatch.setenv("VERBATIM_PORT", "8123")
    assert read_environment()[1].port == Serving.from_environment().port == 8123


def test_a_limit_of_zero_is_none_and_a_variable_belongs_to_one_kind():
    _, serving = read_environment({"VERBATIM_QUESTIONS_A_MINUTE": "0", "VERBATIM_CONNECTIONS_BY_ADDRESS": "0"})
    assert (serving.questions_a_minute, serving.connections_by_address) == (0, 0)
    names = [setting.name for kind in (Settings, Serving) for setting in fields(kind)]
    assert len(names) == len(set(names))
