"""A year of fPAR for every plant type of every cell: how green the land can be is mapped, when it is green is assumed.

The peak follows the mapped mean annual maximum of fAPAR. The season follows temperature and a small water store, by
plant type. The result is synthetic.
"""

import numpy as np

from data_catalog.world.sun import MID_MONTH
from data_catalog.world.weather_rules import saturation_pressure

__all__ = ["ASSUMPTIONS", "STEPS", "fpar", "growing_season", "potential_evaporation"]

STEPS = 46
STEP_DAYS = 8.0
WATER_CAPACITY = 200.0  # mm, of the store that keeps leaves alive
FULL_SUPPLY = 0.3  # share of the capacity from which on water limits nothing
CANOPY_DEMAND = 0.8  # evaporation of a full canopy relative to the potential
LEAF_DAYS = 24.0  # time in which leaves follow the weather

# Plant type: fAPARmax that the map has where the type prevails (median), peak of the MODIS-like fPAR there, lowest
# share of the peak that stays out of season, temperatures between which the season opens [C], exponent of the season.
TYPES = (
    ("ENF", 0.42, 0.78, 0.50, -4.0, 8.0, 1.0),
    ("EBF", 0.63, 0.90, 0.85, 0.0, 12.0, 1.0),
    ("DNF", 0.40, 0.75, 0.15, 0.0, 11.0, 1.0),
    ("DBF", 0.51, 0.88, 0.15, 3.0, 14.0, 1.0),
    ("SHR", 0.275, 0.42, 0.40, -3.0, 9.0, 1.0),
    ("GRS", 0.37, 0.58, 0.22, -1.0, 10.0, 1.0),
    ("CCR", 0.41, 0.70, 0.14, 2.0, 15.0, 1.3),
    ("BCR", 0.42, 0.75, 0.10, 8.0, 20.0, 1.6),
)

ASSUMPTIONS = (
    "fPAR is synthetic. Its peak follows the mapped mean annual maximum of fAPAR, scaled so that each plant type at "
    "the median of its own land reaches a MODIS-like maximum (ENF 0.78, EBF 0.90, DNF 0.75, DBF 0.88, SHR 0.42, GRS "
    "0.58, CCR 0.70, BCR 0.75). Its season is assumed: a ramp of monthly temperature times the filling of a 200-mm "
    "store that rain and snow melt fill and potential evaporation empties, followed by leaves within 24 days; out of "
    "season a fixed share of the peak stays (EBF 0.85, ENF 0.50, shrubs 0.40, grass 0.22, deciduous trees 0.15, crops "
    "0.1)."
)


def _to_steps(monthly):
    """Interpolate (cell, 12) monthly means to the middles of the 46 steps, round the year: (46, cell)."""
    day = (np.arange(STEPS) + 0.5) * STEP_DAYS
    at = np.concatenate([[MID_MONTH[-1] - 365.0], MID_MONTH, [MID_MONTH[0] + 365.0]])
    after = np.clip(np.searchsorted(at, day), 1, 13)
    weight = ((day - at[after - 1]) / (at[after] - at[after - 1])).astype(np.float32)
    months = np.concatenate([monthly[:, -1:], monthly, monthly[:, :1]], axis=1).astype(np.float32).T
    return months[after - 1] * (1 - weight)[:, None] + months[after] * weight[:, None]


def potential_evaporation(static):
    """Monthly potential evaporation [mm d-1], (cell, 12).

    Priestley and Taylor (1972) with a coefficient of 1.26; net radiation from an albedo of 0.23 and the net longwave
    loss of FAO-56 (Allen et al. 1998, Eqs. 38-40).
    """
    t_air, sw = static["t_air"].values, static["sw_down"].values
    vapour = static["vapour_pressure"].values
    clearness = np.clip(sw / np.maximum(static["sw_clear"].values, 1.0), 0.3, 1.0)
    longwave = 5.67e-8 * t_air**4 * (0.34 - 0.14 * np.sqrt(vapour / 1000.0)) * (1.35 * clearness - 0.35)
    net = np.maximum(0.77 * sw - longwave, 0.0)
    slope = saturation_pressure(t_air) * 17.67 * 243.5 / (t_air - 29.65) ** 2
    gamma = 0.665e-3 * static["pressure"].values
    return 1.26 * slope / (slope + gamma) * net / 2.45e6 * 86400.0


def _water(static):
    """Fill the water store and return how far it serves the leaves, 0-1: (46, cell). Of two years, the second."""
    supply, demand = _to_steps(static["precip"].values), _to_steps(CANOPY_DEMAND * potential_evaporation(static))
    celsius = _to_steps(static["t_air"].values) - 273.15
    store = np.full(supply.shape[1], 0.5 * WATER_CAPACITY, dtype=np.float32)
    snow = np.zeros_like(store)
    filling = np.empty_like(supply)
    falls_as_snow = np.clip((1.0 - celsius) / 3.0, 0.0, 1.0)
    for step in range(2 * STEPS):
        k = step % STEPS
        snow += supply[k] * falls_as_snow[k] * STEP_DAYS
        melt = np.minimum(snow, np.maximum(celsius[k], 0.0) * 3.0 * STEP_DAYS)
        snow -= melt
        wet = np.minimum(store / (FULL_SUPPLY * WATER_CAPACITY), 1.0)
        gain = supply[k] * (1.0 - falls_as_snow[k]) * STEP_DAYS + melt
        store = np.clip(store + gain - wet * demand[k] * STEP_DAYS, 0.0, WATER_CAPACITY)
        filling[k] = np.minimum(store / (FULL_SUPPLY * WATER_CAPACITY), 1.0)
    return filling


def growing_season(celsius, water, cold, warm, exponent):
    """Greenness 0-1 of leaves that follow temperature and water with a lag, its yearly maximum at 1: (46, cell)."""
    target = np.clip((celsius - cold) / (warm - cold), 0.0, 1.0) * water
    leaves = target.mean(axis=0)
    out = np.empty_like(target)
    gain = np.float32(1.0 - np.exp(-STEP_DAYS / LEAF_DAYS))
    for step in range(2 * STEPS):
        leaves = leaves + gain * (target[step % STEPS] - leaves)
        out[step % STEPS] = leaves
    highest = out.max(axis=0)
    # Where no season ever opens wide (below a tenth), leaves stay as sparse as that.
    return (out / np.maximum(highest, 0.1)) ** exponent


def fpar(static):
    """Make a year of 8-day fPAR.

    Parameters
    ----------
    static : xarray.Dataset
        From `open_static`, on any grid.

    Returns
    -------
    (cell, pft, 46) array of uint8
        Value = 0.01 x stored; 0 where the plant type does not grow. Step of a day of the year: day // 8.
    """
    fraction = static["pft_fraction"].values
    celsius = _to_steps(static["t_air"].values) - 273.15
    water = _water(static)
    usual = np.array([t[1] for t in TYPES], dtype=np.float32)
    cover = np.maximum(fraction.sum(axis=1), 1e-6)
    vigour = static["fapar_max"].values / np.maximum((fraction * usual).sum(axis=1) / cover, 0.05)
    out = np.zeros((*fraction.shape, STEPS), dtype=np.uint8)
    for index, (_, _, peak, base, cold, warm, exponent) in enumerate(TYPES):
        cells = np.flatnonzero(fraction[:, index] > 0.0)
        season = growing_season(celsius[:, cells], water[:, cells], cold, warm, exponent)
        height = np.clip(peak * vigour[cells], 0.04, 0.95)
        out[cells, index] = np.rint(100.0 * height * (base + (1.0 - base) * season)).T.astype(np.uint8)
    return out
