"""Text as people read it: what steers a screen, turns the reading direction or can't be seen is taken out, once, where text enters.

`plain` is for what is kept: transcripts, titles, names, questions. `visible` is for messages: a file's name is shown as it is
called, with `\\u001b` for what a terminal would obey. Knows nothing of formats and files.

What languages and emoji need stays, so that quotes keep their letters:

- U+200D and U+200C (joiner, non-joiner) after a letter of a script that joins, or after an emoji: Persian and Hindi words and
  families of emoji fall apart without them. Between Latin letters they only hide a word from whoever looks for it.
- U+200E, U+200F, U+061C (direction marks): they are letters without a shape, and turn nothing but the marks beside them. The
  embeddings, overrides and isolates (U+202A-202E, U+2066-2069) turn all that follows, past the end of the quote too.
- U+200B where words are written without spaces (Thai, Khmer, Burmese, Tibetan); U+E0100-E01EF after a Chinese character; tags only
  in a flag. Elsewhere these can spell a text that nobody sees.
"""

from __future__ import annotations

import re

_SCREEN = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
_TURNS = r"\u2028-\u202e\u2066-\u2069"
_NO_LETTERS = r"\ud800-\udfff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff"
_TAGS = r"\U000e0000-\U000e007f"
_UNSEEN = re.compile(
    rf"[{_SCREEN}{_TURNS}{_NO_LETTERS}\xad\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufeff{_TAGS}\U000e0100-\U000e01ef]"
    r"(?:(?<=\r)\n"
    # What follows an ESC is no word: CSI ("[2J"), a title or link as far as its end in the same line, a set of letters.
    r"|(?<=\x1b)(?:\[[0-?]{0,40}[ -/]{0,4}[@-~]|[\]PX^_][^\x07\x1b\x9c\n]{0,2000}(?:\x07|\x1b\\|\x9c)|[()][A-Z0-9])"
    rf"|(?<=[{_TAGS}])[{_TAGS}]+)?"
)
HALF = re.compile("[\ud800-\udfff]")
"""Half a character: a surrogate that stands alone can be neither stored nor shown."""
_LINE_ENDS = "\r\x0b\x0c\x85\u2028\u2029"
_FLAG = re.compile(r"[\U000e0030-\U000e007a]{1,8}\U000e007f")
_JOINED = re.compile(
    r"[\u0590-\u1dff\u2190-\u2bff\u2d30-\u2dff\u2e80-\ud7ff\uf900-\ufdcf\ufe0f\ufe70-\ufefc\U00010000-\U0003ffff]"
)
_UNSPACED = re.compile(r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff]")
_CHINESE = re.compile(r"[\u2e80-\u2fff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_OBEYED = re.compile(rf"[{_SCREEN}{_TURNS}\ud800-\udfff\ufff9-\ufffb\ufffe\uffff{_TAGS}]")


def plain(text: str) -> str:
    """The text without what a screen would obey and what nobody sees; its line ends are "\\n", its words as they were.

    Letters of Windows-1252 that came as U+0080-009F (U+0092 for ’) become what they were meant to be, as in browsers.
    `plain(plain(text)) == plain(text)`.
    """
    return _UNSEEN.sub(_instead, text)


def is_plain(text: str) -> bool:
    """False where `plain` may find something: quick, for much text."""
    return _UNSEEN.search(text) is None


def visible(text: str) -> str:
    """The text with what a screen would obey written out, as in JSON: `\\u001b` for an ESC. Tabs and line ends stay."""
    return _OBEYED.sub(_written_out, text)


def _instead(match: re.Match[str]) -> str:
    first, before = match[0][0], match.string[match.start() - 1 : match.start()]
    if first in _LINE_ENDS:
        return "\n"
    if "\x80" <= first <= "\x9f":
        return bytes([ord(first)]).decode("cp1252", errors="ignore")
    if first in "\u200c\u200d":
        stays = _JOINED.match(before)
    elif first == "\u200b":
        stays = _UNSPACED.match(before)
    elif first >= "\U000e0100":
        stays = _CHINESE.match(before)
    else:
        stays = _FLAG.fullmatch(match[0]) if before == "\U0001f3f4" else None
    return match[0] if stays else ""


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    # Two halves above U+FFFF, so that JSON stays JSON.
    return (
        f"\\u{code:04x}"
        if code < 0x10000
        else "".join(f"\\u{half:04x}" for half in (0xD800 + (code - 0x10000 >> 10), 0xDC00 + (code & 0x3FF)))
    )
