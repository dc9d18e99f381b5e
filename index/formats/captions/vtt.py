"""WebVTT (.vtt) and its voices (`<v Ann Lee>`), read by webvtt-py after the usual mistakes in such files were corrected."""

from __future__ import annotations

import re

from index.formats.captions.cues import Cue, read_blocks, turns_of
from index.formats.parsed import Metadata, Parsed, counted
from index.formats.source import Source

NAME = "vtt"

_COMMA = re.compile(r"^[^\S\n]*+(?:\d+:)?\d{1,2}:\d{1,2},\d{1,6}\s*-", re.MULTILINE)
_TIMING = re.compile(r"\s*-?[\d:;.,-]{3,20}\s*-->")
_BLOCK = re.compile(r"(?:NOTE(?:\s|$)|STYLE\s*$|REGION\s*$)")
_VOICE = re.compile(r"<v(?:\.[^\s<>]+)?[ \t]++([^<>\n]{1,80})>")
_TAG = re.compile(
    r"</?(?:c|v|i|b|u|ruby|rt|lang|font|span|p|div)(?:[.\s][^<>\n]{0,200})?>|<br\s*/?>|<\d[\d:.]*>", re.IGNORECASE
)
_HEADER = re.compile(r"^(Title|Language|Kind|Date|Description)\s*:\s*(\S.{0,300})$", re.IGNORECASE)


def matches(source: Source) -> bool:
    """Whether the file calls itself WebVTT."""
    return source.text.lstrip()[:6] == "WEBVTT"


def parse(source: Source) -> Parsed:
    """The file's turns, one piece for each cue; comments, styles and regions are nobody's words."""
    import webvtt

    mended: list[str] = []
    commas = len(_COMMA.findall(source.text))
    if commas:
        mended.append(f"{counted(commas, 'time')} written with commas instead of dots")
    visible = Source(source.name, source.data, _without_blocks(source.text))
    blocks = [block for block in read_blocks(visible, mended) if any(line.strip() for line in block.lines)]
    captions = webvtt.from_string(_clean_file(blocks)).captions
    cues = []
    for block, caption in zip(blocks, captions, strict=True):
        text = _VOICE.sub("\n\x02\\1\x03", caption.raw_text.replace("</v>", "\n"))
        cues.append(block._replace(lines=_TAG.sub("", text).split("\n")))
    return Parsed(NAME, turns_of(cues, mended), _header(source.text), tuple(mended))


def _without_blocks(text: str) -> str:
    """The text with comments, styles, regions and cue identifiers blanked; every line keeps its number."""
    lines = text.split("\n")
    block = True  # the header runs to the first empty line
    for number, line in enumerate(lines):
        after_gap = number == 0 or not lines[number - 1]
        if "-->" in line and _TIMING.match(line):
            block = False
            # The line between a gap and the times is the cue's identifier, not words.
            if number > 1 and lines[number - 1].strip() and not lines[number - 2].strip():
                lines[number - 1] = ""
        elif not line:
            block = False
        elif after_gap and _BLOCK.match(line):
            block = True
        if block:
            lines[number] = " "
    return "\n".join(lines)


def _clean_file(blocks: list[Cue]) -> str:
    parts = ["WEBVTT\n\n"]
    for block in blocks:
        # An arrow inside the words would end the cue for the parser; it is only ever a mark.
        body = "\n".join(line.strip().replace("-->", "→") for line in block.lines if line.strip())
        end = block.start if block.end is None else block.end
        parts.append(f"{_clock(block.start)} --> {_clock(end)}\n{body}\n\n")
    return "".join(parts)


def _clock(value: float) -> str:
    milliseconds = round(value * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    return f"{hours:02d}:{rest // 60_000:02d}:{rest // 1000 % 60:02d}.{rest % 1000:03d}"


def _header(text: str) -> Metadata:
    """The title where the header or a first note names one."""
    for line in text[:3000].split("\n")[:30]:
        if "-->" in line:
            break
        match = _HEADER.match(line.removeprefix("NOTE").strip())
        if match and match[1].lower() == "title":
            return Metadata(title=match[2].strip())
    return Metadata()
