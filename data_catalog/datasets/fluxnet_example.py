"""A tiny tower table in the layout of FLUXNET2015, with made-up numbers."""

from pathlib import Path

import numpy as np

__all__ = ["EXAMPLE_NAME", "write_example"]

EXAMPLE_NAME = "FLX_XX-Tst_FLUXNET2015_SUBSET_DD_2001-2001_1-4.csv"


def write_example(path: str | Path, *, days: int = 365) -> None:
    """Write a year of days of a SUBSET table."""
    day = np.arange(days)
    season = -np.cos(2 * np.pi * day / 365.0)
    dates = np.datetime_as_string(np.datetime64("2001-01-01") + day)
    columns = {
        "TIMESTAMP": [date.replace("-", "") for date in dates],
        "TA_F": 10 + 10 * season,
        "TA_F_QC": np.ones(days),
        "SW_IN_POT": 280 + 180 * season,
        "SW_IN_F": 150 + 100 * season,
        "SW_IN_F_QC": np.ones(days),
        "VPD_F": 6 + 4 * season,
        "VPD_F_QC": np.ones(days),
        "PA_F": np.full(days, 98.0),
        "P_F": (day % 5 == 0) * 6.0,
        "WS_F": np.full(days, 2.5),
        "TS_F_MDS_1": 10 + 8 * season,
        "TS_F_MDS_1_QC": np.ones(days),
        "SWC_F_MDS_1": 28 - 8 * season,
        "SWC_F_MDS_1_QC": np.where(day % 10 == 0, 0.0, 1.0),
        "NEE_VUT_REF": -1 - 2 * season,
        "NEE_VUT_REF_QC": np.where(day % 4 == 0, 0.5, 0.9),
        "RECO_NT_VUT_REF": 2.5 + 1.5 * season,
        "GPP_NT_VUT_REF": 3.5 + 3.5 * season,
        "RECO_DT_VUT_REF": 2.4 + 1.5 * season,
        "GPP_DT_VUT_REF": 3.4 + 3.4 * season,
    }
    lines = [",".join(columns)]
    for row in zip(*columns.values(), strict=True):
        lines.append(",".join(cell if isinstance(cell, str) else f"{cell:.4f}" for cell in row))
    Path(path).write_text("\n".join(lines) + "\n", encoding="ascii")
