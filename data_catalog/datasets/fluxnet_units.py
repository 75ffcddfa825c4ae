"""Notice a tower file whose numbers cannot be in the unit its column promises."""

import numpy as np
import xarray as xr

from models.variables import VARIABLES

__all__ = ["MAX_OUTSIDE", "check_units"]

MAX_OUTSIDE = 0.01
"""Largest share of values outside the physical bounds that counts as spikes, not as a wrong unit."""

_SUB_DAILY_FACTOR = 8.0
"""A half hour's flux may exceed what a whole day can have by this factor."""

_HINTS = (
    # variable, least number of values, largest value that is suspicious, what it looks like, what is accepted
    ("vpd", 60, 200.0, "kPa", "hPa"),
    ("sw_down", 300, 50.0, "MJ m-2 d-1", "W m-2"),
    ("ssm", 60, 0.015, "m3 m-3", "% by volume"),
    ("rzsm", 60, 0.015, "m3 m-3", "% by volume"),
)
_EXPECTED = {"t_air": "deg C", "tmin": "deg C", "t_soil": "deg C", "vpd": "hPa", "pressure": "kPa", "precip": "mm"}


def check_units(ds: xr.Dataset, columns: dict[str, str | None], label: str, step: str) -> None:
    """Raise on an unlikely unit; turn single values outside the physical bounds into gaps, and count them.

    Parameters
    ----------
    ds : xr.Dataset
        Tower variables already in our units; changed in place.
    columns : dict
        Our name -> column of the file, for messages.
    label, step : str
        Name of the file; resolution tag.

    Raises
    ------
    ValueError
        More than `MAX_OUTSIDE` of a variable lies outside its bounds, or all of it is suspiciously small.
    """
    for name in [str(n) for n in ds.data_vars if n in VARIABLES]:
        quantity, values = VARIABLES[name], ds[name].to_numpy()
        column = columns.get(name) or ds[name].attrs.get("column", name)
        sub_daily = step in {"HH", "HR"} and quantity.unit in {"gC m-2 d-1", "mm d-1"}
        low, high = (-100.0, quantity.high * _SUB_DAILY_FACTOR) if sub_daily else (quantity.low, quantity.high)
        if name == "gpp":
            low = min(low, -20.0)
        if name == "reco":
            low = min(low, -20.0)
        held = ~np.isnan(values)  # an infinite value is outside
        outside = held & ((values < low) | (values > high))
        if outside.sum() > max(MAX_OUTSIDE * held.sum(), 0.5) and outside.sum() > 2:
            unit = _EXPECTED.get(name, quantity.unit)
            worst = values[outside][0]
            fill = outside.sum() > 1 and np.ptp(values[outside]) == 0.0
            advice = "all are the same, as a fill value: write -9999 in its place" if fill else "convert it"
            msg = (
                f"{label}: {outside.sum()} of {held.sum()} values of {column} lie outside [{low:g}, {high:g}] "
                f"{quantity.unit} (first: {worst:g}); the column is expected in {unit}: {advice}."
            )
            raise ValueError(msg)
        if outside.any():
            ds[name] = ds[name].where(~outside)
            ds[name].attrs["values_outside_bounds"] = int(outside.sum())
    for name, least, limit, looks, accepted in _HINTS:
        if name in ds:
            values = ds[name].to_numpy()
            values = values[np.isfinite(values)]
            warm = "t_air" not in ds or float(ds["t_air"].max()) > 283.15
            if values.size >= least and values.max() < limit and values.max() > 0.0 and warm:
                column = columns.get(name) or ds[name].attrs.get("column", name)
                msg = (
                    f"{label}: {column} never exceeds {values.max():g} {VARIABLES[name].unit} after conversion; "
                    f"it looks like {looks}, and {accepted} is expected. Convert it."
                )
                raise ValueError(msg)
