"""Compile or load the kernels of an assimilation run, so that no user waits for it."""

import numpy as np

from models.assimilation.options import AssimilationChoices
from models.assimilation.run import run_assimilation
from models.assimilation.twin import prepare_twin
from models.assimilation.world import World
from models.experiment import Experiment
from models.land.columns import column_table
from models.observation import SENSORS

__all__ = ["warm"]


def warm() -> None:
    """Run one cell for two days with every sensor: call it in the background when a server starts."""

    def forcing_of(cells: np.ndarray, first_day: int, last_day: int, step_hours: float) -> np.ndarray:
        steps = round((last_day - first_day) * 24 / step_hours)
        return np.tile([285.0, 0.006, 1e5, 3.0, 100.0, 300.0, 0.0, 0.3], (steps, cells.size, 1))

    world = World(
        name="one meadow",
        latitude=np.array([45.0]),
        longitude=np.array([5.0]),
        first_year=2015,
        n_year=1,
        table_of=lambda cells: column_table([10], [6], latitude=45.0, longitude=5.0),
        forcing_of=forcing_of,
        fields_of=lambda cells: {"sand": np.array([40.0]), "clay": np.array([20.0])},
    )
    sensors = {sensor.name: {"masks": (), "repeat_days": 1.0} for sensor in SENSORS}
    choices = AssimilationChoices(sensors=sensors, members=8, time_step=3.0, warm_up=0.0, spin_up=0, limits="lis")
    period = ("2015-06-01", "2015-06-02")
    experiment = Experiment(model="assimilation", period=period, assimilation=choices)
    result = run_assimilation(prepare_twin(experiment, world), choices)
    result.diagnostics("ssm")
    result.field("ssm", "r_anom")
