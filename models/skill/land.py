"""Agreement of a run of the land surface model with what a tower observed, day by day."""

from collections.abc import Iterable

import numpy as np
import xarray as xr

from models.skill.scores import MIN_QUALITY, Scores, scores

__all__ = ["OBSERVED", "compare_days", "score_lines"]

OBSERVED = ("ssm", "rzsm", "t_soil", "le", "h", "gpp", "reco", "nee")
"""What is compared where a tower observed it."""


def compare_days(
    result: xr.Dataset, observed: xr.Dataset, names: Iterable[str] = OBSERVED, *, min_quality: float = MIN_QUALITY
) -> dict[str, Scores]:
    """Score every quantity that a tower observed.

    Parameters
    ----------
    result : xr.Dataset
        Daily, on (time) or (column = 1, time), in the names of `models.variables`.
    observed : xr.Dataset
        Daily on (time), with ``<name>_qc`` [1] where days have a quality; those below ``min_quality`` are left out.
    names : iterable of str
        What to compare, as far as both have it; ``reco`` of a run is ``ra + rh``.

    Returns
    -------
    dict of str to Scores
        In the unit of each quantity; only those with at least two pairs.
    """
    if "column" in result.dims:
        result = result.isel(column=0)
    days = [ds["time"].values.astype("datetime64[D]") for ds in (result, observed)]
    common, at_run, at_tower = np.intersect1d(*days, return_indices=True)
    table = {}
    for name in names:
        parts = ("ra", "rh") if name == "reco" else (name,)
        if name not in observed or any(part not in result for part in parts) or not common.size:
            continue
        sim = sum(result[part].values.astype(float) for part in parts)[at_run]
        obs = observed[name].values.astype(float)[at_tower]
        if f"{name}_qc" in observed:
            obs = np.where(observed[f"{name}_qc"].values[at_tower] >= min_quality, obs, np.nan)
        found = scores(sim, obs)
        if found.n > 1:
            table[name] = found
    return table


def score_lines(table: dict[str, Scores], units: dict[str, str]) -> list[str]:
    """Lay scores out as lines of text, the head first; empty if there are none."""
    if not table:
        return []
    lines = [f"{'':<8}{'unit':<11}{'r':>6}{'RMSE':>9}{'ubRMSE':>9}{'bias':>9}{'days':>7}"]
    for name, s in table.items():
        numbers = "".join(f"{float(value):9.3f}" for value in (s.rmse, s.ubrmse, s.bias))
        lines.append(f"{name:<8}{units[name]:<11}{float(s.r):6.2f}{numbers}{int(s.n):7d}")
    return lines
