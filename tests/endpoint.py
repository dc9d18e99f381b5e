"""An OpenAI-compatible endpoint on loopback that says what a test tells it to say. Holds no tests."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from rag.settings import Settings


class Endpoint(ThreadingHTTPServer):
    """An OpenAI-compatible endpoint. `says` is streamed piece by piece; the other fields make it fail in one way.

    `replies` answers each request by itself, from what a person asks in it. `status` refuses every request, `refusals`
    the first ones, one each; `error` and `headers` go with a refusal. `finish` is why the reply ends.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.says: list[str] = []
        self.replies: Callable[[str], str] | None = None
        self.status = 200
        self.refusals: list[int] = []
        self.error: dict[str, object] = {"message": "the key sk-secret is wrong", "type": "x"}
        self.headers: dict[str, str] = {}
        self.finish: str | None = None
        self.paths: list[str] = []
        self.cut = self.hang = self.heartbeat = False
        self.raw: str | None = None
        self.usage: dict[str, int] | None = None
        self.asked: list[dict] = []
        self.keys: list[str | None] = []
        self.over = threading.Event()
        self.left = threading.Event()  # whoever asked closed the connection before the reply's end

    def settings(self, **changes: object) -> Settings:
        fields = {"model": "openai:small", "base_url": f"http://127.0.0.1:{self.server_port}/v1", "timeout": 20.0}
        return Settings(**(fields | changes))  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Endpoint

    def log_message(self, *parts: object) -> None:
        """Quiet: the test's own output is what matters."""

    def do_POST(self) -> None:
        endpoint = self.server
        endpoint.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        endpoint.keys.append(self.headers.get("Authorization"))
        endpoint.paths.append(self.path)
        self.close_connection = True
        status = endpoint.refusals.pop(0) if endpoint.refusals else endpoint.status
        if status != 200:
            body = json.dumps({"error": endpoint.error}).encode()
            self.send_response(status)
            for name, value in endpoint.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            self._stream(endpoint)
        except OSError:  # the client went away, which some tests ask for
            endpoint.left.set()

    def _chunk(self, delta: dict[str, str], finish: str | None) -> None:
        """One piece of a streamed reply."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "small", "choices": [choice]}
        self._send(f"data: {json.dumps(chunk)}\n\n")

    def _stream(self, endpoint: Endpoint) -> None:
        asked = endpoint.asked[-1]["messages"][-1]["content"]
        for text in [endpoint.replies(asked)] if endpoint.replies else endpoint.says:
            self._chunk({"role": "assistant", "content": text}, None)
        if endpoint.usage is not None or endpoint.finish:
            self._chunk({}, endpoint.finish or "stop")
        if endpoint.usage is not None:
            self._send(
                "data: "
                + json.dumps(
                    {
                        "id": "1",
                        "object": "chat.completion.chunk",
                        "created": 1,
                        "model": "small",
                        "choices": [],
                        "usage": endpoint.usage,
                    }
                )
                + "\n\n"
            )
        if endpoint.raw is not None:
            self._send(endpoint.raw)
        while endpoint.heartbeat and not endpoint.over.wait(0.05):
            self._send(": still thinking\n\n")
        if endpoint.hang:
            endpoint.over.wait(20)
        if not endpoint.cut:
            self._send("data: [DONE]\n\n")
            self.wfile.write(b"0\r\n\r\n")

    def _send(self, text: str) -> None:
        body = text.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))
        self.wfile.flush()
