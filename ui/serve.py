"""Serves the pages until Ctrl+C: on loopback unless told otherwise. What the pages are, `ui/site.py` knows."""

from __future__ import annotations

import errno
import os
import secrets
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from index.errors import VerbatimError
from rag.settings import Serving, Settings

if TYPE_CHECKING:
    from fastapi import FastAPI


def serve(settings: Settings, serving: Serving, *, share: bool = False) -> int:
    """Serves the pages until Ctrl+C. Exit code 0, or 1 with a line on stderr where it can't.

    `share`: a public link through Gradio's servers too.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    host, port = serving.host, serving.port
    if hindrance := why_not_listen(host, port):
        print(hindrance, file=sys.stderr)
        return 1
    try:
        from rag.assistant import Assistant

        assistant = Assistant.open(settings.library, settings)
        from ui.door.staff_door import STAFF, has_login, new_key, staff_served
        from ui.site import make_site

        staff = staff_served(serving, host, share=share)
        key = new_key() if staff and not has_login(serving) else ""
        site = make_site(assistant, serving, staff=staff, key=key)
    except VerbatimError as error:
        print(error, file=sys.stderr)
        return 1
    with running(site, host, port, proxy=serving.proxy, by_address=serving.connections_by_address):
        address = public_address(port) if share else f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"
        print(f"Verbatim is open at {address}/ (stop with Ctrl+C)", flush=True)
        print(staff_line(f"{address}{STAFF}/" if staff else "", key), flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
    return 0


def staff_line(address: str, key: str) -> str:
    """Where the staff's page is, and who can open it; "" as the address where it isn't served, as the key with a login."""
    if not address:
        return "The staff's page is not served here: set VERBATIM_STAFF_USER and VERBATIM_STAFF_PASSWORD first."
    if not key:
        return f"The staff's page is at {address}, behind the login."
    return f"The staff's page opens with this address, in a browser on this machine only: {address}?key={key}"


def why_not_listen(host: str, port: int) -> str:
    """Why nothing can be served there, with what to do; "" where it can.

    Asked before the library is opened; Gradio would ask only then, and call every hindrance a taken port.
    """
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return f"Port {port} on {host} is taken. Choose another with: --port {port % 65535 + 1}"
        return f"Can't listen on {host}, port {port}: {error.strerror}. Try --host 127.0.0.1 --port 7860"
    return ""


@contextmanager
def running(site: FastAPI, host: str, port: int, *, proxy: str | None = None, by_address: int = 0) -> Iterator[None]:
    """Serves the site from a thread of its own until the block is left. `proxy`: whose X-Forwarded-For is believed.

    `by_address`: connections that one address may hold, 0 for no limit; behind a proxy, all of them are the proxy's.
    """
    import uvicorn

    from ui.door.connections import bounded

    # Signals stay with the main thread, which waits; a question under way gets a moment to end.
    server = uvicorn.Server(
        uvicorn.Config(
            site,
            host=host,
            port=port,
            log_level="warning",
            timeout_graceful_shutdown=2,
            # uvicorn's own default believes whoever comes from this machine.
            proxy_headers=proxy is not None,
            forwarded_allow_ips=proxy or "",
            **bounded(0 if proxy else by_address),
        )
    )
    thread = threading.Thread(target=server.run, name="server", daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(0.02)
        yield
    finally:
        server.should_exit = True
        thread.join(5)


def public_address(port: int) -> str:
    """A public link through Gradio's servers to the page on that port."""
    from gradio.networking import setup_tunnel

    return setup_tunnel("127.0.0.1", port, secrets.token_urlsafe(32), None, None)
