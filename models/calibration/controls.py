"""Free parameters as numbers between 0 and 1 whose every combination is a valid table."""

from collections.abc import Mapping, Sequence

import numpy as np

from models.l4c.params import RAMPS, L4CParams
from models.quantity import parameters_of

__all__ = ["Controls"]

NAMES = L4CParams._fields
GAP = 1e-3
"""Least width of a ramp, over the span of its upper limit's bounds."""


class Controls:
    """Free parameters of one plant type, within their bounds, ramp limits in order.

    Where both limits of a ramp are free, the second number places the upper one between the lower one and its highest
    bound.

    Parameters
    ----------
    free : sequence of str
        Names of parameters.
    params : (20,) array
        All parameters; those that are not free stay.
    bounds : mapping, optional
        Name -> (low, high), within the declared bounds; those are the default.

    Raises
    ------
    ValueError
        If a name is unknown or given twice, bounds are out of the declared ones, or they leave no room.
    """

    def __init__(
        self, free: Sequence[str], params: np.ndarray, bounds: Mapping[str, tuple[float, float]] | None = None
    ):
        declared = parameters_of(L4CParams)
        bounds = dict(bounds or {})
        for name in (*free, *bounds):
            if name not in declared:
                msg = f"L4C has no parameter {str(name)[:40]!r}; it has {', '.join(NAMES)}."
                raise ValueError(msg)
        if not free or len(set(free)) < len(free):
            msg = f"free = {tuple(free)}; at least one parameter is needed, and each once."
            raise ValueError(msg)
        self.free = tuple(sorted(free, key=NAMES.index))
        self.base = np.array(params, float)
        self.places = np.array([NAMES.index(name) for name in self.free])
        low, high = [], []
        for name in self.free:
            p = declared[name]
            a, b = bounds.get(name, (p.low, p.high))
            p.check(f"lower bound of {name}", a)
            p.check(f"upper bound of {name}", b)
            low.append(float(a))
            high.append(float(b))
        self.low, self.high = np.array(low), np.array(high)
        self._pairs: list[tuple[int, int]] = []
        self._fit_ramps()
        if (self.low >= self.high).any():
            k = int(np.argmax(self.low >= self.high))
            msg = f"{self.free[k]} has no room between {self.low[k]:g} and {self.high[k]:g}: widen its bounds."
            raise ValueError(msg)

    def _fit_ramps(self) -> None:
        """Pair free limits of a ramp; keep a single free one on its side of the other."""
        for one, two in RAMPS.values():
            if one in self.free and two in self.free:
                self._pairs.append((self.free.index(one), self.free.index(two)))
                continue
            span = GAP * (parameters_of(L4CParams)[two].high - parameters_of(L4CParams)[two].low)
            if one in self.free:
                k = self.free.index(one)
                self.high[k] = min(self.high[k], self.base[NAMES.index(two)] - span)
            elif two in self.free:
                k = self.free.index(two)
                self.low[k] = max(self.low[k], self.base[NAMES.index(one)] + span)

    def _floor(self, i: int, j: int, values: np.ndarray) -> float:
        """Lowest place of upper limit ``j`` above lower limit ``i``."""
        return max(values[i] + GAP * (self.high[j] - self.low[j]), self.low[j])

    def values(self, x: np.ndarray) -> np.ndarray:
        """Return the free parameters (k,) at ``x`` (k,) in [0, 1]."""
        v = self.low + np.asarray(x) * (self.high - self.low)
        for i, j in self._pairs:
            floor = self._floor(i, j, v)
            v[j] = floor + x[j] * (self.high[j] - floor)
        return v

    def params(self, x: np.ndarray) -> np.ndarray:
        """Return all parameters (20,) at ``x``."""
        out = self.base.copy()
        out[self.places] = self.values(x)
        return out

    def slopes(self, x: np.ndarray) -> np.ndarray:
        """Return d(free parameter)/dx (k, k)."""
        out = np.diag(self.high - self.low)
        v = self.low + np.asarray(x) * (self.high - self.low)
        for i, j in self._pairs:
            floor = self._floor(i, j, v)
            out[j, j] = self.high[j] - floor
            if floor > self.low[j]:
                out[j, i] = (1 - x[j]) * (self.high[i] - self.low[i])
        return out

    def of(self, params: np.ndarray) -> np.ndarray:
        """Return the x whose parameters are ``params``, cut off at the bounds."""
        given = np.clip(np.asarray(params, float)[self.places], self.low, self.high)
        x = (given - self.low) / (self.high - self.low)
        for i, j in self._pairs:
            floor = self._floor(i, j, given)
            x[j] = (given[j] - floor) / max(self.high[j] - floor, 1e-12)
        return np.clip(x, 0.0, 1.0)

    def at_bound(self, params: np.ndarray) -> np.ndarray:
        """Say which free parameters lie within 0.1 % of a bound (k,)."""
        given = np.asarray(params, float)[self.places]
        near = 1e-3 * (self.high - self.low)
        return (given - self.low < near) | (self.high - given < near)
