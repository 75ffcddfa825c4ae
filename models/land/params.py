"""Parameters of the land surface model: each declared once, its values per class in published tables.

Values per vegetation class (MODIS-IGBP, 20 classes) and soil class (STAS, 19 classes) stand in ``tables/``; they
are the numbers of the Noah-MP parameter table, and the van Genuchten constants are those of Carsel and Parrish
(1988). One value per column: a cell, a tower, an ensemble member or a calibration candidate may each have its own.
"""

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np

from models.quantity import Column, parameter, parameters_of

__all__ = [
    "SOIL_CLASSES",
    "VEGETATION_CLASSES",
    "SoilParams",
    "SurfaceParams",
    "VegetationParams",
    "class_values",
    "load_table",
    "parameter_table",
    "surface_defaults",
]

TABLE = "Noah-MP v5 parameter table NoahmpTable.TBL (He et al. 2023, NCAR/TN-575+STR)"
NIU_2011 = "Niu et al. 2011, J. Geophys. Res. 116, D12109"
DICKINSON_1998 = "Dickinson et al. 1998, J. Climate 11, 2823"
COLLATZ_1991 = "Collatz et al. 1991, Agric. For. Meteorol. 54, 107"
COSBY_1984 = "Cosby et al. 1984, Water Resour. Res. 20, 682; values of the Noah-MP v5 table"
CARSEL_1988 = "Carsel and Parrish 1988, Water Resour. Res. 24, 755"
SCHAAKE_1996 = "Schaake et al. 1996, J. Geophys. Res. 101, 7461"
SAKAGUCHI_2009 = "Sakaguchi and Zeng 2009, J. Geophys. Res. 114, D01107"
YANG_1997 = "Yang et al. 1997, J. Climate 10, 353 (BATS)"
ANDERSON_1976 = "Anderson 1976, NOAA Tech. Rep. NWS 19"
KUMAR_2009 = "Kumar et al. 2009, J. Hydrometeorol. 10, 1534"

RADIATION, CANOPY, LEAF, GROWTH = "radiation", "canopy", "leaf gas exchange", "growth and respiration"
HYDRAULICS, GROUND, SNOW, RUNOFF = "hydraulics", "ground", "snow", "runoff"


class VegetationParams(NamedTuple):
    """Properties of the vegetation, one value per column."""

    canopy_water: Column = parameter(
        "mm", 0.0, 1.0, "water held per unit of leaf and stem area", "W_max", TABLE, CANOPY
    )
    leaf_width: Column = parameter("m", 0.001, 0.5, "characteristic leaf dimension", "d_leaf", TABLE, CANOPY)
    roughness: Column = parameter("m", 0.0, 3.0, "roughness length of the canopy", "z_0", TABLE, CANOPY)
    canopy_top: Column = parameter("m", 0.0, 60.0, "height of the canopy top", "h_top", TABLE, CANOPY)
    canopy_bottom: Column = parameter("m", 0.0, 40.0, "height of the canopy bottom", "h_bot", TABLE, CANOPY)
    canopy_wind: Column = parameter("m-1", 0.0, 10.0, "canopy wind extinction parameter", "a_w", TABLE, CANOPY)
    leaf_angle: Column = parameter("1", -0.4, 0.6, "leaf angle departure from spherical", "chi_L", TABLE, RADIATION)
    leaf_reflect_vis: Column = parameter("1", 0.0, 0.49, "leaf reflectance, visible", "rho_leaf", TABLE, RADIATION)
    leaf_reflect_nir: Column = parameter(
        "1", 0.0, 0.65, "leaf reflectance, near infrared", "rho_leaf", TABLE, RADIATION
    )
    stem_reflect_vis: Column = parameter("1", 0.0, 0.49, "stem reflectance, visible", "rho_stem", TABLE, RADIATION)
    stem_reflect_nir: Column = parameter(
        "1", 0.0, 0.65, "stem reflectance, near infrared", "rho_stem", TABLE, RADIATION
    )
    leaf_transmit_vis: Column = parameter("1", 0.0, 0.4, "leaf transmittance, visible", "tau_leaf", TABLE, RADIATION)
    leaf_transmit_nir: Column = parameter(
        "1", 0.0, 0.4, "leaf transmittance, near infrared", "tau_leaf", TABLE, RADIATION
    )
    stem_transmit_vis: Column = parameter("1", 0.0, 0.4, "stem transmittance, visible", "tau_stem", TABLE, RADIATION)
    stem_transmit_nir: Column = parameter(
        "1", 0.0, 0.4, "stem transmittance, near infrared", "tau_stem", TABLE, RADIATION
    )
    canopy_heat: Column = parameter(
        "m", 0.0, 0.1, "water equivalent of canopy heat capacity per area", "C_can", TABLE, CANOPY
    )
    snow_cover_exponent: Column = parameter(
        "1", 0.5, 6.0, "exponent of density in the snow-cover curve", "m_sno", NIU_2011, SNOW
    )
    snow_cover_scale: Column = parameter(
        "m", 0.001, 0.1, "depth scale of the snow-cover curve", "h_sno", NIU_2011, SNOW
    )
    root_layers: Column = parameter("1", 0.0, 4.0, "soil layers that roots reach", "N_root", TABLE, HYDRAULICS)
    vcmax25: Column = parameter(
        "umol m-2 s-1", 0.0, 200.0, "highest carboxylation rate at 25 degC", "V_cmax25", COLLATZ_1991, LEAF
    )
    vcmax_q10: Column = parameter("1", 1.0, 4.0, "Q10 of the carboxylation rate", "Q_V", COLLATZ_1991, LEAF)
    kc25: Column = parameter("Pa", 5.0, 100.0, "Michaelis constant for CO2 at 25 degC", "K_c25", COLLATZ_1991, LEAF)
    kc_q10: Column = parameter("1", 1.0, 4.0, "Q10 of the Michaelis constant for CO2", "Q_Kc", COLLATZ_1991, LEAF)
    ko25: Column = parameter("Pa", 5e3, 1e5, "Michaelis constant for O2 at 25 degC", "K_o25", COLLATZ_1991, LEAF)
    ko_q10: Column = parameter("1", 1.0, 4.0, "Q10 of the Michaelis constant for O2", "Q_Ko", COLLATZ_1991, LEAF)
    quantum_efficiency: Column = parameter(
        "mol mol-1", 0.0, 0.125, "quantum efficiency of photosynthesis", "alpha", COLLATZ_1991, LEAF
    )
    stomatal_slope: Column = parameter("1", 1.0, 20.0, "slope of the Ball-Berry conductance", "m", COLLATZ_1991, LEAF)
    stomatal_minimum: Column = parameter(
        "umol m-2 s-1", 0.0, 1e15, "smallest leaf conductance", "g_0", COLLATZ_1991, LEAF
    )
    foliage_nitrogen: Column = parameter(
        "%", 0.0, 5.0, "foliage nitrogen at which photosynthesis is not limited", "N_max", TABLE, LEAF
    )
    t_photosynthesis: Column = parameter(
        "K", 0.0, 290.0, "leaf temperature below which photosynthesis stops", "T_min", TABLE, LEAF
    )
    sla: Column = parameter("m2 kg-1", 0.0, 200.0, "leaf area per mass of leaf carbon", "SLA", DICKINSON_1998, GROWTH)
    leaf_turnover: Column = parameter(
        "5e-7 s-1", 0.0, 5.0, "turnover of leaves and stems", "k_leaf", DICKINSON_1998, GROWTH
    )
    cold_death: Column = parameter("1e-6 s-1", 0.0, 5.0, "leaf death by cold", "d_cold", DICKINSON_1998, GROWTH)
    dry_death: Column = parameter("1e-6 s-1", 0.0, 10.0, "leaf death by drought", "d_dry", DICKINSON_1998, GROWTH)
    dry_death_slope: Column = parameter("1", 1.0, 300.0, "steepness of leaf death by drought", "c_dry", TABLE, GROWTH)
    t_cold_death: Column = parameter(
        "K", 0.0, 300.0, "leaf temperature at which cold starts to kill", "T_cold", DICKINSON_1998, GROWTH
    )
    leaf_respiration: Column = parameter(
        "umol m-2 s-1", 0.0, 10.0, "leaf maintenance respiration at 25 degC", "R_leaf25", NIU_2011, GROWTH
    )
    stem_respiration: Column = parameter(
        "umol kg-1 s-1", 0.0, 5.0, "stem maintenance respiration at 25 degC", "R_stem25", NIU_2011, GROWTH
    )
    root_respiration: Column = parameter(
        "umol kg-1 s-1", 0.0, 5.0, "root maintenance respiration at 25 degC", "R_root25", NIU_2011, GROWTH
    )
    wood_respiration: Column = parameter(
        "s-1", 0.0, 1e-8, "wood maintenance respiration at 25 degC", "R_wood25", DICKINSON_1998, GROWTH
    )
    respiration_q10: Column = parameter("1", 1.0, 4.0, "Q10 of maintenance respiration", "Q_R", NIU_2011, GROWTH)
    growth_respiration: Column = parameter(
        "1", 0.0, 0.6, "fraction of growth that is respired", "f_grow", DICKINSON_1998, GROWTH
    )
    root_turnover: Column = parameter("s-1", 0.0, 1e-6, "turnover of fine roots", "k_root", DICKINSON_1998, GROWTH)
    wood_pool: Column = parameter("1", 0.0, 1.0, "wood grows (above 0) or not (0)", "f_wood", TABLE, GROWTH)
    wood_root_ratio: Column = parameter("1", 0.0, 100.0, "wood to root ratio", "r_wood", TABLE, GROWTH)
    wood_slope: Column = parameter(
        "1", 0.1, 2.0, "parameter of the split between wood and root", "b_wood", TABLE, GROWTH
    )
    soil_respiration: Column = parameter(
        "umol kg-1 s-1",
        0.0,
        2.0,
        "microbial respiration of fast soil carbon at 10 degC",
        "r_soil",
        DICKINSON_1998,
        GROWTH,
    )
    lai_min: Column = parameter("m2 m-2", 0.0, 1.0, "smallest leaf area index", "LAI_min", TABLE, GROWTH)
    sai_min: Column = parameter("m2 m-2", 0.0, 1.0, "smallest stem area index", "SAI_min", TABLE, GROWTH)
    leaf_allocation: Column = parameter(
        "1", 0.1, 2.0, "curvature of the allocation to leaves with leaf area", "c_leaf", NIU_2011, GROWTH
    )


class SoilParams(NamedTuple):
    """Properties of the soil, one value per column."""

    b: Column = parameter("1", 0.0, 15.0, "exponent of the retention curve", "b", COSBY_1984, HYDRAULICS)
    porosity: Column = parameter("m3 m-3", 0.1, 1.0, "porosity", "theta_s", COSBY_1984, HYDRAULICS)
    field_capacity: Column = parameter("m3 m-3", 0.0, 0.8, "field capacity", "theta_fc", COSBY_1984, HYDRAULICS)
    wilting: Column = parameter("m3 m-3", 0.0, 0.6, "wilting point", "theta_wp", COSBY_1984, HYDRAULICS)
    psi_sat: Column = parameter("m", 0.0, 2.0, "suction at saturation", "psi_s", COSBY_1984, HYDRAULICS)
    k_sat: Column = parameter("m s-1", 0.0, 1e-3, "hydraulic conductivity at saturation", "K_s", COSBY_1984, HYDRAULICS)
    d_sat: Column = parameter(
        "m2 s-1", 0.0, 1e-3, "soil water diffusivity at saturation", "D_s", COSBY_1984, HYDRAULICS
    )
    quartz: Column = parameter("1", 0.0, 1.0, "quartz content", "q_z", TABLE, GROUND)
    vg_theta_r: Column = parameter(
        "m3 m-3", 0.0, 0.3, "residual water content (van Genuchten)", "theta_r", CARSEL_1988, HYDRAULICS
    )
    vg_theta_s: Column = parameter(
        "m3 m-3", 0.1, 0.9, "saturated water content (van Genuchten)", "theta_s", CARSEL_1988, HYDRAULICS
    )
    vg_alpha: Column = parameter(
        "m-1", 0.05, 30.0, "inverse of the air-entry suction (van Genuchten)", "alpha", CARSEL_1988, HYDRAULICS
    )
    vg_n: Column = parameter("1", 1.01, 4.0, "pore-size exponent (van Genuchten)", "n", CARSEL_1988, HYDRAULICS)
    vg_k_sat: Column = parameter(
        "m s-1", 0.0, 1e-3, "conductivity at saturation (van Genuchten)", "K_s", CARSEL_1988, HYDRAULICS
    )


class SurfaceParams(NamedTuple):
    """Properties that depend on neither class, one value per column."""

    albedo_wet_vis: Column = parameter("1", 0.0, 0.6, "albedo of wet soil, visible", "a_wet", TABLE, RADIATION)
    albedo_wet_nir: Column = parameter("1", 0.0, 0.6, "albedo of wet soil, near infrared", "a_wet", TABLE, RADIATION)
    albedo_dry_vis: Column = parameter("1", 0.0, 0.7, "albedo of dry soil, visible", "a_dry", TABLE, RADIATION)
    albedo_dry_nir: Column = parameter("1", 0.0, 0.7, "albedo of dry soil, near infrared", "a_dry", TABLE, RADIATION)
    emissivity_soil: Column = parameter("1", 0.8, 1.0, "emissivity of soil", "eps_soil", TABLE, RADIATION)
    emissivity_snow: Column = parameter("1", 0.8, 1.0, "emissivity of snow", "eps_snow", TABLE, RADIATION)
    roughness_ground: Column = parameter(
        "m", 1e-4, 0.1, "roughness length of bare ground and snow", "z_0g", TABLE, GROUND
    )
    evaporation_exponent: Column = parameter(
        "1", 1.0, 10.0, "exponent of the dry-layer resistance", "w", SAKAGUCHI_2009, GROUND
    )
    soil_heat_capacity: Column = parameter(
        "J m-3 K-1", 1e6, 4e6, "heat capacity of soil solids", "C_soil", TABLE, GROUND
    )
    depth_bottom: Column = parameter("m", 3.0, 20.0, "depth of the deep soil temperature", "z_bot", TABLE, GROUND)
    infiltration: Column = parameter(
        "1", 0.1, 20.0, "reference infiltration parameter", "KDT_ref", SCHAAKE_1996, RUNOFF
    )
    infiltration_k: Column = parameter(
        "m s-1", 1e-7, 1e-4, "reference conductivity of infiltration", "K_ref", SCHAAKE_1996, RUNOFF
    )
    frozen_infiltration: Column = parameter(
        "m", 0.01, 1.0, "ice content above which frozen soil is impermeable", "FRZK", TABLE, RUNOFF
    )
    slope: Column = parameter(
        "1", 0.0, 1.0, "fraction of the conductivity that drains freely at the bottom", "SLOPE", TABLE, RUNOFF
    )
    coupling: Column = parameter(
        "1", 0.0, 4.0, "strength of the water flow between surface and root zone", "c_v", KUMAR_2009, HYDRAULICS
    )
    snow_albedo_vis: Column = parameter("1", 0.5, 1.0, "albedo of new snow, visible", "a_snow", YANG_1997, SNOW)
    snow_albedo_nir: Column = parameter("1", 0.3, 1.0, "albedo of new snow, near infrared", "a_snow", YANG_1997, SNOW)
    snow_density_max: Column = parameter("kg m-3", 50.0, 300.0, "highest density of new snow", "rho_new", TABLE, SNOW)
    snow_hold: Column = parameter("1", 0.0, 0.2, "liquid water that snow pores hold", "f_hold", ANDERSON_1976, SNOW)
    snow_release: Column = parameter("s-1", 1e-6, 1e-2, "release of excess liquid from snow", "r_snow", TABLE, SNOW)
    snow_liquid_max: Column = parameter("1", 0.0, 0.9, "highest liquid fraction of snow", "f_liq", TABLE, SNOW)
    snow_viscosity: Column = parameter(
        "kg s m-2", 1e5, 1e8, "viscosity of snow at 0 degC and zero density", "eta_0", ANDERSON_1976, SNOW
    )
    co2: Column = parameter("mol mol-1", 1e-4, 2e-3, "carbon dioxide in the air", "CO2", TABLE, LEAF)
    o2: Column = parameter("mol mol-1", 0.1, 0.3, "oxygen in the air", "O2", TABLE, LEAF)


_SURFACE_VALUES = {
    "emissivity_soil": 0.97,
    "emissivity_snow": 0.95,
    "roughness_ground": 0.002,
    "evaporation_exponent": 5.0,
    "soil_heat_capacity": 2.0e6,
    "depth_bottom": 8.0,
    "infiltration": 3.0,
    "infiltration_k": 2.0e-6,
    "frozen_infiltration": 0.15,
    "slope": 0.1,
    "coupling": 1.0,
    "snow_albedo_vis": 0.95,
    "snow_albedo_nir": 0.65,
    "snow_density_max": 120.0,
    "snow_hold": 0.03,
    "snow_release": 5e-5,
    "snow_liquid_max": 0.4,
    "snow_viscosity": 1.33e6,
    "co2": 395e-6,
    "o2": 0.209,
}


@cache
def load_table(name: str) -> dict[str, tuple[str, ...]]:
    """Read a shipped table: name of the parameter to its values in the order of the classes, as written.

    Parameters
    ----------
    name : str
        ``"vegetation"``, ``"soil"`` or ``"albedo"``.
    """
    path = resources.files("models.land").joinpath("tables", f"{name}.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return {row[0]: tuple(row[2:]) for row in rows[1:]}


VEGETATION_CLASSES = load_table("vegetation")["class"]
"""Names of the vegetation classes; class 1 is the first."""

SOIL_CLASSES = load_table("soil")["class"]
"""Names of the soil texture classes; class 1 is the first."""


def class_values(name: str, classes: np.ndarray) -> dict[str, np.ndarray]:
    """Look parameters up for each column's class.

    Parameters
    ----------
    name : str
        Table: ``"vegetation"``, ``"soil"`` or ``"albedo"``.
    classes : (column,) int array
        Class of each column, from 1.

    Returns
    -------
    dict of str to (column,) array

    Raises
    ------
    ValueError
        If a class is not in the table.
    """
    table = load_table(name)
    count = len(next(iter(table.values())))
    classes = np.asarray(classes)
    wrong = classes[(classes < 1) | (classes > count) | (classes != np.floor(classes))]
    if wrong.size:
        msg = f"{name} class {wrong.flat[0]:g} is not in the table: classes are whole numbers from 1 to {count}."
        raise ValueError(msg)
    index = classes.astype(int) - 1
    return {key: np.array(row, float)[index] for key, row in table.items() if key != "class"}


def surface_defaults(colour: np.ndarray) -> dict[str, np.ndarray]:
    """Return the parameters of `SurfaceParams` for each column's soil colour (1 bright to 8 dark)."""
    values = class_values("albedo", colour)
    shape = np.shape(colour)
    return values | {name: np.full(shape, value) for name, value in _SURFACE_VALUES.items()}


def parameter_table() -> dict[str, type]:
    """Return which table declares each parameter, by name."""
    tables = (VegetationParams, SoilParams, SurfaceParams)
    return {name: table for table in tables for name in parameters_of(table)}


def check_overrides(overrides: Mapping[str, object]) -> None:
    """Raise ``KeyError`` or ``ValueError`` where a name or a value is not one of the declared parameters'."""
    declared = parameter_table()
    for name, values in overrides.items():
        if name not in declared:
            msg = f"No land parameter is named {name!r}; there are {', '.join(declared)}."
            raise KeyError(msg)
        bounds = parameters_of(declared[name])[name]
        for value in np.unique(np.asarray(values, float)):
            bounds.check(name, float(value))
