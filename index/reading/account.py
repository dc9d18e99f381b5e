"""Every word that stands in a file is accounted for: kept as speech or beside it, or told as left out, with the first of them.

Counts what a reader of the file sees against what was kept, whatever the format's parser did; numbers alone (times, indices)
are no words.
"""

from __future__ import annotations

import csv
import html
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from index.formats.front_matter import without_field_names
from index.formats.parsed import Metadata, Parsed, counted
from index.formats.source import Source

SHOWN = 8  # words of what was left out
LONGEST_SHOWN = 80
_WORD = re.compile(r"[^\W\d_]+")
_TAG = re.compile(r"<[^<>\n]{0,300}>")
_ADDRESS = re.compile(r"(?:https?://|www\.|mailto:)[^\s)>\]]+|(?<=\])\([^()\s]*\)")
_MARKS = re.compile(r"<[^<>\n]{0,300}>|[`*_\\~]")
_CUE_MARK = re.compile(r"\{\\[^{}\n]{0,200}\}|\{[YyCc]:[^{}\n]{0,40}\}")
_SETTING = re.compile(r"(?:-->|→).*|\b(?:align|position|line|size|vertical|region):\S+")
_UNITS = frozenset(
    "hour hours hr hrs h minute minutes min mins m second seconds sec secs s ms am pm z t to and".split()
)
_CAPTIONS = ("srt", "vtt", "sbv")


def words_left_out(source: Source, parsed: Parsed) -> tuple[int, str]:
    """(how many words of the file are nowhere in what was read, the first of them as they stand there)."""
    there = _seen(source, parsed)
    given = Counter(there.split())
    kept = Counter(" ".join(_kept(parsed)).split())
    extra, missing = kept - given, given - kept
    if not missing:
        return 0, ""
    free = _free(parsed)
    lost = _words(missing) - _words(extra)
    for word in free & lost.keys():
        del lost[word]
    if _repeats(
        source, parsed
    ):  # the same words stand there several times: those that stand nowhere else are looked for
        known = set(_words(kept))
        lost = Counter({word: count for word, count in lost.items() if word not in known})
    return sum(lost.values()), _first(there, lost) if lost else ""


def told_left_out(source: Source, parsed: Parsed) -> tuple[str, ...]:
    """The same as a line to tell; none where every word was kept."""
    number, first = words_left_out(source, parsed)
    return (f"{counted(number, 'word')} left out (first: {first!r})",) if number else ()


def _words(tokens: Counter[str]) -> Counter[str]:
    words: Counter[str] = Counter()
    for token, count in tokens.items():
        for word in _WORD.findall(_ADDRESS.sub(" ", _MARKS.sub("", token))):
            words[word.lower()] += count
    return words


def _kept(parsed: Parsed) -> Iterator[str]:
    for turn in parsed.turns:
        for piece in turn.pieces:
            yield piece.text
    yield from _said_of_itself(parsed.metadata)


def _said_of_itself(metadata: Metadata) -> Iterator[str]:
    for field in fields(metadata):
        value = getattr(metadata, field.name)
        if isinstance(value, str):
            yield value
    yield from (person.name for person in metadata.people)
    yield from (chapter.title for chapter in metadata.chapters)


def _free(parsed: Parsed) -> set[str]:
    """Words that may stand there any number of times: labels, and the units and names of times and fields."""
    labels = {turn.speaker for turn in parsed.turns if turn.speaker}
    labels |= {text for person in parsed.metadata.people for text in (person.name, person.role)}
    return {word.lower() for label in labels for word in _WORD.findall(label)} | _UNITS


def _repeats(source: Source, parsed: Parsed) -> bool:
    return source.json is not None or any("roll up" in line for line in parsed.mended)


def _first(text: str, lost: Counter[str]) -> str:
    """The first run of lost words, as it stands in the text."""
    left = Counter(lost)
    run: list[str] = []
    for token in text.split():
        words = [word.lower() for word in _WORD.findall(_ADDRESS.sub(" ", _MARKS.sub("", token)))]
        if words and all(left[word] > 0 for word in words):
            run.append(token)
            left.subtract(words)
            if len(run) == SHOWN:
                break
        elif run and words:
            break
    return " ".join(run)[:LONGEST_SHOWN]


# What a reader of the file sees


def _seen(source: Source, parsed: Parsed) -> str:
    if source.data.startswith(b"PK\x03\x04"):
        return _of_word(source)
    if source.json is not None or parsed.format.endswith("json"):
        return "\n".join(text for text in _strings(source.json) if " " in text and not _ADDRESS.fullmatch(text))
    if parsed.format in _CAPTIONS:
        return "\n".join(_caption_lines(source.text.lstrip().removeprefix("WEBVTT")))
    if parsed.format in ("html", "podcast-html") or re.match(r"\s*<(?:!doctype|html|body)", source.text[:200], re.I):
        return _of_page(source.text)
    if parsed.format in ("ttml", "timedtext", "sami"):
        return html.unescape(
            html.unescape(
                _TAG.sub(" ", re.sub(r"(?is)<head\b.*?</head>|<style\b.*?</style>|<!--.*?-->", " ", source.text))
            )
        )
    if parsed.format == "ass":
        return "\n".join(_events(source.text))
    if parsed.format == "table":
        head, _, rest = source.text.lstrip("\n").partition("\n")
        text = rest if len(head) < 200 and not re.search(r"\d", head) else source.text  # the names of its columns
        if '"' not in text:
            return text.replace("\t", " ").replace(",", " ").replace(";", " ")
        return "\n".join(" ".join(row) for row in csv.reader(io.StringIO(text)))
    text = without_field_names(source)
    return html.unescape(text) if "&" in text else text


def _caption_lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        line = _CUE_MARK.sub(" ", _TAG.sub(" ", line))
        if "-->" in line and not _WORD.search(line.partition("-->")[0]):
            line = _SETTING.sub("", line)
        yield html.unescape(line)


def _events(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if line.startswith(("Dialogue:", "Comment:")):
            yield _CUE_MARK.sub(" ", line.split(",", 9)[-1]).replace("\\N", " ").replace("\\n", " ").replace("\\h", " ")


def _strings(value: Any) -> Iterator[str]:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            stack.extend(reversed(list(item.values())))
        elif isinstance(item, list):
            stack.extend(reversed(item))


def _of_page(text: str) -> str:
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(text)
    for node in tree.css("script, style, template, noscript, svg"):
        node.decompose()
    body = tree.body or tree.root
    return body.text(separator=" ") if body is not None else ""


def _of_word(source: Source) -> str:
    """All runs of a Word document, a blank between those of two paragraphs."""
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive, archive.open("word/document.xml") as part:
            xml = part.read(100_000_000).decode("utf-8", "replace")
    except Exception:  # whoever reads the document says what is wrong with it
        return ""
    parts: list[str] = []
    for match in re.finditer(r"<w:t(?: [^<>]{0,100})?>([^<>]*)</w:t>|</w:(p|tc)>|<w:(br|tab)\b", xml):
        parts.append(match[1] if match[1] is not None else " ")
    return html.unescape("".join(parts))


def all_words(texts: Iterable[str]) -> Counter[str]:
    """The words of texts as they are counted here."""
    return _words(Counter(" ".join(texts).split()))
