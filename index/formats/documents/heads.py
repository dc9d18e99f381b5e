"""What could open a turn at the start of a line: a label, a time, or both; plain, bold, in brackets, or above the words."""

from __future__ import annotations

import re
from typing import NamedTuple

from index.formats.labels import clean_label, name_like
from index.formats.times import TIME, seconds


class LabelHead(NamedTuple):
    """What could open a turn at the start of a line. `kind`: bold, bracket, plain, above, bare, time; and what only a file
    that is full of it means so: square ("[Ann] words"), dash ("Ann – words"), point ("Q. words").

    `sure` where bold type with a colon, a bracket or a time marks the label as one; `listed` behind a bullet.
    """

    label: str | None
    start: float | None
    end: float | None
    rest: str
    kind: str
    sure: bool = False
    listed: bool = False


_RANGE = rf"({TIME})(?:\s*(?:-->|->|=>|→|to|[-–—])\s*({TIME}))?"
TIME_HEAD = re.compile(rf"(\\?[\[(<]\s*)?\\{{0,2}}{_RANGE}\s*+\\{{0,2}}([\])>])?(\s*+(?:[-–—|:]\s++)?)")
BULLET = re.compile(r"(?:[-–•>]|>>+|&gt;&gt;)\s+|>>+\s*|(?:[*+]|\d{1,4}[.)])\s+(?=\[?\[?[^\W\d_*][^:\n*]{0,60}:\s)")
_LINKED = re.compile(
    r"([*_\\\[(>•\s-]{0,6})(?:\[([^\[\]\n]{1,100})\]\([^()\s]{1,1000}\)|\[\[([^\[\]|\n]{1,80})(?:\|[^\[\]\n]{0,80})?\]\])"
)
_A_TIME = re.compile(rf"{TIME}(?:\s*(?:-->|->|to|[-–—])\s*{TIME})?")
NUMBERS = re.compile(
    r"[\[(]\s*(\d{1,8}(?:\.\d{1,3})?)\s*(?:-{1,2}>|=>|→|to|[-–—,;])\s*(\d{1,8}(?:\.\d{1,3})?)\s*[\])]\s*:?\s*"
)
_BOLD = re.compile(
    r"(\*{1,3}|__)\s*+([^*\n]{1,100}?)(?<!\s)\s*+\1\s*|<(b|strong)>\s*+([^<\n]{1,100}?)(?<!\s)\s*+</\3>\s*",
    re.IGNORECASE,
)
_AFTER = re.compile(rf"\s*(?:\\?[\[(]\s*{_RANGE}\s*\\?[\])])?\s*(:?)\s*")
_IN_LABEL = re.compile(rf"\\?[\[(<]?\s*\b{_RANGE}\s*\\?[\])>]?")
_BRACKET = re.compile(r"\\?\[([^\[\]\n\\]{1,60})\\?\]\s*(:?)\s*")
_MACHINE = re.compile(r"(?:speaker|spk)[ _]?\d{1,3}", re.IGNORECASE)
_PLAIN = re.compile(
    rf"(@?[^\W\d_][^:：\n*\[\]<>?!\"“”\t;]{{0,118}}?)(?<!\s)\s*+(?:\\?[\[(]?\s*{_RANGE}\s*\\?[\])]?)?\s*+(?::(?=\s|\Z|\*\*|[\"“‘\[(\\])|：)\s*"
)
_ABOVE = re.compile(
    rf"([^\W\d_][^:\n*\[\]<>?!\"“”\t;]{{0,100}}?)(?<![\s,|–—-])\s*+[|,–—-]?\s*+\\?[\[(]?\s*+{_RANGE}\s*+\\?[\])]?\s*+:?\s*+"
    rf"(?:{TIME})?"  # "Ann Lee   1 minute 3 seconds1:03", as Teams copies it
)
_COLUMNS = re.compile(
    rf"([^\W\d_][^:\n*\[\]<>?!\"“”\t;]{{0,60}}?)(?:\t| {{2,}})[ \t]*+{_RANGE}(?:\t| {{2,}})[ \t]*+(?=\S)"
)
_SQUARE_TIMED = re.compile(
    rf"\\?\[([^\[\]\n\\]{{1,80}})\\?\]\s*[|,–—-]?\s*(?:\\?[\[(]\s*{_RANGE}\s*\\?[\])]|{_RANGE}(?=\s*:?\s*\Z))\s*:?\s*"
)
_ANGLED = re.compile(
    r"<(?!/|(?:b|i|u|p|br|strong|em|span|div|a|cite|font)[\s>/])([^\W\d_][\w .|-]{0,40})>\s+(?=[^\s<])"
)
_DASHED = re.compile(r"([^\W\d_][^:\n*\[\]<>?!\"“”\t;.,]{0,60}?)(?: [–—|-] |\s?[–—]\s)\s*(?=\S)")
_POINTED = re.compile(r"((?:[A-Z]|[A-Z][A-Z'’.-]{1,15}(?: [A-Z][A-Z'’.-]{1,15}){0,3}|(?:Question|Answer)))\.\s+(?=\S)")
_TIMES_END = "0123456789)]:sSmMhHzZ."
_DIGIT = re.compile(r"\d")
_MARKUP_HEADING = re.compile(r"#{1,6}\s++(.*)")


def head_of(line: str) -> LabelHead | None:
    """What could open a turn at the start of a line that is not empty; None where nothing could."""
    start = end = None
    sure = listed = False
    if "](" in line[:300] or line.startswith("[["):
        line = _unlinked(line)
    if line[0] > "\u2190" and not line[0].isalpha():
        line = line.lstrip("".join({c for c in line[:6] if c > "\u2190" and not c.isalpha()}) + " ") or line
    if line[0] in "-–•>&*+" or (line[0].isdigit() and line[1:5].strip("0123456789")[:1] in (".", ")")):
        bullet = BULLET.match(line)
        if bullet:
            listed = line[0] in "-–•*+"
            line = line[bullet.end() :]
            if not line:
                return None
    first = line[0]
    if first in "[(" and (match := NUMBERS.match(line)):
        return LabelHead(None, float(match[1]), float(match[2]), line[match.end() :], "numbers", True)
    if first.isdigit() or first in "[(<\\":
        match = TIME_HEAD.match(line)
        if (
            match
            and bool(match[1]) == bool(match[4])
            and (match[4] or match[0][-1:].isspace() or line[match.end() :][:2] in ("", "**"))
        ):
            start, end = seconds(match[2]), seconds(match[3]) if match[3] else None
            line, sure = line[match.end() :], True
            if not line:
                return LabelHead(None, start, end, "", "time", bool(match[1]))
            first = line[0]
        bracketed = bool(match and match[1])
    else:
        bracketed = False
    found = _label(line, first)
    if found is None:
        return LabelHead(None, start, end, line, "time", bracketed) if start is not None else None
    return found._replace(
        start=start if start is not None else found.start,
        end=end if end is not None else found.end,
        sure=found.sure or (sure and found.kind != "bare"),
        listed=listed,
    )


def _label(line: str, first: str) -> LabelHead | None:
    if first in "*_<":
        named = _ANGLED.match(line) if first == "<" else None
        if named:
            return LabelHead(named[1], None, None, line[named.end() :], "square")
        return _bold(line)
    if first == "#":
        heading = markdown_heading(line)
        if not heading:
            return None
        inner = _label(heading, heading[0])
        return inner if inner and not inner.rest else None
    if first in "[\\":
        match = _BRACKET.match(line)
        if match and (match[2] or _MACHINE.fullmatch(match[1].strip())):
            return LabelHead(clean_label(match[1]), None, None, line[match.end() :], "bracket", True)
        timed = _SQUARE_TIMED.match(line) if match else None
        if timed:
            span = _span(timed[2] or timed[4], timed[3] or timed[5])
            rest = line[timed.end() :]
            return LabelHead(clean_label(timed[1]), *span, rest, "bracket" if rest else "above", True)
        if match and name_like(clean_label(match[1])):
            return LabelHead(clean_label(match[1]), None, None, line[match.end() :], "square")
        return None
    window = line[:130]
    if "\t" in window or "  " in window:
        match = _COLUMNS.match(line)
        if match:
            return LabelHead(match[1].strip(), *_span(match[2], match[3]), line[match.end() :], "plain", True)
    if ":" in window or "：" in window:
        match = _PLAIN.match(line)
        if match:
            return LabelHead(match[1].strip(), *_span(match[2], match[3]), line[match.end() :], "plain", bool(match[2]))
    if len(line) < 130 and line[-1] in _TIMES_END and _DIGIT.search(line, len(line) - 12):
        match = _ABOVE.fullmatch(line)
        if match:
            return LabelHead(match[1].strip(), *_span(match[2], match[3]), "", "above", True)
    if "\t" in window:
        name, _, rest = line.partition("\t")
        if name_like(name.strip()) and rest.strip():
            return LabelHead(name.strip(), None, None, rest.strip(), "plain", False)
    if len(line) < 50 and line[-1] not in ".,;" and name_like(line):
        return LabelHead(line, None, None, "", "bare")
    return _of_a_form(line)


def _of_a_form(line: str) -> LabelHead | None:
    """What is a label only in a file that writes all of them so."""
    if line[1:2] in (".", " ") or line[:2].isupper() or line[:8] in ("Question", "Answer. "):
        match = _POINTED.match(line)
        if match:
            return LabelHead(match[1], None, None, line[match.end() :], "point")
    window = line[:70]
    if " – " in window or " — " in window or " - " in window or " | " in window:
        match = _DASHED.match(line)
        if match and name_like(clean_label(match[1])):
            return LabelHead(match[1].strip(), None, None, line[match.end() :], "dash")
    return None


def dashed(line: str) -> LabelHead | None:
    """The label before a dash, in a file that writes all of them so; a colon in the words is then no label's."""
    match = _DASHED.match(line)
    return LabelHead(match[1].strip(), None, None, line[match.end() :], "dash", True) if match else None


def _unlinked(line: str) -> str:
    """The line whose first words are a link ("[0:02](https://…) Ann:"), without it: a time in brackets, a name alone."""
    match = _LINKED.match(line)
    if match is None:
        return line
    shown = match[2] or match[3]
    if _A_TIME.fullmatch(shown.strip()):
        shown = f"[{shown.strip()}]"
    return f"{match[1] or ''}{shown}{line[match.end() :]}"


def markdown_heading(line: str) -> str | None:
    """The words of a Markdown heading, without its marks; None where the line is none."""
    match = _MARKUP_HEADING.fullmatch(line)
    return match[1].rstrip("#").rstrip() if match else None


def _bold(line: str) -> LabelHead | None:
    match = _BOLD.match(line)
    if match is None:
        return None
    content = match[2] or match[4]
    after = _AFTER.match(line, match.end())
    assert after is not None  # every part of it is optional
    colon = content.rstrip().endswith(":") or bool(after[3])
    inside = _IN_LABEL.search(content)
    start, end = _span(after[1], after[2])
    if inside:
        start, end = _span(inside[1], inside[2])
        content = (content[: inside.start()] + content[inside.end() :]).strip(" -–|:")
    if match[1] in ("*",) and not colon:
        return None
    rest = line[after.end() :] if colon or after[1] else line[match.end() :]
    if not content.strip(" :"):
        if not rest:
            return LabelHead(None, start, end, "", "time", True) if start is not None else None
        inner = _label(rest, rest[0])
        return (
            inner._replace(start=start, end=end, sure=True)
            if inner
            else LabelHead(None, start, end, rest, "time", True)
        )
    return LabelHead(content, start, end, rest, "bold" if rest or colon else "bare", colon or start is not None)


def _span(start: str | None, end: str | None) -> tuple[float | None, float | None]:
    return seconds(start) if start else None, seconds(end) if end else None
