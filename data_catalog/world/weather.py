"""Synthetic daily weather for a real climate: a seeded generator, the same numbers for any subset of cells.

A year of 365 days is drawn for each cell from its monthly climate. Two standard normal fields, one of
temperature and one of rain and cloud, are smooth in space (white noise on two lattices in space, about 1000 and
320 km, spread by quadratic splines over the sphere, and a small local part) and first-order autoregressive in
time (Richardson 1981, doi 10.1029/WR017i001p00182). Rain falls where the second field exceeds a threshold, so
that dry and wet days come in spells and wet cells in areas (Wilks 1998, doi 10.1016/S0022-1694(98)00186-3, for
the latent field); amounts are gamma quantiles of the exceedance. Monthly means are those of the climate.

Every draw is named by (seed, node or cell, day): nothing depends on the order, the threads, or the subset.
Weather systems form and decay where they are; they do not travel.
"""

import math
from typing import NamedTuple

import numpy as np
import xarray as xr
from scipy.special import gammaincinv, ndtri

from models.draws import normal_pair, philox
from models.kernel import inline_kernel, kernel, spread

__all__ = ["DAYS", "WEATHER", "Tables", "draw_weather", "lattice", "make_tables", "saturation"]

DAYS = 365
MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
MONTH_START = np.concatenate([[0], np.cumsum(MONTH_DAYS)])
MONTH_OF = np.repeat(np.arange(12), MONTH_DAYS)

WEATHER = ("t_air", "tmin", "tmax", "precip", "sw_down", "vapour_pressure", "vpd", "clearness")
"""Rows of a cell's weather; clearness is the radiation as a share of the clear sky's."""
T_AIR, TMIN, TMAX, PRECIP, SW_DOWN, VAPOUR, VPD, CLEARNESS = range(8)

CLIMATE = ("t_air", "t_range", "t_anomaly_std", "precip", "wet_days", "vapour_pressure", "sw_down", "sw_clear")
C_T, C_RANGE, C_STD, C_RAIN, C_THRESHOLD, C_VAPOUR, C_SW, C_CLEAR = range(8)

# Streams of the counter-based draws: one for each lattice, one for the cell's own part.
STREAM_WIDE, STREAM_NEAR, STREAM_LOCAL = 101, 102, 103
SPACING = (0.16, 0.05)  # of the lattices, in radii of the Earth: 1020 and 320 km
BURN_IN = 40  # days before 1 January from which the autoregression starts: 0.8**40 = 1e-4
RHO = (0.80, 0.62)  # day-to-day correlation of the lattices: temperature, rain (assumed)
# Shares of the variance: temperature, rain (assumed). The local part is white in time.
SHARE_WIDE = (0.75, 0.53)
SHARE_NEAR = (0.23, 0.44)
SHARE_LOCAL = (0.02, 0.03)
DRIZZLE = 1.15  # days with any rain per day with at least 1 mm (assumed)
GAMMA_SHAPE = 0.75  # of daily rain on wet days (assumed; 0.5-1.0 is usual)
ROOT_HALF = math.sqrt(0.5)
AMOUNT_STEP = 1.0 / 32.0  # of the table of gamma quantiles, in -ln(1 - u)


class Tables(NamedTuple):
    """What the generator needs of a set of cells, as arrays."""

    climate: np.ndarray  # (cell, variable of CLIMATE, month); rain as a total [mm], wet days as a threshold [1]
    row: np.ndarray  # (cell,) which row of `orbit`
    orbit: np.ndarray  # (row, day) W m-2, radiation at the top of the air
    key: np.ndarray  # (cell,) the cell's name in the draws
    node_wide: np.ndarray  # (cell, 27)
    weight_wide: np.ndarray
    series_wide: np.ndarray  # (node, 2, day)
    node_near: np.ndarray
    weight_near: np.ndarray
    series_near: np.ndarray
    seed: int
    step: int  # step number of 1 January


def _interpolation() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return left, between, knots (see `Tables`) and the matrix that takes the monthly means out of a series."""
    middle = (MONTH_START[:-1] + MONTH_START[1:]) / 2 - 0.5
    days = np.arange(DAYS)
    left = (np.searchsorted(middle, days, side="right") - 1) % 12
    gap = (np.roll(middle, -1) - middle) % DAYS
    between = ((days - middle[left]) % DAYS) / gap[left]
    line = np.zeros((DAYS, 12))
    line[days, left] = 1 - between
    line[days, (left + 1) % 12] += between
    mean = (np.arange(12)[:, None] == MONTH_OF) / MONTH_DAYS[:, None]
    knots = np.linalg.inv(mean @ line)
    return left, between, knots, np.eye(DAYS) - line @ knots @ mean


def _stds(without_means: np.ndarray) -> np.ndarray:
    """Return the standard deviation (field, day) that is left after the monthly means are taken out."""
    lag = np.abs(np.subtract.outer(np.arange(DAYS), np.arange(DAYS)))
    found = np.empty((2, DAYS))
    for field in range(2):
        covariance = (1 - SHARE_LOCAL[field]) * RHO[field] ** lag + SHARE_LOCAL[field] * np.eye(DAYS)
        found[field] = np.sqrt(np.einsum("ij,ij->i", without_means @ covariance, without_means))
    return found


_LEFT, _BETWEEN, _KNOTS, _WITHOUT_MEANS = _interpolation()
# (day,) month whose middle is on or before the day, the next one, and the share of the way to it
LEFT, RIGHT, BETWEEN = _LEFT, (_LEFT + 1) % 12, _BETWEEN
KNOTS = _KNOTS  # (month, month) monthly means -> knots whose straight lines have these means
INVERSE_STD = 1.0 / _stds(_WITHOUT_MEANS)  # (field, day) of a field without its monthly means
_SHARE = 1.0 - np.exp(-AMOUNT_STEP * np.arange(16 * 32 + 1))
AMOUNT = gammaincinv(GAMMA_SHAPE, _SHARE) / GAMMA_SHAPE  # gamma quantiles with mean 1


def top_of_air(latitude: np.ndarray) -> np.ndarray:
    """Return the daily mean radiation at the top of the air [W m-2], (latitude, day) (FAO-56, Eq. 21-25)."""
    phi = np.radians(np.asarray(latitude, dtype=float))[:, None]
    angle = 2 * np.pi * np.arange(1, DAYS + 1) / DAYS
    declination = 0.409 * np.sin(angle - 1.39)
    sunset = np.arccos(np.clip(-np.tan(phi) * np.tan(declination), -1.0, 1.0))
    height = sunset * np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.sin(sunset)
    return np.maximum(1361.0 / np.pi * (1 + 0.033 * np.cos(angle)) * height, 0.0)


def lattice(latitude: np.ndarray, longitude: np.ndarray, spacing: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the 27 nodes around each cell (positions in the list of used nodes), their weights, the nodes' names.

    A lattice in space has no pole and no seam. Weights are quadratic splines with a sum of squares of 1.
    """
    phi, theta = np.radians(latitude), np.radians(longitude)
    size = int(np.ceil(2 / spacing)) + 6
    place = np.stack([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)], axis=1)
    place = place / spacing + size // 2
    nearest = np.rint(place).astype(np.int64)
    u = place - nearest
    spline = np.stack([0.5 * (0.5 - u) ** 2, 0.75 - u**2, 0.5 * (0.5 + u) ** 2], axis=2)
    weight = spline[:, 0, :, None, None] * spline[:, 1, None, :, None] * spline[:, 2, None, None, :]
    weight = weight.reshape(-1, 27)
    weight /= np.sqrt((weight**2).sum(axis=1, keepdims=True))
    step = np.arange(-1, 2)
    x, y, z = (nearest[:, axis, None] + step for axis in range(3))
    name = (x[:, :, None, None] * size + y[:, None, :, None]) * size + z[:, None, None, :]
    name = name.reshape(-1, 27)
    used = np.zeros(size**3, dtype=bool)
    used[name] = True
    return (np.cumsum(used) - 1)[name].astype(np.int32), weight.astype(np.float32), np.flatnonzero(used)


@kernel
def node_series(first, last, names, seed, stream, step, out):
    """Fill ``out`` (node, 2, day) with the autoregressive series of nodes ``first`` to ``last``."""
    new_t, new_g = math.sqrt(1.0 - RHO[0] ** 2), math.sqrt(1.0 - RHO[1] ** 2)
    for node in range(first, last):
        t, g = normal_pair(seed, stream, names[node], step - BURN_IN - 1)
        for day in range(-BURN_IN, out.shape[2]):
            a, b = normal_pair(seed, stream, names[node], step + day)
            t = RHO[0] * t + new_t * a
            g = RHO[1] * g + new_g * b
            if day >= 0:
                out[node, 0, day] = t
                out[node, 1, day] = g


def make_tables(static: xr.Dataset, cells: np.ndarray | None = None, *, seed: int = 1, year: int = 2015) -> Tables:
    """Gather what the generator needs for ``cells`` (all if None) of the static table.

    Parameters
    ----------
    static : Dataset
        `data_catalog.world.static.open_static`: monthly climate on (cell, month), row, column, latitude, longitude.
    cells : (n,) int array, optional
        Positions along ``cell``; the tables hold these cells in this order.
    seed, year : int
        Name the realisation: another year continues the same weather, another seed is another weather.

    Raises
    ------
    ValueError
        If the seed or the year is not a number that the draws can count with.
    """
    if not 0 <= seed < 2**32:
        msg = f"seed = {seed} is not accepted; give a whole number from 0 to 4294967295."
        raise ValueError(msg)
    if not 1800 <= year <= 3000:
        msg = f"year = {year} is not accepted; the generator draws the years 1800 to 3000."
        raise ValueError(msg)
    ds = static if cells is None else static.isel(cell=np.asarray(cells))
    climate = np.stack([ds[name].values for name in CLIMATE], axis=1).astype(np.float64)
    wet_share = np.clip(DRIZZLE * climate[:, C_THRESHOLD] / MONTH_DAYS, 0.004, 0.96)
    climate[:, C_THRESHOLD] = ndtri(1.0 - wet_share)
    climate[:, C_RAIN] *= MONTH_DAYS
    latitude, longitude = ds["latitude"].values.astype(float), ds["longitude"].values.astype(float)
    rows, row = np.unique(latitude, return_inverse=True)
    step = (year - 1800) * DAYS + 2 * BURN_IN
    levels = []
    for spacing, stream in zip(SPACING, (STREAM_WIDE, STREAM_NEAR), strict=True):
        node, weight, names = lattice(latitude, longitude, spacing)
        series = np.empty((len(names), 2, DAYS), dtype=np.float32)

        def fill(first, last, names=names, stream=stream, series=series):
            node_series(first, last, names, seed, stream, step, series)

        spread(fill, len(names))
        levels += [node, weight, series]
    key = ds["row"].values.astype(np.int64) * 4096 + ds["column"].values.astype(np.int64)
    return Tables(climate, row.astype(np.int32), top_of_air(rows), key, *levels, int(seed), step)


@inline_kernel
def saturation(t):
    """Saturation vapour pressure [Pa] at ``t`` [K]: 610.7 exp(17.38 C / (239 + C)) of the SMAP L4C drivers."""
    return 610.7 * np.exp(17.38 - 4153.82 / (t - 34.15))


@inline_kernel
def diurnal_saturation(t, t_range):
    """Saturation vapour pressure [Pa] averaged over a day of mean ``t`` and range ``t_range`` [K].

    Second order of a sine of amplitude ``t_range`` / 2 about the mean.
    """
    inverse = 1.0 / (t - 34.15)
    part = 4153.82 * inverse * inverse * t_range
    return 610.7 * np.exp(17.38 - 4153.82 * inverse) * (1.0 + 0.0625 * part * part)


@inline_kernel
def gaussian_of(a, b):
    """Return a nearly normal number from four 16-bit pieces of two words (Irwin-Hall sum, ends at 3.5)."""
    low = np.uint64(0xFFFF)
    pieces = np.int64(a & low) + np.int64(a >> np.uint64(16)) + np.int64(b & low) + np.int64(b >> np.uint64(16))
    return (pieces / 65536.0 - 1.99997) * 1.7320508


@kernel
def add_level(node, weight, series, share_t, share_g, z):
    """Add the noise of one lattice to both fields ``z`` (2, day) of a cell."""
    days = z.shape[1]
    for k in range(node.shape[0]):
        w_t, w_g = np.float32(weight[k] * share_t), np.float32(weight[k] * share_g)
        t, g = series[node[k], 0], series[node[k], 1]
        for day in range(days):
            z[0, day] += w_t * t[day]
        for day in range(days):
            z[1, day] += w_g * g[day]


@kernel
def knots_of(means, row, months):
    """Fill ``months[1]``: straight lines between the middles of the months that have the means of ``means[row]``."""
    for i in range(12):
        knot = 0.0
        for j in range(12):
            knot += KNOTS[i, j] * means[row, j]
        months[1, i] = knot


@inline_kernel
def between(monthly, row, day):
    """Interpolate a row of ``monthly`` (row, month) between the middles of the months."""
    return monthly[row, LEFT[day]] + BETWEEN[day] * (monthly[row, RIGHT[day]] - monthly[row, LEFT[day]])


@kernel
def take_means_out(x, row, months):
    """Take the monthly means out of ``x[row]`` (row, day) by straight lines between the middles of the months."""
    for month in range(12):
        mean = 0.0
        for day in range(MONTH_START[month], MONTH_START[month + 1]):
            mean += x[row, day]
        months[0, month] = mean / MONTH_DAYS[month]
    knots_of(months, 0, months)
    for day in range(DAYS):
        x[row, day] -= between(months, 1, day)


@kernel
def draw_weather(cells, tables, z, months, out):
    """Draw the year of some cells.

    Parameters
    ----------
    cells : (n,) int array
        Positions in the tables; -1 is passed over.
    tables : Tables
    z : (2, day) float32
        Room for the two fields.
    months : (2, month) float64
        Room for monthly means and knots.
    out : (n, row of WEATHER, day) float64
        Receives the weather: K, K, K, mm d-1, W m-2, Pa, Pa, 1.
    """
    for i in range(cells.shape[0]):
        if cells[i] >= 0:
            _draw_fields(cells[i], tables, z, months, out[i])
            climate, orbit = tables.climate[cells[i]], tables.orbit[tables.row[cells[i]]]
            for month in range(12):
                _draw_month(month, climate, orbit, months, out[i])


@kernel
def _draw_fields(cell, tables, z, months, out):
    """Leave the anomaly of temperature [K] in row T_AIR, the field of rain [1] in CLEARNESS, knots in ``months``."""
    climate = tables.climate[cell]
    for day in range(DAYS):
        z[0, day] = z[1, day] = np.float32(0.0)
    share = math.sqrt(SHARE_WIDE[0]), math.sqrt(SHARE_WIDE[1])
    add_level(tables.node_wide[cell], tables.weight_wide[cell], tables.series_wide, share[0], share[1], z)
    share = math.sqrt(SHARE_NEAR[0]), math.sqrt(SHARE_NEAR[1])
    add_level(tables.node_near[cell], tables.weight_near[cell], tables.series_near, share[0], share[1], z)
    own_t, own_g = math.sqrt(SHARE_LOCAL[0]), math.sqrt(SHARE_LOCAL[1])
    # Rows that are filled last serve as room: T_AIR for the anomaly of temperature, CLEARNESS for the field of rain.
    for day in range(DAYS):
        a, b, c, d = philox(tables.key[cell], tables.step + day, STREAM_LOCAL, 0, tables.seed, 0)
        out[T_AIR, day] = (z[0, day] + own_t * gaussian_of(a, b)) * INVERSE_STD[0, day]
        out[CLEARNESS, day] = z[1, day] + own_g * gaussian_of(c, d)
    # Plain integers: numba would compile once more for each constant.
    take_means_out(out, np.int64(CLEARNESS), months)
    for month in range(12):
        # Under a high sun a cloudy day is cool, in the dark of winter it is mild (assumed).
        tie = min(0.2, max(-0.35, (100.0 - climate[C_SW, month]) / 300.0))
        free = math.sqrt(1.0 - tie * tie)
        for day in range(MONTH_START[month], MONTH_START[month + 1]):
            g = out[CLEARNESS, day] * INVERSE_STD[1, day]
            out[CLEARNESS, day] = g
            out[T_AIR, day] = between(climate, C_STD, day) * (free * out[T_AIR, day] + tie * g)
    take_means_out(out, np.int64(T_AIR), months)
    knots_of(climate, C_T, months)


@kernel
def _draw_month(month, climate, orbit, months, out):
    """Turn the fields of one month into weather with the month's means; see `draw_weather`."""
    first, last = MONTH_START[month], MONTH_START[month + 1]
    sunny = min(0.8, max(-0.4, (climate[C_SW, month] - 80.0) / 150.0))
    rain, wettest, sum_orbit, sum_sun, sum_clear, most_clear = 0.0, first, 0.0, 0.0, 0.0, 0.0
    for day in range(first, last):
        threshold = between(climate, C_THRESHOLD, day)
        warm = out[T_AIR, day] / between(climate, C_STD, day)
        g = out[CLEARNESS, day]
        above = g - threshold
        fall = 0.0
        if above > 0.0:
            # -ln of the share of wet days that are wetter than this one
            depth = -math.log(math.erfc(g * ROOT_HALF) / math.erfc(threshold * ROOT_HALF))
            k = min(max(depth, 0.0) / AMOUNT_STEP, AMOUNT.shape[0] - 1.001)
            low = int(k)
            fall = AMOUNT[low] + (k - low) * (AMOUNT[low + 1] - AMOUNT[low])
        out[PRECIP, day] = fall
        rain += fall
        if g > out[CLEARNESS, wettest]:
            wettest = day
        # Share of the clear sky's radiation that passes: 1 far below the threshold, half there, 1/20 far above.
        # Warm days are clear under a high sun and cloudy in the dark of winter (assumed).
        clear = 1.0 / (1.0 + math.exp(1.5 * min(above - sunny * warm, 2.0)))
        sum_orbit += orbit[day]
        sum_sun += orbit[day] * clear
        sum_clear += clear
        most_clear = max(most_clear, clear)
        out[SW_DOWN, day] = clear
    if rain <= 0.0:  # a month whose rain falls on one day
        out[PRECIP, wettest] = rain = 1.0
    n = last - first
    dark = sum_orbit < 0.5 * n
    passing = 0.0 if dark else climate[C_SW, month] * n / sum_orbit
    ceiling = 0.75 if dark else max(climate[C_CLEAR, month] * n / sum_orbit, 0.05)
    by_sun = n / sum_clear if dark else sum_orbit / sum_sun
    by_day = n / sum_clear
    # Contrast between clear and cloudy days, held so that the clearest stays under a clear sky.
    contrast = min(1.0, max(0.0, 1.03 * ceiling / max(passing, 1e-6) - 1.0) / max(most_clear * by_sun - 1.0, 1e-6))
    per_rain, per_ceiling, vapour = climate[C_RAIN, month] / rain, 1.0 / ceiling, 0.0
    for day in range(first, last):
        clear = out[SW_DOWN, day]
        relative = clear * by_day - 1.0
        sky = passing * (1.0 + contrast * (clear * by_sun - 1.0))
        anomaly = out[T_AIR, day]
        t = between(months, 1, day) + anomaly
        t_range = climate[C_RANGE, month] * max(0.3, 1.0 + 0.5 * relative)
        out[PRECIP, day] *= per_rain
        out[SW_DOWN, day] = orbit[day] * sky
        out[CLEARNESS, day] = clear if dark else min(1.0, sky * per_ceiling)
        out[T_AIR, day] = t
        out[TMIN, day] = t - 0.5 * t_range
        out[TMAX, day] = t + 0.5 * t_range
        # Humidity keeps most of its ratio to saturation as the air warms, and rises under cloud.
        full = diurnal_saturation(t, t_range)
        e = between(climate, C_VAPOUR, day) * math.exp(0.03 * anomaly) * (1.0 - 0.25 * relative)
        e = min(max(e, 0.1 * climate[C_VAPOUR, month]), 0.98 * full)
        out[VPD, day], out[VAPOUR, day] = full, e
        vapour += e
    per_vapour = climate[C_VAPOUR, month] * n / vapour
    for day in range(first, last):
        e = min(out[VAPOUR, day] * per_vapour, 0.995 * out[VPD, day])
        out[VAPOUR, day] = e
        out[VPD, day] -= e
