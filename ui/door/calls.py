"""What is sent to a page's functions fits what they take, or is refused in one line before Gradio sees it.

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
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ui.door.bodies import Refusal

log = logging.getLogger(__name__)

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

ANSWER = re.compile(r"/gradio_api/(?:call/(?:v2/)?[^/]+/([^/]+)|queue/data)/?")
NOTHING = "There is nothing to be fetched here: it was fetched already, it is too long ago, or it was never asked."
REFUSED = "Not taken"  # the title of what is refused, by which Gradio's own status for every fault, 500, is set right


def check(page: Blocks, path: str, value: Any) -> None:
    """Refusal: what is sent to a path of the page doesn't fit the function that the path names."""
    if asked := FUNCTION.fullmatch(path):
        check_call(page, asked[1] or "join", asked[2], value)


def check_fetched(page: Blocks, path: str, scope: Any) -> None:
    """NothingToFetch: a session fetches answers, and none are to come."""
    fetched = ANSWER.fullmatch(path)
    if not fetched:
        return
    queue, event = page._queue, fetched[1]
    if event:
        waiting = queue.pending_event_ids_session.values()
        there = event in queue.event_ids_to_events or any(event in ids for ids in waiting)
    else:
        session = Request(scope).query_params.get("session_hash")
        there = session is None or session in queue.pending_messages_per_session
    if not there:
        raise NothingToFetch(event)


class NothingToFetch(Refusal):
    """What is fetched isn't there: told in the form of what is fetched, a stream of events."""

    def __init__(self, event: str | None) -> None:
        super().__init__(404, NOTHING)
        self.event = event

    def response(self, path: str) -> Response:
        """The refusal as the event stream that was asked for, in the form of either of Gradio's ways."""
        told = {"msg": "unexpected_error", "message": self.line, "session_not_found": True, "success": False}
        body = f"event: error\ndata: {json.dumps(self.line)}\n\n" if self.event else f"data: {json.dumps(told)}\n\n"
        return Response(body, self.status, media_type="text/event-stream")


class Page(gr.Blocks):
    """A page whose functions are given what they can take, and whose faults are told in a line."""

    async def preprocess_data(self, block_fn: Any, inputs: Any, *others: Any, **named: Any) -> Any:
        """As Gradio's; an empty text stays text, and a value that its field doesn't take is refused in one line."""
        texts = [
            isinstance(part, gr.Textbox) and value is None for part, value in zip(block_fn.inputs, inputs, strict=False)
        ]
        inputs = ["" if empty else value for empty, value in zip(texts, inputs, strict=False)]
        try:
            return await super().preprocess_data(block_fn, inputs, *others, **named)
        except Exception as fault:  # whatever a field makes of a value that it doesn't take
            log.debug("a value isn't taken", exc_info=fault)
            raise refusal("A field was sent a value that it doesn't take. Load the page anew.") from fault

    async def call_function(self, *arguments: Any, **named: Any) -> Any:
        """As Gradio's; what fails is logged with its traceback, and shown as one line without it."""
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


async def told_in_a_line(request: Request, fault: Exception) -> JSONResponse:
    """FastAPI's list of what it misses in a request, as a line."""
    first = fault.errors()[0]  # type: ignore[attr-defined]
    name = ".".join(str(part) for part in first["loc"][1:]) or "the request"
    line = f"{name} is missing." if first["type"] == "missing" else f"{name} is of a kind that isn't taken here."
    return JSONResponse({"detail": line, "error": line}, 422)


def check_call(page: Blocks, how: str, name: str | None, body: Any) -> None:
    """Refusal: there is no such function on the page, or what is sent doesn't fit what it takes."""
    if not isinstance(body, dict):
        raise Refusal(400, 'The request should be a JSON object, as {"data": […]}.')
    if how == "call/v2":
        _check_named(page, name or "", body)
        return
    session = body.get("session_hash")
    if session is not None and not (isinstance(session, str) and 1 <= len(session) <= LONGEST_SESSION):
        raise Refusal(400, f"session_hash should be text of 1 to {LONGEST_SESSION} characters.")
    if how == "join" and session is None:
        raise Refusal(400, "session_hash is missing: what the answer is fetched by.")
    if not isinstance(body.get("trigger_id", 0), int | None):
        raise Refusal(400, "trigger_id should be a whole number.")
    if body.get("batched"):
        raise Refusal(400, "batched calls are not taken here.")
    function = _function(page, None if how == "call" else body.get("fn_index"), name)
    # What a change brings along is the value itself, of any kind; what a press brings along, its function reads by names.
    if function.collects_event_data and not isinstance(body.get("event_data"), dict | None):
        raise Refusal(400, "event_data should be an object.")
    data = body.get("data")
    if not isinstance(data, list):
        raise Refusal(400, "data should be a list of the function's values.")
    inputs = function.inputs
    asked_for = [part for part in inputs if not part.skip_api]
    if len(data) not in (len(inputs), len(asked_for)):
        raise Refusal(
            400, f"{function.api_name or 'The function'} takes {len(asked_for)} values, and {len(data)} were sent."
        )
    for part, value in zip(inputs if len(data) == len(inputs) else asked_for, data, strict=True):
        _check_kind(part, value)


def _function(page: Blocks, number: Any, name: str | None) -> Any:
    if number is None:
        found = next((function for function in page.fns.values() if name and function.api_name == name), None)
    else:
        whole_number = isinstance(number, int) and not isinstance(number, bool)
        found = page.fns.get(number) if whole_number else None
    if found is None or found.fn is None or (name and number is None and found.api_visibility == "private"):
        raise Refusal(404, _unknown(page))
    return found


def _check_named(page: Blocks, name: str, body: dict[str, Any]) -> None:
    endpoint = _endpoints(page).get(f"/{name}")
    if endpoint is None:
        raise Refusal(404, _unknown(page))
    known = {parameter["parameter_name"]: parameter["parameter_has_default"] for parameter in endpoint["parameters"]}
    for given in body:
        if given not in known:
            takes = f"It takes: {', '.join(known)}." if known else "It takes none."
            raise Refusal(400, f"{name} has no argument {given[:40]!r}. {takes}")
    for wanted, has_default in known.items():
        if not has_default and wanted not in body:
            raise Refusal(400, f"{wanted} is missing, which {name} can't do without.")


def _unknown(page: Blocks) -> str:
    names = ", ".join(name.strip("/") for name in _endpoints(page))
    return f"There is no such function here. There are: {names}." if names else "There is no such function here."


def _endpoints(page: Blocks) -> dict[str, Any]:
    return page.get_api_info()["named_endpoints"]


def _check_kind(part: Any, value: Any) -> None:
    """Refusal: the value is of another kind than the field that it is for. What a function checks itself is left to it."""
    from gradio.components.api_component import Api

    if value is None or part.stateful or isinstance(part, Api):
        return
    expected = KINDS.get(str(part.api_info().get("type")))
    if expected is None:
        return
    kind, words = expected
    if not isinstance(value, kind) or (
        isinstance(value, bool) and bool not in (kind, *(kind if isinstance(kind, tuple) else ()))
    ):
        named = getattr(part, "label", None) or part.get_block_name()
        raise Refusal(400, f"{named} should be {words}.")
