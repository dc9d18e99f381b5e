"""A server on loopback for as long as it is measured, in a process of its own. Its errors go to stderr."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rag.settings import variable_of

SITE = ("-m", "ui.terminal.cli", "serve", "--library")  # what Python is given to serve the library that is named next
START_SECONDS = 120
QUIET = {"GRADIO_ANALYTICS_ENABLED": "False"}


@contextmanager
def serving(command: Sequence[str], **settings: str) -> Iterator[str]:
    """The address of a server in a process of its own, once it answers. The port is the command's last word.

    `settings`: Verbatim's, by their names. RuntimeError: it doesn't start.
    """
    with started(command, **settings) as (address, _):
        yield address


@contextmanager
def started(command: Sequence[str], **settings: str) -> Iterator[tuple[str, int]]:
    """As `serving`, with the process's number beside the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, *command, str(port)],
        env={**os.environ, **{variable_of(name): value for name, value in settings.items()}, **QUIET},
        stdout=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}/"
    try:
        wait_for(address, process)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(20)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    """Returns when the address answers. RuntimeError: the server ended, or took too long."""
    for _ in range(START_SECONDS * 5):
        if process.poll() is not None:
            raise RuntimeError(f"The server for {address} ended with exit code {process.returncode}.")
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"Nothing answers at {address} after {START_SECONDS} seconds.")
