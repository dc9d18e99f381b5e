"""The wall around a page: what it really uses is let through to Gradio, everything else is not there.

Gradio serves far more than a page needs: uploads, any file of its cache, a proxy, streams, a reloader. A Wall stands
around the mounted app itself and reads the same path as the app's own router, so that no spelling of an address means
one thing here and another behind it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradio.blocks import Blocks

from ui.door.bodies import MOST_BYTES, Counted, Gone, Refusal, Uploads, check_length, checked_json, replayed, whole_body
from ui.door.calls import check, check_fetched, with_status
from ui.door.cookies import kept_home

API = "/gradio_api"
MOST_LOGIN_BYTES = 64_000
MOST_UPLOAD_BYTES = 420_000_000  # as many files as the Library screen takes at once, each as large as it takes them
JSON_TYPE = re.compile(r"application/json(?:;.*)?", re.I)

# Paths as regular expressions. A part between slashes is one part: it holds no slash.
LOOKS = ("/", "/theme.css", "/favicon.ico", "/manifest.json", "/robots.txt", "/static/.+", "/assets/.+")
READS = (
    "/config",
    f"{API}/info",
    f"{API}/openapi.json",
    f"{API}/theme.css",
    f"{API}/startup-events",
    f"{API}/app_id",
    f"{API}/heartbeat/[^/]+",
    f"{API}/queue/data",
    f"{API}/call/(?:v2/)?[^/]+/[^/]+",
)
EVENTS = (f"{API}/run/[^/]+", f"{API}/queue/join", f"{API}/call/(?:v2/)?[^/]+", f"{API}/cancel", f"{API}/reset")
TOOLS = (f"{API}/mcp(?:/|/http|/http/)?",)
UPLOAD, FILE = f"{API}/upload", f"{API}/file="


def one_of(paths: Iterable[str]) -> re.Pattern[str]:
    """A pattern for any of these paths."""
    return re.compile("|".join(paths))


@dataclass(frozen=True)
class Routes:
    """What a page uses, as patterns of whole paths. `reads` answer GET and HEAD, `events` POST, `tools` (MCP) any of these;
    those of `open` need no login, and `forms` (POST) are what logs in."""

    open: re.Pattern[str]
    reads: re.Pattern[str]
    events: re.Pattern[str]
    tools: re.Pattern[str] = re.compile("(?!)")
    forms: re.Pattern[str] = re.compile("(?!)")


LISTENERS = Routes(one_of(LOOKS), one_of(READS), one_of(EVENTS), one_of([*TOOLS, f"{API}/mcp/schema"]))


def staff_routes(pages: Iterable[str]) -> Routes:
    """What the staff's page uses. `pages`: the names of its screens, as Gradio has them."""
    screens = [f"/{re.escape(name)}" for name in pages]
    return Routes(
        one_of([*LOOKS, *screens, "/config", "/logout", f"{API}/login_check"]),
        one_of([*READS, f"{API}/upload_progress"]),
        one_of(EVENTS),
        forms=one_of(["/login/?"]),
    )


class Wall:
    """ASGI app around a Gradio app. `session`: who has logged in, None where nobody has; "" where nobody needs to.

    `folder`: where that app keeps what is uploaded and what its page gives to download; None: it does neither.
    """

    def __init__(
        self,
        app: Any,
        page: Blocks,
        routes: Routes,
        session: Callable[[Any], str | None] = lambda scope: "",
        folder: str | None = None,
    ) -> None:
        self.app, self.page, self.routes, self.session, self.folder = app, page, routes, session, folder
        self.uploads = Uploads()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refused = None
        try:
            passed, receive, answer = await self.admitted(scope, receive)
            refused = await self.passed_on(passed, receive, answer(send))
        except Refusal as refusal:
            refused = refusal
        except Gone:
            return
        if refused:
            await refused.response(scope["path"])(scope, receive, send)

    async def passed_on(self, scope: Any, receive: Any, send: Any) -> Refusal | None:
        """Has Gradio answer; the Refusal where its body turned out too large meanwhile, and nothing was answered."""

        def over() -> Refusal | None:
            return receive.over if isinstance(receive, Counted) else None

        async def send_on(message: Any) -> None:
            if over():
                return  # what an app makes of a body that was cut off
            if message["type"] == "http.response.start":
                message["headers"] = kept_home(message.get("headers", []), scope)
            await send(message)

        try:
            await self.app(scope, receive, send_on)
        except Exception:
            if not over():
                raise
        return over()

    async def admitted(self, scope: Any, receive: Any) -> tuple[Any, Any, Callable[[Any], Any]]:
        """The request as it is passed on, and what is done with the answer. Refusal where it isn't."""
        from starlette._utils import get_route_path

        routes, method, path = self.routes, scope["method"], get_route_path(scope)
        if "\\" in path or "\0" in path or ".." in re.split(r"[/=]", path):
            raise Refusal(404, "Not Found")
        reading = method in ("GET", "HEAD", "OPTIONS")
        if reading and routes.open.fullmatch(path):
            return scope, receive, unchanged
        if method == "POST" and routes.forms.fullmatch(path):
            check_length(scope, MOST_LOGIN_BYTES)
            return scope, Counted(receive, MOST_LOGIN_BYTES), unchanged
        session = self.session(scope)
        event = method in ("POST", "OPTIONS") and routes.events.fullmatch(path)
        tool = method in ("GET", "POST", "DELETE", "OPTIONS") and routes.tools.fullmatch(path)
        upload = self.folder and method == "POST" and path == UPLOAD
        file = self.folder and reading and path.startswith(FILE)
        if not (event or tool or upload or file or (reading and routes.reads.fullmatch(path))):
            raise Refusal(404, "Not Found")
        if session is None:
            raise Refusal(401, "Not authenticated")
        if upload:
            check_length(scope, MOST_UPLOAD_BYTES)
            return scope, Counted(receive, MOST_UPLOAD_BYTES), lambda send: self.remembered(session, send)
        if file and not is_inside(path.removeprefix(FILE), self.folder):
            raise Refusal(404, "Not Found")
        if method == "POST":
            return *await self.with_checked_body(scope, receive, session, path), with_status
        check_fetched(self.page, path, scope)
        return scope, receive, unchanged

    async def with_checked_body(self, scope: Any, receive: Any, session: str, path: str) -> tuple[Any, Any]:
        """The request with its body read and checked: new headers, and a way to receive it. Refusal: it is too large, no JSON,
        or names what it may not."""
        headers = dict(scope["headers"])
        if headers.get(b"content-encoding", b"identity") != b"identity":
            raise Refusal(415, "The request is compressed. Send it as it is.")
        if not JSON_TYPE.fullmatch(headers.get(b"content-type", b"").decode("latin-1").strip()):
            raise Refusal(415, "The request is not JSON. Send it with: Content-Type: application/json")
        body = await whole_body(scope, receive, MOST_BYTES)
        value, body = checked_json(body or b"{}", lambda path: self.uploads.has(session, path))
        check(self.page, path, value)
        told = (b"content-length", b"content-type", b"content-encoding", b"transfer-encoding")
        kept = [(name, value) for name, value in scope["headers"] if name not in told]
        kept += [(b"content-length", str(len(body)).encode()), (b"content-type", b"application/json")]
        return scope | {"headers": kept}, replayed(body, receive)

    def remembered(self, session: str, send: Any) -> Any:
        """`send` that keeps in mind which files Gradio says that it has uploaded."""
        status, parts = 0, []

        async def send_remembered(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)
            parts.append(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body") and status == 200:
                self.uploads.add(session, json.loads(b"".join(parts)))
            await send(message)

        return send_remembered


def is_inside(path: str, folder: str | None) -> bool:
    """Whether a file really lies in that folder, whatever links lead to it."""
    return (
        folder is not None and Path(path).is_absolute() and Path(path).resolve().is_relative_to(Path(folder).resolve())
    )


def unchanged(send: Any) -> Any:
    """Sends answers as they are."""
    return send
