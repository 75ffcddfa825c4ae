"""L4C over the cells of a labelled dataset: which parameters, soils and litterfall a cell gets, and what comes out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from models.l4c.drivers import pack_blocks
from models.l4c.forward import Start, daily_bins, integrate, to_cells, to_pfts
from models.l4c.params import PFTS, RAMPS, L4CParams
from models.l4c.rows import cell_rows, pft_rows
from models.l4c.start import covers_a_year, start_of_record
from models.options import L4COptions
from models.packing import DRIVERS, Blocks
from models.quantity import parameters_of

__all__ = ["OUTPUTS", "POOLS", "Setup", "blocks_of_run", "prepare", "run_cells"]

OUTPUTS = (
    *("gpp", "npp", "ra", "rh", "rh_fast", "rh_med", "rh_slow", "nee", "soc", "soc_fast", "soc_med", "soc_slow"),
    *("e_mult", "f_vpd", "f_tmin", "f_smrz", "f_ft", "t_mult", "w_mult"),
)
"""Daily outputs; SOC is that at the start of the day."""

POOLS = ("soc_fast", "soc_med", "soc_slow")
_NEEDED = ("par", "fpar", "tmin", "vpd", "smsf", "t_soil", "frozen")
_DRIVER_OF = {"smrz": "smrz_rescaled", "ft": "frozen"}
_PARAMETERS = parameters_of(L4CParams)


@dataclass(frozen=True)
class Setup:
    """What a run takes from the dataset and what from its options.

    Attributes
    ----------
    options : L4COptions
        With ``soc_start`` resolved to "periodic", "analytical" or "given".
    own : tuple of str
        Parameters that the dataset gives for each cell.
    litterfall_given : bool
        Whether litterfall is the dataset's.
    precision : str
        Float type.
    notes : tuple of str
        What was chosen for the user, in plain words.
    """

    options: L4COptions
    own: tuple[str, ...]
    litterfall_given: bool
    precision: str
    notes: tuple[str, ...]


def prepare(options: L4COptions, ds: xr.Dataset, precision: str = "float64") -> Setup:
    """Check that a dataset can run, and settle what the options leave open.

    Raises
    ------
    KeyError
        If a driver is missing.
    ValueError
        If the days are not daily or too few, SOC is asked for and not there, or a cell's parameters are no numbers, out
        of bounds, or have swapped ramp limits.
    """
    missing = [name for name in _NEEDED if name not in ds]
    missing += [] if {"smrz", "smrz_rescaled"} & set(ds.variables) else ["smrz"]
    missing += [] if {"pft", "pft_fraction"} & set(ds.variables) else ["pft"]
    if missing:
        msg = f"The drivers lack {', '.join(missing)}; L4C needs {', '.join(_NEEDED)}, smrz and pft or pft_fraction."
        raise KeyError(msg)
    _check_time(ds)
    has_soc = all(name in ds and "time" not in ds[name].dims for name in POOLS)
    if options.soc_start == "given" and not has_soc:
        msg = f"soc_start = 'given', but the dataset gives no starting SOC ({', '.join(POOLS)} on (cell))."
        raise ValueError(msg)
    follow = options.spin_up == "experiment"
    how = options.soc_start
    if how == "auto":
        how = "given" if has_soc and not follow else "periodic"
    own = tuple(name for name in L4CParams._fields if name in ds and "time" not in ds[name].dims)
    litterfall_given = "litterfall" in ds and not follow and "time" not in ds["litterfall"].dims
    if not (how == "given" and litterfall_given) and not covers_a_year(ds["time"].values):
        msg = (
            f"The record has {ds.sizes['time']} days; starting SOC and litterfall need a whole year."
            f" Give one, or {', '.join(POOLS)} and litterfall on (cell)."
        )
        raise ValueError(msg)
    if own:
        _check_own(own, options, ds)
    return Setup(
        replace(options, soc_start=how),
        own,
        litterfall_given,
        precision,
        _notes(options, how, own, litterfall_given, ds),
    )


def _check_time(ds: xr.Dataset) -> None:
    """Raise ``ValueError`` unless the steps are days, one after the other."""
    time = ds["time"].values if "time" in ds.coords else np.array([])
    if time.dtype.kind != "M" or time.size == 0:
        msg = f"time holds {time.size} values of {time.dtype}; L4C needs a date for each day."
        raise ValueError(msg)
    steps = np.diff(time.astype("datetime64[D]")).astype(int)
    if (steps != 1).any():
        place = int(np.argmax(steps != 1))
        msg = f"After {str(time[place])[:10]} comes {str(time[place + 1])[:10]}; L4C needs every day once, in order."
        raise ValueError(msg)


def _check_own(own: tuple[str, ...], options: L4COptions, ds: xr.Dataset) -> None:
    """Raise ``ValueError`` if a cell's own parameters cannot be."""
    if "pft_fraction" in ds or "pft" not in ds or set(ds["pft"].dims) != {"cell"}:
        msg = f"The dataset gives {own[0]} for each cell, which needs one plant type a cell: pft on (cell)."
        raise ValueError(msg)
    pft = _pft_of_cells(ds)
    planted = (pft >= 1) & (pft <= len(PFTS))
    for name in own:
        if set(ds[name].dims) != {"cell"}:
            msg = f"{name} has dimensions {ds[name].dims}; parameters per cell have (cell)."
            raise ValueError(msg)
    params = _params_of_cells(options.table(), own, (), ds)
    for low, high in RAMPS.values():
        first, last = getattr(params, low), getattr(params, high)
        bad = planted & (first >= last)
        if bad.any():
            cell = int(np.argmax(bad))
            msg = f"{low} = {first[cell]:g} of cell {cell} must be below {high} = {last[cell]:g}: are the two swapped?"
            raise ValueError(msg)
    for name in own:
        p = _PARAMETERS[name]
        values = np.asarray(ds[name].values, float)
        bad = planted & ~((values >= p.low) & (values <= p.high))
        if bad.any():
            cell = int(np.argmax(bad))
            p.check(f"{name} of cell {cell}", values[cell])


def _notes(
    options: L4COptions, how: str, own: tuple[str, ...], litterfall_given: bool, ds: xr.Dataset
) -> tuple[str, ...]:
    """Say in plain words what was taken from where."""
    notes = []
    if own:
        notes.append(
            f"parameters of each cell come from the drivers ({', '.join(own)}); others from table {options.bplut}"
        )
    else:
        notes.append(f"parameters come from table {options.bplut}")
    if options.parameters:
        notes.append(f"{len(options.parameters)} parameters are changed by the experiment")
    if "pft" in ds and "pft_fraction" not in ds and (bare := int((_pft_of_cells(ds) == 0).sum())):
        notes.append(f"{bare:,} of {ds.sizes['cell']:,} cells have no plant type of 1 to 8, and so no flux")
    limits = {
        "minimum_100": "the record's minimum and 100 %",
        "wilting_point": "smrz_wilting and smrz_max of the drivers",
        "observed": "smrz_min and smrz_max of the drivers",
    }[options.smrz_range]
    if "smrz_rescaled" in ds:
        limits = "the limits that the drivers were made with"
    elif options.smrz_range == "observed":
        low = "smrz_min of the drivers" if "smrz_min" in ds else "the record's minimum"
        high = "smrz_max of the drivers" if "smrz_max" in ds else "100 %"
        limits = f"{low} and {high}"
    notes.append(f"root-zone wetness is rescaled between {limits}")
    starts = {
        "given": "is the drivers'",
        "periodic": "is the exact periodic steady state",
        "analytical": "is the closed form for mean conditions",
    }
    notes.append(f"starting SOC {starts[how]}")
    litter = "the drivers'" if litterfall_given else "the mean annual NPP over 365 days"
    notes.append(f"litterfall is {litter}")
    return tuple(notes)


def _pft_of_cells(ds: xr.Dataset) -> np.ndarray:
    """Return the plant type of each cell, 0 where it has none of the eight."""
    pft = np.nan_to_num(np.asarray(ds["pft"].values, float), nan=0.0)
    return np.where((pft >= 1) & (pft <= len(PFTS)), pft, 0).astype(int)


def _params_of_cells(
    table: Mapping[str, L4CParams], own: tuple[str, ...], changed: tuple[tuple[str, str, float], ...], ds: xr.Dataset
) -> L4CParams:
    """Return each cell's parameters: the table's, over them the dataset's own, over them the experiment's changes."""
    pft = _pft_of_cells(ds)
    place = np.maximum(pft, 1) - 1
    values = {name: np.array([getattr(table[p], name) for p in PFTS])[place] for name in L4CParams._fields}
    for name in own:
        # A cell without plants may hold anything; the table's value keeps its lanes in range.
        values[name] = np.where(pft > 0, np.asarray(ds[name].values, float), values[name])
    for kind, name, value in changed:
        values[name] = np.where(pft == PFTS.index(kind) + 1, value, values[name])
    return L4CParams(**values)


def _rows(options: L4COptions, setup: Setup, ds: xr.Dataset, blocks: Blocks) -> tuple[np.ndarray, np.ndarray]:
    """Return kernel rows and f_aut (tile, lane)."""
    table = options.table()
    if setup.own:
        params = _params_of_cells(table, setup.own, options.parameters, ds)
        cells = np.where(blocks.cell_of >= 0, blocks.cell_of, blocks.cell_of[:, :1])[blocks.block_of]
        f_aut = params.f_aut[cells]
        rows = cell_rows(params, blocks, options.without, options.frozen_gpp)
    else:
        f_aut = np.repeat(
            np.array([table[p].f_aut for p in PFTS])[blocks.pft - 1][:, None], blocks.fraction.shape[1], 1
        )
        rows = pft_rows(table, blocks, options.without, options.frozen_gpp)
    return rows, f_aut.astype(blocks.float_type)


def _of_lanes(blocks: Blocks, values: np.ndarray) -> np.ndarray:
    """Spread values of cells (cell, ...) to (tile, ..., lane)."""
    cells = np.where(blocks.cell_of >= 0, blocks.cell_of, blocks.cell_of[:, :1])[blocks.block_of]
    return np.moveaxis(np.asarray(values)[cells], 1, -1).astype(blocks.float_type)


def run_cells(
    setup: Setup,
    ds: xr.Dataset,
    *,
    per_pft: bool = False,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, np.ndarray]:
    """Run all cells of a dataset that fits in memory.

    Parameters
    ----------
    setup : Setup
        From `prepare`.
    ds : xr.Dataset
        Drivers of the cells.
    per_pft : bool
        Also return each plant type, under the name of the variable with ``_pft``.
    progress, cancelled
        See `models.kernel.spread`.

    Returns
    -------
    dict of str to array
        `OUTPUTS` (cell, day); ``soc_*_next`` (cell, day), the pools at the end of each day; ``litterfall`` (cell)
        [gC m-2 d-1]; ``missing_days`` (cell), days of the record without NEE. Each also with ``_pft`` (cell, pft, ...).
    """
    options = setup.options
    blocks, rows, f_aut, start = blocks_of_run(setup, ds, cancelled)
    forward = integrate(
        blocks, rows, start, daily_bins(blocks), litterfall=options.litterfall, progress=progress, cancelled=cancelled
    )
    out = {name: forward.out[:, :, place] for place, name in enumerate(forward.names)}
    gpp = out["gpp"]
    out["ra"] = gpp * f_aut[:, None]
    out["npp"] = gpp - out["ra"]
    out["rh"] = out["rh_fast"] + out["rh_med"] + out["rh_slow"]
    out["nee"] = out["ra"] + out["rh"] - gpp
    out["soc"] = out["soc_fast"] + out["soc_med"] + out["soc_slow"]
    for place, name in enumerate(POOLS):
        out[f"{name}_next"] = np.concatenate([out[name][:, 1:], forward.soc_final[:, None, place]], axis=1)
    out["litterfall"] = start.litterfall
    missing = np.isnan(out["nee"]).sum(axis=1)
    result = {name: to_cells(blocks, values) for name, values in out.items()}
    result["missing_days"] = np.nan_to_num(to_pfts(blocks, missing.astype(float)), nan=0.0).max(axis=1).astype(np.int32)
    if per_pft:
        result |= {f"{name}_pft": to_pfts(blocks, values) for name, values in out.items()}
    return result


def blocks_of_run(
    setup: Setup, ds: xr.Dataset, cancelled: Callable[[], bool] | None = None
) -> tuple[Blocks, np.ndarray, np.ndarray, Start]:
    """Return what a run integrates: drivers, parameter rows, f_aut (tile, lane), and where the soil starts."""
    options = setup.options
    blocks = pack_blocks(ds, smrz_range=options.smrz_range, dtype=np.dtype(setup.precision))
    plain = options.baseline()
    start = _start(plain, setup, ds, _without_gaps(blocks, plain), cancelled)
    blocks = _without_gaps(blocks, options)
    rows, f_aut = _rows(options, setup, ds, blocks)
    return blocks, rows, f_aut, start


def _without_gaps(blocks: Blocks, options: L4COptions) -> Blocks:
    """Return drivers in which one whose constraint is removed may be missing."""
    names = [_DRIVER_OF.get(name, name) for name in options.without]
    return blocks.without_gaps(name for name in names if name in DRIVERS)


def _start(
    options: L4COptions, setup: Setup, ds: xr.Dataset, blocks: Blocks, cancelled: Callable[[], bool] | None
) -> Start:
    """Return starting SOC and litterfall of each lane, made with the parameters of ``options``."""
    given = setup.options.soc_start == "given"
    if given and setup.litterfall_given:
        empty = np.zeros_like(blocks.fraction, dtype=blocks.float_type)
        start = Start(np.empty(0), empty, empty.astype(np.int64), empty.astype(bool))
    else:
        rows, f_aut = _rows(options, setup, ds, blocks)
        how = "periodic" if given else setup.options.soc_start
        start = start_of_record(blocks, rows, f_aut, how=how, litterfall=options.litterfall, cancelled=cancelled)
    if setup.litterfall_given:
        litter = _given(ds, "litterfall", blocks)
        # Steady pools are proportional to the litterfall that feeds them.
        ratio = np.divide(litter, start.litterfall, out=np.zeros_like(litter), where=start.litterfall > 0)
        soc = start.soc if given else start.soc * ratio[:, None]
        start = replace(start, litterfall=litter, soc=soc)
    if given:
        start = replace(start, soc=np.stack([_given(ds, name, blocks) for name in POOLS], axis=1))
    return start


def _given(ds: xr.Dataset, name: str, blocks: Blocks) -> np.ndarray:
    """Return (tile, lane) values that the dataset gives on (cell) or (cell, pft)."""
    values = np.asarray(ds[name].transpose("cell", ...).values, float)
    if values.ndim == 1:
        lanes = _of_lanes(blocks, values)
    else:
        lanes = np.take_along_axis(_of_lanes(blocks, values), (blocks.pft - 1).astype(int)[:, None, None], axis=1)[:, 0]
    used = blocks.fraction > 0
    if not (np.isfinite(lanes[used]).all() and (lanes[used] >= 0).all()):
        cell = int(np.flatnonzero(~(np.isfinite(values) & (values >= 0)).reshape(len(values), -1).all(axis=1))[0])
        msg = f"{name} of cell {cell} is {values[cell]}; a number of at least 0 is needed where plants grow."
        raise ValueError(msg)
    return np.where(used, lanes, 0).astype(blocks.float_type)
