"""Many listeners at once, measured: `python -m eval load`. Prints one JSON object; exit code 1 where a question fails.

A server of its own is started on loopback over the sample episodes (or `--library`), without limits. First one listener
asks alone, then many ask at the same time, each the next question when the last is answered. The bar: no errors, and a
p95 of at most 1.2 times what the cores would need if they shared the work evenly: one listener's p95 × listeners / cores.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from eval.run.runner import CACHE, commit, machine
from eval.sets.libraries import library_of_transcripts
from eval.sets.readers import read_set
from eval.studies.speed.serve import SITE, serving
from index.search.onnx_export import EMBEDDED_MODEL

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "samples" / "transcripts"
QUESTIONS = ROOT / "eval" / "data" / "samples.jsonl"
BAR = 1.2
ALONE = 40  # questions of the one listener: fewer have no p95
MOST_LISTENERS = 500
LONGEST_WAIT = 120.0  # seconds for one answer; longer is an error


def main(arguments: Sequence[str] | None = None) -> int:
    """Print seconds, errors and the ratio to a lone listener as JSON. Exit code 1 where a question failed."""
    parser = argparse.ArgumentParser(prog="python -m eval load", description=__doc__.split("\n")[0])
    parser.add_argument("--library", type=Path, help="the library to ask (default: one made of the sample episodes)")
    parser.add_argument(
        "--questions-file", type=Path, default=QUESTIONS, help="the set that the questions are taken from"
    )
    parser.add_argument("--listeners", type=int, default=50)
    parser.add_argument("--questions", type=int, default=5, help="questions of each listener")
    parser.add_argument("--alone", type=int, default=ALONE, help="questions of the one listener who asks alone")
    options = parser.parse_args(arguments)
    if not 1 <= options.listeners <= MOST_LISTENERS or not 1 <= options.questions <= 1000 or options.alone < 1:
        parser.error(f"1 to {MOST_LISTENERS} listeners, and 1 to 1000 questions of each")
    library = options.library or library_of_transcripts(SAMPLES, EMBEDDED_MODEL, CACHE)
    texts = [asked.question for asked in read_set(options.questions_file).questions]
    unlimited = dict.fromkeys(("questions_a_minute", "questions_a_minute_by_address", "connections_by_address"), "0")
    with serving([*SITE, str(Path(library).resolve()), "--port"], **unlimited, model="") as address:
        measured = asyncio.run(measure(address, texts, options.listeners, options.questions, options.alone))
    print(json.dumps({"commit": commit(), "machine": machine(), **measured}, indent=1))
    return 1 if measured["errors"] else 0


async def measure(address: str, texts: Sequence[str], listeners: int, questions: int, alone: int) -> dict[str, Any]:
    """Seconds of an answer, p50 and p95, for one listener and for many; and the ratio to the bar's measure."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=address, timeout=LONGEST_WAIT, limits=limits, trust_env=False) as client:
        # Each question once before the clock runs: the model is loaded, and the one listener finds the same vectors
        # remembered as the many do. Otherwise the one would pay for what the many have, and the ratio would flatter.
        await listen(client, iter(texts), len(texts))
        one, one_errors = await listen(client, itertools.cycle(texts), alone)
        began = time.perf_counter()
        # Each listener begins at another question, so that no two ask the same at once.
        starts = [itertools.islice(itertools.cycle(texts), number * questions, None) for number in range(listeners)]
        many = await asyncio.gather(*(listen(client, start, questions) for start in starts))
        took = time.perf_counter() - began
    seconds = [each for waits, _ in many for each in waits]
    errors = [*one_errors, *(error for _, failed in many for error in failed)]
    p95_one, p95_many = quantile(one, 95), quantile(seconds, 95)
    measure_of_bar = p95_one * max(1.0, listeners / cores)
    return {
        "cores": cores,
        "listeners": listeners,
        "questions": listeners * questions,
        "errors": len(errors),
        "first_errors": errors[:3],
        "one": {"p50_s": quantile(one, 50), "p95_s": p95_one, "n": len(one)},
        "many": {"p50_s": quantile(seconds, 50), "p95_s": p95_many, "n": len(seconds)},
        "answers_a_second": round(len(seconds) / took, 2),
        "ratio": round(p95_many / measure_of_bar, 3),
        "bar": BAR,
    }


async def listen(client: httpx.AsyncClient, texts: Iterator[str], questions: int) -> tuple[list[float], list[str]]:
    """The seconds of each answer to one listener's questions, asked one after the other; and what went wrong."""
    waits, errors = [], []
    for text in itertools.islice(texts, questions):
        began = time.perf_counter()
        try:
            await ask(client, text)
        except (httpx.HTTPError, ValueError, RuntimeError) as error:
            errors.append(f"{type(error).__name__}: {error}"[:300])
        else:
            waits.append(time.perf_counter() - began)
    return waits, errors


async def ask(client: httpx.AsyncClient, text: str) -> dict[str, Any]:
    """The answer to one question through the site's API, as a browser or a program gets it: queued and streamed."""
    joined = await client.post("/gradio_api/call/v2/ask", json={"question": text})
    joined.raise_for_status()
    event = ""
    async with client.stream("GET", f"/gradio_api/call/ask/{joined.json()['event_id']}") as answered:
        answered.raise_for_status()
        async for line in answered.aiter_lines():
            kind, _, data = line.partition(": ")
            if kind == "event":
                event = data
            elif kind == "data" and event == "complete":
                return json.loads(data)[0]
            elif kind == "data" and event == "error":
                raise RuntimeError(data)
    raise RuntimeError("the stream ended without an answer")


def quantile(seconds: Sequence[float], percent: float) -> float:
    """That percentile of the seconds, rounded to four places; nan for none."""
    return round(float(np.percentile(seconds, percent)), 4) if seconds else float("nan")


if __name__ == "__main__":
    sys.exit(main())
