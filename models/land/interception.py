"""Rain or snow, what the canopy holds of it, and leaves above the snow."""

from models.kernel import equation, lane_kernel
from models.land import layout as at
from models.land.atmosphere import FREEZING
from models.land.layout import LANES
from models.mathematics import clip, exp, larger, power, smaller, tanh, where

__all__ = [
    "canopy_cover",
    "canopy_water",
    "dry_weather",
    "no_snow_cover",
    "precipitation",
    "snow_cover",
    "snow_fraction",
]

INTERCEPTED = 1.0 / 1.9  # fraction of the ground rained upon, for one tenth of rain convective (Niu et al. 2011)


@equation
def snow_fraction(t):
    """Fraction of precipitation that falls as snow at air temperature ``t`` [K] (Jordan 1991, CRREL 91-16)."""
    mixed = where(t <= FREEZING + 2.0, 1.0 - (-54.632 + 0.2 * t), 0.6)
    return where(t > FREEZING + 2.5, 0.0, where(t <= FREEZING + 0.5, 1.0, mixed))


@lane_kernel
def canopy_cover(w):
    """Find leaf and stem area above the snow.

    Leaf area follows leaf carbon, at least ``lai_min``. Tall plants are buried between the bottom and the top of
    the canopy, short ones as if snow bent them (Noah-MP v5, He et al. 2023, section 3.1).
    """
    for i in range(LANES):
        lai = larger(w[at.LEAF + i] * w[at.SLA + i] * 0.001, w[at.LAI_MIN + i])
        sai = larger(w[at.STEM + i] * 0.003, w[at.SAI_MIN + i])
        depth, top, bottom = w[at.SNOW_DEPTH + i], w[at.CANOPY_TOP + i], w[at.CANOPY_BOTTOM + i]
        tall = clip((depth - bottom) / larger(top - bottom, 1e-6), 0.0, 1.0)
        bend = larger(top, 1e-6) * exp(-depth / 0.2)
        short = smaller(depth, bend) / bend
        buried = where(top > 1.0, tall, short)
        grows = where((w[at.SLA + i] > 0.0) & (w[at.VCMAX25 + i] > 0.0) & (top > 0.0), 1.0, 0.0)
        stem = sai * (1.0 - buried) * grows
        stem = where(stem < 0.05 - 1e-9, 0.0, stem)
        leaf = lai * (1.0 - buried) * grows
        leaf = where((leaf < 0.05 - 1e-9) | (stem == 0.0), 0.0, leaf)
        w[at.LAI + i] = lai * grows
        w[at.SAI + i] = sai * grows
        w[at.LEAF_AREA + i] = leaf
        w[at.STEM_AREA + i] = stem
        w[at.PLANT_AREA + i] = leaf + stem
        w[at.COVER + i] = where(leaf + stem > 0.0, larger(w[at.VEGETATION_FRACTION + i], 0.05), 0.0) * grows


@lane_kernel
def snow_cover(w):
    """Fraction of the ground under snow (Niu and Yang 2007), and whether snow is deep enough for a layer."""
    for i in range(LANES):
        depth = w[at.SNOW_DEPTH + i]
        swe = w[at.SWE + i]
        density = swe / larger(depth, 1e-6)
        melted = power(larger(density, 1.0) * 0.01, w[at.SNOW_COVER_EXPONENT + i])
        covered = tanh(smaller(depth / (w[at.SNOW_COVER_SCALE + i] * melted), 20.0))
        w[at.SNOW_COVER + i] = where((depth > 0.0) & (swe > 0.0), covered, 0.0)
        w[at.SNOW_LAYER + i] = where(depth >= 0.025, 1.0, 0.0)


@lane_kernel
def no_snow_cover(w):
    """Clear the snow cover where no lane has snow."""
    for i in range(LANES):
        w[at.SNOW_COVER + i] = 0.0
        w[at.SNOW_LAYER + i] = 0.0


@lane_kernel
def precipitation(w, dt):
    """Part precipitation into rain and snow, let the canopy catch some, drop the rest (Niu et al. 2011)."""
    for i in range(LANES):
        t, total = w[at.T_AIR + i], w[at.PRECIP_RATE + i]
        snow = total * snow_fraction(t)
        rain = total - snow
        density = smaller(w[at.SNOW_DENSITY_MAX + i], 67.92 + 51.25 * exp((t - FREEZING) / 2.59))
        cover, area = w[at.COVER + i], w[at.PLANT_AREA + i]
        liquid, ice = w[at.CANOPY_LIQUID + i], w[at.CANOPY_ICE + i]

        capacity = cover * w[at.CANOPY_WATER + i] * area
        room = larger(capacity - liquid, 0.0) / dt * (1.0 - exp(-rain * dt / larger(capacity, 1e-12)))
        caught_rain = smaller(cover * rain * INTERCEPTED, room)
        caught_rain = where(capacity > 0.0, caught_rain, 0.0)

        capacity_ice = cover * 6.6 * (0.27 + 46.0 / density) * area
        room = larger(capacity_ice - ice, 0.0) / dt * (1.0 - exp(-snow * dt / larger(capacity_ice, 1e-12)))
        caught_snow = where(capacity_ice > 0.0, smaller(cover * snow * INTERCEPTED, room), 0.0)

        liquid = liquid + caught_rain * dt
        unload = smaller(w[at.WIND + i] / 1.56e5 + larger(w[at.T_CANOPY + i] - 270.15, 0.0) / 1.87e5, 1.0 / dt)
        dropped = where(cover > 0.0, smaller(ice * unload, ice / dt), ice / dt)
        ice = ice + (caught_snow - dropped) * dt
        # Nothing is left to stand on: the canopy is bare or buried.
        drained = where(cover > 0.0, 0.0, liquid)
        liquid = liquid - drained

        w[at.CANOPY_LIQUID + i] = liquid
        w[at.CANOPY_ICE + i] = ice
        w[at.RAIN + i] = rain
        w[at.SNOW + i] = snow
        w[at.NEW_DENSITY + i] = density
        w[at.RAIN_GROUND + i] = rain - caught_rain + drained / dt
        w[at.SNOW_GROUND + i] = snow - caught_snow + dropped
        share = where(ice > 0.0, ice / larger(capacity_ice, 1e-6), liquid / larger(capacity, 1e-6))
        w[at.WET + i] = where(share > 0.0, power(clip(share, 1e-12, 1.0), 0.667), 0.0)


@lane_kernel
def dry_weather(w):
    """Clear what precipitation leaves where no lane has any and no canopy is wet."""
    for i in range(LANES):
        w[at.RAIN + i] = 0.0
        w[at.SNOW + i] = 0.0
        w[at.NEW_DENSITY + i] = 100.0
        w[at.RAIN_GROUND + i] = 0.0
        w[at.SNOW_GROUND + i] = 0.0
        w[at.WET + i] = 0.0


@lane_kernel
def canopy_water(w, dt):
    """Evaporate, condense, melt and freeze the water on the canopy."""
    for i in range(LANES):
        t = w[at.T_CANOPY + i]
        liquid, ice = w[at.CANOPY_LIQUID + i], w[at.CANOPY_ICE + i]
        demand = w[at.EVAP_WET + i] / w[at.LAMBDA_CANOPY + i]
        warm = w[at.LAMBDA_CANOPY + i] < 0.5 * (2.5104e6 + 2.844e6)
        taken_liquid = where(warm, smaller(demand, liquid / dt), 0.0)
        taken_ice = where(warm, 0.0, smaller(demand, ice / dt))
        liquid = larger(liquid - taken_liquid * dt, 0.0)
        ice = larger(ice - taken_ice * dt, 0.0)
        wet = w[at.WET + i]
        melt = where((ice > 1e-6) & (t > FREEZING), smaller(ice, (t - FREEZING) * 2.094e6 * ice / 917.0 / 3.336e5), 0.0)
        freeze = where(
            (liquid > 1e-6) & (t < FREEZING), smaller(liquid, (FREEZING - t) * 4.188e6 * liquid / 1000.0 / 3.336e5), 0.0
        )
        w[at.T_CANOPY + i] = where(melt + freeze > 0.0, wet * FREEZING + (1.0 - wet) * t, t)
        ice = ice - melt + freeze
        liquid = liquid + melt - freeze
        # A trace of ice would turn the wet fraction to its ice branch: hand traces to the ground.
        trace = where(ice < 1e-6, ice, 0.0) + where(liquid < 1e-6, liquid, 0.0)
        w[at.CANOPY_ICE + i] = where(ice < 1e-6, 0.0, ice)
        w[at.CANOPY_LIQUID + i] = where(liquid < 1e-6, 0.0, liquid)
        w[at.RAIN_GROUND + i] += trace / dt
        w[at.EVAP_CANOPY + i] = taken_liquid + taken_ice
