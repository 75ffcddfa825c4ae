"""How fast the noise of an ensemble is drawn: a hundred cells of 24 members through a year of hours."""

import time

import numpy as np

from models.assimilation.ensemble import EnsembleOptions, forcing_memory, forcing_noise, state_noise
from models.land.layout import LANES
from models.normals import draw_normals
from models.observation.sensor import Sensor
from models.observation.tb import SENSORS as TB
from models.observation.tb import auxiliary_of
from models.observation.vod import SENSOR as VOD

CELLS, HOURS, PART = np.arange(100), 8760, 240


def least(run, passes: int = 5) -> float:
    """Seconds of the processor, the least of some passes after one that compiles."""
    run()
    best = np.inf
    for _ in range(passes):
        begin = time.thread_time()
        run()
        best = min(best, time.thread_time() - begin)
    return best


def normals_per_second() -> tuple[float, float]:
    """Return normals a second, ours by name and numpy's in sequence."""
    groups = 16 * 18
    step_of, name_of = np.repeat(np.arange(16), 18), np.tile(np.arange(18), 16)
    out, generator = np.empty(4 * groups), np.random.default_rng(1)

    def ours() -> None:
        for cell in range(200):
            draw_normals(1, 0, cell, step_of, name_of, out)

    def theirs() -> None:
        for _ in range(200):
            generator.standard_normal(out=out)

    count = 200 * out.size
    return count / least(ours), count / least(theirs)


def forcing_year(options: EnsembleOptions) -> float:
    """Seconds for the forcing's noise of a year, on one thread."""
    blocks = CELLS.size * options.members // LANES
    out, memory = np.empty((PART, blocks, 3, LANES)), forcing_memory(options, CELLS)
    return least(lambda: forcing_noise(options, CELLS, 0, 3600.0, memory, out)) * HOURS / PART


def state_year(options: EnsembleOptions) -> float:
    """Seconds for the state's noise of a year, every three hours, on one thread."""
    out = np.empty((CELLS.size, 5, options.members))
    steps = range(0, PART, 3)

    def run() -> None:
        for step in steps:
            state_noise(options, CELLS, step, 3600.0, out)

    return least(run) * HOURS / PART


def predictions_per_second(sensor: Sensor) -> float:
    """Return observations that an operator predicts in a second."""
    rng = np.random.default_rng(1)
    shape = (CELLS.size, 24)
    fields = {name: rng.uniform(0.1, 0.4, shape) for name in ("sm1", "sm2", "sm3")}
    fields |= {"lai": rng.uniform(0.1, 5.0, shape), "t_soil": rng.uniform(275.0, 300.0, shape)}
    one = np.ones(CELLS.size)
    place = auxiliary_of(np.full(CELLS.size, 10), 40.0, 20.0, 0.1, 0.45) | {
        name: one for name in sensor.auxiliary if name not in ("wang", "mixing")
    }
    return CELLS.size * 24 / least(lambda: sensor.predict(fields, place), 20)


def rows() -> list[tuple[str, float, str, str]]:
    """Measure, and return (name, value, target, note) of each figure."""
    ours, theirs = normals_per_second()
    options = EnsembleOptions()
    forcing, state = forcing_year(options), state_year(options)
    draws = CELLS.size * 24 * HOURS
    return [
        ("normals/s by name, one thread", ours, "", f"{1e9 / ours:.2f} ns each"),
        ("over numpy's Generator", ours / theirs, ">= 1", "which can't name its draws"),
        (
            "s for 100 cells x 24 x 8760 h of forcing noise, one thread",
            forcing,
            "< 5",
            f"{forcing / draws / 3e-9:.1f} ns",
        ),
        ("s for its state noise, every 3 h, one thread", state, "", f"{state / draws * 3 / 5e-9:.1f} ns"),
        ("VOD predictions/s, 100 cells x 24", predictions_per_second(VOD), "", ""),
        ("brightness temperatures/s, 100 cells x 24, H and V", predictions_per_second(TB[0]), "", ""),
    ]
