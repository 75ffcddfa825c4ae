"""Indices against functions whose indices are known, and against SALib."""

import numpy as np
import pytest

from models.kernel import Cancelled
from models.skill.sensitivity import morris, one_at_a_time, sobol


def ishigami(x, a=7.0, b=0.1):
    return np.sin(x[0]) + a * np.sin(x[1]) ** 2 + b * x[2] ** 4 * np.sin(x[0])


LOW, HIGH = [-np.pi] * 3, [np.pi] * 3


def test_sobol_indices_of_the_ishigami_function_are_its_exact_ones():
    result = sobol(ishigami, LOW, HIGH, samples=1024)
    np.testing.assert_allclose(result.first, [0.3139, 0.4424, 0.0], atol=0.03)
    np.testing.assert_allclose(result.total, [0.5576, 0.4424, 0.2437], atol=0.03)
    assert (result.total_low <= result.total).all()
    assert (result.total <= result.total_high).all()
    assert result.evaluations == 1024 * 5
    spread = np.abs(result.total_by_size - result.total).max(axis=1)
    assert spread[-1] == 0 < spread[0]
    assert spread[-2] < spread[0]


def test_sobol_agrees_with_salib_within_the_confidence_of_both():
    pytest.importorskip("SALib", reason="SALib is not here.")
    from SALib.analyze import sobol as analyze
    from SALib.sample import sobol as sample

    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [list(p) for p in zip(LOW, HIGH, strict=True)]}
    points = sample.sample(problem, 512, calc_second_order=False, seed=3)
    theirs = analyze.analyze(problem, np.array([ishigami(p) for p in points]), calc_second_order=False, seed=3)
    ours = sobol(ishigami, LOW, HIGH, samples=512)
    for name, mine, low, high in (
        ("S1", ours.first, ours.first_low, ours.first_high), ("ST", ours.total, ours.total_low, ours.total_high),
    ):  # fmt: skip
        both = theirs[f"{name}_conf"] + (high - low) / 2 + 1e-6
        assert (np.abs(mine - theirs[name]) <= both).all()


def test_morris_effects_of_a_linear_function_are_its_slopes():
    result = morris(lambda x: 3 * x[0] - 2 * x[1] + 0 * x[2], [0, 0, 0], [1, 2, 1], trajectories=5)
    np.testing.assert_allclose(result.mean, [3, -4, 0], atol=1e-12)
    np.testing.assert_allclose(result.mean_abs, [3, 4, 0], atol=1e-12)
    np.testing.assert_allclose(result.std, 0, atol=1e-12)
    assert result.evaluations == 20


def test_a_tornado_is_sorted_by_reach_and_keeps_its_base():
    result = one_at_a_time(lambda x: x[0] + 10 * x[1], [1, 1], [0, 0], [2, 3])
    assert result.order.tolist() == [1, 0]
    assert result.base == 11
    np.testing.assert_allclose(result.low, [10, 1])
    np.testing.assert_allclose(result.high, [12, 31])


def test_morris_agrees_with_salib_on_the_same_function():
    pytest.importorskip("SALib", reason="SALib is not here.")
    from SALib.analyze import morris as analyze
    from SALib.sample import morris as sample

    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [list(p) for p in zip(LOW, HIGH, strict=True)]}
    points = sample.sample(problem, 400, num_levels=4, seed=3)
    theirs = analyze.analyze(problem, points, np.array([ishigami(p) for p in points]), num_levels=4, seed=3)
    ours = morris(ishigami, LOW, HIGH, trajectories=400)
    both = np.asarray(theirs["mu_star_conf"]) + ours.confidence + 1e-6
    assert (np.abs(ours.mean_abs - np.asarray(theirs["mu_star"])) <= both).all()
    np.testing.assert_allclose(ours.std, np.asarray(theirs["sigma"]), rtol=0.15)


def test_a_cancelled_run_keeps_its_whole_rows_and_trajectories():
    seen = []
    asked = iter(range(10_000))

    def stop_after(n):
        return lambda: next(asked) >= n

    part = sobol(ishigami, LOW, HIGH, samples=1024, cancelled=stop_after(103), partial=seen.append)
    assert part.evaluations == 100  # 20 rows of 5, and the three evaluations of a row that was cut
    assert not part.complete
    assert [one.sizes[-1] for one in seen] == [8, 16]
    whole = sobol(ishigami, LOW, HIGH, samples=1024)
    np.testing.assert_allclose(part.total_by_size[0], whole.total_by_size[0], rtol=1e-12)
    asked = iter(range(10_000))
    part = morris(ishigami, LOW, HIGH, trajectories=50, cancelled=stop_after(18))
    assert (part.evaluations, part.complete) == (16, False)
    asked = iter(range(10_000))
    part = one_at_a_time(ishigami, [0.1] * 3, LOW, HIGH, cancelled=stop_after(4))
    assert part.order[0] == 0
    assert np.isnan(part.low[1:]).all()
    asked = iter(range(10_000))
    with pytest.raises(Cancelled):
        sobol(ishigami, LOW, HIGH, samples=16, cancelled=stop_after(20))


def test_ranges_and_sizes_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="low below high"):
        one_at_a_time(sum, [1], [2], [2])
    with pytest.raises(ValueError, match="samples = 100"):
        sobol(ishigami, LOW, HIGH, samples=100)
    with pytest.raises(ValueError, match="levels = 3"):
        morris(ishigami, LOW, HIGH, levels=3)
