"""Runs of the land surface model for the page: places, regions, textures; shared, cancelled, told before they run."""

import threading

import numpy as np
import pytest
from numba import config

from data_catalog import open_dataset
from data_catalog.datasets.land_towers import nearest_land, open_land_tower
from explorer.land import regions as land_regions
from explorer.land import runs as land_runs
from explorer.land import texture as land_texture
from explorer.land.place import cell_place
from models.experiment import Experiment, run
from models.kernel import Cancelled
from models.land.options import LandChoices
from models.regions import REGIONS, Region
from models.skill.land import compare_days, score_lines

compiled = pytest.mark.skipif(bool(config.DISABLE_JIT), reason="Runs of a year need compiled kernels.")
BOX = Region("some of Iowa", -95.5, 41.0, -92.5, 43.0)
SHORT = LandChoices(cycles=2, time_step=3.0)


def quiet(_share):
    pass


def never():
    return False


@pytest.fixture(scope="module")
def place():
    return cell_place("108km", nearest_land("108km", 41.5, -93.5), 3.0)


@pytest.fixture(scope="module")
def region():
    seen = []
    made = land_runs.run_region(BOX, "108km", SHORT, progress=seen.append, partial=lambda part: seen.append(part.share))
    return made, seen


# -- places -----------------------------------------------------------------------------------------------------
@compiled
def test_equal_runs_at_a_place_are_one_object_and_a_and_b_share_it(place):
    a, b = land_runs.run_both(place, SHORT, LandChoices(cycles=2, time_step=3.0), quiet, never)
    assert a is b
    other = land_runs.run_place(place, LandChoices(cycles=2, time_step=3.0, columns={"soil": 12}), quiet, never)
    assert other is not a
    assert float(np.abs(other.days["ssm"] - a.days["ssm"]).max()) > 0.02


@compiled
def test_a_place_runs_as_the_command_line_does(place):
    page = land_runs.run_place(place, SHORT, quiet, never)
    ds = open_dataset("world-forcing", grid="108km", cells=[place.key[1]], step_hours=3.0)
    line = run(Experiment(model="land", land=SHORT), ds).isel(column=0)
    for name in ("ssm", "gpp", "le", "swe", "soc_fast"):
        np.testing.assert_allclose(page.days[name], line[name], rtol=1e-5, atol=1e-6)  # means of float32 steps


@compiled
def test_a_run_at_a_place_that_is_taken_back_ends_and_leaves_nothing(place):
    choices = LandChoices(cycles=9, time_step=3.0)
    with pytest.raises(Cancelled):
        land_runs.run_place(place, choices, quiet, lambda: True)
    assert (place.key, choices) not in land_runs.PLACES


# -- regions ----------------------------------------------------------------------------------------------------
def test_a_region_is_told_of_before_it_runs():
    small, world = (land_runs.estimate(one, "108km", LandChoices()) for one in (BOX, REGIONS["world"]))
    assert small.daily
    assert f"{small.cells} cells, daily fields of" in small.words
    assert not world.daily
    assert world.nbytes < land_regions.DAILY_BYTES
    assert world.seconds > small.seconds
    with pytest.raises(ValueError, match=r"the page runs up to 20,000.*launch.py run"):
        land_runs.estimate(REGIONS["world"], "36km", LandChoices())
    with pytest.raises(ValueError, match="no land cell"):
        land_runs.estimate(Region("sea", -40.0, 30.0, -38.0, 31.0), "108km", LandChoices())


@compiled
def test_months_come_while_a_region_runs_and_progress_rises(region):
    made, seen = region
    assert made.finished
    assert made.share == 1.0
    shares = [share for share in seen if 0.0 < share < 1.0]
    assert len(shares) >= 11
    assert seen[-1] == 1.0
    assert all(np.isfinite(values).all() for values in made.values.values())


@compiled
def test_a_cell_of_a_region_is_the_same_cell_alone(region):
    made, _ = region
    k = int(np.argmin(np.hypot(made.latitude - 41.5, made.longitude + 93.5)))
    place = cell_place("108km", int(made.cells[k]), 3.0)
    alone = land_runs.run_place(place, SHORT, quiet, never)
    for name in ("ssm", "lai", "nee", "t_ground"):
        np.testing.assert_allclose(made.values[name][k], alone.days[name], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        made.values["soil_moisture_3"][k], alone.days["soil_moisture"].isel(layer=2), rtol=1e-5, atol=1e-6
    )
    assert made.residuals["water"].max() < 1e-9
    assert made.residuals["carbon"].max() < 1e-6


@compiled
def test_fields_are_means_over_the_year_a_month_or_a_day(region):
    made, _ = region
    days = made.values["et"]
    np.testing.assert_allclose(made.field("et"), days.mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(made.field("et", "m02"), days[:, 31:59].mean(axis=1), rtol=1e-5)
    np.testing.assert_array_equal(made.field("et", "d200"), days[:, 199])
    with pytest.raises(ValueError, match="annual"):
        made.field("et", "m13")
    with pytest.raises(KeyError, match="no field 'rain'"):
        made.field("rain")


@compiled
def test_a_region_too_large_for_days_keeps_months_of_the_same_run(region, monkeypatch):
    made, _ = region
    monkeypatch.setattr(land_regions, "DAILY_BYTES", 0)
    monkeypatch.setattr(land_regions, "REGIONS", land_regions.ByteCache(0))
    monthly = land_runs.run_region(BOX, "108km", SHORT)
    assert monthly.time.size == 12
    for when in ("annual", "m07"):
        np.testing.assert_allclose(monthly.field("gpp", when), made.field("gpp", when), rtol=1e-4)
    np.testing.assert_allclose(monthly.field("gpp", "d200"), monthly.field("gpp", "m07"))


@compiled
def test_a_region_is_shared_and_one_that_is_taken_back_ends(region):
    made, _ = region
    assert land_runs.run_region(BOX, "108km", SHORT) is made
    stop = threading.Event()
    with pytest.raises(Cancelled):
        land_runs.run_region(BOX, "108km", LandChoices(cycles=50), progress=lambda _: stop.set(), cancelled=stop.is_set)


# -- texture ----------------------------------------------------------------------------------------------------
@compiled
def test_the_surface_over_texture_is_relative_to_ten_per_cent_of_each(place):
    seen = []
    surface = land_runs.texture_surface(place, SHORT, "ssm", seen.append, never)
    assert seen == sorted(seen)
    assert surface.ratio[surface.reference] == 1.0
    assert (surface.sand[surface.reference], surface.clay[surface.reference]) == (0.1, 0.1)
    assert (surface.sand + surface.clay <= 1.0 + 1e-9).all()
    # A sand holds less water than a clay, whatever the weather.
    sandy = int(np.flatnonzero((surface.sand == 0.9) & (surface.clay == 0.0))[0])
    heavy = int(np.flatnonzero((surface.sand == 0.2) & (surface.clay == 0.6))[0])
    assert surface.ratio[sandy] < 0.8 < 1.0 < surface.ratio[heavy]
    nee = surface.of("nee")
    np.testing.assert_allclose(nee.values["nee"], nee.values["reco"] - nee.values["gpp"], atol=1e-5)
    assert nee.difference[nee.reference] == 0.0


@compiled
def test_another_variable_of_the_surface_costs_no_run_and_the_soil_of_the_experiment_does_not_matter(
    place, monkeypatch
):
    land_runs.texture_surface(place, SHORT, "ssm", quiet, never)
    monkeypatch.setattr(land_texture, "_run", None)
    choices = LandChoices(cycles=2, time_step=3.0, columns={"soil": 3})
    assert land_runs.texture_surface(place, choices, "gpp", quiet, never).variable == "gpp"


def test_there_is_no_such_surface_for_other_hydraulics(place):
    with pytest.raises(ValueError, match="clapp_hornberger"):
        land_runs.texture_surface(place, LandChoices(time_step=3.0, hydraulics="van_genuchten"), "ssm", quiet, never)


# -- towers -----------------------------------------------------------------------------------------------------
@compiled
def test_a_tower_with_days_alone_runs_on_hours_made_of_them_and_is_compared():
    tower = open_land_tower("FR-Hes")
    assert tower.daily
    assert "synthetic" in tower.forcing.attrs["source"]
    choices = LandChoices(cycles=4, time_step=3.0)
    result = run(Experiment(model="land", dataset="tower", site="FR-Hes", land=choices), tower.forcing)
    assert result.sizes["time"] == 366
    table = compare_days(result, tower.observed)
    assert {"ssm", "h", "gpp", "nee"} <= set(table)
    assert float(table["gpp"].r) > 0.7  # a beech forest has its season
    lines = score_lines(table, {name: result[name].attrs["units"] if name in result else "" for name in table})
    assert len(lines) == len(table) + 1
    # What was measured of the day is what the run was given.
    rain = tower.forcing["precip_rate"].values.reshape(-1, 24).sum(axis=1) * 3600.0
    np.testing.assert_allclose(result["precip"].isel(column=0), rain, rtol=1e-4, atol=1e-4)
