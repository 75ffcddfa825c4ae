"""Bits of the quality layer FparLai_QC of MODIS and VIIRS leaf area (MOD15, MYD15, MCD15, VNP15)."""

import numpy as np

__all__ = ["CLOUD", "QUALITY", "fpar_lai_quality"]

QUALITY = "0 main method, 1 main method saturated, 2 backup method, 3 backup under cloud or not made"
CLOUD = ("clear", "cloud", "mixed", "not defined, taken as clear")
"""Meaning of bits 3-4."""


def fpar_lai_quality(bits: np.ndarray) -> np.ndarray:
    """Turn FparLai_QC into the flags that all our data have: 0 and 1 are good.

    Bits 5-7 (SCF_QC): 0 main method, 1 main method with saturation, 2 and 3 backup method, 4 not made. Bits 3-4: cloud;
    a backup value under cloud is 3. NaN stays NaN.

    Examples
    --------
    >>> fpar_lai_quality(np.array([0.0, 32.0, 97.0, 73.0, 157.0]))
    array([0., 1., 3., 3., 3.])
    """
    known = np.isfinite(bits)
    whole = np.where(known, bits, 0).astype(int)
    method, cloud = whole >> 5 & 7, whole >> 3 & 3
    flag = np.select([method == 0, method == 1, method == 2], [0.0, 1.0, 2.0], 3.0)
    flag = np.where((flag == 2.0) & (cloud == 1), 3.0, flag)
    return np.where(known, flag, np.nan)
