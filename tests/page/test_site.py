"""Who gets which page: listeners theirs, staff theirs behind a login, or with the key on this machine only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from talks import ANN, BO, episode

from index.library import Library
from rag.assistant import Assistant
from rag.settings import Serving
from ui.door.staff_door import Key, cookie_name, staff_served
from ui.site import make_site

LOGIN = Serving(staff_user="ann", staff_password="rosebud")
HERE = ("127.0.0.1", 50000)
KEY = "nine-times-four-kettles"
BY_KEY = f"/staff/?key={KEY}"


def run(doing: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(doing)


class Visitor:
    """Somebody at an address who asks for a host by its name; keeps the cookies that they get."""

    def __init__(self, app: FastAPI, client: tuple[str, int], host: str) -> None:
        self.app, self.client, self.host = app, client, host
        self.cookies = httpx.Cookies()

    def get(self, address: str, **options: Any) -> httpx.Response:
        return run(self._ask("GET", address, options))

    def post(self, address: str, **options: Any) -> httpx.Response:
        return run(self._ask("POST", address, options))

    async def _ask(self, method: str, address: str, options: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, client=self.client)
        async with httpx.AsyncClient(
            transport=transport, base_url=f"http://{self.host}", cookies=self.cookies
        ) as client:
            answer = await client.request(method, address, **options)
            self.cookies = client.cookies
            return answer


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Visitor]:
    library = Library.create(tmp_path_factory.mktemp("site") / "library", "hashing")
    library.add_episode(episode((ANN, ["Where is the boat?"]), (BO, ["The boat lies by the harbour."])))

    async def make(serving: Serving, staff: bool) -> FastAPI:
        return make_site(Assistant(library), serving, staff=staff, key=KEY)  # outside a loop, Gradio leaves some open

    @cache
    def made(serving: Serving, staff: bool) -> FastAPI:
        return run(make(serving, staff))

    def opened(
        serving: Serving, *, staff: bool = True, client: tuple[str, int] = HERE, host: str = "127.0.0.1:7860"
    ) -> Visitor:
        return Visitor(made(serving, staff), client, host)

    return opened


STAFF_ADDRESSES = ["/staff/", "/staff/library", "/staff/evaluate", "/staff/config", "/staff/gradio_api/info"]


def test_without_a_login_the_key_opens_the_staffs_page_on_this_machine(site):
    client = site(Serving())
    assert {client.get(address).status_code for address in STAFF_ADDRESSES} == {403}
    assert "verbatim serve" in client.get("/staff/").text
    brought = client.get("/staff/episode", params={"id": "kettle", "key": KEY, "at": "6"})
    assert brought.status_code == 303 and KEY not in brought.headers["location"]
    assert brought.headers["location"].endswith("/staff/episode?id=kettle&at=6")
    assert KEY not in "".join(brought.headers.get_list("set-cookie"))
    assert [client.get(address).status_code for address in STAFF_ADDRESSES] == [200] * 5


@pytest.mark.parametrize("key", ["", "x", KEY[:-1], KEY + "x", KEY.upper(), "é" * 9, f"{KEY}&key={KEY}"])
def test_another_key_opens_nothing(site, key):
    client = site(Serving())
    assert client.get(f"/staff/?key={key}").status_code == 403
    assert not client.cookies and client.get("/staff/").status_code == 403


@pytest.mark.parametrize("cookie", ["", ".", "a.b", "é.é", "0" * 32, f"{KEY}.{KEY}", "none"])
def test_a_made_up_cookie_opens_nothing(site, cookie):
    client = site(Serving())
    header = {"cookie": f"verbatim-staff-7860={cookie}".encode()}
    assert client.get("/staff/config", headers=header).status_code == 403


def test_a_site_without_a_key_stays_shut_even_for_an_empty_one():
    way_in = Key("")
    scope = {"headers": [(b"host", b"localhost")], "client": HERE, "server": HERE}
    cookie = f"{cookie_name(scope)}={way_in.cookie()}".encode()
    assert (
        not way_in.is_key("") and way_in.session(scope | {"headers": [*scope["headers"], (b"cookie", cookie)]}) is None
    )


NOT_OURS = [
    "verbatim.example",
    "verbatim.example:7860",
    "127.0.0.1.example",
    "10.0.0.7:7860",
    "localhost:80@else.example",
    "localhost.",
    "127.0.0.1:7860, else.example",
    "[::1",
    "0x7f.1",
    "2130706433",
    "",
]


@pytest.mark.parametrize("host", NOT_OURS)
def test_without_a_login_a_name_that_is_not_this_machines_finds_no_staffs_page(site, host):
    client = site(Serving())
    assert client.get(BY_KEY).status_code == 303
    found = {client.get(address, headers={"host": host}).status_code for address in [BY_KEY, *STAFF_ADDRESSES]}
    assert found == {404}
    assert client.get("/", headers={"host": host or "a"}).status_code == 200


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:7860", "127.0.0.1", "127.8.9.1:80", "[::1]:7860"])
def test_this_machines_own_names_find_it(site, host):
    assert site(Serving(), host=host).get(BY_KEY).status_code == 303


@pytest.mark.parametrize(
    "name",
    ["X-Forwarded-For", "x-forwarded-proto", "X-Forwarded-Host", "X-Forwarded-Port", "Forwarded", "Via", "X-Real-IP",
     "X-Client-IP", "CF-Connecting-IP", "CF-Ray", "True-Client-IP", "Fly-Client-IP", "X-Request-ID", "X-Original-URL",
     "X-Amzn-Trace-Id", "X-Envoy-External-Address", "Proxy-Connection", "CDN-Loop", "X-Scheme"],
)  # fmt: skip
def test_without_a_login_nobody_comes_through_a_proxy_even_with_key_and_cookie(site, name):
    client = site(Serving())
    assert client.get(BY_KEY).status_code == 303
    found = {client.get(address, headers={name: "1"}).status_code for address in [BY_KEY, *STAFF_ADDRESSES]}
    assert found == {404}
    assert client.get("/staff/config").status_code == 200


def test_without_a_login_another_machine_finds_no_staffs_page(site):
    client = site(Serving(), client=("192.0.2.7", 50000))
    assert {client.get(address).status_code for address in [BY_KEY, *STAFF_ADDRESSES]} == {404}


def test_with_a_login_the_staffs_page_tells_nothing_before_it(site):
    client = site(LOGIN, host="verbatim.example", client=("192.0.2.7", 50000))
    assert client.get("/staff/config").status_code == client.get("/staff/gradio_api/info").status_code == 401
    assert client.post("/staff/gradio_api/queue/join", json={"fn_index": 0, "data": []}).status_code == 401
    assert client.post("/staff/login", data={"username": "ann", "password": "rosebad"}).status_code == 400
    assert client.post("/staff/login", data={"username": "ann", "password": "rosebud"}).status_code == 200
    assert client.get("/staff/config").status_code == 200


def test_listeners_need_no_login_and_are_shown_no_way_to_the_staff(site):
    client = site(LOGIN)
    assert client.get("/config").status_code == 200
    assert "staff" not in client.get("/gradio_api/info").text


def test_the_way_to_the_staff_is_shown_to_who_has_had_the_key_only(site):
    client = site(Serving())
    config = client.get("/config").json()
    place = next(part["id"] for part in config["components"] if part["props"].get("elem_id") == "masthead")
    load = next(event for event in config["dependencies"] if event["outputs"] == [place])
    event = {"fn_index": load["id"], "data": [], "session_hash": "s"}

    def masthead() -> str:
        return client.post("/gradio_api/run/predict", json=event).text

    assert "1 episode" in masthead()
    assert "/staff/" not in masthead()
    client.get(BY_KEY)
    assert "/staff/" in masthead()


def test_where_the_staffs_page_is_not_served_there_is_none(site):
    client = site(Serving(), staff=False)
    assert "For staff" not in client.get("/staff/gradio_api/info").text
    assert client.get("/staff/library").status_code == 404


def test_every_answer_carries_the_headers_that_keep_other_machines_out(site):
    for client in (site(Serving()), site(LOGIN), site(Serving(), host="else.example")):
        for address in (
            "/",
            "/staff/",
            "/staff/library",
            "/staff/config",
            "/audio/none",
            "/nowhere",
            "/gradio_api/upload",
        ):
            headers = client.get(address).headers
            assert "default-src 'self'" in headers["content-security-policy"]
            assert headers["content-security-policy"].endswith("; frame-ancestors 'self'")
            assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("serving", "host", "share", "served"),
    [
        (Serving(), "127.0.0.1", False, True),
        (Serving(), "localhost", False, True),
        (Serving(), "::1", False, True),
        (Serving(), "0.0.0.0", False, False),
        (Serving(), "192.0.2.7", False, False),
        (Serving(), "127.0.0.1", True, False),
        (Serving(proxy="127.0.0.1"), "127.0.0.1", False, False),
        (Serving(staff_user="ann"), "0.0.0.0", False, False),
        (Serving(staff_password="x"), "0.0.0.0", False, False),
        (LOGIN, "0.0.0.0", False, True),
        (LOGIN, "127.0.0.1", True, True),
    ],
)
def test_the_staffs_page_is_served_behind_a_login_or_to_this_machine_only(serving, host, share, served):
    assert staff_served(serving, host, share=share) is served


# What another site's page makes a browser send


ELSEWHERE = [
    {"origin": "https://else.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:8000"},
    {"origin": "http://localhost.else.example"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:7860"},
    {"sec-fetch-site": "none", "origin": "https://else.example"},
]
CHANGES = [
    "login",
    "logout",
    "gradio_api/upload",
    "gradio_api/queue/join",
    "gradio_api/run/predict",
    "gradio_api/cancel",
    "gradio_api/call/x",
    "gradio_api/call/v2/x",
    "gradio_api/reset",
]


@pytest.mark.parametrize("headers", ELSEWHERE, ids=str)
@pytest.mark.parametrize("serving", [Serving(), LOGIN], ids=["key", "login"])
def test_what_another_sites_page_sends_changes_nothing_of_the_staffs(site, serving, headers):
    client = site(serving)
    assert client.get(BY_KEY).status_code in (200, 303)
    client.post("/staff/login", data={"username": "ann", "password": "rosebud"})
    for path in CHANGES:
        assert client.post(f"/staff/{path}", headers=headers, json={}).status_code == 403, path
    assert client.get("/staff/logout", headers=headers).status_code == 403
    assert client.get("/staff/config").status_code == 200


@pytest.mark.parametrize("mode", ["navigate", "no-cors", "cors"])
def test_a_link_on_another_site_may_lead_to_the_page_but_not_out_of_it(site, mode):
    client = site(LOGIN)
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": mode, "sec-fetch-dest": "document"}
    assert client.get("/staff/library", headers=headers).status_code == (200 if mode == "navigate" else 403)
    assert client.get("/staff/logout", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://127.0.0.1:7860"},
        {"sec-fetch-site": "same-origin", "origin": "https://public.example"},  # behind a proxy with a Host of its own
        {"origin": "https://public.example", "x-forwarded-host": "public.example"},
    ],
    ids=str,
)
def test_the_page_itself_and_programs_may_log_in(site, headers):
    client = site(LOGIN)
    form = {"username": "ann", "password": "rosebud"}
    answer = client.post("/staff/login", data=form, headers=headers)
    cookie = "; ".join(cookie.split(";")[0] for cookie in answer.headers.get_list("set-cookie"))
    assert client.get("/staff/config", headers={"cookie": cookie}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "secure"),
    [
        ({}, False),
        ({"x-forwarded-proto": "https"}, True),
        ({"forwarded": 'for=x;proto="https"'}, True),
        ({"sec-fetch-site": "same-origin", "origin": "https://public.example"}, True),
    ],
)
def test_cookies_stay_with_this_site_and_under_tls(site, headers, secure):
    client = site(LOGIN)
    answer = client.post("/staff/login", data={"username": "ann", "password": "rosebud"}, headers=headers)
    out = client.get("/staff/logout", headers=headers, follow_redirects=False)
    cookies = [*answer.headers.get_list("set-cookie"), *out.headers.get_list("set-cookie")]
    assert len(cookies) == 4
    if not headers:
        cookies += (came := site(Serving()).get(BY_KEY)).headers.get_list("set-cookie")
        assert came.headers["cache-control"] == "no-store"
    for cookie in cookies:
        parts = [part.strip().lower() for part in cookie.split(";")]
        assert parts.count("httponly") == parts.count("samesite=lax") == 1 and "samesite=none" not in parts
        assert parts.count("secure") == secure
