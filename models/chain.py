"""The chain from land to carbon: what a land surface run says of water, heat and leaves becomes the drivers of L4C.

The land model and L4C know nothing of each other; here the one's output takes the place of the other's input.
"""

import numpy as np
import xarray as xr

from models.variables import VARIABLES

__all__ = ["EXTINCTION", "WINDOW", "carbon_drivers", "smoothed_year"]

EXTINCTION = 0.5
"""Extinction coefficient of leaves of every direction: f_PAR = 1 - exp(-0.5 LAI) (Monsi and Saeki 1953)."""

WINDOW = 31
"""Days of the running mean that makes a climatology of one year."""

LARGEST_CHANGE = (0.25, 4.0)
"""Bounds of what a changed leaf area may do to f_PAR: with hardly any leaves the ratio says nothing."""

FROZEN = 0.5
"""Share of the members, or of the day, from which the ground counts as frozen."""


def smoothed_year(values: np.ndarray, window: int = WINDOW) -> np.ndarray:
    """Average each day with its neighbours, across the turn of the year.

    Parameters
    ----------
    values : (cell, day) array
        Whole years.
    window : int
        Days, an odd number.

    Returns
    -------
    (cell, day) float array
    """
    if window % 2 == 0 or not 0 < window <= values.shape[1]:
        msg = f"window = {window} days; give an odd number up to {values.shape[1]}."
        raise ValueError(msg)
    half = window // 2
    wide = np.concatenate([values[:, values.shape[1] - half :], values, values[:, :half]], axis=1).astype(float)
    total = np.cumsum(np.concatenate([np.zeros((len(wide), 1)), wide], axis=1), axis=1)
    return (total[:, window:] - total[:, :-window]) / window


def carbon_drivers(
    drivers: xr.Dataset,
    *,
    ssm: np.ndarray,
    rzsm: np.ndarray,
    t_soil: np.ndarray,
    frozen: np.ndarray,
    lai: np.ndarray,
    lai_reference: np.ndarray,
    porosity: np.ndarray,
    smrz_limits: tuple[np.ndarray, np.ndarray],
) -> xr.Dataset:
    r"""Put a land run's water, soil temperature and leaves in the place of L4C's drivers.

    .. math::
        \mathrm{SMSF} = 100\,\theta_{0-10} / \phi, \quad \mathrm{SMRZ} = 100\,\theta_{0-100} / \phi, \quad
        f_{PAR}' = f_{PAR} \frac{1 - e^{-k\,LAI}}{1 - e^{-k\,LAI_{ref}}}

    Parameters
    ----------
    drivers : Dataset on (cell, time)
        ``par tmin vpd fpar`` (f_PAR perhaps of each plant type) and plant types of the cells; the rest is replaced.
    ssm, rzsm : (cell, day) array
        Soil moisture of 0-10 and 0-100 cm [m3 m-3].
    t_soil : (cell, day) array
        Soil temperature of the first layer [K].
    frozen : (cell, day) array
        Share of the day, or of the members, with frozen ground [1].
    lai, lai_reference : (cell, day) array
        Leaf area index of this run and of the one to which the drivers' f_PAR belongs [m2 m-2].
    porosity : (cell,) array
        Of the soil [m3 m-3].
    smrz_limits : (cell,) array, (cell,) array
        Long-term lowest and highest root-zone wetness [%], the same for runs that are compared.

    Returns
    -------
    Dataset
        Drivers that `models.experiment.run` takes.

    Raises
    ------
    ValueError
        If the days of the run are not those of the drivers.
    """
    n_day = drivers.sizes["time"]
    if ssm.shape[1] != n_day:
        msg = f"The land run has {ssm.shape[1]} days and the drivers have {n_day}; give both the same days."
        raise ValueError(msg)
    share = (1.0 - np.exp(-EXTINCTION * np.asarray(lai, float))) / np.maximum(
        1.0 - np.exp(-EXTINCTION * np.asarray(lai_reference, float)), 1e-6
    )
    change = xr.DataArray(np.clip(share, *LARGEST_CHANGE).astype(np.float32), dims=("cell", "time"))
    fpar = (drivers["fpar"] * change).clip(0.0, 0.98).transpose(*drivers["fpar"].dims)
    fpar.attrs = dict(drivers["fpar"].attrs)
    wet = 100.0 / np.asarray(porosity, float)[:, None]
    fields = {
        "smsf": np.clip(ssm * wet, 0.0, 100.0),
        "smrz": np.clip(rzsm * wet, 0.0, 100.0),
        "t_soil": t_soil,
        "frozen": (np.asarray(frozen) >= FROZEN).astype(np.float32),
    }
    limits = dict(zip(("smrz_min", "smrz_max"), smrz_limits, strict=True))
    return drivers.drop_vars("smrz_rescaled", errors="ignore").assign(
        {"fpar": fpar}
        | {
            name: (("cell", "time"), np.asarray(values, np.float32), {"units": VARIABLES[name].unit})
            for name, values in fields.items()
        }
        | {
            name: ("cell", np.asarray(values, np.float32), {"units": VARIABLES[name].unit})
            for name, values in limits.items()
        }
    )
