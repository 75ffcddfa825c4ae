"""The page Benchmarks in a browser: a slider moves the agreement, the paper leads to its figures."""


def open_benchmarks(visit, query="", **options):
    """Open the page on the coarse grid and wait for its key numbers."""
    visitor = visit(f"grid=108km&{query}", page="benchmarks", drawn=False, **options)
    visitor.page.locator(".kpi").nth(2).wait_for()
    return visitor


def agreement(visitor) -> str:
    """The first key number with what stands below."""
    return visitor.page.locator(".kpi").first.inner_text()


def test_a_slider_moves_the_agreement_and_the_paper_leads_to_its_figures(visit):
    visitor = open_benchmarks(visit)
    visitor.until(lambda: visitor.column("image"), "the months of the model")
    assert "same as A" in agreement(visitor)
    visitor.press("LUE max", "ArrowLeft", 12)
    visitor.until(lambda: "against A" in agreement(visitor), "another agreement")
    visitor.page.get_by_text("Synthetic benchmark").first.wait_for()
    visitor.tab("The paper")
    visitor.until(lambda: visitor.button("Open Fig. 7").is_visible(), "the list of figures", seconds=90)
    visitor.button("Open Fig. 7").click()
    visitor.until(lambda: "SOC, L4C" in agreement(visitor), "soil carbon")
    assert visitor.until(lambda: visitor.query().get("tab") == "soc" and visitor.query())["GRS.lue_max"]
    there = visitor.page.locator("nav a", has_text="Carbon").first
    visitor.until(lambda: "GRS.lue_max" in (there.get_attribute("href") or ""), "the way back with the same run")


def test_nothing_overlaps_or_leaves_the_screen_of_a_telephone(visit):
    visitor = open_benchmarks(visit, width=390, height=844)
    visitor.until(lambda: visitor.column("image"), "the months of the model")
    boxes = visitor.page.evaluate("spy.boxes()")
    assert boxes["count"] > 10
    assert not boxes["clashes"]
    assert not boxes["outside"]
    assert boxes["scroll"] <= 0
