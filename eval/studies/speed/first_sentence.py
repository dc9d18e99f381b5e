"""How long a model's first sentence takes to the reader's eyes: `python -m eval first-sentence --library library`.

The page runs with the honest scripted model, which falls silent after its first sentence. Measured is
the time from when that sentence was sent to when it stands on the page in a real Chromium, checked. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from eval.sets.readers import read_set
from eval.studies.gate.honest_model import honest_model
from eval.studies.speed.page import CHROMIUM
from eval.studies.speed.serve import SITE, serving

SILENCE = 2.0  # seconds after the first sentence
WATCH = """() => { window.shown = 0; new MutationObserver(() => {
  const last = [...document.querySelectorAll(".round .answer")].pop();
  if (!window.shown && last && last.closest(".working") && last.textContent.trim()) window.shown = Date.now();
}).observe(document.querySelector("#talk"), { childList: true, subtree: true, characterData: true }); }"""


def main(argv: Sequence[str] | None = None) -> int:
    """Print the median and the most seconds from sending a question to its first sentence on the page. Exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m eval first-sentence", description=__doc__.splitlines()[0])
    parser.add_argument("--library", default="library", metavar="DIR")
    parser.add_argument("--questions", type=Path, default=Path("eval/data/samples.jsonl"))
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="how many questions are asked (default: 20)")
    options = parser.parse_args(argv)
    questions = [q.question for q in read_set(options.questions).questions if q.verdict == "answered" and not q.history]
    taken = seconds_to_the_page(options.library, questions[: options.limit])
    print(
        json.dumps(
            {"questions": len(taken), "median": round(statistics.median(taken), 3), "most": round(max(taken), 3)}
        )
    )
    return 0


def seconds_to_the_page(library: str, questions: Sequence[str]) -> list[float]:
    """For each question that the model was asked to write about: seconds from its first sentence to the page."""
    from playwright.sync_api import sync_playwright

    taken = []
    with honest_model(rest_after=SILENCE) as endpoint, sync_playwright() as play:
        settings = {
            "model": "openai:honest",
            "base_url": endpoint.address,
            "questions_a_minute": "0",
            "reader": "embedded",
        }
        with serving([*SITE, library, "--port"], **settings) as address:
            browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
            page = browser.new_page()
            page.goto(address)
            page.locator("#examples .example").first.wait_for()
            for number, question in enumerate(questions, start=1):
                page.evaluate(WATCH)
                box, before = page.locator("#question textarea, #question input").first, len(endpoint.first_sentences)
                box.fill(question)
                box.press("Enter")
                page.locator(f"#r{number}:not(.working)").wait_for()
                shown = page.evaluate("window.shown") / 1000
                if len(endpoint.first_sentences) > before and shown:
                    taken.append(shown - endpoint.first_sentences[before])
            browser.close()
    return taken


if __name__ == "__main__":
    sys.exit(main())
