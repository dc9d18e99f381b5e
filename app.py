"""The browser door: `python app.py --library DIR` opens the library and serves the page. `verbatim serve` calls `main`.

Knows how the page is served: from loopback unless told otherwise, with no request to any other machine, and with no
file of this one but the episodes' audio, by the episode's id.
"""

from __future__ import annotations

import argparse
import errno
import mimetypes
import os
import socket
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import VerbatimError

if TYPE_CHECKING:
    import gradio as gr

    from index.library import Library
    from rag.answer import Assistant

UI = Path(__file__).parent / "ui"
WAITING_AT_MOST = 64  # further questions are refused with a clear line instead of queueing for minutes

# The browser enforces what the page promises: scripts, styles, fonts and connections from here only. Gradio's front end
# compiles its templates, hence unsafe-eval. An episode's audio may be published elsewhere.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; script-src-attr 'none'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
    "worker-src 'self' blob:; media-src 'self' https: http:; object-src 'none'; form-action 'self'; base-uri 'self'"
)
HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
}


def main(argv: list[str] | None = None) -> int:
    """Serves the page until Ctrl+C. Exit code 0, or 1 with a line on stderr where it can't."""
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
        from rag.answer import Assistant

        assistant = Assistant.open(options.library or settings.library, settings)
        page = build(assistant)
    except VerbatimError as error:
        print(error, file=sys.stderr)
        return 1
    address = launch(page, assistant.library, host=host, port=port, share=options.share == "on")
    print(f"Verbatim is open at {address} (stop with Ctrl+C)", flush=True)
    page.block_thread()
    return 0


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


def build(assistant: Assistant) -> gr.Blocks:
    """The page: its head, its screens, and the player that they share. Each screen is a file in `ui/`."""
    import gradio as gr

    from ui import passages
    from ui.chat import chat_screen

    with gr.Blocks(title="Verbatim", analytics_enabled=False, fill_width=True) as page:
        head_line = gr.HTML(elem_id="masthead")
        chat_screen(page, assistant)
        gr.HTML(passages.player(), elem_id="player-bar")
        page.load(partial(masthead, assistant.library), None, head_line, queue=False, api_visibility="private")
    page.queue(max_size=WAITING_AT_MOST)
    return page


def masthead(library: Library) -> str:
    """The page's head, with the library's size as it is when the page is opened."""
    from ui import passages

    summaries = library.summaries()
    seconds = sum(summary.duration or 0.0 for summary in summaries)
    return passages.masthead(len(summaries), seconds, sorted({summary.show for summary in summaries}))


def launch(page: gr.Blocks, library: Library, *, host: str, port: int, share: bool = False) -> str:
    """Starts serving in the background and returns the page's address."""
    import gradio as gr
    from starlette.middleware import Middleware

    system_fonts = ["-apple-system", "Segoe UI", "Roboto", "Liberation Sans", "system-ui", "sans-serif"]
    _, local, public = page.launch(
        server_name=host,
        server_port=port,
        share=share,
        prevent_thread_lock=True,
        quiet=True,
        show_error=True,
        ssr_mode=False,
        run_history=False,
        enable_monitoring=False,
        footer_links=[],
        theme=gr.themes.Base(
            font=[gr.themes.Font(name) for name in system_fonts], font_mono=[gr.themes.Font("monospace")]
        ),
        head=head(),
        app_kwargs={"routes": [audio_route(library)], "middleware": [Middleware(WithHeaders)]},
    )
    return public or local


def head() -> str:
    """The page's own style and script, in the page itself."""
    style, script = ((UI / name).read_text(encoding="utf-8") for name in ("style.css", "player.js"))
    return f"<style>{style}</style><script>{script}</script>"


def audio_route(library: Library) -> Any:
    """`/audio/EPISODE`: the episode's audio file, in ranges, so that a browser can begin in the middle.

    By id, never by path: a visitor learns nothing of this machine's folders. A file that the library names but whose
    name is not that of a sound is not served either, since a transcript's metadata is not to be trusted.
    """
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import FileResponse
    from starlette.routing import Route

    def audio(request: Request) -> FileResponse:
        try:
            path = library.audio_file(request.path_params["episode"])
        except VerbatimError as error:
            raise HTTPException(404) from error
        kind = mimetypes.guess_type(path.resolve().name)[0] if path else None
        if path is None or kind is None or kind.split("/")[0] not in ("audio", "video"):
            raise HTTPException(404)
        return FileResponse(path, media_type=kind)

    return Route("/audio/{episode:path}", audio)


class WithHeaders:
    """Middleware that adds HEADERS to every answer. Plain ASGI: it never holds back a stream."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS.items()]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


if __name__ == "__main__":
    sys.exit(main())
