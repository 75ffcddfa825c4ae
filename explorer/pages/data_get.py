"""The tab Get data of the page Data: search NASA Earthdata for a product, a region, a period, and fetch the files."""

import html
from pathlib import Path

import panel as pn
import panel_material_ui as pmui

from data_catalog.earthdata import COLLECTIONS, Found, edges_of, fetch, search, sign_in
from explorer.data.session import FETCHES, DataSession
from explorer.pages.page import card, heading

__all__ = ["GetTab"]

MOST_BYTES = 20 * 2**30
"""Bytes that the page fetches at once; the command fetches more."""

SHOWN = 8


class GetTab:
    """A search, what it found, and a button that fetches it into a folder of --data."""

    def __init__(self, session: DataSession):
        self.session = session
        self.found: Found | None = None
        small = {"size": "small", "margin": (6, 8)}
        options = {f"{one.short_name} · {one.title}": name for name, one in COLLECTIONS.items()}
        self.product = pmui.Select(label="NASA collection", options=options, value="SPL3SMP", width=390, **small)
        day = {"width": 130, "placeholder": "2015-04-01", **small}
        self.first = pmui.TextInput(label="First day", value="2015-04-01", **day)
        self.last = pmui.TextInput(label="Last day", value="2015-04-02", **day)
        self.box = pmui.TextInput(
            label="West, south, east, north [°]", value="", placeholder="empty: the whole Earth", width=250, **small
        )
        folders = {folder.name or str(folder): str(folder) for folder in session.library.folders}
        self.folder = pmui.Select(
            label="Into the folder", options=folders, value=next(iter(folders.values()), None), width=200,
            visible=bool(folders), **small,
        )  # fmt: skip
        self.ask = pmui.Button(
            label="Search", icon="search", variant="contained", size="small", margin=(8, 8),
            on_click=lambda _event: session.attempt(self._search),
        )  # fmt: skip
        self.get = pmui.Button(
            label="Fetch", icon="download", variant="outlined", size="small", margin=(8, 8), disabled=True,
            on_click=lambda _event: session.attempt(self._fetch),
            description="With the Earthdata login of the account that runs this app; Cancel stops, Fetch goes on",
        )  # fmt: skip
        self.words = pn.pane.HTML(self._start_words(), sizing_mode="stretch_width", margin=(4, 12))
        self.pane = card(
            heading("Get data", "from NASA Earthdata, with your own login"),
            pmui.FlexBox(self.product, self.first, self.last, self.box, self.folder, margin=0),
            pmui.FlexBox(self.ask, self.get, margin=0),
            self.words,
        )
        for widget in (self.product, self.first, self.last, self.box):
            widget.param.watch(self._on_change, "value")

    def _start_words(self) -> str:
        if not self.session.library.folders:
            text = "Start the app with <code>--data FOLDER</code>: what is fetched lies there and is listed at once. "
        elif not self.session.library.fetches:
            text = "This server is open to others, so nothing is fetched from the page. "
        else:
            text = "Search first: number and size are told before anything is fetched. "
        text += "The command is <code>python launch.py data download PRODUCT --from DAY --to DAY --into FOLDER</code>."
        return f"<div style='font-size:13px'>{text}</div>"

    def _on_change(self, _event) -> None:
        self.found = None
        self.get.disabled = True

    def _say(self, text: str) -> None:
        self.words.object = f"<div style='font-size:13px' role='status'>{text}</div>"

    # -- search -------------------------------------------------------------------------------------------------
    def _search(self) -> None:
        box = edges_of(self.box.value)
        asked = (self.product.value, self.first.value.strip(), self.last.value.strip(), box)
        self.ask.disabled = True
        self.session.slowly(
            "Searching NASA Earthdata", lambda progress, cancelled: search(*asked), self._take, key="earthdata",
            queue=FETCHES, ended=self._ended,
        )  # fmt: skip

    def _ended(self) -> None:
        self.ask.disabled = False
        self.get.disabled = not self._may_fetch()

    def _may_fetch(self) -> bool:
        return bool(self.found and self.found.granules and self.folder.value and self.session.library.fetches)

    def _take(self, found: Found) -> None:
        self.found = found
        self._ended()
        names = [html.escape(granule.name) for granule in found.granules[:SHOWN]]
        more = len(found.granules) - len(names)
        rest = f"<br>and {more:,} more" if more > 0 else ""
        self._say(f"<b>{html.escape(found.words)}</b><br>{'<br>'.join(names)}{rest}")

    # -- fetch --------------------------------------------------------------------------------------------------
    def _fetch(self) -> None:
        found = self.found
        if found is None or not self._may_fetch():
            return
        if found.size > MOST_BYTES:
            msg = (
                f"{found.words} The page fetches up to {MOST_BYTES >> 30} GB at once: take a shorter period, or run "
                f"`python launch.py data download {found.short_name} --from DAY --to DAY --into FOLDER`."
            )
            raise ValueError(msg)
        # Of the folders of --data, which the select offers; never a path that a visitor typed.
        folder = next(place for place in self.session.library.folders if str(place) == self.folder.value)
        self.ask.disabled = self.get.disabled = True

        def work(progress, cancelled) -> list[Path]:
            into = folder / found.short_name
            return fetch(
                found.granules,
                into,
                session=sign_in(),
                progress=lambda share, _name: progress(share),
                cancelled=cancelled,
            )

        def done(paths: list[Path]) -> None:
            self._ended()
            self._say(f"<b>{len(paths):,} files</b> lie in {html.escape(folder.name)}/{html.escape(found.short_name)}.")
            self.session.look(again=True)

        self.session.slowly(
            f"Fetching {found.words[:-1]}", work, done, key="earthdata", queue=FETCHES, ended=self._ended
        )
