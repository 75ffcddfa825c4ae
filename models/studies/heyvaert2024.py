"""Heyvaert, Scherrer et al. 2024: soil moisture, leaf area and optical depth assimilated into Noah-MP over Europe.

The six experiments, the settings that the paper prints, and those of its numbers that this project could check.
Its Tables 3 and 4 and Figures 4 to 11 are to be filled in by somebody who has them at hand: nothing is made up here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from models.assimilation.options import AssimilationChoices
from models.assimilation.sensor_choice import SensorChoice

if TYPE_CHECKING:
    from models.assimilation.result import AssimilationResult

__all__ = ["CITATION", "EXPERIMENTS", "PRINTED", "TITLE", "WHY", "Printed", "choices_of", "compare"]

TITLE = "Joint assimilation of soil moisture, leaf area index and vegetation optical depth"
CITATION = "Heyvaert, Scherrer et al. 2024: surface soil moisture and vegetation into Noah-MP over Europe"

REGION = "Europe and Mediterranean"

_SOIL = ("sm1", "sm2", "sm3", "sm4")
_SENSORS = {
    "ssm": SensorChoice("ssm", error_std=0.0125, updates=_SOIL, rescale="cdf"),
    "lai": SensorChoice("lai", error_std=0.05, updates=("lai",), rescale="seasonal"),
    "vod": SensorChoice("vod", error_std=0.03, updates=(*_SOIL, "lai"), rescale="none"),
}
"""Errors from Table 2, updated variables from Table 1; the operator of VOD carries its seasonal mean."""

_COMBINATIONS = {
    "OL": (),
    "SSM": ("ssm",),
    "LAI": ("lai",),
    "VOD": ("vod",),
    "SSM+LAI": ("ssm", "lai"),
    "SSM+VOD": ("ssm", "vod"),
}

EXPERIMENTS: dict[str, AssimilationChoices] = {
    name: AssimilationChoices(
        sensors=tuple(_SENSORS[one] for one in sensors), members=24, bias_correction="ryu", bounds="lis"
    )
    for name, sensors in _COMBINATIONS.items()
}
"""The paper's six experiments: perturbations of Table 2 with LIS's intervals (1 h and 3 h, which it does not print)."""

WHY = (
    "the truth, the weather and the observations here are synthetic: they show what the method does, not what Europe"
    " is like",
    "the paper's record has years, so that its monthly CDFs and its seasonal means are robust; a year's are not",
    "the interval of the state's perturbations is not printed; it sets the spread of the open loop",
    "one layer of snow, free drainage and hourly steps stand for Noah-MP 4.0.1 at a quarter of an hour",
)
"""Why a run's numbers need not be the paper's."""


@dataclass(frozen=True)
class Printed:
    """A number that the paper prints, and how a run gives its own.

    Attributes
    ----------
    what : str
        In words.
    value : float
        As printed.
    unit : str
    where : str
        Table, figure or section.
    experiment : str
        Which of `EXPERIMENTS` it belongs to.
    ours : callable
        Result -> number.
    """

    what: str
    value: float
    unit: str
    where: str
    experiment: str
    ours: Callable[["AssimilationResult"], float]


def _mean(variable: str, statistic: str, experiment: str) -> Callable[["AssimilationResult"], float]:
    """Return a mean over the cells."""
    return lambda result: float(np.nanmean(result.field(variable, statistic, experiment)))


def _setting(name: str) -> Callable[["AssimilationResult"], float]:
    """Return a setting of the run."""
    return lambda result: float(getattr(result.choices, name))


_RANGE = "range of soil moisture over members, domain mean"
PRINTED: tuple[Printed, ...] = (
    Printed(f"{_RANGE}, 0-10 cm", 0.065, "m3 m-3", "Sect. 3.3", "OL", _mean("ssm", "range", "open_loop")),
    Printed(f"{_RANGE}, 0-100 cm", 0.028, "m3 m-3", "Sect. 3.3", "OL", _mean("rzsm", "range", "open_loop")),
    Printed("members", 24, "1", "Sect. 2", "OL", _setting("members")),
)
"""Numbers of the paper that a run can answer."""


def choices_of(name: str, like: AssimilationChoices | None = None) -> AssimilationChoices:
    """Return the choices of one of the six experiments.

    Parameters
    ----------
    name : str
        Key of `EXPERIMENTS`.
    like : AssimilationChoices, optional
        Take time step, warm-up and the settings of the twin from these, for a preview.

    Raises
    ------
    KeyError
        If the paper has no such experiment.
    """
    if name not in EXPERIMENTS:
        msg = f"Heyvaert et al. 2024 have no experiment {name!r}; there are {', '.join(EXPERIMENTS)}."
        raise KeyError(msg)
    paper = EXPERIMENTS[name]
    if like is None:
        return paper
    kept = ("time_step", "warm_up", "spin_up", "precipitation_quality", "forcing_error", "truth_state_error")
    return replace(paper, **{setting: getattr(like, setting) for setting in kept})


def compare(result: "AssimilationResult") -> list[tuple[Printed, float]]:
    """Lay the paper's numbers beside those of a run; an open loop is in every run.

    Parameters
    ----------
    result : AssimilationResult

    Returns
    -------
    list of (Printed, float)
        Each printed number with the run's own.
    """
    return [(printed, printed.ours(result)) for printed in PRINTED]
