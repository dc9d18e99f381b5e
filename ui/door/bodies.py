"""What a request brings along: read whole within a limit, and looked through before Gradio sees it. Knows nothing of pages.

Gradio copies every file that an event's input names, `{"path": …, "meta": {"_type": "gradio.FileData"}}`, wherever in it
that stands. So no request may name one, but those that its own session has uploaded.
"""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from starlette.responses import JSONResponse, Response

from index.plain import HALF

MOST_BYTES = 4_000_000  # of a request in JSON: a conversation that a browser keeps is a tenth of it
MOST_DEPTH = 32  # lists and objects within each other; pages need eight
LARGEST_NUMBER = 2**53  # whole numbers beyond aren't told apart by every reader of JSON (RFC 8259, 6)
MOST_SESSIONS = 200
MOST_FILES = 1_000  # of one session; the ones uploaded first are forgotten beyond that
FILE_FIELDS = frozenset(["path", "url", "size", "orig_name", "mime_type", "is_stream", "meta"])
FILE_MARK = {"_type": "gradio.FileData"}


class Refusal(Exception):
    """A request that isn't passed on: an HTTP status, and a line for whoever sent it."""

    def __init__(self, status: int, line: str) -> None:
        super().__init__(line)
        self.status, self.line = status, line

    def response(self, path: str) -> Response:
        """What is answered to a request for that path: the line, in the form that its callers read."""
        if "/gradio_api/mcp" in path:
            told = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": self.line}}
            return JSONResponse(told, self.status)
        return JSONResponse({"detail": self.line, "error": self.line}, self.status)


class Gone(Exception):
    """Whoever sent the request has left before its end."""


class Uploads:
    """The files that each session has uploaded, by the exact paths that Gradio answered with."""

    def __init__(self) -> None:
        self._paths: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()

    def add(self, session: str, paths: Iterable[str]) -> None:
        """Remember files that a session uploaded; the oldest files and sessions are forgotten beyond the limits."""
        held = self._paths.setdefault(session, OrderedDict())
        self._paths.move_to_end(session)
        held.update(dict.fromkeys(paths))
        while len(held) > MOST_FILES:
            held.popitem(last=False)
        while len(self._paths) > MOST_SESSIONS:
            self._paths.popitem(last=False)

    def has(self, session: str | None, path: str) -> bool:
        """True where that session uploaded that file and it isn't forgotten yet."""
        return session is not None and path in self._paths.get(session, ())


def checked_json(body: bytes, may_name: Callable[[str], bool]) -> tuple[Any, bytes]:
    """The body's value, and the body written anew, so that Gradio reads exactly what was looked through, whatever its own
    reader makes of keys that stand twice, of odd encodings or escapes. Refusal where it isn't passed on.

    `may_name`: whether a file may be named, by its path.
    """
    value = read_json(body)
    look_through(value, may_name)
    return value, json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")


def read_json(body: bytes) -> Any:
    """The body's value. Refusal: it is no JSON, or has what JSON can't be meant to have."""
    try:
        return json.loads(body.decode("utf-8", errors="surrogatepass"), parse_constant=_no_number)
    except RecursionError as error:
        raise too_deep() from error
    except UnicodeDecodeError as error:
        raise Refusal(400, "The request is not UTF-8 text.") from error
    except json.JSONDecodeError as error:
        raise Refusal(400, f"The request is not JSON: it can't be read from character {error.pos + 1} on.") from error
    except ValueError as error:  # Python reads no number of more than 4,300 digits
        raise Refusal(422, "The request has a number that is too large.") from error


def _no_number(name: str) -> float:
    raise Refusal(422, f"The request has {name} where a number belongs.")


def too_deep() -> Refusal:
    """The refusal (422) of a body nested too deep."""
    return Refusal(422, f"The request has lists and objects within each other, more than {MOST_DEPTH} deep.")


def look_through(value: Any, may_name: Callable[[str], bool]) -> None:
    """Refusal where anything in it names a file that mustn't be named, is nested too deep, or can't be read."""
    waiting = [(value, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MOST_DEPTH:
            raise too_deep()
        if isinstance(value, dict):
            for key in value:
                check_text(key)
            if "path" in value or "_type" in value:
                _check_file(value, may_name)
                waiting += [(inner, depth + 1) for inner in value.values() if not isinstance(inner, dict)]
            else:
                waiting += [(inner, depth + 1) for inner in value.values()]
        elif isinstance(value, list):
            waiting += [(inner, depth + 1) for inner in value]
        elif isinstance(value, str):
            check_text(value)
        elif isinstance(value, (int, float)) and not _usual(value):
            raise Refusal(422, "The request has a number that is too large.")


def check_text(text: str) -> None:
    """Refusal where half a character (a surrogate) stands alone."""
    if half := HALF.search(text):
        raise Refusal(
            422, f"The text has half a character (U+{ord(half[0]):04X}), which nobody can read. Send it without."
        )


def _usual(number: float) -> bool:
    return math.isfinite(number) if isinstance(number, float) else abs(number) <= LARGEST_NUMBER


def _check_file(named: dict[str, Any], may_name: Callable[[str], bool]) -> None:
    path, plain = named.get("path"), all(not isinstance(named[key], (dict, list)) for key in named.keys() - {"meta"})
    if not (
        isinstance(path, str)
        and named.keys() <= FILE_FIELDS
        and plain
        and named.get("meta") == FILE_MARK
        and not named.get("is_stream")
        and may_name(path)
    ):
        raise Refusal(422, "The request names a file that was not uploaded here. Upload the file, then send it again.")


async def whole_body(scope: Any, receive: Any, most: int) -> bytes:
    """All of a request's body. Refusal: more than `most` bytes. Gone: it ended before its end."""
    check_length(scope, most)
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Gone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise too_large(most)
        if not message.get("more_body"):
            return b"".join(parts)


class Counted:
    """`receive` that ends with a Refusal once more than `most` bytes have come; `over` keeps it, whatever an app makes of it."""

    def __init__(self, receive: Any, most: int) -> None:
        self.receive, self.most = receive, most
        self.size = 0
        self.over: Refusal | None = None

    async def __call__(self) -> Any:
        message = await self.receive()
        self.size += len(message.get("body", b""))
        if self.size > self.most:
            self.over = too_large(self.most)
            raise self.over
        return message


def replayed(body: bytes, receive: Any) -> Any:
    """`receive` that begins with this body; what comes afterwards (that somebody has left) is told as it comes."""
    told = False

    async def receive_replayed() -> Any:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_replayed


def check_length(scope: Any, most: int) -> None:
    """Refusal where the request itself says that it is longer."""
    said = dict(scope["headers"]).get(b"content-length", b"0")
    if not said.isdigit() or len(said) > 15 or int(said) > most:
        raise too_large(most)


def too_large(most: int) -> Refusal:
    """The refusal (413) of a body over `most` bytes."""
    return Refusal(413, f"The request is larger than {max(1, most // 1000):,} kB, which is the most that is read.")
