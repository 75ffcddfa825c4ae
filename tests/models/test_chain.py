"""From a land run to the drivers of L4C: wetness of the soil's pores, leaves that change f_PAR, one climatology."""

import numpy as np
import pytest
import xarray as xr

from models.chain import carbon_drivers, smoothed_year
from models.l4c.drivers import driver_values

DAYS = 365


def drivers(fpar=0.5):
    """Drivers of two cells."""
    time = np.datetime64("2015-01-01") + np.arange(DAYS)
    field = (("cell", "time"), np.full((2, DAYS), fpar), {"units": "1"})
    return xr.Dataset({"fpar": field}, coords={"time": time, "cell": [0, 1]})


def land(**changed):
    """A land run of two cells that does not change."""
    values = {"ssm": 0.2, "rzsm": 0.3, "t_soil": 285.0, "frozen": 0.0, "lai": 2.0, "lai_reference": 2.0} | changed
    fields = {name: np.full((2, DAYS), value) for name, value in values.items()}
    return fields | {"porosity": np.array([0.4, 0.5]), "smrz_limits": (np.full(2, 10.0), np.full(2, 90.0))}


def test_wetness_is_the_share_of_the_pores_that_holds_water():
    made = carbon_drivers(drivers(), **land())
    np.testing.assert_allclose(made["smsf"].values[:, 0], [50.0, 40.0])
    np.testing.assert_allclose(made["smrz"].values[:, 0], [75.0, 60.0])
    for name in ("smsf", "smrz", "t_soil", "frozen"):
        assert driver_values(made, name).shape == (2, DAYS), "units that L4C accepts"


def test_equal_leaves_leave_f_par_alone_and_more_leaves_raise_it_by_beer_s_law():
    same = carbon_drivers(drivers(), **land())
    np.testing.assert_allclose(same["fpar"].values, 0.5)
    more = carbon_drivers(drivers(), **land(lai=3.0))
    np.testing.assert_allclose(more["fpar"].values, 0.5 * (1 - np.exp(-1.5)) / (1 - np.exp(-1.0)))
    hardly_any = carbon_drivers(drivers(), **land(lai=3.0, lai_reference=1e-6))
    assert hardly_any["fpar"].max() <= 0.98


def test_a_climatology_keeps_the_mean_and_joins_december_to_january():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(3, DAYS))
    smooth = smoothed_year(values)
    np.testing.assert_allclose(smooth.mean(axis=1), values.mean(axis=1))
    around = np.concatenate([values[:, -15:], values[:, :16]], axis=1)
    np.testing.assert_allclose(smooth[:, 0], around.mean(axis=1))
    with pytest.raises(ValueError, match="odd number"):
        smoothed_year(values, 30)


def test_other_days_than_the_drivers_are_refused():
    with pytest.raises(ValueError, match="365 days and the drivers have 364"):
        carbon_drivers(drivers().isel(time=slice(364)), **land())
