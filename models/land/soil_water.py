"""Water in four soil layers: infiltration, Richards' equation, drainage, runoff."""

import numpy as np

from models.kernel import equation, lane_kernel
from models.land import layout as at
from models.land.layout import LANES
from models.mathematics import clip, exp, larger, log, power, smaller, where

__all__ = [
    "clapp_hornberger",
    "clapp_hornberger_layers",
    "freeze_pores",
    "frozen_soil",
    "infiltration_capacity",
    "richards",
    "total_water",
    "van_genuchten",
    "van_genuchten_layers",
]

LEAST = 1e-4  # m3 m-3; liquid water that a layer keeps


@equation
def clapp_hornberger(theta, porosity, b, k_sat, d_sat):
    """Conductivity [m s-1] and diffusivity [m2 s-1] (Clapp and Hornberger 1978).

    Parameters
    ----------
    theta, porosity : float
        Soil moisture and porosity [m3 m-3].
    b : float
        Exponent of the retention curve.
    k_sat, d_sat : float
        Values at saturation.

    Returns
    -------
    conductivity, diffusivity : float
    """
    s = clip(theta / porosity, 0.01, 1.0)
    e = exp((b + 2.0) * log(s))
    return k_sat * e * e / s, d_sat * e


@equation
def van_genuchten(theta, theta_r, theta_s, alpha, n, k_sat):
    """Conductivity [m s-1] and diffusivity [m2 s-1] (van Genuchten 1980, Eqs. 3, 8 and 11).

    Parameters
    ----------
    theta, theta_r, theta_s : float
        Soil moisture, residual and saturated water content [m3 m-3].
    alpha : float
        Inverse of the air-entry suction [m-1].
    n : float
        Exponent; m = 1 - 1/n.
    k_sat : float
        Conductivity at saturation [m s-1].

    Returns
    -------
    conductivity, diffusivity : float
    """
    m = 1.0 - 1.0 / n
    # The diffusivity is infinite at saturation: stay just below.
    s = clip((theta - theta_r) / (theta_s - theta_r), 0.01, 0.995)
    inner = power(s, 1.0 / m)
    outer = power(1.0 - inner, m)
    k = k_sat * np.sqrt(s) * (1.0 - outer) * (1.0 - outer)
    d = (1.0 - m) * k_sat / (alpha * m * (theta_s - theta_r)) * np.sqrt(s) / inner * (1.0 / outer + outer - 2.0)
    return k, d


@equation
def infiltration_capacity(supply, storage, kdt, seconds):
    """Highest infiltration [mm] of a water supply [mm] in some seconds (Schaake et al. 1996, Eqs. 18-21).

    Parameters
    ----------
    supply : float
        Water at the surface [mm].
    storage : float
        Room for water in the column [mm].
    kdt : float
        Infiltration parameter per day [d-1].
    seconds : float
        Length of the step.
    """
    room = larger(storage, 0.0) * (1.0 - exp(-kdt * seconds / 86400.0))
    return supply * room / larger(supply + room, 1e-12)


@lane_kernel
def frozen_soil(w):
    """Ice of each layer, the fall of the infiltration by ice, and the demand that evaporation and roots make."""
    for i in range(LANES):
        i1, i2 = w[at.THETA_1 + i] - w[at.LIQUID_1 + i], w[at.THETA_2 + i] - w[at.LIQUID_2 + i]
        i3, i4 = w[at.THETA_3 + i] - w[at.LIQUID_3 + i], w[at.THETA_4 + i] - w[at.LIQUID_4 + i]
        w[at.ICE_1 + i] = i1
        w[at.ICE_2 + i] = i2
        w[at.ICE_3 + i] = i3
        w[at.ICE_4 + i] = i4
        ice = 0.1 * i1 + 0.3 * i2 + 0.6 * i3 + i4  # m
        porosity = w[at.THETA_MAX + i]
        ratio = porosity / larger(w[at.THETA_FIELD + i], 0.01) * (0.412 / 0.468)
        a = 3.0 * w[at.FROZEN_INFILTRATION + i] * ratio / larger(ice, 1e-6)
        open_part = 1.0 - exp(-a) * (1.0 + a + 0.5 * a * a)
        w[at.FROZEN_FACTOR + i] = where(ice > 0.01, open_part, 1.0)
        rate = 0.001 * w[at.TRANSPIRATION_STEP + i]
        w[at.UPTAKE_1 + i] = rate * w[at.SHARE_1 + i]
        w[at.UPTAKE_2 + i] = rate * w[at.SHARE_2 + i]
        w[at.UPTAKE_3 + i] = rate * w[at.SHARE_3 + i]
        w[at.UPTAKE_4 + i] = rate * w[at.SHARE_4 + i]
        w[at.WATER_IN + i] += larger(-w[at.SOIL_EVAPORATION + i], 0.0)
        w[at.EVAP_DEMAND + i] = larger(w[at.SOIL_EVAPORATION + i], 0.0)
        w[at.SURFACE_RUNOFF + i] = 0.0
        w[at.BOTTOM_DRAINAGE + i] = 0.0
        w[at.RECHARGE + i] = 0.0
        w[at.SATURATED_FRACTION + i] = 0.0


@equation
def open_pores(ice, porosity):
    """Fraction of the pores that ice leaves open to flow (Niu and Yang 2006, Eq. 14)."""
    shut = (exp(-4.0 * (1.0 - smaller(ice / porosity, 1.0))) - 0.01831563888873418) / 0.9816843611112658
    return 1.0 - larger(shut, 0.0)


@lane_kernel
def clapp_hornberger_layers(w):
    """Conductivity and diffusivity of the four layers, and how far ice shuts them."""
    for i in range(LANES):
        porosity, b = w[at.THETA_MAX + i], larger(w[at.B + i], 1.0)
        k_sat, d_sat = w[at.K_SAT + i], w[at.D_SAT + i]
        k, d = clapp_hornberger(w[at.LIQUID_1 + i] + w[at.ICE_1 + i], porosity, b, k_sat, d_sat)
        w[at.K_1 + i], w[at.D_1 + i] = k, d
        k, d = clapp_hornberger(w[at.LIQUID_2 + i] + w[at.ICE_2 + i], porosity, b, k_sat, d_sat)
        w[at.K_2 + i], w[at.D_2 + i] = k, d
        k, d = clapp_hornberger(w[at.LIQUID_3 + i] + w[at.ICE_3 + i], porosity, b, k_sat, d_sat)
        w[at.K_3 + i], w[at.D_3 + i] = k, d
        k, d = clapp_hornberger(w[at.LIQUID_4 + i] + w[at.ICE_4 + i], porosity, b, k_sat, d_sat)
        w[at.K_4 + i], w[at.D_4 + i] = k, d


@lane_kernel
def van_genuchten_layers(w):
    """Conductivity and diffusivity of the four layers by van Genuchten's curves."""
    for i in range(LANES):
        low, high = w[at.VG_THETA_R + i], w[at.VG_THETA_S + i]
        alpha, n, k_sat = w[at.VG_ALPHA + i], w[at.VG_N + i], w[at.VG_K_SAT + i]
        k, d = van_genuchten(w[at.LIQUID_1 + i] + w[at.ICE_1 + i], low, high, alpha, n, k_sat)
        w[at.K_1 + i], w[at.D_1 + i] = k, d
        k, d = van_genuchten(w[at.LIQUID_2 + i] + w[at.ICE_2 + i], low, high, alpha, n, k_sat)
        w[at.K_2 + i], w[at.D_2 + i] = k, d
        k, d = van_genuchten(w[at.LIQUID_3 + i] + w[at.ICE_3 + i], low, high, alpha, n, k_sat)
        w[at.K_3 + i], w[at.D_3 + i] = k, d
        k, d = van_genuchten(w[at.LIQUID_4 + i] + w[at.ICE_4 + i], low, high, alpha, n, k_sat)
        w[at.K_4 + i], w[at.D_4 + i] = k, d


@lane_kernel
def freeze_pores(w):
    """Reduce flow where ice fills pores."""
    for i in range(LANES):
        porosity = w[at.THETA_MAX + i]
        pores = open_pores(w[at.ICE_1 + i], porosity)
        w[at.K_1 + i] *= pores
        w[at.D_1 + i] *= pores
        pores = open_pores(w[at.ICE_2 + i], porosity)
        w[at.K_2 + i] *= pores
        w[at.D_2 + i] *= pores
        pores = open_pores(w[at.ICE_3 + i], porosity)
        w[at.K_3 + i] *= pores
        w[at.D_3 + i] *= pores
        pores = open_pores(w[at.ICE_4 + i], porosity)
        w[at.K_4 + i] *= pores
        w[at.D_4 + i] *= pores


@lane_kernel
def richards(w, dt, groundwater):
    """Move water between the layers for one substep, implicitly; infiltrate above and drain below.

    Flow between two layers takes diffusivity and conductivity of the upper one, after Mahrt and Pan (1984).
    """
    for i in range(LANES):
        porosity = w[at.THETA_MAX + i]
        i1, i2, i3, i4 = w[at.ICE_1 + i], w[at.ICE_2 + i], w[at.ICE_3 + i], w[at.ICE_4 + i]
        t1, t2 = w[at.LIQUID_1 + i] + i1, w[at.LIQUID_2 + i] + i2
        t3, t4 = w[at.LIQUID_3 + i] + i3, w[at.LIQUID_4 + i] + i4
        k1, k2, k3, k4 = w[at.K_1 + i], w[at.K_2 + i], w[at.K_3 + i], w[at.K_4 + i]
        coupling = w[at.COUPLING + i]

        # Infiltration [m s-1].
        supply = w[at.WATER_IN + i] * dt
        storage = 1000.0 * (
            0.1 * larger(porosity - t1, 0.0)
            + 0.3 * larger(porosity - t2, 0.0)
            + 0.6 * larger(porosity - t3, 0.0)
            + larger(porosity - t4, 0.0)
        )
        kdt = w[at.INFILTRATION + i] * w[at.K_SAT + i] / w[at.INFILTRATION_K + i]
        enters = infiltration_capacity(supply, storage, kdt, dt) * w[at.FROZEN_FACTOR + i]
        enters = smaller(larger(enters, 1000.0 * k1 * dt), supply)
        groundwater_enters = supply * (1.0 - w[at.SATURATED_FRACTION + i])
        enters = where(groundwater, groundwater_enters, enters)
        w[at.SURFACE_RUNOFF + i] += supply - enters
        top = 0.001 * enters / dt - 0.001 * w[at.EVAP_DEMAND + i]

        d1 = coupling * w[at.D_1 + i] / 0.2
        d2, d3 = w[at.D_2 + i] / 0.45, w[at.D_3 + i] / 0.8
        k1 = coupling * k1
        q1 = d1 * (t1 - t2) + k1
        q2 = d2 * (t2 - t3) + k2
        q3 = d3 * (t3 - t4) + k3
        q4 = where(groundwater, w[at.RECHARGE + i], w[at.SLOPE + i] * k4)
        r1 = (top - q1 - w[at.UPTAKE_1 + i]) * dt
        r2 = (q1 - q2 - w[at.UPTAKE_2 + i]) * dt
        r3 = (q2 - q3 - w[at.UPTAKE_3 + i]) * dt
        r4 = (q3 - q4 - w[at.UPTAKE_4 + i]) * dt

        # Tridiagonal system of the changes of soil moisture.
        a1, a2, a3 = d1 * dt, d2 * dt, d3 * dt
        b1 = 0.1 + a1
        p1 = a1 / b1
        b2 = 0.3 + a1 + a2 - a1 * p1
        r2 = r2 + p1 * r1
        p2 = a2 / b2
        b3 = 0.6 + a2 + a3 - a2 * p2
        r3 = r3 + p2 * r2
        p3 = a3 / b3
        b4 = 1.0 + a3 - a3 * p3
        r4 = r4 + p3 * r3
        x4 = r4 / b4
        x3 = (r3 + a3 * x4) / b3
        x2 = (r2 + a2 * x3) / b2
        x1 = (r1 + a1 * x2) / b1
        l1, l2 = t1 + x1 - i1, t2 + x2 - i2
        l3, l4 = t3 + x3 - i3, t4 + x4 - i4

        # What a layer can't hold goes up to the surface, then down, then away.
        room1, room2 = larger(porosity - i1, 1e-4), larger(porosity - i2, 1e-4)
        room3, room4 = larger(porosity - i3, 1e-4), larger(porosity - i4, 1e-4)
        over = larger(l4 - room4, 0.0)
        l4 = l4 - over
        l3 = l3 + over / 0.6
        over = larger(l3 - room3, 0.0)
        l3 = l3 - over
        l2 = l2 + over * 2.0
        over = larger(l2 - room2, 0.0)
        l2 = l2 - over
        l1 = l1 + over * 3.0
        over = larger(l1 - room1, 0.0) * 0.1  # m
        l1 = smaller(l1, room1)
        fill = smaller(over, larger(room2 - l2, 0.0) * 0.3)
        l2 = l2 + fill / 0.3
        over = over - fill
        fill = smaller(over, larger(room3 - l3, 0.0) * 0.6)
        l3 = l3 + fill / 0.6
        over = over - fill
        fill = smaller(over, larger(room4 - l4, 0.0))
        l4 = l4 + fill
        over = over - fill
        w[at.SURFACE_RUNOFF + i] += 1000.0 * over

        # A layer drawn dry borrows from the one below; the last takes back what drained.
        lack = larger(LEAST - l1, 0.0) * 0.1
        l1 = larger(l1, LEAST)
        l2 = l2 - lack / 0.3
        lack = larger(LEAST - l2, 0.0) * 0.3
        l2 = larger(l2, LEAST)
        l3 = l3 - lack / 0.6
        lack = larger(LEAST - l3, 0.0) * 0.6
        l3 = larger(l3, LEAST)
        l4 = l4 - lack
        lack = larger(LEAST - l4, 0.0)
        l4 = larger(l4, LEAST)
        w[at.LIQUID_1 + i] = l1
        w[at.LIQUID_2 + i] = l2
        w[at.LIQUID_3 + i] = l3
        w[at.LIQUID_4 + i] = l4
        w[at.BOTTOM_DRAINAGE + i] += 1000.0 * (q4 * dt - lack)


@lane_kernel
def total_water(w):
    """Add ice and liquid of each layer."""
    for i in range(LANES):
        w[at.THETA_1 + i] = w[at.LIQUID_1 + i] + w[at.ICE_1 + i]
        w[at.THETA_2 + i] = w[at.LIQUID_2 + i] + w[at.ICE_2 + i]
        w[at.THETA_3 + i] = w[at.LIQUID_3 + i] + w[at.ICE_3 + i]
        w[at.THETA_4 + i] = w[at.LIQUID_4 + i] + w[at.ICE_4 + i]
