"""A file's own labels, learnt from all its lines: read in whatever form it uses, and what only looks like one is nobody's."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.formats import parse
from index.formats.parsed import Parsed
from tests.mangling import WAYS, Said, read_mangled

NAMES = ("Hedda Munk", "Lars Ovesen", "Pia Quist-Berg", "Otto Zand")
WORDS = (
    "lantern", "eel", "harbour", "we", "mend", "nets", "until", "dusk", "and", "nobody", "counts", "the", "buoys",
    "twice", "cold", "tar", "smells", "of", "home",
)  # fmt: skip


def said(parsed: Parsed) -> list[tuple[str | None, str]]:
    spoken = [(turn.speaker, " ".join(p.text for p in turn.pieces if p.speech)) for turn in parsed.turns]
    return [(who, words) for who, words in spoken if words]


def read(text: str, name: str = "talk.txt") -> Parsed:
    return parse(text.encode(), name)


def srt(*cues: str) -> str:
    return "\n".join(
        f"{n + 1}\n00:00:{n * 4:02d},000 --> 00:00:{n * 4 + 4:02d},000\n{cue}\n" for n, cue in enumerate(cues)
    )


@st.composite
def talks(draw: st.DrawFn) -> list[Said]:
    """Two to four people, each of whom speaks at least twice; sentences of made-up talk."""
    names = NAMES[: draw(st.integers(2, 4))]
    order = [*names, *names, *draw(st.lists(st.sampled_from(names), max_size=12))]
    talk, before = [], None
    for number, name in enumerate(order):
        who = name if name != before else next(other for other in names if other != before)
        sentences = draw(
            st.lists(st.lists(st.sampled_from(WORDS), min_size=3, max_size=12, unique=True), min_size=1, max_size=3)
        )
        words = " ".join(" ".join(words).capitalize() + draw(st.sampled_from((".", "?", "!"))) for words in sentences)
        talk.append(Said(who, 5.0 + number * 11, words))
        before = who
    return talk


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=8, deadline=None)
@given(talk=talks())
def test_no_word_is_lost_or_credited_to_another_however_labels_are_mangled(way, talk):
    _, fared = read_mangled(talk, way)
    assert fared.lost == 0
    assert fared.wrong == 0
    assert fared.unknown == 0


def test_what_opens_like_a_label_and_is_not_believed_is_nobodys():
    parsed = read(srt(
        "Hedda Munk: Who read the log?", "Lars Ovesen: I did, all of it.", "Hedda Munk: And what does it say?",
        "Lars Ovesen: Listen.", "Skipper Bohl: The ice came early that year.", "and nobody was ready.",
        "Hedda Munk: Was he right?",
    ), "log.srt")  # fmt: skip
    assert said(parsed)[4:6] == [
        (None, "Skipper Bohl: The ice came early that year. and nobody was ready."),
        ("Hedda Munk", "Was he right?"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Psalm 84: how lovely it is.",
        "And I said: close the hatch.",
        "She answered: never.",
        "Tonight: eels and tar.",
        "Two rules: be early, be dry.",
        "Rule 2: no whistling.",
    ],
)
def test_speech_with_a_colon_stays_the_speakers(line):
    text = f"Hedda Munk: So it began.\n{line}\nLars Ovesen: I remember it.\nHedda Munk: You do?\nLars Ovesen: I do.\n"
    assert said(read(text))[0] == ("Hedda Munk", f"So it began. {line}")


def test_somebody_who_speaks_once_is_believed_where_others_call_them_by_name():
    parsed = read(srt(
        "Hedda Munk: Welcome, Otto, and thanks for coming.", "Otto Zand: Good to be here.", "Lars Ovesen: So, the nets.",
        "Hedda Munk: Yes, the nets.", "Lars Ovesen: All of them.",
    ), "nets.srt")  # fmt: skip
    assert said(parsed)[1] == ("Otto Zand", "Good to be here.")


@pytest.mark.parametrize(
    "label", ["UNKNOWN", "Unknown Speaker", "Unidentified", "N/A", "No Speaker", "[unknown]", "??"]
)
def test_a_label_for_nobody_is_nobody(label):
    text = f"Hedda Munk 0:01\nIs it shut?\n\n{label} 0:05\nIt is.\n\nLars Ovesen 0:09\nIt was open.\n\nHedda Munk 0:12\nSo.\n"
    told = [("Hedda", "Is it shut?"), (label, "It is.")]
    rows = json.dumps(
        [{"start": n * 2, "end": n * 2 + 2, "speaker": who, "text": words} for n, (who, words) in enumerate(told)]
    )
    assert {turn.speaker for turn in parse(rows.encode(), "a.json").turns} == {"Hedda", None}
    if label[0].isalpha():
        assert {turn.speaker for turn in read(text).turns} == {"Hedda Munk", "Lars Ovesen", None}


def test_a_file_that_marks_its_voices_has_no_second_kind_of_label():
    text = (
        "WEBVTT\n\n00:01.000 --> 00:03.000\n<v Hedda Munk>We begin.\n\n00:03.000 --> 00:05.000\nOtto Zand: a name on a crate.\n\n"
        "00:05.000 --> 00:07.000\n<v Lars Ovesen>Indeed.\n"
    )
    assert said(read(text, "a.vtt")) == [
        ("Hedda Munk", "We begin. Otto Zand: a name on a crate."),
        ("Lars Ovesen", "Indeed."),
    ]


def test_questions_and_answers_of_a_printed_interview_are_two_voices():
    text = "Q. Who mends the nets?\n\nA. We all do.\n\nEvery winter.\n\nQ. And the buoys?\n\nA. Nobody counts them.\n"
    assert said(read(text)) == [
        ("Q", "Who mends the nets?"),
        ("A", "We all do. Every winter."),
        ("Q", "And the buoys?"),
        ("A", "Nobody counts them."),
    ]


@pytest.mark.parametrize(
    "form",
    [
        "{0} – {1}",
        "[{0}] {1}",
        "<{0}> {1}",
        "@{0}: {1}",
        "[[{0}]]: {1}",
        "[{0}](https://example.org): {1}",
        "3. {0}: {1}",
    ],
)
def test_a_form_that_a_whole_file_uses_is_its_labels(form):
    lines = [("Hedda", "Who mends the nets?"), ("Lars", "We all do."), ("Hedda", "In winter?"), ("Lars", "In winter.")]
    parsed = read("\n".join(form.format(who, words) for who, words in lines), "talk.md")
    assert [((who or "").lstrip("@"), words) for who, words in said(parsed)] == lines


def test_a_turn_before_a_dash_is_speech_where_the_file_has_other_labels():
    text = "**Hedda:** We mend nets.\n\nNets – they tear.\n\n**Lars:** They do.\n\n**Hedda:** Often.\n\n**Lars:** Always.\n"
    assert said(read(text, "a.md"))[0] == ("Hedda", "We mend nets. Nets – they tear.")
