"""What the fuzzer starts from: a transcript in every form that is read, small, with what lies beside it.

The samples' beginnings, and one made-up transcript written in each other form. Everything in it is fiction.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.library import find_transcripts
from index.reading.read import chapters_beside, sidecar_of

SAMPLES = Path(__file__).resolve().parents[3] / "samples" / "transcripts"
MOST_LINES = 60  # of a sample: what is wrong with a format shows in these, and a case costs milliseconds

TALK = (
    ("Ida Holm", 0.5, "Welcome to Salt & Lantern, I'm Ida Holm. With me is Bo Dahl, who mends ropes."),
    ("Bo Dahl", 7.25, "Thank you, Ida. I began in 1994, at 4:30 in the morning, with Mr. Quist."),
    ("Ida Holm", 14.0, "How long is a rope, really? [laughs]"),
    ("Bo Dahl", 16.5, 'Two hundred metres… or 3.5 ells a turn; "it depends", my father said.'),
    ("Ida Holm", 24.0, "And what did it cost?"),
    ("Bo Dahl", 26.0, "Forty-one crowns, 12 øre – no more than that. (applause)"),
    ("Ida Holm", 31.0, "Would you do it again, the winter of the long ice?"),
    ("Bo Dahl", 35.0, "I'd do it tomorrow. Bo, I said to myself, you are a fool, and I was right."),
)
CAPTIONED = " ".join(text for _, _, text in TALK)


@dataclass(frozen=True, slots=True)
class Seed:
    """One file: its suffix, its bytes, and the sidecar and the chapters beside it, b"" where there are none."""

    name: str
    suffix: str
    data: bytes
    sidecar: bytes = b""
    chapters: bytes = b""


def seeds() -> list[Seed]:
    """All of them, in an order that never changes."""
    return [*map(_sample, find_transcripts([SAMPLES])[0]), *(Seed(name, *made()) for name, made in _MADE.items())]


def clock(seconds: float, mark: str = ".") -> str:
    """Seconds as "HH:MM:SS.mmm", `mark` before the thousandths: SubRip has a comma there."""
    return f"{int(seconds // 3600):02}:{int(seconds // 60 % 60):02}:{seconds % 60:06.3f}".replace(".", mark)


def _sample(file: Path) -> Seed:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".json":
        content = json.loads(text)
        content["segments"] = content["segments"][:12]
        text = json.dumps(content)
    beside = [path.read_bytes() if path.is_file() else b"" for path in (sidecar_of(file), chapters_beside(file))]
    return Seed(file.stem, file.suffix, "\n".join(text.split("\n")[:MOST_LINES]).encode(), *beside)


def _lines(form: str, joined: str = "\n") -> bytes:
    rows = (
        form.format(
            number=n,
            who=who,
            first=who.split()[0].upper(),
            at=clock(at),
            comma=clock(at, ","),
            end=clock(at + 4),
            ended=clock(at + 4, ","),
            text=text,
            short=f"{int(at // 60)}:{int(at % 60):02}",
        )
        for n, (who, at, text) in enumerate(TALK, 1)
    )
    return joined.join(rows).encode()


_META = {
    "show": "Salt & Lantern",
    "title": "The rope walk",
    "date": "2023-03-04",
    "duration": 44.5,
    "id": "rope-walk",
    "description": "About ropes.\n\n0:00 Begin\n0:14 How long it is\n0:31 Again",
    "url": "https://example.org/rope",
    "people": [{"name": "Ida Holm", "role": "host"}, "Bo Dahl"],
    "audio": "rope.mp3",
}
_CHAPTERS = {"version": "1.2.0", "chapters": [{"startTime": at, "title": text[:20]} for _, at, text in TALK[::3]]}
_FRONT = """---
title: "The rope walk: part 1"
show: {name: Salt & Lantern, description: about the sea}
date: 2023-03-04
duration: "0:44"
hosts: [Ida Holm]
guests:
  - &bo {name: Bo Dahl, role: guest}
chapters:
  - {startTime: 0, title: Begin}
  - {startTime: 14.0, title: How long}
---

"""


def _docx(*, table: bool) -> bytes:
    import docx

    document, out = docx.Document(), io.BytesIO()
    document.add_heading("The rope walk", 0)
    if table:
        grid = document.add_table(rows=0, cols=3)
        for who, at, text in TALK:
            for cell, value in zip(grid.add_row().cells, (clock(at), who, text), strict=True):
                cell.text = value
        grid.cell(0, 0).merge(grid.cell(0, 1))
    for who, _, text in TALK:
        paragraph = document.add_paragraph()
        paragraph.add_run(f"{who}: ").bold = True
        paragraph.add_run(text)
    document.save(out)
    same = io.BytesIO()  # without the time of day, which a seed's number can't repeat
    with zipfile.ZipFile(out) as made, zipfile.ZipFile(same, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in made.namelist():
            archive.writestr(zipfile.ZipInfo(name), made.read(name), compress_type=zipfile.ZIP_DEFLATED)
    return same.getvalue()


def _json(rows: list[dict[str, object]], key: str = "segments", **beside: object) -> bytes:
    return json.dumps({**beside, key: rows}, ensure_ascii=False).encode()


def _words(at: float, text: str) -> list[dict[str, object]]:
    return [{"word": word, "start": at + n / 4, "end": at + n / 4 + 0.2} for n, word in enumerate(text.split())]


_MADE: dict[str, Callable[[], tuple[Any, ...]]] = {
    "srt": lambda: (".srt", _lines("{number}\n{comma} --> {ended}\n{who}: {text}\n")),
    "srt-chevrons": lambda: (".srt", _lines("{number}\n{comma} --> {ended}\n<i>>> {first}:</i> {text}\n- And so?\n")),
    "vtt": lambda: (".vtt", b"WEBVTT\nKind: captions\n\nSTYLE\n::cue {}\n\n" + _lines(
        "{number}\n{at} --> {end} align:start line:0%\n<v.loud {who}>{text}</v> &lt;&#39;&rlm;\n")),
    "vtt-rolling": lambda: (".vtt", b"WEBVTT\n\n" + _lines("{at} --> {end}\n{text}\n<{at}><c> so</c><{end}><c> on</c>\n")),
    "json-podcast": lambda: (".json", _json(
        [{"speaker": who, "startTime": at, "endTime": at + 4, "body": text} for who, at, text in TALK], version="1.0.0")),
    "json-whisper": lambda: (".json", _json(
        [{"id": n, "start": at, "end": at + 4, "text": text, "speaker": f"SPEAKER_0{n % 2}", "words": _words(at, text)}
         for n, (_, at, text) in enumerate(TALK)], language="en", text=CAPTIONED)),
    "json-cpp": lambda: (".json", _json(
        [{"offsets": {"from": int(at * 1000), "to": int(at * 1000) + 4000}, "text": text,
          "timestamps": {"from": clock(at, ","), "to": clock(at + 4, ",")}} for _, at, text in TALK], "transcription")),
    "json-list": lambda: (".json", _json(
        [{"speaker": who, "timestamp": clock(at), "text": text} for who, at, text in TALK], "utterances", metadata=_META)),
    "html-cites": lambda: (".html", b"<!DOCTYPE html><html><head><title>The rope walk</title></head><body>" + _lines(
        "<cite>{who}:</cite><time>{short}</time><p>{text}</p>") + b"</body></html>"),
    "html-page": lambda: (".html", b"<html><head><meta charset=utf-8><title>Ropes &amp; ice</title><script>x</script></head>"
        b"<body><nav>Home</nav><article><h1>Rope</h1><!-- begin --><div><div class=transcript>" + _lines(
        "<p><strong>{who}</strong> [{at}]: {text}<br/>&nbsp;</p>") + b"</div></div></article></body></html>"),
    "html-table": lambda: (".html", b"<html><body><table>" + _lines(
        "<tr><td>{at}</td><td>{who}</td><td>{text}</td></tr>") + b"</table><dl><dt>Ida<dd>So.</dl></body></html>"),
    "markdown": lambda: (".md", _FRONT.encode() + _lines("**{who}** ({short}): {text}", "\n\n")),
    "markdown-headings": lambda: (".md", b"# The rope walk\n\n" + _lines("### {who} {at}\n\n{text}", "\n\n")),
    "text-labels": lambda: (".txt", _lines("{who}: {text}", "\n\n"), json.dumps(_META).encode(), json.dumps(_CHAPTERS).encode()),
    "text-times": lambda: (".txt", _lines("[{at}] {first}: {text}")),
    "text-times-alone": lambda: (".txt", _lines("[{at}] {text}")),
    "text-time-lines": lambda: (".txt", _lines("{who}  {short}\n{text}\n")),
    "text-page": lambda: (".txt", f"Show notes\n\n{CAPTIONED}\n\nCopyright 2023".encode(), json.dumps(_META).encode()),
    "docx": lambda: (".docx", _docx(table=False)),
    "docx-table": lambda: (".docx", _docx(table=True)),
}  # fmt: skip
