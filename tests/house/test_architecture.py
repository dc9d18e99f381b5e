"""Who may import whom, who reads the environment, what is never used, and what a cold start must not load."""

from __future__ import annotations

import ast
import re
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("app", "ui", "rag", "eval", "index", "prompts")
# What stands on what: a room imports from its own floor's file, never from the side, and from the floors under it.
# A name with a dot is a room (a folder) or a file of its own; files of one room may import each other, in no circle.
FLOORS = (
    ("prompts", "index.plain", "index.web", "index.episode"),
    ("index.errors",),
    ("index.formats", "index.search"),
    ("index.speakers", "index.interviews"),
    ("index.reading",),
    ("index.corrections",),
    ("index.library",),
    ("rag.settings", "rag.answer", "rag.prose", "rag.english", "rag.as_json", "rag.halting"),
    ("rag.model", "rag.draft", "rag.review"),
    ("rag.question", "rag.reader"),
    ("rag.evidence",),
    ("rag.gate",),
    ("rag.writing",),
    ("rag.assistant",),
    ("rag.search", "rag.langchain"),
    ("eval.sets",),
    ("eval.run",),
    ("eval.report", "eval.studies"),
    ("eval.fit", "eval.command", "eval.__main__"),
    ("ui.words", "ui.door"),
    ("ui.shared", "ui.api"),
    ("ui.listeners",),
    ("ui.staff",),
    ("ui.site",),
    ("ui.serve",),
    ("ui.terminal",),
    ("app",),
)
MOST_FILES = 16  # of code in one folder
PICKLES = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "jsonpickle"}
HEAVY = ("torch", "sentence_transformers", "transformers", "gradio", "langchain_core", "langchain", "openai")
VARIABLE = re.compile(r"(VERBATIM|OPENAI)_[A-Z_]+")


def our_files() -> list[Path]:
    return [ROOT / "app.py", *(file for room in OURS[1:] for file in sorted((ROOT / room).rglob("*.py")))]


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def imported(file: Path) -> Iterator[str]:
    """Every module that a file imports, at its top or inside a function."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(file)}:{node.lineno}: imports are absolute"
            yield node.module or ""


def environment_keys(file: Path) -> Iterator[str]:
    """The variables that a file takes from the environment; `*` where it takes the whole of it."""
    tree = parsed(file)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv"):
            around = parents[node]
            if isinstance(around, ast.Subscript):
                key = around.slice
            elif isinstance(around, ast.Attribute) and isinstance(call := parents[around], ast.Call):
                key = call.args[0]
            else:
                key = around.args[0] if isinstance(around, ast.Call) and around.func is node else None
            yield key.value if isinstance(key, ast.Constant) else "*"


def room_of(module: str) -> str:
    """The entry of FLOORS that a module belongs to."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] in ("index", "rag", "eval", "ui") else parts[0]


MODULES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in our_files()
}
FLOOR_OF = {room: number for number, floor in enumerate(FLOORS) for room in floor}


def imported_modules(file: Path) -> set[str]:
    """Those of our own modules that a file imports; a name that is taken from a package counts as the module it is."""
    found = set()
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.ImportFrom):
            submodules = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys()
            found |= submodules
            if len(submodules) < len(node.names):
                found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & MODULES.keys()


def test_every_file_stands_on_a_floor():
    rooms = {room_of(module) for module, file in MODULES.items() if file.name != "__init__.py" or any(imported(file))}
    assert rooms - {"eval"} == set(FLOOR_OF) & rooms, "name the room in FLOORS"


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module):
    room = room_of(module)
    assert "eval" not in set(imported(MODULES[module])), "it would hide the builtin; import from a module of it"
    if room not in FLOOR_OF:
        return
    upward = [
        other
        for other in imported_modules(MODULES[module])
        if room_of(other) != room and FLOOR_OF[room_of(other)] >= FLOOR_OF[room]
    ]
    assert not upward, f"{module} stands under or beside {upward}"


def test_no_imports_go_round_in_a_circle():
    under = {module: imported_modules(file) for module, file in MODULES.items()}
    done: set[str] = set()

    def walk(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " → ".join((*path[path.index(module) :], module))
        if module not in done:
            for other in under[module]:
                walk(other, (*path, module))
            done.add(module)

    for module in under:
        walk(module, ())


def test_no_folder_is_a_heap():
    folders = Counter(file.parent for file in our_files() if file.name != "__init__.py")
    assert not {str(folder): count for folder, count in folders.items() if count > MOST_FILES}


@pytest.mark.parametrize("file", our_files(), ids=name_of)
def test_nothing_is_pickled(file):
    assert not {module.split(".")[0] for module in imported(file)} & PICKLES
    assert not [node for node in ast.walk(parsed(file)) if isinstance(node, ast.keyword) and node.arg == "allow_pickle"]


@pytest.mark.parametrize("file", our_files(), ids=name_of)
def test_settings_come_from_the_environment_in_one_place(file):
    name = name_of(file)
    if name == "rag/settings.py":
        return
    keys = set(environment_keys(file))
    assert not [key for key in keys if VARIABLE.match(key)]
    strings = [node.value for node in ast.walk(parsed(file)) if isinstance(node, ast.Constant)]
    assert not [text for text in strings if isinstance(text, str) and VARIABLE.fullmatch(text)]
    if name.startswith(("index/", "rag/", "prompts/")):
        assert keys <= ({"XDG_CACHE_HOME"} if name == "index/search/onnx_export.py" else set())


def test_a_cold_question_loads_nothing_heavy():
    script = "import ui.terminal.cli, rag.assistant, sys; print(' '.join(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {module.split(".")[0] for module in ran.stdout.split()}
    assert "rag" in loaded
    assert not loaded & set(HEAVY)


def test_help_loads_nothing_at_all_of_the_search():
    script = "import sys, ui.terminal.cli as cli\ntry: cli.main(['ask', '--help'])\nexcept SystemExit: pass\nprint(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {module.split(".")[0] for module in ran.stdout.split()} & {*HEAVY, "faiss", "numpy", "onnxruntime"}


def test_every_package_that_is_imported_is_shipped():
    import tomllib

    from setuptools import find_packages

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    packages = {name_of(file.parent).replace("/", ".") for file in our_files() if file.parent != ROOT}
    assert packages <= set(find_packages(str(ROOT), include=settings["packages"]["find"]["include"]))
    assert settings["py-modules"] == ["app"]


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_a_test_that_reaches_for_another_machine_fails(host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as sock, pytest.raises(pytest.fail.Exception, match="no network"):
        sock.connect((host, 80))
    with pytest.raises(pytest.fail.Exception, match="no network"):
        socket.getaddrinfo("example.org", 80)
