"""What reading one file may cost, in processor time and memory. The parsers meet it by themselves; this is the wall behind.

A clock that runs with the processor interrupts the reading, regular expressions too, looks at what was used and raises. It
runs in a program's main thread alone (Python hears signals nowhere else): what a server reads for strangers it reads in a
process of its own.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import TranscriptError

MOST_SECONDS = 5.0
"""Of processor time, to read a file into sentences; a talk of three hours takes a tenth of one."""
MOST_MIB = 500
LOOKS_EVERY = 0.1  # seconds of processor time


@contextmanager
def allowance(file: str | Path, *, seconds: float = MOST_SECONDS, mib: float = MOST_MIB) -> Iterator[None]:
    """TranscriptError where what is done inside takes more processor time, or more memory on top of what is held now."""
    free = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if not free or signal.getsignal(signal.SIGVTALRM) is not signal.SIG_DFL:  # somebody else's, or our own around it
        yield
        return
    began, held = time.process_time(), _mib_held()

    def look(*_: object) -> None:
        if time.process_time() - began > seconds:
            raise TranscriptError(
                file,
                f"it takes more than {seconds:g} s of processor time to read.",
                repair="Is it damaged? Or split it.",
            )
        if _mib_held() - held > mib:
            raise TranscriptError(
                file, f"it takes more than {mib:g} MiB of memory to read.", repair="Is it damaged? Or split it."
            )

    signal.signal(signal.SIGVTALRM, look)
    signal.setitimer(signal.ITIMER_VIRTUAL, LOOKS_EVERY, LOOKS_EVERY)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)


def _mib_held() -> float:
    """What this process holds in memory now; 0 where the system doesn't tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
