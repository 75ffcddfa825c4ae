"""The weather of a twin: what the truth lives through, and what the experimenter is given instead."""

import math
from typing import TYPE_CHECKING

import numpy as np

from models.assimilation.ensemble import perturb_forcing, perturbation_law
from models.assimilation.options import PRECIPITATION_QUALITY, AssimilationChoices
from models.assimilation.perturbations import FORCING_CORRELATION, FORCING_PERTURBATIONS, EnsembleOptions, rotation
from models.climatology import DAYS
from models.kernel import kernel, spread
from models.land.layout import FORCING

if TYPE_CHECKING:
    from models.assimilation.world import World

__all__ = ["LARGEST_KEPT", "Weather", "highest_of", "keep_within"]

LARGEST_KEPT = 4e8
"""Bytes of weather that a twin keeps; more is made again whenever it is needed."""

ERROR_SEED = 7_919
"""Added to the experiment's seed for the errors of the experimenter's weather."""

SW, LW, P = FORCING.index("sw_down"), FORCING.index("lw_down"), FORCING.index("precip_rate")
LEAST_LONGWAVE = 30.0
TABLE_2_PRECIP = FORCING_PERTURBATIONS[2].sd


def highest_of(choices: AssimilationChoices) -> tuple[float, float]:
    """Return the most sunlight [W m-2] and rain [kg m-2 s-1] that a perturbation may make of the weather."""
    if choices.limits == "none":
        return math.inf, math.inf
    return FORCING_PERTURBATIONS[0].high, FORCING_PERTURBATIONS[2].high


@kernel
def keep_within(weather, source, highest_sw, highest_p, noise):
    """Cut the factors on sunlight and rain so that the perturbed weather stays within its limits, in place.

    Parameters
    ----------
    weather : (step, site, 8) array
    source : (block, lane) int array
        Site of each column.
    highest_sw, highest_p : float
        From `highest_of`. The lower limit, 0, holds by itself: factors are positive.
    noise : (step, block, 3, lane) array
        From `models.assimilation.ensemble.forcing_noise`; changed.
    """
    for t in range(noise.shape[0]):
        for b in range(noise.shape[1]):
            for i in range(noise.shape[3]):
                sun, rain = weather[t, source[b, i], SW], weather[t, source[b, i], P]
                if sun * noise[t, b, 0, i] > highest_sw:
                    noise[t, b, 0, i] = highest_sw / sun
                if rain * noise[t, b, 2, i] > highest_p:
                    noise[t, b, 2, i] = highest_p / rain


class Weather:
    """Weather of the cells of a twin, in pieces of days.

    The experimenter is given the world's weather. The truth lives through that weather times errors which nobody
    knows: a lognormal factor of mean 1 on sunlight and precipitation and a normal addition to longwave, each a
    first-order autoregression (one day) by cell, correlated as in Table 2 of Heyvaert et al. 2024. Their sds are that
    table's times ``forcing_error``; that of precipitation follows ``precipitation_quality`` instead. So the truth is
    one more member of an ensemble that assumes these errors.

    Parameters
    ----------
    world : World
        Where weather comes from.
    cells : (cell,) int array
        Numbers in the grid.
    first, last : int
        Days of the run, the warm-up included, counted from the world's first.
    choices : AssimilationChoices
        Time step and quality.
    seed : int
        Of the experiment.
    """

    def __init__(
        self, world: "World", cells: np.ndarray, first: int, last: int, choices: AssimilationChoices, seed: int
    ) -> None:
        self.world, self.cells, self.first, self.last = world, np.asarray(cells, np.int64), first, last
        self.dt = choices.time_step * 3600.0
        self.per_day = round(24.0 / choices.time_step)
        quality = PRECIPITATION_QUALITY[choices.precipitation_quality] / TABLE_2_PRECIP
        scales = (("sw_down", choices.forcing_error), ("lw_down", choices.forcing_error), ("precip_rate", quality))
        self.law = EnsembleOptions(seed=seed + ERROR_SEED, control=False, centering="none", scales=scales)
        self.highest = highest_of(choices)
        self.exact = quality == 0.0 and choices.forcing_error == 0.0
        self._kept: dict[tuple[int, int], np.ndarray] = {}
        self._room = LARGEST_KEPT
        self._memory, self._day = np.full((self.cells.size, 3, 4), np.nan), 0

    @property
    def steps(self) -> int:
        """Steps of the run."""
        return (self.last - self.first) * self.per_day

    def given(self, begin: int, end: int) -> np.ndarray:
        """Return the experimenter's weather of days ``begin`` to before ``end`` of the run, (step, cell, 8) float64."""
        key = (begin, end)
        if key in self._kept:
            return self._kept[key].astype(np.float64)
        # In single precision whether it is kept or made again, so that both give the same run.
        made = self._made(self.first + begin, self.first + end).astype(np.float32)
        if made.nbytes <= self._room:
            self._room -= made.nbytes
            self._kept[key] = made
        return made.astype(np.float64)

    def _made(self, first: int, last: int) -> np.ndarray:
        """Return weather of some days of the world; before its first day it is that of a year later."""
        if first >= 0:
            return self.world.forcing_of(self.cells, first, last, self.dt / 3600.0)
        before = self.world.forcing_of(self.cells, first + DAYS, min(last, 0) + DAYS, self.dt / 3600.0)
        return before if last <= 0 else np.concatenate([before, self._made(0, last)])

    def true(self, begin: int, end: int) -> np.ndarray:
        """Return the truth's weather of days ``begin`` to before ``end``; pieces follow each other in time."""
        weather = self.given(begin, end)
        if self.exact:
            return self._limited(weather)
        if begin != self._day:
            msg = f"The truth's weather goes on with day {self._day} of the run, not {begin}."
            raise RuntimeError(msg)
        self._day = end
        errors = np.empty((weather.shape[0], self.cells.size, 3, 1))
        hold = self.law.hold("forcing", self.dt)
        field, phi = perturbation_law(FORCING_PERTURBATIONS, self.law, hold * self.dt)
        root = rotation(FORCING_CORRELATION)

        def work(a: int, b: int) -> None:
            part = np.empty((errors.shape[0], b - a, 3, 1))
            names, memory = self.cells[a:b], self._memory[a:b]
            first = begin * self.per_day
            perturb_forcing(0, b - a, self.law.seed, names, first, hold, 1, 1, 0.0, root, field, phi, memory, part)
            errors[:, a:b] = part

        spread(work, self.cells.size)
        weather[:, :, SW] *= errors[:, :, 0, 0]
        weather[:, :, LW] = np.maximum(weather[:, :, LW] + errors[:, :, 1, 0], LEAST_LONGWAVE)
        weather[:, :, P] *= errors[:, :, 2, 0]
        return self._limited(weather)

    def _limited(self, weather: np.ndarray) -> np.ndarray:
        """Cut what the members' weather is cut at, in place."""
        for row, highest in zip((SW, P), self.highest, strict=True):
            np.minimum(weather[:, :, row], highest, out=weather[:, :, row])
        return weather
