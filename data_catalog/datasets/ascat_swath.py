"""ASCAT surface soil moisture of EUMETSAT, level 2: one orbit as a swath of 12.5 or 25 km nodes."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.opening import kept_open
from data_catalog.datasets.product_columns import Column, take, times_of
from data_catalog.datasets.product_entry import lazily_described
from data_catalog.datasets.regular_file import open_raw
from data_catalog.entry import CatalogEntry
from data_catalog.head import Head

__all__ = ["ENTRY", "load", "write_example"]

TITLE = "ASCAT surface soil moisture, EUMETSAT level 2, swath"
CITATION = "EUMETSAT, ASCAT Soil Moisture at 25/12.5 km Swath Grid; Wagner et al. 2013, Meteorol. Z. 22, 5"
LICENCE = "EUMETSAT: free with registration, to be cited"
COLUMNS = (
    Column("smsf", "soil_moisture", "%", low=0.0, high=100.0, comment="degree of saturation of the top centimetres"),
    Column("smsf_std", "soil_moisture_error", "%", low=0.0, high=100.0),
    Column(
        "frozen", "frozen_soil_probability", "%", factor=0.01, low=0.0, high=100.0, comment="probability, climatology"
    ),
    Column(
        "snow_cover",
        "snow_cover_probability",
        "%",
        factor=0.01,
        low=0.0,
        high=100.0,
        comment="probability, climatology",
    ),
)
FLAGS = {
    "long_name": "quality: 0 no processing flag and error <= 50 %, 2 flagged, 3 none",
    "flag_values": np.array([0, 2, 3], np.int8),
    "flag_meanings": "good flagged none",
}


def load(path: str | Path) -> xr.Dataset:
    """Open an orbit lazily, on (point), with latitude, longitude and time (UTC) of each node.

    Raises
    ------
    FileNotFoundError, ValueError
        See `data_catalog.datasets.regular_file.open_raw`; or it is no such swath.
    """
    path = Path(path)
    raw = open_raw(path)
    with kept_open(raw):
        if "soil_moisture" not in raw or "utc_line_nodes" not in raw:
            msg = f"{path.name} is no swath of ASCAT: it has no soil_moisture and utc_line_nodes."
            raise ValueError(msg)
        ds = take(raw, COLUMNS, path.name)
        flag = raw["proc_flag1"] if "proc_flag1" in raw else xr.zeros_like(raw["soil_moisture"])
        poor = (flag.fillna(255) != 0) | (ds["smsf_std"] > 50.0)
        quality = xr.where(ds["smsf"].isnull(), 3, xr.where(poor, 2, 0))
        ds["smsf_qc"] = quality.astype(np.int8).assign_attrs(FLAGS)
        time = raw["utc_line_nodes"]
        decoded = times_of(time.to_numpy(), time.attrs["units"], "", path.name)
        rows, nodes = raw["soil_moisture"].dims
        latitude, longitude = (raw[name].to_numpy() for name in ("latitude", "longitude"))
        ds = ds.drop_vars(list(ds.coords)).stack(point=(rows, nodes), create_index=False)
        ds = ds.assign_coords(
            time=("point", np.repeat(decoded, raw.sizes[nodes]), {"comment": "UTC"}),
            latitude=("point", latitude.ravel(), {"units": "degrees_north", "standard_name": "latitude"}),
            longitude=("point", (longitude.ravel() + 180.0) % 360.0 - 180.0, {"units": "degrees_east"}),
        )
        ds.attrs = {
            "title": str(raw.attrs.get("title", TITLE)),
            "source": f"satellite: {path.name}",
            "citation": CITATION,
            "licence": LICENCE,
            "grid": "swath",
            "product_version": str(raw.attrs.get("processor_major_version", "")),
            "synthetic": 0,
        }
    ds.set_close(raw.close)
    return ds


def recognise(path: Path, head: Head) -> bool:
    """Say whether a file is one, by its variables."""
    return head.kind == "hdf5" and {"soil_moisture", "utc_line_nodes", "sigma40"} <= set(head.variables)


def write_example(path: str | Path) -> None:
    """Write 30 lines of 42 nodes with made-up values, packed as in the product."""
    rng = np.random.default_rng(23)
    n = (30, 42)
    axes = ("numRows", "numCells")
    sm = rng.integers(0, 10001, n).astype(np.uint16)
    sm[:2] = 65535
    made = {
        "soil_moisture": (sm, {"units": "percent", "scale_factor": 0.01}),
        "soil_moisture_error": (
            rng.integers(100, 2000, n).astype(np.uint16),
            {"units": "percent", "scale_factor": 0.01},
        ),
        "frozen_soil_probability": (rng.integers(0, 101, n).astype(np.uint8), {"units": "percentage"}),
        "proc_flag1": (np.zeros(n, np.uint8), {}),
        "sigma40": (rng.integers(-20_000_000, -5_000_000, n).astype(np.int32), {"units": "dB", "scale_factor": 1e-6}),
        "latitude": (np.linspace(44e6, 50e6, n[0])[:, None].repeat(42, 1).astype(np.int32), {"scale_factor": 1e-6}),
        "longitude": (np.linspace(2e6, 12e6, 42)[None].repeat(n[0], 0).astype(np.int32), {"scale_factor": 1e-6}),
    }
    ds = xr.Dataset({name: (axes, values, attrs) for name, (values, attrs) in made.items()})
    seconds = (678_419_340 + 3.75 * np.arange(n[0])).astype(np.int32)
    ds["utc_line_nodes"] = ("numRows", seconds, {"units": "seconds since 2000-01-01 00:00:00"})
    ds.attrs = {"title": "ASCAT Level 2 Surface Soil Moisture Index in 25 km Swath Grid", "institution": "EUMETSAT"}
    ds.to_netcdf(path, engine="h5netcdf")


ENTRY = CatalogEntry(
    name="ascat-swath",
    title=TITLE,
    citation=CITATION,
    licence=LICENCE,
    load=load,
    feeds=("observations", "benchmarks"),
    kind="satellite",
    recognise=recognise,
    describe=lazily_described(load, lambda: ENTRY),
    write_example=write_example,
    example_name="W_XX-EUMETSAT-Darmstadt,SURFACE+SATELLITE,METOPB+ASCAT_C_EUMP_20210701040900_45678_eps_o_250_ssm_l2.nc",
)
