"""The page Data in a browser: filters, a tower on the map, a file that is dropped, and one that is broken."""

import pytest

from data_catalog import CATALOG
from explorer.views.projection import PROJECTIONS

DROP = """([name, text]) => {
  const files = new DataTransfer()
  files.items.add(new File([text], name))
  document.body.dispatchEvent(new DragEvent('drop', {dataTransfer: files, bubbles: true, cancelable: true}))
}"""


def open_data(visit, query="", **options):
    """Open the page and wait for the first tower's series."""
    visitor = visit(query, page="data", drawn=False, **options)
    visitor.until(lambda: visitor.column("observed"), "a series")
    return visitor


def rows(visitor):
    """The rows of the table of files."""
    return visitor.page.locator("tbody tr[data-key]").all_inner_texts()


def test_filters_narrow_the_table_and_a_row_opens_its_dataset(visit):
    visitor = open_data(visit, "tab=files")
    visitor.until(lambda: len(rows(visitor)) >= 4, "a table")
    visitor.page.get_by_label("Search").fill("hesse")
    visitor.page.keyboard.press("Enter")
    visitor.until(lambda: [text.split()[0] for text in rows(visitor)] == ["FR-Hes"], "one row")
    assert visitor.until(lambda: visitor.query().get("search"), "the filter in the address") == "hesse"
    visitor.page.locator("tbody tr[data-key]").first.click()
    visitor.until(lambda: len(visitor.column("observed")) == 366, "the year of FR-Hes")


def test_a_click_on_the_map_opens_a_tower_and_leads_to_the_carbon_page(visit):
    visitor = open_data(visit)
    x, y = PROJECTIONS["equal_earth"].forward(7.06, 48.67)
    visitor.page.mouse.click(*visitor.pixel("places", float(x), float(y)))
    visitor.until(lambda: len(visitor.column("observed")) == 366, "the series of FR-Hes")
    visitor.page.get_by_text("Hesse forest").first.wait_for()
    there = visitor.page.locator("a", has_text="Run the carbon model here").first.get_attribute("href")
    assert there.endswith("carbon?tab=towers&tower=FR-Hes")


def test_a_dropped_file_is_listed_and_drawn_and_a_broken_one_gives_one_message(visit, tmp_path):
    example = tmp_path / CATALOG["fluxnet"].example_name
    CATALOG["fluxnet"].write_example(example)
    visitor = open_data(visit)
    before = visitor.column("observed")
    visitor.page.evaluate(DROP, [example.name, example.read_text()])
    visitor.until(lambda: visitor.messages(), "a message")
    assert "it stays in this tab" in visitor.messages()[0]
    visitor.until(lambda: visitor.column("observed") not in ([], before), "its series")
    visitor.page.get_by_text("added here").first.wait_for()
    visitor.page.evaluate(DROP, ["<img src=x onerror=alert(1)>.h5", "\x89HDF broken"])
    refused = visitor.until(lambda: [text for text in visitor.messages() if "not added" in text], "a refusal")
    assert len(refused) == 1
    assert visitor.page.locator("img[src='x']").count() == 0


def test_a_granule_that_is_added_is_mapped_beside_the_world_and_a_click_follows_a_cell(visit, tmp_path):
    example = tmp_path / CATALOG["spl3smp"].example_name
    CATALOG["spl3smp"].write_example(example)
    visitor = open_data(visit)
    visitor.page.locator("input[type=file]").first.set_input_files(example)
    visitor.page.get_by_text("Draw its map").first.click()
    visitor.page.get_by_role("button", name="All", exact=True).click()
    visitor.page.get_by_text("World against file, over the map").wait_for()
    words = visitor.page.get_by_text("World against file, over the map").locator("..").inner_text()
    assert all(score in words for score in ("RMSE", "ubRMSE", "bias", "synthetic"))
    visitor.page.get_by_text("Click a cell for its series.").wait_for()
    visitor.map()
    visitor.page.mouse.click(*visitor.place(-100.0, 24.0))
    visitor.page.get_by_text("Cell at").first.wait_for()
    assert visitor.until(lambda: visitor.query().get("cell"), "the cell in the address")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_nothing_overlaps_or_leaves_the_screen(visit, width, height):
    visitor = open_data(visit, width=width, height=height)
    boxes = visitor.page.evaluate("spy.boxes()")
    assert boxes["count"] > 10
    assert not boxes["clashes"]
    assert not boxes["outside"]
    assert boxes["scroll"] <= 0
