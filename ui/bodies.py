"""What is sent to the pages' functions is looked at before Gradio sees it: whatever no function could mean is refused in one line.

Gradio takes any JSON, and tells of what doesn't fit by a traceback in the log and an internal message, or none. Knows the
functions of the mounted pages; what a value means, they check themselves.
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import gradio as gr
from gradio.blocks import Blocks
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

log = logging.getLogger(__name__)

LARGEST = 4 * 1024 * 1024  # bytes of a request; a conversation that a browser kept has less than half of it
DEEPEST = 32  # lists and objects within each other
LARGEST_NUMBER = 2**53  # beyond it, not every program reads the same number
LONGEST_SESSION = 100
KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "string": (str, "text"),
    "boolean": (bool, "true or false"),
    "number": ((int, float), "a number"),
    "integer": (int, "a whole number"),
    "array": (list, "a list"),
    "object": (dict, "an object"),
}
FUNCTION = re.compile(r"/gradio_api/(?:(run|api|call|call/v2)/([^/]+)|(queue/join))/?")

ANSWER = re.compile(r"/gradio_api/(?:call/(?:v2/)?[^/]+/([^/]+)|queue/data)/?$")
REFUSED = "Not taken"  # the title of what is refused, by which Gradio's own status for every fault, 500, is set right


class Refused(Exception):
    """A request that can't be meant, with the line that is answered and the HTTP status."""

    def __init__(self, line: str, status: int = 400) -> None:
        super().__init__(line)
        self.status = status


class WellFormed:
    """Middleware. `pages`: the pages by the path that they are mounted at, as "" and "/staff"."""

    def __init__(self, app: Any, *, pages: dict[str, Blocks]) -> None:
        self.app, self.pages = app, pages

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        fetched = ANSWER.search(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if fetched and not self._is_there(scope, fetched):
            await nothing_to_fetch(fetched[1])(scope, receive, send)
            return
        if scope["type"] != "http" or scope["method"] != "POST" or not self._has_json(scope):
            await self.app(scope, receive, send)
            return
        try:
            body = await whole(receive)
            self.check(scope["path"], body)
        except ClientDisconnect:
            return
        except Refused as refused:
            line = str(refused)
            told: dict[str, Any] = {"detail": line, "error": line}
            if "/gradio_api/mcp" in scope["path"]:
                told = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": line}}
            await JSONResponse(told, refused.status)(scope, receive, send)
            return
        read = False

        async def again() -> Any:
            nonlocal read
            if read:
                return await receive()
            read = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, again, with_status(send))

    def _is_there(self, scope: Any, fetched: re.Match[str]) -> bool:
        """Whether a session has answers to come."""
        page = self.pages.get(scope["path"][: fetched.start()])
        if page is None:
            return True
        queue = page._queue
        if fetched[1]:
            return fetched[1] in queue.event_ids_to_events or any(
                fetched[1] in ids for ids in queue.pending_event_ids_session.values()
            )
        session = Request(scope).query_params.get("session_hash")
        return session is None or session in queue.pending_messages_per_session

    @staticmethod
    def _has_json(scope: Any) -> bool:
        kind = dict(scope["headers"]).get(b"content-type", b"").lower()
        return "/gradio_api/" in scope["path"] and not kind.startswith((b"multipart/", b"application/x-www-form-urlencoded"))

    def check(self, path: str, body: bytes) -> None:
        """Refused: the body is no JSON that can be meant, or doesn't fit the function that the path names."""
        value = read_json(body)
        for below, page in sorted(self.pages.items(), key=lambda entry: -len(entry[0])):
            if path.startswith(below + "/"):
                if asked := FUNCTION.fullmatch(path.removeprefix(below)):
                    check_call(page, asked[1] or "join", asked[2], value)
                return


class Page(gr.Blocks):
    """A page whose functions are given what they can take, and whose faults are told in a line."""

    async def preprocess_data(self, block_fn: Any, inputs: Any, *others: Any, **named: Any) -> Any:
        texts = [isinstance(part, gr.Textbox) and value is None for part, value in zip(block_fn.inputs, inputs, strict=False)]
        inputs = ["" if empty else value for empty, value in zip(texts, inputs, strict=False)]
        try:
            return await super().preprocess_data(block_fn, inputs, *others, **named)
        except Exception as fault:  # whatever a field makes of a value that it doesn't take
            log.debug("a value isn't taken", exc_info=fault)
            raise refusal("A field was sent a value that it doesn't take. Load the page anew.") from fault

    async def call_function(self, *arguments: Any, **named: Any) -> Any:
        try:
            return await super().call_function(*arguments, **named)
        except gr.Error:
            raise
        except Exception as fault:
            if isinstance(fault, AttributeError) and "EventData" in str(fault):
                # What a press brings along is read by its names; a press that a program makes up may lack them.
                raise refusal("A press was sent without what it is about. Load the page anew.") from fault
            log.exception("A function of the page failed")
            raise gr.Error("Something went wrong here; the server's log says what.", print_exception=False) from fault


def refusal(line: str) -> gr.Error:
    """What tells a caller that they sent what isn't taken."""
    return gr.Error(line, title=REFUSED, print_exception=False)


def with_status(send: Any) -> Any:
    """`send`, with a status of 400 where Gradio answers what was refused with 500."""
    held: list[Any] = []

    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start" and message["status"] == 500:
            held.append(message)
            return
        if held:
            start = held.pop()
            refused = f'"title":"{REFUSED}"'.encode() in message.get("body", b"")
            await send({**start, "status": 400} if refused else start)
        await send(message)

    return sending


def nothing_to_fetch(event: str | None) -> Response:
    """The answer to whoever fetches what isn't there, in the form of what they fetch."""
    line = "There is nothing to be fetched here: it was fetched already, it is too long ago, or it was never asked."
    told = {"msg": "unexpected_error", "message": line, "session_not_found": True, "success": False}
    body = f"event: error\ndata: {json.dumps(line)}\n\n" if event else f"data: {json.dumps(told)}\n\n"
    return Response(body, 404, media_type="text/event-stream")


async def told_in_a_line(request: Request, fault: Exception) -> JSONResponse:
    """FastAPI's list of what it misses in a request, as a line."""
    first = fault.errors()[0]  # type: ignore[attr-defined]
    name = ".".join(str(part) for part in first["loc"][1:]) or "the request"
    line = f"{name} is missing." if first["type"] == "missing" else f"{name} is of a kind that isn't taken here."
    return JSONResponse({"detail": line, "error": line}, 422)


async def whole(receive: Any) -> bytes:
    """The whole body. Refused: it is larger than any that is meant. ClientDisconnect: whoever sent it has left."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > LARGEST:
            raise Refused(f"The request is too large: it may have {LARGEST // 1024**2} MB.", 413)
        if not message.get("more_body"):
            return bytes(body)


def read_json(body: bytes) -> Any:
    """The body's value; None for an empty body. Refused: it is no JSON, or has what JSON can't be meant to have."""
    if not body:
        return None
    try:
        value = json.loads(body, parse_constant=_no_number)
    except RecursionError:
        raise Refused("The request has too many lists and objects within each other.") from None
    except UnicodeDecodeError:
        raise Refused("The request is not UTF-8 text.") from None
    except json.JSONDecodeError as fault:
        raise Refused(f"The request is not JSON: it can't be read from character {fault.pos + 1} on.") from None
    except ValueError:  # Python reads no number of more than 4,300 digits
        raise Refused("The request has a number that is too large.") from None
    _check_values(value)
    return value


def _no_number(name: str) -> Any:
    raise Refused(f"The request has {name} where a number belongs.")


def _check_values(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST + 1):
        within: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                within += [*one, *one.values()]
            elif isinstance(one, list):
                within += one
            elif isinstance(one, str):
                _check_text(one)
            elif isinstance(one, int | float) and not abs(one) <= LARGEST_NUMBER:
                raise Refused("The request has a number that is too large.")
        if not within:
            return
        level = within
    raise Refused("The request has too many lists and objects within each other.")


def _check_text(text: str) -> None:
    if half := re.search("[\ud800-\udfff]", text):
        raise Refused(f"The text has half a character (U+{ord(half[0]):04X}), which nobody can read. Send it without.")


def check_call(page: Blocks, how: str, name: str | None, body: Any) -> None:
    """Refused: there is no such function on the page, or what is sent doesn't fit what it takes."""
    if not isinstance(body, dict):
        raise Refused("The request should be a JSON object, as {\"data\": […]}.")
    if how == "call/v2":
        _check_named(page, name or "", body)
        return
    session = body.get("session_hash")
    if session is not None and not (isinstance(session, str) and 1 <= len(session) <= LONGEST_SESSION):
        raise Refused(f"session_hash should be text of 1 to {LONGEST_SESSION} characters.")
    if how == "join" and session is None:
        raise Refused("session_hash is missing: what the answer is fetched by.")
    for field, kind, words in (("event_data", dict, "an object"), ("trigger_id", int, "a whole number")):
        if body.get(field) is not None and not isinstance(body[field], kind):
            raise Refused(f"{field} should be {words}.")
    if body.get("batched"):
        raise Refused("batched calls are not taken here.")
    function = _function(page, None if how == "call" else body.get("fn_index"), name)
    data = body.get("data")
    if not isinstance(data, list):
        raise Refused("data should be a list of the function's values.")
    inputs = function.inputs
    asked_for = [part for part in inputs if not part.skip_api]
    if len(data) not in (len(inputs), len(asked_for)):
        raise Refused(f"{function.api_name or 'The function'} takes {len(asked_for)} values, and {len(data)} were sent.")
    for part, value in zip(inputs if len(data) == len(inputs) else asked_for, data, strict=True):
        _check_kind(part, value)


def _function(page: Blocks, number: Any, name: str | None) -> Any:
    if number is None:
        found = next((function for function in page.fns.values() if name and function.api_name == name), None)
    else:
        whole_number = isinstance(number, int) and not isinstance(number, bool)
        found = page.fns.get(number) if whole_number else None
    if found is None or found.fn is None or (name and number is None and found.api_visibility == "private"):
        raise Refused(_unknown(page), 404)
    return found


def _check_named(page: Blocks, name: str, body: dict[str, Any]) -> None:
    endpoint = _endpoints(page).get(f"/{name}")
    if endpoint is None:
        raise Refused(_unknown(page), 404)
    known = {parameter["parameter_name"]: parameter["parameter_has_default"] for parameter in endpoint["parameters"]}
    for given in body:
        if given not in known:
            takes = f"It takes: {', '.join(known)}." if known else "It takes none."
            raise Refused(f"{name} has no argument {given[:40]!r}. {takes}")
    for wanted, has_default in known.items():
        if not has_default and wanted not in body:
            raise Refused(f"{wanted} is missing, which {name} can't do without.")


def _unknown(page: Blocks) -> str:
    names = ", ".join(name.strip("/") for name in _endpoints(page))
    return f"There is no such function here. There are: {names}." if names else "There is no such function here."


def _endpoints(page: Blocks) -> dict[str, Any]:
    return page.get_api_info()["named_endpoints"]  # type: ignore[index]


def _check_kind(part: Any, value: Any) -> None:
    """Refused: the value is of another kind than the field that it is for. What a function checks itself is left to it."""
    from gradio.components.api_component import Api

    if value is None or part.stateful or isinstance(part, Api):
        return
    expected = KINDS.get(str(part.api_info().get("type")))
    if expected is None:
        return
    kind, words = expected
    if not isinstance(value, kind) or (isinstance(value, bool) and bool not in (kind, *(kind if isinstance(kind, tuple) else ()))):
        named = getattr(part, "label", None) or part.get_block_name()
        raise Refused(f"{named} should be {words}.")
