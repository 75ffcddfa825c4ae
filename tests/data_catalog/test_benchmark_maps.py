"""Benchmarks of the user's files on the cells of the world."""

import numpy as np
import pytest
import xarray as xr

from data_catalog import CATALOG
from data_catalog.benchmark_maps import benchmark_maps
from data_catalog.world.static import open_static


def sif_file(folder, month, level):
    """Write a month of constant fluorescence, as the product names and lays it out."""
    path = folder / f"ret_f_nr5_nsvd12_v26_waves734_nolog.grid_SIF_v28_2016{month:02d}01_30.nc"
    axes = ("latitude", "longitude")
    sif = np.full((360, 720), level, np.float32)
    sif[:, :360] = -999.0
    xr.Dataset(
        {"SIF_daily_average": (axes, sif)},
        coords={
            "latitude": ("latitude", np.arange(89.75, -90, -0.5, np.float32)),
            "longitude": ("longitude", np.arange(-179.75, 180, 0.5, np.float32)),
        },
    ).to_netcdf(path, engine="h5netcdf", encoding={"SIF_daily_average": {"_FillValue": np.float32(-999.0)}})
    return path


def test_months_come_from_their_files_and_what_no_file_has_is_missing(tmp_path):
    paths = [sif_file(tmp_path, 2, 0.4), sif_file(tmp_path, 7, 1.1)]
    told = []
    maps = benchmark_maps("gome2-sif", "sif", paths, "108km", progress=told.append)
    east = open_static("108km")["longitude"].values > 3
    np.testing.assert_allclose(maps.values[1, east], 0.4, rtol=1e-5)
    np.testing.assert_allclose(maps.values[6, east], 1.1, rtol=1e-5)
    assert np.isnan(maps.values[0]).all()
    assert np.isnan(maps.values[1, open_static("108km")["longitude"].values < -3]).all()
    assert told == [0.5, 1.0]
    assert maps.attrs["period"] == "2016-02-01 to 2016-07-01"
    assert maps.attrs["units"] == "mW m-2 sr-1 nm-1"


@pytest.mark.parametrize(
    ("product", "variable", "steps"),
    [("carbontracker", "nee", True), ("igbp-soc", "soc", False), ("ncscd", "soc", False)],
)
def test_every_product_that_judges_carbon_reaches_the_cells(tmp_path, product, variable, steps):
    path = tmp_path / CATALOG[product].example_name
    CATALOG[product].write_example(path)
    maps = benchmark_maps(product, variable, [path], "108km")
    assert maps.dims == (("month", "cell") if steps else ("cell",))
    assert np.isfinite(maps.values).any()


def test_a_file_without_the_variable_and_no_file_are_refused_in_words(tmp_path):
    path = tmp_path / CATALOG["fluxcom"].example_name
    CATALOG["fluxcom"].write_example(path)
    with pytest.raises(ValueError, match="holds no nee; it has"):
        benchmark_maps("fluxcom", "nee", [path], "108km")
    with pytest.raises(ValueError, match="--data FOLDER"):
        benchmark_maps("fluxcom", "nee", [], "108km")
