"""How much nearer the analysis is than the open loop: to the truth, and to stations that are sampled from it."""

import weakref
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from explorer.assimilation.numbers import daily, key_numbers, name_and_unit
from models.assimilation.export import observed_cells
from models.assimilation.result import AssimilationResult
from models.observation.station import sample_stations
from models.skill.anomalies import anomalies
from models.skill.scores import correlation, unbiased_rmse
from models.skill.significance import Wilcoxon, wilcoxon_over_sites

__all__ = ["FEWEST_DAYS", "JUDGED", "REFERENCES", "Gain", "gains", "prime", "skill_table"]

REFERENCES = {"truth": "The truth", "stations": "Synthetic stations"}
"""What is compared with -> words on screen."""

JUDGED = ("ssm", "rzsm", "lai", "gpp", "et")
"""Variables whose skill is compared."""

FEWEST_DAYS = 40
"""Days below which a correlation of anomalies says nothing."""


@dataclass(frozen=True, eq=False)
class Gain:
    """Skill of open loop and analysis in every cell; NaN where there is nothing to compare with or no observation.

    Attributes
    ----------
    before, after : (cell,) array
        Correlation of the anomalies from a 31-day mean, of open loop and analysis.
    ubrmsd_before, ubrmsd_after : (cell,) array
        Unbiased root-mean-square difference [unit of the variable].
    test : Wilcoxon or None
        Signed-rank test of ``after - before``.
    """

    before: np.ndarray
    after: np.ndarray
    ubrmsd_before: np.ndarray
    ubrmsd_after: np.ndarray
    test: Wilcoxon | None

    @property
    def delta(self) -> np.ndarray:
        """Gain of correlation, (cell,)."""
        return self.after - self.before

    @property
    def better(self) -> float:
        """Share of cells that are better; NaN if there are none."""
        return float("nan") if self.test is None else self.test.share_better


_KEPT: weakref.WeakKeyDictionary[AssimilationResult, dict[tuple[str, str], Gain]] = weakref.WeakKeyDictionary()
"""Result -> what was compared with what; it goes with the result."""


def prime(result: AssimilationResult) -> None:
    """Compute, in the thread that calls, what key numbers and skill need, and keep it with the result.

    Kernels wait for the thread pool while a run fills it; the event loop must not wait with them.
    """
    for sensor in result.sensors or ("",):
        key_numbers(result, sensor)
    for variable in JUDGED:
        for reference in REFERENCES:
            gains(result, variable, reference)


def gains(result: AssimilationResult, variable: str, reference: str = "truth") -> Gain:
    """Compare open loop and analysis with the truth or with stations; kept with the result.

    Parameters
    ----------
    variable : str
        Of `models.assimilation.result.VARIABLES_KEPT`.
    reference : str
        Key of `REFERENCES`.
    """
    kept = _KEPT.setdefault(result, {})
    if (variable, reference) not in kept:
        kept[variable, reference] = _compared(result, variable, reference)
    return kept[variable, reference]


def _compared(result: AssimilationResult, variable: str, reference: str) -> Gain:
    """Compare open loop and analysis; see `gains`."""
    cells, days = result.twin.cells.size, result.days[: result.days_done]
    nothing = np.full(cells, np.nan)
    if days.size < FEWEST_DAYS:
        return Gain(nothing, nothing, nothing, nothing, None)
    truth = daily(result, variable, "truth")
    places, seen = np.arange(cells), truth
    if reference == "stations":
        stations = sample_stations(variable, truth, result.twin.cells, seed=result.twin.seed)
        places, seen = stations.places, stations.values
    seen_anom = anomalies(seen, days, axis=1)
    found = []
    for experiment in ("open_loop", "analysis"):
        values = daily(result, variable, experiment)[places]
        r = correlation(anomalies(values, days, axis=1), seen_anom, axis=1)
        found.append((r, unbiased_rmse(values, seen, axis=1)))

    def spread_out(values: np.ndarray) -> np.ndarray:
        field = nothing.copy()
        field[places] = values
        return field

    # Where a mask lets no observation through, nothing can become better.
    unseen = ~np.isin(places, observed_cells(result, variable)) & bool(result.choices.assimilated)
    for scores in found:
        for values in scores:
            values[unseen] = np.nan
    (before, ub_before), (after, ub_after) = found
    both = np.isfinite(before) & np.isfinite(after)
    test = wilcoxon_over_sites(after, before) if both.any() else None
    return Gain(*(spread_out(values) for values in (before, after, ub_before, ub_after)), test)


def skill_table(found: Mapping[str, Gain]) -> pd.DataFrame:
    """Return medians over cells by variable, ready to be shown."""
    rows = []
    for variable, one in found.items():
        name, unit = name_and_unit(variable)
        if one.test is None:
            continue
        rows.append(
            {
                "variable": f"{name} [{unit or '1'}]",
                "cells": one.test.n,
                "R anom. open loop": _median(one.before),
                "R anom. analysis": _median(one.after),
                "ΔR": one.test.median,
                "cells better": f"{100 * one.test.share_better:.0f} %",
                "p": "–" if not np.isfinite(one.test.p_value) else f"{one.test.p_value:.1g}",
                "ubRMSD open loop": _median(one.ubrmsd_before),
                "ubRMSD analysis": _median(one.ubrmsd_after),
            }
        )
    columns = ["variable", "cells", "R anom. open loop", "R anom. analysis", "ΔR"]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=columns)


def _median(values: np.ndarray) -> float:
    """Return the median of what is there."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else float("nan")
