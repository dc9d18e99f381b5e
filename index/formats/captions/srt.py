"""SubRip (.srt), read by pysubs2 after the usual mistakes in such files were corrected."""

from __future__ import annotations

import re

from index.formats.captions.cues import Cue, read_blocks, turns_of
from index.formats.parsed import Parsed, counted
from index.formats.source import Source

NAME = "srt"

_TIMING = re.compile(
    r"^[^\S\n]*+-?\d{1,4}[:;]\d{1,2}(?:[:;]\d{1,2})?(?:[.,:;]\s?\d{1,6})?\s*(?:-{1,3}\s?>|[—–]>|→|=>)", re.MULTILINE
)
_SBV = re.compile(r"^\d{1,2}:\d\d:\d\d\.\d{1,3},\d{1,2}:\d\d:\d\d\.\d{1,3}\s*$", re.MULTILINE)
_DOTS = re.compile(r"^[^\S\n]*+\d{1,4}:\d{1,2}(?::\d{1,2})?\.\d{1,6}\s*-", re.MULTILINE)
_STAMP = re.compile(r"\d{1,2}:\d{1,2}:\d{1,2}[.,]\d{1,3}")
_COLON = "\U0010f03a"  # a character of nobody's stands for the colon while pysubs2 reads
_OVERRIDE = re.compile(r"\{\\[^{}\n]{0,200}\}|\{[YyCc]:[^{}\n]{0,40}\}")
_VOICE = re.compile(r"<v(?:\.[\w.]+)?\s++([^<>\n]{1,80})>")
_TAG = re.compile(r"</?\s*(?:b|i|u|s|v|c|font|em|strong|span|p|div)(?:[\s.][^<>\n]{0,200})?>|<br\s*/?>", re.IGNORECASE)


def matches(source: Source) -> bool:
    """Whether the text holds timing lines (SubRip's, or YouTube's .sbv) and doesn't call itself WebVTT."""
    return bool(_TIMING.search(source.text) or _SBV.search(source.text)) and not source.text.lstrip().startswith(
        "WEBVTT"
    )


def parse(source: Source) -> Parsed:
    """The file's turns, one piece for each cue. Raises TranscriptError for a timing line that can't be read."""
    import pysubs2

    mended: list[str] = []
    blocks = read_blocks(source, mended)
    dots = len(_DOTS.findall(source.text))
    if dots:
        mended.append(f"{counted(dots, 'time')} written with dots instead of commas")
    subtitles = pysubs2.SSAFile.from_string(_clean_file(blocks), format_="srt", keep_html_tags=True)
    cues = []
    for block, event in zip(blocks, subtitles, strict=True):
        text = _OVERRIDE.sub("", event.text.replace("\\N", "\n").replace(_COLON, ":"))
        text = _TAG.sub(" ", _VOICE.sub("\n\x02\\1\x03", text))
        cues.append(block._replace(lines=text.split("\n")))
    return Parsed(
        "sbv" if _SBV.search(source.text) and not _TIMING.search(source.text) else NAME,
        turns_of(cues, mended),
        mended=tuple(mended),
    )


def _clean_file(blocks: list[Cue]) -> str:
    """The cues as SubRip defines it, each with its index.

    An index also follows the last cue: pysubs2 takes a number at a cue's end for the next index, and nobody's
    spoken number may be lost to that.
    """
    parts = []
    for index, block in enumerate(blocks, 1):
        body = "\n".join(_as_words(line.strip()) for line in block.lines if line.strip())
        end = block.start if block.end is None else block.end
        parts.append(f"{index}\n{_clock(block.start)} --> {_clock(end)}\n{body}\n\n")
    return "".join(parts) + f"{len(blocks) + 1}\n"


def _as_words(line: str) -> str:
    """The line so that pysubs2 takes it for words: two clock times anywhere in one make it a cue of its own."""
    return line.replace(":", _COLON) if line.count(":") > 3 and len(_STAMP.findall(line)) == 2 else line


def _clock(value: float) -> str:
    milliseconds = min(round(value * 1000), 359_999_999)  # SubRip has two digits for hours
    hours, rest = divmod(milliseconds, 3_600_000)
    return f"{hours:02d}:{rest // 60_000:02d}:{rest // 1000 % 60:02d},{rest % 1000:03d}"
