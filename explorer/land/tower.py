"""Towers on the page Land: which can be chosen, their weather, and how a run compares with what they measured."""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog.datasets.land_towers import land_towers_in, open_land_tower
from data_catalog.towers import TOWERS
from explorer import tower_runs
from explorer.land.place import Place, PlaceRun
from explorer.style import symbol_text, unit_text
from models.skill.land import compare_days
from models.skill.scores import MIN_QUALITY
from models.variables import VARIABLES

__all__ = ["COMPARED", "TowerPairs", "offered", "pairs_of", "scores_table", "tower_place"]

COMPARED = ("ssm", "rzsm", "le", "h", "gpp", "reco", "nee", "t_soil")
"""What is compared where the tower measured it, in the order of the picker."""


@dataclass(frozen=True, eq=False)
class TowerPairs:
    """One quantity day by day: what the tower measured (NaN where it did not) and what A and B give."""

    variable: str
    time: np.ndarray
    observed: np.ndarray
    a: np.ndarray
    b: np.ndarray


@functools.lru_cache(maxsize=4)
def _half_hours(folders: tuple[Path, ...]) -> tuple[str, ...]:
    """Return the sites whose half hours lie in these folders; looked up once a start."""
    return tuple(land_towers_in(folders))


def offered() -> dict[str, str]:
    """Return the towers that can be chosen: name on screen -> site code; those with half hours of their own first."""
    half_hours = _half_hours(tower_runs.folders())
    names = {f"{site} · your half hours": site for site in half_hours}
    return names | {words: site for words, site in tower_runs.offered().items() if site not in half_hours}


@functools.lru_cache(maxsize=8)
def tower_place(site: str) -> Place:
    """Open a tower by its code; kept for every visitor.

    Raises
    ------
    KeyError
        If no such tower is there.
    ValueError
        If its file is broken, or does not say where it stands.
    """
    tower = open_land_tower(site, tower_runs.folders())
    forcing = tower.forcing.load()
    first, last = (np.datetime_as_string(forcing["time"].values[k], "D") for k in (0, -1))
    classes = tuple(int(forcing[name]) for name in ("vegetation", "soil", "soil_colour"))
    hours = "days measured, hours within them synthetic" if tower.daily else "its own half hours"
    name = TOWERS[site].site_name if site in TOWERS else tower.title
    words = f"{name}, {first} to {last}: {hours}."
    observed = tower.observed
    if observed is None:
        words += " It measured nothing that this page compares."
    return Place(
        (site,), forcing, float(forcing["latitude"]), float(forcing["longitude"]), classes, words, tower.daily, None,
        observed,
    )  # fmt: skip


def _of(days: xr.Dataset, variable: str) -> np.ndarray:
    """Return a quantity of a run; ecosystem respiration is the sum of its parts."""
    return (days["ra"] + days["rh"]).values if variable == "reco" else days[variable].values


def measured(place: Place) -> tuple[str, ...]:
    """Return what a tower measured of `COMPARED`."""
    if place.observed is None:
        return ()
    return tuple(name for name in COMPARED if name in place.observed)


def pairs_of(a: PlaceRun, b: PlaceRun, variable: str) -> TowerPairs:
    """Lay what a tower measured beside what A and B give, day by day; filled days are left out."""
    observed = b.place.observed
    time = b.days["time"].values
    seen = observed[variable].reindex(time=time)
    if f"{variable}_qc" in observed:
        seen = seen.where(observed[f"{variable}_qc"].reindex(time=time) >= MIN_QUALITY)
    before = xr.DataArray(_of(a.days, variable), coords={"time": a.days["time"].values}, dims="time").reindex(time=time)
    return TowerPairs(
        variable, time, seen.values.astype(float), before.values.astype(float), _of(b.days, variable).astype(float)
    )


def scores_table(a: PlaceRun, b: PlaceRun) -> pd.DataFrame:
    """Return correlation, errors and bias of A and B for everything that the tower measured."""
    of_a, of_b = (compare_days(run.days, run.place.observed, COMPARED) for run in (a, b))
    rows = []
    for variable in [name for name in COMPARED if name in of_b]:
        quantity = VARIABLES[variable]
        unit = f" [{unit_text(quantity.unit)}]" if quantity.unit != "1" else ""
        for run, of in (("A", of_a), ("B", of_b)):
            if variable in of:
                words = f"{symbol_text(quantity.symbol)}{unit}" if run == "A" else ""
                row = {"quantity": words, "run": run, "n": int(of[variable].n)}
                for name, label in (("r", "r"), ("rmse", "RMSE"), ("ubrmse", "ubRMSE"), ("bias", "bias")):
                    row[label] = float(getattr(of[variable], name))
                rows.append(row)
    return pd.DataFrame(rows)
