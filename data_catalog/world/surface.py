"""What the land surface model is told of each cell: vegetation, soil, deep temperature, each with where it comes from.

Vegetation is mapped (MODIS land cover), the deep temperature follows from the mapped climate, the soil is assumed:
no openly licensed soil map ships with the packages this world is made of.
"""

import numpy as np
import xarray as xr

from data_catalog.world.disturbances import ASSUMPTIONS as DISTURBED
from data_catalog.world.disturbances import complex_terrain, radio_interference
from data_catalog.world.hourly import positions
from data_catalog.world.phenology import fpar
from data_catalog.world.static import open_static
from data_catalog.world.store import FPAR_SCALE, SEED
from data_catalog.world.weather import MONTH_DAYS, lattice
from models.draws import normal_pair
from models.kernel import kernel
from models.land.columns import ColumnTable, column_table
from models.land.texture import texture_class

__all__ = ["ASSUMPTIONS", "column_table_of", "surface"]

STREAM_SOIL = 105  # of the counter-based draws, and the next one; the weather has 101 to 104
SOIL_SPACING = (0.08, 0.025)  # of the lattices of soil, in radii of the Earth: 510 and 160 km (assumed)
SAND_SPREAD, CLAY_SPREAD = 9.0, 6.0  # %, standard deviation of the soil between places of one climate (assumed)
CLOSED_CANOPY = 0.95  # fPAR of land that leaves cover
MOST_COVER = 0.95
THAW_FACTOR = 1.06  # n-factor of months above freezing [1], fitted
SNOW_FACTOR, SNOW_SCALE = 0.5, 40.0  # least n-factor under snow [1], snow over which it falls [mm]
MELT = 273.15
FORCING_HEIGHT = 10.0  # m above the canopy's displacement
ICE, URBAN = 15, 13

ASSUMPTIONS = {
    "vegetation": (
        "IGBP class with the largest share of the cell's land in MCD12C1 2019; ice and towns are passed over, which "
        "the model has no vegetation for, wherever the cell has another class"
    ),
    "vegetation_fraction": (
        f"assumed: peak of the year's fPAR of the cell's plant types over that of a closed canopy ({CLOSED_CANOPY}), "
        f"at most {MOST_COVER}; the peak follows mapped fAPAR (PT-JPL), see the assumptions of the world"
    ),
    "t_bottom": (
        "annual mean of mapped air temperature [degC] times n-factors, in the form of Smith and Riseborough (1996, "
        "Permafrost Periglac. Process. 7, 27): 1.06 above freezing, below from 1 without snow to 0.5 under deep snow "
        "(fitted to mean soil temperature less air temperature under FLUXNET2015 towers: `tests.benchmarks hourly`)"
    ),
    "sand": "assumed by Koeppen class and land cover, with a seeded variation in space (9 % sand, 6 % clay)",
    "soil": "assumed: USDA texture class of the assumed sand and clay",
    "soil_colour": "assumed: 4 everywhere, the middle of the table",
} | DISTURBED
ASSUMPTIONS["clay"] = ASSUMPTIONS["sand"]


def dominant_class(igbp_fraction):
    """Return the IGBP class (1 to 16) with the largest share of each cell (cell, 16), but ice or towns if it can be."""
    share = np.array(igbp_fraction, dtype=float)
    share[:, [ICE - 1, URBAN - 1]] *= 1e-6
    return share.argmax(axis=1) + 1


def deep_temperature(t_air, snowfall):
    """Return the temperature of the ground below the yearly wave [K] from monthly air temperature and snowfall.

    The mean of surface temperatures (Smith and Riseborough 1996): air temperature [degC] times an n-factor, which falls
    from 1 to 0.5 with the winter's snow [mm] in months below freezing and is a little above 1 in the others.
    """
    celsius = np.asarray(t_air, float) - MELT
    winter = np.where(celsius < 0.0, np.asarray(snowfall, float) * MONTH_DAYS, 0.0).sum(axis=1)
    factor = 1.0 - SNOW_FACTOR * (1.0 - np.exp(-winter / SNOW_SCALE))
    surface_temperature = np.where(celsius < 0.0, celsius * factor[:, None], celsius * THAW_FACTOR)
    return MELT + (surface_temperature * MONTH_DAYS).sum(axis=1) / MONTH_DAYS.sum()


@kernel
def draw_nodes(names, seed, stream, out):
    """Fill ``out`` (2, node) with two normal numbers of each node."""
    for k in range(names.shape[0]):
        out[0, k], out[1, k] = normal_pair(seed, stream, names[k], 0)


def soil_noise(static: xr.Dataset, seed: int) -> np.ndarray:
    """Return two fields (2, cell) of mean 0 and variance 1, alike over the spacings of the lattices."""
    latitude, longitude = static["latitude"].values.astype(float), static["longitude"].values.astype(float)
    found = np.zeros((2, latitude.size))
    for level, spacing in enumerate(SOIL_SPACING):
        node, weight, names = lattice(latitude, longitude, spacing)
        value = np.empty((2, names.size))
        draw_nodes(names, seed, STREAM_SOIL + level, value)
        found += np.sqrt(1.0 / len(SOIL_SPACING)) * (weight * value[:, node]).sum(axis=2)
    return found


def surface(grid: str, cells: np.ndarray | None = None, *, seed: int = SEED) -> xr.Dataset:
    """Describe the land of some cells for the land surface model.

    Parameters
    ----------
    grid : str
        "36km" or "108km".
    cells : (n,) int array, optional
        Positions along ``cell`` of `open_static`; all of them if not given.
    seed : int
        Of the soil's variation in space.

    Returns
    -------
    Dataset
        On (cell): vegetation (IGBP class), soil (STAS class), vegetation_fraction [1], t_bottom [K], sand, clay [%],
        soil_colour, elevation [m], latitude, longitude, forcing_height [m], and what disturbs radiometers, terrain and
        rfi [1]. The attribute ``source`` of each says whether it is mapped, assumed or synthetic.

    Raises
    ------
    ValueError
        If there is no such grid.
    IndexError
        If a cell is not in the world.
    """
    static = open_static(grid)
    cells = positions(static, cells)
    part = static.isel(cell=cells)
    leaves = np.asarray(fpar(part)) * FPAR_SCALE
    cover = np.einsum("cp,cps->cs", part["pft_fraction"].values.astype(float), leaves).max(axis=1)
    noise = soil_noise(part, seed)
    sand = np.clip(part["sand"].values + SAND_SPREAD * noise[0], 5.0, 92.0)
    clay = np.clip(part["clay"].values + CLAY_SPREAD * noise[1], 3.0, 60.0)
    clay = np.minimum(clay, 97.0 - sand)
    n = cells.size
    fields = {
        "vegetation": (dominant_class(part["igbp_fraction"].values), "1", "MODIS-IGBP class"),
        "soil": (texture_class(sand / 100.0, clay / 100.0), "1", "STAS soil class"),
        "vegetation_fraction": (np.clip(cover / CLOSED_CANOPY, 0.01, MOST_COVER), "1", "fraction under vegetation"),
        "t_bottom": (deep_temperature(part["t_air"].values, part["snowfall"].values), "K", "deep soil temperature"),
        "sand": (sand, "%", "sand fraction of the soil"),
        "clay": (clay, "%", "clay fraction of the soil"),
        "soil_colour": (np.full(n, 4), "1", "class of soil brightness, 1 bright to 8 dark"),
        "forcing_height": (np.full(n, FORCING_HEIGHT), "m", "height of the weather above the canopy's displacement"),
        "terrain": (complex_terrain(grid)[cells], "1", "share of complex terrain"),
        "rfi": (radio_interference(grid)[cells], "1", "probability of radio-frequency interference"),
    }
    ds = xr.Dataset(
        {
            name: ("cell", values, {"units": unit, "long_name": title, "source": ASSUMPTIONS.get(name, "assumed")})
            for name, (values, unit, title) in fields.items()
        },
        coords={"cell": cells},
    )
    ds["elevation"] = part["elevation"].variable
    for name in ("latitude", "longitude"):
        ds[name] = ("cell", part[name].values.astype(float), part[name].attrs)
    ds.attrs = {"source": "mapped land cover and climate; soil, cover and colour assumed, as each field says"}
    return ds


def column_table_of(grid: str, cells: np.ndarray | None = None, *, seed: int = SEED) -> ColumnTable:
    """Return one column for each cell, whose weather is that of `data_catalog.world.hourly.hourly_forcing`.

    Parameters
    ----------
    grid, cells, seed
        As in `surface`.
    """
    ds = surface(grid, cells, seed=seed)
    names = ("vegetation_fraction", "t_bottom", "latitude", "longitude", "forcing_height", "soil_colour")
    return column_table(ds["vegetation"].values, ds["soil"].values, **{name: ds[name].values for name in names})
