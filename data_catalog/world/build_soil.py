"""Build the shipped days of the land surface model at 108 km: ``python -m data_catalog.world.build_soil``.

Some ten minutes on two cores. The same sources give the same file.
"""

import sys
import time
from pathlib import Path

import click
import numpy as np

from data_catalog.world.soil_file import SOIL_FILE, read_shipped, write_shipped
from data_catalog.world.soil_run import run_cells
from data_catalog.world.static import open_static
from data_catalog.world.store import SEED, YEAR
from models.land.layout import STATE
from models.land.spinup import LAI_TOLERANCE, WATER_TOLERANCE

__all__ = ["main"]

GRID = "108km"


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=SOIL_FILE, show_default="where the package keeps it")
def main(out: Path) -> None:
    """Run the land surface model over every cell of the 108-km world and pack its days."""
    static = open_static(GRID)
    begun = time.perf_counter()
    with click.progressbar(length=1000, label=f"land model, {GRID}", file=sys.stderr) as bar:
        run = run_cells(
            GRID,
            np.arange(static.sizes["cell"]),
            progress=lambda share: bar.update(max(0, int(1000 * share) - bar.pos)),
        )
    attrs = {
        "title": "Days of soil of the embedded world at 108 km, from the land surface model's open loop",
        "source": "models.land, step 1 h, on the world's synthetic hourly weather; spun up with steps of 3 h, then 1 h",
        "licence": "BSD-3-Clause",
        "grid": GRID,
        "seed": SEED,
        "year": YEAR,
        "spin_up": (
            f"each cell until no layer's soil moisture changed by more than {WATER_TOLERANCE} m3 m-3 and leaf area by "
            f"no more than {LAI_TOLERANCE} m2 m-2 from year to year; {np.median(run.cycles):.0f} years in the median "
            f"cell, at most {run.cycles.max()}; over the year kept, soil moisture changed by at most "
            f"{run.water_drift.max():.4f} m3 m-3, leaf area by at most {run.lai_drift.max():.3f} m2 m-2"
        ),
        "layers": "smsf and t_soil: 0-10 cm; smrz: 0-100 cm",
    }
    write_shipped(out, static, run, STATE, attrs)
    click.echo(attrs["spin_up"])
    shipped = read_shipped(out)
    error = [float(np.abs(shipped.soil[:, k] - getattr(run, name)).max()) for k, name in enumerate(("smsf", "smrz"))]
    click.echo(
        f"{out.name}: {out.stat().st_size / 1e6:.2f} MB in {time.perf_counter() - begun:.0f} s; rounded by at most "
        f"{error[0]:.2f} % (smsf), {error[1]:.2f} % (smrz)"
    )


if __name__ == "__main__":
    main()
