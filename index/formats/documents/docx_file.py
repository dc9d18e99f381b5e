"""Word (.docx), read with python-docx: paragraphs and table rows become lines of text."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from typing import Any, NamedTuple

from index.errors import TranscriptError
from index.formats.documents import text as text_format
from index.formats.front_matter import merged, metadata_where_readable
from index.formats.parsed import Metadata, Parsed
from index.formats.source import Source
from index.formats.tables.in_text import parse_table

NAME = "docx"

# A few kilobytes of zip can unpack to gigabytes, and a byte of XML can take a hundred of memory.
MAX_UNPACKED = 100_000_000  # bytes of all XML in it
MAX_MARKS = 1_500_000  # elements and attributes: a 24-hour talk, each word of it in a run of its own, has a million
MAX_BLOCKS = 100_000  # paragraphs and cells
MAX_MEMBERS = 5_000
MAX_COLUMNS = 64  # as many as Word allows, nearly
_DOCUMENT = "word/document.xml"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LEFT_OUT = tuple(f"{_W}{tag}" for tag in ("del", "moveFrom"))
_WRAPPERS = tuple(f"{_W}{tag}" for tag in ("ins", "moveTo", "smartTag", "customXml", "fldSimple", "sdt"))
_OTHERS = (
    (
        "application/vnd.oasis.opendocument.text",
        "an OpenDocument text (LibreOffice, OpenOffice)",
        "Save it as .docx or as text and add that.",
    ),
    (
        "application/vnd.oasis.opendocument",
        "an OpenDocument file (LibreOffice, OpenOffice)",
        "Save its text as .docx or .txt and add that.",
    ),
    ("application/epub", "an e-book (EPUB)", "Save its text as .docx, .html or .txt and add that."),
    ("META-INF/container.xml", "an e-book (EPUB)", "Save its text as .docx, .html or .txt and add that."),
    ("xl/workbook.xml", "an Excel workbook", "Save the sheet as .csv and add that."),
    ("ppt/presentation.xml", "a PowerPoint presentation", "Save its text as .docx or .txt and add that."),
    ("Index/Document.iwa", "a Pages document", "Export it as Word (.docx) and add that."),
)
_DAMAGED = "Open it in Word and save it again."


class _Block(NamedTuple):
    """A paragraph (its text, the name of its style) or the row of a table (its cells' texts)."""

    text: str = ""
    style: str = ""
    cells: list[str] | None = None


def matches(source: Source) -> bool:
    """Whether the file is a zip archive, which a .docx is."""
    return source.data.startswith(b"PK\x03\x04")


def parse(source: Source) -> Parsed:
    """The document's turns. Raises TranscriptError for an archive that is no Word document, damaged or too large."""
    package = _package(source)
    try:
        blocks, own_title = _blocks(package, source)
    except (TranscriptError, MemoryError):
        raise
    except Exception as exc:  # python-docx raises whatever its parts do on what Word never wrote
        raise source.refuse(f"the Word document is damaged ({str(exc)[:200]}).", repair=_DAMAGED) from exc
    lines: list[str] = []
    tabbed: list[str] = []  # the same, rows as they stand in the table
    metadata = Metadata()
    for block in blocks:
        done = len(lines)
        if block.cells is not None:
            lines.extend((_row(_filled(block.cells)), ""))
            tabbed.append("\t".join(block.cells))
            continue
        elif block.style == "Title" and block.text and metadata.title is None:
            metadata = replace(metadata, title=block.text[:500])
        else:
            lines.extend(line.strip() for line in block.text.split("\n"))
            lines.append("")
        tabbed += lines[done:]
    if metadata.title is None and own_title:
        metadata = metadata_where_readable({"title": own_title}, source.name)
    table = parse_table(tabbed, markdown=False) if len(tabbed) < len(lines) else None
    if table is not None:
        return replace(table, format=NAME, metadata=merged(metadata, table.metadata))
    parsed = text_format.parse_lines(lines, source, metadata, markdown=False)
    return replace(parsed, format=NAME)


def _blocks(package: io.BytesIO, source: Source) -> tuple[list[_Block], str]:
    """What stands in the document, in order, and the title that its properties give ("" where they give none)."""
    import docx

    document = docx.Document(package)
    _accept_changes(document.element)
    names: dict[str | None, str] = {}
    blocks: list[_Block] = []
    count = 0
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            for cells, cells_read in _rows(block):
                blocks.append(_Block(cells=cells))
                count += cells_read
                _check_count(count, source)
            continue
        count += 1
        _check_count(count, source)
        style = block._p.style
        if style not in names:
            names[style] = (block.style.name or "") if block.style is not None else ""
        blocks.append(_Block(block.text.strip(), names[style]))
    return blocks, document.core_properties.title or ""


def _accept_changes(document: Any) -> None:
    """The document as Word shows it with all tracked changes accepted; what stands in a field or a control is text too.

    python-docx sees a paragraph's own runs and links alone, and would pass over every word that was inserted later.
    """
    for element in list(document.iter(*_LEFT_OUT)):
        _take_out(element, keep=())
    for element in list(document.iter(*_WRAPPERS)):
        content = element.find(f"{_W}sdtContent") if element.tag == f"{_W}sdt" else element
        _take_out(element, keep=tuple(content) if content is not None else ())


def _take_out(element: Any, keep: tuple[Any, ...]) -> None:
    parent = element.getparent()
    if parent is None:
        return
    at = parent.index(element)
    parent.remove(element)
    for number, child in enumerate(keep):
        parent.insert(at + number, child)


def _filled(texts: list[str]) -> list[str]:
    """The texts of a row without empty cells, one that spans columns once."""
    cells: list[str] = []
    for text in texts:
        if text and (not cells or cells[-1] != text):
            cells.append(text)
    return cells


def _rows(table: Any) -> Any:
    """Of each row of a table, the texts of its cells, and how many cells were read for it.

    A cell that is merged with those above says in each row what it says in the first, and one that spans columns says it
    once. python-docx makes an object for each column of it, up to thousands of millions.
    """
    from docx.table import _Cell

    above: dict[int, str] = {}
    for row in table._tbl.tr_lst:
        texts: dict[int, str] = {}
        column = 0
        for element in row.tc_lst:
            properties = element.find(f"{_W}tcPr")
            merge = properties.find(f"{_W}vMerge") if properties is not None else None
            if merge is not None and merge.get(f"{_W}val", "continue") == "continue":
                texts[column] = above.get(column, "")
            else:
                texts[column] = " ".join(_Cell(element, table).text.split())
            span = properties.find(f"{_W}gridSpan") if properties is not None else None
            column += _columns(span.get(f"{_W}val", "")) if span is not None else 1
        above = texts
        yield list(texts.values()), len(texts)


def _columns(span: str) -> int:
    """How many columns a cell spans; 1 where what stands there is no such number."""
    return max(1, min(int(span), MAX_COLUMNS)) if re.fullmatch(r"[0-9]{1,9}", span) else 1


def _check_count(count: int, source: Source) -> None:
    if count > MAX_BLOCKS:
        raise source.refuse(
            f"the document has more than {MAX_BLOCKS:,} paragraphs and cells.", repair="Split it, or save it as text."
        )


def _row(cells: list[str]) -> str:
    """A table's row as a line: time, name and words stand in columns."""
    if len(cells) > 1 and len(cells[-2].split()) <= 5 and not cells[-2][-1:].isdigit():
        return " ".join([*cells[:-2], cells[-2].rstrip(":") + ":", cells[-1]])
    return " ".join(cells)


def _package(source: Source) -> io.BytesIO:
    """The archive with its XML alone, unpacked and looked at; what is no XML (pictures, fonts) is left empty."""
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            members = {info.filename: info for info in archive.infolist()}
            if _DOCUMENT not in members:
                for sign, kind, repair in _OTHERS:
                    if sign in members or _says_of_itself(archive, members).startswith(sign):
                        raise source.refuse(f"this is {kind}, not a transcript that can be read.", repair=repair)
                raise source.refuse(
                    "this is an archive, not a transcript.", repair="Unpack it and add the files inside."
                )
            if len(members) > MAX_MEMBERS:
                raise source.refuse(f"the document has {len(members):,} parts.", repair=_DAMAGED)
            if any(info.flag_bits & 1 for info in members.values()):
                raise source.refuse(
                    "the Word document is protected by a password.", repair="Save it without the password."
                )
            unpacked = {}
            left = MAX_UNPACKED
            for name, info in members.items():
                data = b""
                if name.endswith((".xml", ".rels")):
                    with archive.open(info) as part:  # what it says of its own length may be a lie
                        data = part.read(left + 1)
                left -= len(data)
                if left < 0:
                    raise source.refuse(
                        f"the document unpacks to more than {MAX_UNPACKED // 1_000_000} MB.",
                        repair="Save its text alone.",
                    )
                _check_xml(data, source)
                unpacked[name] = data
    except (TranscriptError, MemoryError):
        raise
    except zipfile.BadZipFile as exc:
        raise source.refuse("the file is a damaged archive.", repair="Copy or export it again.") from exc
    except Exception as exc:  # zlib's, lzma's and zipfile's own, and what they raise on fields that nobody writes
        raise source.refuse(
            f"the Word document is damaged ({str(exc)[:200]}).", repair="Copy or export it again."
        ) from exc
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in unpacked.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    out.seek(0)
    return out


def _says_of_itself(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> str:
    """The kind that OpenDocument and EPUB write at their beginning; "" where there is none."""
    if "mimetype" not in members:
        return ""
    with archive.open("mimetype") as part:
        return part.read(200).decode("ascii", "replace").strip()


def _check_xml(data: bytes, source: Source) -> None:
    """TranscriptError for XML that takes more to read than its length tells: too many marks, or a language of its own."""
    if not data:
        return
    marks = data.count(b"<") - data.count(b"</") + data.count(b"=")
    if marks > MAX_MARKS:
        raise source.refuse("the document is made of millions of parts.", repair="Save it as text and add that.")
    head = data[:1000].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    declared = re.match(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})", head)
    plain = declared is None or declared[1].lower() in (b"utf-8", b"utf-16", b"us-ascii", b"ascii", b"iso-8859-1")
    if not head.startswith(b"<") or not plain or b"<!DOCTYPE" in head or b"<!ENTITY" in data:
        raise source.refuse("the Word document is damaged (no XML that Word writes).", repair=_DAMAGED)
