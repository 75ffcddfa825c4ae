"""What a run of columns needs, put together from the choices and the weather."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from models.land.columns import Columns, ColumnTable, cold_start
from models.land.description import describe_columns
from models.land.forcing import forcing_array
from models.land.options import LandChoices
from models.land.run import LandOptions

__all__ = ["LandPlan", "plan_columns", "start"]

HOUR = 3600.0


class LandPlan(NamedTuple):
    """A run that was checked and can start.

    Attributes
    ----------
    forcing : xr.Dataset
        Weather on (time, site), lazy or not.
    table : ColumnTable
        The columns; ``site`` counts along the forcing.
    sites : (column,) int array
        Whose weather each column takes, counted as in the data set that was planned.
    names : (column,) array or None
        Their names.
    overrides : dict
        Parameters that differ from the tables, (column,) or one for all.
    options : LandOptions
        How the model runs.
    choices : LandChoices
        As the experiment gives them.
    """

    forcing: xr.Dataset
    table: ColumnTable
    sites: np.ndarray
    names: np.ndarray | None
    overrides: dict[str, np.ndarray | float]
    options: LandOptions
    choices: LandChoices

    def part(self, columns: np.ndarray) -> "LandPlan":
        """Return the plan of some of the columns, with the weather that they take."""
        table = ColumnTable(*(values[columns] for values in self.table))
        sites, site = np.unique(table.site, return_inverse=True)
        whole = sites.size == self.forcing.sizes["site"]
        overrides = {
            name: value[columns] if np.size(value) == self.table.site.size > 1 else value
            for name, value in self.overrides.items()
        }
        return self._replace(
            forcing=self.forcing if whole else self.forcing.isel(site=sites),
            table=table._replace(site=site.reshape(-1)),
            sites=self.sites[columns],
            names=None if self.names is None else self.names[columns],
            overrides=overrides,
        )

    def weather(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the weather (step, site, 8) with the sun's height, and the times of its steps."""
        needed = self.forcing.sizes["site"]
        latitude, longitude = np.zeros(needed), np.zeros(needed)
        # The sun's hour angle is that of a UTC clock as many degrees further west.
        latitude[self.table.site] = self.table.latitude
        longitude[self.table.site] = self.table.longitude - 15.0 * self.options.utc_offset
        how = {"stamp": self.options.stamp, "start": self.options.start}
        # All variables of lazy weather are made at once.
        return forcing_array(self.forcing.compute(), self.options.dt, latitude, longitude, **how)


def plan_columns(choices: LandChoices, ds: xr.Dataset) -> LandPlan:
    """Check what a run needs, without reading the weather.

    Parameters
    ----------
    choices : LandChoices
        Of the experiment.
    ds : xr.Dataset
        See `run_columns`.

    Raises
    ------
    ValueError
        See `models.land.description.describe_columns`.
    """
    if "time" not in ds.coords:
        ds = ds.assign_attrs(dt_seconds=ds.attrs.get("dt_seconds", HOUR * choices.record_step))
    forcing, table, names, texture = describe_columns(ds, choices)
    options = _options(choices, forcing, table)
    return LandPlan(forcing, table, table.site, names, dict(choices.parameters) | texture, options, choices)


def start(plan: LandPlan) -> Columns:
    """Make the columns of a plan in the state of a cold start."""
    options = plan.options
    how = {"soil_moisture": options.soil_moisture, "lai": options.lai, "van_genuchten": options.van_genuchten}
    return cold_start(plan.table, overrides=plan.overrides, **how)


def _options(choices: LandChoices, forcing: xr.Dataset, table: ColumnTable) -> LandOptions:
    """Translate the choices, with what the forcing says of its clock where they leave it to it."""
    offset = choices.utc_offset or float(forcing.attrs.get("utc_offset", 0.0))
    if not choices.utc_offset and forcing.attrs.get("clock") == "local standard time":
        offset = float(np.rint(((float(table.longitude[0]) + 180.0) % 360.0 - 180.0) / 15.0))
    return LandOptions(
        dt=choices.time_step * HOUR,
        van_genuchten=choices.hydraulics == "van_genuchten",
        groundwater=choices.drainage == "groundwater",
        spin_up=choices.cycles - 1,
        settle=choices.stop_when_settled,
        soil_carbon=choices.soil_carbon,
        output=choices.output,
        parameters=choices.parameters,
        soil_moisture=choices.soil_moisture,
        lai=choices.lai,
        stamp=str(forcing.attrs.get("stamp", "end")) if choices.stamp == "auto" else choices.stamp,
        start=choices.start,
        utc_offset=offset,
    )
