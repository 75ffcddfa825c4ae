r"""Brightness temperature of land at L band: the tau-omega model as SMAP L4 and De Lannoy et al. (2013) use it.

Numbers alone: scalars in kernels, arrays in plots. Radiative transfer, roughness and dielectric constants follow
De Lannoy et al. 2013 (J. Hydrometeorol. 14, 765), Wang and Schmugge 1980 (IEEE Trans. Geosci. Remote Sens. 18, 288),
Klein and Swift 1977 and Mironov et al. 2009 (IEEE Trans. Geosci. Remote Sens. 47, 2059).
"""

import numpy as np

from models.kernel import pointwise
from models.mathematics import clip, exp, larger, log, smaller, where

__all__ = [
    "FREQUENCY",
    "brightness",
    "mironov",
    "opacity",
    "rough_reflectivity",
    "roughness",
    "smooth_reflectivity",
    "transition",
    "wang_schmugge",
]

FREQUENCY = 1.41e9
"""Of SMAP's radiometer [Hz]."""
VACUUM = 8.854e-12
"""Permittivity of free space [F m-1]."""
TURN = 2.0 * np.pi * FREQUENCY
WATER_INFINITE = 4.9
ICE, ROCK = 3.2 + 0.1j, 5.5 + 0.2j
MIXING = 0.1771
"""Polarisation mixing for one unit of roughness, in SMAP's level 2 and L4 (version 8)."""


@pointwise
def transition(wilting):
    """Return the soil moisture at which water turns from bound to free [m3 m-3] (Wang and Schmugge 1980)."""
    return 0.49 * wilting + 0.165


@pointwise
def _debye(static, tau):
    """Permittivity of relaxing water without its conductivity."""
    return WATER_INFINITE + (static - WATER_INFINITE) / (1.0 - 1j * (TURN * tau))


@pointwise
def wang_schmugge(theta, sand, clay, wilting, porosity, t_soil):
    r"""Return the complex permittivity of moist soil after Wang and Schmugge (1980).

    Parameters
    ----------
    theta, wilting, porosity : float or array
        Soil moisture, wilting point, porosity [m3 m-3].
    sand, clay : float or array
        Fractions by mass [1].
    t_soil : float or array
        Soil temperature [K].
    """
    wet = larger(theta, 1e-4)
    t = t_soil - 273.15
    static = 87.134 + t * (-0.1949 + t * (-0.01276 + t * 2.491e-4))
    tau = 1.768e-11 + t * (-6.068e-13 + t * (1.104e-14 - t * 8.111e-17))
    dry_density = (1.0 - porosity) * 2.66
    sigma = larger(-1.645 + 1.939 * dry_density - 2.256 * sand + 1.594 * clay, 0.0)
    conductive = sigma / (TURN * VACUUM) * (2.66 - dry_density) / (2.66 * wet)
    water = _debye(static, tau) + 1j * conductive
    bound = 0.481 - 0.57 * wilting
    limit = transition(wilting)
    air_rock = (porosity - theta) + (1.0 - porosity) * ROCK
    below = theta * (ICE + (water - ICE) * (smaller(theta, limit) / limit * bound)) + air_rock
    above = limit * (ICE + (water - ICE) * bound) + (theta - limit) * water + air_rock
    loss = smaller(100.0 * wilting, 26.0) * theta * theta
    return where(theta <= limit, below, above) + 1j * loss


@pointwise
def _index(real, imaginary):
    """Refractive index and attenuation of a medium of this permittivity."""
    size = np.sqrt(real * real + imaginary * imaginary)
    return np.sqrt(0.5 * (size + real)), np.sqrt(0.5 * larger(size - real, 0.0))


@pointwise
def mironov(theta, clay):
    r"""Return the complex permittivity of moist soil after Mironov et al. (2009).

    Parameters
    ----------
    theta : float or array
        Soil moisture [m3 m-3].
    clay : float or array
        Clay by mass [1].
    """
    c = 100.0 * clay
    n_dry = 1.634 + c * (-0.00539 + c * 2.748e-5)
    k_dry = 0.03952 - 4.038e-4 * c
    bound_most = 0.02863 + 0.0030673 * c
    bound_static = 79.8 + c * (-0.854 + c * 0.00327)
    bound_tau = 1.062e-11 + 3.45e-14 * c
    bound_sigma = 0.3112 + 0.00467 * c
    free_sigma = 0.3631 + 0.01217 * c

    x = TURN * bound_tau
    swing = (bound_static - WATER_INFINITE) / (1.0 + x * x)
    n_bound, k_bound = _index(WATER_INFINITE + swing, swing * x + bound_sigma / (TURN * VACUUM))
    x = TURN * 8.5e-12
    swing = (100.0 - WATER_INFINITE) / (1.0 + x * x)
    n_free, k_free = _index(WATER_INFINITE + swing, swing * x + free_sigma / (TURN * VACUUM))

    bound, free = smaller(theta, bound_most), larger(theta - bound_most, 0.0)
    n = n_dry + (n_bound - 1.0) * bound + (n_free - 1.0) * free
    k = k_dry + k_bound * bound + k_free * free
    return (n * n - k * k) + 1j * (2.0 * n * k)


@pointwise
def smooth_reflectivity(permittivity, cosine):
    """Return Fresnel's reflectivities of a smooth soil, horizontal and vertical."""
    root = np.sqrt(permittivity - (1.0 - cosine * cosine))
    h = np.abs((cosine - root) / (cosine + root))
    v = np.abs((permittivity * cosine - root) / (permittivity * cosine + root))
    return h * h, v * v


@pointwise
def roughness(theta, h_min, h_max, wilting, porosity):
    """Return the roughness h [1]: ``h_max`` up to the transition moisture, then falling to ``h_min`` at saturation."""
    limit = transition(wilting)
    # GEOSldas keeps the porosity of this ramp at 0.3741 or more, so that it has a width.
    full = larger(porosity, 0.3741)
    wet = clip((theta - limit) / larger(full - limit, 1e-3), 0.0, 1.0)
    return h_max + (h_min - h_max) * wet


@pointwise
def rough_reflectivity(own, other, h, mixing, exponent, cosine):
    """Return the reflectivity of a rough soil from those of a smooth one in this polarisation and the other."""
    return ((1.0 - mixing) * own + mixing * other) * exp(-h * exp(exponent * log(cosine)))


@pointwise
def opacity(lai, water_per_leaf, b):
    """Return the optical depth of vegetation at nadir: b times its water, ``water_per_leaf`` [kg m-2] times LAI."""
    return b * water_per_leaf * lai


@pointwise
def brightness(reflectivity, t_soil, tau, omega, cosine):
    r"""Return the brightness temperature [K], soil and canopy at one temperature.

    .. math:: T_{B} = T_s (1-R) \gamma + T_s (1-\omega)(1-\gamma)(1 + R \gamma), \gamma = e^{-\tau/\cos\theta}
    """
    gamma = exp(-tau / cosine)
    return t_soil * ((1.0 - reflectivity) * gamma + (1.0 - omega) * (1.0 - gamma) * (1.0 + reflectivity * gamma))
