"""The page Assimilation in a browser: sensors, a run, cancel and resume, innovations, updates by key, a shared link."""

import re
import time

import pytest

from data_catalog.datasets.observation_file import write_example

PATIENCE = 120.0
"""Seconds for a run of some cells: the machine may be busy with other tests."""

FEW = "region=drawn&box=-6.0,39.0,-3.0,41.5&assimilation.spin_up=1"
"""Six cells: less than a second of work."""


def wait_for_run(visitor) -> None:
    """Wait until B's run is on screen."""
    visitor.until(lambda: visitor.page.get_by_text("This run is on screen").count(), "a run", PATIENCE)


def come(visit, query: str = FEW, **options):
    """Open the page and wait for the run that starts by itself."""
    visitor = visit(query, page="assimilation", drawn=False, **options)
    wait_for_run(visitor)
    return visitor


def days_done(visitor) -> int:
    """Days of the year that are done, as the line above the key numbers says while a run is not whole."""
    said = "".join(visitor.page.get_by_text("as far as it has come").all_inner_texts())
    found = re.search(r"(\d+) of \d+ days", said)
    return int(found[1]) if found else 0


def overlaps(visitor) -> list:
    """What overlaps or leaves the screen."""
    boxes = visitor.still(lambda: visitor.page.evaluate("spy.boxes()"))
    return [*boxes["clashes"], *boxes["outside"], *([boxes["scroll"]] if boxes["scroll"] > 0 else [])]


def test_a_sensor_that_is_switched_on_is_run_and_its_innovations_are_read(visit):
    visitor = come(visit, f"{FEW}&tab=innovations")
    before = visitor.kpis()
    assert float(before["Norm. sd SSM"].split()[0]) == pytest.approx(1.0, abs=0.15)
    visitor.until(lambda: max(visitor.column("density"), default=0) > 0.2, "a histogram", 60)
    title = "() => spy.figure('innovation-increment')?.title.text ?? ''"
    visitor.until(lambda: "slope" in visitor.page.evaluate(title), "a cloud of points")
    loop = visitor.column("ol")
    # The second row of switches is that of LAI.
    switches = visitor.page.locator(".MuiToggleButtonGroup-root").filter(has_text="Monitor")
    switches.nth(1).get_by_role("button", name="Use").click()
    visitor.until(lambda: visitor.query().get("assimilation.sensors.lai.use") == "assimilate", "LAI in the address")
    visitor.until(lambda: visitor.kpis()["Observations used"] != before["Observations used"], "more observations", 60)
    wait_for_run(visitor)
    assert visitor.column("ol") == loop, "the open loop is kept"
    visitor.page.mouse.click(*visitor.pixel("map", -5.7, 39.5))
    visitor.until(lambda: visitor.column("ol") != loop, "the series of another cell")
    visitor.tab("Is the filter right?")
    visitor.page.get_by_text("The filter is consistent").first.wait_for()


def test_a_file_that_is_added_is_assimilated_where_and_when_it_was_observed(visit, tmp_path):
    write_example(tmp_path / "probes.nc")
    visitor = come(visit, f"{FEW}&period=2015-01-01,2015-02-15")
    visitor.page.locator("input[type=file]").first.set_input_files(tmp_path / "probes.nc")
    visitor.until(lambda: "2015-06-01" in visitor.query().get("period", ""), "the days of the file", PATIENCE)
    visitor.page.get_by_text("Observations of SSM: Two probes").first.wait_for(timeout=1000 * PATIENCE)
    assert visitor.query()["assimilation.sensors.ssm.source"].startswith("u")


def test_cancel_keeps_the_months_that_are_done_and_run_goes_on_from_there(visit):
    # A seed of its own, so that a second try finds no finished run; sensors that lengthen the analysis, not the rest.
    seed = int(time.time()) % 1_000_000
    more = "".join(f"&assimilation.sensors.{name}.use=monitor" for name in ("tb_h", "tb_v", "vod"))
    query = f"region=drawn&box=-7.0,37.5,-3.0,41.5&assimilation.spin_up=0&assimilation.time_step=1.0&seed={seed}{more}"
    visitor = visit(query, page="assimilation", drawn=False)
    visitor.until(lambda: days_done(visitor), "a part of the year", PATIENCE)
    visitor.button("Cancel").click()
    visitor.until(lambda: visitor.page.get_by_text("Stopped: Run goes on").count(), "a word that it stopped", PATIENCE)
    done = visitor.still(lambda: days_done(visitor))
    assert 0 < done < 365
    assert len(visitor.column("da")) == done
    visitor.button("Run").click()
    visitor.until(lambda: days_done(visitor) > done or visitor.page.get_by_text("on screen").count(), "more", PATIENCE)


def test_arrow_keys_step_through_updates_and_a_link_opens_the_same_one_for_somebody_else(visit):
    first = come(visit, f"{FEW}&tab=cell")
    first.page.get_by_text("Update 1 of").first.wait_for(timeout=60_000)
    assert overlaps(first) == []
    first.page.locator("body").click(position={"x": 800, "y": 8})
    for key, number in (("ArrowRight", 2), ("ArrowRight", 3), ("ArrowLeft", 2)):
        first.page.keyboard.press(key)
        first.page.get_by_text(f"Update {number} of").first.wait_for()
    first.until(lambda: first.query().get("update") == "1", "the update in the address")
    assert len(first.column("before")) == 12
    address = first.page.url.split("?", 1)[1]
    second = visit(address, page="assimilation", drawn=False, width=390, height=844)
    second.page.get_by_text("Update 2 of").first.wait_for(timeout=1000 * PATIENCE)
    assert second.kpis() == first.kpis()
    assert overlaps(second) == []
    assert not second.page.get_by_text("Sensors", exact=True).count(), "the sidebar waits on a telephone"


def test_a_link_with_bad_settings_says_what_is_wrong_and_runs_nothing(visit):
    bad = "region=nowhere&box=-140,-60,-139,-59&assimilation.members=1"
    visitor = visit(bad, page="assimilation", drawn=False)
    visitor.until(lambda: any("members = 1" in text for text in visitor.messages()), "a message")
    visitor.page.get_by_text("holds no cell").first.wait_for()
    assert visitor.button("Run").is_disabled()
