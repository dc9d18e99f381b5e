"""What stands in speech and was not said: stage directions, music, inline times, Markdown and HTML marks.

The words around them stay in order and untouched: the words that go in are the words that come out.
"""

from __future__ import annotations

import html
import re

from index.formats.parsed import Piece
from index.formats.times import CLOCK, seconds

_SOUND = (
    r"laugh\w*|chuckl\w*|giggl\w*|applau\w*|clap(?:s|ping)|cheer(?:s|ing)|music\w*|jingle\w*|sing(?:s|ing)|hum(?:s|ming)"
    r"|inaudible|inaudbile|unintelligible|indistinct\w*|cross-?talk\w*|silence|pause[sd]?|sigh\w*|cough\w*|sneez\w*"
    r"|gasp\w*|groan\w*|snort\w*|whisper\w*|whistl\w*|beep\w*|bleep\w*|static|noise\w*|sfx|affirmative|negative|sarcasm"
)
_OTHER = (
    r"song\w*|sound\w*|ring(?:s|ing)|buzz\w*|sniff\w*|foreign|blank_audio|theme|intro|outro|commercial\w*|advert\w*"
    r"|sponsor\w*|break|alert|drum ?roll|crickets|ding|door\w*|phone\w*|bark\w*|scream\w*|cries|crying|interrupt\w*"
    r"|objection|background|audience|recording|playback|clip|video|audio|tape|sample|topple|play(?:s|ing)|overlap\w*"
    r"|speaks?|speaking|no speech|redacted|censored|end of|wut\?"
)
_IN_SQUARE = re.compile(rf"\b(?:{_SOUND}|{_OTHER})(?!\w)", re.IGNORECASE)
# Round brackets are ordinary speech far more often, so they must name a sound and hardly anything else.
_IN_ROUND = re.compile(
    r"(?:(?!(?:i|you|we|they|he|she|it|my|your|our|to|the|a|an|of|and|or|no|not|with|for|in|like)\b)[\w'’-]+\s+){0,2}"
    rf"(?:{_SOUND})"
    r"(?:\s+(?:plays?|playing|starts?|stops?|ends?|continues|fades?(?:\s+(?:in|out))?|nervously|softly|loudly|out loud"
    r"|together|again|break|effect|in (?:the )?background))?(?:\s*[:\-–—]\s*[^()]{1,60})?\.?",
    re.IGNORECASE,
)
_AT_A_PAUSE = re.compile(r"(?:affirmative|negative|static|noise|silence|pause)\.?", re.IGNORECASE)
_FIRST_PERSON = re.compile(r"\b(?:i|i'm|you|we|my|your|it|it's|that|this|is|was)\b", re.IGNORECASE)
_MARK = re.compile(
    r"\[(?P<square>[^\[\]\n]{1,120})\]|\((?P<round>[^()\n]{3,90})\)|(?P<music>[♪♫][^♪♫\n]{0,400}(?:[♪♫]+|\Z))"
)
_TIME = re.compile(rf"\s*\\*({CLOCK})(?:\s*(?:-->|->|to|[-–—])\s*({CLOCK}))?\\*\s*")
_TIME_INSIDE = re.compile(rf"\b{CLOCK}")

_ESCAPE = re.compile(r"""\\([\\`*_{}\[\]()#+\-.!<>|~"'$&:=@/])""")
_HIDE = 0x10F000  # private-use characters stand for escaped ones while Markdown is read
_SHOW = {_HIDE + code: chr(code) for code in range(128)}
_STAR_SOUND = re.compile(rf"(?<![\w*])\*((?:[\w'’-]+ )?(?:{_SOUND})(?: [\w'’-]+)?)\*(?![\w*])", re.IGNORECASE)
_IMAGE = re.compile(r"!\[[^\[\]\n]{0,300}\]\([^()\n]{0,1000}\)")
_LINK = re.compile(
    r"\[((?:[^\[\]\n]|\[[^\[\]\n]{0,100}\]){1,400})\]"
    r"\((?:(?=<?(?:https?|ftp|mailto|www|/|#)[^()\n]))(?:[^()\n]|\([^()\n]{0,200}\)){0,1500}\)"
    r"|\[([^\[\]\n]{1,300})\]\([^()\s]{1,600}\)"
)
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]{1,1000})>")
_TAG = re.compile(
    r"</?(?:b|i|u|s|em|strong|strike|del|ins|sup|sub|pre|code|a|span|p|br|hr|div|font|mark|small|cite|q|blockquote"
    r"|li|ul|ol|h[1-6])(?:\s[^<>]{0,300})?/?>",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--(?:[^<>]++|<(?!!--)){0,2000}+(?<=--)>")
_CODE = re.compile(r"`([^`\n]{1,400})`")
_ITALIC = re.compile(r"(?<![\w*])\*(?![\s*])([^*\n]{0,2000}[^\s*])\*(?![\w*])")
_BOLD = re.compile(r"\*\*(?!\s)([^*\n]{0,2000}[^\s*])\*\*")
_BOLD_ITALIC = re.compile(r"\*\*\*(?!\s)([^*\n]{0,2000}[^\s*])\*\*\*")
_UNDERSCORE = re.compile(r"(?<![\w_])_(?![\s_])([^_\n]{0,1000}[^\s_])_(?![\w_])")
_UNDERSCORES = re.compile(r"(?<![\w_])__(?![\s_])(?=[^_\n]{0,500} )([^_\n]{1,1000}[^\s_])__(?![\w_])")
_STRIKE = re.compile(r"~~(?!\s)([^~\n]{1,500})~~")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_MARKED = re.compile(r"[\[(♪♫]")
MOST_MARKS = 20  # between words and the full stop that belongs to them
_LOOSE_POINT = re.compile(r"[.,!?;:…]+(?=\s|$)")


def pieces_of(
    text: str, start: float | None = None, end: float | None = None, *, markdown: bool = False
) -> list[Piece]:
    """The speech and the stage directions of one paragraph or cue, in order.

    `start` and `end` (seconds) belong to the whole; a bracketed time inside becomes the start of what follows it.
    With `markdown`, marks for emphasis, links and escapes are read first, as a reader of the page would see them.
    """
    text = plain_words(text) if markdown else unescaped(text)
    if not _MARKED.search(text):
        return [Piece(text, start, end)] if _says_something(text) else []
    whole = _MARK.fullmatch(text.strip())
    pieces: list[Piece] = []
    done = 0  # text before this is in `pieces` already
    pending = start
    for mark in _MARK.finditer(text):
        time, direction = _meaning(mark, text, alone=whole is not None)
        if time is None and not direction:
            continue
        pending = _add_speech(pieces, text[done : mark.start()], pending)
        done = mark.end()
        if time is not None:
            pending = time
        if direction:
            pieces.append(Piece(mark[0], pending, None, speech=False))
    _add_speech(pieces, text[done:], pending)
    if pieces and end is not None:
        pieces[-1] = pieces[-1]._replace(end=end)
    return pieces


def plain_words(text: str) -> str:
    """A paragraph of Markdown as a reader sees it: `**bold**` is bold, `[text](url)` is text, `\\[` is `[`."""
    escaped = "\\" in text
    if escaped:
        text = _ESCAPE.sub(lambda match: chr(_HIDE + ord(match[1])), text)
    if "*" in text:
        text = _STAR_SOUND.sub(r"[\1]", text)
    if "](" in text:
        text = _LINK.sub(lambda match: match[1] or match[2], _IMAGE.sub("", text))
    if "<" in text:
        text = _TAG.sub(lambda match: " " if match[0][1:3].lower() in ("br", "p>", "/p") else "", text)
        text = _AUTOLINK.sub(r"\1", _COMMENT.sub("", text))
    if "`" in text:
        text = _CODE.sub(r"\1", text)
    if "*" in text:
        text = _BOLD_ITALIC.sub(r"\1", text)
        text = _BOLD.sub(r"\1", _ITALIC.sub(r"\1", text))
        text = _ITALIC.sub(r"\1", text)  # an italic around bold words is visible only now
    if "_" in text:
        text = _UNDERSCORE.sub(r"\1", _UNDERSCORES.sub(r"\1", text))
    if "~~" in text:
        text = _STRIKE.sub(r"\1", text)
    text = unescaped(text)
    return text.translate(_SHOW) if escaped else text


def unescaped(text: str) -> str:
    """The text with HTML entities read and runs of spaces made one; `AT&T` and `&c` stay as they are."""
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    return " ".join(text.split())


def _meaning(mark: re.Match[str], text: str, *, alone: bool) -> tuple[float | None, bool]:
    """(a time in seconds or None, whether the mark is a stage direction). (None, False) for ordinary words."""
    if mark["music"] is not None:
        return None, True
    if mark["square"] is not None:
        inside = mark["square"].replace("\\", "")
        clock = _TIME.fullmatch(inside)
        if clock:
            return seconds(clock[1]), False
        if alone or (_IN_SQUARE.search(inside) and len(inside.split()) <= 12):
            clock = _TIME_INSIDE.search(inside)
            return (seconds(clock[0]) if clock else None), True
        return None, False
    inside = mark["round"].strip()
    if _IN_ROUND.fullmatch(inside):
        before = text[: mark.start()].rstrip()
        return None, not (_AT_A_PAUSE.fullmatch(inside) and before and before[-1] not in ".,?!…-—]):")
    return None, alone and len(inside.split()) <= 5 and inside[-1] not in ".?!" and not _FIRST_PERSON.search(inside)


def _add_speech(pieces: list[Piece], text: str, start: float | None) -> float | None:
    """Adds what was said between two marks; gives back the start that still waits for its words."""
    text = text.strip()
    loose = _LOOSE_POINT.match(text)
    if loose:
        # "I know [laughter]." — the full stop belongs to the words before the mark.
        for position in range(len(pieces) - 1, max(-1, len(pieces) - 1 - MOST_MARKS), -1):
            if pieces[position].speech:
                pieces[position] = pieces[position]._replace(text=pieces[position].text + loose[0])
                text = text[loose.end() :].strip()
                break
    if not _says_something(text):
        return start
    pieces.append(Piece(text, start, None))
    return None


def _says_something(text: str) -> bool:
    """Whether there is a letter, a digit or a picture in it."""
    return any(character.isalnum() or character > "\u2fff" for character in text)
