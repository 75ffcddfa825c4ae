r"""What a calibration makes small: residuals of GPP, RE or NEE over the towers of a plant type, with their Jacobian.

The paper's order (Jones et al. 2017): GPP; then RE = RA + RH with the fitted GPP held, where RH is Kmult times a
site's effective soil carbon \bar C; then NEE without each site's bias. With ``soil = "effective"`` \bar C is a
percentile of (RE - RA) / Kmult on the better half of a site's days (Eq. 11-12). A percentile above the middle makes RE
too large on most days, and the parameters then answer for that; with ``soil = "fitted"`` \bar C is the factor that
serves RE best by least squares. With ``soil = "steady"`` RH is the whole model's instead, its pools in balance with
litterfall.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.calibration.controls import NAMES, Controls
from models.calibration.sites import SiteDays
from models.calibration.terms import gpp_of_days, kmult_of_days, mean_of_calendar, steady_rh

__all__ = ["SOILS", "STEPS", "Problem", "Simulated", "can_judge", "effective_soil", "fitted_soil", "simulate"]

STEPS = ("gpp", "reco", "nee")
SOILS = ("effective", "fitted", "steady")
F_AUT = NAMES.index("f_aut")
ALL = np.arange(len(NAMES))
MEMORY = 20.0
"""Days for which a tower's residual lasts: what many days say is said by that fewer."""


@dataclass(frozen=True, eq=False)
class Simulated:
    """Fluxes of a site's days and their derivatives by the parameters asked for.

    Attributes
    ----------
    gpp, reco, nee : (day,) array
        [gC m-2 d-1].
    d_gpp, d_reco, d_nee : (day, k) array
    soil : float
        Effective soil carbon [gC m-2 d-1 of RH at Kmult = 1]; NaN for a steady soil.
    """

    gpp: np.ndarray
    reco: np.ndarray
    nee: np.ndarray
    d_gpp: np.ndarray
    d_reco: np.ndarray
    d_nee: np.ndarray
    soil: float


def can_judge(site: SiteDays, flux: str, soil: str) -> bool:
    """Say whether a site has days of a flux, and of RE if the flux hangs on a soil carbon that is told by RE."""
    needed = {flux} if flux == "gpp" or soil == "steady" else {flux, "reco"}
    return all(site.count(name) > 1 for name in needed)


def effective_soil(
    rh: np.ndarray, d_rh: np.ndarray, km: np.ndarray, d_km: np.ndarray, percentile: float
) -> tuple[float, np.ndarray]:
    """Estimate a site's effective soil carbon by a percentile, and its derivatives (k,).

    Parameters
    ----------
    rh, d_rh : (day,) and (day, k) array
        Observed RE less the model's RA [gC m-2 d-1], NaN on days without RE, with derivatives.
    km, d_km : (day,) and (day, k) array
        Kmult of the model, with derivatives.
    percentile : float
        Of RH / Kmult, on the days whose Kmult is at least its median.

    Returns
    -------
    float, (k,) array
        0 without a day that could tell.
    """
    days = np.isfinite(rh) & (km > 0)
    slopes = np.zeros(d_km.shape[1])
    if not days.any():
        return 0.0, slopes
    days &= km >= np.median(km[days])
    where = np.flatnonzero(days)
    ratio = np.maximum(rh[where], 0.0) / km[where]
    order = np.argsort(ratio, kind="stable")
    place = percentile / 100 * (len(ratio) - 1)
    below, weight = int(place), place - int(place)
    above = min(below + 1, len(ratio) - 1)
    soil = 0.0
    for rank, share in ((below, 1 - weight), (above, weight)):
        i = order[rank]
        day = where[i]
        soil += share * ratio[i]
        if ratio[i] > 0:
            slopes += share * (d_rh[day] - ratio[i] * d_km[day]) / km[day]
    return float(soil), slopes


def fitted_soil(rh: np.ndarray, d_rh: np.ndarray, km: np.ndarray, d_km: np.ndarray) -> tuple[float, np.ndarray]:
    """Estimate a site's effective soil carbon by least squares of RH over all days; see `effective_soil`."""
    days = np.isfinite(rh)
    rh, d_rh, km, d_km = rh[days], d_rh[days], km[days], d_km[days]
    squares = km @ km
    soil = km @ rh / squares if squares > 0 else 0.0
    if soil <= 0:
        return 0.0, np.zeros(d_km.shape[1])
    return float(soil), (rh @ d_km + km @ d_rh - 2 * soil * (km @ d_km)) / squares


def simulate(
    site: SiteDays, params: np.ndarray, soil: str = "effective", percentile: float = 75.0, by: np.ndarray = ALL
) -> Simulated:
    """Compute GPP, RE and NEE of a site's days with their derivatives.

    Parameters
    ----------
    site : SiteDays
        The tower.
    params : (20,) array
        Parameters.
    soil : str
        "effective" or "fitted" (from the site's own RE) or "steady" (the whole model's, from its drivers alone).
    percentile : float
        See `effective_soil`.
    by : (k,) int array
        Places of the parameters by which derivatives are taken; all by default.

    Raises
    ------
    ValueError
        For a steady soil, if the drivers have gaps or lack days of the calendar.
    """
    gpp, d_gpp = gpp_of_days(site.drivers, params)
    d_gpp = d_gpp[:, by]
    f_aut, of_f_aut = params[F_AUT], (by == F_AUT).astype(float)
    ra, d_ra = f_aut * gpp, f_aut * d_gpp + gpp[:, None] * of_f_aut
    if soil == "steady":
        if not np.isfinite(site.drivers).all():
            msg = f"The drivers of {site.name} have gaps; a steady soil needs every day: fill them (fill_gaps=True)."
            raise ValueError(msg)
        unit, d_unit = steady_rh(site.drivers, site.time, params)
        mean, d_mean = mean_of_calendar(gpp, site.time), mean_of_calendar(d_gpp, site.time)
        litter, d_litter = (1 - f_aut) * mean, (1 - f_aut) * d_mean - mean * of_f_aut
        rh, d_rh = litter * unit, litter * d_unit[:, by] + unit[:, None] * d_litter
        factor = np.nan
    else:
        km, d_km = kmult_of_days(site.drivers, params)
        d_km = d_km[:, by]
        given = site.observed["reco"] - ra, -d_ra, km, d_km
        factor, d_factor = effective_soil(*given, percentile) if soil == "effective" else fitted_soil(*given)
        rh, d_rh = factor * km, factor * d_km + km[:, None] * d_factor
    return Simulated(gpp, ra + rh, ra + rh - gpp, d_gpp, d_ra + d_rh, d_ra + d_rh - d_gpp, factor)


class Problem:
    """One step of a calibration: residuals and their Jacobian over the controls.

    Parameters
    ----------
    step : str
        "gpp", "reco" or "nee".
    sites : sequence of SiteDays
        Towers; those that say nothing of the flux are passed over (`can_judge`).
    controls : Controls
        What is free.
    soil, percentile
        See `simulate`.
    weights : str
        "sites" (each site counts the same) or "days".
    prior : float
        Standard error of ``table``, as a share of each parameter's bounds; 0 for none. It weighs as much as data whose
        errors live for `MEMORY` days.
    table : (20,) array, optional
        Values that the prior holds to; those of the controls by default.
    keep_reco : float
        Weight of the residuals of RE in the step "nee", so that NEE is not bought with RE; 0 is the paper's NEE alone.

    Raises
    ------
    ValueError
        If no site has a day that counts.
    """

    def __init__(
        self,
        step: str,
        sites: Sequence[SiteDays],
        controls: Controls,
        *,
        soil: str = "effective",
        percentile: float = 75.0,
        weights: str = "sites",
        prior: float = 0.0,
        table: np.ndarray | None = None,
        keep_reco: float = 0.0,
    ):
        self.keep_reco = keep_reco if step == "nee" else 0.0
        self.step, self.controls, self.soil, self.percentile = step, controls, soil, percentile
        self.sites = [site for site in sites if can_judge(site, step, soil)]
        if not self.sites:
            msg = (
                f"No site has days of {step.upper()} that count; leave this step out, loosen the rules of quality or "
                "bring other towers."
            )
            raise ValueError(msg)
        self.days = {site.name: np.flatnonzero(np.isfinite(site.observed[step])) for site in self.sites}
        counts = np.array([len(days) for days in self.days.values()], float)
        share = np.sqrt(counts.mean() / counts) if weights == "sites" else np.ones(len(counts))
        self.weight = dict(zip(self.days, share, strict=True))
        self.size = int(counts.sum())
        self._kept: tuple[bytes, np.ndarray, np.ndarray] | None = None
        self._tie, self._table = np.zeros(0), controls.base if table is None else np.asarray(table, float)
        if prior > 0:
            noise = np.sqrt(np.mean(self.at(controls.base)[0] ** 2))
            self._tie = noise * np.sqrt(MEMORY) / (prior * (controls.high - controls.low))

    def _evaluate(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        key = np.asarray(x, float).tobytes()
        if self._kept is None or self._kept[0] != key:
            params, inner = self.controls.params(x), self.controls.slopes(x)
            residuals, slopes = self.at(params)
            slopes = slopes @ inner
            if self._tie.size:
                away = (params - self._table)[self.controls.places]
                residuals = np.concatenate([residuals, self._tie * away])
                slopes = np.concatenate([slopes, self._tie[:, None] * inner])
            self._kept = key, residuals, slopes
        return self._kept[1:]

    def at(self, params: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return weighted residuals (n,), simulated less observed, and their derivatives (n, k); see `rows`."""
        parts, slopes, by = [], [], self.controls.places
        for site in self.sites:
            days, weight = self.days[site.name], self.weight[site.name]
            if self.step == "gpp":
                simulated, d_simulated = gpp_of_days(site.drivers, params)
                d_simulated = d_simulated[:, by]
            else:
                run = simulate(site, params, self.soil, self.percentile, by)
                simulated, d_simulated = getattr(run, self.step), getattr(run, f"d_{self.step}")
            residual, slope = simulated[days] - site.observed[self.step][days], d_simulated[days]
            if self.step == "nee":  # ubRMSE: a site's bias costs nothing
                residual, slope = residual - residual.mean(), slope - slope.mean(axis=0)
            parts.append(weight * residual)
            slopes.append(weight * slope)
            if self.keep_reco:
                both = np.flatnonzero(np.isfinite(site.observed["reco"]))
                parts.append(self.keep_reco * weight * (run.reco - site.observed["reco"])[both])
                slopes.append(self.keep_reco * weight * run.d_reco[both])
        return np.concatenate(parts), np.concatenate(slopes)

    @property
    def rows(self) -> list[tuple[SiteDays, int, int]]:
        """Each site's rows of residuals: its days of the flux, then its days of RE if those are kept."""
        return [(site, len(self.days[site.name]), site.count("reco") if self.keep_reco else 0) for site in self.sites]

    def residuals(self, x: np.ndarray) -> np.ndarray:
        """Return the weighted residuals (n,) [gC m-2 d-1] at controls ``x``, those of the prior last."""
        return self._evaluate(x)[0]

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """Return d(residual)/dx (n, k)."""
        return self._evaluate(x)[1]
