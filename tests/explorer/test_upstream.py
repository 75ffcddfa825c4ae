"""The work-arounds: what they mend is still broken upstream, and they mend it."""

import gc
import re
import weakref
from pathlib import Path

import bokeh
import panel as pn
import panel_material_ui as pmui
import pytest
from bokeh.document import Document
from panel import reactive
from panel.io.resources import CDN_DIST, LOCAL_DIST
from panel.reactive import Syncable
from panel.util import edit_readonly

from explorer import upstream


@pytest.fixture
def page():
    made = pmui.Page(main=[pn.pane.HTML("x")])
    yield made
    upstream.decouple_busy(made)


def test_upstream_still_mirrors_the_busy_flag_of_the_process_into_every_page(page):
    assert upstream.busy_watchers(page), "panel-material-ui has mended Page.busy: remove decouple_busy."


def test_a_decoupled_page_does_not_hear_of_other_visitors(page):
    upstream.decouple_busy(page)
    assert upstream.busy_watchers(page) == []
    with edit_readonly(pn.state):
        pn.state.busy = True
        heard = page.busy
        pn.state.busy = False
    assert not heard


def test_upstream_still_keeps_a_page_alive_through_the_busy_flag_and_decoupling_frees_it():
    stock = pmui.Page(main=[])
    mended = pmui.Page(main=[])
    upstream.decouple_busy(mended)
    alive_stock, alive_mended = weakref.ref(stock), weakref.ref(mended)
    del stock, mended
    for _ in range(3):
        gc.collect()
    assert alive_stock() is not None, "panel-material-ui has mended Page.busy: remove decouple_busy."
    upstream.decouple_busy(alive_stock())
    assert alive_mended() is None


def test_widgets_are_handled_at_once(monkeypatch):
    monkeypatch.setattr(Syncable, "_debounce", Syncable._debounce)
    assert isinstance(Syncable._debounce, int), "Panel has no _debounce any more: remove undelay_widgets."
    upstream.undelay_widgets()
    assert Syncable._debounce == 0


def style_sheets_after_a_hidden_change() -> list[str]:
    """Change a text pane whose model stands in no document, as in a hidden tab."""
    document = Document()
    document._template_variables["dist_url"] = LOCAL_DIST
    pane = pn.pane.HTML("a")
    model = pane.get_root(document)
    assert model.document is None
    pane.object = "b"
    return [sheet.url for sheet in model.stylesheets if hasattr(sheet, "url")]


def test_upstream_still_sends_hidden_panes_to_a_content_delivery_network(monkeypatch):
    monkeypatch.setattr(reactive, "CDN_DIST", CDN_DIST)
    urls = style_sheets_after_a_hidden_change()
    assert any(url.startswith("http") for url in urls), "Panel has mended markup panes: remove keep_styles_local."


def test_hidden_panes_keep_their_style_sheets_here(monkeypatch):
    monkeypatch.setattr(reactive, "CDN_DIST", CDN_DIST)
    upstream.keep_styles_local()
    assert not [url for url in style_sheets_after_a_hidden_change() if url.startswith("http")]


def test_upstream_still_measures_plots_that_are_not_drawn():
    source = Path(bokeh.__file__).parent / "server" / "static" / "js" / "bokeh.js"
    text = source.read_text(encoding="utf-8")
    body = re.search(r"_measure_layout\(\) \{\s+const \{ frame_width.{0,600}", text, re.DOTALL)
    assert body is not None, "Bokeh measures plots in another way: look whether measure_when_drawn is still needed."
    assert "layout == null" not in body[0], "Bokeh has mended PlotView._measure_layout: remove measure_when_drawn."


def test_upstream_still_forgets_the_focus_of_a_number_entry_on_enter():
    slider = Path(pmui.__file__).parent / "widgets" / "Slider.jsx"
    on_enter = slider.read_text(encoding="utf-8").split('e.key === "Enter"', 1)[1].split("}", 1)[0]
    assert "setFocused(false)" in on_enter, "panel-material-ui keeps the focus now: remove leave_entry_on_enter."


def test_enter_leaves_a_number_entry():
    document = Document()
    upstream.leave_entry_on_enter(document)
    (callback,) = document.callbacks.js_event_callbacks["document_ready"]
    assert "entry.blur()" in callback.code
