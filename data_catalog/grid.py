"""EASE-Grid 2.0, global cylindrical equal-area (EPSG:6933): where a cell lies and which cell holds a place.

The projection is analytic (Snyder 1987, Eqs. 10-5 to 10-18 and 3-18, WGS 84, true scale at 30 degrees), so no
projection library stands between a coordinate and a row. Row 0 is the northernmost row, column 0 begins at 180 W.

References
----------
Brodzik, M. J., et al. (2012), EASE-Grid 2.0, ISPRS Int. J. Geo-Inf. 1, 32-45, doi:10.3390/ijgi1010032.
Snyder, J. P. (1987), Map projections: a working manual, USGS Prof. Paper 1395.
"""

import math
from dataclasses import dataclass

import numpy as np

__all__ = ["GRIDS", "EaseGrid"]

RADIUS = 6378137.0  # m, semi-major axis of WGS 84
FLATTENING = 1.0 / 298.257223563
ECC2 = FLATTENING * (2.0 - FLATTENING)
ECC = math.sqrt(ECC2)
TRUE_LATITUDE = math.radians(30.0)
K0 = math.cos(TRUE_LATITUDE) / math.sqrt(1.0 - ECC2 * math.sin(TRUE_LATITUDE) ** 2)

WEST = -17367530.4451615  # m, x of the western edge of the grid
NORTH = 7314540.8306386  # m, y of the northern edge of the grid
CELL_9KM = 9008.055210146  # m

# name: (rows, columns, size of a cell [m]). Those of 1, 3, 9 and 36 km nest in one another. 108 km is 3 x 3 cells of
# 36 km: 406 rows and 964 columns are no multiples of 3, so its last row holds one and its last column one row or
# column of 36-km cells that exist; the remainder lies beyond the edge of the map and is empty.
GRIDS = {
    "1km": (14616, 34704, CELL_9KM / 9.0),
    "3km": (4872, 11568, CELL_9KM / 3.0),
    "9km": (1624, 3856, CELL_9KM),
    "36km": (406, 964, CELL_9KM * 4.0),
    "108km": (136, 322, CELL_9KM * 12.0),
}


def authalic(sine):
    """Return Snyder's q (Eq. 3-12) of the sine of the geodetic latitude."""
    return (1.0 - ECC2) * (sine / (1.0 - ECC2 * sine**2) + np.arctanh(ECC * sine) / ECC)


Q_POLE = float(authalic(np.float64(1.0)))


def project(latitude, longitude):
    """Project geodetic coordinates onto the plane of EPSG:6933.

    Parameters
    ----------
    latitude, longitude : array_like
        Degrees north and degrees east (WGS 84).

    Returns
    -------
    x, y : array
        Easting and northing [m] (Snyder Eqs. 10-14 and 10-15).
    """
    x = RADIUS * K0 * np.radians(longitude)
    y = RADIUS * authalic(np.sin(np.radians(latitude))) / (2.0 * K0)
    return x, y


def unproject(x, y):
    """Return latitude and longitude [degrees] of points of the plane of EPSG:6933 [m].

    The series of the authalic latitude (Snyder Eq. 3-18) gives the start; one Newton step (Eq. 3-16) brings the
    latitude to rounding error.
    """
    longitude = np.degrees(np.asarray(x, dtype=np.float64) / (RADIUS * K0))
    q = np.clip(2.0 * np.asarray(y, dtype=np.float64) * K0 / RADIUS, -Q_POLE, Q_POLE)
    beta = np.arcsin(q / Q_POLE)
    phi = (
        beta
        + (ECC2 / 3.0 + 31.0 * ECC2**2 / 180.0 + 517.0 * ECC2**3 / 5040.0) * np.sin(2.0 * beta)
        + (23.0 * ECC2**2 / 360.0 + 251.0 * ECC2**3 / 3780.0) * np.sin(4.0 * beta)
        + (761.0 * ECC2**3 / 45360.0) * np.sin(6.0 * beta)
    )
    sine, cosine = np.sin(phi), np.cos(phi)
    slope = 2.0 * (1.0 - ECC2) * cosine / (1.0 - ECC2 * sine**2) ** 2
    # At the poles the slope vanishes and the series is exact.
    phi = np.where(np.abs(cosine) > 1e-6, phi - (authalic(sine) - q) / np.where(slope == 0.0, 1.0, slope), phi)
    return np.degrees(phi), longitude


@dataclass(frozen=True)
class EaseGrid:
    """One grid of the EASE-Grid 2.0 family.

    Parameters
    ----------
    name : str
        "1km", "3km", "9km", "36km" or "108km".

    Raises
    ------
    KeyError
        If no grid has that name.

    Examples
    --------
    >>> EaseGrid("36km").row_col(89.0, -180.0)
    (array(0), array(0))
    """

    name: str

    def __post_init__(self):
        if self.name not in GRIDS:
            msg = f"No EASE-Grid 2.0 is named {self.name!r}; accepted are {', '.join(GRIDS)}."
            raise KeyError(msg)

    @property
    def shape(self):
        """Rows and columns."""
        rows, columns, _ = GRIDS[self.name]
        return rows, columns

    @property
    def cell_size(self):
        """Length of a cell's side on the plane [m]."""
        return GRIDS[self.name][2]

    @property
    def cell_area(self):
        """Area of a cell on the ellipsoid [m2]; the projection preserves areas, so it is the same everywhere."""
        return self.cell_size**2

    def row_col_exact(self, latitude, longitude):
        """Return fractional row and column: whole numbers are centres of cells, edges lie half-way.

        Parameters
        ----------
        latitude, longitude : array_like
            Degrees; longitudes outside [-180, 180] are brought inside.

        Returns
        -------
        row, column : array of float64
            Neither clipped nor rounded.

        Raises
        ------
        ValueError
            If a latitude lies outside [-90, 90] or a coordinate is not finite.
        """
        latitude = np.asarray(latitude, dtype=np.float64)
        longitude = np.asarray(longitude, dtype=np.float64)
        for field, values in (("latitude", latitude), ("longitude", longitude)):
            if not np.isfinite(values).all():
                msg = (
                    f"{field} holds a value that is not finite; pass degrees and leave out places without coordinates."
                )
                raise ValueError(msg)
        if (np.abs(latitude) > 90.0).any():
            worst = latitude[np.abs(latitude) > 90.0].flat[0]
            msg = f"latitude = {worst:g} degrees lies outside [-90, 90]; are latitude and longitude swapped?"
            raise ValueError(msg)
        longitude = np.where(np.abs(longitude) > 180.0, (longitude + 180.0) % 360.0 - 180.0, longitude)
        x, y = project(latitude, longitude)
        return (NORTH - y) / self.cell_size - 0.5, (x - WEST) / self.cell_size - 0.5

    def row_col(self, latitude, longitude):
        """Return row and column (int) of the cell that holds each place, clipped to the grid at its edges.

        Latitudes beyond 85.044 degrees fall into the first or last row, longitude 180 into the last column.
        Parameters as in `row_col_exact`.
        """
        row, column = self.row_col_exact(latitude, longitude)
        rows, columns = self.shape
        # The last column of the coarse grid is only partly on the map; the map ends at 180 E.
        row = np.clip(np.floor(row + 0.5).astype(np.int64), 0, rows - 1)
        return row, np.clip(np.floor(column + 0.5).astype(np.int64), 0, columns - 1)

    def lat_lon(self, row, column):
        """Return latitude and longitude [degrees] of cell centres; fractional rows and columns are allowed.

        In the last column of the 108-km grid the centre lies beyond 180 E; it is brought back to the map's edge.
        """
        x = WEST + (np.asarray(column, dtype=np.float64) + 0.5) * self.cell_size
        y = NORTH - (np.asarray(row, dtype=np.float64) + 0.5) * self.cell_size
        latitude, longitude = unproject(x, y)
        return latitude, np.minimum(longitude, 180.0)

    def edges(self):
        """Return latitudes of the row edges (rows + 1) and longitudes of the column edges (columns + 1) [degrees]."""
        rows, columns = self.shape
        latitude, _ = self.lat_lon(np.arange(rows + 1) - 0.5, np.zeros(rows + 1))
        _, longitude = self.lat_lon(np.zeros(columns + 1), np.arange(columns + 1) - 0.5)
        return latitude, longitude

    def parent(self, row, column, coarse):
        """Return row and column, in the grid named ``coarse``, of the cell that holds each cell of this grid.

        Raises
        ------
        ValueError
            If the cells of this grid do not nest in those of ``coarse``.
        """
        ratio = EaseGrid(coarse).cell_size / self.cell_size
        if round(ratio) < 1 or abs(ratio - round(ratio)) > 1e-9:
            msg = f"Cells of {self.name} do not nest in those of {coarse}: the ratio of sizes is {ratio:.3f}."
            raise ValueError(msg)
        return np.asarray(row) // round(ratio), np.asarray(column) // round(ratio)
