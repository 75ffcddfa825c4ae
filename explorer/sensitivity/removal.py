"""Constraints removed in turn (Jones et al. 2017, Fig. 8): maps and shares of area, kept for every visitor."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from explorer.sensitivity.scope import Scope
from models.l4c.cache import ByteCache
from models.l4c.sensitivity import REMOVED, Removed, remove_constraints

__all__ = ["LIMITS", "WORDS", "Removal", "removal_of"]

LIMITS = (5.0, 30.0)
"""Changes [%] of which the shares of area are told."""

WORDS = {"smrz": "SMRZ", "vpd": "VPD", "smsf": "SMSF", "tmin": "Tmin", "ft": "F/T"}

KEPT = ByteCache(64 * 2**20)
"""Maps of this process: a 36-km world has 4 MB."""


@dataclass(frozen=True, eq=False)
class Removal:
    """What removing each constraint does in a scope."""

    scope: Scope
    removed: Removed

    def change(self, name: str, flux: str) -> np.ndarray:
        """Return the change [%] of a flux ("gpp", "rh") in each cell of the scope."""
        return getattr(self.removed, flux)[self.removed.names.index(name)]

    def table(self) -> pd.DataFrame:
        """Return the shares of the vegetated area [%] by constraint and flux, and the area's median change."""
        shares, rows = self.removed.shares(self.scope.area, LIMITS), []
        for name in self.removed.names:
            row: dict[str, object] = {"Removed": WORDS[name]}
            for flux in ("gpp", "rh"):
                title = flux.upper()
                for limit, share in zip(LIMITS, shares[name][flux], strict=True):
                    row[f"{title} ≥ {limit:g} % [% of area]"] = round(100 * share, 1)
                row[f"{title} mean [%]"] = round(_mean(self.change(name, flux), self.scope.area), 2)
            rows.append(row)
        return pd.DataFrame(rows)


def _mean(change: np.ndarray, area: np.ndarray) -> float:
    good = np.isfinite(change) & (area > 0)
    return float(np.average(change[good], weights=area[good])) if good.any() else float("nan")


def removal_of(scope: Scope, progress, cancelled) -> Removal:
    """Run the model without each constraint, or return what somebody asked for before.

    Raises
    ------
    models.kernel.Cancelled
        If ``cancelled`` said yes.
    """
    experiment = scope.experiment
    key = (scope.world, experiment.region, experiment.period, experiment.l4c)

    def make() -> Removed:
        removed = remove_constraints(
            scope.blocks, scope.options, REMOVED, days=scope.days, progress=progress, cancelled=cancelled
        )
        return replace(removed, gpp=removed.gpp[:, scope.index], rh=removed.rh[:, scope.index])

    return Removal(scope, KEPT.get(key, make, lambda removed: removed.gpp.nbytes + removed.rh.nbytes))
