"""Files that are plainly something else (chapters, package files, feeds, broken JSON): refused by what they are."""

from __future__ import annotations

import json
import re

from index.formats.parsed import Parsed
from index.formats.source import Source

NAME = "other"

_KINDS = (
    ({"chapters"}, "the podcast namespace's chapters", "Add the episode's transcript instead."),
    ({"dependencies", "devDependencies", "scripts", "lockfileVersion"}, "a package file of a program", "Leave it out."),
    ({"items", "feed_url", "home_page_url"}, "a feed", "Add the transcripts that it links to."),
    (
        {"show", "title", "people", "date", "duration", "audio"},
        "metadata of an episode",
        "Name it like its transcript, ending in .meta.json.",
    ),
)
_LOOKS_LIKE_JSON = re.compile(r'\s*(?:\{\s*(?:"|\}|\Z)|\[\s*(?:[{"\]]|-?\d+\s*[,\]]))')


_XML = re.compile(r"\s*<(?:\?xml|rss|feed|opml|svg)[\s:>?-]", re.IGNORECASE)


def matches(source: Source) -> bool:
    """Whether the text is JSON or XML, or was meant to be. HTML isn't."""
    if _XML.match(source.text):
        return not re.search(r"<html[\s>]", source.text[:2000], re.IGNORECASE)
    head = source.text[:2000]
    return source.json is not None or (bool(_LOOKS_LIKE_JSON.match(head)) and ('"' in head or "{" in head))


def parse(source: Source) -> Parsed:
    """Never returns: raises TranscriptError that says what the file is instead."""
    if _XML.match(source.text):
        feed = re.search(r"<(?:rss|feed|channel|podcast:)", source.text[:5000], re.IGNORECASE)
        raise source.refuse(
            "this is a feed, not a transcript." if feed else "this is XML, not a transcript.",
            repair="Add the transcripts that it links to." if feed else "Export it as SRT, WebVTT or text.",
        )
    content = source.json
    if content is None:
        try:
            json.loads(source.text)
        except json.JSONDecodeError as exc:
            raise source.refuse(f"the JSON is broken: {exc.msg}.", line=exc.lineno, repair="Export it again.") from exc
        except ValueError as exc:  # Python reads numbers of 4,300 digits at most
            raise source.refuse("the JSON holds a number of thousands of digits.", repair="Export it again.") from exc
        except RecursionError as exc:
            raise source.refuse("the JSON can't be read: it is nested too deeply.", repair="Export it again.") from exc
    keys = list(content) if isinstance(content, dict) else []
    for wanted, kind, repair in _KINDS:
        if wanted & set(keys):
            raise source.refuse(f"this JSON is {kind}, not a transcript.", repair=repair)
    shape = f"an object with {', '.join(map(str, keys[:6]))}" if keys else f"a {type(content).__name__}"
    raise source.refuse(
        f"this JSON is {shape[:200]}, no transcript that Verbatim knows.",
        repair="Expected: segments with body or text, start and end times, maybe a speaker.",
    )
