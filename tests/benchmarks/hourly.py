"""How fast the world's hours are made, and how near they are to towers: longwave radiation, soil, a real year."""

import time
from pathlib import Path

import numpy as np
import pandas as pd

from data_catalog.datasets.bondville import read_bondville
from data_catalog.world.hourly import hourly_forcing
from data_catalog.world.static import open_static
from data_catalog.world.surface import deep_temperature
from data_catalog.world.weather import DAYS, MONTH_DAYS, MONTH_START
from models.land.layout import FORCING
from tests.benchmarks.climate import nearest_cell
from tests.benchmarks.weather import monthly_soil

SHARED = Path(__file__).resolve().parents[3] / "shared"
CELLS = np.arange(0, 12715, 100)
PASSES = 5
BONDVILLE = 40.01, -88.29
SIGMA = 5.67e-8
EMISSIVITY = 0.85  # of the sky, by which a difference in air temperature is taken out of one in longwave radiation


def rate() -> float:
    """Million cell-hours a second and core, the draw of the days included: least processor time of some passes."""
    hourly_forcing("108km", CELLS[:2], 0, 2)
    best = np.inf
    for _ in range(PASSES):
        before = time.process_time()
        made = hourly_forcing("108km", CELLS)
        best = min(best, time.process_time() - before)
    return made.shape[0] * made.shape[1] / best / 1e6


def _longwave(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean months at towers (tower, 12): longwave radiation there and in the world, and the latter's error.

    The error is without what the world's air temperature differs from the tower's.
    """
    sites = pd.read_csv(folder / "FluxNET_sites.csv").set_index("SITE_ID")
    names, observed, air = [], [], []
    for path in sorted((folder / "monthly").glob("*.csv")):
        table = pd.read_csv(path, na_values=-9999)
        if "LW_IN_F" not in table:
            continue
        table["LW"] = table["LW_IN_F"].where(table["LW_IN_F_QC"] >= 0.5)
        months = table.groupby(table["TIMESTAMP"] % 100)[["LW", "TA_F"]].mean().reindex(range(1, 13))
        if months["LW"].notna().all():
            names.append(path.name.split("_")[1])
            observed.append(months["LW"])
            air.append(months["TA_F"] + 273.15)
    observed, air = np.array(observed), np.array(air)
    where = sites.loc[names]
    cells = nearest_cell(open_static("36km"), where["LOCATION_LAT"].to_numpy(), where["LOCATION_LONG"].to_numpy())
    daily = hourly_forcing("36km", cells).reshape(DAYS, 24, len(cells), len(FORCING)).mean(axis=1)
    monthly = np.stack([daily[a : a + n].mean(axis=0) for a, n in zip(MONTH_START, MONTH_DAYS, strict=False)], axis=1)
    made = monthly[..., FORCING.index("lw_down")]
    warmer = monthly[..., FORCING.index("t_air")] - air
    return observed, made, made - observed - 4 * EMISSIVITY * SIGMA * air**3 * warmer


def _deep(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return errors (tower,) of the mean soil temperature [K]: by the rule, and taken to be that of the air.

    Errors are without what the world's air temperature differs from the tower's.
    """
    soil = monthly_soil(folder / "monthly")
    where = pd.read_csv(folder / "FluxNET_sites.csv").set_index("SITE_ID").loc[list(soil)]
    static = open_static("36km")
    cells = nearest_cell(static, where["LOCATION_LAT"].to_numpy(), where["LOCATION_LONG"].to_numpy())
    part = static.isel(cell=cells)
    mean = np.average(part["t_air"].values, weights=MONTH_DAYS, axis=1)
    tower = []
    for name in soil:
        table = pd.read_csv(next((folder / "monthly").glob(f"FLX_{name}_*.csv")), na_values=-9999)
        tower.append(table.groupby(table["TIMESTAMP"] % 100)["TA_F"].mean().mean() + 273.15)
    observed = np.array([table["t_soil"].mean() for table in soil.values()])
    warmer = mean - np.array(tower)
    made = deep_temperature(part["t_air"].values, part["snowfall"].values)
    return made - observed - warmer, mean - observed - warmer


def _course(x: dict[str, np.ndarray]) -> dict[str, float]:
    """What hours are like within their days; every array is (day, 24)."""
    rain = x["precip_rate"] * 3600.0
    total, wet = rain.sum(axis=1), rain > 0.05
    t = x["t_air"]
    wind = x["wind"].mean(axis=1)
    rainy = (total >= 2.0) & (total < 20.0)
    cool, warm = rainy & (t.mean(axis=1) < 283.0), rainy & (t.mean(axis=1) > 291.0)
    return {
        "warmest hour of the day, median": float(np.median(t.argmax(axis=1))),
        "coldest hour of the day, median": float(np.median(t.argmin(axis=1))),
        "hours with rain on a cool day with 2-20 mm": float(wet[cool].sum(axis=1).mean()),
        "hours with rain on a warm day with 2-20 mm": float(wet[warm].sum(axis=1).mean()),
        "share of the wettest hour on such a warm day [1]": float((rain[warm].max(axis=1) / total[warm]).mean()),
        "share of its rain that falls from 13 to 20 h [1]": float((rain[warm, 13:20].sum(axis=1) / total[warm]).mean()),
        "standard deviation of a day's wind over its mean [1]": float(wind.std() / wind.mean()),
        "wind at 14 h over that at 2 h [1]": float(x["wind"][:, 14].mean() / x["wind"][:, 2].mean()),
        "emissivity of the sky [1]": float((x["lw_down"] / (SIGMA * t**4)).mean()),
    }


def _half_hours(path: Path) -> dict[str, float]:
    ds = read_bondville(path)
    whole = ds.sizes["time"] // 48 * 48
    names = ("t_air", "precip_rate", "wind", "lw_down")
    return _course({name: ds[name].values[:whole].reshape(-1, 24, 2).mean(axis=2) for name in names})


def rows() -> list[tuple[str, float | str, str, str]]:
    """Print the rate; compare with towers where their data are here."""
    speed = rate()
    found = [("million cell-hours a second and core", speed, ">= 5", f"{speed / 5.0:.1f} of the target; days included")]
    towers = SHARED / "data" / "fluxnet2015"
    if not towers.is_dir():
        return [*found, ("against towers", "no data", "", "the observations beside the project are not here")]
    observed, made, error = _longwave(towers)
    note = f"RMS {np.sqrt((error**2).mean()):.1f}, r {np.corrcoef(made.ravel(), observed.ravel())[0, 1]:.3f}, "
    found.append(
        ("longwave radiation, bias [W m-2]", float(error.mean()), "", f"{note}{len(error)} towers x 12 months")
    )
    by_rule, as_air = _deep(towers)
    note = f"bias {by_rule.mean():.1f} K, {by_rule.size} towers; the air's own mean: bias {as_air.mean():.1f} K, RMS "
    note += f"{np.sqrt((as_air**2).mean()):.1f} K"
    found.append(("deep soil temperature, RMS difference [K]", float(np.sqrt((by_rule**2).mean())), "", note))
    year = SHARED / "data" / "bondville" / "hrldas_bondville.dat"
    if year.is_file():
        cell = nearest_cell(open_static("36km"), *(np.array([x]) for x in BONDVILLE))
        three = hourly_forcing("36km", cell, 0, 3 * DAYS).reshape(-1, 24, len(FORCING))
        mine = _course({name: three[..., k] for k, name in enumerate(FORCING)})
        for name, value in _half_hours(year).items():
            found.append(
                (name, mine[name], f"{value:.3g}", "Bondville 1998, half hours; the world's cell, three years")
            )
    return found
