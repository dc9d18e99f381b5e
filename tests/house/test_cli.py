"""The terminal door: every command, its JSON as documented, its exit codes, and one line where something can't be."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from talks import KETTLE, write_show, write_talk

from index.library import Library
from index.library.feedback import Feedback
from ui.terminal import cli
from ui.terminal.parser import EXAMPLES, argument_parser, parsed

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = sorted(EXAMPLES)
CITATION = [
    "n", "episode", "title", "show", "date", "speaker", "role", "speaker_source", "start", "end", "time_source",
    "time_error", "quote", "check", "url",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `talks` and the `library` made of them."""
    folder = tmp_path_factory.mktemp("cli")
    write_show(folder / "talks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VERBATIM_EMBEDDINGS", "hashing")
        assert cli.main(["add", str(folder / "talks"), "--library", str(folder / "library")]) == 0
    return folder


@pytest.fixture
def verbatim(folder, commands_on):
    """Runs a command on that library; returns exit code, stdout and stderr."""
    return commands_on(folder / "library")


def told(ran: tuple[int, str, str]):
    """What a command printed as JSON; it must have gone well and said nothing else."""
    code, out, err = ran
    assert (code, err) == (0, "")
    return json.loads(out)


# ---- help and misuse


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_carries_two_examples_that_can_be_run(verbatim, command):
    code, out, err = verbatim(command, "--help")
    assert (code, err) == (0, "")
    examples = re.findall(r"^  (verbatim .+)$", out.partition("for example:")[2], re.M)
    assert len(examples) == 2
    for example in examples:
        words = shlex.split(example.split(" > ")[0])
        assert argument_parser().parse_args(words[1:]).run, example
        assert words[1] == command


def test_the_overview_names_every_command_and_two_to_start_with(verbatim):
    code, out, _ = verbatim("--help")
    assert code == 0 and all(re.search(rf"^    {command}\b", out, re.M) for command in COMMANDS)
    assert len(re.findall(r"^  verbatim ", out, re.M)) == 2


def test_without_arguments_the_help_is_printed_with_two_commands_to_start_with(verbatim):
    assert verbatim() == verbatim("--help") and verbatim()[0] == 0


def test_the_version_is_that_of_the_package(verbatim):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert verbatim("--version") == (0, f"verbatim {project['version']}\n", "")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["serach", "bells"], "Did you mean: verbatim search?"),
        (["ASK", "x"], "Did you mean: verbatim ask?"),
        (["epis"], "Did you mean: verbatim episodes?"),
        (["delete", "kettle"], "Did you mean: verbatim remove?"),
        (["help"], "Did you mean: verbatim --help?"),
        (["Who mended the kettle?"], 'To ask a question: verbatim ask "…"'),
        (["qqq"], "There are: add, ask,"),
        ([""], "There are: add, ask,"),
        (["a" * 5000], "There are: add, ask,"),
        (["\x1b[31mask"], "no command '\\x1b[31mask'"),
    ],
    ids=lambda given: given[0][:12] if isinstance(given, list) else "",
)
def test_a_word_that_is_no_command_is_told_with_the_one_that_may_be_meant(verbatim, words, says):
    code, out, err = verbatim(*words)
    assert (code, out) == (2, "") and says in err and "\x1b" not in err and len(err) < 300


@given(st.text(max_size=30))
def test_no_word_is_taken_for_a_command_that_it_is_not(word):
    assume(word not in EXAMPLES and not word.startswith("-"))
    with pytest.raises(SystemExit) as ended, contextlib.redirect_stderr(io.StringIO()):
        parsed([word])
    assert ended.value.code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["sing"],
        ["--library", "x"],
        ["ask"],
        ["add"],
        ["search", "x", "--limit", "0"],
        ["search", "x", "--limit", "many"],
        ["search", "x", "--json", "--csv"],
        ["search", "x", "--role", "audience"],
        ["ask", "x", "--since", "yesterday"],
        ["ask", "x", "--until", "2024-13-01"],
        ["search", "x", "--since", "2024-02", "--until", "2023"],
        ["serve", "--port", "-1"],
        ["show"],
        ["eval"],
    ],
    ids=" ".join,
)
def test_misuse_exits_with_2_and_is_told_on_stderr(verbatim, arguments):
    code, out, err = verbatim(*arguments)
    assert (code, out) == (2, "") and "usage:" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ask", "x", "--library", "nowhere"], "No library in nowhere. Make one with: verbatim add"),
        (["episodes", "--library", "nowhere"], "No library in nowhere"),
        (["check", "--library", "nowhere"], "No library in nowhere"),
        (["show", "ketle"], "No episode 'ketle' in this library. Nearest: kettle"),
        (["remove", "ketle"], "Nearest: kettle"),
        (["ask", "?"], "There is no question"),
        (["ask", "x", "--show", "Nowhere"], "There are: Mended"),
        (["ask", "x", "--guest", "Zebulon"], "Nobody called 'Zebulon'"),
        (["search", "x", "--episode", "lantrn"], "Nearest: lantern"),
        (["ask", "x", "--history", "none.json"], "none.json: can't be read as JSON"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_what_cannot_be_done_exits_with_1_and_one_line(verbatim, arguments, says):
    code, out, err = verbatim(*arguments)
    assert (code, out) == (1, "")
    assert err.startswith("verbatim: ") and err.count("\n") == 1 and says in err


@pytest.mark.parametrize(
    ("name", "value", "says"), [("VERBATIM_PORT", "x", "VERBATIM_PORT='x'"), ("VERBATIM_TIMEOUT", "0", "above 0")]
)
def test_a_setting_that_cannot_be_meant_is_one_line(verbatim, monkeypatch, name, value, says):
    monkeypatch.setenv(name, value)
    code, out, err = verbatim("episodes")
    assert (code, out, err.count("\n")) == (1, "", 1) and says in err


@pytest.mark.parametrize("date", ["20240201", "2024-W05", "2024-W05-4"])
def test_a_date_in_another_form_is_misuse_and_does_not_silently_find_nothing(verbatim, date):
    assert verbatim("ask", "What was said about the kettle?", "--since", date)[0] == 2


# ---- ask


def test_ask_prints_the_answer_with_its_sources(verbatim):
    code, out, err = verbatim("ask", "What did Bo Lund say about an umbrella?")
    assert (code, err) == (0, "")
    assert KETTLE[6][1] in out and re.search(
        r"^\[1\] Bo Lund \(guest\), The copper kettle, Mended, 2024-02-01, 0:\d\d", out, re.M
    )


def test_ask_as_json_has_the_documented_shape(verbatim):
    answer = told(verbatim("ask", "What did Bo Lund say about an umbrella?", "--json"))
    assert list(answer) == [
        "question",
        "asked",
        "verdict",
        "answer",
        "citations",
        "nearest",
        "searched",
        "writer",
        "model",
        "seconds",
        "withheld",
        "tokens",
        "cost",
        "kind",
        "carried",
        "limits",
    ]
    assert answer["verdict"] == "answered" and (answer["writer"], answer["model"]) == ("extractive", None)
    assert all(list(citation) == CITATION for citation in answer["citations"])
    quoted = next(citation for citation in answer["citations"] if "umbrella" in citation["quote"])
    assert quoted | {"n": 1} == {
        "n": 1,
        "episode": "kettle",
        "title": "The copper kettle",
        "show": "Mended",
        "date": "2024-02-01",
        "speaker": "Bo Lund",
        "role": "guest",
        "speaker_source": "labelled",
        "start": 24.0,
        "end": 27.0,
        "time_source": "transcript",
        "time_error": 0.0,
        "quote": KETTLE[6][1],
        "check": "verified",
        "url": "https://example.org/kettle#t=24.0",
    }
    assert list(answer["searched"]) == ["episodes", "seconds", "speaker", "speaker_seconds"]
    assert list(answer["seconds"]) == ["question", "retrieve", "write", "check"]


def test_a_refusal_as_json_has_the_same_shape_and_exits_with_0(verbatim):
    answer = told(verbatim("ask", "What did anyone say about quantum chromodynamics?", "--json"))
    assert (answer["verdict"], answer["citations"]) == ("not_said", [])
    assert answer["searched"] == {"episodes": 2, "seconds": 100.0, "speaker": None, "speaker_seconds": None}
    assert all(list(citation) == CITATION for citation in answer["nearest"])


def test_history_makes_a_follow_up_whole(verbatim, tmp_path):
    history = [
        {"role": "user", "content": "What did Bo Lund say about an umbrella?"},
        {"role": "assistant", "content": "…"},
    ]
    (tmp_path / "history.json").write_text(json.dumps(history), encoding="utf-8")
    answer = told(verbatim("ask", "Why?", "--history", tmp_path / "history.json", "--json"))
    assert answer["question"] == "Why?" and "Bo Lund" in answer["asked"] and "umbrella" in answer["asked"]


@pytest.mark.parametrize(
    "history", ["", "{", "{}", "[1]", '[{"role": "user"}]', '[{"role": "user", "content": 7}]', "\0"]
)
def test_a_history_of_another_shape_is_one_line(verbatim, tmp_path, history):
    (tmp_path / "history.json").write_text(history, encoding="utf-8")
    code, out, err = verbatim("ask", "Why?", "--history", tmp_path / "history.json")
    assert (code, out, err.count("\n")) == (1, "", 1) and "history.json" in err


def test_filters_narrow_what_is_asked(verbatim):
    answer = told(verbatim("ask", "What was said about the lantern?", "--json", "--until", "2024-02"))
    assert answer["searched"]["episodes"] == 1
    answer = told(verbatim("ask", "What was said about the lantern?", "--json", "--guest", "cat", "--show", "mended"))
    assert {citation["speaker"] for citation in answer["citations"] + answer["nearest"]} <= {"Cat Moor"}


# ---- search


def test_search_as_json_is_a_list_of_citations_with_scores(verbatim):
    found = told(verbatim("search", "lantern crab", "--json"))
    assert all(list(passage) == [*CITATION, "score"] for passage in found)
    assert found[0]["episode"] == "lantern"
    assert [passage["score"] for passage in found] == sorted((p["score"] for p in found), reverse=True)
    assert len(told(verbatim("search", "lantern crab", "--json", "--limit", 1))) == 1
    guests = told(verbatim("search", "lantern crab", "--json", "--role", "guest"))
    assert guests and {passage["role"] for passage in guests} == {"guest"}


def test_search_as_csv_markdown_and_text_has_the_same_passages(verbatim):
    found = told(verbatim("search", "lantern", "--json"))
    code, out, _ = verbatim("search", "lantern", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and list(rows[0]) == [*CITATION, "score"]
    assert [row["quote"] for row in rows] == [passage["quote"] for passage in found]
    code, out, _ = verbatim("search", "lantern", "--md")
    assert code == 0 and out.count("\n") == len(found) and all(line.startswith("- “") for line in out.splitlines())
    code, out, _ = verbatim("search", "lantern")
    assert code == 0 and all(passage["quote"] in out for passage in found)


FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://127.0.0.1","x")', "\t=1+1")


def test_a_spreadsheet_runs_nothing_of_a_csv(verbatim, tmp_path, monkeypatch):
    for n, formula in enumerate(FORMULAS):
        words = f"{formula} is what number{n} said about the zebra."
        write_talk(tmp_path / "talks", f"t{n}", (("=cmd()|Bo", words),), title=formula.strip(), show=f"={n}")
    monkeypatch.setenv("VERBATIM_LIBRARY", str(tmp_path / "library"))
    assert verbatim("add", tmp_path / "talks")[0] == 0
    code, out, _ = verbatim("search", "zebra", "--csv", "--limit", 50)
    rows = list(csv.reader(io.StringIO(out)))
    assert code == 0 and len(rows) == len(FORMULAS) + 1
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_search_without_a_find_is_empty_in_every_kind(verbatim, tmp_path, monkeypatch):
    monkeypatch.setenv("VERBATIM_LIBRARY", str(tmp_path / "library"))
    write_talk(tmp_path, "talk", KETTLE[:2], date="2020-01-01")
    verbatim("add", tmp_path / "talk.json")
    late = ("search", "kettle", "--since", "2024")
    assert told(verbatim(*late, "--json")) == []
    assert verbatim(*late, "--md") == (0, "", "")
    assert verbatim(*late) == (0, "nothing found\n", "")
    assert verbatim(*late, "--csv")[1].count("\n") == 1


# ---- episodes, show, add, remove, check


def test_episodes_as_json_has_the_documented_shape(verbatim):
    kettle, lantern = told(verbatim("episodes", "--json"))
    assert kettle == {
        "id": "kettle",
        "show": "Mended",
        "title": "The copper kettle",
        "date": "2024-02-01",
        "people": [
            {"name": "Ann Hale", "role": "host", "seconds": 10.0, "words": 26},
            {"name": "Bo Lund", "role": "guest", "seconds": 14.0, "words": 48},
        ],
        "duration": 60.0,
        "formats": ["podcast JSON"],
        "speaker_sources": ["labelled"],
        "time_sources": ["transcript"],
        "passages": 1,
    } | {"formats": kettle["formats"]}
    assert lantern["id"] == "lantern" and len(kettle["formats"]) == 1
    code, out, _ = verbatim("episodes")
    assert code == 0 and "The copper kettle" in out and "Cat Moor (guest)" in out


def test_show_as_json_has_every_turn_and_sentence(verbatim):
    kettle = told(verbatim("show", "kettle", "--json"))
    assert list(kettle) == [
        "id",
        "show",
        "title",
        "date",
        "description",
        "duration",
        "url",
        "people",
        "mended",
        "turns",
    ]
    assert [sentence["text"] for turn in kettle["turns"] for sentence in turn["sentences"]] == [
        text for _, text in KETTLE
    ]
    first = kettle["turns"][0]
    assert list(first) == ["speaker", "role", "speaker_source", "start", "end", "text", "sentences"]
    assert (first["speaker"], first["role"], first["start"], first["end"]) == ("Ann Hale", "host", 0.0, 7.0)
    assert list(first["sentences"][0]) == ["position", "text", "start", "end", "time_source", "time_error", "speech"]
    code, out, _ = verbatim("show", "kettle")
    assert code == 0 and out.startswith("Mended: The copper kettle\n") and "Bo Lund  0:08\n  The first thing" in out


def test_feedback_is_listed_oldest_first_and_as_json_with_its_answer(verbatim, folder):
    assert verbatim("feedback") == (0, "no feedback yet\n", "")
    assert told(verbatim("feedback", "--json")) == []
    library = Library.open(folder / "library")
    about = json.dumps({"filters": {"person": "Bo Lund"}, "answer": {"verdict": "answered"}})
    library.add_feedback(Feedback("wrong_time", "What of the kettle?", about=about), version="1.2")
    library.add_feedback(Feedback("note", "What of the kettle?", "Too early."))
    first, second = verbatim("feedback")[1].splitlines()
    assert "wrong time" in first and second.endswith("What of the kettle?  — Too early.")
    given = told(verbatim("feedback", "--json"))
    assert [one["kind"] for one in given] == ["wrong_time", "note"]
    assert given[0]["filters"] == {"person": "Bo Lund"}
    assert (given[0]["answer"]["verdict"], given[0]["version"]) == ("answered", "1.2")


def test_one_bad_file_of_three_exits_with_1_and_is_named(verbatim, tmp_path):
    write_show(tmp_path / "talks")
    (tmp_path / "talks" / "bad.srt").write_bytes(b"%PDF-1.7 text")
    library = ("--library", tmp_path / "library")
    code, out, err = verbatim("add", tmp_path / "talks", *library)
    assert (code, out) == (1, "2 added, 1 refused\n")
    assert err.count("\n") == 1 and err.startswith("refused: ") and "bad.srt" in err and "PDF" in err
    (tmp_path / "talks" / "bad.srt").unlink()
    assert verbatim("add", tmp_path / "talks", *library) == (0, "2 unchanged\n", "")
    write_talk(tmp_path / "talks", "kettle", KETTLE[:3], show="Mended")
    assert verbatim("add", tmp_path / "talks", *library) == (0, "1 replaced, 1 unchanged\n", "")


def test_a_removed_episode_is_gone(verbatim, tmp_path):
    write_show(tmp_path / "talks")
    library = ("--library", tmp_path / "library")
    verbatim("add", tmp_path / "talks", *library)
    assert verbatim("remove", "kettle", *library) == (0, "removed kettle\n", "")
    assert [episode["id"] for episode in told(verbatim("episodes", "--json", *library))] == ["lantern"]
    assert verbatim("show", "kettle", *library)[0] == 1


def test_check_names_what_is_wrong_and_repairs_it(verbatim, tmp_path):
    write_show(tmp_path / "talks")
    library = ("--library", tmp_path / "library")
    verbatim("add", tmp_path / "talks", *library)
    assert verbatim("check", *library) == (0, f"{tmp_path / 'library'}: 2 episodes, nothing wrong\n", "")
    next((tmp_path / "library").glob("*.faiss")).write_bytes(b"spoilt")
    code, out, _ = verbatim("check", *library)
    assert code == 1 and "The FAISS index is missing or damaged. Repair: verbatim check --repair" in out
    assert verbatim("check", "--repair", *library)[0] == 0
    assert verbatim("check", *library)[0] == 0


def test_another_model_is_refused_with_the_repair(verbatim, folder, monkeypatch):
    monkeypatch.setenv("VERBATIM_EMBEDDINGS", "all-MiniLM-L6-v2")
    code, out, err = verbatim("add", folder / "talks")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "was built with hashing (256 numbers)" in err and "VERBATIM_EMBEDDINGS=hashing" in err


# ---- as a process


def run(folder: Path, command: str) -> subprocess.CompletedProcess:
    verbatim = f"{shlex.quote(sys.executable)} -m ui.terminal.cli"
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command.replace('verbatim', verbatim)}"],
        cwd=ROOT,
        env={**os.environ, "VERBATIM_LIBRARY": str(folder / "library")},
        capture_output=True,
        text=True,
    )


def test_the_installed_command_and_the_module_are_one(folder):
    installed = Path(sys.executable).parent / "verbatim"
    ran = subprocess.run([installed, "episodes", "--library", folder / "library"], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert run(folder, "verbatim episodes").stdout == ran.stdout


def test_output_into_a_pipe_that_closes_is_no_error(folder):
    ran = run(folder, "verbatim show kettle --json | head -c 10")
    assert (ran.stdout, ran.stderr) == ('{\n "id": "', "")


def test_json_can_be_piped_on(folder):
    ran = run(folder, f"verbatim search lantern --json | {shlex.quote(sys.executable)} -m json.tool")
    assert (ran.returncode, ran.stderr) == (0, "")
