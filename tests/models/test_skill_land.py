"""Scores of a land run against a tower's days."""

import numpy as np
import pytest
import xarray as xr

from models.skill.land import compare_days, score_lines


def days(first, values, **more):
    time = (np.datetime64(first) + np.arange(len(values))).astype("datetime64[ns]")
    rows = {"ssm": values, **more}
    return xr.Dataset({name: ("time", np.asarray(row, float)) for name, row in rows.items()}, {"time": time})


def test_only_days_that_both_have_and_that_are_good_are_compared():
    run = days("2004-01-01", [0.1, 0.2, 0.3, 0.4, 0.5])
    seen = days("2004-01-02", [0.3, 0.4, 0.5, np.nan], ssm_qc=[1.0, 1.0, 0.2, 1.0])
    score = compare_days(run, seen)["ssm"]
    assert int(score.n) == 2
    assert float(score.bias) == pytest.approx(-0.1)
    assert float(score.ubrmse) == pytest.approx(0.0, abs=1e-12)


def test_ecosystem_respiration_is_the_sum_of_both_and_what_was_not_observed_is_left_out():
    run = days("2004-01-01", [0.1, 0.2, 0.3], ra=[1.0, 2.0, 3.0], rh=[1.0, 1.0, 1.0], gpp=[5.0, 5.0, 5.0])
    seen = days("2004-01-01", [np.nan] * 3, reco=[2.0, 3.0, 4.5])
    table = compare_days(run.expand_dims("column"), seen)
    assert list(table) == ["reco"]
    assert float(table["reco"].rmse) == pytest.approx(np.sqrt(0.25 / 3.0))
    lines = score_lines(table, {"reco": "gC m-2 d-1"})
    assert lines[1].split()[0] == "reco"
    assert lines[1].split()[-1] == "3"


def test_nothing_in_common_gives_no_lines():
    assert compare_days(days("2004-01-01", [0.1, 0.2]), days("2010-01-01", [0.1, 0.2])) == {}
    assert score_lines({}, {}) == []
