"""Sums of what a sensor's updates did, exact, by cell and month: maps, seasons and regions need no other run."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.assimilation.record import REASONS, UpdateLog
from models.assimilation.sensor_choice import STATE_ROWS
from models.kernel import kernel, spread

__all__ = ["LAGS", "SUMS", "Sums", "accumulate", "sums_of_series"]

LAGS = 5
"""Autocorrelation is summed at lags of 1 to this many observations."""

SUMS = (
    *("n", "o", "f", "a", "oo", "ff", "aa", "of", "oa", "fa"),
    *("d", "dd", "z", "zz", "d_residual", "d_increment", "hpht", "r", "gain"),
    *("n_truth", "error", "error_square", "analysis_error_square", "hpht_truth"),
    *("n_loop", "d_loop", "dd_loop", "z_loop", "zz_loop", "loop_error_square"),
    *(f"{name}_{lag}" for lag in range(1, LAGS + 1) for name in ("pairs", "head", "tail", "product")),
    "n_used",
    *(f"increment_{row}" for row in STATE_ROWS),
    *(f"increment_square_{row}" for row in STATE_ROWS),
    *(f"gain_{row}" for row in STATE_ROWS),
)
"""What is summed: observations O, forecasts F, analyses A, their squares and products; innovations d = O - F and
z = d / sqrt(HPH' + R), products of d with O - A and with A - F; HPH', R, HPH' / (HPH' + R); errors of F, A and of the
open loop against the truth; innovations of the open loop; products of z with the z some observations earlier, with the
sums of both; increments and gains of the updates that were used."""

PLACE = {name: k for k, name in enumerate(SUMS)}
FIRST_LAG, FIRST_INCREMENT = PLACE["pairs_1"], PLACE["increment_sm1"]
FIRST_SQUARE, FIRST_GAIN, N_USED = PLACE["increment_square_sm1"], PLACE["gain_sm1"], PLACE["n_used"]
ROWS = len(STATE_ROWS)


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums of one sensor.

    Attributes
    ----------
    months : (month,) datetime64[M] array
        Months of the period.
    values : (cell, month, sum) array
        In the order of `SUMS`.
    reasons : (cell, month, reason) int array
        What became of observations, in the order of `models.assimilation.record.REASONS`.
    ranks : (cell, month, member + 1) int array
        Members with observation error added that lie below the observation.
    """

    months: np.ndarray
    values: np.ndarray
    reasons: np.ndarray
    ranks: np.ndarray

    def total(self, cells: np.ndarray | slice = slice(None), months: np.ndarray | slice = slice(None)) -> "Sums":
        """Return the sums over some cells and months, as those of one cell and month."""
        parts = (array[cells][:, months].sum(axis=(0, 1))[None, None] for array in self._arrays())
        return Sums(self.months[:1], *parts)

    def over_months(self, months: np.ndarray | slice = slice(None)) -> "Sums":
        """Return the sums over some months, cell by cell, as those of one month."""
        parts = (array[:, months].sum(axis=1)[:, None] for array in self._arrays())
        return Sums(self.months[:1], *parts)

    def _arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.values, self.reasons, self.ranks

    def __getitem__(self, name: str) -> np.ndarray:
        """Return one sum, (cell, month)."""
        return self.values[:, :, PLACE[name]]


@kernel
def _accumulate(first, last, month, fields, increment, gain, used, values):
    """Add up the slots of cells ``first`` to ``last``; a lag goes back over months."""
    slots = month.shape[0]
    past = np.empty(LAGS)
    for c in range(first, last):
        many = 0
        for s in range(slots):
            o, f, a = fields[0, c, s], fields[1, c, s], fields[2, c, s]
            hpht, r, truth = fields[3, c, s], fields[4, c, s], fields[5, c, s]
            loop, loop_hpht = fields[6, c, s], fields[7, c, s]
            out = values[c, month[s]]
            d = o - f
            if np.isnan(d):
                continue
            z = d / np.sqrt(hpht + r)
            row = (o, f, a, o * o, f * f, a * a, o * f, o * a, f * a)
            out[0] += 1.0
            for k in range(9):
                out[1 + k] += row[k]
            more = (d, d * d, z, z * z, (o - a) * d, (a - f) * d, hpht, r, hpht / (hpht + r))
            for k in range(9):
                out[10 + k] += more[k]
            if not np.isnan(truth):
                out[19] += 1.0
                out[20] += f - truth
                out[21] += (f - truth) ** 2
                out[22] += (a - truth) ** 2
                out[23] += hpht
            if not np.isnan(loop):
                e = o - loop
                out[24] += 1.0
                out[25] += e
                out[26] += e * e
                out[27] += e / np.sqrt(loop_hpht + r)
                out[28] += e * e / (loop_hpht + r)
                out[29] += (loop - truth) ** 2
            for lag in range(min(many, LAGS)):
                old = past[(many - 1 - lag) % LAGS]
                at = FIRST_LAG + 4 * lag
                out[at] += 1.0
                out[at + 1] += old
                out[at + 2] += z
                out[at + 3] += old * z
            past[many % LAGS] = z
            many += 1
            if used[c, s]:
                out[N_USED] += 1.0
                for k in range(ROWS):
                    out[FIRST_INCREMENT + k] += increment[c, s, k]
                    out[FIRST_SQUARE + k] += increment[c, s, k] ** 2
                    out[FIRST_GAIN + k] += gain[c, s, k]


@kernel
def _count(first, last, month, reason, rank, reasons, ranks):
    """Count reasons and ranks of cells ``first`` to ``last``."""
    for c in range(first, last):
        for s in range(month.shape[0]):
            reasons[c, month[s], reason[c, s]] += 1
            if rank[c, s] >= 0:
                ranks[c, month[s], rank[c, s]] += 1


def accumulate(log: UpdateLog, days: np.ndarray, members: int) -> Sums:
    """Sum up the updates of a sensor.

    Parameters
    ----------
    log : UpdateLog
    days : (day,) datetime64[D] array
        Days of the period.
    members : int
        Size of the ensemble.
    """
    calendar = days.astype("datetime64[M]")
    months, place = np.unique(calendar, return_inverse=True)
    month = place[log.day].astype(np.int64)
    count = log.raw.shape[0]
    names = ("observed", "forecast", "analysis", "hpht", "r", "truth", "open_loop", "open_loop_hpht")
    fields = np.stack([getattr(log, name).astype(float) for name in names])
    used = log.reason == REASONS.index("used")
    values = np.zeros((count, months.size, len(SUMS)))
    reasons = np.zeros((count, months.size, len(REASONS)), np.int64)
    ranks = np.zeros((count, months.size, members + 1), np.int64)

    def work(first: int, last: int) -> None:
        _accumulate(first, last, month, fields, log.increment, log.gain, used, values)
        _count(first, last, month, log.reason, log.rank, reasons, ranks)

    spread(work, count)
    return Sums(months, values, reasons, ranks)


def sums_of_series(series: Mapping[str, np.ndarray]) -> Sums:
    """Sum up plain series, so that any filter's innovations can be judged.

    Parameters
    ----------
    series : mapping of str to (time,) or (cell, time) array
        observed, forecast, analysis, hpht, r; truth if it is known. hpht and r may be numbers.

    Returns
    -------
    Sums
        Of one month.
    """
    observed = np.atleast_2d(np.asarray(series["observed"], float))
    nothing = np.full(observed.shape, np.nan)
    names = ("observed", "forecast", "analysis", "hpht", "r", "truth")
    rows = [np.broadcast_to(np.asarray(series.get(name, nothing), float), observed.shape) for name in names]
    fields = np.stack([*rows, nothing, nothing])
    count, slots = observed.shape
    values = np.zeros((count, 1, len(SUMS)))
    empty = np.zeros((count, slots, ROWS), np.float32)
    unused = np.zeros((count, slots), bool)
    month = np.zeros(slots, np.int64)
    spread(lambda a, b: _accumulate(a, b, month, fields, empty, empty, unused, values), count)
    nothing_counted = np.zeros((count, 1, len(REASONS)), np.int64)
    return Sums(np.array(["1970-01"], "datetime64[M]"), values, nothing_counted, np.zeros((count, 1, 1), np.int64))
