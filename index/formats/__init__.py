"""Transcript files -> turns: SubRip, WebVTT, JSON, HTML, Markdown, text, Word.

A format is one module here and one line in the table below. It has NAME, `matches(source) -> bool` and
`parse(source) -> Parsed`; the first that matches reads the file. Formats judge by content: a suffix is only a name that
somebody gave. Knows nothing of episodes or libraries.
"""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

from index.errors import TranscriptError
from index.formats import other
from index.formats.captions import srt, subtitles, vtt, xml_cues
from index.formats.documents import docx_file, html_page, text
from index.formats.json import listed as json_list
from index.formats.json import podcast as json_podcast
from index.formats.json import whisper as json_whisper
from index.formats.labels import names_no_voice
from index.formats.parsed import Parsed, ParsedTurn
from index.formats.repeats import marked_repeats
from index.formats.source import MAX_BYTES, Source, open_source, too_large
from index.formats.tables import delimited

FORMATS = (
    docx_file,
    vtt,
    subtitles,
    xml_cues,
    json_podcast,
    json_whisper,
    json_list,
    other,
    html_page,
    srt,
    delimited,
    text,  # last: everything is text
)

_WRITTEN = frozenset(
    ("labelled-text", "page", "docx", "html", "podcast-html", "table-text")
)  # by people, who loop nothing


def read(path: Path) -> Parsed:
    """The transcript in a file. Raises TranscriptError for whatever can't be taken in, and says what would help."""
    return parse(read_bytes(path), str(path))


def read_bytes(path: Path) -> bytes:
    """What is in a file, up to MAX_BYTES. TranscriptError: it is larger, no plain file, missing or not readable."""
    try:
        _check_plain(path, os.stat(path))  # before it is opened: opening a device may do something
        # Opened so that a pipe, which may have come meanwhile, makes nobody wait; and asked again what it is.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            _check_plain(path, about)
            data = file.read(MAX_BYTES + 1)  # never more, though it should grow
        if len(data) > MAX_BYTES:
            raise too_large(str(path), max(len(data), about.st_size))
        return data
    except IsADirectoryError as exc:
        raise TranscriptError(path, "this is a folder.", repair="Name the files in it.") from exc
    except FileNotFoundError as exc:
        raise TranscriptError(path, "there is no such file.", repair="Check the name.") from exc
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the name
        why = getattr(exc, "strerror", None) or str(exc)
        raise TranscriptError(path, f"the file can't be read: {why}.", repair="Check its permissions.") from exc


def _check_plain(path: Path, about: os.stat_result) -> None:
    """TranscriptError for what holds no bytes of its own: a device, a pipe, a socket, a file that the system makes up."""
    if stat.S_ISDIR(about.st_mode):
        raise IsADirectoryError
    if not stat.S_ISREG(about.st_mode) or about.st_dev in _made_up():
        raise TranscriptError(path, "this is no plain file.", repair="Save its words in a file and add that.")
    if about.st_size > MAX_BYTES:
        raise too_large(str(path), about.st_size)


def _made_up() -> set[int]:
    """The devices whose files are the system's own tables; none where there are no such folders."""
    return {os.stat(folder).st_dev for folder in ("/proc", "/sys") if os.path.ismount(folder)}


def parse(data: bytes, name: str) -> Parsed:
    """The transcript in the bytes of a file called `name`. Raises TranscriptError as `read` does."""
    return parse_source(open_source(data, name))


def parse_source(source: Source) -> Parsed:
    """The transcript in a file that was opened. Raises TranscriptError as `read` does."""
    for form in FORMATS:
        if form.matches(source):
            try:
                parsed = form.parse(source)
            except OverflowError as exc:
                raise source.refuse("a time in it has hundreds of digits.", repair="Export it again.") from exc
            break
    else:
        raise source.refuse("the file holds no words.", repair="Export the transcript again.")
    parsed = parsed.made_plain()
    if not any(piece.speech for turn in parsed.turns for piece in turn.pieces):
        raise source.refuse("nobody says a word in it.", repair="Is it the right file, and the whole of it?")
    turns = tuple(_of_a_voice(turn) for turn in parsed.turns)
    told: list[str] = []
    if parsed.format not in _WRITTEN:
        turns = marked_repeats(turns, told, recogniser=parsed.format == json_whisper.NAME)
    return Parsed(parsed.format, turns, parsed.metadata, (*source.mended, *parsed.mended, *told))


def _of_a_voice(turn: ParsedTurn) -> ParsedTurn:
    """The turn, nobody's where its label says that it isn't known whose it is."""
    return replace(turn, speaker=None) if turn.speaker and names_no_voice(turn.speaker) else turn
