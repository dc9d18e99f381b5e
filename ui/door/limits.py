"""How much one visitor may ask, and who is answered when there are many. Knows nothing of questions or pages.

A Door is made once for a site. Whoever asks goes through `door.turn(…)`: it refuses with TooMany who asks too often,
and lets the others in one after the other, first come first served, telling each how many are before it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar

from index.errors import VerbatimError
from rag.halting import GaveUp, halted
from rag.settings import Serving

MINUTE = 60.0
AT_ONCE = 2  # answers made at the same time without a language model: more would only fight over the interpreter
AT_ONCE_WITH_MODEL = 32  # with one, an answer is mostly waiting for it: a slow one must not hold up the others
WAITING_AT_MOST = 200  # further questions are refused with a clear line instead of waiting for minutes
MOST_KEYS = 50_000  # visitors remembered
WRONG_LOGINS_A_MINUTE = 5
LOOKING = 0.25  # seconds between two looks at whether whoever asked is still there
END = object()

Made = TypeVar("Made")


class TooMany(VerbatimError):
    """More than one visitor may ask, or than the line holds; says when it may be tried again."""


class Rate:
    """At most `most` in `seconds` seconds for each key, over a sliding window. `most` 0 means: no limit.

    `keys`: how many are remembered; the ones seen longest ago are forgotten beyond that.
    """

    def __init__(
        self,
        most: int,
        seconds: float = MINUTE,
        clock: Callable[[], float] = time.monotonic,
        *,
        keys: int = MOST_KEYS,
    ) -> None:
        self.most, self.seconds, self.clock, self.keys = most, seconds, clock, keys
        self._times: dict[str, deque[float]] = {}

    def wait(self, key: str) -> float:
        """Seconds until this key may again; 0 where it may now."""
        times = self._times.get(key)
        if not self.most or times is None:
            return 0.0
        while times and times[0] <= self.clock() - self.seconds:
            times.popleft()
        return 0.0 if len(times) < self.most else times[0] + self.seconds - self.clock()

    def count(self, key: str) -> None:
        """Count one more for this key, now; keys unseen for longest are forgotten beyond the limit."""
        # Taken out and put back: the dict's order is that of the last time seen.
        times = self._times.pop(key, None) or deque(maxlen=self.most or 1)
        times.append(self.clock())
        self._times[key] = times
        while len(self._times) > self.keys:
            del self._times[next(iter(self._times))]

    def uncount(self, key: str) -> None:
        """Takes the last one back."""
        if self._times.get(key):
            self._times[key].pop()


def here() -> bool:
    """What is said of somebody who never leaves."""
    return False


class Ticket:
    """A place in the line: `place` is how many are before it and itself, 0 when it is its turn."""

    def __init__(self, place: int) -> None:
        self.place = place
        self.moved = asyncio.Event()

    async def places(self, gone: Callable[[], bool] = here) -> AsyncIterator[int]:
        """The place in line each time that it has changed, until it is this one's turn. GaveUp: they have `gone`."""
        told = 0
        while self.place:
            if gone():
                raise GaveUp("Nobody waits for this answer any more.")
            if self.place != told:
                told = self.place
                yield told
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(self.moved.wait(), LOOKING)
            self.moved.clear()


class Door:
    """The limits of one site. Lives on the server's event loop, so that nothing in it needs a lock."""

    def __init__(self, serving: Serving, *, at_once: int = AT_ONCE, clock: Callable[[], float] = time.monotonic):
        self.at_once = at_once
        self.by_session = Rate(serving.questions_a_minute, clock=clock)
        self.by_address = Rate(serving.questions_a_minute_by_address, clock=clock)
        self.working = 0
        self.line: deque[Ticket] = deque()
        # A pool of its own: what is slow here holds up no page, and each thread's database connection is made once.
        self.pool = ThreadPoolExecutor(self.at_once, thread_name_prefix="answer")

    def count(self, session: str | None, address: str | None) -> None:
        """Counts one question. TooMany: this browser, or this address, has asked too many."""
        asked = [(self.by_session, session, "You have"), (self.by_address, address, "Your network has")]
        for rate, key, who in asked:
            seconds = rate.wait(key) if key else 0.0
            if seconds:
                raise TooMany(
                    f"{who} asked {rate.most} questions within a minute, which is as many as this site answers. "
                    f"Try again in {max(1, round(seconds))} seconds."
                )
        for rate, key, _ in asked:
            if key:
                rate.count(key)

    @asynccontextmanager
    async def turn(self, session: str | None, address: str | None) -> AsyncIterator[Ticket]:
        """A place among those that are answered, after a place in line. TooMany: refused, nothing is waited for."""
        if len(self.line) >= WAITING_AT_MOST:
            raise TooMany(f"{WAITING_AT_MOST} questions are waiting here already. Try again in a minute.")
        self.count(session, address)
        ticket = Ticket(0 if self.working < self.at_once else len(self.line) + 1)
        if ticket.place:
            self.line.append(ticket)
        else:
            self.working += 1
        try:
            yield ticket
        finally:
            self._leave(ticket)

    @asynccontextmanager
    async def admitted(
        self, session: str | None, address: str | None, gone: Callable[[], bool] = here
    ) -> AsyncIterator[None]:
        """As `turn`, for those who can't be told their place: entered when it is their turn. GaveUp: they have `gone`."""
        async with self.turn(session, address) as ticket:
            async for _ in ticket.places(gone):
                pass
            yield

    def _leave(self, ticket: Ticket) -> None:
        if ticket.place:
            self.line.remove(ticket)
        elif self.line:
            first = self.line.popleft()  # takes the place over: as many are working as before
            first.place = 0
            first.moved.set()
        else:
            self.working -= 1
        for place, waiting in enumerate(self.line, start=1):
            if waiting.place != place:
                waiting.place = place
                waiting.moved.set()

    async def run(
        self, work: Callable[..., Made], *arguments: Any, gone: Callable[[], bool] = here, **named: Any
    ) -> Made:
        """What `work` returns, made in a thread of the pool; it is told to stop once whoever asked has `gone`."""
        halt = threading.Event()
        context = copy_context()
        context.run(halted.set, halt.is_set)
        making = self.pool.submit(context.run, partial(work, *arguments, **named))
        made = asyncio.wrap_future(making)
        while not (await asyncio.wait([made], timeout=LOOKING))[0]:
            if gone():
                halt.set()
                making.cancel()  # where it hasn't begun
        if made.cancelled():
            raise GaveUp("Nobody waits for this answer any more.")
        return made.result()

    async def steps(self, work: Iterator[Made], gone: Callable[[], bool] = here) -> AsyncIterator[Made]:
        """What `work` yields, each made in a thread of the pool; no more once whoever asked has `gone`."""
        while not gone() and (step := await self.run(next, work, END, gone=gone)) is not END:
            yield step


class LoginAttempts:
    """Middleware: an address that gave wrong passwords at `path` too often has to wait a minute, whoever it says it is."""

    def __init__(self, app: Any, *, path: str, rate: Rate | None = None) -> None:
        self.app, self.path, self.rate = app, path, rate or Rate(WRONG_LOGINS_A_MINUTE)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from starlette.responses import JSONResponse

        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"].rstrip("/") != self.path:
            await self.app(scope, receive, send)
            return
        address = (scope.get("client") or ("nobody",))[0]
        seconds = self.rate.wait(address)
        if seconds:
            line = f"Too many logins from here. Try again in {max(1, round(seconds))} seconds."
            refused = JSONResponse({"detail": line}, 429, {"Retry-After": str(max(1, round(seconds)))})
            await refused(scope, receive, send)
            return
        # Counted before it is known to be wrong, so that many at once can't slip through; taken back where it is right.
        self.rate.count(address)

        async def watched(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                self.rate.uncount(address)
            await send(message)

        await self.app(scope, receive, watched)


def line_of(place: int) -> str:
    """Where a question stands in line, in words."""
    return "You are next in line…" if place == 1 else f"You are number {place} in line…"
