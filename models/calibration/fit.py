"""Fit the parameters of a plant type to its towers, step by step, from several starts; a stopped fit keeps its best."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.calibration.controls import NAMES
from models.calibration.cost import Problem
from models.calibration.options import CalibrationOptions
from models.calibration.search import Progress, Search, StepFit
from models.calibration.sites import SiteDays, named
from models.l4c.bplut import BplutFile, load_bplut
from models.l4c.params import PFTS, L4CParams

__all__ = ["Calibration", "calibrate"]


@dataclass(frozen=True, eq=False)
class Calibration:
    """Result of `calibrate`.

    Attributes
    ----------
    pft : str
    options : CalibrationOptions
    before, after : L4CParams
    steps : tuple of StepFit
        Those that were done.
    stopped : bool
        Whether it was cancelled; ``after`` is the best so far.
    """

    pft: str
    options: CalibrationOptions
    before: L4CParams
    after: L4CParams
    steps: tuple[StepFit, ...]
    stopped: bool

    def changed(self) -> dict[str, float]:
        """Return the parameters that moved: name -> value."""
        return {n: v for n, v, old in zip(NAMES, self.after, self.before, strict=True) if v != old}

    def problem(self, step: str, sites: Sequence[SiteDays]) -> tuple[Problem, np.ndarray]:
        """Return what a step made small, without a prior, and the parameters (20,) at which it ended.

        Parameters
        ----------
        step : str
            One that was done.
        sites : sequence of SiteDays
            Those that were fitted.

        Raises
        ------
        ValueError
            If the step was not done.
        """
        values = self.before._asdict()
        for fit in self.steps:
            values |= dict(zip(fit.identified.names, fit.values_after, strict=True))
            if fit.step == step:
                params = np.array(list(values.values()))
                return Search(step, sites, self.options, params).problem(sites, params, 0.0), params
        msg = f"step = {step!r} was not done; {', '.join(fit.step for fit in self.steps) or 'none'} was."
        raise ValueError(msg)

    def table(self, base: BplutFile | str = "V7") -> BplutFile:
        """Return the biome property table with the fitted values: a version that every run takes by its file."""
        file = BplutFile.shipped(base) if isinstance(base, str) else base
        return file.with_table({self.pft: self.after})


def calibrate(
    sites: Sequence[SiteDays],
    pft: str,
    options: CalibrationOptions | None = None,
    *,
    table: Mapping[str, L4CParams] | None = None,
    told: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Calibration:
    """Calibrate one plant type on its towers.

    Parameters
    ----------
    sites : sequence of SiteDays
        Towers; those of other plant types are refused.
    pft : str
        Plant type, of `models.l4c.params.PFTS`.
    options : CalibrationOptions, optional
        Choices.
    table : mapping, optional
        Plant type -> parameters to start from; V7 by default.
    told : callable, optional
        Given a `Progress` at every evaluation.
    cancelled : callable, optional
        Asked at every evaluation; when it says yes, the best so far is returned.

    Raises
    ------
    ValueError
        If there is no site, a site is of another plant type, or no day counts.
    """
    options = options or CalibrationOptions()
    if pft not in PFTS:
        msg = f"No plant functional type is called {str(pft)[:40]!r}; there are {', '.join(PFTS)}."
        raise ValueError(msg)
    wrong = [site for site in sites if PFTS[site.pft - 1] != pft]
    if wrong or not sites:
        msg = f"Sites of {pft} are needed; of other plant types came {named(wrong)}, {len(sites)} in all."
        raise ValueError(msg)
    before = (table or load_bplut())[pft]
    known = params = np.array(before, float)
    done: list[StepFit] = []
    stopped = False
    for number, step in enumerate(options.steps):
        search = Search(step, sites, options, known, number / len(options.steps), told, cancelled)
        params, fit = search.run(params)
        done.append(fit)
        stopped = search.stopped
        if stopped:
            break
    return Calibration(pft, options, before, L4CParams(*(float(v) for v in params)), tuple(done), stopped)
