"""Work-arounds for Panel 1.9.4, panel-material-ui 0.16.6, Bokeh 3.9.2; a test of each fails once upstream is mended.

1. ``panel_material_ui.Page`` mirrors the busy flag of the *process* into every session, which keeps every page
   for ever and sends each visitor's events to all the others: `decouple_busy`.
2. Every widget event waits 50 ms before it is handled: `undelay_widgets`.
3. A text pane that changes while its tab is hidden forgets where its style sheets are served and sends every browser
   of the session to a content-delivery network: `keep_styles_local`.
4. A layout that is measured while a plot of a freshly opened tab is not drawn yet throws in the browser:
   `measure_when_drawn`.
5. The number entry of a slider takes one value; typed again without leaving it, the next is shown and dropped:
   `leave_entry_on_enter`.
"""

import panel as pn
from bokeh.document import Document
from bokeh.models import CustomJS
from panel import reactive
from panel.io.resources import LOCAL_DIST
from panel.reactive import Syncable
from panel.viewable import Viewable

__all__ = [
    "busy_watchers",
    "decouple_busy",
    "keep_styles_local",
    "leave_entry_on_enter",
    "measure_when_drawn",
    "undelay_widgets",
]


def busy_watchers(page: Viewable) -> list:
    """List the watchers through which ``page`` mirrors the busy flag of the process."""
    watchers = pn.state.param.watchers.get("busy", {}).get("value", [])
    return [w for w in watchers if getattr(getattr(w.fn, "__self__", None), "self", None) is page]


def decouple_busy(page: Viewable) -> None:
    """Stop mirroring the busy flag of the process into this page; pages show their own progress."""
    for watcher in busy_watchers(page):
        pn.state.param.unwatch(watcher)


def undelay_widgets() -> None:
    """Handle a widget's event at once instead of 50 ms later."""
    Syncable._debounce = 0


def keep_styles_local() -> None:
    """Let a pane whose document is unknown take its style sheets from this server, as all others do."""
    reactive.CDN_DIST = LOCAL_DIST


_GUARD_JS = """
const view = Bokeh.Models.get('Figure').prototype.default_view.prototype
if (!view._measures_when_drawn) {
  for (const name of ['_measure_layout', '_after_layout']) {
    const act = view[name]
    view[name] = function() { if (this.layout != null) act.call(this) }
  }
  const bar = Bokeh.Models.get('ColorBar').prototype.default_view.prototype
  const build = bar.lazy_initialize
  bar.lazy_initialize = async function() {
    await build.call(this)
    const around = this._axis_view.parent
    const ask = around.request_layout
    around.request_layout = () => { if (this.layout != null) ask.call(around) }
  }
  view._measures_when_drawn = true
}
"""


_ENTER_JS = """
if (!document._leaves_entry) {
  document._leaves_entry = true
  document.addEventListener('keydown', (event) => {
    const entry = event.composedPath()[0]
    const typed = entry instanceof HTMLInputElement && entry.type === 'text'
    if (event.key === 'Enter' && typed) setTimeout(() => entry.blur())
  }, true)
}
"""


def leave_entry_on_enter(document: Document) -> None:
    """Leave a slider's number entry on Enter, so that what is typed next is taken too."""
    document.js_on_event("document_ready", CustomJS(code=_ENTER_JS))


def measure_when_drawn(document: Document) -> None:
    """Let a plot that is not drawn yet be passed over; it is measured when it is drawn."""
    document.js_on_event("document_ready", CustomJS(code=_GUARD_JS))
