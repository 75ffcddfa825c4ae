"""The course of a day from its daily values: hours whose sums, means and extremes are those of the day.

The kernel behind `data_catalog.world.hourly`; what is published and what is assumed is said in `ASSUMPTIONS`.
"""

import math

import numpy as np

from data_catalog.world.weather import (
    CLEARNESS,
    DAYS,
    PRECIP,
    SW_DOWN,
    T_AIR,
    TMAX,
    TMIN,
    VAPOUR,
    between,
    gaussian_of,
    saturation,
)
from models.draws import philox
from models.kernel import equation, inline_kernel, kernel

__all__ = ["ASSUMPTIONS", "STEPS", "fill_hours"]

ASSUMPTIONS = (
    "Hours are made from the day: temperature falls and rises by half cosines between the warmest hour (14-15 h, "
    "assumed) and that of sunrise, and passes midnight without a step where the days' extremes allow it; shortwave "
    "radiation follows the clear sky of Haurwitz (1945, J. Meteorol. 2, 154) at one clearness all day; vapour pressure "
    "is constant, but for hours that it would saturate; longwave radiation of a clear sky is that of Dilley and "
    "O'Brien (1998, Q. J. R. Meteorol. Soc. 124, 1391), of clouds that of Unsworth and Monteith (1975, same journal "
    "101, 13), their cover follows from the day's radiation (Campbell 1985): one of the sets that Flerchinger et al. "
    "(2009, Water Resour. Res. 45, W03423) found best; rain falls in one or two seeded spells, longer in cool air and "
    "most often in the afternoon in warm air (assumed); wind has a seeded factor of the day and a maximum at 14-15 h "
    "(assumed); pressure is the annual mean."
)

STREAM_HOURS = 104  # of the counter-based draws; the daily weather has 101 to 103
STEPS = 24
MOST = 48  # steps of a day
WARMEST = 14  # hour after whose start the day is warmest
EARLIEST, LATEST = 2, 8  # bounds of the coldest hour
STEFAN_BOLTZMANN = 5.670374e-8  # W m-2 K-4
HAURWITZ = 0.057
PASSING = 0.9  # most of the radiation at the top of the air that an hour gets
LEAST_HEIGHT = 0.02  # of the sun in Haurwitz's exponent: light of the horizon
LINKED = 0.9  # most curvature that makes up for a day's cold or warm neighbours
WIND_SPREAD = 0.5  # of the logarithm of a day's wind (assumed)
CLOUD_EMISSIVITY = 0.84  # of a sky under cloud, beside that of the clear sky (Unsworth and Monteith 1975)
DIM, CLEAR_TRANSMISSION = 10.0, 0.75  # W m-2 of the top of the air that tell no cloud, share that a clear sky passes
CALM = 0.3  # m s-1
CALM_SWING, CLEAR_SWING = 0.10, 0.25  # of the wind in the course of a cloudy and of a clear day (assumed)
STRATIFORM, CONVECTIVE = 2.4, 1.0  # hours of rain of a day with 1 mm; they grow with its root (assumed)
COOL, WARM = 286.0, 302.0  # K, days between which rain turns from stratiform to convective (assumed)
HEAVIEST = 30.0  # mm h-1 that spells are lengthened to stay near

_LENGTH = np.maximum(np.arange(MOST + 1), 1)[:, None]
HALF = 0.5 + 0.5 * np.cos(np.pi * np.minimum(np.arange(MOST + 1), _LENGTH) / _LENGTH)
"""(length, place): half a cosine from 1 to 0."""


@inline_kernel
def declination_of(day):
    """Return the declination [rad] of a day counted from 0, as the daily radiation has it (FAO-56, Eq. 24)."""
    return 0.409 * math.sin(2.0 * math.pi * (day + 1.0) / DAYS - 1.39)


@equation
def clear_sky_longwave(e, t):
    """Longwave radiation of a clear sky [W m-2] from vapour pressure [Pa] and temperature [K].

    Dilley and O'Brien (1998, Eq. 6), with the precipitable water 4.65 e / T kg m-2 of Prata (1996).
    """
    x = t / 273.16
    x *= x
    return 59.38 + 113.7 * x * x * x + 96.96 * math.sqrt(0.186 * e / t)


@inline_kernel
def cloud_cover(sw_down, top, clearness):
    """Share of a day's sky under cloud, from radiation [W m-2] (Campbell 1985, as Flerchinger et al. 2009 have it).

    Without a sun, a clear day lets `CLEAR_TRANSMISSION` through.
    """
    passing = sw_down / top if top > DIM else CLEAR_TRANSMISSION * clearness
    return min(1.0, max(0.0, 2.33 - 3.33 * passing))


@kernel
def sunlight(sin_latitude, cos_latitude, day, steps, height, lit, top, clear):
    """Fill what each step has of the sun; return the hour of sunrise and how much brighter a clear noon is.

    ``height`` is the mean cosine of the zenith angle over the sunlit part of the step, 0 where there is none, ``lit``
    that part; ``top`` and ``clear`` are the radiation at the top of the air and under a clear sky, with means of 1. The
    second number returned is the greatest ratio of the two.
    """
    declination = declination_of(day)
    a, b = sin_latitude * math.sin(declination), cos_latitude * math.cos(declination)
    cosine = -a / max(b, 1e-12)
    sunset = 0.0 if cosine >= 1.0 else (math.pi if cosine <= -1.0 else math.acos(cosine))
    sin_sunset = math.sin(sunset)
    width = 2.0 * math.pi / steps
    total, sum_top, brightest, sine = 0.0, 0.0, 1.0, 0.0  # the sine is that of the hour angle at midnight
    for k in range(steps):
        start, end = k * width - math.pi, (k + 1) * width - math.pi
        sine_start, sine = sine, math.sin(end)
        height[k] = lit[k] = top[k] = clear[k] = 0.0
        low, high = max(start, -sunset), min(end, sunset)
        if high > low:
            sine_low = sine_start if start > -sunset else -sin_sunset
            sine_high = sine if end < sunset else sin_sunset
            mean = max((a * (high - low) + b * (sine_high - sine_low)) / (high - low), 1e-6)
            height[k], lit[k] = mean, (high - low) / width
            top[k] = lit[k] * mean
            clear[k] = top[k] * math.exp(-HAURWITZ / max(mean, LEAST_HEIGHT))
            total += clear[k]
            sum_top += top[k]
    if total > 0.0:
        for k in range(steps):
            top[k] *= steps / sum_top
            clear[k] *= steps / total
            if top[k] > 0.0:
                brightest = max(brightest, clear[k] / top[k])
    return 12.0 * (1.0 - sunset / math.pi), brightest


@kernel
def temperatures(weather, day, coldest, warmest, steps, u, t):
    """Fill ``t`` (step,) [K] with the day's course: its least, greatest and mean are those of the day.

    ``u`` is the place between the day's extremes. Half cosines have mean 1/2. Those that pass midnight to meet the
    neighbours have another, which u + k u (1 - u) takes back: it leaves 0 and 1 where they are.
    """
    low, high = weather[TMIN, day], weather[TMAX, day]
    span = high - low
    fall, rise = steps - warmest + coldest, warmest - coldest
    # A year's first and last day meet themselves, so that a year can follow any year.
    evening = max(0.0, (weather[TMAX, day - 1] - low) / span) if day > 0 else 1.0
    morning = (weather[TMIN, day + 1] - low) / span if day < DAYS - 1 else 0.0
    share, bend = 1.0, 0.0
    for _ in range(6):
        total, room = 0.0, 0.0
        for k in range(steps):
            if k < coldest:
                own = HALF[fall, k + steps - warmest]
                x = own + share * (min(1.0, evening * own) - own)
            elif k <= warmest:
                x = 1.0 - HALF[rise, k - coldest]
            else:
                own = HALF[fall, k - warmest]
                x = own + share * (min(1.0, max(0.0, own + (1.0 - own) * morning)) - own)
            u[k] = x
            total += x
            room += x * (1.0 - x)
        bend = (0.5 * steps - total) / room
        if abs(bend) <= LINKED:
            break
        share = share * 0.6 if share > 0.1 else 0.0
    for k in range(steps):
        t[k] = low + span * (u[k] + bend * u[k] * (1.0 - u[k]))


@inline_kernel
def fill_to(mean, full, steps):
    """Return the level at which ``min(level, full)`` has this mean: vapour that dew does not let through at night."""
    level = mean
    for _ in range(steps):
        below, count = 0.0, 0
        for k in range(steps):
            if full[k] < level:
                below += full[k]
                count += 1
        if count == steps:
            break
        found = (steps * mean - below) / (steps - count)
        if found <= level:
            break
        level = found
    return level


@inline_kernel
def _swell(start, j, length, peaked, nibbles):
    """Return the weight of hour ``j`` of a spell."""
    bits = (nibbles[(start + j) // 8] >> np.uint64(4 * ((start + j) % 8))) & np.uint64(15)
    weight = (0.3 + math.sin(math.pi * (j + 0.5) / length)) * (0.4 + 0.08 * np.float64(bits))
    return weight * (1.0 - peaked + peaked * weight * weight)


@kernel
def add_spell(start, length, amount, peaked, nibbles, shape):
    """Add a spell of rain of ``length`` hours to ``shape`` (24,): it swells and ebbs, with ragged hours.

    ``peaked`` of it (0-1) falls as a shower does, half of its rain in an hour or so.
    """
    total = 0.0
    for j in range(length):
        total += _swell(start, j, length, peaked, nibbles)
    for j in range(length):
        shape[start + j] += amount * _swell(start, j, length, peaked, nibbles) / total


@kernel
def rain_spells(precip, t_air, key, step, seed, nibbles, shape):
    """Fill ``shape`` (24,) with the hours' shares of the rain of a day, in one or two spells; their sum is 1."""
    shape[:] = 0.0
    a, b, c, d = philox(key, step, STREAM_HOURS, 1, seed, 0)
    nibbles[0], nibbles[1], nibbles[2], nibbles[3] = philox(key, step, STREAM_HOURS, 2, seed, 0)
    to_unit = 1.0 / 4294967296.0
    u, v, x, y = a * to_unit, b * to_unit, c * to_unit, d * to_unit
    convective = min(1.0, max(0.0, (t_air - COOL) / (WARM - COOL)))
    hours = (STRATIFORM + convective * (CONVECTIVE - STRATIFORM)) * math.sqrt(precip) * (0.6 + 0.8 * u)
    count = int(min(20.0, max(1.0, math.ceil(max(hours, precip / HEAVIEST)))))
    first = count
    # Word b decides in its upper part how many spells, in its lower part (`w`) how long the first is.
    w = (v * 65536.0) % 1.0
    if count >= 3 and precip > 2.0 and v < 0.5:
        first = min(count - 1, math.ceil(count * (0.5 + 0.3 * w)))
    if (v * 256.0) % 1.0 < convective:
        middle = 10.5 + 5.5 * (x + (x * 65536.0) % 1.0)  # 10:30 to 21:30, most often 16:00
        start = int(min(24.0 - first, max(0.0, math.floor(middle - 0.5 * first + 0.5))))
    else:
        start = int(x * (25 - first))
    share = 1.0 if first == count else first / count
    add_spell(start, first, share, convective, nibbles, shape)
    if first < count:
        add_spell(int(y * (25 - count + first)), count - first, 1.0 - share, convective, nibbles, shape)


@inline_kernel
def wind_factor(key, step, seed):
    """Return a day's wind relative to the month's: lognormal with mean 1."""
    a, b, _, _ = philox(key, step, STREAM_HOURS, 0, seed, 0)
    return math.exp(WIND_SPREAD * gaussian_of(a, b) - 0.5 * WIND_SPREAD**2)


@kernel
def fill_hours(
    weather, place, orbit, row_of, key, first_step, seed, first_day, last_day, per_day, mean_over, room, nibbles, out
):
    """Turn days into steps for some cells.

    Parameters
    ----------
    weather : (n, row of WEATHER, day) float64
        From `draw_weather`.
    place : (n, 15) float64
        Sine and cosine of the latitude, pressure [Pa], and the monthly wind [m s-1].
    orbit : (row, day) float64
        Radiation at the top of the air [W m-2].
    row_of, key : (n,) int arrays
        Row of `orbit` of each cell; names of the cells in the draws.
    first_step, seed : int
        Step number of 1 January, and the seed.
    first_day, last_day : int
        Days of the year to make.
    per_day, mean_over : int
        Steps that are drawn a day, 24 or 48, and how many of them a written step is the mean of.
    room : (9, 48) float64
    nibbles : (4,) uint64
    out : (step, n, 8) float64
        In the order of `models.land.layout.FORCING`.
    """
    u, t, full, height = room[0], room[1], room[2], room[3]
    lit, top, clear_sky, shape, swing = room[4], room[5], room[6], room[7, :24], room[8]
    per_hour = per_day // 24
    written = per_day // mean_over
    inverse = 1.0 / mean_over
    for k in range(per_day):
        swing[k] = math.cos(2.0 * math.pi * ((k + 0.5) / per_day - (WARMEST + 0.5) / 24.0))
    sunrise, brightest = 0.0, 1.0
    for day in range(first_day, last_day):
        for i in range(weather.shape[0]):
            if i == 0 or place[i, 0] != place[i - 1, 0]:  # cells of a row see the same sun
                sunrise, brightest = sunlight(place[i, 0], place[i, 1], day, per_day, height, lit, top, clear_sky)
            dark = sunrise >= 12.0
            coldest = 5 if dark else int(min(float(LATEST), max(float(EARLIEST), math.floor(sunrise))))
            temperatures(weather[i], day, coldest * per_hour, WARMEST * per_hour, per_day, u, t)
            least = np.inf
            for k in range(per_day):
                full[k] = saturation(t[k])
                least = min(least, full[k])
            vapour = weather[i, VAPOUR, day]
            if least < vapour:
                vapour = fill_to(vapour, full, per_day)
            rain = weather[i, PRECIP, day]
            if rain > 0.0:
                rain_spells(rain, weather[i, T_AIR, day], key[i], first_step + day, seed, nibbles, shape)
            clear, sun, pressure = weather[i, CLEARNESS, day], weather[i, SW_DOWN, day], place[i, 2]
            # A low sun's noon is not brighter than `PASSING` of the top of the air, unless the whole day is.
            above = orbit[row_of[i], day]
            cloud = CLOUD_EMISSIVITY * cloud_cover(sun, above, clear)
            passing = sun / max(above, 1e-9)
            form = 1.0
            if passing * brightest > PASSING:
                form = max(0.0, (PASSING / passing - 1.0) / (brightest - 1.0))
            wind = between(place[i : i + 1, 3:], 0, day)
            before = wind * wind_factor(key[i], first_step + day - 1, seed)
            today = wind * wind_factor(key[i], first_step + day, seed)
            after = wind * wind_factor(key[i], first_step + day + 1, seed)
            gust = CALM_SWING + (CLEAR_SWING - CALM_SWING) * clear
            for step in range(written):
                air, humid, blow, shine, glow, fall, rise, sunlit = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
                for k in range(step * mean_over, (step + 1) * mean_over):
                    e = min(vapour, full[k])
                    # From the middle of a day to that of the next, and about it the day's own course.
                    noon = (k + 0.5) / per_day - 0.5
                    mean = today + (noon * (after - today) if noon > 0.0 else noon * (today - before))
                    air += t[k]
                    humid += 0.622 * e / (pressure - 0.378 * e)
                    blow += max(CALM, mean * (1.0 + gust * swing[k]))
                    shine += top[k] + form * (clear_sky[k] - top[k])
                    square = t[k] * t[k]
                    glow += (1.0 - cloud) * clear_sky_longwave(e, t[k]) + cloud * STEFAN_BOLTZMANN * square * square
                    fall += shape[k // per_hour]
                    rise += height[k] * lit[k]
                    sunlit += lit[k]
                row = out[(day - first_day) * written + step, i]
                row[0], row[1], row[2], row[3] = inverse * air, inverse * humid, pressure, inverse * blow
                row[4], row[5] = inverse * sun * shine, inverse * glow
                row[6], row[7] = inverse * rain * fall / 3600.0, rise / sunlit if sunlit > 0.0 else 0.0
