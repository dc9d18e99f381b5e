"""What the tests of the staff's screens share: small libraries, a site in a process of its own, a browser. Holds no tests."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from index.episode import Episode, Person, Sentence, Show, Turn
from index.library import Library

ROOT = Path(__file__).resolve().parent.parent
HOSTILE = json.loads((ROOT / "tests" / "data" / "hostile.json").read_text(encoding="utf-8"))
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"]  # fmt: skip
KETTLE = (
    ("Ada Rowe", "Welcome to Mended, the show about people who repair things."),
    ("Ada Rowe", "Ben, what was the first thing that you ever mended?"),
    ("Ben Tull", "The first thing I mended was a copper kettle from my grandmother's kitchen."),
    ("Ben Tull", "I soldered a ring of tin around the spout of the kettle."),
    ("Ben Tull", "It has not leaked a drop in nineteen years."),
    ("Ada Rowe", "And what do you never repair?"),
    ("Ben Tull", "I never repair an umbrella, because an umbrella is only ever lent to you."),
)
AGAIN = (
    ("Ada Rowe", "Ben Tull is back, and the weather is dreadful."),
    ("Ben Tull", "I brought the kettle along. The kettle leaked in the train, after all these years."),
    ("Ada Rowe", "How do you feel about the kettle now?"),
    ("Ben Tull", "I feel that a kettle is a debt. You pay for the copper kettle all your life."),
    ("Ada Rowe", "Cleo Marsh sends her greetings from the harbour."),
)
LANTERN = (
    ("Ada Rowe", "Today we talk about a lantern from a fishing boat with Cleo Marsh."),
    ("Cleo Marsh", "The lantern came up in a net off the north harbour, full of sand and one angry crab."),
    ("Cleo Marsh", "I replaced the glass of the lantern with a pane from a greenhouse."),
)
# One wall of words, host and guest in turns.
BELLOWS = (
    "Welcome back to Mended. Today my guest is Ben Tull, who makes bellows. Ben, thank you for coming in. "
    "Thank you for having me, it was a long way. How does somebody begin with bellows? "
    "I began because the fire in my kitchen went out every night. My uncle had an old pair of leather ones in the shed. "
    "And what is the hardest part of it? The valve is, because it must open for a breath and close for a storm. "
    "I cut forty of them before one held. Would you do it all again? I would begin with the valve. "
    "Ben Tull, thank you so much. And thank you all for listening."
)
LINE_SECONDS = 4.0  # a line begins every four seconds and lasts three


def write_talk(folder: Path, name: str, lines: tuple[tuple[str, str], ...], **metadata: object) -> None:
    """A transcript in the podcast namespace's JSON with its metadata beside it."""
    segments = [
        {"speaker": who, "startTime": LINE_SECONDS * n, "endTime": LINE_SECONDS * n + 3, "body": text}
        for n, (who, text) in enumerate(lines)
    ]
    (folder / f"{name}.json").write_text(json.dumps({"version": "1.0.0", "segments": segments}), encoding="utf-8")
    (folder / f"{name}.meta.json").write_text(json.dumps(metadata), encoding="utf-8")


def small_library(folder: Path) -> Path:
    """Four episodes of Mended: two with Ben Tull, of which one has sound, one with Cleo Marsh, and one without labels."""
    talks = folder / "transcripts"
    talks.mkdir(parents=True)
    with wave.open(str(folder / "kettle.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"\0\0" * 8000 * 30)
    ada, ben, cleo = (
        {"name": n, "role": r} for n, r in (("Ada Rowe", "host"), ("Ben Tull", "guest"), ("Cleo Marsh", "guest"))
    )
    write_talk(talks, "kettle", KETTLE, show="Mended", title="The copper kettle", date="2024-02-01", duration=30,
               people=[ada, ben], audio="../kettle.wav", url="https://example.org/kettle")  # fmt: skip
    write_talk(
        talks,
        "again",
        AGAIN,
        show="Mended",
        title="The kettle again",
        date="2024-06-01",
        duration=30,
        people=[ada, ben],
    )
    write_talk(talks, "lantern", LANTERN, show="Afloat", title="A lantern from the sea", date="2024-03-01", duration=30,
               people=[ada, cleo])  # fmt: skip
    head = "---\nshow: Mended\ntitle: Bellows\nduration: 2:00\nhosts: [Ada Rowe]\nguests: [Ben Tull]\n---\n\n"
    (talks / "bellows.md").write_text(f"{head}{BELLOWS}\n", encoding="utf-8")
    report = Library.create(folder / "library", "hashing").add([talks])
    assert len(report.added) == 4 and not report.refused
    return folder / "library"


def hostile_library(folder: Path) -> Path:
    """Made in Python, past the checks that files go through: the screens must not rely on them."""
    library = Library.create(folder / "library", "hashing")
    with library.writing_many() as add:
        for number, text in enumerate(HOSTILE):
            host, guest = Person(f"{text} Ada", "host"), Person(f"{text} Ben", "guest")
            turns = (
                Turn(host, (Sentence(0, f"What about the zebra of {text}?", 0.0, 2.0, "transcript", 0.0),), "labelled"),
                Turn(
                    guest,
                    (Sentence(1, f"The zebra said {text} to the zoo.", 2.5, 6.0, "transcript", 0.0),),
                    "recovered",
                ),
            )
            add(Episode(f"e{number}", Show(f"{text} show {number % 2}", text), f"{text} number {number}", turns, (host, guest),
                        text, text, 6.0, text, text))  # fmt: skip
    return library.folder


@contextmanager
def site(library: Path, **environment: str) -> Iterator[str]:
    """The address of the staff's page, served by a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "app.py", "--library", str(library), "--port", str(port)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    try:
        assert "http://" in process.stdout.readline()
        yield f"http://127.0.0.1:{port}/staff/"
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@contextmanager
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        yield chromium
        chromium.close()


@contextmanager
def opener(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens an address in a fresh context; keeps what was requested, said and popped up on the page object."""
    contexts = []

    def opened(address: str, login: tuple[str, str] | None = None, **options: Any) -> Any:
        context = chromium.new_context(
            **{"viewport": {"width": 1440, "height": 900}, "accept_downloads": True, **options}
        )
        contexts.append(context)
        if login:
            form = dict(zip(("username", "password"), login, strict=True))
            assert context.request.post(f"{address.split('/staff/')[0]}/staff/login", form=form).ok
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


def serious(page: Any) -> list[str]:
    """What axe-core finds on the page that is serious or critical."""
    from axe_playwright_python.sync_playwright import Axe

    return [
        f"{found['id']}: {node['html'][:120]}"
        for found in Axe().run(page).response["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]


def nothing_ran(page: Any) -> None:
    """No dialog, no script of a payload, no element of one, no other machine asked."""
    assert page.popped == [] and page.faults == []
    assert page.evaluate("window.owned") is None
    assert page.evaluate("document.querySelectorAll('.staff .prose :is(img, script, iframe, link, style)').length") == 0
    assert [url for url in page.requested if url.startswith("http") and "//127.0.0.1" not in url] == []
