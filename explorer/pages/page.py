"""What every page is: a template with a sidebar, a line for progress, messages, an address and a clean end."""

import html
import logging
from typing import ClassVar

import panel as pn
import panel_material_ui as pmui
import param
from bokeh.models import CustomJS

from explorer.session import Session, describe
from explorer.upstream import decouple_busy, leave_entry_on_enter, measure_when_drawn
from explorer.worlds import WORLDS, Worlds

__all__ = ["THEME", "Page", "card", "heading", "heading_html", "put", "report", "switch"]

LOG = logging.getLogger(__name__)

SIDEBAR = 330
"""Width of the sidebar [pixels]."""

ADDRESS_DELAY = 600
"""Milliseconds of rest before the address follows; browsers refuse hundreds of changes a minute."""

POLL = 400
"""Milliseconds between two looks at what is being prepared."""


SMALL_TITLE = {
    "& .MuiTypography-root.title": {"fontSize": "17px"},
    "@media (max-width:600px)": {"& .MuiTypography-root": {"fontSize": "15px", "lineHeight": 1.2}},
}
"""A title that leaves the head to the way to the other pages, and takes two lines of a telephone, not three."""


def _shape(head: dict[str, str]) -> dict:
    """Return what both themes share; ``head`` is the style of the bar on top."""
    return {
        "typography": {"fontSize": 13},
        "components": {
            "MuiAppBar": {"styleOverrides": {"root": {"boxShadow": "none", **SMALL_TITLE, **head}}},
            "MuiToolbar": {"styleOverrides": {"root": {"minHeight": "48px !important"}}},
        },
    }


THEME = {
    "light": {"palette": {"primary": {"main": "#0b6e4f"}, "warning": {"main": "#b45309"}}, **_shape({})},
    "dark": {
        "palette": {
            "primary": {"main": "#4fd1a5", "contrastText": "#06281d"},
            "warning": {"main": "#f5a524"},
            "background": {"default": "#0f1513", "paper": "#151d1a"},
        },
        **_shape({"backgroundColor": "#12382c !important", "color": "#e8f5f0 !important"}),
    },
}

NAVIGATION_CSS = """
nav{display:flex;flex-wrap:wrap;gap:4px}
nav a{color:inherit;text-decoration:none;font-size:13px;padding:3px 10px;border-radius:6px;white-space:nowrap}
nav a:hover{background:rgba(128,128,128,.16)}
nav a[aria-current]{background:rgba(128,128,128,.22);font-weight:600}
"""

IN_HEAD_CSS = """
nav{flex-wrap:nowrap;color:#fff}
nav a:hover{background:rgba(255,255,255,.14)}
nav a[aria-current]{background:rgba(255,255,255,.22)}
@media (max-width:1199px){:host{display:none}}
"""
"""The way to the other pages stands in the head where it has room beside the title..."""

IN_SIDEBAR_CSS = "@media (min-width:1200px){:host{display:none}}"
"""...and in the sidebar of narrower windows."""

# Copies the address; where the browser allows no clipboard (plain http) an old command does it.
_COPY_JS = """
setTimeout(() => {
  const text = window.location.href
  const old = () => {
    const area = document.createElement('textarea')
    area.value = text; area.style.position = 'fixed'; area.style.opacity = 0
    document.body.appendChild(area); area.select(); document.execCommand('copy'); area.remove()
  }
  if (navigator.clipboard) navigator.clipboard.writeText(text).catch(old)
  else old()
}, 350)
"""


# On a telephone the sidebar lies over the page, so it waits there until it is asked for.
_PHONE_JS = """
if (window.matchMedia('(max-width: 599.95px)').matches) {
  for (const root of Bokeh.documents.flatMap((document) => document.roots())) {
    if (root.data?.sidebar_open) root.data.sidebar_open = false
  }
}
"""


def heading_html(text: str, note: str = "") -> str:
    """Write the heading of a card; both texts are escaped."""
    words = f"<b>{html.escape(text)}</b>"
    if note:
        words += f" <span style='opacity:.7;font-size:12px;margin-left:8px'>{html.escape(note)}</span>"
    return f"<div style='font-size:14px'>{words}</div>"


def heading(text: str, note: str = "") -> pn.pane.HTML:
    """Make the heading of a card; see `heading_html`."""
    return pn.pane.HTML(heading_html(text, note), margin=(8, 12, 2, 12), sizing_mode="stretch_width")


def card(*objects, **options) -> pmui.Paper:
    """Put objects on a card."""
    return pmui.Paper(*objects, elevation=0, variant="outlined", margin=6, sizing_mode="stretch_width", **options)


# The label is for those who listen; those who see read the buttons.
_UNSEEN = ".MuiFormLabel-root{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
COMPACT = {"& .MuiToggleButton-root": {"textTransform": "none", "padding": "3px 10px", "whiteSpace": "nowrap"}}
"""Style of a row of switches."""


def switch(label: str, options: dict[str, str], value: str, **more) -> pmui.RadioButtonGroup:
    """Make a row of buttons of which one is on."""
    look = {"size": "small", "margin": (4, 6), "sx": COMPACT, "stylesheets": [_UNSEEN]}
    return pmui.RadioButtonGroup(label=label, options=options, value=value, **{**look, **more})


def put(widget, value) -> None:
    """Set a widget's value if it differs, so that nothing travels for nothing."""
    if widget.value != value:
        widget.value = value


def report(error: Exception) -> None:
    """Show an error that nobody caught to the visitor whose event raised it."""
    LOG.error("An event failed.", exc_info=error)
    if pn.state.notifications is not None:
        pn.state.notifications.error(describe(error), duration=0)


class Page(pn.viewable.Viewer):
    """A page of the explorer for one visitor.

    Subclasses set ``title``, ``slug`` and ``lead``; ``sidebar()``, ``header()`` and ``main()`` build on ``session``.
    """

    session = param.ClassSelector(class_=Session)
    session_class: ClassVar[type[Session]] = Session

    title: ClassVar[str]
    slug: ClassVar[str]
    lead: ClassVar[str]
    takes: ClassVar[str] = ""
    """Model whose experiments A and B the page takes over from, and hands on to, the other pages that take them."""

    def __init__(self, address: str = "", worlds: Worlds = WORLDS, **params):
        super().__init__(session=self.session_class(address, worlds), **params)
        self.progress = pmui.LinearProgress(
            value=0, visible=False, sizing_mode="stretch_width", height=6, margin=(4, 6), label="Progress"
        )
        self.status = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 6))
        self.stop = pmui.Button(
            label="Cancel", icon="cancel", size="small", variant="outlined", visible=False, on_click=self._on_stop
        )
        self.bar = pmui.Row(self.status, self.stop, sizing_mode="stretch_width", visible=False, margin=0)
        self.ways = (
            self._way(IN_HEAD_CSS, margin=(4, 16)),
            self._way(IN_SIDEBAR_CSS, sizing_mode="stretch_width", margin=(8, 8, 0, 8)),
        )
        self.page = self._template()
        decouple_busy(self.page)
        session = self.session
        session.param.watch(self._on_progress, ["share", "doing"])
        session.param.watch(self._on_state, ["a", "b", "selection"])
        session.param.watch(self._on_waiting, "waiting")
        self._address_waits, self._poll = False, None
        document = pn.state.curdoc
        if document is not None and document.session_context is not None:
            document.on_session_destroyed(lambda context: session.close())
            document.js_on_event("document_ready", CustomJS(code=_PHONE_JS))
            measure_when_drawn(document)
            leave_entry_on_enter(document)
            pn.state.onload(self._on_load)

    # -- to be given by each page -------------------------------------------------------------------------------
    def sidebar(self) -> list:
        """Return what can be moved."""
        return []

    def header(self) -> list:
        """Return what stands in the head of the page, beside its title: the way to the other pages."""
        return [self.ways[0]]

    def main(self) -> list:
        """Return what is shown."""
        return []

    # -- the template -------------------------------------------------------------------------------------------
    def _way(self, css: str, **options) -> pn.pane.HTML:
        return pn.pane.HTML(self._links(), stylesheets=[NAVIGATION_CSS, css], **options)

    def _links(self) -> str:
        """Write the way to the other pages; what each is for shows when the pointer rests on its name."""
        from explorer.pages import PAGES  # which are made of this class

        carried = self.session.carried if self.takes else ""
        links = []
        for page in PAGES:
            query = f"?{carried}" if carried and page.takes == self.takes else ""
            current = " aria-current=page" if page.slug == self.slug else ""
            address, lead = html.escape(f"./{page.slug}{query}"), html.escape(page.lead)
            links.append(f'<a href="{address}" title="{lead}"{current}>{html.escape(page.title)}</a>')
        return f'<nav aria-label="Pages">{"".join(links)}</nav>'

    def _lead(self) -> pn.pane.HTML:
        """Say what the page is for."""
        text = f"<div style='font-size:12.5px;opacity:.8'>{html.escape(self.lead)}</div>"
        return pn.pane.HTML(text, sizing_mode="stretch_width", margin=(8, 8, 0, 8))

    def _template(self) -> pmui.Page:
        share = pmui.Button(
            label="Share", icon="link", size="small", variant="outlined", color="default", margin=(0, 8), width=100,
            description="Share: copy a link that opens exactly this state", on_click=self._on_share,
            sx={"color": "inherit", "borderColor": "currentColor"},
        )  # fmt: skip
        share.js_on_click(code=_COPY_JS)
        return pmui.Page(
            title=f"{self.title} · Land Carbon Explorer",
            sidebar=[
                self.ways[1],
                self._lead(),
                *self.sidebar(),
            ],
            header=[*self.header(), share],
            main=[pmui.Column(self.bar, self.progress, *self.main(), sizing_mode="stretch_width", margin=0)],
            sidebar_width=SIDEBAR,
            theme_toggle=True,
            busy_indicator=None,
            theme_config=THEME,
            meta_description=self.lead,
        )

    def __panel__(self):
        """Return the template."""
        return self.page

    # -- what happens -------------------------------------------------------------------------------------------
    def _on_load(self) -> None:
        """Start when the browser shows the page: numbers, messages, and a look at what is being prepared."""
        self.session.load()
        self._follow()
        self.session.waiting = self._unfinished()

    def _on_waiting(self, event) -> None:
        """Look at what is being prepared as long as something is."""
        if event.new and self._poll is None:
            self._poll = pn.state.add_periodic_callback(self._follow, period=POLL)
        elif not event.new and self._poll is not None:
            self._poll.stop()
            self._poll = None

    def _unfinished(self) -> bool:
        worlds = self.session.worlds
        return worlds.stage.busy or self.session.world is None

    def _follow(self) -> None:
        """Show what is being prepared, and turn to the finer grid when it is ready."""
        session = self.session
        if session.follow():
            session.tell(
                f"The {session.b.grid.replace('km', '-km')} world is ready; the page has turned to it.", "success"
            )
        self._show_progress()
        if session.waiting and not self._unfinished():
            session.waiting = False

    def _on_progress(self, *_events) -> None:
        self._show_progress()

    def _show_progress(self) -> None:
        """Show the run of this visitor, or what the server prepares."""
        session = self.session
        if session.share is not None:
            share, words, stop = session.share, session.doing, True
        else:
            share, words, stop = self._preparing()
        shown = bool(words)
        self.bar.visible = shown
        if shown:
            percent = "" if share is None else f" — {100 * share:.0f} %"
            text = f"<div role='status' style='font-size:13px'>{html.escape(words)}{percent}</div>"
            if self.status.object != text:
                self.status.object = text
        self.progress.visible = share is not None and shown
        if share is not None:
            self.progress.value = round(100 * share)
        self.stop.visible = stop

    def _preparing(self) -> tuple[float | None, str, bool]:
        """Return share and words of what the server prepares, and whether a visitor may stop it."""
        session, stage = self.session, self.session.worlds.stage
        if stage.busy:
            words = stage.text
            if session.world is not None:
                words += f"; meanwhile the page works on the {session.world.grid.replace('km', '-km')} grid"
            return stage.share, words, True
        if stage.failed:
            return None, f"The {stage.grid} world could not be prepared: {stage.failed}", False
        return None, "", False

    def _on_stop(self, _event) -> None:
        """Cancel this visitor's run, else what is being prepared."""
        session = self.session
        if session.share is not None:
            session.cancel()
        elif session.worlds.stage.busy:
            session.worlds.stop()
            session.tell("Stopped. Choose the grid under Model options to start it again.", "info")

    def _on_state(self, *_events) -> None:
        """Let the address follow once the hand rests."""
        if self._address_waits or not self.session.loaded or pn.state.curdoc is None:
            return
        self._address_waits = True
        self.session.document.add_timeout_callback(self._write_address, ADDRESS_DELAY)

    def _write_address(self) -> None:
        self._address_waits = False
        location = pn.state.location
        query = self.session.query
        search = f"?{query}" if query else ""
        if location is not None and not self.session.closed and location.search != search:
            location.search = search
            links = self._links()
            for way in self.ways:
                way.object = links

    def _on_share(self, _event) -> None:
        self._write_address()
        self.session.tell("The link to this state is copied.", "success")
