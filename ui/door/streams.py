"""What a command prints, as a terminal may see it: whatever would steer the screen is written out (`\\u001b`).

What is kept is plain already (`index/plain.py`); this is for all the rest: names of files, what an endpoint answers, options
that nobody knows, and libraries that an older Verbatim made.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO

from index.plain import visible


class Shown:
    """A stream that writes out what a terminal would obey; all else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        return self.stream.write(visible(text))

    def writelines(self, lines: list[str]) -> None:
        self.stream.writelines(map(visible, lines))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def shown_on_terminal() -> Iterator[None]:
    """Within the block, what is printed is shown and not obeyed."""
    with redirect_stdout(Shown(sys.stdout)), redirect_stderr(Shown(sys.stderr)):
        yield
