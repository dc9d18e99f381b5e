"""The words of the screens: whoever shows one gives exactly what its braces name, and every state that there is has its words."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import pytest
from jinja2 import nodes

from index.episode import Role, SpeakerSource, TimeSource
from index.library.feedback import FeedbackKind
from rag.answer import Verdict
from rag.search.person import Prompted
from ui.shared.templates import ENVIRONMENT
from ui.words import evaluate, listeners, staff
from ui.words.form import Words
from ui.words.listeners import IN_THE_BROWSER

UI = Path(__file__).resolve().parents[2] / "ui"
WORDS: dict[str, Words] = {module.__name__: module.said for module in (listeners, staff, evaluate)}
EVERY = [(module, key) for module, words in WORDS.items() for key in words]


def named_in(words: str) -> set[str]:
    """The names in the braces of a text."""
    return {name for _, name, _, _ in string.Formatter().parse(words) if name is not None}


class Use(NamedTuple):
    """A call of `said`: where, of which module's words, for which key (None: known only when it is shown), what it fills in."""

    where: str
    module: str
    key: str | None
    fields: set[str]


def uses_in_code(file: Path) -> Iterator[Use]:
    """Every call of `said` in a file of `ui/`, with each key that it may be for."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    modules = {
        alias.asname or alias.name: node.module or ""
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module in WORDS
        for alias in node.names
        if alias.name == "said"
    }
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in modules:
            key = node.args[0]
            for way in (key.body, key.orelse) if isinstance(key, ast.IfExp) else (key,):
                known = way.value if isinstance(way, ast.Constant) else None
                yield Use(f"{file.name}:{node.lineno}", modules[node.func.id], known, fields_of(node))


def uses_in_templates(file: Path) -> Iterator[Use]:
    """Every call of `said` in the templates that a file of `ui/` takes its macros from, with that file's words."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    modules = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module in WORDS]
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "macros":
            template = call.args[0]
            assert isinstance(template, ast.Constant) and len(modules) == 1, f"{file.name}: whose words a template says"
            source = (UI / template.value).read_text(encoding="utf-8")
            for node in ENVIRONMENT.parse(source).find_all(nodes.Call):
                if isinstance(node.node, nodes.Name) and node.node.name == "said":
                    key = node.args[0]
                    for way in (key.expr1, key.expr2) if isinstance(key, nodes.CondExpr) else (key,):
                        known = way.value if isinstance(way, nodes.Const) else None
                        yield Use(
                            f"{template.value}:{node.lineno}", modules[0], known, {field.key for field in node.kwargs}
                        )


def fields_of(call: ast.Call) -> set[str]:
    """What a call gives by name, also in a dict that is spread out where it stands."""
    names: set[str] = set()
    for keyword in call.keywords:
        if keyword.arg is not None:
            names.add(keyword.arg)
        else:
            assert isinstance(keyword.value, ast.Dict), "only a dict that is written out can be checked here"
            names |= {key.value for key in keyword.value.keys if isinstance(key, ast.Constant)}
    return names


USES = [use for file in sorted(UI.rglob("*.py")) for use in (*uses_in_code(file), *uses_in_templates(file))]


def test_every_text_is_given_what_its_braces_name() -> None:
    assert len(USES) > 250
    known = [use for use in USES if use.key is not None]
    wrong = [
        f"{use.where}: {use.key} wants {sorted(named_in(WORDS[use.module][use.key]))}, gets {sorted(use.fields)}"
        for use in known
        if named_in(WORDS[use.module][use.key]) != use.fields
    ]
    assert not wrong, "\n".join(wrong)
    assert not [use.where for use in USES if use.key is None and use.fields], "a text that can't be checked here"
    filled = {(use.module, use.key) for use in known}
    unfilled = [key for module, key in EVERY if named_in(WORDS[module][key]) and (module, key) not in filled]
    assert not unfilled, "braces that nobody fills by name"


@pytest.mark.parametrize("module", WORDS)
def test_every_text_is_shown_somewhere(module: str) -> None:
    files = [*UI.rglob("*.py"), *UI.rglob("*.j2")]
    code = "\n".join(file.read_text(encoding="utf-8") for file in sorted(files) if "words" not in file.parts)
    assert not [key for key in WORDS[module] if not re.search(rf"[\"']{key}[\"']", code) and key not in IN_THE_BROWSER]


@pytest.mark.parametrize(("module", "key"), EVERY)
def test_a_text_is_filled_and_no_brace_is_left(module: str, key: str) -> None:
    words = WORDS[module]
    braces = [name for _, name, _, _ in string.Formatter().parse(words[key]) if name is not None]
    filled = words(key, **dict.fromkeys(braces, "{seven}"))
    assert filled.count("{seven}") == len(braces) and "{" not in filled.replace("{seven}", "")


@pytest.mark.parametrize(("module", "key"), [(module, key) for module, key in EVERY if named_in(WORDS[module][key])])
def test_a_text_that_is_not_filled_is_an_error_and_not_shown_with_its_braces(module: str, key: str) -> None:
    with pytest.raises(KeyError):
        WORDS[module](key)


def test_what_the_browser_says_by_itself_has_no_braces() -> None:
    assert not [key for key in IN_THE_BROWSER if named_in(listeners.said[key])]


@pytest.mark.parametrize(
    ("words", "states"),
    [
        (evaluate.SPEAKER_SOURCES, SpeakerSource),
        (evaluate.TIME_SOURCES, TimeSource),
        (evaluate.FEEDBACK_KINDS, FeedbackKind),
        (evaluate.VERDICT_NAMES, Verdict),
        (staff.ROLES, Role),
        (staff.ASKED, Prompted),
        (staff.ASKED_TITLE, Prompted),
        (staff.STATES, Literal["active", "undone", "unplaced"]),
        ({key: listeners.said[key] for key in listeners.said if key in get_args(Verdict)} | {"answered": ""}, Verdict),
    ],
)
def test_every_state_has_its_words(words: dict[str, str], states: Any) -> None:
    assert get_args(states) and set(get_args(states)) <= set(words)


def test_the_modules_of_words_are_those_that_are_checked() -> None:
    kept = {f"ui.words.{file.stem}" for file in (UI / "words").glob("*.py")}
    assert kept == {*WORDS, "ui.words.__init__", "ui.words.form"}
