"""Asking on the page in a real browser: what comes after an answer, what a link opens, what is kept, what is said of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from browsing import SCREENS, ask, kept

from index.library import Library

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
pytestmark = pytest.mark.browser

KETTLE_ASKED = "What did Ben Tull say about the copper kettle?"
NOBODY_SAID = "What did Ben Tull say about quantum chromodynamics?"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def box(page: playwright.Page) -> playwright.Locator:
    return page.locator("#question").locator("textarea, input")


def copied(page: playwright.Page, button: playwright.Locator) -> str:
    """What pressing the button puts on the clipboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button.click()
    expect(button).to_have_text("Copied")
    return page.evaluate("navigator.clipboard.readText()")


# ---- from opening to hearing


def test_a_new_listener_hears_a_moment_after_opening_the_page_and_two_clicks(site: str, open_page: Callable) -> None:
    page = open_page(site)
    page.locator("#examples .example").first.click()
    page.locator("#r1:not(.working) .mark").first.click()
    page.wait_for_function("document.querySelector('#audio').currentTime > 0")


# ---- after an answer


def test_the_last_question_is_edited_in_its_place(site: str, open_page: Callable) -> None:
    page = open_page(site)
    ask(page, "What did Ben Tull say about an umbrella?")
    page.get_by_role("button", name="Edit question").click()
    expect(box(page)).to_have_value("What did Ben Tull say about an umbrella?")
    expect(page.get_by_text("takes the place of the last one")).to_be_visible()
    page.get_by_role("button", name="Keep the last one").click()
    expect(box(page)).to_have_value("")
    expect(page.locator(".editing")).to_have_count(0)  # answered, before it is edited again
    page.get_by_role("button", name="Edit question").click()
    expect(box(page)).to_have_value("What did Ben Tull say about an umbrella?")
    box(page).fill(KETTLE_ASKED)
    box(page).press("Enter")
    expect(page.locator("#r1:not(.working) .question")).to_have_text(KETTLE_ASKED)
    expect(page.locator("#r1 .answer")).to_contain_text("kettle")
    expect(page.locator(".round")).to_have_count(1)
    ask(page, "What did Cleo Marsh say about the lantern?", rounds=2)
    expect(page.locator(".round")).to_have_count(2)


def test_what_is_suggested_next_can_be_asked_and_is_answered(site: str, open_page: Callable) -> None:
    page = open_page(site)
    ask(page, "What did Ben Tull say about an umbrella?")
    suggestion = page.locator("#suggestions .example").first
    expect(suggestion).to_be_visible()
    question = suggestion.inner_text()
    suggestion.click()
    answered = page.locator("#r2:not(.working)")
    expect(answered.locator(".question")).to_have_text(question)
    expect(answered.locator(".card:not(.near)").first).to_be_visible()


def test_a_refusal_offers_what_can_be_tried(site: str, open_page: Callable) -> None:
    page = open_page(site)
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Episode").click()
    page.get_by_role("option", name="A lantern from the sea").click()
    expect(page.locator(".remaining")).to_contain_text("1 episode")
    refused = ask(page, "What was said about the copper kettle and its spout?")
    expect(refused).to_have_class("round refused")
    everywhere = page.locator("#suggestions").get_by_role("button", name="Search all episodes")
    expect(everywhere).to_be_visible()
    expect(page.locator("#suggestions")).to_contain_text("You could try")
    everywhere.click()
    answered = page.locator("#r2:not(.working)")
    expect(answered.locator(".card:not(.near)").first).to_contain_text("kettle")
    expect(answered.locator(".scope")).to_have_count(0)
    expect(page.locator(".remaining")).to_contain_text("2 episodes")
    expect(page.get_by_label("Episode")).to_have_value("All episodes")


# ---- filters


def test_filters_show_what_they_leave_as_they_are_set(site: str, open_page: Callable) -> None:
    page = open_page(site)
    remaining = page.locator(".remaining")
    expect(remaining).to_have_text("2 episodes · 60 seconds")
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Person").click()
    page.get_by_role("option", name="Cleo Marsh").click()
    expect(remaining).to_have_text("1 episode · 30 seconds")
    expect(page.get_by_role("button", name="Filters (1)")).to_be_visible()
    page.get_by_label("Host or guest").click()
    page.get_by_role("option", name="Only hosts").click()
    expect(remaining).to_have_text("No episode passes these filters.")
    page.get_by_role("button", name="Clear filters").click()
    expect(remaining).to_have_text("2 episodes · 60 seconds")
    page.get_by_label("From", exact=True).fill("2024-02-02")
    expect(remaining).to_have_text("No episode passes these filters.")
    page.get_by_label("From", exact=True).fill("2024-02-01")
    expect(remaining).to_have_text("2 episodes · 60 seconds")
    page.get_by_label("To", exact=True).fill("2023-02-01")
    expect(remaining).to_contain_text("is after the last one")
    page.get_by_label("To", exact=True).fill("2024-02-01")
    expect(remaining).to_have_text("2 episodes · 60 seconds")


def test_a_question_is_asked_of_hosts_only(site: str, open_page: Callable) -> None:
    page = open_page(site)
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Host or guest").click()
    page.get_by_role("option", name="Only hosts").click()
    expect(page.get_by_role("button", name="Filters (1)")).to_be_visible()
    answer = ask(page, "What was said about the lantern from a fishing boat?")
    expect(answer.locator(".scope").first).to_contain_text("By hosts")
    for name in answer.locator(".byline .speaker").all_inner_texts():
        assert name == "Ada Rowe"


# ---- links


def test_a_link_opens_the_question_with_its_filters(site: str, open_page: Callable) -> None:
    page = open_page(site)
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Person").click()
    page.get_by_role("option", name="Ben Tull").click()
    expect(page.locator(".remaining")).to_contain_text("1 episode")
    answer = ask(page, "What was said about the copper kettle?")
    link = copied(page, answer.locator(".feedback [data-link]"))
    assert parse_qs(urlsplit(link).query) == {"q": ["What was said about the copper kettle?"], "person": ["Ben Tull"]}

    other = open_page(link)
    answer = other.locator("#r1:not(.working)")
    expect(answer.locator(".question")).to_have_text("What was said about the copper kettle?")
    expect(answer.locator(".scope").first).to_have_text("By Ben Tull")
    expect(answer.locator(".card:not(.near)").first).to_be_visible()
    expect(other.get_by_label("Person")).to_have_value("Ben Tull")
    other.wait_for_function(
        "(localStorage.getItem('verbatim') || '').length > 500"
    )  # kept: more than nothing, scrambled
    # Loaded again, it is there once, from the browser; the link is not followed twice.
    other.reload()
    expect(other.locator(".round")).to_have_count(1)
    assert other.url == site


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?q=anything&person=Nobody+Atall", "Nobody called 'Nobody Atall'"),
        ("?q=anything&episode=missing", "No episode 'missing'"),
        ("?q=anything&since=yesterday", "yesterday is not a day"),
        ("?q=anything&role=king", "'king' is neither host nor guest"),
        (f"?q={'x' * 2001}", "too long"),
        ("?moment=missing&sentences=1-2", "No episode 'missing'"),
        ("?moment=kettle&sentences=900-901", "isn’t in The copper kettle any more"),
        ("?moment=kettle&sentences=" + quote("<img src=x onerror=alert(1)>"), "isn’t in The copper kettle any more"),
    ],
)
def test_a_link_with_a_bad_value_is_refused_in_a_sentence(
    site: str, open_page: Callable, query: str, told: str
) -> None:
    page = open_page(site + query)
    expect(page.locator("#r1").get_by_role("alert")).to_contain_text(told)
    expect(page.locator(".working")).to_have_count(0)
    assert page.popped == [] and page.faults == []
    ask(page, KETTLE_ASKED, rounds=2)


def test_a_quote_is_copied_with_its_source_and_a_link_to_its_moment(site: str, open_page: Callable) -> None:
    page = open_page(site)
    card = ask(page, KETTLE_ASKED).locator(".card").first
    marked = card.locator("mark").inner_text()
    text = copied(page, card.locator("[data-copy]"))
    at = card.locator(".play").inner_text().strip()
    assert text == f"“{marked}” — Ben Tull, Mended, The copper kettle, 1 Feb 2024, {at}"
    link = copied(page, card.locator("[data-link]"))
    start = card.locator(".play").get_attribute("data-start")

    other = open_page(link)
    moment = other.locator("#r1 .card")
    expect(moment.locator("mark")).to_have_text(marked)
    expect(moment.locator(".speaker")).to_have_text("Ben Tull")
    assert moment.locator(".play").get_attribute("data-start") == start
    moment.locator(".play").click()
    other.wait_for_function(f"document.querySelector('#audio').currentTime >= {start}")
    expect(other.get_by_role("button", name="Edit question")).to_be_hidden()


# ---- kept in the browser


def test_the_conversation_is_there_after_a_reload_until_it_is_deleted(site: str, open_page: Callable) -> None:
    page = open_page(site)
    with kept(page):
        ask(page, KETTLE_ASKED)
    with kept(page):
        said = ask(page, NOBODY_SAID, rounds=2)
    expect(page.locator("#r1 .card").first).to_be_visible()
    near = said.locator(".card").count()
    page.reload()
    expect(page.locator(".round")).to_have_count(2)
    expect(page.locator("#r1 .question")).to_have_text(KETTLE_ASKED)
    expect(page.locator("#r1 .mark").first).to_be_visible()
    expect(page.locator("#r2 .verdict")).to_be_visible()
    expect(page.locator("#r2 .card")).to_have_count(near)
    expect(page.locator("#r2 .question")).to_be_in_viewport()
    page.locator("#r1 .mark").first.click()
    page.wait_for_function("document.querySelector('#audio').currentTime > 0")
    # It goes on where it was: a follow-up is understood from what was asked before.
    with kept(page):
        ask(page, "And what did he say about the spout?", rounds=3)
    with kept(page):
        page.get_by_role("button", name="New conversation").click()
        expect(page.locator(".round")).to_have_count(0)
    page.reload()
    expect(page.locator("#examples .example").first).to_be_visible()
    expect(page.locator(".round")).to_have_count(0)


# ---- feedback


def test_feedback_is_kept_in_the_library_with_what_it_is_about(
    site: str, small_library: Path, open_page: Callable
) -> None:
    page = open_page(site)
    answer = ask(page, KETTLE_ASKED)
    wrong = answer.get_by_role("button", name="Wrong speaker")
    wrong.click()
    expect(answer.locator(".thanks")).to_have_text("Thank you, noted.")
    expect(wrong).to_have_attribute("aria-pressed", "true")
    answer.get_by_text("Add a note").click()
    answer.get_by_label("What should be known about this answer?").fill("It was <b>Cleo</b> ${who}")
    answer.get_by_role("button", name="Send").click()
    expect(answer.get_by_role("button", name="Send")).to_be_hidden()
    first, second = Library.open(small_library).feedback()[-2:]
    assert [first.kind, second.kind, second.note] == ["wrong_speaker", "note", "It was <b>Cleo</b> ${who}"]
    assert first.question == KETTLE_ASKED and first.at
    about = json.loads(first.about)
    assert about["answer"]["citations"][0]["speaker"] == "Ben Tull"
    # What was said stays marked when the conversation goes on.
    ask(page, NOBODY_SAID, rounds=2)
    expect(page.locator("#r1").get_by_role("button", name="Wrong speaker")).to_have_attribute("aria-pressed", "true")


# ---- for everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["phone", "wide"])
def test_axe_finds_nothing_serious_in_any_state(site: str, open_page: Callable, scheme: str, size: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = open_page(site, color_scheme=scheme, **(PHONE if size == "phone" else {}))

    def look(state: str) -> None:
        found = axe.run(page).response
        assert len(found["passes"]) > 10
        serious = [
            (violation["id"], [node["target"] for node in violation["nodes"]])
            for violation in found["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
        assert serious == [], state
        page.screenshot(path=SCREENS / f"ask {state}, {size}, {scheme}.png")

    expect(page.locator("#examples .example").first).to_be_visible()
    look("empty")
    answer = ask(page, "What did Ben Tull say about an umbrella?")
    answer.locator(".mark").first.click()
    expect(page.locator(".captions .current")).not_to_be_empty()
    page.get_by_text("Add a note").first.click()
    look("answered, playing")
    page.get_by_role("button", name="Close the player").click()
    expect(page.locator("#suggestions .example").first).to_be_visible()
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("button", name="Edit question").click()
    expect(page.locator(".editing")).to_be_visible()
    look("filters open, editing")
    page.get_by_role("button", name="Keep the last one").click()
    expect(page.locator(".editing")).to_have_count(0)
    ask(page, NOBODY_SAID, rounds=2)
    look("refused")
    page.goto(site + "?q=x&person=Nobody")
    expect(page.get_by_role("alert")).to_be_visible()
    look("a bad link")


def test_everything_under_an_answer_is_reached_with_the_tab_key(site: str, open_page: Callable) -> None:
    page = open_page(site)
    ask(page, KETTLE_ASKED).locator(".mark").first.focus()
    wanted = page.locator("#r1 button:visible, #r1 summary, #r1 a, #dock button:visible, #dock input:visible").count()
    reached = page.evaluate("() => { window.reached = new Set([document.activeElement]); }")
    for _ in range(wanted + 10):
        page.keyboard.press("Tab")
        page.evaluate("reached.add(document.activeElement)")
    reached = page.evaluate(
        """() => [...document.querySelectorAll("#r1 button, #r1 summary, #r1 a, #dock button, #dock input")]
          .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.disabled 
            && !e.closest("details:not([open]) > :not(summary)"))
          .filter((e) => !reached.has(e)).map((e) => e.textContent || e.outerHTML)"""
    )
    assert reached == []


def test_nothing_moves_for_those_who_want_no_motion(site: str, open_page: Callable) -> None:
    page = open_page(site, reduced_motion="reduce")
    answer = ask(page, KETTLE_ASKED)
    answer.locator(".mark").first.click()
    moving = page.evaluate("document.getAnimations().filter((a) => a.playState === 'running').length")
    assert moving == 0
