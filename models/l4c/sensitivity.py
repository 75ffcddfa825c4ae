"""What L4C hangs on: constraints removed in turn (Jones et al. 2017, Fig. 8), a region's output by parameters."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.kernel import Cancelled
from models.l4c.forward import integrate, start_of_year, to_cells
from models.l4c.params import PFTS, L4CParams
from models.l4c.rows import pft_rows
from models.options import L4COptions
from models.packing import LANES, Blocks
from models.quantity import parameters_of

__all__ = ["OUTPUTS", "REMOVED", "Factor", "RegionOutput", "Removed", "factors_of", "remove_constraints"]

REMOVED = ("smrz", "vpd", "smsf", "tmin", "ft")
"""Constraints that Fig. 8 removes, in its order."""

OUTPUTS = ("gpp", "npp", "ra", "rh", "reco", "nee", "soc")


def _table_parts(blocks: Blocks, options: L4COptions) -> tuple[np.ndarray, np.ndarray]:
    """Return kernel rows and f_aut (tile, lane)."""
    table = options.table()
    f_aut = np.array([table[p].f_aut for p in PFTS])[blocks.pft - 1][:, None].repeat(LANES, 1)
    return pft_rows(table, blocks, options.without, options.frozen_gpp), f_aut.astype(blocks.float_type)


def _year(blocks: Blocks, options: L4COptions, cancelled: Callable[[], bool] | None) -> dict[str, np.ndarray]:
    """Sum up the record of each cell: GPP, RH [gC m-2], mean SOC [gC m-2], RA."""
    how = "analytical" if options.soc_start == "analytical" else "periodic"
    plain = options.baseline()
    start = start_of_year(
        blocks, *_table_parts(blocks, plain), how=how, litterfall=options.litterfall, cancelled=cancelled
    )
    rows, f_aut = _table_parts(blocks, options)
    bins = np.zeros(len(blocks.time), np.int32)
    run = integrate(
        blocks, rows, start, bins, outputs="live", litterfall=options.litterfall, cancelled=cancelled
    )  # fmt: skip
    gpp, rh, soc = (to_cells(blocks, run.out[:, 0, place].astype(float)) for place in range(3))
    ra = to_cells(blocks, (run.out[:, 0, 0] * f_aut).astype(float))
    return {"gpp": gpp, "rh": rh, "soc": soc / len(blocks.time), "ra": ra}


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
    progress, cancelled
        See `models.kernel.spread`.

    Returns
    -------
    Removed
    """
    options, names = options or L4COptions(), tuple(names)
    full = _year(blocks, options, cancelled)
    changes: dict[str, list[np.ndarray]] = {"gpp": [], "rh": []}
    for i, name in enumerate(names):
        run = _year(blocks, replace(options, without=(*options.without, name)), cancelled)
        for flux, kept in changes.items():
            base = full[flux]
            kept.append(100 * np.divide(run[flux] - base, base, out=np.full_like(base, np.nan), where=base > 0))
        if progress is not None:
            progress((i + 1) / len(names))
    return Removed(names, np.array(changes["gpp"]), np.array(changes["rh"]))


@dataclass(frozen=True)
class Factor:
    """A parameter of a plant type and the range it varies over."""

    pft: str
    name: str
    low: float
    high: float

    @property
    def label(self) -> str:
        """Name for tables and plots."""
        return f"{self.pft} {self.name}"


def factors_of(options: L4COptions, chosen: Iterable[tuple[str, str]], share: float | None = 0.1) -> tuple[Factor, ...]:
    """Make factors that vary about the options' values by a share of the parameter's bounds; None takes all of them.

    Raises
    ------
    ValueError
        If a parameter is unknown.
    """
    declared, table, factors = parameters_of(L4CParams), options.table(), []
    for pft, name in chosen:
        if pft not in table or name not in declared:
            msg = f"{str(pft)[:20]} {str(name)[:40]} is no parameter; plant types are {', '.join(PFTS)}, parameters "
            raise ValueError(msg + ", ".join(declared) + ".")
        p, value = declared[name], getattr(table[pft], name)
        reach = np.inf if share is None else share * (p.high - p.low)
        factors.append(Factor(pft, name, max(p.low, value - reach), min(p.high, value + reach)))
    return tuple(factors)


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
        What is not varied. Soils are in balance with the parameters if ``spin_up`` is "experiment".
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
        cancelled: Callable[[], bool] | None = None,
    ):
        if output not in OUTPUTS:
            msg = f"output = {str(output)[:40]!r} is unknown; {', '.join(OUTPUTS)} are accepted."
            raise ValueError(msg)
        self.blocks, self.output, self.options, self.cancelled = blocks, output, options or L4COptions(), cancelled
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
        changed = [entry for entry in self.options.parameters if (entry[0], entry[1]) not in given]
        parameters = (*changed, *((pft, name, value) for (pft, name), value in given.items()))
        sums = _year(self.blocks, replace(self.options, parameters=parameters), self.cancelled)
        gpp, rh, ra = sums["gpp"], sums["rh"], sums["ra"]
        fields = {"gpp": gpp, "rh": rh, "ra": ra, "npp": gpp - ra, "reco": ra + rh, "nee": ra + rh - gpp}
        per_year = 365.0 / len(self.blocks.time)
        field = sums["soc"] if self.output == "soc" else fields[self.output] * per_year
        return float(np.sum(np.where(self.weight > 0, field, 0.0) * self.weight) / self.weight.sum())
