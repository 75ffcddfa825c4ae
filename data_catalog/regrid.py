"""Between regular grids and the EASE-Grid 2.0 family: nearest, mean and conservative, by weights that are two tables.

Every grid here has rows of one latitude and columns of one longitude, so a weight between two cells is the product of
a share along latitude and a share along longitude. On the sphere of equal area (authalic latitude) the area of a cell
is exactly the product of both extents, so what is conserved is conserved to rounding, and the weights of a whole globe
are two sparse matrices of a few thousand numbers.

Nearest is what the papers do (Heyvaert et al. 2024 put SMAP on their grid so); ``mean`` weights by the area that two
cells share and leaves out what is missing; ``conservative`` is for amounts per cell: their sum stays.
"""

import dask
import dask.array as da
import numpy as np
import xarray as xr
from scipy import sparse

from data_catalog.datasets.ease_file import ease_axes
from data_catalog.grid import GRIDS, EaseGrid
from data_catalog.rect_grid import RADIUS_AUTHALIC, RectGrid, grid_of

__all__ = ["HOW", "cells_of_points", "map_values", "onto_cells", "overlaps", "regrid"]

HOW = ("nearest", "mean", "conservative")
LEAST_SHARE = 0.5
"""Share of a target cell's area that must hold values for its mean to count."""


def overlaps(source: np.ndarray, target: np.ndarray, *, period: float = 0.0) -> sparse.csr_matrix:
    """Return the lengths that intervals share, (target, source).

    Parameters
    ----------
    source, target : arrays
        Edges, each in order (ascending or descending).
    period : float
        After which the source comes again (360 for longitudes), 0 if it does not.
    """
    s0, s1 = np.minimum(source[:-1], source[1:]), np.maximum(source[:-1], source[1:])
    t0, t1 = np.minimum(target[:-1], target[1:]), np.maximum(target[:-1], target[1:])
    parts = []
    for shift in (0.0,) if period == 0.0 else (-period, 0.0, period):
        order = np.argsort(s0)
        low, high = s0[order] + shift, s1[order] + shift
        first = np.searchsorted(high, t0, side="right")
        last = np.searchsorted(low, t1, side="left")
        counts = np.maximum(last - first, 0)
        rows = np.repeat(np.arange(t0.size), counts)
        columns = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)
        length = np.minimum(high[columns], t1[rows]) - np.maximum(low[columns], t0[rows])
        keep = length > 0.0
        parts.append(sparse.csr_matrix((length[keep], (rows[keep], order[columns[keep]])), (t0.size, s0.size)))
    return sum(parts[1:], parts[0])


def _weights(source: RectGrid, target: RectGrid) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    up = overlaps(source.heights, target.heights)
    along = overlaps(np.radians(source.longitude_edges), np.radians(target.longitude_edges), period=2.0 * np.pi)
    return up, along


def _nearest(source: RectGrid, target: RectGrid) -> tuple[np.ndarray, np.ndarray]:
    """Return the source row and column that hold each target centre; -1 outside."""
    row = _holding(source.latitude_edges, target.latitude)
    west = source.longitude_edges[0]
    turned = west + (target.longitude - west) % 360.0
    return row, _holding(source.longitude_edges, turned)


def _holding(edges: np.ndarray, values: np.ndarray) -> np.ndarray:
    ascending = edges if edges[0] < edges[-1] else edges[::-1]
    k = np.searchsorted(ascending, values, side="right") - 1
    # The last edge belongs to the last cell.
    k = np.where((values == ascending[-1]) & (k == ascending.size - 1), ascending.size - 2, k)
    inside = (k >= 0) & (k < ascending.size - 1)
    if edges[0] > edges[-1]:
        k = ascending.size - 2 - k
    return np.where(inside, k, -1)


def map_values(
    values: np.ndarray, source: RectGrid, target: RectGrid, how: str = "mean", least: float = LEAST_SHARE
) -> np.ndarray:
    """Bring maps (..., row, column) from one grid to another; NaN is missing.

    Parameters
    ----------
    how : str
        One of `HOW`; "conservative" takes amounts per cell and gives amounts per cell.
    least : float
        Share of a target cell that must hold values, for "mean"; 0 takes any.

    Raises
    ------
    ValueError
        ``how`` is another word, or the values have another shape than the source.
    """
    if how not in HOW:
        msg = f"how = {how!r} is not accepted; {', '.join(HOW)} are."
        raise ValueError(msg)
    values = np.asarray(values)
    if values.shape[-2:] != source.shape:
        msg = f"The values have {values.shape[-2:]} cells, their grid {source.shape}."
        raise ValueError(msg)
    if how == "nearest":
        row, column = _nearest(source, target)
        out = values[..., np.maximum(row, 0)[:, None], np.maximum(column, 0)[None, :]]
        outside = (row < 0)[:, None] | (column < 0)[None, :]
        if not outside.any():
            return out
        kind = out.dtype if out.dtype.kind == "f" else np.float32
        return np.where(outside, np.nan, out.astype(kind))
    weights = _weights(source, target)
    flat = values.reshape(-1, *source.shape)
    amounts = source.area() / RADIUS_AUTHALIC**2 if how == "conservative" else None
    out = [_finished(_sums(layer, *weights, amounts), target, how, least) for layer in flat]
    kind = values.dtype if values.dtype.kind == "f" else np.float64
    return np.reshape(out, (*values.shape[:-2], *target.shape)).astype(kind)


def _sums(layer: np.ndarray, up, along, amounts: np.ndarray | None = None) -> np.ndarray:
    """Return sums of value times shared area, and of shared area with a value, (2, row, column) of the target."""
    there = np.isfinite(layer)
    filled = np.where(there, layer, 0.0).astype(np.float64)
    if amounts is not None:
        filled = filled / amounts
    return np.stack([(along @ (up @ part).T).T for part in (filled, there.astype(np.float64))])


def _finished(sums: np.ndarray, target: RectGrid, how: str, least: float) -> np.ndarray:
    total, held = sums
    if how == "conservative":
        return np.where(held > 0.0, total, np.nan)
    whole = target.area() / RADIUS_AUTHALIC**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((held > 0.0) & (held >= least * whole - 1e-12), total / held, np.nan)


def _in_strips(data: da.Array, source: RectGrid, target: RectGrid, how: str, least: float) -> da.Array:
    """Map one dask array (..., row, column) strip by strip of its rows, so that no whole map need be held."""
    up, along = _weights(source, target)
    data = data.rechunk({data.ndim - 1: -1, **dict.fromkeys(range(data.ndim - 2), 1)})
    edges = np.cumsum((0, *data.chunks[-2]))
    amounts = source.area() / RADIUS_AUTHALIC**2 if how == "conservative" else None

    def part(block: np.ndarray, first: int, last: int) -> np.ndarray:
        share = None if amounts is None else amounts[first:last]
        return _sums(block.reshape(block.shape[-2:]), up[:, first:last], along, share)

    def joined(parts: list[np.ndarray]) -> np.ndarray:
        return _finished(sum(parts[1:], parts[0]), target, how, least).astype(data.dtype)

    blocks = data.to_delayed().reshape(-1, len(edges) - 1)
    maps = []
    for strips in blocks:
        parts = [dask.delayed(part)(b, int(i), int(j)) for b, i, j in zip(strips, edges[:-1], edges[1:], strict=True)]
        maps.append(da.from_delayed(dask.delayed(joined)(parts), target.shape, data.dtype))
    return da.stack(maps).reshape(*data.shape[:-2], *target.shape)


def regrid(
    ds: xr.Dataset | xr.DataArray, to: str | RectGrid, how: str = "mean", *, least: float = LEAST_SHARE
) -> xr.Dataset | xr.DataArray:
    """Bring a dataset to another grid, lazily where it is lazy; flags (integers) always by the nearest cell.

    Parameters
    ----------
    ds : Dataset or DataArray
        On (latitude, longitude) or (y, x) of an EASE-Grid; see `grid_of`.
    to : str or RectGrid
        "36km", "9km", ... or a grid.
    how : str
        One of `HOW`.
    least : float
        See `map_values`.

    Returns
    -------
    Dataset or DataArray
        On (y, x) with row and column for an EASE-Grid, else on (latitude, longitude).

    Raises
    ------
    ValueError
        See `grid_of` and `map_values`.
    """
    source = grid_of(ds)
    target = RectGrid.ease(to) if isinstance(to, str) else to
    across = ("y", "x") if "y" in ds.dims else ("latitude", "longitude")
    ease = target.name in GRIDS
    new = ("y", "x") if ease else ("latitude", "longitude")

    sizes = {f"new_{name}": count for name, count in zip(new, target.shape, strict=True)}

    def one(array: xr.DataArray) -> xr.DataArray:
        if not set(across) <= set(array.dims):
            return array
        way = how if array.dtype.kind == "f" else "nearest"
        bare = array.drop_vars([name for name in array.coords if set(array[name].dims) & set(across)])
        if way != "nearest" and bare.chunks and len(bare.chunksizes[across[0]]) > 1:
            bare = bare.transpose(..., *across)
            strips = _in_strips(bare.data, source, target, way, least)
            there = {name: bare[name] for name in bare.coords}
            return xr.DataArray(strips, there, (*bare.dims[:-2], *new), attrs=array.attrs)
        moved = xr.apply_ufunc(
            lambda block: map_values(block, source, target, way, least),
            bare,
            input_core_dims=[across],
            output_core_dims=[[f"new_{name}" for name in new]],
            exclude_dims=set(across),
            dask="parallelized",
            output_dtypes=[array.dtype],
            dask_gufunc_kwargs={"output_sizes": sizes, "allow_rechunk": True},
            keep_attrs=True,
        )
        return moved.rename({f"new_{name}": name for name in new})

    out = one(ds) if isinstance(ds, xr.DataArray) else ds.map(one, keep_attrs=True)
    if ease:
        rows, columns = np.arange(target.shape[0]) + target.first_row, np.arange(target.shape[1]) + target.first_column
        out = out.assign_coords(ease_axes(target.name, rows, columns))
    else:
        out = out.assign_coords(latitude=("latitude", target.latitude), longitude=("longitude", target.longitude))
    name = f"EASE2 {target.name[:-2]} km" if ease else target.name
    said = f"{how} from {source.name or 'its own grid'} to {target.name or 'another grid'}"
    return out.assign_attrs(grid=name, regridded=said)


def onto_cells(ds: xr.Dataset, world: xr.Dataset, how: str = "nearest", *, least: float = LEAST_SHARE) -> xr.Dataset:
    """Bring a dataset onto the cells of the embedded world.

    Parameters
    ----------
    world : Dataset
        With ``row`` and ``column`` on (cell), and the attribute ``grid``: `data_catalog.world.static.open_static`.

    Returns
    -------
    Dataset
        On (..., cell), in the order of the world.
    """
    name = str(world.attrs["grid"])
    held = grid_of(ds)
    moved = ds if held.name == name and held.shape == EaseGrid(name).shape else regrid(ds, name, how, least=least)
    row, column = (xr.DataArray(world[axis].to_numpy(), dims="cell") for axis in ("row", "column"))
    picked = moved.isel(y=row, x=column)
    keep = [axis for axis in ("y", "x", "row", "column") if axis in picked.coords]
    return picked.drop_vars(keep).assign_attrs(moved.attrs)


def cells_of_points(
    values: np.ndarray, latitude: np.ndarray, longitude: np.ndarray, grid: str = "36km"
) -> tuple[np.ndarray, np.ndarray]:
    """Average points (a swath, a sinusoidal tile) over the cells of an EASE-Grid 2.0 that hold them.

    Parameters
    ----------
    values, latitude, longitude : arrays
        Of one shape; NaN values and places are left out.

    Returns
    -------
    mean, count : (row, column) arrays
        NaN and 0 where no point fell.
    """
    ease = EaseGrid(grid)
    values, latitude, longitude = (np.ravel(np.asarray(x, np.float64)) for x in (values, latitude, longitude))
    good = np.isfinite(values) & np.isfinite(latitude) & np.isfinite(longitude)
    row, column = ease.row_col(latitude[good], longitude[good])
    place = row * ease.shape[1] + column
    n = ease.shape[0] * ease.shape[1]
    count = np.bincount(place, minlength=n)
    total = np.bincount(place, weights=values[good], minlength=n)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean.reshape(ease.shape), count.reshape(ease.shape)
