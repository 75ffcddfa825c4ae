"""The tab Towers: what a real tower saw, against the model with its weather."""

from data_catalog.towers import TOWERS


def count(values: list[float]) -> int:
    """Number of values that are numbers."""
    return sum(value is not None and value == value for value in values)


def scores(visitor) -> str:
    """The table of scores as text."""
    table = visitor.page.get_by_role("table").filter(has_text="RMSE").first
    return table.inner_text() if table.count() else ""


def test_a_shipped_tower_shows_data_model_and_scores_that_follow_a_slider(visit):
    visitor = visit("grid=108km&tab=towers")
    visitor.until(lambda: count(visitor.column("value")) > 100, "what the tower saw")
    visitor.until(lambda: count(visitor.page.evaluate("() => Array.from(spy.tower().b)")) > 100, "the model's curve")
    before = visitor.until(lambda: scores(visitor), "scores")
    assert "R" in before
    visitor.page.get_by_text("Where each driver came from").wait_for()
    visitor.press("LUE max", "ArrowRight", 12)
    visitor.until(lambda: scores(visitor) not in ("", before), "other scores")


def test_another_tower_and_flux_can_be_chosen(visit):
    visitor = visit("grid=108km&tab=towers")
    visitor.until(lambda: scores(visitor), "scores")
    seen = visitor.column("value")
    site = list(TOWERS)[1]
    visitor.choose("Tower", site)
    visitor.until(lambda: count(visitor.column("value")) and visitor.column("value") != seen, "another tower's data")
    visitor.until(lambda: visitor.query().get("tower") == site)
    gpp = visitor.column("value")
    visitor.click("NEE")
    visitor.until(lambda: visitor.column("value") != gpp, "another flux")


def test_every_driver_says_where_it_came_from(visit):
    visitor = visit("grid=108km&tab=towers")
    table = visitor.page.get_by_role("table").filter(has_text="fpar").first
    table.wait_for()
    words = table.inner_text()
    for driver in ("par", "fpar", "tmin", "vpd", "smrz", "smsf", "t_soil"):
        assert driver in words
    assert "%" in words
