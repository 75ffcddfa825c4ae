"""L4C at the towers three ways, as Table V of Jones et al. 2017: Ops, Open Loop, Calib.

Ops: soil moisture of an analysis, from an assimilation run of this process whose cells hold the tower. Open Loop: soil
moisture of the land model alone, from the same run where there is one, else the embedded world's. Calib: the tower's
own drivers with a calibrated BPLUT. Land runs are of one year of synthetic weather, so that each calendar day takes the
land run's day. Ops and Open Loop run with the baseline's parameters.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog.drivers import nearest_cell
from explorer.assimilation.address import (
    AssimilationSelection,
    baseline_of_assimilation,
    plain_assimilation,
    write_assimilation,
)
from explorer.assimilation.runs import finished
from explorer.tower_runs import TowerSite
from explorer.towers.sites import world
from explorer.towers.table import Table, score_table, table_frame
from models.assimilation.result import AssimilationResult
from models.climatology import day_of_365
from models.l4c.start import covers_a_year
from models.options import L4COptions
from models.regions import Region
from models.skill.significance import wilcoxon_over_sites

__all__ = ["FEWEST", "RUNS", "Trio", "assimilation_address", "run_trio", "tests_frame", "trio_frame"]

RUNS = {"ops": "Ops", "open_loop": "Open Loop", "calib": "Calib"}
SCORES = ("r", "rmse", "ubrmse", "bias")
COMPARED = (("ops", "open_loop"), ("calib", "open_loop"), ("ops", "calib"))

NEAR = {"36km": 26.0, "108km": 77.0}
"""Kilometres from the centre of a cell to its corner."""

REACH = 2.0
"""Degrees from a tower to the edges of the box that a link to the page Assimilation holds."""

FEWEST = 6
"""Towers below which Wilcoxon's test can't reach p < 0.05."""


@dataclass(frozen=True, eq=False)
class Land:
    """Wetness of a land run at a place by calendar day (365,) [%], and its long-term limits."""

    smsf: np.ndarray
    smrz: np.ndarray
    limits: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Trio:
    """Scores of the three runs.

    Attributes
    ----------
    tables : dict of str to Table
        Key of `RUNS` -> scores of its towers; those that can't be made are missing.
    missing : dict of str to str
        Key of `RUNS` -> why it is missing and how to get it.
    words : dict of str to str
        Key of `RUNS` -> what drove it.
    """

    tables: dict[str, Table]
    missing: dict[str, str]
    words: dict[str, str]

    @property
    def shared(self) -> list[str]:
        """Codes of the towers that every run has."""
        codes = [{site.site for site in table.sites} for table in self.tables.values()]
        return sorted(set.intersection(*codes)) if codes else []


@functools.lru_cache(maxsize=4)
def _of_world(sites: tuple[TowerSite, ...]) -> dict[TowerSite, Land]:
    """Return the wetness of the embedded world's land model in the cells of towers, all cells read at once."""
    near = [nearest_cell(world(), *_place(site), site.pft)[0] for site in sites]
    names = ["smsf", "smrz", "smrz_min", "smrz_max"]
    cells = world()[names].isel(cell=near).compute()
    smsf, smrz, low, high = (np.asarray(cells[name].values, float) for name in names)
    return {site: Land(smsf[k], smrz[k], (float(low[k]), float(high[k]))) for k, site in enumerate(sites)}


def _place(site: TowerSite) -> tuple[float, float]:
    return float(site.drivers["latitude"].values[0]), float(site.drivers["longitude"].values[0])


def _cell_of(result: AssimilationResult, grid: str, site: TowerSite) -> int | None:
    """Return the cell of a run that holds a tower, if one does."""
    latitude, longitude = np.radians(_place(site))
    there, east = np.radians(result.twin.latitude), np.radians(result.twin.longitude) - longitude
    cosine = np.sin(latitude) * np.sin(there) + np.cos(latitude) * np.cos(there) * np.cos(east)
    distance = 6371.0 * np.arccos(np.clip(cosine, -1.0, 1.0))
    nearest = int(np.argmin(distance))
    return nearest if distance[nearest] <= NEAR[grid] else None


def _of_run(result: AssimilationResult, cell: int, run: str) -> Land:
    """Return the wetness of an analysis or of its open loop in a cell; both share the open loop's limits."""
    porosity = float(np.asarray(result.twin.start.get("theta_max"))[cell])
    place = day_of_365(result.days)

    def wetness(name: str, which: str) -> np.ndarray:
        values = np.clip(100.0 * result.daily(name, which)[cell] / porosity, 0.0, 100.0)
        year = np.full(365, np.nan)
        year[place[place >= 0]] = values[place >= 0]
        return year

    loop = wetness("rzsm", "open_loop")
    limits = float(np.floor(np.nanmin(loop)) - 1.0), float(min(np.ceil(np.nanmax(loop)) + 1.0, 100.0))
    return Land(wetness("ssm", run), wetness("rzsm", run), limits)


def assimilation_address(site: TowerSite) -> str:
    """Return the address of the page Assimilation with a box around a tower and the whole year as period."""
    latitude, longitude = _place(site)
    west, east = max(longitude - REACH, -180.0), min(longitude + REACH, 180.0)
    box = Region("drawn", west, max(latitude - REACH, -90.0), east, min(latitude + REACH, 90.0))
    b = replace(plain_assimilation(), region=box)
    selection = AssimilationSelection(at=(round(latitude, 3), round(longitude, 3)))
    return f"./assimilation?{write_assimilation(baseline_of_assimilation(b), b, selection)}"


def with_land(site: TowerSite, land: Land) -> TowerSite:
    """Return a tower whose drivers take their wetness from a land run, each calendar day that of the run."""
    drivers = site.drivers
    place = day_of_365(drivers["time"].values)
    place = np.where(place < 0, 58, place)  # 29 February takes the 28th's
    fields: dict[str, xr.DataArray] = {
        "smsf": drivers["smsf"].copy(data=land.smsf[place][None]),
        "smrz": drivers["smrz"].copy(data=land.smrz[place][None]),
        "smrz_min": drivers["smrz_min"].copy(data=[max(land.limits[0], 0.0)]),
        "smrz_max": drivers["smrz_max"].copy(data=[land.limits[1]]),
    }
    return replace(site, drivers=drivers.assign(fields))


def _covering(sites: tuple[TowerSite, ...]) -> dict[TowerSite, tuple[AssimilationResult, int]]:
    """Return the newest analysis of a whole year that covers each tower."""
    found: dict[TowerSite, tuple[AssimilationResult, int]] = {}
    for experiment, result in finished():
        if not experiment.assimilation.assimilated or not covers_a_year(result.days):
            continue
        for site in sites:
            cell = _cell_of(result, experiment.grid, site) if site not in found else None
            if cell is not None:
                found[site] = result, cell
    return found


def run_trio(
    sites: tuple[TowerSite, ...],
    baseline: L4COptions,
    calibrated: L4COptions | None,
    progress: Callable[[float], None] = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Trio:
    """Run the three at every tower that each can have.

    Parameters
    ----------
    sites : tuple of TowerSite
    baseline : L4COptions
        Parameters of Ops and Open Loop.
    calibrated : L4COptions or None
        Of Calib.
    progress, cancelled : callable
        Told the share done; asked now and then.

    Raises
    ------
    models.kernel.Cancelled
        If it was taken back.
    """
    covered = _covering(sites)
    alone = _of_world(tuple(sites))
    loop = tuple(
        with_land(site, _of_run(*covered[site], "open_loop") if site in covered else alone[site]) for site in sites
    )
    tables, missing, words = {}, {}, {}
    if covered:
        ops = tuple(with_land(site, _of_run(*covered[site], "analysis")) for site in covered)
        tables["ops"] = score_table(ops, baseline, None, lambda share: progress(share / 3), cancelled)
        words["ops"] = f"analysis of an assimilation run of this process, at {len(ops)} towers"
    else:
        missing["ops"] = (
            "no assimilation run of a whole year of this process covers a tower of the list. Open the page "
            "Assimilation, draw a box around a tower, run it over the whole year, and come back"
        )
    tables["open_loop"] = score_table(loop, baseline, None, lambda share: progress((1 + share) / 3), cancelled)
    words["open_loop"] = f"land model without observations, of one synthetic year ({len(loop)} towers)"
    if calibrated is not None:
        tables["calib"] = score_table(sites, calibrated, None, lambda share: progress((2 + share) / 3), cancelled)
        words["calib"] = f"the towers' own drivers, calibrated BPLUT ({len(sites)} towers)"
    else:
        missing["calib"] = "no calibrated BPLUT yet: load one below, take B's parameters for it, or calibrate"
    return Trio({name: tables[name] for name in RUNS if name in tables}, missing, words)


def _frames(trio: Trio, flux: str, shared: bool) -> dict[str, pd.DataFrame]:
    frames = {name: table_frame(table, flux) for name, table in trio.tables.items()}
    if not shared:
        return frames
    keep = trio.shared
    return {name: frame[frame["site"].isin(keep)] for name, frame in frames.items()}


def trio_frame(trio: Trio, fluxes: tuple[str, ...], *, shared: bool = True) -> pd.DataFrame:
    """Return the mean of each score over the towers, by flux and run, as the paper's Table V.

    Parameters
    ----------
    trio : Trio
    fluxes : tuple of str
    shared : bool
        Whether only the towers count that every run has.

    Returns
    -------
    DataFrame
        Columns flux, run, towers, R, RMSE, ubRMSE, bias.
    """
    words = {"r": "R", "rmse": "RMSE", "ubrmse": "ubRMSE", "bias": "bias"}
    rows = []
    for flux in fluxes:
        for number, (name, frame) in enumerate(_frames(trio, flux, shared).items()):
            row: dict[str, object] = {"flux": flux.upper() if number == 0 else "", "run": RUNS[name]}
            row["towers"] = len(frame)
            rows.append(row | {words[score]: float(frame[score].mean()) for score in SCORES})
    return pd.DataFrame(rows)


def tests_frame(trio: Trio, fluxes: tuple[str, ...]) -> pd.DataFrame:
    """Return Wilcoxon's signed-rank test of each pair of runs over the towers that both have.

    Returns
    -------
    DataFrame
        Columns flux, runs, score, median change, p, towers; p is NaN with too few towers, or none that changed.
    """
    rows = []
    for flux in fluxes:
        frames = _frames(trio, flux, shared=False)
        for after, before in COMPARED:
            if after not in frames or before not in frames:
                continue
            both = frames[after].set_index("site").join(frames[before].set_index("site"), rsuffix="_0", how="inner")
            for score in ("r", "rmse", "ubrmse"):
                known = both[[score, f"{score}_0"]].dropna()
                if not len(known):
                    continue
                test = wilcoxon_over_sites(known[score].to_numpy(), known[f"{score}_0"].to_numpy())
                rows.append(
                    {
                        "flux": flux.upper(),
                        "runs": f"{RUNS[after]} − {RUNS[before]}",
                        "score": {"r": "R", "rmse": "RMSE", "ubrmse": "ubRMSE"}[score],
                        "median change": test.median,
                        "p (Wilcoxon)": test.p_value,
                        "towers": test.n,
                    }
                )
    return pd.DataFrame(rows)
