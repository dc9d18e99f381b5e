"""How soon the page can be used: `python -m eval page-speed --library library`. Prints one JSON object.

The listeners' page and a bare `gr.ChatInterface` are served side by side and opened in turn in a real Chromium, each time
in a fresh context. Measured, in seconds: until something is painted, and until the box takes a question. Each is the median
of the rounds; comparisons are ratios.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from eval.studies.speed.serve import SITE, serving

BARE = "import gradio, sys; gradio.ChatInterface(lambda message, history: message).launch(server_port=int(sys.argv[1]))"
BOXES = {"verbatim": "#question textarea, #question input", "bare": "textarea"}
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def main(argv: Sequence[str] | None = None) -> int:
    """Print the median seconds until each page is painted and can be typed into, as JSON. Exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m eval page-speed", description=__doc__.splitlines()[0])
    parser.add_argument("--library", default="library", metavar="DIR")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="how often each is opened (default: 7)")
    options = parser.parse_args(argv)
    served = {
        "verbatim": [*SITE, options.library, "--port"],
        "bare": ["-c", BARE],
    }
    with ExitStack() as stack:
        addresses = {name: stack.enter_context(serving(command)) for name, command in served.items()}
        print(json.dumps(summary(opened_in_turn(addresses, options.rounds)), indent=1))
    return 0


def opened_in_turn(addresses: dict[str, str], rounds: int) -> dict[str, list[dict[str, float]]]:
    """Seconds of each opening, by page. The first round warms both up and is left out."""
    from playwright.sync_api import sync_playwright

    taken: dict[str, list[dict[str, float]]] = {name: [] for name in addresses}
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        for round_ in range(rounds + 1):
            for name, address in addresses.items():
                seconds = opened_once(browser, address, BOXES[name])
                if round_:
                    taken[name].append(seconds)
        browser.close()
    return taken


def opened_once(browser: Any, address: str, box: str) -> dict[str, float]:
    """Seconds until the page is painted and until its box takes text, in a browser without a cache."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    begun = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator(box).first.fill("Who?")
    usable = time.perf_counter() - begun
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0") / 1000
    context.close()
    return {"painted": painted, "usable": usable}


def summary(taken: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """The medians of each page, in seconds, and how many times as long the first takes as the second."""
    medians = {
        name: {what: round(statistics.median(row[what] for row in rows), 3) for what in rows[0]}
        for name, rows in taken.items()
    }
    ours, bare = medians["verbatim"], medians["bare"]
    return {**medians, "ratio": {what: round(ours[what] / bare[what], 2) for what in ours if bare[what]}}


if __name__ == "__main__":
    sys.exit(main())
