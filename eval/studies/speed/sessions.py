"""What visitors cost in memory once they are idle: `python -m eval sessions`. Prints one JSON object; Linux only.

A server of its own is started on loopback over the sample episodes (or `--library`). Each session opens the page as a
browser does, asks one question and is then idle. What the process has grown by, for each of them, is the cost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from eval.run.runner import CACHE, commit, machine
from eval.sets.libraries import library_of_transcripts
from eval.sets.readers import read_set
from eval.studies.speed.load import LONGEST_WAIT, QUESTIONS, SAMPLES
from eval.studies.speed.serve import SITE, started
from index.search.onnx_export import EMBEDDED_MODEL

BAR = 10.0  # KB
WARM = 200  # sessions before the measure begins: the first ones pay for what all share
AT_ONCE = 8
MOST_SESSIONS = 10_000
SETTLING = 15.0  # seconds until a session counts as idle, and what it no longer needs is let go


def main(arguments: Sequence[str] | None = None) -> int:
    """Print kilobytes of memory for each idle visitor as JSON. Exit code 1 where they are more than BAR."""
    parser = argparse.ArgumentParser(prog="python -m eval sessions", description=__doc__.split("\n")[0])
    parser.add_argument("--library", type=Path, help="the library to ask (default: one made of the sample episodes)")
    parser.add_argument("--sessions", type=int, default=500)
    parser.add_argument("--warm", type=int, default=WARM, help="sessions before the measure begins")
    options = parser.parse_args(arguments)
    if not 1 <= options.sessions <= MOST_SESSIONS or options.warm < 1:
        parser.error(f"1 to {MOST_SESSIONS} sessions")
    library = options.library or library_of_transcripts(SAMPLES, EMBEDDED_MODEL, CACHE)
    texts = [asked.question for asked in read_set(QUESTIONS).questions]
    unlimited = dict.fromkeys(("questions_a_minute", "questions_a_minute_by_address", "connections_by_address"), "0")
    with started([*SITE, str(Path(library).resolve()), "--port"], **unlimited, model="") as (address, process):
        measured = asyncio.run(measure(address, process, texts, options.warm, options.sessions))
    print(json.dumps({"commit": commit(), "machine": machine(), **measured}, indent=1))
    return 0 if measured["asked_kb"] <= BAR and measured["opened_kb"] <= BAR else 1


async def measure(address: str, process: int, texts: Sequence[str], warm: int, sessions: int) -> dict[str, Any]:
    """KB (1,024 bytes) of resident memory for each session that opened the page, and for each that asked as well."""
    async with httpx.AsyncClient(base_url=address, timeout=LONGEST_WAIT, trust_env=False) as client:
        page = (await client.get("/config")).json()
        await visits(client, page, [texts[n % len(texts)] for n in range(warm)])
        costs = {}
        for name, questions in (
            ("opened", [None] * sessions),
            ("asked", [texts[n % len(texts)] for n in range(sessions)]),
        ):
            await asyncio.sleep(SETTLING)
            before = resident_kb(process)
            await visits(client, page, questions)
            await asyncio.sleep(SETTLING)
            costs[f"{name}_kb"] = round((resident_kb(process) - before) / sessions, 2)
    return {"sessions": sessions, **costs, "resident_mb": round(resident_kb(process) / 1024), "bar_kb": BAR}


async def visits(client: httpx.AsyncClient, page: dict[str, Any], questions: Sequence[str | None]) -> None:
    """As many sessions as questions, a few at a time; where the question is None, the page is only opened."""
    waiting = iter(questions)

    async def one_after_the_other() -> None:
        for question in waiting:
            await visit(client, page, question)

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))


async def visit(client: httpx.AsyncClient, page: dict[str, Any], question: str | None) -> None:
    """One session: the events of opening the page and of asking, in a browser's order."""
    session = secrets.token_hex(5)
    names = {part["id"]: part["props"].get("elem_id") for part in page["components"]}
    events = {event["id"]: event for event in page["dependencies"]}

    async def send(event: dict[str, Any], **values: str) -> None:
        data = [values.get(names[part]) for part in event["inputs"]]
        body = {"data": data, "fn_index": event["id"], "session_hash": session, "trigger_id": None}
        if not event["queue"]:
            (await client.post("/gradio_api/run/predict", json=body)).raise_for_status()
            return
        (await client.post("/gradio_api/queue/join", json=body)).raise_for_status()
        async with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as stream:
            async for line in stream.aiter_lines():
                if '"close_stream"' in line:
                    break

    for event in events.values():
        if any(what == "load" for _, what in event["targets"]):
            await send(event)
    if question is None:
        return
    after = next(
        e for e in events.values() if [names.get(e["targets"][0][0]), e["targets"][0][1]] == ["question", "submit"]
    )
    while after:
        await send(after, question=question)
        follows = (e for e in events.values() if e["trigger_after"] == after["id"] and e["trigger_only_on_success"])
        after = next(follows, None)


def resident_kb(process: int) -> int:
    """The resident memory of a process, in KB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")))


if __name__ == "__main__":
    sys.exit(main())
