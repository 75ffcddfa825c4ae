"""Sensors of the page Assimilation take files of the catalog: found, laid on the run, judged, or one clear message."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from explorer import tower_runs
from explorer.assimilation.address import AssimilationSelection, read_assimilation
from explorer.assimilation.ground import compare_with_ground, sites_table
from explorer.assimilation.sources import (
    experiment_on,
    label_of,
    offers,
    open_sources,
    overlap,
    real_sources,
    sensor_of,
    where_of,
)
from explorer.data.library import Item, Library
from explorer.data.links import links_of
from explorer.data.series import open_record
from models.regions import REGIONS, Region
from tests.explorer.test_assimilation_page import made, settle

pytestmark = pytest.mark.xdist_group("assimilation page")  # one engine is enough

FEW = "&assimilation.members=4&assimilation.spin_up=0&assimilation.warm_up=5"
SPRING = ("2018-02-01", "2018-05-15")


@pytest.fixture(scope="module")
def hawaii(shared):
    """A library of the time series of one cell of Hawaii."""
    before = tower_runs.folders()
    tower_runs.offer([shared / "data" / "hawaii_timeseries"])
    library = Library()
    library.look()
    yield library
    tower_runs.offer(before)


def item_of(library: Library, words: str) -> Item:
    return next(item for item in library.found if words in f"{item.row.shown} {item.row.title}")


def page_on(library: Library, words: str, **changed):
    """Open the page by the way that the page Data offers to a file."""
    item = item_of(library, words)
    link = links_of(item, open_record(item).ds)[-1]
    page = made(link.address.split("?", 1)[1] + FEW)
    page.session.library = library
    page.session.param.update(b=replace(page.session.b, **changed))
    return page, item, link


def test_smap_is_assimilated_at_its_cells_and_the_station_there_says_what_it_brought(hawaii):
    page, item, link = page_on(hawaii, "SMAP", period=SPRING)
    assert link.label == "Assimilate this"
    page.session.run()
    settle(page, lambda: page.session.is_shown)
    result = page.session.answer.result
    assert "SMAP SPL3SMP" in real_sources(result)["ssm"]
    assert "truth knows nothing of them" in label_of(result)
    log = result.logs["ssm"]
    used = np.isfinite(log.increment[..., 0])
    assert used.sum() > 30
    seen = open_record(item).ds["ssm"]
    assert np.nanmin(log.raw) >= float(seen.min())
    assert np.nanmax(log.raw) <= float(seen.max())
    assert np.isnan(log.truth).all()
    assert "no truth for files" in page.kpis.pane.object

    page.session.select(tab="skill")
    settle(page, lambda: page.session.items is not None)
    page.skill.reference.value = "ground"
    settle(page, lambda: "Silver_Sword" in page.skill.table.object)
    ground = compare_with_ground(result, page.session.items)
    site = ground.sites[0]
    assert site.variable == "ssm"
    assert site.days > 60
    assert abs(site.before) < 0.4, "drawn weather knows nothing of the station's days"
    table = sites_table(ground, result)
    assert "ISMN" in table["source, licence"][0]
    assert ground.gain("ssm", result.twin.cells.size).test.n == 1
    page.session.close()


@pytest.mark.parametrize(
    ("words", "label", "moved"), [("era5_land", "Monitor this", 14), ("SMOS", "Assimilate this", 0)]
)
def test_each_series_leads_to_a_run_that_holds_its_place_and_days(hawaii, words, label, moved):
    item = item_of(hawaii, words)
    link = links_of(item, open_record(item).ds)[-1]
    a, b, selection, problems = read_assimilation(link.address.split("?", 1)[1])
    assert problems == []
    assert link.label == label
    choice = b.assimilation.sensor("ssm")
    assert (choice.source, choice.years) == (item.key, moved)
    assert a.assimilation.sensors == ()
    assert selection == AssimilationSelection(tab="innovations", at=selection.at)
    assert b.region.contains(*(np.array([degrees]) for degrees in selection.at)).all()
    found = open_sources(b.assimilation, b.grid, (), hawaii, lambda *told: None, lambda: False)["ssm"]
    assert found["ssm_obs"].attrs["units"] == "m3 m-3"
    time = pd.DatetimeIndex(found["time"].values) + pd.DateOffset(years=moved)
    assert ((time >= b.period[0]) & (time <= b.period[1])).sum() > 15


def test_a_file_that_shares_no_day_or_no_place_with_the_run_gives_one_message(hawaii):
    page, _, _ = page_on(hawaii, "SMAP", period=("2016-02-01", "2016-02-20"))
    session = page.session
    session.at_once = False
    there = session.b.region
    session.edit(b=replace(session.b, region=Region("drawn", -6.0, 39.0, -3.0, 41.5)))
    session.run()
    settle(page, lambda: page.told)
    assert "choose a region that holds one" in page.told[-1][1]
    early = session.b.assimilation.with_sensor("ssm", source=item_of(hawaii, "era5_land").key)
    session.edit(b=replace(session.b, region=there, assimilation=early))
    session.run()
    settle(page, lambda: len(page.told) > 1)
    assert "which are of 2001-01-01 to 2001-01-05" in page.told[-1][1]
    assert "the dates may be moved: years = 15" in page.told[-1][1]
    session.close()


def test_a_file_that_is_not_there_says_where_it_may_be(hawaii):
    page = made("assimilation.sensors.ssm.source=u12345678" + FEW)
    choices = page.session.b.assimilation
    with pytest.raises(ValueError, match="u12345678 of the sensor ssm is not here"):
        open_sources(choices, "108km", (), hawaii, lambda *told: None, lambda: False)
    page.session.close()


def test_a_visitors_own_file_becomes_the_source_of_the_sensor_that_sees_it(tmp_path):
    time = pd.date_range("2015-06-01 06:00", periods=120, freq="D")
    values = 0.2 + 0.05 * np.sin(np.arange(120) / 7.0)
    ds = xr.Dataset(
        {"ssm": (("cell", "time"), values[None], {"units": "m3 m-3", "long_name": "soil moisture"})},
        {"time": time, "latitude": ("cell", [40.0]), "longitude": ("cell", [-4.5])},
    )
    path = tmp_path / "mine.nc"
    ds.to_netcdf(path, engine="h5netcdf")
    page = made("" + FEW)
    page.session.at_once = False
    page.session.add(path.read_bytes(), "mine.nc")
    settle(page, lambda: page.told)
    kind, words = page.told[-1]
    assert kind == "success", words
    choice = page.session.b.assimilation.sensor("ssm")
    assert choice.source.startswith("u")
    assert page.session.b.period == ("2015-06-01", "2015-09-28")
    assert page.controls.blocks["ssm"].source.picker.value == choice.source
    item = page.session.items[0]
    other = made(links_of(item, open_record(item).ds)[-1].address.split("?", 1)[1])
    page.session._own = ()
    choices = other.session.b.assimilation
    found = open_sources(choices, "108km", other.session._own, Library(), lambda *told: None, lambda: False)
    assert found["ssm"].sizes["time"] == 120, "another page of the visitor's finds the file"
    other.session.close()
    wrong = ds.assign(ssm=ds.ssm.assign_attrs(units="furlong"))
    wrong.to_netcdf(tmp_path / "wrong.nc", engine="h5netcdf")
    page.session.add((tmp_path / "wrong.nc").read_bytes(), "wrong.nc")
    settle(page, lambda: page.told[-1][0] != "success")
    assert "furlong" in page.told[-1][1]
    page.session.close()


def test_the_list_of_a_sensor_holds_what_lies_in_the_region_first_and_nothing_of_elsewhere(hawaii):
    box = Region("box", -158.0, 18.0, -154.0, 21.0)
    here = [one.item.name for one in offers(hawaii.found, "ssm", box)]
    assert "Silver_Sword" in here[0]
    assert len(here) == 6
    there = [one.item.name for one in offers(hawaii.found, "ssm", REGIONS["Iberia"])]
    assert not any("Silver_Sword" in name for name in there)
    assert offers(hawaii.found, "rzsm", box) == []


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        (("2016", "2016"), (("2016-01-01", "2016-12-31"), 0)),
        (("2018-01-24", "2018-12-31"), (("2018-01-24", "2018-12-31"), 0)),
        (("2024-12-20", "2026-01-01"), (("2024-11-02", "2024-12-31"), 0)),
        (("2016-02", "2016-02"), (("2016-02-01", "2016-03-31"), 0)),
        (("2012-02-29", "2012-03-10"), (("2015-02-28", "2015-04-28"), 3)),
        (("1990-01-01", "2030-01-01"), (("2024-01-01", "2024-12-31"), 0)),
    ],
)
def test_days_of_a_file_become_days_of_a_run(period, expected):
    assert overlap(period) == expected


def test_means_of_months_are_no_observations(hawaii):
    item = item_of(hawaii, "SMAP")
    monthly = replace(item.row, period=("2010-01-01", "2014-12-01"), steps=60)
    assert sensor_of(replace(item, row=monthly)) is None
    assert sensor_of(replace(item, row=replace(monthly, period=("2010", "2010"), steps=36))).name == "ssm"


def test_a_series_of_a_model_is_monitored_and_masks_of_retrievals_give_way_to_flags(hawaii):
    item = item_of(hawaii, "gldas")
    page = made()
    b = experiment_on(page.session.b, item, sensor_of(item).name, where_of(item, open_record(item).ds))
    choice = b.assimilation.sensor("ssm")
    assert choice.use == "monitor"
    assert "dense_vegetation" not in choice.masks
    assert "frozen" in choice.masks
    page.session.close()
