"""L-band brightness temperature as SMAP measures it: 40 degrees, both polarisations, 06:00 and 18:00 local.

The two polarisations are two sensors, ``tb_h`` and ``tb_v``, of one overpass. Observations are rescaled to the mean
and sd of the model's season, as in SMAP L4. Two parameter sets: "smap" (SMAP ATBD, with the permittivity of Mironov
and the polarisation mixing of SMAP's level 2) and "cmem" (CMEM literature values with the permittivity of Wang and
Schmugge, as in De Lannoy et al. 2013).
"""

import csv
import functools
from collections.abc import Mapping
from importlib import resources

import numpy as np

from models.kernel import kernel
from models.observation.sensor import Fields, Sensor, field_of
from models.observation.tau_omega import (
    MIXING,
    brightness,
    mironov,
    opacity,
    rough_reflectivity,
    roughness,
    smooth_reflectivity,
    wang_schmugge,
)
from models.quantity import Parameter, parameter

__all__ = ["ANGLE", "SENSORS", "SETS", "TAU_OMEGA", "auxiliary_of", "both", "class_table"]

ANGLE = 40.0
"""Incidence [degrees]."""
COSINE = float(np.cos(np.radians(ANGLE)))

SETS = ("smap", "cmem")
ATBD = "SMAP L2 passive ATBD (O'Neill et al.); CMEM literature values of GEOSldas"
GEOSLDAS = "GEOSldas, LDASsa_DEFAULT_inputs_ensupd.nml: errstd of SMAP_L1C_Tbh and Tbv"
DE_LANNOY_2013 = "De Lannoy et al. 2013, J. Hydrometeorol. 14, 765"

TAU_OMEGA: dict[str, Parameter] = {
    "h_min": parameter("1", 0.0, 3.0, "roughness of saturated soil", "h_min", ATBD),
    "h_max": parameter("1", 0.0, 3.0, "roughness of dry soil", "h_max", ATBD),
    "omega": parameter("1", 0.0, 0.5, "single-scattering albedo of the vegetation", "omega", ATBD),
    "water_per_leaf": parameter("kg m-2", 0.0, 5.0, "vegetation water per unit of leaf area", "LEWT", ATBD),
    "b_h": parameter("m2 kg-1", 0.0, 1.0, "opacity per vegetation water, horizontal", "b_H", ATBD),
    "b_v": parameter("m2 kg-1", 0.0, 1.0, "opacity per vegetation water, vertical", "b_V", ATBD),
    "n_h": parameter("1", -2.0, 4.0, "exponent of the roughness' angle, horizontal", "N_H", ATBD),
    "n_v": parameter("1", -2.0, 4.0, "exponent of the roughness' angle, vertical", "N_V", ATBD),
}
"""Parameters of the vegetation classes, whose values stand in ``tables/tau_omega.csv``."""

SOIL = ("sand", "clay", "wilting", "porosity", "porosity_model")
"""Soil of the operator: sand and clay [%], wilting point and porosity [m3 m-3], and the porosity of the land model,
whose soil moisture is brought to the operator's as theta * porosity / porosity_model."""

AUXILIARY = (*TAU_OMEGA, *SOIL, "mixing", "wang")


@functools.cache
def class_table(name: str) -> Mapping[str, np.ndarray]:
    """Return the parameters of a set, each (16,) for the IGBP classes 1 to 16.

    Raises
    ------
    ValueError
        If there is no such set.
    """
    if name not in SETS:
        msg = f"tau_omega = {name!r} is not accepted; it may be {', '.join(map(repr, SETS))}."
        raise ValueError(msg)
    path = resources.files("models.observation").joinpath("tables", "tau_omega.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["set"] == name]
    return {field: np.array([float(row[field]) for row in rows]) for field in TAU_OMEGA}


def auxiliary_of(
    vegetation: np.ndarray,
    sand: np.ndarray,
    clay: np.ndarray,
    wilting: np.ndarray,
    porosity: np.ndarray,
    *,
    parameters: str = "smap",
) -> dict[str, np.ndarray]:
    """Return what `predict` needs to know of each cell.

    Parameters
    ----------
    vegetation : (cell,) int array
        IGBP class; 17 (water) and above take the values of barren ground.
    sand, clay : (cell,) array
        By mass [%].
    wilting, porosity : (cell,) array
        Wilting point and porosity of the land model [m3 m-3], taken for the operator's as well.
    parameters : str
        One of `SETS`.
    """
    table = class_table(parameters)
    place = np.clip(np.asarray(vegetation, int), 1, 16) - 1
    fields = {name: values[place] for name, values in table.items()}
    fields |= {"sand": sand, "clay": clay, "wilting": wilting, "porosity": porosity, "porosity_model": porosity}
    smap = parameters == "smap"
    # In SMAP's set the exponent is 2 for both polarisations (version 8), whatever the table of the ATBD says.
    if smap:
        fields |= {"n_h": np.full(place.size, 2.0), "n_v": np.full(place.size, 2.0)}
    fields["mixing"] = np.full(place.size, MIXING if smap else 0.0)
    fields["wang"] = np.full(place.size, 0.0 if smap else 1.0)
    return {name: np.broadcast_to(np.asarray(values, float), place.shape).copy() for name, values in fields.items()}


@kernel
def _both(theta, t_soil, lai, place, cosine, out):
    """Fill ``out`` (2, cell, member) with the brightness temperatures of every cell and member."""
    for c in range(out.shape[1]):
        h_min, h_max, omega, water = place[0, c], place[1, c], place[2, c], place[3, c]
        b_h, b_v, n_h, n_v = place[4, c], place[5, c], place[6, c], place[7, c]
        sand, clay, wilting, porosity = 0.01 * place[8, c], 0.01 * place[9, c], place[10, c], place[11, c]
        scale, mixing, wang = place[11, c] / place[12, c], place[13, c], place[14, c]
        for n in range(out.shape[2]):
            wet, t = min(max(theta[c, n] * scale, 1e-4), porosity), t_soil[c, n]
            permittivity = wang_schmugge(wet, sand, clay, wilting, porosity, t) if wang > 0.5 else mironov(wet, clay)
            flat_h, flat_v = smooth_reflectivity(permittivity, cosine)
            h = roughness(wet, h_min, h_max, wilting, porosity)
            rough_h = rough_reflectivity(flat_h, flat_v, h, mixing * h, n_h, cosine)
            rough_v = rough_reflectivity(flat_v, flat_h, h, mixing * h, n_v, cosine)
            out[0, c, n] = brightness(rough_h, t, opacity(lai[c, n], water, b_h), omega, cosine)
            out[1, c, n] = brightness(rough_v, t, opacity(lai[c, n], water, b_v), omega, cosine)


def both(fields: Fields, auxiliary: Fields) -> np.ndarray:
    """Return the brightness temperatures, (2, cell, member) [K], horizontal first.

    Parameters
    ----------
    fields : mapping
        sm1 [m3 m-3], t_soil of the first layer [K], lai [m2 m-2], each (cell, member).
    auxiliary : mapping
        From `auxiliary_of`.

    Raises
    ------
    KeyError
        If a field is missing.
    """
    given = np.broadcast_arrays(*(field_of(fields, name, "tb") for name in ("sm1", "t_soil", "lai")))
    theta, t, lai = (np.array(values) for values in given)
    place = np.stack([np.broadcast_to(field_of(auxiliary, name, "tb")[:, 0], theta.shape[:1]) for name in AUXILIARY])
    out = np.empty((2, *theta.shape))
    _both(theta, t, lai, place, COSINE, out)
    return out


def _horizontal(fields: Fields, auxiliary: Fields) -> np.ndarray:
    """Return the horizontal brightness temperature, (cell, member) [K]."""
    return both(fields, auxiliary)[0]


def _vertical(fields: Fields, auxiliary: Fields) -> np.ndarray:
    """Return the vertical brightness temperature, (cell, member) [K]."""
    return both(fields, auxiliary)[1]


def _sensor(name: str, title: str, predict) -> Sensor:
    return Sensor(
        name=name,
        title=title,
        observes=name,
        platform="smap",
        error_std=4.0,
        error=parameter(
            "K", 0.5, 30.0, "error sd of brightness temperature, with representativeness", "R^1/2", GEOSLDAS
        ),
        hours=(6.0, 18.0),
        pattern="swath",
        repeat_days=2.75,
        updates=("sm1", "sm2", "sm3", "sm4"),
        masks=("frozen", "snow", "rain", "terrain", "rfi", "no_land"),
        rescale="seasonal",
        needs=("sm1", "t_soil", "lai"),
        auxiliary=AUXILIARY,
        predict=predict,
        footprint=40.0,
        comment="40 degrees; soil and canopy at the temperature of the first soil layer",
    )


SENSORS = (
    _sensor("tb_h", "Brightness temperature H (SMAP)", _horizontal),
    _sensor("tb_v", "Brightness temperature V (SMAP)", _vertical),
)
