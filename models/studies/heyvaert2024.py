"""Heyvaert, Scherrer et al. 2024: soil moisture, leaf area and optical depth assimilated into Noah-MP over Europe.

The six experiments, the settings that the paper prints, and those of its numbers that this project could check. Of its
Tables 3 and 4 and its Figures 4 to 11 only the questions are on board: `FIGURES` puts each to a run. Nothing is made up
here.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from models.assimilation.options import AssimilationChoices
from models.assimilation.sensor_choice import SensorChoice
from models.observation import sensor_named

if TYPE_CHECKING:
    from models.assimilation.result import AssimilationResult

__all__ = [
    "CITATION",
    "EXPERIMENTS",
    "FEWEST_YEARS",
    "FIGURES",
    "NOT_RECORDED",
    "PERIOD",
    "PRINTED",
    "TITLE",
    "WHY",
    "Answer",
    "Figure",
    "Printed",
    "answers",
    "choices_of",
    "compare",
]

TITLE = "Joint assimilation of soil moisture, leaf area index and vegetation optical depth"
CITATION = "Heyvaert, Scherrer et al. 2024: surface soil moisture and vegetation into Noah-MP over Europe"

FEWEST_YEARS = 3
"""Years from which on a climatology of a run tells usual from unusual. Of one year, the mean within 31 days is the
year itself: anomalies are then changes within a month, of which slow leaves and deep soil have few; the fit of the VOD
operator and of a rescaling to that one year takes the rest away."""

PERIOD = ("2015-01-01", "2017-12-31")
"""Years of the embedded world in which the six experiments are compared; the paper has more."""

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
        sensors=tuple(_SENSORS[one] for one in sensors), members=24, bias_correction="ryu", bounds="lis", limits="lis"
    )
    for name, sensors in _COMBINATIONS.items()
}
"""The paper's six experiments: perturbations of Table 2, with the intervals (1 h and 3 h) and the limits of perturbed
weather that the example settings of LIS have and the paper does not print."""

WHY = (
    "the truth, the weather and the observations here are synthetic: they show what the method does, not what Europe"
    " is like",
    f"monthly CDFs, seasonal means, the VOD operator and the climatology of anomalies need years, {FEWEST_YEARS} at the"
    " least: fitted to one year they take that year's own signal away",
    "the interval of the state's perturbations is not printed; it sets the spread of the open loop",
    "the limits of perturbed sunlight and rain are those of LIS's example settings, which the paper does not print",
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


def _middle(values: np.ndarray) -> float:
    """Return the median of what is there; NaN of nothing."""
    there = values[np.isfinite(values)]
    return float(np.median(there)) if there.size else float("nan")


def _typical(sensor: str, row: str = "") -> Callable[["AssimilationResult"], float]:
    """Return the median over cells of the sd of a sensor's innovations, or of its increments of one row."""
    name = f"increment_std:{row}" if row else "innovation_std"
    return lambda result: _middle(result.diagnostic(sensor, name)) if sensor in result.logs else float("nan")


_RANGE = "range of soil moisture over members, domain mean"
_REICHLE = "Reichle et al., abstract, PMC6196324: SMAP L4, the globe"
PRINTED: tuple[Printed, ...] = (
    Printed(f"{_RANGE}, 0-10 cm", 0.065, "m3 m-3", "Sect. 3.3", "OL", _mean("ssm", "range", "open_loop")),
    Printed(f"{_RANGE}, 0-100 cm", 0.028, "m3 m-3", "Sect. 3.3", "OL", _mean("rzsm", "range", "open_loop")),
    Printed("members", 24, "1", "Sect. 2", "OL", _setting("members")),
    Printed("typical innovation of brightness temperature", 6.0, "K", _REICHLE, "Tb", _typical("tb_h")),
    Printed(
        "typical increment of soil moisture by Tb, 0-10 cm", 0.01, "m3 m-3", _REICHLE, "Tb", _typical("tb_h", "sm1")
    ),
)
"""Numbers in print that a run can answer; NaN where the run has no such sensor."""


class Answer(NamedTuple):
    """What a run answers to the question of a figure: what, in which unit, and the number."""

    what: str
    unit: str
    value: float


@dataclass(frozen=True)
class Figure:
    """A table or figure of the paper whose numbers are not on board, and its question put to a run.

    Attributes
    ----------
    where : str
        As "Table 4".
    title : str
        What it shows.
    ours : callable
        Result -> list of `Answer`.
    """

    where: str
    title: str
    ours: Callable[["AssimilationResult"], list[Answer]]


_SHOWN = {"ssm": "m3 m-3", "rzsm": "m3 m-3", "lai": "m2 m-2", "gpp": "gC m-2 d-1"}
_SPREAD = ("ssm", "rzsm", "lai")
_TITLES = {"ssm": "SSM", "rzsm": "RZSM", "lai": "LAI", "gpp": "GPP", "vod": "VOD", "tb_h": "Tb H", "tb_v": "Tb V"}


def _words(sensor: str) -> str:
    return _TITLES.get(sensor, sensor)


def _used(result: "AssimilationResult") -> list[Answer]:
    return [
        Answer(f"{_words(one)}, mean over cells", "1", float(result.diagnostic(one, "used").mean()))
        for one in result.sensors
    ]


def _skill(result: "AssimilationResult") -> list[Answer]:
    found = []
    for name in _SHOWN:
        attrs = result.skill(name).attrs if result.sensors else {}
        gain, better = (attrs.get(f"r_anom_{key}", float("nan")) for key in ("median_change", "share_improved"))
        found.append(Answer(f"{_TITLES[name]}, median over cells", "1", float(gain)))
        found.append(Answer(f"{_TITLES[name]}, cells improved", "%", 100.0 * float(better)))
    return found


def _ratio(result: "AssimilationResult") -> list[Answer]:
    found = []
    for name in _SPREAD:
        with np.errstate(divide="ignore", invalid="ignore"):
            share = result.field(name, "range", "analysis") / result.field(name, "range", "open_loop")
        found.append(Answer(f"{_TITLES[name]}, median over cells", "1", _middle(share)))
    return found


def _impact(result: "AssimilationResult") -> list[Answer]:
    return [
        Answer(f"{_TITLES[name]}, mean over cells", unit, float(np.nanmean(result.field(name, "impact"))))
        for name, unit in _SHOWN.items()
    ]


def _innovations(result: "AssimilationResult") -> list[Answer]:
    found = []
    for one in result.sensors:
        got, unit = result.diagnostics(one), result.logs[one].unit
        found.append(Answer(f"{_words(one)}, mean", unit, got.innovation_mean))
        found.append(Answer(f"{_words(one)}, sd", unit, got.innovation_std))
    return found


def _increments(result: "AssimilationResult") -> list[Answer]:
    found = []
    for one in result.choices.assimilated:
        spread = result.diagnostics(one.name).increment_std if one.name in result.logs else {}
        rows = sensor_named(one.name).updates if one.updates is None else one.updates
        found += [
            Answer(f"{_words(one.name)}: sd, {row}", "m2 m-2" if row == "lai" else "m3 m-3", spread[row])
            for row in rows
            if row in spread
        ]
    return found


def _together(result: "AssimilationResult") -> list[Answer]:
    names = [one.name for one in result.choices.assimilated if one.name in result.logs]
    return [
        Answer(
            f"{_words(a)} and {_words(b)}, 0-10 cm, median over cells", "1", _middle(result.increment_correlation(a, b))
        )
        for a, b in itertools.combinations(names, 2)
    ]


def _normalised(result: "AssimilationResult") -> list[Answer]:
    return [
        Answer(f"{_words(one)}, median over cells", "1", _middle(result.diagnostic(one, "normalised_std")))
        for one in result.sensors
    ]


def _memory(result: "AssimilationResult") -> list[Answer]:
    return [
        Answer(f"{_words(one)}, median over cells", "1", _middle(result.diagnostic(one, "lag1")))
        for one in result.sensors
    ]


FIGURES: tuple[Figure, ...] = (
    Figure("Fig. 1", "observations assimilated in a cell", _used),
    Figure("Table 4", "range of the members, analysis over open loop", _ratio),
    Figure("Fig. 4", "impact: RMSD of analysis and open loop (Eq. 3)", _impact),
    Figure("Figs. 7-8", "innovations", _innovations),
    Figure("Figs. 9-10", "increments", _increments),
    Figure("Figs. 9-10", "correlation of the increments of two sensors", _together),
    Figure("Fig. 11", "sd of normalised innovations", _normalised),
    Figure("Sect. 4.1.2", "autocorrelation of innovations, lag 1", _memory),
    Figure("Table 3 or Figs. 5-6", "gain of anomaly correlation", _skill),
)
"""What the paper's tables and figures ask, as far as this project's notes say what they show; no printed number of any
of them is on board. Where the gain of skill stands among Table 3 and Figures 5 and 6 the notes do not say."""

NOT_RECORDED = "Table 3, Table 4 and Figures 4 to 11"
"""What of the paper has no printed number on board."""


def answers(result: "AssimilationResult") -> list[tuple[Figure, Answer]]:
    """Put the questions of the paper's tables and figures to a run.

    Returns
    -------
    list of (Figure, Answer)
        Those that the run's sensors can answer.
    """
    return [(figure, answer) for figure in FIGURES for answer in figure.ours(result)]


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
