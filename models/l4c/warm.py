"""Compile what the app calls before anyone waits for it: every kernel of L4C, for every kind of driver it is given."""

import numpy as np

from models.l4c.live import LiveRun
from models.options import L4COptions
from models.packing import DRIVERS, LANES, Blocks

__all__ = ["warm"]

PFT = 6
DAYS = 365
TOUCHED = (
    {},
    {"parameters": (("GRS", "vpd_high", 4000.0),)},
    {"parameters": (("GRS", "smsf_high", 40.0),)},
    {"parameters": (("GRS", "k_fast", 0.02),), "spin_up": "experiment"},
)
"""Options that call every kernel: from scratch, a dragged GPP ramp, a dragged RH ramp, a new steady state."""


def warm() -> None:
    """Compile the kernels, or load them from the cache: some 15 s of one core the first time, half a second later."""
    live = LiveRun(_tiny())
    for options in TOUCHED:
        result = live.result(L4COptions(**options))
    result.field("e_mult")
    result.series(0)


def _tiny() -> Blocks:
    """Return one block of ordinary numbers, of no place."""
    return Blocks(
        data=np.full((1, DAYS, len(DRIVERS), LANES), 15000, np.uint16),
        scale=np.array([0.0005, 0.005, 0.2, 0.002, 0.002, 0.005, 1.0]),
        offset=np.array([0.0, 180.0, 0.0, 0.0, 0.0, 180.0, 0.0]),
        fpar=np.full((1, DAYS // 8 + 1, LANES), 50, np.uint8),
        fpar_scale=0.01,
        fpar_step=(np.arange(DAYS) // 8).astype(np.int32),
        block_of=np.zeros(1, np.int32),
        pft=np.full(1, PFT, np.uint8),
        fraction=np.ones((1, LANES), np.float32),
        cell_of=np.arange(LANES, dtype=np.int32)[None],
        time=np.datetime64("2015-01-01") + np.arange(DAYS),
        n_cell=LANES,
    )
