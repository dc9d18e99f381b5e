"""The whole site as one ASGI app: the listeners' page at `/`, the staff's at `/staff/`, each episode's audio and its captions.

The two pages are two Gradio apps, not two tabs of one: whoever can load a Gradio app can call every function in it. So
nothing of the staff's is within a listener's reach, whatever they send. Each screen is a file in `ui/`.
"""

from __future__ import annotations

import hmac
import logging
import mimetypes
import warnings
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from index.errors import VerbatimError
from index.library import Library
from rag.answer import Assistant
from rag.settings import Settings
from ui import passages
from ui.api import api_functions
from ui.bodies import Page, WellFormed, told_in_a_line
from ui.captions import captions_route
from ui.chat import chat_screen
from ui.episode_reader import reader_screen
from ui.evaluate import evaluate_screen
from ui.find import find_screen
from ui.holdings import holdings_screen
from ui.limits import Door, LoginAttempts
from ui.media import MediaHosts
from ui.person import person_screen
from ui.sessions import keep_small

if TYPE_CHECKING:
    from fastapi import FastAPI

UI = Path(__file__).parent
STYLES = ("style.css", "staff.css", "evaluate.css")
WAITING_AT_MOST = 64  # further questions are refused with a clear line instead of queueing for minutes
LARGEST_UPLOAD = "32mb"
STAFF = "/staff"

# The browser enforces what the page promises: scripts, styles, fonts and connections from here only. Gradio's front end
# compiles its templates, hence unsafe-eval. An episode's audio may be published elsewhere: ui/media.py adds where.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; script-src-attr 'none'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
    "worker-src 'self' blob:; media-src 'self'; object-src 'none'; form-action 'self'; base-uri 'self'"
)
HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
}


def make_site(assistant: Assistant, *, staff: bool) -> FastAPI:
    """The site. `staff`: serve the staff's page too; whether it may be is for `staff_served` to say."""
    from fastapi import FastAPI

    site = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    pages: dict[str, gr.Blocks] = {}
    site.add_middleware(WellFormed, pages=pages)
    site.add_middleware(WithHeaders)
    site.add_middleware(MediaHosts, library=assistant.library)
    site.add_middleware(LoginAttempts, path=f"{STAFF}/login")
    if staff and not has_login(assistant.settings):
        site.add_middleware(StaffFromHere)
    # Pages name these from where they are, so that they also work below a proxy's own path.
    for below in ("", STAFF):
        site.router.routes += [audio_route(assistant.library, below), captions_route(assistant.library, below)]
    settings = assistant.settings
    if staff:
        # Mounted first: the listeners' page is at the root, and takes every address that is left.
        pages[STAFF] = staff_page(assistant)
        mounted(site, pages[STAFF], STAFF, auth=staff_login(settings), max_file_size=LARGEST_UPLOAD)
    listeners = listeners_page(assistant, Door(settings), staff=staff and not has_login(settings))
    pages[""] = listeners
    return mounted(site, listeners, "/", max_file_size=1, mcp_server=find_spec("mcp") is not None)


def mounted(site: FastAPI, page: gr.Blocks, path: str, *, mcp_server: bool = False, **options: Any) -> FastAPI:
    """The site with a page at that path."""
    from fastapi.exceptions import RequestValidationError

    system_fonts = ["-apple-system", "Segoe UI", "Roboto", "Liberation Sans", "system-ui", "sans-serif"]
    theme = gr.themes.Base(
        font=[gr.themes.Font(name) for name in system_fonts], font_mono=[gr.themes.Font("monospace")]
    )
    with warnings.catch_warnings():
        # Gradio says that it turns off, for a page of several screens, what is turned off here already.
        warnings.filterwarnings("ignore", message="SSR mode is not supported")
        gr.mount_gradio_app(
            site,
            page,
            path,
            ssr_mode=False,
            run_history=False,
            show_error=False,  # what isn't ours to say, a listener is not told
            enable_monitoring=False,
            footer_links=[],
            theme=theme,
            head=head("player.js", "staff.js" if path == STAFF else "talk.js"),
            mcp_server=mcp_server,
            **options,
        )
    app: Any = site.router.routes[-1].app  # type: ignore[attr-defined]  # Gradio names it nowhere else
    app.add_exception_handler(RequestValidationError, told_in_a_line)
    keep_small(app)
    if page.mcp_error:  # Gradio itself says nothing of it to an app that is mounted
        logging.getLogger(__name__).warning("The MCP tools are not served: %s", page.mcp_error)
    return site


def listeners_page(assistant: Assistant, door: Door, *, staff: bool) -> gr.Blocks:
    """Ask: what everybody sees. `staff`: name the way to the staff's page."""
    with Page(title="Verbatim", analytics_enabled=False, fill_width=True) as page:
        head_line = gr.HTML(elem_id="masthead")
        chat_screen(page, assistant, door)
        api_functions(assistant, door)
        gr.HTML(passages.player(), elem_id="player-bar")
        line = partial(masthead, assistant.library, STAFF + "/" if staff else "")
        page.load(line, None, head_line, queue=False, show_progress="hidden", api_visibility="private")
    page.queue(max_size=WAITING_AT_MOST)
    return page


def staff_page(assistant: Assistant) -> gr.Blocks:
    """Find, Library and Evaluate: each at an address of its own, behind one login."""
    screens = (
        ("Person", "/person", person_screen),
        ("Episode", "/episode", reader_screen),
        ("Library", "/library", holdings_screen),
        ("Evaluate", "/evaluate", evaluate_screen),
    )
    with Page(title="Verbatim for staff", analytics_enabled=False, fill_width=True) as page:
        gr.Navbar(main_page_name="Find")
        find_screen(page, assistant)
        gr.HTML(passages.player(), elem_id="player-bar")
    for name, path, screen in screens:
        with page.route(name, path):
            gr.Navbar(main_page_name="Find")
            screen(page, assistant)
            gr.HTML(passages.player(), elem_id="player-bar")
    page.queue(max_size=WAITING_AT_MOST)
    return page


def masthead(library: Library, staff: str) -> str:
    """The page's head, with the library's size as it is when the page is opened."""
    summaries = library.summaries()
    seconds = sum(summary.duration or 0.0 for summary in summaries)
    return passages.masthead(len(summaries), seconds, sorted({summary.show for summary in summaries}), staff=staff)


def head(*scripts: str) -> str:
    """The page's own style and scripts, in the page itself."""
    styles = "".join((UI / name).read_text(encoding="utf-8") for name in STYLES)
    code = "".join(f"<script>{(UI / name).read_text(encoding='utf-8')}</script>" for name in scripts)
    return f"<style>{styles}</style>{code}"


# Who may see the staff's page


def has_login(settings: Settings) -> bool:
    return bool(settings.staff_user and settings.staff_password)


def staff_served(settings: Settings, host: str, *, share: bool = False) -> bool:
    """Whether the staff's page is served: with a login anywhere, without one only to this machine."""
    return has_login(settings) or (is_loopback(host) and not share)


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def staff_login(settings: Settings) -> Callable[[str, str], bool] | None:
    """What Gradio asks about a name and a password; None where there is no login."""
    if not has_login(settings):
        return None
    wanted = (settings.staff_user or "", settings.staff_password or "")

    def allowed(user: str, password: str) -> bool:
        # Both are compared, in constant time: how long it takes tells nothing about either.
        alike = [hmac.compare_digest(a.encode(), b.encode()) for a, b in zip((user, password), wanted, strict=True)]
        return all(alike)

    return allowed


# What is not a page


def audio_route(library: Library, below: str) -> Any:
    """`/audio/EPISODE`, `below` a page: the episode's audio file, in ranges, so that a browser can begin in the middle.

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

    return Route(f"{below}/audio/{{episode:path}}", audio)


class StaffFromHere:
    """Middleware that hides the staff's page from whoever is not on this machine: 404, as for any page that isn't there.

    The name that was asked for counts too: through a proxy everybody comes from this machine, and a web page of somebody
    else may give its own name this machine's address.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from starlette.responses import PlainTextResponse

        if scope["type"] in ("http", "websocket") and scope["path"].startswith(STAFF):
            asked_for = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
            came_from = (scope.get("client") or ("",))[0]
            if not (is_loopback(came_from) and is_loopback(asked_for.rpartition(":")[0].strip("[]") or asked_for)):
                await PlainTextResponse("Not Found", 404)(scope, receive, send)
                return
        await self.app(scope, receive, send)


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
