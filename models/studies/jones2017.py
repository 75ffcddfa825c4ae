"""Jones et al. 2017: the SMAP level-4 carbon product, its uncertainty, its towers, what soil moisture does to it.

Experiments, figures and tables, and those of the paper's numbers that this project knows; what it does not know is
said (`NOT_AT_HAND`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from models.calibration.fit import CalibrationOptions
from models.l4c.input_errors import MIDDLE_RANK, RANKS, InputErrors
from models.l4c.sensitivity import REMOVED, remove_constraints
from models.l4c.uncertainty import MISSION_LIMIT, Shares, shares_of_area, world_unit_budget
from models.options import L4COptions
from models.packing import Blocks

__all__ = [
    "CALIBRATION",
    "CITATION",
    "EQUATIONS",
    "EXPERIMENTS",
    "FIGURES",
    "NOT_AT_HAND",
    "PRINTED",
    "TITLE",
    "WHY",
    "Answers",
    "Figure",
    "Printed",
    "answer",
    "compare",
]

TITLE = "The SMAP level-4 carbon product for monitoring ecosystem land-atmosphere CO2 exchange"
CITATION = "Jones et al. 2017, IEEE J. Sel. Top. Appl. Earth Obs. Remote Sens., doi 10.1109/JSTARS.2017.2693678"

EXPERIMENTS: dict[str, L4COptions] = {
    "full model": L4COptions(),
    **{f"without {name}": L4COptions(without=(name,)) for name in REMOVED},
}
"""The full model, and Fig. 8's runs in which one constraint is removed."""

CALIBRATION = CalibrationOptions(percentile=75.0)
"""GPP, then RE with an effective soil carbon, then NEE without its bias (Eq. 11-12)."""

WHY = (
    "the weather of the embedded world is synthetic, its fPAR an assumed season of each land cover",
    "the paper's fPAR error follows each day's quality flag; here one rank stands for all days, the middle of the scale"
    " unless another is chosen, and it was settled with the paper's shares known",
    "units of the input errors and what the relative error refers to (GPP + RE here) are our reading",
    "BPLUT V7 of 2022 stands for the paper's; cells are coarser than 9 km",
    "the product runs every 1-km pixel; here the plant types of a cell share its weather",
)
"""Why a run's numbers need not be the paper's."""


@dataclass(frozen=True, eq=False)
class Answers:
    """What a run on the world gives to lay beside the paper.

    Attributes
    ----------
    shares : Shares
        Of the vegetated area, by the accuracy of NEE.
    by_rank : dict
        The same at each of `models.l4c.input_errors.RANKS`.
    changed : dict
        Constraint -> flux -> shares of the area that change by 5 % and 30 % or more when it is removed.
    """

    shares: Shares
    by_rank: dict[float, Shares]
    changed: dict[str, dict[str, tuple]]


@dataclass(frozen=True)
class Printed:
    """A number that the paper prints, and how a run gives its own."""

    what: str
    value: float
    unit: str
    where: str
    ours: Callable[[Answers], float]


@dataclass(frozen=True)
class Figure:
    """A table or figure of the paper: what it shows, and where this project makes its own."""

    name: str
    shows: str
    made_by: str


_LIMIT = f"NEE ubRMSE of at most {MISSION_LIMIT:g} gC m-2 d-1"
PRINTED: tuple[Printed, ...] = (
    Printed(f"share of the area with an {_LIMIT}", 0.66, "1", "uncertainty of NEE", lambda a: a.shares.world),
    Printed(f"the same north of 45 N, {_LIMIT}", 0.83, "1", "uncertainty of NEE", lambda a: a.shares.north),
    Printed("share of the area within a relative error of 30 %", 0.82, "1", "uncertainty", lambda a: a.shares.relative),
)
"""Numbers of the paper that a run can answer."""

FIGURES: tuple[Figure, ...] = (
    Figure(
        "Fig. 3", "towers sorted by the size of their fluxes, ubRMSE beside the 1.6 line", "models.calibration.folds"
    ),
    Figure("Fig. 4", "NEE error of Eq. 10 against ubRMSE observed at towers", "models.l4c.uncertainty.budget_of"),
    Figure(
        "Fig. 6", "monthly zonal means: GPP beside SIF, NEE beside CarbonTracker", "models.skill.zonal.compare_months"
    ),
    Figure("Fig. 7", "zonal profile of soil carbon beside inventories", "models.skill.zonal.zonal_sums"),
    Figure("Fig. 8", "change of annual GPP and RH without one constraint", "models.l4c.sensitivity.remove_constraints"),
    Figure("Fig. 8d", "standard deviation of the increments of assimilation", "models.assimilation.result"),
    Figure("Fig. 9", "variability between years against the effect of assimilation", "models.assimilation"),
    Figure("Table V", "skill of Ops, Open Loop and Calib, with Wilcoxon's test", "models.skill.significance"),
)
"""What of the paper this project makes."""

EQUATIONS: tuple[Figure, ...] = (
    Figure("Eq. 1-9", "GPP, its constraints, decomposition and the soil pools", "models.l4c.physics"),
    Figure("Eq. 10", "error of NEE from the errors of its inputs: the map of ubRMSE", "models.l4c.uncertainty"),
    Figure("Eq. 11-12", "calibration against towers, with an effective soil carbon", "models.calibration.fit"),
    Figure("the product", "a day of a run in the layout of SPL4CMDL", "data_catalog.datasets.spl4cmdl_write"),
)
"""What else of the paper can be opened."""

NOT_AT_HAND = (
    "Figs. 1, 2 and 5 and Tables I to IV, of which this project has no record: nothing is made up in their place",
    "the paper's shares of area that change by 5 % and 30 % or more in Fig. 8, its correlations in Fig. 6, its totals "
    "in Fig. 7: ours stand alone",
)
"""What of the paper is not laid beside ours, and why."""


def answer(
    blocks: Blocks,
    area: np.ndarray,
    latitude: np.ndarray,
    options: L4COptions | None = None,
    errors: dict[str, InputErrors] | None = None,
    *,
    fpar_rank: float = MIDDLE_RANK,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Answers:
    """Run what the printed numbers ask for.

    Parameters
    ----------
    blocks : Blocks
        Drivers of a year.
    area : (cell,) array
        Vegetated area of each cell.
    latitude : (cell,) array
        Degrees.
    options, errors, fpar_rank, cancelled
        See `models.l4c.uncertainty.world_budget`.
    progress : callable, optional
        Told the share done.

    Returns
    -------
    Answers
    """
    options = options or EXPERIMENTS["full model"]

    def part(first: float, size: float) -> Callable[[float], None] | None:
        return None if progress is None else lambda share: progress(first + size * share)

    units = world_unit_budget(blocks, options, progress=part(0.0, 0.2), cancelled=cancelled)

    def shares(rank: float) -> Shares:
        budget = units.budget(errors, rank)
        return shares_of_area(budget.of_cells()[:, 0], budget.flux_of_cells()[:, 0], area, latitude)

    removed = remove_constraints(blocks, replace(options, without=()), progress=part(0.2, 0.8), cancelled=cancelled)
    return Answers(shares(fpar_rank), {rank: shares(rank) for rank in RANKS}, removed.shares(area))


def compare(answers: Answers) -> list[tuple[Printed, float]]:
    """Lay the paper's numbers beside a run's own; `WHY` says why they need not agree."""
    return [(printed, printed.ours(answers)) for printed in PRINTED]
