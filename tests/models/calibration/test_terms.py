"""Terms of a calibration: derivatives against differences, values against the whole model's run."""

import os

import numpy as np
import pytest
import xarray as xr

from models.calibration.cost import simulate
from models.calibration.sites import DAILY, QualityRules, box_filtered, site_days
from models.calibration.terms import NAMES, gpp_of_days, kmult_of_days, steady_rh
from models.experiment import Experiment, run
from models.l4c.bplut import load_bplut
from models.variables import VARIABLES
from tests.models.calibration.twins import observed_by, truth, virtual_site

DAYS = 400 if os.environ.get("NUMBA_DISABLE_JIT") == "1" else 730


def drivers_of(site) -> xr.Dataset:
    ds = xr.Dataset(
        {n: (("cell", "time"), site.drivers[None, :, i], VARIABLES[n].cf_attrs) for i, n in enumerate(DAILY)},
        {"time": site.time.astype("datetime64[ns]"), "cell": [0]},
    )
    ds["pft"] = ("cell", [site.pft])
    return ds


@pytest.mark.parametrize("soil", ["effective", "fitted", "steady"])
def test_derivatives_of_fluxes_agree_with_differences(soil):
    params = np.array(truth(), float)
    site = observed_by(virtual_site("A", 1, days=DAYS), params, noise=0.2)
    ours = simulate(site, params, soil)
    for name in (
        "lue_max",
        "tmin_high",
        "vpd_high",
        "smrz_high",
        "f_aut",
        "tsoil_beta",
        "smsf_high",
        "k_fast",
        "f_med",
    ):
        i = NAMES.index(name)
        step = 1e-6 * abs(params[i])
        up, down = params.copy(), params.copy()
        up[i] += step
        down[i] -= step
        a, b = simulate(site, up, soil), simulate(site, down, soil)
        for flux in ("gpp", "reco", "nee"):
            difference = (getattr(a, flux) - getattr(b, flux)) / (2 * step)
            slope = getattr(ours, f"d_{flux}")[:, i]
            # A day within the step of a ramp's limit has two slopes; such days are rare.
            close = np.abs(difference - slope) <= 1e-5 * max(np.abs(slope).max(), 1e-9)
            assert close.mean() > 0.99, (name, flux)


def test_a_steady_soil_and_its_fluxes_are_those_of_the_whole_model():
    site = virtual_site("A", 2, days=DAYS)
    experiment = Experiment(dataset="file").with_parameters("GRS", lue_max=1.9)
    from dataclasses import replace

    experiment = replace(experiment, l4c=replace(experiment.l4c, spin_up="experiment"))
    result = run(experiment, drivers_of(site))
    ours = simulate(site, np.array(experiment.l4c.table()["GRS"], float), "steady")
    np.testing.assert_allclose(ours.gpp, result["gpp"][0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(ours.nee, result["nee"][0], rtol=1e-9, atol=1e-10)


def test_a_record_that_lacks_days_of_the_calendar_has_no_steady_state():
    site = virtual_site("A", 1, days=200)
    with pytest.raises(ValueError, match="lacks 165 of 365"):
        steady_rh(site.drivers, site.time, np.array(load_bplut()["GRS"], float))


def test_multipliers_are_within_their_bounds_and_values_are_the_equations():
    site = virtual_site("A", 1, days=100)
    params = np.array(load_bplut()["GRS"], float)
    km, _ = kmult_of_days(site.drivers, params)
    gpp, slopes = gpp_of_days(site.drivers, params)
    assert km.min() >= 0
    assert km.max() <= 1
    np.testing.assert_allclose(slopes[:, 0] * params[0], gpp, rtol=1e-12)  # GPP is proportional to its efficiency


def test_box_filter_keeps_the_mean_and_leaves_gaps_as_gaps():
    x = np.array([1.0, 2.0, np.nan, 4.0, 8.0, 4.0])
    np.testing.assert_allclose(box_filtered(x), [4 / 3, 5 / 3, np.nan, 16 / 3, 6.0, 16 / 3])


def test_days_are_taken_by_the_rules_of_quality():
    site = virtual_site("A", 1, days=50)
    flux = np.full((50, 1), 3.0)
    flux[3], flux[4] = -2.0, 1e3
    quality = np.ones((50, 1))
    quality[7] = 0.2
    tower = xr.Dataset(
        {"gpp": (("time", "site"), flux), "nee_qc": (("time", "site"), quality)},
        {"time": site.time.astype("datetime64[ns]"), "site": ["XX-Abc"]},
    )
    taken = site_days(drivers_of(site), tower, QualityRules(smooth=False, outlier_std=3.0))
    dark = site.drivers[:, 0] * site.drivers[:, 1] < 0.1
    left_out = np.flatnonzero(~np.isfinite(taken.observed["gpp"]) & ~dark)
    assert left_out.tolist() == [i for i in (3, 4, 7) if not dark[i]]
    assert taken.count("reco") == 0
    with pytest.raises(ValueError, match="min_quality"):
        QualityRules(min_quality=2.0)
