"""Limits, colours and words of the maps of the page Assimilation."""

import math

import numpy as np
from bokeh.palettes import viridis

from explorer.assimilation.address import AssimilationSelection
from explorer.assimilation.numbers import name_and_unit, sensor_title
from explorer.style import LEVELS, Scale, diverging, unit_text
from models.assimilation.diagnostics import CELL_DIAGNOSTICS
from models.assimilation.result import STATISTICS
from models.observation import SENSORS

__all__ = ["SHOWN_WORDS", "STATISTIC_WORDS", "WHEN_WORDS", "is_signed", "scale_of", "title_of", "unit_of_statistic"]

_VIRIDIS = tuple(viridis(LEVELS))

SHOWN_WORDS = {
    "difference": "Analysis − OL",
    "analysis": "Analysis",
    "open_loop": "Open loop",
    "truth": "Truth",
    "B-A": "B − A",
    "A": "A",
}
"""What a map shows, in the order of the switch."""

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
SEASON_WORDS = {"DJF": "winter DJF", "MAM": "spring MAM", "JJA": "summer JJA", "SON": "autumn SON"}
WHEN_WORDS = {
    "all": "whole period",
    **{f"m{number:02d}": name for number, name in enumerate(MONTHS, start=1)},
    **SEASON_WORDS,
}

STATISTIC_WORDS = {
    "mean": "mean",
    "spread": "spread: sd of the members",
    "range": "range of the members",
    "bias": "bias against the truth",
    "rmsd": "RMSD against the truth",
    "ubrmsd": "ubRMSD against the truth",
    "r": "R with the truth",
    "r_anom": "R of the anomalies with the truth's",
    "impact": "impact: RMSD analysis − open loop (Eq. 3)",
    "spread_skill": "spread over error",
    "count": "innovations, number",
    "used": "observations assimilated, number",
    "innovation_mean": "innovation, mean",
    "innovation_std": "innovation, sd",
    "normalised_mean": "normalised innovation, mean",
    "normalised_std": "normalised innovation, sd",
    "lag1": "lag-1 autocorrelation of innovations",
    "desroziers_r": "R as Desroziers diagnose it",
    "desroziers_hpht": "HPHᵀ as Desroziers diagnose it",
    "hpht": "HPHᵀ forecast",
    "residual_std": "residual O − A, sd",
    "forecast_error": "error of the forecast against the truth",
    "analysis_error": "error of the analysis against the truth",
    "loop_innovation_mean": "open loop: innovation, mean",
    "loop_innovation_std": "open loop: innovation, sd",
    "loop_normalised_std": "open loop: normalised innovation, sd",
    "gain": "weight HPHᵀ/(HPHᵀ + R)",
}
"""Statistic -> words; what is missing takes the engine's own."""

UNITLESS = ("r", "r_anom", "spread_skill")
SENSOR_UNITLESS = ("count", "used", "normalised_mean", "normalised_std", "lag1", "gain", "loop_normalised_std")
SQUARED = ("desroziers_r", "desroziers_hpht", "r", "hpht")
SIGNED = ("bias", "innovation_mean", "normalised_mean", "lag1", "loop_innovation_mean")


def statistic_words(name: str, *, of_sensor: bool) -> str:
    """Return a statistic in words."""
    kind, _, row = name.partition(":")
    if row:
        what = {"increment_std": "increment, sd", "increment_mean": "increment, mean", "gain": "Kalman gain K"}
        return f"{what.get(kind, kind)}: {name_and_unit(row)[0]}"
    known = CELL_DIAGNOSTICS if of_sensor else STATISTICS
    return STATISTIC_WORDS.get(name, known.get(name, name))


def unit_of_statistic(selection: AssimilationSelection) -> str:
    """Return the unit of what is mapped, as on screen."""
    statistic = selection.statistic
    if not selection.of_sensor:
        return "" if statistic in UNITLESS else name_and_unit(selection.variable)[1]
    if statistic in SENSOR_UNITLESS:
        return ""
    kind, _, row = statistic.partition(":")
    unit = next((unit_text(s.unit) for s in SENSORS if s.name == selection.sensor), "")
    if kind in ("increment_std", "increment_mean"):
        return name_and_unit(row)[1]
    if kind == "gain":
        mine = name_and_unit(row)[1]
        return "" if mine == unit else f"{mine or '1'} per {unit or '1'}"
    if statistic in SQUARED:
        return f"({unit})²" if unit else ""
    return unit


def is_signed(selection: AssimilationSelection) -> bool:
    """Say whether what is mapped has a middle of 0 that means "none"."""
    if not selection.of_sensor and selection.show in ("difference", "B-A") and selection.statistic != "impact":
        return True
    return selection.statistic in SIGNED or (selection.of_sensor and selection.show == "B-A")


def title_of(selection: AssimilationSelection) -> str:
    """Say what is mapped, above the map."""
    when = WHEN_WORDS[selection.when]
    words = statistic_words(selection.statistic, of_sensor=selection.of_sensor)
    if selection.of_sensor:
        shown = "B − A" if selection.show == "B-A" else "A" if selection.show == "A" else "B"
        return f"{sensor_title(selection.sensor)}: {words} · {when} · {shown}"
    shown = "" if selection.statistic == "impact" else f" · {SHOWN_WORDS[selection.show]}"
    return f"{name_and_unit(selection.variable)[0]}: {words} · {when}{shown}"


def scale_of(values: np.ndarray, *, unit: str, title: str, signed: bool) -> Scale:
    """Return limits and colours from the values: symmetric about 0 if signed, else between round numbers.

    Parameters
    ----------
    values : array
        NaN is left out.
    unit, title : str
        As on screen.
    signed : bool
        Whether 0 is the middle.
    """
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    if signed:
        reach = _round_up(float(np.percentile(np.abs(finite), 98))) if finite.size else 1.0
        return Scale(-reach, reach, diverging(), unit, title, diverging=True)
    if not finite.size:
        return Scale(0.0, 1.0, _VIRIDIS, unit, title)
    low, high = (float(edge) for edge in np.percentile(finite, (2, 98)))
    if high - low <= 1e-9 * max(abs(high), 1e-9):
        low, high = low - 0.5 * max(abs(low), 1e-3), high + 0.5 * max(abs(high), 1e-3)
    step = _round_up((high - low) / 10.0)
    return Scale(step * math.floor(low / step + 1e-9), step * math.ceil(high / step - 1e-9), _VIRIDIS, unit, title)


def _round_up(value: float) -> float:
    """Return the next round number, where a colour bar may end."""
    if not value > 0.0:
        return 1e-3
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * power >= value * (1 - 1e-9))
