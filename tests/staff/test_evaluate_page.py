"""The Evaluate screen in a real browser; and every screen of the site against a hostile library."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode

import httpx
import pytest
from browsing import opener, staff_cookies, write_silence
from hostile import HOSTILE, TOGETHER, hostile_library
from served import MILL, SIZES, UNLIMITED, make_library, served, write_episode

from eval.sets.readers import read_set
from index.errors import VerbatimError
from index.library import Library
from index.library.feedback import Feedback
from rag.assistant import Assistant
from ui.shared.templates import TEMPLATE_CHARACTERS
from ui.staff import runs
from ui.staff.evaluate import feedback_of, opened_question, prefilled, question_added, set_added, shown

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
QUESTIONS = [
    {"id": "q1", "question": "How many sails does the windmill have?", "kind": "fact", "speaker": "Odo Pell",
     "gold": [{"episode": "mill", "start": 6.4, "end": 10.0}]},
    {"id": "q2", "question": "Where does the otter live?", "kind": "fact",
     "gold": [{"episode": "weir", "start": 9.5, "end": 13.0}]},
    # Wrong on purpose, so that something is lost: nobody said that in the other episode.
    {"id": "q3", "question": "What do they grease the axle with?", "kind": "odd",
     "gold": [{"episode": "weir", "start": 1.0, "end": 4.0}]},
    {"id": "q4", "question": "What was said about submarines?", "kind": "never_said", "verdict": "not_said"},
]  # fmt: skip


def write_set(file: Path, questions: list[dict]) -> Path:
    file.write_text("".join(json.dumps(question) + "\n" for question in questions), encoding="utf-8")
    return file


# ---- sets and runs, without a browser


def test_an_uploaded_set_is_kept_and_a_bad_one_is_refused_by_line(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    added = set_added(library, str(write_set(tmp_path / "mills.jsonl", QUESTIONS)))
    assert "mills was added: 4 questions" in added["line"]
    assert ("mills: 4 questions", "mills") in added["which"]["choices"]
    assert "There is a set mills already" in set_added(library, str(tmp_path / "mills.jsonl"))["line"]
    (tmp_path / "bad.jsonl").write_text('{"id": "q1"}\n')
    refused = set_added(library, str(tmp_path / "bad.jsonl"))["line"]
    assert "bad.jsonl" in refused and str(tmp_path) not in refused
    for name in ("../evil.jsonl", "noset.txt"):
        (tmp_path / Path(name).name).write_text("{}")
        assert 'role="alert"' in set_added(library, str(tmp_path / Path(name).name))["line"]
    assert [file.name for file in (library.folder / "questions").iterdir()] == ["mills.jsonl"]


def test_a_cancelled_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    known, _ = runs.add_set(library.folder, write_set(tmp_path / "mills.jsonl", QUESTIONS))
    runner = runs.Runner(Assistant(library))
    runner.cancel()
    asked = read_set(known.file).questions
    runner._run("mills", asked, runs.Options())  # halted before its first question: it stops after that one
    assert runner.cancelled and not runner.key and runner.done == 1
    runner.start(known, limit=0, finding_only=False)
    assert runner.wait(60) and runner.key and not runner.problem
    result = runs.run_of(library.folder, runner.key)
    assert result["made_by"]["resumed"] == 1 and len(result["questions"]) == 4
    assert not list((library.folder / "runs" / "unfinished").iterdir())


def test_a_set_about_other_episodes_is_not_run(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    samples = next(known for known in runs.known_sets(library.folder) if known.name == "samples")
    with pytest.raises(VerbatimError, match="not in this library"):
        runs.Runner(Assistant(library)).start(samples, limit=0, finding_only=True)


def test_a_key_that_is_a_path_is_no_run(tmp_path: Path) -> None:
    for key in ("../questions/x", "/etc/passwd", "", "x" * 200):
        with pytest.raises(VerbatimError):
            runs.run_of(tmp_path, key)
    assert "no such run" in opened_question(make_library(tmp_path), "../x", "q1")


def test_feedback_becomes_a_question_that_can_be_read_and_run(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    good = ("Who built the weir?", "answered", "Runa Ost", "weir", 4.5, 9.0, "heard")
    assert "Added as feedback-1 to heard, which has 1 now" in question_added(library, *good)["line"]
    assert (
        "Added as feedback-2"
        in question_added(library, "And submarines?", "not_said", "", None, None, None, "heard")["line"]
    )
    asked = read_set(library.folder / "questions" / "heard.jsonl").questions
    assert [(each.id, each.verdict, each.speaker) for each in asked] == [
        ("feedback-1", "answered", "Runa Ost"),
        ("feedback-2", "not_said", None),
    ]
    before = (library.folder / "questions" / "heard.jsonl").read_bytes()
    for bad in (
        ("", *good[1:]),
        (*good[:4], 9.0, 4.5, "heard"),
        (*good[:3], "", 1.0, 2.0, "heard"),
        (*good[:6], "../x"),
        (*good[:6], "samples"),
        (*good[:1], "nonsense", *good[2:]),
    ):
        assert 'role="alert"' in question_added(library, *bad)["line"]
    assert (library.folder / "questions" / "heard.jsonl").read_bytes() == before


def test_a_piece_of_feedback_fills_the_form(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    citation = {"episode": "mill", "start": 6.4, "end": 10.0, "speaker": "Odo Pell"}
    about = {"verdict": "answered", "citations": [citation]}
    library.add_feedback(Feedback("right", "How many sails?", about=json.dumps(about)))
    library.add_feedback(Feedback("missed", "What of the tea?", about="no json"))
    assert [item.question for item in feedback_of(library)] == ["What of the tea?", "How many sails?"]
    assert list(prefilled(library, "1").values()) == ["How many sails?", "answered", "Odo Pell", "mill", 6.4, 10.0]
    assert prefilled(library, "0")["question"] == "What of the tea?"


def test_looking_at_runs_leaves_one_report_each_and_nothing_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    monkeypatch.delenv("GRADIO_TEMP_DIR", raising=False)
    library = make_library(tmp_path / "a")
    known, _ = runs.add_set(library.folder, write_set(tmp_path / "mills.jsonl", QUESTIONS[:1]))
    runner = runs.Runner(Assistant(library))
    keys = []
    for _ in range(2):
        runner.start(known, limit=0, finding_only=True)
        assert runner.wait(60) and runner.key
        keys.append(runner.key)
    reports = {shown(library, key)["report"]["value"] for key in keys * 3}
    left = sorted(str(file) for file in scratch.rglob("*") if file.is_file())
    assert left == sorted(reports) and len(left) == 2
    assert all("mills" in Path(file).read_text(encoding="utf-8") for file in left)
    assert not list(scratch.glob("verbatim-report-*"))


# ---- in the browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    folder = tmp_path_factory.mktemp("evaluate")
    library = make_library(folder)
    write_silence(folder / "transcripts" / "weir.wav", 20)
    meta = json.loads((folder / "transcripts" / "weir.meta.json").read_text()) | {"audio": "weir.wav"}
    (folder / "transcripts" / "weir.meta.json").write_text(json.dumps(meta))
    assert library.add([folder / "transcripts"]).replaced == ["weir"]
    known, _ = runs.add_set(library.folder, write_set(folder / "mills.jsonl", QUESTIONS))
    runner = runs.Runner(Assistant(library))
    runner.start(known, limit=0, finding_only=False)
    assert runner.wait(120) and runner.key
    with served(library.folder, **UNLIMITED) as address:
        yield SimpleNamespace(address=address, library=library)


@pytest.fixture
def open_page(browser: playwright.Browser) -> Iterator[Callable[..., playwright.Page]]:
    with opener(browser) as opened:
        yield lambda address, size="wide", **options: opened(address, viewport=SIZES[size], **options)


def choose(page: playwright.Page, label: str, name: str) -> None:
    """Opens the field and presses a choice. Gradio lays the choices where the field stood when it was opened: where the page
    has moved since, they may be out of sight, so they are pressed where they are."""
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=name).first.dispatch_event("mousedown")


def open_run(page: playwright.Page, site: SimpleNamespace, name: str) -> None:
    """Shows the newest run of that set, and waits until it is shown."""
    key = next(key for shown, key in runs.known_runs(site.library.folder) if f", {name}," in shown)
    expect(page.locator("#figures [data-run]")).to_be_visible()
    if page.locator(f"#figures [data-run='{key}']").count() == 0:
        choose(page, "Run", f", {name},")
    expect(page.locator(f"#figures [data-run='{key}']")).to_be_visible()


@pytest.mark.browser
def test_a_set_is_run_and_its_figures_plots_and_report_are_there(
    site: SimpleNamespace, open_page: Callable, tmp_path: Path
) -> None:
    page = open_page(f"{site.address}/staff/evaluate")
    expect(page.locator("#figures")).to_contain_text("of 4 questions went right")  # the run that is there already
    page.locator("#set-upload input[type=file]").set_input_files(str(write_set(tmp_path / "two.jsonl", QUESTIONS[:2])))
    expect(page.locator("#set-line")).to_contain_text("two was added: 2 questions")
    page.locator("#run").click()
    expect(page.locator("#run-line")).to_contain_text("Done: 2 questions")
    expect(page.locator("#figures")).to_contain_text("of 2 questions went right")
    expect(page.locator("#figures table").first).to_contain_text("95 % interval")
    assert page.locator("#plots svg").count() >= 3
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download the report").or_(page.locator("#report")).first.click()
    report = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert "How many sails does the windmill have?" in report or "went right" in report
    assert not page.faults


@pytest.mark.browser
def test_a_lost_question_opens_with_its_passages_and_plays(site: SimpleNamespace, open_page: Callable) -> None:
    page = open_page(f"{site.address}/staff/evaluate")
    open_run(page, site, "mills")
    choose(page, "Question to open", "grease the axle")
    opened = page.locator("#opened")
    for told in ("grease the axle", "Expected", "answered", "Where the answer stands", "goose fat", "not the answer"):
        expect(opened).to_contain_text(told)
    page.evaluate("""() => { window.began = []; const sound = document.querySelector("#audio");
        sound.addEventListener("playing", () => began.push([sound.currentTime, sound.currentSrc])); }""")
    opened.locator(".play").first.click()
    page.wait_for_function("began.length > 0")
    at, source = page.evaluate("began[0]")
    assert source.startswith(f"{site.address}/audio/weir") and 0.9 <= at <= 1.4
    assert not page.faults


@pytest.mark.browser
def test_two_runs_are_compared(site: SimpleNamespace, open_page: Callable) -> None:
    page = open_page(f"{site.address}/staff/evaluate")
    shown = page.locator("#figures [data-run]")
    expect(shown).to_be_visible()  # what is chosen before the screen is furnished would be set back
    before = shown.get_attribute("data-run")
    choose(page, "Question set", "mills")
    page.locator("#run").click()
    expect(page.locator("#run-line")).to_contain_text("Done: 4 questions")
    # With the new run come the older ones, and with them the choice of none.
    expect(page.locator(f"#figures [data-run]:not([data-run='{before}'])")).to_be_visible()
    choose(page, "Compare with an older run", "mills")
    expect(page.locator("#compared table")).to_contain_text("no change")


@pytest.mark.browser
def test_a_run_says_how_far_it_is_and_can_be_cancelled(
    site: SimpleNamespace, open_page: Callable, tmp_path: Path
) -> None:
    page = open_page(f"{site.address}/staff/evaluate")
    expect(page.locator("#figures")).to_contain_text("questions went right")
    many = [QUESTIONS[0] | {"id": f"q{n}", "question": f"How many sails has windmill {n}?"} for n in range(4000)]
    page.locator("#set-upload input[type=file]").set_input_files(str(write_set(tmp_path / "long.jsonl", many)))
    expect(page.locator("#set-line")).to_contain_text("long was added: 4,000 questions")
    page.locator("#run").click()
    expect(page.locator("#run-line progress[value]")).to_be_visible()
    page.locator("#cancel").click()
    expect(page.locator("#run-line")).to_contain_text("Cancelled after")
    expect(page.locator("#run-line")).to_contain_text("of 4000")
    assert not page.faults


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(site: SimpleNamespace, open_page: Callable, size: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = open_page(f"{site.address}/staff/evaluate", size, color_scheme=scheme)
    open_run(page, site, "mills")
    choose(page, "Question to open", "grease the axle")
    expect(page.locator("#opened")).to_contain_text("goose fat")
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/evaluate-{size}-{scheme}.png", full_page=True)
    found = axe.Axe().run(page).response["violations"]
    bad = [
        (v["id"], [node["html"][:160] for node in v["nodes"]]) for v in found if v["impact"] in ("serious", "critical")
    ]
    assert not bad
    width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1], "the page itself never scrolls sideways"


# ---- every screen, hostile


@pytest.fixture(scope="module")
def hostile_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """With episodes in the bin, feedback, and two runs of a set, hostile throughout."""
    library = hostile_library(tmp_path_factory.mktemp("hostile"))
    library.to_bin("e0")
    library.to_bin("e1")
    questions = [
        {
            "id": f"q{n}",
            "question": f"What did the zebra {n} say of {payload}?",
            "kind": payload,
            "answer": payload,
            "speaker": payload,
            "gold": [
                {
                    "episode": "e2" if n % 2 or n < 2 * TOGETHER else f"e{n // TOGETHER}",
                    "start": 8.0 * (n % TOGETHER) + 2.5,
                    "end": 8.0 * (n % TOGETHER) + 6,
                }
            ],
        }
        for n, payload in enumerate(HOSTILE)
    ]
    folder = tmp_path_factory.mktemp("hostile-set")
    known, _ = runs.add_set(library.folder, write_set(folder / "hostile.jsonl", questions))
    runner = runs.Runner(Assistant(library))
    for _ in range(2):
        runner.start(known, limit=0, finding_only=False)
        assert runner.wait(200) and runner.key, runner.problem
    for payload in HOSTILE:
        library.add_feedback(Feedback("note", payload, note=payload, about=json.dumps({"citations": [payload]})))
    with served(library.folder, **UNLIMITED) as address:
        yield SimpleNamespace(address=address, library=library)


def settled(page: playwright.Page) -> None:
    """Waits until the page has not changed for half a second, as a payload's script would have run by then."""
    watch = """() => new Promise(done => {
        let quiet; const rest = () => { clearTimeout(quiet); quiet = setTimeout(done, 500); };
        new MutationObserver(rest).observe(document.body, {subtree: true, childList: true}); rest();
        setTimeout(done, 15000); })"""
    for _ in range(6):  # a choice in a list may lead to another address, and each list to one more
        try:
            page.evaluate(watch)
        except playwright.Error:
            page.wait_for_load_state()
        else:
            return
    raise AssertionError(f"{page.url} never comes to rest")


@pytest.mark.browser
@pytest.mark.parametrize("query", ["", "?q=${alert(1)}{{1}}<img src=x onerror=alert(1)>&guest=<svg onload=alert(1)>"])
def test_nothing_hostile_runs_on_the_listeners_page(
    hostile_runs: SimpleNamespace, open_page: Callable, query: str
) -> None:
    nothing_runs(open_page(f"{hostile_runs.address}/{query}"), hostile_runs.address)


@pytest.mark.browser
@pytest.mark.slow
def test_nothing_hostile_runs_on_any_screen_of_the_staff(hostile_runs: SimpleNamespace, open_page: Callable) -> None:
    config = httpx.get(f"{hostile_runs.address}/staff/config", cookies=staff_cookies(hostile_runs.address)).json()
    pages = [path for path, *_ in config["pages"]]
    assert {"", "library", "evaluate"} <= set(pages)
    queries = [
        ("q", HOSTILE[0]),
        ("person", f"{HOSTILE[3]} Ben"),
        ("name", f"{HOSTILE[3]} Ben"),
        ("id", "e3"),
        ("episode", "e3"),
    ]
    for path in pages:
        page = open_page(f"{hostile_runs.address}/staff/{path}?{urlencode(queries)}")
        nothing_runs(page, hostile_runs.address)
        page.close()


def nothing_runs(page: playwright.Page, address: str) -> None:
    """Fills, presses and opens what a screen has, and says that no payload ran, made an element or reached out."""
    expect(page.locator("main")).to_contain_text("e")
    settled(page)
    # Every list is opened, every text box filled with every payload at once, every button pressed that changes nothing for good.
    everything = " ".join(HOSTILE)
    for box in page.locator("textarea:visible, input[type=text]:visible:not([role=listbox])").all():
        box.fill(everything[:1500])
    for name in ("Ask", "Search", "Find", "Add the question", "Run", "Remove"):
        button = page.get_by_role("button", name=name, exact=True)
        if button.count() and button.first.is_visible() and button.first.is_enabled():
            button.first.click()
    for box in page.locator("input[role=listbox]:visible, input[role=combobox]:visible").all():
        box.click()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.keyboard.press("Escape")
    settled(page)
    page.mouse.move(200, 300)
    settled(page)
    assert not page.popped and page.evaluate("window.owned === undefined"), page.url
    assert page.locator("main :is(iframe, object, embed, math, base, form[action^='javascript:'])").count() == 0
    assert (
        page.locator(":is(a[href^='javascript:'], [onerror], [onload], [onmouseover], [onfocus], img[src='x'])").count()
        == 0
    )
    elsewhere = [url for url in page.requested if not url.startswith((address, "data:", "blob:"))]
    assert not elsewhere, elsewhere


@pytest.mark.browser
def test_a_hostile_run_is_only_letters_when_opened_and_compared(
    hostile_runs: SimpleNamespace, open_page: Callable
) -> None:
    page = open_page(f"{hostile_runs.address}/staff/evaluate")
    expect(page.locator("#figures")).to_contain_text("questions went right")
    page.get_by_label("Question to open").click()
    page.get_by_role("option").first.click()
    expect(page.locator("#opened")).to_contain_text("zebra")
    choose(page, "Compare with an older run", "hostile")
    expect(page.locator("#compared table")).to_be_visible()
    for details in page.locator("#figures summary, #compared summary").all():
        details.click()
    assert not page.popped and page.evaluate("window.owned === undefined")
    assert page.locator("#evaluate :is(img, iframe, script, svg[onload])").count() == 0


def test_every_payload_goes_through_every_format_as_the_letters_it_is(tmp_path: Path) -> None:
    """A reader may leave markup out, never make any; what is left is quoted as letters."""
    from ui.shared.templates import escaped
    from ui.staff.evaluate_html import episodes_table

    for number, payload in enumerate(HOSTILE):
        segment = {"speaker": payload, "startTime": 0, "endTime": 1, "body": f"So {payload} it is."}
        write_episode(
            tmp_path, f"t{number}", [("Ada", 0.5, 2.0, f"About {payload} then."), *MILL], title=payload, show=payload
        )
        plain = f"Ada: About {payload} then.\n\nBen: Yes, {payload} indeed.\n"
        for suffix, made in (
            ("txt", plain),
            ("md", f"**Ada:** About {payload} then.\n\n**Ben:** Yes.\n"),
            ("vtt", f"WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ada>About {payload} then.\n"),
            ("json", json.dumps({"segments": [segment]})),
            ("html", f"<cite>Ada:</cite><time>0:01</time><p>About {payload} then.</p>"),
        ):
            (tmp_path / f"{suffix}{number}.{suffix}").write_text(made, encoding="utf-8")
    library = Library.create(tmp_path / "library", "hashing")
    library.add([tmp_path])
    assert len(library.summaries()) > 4 * len(HOSTILE)
    page = episodes_table(library.summaries(), {summary.id: HOSTILE for summary in library.summaries()})
    assert not set(TEMPLATE_CHARACTERS) & {ord(letter) for letter in page}
    for payload in HOSTILE:
        assert escaped(payload) in page or not payload.isprintable()
    for tag in ("<img", "<svg", "<script", "<iframe", "<a ", "<link", "<math", "<style", "<base", "<form", "<object"):
        assert tag not in page
