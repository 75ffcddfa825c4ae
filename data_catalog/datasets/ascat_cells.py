"""ASCAT surface soil moisture of H SAF (H110 to H121): time series of the points of 5-degree cells, 12.5 km."""

from pathlib import Path

import h5py
import numpy as np
import xarray as xr

from data_catalog.datasets.cell_file import open_ragged
from data_catalog.datasets.product_columns import Column
from data_catalog.datasets.product_entry import lazily_described
from data_catalog.entry import CatalogEntry
from data_catalog.head import Head

__all__ = ["ENTRY", "load", "write_example"]

TITLE = "ASCAT surface soil moisture, H SAF time series, 12.5 km"
CITATION = "H SAF; Wagner et al. 2013, Meteorol. Z. 22, 5; Hahn et al. 2017, IEEE J-STARS 10, 5065"
LICENCE = "EUMETSAT H SAF: free with registration, to be cited"
COLUMNS = (
    Column("smsf", "sm", "%", low=0.0, high=100.0, comment="degree of saturation of the top centimetres"),
    Column("smsf_std", "sm_noise", "%", low=0.0, high=100.0),
)
FLAGS = {
    "long_name": "quality: 0 unfrozen ground and no flag, 2 frozen, melting or flagged, 3 none",
    "flag_values": np.array([0, 2, 3], np.int8),
    "flag_meanings": "good doubtful none",
}


def load(path: str | Path, at: tuple[float, float] | None = None) -> xr.Dataset:
    """Open a cell: all its observations on (point), or with ``at`` = (latitude, longitude) the nearest series.

    Raises
    ------
    FileNotFoundError, ValueError
        See `data_catalog.datasets.cell_file.open_ragged`.
    """
    path = Path(path)
    ds = open_ragged(path, COLUMNS, ("ssf", "proc_flag"), at)
    state = ds["ssf"] if "ssf" in ds else xr.zeros_like(ds["smsf"], dtype=np.int8) + 1
    flagged = ds["proc_flag"] != 0 if "proc_flag" in ds else False
    quality = xr.where(ds["smsf"].isnull(), 3, xr.where((state <= 1) & ~flagged, 0, 2))
    ds["smsf_qc"] = quality.astype(np.int8).assign_attrs(FLAGS)
    frozen = xr.where(state == 0, np.nan, xr.where(state == 2, 1.0, 0.0)).astype(np.float32)
    ds["frozen"] = frozen.assign_attrs(units="1", long_name="frozen ground (1) or thawed (0)", column="ssf")
    ds = ds.drop_vars([name for name in ("ssf", "proc_flag") if name in ds])
    ds["smsf"].attrs["units"] = "%"
    ds.attrs |= {
        "title": ds.attrs.get("title") or TITLE,
        "source": f"satellite: {path.name}",
        "citation": CITATION,
        "licence": LICENCE,
        "grid": "points of 12.5 km",
        "synthetic": 0,
    }
    return ds


def recognise(path: Path, head: Head) -> bool:
    """Say whether a file is a cell of ASCAT, by its variables."""
    return head.kind == "hdf5" and {"row_size", "location_id", "sm", "time"} <= set(head.variables)


def write_example(path: str | Path) -> None:
    """Write a cell of three points with made-up series."""
    rng = np.random.default_rng(22)
    sizes = np.array([120, 100, 80])
    n = int(sizes.sum())
    with h5py.File(path, "w") as file:
        file.attrs["title"] = np.bytes_("H119 Metop ASCAT Data Record SSM time series 12.5 km sampling")
        file.attrs["version"] = np.bytes_("v5")
        for name, length in (("obs", n), ("locations", 3)):
            file[name] = np.zeros(length, np.float32)
            file[name].make_scale(name)
        locations = {"lat": [47.1, 47.2, 47.3], "lon": [8.1, 8.2, 8.3], "location_id": [11, 12, 13], "row_size": sizes}
        for name, values in locations.items():
            kind = np.float32 if name in ("lat", "lon") else np.int64
            file[name] = np.asarray(values, kind)
            file[name].dims[0].attach_scale(file["locations"])
        sm = rng.integers(0, 101, n).astype(np.int8)
        sm[::17] = 127
        time = np.concatenate([44376.0 + np.sort(rng.uniform(0.0, 300.0, size)) for size in sizes])
        series = {"sm": sm, "sm_noise": rng.integers(1, 9, n).astype(np.int8), "time": time}
        series |= {"ssf": rng.integers(0, 4, n).astype(np.int8), "proc_flag": np.zeros(n, np.int8)}
        for name, values in series.items():
            file[name] = values
            file[name].dims[0].attach_scale(file["obs"])
            if name.startswith("sm"):
                file[name].attrs["missing_value"] = np.int8(127)
                file[name].attrs["units"] = np.bytes_("%")
        file["time"].attrs["units"] = np.bytes_("days since 1900-01-01 00:00:00")


ENTRY = CatalogEntry(
    name="ascat-cells",
    title=TITLE,
    citation=CITATION,
    licence=LICENCE,
    load=load,
    feeds=("observations", "benchmarks"),
    kind="satellite",
    recognise=recognise,
    describe=lazily_described(load, lambda: ENTRY),
    write_example=write_example,
    example_name="H119_1324.nc",
)
