"""Where each quantity of a block stands: blocks of `LANES` columns, one row of lanes per quantity.

A block's numbers lie in one flat array, so that every stage of a step is a loop over lanes with offsets known when
it is compiled, which is what LLVM needs to make vector code of it. ``w[at.T_GROUND + lane]`` is the ground
temperature of a lane; each name below in capitals is the offset of its row.
"""

from models.land.params import SoilParams, SurfaceParams, VegetationParams

__all__ = ["FORCING", "LANES", "LAYERS", "OUTPUTS", "SITE", "SIZE", "STATE"]

LANES = 8
"""Columns of a block: two vectors of four doubles, or one of eight; 24 members of a cell are three blocks."""

LAYERS = (0.1, 0.3, 0.6, 1.0)
"""Thickness of the soil layers [m], from the top."""


def _layers(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}_{k}" for name in names for k in (1, 2, 3, 4))


STATE = (
    *("canopy_liquid", "canopy_ice", "t_canopy", "t_canopy_air", "e_canopy_air", "t_ground"),
    *("swe", "snow_depth", "snow_age", "t_snow", "t_snow_deep", "snow_liquid", "snow_liquid_top", "swe_before"),
    *_layers("t_soil", "theta", "liquid"),
    *("leaf", "stem", "root", "wood", "soc_fast", "soc_stable", "h_canopy", "h_ground", "aquifer", "water_table"),
)
"""What a column remembers from step to step [mm, K, Pa, m, m3 m-3, gC m-2, W m-2]."""

SITE = ("vegetation_fraction", "t_bottom", "forcing_height")
"""Properties of the place: fraction under vegetation [1], deep soil temperature [K], height of the forcing [m]."""

PARAMETERS = (*VegetationParams._fields, *SoilParams._fields, *SurfaceParams._fields)

DERIVED = (
    *("phi_1", "phi_2", "k_diffuse", "k_dry", "k_solid", "nitrogen", "root_depth", "vapour_diffusivity"),
    *("log_kc_q10", "log_ko_q10", "log_vcmax_q10", "log_respiration_q10"),
    *("theta_max", "theta_wilt", "theta_field"),
)
"""Functions of the parameters alone, made once a run."""

FORCING = ("t_air", "q_air", "pressure", "wind", "sw_down", "lw_down", "precip_rate", "cos_zenith")
"""Weather of a step [K, kg kg-1, Pa, m s-1, W m-2, W m-2, kg m-2 s-1, 1]; the zenith is a mean over the sunlit part."""

WORK = (
    *("e_air", "rho_air", "rain", "snow", "new_density", "rain_ground", "snow_ground"),
    *("leaf_area", "stem_area", "plant_area", "cover", "wet", "snow_cover", "snow_layer", "lai", "sai"),
    *(
        "sw_canopy",
        "sw_ground",
        "sw_reflected",
        "apar",
        "par",
        "par_sun",
        "par_shade",
        "sunlit",
        "sun_area",
        "shade_area",
    ),
    *("emissivity_ground", "emissivity_canopy", "r_soil", "humidity_soil", "beta"),
    *("conductance_top", "t_top", "melt_heat", "conductivity_snow", "heat_snow", "snow_share", "snow_ice_top"),
    *_layers("conductivity", "heat", "share", "ice", "uptake"),
    *("zeta", "ustar", "heat_up", "log_z", "z_effective", "z_0", "wind_top", "r_air", "r_under", "r_leaf"),
    *("r_sun", "r_shade", "a_sun", "a_shade", "lambda_canopy", "lambda_ground"),
    *("evap_wet", "evap_dry", "h_leaf", "lw_canopy", "canopy_storage"),
    *("t_ground_veg", "t_ground_bare", "h_veg", "h_bare", "e_veg", "e_bare", "g_veg", "g_bare", "lw_veg", "lw_bare"),
    *("ground_heat", "evap_canopy", "transpiration_step", "evap_ground", "ponding", "water_in", "soil_evaporation"),
    *("surface_runoff", "bottom_drainage", "storage_before", "carbon_before", "bottom_heat", "snow_gone"),
    *("gpp_rate", "npp_rate", "ra_rate", "rh_rate", "soil_decay", "energy_residual_step", "frozen_factor"),
    *_layers("k", "d"),
    *("excess", "recharge", "evap_demand", "saturated_fraction"),
)
"""Numbers of one step, forgotten after it."""

MEANS = (
    *_layers("soil_moisture", "soil_liquid", "soil_temperature"),
    *(
        "swe_mean",
        "snow_depth_mean",
        "snow_cover_mean",
        "lai_mean",
        "canopy_water_mean",
        "t_ground_mean",
        "t_canopy_mean",
    ),
    *("transpiration", "evap_soil", "evap_interception", "precip", "runoff", "drainage"),
    *("le", "h", "g", "sw_net", "lw_net", "apar_mean", "par_mean", "beta_mean", "frozen"),
    *("gpp", "npp", "ra", "rh", "energy_residual"),
)
"""Outputs that are means over the output interval (water and carbon as rates per second)."""

ENDS = ("leaf", "stem", "root", "wood", "soc_fast", "soc_stable")
"""Outputs that are values at the end of the output interval."""

OUTPUTS = (*MEANS, *(f"{name}_end" for name in ENDS))

BALANCE = ("water_worst", "water_sum", "carbon_worst", "energy_worst", "energy_sum", "steps", "soc_lost", "soc_gained")
"""Balances of a run: largest residual of a step and sum of residuals [mm, gC m-2, W m-2]; the affine map of fast soil
carbon since the last reset: fraction lost [1], litter still there [gC m-2]."""

_ROWS = (*STATE, *PARAMETERS, *SITE, *DERIVED, *FORCING, *WORK, *(f"out_{name}" for name in MEANS), *BALANCE)

SIZE = len(_ROWS) * LANES
"""Numbers of a block at work."""

if len(set(_ROWS)) != len(_ROWS):
    msg = f"Two rows of the layout share a name: {sorted(name for name in _ROWS if _ROWS.count(name) > 1)}."
    raise ValueError(msg)

globals().update({name.upper(): row * LANES for row, name in enumerate(_ROWS)})

FIRST_PARAMETER = len(STATE) * LANES
FIRST_OUTPUT = _ROWS.index(f"out_{MEANS[0]}") * LANES
FIRST_BALANCE = _ROWS.index(BALANCE[0]) * LANES
FIRST_END = STATE.index(ENDS[0]) * LANES
N_STATE, N_MEANS, N_ENDS, N_OUTPUTS, N_BALANCE = len(STATE), len(MEANS), len(ENDS), len(OUTPUTS), len(BALANCE)
N_PARAMETER = len(PARAMETERS) + len(SITE) + len(DERIVED)
