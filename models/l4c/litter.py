"""When litter falls: evenly over the year, or in 8-day periods after the canopy's own loss of leaves."""

import numpy as np

from models.packing import LANES, Blocks

__all__ = ["PERIOD", "litter_schedule"]

PERIOD = 8  # days, as the composites of fPAR; the last period of a year has five
EXTINCTION = 0.5  # of light in a canopy of random leaves


def litter_schedule(blocks: Blocks, how: str) -> tuple[np.ndarray, np.ndarray]:
    """Share of the mean daily litterfall on each day: its mean over the days is 1.

    ``schedule`` follows CASA (Randerson et al. 1996, doi 10.1029/96GB01885): the evergreen share LAI_min / LAI_mean of
    the year's litter falls evenly, the rest in proportion to the loss of leaves, 0.5 LAI(-2) + LAI(-1) - LAI(+1) -
    0.5 LAI(+2) of the periods around each, where positive. LAI is that of Beer's law, -ln(1 - fPAR) / 0.5.

    Parameters
    ----------
    blocks : Blocks
        Canopies.
    how : str
        "constant" or "schedule".

    Returns
    -------
    share : (tile or 1, step, lane) array
        Share [1] of the mean daily litterfall; one tile stands for all when it is constant.
    step : (day,) int32 array
        Step of each day.
    """
    days = len(blocks.time)
    if how == "constant":
        return _closed(np.ones((1, 1, LANES)), blocks), np.zeros(days, np.int32)
    if how != "schedule":
        msg = f"litterfall = {how!r} is unknown; 'constant' and 'schedule' are accepted."
        raise ValueError(msg)
    of_year = (blocks.time - blocks.time.astype("datetime64[Y]")).astype(int)
    year = blocks.time.astype("datetime64[Y]").astype(int)
    key = (year - year[0]) * 46 + np.minimum(of_year // PERIOD, 45)
    _, step = np.unique(key, return_inverse=True)
    count = np.bincount(step)
    lai = np.zeros((blocks.n_tile, len(count), LANES))
    seen = np.zeros_like(lai)
    for day, period in enumerate(step):
        fpar = blocks.fpar[:, blocks.fpar_step[day]] * float(blocks.fpar_scale)
        leaves = -np.log1p(-np.clip(fpar, 0.0, 0.99)) / EXTINCTION
        lai[:, period] += np.nan_to_num(leaves)
        seen[:, period] += np.isfinite(leaves)
    lai /= np.maximum(seen, 1)
    around = {shift: np.roll(lai, shift, axis=1) for shift in (2, 1, -1, -2)}
    loss = np.maximum(0.0, 0.5 * around[2] + around[1] - around[-1] - 0.5 * around[-2])
    weight = count[None, :, None]
    mean_loss = (loss * weight).sum(axis=1, keepdims=True) / days
    mean_lai = (lai * weight).sum(axis=1, keepdims=True) / days
    evergreen = np.where(mean_lai > 0, lai.min(axis=1, keepdims=True) / np.maximum(mean_lai, 1e-12), 1.0)
    even = np.where(mean_loss > 0, evergreen, 1.0)
    share = even + (1 - even) * loss / np.maximum(mean_loss, 1e-12)
    return _closed(share, blocks), step.astype(np.int32)


def _closed(share: np.ndarray, blocks: Blocks) -> np.ndarray:
    """Return shares in the float type of the blocks, read only."""
    share = np.ascontiguousarray(share.astype(blocks.float_type))
    share.flags.writeable = False
    return share
