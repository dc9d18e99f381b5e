"""Where the browser may play audio from: this site, the hosts that the library's episodes name, and those that a setting adds."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from index.errors import VerbatimError
from index.library import Library
from index.web import web_address

HERE = b"media-src 'self'"
MOST_HOSTS = 200  # in the header; proxies take no header of more than some thousand characters


class MediaHosts:
    """Middleware that adds the episodes' hosts to a page's policy, as the library has them when the page is opened.

    `further`: addresses of hosts that the episodes' own lead on to; browsers hold a redirect to the policy too.
    """

    def __init__(self, app: Any, *, library: Library, further: Sequence[str] = ()) -> None:
        self.app, self.library, self.further = app, library, further
        self._known: tuple[int, bytes] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_with_hosts(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", [])
                if any(name == b"content-type" and value.startswith(b"text/html") for name, value in headers):
                    message["headers"] = [
                        (
                            name,
                            value.replace(HERE, HERE + self._hosts()) if name == b"content-security-policy" else value,
                        )
                        for name, value in headers
                    ]
            await send(message)

        await self.app(scope, receive, send_with_hosts if scope["type"] == "http" else send)

    def _hosts(self) -> bytes:
        try:
            generation = self.library.generation()
            if self._known is None or self._known[0] != generation:
                hosts = media_hosts(self.further)
                hosts += sorted(set(media_hosts(summary.audio for summary in self.library.summaries())) - set(hosts))
                self._known = generation, "".join(f" {host}" for host in hosts[:MOST_HOSTS]).encode("ascii")
            return self._known[1]
        except (VerbatimError, sqlite3.Error):
            return b""  # what is wrong with the library, the page itself says


def media_hosts(addresses: Any) -> list[str]:
    """The hosts of web addresses, each with its scheme and port, as a content security policy names them; sorted."""
    hosts = set()
    for address in addresses:
        if web_address(address):
            parts = urlsplit(address)
            try:
                name = parts.netloc.encode("ascii" if parts.netloc.isascii() else "idna").decode("ascii").lower()
            except UnicodeError:
                continue
            if re.fullmatch(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d+)?", name):
                hosts.add(f"{parts.scheme}://{name}")
    return sorted(hosts)
