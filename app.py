"""Serves the page in a browser: `python app.py --library DIR`. `verbatim serve` calls `main`.

Knows where the site is served: on loopback unless told otherwise. What the site is, `ui/site.py` knows.
"""

from __future__ import annotations

import argparse
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
from ui.door.streams import shown_on_terminal

if TYPE_CHECKING:
    from fastapi import FastAPI


def main(argv: list[str] | None = None) -> int:
    """Serves the page until Ctrl+C. Exit code 0, or 1 with a line on stderr where it can't."""
    with shown_on_terminal():
        return _main(argv)


def _main(argv: list[str] | None) -> int:
    options = parse(argv)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    try:
        from rag.settings import Settings

        settings = Settings.from_environment()
        host, port = options.host or settings.host, options.port or settings.port
        hindrance = why_not_listen(host, port)
        if hindrance:
            print(hindrance, file=sys.stderr)
            return 1
        from rag.assistant import Assistant

        assistant = Assistant.open(options.library or settings.library, settings)
        from ui.door.staff_door import STAFF, has_login, new_key, staff_served
        from ui.site import make_site

        share = options.share == "on"
        staff = staff_served(settings, host, share=share)
        key = new_key() if staff and not has_login(settings) else ""
        site = make_site(assistant, staff=staff, key=key)
    except VerbatimError as error:
        print(error, file=sys.stderr)
        return 1
    with serving(site, host, port, proxy=settings.proxy, by_address=settings.connections_by_address):
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


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The options; those that are None are the settings' to fill."""
    parser = argparse.ArgumentParser(
        prog="app.py",
        description="Opens a library of episodes in the browser.",
        epilog="examples:\n  python app.py\n  python app.py --library library --port 7861",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--library", metavar="DIR", help="the library's folder (default: library)")
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1, this machine only)")
    parser.add_argument("--port", type=port_number, help="port to listen on (default: 7860)")
    parser.add_argument("--share", choices=("on", "off"), default="off", help="a public link through Gradio's servers")
    return parser.parse_args(argv)


def port_number(text: str) -> int:
    """A port from 1 to 65535; anything else is refused in argparse's words."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)


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
def serving(
    site: FastAPI, host: str, port: int, *, proxy: str | None = None, by_address: int = 0
) -> Iterator[None]:
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


if __name__ == "__main__":
    sys.exit(main())
