"""The analysis at an overpass: predict, compare, update, keep within bounds, and write down what happened."""

from typing import TYPE_CHECKING

import numpy as np

from models.assimilation.advance import STEM, T_SOIL, WOOD, read_row, write_state
from models.assimilation.bounds import EVENTS, clip, lis_rule
from models.assimilation.enkf_kernels import DENKF, SQUARE_ROOT, STOCHASTIC, update_cells
from models.assimilation.observe import MONITORED, USED, Observations
from models.assimilation.options import AssimilationChoices
from models.assimilation.perturbed_observations import observation_noise
from models.assimilation.record import REASONS, UpdateLog
from models.assimilation.sensor_choice import STATE_ROWS
from models.climatology import DAYS, day_of_365
from models.observation.lvod import biomass

if TYPE_CHECKING:
    from models.assimilation.run_ensemble import Chunk
    from models.assimilation.twin import Twin

__all__ = ["Filter"]

VARIANTS = {"stochastic": STOCHASTIC, "etkf": SQUARE_ROOT, "denkf": DENKF}
"""For one observation at a time the square root filter is the ETKF."""

TAKEN_BACK = REASONS.index("taken_back")
GROUPS = np.array([0, 0, 0, 0, -1])
"""Soil layers are judged together; leaf area index is clipped where it is written."""

DRAWS = 4_001
"""First stream of the perturbations of observations; one for each sensor."""

ADAPT_WEIGHT, ADAPT_STEP, ADAPT_LOW, ADAPT_HIGH = 0.02, 0.005, 0.01, 100.0
"""Moving average, largest relative change of a scale at an update, and its limits (GEOSldas, adapt_type 10)."""


class Filter:
    """What happens to an ensemble when sensors pass over; sensors come one after another in the order of the choices.

    Parameters
    ----------
    twin : Twin
    choices : AssimilationChoices
    observations : list of Observations
        Of every sensor that is assimilated or monitored.
    """

    def __init__(self, twin: "Twin", choices: AssimilationChoices, observations: list[Observations]) -> None:
        self.twin, self.choices, self.observations = twin, choices, observations
        self.logs = {one.sensor.name: UpdateLog.empty(one, twin.cells.size) for one in observations}
        self.events = np.zeros((twin.cells.size, len(EVENTS)), np.int64)
        self.of_year = day_of_365(twin.days) % DAYS
        self.control = choices.bias_correction == "ryu"
        shape = (len(observations), twin.cells.size)
        # Scales of HPH' and R, and moving averages of what each should be over what it is.
        self.scale, self.ratio = np.ones((2, *shape)), np.ones((2, *shape))

    def copy_of_state(self) -> tuple:
        """Return what a later call of `restore` goes back to."""
        return self.events.copy(), self.scale.copy(), self.ratio.copy()

    def restore(self, saved: tuple) -> None:
        """Go back to where `copy_of_state` was called; the logs are written again."""
        self.events, self.scale, self.ratio = (array.copy() for array in saved)

    def at_overpass(self, chunk: "Chunk", day: int, hour: int) -> None:
        """Take in the observations of one overpass hour of one day in some cells."""
        for number, found in enumerate(self.observations):
            for k in np.flatnonzero(found.when == hour):
                slot = day * found.when.size + int(k)
                reason = found.reason[chunk.first : chunk.last, slot]
                if ((reason == USED) | (reason == MONITORED)).any():
                    self._take_in(chunk, number, found, day, slot)

    def predict(self, chunk: "Chunk", found: Observations, day: int, E: np.ndarray) -> np.ndarray:
        """Return the predicted observation of every member, (cell, member)."""
        fields = {row: E[:, k] for k, row in enumerate(STATE_ROWS)}
        if "t_soil" in found.sensor.needs:
            fields["t_soil"] = self._row(chunk, T_SOIL)
        if "agb" in found.sensor.needs:
            fields["agb"] = biomass(self._row(chunk, STEM), self._row(chunk, WOOD))
        part = slice(chunk.first, chunk.last)
        predicted = found.sensor.predict(fields, found.auxiliary(int(self.of_year[day]), part))
        # A copy: of a single cell the prediction may be a view of the state that is about to change.
        return np.array(predicted, float, order="C")

    def _row(self, chunk: "Chunk", row: int) -> np.ndarray:
        """Read a row of the land model's state."""
        out = np.empty((chunk.last - chunk.first, chunk.members))
        read_row(chunk.state, row, chunk.members, out)
        return out

    def _take_in(self, chunk: "Chunk", number: int, found: Observations, day: int, slot: int) -> None:
        """Update the cells of a chunk with one observation each."""
        part = slice(chunk.first, chunk.last)
        count, members = chunk.last - chunk.first, chunk.members
        reason = found.reason[part, slot].copy()
        seen = (reason == USED) | (reason == MONITORED)
        used = reason == USED
        E = chunk.read()
        forecast = E.copy()
        HE = self.predict(chunk, found, day, E)
        seen &= np.isfinite(HE).all(axis=1)
        used &= seen
        HE[~seen] = 0.0
        y = np.where(seen, found.observed[part, slot], np.nan)
        scale_p, scale_r = self.scale[0, number, part], self.scale[1, number, part]
        # Only the ratio of the two decides the gain.
        r = found.r[part, slot] * scale_r / scale_p
        D = np.empty((count, members))
        step = day * 24 + int(found.hour[slot])
        lis = self.choices.observation_draws == "lis"
        stream = DRAWS + number_of_sensor(found)
        observation_noise(0, count, chunk.cells, self.twin.seed, stream, step, np.sqrt(r), lis, self.control, D)
        increment, gain = np.empty((count, 5)), np.empty((count, 5))
        hpht, innovation = np.empty(count), np.empty(count)
        variant = VARIANTS[self.choices.method]
        update_cells(*(0, count, E, HE, y, r, D, found.updates, used, variant, increment, gain, hpht, innovation))
        self._bound(chunk, forecast, E, used, reason)
        write_state(0, count, chunk.state, chunk.parameters, members, E)
        HA = HE if not used.any() else self.predict(chunk, found, day, chunk.read())
        log = self.logs[found.sensor.name]
        hpht, r = hpht * scale_p, r * scale_p
        none = np.where(seen, 0.0, np.nan)
        log.observed[part, slot] = y
        log.forecast[part, slot] = HE.mean(axis=1) + none
        log.analysis[part, slot] = HA.mean(axis=1) + none
        log.hpht[part, slot], log.r[part, slot] = hpht + none, r + none
        log.increment[part, slot] = (E.mean(axis=2) - forecast.mean(axis=2)) + none[:, None]
        log.gain[part, slot] = gain + none[:, None]
        below = (HE + D * np.sqrt(scale_p)[:, None] < y[:, None]).sum(axis=1)
        log.rank[part, slot] = np.where(seen, below, -1)
        log.reason[part, slot] = reason
        if self.choices.adaptive == "geosldas":
            self._adapt(number, part, used, innovation, log, slot)
        if chunk.watch is not None:
            chunk.watch(found, day, slot, y, HE, HA, forecast, E, gain, hpht, r, reason)

    def _bound(self, chunk: "Chunk", forecast: np.ndarray, E: np.ndarray, used: np.ndarray, reason: np.ndarray) -> None:
        """Keep the analysis physical by the rule that was chosen."""
        part = slice(chunk.first, chunk.last)
        events = np.zeros((chunk.last - chunk.first, len(EVENTS)), np.int64)
        if self.choices.bounds == "lis":
            # Cells that were not updated are not judged.
            kept = E[~used].copy()
            lis_rule(*(0, E.shape[0], forecast, E, chunk.low, chunk.high, GROUPS, self.control, False, events))
            E[~used] = kept
            events[~used] = 0
            reason[events[:, EVENTS.index("rejected")] > 0] = TAKEN_BACK
        elif self.choices.bounds == "clip":
            clip(0, E.shape[0], E, chunk.low, chunk.high, GROUPS, events)
        self.events[part] += events

    def _adapt(
        self, number: int, part: slice, used: np.ndarray, innovation: np.ndarray, log: UpdateLog, slot: int
    ) -> None:
        """Scale HPH' and R towards what innovations say of them, a little at each update."""
        forecast, analysis = log.forecast[part, slot], log.analysis[part, slot]
        diagnosed = (
            (analysis - forecast) * innovation / np.maximum(log.hpht[part, slot], 1e-30),
            (log.observed[part, slot] - analysis) * innovation / log.r[part, slot],
        )
        for k, ratio in enumerate(diagnosed):
            mean, scale = self.ratio[k, number, part], self.scale[k, number, part]
            new = np.where(used, (1.0 - ADAPT_WEIGHT) * mean + ADAPT_WEIGHT * ratio, mean)
            step = np.clip(new, 1.0 - ADAPT_STEP, 1.0 + ADAPT_STEP)
            self.ratio[k, number, part] = new
            self.scale[k, number, part] = np.where(used, np.clip(scale * step, ADAPT_LOW, ADAPT_HIGH), scale)


def number_of_sensor(found: Observations) -> int:
    """Return a number that names a sensor's draws, whatever else is assimilated."""
    return sum(ord(letter) * 31**k for k, letter in enumerate(found.sensor.name)) % 1_000_003
