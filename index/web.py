"""Which addresses of the web are followed, played and linked: those of a host and nothing hidden in front of it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

# Spaces, control characters and those that turn the reading direction; quotes and brackets that could end an attribute;
# and half characters, which no address can be sent with.
_NEVER = re.compile(r"[\s\x00-\x20\x7f-\x9f\\<>\"\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def web_address(url: str | None) -> str | None:
    """`url` if it leads to a web page or a sound on the web, else None: `javascript:` and its kin lead nowhere.

    An address with a name or a password before its host is none either: what stands there reads like another host.
    """
    address = (url or "").strip()
    if not address or _NEVER.search(address):
        return None
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or port == 0:
        return None
    return address
