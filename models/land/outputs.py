"""From the raw outputs of the kernel to a labelled data set with CF attributes."""

import numpy as np
import xarray as xr

from models.land.columns import Columns
from models.land.layout import LAYERS, OUTPUTS
from models.land.params import SOIL_CLASSES, VEGETATION_CLASSES
from models.variables import VARIABLES

__all__ = ["label_outputs"]

DAY = 86400.0

_PLAIN = {
    "swe": "swe_mean",
    "snow_depth": "snow_depth_mean",
    "snow_cover": "snow_cover_mean",
    "lai": "lai_mean",
    "canopy_water": "canopy_water_mean",
    "t_ground": "t_ground_mean",
    "t_canopy": "t_canopy_mean",
    "t_soil": "soil_temperature_1",
    "le": "le",
    "h": "h",
    "ground_heat": "g",
    "sw_net": "sw_net",
    "lw_net": "lw_net",
    "water_stress": "beta_mean",
    "energy_residual": "energy_residual",
    "leaf_carbon": "leaf_end",
    "stem_carbon": "stem_end",
    "root_carbon": "root_end",
    "wood_carbon": "wood_end",
    "soc_fast": "soc_fast_end",
    "soc_stable": "soc_stable_end",
}
_RATES = {
    "transpiration": "transpiration",
    "soil_evaporation": "evap_soil",
    "interception_evaporation": "evap_interception",
    "precip": "precip",
    "runoff": "runoff",
    "drainage": "drainage",
    "gpp": "gpp",
    "npp": "npp",
    "ra": "ra",
    "rh": "rh",
}


def label_outputs(raw: np.ndarray, times: np.ndarray, columns: Columns) -> xr.Dataset:
    """Name the raw outputs.

    Parameters
    ----------
    raw : (N_OUTPUTS, column, time) array
        What `models.land.run.advance` gives to ``keep``, columns side by side.
    times : (time,) datetime64 array
        Of the output intervals.
    columns : Columns
        After the run: what they are, and the residuals of their balances.

    Returns
    -------
    xr.Dataset
        On (column, time) and (column, layer, time), in the names and units of `models.variables`, float32.
    """
    row = {name: k for k, name in enumerate(OUTPUTS)}
    flat = {name: raw[row[old]] for name, old in _PLAIN.items()}
    flat |= {name: raw[row[old]] * DAY for name, old in _RATES.items()}
    profiles = {
        name: np.stack([raw[row[f"{name}_{k}"]] for k in (1, 2, 3, 4)], axis=1)
        for name in ("soil_moisture", "soil_liquid", "soil_temperature")
    }
    theta = profiles["soil_moisture"]
    porosity = columns.get("theta_max")[:, None]
    flat["ssm"] = theta[:, 0]
    flat["rzsm"] = 0.1 * theta[:, 0] + 0.3 * theta[:, 1] + 0.6 * theta[:, 2]
    flat["smsf"] = 100.0 * flat["ssm"] / porosity
    flat["smrz"] = 100.0 * flat["rzsm"] / porosity
    flat["frozen"] = np.where(raw[row["frozen"]] >= 0.5, 1.0, 0.0)
    flat["et"] = flat["transpiration"] + flat["soil_evaporation"] + flat["interception_evaporation"]
    flat["nee"] = flat["ra"] + flat["rh"] - flat["gpp"]
    par, apar = raw[row["par_mean"]], raw[row["apar_mean"]]
    cover = columns.get("vegetation_fraction")[:, None] * np.where(flat["lai"] > 0.0, 1.0, 0.0)
    # Without light the fraction is that of a closed form of leaf area, so that polar winters have one.
    flat["fpar"] = np.where(par > 1.0, apar / np.maximum(par, 1.0), cover * (1.0 - np.exp(-0.5 * flat["lai"])))
    ds = xr.Dataset(
        {
            name: (("column", "time"), values.astype("float32"), VARIABLES[name].cf_attrs)
            for name, values in flat.items()
        }
        | {
            name: (("column", "layer", "time"), values.astype("float32"), VARIABLES[name].cf_attrs)
            for name, values in profiles.items()
        }
    )
    depth = np.cumsum(LAYERS)
    ds = ds.assign_coords(
        time=times.astype("datetime64[ns]"),
        layer=("layer", [1, 2, 3, 4]),
        depth_top=("layer", depth - np.array(LAYERS), {"units": "m", "positive": "down"}),
        depth_bottom=("layer", depth, {"units": "m", "positive": "down"}),
        column=np.arange(columns.count),
        latitude=("column", columns.table.latitude, {"units": "degrees_north", "standard_name": "latitude"}),
        longitude=("column", columns.table.longitude, {"units": "degrees_east", "standard_name": "longitude"}),
        vegetation=("column", [VEGETATION_CLASSES[k - 1] for k in columns.table.vegetation]),
        soil=("column", [SOIL_CLASSES[k - 1] for k in columns.table.soil]),
    )
    ds["ssm"].attrs["comment"] = "mean over 0-10 cm"
    ds["rzsm"].attrs["comment"] = "mean over 0-100 cm"
    ds["smsf"].attrs["comment"] = "0-10 cm, the model's top layer"
    ds["nee"].attrs["comment"] = "read its anomalies: fast soil carbon needs centuries to settle"
    for name, unit in (
        ("water_worst", "mm"),
        ("water_sum", "mm"),
        ("carbon_worst", "gC m-2"),
        ("energy_worst", "W m-2"),
    ):
        ds[f"residual_{name}"] = ("column", columns.get(name), {"units": unit, "long_name": f"balance: {name}"})
    return ds
