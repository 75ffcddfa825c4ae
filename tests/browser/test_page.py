"""The page as a whole: it loads, fits the screen, obeys the keyboard, turns dark."""

import pytest

SCREENS = {"laptop": (1440, 900), "small laptop": (1280, 720), "phone": (390, 844)}


def test_the_page_says_what_it_is_and_shows_the_world(visit):
    visitor = visit()
    assert "Land Carbon Explorer" in visitor.page.title()
    assert visitor.page.get_by_text("Move a slider").count()
    assert visitor.map()["seen"] > 10_000
    assert "synthetic weather" in visitor.map()["bar"]
    assert {"GPP", "RA", "RH", "NEE", "SOC"} <= set(visitor.kpis())
    # that nobody asked a stranger and the console is clean, `visit` checks after every test


def test_every_tab_opens_with_something_in_it(visit):
    visitor = visit("grid=108km")
    for tab, words in {
        "Zonal & totals": "Totals of a year",
        "Equations": "Light use",
        "Runs & export": "Take away",
        "Towers": "Where each driver came from",
        "Explore": "Ramp editor",
    }.items():
        visitor.tab(tab)
        visitor.page.get_by_text(words, exact=True).first.wait_for()
    visitor.until(lambda: visitor.query().get("tab", "explore") == "explore")


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_overlaps_and_nothing_sticks_out(visit, screen):
    width, height = SCREENS[screen]
    visitor = visit("grid=108km", width=width, height=height)
    boxes = visitor.page.evaluate("() => spy.boxes()")
    assert boxes["count"] >= 10
    assert boxes["clashes"] == []
    assert boxes["outside"] == []
    assert boxes["scroll"] <= 0


def test_tab_reaches_a_slider_and_arrows_move_it(visit):
    visitor = visit("grid=108km")
    page = visitor.page
    page.locator("body").click(position={"x": 2, "y": 2})
    focused = """() => {
      let e = document.activeElement
      while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement
      return e?.type === 'range' ? e.getAttribute('aria-label') : ''
    }"""
    for _ in range(40):
        page.keyboard.press("Tab")
        if "LUE max" in page.evaluate(focused):
            break
    assert "LUE max" in page.evaluate(focused)
    before = visitor.map()
    page.keyboard.press("ArrowRight")
    visitor.until(lambda: visitor.map()["print"] != before["print"], "a map that follows the key")


def test_the_theme_turns_plots_dark_without_losing_the_state(visit):
    visitor = visit("grid=108km&GRS.lue_max=2.0")
    toggle = visitor.page.get_by_label("Toggle theme")

    def brightness(code: str) -> float:
        """Mean of red, green, blue of a colour that the browser works out, 0-255."""
        paint = f"() => {{ const c = document.createElement('canvas').getContext('2d'); c.fillStyle = {code}; "
        colour = visitor.page.evaluate(paint + "c.fillRect(0, 0, 1, 1); return [...c.getImageData(0, 0, 1, 1).data] }")
        return sum(colour[:3]) / 3

    plot, words = "spy.figure('map').background_fill_color", "spy.figure('map').title.text_color"
    page = "getComputedStyle(document.body).backgroundColor"
    assert brightness(plot) > 200
    toggle.click()
    visitor.until(lambda: brightness(plot) < 60 and brightness(words) > 120, "bright words on a dark plot")
    assert brightness(page) < 60
    assert visitor.number("LUE max") == 2.0
    toggle.click()
    visitor.until(lambda: brightness(plot) > 200, "a bright plot again")
