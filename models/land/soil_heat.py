"""Heat in four soil layers and the snow above them: conduction, freezing and thawing."""

import numpy as np

from models.kernel import equation, lane_kernel
from models.land import layout as at
from models.land.atmosphere import DENSITY_ICE, FREEZING, GRAVITY, HEAT_AIR, HEAT_ICE, HEAT_WATER, LATENT_FUSION
from models.land.layout import LANES
from models.mathematics import clip, exp, larger, log, power, smaller, where

__all__ = ["conduction", "freeze_thaw", "phase_change", "soil_conductivity", "supercooled_water", "thermal_properties"]


@equation
def soil_conductivity(theta, liquid, porosity, dry, solid):
    """Heat conductivity of soil [W m-1 K-1] (Peters-Lidard et al. 1998, J. Atmos. Sci. 55, 1209).

    Parameters
    ----------
    theta, liquid, porosity : float
        Total and liquid water, porosity [m3 m-3].
    dry : float
        Conductivity of the dry soil.
    solid : float
        Conductivity of the solids to the power of their volume.
    """
    degree = smaller(theta / porosity, 1.0)
    unfrozen = liquid / larger(theta, 1e-6) * porosity
    # 2.2 and 0.57 W m-1 K-1: ice and water; their logarithms are constants.
    full = solid * exp(0.7884573603642703 * (porosity - unfrozen) - 0.5621189181535413 * unfrozen)
    kersten = where(liquid + 0.0005 < theta, degree, larger(0.4342944819032518 * log(larger(degree, 0.1)) + 1.0, 0.0))
    kersten = where((degree <= 0.1) & (liquid + 0.0005 >= theta), 0.0, kersten)
    return kersten * (full - dry) + dry


@equation
def soil_heat_capacity(theta, liquid, porosity, solids):
    """Heat capacity of soil [J m-3 K-1]."""
    return (
        liquid * HEAT_WATER
        + (1.0 - porosity) * solids
        + larger(porosity - theta, 0.0) * HEAT_AIR
        + (theta - liquid) * HEAT_ICE
    )


@equation
def supercooled_water(t, porosity, psi_sat, b):
    """Liquid water that stays unfrozen below freezing [m3 m-3] (Niu and Yang 2006, J. Hydromet. 7, 937)."""
    cold = larger(FREEZING - t, 1e-4)
    potential = LATENT_FUSION * cold / (GRAVITY * t) / psi_sat
    return porosity * smaller(power(potential, -1.0 / b), 1.0)


@equation
def freeze_thaw(t, liquid, ice, heat, supercooled):
    """Temperature and ice [mm] after the heat beyond freezing has melted or frozen water.

    Parameters
    ----------
    t : float
        Temperature [K].
    liquid, ice, supercooled : float
        Liquid water, ice and the water that can't freeze [mm].
    heat : float
        Heat capacity of the layer [J m-2 K-1].
    """
    energy = (t - FREEZING) * heat
    mass = energy / LATENT_FUSION
    total = liquid + ice
    melted = larger(ice - mass, 0.0)
    frozen = where(total < supercooled, 0.0, smaller(total - supercooled, ice - mass))
    melts = (ice > 0.0) & (t >= FREEZING)
    freezes = (liquid > supercooled) & (t < FREEZING)
    new = where(melts, melted, where(freezes, larger(frozen, 0.0), ice))
    changed = FREEZING + (energy - LATENT_FUSION * (ice - new)) / heat
    return where(melts | freezes, changed, t), new


@lane_kernel
def thermal_properties(w, dt):
    """Conductivity and heat capacity of soil layers and snow, before the energy balance."""
    for i in range(LANES):
        porosity, dry, solid = w[at.POROSITY + i], w[at.K_DRY + i], w[at.K_SOLID + i]
        solids = w[at.SOIL_HEAT_CAPACITY + i]
        w[at.CONDUCTIVITY_2 + i] = soil_conductivity(w[at.THETA_2 + i], w[at.LIQUID_2 + i], porosity, dry, solid)
        w[at.CONDUCTIVITY_3 + i] = soil_conductivity(w[at.THETA_3 + i], w[at.LIQUID_3 + i], porosity, dry, solid)
        w[at.CONDUCTIVITY_4 + i] = soil_conductivity(w[at.THETA_4 + i], w[at.LIQUID_4 + i], porosity, dry, solid)
        one = soil_conductivity(w[at.THETA_1 + i], w[at.LIQUID_1 + i], porosity, dry, solid)
        w[at.HEAT_1 + i] = 0.1 * soil_heat_capacity(w[at.THETA_1 + i], w[at.LIQUID_1 + i], porosity, solids)
        w[at.HEAT_2 + i] = 0.3 * soil_heat_capacity(w[at.THETA_2 + i], w[at.LIQUID_2 + i], porosity, solids)
        w[at.HEAT_3 + i] = 0.6 * soil_heat_capacity(w[at.THETA_3 + i], w[at.LIQUID_3 + i], porosity, solids)
        w[at.HEAT_4 + i] = 1.0 * soil_heat_capacity(w[at.THETA_4 + i], w[at.LIQUID_4 + i], porosity, solids)
        depth, swe = w[at.SNOW_DEPTH + i], w[at.SWE + i]
        density = swe / larger(depth, 1e-6)
        snow = 3.2217e-6 * density * density
        layer = w[at.SNOW_LAYER + i] > 0.0
        # A pack deeper than 5 cm has two temperatures: that of its top, 2.5 to 5 cm thick, and that of the rest.
        top = where(depth > 0.05, clip(0.5 * depth, 0.025, 0.05), depth)
        lowest = where(depth > 0.05, depth - top, depth)
        # The top soil layer conducts as a mean over its own thickness and that of the snow layer upon it.
        above = where(layer, snow, 0.35)
        one = (one * 0.1 + above * lowest) / (0.1 + lowest)
        liquid = w[at.SNOW_LIQUID + i]
        w[at.CONDUCTIVITY_1 + i] = one
        w[at.CONDUCTIVITY_SNOW + i] = snow
        w[at.HEAT_SNOW + i] = HEAT_ICE * (swe - liquid) / DENSITY_ICE + HEAT_WATER * liquid / 1000.0
        w[at.SNOW_SHARE + i] = where(depth > 0.05, top / larger(depth, 1e-6), 1.0)
        # Conductance to the middle of the top layer. A thin, cold layer takes no more in a step than keeps it from
        # overshooting; a melting one takes what comes.
        store = where(layer, w[at.HEAT_SNOW + i] * w[at.SNOW_SHARE + i], w[at.HEAT_1 + i])
        g = 2.0 * where(layer, snow, one) / where(layer, top, 0.1)
        melting = layer & (w[at.T_SNOW + i] > FREEZING - 0.05)
        w[at.CONDUCTANCE_TOP + i] = where(melting, g, smaller(g, 1.5 * store / dt))
        cold = w[at.HEAT_SNOW + i] * larger(FREEZING - w[at.T_SNOW_DEEP + i], 0.0)
        w[at.MELT_HEAT + i] = ((swe - liquid) * LATENT_FUSION + cold) / dt
        w[at.T_TOP + i] = where(layer, w[at.T_SNOW + i], w[at.T_SOIL_1 + i])


@lane_kernel
def conduction(w, dt):
    """Solve the six nodes of snow and soil implicitly, with the ground heat flux on top, deep temperature below."""
    for i in range(LANES):
        layer = w[at.SNOW_LAYER + i] > 0.0
        g = w[at.GROUND_HEAT + i]
        depth = w[at.SNOW_DEPTH + i]
        # Flux between two nodes: conductivity of the upper one over the distance of their middles.
        share = w[at.SNOW_SHARE + i]
        deep = layer & (share < 1.0)
        lowest = where(deep, (1.0 - share) * depth, depth)
        c0 = where(layer, 2.0 * w[at.CONDUCTIVITY_SNOW + i] / (lowest + 0.1), 0.0)
        cs = where(deep, 2.0 * w[at.CONDUCTIVITY_SNOW + i] / larger(depth, 1e-6), 0.0)
        c1 = w[at.CONDUCTIVITY_1 + i] / 0.2
        c2 = w[at.CONDUCTIVITY_2 + i] / 0.45
        c3 = w[at.CONDUCTIVITY_3 + i] / 0.8
        c4 = w[at.CONDUCTIVITY_4 + i] / (w[at.DEPTH_BOTTOM + i] - 1.5)
        # Node 0 is the lowest snow layer, node s the one upon it where there are two.
        s0 = where(layer, where(deep, 1.0 - share, 1.0) * larger(w[at.HEAT_SNOW + i], 1.0), 1.0) / dt
        ss = where(deep, share * larger(w[at.HEAT_SNOW + i], 1.0), 1.0) / dt
        s1, s2, s3, s4 = w[at.HEAT_1 + i] / dt, w[at.HEAT_2 + i] / dt, w[at.HEAT_3 + i] / dt, w[at.HEAT_4 + i] / dt
        bottom = w[at.T_BOTTOM + i]
        ts, t1 = w[at.T_SNOW + i], w[at.T_SOIL_1 + i]
        t0 = where(deep, w[at.T_SNOW_DEEP + i], ts)
        t2, t3, t4 = w[at.T_SOIL_2 + i], w[at.T_SOIL_3 + i], w[at.T_SOIL_4 + i]
        # Forward sweep from the bottom, then back down.
        d4 = s4 + c4 + c3
        r4 = s4 * t4 + c4 * bottom
        p4 = c3 / d4
        d3 = s3 + c3 + c2 - c3 * p4
        r3 = s3 * t3 + p4 * r4
        p3 = c2 / d3
        d2 = s2 + c2 + c1 - c2 * p3
        r2 = s2 * t2 + p3 * r3
        p2 = c1 / d2
        d1 = s1 + c1 + c0 - c1 * p2
        r1 = s1 * t1 + p2 * r2 + where(layer, 0.0, g)
        p1 = c0 / d1
        d0 = s0 + c0 + cs - c0 * p1
        r0 = s0 * t0 + p1 * r1 + where(deep, 0.0, where(layer, g, 0.0))
        p0 = cs / d0
        ts = (ss * ts + p0 * r0 + where(deep, g, 0.0)) / (ss + cs - cs * p0)
        t0 = (r0 + cs * ts) / d0
        t1 = (r1 + c0 * t0) / d1
        t2 = (r2 + c1 * t1) / d2
        t3 = (r3 + c2 * t2) / d3
        t4 = (r4 + c3 * t3) / d4
        w[at.T_SNOW + i] = where(deep, ts, where(layer, t0, w[at.T_SNOW + i]))
        w[at.T_SNOW_DEEP + i] = where(layer, t0, w[at.T_SNOW_DEEP + i])
        w[at.T_SOIL_1 + i] = t1
        w[at.T_SOIL_2 + i] = t2
        w[at.T_SOIL_3 + i] = t3
        w[at.T_SOIL_4 + i] = t4
        w[at.BOTTOM_HEAT + i] = c4 * (t4 - bottom)


@lane_kernel
def phase_change(w):
    """Melt and freeze snow and soil water; thin snow melts with the heat of the top soil layer."""
    for i in range(LANES):
        # Snow layers melt, pass on what heat is left, or refreeze their share of the liquid.
        layer = w[at.SNOW_LAYER + i] > 0.0
        swe, liquid, depth = w[at.SWE + i], w[at.SNOW_LIQUID + i], w[at.SNOW_DEPTH + i]
        share = w[at.SNOW_SHARE + i]
        ice, rest = swe - liquid, 1.0 - share
        liquid_top = smaller(w[at.SNOW_LIQUID_TOP + i], liquid)
        heat_top = larger(w[at.HEAT_SNOW + i], 1.0) * share
        heat_deep = larger(w[at.HEAT_SNOW + i], 1.0) * rest
        energy = (w[at.T_SNOW + i] - FREEZING) * heat_top
        melt = smaller(share * ice, larger(energy, 0.0) / LATENT_FUSION)
        refreeze = smaller(liquid_top, larger(-energy, 0.0) / LATENT_FUSION)
        left = energy - LATENT_FUSION * (melt - refreeze)
        t_top = FREEZING + smaller(left, 0.0) / heat_top
        energy = (w[at.T_SNOW_DEEP + i] - FREEZING) * heat_deep + larger(left, 0.0)
        melt_deep = smaller(rest * ice, larger(energy, 0.0) / LATENT_FUSION)
        refreeze_deep = smaller(liquid - liquid_top, larger(-energy, 0.0) / LATENT_FUSION)
        left = energy - LATENT_FUSION * (melt_deep - refreeze_deep)
        t_deep = FREEZING + smaller(left, 0.0) / larger(heat_deep, 1e-3)
        change = where(layer, melt - refreeze + melt_deep - refreeze_deep, 0.0)
        surplus = where(layer, larger(left, 0.0), 0.0)
        w[at.SNOW_LIQUID + i] = liquid + change
        w[at.SNOW_GONE + i] = where(layer, melt + melt_deep, 0.0)
        # Ice of the top layer, before new snow and sublimation.
        w[at.SNOW_ICE_TOP + i] = share * ice - melt + refreeze
        w[at.SNOW_LIQUID_TOP + i] = where(layer, liquid_top + melt - refreeze, liquid)
        w[at.T_SNOW + i] = where(layer, t_top, w[at.T_SNOW + i])
        w[at.T_SNOW_DEEP + i] = where(layer, where(share < 1.0, t_deep, t_top), w[at.T_SNOW_DEEP + i])
        heat_1 = w[at.HEAT_1 + i]
        t1 = w[at.T_SOIL_1 + i] + surplus / heat_1

        # Snow too thin for a layer melts with the heat of the soil below it.
        warm = larger(t1 - FREEZING, 0.0) * heat_1
        thin = where(layer, 0.0, smaller(swe, warm / LATENT_FUSION))
        t1 = where(thin > 0.0, t1 - thin * LATENT_FUSION / heat_1, t1)
        w[at.SWE + i] = swe - thin
        w[at.SNOW_DEPTH + i] = where(thin > 0.0, depth * (1.0 - thin / larger(swe, 1e-12)), depth)
        w[at.PONDING + i] = thin
        w[at.T_SOIL_1 + i] = t1

    cold = 0.0
    for i in range(LANES):
        ice = w[at.THETA_1 + i] - w[at.LIQUID_1 + i] + w[at.THETA_2 + i] - w[at.LIQUID_2 + i]
        ice += w[at.THETA_3 + i] - w[at.LIQUID_3 + i] + w[at.THETA_4 + i] - w[at.LIQUID_4 + i]
        coldest = smaller(
            smaller(w[at.T_SOIL_1 + i], w[at.T_SOIL_2 + i]), smaller(w[at.T_SOIL_3 + i], w[at.T_SOIL_4 + i])
        )
        cold = larger(cold, where((ice > 0.0) | (coldest < FREEZING), 1.0, 0.0))
    if cold == 0.0:
        return
    for i in range(LANES):
        porosity, suction, b = w[at.POROSITY + i], larger(w[at.PSI_SAT + i], 0.005), larger(w[at.B + i], 1.0)
        t, theta, liquid = w[at.T_SOIL_1 + i], w[at.THETA_1 + i], w[at.LIQUID_1 + i]
        held = 100.0 * supercooled_water(t, porosity, suction, b)
        t, ice = freeze_thaw(t, 100.0 * liquid, 100.0 * (theta - liquid), w[at.HEAT_1 + i], held)
        w[at.T_SOIL_1 + i] = t
        w[at.LIQUID_1 + i] = theta - 0.01 * ice
        t, theta, liquid = w[at.T_SOIL_2 + i], w[at.THETA_2 + i], w[at.LIQUID_2 + i]
        held = 300.0 * supercooled_water(t, porosity, suction, b)
        t, ice = freeze_thaw(t, 300.0 * liquid, 300.0 * (theta - liquid), w[at.HEAT_2 + i], held)
        w[at.T_SOIL_2 + i] = t
        w[at.LIQUID_2 + i] = theta - ice / 300.0
    for i in range(LANES):
        porosity, suction, b = w[at.POROSITY + i], larger(w[at.PSI_SAT + i], 0.005), larger(w[at.B + i], 1.0)
        t, theta, liquid = w[at.T_SOIL_3 + i], w[at.THETA_3 + i], w[at.LIQUID_3 + i]
        held = 600.0 * supercooled_water(t, porosity, suction, b)
        t, ice = freeze_thaw(t, 600.0 * liquid, 600.0 * (theta - liquid), w[at.HEAT_3 + i], held)
        w[at.T_SOIL_3 + i] = t
        w[at.LIQUID_3 + i] = theta - ice / 600.0
        t, theta, liquid = w[at.T_SOIL_4 + i], w[at.THETA_4 + i], w[at.LIQUID_4 + i]
        held = 1000.0 * supercooled_water(t, porosity, suction, b)
        t, ice = freeze_thaw(t, 1000.0 * liquid, 1000.0 * (theta - liquid), w[at.HEAT_4 + i], held)
        w[at.T_SOIL_4 + i] = t
        w[at.LIQUID_4 + i] = theta - ice / 1000.0


def solid_conductivity(quartz: np.ndarray, porosity: np.ndarray) -> np.ndarray:
    """Conductivity of the solids to the power of their volume, for a quartz content."""
    return (7.7**quartz * 2.0 ** (1.0 - quartz)) ** (1.0 - porosity)


def dry_conductivity(porosity: np.ndarray) -> np.ndarray:
    """Conductivity of dry soil [W m-1 K-1] of a porosity."""
    density = (1.0 - porosity) * 2700.0
    return (0.135 * density + 64.7) / (2700.0 - 0.947 * density)
