"""What a result says: fields, seasons, skill, and the file it is saved as."""

import numba
import numpy as np
import pytest
import xarray as xr

from models.assimilation.command import assimilate_to_file, labelled
from models.assimilation.result import EXPERIMENTS, in_month
from models.experiment import Experiment
from tests.models.assimilation.conftest import experiment, small_world

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="an ensemble over months needs compiled kernels")


def test_means_of_months_are_those_of_their_days(result):
    for run in EXPERIMENTS:
        days = result.daily("ssm", run)
        june = np.flatnonzero(result.days.astype("datetime64[M]") == np.datetime64("2015-06"))
        np.testing.assert_allclose(result.field("ssm", "mean", run, 6), days[:, june].mean(axis=1), rtol=1e-6)
    difference = result.field("ssm", "mean", "difference", "JJA")
    parts = [result.field("ssm", "mean", run, "JJA") for run in ("analysis", "open_loop")]
    np.testing.assert_allclose(difference, parts[0] - parts[1])


def test_impact_is_the_distance_of_analysis_and_open_loop(result):
    impact = result.field("rzsm", "impact")
    expected = np.sqrt(np.mean(result.daily("rzsm", "difference").astype(float) ** 2, axis=1))
    np.testing.assert_allclose(impact, expected)


def test_observations_take_away_spread(result):
    assert (result.field("ssm", "spread", "analysis") < result.field("ssm", "spread", "open_loop")).all()
    # The range of 12 normal members is 3.26 sds.
    ratio = result.field("ssm", "range", "open_loop") / result.field("ssm", "spread", "open_loop")
    assert ratio.mean() == pytest.approx(3.26, abs=0.15)


def test_the_truth_agrees_with_itself(result):
    np.testing.assert_array_equal(result.field("ssm", "rmsd", "truth"), 0.0)
    np.testing.assert_allclose(result.field("ssm", "r_anom", "truth"), 1.0)


def test_days_outside_the_period_give_nothing(result):
    assert np.isnan(result.field("ssm", "mean", "analysis", 1)).all()
    with pytest.raises(ValueError, match="month = 13"):
        in_month(result.days, 13)
    with pytest.raises(KeyError, match="no statistic 'kurtosis'"):
        result.field("ssm", "kurtosis")
    with pytest.raises(KeyError, match="'t_soil' has no 'spread'"):
        result.daily("t_soil", "analysis", "spread")
    with pytest.raises(KeyError, match="no sensor 'vod'; it has ssm, lai, tb_h"):
        result.diagnostics("vod")
    with pytest.raises(KeyError, match="There is no diagnostic 'beauty'"):
        result.diagnostic("ssm", "beauty")


def test_skill_tells_medians_shares_and_significance(result):
    ds = result.skill("ssm")
    assert ds["r_anom"].dims == ("experiment", "cell")
    assert ds.attrs["r_anom_median_change"] > 0.0
    assert ds.attrs["r_anom_share_improved"] >= 0.8
    assert "synthetic" in ds.attrs["against"]


def test_increments_of_two_sensors_are_compared_on_days_with_both(result):
    found = result.increment_correlation("ssm", "lai", "lai")
    assert found.shape == (12,)
    assert np.isnan(found).all()  # soil moisture does not update leaf area


def test_a_saved_result_carries_its_experiment_and_says_that_it_is_synthetic(result, tmp_path):
    saved = experiment(sensors={"ssm": {}, "lai": {}, "tb_h": {"use": "monitor"}})
    ds = labelled(result, saved)
    path = tmp_path / "result.nc"
    ds.to_netcdf(path, engine="h5netcdf")
    with xr.open_dataset(path, engine="h5netcdf") as again:
        assert Experiment.from_attrs(again.attrs) == saved
        assert again.attrs["source"].startswith("synthetic")
        assert again["ssm_obs_reason"].attrs["flag_meanings"].split()[0] == "used"
        assert again["ssm_analysis"].attrs["units"] == "m3 m-3"
        np.testing.assert_array_equal(again["ssm_obs_forecast"].values, result.logs["ssm"].forecast)


def test_a_run_to_a_file_says_what_came_of_it(tmp_path):
    plan = experiment(period=("2015-05-01", "2015-05-20"))
    written = assimilate_to_file(plan, small_world(8), tmp_path / "out.zarr")
    assert written.cells == 8
    assert written.steps == 20
    assert written.notes[0].startswith("ssm: ")
    with xr.open_zarr(tmp_path / "out.zarr") as ds:
        assert ds.attrs["complete"] == 1
