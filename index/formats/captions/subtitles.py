"""Other subtitle files, read by pysubs2: SubStation (its Name column is the speaker), MicroDVD, MPL2, TMPlayer, SAMI."""

from __future__ import annotations

import re

from index.formats.captions.cues import Cue, turns_of
from index.formats.parsed import Metadata, Parsed
from index.formats.source import Source

NAME = "subtitles"

_SIGNS = (
    ("ass", re.compile(r"\[Script Info\]|\[V4\+? Styles\]|\[Events\]\s*\n\s*Format:", re.IGNORECASE)),
    ("sami", re.compile(r"\s*<SAMI[\s>]", re.IGNORECASE)),
    ("microdvd", re.compile(r"(?:\s*\{\d{1,8}\}\{\d{0,8}\}[^\n]*\n?){2}")),
    ("mpl2", re.compile(r"(?:\s*\[\d{1,8}\]\s?\[\d{0,8}\][^\n]*\n?){2}")),
    ("tmp", re.compile(r"(?:\s*\d\d:\d\d:\d\d:(?!\d\d\b)[^\n]*\n?){2}")),
)
_TITLE = re.compile(r"^Title\s*:\s*(\S.{0,300})$", re.MULTILINE)
_FRAME_RATE = re.compile(r"\{[01]\}\{[01]\}\s*(\d{2,3}(?:\.\d{1,3})?)\s*$", re.MULTILINE)
_USUAL_RATE = 25.0


def matches(source: Source) -> bool:
    """Whether the text is one of these by how it begins (SubStation: by its sections)."""
    return _kind(source) is not None


def _kind(source: Source) -> str | None:
    head = source.text[:3000].lstrip()
    if head[:1] not in "[<{!;0123456789":
        return None
    return next((kind for kind, sign in _SIGNS if (sign.search(head) if kind == "ass" else sign.match(head))), None)


def parse(source: Source) -> Parsed:
    """The file's turns, one piece for each line that is shown. Raises TranscriptError for what pysubs2 can't read."""
    import pysubs2

    kind = _kind(source)
    rate = _FRAME_RATE.search(source.text[:200]) if kind == "microdvd" else None
    mended: list[str] = []
    try:
        subtitles = pysubs2.SSAFile.from_string(source.text, format_=kind, fps=float(rate[1]) if rate else _USUAL_RATE)
    except Exception as exc:  # pysubs2 raises whatever its parts do on what no program wrote
        raise source.refuse(f"the subtitles can't be read ({str(exc)[:200]}).", repair="Export them as SRT.") from exc
    timed = kind != "microdvd" or rate is not None
    if not timed:
        mended.append("times are counted in frames and their rate isn't told: none is shown")
    comments = 0
    cues = []
    for event in subtitles:
        if event.is_drawing:
            continue
        text = (
            event.plaintext
            if kind == "ass"
            else re.sub(r"\{[^{}]{0,80}\}", "", event.text).replace("\\N", "\n").replace("|", "\n")
        )
        if event.is_comment:
            comments += bool(text.strip())
            continue
        if rate and text.strip() == rate[1]:
            continue
        lines = text.split("\n")
        if event.name.strip():
            lines[0] = f"\x02{event.name.strip()}\x03{lines[0]}"
        cues.append(Cue(event.start / 1000, event.end / 1000, lines, timed=timed))
    if comments:
        mended.append(f"{comments} comment line{'s' if comments > 1 else ''} left out")
    title = _TITLE.search(source.text[:5000]) if kind == "ass" else None
    return Parsed(
        kind or NAME, turns_of(cues, mended), Metadata(title=title[1].strip() if title else None), tuple(mended)
    )
