"""Runs: the reference numbers, balances that must close, and the same result however it is cut up."""

import tracemalloc
from dataclasses import replace

import numba
import numpy as np
import pytest
import xarray as xr

from data_catalog.datasets.driver_file import open_drivers, write_example
from models.experiment import Experiment, L4COptions, Region, run, run_to_file
from models.kernel import Cancelled
from models.l4c.bplut import load_bplut
from models.l4c.drivers import pack_blocks
from models.l4c.live import LiveRun
from models.l4c.params import PFTS
from models.l4c.run import OUTPUTS, POOLS
from models.result import FLUXES

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="loops over days and lanes take minutes uncompiled")

REFERENCE = {
    "gpp": "GPP", "npp": "NPP", "ra": "RA", "rh": "RH", "nee": "NEE", "e_mult": "Emult", "t_mult": "Tmult",
    "w_mult": "Wmult", "f_tmin": "f_tmin", "f_vpd": "f_vpd", "f_smrz": "f_smrz", "f_ft": "f_ft",
}  # fmt: skip
PERIODIC = Experiment(dataset="file", l4c=L4COptions(soc_start="periodic"))
YEAR = 365


@pytest.fixture(scope="module")
def set_a(shared):
    return shared / "reference/l4c/set_a.nc"


@pytest.fixture(scope="module")
def expected(set_a):
    with xr.open_dataset(set_a, engine="h5netcdf") as ds:
        return ds.load()


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    path = tmp_path_factory.mktemp("drivers") / "example.nc"
    write_example(path, cells=40)
    return path


@pytest.fixture(scope="module")
def drivers(example):
    with open_drivers(example) as ds:
        return ds.load()


@pytest.fixture(scope="module")
def years(tmp_path_factory):
    """Three years, the second a leap year, each with weather of its own."""
    path = tmp_path_factory.mktemp("drivers") / "years.nc"
    write_example(path, cells=16, days=YEAR * 3 + 1)
    with open_drivers(path) as ds:
        return ds.load()


@pytest.mark.reference
def test_a_plain_run_of_the_reference_drivers_gives_every_reference_number(set_a, expected):
    result = run(Experiment(dataset="file"), open_drivers(set_a))
    for ours, theirs in REFERENCE.items():
        tolerance = {"rtol": 1e-6, "atol": 1e-9} if ours == "nee" else {"rtol": 1e-10}
        np.testing.assert_allclose(result[ours], expected[theirs], err_msg=ours, **tolerance)
    for place, pool in enumerate(("fast", "med", "slow")):
        np.testing.assert_allclose(result[f"soc_{pool}_start"], expected["SOC_init"][place], rtol=1e-10)
        np.testing.assert_allclose(result[f"soc_{pool}_end"], expected["SOC_final"][place], rtol=1e-10)
        np.testing.assert_allclose(result[f"rh_{pool}"], expected["RH_pools"][place], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(result["litterfall"] * YEAR, expected["litterfall_annual"], rtol=1e-10)


@pytest.mark.reference
@pytest.mark.parametrize("start", ["periodic", "analytical"])
def test_the_reference_soils_are_found_from_the_drivers_alone(set_a, expected, start):
    ds = open_drivers(set_a).drop_vars(["litterfall", *POOLS])
    result = run(Experiment(dataset="file", l4c=L4COptions(soc_start=start)), ds)
    reference = expected["SOC_exact_periodic" if start == "periodic" else "SOC_analytical"]
    for place, pool in enumerate(POOLS):
        np.testing.assert_allclose(result[pool][:, 0], reference[place], rtol=1e-9)


@pytest.mark.reference
def test_single_precision_stays_within_its_stated_distance(set_a, expected):
    result = run(Experiment(dataset="file", precision="float32"), open_drivers(set_a))
    assert result["gpp"].dtype == np.float32
    for ours, theirs in REFERENCE.items():
        # The reference states 2e-6 of the array's maximum; NEE is a difference of large fluxes.
        limit = 3e-5 if ours == "nee" else 4e-6 * float(np.abs(expected[theirs]).max())
        assert float(np.abs(result[ours] - expected[theirs]).max()) < limit, ours


def test_what_enters_the_soil_less_what_leaves_is_what_stays(drivers):
    result = run(PERIODIC, drivers)
    change = result["soc"].diff("time")
    balance = result["litterfall"] - result["rh"].isel(time=slice(None, -1)).drop_vars("time")
    np.testing.assert_allclose(change.values, balance.transpose("cell", "time").values, atol=1e-11)  # of SOC of 1e4


def test_a_periodic_year_ends_as_it_began(drivers):
    result = run(PERIODIC, drivers)
    assert float(np.abs(result["nee"].sum("time")).max()) < 1e-6
    for pool in POOLS:
        np.testing.assert_allclose(result[f"{pool}_end"], result[f"{pool}_start"], rtol=1e-10)


def test_fluxes_add_up(drivers):
    r = run(PERIODIC, drivers)
    np.testing.assert_allclose(r["nee"], r["ra"] + r["rh"] - r["gpp"], atol=1e-12)
    np.testing.assert_allclose(r["npp"], r["gpp"] - r["ra"], atol=1e-12)
    np.testing.assert_allclose(r["soc"], sum(r[pool] for pool in POOLS), rtol=1e-12)
    np.testing.assert_allclose(r["e_mult"], r["f_vpd"] * r["f_tmin"] * r["f_smrz"] * r["f_ft"], rtol=1e-12)


@pytest.mark.parametrize("block", [1, 7, 16, 1000])
def test_the_result_does_not_depend_on_how_cells_are_cut_into_blocks(drivers, block):
    whole = run(PERIODIC, drivers)
    xr.testing.assert_identical(run(PERIODIC, drivers, block=block).drop_attrs(), whole.drop_attrs())


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
@pytest.mark.parametrize("output", ["daily", "monthly", "annual"])
def test_a_file_holds_what_a_run_in_memory_gives(tmp_path, example, drivers, suffix, output):
    if suffix == ".zarr":
        pytest.importorskip("zarr")
    experiment = replace(PERIODIC, output=output, per_pft=output == "annual")
    out = tmp_path / f"out{suffix}"
    written = run_to_file(experiment, open_drivers(example, block=6), out, block=6)
    assert written.cells == 40
    with xr.open_dataset(out, engine="h5netcdf" if suffix == ".nc" else "zarr") as saved:
        assert Experiment.from_attrs(saved.attrs) == experiment
        memory = run(experiment, drivers)
        assert set(saved.variables) == set(memory.variables)
        assert set(saved.coords) == set(memory.coords)
        for name in memory.variables:
            np.testing.assert_array_equal(saved[name].values, memory[name].values, err_msg=name)
            assert saved[name].dims == memory[name].dims, name
            assert saved[name].attrs.get("units") == memory[name].attrs.get("units"), name
    assert sorted(p.name for p in tmp_path.iterdir()) == [out.name]


def test_a_run_to_a_file_keeps_one_block_in_memory(tmp_path):
    write_example(tmp_path / "one.nc", cells=16)
    with open_drivers(tmp_path / "one.nc") as ds:  # compiles
        run_to_file(PERIODIC, ds, tmp_path / "out.nc")
    peaks = []
    for cells in (64, 256):
        path = tmp_path / f"{cells}.nc"
        write_example(path, cells=cells)
        tracemalloc.start()
        with open_drivers(path, block=16) as ds:
            run_to_file(PERIODIC, ds, tmp_path / "out.nc", block=16)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # Four times the cells take no more; the result alone has 19 arrays of float64.
    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[1] < 256 * YEAR * 8 * 19


def test_the_region_selects_its_cells_and_keeps_their_order(drivers):
    box = Region("box", -60.0, -20.0, 40.0, 30.0)
    inside = np.flatnonzero(box.contains(drivers["latitude"].values, drivers["longitude"].values))
    assert 0 < inside.size < drivers.sizes["cell"]
    result, whole = run(replace(PERIODIC, region=box), drivers), run(PERIODIC, drivers)
    assert result["cell"].values.tolist() == inside.tolist()
    np.testing.assert_array_equal(result["nee"], whole["nee"].isel(cell=inside))
    np.testing.assert_array_equal(result["latitude"], drivers["latitude"].isel(cell=inside))


def test_the_period_selects_days_and_leaves_the_past_as_it_was(drivers):
    summer = run(replace(PERIODIC, period=("2015-06-01", "2015-08-31")), drivers)
    whole = run(PERIODIC, drivers)
    assert summer.sizes["time"] == 92
    xr.testing.assert_identical(summer["soc"], whole["soc"].sel(time=summer["time"]))
    np.testing.assert_array_equal(summer["soc_slow_start"], whole["soc_slow"].sel(time="2015-06-01"))
    np.testing.assert_array_equal(summer["soc_slow_end"], whole["soc_slow"].sel(time="2015-09-01"))


def test_months_are_means_and_years_are_sums(drivers):
    daily = run(PERIODIC, drivers)
    monthly = run(replace(PERIODIC, output="monthly"), drivers)
    annual = run(replace(PERIODIC, output="annual"), drivers)
    np.testing.assert_allclose(
        monthly["gpp"], daily["gpp"].resample(time="MS").mean().transpose("cell", "time"), rtol=1e-12
    )
    np.testing.assert_allclose(annual["gpp"][:, 0], daily["gpp"].sum("time"), rtol=1e-12)
    np.testing.assert_allclose(annual["t_mult"][:, 0], daily["t_mult"].mean("time"), rtol=1e-12)
    assert (monthly["gpp"].attrs["units"], monthly["gpp"].attrs["cell_methods"][:10]) == ("gC m-2 d-1", "time: mean")
    assert (annual["gpp"].attrs["units"], annual["gpp"].attrs["cell_methods"][:9]) == ("gC m-2", "time: sum")
    assert annual["soc"].attrs["units"] == "gC m-2"
    assert monthly["time_bounds"].values[0].astype("datetime64[D]").astype(str).tolist() == ["2015-01-01", "2015-02-01"]


def test_plant_types_of_a_cell_are_run_apart_and_averaged_by_their_fractions(drivers):
    mixed = drivers.isel(cell=slice(0, 12)).drop_vars("pft").assign_coords(pft=np.arange(1, 9))
    fraction = np.zeros((12, 8))
    fraction[:, 5], fraction[:, 0] = 0.25, 0.5  # grass and needleleaf forest; a quarter bears nothing
    mixed["pft_fraction"] = (("cell", "pft"), fraction, {"units": "1"})
    result = run(replace(PERIODIC, per_pft=True), mixed)
    for pft, place in (("GRS", 5), ("ENF", 0)):
        alone = drivers.isel(cell=slice(0, 12)).assign(pft=("cell", np.full(12, place + 1)))
        single = run(PERIODIC, alone)
        for name in OUTPUTS:
            np.testing.assert_allclose(
                result[f"{name}_pft"][:, place], single[name], rtol=1e-12, err_msg=f"{name} {pft}"
            )
    for name in OUTPUTS:
        mean = 1 / 3 * result[f"{name}_pft"][:, 5] + 2 / 3 * result[f"{name}_pft"][:, 0]
        np.testing.assert_allclose(result[name], mean, rtol=1e-12, atol=1e-12)
    assert result["gpp_pft"][:, 1].isnull().all()


def test_a_cell_without_plants_has_no_flux(drivers):
    for water in (0, 9, 254, np.nan):
        ds = drivers.assign(pft=("cell", np.where(np.arange(40) == 3, water, drivers["pft"].values)))
        result = run(PERIODIC, ds)
        assert result["gpp"].isnull().any("time").values.tolist() == [cell == 3 for cell in range(40)]


def test_missing_days_have_no_flux_leave_the_pools_and_are_counted(drivers):
    ds = drivers.copy(deep=True)
    ds["par"][2, 100:103] = np.nan
    ds["t_soil"][5, 200] = np.nan
    before = ds.copy(deep=True)
    result = run(PERIODIC, ds)
    xr.testing.assert_identical(ds, before)  # the caller's arrays are never written to
    assert result["gpp"][2].isnull().values.nonzero()[0].tolist() == [100, 101, 102]
    assert not result["rh"][2].isnull().any()
    assert result["rh"][5].isnull().values.nonzero()[0].tolist() == [200]
    assert float(result["soc"][5, 201]) == float(result["soc"][5, 200])
    assert result["missing_days"].values.nonzero()[0].tolist() == [2, 5]
    assert result["missing_days"].values[[2, 5]].tolist() == [3, 1]
    valid = np.delete(result["npp"][2].values, [100, 101, 102])
    assert float(result["litterfall"][2]) == pytest.approx(valid.mean(), rel=1e-12)
    annual = run(replace(PERIODIC, output="annual"), ds)
    assert float(annual["npp"][2, 0]) == pytest.approx(valid.mean() * YEAR, rel=1e-12)


def test_a_removed_constraint_is_one_and_its_driver_may_be_missing(drivers):
    ds = drivers.copy(deep=True)
    ds["vpd"][:, 50] = np.nan
    following = L4COptions(soc_start="periodic", without=("vpd",), spin_up="experiment")
    result = run(Experiment(dataset="file", l4c=following), ds)
    assert (result["f_vpd"] == 1).all()
    assert not result["gpp"].isnull().any()


def test_a_record_of_several_years_starts_from_its_own_climatology(years):
    result = run(PERIODIC, years)
    npp = result["npp"]
    leap_day = (years["time"].dt.month == 2) & (years["time"].dt.day == 29)
    assert int(leap_day.sum()) == 1
    expected = npp.isel(time=~leap_day.values).mean("time")  # every calendar day occurs three times
    np.testing.assert_allclose(result["litterfall"], expected, rtol=1e-12)
    # Three years' mean is in balance with itself to what the years' order and the leap day leave.
    assert float(np.abs(result["nee"].sum("time") / 3).max()) < 5.0


def test_the_same_year_thrice_starts_as_the_year_does(drivers):
    year = drivers.isel(cell=slice(0, 16))
    days = np.datetime64("2017-01-01", "ns") + np.arange(3 * YEAR) * np.timedelta64(1, "D")
    thrice = xr.concat([year.drop_vars("time")] * 3, "time", data_vars="minimal").assign_coords(time=days)
    for start in ("periodic", "analytical"):
        for fall in ("constant", "schedule"):
            experiment = Experiment(dataset="file", l4c=L4COptions(soc_start=start, litterfall=fall))
            one, three = run(experiment, year), run(experiment, thrice)
            np.testing.assert_allclose(three["litterfall"], one["litterfall"], rtol=1e-12)
            for pool in POOLS:
                np.testing.assert_allclose(three[f"{pool}_start"], one[f"{pool}_start"], rtol=1e-9)
    assert float(np.abs(three["nee"].sum("time")).max()) < 1e3


def test_a_record_that_starts_in_summer_starts_in_its_own_season(drivers):
    year = drivers.isel(cell=slice(0, 16))
    whole = run(PERIODIC, year)
    turned = year.roll(time=-181, roll_coords=False)
    turned["time"] = np.datetime64("2014-07-01", "ns") + np.arange(YEAR) * np.timedelta64(1, "D")
    twice = xr.concat([turned.drop_vars("time")] * 2, "time", data_vars="minimal")
    twice = twice.assign_coords(time=np.datetime64("2013-07-01", "ns") + np.arange(2 * YEAR) * np.timedelta64(1, "D"))
    for ds in (turned.isel(time=slice(0, YEAR)), twice):
        np.testing.assert_allclose(run(PERIODIC, ds)["soc_slow_start"], whole["soc_slow"][:, 181], rtol=1e-9)


def test_edited_parameters_move_fluxes_but_not_the_soil_they_start_from(drivers):
    plain = run(PERIODIC, drivers)
    edited = run(PERIODIC.with_parameters("GRS", lue_max=2.0, k_fast=0.03), drivers)
    grass = drivers["pft"].values == PFTS.index("GRS") + 1
    np.testing.assert_array_equal(edited["soc"][:, 0], plain["soc"][:, 0])
    np.testing.assert_array_equal(edited["litterfall"], plain["litterfall"])
    np.testing.assert_array_equal(edited["nee"][~grass], plain["nee"][~grass])
    ratio = 2.0 / load_bplut()["GRS"].lue_max
    np.testing.assert_allclose(edited["gpp"][grass], plain["gpp"][grass] * ratio, rtol=1e-12)
    spun = run(
        replace(PERIODIC, l4c=replace(PERIODIC.l4c, spin_up="experiment")).with_parameters("GRS", lue_max=2.0), drivers
    )
    np.testing.assert_allclose(spun["soc"][grass], plain["soc"][grass] * ratio, rtol=1e-9)


@pytest.mark.reference
def test_a_files_own_parameters_stand_and_the_experiment_changes_them(set_a):
    ds = open_drivers(set_a).load()
    ds["lue_max"] = ds["lue_max"] * 1.1
    plain = run(Experiment(dataset="file"), ds)
    with_table = run(Experiment(dataset="file"), ds.drop_vars("lue_max"))
    np.testing.assert_allclose(plain["gpp"], with_table["gpp"] * 1.1, rtol=1e-12)
    edited = run(Experiment(dataset="file").with_parameters("ENF", lue_max=2.0), ds)
    needle = ds["pft"].values == 1
    np.testing.assert_allclose(edited["gpp"][needle], plain["gpp"][needle] * 2.0 / ds["lue_max"][needle], rtol=1e-12)
    np.testing.assert_array_equal(edited["gpp"][~needle], plain["gpp"][~needle])


def test_a_result_says_where_it_came_from(drivers):
    result = run(PERIODIC, drivers)
    assert result.attrs["Conventions"] == "CF-1.11"
    assert "synthetic" in result.attrs["source"]
    assert result.attrs["licence"] == "CC0"
    assert "periodic" in result.attrs["comment"]
    assert "numpy" in result.attrs["software"]
    assert Experiment.from_attrs(result.attrs) == PERIODIC
    for name in FLUXES:
        assert result[name].attrs["units"] == "gC m-2 d-1"
    assert result["soc"].attrs["comment"] == "at the start of the day"


def test_progress_rises_to_one_and_a_cancelled_run_leaves_no_file(tmp_path, drivers):
    shares = []
    run(PERIODIC, drivers, progress=shares.append, block=8)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    with pytest.raises(Cancelled):
        run_to_file(PERIODIC, drivers, tmp_path / "out.nc", block=8, cancelled=lambda: True)
    assert list(tmp_path.iterdir()) == []


def broken(ds, **changes):
    """Return the drivers with values or attributes of some variables changed."""
    ds = ds.copy(deep=True)
    for name, change in changes.items():
        ds[name] = change(ds[name])
    return ds


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"vpd": lambda v: (v / 1000).assign_attrs(units="kPa")}, ["vpd", "kPa", "Pa"]),
        ({"vpd": lambda v: (v / 1000).assign_attrs(units="Pa")}, ["vpd", "kPa"]),
        ({"par": lambda v: (v * 53).assign_attrs(units="MJ m-2 d-1")}, ["par", "[0, 30]"]),
        ({"fpar": lambda v: (v * 100).assign_attrs(units="1")}, ["fpar", "[0, 1]", "percent"]),
        ({"tmin": lambda v: (v - 273.15).assign_attrs(units="K")}, ["tmin", "[180, 330]"]),
        ({"tmin": lambda v: v.where(v > 265, -9999).assign_attrs(units="K")}, ["tmin", "-9999", "_FillValue"]),
        ({"smsf": lambda v: v.drop_attrs()}, ["smsf", "units"]),
    ],
)
@pytest.mark.parametrize("block", [None, 4])
def test_wrong_drivers_are_named_before_anything_is_computed(tmp_path, drivers, change, words, block):
    with pytest.raises(ValueError, match=words[0]) as caught:
        run_to_file(PERIODIC, broken(drivers, **change), tmp_path / "out.nc", block=block)
    assert [word for word in words if word not in str(caught.value)] == []
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_run_says_why(drivers):
    file = Experiment(dataset="file")
    with pytest.raises(KeyError, match="vpd, t_soil"):
        run(file, drivers.drop_vars(["vpd", "t_soil"]))
    with pytest.raises(ValueError, match="holds none of the 40 cells"):
        run(replace(file, region=Region("sea", -30.0, -20.0, -20.0, -10.0)), drivers)
    with pytest.raises(ValueError, match="no latitude"):
        run(replace(file, region="Iberia"), drivers.drop_vars("latitude"))
    with pytest.raises(ValueError, match="outside the record"):
        run(replace(file, period=("1999-01-01", "1999-12-31")), drivers)
    with pytest.raises(ValueError, match="90 days"):
        run(file, drivers.isel(time=slice(0, 90)))
    with pytest.raises(ValueError, match="After 2015-01-10 comes 2015-01-12"):
        run(file, drivers.drop_isel(time=10))
    with pytest.raises(ValueError, match="soc_start = 'given'"):
        run(replace(file, l4c=L4COptions(soc_start="given")), drivers)
    with pytest.raises(ValueError, match=r"lue_max of cell 7 = 99 .*\[0\.5, 4\.5\]"):
        run(file, drivers.assign(lue_max=("cell", np.where(np.arange(40) == 7, 99.0, 1.0))))
    with pytest.raises(ValueError, match="tmin_low = 284 of cell 0"):
        run(file, drivers.assign(tmin_low=("cell", np.full(40, 284.0)), tmin_high=("cell", np.full(40, 270.0))))
    soils = {pool: ("cell", np.where(np.arange(40) == 3, np.nan, 100.0)) for pool in POOLS}
    with pytest.raises(ValueError, match="soc_fast of cell 3 is nan"):
        run(file, drivers.assign(soils))


def test_a_short_record_runs_from_soils_that_are_given(drivers):
    ds = drivers.isel(time=slice(0, 90)).assign({pool: ("cell", np.full(40, 500.0)) for pool in POOLS})
    ds["litterfall"] = ("cell", np.full(40, 1.5), {"units": "gC m-2 d-1"})
    result = run(Experiment(dataset="file"), ds)
    assert (result["soc_med_start"] == 500).all()
    assert result.sizes["time"] == 90


@pytest.mark.parametrize(
    "options",
    [
        L4COptions(),
        L4COptions(
            bplut="V5", parameters=(("GRS", "lue_max", 2.0), ("ENF", "k_fast", 0.03), ("SHR", "vpd_high", 3000.0))
        ),
        L4COptions(parameters=(("GRS", "lue_max", 2.0), ("DBF", "f_aut", 0.4)), spin_up="experiment"),
        L4COptions(without=("vpd", "smsf"), frozen_gpp="zero", soc_start="analytical"),
        L4COptions(smrz_range="minimum_100", litterfall="schedule"),
    ],
)
def test_what_the_page_computes_live_is_what_a_run_writes(drivers, options):
    blocks = pack_blocks(drivers, smrz_range=options.smrz_range)
    live = LiveRun(blocks, smrz_range=options.smrz_range).result(options)
    result = run(Experiment(dataset="file", output="annual", l4c=options), drivers)
    for name in ("gpp", "ra", "rh", "nee", "soc"):
        # A live field is float32; NEE is a small difference of large sums.
        size = float(np.abs(result["gpp"]).max())
        np.testing.assert_allclose(
            live.field(name, "annual"), result[name][:, 0], rtol=1e-5, atol=1e-6 * size, err_msg=name
        )
