"""How long the page Land waits: a place, a region, the triangle of textures; and how a real tower is met."""

import os
import time
from pathlib import Path

from data_catalog.datasets.land_towers import land_towers_in, nearest_land, open_land_tower
from explorer.land.place import cell_place, run_at
from explorer.land.regions import SPEED, run_region
from explorer.land.texture import texture_surface
from models.experiment import Experiment, run
from models.kernel import THREADS
from models.land.options import LandChoices
from models.regions import region_named
from models.skill.land import compare_days

SHARED = Path(__file__).resolve().parents[3] / "shared"
CHOICES = LandChoices(stop_when_settled=True, soil_carbon="balanced")


def seconds(work, repeat: int = 3) -> tuple[float, float]:
    """Return the least wall time and the least processor time of some calls [s]."""
    wall, processor = [], []
    for _ in range(repeat):
        begun, used = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - begun)
        processor.append(time.process_time() - used)
    return min(wall), min(processor)


def rows() -> list[tuple]:
    """Time the page's runs; score the towers whose half hours are at hand."""
    place = cell_place("108km", nearest_land("108km", 41.5, -93.5), 1.0)
    quiet, never = (lambda share: None), (lambda: False)
    found = []
    single = run_at(place, CHOICES, quiet, never)
    years = int(single.spin.cycles[0]) + 1
    wall, processor = seconds(lambda: run_at(place, CHOICES, quiet, never))
    found.append(
        ("a cell-year by the hour, spin-up and all [s]", wall, "0.5", f"{years} years run, CPU {processor:.2f} s")
    )
    texture_surface(place, CHOICES, "gpp")
    tries = iter(range(60, 99))  # a leaf area of its own, so that nothing is kept
    wall, processor = seconds(
        lambda: texture_surface(place, LandChoices(stop_when_settled=True, lai=next(tries) / 40.0), "gpp"), 2
    )
    found.append(("59 textures [s]", wall, "2", f"CPU {processor:.2f} s"))
    region = region_named("Iberia")
    wall, processor = seconds(lambda: run_region(region, "108km", LandChoices(cycles=3, lai=next(tries) / 40.0)), 1)
    cells = 69
    note = f"{cells} cells, 3 passes, {THREADS} threads, CPU {processor:.1f} s; load {os.getloadavg()[0]:.1f}"
    found.append(("Iberia at 108 km [s]", wall, "", note))
    found.append(
        ("column-steps a second of a region, weather and all", SPEED.value, "", "what the page's estimate uses")
    )
    folder = SHARED / "data" / "ameriflux"
    for site in land_towers_in([folder]) if folder.is_dir() else ():
        tower = open_land_tower(site, [folder])
        if tower.forcing.sizes["time"] < 100 * 48 or tower.observed is None:
            continue
        result = run(Experiment(model="land", dataset="tower", site=site, land=CHOICES), tower.forcing)
        for name, score in compare_days(result, tower.observed).items():
            unit = tower.observed[name].attrs["units"]
            note = f"ubRMSE {float(score.ubrmse):.3g}, bias {float(score.bias):.3g} {unit}, {int(score.n)} days"
            found.append((f"{site}, half hours: r of {name}", float(score.r), "", note))
    return found
