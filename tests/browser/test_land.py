"""The page Land in a browser: a place, a parameter, a region with its progress, soils, a shared link, small screens."""

import pytest

from tests.browser.test_runs import bar

REGION = "region=box&box=5.0,43.0,16.0,49.0"
"""Some forty cells: seconds of work."""


def test_a_click_on_the_map_runs_that_cell_and_draws_its_series(visit):
    visitor = visit(page="land")
    before, numbers = visitor.column("soil_moisture_1_b"), visitor.kpis()
    assert len(before) == 365
    assert "same as A" in numbers["GPP per year"]
    visitor.page.mouse.click(*visitor.place(-4.0, 40.0))
    visitor.until(lambda: visitor.column("soil_moisture_1_b") != before, "another series")
    visitor.until(lambda: visitor.kpis()["ET per year"] != numbers["ET per year"], "other key numbers")
    latitude, longitude = (float(part) for part in visitor.until(lambda: visitor.query().get("at")).split(","))
    assert abs(latitude - 40) < 1.2
    assert abs(longitude + 4) < 1.2
    visitor.click("Leaves")
    visitor.until(lambda: max(visitor.column("lai_b"), default=0) > 0.1, "leaves")


def test_a_moved_parameter_sets_b_apart_from_a_and_reset_brings_it_back(visit):
    visitor = visit(page="land")
    a = visitor.column("soil_moisture_1_b")
    visitor.press("Porosity", "ArrowRight", 10)
    visitor.until(lambda: "against A" in visitor.kpis()["SSM"], "key numbers that differ from A")
    assert visitor.column("soil_moisture_1_b") != a
    assert visitor.column("soil_moisture_1_a") == a
    visitor.until(lambda: "land.parameters.porosity" in visitor.query(), "the number in the address")
    visitor.click("B − A")
    visitor.click("Reset")
    visitor.until(lambda: "same as A" in visitor.kpis()["SSM"], "key numbers of A")
    visitor.until(lambda: visitor.column("soil_moisture_1_b") == a, "A's series")
    assert "land.parameters.porosity" not in visitor.still(visitor.query)


def test_a_region_says_what_it_takes_shows_its_progress_and_fills_the_map(visit):
    visitor = visit(REGION, page="land")
    visitor.page.get_by_text("cells, daily fields").first.wait_for()
    assert "run the region" in visitor.map()["title"]
    visitor.click("Run region")
    visitor.until(lambda: "cells of box" in bar(visitor), "a word on what runs")
    visitor.until(lambda: not bar(visitor) and "run" not in visitor.map()["title"], "an end", 90)
    assert visitor.map()["seen"] > 500
    assert "synthetic" in visitor.map()["bar"]


def test_cancel_stops_a_region_and_the_place_still_answers(visit):
    visitor = visit("grid=36km&region=Europe", page="land")
    visitor.click("Run region")
    visitor.until(lambda: "cells of Europe" in bar(visitor), "a word on what runs")
    visitor.press("Porosity", "ArrowRight", 4)
    visitor.until(lambda: "against A" in visitor.kpis()["SSM"], "a place that answers while a region runs")
    cancel = visitor.button("Cancel")
    cancel.click()
    cancel.wait_for(state="hidden")
    visitor.until(lambda: "run the region" in visitor.map()["title"], "the map that was there")
    assert visitor.button("Run region").is_enabled()


def test_a_link_opens_the_same_soils_of_the_same_place_for_somebody_else(visit):
    first = visit("at=40.0,-4.0&land.parameters.vcmax25=60&tab=texture&surface=gpp", page="land")
    title = "() => spy.figure('texture')?.title.text ?? ''"
    first.until(lambda: "GPP" in first.page.evaluate(title), "a triangle", 60)
    assert len(first.column("clay")) >= 50
    first.page.locator("button", has_text="RZSM").click()
    first.until(lambda: "RZSM" in first.page.evaluate(title), "another variable")
    first.until(lambda: first.query().get("surface") == "rzsm", "the variable in the address")
    second = visit(first.page.url.split("?", 1)[1], page="land")
    second.until(lambda: second.column("shown") and second.column("shown") == first.column("shown"), "the same soils")
    assert second.kpis() == first.kpis()
    assert second.number("carboxylation") == 60


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_nothing_overlaps_or_leaves_the_screen(visit, width, height):
    visitor = visit(page="land", width=width, height=height)
    boxes = visitor.page.evaluate("spy.boxes()")
    assert boxes["count"] > 10
    assert not boxes["clashes"]
    assert not boxes["outside"]
    assert boxes["scroll"] <= 0
