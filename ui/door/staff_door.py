"""The door to the staff's page: who may come in, and from where. Knows nothing of what is behind it.

With a name and a password, Gradio's login asks for them, from anywhere. Without, only a browser on this machine comes in,
and only with the key that `verbatim serve` prints, which is new each time that it starts: a proxy that adds no header
can't be told from somebody at this machine, but it doesn't know the key. The key is taken out of the address at once
and a cookie takes its place.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from rag.settings import Serving
from ui.door.cookies import cookies_of, header, kept_home

STAFF = "/staff"
OWN_NAME = re.compile(r"(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(:\d{1,5})?", re.I)
# What proxies, balancers and tunnels put into a request on its way; a browser at this machine sends none of it.
FORWARDED = re.compile(
    r"forwarded|via|proxy|proxy-.*|client-ip|true-client-ip|front-end-https|surrogate-capability|"
    r"x-(forwarded|real|true|client|cluster|original|originating|remote|proxy|proxied|envoy|amzn?|azure|appengine|arr|"
    r"vercel|ngrok|request|correlation|trace|scheme|ssl|https?|host|url|rewrite|nginx|varnish|haproxy|cdn|sucuri|"
    r"github|replit|gateway|source|ip|b3)(-.*)?|(cf|fly|fastly|cdn|cloudfront|akamai|tailscale|ngrok|ali|incap)-.*"
)
SHUT = "The staff's page opens with the address that verbatim serve has printed, the one with ?key= in it. Open that address."
ELSEWHERE = (
    "This request comes from a page of another site, and is not answered. Behind a proxy, let it pass the name that was "
    "asked for on (nginx: proxy_set_header Host $host)."
)


def new_key() -> str:
    """A key that nobody guesses."""
    return secrets.token_urlsafe(32)


def has_login(serving: Serving) -> bool:
    """Whether the staff's page has a name and a password."""
    return bool(serving.staff_user and serving.staff_password)


def staff_served(serving: Serving, host: str, *, share: bool = False) -> bool:
    """Whether the staff's page is served: with a login anywhere, without one to this machine only and not behind a proxy."""
    return has_login(serving) or (is_loopback(host) and not share and not serving.proxy)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def staff_login(serving: Serving) -> Callable[[str, str], bool] | None:
    """What Gradio asks about a name and a password; None where there is no login."""
    if not has_login(serving):
        return None
    wanted = (serving.staff_user or "", serving.staff_password or "")

    def allowed(user: str, password: str) -> bool:
        # Both are compared, in constant time: how long it takes tells nothing about either.
        alike = [
            hmac.compare_digest(a.encode("utf-8", "replace"), b.encode("utf-8", "replace"))
            for a, b in zip((user, password), wanted, strict=True)
        ]
        return all(alike)

    return allowed


def logged_in(app: Any) -> Callable[[Any], str | None]:
    """Who has logged in to a Gradio app, from a request: the token that its login gave out, None for nobody."""

    def session(scope: Any) -> str | None:
        cookies = cookies_of(scope)
        token = cookies.get(f"access-token-{app.cookie_id}") or cookies.get(f"access-token-unsecure-{app.cookie_id}")
        return token if token in app.tokens else None

    return session


class Key:
    """The key of one run of the server, and the cookies that it is exchanged for. Nothing is kept: a cookie is a number
    drawn by lot and the key's mark on it."""

    def __init__(self, key: str) -> None:
        self.key = key.encode()

    def is_key(self, given: str) -> bool:
        return bool(self.key) and hmac.compare_digest(given.encode("utf-8", "replace"), self.key)

    def cookie(self) -> str:
        session = secrets.token_hex(16)
        return f"{session}.{self._mark(session)}"

    def session(self, scope: Any) -> str | None:
        """Whose request this is: None where it isn't of somebody at this machine who has had the key."""
        session, _, mark = cookies_of(scope).get(cookie_name(scope), "").partition(".")
        right = hmac.compare_digest(mark.encode("utf-8", "replace"), self._mark(session).encode())
        return session if right and bool(self.key) and from_here(scope) else None

    def _mark(self, session: str) -> str:
        return hmac.digest(self.key, b"staff:" + session.encode("utf-8", "replace"), "sha256").hex()


def cookie_name(scope: Any) -> str:
    # Cookies know no ports: two servers on this machine must not take each other's place.
    return f"verbatim-staff-{(scope.get('server') or ('', 0))[1]}"


def from_here(scope: Any) -> bool:
    """Whether somebody at this machine asks, under one of this machine's own names, with nothing between.

    The name counts because a web page of somebody else may give its own name this machine's address.
    """
    forwarded = any(
        FORWARDED.fullmatch(name.decode("latin-1").lower()) for name, _ in scope["headers"] if name != b"host"
    )
    own_name = OWN_NAME.fullmatch(header(scope, b"host") or "")
    return is_loopback((scope.get("client") or ("",))[0]) and bool(own_name) and not forwarded


def from_another_site(scope: Any) -> bool:
    """Whether a page of another origin sent this. The browser says so itself where it can (Fetch Metadata); else the name
    of the origin is compared with the name that was asked for."""
    said = header(scope, b"sec-fetch-site")
    if said is not None and said != "none":
        return said != "same-origin"
    origin = header(scope, b"origin") or (header(scope, b"referer") if scope["path"].endswith("/logout") else None)
    if origin is None:
        return False  # no browser's page: they all say where they stand when they change something
    names = [header(scope, b"host"), (header(scope, b"x-forwarded-host") or "").split(",")[0].strip()]
    return not origin.startswith(("http://", "https://")) or urlsplit(origin).netloc.lower() not in [
        name.lower() for name in names if name
    ]


def opens_a_page(scope: Any) -> bool:
    """Whether this is somebody who follows a link to a page, which changes nothing."""
    to_read = scope["method"] in ("GET", "HEAD") and not scope["path"].rstrip("/").endswith("/logout")
    return to_read and header(scope, b"sec-fetch-mode") == "navigate" and header(scope, b"sec-fetch-dest") == "document"


class StaffDoor:
    """ASGI app around the staff's page. `key`: what opens it where there is no login; None where there is one."""

    def __init__(self, app: Any, key: Key | None) -> None:
        self.app, self.key = app, key

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from starlette.responses import PlainTextResponse

        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # Gradio has none, and the page needs none
        elif self.key and not from_here(scope):
            await PlainTextResponse("Not Found", 404)(scope, receive, send)
        elif from_another_site(scope) and not opens_a_page(scope):
            await PlainTextResponse(ELSEWHERE, 403)(scope, receive, send)
        elif self.key and (answer := self._exchanged(self.key, scope)):
            await answer(scope, receive, send)
        elif self.key and self.key.session(scope) is None:
            await PlainTextResponse(SHUT, 403)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _exchanged(self, key: Key, scope: Any) -> Any:
        """The way on for who brings the key, with a cookie; None for everybody else."""
        from starlette.requests import Request
        from starlette.responses import RedirectResponse

        request = Request(scope)
        given = request.query_params.getlist("key")
        if scope["method"] != "GET" or len(given) != 1:
            return None
        if not key.is_key(given[0]):
            return None
        answer = RedirectResponse(str(request.url.remove_query_params("key")), 303)
        answer.headers["cache-control"] = "no-store"
        answer.headers["referrer-policy"] = "no-referrer"
        answer.set_cookie(cookie_name(scope), key.cookie())
        answer.raw_headers = kept_home(answer.raw_headers, scope)
        return answer
