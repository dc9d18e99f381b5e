"""Writes the generated parts of README and docs/: `python docs/generate.py` (make docs); with --check it only compares.

A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->`. Its lines come from the code itself: settings
from the fields of `Settings` and `Serving`, files from the first sentence of their docstring or opening comment, folders from
that of their `__init__.py`. Only what can't hold a comment has its line here, in `LINES`. Exit code 1: a part is stale, a line
is missing, or a line has lost its file.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import subprocess
import sys
from pathlib import Path

from rag.settings import Serving, Settings, variable_of

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = (Settings, Serving)
LINES = {
    ".ci/run": "What continuous integration runs: make test.",
    ".gitignore": "What git ignores: libraries, caches, the virtual environment.",
    "CHANGELOG.md": "What changes for those who use Verbatim.",
    "CONTRIBUTING.md": "How to set up, check, measure and write.",
    "LICENSE": "MIT.",
    "NOTICE": "Whose work the data was fitted on or made of, with licences.",
    "licenses/Apache-2.0.txt": "The licence that NOTICE refers to.",
    "Makefile": "make run, make test, make lint, make docs, make bench, make clean.",
    "README.md": "What Verbatim is, and where everything else is described.",
    "constraints.txt": "The exact versions that are installed.",
    "pyproject.toml": "Packages, dependencies, settings of pytest and ruff.",
    "docs/": "What the README leads to.",
    "docs/api.md": "The interface for programs: Python, HTTP, MCP.",
    "docs/extend.md": "How to swap a part or add a format, a metric, a prompt.",
    "docs/house.md": "How the code is built, and a line for each file.",
    "docs/install.md": "Installing, with make and without.",
    "docs/measure.md": "Question sets, reports, comparisons, gates and studies.",
    "docs/reader.md": "The reader's model card: data, licences, what it was measured on.",
    "docs/models.md": "Language models: setting one, what is sent, what is checked.",
    "docs/page.md": "The listeners' page.",
    "docs/page.png": "The listeners' page, as the README shows it.",
    "docs/settings.md": "Every setting.",
    "docs/staff.md": "The staff's page; review of speakers; corrections.",
    "docs/staff.png": "The screen Find of the staff's page.",
    "docs/terminal.md": "Every command, its options and its JSON.",
    "docs/transcripts.md": "Which transcripts are read, and how well who and when are known.",
    "eval/NOTES.md": "What was tried, and what it gave.",
    "eval/data/": "Question sets and sentences that come with Verbatim.",
    "eval/data/conversations.jsonl": "Conversations about the sample show, each turn with what it means and where it is answered.",
    "eval/data/odd_questions.jsonl": "What isn't asked of the sample show: small talk, orders, secrets, other languages.",
    "eval/data/scope_questions.jsonl": "Questions about the sample show that limit themselves to episodes, people and filters.",
    "eval/data/episode_page.jsonl": "Questions about one real episode's page, which is not in this repository.",
    "eval/data/episode_page_turns.json": "Who speaks where on that page, as offsets.",
    "eval/data/follow_ups.jsonl": "Follow-ups about the sample show, each with the same question asked in full.",
    "eval/data/paraphrases.jsonl": "Sentences about the sample show, true and false, written by hand.",
    "eval/data/reader_questions.jsonl": "Questions written for the reader to learn from, about talks that are not here.",
    "eval/data/reader_talks.jsonl": "Small made-up talks with questions, written for the same.",
    "eval/data/refusals.jsonl": "More of them, half with the right subject and a wrong detail.",
    "eval/data/samples.jsonl": "Questions about the sample show.",
    "index/interviews/speakers.npz": "Weights of the networks in model.py; written by eval/fit/voices.py.",
    "index/interviews/turn_layers.npz": "The layers fitted for context.py; written by eval/fit/voices.py.",
    "index/speakers/first_names.txt": "First names of many languages.",
    "index/speakers/people.json": "Weights for names and roles; written by eval/studies/people.py.",
    "prompts/answer.md": "Asks for an answer.",
    "prompts/condense.md": "Asks what a follow-up means.",
    "prompts/judge.md": "Asks for an opinion on an answer.",
    "prompts/plan.md": "Asks which kind of question it is.",
    "prompts/read.md": "Asks whether passages answer, and which of their sentences say it.",
    "prompts/speakers.md": "Asks who speaks where.",
    "prompts/support.md": "Asks whether a sentence is supported by its quotes.",
    "rag/evidence/fitted.json": "The numbers that quotes are chosen and refused by; written by eval/fit/quotes.py.",
    "rag/gate/synonyms.txt": "The list of synonyms, from WordNet; written by eval/fit/synonyms.py.",
    "samples/": "The fictional sample show.",
    "rag/reader/reader.onnx": "The reader's network; written by eval/fit/reader/train.py.",
    "samples/README.md": "What is in it and how it was made.",
    "samples/audio/": "What is heard.",
    "samples/scripts/": "What was written by hand.",
    "samples/transcripts/": "What a library is filled with.",
    "samples/truth/": "Every sentence with its speaker and times; for measuring only.",
    "tests/": "What tests share; the tests are in a folder per capability, a file per subject.",
    "tests/answers/": "Questions, finding, quoting, refusing, writing, language models.",
    "tests/data/": "What tests read.",
    "tests/gate/": "Quotes and a model's sentences compared with what was said; injections.",
    "tests/house/": "The code's own order: imports, docs, notices, settings, the terminal.",
    "tests/library/": "The library on disk: adding, correcting, killing, repairing, searching.",
    "tests/measuring/": "Question sets, metrics, gates, reports, training, the samples.",
    "tests/page/": "The listeners' page, the interface for programs, and the door before them.",
    "tests/reading/": "Transcript files, sentences, times, people and voices.",
    "tests/staff/": "The staff's screens.",
}
# Folders whose files are data: one line for the folder, none for its files.
DATA_FOLDERS = ("samples/audio/", "samples/scripts/", "samples/transcripts/", "samples/truth/", "tests/data/")
ROOMS = (
    "index/",
    "prompts/",
    "rag/",
    "ui/",
    "eval/",
)  # what README's drawing of the folders shows, in the order of imports
# Folders of a room in the order that a transcript, a question and a measurement take through them; others follow by name.
FLOW = (
    *("index/formats", "index/reading", "index/speakers", "index/interviews", "index/corrections", "index/search"),
    *("rag/question", "rag/evidence", "rag/writing", "rag/gate", "rag/model"),
    *("eval/sets", "eval/run", "eval/report"),
)
COMMENT = re.compile(r"\s*(?://|#|/\*|\{#)\s*(.*?)\s*(?:\*/|#\})?\s*")


def settings_table() -> str:
    """Every setting with its variable, its default and the line under its field."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for settings in SETTINGS:
        (class_,) = ast.parse(inspect.getsource(settings)).body
        assert isinstance(class_, ast.ClassDef)
        meanings = {
            field.target.id: line.value.value
            for field, line in zip(class_.body, class_.body[1:], strict=False)
            if isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(line, ast.Expr)
            and isinstance(line.value, ast.Constant)
        }
        for field in dataclasses.fields(settings):
            default = "not set" if field.default is None else f"`{field.default}`"
            rows.append(f"| `{variable_of(field.name)}` | {default} | {meanings[field.name]} |")
    return "\n".join(rows)


def line_of(path: str) -> str:
    """What a file or a folder (with "/" at its end) is for, in a sentence; "" where it doesn't say."""
    if path in LINES:
        return LINES[path]
    file = ROOT / path / "__init__.py" if path.endswith("/") else ROOT / path
    if not file.is_file():
        return ""
    if file.suffix not in (".py", ".js", ".css", ".j2", ".toml"):
        return ""
    text = file.read_text(encoding="utf-8")
    docstring = re.match(r'"""(.+?)(?:"""|\n\n)', text, re.DOTALL)
    words = docstring[1] if docstring else _opening_comment(text)
    sentence = re.match(r".+?[.?](?=\s|$)", " ".join(words.split()))
    return sentence[0].replace("->", "→") if sentence else ""


def _opening_comment(text: str) -> str:
    lines = text.splitlines()
    marks = re.match(r"//|#", lines[0]) if lines else None
    count = 1
    while marks and count < len(lines) and lines[count].startswith(marks[0]):
        count += 1
    return " ".join(match[1] for line in lines[:count] if (match := COMMENT.fullmatch(line)))


def files() -> list[str]:
    """The files that git tracks or would, from the root, in order; data folders as one entry, "/" at their end."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    names = {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}
    folders = {name: next((folder for folder in DATA_FOLDERS if name.startswith(folder)), None) for name in names}
    return sorted({folder or name for name, folder in folders.items()})


def _in_order(folder: str) -> list[tuple[int, str]]:
    """What sorts folders: the root, the rooms in the order of imports, in each the order of the flow, then by name."""
    parts = folder.rstrip("/").split("/")
    rooms = ["", *(name.rstrip("/") for name in ROOMS)]
    key = [(rooms.index(parts[0]) if parts[0] in rooms else len(rooms), parts[0])]
    for inner in ("/".join(parts[: n + 1]) for n in range(1, len(parts))):
        key.append((FLOW.index(inner) if inner in FLOW else len(FLOW), inner))
    return key


def tree() -> str:
    """A heading for each folder and a table of its files, the root first, then in the order of imports."""
    shown = [name for name in files() if not name.endswith("__init__.py")]
    by_folder: dict[str, list[str]] = {}
    for name in shown:
        by_folder.setdefault(name.rstrip("/").rpartition("/")[0], []).append(name)
    sections = []
    for folder in sorted(by_folder, key=_in_order):
        if folder:
            sections.append("\n\n".join(filter(None, [f"### {folder}/", line_of(f"{folder}/")])) + "\n")
        rows = [f"| `{name.removeprefix(f'{folder}/')}` | {_cell(line_of(name))} |" for name in by_folder[folder]]
        sections.append("\n".join(["| file | what it is for |", "|---|---|", *rows]) + "\n")
    return "\n".join(sections).rstrip("\n")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def rooms() -> str:
    """The folders of code, two deep, each with its line: README's drawing."""
    folders = {
        "/".join(parts[: n + 1]) + "/"
        for name in files()
        if name.startswith(ROOMS)
        for parts in [name.split("/")[:-1]]
        for n in range(min(len(parts), 2))
    }
    rows = []
    for folder in sorted(folders - {"eval/data/"}, key=_in_order):
        name = "  " * (folder.count("/") - 1) + folder.rstrip("/").rpartition("/")[2] + "/"
        rows.append(f"{name:<17}{line_of(folder).rstrip('.')}")
    return "\n".join(["```text", *rows, "```"])


PARTS = {"settings": settings_table, "tree": tree, "rooms": rooms}


def generated(text: str) -> str:
    """A page with its generated parts made again."""
    return re.sub(
        r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)",
        lambda match: f"{match[1]}\n{PARTS[match[2]]()}\n\n{match[3]}",
        text,
        flags=re.DOTALL,
    )


def main(arguments: list[str]) -> int:
    """Writes the pages that are stale, or with --check names them; says which files lack a line."""
    silent = [name for name in files() if not line_of(name) and not name.endswith("__init__.py")]
    folders = {name.rpartition("/")[0] + "/" for name in files() if name.endswith("__init__.py")}
    silent += sorted(folder + "__init__.py" for folder in folders if not line_of(folder))
    for name in silent:
        print(f"{name}: begin its docstring with a sentence that says what it is for", file=sys.stderr)
    gone = sorted(name for name in LINES if not (ROOT / name).exists())
    for name in gone:
        print(f"docs/generate.py: LINES has a line for {name}, which is not there; take it out", file=sys.stderr)
    stale = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        if (fresh := generated(text)) != text:
            stale.append(page)
            if "--check" not in arguments:
                page.write_text(fresh, encoding="utf-8")
    if "--check" in arguments:
        for page in stale:
            print(f"{page.relative_to(ROOT)} is not what the code says now; write it with: make docs", file=sys.stderr)
    return 1 if silent or gone or ("--check" in arguments and stale) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
