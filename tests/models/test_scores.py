"""Scores against closed forms and against numpy."""

import numpy as np
import pytest
import xarray as xr

from models.skill.scores import (
    SEASONS,
    bias,
    compare_with_tower,
    correlation,
    count,
    rmse,
    score_table,
    scores,
    seasons_of,
    unbiased_rmse,
)


@pytest.fixture
def pair():
    random = np.random.default_rng(3)
    x = random.normal(size=(400, 5))
    y = 0.6 * x + random.normal(size=(400, 5)) + 2.0
    y[random.random(y.shape) < 0.1] = np.nan
    x[random.random(x.shape) < 0.1] = np.nan
    return x, y


def test_scores_agree_with_numpy_column_by_column(pair):
    x, y = pair
    s = scores(x, y)
    for k in range(x.shape[1]):
        held = np.isfinite(x[:, k]) & np.isfinite(y[:, k])
        a, b = x[held, k], y[held, k]
        np.testing.assert_allclose(s.r[k], np.corrcoef(a, b)[0, 1], rtol=1e-12)
        np.testing.assert_allclose(s.rmse[k], np.sqrt(np.mean((a - b) ** 2)), rtol=1e-12)
        np.testing.assert_allclose(s.ubrmse[k], np.std(a - b), rtol=1e-12)
        np.testing.assert_allclose(s.bias[k], a.mean() - b.mean(), rtol=1e-12)
        assert s.n[k] == held.sum()


def test_rmse_splits_into_bias_and_unbiased_part(pair):
    s = scores(*pair)
    np.testing.assert_allclose(s.rmse**2, s.bias**2 + s.ubrmse**2, rtol=1e-12)


def test_single_scores_are_the_same_numbers(pair):
    s = scores(*pair)
    for name, function in zip(s._fields, (correlation, rmse, unbiased_rmse, bias, count), strict=True):
        np.testing.assert_array_equal(getattr(s, name), function(*pair))


def test_a_linear_relation_has_a_closed_form():
    y = np.arange(11.0)
    s = scores(3.0 * y - 1.0, y)
    assert s.r == pytest.approx(1.0)
    assert s.bias == pytest.approx(2 * y.mean() - 1.0)
    assert s.ubrmse == pytest.approx(2.0 * np.std(y))
    assert scores(-y, y).r == pytest.approx(-1.0)


def test_a_sine_against_itself_shifted_has_the_cosine_of_the_shift():
    t = np.arange(360) * 2 * np.pi / 360
    for shift in (0.3, 1.2, 2.5):
        assert correlation(np.sin(t + shift), np.sin(t)) == pytest.approx(np.cos(shift), abs=1e-12)
        assert rmse(np.sin(t + shift), np.sin(t)) == pytest.approx(np.sqrt(1 - np.cos(shift)), abs=1e-12)


def test_a_large_bias_does_not_spoil_the_unbiased_part():
    y = np.array([0.0, 1.0, 0.0, 1.0])
    assert unbiased_rmse(y * 2 + 1e8, y) == pytest.approx(0.5, rel=1e-6)  # differences are exact to 1e-8


def test_what_cannot_be_scored_is_nan():
    nothing = scores(np.array([np.nan, 1.0]), np.array([1.0, np.nan]))
    assert nothing.n == 0
    assert np.isnan([nothing.r, nothing.rmse, nothing.ubrmse, nothing.bias]).all()
    one = scores(np.array([1.0, np.nan]), np.array([3.0, 1.0]))
    assert (one.n, one.bias, one.rmse) == (1, -2.0, 2.0)
    assert np.isnan([one.r, one.ubrmse]).all()
    constant = scores(np.full(5, 0.1), np.arange(5.0))
    assert np.isnan(constant.r)
    assert np.isfinite(constant.ubrmse)


def test_the_inputs_are_not_written_to(pair):
    before = [a.copy() for a in pair]
    scores(*pair)
    for a, b in zip(pair, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_groups_are_scored_apart():
    time = np.arange("2001-01", "2003-01", dtype="datetime64[D]")
    obs = np.sin(np.arange(time.size) / 20)
    seasons = seasons_of(time)
    sim = obs + np.where(seasons == "JJA", 1.0, 0.0)
    table = score_table(sim, obs, seasons)
    assert table["JJA"].bias == pytest.approx(1.0)
    assert table["DJF"].bias == pytest.approx(0.0)
    assert table["JJA"].n == 2 * 92
    assert table["all"].n == sum(table[name].n for name in SEASONS)
    with pytest.raises(ValueError, match="same length"):
        score_table(sim, obs[1:])


def test_seasons_are_those_of_the_months():
    months = np.arange("2001-01", "2002-01", dtype="datetime64[M]")
    assert seasons_of(months).tolist() == ["DJF"] * 2 + ["MAM"] * 3 + ["JJA"] * 3 + ["SON"] * 3 + ["DJF"]


def run_and_tower(first="2001-01-01"):
    time = np.datetime64(first, "ns") + np.arange(400) * np.timedelta64(1, "D")
    gpp = 5.0 + np.sin(np.arange(400) / 30)
    run = {"gpp": gpp + 1.0, "ra": 0.5 * gpp, "rh": 0.3 * gpp, "nee": -0.2 * gpp}
    result = xr.Dataset({name: (("cell", "time"), v[None]) for name, v in run.items()}, {"time": time, "cell": [0]})
    tower = {"gpp": gpp, "reco": 0.8 * gpp, "gpp_qc": np.where(np.arange(400) < 100, 0.2, 1.0)}
    observed = xr.Dataset({n: (("time", "site"), v[:, None]) for n, v in tower.items()}, {"time": time, "site": ["a"]})
    return result, observed


def test_a_run_is_compared_with_its_tower_day_by_day():
    result, tower = run_and_tower()
    table = compare_with_tower(result.isel(time=slice(50, None)), tower)
    gpp = table.sel(variable="gpp", season="all")
    assert (float(gpp.n), float(gpp.bias), float(gpp.r)) == (300, pytest.approx(1.0), pytest.approx(1.0))
    assert float(compare_with_tower(result, tower, min_quality=None).n.sel(variable="gpp", season="all")) == 400
    assert float(table.rmse.sel(variable="reco", season="all")) == pytest.approx(0.0, abs=1e-12)  # ra + rh
    assert float(table.n.sel(variable="nee", season="all")) == 0
    assert table["bias"].attrs["units"] == "gC m-2 d-1"


def test_a_comparison_without_common_ground_says_so():
    result, tower = run_and_tower()
    with pytest.raises(ValueError, match=r"2001-01-01 to .* no day in common"):
        compare_with_tower(result, run_and_tower("2010-01-01")[1])
    with pytest.raises(ValueError, match="none of gpp, reco, nee"):
        compare_with_tower(result, tower[["gpp_qc"]])
