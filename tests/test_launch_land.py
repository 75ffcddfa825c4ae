"""The land surface model on the command line: what it reads, what it writes, and how it says no."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner
from numba import config

import launch
from data_catalog.datasets.land_forcing import open_forcing
from models.examples import EXAMPLES
from models.experiment import Experiment
from tests.models.land.test_reference import CRITERIA, anomaly, correlation, our_values, reference_values

LAUNCH = Path(launch.__file__)
compiled = pytest.mark.skipif(bool(config.DISABLE_JIT), reason="Runs of years need compiled kernels.")
OURS = {"T": "t_air", "q": "q_air", "P": "pressure", "SW": "sw_down", "LW": "lw_down", "PR": "precip"}
UNITS = {"T": "K", "q": "kg kg-1", "P": "Pa", "wind": "m s-1", "SW": "W m-2", "LW": "W m-2", "PR": "kg m-2 s-1"}
PLAN = """
model = "land"
dataset = "file"
[land]
cycles = 1
start = "1998-01-01T00:00"
[land.columns]
vegetation = 12
soil = 4
latitude = 40.0
longitude = -88.0
"""


@pytest.fixture
def call():
    return lambda *args: CliRunner().invoke(launch.main, [str(a) for a in args])


def write_weather(path, change=lambda ds: ds, days=3, sites=2):
    """Write a file of synthetic weather: the sun at noon, rain on the second day."""
    hours = np.arange(48 * days) / 2.0
    sun = np.maximum(np.cos((hours % 24 - 18.0) / 12.0 * np.pi), 0.0)
    rows = {
        "T": 285.0 + 5.0 * sun,
        "q": 0.006 + 0.0 * sun,
        "P": 1e5 + 0.0 * sun,
        "wind": 3.0 + 0.0 * sun,
        "SW": 700.0 * sun,
        "LW": 310.0 + 0.0 * sun,
        "PR": np.where((hours > 24) & (hours < 30), 2e-4, 0.0),
    }
    ds = xr.Dataset({k: (("climate", "time"), np.tile(v, (sites, 1)), {"units": UNITS[k]}) for k, v in rows.items()})
    change(ds).to_netcdf(path, engine="h5netcdf")
    return path


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "land.toml").write_text(PLAN)
    return tmp_path / "land.toml"


def test_the_example_is_printed(call):
    result = call("run", "--example", "land")
    assert result.exit_code == 0
    assert result.output == EXAMPLES["land"]


@compiled
@pytest.mark.parametrize("name", ["out.nc", "out.zarr"])
def test_daily_means_are_written_with_their_experiment_and_balances(call, plan, tmp_path, name):
    out = tmp_path / name
    result = call("run", plan, "--forcing", write_weather(tmp_path / "weather.nc"), "--out", out)
    assert result.exit_code == 0, result.output
    assert "2 columns x 3 time steps" in result.output
    assert "balances" in result.output
    with xr.open_dataset(out, engine="zarr" if out.is_dir() else "h5netcdf") as ds:
        assert Experiment.from_attrs(ds.attrs) == Experiment.from_toml(PLAN)
        assert ds.soil_moisture.dims == ("column", "layer", "time")
        for variable in (
            *("soil_temperature", "ssm", "rzsm", "lai", "gpp", "npp", "nee", "et", "transpiration"),
            *("soil_evaporation", "runoff", "drainage", "swe"),
        ):
            assert np.isfinite(ds[variable]).all(), variable
            assert ds[variable].attrs["units"]
            assert ds[variable].attrs["cell_methods"] == "time: mean"
        assert float(ds.residual_water_worst.max()) < 1e-9
        assert ds.time.values.astype("datetime64[D]").astype(str).tolist() == ["1998-01-01", "1998-01-02", "1998-01-03"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["land.toml", name, "weather.nc"])


@compiled
def test_every_step_is_written_on_request_and_its_mean_is_the_daily_one(call, plan, tmp_path):
    weather = write_weather(tmp_path / "weather.nc")
    (tmp_path / "native.toml").write_text(PLAN.replace("cycles = 1", 'cycles = 1\noutput = "native"'))
    assert call("run", plan, "--forcing", weather, "--out", tmp_path / "daily.nc").exit_code == 0
    assert call("run", tmp_path / "native.toml", "--forcing", weather, "--out", tmp_path / "native.nc").exit_code == 0
    daily, native = (xr.open_dataset(tmp_path / f"{name}.nc").load() for name in ("daily", "native"))
    assert native.sizes["time"] == 72
    for name in ("gpp", "et", "ssm"):
        means = native[name].values.reshape(2, 3, 24).mean(axis=2)
        np.testing.assert_allclose(means, daily[name].values, rtol=1e-4, atol=1e-5)


@compiled
def test_our_names_and_other_spellings_of_units_mean_the_same(call, plan, tmp_path):
    def ours(ds):
        ds = ds.rename(OURS)
        ds["precip"] = (ds.precip * 86400.0).assign_attrs(units="mm d-1")
        ds["wind"].attrs["units"] = "m/s"
        return ds

    theirs = write_weather(tmp_path / "theirs.nc")
    assert call("run", plan, "--forcing", theirs, "--out", tmp_path / "a.nc").exit_code == 0
    done = call("run", plan, "--forcing", write_weather(tmp_path / "ours.nc", ours), "--out", tmp_path / "b.nc")
    assert done.exit_code == 0, done.output
    with xr.open_dataset(tmp_path / "a.nc") as a, xr.open_dataset(tmp_path / "b.nc") as b:
        xr.testing.assert_allclose(a, b)


def gap(ds):
    ds["T"] = ds["T"].where(ds["T"] < 289.9)
    return ds


def unit(ds):
    ds["P"].attrs["units"] = "hPa"
    return ds


def celsius_unsaid(ds):
    ds["T"] = (ds["T"] - 273.15).assign_attrs({})
    return ds


def uneven(ds):
    times = np.datetime64("1998-01-01T00:30", "ns") + np.arange(ds.sizes["time"]) * np.timedelta64(30, "m")
    times[5] += np.timedelta64(1, "m")
    return ds.assign_coords(time=times)


def rain_without_unit(ds):
    ds = ds.rename(PR="precip")
    ds["precip"].attrs = {}
    return ds


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda ds: ds.drop_vars(["LW", "wind"]), "lacks wind, LW (lw_down)"),
        (gap, "t_air of the forcing is missing at step"),
        (unit, "P of weather.nc is in 'hPa', not 'Pa'"),
        (celsius_unsaid, "lies outside [180, 340]"),
        (uneven, "evenly spaced"),
        (rain_without_unit, "has no unit"),
        (lambda ds: ds.isel(time=slice(0, -6)), "whole days"),
        (lambda ds: ds.isel(time=slice(0, -1)), "whole steps"),
        (lambda ds: ds.assign(veg=("climate", [12, 99])), "vegetation class 99"),
        (lambda ds: ds.rename(climate="plot"), "T of weather.nc lies on ('plot', 'time')"),
    ],
)
def test_bad_weather_ends_with_status_2_and_one_line(call, tmp_path, change, said):
    text = PLAN.replace("vegetation = 12\n", "") if said.endswith("99") else PLAN
    (tmp_path / "land.toml").write_text(text)
    result = call(
        *("run", tmp_path / "land.toml", "--forcing", write_weather(tmp_path / "weather.nc", change)),
        *("--out", tmp_path / "out.nc"),
    )
    assert result.exit_code == 2, result.output
    lines = [line for line in result.output.splitlines() if line]
    assert len(lines) == 1
    assert lines[0].startswith("Error: ")
    assert said in lines[0]
    assert not (tmp_path / "out.nc").exists()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "--forcing FILE"),
        (("--drivers", "x.nc"), "--drivers is nothing"),
        (("--forcing", "nothing.nc"), "No file"),
        (("--forcing", "nothing.csv"), "No file"),
        (("--forcing", "land.toml"), "neither NetCDF nor Zarr"),
        (("--forcing", "weather.nc", "--columns", "weather.nc"), "no dimension 'column'"),
        (("--forcing", "weather.nc", "--scheduler", "tcp://x:1"), "--scheduler"),
    ],
)
def test_wrong_files_end_with_status_2(call, plan, tmp_path, monkeypatch, args, said):
    monkeypatch.chdir(tmp_path)
    write_weather(tmp_path / "weather.nc")
    result = call("run", plan, *args, "--out", "out.nc")
    assert result.exit_code == 2
    assert said in result.output
    assert not Path("out.nc").exists()


def test_weather_is_refused_by_the_carbon_model(call, tmp_path):
    (tmp_path / "carbon.toml").write_text(EXAMPLES["carbon"])
    result = call("run", tmp_path / "carbon.toml", "--forcing", "x.nc", "--out", tmp_path / "out.nc")
    assert result.exit_code == 2
    assert '--forcing is nothing for model = "l4c"' in result.output


@compiled
def test_an_interrupted_run_leaves_no_file(tmp_path):
    (tmp_path / "land.toml").write_text(PLAN.replace("cycles = 1", "cycles = 10000"))
    write_weather(tmp_path / "weather.nc", days=60)
    args = ["run", "land.toml", "--forcing", "weather.nc", "--out", "out.nc"]
    run = subprocess.Popen([sys.executable, LAUNCH, *args], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert run.stderr.readline().strip() == "running"
    time.sleep(0.5)
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=60)
    assert run.returncode != 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["land.toml", "weather.nc"]


def tower_table(path, days=3, longwave=True):
    """Write a half-hourly FLUXNET table, synthetic."""
    start = np.datetime64("2004-06-01T00:00") + np.arange(48 * days) * np.timedelta64(30, "m")

    def stamp(time):
        return "".join(c for c in str(time) if c.isdigit())[:12]

    columns = ["TIMESTAMP_START", "TIMESTAMP_END", "TA_F", "SW_IN_F", "VPD_F", "WS_F", "P_F", "PA_F"]
    lines = [",".join([*columns, "LW_IN_F"][: 9 if longwave else 8])]
    for time_ in start:
        hour = (time_ - time_.astype("datetime64[D]")) / np.timedelta64(1, "h")
        sun = max(np.cos((hour - 12.0) / 12.0 * np.pi), 0.0)
        row = [
            stamp(time_),
            stamp(time_ + np.timedelta64(30, "m")),
            12 + 8 * sun,
            800 * sun,
            5 + 8 * sun,
            2.0,
            0.02,
            97,
        ]
        lines.append(",".join(str(value) for value in [*row, 330.0][: 9 if longwave else 8]))
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_tower_table_becomes_weather(tmp_path):
    ds = open_forcing(tower_table(tmp_path / "FLX_XX-Tst_FLUXNET2015_SUBSET_HH_2004-2004_1-4.csv"))
    assert ds.attrs["stamp"] == "start"
    assert float(ds.t_air[0]) == pytest.approx(285.15)
    assert float(ds.pressure[0]) == pytest.approx(97000.0)
    assert float(ds.precip_rate[0]) == pytest.approx(0.02 / 1800.0)
    e_sat = 611.2 * np.exp(17.67 * 12.0 / (12.0 + 243.5))
    assert float(ds.q_air[0]) == pytest.approx(0.622 * (e_sat - 500.0) / 97000.0, rel=5e-3)
    assert ds.attrs["notes"] == ""


@compiled
def test_a_tower_table_runs_on_its_own_clock_and_says_what_was_estimated(call, tmp_path):
    (tmp_path / "land.toml").write_text(PLAN.replace('start = "1998-01-01T00:00"', 'output = "native"'))
    table = tower_table(tmp_path / "FLX_XX-Tst_FLUXNET2015_SUBSET_HH_2004-2004_1-4.csv", longwave=False)
    result = call("run", tmp_path / "land.toml", "--forcing", table, "--out", tmp_path / "out.nc")
    assert result.exit_code == 0, result.output
    assert "no longwave radiation" in result.output
    with xr.open_dataset(tmp_path / "out.nc") as ds:
        assert "Brutsaert" in ds.attrs["notes"]
        assert "utc_offset=-6.0" in ds.attrs["options"]
        assert float(ds.gpp.groupby("time.hour").mean().idxmax("hour").isel(column=0)) in (10.0, 11.0, 12.0, 13.0)


@compiled
@pytest.mark.reference
def test_the_reference_is_reproduced_from_the_command_line(call, shared, tmp_path):
    folder = shared / "reference" / "land"
    with xr.open_dataset(folder / "noahmp5_daily.nc") as ds:
        noahmp = ds.load()
    text = EXAMPLES["land"].replace('start = "" ', 'start = "1998-01-01T00:00"')
    for setting in ("vegetation_fraction = {", "latitude", "longitude"):
        text = text.replace(f"# {setting}", setting)
    (tmp_path / "land.toml").write_text(text)
    done = call(
        *("run", tmp_path / "land.toml", "--forcing", folder / "forcing_halfhourly.nc"),
        *("--columns", folder / "noahmp5_daily.nc", "--out", tmp_path / "out.nc"),
    )
    assert done.exit_code == 0, done.output
    with xr.open_dataset(tmp_path / "out.nc") as ds:
        result = ds.load()
    assert result.column_name.values.tolist() == noahmp.column.values.tolist()
    for name, (lowest_r, highest_rmsd, lowest_anomaly_r, median_rmsd) in CRITERIA.items():
        ours, theirs = our_values(result, name), reference_values(noahmp, name)
        rmsd = np.sqrt(((ours - theirs) ** 2).mean(axis=0))
        assert np.median(rmsd) <= median_rmsd, name
        if lowest_r is not None:
            assert correlation(ours, theirs).min() >= lowest_r, name
        if highest_rmsd is not None:
            assert rmsd.max() <= highest_rmsd, name
        if lowest_anomaly_r is not None:
            assert correlation(anomaly(ours), anomaly(theirs)).min() >= lowest_anomaly_r, name


WORLD = """
model = "land"
output = "monthly"
[region]
name = "some of Iowa"
west = -95.5
south = 41.0
east = -92.5
north = 43.0
[land]
cycles = 1
time_step = 3.0
"""


@compiled
def test_a_region_of_the_embedded_world_runs_without_a_file(call, tmp_path):
    (tmp_path / "world.toml").write_text(WORLD)
    result = call("run", tmp_path / "world.toml", "--out", tmp_path / "out.nc")
    assert result.exit_code == 0, result.output
    with xr.open_dataset(tmp_path / "out.nc") as ds:
        assert ds.sizes["time"] == 12
        assert "synthetic" in ds.attrs["source"]
        assert ((ds.latitude >= 41.0) & (ds.latitude <= 43.0)).all()
        assert Experiment.from_attrs(ds.attrs).region.name == "some of Iowa"


@compiled
def test_a_tower_runs_by_its_name_and_is_compared_with_its_own_days(call, tmp_path):
    (tmp_path / "tower.toml").write_text(
        'model = "land"\ndataset = "tower"\nsite = "FR-Hes"\n[land]\ncycles = 1\ntime_step = 3.0\n'
    )
    result = call("run", tmp_path / "tower.toml", "--out", tmp_path / "out.nc")
    assert result.exit_code == 0, result.output
    assert "the course of each day is that of the world's synthetic weather" in result.output
    scores = [line.split() for line in result.output.splitlines() if line.startswith(("ssm", "gpp", "nee"))]
    assert {row[0] for row in scores} == {"ssm", "gpp", "nee"}


def test_land_without_weather_or_a_tower_without_a_name_is_told_of(call, plan, tmp_path):
    for text, said in (
        (PLAN, "give --forcing FILE"),
        ('model = "land"\ndataset = "tower"\n', "name it with site, of"),
        ('model = "land"\ndataset = "tower"\nsite = "XX-Non"\n', "No tower is named 'XX-Non'"),
        ('model = "land"\noutput = "annual"\nregion = "Iberia"\n', "it takes 'daily' or 'monthly'"),
        ('model = "land"\nregion = "Iberia"\nperiod = ["2031-01-01", ""]\n[land]\ncycles = 1\n', "no such day"),
    ):
        (tmp_path / "x.toml").write_text(text)
        result = call("run", tmp_path / "x.toml", "--out", tmp_path / "out.nc")
        assert result.exit_code == 2, result.output
        assert said in result.output
        assert result.output.strip().count("\n") == 0


@compiled
def test_the_text_file_of_bondville_runs_as_it_is(call, shared, tmp_path):
    (tmp_path / "land.toml").write_text('model = "land"\ndataset = "file"\n[land]\ncycles = 1\n')
    data = shared / "data" / "bondville" / "noah-owp-modular_bondville.dat"
    result = call("run", tmp_path / "land.toml", "--forcing", data, "--out", tmp_path / "out.nc")
    assert result.exit_code == 0, result.output
    assert "1 columns x 365 time steps" in result.output
    with xr.open_dataset(tmp_path / "out.nc") as ds:
        assert ds["time"].values[0] == np.datetime64("1998-01-01")
        assert 700.0 < float(ds.et.sum()) < 1100.0  # mm, of 926 mm of rain and a moist start


@compiled
def test_a_real_half_hourly_tower_runs_and_agrees_with_what_it_measured(call, shared, tmp_path):
    (tmp_path / "land.toml").write_text(
        'model = "land"\ndataset = "tower"\nsite = "US-Whs"\n[land]\ncycles = 4\nsoil_carbon = "balanced"\n'
    )
    folder = shared / "data" / "ameriflux"
    result = call("run", tmp_path / "land.toml", "--data", folder, "--out", tmp_path / "out.nc")
    assert result.exit_code == 0, result.output
    row = {line.split()[0]: line.split() for line in result.output.splitlines() if line.startswith(("ssm", "le "))}
    assert float(row["ssm"][-5]) > 0.8  # r
    assert float(row["le"][-5]) > 0.7
    assert float(row["le"][-4]) < 25.0  # RMSE, W m-2
