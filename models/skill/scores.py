r"""Agreement of two series: correlation, root-mean-square difference, its unbiased part, bias, number of pairs."""

from collections.abc import Hashable, Mapping
from typing import NamedTuple

import numpy as np
import xarray as xr

__all__ = [
    "MIN_QUALITY",
    "SEASONS",
    "Scores",
    "bias",
    "compare_with_tower",
    "correlation",
    "count",
    "rmse",
    "score_table",
    "scores",
    "seasons_of",
    "unbiased_rmse",
]

SEASONS = ("DJF", "MAM", "JJA", "SON")
MIN_QUALITY = 0.7
"""Least share of good half hours of a tower day that is compared."""


class Scores(NamedTuple):
    """Scores along time; each has the remaining shape of the input."""

    r: np.ndarray
    rmse: np.ndarray
    ubrmse: np.ndarray
    bias: np.ndarray
    n: np.ndarray


def _pairs(sim, obs, axis):
    sim, obs = np.broadcast_arrays(np.asarray(sim, float), np.asarray(obs, float))
    held = np.isfinite(sim) & np.isfinite(obs)
    n = held.sum(axis=axis)
    return np.where(held, sim, 0.0), np.where(held, obs, 0.0), held, n


def _mean(values, n, axis):
    return np.where(n > 0, values.sum(axis=axis) / np.maximum(n, 1), np.nan)


def scores(sim, obs, axis: int = 0) -> Scores:
    r"""Compute all scores along ``axis``; pairs with a NaN are left out.

    .. math::
        \mathrm{bias} &= \overline{x - y}, \quad
        \mathrm{RMSE} = \sqrt{\overline{(x - y)^2}}, \quad
        \mathrm{ubRMSE} = \sqrt{\mathrm{RMSE}^2 - \mathrm{bias}^2} \\
        R &= \frac{\overline{(x - \bar x)(y - \bar y)}}{\sqrt{\overline{(x - \bar x)^2}\;\overline{(y - \bar y)^2}}}

    Parameters
    ----------
    sim, obs : array
        x and y in the same unit; they are broadcast against each other.
    axis : int
        The axis of time.

    Returns
    -------
    Scores
        r [1], rmse, ubrmse, bias in the unit of the input, n pairs. NaN where there is no pair; r and ubrmse are NaN
        with fewer than two pairs, r also where one of the series is constant.

    Examples
    --------
    >>> s = scores(np.array([1.0, 2.0, 3.0, np.nan]), np.array([2.0, 3.0, 4.0, 5.0]))
    >>> [round(float(v), 6) for v in s]
    [1.0, 1.0, 0.0, -1.0, 3.0]
    """
    x, y, held, n = _pairs(sim, obs, axis)
    mean_x, mean_y = _mean(x, n, axis), _mean(y, n, axis)
    dx = np.where(held, x - np.expand_dims(mean_x, axis), 0.0)
    dy = np.where(held, y - np.expand_dims(mean_y, axis), 0.0)
    difference = np.where(held, x - y, 0.0)
    offset = _mean(difference, n, axis)
    rmse_ = np.sqrt(_mean(difference**2, n, axis))
    # The mean square about the mean difference: no cancellation when the bias is large.
    centred = np.sqrt(_mean(np.where(held, difference - np.expand_dims(offset, axis), 0.0) ** 2, n, axis))
    spread = np.sqrt(_mean(dx**2, n, axis) * _mean(dy**2, n, axis))
    scale = np.abs(mean_x * mean_y) * 1e-14
    varies = (n > 1) & (spread > np.where(np.isfinite(scale), scale, 0.0))
    r = np.where(varies, _mean(dx * dy, n, axis) / np.where(varies, spread, 1.0), np.nan)
    return Scores(np.clip(r, -1.0, 1.0), rmse_, np.where(n > 1, centred, np.nan), offset, n)


def correlation(sim, obs, axis: int = 0) -> np.ndarray:
    """Compute Pearson's R along ``axis``; see `scores`."""
    return scores(sim, obs, axis).r


def rmse(sim, obs, axis: int = 0) -> np.ndarray:
    """Compute the root-mean-square difference along ``axis``; see `scores`."""
    return scores(sim, obs, axis).rmse


def unbiased_rmse(sim, obs, axis: int = 0) -> np.ndarray:
    """Compute the root-mean-square difference without the bias along ``axis``; see `scores`."""
    return scores(sim, obs, axis).ubrmse


def bias(sim, obs, axis: int = 0) -> np.ndarray:
    """Compute the mean of ``sim - obs`` along ``axis``; see `scores`."""
    return scores(sim, obs, axis).bias


def count(sim, obs, axis: int = 0) -> np.ndarray:
    """Count the pairs without a NaN along ``axis``."""
    return scores(sim, obs, axis).n


def seasons_of(time: np.ndarray) -> np.ndarray:
    """Name the months' season of each day; DJF is winter in the north and summer in the south.

    Parameters
    ----------
    time : (time,) datetime64 array

    Returns
    -------
    (time,) str array
        One of `SEASONS`.
    """
    month = np.asarray(time).astype("datetime64[M]").astype(int) % 12 + 1
    return np.array(SEASONS)[(month % 12) // 3]


def score_table(sim, obs, groups: np.ndarray | None = None) -> dict[Hashable, Scores]:
    """Score one series, all of it and by group.

    Parameters
    ----------
    sim, obs : (time,) array
        Same unit.
    groups : (time,) array, optional
        A label for each time, as `seasons_of` gives them.

    Returns
    -------
    dict
        "all" and each label -> `Scores` of numbers.

    Raises
    ------
    ValueError
        The lengths differ.
    """
    sim, obs = np.asarray(sim, float), np.asarray(obs, float)
    if sim.shape != obs.shape or sim.ndim != 1:
        msg = f"sim has shape {sim.shape}, obs {obs.shape}; two series of the same length are accepted."
        raise ValueError(msg)
    table = {"all": scores(sim, obs)}
    if groups is not None:
        groups = np.asarray(groups)
        if groups.shape != sim.shape:
            msg = f"groups has shape {groups.shape}, the series {sim.shape}; one label for each time is accepted."
            raise ValueError(msg)
        for label in dict.fromkeys(groups.tolist()):
            table[label] = scores(sim[groups == label], obs[groups == label])
    return table


def compare_with_tower(
    result: xr.Dataset,
    tower: xr.Dataset,
    *,
    min_quality: float | None = MIN_QUALITY,
    variables: Mapping[str, tuple[str, ...]] | None = None,
) -> xr.Dataset:
    """Compare a run at a tower with its fluxes, day by day, for the whole record and by season.

    Parameters
    ----------
    result : xr.Dataset
        gpp, ra, rh, nee [gC m-2 d-1] on (cell = 1, time), daily.
    tower : xr.Dataset
        gpp, reco, nee on (time, site = 1) with ``<name>_qc`` (share of good half hours).
    min_quality : float or None
        Days whose quality is lower are left out; None compares all.

    Returns
    -------
    xr.Dataset
        r, rmse, ubrmse, bias, n on (variable, season); season is "all", DJF, MAM, JJA, SON. Variables the tower lacks
        have n = 0.

    Raises
    ------
    ValueError
        No day is in both, or the tower has no flux at all.
    """
    variables = variables or {"gpp": ("gpp",), "reco": ("ra", "rh"), "nee": ("nee",)}
    given = [name for name in variables if name in tower]
    if not given:
        msg = f"The tower has none of {', '.join(variables)}: there is nothing to compare with."
        raise ValueError(msg)
    days = np.intersect1d(_days(result), _days(tower))
    if not days.size:
        msg = (
            f"The run ({_days(result)[0]} to {_days(result)[-1]}) and the tower ({_days(tower)[0]} to "
            f"{_days(tower)[-1]}) have no day in common; choose a period within the tower's."
        )
        raise ValueError(msg)
    at_run, at_tower = np.searchsorted(_days(result), days), np.searchsorted(_days(tower), days)
    groups = seasons_of(days)
    labels = ("all", *SEASONS)
    found = np.full((len(Scores._fields), len(variables), len(labels)), np.nan)
    found[Scores._fields.index("n")] = 0
    for i, (name, parts) in enumerate(variables.items()):
        if name not in given:
            continue
        sim = sum(result[part].isel(cell=0).to_numpy().astype(float) for part in parts)[at_run]
        obs = tower[name].isel(site=0).to_numpy().astype(float)[at_tower]
        if min_quality is not None and f"{name}_qc" in tower:
            obs = np.where(tower[f"{name}_qc"].isel(site=0).to_numpy()[at_tower] >= min_quality, obs, np.nan)
        for label, value in score_table(sim, obs, groups).items():
            found[:, i, labels.index(label)] = value
    units = {"r": "1", "n": "1"}
    return xr.Dataset(
        {
            name: (("variable", "season"), found[k], {"units": units.get(name, "gC m-2 d-1")})
            for k, name in enumerate(Scores._fields)
        },
        {"variable": list(variables), "season": list(labels)},
        {"min_quality": "none" if min_quality is None else min_quality, "days": int(days.size)},
    )


def _days(ds: xr.Dataset) -> np.ndarray:
    return ds["time"].to_numpy().astype("datetime64[D]")
