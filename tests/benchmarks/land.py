"""How fast the land surface model is, and how near to what towers measured."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from models.kernel import THREADS
from models.land import layout as at
from models.land.column import integrate
from models.land.columns import cold_start, column_table
from models.land.layout import LANES
from models.land.run import LandOptions, advance, run_land

SHARED = Path(__file__).resolve().parents[3] / "shared"
STEPS, CELLS, MEMBERS = 48, 40, 24
SCALAR = """
import pathlib, sys, types
import models.land
source = pathlib.Path(models.land.__file__).with_name("layout.py").read_text()
layout = types.ModuleType("models.land.layout")
sys.modules["models.land.layout"] = models.land.layout = layout
exec(compile(source.replace("\\nLANES = 8\\n", "\\nLANES = 1\\n"), "layout", "exec"), layout.__dict__)
from tests.benchmarks import land
print(land.seconds_per_step(land.ensemble(4), 1))
"""


def weather(sites: int, steps: int = STEPS) -> np.ndarray:
    """Two synthetic summer days with rain, a little different at each site."""
    hour = np.arange(steps)[:, None]
    shift = np.linspace(0.0, 1.0, sites)[None, :]
    day = np.cos(2.0 * np.pi * (hour / 24.0 - 0.55))
    t = 290.0 + 6.0 * day + shift
    mu = np.maximum(day, 0.0)
    one = np.ones_like(t)
    rain = np.where(hour % 9 == 0, 1.0 / 3600.0, 0.0) * one
    rows = (t, 0.008 * one, 1e5 * one, 3.0 + shift + 0.0 * hour, 800.0 * mu * one, 330.0 * one, rain, mu * one)
    return np.ascontiguousarray(np.stack(rows, axis=-1))


def ensemble(cells: int, members: int = MEMBERS):
    """Cells of many classes, ``members`` columns each, side by side."""
    cell = np.repeat(np.arange(cells), members)
    columns = cold_start(column_table(cell % 12 + 1, cell % 11 + 1, site=cell))
    wet = columns.get("soil_moisture")
    columns.set("soil_moisture", wet + np.random.default_rng(1).normal(0.0, 0.02, wet.shape))
    return columns


def seconds_per_step(columns, threads: int, passes: int = 9) -> float:
    """Time of a column and step [s], the fastest of some passes: of the processor for one thread, else of the wall."""
    forcing = weather(int(columns.table.site.max()) + 1)
    blocks = columns.state.shape[0]
    none, nothing = np.zeros((0, blocks, 3, LANES)), np.zeros((0, blocks, at.N_OUTPUTS, LANES))
    clock = time.thread_time if threads == 1 else time.perf_counter
    best = np.inf
    for _ in range(passes + 1):
        begin = clock()
        if threads == 1:
            integrate(
                *(0, blocks, forcing, columns.source, 0, STEPS, 3600.0, 2, 2, False, False),
                *(columns.parameters, columns.state, none, 24, nothing, columns.balance),
            )
        else:
            advance(columns, forcing, LandOptions())
        best = min(best, clock() - begin)
    return best / (STEPS * columns.count)


def scalar_seconds() -> float:
    """Seconds of a column and step when the same equations run one member after another (blocks of one lane)."""
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"NUMBA_CACHE_DIR": cache}
        done = subprocess.run(
            [sys.executable, "-c", SCALAR],
            capture_output=True,
            text=True,
            env=environment,
            check=True,
            cwd=Path(__file__).resolve().parents[2],
        )
    return float(done.stdout)


def skill(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, str]:
    """Return r of two daily series, and bias and RMSD in words."""
    good = np.isfinite(ours) & np.isfinite(theirs)
    a, b = ours[good], theirs[good]
    r, rmsd = np.corrcoef(a, b)[0, 1], np.sqrt(np.mean((a - b) ** 2))
    return float(r), f"bias {np.mean(a - b):+.3f}, RMSD {rmsd:.3f}, {good.sum()} days"


def bondville() -> tuple[xr.Dataset, pd.DataFrame]:
    """Bondville, Illinois: run 1998 and 2001 (measured weather), and soil moisture and leaf area measured in 2001."""
    with xr.open_dataset(SHARED / "reference" / "land" / "forcing_halfhourly.nc") as ds:
        weather_il = ds.isel(climate=[0]).load()
    table = column_table([12], [8], vegetation_fraction=0.96, t_bottom=285.0, latitude=40.01, longitude=-88.37)
    ds = run_land(weather_il, table, LandOptions(spin_up=10, start="1998-01-01T00:00"))
    observed = pd.read_csv(SHARED / "data" / "bondville" / "Bondville_obs_2001.dat", sep=r"\s+", na_values=[-999])
    observed.index = pd.to_datetime(observed.TIMESTAMP.astype(str).str[:8], format="%Y%m%d")
    # The second year of the record is 2001.
    second = ds.isel(column=0, time=slice(365, 730))
    return second.assign_coords(time=pd.date_range("2001-01-01", periods=365)), observed


def lucky_hills() -> tuple[xr.Dataset, pd.DataFrame]:
    """US-Whs, Lucky Hills shrubland, Arizona, July to December 2007: half-hourly weather, and what was measured.

    Longwave is not in the file: clear-sky emissivity of Brutsaert (1975). Gaps of the weather are interpolated, those
    of rain are dry. The record is repeated for spin-up.
    """
    path = SHARED / "data" / "ameriflux" / "AMF_USWhs_2007_L2_WG_V004.csv"
    lines = path.read_text(encoding="latin-1").splitlines()
    head = next(k for k, line in enumerate(lines) if line.startswith("YEAR"))
    names = [name.strip() for name in lines[head].split(",")]
    rows = [line.split(",") for line in lines[head + 3 :] if line.strip()]
    data = pd.DataFrame(rows, columns=names).apply(pd.to_numeric, errors="coerce")
    data = data.where(data > -6000.0)
    data.index = pd.to_datetime("2007-01-01") + pd.to_timedelta(((data.DTIME - 1.0) * 48).round() * 30, unit="min")
    data = data[~data.index.duplicated()].asfreq("30min")
    data = data.loc["2007-07-01":"2007-12-30"]
    met = data[["TA", "RH", "PRESS", "WS", "Rg"]].interpolate(limit_direction="both")
    t = met.TA + 273.15
    e = met.RH.clip(3.0, 100.0) / 100.0 * 611.2 * np.exp(17.67 * met.TA / (met.TA + 243.5))
    p = met.PRESS * 1000.0
    fields = {
        "t_air": t,
        "q_air": 0.622 * e / (p - 0.378 * e),
        "pressure": p,
        "wind": met.WS.clip(lower=0.0),
        "sw_down": met.Rg.clip(lower=0.0),
        "lw_down": 1.24 * (e / 100.0 / t) ** (1.0 / 7.0) * 5.67e-8 * t**4,
        "precip_rate": data.PREC.fillna(0.0).clip(lower=0.0) / 1800.0,
    }
    # Local standard time, seven hours behind UTC.
    forcing = xr.Dataset(
        {name: (("time", "site"), values.to_numpy()[:, None]) for name, values in fields.items()},
        coords={"time": data.index.to_numpy() + np.timedelta64(7, "h")},
    )
    table = column_table(
        [7], [3], vegetation_fraction=0.3, t_bottom=291.0, latitude=31.7438, longitude=-110.0522, forcing_height=6.0
    )
    ds = run_land(forcing, table, LandOptions(dt=1800.0, spin_up=8, stamp="end", soil_moisture=0.1))
    daily = data[["SWC1", "SWC2", "LE", "H", "PREC"]].resample("1D").mean()
    return ds.isel(column=0).assign_coords(time=daily.index), daily


def rows(*, scalar: bool = True) -> list[tuple[str, float, str, str]]:
    """Measure, and return (name, value, target, note) of each figure.

    ``scalar=False`` leaves out the run in blocks of one lane, which compiles for half a minute or more.
    """
    table = []
    many = seconds_per_step(ensemble(CELLS), 1)
    single = seconds_per_step(ensemble(CELLS * MEMBERS, 1), 1)
    table.append(("column-steps/s, 1 member x 960 cells, one thread", 1.0 / single, ">= 1e6", "1 h step"))
    table.append(("column-steps/s, 24 members x 40 cells, one thread", 1.0 / many, ">= 1e6", "1 h step"))
    both = seconds_per_step(ensemble(CELLS), THREADS)
    table.append((f"the same, {THREADS} threads, wall clock", 1.0 / both, "", f"{many / both:.2f} x one thread"))
    if scalar:
        alone = scalar_seconds()
        note = f"{1.0 / alone:.3g} column-steps/s in blocks of one lane"
        table.append(("24 members in lanes over one after another", alone / many, ">= 2", note))
    if not SHARED.is_dir():
        return table
    ds, observed = bondville()
    for name, column in (("ssm", "SM1"), ("lai", "LAI")):
        r, note = skill(ds[name].sel(time=observed.index).values, observed[column].to_numpy())
        table.append((f"r of {name}, Bondville May to October 2001", r, "", note))
    ds, observed = lucky_hills()
    for name, theirs in (("ssm", observed.SWC1 / 100.0), ("le", observed.LE), ("h", observed.H)):
        r, note = skill(ds[name].values, theirs.to_numpy())
        table.append((f"r of {name}, US-Whs July to December 2007", r, "", f"{note}; longwave estimated"))
    return table
