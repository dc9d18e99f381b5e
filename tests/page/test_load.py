"""python -m eval load on a small library: what it measures and what it refuses. How quick it is, no test says."""

from __future__ import annotations

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path

import httpx
import pytest
from served import make_library

from eval.studies.speed.load import listen, main, quantile


def test_few_listeners_are_all_answered_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library = make_library(tmp_path).folder
    sizes = ["--listeners", "3", "--questions", "2", "--alone", "4"]
    assert main(["--library", str(library), *sizes]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["errors"], told["questions"], told["many"]["n"], told["one"]["n"]) == (0, 6, 6, 4)
    assert 0 < told["many"]["p50_s"] <= told["many"]["p95_s"] and told["ratio"] > 0


@pytest.mark.parametrize(
    "sizes", [["--listeners", "0"], ["--listeners", "501"], ["--questions", "1001"], ["--alone", "0"]]
)
def test_a_size_that_would_never_end_is_misuse(sizes: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(sizes)
    assert stopped.value.code == 2


class _Broken(BaseHTTPRequestHandler):
    """Takes every question, and answers none."""

    def log_message(self, *parts: object) -> None:
        """Quiet."""

    def _say(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._say(b'{"event_id": "1"}')

    def do_GET(self) -> None:
        self._say(b'event: error\ndata: "no"\n\n')


def test_a_question_that_is_not_answered_is_an_error_and_not_a_quick_answer() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Broken) as broken:
        threading.Thread(target=broken.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

        async def scene() -> tuple[list[float], list[str]]:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{broken.server_port}", trust_env=False) as client:
                return await listen(client, cycle(["Why?"]), 3)

        waits, errors = asyncio.run(scene())
        broken.shutdown()
    assert waits == [] and len(errors) == 3 and "no" in errors[0]


def test_quantiles_are_those_of_all_answers() -> None:
    assert quantile([0.1 * n for n in range(1, 101)], 95) == pytest.approx(9.505)
