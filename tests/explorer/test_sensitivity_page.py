"""The page Sensitivity without a browser: every tab computes, draws and gives its files, and says what is wrong."""

import io
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from bokeh.document import Document
from panel.io.state import set_curdoc

from data_catalog.world import static
from explorer.pages.sensitivity import SensitivityPage
from explorer.sensitivity import drought as drought_room
from explorer.sensitivity import errors as errors_room
from explorer.sensitivity import scope as scope_room
from explorer.sensitivity import water, years
from explorer.sensitivity.address import errors_of, with_errors
from explorer.sensitivity.errors import compare_draws, errors_seen, units_of
from explorer.sensitivity.indices import analyse
from explorer.sensitivity.scope import scope_of
from explorer.worlds import Worlds
from models.coupling import FLUXES
from models.experiment import Experiment
from models.l4c.cache import ByteCache
from models.l4c.input_errors import RANKS, input_errors
from models.l4c.sensitivity import INPUT, RegionOutput, remove_constraints
from models.l4c.uncertainty import shares_of_area, world_budget
from models.options import L4COptions
from models.regions import Region
from tests.explorer.held import held, settle

NORTH = "region=box&box=-180.0,30.0,180.0,80.0"


def made(worlds, address=""):
    """Make a page whose posted calls wait for `settle`, as they wait for the event loop of a server."""
    page = held(SensitivityPage(address, worlds))
    page.session.loaded = True
    return page


@pytest.fixture
def page(worlds):
    page = made(worlds, NORTH)
    yield page
    page.session.close()


@pytest.fixture
def limits(world, monkeypatch):
    """Limits of root-zone wetness of the small world, which is in no file."""
    low, high = np.full(world.n_cell, 20.0), np.full(world.n_cell, 90.0)
    monkeypatch.setattr(
        drought_room, "open_limits", lambda grid: {"smrz_min": low, "smrz_max": high, "smrz_wilting": low}
    )


def opened(data):
    return xr.open_dataset(io.BytesIO(data), engine="h5netcdf")


# -- tabs ------------------------------------------------------------------------------------------------------------
def test_removed_constraints_are_mapped_for_the_region_and_their_shares_stand_in_a_table(page):
    session = page.session
    session.ask()
    settle(page, lambda: session.removal is not None)
    tab = page.remove
    shown = tab.maps["gpp"].view.values
    south = session.world.latitude < 30
    assert np.isfinite(shown[~south]).any()
    assert np.isnan(shown[south]).all()
    table = session.removal.table()
    assert list(table["Removed"]) == ["SMRZ", "VPD", "SMSF", "Tmin", "F/T"]
    assert "GPP ≥ 30 %" in tab.table.object
    before = session.removal
    session.select(removed="vpd")
    assert "without VPD" in tab.maps["gpp"].view.figure.title.text
    assert session.removal is before  # another map of the same runs
    text = tab._csv().decode()
    assert "# asked: sensitivity?" in text
    assert "GPP >= 5 %" in text
    with opened(tab._netcdf()) as ds:
        assert ds["gpp_change"].dims == ("removed", "cell")
        assert Experiment.from_attrs(ds.attrs) == session.b
    session.where(period=("2015-06-01", "2015-08-31"))
    settle(page, lambda: session.removal is not before)
    assert "2015-06-01 to 2015-08-31" in tab.maps["gpp"].view.figure.title.text


def test_a_moved_error_moves_the_map_at_once_and_the_paper_stands_beside_every_rank(page):
    session = page.session
    session.select(tab="uncertainty")
    settle(page, lambda: session.errors is not None)
    tab = page.uncertainty
    table = session.errors.table(2.5)
    assert list(table["paper"]) == [66, 83, 82]
    assert {f"rank {rank:g}" for rank in RANKS if rank != 2.5} <= set(table.columns)
    before, first = tab.map.view.values.copy(), session.errors
    session.edit(selection=with_errors(session.selection, "GRS", par=1.0))
    assert session.errors is not first  # without another run
    after = tab.map.view.values
    assert np.nanmax(after - before) > 0
    assert (after[np.isfinite(after)] >= before[np.isfinite(after)] - 1e-6).all()
    tab._on_reset(next(control for control in tab.sliders.controls if control.name == "par"))
    np.testing.assert_array_equal(tab.map.view.values, before)
    session.select(rank=1.0)
    assert np.nanmean(tab.map.view.values) < np.nanmean(before)
    assert sum(session.errors.mean_shares()) == pytest.approx(1)
    for shown in ("relative", "par"):
        session.select(shown=shown)
        assert np.isfinite(tab.map.view.values).any()
    with opened(tab._netcdf()) as ds:
        assert ds["nee_ubrmse"].attrs["units"] == "gC m-2 d-1"
    assert "share of PAR in the variance" in tab._csv().decode()


def test_errors_from_one_run_are_those_of_the_budget_of_any_errors(page):
    scope = page.session.scope()
    selection = replace(with_errors(page.session.selection, "ENF", vpd=0.9), rank=3.5)
    seen = errors_seen(scope, units_of(scope, lambda share: None, lambda: False), selection)
    budget = world_budget(scope.blocks, scope.options, errors_of(selection), fpar_rank=3.5, bins=scope.bins)
    np.testing.assert_allclose(seen.std, budget.of_cells()[:, 0], rtol=1e-4)
    np.testing.assert_allclose(seen.by_source, budget.by_source()[:, 0], rtol=1e-3, atol=1e-6)
    other = world_budget(scope.blocks, scope.options, errors_of(selection), fpar_rank=1.0, bins=scope.bins)
    expected = shares_of_area(other.of_cells()[:, 0], other.flux_of_cells()[:, 0], scope.area, scope.latitude)
    np.testing.assert_allclose(seen.shares[1.0], expected, atol=1e-6)


def test_a_large_region_is_run_with_the_worlds_other_cells_and_gives_the_same_numbers(page, limits, monkeypatch):
    own = page.session.scope()
    monkeypatch.setattr(scope_room, "MOST_COPIED", 10)
    shared = scope_of(page.session.world, page.session.b)
    assert own.blocks.n_cell < shared.blocks.n_cell == page.session.world.n_cell
    assert own.words == shared.words
    monkeypatch.setattr(errors_room, "KEPT", ByteCache(1))
    now, selection = (lambda share: None, lambda: False), page.session.selection
    a, b = (remove_constraints(s.blocks, s.options, ("vpd",)).gpp[0][s.index] for s in (own, shared))
    np.testing.assert_allclose(a, b, rtol=1e-5)
    a, b = (errors_seen(s, units_of(s, *now), selection).std for s in (own, shared))
    np.testing.assert_allclose(a, b, rtol=1e-4)
    a, b = (RegionOutput(s.blocks, s.weight, "gpp", s.options)((), ()) for s in (own, shared))
    assert a == pytest.approx(b, rel=1e-5)
    few = replace(selection, members=50)
    drawn, other = (compare_draws(s, s.cells[0], few, *now) for s in (own, shared))
    np.testing.assert_allclose(np.sort(drawn.linear), np.sort(other.linear), rtol=1e-4)


def test_draws_stand_beside_the_linear_error_and_agree_better_away_from_limits(page):
    session = page.session
    session.select(tab="uncertainty", members=100, at=(50.0, 10.0))
    tab = page.uncertainty
    assert "Press Draw" in tab.drawn_words.object
    with pytest.raises(ValueError, match="no draws"):
        tab._draws_csv()
    session.draw()
    settle(page, lambda: session.drawn is not None)
    drawn, table = session.drawn, session.drawn.table()
    assert table["n"].iloc[0] + table["n"].iloc[1] == table["n"].iloc[2] == drawn.linear.size
    assert drawn.cell_linear.shape == drawn.time.shape == (73,)
    assert tab.drawn_grid.visible
    assert "no ramp at a limit" in tab._draws_csv().decode()


def test_a_tornado_runs_by_itself_and_its_longest_bar_is_on_top(page):
    session = page.session
    session.select(tab="tornado", output="gpp", factors=f"ENF.lue_max,{INPUT}.par,ENF.k_fast")
    settle(page, lambda: session.tornado is not None)
    tab, bars = page.tornado, page.tornado.view.source.data
    assert bars["factor"][0] == "× PAR"
    assert bars["at_low"][0] < session.tornado.base < bars["at_high"][0]
    assert "GPP" in tab.view.figure.xaxis[0].axis_label
    assert "low" in tab._csv().decode()
    first = session.tornado
    session.select(scope="cell", at=(55.0, 30.0))
    settle(page, lambda: session.tornado is not first)
    assert "the cell at 55.00, 30.00" in tab.words.object
    tab.preset.value = "All inputs"
    assert session.selection.factors.startswith("input.par,input.fpar")


def test_indices_appear_while_they_settle_and_a_cancelled_run_keeps_what_is_done(page):
    session = page.session
    session.select(tab="indices", output="gpp", factors="ENF.lue_max,input.par,input.vpd", samples=8)
    tab = page.indices
    assert "Press Run" in tab.words.object
    session.analyse()
    settle(page, lambda: session.indices is not None and session.indices.result.complete)
    assert tab.plots.visible
    assert len(tab.view.source.data["factor"]) == 3
    session.select(method="morris", trajectories=4)
    session.analyse()
    settle(page, lambda: session.indices.selection.method == "morris" and session.indices.result.complete)
    assert tab.effects.pane.visible
    assert not tab.view.pane.visible
    assert "μ*" in tab.table.object
    session.select(factors="")
    assert "Nothing varies" in tab.estimate.object
    asked = iter(range(1000))
    selection = replace(session.selection, method="sobol", samples=64, factors="ENF.lue_max,input.par")
    part = analyse(
        session.scope(), selection, "sobol", progress=lambda share: None, cancelled=lambda: next(asked) >= 40
    )  # fmt: skip
    assert (part.result.evaluations, part.result.complete) == (40, False)
    assert "stopped, as far as it came" in part.words


def test_an_analysis_that_would_take_too_long_is_refused_with_the_way_out(page):
    factors = ",".join(f"{pft}.lue_max" for pft in ("ENF", "EBF", "DBF", "SHR", "GRS"))
    selection = replace(page.session.selection, factors=factors, samples=1024)
    scope = SimpleNamespace(blocks=SimpleNamespace(n_tile=200_000), cells=np.zeros(9))
    with pytest.raises(ValueError, match=r"runs up to 20\. Take fewer rows or factors"):
        analyse(scope, selection, "sobol", progress=lambda share: None, cancelled=lambda: False)


def test_a_drought_of_soil_moisture_lowers_gpp_on_its_days_alone(page, limits):
    session = page.session
    session.select(tab="drought", factor=0.5)
    session.where(period=("2015-06-01", "2015-08-31"))
    tab = page.drought
    assert "press Run" in tab.words.object
    session.dry()
    settle(page, lambda: session.drought is not None)
    contrast = session.drought.contrast
    apart = contrast.changed_days["gpp"] - contrast.usual_days["gpp"]
    dry = session.drought.scope.days
    assert (apart[dry] < 0).all()
    np.testing.assert_array_equal(apart[: np.argmax(dry)], 0)
    assert np.nanmax(tab.map.view.values) <= 0
    cell = session.drought.scope.cells[np.isfinite(session.drought.field("gpp"))][0]
    session.select(at=(float(session.world.latitude[cell]), float(session.world.longitude[cell])))
    tab.of.value = "cell"
    assert np.nansum(tab.series.columns["smsf_d"]) < 0
    tab.mode.value = "difference"
    with opened(tab._netcdf()) as ds:
        assert ds["gpp_changed"].dims == ("cell", "month")
    assert "gpp without" in tab._csv().decode()
    session.select(factor=0.9)
    assert "earlier question" in tab.words.object


def test_rain_on_too_many_cells_is_refused_with_the_way_out(page):
    session = page.session
    session.select(tab="drought", drought="rain")
    assert page.drought is not None
    water.check_cells(np.arange(100), "108km", "Iberia")
    with pytest.raises(ValueError, match="takes up to 150"):
        water.check_cells(np.arange(151), "108km", "Europe")


def test_a_place_without_land_or_a_period_without_days_is_said_and_the_session_lives_on(page):
    session = page.session
    session.where(region=Region("sea", -140.0, -40.0, -139.0, -39.0))
    assert "no land cell" in session.problem
    assert "no land cell" in page.controls.words.object
    session.where(region=Region("box", -180.0, 30.0, 180.0, 80.0), period=("1990-01-01", "1990-12-31"))
    assert "no day" in session.problem
    session.where(period=("", ""))
    assert session.problem == ""
    settle(page, lambda: session.removal is not None)


def test_drivers_that_must_be_rescaled_first_are_made_off_the_event_loop(page):
    session = page.session
    session.ask()
    settle(page, lambda: session.removal is not None)
    before = session.removal
    session.options(smrz_range="minimum_100")
    assert session.scope() is None
    settle(page, lambda: session.removal is not before)
    assert session.removal.scope.options.smrz_range == "minimum_100"
    assert "cells" in page.controls.words.object


def test_the_page_builds_before_any_world_is_ready_and_shows_hostile_text_nowhere():
    evil = "<img src=x onerror=alert(1)>"
    page = SensitivityPage(f"tab={evil}&factors={evil}&region={evil}&errors={evil}", Worlds())
    document = Document()
    with set_curdoc(document):
        assert page.page.get_root(document) is not None
    assert "being prepared" in page.controls.words.object
    assert len(page.session.problems) == 4
    page.session.close()


# -- the land surface model ------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def few():
    """Two cells of the embedded world with plants."""
    table = static.open_static("108km")
    near = np.hypot(table["latitude"].values - 42.0, table["longitude"].values + 4.0)
    return np.argsort(near)[:2]


def test_less_rain_dries_the_soil_and_takes_gpp_and_years_of_one_climate_differ(few, monkeypatch):
    monkeypatch.setattr(water, "SPIN_UP", 2)
    monkeypatch.setattr(water, "_drivers", _drivers)
    days = (np.arange(365) >= 120) & (np.arange(365) < 240)
    told = []
    dry = water.rain_drought("108km", few, np.ones(2), 0.1, days, L4COptions(), told.append, lambda: False)
    assert told == sorted(told)
    assert (dry.changed["rzsm"] - dry.usual["rzsm"])[:, 150:240].max() < 0
    np.testing.assert_allclose(dry.changed["ssm"][:, :119], dry.usual["ssm"][:, :119], atol=1e-6)
    assert dry.contrast.change("gpp").max() < 0
    made = water.run_years("108km", few, 2, L4COptions(), lambda share: None, lambda: False)
    assert made.years == (2015, 2016)
    beside = years.YearsBeside(made, None, None, "108km")
    for flux in FLUXES:
        assert (made.interannual_std(flux) > 0).all()
        assert np.isnan(beside.rmsd(flux)).all()
    assert list(beside.table()["Flux"]) == ["GPP", "RH", "NEE"]


def _drivers(grid, cells):
    """Make drivers of some cells without a packed world."""
    season = np.cos(2 * np.pi * (np.arange(365) - 196) / 365)[None] * np.ones((cells.size, 1))
    fields = {"par": 7 + 3 * season, "tmin": 283 + 9 * season, "vpd": 900 + 500 * season}
    units = {"par": "MJ m-2 d-1", "tmin": "K", "vpd": "Pa"}
    ds = xr.Dataset({n: (("cell", "time"), v.astype(np.float32), {"units": units[n]}) for n, v in fields.items()})
    ds["fpar"] = (("cell", "time"), (0.5 + 0.2 * season).astype(np.float32), {"units": "1"})
    fraction = np.zeros((cells.size, 8), np.float32)
    fraction[:, 5] = 1.0
    ds["pft_fraction"] = (("cell", "pft"), fraction, {"units": "1"})
    time = np.datetime64("2015-01-01", "ns") + np.arange(365) * np.timedelta64(1, "D")
    return ds.assign_coords(time=time, pft=np.arange(1, 9), cell=cells)


def test_without_an_assimilation_run_the_tab_says_how_to_get_one(page, monkeypatch):
    monkeypatch.setattr(years, "finished", lambda: ())
    page.session.select(tab="years")
    assert "No assimilation run" in page.years.found.object
    assert not page.years.increment_card.visible
    scope = scope_of(page.session.world, page.session.b)
    with pytest.raises(ValueError, match=r"takes up to|takes"):
        water.check_cells(np.arange(scope.cells.size + 200), "108km", "box")


def test_the_errors_of_the_table_are_on_the_sliders(page):
    page.session.select(tab="uncertainty", pft="EBF")
    assert page.uncertainty.sliders.par == pytest.approx(input_errors()["EBF"].par)
