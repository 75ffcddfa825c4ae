"""Biome properties of L4C (the BPLUT): what each one means, declared once; values stand in ``tables/``."""

from typing import NamedTuple

from models.quantity import Column, parameter

__all__ = ["PFTS", "PFT_NAMES", "RAMPS", "L4CParams"]

PFTS = ("ENF", "EBF", "DNF", "DBF", "SHR", "GRS", "CCR", "BCR")
"""Plant functional types 1 to 8 of MCD12Q1 type 5, in the order of the BPLUT."""

PFT_NAMES = {
    "ENF": "evergreen needleleaf forest",
    "EBF": "evergreen broadleaf forest",
    "DNF": "deciduous needleleaf forest",
    "DBF": "deciduous broadleaf forest",
    "SHR": "shrubland",
    "GRS": "grassland and savanna",
    "CCR": "cereal crop",
    "BCR": "broadleaf crop",
}

JONES = "Jones et al. 2017, doi 10.1109/JSTARS.2017.2693678"
LIGHT = "Light use"
PLANTS = "Plant respiration"
DECAY = "Decomposition"
POOLS = "Soil pools"


class L4CParams(NamedTuple):
    """Biome properties, one value per column. Names follow Jones et al. 2017."""

    lue_max: Column = parameter(
        "gC MJ-1", 0.5, 4.5, "maximum light-use efficiency", "LUE_max", f"{JONES}, Eq. 3", LIGHT
    )
    tmin_low: Column = parameter("K", 220.0, 285.0, "Tmin that stops GPP", "Tmin low", f"{JONES}, Eq. 5", LIGHT)
    tmin_high: Column = parameter(
        "K", 260.0, 330.0, "Tmin that no longer limits GPP", "Tmin high", f"{JONES}, Eq. 5", LIGHT
    )
    vpd_low: Column = parameter(
        "Pa", 0.0, 4000.0, "VPD that starts to limit GPP", "VPD low", f"{JONES}, Eq. 5, falling", LIGHT
    )
    vpd_high: Column = parameter(
        "Pa", 1000.0, 10000.0, "VPD that stops GPP", "VPD high", f"{JONES}, Eq. 5, falling", LIGHT
    )
    smrz_low: Column = parameter(
        "%", -50.0, 60.0, "rescaled root-zone wetness that stops GPP", "SMRZ low", f"{JONES}, Eq. 5", LIGHT
    )
    smrz_high: Column = parameter(
        "%", 10.0, 100.0, "rescaled root-zone wetness that no longer limits GPP", "SMRZ high", f"{JONES}, Eq. 5", LIGHT
    )
    ft_min: Column = parameter("1", 0.0, 1.0, "GPP multiplier on frozen ground", "FT_min", f"{JONES}, Eq. 4", LIGHT)
    ft_max: Column = parameter("1", 0.0, 1.0, "GPP multiplier on thawed ground", "FT_max", f"{JONES}, Eq. 4", LIGHT)
    f_aut: Column = parameter("1", 0.1, 0.8, "fraction of GPP that plants respire, 1 - CUE", "f_aut", JONES, PLANTS)
    tsoil_beta: Column = parameter(
        "K", 100.0, 600.0, "temperature sensitivity of decomposition", "β_0", f"{JONES}, Eq. 9", DECAY
    )
    tsoil_beta1: Column = parameter(
        "K", 40.0, 90.0, "reference temperature above beta2: no limit at beta1 + beta2", "β_1", f"{JONES}, Eq. 9", DECAY
    )
    tsoil_beta2: Column = parameter(
        "K", 200.0, 240.0, "temperature at which decomposition ends", "β_2", f"{JONES}, Eq. 9", DECAY
    )
    smsf_low: Column = parameter(
        "%", -50.0, 60.0, "surface wetness that stops decomposition", "SMSF low", f"{JONES}, Eq. 5", DECAY
    )
    smsf_high: Column = parameter(
        "%", 10.0, 100.0, "surface wetness that no longer limits decomposition", "SMSF high", f"{JONES}, Eq. 5", DECAY
    )
    k_fast: Column = parameter(
        "d-1", 0.001, 0.1, "optimum decay rate of the fast pool", "k_fast", f"{JONES}, Eq. 6", POOLS
    )
    k_med: Column = parameter(
        "1",
        0.01,
        1.0,
        "decay rate of the medium pool, over that of the fast pool",
        "k_med/k_fast",
        f"{JONES}, Eq. 7",
        POOLS,
    )
    k_slow: Column = parameter(
        "1",
        0.0005,
        0.1,
        "decay rate of the slow pool, over that of the fast pool",
        "k_slow/k_fast",
        f"{JONES}, Eq. 8",
        POOLS,
    )
    f_fast: Column = parameter(
        "1", 0.1, 0.95, "fraction of litterfall that enters the fast pool", "f_fast", f"{JONES}, Eq. 6", POOLS
    )
    f_med: Column = parameter(
        "1", 0.05, 0.95, "fraction of medium-pool decay that enters the slow pool", "f_med", f"{JONES}, Eq. 8", POOLS
    )


RAMPS = {
    "tmin": ("tmin_low", "tmin_high"),
    "vpd": ("vpd_low", "vpd_high"),
    "smrz": ("smrz_low", "smrz_high"),
    "smsf": ("smsf_low", "smsf_high"),
}
"""Driver -> the two limits of its ramp; the VPD ramp falls, the others rise."""
