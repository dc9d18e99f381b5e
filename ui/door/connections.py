"""Who may hold a connection open, and for how long: what uvicorn leaves open to whoever sends slowly.

A request has to arrive whole within a time: its headers, then its body at no less than a slow telephone line's pace. Where
there are too many connections, the one that has waited longest without a whole request makes room for the next, so that
half requests keep nobody out, wherever they come from. Knows nothing of pages and questions.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

BACKLOG = 64  # connections that the system holds until they are taken; asyncio takes so many at one go
RESERVED = 96  # descriptors for the library, media files, threads and what Python itself keeps open
MOST_DESCRIPTORS = 16_384  # asked of the system, where it allows so many
WITHOUT_A_LIMIT = 512  # descriptors, where the system has no such limit
FEWEST = 16
LARGEST_HEAD = 32 * 1024  # bytes of a request's headers


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each part of a connection may take, in seconds; `pace` is bytes a second."""

    head: float = 10.0
    body: float = 20.0
    pace: float = 4096.0  # a body that comes this fast may take longer: an upload over a slow line
    idle: int = 5  # between two requests
    unread: float = 120.0  # an answer that nobody reads; a player that stopped asks again where it was


class Crowd:
    """All connections of one server. `most`: how many at once; `by_address`: how many of one address, 0 for no limit."""

    def __init__(self, most: int, by_address: int) -> None:
        self.most, self.by_address = most, by_address
        self.present: Counter[str] = Counter()
        self.waiting: dict[TimedConnection, None] = {}  # for a whole request, the longest first

    def admit(self, address: str) -> bool:
        """Whether one more may come from there; another that only waits makes room for it."""
        if self.by_address and self.present[address] >= self.by_address and not self._make_room(address):
            return False
        return self.present.total() < self.most or self._make_room(None)

    def _make_room(self, address: str | None) -> bool:
        for one in self.waiting:
            if address in (None, one.address):
                one.cut_off()
                return True
        return False


class TimedConnection(H11Protocol):
    """uvicorn's connection with times and a crowd around it."""

    def __init__(self, *arguments: Any, crowd: Crowd, patience: Patience, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.crowd, self.patience = crowd, patience
        self.address = ""
        self.counted = False
        self.awaits: str | None = None  # the part of a request that is to come
        self.since, self.received = 0.0, 0
        self.deadline: asyncio.TimerHandle | None = None
        self.reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection in, or refuse it with 503 where its address holds too many."""
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        if not self.crowd.admit(self.address):
            self._refuse("503 Service Unavailable", "Too many connections are open here. Try again in a moment.")
            return
        self.counted = True
        self.crowd.present[self.address] += 1
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the connection out."""
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what arrives, so that slow senders are noticed."""
        if self.transport.is_closing():
            return
        self.received += len(data)
        super().data_received(data)

    def handle_events(self) -> None:
        """As uvicorn's; then the times that the connection has left are set."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            # Whoever makes the answer can see from it that nobody waits for it any more.
            self.scope["state"]["cycle"] = self.cycle
        self._look()

    def pause_writing(self) -> None:
        """The caller reads too slowly: it is cut off when it goes on so for `patience.unread` seconds."""
        super().pause_writing()
        self.reading = self.loop.call_later(self.patience.unread, self.cut_off)

    def resume_writing(self) -> None:
        """The caller reads on: it isn't cut off."""
        super().resume_writing()
        if self.reading:
            self.reading.cancel()

    def cut_off(self) -> None:
        """Ends it at once."""
        self._forget()
        self.transport.abort()

    def _look(self) -> None:
        """Sets the time for the part of the request that is to come, when it has become another."""
        parts = {h11.IDLE: "head", h11.SEND_BODY: "body"}
        awaits = None if self.transport.is_closing() else parts.get(self.conn.their_state)
        if awaits == self.awaits:
            return
        if self.deadline:
            self.deadline.cancel()
        self.awaits = awaits
        if awaits is None:
            self.crowd.waiting.pop(self, None)
            return
        if self.counted:
            self.crowd.waiting.setdefault(self)
        self.since, self.received = self.loop.time(), 0
        self.deadline = self.loop.call_later(getattr(self.patience, awaits), self._late)

    def _late(self) -> None:
        took = self.loop.time() - self.since
        if self.awaits == "body" and self.received >= self.patience.pace * took:
            self.deadline = self.loop.call_later(1.0, self._late)
            return
        if self.cycle is None or not self.cycle.response_started or self.cycle.response_complete:
            self._refuse("408 Request Timeout", "The request took too long to arrive.")
        else:
            self.cut_off()

    def _refuse(self, status: str, line: str) -> None:
        self._forget()
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(line)}\r\n"
        self.transport.write(f"{head}Connection: close\r\n\r\n{line}".encode("ascii"))
        self.transport.close()

    def _forget(self) -> None:
        """No longer counted, and nothing more is waited for."""
        for timer in (self.deadline, self.reading):
            if timer:
                timer.cancel()
        self.crowd.waiting.pop(self, None)
        if self.counted:
            self.counted = False
            self.crowd.present[self.address] -= 1
            if not self.crowd.present[self.address]:
                del self.crowd.present[self.address]


def bounded(by_address: int, patience: Patience | None = None, *, most: int | None = None) -> dict[str, Any]:
    """uvicorn's settings for a server whose connections are bounded. `by_address`: of one address, 0 for no limit."""
    patience, most = patience or Patience(), most or room()
    # One address never takes all there is: half is left to the others.
    crowd = Crowd(most, by_address and min(by_address, max(FEWEST, most // 2)))
    return {
        "http": partial(TimedConnection, crowd=crowd, patience=patience),
        "ws": "none",  # the pages use none
        "backlog": BACKLOG,
        "timeout_keep_alive": patience.idle,
        # Beside the crowd's own limit, this one holds for work whose connection is gone.
        "limit_concurrency": most + 1,
        "h11_max_incomplete_event_size": LARGEST_HEAD,
    }


def room() -> int:
    """How many connections this process can hold, after asking the system for as many descriptors as it gives."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return WITHOUT_A_LIMIT
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    else:
        wanted = MOST_DESCRIPTORS if soft == resource.RLIM_INFINITY else min(soft, MOST_DESCRIPTORS)
    return max(FEWEST, wanted - RESERVED - BACKLOG)
