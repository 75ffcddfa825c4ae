"""Leaf gas exchange: Collatz et al. (1991) photosynthesis with the Ball-Berry conductance, sunlit and shaded."""

import numpy as np

from models.kernel import equation, lane_kernel
from models.land import layout as at
from models.land.atmosphere import FREEZING, saturation_vapour_pressure
from models.land.layout import LANES
from models.land.radiation import QUANTA
from models.mathematics import exp, larger, smaller, where

__all__ = ["leaf_gas_exchange", "root_water_stress", "stomata", "stomata_at_night"]


@equation
def root_water_stress(liquid, wilting, field_capacity):
    """Water availability of a layer, 0 at wilting point and 1 at field capacity, for its liquid water [m3 m-3]."""
    return smaller(larger((liquid - wilting) / (field_capacity - wilting), 0.0), 1.0)


@equation
def leaf_gas_exchange(
    apar, vcmax, quantum_efficiency, compensation, rubisco, slope, minimum, co2, p, e_air, e_leaf, r_b
):
    """Net photosynthesis and stomatal resistance of a leaf, by three steps of the inner CO2 (Collatz et al. 1991).

    Parameters
    ----------
    apar : float
        Visible light absorbed per leaf area [W m-2].
    vcmax : float
        Carboxylation rate at leaf temperature, with nitrogen and water stress [umol m-2 s-1].
    quantum_efficiency : float
        Moles of CO2 per mole of photons.
    compensation, rubisco : float
        CO2 compensation point, and K_c (1 + O / K_o) [Pa].
    slope, minimum : float
        Ball-Berry slope [1] and smallest conductance [umol m-2 s-1].
    co2, p : float
        Partial pressure of CO2 in the air, and air pressure [Pa].
    e_air, e_leaf : float
        Vapour pressure in the canopy air and inside the leaf [Pa].
    r_b : float
        Leaf boundary-layer resistance [s m2 umol-1].

    Returns
    -------
    rate, resistance : float
        Photosynthesis [umol m-2 s-1] and stomatal resistance [s m2 umol-1].
    """
    light = QUANTA * apar * quantum_efficiency
    humid = larger(0.25 * e_leaf, smaller(e_air, e_leaf)) / e_leaf
    export = 0.5 * vcmax
    inner = 0.7 * co2
    rate = 0.0 * apar
    resistance = 0.0 * apar
    for _ in range(3):
        supply = larger(inner - compensation, 0.0)
        by_light = supply * light / (inner + 2.0 * compensation)
        by_rubisco = supply * vcmax / (inner + rubisco)
        rate = smaller(smaller(by_light, by_rubisco), export)
        surface = larger(co2 - 1.37 * r_b * p * rate, 1e-6)
        drive = slope * p * rate / surface
        a = drive * humid + minimum
        b = (drive + minimum) * r_b - 1.0
        q = -0.5 * (b + where(b >= 0.0, 1.0, -1.0) * np.sqrt(larger(b * b + 4.0 * a * r_b, 0.0)))
        resistance = larger(q / a, -r_b / where(q == 0.0, 1e-30, q))
        inner = larger(surface - 1.65 * p * rate * resistance, 0.0)
    return rate, resistance


@lane_kernel
def stomata(w):
    """Photosynthesis and stomatal resistance of sunlit and shaded leaves."""
    for i in range(LANES):
        t, p = w[at.T_CANOPY + i], w[at.PRESSURE + i]
        celsius = t - FREEZING
        x = 0.1 * (celsius - 25.0)
        kc = w[at.KC25 + i] * exp(x * w[at.LOG_KC_Q10 + i])
        ko = w[at.KO25 + i] * exp(x * w[at.LOG_KO_Q10 + i])
        oxygen = w[at.O2 + i] * p
        compensation = 0.5 * kc / ko * 0.21 * oxygen
        rubisco = kc * (1.0 + oxygen / ko)
        heat = 1.0 + exp((-2.2e5 + 710.0 * t) / (8.314 * t))
        active = where((t >= w[at.T_PHOTOSYNTHESIS + i]) & (w[at.LEAF_AREA + i] > 0.0), 1.0, 0.0)
        vcmax = w[at.VCMAX25 + i] * exp(x * w[at.LOG_VCMAX_Q10 + i]) / heat
        vcmax = vcmax * w[at.NITROGEN + i] * w[at.BETA + i] * active
        molar = p / (8.314 * w[at.T_AIR + i]) * 1e6  # umol m-3
        minimum = larger(w[at.STOMATAL_MINIMUM + i], 1.0)
        e_leaf = saturation_vapour_pressure(t)
        r_b = w[at.R_LEAF + i] / molar
        quantum = w[at.QUANTUM_EFFICIENCY + i] * active
        co2 = w[at.CO2 + i] * p
        slope, e_air = w[at.STOMATAL_SLOPE + i], w[at.E_CANOPY_AIR + i]
        rate, resistance = leaf_gas_exchange(
            w[at.PAR_SUN + i], vcmax, quantum, compensation, rubisco, slope, minimum, co2, p, e_air, e_leaf, r_b
        )
        dark = w[at.PAR_SUN + i] <= 0.0
        w[at.A_SUN + i] = where(dark, 0.0, rate)
        w[at.R_SUN + i] = where(dark, 1.0 / minimum, resistance) * molar
        rate, resistance = leaf_gas_exchange(
            w[at.PAR_SHADE + i], vcmax, quantum, compensation, rubisco, slope, minimum, co2, p, e_air, e_leaf, r_b
        )
        dark = w[at.PAR_SHADE + i] <= 0.0
        w[at.A_SHADE + i] = where(dark, 0.0, rate)
        w[at.R_SHADE + i] = where(dark, 1.0 / minimum, resistance) * molar


@lane_kernel
def stomata_at_night(w):
    """Photosynthesis and stomatal resistance where no lane has light."""
    for i in range(LANES):
        molar = w[at.PRESSURE + i] / (8.314 * w[at.T_AIR + i]) * 1e6
        closed = molar / larger(w[at.STOMATAL_MINIMUM + i], 1.0)
        w[at.A_SUN + i] = 0.0
        w[at.A_SHADE + i] = 0.0
        w[at.R_SUN + i] = closed
        w[at.R_SHADE + i] = closed
