"""Cookies that stay with this site: what a request brings, and what an answer sets. Knows nothing of who logs in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

OURS = (b"httponly", b"samesite", b"secure")  # attributes that are said anew

Headers = Iterable[tuple[bytes, bytes]]


def header(scope: Any, name: bytes, between: str = ", ") -> str | None:
    """A request's header; None where it isn't there. Where it stands several times, all of them in one."""
    found = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return between.join(found) if found else None


def cookies_of(scope: Any) -> dict[str, str]:
    """The request's cookies by name, read as Gradio reads them."""
    from starlette.requests import cookie_parser

    return cookie_parser(header(scope, b"cookie", "; ") or "")


def kept_home(headers: Headers, scope: Any) -> list[tuple[bytes, bytes]]:
    """An answer's headers with every cookie out of reach of scripts and other sites, and under TLS of eavesdroppers."""
    return [(key, _kept(value, behind_tls(scope)) if key.lower() == b"set-cookie" else value) for key, value in headers]


def _kept(cookie: bytes, tls: bool) -> bytes:
    said = [part.strip() for part in cookie.split(b";")]
    plain = [said[0], *(part for part in said[1:] if part.split(b"=")[0].strip().lower() not in OURS)]
    return b"; ".join([*plain, b"HttpOnly", b"SameSite=Lax", *([b"Secure"] if tls else [])])


def behind_tls(scope: Any) -> bool:
    """Whether the browser came over TLS: here, or at a proxy that says so. A browser that posts says it itself."""
    proxied = (header(scope, b"x-forwarded-proto") or "").split(",")[0].strip().lower()
    origin = (header(scope, b"origin") or "").lower()
    forwarded = (header(scope, b"forwarded") or "").lower().replace('"', "")
    return (
        scope.get("scheme") == "https"
        or proxied == "https"
        or "proto=https" in forwarded
        or origin.startswith("https://")
    )
