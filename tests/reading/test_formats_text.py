"""Labelled and timed text, Markdown, front matter, Word, the podcast namespace's HTML."""

from __future__ import annotations

import contextlib
import io
import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_formats import aside, read, said

from index.episode import Person
from index.errors import TranscriptError
from index.formats import parse
from index.formats.front_matter import metadata_from_mapping
from index.formats.marks import pieces_of

SHAPES = {
    "plain": "{name}: {words}",
    "bold": "**{name}:** {words}",
    "colon after bold": "**{name}**: {words}",
    "time before": "[{time}] {name}: {words}",
    "time before, escaped": "\\[{time}\\] **{name}:** {words}",
    "time before, bare": "{time} **{name}** {words}",
    "time before, dash": "{time} - {name}: {words}",
    "above, brackets": "{name} ({time}):\n{words}",
    "above, bare": "{name}  {time}\n{words}",
    "above, heading": "### {name} ({time})\n\n{words}",
    "time inside bold": "**{name} [{time}]:** {words}",
    "time after bold": "**{name}** ({time}): {words}",
    "time on its own line": "{time}\n{name}: {words}",
    "name, time, words": "{name}\n{time}\n{words}",
    "html bold": "<b>{name}:</b> {words}",
    "tabs": "{time}\t{name}\t{words}",
    "brackets": "[{name}]: {words}",
    "arrows": ">> {name}: {words}",
}
TALK = [
    ("Ines Roth", "00:00:05", "Hello and welcome. Today it rains, and we stay in."),
    ("Speaker 2", "00:01:21", "Thanks. Well: it does rain a lot here."),
    ("Ines Roth", "00:02:00", "Does it?"),
    ("Speaker 2", "01:02:03", "Every week."),
]


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_labels_are_read_in_the_shapes_people_publish(shape):
    text = "\n\n".join(shape.format(name=name, time=clock, words=words) for name, clock, words in TALK)
    parsed = read(text)
    assert parsed.format in ("labelled-text", "table")
    assert said(parsed) == [(name, words) for name, _, words in TALK]
    if "{time}" in shape:
        assert [turn.pieces[0].start for turn in parsed.turns] == [5.0, 81.0, 120.0, 3723.0]


def test_paragraphs_without_a_label_continue_the_turn_and_inline_times_start_what_follows():
    parsed = read(
        "**Ann:** One. \\[01:46\\] Two.\n\nThree.\n\n\\[00:12:31.40\\] Four.\n\n**Bo:** Five.\n\n**Ann:** Six.\n"
    )
    assert [(p.text, p.start) for p in parsed.turns[0].pieces] == [
        ("One.", None), ("Two.", 106.0), ("Three.", None), ("Four.", 751.4),
    ]  # fmt: skip


def test_breaks_are_marked_and_nobody_says_them():
    parsed = read("**Ann:** Back soon.\n\n**Break:** \\[18:45\\]\n\n**Ann:** We are back.\n\n**Bo:** Yes.\n")
    assert said(parsed) == [("Ann", "Back soon."), ("Ann", "We are back."), ("Bo", "Yes.")]
    assert aside(parsed) == ["Break"]
    assert parsed.turns[1].pieces[0].start == 1125.0


def test_a_voice_that_comes_once_in_bold_is_not_credited_to_the_one_before():
    parsed = read("**Ann:** Listen.\n\n**The old film:** I will return.\n\n**On Freund:** He did.\n\n**Ann:** Right.\n")
    assert [speaker for speaker, _ in said(parsed)] == ["Ann", "The old film", "On Freund", "Ann"]


def test_points_of_a_list_in_speech_are_no_speakers():
    parsed = read(
        "**Ann:** Three things.\n\n- **Soil:** dark.\n- **Light:** bright.\n\n**Bo:** Good.\n\n**Ann:** Yes.\n"
    )
    assert {speaker for speaker, _ in said(parsed)} == {"Ann", "Bo"}


def test_front_matter_gives_the_metadata():
    parsed = read(
        "---\nshow: Shed Talk\ntitle: Part 2: Soil\ndate: 2024-02-01\nduration: 1:02:03\nurl: https://example.com/2\n"
        "people:\n  - Tomas Berg\n  - {name: Ines Roth, role: host}\n---\n\nInes Roth: Hello.\n\nTomas Berg: Hi.\n"
    )
    meta = parsed.metadata
    assert (meta.show, meta.title, meta.date, meta.duration) == ("Shed Talk", "Part 2: Soil", "2024-02-01", 3723.0)
    assert meta.people == (Person("Tomas Berg"), Person("Ines Roth", "host"))
    assert said(parsed) == [("Ines Roth", "Hello."), ("Tomas Berg", "Hi.")]
    assert "front matter" in parsed.mended[0]


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        ({"duration": "soon"}, "duration"), ({"date": "yesterday"}, "date"), ({"people": 3}, "people"),
        ({"people": [{"role": "host"}]}, "people"), ({"title": ["a"]}, "title"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"audio": "data:audio/mp3;base64,xx"}, "audio"), ({"id": "../../etc"}, "id"), ({"title": "x" * 5000}, "title"),
        ({"duration": float("nan")}, "duration"), ({"duration": True}, "duration"), ({"people": ["a"] * 500}, "people"),
    ],
)  # fmt: skip
def test_metadata_that_cannot_be_meant_is_refused_by_its_field(mapping, field):
    with pytest.raises(TranscriptError, match=rf"ep\.meta\.json: {field}"):
        metadata_from_mapping(mapping, "ep.meta.json")


def test_broken_front_matter_is_refused_with_its_line():
    with pytest.raises(TranscriptError, match=r"t\.md:3: the front matter"):
        read("---\ntitle: Soil\npeople: [a, b\n---\nAnn: Hello.\n", "t.md")


def test_header_lines_title_and_a_role_in_a_label_are_metadata():
    parsed = read(
        "# The Wet Summer\n\nGuest: Tomas Berg\nDate: 3 May 2023\n\nInes (host): Hello.\n\nTomas: Hi.\n\nInes: So.\n"
    )
    assert parsed.metadata.title == "The Wet Summer"
    assert parsed.metadata.date == "2023-05-03"
    assert set(parsed.metadata.people) == {Person("Tomas Berg", "guest"), Person("Ines", "host")}
    assert [speaker for speaker, _ in said(parsed)] == ["Ines", "Tomas", "Ines"]


def test_links_and_handles_with_a_colon_are_no_speakers():
    parsed = read(
        "Ann: Hello you.\n\nBo: Hi Ann.\n\nAnn: Bye now.\n\nLinks\n\nMastodon: @shed\nEmail: hi@example.com\n"
    )
    assert said(parsed) == [("Ann", "Hello you."), ("Bo", "Hi Ann."), ("Ann", "Bye now.")]
    assert "Email: hi@example.com" in aside(parsed)


def test_timed_text_without_labels_keeps_its_times():
    parsed = read("[00:00.000 --> 00:04.000]  Good morning all.\n[00:04.000 --> 00:09.500]  It rains.\n")
    assert parsed.format == "timed-text"
    pieces = [piece for turn in parsed.turns for piece in turn.pieces]
    assert [(p.text, p.start, p.end) for p in pieces] == [("Good morning all.", 0.0, 4.0), ("It rains.", 4.0, 9.5)]


def test_a_time_of_day_in_speech_is_no_time_of_the_recording():
    parsed = read(
        "5:30 is when I get up, and you know what I do then? I make tea for the two of us and we talk a while.\n"
    )
    assert parsed.turns[0].pieces[0].text.startswith("5:30 is when")
    assert parsed.turns[0].pieces[0].start is None


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("I *really* mean **it**", "I really mean it"),
        ("see [the shed](https://example.com/a_(b)) now", "see the shed now"),
        ("\\*quote\\* and \\[at\\]", "*quote* and [at]"),
        ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
        ("AT&T &amp; R&amp;D &quot;now&quot; &copy it", 'AT&T & R&D "now" &copy it'),
        ("a `loop` <b>here</b>", "a loop here"),
        ("I know \\[laughter\\]. Yes.", "I know. Yes."),
        ("It is (I think) music (and I love music)", "It is (I think) music (and I love music)"),
        ("yes (laughs nervously) no", "yes no"),
        ("we saw \\[unintelligible 00:31:02.10\\] there", "we saw there"),
    ],
)
def test_markdown_becomes_the_words_a_reader_sees(written, read_as):
    pieces = pieces_of(written, markdown=True)
    assert " ".join(piece.text for piece in pieces if piece.speech) == read_as


def test_stage_directions_stand_in_place():
    pieces = pieces_of("One [laughs] two (Intro music: Banjo) *sighs* three", markdown=True)
    assert [(p.text, p.speech) for p in pieces] == [
        ("One", True), ("[laughs]", False), ("two", True), ("(Intro music: Banjo)", False), ("[sighs]", False),
        ("three", True),
    ]  # fmt: skip


@settings(deadline=None)  # the first example imports the parsers
@given(st.text(st.sampled_from("abc XY.,*_[]()`<>&;#\\~♪:0-1\n"), max_size=80), st.booleans())
@example("*a* [b](c) \\[d\\]", True)
def test_plain_words_go_in_and_come_out_in_order(text, markdown):
    words = re.findall(r"[a-cXY01]+", "".join(piece.text for piece in pieces_of(text, markdown=markdown)))
    written = "".join(re.findall(r"[a-cXY01]", text))
    # Times, link targets, tags and pictures aren't words; all else must be there, in order.
    remaining = iter(written)
    assert all(letter in remaining for letter in "".join(words))
    if not re.search(r"\d:|\]\(|[<&]", text):
        assert "".join(words) == written


SPOKEN = st.lists(
    st.sampled_from(["rain", "falls", "on", "it", "and", "Then", "stops.", "why?"]), min_size=1, max_size=9
)


@settings(deadline=None)  # the first example imports the parsers
@given(st.lists(st.tuples(st.sampled_from(["Ann Lee", "Bo"]), SPOKEN), min_size=4, max_size=20))
def test_written_turns_come_back_with_their_speakers(rows):
    text = "\n\n".join(f"**{name}:** {' '.join(words)}" for name, words in rows)
    back = [(turn.speaker, piece.text) for turn in read(text).turns for piece in turn.pieces]
    assert back == [(name, " ".join(words)) for name, words in rows]


@pytest.mark.parametrize(
    "unit", ["[", "*", "(", "_", "<", "&", "`", "\\", "[a](", "**a", "♪", "A: ", "1:00 ", "a\n", "0:00\n"]
)
def test_hostile_text_takes_seconds_and_no_more(unit):
    began = time.perf_counter()
    with contextlib.suppress(TranscriptError):
        read(unit * (1_000_000 // len(unit)) + " Hello there, I am here.")
    assert time.perf_counter() - began < 20


def test_podcast_namespace_html_gives_speakers_and_times():
    parsed = read(
        "<cite>Ines:</cite>\n<time>0:00</time>\n<p>Soil &amp; water.</p>\n<p>And light.</p>\n"
        "<cite>Tomas:</cite>\n<time>1:02:03</time>\n<p>It&#39;s <em>dark</em> [laughs].</p>\n"
    )
    assert parsed.format == "podcast-html"
    assert said(parsed) == [("Ines", "Soil & water. And light."), ("Tomas", "It's dark.")]
    assert [turn.pieces[0].start for turn in parsed.turns] == [0.0, 3723.0]


def test_a_web_page_gives_its_main_text_and_its_titles():
    turns = "".join(f"<p><strong>{name}:</strong> {words} We talk on and on, you see.</p>" for name, _, words in TALK)
    parsed = read(
        "<!doctype html><html><head><title>Rain | Shed Talk</title><meta property='og:site_name' content='Shed Talk'>"
        "<script>var a = 'Ann: no';</script></head><body><nav><a>Home</a></nav><article><h1>Rain</h1>"
        f"{turns}</article><footer>Menu: no</footer></body></html>"
    )
    assert [speaker for speaker, _ in said(parsed)] == [name for name, _, _ in TALK]
    assert (parsed.metadata.show, parsed.metadata.title) == ("Shed Talk", "Rain")


def test_a_word_document_is_read_with_its_labels_and_tables():
    import docx

    document = docx.Document()
    document.add_heading("The Wet Summer", 0)
    for name, clock, words in TALK:
        document.add_paragraph(f"{name} ({clock}):")
        document.add_paragraph(words)
    row = document.add_table(rows=1, cols=2).rows[0]
    row.cells[0].text, row.cells[1].text = "Ines Roth", "Goodbye."
    out = io.BytesIO()
    document.save(out)
    parsed = parse(out.getvalue(), "talk.docx")
    assert parsed.format == "docx"
    assert parsed.metadata.title == "The Wet Summer"
    assert said(parsed) == [(name, words) for name, _, words in TALK] + [("Ines Roth", "Goodbye.")]
