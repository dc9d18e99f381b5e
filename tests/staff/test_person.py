"""A person's page: facts, topics, and what they said about one topic over time; worked out first, then in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import staff
from hostile import HOSTILE, hostile_library
from talks import ANN, BO, episode

from index.corrections.kinds import SpeakerIs
from index.library import Library
from rag.search.person import over_time, parts_of, topics_of
from ui.staff import found_html as passages_staff
from ui.staff.person import person_of, told_of

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return staff.small_library(tmp_path_factory.mktemp("person"))


@pytest.fixture(scope="module")
def library(folder: Path) -> Library:
    return Library.open(folder)


def talk(tmp_path: Path, *episodes) -> Library:
    library = Library.create(tmp_path / "library", "hashing")
    with library.writing_many() as add:
        for one in episodes:
            add(one)
    return library


# ---- worked out


def test_the_parts_of_a_person_are_their_episodes_newest_first(library):
    parts = parts_of(library, "Ben Tull")
    assert [part.episode.id for part in parts] == ["again", "kettle", "bellows"]
    assert {part.role for part in parts} == {"guest"}
    kettle = sum(len(text.split()) for who, text in staff.KETTLE if who == "Ben Tull")
    assert parts[1].words == kettle and parts[1].seconds == pytest.approx(11 + 3)
    assert parts_of(library, "Nobody At All") == []


def test_topics_are_what_one_says_more_than_the_rest(tmp_path):
    common = "We spoke of the weather and the harbour again."
    library = talk(
        tmp_path,
        *(
            episode(
                (ANN, ["And then, what of it?", common]),
                (BO, [f"The Copper bellows wheeze, number {n}.", common]),
                id=f"b{n}",
            )
            for n in range(4)
        ),
        *(
            episode((ANN, ["And then, what of it?"]), (ANN, [common, "The lantern shone."]), id=f"a{n}")
            for n in range(8)
        ),
    )
    topics = topics_of(library, BO.name)
    assert topics[0].words in ("copper bellows", "bellows wheeze") and topics[0].passages == topics[0].of == 4
    told = [topic.words for topic in topics]
    assert "lantern" not in told and not {"bo", "lund"} & set(told)
    assert told.index(topics[0].words) < (told.index("harbour") if "harbour" in told else len(told))


def test_quotes_on_a_topic_are_checked_dated_and_in_order(library):
    said = over_time(library, "Ben Tull", "kettles").said
    assert [one.citation.date for one in said] == sorted(one.citation.date for one in said)
    assert all(one.citation.check == "verified" and one.citation.speaker == "Ben Tull" for one in said)
    quotes = [one.citation.quote for one in said]
    assert len(quotes) == 3 and "ring of tin" in quotes[0] and "debt" in quotes[2]


def test_of_very_many_quotes_those_that_name_the_topic_most_are_shown_and_all_counted(tmp_path, monkeypatch):
    monkeypatch.setattr("rag.search.person.MOST_QUOTES", 2)
    lines = ["The barrier.", *["Hm, no."] * 4, "The tidal barrier held.", *["Hm, no."] * 4, "A tidal barrier again."]
    library = talk(tmp_path, episode((ANN, ["Well?", "A tidal mill."]), (BO, lines)))
    found = over_time(library, BO.name, "tidal barrier")
    assert found.count == 3 and [one.citation.quote for one in found.said] == [
        "The tidal barrier held.",
        "A tidal barrier again.",
    ]
    assert "There are 3 in all" in told_of(library, BO.name, "tidal barrier")


def test_what_answers_a_question_is_asked_and_the_rest_volunteered(library):
    first, second, third = over_time(library, "Ben Tull", "kettle").said
    assert (first.asked, second.asked, third.asked) == ("asked", "volunteered", "asked")
    assert "first thing" in first.question and second.question == "" and "how do you feel" in third.question.lower()


def test_without_question_marks_nobody_can_tell_what_was_asked(tmp_path):
    library = talk(
        tmp_path, episode((ANN, ["and what about the kettle then"]), (BO, ["the kettle is copper and it leaks"]))
    )
    assert [one.asked for one in over_time(library, BO.name, "kettle").said] == ["unknown"]


def test_what_is_said_long_after_the_question_was_volunteered(tmp_path):
    filler = [f"This goes on and on about number {n} and other things." for n in range(20)]
    library = talk(
        tmp_path, episode((ANN, ["What about the shed?"]), (BO, ["It has a stove.", *filler, "The stove smokes."]))
    )
    assert [one.asked for one in over_time(library, BO.name, "stove").said] == ["asked", "volunteered"]


def test_a_run_that_names_less_than_half_of_the_topic_is_left_out(tmp_path):
    library = talk(
        tmp_path,
        episode(
            (ANN, ["Well?"]),
            (BO, ["The tidal barrier failed.", *["Hm, no."] * 4, "A spring tide came, tidal as ever, you see."]),
        ),
        *(episode((ANN, ["The tidal water is tidal, always."]), id=f"t{n}") for n in range(6)),
    )
    assert [one.citation.quote for one in over_time(library, BO.name, "tidal barrier").said] == [
        "The tidal barrier failed."
    ]


def test_a_correction_shows_on_the_page_at_once(tmp_path):
    library = Library.open(staff.small_library(tmp_path))
    library.correct("kettle", SpeakerIs(2, 3, "Cleo Marsh", "guest"))
    assert {part.episode.id for part in parts_of(library, "Cleo Marsh")} == {"kettle", "lantern"}
    assert [one.citation.episode for one in over_time(library, "Cleo Marsh", "kettle").said] == ["kettle"]
    assert "kettle" not in [one.citation.episode for one in over_time(library, "Ben Tull", "kettle").said]
    assert ">corrected<" in told_of(library, "Cleo Marsh", "kettle")


def test_the_plot_has_a_dot_for_each_dated_quote_that_leads_to_it(library):
    said = over_time(library, "Ben Tull", "kettle").said
    svg = passages_staff.timeline("Ben Tull", "kettle", said)
    assert svg.count("<circle") == 3 and all(f'href="#q{n}"' in svg for n in (1, 2, 3))
    assert "1 Feb 2024: 1; 1 Jun 2024: 2" in svg
    assert passages_staff.timeline("Ben Tull", "kettle", said[:1]) == ""


def test_every_text_of_the_page_is_escaped(tmp_path):
    library = hostile_library(tmp_path)
    for text in HOSTILE:
        for part in ("Ada", "Ben"):
            html = person_of(library, {"name": f"{text} {part}", "topic": text})["about"]
            html += told_of(library, f"{text} {part}", "zebra")
            assert not set("${}`") & set(html) and "<img" not in html and "<script" not in html
            assert "zebra" in html


# ---- in a browser


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with staff.site(folder) as address:
        yield address


@pytest.mark.browser
def test_a_person_is_chosen_and_a_topic_opens_over_time(address, open_page):
    page = open_page(f"{address}person")
    expect(page.locator("#about")).to_contain_text("Choose a person")
    page.get_by_label("Person").click()
    page.get_by_role("option", name="Ben Tull").click()
    page.wait_for_url("**/person?name=Ben+Tull")
    expect(page.locator("#about .person")).to_contain_text("3 episodes")
    expect(page.locator("#about .episodes a")).to_have_text(["The kettle again", "The copper kettle", "Bellows"])
    page.locator("#about .chips a", has_text="kettle").first.click()
    page.wait_for_url("**topic=*")
    dated = page.locator("#dated .dated > li")
    expect(dated.first).to_be_visible()
    expect(dated.first.locator(".badge")).to_have_text("asked")
    expect(dated.first.locator("time")).to_have_text("1 Feb 2024")
    assert page.faults == []


@pytest.mark.browser
def test_another_topic_is_asked_by_keyboard_and_a_quote_plays(address, open_page):
    page = open_page(f"{address}person?name=Ben+Tull")
    expect(page.locator("#about .person")).to_be_visible()
    box = page.locator("#question").locator("textarea, input")
    box.fill("umbrella")
    box.press("Enter")
    card = page.locator("#dated .dated > li")
    expect(card).to_have_count(1)
    card.locator(".play").click()
    page.wait_for_function("document.querySelector('#audio').currentTime > 24")
    box.fill("quantum")
    box.press("Enter")
    expect(page.locator("#dated .empty")).to_contain_text("names “quantum” nowhere")


@pytest.mark.browser
def test_somebody_who_is_not_there_is_told(address, open_page):
    page = open_page(f"{address}person?name=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E&topic=x")
    expect(page.get_by_role("alert")).to_contain_text("Nobody called <img")
    staff.nothing_ran(page)


@pytest.mark.browser
@pytest.mark.parametrize(
    "options",
    [{}, {"viewport": {"width": 390, "height": 844}, "has_touch": True}, {"color_scheme": "dark"}],
    ids=["wide", "phone", "dark"],
)
def test_nothing_is_cut_off_and_axe_finds_nothing_serious(address, open_page, options):
    page = open_page(f"{address}person?name=Ben+Tull&topic=kettle", **options)
    expect(page.locator("#dated .timeline .dot")).to_have_count(3)
    assert page.locator("#dated .dated > li").first.bounding_box()["width"] > 300
    assert staff.serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_topic_that_nobody_has_typed_asks_nothing(library: Library) -> None:
    assert told_of(library, BO.name, None) == ""
