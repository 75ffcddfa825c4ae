"""Weather of the land surface model from a tower, a reanalysis and the world: who gave which step, whose clock."""

import numpy as np
import pytest
import xarray as xr

from data_catalog import CATALOG
from data_catalog.datasets.land_towers import land_towers_in, read_land_tower
from data_catalog.forcing_stack import WEATHER, open_grids, stacked_forcing, tower_product
from models.variables import VARIABLES

PLACE = (47.0, 90.0)
PLAIN = {"t_air": 285.0, "q_air": 0.006, "pressure": 95000.0, "wind": 3.0, "sw_down": 150.0, "lw_down": 320.0}
"""Weather in which nothing happens."""


def share(sources, name, giver):
    rows = sources[(sources["driver"] == name) & sources["source"].str.startswith(giver)]
    return float(rows["share"].sum())


def tower(days=3, **measured):
    """Half hours of a tower without longwave radiation, air 284 K."""
    time = np.datetime64("2015-06-01", "ns") + np.arange(48 * days) * np.timedelta64(30, "m")
    values = PLAIN | {"t_air": 284.0, "vpd": 500.0, "precip": 2.4} | measured
    names = ("t_air", "vpd", "pressure", "wind", "sw_down", "precip")
    fields = {n: (("time", "site"), np.broadcast_to(values[n], time.shape)[:, None].copy()) for n in names}
    return xr.Dataset(fields, coords={"time": time, "site": ["XX-Tst"]}, attrs={"title": "a tower", "licence": "open"})


def grid(days=4, step=1, title="a reanalysis"):
    """Hours of a reanalysis in UTC, whose air is 200 K and the hour of the day."""
    time = np.datetime64("2015-05-31", "ns") + np.arange(24 // step * days) * np.timedelta64(step, "h")
    lat, lon = np.array([48.0, 47.0, 46.0]), np.array([89.0, 90.0, 91.0])
    shape = (time.size, 3, 3)
    fields = {name: (("time", "latitude", "longitude"), np.full(shape, value)) for name, value in PLAIN.items()}
    hour = (time - time.astype("datetime64[D]")) / np.timedelta64(1, "h")
    fields["t_air"] = (("time", "latitude", "longitude"), np.broadcast_to(200.0 + hour[:, None, None], shape).copy())
    fields["precip_rate"] = (("time", "latitude", "longitude"), np.zeros(shape))
    return xr.Dataset(fields, coords={"time": time, "latitude": lat, "longitude": lon}, attrs={"title": title})


def test_a_tower_is_preferred_its_gaps_are_the_files_and_the_rest_is_the_worlds():
    gap = np.full(144, 284.0)
    gap[10:30] = np.nan
    ds, sources = stacked_forcing(*PLACE, tower=tower(t_air=gap), files=grid().drop_vars("lw_down"))
    assert ds.sizes["time"] == 144
    assert share(sources, "t_air", "tower") == pytest.approx(124 / 144)
    assert share(sources, "t_air", "file") == pytest.approx(20 / 144)
    assert share(sources, "lw_down", "world") == 1.0
    assert share(sources, "q_air", "tower vpd and t_air") == pytest.approx(124 / 144)
    assert (ds["t_air"].values[10:30] < 224.0).all()
    assert ds["precip_rate"].values[0] == pytest.approx(2.4 / 86400)
    np.testing.assert_array_equal(ds["t_air_source"].values == 1, np.isnan(gap))
    assert sources.groupby("driver")["share"].sum().round(9).eq(1.0).all()
    assert "lw_down: 100% world" in ds.attrs["driver_sources"]
    for name in WEATHER:
        assert np.isfinite(ds[name]).all()
        assert ds[name].attrs["units"] == VARIABLES[name].unit


def test_a_files_clock_is_brought_to_the_place_and_its_steps_are_held():
    ds, _ = stacked_forcing(*PLACE, files=grid(step=3))
    local = (ds["time"] - ds["time"].dt.floor("D")).values / np.timedelta64(1, "h")
    utc = (local - 6.0) % 24.0  # 90 E is six hours ahead
    np.testing.assert_allclose(ds["t_air"], 200.0 + 3.0 * np.floor(utc / 3.0))
    assert ds.attrs["clock"] == "local standard time"
    assert ds["time"].values[0] == np.datetime64("2015-06-01")


def test_the_order_may_be_turned_and_of_two_files_the_first_counts():
    ds, sources = stacked_forcing(*PLACE, tower=tower(), files=[grid(), grid(title="another")],
                                  order={"t_air": ("file", "tower"), "lw_down": ("world",)})  # fmt: skip
    assert share(sources, "t_air", "file a reanalysis") == 1.0
    assert share(sources, "lw_down", "world") == 1.0
    assert (ds["t_air"] < 224.0).all()


def test_gaps_that_are_left_a_place_outside_and_no_days_are_refused():
    gap = np.full(144, 284.0)
    gap[10:30] = np.nan
    with pytest.raises(ValueError, match="t_air has 20 gaps of 144 steps"):
        stacked_forcing(*PLACE, tower=tower(t_air=gap), fill_gaps={"t_air": False})
    with pytest.raises(ValueError, match="takes none"):
        stacked_forcing(*PLACE, tower=tower(), order=("tower",))
    with pytest.raises(ValueError, match="outside"):
        stacked_forcing(10.0, 10.0, files=grid())
    with pytest.raises(ValueError, match="which days"):
        stacked_forcing(*PLACE)
    with pytest.raises(ValueError, match="order of wind"):
        stacked_forcing(*PLACE, tower=tower(), order={"wind": ("moon",)})


def test_files_of_plumber2_and_of_reanalyses_are_weather_by_their_path(tmp_path):
    for name in ("plumber2", "era5"):
        CATALOG[name].write_example(tmp_path / CATALOG[name].example_name)
    path = tmp_path / CATALOG["plumber2"].example_name
    assert tower_product(path) == "plumber2"
    assert land_towers_in([tmp_path]) == {"XX-Tst": path}
    place = read_land_tower(path)
    assert {"vegetation", "soil", "latitude"} <= set(place.forcing.variables)
    assert place.forcing.attrs["driver_sources"].startswith("t_air: 100% tower")
    assert not place.daily
    (era5,) = open_grids(tmp_path)
    ds, sources = stacked_forcing(float(era5["latitude"][1]), float(era5["longitude"][1]), files=era5)
    assert share(sources, "wind", "file ERA5") == 1.0
    assert ds.sizes["time"] % 24 == 0
