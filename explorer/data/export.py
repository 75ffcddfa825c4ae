"""A shown series or map as a file: CSV or NetCDF, with its sources and licences."""

import re

import numpy as np
import xarray as xr

from explorer.data.forcing import ForcingRun
from explorer.data.maps import CellSeries, FileMap
from explorer.data.series import Record, Series, open_record
from explorer.export import netcdf_bytes, program, table_text
from explorer.tower_stack import StackRun
from models.variables import VARIABLES

__all__ = [
    "cell_csv",
    "forcing_netcdf",
    "land_run_netcdf",
    "map_netcdf",
    "map_source_words",
    "series_csv",
    "series_name",
    "series_netcdf",
    "source_words",
    "stack_csv",
    "stack_netcdf",
]

KEPT = ("title", "source", "citation", "licence", "acknowledgement", "processing", "partitioning", "history")


def source_words(record: Record) -> dict[str, str]:
    """Return what must be told of a dataset: title, source, citation, licence and more, as far as it is known."""
    row, attrs = record.item.row, record.ds.attrs
    words = {name: str(attrs[name]) for name in KEPT if attrs.get(name)}
    known = {"title": row.title, "citation": row.citation, "licence": row.licence, "product": row.product}
    known |= {"file": row.shown, "version": row.version}
    return {name: text for name, text in {**known, **words}.items() if text}


def series_name(record: Record, series: Series, ending: str) -> str:
    """Return a name for a file of a series that every system accepts."""
    row = record.item.row
    words = f"{row.product}-{series.site or row.site or 'series'}-{series.channel.name}".lower()
    return f"{re.sub(r'[^a-z0-9]+', '-', words).strip('-')[:70]}.{ending}"


def _place(record: Record) -> str:
    row = record.item.row
    if row.latitude is None:
        return ""
    return f"latitude {row.latitude:.4f}, longitude {row.longitude:.4f}"


def series_csv(record: Record, series: Series) -> str:
    """Return the series as a table of text: what it is above, then time, value and share of good values."""
    quantity = VARIABLES[series.channel.name]
    head = [
        f"{series.channel.label} of {series.site or record.item.name}, {series.step_words}",
        *filter(None, [_place(record)]),
        *(f"{name}: {text}" for name, text in source_words(record).items()),
        f"program: {program()}",
    ]
    times = np.datetime_as_string(series.time, "s" if series.step < np.timedelta64(1, "D") else "D")
    columns = ["time", f"{series.channel.name} [{quantity.unit}]", "good [share 0-1]"]
    goods = series.good if series.flagged else np.full(series.values.size, np.nan)
    return table_text(zip(times, series.values, goods, strict=True), head, columns)


def series_netcdf(record: Record, series: Series) -> bytes:
    """Return the series as NetCDF, with sources and licences in its attributes."""
    name = series.channel.name
    ds = xr.Dataset({name: ("time", series.values, VARIABLES[name].cf_attrs)}, coords={"time": series.time})
    if series.flagged:
        ds[f"{name}_good"] = (
            "time",
            series.good,
            {"long_name": f"share of good values of {VARIABLES[name].long_name}", "units": "1"},
        )
    row = record.item.row
    for coordinate, value, unit in (
        ("latitude", row.latitude, "degrees_north"),
        ("longitude", row.longitude, "degrees_east"),
    ):
        if value is not None:
            ds.coords[coordinate] = ((), float(value), {"units": unit, "standard_name": coordinate})
    ds.attrs = {"Conventions": "CF-1.10", **source_words(record), "program": program()}
    if series.channel.layer >= 0:
        ds.attrs["layer"] = series.channel.layer + 1
    if series.site or row.site:
        ds.attrs["site"] = series.site or row.site
    return netcdf_bytes(ds)


WORLD_LICENCE = "Land Carbon Explorer: BSD-3-Clause; land and climate: each field's own"


def map_source_words(drawn: FileMap) -> dict[str, str]:
    """Return what must be told of a map: the file's source, citation and licence, and what stands beside it."""
    words = source_words(open_record(drawn.sheet.item))
    words["file"] = "; ".join(part.row.shown or part.name for part in drawn.sheet.parts[:20])
    if drawn.world is not None:
        words |= {"world": drawn.source, "licence of the world": WORLD_LICENCE}
    return words


def map_netcdf(drawn: FileMap) -> bytes:
    """Return a map as NetCDF on (cell): the file's values, the world's, and world less file, with their sources."""
    name, cells = drawn.wish.variable, drawn.cells
    attrs = VARIABLES[name].cf_attrs
    ds = xr.Dataset({f"{name}_obs": ("cell", drawn.values, attrs)})
    if drawn.world is not None:
        ds[f"{name}_sim"] = ("cell", drawn.world, attrs | {"source": drawn.source})
        ds[f"{name}_difference"] = ("cell", drawn.world - drawn.values, attrs | {"comment": "world less file"})
        s = drawn.scores
        ds.attrs = {"r": float(s.r), "rmse": float(s.rmse), "ubrmse": float(s.ubrmse), "bias": float(s.bias)}
        ds.attrs["n"] = int(s.n)
    ds = ds.assign_coords(
        latitude=("cell", cells.latitude, {"units": "degrees_north", "standard_name": "latitude"}),
        longitude=("cell", cells.longitude, {"units": "degrees_east", "standard_name": "longitude"}),
        row=("cell", cells.row),
        column=("cell", cells.column),
    )
    about = {"Conventions": "CF-1.10", "grid": f"EASE2 {cells.grid[:-2]} km", "time": drawn.wish.time}
    words = {key.replace(" ", "_"): text for key, text in map_source_words(drawn).items()}
    return netcdf_bytes(ds.assign_attrs({**about, **words, "program": program()}))


def cell_csv(drawn: FileMap, cell: CellSeries) -> str:
    """Return a cell's series, the file's and the world's, as a table of text."""
    name = drawn.wish.variable
    unit = VARIABLES[name].unit
    head = [
        f"{VARIABLES[name].long_name} of the {drawn.cells.grid} cell at {cell.latitude:.4f}, {cell.longitude:.4f}",
        *(f"{key}: {text}" for key, text in map_source_words(drawn).items()),
        f"program: {program()}",
    ]
    times = np.datetime_as_string(cell.time, "s")
    rows = [(time, "file", value) for time, value in zip(times, cell.values, strict=True)]
    rows += [(str(day), "world", value) for day, value in zip(cell.world_time, cell.world, strict=True)]
    return table_text(rows, head, ["time", "of", f"{name} [{unit}]"])


def stack_netcdf(run: StackRun) -> bytes:
    """Return a stack's drivers and the run that they drove as NetCDF; both say who gave which day."""
    drivers = run.drivers.drop_vars([name for name in run.drivers.variables if name in run.result.variables])
    both = run.result.merge(drivers, combine_attrs="override")
    about = {"driver_sources": run.drivers.attrs["driver_sources"], "program": program()}
    kept = {name: str(run.drivers.attrs[name]) for name in KEPT if name in run.drivers.attrs}
    return netcdf_bytes(both.assign_attrs({**kept, **run.result.attrs, **about}))


def stack_csv(run: StackRun) -> str:
    """Return who gave which share of the days of each driver, and the order that was asked for, as a table of text."""
    attrs = run.drivers.attrs
    head = [
        f"Drivers of L4C at {run.item.name}",
        *(f"{name}: {attrs[name]}" for name in KEPT if name in attrs),
        f"program: {program()}",
    ]
    rows = [
        (
            row.driver,
            " > ".join(run.order[row.driver]),
            "next" if run.fill[row.driver] else "left",
            row.source,
            row.share,
        )
        for row in run.shares.itertuples()
    ]
    return table_text(rows, head, ["driver", "order", "gaps", "source", "share of days [0-1]"])


def forcing_netcdf(run: ForcingRun) -> bytes:
    """Return weather that was put together as NetCDF, which ``run --forcing`` takes; it says who gave which step."""
    return netcdf_bytes(run.drivers.assign_attrs(program=program()))


def land_run_netcdf(run: ForcingRun) -> bytes:
    """Return a run of the land surface model on weather that was put together, with who gave it."""
    about = {name: str(run.drivers.attrs[name]) for name in ("citation", "licence") if name in run.drivers.attrs}
    return netcdf_bytes(run.result.assign_attrs({**run.result.attrs, **about, "program": program()}))
