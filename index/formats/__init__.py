"""Transcript files into turns. A format is one module here and one line in the table below.

A format's module has NAME, `matches(source) -> bool` and `parse(source) -> Parsed`; the first that matches reads the
file. They judge by content: a suffix is only a name that somebody gave. Knows nothing of episodes or libraries.
"""

from __future__ import annotations

from pathlib import Path

from index.errors import TranscriptError
from index.formats import (
    docx_file,
    html_page,
    json_list,
    json_podcast,
    json_whisper,
    other,
    srt,
    text,
    vtt,
)
from index.formats.parsed import Parsed
from index.formats.source import MAX_BYTES, open_source, too_large

FORMATS = (
    docx_file,
    vtt,
    json_podcast,
    json_whisper,
    json_list,
    other,
    html_page,
    srt,
    text,  # last: everything is text
)


def read(path: Path) -> Parsed:
    """The transcript in a file. Raises TranscriptError for whatever can't be taken in, and says what would help."""
    return parse(read_bytes(path), str(path))


def read_bytes(path: Path) -> bytes:
    """What is in a file, up to MAX_BYTES. TranscriptError: it is larger, a folder, missing or not readable."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise too_large(str(path), size)
        return path.read_bytes()
    except IsADirectoryError as exc:
        raise TranscriptError(path, "this is a folder.", repair="Name the files in it.") from exc
    except FileNotFoundError as exc:
        raise TranscriptError(path, "there is no such file.", repair="Check the name.") from exc
    except OSError as exc:
        raise TranscriptError(
            path, f"the file can't be read: {exc.strerror}.", repair="Check its permissions."
        ) from exc


def parse(data: bytes, name: str) -> Parsed:
    """The transcript in the bytes of a file called `name`. Raises TranscriptError as `read` does."""
    source = open_source(data, name)
    for form in FORMATS:
        if form.matches(source):
            parsed = form.parse(source)
            break
    else:
        raise source.refuse("the file holds no words.", repair="Export the transcript again.")
    parsed = parsed.made_plain()
    if not any(piece.speech for turn in parsed.turns for piece in turn.pieces):
        raise source.refuse("nobody says a word in it.", repair="Is it the right file, and the whole of it?")
    return Parsed(parsed.format, parsed.turns, parsed.metadata, source.mended + parsed.mended)
