"""Files that nobody means, made to any length: each is a pattern that a reader could take ever longer over.

Made for `eval/studies/files/scaling.py`. A kind's name ends in the suffix that the file gets.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

_OPEN = "Ann Lee: Good morning from the bakery.\n\nBo Ray: Yes, so it is "
_CLOSE = " and here I am.\n\nAnn Lee: Goodbye then.\n"
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def _fill(unit: str, size: int) -> str:
    return unit * (size // len(unit.encode()) + 1)


def _said(unit: str) -> Callable[[int], bytes]:
    """A labelled transcript, one turn of which is that, over and over."""
    return lambda size: (_OPEN + _fill(unit, size) + _CLOSE).encode()


def _only(unit: str, before: str = "", after: str = "") -> Callable[[int], bytes]:
    return lambda size: (before + _fill(unit, size) + after).encode()


def _numbered(line: Callable[[int], str], before: str = "", after: str = "") -> Callable[[int], bytes]:
    def make(size: int) -> bytes:
        count = size // len(line(99_999).encode()) + 1
        return (before + "".join(map(line, range(count))) + after).encode()

    return make


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 3600:02d}:{int(seconds) // 60 % 60:02d}:{int(seconds) % 60:02d}"


def _cue(words: str) -> Callable[[int], str]:
    return lambda n: f"{n + 1}\n{_clock(n)},000 --> {_clock(n + 1)},000\n{words}\n\n"


def _segments(segment: Callable[[int], dict]) -> Callable[[int], bytes]:
    def make(size: int) -> bytes:
        count = size // (len(json.dumps(segment(99_999))) + 2) + 1
        return json.dumps({"segments": [segment(n) for n in range(count)]}).encode()

    return make


def _docx(unit: str) -> Callable[[int], bytes]:
    """A Word document whose body is that over and over; the length is what it unpacks to."""

    def make(size: int) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("[Content_Types].xml", _TYPES)
            archive.writestr("_rels/.rels", _RELS)
            archive.writestr("word/document.xml", f"<w:document {_W}><w:body>{_fill(unit, size)}</w:body></w:document>")
        return out.getvalue()

    return make


_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
    'ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.'
    'openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)
_PARAGRAPH = "<w:p><w:r><w:t>Ann Lee: The oven was hot by five.</w:t></w:r></w:p>"
_ROW = "<w:tr><w:tc><w:p><w:r><w:t>Ann Lee</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>So hot.</w:t></w:r></w:p></w:tc></w:tr>"
_CELL = "<w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc>"

KINDS: dict[str, Callable[[int], bytes]] = {
    **{
        f"said: {name}.txt": _said(unit)
        for name, unit in {
            "dots": ".", "questions": "?", "ellipses": "…", "dots and quotes": '."', "dots and spaces": ". ",
            "stops and small letters": "a. b", "initials": "A. ", "abbreviations": "dr. ", "one word": "a",
            "one long word with dots": "a.b", "digits": "7", "digits and colons": "1:2", "times": "00:01 ",
            "times in brackets": "[00:01] ", "opening brackets": "[", "opening round brackets": "(",
            "brackets": "[a] ", "round brackets": "(abc) ", "links": "[a](", "nested links": "[[a]", "images": "![",
            "stars": "*", "stars and words": "*a ", "bold": "**a ", "underscores": "_a ", "double underscores": "__a ",
            "tildes": "~~a", "backticks": "`a", "backslashes": "\\", "entities": "&", "less-thans": "<",
            "tags": "<b ", "comments": "<!--", "autolinks": "<http://a", "notes": "♪", "notes and words": "♪a ",
            "quotes": '"', "quoted words": '"a ', "colons": ":", "colons and spaces": ": ", "dashes": "- ",
            "commas and names": ", Ann", "names": "Ann ", "names with hyphens": "A-", "apostrophes": "a'",
            "greetings": "Hi Ann Lee and ", "small words": "so, ", "addresses": "a.a-", "at signs": "a+",
            "empty lines": "\n", "short lines": "a\n", "lines of spaces": " \n", "no-break spaces": "\u00a0",
            "surrogate pairs": "\U0001f600", "accents": "a\u0301", "ideographs": "\u3042\u3002",
            "sentences": "The oven was hot by five. ", "questions and names": "Is it, Ann? ",
        }.items()
    },
    **{
        f"only: {name}": _only(unit, before, after)
        for name, unit, before, after in (
            ("dots.txt", ".", "", ""), ("letters.txt", "a", "", ""), ("short lines.txt", "a\n", "", ""),
            ("capital lines.txt", "Ann\n", "", ""), ("title lines.txt", "The Show\n\n", "", ""),
            ("headings.md", "# a\n\n", "", ""), ("rules.md", "- ", "", ""), ("stars.md", "*", "", ""),
            ("rules and words.txt", "- " * 40 + "a\n", "", ""), ("spaces.txt", " ", "a", "b"), ("tabs.txt", "a\t", "", ""),
            ("words of talk.txt", "I know you do, and so we go. ", "", ""),
            ("paragraphs of talk.txt", "I know you do, and so we go to it.\n\n", "", ""),
            ("welcomes.txt", "Welcome to A ", "", ""), ("names joining.txt", "Ann Lee joins ", "", ""),
            ("biographies.txt", "Ann Lee, a ", "", ""), ("long titles.txt", "A " * 60 + "\n", "", ""),
            ("addresses.txt", "a@", "", ""), ("fields.txt", "Title: a\n", "", ""), ("bold lines.md", "**a\n", "", ""),
            ("front matter.md", "a: : ", "---\n", "\n---\n"), ("front matter of spaces.md", " ", "---\na:", "\n---\n"),
            ("front matter of lists.md", "[", "---\na: ", "\n---\n"), ("open front matter.md", "a: b\n", "---\n", ""),
            ("comments.html", "<!---->", "", "<p>a"), ("open comments.html", "<!--", "", ""),
            ("processing.html", "<?xml?>", "", ""), ("nested.html", "<div>", "", "a"), ("nested lists.html", "<ul><li>", "", "a"),
            ("nested bold.html", "<p><b>", "", "a"), ("cites.html", "<cite>A</cite><p>b</p>", "", ""),
            ("open cites.html", "<cite>", "", ""), ("nested cites.html", "<cite>A<p>", "", ""),
            ("transcript classes.html", '<div class="transcript">', "", "a " * 60),
            ("articles.html", "<article>" , "", "a " * 60), ("paragraphs.html", "<p>so I say to you", "", ""),
            ("metas.html", '<meta name="a">', "<html>", "<p>a"), ("attributes.html", "<p a=b ", "", ""),
            ("entities.html", "&amp;", "<p>", ""), ("tables.html", "<table><tr><td>", "", "a"),
            ("arrays.json", "[", "", ""), ("objects.json", '{"a":', "", ""), ("digits.json", "7", "[", "]"),
            ("strings.json", '"a",', "[", '"a"]'), ("escapes.json", "\\ud800", '["', '"]'),
            ("words.vtt", "a\n", "WEBVTT\n\n00:00.000 --> 00:01.000\n", ""), ("notes.vtt", "NOTE\n", "WEBVTT\n\n", ""),
            ("tags.vtt", "<v A", "WEBVTT\n\n00:00.000 --> 00:01.000\n", ""), 
            ("classes.vtt", "<v.a", "WEBVTT\n\n00:00.000 --> 00:01.000\n", ""),
            ("classes.srt", "<v.a", "1\n00:00:00,000 --> 00:00:01,000\n", ""),
            ("arrows.srt", "-->", "1\n00:00:00,000 --> 00:00:01,000\n", ""), 
            ("overrides.srt", "{\\", "1\n00:00:00,000 --> 00:00:01,000\n", ""),
            ("lines.srt", "a\n", "1\n00:00:00,000 --> 00:00:01,000\n", ""), 
            ("spaces.srt", " ", "1\n00:00:00,000 --> 00:00:01,000\na", "b"),
            ("times.srt", "00:00:00,000 ", "1\n00:00:00,000 --> 00:00:01,000\n", ""),
            ("arrows alone.srt", "00:00:00,000 -->\n", "", ""),
        )
    },
    "labels: all different.txt": _numbered(lambda n: f"Ann{n} Lee: Well.\n"),
    "labels: one word, all different.txt": _numbered(lambda n: f"Ann{n}: Well.\n"),
    "labels: numbered speakers.txt": _numbered(lambda n: f"Speaker {n % 999}: Hi, I'm Ann.\n"),
    "labels: bold.md": _numbered(lambda n: f"**Ann{n}:** Well.\n\n"),
    "labels: bare names.txt": _numbered(lambda n: f"Ann\nWell {n}.\n\nBo\nYes.\n\n"),
    "labels: talk to many names.txt": _numbered(
        lambda n: f"Speaker {n % 2}: Thanks, Ann{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676 % 26)}.\n"
    ),
    "labels: times.txt": _numbered(lambda n: f"[{_clock(n)}] Ann Lee: Well.\n"),
    "labels: times falling.txt": _numbered(lambda n: f"[{_clock(90_000 - n)}] Ann Lee: Well.\n"),
    "labels: asides.txt": _numbered(lambda n: f"Ann Lee: Well {n} [laughs] so.\n"),
    "labels: breaks.txt": _numbered(lambda n: f"Break: {n}\nAnn Lee: Well.\n"),
    "cues: short.srt": _numbered(_cue("a")),
    "cues: labelled.srt": _numbered(lambda n: _cue(f"Ann{n}: a")(n)),
    "cues: voices.vtt": _numbered(
        lambda n: f"{_clock(n)}.000 --> {_clock(n + 1)}.000\n<v Ann{n}>a\n\n", "WEBVTT\n\n"
    ),
    "cues: without a gap.srt": _numbered(lambda n: f"{_clock(n)},000 --> {_clock(n + 1)},000\na\n"),
    "cues: starting again.srt": _numbered(lambda n: _cue("a")(n % 100)),
    "cues: falling.srt": _numbered(lambda n: _cue("a")(99_999 - n)),
    "cues: starting again, long.srt": _numbered(lambda n: _cue("a")(n % 2 * 5000 + n % 5)),
    "cues: rolling up.srt": _numbered(lambda n: f"{n}\n{_clock(n)},000 --> {_clock(n + 1)},000\nline {n}\nline {n + 1}\n\n"),
    "cues: same lines.srt": lambda size: (
        "1\n00:00:00,000 --> 00:00:01,000\n" + "a\n" * (size // 4) + "\n2\n00:00:01,000 --> 00:00:02,000\n" + "a\n" * (size // 4)
    ).encode(),
    "cues: growing.srt": _numbered(lambda n: f"{n}\n{_clock(n)},000 --> {_clock(n + 1)},000\n{'a b ' * (n % 99)}\n\n"),
    "segments.json": _segments(lambda n: {"start": n, "end": n + 1, "text": "a", "speaker": f"S{n % 3}"}),
    "segments, all different speakers.json": _segments(lambda n: {"start": n, "end": n + 1, "text": "a", "speaker": f"S{n} X"}),
    "segments with words.json": _segments(
        lambda n: {"start": n, "end": n + 1, "text": "a b", "words": [{"word": "a", "start": n}, {"word": "b", "start": n}]}
    ),
    "segments with other words.json": _segments(
        lambda n: {"start": n, "end": n + 1, "text": "a " * 99, "words": [{"word": "", "start": n}] * 99}
    ),
    "segments repeated.json": _segments(lambda n: {"start": n, "end": n + 1, "text": "Thank you."}),
    "segments of empty words.json": _segments(lambda n: {"start": 0, "end": 1, "text": "[", "words": []}),
    "podcast segments.json": _segments(lambda n: {"startTime": n, "endTime": n + 1, "body": "a"}),
    "lines.json": _segments(lambda n: {"timestamp": n, "content": "a"}),
    "paragraphs.docx": _docx(_PARAGRAPH),
    "empty paragraphs.docx": _docx("<w:p/>"),
    "runs.docx": lambda size: _docx(f"<w:p>{_fill('<w:r><w:t>a</w:t></w:r>', size)}</w:p>")(1),
    "rows.docx": lambda size: _docx(f"<w:tbl>{_fill(_ROW, size)}</w:tbl>")(1),
    "merged rows.docx": lambda size: _docx(
        "<w:tbl>" + _fill('<w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc></w:tr>', size) + "</w:tbl>"
    )(1),
    "cells.docx": lambda size: _docx(f"<w:tbl><w:tr>{_fill(_CELL, size)}</w:tr></w:tbl>")(1),
    "attributes.docx": lambda size: _docx("<w:p " + " ".join(f'a{n}="1"' for n in range(size // 10)) + "/>")(1),
}  # fmt: skip
