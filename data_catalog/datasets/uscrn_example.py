"""Tiny files in the layouts of the U.S. Climate Reference Network, with made-up numbers."""

from pathlib import Path

import numpy as np

__all__ = ["EXAMPLE_NAME", "write_example"]

EXAMPLE_NAME = "CRND0103-2017-KS_Nowhere_6_SSW.txt"


def write_example(path: str | Path, *, step: str = "DD", rows: int = 30) -> None:
    """Write some days ("DD"), hours ("HR") or records of 5 minutes ("5MIN") as NOAA does, without a header."""
    lines = []
    soil = ["0.300", "0.310", "0.320", "0.330", "0.340"]
    for k in range(rows):
        wave = np.sin(k / 5)
        warm = f"{10 + 5 * wave:7.1f}"
        if step == "DD":
            day = str(np.datetime64("2017-03-01") + k).replace("-", "")
            row = ["53974", day, "2.422", "-96.61", "39.10", f"{16 + wave:7.1f}", f"{4 + wave:7.1f}", warm, warm]
            row += [f"{(k % 4 == 0) * 3.2:5.1f}", f"{14 + 3 * wave:6.2f}", "C", "20.1", "2.0", "11.0"]
            row += ["90.0", "40.0", "65.0", *(soil if k % 7 else ["-99.000"] * 5), *["9.5"] * 5]
        else:
            minutes = 60 if step == "HR" else 5
            end = str(np.datetime64("2017-03-01T00:00") + (k + 1) * np.timedelta64(minutes, "m"))
            local = str(np.datetime64("2017-02-28T18:00") + (k + 1) * np.timedelta64(minutes, "m"))
            row = ["53974", *(part.replace("-", "").replace(":", "") for t in (end, local) for part in t.split("T"))]
            row += ["2.422", "-96.61", "39.10"]
            if step == "HR":
                row += [
                    warm,
                    warm,
                    warm,
                    warm,
                    "0.2",
                    "310",
                    "0",
                    "400",
                    "0",
                    "250",
                    "0",
                    "C",
                    warm,
                    "0",
                    warm,
                    "0",
                    warm,
                ]
                row += ["0", "66", "0", *soil, *["9.5"] * 5]
            else:
                row += [warm, "0.1", "310", "0", warm, "C", "0", "66", "0", "0.301", "9.5", "999", "0", "2.10", "0"]
        lines.append(" ".join(row))
    Path(path).write_text("\n".join(lines) + "\n", encoding="ascii")
