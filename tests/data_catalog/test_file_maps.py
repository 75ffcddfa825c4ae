"""Maps of files: grids, pixels and points end on the same cells, and a cell's series is what the maps show there."""

import numpy as np
import pytest
import xarray as xr

from data_catalog import CATALOG
from data_catalog.beside_world import WORLD_FIELDS, world_days
from data_catalog.file_maps import cells_for, form_of, layers_of, map_on, series_at, times_of

DAYS = np.array(["2015-04-01", "2015-04-02"], "datetime64[ns]")


def regular(step=0.25, of=lambda lat, lon: lat + 0.0 * lon):
    """A file on latitudes and longitudes whose second day is 1 higher."""
    lat, lon = np.arange(50 - step / 2, 30, -step), np.arange(-110 + step / 2, -90, step)
    field = of(*np.meshgrid(lat, lon, indexing="ij"))
    values = np.stack([field, field + 1.0])
    return xr.Dataset(
        {"ssm": (("time", "latitude", "longitude"), values)},
        coords={"time": DAYS, "latitude": lat, "longitude": lon},
        attrs={"grid": "0.25 degree"},
    )


@pytest.mark.parametrize(("grid", "step"), [("36km", 0.25), ("36km", 0.1), ("108km", 0.25), ("36km", 1.0)])
def test_a_field_that_is_its_latitude_is_mapped_to_the_latitude_of_the_cells(grid, step):
    ds = regular(step)
    cells = cells_for(ds, grid)
    values = map_on(ds, "ssm", cells, time=DAYS[0])
    inside = (cells.latitude < 48) & (cells.latitude > 32) & (cells.longitude > -108) & (cells.longitude < -92)
    half = step / 2 if step > 0.4 else 0.06  # a coarse file has one value for its whole cell
    np.testing.assert_allclose(values[inside], cells.latitude[inside], atol=half)
    assert np.isnan(values[cells.longitude > -88]).all()


def test_the_mean_of_two_days_lies_between_them():
    ds = regular()
    cells = cells_for(ds)
    first, second, mean = (map_on(ds, "ssm", cells, time=time) for time in (*DAYS, None))
    held = np.isfinite(mean)
    np.testing.assert_allclose(mean[held], (first[held] + second[held]) / 2, rtol=1e-6)


@pytest.mark.parametrize("step", [0.25, 1.0])
def test_a_cells_series_is_what_the_maps_show_there(step):
    ds = regular(step, of=lambda lat, lon: np.sin(lat) + np.cos(3 * lon))
    cells = cells_for(ds)
    maps = [map_on(ds, "ssm", cells, time=time) for time in DAYS]
    for number in np.flatnonzero(np.isfinite(maps[0]))[::60]:
        time, values = series_at(ds, "ssm", cells, int(number))
        assert list(time.astype("datetime64[ns]")) == list(DAYS)
        np.testing.assert_allclose(values, [one[number] for one in maps], rtol=1e-5)


def test_pixels_and_points_are_averaged_over_the_cells_that_hold_them():
    lat, lon = np.meshgrid(np.linspace(44.0, 43.0, 60), np.linspace(-101.0, -100.0, 60), indexing="ij")
    pixels = xr.Dataset(
        {"lai": (("time", "y", "x"), np.stack([lat, lat]))},
        coords={"time": DAYS, "latitude": (("y", "x"), lat), "longitude": (("y", "x"), lon)},
    )
    points = xr.Dataset(
        {"lai": ("point", lat.ravel())},
        coords={
            "time": ("point", np.repeat(DAYS, lat.size // 2)),
            "latitude": ("point", lat.ravel()),
            "longitude": ("point", lon.ravel()),
        },
    )
    assert (form_of(pixels), form_of(points)) == ("pixels", "points")
    for ds in (pixels, points):
        cells = cells_for(ds, "9km")
        values = map_on(ds, "lai", cells)
        held = np.isfinite(values)
        assert held.sum() > 50
        np.testing.assert_allclose(values[held], cells.latitude[held], atol=0.05)
    assert len(times_of(points)) == 2
    number = int(np.flatnonzero(held)[0])
    assert series_at(points, "lai", cells, number)[1].size == 1
    assert series_at(pixels, "lai", cells, number)[1].size == 2


def test_flagged_values_are_left_out_unless_all_are_asked_for():
    ds = regular()
    ds["ssm_qc"] = xr.where(ds["latitude"] > 40, 0, 2).broadcast_like(ds["ssm"]).astype(np.int8)
    cells = cells_for(ds)
    good = map_on(ds, "ssm", cells, time=DAYS[0])
    every = map_on(ds, "ssm", cells, time=DAYS[0], good=False)
    south = np.isfinite(every) & (cells.latitude < 39)
    assert south.any()
    assert np.isnan(good[south]).all()


def test_a_layer_is_chosen_and_a_wrong_one_is_refused():
    ds = regular()
    ds["soil_moisture"] = xr.concat([ds["ssm"], ds["ssm"] * 2], "layer").transpose("time", "layer", ...)
    assert layers_of(ds) == {"ssm": 0, "soil_moisture": 2}
    cells = cells_for(ds)
    one, two = (map_on(ds, "soil_moisture", cells, time=DAYS[0], layer=k) for k in (0, 1))
    held = np.isfinite(one)
    np.testing.assert_allclose(two[held], 2 * one[held], rtol=1e-6)
    with pytest.raises(ValueError, match="layers 0 to 1"):
        map_on(ds, "soil_moisture", cells, layer=2)
    with pytest.raises(ValueError, match="no map of 'gpp'"):
        map_on(ds, "gpp", cells)
    with pytest.raises(ValueError, match="no time 2016"):
        map_on(ds, "ssm", cells, time=np.datetime64("2016-01-01"))


def test_a_file_of_the_whole_earth_is_not_for_9_km():
    with pytest.raises(ValueError, match="take 36km"):
        cells_for(regular(1.0), "9km")


def test_a_granule_of_the_grid_itself_is_mapped_value_for_value(tmp_path):
    path = tmp_path / CATALOG["spl3smp"].example_name
    CATALOG["spl3smp"].write_example(path)
    with CATALOG["spl3smp"].load(path) as ds:
        cells = cells_for(ds)
        values = map_on(ds, "ssm", cells, time=times_of(ds)[0], good=False)
        raw = ds["ssm"].isel(time=0).to_numpy()[cells.row - int(ds["row"][0]), cells.column - int(ds["column"][0])]
    np.testing.assert_array_equal(values, raw)
    assert np.isfinite(values).any()


def test_the_world_has_soil_climate_and_land_in_their_units_and_says_what_they_are():
    cells, times = np.array([3000, 7000]), np.array(["2015-01-15", "2016-02-29", "2015-07-15"], "datetime64[ns]")
    for name in WORLD_FIELDS:
        field = world_days(name, "108km", times, cells)
        assert field.shape == (3, 2)
        assert field.attrs["source"]
    t_air = world_days("t_air", "108km", times, cells).to_numpy()
    assert ((t_air > 200) & (t_air < 320)).all()
    with pytest.raises(KeyError, match="no 'vod_x'"):
        world_days("vod_x", "108km", times)
