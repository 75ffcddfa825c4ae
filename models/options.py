"""What may be chosen in a run of L4C, and whether the choices fit together."""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.l4c.bplut import BPLUTS, check_table, check_values, load_bplut, pft_of
from models.l4c.params import L4CParams

__all__ = ["CONSTRAINTS", "L4C_CHOICES", "L4COptions", "check_choice"]

CONSTRAINTS = ("vpd", "tmin", "smrz", "ft", "t_soil", "smsf")
"""Constraints that may be removed: four of light use, two of decomposition."""

L4C_CHOICES = {
    "bplut": BPLUTS,
    "frozen_gpp": ("ft_min", "zero"),
    "smrz_range": ("observed", "wilting_point", "minimum_100"),
    "litterfall": ("constant", "schedule"),
    "soc_start": ("auto", "periodic", "analytical", "given"),
    "spin_up": ("table", "experiment"),
}
"""What each option of `L4COptions` accepts, its default first."""


def check_choice(field: str, value: Any, accepted: Iterable[str]) -> None:
    """Raise ``ValueError`` if ``value`` is none of the accepted ones."""
    if not isinstance(value, str) or value not in accepted:
        msg = f"{field} = {_shown(value)} is not accepted; it may be {', '.join(repr(a) for a in accepted)}."
        raise ValueError(msg)


def _shown(value: Any) -> str:
    """Show a value in a message, however long it is."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


@dataclass(frozen=True)
class L4COptions:
    """Choices of an L4C run, checked when made.

    Attributes
    ----------
    bplut : str
        Table of biome properties: "V7", "V5", "V4" or "V7-rounded".
    parameters : tuple of (PFT, parameter, value)
        What differs from that table; sorted, and without values that equal the table's. A mapping
        ``{PFT: {parameter: value}}`` is accepted too.
    frozen_gpp : str
        GPP of a frozen day: "ft_min" times the thawed one, or "zero".
    smrz_range : str
        What SMRZ is rescaled between: "observed" long-term minimum and maximum, "wilting_point" and observed maximum,
        or "minimum_100", the record's minimum and saturation. A file without a long-term minimum and maximum takes
        the last of these.
    litterfall : str
        "constant" over the year, or the 8-day "schedule".
    soc_start : str
        "periodic" (exact steady state), "analytical" (closed form for mean conditions), "given" by the dataset, or
        "auto": given if the dataset has it, else periodic.
    spin_up : str
        Whose parameters make the starting SOC and the litterfall: the unedited "table"'s, so that fluxes answer at
        once, or the "experiment"'s, as if it had run for ever.
    without : tuple of str
        Constraints removed, of `CONSTRAINTS`.

    Raises
    ------
    ValueError
        If an option is unknown, a parameter is unknown or out of bounds, or the limits of a ramp are swapped.
    """

    bplut: str = "V7"
    parameters: tuple[tuple[str, str, float], ...] = ()
    frozen_gpp: str = "ft_min"
    smrz_range: str = "observed"
    litterfall: str = "constant"
    soc_start: str = "auto"
    spin_up: str = "table"
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field, accepted in L4C_CHOICES.items():
            check_choice(f"l4c.{field}", getattr(self, field), accepted)
        if isinstance(self.without, str) or not isinstance(self.without, Iterable):
            msg = f"l4c.without = {_shown(self.without)} is not a list of constraints; name some of {CONSTRAINTS}."
            raise ValueError(msg)
        for name in self.without:
            check_choice("l4c.without", name, CONSTRAINTS)
        object.__setattr__(self, "without", tuple(name for name in CONSTRAINTS if name in self.without))
        object.__setattr__(self, "parameters", self._canonical())
        check_table(self.table())

    def _canonical(self) -> tuple[tuple[str, str, float], ...]:
        """Return the overrides sorted, checked, the later of two winning, those equal to the table left out."""
        given = self.parameters
        if isinstance(given, Mapping):
            nested = {pft: values for pft, values in given.items() if not isinstance(values, Mapping)}
            if nested:
                pft, values = next(iter(nested.items()))
                msg = f"l4c.parameters.{str(pft)[:40]} = {_shown(values)} is not a table of parameters."
                raise ValueError(msg)
            given = [(pft, name, value) for pft, values in given.items() for name, value in values.items()]
        if isinstance(given, str) or not isinstance(given, Iterable):
            msg = f"l4c.parameters = {_shown(given)} is not a table of plant types, each with its parameters."
            raise ValueError(msg)
        published = load_bplut(self.bplut)
        values: dict[tuple[str, str], float] = {}
        for entry in given:
            if isinstance(entry, str) or not isinstance(entry, Iterable) or len(entry := tuple(entry)) != 3:
                msg = f"l4c.parameters holds {_shown(entry)}, not (plant type, parameter, value)."
                raise ValueError(msg)
            pft, name, value = pft_of(entry[0]), entry[1], entry[2]
            if not isinstance(name, str) or not isinstance(value, (int, float, np.number)):
                msg = f"l4c.parameters {pft} {_shown(name)} = {_shown(value)} is not a number."
                raise ValueError(msg)
            check_values(pft, {name: value})
            values[pft, name] = float(value)
        return tuple(sorted((pft, name, v) for (pft, name), v in values.items() if v != getattr(published[pft], name)))

    def table(self) -> dict[str, L4CParams]:
        """Return the parameters of every plant functional type, overrides applied."""
        return dict(_table(self.bplut, self.parameters))

    def baseline(self) -> "L4COptions":
        """Return the options of the run that makes the starting SOC and litterfall; see ``spin_up``."""
        return self if self.spin_up == "experiment" else replace(self, parameters=(), without=())


@functools.lru_cache(maxsize=256)
def _table(bplut: str, parameters: tuple[tuple[str, str, float], ...]) -> Mapping[str, L4CParams]:
    table = load_bplut(bplut)
    for pft, name, value in parameters:
        table[pft] = table[pft]._replace(**{name: value})
    return table
