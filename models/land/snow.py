"""Snow of one density and two temperatures: fall, sublimation, liquid water, settling (Anderson 1976)."""

from models.kernel import equation, lane_kernel
from models.land import layout as at
from models.land.atmosphere import DENSITY_ICE, FREEZING
from models.land.layout import LANES
from models.mathematics import clip, exp, larger, smaller, where

__all__ = ["bare_of_snow", "compaction_rate", "drained", "snow_water"]

SWE_MAX = 5000.0  # mm; beyond it snow flows off as ice


@equation
def compaction_rate(burden, liquid, density, t_snow, t_air, viscosity):
    """Relative thinning of a snow layer [s-1] by ageing and by the weight upon it (Anderson 1976).

    Parameters
    ----------
    burden : float
        Snow above the middle of the layer [kg m-2].
    liquid : float
        Liquid water of the layer [mm]; wet snow ages twice as fast.
    density : float
        Ice mass per volume of snow [kg m-3].
    t_snow, t_air : float
        Temperature of snow and air [K].
    viscosity : float
        Viscosity at freezing and zero density [kg s m-2].
    """
    below = larger(FREEZING - t_snow, 0.0)
    ageing = 2.5e-6 * exp(-0.04 * below - 0.046 * larger(density - 100.0, 0.0))
    ageing = where(liquid > 1e-3, 2.0 * ageing, ageing)
    stiffening = clip(0.206067 - 0.000695 * t_air, 0.017, 0.0315)
    return ageing + burden * exp(-0.08 * below - stiffening * density) / viscosity


@equation
def drained(water, room, most, hold, release):
    """Water [mm] that leaves a snow layer in a step: slowly above what its pores hold, at once above their room.

    Parameters
    ----------
    water, room, most : float
        Liquid water, the volume of the pores, and the most that may be liquid [mm].
    hold : float
        Part of the pores that holds water.
    release : float
        Part of the excess that leaves in a step.
    """
    slow = larger(water - hold * room, 0.0) * release
    return clip(larger(slow, larger(water - room, water - most)), 0.0, water)


@lane_kernel
def snow_water(w, dt):
    """Let snow fall, sublimate, hold and release water and settle; what leaves goes to the soil surface."""
    for i in range(LANES):
        layer = w[at.SNOW_LAYER + i] > 0.0
        swe, liquid, depth = w[at.SWE + i], w[at.SNOW_LIQUID + i], w[at.SNOW_DEPTH + i]
        ice_before = larger(swe - liquid + w[at.SNOW_GONE + i], 1e-3)
        ponding = w[at.PONDING + i]
        rain = w[at.RAIN_GROUND + i] * dt

        # Settling of the old layer, as it was before the new snow fell.
        ice = swe - liquid
        density = clip(ice / larger(depth, 1e-6), 0.0, DENSITY_ICE)
        share = where(depth > 0.05, clip(0.5 * depth, 0.025, 0.05) / larger(depth, 1e-6), 1.0)
        t_air, viscosity = w[at.T_AIR + i], w[at.SNOW_VISCOSITY + i]
        liquid_top = w[at.SNOW_LIQUID_TOP + i]
        rate = compaction_rate(0.5 * share * swe, liquid_top, density, w[at.T_SNOW + i], t_air, viscosity)
        burden = 0.5 * (1.0 + share) * swe
        rate_deep = compaction_rate(burden, liquid - liquid_top, density, w[at.T_SNOW_DEEP + i], t_air, viscosity)
        rate = share * rate + (1.0 - share) * rate_deep
        melted = w[at.SNOW_GONE + i] / ice_before
        settled = depth * (1.0 - smaller(rate * dt + melted, 0.5))
        floor = ice / DENSITY_ICE + liquid / 1000.0
        depth = where(layer, larger(settled, floor), depth)

        # New snow.
        fall = w[at.SNOW_GROUND + i] * dt
        depth = depth + fall / larger(w[at.NEW_DENSITY + i], 10.0)
        ice = ice + fall

        # Exchange with the air: snow gives what it has, the soil the rest; dew and frost settle on snow.
        demand = w[at.EVAP_GROUND + i] * dt
        there = ice + liquid > 0.0
        total = ice + liquid
        taken = where(there, smaller(demand, total), 0.0)
        from_ice = smaller(taken, ice)
        before = larger(ice, 1e-12)
        ice = ice - from_ice
        ice_top = larger(w[at.SNOW_ICE_TOP + i] + fall - from_ice, 0.0)
        liquid = larger(liquid - (taken - from_ice), 0.0)
        depth = where(layer, depth, where(from_ice > 0.0, depth * ice / before, depth))
        w[at.SOIL_EVAPORATION + i] = (demand - taken) / dt

        # A layer holds rain in its pores; thin snow lets it through.
        becomes = depth >= 0.025
        share = where(depth > 0.05, clip(0.5 * depth, 0.025, 0.05) / larger(depth, 1e-6), 1.0)
        pores = larger(1.0 - smaller(ice / (larger(depth, 1e-6) * DENSITY_ICE), 1.0), 0.0)
        room = 1000.0 * larger(depth, 1e-6) * pores
        hold, release = w[at.SNOW_HOLD + i], smaller(w[at.SNOW_RELEASE + i] * dt, 1.0)
        most = w[at.SNOW_LIQUID_MAX + i] / (1.0 - w[at.SNOW_LIQUID_MAX + i]) * ice
        top = where(becomes, smaller(w[at.SNOW_LIQUID_TOP + i], liquid) + rain, 0.0)
        deep = where(becomes, liquid + rain - top, 0.0)
        # The top lets its excess down at once, the base releases it slowly.
        down = drained(top, room * share, most * share, hold, where(share < 1.0, 1.0, release))
        top = top - down
        deep = deep + down
        # Of a single layer, what leaves the top leaves the pack.
        flow = where(share < 1.0, drained(deep, room * (1.0 - share), most * (1.0 - share), hold, release), deep)
        deep = deep - flow
        out = where(becomes, flow, liquid + rain)
        held = top + deep

        # A very deep pack loses ice at its base; a trace of snow becomes water, and so does the liquid of thin snow.
        total = ice + held
        over = smaller(larger(total - SWE_MAX, 0.0), ice)
        depth = depth * (1.0 - over / larger(total, 1e-12))
        ice = ice - over
        trace = where((ice + held < 1e-6) | (depth <= 0.0), ice, 0.0)
        ice = ice - trace
        depth = where(ice + held <= 0.0, 0.0, clip(depth, (ice + held) / 500.0, (ice + held) / 50.0))
        loose = where((trace > 0.0) | (depth < 0.025), held, 0.0)
        held = held - loose
        total = ice + held
        w[at.SWE + i] = total
        w[at.SNOW_LIQUID + i] = held
        w[at.SNOW_DEPTH + i] = where(total <= 0.0, 0.0, depth)
        # Layers are cut anew: snow that changes layer brings its temperature and its water.
        share = where(depth > 0.05, clip(0.5 * depth, 0.025, 0.05) / larger(depth, 1e-6), 1.0)
        t_top, t_deep = w[at.T_SNOW + i], w[at.T_SNOW_DEEP + i]
        ice_top = smaller(ice_top, ice)
        target = share * ice
        gain = larger(target - ice_top, 0.0)
        lose = larger(ice_top - target, 0.0)
        top = top + gain / larger(ice - ice_top, 1e-9) * deep - lose / larger(ice_top, 1e-9) * top
        w[at.SNOW_LIQUID_TOP + i] = clip(top, 0.0, held)
        mixed_top = (ice_top * t_top + gain * t_deep) / larger(ice_top + gain, 1e-9)
        mixed_deep = ((ice - ice_top) * t_deep + lose * t_top) / larger(ice - ice_top + lose, 1e-9)
        mixed_top = where(ice_top + gain > 1e-9, mixed_top, t_top)
        mixed_deep = where(ice - ice_top + lose > 1e-9, mixed_deep, t_top)
        # A new layer starts at the temperature of the air, at most freezing.
        t_new = smaller(w[at.T_AIR + i], FREEZING)
        keeps = layer & (depth >= 0.025)
        w[at.T_SNOW + i] = where(keeps, mixed_top, t_new)
        w[at.T_SNOW_DEEP + i] = where(keeps, mixed_deep, t_new)
        w[at.WATER_IN + i] = (out + over + trace + loose + ponding) / dt


@lane_kernel
def bare_of_snow(w):
    """Pass rain and evaporation to the soil where no lane has snow."""
    for i in range(LANES):
        w[at.SOIL_EVAPORATION + i] = w[at.EVAP_GROUND + i]
        w[at.WATER_IN + i] = w[at.RAIN_GROUND + i]
        w[at.SWE + i] = 0.0
        w[at.SWE_BEFORE + i] = 0.0
        w[at.SNOW_AGE + i] = 0.0
        w[at.SNOW_DEPTH + i] = 0.0
        w[at.SNOW_LIQUID + i] = 0.0
        w[at.SNOW_LIQUID_TOP + i] = 0.0
        t_new = smaller(w[at.T_AIR + i], FREEZING)
        w[at.T_SNOW + i] = t_new
        w[at.T_SNOW_DEEP + i] = t_new
