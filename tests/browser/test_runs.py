"""Work that takes its time: it shows how far it is, it can be stopped, and a first start is usable meanwhile."""

from tests.browser.server import serving


def bar(visitor) -> str:
    """What stands beside the Cancel button; "" while nothing runs."""
    texts = visitor.page.get_by_role("status").all_inner_texts()
    return next((text for text in texts if "%" in text and "of days" not in text), "")


def test_cancel_stops_an_export_and_the_page_goes_on(visit):
    visitor = visit("grid=36km&region=Tropics&tab=runs")
    visitor.click("Prepare NetCDF")
    cancel = visitor.button("Cancel")
    cancel.wait_for()
    visitor.until(lambda: "NetCDF" in bar(visitor), "a word on what runs")
    cancel.click()
    cancel.wait_for(state="hidden")
    assert visitor.button("NetCDF (.nc").is_disabled()
    visitor.tab("Explore")
    before = visitor.map()
    visitor.press("LUE max", "ArrowRight", 4)
    visitor.until(lambda: visitor.map()["sum"] > before["sum"], "a page that still answers")


def test_an_export_leaves_the_sliders_alive(visit):
    visitor = visit("grid=36km&region=Tropics&tab=runs")
    visitor.click("Prepare NetCDF")
    visitor.button("Cancel").wait_for()
    visitor.press("LUE max", "ArrowRight", 4)
    visitor.until(lambda: "against A" in visitor.kpis()["GPP"], "key numbers while the export runs", 10)
    stop = visitor.button("Cancel")
    if stop.is_visible():
        stop.click()
    stop.wait_for(state="hidden")


def test_the_first_start_ever_shows_its_progress_and_cancel_stops_it(visit, tmp_path):
    """Nothing is in the cache: the page opens, says what it prepares, works at 108 km, and lets 36 km be stopped."""
    with serving(tmp_path, tmp_path / "cache") as server:
        server.wait_until_ready(())
        visitor = visit(drawn=False, at=server)
        visitor.until(lambda: "%" in bar(visitor) or server.health["grids"], "a word on what is prepared")
        visitor.page.wait_for_function("spy.map()", timeout=240_000)
        assert server.health["grids"][0] == "108km"
        # A quick machine may have made both grids by the time the first map is drawn: then there is nothing to stop.
        if server.health["preparing"]:
            cancel = visitor.button("Cancel")
            cancel.click()
            cancel.wait_for(state="hidden")
            visitor.until(lambda: not server.health["preparing"], "an end of the preparation")
            assert server.health["grids"] == ["108km"]
        assert not server.health["failed"]
        before = visitor.map()
        visitor.press("LUE max", "ArrowRight", 4)
        visitor.until(lambda: visitor.map()["sum"] > before["sum"], "a page that works on what is there")
        visitor.close()
