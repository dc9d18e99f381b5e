"""The whole site in this process, and everything that its screens show when they are opened. Holds no tests."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx

from index.library import Library
from rag.assistant import Assistant
from rag.settings import Serving, Settings
from ui.site import make_site

HERE = ("127.0.0.1", 50000)
LISTENERS, STAFF = "", "/staff"
STAFF_SCREENS = ("", "person", "episode", "library", "evaluate")


def run(doing: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(doing)


class Screens:
    """Somebody who is logged in as staff and opens one screen after the other. `seen`: everything that was answered."""

    def __init__(self, library: Library, serving: Serving, settings: Settings | None = None) -> None:
        async def make() -> Any:
            assistant = Assistant.open(library.folder, settings)
            return make_site(assistant, serving, staff=True)  # outside a loop, Gradio leaves some open

        self.site, self.cookies = run(make()), httpx.Cookies()
        self.seen: list[str] = []
        form = {"username": serving.staff_user, "password": serving.staff_password}
        assert self.ask("POST", f"{STAFF}/login", data=form).status_code == 200

    def ask(self, method: str, address: str, **options: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.site, client=HERE, raise_app_exceptions=False)
            host = "http://127.0.0.1:7860"
            async with httpx.AsyncClient(transport=transport, base_url=host, cookies=self.cookies) as client:
                answer = await client.request(method, address, **options)
                self.cookies = client.cookies
                return answer

        answer: httpx.Response = run(asked())
        self.seen.append(f"{answer.headers} {answer.text}")
        return answer

    def page(self, address: str) -> str:
        """What a page's address answers."""
        answer = self.ask("GET", address)
        assert answer.status_code == 200, f"{address}: {answer.status_code} {answer.text[:300]}"
        return answer.text

    def opened(self, base: str, query: str = "") -> str:
        """What the screens of one of the two pages say once they are open: each load event, and what follows on it."""
        config = self.ask("GET", f"{base}/config").json()
        values = {one["id"]: one["props"].get("value") for one in config["components"]}
        started = [one for one in config["dependencies"] if any(event == "load" for _, event in one["targets"])]
        assert started
        told, waiting = [], list(started)
        while waiting:
            event = waiting.pop(0)
            waiting += [one for one in config["dependencies"] if one["trigger_after"] == event["id"]]
            if event["backend_fn"]:
                told.append(self.event(base, event, values, query))
        return "\n".join(told)

    def event(self, base: str, event: dict[str, Any], values: dict[int, Any], query: str = "") -> str:
        """One event of a page, with the values that its components have now; they change as the answer says."""
        body = {"fn_index": event["id"], "data": [values.get(id_) for id_ in event["inputs"]], "session_hash": "one"}
        answer = self.ask("POST", f"{base}/gradio_api/run/predict{query}", json=body)
        assert answer.status_code == 200, f"{base} {query}, event {event['id']}: {answer.text[:500]}"
        for id_, value in zip(event["outputs"], answer.json()["data"], strict=False):
            update = isinstance(value, dict) and value.get("__type__") == "update"
            if not update or "value" in value:
                values[id_] = value["value"] if update else value
        return answer.text

    def api(self, name: str, **given: Any) -> httpx.Response:
        """What a function for programs answers; what isn't given is left as it is without it."""
        info = self.ask("GET", "/gradio_api/info").json()["named_endpoints"][f"/{name}"]["parameters"]
        data = [given.get(one["parameter_name"], one.get("parameter_default")) for one in info]
        events = self.ask("GET", "/config").json()["dependencies"]
        event = next(one for one in events if one["api_name"] == name)
        return self.ask("POST", "/gradio_api/run/predict", json={"fn_index": event["id"], "data": data})
