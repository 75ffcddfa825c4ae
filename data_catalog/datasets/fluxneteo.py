"""FluxnetEO: daily vegetation indices of MODIS around flux towers, filled (Walther et al. 2022), in NetCDF."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.opening import open_store
from data_catalog.datasets.text_frame import point_dataset
from data_catalog.description import describe_dataset
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head

__all__ = ["ENTRY", "load", "write_example"]

CITATION = "Walther et al. 2022, A view from space on global flux towers by MODIS and Landsat, Biogeosciences 19, 2805"
_NAMES = (("ndvi", "NDVI"), ("evi", "EVI"))


def load(path: str | Path) -> xr.Dataset:
    """Open a site's file.

    Returns
    -------
    xr.Dataset
        On (time, site = 1): ``ndvi``, ``evi`` and ``<name>_qc``, the kind of filling (0 measured) of the file.

    Raises
    ------
    ValueError
        The file is another or cut off.
    """
    path = Path(path)
    with open_store(path, "FluxnetEO is a NetCDF file") as raw:
        held = [(ours, theirs) for ours, theirs in _NAMES if theirs in raw and raw[theirs].dims == ("time",)]
        if not held or "site_ID" not in raw.attrs or raw["time"].dtype.kind != "M":
            msg = f"{path.name} is no file of FluxnetEO (NDVI, EVI on time, attribute site_ID)."
            raise ValueError(msg)
        values = {ours: (raw[theirs].to_numpy().astype(float), theirs) for ours, theirs in held}
        flags = {
            ours: raw[f"{theirs}_gapfilltype"].to_numpy().astype(float)
            for ours, theirs in held
            if f"{theirs}_gapfilltype" in raw
        }
        time = raw["time"].to_numpy().astype("datetime64[s]")
        said = [part.strip() for part in str(raw.attrs.get("site_coordinates", "")).split(",")]
        try:
            place = dict(zip(("latitude", "longitude"), map(float, said), strict=True))
        except ValueError:  # a file that does not say where it is
            place = {}
        site, version = str(raw.attrs["site_ID"]), str(raw.attrs.get("version", ""))
    attrs = {
        "title": f"FluxnetEO, MODIS around {site}, daily",
        "citation": CITATION,
        "licence": "CC-BY-4.0",
        "product_version": version,
    }
    ds = point_dataset(time, values, label=path.name, step="DD", site=site, known=place, attrs=attrs)
    for name, numbers in flags.items():
        told = {"units": "1", "long_name": f"quality of {name}: kind of filling, 0 measured"}
        if name in ds:
            ds[f"{name}_qc"] = (("time", "site"), numbers[:, None], told)
    ds.attrs["source"] = f"satellite: {path.name}"
    return ds


def recognise(path: Path, head: Head) -> bool:
    """Whether a file has the product's indices and names a site."""
    return bool({"NDVI", "EVI"} & set(head.variables)) and "site_ID" in head.attrs


def describe(path: Path, head: Head) -> FileEntry:
    """Say what a site's file holds."""
    return describe_dataset(ENTRY, load(path), grid="point")


def write_example(path: str | Path) -> None:
    """Write a year, with made-up numbers."""
    day = np.arange(365)
    season = 0.5 - 0.5 * np.cos(2 * np.pi * day / 365)
    ds = xr.Dataset(coords={"time": np.datetime64("2010-01-01", "ns") + day * np.timedelta64(1, "D")})
    for name, low in (("NDVI", 0.3), ("EVI", 0.2)):
        ds[name] = ("time", low + 0.5 * season)
        ds[f"{name}_gapfilltype"] = ("time", (day % 4 == 0) * 2.0)
    ds.attrs = {"site_ID": "XX-Tst", "product": "FluxnetEO", "site_coordinates": "-4.289, 11.656", "version": "1.0"}
    ds.to_netcdf(path, engine="h5netcdf")


ENTRY = CatalogEntry(
    name="fluxneteo",
    title="FluxnetEO: daily vegetation indices of MODIS around towers",
    citation=CITATION,
    licence="CC-BY-4.0",
    load=load,
    feeds=("benchmarks",),
    kind="satellite",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name="XX-Tst.modis.average_cutout.nc",
)
