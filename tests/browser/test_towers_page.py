"""The page Towers in a browser: a moved parameter reaches the plots of one tower and the scores of all."""


def open_towers(visit, query=""):
    """Open the page and wait for the runs of a tower."""
    visitor = visit(query, page="towers", drawn=False)
    visitor.until(lambda: visitor.page.locator(".kpi").count() > 5, "key numbers", seconds=120.0)
    return visitor


def test_a_parameter_moves_the_plots_of_one_tower_and_the_row_of_each_of_its_type(visit):
    visitor = open_towers(visit, "tower=US-AR1&flux=nee")
    visitor.until(lambda: len(visitor.page.evaluate("() => Array.from(spy.tower().b)")) == 1461, "four years of days")
    visitor.changed(
        lambda: visitor.page.evaluate("() => Array.from(spy.tower().b).slice(0, 400)"),
        lambda: visitor.press("LUE max", "ArrowRight", 8),
        "another run",
    )
    visitor.tab("All sites")
    visitor.until(lambda: len(visitor.column("score")) == 4, "the four towers that ship")
    scores = visitor.column("score")
    before = visitor.column("before")
    assert sum(a != b for a, b in zip(scores, before, strict=True)) == 1
    visitor.until(lambda: "lue_max" in str(visitor.query()), "the parameter in the address")


def test_a_click_in_the_table_of_all_sites_looks_at_another_tower(visit):
    visitor = open_towers(visit, "tower=US-AR1&tab=skill")
    row = visitor.page.locator("tbody tr[data-key='FR-Hes']")
    row.wait_for()
    row.click()
    visitor.until(lambda: visitor.query().get("tower") == "FR-Hes", "the tower in the address")
    visitor.page.get_by_text("DBF").first.wait_for()
    report = visitor.page.evaluate("spy.boxes()")
    assert not report["clashes"]
    assert not report["outside"]
