"""Columns and runs that several tests of the land surface model share."""

import numpy as np
import pytest
import xarray as xr

from models.land import layout as at
from models.land.column import integrate
from models.land.columns import cold_start, column_table
from models.land.layout import LANES
from models.land.run import LandOptions, run_land

COVER = {12: 0.96, 10: 0.90, 4: 0.95, 1: 0.90, 7: 0.50, 14: 0.95, 5: 0.95}
CLIMATES = ("IL", "MED", "BOR", "ATL")


@pytest.fixture(scope="session")
def noahmp(shared) -> xr.Dataset:
    """Daily means of Noah-MP 5, 23 columns, two years."""
    with xr.open_dataset(shared / "reference" / "land" / "noahmp5_daily.nc") as ds:
        return ds.load()


@pytest.fixture(scope="session")
def bondville(shared) -> xr.Dataset:
    """Half-hourly weather of four climates, one of them measured."""
    with xr.open_dataset(shared / "reference" / "land" / "forcing_halfhourly.nc") as ds:
        return ds.load()


def reference_table(noahmp, bondville):
    """Describe the reference's columns."""
    climate = np.array([CLIMATES.index(str(name).split(":")[0]) for name in noahmp.column.values])
    vegetation = noahmp.veg.values
    return column_table(
        vegetation,
        noahmp.soil.values,
        vegetation_fraction=np.array([COVER[v] for v in vegetation]),
        t_bottom=bondville.tbot.values[climate],
        latitude=40.01,
        longitude=-88.37,
        site=climate,
    )


def reference_run(noahmp, bondville, dt: float, cycles: int) -> xr.Dataset:
    """Run the reference's columns from its own cold start; the last of ``cycles`` two-year cycles."""
    table = reference_table(noahmp, bondville)
    options = LandOptions(dt=dt, start="1998-01-01T00:00")
    columns = cold_start(table)
    for _ in range(cycles - 1):
        run_land(bondville, table, options, columns=columns)
    return run_land(bondville, table, options, columns=columns)


@pytest.fixture(scope="session")
def hourly(noahmp, bondville) -> xr.Dataset:
    """The reference's columns at the default step."""
    return reference_run(noahmp, bondville, 3600.0, 10)


def random_weather(rng, steps: int, count: int) -> np.ndarray:
    """Extreme but possible weather: 225-325 K, 0-25 m s-1, rain to 100 mm h-1, humidity 5-102 %."""
    t = rng.uniform(225.0, 325.0, (steps, count))
    calm = (rng.uniform(230.0, 320.0, count) + 8.0 * rng.standard_normal((steps, count))).clip(225.0, 325.0)
    t[:, ::2] = calm[:, ::2]
    p = rng.uniform(5e4, 1.05e5, (steps, count))
    saturated = 611.2 * np.exp(17.67 * (t - 273.15) / (t - 29.65))
    e = np.minimum(rng.uniform(0.05, 1.02, (steps, count)) * saturated, 0.3 * p)
    sun = np.maximum(rng.uniform(-1.0, 1.0, (steps, count)), 0.0)
    rain = np.where(rng.random((steps, count)) < 0.3, rng.exponential(10.0, (steps, count)), 0.0).clip(0.0, 100.0)
    rows = (
        t,
        0.622 * e / (p - 0.378 * e),
        p,
        rng.uniform(0.0, 25.0, (steps, count)),
        rng.uniform(0.0, 1300.0, (steps, count)) * (sun > 0.0),
        rng.uniform(80.0, 500.0, (steps, count)),
        rain / 3600.0,
        sun,
    )
    return np.ascontiguousarray(np.stack(rows, axis=-1))


def run_steps(columns, weather, dt=3600.0, newton=2, substeps=2, van_genuchten=False, groundwater=False, per_output=24):
    """Run without data sets; returns the outputs (interval, block, N_OUTPUTS, LANES)."""
    blocks = columns.state.shape[0]
    output = np.zeros((weather.shape[0] // per_output, blocks, at.N_OUTPUTS, LANES))
    none = np.zeros((0, blocks, 3, LANES))
    integrate(
        *(0, blocks, weather, columns.source, 0, weather.shape[0], dt, newton, substeps, van_genuchten, groundwater),
        *(columns.parameters, columns.state, none, per_output, output, columns.balance),
    )
    return output


def site_weather(ds: xr.Dataset) -> xr.Dataset:
    """Return the measured climate alone, hourly times included."""
    one = ds.isel(climate=[0])
    times = np.datetime64("1998-01-01T00:00", "ns") + np.arange(ds.sizes["time"]) * np.timedelta64(30, "m")
    return one.assign_coords(time=times)
