"""Hydraulic properties of a soil from its sand and clay, for Clapp and Hornberger's curves.

Regressions of Cosby et al. (1984), in the form that uses one of the two fractions for each property, as the Community
Land Model takes them (Oleson et al. 2013); field capacity and wilting point follow from the retention curve at 33 and
1500 kPa.

References
----------
Cosby, B. J., et al. (1984), A statistical exploration of the relationships of soil moisture characteristics to the
physical properties of soils, Water Resour. Res. 20, 682-690.
Clapp, R. B., and G. M. Hornberger (1978), Empirical equations for some soil hydraulic properties, Water Resour. Res.
14, 601-604.
Oleson, K. W., et al. (2013), Technical description of version 4.5 of the Community Land Model, NCAR/TN-503+STR.
Soil Survey Manual (USDA Handbook 18), the texture triangle.
"""

import numpy as np

__all__ = ["FIELD_CAPACITY", "WILTING", "check_texture", "texture_class", "texture_parameters"]

FIELD_CAPACITY = 3.37
"""Suction at field capacity [m of water]: 33 kPa."""

WILTING = 153.0
"""Suction at the wilting point [m of water]: 1500 kPa."""

INCH_PER_HOUR = 0.0254 / 3600.0  # m s-1


def check_texture(sand: np.ndarray, clay: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return sand and clay as arrays of one shape.

    Raises
    ------
    ValueError
        If a fraction lies outside [0, 1], or both together exceed 1.
    """
    sand, clay = np.broadcast_arrays(np.asarray(sand, float), np.asarray(clay, float))
    for name, values in (("sand", sand), ("clay", clay)):
        wrong = values[~((values >= 0.0) & (values <= 1.0))]
        if wrong.size:
            msg = f"{name} = {wrong.flat[0]:g} is not a fraction within [0, 1]; divide per cent by 100."
            raise ValueError(msg)
    above = sand + clay > 1.0 + 1e-6
    if above.any():
        msg = (
            f"sand {sand[above].flat[0]:g} and clay {clay[above].flat[0]:g} are together more than 1: silt is the rest."
        )
        raise ValueError(msg)
    return sand, clay


def texture_parameters(sand: np.ndarray, clay: np.ndarray) -> dict[str, np.ndarray]:
    r"""Return the soil parameters of `models.land.params.SoilParams` that follow from texture.

    With sand and clay in %:

    .. math::
        b &= 2.91 + 0.159\,clay, \quad \theta_s = 0.489 - 0.00126\,sand \\
        \psi_s &= 0.01 \cdot 10^{1.88 - 0.0131\,sand}\ \mathrm{m}, \quad
        K_s = 10^{-0.884 + 0.0153\,sand}\ \mathrm{inch\,h^{-1}} \\
        \theta(\psi) &= \theta_s (\psi_s / \psi)^{1/b}, \quad D_s = b K_s \psi_s / \theta_s

    Parameters
    ----------
    sand, clay : (column,) array
        Fractions of the mass of the mineral soil [1].

    Returns
    -------
    dict of str to (column,) array
        ``b`` [1], ``porosity``, ``field_capacity``, ``wilting`` [m3 m-3], ``psi_sat`` [m], ``k_sat`` [m s-1],
        ``d_sat`` [m2 s-1], ``quartz`` [1], which is taken to be the sand.

    Raises
    ------
    ValueError
        See `check_texture`.

    Examples
    --------
    >>> round(float(texture_parameters(0.4, 0.2)["b"]), 2)
    6.09
    """
    sand, clay = check_texture(sand, clay)
    b = 2.91 + 15.9 * clay
    porosity = 0.489 - 0.126 * sand
    psi_sat = 0.01 * 10.0 ** (1.88 - 1.31 * sand)
    k_sat = INCH_PER_HOUR * 10.0 ** (-0.884 + 1.53 * sand)
    return {
        "b": b,
        "porosity": porosity,
        "field_capacity": porosity * (psi_sat / FIELD_CAPACITY) ** (1.0 / b),
        "wilting": porosity * (psi_sat / WILTING) ** (1.0 / b),
        "psi_sat": psi_sat,
        "k_sat": k_sat,
        "d_sat": b * k_sat * psi_sat / porosity,
        "quartz": sand.copy(),
    }


def texture_class(sand: np.ndarray, clay: np.ndarray) -> np.ndarray:
    """Return the soil class (1 to 12) of the USDA triangle in the order of the tables.

    Parameters
    ----------
    sand, clay : (column,) array
        Fractions [1].

    Raises
    ------
    ValueError
        See `check_texture`.
    """
    sand, clay = check_texture(sand, clay)
    silt = 1.0 - sand - clay
    edge = 1e-9  # so that a point on an edge falls to the same side whatever its rounding
    rules = (  # the first that holds, which is how the triangle is read
        (1, silt + 1.5 * clay < 0.15 - edge),
        (2, silt + 2.0 * clay < 0.30 - edge),
        (12, (clay >= 0.40 - edge) & (sand <= 0.45 + edge) & (silt < 0.40 - edge)),
        (11, (clay >= 0.40 - edge) & (silt >= 0.40 - edge)),
        (10, (clay >= 0.35 - edge) & (sand > 0.45 + edge)),
        (8, (clay >= 0.27 - edge) & (sand <= 0.20 + edge)),
        (9, (clay >= 0.27 - edge) & (sand <= 0.45 + edge)),
        (7, (clay >= 0.20 - edge) & (silt < 0.28 - edge) & (sand > 0.45 + edge)),
        (5, (silt >= 0.80 - edge) & (clay < 0.12 - edge)),
        (4, silt >= 0.50 - edge),
        (6, (clay >= 0.07 - edge) & (silt >= 0.28 - edge) & (sand <= 0.52 + edge)),
    )
    return np.select([held for _, held in rules], [number for number, _ in rules], default=3)
