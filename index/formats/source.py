"""Bytes become text here, or are refused: encodings, byte-order marks, line ends; images, archives, endless lines.

Knows nothing of transcripts; every format gets a `Source` whose text is clean.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from index.errors import TranscriptError
from index.formats.parsed import counted
from index.plain import HALF, plain

MAX_BYTES = 20_000_000  # a 24-hour transcript with a time for every word
MAX_VALUES = 600_000  # lists and objects of JSON: the same again, and what it hangs from
MAX_LINES = 2_000_000  # the same, as subtitles: four lines for each of 250,000 words, and as many empty ones

_MAGIC = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"ID3", "an MP3 recording"),
    (b"OggS", "an Ogg recording"),
    (b"fLaC", "a FLAC recording"),
    (b"RIFF", "a WAV recording"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\xd0\xcf\x11\xe0", "an old Word document (.doc)"),
    (b"{\\rtf", "an RTF document"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x7fELF", "a program"),
)
_REPAIRS = {
    "a PDF document": "Export it as text or .docx and add that.",
    "an old Word document (.doc)": "Save it as .docx and add that.",
    "an RTF document": "Save it as .docx or plain text and add that.",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_HALF_ESCAPED = re.compile(
    r"(?P<kept>\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


@dataclass(frozen=True)
class Source:
    """One file at the door. `text` has only "\\n" line ends and no byte-order mark; it is "" for a .docx."""

    name: str
    data: bytes
    text: str
    mended: tuple[str, ...] = ()

    @cached_property
    def json(self) -> Any:
        """The text as JSON, or None where it is none."""
        if self.text.lstrip()[:1] not in ("{", "["):
            return None
        if self.text.count("{") + self.text.count("[") > MAX_VALUES:
            raise self.refuse(
                f"the JSON holds more than {MAX_VALUES:,} lists and objects.", repair="Split it, or export it as SRT."
            )
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return None

    def refuse(self, why: str, *, line: int | None = None, repair: str = "") -> TranscriptError:
        """The error to raise about this file."""
        return TranscriptError(self.name, why, line=line, repair=repair)


def open_source(data: bytes, name: str) -> Source:
    """The file's text and what was mended to get it. Raises TranscriptError for what can't be text."""
    if len(data) > MAX_BYTES:
        raise too_large(name, len(data))
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise TranscriptError(name, "the file is empty.", repair="Export the transcript again.")
    if data.startswith(b"PK\x03\x04"):
        return Source(name, data, "")
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            repair = _REPAIRS.get(kind, "Add the transcript itself: .srt, .vtt, .json, .html, .docx, .md or .txt.")
            raise TranscriptError(name, f"this is {kind}, not a transcript.", repair=repair)
    text, mended = _decode(data, name)
    if len(_CONTROL.findall(text)) * 50 > len(text):
        raise _binary(name)
    text, halves = whole_characters(text)
    if halves:
        mended.append(f"{counted(halves, 'half character')} left out")
    text = plain(told := text.replace("\r\n", "\n"))
    if left_out := len(told) - len(text):
        mended.append(f"{counted(left_out, 'control or unseen character')} left out")
    _check_lines(text, name)
    return Source(name, data, _undo_double_encoding(text, mended), tuple(mended))


def whole_characters(text: str) -> tuple[str, int]:
    """The text without half characters (surrogates that stand alone), and how many there were.

    In JSON they stand as escapes, `\\ud800`; a whole character is two of them, and stays.
    """
    found = 0
    if text.lstrip()[:1] in ("{", "[") and ("\\ud" in text or "\\uD" in text):
        before = len(text)
        text = _HALF_ESCAPED.sub(lambda match: match["kept"] or "", text)
        found = (before - len(text)) // len("\\ud800")
    if not text.isascii() and HALF.search(text):
        text, more = HALF.subn("", text)
        found += more
    return text, found


def too_large(name: str, size: int) -> TranscriptError:
    """The refusal of a file of `size` bytes."""
    return TranscriptError(
        name,
        f"the file has {size / 1e6:.0f} MB; a transcript has at most {MAX_BYTES // 1_000_000}.",
        repair="Is it the recording? Add the transcript, or split it.",
    )


def _binary(name: str) -> TranscriptError:
    return TranscriptError(
        name,
        "this is binary data, not text.",
        repair="Add the transcript: .srt, .vtt, .json, .html, .docx, .md or .txt.",
    )


def _decode(data: bytes, name: str) -> tuple[str, list[str]]:
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe\x00\x00", "utf-32"),
        (b"\x00\x00\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            try:
                return data.decode(encoding), []
            except UnicodeDecodeError:
                text = data.decode(encoding, errors="replace")
                faults = text.count("\ufffd")
                if faults * 50 > len(text):
                    break
                return text, [f"{counted(faults, 'character')} unreadable in {encoding}"]
    head = data[:4000]
    if head.count(0) * 3 > len(head) and len(data) % 2 == 0:  # UTF-16 without its mark: every second byte is 0
        encoding = "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
        try:
            return data.decode(encoding), [f"read as {encoding}"]
        except UnicodeDecodeError:
            raise _binary(name) from None
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError as exc:
        if head.count(0) > 2:
            raise _binary(name) from None
        return _guess(data, name, exc.start)


def _guess(data: bytes, name: str, first_fault: int) -> tuple[str, list[str]]:
    """Text that isn't UTF-8: mostly-UTF-8 with stray bytes stays UTF-8, else the likeliest encoding."""
    marked = data.decode("utf-8", errors="replace")
    faults = marked.count("\ufffd")
    multibyte = sum(character > "\x7f" for character in marked[:200_000]) - marked[:200_000].count("\ufffd")
    if faults < 20 and multibyte > faults * 5:
        line = data[:first_fault].count(b"\n") + 1
        return _mixed(data), [f"{counted(faults, 'byte')} not UTF-8 (first in line {line}): read as Windows-1252"]
    from charset_normalizer import from_bytes

    window = data[max(0, first_fault - 50_000) : first_fault + 50_000]
    best = from_bytes(window).best()
    if best is None:
        raise _binary(name)
    # Short Western texts are told apart badly; typographic quotes and accents make Windows-1252 the common meaning.
    encoding = best.encoding
    if len(window) < 2000 or encoding.startswith(("mac", "cp125", "cp85", "cp43", "iso8859", "latin", "hp_")):
        encoding = _western(window, encoding)
    try:
        return data.decode(encoding), [f"read as {encoding}, since it isn't UTF-8"]
    except (UnicodeDecodeError, LookupError):
        return data.decode("cp1252", errors="replace"), ["read as cp1252, since it isn't UTF-8"]


def _western(window: bytes, guess: str) -> str:
    """cp1252 where its high bytes make only letters between letters and typographic marks, else the guess."""
    high = [byte for byte in window if byte > 0x7F]
    if len(high) * 8 > len(window):  # every eighth character or more: no Western language
        return guess
    typical = set(b"\x85\x91\x92\x93\x94\x96\x97\xa0\xa3\xa9\xab\xae\xb0\xb4\xbb\xbd\xbf\x80\x99")
    letters = set(range(0xC0, 0x100)) | set(b"\x8a\x8c\x8e\x9a\x9c\x9e\x9f")
    return "cp1252" if all(byte in typical or byte in letters for byte in high) else guess


def _mixed(data: bytes) -> str:
    parts, position = [], 0
    while position < len(data):
        try:
            parts.append(data[position:].decode("utf-8"))
            break
        except UnicodeDecodeError as exc:
            parts.append(data[position : position + exc.start].decode("utf-8"))
            parts.append(data[position + exc.start : position + exc.end].decode("cp1252", errors="replace"))
            position += exc.end
    return "".join(parts)


def _check_lines(text: str, name: str) -> None:
    count = text.count("\n")
    if count > MAX_LINES:
        raise TranscriptError(
            name,
            f"it has {count / 1e6:.1f} million lines; a transcript has at most {MAX_LINES / 1e6:g} million.",
            repair="Add the right file, or split it.",
        )


def _undo_double_encoding(text: str, mended: list[str]) -> str:
    """The text as it was meant, where all of it was read as Windows-1252 and saved again.

    Only a whole file is put right: an Ã or two may be meant, and no word is changed on a guess.
    """
    if "\u00e2\u20ac" not in text and "\u00c3" not in text:
        return text
    try:
        repaired = text.translate(_BYTES).encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text
    count = sum(character > "\x7f" for character in repaired)
    mended.append(f"{counted(count, 'character')} encoded twice (â€™ for ’): put right")
    return repaired


# The characters of Windows-1252 as the Latin-1 ones of the same byte; five bytes have no character there.
_BYTES = {
    ord(bytes([byte]).decode("cp1252")): byte
    for byte in range(0x80, 0xA0)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
