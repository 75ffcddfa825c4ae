"""Monthly temperature, rain, snowfall, humidity and pressure at the land cells, from coarse maps and harmonics."""

import numpy as np

from data_catalog.world.build_land import coarse_elevation
from data_catalog.world.build_sources import RegularGrid, read_npz, read_tropo_grid
from data_catalog.world.sun import MID_MONTH, MONTH_DAYS

__all__ = [
    "LAPSE_RATE",
    "SNOWFALL",
    "cloud_water",
    "fit_snowfall",
    "humidity_pressure",
    "rain",
    "snowfall",
    "snowfall_shape",
    "temperature",
]

LAPSE_RATE = -5.5e-3  # K m-1, mean decrease of the 2-m temperature with height; global land mean of surface stations
# Factor of `snowfall`, fitted by least squares to what the rain map lacks in 716 mean months below 8 C at 123 towers of
# FLUXNET2015 (Pastorello et al. 2020, doi:10.1038/s41597-020-0534-3, CC BY 4.0); the benchmark `climate` repeats the
# fit, leaving out a tenth of the towers at a time.
SNOWFALL = 0.95
SNOW_ONLY, NO_SNOW = -4.0, 8.0  # monthly mean temperature [C] below and above which the share of snow does not change
LEAST_VAPOUR = 5.0  # Pa; harmonics of the coldest cells come near 0

GRAVITY, MOLAR_MASS, GAS = 9.80665, 28.965e-3, 8.3143


def temperature(paths, latitude, longitude, elevation, topography):
    """Monthly mean 2-m air temperature [K], (cell, 12), moved from the map's surface to the cell's elevation.

    Maps of ITU-R P.1510-1 (0.75 degree), read between the nodes; the difference between the cell and the mean
    topography of 0.75 degree is bridged at `LAPSE_RATE`.
    """
    lift = LAPSE_RATE * (elevation - coarse_elevation(topography, latitude, longitude, 0.75))
    months = []
    for month in range(1, 13):
        values = read_npz(paths["itur"], f"itur/data/1510/v1_t_month{month:02d}.npz")
        months.append(RegularGrid(values, -90.0, -180.0, 0.75, 0.75).at(latitude, longitude) + lift)
    return np.stack(months, axis=1)


def rain(paths, latitude, longitude):
    """Monthly mean of liquid rain [mm d-1], (cell, 12): ITU-R P.837-7 (0.25 degree), which holds next to no snow."""
    months = []
    for month in range(1, 13):
        values = read_npz(paths["itur"], f"itur/data/837/v7_mt_month{month:02d}.npz")[1:-1, 1:-1]
        grid = RegularGrid(values, -89.875, -179.875, 0.25, 0.25)
        months.append(grid.at(latitude, longitude) / MONTH_DAYS[month - 1])
    return np.stack(months, axis=1)


def snowfall_shape(rain, t_air, vapour_pressure):
    """Snowfall [mm d-1] up to a factor, of what `snowfall` depends on."""
    warmth = np.clip((t_air - 273.15 - SNOW_ONLY) / (NO_SNOW - SNOW_ONLY), 0.0, 1.0)
    share = 1.0 - warmth**2 * (3.0 - 2.0 * warmth)
    return share * np.cbrt(rain / (np.maximum(vapour_pressure, LEAST_VAPOUR) / 100.0))


def snowfall(rain, t_air, vapour_pressure, factor=SNOWFALL):
    """Mean snowfall of each month [mm d-1], (cell, 12): what the map of liquid rain lacks.

    ``factor * share(T) * (rain / e)**(1/3)`` with rain in mm d-1 and vapour pressure e in hPa. Even in deep frost the
    map keeps a little rain, and how much tells wet winters from dry ones; the colder (the less vapour), the smaller
    is the liquid part. The share falls smoothly from 1 at `SNOW_ONLY` to 0 at `NO_SNOW`: months that are warmer keep
    their rain, and without any rain there is no snow. Exponent and temperatures are rounded from a free fit; the
    factor is fitted. Gauges catch too little snow in wind and were not corrected, so the snowfall is a low estimate.

    Parameters
    ----------
    rain : (cell, 12) array
        Liquid rain [mm d-1].
    t_air, vapour_pressure : (cell, 12) array
        K, Pa.
    factor : float
        See `fit_snowfall`.
    """
    return factor * snowfall_shape(rain, t_air, vapour_pressure)


def fit_snowfall(shape, missing):
    """Least-squares factor between `snowfall_shape` and the precipitation [mm d-1] that the rain map lacks.

    Months without snow (shape 0) and pairs with NaN are left out.

    Returns
    -------
    float
    """
    use = np.isfinite(missing) & (shape > 0.0)
    return float((shape[use] * missing[use]).sum() / (shape[use] ** 2).sum())


def cloud_water(paths, latitude, longitude):
    """Annual probability [%] that a cloud holds liquid water, (cell,): ITU-R P.840-7 (1.125 degree)."""
    values = read_npz(paths["itur"], "itur/data/840/v7_pclw.npz")
    return np.clip(RegularGrid(values, 90.0, 0.0, -1.125, 1.125).at(latitude, longitude), 0.0, 100.0)


def humidity_pressure(paths, latitude, longitude, elevation):
    """Monthly mean vapour pressure and surface pressure [Pa], two (cell, 12) arrays.

    GPT2w (Boehm et al. 2015): annual and semi-annual harmonics at the surface of a 1-degree grid, read between its
    nodes after each was moved to the cell's elevation: pressure by the barometric formula with virtual temperature,
    vapour pressure as a power of pressure (Askne and Nordius 1987, Eq. 14).
    """
    grids = read_tropo_grid(paths["gnssrefl"])
    year = 2.0 * np.pi * (MID_MONTH - 0.5) / 365.25
    waves = np.stack([np.ones(12), np.cos(year), np.sin(year), np.cos(2 * year), np.sin(2 * year)])

    row = np.clip((89.5 - latitude), 0.0, 179.0)
    column = np.mod(longitude - 0.5, 360.0)
    top, left = np.minimum(row.astype(int), 178), column.astype(int)
    vapour, pressure = np.zeros((latitude.size, 12)), np.zeros((latitude.size, 12))
    for down in (0, 1):
        for right in (0, 1):
            r, c = top + down, (left + right) % 360
            weight = np.abs(1 - down - (row - top)) * np.abs(1 - right - (column - left))
            p0, t0, q = (grids[k][r, c] @ waves for k in ("pressure", "t_air", "q_air"))
            q = np.maximum(q, 2e-5)
            rise = (elevation - grids["height"][r, c])[:, None]
            scale = GRAVITY * MOLAR_MASS / (GAS * t0 * (1.0 + 0.6077 * q))
            p = p0 * np.exp(-scale * rise)
            exponent = np.clip(grids["decrease"][r, c] @ waves, 0.0, 6.0) + 1.0
            e = q * p0 / (0.622 + 0.378 * q) * (p / p0) ** exponent
            vapour += weight[:, None] * e
            pressure += weight[:, None] * p
    return vapour, pressure
