"""The embedded climate against the mean months of real towers; snowfall and all-sky radiation fitted anew."""

from pathlib import Path

import numpy as np
import pandas as pd

from data_catalog.grid import EaseGrid
from data_catalog.world import weather_rules as rules
from data_catalog.world.build_climate import LAPSE_RATE, SNOWFALL, fit_snowfall
from data_catalog.world.build_radiation import all_sky_ratio, fit_ratio, predictors
from data_catalog.world.static import open_static

SHARED = Path(__file__).resolve().parents[3] / "shared"
SCALE_HEIGHT = 2500.0  # m, over which vapour pressure falls to 1/e
FOLDS = 10
FROST = 273.15  # K, of the cell: months below are cold


def tower_months(folder):
    """Mean value of each month of the year at each tower, in our units.

    Parameters
    ----------
    folder : Path
        Holds ``monthly/`` with FLUXNET2015 SUBSET MM files, and two lists of the sites.

    Returns
    -------
    dict
        ``site``, ``latitude``, ``longitude``, ``elevation`` (NaN where unknown), ``years`` (tower,); ``t_air`` [K],
        ``precip`` [mm d-1], ``vpd`` [Pa], ``sw_down`` [W m-2] (tower, 12). VPD and radiation only of months of which at
        least half was measured or filled well.
    """
    sites = pd.read_csv(folder / "FluxNET_sites.csv").set_index("SITE_ID")
    heights = pd.read_csv(folder / "siteinfo_fluxnet2015.csv").set_index("sitename")["elv"]
    sites["LOCATION_ELEV"] = sites["LOCATION_ELEV"].fillna(heights)
    out = {name: [] for name in ("site", "latitude", "longitude", "elevation", "years")}
    out |= {name: [] for name in ("t_air", "precip", "vpd", "sw_down")}
    for path in sorted((folder / "monthly").glob("*.csv")):
        names = ("TIMESTAMP", "TA_F", "P_F", "VPD_F", "VPD_F_QC", "SW_IN_F", "SW_IN_F_QC")
        table = pd.read_csv(path, na_values=-9999, usecols=names)
        site = sites.loc[path.name.split("_")[1]]
        table["t_air"] = table["TA_F"] + 273.15
        table["precip"] = table["P_F"]
        table["vpd"] = 100.0 * table["VPD_F"].where(table["VPD_F_QC"] >= 0.5)
        table["sw_down"] = table["SW_IN_F"].where(table["SW_IN_F_QC"] >= 0.5)
        months = table.groupby(table["TIMESTAMP"] % 100)[["t_air", "precip", "vpd", "sw_down"]].mean()
        months = months.reindex(range(1, 13))
        out["site"].append(site.name)
        out["latitude"].append(site["LOCATION_LAT"])
        out["longitude"].append(site["LOCATION_LONG"])
        out["elevation"].append(site["LOCATION_ELEV"])
        out["years"].append(len(table) / 12.0)
        for name in months:
            out[name].append(months[name].to_numpy())
    return {name: np.array(values) for name, values in out.items()}


def nearest_cell(static, latitude, longitude):
    """Index of the land cell that holds each place, or of the nearest one where the place's own cell is no land."""
    row, column = EaseGrid(static.attrs["grid"]).row_col(latitude, longitude)
    d_row = static["row"].values[None, :] - row[:, None]
    d_column = static["column"].values[None, :] - column[:, None]
    return (d_row**2 + d_column**2).argmin(axis=1)


def score(simulated, observed):
    """Correlation, bias, RMSE and number of the pairs that are complete."""
    both = np.isfinite(simulated) & np.isfinite(observed)
    difference = (simulated - observed)[both]
    r = np.corrcoef(simulated[both], observed[both])[0, 1]
    return r, difference.mean(), np.sqrt((difference**2).mean()), both.sum()


def _folds(n):
    """Give each of ``n`` towers the number of the fold that leaves it out."""
    return np.random.default_rng(0).permutation(n) % FOLDS


def refitted_precipitation(at, observed):
    """Precipitation at towers, the snowfall of each by a fit to the other nine tenths of the towers: (tower, 12)."""
    snow = at["snowfall"].values
    liquid = at["precip"].values - snow
    shape, fold = snow / SNOWFALL, _folds(len(snow))
    out = liquid.copy()
    for k in range(FOLDS):
        factor = fit_snowfall(shape, np.where((fold == k)[:, None], np.nan, observed - liquid))
        out[fold == k] += factor * shape[fold == k]
    return out


def refitted_radiation(static, cell, observed):
    """Radiation at towers, each predicted by a fit to the other nine tenths of the towers: (tower, 12)."""
    at = static.isel(cell=cell)
    terms = predictors(
        at["latitude"].values, at["elevation"].values, at["t_air"].values, (at["precip"] - at["snowfall"]).values,
        at["vapour_pressure"].values, at["cloud_water"].values, at["sw_top"].values,
    )  # fmt: skip
    clear = at["sw_clear"].values
    fold = _folds(len(cell))
    out = np.full(observed.shape, np.nan)
    for k in range(FOLDS):
        coefficients = fit_ratio(terms, clear, np.where((fold == k)[:, None], np.nan, observed))
        out[fold == k] = (clear * all_sky_ratio(terms, coefficients))[fold == k]
    return out


def compare(folder):
    """Scores of every variable: dict of name -> (r, bias, RMSE, n)."""
    towers = tower_months(folder)
    static = open_static("36km")
    cell = nearest_cell(static, towers["latitude"], towers["longitude"])
    at = static.isel(cell=cell)
    rise = np.nan_to_num(towers["elevation"] - at["elevation"].values)[:, None]
    t_here = at["t_air"].values + LAPSE_RATE * rise
    vapour_here = at["vapour_pressure"].values * np.exp(-rise / SCALE_HEIGHT)
    vpd_here = rules.vapour_pressure_deficit(t_here, at["t_range"].values, at["t_anomaly_std"].values, vapour_here)
    long = (towers["years"] >= 2.0)[:, None]
    cold = at["t_air"].values < FROST
    in_frost = np.where(cold, towers["precip"], np.nan)
    liquid = (at["precip"] - at["snowfall"]).values
    return {
        "temperature [K]": score(t_here, towers["t_air"]),
        "temperature, cell as it is [K]": score(at["t_air"].values, towers["t_air"]),
        "precipitation [mm d-1]": score(at["precip"].values, towers["precip"]),
        "precipitation, towers of 2 years and more [mm d-1]": score(
            at["precip"].values, np.where(long, towers["precip"], np.nan)
        ),
        "precipitation in frost [mm d-1]": score(at["precip"].values, in_frost),
        "precipitation in frost, towers left out of the fit [mm d-1]": score(
            refitted_precipitation(at, towers["precip"]), in_frost
        ),
        "liquid rain of the map in frost [mm d-1]": score(liquid, in_frost),
        "24-hour VPD [Pa]": score(vpd_here, towers["vpd"]),
        "24-hour VPD, cell as it is [Pa]": score(at["vpd"].values, towers["vpd"]),
        "shortwave radiation [W m-2]": score(at["sw_down"].values, towers["sw_down"]),
        "shortwave radiation, towers left out of the fit [W m-2]": score(
            refitted_radiation(static, cell, towers["sw_down"]), towers["sw_down"]
        ),
    }


# Lowest correlation and largest RMSE that the embedded climate may have, in the order of the table.
TARGETS = {
    "temperature [K]": (0.99, 1.7),
    "precipitation [mm d-1]": (0.81, 1.25),
    "precipitation, towers of 2 years and more [mm d-1]": (0.83, 1.15),
    "precipitation in frost [mm d-1]": (0.64, 0.75),
    "precipitation in frost, towers left out of the fit [mm d-1]": (0.64, 0.75),
    "24-hour VPD [Pa]": (0.95, 180.0),
    "shortwave radiation [W m-2]": (0.97, 20.0),
    "shortwave radiation, towers left out of the fit [W m-2]": (0.97, 20.0),
}


def rows():
    """Rows of the benchmark's table: name, value, target, note."""
    folder = SHARED / "data" / "fluxnet2015"
    if not folder.is_dir():
        return [("climate against towers", "not run", "", "the towers' monthly files are not beside the project")]
    table = []
    for name, (r, bias, rmse, n) in compare(folder).items():
        lowest, highest = (f">= {TARGETS[name][0]}", f"<= {TARGETS[name][1]}") if name in TARGETS else ("", "")
        quantity, unit = name.removesuffix("]").split(" [")
        table.append((f"{quantity}: r", float(r), lowest, f"{n} mean months at FLUXNET2015 towers"))
        table.append((f"{quantity}: RMSE", float(rmse), highest, f"{unit}; bias {bias:+.3g}"))
    return table
