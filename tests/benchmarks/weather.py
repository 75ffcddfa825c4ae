"""The synthetic weather and the land model's open loop on it against real towers: how days vary, how soil follows."""

from pathlib import Path

import numpy as np
import pandas as pd

from data_catalog import open_dataset
from data_catalog.world.daily import open_weather
from data_catalog.world.static import open_static
from tests.benchmarks.climate import nearest_cell

SHARED = Path(__file__).resolve().parents[3] / "shared"
FEWEST_YEARS = 2


def daily_statistics(table: pd.DataFrame) -> dict[str, float]:
    """How days vary about their month's own mean; ``table`` has t_air, vpd, sw_down, precip by day."""
    month = [table.index.year, table.index.month]
    anomaly = table - table.groupby(month).transform("mean")
    t = anomaly["t_air"].to_numpy()
    wet = (table["precip"] >= 1.0).to_numpy()
    return {
        "standard deviation of daily temperature [K]": np.nanstd(t),
        "its correlation from day to day [1]": pd.Series(t[1:]).corr(pd.Series(t[:-1])),
        "standard deviation of daily VPD [Pa]": np.nanstd(anomaly["vpd"]),
        "standard deviation of daily radiation [W m-2]": np.nanstd(anomaly["sw_down"]),
        "days with 1 mm of rain [1]": wet.mean(),
        "of days after a wet day [1]": wet[1:][wet[:-1]].mean(),
        "radiation and rain, correlation [1]": anomaly["sw_down"].corr(anomaly["precip"]),
    }


def _daily_towers(folder: Path) -> dict[str, pd.DataFrame]:
    found = {}
    for path in sorted(folder.glob("*.csv")):
        names = ["TIMESTAMP", "TA_F", "VPD_F", "SW_IN_F", "P_F"]
        table = pd.read_csv(path, na_values=-9999, usecols=names, parse_dates=["TIMESTAMP"], index_col="TIMESTAMP")
        table = table.rename(columns={"TA_F": "t_air", "VPD_F": "vpd", "SW_IN_F": "sw_down", "P_F": "precip"})
        table["vpd"] *= 100.0
        found[path.name.split("_")[1]] = table.dropna()
    return found


def monthly_soil(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the mean months (t_soil [K], water [%]) of towers with some years of both."""
    found = {}
    for path in sorted(folder.glob("*.csv")):
        head = pd.read_csv(path, nrows=0).columns
        names = [n for n in ("TS_F_MDS_1", "SWC_F_MDS_1") if n in head]
        if len(names) < 2:
            continue
        table = pd.read_csv(path, na_values=-9999, usecols=["TIMESTAMP", *names])
        months = table.groupby(table["TIMESTAMP"] % 100)[names].agg(["mean", "count"])
        if len(months) == 12 and months.xs("count", axis=1, level=1).to_numpy().min() >= FEWEST_YEARS:
            mean = months.xs("mean", axis=1, level=1)
            found[path.name.split("_")[1]] = pd.DataFrame({"t_soil": mean[names[0]] + 273.15, "water": mean[names[1]]})
    return found


def rows() -> list[tuple[str, float | str, str, str]]:
    """Compare the 36-km cells that hold the towers with what the towers measured."""
    towers = SHARED / "data" / "fluxnet2015"
    if not towers.is_dir():
        return [("against towers", "no data", "", "the observations beside the project are not here")]
    sites = pd.read_csv(towers / "FluxNET_sites.csv").set_index("SITE_ID")
    static = open_static("36km")

    def cells_of(names):
        where = sites.loc[list(names)]
        return nearest_cell(static, where["LOCATION_LAT"].to_numpy(), where["LOCATION_LONG"].to_numpy())

    found = []
    days = _daily_towers(towers / "daily")
    ds = open_weather("36km", cells_of(days))
    both = []
    for place, table in enumerate(days.values()):
        made = ds[["t_air", "vpd", "sw_down", "precip"]].isel(cell=place).to_dataframe()
        made = made[["t_air", "vpd", "sw_down", "precip"]]
        both.append((daily_statistics(table), daily_statistics(made)))
    for name in both[0][0]:
        real, made = (np.array([pair[k][name] for pair in both]) for k in (0, 1))
        note = (
            f"towers {real.mean():.3g}, RMS difference {np.sqrt(((made - real) ** 2).mean()):.2g}, {len(both)} towers"
        )
        found.append((name, float(made.mean()), f"{real.mean():.3g}", note))

    soil = monthly_soil(towers / "monthly")
    ds = open_dataset("reference-earth", grid="36km", cells=cells_of(soil))
    monthly = ds[["t_soil", "smsf", "smrz"]].groupby("time.month").mean().transpose("cell", "month")
    real = np.array([table["t_soil"] for table in soil.values()])
    difference = monthly["t_soil"].values - real
    correlation = np.corrcoef(monthly["t_soil"].values.ravel(), real.ravel())[0, 1]
    note = f"bias {difference.mean():.1f} K, r {correlation:.3f}, {len(real)} towers x 12 months"
    found.append(("soil temperature, RMS difference [K]", float(np.sqrt((difference**2).mean())), "", note))
    water = np.array([table["water"] for table in soil.values()])
    for name, long_name in (("smsf", "surface"), ("smrz", "root zone")):
        r = [np.corrcoef(a, b)[0, 1] for a, b in zip(monthly[name].values, water, strict=True)]
        note = f"median of {len(r)} towers; quarter below {np.percentile(r, 25):.2f}"
        found.append((f"season of {long_name} wetness and tower soil water, r [1]", float(np.median(r)), "", note))
    return found
