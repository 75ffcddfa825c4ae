"""The tab Calibration of the page Towers in a browser: a twin runs, tells what came back, and becomes experiment B."""


def test_a_twin_runs_in_view_and_its_parameters_are_used(visit):
    visitor = visit("tab=calibration", page="towers", drawn=False)
    visitor.until(lambda: visitor.page.locator("button", has_text="Virtual towers").count(), "the tab")
    visitor.click("Virtual towers (twin)")
    words = visitor.page.get_by_label("Virtual towers [1]")
    words.wait_for()
    words.fill("2")
    words.press("Enter")
    visitor.click("Calibrate")
    visitor.until(lambda: visitor.column("best"), "a cost that falls")
    visitor.page.get_by_text("Done: ").wait_for(timeout=60_000)
    table = visitor.page.get_by_role("table").filter(has_text="verdict").first
    assert "identified" in visitor.until(table.inner_text, "the parameters")
    visitor.click("Use these parameters")
    visitor.until(lambda: any("lue_max" in key for key in visitor.query()), "the parameters in the address")
