"""Maps of observed surface soil moisture beside the world's own days, on the same cells."""

from collections.abc import Iterable

import numpy as np
import xarray as xr

from data_catalog.observations import GOOD
from data_catalog.regrid import cells_of_points, onto_cells
from data_catalog.world.soil import label_of, parents_of, shipped
from data_catalog.world.soil_file import SMSF
from data_catalog.world.static import open_static
from models.variables import VARIABLES

__all__ = ["beside_world", "world_ssm"]

FEBRUARY_29 = 59
"""Number of that day in a leap year, from 0."""


def world_ssm(grid: str, time: np.ndarray, cells: np.ndarray | None = None) -> xr.DataArray:
    """Return the world's surface soil moisture (time, cell) [m3 m-3] on the days of the year of some times.

    The days are those of the land surface model on synthetic weather (0-10 cm, a climatological year): wetness times
    porosity. They are no forecast for a date.
    """
    static = open_static(grid)
    cells = np.arange(static.sizes["cell"]) if cells is None else np.asarray(cells)
    parent = parents_of(static, grid)[cells]
    days = time.astype("datetime64[D]")
    year = days.astype("datetime64[Y]").astype("datetime64[D]")
    number = (days - year).astype(int)
    leap = (year.astype("datetime64[Y]").astype(int) + 1970) % 4 == 0
    number = np.where(leap & (number >= FEBRUARY_29), number - 1, number)
    run = shipped()
    wet = run.soil[parent][:, SMSF][:, number].T
    values = wet / 100.0 * run.porosity[parent][None, :]
    source = f"synthetic: {label_of(grid, own=False)}"
    attrs = VARIABLES["ssm"].cf_attrs | {"source": source}
    return xr.DataArray(
        values, dims=("time", "cell"), coords={"time": time, "cell": cells}, name="ssm_sim", attrs=attrs
    )


def beside_world(
    granules: xr.Dataset | Iterable[xr.Dataset], *, grid: str = "36km", quality: int | None = GOOD
) -> xr.Dataset:
    """Put observed surface soil moisture and the world's on the same cells and days.

    Parameters
    ----------
    granules : Dataset or several
        Maps of ``ssm`` from the catalog, such as SPL3SMP granules; points are averaged over cells.
    grid : str
        Grid of the world.
    quality : int, optional
        Largest ``ssm_qc`` that is taken; None takes all.

    Returns
    -------
    Dataset
        ``ssm_obs``, ``ssm_sim`` on (time, cell) [m3 m-3], with row, column, latitude and longitude of each cell.

    Raises
    ------
    ValueError
        One lacks ``ssm``, or lies on no known grid.
    """
    parts = [granules] if isinstance(granules, xr.Dataset) else list(granules)
    static = open_static(grid)
    rows, times, sources = [], [], []
    for ds in parts:
        if "ssm" not in ds:
            msg = f"The data lack ssm; they have {', '.join(map(str, ds.data_vars))[:200]}."
            raise ValueError(msg)
        field = ds["ssm"] if quality is None or "ssm_qc" not in ds else ds["ssm"].where(ds["ssm_qc"] <= quality)
        if "point" in field.dims:
            mean, _ = cells_of_points(field.to_numpy(), ds["latitude"].to_numpy(), ds["longitude"].to_numpy(), grid)
            rows.append(mean[static["row"].to_numpy(), static["column"].to_numpy()][None])
            times.append(np.array([np.nanmedian(ds["time"].to_numpy().astype(np.int64)).astype("datetime64[ns]")]))
        else:
            maps = field.to_dataset(name="ssm").assign_attrs(grid=ds.attrs.get("grid", ""))
            placed = onto_cells(maps, static, "nearest" if grid == "36km" else "mean", least=0.0)["ssm"]
            rows.append(placed.transpose("time", "cell").to_numpy())
            times.append(ds["time"].to_numpy())
        sources.append(str(ds.attrs.get("source", "")))
    time = np.concatenate(times)
    attrs = VARIABLES["ssm"].cf_attrs | {"source": "; ".join(dict.fromkeys(sources))}
    out = xr.Dataset({"ssm_obs": (("time", "cell"), np.concatenate(rows), attrs)}, coords={"time": time})
    out["ssm_sim"] = world_ssm(grid, time).drop_vars("cell")
    out = out.assign_coords(
        {name: ("cell", static[name].to_numpy()) for name in ("row", "column", "latitude", "longitude")}
    )
    known = ("title", "citation", "licence")
    return out.assign_attrs(
        {key: parts[0].attrs[key] for key in known if key in parts[0].attrs} | {"grid": grid}
    ).sortby("time")
