"""Diagnostics against exact values of a scalar filter with wrong errors, and the sentences they lead to."""

import json
from itertools import product

import numba
import numpy as np
import pytest

from models.assimilation.accumulate import accumulate
from models.assimilation.diagnostics import cell_diagnostic, diagnose, diagnose_series
from models.assimilation.verdict import verdict

SERIES, LENGTH, WARM_UP = 100, 2000, 100
compiled = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="hundreds of thousands of steps take minutes uncompiled"
)


def run_filter(case: dict, seed: int = 1) -> dict[str, np.ndarray]:
    """Run the steady filter of a case on many series of its truth."""
    rng = np.random.default_rng(seed)
    q, r = np.sqrt(case["q"]), np.sqrt(case["r"])
    truth, analysis = np.zeros(SERIES), np.zeros(SERIES)
    kept = []
    for _ in range(LENGTH + WARM_UP):
        truth = case["a"] * truth + rng.normal(0.0, q, SERIES)
        observed, forecast = truth + rng.normal(0.0, r, SERIES), case["a"] * analysis
        analysis = forecast + case["K"] * (observed - forecast)
        kept.append((observed, forecast, analysis, truth))
    names = ("observed", "forecast", "analysis", "truth")
    series = dict(zip(names, np.array(kept)[WARM_UP:].transpose(1, 2, 0), strict=True))
    return series | {"hpht": case["P_f_assumed"], "r": case["r_assumed"]}


@pytest.fixture(scope="module")
def cases(shared):
    """Nine filters: q and r assumed a fourth, right, four times."""
    path = shared / "reference" / "assimilation" / "closed_form_innovation_diagnostics.json"
    return json.loads(path.read_text())["cases"]


@compiled
def test_the_table_of_a_scalar_filter_is_reproduced(cases):
    # 200,000 innovations: their sd and the diagnosed variances are known to about 1 %, correlations to 0.005.
    for case in cases:
        found = diagnose_series(run_filter(case))
        assert found.normalised_std == pytest.approx(case["norm_innov_sd"], rel=0.01)
        assert found.lag1 == pytest.approx(case["innov_lag1_autocorr"], abs=0.01)
        assert found.autocorrelation[1] == pytest.approx(case["innov_lag2_autocorr"], abs=0.01)
        assert found.desroziers_r == pytest.approx(case["desroziers_R"], rel=0.02)
        assert found.desroziers_hpht == pytest.approx(case["desroziers_HPHt"], rel=0.02)
        assert found.spread_skill == pytest.approx(case["spread_over_rmse_f"], rel=0.02)


WORDS = {
    (0.25, 0.25): "errors are assumed too small",
    (0.25, 1.0): "the ensemble spread is too small",
    (0.25, 4.0): "observation error is assumed too large and the ensemble spread too small",
    (1.0, 0.25): "the observation error is assumed too small",
    (1.0, 1.0): "The filter is consistent",
    (1.0, 4.0): "the observation error is assumed too large",
    (4.0, 0.25): "ensemble spread is too large and the observation error assumed too small",
    (4.0, 1.0): "the ensemble spread is too large",
    (4.0, 4.0): "errors are assumed too large",
}


def test_each_wrong_filter_is_told_what_is_wrong_with_it(cases):
    assert {(round(c["q_assumed"] / c["q"], 2), round(c["r_assumed"] / c["r"], 2)) for c in cases} == set(
        product((0.25, 1.0, 4.0), repeat=2)
    )
    for case in cases:
        key = (round(case["q_assumed"] / case["q"], 2), round(case["r_assumed"] / case["r"], 2))
        assert WORDS[key] in verdict(case["norm_innov_sd"], case["innov_lag1_autocorr"]), key


def test_few_observations_and_biases_are_said():
    assert verdict(1.0, 0.0, count=12).startswith("Too few observations to judge: 12")
    assert "a bias to remove first" in verdict(1.0, 0.0, count=100, mean=0.6)
    assert verdict(np.nan, np.nan, count=100).startswith("There is nothing to judge")


def test_gaps_do_not_count_as_observations():
    rng = np.random.default_rng(3)
    full = {name: rng.normal(size=(1, 400)) for name in ("observed", "forecast", "analysis")}
    gaps = {name: np.full((1, 900), np.nan) for name in full}
    at = np.sort(rng.choice(900, 400, replace=False))
    for name, values in full.items():
        gaps[name][:, at] = values
    more = {"hpht": 1.0, "r": 1.0}
    dense, sparse = diagnose_series(full | more), diagnose_series(gaps | more)
    assert sparse.count == 400
    np.testing.assert_array_equal(sparse.autocorrelation, dense.autocorrelation)


@compiled
def test_monthly_sums_add_up_to_those_of_the_whole(result):
    sums = result.sums("ssm")
    whole = diagnose(sums)
    log = result.logs["ssm"]
    d = (log.observed - log.forecast).astype(float)
    z = d / np.sqrt(log.hpht.astype(float) + log.r)
    there = np.isfinite(d)
    assert whole.count == there.sum()
    assert whole.innovation_std == pytest.approx(np.nanstd(d), rel=1e-9)
    assert whole.normalised_std == pytest.approx(np.nanstd(z), rel=1e-9)
    residual = (log.observed - log.analysis).astype(float)
    assert whole.desroziers_r == pytest.approx(np.nanmean(residual * d), rel=1e-9)
    assert sums.reasons.sum() == log.reason.size
    assert whole.ranks.sum() == there.sum()


@compiled
def test_lags_go_over_the_ends_of_months(result):
    sums = result.sums("ssm")
    per_cell = sums.over_months()
    counts, pairs = per_cell["n"][:, 0], per_cell["pairs_1"][:, 0]
    np.testing.assert_array_equal(pairs, np.maximum(counts - 1, 0))


@compiled
def test_a_month_is_a_part_of_the_sums(result):
    june = result.diagnostic("ssm", "count", 6)
    parts = sum(result.diagnostic("ssm", "count", month) for month in (5, 6, 7))
    np.testing.assert_array_equal(parts, result.diagnostic("ssm", "count"))
    assert (june > 0).all()
    assert cell_diagnostic(accumulate(result.logs["ssm"], result.days, 12), "count").shape == (12, 3)
