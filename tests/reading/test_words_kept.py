"""Every word that stands in a file is kept, or told as left out: for every format, also where the file is damaged."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.formats import parse_source
from index.formats.parsed import Parsed
from index.formats.source import open_source
from index.reading.account import all_words, words_left_out
from index.reading.read import read_episode
from tests.mangling import clock

LINES = st.lists(
    st.lists(st.text("abcdefghijklmnoprstuvwz", min_size=3, max_size=9), min_size=2, max_size=9).map(" ".join),
    min_size=3,
    max_size=12,
)


def _srt(lines: list[str]) -> str:
    return "\n".join(
        f"{n}\n{clock(n * 3, ',')} --> {clock(n * 3 + 3, ',')}\n{line.capitalize()}.\n" for n, line in enumerate(lines)
    )


def _vtt(lines: list[str]) -> str:
    return "WEBVTT\n\n" + "\n".join(
        f"{clock(n * 3)} --> {clock(n * 3 + 3)}\n{line.capitalize()}.\n" for n, line in enumerate(lines)
    )


def _csv(lines: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([("start", "text"), *((clock(n * 3), line) for n, line in enumerate(lines))])
    return out.getvalue()


def _ass(lines: list[str]) -> str:
    times = [(f"0:00:{n * 3:02d}.00", f"0:00:{n * 3 + 3:02d}.00") for n in range(len(lines))]
    events = "\n".join(
        f"Dialogue: 0,{a},{b},Default,Ann,0,0,0,,{line}" for (a, b), line in zip(times, lines, strict=True)
    )
    head = "[Script Info]\nScriptType: v4.00+\n\n[Events]\n"
    head += "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    return head + events + "\n"


def _ttml(lines: list[str]) -> str:
    parts = "".join(
        f'<p begin="{n * 3}.5s" end="{n * 3 + 3}s">{line}<br/>and so on</p>' for n, line in enumerate(lines)
    )
    return f'<tt xmlns="http://www.w3.org/ns/ttml"><head/><body><div>{parts}</div></body></tt>'


def _rows(lines: list[str]) -> list[dict[str, object]]:
    return [{"start": n * 3.0, "speaker": f"s{n % 2}", "text": line} for n, line in enumerate(lines)]


TIMES = (
    "-00:00:01,500 --> 00:00:02,000",
    "-9:-3:-2,-100 --> -9:-3:-1,-100",
    "99:99:99,999 --> 99:99:99,999",
)
FORMATS = {
    "a.srt": _srt,
    "a.vtt": _vtt,
    "a.csv": _csv,
    "a.ass": _ass,
    "a.ttml": _ttml,
    "a.txt": lambda lines: "".join(f"{'Ann' if n % 2 else 'Bo'}: {line}.\n\n" for n, line in enumerate(lines)),
    "a.md": lambda lines: "".join(f"**{'Ann' if n % 2 else 'Bo'}:** {line}.\n\n" for n, line in enumerate(lines)),
    "a.json": lambda lines: json.dumps([{"at": n * 3.0, "who": f"s{n % 2}", "said": line} for n, line in enumerate(lines)]),
    "a.jsonl": lambda lines: "\n".join(json.dumps(row) for row in _rows(lines)),
    "a.html": lambda lines: f"<html><body>{''.join(f'<p>Ann: {line}.</p><p>Bo: indeed.</p>' for line in lines * 9)}</body></html>",
}  # fmt: skip


def read(text: str, name: str) -> tuple[Parsed, int, str]:
    source = open_source(text.encode(), name)
    parsed = parse_source(source)
    return parsed, *words_left_out(source, parsed)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=10, deadline=None)
@given(lines=LINES)
def test_words_in_are_words_kept_and_words_told(name, lines):
    parsed, left_out, _ = read(FORMATS[name](lines), name)
    kept = all_words(piece.text for turn in parsed.turns for piece in turn.pieces)
    lost = all_words(lines) - kept
    assert lost.total() == left_out


@settings(max_examples=30, deadline=None)
@given(lines=LINES, at=st.integers(0, 11), time=st.sampled_from(TIMES))
def test_a_cue_with_a_time_that_cannot_be_keeps_its_words(lines, at, time):
    blocks = _srt(lines).split("\n\n")
    number = at % len(blocks)
    head, _, *words = blocks[number].split("\n")
    blocks[number] = "\n".join([head, time, *words])
    parsed, left_out, _ = read("\n\n".join(blocks), "a.srt")
    assert not all_words(lines) - all_words(p.text for turn in parsed.turns for p in turn.pieces) and left_out == 0


def test_an_arrow_in_speech_loses_no_cue():
    text = "WEBVTT\n\n1\n00:00.000 --> 00:03.000\nHedda: the wire runs A --> B and back\n\n"
    text += "00:03.000 --> 00:06.000\nLars: It does.\n"
    parsed, left_out, _ = read(text, "a.vtt")
    assert [turn.speaker for turn in parsed.turns] == ["Hedda", "Lars"] and left_out == 0


def test_what_is_left_out_is_counted_and_its_first_words_are_told(tmp_path):
    file = tmp_path / "talk.vtt"
    file.write_text(
        "WEBVTT\n\nNOTE checked by the night crew\n\n00:00.000 --> 00:03.000\n<v Hedda>We mend nets.\n\n"
        "00:03.000 --> 00:06.000\n<v Lars>All winter.\n"
    )
    assert read_episode(file).mended == ("6 words left out (first: 'NOTE checked by the night crew')",)


@pytest.mark.parametrize(
    ("front", "told"),
    [
        ("show: Deck and Keel\nhosts: [Una Marsh]\nguests:\n  - {name: Piet Olander, role: guest}\nduration: 3:20", 0),
        ('"title": "The hull: part 1"\nshow: {name: Deck, description: about tar}\nchapters:\n  - startTime: 0\n    title: Tar', 0),
        ("title: The hull\npainted by: Greta Sund", 2),
        ("title: The hull # ask for the title: again\nnotes: |\n  Tar, says he: it stinks.", 10),
    ],
)  # fmt: skip
def test_the_names_of_fields_are_no_words_and_what_no_field_of_ours_holds_is_told(front, told):
    _, left_out, first = read(
        f"---\n{front}\n---\n\nUna: We tar the hull in May.\n\nPiet: And again in June.\n", "a.md"
    )
    assert left_out == told, first
