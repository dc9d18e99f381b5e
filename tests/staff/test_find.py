"""Find in a real browser: a topic, exact words, filters, pages, selecting and taking away; and what must not happen."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import staff
from hostile import HOSTILE

from index.library import Library
from rag.assistant import Assistant
from rag.question.scope import Filters
from rag.search.exact import find_phrase
from ui.staff import find
from ui.staff import found_html as passages_staff

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return staff.small_library(tmp_path_factory.mktemp("find"))


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with staff.site(folder) as address:
        yield address


@pytest.fixture
def screen(address: str, open_page: Callable) -> playwright.Page:
    page = open_page(address)
    expect(page.get_by_label("Person")).to_have_value("Everybody")
    return page


def look_for(page: playwright.Page, topic: str) -> playwright.Locator:
    """Searches by keyboard; what the screen then shows."""
    box = page.locator("#question").locator("textarea, input")
    box.fill(topic)
    page.evaluate("for (const old of document.querySelectorAll('#found .prose > *')) old.classList.add('old')")
    box.press("Enter")
    shown = page.locator("#found").locator(".results:not(.old), .empty:not(.old), .problem:not(.old)")
    expect(shown).to_be_visible()
    return shown


def choose(page: playwright.Page, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def taken(page: playwright.Page, kind: str) -> tuple[str, str]:
    """The downloaded file's name and text."""
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Export as {kind}").click()
    return download.value.suggested_filename, Path(download.value.path()).read_text(encoding="utf-8")


# ---- finding


def test_passages_stand_by_episode_with_words_speaker_time_and_play(screen):
    shown = look_for(screen, "copper kettle")
    expect(shown.locator(".told")).to_contain_text("4 episodes searched")
    group = shown.locator(".group").filter(has=screen.get_by_role("heading", name="The copper kettle"))
    card = group.locator(".found").filter(has_text="from my grandmother").first
    expect(card.locator(".byline")).to_contain_text("Ben Tull")
    expect(card.locator("mark").first).to_have_text("copper")
    expect(card.locator(".asked")).to_contain_text("what was the first thing")
    expect(card.get_by_role("button", name="Play the quote at 0:08")).to_be_visible()


def test_a_found_passage_plays(screen):
    card = look_for(screen, "soldered a ring of tin").locator(".found").filter(has_text="ring of tin").first
    start = float(card.locator(".play").get_attribute("data-start"))
    card.locator(".play").click()
    screen.wait_for_function(f"document.querySelector('#audio').currentTime > {start}")
    expect(screen.get_by_role("region", name="Player")).to_be_visible()


@pytest.mark.parametrize("by", ["quote marks", "the switch"])
def test_exact_words_are_all_found_and_counted(screen, by):
    if by == "the switch":
        screen.get_by_label("Exactly these words").check()
    shown = look_for(screen, '"THE KETTLE"' if by == "quote marks" else "the  kettle")
    expect(shown.locator(".told")).to_have_text(
        "4 places of these exact words, in 2 episodes; 4 episodes searched, none left out"
    )
    assert {text.lower() for text in shown.locator("mark").all_inner_texts()} == {"the kettle"}
    expect(shown.locator(".found")).to_have_count(4)
    quotes = shown.locator("blockquote").all_inner_texts()
    assert any("around the spout of the kettle." in quote for quote in quotes)


def test_a_person_a_role_an_episode_and_dates_narrow_it_down(screen):
    choose(screen, "Person", "Ben Tull")
    shown = look_for(screen, "kettle")
    assert set(shown.locator(".byline .speaker").all_inner_texts()) == {"Ben Tull"}
    screen.get_by_label("From (date)").fill("2024-05")
    shown = look_for(screen, "kettle")
    expect(shown.locator(".group h2")).to_have_text(["The kettle again"])
    screen.get_by_label("From (date)").fill("yesterday")
    expect(look_for(screen, "kettle")).to_contain_text("yesterday is not a date")
    screen.get_by_label("From (date)").fill("")
    choose(screen, "Role", "Host")
    expect(look_for(screen, "kettle")).to_contain_text("Nothing found")


def test_by_date_the_oldest_or_the_newest_episode_is_first(screen):
    for order, first in (("Oldest first", "The copper kettle"), ("Newest first", "The kettle again")):
        screen.get_by_label("Order").click()
        screen.get_by_role("option", name=order).click()
        shown = look_for(screen, '"kettle"')
        expect(shown.locator(".group h2").first).to_have_text(first)


def test_nothing_found_and_nothing_asked_say_what_to_do(screen):
    expect(screen.locator("#found .notice")).to_contain_text("Type a topic")
    expect(look_for(screen, '"quantum umbrella"')).to_contain_text("stand nowhere in 4 episodes")
    expect(look_for(screen, '"…"')).to_have_role("alert")


def test_the_address_asks_at_once_and_leads_on(address, open_page):
    page = open_page(f"{address}?topic=%22the+kettle%22&person=Ben+Tull")
    expect(page.locator("#found .told")).to_contain_text("of these exact words")
    expect(page.get_by_label("Person")).to_have_value("Ben Tull")
    page.get_by_role("link", name="Read in the transcript").first.click()
    expect(page.locator("#transcript .s.opened")).to_be_visible()


# ---- taking away


def test_what_is_selected_is_taken_away_and_everything_where_nothing_is(screen):
    shown = look_for(screen, '"kettle"')
    name, text = taken(screen, "Quote sheet")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert name == "quotes.csv" and len(rows) == shown.locator(".found").count() > 3
    boxes = shown.get_by_role("checkbox")
    boxes.nth(0).check()
    boxes.nth(2).check()
    expect(shown.locator("output")).to_have_text("2 selected")
    name, text = taken(screen, "JSON")
    assert name == "passages.json" and len(json.loads(text)) == 2
    assert json.loads(text)[0]["speaker"] in ("Ben Tull", "Ada Rowe") and json.loads(text)[0]["check"] == "verified"
    screen.get_by_role("button", name="Select all").click()
    assert taken(screen, "Markdown")[1].count("\n") == len(rows)
    screen.get_by_role("button", name="Select none").click()
    expect(shown.locator("output")).to_contain_text("None selected")
    assert taken(screen, "CSV")[0] == "passages.csv"


def test_another_search_forgets_what_was_selected(screen):
    look_for(screen, '"kettle"').get_by_role("checkbox").first.check()
    box = screen.locator("#question").locator("textarea, input")
    box.fill('"lantern"')
    box.press("Enter")
    expect(screen.locator("#found .group h2")).to_have_text(["A lantern from the sea"])
    expect(screen.locator("#found output")).to_contain_text("None selected")


def test_pages_hold_whole_episodes_and_selections_last_over_them(folder):
    library = Library.open(folder)
    base = find_phrase(library, "kettle").citations[0]
    many = tuple(replace(base, episode="kettle" if n < 30 else "again", n=n) for n in range(1, 81))
    search = find.searched(Assistant(library), '"kettle"', Filters(), "best", False)
    search = replace(search, citations=many, starts=find._starts(many))
    assert search.starts == (0, 29, 69)
    pages = [find.page_of(library, search, number) for number in range(3)]
    assert [page.count("data-pick") for page in pages] == [29, 40, 11]
    assert "passages 30 to 69 of 80" in pages[1]
    assert json.loads(find.file_of(library, search, "json", ["1", "80", "x"])["text"])[1]["episode"] == "again"
    assert find.file_of(library, None, "csv", []) == {} == find.file_of(library, search, "exe", [])


# ---- what must not happen


@pytest.mark.parametrize("options", [{}, PHONE, {"color_scheme": "dark"}], ids=["wide", "phone", "dark"])
def test_nothing_is_cut_off_and_axe_finds_nothing_serious(address, open_page, options):
    page = open_page(address, **options)
    expect(page.get_by_label("Person")).to_have_value("Everybody")
    assert staff.serious(page) == []
    look_for(page, "copper kettle")
    assert staff.serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_hostile_words_run_nowhere(hostile_site, open_page):
    page = open_page(f"{hostile_site}staff/")
    expect(page.get_by_label("Person")).to_have_value("Everybody")
    shown = look_for(page, '"zebra"')
    expect(shown.locator(".told")).to_contain_text(f"{2 * len(HOSTILE)} places")
    for link in shown.locator("a").all():
        assert link.get_attribute("href").startswith(("episode?", "person?", "http://", "https://"))
    seen = 0
    while True:
        seen += page.locator(".found").count()
        page.locator(".found").first.hover()
        later = page.get_by_role("button", name="Next page")
        if later.is_disabled():
            break
        first = page.locator(".found").first.get_attribute("id")
        later.click()
        expect(page.locator(f"#{first}")).to_have_count(0)
    assert seen == 2 * len(HOSTILE)
    for text in HOSTILE[:6]:
        look_for(page, text)
    page.get_by_label("Episode").click()
    page.keyboard.press("Escape")
    staff.nothing_ran(page)


def test_every_text_of_a_passage_is_escaped(folder):
    library = Library.open(folder)
    base = find_phrase(library, "kettle").citations[0]
    for text in HOSTILE:
        hostile = replace(base, quote=text, title=text, show=text, speaker=text, date=text, url=text, n=1)
        moment = find.moments_of([base], library)[0]
        exact = text if "a" in text else ""
        html = passages_staff.found(
            [replace(moment, citation=hostile, quote=text, asker=text)],
            exact=exact,
            marked=["x"],
            told=text,
            search=text,
            count=1,
            page=0,
            pages=2,
            first=1,
        )
        assert not set("${}`") & set(html) and "<img" not in html and "<script" not in html
