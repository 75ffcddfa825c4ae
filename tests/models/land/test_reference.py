"""The engine against Noah-MP 5 run by its own code, each from its own cold start and spin-up."""

import numpy as np
import pytest
from numba import config

from tests.models.land.conftest import reference_run

pytestmark = [
    pytest.mark.reference,
    pytest.mark.skipif(bool(config.DISABLE_JIT), reason="Twenty years of 23 columns need compiled kernels."),
]
DAY = 86400.0

# Lowest r, highest RMSD, lowest r of 31-day anomalies in any column, highest median RMSD. One hour of step against half
# an hour there: Noah-MP's own change with its step is of this size.
CRITERIA = {
    "ssm": (0.98, 0.012, 0.96, 0.004),
    "rzsm": (0.985, 0.014, None, 0.004),
    "sm4": (0.95, 0.012, None, 0.004),
    "lai": (0.98, 0.30, None, 0.08),
    "gpp": (0.97, 0.9, None, 0.35),
    "et": (0.97, 0.30, None, 0.18),
    "nee": (0.95, None, None, 0.3),
    "t_soil": (None, 1.0, None, 0.45),
}


def reference_values(noahmp, name):
    """The reference's variable on (time, column) in our unit."""
    moisture = noahmp.SOIL_M.transpose("layer", "time", "column").values
    return {
        "ssm": lambda: moisture[0],
        "rzsm": lambda: 0.1 * moisture[0] + 0.3 * moisture[1] + 0.6 * moisture[2],
        "sm4": lambda: moisture[3],
        "lai": lambda: noahmp.LAI.values,
        "gpp": lambda: noahmp.GPP.values * DAY,
        "et": lambda: (noahmp.ECAN + noahmp.ETRAN + noahmp.EDIR).values * DAY,
        "nee": lambda: noahmp.NEE.values * DAY * 12.0 / 44.0,
        "t_soil": lambda: noahmp.SOIL_T.transpose("layer", "time", "column").values[0],
    }[name]()


def our_values(ds, name):
    """Our variable on (time, column)."""
    return (ds.soil_moisture.isel(layer=3) if name == "sm4" else ds[name]).transpose("time", "column").values


def correlation(a, b):
    """Correlation of each column."""
    return np.array([np.corrcoef(x, y)[0, 1] for x, y in zip(a.T, b.T, strict=True)])


def anomaly(x):
    """Depart from a 31-day running mean."""
    window = np.ones(31)
    count = np.convolve(np.ones(len(x)), window, "same")
    return x - np.stack([np.convolve(column, window, "same") / count for column in x.T], axis=1)


@pytest.mark.parametrize("name", CRITERIA)
def test_daily_means_follow_noahmp_in_every_column(name, hourly, noahmp):
    lowest_r, highest_rmsd, lowest_anomaly_r, median_rmsd = CRITERIA[name]
    ours, theirs = our_values(hourly, name), reference_values(noahmp, name)
    rmsd = np.sqrt(((ours - theirs) ** 2).mean(axis=0))
    if lowest_r is not None:
        assert correlation(ours, theirs).min() >= lowest_r
    if highest_rmsd is not None:
        assert rmsd.max() <= highest_rmsd
    if lowest_anomaly_r is not None:
        assert correlation(anomaly(ours), anomaly(theirs)).min() >= lowest_anomaly_r
    assert np.median(rmsd) <= median_rmsd


def test_annual_totals_follow_noahmp(hourly, noahmp):
    for name, share in (("et", 0.05), ("gpp", 0.12)):
        ratio = our_values(hourly, name).sum(axis=0) / reference_values(noahmp, name).sum(axis=0)
        assert np.abs(ratio - 1.0).max() <= share
    ours = (hourly.runoff + hourly.drainage).sum("time").values
    total = noahmp.SFCRNOFF + noahmp.UGDRNOFF
    theirs = (total.isel(time=-1) - total.isel(time=0)).values
    assert np.abs((ours - theirs) / hourly.precip.sum("time").values).max() <= 0.04


def test_at_half_an_hour_surface_soil_moisture_is_closer_still(noahmp, bondville):
    ds = reference_run(
        noahmp, bondville, 1800.0, 6
    )  # six cycles: soil water has long settled, soil carbon is not asked
    rmsd = np.sqrt(((our_values(ds, "ssm") - reference_values(noahmp, "ssm")) ** 2).mean(axis=0))
    assert rmsd.max() <= 0.006
    assert np.median(rmsd) <= 0.0025


def test_balances_close_over_two_years(hourly):
    assert hourly.residual_water_worst.max() <= 1e-9
    assert np.abs(hourly.residual_water_sum).max() <= 1e-6
    assert hourly.residual_carbon_worst.max() <= 1e-6
    assert hourly.residual_energy_worst.max() <= 1e-6
