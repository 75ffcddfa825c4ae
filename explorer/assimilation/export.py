"""What a visitor of the page Assimilation takes away: series and diagnostics as CSV, NetCDF, a script."""

import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from explorer import export
from explorer.assimilation.numbers import places, sensor_title
from explorer.assimilation.runs import Outcome
from explorer.assimilation.sources import real_sources
from explorer.views.ensemble_series import EnsembleSeries
from models.assimilation.command import labelled
from models.assimilation.diagnostics import CELL_DIAGNOSTICS
from models.experiment import Experiment
from models.output import write_dataset

__all__ = ["SOURCE", "diagnostics_csv", "netcdf_of", "netcdf_size", "script_of", "series_csv", "zarr_of"]

SOURCE = "Land Carbon Explorer, synthetic twin on reference-earth: truth and weather are made"

_SCRIPT = '''"""Run an assimilation experiment of Land Carbon Explorer again.

Written by {program}. In the program's folder: python -m pip install -e .
Then: python {name} [OUT.nc [SENSOR=FILE ...]], a file for each sensor whose observations come from one
"""

import sys

from data_catalog.world.twin_world import twin_world
from explorer.command_assimilation import open_observations
from models.assimilation.run import run_assimilation
from models.assimilation.twin import prepare_twin
from models.experiment import Experiment

EXPERIMENT = "\\n".join(
    [
{lines}
    ]
)


def main() -> None:
    """Run the experiment and write states, updates and diagnostics."""
    experiment = Experiment.from_toml(EXPERIMENT)
    twin = prepare_twin(experiment, twin_world(experiment.grid))
    files = open_observations(tuple(sys.argv[2:]), experiment.grid)
    result = run_assimilation(twin, experiment.assimilation, observations=files)
    out = sys.argv[1] if len(sys.argv) > 1 else "assimilation.nc"
    result.to_dataset().assign_attrs(experiment.to_attrs()).to_netcdf(out, engine="h5netcdf")
    for sensor in result.sensors:
        print(sensor, result.diagnostics(sensor).verdict)


if __name__ == "__main__":
    main()
'''


def script_of(experiment: Experiment) -> str:
    """Return a Python program that gives the same numbers."""
    # Each line as a literal: whatever an experiment holds stays text.
    lines = "\n".join(f"        {line!r}," for line in experiment.to_toml().splitlines())
    return _SCRIPT.format(program=export.program(), name=export.filename(experiment, "py"), lines=lines)


def _with_head(frame: pd.DataFrame, outcome: Outcome, title: str) -> str:
    """Return a table as CSV below what made it, and whose observations it took."""
    experiment, real = outcome.experiment, real_sources(outcome.result)
    observed = [
        f"observations of {name}: {real.get(name, 'sampled from the truth')}" for name in outcome.result.sensors
    ]
    head = [title, f"program: {export.program()}", f"source: {SOURCE}", *observed, "experiment:"]
    lines = [*head, *(f"  {line}" for line in experiment.to_toml().splitlines())]
    return "".join(f"# {line}\n" for line in lines) + frame.to_csv(
        index=False, float_format="%.9g", lineterminator="\n"
    )


def series_csv(series: EnsembleSeries, outcome: Outcome, place: tuple[float, float]) -> str:
    """Return the daily series of a cell: open loop and analysis with their sd, and the truth."""
    unit = series.unit or "1"
    none = np.full(series.time.size, np.nan)
    columns = {
        "date": np.datetime_as_string(series.time.astype("datetime64[D]")),
        "latitude [degrees]": place[0],
        "longitude [degrees]": place[1],
    }
    for label, values in (
        ("open loop", series.open_loop), ("open loop sd", series.open_loop_std), ("analysis", series.analysis),
        ("analysis sd", series.analysis_std), ("truth", series.truth),
    ):  # fmt: skip
        columns[f"{series.name} {label} [{unit}]"] = values if np.size(values) else none
    title = f"Daily series of one cell, {series.name}, latitude {place[0]:.4f}, longitude {place[1]:.4f}"
    return _with_head(pd.DataFrame(columns), outcome, title)


def diagnostics_csv(outcome: Outcome) -> str:
    """Return the diagnostics of every sensor in every cell, one line each."""
    result = outcome.result
    frames = []
    for sensor in result.sensors:
        columns = {
            "sensor": sensor_title(sensor),
            "cell": result.twin.cells,
            "place": places(result),
            "latitude": result.twin.latitude,
            "longitude": result.twin.longitude,
        }
        columns |= {name: result.diagnostic(sensor, name) for name in CELL_DIAGNOSTICS}
        frames.append(pd.DataFrame(columns))
    frame = pd.concat(frames) if frames else pd.DataFrame({"sensor": []})
    return _with_head(frame, outcome, "Diagnostics of innovations by sensor and cell, in the sensor's unit")


def netcdf_size(outcome: Outcome) -> int:
    """Return how large the file will be before compression [bytes]."""
    return int(outcome.result.to_dataset().nbytes)


def zarr_of(outcome: Outcome) -> bytes:
    """Return the same as a Zarr store in a zip, which Zarr and xarray open as it is."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "assimilation.zarr"
        write_dataset(labelled(outcome.result, outcome.experiment), store)
        buffer = io.BytesIO()
        # Chunks are compressed already.
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for path in sorted(path for path in store.rglob("*") if path.is_file()):
                archive.write(path, path.relative_to(store).as_posix())
        return buffer.getvalue()


def netcdf_of(outcome: Outcome) -> bytes:
    """Return states, updates and diagnostics as a compressed NetCDF-4 file that carries its experiment."""
    ds = outcome.result.to_dataset().assign_attrs(outcome.experiment.to_attrs())
    packed = {
        name: {"compression": "gzip", "compression_opts": 1, "shuffle": True}
        for name, field in ds.data_vars.items()
        if field.dtype.kind == "f" and field.ndim
    }
    buffer = io.BytesIO()
    ds.to_netcdf(buffer, engine="h5netcdf", encoding=packed)
    return buffer.getvalue()
