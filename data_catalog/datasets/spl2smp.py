"""SPL2SMP: SMAP's radiometer soil moisture of one half orbit, a list of 36-km cells."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.ease_file import NAMES, Granule
from data_catalog.datasets.product_columns import Column
from data_catalog.datasets.product_entry import lazily_described
from data_catalog.datasets.smap_example import UNITS, new_granule, put
from data_catalog.datasets.smap_l3 import FIELDS, FLAGS, GROUP, PASSIVE_LICENCE, holds, quality
from data_catalog.entry import CatalogEntry
from data_catalog.grid import EaseGrid
from data_catalog.head import Head

__all__ = ["ENTRY", "load", "write_example"]

TITLE = "SMAP L2 radiometer soil moisture, half orbits, 36 km (SPL2SMP)"
CITATION = "O'Neill, P. E., et al., SMAP L2 Radiometer Half-Orbit 36 km EASE-Grid Soil Moisture, NASA NSIDC DAAC"
J2000 = np.datetime64("2000-01-01T11:58:55.816", "ms")
"""Where ``tb_time_seconds`` starts, in UTC."""


def load(path: str | Path, grid: str = "36km") -> xr.Dataset:
    """Open a half orbit, on (point), with row and column of each cell and its time (UTC).

    Raises
    ------
    FileNotFoundError, ValueError
        See `Granule`; or rows and columns lie outside the grid, as those of another grid would.
    """
    with Granule(path) as granule:
        rows, columns = (granule.file[f"{GROUP}/EASE_{axis}_index"][:].astype(np.int64) for axis in ("row", "column"))
        ease = EaseGrid(grid)
        if rows.size and (rows.max() >= ease.shape[0] or columns.max() >= ease.shape[1]):
            msg = (
                f"{granule.name} has cells up to row {rows.max()}, column {columns.max()}; {NAMES[grid]} has "
                f"{ease.shape[0]} x {ease.shape[1]}: it is on a finer grid (SPL2SMP_E is on 9 km)."
            )
            raise ValueError(msg)
        fields = {}
        for field in FIELDS:
            if f"{GROUP}/{field.theirs}" in granule:
                column = Column(field.ours, f"{GROUP}/{field.theirs}", field.unit, low=field.low, high=field.high)
                fields[field.ours] = granule.array(column, ("point",))
        flag = granule.stored(f"{GROUP}/retrieval_qual_flag")
        fields["ssm_qc"] = xr.DataArray(quality(flag), dims=("point",), attrs=FLAGS)
        latitude, longitude = ease.lat_lon(rows, columns)
        ds = xr.Dataset(fields)
        ds = ds.assign_coords(
            row=("point", rows.astype(np.int32)),
            column=("point", columns.astype(np.int32)),
            latitude=("point", latitude, {"units": "degrees_north", "standard_name": "latitude"}),
            longitude=("point", longitude, {"units": "degrees_east", "standard_name": "longitude"}),
        )
        if f"{GROUP}/tb_time_seconds" in granule:
            seconds = granule.file[f"{GROUP}/tb_time_seconds"][:]
            there = seconds > 0.0
            time = np.full(seconds.shape, np.datetime64("NaT", "ns"))
            time[there] = J2000 + np.rint(seconds[there] * 1e3).astype("timedelta64[ms]")
            ds = ds.assign_coords(time=("point", time, {"standard_name": "time", "comment": "UTC"}))
        ds.attrs = {
            "title": TITLE,
            "source": f"satellite: {granule.name}",
            "citation": CITATION,
            "licence": PASSIVE_LICENCE,
            "grid": NAMES[grid],
            "product_version": granule.release(),
            "synthetic": 0,
        }
        ds.set_close(granule.close)
        return ds


def recognise(path: Path, head: Head) -> bool:
    """Say whether a file is one: lists of cells, not maps."""
    return holds(head, "L2_SM_P") and f"{GROUP}/EASE_row_index" in head.variables


def write_example(path: str | Path) -> None:
    """Write a half orbit of 200 cells with made-up values."""
    rng = np.random.default_rng(2)
    n = 200
    with new_granule(path, "SPL2SMP", "R18290", "2021-07-01T02:00:00.000Z") as file:
        made = {
            "soil_moisture": rng.uniform(0.05, 0.45, n),
            "vegetation_opacity": rng.uniform(0.0, 1.0, n),
            "tb_h_corrected": rng.uniform(180.0, 290.0, n),
            "tb_v_corrected": rng.uniform(200.0, 300.0, n),
            "surface_temperature": rng.uniform(270.0, 310.0, n),
        }
        for name, values in made.items():
            more = {"units": UNITS[name]} if name in UNITS else {}
            put(file, f"{GROUP}/{name}", (n,), values.astype(np.float32), **more)
        put(file, f"{GROUP}/EASE_row_index", (n,), rng.integers(100, 300, n).astype(np.uint16), fill=65534)
        put(file, f"{GROUP}/EASE_column_index", (n,), rng.integers(400, 420, n).astype(np.uint16), fill=65534)
        put(file, f"{GROUP}/tb_time_seconds", (n,), 678_373_200.0 + np.linspace(0.0, 2900.0, n))
        put(file, f"{GROUP}/retrieval_qual_flag", (n,), rng.choice(np.array([0, 1, 7], np.uint16), n), fill=65534)


ENTRY = CatalogEntry(
    name="spl2smp",
    title=TITLE,
    citation=CITATION,
    licence=PASSIVE_LICENCE,
    load=load,
    feeds=("observations", "benchmarks"),
    kind="satellite",
    recognise=recognise,
    describe=lazily_described(load, lambda: ENTRY),
    write_example=write_example,
    example_name="SMAP_L2_SM_P_34305_D_20210701T020000_R18290_001.h5",
)
