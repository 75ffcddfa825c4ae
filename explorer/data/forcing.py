"""Weather of the land surface model at a chosen place: whose half hours, whose reanalysis, and a run on it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog.datasets.fluxnet_daily import to_daily
from data_catalog.datasets.land_towers import OBSERVED, with_land
from data_catalog.forcing_stack import GRIDDED, WEATHER, stacked_forcing
from explorer.data.library import Item
from explorer.data.maps import like
from explorer.data.series import open_record
from models.experiment import Experiment, run
from models.skill.land import compare_days

__all__ = ["ForcingRun", "grids_over", "put_together", "run_on"]

GRID = "108km"
"""Grid of the embedded world that gives what nobody has."""

SCORES = {"r": "R", "rmse": "RMSE", "ubrmse": "ubRMSE", "bias": "bias"}


@dataclass(frozen=True, eq=False)
class ForcingRun:
    """Weather that was put together, and what came of it.

    Attributes
    ----------
    item : Item
        The place.
    order, fill : dict
        Variable -> who gives it, the preferred first; whether its gaps go to the next.
    shares : DataFrame
        Columns driver, source, share: of the steps.
    drivers : Dataset
        The weather, with ``<name>_source``.
    result : Dataset or None
        The run of the land surface model by day, once it was asked for.
    scores : DataFrame
        Columns quantity, R, RMSE, ubRMSE, bias, n against what the tower observed.
    """

    item: Item
    order: dict[str, tuple[str, ...]]
    fill: dict[str, bool]
    shares: pd.DataFrame
    drivers: xr.Dataset
    result: xr.Dataset | None = None
    scores: pd.DataFrame | None = None


def grids_over(items: Iterable[Item]) -> list[Item]:
    """Return the listed files that give weather on a grid."""
    return [item for item in items if item.row.product in GRIDDED and set(WEATHER) & set(item.row.variables)]


def _half_hours(item: Item) -> xr.Dataset | None:
    """Return a place's record if it holds half hours or hours of weather."""
    ds = open_record(item).ds
    fine = ds.attrs.get("resolution") in ("HH", "HR") and ds.sizes.get("site", 1) == 1
    return ds if fine and {"t_air", "sw_down"} & set(map(str, ds.data_vars)) else None


def put_together(
    item: Item,
    grid: Item | None,
    items: Iterable[Item],
    order: Mapping[str, tuple[str, ...]],
    fill: Mapping[str, bool],
) -> ForcingRun:
    """Put weather together at a place.

    Parameters
    ----------
    item : Item
        A tower or station; its half hours are taken where it has any.
    grid : Item, optional
        A reanalysis' file; all listed files of its kind are taken with it.
    items : iterable of Item
        What is listed.
    order, fill
        See `data_catalog.forcing_stack.stacked_forcing`.

    Raises
    ------
    ValueError
        See `data_catalog.forcing_stack.stacked_forcing`.
    """
    row = item.row
    files = []
    if grid is not None:
        parts = [open_record(part).ds for part in like(grid, items)]
        files = [xr.concat(parts, "time", combine_attrs="override", join="exact").sortby("time")]
    weather, shares = stacked_forcing(
        row.latitude, row.longitude, tower=_half_hours(item), files=files, order=order, fill_gaps=fill, grid=GRID
    )
    return ForcingRun(item, dict(order), dict(fill), shares, with_land(weather, GRID))


def run_on(forcing: ForcingRun, progress: Callable[[float], None], cancelled: Callable[[], bool]) -> ForcingRun:
    """Run the land surface model on weather that was put together, and judge it by what the tower observed.

    Raises
    ------
    models.kernel.Cancelled
        If it was taken back.
    """
    plan = Experiment(model="land", dataset="file", output="daily")
    result = run(plan, forcing.drivers, progress=progress, cancelled=cancelled)
    result.attrs["driver_sources"] = forcing.drivers.attrs["driver_sources"]
    tower = _half_hours(forcing.item)
    rows = []
    if tower is not None and set(OBSERVED) & set(map(str, tower.data_vars)):
        days = to_daily(tower).isel(site=0)
        for name, found in compare_days(result, days.reset_coords(drop=True)).items():
            row = {"quantity": name} | {label: float(np.ravel(getattr(found, key))[0]) for key, label in SCORES.items()}
            rows.append(row | {"n": int(np.ravel(found.n)[0])})
    return ForcingRun(
        forcing.item, forcing.order, forcing.fill, forcing.shares, forcing.drivers, result, pd.DataFrame(rows)
    )
