"""Who gets which page: listeners theirs, staff theirs behind a login or on this machine only."""

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
from rag.settings import Settings
from ui.shared import html as passages
from ui.site import make_site, staff_served

LOGIN = Settings(staff_user="ann", staff_password="rosebud")
HERE = ("127.0.0.1", 50000)


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

    async def make(settings: Settings, staff: bool) -> FastAPI:
        return make_site(Assistant(library, settings), staff=staff)  # outside a loop, Gradio leaves some open

    @cache
    def made(settings: Settings, staff: bool) -> FastAPI:
        return run(make(settings, staff))

    def opened(
        settings: Settings, *, staff: bool = True, client: tuple[str, int] = HERE, host: str = "127.0.0.1:7860"
    ) -> Visitor:
        return Visitor(made(settings, staff), client, host)

    return opened


STAFF_ADDRESSES = ["/staff/", "/staff/library", "/staff/evaluate", "/staff/config", "/staff/gradio_api/info"]


def test_without_a_login_this_machine_sees_the_staffs_page(site):
    client = site(Settings())
    assert [client.get(address).status_code for address in STAFF_ADDRESSES] == [200] * 5


@pytest.mark.parametrize(
    "host", ["verbatim.example", "verbatim.example:7860", "127.0.0.1.example", "10.0.0.7:7860", ""]
)
def test_without_a_login_a_name_that_is_not_this_machines_finds_no_staffs_page(site, host):
    client = site(Settings())
    found = [client.get(address, headers={"host": host}).status_code for address in STAFF_ADDRESSES]
    assert found == [404] * 5
    assert client.get("/", headers={"host": host or "a"}).status_code == 200


def test_without_a_login_another_machine_finds_no_staffs_page(site):
    client = site(Settings(), client=("192.0.2.7", 50000))
    assert {client.get(address).status_code for address in STAFF_ADDRESSES} == {404}


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


def test_the_way_to_the_staff_is_named_only_where_it_is_open():
    assert "/staff/" in passages.masthead(1, 60.0, ["Mended"], staff="/staff/")
    assert "staff" not in passages.masthead(1, 60.0, ["Mended"])


def test_where_the_staffs_page_is_not_served_there_is_none(site):
    client = site(Settings(), staff=False)
    assert "For staff" not in client.get("/staff/gradio_api/info").text
    assert client.get("/staff/library").status_code == 404


def test_every_answer_carries_the_headers_that_keep_other_machines_out(site):
    for address in ("/", "/staff/", "/audio/none", "/nowhere"):
        headers = site(Settings()).get(address).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("settings", "host", "share", "served"),
    [
        (Settings(), "127.0.0.1", False, True),
        (Settings(), "localhost", False, True),
        (Settings(), "::1", False, True),
        (Settings(), "0.0.0.0", False, False),
        (Settings(), "192.0.2.7", False, False),
        (Settings(), "127.0.0.1", True, False),
        (Settings(staff_user="ann"), "0.0.0.0", False, False),
        (Settings(staff_password="x"), "0.0.0.0", False, False),
        (LOGIN, "0.0.0.0", False, True),
        (LOGIN, "127.0.0.1", True, True),
    ],
)
def test_the_staffs_page_is_served_behind_a_login_or_to_this_machine_only(settings, host, share, served):
    assert staff_served(settings, host, share=share) is served
