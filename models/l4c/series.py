"""One cell of some blocks through the days, in float64: what a click on the map asks for."""

import numpy as np
import xarray as xr

from models.l4c.forward import daily_bins, integrate, start_of_year
from models.l4c.params import PFTS
from models.l4c.rows import pft_rows
from models.options import L4COptions
from models.packing import DRIVERS, Blocks
from models.variables import VARIABLES

__all__ = ["cell_series"]


def cell_series(blocks: Blocks, options: L4COptions, cell: int) -> xr.Dataset:
    """Run one cell of some blocks day by day in float64; see `LiveResult.series`."""
    if not 0 <= int(cell) < blocks.n_cell:
        msg = f"cell = {cell} is not there; 0 to {blocks.n_cell - 1} are."
        raise ValueError(msg)
    time = ("time", blocks.time.astype("datetime64[ns]"))
    block, lane = (int(x[0]) if len(x) else -1 for x in np.nonzero(blocks.cell_of == cell))
    here = blocks.of([block]) if block >= 0 else None
    if here is None or not (used := here.fraction[:, lane] > 0).any():
        return xr.Dataset(coords={"time": time, "pft": ("pft", np.zeros(0, int))}, attrs={"cell": int(cell)})
    here = here.as_float(np.float64)
    base = options.baseline()
    rows = pft_rows(options.table(), here, options.without, options.frozen_gpp)
    base_rows = pft_rows(base.table(), here, base.without, base.frozen_gpp)
    f_aut, base_f_aut = (
        np.array([t[PFTS[p - 1]].f_aut for p in here.pft])[:, None] for t in (options.table(), base.table())
    )
    how = "analytical" if options.soc_start == "analytical" else "periodic"
    start = start_of_year(here, base_rows, base_f_aut, how=how, litterfall=options.litterfall)
    run = integrate(here, rows, start, daily_bins(here), litterfall=options.litterfall)
    of_pft = {name: run.out[used, :, place, lane] for place, name in enumerate(run.names)}
    of_pft["ra"] = f_aut[used] * of_pft["gpp"]
    of_pft["npp"] = of_pft["gpp"] - of_pft["ra"]
    of_pft["rh"] = of_pft["rh_fast"] + of_pft["rh_med"] + of_pft["rh_slow"]
    of_pft["reco"] = of_pft["ra"] + of_pft["rh"]
    of_pft["nee"] = of_pft["reco"] - of_pft["gpp"]
    of_pft["soc"] = of_pft["soc_fast"] + of_pft["soc_med"] + of_pft["soc_slow"]
    of_pft["fpar"] = here.fpar[used][:, here.fpar_step, lane]
    weight = here.fraction[used, lane].astype(np.float64)
    weight /= weight.sum()
    variables: dict[str, tuple] = {}
    for name, values in of_pft.items():
        variables[name] = ("time", weight @ values, VARIABLES[name].cf_attrs)
        variables[f"{name}_pft"] = (("pft", "time"), values, VARIABLES[name].cf_attrs)
    for place, name in enumerate(DRIVERS):
        variables[name] = ("time", here.data[0, :, place, lane].copy(), VARIABLES[name].cf_attrs)
    variables["apar"] = ("time", variables["fpar"][1] * variables["par"][1], VARIABLES["apar"].cf_attrs)
    variables["fraction"] = ("pft", here.fraction[used, lane].astype(np.float64))
    # In one go: xarray aligns all that is there at each single assignment, which took ten times the run.
    return xr.Dataset(
        variables, coords={"time": time, "pft": ("pft", here.pft[used].astype(int))}, attrs={"cell": int(cell)}
    )
