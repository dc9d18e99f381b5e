"""No request names a file of the server: every input of every event of both pages, over every way into Gradio, and every
spelling of a request and an address that we could think of. A canary file lies outside, and whoever opens it is seen."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import os
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from browsing import free_port
from hypothesis import given
from hypothesis import strategies as st
from served import make_library

from index.library import Library
from rag.assistant import Assistant
from rag.settings import Serving
from ui.door.bodies import MOST_DEPTH, Refusal, Uploads, checked_json, look_through
from ui.serve import running

# Served from a thread of this process, Gradio leaves a loop and its pipe open.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

MARK = "the-canary-sings-at-noon"
KEY = "walnut-and-brass"
LOGIN = {"staff_user": "ines", "staff_password": MARK}
OPENED: set[str] = set()  # of the files that are watched
WATCHED: set[str] = {"/dev/zero", "/proc/self/environ", "/etc/passwd"}
JSON = {"Content-Type": "application/json"}


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    # The library's own reading of a file is no event of the page: only paths that a request named are watched.
    if event == "open" and isinstance(arguments[0], (str, bytes)) and os.fsdecode(arguments[0]) in WATCHED:
        OPENED.add(os.fsdecode(arguments[0]))


@pytest.fixture(scope="module", params=["login", "key"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """The whole site in this process, on a port of its own, so that it is seen which files it opens."""
    from ui.site import make_site

    folder = tmp_path_factory.mktemp("walls")
    canary = folder / "canary.srt"
    canary.write_text(f"1\n00:00:01,000 --> 00:00:02,000\nBo: {MARK}\n")
    WATCHED.add(str(canary))
    sys.addaudithook(watch)
    serving = Serving(
        questions_a_minute=0, questions_a_minute_by_address=0, **(LOGIN if request.param == "login" else {})
    )
    make_library(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "cache"))
        port = free_port()
        assistant = Assistant(Library.open(folder / "library"))

        async def make() -> Any:
            return make_site(assistant, serving, staff=True, key=KEY)  # outside a loop, Gradio leaves some open

        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            made = runner.run(make())
        with running(made, "127.0.0.1", port):
            address = f"http://127.0.0.1:{port}"
            with (
                httpx.Client(base_url=address, timeout=60) as staff,
                httpx.Client(base_url=address, timeout=60) as listener,
            ):
                came_in(staff, request.param)
                yield SimpleNamespace(
                    app=made,
                    address=address,
                    port=port,
                    cache=folder / "cache",
                    canary=canary,
                    by=request.param,
                    staff=staff,
                    listener=listener,
                )


def came_in(client: httpx.Client, by: str) -> httpx.Client:
    """The client, as one of the staff."""
    if by == "login":
        form = {"username": LOGIN["staff_user"], "password": LOGIN["staff_password"]}
        assert client.post("/staff/login", data=form).status_code == 200
    else:
        assert client.get(f"/staff/?key={KEY}", follow_redirects=True).status_code == 200
    assert client.get("/staff/config").status_code == 200
    return client


@pytest.fixture(autouse=True)
def nothing_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test: no watched file was opened, and none lies in Gradio's cache."""
    OPENED.clear()
    yield
    if "site" in request.fixturenames:
        site = request.getfixturevalue("site")
        assert not OPENED
        copied = [file for file in site.cache.rglob("*") if file.is_file() and MARK.encode() in file.read_bytes()]
        assert copied == []


def named(path: str, **more: object) -> dict[str, object]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}} | more


def events_of(client: httpx.Client, page: str) -> list[dict[str, Any]]:
    return [event for event in client.get(f"{page}/config").json()["dependencies"] if event["inputs"]]


def parameters_of(client: httpx.Client, page: str, name: str) -> list[str]:
    endpoints = client.get(f"{page}/gradio_api/info").json()["named_endpoints"]
    return [one["parameter_name"] for one in endpoints.get(f"/{name}", {}).get("parameters", [])] or ["data", "param_0"]


def ways(
    event: dict[str, Any], data: list[Any], value: object, parameters: list[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every address that takes an event, with its body."""
    full = {"fn_index": event["id"], "data": data, "session_hash": "walker"}
    name = event["api_name"] or "predict"
    for route in (
        "run/predict",
        "api/predict",
        f"run/{name}",
        f"api/{name}",
        "queue/join",
        f"call/{name}",
        "stream/walker",
    ):
        yield route, full
        yield f"{route}/", full
    for parameter in parameters:
        yield f"call/v2/{name}", {parameter: value}
    yield "component_server", full | {"component_id": event["inputs"][0], "fn_name": "ls"}


@pytest.mark.parametrize("page", ["", "/staff"])
def test_no_input_of_any_event_takes_a_file_that_was_not_uploaded(site: SimpleNamespace, page: str) -> None:
    client = site.staff if page else site.listener
    events, walked = events_of(client, page), 0
    for event in events:
        parameters = parameters_of(client, page, event["api_name"])
        for at in range(len(event["inputs"])):
            for path in [str(site.canary), "/dev/zero"]:
                data: list[Any] = [None] * len(event["inputs"])
                data[at] = named(path)
                for route, body in ways(event, data, data[at], parameters):
                    answer = client.post(f"{page}/gradio_api/{route}", json=body)
                    assert 400 <= answer.status_code < 500, (route, event["api_name"], at, answer.text[:300])
                    assert MARK not in answer.text and "event_id" not in answer.text
                    walked += 1
    assert len(events) > 15 and walked > 500


def test_a_listener_reaches_no_event_of_the_staffs_page(site: SimpleNamespace) -> None:
    for event in events_of(site.staff, "/staff"):
        for route, body in ways(event, [named(str(site.canary))], named(str(site.canary)), ["data"]):
            assert site.listener.post(f"/staff/gradio_api/{route}", json=body).status_code in (401, 403, 404)


def test_behind_the_wall_gradio_itself_takes_no_such_file_either(site: SimpleNamespace) -> None:
    walls = [mount.app for mount in site.app.routes if type(mount).__name__ == "Mount"]
    while any(hasattr(wall, "uploads") or hasattr(wall, "key") or hasattr(wall, "rate") for wall in walls):
        walls = [wall.app if type(wall).__name__ in ("Wall", "StaffDoor", "LoginAttempts") else wall for wall in walls]
    assert [app.get_blocks().has_launched for app in walls] == [True, True]


# ---- the same in other words


def other_bodies(event: dict[str, Any], path: str) -> Iterator[tuple[str, bytes, dict[str, str]]]:
    """Bodies that name a file, each with its headers."""

    def body(value: object, **more: object) -> dict[str, object]:
        rest = [None] * (len(event["inputs"]) - 1)
        return {"fn_index": event["id"], "data": [value, *rest], "session_hash": "odd"} | more

    file = named(path)
    deep: object = file
    for _ in range(MOST_DEPTH - 6):
        deep = [deep]
    values: dict[str, object] = {
        "in a list": [file],
        "in an object": {"a": {"b": [file]}},
        "deep": deep,
        "with more": named(path, url="http://127.0.0.1/x", orig_name="x.srt", is_stream=True, size=1),
        "as a stream": named(path, is_stream=True),
        "without a mark": {"path": path},
        "with an odd mark": {"path": path, "meta": "gradio.FileData"},
        "with a mark within": {"path": path, "meta": {"_type": "gradio.FileData", "more": {"path": path}}},
        "within the mark": {"name": "x", "meta": named(path)},
        "a mark alone": {"_type": "gradio.FileData", "path": [path]},
        "from elsewhere": named("http://127.0.0.1:9/secret"),
        "by its scheme": named(f"file://{path}"),
        "roundabout": named(f"/tmp/../{path}"),
        "relative": named(os.path.relpath(path)),
        "half a character": named(f"{path}\ud800"),
        "as an object's key": {"path": {"path": file}},
    }
    for name, value in values.items():
        yield name, json.dumps(body(value)).encode(), JSON
    for field in ("event_data", "trigger_id", "event_id", "request", "batched", "session_hash"):
        yield f"as {field}", json.dumps(body(None, **{field: file})).encode(), JSON
    plain = json.dumps(body(file))
    yield "escaped", plain.replace('"path"', r'"\u0070\u0061th"').replace("_type", r"\u005ftype").encode(), JSON
    yield "twice, last harmless", plain.replace('"path":', '"path": "x", "path":').encode(), JSON
    yield "twice, first harmful", re.sub(r'"path": ("[^"]*")', r'"path": \1, "path": "x"', plain).encode(), JSON
    yield "data twice", plain.replace('"data":', '"data": [], "data":').encode(), JSON
    for encoding in ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7"):
        yield encoding, plain.encode(encoding), JSON
        yield f"{encoding}, told", plain.encode(encoding), {"Content-Type": f"application/json; charset={encoding}"}
    yield "gzip", gzip.compress(plain.encode()), JSON | {"Content-Encoding": "gzip"}
    yield "gzip, not told", gzip.compress(plain.encode()), JSON
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "",
        "application/jsonx",
        "application/vnd.api+json",
        "text/json",
        "APPLICATION/JSON, text/plain",
        "application/json\tx",
    ):
        yield f"as {kind}", plain.encode(), {"Content-Type": kind}
    form = f'--b\r\nContent-Disposition: form-data; name="data"\r\n\r\n{plain}\r\n--b--\r\n'
    yield "multipart", form.encode(), {"Content-Type": "multipart/form-data; boundary=b"}
    yield "very deep", b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}", JSON
    yield "deeper than we read", json.dumps(body(json.loads("[" * 200 + "]" * 200))).encode(), JSON
    yield "very large", json.dumps(body("x" * 5_000_000)).encode(), JSON
    yield "no number", plain.replace("null", "NaN").encode() if "null" in plain else b'{"data": [NaN]}', JSON
    yield "endless", b'{"data": [1e999]}', JSON
    yield "digits", b'{"data": [' + b"9" * 5000 + b"]}", JSON
    yield "cut off", plain.encode()[:-5], JSON
    yield "with a tail", plain.encode() + b" {}", JSON


@pytest.mark.parametrize("page", ["", "/staff"])
def test_however_a_body_is_written_it_names_no_file(site: SimpleNamespace, page: str) -> None:
    client = site.staff if page else site.listener
    event = events_of(client, page)[0]
    for name, body, headers in other_bodies(event, str(site.canary)):
        for route in ("run/predict", "queue/join", "call/ask", "call/v2/ask", "cancel", "reset"):
            answer = client.post(f"{page}/gradio_api/{route}", content=body, headers=headers)
            assert 400 <= answer.status_code < 500, (name, route, answer.status_code)
            told = answer.json()
            assert told.keys() == {"detail", "error"} and told["detail"] == told["error"], (name, route, answer.text)
            assert re.fullmatch(r'[A-Z][^"{}]{15,}', told["detail"]), (name, route, answer.text)


def test_a_body_in_chunks_is_read_whole_and_no_further_than_its_limit(site: SimpleNamespace) -> None:
    event = events_of(site.listener, "")[0]
    body = json.dumps({"fn_index": event["id"], "data": [named(str(site.canary))], "session_hash": "s"}).encode()

    def chunks(body: bytes, size: int) -> Iterator[bytes]:
        for at in range(0, len(body), size):
            yield body[at : at + size]

    assert site.listener.post("/gradio_api/run/predict", content=chunks(body, 7), headers=JSON).status_code == 422
    long = site.listener.post("/gradio_api/run/predict", content=chunks(b" " * 5_000_000, 65536), headers=JSON)
    assert long.status_code == 413
    login = site.listener.post(
        "/staff/login",
        content=chunks(b"a" * 100_000, 5000),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert login.status_code in (403, 413)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON_VALUES)
def test_what_names_no_file_is_passed_on_as_it_is(value: object) -> None:
    if not re.search(r'"(path|_type)": ', json.dumps(value)):
        passed = checked_json(json.dumps(value).encode(), lambda path: False)
        assert passed[0] == json.loads(passed[1]) == value


@given(JSON_VALUES, st.data())
def test_a_file_is_seen_wherever_it_stands(value: object, draw: st.DataObject) -> None:
    file = named("/x")
    for _ in range(draw.draw(st.integers(0, 10))):
        other = value if isinstance(value, (list, dict)) else [value]
        file = draw.draw(st.sampled_from([[other, file], {"k": file, "other": other}, {"data": [file]}, [[file]]]))
    with pytest.raises(Refusal, match="not uploaded"):
        look_through(file, lambda path: False)


def test_what_a_session_uploaded_long_ago_is_forgotten_and_is_never_anothers() -> None:
    uploads = Uploads()
    uploads.add("a", ["/1", "/2"])
    assert uploads.has("a", "/1") and not uploads.has("b", "/1") and not uploads.has(None, "/1")
    uploads.add("a", [f"/more{n}" for n in range(1_000)])
    assert not uploads.has("a", "/1") and uploads.has("a", "/more0")
    for n in range(200):
        uploads.add(f"s{n}", ["/x"])
    assert not uploads.has("a", "/more0")


# ---- uploads


def uploaded(client: httpx.Client, text: str = "1\n00:00:01,000 --> 00:00:02,000\nBo: a draft\n") -> str:
    answer = client.post("/staff/gradio_api/upload", files={"files": ("draft.srt", text.encode())})
    assert answer.status_code == 200, answer.text
    return str(answer.json()[0])


def taking(site: SimpleNamespace, page: str = "/staff") -> dict[str, Any]:
    """The event that takes transcripts."""
    config = site.staff.get(f"{page}/config").json()
    drop = next(part["id"] for part in config["components"] if part["props"].get("elem_id") == "drop")
    return next(event for event in config["dependencies"] if event["inputs"][:1] == [drop])


def test_staff_may_name_what_they_have_uploaded_themselves_and_nothing_beside_it(site: SimpleNamespace) -> None:
    path, event = uploaded(site.staff), taking(site)

    def take(client: httpx.Client, file: object) -> int:
        body = {"fn_index": event["id"], "data": [[file], None], "session_hash": "s"}
        return client.post("/staff/gradio_api/run/predict", json=body).status_code

    whole = named(path, url=f"{site.address}/staff/gradio_api/file={path}", orig_name="draft.srt", size=9, mime_type="")
    assert take(site.staff, named(path)) == take(site.staff, whole) == 200
    for other in (
        f"{path}x",
        f"{path}/../draft.srt",
        path.upper(),
        f"/{path}",
        f"{path}\0",
        str(Path(path).parent),
        "",
    ):
        assert take(site.staff, named(other)) == 422, other
    for odd in (
        named(path, is_stream=True),
        named(path, more=1),
        named(path, url=[named(str(site.canary))]),
        {"path": path},
        {"path": path, "meta": {"_type": "gradio.FileData", "x": 1}},
    ):
        assert take(site.staff, odd) == 422, odd
    with httpx.Client(base_url=site.address, timeout=60) as colleague:
        came_in(colleague, site.by)
        assert take(colleague, named(path)) == 422
    assert "a draft" in site.staff.get(f"/staff/gradio_api/file={path}").text
    for other in (
        site.canary,
        "/dev/zero",
        "/proc/self/environ",
        f"{site.cache}/../canary.srt",
        f"{site.cache}x/a",
        "canary.srt",
    ):
        assert site.staff.get(f"/staff/gradio_api/file={other}").status_code in (403, 404), other
    link = Path(path).with_name("link.srt")
    link.symlink_to(site.canary)
    assert site.staff.get(f"/staff/gradio_api/file={link}").status_code == 404
    link.unlink()
    assert take(site.listener, named(path)) in (401, 403)


def test_nobody_uploads_without_having_come_in_and_listeners_never(site: SimpleNamespace) -> None:
    files = {"files": ("draft.srt", b"not for listeners")}
    path = uploaded(site.staff, "not for listeners")
    before = sorted(site.cache.rglob("*"))
    assert site.listener.post("/staff/gradio_api/upload", files=files).status_code in (401, 403)
    for door in (
        "/gradio_api/upload",
        "/gradio_api/upload/",
        "/upload",
        "//gradio_api/upload",
        "/gradio_api/%75pload",
        "/staff/../gradio_api/upload",
        "/gradio_api/UPLOAD",
        "/gradio_api//upload",
    ):
        assert site.listener.post(door, files=files).status_code in (401, 403, 404), door
        assert site.staff.post(door, files=files).status_code in (401, 403, 404), door
    assert sorted(site.cache.rglob("*")) == before
    for door in ("/gradio_api/file=", "/file=", "/gradio_api/file/", "/staff/gradio_api/file=", "/staff/file="):
        answer = site.listener.get(f"{door}{path}")
        assert answer.status_code in (401, 403, 404) and "not for listeners" not in answer.text, door


# ---- addresses


SIDE_DOORS = [
    "upload", "upload_progress?upload_id=x", "file=CANARY", "file=%2E%2E/CANARY", "file/CANARY", "proxy=http://127.0.0.1:9/",
    "proxy=https%3A%2F%2Felse.example", "stream/x", "stream/x/close", "stream/a/b/1/playlist.m3u8",
    "stream/a/b/1/playlist-file", "stream/a/b/1/2.ts", "component_server", "component_server/", "dev/reload",
    "custom_component/x/client/component/index.js", "api/predict", "deep_link?session_hash=x", "runs", "run-history/connect",
    "run-history/buckets", "process_recording", "vibe-edit", "vibe-code", "undo-vibe-edit", "vibe-starter-queries",
    "profiling/traces", "profiling/clear", "token", "user", "queue/status", "mcp/messages/", "mcp/sse", "mcp/../upload",
    "mcp/x", "heartbeat/a/b", "%66ile=CANARY", "File=CANARY", "/file=CANARY", "file=CANARY/", "file=/dev/zero",
]  # fmt: skip
BESIDE = ["/monitoring", "/monitoring/summary", "/monitoring/x", "/file=CANARY", "/svelte/x", "/pwa_icon", "/login", "/logout",
          "/static/..%2f..%2f..%2f..%2fCANARY", "/assets/..%5cCANARY", "/assets/%2e%2e/%2e%2e/CANARY", "/static//CANARY",
          "/assets/x%00.js", "/docs", "/redoc", "/openapi.json", "/.env", "/gradio_api", "/theme.css/x"]  # fmt: skip


def raw(
    site: SimpleNamespace, method: str, target: str, cookies: httpx.Cookies, body: bytes = b"{}"
) -> tuple[int, bytes]:
    """Status and answer of a request whose address nobody tidies."""
    with socket.create_connection(("127.0.0.1", site.port), 10) as line:
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if method == "POST" else ""
        head = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nCookie: {cookie}\r\nConnection: close\r\n{length}\r\n"
        line.sendall(head.encode() + (body if method == "POST" else b""))
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    return int(answer.split()[1]), answer


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "PROPFIND"])
def test_the_doors_that_a_page_does_not_use_are_not_there(site: SimpleNamespace, method: str) -> None:
    allowed = {
        "/staff/gradio_api/upload": "POST",
        "/staff/logout": "GET HEAD OPTIONS",
        "/staff/login": "POST",
        "/staff/gradio_api/upload_progress?upload_id=x": "GET HEAD OPTIONS",
    }
    for page in ("", "/staff", "/STAFF", "//staff", "/staff/staff"):
        for door in [*[f"/gradio_api/{door}" for door in SIDE_DOORS], *BESIDE]:
            target = page + door.replace("CANARY", str(site.canary))
            if method in allowed.get(page + door, ""):
                continue
            status, answer = raw(site, method, target, site.staff.cookies)
            assert status in (400, 401, 403, 404, 405), (method, target, status)
            assert MARK.encode() not in answer


def test_the_policy_stands_on_every_answer_and_no_page_can_be_framed(site: SimpleNamespace) -> None:
    for client in (site.staff, site.listener):
        for path in (
            "/",
            "/staff/",
            "/staff/library",
            "/staff/none",
            "/gradio_api/upload",
            "/gradio_api/info",
            "/audio/none",
            "/config",
            "/theme.css",
            "/staff/gradio_api/info",
            "/static/none",
            "/%00",
        ):
            policy = client.get(path).headers["content-security-policy"]
            assert re.search(r"frame-ancestors 'self'(;|$)", policy), path


# ---- tools


def test_no_argument_of_a_tool_takes_a_file_and_the_tools_go_on_working(site: SimpleNamespace) -> None:
    pytest.importorskip("mcp")

    def call(method: str, parameters: dict[str, Any], door: str = "/gradio_api/mcp/") -> httpx.Response:
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        return site.listener.post(door, json=asked, headers={"Accept": "application/json, text/event-stream"})

    def result(answer: httpx.Response) -> dict[str, Any]:
        return json.loads(answer.text.partition("data: ")[2])["result"]

    tools = result(call("tools/list", {}))["tools"]
    assert len(tools) == 4
    walked = 0
    for tool in tools:
        for argument in tool["inputSchema"]["properties"]:
            for door in ("/gradio_api/mcp/", "/gradio_api/mcp", "/gradio_api/mcp/http", "/gradio_api/mcp/http/"):
                for value in (named(str(site.canary)), [named("/dev/zero")], {"path": str(site.canary)}):
                    refused = call("tools/call", {"name": tool["name"], "arguments": {argument: value}}, door)
                    assert refused.status_code in (307, 422) and MARK not in refused.text
                    walked += 1
    assert walked > 100
    search = next(tool["name"] for tool in tools if tool["name"].endswith("search"))
    found = result(call("tools/call", {"name": search, "arguments": {"topic": "an otter under the sluice"}}))
    assert "otter" in json.dumps(found) and not found.get("isError")


def test_nothing_of_this_was_a_fault_of_the_server(site: SimpleNamespace, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        for _, body, headers in other_bodies(events_of(site.listener, "")[0], str(site.canary)):
            site.listener.post("/gradio_api/run/predict", content=body, headers=headers)
    assert not [record for record in caplog.records if record.exc_info]
