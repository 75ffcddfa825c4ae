"""L4C at a tower, for the page: what it measured, its drivers, a run with A's and with B's parameters, scores."""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog import open_dataset
from data_catalog.datasets.fluxnet import read_fluxnet
from data_catalog.datasets.fluxnet_daily import to_daily
from data_catalog.drivers import tower_drivers
from data_catalog.towers import TOWERS, open_tower, towers_in
from models.experiment import Experiment, run
from models.regions import WORLD
from models.skill.scores import compare_with_tower

__all__ = [
    "LARGEST_TOWER",
    "Comparison",
    "TowerSite",
    "compare",
    "folders",
    "offer",
    "offered",
    "open_site",
    "read_upload",
    "scores_frame",
]

LARGEST_TOWER = 50 * 1024 * 1024
"""Bytes of an uploaded tower file."""

GRID = "108km"
"""Grid of the embedded world that gives what a tower did not measure."""

OBSERVED = ("gpp", "reco", "nee")
SCORES = {"r": "R", "rmse": "RMSE", "ubrmse": "ubRMSE", "bias": "bias"}

_FOLDERS: list[Path] = []


@dataclass(frozen=True, eq=False)
class TowerSite:
    """A tower: its record, the drivers put together for it, and where each came from."""

    site: str
    title: str
    observed: xr.Dataset
    drivers: xr.Dataset
    sources: pd.DataFrame

    @property
    def pft(self) -> int:
        """Plant type that the drivers are for, 1-8."""
        return int(np.ravel(self.drivers["pft"].values)[0])


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs at a tower with A's and with B's parameters, and their scores."""

    tower: TowerSite
    a: xr.Dataset
    b: xr.Dataset
    scores_a: xr.Dataset | None
    scores_b: xr.Dataset | None


def offer(folders: Iterable[str | Path]) -> None:
    """Offer the towers of these folders on the page, beside those that ship with the app."""
    _FOLDERS[:] = [Path(folder) for folder in folders]
    open_site.cache_clear()


def folders() -> tuple[Path, ...]:
    """Return the directories whose towers are offered."""
    return tuple(_FOLDERS)


def offered() -> dict[str, str]:
    """Return the towers that can be chosen: name on screen -> site code."""
    own = towers_in(_FOLDERS)
    names = {f"{site} · your data": site for site in own}
    return names | {f"{site} · {tower.site_name}": site for site, tower in TOWERS.items() if site not in own}


@functools.lru_cache(maxsize=16)
def open_site(site: str) -> TowerSite:
    """Open a tower by its code and put its drivers together; kept for every visitor.

    Raises
    ------
    KeyError
        If no such tower is there.
    ValueError
        If its file is broken.
    """
    return _assemble(site, open_tower(site, _FOLDERS))


def read_upload(
    data: bytes, name: str, pft: int | None = None, latitude: float | None = None, longitude: float | None = None
) -> TowerSite:
    """Read a visitor's own FLUXNET file; it stays with the visitor.

    Parameters
    ----------
    data : bytes
        The file: CSV or zip.
    name : str
        Its name, from which the network's convention tells the site.
    pft, latitude, longitude : optional
        What the file does not tell.

    Raises
    ------
    ValueError
        If the file is too large, broken, or does not say where the tower stands and what grows there.
    """
    if len(data) > LARGEST_TOWER:
        msg = (
            f"{Path(name).name} has {len(data) / 2**20:,.0f} MB; the page takes up to {LARGEST_TOWER / 2**20:.0f} MB. "
            "Start the app with --data FOLDER to use larger files."
        )
        raise ValueError(msg)
    observed = to_daily(read_fluxnet(data, name=Path(name).name, need=()))
    site = str(np.ravel(observed["site"].values)[0])
    return _assemble(site, observed, pft=pft, latitude=latitude, longitude=longitude)


def _assemble(site: str, observed: xr.Dataset, **known: float | None) -> TowerSite:
    """Put the drivers of a tower together."""
    drivers, sources = tower_drivers(observed, open_dataset("reference-earth", grid=GRID), **known)
    title = str(observed.attrs.get("title", site))
    return TowerSite(site, title, observed.load(), drivers.load(), sources)


def compare(
    tower: TowerSite,
    a: Experiment,
    b: Experiment,
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
    last: Comparison | None = None,
) -> Comparison:
    """Run A and B at a tower and score both.

    Raises
    ------
    models.kernel.Cancelled
        If the visitor took it back.
    """
    run_a = last.a if last is not None and last.tower is tower and last.a.attrs.get("l4c") == repr(a.l4c) else None
    if run_a is None:
        run_a = _run(tower, a, lambda share: progress(share / 2), cancelled)
    run_b = run_a if a.l4c == b.l4c else _run(tower, b, lambda share: progress(0.5 + share / 2), cancelled)
    judged = any(name in tower.observed for name in OBSERVED)
    scores_a = compare_with_tower(run_a, tower.observed) if judged else None
    scores_b = scores_a if run_b is run_a else compare_with_tower(run_b, tower.observed) if judged else None
    return Comparison(tower, run_a, run_b, scores_a, scores_b)


def _run(tower: TowerSite, experiment: Experiment, progress, cancelled) -> xr.Dataset:
    """Run one experiment at a tower, with the tower's days."""
    at_tower = replace(
        experiment, dataset="tower", site=tower.site, region=WORLD, period=("", ""), output="daily", per_pft=False
    )
    result = run(at_tower, tower.drivers, progress=progress, cancelled=cancelled)
    result["reco"] = result["ra"] + result["rh"]
    result.attrs["l4c"] = repr(experiment.l4c)
    return result


def scores_frame(comparison: Comparison, variable: str) -> pd.DataFrame:
    """Return the scores of A and B by season, ready to be shown.

    Raises
    ------
    ValueError
        If the tower has no flux to compare with.
    """
    a, b = comparison.scores_a, comparison.scores_b
    if a is None or b is None:
        msg = f"{comparison.tower.site} has no GPP, RECO or NEE to compare with."
        raise ValueError(msg)
    a, b = a.sel(variable=variable), b.sel(variable=variable)
    frame = {
        "season": ["all year" if s == "all" else str(s) for s in a["season"].values],
        "n": b["n"].values.astype(int),
    }
    for name, label in SCORES.items():
        frame[f"{label} A"], frame[f"{label} B"] = a[name].values, b[name].values
    return pd.DataFrame(frame)
