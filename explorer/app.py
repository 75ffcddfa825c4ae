"""The app: routes, server options, and one page a visitor."""

import json
import logging
import secrets
import signal
import socket
from collections.abc import Callable, Iterable
from pathlib import Path

import panel as pn
from tornado.web import RedirectHandler, RequestHandler

from explorer.data.library import LIBRARY
from explorer.land.engine import ENGINE
from explorer.pages import PAGES
from explorer.pages.page import Page, report
from explorer.session import visitors
from explorer.tower_runs import offer
from explorer.upstream import keep_styles_local, undelay_widgets
from explorer.worlds import WORLDS

__all__ = ["build_page", "routes", "serve", "server_options", "set_up"]

LOG = logging.getLogger(__name__)

LOGIN = Path(__file__).parent / "login.html"
UNUSED_SESSION = 15_000
"""Milliseconds after a tab has closed before its session is forgotten."""

LARGEST_MESSAGE = 100 * 1024 * 1024
"""Bytes of one websocket message; uploads come in chunks of less, and are refused above 50 MB by the pages."""


class Health(RequestHandler):
    """Say whether the server is alive, and what is ready: ``/health``."""

    def get(self) -> None:
        """Answer in JSON."""
        stage = WORLDS.stage
        self.set_header("Content-Type", "application/json")
        self.write(
            json.dumps(
                {
                    "alive": True,
                    "grids": list(WORLDS.ready),
                    "preparing": stage.grid,
                    "share": round(stage.share, 3),
                    "failed": stage.failed,
                    "land": "failed" if ENGINE.stage.failed else "preparing" if ENGINE.stage.busy else "ready",
                    "visitors": visitors(),
                }
            )
        )


class ToPage(RedirectHandler):
    """Send ``/`` to the first page; what the address holds comes along."""

    def initialize(self) -> None:
        """Set the target."""
        super().initialize(url="./" + PAGES[0].slug, permanent=False)

    def get(self, *args: str) -> None:
        """Redirect."""
        query = self.request.query
        self.redirect(self._url + (f"?{query}" if query else ""))


def set_up() -> None:
    """Set what holds for every page of the process."""
    pn.extension(notifications=True, reconnect=True)
    pn.config.exception_handler = report
    undelay_widgets()
    keep_styles_local()


def build_page(page: type[Page]) -> pn.viewable.Viewable:
    """Build a page for the visitor who comes now, from the state that the address holds."""
    location = pn.state.location
    search = location.search if location is not None else ""
    return page(search.removeprefix("?")).page


def routes() -> dict:
    """Return every route with what builds its page."""
    return {page.slug: _route(page) for page in PAGES}


def _route(page: type[Page]) -> Callable[[], pn.viewable.Viewable]:
    """Return a plain function, which is all that Panel takes for one."""
    return lambda: build_page(page)


def _origins(address: str, port: int, origins: Iterable[str]) -> list[str]:
    """Return who may connect: this machine, unless more is asked for."""
    mine = [f"localhost:{port}", f"127.0.0.1:{port}"]
    if address not in ("localhost", "127.0.0.1", "", "0.0.0.0", "::"):
        mine.append(f"{address}:{port}")
    return list(dict.fromkeys([*mine, *origins]))


def _free_port(address: str) -> int:
    """Find a port that nobody uses."""
    with socket.socket() as listener:
        listener.bind((address or "localhost", 0))
        return listener.getsockname()[1]


def server_options(port: int, address: str, origins: Iterable[str] = (), basic_auth: str | None = None) -> dict:
    """Return the options of the server.

    Parameters
    ----------
    port, address
        Where it listens.
    origins : iterable of str
        Hosts (``host:port``) that may connect beside this machine, as a proxy's public name.
    basic_auth : str, optional
        A password, or the path of a JSON file ``{name: password}``. Cookies are signed with a secret that is made for
        this start unless ``PANEL_COOKIE_SECRET`` gives one.

    Raises
    ------
    ValueError
        If the port is none.
    """
    if not (isinstance(port, int) and 0 <= port <= 65535):
        msg = f"port = {port!r} is not a port; use a number within [0, 65535] (0: any that is free)."
        raise ValueError(msg)
    port = port or _free_port(address)
    options = {
        "port": port,
        "address": address,
        "websocket_origin": _origins(address, port, origins),
        "title": {page.slug: f"{page.title} · Land Carbon Explorer" for page in PAGES},
        "extra_patterns": [(r"/", ToPage), (r"/health", Health)],
        "liveness": True,
        "websocket_compression_level": 1,
        "websocket_max_message_size": LARGEST_MESSAGE,
        "unused_session_lifetime_milliseconds": UNUSED_SESSION,
        "check_unused_sessions_milliseconds": UNUSED_SESSION // 3,
        "verbose": False,
    }
    if basic_auth:
        options.update(
            basic_auth=basic_auth,
            cookie_secret=pn.config.cookie_secret or secrets.token_hex(32),
            login_template=str(LOGIN),
        )
    return options


def serve(
    port: int = 5006,
    address: str = "localhost",
    show: bool = True,
    origins: Iterable[str] = (),
    basic_auth: str | None = None,
    data: Iterable[str] = (),
    log_level: str = "warning",
) -> None:
    """Serve the app until it is interrupted.

    Parameters
    ----------
    port, address, origins, basic_auth
        See `server_options`.
    show : bool
        Whether to open a browser tab.
    data : iterable of path
        Directories whose tower files the pages offer.
    log_level : str
        "debug", "info", "warning" or "error".

    Raises
    ------
    OSError
        If the port is taken.
    ValueError
        If an option is not accepted.
    """
    logging.basicConfig(level=log_level.upper(), format="%(levelname)s %(name)s: %(message)s")
    set_up()
    offer(data)
    # Whoever may come in from elsewhere must not fill the disk with the login of whoever runs the app.
    LIBRARY.fetches = address in ("localhost", "127.0.0.1") and not origins
    WORLDS.start()
    ENGINE.start(WORLDS)
    options = server_options(port, address, origins, basic_auth)
    try:
        server = pn.serve(routes(), show=show, start=False, **options)
    except OSError as error:
        WORLDS.stop()
        ENGINE.stop()
        msg = f"Port {port} of {address} cannot be used ({error.strerror or error}); choose another with --port."
        raise OSError(msg) from error
    url = f"http://{address}:{server.port}/"
    print(f"Land Carbon Explorer: {url}  (Ctrl+C ends it)", flush=True)  # noqa: T201
    loop = server.io_loop

    def end(*_signal: object) -> None:
        loop.asyncio_loop.call_soon_threadsafe(loop.stop)

    signal.signal(signal.SIGTERM, end)
    try:
        server.start()
        loop.start()
    finally:
        WORLDS.stop()
        ENGINE.stop()
        server.stop()
