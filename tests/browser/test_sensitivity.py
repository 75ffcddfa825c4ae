"""The page Sensitivity in a browser: maps that come by themselves, an analysis that is cancelled, a shared link."""


def test_a_driver_is_removed_on_the_map_and_the_link_keeps_which(visit):
    visitor = visit("region=Iberia", page="sensitivity", drawn=False)
    visitor.until(lambda: "GPP without SMRZ" in visitor.map()["title"], "a map that comes by itself", 60)
    assert "synthetic" in visitor.map()["bar"]
    visitor.page.get_by_role("button", name="VPD", exact=True).click()
    visitor.until(lambda: "GPP without VPD" in visitor.map()["title"], "another map")
    visitor.until(lambda: visitor.query().get("removed") == "vpd", "the constraint in the address")


def test_a_cancelled_analysis_keeps_what_it_has_and_the_page_goes_on(visit):
    visitor = visit("region=Europe&tab=indices&samples=1024", page="sensitivity", drawn=False)
    visitor.page.get_by_text("runs of").first.wait_for()
    visitor.page.get_by_role("button", name="Run", exact=True).last.click()
    visitor.until(lambda: visitor.column("total_low"), "indices while it runs", 90)
    cancel = visitor.button("Cancel")
    cancel.click()
    cancel.wait_for(state="hidden")
    visitor.page.get_by_text("stopped, as far as it came").first.wait_for()
    visitor.tab("One at a time")
    visitor.until(lambda: visitor.column("at_low"), "a tornado", 60)
