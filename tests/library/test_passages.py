"""What the page's HTML says, and that hostile text stays text in it. No browser and no library."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hostile import HOSTILE
from jinja2 import UndefinedError, nodes

from index.episode import Episode, Person, Sentence, Show, Turn
from rag.answer import Answer, Citation, Searched, Withheld
from ui.listeners import answers
from ui.listeners.suggest import Suggestion
from ui.shared import html as passages
from ui.shared.moments import find_quote, moment_of, span_to_play
from ui.shared.templates import ENVIRONMENT, TEMPLATE_CHARACTERS, escaped, macros

UI = Path(__file__).resolve().parents[2] / "ui"
HOST, GUEST = Person("Ada Rowe", "host"), Person("Ben Tull", "guest")

CITATION = Citation(
    n=1, episode="e1", title="The kettle", show="Mended", date="2024-02-01", speaker="Ben Tull", role="guest",
    speaker_source="labelled", start=12.0, end=14.5, time_source="transcript", time_error=0.0,
    quote="It was a kettle.", check="verified", url="https://example.org/e1#t=12", first=3, last=3,
)  # fmt: skip


def episode(*turns: tuple[Person | None, list[str]]) -> Episode:
    """An episode whose sentences are numbered from 0 and last two seconds each."""
    made, position = [], 0
    for speaker, texts in turns:
        sentences = []
        for text in texts:
            speech = not text.startswith("[")
            sentences.append(Sentence(position, text, position * 2.0, position * 2.0 + 2, "transcript", 0.0, speech))
            position += 1
        made.append(Turn(speaker, tuple(sentences), "labelled" if speaker else "unknown"))
    return Episode("e1", Show("Mended"), "The kettle", tuple(made), (HOST, GUEST))


TALK = episode(
    (HOST, ["Welcome to the show.", "What was the first thing that you mended?"]),
    (GUEST, ["Well, now.", "It was a kettle.", "[laughs]", "It had no lid."]),
)


class Page(HTMLParser):
    """The elements, attributes and text of a piece of HTML, as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def rounds_with(text: str) -> str:
    """Every function that shows a stranger's words, with `text` in each place."""
    hostile = Person(text, "host"), Person(text, "guest")
    talk = episode((hostile[0], ["Before all of this.", text, text]), (hostile[1], [text, "So it was.", "[x]", text]))
    citation = replace(
        CITATION, title=text, show=text, date=text, speaker=text, quote="So it was.", first=4, last=4, url=text
    )
    moment = moment_of(citation, talk, text)
    answer = Answer(
        text,
        text + " ",
        "not_said",
        f"{text} [1]",
        (citation,),
        (citation,),
        Searched(1, 60.0, text, 5.0),
        "extractive",
        text,
        {},
        1,
    )
    return "".join(
        [
            passages.masthead(1, 60.0, [text]),
            answers.welcome([text, text], audible=True),
            answers.examples([text]),
            answers.to_be_asked(text, [text]),
            answers.suggested([Suggestion(text, True, text), Suggestion(text)], refused=True),
            answers.remaining(1, text, problem=True),
            answers.told(text, 1, kept=False),
            answers.conversation(
                [
                    answers.round_(1, text, scope=text, status=text, text=text, problem=text, moments=[moment]),
                    answers.round_(
                        2, text, link=answers.address(q=text), answer=answer, moments=[moment], nearest=[moment]
                    ),
                ]
            ),
        ]
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_adds_no_element_no_handler_and_no_link(text: str) -> None:
    calm, page = Page(rounds_with("calm")), Page(rounds_with(text))
    assert page.tags == calm.tags
    assert {name for name, _ in page.attributes} <= {name for name, _ in calm.attributes}
    assert not [value for name, value in page.attributes if name in ("href", "src", "data-src", "srcdoc", "style")]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_leaves_nothing_that_a_template_would_run(text: str) -> None:
    html = rounds_with(text)
    assert not set("${}`") & set(html)
    assert "<script" not in html.lower()


def test_text_is_shown_letter_for_letter() -> None:
    text = "a < b && \"c\" is 'd' for ${5} in {{x}} or `y`"
    assert Page(f"<p>{escaped(text)}</p>").text == text


def test_characters_that_turn_the_reading_direction_are_left_out() -> None:
    assert escaped("a\u202eb\x00c") == "abc"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://example.org/e1#t=12", True),
        ("http://example.org/a?b=c&d=e", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        (" javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,<script>alert(1)</script>", False),
        ("file:///etc/passwd", False),
        ("//example.org/x", False),
        ("/etc/passwd", False),
        ("https://", False),
        ("https://[bad", False),
        ('https://example.org/"onclick="x', False),
        ("", False),
        (None, False),
    ],
)
def test_only_web_addresses_become_links(url: str | None, kept: bool) -> None:
    assert (passages.web_address(url) is not None) is kept
    page = Page(passages.place(replace(CITATION, url=url), timed=True))
    assert ("a" in page.tags) is kept


def test_a_quote_stands_in_its_turn_under_the_hosts_question() -> None:
    moment = moment_of(CITATION, TALK, "audio/e1")
    assert moment.quote == "It was a kettle."
    assert [span.text for span in moment.before] == ["Well, now."]
    assert [(span.text, span.speech) for span in moment.after] == [("[laughs]", False), ("It had no lid.", True)]
    assert moment.asker == "Ada Rowe"
    assert moment.question[-1].text == "What was the first thing that you mended?"


def test_part_of_a_sentence_is_marked_and_the_rest_stays_around_it() -> None:
    moment = moment_of(replace(CITATION, quote="a kettle"), TALK, None)
    assert moment.quote == "a kettle"
    assert [span.text for span in moment.before] == ["Well, now.", "It was"]
    assert moment.after[0].text == "."


def test_laughter_inside_a_quote_does_not_tear_it() -> None:
    moment = moment_of(replace(CITATION, quote="It was a kettle. It had no lid.", first=3, last=5), TALK, None)
    assert (moment.quote, moment.before[0].text, moment.after) == ("It was a kettle. It had no lid.", "Well, now.", ())


def test_a_nod_between_question_and_answer_is_not_the_question() -> None:
    talk = episode(
        (HOST, ["What did you mend first of all?"]), (GUEST, ["Hm."]), (HOST, ["Yes?"]), (GUEST, ["It was a kettle."])
    )
    assert moment_of(CITATION, talk, None).question[0].text == "What did you mend first of all?"


def test_the_host_is_not_shown_as_answering_a_guest() -> None:
    talk = episode((GUEST, ["I mended a kettle and then a radio."]), (HOST, ["So which of them was first?"]))
    citation = replace(CITATION, speaker="Ada Rowe", role="host", quote="So which of them was first?", first=1, last=1)
    assert moment_of(citation, talk, None).question == ()


@pytest.mark.parametrize("place", [(-1, -1), (99, 99), (5, 5)])
def test_a_quote_without_its_place_stands_alone(place: tuple[int, int]) -> None:
    moment = moment_of(replace(CITATION, first=place[0], last=place[1]), TALK, None)
    assert (moment.quote, moment.before, moment.after) == ("It was a kettle.", (), ())


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ("it's a  KETTLE", "Now it’s a kettle, see"),
        ("well-known - 'so'", "A well–known — ‘so’ thing"),
        ("(a+b)*[c]", "the (a+b)*[c] case"),
    ],
)
def test_a_quote_is_found_whatever_its_case_spaces_quote_marks_and_dashes(quote: str, text: str) -> None:
    assert find_quote(quote, text) is not None


@pytest.mark.parametrize("quote", ["", "   ", "a pot", "kettle it"])
def test_other_words_are_not_found(quote: str) -> None:
    assert find_quote(quote, "it was a kettle") is None


def test_long_surroundings_are_cut_between_sentences() -> None:
    long = [f"This is sentence number {n} of a long turn." for n in range(12)]
    citation = replace(CITATION, quote=long[6], first=6, last=6)
    moment = moment_of(citation, episode((GUEST, long)), None)
    assert moment.before[0].text == "…" and moment.before[1].text in long
    assert moment.after[-1].text == "…" and moment.after[0].text == long[7]


def test_an_exact_time_plays_exactly_and_an_estimated_one_a_little_wider() -> None:
    assert span_to_play(CITATION) == (12.0, 14.5)
    assert span_to_play(replace(CITATION, time_error=8.0, time_source="estimated")) == (4.0, 22.5)
    assert span_to_play(replace(CITATION, time_error=90.0, time_source="estimated")) == (0.0, 34.5)
    assert span_to_play(replace(CITATION, start=None, end=None)) == (None, None)


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, "0:12"),
        ({"time_error": 9.0, "time_source": "estimated"}, "≈ 0:12"),
        ({"start": 1234.0, "end": 1240.0, "time_error": 75.0, "time_source": "estimated"}, "about minute 21"),
        ({"start": None, "end": None, "time_source": None, "time_error": None}, "no times in this transcript"),
    ],
)
def test_a_card_shows_the_time_as_well_as_it_is_known(changes: dict, shown: str) -> None:
    for audio in (None, "audio/e1"):
        text = Page(passages.card(1, moment_of(replace(CITATION, **changes), TALK, audio))).text
        assert text.count(shown) == 1
        assert ("≈" in text) is shown.startswith("≈")


def test_without_audio_or_times_there_is_no_play_button_but_a_link() -> None:
    for moment in (
        moment_of(CITATION, TALK, None),
        moment_of(replace(CITATION, start=None, end=None), TALK, "audio/e1"),
        moment_of(CITATION, TALK, "file:///etc/passwd"),
    ):
        page = Page(passages.card(1, moment))
        assert ("class", "play") not in page.attributes
        assert ("href", "https://example.org/e1#t=12") in page.attributes


def test_audio_published_elsewhere_plays_from_there() -> None:
    page = Page(passages.card(1, moment_of(CITATION, TALK, "https://example.org/e1.mp3")))
    assert ("data-src", "https://example.org/e1.mp3") in page.attributes


@pytest.mark.parametrize(
    ("changes", "shown", "hidden"),
    [
        ({}, ["Ben Tull", "guest"], ["recovered", "unlabelled"]),
        ({"speaker_source": "recovered"}, ["Ben Tull", "recovered"], ["unlabelled"]),
        ({"speaker": None, "role": "unknown", "speaker_source": "unknown"}, ["Host or guest, unlabelled"], ["Ben"]),
        ({"role": "unknown"}, ["Ben Tull"], ["unknown"]),
    ],
)
def test_a_speaker_is_shown_with_how_it_is_known(changes: dict, shown: list[str], hidden: list[str]) -> None:
    text = Page(passages.speaker(replace(CITATION, **changes))).text
    assert all(word in text for word in shown) and not any(word in text for word in hidden)


def test_marks_lead_to_their_cards_and_a_mark_without_a_card_is_dropped() -> None:
    html = answers.round_(4, "q", text="So [1] and [1, 7] and [x].", moments=[moment_of(CITATION, TALK, None)])
    page = Page(html)
    assert page.attributes.count(("data-card", "r4c1")) == 2
    assert ("id", "r4c1") in page.attributes
    assert "7" not in page.text and "[x]" in page.text


def test_a_refusal_says_what_was_searched_and_that_the_nearest_is_no_answer() -> None:
    answer = Answer(
        "q",
        "q",
        "not_said",
        "Nobody says that.",
        (),
        (CITATION,),
        Searched(7, 3840.0, "Ben Tull", 720.0),
        "extractive",
        None,
    )
    html = answers.round_(1, "q", answer=answer, nearest=[moment_of(CITATION, TALK, None)])
    text = Page(html).text
    assert "Searched 7 episodes, 64 minutes; Ben Tull speaks for 12 minutes of that" in text
    assert text.index("Nearest, but no answer") < text.index("It was a kettle.")
    assert 'class="mark"' not in html and "refused" in html


def test_what_the_answer_itself_says_of_the_search_is_not_said_twice() -> None:
    text = "I found nothing in the 7 episodes, 64 minutes searched."
    answer = Answer("q", "q", "not_said", text, (), (), Searched(7, 3840.0), "extractive", None)
    assert answers.footnote(answer) == ""


def test_withheld_sentences_are_counted() -> None:
    answer = Answer("q", "q", "answered", "Yes.", (), (), Searched(1, 60.0), "llm", "openai:x", {}, 1)
    text = Page(answers.footnote(answer)).text
    assert "1 sentence withheld" in text and "openai:x" in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, ""), (1, "1 second"), (40, "40 seconds"), (3840, "64 minutes"), (36000, "10 hours")],
)
def test_durations_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert passages.duration(seconds) == words


@pytest.mark.parametrize(
    ("date", "words"), [("2024-02-01", "1 Feb 2024"), (None, ""), ("2024-13-01", "2024-13-01"), ("spring", "spring")]
)
def test_dates_are_said_as_people_say_them(date: str | None, words: str) -> None:
    assert passages.day(date) == words


def test_what_was_withheld_can_be_opened_and_is_only_text() -> None:
    lie = Withheld("He said <b>gold</b> [1].", "unsupported", "“gold” is not there", instead="Bo says: “tin” [1].")
    answer = Answer("q", "q", "answered", "a", (), (), Searched(1, 1.0), "llm", "m", held_back=(lie,))
    html = answers.held_back(answer)
    assert "<details" in html and "He said &lt;b&gt;gold&lt;/b&gt; [1]." in html and "in its place" in html
    assert answers.held_back(Answer("q", "q", "answered", "a", (), (), Searched(1, 1.0), "llm", "m")) == ""


TEMPLATES = sorted(file.relative_to(UI).as_posix() for file in UI.rglob("*.j2"))


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_says_of_no_value_that_it_is_finished_and_has_nothing_that_another_template_would_run(
    name: str,
) -> None:
    tree = ENVIRONMENT.parse((UI / name).read_text(encoding="utf-8"))
    used = {node.name for node in tree.find_all(nodes.Filter)}
    assert not used & {"safe", "forceescape", "tojson", "xmlattr"} and not list(
        tree.find_all((nodes.Concat, nodes.MarkSafe))
    )
    text = "".join(node.data for node in tree.find_all(nodes.TemplateData))
    assert not {chr(letter) for letter in TEMPLATE_CHARACTERS} & set(text)


def test_a_value_that_a_template_is_not_given_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        macros("shared/shared.html.j2").heading("a title")


def test_a_line_break_in_a_template_is_a_space_only_before_letters() -> None:
    source = "<p\n  id='x'>\n\n  {% if true %}\n  a\n  b\n  {% endif %}\n  <i>c</i>\n  {# {{ a }}\n #}\n</p>\n"
    assert ENVIRONMENT.from_string(source).render() == "<p id='x'> a b<i>c</i></p>"
