"""Carbon budgets of the land that have been published, each number with its source.

Net fluxes of inversions and budgets hold what L4C leaves out: fires, land use, harvest and trade, rivers. NEE keeps
the sign of this project, negative for uptake.
"""

from typing import NamedTuple

__all__ = ["PUBLISHED", "Published", "published_for"]


class Published(NamedTuple):
    """One published number.

    Attributes
    ----------
    region : str
        "world", a part of `models.partitions.PARTITIONS`, or one of `models.partitions.BIOMES`.
    quantity : str
        Name in `models.variables`.
    value : float
        [Pg C yr-1]; SOC [Pg C].
    low, high : float
        Its stated range, or one standard deviation to either side; NaN where none is stated.
    years : str
        What it holds for.
    method : str
        How it was found.
    source : str
        Where it is printed.
    """

    region: str
    quantity: str
    value: float
    low: float
    high: float
    years: str
    method: str
    source: str


_NAN = float("nan")
BEER = "Beer et al. 2010, Science 329, 834"
BEER_TABLE = f"{BEER}, Table 1"
X_BASE = "Nelson and Walther et al. 2024, Biogeosciences 21, 5079, abstract"
CIAIS = "Ciais et al. 2020, Natl. Sci. Rev. 8, nwaa145, abstract"
PATRA = "Patra et al. 2013, Biogeosciences 10, 513, abstract"
PIAO = "Piao et al. 2012, Biogeosciences 9, 3571 (abstract of the discussion paper)"
PETERS = "Peters et al. 2007, PNAS 104, 18925, abstract"
HAYES = "Hayes et al. 2012, Global Change Biol. 18, 1282, abstract"
SOCCR2 = "SOCCR2 2018, key finding 2 of chapter 8"
DOLMAN = "Dolman et al. 2012, Biogeosciences 9, 5323, abstract"
KOECHY = "Köchy et al. 2015, SOIL 1, 351, abstract"
TARNOCAI = "Tarnocai et al. 2009, Global Biogeochem. Cycles 23, GB2023, abstract"


def _about(region: str, quantity: str, value: float, std: float, *words: str) -> Published:
    return Published(region, quantity, value, round(value - std, 3), round(value + std, 3), *words)


def _biome(name: str, gpp: float) -> Published:
    return Published(name, "gpp", gpp, _NAN, _NAN, "1998-2005", "median of diagnostic models", BEER_TABLE)


PUBLISHED: tuple[Published, ...] = (
    _about("world", "gpp", 123.0, 8.0, "1998-2005", "towers and diagnostic models", f"{BEER}, abstract"),
    _about("world", "gpp", 124.7, 2.1, "2001-2020", "towers, upscaled (X-BASE)", X_BASE),
    Published("world", "rh", 39.0, 33.0, 46.0, "2000-2009", "budget of inventories and products", CIAIS),
    _about("world", "nee", -2.2, 0.6, "2000-2009", "inventories and lateral fluxes", CIAIS),
    _about("world", "nee", -5.75, 0.33, "2001-2020", "towers, upscaled (X-BASE)", X_BASE),
    Published("world", "soc", 1062.0, _NAN, _NAN, "", "HWSD v1.2, bulk densities corrected, 0-100 cm", KOECHY),
    Published("North America", "nee", -0.65, -1.0, -0.4, "2000-2005", "inversion (CarbonTracker)", PETERS),
    _about("North America", "nee", -0.327, 0.252, "2000-2006", "inventories", HAYES),
    _about("North America", "nee", -0.699, 0.082, "2004-2013", "inversions", SOCCR2),
    Published("Russia", "nee", -0.66, _NAN, _NAN, "2000s", "four methods; with Ukraine, Belarus, Kazakhstan", DOLMAN),
    _about("East Asia", "nee", -0.270, 0.507, "1990-2009", "inversions", PIAO),
    _about("East Asia", "nee", -0.264, 0.033, "1990-2009", "inventories and satellites", PIAO),
    _about("South Asia", "nee", -0.104, 0.150, "2007-2008", "inversions", PATRA),
    _about("South Asia", "nee", -0.191, 0.193, "2000-2009", "bottom-up", PATRA),
    _biome("Tropical forests", 40.8),
    _biome("Temperate forests", 9.9),
    _biome("Boreal forests", 8.3),
    _biome("Tropical savannas and grasslands", 31.3),
    _biome("Temperate grasslands and shrublands", 8.5),
    _biome("Tundra", 1.6),
    _biome("Croplands", 14.8),
    Published("northern permafrost region", "soc", 495.8, _NAN, _NAN, "", "NCSCD of 2009, 0-100 cm", TARNOCAI),
)
"""Published numbers, the world first."""


def published_for(region: str, quantity: str) -> tuple[Published, ...]:
    """Return what was published of a region and quantity, in the order of `PUBLISHED`."""
    return tuple(row for row in PUBLISHED if row.region == region and row.quantity == quantity)
