"""A run of the land surface model at one place: days, hours, balances day by day, and what the spin-up came to."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from data_catalog import open_dataset
from data_catalog.world.static import open_static
from explorer.worlds import table_of
from models.experiment import Experiment
from models.kernel import Cancelled
from models.land import layout as at
from models.land.columns import Columns
from models.land.layout import MEANS
from models.land.options import LandChoices
from models.land.outputs import label_outputs
from models.land.params import SOIL_CLASSES, VEGETATION_CLASSES
from models.land.planning import LandPlan, plan_columns, start
from models.land.run import advance, spin_up
from models.land.spinup import LAI_TOLERANCE, WATER_TOLERANCE, SpinUp

__all__ = ["Place", "PlaceRun", "cell_place", "run_at", "settled_words"]

BALANCES = {"water": "water_sum", "carbon": "carbon_worst", "energy": "energy_sum"}
"""What a day leaves over [mm, gC m-2, W m-2]: a sum of steps, the worst step, and a mean of steps."""

MOST_DAYS_OF_HOURS = 366
"""Last days of a run whose hours are kept; those of a tower's twenty years would take 40 MB."""

CHECK = 16
"""Days between two looks at whether the visitor took the run back."""


@dataclass(frozen=True, eq=False)
class Place:
    """Where a run is: its weather and what stands there, as the model takes them.

    Attributes
    ----------
    key : tuple
        Tells places apart.
    forcing : xr.Dataset
        Weather and properties of one column, see `models.land.planning.plan_columns`.
    words : str
        What the place is, for people.
    synthetic : bool
        Whether the weather is made.
    texture : (float, float) or None
        Sand and clay [%], where they are known.
    """

    key: tuple
    forcing: xr.Dataset
    latitude: float
    longitude: float
    classes: tuple[int, int, int]
    words: str
    synthetic: bool
    texture: tuple[float, float] | None
    observed: xr.Dataset | None = None

    @property
    def class_words(self) -> str:
        """Names of the classes of vegetation and soil."""
        return f"{VEGETATION_CLASSES[self.classes[0] - 1]}, {SOIL_CLASSES[self.classes[1] - 1]}"


@dataclass(frozen=True, eq=False)
class PlaceRun:
    """The reported year of one column.

    Attributes
    ----------
    days, hours : xr.Dataset
        Means over a day and over a step, on (time) and (layer, time); hours of the last year alone.
    residuals : dict of str to (day,) array
        What each day leaves over of water [mm], carbon [gC m-2] and energy [W m-2].
    weather : (step, 8) array
        In the order of `models.land.layout.FORCING`.
    spin : SpinUp
        Cycles and drift of the spin-up.
    columns : Columns
        The column at the end, with its parameters.
    """

    place: Place
    choices: LandChoices
    days: xr.Dataset
    hours: xr.Dataset
    residuals: dict[str, np.ndarray]
    weather: np.ndarray
    spin: SpinUp
    columns: Columns

    def of_day(self, day: int) -> tuple[np.ndarray, xr.Dataset]:
        """Return weather and steps of a day of the last year, counted from 0; the last one for a later day."""
        per_day = round(24.0 / self.choices.time_step)
        day = min(day, self.hours.sizes["time"] // per_day - 1)
        part = slice(day * per_day, (day + 1) * per_day)
        return self.weather[part], self.hours.isel(time=part)


@functools.lru_cache(maxsize=64)
def cell_place(grid: str, cell: int, step_hours: float) -> Place:
    """Open a cell of the embedded world; kept for every visitor.

    Raises
    ------
    ValueError, IndexError
        If grid, cell or step are not accepted.
    """
    forcing = open_dataset("world-forcing", grid=grid, cells=np.array([cell]), step_hours=step_hours).load()
    land = forcing.isel(cell=0)
    classes = tuple(int(land[name]) for name in ("vegetation", "soil", "soil_colour"))
    latitude, longitude = float(land["latitude"]), float(land["longitude"])
    elevation = float(open_static(grid)["elevation"].values[cell])
    texture = (float(land["sand"]), float(land["clay"])) if "sand" in land else None
    cover = f"{100 * float(land['vegetation_fraction']):.0f} % under vegetation"
    words = f"{elevation:,.0f} m above the sea, {cover}"
    if texture is not None:
        words += f", sand {texture[0]:.0f} %, clay {texture[1]:.0f} % (assumed)"
    words += ". Synthetic weather, real climate."
    return Place((grid, cell), forcing, latitude, longitude, classes, words, True, texture)


def place_of(experiment: Experiment, where: tuple[float, float]) -> Place:
    """Return the cell that holds a place, or the one nearest to it."""
    cell = table_of(experiment.grid).nearest(*where)
    return cell_place(experiment.grid, cell, experiment.land.time_step)


def run_at(
    place: Place,
    choices: LandChoices,
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> PlaceRun:
    """Spin up and run one column, and keep its hours and what each day leaves over.

    Raises
    ------
    ValueError
        If the choices cannot run there.
    FloatingPointError
        If the state is not a number after the run.
    models.kernel.Cancelled
        If the visitor took it back.
    """
    plan: LandPlan = plan_columns(replace(choices, output="daily"), place.forcing)
    weather, times = plan.weather()
    columns = start(plan)
    rounds = plan.options.spin_up + 1
    spin = spin_up(columns, weather, plan.options, progress=lambda done: progress(done / rounds), cancelled=cancelled)
    per_day = round(24.0 / choices.time_step)
    n_day = weather.shape[0] // per_day
    first_hour = max(0, n_day - MOST_DAYS_OF_HOURS) * per_day
    raw = np.empty((at.N_OUTPUTS, 1, n_day * per_day - first_hour), "float32")
    days = np.empty((at.N_OUTPUTS, 1, n_day), "float32")
    residuals = {name: np.empty(n_day) for name in BALANCES}
    for day in range(n_day):
        if day % CHECK == 0 and cancelled():
            raise Cancelled
        part = slice(day * per_day, (day + 1) * per_day)
        columns.balance[:] = 0.0

        def keep(first: int, last: int, output: np.ndarray, part: slice = part, day: int = day) -> None:
            steps = output[:, 0, :, 0].T
            days[: len(MEANS), 0, day] = steps[: len(MEANS)].mean(axis=1)
            days[len(MEANS) :, 0, day] = steps[len(MEANS) :, -1]
            if part.start >= first_hour:
                raw[:, 0, part.start - first_hour : part.stop - first_hour] = steps

        advance(columns, weather[part], plan.options, steps_per_output=1, keep=keep)
        for name, row in BALANCES.items():
            residuals[name][day] = columns.get(row)[0]
        residuals["energy"][day] /= per_day
    if not np.isfinite(columns.state).all():
        msg = "The run ended in a state that is not a number; put the parameters nearer to their tables."
        raise FloatingPointError(msg)
    progress(1.0)
    return PlaceRun(
        place=place,
        choices=choices,
        days=label_outputs(days, times[::per_day].astype("datetime64[D]"), columns).isel(column=0),
        hours=label_outputs(raw, times[first_hour:], columns).isel(column=0),
        residuals=residuals,
        weather=weather[first_hour:, 0],
        spin=spin,
        columns=columns,
    )


def settled_words(run: PlaceRun) -> str:
    """Say what the spin-up came to, against its criterion."""
    cycles = int(run.spin.cycles[0])
    if not cycles:
        return "No spin-up: the year shown starts from a cold state."
    water, leaf = float(run.spin.water_drift[0]), float(run.spin.lai_drift[0])
    done = water <= WATER_TOLERANCE and leaf <= LAI_TOLERANCE
    return (
        f"Spin-up of {cycles} year{'s' if cycles > 1 else ''}: over the last, soil moisture changed by at most "
        f"{water:.1e} m³ m⁻³ (criterion {WATER_TOLERANCE:g}) and LAI by {leaf:.1e} (criterion {LAI_TOLERANCE:g}); "
        + ("settled." if done else "not settled: allow more passes under Model options.")
    )
