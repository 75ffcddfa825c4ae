"""How the water and the carbon of a place answer to the texture of its soil: a surface over sand and clay.

Every point of the triangle is a column under the same weather and vegetation; its hydraulic parameters follow from
sand and clay (`models.land.texture`). As in Fig. 10 of Zhang et al. (2019) the surface is shown relative to 10 % sand
and 10 % clay. All points begin their year with the soil carbon that balances at that reference, so that the net
exchange shows what the texture does to its two sides, and not the centuries in which a soil would follow.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from models.l4c.cache import ByteCache
from models.land import layout as at
from models.land.layout import LANES
from models.land.options import LandChoices
from models.land.outputs import label_outputs
from models.land.planning import plan_columns, start
from models.land.run import advance, spin_up
from models.land.spinup import balance_soil_carbon
from models.land.texture import texture_class

__all__ = ["REFERENCE", "SURFACES", "TextureSurface", "texture_points", "texture_surface"]

SURFACES = ("ssm", "rzsm", "gpp", "reco", "nee")
"""Variables of the surface."""

REFERENCE = (0.1, 0.1)
"""Sand and clay to which the surface is relative."""

STEP = 0.1
MOST_CLAY = 7  # steps; beyond it there are no soils behind the regression
DAY = 86400.0
KEPT = ByteCache(8 * 2**20)
"""Surfaces of this process."""


def texture_points() -> tuple[np.ndarray, np.ndarray]:
    """Return sand and clay [1] of the points: every 10 % of the triangle up to 90 % sand and 70 % clay, 59 of them."""
    steps = round(1.0 / STEP)
    pairs = [(k, j) for k in range(steps) for j in range(min(MOST_CLAY, steps - k) + 1)]
    sand, clay = np.array(pairs, float).T * STEP
    return np.round(sand, 10), np.round(clay, 10)


@dataclass(frozen=True, eq=False)
class TextureSurface:
    """A surface over sand and clay.

    Attributes
    ----------
    variable : str
        One of `SURFACES`.
    sand, clay : (point,) array
        Fractions [1].
    soil : (point,) int array
        Class of the texture, 1 to 12.
    values : dict of str to (point,) array
        Annual means of all `SURFACES`, in their units: m3 m-3, gC m-2 d-1.
    reference : int
        The point at 10 % sand and 10 % clay.
    cycles, settled : (point,) array
        What each point's spin-up came to.
    """

    variable: str
    sand: np.ndarray
    clay: np.ndarray
    soil: np.ndarray
    values: dict[str, np.ndarray]
    reference: int
    cycles: np.ndarray
    settled: np.ndarray

    @property
    def ratio(self) -> np.ndarray:
        """The variable relative to the reference point [1]; NaN where that is zero."""
        values = self.values[self.variable]
        base = values[self.reference]
        return values / base if base != 0.0 else np.full(values.shape, np.nan)

    @property
    def difference(self) -> np.ndarray:
        """The variable minus that of the reference point, in its unit; what to show of NEE, which may be near zero."""
        values = self.values[self.variable]
        return values - values[self.reference]

    def of(self, variable: str) -> "TextureSurface":
        """Return the surface of another variable of the same runs."""
        if variable not in self.values:
            msg = f"No surface of {variable!r}; there are {', '.join(SURFACES)}."
            raise KeyError(msg)
        return replace(self, variable=variable)


def texture_surface(
    place,
    choices: LandChoices,
    variable: str = "ssm",
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> TextureSurface:
    """Run the triangle of textures at a place.

    Parameters
    ----------
    place : object
        With ``forcing``, weather and properties of one column (`models.land.planning.plan_columns`), and ``key``, which
        tells places apart.
    choices : LandChoices
        Of the experiment. Its own soil, sand and clay give way to the points'; hydraulic parameters that it sets hold
        for all points.
    variable : str
        One of `SURFACES`; all are run together, so that another one costs nothing.
    progress, cancelled : callable, optional
        See `models.land.run.run_land`.

    Raises
    ------
    ValueError
        If the choices take van Genuchten's hydraulics, for which there is no such regression, or cannot run.
    models.kernel.Cancelled
        If ``cancelled`` said yes.
    """
    kept = tuple(pair for pair in choices.columns if pair[0] not in ("soil", "sand", "clay"))
    asked = replace(choices, columns=kept, output="daily", soil_carbon="balanced")
    key = (place.key, asked)
    made = KEPT.get(key, lambda: _run(place, asked, progress, cancelled), lambda _: 8 * 59 * (len(SURFACES) + 6))
    if progress is not None:
        progress(1.0)
    return made.of(variable)


def _run(place, choices: LandChoices, progress, cancelled) -> TextureSurface:
    sand, clay = texture_points()
    reference = int(np.flatnonzero((sand == REFERENCE[0]) & (clay == REFERENCE[1]))[0])
    forcing = place.forcing
    settings = dict(choices.columns) | {"sand": tuple(sand), "clay": tuple(clay)}
    plan = plan_columns(replace(choices, columns=settings), forcing)
    weather, times = plan.weather()
    columns = start(plan)
    rounds = plan.options.spin_up + 1
    tell = progress or (lambda share: None)
    options = replace(plan.options, soil_carbon="given")
    spin = spin_up(columns, weather, options, progress=lambda done: tell(done / rounds), cancelled=cancelled)
    balance_soil_carbon(columns)
    for pool in ("soc_fast", "soc_stable"):
        columns.set(pool, np.full(sand.size, columns.get(pool)[reference]))
    per_day = round(DAY / options.dt)
    raw = np.empty((at.N_OUTPUTS, columns.state.shape[0] * LANES, weather.shape[0] // per_day), np.float32)

    def keep(first: int, last: int, output: np.ndarray) -> None:
        flat = output.transpose(2, 1, 3, 0)
        raw[:, first * LANES : last * LANES] = flat.reshape(at.N_OUTPUTS, (last - first) * LANES, -1)

    advance(columns, weather, options, steps_per_output=per_day, keep=keep, cancelled=cancelled)
    if not np.isfinite(columns.state).all():
        msg = "A texture ended in a state that is not a number; put the parameters nearer to their tables."
        raise FloatingPointError(msg)
    ds = label_outputs(raw[:, : sand.size], times[::per_day].astype("datetime64[D]"), columns)
    ds["reco"] = ds["ra"] + ds["rh"]
    values = {name: ds[name].values.mean(axis=1, dtype=float) for name in SURFACES}
    return TextureSurface("ssm", sand, clay, texture_class(sand, clay), values, reference, spin.cycles, spin.done)
