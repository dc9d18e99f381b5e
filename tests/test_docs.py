"""The README is true: its commands, its tree, its settings, its examples, its links."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import inspect
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from eval.sets.readers import read_set
from index.formats import parse
from index.formats.front_matter import metadata_from_mapping
from index.formats.parsed import Metadata
from index.library import Library
from index.reading.read import read_episode
from rag.answer import Done
from rag.assistant import Assistant
from rag.evidence.check import check_quote
from rag.settings import Settings
from ui.terminal.cli import _parser

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
# Folders whose files are data: the tree has one line for each folder.
DATA_FOLDERS = ("samples/audio/", "samples/scripts/", "samples/transcripts/", "samples/truth/", "tests/data/")
LARGEST_PICTURE = 300_000  # bytes: the README opens with it


class Block(NamedTuple):
    """A fenced block of the README. `info` is what stands after the fence: "sh", "sh run", "json"."""

    info: str
    text: str
    line: int


def _blocks(*infos: str) -> list[Block]:
    found = re.finditer(r"^```([^\n`]*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    blocks = [Block(match[1].strip(), match[2], README.count("\n", 0, match.start()) + 1) for match in found]
    return [block for block in blocks if not infos or block.info in infos]


def _commands(block: Block) -> list[list[str]]:
    """The words of each command, without the variables set before it and the file that it writes to."""
    commands = []
    for line in block.text.splitlines():
        words = shlex.split(line, comments=True)
        while words and re.match(r"[A-Z_]+=", words[0]):
            words.pop(0)
        if ">" in words:
            words = words[: words.index(">")]
        if words:
            commands.append(words)
    return commands


def _lines_of(*infos: str) -> Any:
    return [pytest.param(words, id=" ".join(words)[:60]) for block in _blocks(*infos) for words in _commands(block)]


def _tracked() -> list[str]:
    """The files that git tracks, from the root. Skips where this is no checkout."""
    found = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip("not a git checkout")
    return [name for name in found.stdout.split("\0") if name and (ROOT / name).exists()]


# Commands


@pytest.mark.parametrize("words", _lines_of("sh", "sh run"))
def test_every_command_is_one_that_is_there(words: list[str]) -> None:
    program, *arguments = words
    name = Path(program).name
    if name == "verbatim":
        _parser().parse_args(arguments)
    elif name == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        assert set(arguments) <= set(targets)
    elif name in ("python", "python3") and arguments[0] == "-m":
        assert find_spec(arguments[1]) is not None
    elif name in ("python", "python3"):
        assert (ROOT / arguments[0]).is_file()
    else:
        assert name in ("pip", "ruff", "pytest", "export", "echo", "source"), f"{name}: teach this test what it is"


def test_the_commands_without_make_are_those_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    run = re.findall(r"^\t@?(\$\((?:BIN|PYTHON)\).*)$", makefile, re.MULTILINE)
    plain = {
        command.replace(" --quiet --disable-pip-version-check", "")
        .replace("$(BIN)", ".venv/bin")
        .replace("$(PYTHON)", "python3")
        .replace("$(VENV)", ".venv")
        for command in run
        if "-m eval speed" not in command
    }
    shown = {line for block in _blocks("sh") for line in block.text.splitlines()}
    assert plain <= shown, f"the README lacks: {sorted(plain - shown)}"


def test_every_command_of_the_terminal_door_is_in_the_readme() -> None:
    commands = next(action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction))
    assert set(commands.choices) == set(re.findall(r"^\| `verbatim (\w+)", README, re.MULTILINE))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like this one after `make run`: the samples, the questions, and a library without a model."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "samples").symlink_to(ROOT / "samples")
    (folder / "eval").symlink_to(ROOT / "eval")
    report = Library.create(folder / "library", "hashing").add([ROOT / "samples" / "transcripts"])
    assert not report.refused
    return folder


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VERBATIM_", "OPENAI_"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")])
    return kept | {"PATH": path, "VERBATIM_EMBEDDINGS": "hashing"}


@pytest.mark.parametrize("block", [pytest.param(b, id=f"line {b.line}") for b in _blocks("sh run", "python run")])
def test_a_block_that_is_to_be_run_runs(block: Block, prepared: Path, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    shutil.copytree(prepared, folder, symlinks=True)
    program = [sys.executable, "-c"] if block.info == "python run" else ["bash", "-euo", "pipefail", "-c"]
    done = subprocess.run(
        [*program, block.text], cwd=folder, env=_environment(), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, f"README.md:{block.line}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


# Examples


def _keys(value: Any) -> Any:
    """The keys of a JSON value, all the way down; a list is known by its first element."""
    if isinstance(value, dict):
        return {key: _keys(inner) for key, inner in value.items()}
    return [_keys(value[0])] if isinstance(value, list) and value else None


def _example(key: str) -> dict[str, Any]:
    return next(row for row in map(json.loads, (b.text for b in _blocks("json"))) if key in row)


def test_the_example_of_an_answer_has_the_fields_of_an_answer(prepared: Path) -> None:
    events = Assistant.open(prepared / "library", Settings()).ask(
        "What did Tobin say about the tidal barrier and the bell?"
    )
    answer = next(event.answer for event in events if isinstance(event, Done)).to_json()
    example = _example("verdict")
    assert list(example) == list(answer)
    assert list(example["searched"]) == list(answer["searched"])
    assert list(example["seconds"]) == list(answer["seconds"])
    citation = (answer["citations"] or answer["nearest"])[0]
    assert list(example["citations"][0]) == list(citation)


def test_the_quote_in_the_example_stands_where_it_says(prepared: Path) -> None:
    cited = _example("verdict")["citations"][0]
    episode = Library.open(prepared / "library").episode(cited["episode"])
    check, place = check_quote(cited["quote"], cited["speaker"], episode)
    assert (check, cited["check"]) == ("verified", "verified")
    assert place is not None
    assert round(episode.sentences[place.first].start or 0.0, 2) == cited["start"]
    assert f"“{cited['quote']}” [1]" in _example("verdict")["answer"]


def test_every_quote_of_the_printed_answer_is_in_the_samples(prepared: Path) -> None:
    printed = next(block.text for block in _blocks("text") if " said: “" in block.text)
    library = Library.open(prepared / "library")
    episodes = {summary.title: library.episode(summary.id) for summary in library.summaries()}
    quotes = dict(re.findall(r"“([^”]+)” \[(\d+)\]", printed))
    sources = dict(re.findall(r"^\[(\d+)\] (.+)$", printed, re.MULTILINE))
    assert quotes
    for quote, n in quotes.items():
        speaker = sources[n].split(" (")[0]
        title = next(title for title in episodes if f", {title}, " in sources[n])
        assert check_quote(quote, speaker, episodes[title])[0] == "verified", quote


def test_the_sidecar_example_is_taken_and_names_every_field() -> None:
    example = _example("audio")
    metadata = metadata_from_mapping(example, "README.md")
    left_out = [f.name for f in dataclasses.fields(Metadata) if getattr(metadata, f.name) is None]
    assert left_out == ["show_description"]
    assert {person.role for person in metadata.people} == {"host", "guest"}


def test_the_front_matter_example_is_read_with_its_people(tmp_path: Path) -> None:
    (block,) = _blocks("markdown")
    assert parse(block.text.encode(), "example.md").metadata.date == "2023-05-19"
    file = tmp_path / "example.md"
    file.write_text(block.text, encoding="utf-8")
    episode = read_episode(file)
    assert [(turn.speaker.name, turn.speaker.role) for turn in episode.turns if turn.speaker] == [
        ("Nell Havergate", "host"),
        ("Billie Strand", "guest"),
    ]


def test_the_question_set_example_is_one(tmp_path: Path, prepared: Path) -> None:
    (block,) = _blocks("jsonl")
    file = tmp_path / "questions.jsonl"
    file.write_text(block.text, encoding="utf-8")
    library = Library.open(prepared / "library")
    for asked in read_set(file).questions:
        for place in asked.gold:
            episode = library.episode(place.episode)
            assert place.text is None or check_quote(place.text, None, episode)[0] == "verified"


# Tables


def settings_table() -> str:
    """The settings as the README shows them, from the fields of Settings and the line under each."""
    (class_,) = ast.parse(inspect.getsource(Settings)).body
    assert isinstance(class_, ast.ClassDef)
    meanings = {
        field.target.id: line.value.value
        for field, line in zip(class_.body, class_.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(line, ast.Expr)
        and isinstance(line.value, ast.Constant)
    }
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for field in dataclasses.fields(Settings):
        default = "not set" if field.default is None else f"`{field.default}`"
        rows.append(f"| `VERBATIM_{field.name.upper()}` | {default} | {meanings[field.name]} |")
    return "\n".join(rows)


def test_the_table_of_settings_is_that_of_the_settings() -> None:
    assert settings_table() in README, f"README.md's table of settings should be:\n\n{settings_table()}\n"


# The tree


def _tree() -> list[str]:
    """The paths of the README's tree; folders end in "/"."""
    block = next(b for b in _blocks("text") if re.search(r"^Makefile {2,}", b.text, re.MULTILINE))
    folders: list[str] = []
    paths = []
    for line in block.text.splitlines():
        match = re.fullmatch(r"((?:  )*)(\S+)(?: {2,}(\S.*))?", line)
        assert match and match[3], f"README.md's tree: {line!r} is not a name and what it is for"
        depth = len(match[1]) // 2
        path = "".join(folders[:depth]) + match[2]
        if path.endswith("/"):
            folders[depth:] = [match[2]]
        paths.append(path)
    return paths


def test_every_file_is_in_the_tree() -> None:
    tree = set(_tree())
    missing = [
        name
        for name in _tracked()
        if name not in tree
        and not name.startswith(DATA_FOLDERS)
        and not (name.endswith("__init__.py") and not (ROOT / name).stat().st_size)
    ]
    wanted = "\n".join(f"  {name}: {_purpose(ROOT / name)}" for name in missing)
    assert not missing, f"The tree in README.md, under What is where, needs a line for each of:\n{wanted}"


def _purpose(file: Path) -> str:
    """The first line of a module's docstring, to help whoever writes its line; "…" for other files."""
    words = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) if file.suffix == ".py" else None
    return (words or "…").splitlines()[0]


def test_nothing_is_in_the_tree_that_is_not_there() -> None:
    tree = _tree()
    gone = [path for path in tree if not ((ROOT / path).is_dir() if path.endswith("/") else (ROOT / path).is_file())]
    assert not gone, f"README.md's tree names what is not there; take out: {', '.join(gone)}"
    assert len(tree) == len(set(tree)), "README.md's tree names a file twice"
    assert set(DATA_FOLDERS) <= set(tree)


# Links and pictures


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "samples/README.md"])
def test_links_to_files_and_headings_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in headings, target
        elif not re.match(r"https?:", target):
            assert (ROOT / name).parent.joinpath(target).exists(), target


def test_files_named_in_the_text_are_there() -> None:
    prose = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
    for name in re.findall(r"`((?:index|rag|ui|eval|prompts|samples|tests)/[\w./-]*)`", prose):
        assert (ROOT / name).exists(), name


def test_the_picture_of_the_page_is_small_enough_to_open_the_readme_with() -> None:
    assert "](docs/page.png)" in README
    assert (ROOT / "docs" / "page.png").stat().st_size < LARGEST_PICTURE


def test_no_text_file_names_a_folder_of_the_machine_it_was_written_on() -> None:
    private = re.compile(rb"(?<![\w.-])/(?:work|farm)/|(?<![\w)\]])[.]library\b")
    named = []
    for name in _tracked():
        data = (ROOT / name).read_bytes()
        if b"\0" in data or data.startswith(b"ID3"):
            continue
        lines = [data[: found.start()].count(b"\n") + 1 for found in private.finditer(data)]
        named += [f"{name}:{line}" for line in lines]
    assert not named, f"paths of one machine: {', '.join(named)}"
