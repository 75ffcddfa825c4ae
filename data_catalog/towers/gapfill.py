"""Clean and fill a half-hourly flux record, the plain way that the network's processing uses."""

import itertools

import numpy as np

__all__ = ["despike", "fill_by_similar_weather", "interpolate_short", "ustar_threshold"]

DAY = 48
SW_TOLERANCE = (20.0, 50.0)
TA_TOLERANCE = 2.5
VPD_TOLERANCE = 5.0
MAX_GAP = 4


def despike(values: np.ndarray, night: np.ndarray, z: float = 5.5, window: int = 13) -> np.ndarray:
    """Blank single spikes, by the double-differenced median filter (Papale et al. 2006, Eq. 1-3).

    Parameters
    ----------
    values : (time,) array
        Half-hourly flux; NaN where missing. The array is not changed.
    night : (time,) bool array
        Night and day are judged apart.
    z : float
        How many median deviations are let through; 4 is strict, 7 mild.
    window : int
        Days over which the median is taken.

    Returns
    -------
    (time,) array
        The flux without its spikes.
    """
    clean = values.copy()
    for part in (night, ~night):
        places = np.flatnonzero(part & np.isfinite(values))
        if places.size < 10:
            continue
        series = values[places]
        second = np.zeros_like(series)
        second[1:-1] = (series[1:-1] - series[:-2]) - (series[2:] - series[1:-1])
        bins = places // (DAY * window)
        for label in np.unique(bins):
            inside = bins == label
            middle = np.median(second[inside])
            deviation = np.median(np.abs(second[inside] - middle))
            bad = np.abs(second - middle) > z * deviation / 0.6745
            clean[places[inside & bad & (deviation > 0)]] = np.nan
    return clean


def ustar_threshold(nee: np.ndarray, ustar: np.ndarray, t_air: np.ndarray, night: np.ndarray) -> float:
    """Find the friction velocity above which the night-time flux no longer rises (moving-point test).

    Nights are split into six classes of air temperature and twenty of u*; the threshold of a temperature class is the
    first u* class whose mean flux reaches 99 % of the mean of all higher ones (Reichstein et al. 2005, Papale et al.
    2006). The median over the temperature classes is returned.

    Parameters
    ----------
    nee, ustar, t_air : (time,) array
        [umol m-2 s-1], [m s-1], [K or deg C].
    night : (time,) bool array

    Returns
    -------
    float
        [m s-1]; NaN where fewer than 600 nights' half hours are there.
    """
    use = night & np.isfinite(nee) & np.isfinite(ustar) & np.isfinite(t_air)
    if use.sum() < 600:
        return np.nan
    flux, friction, warmth = nee[use], ustar[use], t_air[use]
    found = []
    edges = np.quantile(warmth, np.linspace(0, 1, 7))
    for low, high in itertools.pairwise(edges):
        inside = (warmth >= low) & (warmth <= high)
        order = np.argsort(friction[inside])
        classes = np.array_split(order, 20)
        means = np.array([flux[inside][c].mean() for c in classes])
        limits = np.array([friction[inside][c].mean() for c in classes])
        for k in range(19):
            if means[k] >= 0.99 * means[k + 1 :].mean():
                found.append(limits[k])
                break
    return float(np.median(found)) if found else np.nan


def interpolate_short(values: np.ndarray, longest: int = MAX_GAP) -> np.ndarray:
    """Fill gaps of at most ``longest`` half hours by a straight line; longer ones stay."""
    missing = ~np.isfinite(values)
    if not missing.any() or missing.all():
        return values.copy()
    at = np.arange(values.size)
    line = np.interp(at, at[~missing], values[~missing])
    start = np.flatnonzero(missing & ~np.r_[False, missing[:-1]])
    stop = np.flatnonzero(missing & ~np.r_[missing[1:], False]) + 1
    out = values.copy()
    for first, last in zip(start, stop, strict=True):
        if last - first <= longest and first > 0 and last < values.size:
            out[first:last] = line[first:last]
    return out


def fill_by_similar_weather(
    flux: np.ndarray, sw_in: np.ndarray, t_air: np.ndarray, vpd: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fill a half-hourly flux from half hours with similar weather nearby (marginal distribution sampling).

    A gap takes the mean of the measured fluxes within 7, then 14 days whose radiation, temperature and VPD are
    alike (50 W m-2, or 20 below 50; 2.5 K; 5 hPa); without them within 7 days on radiation alone; then the mean of the
    same hour within 1 day; then the first two again within 28 days and the hourly mean within 7 and 14 days (Reichstein
    et al. 2005, appendix A, plainly).

    Parameters
    ----------
    flux : (time,) array
        [umol m-2 s-1]; NaN where missing.
    sw_in, t_air, vpd : (time,) array
        [W m-2], [deg C], [hPa].

    Returns
    -------
    filled : (time,) array
        NaN where nothing similar was measured.
    quality : (time,) array
        0 measured, 1 well filled, 2 fairly, 3 poorly.
    """
    filled, quality = flux.copy(), np.where(np.isfinite(flux), 0.0, np.nan)
    hour = np.arange(flux.size) % DAY
    held = np.isfinite(flux)
    weather, radiation = (sw_in, t_air, vpd), (sw_in,)
    plan = (
        (7, weather, 1),
        (14, weather, 1),
        (7, radiation, 1),
        (1, (), 1),
        (28, weather, 2),
        (28, radiation, 2),
        (7, (), 2),
        (14, (), 3),
        (28, (), 3),
    )
    for place in np.flatnonzero(~held):
        for days, drivers, grade in plan:
            first, last = max(0, place - days * DAY), min(flux.size, place + days * DAY + 1)
            alike = _alike(place, first, last, drivers, hour, held)
            if alike is not None and alike.sum() >= 2:
                filled[place] = flux[first:last][alike].mean()
                quality[place] = grade
                break
    return filled, quality


def _alike(place, first, last, drivers, hour, held):
    if not drivers:
        apart = np.abs(hour[first:last] - hour[place])
        return held[first:last] & (np.minimum(apart, DAY - apart) <= 1)
    if not all(np.isfinite(driver[place]) for driver in drivers):
        return None
    sw_in = drivers[0]
    tolerance = min(max(sw_in[place], SW_TOLERANCE[0]), SW_TOLERANCE[1])
    alike = held[first:last] & (np.abs(sw_in[first:last] - sw_in[place]) < tolerance)
    if len(drivers) == 3:
        alike &= np.abs(drivers[1][first:last] - drivers[1][place]) < TA_TOLERANCE
        alike &= np.abs(drivers[2][first:last] - drivers[2][place]) < VPD_TOLERANCE
    return alike
