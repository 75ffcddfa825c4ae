"""Days of towers that a calibration may use: drivers as the equations take them, fluxes by rules of quality."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from models.l4c.drivers import driver_values, smrz_limits
from models.wetness import rescale_smrz

__all__ = ["DAILY", "FLUXES", "WETLAND", "QualityRules", "SiteDays", "box_filtered", "site_days"]

DAILY = ("par", "fpar", "tmin", "vpd", "smrz_rescaled", "t_soil", "smsf", "frozen")
"""Columns of `SiteDays.drivers`."""

FLUXES = ("gpp", "reco", "nee")

WETLAND = "WET"
"""IGBP class without a plant type of L4C: its water stands, and no ramp of soil moisture answers to that."""


@dataclass(frozen=True)
class QualityRules:
    """Which days of a tower count.

    Attributes
    ----------
    min_quality : float
        Least share of good half hours of a day.
    smooth : bool
        Whether fluxes pass a two-day box filter there and back (no shift in time), as in the mission's calibration.
    drop_negative_gpp : bool
        Whether days with GPP below 0 are left out of the fit of GPP.
    least_apar : float
        Least absorbed PAR [MJ m-2 d-1] of a day in the fit of GPP.
    outlier_std : float
        Days whose flux departs from its mean by more standard deviations are left out.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    min_quality: float = 0.7
    smooth: bool = True
    drop_negative_gpp: bool = True
    least_apar: float = 0.1
    outlier_std: float = 5.0

    def __post_init__(self) -> None:
        if not 0 <= self.min_quality <= 1:
            msg = f"min_quality = {self.min_quality:g} lies outside [0, 1]: it is a share of half hours."
            raise ValueError(msg)
        if self.least_apar < 0 or self.outlier_std <= 0:
            msg = f"least_apar = {self.least_apar:g}, outlier_std = {self.outlier_std:g}; at least 0, and above 0."
            raise ValueError(msg)


@dataclass(frozen=True, eq=False)
class SiteDays:
    """A tower's days.

    Attributes
    ----------
    name : str
        Site code.
    pft : int
        Plant type, 1-8.
    time : (day,) datetime64[D] array
        Days, one after the other.
    drivers : (day, 8) float64 array
        In the order of `DAILY`.
    observed : dict
        "gpp", "reco", "nee" -> (day,) array [gC m-2 d-1], NaN where there is none or it does not count.
    igbp : str
        Land cover class that the tower's file names, or "".
    """

    name: str
    pft: int
    time: np.ndarray
    drivers: np.ndarray
    observed: dict[str, np.ndarray]
    igbp: str = ""

    def count(self, flux: str) -> int:
        """Days of a flux that count."""
        return int(np.isfinite(self.observed[flux]).sum())

    def with_fluxes(self, **fluxes: np.ndarray) -> "SiteDays":
        """Return the same days with other observations: those of a twin."""
        return replace(self, observed=self.observed | fluxes)


def box_filtered(x: np.ndarray) -> np.ndarray:
    """Pass a two-day box filter forwards and backwards: weights 1/4, 1/2, 1/4; a missing neighbour is left out."""
    there = np.isfinite(x)
    filled = np.where(there, x, 0.0)
    total, weight = 0.5 * filled, 0.5 * there
    for shift in (1, -1):
        neighbour, known = np.roll(filled, shift), np.roll(there, shift).astype(float)
        edge = 0 if shift == 1 else -1
        neighbour[edge] = known[edge] = 0.0
        total, weight = total + 0.25 * neighbour, weight + 0.25 * known
    return np.where(there, total / np.where(weight > 0, weight, 1.0), np.nan)


def site_days(
    drivers: xr.Dataset, tower: xr.Dataset, rules: QualityRules | None = None, *, smrz_range: str = "observed"
) -> SiteDays:
    """Take the days of one tower that count.

    Parameters
    ----------
    drivers : xr.Dataset
        On (cell = 1, time), ready for a run of L4C.
    tower : xr.Dataset
        gpp, reco, nee [gC m-2 d-1] on (time, site = 1), daily, with ``<flux>_qc``, the share of good half hours; a
        flux without one takes that of NEE.
    rules : QualityRules, optional
        Which days count.
    smrz_range : str
        See `models.l4c.drivers.smrz_limits`.

    Raises
    ------
    ValueError
        The drivers hold more than one cell, a unit is wrong, or the two have no day in common.
    """
    rules = rules or QualityRules()
    if drivers.sizes["cell"] != 1:
        msg = f"The drivers hold {drivers.sizes['cell']} cells; a tower has one."
        raise ValueError(msg)
    name = str(np.ravel(tower["site"].values)[0])
    columns = {}
    for driver in DAILY:
        if driver == "smrz_rescaled" and driver not in drivers:
            smrz = driver_values(drivers, "smrz")
            columns[driver] = rescale_smrz(smrz, *smrz_limits(drivers, smrz, smrz_range))[0]
        else:
            columns[driver] = driver_values(drivers, driver)[0]
    time = drivers["time"].values.astype("datetime64[D]")
    table = np.ascontiguousarray(np.stack([columns[driver] for driver in DAILY], axis=1))
    days = tower["time"].values.astype("datetime64[D]")
    common, at_run, at_tower = np.intersect1d(time, days, return_indices=True)
    if not common.size:
        msg = f"{name}: the drivers ({time[0]} to {time[-1]}) and the tower ({days[0]} to {days[-1]}) share no day."
        raise ValueError(msg)
    complete = np.isfinite(table).all(axis=1)
    observed = {}
    for flux in FLUXES:
        values = np.full(len(time), np.nan)
        if flux in tower:
            one = tower[flux].isel(site=0).values.astype(float)
            quality = next((q for q in (f"{flux}_qc", "nee_qc") if q in tower), None)
            if quality is not None:
                one = np.where(tower[quality].isel(site=0).values >= rules.min_quality, one, np.nan)
            values[at_run] = one[at_tower]
        observed[flux] = np.where(complete, _by_rules(values, flux, columns, rules), np.nan)
    igbp = str(np.ravel(tower["igbp"].values)[0]) if "igbp" in tower.coords else ""
    return SiteDays(name, int(np.ravel(drivers["pft"].values)[0]), time, table, observed, igbp)


def _by_rules(values: np.ndarray, flux: str, columns: dict[str, np.ndarray], rules: QualityRules) -> np.ndarray:
    if rules.smooth:
        values = box_filtered(values)
    held = values[np.isfinite(values)]
    if held.size > 1:
        values = np.where(np.abs(values - held.mean()) <= rules.outlier_std * held.std(), values, np.nan)
    if flux == "gpp":
        low = (values < 0) if rules.drop_negative_gpp else np.zeros(len(values), bool)
        dark = columns["par"] * columns["fpar"] < rules.least_apar
        values = np.where(low | dark, np.nan, values)
    return values


def named(sites: Iterable[SiteDays]) -> str:
    """Names of sites, for messages."""
    return ", ".join(site.name for site in sites) or "none"
