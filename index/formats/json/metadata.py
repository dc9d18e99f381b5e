"""What a JSON transcript says of its episode beside the words."""

from __future__ import annotations

from index.formats.front_matter import merged, metadata_where_readable
from index.formats.parsed import Metadata
from index.formats.source import Source

_SAFE: dict[str, type | tuple[type, ...]] = {
    "show": str,
    "podcast": (str, dict),
    "title": str,
    "date": str,
    "published": str,
    "duration": (int, float, str),
    "description": str,
    "people": list,
    "hosts": list,
    "guests": list,
    "audio": str,
    "url": str,
    "id": str,
}


def metadata_in(source: Source) -> Metadata:
    """The fields that stand beside the segments, at the top or under `metadata` or `episode`.

    These are courtesies of the program that wrote the file: one that can't be read is passed over, not refused.
    """
    content = source.json
    if not isinstance(content, dict):
        return Metadata()
    found = Metadata()
    for block in (content, content.get("metadata"), content.get("episode")):
        if isinstance(block, dict):
            named = {key: block[key] for key, kind in _SAFE.items() if isinstance(block.get(key), kind)}
            found = merged(found, metadata_where_readable(named, source.name))
    number = content.get("episode")
    if found.title is None and isinstance(number, str | int) and not isinstance(number, bool) and str(number).strip():
        text = str(number).strip()[:500]
        found = merged(found, Metadata(title=f"Episode {text}" if text.isdigit() else text))
    return found
