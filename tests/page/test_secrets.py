"""No secret of the settings leaves the process: not in an output, a log, an error, a report, a page or an interface."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from endpoint import Endpoint
from screens import LISTENERS, STAFF, STAFF_SCREENS, Screens
from staff import KETTLE, small_library

from eval.report.report import report_html, report_table
from eval.report.view import view_of
from eval.run.measure import Options
from eval.run.runner import evaluate
from eval.sets.questions import SetQuestion
from index.library import Library
from rag.assistant import Assistant
from rag.settings import SECRETS, Serving, Settings, variable_of
from ui.staff import runs
from ui.staff.evaluate import shown
from ui.terminal.cli import main

QUESTION = "What did Ben Tull say about an umbrella?"
ASKED = SetQuestion("q1", QUESTION, "fact", "answered", ())
SECRET_FIELDS = sorted(SECRETS)
OF_ANSWERING = [setting.name for setting in fields(Settings) if setting.name in SECRETS]


def sentinel(name: str) -> str:
    return f"sentinel-of-{name.replace('_', '-')}"


@pytest.fixture
def secret(endpoint: Endpoint) -> Settings:
    """Settings with a sentinel in every secret field, and an endpoint that refuses the key and says it aloud."""
    values: dict[str, Any] = {name: sentinel(name) for name in OF_ANSWERING}
    login = f"{sentinel('base_url')}:{quote(sentinel('base_url') + '@/', safe='')}"
    values["base_url"] = f"http://{login}@127.0.0.1:{endpoint.server_port}/v1"
    aloud = " ".join([*map(sentinel, OF_ANSWERING), values["base_url"]])
    endpoint.status = 401
    endpoint.error = {"message": f"Incorrect API key provided: {aloud}", "type": "x", "code": aloud}
    endpoint.headers = {"x-key": sentinel("api_key")}
    return endpoint.settings(**values)


@pytest.fixture
def staffed() -> Serving:
    """The same for serving: a sentinel in every secret field."""
    return Serving(**{name: sentinel(name) for name in SECRET_FIELDS if name not in OF_ANSWERING})


@pytest.fixture
def environment(secret: Settings, staffed: Serving, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The same settings, given by the environment."""
    for name in ("model", *SECRET_FIELDS):
        monkeypatch.setenv(variable_of(name), str(getattr(secret if hasattr(secret, name) else staffed, name)))
    return secret


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.open(small_library(tmp_path))


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    nothing_secret(
        caplog.text, "\n".join(str(record.__dict__) for record in caplog.records if record.name.startswith(OURS))
    )


OURS = ("rag", "ui", "index", "eval", "app")


def nothing_secret(*outputs: object, but: str = "") -> None:
    """`but`: the one field that whoever sees the outputs has typed in themselves."""
    text = "\n".join(output if isinstance(output, str) else json.dumps(output, default=str) for output in outputs)
    for name in SECRET_FIELDS:
        for way in (sentinel(name), quote(sentinel(name)), sentinel(name).upper()):
            at = text.find(way)
            assert name == but or at < 0, f"the {name} stands in: …{text[max(0, at - 200) : at + 80]}"


def test_the_fields_that_hold_a_secret_are_marked() -> None:
    assert {"api_key", "base_url", "staff_user", "staff_password"} <= set(SECRET_FIELDS)
    named = {setting.name for kind in (Settings, Serving) for setting in fields(kind)}
    assert not {
        name
        for name in named
        if any(part in name for part in ("key", "password", "secret", "token"))
        and name not in SECRET_FIELDS
        and name != "max_tokens"
    }


def test_what_leaves_the_process_says_only_that_a_secret_is_set(secret: Settings, staffed: Serving) -> None:
    for kind in (secret, staffed):
        public, names = kind.public(), [setting.name for setting in fields(kind)]
        assert list(public) == names
        assert {public[name] for name in names if name in SECRETS} == {"set"}
        unset = type(kind)().public()
        assert not any(unset[name] for name in names if name in SECRETS)
        nothing_secret(repr(kind), f"{kind}", f"{kind!r}", "%s" % kind, str([kind]), str({1: kind}), public)  # noqa: UP031
    assert secret.public()["model"] == "openai:small" and staffed.public()["port"] == 7860


@pytest.mark.parametrize("name", OF_ANSWERING)
def test_a_text_of_somebody_elses_is_shown_without_the_secret(secret: Settings, name: str) -> None:
    hidden = secret.hidden_in(f"refused: {getattr(secret, name)}, {sentinel(name)}; try again")
    assert hidden.startswith("refused: [hidden]") and hidden.endswith("; try again")
    nothing_secret(hidden)
    assert Settings(api_key="x").hidden_in("an axe") == "an axe"


def test_a_run_its_report_and_its_screen_hold_no_secret(secret: Settings, library: Library) -> None:
    assistant = Assistant.open(library.folder, secret)
    result = evaluate(assistant, [ASKED], secret, options=Options(), resume_in=library.folder / "unfinished")
    view = view_of(result, None, ())
    nothing_secret(result, report_html(result), report_table(result), {**view, "plots": None})
    runs._written(library.folder / runs.RUNS / "20260101-000000.json", json.dumps(result).encode())
    nothing_secret(*map(str, shown(library, "20260101-000000").values()))
    assert result["made_by"]["settings"]["api_key"] == "set"
    assert not set(result["made_by"]["settings"]) - {setting.name for setting in fields(Settings)}
    assert "did not let us in" in result["questions"][0]["answer"], "the model was asked, and refused"


def test_a_report_of_an_older_versions_result_hides_what_that_version_wrote(library: Library) -> None:
    result = evaluate(Assistant(library), [ASKED], Settings())
    result["made_by"]["settings"] |= {name: sentinel(name) for name in SECRET_FIELDS}
    nothing_secret(report_html(result), report_table(result))


def test_a_question_that_fails_says_why_without_a_secret(
    secret: Settings, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    assistant = Assistant(library, secret)

    def breaks(*given: object, **more: object) -> None:
        raise RuntimeError(f"no connection to {secret.base_url} with {secret.api_key}")

    monkeypatch.setattr(assistant.retriever, "candidates", breaks)
    result = evaluate(assistant, [ASKED], secret)
    assert "RuntimeError: no connection to [hidden]" in result["questions"][0]["error"]
    nothing_secret(result, report_html(result))


def commands(library: Library, folder: Path) -> list[list[str]]:
    questions = folder / "questions.jsonl"
    questions.write_text(json.dumps({"id": "q1", "question": QUESTION, "kind": "fact", "verdict": "not_said"}) + "\n")
    history = folder / "history.json"
    history.write_text(
        json.dumps([{"role": "user", "content": QUESTION}, {"role": "assistant", "content": KETTLE[2][1]}])
    )
    at = ["--library", str(library.folder)]
    report = ["--report", str(folder / "report"), "--json", str(folder / "result.json")]
    return [
        ["ask", QUESTION, *at], ["ask", QUESTION, "--json", *at], ["ask", "", *at],
        ["ask", "And what did he say about an umbrella?", "--history", str(history), "--json", *at],
        ["search", "kettle", "--json", *at], ["search", "kettle", "--csv", *at], ["search", "kettle", "--exact", "--sheet", *at],
        ["episodes", "--json", *at], ["show", "kettle", "--json", *at], ["show", "nowhere", *at],
        ["speakers", "bellows", "--json", *at], ["correct", "kettle", "--json", *at], ["feedback", "--json", *at],
        ["check", *at], ["add", str(folder / "transcripts"), "--speakers", "model", *at],
        ["add", str(folder / "nowhere"), *at], ["eval", "--questions", str(questions), *report, *at],
        ["eval", "--questions", str(questions), "--judge", "--compare", str(folder / "result.json"), *at],
        ["remove", "lantern", *at], ["ask", QUESTION, "--library", str(folder / "none")],
        *([command, "--help"] for command in ("ask", "search", "episodes", "show", "speakers", "correct", "feedback", "check",
                                               "add", "eval", "remove", "serve")), ["--help"], ["ask"],
    ]  # fmt: skip


def test_no_command_prints_or_writes_a_secret(
    environment: Settings,
    endpoint: Endpoint,
    library: Library,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = []
    for command in commands(library, tmp_path):
        try:
            done.append(main(command))
        except SystemExit as ended:
            done.append(ended.code)
        told = capsys.readouterr()
        nothing_secret(told.out, told.err)
    assert set(done) <= {0, 1, 2, 3} and done.count(0) > 20
    for file in tmp_path.rglob("*"):
        if file.is_file():
            nothing_secret(file.read_bytes().decode("utf-8", "replace"))
    assert len(endpoint.asked) > 4, "the model was asked, and refused"
    assert (tmp_path / "result.json").exists() and (tmp_path / "report" / "report.html").exists()


def test_a_setting_that_cannot_be_meant_is_refused_without_the_others(
    environment: Settings, capsys: Any, monkeypatch: Any
) -> None:
    monkeypatch.setenv("VERBATIM_PORT", "none")
    assert main(["episodes"]) == 1
    nothing_secret(*capsys.readouterr())


@pytest.mark.slow
def test_no_page_and_no_interface_shows_a_secret(
    secret: Settings, staffed: Serving, library: Library, endpoint: Endpoint, capfd: pytest.CaptureFixture[str]
) -> None:
    screens = Screens(library, staffed, secret)
    for address in ("/", "/config", "/gradio_api/info", "/nowhere", "/audio/kettle", "/gradio_api/call/ask"):
        screens.ask("GET", address)
    screens.opened(LISTENERS, "?q=kettle")
    for name, given in (
        ("ask", {"question": QUESTION}),
        ("search", {"topic": "kettle"}),
        ("transcript", {"episode": "nowhere"}),
    ):
        screens.api(name, **given)
    assert endpoint.asked, "the model was asked, and refused"
    listeners = [*screens.seen]
    for name in STAFF_SCREENS:
        screens.page(f"{STAFF}/{name}")
    screens.opened(STAFF, "?q=kettle&id=kettle&name=Ben Tull&topic=kettle")
    nothing_secret(*listeners[1:], *capfd.readouterr())
    nothing_secret(*screens.seen, but="staff_user")
