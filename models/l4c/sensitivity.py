"""What L4C hangs on: constraints removed in turn (Jones et al. 2017, Fig. 8), a region's output by parameters."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.kernel import Cancelled
from models.l4c.changed import NEUTRAL, InputChange, changed_inputs
from models.l4c.forward import integrate, start_of_year, to_cells
from models.l4c.params import PFTS, RAMPS, L4CParams
from models.l4c.rows import pft_rows
from models.options import L4COptions
from models.packing import LANES, Blocks
from models.quantity import Parameter, parameters_of

__all__ = ["INPUT", "OUTPUTS", "REMOVED", "Factor", "RegionOutput", "Removed", "factors_of", "remove_constraints"]

REMOVED = ("smrz", "vpd", "smsf", "tmin", "ft")
"""Constraints that Fig. 8 removes, in its order."""

HALF = 0.49
"""Share of a ramp's width that its lower limit may rise, and its upper one fall."""

INPUT = "input"
"""Stands in the place of a plant type where a factor is an input, changed for all of them."""

OUTPUTS = ("gpp", "npp", "ra", "rh", "reco", "nee", "soc")


def _table_parts(blocks: Blocks, options: L4COptions) -> tuple[np.ndarray, np.ndarray]:
    """Return kernel rows and f_aut (tile, lane)."""
    table = options.table()
    f_aut = np.array([table[p].f_aut for p in PFTS])[blocks.pft - 1][:, None].repeat(LANES, 1)
    return pft_rows(table, blocks, options.without, options.frozen_gpp), f_aut.astype(blocks.float_type)


def _year(
    blocks: Blocks,
    options: L4COptions,
    cancelled: Callable[[], bool] | None,
    *,
    days: np.ndarray | None = None,
    before: Blocks | None = None,
) -> dict[str, np.ndarray]:
    """Sum up days of each cell: GPP, RH, RA [gC m-2], mean SOC [gC m-2].

    ``days`` (day,) says which count, by default all; ``before`` are the drivers in balance with which the soil starts,
    where they are others.
    """
    how = "analytical" if options.soc_start == "analytical" else "periodic"
    plain = options.baseline()
    origin = blocks if before is None else before
    start = start_of_year(
        origin, *_table_parts(origin, plain), how=how, litterfall=options.litterfall, cancelled=cancelled
    )
    rows, f_aut = _table_parts(blocks, options)
    days = np.ones(len(blocks.time), bool) if days is None else np.asarray(days, bool)
    bins = np.where(days, 0, -1).astype(np.int32)
    run = integrate(
        blocks, rows, start, bins, outputs="live", litterfall=options.litterfall, cancelled=cancelled
    )  # fmt: skip
    gpp, rh, soc = (to_cells(blocks, run.out[:, 0, place].astype(float)) for place in range(3))
    ra = to_cells(blocks, (run.out[:, 0, 0] * f_aut).astype(float))
    return {"gpp": gpp, "rh": rh, "soc": soc / days.sum(), "ra": ra}


@dataclass(frozen=True, eq=False)
class Removed:
    """Change of annual fluxes when constraints are removed.

    Attributes
    ----------
    names : tuple of str
        Constraints, of `REMOVED`.
    gpp, rh : (name, cell) array
        Change [%]; NaN without plants or without any flux.
    """

    names: tuple[str, ...]
    gpp: np.ndarray
    rh: np.ndarray

    def shares(self, area: np.ndarray, limits: Sequence[float] = (5.0, 30.0)) -> dict[str, dict[str, tuple]]:
        """Return name -> flux -> shares of the vegetated ``area`` (cell,) that change by each limit [%] or more."""
        table: dict[str, dict[str, tuple]] = {}
        for i, name in enumerate(self.names):
            table[name] = {}
            for flux, change in (("gpp", self.gpp[i]), ("rh", self.rh[i])):
                weight = np.where(np.isfinite(change), area, 0.0)
                size = np.abs(np.nan_to_num(change))
                total = weight.sum()
                table[name][flux] = tuple(float(weight[size >= x].sum() / total) if total else np.nan for x in limits)
        return table


def remove_constraints(
    blocks: Blocks,
    options: L4COptions | None = None,
    names: Iterable[str] = REMOVED,
    *,
    days: np.ndarray | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Removed:
    """Remove constraints in turn and compare annual GPP and RH with the full model.

    Soil carbon and litterfall stay those of the full model (``spin_up = "table"``), so RH shows what the constraint
    does to decomposition; with ``spin_up = "experiment"`` soils and litter answer too.

    Parameters
    ----------
    blocks : Blocks
        Drivers of a year.
    options : L4COptions, optional
        The full model.
    names : iterable of str
        Constraints.
    days : (day,) bool array, optional
        Which days count; by default the whole record.
    progress, cancelled
        See `models.kernel.spread`.

    Returns
    -------
    Removed
    """
    options, names = options or L4COptions(), tuple(names)
    full = _year(blocks, options, cancelled, days=days)
    changes: dict[str, list[np.ndarray]] = {"gpp": [], "rh": []}
    for i, name in enumerate(names):
        run = _year(blocks, replace(options, without=(*options.without, name)), cancelled, days=days)
        for flux, kept in changes.items():
            base = full[flux]
            kept.append(100 * np.divide(run[flux] - base, base, out=np.full_like(base, np.nan), where=base > 0))
        if progress is not None:
            progress((i + 2) / (len(names) + 1))
    return Removed(names, np.array(changes["gpp"]), np.array(changes["rh"]))


@dataclass(frozen=True)
class Factor:
    """A parameter of a plant type, or a change of an input, and the range it varies over.

    Attributes
    ----------
    pft : str
        Plant type, or `INPUT`.
    name : str
        Field of `L4CParams`, or of `InputChange`.
    low, base, high : float
        The range, and the value in between from which one factor at a time moves.
    """

    pft: str
    name: str
    low: float
    high: float
    base: float

    @property
    def label(self) -> str:
        """Name for tables and plots."""
        return f"{self.pft} {self.name}"

    @property
    def declared(self) -> Parameter:
        """Symbol, unit, bounds and meaning."""
        return parameters_of(InputChange if self.pft == INPUT else L4CParams)[self.name]


def factors_of(options: L4COptions, chosen: Iterable[tuple[str, str]], share: float | None = 0.1) -> tuple[Factor, ...]:
    """Make factors that vary about their values by a share of the bounds; None takes all of them.

    Parameters
    ----------
    options : L4COptions
        Give the values of the parameters.
    chosen : iterable of (str, str)
        Plant type and parameter, or `INPUT` and a field of `models.l4c.changed.InputChange`.
    share : float, optional
        Half the range, in units of what lies between the bounds.

    Raises
    ------
    ValueError
        If a factor is unknown.
    """
    table, factors = options.table(), []
    for pft, name in chosen:
        declared = parameters_of(InputChange if pft == INPUT else L4CParams)
        if (pft != INPUT and pft not in table) or name not in declared:
            msg = f"{str(pft)[:20]} {str(name)[:40]} is no parameter; plant types are {', '.join(PFTS)}, parameters "
            msg += f"{', '.join(parameters_of(L4CParams))}; {INPUT} has {', '.join(parameters_of(InputChange))}."
            raise ValueError(msg)
        p, value = declared[name], float(getattr(NEUTRAL if pft == INPUT else table[pft], name))
        reach = np.inf if share is None else share * (p.high - p.low)
        low, high = max(p.low, value - reach), min(p.high, value + reach)
        if pft != INPUT:
            low, high = _apart(table[pft], name, low, high)
        factors.append(Factor(pft, name, low, high, value))
    return tuple(factors)


def _apart(params: L4CParams, name: str, low: float, high: float) -> tuple[float, float]:
    """Keep the range of a ramp's limit on its side of the ramp, however the other limit moves."""
    for lower, upper in RAMPS.values():
        if name in (lower, upper):
            start, end = getattr(params, lower), getattr(params, upper)
            edge = start + (HALF if name == lower else 1 - HALF) * (end - start)
            return (low, min(high, edge)) if name == lower else (max(low, edge), high)
    return low, high


class RegionOutput:
    """An output of a region as a function of parameters: what a sensitivity analysis calls.

    Parameters
    ----------
    blocks : Blocks
        Drivers; `Blocks.of` those that hold the region.
    weight : (cell,) array
        Area of each cell, 0 outside the region.
    output : str
        Of `OUTPUTS`: a flux [gC m-2 yr-1, per 365 days] or SOC [gC m-2], the area's mean.
    options : L4COptions, optional
        What is not varied. Soils are in balance with the parameters and inputs if ``spin_up`` is "experiment", else
        with those of the table and the drivers as they are.
    days : (day,) bool array, optional
        Which days count; by default the whole record.
    cancelled : callable, optional
        Asked at every call.

    Raises
    ------
    ValueError
        If the output is unknown or the region holds no vegetated cell.
    """

    def __init__(
        self,
        blocks: Blocks,
        weight: np.ndarray,
        output: str = "nee",
        options: L4COptions | None = None,
        *,
        days: np.ndarray | None = None,
        cancelled: Callable[[], bool] | None = None,
    ):
        if output not in OUTPUTS:
            msg = f"output = {str(output)[:40]!r} is unknown; {', '.join(OUTPUTS)} are accepted."
            raise ValueError(msg)
        self.blocks, self.output, self.options, self.cancelled = blocks, output, options or L4COptions(), cancelled
        self.days = np.ones(len(blocks.time), bool) if days is None else np.asarray(days, bool)
        if not self.days.any():
            msg = "The period holds no day of these drivers."
            raise ValueError(msg)
        wet = to_cells(blocks, np.ones(blocks.fraction.shape))
        self.weight = np.where(np.isfinite(wet), weight, 0.0)
        if not self.weight.sum() > 0:
            msg = "The region holds no vegetated cell of these drivers."
            raise ValueError(msg)

    def __call__(self, factors: Sequence[Factor], values: Sequence[float]) -> float:
        """Run with some values of the factors; return the output."""
        if self.cancelled is not None and self.cancelled():
            raise Cancelled
        given: Mapping[tuple[str, str], float] = {
            (f.pft, f.name): float(v) for f, v in zip(factors, values, strict=True)
        }
        inputs = {name: value for (pft, name), value in given.items() if pft == INPUT}
        mine = {place: value for place, value in given.items() if place[0] != INPUT}
        kept = [entry for entry in self.options.parameters if (entry[0], entry[1]) not in mine]
        parameters = (*kept, *((pft, name, value) for (pft, name), value in mine.items()))
        options = replace(self.options, parameters=parameters)
        blocks = changed_inputs(self.blocks, inputs) if inputs else self.blocks
        before = self.blocks if options.spin_up == "table" else blocks
        sums = _year(blocks, options, self.cancelled, days=self.days, before=before)
        gpp, rh, ra = sums["gpp"], sums["rh"], sums["ra"]
        fields = {"gpp": gpp, "rh": rh, "ra": ra, "npp": gpp - ra, "reco": ra + rh, "nee": ra + rh - gpp}
        per_year = 365.0 / self.days.sum()
        field = sums["soc"] if self.output == "soc" else fields[self.output] * per_year
        return float(np.sum(np.where(self.weight > 0, field, 0.0) * self.weight) / self.weight.sum())
