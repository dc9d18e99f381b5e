"""The player in a real browser: every sample format from the first word to the last, captions, keys, speed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from operator import itemgetter
from pathlib import Path
from shutil import copytree
from urllib.parse import urlencode

import pytest
from browsing import KETTLE, ROOT, ask, kept, serving, watch_audio

from index.episode import Sentence
from index.library import Library

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
pytestmark = pytest.mark.browser

FIRST_WORD = 0.3  # seconds: how far from its first word a quote may begin to play
# These two formats tell whole seconds: no player can know more.
WHOLE_SECONDS = ("fourteen-grains", "who-rings-the-fog-bell")
HEARD = sorted(file.stem for file in (ROOT / "samples" / "audio").glob("*.mp3"))
TIME = "document.querySelector('#audio').currentTime"
UMBRELLA = "What did Ben Tull say about an umbrella?"


@pytest.fixture(scope="module")
def samples(samples_without_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Library:
    return Library.open(copytree(samples_without_model, tmp_path_factory.mktemp("samples") / "library"))


@pytest.fixture(scope="module")
def sample_site(samples: Library) -> Iterator[str]:
    with serving("app.py", "--library", str(samples.folder)) as address:
        yield address


def a_sentence(library: Library, episode: str) -> tuple[Sentence, float, float]:
    """The shortest first sentence of a turn in the second half, and from when to when it is really spoken."""
    spoken: dict[str, list[dict]] = {}
    for row in json.loads((ROOT / "samples" / "truth" / f"{episode}.json").read_text(encoding="utf-8")):
        spoken.setdefault(row["text"], []).append(row)
    turns = library.episode(episode).turns
    said_once = [
        (true["end"] - true["start"], sentence, true)
        for sentence in (turn.sentences[0] for turn in turns[len(turns) // 2 :])
        if sentence.speech and len(spoken.get(sentence.text, ())) == 1
        for true in spoken[sentence.text]
        if true["end"] - true["start"] > 1.5
    ]
    _, sentence, true = min(said_once, key=itemgetter(0))
    return sentence, true["start"], true["end"]


# ---- from the first word to the last


@pytest.mark.parametrize("episode", HEARD)
def test_a_quote_of_every_sample_plays_from_its_first_word_to_its_last(
    sample_site: str, samples: Library, open_page: Callable, episode: str
) -> None:
    sentence, first_word, last_word = a_sentence(samples, episode)
    place = f"{sentence.position}-{sentence.position}"
    page = open_page(f"{sample_site}?{urlencode({'moment': episode, 'sentences': place})}")
    watch_audio(page)
    card = page.locator("#r1 .card")
    expect(card.locator("mark")).to_have_text(sentence.text)
    card.locator(".play").click()
    page.wait_for_function("ended.length > 0")
    began, ended = page.evaluate("[began[0], ended[0]]")
    told = 1.0 if episode in WHOLE_SECONDS else FIRST_WORD
    assert first_word - told - 0.05 <= began <= first_word + FIRST_WORD
    assert abs(ended - (sentence.end or 0.0)) < 0.15
    assert abs(ended - last_word) < told + 0.2
    assert page.evaluate("document.querySelector('#audio').paused")


def test_a_click_on_the_passage_plays_it_too(site: str, open_page: Callable) -> None:
    page = open_page(site)
    card = ask(page, UMBRELLA).locator(".card").first
    card.locator("blockquote").click()
    page.wait_for_function(f"{TIME} > {card.locator('.play').get_attribute('data-start')}")


# ---- captions


def test_captions_follow_the_sound_and_go_on_with_it(site: str, open_page: Callable) -> None:
    page = open_page(site)
    answer = ask(page, "What did Ben Tull say about the copper kettle?")
    answer.locator(".mark").first.click()
    current = page.locator(".captions .current")
    expect(current).to_have_text(f"Ben Tull: {KETTLE[2][3]}")
    expect(page.locator(".captions .before")).to_contain_text(KETTLE[1][3])
    expect(page.locator(".captions .after")).to_have_text(KETTLE[3][3])
    assert page.locator(".captions").get_attribute("aria-live") == "off"
    page.get_by_label("Speed").select_option("2")
    page.get_by_role("button", name="Keep listening").click()
    expect(current).to_have_text(f"Ben Tull: {KETTLE[4][3]}")
    expect(current).to_have_text(f"Ada Rowe: {KETTLE[5][3]}")
    shown, second = page.evaluate(f"[document.querySelector('.captions .current').textContent, {TIME}]")
    assert next(line for line in KETTLE if line[3] in shown)[1] <= second + 0.1


# ---- speed and keys


@pytest.mark.parametrize("speed", ["0.75", "1.75", "2"])
def test_the_speed_holds_for_the_next_quote(site: str, open_page: Callable, speed: str) -> None:
    page = open_page(site)
    answer = ask(page, UMBRELLA)
    answer.locator(".play").first.click()
    page.get_by_label("Speed").select_option(speed)
    assert page.evaluate("document.querySelector('#audio').playbackRate") == float(speed)
    answer.locator(".mark").last.click()
    assert page.evaluate("document.querySelector('#audio').playbackRate") == float(speed)


def test_keys_play_pause_jump_and_go_from_source_to_source(site: str, open_page: Callable) -> None:
    page = open_page(site)
    ask(page, "What did Ben Tull say about the copper kettle?")
    ask(page, UMBRELLA, rounds=2).locator(".question").click()
    cards = page.locator(".card")
    page.keyboard.press("j")
    expect(cards.first).to_be_focused()
    page.wait_for_function(f"{TIME} > 0")
    page.keyboard.press("j")
    expect(cards.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(cards.first).to_be_focused()
    page.keyboard.press("k")
    expect(cards.first).to_be_focused()
    paused = "document.querySelector('#audio').paused"
    page.wait_for_function(f"!{paused}")
    page.keyboard.press("Space")
    page.wait_for_function(paused)
    before = page.evaluate(TIME)
    page.keyboard.press("ArrowRight")
    assert page.evaluate(TIME) == pytest.approx(min(30, before + 15), abs=0.2)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(TIME) == pytest.approx(0, abs=1)
    page.keyboard.press("Space")
    page.wait_for_function(f"!{paused}")
    page.keyboard.press("Space")
    page.wait_for_function(paused)


def test_keys_are_letters_where_somebody_types_and_can_be_turned_off(site: str, open_page: Callable) -> None:
    page = open_page(site)
    with kept(page):
        answer = ask(page, UMBRELLA)
    answer.locator(".play").first.click()
    page.wait_for_function(f"{TIME} > 0")
    page.keyboard.press("/")
    page.keyboard.type("j k/ ")
    expect(page.locator("#question").locator("textarea, input")).to_have_value("j k/ ")
    page.get_by_text("Keys", exact=True).click()
    page.get_by_label("Use these keys").uncheck()
    answer.locator(".question").click()
    page.keyboard.press("j")
    page.keyboard.press("/")
    expect(page.locator("#question").locator("textarea, input")).not_to_be_focused()
    page.reload()
    expect(page.locator("#r1")).to_be_visible()
    expect(page.get_by_label("Use these keys")).not_to_be_checked()


def test_what_plays_is_named_and_the_page_leaves_room_for_the_player(site: str, open_page: Callable) -> None:
    page = open_page(site, viewport={"width": 390, "height": 844})
    ask(page, UMBRELLA).locator(".mark").first.click()
    player = page.get_by_role("region", name="Player")
    expect(player).to_contain_text("Ben Tull")
    expect(player).to_contain_text("The copper kettle")
    expect(page.locator(".captions .current")).not_to_be_empty()
    assert re.fullmatch(r"0:\d\d / 0:\d\d", player.locator(".time").inner_text())
    page.wait_for_function(
        "() => document.querySelector('#dock').getBoundingClientRect().bottom"
        " <= document.querySelector('#player').getBoundingClientRect().top + 1"
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert Path(page.evaluate("new URL(document.querySelector('#audio').src).pathname")).name == "kettle"
