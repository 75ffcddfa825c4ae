"""L4C at real towers: the shipped ones, and the daily FLUXNET2015 towers of the reference data when they are there."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog import open_dataset
from data_catalog.datasets.fluxnet import read_fluxnet
from data_catalog.drivers import tower_drivers
from data_catalog.towers import TOWERS, open_tower
from models.experiment import Experiment, run
from models.skill.scores import compare_with_tower

__all__ = ["main", "rows", "tower_scores", "towers"]

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "data" / "fluxnet2015" / "daily"
TARGET_R = 0.6
MANAGED = {
    "US-Tw3": "irrigated, mown several times a year",
    "US-ARM": "winter wheat: ripe when the assumed fPAR of crops is highest",
    "US-AR1": "herbicide in 2009, planted in 2010",
    "AU-Lox": "irrigated almonds",
    "AU-Rig": "winter pasture: green when the assumed fPAR of grass is not",
    "US-CRT": "soy and winter wheat in turn",
    "US-Var": "annual grass, dead from June",
}
"""Why the world's assumed seasonal fPAR cannot fit a tower."""


def towers() -> Iterator[tuple[str, xr.Dataset]]:
    """Yield name and record of every tower that can be had."""
    for site in TOWERS:
        yield site, open_tower(site)
    for path in sorted(REFERENCE.glob("FLX_*.csv")):
        tower = read_fluxnet(path)
        yield str(tower["site"].values[0]), tower


def tower_scores(tower: xr.Dataset, world: xr.Dataset, **options) -> tuple[xr.Dataset, xr.Dataset]:
    """Run L4C at one tower; return its scores and its result."""
    drivers, _ = tower_drivers(tower, world, **options)
    site = str(tower["site"].values[0])
    result = run(Experiment(dataset="tower", site=site), drivers)
    return compare_with_tower(result, tower), result


def rows(grid: str = "108km") -> list[tuple[str, float, float | None, str]]:
    """Return (name, value, target, note): R of daily GPP at each tower, with the other scores in the note."""
    world = open_dataset("reference-earth", grid=grid)
    table = []
    for site, tower in towers():
        scores, _ = tower_scores(tower, world)
        for name in ("gpp", "reco", "nee"):
            s = scores.sel(variable=name, season="all")
            note = (
                f"RMSE {float(s.rmse):.2f}, ubRMSE {float(s.ubrmse):.2f}, bias {float(s.bias):+.2f} gC m-2 d-1, "
                f"n {int(s.n)}, {tower['igbp'].item()}"
            )
            if name == "gpp" and site in MANAGED:
                note += f"; {MANAGED[site]}"
            table.append((f"{site} {name} R", round(float(s.r), 3), TARGET_R if name == "gpp" else None, note))
    gpp = [value for name, value, _, _ in table if name.endswith("gpp R")]
    good = float(np.mean(np.array(gpp) >= TARGET_R))
    table.append(("towers with R(GPP) >= 0.6", round(good, 2), 0.5, f"of {len(gpp)} towers, BPLUT V7 untouched"))
    return table


def main() -> None:
    """Print the table."""
    for name, value, target, note in rows():
        print(f"{name:28s} {value:8.3f} {'' if target is None else f'>= {target:g}':8s} {note}")


if __name__ == "__main__":
    main()
