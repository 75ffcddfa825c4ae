"""The driver stack of a tower: who gives each driver in which order of preference, and how well L4C does with it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog import open_dataset
from data_catalog.datasets.fluxnet_daily import to_daily
from data_catalog.drivers import GIVERS, L4C_DRIVERS, tower_drivers
from data_catalog.stack import with_sources
from explorer.data.library import Item
from explorer.data.series import Record, open_record
from models.experiment import Experiment, run
from models.regions import WORLD
from models.skill.scores import compare_with_tower

__all__ = ["FILLED", "USUAL", "StackRun", "beside", "run_stack", "stacked"]

GRID = "108km"
"""Grid of the embedded world that gives what nobody measured."""

USUAL: dict[str, tuple[str, ...]] = dict.fromkeys(L4C_DRIVERS, GIVERS)
"""The usual order of preference of every driver."""

FILLED: dict[str, bool] = dict.fromkeys(L4C_DRIVERS, True)
"""Gaps of every driver go to the next in line."""

NEAR = 0.1
"""Degrees within which another record is at the tower's place."""

GIVING = {*L4C_DRIVERS, "sw_down", "t_air", "ssm", "rzsm", "soil_moisture"} - {"smrz", "smsf"}
"""What a record must hold one of to give a driver."""

SCORES = {"r": "R", "rmse": "RMSE", "ubrmse": "ubRMSE", "bias": "bias"}


@dataclass(frozen=True, eq=False)
class StackRun:
    """A run with one order.

    Attributes
    ----------
    item, file : Item
        The tower, and the other record, if there is one.
    order : dict
        Driver -> who gives it, the preferred first.
    shares : DataFrame
        Columns driver, source, share: of the days.
    scores : DataFrame
        Columns flux, R, RMSE, ubRMSE, bias, n against the tower's days; empty if it has no flux.
    fill : dict
        Driver -> whether its gaps went to the next in line, or were left.
    drivers, result : Dataset
        What was put together, and the run; both carry ``<driver>_source``, who gave each day.
    """

    item: Item
    file: Item | None
    order: dict[str, tuple[str, ...]]
    shares: pd.DataFrame
    scores: pd.DataFrame
    fill: dict[str, bool]
    drivers: xr.Dataset
    result: xr.Dataset


def stacked(item: Item | None) -> bool:
    """Whether a dataset is a tower that can drive L4C day by day."""
    return item is not None and "towers" in item.row.feeds and "drivers" in item.row.feeds


def beside(items: Iterable[Item], item: Item) -> list[Item]:
    """Return other records at a tower's place that hold a driver."""
    row = item.row
    if row.latitude is None or row.longitude is None:
        return []
    return [
        other
        for other in items
        if other is not item
        and other.placed
        and abs(other.row.latitude - row.latitude) < NEAR
        and abs(other.row.longitude - row.longitude) < NEAR
        and GIVING & set(other.row.variables)
    ]


def as_days(record: Record, time: np.ndarray) -> xr.Dataset:
    """Bring a record to the days of a tower: finer ones are averaged, coarser ones run straight from value to value.

    Parameters
    ----------
    record : Record
        Of one place; flagged values are left out.
    time : (day,) datetime64
        Of the tower.

    Returns
    -------
    Dataset
        Dimensions (time, site = 1), NaN where the record has nothing within twice its usual step.
    """
    ds = record.ds
    if "site" in ds.dims:
        ds = ds.isel(site=0, drop=True)
    days = xr.Dataset(coords={"time": time})
    for name in GIVING & set(map(str, ds.data_vars)):
        field = ds[name]
        if field.dims != ("time",):
            continue
        values = pd.Series(np.asarray(field.values, float), index=pd.DatetimeIndex(field["time"].values))
        flag = ds.get(f"{name}_qc")
        if flag is not None and "share" not in str(flag.attrs.get("long_name", "")):
            values = values.where(np.asarray(flag.values, float) <= 1.0)
        values = values.dropna().groupby(lambda when: when.normalize()).mean()
        if not len(values):
            continue
        step = max(1, int(np.median(np.diff(values.index) / np.timedelta64(1, "D")))) if len(values) > 1 else 1
        whole = values.reindex(values.index.union(pd.DatetimeIndex(time)))
        if step > 1:
            # Between two values that are neighbours; the rest stays empty.
            near = pd.Series(whole.index, index=whole.index).where(whole.notna())
            apart = near.bfill() - near.ffill()
            whole = whole.interpolate("time").where(apart <= pd.Timedelta(days=2 * step))
        days[name] = (
            "time",
            whole.reindex(time).to_numpy(),
            {**field.attrs, "column": f"{name} of {record.item.name}"},
        )
    return days.expand_dims(site=[record.item.name], axis=1)


def run_stack(
    item: Item,
    file: Item | None,
    order: Mapping[str, tuple[str, ...]],
    experiment: Experiment,
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
    fill: Mapping[str, bool] = FILLED,
) -> StackRun:
    """Put the drivers of a tower together in an order, run L4C, and score it.

    A day whose driver is left as a gap has no flux, and is not scored.

    Raises
    ------
    ValueError
        The tower is not daily or finer, or does not say where it stands or what grows there.
    models.kernel.Cancelled
        If it was taken back.
    """
    tower = open_record(item).ds
    if tower.attrs.get("resolution") in ("HH", "HR"):
        tower = to_daily(tower)
    other = None
    if file is not None:
        other = as_days(open_record(file), tower["time"].values)
    progress(0.2)
    drivers, shares = tower_drivers(
        tower, open_dataset("reference-earth", grid=GRID), grid=GRID, order=dict(order), file=other, fill_gaps=fill
    )
    progress(0.4)
    site = str(np.ravel(tower["site"].values)[0])
    plan = replace(experiment, dataset="tower", site=site, region=WORLD, period=("", ""), output="daily", per_pft=False)
    result = run(plan, drivers, progress=lambda done: progress(0.4 + 0.5 * done), cancelled=cancelled)
    result["reco"] = result["ra"] + result["rh"]
    result = with_sources(result, drivers)
    rows = []
    if any(name in tower for name in ("gpp", "reco", "nee")):
        scores = compare_with_tower(result, tower)
        for name in scores["variable"].values:
            found = scores.sel(variable=name, season="all")
            row = {"flux": str(name).upper()} | {label: float(found[key]) for key, label in SCORES.items()}
            rows.append(row | {"n": int(found["n"])})
    return StackRun(item, file, dict(order), shares, pd.DataFrame(rows), dict(fill), drivers, result)
