"""Virtual towers: cells of a world whose fluxes are the model's own, with parameters that are known."""

from collections.abc import Iterable

import numpy as np
import xarray as xr

from models.calibration.controls import NAMES
from models.calibration.cost import simulate
from models.calibration.sites import DAILY, FLUXES, SiteDays
from models.calibration.terms import gpp_of_days, kmult_of_days
from models.draws import uniform_pair
from models.l4c.drivers import driver_values, smrz_limits
from models.l4c.params import PFTS, RAMPS, L4CParams
from models.normals import normals
from models.quantity import parameters_of
from models.wetness import rescale_smrz

__all__ = ["displaced", "virtual_towers"]

STREAM = 4104  # of the counter-based draws, and the next one
DOMINANT = 0.5
SOIL = 8.0
"""RH at Kmult = 1 of a virtual tower with an effective soil [gC m-2 d-1] (assumed)."""


def virtual_towers(
    ds: xr.Dataset,
    pft: str,
    count: int,
    params: L4CParams,
    *,
    noise: float = 0.0,
    soil: str = "steady",
    seed: int = 1,
) -> list[SiteDays]:
    """Put towers into cells where a plant type dominates, and let them see the fluxes of some parameters.

    Parameters
    ----------
    ds : xr.Dataset
        Drivers of a world on (cell, time), pft_fraction (cell, pft), fpar (cell, time) or (cell, pft, time).
    pft : str
        Plant type.
    count : int
        Towers; fewer come back if there are not so many cells.
    params : L4CParams
        The truth.
    noise : float
        Standard error of a day's GPP and RE [gC m-2 d-1], independent of each other and from day to day.
    soil : str
        "steady" (the whole model) or "effective" (a constant soil carbon).
    seed : int
        Of places and noise.

    Raises
    ------
    ValueError
        If no cell has that plant type.
    """
    fraction = np.nan_to_num(ds["pft_fraction"].transpose("cell", "pft").values)[:, PFTS.index(pft)]
    cells = (
        np.flatnonzero(fraction >= min(DOMINANT, fraction.max() - 1e-6)) if fraction.max() > 0 else np.array([], int)
    )
    if not cells.size:
        msg = f"No cell of these drivers grows {pft}; choose another plant type or region."
        raise ValueError(msg)
    order = np.argsort([uniform_pair(seed, STREAM, int(cell), 0)[0] for cell in cells])
    chosen = np.sort(cells[order[:count]])
    values = np.array(params, float)
    sites = []
    for cell in chosen:
        site = _days_of_cell(ds, int(cell), pft)
        if soil == "steady":
            run = simulate(site, values, "steady")
            fluxes = {"gpp": run.gpp, "reco": run.reco}
        else:
            gpp, km = gpp_of_days(site.drivers, values)[0], kmult_of_days(site.drivers, values)[0]
            fluxes = {"gpp": gpp, "reco": params.f_aut * gpp + SOIL * km}
        drawn = normals(seed, STREAM + 1, np.array([cell]), np.arange(len(site.time)), 2, 1)[0, :, :, 0]
        fluxes = {name: flux + noise * drawn[:, i] for i, (name, flux) in enumerate(fluxes.items())}
        sites.append(site.with_fluxes(**fluxes, nee=fluxes["reco"] - fluxes["gpp"]))
    return sites


def _days_of_cell(ds: xr.Dataset, cell: int, pft: str) -> SiteDays:
    """Take the drivers of one cell under one plant type."""
    some = slice(cell, cell + 1)
    columns = {}
    for driver in DAILY:
        if driver == "fpar" and "pft" in ds["fpar"].dims:
            columns[driver] = driver_values(ds, "fpar", some, ("cell", "pft", "time"))[0, PFTS.index(pft)]
        elif driver == "smrz_rescaled" and driver not in ds:
            smrz = driver_values(ds, "smrz", some)
            columns[driver] = rescale_smrz(smrz, *smrz_limits(ds, smrz, "observed", some))[0]
        else:
            columns[driver] = driver_values(ds, driver, some)[0]
    time = ds["time"].values.astype("datetime64[D]")
    table = np.ascontiguousarray(np.stack([columns[name] for name in DAILY], axis=1))
    nothing = {flux: np.full(len(time), np.nan) for flux in FLUXES}
    return SiteDays(f"cell {cell}", PFTS.index(pft) + 1, time, table, nothing)


def displaced(params: L4CParams, names: Iterable[str], share: float, seed: int = 1) -> L4CParams:
    """Move parameters off by a share of their value (temperatures of ramps: of 60 K), up or down, within their bounds.

    Parameters
    ----------
    params : L4CParams
        The truth.
    names : iterable of str
        Which are moved.
    share : float
        0.1 is 10 %.
    seed : int
        Of the directions.
    """
    declared, values = parameters_of(L4CParams), params._asdict()
    random = np.random.default_rng(seed)
    for name in sorted(set(names), key=NAMES.index):
        size = share * (60.0 if name.startswith("tmin") else abs(values[name]))
        moved = values[name] + random.choice([-1.0, 1.0]) * size
        values[name] = float(np.clip(moved, declared[name].low, declared[name].high))
    for low, high in RAMPS.values():
        if values[low] >= values[high]:  # they met: the lower one gives way
            values[low] = max(declared[low].low, values[high] - 0.05 * (declared[high].high - declared[high].low))
    return L4CParams(**values)
