"""Constants, humidity and the exchange of heat with the air above a rough surface."""

import numpy as np

from models.kernel import equation, lane_kernel
from models.land import layout as at
from models.land.layout import LANES
from models.mathematics import arctangent, clip, larger, log, smaller, where

__all__ = ["air", "heat_psi", "momentum_psi", "saturation_slope", "saturation_vapour_pressure", "stability"]

FREEZING = 273.16  # K
GRAVITY = 9.80616  # m s-2
STEFAN_BOLTZMANN = 5.67e-8  # W m-2 K-4
VON_KARMAN = 0.4
HEAT_AIR = 1004.64  # J kg-1 K-1
LATENT_VAPOUR = 2.5104e6  # J kg-1
LATENT_ICE = 2.844e6  # J kg-1, sublimation
LATENT_FUSION = 3.336e5  # J kg-1
HEAT_WATER = 4.188e6  # J m-3 K-1
HEAT_ICE = 2.094e6  # J m-3 K-1
GAS_DRY = 287.04  # J kg-1 K-1
GAS_VAPOUR = 461.269  # J kg-1 K-1
DENSITY_ICE = 917.0  # kg m-3


@equation
def saturation_vapour_pressure(t):
    """Vapour pressure over water, or over ice below freezing [Pa] at ``t`` [K] (Lowe 1977, J. Appl. Met. 16, 100)."""
    c = clip(t - FREEZING, -50.0, 50.0)
    water = 6.107799961 + c * (
        4.436518521e-1
        + c
        * (1.428945805e-2 + c * (2.650648471e-4 + c * (3.031240396e-6 + c * (2.034080948e-8 + c * 6.136820929e-11))))
    )
    ice = 6.109177956 + c * (
        5.034698970e-1
        + c
        * (1.886013408e-2 + c * (4.176223716e-4 + c * (5.824720280e-6 + c * (4.838803174e-8 + c * 1.838826904e-10))))
    )
    return 100.0 * where(c > 0.0, water, ice)


@equation
def saturation_slope(t):
    """Change of the saturation vapour pressure with temperature [Pa K-1] at ``t`` [K] (derivative of Lowe's series)."""
    c = clip(t - FREEZING, -50.0, 50.0)
    water = 4.436518521e-1 + c * (
        2.857891610e-2 + c * (7.951945413e-4 + c * (1.212496158e-5 + c * (1.017040474e-7 + c * 3.682092557e-10)))
    )
    ice = 5.034698970e-1 + c * (
        3.772026816e-2 + c * (1.252867115e-3 + c * (2.329888112e-5 + c * (2.419401587e-7 + c * 1.103296142e-9)))
    )
    return 100.0 * where(c > 0.0, water, ice)


@equation
def momentum_psi(zeta):
    """Stability function of momentum (Paulson 1970 unstable, Dyer 1974 stable)."""
    x2 = np.sqrt(1.0 + 16.0 * larger(-zeta, 0.0))
    x = np.sqrt(x2)
    # The logarithms of Paulson's form in one.
    unstable = log(0.125 * (1.0 + x) * (1.0 + x) * (1.0 + x2)) - 2.0 * arctangent(x) + 1.5707963267948966
    return where(zeta < 0.0, unstable, -5.0 * zeta)


@equation
def heat_psi(zeta):
    """Stability function of heat and vapour (Paulson 1970 unstable, Dyer 1974 stable)."""
    x2 = np.sqrt(1.0 + 16.0 * larger(-zeta, 0.0))
    return where(zeta < 0.0, 2.0 * log(0.5 * (1.0 + x2)), -5.0 * zeta)


@lane_kernel
def air(w):
    """Make vapour pressure [Pa] and density [kg m-3] of the air from the forcing."""
    for i in range(LANES):
        q, p = w[at.Q_AIR + i], w[at.PRESSURE + i]
        e = q * p / (0.622 + 0.378 * q)
        w[at.E_AIR + i] = e
        w[at.RHO_AIR + i] = (p - 0.378 * e) / (GAS_DRY * w[at.T_AIR + i])
        w[at.WIND + i] = larger(w[at.WIND + i], 1.0)


@lane_kernel
def stability(w, restart):
    """Bring friction velocity and stability one update closer for a sensible heat flux.

    Parameters
    ----------
    w : (SIZE,) array
        A block at work; reads the rows ``log_z``, ``z_effective`` and ``heat_up``, the sensible heat flux [W m-2],
        writes ``zeta``, ``ustar`` and ``r_air``.
    restart : bool
        Start from neutral air.
    """
    for i in range(LANES):
        u, log_z = w[at.WIND + i], w[at.LOG_Z + i]
        neutral = VON_KARMAN * u / log_z
        ustar = neutral if restart else w[at.USTAR + i]
        t = w[at.T_AIR + i] * (1.0 + 0.61 * w[at.Q_AIR + i])
        buoyancy = VON_KARMAN * GRAVITY / t * w[at.HEAT_UP + i] / (w[at.RHO_AIR + i] * HEAT_AIR)
        zeta = clip(-w[at.Z_EFFECTIVE + i] * buoyancy / (ustar * ustar * ustar), -100.0, 1.0)
        zeta = where(restart, zeta, 0.5 * (zeta + w[at.ZETA + i]))
        psi_m = smaller(momentum_psi(zeta), 0.9 * log_z)
        psi_h = smaller(heat_psi(zeta), 0.9 * log_z)
        ustar = VON_KARMAN * u / (log_z - psi_m)
        w[at.ZETA + i] = zeta
        w[at.USTAR + i] = ustar
        w[at.R_AIR + i] = larger((log_z - psi_h) / (VON_KARMAN * ustar), 1.0)
