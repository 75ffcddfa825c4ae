"""Biome properties as kernels take them: slopes instead of upper limits, in the units in which drivers are stored."""

from collections.abc import Iterable, Mapping

import numpy as np

from models.l4c.column import PARAMETERS
from models.l4c.params import PFTS, RAMPS, L4CParams
from models.packing import DRIVERS, LANES, Blocks
from models.quantity import parameters_of

__all__ = ["DECAY_ROWS", "LIGHT_ROWS", "cell_rows", "pft_rows"]

LIGHT_ROWS = tuple(range(PARAMETERS.index("ft_max") + 1))
"""Rows that GPP hangs on."""

DECAY_ROWS = tuple(range(PARAMETERS.index("beta0"), len(PARAMETERS)))
"""Rows that RH of a unit of litterfall hangs on."""

ALWAYS = (-2000.0, -1000.0)
"""Limits of a rising ramp that every driver has passed."""

NEVER = (1e6, 2e6)
"""Limits of a falling ramp that no driver reaches."""


def _rows(params: L4CParams, blocks: Blocks, without: Iterable[str], frozen_gpp: str) -> np.ndarray:
    """Return (parameter, ...) rows of parameters of any shape."""
    p = {name: np.asarray(value, np.float64) for name, value in params._asdict().items()}
    shape = np.broadcast_shapes(*(v.shape for v in p.values()))
    p = {name: np.broadcast_to(value, shape) for name, value in p.items()}
    without = set(without)
    for driver in without & set(RAMPS):
        low, high = NEVER if driver == "vpd" else ALWAYS
        p[RAMPS[driver][0]], p[RAMPS[driver][1]] = np.full(shape, low), np.full(shape, high)
    for low, high in RAMPS.values():
        if not np.all(p[low] < p[high]):
            place = np.argwhere(~(p[low] < p[high]))[0]
            msg = (
                f"{low} = {p[low][tuple(place)]:g} must be below {high} = {p[high][tuple(place)]:g}"
                f" {parameters_of(L4CParams)[low].unit}: are the two swapped?"
            )
            raise ValueError(msg)
    if frozen_gpp == "zero":
        p["ft_min"] = np.zeros(shape)
    if "ft" in without:
        p["ft_min"] = p["ft_max"] = np.ones(shape)
    if "t_soil" in without:  # exp(0) at every temperature
        p["tsoil_beta"] = p["tsoil_beta2"] = np.zeros(shape)
    unit = {name: (float(blocks.scale[i]), float(blocks.offset[i])) for i, name in enumerate(DRIVERS)}

    def raw(value: np.ndarray, driver: str) -> np.ndarray:
        return (value - unit[driver][1]) / unit[driver][0]

    def slope(name: str, driver: str) -> np.ndarray:
        low, high = RAMPS[name]
        return 1.0 / (raw(p[high], driver) - raw(p[low], driver))

    t_scale, t_offset = unit["t_soil"]
    return np.stack(
        [
            p["lue_max"] * (unit["par"][0] * float(blocks.fpar_scale)),
            raw(p["vpd_high"], "vpd"),
            slope("vpd", "vpd"),
            raw(p["tmin_low"], "tmin"),
            slope("tmin", "tmin"),
            raw(p["smrz_low"], "smrz_rescaled"),
            slope("smrz", "smrz_rescaled"),
            p["ft_min"],
            p["ft_max"],
            p["tsoil_beta"],
            1.0 / p["tsoil_beta1"],
            np.full(shape, t_scale),
            t_offset - p["tsoil_beta2"],
            raw(p["smsf_low"], "smsf"),
            slope("smsf", "smsf"),
            p["k_fast"],
            p["k_fast"] * p["k_med"],
            p["k_fast"] * p["k_slow"],
            p["f_fast"],
            p["f_med"],
        ]
    )


def pft_rows(
    table: Mapping[str, L4CParams], blocks: Blocks, without: Iterable[str] = (), frozen_gpp: str = "ft_min"
) -> np.ndarray:
    """Make one row for each plant type; tile ``t`` takes row ``blocks.pft[t] - 1``.

    Parameters
    ----------
    table : mapping
        Plant type -> its parameters.
    blocks : Blocks
        Whose storage units the rows are for.
    without : iterable of str
        Constraints removed: vpd tmin smrz ft t_soil smsf.
    frozen_gpp : str
        "ft_min", or "zero" for no GPP on frozen ground.

    Returns
    -------
    (8, parameter * lane) array
        In the order of `models.l4c.column.PARAMETERS`.

    Raises
    ------
    ValueError
        If the limits of a ramp are swapped or equal.
    """
    columns = L4CParams(*(np.array([getattr(table[pft], name) for pft in PFTS], float) for name in L4CParams._fields))
    rows = _rows(columns, blocks, without, frozen_gpp)
    return _closed(np.repeat(rows.T, LANES, axis=1), blocks)


def cell_rows(params: L4CParams, blocks: Blocks, without: Iterable[str] = (), frozen_gpp: str = "ft_min") -> np.ndarray:
    """Make one row for each tile from parameters per cell; tile ``t`` takes row ``t``.

    Parameters
    ----------
    params : L4CParams of (cell,) arrays
        Values of each cell of the dataset.
    blocks, without, frozen_gpp
        See `pft_rows`.

    Returns
    -------
    (tile, parameter * lane) array
        In the order of `models.l4c.column.PARAMETERS`.
    """
    cells = np.where(blocks.cell_of >= 0, blocks.cell_of, blocks.cell_of[:, :1])[blocks.block_of]
    per_lane = L4CParams(*(np.broadcast_to(np.asarray(v, float), (blocks.n_cell,))[cells] for v in params))
    rows = _rows(per_lane, blocks, without, frozen_gpp).transpose(1, 0, 2)
    return _closed(rows.reshape(len(cells), -1), blocks)


def _closed(rows: np.ndarray, blocks: Blocks) -> np.ndarray:
    """Return rows in the float type of the blocks, read only."""
    rows = np.ascontiguousarray(rows.astype(blocks.float_type))
    rows.flags.writeable = False
    return rows
