"""A file of drivers opens in our names and units, lazily, or says in one line what is wrong with it."""

import numpy as np
import pytest
import xarray as xr

from data_catalog.datasets.driver_file import ALIASES, DRIVERS, ENTRY, PARAMETERS, open_drivers, write_example
from models.l4c.params import L4CParams
from models.variables import VARIABLES


@pytest.fixture
def example(tmp_path):
    path = tmp_path / "drivers.nc"
    write_example(path)
    return path


def rewritten(path, change, engine="h5netcdf", **options):
    """Change a file of drivers."""
    with xr.open_dataset(path, engine="h5netcdf") as ds:
        changed = change(ds.load())
    changed.to_netcdf(path, engine=engine, **options)
    return path


def test_a_file_parameter_is_a_parameter_of_l4c():
    assert set(PARAMETERS) == set(L4CParams._fields)
    assert set(ALIASES.values()) <= {*DRIVERS, *PARAMETERS, *VARIABLES, "thawed", "cue", "pft", "latitude", "longitude"}


def test_the_catalog_entry_opens_the_example(example):
    with ENTRY.load(path=example) as ds:
        assert all(ds[name].dims == ("cell", "time") for name in DRIVERS)
        assert all(ds[name].attrs["units"] == VARIABLES[name].unit for name in DRIVERS)
        assert "synthetic" in ds.attrs["source"]
        assert ds.attrs["licence"] == "CC0"


@pytest.mark.parametrize("kind", ["netcdf4", "netcdf3", "zarr"])
def test_every_kind_of_file_is_recognised_by_its_content(tmp_path, kind):
    path = tmp_path / "drivers.dat"
    if kind == "zarr":
        pytest.importorskip("zarr")
        path = tmp_path / "drivers.zarr"
        write_example(path)
    else:
        write_example(path)
        if kind == "netcdf3":
            rewritten(path, lambda ds: ds, engine="scipy")
    with open_drivers(path) as ds:
        assert (ds.sizes["cell"], ds.sizes["time"]) == (8, 365)
        assert float(ds["tmin"].mean()) == pytest.approx(275, abs=2)


def test_nothing_is_read_before_it_is_asked_for(example):
    with open_drivers(example, block=3) as ds:
        assert all(ds[name].chunks[0] == (3, 3, 2) for name in DRIVERS)
        assert all(ds[name].chunks[1] == (365,) for name in DRIVERS)


@pytest.mark.reference
def test_the_reference_drivers_open_under_their_other_names(shared):
    path = shared / "reference/l4c/set_a.nc"
    with open_drivers(path) as ds, xr.open_dataset(path, engine="h5netcdf") as raw:
        np.testing.assert_array_equal(ds["par"], raw["PAR"])
        np.testing.assert_array_equal(ds["frozen"], 1 - raw["FT"])
        np.testing.assert_array_equal(ds["pft"], raw["PFT"])
        np.testing.assert_array_equal(ds["soc_slow"], raw["SOC_init"][2])
        np.testing.assert_allclose(ds["k_fast"] * ds["k_slow"], raw["param_decay_rates"][2], rtol=1e-15)
        np.testing.assert_array_equal(ds["f_aut"], 1 - raw["param_CUE"])
        np.testing.assert_allclose(ds["litterfall"] * 365, raw["litterfall_annual"], rtol=1e-15)
        assert not {"GPP", "SOC_final", "f_tmin"} & set(ds.variables), "expected outputs are no drivers"


def test_pools_are_found_by_their_labels(example):
    def stacked(ds):
        values = np.array([3.0, 1.0, 2.0])[:, None] * np.ones(8)
        return ds.assign(SOC_init=(("pool", "cell"), values)).assign_coords(pool=["slow", "fast", "medium"])

    with open_drivers(rewritten(example, stacked)) as ds:
        assert [float(ds[name][0]) for name in ("soc_fast", "soc_med", "soc_slow")] == [1.0, 2.0, 3.0]


def test_dimensions_may_stand_in_any_order(example):
    with open_drivers(example) as ds:
        expected = ds["tmin"].load()
    with open_drivers(rewritten(example, lambda ds: ds.transpose("time", "cell"))) as ds:
        np.testing.assert_array_equal(ds["tmin"].transpose("cell", "time"), expected)


def test_fill_values_are_missing_however_they_are_stored(example):
    h5py = pytest.importorskip("h5py")
    with h5py.File(example, "r+") as file:  # as SPL4CMDL stores them: an array, and no NaN anywhere
        values = file["vpd"][:]
        values[2, 5] = -9999
        file["vpd"][:] = values
        file["vpd"].attrs["_FillValue"] = np.array([-9999.0])
    with open_drivers(example) as ds:
        assert np.isnan(ds["vpd"][2, 5])
        assert int(np.isnan(ds["vpd"]).sum()) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda ds: ds.drop_vars("vpd"), ["lacks vpd (or VPD)"]),
        (lambda ds: ds.drop_vars(["par", "frozen"]), ["par (or PAR)", "frozen (or FT)"]),
        (lambda ds: ds.drop_vars("pft"), ["pft (or PFT)"]),
        (lambda ds: ds.assign(PAR=ds["par"]), ["par twice", "'par'", "'PAR'"]),
        (lambda ds: ds.assign(FT=ds["frozen"]), ["FT", "frozen"]),
        (lambda ds: ds.rename(cell="pixel"), ["dimensions ('pixel', 'time')", "(cell, time)"]),
        (lambda ds: ds.assign(tmin=ds["tmin"][:, 0].drop_vars("time")), ["tmin", "('cell',)"]),
        (lambda ds: ds.assign(vpd=ds["vpd"].assign_attrs(units="kPa")), ["vpd", "'kPa'", "'Pa'", "multiply by 1000"]),
        (lambda ds: ds.assign(par=ds["par"].assign_attrs(units="umol m-2 s-1")), ["par", "umol", "MJ m-2 d-1", "4.57"]),
        (lambda ds: ds.assign(fpar=ds["fpar"].assign_attrs(units="%")), ["fpar", "'%'", "divide by 100"]),
        (lambda ds: ds.assign(tmin=ds["tmin"].assign_attrs(units="degC")), ["tmin", "'degC'", "add 273.15"]),
        (lambda ds: ds.assign(t_soil=ds["t_soil"].assign_attrs(units="Celsius")), ["t_soil", "add 273.15"]),
        (lambda ds: ds.assign(smsf=ds["smsf"].assign_attrs(units="m3 m-3")), ["smsf", "porosity"]),
        (lambda ds: ds.assign(smrz=ds["smrz"].drop_attrs()), ["smrz", "no attribute 'units'", "'%'"]),
        (lambda ds: ds.drop_isel(time=7), ["2015-01-07", "2015-01-09", "every day"]),
        (lambda ds: ds.isel(time=slice(None, None, -1)), ["2015-12-31", "every day"]),
        (lambda ds: ds.drop_vars("time"), ["no time coordinate"]),
        (lambda ds: ds.assign_coords(time=np.arange(365.0)), ["time", "dates"]),
        (lambda ds: ds.isel(cell=slice(0, 0)), ["empty"]),
        (lambda ds: ds.assign(soc_fast=("cell", np.ones(8))), ["soc_fast", "soc_med"]),
        (lambda ds: ds.assign(SOC_init=(("pool", "cell"), np.ones((2, 8)))), ["SOC_init", "(2, 8)", "3 pools"]),
        (lambda ds: ds.assign(lue_max=ds["tmin"]), ["lue_max", "(cell)"]),
    ],
)
def test_a_wrong_file_is_named_with_its_fault_and_the_remedy(example, change, words):
    rewritten(example, change)
    with pytest.raises(ValueError, match=r"drivers\.nc") as caught:
        open_drivers(example)
    assert [word for word in words if word not in str(caught.value)] == []
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("engine", ["h5netcdf", "scipy"])
@pytest.mark.parametrize("share", [0.001, 0.5, 0.99])
def test_a_truncated_file_is_refused_in_one_line(example, engine, share):
    rewritten(example, lambda ds: ds, engine=engine)
    data = example.read_bytes()
    example.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ValueError, match=r"drivers\.nc") as caught:
        open_drivers(example).load()
    assert "\n" not in str(caught.value)


def test_what_is_no_file_of_drivers_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.nc"):
        open_drivers(tmp_path / "nowhere.nc")
    (tmp_path / "text.nc").write_text("par,vpd\n1,2\n")
    with pytest.raises(ValueError, match="neither NetCDF nor Zarr"):
        open_drivers(tmp_path / "text.nc")
    with pytest.raises(ValueError, match="no Zarr store"):
        open_drivers(tmp_path)
    (tmp_path / "empty.nc").write_bytes(b"")
    with pytest.raises(ValueError, match="neither"):
        open_drivers(tmp_path / "empty.nc")
