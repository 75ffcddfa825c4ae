"""A tiny sensor file in the layout of the International Soil Moisture Network, with made-up numbers."""

from pathlib import Path

import numpy as np

__all__ = ["EXAMPLE_NAME", "write_example"]

EXAMPLE_NAME = "NET_NET_Hill_sm_0.050000_0.050000_Probe_20200101_20200103.stm"


def write_example(path: str | Path, *, ceop: bool = False, hours: int = 72, station: str = "Hill") -> None:
    """Write some hours of moisture at 5 cm; with ``ceop`` in the other of the two formats."""
    head = f"NET        NET        {station:15s} 43.15000     2.95670  112.00    0.05    0.05"
    lines = [] if ceop else [f"{head} Probe"]
    for hour in range(hours):
        time = str(np.datetime64("2020-01-01T00:00") + np.timedelta64(hour, "h")).replace("-", "/").replace("T", " ")
        value = 0.25 + 0.05 * np.sin(hour / 12)
        flag = "D01,D03" if hour % 10 == 9 else "G"
        row = f"{value:8.4f} {flag} M"
        lines.append(f"{time} {time} {head} {row}" if ceop else f"{time} {row}")
    Path(path).write_text("\n".join(lines) + "\n", encoding="ascii")
