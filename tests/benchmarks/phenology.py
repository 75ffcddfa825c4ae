"""The assumed seasons of fPAR against what MODIS saw at two sites."""

import numpy as np
import pandas as pd

from data_catalog.world.phenology import STEPS, fpar
from data_catalog.world.static import open_static
from tests.benchmarks.climate import SHARED, nearest_cell, score


def _season(static, green, latitude, longitude, pft):
    cell = nearest_cell(static, np.array([latitude]), np.array([longitude]))[0]
    return 0.01 * green[cell, pft - 1].astype(float)


def _laegern():
    """Mean 8-day fPAR of MCD15A3H at CH-Lae: main algorithm, detectors fine, clear or assumed clear."""
    table = pd.read_csv(SHARED / "data" / "modis" / "CH-Lae_MCD15A3H_gee_subset.csv")
    quality = table["FparLai_QC"].to_numpy()
    good = ((quality & 0b1) == 0) & ((quality >> 3 & 0b11) == 0) & ((quality >> 5) <= 1) & (table["Fpar"] <= 100)
    step = np.minimum((pd.to_datetime(table["date"]).dt.dayofyear - 1) // 8, STEPS - 1)
    return (table["Fpar"] / 100.0)[good].groupby(step[good]).mean().reindex(range(STEPS)).to_numpy()


def rows():
    """Rows of the benchmark's table: name, value, target, note."""
    if not SHARED.is_dir():
        return [("fPAR against MODIS", "not run", "", "no MODIS series beside the project")]
    static = open_static("36km")
    green = fpar(static)
    with np.load(SHARED / "reference" / "l4c" / "site_US-Ne3_climatology.npz") as site:
        mead = site["fPAR"][0][np.arange(STEPS) * 8]
    cases = (
        ("US-Ne3, cereal crops", _season(static, green, 41.1797, -96.4397, 7), mead),
        ("US-Ne3, broadleaf crops", _season(static, green, 41.1797, -96.4397, 8), mead),
        ("CH-Lae, deciduous broadleaf forest", _season(static, green, 47.478, 8.365, 4), _laegern()),
    )
    table = []
    for name, simulated, observed in cases:
        r, bias, rmse, n = score(simulated, observed)
        table.append((f"fPAR {name}: r", float(r), ">= 0.85", f"{n} steps; bias {bias:+.2f}, RMSE {rmse:.2f}"))
    return table
