"""Who may import whom, who reads the environment, what is never used, and what a cold start must not load."""

from __future__ import annotations

import ast
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("app", "ui", "rag", "eval", "index", "prompts")
MAY_IMPORT = {
    "index": {"index"},
    "prompts": {"prompts"},
    "rag": {"rag", "index", "prompts"},
    "ui/terminal/cli.py": {"rag", "index", "prompts", "app", "eval"},
    "eval": {"eval", "rag", "index", "prompts"},
    "ui": {"ui", "eval", "rag", "index"},
    "app": {"ui", "rag", "index"},
}
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


@pytest.mark.parametrize("file", our_files(), ids=name_of)
def test_dependencies_point_one_way(file):
    name = name_of(file)
    allowed = MAY_IMPORT.get(name) or MAY_IMPORT[name.split("/")[0].removesuffix(".py")]
    rooms = {module.split(".")[0] for module in imported(file)} & set(OURS)
    assert rooms <= allowed, f"{name} imports {rooms - allowed}"
    if name != "ui/terminal/cli.py":
        assert "ui.terminal.cli" not in set(imported(file)), "the terminal is a door, nothing stands on it"
    assert "eval" not in set(imported(file)), "it would hide the builtin; import from a module of it"


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
        assert keys <= ({"XDG_CACHE_HOME"} if name == "index/search/encoder.py" else set())


def test_a_cold_question_loads_nothing_heavy():
    script = "import rag.cli, rag.answer, sys; print(' '.join(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {module.split(".")[0] for module in ran.stdout.split()}
    assert "rag" in loaded
    assert not loaded & set(HEAVY)


def test_help_loads_nothing_at_all_of_the_search():
    script = "import sys, rag.cli\ntry: rag.cli.main(['ask', '--help'])\nexcept SystemExit: pass\nprint(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {module.split(".")[0] for module in ran.stdout.split()} & {*HEAVY, "faiss", "numpy", "onnxruntime"}


def test_every_package_that_is_imported_is_shipped():
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    packages = {name_of(file.parent).replace("/", ".") for file in our_files() if file.parent != ROOT}
    assert packages <= set(settings["packages"])
    assert settings["py-modules"] == ["app"]


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_a_test_that_reaches_for_another_machine_fails(host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as sock, pytest.raises(pytest.fail.Exception, match="no network"):
        sock.connect((host, 80))
    with pytest.raises(pytest.fail.Exception, match="no network"):
        socket.getaddrinfo("example.org", 80)
