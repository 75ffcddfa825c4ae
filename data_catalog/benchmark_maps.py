"""A benchmark of the user's files on the cells of the embedded world: mean months of a year, or one map of a stock.

Files of one product (twelve monthly maps, a year of days) are averaged into the months of a mean year, weighted by the
times they hold; each map is brought to the cells by the area that both share, and a file on a grid finer than the
world's is averaged, a coarser one repeated.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog import CATALOG
from data_catalog.regrid import onto_cells
from data_catalog.world.static import open_static
from models.kernel import Cancelled
from models.variables import VARIABLES

__all__ = ["MONTHS", "benchmark_maps"]

MONTHS = 12
LEAST_SHARE = 0.2
"""Share of a cell that a product must cover: coasts are narrow."""


def benchmark_maps(
    product: str,
    variable: str,
    paths: Sequence[str | Path],
    grid: str,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> xr.DataArray:
    """Read the files of a product and bring one of its variables to the cells of a grid of the world.

    Parameters
    ----------
    product : str
        Name in `data_catalog.CATALOG`.
    variable : str
        Name in `models.variables`.
    paths : sequence of path
        Its files.
    grid : str
        "36km" or "108km".
    progress, cancelled : callable, optional
        Told the share of the files done; asked before each file.

    Returns
    -------
    DataArray
        (month, cell) for what has times, month 1 to 12 and NaN where no file has the month; (cell,) for what has none.
        Attributes say source, citation, licence, period and how many times each month is the mean of.

    Raises
    ------
    ValueError
        No file, a file that cannot be read, or one without the variable.
    Cancelled
        If ``cancelled`` said yes.
    """
    entry, world = CATALOG[product], open_static(grid)
    if not paths:
        msg = f"There is no file of {product}; start the app with --data FOLDER where one lies."
        raise ValueError(msg)
    sums = np.zeros((MONTHS, world.sizes["cell"]))
    count = np.zeros_like(sums)
    times = np.zeros(MONTHS, int)
    still, days, attrs = [], [], {}
    for number, path in enumerate(paths):
        if cancelled is not None and cancelled():
            raise Cancelled
        with entry.load(path) as ds:
            if variable not in ds:
                msg = f"{Path(path).name} holds no {variable}; it has {', '.join(map(str, ds.data_vars))[:120]}."
                raise ValueError(msg)
            attrs = attrs or dict(ds.attrs)
            part = ds[[variable]].assign_attrs(grid=ds.attrs.get("grid", ""))
            if "time" in part.dims:
                days.append(part["time"].to_numpy())
                for month, mean, held, steps in _of_months(part, variable, world):
                    sums[month] += mean
                    count[month] += held
                    times[month] += steps
            else:
                still.append(onto_cells(part, world, "mean", least=LEAST_SHARE)[variable].to_numpy())
        if progress is not None:
            progress((number + 1) / len(paths))
    about = dict(VARIABLES[variable].cf_attrs) | {
        key: attrs[key] for key in ("source", "citation", "licence", "synthetic", "title") if key in attrs
    }
    if still:
        stack = np.stack(still).astype(float)
        there = np.isfinite(stack)
        mean = np.divide(
            np.where(there, stack, 0.0).sum(axis=0), there.sum(axis=0),
            out=np.full(stack.shape[1], np.nan), where=there.any(axis=0),
        )  # fmt: skip
        return xr.DataArray(mean, dims="cell", name=variable, attrs=about)
    mean = np.divide(sums, count, out=np.full(sums.shape, np.nan), where=count > 0)
    along = np.concatenate(days)
    period = f"{np.datetime64(along.min(), 'D')} to {np.datetime64(along.max(), 'D')}"
    about |= {"period": period, "times_of_month": " ".join(map(str, times))}
    months = {"month": np.arange(1, MONTHS + 1)}
    return xr.DataArray(mean, months, ("month", "cell"), name=variable, attrs=about)


def _of_months(part: xr.Dataset, variable: str, world: xr.Dataset):
    """Yield month (0-11), sum over its times, number of values (cell,), and number of times of a file."""
    month_of = part["time"].to_numpy().astype("datetime64[M]").astype(int) % MONTHS
    for month in np.unique(month_of):
        chosen = part.isel(time=np.flatnonzero(month_of == month))
        # The mean over the times comes before the map is moved: one map to move instead of many.
        steps = chosen.sizes["time"]
        mean = chosen.mean("time", keep_attrs=True).load()
        moved = onto_cells(mean, world, "mean", least=LEAST_SHARE)[variable].to_numpy()
        held = np.isfinite(moved)
        yield int(month), np.where(held, moved * steps, 0.0), held * steps, steps
