"""Downward shortwave radiation at the land cells: a clear-sky model times a fitted all-sky ratio."""

import io
import zipfile

import h5py
import numpy as np

from data_catalog.world.build_sources import RegularGrid
from data_catalog.world.sun import MID_MONTH, sun_heights
from data_catalog.world.weather_rules import saturation_pressure

__all__ = ["COEFFICIENTS", "all_sky_ratio", "clear_sky", "fit_ratio", "linke_turbidity", "predictors"]

# The model was made for sites below about 2 km; at 5 km it lets all radiation through. No air is clearer than this.
CLEAREST = 0.86

# All-sky over clear-sky radiation is a linear function of what `predictors` returns. Fitted by weighted least squares
# (weight: clear-sky radiation) to the mean monthly SW_IN of 165 FLUXNET2015 towers (Pastorello et al. 2020,
# doi:10.1038/s41597-020-0534-3, CC BY 4.0); the benchmark `climate` repeats the fit, leaving out a tenth of the towers
# at a time.
COEFFICIENTS = {
    "constant": 0.9564,
    "relative humidity": 0.4201,
    "square of relative humidity": -0.4217,
    "log of 1 + rain in mm d-1": -0.1025,
    "cloud water probability": -0.3585,
    "temperature in units of 20 C": 0.0916,
    "absolute latitude in units of 90 degrees": -0.0503,
    "elevation in units of 2000 m": -0.0835,
    "radiation at the top in units of 400 W m-2": -0.0436,
}


def linke_turbidity(wheel, latitude, longitude):
    """Monthly Linke turbidity [1], (cell, 12), from the 1/12-degree map of pvlib."""
    with zipfile.ZipFile(wheel) as archive, h5py.File(io.BytesIO(archive.read("pvlib/data/LinkeTurbidities.h5"))) as h5:
        table = h5["LinkeTurbidity"][::4, ::4]  # a third of a degree: finer than the field varies
    months = [
        RegularGrid(table[..., m] / 20.0, 90.0 - 1 / 24, -180.0 + 1 / 24, -1 / 3, 1 / 3).at(latitude, longitude)
        for m in range(12)
    ]
    return np.stack(months, axis=1)


def _global_irradiance(cosine, extra, airmass, altitude, turbidity):
    """Global horizontal irradiance [W m-2] (Ineichen and Perez 2002, Solar Energy 73, Eqs. 6 and 8)."""
    fh1, fh2 = np.exp(-altitude / 8000.0), np.exp(-altitude / 1250.0)
    cg1, cg2 = 5.09e-5 * altitude + 0.868, 3.92e-5 * altitude + 0.0387
    return cg1 * extra * cosine * np.exp(-cg2 * airmass * (fh1 + fh2 * (turbidity - 1.0)))


def clear_sky(latitude, pressure, elevation, turbidity):
    """Monthly 24-hour mean of global irradiance under a clear sky [W m-2], (cell, 12).

    Twelve sun positions of the half day, on the middle day of each month and ten days before and after.

    Parameters
    ----------
    latitude, elevation : (cell,) array
        Degrees, m.
    pressure, turbidity : (cell, 12) array
        Pa, 1.
    """
    clear, top = np.zeros((latitude.size, 12)), np.zeros((latitude.size, 12))
    for month in range(12):
        for day in MID_MONTH[month] + np.array([-10.0, 0.0, 10.0]):
            cosine, extra = sun_heights(latitude, day)
            height = np.degrees(np.arcsin(cosine))
            # Relative optical air mass: Kasten and Young (1989), Appl. Opt. 28, 4735-4738.
            airmass = 1.0 / (cosine + 0.50572 * (height + 6.07995) ** -1.6364) * pressure[:, month, None] / 101325.0
            ghi = _global_irradiance(cosine, extra, airmass, elevation[:, None], turbidity[:, month, None])
            clear[:, month] += ghi.mean(axis=1) / 3.0
            top[:, month] += (extra * cosine).mean(axis=1) / 3.0
    return np.minimum(clear, CLEAREST * top)


def predictors(latitude, elevation, t_air, precip, vapour_pressure, cloud_water, top):
    """Return what the all-sky ratio depends on, each scaled to about 1.

    Parameters
    ----------
    latitude, elevation, cloud_water : (cell,) array
        Degrees, m, annual probability of cloud liquid water [%].
    t_air, precip, vapour_pressure, top : (cell, 12) array
        K, mm d-1, Pa, extraterrestrial radiation [W m-2].

    Returns
    -------
    dict of (cell, 12) array
    """
    ones = np.ones_like(t_air)
    humidity = np.clip(vapour_pressure / saturation_pressure(t_air), 0.05, 1.05)
    return {
        "constant": ones,
        "relative humidity": humidity,
        "square of relative humidity": humidity**2,
        "log of 1 + rain in mm d-1": np.log1p(precip),
        "cloud water probability": cloud_water[:, None] / 100.0 * ones,
        "temperature in units of 20 C": np.clip(t_air - 273.15, -30.0, 35.0) / 20.0,
        "absolute latitude in units of 90 degrees": np.abs(latitude)[:, None] / 90.0 * ones,
        "elevation in units of 2000 m": np.clip(elevation, 0.0, 3500.0)[:, None] / 2000.0 * ones,
        "radiation at the top in units of 400 W m-2": top / 400.0,
    }


def all_sky_ratio(terms, coefficients=None):
    """Ratio of all-sky to clear-sky radiation, kept within [0.25, 1]."""
    coefficients = COEFFICIENTS if coefficients is None else coefficients
    return np.clip(sum(coefficients[name] * terms[name] for name in coefficients), 0.25, 1.0)


def fit_ratio(terms, clear, observed):
    """Fit the coefficients to observed radiation; pairs with NaN or less than 20 W m-2 of clear sky are left out.

    Returns
    -------
    dict of float
    """
    use = np.isfinite(observed) & (clear > 20.0) & (observed > 0.0)
    design = np.stack([terms[name][use] * clear[use] for name in terms], axis=1)
    solution, *_ = np.linalg.lstsq(design, observed[use], rcond=None)
    return dict(zip(terms, solution.tolist(), strict=True))
