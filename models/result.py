"""What a result looks like: its variables, their attributes and cell methods, its time steps, where it came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from models.l4c.run import OUTPUTS, POOLS, Setup
from models.output import Layout
from models.provenance import now, versions
from models.variables import VARIABLES

__all__ = ["FLUXES", "Steps", "block_of_result", "layout_of", "steps_of"]

FLUXES = ("gpp", "npp", "ra", "rh", "rh_fast", "rh_med", "rh_slow", "nee")
_STATIC = ("latitude", "longitude", "area", "row", "column", "elevation", "pft", "pft_fraction")
_COORDS = ("cell", "time", "latitude", "longitude")
REFERENCES = "Jones et al. 2017, doi 10.1109/JSTARS.2017.2693678"
N_PFT = 8
_CARRIED = (
    *("static_source", "static_licence", "citation", "acknowledgement", "processing", "grid", "site"),
    "driver_sources",
)


@dataclass(frozen=True)
class Steps:
    """Output steps of a record.

    Attributes
    ----------
    kind : str
        "daily", "monthly" or "annual".
    days : slice
        Days of the record that are reported.
    starts : (step,) int array
        First day of each step, counted from the first reported day.
    time, end : (step,) datetime64[D] array
        First day of each step, and the day after its last.
    """

    kind: str
    days: slice
    starts: np.ndarray
    time: np.ndarray
    end: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """Days of each step."""
        return (self.end - self.time).astype(int)


def steps_of(time: np.ndarray, period: tuple[str, str], kind: str) -> Steps:
    """Choose the days of a period and group them.

    Raises
    ------
    ValueError
        If the record has no day of the period.
    """
    days = np.asarray(time).astype("datetime64[D]")
    first = np.datetime64(period[0], "D") if period[0] else days[0]
    last = np.datetime64(period[1], "D") if period[1] else days[-1]
    chosen = np.flatnonzero((days >= first) & (days <= last))
    if chosen.size == 0:
        msg = f"The period {first} to {last} lies outside the record, {days[0]} to {days[-1]}."
        raise ValueError(msg)
    span = slice(int(chosen[0]), int(chosen[-1]) + 1)
    days = days[span]
    unit = {"daily": "D", "monthly": "M", "annual": "Y"}[kind]
    starts = np.unique(days.astype(f"datetime64[{unit}]"), return_index=True)[1]
    ends = np.append(days[starts[1:]], days[-1] + 1)
    return Steps(kind, span, starts, days[starts], ends)


def _attrs(name: str, kind: str, of_pft: bool) -> dict[str, Any]:
    """Return CF attributes of an output."""
    attrs: dict[str, Any] = dict(VARIABLES[name].cf_attrs)
    if of_pft:
        attrs["long_name"] += ", of each plant functional type"
    if name.startswith("soc") and kind == "daily":
        attrs |= {"cell_methods": "time: point", "comment": "at the start of the day"}
    elif name in FLUXES and kind == "annual":
        attrs |= {
            "units": attrs["units"].removesuffix(" d-1"),
            "cell_methods": "time: sum",
            "comment": "mean of the valid days x days of the step",
        }
        attrs.pop("standard_name", None)  # the standard name is of a rate
    else:
        attrs["cell_methods"] = "time: mean"
    if not of_pft:
        attrs["cell_methods"] += " area: mean where vegetation"
    return attrs


def layout_of(
    ds: xr.Dataset,
    cells: np.ndarray,
    steps: Steps,
    setup: Setup,
    *,
    per_pft: bool,
    block: int,
    attrs: Mapping[str, Any],
) -> Layout:
    """Lay out the result of a run.

    Parameters
    ----------
    ds : xr.Dataset
        Drivers.
    cells : (cell,) int array
        Places of the chosen cells in ``ds``.
    steps : Steps
        Output steps.
    setup : Setup
        Of the run.
    per_pft : bool
        Whether each plant type is reported too.
    block : int
        Cells that arrive together.
    attrs : mapping
        The experiment's own attributes.
    """
    number = np.dtype(setup.precision)
    grouped = steps.kind != "daily"
    sizes = {"cell": len(cells), "time": len(steps.time)}
    time_attrs = {"standard_name": "time", "long_name": "first day of the step" if grouped else "day", "axis": "T"}
    if grouped:
        sizes["bounds"] = 2
        time_attrs["bounds"] = "time_bounds"
    index = np.asarray(ds["cell"].values)[cells] if "cell" in ds.coords else cells
    variables: dict[str, tuple] = {
        "cell": (("cell",), np.dtype(np.int64), {"long_name": "cell of the drivers"}),
        "time": (("time",), np.dtype("datetime64[ns]"), time_attrs),
    }
    values: dict[str, np.ndarray] = {"cell": index.astype(np.int64), "time": steps.time.astype("datetime64[ns]")}
    if grouped:
        variables["time_bounds"] = (("time", "bounds"), np.dtype("datetime64[ns]"), {})
        values["time_bounds"] = np.stack([steps.time, steps.end], axis=1).astype("datetime64[ns]")
    has_fractions = "pft_fraction" in ds
    if per_pft or has_fractions:
        sizes["pft"] = N_PFT
        variables["pft"] = (("pft",), np.dtype(np.int8), {"long_name": "plant functional type, 1 to 8"})
        values["pft"] = np.arange(1, N_PFT + 1, dtype=np.int8)
    for name in _STATIC:
        if name not in ds or "cell" not in ds[name].dims:
            continue
        field = ds[name].transpose("cell", ...).isel(cell=cells)
        ours = "pft_of_cell" if name == "pft" and "pft" in sizes else name
        if set(field.dims) <= set(sizes) and field.shape[1:] in ((), (N_PFT,)):
            attrs_of = {**field.attrs, **(VARIABLES[name].cf_attrs if name in VARIABLES else {})}
            values[ours] = np.asarray(field.values)
            variables[ours] = (field.dims, values[ours].dtype, _plain(attrs_of))
    for name in OUTPUTS:
        variables[name] = (("cell", "time"), number, _attrs(name, steps.kind, of_pft=False))
    if per_pft:
        for name in OUTPUTS:
            variables[f"{name}_pft"] = (("cell", "pft", "time"), number, _attrs(name, steps.kind, of_pft=True))
    for name in POOLS:
        for when, words in (("start", "at the start of the first day"), ("end", "at the end of the last day")):
            long_name = f"{VARIABLES[name].long_name}, {words}"
            variables[f"{name}_{when}"] = (("cell",), number, {**VARIABLES[name].cf_attrs, "long_name": long_name})
    litter = {**VARIABLES["litterfall"].cf_attrs, "long_name": "mean daily litterfall"}
    variables["litterfall"] = (("cell",), number, litter)
    variables["missing_days"] = (
        ("cell",),
        np.dtype(np.int32),
        {"units": "1", "long_name": "days of the record on which a driver, and so NEE, is missing"},
    )
    coords = tuple(name for name in (*_COORDS, "pft") if name in variables and (name != "pft" or "pft" in sizes))
    return Layout(
        sizes=sizes,
        variables=variables,
        values=values,
        attrs=_global_attrs(ds, setup, attrs),
        coords=coords,
        block=block,
        encoding={"units": "days since 1970-01-01", "calendar": "standard"},
    )


def _plain(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the attributes that every file format can hold."""
    return {str(k): v for k, v in attrs.items() if isinstance(v, (str, int, float, np.number)) and k != "_FillValue"}


def _global_attrs(ds: xr.Dataset, setup: Setup, attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Say what made the result, of what, under which licence."""
    source = str(ds.attrs.get("source", "not stated"))
    if ds.attrs.get("synthetic") and "synthetic" not in source.lower():
        source = f"synthetic: {source}"
    return {
        "Conventions": "CF-1.11",
        "title": f"SMAP Level-4 Carbon model (L4C) on {ds.attrs.get('title', 'drivers')}",
        "source": f"L4C rerun by Land Carbon Explorer; drivers: {source}",
        "history": f"{now()} run",
        "references": REFERENCES,
        "licence": str(ds.attrs.get("licence", "that of the drivers, which do not state one")),
        "comment": "; ".join(setup.notes),
        "software": versions(),
        **{key: str(ds.attrs[key]) for key in _CARRIED if ds.attrs.get(key)},
        **attrs,
    }


def block_of_result(out: Mapping[str, np.ndarray], steps: Steps, layout: Layout) -> dict[str, np.ndarray]:
    """Reduce daily arrays of a block of cells to what the layout asks for.

    Parameters
    ----------
    out : mapping
        From `models.l4c.run.run_cells`.
    """
    block: dict[str, np.ndarray] = {}
    for name in layout.arriving:
        dims, dtype, _ = layout.variables[name]
        if "time" in dims:
            block[name] = _reduced(out[name][..., steps.days], steps, name.removesuffix("_pft") in FLUXES)
        elif name.endswith("_start"):
            block[name] = out[name.removesuffix("_start")][:, steps.days.start]
        elif name.endswith("_end"):
            block[name] = out[f"{name.removesuffix('_end')}_next"][:, steps.days.stop - 1]
        else:
            block[name] = out[name]
        block[name] = block[name].astype(dtype, copy=False)
    return block


def _reduced(daily: np.ndarray, steps: Steps, flux: bool) -> np.ndarray:
    """Average days into steps (the valid ones), or sum fluxes over years as that mean times the days."""
    if steps.kind == "daily":
        return daily
    there = ~np.isnan(daily)
    total = np.add.reduceat(np.where(there, daily, 0), steps.starts, axis=-1)
    count = np.add.reduceat(there.astype(daily.dtype), steps.starts, axis=-1)
    mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return mean * steps.lengths.astype(daily.dtype) if flux and steps.kind == "annual" else mean
