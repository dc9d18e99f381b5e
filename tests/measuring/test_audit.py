"""`make lint` asks about known weaknesses only where somebody answers who knows of any; every package is pinned for it."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from browsing import free_port

from eval.studies.packages import reachable

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("status", "body", "asked"),
    [
        (200, b'{"info": {}, "vulnerabilities": []}', True),
        (200, b'{"info": {}}', False),
        (200, b"<html>a mirror of packages</html>", False),
        (404, b'{"vulnerabilities": []}', False),
    ],
)
def test_only_who_knows_of_weaknesses_is_asked(status: int, body: bytes, asked: bool) -> None:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *parts: object) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert reachable(f"http://127.0.0.1:{server.server_port}/pypi/a/1/json") is asked


def test_where_nobody_answers_nobody_is_asked() -> None:
    assert not reachable(f"http://127.0.0.1:{free_port()}/pypi/a/1/json", 1.0)
    assert not reachable("nowhere at all", 1.0)


def test_the_audit_is_pinned_and_part_of_lint() -> None:
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"[\w.-]+==[\w.+]+", line) for line in pinned)
    assert any(line.startswith("pip-audit==") for line in pinned)
    lint = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nlint:")[2].partition("\n\n")[0]
    assert "python -m eval packages" in lint
