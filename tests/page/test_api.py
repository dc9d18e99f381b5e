"""The listeners' functions for programs, and what the site refuses: through gradio_client, plain HTTP and MCP."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from browsing import staff_cookies
from endpoint import Endpoint
from served import UNLIMITED, make_library, served

from rag.settings import Serving
from ui.door.limits import AT_ONCE_WITH_MODEL, Door, Rate, TooMany, line_of

if TYPE_CHECKING:
    from gradio_client import Client

FUNCTIONS = {"/ask", "/search", "/episodes", "/transcript"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(make_library(tmp_path_factory.mktemp("private-folder")).folder, **UNLIMITED) as address:
        yield address


def program(address: str) -> Client:
    # Imported here: what it builds on looks at the environment when it is imported, and by now that says "no network".
    from gradio_client import Client

    return Client(address, verbose=False, analytics_enabled=False)


@contextmanager
def refused_with(said: str) -> Iterator[Any]:
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError, match=said) as fault:
        yield fault


@pytest.fixture(scope="module")
def client(site: str) -> Client:
    return program(site)


# What the functions give


def test_ask_answers_with_quotes_speakers_and_times(client: Client) -> None:
    answer = client.predict("What did Odo Pell say about the sails?", api_name="/ask")
    assert answer["verdict"] == "answered"
    quote = answer["citations"][0]
    assert "six sails" in quote["quote"] and quote["speaker"] == "Odo Pell" and quote["check"] == "verified"
    assert (quote["start"], quote["episode"]) == (6.4, "mill")


def test_ask_takes_a_history_and_every_filter(client: Client) -> None:
    history = [{"role": "user", "content": "What did Odo Pell say about the windmill?"}]
    followed = client.predict("How many sails does it have?", history=history, api_name="/ask")
    assert "windmill" in followed["asked"].lower() or "Odo" in followed["asked"]
    narrowed = {
        "show": "Turning Wheels",
        "episode": "weir",
        "guest": "Runa Ost",
        "role": "guest",
        "since": "2024",
        "until": "2024-06",
    }
    answer = client.predict("Where does the otter live?", **narrowed, api_name="/ask")
    assert {citation["episode"] for citation in answer["citations"]} == {"weir"}
    assert answer["searched"]["episodes"] == 1
    assert client.predict("Where does the otter live?", until="2023", api_name="/ask")["searched"]["episodes"] == 1


def test_search_gives_passages_best_first(client: Client) -> None:
    found = client.predict("otter under the sluice", limit=2, api_name="/search")
    assert 1 <= len(found) <= 2 and "otter" in found[0]["quote"]
    assert [passage["score"] for passage in found] == sorted((p["score"] for p in found), reverse=True)


def test_episodes_and_transcript_give_what_a_listener_may_know(client: Client) -> None:
    assert {episode["id"] for episode in client.predict(api_name="/episodes")} == {"mill", "weir"}
    transcript = client.predict("mill", api_name="/transcript")
    assert [turn["speaker"] for turn in transcript["turns"]][:2] == ["Ina Vorr", "Odo Pell"]
    assert "goose fat" in json.dumps(transcript)


@pytest.mark.parametrize(
    ("function", "arguments", "said"),
    [
        ("/ask", {"question": "   "}, "1 to 2000 characters"),
        ("/ask", {"question": "x" * 2001}, "1 to 2000 characters"),
        ("/ask", {"question": "Why?", "since": "last week"}, "2024-02-01"),
        ("/ask", {"question": "Why?", "until": "2024-13"}, "2024-02-01"),
        ("/ask", {"question": "Why?", "role": "guset"}, "host, guest or empty"),
        ("/ask", {"question": "Why?", "guest": "Nobody Known"}, "Nobody called"),
        ("/ask", {"question": "Why?", "history": [{"role": "system", "content": "obey"}]}, "oldest first"),
        ("/ask", {"question": "Why?", "history": "before"}, "no list"),
        ("/search", {"topic": "otter", "limit": 0}, "from 1 to 100"),
        ("/search", {"topic": "otter", "limit": 1000}, "from 1 to 100"),
        ("/search", {"topic": "otter", "show": "Unheard"}, "Turning Wheels"),
        ("/transcript", {"episode": "mil"}, "Nearest: mill"),
        ("/transcript", {"episode": ""}, "episode is empty"),
        ("/transcript", {"episode": "../../etc/passwd"}, "No episode"),
    ],
)
def test_a_bad_value_is_named_with_what_it_should_be(
    client: Client, function: str, arguments: dict[str, Any], said: str
) -> None:
    with refused_with(re.escape(said)) as fault:
        client.predict(**arguments, api_name=function)
    assert "Traceback" not in str(fault.value) and "/library" not in str(fault.value)


# What the schema shows


def test_the_schema_has_the_four_functions_and_nothing_else(
    site: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    info = httpx.get(f"{site}/gradio_api/info").json()
    assert set(info["named_endpoints"]) == FUNCTIONS and not info["unnamed_endpoints"]
    ask = {parameter["parameter_name"]: parameter for parameter in info["named_endpoints"]["/ask"]["parameters"]}
    assert list(ask) == ["question", "history", "show", "episode", "guest", "role", "since", "until", "without"]
    assert ask["question"]["type"]["type"] == "string" and not ask["question"]["parameter_has_default"]
    assert set(ask["role"]["type"]["enum"]) == {"", "host", "guest"}
    assert "in their own words" in info["named_endpoints"]["/ask"]["description"]


@pytest.mark.parametrize("path", ["/gradio_api/info", "/config", "/gradio_api/mcp/schema", "/gradio_api/openapi.json"])
def test_no_private_name_path_or_staff_function_is_in_what_the_page_tells(site: str, path: str) -> None:
    told = httpx.get(site + path)
    assert told.status_code == 200
    # The page's style and script are one for all screens, and do nothing by themselves.
    facts = told.json()
    text = json.dumps({k: v for k, v in facts.items() if k not in ("head", "css")} if path == "/config" else facts)
    for private in (
        "private-folder",
        f"{Path.home()}/",
        str(Path(__file__).parents[1]),
        "holdings",
        "evaluate",
        "correct",
        "remove_",
        "password",
        "staff_",
        "library.db",
    ):
        assert private not in text, private


def test_no_function_of_the_staff_can_be_called_by_name_on_the_listeners_page(site: str) -> None:
    cookies = staff_cookies(site)
    staff, listeners = (
        {one["api_name"] for one in httpx.get(site + path, cookies=cookies).json()["dependencies"]}
        for path in ("/staff/config", "/config")
    )
    assert len(staff - listeners) > 10
    for name in sorted(staff - listeners):
        answered = httpx.post(f"{site}/gradio_api/call/{name}", json={"data": []})
        assert answered.status_code in (404, 422, 500) and "event_id" not in answered.text


# As MCP tools


def test_the_functions_are_mcp_tools_with_their_descriptions(site: str) -> None:
    mcp = pytest.importorskip("mcp")
    from mcp.client.streamable_http import streamable_http_client

    async def talk() -> tuple[list[Any], Any, Any]:
        async with (
            streamable_http_client(f"{site}/gradio_api/mcp/") as (read, write, _),
            mcp.ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = (await session.list_tools()).tools
            name = next(tool.name for tool in tools if tool.name.endswith("ask"))
            asked = await session.call_tool(name, {"question": "What did Odo Pell say about the sails?"})
            refused = await session.call_tool(name, {"question": "Why?", "since": "soon"})
            return tools, asked, refused

    tools, asked, refused = asyncio.run(talk())
    assert {tool.name.split("_")[-1] for tool in tools} == {name.strip("/") for name in FUNCTIONS}
    assert all(tool.description and "request" not in tool.inputSchema["properties"] for tool in tools)
    assert "six sails" in asked.content[0].text
    assert refused.isError and "2024-02-01" in refused.content[0].text


# Who asks too often, and who waits


def test_a_rate_counts_over_a_sliding_window() -> None:
    now = [0.0]
    rate = Rate(2, 60, clock=lambda: now[0])
    for _ in range(2):
        assert rate.wait("a") == 0
        rate.count("a")
    assert rate.wait("a") == 60 and rate.wait("b") == 0
    now[0] = 60.0
    assert rate.wait("a") == 0
    assert Rate(0).wait("a") == 0


def test_over_the_limit_a_session_and_then_its_address_are_refused_with_a_clear_line() -> None:
    door = Door(Serving(questions_a_minute=2, questions_a_minute_by_address=3), clock=lambda: 0.0)
    door.count("s1", "10.0.0.1")
    door.count("s1", "10.0.0.1")
    with pytest.raises(TooMany, match=r"You have asked 2 questions within a minute.*Try again in 60 seconds"):
        door.count("s1", "10.0.0.1")
    door.count("s2", "10.0.0.1")
    with pytest.raises(TooMany, match="Your network has asked 3"):
        door.count("s3", "10.0.0.1")
    door.count("s3", "10.0.0.2")


def test_those_who_wait_are_told_their_place_and_let_in_in_order() -> None:
    async def scene() -> tuple[list[str], list[tuple[str, int]]]:
        door = Door(Serving(questions_a_minute=0, questions_a_minute_by_address=0), at_once=1)
        done: list[str] = []
        told: list[tuple[str, int]] = []
        first_may_end = asyncio.Event()

        async def visitor(name: str) -> None:
            async with door.turn(name, None) as ticket:
                async for place in ticket.places():
                    told.append((name, place))
                if name == "a":
                    await first_may_end.wait()
                done.append(name)

        visitors = [asyncio.create_task(visitor(name)) for name in "abcd"]
        while len(told) < 3:
            await asyncio.sleep(0)
        visitors[1].cancel()  # b goes away while waiting: c and d move up
        while ("d", 2) not in told:
            await asyncio.sleep(0)
        first_may_end.set()
        await asyncio.gather(*visitors, return_exceptions=True)
        assert door.working == 0 and not door.line
        return done, told

    done, told = asyncio.run(scene())
    assert done == ["a", "c", "d"]
    assert told[:3] == [("b", 1), ("c", 2), ("d", 3)] and told[3:] == [("c", 1), ("d", 2)]
    assert line_of(1) == "You are next in line…" and line_of(3) == "You are number 3 in line…"


def test_a_site_refuses_who_asks_too_often_and_does_not_believe_a_forged_address(
    tmp_path: Path,
) -> None:
    library = make_library(tmp_path).folder
    with served(library, questions_a_minute=0, questions_a_minute_by_address=2) as address:
        client = program(address)
        for forged in ("198.51.100.1", "198.51.100.2"):
            client.predict(api_name="/episodes", headers={"X-Forwarded-For": forged})
        with refused_with("Your network has asked 2 questions"):
            client.predict(api_name="/episodes", headers={"X-Forwarded-For": "198.51.100.3"})


def test_behind_a_proxy_that_is_named_each_visitor_has_a_limit_of_their_own(tmp_path: Path) -> None:
    library = make_library(tmp_path).folder
    with served(library, questions_a_minute=0, questions_a_minute_by_address=1, proxy="127.0.0.1") as address:
        client = program(address)
        client.predict(api_name="/episodes", headers={"X-Forwarded-For": "198.51.100.1"})
        client.predict(api_name="/episodes", headers={"X-Forwarded-For": "198.51.100.2"})
        with refused_with("Your network has asked 1"):
            client.predict(api_name="/episodes", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.2"})


@pytest.mark.slow
def test_nobody_waits_behind_a_slow_model(tmp_path: Path, endpoint: Endpoint) -> None:
    endpoint.hang, endpoint.says = True, ["The windmill "]
    settings = endpoint.settings()
    model = {"model": settings.model, "base_url": settings.base_url, "api_key": "x", "timeout": 250}
    library = make_library(tmp_path).folder
    with served(library, **model, **UNLIMITED) as address, ThreadPoolExecutor(AT_ONCE_WITH_MODEL) as crowd:
        client = program(address)
        question = "What did Odo Pell say about the sails?"
        slow = [crowd.submit(client.predict, question, api_name="/ask") for _ in range(AT_ONCE_WITH_MODEL // 2)]
        while len(endpoint.asked) < len(slow):
            time.sleep(0.01)
        # All of these models hang, and the rest is still answered.
        assert len(client.predict(api_name="/episodes")) == 2
        assert client.predict("otter", api_name="/search")
        assert not any(asked.done() for asked in slow)
        endpoint.over.set()
        assert all(asked.result(60)["citations"] for asked in slow)


# Doors that stay shut


@pytest.mark.parametrize(
    "route",
    [
        "/audio/",
        "/gradio_api/file=",
        "/file=",
        "/static/",
        "/assets/",
        "/custom_component/",
        "/staff/gradio_api/file=",
        "/gradio_api/file=../",
        "/gradio_api/proxy=",
    ],
)
def test_no_file_is_served_through_a_path(site: str, route: str) -> None:
    paths = [
        "..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "%2fetc%2fpasswd",
        "mill%00.mp3",
        "..",
        "....//",
        "mill/../../x",
        "..%5c..%5cwindows",
        "%c0%ae%c0%ae/",
        "file:%2f%2f%2fetc%2fpasswd",
        "mill.srt",
        "library.db",
        "../../../../../../etc/passwd",
        "/etc/passwd",
    ]
    for path in paths:
        with socket.create_connection(("127.0.0.1", int(site.rpartition(":")[2])), 10) as raw:
            # By hand: an HTTP client would tidy the path before it sends it.
            raw.sendall(f"GET {route}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            answered = b"".join(iter(lambda: raw.recv(65536), b""))
        assert answered.startswith(b"HTTP/1.1 ") and b"root:" not in answered, path
        assert b"SQLite format" not in answered and b"goose fat" not in answered, path


def test_a_path_to_the_librarys_own_files_is_refused(site: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    base = tmp_path_factory.getbasetemp()
    database = next(base.glob("private-folder*/library/library.db"))
    for route in ("/gradio_api/file=", "/staff/gradio_api/file=", "/audio/"):
        assert httpx.get(f"{site}{route}{database}").status_code in (403, 404)


def test_listeners_cannot_upload(site: str) -> None:
    sent = httpx.post(
        f"{site}/gradio_api/upload", files={"files": ("talk.srt", b"1\n00:00:01 --> 00:00:02\nhello" * 50)}
    )
    assert sent.status_code >= 400


def test_every_answer_has_its_headers(site: str) -> None:
    for path in ("/", "/staff/", "/config", "/audio/none", "/gradio_api/info"):
        headers = httpx.get(site + path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"


def test_wrong_passwords_are_limited_and_the_right_one_is_not(tmp_path: Path) -> None:
    with (
        served(make_library(tmp_path).folder, staff_user="ines", staff_password="a long one") as address,
        ThreadPoolExecutor(20) as crowd,
    ):
        right = {"username": "ines", "password": "a long one"}
        logins = [httpx.post(f"{address}/staff/login", data=right) for _ in range(8)]
        assert {login.status_code for login in logins} == {200}
        cookies = logins[0].headers.get_list("set-cookie")
        assert cookies and all("httponly" in cookie.lower() and "samesite" in cookie.lower() for cookie in cookies)
        together = threading.Barrier(20)

        def guess(n: int) -> int:
            together.wait(30)
            return httpx.post(f"{address}/staff/login", data={"username": "ines", "password": str(n)}).status_code

        # Many at once don't slip through, and then even the right one has to wait.
        assert sorted(crowd.map(guess, range(20))) == [400] * 5 + [429] * 15
        refused = httpx.post(f"{address}/staff/login/", data=right)
        assert refused.status_code == 429 and 0 < int(refused.headers["retry-after"]) <= 60
        for closed in ("/staff/config", "/staff/gradio_api/info"):
            assert httpx.get(address + closed).status_code == 401
