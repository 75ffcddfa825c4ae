"""What SMAP's passive soil moisture files of level 2 and 3 have in common: their variables and their quality flag."""

import re
from pathlib import Path

import dask.array as da
import h5py
import numpy as np
import xarray as xr

from data_catalog.datasets.ease_file import NAMES, Granule
from data_catalog.datasets.product_columns import Column
from data_catalog.grid import EaseGrid
from data_catalog.head import Head

__all__ = [
    "FIELDS",
    "FLAGS",
    "GROUP",
    "OVERPASS",
    "PASSIVE_LICENCE",
    "day_of",
    "holds",
    "open_level3",
    "quality",
    "time_of",
]

GROUP = "Soil_Moisture_Retrieval_Data"
PASSIVE_LICENCE = "NASA open data: free, to be cited"
OVERPASS = {"": 6, "AM": 6, "PM": 18}
"""Hour of local solar time of an overpass; releases before version 4 have the morning's alone."""

FIELDS = (
    Column("ssm", "soil_moisture", "m3 m-3"),
    Column("ssm_std", "soil_moisture_error", "m3 m-3"),
    Column("vod_l", "vegetation_opacity", low=0.0, high=10.0, comment="tau of the retrieval, at nadir"),
    Column("vwc", "vegetation_water_content", comment="ancillary, from NDVI"),
    Column("tb_h", "tb_h_corrected", "K"),
    Column("tb_v", "tb_v_corrected", "K"),
    Column("t_ground", "surface_temperature", "K", low=180.0, comment="effective temperature, GEOS"),
    Column("frozen", "freeze_thaw_fraction", comment="fraction of the cell that is frozen"),
    Column("albedo_l", "albedo", comment="single-scattering albedo of the retrieval"),
    Column("roughness_l", "roughness_coefficient", comment="h of the retrieval"),
    Column("water_fraction", "static_water_body_fraction"),
)
_TIME = re.compile(r"_((?:19|20)\d{6})(?:T(\d{6}))?_")
FLAGS = {
    "long_name": "quality of the soil moisture: 0 recommended, 2 retrieved but not recommended, 3 no retrieval",
    "flag_values": np.array([0, 2, 3], np.int8),
    "flag_meanings": "recommended not_recommended no_retrieval",
}


def holds(head: Head, product: str) -> bool:
    """Say whether a file holds SMAP's soil moisture of this level: "L2_SM_P", "L3_SM_P" or "L3_SM_P_E"."""
    if head.kind != "hdf5":
        return False
    groups = {name.split("/", 1)[0] for name in head.variables if name.endswith("soil_moisture")}
    groups |= {name.split("/", 1)[0] for name in head.variables if name.endswith("soil_moisture_pm")}
    if not any(group.startswith(GROUP) for group in groups):
        return False
    shapes = [shape for name, shape in head.variables.items() if name.split("/", 1)[-1].startswith("soil_moisture")]
    level = "L2_SM_P" if all(len(shape) == 1 for shape in shapes) else ""
    level = level or {(406, 964): "L3_SM_P", (1624, 3856): "L3_SM_P_E"}.get(shapes[0][:2], "")
    return (level or _level_of_subset(head)) == product


def _level_of_subset(head: Head) -> str:
    """Tell the two products apart in a spatial subset, by the step of its x."""
    place = next((name for name, shape in head.variables.items() if name.split("/")[-1] == "x" and shape > (1,)), None)
    if place is None:
        return "L3_SM_P"
    with h5py.File(head.path, "r") as file:
        step = abs(float(file[place][1]) - float(file[place][0]))
    return "L3_SM_P_E" if step < 1.5 * EaseGrid("9km").cell_size else "L3_SM_P"


def time_of(granule: Granule) -> np.datetime64:
    """Return the time in the name of a granule [s], or that of its metadata.

    Raises
    ------
    ValueError
        There is neither.
    """
    match = _TIME.search(granule.name)
    if match is not None:
        day, hours = match[1], match[2] or "000000"
        said = f"{day[:4]}-{day[4:6]}-{day[6:]}T{hours[:2]}:{hours[2:4]}:{hours[4:]}"
    else:
        said = granule.attr("rangeBeginningDateTime", at="Metadata/Extent")[:19]
    try:
        return np.datetime64(said, "s")
    except ValueError as error:
        msg = f"{granule.name} says its date neither in its name (_YYYYMMDD_) nor in Metadata/Extent: keep its name."
        raise ValueError(msg) from error


def day_of(granule: Granule) -> np.datetime64:
    """Return the day of a granule; see `time_of`."""
    return time_of(granule).astype("datetime64[D]")


def quality(flag: da.Array) -> da.Array:
    """Return 0 (recommended), 2 (retrieved) or 3 (none) of the bits of ``retrieval_qual_flag``; fill 65534 is none.

    Bit 0: not recommended; bit 1: not attempted; bit 2: not successful (Specification Document of SPL3SMP).
    """
    none = (flag == 65534) | ((flag & 0b110) != 0)
    return da.where(none, 3, da.where((flag & 1) != 0, 2, 0)).astype(np.int8)


def open_level3(path: str | Path, grid: str, title: str) -> xr.Dataset:
    """Open a daily composite lazily, on (time, y, x): time is the local solar time of the overpasses.

    Parameters
    ----------
    grid : str
        The grid that it must have: "36km" or "9km".
    title : str
        Name of the product.

    Raises
    ------
    FileNotFoundError, ValueError
        See `Granule`; or the file holds no retrieval.
    """
    with Granule(path) as granule:
        passes = [(end, f"{GROUP}_{end}" if end else GROUP) for end in OVERPASS]
        passes = [(end, group) for end, group in passes if group in granule]
        if not passes:
            msg = f"{granule.name} has no group {GROUP}, {GROUP}_AM or {GROUP}_PM; it has {', '.join(granule.file)}."
            raise ValueError(msg)
        day = day_of(granule)
        parts, name = [], ""
        for end, group in passes:
            suffix = "_pm" if f"{group}/soil_moisture_pm" in granule else ""
            shape = granule.file[f"{group}/soil_moisture{suffix}"].shape
            name, coords = granule.axes(shape, grid, (group, ""))
            fields = {}
            for field in FIELDS:
                theirs = f"{group}/{field.theirs}{suffix}"
                if theirs in granule:
                    column = Column(
                        field.ours, theirs, field.unit, low=field.low, high=field.high, comment=field.comment
                    )
                    fields[field.ours] = granule.array(column, ("y", "x"))
            flag = granule.stored(f"{group}/retrieval_qual_flag{suffix}")
            fields["ssm_qc"] = xr.DataArray(quality(flag), dims=("y", "x"), attrs=FLAGS)
            surface = f"{group}/surface_flag{suffix}"
            if surface in granule:
                meanings = granule.attr("flag_meanings", at=surface)
                about = {"long_name": "bits of the surface", "flag_meanings": meanings, "column": surface}
                fields["surface_flag"] = xr.DataArray(granule.stored(surface), dims=("y", "x"), attrs=about)
            time = day.astype("datetime64[ns]") + np.timedelta64(OVERPASS[end], "h")
            parts.append(xr.Dataset(fields, coords=coords).expand_dims(time=[time]))
        ds = xr.concat(parts, "time", join="exact", data_vars="all", coords="minimal", compat="override")
        ds["time"].attrs = {"standard_name": "time", "comment": "nominal local solar time of the overpass"}
        ds.attrs = {
            "title": title,
            "source": f"satellite: {granule.name}",
            "grid": NAMES[name],
            "product_version": granule.release(),
            "time_zone": "local mean solar time",
            "synthetic": 0,
        }
        ds.set_close(granule.close)
        return ds
