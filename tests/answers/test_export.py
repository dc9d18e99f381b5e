"""What staff find and take away: all places of exact words, all about a topic, and files that run nowhere."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talks import ANN, BO, KETTLE, episode, write_show

from index.errors import VerbatimError
from index.library import Library
from rag.assistant import Assistant
from rag.evidence.check import locate
from rag.question.scope import Filters
from rag.search.exact import find_phrase, in_quotes, spans_of
from rag.search.export import KINDS, exported, plain_cell
from rag.search.topic import find_topic
from ui.terminal import cli

HOSTILE = json.loads((Path(__file__).parents[1] / "data" / "hostile.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("export")
    library = Library.create(folder / "library", "hashing")
    library.add([write_show(folder / "talks")])
    return library


# ---- exact words


@pytest.mark.parametrize(
    ("phrase", "count"),
    [
        ("copper kettle", 1),
        ("COPPER   Kettle", 1),
        ("the kettle", 1),  # not "the kettles", nor "grandmother's kitchen"
        ("grandmother’s kitchen", 1),
        ("an umbrella", 2),  # twice in one sentence
        ("lantern", 4),
        ("umbrella crab", 0),
        ("lant", 0),
    ],
)
def test_every_place_of_the_exact_words_is_counted(library, phrase, count):
    found = find_phrase(library, phrase)
    assert found.count == count and found.searched == 2
    assert all(c.check == "verified" for c in found.citations)


def test_exact_words_twice_in_a_sentence_are_one_citation(library):
    found = find_phrase(library, "an umbrella")
    assert [c.quote for c in found.citations] == [KETTLE[6][1]]
    spans = spans_of("AN  umbrella", KETTLE[6][1])
    assert [KETTLE[6][1][start:end] for start, end in spans] == ["an umbrella"] * 2


def test_filters_leave_out_places_of_others(library):
    assert find_phrase(library, "lantern", Filters(guest="Cat Moor")).count == 2
    assert find_phrase(library, "lantern", Filters(role="host")).count == 2
    assert find_phrase(library, "lantern", Filters(episode="kettle")).count == 0
    assert find_phrase(library, "lantern", Filters(since="2024-03-02")).searched == 0


def test_words_that_run_from_one_speaker_into_the_next_are_credited_to_nobody(library):
    (found,) = find_phrase(library, "in nineteen years. And what do you").citations
    assert (found.speaker, found.role, found.speaker_source) == (None, "unknown", "unknown")
    assert find_phrase(library, "in nineteen years. And what do you", Filters(guest="Bo Lund")).count == 0


@pytest.mark.parametrize("phrase", ["", "…!", "x" * 301])
def test_what_has_no_words_or_too_many_is_refused(library, phrase):
    with pytest.raises(VerbatimError, match="Exact words"):
        find_phrase(library, phrase)


words = st.sampled_from(
    ["straße", "STRASSE", "strasse", "cafe\u0301s", "café", "don’t", "don't", "re-run", "re–run", "ﬁsh", "fish", "x_y",
     "first", "№5", "kilo", "ΟΔΟΣ", "οδος", "word", "words", "a"]
)  # fmt: skip


@settings(max_examples=60)
@given(
    st.lists(st.lists(words, min_size=1, max_size=5), min_size=1, max_size=4), st.lists(words, min_size=1, max_size=2)
)
def test_nothing_is_missed_that_reading_every_episode_finds(tmp_path_factory, talks, phrase):
    library = Library.create(tmp_path_factory.mktemp("brute") / "library", "hashing")
    with library.writing_many() as add:
        for n, said in enumerate(talks):
            add(episode((ANN, [f"{' '.join(said)}."]), (BO, ["Quite so."]), id=f"talk{n}"))
    sought = " ".join(phrase)
    every = [place for summary in library.summaries() for place in locate(sought, library.episode(summary.id))]
    assert find_phrase(library, sought).count == len(every)


def test_quote_marks_around_the_whole_ask_for_exact_words():
    assert in_quotes('"the kettle"') == in_quotes("“the kettle”") == in_quotes(" „the kettle“ ") == "the kettle"
    assert in_quotes('the "kettle"') is None and in_quotes('""') is None


# ---- a topic


def test_of_a_passage_the_words_about_the_topic_are_quoted(library):
    found = find_topic(Assistant(library), "never repair an umbrella")
    assert any("umbrella" in c.quote and c.speaker == "Bo Lund" for c in found.citations)
    assert found.naming >= 1 and found.searched == 2


def test_only_a_persons_own_words_are_found_for_them(library):
    found = find_topic(Assistant(library), "lantern", Filters(guest="Cat Moor"))
    assert {c.speaker for c in found.citations} == {"Cat Moor"}


# ---- files


def citations(library: Library):
    return find_phrase(library, "lantern").citations


def test_a_quote_sheet_has_all_that_a_quote_is_checked_by(library):
    hashes = {s.id: s.content_hash for s in library.summaries()}
    text = exported(citations(library), "sheet", hashes)
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert text.startswith("\ufeff") and len(rows) == 4
    assert list(rows[0]) == [
        "quote", "speaker", "role", "how the speaker is known", "show", "episode", "date", "time", "how the time is known",
        "link", "checked", "transcript SHA-256",
    ]  # fmt: skip
    assert {(row["show"], row["date"], row["checked"]) for row in rows} == {("Mended", "2024-03-01", "verified")}
    assert {row["transcript SHA-256"] for row in rows} == {hashes["lantern"]} and len(hashes["lantern"]) == 64


def test_the_kinds_hold_the_same_passages(library):
    found = citations(library)
    assert [row["quote"] for row in json.loads(exported(found, "json", {}))] == [c.quote for c in found]
    assert [row["quote"] for row in csv.DictReader(io.StringIO(exported(found, "csv", {})))] == [c.quote for c in found]
    assert exported(found, "md", {}).count("\n") == len(found)
    with pytest.raises(ValueError, match="no kind"):
        exported(found, "exe", {})


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_found_is_an_empty_file(kind):
    assert exported([], kind, {}).count("\n") <= 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝", "\u00a0@"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(start):
    told = plain_cell(f"{start}1+1")
    assert told[0] == "'" and told.endswith("1+1") and len(told.splitlines()) == 1
    assert plain_cell("1+1") == "1+1" and plain_cell(-1.5) == -1.5


@pytest.mark.parametrize("kind", ["csv", "sheet"])
def test_no_cell_of_hostile_text_begins_a_formula(library, kind):
    base = citations(library)[0]
    hostile = [*HOSTILE, '=HYPERLINK("http://127.0.0.1","x")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "x\r=1"]
    rows = [replace(base, quote=text, speaker=text, show=text, title=text, url=text) for text in hostile]
    for row in csv.reader(io.StringIO(exported(rows, kind, {}).removeprefix("\ufeff"))):
        assert not [cell for cell in row if cell.strip().startswith(("=", "+", "-", "@"))]


def test_markdown_shows_hostile_text_and_obeys_none_of_it(library):
    base = citations(library)[0]
    text = exported([replace(base, quote=f"{hostile}\n# head", title=hostile) for hostile in HOSTILE], "md", {})
    assert len(text.splitlines()) == len(HOSTILE)
    assert "](" not in text.replace("\\]", "") and "<img" not in text.replace("\\<", "")


# ---- verbatim search


def test_the_terminal_finds_exact_words_and_writes_a_sheet(library, capsys, monkeypatch):
    monkeypatch.setenv("VERBATIM_LIBRARY", str(library.folder))
    assert cli.main(["search", "LANTERN", "--exact", "--sheet"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("\ufeffquote,speaker") and out.count("2024-03-01") == 4
    assert err == "4 places in 2 episodes searched\n"
    assert cli.main(["search", "lantern", "--exact", "--limit", "1", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 1
