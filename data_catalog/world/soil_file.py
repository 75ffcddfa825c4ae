"""The shipped days of the land surface model at 108 km: how they are packed into a small file, and read back.

Each series is rounded to a step, smaller in a cell whose range is small, and kept as the changes from day to day, small
whole numbers of a byte that compress well; the few that are larger stand in a list of their own. The state at the start
of the year is rounded to so many significant bits that temperatures are right to 0.03 K, the rest to 0.2 %.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr

from data_catalog.world.weather import DAYS

__all__ = ["SOIL", "SOIL_FILE", "Shipped", "decode", "encode", "read_shipped", "write_shipped"]

SOIL_FILE = Path(__file__).with_name("land_108km.nc")

SOIL = ("smsf", "smrz", "t_soil", "frozen")
"""Rows of a cell's year of soil: %, %, K, 1; means of the day."""
SMSF, SMRZ, T_SOIL, FROZEN = range(4)

STEPS = {"smsf": (0.025, 0.2, 150), "smrz": (0.0125, 0.2, 300), "t_soil": (0.2, 0.2, 1)}
"""Least and largest rounding step, and the parts that a cell's range has at least where these two allow it."""
LARGE = -128
"""Stands for a change that a byte does not hold."""


class Shipped(NamedTuple):
    """What the file holds."""

    key: np.ndarray  # (cell,) row * 4096 + column
    soil: np.ndarray  # (cell, row of SOIL, day) float32
    t_air: np.ndarray  # (cell,) float32, mean air temperature of the climate [K]
    porosity: np.ndarray  # (cell,) float32, m3 m-3
    wilting: np.ndarray  # (cell,) float32, wetness at the wilting point [%]
    drift: np.ndarray  # (cell,) float32, change of soil moisture over the year [m3 m-3]
    state: np.ndarray  # (state, cell) float64, at the start of the year
    states: tuple[str, ...]
    attrs: dict


def encode(name: str, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Round a series (cell, day) and return its changes from day to day.

    Returns
    -------
    change : (cell, day) int8 array
        In steps; the first day's from the first value of its cell. `LARGE` stands for the next of ``large``.
    large : (n,) int32 array
        First value of each cell, then the changes that a byte does not hold.
    step : (cell,) float32 array
    """
    least, most, parts = STEPS[name]
    wanted = np.clip((values.max(axis=1) - values.min(axis=1)) / parts, least, most)
    # Powers of two times the least, so that few different numbers are stored.
    step = np.minimum(least * 2.0 ** np.ceil(np.log2(wanted / least)), most).astype(np.float32)
    whole = np.rint(values / step[:, None]).astype(np.int32)
    change = np.diff(whole, axis=1, prepend=whole[:, :1])
    wide = np.abs(change) > -LARGE - 1
    large = np.concatenate([whole[:, 0], change[wide]])
    return np.where(wide, LARGE, change).astype(np.int8), large, step


def decode(change: np.ndarray, large: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Return the series (cell, day) float32 that `encode` took apart."""
    whole = change.astype(np.int32)
    whole[change == LARGE] = large[len(change) :]
    whole[:, 0] = large[: len(change)]
    return np.cumsum(whole, axis=1, out=whole) * step[:, None]


def _shortened(values: np.ndarray, bits: int) -> np.ndarray:
    """Round to some significant bits; equal numbers stay equal, and order is kept."""
    mantissa, exponent = np.frexp(np.asarray(values, dtype=np.float64))
    return np.ldexp(np.rint(mantissa * 2.0**bits), exponent - bits).astype(np.float32)


def write_shipped(path: Path, places: xr.Dataset, run, states: tuple[str, ...], attrs: dict) -> None:
    """Write the days of an open loop.

    Parameters
    ----------
    path : Path
    places : Dataset
        row, column and monthly t_air of each cell.
    run : models.land.open_loop.OpenLoop
        Its columns are the cells, in the same order.
    states : tuple of str
        Names of its states.
    attrs : dict
        Title, source and options, for the reader.
    """
    fields, encoding = {}, {}
    for name in SOIL[:FROZEN]:
        change, large, step = encode(name, getattr(run, name))
        fields[name] = (("cell", "day"), change, {"coding": f"changes from day to day in steps, {LARGE}: see the list"})
        fields[f"{name}_large"] = (f"{name}_large", large, {"coding": "first day of each cell; changes beyond a byte"})
        fields[f"{name}_step"] = ("cell", step)
    fields["frozen"] = (
        ("cell", "byte"),
        np.packbits(run.frozen.astype(bool), axis=1),
        {"coding": "a bit a day, the first the highest"},
    )
    fields["row"], fields["column"] = (("cell", places[n].values.astype(np.int16)) for n in ("row", "column"))
    fields["t_air"] = ("cell", places["t_air"].values.mean(axis=1).astype(np.float32), {"units": "K"})
    fields["porosity"] = ("cell", run.porosity.astype(np.float32), {"units": "m3 m-3"})
    fields["wilting"] = ("cell", (100.0 * run.wilting / run.porosity).astype(np.float32), {"units": "%"})
    fields["drift"] = ("cell", _shortened(run.water_drift, 6), {"units": "m3 m-3"})
    kept = [_shortened(row, 13 if name.startswith("t_") else 8) for name, row in zip(states, run.start, strict=True)]
    fields["state"] = (("state", "cell"), np.stack(kept), {"names": " ".join(states)})
    for name, (_, values, *_) in fields.items():
        encoding[name] = {"zlib": True, "complevel": 9, "shuffle": True}
        if values.ndim == 2:
            encoding[name]["chunksizes"] = (min(2048, values.shape[0]), values.shape[1])
    encoding["state"]["chunksizes"] = (1, run.start.shape[1])
    xr.Dataset(fields, attrs=attrs).to_netcdf(path, engine="h5netcdf", encoding=encoding)


def read_shipped(path: Path = SOIL_FILE) -> Shipped:
    """Read the file.

    Raises
    ------
    FileNotFoundError
        If it is not there; the message says how to get it.
    """
    if not path.is_file():
        msg = f"{path.name} is missing; install the package again, or run python -m data_catalog.world.build_soil."
        raise FileNotFoundError(msg)
    with xr.open_dataset(path, engine="h5netcdf") as stored:
        ds = stored.load()
    soil = np.empty((ds.sizes["cell"], len(SOIL), DAYS), dtype=np.float32)
    for k, name in enumerate(SOIL[:FROZEN]):
        soil[:, k] = decode(*(ds[n].values for n in (name, f"{name}_large", f"{name}_step")))
    soil[:, FROZEN] = np.unpackbits(ds["frozen"].values, axis=1, count=DAYS)
    return Shipped(
        key=ds["row"].values.astype(np.int64) * 4096 + ds["column"].values,
        soil=soil,
        t_air=ds["t_air"].values,
        porosity=ds["porosity"].values,
        wilting=ds["wilting"].values,
        drift=ds["drift"].values,
        state=ds["state"].values.astype(np.float64),
        states=tuple(ds["state"].attrs["names"].split()),
        attrs=dict(ds.attrs),
    )
