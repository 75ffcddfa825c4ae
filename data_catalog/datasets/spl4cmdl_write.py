"""Write a run of L4C in the layout of SPL4CMDL: one HDF5 file a day on the global 9-km grid.

A coarser world is laid out cell by cell: each 9-km cell takes the values of the cell that holds its centre. What the
product counts in 1-km pixels is the plant types' share of 81 here, and the spread within a cell is that between its
plant types. Nothing claims to be the mission's: release and source say whose run it is.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import h5py
import numpy as np
import xarray as xr

from data_catalog.datasets.spl4cmdl import FIELDS, FILL_FLAG, PFTS, QUALITY, Field, flag_of
from data_catalog.grid import EaseGrid
from models.kernel import Cancelled

__all__ = ["file_name", "write_day", "write_granules"]

RELEASE = "Vv0000"
NO_DATA = -9999.0
CHUNKS = (162, 385)
PIXELS = 81
NEEDED = ("gpp", "rh", "nee", "soc", "e_mult", "t_mult", "w_mult")


def file_name(day: np.datetime64) -> str:
    """Name of the file of a day, as the mission names them; ``Vv0000`` is no release of the mission's."""
    return f"SMAP_L4_C_mdl_{str(np.datetime64(day, 'D')).replace('-', '')}T000000_{RELEASE}_001.h5"


def _spread(of_pft: np.ndarray, mean: np.ndarray, fraction: np.ndarray) -> np.ndarray:
    """Return the standard deviation between the plant types of a cell, weighted by their fractions."""
    weight = fraction / fraction.sum(axis=1, keepdims=True)
    square = np.where(weight > 0, weight * (of_pft - mean[:, None]) ** 2, 0.0)
    return np.sqrt(square.sum(axis=1))


def _fields(values: Mapping[str, np.ndarray], fraction: np.ndarray, climatology: bool) -> dict[str, np.ndarray]:
    """Return what the layout's variables hold in the vegetated cells: path -> (cell,) array."""
    out: dict[str, np.ndarray] = {}
    missing = np.full(len(fraction), np.nan)
    for name, path in (("e_mult", "emult_mean"), ("t_mult", "tmult_mean"), ("w_mult", "wmult_mean")):
        out[f"EC/{path}"] = 100.0 * values[name]
    out["EC/frozen_area"] = 100.0 * values.get("frozen", missing)
    for name in ("gpp", "rh", "nee", "soc"):
        group = name.upper()
        out[f"{group}/{name}_mean"] = values[name]
        of_pft = values.get(f"{name}_pft")
        for p in PFTS:
            out[f"{group}/{name}_pft{p}_mean"] = missing if of_pft is None else of_pft[:, p - 1]
        out[f"{group}/{name}_std_dev"] = missing if of_pft is None else _spread(of_pft, values[name], fraction)
    out["QA/nee_rmse_mean"] = error = values.get("nee_std", missing)
    of_pft = values.get("nee_std_pft")
    counts = np.rint(PIXELS * fraction)
    for p in PFTS:
        out[f"QA/nee_rmse_pft{p}_mean"] = missing if of_pft is None else of_pft[:, p - 1]
        out[f"QA/qa_count_pft{p}"] = counts[:, p - 1]
    out["QA/qa_count"] = np.minimum(counts.sum(axis=1), PIXELS)
    ranges = {field.path: field for field in FIELDS}

    def outside(name: str) -> np.ndarray:
        field = ranges[f"{name.upper()}/{name}_mean"]
        return ~((values[name] >= field.low) & (values[name] <= field.high))

    # Rank 0 to 3 for an error of 0 to 3, as in the table of biome properties.
    score = np.where(np.isfinite(error), np.clip(np.rint(error), 0, 3), 3)
    out[QUALITY] = flag_of(
        out_of_range={name: outside(name) for name in ("nee", "gpp", "rh", "soc")},
        dominant_pft=fraction.argmax(axis=1) + 1,
        score=score,
        fpar_method=int(climatology),
    )
    return out


def _create(file: h5py.File, field: Field, shape: tuple[int, int]) -> h5py.Dataset:
    """Create an empty variable with its attributes; chunks that hold nothing take no room."""
    dtype = np.dtype(field.dtype)
    fill = dtype.type(FILL_FLAG if field.path == QUALITY else NO_DATA)
    data = file.create_dataset(
        field.path, shape, dtype, chunks=CHUNKS, compression="gzip", compression_opts=4, shuffle=True, fillvalue=fill
    )
    data.attrs["_FillValue"] = np.array([fill])  # an array, as the product has it
    data.attrs["units"], data.attrs["long_name"] = np.bytes_(field.unit), np.bytes_(field.long_name)
    data.attrs["valid_min"], data.attrs["valid_max"] = dtype.type(field.low), dtype.type(field.high)
    return data


def _put(data: h5py.Dataset, row: np.ndarray, column: np.ndarray, values: np.ndarray) -> None:
    """Write cells, strip by strip of chunks."""
    fill = data.fillvalue
    if data.dtype.kind == "f":
        values = np.where(np.isfinite(values), values, fill)
    values = values.astype(data.dtype)
    first, last = int(column.min()), int(column.max()) + 1
    for strip in np.unique(row // CHUNKS[0]):
        some = row // CHUNKS[0] == strip
        low, high = int(row[some].min()), int(row[some].max()) + 1
        block = np.full((high - low, last - first), fill, data.dtype)
        block[row[some] - low, column[some] - first] = values[some]
        data[low:high, first:last] = block


def write_day(
    path: str | Path,
    values: Mapping[str, np.ndarray],
    fraction: np.ndarray,
    row: np.ndarray,
    column: np.ndarray,
    day: np.datetime64,
    *,
    source: str,
    licence: str = "",
    synthetic: bool = False,
    fpar_climatology: bool = False,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Write one day.

    Parameters
    ----------
    path : path
        The file; it is whole or not there.
    values : mapping
        ``gpp``, ``rh``, ``nee`` [gC m-2 d-1, negative NEE is uptake], ``soc`` [gC m-2] at the end of the day,
        ``e_mult``, ``t_mult``, ``w_mult`` [1] on (cell,); optionally ``frozen`` [1], ``nee_std`` and ``<name>_pft``
        (cell, 8). What is not given is fill.
    fraction : (cell, 8) array
        Share of the cell under each plant type.
    row, column : (cell,) int array
        On the 9-km grid; cells of water, ice or rock are left out.
    day : datetime64
        The day.
    source, licence : str
        Where the run came from, and what may be done with it.
    synthetic : bool
        Whether its drivers are drawn.
    fpar_climatology : bool
        Whether fPAR is a climatology (bit 13 of the flag).
    progress, cancelled : callable, optional
        Told the share of the variables done; asked before each of them.

    Raises
    ------
    ValueError
        If a field is missing.
    Cancelled
        If ``cancelled`` said yes; then there is no file.
    """
    missing = [name for name in NEEDED if name not in values]
    if missing:
        msg = f"The product needs {', '.join(missing)}; it came with {', '.join(values)}: run with daily output."
        raise ValueError(msg)
    path = Path(path)
    grid, part = EaseGrid("9km"), path.with_name(path.name + ".part")
    stored = _fields(values, fraction, fpar_climatology)
    latitude = grid.lat_lon(np.arange(grid.shape[0]), np.zeros(grid.shape[0]))[0].astype(np.float32)
    longitude = grid.lat_lon(np.zeros(grid.shape[1]), np.arange(grid.shape[1]))[1].astype(np.float32)
    try:
        with h5py.File(part, "w") as file:
            for number, field in enumerate(FIELDS):
                if cancelled is not None and cancelled():
                    raise Cancelled
                data = _create(file, field, grid.shape)
                if field.path == "GEO/latitude":
                    data[...] = np.broadcast_to(latitude[:, None], grid.shape)
                elif field.path == "GEO/longitude":
                    data[...] = np.broadcast_to(longitude[None], grid.shape)
                elif row.size:
                    _put(data, row, column, stored[field.path])
                if progress is not None:
                    progress((number + 1) / len(FIELDS))
            about = {"source": source, "licence": licence, "synthetic": str(int(synthetic)), "title": _TITLE}
            for name, text in about.items():
                file.attrs[name] = np.bytes_(str(text).encode("ascii", "replace"))
            identity = file.create_group("Metadata/DatasetIdentification")
            identity.attrs["shortName"] = np.bytes_("SPL4CMDL")
            identity.attrs["CompositeReleaseID"] = np.bytes_(RELEASE)
            extent = file.create_group("Metadata/Extent")
            extent.attrs["rangeBeginningDateTime"] = np.bytes_(f"{np.datetime64(day, 'D')}T00:00:00.000Z")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


_TITLE = "Run of L4C by Land Carbon Explorer in the layout of SPL4CMDL; not a product of the mission"


def write_granules(
    result: xr.Dataset,
    folder: str | Path,
    *,
    grid: str = "9km",
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[Path]:
    """Write a run, a file a day.

    Parameters
    ----------
    result : xr.Dataset
        Daily outputs of `models.experiment.run` on (cell, time), with latitude, longitude and, from ``per_pft = true``,
        each plant type; optionally ``frozen``, ``nee_std`` and ``nee_std_pft``.
    folder : path
        Where the files go; made if it is not there.
    grid : str
        EASE-Grid 2.0 of the cells: "9km", "36km" or "108km".
    progress : callable, optional
        Told the share done.
    cancelled : callable, optional
        Asked before each variable; when it says yes, the days that are whole are returned.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    ValueError
        If the result is not daily, lacks a field or coordinates, or the grid's cells hold no whole 9-km cells.
    """
    time = result["time"].values.astype("datetime64[D]")
    if (time.size > 1 and (np.diff(time).astype(int) != 1).any()) or "time_bounds" in result:
        msg = "The result is not daily; the product is: run with output = 'daily'."
        raise ValueError(msg)
    place, row, column = _laid_out(result, grid)
    fraction = _fractions(result)[place]
    source = str(result.attrs.get("source", "not stated"))
    names = [n for n in (*NEEDED, "frozen", "nee_std") if n in result and n != "soc"]
    names += [f"{n}_pft" for n in ("gpp", "rh", "nee", "nee_std") if f"{n}_pft" in result]
    ending = _end_of_day(result)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []

    def part(i: int) -> Callable[[float], None] | None:
        return None if progress is None else lambda share: progress((i + share) / time.size)

    for i, day in enumerate(time):
        values = {n: _cells_first(result[n].isel(time=i), place) for n in names}
        values |= {n: array[place, ..., i] for n, array in ending.items()}
        path = folder / file_name(day)
        try:
            write_day(
                path, values, fraction, row, column, day, source=source, licence=str(result.attrs.get("licence", "")),
                synthetic="synthetic" in source.lower(), fpar_climatology="assumed" in source.lower(),
                progress=part(i), cancelled=cancelled,
            )  # fmt: skip
        except Cancelled:
            break
        written.append(path)
    return written


def _cells_first(array: xr.DataArray, place: np.ndarray) -> np.ndarray:
    return np.asarray(array.transpose("cell", ...).values, np.float64)[place]


def _end_of_day(result: xr.Dataset) -> dict[str, np.ndarray]:
    """SOC at the end of each day (cell, [8,] day): a run gives it at the start, and where the record ends.

    The run does not report the end of its last day by plant type: those keep the start of that day.
    """
    if "soc" not in result:
        return {}
    out = {}
    start = np.asarray(result["soc"].transpose("cell", "time").values, np.float64)
    ends = [f"soc_{pool}_end" for pool in ("fast", "med", "slow")]
    last = sum(np.asarray(result[n].values, np.float64) for n in ends) if all(n in result for n in ends) else None
    out["soc"] = np.concatenate([start[:, 1:], (start[:, -1] if last is None else last)[:, None]], axis=1)
    if "soc_pft" in result:
        of_pft = np.asarray(result["soc_pft"].transpose("cell", "pft", "time").values, np.float64)
        out["soc_pft"] = np.concatenate([of_pft[..., 1:], of_pft[..., -1:]], axis=2)
    return out


def _fractions(result: xr.Dataset) -> np.ndarray:
    """Share of each cell under each plant type (cell, 8)."""
    if "pft_fraction" in result:
        return np.nan_to_num(np.asarray(result["pft_fraction"].transpose("cell", "pft").values, np.float64))
    name = next((n for n in ("pft_of_cell", "pft") if n in result and result[n].dims == ("cell",)), None)
    if name is None:
        msg = "The result does not say what grows in its cells: pft_fraction (cell, pft) or pft (cell) is needed."
        raise ValueError(msg)
    return (np.asarray(result[name].values)[:, None] == np.arange(1, 9)).astype(np.float64)


def _laid_out(result: xr.Dataset, grid: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the 9-km cells of each vegetated cell: place in the result, row, column."""
    missing = [name for name in ("latitude", "longitude") if name not in result]
    if missing:
        msg = f"The result lacks {', '.join(missing)} of its cells."
        raise ValueError(msg)
    fine, coarse = EaseGrid("9km"), EaseGrid(grid)
    ratio = round(coarse.cell_size / fine.cell_size)
    if ratio < 1:
        msg = f"grid = {grid!r} is finer than the product's 9 km; bring the run to 9 km first."
        raise ValueError(msg)
    there = np.flatnonzero(np.isfinite(result["nee"].isel(time=0).values) & (_fractions(result).sum(axis=1) > 0))
    row, column = coarse.row_col(result["latitude"].values[there], result["longitude"].values[there])
    inner = np.arange(ratio)
    rows = (row[:, None, None] * ratio + inner[None, :, None]).repeat(ratio, axis=2).ravel()
    columns = (column[:, None, None] * ratio + inner[None, None, :]).repeat(ratio, axis=1).ravel()
    place = there.repeat(ratio * ratio)
    inside = (rows < fine.shape[0]) & (columns < fine.shape[1])
    return place[inside], rows[inside], columns[inside]
