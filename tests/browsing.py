"""For the tests of the page: small libraries, a server in a process of its own, and a real browser.

The small library has two episodes: one with thirty seconds of sound, one without.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from screens import run

from index.library import Library
from rag.assistant import Assistant
from rag.settings import read_environment, variable_of
from ui.door.staff_door import has_login, new_key
from ui.serve import running
from ui.site import make_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

ROOT = Path(__file__).parents[1]
PATIENCE = 90_000  # milliseconds that a test waits for what is to come: a busy machine is slow
SCREENS = ROOT / "screenshots"  # of every state, to be looked at; git ignores them
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
KETTLE = [
    ("Ada Rowe", 0.5, 3.0, "Welcome to Mended, the show about people who repair things."),
    ("Ada Rowe", 3.2, 6.0, "Ben, what was the first thing that you ever mended?"),
    ("Ben Tull", 6.4, 9.0, "The first thing I mended was a copper kettle from my grandmother's kitchen."),
    ("Ben Tull", 9.5, 11.5, "I soldered a ring of tin around the spout of the kettle."),
    ("Ben Tull", 12.0, 15.0, "It has not leaked a drop in nineteen years."),
    ("Ada Rowe", 15.5, 17.0, "And what do you never repair?"),
    ("Ben Tull", 17.5, 20.0, "I never repair an umbrella, because an umbrella is only ever lent to you."),
]
STAFF_ADDRESSES: dict[str, str] = {}  # the address with the key that opens the staff's page, by the site's address
LANTERN = [
    ("Ada Rowe", 1.0, 4.0, "Today we talk about a lantern from a fishing boat with Cleo Marsh."),
    ("Cleo Marsh", 4.5, 9.0, "The lantern came up in a net off the north harbour, full of sand and one angry crab."),
    ("Cleo Marsh", 9.5, 13.0, "I replaced the glass of the lantern with a pane from a greenhouse."),
]


def write_episode(folder: Path, name: str, segments: list[tuple[str, float, float, str]], **metadata: object) -> None:
    """A transcript in the podcast namespace's JSON with its metadata beside it."""
    lines = [
        {"speaker": speaker, "startTime": start, "endTime": end, "body": text} for speaker, start, end, text in segments
    ]
    (folder / f"{name}.json").write_text(json.dumps({"version": "1.0.0", "segments": lines}), encoding="utf-8")
    (folder / f"{name}.meta.json").write_text(json.dumps(metadata), encoding="utf-8")


def write_silence(file: Path, seconds: int) -> None:
    with wave.open(str(file), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"\0\0" * 8000 * seconds)


def make_small_library(folder: Path) -> Path:
    """The library's folder, inside `folder`. Made from files, with the hashing encoder, which needs no model."""
    (folder / "transcripts").mkdir()
    write_silence(folder / "kettle.wav", 30)
    (folder / "secret.txt").write_text("for nobody")
    roles = {"Ada Rowe": "host", "Ben Tull": "guest", "Cleo Marsh": "guest"}
    ada, ben, cleo = ({"name": name, "role": role} for name, role in roles.items())
    common = {"show": "Mended", "date": "2024-02-01", "duration": 30}
    write_episode(
        folder / "transcripts",
        "kettle",
        KETTLE,
        title="The copper kettle",
        people=[ada, ben],
        audio="../kettle.wav",
        url="https://example.org/kettle",
        **common,
    )
    write_episode(
        folder / "transcripts",
        "lantern",
        LANTERN,
        title="A lantern from the sea",
        people=[ada, cleo],
        audio="../secret.txt",
        url="https://example.org/lantern",
        **common,
    )
    report = Library.create(folder / "library", "hashing").add([folder / "transcripts"])
    assert report.added == ["kettle", "lantern"] and not report.refused
    return folder / "library"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(*command: str, **settings: object) -> Iterator[str]:
    """The address that the command prints when its page is ready; the command runs in a process of its own.

    `settings`: Verbatim's, by their names. A test asks faster than people do: without a limit, unless one is set.
    """
    set_ = {variable_of(name): str(value) for name, value in ({"questions_a_minute": 0} | settings).items()}
    process = subprocess.Popen(
        [sys.executable, *command, "--port", str(free_port())],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **set_},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        line = process.stdout.readline()
        assert "http://" in line, line
        address = next(word for word in line.split() if word.startswith("http://"))
        for word in process.stdout.readline().split():
            if "/staff/?key=" in word:
                STAFF_ADDRESSES[address] = word
        yield address
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@contextmanager
def site_of(library: Path, **settings: object) -> Iterator[str]:
    """The address of the whole site around a library, with a slash at its end. It is served from a thread of this process.

    `settings`: Verbatim's, by their names; without a limit of questions, unless one is set.
    """
    given = {"questions_a_minute": 0, "library": library} | settings
    read, serving = read_environment({variable_of(name): str(value) for name, value in given.items()})
    key = "" if has_login(serving) else new_key()

    async def made() -> Any:  # outside a loop, Gradio leaves some open
        return make_site(Assistant.open(library, read), serving, staff=True, key=key)

    with ThreadPoolExecutor(1) as apart:  # where no browser's loop is the running one
        site = apart.submit(lambda: run(made())).result()
    port = free_port()
    with running(site, "127.0.0.1", port, proxy=serving.proxy, by_address=serving.connections_by_address):
        address = f"http://127.0.0.1:{port}/"
        if key:
            STAFF_ADDRESSES[address] = f"{address}staff/?key={key}"
        yield address


@contextmanager
def a_browser() -> Iterator[Browser]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        yield browser
        browser.close()


def staff_cookies(address: str) -> dict[str, str]:
    """The cookies of whoever has opened the address that the site at this address has printed; none where it printed none."""
    printed = STAFF_ADDRESSES.get(f"{address.split('/staff')[0].rstrip('/')}/")
    return dict(httpx.get(printed).cookies) if printed else {}


@contextmanager
def opener(browser: Browser) -> Iterator[Callable[..., Page]]:
    """A function that opens an address in a fresh browser context, after the staff's login where one is given.

    The page object keeps what was requested, said and popped up. All contexts are closed at the end.
    """
    contexts = []

    def opened(address: str, login: tuple[str, str] | None = None, **options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        if login:
            form = dict(zip(("username", "password"), login, strict=True))
            assert context.request.post(f"{address.split('/staff/')[0]}/staff/login", form=form).ok
        elif "/staff/" in address:
            context.add_cookies([{"name": n, "value": v, "url": address} for n, v in staff_cookies(address).items()])
        page = context.new_page()
        page.requested, page.popped, page.faults = [], [], []
        context.on("request", lambda request: page.requested.append(request.url))
        page.on("dialog", lambda dialog: (page.popped.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda fault: page.faults.append(str(fault)))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()


@contextmanager
def pages(browser: Browser) -> Iterator[Callable[..., Page]]:
    """As `opener`, for the listeners' page: waits until it is furnished."""
    from playwright.sync_api import expect

    with opener(browser) as opened:

        def furnished(address: str, **options: object) -> Page:
            page = opened(address, **options)
            expect(page.locator("#welcome .welcome")).to_be_attached()
            expect(page.locator("#remain .remaining")).not_to_be_empty()
            return page

        yield furnished


def ask(page: Page, question: str, *, rounds: int = 1) -> Locator:
    """Asks by keyboard and returns the finished round."""
    from playwright.sync_api import expect

    box = page.locator("#question").locator("textarea, input")
    box.fill(question)
    box.press("Enter")
    finished = page.locator(f"#r{rounds}:not(.working)")
    expect(finished).to_be_visible()
    return finished


@contextmanager
def kept(page: Page) -> Iterator[None]:
    """Ends when the browser keeps the conversation as the block has changed it, so that a reload brings it back."""
    before = page.evaluate("localStorage.getItem('verbatim')")
    yield
    page.wait_for_function("before => localStorage.getItem('verbatim') !== before", arg=before)


def watch_audio(page: Page) -> None:
    """Keeps in `began` and `ended` where the audio stood each time it started and paused."""
    page.evaluate(
        """() => { window.began = []; window.ended = []; const sound = document.querySelector("#audio");
        sound.addEventListener("playing", () => began.push(sound.currentTime));
        sound.addEventListener("pause", () => ended.push(sound.currentTime)); }"""
    )
