"""Tornado, Morris and Sobol of an output of a region or a cell: what varies, what it will take, and the run."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import pandas as pd

from explorer.sensitivity.address import SensitivitySelection, factors_named
from explorer.sensitivity.scope import Scope
from explorer.style import symbol_text, unit_text
from models.l4c.changed import InputChange
from models.l4c.params import PFTS, L4CParams
from models.l4c.sensitivity import INPUT, Factor, RegionOutput, factors_of
from models.quantity import parameters_of
from models.skill.sensitivity import Morris, Sobol, Tornado, evaluations_of, morris, one_at_a_time, sobol

__all__ = [
    "LONGEST",
    "OUTPUT_WORDS",
    "PRESETS",
    "QUICK",
    "Analysis",
    "analyse",
    "factor_label",
    "factor_options",
    "method_of",
    "seconds_of",
    "unit_of",
]

LONGEST = 1200.0
"""Seconds that an analysis may take by its estimate."""

QUICK = 8.0
"""Seconds up to which a tornado starts by itself."""

OUTPUT_WORDS = {"gpp": "GPP", "npp": "NPP", "ra": "RA", "rh": "RH", "reco": "RECO", "nee": "NEE", "soc": "SOC"}

LIGHT = ("lue_max", "tmin_low", "tmin_high", "vpd_low", "vpd_high", "smrz_low", "smrz_high", "ft_min")
DECAY = ("tsoil_beta", "smsf_low", "smsf_high", "f_fast", "f_med", "k_fast", "k_med", "k_slow")

PRESETS: dict[str, Callable[[str], list[tuple[str, str]]]] = {
    "All inputs": lambda pft: [(INPUT, name) for name in parameters_of(InputChange)],
    "Light use of one plant type": lambda pft: [(pft, name) for name in LIGHT],
    "Respiration and decomposition of one plant type": lambda pft: [(pft, name) for name in ("f_aut", *DECAY)],
    "Calibrated at towers, one plant type": lambda pft: [
        (pft, name) for name in (*LIGHT, "f_aut", "tsoil_beta", "smsf_low", "smsf_high")
    ],
    "LUE of every plant type": lambda pft: [(kind, "lue_max") for kind in PFTS],
}
"""Sets of factors at one click; the plant type is the one on screen."""


@dataclass(frozen=True, eq=False)
class Analysis:
    """A result, whole or as far as it has come.

    Attributes
    ----------
    scope : Scope
    selection : SensitivitySelection
        What was asked.
    factors : tuple of Factor
    result : Tornado, Morris or Sobol
    base : float
        Output with every factor at its own value.
    seconds : float
        How long it took.
    """

    scope: Scope
    selection: SensitivitySelection
    factors: tuple[Factor, ...]
    result: Tornado | Morris | Sobol
    base: float
    seconds: float

    @property
    def labels(self) -> list[str]:
        """Names of the factors on an axis."""
        return [factor_label(factor.pft, factor.name) for factor in self.factors]

    @property
    def output(self) -> str:
        """Name of the output, with its unit."""
        return f"{OUTPUT_WORDS[self.selection.output]} [{unit_of(self.selection.output)}]"

    @property
    def words(self) -> str:
        """What it is of, how many runs were made, and whether all were."""
        selection = self.selection
        if selection.scope == "cell":
            where = f"the cell at {selection.at[0]:.2f}, {selection.at[1]:.2f}"
        else:
            where = self.scope.words
        part = "" if self.result.complete else " — stopped, as far as it came"
        return f"{self.output} of {where}; {self.result.evaluations:,} runs in {self.seconds:,.1f} s{part}"

    def table(self) -> pd.DataFrame:
        """Return the numbers, one line a factor, the one that matters most first."""
        result, units = self.result, [unit_text(f.declared.unit) for f in self.factors]
        columns: dict[str, object] = {
            "Factor": self.labels,
            "Meaning": [f.declared.long_name for f in self.factors],
            "low": [f.low for f in self.factors],
            "value": [f.base for f in self.factors],
            "high": [f.high for f in self.factors],
            "unit": [unit or "1" for unit in units],
        }
        if isinstance(result, Tornado):
            columns |= {
                f"{self.output} at low": result.low,
                f"{self.output} at high": result.high,
                "change low to high": result.high - result.low,
            }
            order = result.order
        elif isinstance(result, Morris):
            columns |= {
                "μ*": result.mean_abs, "± 95 %": result.confidence, "μ": result.mean, "σ": result.std,
            }  # fmt: skip
            order = np.argsort(-result.mean_abs, kind="stable")
        else:
            columns |= {
                "S total": result.total, "95 % low": result.total_low, "95 % high": result.total_high,
                "S first": result.first, "first low": result.first_low, "first high": result.first_high,
            }  # fmt: skip
            order = np.argsort(-result.total, kind="stable")
        return pd.DataFrame(columns).iloc[order].reset_index(drop=True)


def unit_of(output: str) -> str:
    """Return the unit of an output, as on screen."""
    return unit_text("gC m-2" if output == "soc" else "gC m-2 yr-1")


def factor_label(pft: str, name: str) -> str:
    """Return what stands for a factor on an axis."""
    declared = parameters_of(InputChange if pft == INPUT else L4CParams)[name]
    return symbol_text(declared.symbol) if pft == INPUT else f"{pft} {symbol_text(declared.symbol)}"


def factor_options() -> dict[str, str]:
    """Return every factor that may vary: what the picker says -> its word in the address."""
    named = [(INPUT, name) for name in InputChange._fields] + [(p, name) for p in PFTS for name in L4CParams._fields]
    return {factor_label(pft, name): f"{pft}.{name}" for pft, name in named}


class _Speed:
    """Seconds that a run takes a tile of this machine, learnt from each analysis."""

    def __init__(self):
        self._lock = threading.Lock()
        self.fixed, self.value = 3e-3, 2e-4

    def learn(self, tiles: int, seconds: float) -> None:
        """Take one measurement in."""
        with self._lock:
            self.value = 0.5 * self.value + 0.5 * max(seconds - self.fixed, 1e-5) / max(tiles, 1)


SPEED = _Speed()


def method_of(selection: SensitivitySelection) -> str:
    """Return the method of the tab that is shown."""
    return "tornado" if selection.tab == "tornado" else selection.method


def runs_of(selection: SensitivitySelection, method: str) -> int:
    """Count the runs of the model that an analysis takes."""
    samples = selection.trajectories if method == "morris" else selection.samples
    return evaluations_of(method, len(factors_named(selection.factors)), samples)


def seconds_of(scope: Scope, selection: SensitivitySelection, method: str) -> tuple[int, float]:
    """Return how many runs an analysis takes, and about how long [s]."""
    runs = runs_of(selection, method)
    return runs, runs * (SPEED.fixed + SPEED.value * scope.blocks.n_tile)


def analyse(
    scope: Scope,
    selection: SensitivitySelection,
    method: str,
    *,
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
    partial: Callable[[Analysis], None] = lambda analysis: None,
) -> Analysis:
    """Run an analysis; a cancelled one returns what is whole of it.

    Raises
    ------
    ValueError
        If nothing varies, it would take too long, or the scope has no vegetated cell.
    models.kernel.Cancelled
        If it was cancelled before there was anything to show.
    """
    chosen = factors_named(selection.factors)
    if not chosen:
        msg = "Nothing varies yet: choose factors, or one of the sets."
        raise ValueError(msg)
    runs, seconds = seconds_of(scope, selection, method)
    if seconds > LONGEST:
        msg = (
            f"{runs:,} runs of {scope.cells.size:,} cells take about {seconds / 60:,.0f} minutes; the page runs up to "
            f"{LONGEST / 60:.0f}. Take fewer rows or factors, a smaller region, the 108-km grid, or one cell."
        )
        raise ValueError(msg)
    factors = factors_of(scope.options, chosen, selection.share / 100)
    output = RegionOutput(scope.blocks, scope.weight, selection.output, scope.options, days=scope.days)
    began = perf_counter()
    base = output(factors, [f.base for f in factors])
    low, high = [f.low for f in factors], [f.high for f in factors]
    began = perf_counter()

    def made(result) -> Analysis:
        took = perf_counter() - began
        SPEED.learn(scope.blocks.n_tile, took / result.evaluations)
        return Analysis(scope, selection, factors, result, base, took)

    def function(values) -> float:
        return output(factors, values)

    told = {"progress": progress, "cancelled": cancelled}
    if method == "tornado":
        return made(one_at_a_time(function, [f.base for f in factors], low, high, **told))
    told["seed"], told["partial"] = selection.seed, lambda result: partial(made(result))
    if method == "morris":
        return made(morris(function, low, high, trajectories=selection.trajectories, **told))
    return made(sobol(function, low, high, samples=selection.samples, **told))
