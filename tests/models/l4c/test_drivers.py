"""Drivers that come from anyone: every wrong unit has its own message."""

import numpy as np
import pytest
import xarray as xr

from models.l4c.drivers import pack_blocks, same_unit
from models.l4c.forward import to_cells, to_pfts
from models.packing import DRIVERS, LANES

DAYS, CELLS = 10, 5
GOOD = {
    "par": (8.0, "MJ m-2 d-1"), "fpar": (0.5, "1"), "tmin": (280.0, "K"), "vpd": (900.0, "Pa"), "smrz": (40.0, "%"),
    "smsf": (35.0, "%"), "t_soil": (283.0, "K"), "frozen": (0.0, "1"),
}  # fmt: skip


def drivers(**changes) -> xr.Dataset:
    """Drivers of five cells; a change is a value, a unit, or both."""
    rng = np.random.default_rng(0)
    ds = xr.Dataset(coords={"time": np.datetime64("2015-01-01") + np.arange(DAYS)})
    for name, (value, unit) in GOOD.items():
        spread = 0 if name == "frozen" else 0.05 * value
        values = value + spread * rng.uniform(-1, 1, (CELLS, DAYS))
        change = changes.get(name, {})
        values = values * change.get("times", 1) + change.get("plus", 0)
        if "at" in change:
            values[change["at"]] = change["value"]
        ds[name] = (("cell", "time"), values, {"units": change.get("units", unit), **change.get("attrs", {})})
    ds["pft"] = ("cell", [1, 6, 0, 8, 255])
    return ds


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vpd": {"units": "kPa", "times": 1e-3}}, "vpd is in 'kPa'; 'Pa' is accepted: multiply by 1000"),
        ({"vpd": {"times": 1e-3}}, "looks like kPa"),
        (
            {"par": {"units": "umol m-2 s-1", "times": 50}},
            r"par is in 'umol m-2 s-1'; 'MJ m-2 d-1' is accepted: multiply",
        ),
        ({"par": {"times": 50}}, r"par = 4\d\d.* MJ m-2 d-1 .* lies outside \[0, 30\].*umol"),
        ({"fpar": {"units": "%", "times": 100}}, "fpar is in '%'; '1' is accepted: divide by 100"),
        ({"fpar": {"times": 100}}, r"fpar = 5\d.* lies outside \[0, 1\].*percent"),
        ({"tmin": {"units": "degC", "plus": -273.15}}, "tmin is in 'degC'; 'K' is accepted: add 273.15"),
        ({"tmin": {"plus": -273.15}}, "degrees Celsius"),
        ({"smsf": {"times": 0.01}}, "looks like a fraction"),
        ({"smsf": {"units": "m3 m-3", "times": 0.01}}, "smsf is in 'm3 m-3'; '%' is accepted: divide by the porosity"),
        ({"par": {"at": (2, 3), "value": -9999.0}}, r"par = -9999 MJ m-2 d-1 at \(cell, time\) \(2, 3\).*fill value"),
        ({"t_soil": {"at": (0, 0), "value": np.inf}}, "t_soil holds an infinite value"),
        ({"smrz": {"at": (0, 0), "value": 120.0}}, r"smrz = 120 % .* lies outside \[0, 100.5\]"),
    ],
)
def test_a_wrong_unit_or_value_is_named_with_what_to_do(change, message):
    with pytest.raises(ValueError, match=message):
        pack_blocks(drivers(**change))


def test_a_missing_variable_is_named():
    with pytest.raises(KeyError, match="no 'vpd'"):
        pack_blocks(drivers().drop_vars("vpd"))


def test_a_missing_unit_is_an_error_not_a_guess():
    ds = drivers()
    del ds.vpd.attrs["units"]
    with pytest.raises(ValueError, match="vpd has no attribute 'units'"):
        pack_blocks(ds)


def test_other_dimensions_are_named():
    with pytest.raises(ValueError, match="par has the dimensions"):
        pack_blocks(drivers().assign(par=drivers().par.isel(time=0, drop=True)))


@pytest.mark.parametrize("attribute", ["_FillValue", "missing_value"])
@pytest.mark.parametrize("value", [-9999.0, np.array([-9999.0])])
def test_a_declared_fill_value_is_a_gap_even_if_it_is_an_array(attribute, value):
    change = {"at": (1, 4), "value": -9999.0, "attrs": {attribute: value}}
    blocks = pack_blocks(drivers(vpd=change))
    lane = int(np.flatnonzero(blocks.cell_of.ravel() == 1)[0])
    gaps = np.isnan(blocks.data[0, :, DRIVERS.index("vpd"), lane])
    np.testing.assert_array_equal(np.flatnonzero(gaps), [4])


@pytest.mark.parametrize(
    ("unit", "name", "same"),
    [
        ("percent saturation", "smsf", True), ("kelvin", "tmin", True), ("MJ m-2 day-1", "par", True),
        ("g C m-2", "soc", True), ("m3 m-3", "smsf", False), ("kPa", "vpd", False), ("degC", "tmin", False),
        ("W m-2", "par", False),
    ],
)  # fmt: skip
def test_only_other_spellings_of_the_same_unit_are_accepted(unit, name, same):
    assert same_unit(unit, name) is same


def test_cells_without_a_plant_type_have_no_tile():
    blocks = pack_blocks(drivers())
    assert sorted(blocks.pft) == [1, 6, 8]
    values = to_cells(blocks, np.ones((blocks.n_tile, LANES)))
    np.testing.assert_array_equal(np.isnan(values), [False, False, True, False, True])


def test_fractions_and_fpar_per_plant_type_make_tiles_of_a_cell():
    ds = drivers().drop_vars("pft").assign_coords(pft=np.arange(1, 9))
    ds["pft_fraction"] = (("cell", "pft"), np.zeros((CELLS, 8)), {"units": "1"})
    ds.pft_fraction[0, 5], ds.pft_fraction[0, 0], ds.pft_fraction[3, 5] = 0.6, 0.2, 1.0
    fpar = np.linspace(0, 1, CELLS * 8 * DAYS).reshape(CELLS, 8, DAYS)
    ds["fpar"] = (("cell", "pft", "time"), fpar, {"units": "1"})
    blocks = pack_blocks(ds)
    found = to_pfts(blocks, blocks.fpar.astype(float))
    np.testing.assert_array_equal(found[0, 5], fpar[0, 5])
    np.testing.assert_array_equal(found[3, 5], fpar[3, 5])
    assert np.isnan(found[0, 2]).all()
    mean = to_cells(blocks, blocks.fpar.astype(float))
    np.testing.assert_allclose(mean[0], 0.75 * fpar[0, 5] + 0.25 * fpar[0, 0])


def test_fractions_beyond_the_cell_are_refused():
    ds = drivers().drop_vars("pft").assign_coords(pft=np.arange(1, 9))
    ds["pft_fraction"] = (("cell", "pft"), np.full((CELLS, 8), 0.2), {"units": "1"})
    with pytest.raises(ValueError, match=r"pft_fraction of cell 0 adds up to 1\.6"):
        pack_blocks(ds)


def test_the_dataset_is_not_written_to():
    ds = drivers()
    before = ds.copy(deep=True)
    blocks = pack_blocks(ds)
    assert ds.identical(before)
    assert not np.shares_memory(blocks.data, ds.par.values)
    with pytest.raises(ValueError, match="read-only"):
        blocks.data[:] = 0


@pytest.mark.parametrize("smrz_range", ["observed", "wilting_point", "minimum_100"])
def test_the_root_zone_is_stretched_between_the_limits_that_are_chosen(smrz_range):
    ds = drivers()
    for name, value in (("smrz_min", 30.0), ("smrz_max", 60.0), ("smrz_wilting", 10.0)):
        ds[name] = ("cell", np.full(CELLS, value), {"units": "%"})
    low = {"observed": 30.0, "wilting_point": 10.0, "minimum_100": float(ds.smrz[1].min())}[smrz_range]
    high = 100.0 if smrz_range == "minimum_100" else 60.0
    blocks = pack_blocks(ds, smrz_range)
    lane = int(np.flatnonzero(blocks.cell_of.ravel() == 1)[0])
    n = 100 * (ds.smrz[1].values - low) / (high - low) + 1
    np.testing.assert_allclose(blocks.data[0, :, 3, lane], 95 * np.log(n) / np.log(101) + 5)


def test_a_slice_of_cells_is_packed_alone():
    whole, part = pack_blocks(drivers()), pack_blocks(drivers(), cells=slice(3, 5))
    assert part.n_cell == 2
    assert part.n_tile == 1
    lane = int(np.flatnonzero(whole.cell_of.ravel() == 3)[0])
    np.testing.assert_array_equal(part.data[0, ..., 0], whole.data[0, ..., lane])
