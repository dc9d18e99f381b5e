"""The page in a real browser, on a small real library; and its other door, gradio_client.

The library has two episodes: one with thirty seconds of sound, one without. A second library is hostile through and
through. Where a test must hold the answer back or break it, a scripted assistant stands in for the real one.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, urlsplit

import pytest
from browsing import KETTLE, ROOT, ask, kept, serving, watch_audio
from hostile import EPISODES, TOGETHER

from ui.listeners.conversation import MOST_KEPT

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
pytestmark = pytest.mark.browser


# ---- a server that does as it is told


SCRIPT = """
import sys, time
from pathlib import Path
from threading import Barrier

import app
from index.errors import NoSuchEpisode
from rag.answer import Answer, Asked, Citation, Done, Found, Searched, Wrote
from rag.assistant import Assistant

QUOTE = Citation(
    n=1, episode="kettle", title="The copper kettle", show="Mended", date="2024-02-01", speaker="Ben Tull",
    role="guest", speaker_source="labelled", start=12.0, end=15.0, time_source="transcript", time_error=0.0,
    quote="It has not leaked a drop in nineteen years.", check="verified", url=None, first=4, last=4,
)
GATE = Path(sys.argv.pop(1))
together = Barrier(2)  # passes only if two are answered at the same time


def ask(self, question, history=(), filters=None, *, more=0, without=()):
    yield Asked(question)
    if "missing" in question:
        raise NoSuchEpisode("missing", ["kettle"])
    if "bug" in question:
        raise ZeroDivisionError("a bug, made on purpose")
    if question.isdecimal() and int(question) < 8:
        together.wait(30)
    yield Found(3)
    yield Wrote("It has not leaked [1].", (QUOTE,))
    if "slow" in question and not GATE.exists():
        GATE.touch()  # only the first slow question waits
        while GATE.exists():
            time.sleep(0.05)
    heard = " ".join(message["content"] for message in history)
    text = f"It has not leaked [1].\\n\\nMore on {question} after {heard or 'nothing'}."
    yield Done(Answer(question, question, "answered", text, (QUOTE,), (), Searched(2, 60.0), "scripted", None))


Assistant.ask = ask
sys.exit(app.main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def scripted(small_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """The page with an assistant that follows SCRIPT: `.address`, and `.gate`, a file that holds the first slow answer
    back for as long as it exists."""
    folder = tmp_path_factory.mktemp("scripted")
    (folder / "script.py").write_text(SCRIPT, encoding="utf-8")
    gate = folder / "gate"
    with serving(str(folder / "script.py"), str(gate), "--library", str(small_library)) as address:
        yield SimpleNamespace(address=address, gate=gate)
        gate.unlink(missing_ok=True)


# ---- asking and hearing


def test_a_quote_plays_from_its_first_word_to_its_last(site: str, open_page: Callable) -> None:
    page = open_page(site)
    watch_audio(page)
    answer = ask(page, "What did Ben Tull say about the copper kettle?")
    answer.locator(".answer .mark").first.click()
    card = page.locator("#r1c1")
    expect(card).to_be_focused()
    expect(card).to_contain_text("Ben Tull")
    start, end = (float(card.locator(".play").get_attribute(name)) for name in ("data-start", "data-end"))
    assert start in {line[1] for line in KETTLE} and end in {line[2] for line in KETTLE}
    page.wait_for_function("ended.length > 0")
    began, ended = page.evaluate("[began[0], ended[0]]")
    assert start - 0.05 <= began <= start + 0.3
    assert end - 0.1 <= ended <= end + 0.1
    assert page.evaluate("document.querySelector('#audio').paused")


def test_listening_can_go_on_past_the_quote_and_begin_again(site: str, open_page: Callable) -> None:
    page = open_page(site)
    watch_audio(page)
    ask(page, "What did Ben Tull say about an umbrella?").locator(".play").first.click()
    player = page.get_by_role("region", name="Player")
    expect(player).to_be_visible()
    player.get_by_label("Speed").select_option("2")
    page.wait_for_function("ended.length > 0")
    end = page.evaluate("ended[0]")
    player.get_by_role("button", name="Keep listening").click()
    page.wait_for_function(f"document.querySelector('#audio').currentTime > {end + 0.5}")
    player.get_by_role("button", name="Pause").click()
    expect(player.get_by_role("button", name="Play", exact=True)).to_be_visible()
    player.get_by_role("button", name="Close the player").click()
    expect(player).to_be_hidden()


def test_audio_that_cannot_be_had_is_said_in_the_player(site: str, open_page: Callable) -> None:
    page = open_page(site)
    page.route("**/audio/**", lambda route: route.abort())
    ask(page, "What did Ben Tull say about an umbrella?").locator(".play").first.click()
    expect(page.get_by_role("region", name="Player")).to_contain_text("This audio can’t be")


def test_the_card_shows_the_quote_in_its_surroundings_under_the_question(site: str, open_page: Callable) -> None:
    answer = ask(open_page(site), "What did Ben Tull say about an umbrella?")
    card = answer.locator(".card:not(.near)").filter(has=answer.page.locator("mark", has_text="umbrella")).first
    expect(card.locator(".asked")).to_contain_text("what do you never repair?")
    expect(card.locator(".asked")).to_contain_text("Ada Rowe")
    expect(card.locator(".byline")).to_contain_text("guest")
    link = card.get_by_role("link", name="The copper kettle").get_attribute("href")
    assert link.startswith("https://example.org/kettle")


def test_without_audio_there_is_a_link_and_a_time_but_no_play_button(site: str, open_page: Callable) -> None:
    answer = ask(open_page(site), "What did Cleo Marsh say about the lantern?")
    card = answer.locator(".card").filter(has_text="A lantern from the sea").first
    expect(card).to_be_visible()
    expect(card.locator(".place")).to_contain_text("0:0")
    expect(card.get_by_role("link", name="A lantern from the sea")).to_be_visible()
    expect(card.locator(".play")).to_have_count(0)


def test_a_refusal_says_what_was_searched(site: str, open_page: Callable) -> None:
    answer = ask(open_page(site), "What did Ben Tull say about quantum chromodynamics?")
    expect(answer).to_have_class("round refused")
    expect(answer.locator(".verdict")).to_be_visible()
    expect(answer.locator(".said")).to_contain_text("2 episodes, 60 seconds")
    expect(answer.locator(".mark")).to_have_count(0)
    if answer.locator(".card").count():
        expect(answer).to_contain_text("Nearest, but no answer")
        expect(answer.locator(".card:not(.near)")).to_have_count(0)


def test_filters_narrow_the_question_and_are_shown_with_it(site: str, open_page: Callable) -> None:
    page = open_page(site)
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Episode").click()
    page.get_by_role("option", name="A lantern from the sea").click()
    answer = ask(page, "What did they say about the lantern?")
    expect(answer.locator(".scope").first).to_contain_text("In A lantern from the sea")
    expect(answer.locator(".footnote")).to_contain_text("Searched 1 episode")


def test_an_example_question_is_answered_when_pressed(site: str, open_page: Callable) -> None:
    page = open_page(site)
    example = page.locator("#examples .example").first
    question = example.inner_text()
    example.click()
    expect(page.locator("#r1:not(.working) .question")).to_have_text(question)
    expect(page.locator("#examples")).to_be_hidden()


def test_the_keyboard_is_enough(site: str, open_page: Callable) -> None:
    page = open_page(site)
    watch_audio(page)
    answer = ask(page, "What did Ben Tull say about the copper kettle?")
    answer.locator(".mark").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#r1c1")).to_be_focused()
    page.keyboard.press("/")
    box = page.locator("#question").locator("textarea, input")
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    page.keyboard.type("and/or")
    expect(box).to_have_value("and/or")
    expect(page.get_by_role("textbox", name="Your question")).to_be_focused()


# ---- the course of an answer


def test_sentences_stream_and_stop_keeps_those_already_checked(scripted: SimpleNamespace, open_page: Callable) -> None:
    page = open_page(scripted.address)
    page.locator("#question").locator("textarea, input").fill("A slow one?")
    page.get_by_role("button", name="Ask", exact=True).click()
    working = page.locator("#r1.working")
    expect(working.locator(".answer")).to_contain_text("It has not leaked")
    expect(working.locator(".card")).to_have_count(1)
    expect(page.locator("#retry")).to_be_hidden()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#r1 .problem")).to_have_text("Stopped.")
    expect(page.locator("#r1 .answer")).to_contain_text("It has not leaked")
    # The stopped answer is still held back while the same question is asked again, and must not come through later.
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("#r1:not(.working) .answer")).to_contain_text("More on A slow one?")
    scripted.gate.unlink()
    expect(ask(page, "And then?", rounds=2).locator(".answer")).to_contain_text("More on And then?")
    expect(page.locator(".round")).to_have_count(2)
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".round")).to_have_count(0)
    expect(page.locator("#examples .example").first).to_be_visible()


def test_a_refused_request_is_told_kindly_and_the_conversation_goes_on(
    scripted: SimpleNamespace, open_page: Callable
) -> None:
    page = open_page(scripted.address)
    ask(page, "First?")
    failed = ask(page, "And the missing one?", rounds=2)
    expect(failed.get_by_role("alert")).to_contain_text("No episode 'missing' in this library")
    broken = ask(page, "And the bug?", rounds=3)
    expect(broken.get_by_role("alert")).to_contain_text("Something went wrong")
    last = ask(page, "Still there?", rounds=4)
    expect(last.locator(".answer")).to_contain_text("after First? It has not leaked")


def test_twenty_listeners_are_answered_eight_at_a_time(scripted: SimpleNamespace) -> None:
    from gradio_client import Client

    client = Client(scripted.address, verbose=False)
    with ThreadPoolExecutor(20) as crowd:
        answers = list(crowd.map(lambda n: client.predict(str(n), api_name="/ask"), range(20)))
    assert [f"More on {n} after" in answer["answer"] for n, answer in enumerate(answers)] == [True] * 20


def test_a_program_asks_through_a_named_endpoint(site: str) -> None:
    from gradio_client import Client

    client = Client(site, verbose=False)
    answer = client.predict("What did Ben Tull say about the copper kettle?", api_name="/ask")
    assert answer["verdict"] == "answered"
    assert answer["citations"][0]["speaker"] == "Ben Tull"
    assert "first" not in answer["citations"][0]
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(named) == {"/ask", "/search", "/episodes", "/transcript"}
    with pytest.raises(Exception, match="characters"):
        client.predict("   ", api_name="/ask")


# ---- what must not happen


def test_hostile_words_run_nowhere_on_the_page(hostile_site: str, open_page: Callable) -> None:
    page = open_page(hostile_site)
    shown = 0
    for number, texts in enumerate(EPISODES):
        with kept(page):
            answer = ask(page, f"What about the zebra {TOGETHER * number} and {' '.join(texts)}?", rounds=number + 1)
        expect(answer.locator(".question")).to_contain_text("What about the zebra")
        shown += answer.locator(".card").count()
        for link in answer.locator("a").all():
            assert urlsplit(link.get_attribute("href")).scheme in ("http", "https")
    assert shown >= len(EPISODES)
    page.locator(".card").first.hover()
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Episode").click()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator(".round")).to_have_count(min(MOST_KEPT, len(EPISODES)))  # kept in the browser
    assert page.popped == []
    assert page.evaluate("window.owned") is None
    assert page.evaluate("document.querySelectorAll('#talk img, #talk script, #talk iframe, #talk svg').length") == 0
    assert {urlsplit(url).hostname for url in page.requested if url.startswith("http")} == {"127.0.0.1"}


def test_no_request_leaves_this_machine(site: str, open_page: Callable) -> None:
    page = open_page(site)
    ask(page, "What did Ben Tull say about the copper kettle?").locator(".play").first.click()
    page.wait_for_function("document.querySelector('#audio').currentTime > 0")
    elsewhere = [url for url in page.requested if urlsplit(url).hostname not in ("127.0.0.1", None)]
    assert elsewhere == []
    assert page.faults == []


def status(url: str, **headers: str) -> int:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status
    except urllib.error.HTTPError as refused:
        return refused.code


def test_only_the_episodes_audio_is_served(site: str, small_library: Path) -> None:
    assert status(f"{site}audio/kettle") == 200
    assert status(f"{site}audio/kettle", Range="bytes=1000-1999") == 206
    folder = small_library.parent
    private = [
        folder / "secret.txt",
        folder / "transcripts" / "kettle.json",
        folder / "kettle.wav",
        small_library / "library.db",
        ROOT / "app.py",
        Path("/etc/hostname"),
    ]
    for file in private:
        assert status(f"{site}gradio_api/file={file}") in (403, 404), file
        assert status(f"{site}file={file}") in (403, 404), file
        assert status(f"{site}audio/{quote(str(file), safe='')}") in (403, 404), file
    # The metadata of `lantern` names a text file as its audio.
    for name in ("lantern", "nobody", "../kettle.json", "..%2Fkettle.json", "%2e%2e/kettle.json"):
        assert status(f"{site}audio/{name}") in (403, 404), name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_cut_off_and_the_filters_wait(site: str, open_page: Callable, scheme: str) -> None:
    page = open_page(site, viewport={"width": 390, "height": 844}, color_scheme=scheme, has_touch=True)
    filters = page.locator("#filters")
    expect(filters).to_be_hidden()
    page.get_by_role("button", name="Filters").click()
    expect(filters).to_be_visible()
    page.get_by_role("button", name="Filters").click()
    answer = ask(page, "What did Ben Tull say about the copper kettle?")
    answer.locator(".mark").first.click()
    expect(page.get_by_role("region", name="Player")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    said, card = answer.locator(".said").bounding_box(), answer.locator(".card").first.bounding_box()
    assert said["y"] + said["height"] <= card["y"]


def test_on_a_wide_screen_the_sources_stand_beside_the_answer(site: str, open_page: Callable) -> None:
    answer = ask(open_page(site), "What did Ben Tull say about the copper kettle?")
    said, card = answer.locator(".said").bounding_box(), answer.locator(".card").first.bounding_box()
    assert said["x"] + said["width"] <= card["x"] and abs(said["y"] - card["y"]) < 40


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(site: str, open_page: Callable, scheme: str) -> None:
    page = open_page(site, color_scheme=scheme)
    ask(page, "What did Ben Tull say about the copper kettle?")
    faint = page.evaluate(
        """() => {
          const linear = (v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
          const light = (c) => [.2126, .7152, .0722].reduce((sum, part, at) => sum + part * linear(c[at] / 255), 0);
          const parts = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
          const ground = (e) => { for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor);
            if (c.length === 3 || c[3] > .99) return c; } return [255, 255, 255]; };
          return [...document.querySelectorAll("#masthead *, #talk *, #dock button, #dock input")]
            .filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
            .map((e) => {
              const [a, b] = [light(parts(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
              return [(a + .05) / (b + .05), e.className, e.textContent.slice(0, 30)]; })
            .filter(([ratio]) => ratio < 4.5);
        }"""
    )
    assert faint == []


# ---- starting


def run_app(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "app.py", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_a_missing_library_is_said_in_one_line(tmp_path: Path) -> None:
    ran = run_app("--library", str(tmp_path / "none"))
    assert ran.returncode == 1
    assert ran.stderr.startswith("No library in") and ran.stderr.count("\n") == 1
    assert ran.stdout == ""


def test_a_taken_port_is_said_in_one_line(small_library: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = run_app("--library", str(small_library), "--port", str(port))
    assert ran.returncode == 1
    assert ran.stderr == f"Port {port} on 127.0.0.1 is taken. Choose another with: --port {port + 1}\n"
