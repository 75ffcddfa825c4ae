"""Stacks: several givers of one series in an order of preference, and who gave each step of what came out."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

__all__ = ["MISSING", "Stack", "check_orders", "source_table", "with_sources"]

MISSING = -1
"""Stands in ``<name>_source`` where nobody gave a value."""


@dataclass
class Stack:
    """Values of one series as they are put together, and who gave which step.

    Attributes
    ----------
    name : str
        Of the variable.
    values : (...,) float array
        All NaN at first.
    fill : bool
        Whether gaps of the first giver go to the next in line; else they are left.
    source : (...,) int array
        Position in ``names`` of who gave a step, `MISSING` where nobody did.
    names : list of str
        What each giver is.
    """

    name: str
    values: np.ndarray
    fill: bool = True
    source: np.ndarray = field(init=False)
    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.source = np.full(self.values.shape, MISSING)

    @property
    def full(self) -> bool:
        """Whether no further giver is asked: there are no gaps, or they are to be left."""
        given = self.source != MISSING
        return bool(given.all() or (given.any() and not self.fill))

    def offer(self, values: np.ndarray, label: str) -> None:
        """Take the steps that nobody gave yet."""
        take = (self.source == MISSING) & np.isfinite(values)
        self.values[take] = values[take]
        self.source[take] = len(self.names)
        self.names.append(label)

    def rows(self) -> list[dict]:
        """Return one row for each giver with the share of the steps that it gave, and one for what is left."""
        n = max(self.source.size, 1)
        rows = [
            {"driver": self.name, "source": label, "share": float((self.source == k).sum() / n)}
            for k, label in enumerate(self.names)
        ]
        rows.append({"driver": self.name, "source": "missing", "share": float((self.source == MISSING).sum() / n)})
        return [row for row in rows if row["share"] > 0.0]

    @property
    def words(self) -> str:
        """Shares in words, as an attribute of a file has them."""
        return "; ".join(f"{row['share']:.0%} {row['source']}" for row in self.rows())

    def by_step(self, dims: Sequence[str]) -> tuple[Sequence[str], np.ndarray, dict]:
        """Return who gave each step as a variable with CF flags, for a dataset."""
        held = [k for k in range(len(self.names)) if (self.source == k).any()]
        meanings = " ".join(re.sub(r"[^A-Za-z0-9_.+@-]+", "_", self.names[k]) for k in held)
        about = {
            "long_name": f"who gave {self.name}",
            "flag_values": np.array([MISSING, *held], np.int8),
            "flag_meanings": f"missing {meanings}".strip(),
        }
        return dims, self.source.astype(np.int8), about


def check_orders(
    order: Sequence[str] | Mapping[str, Sequence[str]], names: Iterable[str], givers: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Return the order of preference of each variable.

    Parameters
    ----------
    order : sequence of str, or mapping of variable to one
        Who is preferred; who is not named gives nothing. Variables that a mapping does not name keep the usual order.
    names, givers
        Variables, and who may give them in the usual order.

    Raises
    ------
    ValueError
        The order names somebody or something else.
    """
    names = tuple(names)
    given = order if isinstance(order, Mapping) else dict.fromkeys(names, order)
    for name, line in given.items():
        if name not in names:
            msg = f"order names {str(name)[:40]!r}, which is no driver; the drivers are {', '.join(names)}."
            raise ValueError(msg)
        wrong = [giver for giver in line if giver not in givers]
        if wrong or not line or len(set(line)) < len(line):
            said = ", ".join(map(str, line))[:80]
            msg = f"order of {name} = {said!r} is not accepted; give each of {', '.join(givers)} once at most."
            raise ValueError(msg)
    return {name: tuple(given.get(name, givers)) for name in names}


def source_table(stacks: Iterable[Stack]) -> pd.DataFrame:
    """Return columns driver, source, share of the steps."""
    return pd.DataFrame([row for stack in stacks for row in stack.rows()])


def with_sources(result: xr.Dataset, drivers: xr.Dataset) -> xr.Dataset:
    """Let a run carry who gave each driver on each step: ``<driver>_source`` of its drivers, on the days it has."""
    held = [str(name) for name in drivers.data_vars if str(name).endswith("_source")]
    same = drivers[held]
    if "time" in result.coords and "time" in same.dims:
        same = same.sel(time=result["time"])
    return result.assign({name: same[name].variable for name in held})
