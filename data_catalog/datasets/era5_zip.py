"""ERA5 and ERA5-Land as the Climate Data Store packs them: a zip of one NetCDF for each kind of step."""

import re
import tempfile
from pathlib import Path, PurePosixPath

import xarray as xr

from data_catalog.datasets.ecmwf_fields import write_era5
from data_catalog.datasets.era5 import PRODUCT as ERA5
from data_catalog.datasets.era5_land import PRODUCT as ERA5_LAND
from data_catalog.datasets.product_entry import lazily_described
from data_catalog.datasets.tables import Table
from data_catalog.entry import CatalogEntry
from data_catalog.head import Head

__all__ = ["ENTRY", "load", "write_example"]

_MEMBER = re.compile(r"^data_(?:stream-[\w-]+|\d+)\.nc$")


def load(path: str | Path) -> xr.Dataset:
    """Open the members together, lazily, on (time, latitude, longitude); they are unpacked beside the temporary files.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The archive is damaged, too large or hostile (see `data_catalog.datasets.tables.Table`), holds no file of the
        Climate Data Store, or its files are on different grids.
    """
    path = Path(path)
    table = Table(path)
    names = [member.filename for member in table.members() if _MEMBER.match(PurePosixPath(member.filename).name)]
    if not names:
        msg = f"{path.name} holds no data_stream-….nc or data_0.nc of the Climate Data Store."
        raise ValueError(msg)
    folder = tempfile.TemporaryDirectory(prefix="era5-")
    parts: list[xr.Dataset] = []

    def close() -> None:
        for part in parts:
            part.close()
        folder.cleanup()

    try:
        for number, name in enumerate(names):
            place = Path(folder.name) / f"{number}.nc"
            place.write_bytes(table.read(name))
            head = Head(place)
            product = ERA5_LAND if ERA5_LAND.recognise(place, head) else ERA5
            parts.append(product.load(place))
        try:
            ds = xr.merge(parts, join="outer", compat="override", combine_attrs="override")
        except (ValueError, xr.AlignmentError) as error:
            msg = f"{path.name}: its files do not lie on one grid ({str(error).splitlines()[0][:120]})."
            raise ValueError(msg) from error
        if any(part.sizes["latitude"] != ds.sizes["latitude"] for part in parts):
            msg = f"{path.name}: its files do not lie on one grid."
            raise ValueError(msg)
    except Exception:
        close()
        raise
    ds.attrs["source"] = f"reanalysis: {path.name}"
    ds.set_close(close)
    return ds


def recognise(path: Path, head: Head) -> bool:
    """Say whether a zip holds what the Climate Data Store packs."""
    if head.kind != "zip":
        return False
    return any(_MEMBER.match(PurePosixPath(name).name) for name in head.members)


def write_example(path: str | Path) -> None:
    """Write a zip of a file of instants and one of accumulations, with made-up values."""
    import zipfile

    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.nc"
        write_era5(whole, 0.25, new=True, land=False)
        with xr.open_dataset(whole, engine="h5netcdf", decode_times=False) as ds, zipfile.ZipFile(path, "w") as archive:
            sums = ["ssrd", "tp"]
            for kind, part in (("instant", ds.drop_vars(sums)), ("accum", ds[sums])):
                member = f"data_stream-oper_stepType-{kind}.nc"
                part.to_netcdf(Path(folder) / member, engine="h5netcdf")
                archive.write(Path(folder) / member, member)


ENTRY = CatalogEntry(
    name="era5-zip",
    title="ERA5 or ERA5-Land, as packed by the Climate Data Store",
    citation=ERA5.citation,
    licence=ERA5.licence,
    load=load,
    feeds=ERA5.feeds,
    kind="reanalysis",
    recognise=recognise,
    describe=lazily_described(load, lambda: ENTRY),
    write_example=write_example,
    example_name="c5f1d2a0e3.zip",
)
