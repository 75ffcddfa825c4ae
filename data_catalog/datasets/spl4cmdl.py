"""SPL4CMDL: SMAP's daily carbon product, 9 km: its layout, its flags, how it is read.

The layout is that of version 8: 65 variables in seven groups, one file a day, plant types by name. `spl4cmdl_write`
writes runs in it.
"""

from dataclasses import dataclass
from pathlib import Path

import dask.array as da
import numpy as np
import xarray as xr

from data_catalog.datasets.ease_file import NAMES, Granule
from data_catalog.datasets.product_columns import Column
from data_catalog.datasets.product_entry import lazily_described
from data_catalog.datasets.smap_l3 import PASSIVE_LICENCE, time_of
from data_catalog.entry import CatalogEntry
from data_catalog.head import Head
from models.variables import VARIABLES

__all__ = ["ENTRY", "FIELDS", "FILL_FLAG", "PFTS", "Field", "bits_of", "flag_of", "load"]

TITLE = "SMAP L4 carbon, 9 km daily (SPL4CMDL)"
CITATION = (
    "Kimball, J. S., L. A. Jones, A. Endsley, T. Kundig, R. Reichle, SMAP L4 Global Daily 9 km EASE-Grid Carbon Net "
    "Ecosystem Exchange, NASA NSIDC DAAC"
)
PFTS = range(1, 9)
FILL_FLAG = np.uint16(65534)
FLUX, STOCK, SHARE = "g C m-2 d-1", "g C m-2", "percent"
QUALITY = "QA/carbon_model_bitflag"


@dataclass(frozen=True)
class Field:
    """One variable of the layout: where it stands, its unit, valid range and meaning."""

    path: str
    unit: str
    low: float
    high: float
    long_name: str
    dtype: str = "f4"


def _group(group: str, unit: str, low: float, high: float, long_name: str) -> tuple[Field, ...]:
    name = group.lower()
    parts = [Field(f"{group}/{name}_mean", unit, low, high, f"{long_name}, mean of the vegetated cell")]
    parts += [
        Field(f"{group}/{name}_pft{p}_mean", unit, low, high, f"{long_name}, mean of plant type {p}") for p in PFTS
    ]
    spread = "standard deviation within the cell"
    return *parts, Field(f"{group}/{name}_std_dev", unit, 0.0, high, f"{long_name}, {spread}")


FIELDS: tuple[Field, ...] = (
    Field("EC/emult_mean", SHARE, 0.0, 100.0, "bulk environmental constraint on light use"),
    Field("EC/frozen_area", SHARE, 0.0, 100.0, "share of the cell that is frozen"),
    Field("EC/tmult_mean", SHARE, 0.0, 100.0, "soil temperature constraint on respiration"),
    Field("EC/wmult_mean", SHARE, 0.0, 100.0, "soil moisture constraint on respiration"),
    Field("GEO/latitude", "degrees_north", -90.0, 90.0, "latitude of the cell's centre"),
    Field("GEO/longitude", "degrees_east", -180.0, 180.0, "longitude of the cell's centre"),
    *_group("GPP", FLUX, 0.0, 30.0, "gross primary production"),
    *_group("NEE", FLUX, -30.0, 20.0, "net ecosystem exchange, negative is uptake"),
    Field(QUALITY, "1", 0, 65533, "bits of quality, see the product's guide", "u2"),
    Field("QA/nee_rmse_mean", FLUX, 0.0, 20.0, "NEE ubRMSE from the errors of the inputs"),
    *(Field(f"QA/nee_rmse_pft{p}_mean", FLUX, 0.0, 20.0, f"NEE ubRMSE of plant type {p}") for p in PFTS),
    Field("QA/qa_count", "1", 0, 81, "1-km pixels that the means are made of", "i4"),
    *(Field(f"QA/qa_count_pft{p}", "1", 0, 81, f"1-km pixels of plant type {p}", "i4") for p in PFTS),
    *_group("RH", FLUX, 0.0, 20.0, "heterotrophic respiration"),
    *_group("SOC", STOCK, 0.0, 25000.0, "surface soil organic carbon, end of the day"),
)
"""The 65 variables in the order of the file."""

COLUMNS = (
    *(Column(name, f"{name.upper()}/{name}_mean") for name in ("gpp", "rh", "nee", "soc")),
    Column("nee_std", "QA/nee_rmse_mean"),
    *(Column(f"{name}_mult", f"EC/{name}mult_mean", factor=0.01) for name in ("e", "t", "w")),
    Column("frozen", "EC/frozen_area", factor=0.01, comment="fraction of the cell that is frozen"),
)
BY_PFT = {name: f"{name.upper()}/{name}_pft{{}}_mean" for name in ("gpp", "rh", "nee", "soc")}
BY_PFT["nee_std"] = "QA/nee_rmse_pft{}_mean"
OTHERS = {"gpp_spread": "GPP/gpp_std_dev", "rh_spread": "RH/rh_std_dev"}
OTHERS |= {"nee_spread": "NEE/nee_std_dev", "soc_spread": "SOC/soc_std_dev"}
_BITS = {"nee_out": 0, "gpp_out": 1, "rh_out": 2, "soc_out": 3, "gpp_method": 12, "fpar_method": 13, "ft_method": 14}


def flag_of(
    *, out_of_range: dict[str, np.ndarray], dominant_pft: np.ndarray, score: np.ndarray, fpar_method: np.ndarray | int
) -> np.ndarray:
    """Make the bit flag of vegetated cells.

    Parameters
    ----------
    out_of_range : dict
        "nee", "gpp", "rh", "soc" -> bool array: whether the value lies outside the valid range (bits 0 to 3).
    dominant_pft : int array
        1 to 8 (bits 4 to 7).
    score : int array
        Quality, 0 (best) to 15 (bits 8 to 11).
    fpar_method : int or array
        1 where fPAR is a climatology (bit 13).

    Returns
    -------
    uint16 array
    """
    flag = (np.asarray(dominant_pft, np.uint16) << 4) | (np.asarray(score, np.uint16) << 8)
    for name, bad in out_of_range.items():
        flag |= np.asarray(bad, np.uint16) << _BITS[f"{name}_out"]
    return (flag | (np.asarray(fpar_method, np.uint16) << 13)).astype(np.uint16)


def bits_of(flag: np.ndarray) -> dict[str, np.ndarray]:
    """Take the bit flag apart: name -> int array; ``fill`` says where there is no value."""
    flag = np.asarray(flag, np.uint16)
    parts = {name: (flag >> place) & 1 for name, place in _BITS.items()}
    parts["dominant_pft"], parts["score"] = (flag >> 4) & 15, (flag >> 8) & 15
    return {name: part.astype(np.int16) for name, part in parts.items()} | {"fill": flag >> 15 == 1}


def load(path: str | Path, grid: str = "9km") -> xr.Dataset:
    """Open a granule lazily.

    Parameters
    ----------
    path : path
        A granule, or a spatial part of one that has x and y.
    grid : str
        The grid that the file must have.

    Returns
    -------
    xarray.Dataset
        ``gpp``, ``rh``, ``nee``, ``soc``, ``nee_std``, multipliers and ``frozen`` on (time = 1, y, x); ``<name>_pft``
        on (time = 1, pft, y, x); ``<name>_spread``, the standard deviation within a cell; ``qa_count``,
        ``qa_count_pft`` and ``bitflag`` as they are stored.

    Raises
    ------
    FileNotFoundError, ValueError
        See `data_catalog.datasets.ease_file.Granule`; or none of the variables is there.
    """
    units = {field.path: field for field in FIELDS}
    with Granule(path) as granule:
        there = [column for column in COLUMNS if column.theirs in granule]
        if not there:
            msg = f"{granule.name} has none of the carbon product's variables; it has {', '.join(granule.file)}."
            raise ValueError(msg)
        name, coords = granule.axes(granule.file[there[0].theirs].shape, grid, ("", "GEO"))
        ds = xr.Dataset({c.ours: granule.array(c, ("y", "x")) for c in there}, coords=coords)
        for ours, pattern in BY_PFT.items():
            columns = [Column(f"{ours}_pft", pattern.format(p)) for p in PFTS]
            if all(column.theirs in granule for column in columns):
                stacked = da.stack([granule.values(column) for column in columns])
                attrs = {**VARIABLES[ours].cf_attrs, "column": pattern.format("1..8")}
                ds[f"{ours}_pft"] = (("pft", "y", "x"), stacked, attrs)
        for ours, theirs in OTHERS.items():
            if theirs in granule:
                attrs = {"units": VARIABLES[ours.removesuffix("_spread")].unit, "long_name": units[theirs].long_name}
                ds[ours] = (("y", "x"), granule.values(Column(ours, theirs)), attrs | {"column": theirs})
        counts = [f"QA/qa_count_pft{p}" for p in PFTS]
        if "QA/qa_count" in granule and all(path in granule for path in counts):
            ds["qa_count"] = (("y", "x"), granule.values(Column("qa_count", "QA/qa_count")), {"units": "1"})
            stacked = da.stack([granule.values(Column("qa_count", path)) for path in counts])
            ds["qa_count_pft"] = (("pft", "y", "x"), stacked, {"units": "1"})
        if QUALITY in granule:
            attrs = {"units": "1", "comment": "data_catalog.datasets.spl4cmdl.bits_of takes it apart"}
            ds["bitflag"] = (("y", "x"), granule.stored(QUALITY), attrs)
        ds = ds.expand_dims(time=np.array([time_of(granule).astype("datetime64[ns]")]))
        if "pft" in ds.dims:
            ds = ds.assign_coords(pft=("pft", np.array(PFTS, np.int8), {"long_name": "plant functional type, 1 to 8"}))
        ds.attrs = {
            "title": TITLE,
            "source": granule.attr("source") or granule.name,
            "grid": NAMES[name],
            "product_version": granule.release(),
            "citation": CITATION,
            "licence": granule.attr("licence") or PASSIVE_LICENCE,
            "synthetic": int(granule.attr("synthetic", "0")),
        }
        ds.set_close(granule.close)
        return ds


def recognise(path: Path, head: Head) -> bool:
    """Say whether a file is one, by its variables."""
    return head.kind == "hdf5" and bool({"NEE/nee_mean", "GPP/gpp_mean", "RH/rh_mean"} & set(head.variables))


def write_example(path: str | Path) -> None:
    """Write a granule with made-up values in 20 x 20 cells."""
    from data_catalog.datasets.spl4cmdl_write import write_day

    random = np.random.default_rng(8)
    row, column = (a.ravel() for a in np.meshgrid(np.arange(400, 420), np.arange(1700, 1720), indexing="ij"))
    fraction = random.dirichlet(np.ones(8), row.size)
    scale = {"gpp": 6.0, "rh": 3.0, "nee": -1.0, "soc": 4000.0, "nee_std": 1.5}
    values: dict[str, np.ndarray] = {}
    for name, size in scale.items():
        values[f"{name}_pft"] = size * random.uniform(0.2, 1.0, fraction.shape)
        values[name] = (values[f"{name}_pft"] * fraction).sum(axis=1)
    for name in ("e_mult", "t_mult", "w_mult", "frozen"):
        values[name] = random.uniform(0, 1, row.size)
    write_day(
        path, values, fraction, row, column, np.datetime64("2015-07-01"), source="made-up numbers", synthetic=True
    )


ENTRY = CatalogEntry(
    name="spl4cmdl",
    title=TITLE,
    citation=CITATION,
    licence=PASSIVE_LICENCE,
    load=load,
    feeds=("benchmarks",),
    kind="satellite",
    recognise=recognise,
    describe=lazily_described(load, lambda: ENTRY),
    write_example=write_example,
    example_name="SMAP_L4_C_mdl_20150701T000000_Vv0000_001.h5",
)
