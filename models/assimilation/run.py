"""Run an assimilation experiment: twin, open loop, analysis, with partial results, cancel and resume."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from models.assimilation.options import AssimilationChoices
from models.assimilation.result import AssimilationResult

if TYPE_CHECKING:
    from models.assimilation.twin import Twin

__all__ = ["Estimate", "estimate", "run_assimilation"]


class Estimate(NamedTuple):
    """What a run will take."""

    seconds: float
    nbytes: float


def estimate(choices: AssimilationChoices, n_cell: int, n_day: int) -> Estimate:
    """Say how long a run will take on this machine and how much memory, before it starts.

    Parameters
    ----------
    choices : AssimilationChoices
        What is chosen.
    n_cell, n_day : int
        Cells of the region, days of the period.
    """
    raise NotImplementedError


def run_assimilation(
    twin: "Twin",
    choices: AssimilationChoices,
    *,
    progress: Callable[[float, str], None] | None = None,
    partial: Callable[[AssimilationResult], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    resume: AssimilationResult | None = None,
) -> AssimilationResult:
    """Run open loop (kept with the twin) and analysis, month by month over all cells.

    Parameters
    ----------
    twin : Twin
        From `models.assimilation.twin.prepare_twin`; it keeps the open loops that were run on it.
    choices : AssimilationChoices
        Sensors, ensemble, filter; ``twin.fits(choices)`` must hold, else prepare another.
    progress : callable, optional
        Told the share done (0 to 1) and what is being done, as "open loop".
    partial : callable, optional
        Given the result so far after each month.
    cancelled : callable, optional
        When it says yes the run ends with what is done: ``result.complete`` is then False.
    resume : AssimilationResult, optional
        Go on where this one of equal choices stopped.

    Returns
    -------
    AssimilationResult

    Raises
    ------
    ValueError
        If the twin is another than the choices ask for, a sensor is unknown, or a mask or row does not exist.
    """
    raise NotImplementedError
