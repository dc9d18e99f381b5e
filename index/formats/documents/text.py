"""Plain text and Markdown, with or without front matter: labelled, timed, or a whole page."""

from __future__ import annotations

import re
from dataclasses import replace

from index.formats.documents.labelled import parse_labelled
from index.formats.documents.page import parse_page
from index.formats.front_matter import merged, split_front_matter
from index.formats.parsed import Metadata, Parsed
from index.formats.source import Source
from index.formats.tables.in_text import parse_table

NAME = "text"

_VOICE_TAG = re.compile(r"<([A-Z][\w.-]{0,30}(?: [A-Z\d][\w.-]{0,30}){0,3})>([^<>]{0,20000})</\1>")


def matches(source: Source) -> bool:
    """Always: text that is nothing else is text."""
    return bool(source.text.strip())


def parse(source: Source) -> Parsed:
    """Turns by label where the file has labels or times, else the speech found on the page."""
    metadata, first, mended = split_front_matter(source)
    lines = _without_voice_tags(source.text).split("\n")
    return parse_lines(lines[first:], source, metadata, mended=tuple(mended))


def _without_voice_tags(text: str) -> str:
    """`<Person1>words</Person1>` as "Person1: words", where the file has at least two such."""
    if "</" not in text or len(_VOICE_TAG.findall(text)) < 2:
        return text
    return _VOICE_TAG.sub(lambda match: f"\n{match[1]}: {' '.join(match[2].split())}\n", text)


def parse_lines(
    lines: list[str], source: Source, metadata: Metadata, *, markdown: bool = True, mended: tuple[str, ...] = ()
) -> Parsed:
    """As `parse`, for lines that another format (HTML, Word) has unwrapped. `metadata` wins over what the lines say."""
    parsed = parse_table(lines, markdown=markdown) or parse_labelled(lines, source, markdown=markdown)
    parsed = parsed or parse_page(lines, markdown=markdown)
    return replace(parsed, metadata=merged(metadata, parsed.metadata), mended=mended + parsed.mended)
