"""The reference runs beside the project, as blocks and parameters of ours."""

from pathlib import Path

import numpy as np
import xarray as xr

from models.l4c.forward import Forward, Start, daily_bins, integrate, start_of_year, to_cells
from models.l4c.params import L4CParams
from models.l4c.rows import cell_rows
from models.packing import DRIVERS, Blocks, order_cells, tiles_of_blocks
from models.wetness import rescale_smrz


def float_blocks(drivers: dict, pft: np.ndarray, dtype=np.float64) -> Blocks:
    """Blocks of drivers (cell, day) without any check: NaN and nonsense pass."""
    fraction = (np.asarray(pft)[:, None] == np.arange(1, 9)).astype(float)
    n_cell, days = drivers["par"].shape
    cell_of = order_cells(np.zeros(n_cell), np.zeros(n_cell), fraction)
    block_of, of_tile, tile_fraction = tiles_of_blocks(cell_of, fraction)
    filled = np.where(cell_of >= 0, cell_of, cell_of[:, :1])
    data = np.stack([drivers[name][filled].transpose(0, 2, 1) for name in DRIVERS], axis=2).astype(dtype)
    return Blocks(
        data=np.ascontiguousarray(data),
        scale=np.ones(len(DRIVERS)),
        offset=np.zeros(len(DRIVERS)),
        fpar=np.ascontiguousarray(drivers["fpar"][filled[block_of]].transpose(0, 2, 1).astype(dtype)),
        fpar_scale=1.0,
        fpar_step=np.arange(days, dtype=np.int32),
        block_of=block_of,
        pft=of_tile,
        fraction=tile_fraction,
        cell_of=cell_of,
        time=np.datetime64("2015-01-01") + np.arange(days),
        n_cell=n_cell,
    )


def of_cells(blocks: Blocks, values: np.ndarray) -> np.ndarray:
    """Values (cell, ...) on the lanes of each tile (tile, ..., lane)."""
    cells = np.where(blocks.cell_of >= 0, blocks.cell_of, blocks.cell_of[:, :1])[blocks.block_of]
    return np.moveaxis(np.asarray(values)[cells], 1, -1)


def read_set_a(shared: Path) -> tuple[xr.Dataset, dict, L4CParams]:
    """The 80 cells, their drivers and their parameters, in our names."""
    with xr.open_dataset(shared / "reference/l4c/set_a.nc", engine="h5netcdf") as opened:
        ds = opened.load()
    smrz = ds.SMRZ.values
    drivers = {
        "par": ds.PAR.values, "fpar": ds.fPAR.values, "tmin": ds.Tmin.values, "vpd": ds.VPD.values,
        "smrz_rescaled": rescale_smrz(smrz, smrz.min(axis=1, keepdims=True), np.full((len(smrz), 1), 100.0)),
        "smsf": ds.SMSF.values, "t_soil": ds.Tsoil.values, "frozen": 1.0 - ds.FT.values,
    }  # fmt: skip
    fast, med, slow = ds.param_decay_rates.values
    params = L4CParams(
        lue_max=ds.param_LUE.values, tmin_low=ds.param_tmin0.values, tmin_high=ds.param_tmin1.values,
        vpd_low=ds.param_vpd0.values, vpd_high=ds.param_vpd1.values, smrz_low=ds.param_smrz0.values,
        smrz_high=ds.param_smrz1.values, ft_min=ds.param_ft0.values, ft_max=ds.param_ft1.values,
        f_aut=1 - ds.param_CUE.values, tsoil_beta=ds.param_tsoil.values, tsoil_beta1=np.full(len(smrz), 66.02),
        tsoil_beta2=np.full(len(smrz), 227.13), smsf_low=ds.param_smsf0.values, smsf_high=ds.param_smsf1.values,
        k_fast=fast, k_med=med / fast, k_slow=slow / fast, f_fast=ds.param_f_metabolic.values,
        f_med=ds.param_f_structural.values,
    )  # fmt: skip
    return ds, drivers, params


def run_cells(
    drivers: dict, pft: np.ndarray, params: L4CParams, *, how: str = "periodic", soc=None, litter=None, dtype=np.float64
) -> tuple[Blocks, Start, Forward]:
    """Run cells with their own parameters, every day; SOC (cell, 3) and litterfall (cell,) may be given."""
    blocks = float_blocks(drivers, pft, dtype)
    rows = cell_rows(params, blocks)
    given = None if soc is None else of_cells(blocks, soc)
    f_aut = of_cells(blocks, np.broadcast_to(params.f_aut, (blocks.n_cell,)))
    start = start_of_year(blocks, rows, f_aut, how="given" if soc is not None else how, soc=given)
    if litter is not None:
        start = Start(start.soc, of_cells(blocks, litter).astype(dtype), start.missing_days, start.never_decays)
    return blocks, start, integrate(blocks, rows, start, daily_bins(blocks))


def outputs(blocks: Blocks, run: Forward) -> dict[str, np.ndarray]:
    """Daily outputs (cell, day)."""
    out = {name: to_cells(blocks, run.out[:, :, place]) for place, name in enumerate(run.names)}
    out["rh"] = out["rh_fast"] + out["rh_med"] + out["rh_slow"]
    return out
