"""HTML: the podcast namespace's (`<cite>`, `<time>`, `<p>`) and whole web pages around a transcript."""

from __future__ import annotations

import re
from typing import Any

from index.formats.documents import text as text_format
from index.formats.documents.page import is_note
from index.formats.front_matter import merged, metadata_where_readable
from index.formats.labels import clean_label
from index.formats.marks import pieces_of
from index.formats.parsed import Metadata, Parsed, ParsedTurn, Piece
from index.formats.source import Source
from index.formats.times import CLOCK, TIME, seconds


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NAME = "html"
NAMESPACE_NAME = "podcast-html"

MAX_DEPTH = 1_000  # of elements in each other: parsers of HTML look through all that are open for each new one
MAX_LABEL = 500  # characters of who speaks, or when
MIN_WORDS = 20  # a page with fewer holds a menu and no talk

_DROPPED = (
    "script, style, nav, footer, header nav, noscript, template, svg, form, button, iframe, aside, select, option"
)
_BLOCKS = _words(
    "p div section article main li ul ol h1 h2 h3 h4 h5 h6 blockquote tr table dt dd dl pre body header figure "
    "figcaption address hr"
)
_ERROR = re.compile(
    r"\b(?:40[0134]|410|429|50[0234])\b|not found|access denied|forbidden|just a moment|are you (?:a )?(?:human|robot)"
    r"|page (?:does not|doesn['’]t) exist|service unavailable|bad gateway|internal server error|attention required",
    re.IGNORECASE,
)
_HTML = re.compile(
    # Each comment ends where it first can: there is one way to divide many, and not every way is tried.
    r"\s*+(?:(?><!--.{0,2000}?-->)\s*+|<\?xml[^>]{0,200}\?>\s*+)*+<(?:!doctype\s+html|html|head|body|article|main|section|div|cite|p|h[1-6]|table)\b",
    re.IGNORECASE | re.DOTALL,
)
_ELEMENT = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,30})")
_CLOSED_BY_OTHERS = _words(
    "p li dt dd tr td th tbody thead tfoot option optgroup br hr img input meta link source wbr col area base embed param "
    "track html head body"
)
_A_TIME = re.compile(rf"[\[(]?{TIME}[\])]?")
_CITED = re.compile(r"<cite[\s>]", re.IGNORECASE)


def matches(source: Source) -> bool:
    """Whether the text begins as HTML does."""
    return bool(_HTML.match(source.text[:6000])) or bool(
        _CITED.search(source.text[:20_000]) and "<p" in source.text[:20_000]
    )


def parse(source: Source) -> Parsed:
    """The turns of a namespace transcript, or of the main text of a page. Raises TranscriptError for error pages."""
    from selectolax.lexbor import LexborHTMLParser

    _check_depth(source)
    tree = LexborHTMLParser(source.text)
    title = _first_text(tree, "title") or _first_text(tree, "h1") or ""
    metadata = _metadata(tree, source, title)
    body = tree.body or tree.root
    if body is None:
        raise source.refuse("the page has no text.", repair="Save the page again once it shows the transcript.")
    cites = tree.css("cite")
    if cites and (len(cites) > 1 or tree.css_first("time") is not None):
        turns = _cited(body)
        if turns:
            return Parsed(NAMESPACE_NAME, turns, metadata)
    for node in tree.css(_DROPPED):
        node.decompose()
    lines = _lines(_main(tree) or body)
    words = sum(len(line.split()) for line in lines)
    if (_ERROR.search(title) and words < 300) or (_ERROR.search(" ".join(lines)[:200]) and words < 80):
        shown = title or " ".join(lines)[:60]
        raise source.refuse(
            f"this is an error page ({shown[:80]!r}), not a transcript.", repair="Download the transcript again."
        )
    if words < MIN_WORDS:
        raise source.refuse(
            f"the page has only {words} words of text.",
            repair="If the transcript is loaded by a script, save the page from the browser, or copy its text.",
        )
    return text_format.parse_lines(lines, source, metadata, markdown=False)


def _cited(body: Any) -> tuple[ParsedTurn, ...]:
    """cite and time open a turn, each p is a piece of it; several ps may follow one cite."""
    turns: list[ParsedTurn] = []
    pieces: list[Piece] = []
    speaker: str | None = None
    start: float | None = None
    for node in body.traverse(include_text=False):
        if node.tag == "cite":
            label = clean_label(" ".join(node.text().split())[:MAX_LABEL]) or None
            if pieces and label != speaker:
                turns.append(ParsedTurn(speaker, tuple(pieces)))
                pieces = []
            speaker = label
        elif node.tag == "time":
            shown = node.text()[:MAX_LABEL]
            clock = re.search(CLOCK, shown) or re.search(r"\d{1,9}(?:\.\d{1,9})?", shown)
            start = seconds(clock[0]) if clock else None
        elif node.tag == "p":
            words = "".join(
                child.text() if child.tag != "br" else " "
                for child in node.iter(include_text=True)
                if child.tag not in ("cite", "time")
            )
            found = pieces_of(words, start)
            if found:
                pieces.extend(found if not is_note(words) else [piece._replace(speech=False) for piece in found])
                start = None
    if pieces:
        turns.append(ParsedTurn(speaker, tuple(pieces)))
    return tuple(turns)


def _main(tree: Any) -> Any:
    """The element that holds the transcript, or the page's main part."""
    for query in ("[class*=transcript]", "[id*=transcript]", "[class*=Transcript]", "article", "main", "[role=main]"):
        found = _outermost(
            [node for node in tree.css(query) if node.tag not in ("a", "button", "body", "html", "h1", "h2", "h3")]
        )
        best = max(found, key=lambda node: len(node.text()), default=None)
        if best is not None and len(best.text().split()) >= 50:
            return best
    return None


def _outermost(nodes: list[Any]) -> list[Any]:
    """Those of the nodes, which come in the page's order, that stand in none of the others: they hold the others' text."""
    ids = {node.mem_id for node in nodes}
    kept = []
    for node in nodes:
        above = node.parent
        while above is not None and above.mem_id not in ids:
            above = above.parent
        if above is None:
            kept.append(node)
    return kept


def _check_depth(source: Source) -> None:
    """TranscriptError for a page whose elements stand in each other thousands deep; those that close by themselves don't count."""
    depth = deepest = 0
    for element in _ELEMENT.finditer(source.text):
        if element[2].lower() not in _CLOSED_BY_OTHERS:
            depth = max(0, depth - 1) if element[1] else depth + 1
            deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise source.refuse(
            f"its elements stand in each other {deepest:,} deep.", repair="Copy the page's text into a .txt file."
        )


def _lines(node: Any) -> list[str]:
    """The text as a reader sees it, a line for each block."""
    lines: list[str] = []
    line: list[str] = []

    def close() -> None:
        text = "\t".join(" ".join(cell.split()) for cell in "".join(line).split("\t")).strip("\t")
        line.clear()
        if text:
            lines.extend((text, ""))

    # An explicit stack: pages nest deeper than Python's recursion does.
    stack: list[tuple[Any, bool]] = [(node, False)]
    while stack:
        current, done = stack.pop()
        if done or current.tag == "br":
            close()
            continue
        if current.tag == "-text":
            line.append(current.text(deep=False).replace("\t", " "))
            continue
        if current.tag == "_comment" or current.tag == "-comment":
            continue
        if current.tag in _BLOCKS:
            close()
            stack.append((current, True))
        elif current.tag in ("td", "th"):
            line.append("\t")
        elif current.tag == "dt" or (line and _stands_apart(current)):
            line.append(" ")
        children = list(current.iter(include_text=True))
        stack.extend((child, False) for child in reversed(children))
    close()
    return lines


def _stands_apart(node: Any) -> bool:
    """Whether an element inside a line is set apart by the page's style: it or the one before it is a time."""
    before = node.prev
    if before is None or before.tag.startswith(("-", "_")) or node.tag.startswith(("-", "_")):
        return False
    return any(_A_TIME.fullmatch(one.text()[:40].strip()) for one in (before, node))


def _metadata(tree: Any, source: Source, title: str) -> Metadata:
    def content(*names: str) -> str | None:
        for name in names:
            for key in ("property", "name", "itemprop"):
                node = tree.css_first(f'meta[{key}="{name}"]')
                if node is not None and (node.attributes.get("content") or "").strip():
                    return node.attributes["content"].strip()
        return None

    show = (content("og:site_name") or "")[:2000] or None
    heading = (content("og:title") or _first_text(tree, "h1") or title)[:2000]
    # "The episode | The show" is how pages are titled; what repeats the show's name is no part of the episode's.
    if show and heading:
        heading = re.sub(rf"\s*[|–—:-]\s*{re.escape(show)}\s*$", "", heading) or heading
    found = {
        "show": show,
        "title": heading or None,
        "description": content("og:description", "description"),
        "url": content("og:url"),
        "audio": content("og:audio"),
        "date": (content("article:published_time", "datePublished") or "")[:10] or None,
    }
    node = tree.css_first('link[rel="canonical"]')
    if node is not None and not found["url"]:
        found["url"] = node.attributes.get("href")
    return merged(
        metadata_where_readable({key: value for key, value in found.items() if value}, source.name), Metadata()
    )


def _first_text(tree: Any, query: str) -> str | None:
    node = tree.css_first(query)
    return " ".join(node.text().split()) or None if node is not None else None
