"""What steers a screen, turns the reading direction or can't be seen gets out of no door; words stay as they were."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from contextlib import suppress

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import TranscriptError, VerbatimError
from index.formats import parse
from index.plain import is_plain, plain, visible
from index.reading.read import read_episode
from rag.answer import Citation
from rag.search.export import KINDS, exported
from ui.terminal.cli import main

OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]")
NASTY = "\x1b\x9b\x9d\x07\x00\x7f\x85\u202e\u2066\u200b\u200d\u2060\ufeff\u2028\U000e0041\U000e007f\U0001f3f4[]0;mJ\\\r\n ab"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("wind\x1b[2J\x1b[1;1H and tide", "wind and tide"),
        ("\x1b]0;a title of mine\x07rope", "rope"),
        ("a \x1b]8;;https://example.org/\x1b\\knot\x1b]8;;\x1b\\ here", "a knot here"),
        ("\x1bPq#0;2\x1b\\bell \x1b(Bbuoy", "bell buoy"),
        ("ends in \x1b", "ends in "),
        ("\x1b]never ended, so these are words", "]never ended, so these are words"),
        ("no\x1b\x1b[31m way", "no way"),
        ("it\x92s a \x93lamp\x94", "it’s a “lamp”"),
        ("\x9b31mred\x8d", "›31mred"),
        ("see \u202eexe.gnp\u202c and \u2067x\u2069", "see exe.gnp and x"),
        ("light\u200bhouse light\u00adhouse light\u2060house light\ufeffhouse light\u200dhouse", " ".join(["lighthouse"] * 5)),
        ("one\u2028two\u2029three\x85four\r\nfive\rsix\x0cseven", "one\ntwo\nthree\nfour\nfive\nsix\nseven"),
        ("half \ud83d a face", "half  a face"),
        ("told\U000e0069\U000e0067\U000e006e", "told"),
    ],
)  # fmt: skip
def test_what_a_screen_obeys_or_nobody_sees_is_left_out(written, kept):
    assert plain(written) == kept


@pytest.mark.parametrize(
    "text",
    [
        "می‌خواهم به خانه بروم",  # Persian, with non-joiners
        "क्‍ष और क्ष",  # Hindi, with a joiner
        "ימי א׳\u200f, 12 בערב",  # Hebrew, with a direction mark
        "👩‍👩‍👧‍👦 ❤️‍🔥 👩🏽‍🚀 🏳️‍🌈",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # Scotland's flag
        "ภาษา\u200bไทย",
        "葛\U000e0100城",
        "tab\tand\nline",
    ],
)
def test_what_languages_and_emoji_need_stays(text):
    assert plain(text) == text


@given(st.text(alphabet=st.one_of(st.sampled_from(NASTY), st.characters())))
def test_plain_text_stays_plain_and_loses_no_letter(text):
    made = plain(text)
    assert plain(made) == made
    assert not OBEYED.search(re.sub("\U0001f3f4[\U000e0030-\U000e007a]{1,8}\U000e007f", "", made))
    if is_plain(text):
        assert made == text
    if not re.search("[\x1b\x80-\x9f]", text):
        assert letters(made) == letters(text)
    assert not OBEYED.search(visible(text))
    assert json.loads(visible(json.dumps(text, ensure_ascii=False))) == text


def letters(text: str) -> list[str]:
    return [character for character in text if unicodedata.category(character)[0] in "LN"]


STEERED = "The \x1b[2Jlamp \u202eturns\x9b \u2066all\x07 night."
LETTERS = "The lamp turns› all night."


def as_vtt() -> bytes:
    said = STEERED.replace("\u202e", "&#x202e;").replace("\u2066", "&#8294;")
    return f"WEBVTT\n\n00:01.000 --> 00:04.000\n<v Ida Holm>{said}\n".encode()


def as_json() -> bytes:
    segment = {"startTime": 1, "endTime": 4, "speaker": "Ida\u202e Holm", "body": STEERED}
    return json.dumps({"version": "1.0.0", "segments": [segment]}).encode()


def as_html() -> bytes:
    said = STEERED.replace("\x1b[2J", "&#27;[2J").replace("\u202e", "&#x202E;").replace("\x9b", "&#155;")
    rows = f"<p><b>Ida Holm:</b> {said}</p>" + "<p><b>Bo Dahl:</b> And by day?</p>" * 15
    return f"<html><body>{rows}</body></html>".encode()


def as_docx() -> bytes:
    document, out = docx.Document(), io.BytesIO()
    said = STEERED.replace("\x1b[2J", "").replace("\x07", "")  # XML has no place for these
    for line in (f"Ida Holm: {said}", "Bo Dahl: And by day?"):
        document.add_paragraph(line)
    document.save(out)
    return out.getvalue()


def as_text() -> bytes:
    return f'---\ntitle: "A \\e[2Jlamp\\u202E"\n---\nIda Holm: {STEERED}\n\nBo Dahl: And by day?\n'.encode()


@pytest.mark.parametrize("made", [as_vtt, as_json, as_html, as_docx, as_text])
def test_each_format_gives_words_that_no_screen_obeys(made):
    parsed = parse(made(), "lamp")
    words = " ".join(piece.text for turn in parsed.turns for piece in turn.pieces)
    assert " ".join(words.split()).startswith(LETTERS)
    assert (parsed.metadata.title or "A lamp") == "A lamp"
    assert parsed.turns[0].speaker == "Ida Holm"


def test_sidecar_chapters_and_the_names_of_files_are_plain(tmp_path):
    folder = tmp_path / "at\x1b[2J sea"
    folder.mkdir()
    file = folder / "la\u202emp\x9b.txt"
    file.write_text("Ida Holm: The lamp turns.\n\nBo Dahl: And by day?\n", encoding="utf-8")
    assert (read_episode(file).title, read_episode(file).show.name, read_episode(file).id) == (
        "lamp›",
        "at sea",
        "lamp",
    )
    told = {
        "title": "A\x1b[2J lamp",
        "description": "By\u202e night",
        "people": [{"name": "Ida\u2066 Holm", "role": "guest"}],
    }
    (folder / "la\u202emp\x9b.meta.json").write_text(json.dumps(told), encoding="utf-8")
    chapters = {"chapters": [{"startTime": 0, "title": "The\x1b]0;x\x07 lamp"}]}
    (folder / "la\u202emp\x9b.chapters.json").write_text(json.dumps(chapters), encoding="utf-8")
    episode = read_episode(file)
    assert (episode.title, episode.description, episode.people[0].name) == ("A lamp", "By night", "Ida Holm")


def test_messages_write_out_what_a_terminal_would_obey():
    assert (
        str(TranscriptError("a\x1b[2J\u202e\udcff.txt", "no \x9b words"))
        == "a\\u001b[2J\\u202e\\xff.txt: no \\u009b words"
    )
    assert str(VerbatimError("no \x07 bell")) == "no \\u0007 bell"


def test_nothing_that_a_command_prints_steers_the_terminal(tmp_path, capfd):
    talks = tmp_path / "talks"
    talks.mkdir()
    (talks / "lamp.txt").write_bytes(as_text())
    (talks / "emp\x1b]0;ty\x07.txt").write_bytes(b"")
    library = ["--library", str(tmp_path / "made\u202e")]
    question = "What did Ida say about\x1b[2J the \u202elamp?"
    assert main(["add", str(talks), *library]) == 1
    main(
        [
            "correct",
            "lamp",
            "--at",
            "0",
            "--words",
            "The \x1b[31mlamp \u202eturned all night.",
            "--by",
            "N\x9bell",
            *library,
        ]
    )
    commands: list[list[str]] = [
        ["ask", question], ["ask", question, "--json"], ["ask", "?\x1b[2J"], ["ask", "lamp", "--show", "no\x1b[2J"],
        ["search", "lamp\u202e"], ["search", "the\u202e lamp", "--exact"], ["search", "lamp", "--csv"],
        ["search", "lamp", "--md"], ["search", "lamp", "--sheet"], ["episodes"], ["episodes", "--json"], ["show", "lamp"],
        ["show", "lamp", "--json"], ["show", "\x1b[2Jnone"], ["correct", "lamp"], ["correct", "lamp", "--json"], ["check"],
        ["ask", "lamp", "--odd\x1b[2J"], ["remove", "no\x9bne"], ["show", "\udcff\x1b"],
        ["ask", "lamp\udcff", "--guest", "Ida\udcff"], ["search", "lamp", "--episode", "lamp\x1b"],
    ]  # fmt: skip
    for command in commands:
        with suppress(SystemExit):  # misused: argparse says how
            main([*command, *library])
    out, err = capfd.readouterr()
    assert "The lamp turned all night." in out and "emp\\u001b]0;ty\\u0007.txt" in err
    assert not OBEYED.search((out + err).replace("\r\n", "\n"))


@pytest.mark.parametrize("kind", KINDS)
def test_no_export_holds_what_a_screen_obeys_even_from_an_old_library(kind):
    old = Citation(n=1, episode="e", title="A\x1b[2J \u202etitle", show="=1+1", date=None, speaker="I\x9bda", role="guest",
                   speaker_source="labelled", start=1.0, end=2.0, time_source="transcript", time_error=0.0,
                   quote="\x1b=cmd|' /C calc'!A0", check="verified", url=None)  # fmt: skip
    text = exported([old], kind, {})
    assert not OBEYED.search(text)
    if kind in ("csv", "sheet"):
        assert "'=1+1" in text and ",=" not in text
