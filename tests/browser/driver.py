"""A visitor: what a person sees and does on the page, in words of the page."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Locator, Page, Request, Route, sync_playwright

__all__ = ["FLAGS", "Visitor", "chromium_browser", "sync_playwright"]

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PATIENCE = 30.0
"""Seconds; a loaded machine is slow, a broken page never ends."""

SPY = Path(__file__).with_name("spy.js")


def chromium_browser(playwright, path: str) -> Browser:
    """Start the system's Chromium without a window."""
    return playwright.chromium.launch(executable_path=path, args=FLAGS)


class Visitor:
    """One tab of its own browser context.

    Attributes
    ----------
    errors : list of str
        What the console complained of.
    strangers : list of str
        Addresses beyond this machine that the page asked for; each was refused.
    """

    def __init__(self, browser: Browser, url: str, *, width: int = 1440, height: int = 900, **options: Any):
        self.url = url
        self.context = browser.new_context(viewport={"width": width, "height": height}, **options)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(1000 * PATIENCE)
        self.errors: list[str] = []
        self.strangers: list[str] = []
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("websocket", lambda socket: self._meet(socket.url))
        self.page.route("**/*", self._guard)
        self.page.add_init_script(path=SPY)

    def _meet(self, url: str) -> bool:
        """Whether an address is of this machine; others are noted."""
        parts = urlsplit(url)
        if parts.scheme in ("data", "blob", "about") or parts.hostname in ("localhost", "127.0.0.1"):
            return True
        self.strangers.append(url)
        return False

    def _guard(self, route: Route, request: Request) -> None:
        if self._meet(request.url):
            route.continue_()
        else:
            route.abort()

    def close(self) -> None:
        """Close the tab."""
        self.context.close()

    # -- waiting ------------------------------------------------------------------------------------------------
    def open(self, query: str = "", *, page: str = "carbon", drawn: bool = True) -> Visitor:
        """Open a page with a query; wait for its numbers unless told otherwise."""
        self.page.goto(f"{self.url}/{page}{'?' + query if query else ''}", wait_until="domcontentloaded")
        self.page.wait_for_function("window.spy && spy.idle()")
        if drawn:
            self.page.locator(".kpi").nth(5).wait_for()
            if "tab=" not in query:
                series = {"carbon": "gpp_b", "land": "soil_moisture_1_b", "assimilation": "da"}[page]
                self.page.wait_for_function(f"spy.map() && spy.counted('{series}') > 0")
        return self

    def until(self, condition: Callable[[], Any], what: str = "", seconds: float = PATIENCE) -> Any:
        """Wait until a condition holds; returns what it gave."""
        end = time.monotonic() + seconds
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > end:
                msg = f"Not within {seconds:g} s: {what or condition}. Messages: {self.messages()}"
                raise AssertionError(msg)
            self.page.wait_for_timeout(40)

    def changed(self, look: Callable[[], Any], act: Callable[[], Any], what: str = "") -> Any:
        """Do something, and wait until what is looked at differs from before; returns the new look."""
        before = look()
        act()
        self.until(lambda: look() != before, what or f"a change of {before!r}"[:200])
        return look()

    def still(self, look: Callable[[], Any], seconds: float = 1.0, patience: float = PATIENCE) -> Any:
        """Wait until what is looked at has not changed for a while; returns it."""
        end = time.monotonic() + patience
        seen, since = look(), time.monotonic()
        while time.monotonic() - since < seconds:
            if time.monotonic() > end:
                msg = f"Still changing after {patience:g} s: {seen!r}"[:400]
                raise AssertionError(msg)
            self.page.wait_for_timeout(100)
            if (now := look()) != seen:
                seen, since = now, time.monotonic()
        return seen

    # -- seeing -------------------------------------------------------------------------------------------------
    def map(self) -> dict:
        """Sum and print of the picture of the map, how many pixels show a value, its colour limits and title."""
        return self.until(lambda: self.page.evaluate("spy.map()"), "a map")

    def kpis(self) -> dict[str, str]:
        """The strip of key numbers: name -> value and what stands below."""

        # The strip is replaced as a whole; between the old one and the new one there is none.
        def read() -> dict[str, str]:
            texts = self.page.locator(".kpi").all_inner_texts()
            strip = {text.split("\n")[0]: " ".join(text.split("\n")[1:]) for text in texts}
            # What is not rendered yet has its words but no lines.
            known = ("GPP" in strip and "Last run" in strip) or "SWE max" in strip or "Observations used" in strip
            return strip if known else {}

        return self.until(read, "key numbers")

    def cells(self) -> int:
        """Number of cells of the region, as the strip says it."""
        words = self.kpis()["Last run"]
        return int(words.split(" cells")[0].split()[-1].replace(",", ""))

    def column(self, name: str) -> list[float]:
        """Values of a column of the plots, by its name."""
        return self.page.evaluate("name => spy.column(name)", name)

    def query(self) -> dict[str, str]:
        """What the address holds now."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.page.url).query).items()}

    def messages(self) -> list[str]:
        """Messages on screen."""
        return self.page.get_by_role("alert").all_inner_texts()

    def number(self, label: str, nth: int = 0) -> float:
        """The number in the exact entry of a slider."""
        return float(self.entry(label, nth).input_value().replace(",", ""))

    # -- doing --------------------------------------------------------------------------------------------------
    def slider(self, label: str, nth: int = 0) -> Locator:
        """The thumb of a slider that keys can move."""
        return self.page.locator(f"input[type=range][aria-label*='{label}']").nth(nth)

    def entry(self, label: str, nth: int = 0) -> Locator:
        """The exact entry beside a slider."""
        box = "xpath=ancestor::*[.//input[not(@type='range')]][1]//input[not(@type='range')]"
        return self.slider(label).locator(box).nth(nth)

    def press(self, label: str, key: str = "ArrowRight", times: int = 1, nth: int = 0) -> None:
        """Move a slider with the keyboard."""
        self.slider(label, nth).focus()
        for _ in range(times):
            self.page.keyboard.press(key)

    def button(self, words: str) -> Locator:
        """The first button with these words on it (its name for screen readers is what its tooltip says)."""
        return self.page.locator("button", has_text=words).first

    def click(self, words: str) -> None:
        """Press a button."""
        self.button(words).click()

    def tab(self, name: str) -> None:
        """Open a tab."""
        self.page.get_by_role("tab", name=name).click()

    def choose(self, label: str, option: str) -> None:
        """Choose from a drop-down list."""
        self.page.get_by_role("combobox", name=label).click()
        self.page.locator(".MuiMenuItem-root", has_text=option).first.click()
        self.page.locator(".MuiMenuItem-root").first.wait_for(state="detached")

    def pixel(self, figure: str, x: float, y: float) -> tuple[float, float]:
        """Where on the screen a point of a plot lies; ``figure`` is ``map`` or a figure's name."""
        at = self.page.evaluate("([figure, x, y]) => spy.pixel(figure, x, y)", [figure, x, y])
        return at[0], at[1]

    def place(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Where on the screen a place of the map lies."""
        from explorer.views.projection import PROJECTIONS

        x, y = PROJECTIONS["equal_earth"].forward(longitude, latitude)
        return self.pixel("map", float(x), float(y))

    def drag(self, start: tuple[float, float], end: tuple[float, float], steps: int = 8) -> None:
        """Drag with the mouse."""
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        for step in range(1, steps + 1):
            mouse.move(*(a + (b - a) * step / steps for a, b in zip(start, end, strict=True)))
        mouse.up()
