"""Where the timed pieces stand in a JSON file of any program: lists are found by what is in them, keys by their values.

A list is known by its path (`monologues[].elements[]`), so that the words of all monologues are one list; a row has the
fields of what it stands in, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from index.formats.times import TIME

MOST_DEPTH = 12
MOST_KEYS = 60
_FIRST_ONLY = re.compile(
    r"alternatives|n_?best|hypotheses|candidates", re.IGNORECASE
)  # other guesses at the same words
_A_TIME = re.compile(rf"(?:PT)?(?:{TIME}|\d{{1,9}}(?:\.\d{{1,9}})?(?:[HMS]|\b))(?:\d.{{0,12}}S)?")
_NO_WORDS = re.compile(r"https?://\S*|[0-9a-f-]{16,}|\d{4}-\d\d-\d\d[T ].*|[\d:.,;\s]*", re.IGNORECASE | re.DOTALL)

TEXT_KEYS = (
    "punctuated_word", "display", "text", "transcript", "sentence", "body", "content", "caption", "utterance", "utf8",
    "displaytext", "value", "word", "words", "line",
)  # fmt: skip
_START = re.compile(r"(?:^|_)(?:start|begin|from|offset|ts|in|t\d?|at|time|timestamp|timecode|position|moment)(?:_|$)")
_END = re.compile(r"(?:^|_)(?:end|stop|to|out|finish|until)(?:_|$)")
_DURATION = re.compile(r"(?:^|_)(?:d|dur|duration|length)(?:_|$)")
_SPEAKER = re.compile(
    r"(?:^|_)(?:speakers?|spk|spkid|participant|who|agent|voice|author|actor|narrator|role|user|person|talker)(?:_|$)"
)
_NO_TIME = re.compile(
    r"(?:^|_)(?:confidence|score|prob\w*|logprob|id|index|seq|channel|speaker|words?|count|tokens?|absolute|date|seek|temperature)(?:_|$)"
)
_NAME_KEY = re.compile(r"^(?:name|display_name|full_name|label)$")


@dataclass
class Rows:
    """The rows of one path, flat: `alternatives.content`, and `^speaker` for a field of what the row stands in."""

    path: str
    rows: list[dict[str, Any]] = field(default_factory=list)


def lists_in(content: Any) -> list[Rows]:
    """All lists of objects of the file, by path."""
    found: dict[str, Rows] = {}
    _walk(content, "", {}, found, 0)
    return list(found.values())


def _walk(value: Any, path: str, above: Mapping[str, Any], found: dict[str, Rows], depth: int) -> None:
    if depth > MOST_DEPTH:
        return
    if isinstance(value, list):
        if path and _FIRST_ONLY.search(path.rpartition(".")[2]):
            value = value[:1]
        rows = [row for row in value if isinstance(row, dict)]
        if not rows:
            return
        of_path = found.setdefault(f"{path}[]", Rows(f"{path}[]"))
        for row in rows:
            own = _flat(row)
            of_path.rows.append({**above, **own})
            _inner(row, f"{path}[]", {f"^{key.lstrip('^')}": v for key, v in {**above, **own}.items()}, found, depth)
    elif isinstance(value, dict):
        _inner(value, path, above, found, depth)


def _inner(row: Mapping[str, Any], path: str, above: Mapping[str, Any], found: dict[str, Rows], depth: int) -> None:
    for key, inner in list(row.items())[:MOST_KEYS]:
        if isinstance(inner, list | dict):
            _walk(inner, f"{path}.{key}", above, found, depth + 1)


def _flat(row: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in list(row.items())[:MOST_KEYS]:
        if isinstance(value, list) and value and _FIRST_ONLY.search(str(key)):
            value = value[0]
        if isinstance(value, dict) and depth < 2:
            flat |= {f"{key}.{name}": inner for name, inner in _flat(value, depth + 1).items()}
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            flat[str(key)] = value
    return flat


def plain_key(key: str) -> str:
    """`tStartMs` and `start_timestamp.relative` as words apart: `t_start_ms`, `start_timestamp_relative`."""
    return re.sub(r"[\s.\-^]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key)).lower()


def _share(rows: Sequence[Mapping[str, Any]], key: str, holds: Callable[[Any], bool]) -> float:
    return sum(key in row and holds(row[key]) for row in rows) / len(rows)


def _keys(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for row in rows[:200] for key in row))


def text_key(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """The key whose texts are the words: the most letters, or a name that says so with nearly as many."""
    letters: dict[str, int] = {}
    for key in _keys(rows):
        if key.startswith("^") or _SPEAKER.search(plain_key(key)):
            continue
        texts = [row[key] for row in rows if isinstance(row.get(key), str) and not _NO_WORDS.fullmatch(row[key])]
        # The same few values in all rows are a type or a language.
        if texts and (len(set(texts)) * 3 > len(texts) or len(texts) < 4 or key.lower() in TEXT_KEYS):
            letters[key] = sum(map(len, texts))
    if not letters:
        return None
    most = max(letters.values())
    known = [
        key
        for name in TEXT_KEYS
        for key in letters
        if key.rpartition(".")[2].lower() == name and letters[key] * 2 > most
    ]
    if known:
        return known[0]
    best = max(letters, key=letters.__getitem__)
    named = plain_key(best.rpartition(".")[2])
    return (
        None
        if _START.search(named) or named in ("id", "type", "lang", "language", "url", "source", "name", "title")
        else best
    )


def is_time(value: Any) -> bool:
    """Whether a value may be a time: a number that isn't negative, or a text as times are written."""
    if isinstance(value, str):
        return len(value) < 40 and bool(_A_TIME.fullmatch(value.strip()))
    return isinstance(value, int | float) and value >= 0


def time_keys(rows: Sequence[Mapping[str, Any]], taken: str | None) -> tuple[str | None, str | None, str | None]:
    """(the key of the start, of the end, of the duration); by name, and by values where a name is unusual."""
    keys = [
        key
        for key in _keys(rows)
        if key != taken
        and not _NO_TIME.search(plain_key(key))
        and _share(rows, key, is_time) >= (0.5 if len(rows) > 2 else 0.4)
    ]
    own = [key for key in keys if not key.startswith("^")] or keys
    starts = [
        key
        for key in own
        if _START.search(plain_key(key)) and not _END.search(plain_key(key)) and not _DURATION.search(plain_key(key))
    ]
    ends = [key for key in own if _END.search(plain_key(key)) and key not in starts]
    durations = [key for key in own if _DURATION.search(plain_key(key)) and not _END.search(plain_key(key))]
    if not starts:
        starts = [key for key in own if key not in ends and key not in durations and _rises(rows, key)]
    return _surest(starts), _surest(ends), _surest(durations)


def _surest(keys: Sequence[str]) -> str | None:
    """Of several keys of one time, the one in plain seconds."""
    return min(
        keys,
        key=lambda key: ("tick" in plain_key(key), plain_key(key).endswith(("_ms", "_nanos")), len(key)),
        default=None,
    )


def _rises(rows: Sequence[Mapping[str, Any]], key: str) -> bool:
    values = [row[key] for row in rows if isinstance(row.get(key), int | float)]
    return len(values) > 1 and len(set(values)) * 2 > len(values) and all(a <= b for a, b in pairwise(values))


def speaker_key(rows: Sequence[Mapping[str, Any]], taken: Sequence[str | None]) -> str | None:
    """The key of who speaks: a name before a label before a number; a row's own before that of what it stands in."""
    found = []
    for key in _keys(rows):
        plain_ = plain_key(key)
        named = _SPEAKER.search(plain_) or _NAME_KEY.match(plain_)
        if key in taken or not named or re.search(r"confidence|score|count|is_|time|url|image|avatar|email", plain_):
            continue
        if any(isinstance(row.get(key), str | int) for row in rows):
            rank = 0 if "name" in plain_ else 1 if "label" in plain_ else 3 if plain_.endswith("_id") else 2
            found.append((key.startswith("^") and rank > 0, rank, len(key), key))
    return min(found)[3] if found else None
