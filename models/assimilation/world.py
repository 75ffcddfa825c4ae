"""What a twin needs of a world, handed over as functions, so that the engine reads no files."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.climatology import DAYS, day_of_365
from models.land.columns import ColumnTable
from models.regions import Region

__all__ = ["LONGEST", "World"]

LONGEST = 10 * DAYS
"""Most days of a run."""


@dataclass(frozen=True, eq=False)
class World:
    """Weather and land of a grid.

    Attributes
    ----------
    name : str
        For keys and labels, as "reference-earth 108km".
    latitude, longitude : (cell,) array
        Of all cells of the grid [degrees].
    first_year : int
        Year of day 0, the first of January; years have 365 days.
    n_year : int
        Years of weather there are.
    table_of : callable
        cells -> `ColumnTable` of those cells.
    forcing_of : callable
        (cells, first_day, last_day, step_hours) -> (step, cell, 8) weather in the order of
        `models.land.layout.FORCING`, in local solar time.
    fields_of : callable
        cells -> mapping of further fields of the place that sensors and masks use, each (cell,): sand, clay [%],
        elevation [m], terrain (share of complex terrain) and rfi (probability of interference) [1].
    usable : (cell,) bool array, optional
        Cells that can be run: land that is neither ice nor water.
    """

    name: str
    latitude: np.ndarray
    longitude: np.ndarray
    first_year: int
    n_year: int
    table_of: Callable[[np.ndarray], ColumnTable]
    forcing_of: Callable[[np.ndarray, int, int, float], np.ndarray]
    fields_of: Callable[[np.ndarray], dict[str, np.ndarray]]
    usable: np.ndarray | None = None

    def cells_in(self, region: Region) -> np.ndarray:
        """Return the cells of a region that can be run.

        Raises
        ------
        ValueError
            If there is none.
        """
        inside = region.contains(self.latitude, self.longitude)
        if self.usable is not None:
            inside &= self.usable
        cells = np.flatnonzero(inside)
        if not cells.size:
            msg = (
                f"Region {region.name!r} ({region.west:g} to {region.east:g} E, {region.south:g} to {region.north:g} N)"
                f" holds no cell of {self.name} with land: choose another or a larger one."
            )
            raise ValueError(msg)
        return cells

    def days_of(self, period: tuple[str, str]) -> tuple[np.ndarray, int]:
        """Return the days of a period, without 29 February, and the number of the first since day 0.

        Parameters
        ----------
        period : (str, str)
            First and last day as 2015-03-31; "" is the first or last of the world's first year.

        Raises
        ------
        ValueError
            If the period reaches beyond the weather, or is longer than `LONGEST` days.
        """
        begin, end = (np.datetime64(f"{year}-01-01", "D") for year in (self.first_year, self.first_year + self.n_year))
        first = np.datetime64(period[0], "D") if period[0] else begin
        last = np.datetime64(period[1], "D") if period[1] else np.datetime64(f"{self.first_year}-12-31", "D")
        if not begin <= first <= last < end:
            msg = (
                f"period = {first} to {last} is not within the weather of {self.name}, {begin} to {end - 1}: choose"
                " days within it."
            )
            raise ValueError(msg)
        days = np.arange(first, last + 1)
        place = day_of_365(days)
        days, place = days[place >= 0], place[place >= 0]
        if days.size > LONGEST:
            msg = f"period has {days.size:,} days: the most is {LONGEST:,}."
            raise ValueError(msg)
        if not days.size:
            msg = f"period = {first} to {last} is a leap day alone, which the weather of {self.name} does not have."
            raise ValueError(msg)
        year = int(str(days[0])[:4])
        return days, (year - self.first_year) * DAYS + int(place[0])
