"""Runs in the layout of SPL4CMDL: written, opened plainly, read back without loss."""

import h5py
import numpy as np
import pytest
import xarray as xr

from data_catalog.datasets.spl4cmdl import FIELDS, FILL_FLAG, bits_of, flag_of, load
from data_catalog.datasets.spl4cmdl_write import file_name, write_granules
from data_catalog.grid import EaseGrid
from models.variables import VARIABLES


def made_up_run(days: int = 2) -> xr.Dataset:
    random = np.random.default_rng(3)
    row, column = np.array([30, 30, 31, 60]), np.array([100, 101, 100, 200])
    latitude, longitude = EaseGrid("36km").lat_lon(row, column)
    n, time = len(row), np.datetime64("2015-03-31", "ns") + np.arange(days) * np.timedelta64(1, "D")
    fraction = random.dirichlet(np.ones(8), n) * 0.9
    fraction[3] = 0
    ds = xr.Dataset(coords={"time": time, "latitude": ("cell", latitude), "longitude": ("cell", longitude)})
    ds["pft_fraction"] = (("cell", "pft"), fraction)
    for name, size in {"gpp": 6, "rh": 3, "nee": -1, "soc": 4000, "nee_std": 1.2}.items():
        of_pft = size * random.uniform(0.2, 1, (n, 8, days))
        mean = (of_pft * fraction[..., None]).sum(axis=1) / np.maximum(fraction.sum(axis=1), 1e-9)[:, None]
        mean[3] = np.nan
        ds[name], ds[f"{name}_pft"] = (("cell", "time"), mean), (("cell", "pft", "time"), of_pft)
    for name in ("e_mult", "t_mult", "w_mult", "frozen"):
        ds[name] = (("cell", "time"), random.uniform(0, 1, (n, days)))
    for pool in ("fast", "med", "slow"):
        ds[f"soc_{pool}_end"] = ("cell", random.uniform(100, 900, n))
    ds.attrs = {"source": "synthetic numbers of a test", "licence": "CC0"}
    return ds


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    run = made_up_run()
    return run, write_granules(run, tmp_path_factory.mktemp("granules"), grid="36km")


def test_names_groups_fill_values_and_types_are_the_missions(written, shared):
    _, paths = written
    assert [path.name for path in paths] == [file_name(d) for d in ("2015-03-31", "2015-04-01")]
    layout = (shared / "reference/l4c/layout_spl4cmdl_v8.txt").read_text().split()
    with h5py.File(paths[0], "r") as file:
        found = []
        file.visititems(lambda name, item: found.append(f"/{name}") if isinstance(item, h5py.Dataset) else None)
        assert sorted(found) == sorted(layout)
        assert len(found) == 65 == len(FIELDS)
        assert {file[name].shape for name in found} == {(1624, 3856)}
        assert file["NEE/nee_mean"].dtype == np.float32
        np.testing.assert_array_equal(file["NEE/nee_mean"].attrs["_FillValue"], np.array([-9999.0]))
        assert file["QA/carbon_model_bitflag"].dtype == np.uint16
        assert file["NEE/nee_mean"][0, 0] == -9999
        assert file["QA/carbon_model_bitflag"][0, 0] == FILL_FLAG


def test_a_run_comes_back_without_loss(written):
    run, paths = written
    rows, columns = EaseGrid("9km").row_col(run["latitude"].values[:3], run["longitude"].values[:3])
    there = {"y": xr.DataArray(rows, dims="cell"), "x": xr.DataArray(columns, dims="cell")}
    for i, names in enumerate((("nee", "nee_std", "gpp", "gpp_pft"), ("soc", "rh"))):
        with load(paths[i]) as ds:
            assert ds["time"].values[0] == run["time"].values[i]
            assert ds.attrs["synthetic"] == 1
            assert set(ds) >= {"gpp", "rh_pft", "soc_pft", "nee_std_pft", "nee_spread", "qa_count_pft", "bitflag"}
            for name in names:
                ours = run[name].isel(time=i)
                if name == "soc":  # the product's is that of the end of the day
                    ours = sum(run[f"soc_{p}_end"] for p in ("fast", "med", "slow"))
                theirs = ds[name].isel(time=0).isel(there).transpose("cell", ...).load()
                np.testing.assert_array_equal(theirs, ours[:3].astype("f4"))
                assert ds[name].attrs["units"] == VARIABLES[name.removesuffix("_pft")].unit
            if i == 0:
                point = ds["e_mult"].isel(time=0).isel(there).load()
                np.testing.assert_allclose(point, run["e_mult"][:3, i], rtol=1e-6)
                assert int(np.isfinite(ds["nee"]).sum()) == 3 * 16  # each 36-km cell fills sixteen


def test_bits_of_the_flag_come_back():
    bad = {"nee": np.array([True, False]), "gpp": np.array([False, True])}
    flag = flag_of(out_of_range=bad, dominant_pft=np.array([8, 3]), score=np.array([2, 0]), fpar_method=1)
    bits = bits_of(np.append(flag, FILL_FLAG))
    assert bits["nee_out"][:2].tolist() == [1, 0]
    assert bits["gpp_out"][:2].tolist() == [0, 1]
    assert bits["dominant_pft"][:2].tolist() == [8, 3]
    assert bits["score"][:2].tolist() == [2, 0]
    assert bits["fpar_method"][:2].tolist() == [1, 1]
    assert bits["fill"].tolist() == [False, False, True]


def test_the_writer_refuses_what_is_no_daily_run(tmp_path):
    run = made_up_run()
    with pytest.raises(ValueError, match="needs e_mult"):
        write_granules(run.drop_vars("e_mult"), tmp_path, grid="36km")
    with pytest.raises(ValueError, match="not daily"):
        write_granules(
            run.assign_coords(time=run["time"].values + np.array([0, 30]) * np.timedelta64(1, "D")), tmp_path
        )
    with pytest.raises(ValueError, match="does not say what grows"):
        write_granules(run.drop_vars("pft_fraction"), tmp_path, grid="36km")
    assert not list(tmp_path.glob("*.h5*"))
