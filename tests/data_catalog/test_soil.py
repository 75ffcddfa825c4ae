"""Days of soil of the embedded world: the shipped run of the land surface model, and what other grids take from it."""

import functools

import numpy as np
import pytest

from data_catalog.world import soil, soil_file
from data_catalog.world import weather as w
from data_catalog.world.soil_file import FROZEN, SMRZ, SMSF, SOIL, T_SOIL
from data_catalog.world.soil_run import run_cells
from data_catalog.world.static import open_static
from models.land.layout import STATE
from models.variables import VARIABLES
from tests.data_catalog.worlds import nearest, part_of, sample

# North Slope of Alaska, Sahara, central Amazon, Iowa, Quebec
TUNDRA, SAHARA, AMAZON, IOWA, QUEBEC = (69.0, -150.0), (23.0, 10.0), (-3.0, -62.0), (42.0, -93.0), (51.0, -72.0)


@functools.cache
def days():
    """(cell, row of SOIL, day) of `part_of`."""
    return soil.SoilDays(part_of(), "108km").days(np.arange(part_of().sizes["cell"]))


def _places(static):
    return zip(static["row"].values, static["column"].values, strict=True)


def at(place):
    i = nearest(part_of(), *place)
    return sample()[i], days()[i]


@pytest.mark.parametrize("name", SOIL)
def test_soil_stays_within_what_is_possible(name):
    x = soil.shipped().soil[:, SOIL.index(name)]
    assert np.isfinite(x).all()
    assert VARIABLES[name].low <= x.min()
    assert x.max() <= VARIABLES[name].high


def test_every_cell_of_the_coarse_world_has_days_of_its_own():
    places = soil.parents_of(open_static("108km"), "108km")
    np.testing.assert_array_equal(places, np.arange(len(soil.shipped().key)))


def test_the_year_ends_as_it_began():
    run = soil.shipped()
    # The criterion is 0.001 m3 m-3; a few deep soils of dry climates are still on their way when the cycles end.
    assert np.percentile(run.drift, 99) <= 0.002
    assert run.drift.max() <= 0.01
    # A year's end lies a day before its beginning, so weather's own step is between them.
    gap = np.abs(run.soil[:, SMRZ, -1] - run.soil[:, SMRZ, 0])
    step = np.abs(np.diff(run.soil[:, SMRZ], axis=1)).max(axis=1)
    assert (gap <= step + 1.0).mean() > 0.999  # a shower may fall over the turn of the year


def test_the_shipped_days_are_those_of_the_model_from_the_shipped_state():
    cells = np.array([nearest(open_static("108km"), *place) for place in (SAHARA, AMAZON, IOWA, QUEBEC)])
    run = soil.shipped()
    assert run.states == STATE
    again = run_cells("108km", cells, start=run.state[:, cells], cycles=0, last_cycles=0)
    # Half a rounding step, and what the rounded state adds.
    assert np.abs(again.smsf - run.soil[cells, SMSF]).max() < 0.5
    assert np.abs(again.smrz - run.soil[cells, SMRZ]).max() < 0.3
    assert np.abs(again.t_soil - run.soil[cells, T_SOIL]).max() < 0.3
    assert (again.frozen == run.soil[cells, FROZEN]).mean() > 0.995
    np.testing.assert_allclose(100.0 * again.wilting / again.porosity, run.wilting[cells], rtol=1e-6)


def test_rain_wets_the_surface_and_dry_days_dry_it():
    weather, water = at(IOWA)
    summer = slice(150, 250)
    change = np.diff(water[SMSF])[summer]
    rain, before = weather[w.PRECIP, 1:][summer], weather[w.PRECIP, :-1][summer]
    assert change[rain > 8.0].min() > 0.0
    assert change[(rain == 0.0) & (before == 0.0)].max() < 0.3


def test_the_surface_is_livelier_than_the_root_zone():
    moist = days()[:, SMRZ].mean(axis=1) > 30.0
    assert (days()[moist, SMSF].std(axis=1) > days()[moist, SMRZ].std(axis=1)).mean() > 0.7


def test_tundra_is_frozen_in_winter_and_thawed_in_summer():
    _, water = at(TUNDRA)
    assert water[FROZEN, :90].all()
    assert not water[FROZEN, 200:215].any()
    assert water[T_SOIL, :90].max() < 272.0


def test_snow_keeps_the_soil_warmer_than_the_air():
    weather, water = at(QUEBEC)
    assert water[T_SOIL, 30:60].mean() > weather[w.T_AIR, 30:60].mean() + 3.0


def test_the_sahara_is_dry_and_the_amazon_wet():
    assert at(SAHARA)[1][SMSF].mean() < 20.0
    assert at(AMAZON)[1][SMSF].mean() > 60.0
    assert at(AMAZON)[1][SMRZ].min() > 50.0


def test_soil_is_as_warm_as_the_air_over_the_year_or_warmer():
    difference = days()[:, T_SOIL].mean(axis=1) - sample()[:, w.T_AIR].mean(axis=1)
    assert np.median(difference) > 0.0
    assert np.percentile(np.abs(difference), 90) < 9.0


def test_a_fine_cell_takes_the_wetness_of_the_coarse_cell_around_it_and_a_shifted_temperature():
    box = (-98.0, 40.0, -90.0, 44.0)
    fine = part_of("36km", 1, box)
    found = soil.SoilDays(fine, "36km")
    cells = np.arange(fine.sizes["cell"])
    own, run, coarse = found.days(cells), soil.shipped(), open_static("108km")
    rows = {(int(r), int(c)): k for k, (r, c) in enumerate(_places(coarse))}
    parent = np.array([rows[r // 3, c // 3] for r, c in _places(fine)])
    np.testing.assert_array_equal(own[:, [SMSF, SMRZ, FROZEN]], run.soil[parent][:, [SMSF, SMRZ, FROZEN]])
    shift = fine["t_air"].values.mean(axis=1) - coarse["t_air"].values[parent].mean(axis=1)
    np.testing.assert_allclose(own[:, T_SOIL] - run.soil[parent, T_SOIL], shift[:, None].repeat(365, 1), atol=1e-3)
    assert "108-km cell around it" in found.label
    np.testing.assert_array_equal(found.days(np.array([-1, 3]))[0], 0.0)


def test_a_cell_that_the_file_does_not_know_is_named():
    elsewhere = part_of().isel(cell=[0, 1]).copy()
    elsewhere["row"] = ("cell", np.array([int(elsewhere["row"][0]), 0]))
    elsewhere["column"] = ("cell", np.array([int(elsewhere["column"][0]), 0]))  # the Arctic Ocean
    with pytest.raises(ValueError, match="Cell 1 of the 108km world has no days of soil"):
        soil.SoilDays(elsewhere, "108km")


def test_a_missing_file_says_how_to_get_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"land_none\.nc is missing.*world\.build_soil"):
        soil_file.read_shipped(tmp_path / "land_none.nc")


@pytest.mark.parametrize("name", ["smsf", "smrz", "t_soil"])
def test_packed_changes_come_back_to_half_a_step(name):
    rng = np.random.default_rng(5)
    values = 40.0 + np.cumsum(rng.normal(0, [[0.02], [1.0], [0.0]], (3, 365)), axis=1)
    values[1, 100:] += 60.0  # more than a byte holds
    change, large, step = soil_file.encode(name, values)
    assert change.dtype == np.int8
    assert (change == soil_file.LARGE).sum() == len(large) - 3 == 1
    least, most, _ = soil_file.STEPS[name]
    assert ((step >= np.float32(least)) & (step <= np.float32(most))).all()
    error = np.abs(soil_file.decode(change, large, step) - values)
    assert (error <= 0.5 * step[:, None] + 1e-4).all()
