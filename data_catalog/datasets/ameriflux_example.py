"""A tiny table in the layout of AmeriFlux BASE, with made-up numbers."""

from pathlib import Path

import numpy as np

__all__ = ["EXAMPLE_NAME", "write_example"]

EXAMPLE_NAME = "AMF_XX-Tst_BASE_HH_1-5.csv"


def write_example(path: str | Path, *, days: int = 2) -> None:
    """Write some days of half hours, with gaps, two sensors of air temperature and two depths of soil."""
    stamps = np.datetime64("2011-07-01T00:00") + np.arange(48 * days + 1) * np.timedelta64(30, "m")
    text = [stamp.replace("-", "").replace("T", "").replace(":", "") for stamp in np.datetime_as_string(stamps)]
    hour = np.arange(48 * days) % 48 / 2 + 0.25
    sun = np.maximum(0.0, np.sin(np.pi * (hour - 6) / 12))
    columns = {
        "FC": np.where(np.arange(hour.size) % 5 == 4, -9999.0, 3 - 20 * sun),
        "LE": 20 + 250 * sun,
        "H": -10 + 150 * sun,
        "TA_1_1_1": 18 + 8 * sun,
        "TA_1_2_1": 17 + 8 * sun,
        "RH": 90 - 40 * sun,
        "PA": np.full(hour.size, 99.0),
        "WS": np.full(hour.size, 2.0),
        "SW_IN": 900 * sun,
        "LW_IN": 330 + 20 * sun,
        "P": np.zeros(hour.size),
        "TS_1_1_1": 19 + 2 * sun,
        "SWC_1_1_1": np.full(hour.size, 25.0),
        "SWC_1_2_1": np.full(hour.size, 30.0),
    }
    lines = ["# Site: XX-Tst", "# Version: 1-5", ",".join(["TIMESTAMP_START", "TIMESTAMP_END", *columns])]
    for k, row in enumerate(zip(*columns.values(), strict=True)):
        lines.append(",".join([text[k], text[k + 1], *(f"{cell:.3f}" for cell in row)]))
    Path(path).write_text("\n".join(lines) + "\n", encoding="ascii")
