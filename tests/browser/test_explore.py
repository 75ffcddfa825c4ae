"""Moving things on the tab Explore, as a hand does."""


def test_a_key_on_a_slider_changes_map_and_key_numbers(visit):
    visitor = visit()
    before, numbers = visitor.map(), visitor.kpis()
    assert "same as A" in numbers["GPP"]
    visitor.press("LUE max", "ArrowRight", 5)
    visitor.until(lambda: "against A" in visitor.kpis()["GPP"], "key numbers that differ from A")
    after = visitor.map()
    assert after["sum"] > before["sum"]
    assert (after["low"], after["high"]) == (before["low"], before["high"]), "the colours must keep their meaning"
    visitor.until(lambda: "GRS.lue_max" in visitor.query(), "the number in the address")


def test_a_slider_follows_the_mouse(visit):
    visitor = visit("grid=108km")
    before, number = visitor.map(), visitor.number("LUE max")
    box = visitor.slider("LUE max").locator("xpath=..").bounding_box()
    start = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    visitor.drag(start, (start[0] + 40, start[1]))
    visitor.until(lambda: visitor.number("LUE max") > number, "a larger number")
    visitor.until(lambda: visitor.map()["sum"] > before["sum"], "a map with more GPP")


def test_a_number_typed_exactly_is_taken_exactly(visit):
    visitor = visit("grid=108km")
    entry = visitor.entry("LUE max")
    for number in ("1.913", "2.25"):
        entry.click()
        entry.fill(number)
        entry.press("Enter")
        visitor.until(lambda number=number: visitor.query().get("GRS.lue_max") == number, "the number in the address")


def test_a_limit_dragged_on_the_curve_is_the_sliders_number(visit):
    visitor = visit("grid=108km")
    before = visitor.map()
    assert visitor.number("VPD ramp", 1) == 4700
    visitor.drag(visitor.pixel("ramp-vpd", 4700, 0), visitor.pixel("ramp-vpd", 3000, 0))
    visitor.until(lambda: abs(visitor.number("VPD ramp", 1) - 3000) < 60, "about 3000 Pa in the sidebar")
    assert visitor.number("VPD ramp", 0) == 0, "the other limit stays"
    visitor.until(lambda: visitor.map()["sum"] < before["sum"], "a map with less GPP")
    handle = "() => spy.figure('ramp-vpd').renderers.at(-1).data_source.data.x[1]"
    visitor.until(
        lambda: abs(visitor.page.evaluate(handle) - visitor.number("VPD ramp", 1)) < 10, "a handle that agrees"
    )


def test_a_click_on_the_map_draws_that_cells_series(visit):
    visitor = visit("grid=108km")
    before = visitor.column("gpp_b")
    visitor.page.mouse.click(*visitor.place(-60.0, -5.0))
    visitor.until(lambda: visitor.column("gpp_b") != before, "another series")
    series = visitor.column("gpp_b")
    assert len(series) == 365
    assert sum(series) > 365  # a forest of the Amazon takes up more than 1 gC m-2 a day
    latitude, longitude = (float(part) for part in visitor.until(lambda: visitor.query().get("at")).split(","))
    assert abs(latitude + 5) < 1.2
    assert abs(longitude + 60) < 1.2
    visitor.page.get_by_text(f"{abs(latitude):.2f}°S").first.wait_for()


def test_a_click_on_the_sea_says_so_and_keeps_the_cell(visit):
    visitor = visit("grid=108km")
    before = visitor.column("gpp_b")
    visitor.page.mouse.click(*visitor.place(-140.0, 5.0))
    visitor.until(lambda: any("no land" in text for text in visitor.messages()), "a message")
    assert visitor.column("gpp_b") == before


def test_a_box_drawn_on_the_map_becomes_the_region(visit):
    visitor = visit("grid=108km")
    world = visitor.cells()
    visitor.page.evaluate("""() => {
      spy.figure('map').toolbar.tools.find((t) => t.type === 'BoxSelectTool').active = true
    }""")
    visitor.drag(visitor.place(-10.0, 36.0), visitor.place(30.0, 60.0))
    visitor.until(lambda: 0 < visitor.cells() < world, "fewer cells")
    assert visitor.page.get_by_role("combobox", name="Region").inner_text() == "Drawn box"
    visitor.until(lambda: "region" in "".join(visitor.query()) or "west" in "".join(visitor.query()))
    visitor.choose("Region", "world")
    visitor.until(lambda: visitor.cells() == world, "all cells again")


def test_a_box_over_the_sea_is_refused_with_one_message(visit):
    visitor = visit("grid=108km")
    world = visitor.cells()
    visitor.page.evaluate("""() => {
      spy.figure('map').toolbar.tools.find((t) => t.type === 'BoxSelectTool').active = true
    }""")
    visitor.drag(visitor.place(-140.0, 2.0), visitor.place(-130.0, 8.0))
    visitor.until(lambda: any("holds no land" in text for text in visitor.messages()), "a message")
    assert visitor.cells() == world


def test_a_named_region_restricts_totals(visit):
    visitor = visit("grid=108km")
    world, numbers = visitor.cells(), visitor.kpis()
    visitor.choose("Region", "Amazon")
    visitor.until(lambda: visitor.cells() < world)
    assert visitor.kpis()["GPP"] != numbers["GPP"]


def test_a_b_and_difference_differ_and_reset_brings_b_back(visit):
    visitor = visit("grid=108km")
    visitor.press("LUE max", "ArrowRight", 10)
    visitor.until(lambda: "GRS.lue_max" in visitor.query(), "an address, which follows when the hand rests")
    visitor.until(lambda: "against A" in visitor.kpis()["GPP"])
    # Ten keys make up to ten runs: B is what the last one drew.
    b = visitor.still(visitor.map)
    visitor.click("A · baseline")
    visitor.until(lambda: "A · baseline" in visitor.map()["title"])
    a = visitor.map()
    visitor.click("B − A")
    visitor.until(lambda: "B − A" in visitor.map()["title"])
    difference = visitor.map()
    assert len({b["print"], a["print"], difference["print"]}) == 3
    assert difference["low"] == -difference["high"]
    visitor.click("B · experiment")
    visitor.click("Reset")
    visitor.until(lambda: "same as A" in visitor.kpis()["GPP"], "key numbers of A")
    visitor.until(lambda: visitor.map()["print"] == a["print"], "A's map")
    visitor.click("Undo")
    visitor.until(lambda: visitor.map()["print"] == b["print"], "B's map again")


def test_variable_and_time_choose_what_is_mapped(visit):
    visitor = visit("grid=108km")
    visitor.choose("Variable", "SOC")
    visitor.until(lambda: "oil organic carbon" in visitor.map()["title"])
    visitor.click("Month")
    visitor.until(lambda: "mean of" in visitor.map()["title"])
    visitor.changed(lambda: visitor.map()["print"], lambda: visitor.press("Month", "ArrowLeft", 4))
    visitor.click("Day")
    visitor.until(lambda: "-" in visitor.map()["title"].split("·")[1], "a date in the title")
    assert visitor.query()["variable"] == "soc"


def test_removing_a_constraint_raises_gpp(visit):
    visitor = visit("grid=108km")
    before = visitor.map()
    visitor.click("VPD")
    visitor.until(lambda: visitor.map()["sum"] > before["sum"], "a map with more GPP")
    visitor.until(lambda: "vpd" in visitor.query().get("without", ""))
