"""From a labelled dataset of drivers to blocks; names, units, gaps and ranges are checked, each with one message."""

import numpy as np
import xarray as xr

from models.l4c.physics import rescale_smrz
from models.packing import DRIVERS, LANES, Blocks, order_cells, tiles_of_blocks
from models.variables import VARIABLES

__all__ = ["driver_values", "pack_blocks", "pft_fractions", "same_unit", "smrz_limits"]

SMRZ_RANGES = ("observed", "wilting_point", "minimum_100")
FILL = -9999.0
SYNONYMS = {
    "percent": "%",
    "percent saturation": "%",
    "% of saturation": "%",
    "kelvin": "K",
    "degK": "K",
    "pascal": "Pa",
    "": "1",
    "-": "1",
    "dimensionless": "1",
    "MJ m-2 day-1": "MJ m-2 d-1",
    "MJ m^-2 d^-1": "MJ m-2 d-1",
    "MJ/m2/d": "MJ m-2 d-1",
    "MJ/m2/day": "MJ m-2 d-1",
    "g C m-2 d-1": "gC m-2 d-1",
    "gC m-2 day-1": "gC m-2 d-1",
    "g C m-2 day-1": "gC m-2 d-1",
    "g m-2 d-1": "gC m-2 d-1",
    "g C m-2": "gC m-2",
    "g m-2": "gC m-2",
}
"""Other spellings of a unit, exactly the same thing."""

ADVICE = {
    ("vpd", "kPa"): "multiply by 1000",
    ("vpd", "hPa"): "multiply by 100",
    ("par", "umol"): "multiply the daily mean in umol m-2 s-1 by 0.0864 / 4.57",
    ("par", "W m-2"): "multiply the daily mean by 0.0864",
    ("fpar", "%"): "divide by 100",
    ("tmin", "C"): "add 273.15",
    ("t_soil", "C"): "add 273.15",
    ("smrz", "1"): "multiply by 100",
    ("smsf", "1"): "multiply by 100",
    ("smrz", "m3"): "divide by the porosity and multiply by 100",
    ("smsf", "m3"): "divide by the porosity and multiply by 100",
}
"""(variable, part of the unit that came) -> what to do."""


def same_unit(came: str, name: str) -> bool:
    """Whether a unit attribute is the unit of the variable ``name``, or another spelling of it."""
    unit = VARIABLES[name].unit
    came = str(came).strip()
    return came == unit or SYNONYMS.get(came) == unit


def _check_unit(array: xr.DataArray, name: str) -> None:
    """Raise ``ValueError`` if the unit is missing or another one."""
    unit = VARIABLES[name].unit
    if "units" not in array.attrs:
        if unit == "1":
            return
        msg = f"{name} has no attribute 'units'; it must say {unit!r}, and the values must be in it."
        raise ValueError(msg)
    came = str(array.attrs["units"]).strip()
    if not same_unit(came, name):
        todo = next(
            (f"{what}, then set units" for (n, u), what in ADVICE.items() if n == name and u in came), "convert it"
        )
        msg = f"{name} is in {came!r}; {unit!r} is accepted: {todo}."
        raise ValueError(msg)


def _check_range(values: np.ndarray, name: str, dims: str) -> None:
    """Raise ``ValueError`` naming the worst value if one lies outside the physical bounds, or a unit looks wrong."""
    q = VARIABLES[name]
    finite = np.isfinite(values)
    if np.isinf(values).any():
        msg = f"{name} holds an infinite value; {q.low:g} to {q.high:g} {q.unit} or NaN is accepted."
        raise ValueError(msg)
    low = np.min(values, initial=np.inf, where=finite)
    high = np.max(values, initial=-np.inf, where=finite)
    if low < q.low or high > q.high:
        worst = low if low < q.low else high
        place = np.argwhere(values == worst)[0]
        msg = (
            f"{name} = {worst:g} {q.unit} at {dims} {tuple(int(i) for i in place)} lies outside [{q.low:g}, {q.high:g}]"
        )
        if worst == FILL:
            msg += ": a fill value; declare it as _FillValue, or put NaN in its place."
        elif name == "fpar" and high <= 100:
            msg += ": fPAR in percent? Divide by 100."
        elif name == "par":
            msg += ": PAR in umol m-2 s-1? The unit is MJ m-2 d-1."
        elif name in ("tmin", "t_soil") and -90 < worst < 60:
            msg += ": degrees Celsius? Add 273.15."
        else:
            msg += "; correct it or put NaN in its place."
        raise ValueError(msg)
    if name == "vpd" and finite.sum() > 1 and high < 20.0 and np.any(values[finite] > 0):
        msg = (
            f"vpd has its highest value at {high:g} Pa: that looks like kPa. Multiply by 1000; [{q.low:g}, {q.high:g}]."
        )
        raise ValueError(msg)
    if name in ("smrz", "smsf") and finite.any() and 0 < high <= 1.0:
        msg = f"{name} has its highest value at {high:g} %: that looks like a fraction. Multiply by 100."
        raise ValueError(msg)


def driver_values(
    ds: xr.Dataset, name: str, cells: slice = slice(None), dims: tuple[str, ...] = ("cell", "time")
) -> np.ndarray:
    """Read one variable in float64, its unit, range and fill values checked.

    Parameters
    ----------
    ds : xr.Dataset
        Drivers in our names and units.
    name : str
        Variable.
    cells : slice
        Cells wanted.
    dims : tuple of str
        Dimensions, in the order wanted; a missing dimension is an error.

    Returns
    -------
    float64 array
        A fresh copy, NaN where missing.

    Raises
    ------
    KeyError
        If the dataset lacks the variable.
    ValueError
        If dimensions, unit or a value are not as `models.variables` says.
    """
    if name not in ds:
        q = VARIABLES[name]
        there = ", ".join(map(str, ds.data_vars))
        msg = f"The dataset has no {name!r} ({q.long_name}, {q.unit}) on {dims}; it has {there}."
        raise KeyError(msg)
    array = ds[name]
    if set(array.dims) != set(dims):
        msg = f"{name} has the dimensions {array.dims}; {dims} is accepted."
        raise ValueError(msg)
    _check_unit(array, name)
    values = np.array(array.transpose(*dims).isel(cell=cells).values, dtype=np.float64)
    for key in ("_FillValue", "missing_value"):  # declared but not decoded; SPL4CMDL stores it as an array
        if key in array.attrs:
            values[np.isin(values, np.ravel(np.asarray(array.attrs[key], np.float64)))] = np.nan
    _check_range(values, name, str(dims).replace("'", ""))
    return values


def pft_fractions(ds: xr.Dataset, cells: slice = slice(None)) -> np.ndarray:
    """Return (cell, 8) fractions of the cell from ``pft_fraction`` (cell, pft) or ``pft`` (cell).

    A plant type outside 1-8 (water, urban, ice, fill) gives a cell without any.
    """
    if "pft_fraction" in ds:
        array = ds["pft_fraction"].transpose("cell", "pft").isel(cell=cells)
        values = np.nan_to_num(np.array(array.values, np.float64))
        types = np.asarray(array["pft"].values if "pft" in array.coords else np.arange(1, values.shape[1] + 1))
        _check_range(values, "pft_fraction", "(cell, pft)")
        out = np.zeros((len(values), 8))
        for place, pft in enumerate(types):
            if 1 <= pft <= 8:
                out[:, int(pft) - 1] = values[:, place]
        if (total := out.sum(axis=1)).max(initial=0) > 1.01:
            msg = f"pft_fraction of cell {int(total.argmax())} adds up to {total.max():g}; at most 1 is accepted."
            raise ValueError(msg)
        return out
    if "pft" not in ds:
        msg = "The dataset has neither 'pft' (cell) nor 'pft_fraction' (cell, pft): plant functional types 1-8."
        raise KeyError(msg)
    pft = np.atleast_1d(np.asarray(ds["pft"].isel(cell=cells).values, np.float64))
    return (pft[:, None] == np.arange(1, 9)).astype(np.float64)


def smrz_limits(ds: xr.Dataset, smrz: np.ndarray, smrz_range: str, cells: slice = slice(None)) -> tuple:
    """Return the lowest and highest root-zone wetness (cell, 1) [%] that the rescale stretches between.

    ``observed``: ``smrz_min`` and ``smrz_max`` of the dataset, else the lowest of the record and 100;
    ``wilting_point``: ``smrz_wilting`` and ``smrz_max``; ``minimum_100``: the lowest of the record and 100, as other
    public programs do. A record shorter than the climatology changes what depends on its own minimum.
    """
    if smrz_range not in SMRZ_RANGES:
        msg = f"smrz_range = {smrz_range!r} is unknown; {', '.join(SMRZ_RANGES)} are accepted."
        raise ValueError(msg)
    hundred = np.full((len(smrz), 1), 100.0)
    lowest = np.min(smrz, axis=1, initial=np.inf, where=np.isfinite(smrz), keepdims=True)
    if smrz_range == "minimum_100":
        return lowest, hundred
    high = driver_values(ds, "smrz_max", cells, ("cell",))[:, None] if "smrz_max" in ds else hundred
    if smrz_range == "wilting_point":
        return driver_values(ds, "smrz_wilting", cells, ("cell",))[:, None], high
    low = driver_values(ds, "smrz_min", cells, ("cell",))[:, None] if "smrz_min" in ds else lowest
    return low, high


def pack_blocks(
    ds: xr.Dataset,
    smrz_range: str = "observed",
    dtype: np.typing.DTypeLike = np.float64,
    cells: slice = slice(None),
) -> Blocks:
    """Arrange a dataset of L4C drivers in blocks of float32 or float64.

    Parameters
    ----------
    ds : xr.Dataset
        par, tmin, vpd, smrz (or smrz_rescaled), smsf, t_soil, frozen on (cell, time); fpar on (cell, time) or
        (cell, pft, time); pft (cell) or pft_fraction (cell, pft); optionally smrz_min, smrz_max, smrz_wilting,
        latitude, longitude (cell).
    smrz_range : str
        See `smrz_limits`.
    dtype : dtype
        float32 or float64.
    cells : slice
        Cells to read: a dataset larger than memory runs slice by slice.

    Returns
    -------
    Blocks
        With ``n_cell`` cells of the slice; cells without a plant type have no tile.

    Raises
    ------
    KeyError, ValueError
        If a variable is missing, or has other dimensions, another unit or impossible values.
    """
    fraction = pft_fractions(ds, cells)
    n_cell, n_day = len(fraction), ds.sizes["time"]
    if n_cell == 0 or n_day == 0:
        msg = f"The dataset has {n_cell} cells and {n_day} days; at least one of each is needed."
        raise ValueError(msg)
    lat, lon = (
        np.nan_to_num(np.atleast_1d(ds[name].isel(cell=cells).values).astype(float)) if name in ds else np.zeros(n_cell)
        for name in ("latitude", "longitude")
    )
    cell_of = order_cells(lat, lon, fraction)
    block_of, pft, tile_fraction = tiles_of_blocks(cell_of, fraction)
    data = np.empty((len(cell_of), n_day, len(DRIVERS), LANES), dtype)
    for place, name in enumerate(DRIVERS):
        if name == "smrz_rescaled" and name not in ds:
            smrz = driver_values(ds, "smrz", cells)
            values = rescale_smrz(smrz, *smrz_limits(ds, smrz, smrz_range, cells))
        else:
            values = driver_values(ds, name, cells)
        # Padding repeats the block's first cell: ordinary numbers that nobody reads.
        data[:, :, place] = values[np.where(cell_of >= 0, cell_of, cell_of[:, :1])].transpose(0, 2, 1)
    cell = np.where(cell_of >= 0, cell_of, cell_of[:, :1])[block_of]
    if "pft" in ds["fpar"].dims if "fpar" in ds else False:
        values = driver_values(ds, "fpar", cells, ("cell", "pft", "time"))
        types = np.asarray(ds["pft"].values) if "pft" in ds.coords else np.arange(1, values.shape[1] + 1)
        slot = np.array([int(np.flatnonzero(types == p)[0]) for p in pft], np.int64)
        fpar = values[cell, slot[:, None]]
    else:
        fpar = driver_values(ds, "fpar", cells)[cell]
    return Blocks(
        data=data,
        scale=np.ones(len(DRIVERS)),
        offset=np.zeros(len(DRIVERS)),
        fpar=np.ascontiguousarray(fpar.transpose(0, 2, 1).astype(dtype)),
        fpar_scale=1.0,
        fpar_step=np.arange(n_day, dtype=np.int32),
        block_of=block_of,
        pft=pft,
        fraction=tile_fraction,
        cell_of=cell_of,
        time=np.asarray(ds["time"].values).astype("datetime64[D]"),
        n_cell=n_cell,
    )
