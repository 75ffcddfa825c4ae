"""Carbon budgets of regions that add up to the land, beside published ones."""

from dataclasses import dataclass

import numpy as np

from explorer.worlds import World
from models.l4c.live import LiveResult
from models.l4c.params import PFTS
from models.partitions import BIOMES, PARTITIONS
from models.skill.published_budgets import Published, published_for

__all__ = ["QUANTITIES", "BudgetRow", "Budgets", "budgets_of"]

QUANTITIES = ("gpp", "ra", "rh", "nee", "soc")


@dataclass(frozen=True, eq=False)
class BudgetRow:
    """The budget of a region.

    Attributes
    ----------
    name : str
        Of the region.
    area : float
        Vegetated area [m2].
    a, b : dict of str to float
        `QUANTITIES` of the baseline and of the experiment [Pg C yr-1; SOC: Pg C].
    published : tuple of Published
        What others print of it.
    """

    name: str
    area: float
    a: dict[str, float]
    b: dict[str, float]
    published: tuple[Published, ...]


@dataclass(frozen=True, eq=False)
class Budgets:
    """Budgets of all parts and of the whole.

    Attributes
    ----------
    title, note : str
        Of the partition.
    rows : tuple of BudgetRow
        The parts.
    rest, world : BudgetRow
        What lies in no part, and the whole region of the experiment.
    """

    title: str
    note: str
    rows: tuple[BudgetRow, ...]
    rest: BudgetRow
    world: BudgetRow

    def closure(self, quantity: str) -> float:
        """Return the sum of the parts and the rest less the whole, of B."""
        return sum(row.b[quantity] for row in (*self.rows, self.rest)) - self.world.b[quantity]


def budgets_of(
    parts: str, result_a: LiveResult, result_b: LiveResult, world: World, mask: np.ndarray | None
) -> Budgets:
    """Sum A and B over the parts of a partition.

    Parameters
    ----------
    parts : str
        A key of `models.partitions.PARTITIONS`, or "biomes".
    result_a, result_b : LiveResult
        Runs of the year.
    world : World
        Grid.
    mask : (cell,) bool array or None
        Cells of the experiment's region.
    """
    whole = np.ones(world.n_cell, bool) if mask is None else mask

    def row(name: str, cells: np.ndarray, pfts: tuple[str, ...] = ("all",)) -> BudgetRow:
        def total(result: LiveResult) -> dict[str, float]:
            of_pft = result.total(cells, world.area)
            return {q: sum(of_pft[pft][q] for pft in pfts if pft in of_pft) for q in QUANTITIES}

        a = total(result_a)
        b = a if result_b is result_a else total(result_b)
        published = tuple(p for q in QUANTITIES for p in published_for(name, q))
        return BudgetRow(name, float(np.sum(_area_of(world, cells, pfts))), a, b, published)

    if parts == "biomes":
        belts = [whole & biome.holds(world.latitude) for biome in BIOMES]
        rows = [row(biome.name, cells, biome.pfts) for biome, cells in zip(BIOMES, belts, strict=True)]
        rest = row("in no part", np.zeros(world.n_cell, bool))
        title, note = (
            "Biomes",
            (
                "plant types in belts of latitude (tropics to 23.5, tundra from 60, boreal forests from 50 degrees); "
                "Beer et al. count deserts (6.4 Pg C yr-1) apart, which here are part of the open biomes"
            ),
        )
    else:
        partition = PARTITIONS[parts]
        part = partition.part_of(world.latitude, world.longitude)
        rows = [row(name, whole & (part == number)) for number, name in enumerate(partition.names)]
        rest = row("in no part", whole & (part < 0))
        title, note = partition.title, partition.note
    return Budgets(title, note, tuple(rows), rest, row("world", whole))


def _area_of(world: World, cells: np.ndarray, pfts: tuple[str, ...]) -> np.ndarray:
    """Area [m2] of each cell under some plant types, or under "all" of them; 0 outside."""
    columns = slice(None) if pfts == ("all",) else [PFTS.index(pft) for pft in pfts]
    return np.where(cells, world.area * world.pft_fraction[:, columns].sum(axis=1), 0.0)
