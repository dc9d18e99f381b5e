"""The README and docs/ are true: their commands, examples, settings, files, names and links; what is generated is fresh."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from eval.__main__ import STUDIES
from eval.sets.readers import read_set
from index.formats import parse
from index.formats.front_matter import metadata_from_mapping
from index.formats.parsed import Metadata
from index.library import Library
from index.reading.read import read_episode
from rag.answer import Done
from rag.assistant import Assistant
from rag.evidence.check import check_quote
from rag.settings import Serving, Settings, variable_of
from ui.terminal.parser import argument_parser

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8")
    for file in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
}
README = PAGES["README.md"]
LONGEST_README = 200  # lines
ONE_SCREEN = 60  # lines
LARGEST_PICTURE = 300_000  # bytes: the README opens with them


class Block(NamedTuple):
    """A fenced block of a page. `info` is what stands after the fence: "sh", "sh run", "json"."""

    info: str
    text: str
    place: str


def _blocks(*infos: str) -> list[Block]:
    blocks = [
        Block(match[1].strip(), match[2], f"{page}:{text.count(chr(10), 0, match.start()) + 1}")
        for page, text in PAGES.items()
        for match in re.finditer(r"^```([^\n`]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    ]
    return [block for block in blocks if not infos or block.info in infos]


def _prose(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


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
    lines = {" ".join(words): words for block in _blocks(*infos) for words in _commands(block)}
    return [pytest.param(words, id=line[:60]) for line, words in lines.items()]


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
        argument_parser().parse_args(arguments)
    elif name == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        assert set(arguments) <= set(targets)
    elif name in ("python", "python3") and arguments[0] == "-m":
        assert find_spec(arguments[1]) is not None
        assert arguments[1] != "eval" or set(arguments[2:3]) <= set(STUDIES)
    elif name in ("python", "python3"):
        assert (ROOT / arguments[0]).is_file()
    else:
        assert name in ("pip", "ruff", "pytest", "export", "echo", "source"), f"{name}: teach this test what it is"


def _recipe(makefile: str, target: str) -> list[str]:
    """The commands that a target runs, those of what it needs first, as they would be typed."""
    names = {"PYTHON": "python3"} | dict(re.findall(r"^([A-Z]+) :?= *(\S+)$", makefile, re.MULTILINE))
    rules = {rule[1]: rule for rule in re.finditer(r"^([^\s.#:]+):(?!=) *(.*)\n((?:\t.*\n)*)", makefile, re.MULTILINE)}
    rule = rules[target]
    commands = [line for needed in rule[2].split() if needed in rules for line in _recipe(makefile, needed)]
    for line in re.findall(r"^\t@?(\$\((?:BIN|PYTHON)\).*)$", rule[3], re.MULTILINE):
        line = line.replace(" --quiet --disable-pip-version-check", "")
        while variable := re.search(r"\$\(([A-Z]+)\)", line):
            line = line.replace(variable[0], names[variable[1]])
        commands.append(line)
    return commands


@pytest.mark.parametrize("target", ["run", "test"])
def test_the_commands_without_make_are_those_of_the_makefile(target: str) -> None:
    plain = _recipe((ROOT / "Makefile").read_text(encoding="utf-8"), target)
    assert any(".venv/bin/" in line for line in plain)
    shown = {line for block in _blocks("sh") for line in block.text.splitlines()}
    assert set(plain) <= shown, f"docs/install.md lacks: {sorted(set(plain) - shown)}"


def _subcommands() -> set[str]:
    return set(
        next(action for action in argument_parser()._actions if isinstance(action, argparse._SubParsersAction)).choices
    )


def test_every_command_of_the_terminal_door_is_in_the_docs() -> None:
    assert _subcommands() == set(re.findall(r"^\| `verbatim (\w+)", PAGES["docs/terminal.md"], re.MULTILINE))


@pytest.mark.parametrize("page", PAGES)
def test_commands_named_in_the_text_are_there(page: str) -> None:
    prose = _prose(PAGES[page])
    assert set(re.findall(r"`verbatim ([a-z]+)", prose)) <= _subcommands()
    assert set(re.findall(r"`python -m eval ([a-z-]+)", prose)) <= set(STUDIES)


@pytest.fixture(scope="module")
def prepared(samples_without_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like this one after `make run`: the samples, the questions, and a library without a model."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "samples").symlink_to(ROOT / "samples")
    (folder / "eval").symlink_to(ROOT / "eval")
    shutil.copytree(samples_without_model, folder / "library")
    return folder


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VERBATIM_", "OPENAI_"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")])
    return kept | {"PATH": path, "VERBATIM_EMBEDDINGS": "hashing"}


def _runs() -> list[Any]:
    """The blocks that are to be run."""
    return [pytest.param(block, id=block.place) for block in _blocks("sh run", "python run")]


@pytest.mark.slow
@pytest.mark.parametrize("block", _runs())
def test_a_block_that_is_to_be_run_runs(block: Block, prepared: Path, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    shutil.copytree(prepared, folder, symlinks=True)
    program = [sys.executable, "-c"] if block.info == "python run" else ["bash", "-euo", "pipefail", "-c"]
    done = subprocess.run(
        [*program, block.text], cwd=folder, env=_environment(), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, f"{block.place}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


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
    metadata = metadata_from_mapping(example, "example.meta.json")
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


# What is generated


def _generator(root: Path) -> ModuleType:
    """docs/generate.py of a checkout; it writes and reads there."""
    spec = spec_from_file_location("generate", root / "docs" / "generate.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_generated_is_fresh_and_every_file_says_what_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    _tracked()  # no checkout, no list of files
    assert _generator(ROOT).main(["--check"]) == 0, capsys.readouterr().err


def test_a_new_file_costs_a_sentence_and_make_docs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in _tracked():
        if not name.startswith("samples/audio/"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tmp_path / name)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    make_docs = _generator(tmp_path).main
    new = tmp_path / "index" / "search" / "brand_new.py"
    page = tmp_path / "docs" / "house.md"
    (tmp_path / "samples" / "audio").mkdir()

    new.write_text("NUMBER = 1\n", encoding="utf-8")
    assert make_docs([]) == 1
    assert "index/search/brand_new.py: begin its docstring" in capsys.readouterr().err
    new.write_text('"""One | number,\nmade up. A second sentence."""\n', encoding="utf-8")
    assert make_docs(["--check"]) == 1
    assert "docs/house.md is not what the code says now" in capsys.readouterr().err
    assert make_docs([]) == 0
    assert "| `brand_new.py` | One \\| number, made up. |" in page.read_text(encoding="utf-8")
    assert make_docs(["--check"]) == 0


def test_every_setting_has_a_row() -> None:
    rows = re.findall(
        r"^\| `(VERBATIM_\w+)` \| (?:not set|`[^`]+`) \| \S.*\.? \|$", PAGES["docs/settings.md"], re.MULTILINE
    )
    assert {variable_of(field.name) for kind in (Settings, Serving) for field in dataclasses.fields(kind)} <= set(rows)


# Links, names and pictures


def test_the_readme_fits_and_leads_to_every_page() -> None:
    assert len(README.splitlines()) <= LONGEST_README
    assert len(PAGES["CONTRIBUTING.md"].splitlines()) <= ONE_SCREEN
    linked = set(re.findall(r"\]\(([\w/]+\.md)", README))
    assert set(PAGES) - {"README.md"} <= linked


def _headings(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", _prose(text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", [*PAGES, "CHANGELOG.md", "samples/README.md"])
def test_links_to_files_and_headings_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", (ROOT / name).read_text(encoding="utf-8")):
        if re.match(r"https?:", target):
            continue
        path, _, heading = target.partition("#")
        file = (ROOT / name).parent / path if path else ROOT / name
        assert file.exists(), target
        assert not heading or heading in _headings(file.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("page", PAGES)
def test_files_named_in_the_text_are_there(page: str) -> None:
    for name in re.findall(r"`((?:index|rag|ui|eval|prompts|samples|tests|docs)/[\w./-]*)`", _prose(PAGES[page])):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("page", PAGES)
def test_python_names_stand_in_the_file_that_the_text_gives_for_them(page: str) -> None:
    for name, file in re.findall(r"`(\w+)(?:\.\w+)*(?:\([^`]*\))?` in\s+`([\w/]+\.py)`", _prose(PAGES[page])):
        assert re.search(rf"^(?:class |def )?{name}\b", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), (
            name,
            file,
        )


def test_names_that_moved_are_where_the_changelog_says() -> None:
    table = re.findall(
        r"^ *\| (`.+?) \| `.+?` \| (`.+?`) \|$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert table
    for names, modules in table:
        for module in re.findall(r"`([\w.]+)`", modules):
            spec = find_spec(module)
            assert spec and spec.origin, module
            for name in re.findall(r"`(\w+)`", names):
                assert re.search(
                    rf"^(?:class |def )?{name}\b", Path(spec.origin).read_text(encoding="utf-8"), re.MULTILINE
                ), name


@pytest.mark.parametrize("picture", ["docs/page.png", "docs/staff.png"])
def test_the_picture_of_the_page_is_small_enough_to_open_the_readme_with(picture: str) -> None:
    assert f"]({picture})" in README
    assert (ROOT / picture).stat().st_size < LARGEST_PICTURE


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
