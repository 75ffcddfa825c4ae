import dask
import numpy as np
import pytest
import xarray as xr

from data_catalog import CATALOG
from data_catalog.datasets import reference_earth
from data_catalog.world import daily, store
from data_catalog.world import static as static_module
from data_catalog.world.soil import SoilDays
from data_catalog.world.soil_file import SMRZ, SOIL
from models.experiment import Experiment, run
from models.l4c.live import LiveRun
from models.options import L4COptions
from models.packing import DRIVERS
from models.variables import VARIABLES

FIRST, LAST = 6000, 6400  # cells of Europe, Asia and North America at 108 km, row by row


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("world")


@pytest.fixture
def few(monkeypatch):
    """The world as 400 of its cells."""
    static = static_module.open_static("108km").isel(cell=slice(FIRST, LAST))
    for module in (store, reference_earth, daily):
        monkeypatch.setattr(module, "open_static", lambda grid: static)
    reference_earth._blocks.cache_clear()
    yield static
    reference_earth._blocks.cache_clear()


@pytest.fixture
def ds(few, folder):
    return reference_earth.load("108km", folder=folder)


def test_the_world_is_a_dataset_of_the_catalog_and_says_that_it_is_synthetic(ds):
    entry = CATALOG["reference-earth"]
    assert entry.synthetic
    assert "synthetic" in entry.title.lower()
    assert "synthetic" in ds.attrs["source"]
    assert "land surface model, open loop on synthetic weather, 108-km grid" in ds.attrs["source"]
    for name in ("smsf", "smrz", "t_soil", "frozen", "smrz_min", "smrz_wilting"):
        assert "land surface model" in ds[name].attrs["source"]
    for key in (
        "title",
        "licence",
        "references",
        "static_licences",
        "assumptions",
        "grid",
        "seed",
        "generator_version",
    ):
        assert str(ds.attrs[key]), key


def test_drivers_have_our_names_units_and_dimensions(ds):
    for name in ("par", "tmin", "vpd", "smrz", "smsf", "t_soil", "frozen"):
        assert ds[name].dims == ("cell", "time")
        assert ds[name].attrs["units"] == VARIABLES[name].unit
        assert ds[name].dtype == np.float32
    assert ds["fpar"].dims == ("cell", "pft", "time")
    assert ds["pft"].values.tolist() == list(range(1, 9))
    assert ds.sizes["time"] == 365
    assert ds["time"].dt.year.values[0] == 2015


def test_drivers_are_lazy_and_a_read_of_one_variable_leaves_the_others(ds):
    for name in ("par", "smrz", "fpar"):
        assert dask.is_dask_collection(ds[name].data)


def test_values_are_possible_in_every_cell_with_and_without_vegetation(ds):
    grown = ds["pft_fraction"].values.sum(axis=1) > 0
    assert not grown.all()  # else this test says less
    for name in ("par", "tmin", "vpd", "smrz", "smsf", "t_soil", "frozen"):
        x = ds[name].values
        assert x.min() >= VARIABLES[name].low
        assert x.max() <= VARIABLES[name].high
    fpar = ds["fpar"].values
    assert 0.0 <= fpar.min() < fpar.max() <= 1.0
    assert (fpar[ds["pft_fraction"].values == 0] == 0).all()


def test_root_zone_wetness_comes_back_from_its_logarithmic_scale(ds, few):
    grown = np.flatnonzero(few["pft_fraction"].values.sum(axis=1) > 0)[:40]
    exact = SoilDays(few, "108km").days(grown)[:, SMRZ]
    part = ds.isel(cell=grown)
    # A quantum of 0.002 % on the logarithmic scale is at most 0.01 % of the range.
    room = 1e-4 * (part["smrz_max"] - part["smrz_min"]).values[:, None] + 1e-4
    assert (np.abs(part["smrz"].values - exact) <= room).all()
    assert (exact.min(axis=1) >= part["smrz_min"].values - 1e-3).all()
    assert (exact.max(axis=1) <= part["smrz_max"].values + 1e-3).all()


def test_chosen_cells_are_those_of_the_whole(ds, folder):
    some = np.array([300, 7, 8])
    part = reference_earth.load("108km", cells=some, folder=folder)
    xr.testing.assert_equal(part[["tmin", "fpar", "area"]].compute(), ds[["tmin", "fpar", "area"]].isel(cell=some))


def test_cells_that_do_not_exist_are_named(few, folder):
    with pytest.raises(IndexError, match="has the cells 0 to 399"):
        reference_earth.load("108km", cells=[400], folder=folder)
    with pytest.raises(IndexError, match="has the cells 0 to 399"):
        daily.open_weather("108km", [-1])


def test_weather_on_demand_agrees_with_the_drivers(ds, few):
    some = np.arange(0, 400, 40)
    weather = daily.open_weather("108km", some)
    days = SoilDays(few, "108km").days(some)
    known = {name: weather[name].values for name in weather} | dict(zip(SOIL, days.transpose(1, 0, 2), strict=True))
    for name in ("par", "tmin", "vpd", "smsf", "t_soil", "frozen"):
        quantum = {"par": 0.0005, "vpd": 0.2, "smsf": 0.002, "frozen": 0.0}.get(name, 0.005)
        # Half a quantum and the float32 of both.
        room = 0.51 * quantum + 2e-7 * VARIABLES[name].high
        assert np.abs(known[name] - ds[name].isel(cell=some).values).max() <= room, name
    for name in weather:
        assert weather[name].attrs["units"] == VARIABLES[name].unit
    assert (weather["q_air"] > 0).all()
    assert (weather["precip"] >= 0).all()


def test_a_run_in_float64_agrees_with_the_live_run(ds, few, folder):
    live = LiveRun(store.open_blocks("108km", folder=folder)).result(L4COptions())
    result = run(Experiment(grid="108km", output="annual"), ds)
    grown = np.flatnonzero(few["pft_fraction"].values.sum(axis=1) > 0)
    for name in ("gpp", "npp", "rh"):
        exact = result[name].values.reshape(len(few["latitude"]), -1)[:, 0][grown]
        found = live.field(name)[grown]
        # Both read the same packed numbers; the live run computes in float32.
        np.testing.assert_allclose(found, exact, rtol=2e-3, atol=0.5, err_msg=name)


def test_the_order_of_drivers_is_the_engine_s(few, folder, ds):
    blocks = store.open_blocks("108km", folder=folder)
    block, lane = np.argwhere(blocks.cell_of >= 0)[5]
    cell = blocks.cell_of[block, lane]
    for v, name in enumerate(DRIVERS):
        if name != "smrz_rescaled":
            value = blocks.data[block, :, v, lane] * blocks.scale[v] + blocks.offset[v]
            np.testing.assert_allclose(ds[name].values[cell], value, rtol=1e-6)


def test_a_leap_year_has_no_29_february(few):
    time = daily.open_weather("108km", [0], year=2016)["time"]
    assert time.size == 365
    assert str(time.values[0])[:10] == "2016-01-01"
    assert str(time.values[59])[:10] == "2016-03-01"
    assert str(time.values[-1])[:10] == "2016-12-31"
