"""Simple daily balance of water and heat: soil wetness, soil temperature and frozen ground from the weather.

It stands in for a land surface model and is labelled so: two soil layers (0-5 and 5-100 cm) as buckets, one bulk
of snow with degree-day melt, evaporation after Priestley and Taylor (1972), soil temperature as a delayed and
damped air temperature that snow insulates. The year is repeated until its end meets its beginning.
"""

from typing import NamedTuple

import numpy as np
import xarray as xr

from data_catalog.world.weather import (
    CLEARNESS,
    DAYS,
    PRECIP,
    SW_DOWN,
    T_AIR,
    VAPOUR,
    VPD,
    WEATHER,
    Tables,
    draw_weather,
)
from models.kernel import inline_kernel, kernel
from models.quantity import parameter

__all__ = ["BALANCE", "LABEL", "STATES", "WATER", "Balance", "Soil", "balance_water", "days_of", "make_soil"]

LABEL = "simple daily balance"

WATER = ("smsf", "smrz", "t_soil", "frozen", "swe", "et", "runoff", "drainage")
"""Rows of a cell's year of water: %, %, K, 1, mm, mm d-1, mm d-1, mm d-1; states at the end of the day."""
SMSF, SMRZ, T_SOIL, FROZEN, SWE, ET, RUNOFF, DRAINAGE = range(8)

STATES = ("top", "deep", "swe", "t_soil", "t_deep")
"""Water of 0-5 cm and 5-100 cm [mm], snow [mm], temperature of 0-10 cm and about 1 m [K]."""

TOP_DEPTH, DEEP_DEPTH = 50.0, 950.0  # mm of soil in the layers
T_MELT = 273.15
FREEZING = 2.0  # K below melting over which the water of the soil freezes
MOST_YEARS = 60  # before the year repeats
CLOSED = 0.005  # mm or K between the ends of a year that repeats; a packed step of wetness is 0.01 mm
ASSUMED = "assumed"
TOWERS = "assumed, order of magnitude from soil under FLUXNET2015 towers"
FAO = "Allen et al. 1998, FAO Irrigation and Drainage Paper 56"


class Balance(NamedTuple):
    """Parameters of the balance, the same for all cells."""

    alpha: float = parameter("1", 1.0, 1.5, "Priestley-Taylor coefficient", source="Priestley and Taylor 1972")
    albedo: float = parameter("1", 0.05, 0.4, "albedo of snow-free land", source=ASSUMED)
    melt: float = parameter("mm K-1 d-1", 1.0, 8.0, "degree-day factor of snow melt", source="Hock 2003: 2-6")
    snow_range: float = parameter(
        "K", 0.5, 4.0, "half width of the change from snow to rain about 274.15 K", source=ASSUMED
    )
    snow_limit: float = parameter("mm", 100.0, 5000.0, "snow above this runs off as ice", source=ASSUMED)
    runoff_power: float = parameter(
        "1", 1.0, 8.0, "power of wetness in surface runoff", source="after the HBV model's beta"
    )
    drain_top: float = parameter("d-1", 0.05, 1.0, "drainage of water above field capacity, 0-5 cm", source=ASSUMED)
    drain_deep: float = parameter("d-1", 0.005, 0.5, "drainage of water above field capacity, 5-100 cm", source=ASSUMED)
    exchange: float = parameter(
        "mm d-1", 0.0, 20.0, "flow between the layers per unit of wetness difference", source=ASSUMED
    )
    roots_top: float = parameter("1", 0.0, 0.5, "share of roots in 0-5 cm", source="after Jackson et al. 1996")
    dry_limit: float = parameter("1", 0.1, 1.0, "driest surface soil as a share of the wilting point", source=FAO)
    soil_pace: float = parameter("d-1", 0.05, 1.0, "pace of 0-10 cm temperature after the air's", source=ASSUMED)
    sun_warming: float = parameter("K W-1 m2", 0.0, 0.05, "warming of bare ground by the sun", source=TOWERS)
    freezing: float = parameter("1", 0.0, 30.0, "heat of freezing over that of cooling, 271.15-273.15 K", source=TOWERS)
    snow_depth: float = parameter("mm", 5.0, 200.0, "snow that insulates the soil by a factor e", source=ASSUMED)
    deep_pace: float = parameter("d-1", 0.005, 0.2, "pace of 0-10 cm temperature after that of 1 m", source=ASSUMED)
    deep_memory: float = parameter("d-1", 0.002, 0.1, "pace of 1 m temperature after that of 0-10 cm", source=ASSUMED)


BALANCE = Balance(
    alpha=1.26, albedo=0.18, melt=3.0, snow_range=1.5, snow_limit=1000.0, runoff_power=3.0, drain_top=0.5,
    drain_deep=0.06, exchange=4.0, roots_top=0.15, dry_limit=0.5, soil_pace=0.3, sun_warming=0.01, freezing=15.0,
    snow_depth=40.0, deep_pace=0.08, deep_memory=0.02,
)  # fmt: skip


class Soil(NamedTuple):
    """What the balance needs of a set of cells, as arrays."""

    porosity: np.ndarray  # (cell,) m3 m-3
    field_capacity: np.ndarray
    wilting_point: np.ndarray
    pressure: np.ndarray  # (cell,) Pa
    cover: np.ndarray  # (cell, 8-day step) share of light that plants absorb


def make_soil(static: xr.Dataset, fpar: np.ndarray, fpar_scale: float) -> Soil:
    """Gather the soil of the cells of ``static``; fPAR is ``fpar`` (cell, pft, step) times ``fpar_scale``."""
    cover = np.zeros((fpar.shape[0], fpar.shape[2]), dtype=np.float32)
    fraction = static["pft_fraction"].values
    for pft in range(fpar.shape[1]):
        cover += (fraction[:, pft] * fpar_scale).astype(np.float32)[:, None] * fpar[:, pft]
    names = ("porosity", "field_capacity", "wilting_point")
    return Soil(
        *(static[n].values.astype(float) for n in names), static["pressure"].values.mean(axis=1, dtype=float), cover
    )


@kernel
def balance_water(cells, soil, weather, p, room, most_years, state, closure, out):
    """Run the year of some cells until it repeats; write the last year.

    Parameters
    ----------
    cells : (n,) int array
        Positions in ``soil``; -1 is passed over.
    soil : Soil
    weather : (n, row of WEATHER, day) float64
    p : Balance
    room : (3, day) float64
        Room for rain, snowfall and potential evaporation.
    most_years : int
    state : (n, 5) float64
        Receives the state at the start of the written year.
    closure : (n,) float64
        Receives the largest difference of a state (mm or K) between the start and the end of that year.
    out : (n, row of WATER, day) float64
    """
    for i in range(cells.shape[0]):
        if cells[i] >= 0:
            closure[i] = _repeat(cells[i], soil, weather[i], p, room, most_years, state[i], out[i])


@kernel
def _repeat(cell, soil, weather, p, room, most_years, state, out):
    """Repeat the year of one cell until it closes, and return by how much it does not."""
    rain, snowfall, potential = room[0], room[1], room[2]
    psychrometric = 0.000665 * soil.pressure[cell]
    mean_t = 0.0
    for day in range(DAYS):
        t = weather[T_AIR, day]
        mean_t += t / DAYS
        white = min(1.0, max(0.0, 0.5 - 0.5 * (t - 274.15) / p.snow_range))
        snowfall[day] = white * weather[PRECIP, day]
        rain[day] = weather[PRECIP, day] - snowfall[day]
        # Net long-wave of FAO-56 Eq. 39 and the Priestley-Taylor equation.
        e = weather[VAPOUR, day]
        emissivity = max(0.05, 0.34 - 0.14 * np.sqrt(0.001 * e))
        loss = 5.67e-8 * t * t * t * t * emissivity * max(0.05, 1.35 * weather[CLEARNESS, day] - 0.35)
        net = (1.0 - p.albedo) * weather[SW_DOWN, day] - loss
        slope = (e + weather[VPD, day]) * 4153.82 / ((t - 34.15) * (t - 34.15))
        potential[day] = max(0.0, p.alpha * slope / (slope + psychrometric) * net * 0.0352653)  # 86400 s / 2.45 MJ kg-1
    porosity, capacity, wilting = soil.porosity[cell], soil.field_capacity[cell], soil.wilting_point[cell]
    state[0], state[1] = TOP_DEPTH * capacity, DEEP_DEPTH * capacity
    state[2], state[3], state[4] = 0.0, mean_t, mean_t
    change, top, deep, swe, t_soil, t_deep = np.inf, 0.0, 0.0, 0.0, 0.0, 0.0
    for year in range(most_years):
        top, deep, swe, t_soil, t_deep = state[0], state[1], state[2], state[3], state[4]
        least_snow = _year(cell, soil, weather, p, rain, snowfall, potential, porosity, capacity, wilting, state, out)
        change = max(abs(state[0] - top), abs(state[1] - deep), abs(state[2] - swe))
        change = max(change, abs(state[3] - t_soil), abs(state[4] - t_deep))
        if change < CLOSED:
            break
        if year > 0 and least_snow > 0.0 and state[2] > swe:
            state[2] = p.snow_limit  # snow that no summer melts: an ice field
    state[0], state[1], state[2], state[3], state[4] = top, deep, swe, t_soil, t_deep
    return change


@inline_kernel
def _freeze(t, step, slowness):
    """Change the temperature ``t`` [K] by the heat of ``step`` [K]; water freezes over `FREEZING` K below melting."""
    heat = t - T_MELT
    if heat < -FREEZING:
        heat += FREEZING - FREEZING * slowness
    elif heat < 0.0:
        heat *= slowness
    heat += step
    if heat < -FREEZING * slowness:
        heat += FREEZING * slowness - FREEZING
    elif heat < 0.0:
        heat /= slowness
    return T_MELT + heat


@kernel
def _year(cell, soil, weather, p, rain, snowfall, potential, porosity, capacity, wilting, state, out):
    """Step ``state`` through a year, write ``out``, return the least snow of the year."""
    top, deep, swe, t_soil, t_deep = state[0], state[1], state[2], state[3], state[4]
    full_top, full_deep = TOP_DEPTH * porosity, DEEP_DEPTH * porosity
    field_top, field_deep = TOP_DEPTH * capacity, DEEP_DEPTH * capacity
    wilt_top, wilt_deep = TOP_DEPTH * wilting, DEEP_DEPTH * wilting
    dry_top = wilt_top * p.dry_limit
    per_top, per_deep, per_all = 1.0 / full_top, 1.0 / full_deep, 1.0 / (full_top + full_deep)
    per_bare = 1.0 / (field_top - dry_top)
    per_roots_top, per_roots_deep = 1.0 / (0.7 * (field_top - wilt_top)), 1.0 / (0.7 * (field_deep - wilt_deep))
    roots_deep_share = 1.0 - p.roots_top
    least_snow = swe
    for day in range(DAYS):
        t = weather[T_AIR, day]
        cover = soil.cover[cell, day // 8]
        # Snow: what lies above the limit leaves as ice.
        swe += snowfall[day]
        ice = max(0.0, swe - p.snow_limit)
        swe -= ice
        melt = min(swe, max(0.0, p.melt * (t - T_MELT)))
        swe -= melt
        least_snow = min(least_snow, swe)
        # Evaporation, from what the layers held in the morning; none from under snow or frozen soil.
        free = potential[day] if (swe < 1.0 and t_soil > T_MELT) else 0.0
        bare = min(1.0, max(0.0, (top - dry_top) * per_bare))
        roots_top = p.roots_top * min(1.0, max(0.0, (top - wilt_top) * per_roots_top))
        roots_deep = roots_deep_share * min(1.0, max(0.0, (deep - wilt_deep) * per_roots_deep))
        from_top = min(free * ((1.0 - cover) * bare * bare + cover * roots_top), max(0.0, top - dry_top))
        from_deep = min(free * cover * roots_deep, max(0.0, deep - wilt_deep))
        # Rain and melt: part runs off, the more the wetter; the rest fills the layers from above.
        water = rain[day] + melt
        runoff = water * ((top + deep) * per_all) ** p.runoff_power if water > 0.0 else 0.0
        top += water - runoff - from_top
        down = max(0.0, top - full_top)
        top -= down
        seep = p.drain_top * max(0.0, top - field_top)
        flow = p.exchange * (top * per_top - deep * per_deep)
        flow = max(flow, -max(0.0, deep - from_deep - 0.5 * wilt_deep))
        flow = min(flow, max(0.0, top - seep - dry_top))
        top -= seep + flow
        deep += down + seep + flow - from_deep
        back = max(0.0, top - full_top)
        top -= back
        over = max(0.0, deep + back - full_deep)
        deep += back - over
        drainage = p.drain_deep * max(0.0, deep - field_deep)
        deep -= drainage
        # Heat: the soil follows the air, less so under snow, and the ground below.
        pace = p.soil_pace * np.exp(-swe / p.snow_depth) if swe > 0.0 else p.soil_pace
        warmed = t + p.sun_warming * (1.0 - cover) * weather[SW_DOWN, day] if swe < 1.0 else t
        step = pace * (warmed - t_soil) + p.deep_pace * (t_deep - t_soil)
        t_soil = _freeze(t_soil, step, 1.0 + p.freezing)
        t_deep += p.deep_memory * (t_soil - t_deep)
        surface = min(t, T_MELT - 0.1) if swe > 5.0 else 0.5 * (t + t_soil)
        out[SMSF, day] = 100.0 * top * per_top
        out[SMRZ, day] = 100.0 * (top + deep) * per_all
        out[T_SOIL, day] = t_soil
        out[FROZEN, day] = 1.0 if surface < T_MELT else 0.0
        out[SWE, day] = swe
        out[ET, day] = from_top + from_deep
        out[RUNOFF, day] = runoff + over + ice
        out[DRAINAGE, day] = drainage
    state[0], state[1], state[2], state[3], state[4] = top, deep, swe, t_soil, t_deep
    return least_snow


def days_of(cells: np.ndarray, tables: Tables, soil: Soil, balance: Balance = BALANCE) -> tuple[np.ndarray, ...]:
    """Draw and balance the year of some cells.

    Parameters
    ----------
    cells : (n,) int array
        Positions in the tables; rows of -1 stay 0.

    Returns
    -------
    weather : (n, row of WEATHER, day) array
    water : (n, row of WATER, day) array
    state : (n, 5) array
        `STATES` at the start of the year.
    closure : (n,) array
        Largest change of a state over the year [mm or K].
    """
    n = len(cells)
    weather, water = np.zeros((n, len(WEATHER), DAYS)), np.zeros((n, len(WATER), DAYS))
    state, closure = np.zeros((n, len(STATES))), np.zeros(n)
    draw_weather(cells, tables, np.zeros((2, DAYS), dtype=np.float32), np.zeros((2, 12)), weather)
    balance_water(cells, soil, weather, balance, np.zeros((3, DAYS)), MOST_YEARS, state, closure, water)
    return weather, water, state, closure
