"""An assimilation experiment from its value to its result, in memory or as a file."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from models.assimilation.observe import check_sensors
from models.assimilation.result import AssimilationResult
from models.assimilation.run import run_assimilation
from models.assimilation.twin import prepare_twin
from models.assimilation.world import World
from models.execution import Written
from models.output import check_target, write_dataset
from models.provenance import now, versions

if TYPE_CHECKING:
    from models.experiment import Experiment

__all__ = ["assimilate", "assimilate_to_file", "labelled", "save"]

TWIN_SHARE = 0.1
"""Share of the work that is the truth's."""


def assimilate(
    experiment: "Experiment",
    world: World,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    observations: Mapping[str, xr.Dataset] | None = None,
) -> AssimilationResult:
    """Run an assimilation experiment: truth, open loop, analysis.

    Parameters
    ----------
    experiment : Experiment
        With ``model = "assimilation"``.
    world : World
        Where weather and land come from.
    progress : callable, optional
        Told the share done, 0 to 1.
    cancelled : callable, optional
        When it says yes while the truth runs, `models.kernel.Cancelled` is raised; later the result is what is done.
    observations : mapping of str to xr.Dataset, optional
        Observations from files, by sensor; see `models.assimilation.given.given_observations`.

    Raises
    ------
    ValueError
        See `models.assimilation.twin.prepare_twin` and `models.assimilation.run.run_assimilation`.
    """
    _check(experiment)
    check_sensors(experiment.assimilation)

    def first(share: float, what: str) -> None:
        if progress is not None:
            progress(TWIN_SHARE * share)

    def second(share: float, what: str) -> None:
        if progress is not None:
            progress(TWIN_SHARE + (1.0 - TWIN_SHARE) * share)

    twin = prepare_twin(experiment, world, progress=first, cancelled=cancelled)
    return run_assimilation(
        twin, experiment.assimilation, progress=second, cancelled=cancelled, observations=observations
    )


def _check(experiment: "Experiment") -> None:
    """Raise ``ValueError`` where an experiment asks for what an assimilation run does not do."""
    accepted = {
        "model": "assimilation",
        "dataset": "reference-earth",
        "output": "daily",
        "precision": "float64",
        "per_pft": False,
    }
    for name, value in accepted.items():
        if getattr(experiment, name) != value:
            msg = (
                f"{name} = {getattr(experiment, name)!r} is nothing that an assimilation run does; it takes {value!r}."
            )
            raise ValueError(msg)


def labelled(result: AssimilationResult, experiment: "Experiment") -> xr.Dataset:
    """Return the data set of a result with its experiment, which a saved file gives back."""
    ds = result.to_dataset()
    ds.attrs |= experiment.to_attrs() | {"history": f"{now()} made by {versions()}"}
    return ds


def assimilate_to_file(
    experiment: "Experiment",
    world: World,
    out: str | Path,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    observations: Mapping[str, xr.Dataset] | None = None,
) -> Written:
    """Run an assimilation experiment into a NetCDF or Zarr file.

    Returns
    -------
    Written
        Cells, days, and as notes what each sensor's innovations say and how the analysis compares with the truth.
    """
    check_target(out)
    result = assimilate(experiment, world, progress=progress, cancelled=cancelled, observations=observations)
    return save(result, experiment, out)


def save(result: AssimilationResult, experiment: "Experiment", out: str | Path) -> Written:
    """Write a result with its experiment; see `assimilate_to_file`."""
    path = check_target(out)
    write_dataset(labelled(result, experiment), path)
    return Written(result.twin.cells.size, result.days_done, tuple(notes_of(result)))


def notes_of(result: AssimilationResult) -> list[str]:
    """Say of every sensor what its innovations mean, and of the state how it compares with the truth."""
    notes = []
    for name in result.sensors:
        found = result.diagnostics(name)
        used = found.reasons["used"]
        numbers = f"sd of normalised innovations {found.normalised_std:.2f}, lag-1 {found.lag1:+.2f}"
        notes.append(f"{name}: {found.count:,} innovations, {used:,} used; {numbers}. {found.verdict}")
    for variable in ("ssm", "rzsm", "lai", "gpp"):
        cells = np.arange(result.twin.cells.size)
        ds = result.skill(variable, cells)
        loop, analysis = (np.nanmean(ds["r_anom"].sel(experiment=run).values) for run in ("open_loop", "analysis"))
        share = ds.attrs.get("r_anom_share_improved", np.nan)
        notes.append(
            f"{variable}: R of anomalies with the truth {loop:.3f} (open loop) to {analysis:.3f} (analysis), better in"
            f" {share:.0%} of cells"
        )
    return notes
