"""Write granules in the layouts of SMAP's products, with made-up numbers in one corner of the globe."""

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np

from data_catalog.datasets.ease_file import ease_axes
from data_catalog.grid import EaseGrid

__all__ = ["UNITS", "new_granule", "put", "subset_axes", "write_level3"]


def new_granule(path: str | Path, short_name: str, release: str, begin: str) -> h5py.File:
    """Create a granule with the metadata that readers look at."""
    file = h5py.File(path, "w")
    about = file.create_group("Metadata/DatasetIdentification")
    about.attrs["CompositeReleaseID"] = np.bytes_(release)
    about.attrs["shortName"] = np.bytes_(short_name)
    extent = file.create_group("Metadata/Extent")
    extent.attrs["rangeBeginningDateTime"] = np.bytes_(begin)
    return file


def put(
    file: h5py.File,
    name: str,
    shape: tuple[int, ...],
    values: np.ndarray,
    *,
    fill: float = -9999.0,
    corner: tuple[slice, ...] | None = None,
    array_fill: bool = False,
    **attrs: object,
) -> None:
    """Write a variable of the given shape of which only ``corner`` holds values; the rest is fill.

    ``array_fill`` stores the fill value as an array of one, as some products do.
    """
    values = np.asarray(values)
    corner = tuple(slice(0, n) for n in shape) if corner is None else corner
    chunks = tuple(min(n, 512) for n in shape)
    data = file.create_dataset(name, shape, values.dtype, chunks=chunks, compression="gzip", fillvalue=fill)
    data[corner] = values
    missing = values.dtype.type(fill)
    data.attrs["_FillValue"] = np.array([missing]) if array_fill else missing
    for key, value in attrs.items():
        data.attrs[key] = np.bytes_(value) if isinstance(value, str) else value


def subset_axes(file: h5py.File, grid: str, rows: slice, columns: slice) -> tuple[int, int]:
    """Write x and y at the root, as a spatial subset has them; return its shape."""
    rows_, columns_ = np.arange(rows.start, rows.stop), np.arange(columns.start, columns.stop)
    axes = ease_axes(grid, rows_, columns_)
    for name in ("x", "y"):
        file[name] = axes[name][1]
        file[name].attrs["units"] = np.bytes_("m")
    projection = file.create_dataset("EASE2_global_projection", data=np.bytes_(""))
    projection.attrs["grid_mapping_name"] = np.bytes_("lambert_cylindrical_equal_area")
    return rows_.size, columns_.size


def latitudes(grid: str, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return 2-D latitudes and longitudes of a whole grid, as level-3 products store them."""
    ease = EaseGrid(grid)
    latitude = ease.lat_lon(np.arange(shape[0]), np.zeros(shape[0]))[0]
    longitude = ease.lat_lon(np.zeros(shape[1]), np.arange(shape[1]))[1]
    return np.broadcast_to(latitude[:, None], shape), np.broadcast_to(longitude[None, :], shape)


def write_level3(path: str | Path, grid: str, short_name: str, units: Mapping[str, str], most: int = 99) -> None:
    """Write a daily composite with a morning and an evening pass, of its first ``most`` variables."""
    rng = np.random.default_rng(1)
    shape = EaseGrid(grid).shape
    corner = (slice(100, 140), slice(200, 240))
    n = (40, 40)
    with new_granule(path, short_name, "R19240", "2021-07-01T00:00:00.000Z") as file:
        for end in ("AM", "PM"):
            suffix = "_pm" if end == "PM" else ""
            group = f"Soil_Moisture_Retrieval_Data_{end}"
            made = {
                "soil_moisture": rng.uniform(0.05, 0.45, n),
                "soil_moisture_error": rng.uniform(0.01, 0.1, n),
                "vegetation_opacity": rng.uniform(0.0, 1.0, n),
                "vegetation_water_content": rng.uniform(0.0, 8.0, n),
                "tb_h_corrected": rng.uniform(180.0, 290.0, n),
                "tb_v_corrected": rng.uniform(200.0, 300.0, n),
                "surface_temperature": rng.uniform(270.0, 310.0, n),
                "freeze_thaw_fraction": rng.integers(0, 2, n),
                "albedo": np.full(n, 0.06),
                "roughness_coefficient": np.full(n, 0.13),
                "static_water_body_fraction": rng.uniform(0.0, 0.05, n),
            }
            for name, values in list(made.items())[:most]:
                more = {"units": units[name]} if name in units else {}
                put(file, f"{group}/{name}{suffix}", shape, values.astype(np.float32), corner=corner, **more)
            flag = rng.choice(np.array([0, 0, 0, 1, 5, 7], np.uint16), n)
            put(file, f"{group}/retrieval_qual_flag{suffix}", shape, flag, fill=65534, corner=corner)
            put(file, f"{group}/surface_flag{suffix}", shape, flag * 0, fill=65534, corner=corner)
            latitude, longitude = latitudes(grid, shape)
            for name, values in (("latitude", latitude), ("longitude", longitude)):
                part = values[corner].astype(np.float32)
                put(file, f"{group}/{name}{suffix}", shape, part, corner=corner)


UNITS = {
    "soil_moisture": "cm**3/cm**3",
    "soil_moisture_error": "cm**3/cm**3",
    "vegetation_water_content": "kg/m**2",
    "tb_h_corrected": "Kelvin",
    "tb_v_corrected": "Kelvin",
    "surface_temperature": "Kelvins",
}
"""Units as the level-2 and level-3 products state them."""
