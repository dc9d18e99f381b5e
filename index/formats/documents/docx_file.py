"""Word (.docx), read with python-docx: paragraphs and table rows become lines of text."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

from index.formats.documents import text as text_format
from index.formats.front_matter import metadata_where_readable
from index.formats.parsed import Metadata, Parsed
from index.formats.source import Source

NAME = "docx"

MAX_UNPACKED = 200_000_000  # bytes; a few kilobytes of zip can unpack to gigabytes
_DOCUMENT = "word/document.xml"


def matches(source: Source) -> bool:
    """Whether the file is a zip archive, which a .docx is."""
    return source.data.startswith(b"PK\x03\x04")


def parse(source: Source) -> Parsed:
    """The document's turns. Raises TranscriptError for an archive that is no Word document, damaged or too large."""
    import docx
    from docx.opc.exceptions import OpcError

    _check(source)
    try:
        document = docx.Document(io.BytesIO(source.data))
    except (OpcError, KeyError, ValueError, zipfile.BadZipFile, SyntaxError) as exc:
        raise source.refuse(
            f"the Word document is damaged ({exc}).", repair="Open it in Word and save it again."
        ) from exc
    lines: list[str] = []
    metadata = Metadata()
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            for row in block.rows:
                cells = []
                for cell in row.cells:
                    value = " ".join(cell.text.split())
                    if value and (not cells or cells[-1] != value):  # a merged cell is listed once for each column
                        cells.append(value)
                lines.extend((_row(cells), ""))
            continue
        style = (block.style.name or "") if block.style is not None else ""
        value = block.text.strip()
        if style == "Title" and value and metadata.title is None:
            metadata = replace(metadata, title=value[:500])
            continue
        lines.extend(line.strip() for line in value.split("\n"))
        lines.append("")
    properties = document.core_properties
    if metadata.title is None and properties.title:
        metadata = metadata_where_readable({"title": properties.title}, source.name)
    parsed = text_format.parse_lines(lines, source, metadata, markdown=False)
    return replace(parsed, format=NAME)


def _row(cells: list[str]) -> str:
    """A table's row as a line: time, name and words stand in columns."""
    if len(cells) > 1 and len(cells[-2].split()) <= 5 and not cells[-2][-1:].isdigit():
        return " ".join([*cells[:-2], cells[-2].rstrip(":") + ":", cells[-1]])
    return " ".join(cells)


def _check(source: Source) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            names = {info.filename: info.file_size for info in archive.infolist()}
    except zipfile.BadZipFile as exc:
        raise source.refuse("the file is a damaged archive.", repair="Copy or export it again.") from exc
    if _DOCUMENT not in names:
        raise source.refuse("this is an archive, not a transcript.", repair="Unpack it and add the files inside.")
    if sum(names.values()) > MAX_UNPACKED:
        raise source.refuse("the document unpacks to more than 200 MB.", repair="Save its text without the pictures.")
