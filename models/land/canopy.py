"""Energy balance of the canopy and of the ground, under it and bare (two sources: Niu et al. 2011).

The canopy air exchanges heat and vapour with leaves, ground and the air above. Its temperature and humidity are
weighted means of those of its neighbours, so that only the leaf temperature is solved for, by Newton's method.
"""

import numpy as np

from models.kernel import equation, lane_kernel
from models.land import layout as at
from models.land.atmosphere import (
    FREEZING,
    GAS_VAPOUR,
    GRAVITY,
    HEAT_AIR,
    HEAT_WATER,
    LATENT_ICE,
    LATENT_VAPOUR,
    STEFAN_BOLTZMANN,
    VON_KARMAN,
    saturation_slope,
    saturation_vapour_pressure,
)
from models.land.layout import LANES
from models.mathematics import clip, exp, larger, log, power, smaller, where

__all__ = [
    "bare_ground",
    "canopy_newton",
    "dry_layer_resistance",
    "join_tiles",
    "roughness_bare",
    "roughness_canopy",
    "shaded_ground",
    "soil_surface",
    "vapour_diffusivity",
    "within_canopy",
]


def vapour_diffusivity(porosity, wilting, b):
    """Diffusivity of vapour in dry soil [m2 s-1] (Sakaguchi and Zeng 2009, Eq. 20).

    Parameters
    ----------
    porosity, wilting : float
        Porosity and wilting point [m3 m-3].
    b : float
        Exponent of the retention curve.
    """
    return 2.2e-5 * porosity**2 * np.maximum(1.0 - wilting / porosity, 0.01) ** (2.0 + 3.0 / b)


@equation
def dry_layer_resistance(liquid, porosity, diffusivity, exponent):
    """Resistance of the dry layer to soil evaporation [s m-1] (Sakaguchi and Zeng 2009, Eqs. 18-19).

    Parameters
    ----------
    liquid, porosity : float
        Liquid water and porosity of the top layer [m3 m-3].
    diffusivity : float
        Diffusivity of vapour in dry soil [m2 s-1].
    exponent : float
        Exponent ``w`` of the layer's thickness, 5 in the paper.
    """
    full = smaller(larger(liquid / porosity, 0.0), 1.0)
    return 0.1 * (exp(power(larger(1.0 - full, 1e-12), exponent)) - 1.0) / 1.71828 / diffusivity


@lane_kernel
def soil_surface(w):
    """Resistance and humidity of the soil surface, water stress of the roots, and each layer's share of the uptake."""
    for i in range(LANES):
        porosity, wilting, field = w[at.THETA_MAX + i], w[at.THETA_WILT + i], w[at.THETA_FIELD + i]
        liquid = w[at.LIQUID_1 + i]
        b = larger(w[at.B + i], 1.0)
        snow = w[at.SNOW_COVER + i]
        diffusivity = w[at.VAPOUR_DIFFUSIVITY + i]
        resistance = dry_layer_resistance(liquid, porosity, diffusivity, w[at.EVAPORATION_EXPONENT + i])
        w[at.R_SOIL + i] = where((liquid < 0.01) & (w[at.SNOW_DEPTH + i] == 0.0), 1e6, resistance)
        suction = larger(w[at.PSI_SAT + i], 0.005) * power(clip(liquid / porosity, 0.01, 1.0), -b)
        humid = exp(-suction * GRAVITY / (GAS_VAPOUR * w[at.T_GROUND + i]))
        w[at.HUMIDITY_SOIL + i] = snow + (1.0 - snow) * humid

        roots = w[at.ROOT_LAYERS + i]
        depth = larger(w[at.ROOT_DEPTH + i], 0.1)
        span = larger(field - wilting, 1e-3)
        one = 0.1 / depth * clip((liquid - wilting) / span, 0.0, 1.0)
        two = 0.3 / depth * clip((w[at.LIQUID_2 + i] - wilting) / span, 0.0, 1.0)
        three = 0.6 / depth * clip((w[at.LIQUID_3 + i] - wilting) / span, 0.0, 1.0)
        four = 1.0 / depth * clip((w[at.LIQUID_4 + i] - wilting) / span, 0.0, 1.0)
        one = larger(where(roots > 0.5, one, 0.0), 1e-6)
        two = where(roots > 1.5, larger(two, 1e-6), 0.0)
        three = where(roots > 2.5, larger(three, 1e-6), 0.0)
        four = where(roots > 3.5, larger(four, 1e-6), 0.0)
        beta = one + two + three + four
        w[at.BETA + i] = beta
        w[at.SHARE_1 + i] = one / beta
        w[at.SHARE_2 + i] = two / beta
        w[at.SHARE_3 + i] = three / beta
        w[at.SHARE_4 + i] = four / beta
        w[at.LAMBDA_CANOPY + i] = where(w[at.T_CANOPY + i] > FREEZING, LATENT_VAPOUR, LATENT_ICE)
        w[at.LAMBDA_GROUND + i] = where(w[at.T_GROUND + i] > FREEZING, LATENT_VAPOUR, LATENT_ICE)


@lane_kernel
def roughness_canopy(w):
    """Height, roughness and wind at the top of the canopy."""
    for i in range(LANES):
        top, rough = larger(w[at.CANOPY_TOP + i], 0.05), larger(w[at.ROUGHNESS + i], 0.002)
        displaced = larger(0.65 * top, w[at.SNOW_DEPTH + i])
        above = larger(displaced, top) + w[at.FORCING_HEIGHT + i] - displaced
        w[at.Z_EFFECTIVE + i] = above
        w[at.Z_0 + i] = rough
        w[at.HEAT_UP + i] = w[at.H_CANOPY + i]
        w[at.LOG_Z + i] = log(above / rough)
        height = larger(top - displaced, 0.0) + rough
        w[at.WIND_TOP + i] = w[at.WIND + i] * log(larger(height / rough, 1.05)) / log((above + displaced) / rough)


@lane_kernel
def within_canopy(w, first):
    """Resistance between ground and canopy air, and of the leaf boundary layer [s m-1]; neutral on the first call."""
    for i in range(LANES):
        top, rough, ground = larger(w[at.CANOPY_TOP + i], 0.05), w[at.Z_0 + i], w[at.ROUGHNESS_GROUND + i]
        displaced = larger(0.65 * top, w[at.SNOW_DEPTH + i])
        ustar = w[at.USTAR + i]
        flux = (w[at.T_GROUND + i] - w[at.T_CANOPY_AIR + i]) / larger(w[at.R_UNDER + i], 0.1)
        flux = where(first, 0.0, flux)
        length = VON_KARMAN * GRAVITY / w[at.T_CANOPY_AIR + i] * flux / (ustar * ustar * ustar)
        zeta = clip(-larger(displaced - ground, 0.01) * length, -50.0, 1.0)
        calm = where(zeta < 0.0, 1.0 / np.sqrt(np.sqrt(1.0 + 15.0 * larger(-zeta, 0.0))), 1.0 + 4.7 * zeta)
        a = np.sqrt(larger(w[at.CANOPY_WIND + i], 0.01) * larger(w[at.PLANT_AREA + i], 0.05) * top * calm)
        a = clip(a, 0.05, 30.0)
        depth = exp(-a * ground / top) - exp(-a * smaller((rough + displaced) / top, 1.0 + rough / top))
        mixing = larger(VON_KARMAN * ustar * (top - displaced), 1e-6)
        w[at.R_UNDER + i] = larger(top * exp(a) / a * depth / mixing, 0.1)
        shelter = 50.0 * a / (1.0 - exp(-0.5 * a))
        leaf = shelter * np.sqrt(w[at.LEAF_WIDTH + i] / larger(w[at.WIND_TOP + i], 0.01))
        w[at.R_LEAF + i] = clip(leaf, 5.0, 50.0)


@lane_kernel
def canopy_newton(w, dt):
    """Solve for the leaf temperature by one Newton step, and find the fluxes of the canopy at its end.

    Terms of the leaf's balance [W m-2 of the cell]: absorbed sunlight, net longwave, sensible heat, evaporation of
    intercepted water, transpiration, change of the heat stored.
    """
    for i in range(LANES):
        cover = w[at.COVER + i]
        t_leaf, t_ground, t_air = w[at.T_CANOPY + i], w[at.T_GROUND + i], w[at.T_AIR + i]
        area = smaller(w[at.PLANT_AREA + i], 6.0)
        sun, shade = smaller(w[at.SUN_AREA + i], 6.0), smaller(w[at.SHADE_AREA + i], 6.0)
        capacity = w[at.RHO_AIR + i] * HEAT_AIR
        latent = w[at.LAMBDA_CANOPY + i]
        gamma = HEAT_AIR * w[at.PRESSURE + i] / (0.622 * latent)
        r_leaf, wet = w[at.R_LEAF + i], w[at.WET + i]

        to_air = 1.0 / w[at.R_AIR + i]
        to_ground = 1.0 / w[at.R_UNDER + i]
        to_leaf = 2.0 * area / r_leaf
        conductance = to_air + to_ground + to_leaf
        base = (t_air * to_air + t_ground * to_ground) / conductance
        weight = to_leaf / conductance
        heat = (1.0 - weight) * capacity * to_leaf

        wet_leaf = wet * area / r_leaf
        dry_leaf = (1.0 - wet) * (sun / (r_leaf + w[at.R_SUN + i]) + shade / (r_leaf + w[at.R_SHADE + i]))
        soil_vapour = 1.0 / (w[at.R_UNDER + i] + w[at.R_SOIL + i])
        e_ground = saturation_vapour_pressure(t_ground) * w[at.HUMIDITY_SOIL + i]
        conductance_e = to_air + wet_leaf + dry_leaf + soil_vapour
        base_e = (w[at.E_AIR + i] * to_air + e_ground * soil_vapour) / conductance_e
        weight_e = (wet_leaf + dry_leaf) / conductance_e
        vapour = capacity / gamma

        e_leaf, slope = saturation_vapour_pressure(t_leaf), saturation_slope(t_leaf)
        e_canopy = base_e + weight_e * e_leaf
        emits, ground_emits = w[at.EMISSIVITY_CANOPY + i], w[at.EMISSIVITY_GROUND + i]
        t_ground2 = t_ground * t_ground
        received = emits * (1.0 + (1.0 - emits) * (1.0 - ground_emits)) * w[at.LW_DOWN + i]
        received += emits * ground_emits * STEFAN_BOLTZMANN * t_ground2 * t_ground2
        black = (2.0 - emits * (1.0 - ground_emits)) * emits * STEFAN_BOLTZMANN
        t_leaf3 = t_leaf * t_leaf * t_leaf

        longwave = cover * (black * t_leaf3 * t_leaf - received)
        sensible = cover * capacity * to_leaf * (t_leaf - (base + weight * t_leaf))
        evaporation = cover * vapour * wet_leaf * (e_leaf - e_canopy)
        store = where(latent < 2.7e6, w[at.CANOPY_LIQUID + i], w[at.CANOPY_ICE + i])
        evaporation = smaller(evaporation, store * latent / dt)
        transpiration = cover * vapour * dry_leaf * (e_leaf - e_canopy)
        stored = cover * w[at.CANOPY_HEAT + i] * area * HEAT_WATER / dt

        gain = w[at.SW_CANOPY + i] - longwave - sensible - evaporation - transpiration - w[at.CANOPY_STORAGE + i]
        slope_e = cover * vapour * (1.0 - weight_e) * slope
        loss = 4.0 * cover * black * t_leaf3 + cover * heat + slope_e * (wet_leaf + dry_leaf) + stored
        change = clip(gain / larger(loss, 1e-6), -20.0, 20.0)

        t_new = t_leaf + change
        w[at.T_CANOPY + i] = where(cover > 0.0, t_new, t_ground)
        w[at.T_CANOPY_AIR + i] = where(cover > 0.0, base + weight * t_new, t_air)
        e_new = larger(base_e + weight_e * saturation_vapour_pressure(t_new), 1.0)
        w[at.E_CANOPY_AIR + i] = where(cover > 0.0, e_new, w[at.E_AIR + i])
        w[at.LW_CANOPY + i] = longwave + 4.0 * cover * black * t_leaf3 * change
        # What the wet leaf would evaporate beyond its water warms the air instead.
        wished = evaporation + slope_e * wet_leaf * change
        granted = smaller(wished, store * latent / dt)
        w[at.EVAP_WET + i] = granted
        # A step cut short leaves heat over: it goes to the air as well.
        left = gain - loss * change
        w[at.H_LEAF + i] = sensible + cover * heat * change + wished - granted + left
        w[at.EVAP_DRY + i] = transpiration + slope_e * dry_leaf * change
        w[at.CANOPY_STORAGE + i] += stored * change
        to_above = capacity * (base + weight * t_new - t_air) * to_air
        to_above = where(cover > 0.0, to_above, 0.0)
        w[at.H_CANOPY + i] = to_above
        w[at.HEAT_UP + i] = to_above


@equation
def ground_newton(t, sunlight, lw_down, emissivity, latent_slope, e_humid, e_above, heat, t_above, g, t_below):
    """One Newton step of the ground's temperature; returns the step and the fluxes at its start and their slopes."""
    t3 = t * t * t
    lw = emissivity * STEFAN_BOLTZMANN * t3 * t - lw_down
    h = heat * (t - t_above)
    e = latent_slope * (e_humid * saturation_vapour_pressure(t) - e_above)
    store = g * (t - t_below)
    slope = 4.0 * emissivity * STEFAN_BOLTZMANN * t3 + heat + latent_slope * e_humid * saturation_slope(t) + g
    gain = sunlight - lw - h - e - store
    change = clip(gain / slope, -40.0, 40.0)
    return (
        change,
        lw + 4.0 * emissivity * STEFAN_BOLTZMANN * t3 * change,
        h + heat * change + (gain - slope * change),
        e + latent_slope * e_humid * saturation_slope(t) * change,
        store + g * change,
    )


@equation
def melting_ground(t, snow_depth, snow_cover):
    """Ground temperature when snow caps it at the melting point; ``t`` otherwise."""
    capped = (1.0 - snow_cover) * t + snow_cover * FREEZING
    return where((snow_depth > 0.05) & (t > FREEZING), capped, t)


@lane_kernel
def shaded_ground(w):
    """Temperature and fluxes of the ground under the canopy, by two Newton steps."""
    for i in range(LANES):
        capacity = w[at.RHO_AIR + i] * HEAT_AIR
        gamma = HEAT_AIR * w[at.PRESSURE + i] / (0.622 * w[at.LAMBDA_GROUND + i])
        emits, ground_emits = w[at.EMISSIVITY_CANOPY + i], w[at.EMISSIVITY_GROUND + i]
        t_leaf2 = w[at.T_CANOPY + i] * w[at.T_CANOPY + i]
        lw = ground_emits * ((1.0 - emits) * w[at.LW_DOWN + i] + emits * STEFAN_BOLTZMANN * t_leaf2 * t_leaf2)
        vapour = capacity / gamma / (w[at.R_UNDER + i] + w[at.R_SOIL + i])
        heat = capacity / w[at.R_UNDER + i]
        g = w[at.CONDUCTANCE_TOP + i]
        e_above, t_above = w[at.E_CANOPY_AIR + i], w[at.T_CANOPY_AIR + i]
        humid, sun, t_below = w[at.HUMIDITY_SOIL + i], w[at.SW_GROUND + i], w[at.T_TOP + i]
        t = w[at.T_GROUND + i]
        step, _, _, _, _ = ground_newton(t, sun, lw, ground_emits, vapour, humid, e_above, heat, t_above, g, t_below)
        t = t + step
        step, lw_out, h, e, store = ground_newton(
            t, sun, lw, ground_emits, vapour, humid, e_above, heat, t_above, g, t_below
        )
        t = t + step
        capped = melting_ground(t, w[at.SNOW_DEPTH + i], w[at.SNOW_COVER + i])
        cap = capped < t
        t2 = capped * capped
        lw_out = where(cap, ground_emits * STEFAN_BOLTZMANN * t2 * t2 - lw, lw_out)
        h = where(cap, heat * (capped - t_above), h)
        e = where(cap, vapour * (humid * saturation_vapour_pressure(capped) - e_above), e)
        w[at.T_GROUND_VEG + i] = capped
        w[at.LW_VEG + i] = lw_out
        w[at.E_VEG + i] = e
        # The pack takes no more heat than melts it; the air keeps the rest.
        rest = sun - lw_out - h - e
        taken = where(cap, smaller(rest, w[at.MELT_HEAT + i]), store)
        w[at.H_VEG + i] = where(cap, h + rest - taken, h)
        w[at.G_VEG + i] = taken


@lane_kernel
def roughness_bare(w):
    """Height and roughness of the bare part, and the guess its Newton steps start from."""
    for i in range(LANES):
        top = where(w[at.COVER + i] > 0.0, w[at.CANOPY_TOP + i], 0.0)
        depth = w[at.SNOW_DEPTH + i]
        above = larger(top, depth) + w[at.FORCING_HEIGHT + i] - depth
        w[at.Z_EFFECTIVE + i] = above
        w[at.LOG_Z + i] = log(above / w[at.ROUGHNESS_GROUND + i])
        w[at.T_GROUND_BARE + i] = w[at.T_GROUND + i]
        w[at.HEAT_UP + i] = w[at.H_GROUND + i]


@lane_kernel
def bare_ground(w):
    """Bring temperature and fluxes of the bare ground one Newton step closer."""
    for i in range(LANES):
        capacity = w[at.RHO_AIR + i] * HEAT_AIR
        gamma = HEAT_AIR * w[at.PRESSURE + i] / (0.622 * w[at.LAMBDA_GROUND + i])
        ground_emits = w[at.EMISSIVITY_GROUND + i]
        lw = ground_emits * w[at.LW_DOWN + i]
        vapour = capacity / gamma / (w[at.R_AIR + i] + w[at.R_SOIL + i])
        heat = capacity / w[at.R_AIR + i]
        g = w[at.CONDUCTANCE_TOP + i]
        humid, sun, t_below = w[at.HUMIDITY_SOIL + i], w[at.SW_GROUND + i], w[at.T_TOP + i]
        e_above, t_above = w[at.E_AIR + i], w[at.T_AIR + i]
        t = w[at.T_GROUND_BARE + i]
        step, lw_out, h, e, store = ground_newton(
            t, sun, lw, ground_emits, vapour, humid, e_above, heat, t_above, g, t_below
        )
        t = t + step
        capped = melting_ground(t, w[at.SNOW_DEPTH + i], w[at.SNOW_COVER + i])
        cap = capped < t
        t2 = capped * capped
        lw_out = where(cap, ground_emits * STEFAN_BOLTZMANN * t2 * t2 - lw, lw_out)
        h = where(cap, heat * (capped - t_above), h)
        e = where(cap, vapour * (humid * saturation_vapour_pressure(capped) - e_above), e)
        w[at.T_GROUND_BARE + i] = capped
        w[at.LW_BARE + i] = lw_out
        rest = sun - lw_out - h - e
        taken = where(cap, smaller(rest, w[at.MELT_HEAT + i]), store)
        h = where(cap, h + rest - taken, h)
        w[at.H_BARE + i] = h
        w[at.H_GROUND + i] = h
        w[at.HEAT_UP + i] = h
        w[at.E_BARE + i] = e
        w[at.G_BARE + i] = taken


@lane_kernel
def join_tiles(w):
    """Weigh the ground under the canopy and the bare ground by their fractions."""
    for i in range(LANES):
        cover = w[at.COVER + i]
        bare = 1.0 - cover
        w[at.T_GROUND + i] = cover * w[at.T_GROUND_VEG + i] + bare * w[at.T_GROUND_BARE + i]
        w[at.GROUND_HEAT + i] = cover * w[at.G_VEG + i] + bare * w[at.G_BARE + i]
        demand = cover * w[at.E_VEG + i] + bare * w[at.E_BARE + i]
        w[at.EVAP_GROUND + i] = demand / w[at.LAMBDA_GROUND + i]
        # Dew on dry leaves joins the intercepted water.
        dew = smaller(w[at.EVAP_DRY + i], 0.0)
        w[at.EVAP_WET + i] += dew
        w[at.TRANSPIRATION_STEP + i] = (w[at.EVAP_DRY + i] - dew) / w[at.LAMBDA_CANOPY + i]
        w[at.H_LEAF + i] += cover * w[at.H_VEG + i] + bare * w[at.H_BARE + i]
        w[at.LW_CANOPY + i] += cover * w[at.LW_VEG + i] + bare * w[at.LW_BARE + i]
