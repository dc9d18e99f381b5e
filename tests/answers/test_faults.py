"""When the language model breaks: a clear line, the speakers' own words instead, and nothing lost in the conversation.

Each fault is a real one of a real endpoint on loopback; nothing of the client is replaced but how long it waits.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

import pytest
from endpoint import Endpoint
from talks import write_show

from index.library import Library
from rag.answer import Answer, Done, Wrote
from rag.assistant import Assistant
from rag.evidence.check import check_quote
from rag.model import endpoint as model
from rag.model import faults
from rag.model.endpoint import Allowance, ask_model
from rag.model.faults import ModelFault
from rag.settings import Settings

QUESTION = "What did Bo Lund say about an umbrella?"
UMBRELLA = "I never repair an umbrella, because an umbrella is only ever lent to you."
GOOD = f"Bo Lund says: “{UMBRELLA}” [1]"
SECRETS = ("sk-", "http", "127.0.0.1", "Error", "Traceback")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mended")
    Library.create(folder / "library", "hashing").add([write_show(folder / "talks")])
    return folder / "library"


def ask(assistant: Assistant, question: str, history: list[dict[str, str]] | None = None) -> tuple[list[str], Answer]:
    events = list(assistant.ask(question, history or []))
    return [e.text for e in events if isinstance(e, Wrote)], next(e.answer for e in events if isinstance(e, Done))


def says(text: str, **more: object) -> Callable[[Endpoint], None]:
    def misbehave(endpoint: Endpoint) -> None:
        endpoint.says = [text]
        for name, value in more.items():
            setattr(endpoint, name, value)

    return misbehave


def refuses(status: int, **error: object) -> Callable[[Endpoint], None]:
    def misbehave(endpoint: Endpoint) -> None:
        endpoint.status, endpoint.error = status, {"message": "sk-secret", "type": "x"} | error

    return misbehave


def down(endpoint: Endpoint) -> None:
    endpoint.shutdown()
    endpoint.socket.close()


# How it misbehaves · what it is set up with · what the reader is told · how often it is asked.
FAULTS: dict[str, tuple[Callable[[Endpoint], None], dict[str, object], str, int]] = {
    "no key": (says(GOOD), {"base_url": None}, "needs a key, and none is set", 0),
    "wrong key": (refuses(401), {"api_key": "sk-secret"}, "did not let us in", 1),
    "no right to it": (refuses(403), {"api_key": "sk-secret"}, "did not let us in", 1),
    "unknown model": (refuses(404), {}, "is not there under its name", 1),
    "unknown provider": (says(GOOD), {"model": "nobody:small"}, "is not set up rightly", 0),
    "no provider": (says(GOOD), {"model": "small"}, "is not set up rightly", 0),
    "package missing": (says(GOOD), {"model": "ollama:small"}, "is not installed here", 0),
    "no such endpoint": (says(GOOD), {"base_url": "http://127.0.0.1:9/v1"}, "could not be reached", 0),
    "down": (down, {}, "could not be reached", 0),
    "slow": (says("", hang=True), {"timeout": 1.0}, "took too long", 1),
    "signs of life and no words": (says("", heartbeat=True), {"timeout": 1.0}, "took too long", 1),
    "429": (refuses(429), {}, "has too much to do", model.MOST_TRIES),
    "429 without credit": (refuses(429, code="insufficient_quota"), {}, "account with the language model is used up", 1),
    "500": (refuses(500), {}, "The language model failed", model.MOST_TRIES),
    "503": (refuses(503), {}, "The language model failed", model.MOST_TRIES),
    "a bad request": (refuses(400), {}, "is not set up rightly", 1),
    "cut before a word": (says("", cut=True), {}, "could not be reached", model.MOST_TRIES),
    "cut in the first sentence": (says("Bo Lund says that", cut=True), {}, "The language model broke off", 1),
    "no JSON": (says("", raw="data: {not json}\n\n"), {}, "gave no answer that can be read", 1),
    "no choices": (says("", raw='data: {"choices": null}\n\n'), {}, "gave no answer", 1),
    "an error in the stream": (
        says("", raw='data: {"error": {"message": "sk-secret"}}\n\n'), {}, "The language model failed", model.MOST_TRIES,
    ),
    "a list": (says("", raw="data: []\n\n"), {}, "gave no answer that can be read", 1),
    "empty": (says(""), {}, "gave no answer", 1),
    "only spaces": (says(" \n "), {}, "gave no answer", 1),
    "filtered while it writes": (says("Bo Lund", finish="content_filter"), {}, "own filter stopped the answer", 1),
    "filtered before it writes": (refuses(400, code="content_filter"), {}, "own filter stopped the answer", 1),
    "context too long": (refuses(400, code="context_length_exceeded"), {}, "too long for the language model", 1),
    "context too long, as llama.cpp says it": (
        refuses(400, message="the request exceeds the available context size"), {}, "too long for the language model", 1,
    ),
    "too dear": (says(GOOD), {"max_tokens": 10}, "more than one answer may take", 0),
    "too dear in money": (
        says(GOOD), {"price_input": 1000.0, "max_cost": 0.01}, "more than one answer may take", 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_leaves_a_clear_line_the_speakers_words_and_the_conversation(
    endpoint: Endpoint, folder: Path, fault: str
) -> None:
    misbehave, changes, words, tries = FAULTS[fault]
    misbehave(endpoint)
    settings = endpoint.settings(**changes)
    tries += "context" in fault  # half of the passages are tried then
    texts, answer = ask(Assistant.open(folder, settings), QUESTION)
    assert words in texts[0] and texts[0].endswith("chosen without it.")
    assert not [secret for secret in SECRETS if secret in answer.answer]
    assert (answer.verdict, answer.writer, answer.model) == ("answered", "extractive", settings.model)
    assert UMBRELLA in answer.answer and answer.citations[0].quote == UMBRELLA
    for citation in answer.citations:
        episode = Library.open(folder).episode(citation.episode)
        assert check_quote(citation.quote, citation.speaker, episode)[0] == "verified"
    assert len(endpoint.asked) == tries
    # The next question of the conversation goes its way, with what was said before it.
    history = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": answer.answer}]
    texts, answer = ask(Assistant.open(folder, Settings()), "And what did he say about a kettle?", history)
    assert answer.verdict == "answered" and "Bo Lund" in answer.asked and "kettle" in answer.answer


def test_every_kind_of_fault_is_in_the_table() -> None:
    told = {kind for kind, words in faults.WORDS.items() if any(row[2] in words for row in FAULTS.values())}
    assert told == set(faults.WORDS)


def test_a_stream_cut_after_a_sentence_keeps_it_and_gives_the_rest_in_the_speakers_words(
    endpoint: Endpoint, folder: Path
) -> None:
    endpoint.says, endpoint.cut = ["Bo Lund soldered a ring of tin around the spout of the kettle [1]. Bo Lund"], True
    settings = endpoint.settings(reader="embedded")
    texts, answer = ask(Assistant.open(folder, settings), "How did Bo Lund mend the spout of the kettle?")
    assert texts[0] == "Bo Lund soldered a ring of tin around the spout of the kettle [1]."
    assert (answer.writer, answer.citations[0].n) == ("llm", 1)
    if len(texts) > 1:
        assert texts[1] == "The language model broke off, so the rest is in the speakers' own words."
    assert [citation.n for citation in answer.citations] == list(range(1, len(answer.citations) + 1))


# Trying again


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_is_waited_for(endpoint: Endpoint, folder: Path, status: int) -> None:
    endpoint.refusals, endpoint.says = [status, status], [GOOD]
    texts, answer = ask(Assistant.open(folder, endpoint.settings()), QUESTION)
    assert texts == [GOOD] and answer.writer == "llm"
    assert len(endpoint.asked) == 3


def pieces(settings: Settings, **given: object) -> str:
    return "".join(ask_model(settings, {"question": "Why?", "quotes": "[1] …"}, prompt="answer", **given))  # type: ignore[arg-type]


def test_the_endpoint_says_how_long_to_wait(endpoint: Endpoint) -> None:
    endpoint.refusals, endpoint.headers, endpoint.says = [429], {"Retry-After": "1"}, ["Because."]
    started = time.monotonic()
    assert pieces(endpoint.settings()) == "Because."
    assert time.monotonic() - started >= 1


@pytest.mark.parametrize("after", ["60", formatdate(time.time() + 3600, usegmt=True)], ids=["seconds", "a date"])
def test_a_wait_beyond_the_answers_time_is_not_begun(endpoint: Endpoint, after: str) -> None:
    endpoint.status, endpoint.headers = 429, {"Retry-After": after}
    with pytest.raises(ModelFault, match="too much to do"):
        pieces(endpoint.settings(timeout=20.0))
    assert len(endpoint.asked) == 1


def test_waits_grow_and_are_never_the_same(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "FIRST_WAIT", 0.1)
    monkeypatch.setattr(model, "JITTER", 0.05)
    slept: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", slept.append)
    endpoint.status = 503
    with pytest.raises(ModelFault):
        pieces(endpoint.settings())
    assert len(slept) == model.MOST_TRIES - 1
    for wait, least in zip(slept, (0.1, 0.2, 0.4), strict=True):
        assert least <= wait <= least + 0.05
    assert len({round(wait % 0.1, 9) for wait in slept}) == len(slept)


def test_nothing_is_asked_again_once_a_word_has_come(endpoint: Endpoint) -> None:
    endpoint.says, endpoint.cut = ["Because"], True
    with pytest.raises(ModelFault, match="broke off"):
        pieces(endpoint.settings())
    assert len(endpoint.asked) == 1


# What one answer may take


def test_the_reply_may_have_what_is_left_of_the_budget(endpoint: Endpoint) -> None:
    endpoint.says = ["Because."]
    pieces(endpoint.settings(), allowance=Allowance(20, tokens=500))
    assert endpoint.asked[0]["max_completion_tokens"] == 500
    pieces(endpoint.settings())
    assert "max_completion_tokens" not in endpoint.asked[1]


def test_money_buys_so_many_tokens() -> None:
    settings = Settings(model="openai:small", price_input=1.0, price_output=10.0, max_cost=0.01, max_tokens=10**9)
    allowance = Allowance.left(settings, seconds=1, taken={"input": 1000, "output": 500})
    assert allowance.money == pytest.approx(0.01 - 0.001 - 0.005)
    assert allowance.reply(settings, characters=3000) == 300  # 4,000 millionths less 1,000 for reading, at 10 each
    with pytest.raises(ModelFault, match="more than one answer may take"):
        allowance.reply(settings, characters=12_000)


def test_an_endpoint_that_does_not_count_is_left_when_it_runs_on(endpoint: Endpoint) -> None:
    endpoint.says, endpoint.hang = ["word " * 40] * 50, True
    told: list[tuple[int, int, bool]] = []
    reply = pieces(endpoint.settings(), allowance=Allowance(20, tokens=100), spent=lambda *tokens: told.append(tokens))
    assert len(reply) <= model.RUNS_ON * model.CHARACTERS_A_TOKEN * 100 + 200
    ((read, wrote, by_endpoint),) = told
    assert not by_endpoint and read > 100 and wrote == -(-len(reply) // model.CHARACTERS_A_TOKEN)


def test_tokens_and_cost_are_in_the_answer_and_its_json(endpoint: Endpoint, folder: Path) -> None:
    endpoint.says, endpoint.usage = [GOOD], {"prompt_tokens": 800, "completion_tokens": 20, "total_tokens": 820}
    _, answer = ask(Assistant.open(folder, endpoint.settings(price_input=1.0, price_output=10.0)), QUESTION)
    assert answer.to_json()["tokens"] == {"input": 800, "output": 20}
    assert answer.to_json()["cost"] == pytest.approx(0.001)
    assert answer.to_json()["model"] == "openai:small"
    _, plain = ask(Assistant.open(folder, Settings()), QUESTION)
    assert (plain.to_json()["tokens"], plain.to_json()["cost"], plain.to_json()["model"]) == (None, None, None)


def test_a_context_that_is_too_small_gets_the_better_half_of_the_quotes(endpoint: Endpoint, folder: Path) -> None:
    endpoint.refusals, endpoint.error = [400], {"message": "x", "code": "context_length_exceeded"}
    endpoint.says = [GOOD]
    texts, answer = ask(
        Assistant.open(folder, endpoint.settings(quotes=4, reader="embedded")),
        "What did Bo Lund say about a kettle and an umbrella?",
    )
    given = [sent["messages"][1]["content"].count("episode: ") for sent in endpoint.asked]
    assert len(given) == 2 and given[1] == given[0] // 2 >= 1
    assert answer.writer in ("llm", "extractive") and "too long" not in texts[0]


def test_azure_is_asked_at_its_own_address(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")
    endpoint.says = ["Because."]
    address = f"http://127.0.0.1:{endpoint.server_port}"
    assert pieces(Settings(model="azure_openai:ours", base_url=address, api_key="azure-key")) == "Because."
    assert endpoint.paths == ["/openai/deployments/ours/chat/completions?api-version=2024-10-21"]


@pytest.mark.parametrize(
    "name", ["gpt-5-pro", "gpt-5.2-pro-mine", "o1-pro", "o3-pro", "our-codex", "codex", "gpt-5.6-sol", "gpt-5", "small"]
)
def test_an_endpoint_of_ones_own_is_asked_for_chat_completions_whatever_the_model_is_called(
    endpoint: Endpoint, name: str
) -> None:
    endpoint.says = ["Because."]
    assert pieces(endpoint.settings(model=f"openai:{name}")) == "Because."
    assert endpoint.paths == ["/v1/chat/completions"] and endpoint.asked[0]["model"] == name


def test_a_name_and_password_in_the_address_are_sent_as_a_login_and_stand_in_no_log(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    endpoint.says = ["Because."]
    address = f"http://nell:pass%20word@127.0.0.1:{endpoint.server_port}/v1"
    assert pieces(endpoint.settings(base_url=address)) == "Because."
    assert base64.b64decode((endpoint.keys[0] or "").removeprefix("Basic ")) == b"nell:pass word"
    assert "POST" in caplog.text, "the client tells whom it asks"
    assert not [told for told in ("nell", "pass%20word", "pass word") if told in caplog.text]
