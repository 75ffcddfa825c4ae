"""The page Data without a browser: it lists, filters, opens, adds, and runs L4C with another order of drivers."""

import html
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from bokeh.document import Document
from panel.io.state import set_curdoc

from data_catalog import CATALOG
from data_catalog.earthdata import Found, Granule
from data_catalog.entry import FileEntry
from data_catalog.world import cache_folder
from explorer import tower_runs
from explorer.data.address import TABS, DataSelection, read_data, write_data
from explorer.data.export import (
    cell_csv,
    forcing_netcdf,
    land_run_netcdf,
    map_netcdf,
    series_csv,
    series_netcdf,
    stack_csv,
    stack_netcdf,
)
from explorer.data.library import LARGEST_UPLOAD, Item, Library, added, embedded, passing, places_of
from explorer.data.links import links_of
from explorer.data.maps import open_sheet
from explorer.data.series import Channel, Record, calendar_of, series_of
from explorer.pages import data_get
from explorer.pages.data import DataPage
from explorer.pages.order_rows import COLOURS
from explorer.tower_stack import FILLED, USUAL, as_days
from explorer.views.places import gathered
from explorer.worlds import Worlds
from tests.explorer.held import held, settle


def made(address=""):
    """Make a page whose posted calls wait for `settle`, as they wait for the event loop of a server."""
    page = held(DataPage(address, Worlds()))
    page.session.load()
    return page


@pytest.fixture(scope="module")
def the_page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for name in ("noaa-co2", "spl3smp", "plumber2"):
        CATALOG[name].write_example(folder / CATALOG[name].example_name)
    (folder / "notes.txt").write_text("nothing to see here\n")
    before = tower_runs.folders()
    tower_runs.offer([folder])
    page = made()
    settle(page, lambda: page.session.scanned and page.session.series is not None)
    yield page
    page.session.close()
    tower_runs.offer(before)


@pytest.fixture
def page(the_page):
    """The page as somebody finds it who has just opened it."""
    the_page.session.select(**DataSelection().__dict__)
    settle(the_page, lambda: the_page.session.record is not None and the_page.session.record.item.key == "US-Tw3")
    the_page.told.clear()
    return the_page


def test_the_page_builds_and_every_tab_opens(page):
    document = Document()
    with set_curdoc(document):
        assert page.page.get_root(document) is not None
    for number, name in enumerate(TABS):
        page.tabs.active = number
        assert len(page.tab_places[name]) == 1
    assert "Eddy-covariance towers" in page.products.words.object


def test_what_ships_and_what_the_folder_holds_is_listed_with_what_is_not_recognised(page):
    rows = {item.name: item for item in page.session.items}
    assert {"US-Tw3", "US-ARM", "US-AR1", "FR-Hes"} <= set(rows)
    assert rows["notes.txt"].row.problem
    page.tabs.active = TABS.index("files")
    content = page.files.table.pane.content
    assert "notes.txt" in content
    assert html.escape(rows["notes.txt"].row.problem) in content


def test_filters_narrow_table_map_and_cards_and_stand_in_the_address(page):
    page.controls.product.value = "noaa-co2"
    assert {item.row.product for item in page.session.passing} == {"noaa-co2"}
    page.tabs.active = TABS.index("files")
    assert "FR-Hes" not in page.files.table.pane.content
    assert "product=noaa-co2" in page.session.query
    page.session.select(product="", measures="gpp", after="2017", before="2018-01-01")
    assert {item.name for item in page.session.passing} == {"US-Tw3", "US-ARM"}
    page.session.select(search="hesse fr-hes", measures="", after="", before="")
    assert [item.name for item in page.session.passing] == ["FR-Hes"]


def test_a_click_on_the_map_opens_a_tower_with_its_series_calendar_sources_and_ways_on(page):
    places = page.places._places
    number = next(k for k, place in enumerate(places) if place.name == "FR-Hes")
    page.places._on_choose(number)
    settle(page, lambda: page.session.series is not None and page.session.record.item.key == "FR-Hes")
    card = page.dataset
    assert len(card.series.source.data["time"]) == 366
    assert set(card.series.source.data["colour"]) <= {"#d0860b", "#b9b9b9"}
    assert "gC m⁻² d⁻¹" in card.series.figure.yaxis.axis_label
    assert card.calendar.source.data["image"][0].shape == (1, 366)
    assert "Licence" in card.source.object
    assert "Cite" in card.source.object
    addresses = [button.href for button in card.links]
    assert addresses[0] == "./carbon?tab=towers&tower=FR-Hes"
    assert addresses[1].startswith("./land?dataset=tower&site=FR-Hes")
    card.variable.value = "t_air"
    settle(page, lambda: page.session.series.channel.name == "t_air")
    assert "item=FR-Hes" in page.session.query
    assert "variable=t_air" in page.session.query


def test_a_shared_address_opens_the_same_and_what_it_gets_wrong_is_said():
    chosen = DataSelection(tab="files", item="FR-Hes", variable="nee", kind="tower", after="2010-01", search="FR Hes")
    assert read_data(write_data(chosen))[2] == chosen
    _, _, selection, problems = read_data("item=<script>&tab=nowhere&product=fluxnet&here=1,2")
    assert selection == DataSelection(product="fluxnet")
    assert len(problems) == 3


def test_a_file_is_added_for_this_session_alone_and_goes_with_it(tmp_path):
    example = tmp_path / CATALOG["fluxnet"].example_name
    CATALOG["fluxnet"].write_example(example)
    page = made()
    settle(page, lambda: bool(page.session.items))
    page.session.add(example.read_bytes(), f"../../{example.name}")
    settle(page, lambda: page.session.record is not None and page.session.record.item.key.startswith("u"))
    item = page.session.record.item
    assert item.row.product == "fluxnet"
    assert item.row.path.parent.parent == page.session._folder
    assert page.session.series is not None
    assert item not in (page.session.library.found or ())
    page.session.close()
    assert not item.row.path.exists()


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "empty.csv", "empty"),
        (b"\x89HDF\r\n\x1a\n" + b"\0" * 200, "broken.h5", "broken.h5 was not added"),
        (b"hello\n", "letter.txt", "letter.txt was not added"),
        (b"PK\x03\x04" + b"\0" * 40, "broken.zip", "broken.zip was not added"),
        (b"#!/bin/sh\necho\n", "run.sh", "run.sh was not added"),
        (bytes(LARGEST_UPLOAD + 1), "large.nc", "50 MB"),
    ],
)
def test_a_file_that_is_no_data_gives_one_message_and_leaves_nothing(tmp_path, data, name, words):
    with pytest.raises(ValueError, match=words):
        added(data, name, tmp_path)
    assert not list(tmp_path.rglob("*"))


def test_a_name_leads_nowhere_and_an_error_is_told_once(tmp_path):
    page = made()
    page.session.add(b"nothing", "C:\\..\\..\\<b>x</b>.csv")
    settle(page, lambda: page.told)
    assert len(page.told) == 1
    assert page.told[0][0] == "error"
    assert "<b>" not in page.told[0][1]
    page.session.close()


def station(values, start="2015-12-20", freq="D", **variables):
    """Make a record of one place."""
    when = pd.date_range(start, periods=len(values), freq=freq)
    ds = xr.Dataset({"ssm": ("time", np.asarray(values, float))}, coords={"time": when})
    for name, numbers in variables.items():
        ds[name] = ("time", np.asarray(numbers, float))
    row = FileEntry(product="uscrn", kind="station", site="X", variables=("ssm",), latitude=40.0, longitude=-100.0)
    row = replace(row, licence="open", citation="Somebody 2020", feeds=("observations", "stations"))
    return Record(Item("f00000000", row, "your folders"), ds, (), (Channel("ssm"),))


def test_days_are_good_by_their_flags_and_the_calendar_lays_them_out_by_year():
    values = np.full(30, 0.2)
    values[3] = np.nan
    flags = np.zeros(30)
    flags[5] = 3
    series = series_of(station(values, ssm_qc=flags), Channel("ssm"))
    assert series.flagged
    assert series.days.iloc[[3, 5]].tolist() == [0.0, 0.0]
    assert series.days.sum() == 28
    years, share = calendar_of(series.days)
    assert years.tolist() == [2015, 2016]
    assert np.isfinite(share).sum() == 30
    assert share[0, 365] == 1.0  # 31 December, also of a year without 29 February
    assert np.isnan(share[0, 59])


def test_half_hours_become_days_with_their_share_and_values_of_several_days_stand_for_them_all():
    hours = series_of(station(np.where(np.arange(48 * 200) < 24, np.nan, 0.2), freq="30min"), Channel("ssm"))
    assert hours.averaged
    assert hours.days.iloc[:2].tolist() == [0.5, 1.0]
    weeks = series_of(station([0.1, 0.2, np.nan, 0.3], freq="8D"), Channel("ssm"))
    assert weeks.step_words == "every 8 days"
    assert len(weeks.days) == 32
    assert weeks.days.to_numpy().reshape(4, 8).mean(axis=1).tolist() == [1.0, 1.0, 0.0, 1.0]


def test_a_series_is_taken_away_with_its_sources_and_licences():
    record = station(np.full(10, 0.25))
    series = series_of(record, Channel("ssm"))
    text = series_csv(record, series)
    assert "# licence: open" in text
    assert "# citation: Somebody 2020" in text
    assert "2015-12-20,0.25," in text
    with xr.open_dataset(series_netcdf(record, series), engine="h5netcdf") as ds:
        assert ds.attrs["licence"] == "open"
        assert ds["ssm"].attrs["units"] == "m3 m-3"
        assert float(ds["latitude"]) == 40.0


def test_a_station_can_be_assimilated_and_a_place_unknown_leads_nowhere():
    item = station([0.1, 0.2]).item
    item = replace(item, row=replace(item.row, period=("2015-12-20", "2015-12-21")))
    links = {link.label: link.address for link in links_of(item)}
    assert links["Run the carbon model here"] == "./carbon?at=40.000,-100.000"
    assert links["Assimilate this"].startswith("./assimilation?")
    unplaced = links_of(Item("f1", replace(item.row, latitude=None), "your folders"))
    assert [link.label for link in unplaced] == ["Assimilate this"]


def test_places_gather_records_of_one_site_and_circles_gather_places():
    items = [item for item in embedded() if item.placed]
    twin = Item("f2", replace(items[0].row, feeds=("benchmarks",)), "your folders")
    places = places_of([twin, *items])
    assert len(places) == len(items)
    assert [item.key for item in places[0].items] == [items[0].key, "f2"]
    groups = gathered(np.array([0.0, 0.001, 0.5, np.nan, 9.0]), np.zeros(5), (-1.0, 1.0, -0.5, 0.5))
    assert sorted(map(tuple, groups)) == [(0, 1), (2,)]
    assert len(passing(items, DataSelection(search="no such thing"))) == 0


def test_another_order_of_drivers_changes_shares_and_skill(page):
    page.session.select(item="FR-Hes")
    page.tabs.active = TABS.index("stack")
    stack = page.stack
    stack._on_selection()
    settle(page, lambda: stack.shown is not None and stack.shown.item.key == "FR-Hes")
    usual = stack.shown
    assert usual.shares.groupby("driver")["share"].sum().round(6).eq(1.0).all()
    stack.rows.forward("world", ("par",))
    assert stack.rows.order["par"] == ("world", "tower", "file")
    settle(page, lambda: stack.shown.order == stack.rows.order)
    par = stack.shown.shares.query("driver == 'par'")
    assert par["source"].str.startswith("reference-earth").all()
    assert not np.allclose(stack.shown.scores["R"], usual.scores["R"])
    assert "usual order" in stack.scores.pane.object


def test_a_page_that_opens_on_the_drivers_puts_them_together_by_itself(the_page):
    page = made("tab=stack&item=FR-Hes")
    try:
        settle(page, lambda: page.stack.shown is not None)
        assert page.stack.shown.item.key == "FR-Hes"
        assert page.stack.rows.calendar.pane.visible
    finally:
        page.session.close()


def test_gaps_may_be_left_and_the_run_says_who_gave_which_day(page):
    page.session.select(item="US-Tw3")
    page.tabs.active = TABS.index("stack")
    stack = page.stack
    stack.rows.set(dict(USUAL), dict(FILLED))
    settle(page, lambda: stack.shown is not None and stack.shown.item.key == "US-Tw3" and stack.shown.fill == FILLED)
    filled = stack.shown
    assert np.isfinite(filled.result["gpp"]).all()
    stack.rows.turn("par")
    settle(page, lambda: not stack.shown.fill["par"])
    left = stack.shown
    gap = np.isnan(left.drivers["par"].values[0])
    assert gap.any()
    assert np.isnan(left.result["gpp"].values[0, gap]).all()
    assert np.isfinite(left.result["gpp"].values[0, ~gap]).all()
    assert left.shares.query("driver == 'par' and source == 'missing'")["share"].item() == pytest.approx(gap.mean())
    np.testing.assert_array_equal(left.result["par_source"].values[0] < 0, gap)
    image = stack.rows.calendar.source.data["image"][0]
    assert image.shape == (8, gap.size)
    np.testing.assert_array_equal(image[-1] == list(COLOURS).index("missing"), gap)
    with xr.open_dataset(stack_netcdf(left), engine="h5netcdf") as ds:
        assert "missing" in ds.attrs["driver_sources"]
        assert ds["par_source"].attrs["flag_meanings"].startswith("missing tower")
        assert {"gpp", "par", "fpar_source"} <= set(ds.variables)
        assert ds.attrs["licence"]
    text = stack_csv(left)
    assert "par,tower > file > world,left,missing," in text
    stack.rows.set(dict(USUAL), dict(FILLED))


def test_weather_of_the_land_model_is_put_together_at_a_station_and_run_on(page):
    item = next(item for item in page.session.items if item.row.product == "plumber2")
    page.session.select(item=item.key)
    page.tabs.active = TABS.index("stack")
    card = page.stack.forcing
    card.rows.forward("world", ("wind",))
    card._ask()
    settle(page, lambda: card.shown is not None)
    assert card.shown.shares.query("driver == 'wind'")["source"].str.startswith("world").all()
    assert card.shown.shares.query("driver == 't_air'")["source"].str.startswith("tower").all()
    assert card.rows.calendar.source.data["image"][0].shape[0] == 7
    with xr.open_dataset(forcing_netcdf(card.shown), engine="h5netcdf") as ds:
        assert ds["wind_source"].attrs["flag_meanings"].split()[1].startswith("world")
    card._run()
    settle(page, lambda: card.shown.result is not None)
    with xr.open_dataset(land_run_netcdf(card.shown), engine="h5netcdf") as ds:
        assert "wind: 100% world" in ds.attrs["driver_sources"]
        assert np.isfinite(ds["le"]).all()
    card.rows.turn("t_air")
    assert card.shown is None
    assert card.run.disabled


def test_a_coarser_record_is_brought_to_the_towers_days_and_no_further():
    record = station([0.1, 0.3, 0.3], start="2016-01-05", freq="4D")
    days = as_days(record, pd.date_range("2016-01-01", "2016-01-16").to_numpy())["ssm"].values[:, 0]
    np.testing.assert_allclose(days[4:9], [0.1, 0.15, 0.2, 0.25, 0.3])
    assert np.isnan(days[:4]).all()
    assert np.isnan(days[13:]).all()


def test_a_library_without_folders_holds_what_ships():
    before = tower_runs.folders()
    tower_runs.offer([])
    try:
        library = Library()
        assert library.found is None
        assert library.look() == embedded() == library.found
    finally:
        tower_runs.offer(before)


def granule_of(page):
    """The SMAP granule that is listed."""
    return next(item for item in page.session.items if item.row.product == "spl3smp")


def test_a_gridded_file_is_mapped_beside_the_world_with_scores_and_a_cell_in_time(page):
    granule = granule_of(page)
    page.session.choose(granule, tab="map", variable="ssm", values="all", grid="108km")
    settle(page, lambda: page.session.drawn is not None and page.session.drawn.sheet.item is granule)
    drawn, tab = page.session.drawn, page.map
    both = np.isfinite(drawn.values) & np.isfinite(drawn.world)
    assert int(drawn.scores.n) == both.sum() > 100
    assert float(drawn.scores.bias) == pytest.approx(float((drawn.world - drawn.values)[both].mean()), abs=1e-5)
    np.testing.assert_array_equal(tab.file.values, drawn.values)
    np.testing.assert_array_equal(tab.other.values[both], drawn.world[both])
    assert tab.file.scale == tab.other.scale
    assert "Licence" in page.dataset.source.object
    assert "licence" in tab.source.object
    for words in ("RMSE", "ubRMSE", "bias", "synthetic"):
        assert words in tab.scores.object
    tab.beside.value = "difference"
    np.testing.assert_allclose(tab.other.values, drawn.world - drawn.values)
    number = int(np.flatnonzero(both)[0])
    tab._on_tap(float(drawn.cells.latitude[number]), float(drawn.cells.longitude[number]))
    settle(page, lambda: page.session.cell is not None)
    assert page.session.cell.number == number
    assert page.session.cell.world.size == 365
    assert tab.series.source.data["value"].size == page.session.cell.time.size > 0
    assert "cell=" in page.session.query


def test_a_map_and_a_cell_are_taken_away_with_sources_and_licences(page):
    granule = granule_of(page)
    page.session.choose(granule, tab="map", variable="ssm", values="all", grid="108km", cell="40.0,-98.0")
    settle(page, lambda: page.session.drawn is not None and page.session.cell is not None)
    drawn = page.session.drawn
    ds = xr.load_dataset(map_netcdf(drawn))
    np.testing.assert_allclose(ds["ssm_obs"], drawn.values)
    assert ds.attrs["licence"]
    assert "synthetic" in ds["ssm_sim"].attrs["source"]
    assert float(ds.attrs["rmse"]) == pytest.approx(float(drawn.scores.rmse))
    text = cell_csv(drawn, page.session.cell)
    assert "# licence" in text
    assert "# world: synthetic" in text


def test_what_has_no_map_says_so_and_what_lies_on_no_such_grid_too(page):
    page.session.select(tab="map")
    settle(page, lambda: bool(page.session.undrawn))
    assert "holds no map" in page.map.words.object
    page.session.choose(granule_of(page), grid="9km")
    settle(page, lambda: "9km" in page.session.undrawn)
    assert "Choose 36 km" in page.map.words.object


def test_files_of_one_kind_make_one_sheet_of_times(page):
    granule = granule_of(page)
    rows = [replace(granule.row, period=(day, day), steps=1, shown=day) for day in ("2015-04-02", "2015-04-01")]
    others = [Item(f"f000000{k}", row, granule.origin) for k, row in enumerate(rows)]
    odd = Item("f0000009", replace(rows[0], grid="EASE2 9 km"), granule.origin)
    sheet = open_sheet(others[0], [*others, odd])
    assert sheet.times == ("2015-04-01", "2015-04-02")
    assert sheet.parts == (others[1], others[0])


def test_the_page_fetches_from_nasa_only_what_was_told_before_and_only_into_a_folder_of_the_app(page, monkeypatch):
    page.tabs.active = TABS.index("get")
    tab, folder = page.get, page.session.library.folders[0]
    got = []
    monkeypatch.setattr(data_get, "search", lambda *asked: Found(asked[0], (Granule("a.h5", "https://x/a.h5", 9),)))
    monkeypatch.setattr(data_get, "sign_in", lambda: "session")
    monkeypatch.setattr(data_get, "fetch", lambda granules, into, **how: got.append(into) or [into / "a.h5"])
    assert tab.get.disabled
    tab.ask.clicks += 1
    settle(page, lambda: not tab.get.disabled)
    assert "1 file, 0 MB" in tab.words.object
    tab.get.clicks += 1
    settle(page, lambda: bool(got))
    assert got == [folder / "SPL3SMP"]
    settle(page, lambda: "lie in" in tab.words.object)
    tab.box.value = "1,2,3"
    assert tab.get.disabled
    tab.ask.clicks += 1
    assert "no box" in page.told[-1][1]
    page.session.library.fetches = False
    try:
        tab.box.value = ""
        tab.ask.clicks += 1
        settle(page, lambda: tab.found is not None)
        assert tab.get.disabled
    finally:
        page.session.library.fetches = True


def test_the_page_offers_a_region_of_the_9_km_grid_and_lists_it_once_it_is_built(page, tmp_path, monkeypatch):
    monkeypatch.setattr(cache_folder.platformdirs, "user_cache_dir", lambda *_name: str(tmp_path))
    page.tabs.active = TABS.index("worlds")
    tab = page.worlds
    tab.box.value = "1,2,3"
    assert "no box" in tab.words.object
    tab.box.value = "-1,43,0,43.5"
    assert "not built yet" in tab.words.object
    tab.fine.clicks += 1
    settle(page, lambda: any(item.origin == "built here" for item in page.session.items))
    settle(page, lambda: not tab.fine.disabled)
    assert "built: it is listed" in tab.words.object
    built = next(item for item in page.session.items if item.origin == "built here")
    assert built.row.synthetic
    page.session.choose(built, tab="map", variable="tmin", grid="9km")
    settle(page, lambda: page.session.drawn is not None and page.session.drawn.sheet.item is built)
    assert np.isfinite(page.session.drawn.values).sum() > 30
