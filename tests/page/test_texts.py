"""The words of the screens: whoever shows one gives exactly what its braces name, and every state that there is has its words."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args

import pytest

from index.episode import Role, SpeakerSource, TimeSource
from index.library.feedback import FeedbackKind
from rag.answer import Asked, Verdict
from ui.words import evaluate, staff
from ui.words.listeners import IN_THE_BROWSER, TEXT, said

UI = Path(__file__).resolve().parents[2] / "ui"
OF_STAFF = {"staff": staff, "evaluate": evaluate}


def named_in(words: object) -> set[str]:
    """The names in the braces of a text."""
    return {name for _, name, _, _ in string.Formatter().parse(words) if name is not None} if isinstance(words, str) else set()


class Source:
    """A file of `ui/`: its calls and its uses of the modules of words, each with the line that it stands in."""

    def __init__(self, file: Path) -> None:
        self.name = file.name
        tree = ast.parse(file.read_text(encoding="utf-8"))
        self.nodes = list(ast.walk(tree))
        self.parent = {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}

    def of_listeners(self) -> Iterator[tuple[str, ast.Call, str | None]]:
        """Each call of `said` with each key that it may be for; None where the key is known only when it is shown."""
        for node in self.nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "said":
                key = node.args[0]
                for way in (key.body, key.orelse) if isinstance(key, ast.IfExp) else (key,):
                    yield f"{self.name}:{node.lineno}", node, way.value if isinstance(way, ast.Constant) else None

    def of_staff(self) -> Iterator[tuple[str, str, object, set[str] | None]]:
        """Each word of the staff's screens: where, its name, what it is, and the fields that are given; None: it isn't filled."""
        modules: dict[str, ModuleType] = {
            alias.asname or alias.name: OF_STAFF[alias.name]
            for node in self.nodes
            if isinstance(node, ast.ImportFrom) and node.module == "ui.words"
            for alias in node.names
            if alias.name in OF_STAFF
        }
        for node in self.nodes:
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
                above = self.parent[node]
                call = self.parent[above] if isinstance(above, ast.Attribute) and above.attr == "format" else None
                given = fields_of(call) if isinstance(call, ast.Call) else None
                yield f"{self.name}:{node.lineno}", node.attr, getattr(modules[node.value.id], node.attr), given


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


SOURCES = [Source(file) for file in sorted(UI.rglob("*.py"))]


def test_every_text_of_the_listeners_page_is_given_what_its_braces_name() -> None:
    calls = [call for source in SOURCES for call in source.of_listeners()]
    wrong = [
        f"{where}: {key} wants {sorted(named_in(TEXT[key]))}, gets {sorted(fields_of(call))}"
        for where, call, key in calls
        if key is not None and named_in(TEXT[key]) != fields_of(call)
    ]
    assert not wrong, "\n".join(wrong)
    assert not [where for where, call, key in calls if key is None and fields_of(call)], "a text that can't be checked here"
    filled = {key for _, _, key in calls if key}
    assert not {key for key, words in TEXT.items() if named_in(words)} - filled, "braces that nobody fills by name"


def test_every_word_of_the_staffs_screens_is_given_what_its_braces_name() -> None:
    uses = [use for source in SOURCES for use in source.of_staff()]
    assert len(uses) > 150
    wrong = [
        f"{where}: {name} wants {sorted(named_in(words))}, gets {given if given is None else sorted(given)}"
        for where, name, words, given in uses
        if named_in(words) != (given or set())
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("key", TEXT)
def test_a_text_is_filled_and_no_brace_is_left(key: str) -> None:
    braces = [name for _, name, _, _ in string.Formatter().parse(TEXT[key]) if name is not None]
    filled = said(key, **dict.fromkeys(braces, "{seven}"))
    assert filled.count("{seven}") == len(braces) and "{" not in filled.replace("{seven}", "")


@pytest.mark.parametrize("key", [key for key, words in TEXT.items() if named_in(words)])
def test_a_text_that_is_not_filled_is_an_error_and_not_shown_with_its_braces(key: str) -> None:
    with pytest.raises(KeyError):
        said(key)


def test_what_the_browser_says_by_itself_has_no_braces() -> None:
    assert not [key for key in IN_THE_BROWSER if named_in(TEXT[key])]


@pytest.mark.parametrize(
    ("words", "states"),
    [
        (evaluate.SPEAKER_SOURCES, SpeakerSource),
        (evaluate.TIME_SOURCES, TimeSource),
        (evaluate.FEEDBACK_KINDS, FeedbackKind),
        (evaluate.VERDICT_NAMES, Verdict),
        (staff.ROLES, Role),
        (staff.ASKED, Asked),
        (staff.ASKED_TITLE, Asked),
        (staff.STATES, Literal["active", "undone", "unplaced"]),
        ({key: TEXT[key] for key in TEXT if key in get_args(Verdict)} | {"answered": ""}, Verdict),
    ],
)
def test_every_state_has_its_words(words: dict[str, str], states: Any) -> None:
    assert set(get_args(states)) <= set(words)


def test_the_modules_of_words_are_those_that_are_checked() -> None:
    assert {file.stem for file in (UI / "words").glob("*.py")} - {"__init__"} == {"listeners", *OF_STAFF}
