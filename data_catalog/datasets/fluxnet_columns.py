"""FLUXNET column names: what each holds, its unit at each resolution, and its name with us."""

from dataclasses import dataclass

__all__ = [
    "COLUMNS",
    "DRIVERS",
    "FLUX",
    "FLUXES",
    "GC_PER_UMOL",
    "RAIN",
    "RESOLUTIONS",
    "SWC",
    "TowerColumn",
    "columns_of",
]

GC_PER_UMOL = 12.011e-6 * 86400.0
"""gC m-2 d-1 in one umol CO2 m-2 s-1."""

RESOLUTIONS = {
    "HH": ("half-hourly", 12),
    "HR": ("hourly", 12),
    "DD": ("daily", 8),
    "WW": ("weekly", 8),
    "MM": ("monthly", 6),
    "YY": ("yearly", 4),
}
"""Tag in the file name -> what it means, digits of its timestamps."""

FLUX = "flux"
RAIN = "rain"


@dataclass(frozen=True)
class TowerColumn:
    """One of our variables and the columns that can give it, best first.

    Attributes
    ----------
    name : str
        Name in `models.variables`.
    names : tuple of str
        Accepted columns.
    scale, offset : float
        Ours = column * scale + offset.
    kind : str
        "" for states; "flux" and "rain" are sums whose unit hangs on the resolution.
    unit : str
        Unit in the file, for messages.
    use : str
        What is lost without it.
    """

    name: str
    names: tuple[str, ...]
    scale: float = 1.0
    offset: float = 0.0
    kind: str = ""
    unit: str = ""
    use: str = ""


SWC = "SWC_F_MDS_"
"""Soil water content by layer, % by volume; 1 is the shallowest."""

_COLUMNS = (
    TowerColumn("t_air", ("TA_F", "TA_F_MDS"), 1.0, 273.15, "", "deg C", "Tmin and freeze/thaw come from the world"),
    TowerColumn("tmin", ("TA_F_MIN",), 1.0, 273.15, "", "deg C", "Tmin is estimated from TA_F and SW_IN_F"),
    TowerColumn("sw_down", ("SW_IN_F", "SW_IN_F_MDS"), 1.0, 0.0, "", "W m-2", "PAR comes from the world"),
    TowerColumn("sw_top", ("SW_IN_POT",), 1.0, 0.0, "", "W m-2", "Tmin cannot be estimated from TA_F"),
    TowerColumn("lw_down", ("LW_IN_F", "LW_IN_F_MDS"), 1.0, 0.0, "", "W m-2", "nothing of L4C"),
    TowerColumn("vpd", ("VPD_F", "VPD_F_MDS"), 100.0, 0.0, "", "hPa", "VPD comes from the world"),
    TowerColumn("pressure", ("PA_F", "PA"), 1000.0, 0.0, "", "kPa", "nothing of L4C"),
    TowerColumn("precip", ("P_F", "P"), 1.0, 0.0, RAIN, "mm", "nothing of L4C"),
    TowerColumn("wind", ("WS_F", "WS"), 1.0, 0.0, "", "m s-1", "nothing of L4C"),
    TowerColumn("t_soil", ("TS_F_MDS_1", "TS_F_MDS_2"), 1.0, 273.15, "", "deg C", "soil temperature is the world's"),
    TowerColumn("le", ("LE_F_MDS",), 1.0, 0.0, "", "W m-2", "nothing of L4C"),
    TowerColumn("h", ("H_F_MDS",), 1.0, 0.0, "", "W m-2", "nothing of L4C"),
    TowerColumn(
        "nee", ("NEE_VUT_REF", "NEE_CUT_REF"), 1.0, 0.0, FLUX, "gC m-2 d-1", "NEE has nothing to be compared with"
    ),
)

_GPP = "GPP has nothing to be compared with: the file can drive L4C, not judge it"
_RECO = "ecosystem respiration has nothing to be compared with"
COLUMNS = {column.name: column for column in _COLUMNS}

DRIVERS = ("t_air", "sw_down", "vpd")
"""What a tower file must hold to drive L4C; the rest may come from the world."""

FLUXES = ("gpp", "reco", "nee")
"""What a tower file must hold to judge L4C."""


def columns_of(partitioning: str) -> dict[str, TowerColumn]:
    """Return every column that is read, with GPP and RECO of one partitioning.

    Parameters
    ----------
    partitioning : {"NT", "DT"}
        Night-time (Reichstein et al. 2005) or daytime (Lasslop et al. 2010) method.
    """
    if partitioning not in {"NT", "DT"}:
        msg = f"partitioning = {partitioning!r}; 'NT' (night-time method) and 'DT' (daytime method) are accepted."
        raise ValueError(msg)
    pairs = {}
    for name, use in (("gpp", _GPP), ("reco", _RECO)):
        stem = f"{name.upper()}_{partitioning}"
        accepted = tuple(f"{stem}_{threshold}" for threshold in ("VUT_REF", "CUT_REF", "VUT_MEAN", "CUT_MEAN"))
        pairs[name] = TowerColumn(name, accepted, 1.0, 0.0, FLUX, "gC m-2 d-1", use)
    return COLUMNS | pairs
