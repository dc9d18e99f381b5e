"""Whole pages: where the speech starts and ends, and what the notes around it say. All pages here are made up."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_formats import aside, read, said

from index.episode import Person

WALL = (
    (
        "Hello and welcome to Kettle & Kiln. My name's Orla and I'm joined today by Doctor Piet Hansma to talk "
        "about glazes. "
        "Hi Piet! Hi Orla, thanks for having me. So, how did you start? Well, I think I was ten, and my aunt "
        "gave me a lump of "
        "clay, and you know, I never gave it back. That's lovely. And what do you mix first? I mix the ash, "
        "then I wait, and I "
        "really mean wait, because we always hurry and you can't hurry ash. " * 1
    )
    + "Yeah, I see. So you wait a week? I wait two, and then I sieve it, and I think about something else. " * 8
    + ("Thank you so much for coming, Piet. Thanks Orla, it was fun.")
)
SHOW_NOTES = """Kettle & Kiln
Potters talk about fire, clay and patience.
Instagram: @kettlekiln
Kettle & Kiln is brought to you by Northgate Clay
"""
PAGE = (
    SHOW_NOTES
    + "Kettle & Kiln\nAsh Before Breakfast\nIn this episode, we look at wood ash, and why it will not be hurried.\n"
    + "Piet Hansma is a ceramicist at the Groningen School of Craft and the author of two handbooks. "
    + "His bowls have been shown "
    + "in Delft, Limoges and Mashiko.\nWant to write to us? Email: hello@kettlekiln.example\n"
    + WALL
    + "\n"
)


def test_a_wall_of_text_under_its_notes_starts_at_its_first_spoken_word():
    parsed = read(PAGE)
    assert parsed.format == "page"
    assert said(parsed) == [(None, WALL)]
    meta = parsed.metadata
    assert (meta.show, meta.title) == ("Kettle & Kiln", "Ash Before Breakfast")
    assert meta.description.startswith("In this episode, we look at wood ash")
    assert meta.show_description.startswith("Potters talk about fire")
    assert meta.people == (Person("Orla", "host"), Person("Piet Hansma", "guest"))
    assert "hello@kettlekiln.example" in meta.description


def test_a_page_in_paragraphs_with_notes_after_the_speech():
    speech = [
        "Welcome back to the Night Bus, I'm your host Dara Quill.",
        "Today I sit down with Lotte Brandt, and we talk about the last route she drove. Lotte, thanks for coming.",
        "Thank you, Dara. I was nervous on the way here, to be honest with you, but I'm fine now.",
        "So tell me, what do you remember of that night?",
        "It was raining, and I had three people on board. I remember that I counted them twice, you know?",
        "Yeah.",
        "Thanks for listening, and see you next week.",
    ]
    notes = [
        "Show notes",
        "Lotte's book: https://example.com/routes",
        "Follow us on Mastodon: @nightbus",
        "Music by The Depot",
    ]
    parsed = read("\n\n".join(["The Last Route", *speech, *notes]))
    assert [words for _, words in said(parsed)] == speech
    assert parsed.metadata.title == "The Last Route"
    assert parsed.metadata.people == (Person("Dara Quill", "host"), Person("Lotte Brandt", "guest"))
    assert not any("example.com" in words for _, words in said(parsed))
    assert "example.com/routes" in parsed.metadata.description


def test_a_page_without_any_notes_is_all_speech():
    words = "So I went to the well, and I asked them, do you know whose bucket this is? Nobody did. I took it home."
    parsed = read(words)
    assert said(parsed) == [(None, words)]
    assert parsed.metadata.title is None


def test_speech_starts_below_a_heading_that_says_transcript():
    parsed = read(
        "# Salt Roads\n\nHosted by Imre Vidal\n\nA walk along the old salt roads.\n\n## Transcript\n\n"
        "The road begins at the mill. It is older than the mill.\n\nCarts went down it twice a year.\n\n## Links\n\n"
        "https://example.com/salt\n"
    )
    assert [words for _, words in said(parsed)] == [
        "The road begins at the mill. It is older than the mill.", "Carts went down it twice a year.",
    ]  # fmt: skip
    assert parsed.metadata.title == "Salt Roads"
    assert parsed.metadata.people == (Person("Imre Vidal", "host"),)


def test_a_told_story_without_i_or_you_is_speech_too():
    story = [
        "The lighthouse on the point was built twice. The first tower stood for nine winters before the sea took it.",
        "The second was cut from the same quarry, and its keeper was a woman from the islands who had never "
        "seen a lamp that size.",
        "When the lamp was lit, ships forty miles away altered their course, and the harbour filled with strangers.",
    ]
    assert [words for _, words in said(read("\n\n".join(story)))] == story


def test_a_sponsors_line_and_links_between_the_speech_are_marked():
    talk = "So I think you should try it, and I mean it, because we tried it ourselves and it was good fun for us."
    parsed = read(
        f"Hello and welcome, I'm Mina.\n\n{talk}\n\nBrought to you by Northgate "
        f"Clay.\n\n{talk}\n\nhttps://example.com\n\n{talk}\n"
    )
    assert [words for _, words in said(parsed)][1:] == [talk] * 3
    assert aside(parsed) == ["Brought to you by Northgate Clay.", "https://example.com"]


def test_lines_that_a_program_wrapped_are_joined():
    line = (
        "I think that you and I have seen this before, and I know that we will\n"
        "see it again, so let's talk about it while we still can, you and I and\nthe others who came.\n"
    )
    parsed = read("\n".join([line] * 6))
    assert [words for _, words in said(parsed)] == [" ".join(line.split())] * 6


@settings(deadline=None)  # the first example imports the parsers
@given(
    st.lists(
        st.lists(
            st.sampled_from(["I", "you", "rain", "so", "well", "falls", "think", "we", "tea", "7", "é"]),
            min_size=1,
            max_size=30,
        ),
        min_size=1,
        max_size=8,
    )
)
def test_no_word_of_a_page_is_lost_changed_or_moved(paragraphs):
    lines = [" ".join(words) + "." for words in paragraphs]
    parsed = read(
        "\n\n".join(
            ["Hello and welcome, I am glad that you came to me.", *lines, "Thank you so much, I loved it, bye."]
        )
    )
    found = (
        " ".join(piece.text for turn in parsed.turns for piece in turn.pieces)
        + " "
        + (parsed.metadata.description or "")
    )
    words = re.findall(r"\w+", found)
    assert words == re.findall(
        r"\w+",
        " ".join(["Hello and welcome, I am glad that you came to me.", *lines, "Thank you so much, I loved it, bye."]),
    )


@pytest.mark.parametrize(
    ("opening", "host", "guest"),
    [
        ("Hello, my name is Ama Owusu and I'm talking to Sir Roland Pike.", "Ama Owusu", "Roland Pike"),
        ("Welcome to the show. I'm your host, Jules. My guest today is Dr Noor el Sayed.", "Jules", "Noor el Sayed"),
        ("Hi everyone, this is Bea Lund, and today we're joined by Professor Xin Li, welcome.", "Bea Lund", "Xin Li"),
    ],
)
def test_host_and_guest_are_understood_from_how_the_talk_begins(opening, host, guest):
    parsed = read(opening + " So I think we should begin, you know, because I have a lot to ask you. " * 4)
    assert parsed.metadata.people == (Person(host, "host"), Person(guest, "guest"))
