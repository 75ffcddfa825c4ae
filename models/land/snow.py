"""Snow of one density and two temperatures: fall, sublimation, liquid water, compaction (Anderson 1976; Niu et al. 2011)."""

from models.kernel import equation, lane_kernel
from models.land import layout as at
from models.land.atmosphere import DENSITY_ICE, FREEZING
from models.land.layout import LANES
from models.land.mathematics import clip, exp, larger, smaller, where

__all__ = ["compaction_rate", "snow_water"]

SWE_MAX = 5000.0  # mm; beyond it snow flows off as ice


@equation
def compaction_rate(swe, liquid_share, density, t_snow, t_air, viscosity):
    """Relative thinning of a snow layer [s-1] by ageing and by its own weight (Anderson 1976).

    Parameters
    ----------
    swe : float
        Snow water equivalent [kg m-2].
    liquid_share : float
        Volume of liquid water per volume of snow.
    density : float
        Ice mass per volume of snow [kg m-3].
    t_snow, t_air : float
        Temperature of snow and air [K].
    viscosity : float
        Viscosity at freezing and zero density [kg s m-2].
    """
    below = larger(FREEZING - t_snow, 0.0)
    ageing = 2.5e-6 * exp(-0.04 * below - 0.046 * larger(density - 100.0, 0.0))
    ageing = where(liquid_share > 0.01, 2.0 * ageing, ageing)
    stiffening = clip(0.206067 - 0.000695 * t_air, 0.017, 0.0315)
    return ageing + 0.5 * swe * exp(-0.08 * below - stiffening * density) / viscosity


@lane_kernel
def snow_water(w, dt):
    """Let snow fall, sublimate, hold and release water and settle; what leaves goes to the soil surface."""
    for i in range(LANES):
        layer = w[at.SNOW_LAYER + i] > 0.0
        swe, liquid, depth = w[at.SWE + i], w[at.SNOW_LIQUID + i], w[at.SNOW_DEPTH + i]
        ice_before = larger(swe - liquid + w[at.SNOW_GONE + i], 1e-9)
        ponding = w[at.PONDING + i]
        rain = w[at.RAIN_GROUND + i] * dt

        # Settling of the old layer, as it was before the new snow fell.
        ice = swe - liquid
        density = clip(ice / larger(depth, 1e-6), 0.0, DENSITY_ICE)
        rate = compaction_rate(
            swe,
            0.001 * liquid / larger(depth, 1e-6),
            density,
            w[at.T_SNOW + i],
            w[at.T_AIR + i],
            w[at.SNOW_VISCOSITY + i],
        )
        melted = larger(ice_before - ice, 0.0) / ice_before
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
        ice_top = larger(w[at.SNOW_SHARE + i] + fall - from_ice, 0.0)
        liquid = larger(liquid - (taken - from_ice), 0.0)
        depth = where(layer, depth, where(from_ice > 0.0, depth * ice / before, depth))
        w[at.SOIL_EVAPORATION + i] = (demand - taken) / dt

        # A layer holds rain in its pores; thin snow lets it through.
        becomes = depth >= 0.025
        held = where(becomes, liquid + rain, 0.0)
        out = where(becomes, 0.0, liquid + rain)
        pores = larger(1.0 - smaller(ice / (larger(depth, 1e-6) * DENSITY_ICE), 1.0), 0.0)
        room = 1000.0 * larger(depth, 1e-6) * pores
        excess = larger(held - w[at.SNOW_HOLD + i] * room, 0.0)
        flow = larger(larger(held - room, 0.0), excess * smaller(w[at.SNOW_RELEASE + i] * dt, 1.0))
        flow = smaller(flow, held)
        most = w[at.SNOW_LIQUID_MAX + i]
        most = most / (1.0 - most) * ice
        flow = larger(flow, held - most)
        flow = where(becomes, larger(flow, 0.0), 0.0)
        held = held - flow
        out = out + flow

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
        # Layers are cut anew: snow that changes layer brings its temperature.
        share = where(depth > 0.05, clip(0.5 * depth, 0.025, 0.05) / larger(depth, 1e-6), 1.0)
        t_top, t_deep = w[at.T_SNOW + i], w[at.T_SNOW_DEEP + i]
        ice_top = smaller(ice_top, ice)
        target = share * ice
        gain = larger(target - ice_top, 0.0)
        lose = larger(ice_top - target, 0.0)
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
