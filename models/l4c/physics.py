"""Equations of L4C, one function each, of numbers alone (Jones et al. 2017, doi 10.1109/JSTARS.2017.2693678).

They take scalars in kernels and arrays in plots. Constants are float32 where float32 holds them exactly, so that
float32 input stays float32 and float64 input loses nothing. A NaN that goes in comes out.
"""

import numpy as np

from models.kernel import inline_kernel
from models.l4c.exponential import at_least, at_most, exp
from models.wetness import rescale_smrz

__all__ = [
    "arrhenius",
    "arrhenius_above",
    "fall",
    "falling_ramp",
    "freeze_thaw",
    "gross_production",
    "par_from_shortwave",
    "ramp",
    "rescale_smrz",
    "rise",
    "vpd_from_humidity",
]

ZERO = np.float32(0)
ONE = np.float32(1)
SMALLEST = np.float32(2**-10)  # K above the pole of Eq. 9, where decomposition is 0 for every beta0


@inline_kernel
def rise(x, low, slope):
    """Rise from 0 at ``low`` with ``slope`` up to 1: the ramp once its width is known."""
    y = (x - low) * slope
    return at_most(at_least(y, ZERO), ONE)


@inline_kernel
def fall(x, high, slope):
    """Fall with ``slope`` from 1 to 0 at ``high``: the falling ramp once its width is known."""
    y = (high - x) * slope
    return at_most(at_least(y, ZERO), ONE)


@inline_kernel
def ramp(x, low, high):
    r"""Rise linearly from 0 at ``low`` to 1 at ``high`` (Jones et al. 2017, Eq. 5).

    .. math:: f(x) = \min(1, \max(0, (x - x_{low}) / (x_{high} - x_{low})))

    Parameters
    ----------
    x : float or array
        Driver: Tmin [K], rescaled SMRZ [%] or SMSF [%].
    low, high : float or array
        Limits in the unit of ``x``, ``low`` below ``high``.

    Returns
    -------
    float or array
        Multiplier [1], 0 to 1.
    """
    return rise(x, low, ONE / (high - low))


@inline_kernel
def falling_ramp(x, low, high):
    r"""Fall linearly from 1 at ``low`` to 0 at ``high``: Eq. 5 for VPD, which limits when it is high.

    .. math:: f(x) = \min(1, \max(0, (x_{high} - x) / (x_{high} - x_{low})))
    """
    return fall(x, high, ONE / (high - low))


@inline_kernel
def freeze_thaw(frozen, ft_min, ft_max):
    """Multiplier of light use on frozen (``frozen`` = 1: ``ft_min``) or thawed (0: ``ft_max``) ground [1] (Eq. 4)."""
    return frozen * ft_min + (ONE - frozen) * ft_max


@inline_kernel
def gross_production(light, apar, f_vpd, f_tmin, f_smrz, f_ft):
    """GPP [gC m-2 d-1] from efficiency [gC MJ-1], absorbed PAR [MJ m-2 d-1] and the multipliers [1] (Eq. 3, 4)."""
    return light * apar * f_vpd * f_tmin * f_smrz * f_ft


@inline_kernel
def arrhenius_above(t_above, beta0, inverse_beta1):
    """Eq. 9 of the temperature above its pole, ``t_above`` = t_soil - beta2 [K], with 1 / beta1 known."""
    t_safe = at_least(t_above, SMALLEST)
    # Without this the curve climbs back to 1 below its pole, where 1 / t_above changes sign.
    return at_most(exp(beta0 * (inverse_beta1 - ONE / t_safe)), ONE)


@inline_kernel
def arrhenius(t_soil, beta0, beta1, beta2):
    r"""Temperature multiplier of decomposition (Jones et al. 2017, Eq. 9; Lloyd and Taylor 1994).

    .. math:: T_{mult} = \min(1, \exp(\beta_0 (1/\beta_1 - 1/(T_{soil} - \beta_2))))

    Clipped at 1 above ``beta1 + beta2`` (20 C), and 0 at and below the pole ``beta2``.

    Parameters
    ----------
    t_soil : float or array
        Soil temperature [K].
    beta0, beta1, beta2 : float or array
        Sensitivity, and the two reference temperatures [K] (66.02 and 227.13 in the BPLUT).

    Returns
    -------
    float or array
        Multiplier [1], 0 to 1.
    """
    return arrhenius_above(t_soil - beta2, beta0, ONE / beta1)


@inline_kernel
def par_from_shortwave(sw_down):
    """Daily PAR [MJ m-2 d-1] from the 24-hour mean of downward shortwave radiation [W m-2]: 45 % of it."""
    return 0.45 * 0.0864 * sw_down


@inline_kernel
def vpd_from_humidity(t_air, q_air, pressure):
    """Vapour pressure deficit [Pa] from air temperature [K], specific humidity [kg kg-1] and pressure [Pa].

    Negative where the air is supersaturated, as in the product; the ramp is 1 there.
    """
    celsius = t_air - 273.15
    saturated = 610.7 * np.exp(17.38 * celsius / (239.0 + celsius))
    return saturated - q_air * pressure / (0.622 + 0.378 * q_air)
