"""Root-zone wetness on the logarithmic scale of L4C, there and back: both the catalog and the models need it."""

import numpy as np

from models.kernel import inline_kernel

__all__ = ["rescale_smrz", "restore_smrz"]

ZERO, ONE = np.float32(0), np.float32(1)
HUGE, TINY = np.float32(1e30), np.float32(1e-30)


@inline_kernel
def rescale_smrz(smrz, low, high):
    r"""Stretch root-zone wetness between its long-term limits, logarithmically, to 5-100 %.

    Jones et al. 2017, Eq. 1-2, doi 10.1109/JSTARS.2017.2693678.

    .. math:: n = 100 (s - s_{low}) / (s_{high} - s_{low}) + 1; \quad s^* = 95 \ln n / \ln 101 + 5

    Parameters
    ----------
    smrz : float or array
        Root-zone wetness [% of saturation]; clipped to the limits.
    low, high : float or array
        Long-term lowest and highest wetness [%]. Where they are equal the soil has no dry end: 100 %.

    Returns
    -------
    float or array
        Rescaled wetness [%], 5 to 100.
    """
    width = high - low
    known = np.minimum(ONE, np.maximum(ZERO, width * HUGE))  # 0 where there is no range, else 1
    position = np.maximum(ZERO, smrz - low) / np.maximum(width, TINY) + (ONE - known)
    n = 100.0 * np.minimum(ONE, position) + 1.0
    return 95.0 * np.log(n) / np.log(101.0) + 5.0


def restore_smrz(smrz_rescaled, low, high):
    """Return the wetness [%] whose `rescale_smrz` between ``low`` and ``high`` is ``smrz_rescaled`` [%]."""
    return low + (np.exp((smrz_rescaled - 5.0) * (np.log(101.0) / 95.0)) - 1.0) / 100.0 * (high - low)
