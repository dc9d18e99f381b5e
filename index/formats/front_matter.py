"""What a front matter block or a `.meta.json` beside the transcript says of the episode, checked field by field."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from index.episode import Chapter, Person, Role
from index.errors import TranscriptError
from index.formats.parsed import Metadata
from index.formats.source import Source
from index.formats.times import seconds
from index.plain import HALF, is_plain, plain
from index.web import web_address

MAX_BLOCK = 64_000  # characters of front matter
# What may be a field's name, by where it stands: at a line's start, or after "{", "," or "- ".
_FIELD = re.compile(
    r"""(^[ \t]*+(?:-[ ]++)*+(?:&\w++[ ]++)?+|[{,][ ]*+)(["']?)([^\s"':{},][^"':{},\n]{0,80}+)\2[ \t]*+:""",
    re.MULTILINE,
)
MAX_TEXT = 2_000
MAX_DESCRIPTION = 50_000
MAX_PEOPLE = 200
MAX_CHAPTERS = 200

_ROLES: dict[str, Role] = {
    "host": "host",
    "co-host": "host",
    "cohost": "host",
    "presenter": "host",
    "moderator": "host",
    "interviewer": "host",
    "guest": "guest",
    "interviewee": "guest",
    "panelist": "guest",
    "speaker": "unknown",
}
_PEOPLE_KEYS = {
    "people": "unknown",
    "speakers": "unknown",
    "hosts": "host",
    "host": "host",
    "guests": "guest",
    "guest": "guest",
}
_DATES = (
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%B %d, %Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%d %b %Y",
    "%Y%m%d",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S GMT",
)
_UNQUOTED = re.compile(r"^([A-Za-z_][\w-]*):[ \t]++(?![\"'\[{|>&*!])(.*:(?:\s.*|$)|[@`%].*)$", re.MULTILINE)


def metadata_from_mapping(mapping: Mapping[str, Any], path: str | Path) -> Metadata:
    """The fields that Verbatim knows, checked; other keys are left alone. Raises TranscriptError naming the field.

    Keys: id, show (a name, or name and description), show_description, title, date, duration (seconds or "1:02:03"),
    description, people (names, or name and role), hosts, guests, chapters (startTime and title, as in the podcast namespace),
    audio (path or URL), url.
    """
    if not isinstance(mapping, Mapping):
        raise TranscriptError(path, "the metadata is no table of fields.", repair="Write it as `title: …`, one a line.")
    fields = {key.strip().lower().replace("-", "_"): value for key, value in mapping.items() if isinstance(key, str)}
    show = fields.get("show", fields.get("podcast"))
    show_description = fields.get("show_description")
    if isinstance(show, Mapping):
        show_description = show_description or show.get("description")
        show = show.get("name") or show.get("title")
    return Metadata(
        id=_id(fields.get("id"), path),
        show=_text(show, "show", path),
        show_description=_text(show_description, "show_description", path, limit=MAX_DESCRIPTION),
        title=_text(fields.get("title"), "title", path),
        date=_date(fields.get("date", fields.get("published")), path),
        duration=_duration(fields.get("duration"), path),
        description=_text(fields.get("description", fields.get("summary")), "description", path, limit=MAX_DESCRIPTION),
        people=_people(fields, path),
        chapters=_chapters(fields.get("chapters"), path),
        audio=_address(fields.get("audio"), "audio", path),
        url=_address(fields.get("url", fields.get("link")), "url", path),
    )


def metadata_where_readable(mapping: Mapping[str, Any], path: str | Path) -> Metadata:
    """As `metadata_from_mapping`, for lines nobody wrote as metadata: a field that can't be read is passed over."""
    found = Metadata()
    for key, value in mapping.items():
        try:
            found = merged(found, metadata_from_mapping({key: value}, path))
        except TranscriptError:
            continue
    return found


def split_front_matter(source: Source) -> tuple[Metadata, int, list[str]]:
    """What the block between `---` lines at the top says, the line (from 0) after it, and what was mended.

    Without a block: empty Metadata and line 0. Raises TranscriptError for a block that can't be read.
    """
    found = _block(source)
    if found is None:
        return Metadata(), 0, []
    start, end = found
    mapping, mended = _yaml(source.text[start:end], source, source.text[:start].count("\n") + 1)
    after = source.text[:end].count("\n") + 1
    if mapping is None:
        return Metadata(), after, mended
    return metadata_from_mapping(mapping, source.name), after, mended


def without_field_names(source: Source) -> str:
    """The text without the names of the fields in its front matter, which are nobody's words. The block is one that can be read."""
    found = _block(source)
    if found is None:
        return source.text
    start, end = found
    block = source.text[start:end]
    names = _names(_yaml(block, source, 1)[0])
    block = _FIELD.sub(lambda match: match[1] if match[3].rstrip() in names else match[0], block)
    return source.text[:start] + block + source.text[end:]


def _block(source: Source) -> tuple[int, int] | None:
    """Where the block between `---` lines at the top starts and ends, in characters; None where there is none."""
    text = source.text.lstrip("\n ")
    if not text.startswith("---\n"):
        return None
    close = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE).search(text, 4, 4 + MAX_BLOCK)
    if close is None or not re.search(r"^[A-Za-z_][\w -]*:", text[4 : close.start()], re.MULTILINE):
        return None  # also two rules with words between them
    skipped = len(source.text) - len(text)
    return skipped + 4, skipped + close.start()


def _names(value: Any) -> set[str]:
    """The names of all fields in a value, however deep."""
    names: set[str] = set()
    stack, seen = [value], set()
    while stack:
        item = stack.pop()
        if id(item) in seen or not isinstance(item, (dict, list)):
            continue
        seen.add(id(item))  # YAML's aliases make of a few lines a value without end
        if isinstance(item, dict):
            names.update(map(str, item))
        stack.extend(item.values() if isinstance(item, dict) else item)
    return names


def merged(first: Metadata, second: Metadata) -> Metadata:
    """`first`, and `second` where `first` says nothing. People of both, each once."""
    known = {person.name.casefold() for person in first.people}
    people = first.people + tuple(person for person in second.people if person.name.casefold() not in known)
    values = {name: getattr(first, name) or getattr(second, name) for name in Metadata.__dataclass_fields__}
    return Metadata(**{**values, "people": people})


def _yaml(block: str, source: Source, first_line: int) -> tuple[Mapping[str, Any] | None, list[str]]:
    import yaml

    class Loader(yaml.SafeLoader):
        """YAML as it is, but that `<<` merges nothing: merged over and over, a few lines fill the memory."""

        def flatten_mapping(self, node: Any) -> None:
            pass

    def load(text: str) -> Any:
        try:
            return yaml.load(text, Loader)
        except (ValueError, LookupError, AttributeError, TypeError, ArithmeticError) as exc:
            # What the constructors of the standard types raise for `!!float x`, `0001-01-01 00:00:00 +05:00` and their kin.
            raise yaml.YAMLError(str(exc)) from exc

    mended: list[str] = []
    try:
        mapping = load(block)
    except (yaml.YAMLError, RecursionError) as exc:
        # The common fault is `title: Part 2: The end`, which YAML wants in quotes.
        quoted = _UNQUOTED.sub(
            lambda m: f'{m[1]}: "{m[2].replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34))}"', block
        )
        try:
            mapping = load(quoted)
            mended.append("front matter: values with a colon were read as if they stood in quotes")
        except (yaml.YAMLError, RecursionError):
            mark = getattr(exc, "context_mark", None) or getattr(exc, "problem_mark", None)
            problem = getattr(exc, "problem", None) or "it is no YAML"
            raise source.refuse(
                f"the front matter can't be read: {problem}.",
                line=first_line + (mark.line if mark else 0),
                repair="Put the value in quotes, or write one `name: value` a line.",
            ) from exc
    if mapping is not None and not isinstance(mapping, Mapping):
        raise source.refuse(
            "the front matter is no table of fields.", line=first_line, repair="Write one `name: value` a line."
        )
    texts = [text for value in (mapping or {}).values() for text in (value if isinstance(value, list) else [value])]
    if any(isinstance(text, str) and HALF.search(text) for text in texts):
        mended.append("front matter: half a character left out")
    return mapping, mended


def _wrong(path: str | Path, field: str, value: object, wanted: str) -> TranscriptError:
    return TranscriptError(path, f"{field} is {_shown(value)}.", repair=f"It should be {wanted}.")


def _shown(value: object) -> str:
    """The value in 60 characters. What holds others isn't unfolded: a few lines of YAML can stand for gigabytes."""
    if isinstance(value, Mapping):
        return "a table of fields"
    if isinstance(value, list | tuple | set):
        return "a list"
    if isinstance(value, str):
        return repr(value[:60]) + "…" if len(value) > 60 else repr(value)
    shown = hex(value) if isinstance(value, int) and not isinstance(value, bool) else repr(value)
    shown = repr(value) if len(shown) < 500 else f"a number of {len(shown):,} hexadecimal digits"
    return shown[:60] + "…" if len(shown) > 60 else shown


def _text(value: object, field: str, path: str | Path, *, limit: int = MAX_TEXT) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float | datetime.date):
        raise _wrong(path, field, value, "text")
    try:
        text = plain(str(value)).strip()
    except ValueError as exc:  # a number of more digits than Python writes
        raise _wrong(path, field, value, "text") from exc
    if field not in ("description", "show_description"):
        text = " ".join(text.split())
    if len(text) > limit:
        raise _wrong(path, field, text, f"at most {limit} characters long")
    return text or None


def _id(value: object, path: str | Path) -> str | None:
    text = _text(value, "id", path)
    if text is not None and (len(text) > 200 or re.search(r"[/\\\s]", text) or text in (".", "..")):
        raise _wrong(path, "id", text, "one word without slashes, at most 200 characters long")
    return text


def _date(value: object, path: str | Path) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, str) or (isinstance(value, int) and 0 <= value < 10**8):
        text = str(value).strip()[:100]
        try:
            return datetime.date.fromisoformat(text[:10] if len(text) > 10 and text[10] in "T " else text).isoformat()
        except ValueError:
            for pattern in _DATES:
                try:
                    return datetime.datetime.strptime(text, pattern).date().isoformat()
                except ValueError:
                    continue
    raise _wrong(path, "date", value, "a day such as 2024-02-01")


def _duration(value: object, path: str | Path, *, field: str = "duration") -> float | None:
    if value is None or value == "":
        return None
    number: float | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value) if 0 <= value < 1e6 else None
    elif isinstance(value, str) and len(value) < 40:
        number = seconds(value)
    if number is None or not math.isfinite(number) or not 0 <= number < 1e6:
        raise _wrong(path, field, value, 'seconds (3723.5) or a clock time ("1:02:03")')
    return number


def _chapters(value: object, path: str | Path) -> tuple[Chapter, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(entry, Mapping) for entry in value):
        raise _wrong(path, "chapters", value, "a list of {startTime, title}")
    if len(value) > MAX_CHAPTERS:
        raise _wrong(path, "chapters", value, f"a list of at most {MAX_CHAPTERS} chapters")
    found = set()
    for entry in value:
        start = _duration(entry.get("startTime", entry.get("start")), path, field="chapters: startTime")
        title = _text(entry.get("title"), "chapters: title", path)
        if start is not None and title is not None:
            found.add(Chapter(start, title))
    return tuple(sorted(found))


def _people(fields: Mapping[str, Any], path: str | Path) -> tuple[Person, ...]:
    people: dict[str, Person] = {}
    for key, default in _PEOPLE_KEYS.items():
        value = fields.get(key)
        if value is None:
            continue
        if isinstance(value, str):
            value = [name.strip() for name in re.split("[,;]", value)] if key != "host" and key != "guest" else [value]
        if isinstance(value, Mapping):
            value = [value]
        if not isinstance(value, list | tuple):
            raise _wrong(path, key, value, "a list of names, or of {name, role}")
        if len(value) > MAX_PEOPLE:
            raise _wrong(path, key, value, f"a list of at most {MAX_PEOPLE} people")
        for entry in value:
            person = _person(entry, key, default, path)
            if person is not None and (person.name not in people or people[person.name].role == "unknown"):
                people[person.name] = person
    return tuple(people.values())


def _person(entry: object, key: str, default: str, path: str | Path) -> Person | None:
    role: object = None
    if isinstance(entry, Mapping):
        role = entry.get("role")
        entry = entry.get("name")
        if not isinstance(entry, str):
            raise _wrong(path, key, entry, "a list of names, or of {name, role}")
    if not isinstance(entry, str):
        raise _wrong(path, key, entry, "a list of names, or of {name, role}")
    name = _text(entry, key, path)
    if name is None:
        return None
    if role is not None and not isinstance(role, str):
        raise _wrong(path, f"{key}: role of {name}", role, f"one of {', '.join(get_args(Role))}")
    return Person(name, _ROLES.get((role or default).strip().lower(), "unknown"))


def _address(value: object, field: str, path: str | Path) -> str | None:
    text = _text(value, field, path)
    if text is None:
        return None
    # A page that is opened, and played, from here: no javascript:, data: or file: address gets in, none of another host
    # than the one that it seems to name, and none that reads otherwise with its control characters taken out.
    a_path = field == "audio" and not re.match(r"[A-Za-z][A-Za-z0-9+.\-]+:|//", text)
    if not is_plain(str(value).strip()) or not (a_path or web_address(text)):
        raise _wrong(
            path, field, value, "an http(s) address without a name before its host" + " or a path" * (field == "audio")
        )
    return text
