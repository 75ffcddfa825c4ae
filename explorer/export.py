"""What a visitor takes away: NetCDF, CSV, PNG, the experiment as TOML, and a script that gives the same numbers."""

import csv
import io
import math
import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pandas as pd
import xarray as xr

from explorer.picture import draw_map
from explorer.style import Scale
from explorer.views.lookup import CellTable
from models.experiment import Experiment
from models.l4c.run import OUTPUTS
from models.variables import VARIABLES

__all__ = [
    "LARGEST_FILE",
    "experiment_toml",
    "filename",
    "map_png",
    "netcdf_bytes",
    "netcdf_size",
    "output_for",
    "script",
    "series_csv",
    "totals_csv",
]

LARGEST_FILE = 50_000_000
"""Bytes that a browser is given through the page; larger results come from the command line."""

LARGEST_DAILY = 50_000_000
"""Bytes up to which a result is offered day by day; larger ones month by month."""

STEPS = {"daily": 1.0, "monthly": 365.25 / 12.0, "annual": 365.25}  # days a step

STATIC = 100
"""Bytes that a cell takes besides its series: place, plant types, pools at the start and end."""

SERIES = (
    *("gpp", "npp", "ra", "rh", "rh_fast", "rh_med", "rh_slow", "nee", "soc", "soc_fast", "soc_med", "soc_slow"),
    *("e_mult", "f_vpd", "f_tmin", "f_smrz", "f_ft", "t_mult", "w_mult"),
)
DRIVERS = ("par", "fpar", "tmin", "vpd", "smrz_rescaled", "smsf", "t_soil", "frozen")


def program() -> str:
    """Return the name and version of the program."""
    try:
        return f"Land Carbon Explorer {version('land-carbon-explorer')}"
    except PackageNotFoundError:
        return "Land Carbon Explorer (not installed)"


# NetCDF


def netcdf_size(experiment: Experiment, n_cell: int, n_day: int) -> int:
    """Return how large a result will be before compression [bytes].

    Parameters
    ----------
    experiment : Experiment
        Its ``output``, ``precision`` and ``per_pft`` count.
    n_cell, n_day : int
        Cells and days that it reports.
    """
    steps = max(1, math.ceil(n_day / STEPS[experiment.output]))
    number = 8 if experiment.precision == "float64" else 4
    fields = len(OUTPUTS) * (9 if experiment.per_pft else 1)
    return n_cell * (fields * steps * number + STATIC)


def output_for(n_cell: int, n_day: int) -> str:
    """Return the finest of "daily", "monthly" and "annual" in which a result of these cells and days stays small."""
    for output, largest in (("daily", LARGEST_DAILY), ("monthly", LARGEST_FILE)):
        if netcdf_size(Experiment(output=output, precision="float32"), n_cell, n_day) <= largest:
            return output
    return "annual"


def netcdf_bytes(ds: xr.Dataset) -> bytes:
    """Return a result of `models.experiment.run` as a compressed NetCDF-4 file.

    Its attributes hold the experiment, so that `Experiment.from_attrs` opens it again.
    """
    floats = {name for name, field in ds.data_vars.items() if field.dtype.kind == "f" and field.ndim}
    packed = {name: {"compression": "gzip", "compression_opts": 1, "shuffle": True} for name in floats}
    buffer = io.BytesIO()
    ds.to_netcdf(buffer, engine="h5netcdf", encoding=packed)
    return buffer.getvalue()


# CSV


def _cell(value: object) -> object:
    """Write one value so that a spreadsheet takes it for what it is: text never starts a formula."""
    if isinstance(value, (float, np.floating)):
        return "" if not math.isfinite(value) else f"{float(value):.9g}"
    if isinstance(value, (bool, int, np.integer)):
        return int(value)
    text = re.sub(r"[\r\n\t]+", " ", str(value))
    return f"'{text}" if text.strip()[:1] in ("=", "+", "-", "@", "−") else text


def table_text(rows: Iterable[Iterable[object]], head: Iterable[str], columns: list[str]) -> str:
    """Return a CSV file: lines of comment, the names of the columns, the rows."""
    out = io.StringIO()
    for line in head:
        out.write("# " + re.sub(r"[\r\n]+", " ", line) + "\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_cell(name) for name in columns])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def head_lines(experiment: Experiment, source: str) -> list[str]:
    """Say what made the numbers: program, input and the whole experiment, which the last lines give back."""
    lines = [f"program: {program()}", f"source: {source}", "experiment B:"]
    return [*lines, *(f"  {line}" for line in experiment.to_toml().splitlines())]


def series_csv(
    b: xr.Dataset, a: xr.Dataset | None, *, lat: float, lon: float, experiment: Experiment, source: str
) -> str:
    """Return the daily series of a cell.

    Parameters
    ----------
    b, a : Dataset on (time)
        Of the experiment and of the baseline: `models.l4c.live.LiveResult.series`.
    lat, lon : float
        Centre of the cell [degrees]; they stand on every line, so that files of several cells can be joined.
    experiment : Experiment
        B; it stands in the head of the file.
    source : str
        Where the drivers come from.
    """
    columns: dict[str, np.ndarray] = {}
    for name in SERIES:
        for label, ds in (("B", b), ("A", a)):
            if ds is not None and name in ds:
                columns[f"{name} {label} [{VARIABLES[name].unit}]"] = ds[name].values
    for name in DRIVERS:
        if name in b:
            columns[f"{name} [{VARIABLES[name].unit}]"] = b[name].values
    dates = np.datetime_as_string(b["time"].values.astype("datetime64[D]"))
    rows = ((date, lat, lon, *(values[day] for values in columns.values())) for day, date in enumerate(dates))
    head = [f"Daily series of one cell, latitude {lat:.4f}, longitude {lon:.4f}", *head_lines(experiment, source)]
    return table_text(rows, head, ["date", "latitude [degrees]", "longitude [degrees]", *columns])


def totals_csv(frame: pd.DataFrame, experiment: Experiment, source: str) -> str:
    """Return the totals of a region, one line a plant type; see `explorer.views.totals.totals_table`."""
    region = experiment.region
    columns = [" ".join(name) if isinstance(name, tuple) else str(name) for name in frame.columns]
    columns = [name.replace("yr⁻¹", "yr-1").replace("−", "-") for name in columns]
    box = f"{region.west:g} to {region.east:g} degrees east, {region.south:g} to {region.north:g} degrees north"
    head = [f"Totals of a region: {region.name}, {box}", *head_lines(experiment, source)]
    rows = ((pft, *values) for pft, values in zip(frame.index, frame.to_numpy(), strict=True))
    return table_text(rows, head, [str(frame.index.name or "PFT"), *columns])


# PNG


def map_png(
    values: np.ndarray,
    scale: Scale,
    table: CellTable,
    *,
    projection: str = "equal_earth",
    title: str = "",
    synthetic: bool = True,
    width: int = 1600,
    region: tuple[float, float, float, float] | None = None,
) -> bytes:
    """Return a map as a PNG file, drawn like the one on screen.

    Parameters
    ----------
    values : (cell,) float array
        In ``scale.unit``.
    scale : Scale
        Limits and colours.
    table : CellTable
        Where the cells lie.
    projection : str
        Key of `explorer.views.projection.PROJECTIONS`.
    title : str
        Written above.
    synthetic : bool
        Whether the weather is made, which the picture then says.
    width : int
        Pixels across, 400 to 6000.
    region : west, south, east, north, optional
        Box that is outlined [degrees].

    Raises
    ------
    ValueError
        If the width is out of bounds.
    """
    if not 400 <= width <= 6000:
        msg = f"width = {width} lies outside [400, 6000] pixels."
        raise ValueError(msg)
    image = draw_map(
        values, scale, table, projection=projection, title=title, synthetic=synthetic, width=width, region=region
    )
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


# The experiment itself


def experiment_toml(experiment: Experiment) -> str:
    """Return the experiment as a file for ``python launch.py run``."""
    return f"# {program()}: python launch.py run THIS_FILE.toml --out OUT.nc\n{experiment.to_toml()}"


_SCRIPT = '''"""Give the numbers of an experiment of Land Carbon Explorer again.

Written by {program}. In the program's folder: python -m pip install -e .
Then: python {name} [OUT.nc]{drivers_usage}
"""

import sys

import xarray as xr

{imports}
from models.experiment import Experiment, run_to_file

EXPERIMENT = "\\n".join(
    [
{lines}
    ]
)


def main() -> None:
    """Run the experiment and write the result."""
    experiment = Experiment.from_toml(EXPERIMENT)
    {open_drivers}
    out = sys.argv[1] if len(sys.argv) > 1 else "{stem}.nc"
    run_to_file(experiment, drivers, out)
    with xr.open_dataset(out, engine="h5netcdf") as result:
        print(result)
        print("mean NEE [" + result["nee"].attrs["units"] + "]:", float(result["nee"].mean()))


if __name__ == "__main__":
    main()
'''

_DRIVERS = {
    "reference-earth": (
        "from data_catalog import open_dataset",
        "drivers = open_dataset(experiment.dataset, grid=experiment.grid)",
        "",
    ),
    "tower": (
        "from data_catalog.drivers import tower_drivers\nfrom data_catalog.towers import open_tower",
        "drivers, _sources = tower_drivers(open_tower(experiment.site), grid=experiment.grid)",
        "",
    ),
    "file": (
        "from data_catalog.datasets.driver_file import open_drivers",
        "drivers = open_drivers(sys.argv[2])",
        " DRIVERS.nc",
    ),
}
_WEATHER = {
    "reference-earth": (
        "from data_catalog import open_dataset",
        """how = {"region": experiment.region, "step_hours": experiment.land.time_step, "seed": experiment.seed}
    drivers = open_dataset("world-forcing", grid=experiment.grid, **how)""",
        "",
    ),
    "tower": (
        "from data_catalog.datasets.land_towers import open_land_tower",
        "drivers = open_land_tower(experiment.site, sys.argv[2:], grid=experiment.grid).forcing",
        " [FOLDER OF YOUR TOWERS]",
    ),
    "file": (
        "from data_catalog.datasets.land_forcing import open_forcing",
        "drivers = open_forcing(sys.argv[2])",
        " FORCING.nc",
    ),
}
"""As `_DRIVERS`, for the land surface model."""


def script(experiment: Experiment) -> str:
    """Return a Python program that opens the drivers, runs the experiment and writes the result."""
    imports, open_drivers, usage = (_WEATHER if experiment.model == "land" else _DRIVERS)[experiment.dataset]
    # Each line as a literal: whatever an experiment holds stays text.
    lines = "\n".join(f"        {line!r}," for line in experiment.to_toml().splitlines())
    name = filename(experiment, "py")
    return _SCRIPT.format(
        program=program(),
        name=name,
        stem=name.removesuffix(".py"),
        imports=imports,
        lines=lines,
        open_drivers=open_drivers,
        drivers_usage=usage,
    )


def filename(experiment: Experiment, kind: str) -> str:
    """Return a name for a file of this experiment that every system accepts.

    Parameters
    ----------
    experiment : Experiment
        Its model, region or site give the name.
    kind : str
        Ending without its dot: "nc", "csv", "png", "toml", "py".
    """
    place = experiment.site or experiment.region.name
    words = re.sub(r"[^a-z0-9]+", "-", f"{experiment.model}-{place}".lower()).strip("-")
    return f"{words[:60] or 'experiment'}.{kind}"
