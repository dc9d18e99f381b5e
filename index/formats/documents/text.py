"""Plain text and Markdown, with or without front matter: labelled, timed, or a whole page."""

from __future__ import annotations

from dataclasses import replace

from index.formats.documents.labelled import parse_labelled
from index.formats.documents.page import parse_page
from index.formats.front_matter import merged, split_front_matter
from index.formats.parsed import Metadata, Parsed
from index.formats.source import Source
from index.formats.tables.in_text import parse_table

NAME = "text"


def matches(source: Source) -> bool:
    """Always: text that is nothing else is text."""
    return bool(source.text.strip())


def parse(source: Source) -> Parsed:
    """Turns by label where the file has labels or times, else the speech found on the page."""
    metadata, first, mended = split_front_matter(source)
    lines = source.text.split("\n")
    return parse_lines(lines[first:], source, metadata, mended=tuple(mended))


def parse_lines(
    lines: list[str], source: Source, metadata: Metadata, *, markdown: bool = True, mended: tuple[str, ...] = ()
) -> Parsed:
    """As `parse`, for lines that another format (HTML, Word) has unwrapped. `metadata` wins over what the lines say."""
    parsed = parse_table(lines, markdown=markdown) or parse_labelled(lines, source, markdown=markdown)
    parsed = parsed or parse_page(lines, markdown=markdown)
    return replace(parsed, metadata=merged(metadata, parsed.metadata), mended=mended + parsed.mended)
