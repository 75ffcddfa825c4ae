"""What the land surface model is told of the cells, and the world's hours as a data set that it runs."""

import functools

import dask
import numpy as np
import pytest
import xarray as xr

from data_catalog import CATALOG, open_dataset
from data_catalog.datasets.world_forcing import days_of_period
from data_catalog.world.hourly import hourly_forcing
from data_catalog.world.land_cover import IGBP
from data_catalog.world.static import open_static
from data_catalog.world.surface import column_table_of, deep_temperature, dominant_class, soil_noise, surface
from models.experiment import Experiment
from models.land.columns import ColumnTable, cold_start
from models.land.description import describe_columns
from models.land.experiment import run_columns
from models.land.layout import FORCING
from models.land.options import LandChoices

SOME = np.array([5000, 12, 9000, 6001])


@functools.cache
def whole():
    return surface("108km")


def test_every_cell_of_both_grids_has_a_column():
    for grid, every in (("108km", 1), ("36km", 40)):
        n = open_static(grid).sizes["cell"]
        table = column_table_of(grid, np.arange(0, n, every))
        cold_start(table)  # all classes are in the tables
        assert table.site.size == len(range(0, n, every))


def test_the_table_is_that_of_the_land_surface_model():
    table, ds = column_table_of("108km", SOME), whole().isel(cell=SOME)
    assert isinstance(table, ColumnTable)
    for name in ("vegetation", "soil", "vegetation_fraction", "t_bottom", "latitude", "longitude", "soil_colour"):
        np.testing.assert_array_equal(getattr(table, name), ds[name].values)
    np.testing.assert_array_equal(table.site, np.arange(SOME.size))


def test_a_cell_has_the_same_land_in_any_subset():
    xr.testing.assert_identical(surface("108km", SOME), whole().isel(cell=SOME))


def test_vegetation_is_the_largest_class_but_ice_or_towns():
    share = np.zeros((3, 16))
    share[0, [9, 14]] = 0.4, 0.6
    share[1, [12, 3]] = 0.7, 0.3
    share[2, 15] = 1.0
    assert dominant_class(share).tolist() == [10, 4, 16]
    kinds = set(np.unique(whole()["vegetation"]))
    assert kinds >= {1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 16}
    assert not kinds & {13, 15}


def test_known_places_have_the_vegetation_that_grows_there():
    ds = whole()

    def at(latitude, longitude):
        near = (ds["latitude"] - latitude) ** 2 + (ds["longitude"] - longitude) ** 2
        return ds.isel(cell=int(np.argmin(near.values)))

    assert IGBP[int(at(-4.0, -64.0)["vegetation"]) - 1] == "evergreen broadleaf forest"
    assert IGBP[int(at(23.0, 10.0)["vegetation"]) - 1] == "barren"
    assert IGBP[int(at(42.0, -93.5)["vegetation"]) - 1] == "cropland"
    assert at(-4.0, -64.0)["vegetation_fraction"] > 0.8
    assert at(23.0, 10.0)["vegetation_fraction"] < 0.1
    assert 0.4 < at(42.0, -93.5)["vegetation_fraction"] < 0.95


def test_fractions_and_temperatures_are_possible():
    ds = whole()
    assert ds["vegetation_fraction"].min() > 0.0
    assert ds["vegetation_fraction"].max() <= 0.95
    assert (ds["sand"] + ds["clay"]).max() <= 100.0
    assert min(ds["sand"].min(), ds["clay"].min()) >= 3.0
    assert set(np.unique(ds["soil"])) <= set(range(1, 13))
    assert ds["t_bottom"].min() > 250.0
    assert ds["t_bottom"].max() < 308.0


def test_snow_keeps_the_ground_warm_and_its_absence_does_not():
    air = 273.15 + np.array([np.repeat([-20.0, 10.0], 6)] * 3)
    snow = np.zeros((3, 12))
    snow[1, :6], snow[2, :6] = 0.2, 2.0  # mm d-1
    none, some, much = deep_temperature(air, snow)
    assert none < some < much
    np.testing.assert_allclose(none, air[0].mean(), atol=1.0)
    assert much - none > 4.0


def test_ground_is_frozen_in_the_far_north_and_on_high_mountains_alone():
    ds = whole()
    frozen = ds["t_bottom"].values < 273.15
    cold_place = (np.abs(ds["latitude"].values) > 45) | (ds["elevation"].values > 3000)
    assert 0.08 < frozen.mean() < 0.3
    assert not (frozen & ~cold_place).any()


def test_soil_varies_in_space_and_neighbours_are_alike():
    static = open_static("108km")
    noise = soil_noise(static, 1)
    assert np.abs(noise.mean(axis=1)).max() < 0.2
    np.testing.assert_allclose(noise.std(axis=1), 1.0, atol=0.15)
    row, column = static["row"].values, static["column"].values
    east = np.flatnonzero((np.diff(column) == 1) & (np.diff(row) == 0))
    assert np.corrcoef(noise[0, east], noise[0, east + 1])[0, 1] > 0.5
    assert abs(np.corrcoef(noise[0], np.roll(noise[0], 3000))[0, 1]) < 0.15
    assert not np.array_equal(noise, soil_noise(static, 2))


def test_every_field_says_where_it_comes_from():
    ds = whole()
    for name in ("vegetation", "vegetation_fraction", "t_bottom", "sand", "clay", "soil", "soil_colour"):
        assert ds[name].attrs["source"]
    assert "assumed" in ds["sand"].attrs["source"]
    assert "MCD12C1" in ds["vegetation"].attrs["source"]


@functools.cache
def iberia():
    return open_dataset("world-forcing", grid="108km", region="Iberia", period=("2015-03-01", "2015-03-20"))


def test_the_worlds_hours_are_a_dataset_that_says_it_is_synthetic():
    assert CATALOG["world-forcing"].synthetic
    attrs = iberia().attrs
    assert attrs["source"].startswith("synthetic weather, real climate")
    assert (attrs["stamp"], attrs["clock"]) == ("start", "local solar time")
    for key in ("title", "licence", "static_licences", "references", "assumptions", "grid", "seed", "notes"):
        assert str(attrs[key])


def test_its_weather_is_that_of_the_hours_and_lazy():
    ds = iberia()
    assert dask.is_dask_collection(ds["t_air"].data)
    made = hourly_forcing("108km", ds["cell"].values, 59, 79)
    for k, name in enumerate(FORCING):
        np.testing.assert_array_equal(ds[name].values, made[:, :, k])
    assert ds["time"].values[0] == np.datetime64("2015-03-01T00:00")
    assert ds["time"].values[-1] == np.datetime64("2015-03-20T23:00")


def test_the_land_surface_model_takes_it_as_it_is():
    ds = iberia()
    found = describe_columns(ds, LandChoices())
    np.testing.assert_array_equal(found.table.vegetation, ds["vegetation"].values)
    np.testing.assert_array_equal(found.table.t_bottom, ds["t_bottom"].values)
    choices = LandChoices(cycles=1)
    result = run_columns(Experiment(model="land", dataset="file", land=choices), ds.isel(cell=slice(0, 9)))
    assert result.sizes["time"] == 20
    assert np.isfinite(result["ssm"].values).all()
    np.testing.assert_allclose(
        result["precip"].values, 3600 * ds["precip_rate"][:, :9].values.reshape(20, 24, 9).sum(axis=1).T, rtol=1e-5
    )
    assert "synthetic" in result.attrs["forcing"]


def test_three_hour_steps_have_three_hour_times():
    ds = open_dataset("world-forcing", grid="108km", cells=[7], period=("2015-01-01", "2015-01-02"), step_hours=3)
    assert ds.sizes["time"] == 16
    assert np.unique(np.diff(ds["time"].values)) == np.timedelta64(3, "h")


def test_leap_days_repeat_the_day_before_and_years_keep_their_place():
    dates, days = days_of_period(("2015-12-30", "2016-03-02"))
    assert days[:3].tolist() == [363, 364, 365]
    place = {str(date): int(day) for date, day in zip(dates, days, strict=True)}
    assert place["2016-02-28"] == place["2016-02-29"] == 365 + 58
    assert place["2016-03-01"] == 365 + 59
    assert days_of_period(("2017-01-01", ""))[1].tolist() == list(range(730, 1095))
    ds = open_dataset("world-forcing", grid="108km", cells=[7], period=("2016-02-28", "2016-03-01"))
    t = ds["t_air"].values.reshape(3, 24)
    np.testing.assert_array_equal(t[0], t[1])
    assert not np.array_equal(t[1], t[2])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cells": [1], "region": "Iberia"}, "Both cells and a region"),
        ({"region": "Atlantis"}, "No region is called"),
        ({"period": ("2014-01-01", "2014-02-01")}, "period = 2014-01-01 to 2014-02-01"),
        ({"period": ("2015-02-01", "2015-01-01")}, "ends after it begins"),
        ({"step_hours": 6}, "step_hours = 6"),
        ({"grid": "1km"}, "no grid"),
    ],
)
def test_what_the_world_has_not_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        open_dataset("world-forcing", **wrong)
