"""The whole site as one ASGI app: the listeners' page at `/`, the staff's at `/staff/`, each episode's audio and its captions.

The two pages are two Gradio apps, not two tabs of one: whoever can load a Gradio app can call every function in it. So
nothing of the staff's is within a listener's reach, whatever they send. Each screen is a file in `ui/`.
"""

from __future__ import annotations

import logging
import mimetypes
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from index.errors import VerbatimError
from index.library import Library
from rag.assistant import Assistant
from rag.settings import Serving
from ui.api import api_functions
from ui.door.calls import Page, told_in_a_line
from ui.door.limits import AT_ONCE, AT_ONCE_WITH_MODEL, Door, LoginAttempts
from ui.door.media import MediaHosts
from ui.door.staff_door import STAFF, Key, StaffDoor, has_login, logged_in, staff_login
from ui.door.wall import LISTENERS, Wall, staff_routes
from ui.listeners.chat import chat_screen
from ui.listeners.sessions import keep_small
from ui.shared import html as passages
from ui.shared.captions import captions_route
from ui.staff.episode import reader_screen
from ui.staff.evaluate import evaluate_screen
from ui.staff.find import find_screen
from ui.staff.library import holdings_screen
from ui.staff.person import person_screen

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.routing import Mount

UI = Path(__file__).parent
STYLES = ("shared/style.css", "staff/staff.css", "staff/evaluate.css")
WAITING_AT_MOST = 64  # further questions are refused with a clear line instead of queueing for minutes
LARGEST_UPLOAD = "32mb"

# The browser enforces what the page promises: scripts, styles, fonts and connections from here only. Gradio's front end
# compiles its templates, hence unsafe-eval. An episode's audio may be published elsewhere: ui/door/media.py adds where.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; script-src-attr 'none'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
    "worker-src 'self' blob:; media-src 'self'; object-src 'none'; form-action 'self'; base-uri 'self'; frame-ancestors 'self'"
)
HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
}


def make_site(assistant: Assistant, serving: Serving, *, staff: bool, key: str = "") -> FastAPI:
    """The site. `staff`: serve the staff's page too; whether it may be is for `staff_served` to say. `key`: what opens that
    page where it has no login; without one it stays shut."""
    from fastapi import FastAPI

    library = assistant.library
    site = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    site.add_middleware(WithHeaders)
    site.add_middleware(MediaHosts, library=library, further=(serving.audio_hosts or "").split())
    # Pages name these from where they are, so that they also work below a proxy's own path.
    for below in ("", STAFF):
        site.router.routes += [audio_route(library, below), captions_route(library, below)]
    way_in = None if has_login(serving) else Key(key)
    if staff:
        # Mounted first: the listeners' page is at the root, and takes every address that is left.
        page = staff_page(assistant)
        mount = mounted(site, page, STAFF, auth=staff_login(serving), max_file_size=LARGEST_UPLOAD)
        routes = staff_routes(name for name, *_ in page.pages if name)
        session = way_in.session if way_in else logged_in(mount.app)
        wall = Wall(mount.app, page, routes, session, mount.app.uploaded_file_dir)  # type: ignore[attr-defined]
        # The door stands before the count of logins: what another site's page sends doesn't use them up.
        mount.app = StaffDoor(LoginAttempts(wall, path=f"{STAFF}/login"), way_in)
    door = Door(serving, at_once=AT_ONCE_WITH_MODEL if assistant.settings.model else AT_ONCE)
    listeners = listeners_page(assistant, door, way_in if staff else None)
    mount = mounted(site, listeners, "/", max_file_size=1, mcp_server=find_spec("mcp") is not None)
    mount.app = Wall(mount.app, listeners, LISTENERS)
    return site


def mounted(site: FastAPI, page: gr.Blocks, path: str, *, mcp_server: bool = False, **options: Any) -> Mount:
    """Where the site now has a page at that path."""
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
            head=head("shared/player.js", "staff/staff.js" if path == STAFF else "listeners/talk.js"),
            mcp_server=mcp_server,
            **options,
        )
    # Gradio looks where a file that is named in an event's input lies only once a page is launched, which one that is
    # mounted never is. `ui/door/wall.py` lets no such input through; this is the second lock.
    page.has_launched = True
    if page.mcp_error:  # Gradio itself says nothing of it to an app that is mounted
        logging.getLogger(__name__).warning("The MCP tools are not served: %s", page.mcp_error)
    mount: Any = site.routes[-1]
    # Else Gradio leaves the path out where it tells the address of a file to download (`run/predict` of a mounted app).
    mount.app.root_path = path.rstrip("/")
    mount.app.add_exception_handler(RequestValidationError, told_in_a_line)
    keep_small(mount.app)
    return mount


def listeners_page(assistant: Assistant, door: Door, key: Key | None) -> gr.Blocks:
    """Ask: what everybody sees. `key`: who has had it is shown the way to the staff's page."""

    def line(request: gr.Request) -> str:
        known = key is not None and request.request is not None and key.session(request.request.scope) is not None
        return masthead(assistant.library, STAFF + "/" if known else "")

    with Page(title="Verbatim", analytics_enabled=False, fill_width=True) as page:
        head_line = gr.HTML(elem_id="masthead")
        chat_screen(page, assistant, door)
        api_functions(assistant, door)
        gr.HTML(passages.player(), elem_id="player-bar")
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
