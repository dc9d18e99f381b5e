"""An episode to read, search, hear, review and correct: in a real browser, behind a login."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import staff
from hostile import EPISODES, HOSTILE, TOGETHER, hostile_library

from index.corrections.kinds import SpeakerIs, StartsAt, WordsAre
from index.errors import VerbatimError
from index.library import Library
from ui.staff import episode as reader
from ui.staff import episode_html as passages_episode

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
LOGIN = ("nell", "a long word")
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return staff.small_library(tmp_path_factory.mktemp("reader"))


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with staff.site(folder, staff_user=LOGIN[0], staff_password=LOGIN[1]) as address:
        yield address


@pytest.fixture
def read(address: str, folder: Path, open_page: Callable) -> Iterator[Callable[..., playwright.Page]]:
    """Opens an episode; what a test put right is taken back after it."""

    def read(query: str, **options) -> playwright.Page:
        page = open_page(f"{address}episode?{query}", login=LOGIN, **options)
        expect(page.locator("#transcript .turn").first).to_be_visible()
        return page

    yield read
    library = Library.open(folder)
    for summary in library.summaries():
        for kept in library.corrections(summary.id):
            if kept.state == "active":
                library.undo_correction(summary.id, kept.number)


def correct(page: playwright.Page, words: str) -> playwright.Locator:
    """The panel for the turn with these words."""
    page.locator(".turn").filter(has_text=words).get_by_role("button", name="Correct the turn").click()
    panel = page.get_by_role("dialog", name="Correct this turn")
    expect(panel).to_be_visible()
    expect(panel.get_by_role("heading")).to_be_focused()
    return panel


def choose(panel: playwright.Locator, label: str, option: str) -> None:
    panel.get_by_label(label, exact=True).click()
    panel.page.get_by_role("option", name=option).first.click()


# ---- reading


@pytest.mark.browser
def test_it_opens_at_the_moment_that_the_address_names(read):
    page = read("id=kettle&at=9")
    opened = page.locator("#transcript .s.opened")
    expect(opened).to_contain_text("The first thing I mended")
    expect(opened).to_be_in_viewport()
    expect(read("id=kettle&sentence=6").locator(".s.opened")).to_contain_text("umbrella")
    expect(read("id=kettle&at=noon&sentence=99").locator(".s.opened")).to_have_count(0)


@pytest.mark.browser
def test_the_transcript_is_searched_inside_and_every_hit_is_stepped_to(read):
    page = read("id=kettle")
    box = page.get_by_role("searchbox", name="Search inside this episode")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("KETTLE")
    hits = page.locator("#hits")
    expect(hits).to_have_text("1 of 2")
    assert page.evaluate("CSS.highlights.get('found').size") == 2
    box.press("Enter")
    expect(hits).to_have_text("2 of 2")
    page.get_by_role("button", name="Next", exact=True).click()
    expect(hits).to_have_text("1 of 2")
    page.get_by_role("button", name="Previous").click()
    assert [str(r) for r in page.evaluate("[...CSS.highlights.get('found-now')].map(String)")] == ["kettle"]
    box.fill("kitchen. I soldered a ring")  # from one sentence into the next
    expect(hits).to_have_text("1 of 1")
    box.fill("grandmother’s")
    expect(hits).to_have_text("1 of 1")
    box.fill("zebra")
    expect(hits).to_have_text("not here")
    assert page.faults == []


@pytest.mark.browser
def test_a_sentence_plays_when_pressed_and_the_sound_is_followed(read):
    page = read("id=kettle")
    # Watched from inside: on a busy machine the sound may be a sentence further when the test looks.
    here = "([id, from, to]) => document.querySelector(id).matches('.now') && (t => t >= from && t < to)(sound.currentTime)"
    page.evaluate("window.sound = document.querySelector('#audio')")
    page.locator("#s5").click()
    page.wait_for_function(here, arg=["#s5", 19.9, 24])
    page.locator("#s2").click()
    page.wait_for_function(here, arg=["#s2", 7.9, 12])
    # It goes on into the next sentence, and the mark with it.
    page.wait_for_function(here, arg=["#s3", 11.9, 16])
    expect(page.locator(".s.now")).to_have_count(1)


@pytest.mark.browser
def test_the_map_shows_who_speaks_when_and_jumps_there(read):
    page = read("id=kettle")
    expect(page.get_by_role("img", name="Who speaks when: Ben Tull")).to_be_visible()
    parts = page.locator("#voices .strip i")
    expect(parts).to_have_count(4)
    widths = [part.bounding_box()["width"] for part in parts.all()]
    assert widths[1] == max(widths)
    expect(page.locator(".legend li")).to_have_count(2)
    parts.nth(3).click()
    page.wait_for_function("document.querySelector('#audio').currentTime >= 24")


@pytest.mark.browser
def test_an_episode_is_chosen_and_one_that_is_not_there_is_told(address, open_page):
    page = open_page(f"{address}episode?id=kettel", login=LOGIN)
    expect(page.get_by_role("alert")).to_contain_text("No episode 'kettel'")
    page.get_by_label("Episode", exact=True).click()
    page.get_by_role("option", name="A lantern from the sea").click()
    page.wait_for_url("**/episode?id=lantern")
    expect(page.locator("#transcript")).to_contain_text("angry crab")
    expect(page.locator("#transcript .play")).to_have_count(0)


# ---- correcting


@pytest.mark.browser
def test_a_speaker_put_right_shows_everywhere_with_who_did_and_can_be_taken_back(read, folder):
    page = read("id=kettle")
    panel = correct(page, "umbrella")
    choose(panel, "Speaker", "Cleo Marsh")
    panel.get_by_label("Guest").check()
    panel.get_by_role("button", name="Save").click()
    turn = page.locator(".turn").filter(has_text="umbrella")
    expect(turn.locator(".name")).to_have_text("Cleo Marsh")
    expect(turn.locator(".hint")).to_have_text("corrected")
    expect(page.locator("#said")).to_contain_text("now: Cleo Marsh says sentence 6")
    expect(page.locator(".kept li.active")).to_contain_text("nell")
    (kept,) = Library.open(folder).corrections("kettle")
    assert (kept.by, kept.correction) == ("nell", SpeakerIs(6, 6, "Cleo Marsh", "guest"))
    page.get_by_role("button", name="Take back").click()
    expect(turn.locator(".name")).to_have_text("Ben Tull")
    expect(page.locator(".kept li.undone")).to_contain_text("taken back")
    assert page.faults == []


@pytest.mark.browser
def test_words_and_a_time_put_right_are_found_and_played_there(read, address):
    page = read("id=kettle")
    panel = correct(page, "ring of tin")
    choose(panel, "Which part", "Only “I soldered a ring")
    expect(panel.get_by_label("Words")).to_have_value("I soldered a ring of tin around the spout of the kettle.")
    panel.get_by_label("Words").fill("I soldered a ring of pewter around the spout of the kettle.")
    panel.get_by_label("Starts at").fill("0:13")
    panel.get_by_role("button", name="Save").click()
    mended = page.locator(".s.mended")
    expect(mended).to_contain_text("pewter")
    expect(mended).to_have_attribute("data-start", "13.00")
    assert "ring of tin" in mended.get_attribute("title")
    page.goto(f"{address}?topic=%22ring+of+pewter%22")
    expect(page.locator("#found .told")).to_contain_text("1 place")
    expect(page.get_by_role("button", name="Play the quote at 0:13")).to_be_visible()


@pytest.mark.browser
def test_a_fault_is_told_and_the_panel_stays_until_it_is_closed_by_key(read, folder):
    page = read("id=kettle")
    panel = correct(page, "ring of tin")
    for time, says in (("noon", "not a time"), ("0:01", "Correct it first")):
        panel.get_by_label("Starts at").fill(time)
        panel.get_by_role("button", name="Save").click()
        expect(panel.get_by_role("alert")).to_contain_text(says)
    panel.get_by_label("Starts at").press("Escape")
    expect(panel).to_be_hidden()
    expect(
        page.locator(".turn").filter(has_text="ring of tin").get_by_role("button", name="Correct the turn")
    ).to_be_focused()
    assert not [k for k in Library.open(folder).corrections("kettle") if k.state == "active"]


@pytest.mark.browser
def test_who_speaks_is_answered_by_one_press_and_taken_back(read, folder):
    page = read("id=bellows")
    review = page.locator("#review .review")
    expect(review).to_contain_text("names no speakers")
    doubt = review.locator(".doubt").first
    expect(doubt.locator("li.asked")).to_have_count(1)
    text = doubt.locator("li.asked .text").inner_text()
    doubt.locator("li.asked").get_by_role("button", name="Guest from here").click()
    expect(page.locator("#said")).to_contain_text("the guest begins at sentence")
    turn = page.locator(".turn").filter(has_text=text)
    expect(turn.locator(".name")).to_have_text("Ben Tull")
    expect(turn.locator(".hint")).to_have_text("recovered")
    (kept,) = Library.open(folder).corrections("bellows")
    assert kept.by == "nell" and kept.correction.role == "guest"
    review.get_by_role("button", name="Take the last answer back").click()
    expect(page.locator("#said")).to_contain_text("Taken back")
    assert Library.open(folder).corrections("bellows")[0].state == "undone"


# ---- of the whole


@pytest.mark.browser
@pytest.mark.parametrize("options", [{}, PHONE, {"color_scheme": "dark"}], ids=["wide", "phone", "dark"])
def test_nothing_is_cut_off_and_axe_finds_nothing_serious(read, options):
    page = read("id=kettle&at=9", **options)
    assert staff.serious(page) == []
    correct(page, "ring of tin")
    assert staff.serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page = read("id=bellows", **options)
    assert staff.serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.browser
def test_hostile_words_run_nowhere(hostile_site, open_page):
    page = open_page(f"{hostile_site}staff/")
    for number, (text, *others) in enumerate(EPISODES):
        page.goto(f"{hostile_site}staff/episode?{urlencode({'id': f'e{number}', 'at': text})}")
        expect(page.locator("#transcript .turn")).to_have_count(2 * len([text, *others]))
        for one in (*others, text):
            page.locator("#inside").fill(one)
        page.locator("#voices .strip i").first.hover()
        panel = correct(page, f"The zebra {TOGETHER * number} said")
        panel.get_by_label("Words").fill(f"It was {text}, said the zebra.")
        panel.get_by_label("Speaker", exact=True).fill(f"{text} Cy")
        panel.get_by_label("Speaker", exact=True).press("Tab")
        panel.get_by_role("button", name="Save").click()
        if f"{text} Cy".isprintable():
            expect(page.locator(".kept li.active")).to_have_count(2)
        else:
            expect(panel.get_by_role("alert")).to_contain_text("is no name")
    staff.nothing_ran(page)


def test_every_text_of_an_episode_is_escaped(tmp_path):
    library = hostile_library(tmp_path)
    for number, text in enumerate(HOSTILE):
        id_, position = f"e{number // TOGETHER}", 2 * (number % TOGETHER) + 1
        library.correct(id_, WordsAre(position, " ".join(f"It was {text}".split())), by=text)
        shown = list(reader.parts_of_screen(library, library.episode(id_)).values())
        shown.append(passages_episode.transcript(library.episode(id_), text, opened=0, put_right={position: text}))
        for html in shown:
            assert not set("${}`") & set(html) and "<img" not in html and "<script" not in html


def test_what_the_panels_fields_mean(tmp_path):
    library = Library.open(staff.small_library(tmp_path))
    kettle = library.episode("kettle")
    held = reader.Editing("kettle", 2, 4)

    def changes(chosen, speaker="Ben Tull", role="unknown", starts="0:08", ends="", text=""):
        return reader.changes_of(kettle, held, chosen, speaker, role, starts, ends, text)

    assert changes("turn-2") == []
    assert changes("turn-2", speaker="Cleo Marsh", role="guest") == [SpeakerIs(2, 4, "Cleo Marsh", "guest")]
    assert changes("turn-2", speaker=" ") == [SpeakerIs(2, 4, None, "unknown")]
    assert changes("from-3", speaker="Ada Rowe", starts="0:12") == [SpeakerIs(3, 4, "Ada Rowe", "unknown")]
    assert changes("one-3", starts="0:12", text=staff.KETTLE[3][1]) == []
    assert changes("one-3", starts="0:13", ends="0:15", text="New  words.") == [
        StartsAt(3, 3, 13.0, 15.0),
        WordsAre(3, "New words."),
    ]
    assert changes("one-9") == []  # no sentence of this turn: the whole of it is meant
    with pytest.raises(VerbatimError, match="is not a time"):
        changes("turn-2", starts="noon")
