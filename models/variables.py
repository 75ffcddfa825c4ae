"""Nomenclature: every physical quantity of the project, under one name, in one unit.

The bounds are physical, not statistical: a value outside them is a wrong unit or a broken file.
"""

import math

from models.quantity import Quantity

__all__ = ["VARIABLES"]

GPP_NAME = "gross_primary_productivity_of_biomass_expressed_as_carbon"
NPP_NAME = "net_primary_productivity_of_biomass_expressed_as_carbon"
RA_NAME = "surface_upward_mass_flux_of_carbon_dioxide_expressed_as_carbon_due_to_plant_respiration"
RH_NAME = "surface_upward_mass_flux_of_carbon_dioxide_expressed_as_carbon_due_to_heterotrophic_respiration"
SOC_NAME = "soil_mass_content_of_carbon"
SOIL_WATER_NAME = "volume_fraction_of_condensed_water_in_soil"
INF = math.inf

_TABLE = (
    # name, symbol, unit, long name, CF standard name, lowest and highest possible value
    ("gpp", "GPP", "gC m-2 d-1", "gross primary production", GPP_NAME, -5.0, 60.0),
    ("npp", "NPP", "gC m-2 d-1", "net primary production", NPP_NAME, -5.0, 50.0),
    ("ra", "R_A", "gC m-2 d-1", "autotrophic respiration", RA_NAME, 0.0, 50.0),
    ("rh", "R_H", "gC m-2 d-1", "heterotrophic respiration", RH_NAME, 0.0, 200.0),
    ("rh_fast", "R_H fast", "gC m-2 d-1", "heterotrophic respiration from the fast pool", "", 0.0, 200.0),
    ("rh_med", "R_H medium", "gC m-2 d-1", "heterotrophic respiration from the medium pool", "", 0.0, 200.0),
    ("rh_slow", "R_H slow", "gC m-2 d-1", "heterotrophic respiration from the slow pool", "", 0.0, 200.0),
    ("reco", "R_E", "gC m-2 d-1", "ecosystem respiration, RA + RH", "", -5.0, 200.0),
    ("nee", "NEE", "gC m-2 d-1", "net ecosystem exchange, positive to the atmosphere", "", -60.0, 200.0),
    ("nee_std", "σ(NEE)", "gC m-2 d-1", "error of NEE from the errors of its inputs (ubRMSE)", "", 0.0, 200.0),
    ("litterfall", "L", "gC m-2 d-1", "litterfall", "", 0.0, 60.0),
    ("soc", "SOC", "gC m-2", "soil organic carbon", SOC_NAME, 0.0, 1e6),
    ("soc_fast", "C_fast", "gC m-2", "soil organic carbon, fast pool", SOC_NAME, 0.0, 1e6),
    ("soc_med", "C_med", "gC m-2", "soil organic carbon, medium pool", SOC_NAME, 0.0, 1e6),
    ("soc_slow", "C_slow", "gC m-2", "soil organic carbon, slow pool", SOC_NAME, 0.0, 1e6),
    ("e_mult", "E_mult", "1", "environmental multiplier of light-use efficiency", "", 0.0, 1.0),
    ("f_vpd", "f(VPD)", "1", "VPD multiplier of light-use efficiency", "", 0.0, 1.0),
    ("f_tmin", "f(Tmin)", "1", "minimum-temperature multiplier of light-use efficiency", "", 0.0, 1.0),
    ("f_smrz", "f(SMRZ)", "1", "root-zone multiplier of light-use efficiency", "", 0.0, 1.0),
    ("f_ft", "f(FT)", "1", "freeze/thaw multiplier of light-use efficiency", "", 0.0, 1.0),
    ("t_mult", "T_mult", "1", "soil-temperature multiplier of decomposition", "", 0.0, 1.0),
    ("w_mult", "W_mult", "1", "soil-moisture multiplier of decomposition", "", 0.0, 1.0),
    ("par", "PAR", "MJ m-2 d-1", "photosynthetically active radiation", "", 0.0, 30.0),
    ("fpar", "f_PAR", "1", "fraction of PAR absorbed by the canopy", "", 0.0, 1.0),
    ("apar", "APAR", "MJ m-2 d-1", "absorbed photosynthetically active radiation", "", 0.0, 30.0),
    ("tmin", "T_min", "K", "daily minimum air temperature", "air_temperature", 180.0, 330.0),
    ("vpd", "VPD", "Pa", "24-hour mean vapour pressure deficit", "", -500.0, 15000.0),
    ("smrz", "SMRZ", "%", "root-zone soil wetness, 0-100 cm, of saturation", "", 0.0, 100.5),
    ("smrz_rescaled", "SMRZ*", "%", "root-zone soil wetness after the log rescale", "", 0.0, 100.5),
    ("smrz_min", "SMRZ_min", "%", "long-term lowest root-zone wetness", "", 0.0, 100.5),
    ("smrz_max", "SMRZ_max", "%", "long-term highest root-zone wetness", "", 0.0, 100.5),
    ("smrz_wilting", "SMRZ_wp", "%", "root-zone wetness at the wilting point", "", 0.0, 100.5),
    ("smsf", "SMSF", "%", "surface soil wetness, 0-5 cm, of saturation", "", 0.0, 100.5),
    ("t_soil", "T_soil", "K", "soil temperature, layer 1", "soil_temperature", 180.0, 350.0),
    ("frozen", "FT", "1", "frozen ground (1) or thawed (0)", "", 0.0, 1.0),
    ("ssm", "SSM", "m3 m-3", "surface soil moisture", "volume_fraction_of_condensed_water_in_soil", 0.0, 1.0),
    ("rzsm", "RZSM", "m3 m-3", "root-zone soil moisture", "volume_fraction_of_condensed_water_in_soil", 0.0, 1.0),
    ("t_air", "T_air", "K", "daily mean air temperature at 2 m", "air_temperature", 180.0, 340.0),
    ("tmax", "T_max", "K", "daily maximum air temperature", "air_temperature", 180.0, 345.0),
    ("q_air", "q", "kg kg-1", "specific humidity at 2 m", "specific_humidity", 0.0, 0.1),
    ("pressure", "p", "Pa", "surface air pressure", "surface_air_pressure", 4e4, 1.1e5),
    ("relative_humidity", "RH_air", "%", "relative humidity", "relative_humidity", 0.0, 110.0),
    (
        "sw_down",
        "SW",
        "W m-2",
        "downward shortwave radiation",
        "surface_downwelling_shortwave_flux_in_air",
        -20.0,
        1500.0,
    ),
    ("sw_top", "SW_top", "W m-2", "shortwave at the top of the atmosphere", "toa_incoming_shortwave_flux", 0.0, 1500.0),
    ("lw_down", "LW", "W m-2", "downward longwave radiation", "surface_downwelling_longwave_flux_in_air", 30.0, 700.0),
    ("precip", "P", "mm d-1", "precipitation", "lwe_precipitation_rate", 0.0, 2000.0),
    ("wind", "U", "m s-1", "wind speed", "wind_speed", 0.0, 80.0),
    ("le", "LE", "W m-2", "latent heat flux", "surface_upward_latent_heat_flux", -500.0, 1500.0),
    ("h", "H", "W m-2", "sensible heat flux", "surface_upward_sensible_heat_flux", -700.0, 1500.0),
    ("lai", "LAI", "m2 m-2", "leaf area index", "leaf_area_index", 0.0, 12.0),
    ("vod", "VOD", "1", "vegetation optical depth, X band", "", -0.5, 5.0),
    ("vod_l", "L-VOD", "1", "vegetation optical depth, L band", "", -0.5, 5.0),
    ("agb", "AGB", "Mg ha-1", "above-ground biomass, dry matter", "", 0.0, 2000.0),
    ("tb_h", "T_b,H", "K", "L-band brightness temperature, horizontal", "brightness_temperature", 50.0, 350.0),
    ("tb_v", "T_b,V", "K", "L-band brightness temperature, vertical", "brightness_temperature", 50.0, 350.0),
    ("swe", "SWE", "mm", "snow water equivalent", "surface_snow_amount", 0.0, 1e5),
    ("precip_rate", "P", "kg m-2 s-1", "precipitation rate of a step", "precipitation_flux", 0.0, 0.1),
    ("soil_moisture", "theta", "m3 m-3", "soil moisture by layer", SOIL_WATER_NAME, 0.0, 1.0),
    ("soil_liquid", "theta_liq", "m3 m-3", "liquid soil water by layer", "", 0.0, 1.0),
    ("soil_temperature", "T_s", "K", "soil temperature by layer", "soil_temperature", 180.0, 350.0),
    ("t_ground", "T_g", "K", "temperature of the ground surface", "surface_temperature", 180.0, 370.0),
    ("t_canopy", "T_v", "K", "temperature of the leaves", "canopy_temperature", 180.0, 370.0),
    ("snow_depth", "d_sno", "m", "snow depth", "surface_snow_thickness", 0.0, 100.0),
    ("snow_cover", "f_sno", "1", "fraction of the ground under snow", "surface_snow_area_fraction", 0.0, 1.0),
    ("canopy_water", "W_can", "mm", "water and ice on the canopy", "canopy_water_amount", 0.0, 500.0),
    ("transpiration", "E_t", "mm d-1", "transpiration", "transpiration_flux", -1.0, 50.0),
    ("soil_evaporation", "E_s", "mm d-1", "evaporation of soil and snow", "", -50.0, 100.0),
    ("interception_evaporation", "E_c", "mm d-1", "evaporation of intercepted water", "", -50.0, 100.0),
    ("et", "ET", "mm d-1", "evapotranspiration", "water_evapotranspiration_flux", -50.0, 100.0),
    ("runoff", "R_s", "mm d-1", "surface runoff", "surface_runoff_flux", 0.0, 3000.0),
    ("drainage", "R_b", "mm d-1", "drainage out of the column", "subsurface_runoff_flux", -50.0, 3000.0),
    ("ground_heat", "G", "W m-2", "heat flux into the ground", "downward_heat_flux_in_soil", -1000.0, 1500.0),
    ("sw_net", "SW_net", "W m-2", "absorbed shortwave", "surface_net_downward_shortwave_flux", -20.0, 1500.0),
    ("lw_net", "LW_net", "W m-2", "net longwave radiation", "surface_net_downward_longwave_flux", -700.0, 700.0),
    ("water_stress", "beta", "1", "water availability for plants", "", 0.0, 1.001),
    ("leaf_carbon", "C_leaf", "gC m-2", "leaf carbon", "leaf_mass_content_of_carbon", 0.0, 1e5),
    ("stem_carbon", "C_stem", "gC m-2", "stem carbon", "", 0.0, 1e5),
    ("root_carbon", "C_root", "gC m-2", "fine-root carbon", "root_mass_content_of_carbon", 0.0, 1e5),
    ("wood_carbon", "C_wood", "gC m-2", "wood carbon", "", 0.0, 1e6),
    ("soc_stable", "C_stable", "gC m-2", "soil organic carbon, stable pool", SOC_NAME, 0.0, 1e6),
    ("energy_residual", "dE", "W m-2", "residual of the surface energy balance", "", -1e6, 1e6),
    ("elevation", "z", "m", "elevation of the land surface", "surface_altitude", -500.0, 9000.0),
    ("area", "A", "m2", "area of the cell", "cell_area", 0.0, INF),
    ("pft_fraction", "PFT", "1", "fraction of the cell under each plant functional type", "area_fraction", 0.0, 1.001),
    ("sand", "sand", "%", "sand fraction of the soil", "", 0.0, 100.0),
    ("clay", "clay", "%", "clay fraction of the soil", "", 0.0, 100.0),
)

VARIABLES: dict[str, Quantity] = {row[0]: Quantity(*row) for row in _TABLE}
