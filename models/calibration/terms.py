"""GPP, Kmult and RH of a tower's days with their derivatives by the parameters: L4C's equations on dual numbers.

A parameter vector has the 20 entries of `models.l4c.params.L4CParams`, in its order; seeds are numbered the same way.
"""

import numpy as np

from models.climatology import DAYS, day_of_365
from models.kernel import kernel
from models.l4c.dual import seed, tangent, value
from models.l4c.params import L4CParams
from models.l4c.physics import arrhenius, falling_ramp, freeze_thaw, gross_production, ramp

__all__ = ["DECAY", "LIGHT", "POOLS", "gpp_of_days", "kmult_of_days", "steady_rh"]

NAMES = L4CParams._fields
LIGHT = NAMES[:9]
"""Parameters of GPP."""
DECAY = ("tsoil_beta", "smsf_low", "smsf_high")
"""Parameters of Kmult; beta1 and beta2 are constants of the equation."""
POOLS = ("k_fast", "k_med", "k_slow", "f_fast", "f_med")
"""Parameters of the soil pools; RH of a steady soil hangs on these, on `DECAY` and, through litterfall, on f_aut."""

N_GPP, N_KM, N_RH = 1 + len(LIGHT), 1 + len(DECAY), 1 + len(DECAY) + len(POOLS)


@kernel
def _gpp(days, p, out):
    """Write GPP and its nine derivatives (day, 10); ``days`` in the order of `models.calibration.sites.DAILY`."""
    lue, tmin_low, tmin_high = seed(p[0], 0), seed(p[1], 1), seed(p[2], 2)
    vpd_low, vpd_high, smrz_low, smrz_high = seed(p[3], 3), seed(p[4], 4), seed(p[5], 5), seed(p[6], 6)
    ft_min, ft_max = seed(p[7], 7), seed(p[8], 8)
    for t in range(days.shape[0]):
        d = days[t]
        gpp = gross_production(
            lue,
            d[0] * d[1],
            falling_ramp(d[3], vpd_low, vpd_high),
            ramp(d[2], tmin_low, tmin_high),
            ramp(d[4], smrz_low, smrz_high),
            freeze_thaw(d[7], ft_min, ft_max),
        )
        o = out[t]
        o[0] = value(gpp)
        o[1], o[2], o[3] = tangent(gpp, 0), tangent(gpp, 1), tangent(gpp, 2)
        o[4], o[5], o[6] = tangent(gpp, 3), tangent(gpp, 4), tangent(gpp, 5)
        o[7], o[8], o[9] = tangent(gpp, 6), tangent(gpp, 7), tangent(gpp, 8)


@kernel
def _kmult(days, beta, beta1, beta2, low, high, out):
    """Write Kmult and its three derivatives (day, 4)."""
    b, s0, s1 = seed(beta, 0), seed(low, 1), seed(high, 2)
    for t in range(days.shape[0]):
        km = arrhenius(days[t, 5], b, beta1, beta2) * ramp(days[t, 6], s0, s1)
        o = out[t]
        o[0], o[1], o[2], o[3] = value(km), tangent(km, 0), tangent(km, 1), tangent(km, 2)


@kernel
def _steady(year, days, rates, out):
    """Write RH of a unit of litterfall and its eight derivatives (day, 9) by `DECAY` (0-2) and `POOLS` (3-7).

    ``year`` (365, 4) is Kmult of the mean year from the record's first calendar day on, ``days`` (day, 4) of the
    record, each with its derivatives; the pools start in the steady state of the year (Eq. 6-8).
    """
    k_fast, f_fast, f_med = seed(rates[0], 3), seed(rates[3], 6), seed(rates[4], 7)
    k_med, k_slow = k_fast * seed(rates[1], 4), k_fast * seed(rates[2], 5)
    # One number of every seed's type, whose derivatives are all 0.
    none = (seed(0.0, 0) + seed(0.0, 1) + seed(0.0, 2) + k_med + k_slow + f_fast + f_med) * 0.0
    a1, b1, a2, b2, a3, v, e = none + 1.0, none, none + 1.0, none, none + 1.0, none, none
    for t in range(year.shape[0]):
        y = year[t]
        km = seed(0.0, 0) * y[1] + seed(0.0, 1) * y[2] + seed(0.0, 2) * y[3] + y[0]
        k1, k2, k3 = km * k_fast, km * k_med, km * k_slow
        source = f_med * k2
        v = v * (1.0 - k3) + source * a2
        e = e * (1.0 - k3) + source * b2
        a3 = a3 * (1.0 - k3)
        a1 = a1 * (1.0 - k1)
        b1 = b1 * (1.0 - k1) + f_fast
        a2 = a2 * (1.0 - k2)
        b2 = b2 * (1.0 - k2) + (1.0 - f_fast)
    fast, med = b1 / (1.0 - a1), b2 / (1.0 - a2)
    slow = (v * med + e) / (1.0 - a3)
    for t in range(days.shape[0]):
        y = days[t]
        km = seed(0.0, 0) * y[1] + seed(0.0, 1) * y[2] + seed(0.0, 2) * y[3] + y[0]
        from_fast, from_med, from_slow = km * k_fast * fast, km * k_med * med, km * k_slow * slow
        to_slow = f_med * from_med
        rh = from_fast + (from_med - to_slow) + from_slow
        fast = fast + (f_fast - from_fast)
        med = med + ((1.0 - f_fast) - from_med)
        slow = slow + (to_slow - from_slow)
        o = out[t]
        o[0], o[1], o[2], o[3] = value(rh), tangent(rh, 0), tangent(rh, 1), tangent(rh, 2)
        o[4], o[5], o[6] = tangent(rh, 3), tangent(rh, 4), tangent(rh, 5)
        o[7], o[8] = tangent(rh, 6), tangent(rh, 7)


def gpp_of_days(drivers: np.ndarray, params: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute GPP (day,) [gC m-2 d-1] and its derivatives (day, 20) by the parameters (Eq. 3-5)."""
    out = np.empty((len(drivers), N_GPP))
    _gpp(drivers, params, out)
    slopes = np.zeros((len(drivers), len(NAMES)))
    slopes[:, : len(LIGHT)] = out[:, 1:]
    return out[:, 0], slopes


def _places(names: tuple[str, ...]) -> list[int]:
    return [NAMES.index(name) for name in names]


def kmult_of_days(drivers: np.ndarray, params: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute Kmult (day,) [1] and its derivatives (day, 20) by the parameters (Eq. 5, 9)."""
    out = _raw_kmult(drivers, params)
    slopes = np.zeros((len(drivers), len(NAMES)))
    slopes[:, _places(DECAY)] = out[:, 1:]
    return out[:, 0], slopes


def _raw_kmult(drivers: np.ndarray, params: np.ndarray) -> np.ndarray:
    p = dict(zip(NAMES, params, strict=True))
    out = np.empty((len(drivers), N_KM))
    _kmult(drivers, p["tsoil_beta"], p["tsoil_beta1"], p["tsoil_beta2"], p["smsf_low"], p["smsf_high"], out)
    return out


def steady_rh(drivers: np.ndarray, time: np.ndarray, params: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute RH of a soil in balance with the record's mean year, for a mean litterfall of 1 gC m-2 d-1.

    Parameters
    ----------
    drivers : (day, 8) array
        In the order of `models.calibration.sites.DAILY`, without gaps.
    time : (day,) datetime64 array
        Days.
    params : (20,) array
        Parameters.

    Returns
    -------
    (day,) array, (day, 20) array
        RH [1], its derivatives by the parameters.

    Raises
    ------
    ValueError
        If the record lacks days of the calendar.
    """
    daily = _raw_kmult(drivers, params)
    place = day_of_365(time)
    count = np.bincount(place[place >= 0], minlength=DAYS)
    if (count == 0).any():
        msg = f"The record lacks {int((count == 0).sum())} of 365 calendar days: no steady state can be made of it."
        raise ValueError(msg)
    year = np.stack([np.bincount(place[place >= 0], daily[place >= 0, k], DAYS) / count for k in range(N_KM)], axis=1)
    year = np.ascontiguousarray(np.roll(year, -int(place[place >= 0][0]), axis=0))
    out = np.empty((len(drivers), N_RH))
    _steady(year, daily, params[_places(POOLS)], out)
    slopes = np.zeros((len(drivers), len(NAMES)))
    slopes[:, _places(DECAY + POOLS)] = out[:, 1:]
    return out[:, 0], slopes


def mean_of_calendar(values: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Average over the mean year (..., of days first): what litterfall is made of."""
    place = day_of_365(time)
    held = place >= 0
    count = np.maximum(np.bincount(place[held], minlength=DAYS), 1)
    weight = np.zeros(len(time))
    weight[held] = 1.0 / count[place[held]]
    return np.tensordot(weight, values, axes=(0, 0)) / max(1, len(np.unique(place[held])))
