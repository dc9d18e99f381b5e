"""The Library screen in a real browser: what is shown, added, refused, removed and put back."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from browsing import opener
from hostile import HOSTILE
from served import MILL, SIZES, UNLIMITED, make_library, served, write_episode

from index.errors import LibraryError, NoSuchEpisode
from index.formats.source import MAX_BYTES
from index.interviews.answers import VoiceIs
from index.library import Library
from ui.staff import drafts as incoming
from ui.staff.drafts import read_drafts, save_drafts
from ui.staff.library import problems_of

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect


def srt(*lines: str) -> bytes:
    cues = [f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},900\n{line}\n" for n, line in enumerate(lines, start=1)]
    return "\n".join(cues).encode()


# ---- the bin, without a browser


def facts(library: Library) -> tuple[object, ...]:
    return (
        [library.episode(summary.id) for summary in library.summaries()],
        library.summaries(),
        [library.passages_in(summary.id) for summary in library.summaries()],
        library.search_words(["otter"], k=5),
        library.search_vector(library.encoder.encode(["an otter lives under the sluice"], query=True)[0], k=3),
    )


def test_an_episode_that_is_removed_and_put_back_is_as_it_was(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    before = facts(library)
    removed = library.to_bin("weir", by="ines")
    assert [summary.id for summary in library.summaries()] == ["mill"] and not library.check()
    assert not library.search_words(["otter"], k=5)
    assert [(r.episode, r.title, r.by) for r in library.in_bin()] == [("weir", "Oak in winter", "ines")]
    assert library.from_bin(removed.key) == "weir"
    assert facts(library) == before and not library.check() and not library.in_bin()
    assert facts(Library.open(library.folder)) == before


def test_answers_about_who_speaks_come_back_with_the_episode(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    talk = tmp_path / "plain.txt"
    talk.write_text("What is the bell for? It is rung when fog comes in. Who rings it? My aunt and I take turns.\n" * 5)
    library.add([talk])
    library.correct("plain", VoiceIs(0, "host"), by="ines")
    kept, before = library.corrections("plain"), library.episode("plain")
    library.from_bin(library.to_bin("plain").key)
    assert library.corrections("plain") == kept and library.episode("plain") == before


def test_an_episode_is_not_put_back_over_another_of_its_id(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    removed = library.to_bin("mill")
    library.add([tmp_path / "transcripts" / "mill.srt"])
    before = facts(library)
    with pytest.raises(LibraryError, match="Remove that one first"):
        library.from_bin(removed.key)
    assert facts(library) == before and library.in_bin() == [removed]
    library.empty_bin(removed.key)
    assert not library.in_bin()


def test_a_key_that_is_a_path_leads_nowhere(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    for key in ("../library.db", "/etc/passwd", "", "a" * 200, "00000000-0000"):
        with pytest.raises(NoSuchEpisode):
            library.from_bin(key)
    assert (library.folder / "library.db").exists()


def test_every_table_that_hangs_on_an_episode_is_kept_in_the_bin(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    connection = sqlite3.connect(library.folder / "library.db")
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    hanging = {"episodes", "embeddings"} | {
        table
        for table in tables
        if any(key[2] == "episodes" for key in connection.execute(f'PRAGMA foreign_key_list("{table}")'))
    }
    connection.close()
    removed = library.to_bin("mill")
    held = json.loads((library.folder / "removed" / f"{removed.key}.json").read_text())["rows"]
    assert set(held) == hanging


# ---- drafts, without a browser


def drafts_of(*files: Path) -> incoming.Drafts:
    *_, drafts = read_drafts([str(file) for file in files])
    return drafts


def test_each_refused_file_has_its_reason_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    (tmp_path / "empty.srt").write_bytes(b"")
    (tmp_path / "broken.json").write_bytes(b"{")
    with (tmp_path / "huge.srt").open("wb") as huge:
        os.truncate(huge.fileno(), MAX_BYTES + 1)
    write_episode(tmp_path, "mill", MILL, title="Six sails")
    names = ("photo.png", "empty.srt", "broken.json", "huge.srt", "mill.srt", "mill.meta.json")
    refusals = {draft.name: draft.refusal for draft in drafts_of(*(tmp_path / name for name in names))}
    assert set(refusals) == set(names) - {"mill.meta.json"} and refusals["mill.srt"] == ""
    assert "not a kind of transcript" in refusals["photo.png"] and "at most 20" in refusals["huge.srt"]
    assert refusals["empty.srt"] and "JSON" in refusals["broken.json"]
    assert not any(str(tmp_path) in refusal or "/tmp" in refusal for refusal in refusals.values())


def test_more_files_than_are_taken_at_a_time_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.staff.drafts.MOST_FILES", 3)
    files = [tmp_path / f"talk-{n}.srt" for n in range(5)]
    for file in files:
        file.write_bytes(srt("Ann: Hello there.", "Ben: Hello to you too."))
    drafts = drafts_of(*files)
    assert [bool(draft.refusal) for draft in drafts] == [False] * 3 + [True] * 2
    assert "more than 3 files" in drafts[-1].refusal


def test_what_was_typed_is_saved_as_a_sidecar_and_nothing_is_written_over(tmp_path: Path) -> None:
    library = make_library(tmp_path / "a")
    (tmp_path / "mill.srt").write_bytes(srt("Kit: The stones are new.", "Lou: They came by barge."))
    for number in (1, 2):
        (draft,) = drafts_of(tmp_path / "mill.srt")
        draft = incoming.mended(draft, f"New stones {number}", "Turning Wheels", "2025-01-02", "Kit, host\nLou, guest")
        *_, (saved,) = save_drafts(library, (draft,))
        assert saved.saved == f"mill-{number + 1}"  # `mill` itself is somebody else's
    titles = {summary.id: (summary.title, summary.date) for summary in library.summaries()}
    assert titles["mill"] == ("Six sails", "2023-04-01")
    assert titles["mill-2"] == ("New stones 1", "2025-01-02") and titles["mill-3"][0] == "New stones 2"
    roles = {person.name: person.role for person in library.episode("mill-2").people}
    assert roles == {"Kit": "host", "Lou": "guest"}
    assert json.loads((library.folder / "transcripts" / "mill.meta.json").read_text())["title"] == "New stones 1"


def test_a_copy_of_a_talk_that_is_there_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    library = make_library(tmp_path / "a")
    lines = [
        f"{'Lou' if n % 2 else 'Kit'}: Stone number {n} came by barge in the wet spring of that year."
        for n in range(40)
    ]
    states = []
    for name in ("stones", "stones-again"):
        (tmp_path / f"{name}.srt").write_bytes(srt(*lines))
        *_, (state,) = save_drafts(library, drafts_of(tmp_path / f"{name}.srt"))
        states.append(state)
    assert states[0].saved == "stones" and not states[0].refusal
    assert not states[1].saved and "The same words are there already" in states[1].refusal
    assert not [file for file in (library.folder / "transcripts").iterdir() if "again" in file.name]


def test_a_date_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "x.srt").write_bytes(srt("Kit: The stones are new."))
    (draft,) = drafts_of(tmp_path / "x.srt")
    with pytest.raises(Exception, match=r"x\.srt: date is 'soon'"):
        incoming.mended(draft, "T", "S", "soon", "")


def test_a_file_name_leads_to_no_other_folder(tmp_path: Path) -> None:
    assert incoming.safe_name("../../etc/cron") == "etc-cron" and incoming.safe_name("…/..") == "episode"
    assert incoming.safe_name("<img src=x>${1}") == "img-src-x-1" and incoming.safe_name("/") == "episode"


TEA = [("Odo Pell", 0.5, 4.0, "Elderberries want picking before the first frost, and the tea wants an hour.")]


def test_audio_that_is_gone_is_a_problem(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    sound = tmp_path / "transcripts" / "tea.mp3"
    sound.write_bytes(b"x")
    file = write_episode(tmp_path / "transcripts", "tea", TEA, title="Tea", audio="tea.mp3", show="S")
    library.add([file])
    sound.unlink()
    assert "audio" in problems_of(library, library.summaries())["tea"][0]


# ---- in the browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    library = make_library(tmp_path_factory.mktemp("holdings"))
    with served(library.folder, **UNLIMITED) as address:
        yield SimpleNamespace(address=address, library=library)


@pytest.fixture
def open_library(browser: playwright.Browser, site: SimpleNamespace) -> Iterator[Callable[..., playwright.Page]]:
    with opener(browser) as opened:

        def open_it(size: str = "wide", **options: object) -> playwright.Page:
            page = opened(f"{site.address}/staff/library", viewport=SIZES[size], **options)
            expect(page.locator("#episodes table")).to_be_visible()
            return page

        yield open_it


def give(page: playwright.Page, *files: Path) -> None:
    page.locator("#drop input[type=file]").set_input_files([str(file) for file in files])


@pytest.mark.browser
def test_the_table_tells_all_that_is_known_of_an_episode(open_library: Callable) -> None:
    page = open_library()
    row = page.locator("#episodes tr", has_text="Six sails")
    for told in ("Turning Wheels", "mill", "1 Apr 2023", "Odo Pell", "guest", "0:19", "labelled", "transcript"):
        expect(row).to_contain_text(told)
    expect(page.locator("#charts svg")).to_have_count(2)
    expect(page.get_by_role("img", name="Speaking time by person")).to_be_visible()
    assert not page.faults


@pytest.mark.browser
def test_files_are_read_edited_saved_removed_undone(open_library: Callable, tmp_path: Path) -> None:
    page = open_library()
    (tmp_path / "kiln.srt").write_bytes(srt("Ada: What do you burn?", "Bo: Only driftwood, it salts the glaze."))
    (tmp_path / "notes.pdf").write_bytes(b"%PDF-1.4")
    give(page, tmp_path / "kiln.srt", tmp_path / "notes.pdf")
    drafts = page.locator("#drafts")
    expect(drafts.locator("tr", has_text="kiln.srt")).to_contain_text("ready: 2 turns, Ada and Bo")
    expect(drafts.locator("tr", has_text="notes.pdf")).to_contain_text("refused: not a kind of transcript")
    expect(page.locator("#preview")).to_contain_text("Only driftwood")
    page.get_by_label("Title").fill("Salt glaze")
    expect(page.get_by_label("Show", exact=True)).to_have_value("Turning Wheels")
    page.get_by_label("People").fill("Ada, host\nBo, guest")
    # Each press waits for the answer to what came before it: what is told of the field, then of the save, then nothing.
    line = page.locator("#holdings-line")
    page.get_by_label("Date").fill("tomorrow")
    page.get_by_label("Date").blur()
    expect(line.get_by_role("alert")).to_contain_text("kiln.srt: date is 'tomorrow'")
    expect(line).not_to_contain_text("Not saved")
    page.locator("#save").click()
    expect(line.get_by_role("alert")).to_contain_text("Not saved: kiln.srt: date is 'tomorrow'")
    expect(drafts.locator("tr", has_text="kiln.srt")).to_contain_text("ready")
    page.get_by_label("Date").fill("2025-03-04")
    page.get_by_label("Date").blur()
    expect(line.get_by_role("alert")).to_have_count(0)
    page.locator("#save").click()
    expect(drafts.locator("tr", has_text="kiln.srt")).to_contain_text("saved as kiln")
    row = page.locator("#episodes tr", has_text="Salt glaze")
    expect(row).to_contain_text("4 Mar 2025")
    expect(row).to_contain_text("Bo")

    page.get_by_label("Episodes to remove").click()
    page.get_by_role("option", name="Salt glaze").click()
    page.keyboard.press("Escape")
    page.locator("#remove").click()
    expect(page.locator("#holdings-line")).to_contain_text("Removed: Salt glaze")
    expect(row).to_have_count(0)
    page.locator("#undo").click()
    expect(page.locator("#holdings-line")).to_contain_text("Put back: Salt glaze")
    expect(row).to_contain_text("4 Mar 2025")
    assert not page.faults


@pytest.mark.browser
def test_a_removed_episode_can_be_put_back_later_or_deleted_after_asking(open_library: Callable) -> None:
    page = open_library()

    def choose(label: str, name: str) -> None:
        page.get_by_label(label).click()
        page.get_by_role("option", name=name).click()
        page.keyboard.press("Escape")

    row = page.locator("#episodes tr", has_text="Oak in winter")
    choose("Episodes to remove", "Oak in winter")
    page.locator("#remove").click()
    expect(row).to_have_count(0)
    page.reload()
    expect(page.locator("#episodes table")).to_be_visible()
    choose("In the bin", "Oak in winter")
    page.locator("#delete").click()
    expect(page.locator("#delete-sure")).to_be_visible()
    page.locator("#put-back").click()
    expect(row).to_have_count(1)


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_library: Callable, size: str, scheme: str, tmp_path: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = open_library(size, color_scheme=scheme)
    (tmp_path / "kiln.srt").write_bytes(srt("Ada: What do you burn?", "Bo: Only driftwood."))
    (tmp_path / "loom.srt").write_bytes(srt("Ada: What do you weave?", "Bo: Only nettles."))
    give(page, tmp_path / "kiln.srt", tmp_path / "loom.srt")
    expect(page.locator("#preview")).to_contain_text("Only")
    found = axe.Axe().run(page).response["violations"]
    bad = [
        (v["id"], [node["html"][:160] for node in v["nodes"]]) for v in found if v["impact"] in ("serious", "critical")
    ]
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/library-{size}-{scheme}.png", full_page=True)
    assert not bad
    width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1], "the page itself never scrolls sideways"


@pytest.mark.browser
def test_hostile_files_are_only_letters_on_the_screen(open_library: Callable, tmp_path: Path) -> None:
    page = open_library()
    lines = [f"{payload} Ann: A word about {payload} and more." for payload in HOSTILE]
    (tmp_path / "${alert(1)} '{{x}}' <img src=x onerror=alert(1)>.srt").write_bytes(srt(*lines))
    meta = {
        "title": HOSTILE[0] + HOSTILE[7],
        "show": HOSTILE[4] + HOSTILE[8],
        "date": "2024-01-01",
        "people": [{"name": payload, "role": "guest"} for payload in HOSTILE],
    }
    (tmp_path / "talk.srt").write_bytes(srt(*(f"{payload} Bo: Something else about {payload}." for payload in HOSTILE)))
    (tmp_path / "talk.meta.json").write_text(json.dumps(meta))
    (tmp_path / "<svg onload=alert(1)>.pdf").write_bytes(b"%PDF")
    before = len(page.requested)
    give(page, *sorted(tmp_path.iterdir()))
    expect(page.locator("#preview")).to_contain_text("A word about")
    page.locator("#save").click()
    expect(page.locator("#drafts .saved")).to_have_count(2)
    expect(page.locator("#episodes tr", has_text="talk")).to_be_visible()
    for label in ("Episodes to remove", "In the bin"):
        page.get_by_label(label).click()
        page.keyboard.press("Escape")
    page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))")
    assert not page.popped and page.evaluate("window.owned === undefined")
    assert (
        page.locator("#holdings img, #holdings iframe, #holdings script, #holdings a[href^='javascript:']").count() == 0
    )
    assert all(url.startswith(("http://127.0.0.1", "data:", "blob:")) for url in page.requested[before:])
