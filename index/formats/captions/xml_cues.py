"""Captions in XML: TTML and DFXP in any namespace (Apple Podcasts' too, with a time for each word), YouTube's srv1 to srv3."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from index.formats.json import segments
from index.formats.parsed import Metadata, Parsed
from index.formats.source import Source
from index.formats.times import seconds

NAME = "ttml"

MOST_DEPTH = 60
_BEFORE = re.compile(r"<!--.*?-->|<\?xml[^>]{0,200}\?>", re.DOTALL)
_ROOT = re.compile(r"\s*+<(?:\w{1,20}:)?(?:tt|transcript|timedtext)[\s>]")
_FORBIDDEN = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,4}):(\d\d):(\d\d)(?:([.,]\d{1,9})|:(\d{1,3}))?")
_OFFSET = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(h|m|s|ms|f|t)?")


def matches(source: Source) -> bool:
    """Whether the root element is one of captions."""
    return source.text.lstrip()[:1] == "<" and bool(_ROOT.match(_BEFORE.sub("", source.text[:6000])))


def parse(source: Source) -> Parsed:
    """One piece for each paragraph, or each word where words are timed. TranscriptError: broken XML, or no captions."""
    if _FORBIDDEN.search(source.text[:20_000]):
        raise source.refuse("the XML declares a language of its own.", repair="Export it as SRT or WebVTT.")
    try:
        root = ElementTree.fromstring(source.text.lstrip())
    except ElementTree.ParseError as exc:
        line = exc.position[0] if exc.position else None
        raise source.refuse(f"the XML is broken ({exc}).", line=line, repair="Export it again.") from exc
    except (ValueError, RecursionError) as exc:
        raise source.refuse(f"the XML can't be read ({exc}).", repair="Export it again.") from exc
    mended: list[str] = []
    made = list(_paragraphs(root) if _tag(root) == "tt" else _youtube(root))
    if not made:
        raise source.refuse("it holds no captions.", repair="Is it the right file?")
    title = next(
        (node.text.strip() for node in root.iter() if _tag(node) == "title" and node.text and node.text.strip()), None
    )
    name = NAME if _tag(root) == "tt" else "timedtext"
    return Parsed(name, segments.turns_of(made, mended), Metadata(title=title), tuple(mended))


def _tag(node: Any) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def _attributes(node: Any) -> dict[str, str]:
    """Attributes without their namespaces."""
    return {key.rpartition("}")[2]: value for key, value in node.attrib.items()}


# TTML


class _Rates:
    """How a TTML file counts frames and ticks."""

    def __init__(self, root: Any) -> None:
        given = _attributes(root)
        self.frames = _positive(given.get("frameRate")) or 30.0
        multiplier = [_positive(part) for part in given.get("frameRateMultiplier", "1 1").replace(":", " ").split()]
        if len(multiplier) == 2 and multiplier[0] and multiplier[1]:
            self.frames *= multiplier[0] / multiplier[1]
        self.ticks = _positive(given.get("tickRate")) or (self.frames if "frameRate" in given else 1.0)

    def time(self, text: str | None) -> float | None:
        text = (text or "").strip()
        clock = _CLOCK.fullmatch(text)
        if clock:
            whole = int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3])
            part = float("0" + clock[4].replace(",", ".")) if clock[4] else int(clock[5] or 0) / self.frames
            return round(whole + part, 3)
        offset = _OFFSET.fullmatch(text)
        if offset is None:
            return seconds(text) if text and len(text) < 40 else None
        value = float(offset[1])
        each = {"h": 3600.0, "m": 60.0, "ms": 0.001, "f": 1 / self.frames, "t": 1 / self.ticks}.get(
            offset[2] or "s", 1.0
        )
        return round(value * each, 3)


def _positive(text: str | None) -> float | None:
    return float(text) if text and re.fullmatch(r"\d{1,12}(?:\.\d{1,9})?", text) and float(text) > 0 else None


def _paragraphs(root: Any) -> Iterator[segments.Segment]:
    rates = _Rates(root)
    names = _agents(root)
    # An explicit stack, so that depth is bounded by us: (node, agent, begin of what it stands in).
    stack: list[tuple[Any, str | None, float, int]] = [(root, None, 0.0, 0)]
    while stack:
        node, agent, since, depth = stack.pop()
        given = _attributes(node)
        agent = given.get("agent", agent)
        begin = rates.time(given.get("begin"))
        if begin is not None and begin < since:
            begin += since  # counted from the beginning of what it stands in
        if _tag(node) == "p":
            yield _paragraph(node, rates, names, agent, begin)
        elif depth < MOST_DEPTH:
            inner = begin if begin is not None and _tag(node) != "body" else since
            stack.extend((child, agent, inner, depth + 1) for child in reversed(node) if _tag(child) != "head")


def _agents(root: Any) -> dict[str, str]:
    """{the agent's id: its name}; Apple's have none."""
    found = {}
    for node in root.iter():
        if _tag(node) == "agent" and (key := _attributes(node).get("id")):
            name = next(
                (inner.text.strip() for inner in node if _tag(inner) == "name" and inner.text and inner.text.strip()),
                None,
            )
            if name:
                found[key] = name
    return found


def _paragraph(
    node: Any, rates: _Rates, names: dict[str, str], agent: str | None, begin: float | None
) -> segments.Segment:
    given = _attributes(node)
    end = rates.time(given.get("end"))
    lasts = rates.time(given.get("dur"))
    words: list[segments.Word] = []
    parts: list[str] = []
    for part, timed, speaker in _parts(node):
        agent = speaker or agent
        if timed is not None:
            start, stop = rates.time(timed.get("begin")), rates.time(timed.get("end"))
            if start is not None and begin is not None and start < begin:
                start, stop = round(start + begin, 3), None if stop is None else round(stop + begin, 3)
            words.append(segments.Word(part.strip(), start, stop))
            part = f" {part} " if timed.get("unit") == "word" else part
        parts.append(part)
    if begin is None and words:
        begin = words[0].start
    if end is None and begin is not None and lasts is not None:
        end = round(begin + lasts, 3)
    elif end is None and words:
        end = words[-1].end
    text = " ".join("".join(parts).split())
    label = names.get(agent or "", agent)
    return segments.Segment(text, begin, end, segments.name(label), tuple(word for word in words if word.text))


def _parts(node: Any) -> Iterator[tuple[str, dict[str, str] | None, str | None]]:
    """The paragraph's text in order: (words, the times of the span that holds just them, its agent)."""
    stack: list[tuple[str, Any]] = [("node", child) for child in reversed(node)]
    yield node.text or "", None, None
    while stack:
        kind, item = stack.pop()
        if kind == "tail":
            yield item, None, None
            continue
        given = _attributes(item)
        stack.append(("tail", item.tail or ""))
        if _tag(item) == "br":
            yield " ", None, None
        elif len(item) == 0:
            timed = given if "begin" in given else None
            yield item.text or "", timed, given.get("agent")
        else:
            yield item.text or "", None, given.get("agent")
            stack.extend(("node", child) for child in reversed(item))


# YouTube


def _youtube(root: Any) -> Iterator[segments.Segment]:
    """srv1 (`<text start dur>` in seconds), srv2 (`<text t d>`) and srv3 (`<p t d>` in milliseconds, its words in `<s t>`)."""
    made = []
    for node in root.iter():
        given = _attributes(node)
        if _tag(node) not in ("text", "p") or not {"start", "t"} & given.keys():
            continue
        unit = 1.0 if "start" in given else 0.001
        begin = _positive_or_zero(given.get("start", given.get("t")))
        lasts = _positive_or_zero(given.get("dur", given.get("d")))
        text = " ".join(html.unescape(html.unescape("".join(node.itertext()))).split())
        if text:
            start = None if begin is None else round(begin * unit, 3)
            end = None if start is None or lasts is None else round(start + lasts * unit, 3)
            made.append(segments.Segment(text, start, end, None))
    for segment, after in zip(
        made, [*made[1:], None], strict=True
    ):  # lines roll: one is shown while the next is spoken
        if after is not None and after.start is not None and segment.end is not None and segment.end > after.start:
            segment = segment._replace(end=after.start)
        yield segment


def _positive_or_zero(text: str | None) -> float | None:
    return float(text) if text and re.fullmatch(r"\d{1,12}(?:\.\d{1,9})?", text) else None
