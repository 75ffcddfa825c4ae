"""The left side of the page Data: filters of the list, a file to add, and the folders that are listed."""

import html

import panel as pn
import panel_material_ui as pmui

from explorer.data.library import LARGEST_UPLOAD, counts
from explorer.data.session import DataSession
from explorer.pages.page import put
from models.variables import VARIABLES

__all__ = ["HOW_TO", "DataControls"]

ANY = "any"

HOW_TO = (
    "Start the app with <code>python launch.py serve --data FOLDER</code> (several are fine) and every file in it is "
    "recognised by its content and listed here: flux towers, soil-moisture stations, satellites, reanalyses. Or drop a "
    "file anywhere on this page: it is checked, kept in this tab alone, and forgotten when you close it."
)

# A file that is dropped anywhere goes to the entry for files.
DROP_JS = """
if (!document._takes_files) {
  document._takes_files = true
  const entry = (root) => {
    for (const e of root.querySelectorAll('*')) {
      if (e.matches("input[type=file]")) return e
      const inner = e.shadowRoot && entry(e.shadowRoot)
      if (inner) return inner
    }
    return null
  }
  const files = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files')
  document.addEventListener('dragover', (event) => { if (files(event)) event.preventDefault() })
  document.addEventListener('drop', (event) => {
    if (!files(event) || event.defaultPrevented) return
    event.preventDefault()
    const to = entry(document)
    if (!to) return
    const one = new DataTransfer()
    if (event.dataTransfer.files.length) one.items.add(event.dataTransfer.files[0])
    to.files = one.files
    to.dispatchEvent(new Event('change', {bubbles: true}))
  })
}
"""


class DataControls:
    """Widgets on one session; they follow it, and what a hand does goes to the session."""

    def __init__(self, session: DataSession):
        self.session = session
        self._showing = False
        wide = {"size": "small", "sizing_mode": "stretch_width", "margin": (6, 8)}
        self.search = pmui.TextInput(label="Search", placeholder="site, product, file name", **wide)
        self.kind = pmui.Select(label="Kind", options={ANY: ""}, value="", **wide)
        self.product = pmui.Select(label="Product", options={ANY: ""}, value="", **wide)
        self.measures = pmui.Select(label="Holds the variable", options={ANY: ""}, value="", **wide)
        half = {"size": "small", "width": 145, "margin": (6, 4, 6, 8), "placeholder": "2010 or 2010-06-30"}
        self.after = pmui.TextInput(label="Days from", **half)
        self.before = pmui.TextInput(label="to", **half)
        for name in ("search", "kind", "product", "measures", "after", "before"):
            getattr(self, name).param.watch(self._on_filter, "value")
        self.clear = pmui.Button(
            label="Clear filters", icon="filter_alt_off", size="small", variant="outlined", margin=(4, 8),
            on_click=lambda _event: session.select(search="", kind="", product="", measures="", after="", before=""),
        )  # fmt: skip
        self.count = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 10))
        self.upload = pmui.FileInput(
            label="Add a file, or drop it here", multiple=False, size="small", margin=(6, 8),
            sizing_mode="stretch_width",
            description=f"Any file that the catalog knows, up to {LARGEST_UPLOAD >> 20} MB; it stays in this tab",
        )  # fmt: skip
        self.upload.param.watch(self._on_upload, "value")
        self.folders = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 10))
        self.again = pmui.Button(
            label="Look again", icon="refresh", size="small", variant="outlined", margin=(4, 8),
            visible=bool(session.library.folders), description="Look through the folders again; files that did not "
            "change are known already", on_click=lambda _event: session.look(again=True),
        )  # fmt: skip
        session.param.watch(self.show, ["selection", "items"])
        self.show()

    @property
    def objects(self) -> list:
        """Everything, in its order from top to bottom."""
        return [
            *(self.search, self.kind, self.product, self.measures, pmui.Row(self.after, self.before, margin=0)),
            *(self.clear, self.count, pmui.Divider(margin=(6, 0)), self.upload),
            *(pmui.Divider(margin=(6, 0)), self.folders, self.again),
        ]

    def show(self, *_events) -> None:
        """Let the widgets say what the session says."""
        session, chosen = self.session, self.session.selection
        self._showing = True
        try:
            for name, field in (("kind", "kind"), ("product", "product"), ("measures", "variables")):
                found = counts(session.items, field)
                value = getattr(chosen, name)
                words = {f"{self._word(name, key)} ({n:,})": key for key, n in sorted(found.items())}
                if value and value not in found:
                    words[f"{value} (0)"] = value
                options = {ANY: "", **words}
                widget = getattr(self, name)
                if widget.options != options:
                    widget.param.update(options=options, value=value)
                put(widget, value)
            for name in ("search", "after", "before"):
                put(getattr(self, name), getattr(chosen, name))
        finally:
            self._showing = False
        passing = session.passing
        unknown = sum(not item.row.product for item in session.items)
        text = f"{len(passing):,} of {len(session.items):,} are listed"
        text += f"; {unknown:,} are no data, or not recognised" if unknown else ""
        self.count.object = f"<div role='status' style='font-size:12px;opacity:.8'>{text}.</div>"
        self.folders.object = f"<div style='font-size:12px;opacity:.85'>{self._folder_words()}</div>"

    def _folder_words(self) -> str:
        folders = self.session.library.folders
        if not folders:
            return HOW_TO
        names = ", ".join(f"<b>{html.escape(folder.name or str(folder))}</b>" for folder in folders)
        return f"Folders: {names}. {'' if self.session.scanned else 'They are being looked through.'}"

    @staticmethod
    def _word(name: str, key: str) -> str:
        if name == "measures" and key in VARIABLES:
            return f"{VARIABLES[key].long_name}"
        return key

    def _on_filter(self, event) -> None:
        if self._showing:
            return
        name = next(name for name in ("search", "kind", "product", "measures", "after", "before")
                    if getattr(self, name) is event.obj)  # fmt: skip
        try:
            self.session.select(**{name: (event.new or "").strip()})
        except ValueError as error:
            self.session.tell(str(error), "warning")

    def _on_upload(self, event) -> None:
        """Take a visitor's file."""
        if event.new is None or (event.new == b"" and not self.upload.filename):
            return
        name = self.upload.filename
        name = name[0] if isinstance(name, list) else name
        data = event.new[0] if isinstance(event.new, list) else event.new
        self.session.attempt(self.session.add, bytes(data), str(name or "file"))
