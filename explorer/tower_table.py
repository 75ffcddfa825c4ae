"""L4C at every tower that can be run, its months beside the tower's: a row for each site, a table by plant type."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog import open_dataset
from data_catalog.datasets.fluxnet_daily import to_daily
from data_catalog.drivers import tower_drivers
from data_catalog.tower_months import FLUXES, days_of_months, monthly, monthly_towers_in, open_record
from data_catalog.towers import TOWERS, open_tower
from models.experiment import Experiment, run
from models.l4c.params import PFTS
from models.regions import WORLD
from models.skill.scores import scores

__all__ = ["by_plant_type", "tower_rows"]

MIN_MONTHS = 6
"""Months with a value below which a tower says nothing."""
SCORES = ("r", "rmse", "ubrmse", "bias")


def tower_rows(
    folders: Iterable[str | Path],
    experiment: Experiment | None = None,
    *,
    grid: str = "108km",
    shipped: bool = True,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> pd.DataFrame:
    """Run L4C at each tower of the folders and score its months.

    A tower with days or half hours of weather drives the run where it measured; one with months alone is run on the
    world's days. The simulated days are averaged by month and compared with the tower's monthly GPP, RECO and NEE.

    Parameters
    ----------
    folders : iterable of paths
        Folders with FLUXNET files.
    experiment : Experiment, optional
        Parameters of the run; the mission's if not given.
    grid : str
        Grid of the world that fills in.
    shipped : bool
        Whether the towers that ship with the app are run too.
    progress, cancelled : callable, optional
        Told the share done; asked before each tower.

    Returns
    -------
    DataFrame
        Columns site, igbp, pft, driven ("tower" or "world"), months, and ``gpp_r`` ... ``nee_bias``; ``problem`` says
        why a tower could not be run.
    """
    found: dict[str, Path | None] = dict(monthly_towers_in(folders))
    if shipped:
        found = dict.fromkeys(TOWERS) | found
    world = open_dataset("reference-earth", grid=grid)
    plan = experiment or Experiment()
    rows = []
    for k, (site, path) in enumerate(found.items()):
        if cancelled is not None and cancelled():
            break
        row = {"site": site, "igbp": "", "pft": 0, "driven": "", "months": 0, "problem": ""}
        try:
            tower = open_tower(site) if path is None else open_record(path, site)
            rows.append(row | _one(site, tower, plan, world))
        except ValueError as error:
            rows.append(row | {"problem": " ".join(str(error).split())})
        if progress is not None:
            progress((k + 1) / len(found))
    return pd.DataFrame(rows)


def _one(site: str, tower: xr.Dataset, plan: Experiment, world: xr.Dataset) -> dict[str, object]:
    observed = monthly(tower).isel(site=0)
    if not observed.data_vars:
        msg = f"{site} has no GPP, RECO or NEE."
        raise ValueError(msg)
    own = tower.attrs["resolution"] != "MM"
    drivers, _ = tower_drivers(to_daily(tower) if own else days_of_months(tower), world)
    at_tower = replace(plan, dataset="tower", site=site, region=WORLD, period=("", ""), output="daily", per_pft=False)
    result = run(at_tower, drivers).isel(cell=0)
    result["reco"] = result["ra"] + result["rh"]
    simulated = result[list(FLUXES)].resample(time="MS").mean()
    simulated, observed = xr.align(simulated, observed, join="inner")
    months = max(int(np.isfinite(observed[name]).sum()) for name in observed.data_vars)
    if months < MIN_MONTHS:
        msg = f"{site} has {months} months with a flux; {MIN_MONTHS} are needed."
        raise ValueError(msg)
    row: dict[str, object] = {
        "igbp": str(np.ravel(tower["igbp"].values)[0]) if "igbp" in tower.coords else "",
        "pft": int(np.ravel(drivers["pft"].values)[0]),
        "driven": "tower" if own else "world",
        "months": months,
    }
    for name in observed.data_vars:
        found = scores(simulated[name].values, observed[name].values)
        row |= {f"{name}_{score}": float(getattr(found, score)) for score in SCORES}
    return row


def by_plant_type(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean scores of the towers of each plant type, and of all.

    Returns
    -------
    DataFrame
        Columns flux, PFT, towers, R, RMSE, ubRMSE, bias [gC m-2 d-1]; each tower counts once.
    """
    good = rows[rows["problem"] == ""]
    table = []
    for flux in FLUXES:
        if f"{flux}_r" not in good:
            continue
        groups = [(PFTS[pft - 1], group) for pft, group in good.groupby("pft")]
        for label, group in [*groups, ("all", good)]:
            held = group[np.isfinite(group[f"{flux}_rmse"].astype(float))]
            means = {score: float(held[f"{flux}_{score}"].astype(float).mean()) for score in SCORES}
            table.append(
                {
                    "flux": flux.upper(),
                    "PFT": label,
                    "towers": len(held),
                    "R": means["r"],
                    "RMSE": means["rmse"],
                    "ubRMSE": means["ubrmse"],
                    "bias": means["bias"],
                }
            )
    return pd.DataFrame(table)
