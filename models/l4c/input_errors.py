"""Errors of the inputs of L4C, by plant type: the quality columns of the biome property look-up table.

The table gives no units. They are read here as what makes them plausible beside the inputs' ranges: PAR, fPAR and VPD
relative, temperatures in K, wetness in % of saturation (root-zone wetness as its ramp takes it, after the log rescale).
fPAR has two errors, for its best retrieval and for a day filled from its climatology; ranks between lie in between.
The errors of freeze/thaw are 0 in every published table.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from models.l4c.bplut import BPLUTS, BplutFile
from models.l4c.params import PFTS
from models.quantity import Column, Parameter, parameter, parameters_of

__all__ = [
    "FPAR_RANK",
    "MIDDLE_RANK",
    "RANKS",
    "SOURCES",
    "InputErrors",
    "check_errors",
    "error_rows",
    "input_errors",
    "source_errors",
]

SOURCES = ("par", "fpar", "tmin", "vpd", "smrz_rescaled", "t_soil", "smsf")
"""Inputs whose errors count, in the order of every table of this package."""

RELATIVE = np.array([name in ("par", "fpar", "vpd") for name in SOURCES])
"""Which of `SOURCES` have relative errors; the others' are in the unit of the input."""

TABLE = "quality columns of the BPLUT; the unit is our reading"

FPAR_RANK = Parameter("1", 1.0, 4.0, "quality rank of fPAR, taken for every day", "fPAR rank", TABLE)
"""The mission ranks each day's fPAR from 1, the best retrieval, to 4, a climatology; a run here takes one rank."""

MIDDLE_RANK = 2.5
"""The rank unless another is chosen: the middle of the scale, an assumption and no measurement.

It was settled with the paper's shares of area known, so that a share which agrees at this rank is no evidence for the
errors; what the shares are at every other rank of `RANKS` belongs beside it.
"""

RANKS = (1.0, 2.0, 2.5, 3.0, 4.0)
"""Ranks whose shares of area are shown side by side."""


class InputErrors(NamedTuple):
    """Standard errors of a day's inputs."""

    par: Column = parameter("1", 0.0, 1.0, "relative error of PAR", "σ(PAR)/PAR", TABLE)
    fpar_best: Column = parameter("1", 0.0, 1.0, "relative error of fPAR of rank 1, the best", "σ(fPAR)/fPAR, 1", TABLE)
    fpar_worst: Column = parameter(
        "1", 0.0, 1.0, "relative error of fPAR of rank 4, a climatology", "σ(fPAR)/fPAR, 4", TABLE
    )
    tmin: Column = parameter("K", 0.0, 15.0, "error of Tmin", "σ(Tmin)", TABLE)
    vpd: Column = parameter("1", 0.0, 1.0, "relative error of VPD", "σ(VPD)/VPD", TABLE)
    smrz: Column = parameter("%", 0.0, 50.0, "error of the rescaled root-zone wetness", "σ(SMRZ)", TABLE)
    t_soil: Column = parameter("K", 0.0, 15.0, "error of soil temperature", "σ(Tsoil)", TABLE)
    smsf: Column = parameter("%", 0.0, 50.0, "error of surface wetness", "σ(SMSF)", TABLE)

    def fpar(self, rank: float) -> float:
        """Relative error of fPAR of a quality ``rank``, 1 (best) to 4 (climatology), linear in between.

        Raises
        ------
        ValueError
            If the rank lies outside `FPAR_RANK`.
        """
        FPAR_RANK.check("fpar_rank", rank)
        return self.fpar_best + (rank - 1) / 3 * (self.fpar_worst - self.fpar_best)


COLUMNS = {
    "par": "Par_QA_Error",
    "fpar_best": "Fpar_QA_Error_min",
    "fpar_worst": "Fpar_QA_Error_max",
    "tmin": "Tmin_QA_Error",
    "vpd": "Vpd_QA_Error",
    "smrz": "Smrz_QA_Error",
    "t_soil": "Tsoil_QA_Error",
    "smsf": "Smtop_QA_Error",
}
"""Our name of an error -> the mission's column."""


def input_errors(table: str | BplutFile = "V7") -> dict[str, InputErrors]:
    """Read the input errors of a table.

    Parameters
    ----------
    table : str or BplutFile
        A shipped version, or a table of the user's own. V4 was published without quality columns.

    Returns
    -------
    dict
        Plant type -> its errors; ``errors["GRS"]._replace(par=0.2)`` is another.

    Raises
    ------
    ValueError
        If no table is named so, or it has no quality columns or values out of bounds.
    """
    return dict(_shipped(table) if isinstance(table, str) else _errors_of(table))


@lru_cache(maxsize=len(BPLUTS))
def _shipped(version: str) -> Mapping[str, InputErrors]:
    """Read a shipped table once."""
    return _errors_of(BplutFile.shipped(version))


def _errors_of(file: BplutFile) -> dict[str, InputErrors]:
    """Read and check the errors of a table."""
    rows = file.cells(COLUMNS.values())
    errors = {pft: InputErrors(*(rows[pft][COLUMNS[name]] for name in InputErrors._fields)) for pft in PFTS}
    check_errors(errors)
    return errors


def check_errors(errors: Mapping[str, InputErrors]) -> None:
    """Raise ``ValueError`` if a plant type lacks errors or one lies out of bounds."""
    missing = [pft for pft in PFTS if pft not in errors]
    if missing:
        msg = f"No input errors of {', '.join(missing)} came; every plant type needs them: start from input_errors()."
        raise ValueError(msg)
    declared = parameters_of(InputErrors)
    for pft, values in errors.items():
        for name, value in values._asdict().items():
            declared[name].check(f"error {name} of {pft}", value)


def source_errors(errors: Mapping[str, InputErrors], fpar_rank: float = MIDDLE_RANK) -> np.ndarray:
    """Return the errors (8, 7), relative or absolute as `RELATIVE` says, in the order of `PFTS` and `SOURCES`."""
    check_errors(errors)
    rows = [(e.par, e.fpar(fpar_rank), e.tmin, e.vpd, e.smrz, e.t_soil, e.smsf) for e in (errors[p] for p in PFTS)]
    return np.array(rows, float)


def error_rows(errors: Mapping[str, InputErrors], fpar_rank: float = MIDDLE_RANK) -> tuple[np.ndarray, np.ndarray]:
    """Return absolute and relative errors (8, 7) in physical units, in the order of `PFTS` and `SOURCES`."""
    rows = source_errors(errors, fpar_rank)
    return np.where(RELATIVE, 0.0, rows), np.where(RELATIVE, rows, 0.0)
