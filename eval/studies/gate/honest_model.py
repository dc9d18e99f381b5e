"""A model that does what it is told, on loopback: it copies the quotes it is given and attributes them to whom the
prompt names.

    python -m eval honest-model --library library

It asks each question of a set twice, once without a model and once with this one as the writer, and compares the verdicts:
what the gate withholds of honest sentences shows here. Exit 1 where the verdicts with the model are the worse ones.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from eval.run.runner import evaluate
from eval.sets.readers import read_set
from index.errors import VerbatimError
from rag.assistant import Assistant
from rag.settings import Settings

_QUOTE = re.compile(r"^\[(?P<n>\d+)\] (?P<speaker>.*?) · .*\n(?P<fence>~+)\n(?P<text>.*)\n(?P=fence)$", re.MULTILINE)
MOST_QUOTES = 5  # sentences that the prompt asks for
PIECE = 24  # characters that are streamed at a time


def honest(asked: str) -> str:
    """The reply to a prompt: a sentence for each quote in it, word for word; to prompts of other kinds, nothing."""
    return " ".join(
        f"“{quote['text']}” [{quote['n']}]"
        if quote["speaker"] == "speaker not known"
        else f"{quote['speaker']} says: “{quote['text']}” [{quote['n']}]"
        for quote in list(_QUOTE.finditer(asked))[:MOST_QUOTES]
    )


class Endpoint(ThreadingHTTPServer):
    """`reply`: what it says to a prompt. `first_sentences`: when the first sentence of each reply was out, as time.time().
    `rest_after`: seconds of silence then."""

    def __init__(self, reply: Callable[[str], str], rest_after: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reply = reply
        self.first_sentences: list[float] = []
        self.rest_after = rest_after

    @property
    def address(self) -> str:
        """What `VERBATIM_BASE_URL` is set to for it."""
        return f"http://127.0.0.1:{self.server_port}/v1"


@contextmanager
def honest_model(*, rest_after: float = 0.0) -> Iterator[Endpoint]:
    """Its endpoint, for as long as the block runs."""
    with scripted_model(honest, rest_after=rest_after) as endpoint:
        yield endpoint


@contextmanager
def scripted_model(reply: Callable[[str], str], *, rest_after: float = 0.0) -> Iterator[Endpoint]:
    """The endpoint of a model that replies to each prompt as it is told to, for as long as the block runs."""
    with Endpoint(reply, rest_after) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Answers every request with a stream, as OpenAI's protocol has it."""

    server: Endpoint

    def log_message(self, *parts: object) -> None:
        """Quiet: what is measured is what is printed."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        reply = self.server.reply(asked["messages"][-1]["content"])
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        more = reply.find("] ")
        first = more + 3 if more >= 0 else len(reply)  # with a letter of the next: only then it is known to be whole
        with suppress(OSError):  # whoever asked has gone
            for at in [*range(0, first, PIECE), *range(first, len(reply), PIECE)]:
                end = min(at + PIECE, first if at < first else len(reply))
                self._send({"role": "assistant", "content": reply[at:end]})
                if end == first < len(reply):
                    self.server.first_sentences.append(time.time())
                    time.sleep(self.server.rest_after)
            self._send({}, finish="stop")
            self.wfile.write(b"data: [DONE]\n\n")

    def _send(self, delta: dict[str, str], *, finish: str | None = None) -> None:
        chunk = {
            "id": "1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "honest",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the verdicts with and without the model, and where they differ. Exit code 1 where fewer are right with
    it."""
    parser = argparse.ArgumentParser(prog="python -m eval honest-model", description=__doc__.split("\n")[0])
    parser.add_argument("--library", default="library", help="the library's folder")
    parser.add_argument("--questions", type=Path, default=Path("eval/data/samples.jsonl"))
    parser.add_argument("--limit", type=int, help="only the first so many questions")
    options = parser.parse_args(arguments)
    try:
        questions = read_set(options.questions).questions[: options.limit]
        with honest_model() as endpoint:
            plain = Settings(library=options.library)
            model = Settings(
                library=options.library, model="openai:honest", base_url=endpoint.address, reader="embedded"
            )
            rows = {
                name: evaluate(Assistant.open(options.library, settings), questions, settings)["questions"]
                for name, settings in (("without a model", plain), ("with the honest one", model))
            }
    except VerbatimError as exc:
        print(exc, file=sys.stderr)
        return 1
    right = {name: sum(row["metrics"]["verdict_right"] for row in asked) for name, asked in rows.items()}
    for name, asked in rows.items():
        print(f"{name}: verdict right {right[name] / len(asked):.3f}, {_figures(asked)}")
    for one, other in zip(*rows.values(), strict=True):
        if one["verdict"] != other["verdict"]:
            print(f"  {one['id']}: {one['verdict']} → {other['verdict']}")
    return 0 if right["with the honest one"] >= right["without a model"] else 1


def _figures(rows: Sequence[dict[str, Any]]) -> str:
    def mean(name: str) -> float:
        values = [row["metrics"][name] for row in rows if name in row["metrics"]]
        return sum(values) / max(1, len(values))

    return ", ".join(f"{name} {mean(name):.3f}" for name in ("citation_precision", "citation_recall", "wrong_speaker"))


if __name__ == "__main__":
    sys.exit(main())
