"""Perturbations against their exact moments, the same for any chunk, and a control that takes their bias away."""

import itertools
import json

import numba
import numpy as np
import pytest

from models.assimilation.ensemble import center_on_control, forcing_memory, forcing_noise, state_noise
from models.assimilation.perturbations import (
    CENTERING,
    FORCING_CORRELATION,
    FORCING_PERTURBATIONS,
    STATE_CORRELATION,
    STATE_PERTURBATIONS,
    EnsembleOptions,
    rotation,
)
from models.kernel import spread
from models.normals import normals

LANES = 8
HOUR = 3600.0
CELLS = np.arange(60)
compiled = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="thousands of draws take minutes uncompiled")


def blocks(cells, members):
    return -(-cells * members // LANES)


def forcing(options, cells=CELLS, steps=240, dt=HOUR, chunks=None, parts=((0, None),)):
    """Perturbations as (field, step, cell, member), made in chunks of time and of cells."""
    out = np.full((steps, blocks(cells.size, options.members), 3, LANES), np.nan)
    memory = forcing_memory(options, cells)
    edges = [0, *(chunks or []), steps]
    for begin, end in itertools.pairwise(edges):
        for first, last in parts:
            forcing_noise(options, cells, begin, dt, memory, out[begin:end], first=first, last=last)
    flat = out.transpose(2, 0, 1, 3).reshape(3, steps, -1)[..., : cells.size * options.members]
    return flat.reshape(3, steps, cells.size, options.members)


def gaussian(options, noise):
    """Take factors and additions back to normals."""
    scales = dict(options.scales)
    z = np.empty_like(noise)
    for k, field in enumerate(FORCING_PERTURBATIONS):
        sd = field.sd * scales.get(field.name, 1.0)
        if field.kind == "factor":
            variance = np.log1p(sd * sd)
            z[k] = (np.log(noise[k]) + 0.5 * variance) / np.sqrt(variance)
        else:
            z[k] = noise[k] / sd
    return z


@pytest.fixture(scope="module")
def moments(shared):
    return json.loads((shared / "reference/assimilation/perturbation_moments.json").read_text())


@pytest.fixture(scope="module")
def table_2(shared):
    return json.loads((shared / "reference/assimilation/closed_form_kf.json").read_text())["table2"]


@pytest.fixture(scope="module")
def free():
    """Perturbations as drawn, without centring or control: the moments are then exact."""
    options = EnsembleOptions(control=False, centering="none")
    return options, forcing(options, steps=600)


def test_fields_are_those_of_the_papers_table(table_2):
    assert [p.sd for p in FORCING_PERTURBATIONS] == table_2["forcing_sd"]
    assert [p.sd for p in STATE_PERTURBATIONS] == table_2["state_sd"]
    np.testing.assert_array_equal(FORCING_CORRELATION, table_2["forcing_corr"])
    np.testing.assert_array_equal(STATE_CORRELATION, table_2["state_corr"])
    for correlation, values in ((FORCING_CORRELATION, "forcing"), (STATE_CORRELATION, "state")):
        root = rotation(correlation)
        np.testing.assert_allclose(root @ root.T, correlation, atol=1e-14)
        np.testing.assert_allclose(np.linalg.eigvalsh(correlation), table_2[f"{values}_eigenvalues"], atol=1e-12)


@compiled
def test_forcing_has_the_exact_moments_of_clipped_lognormals(free, moments):
    _, noise = free
    # 60 cells x 24 members, each worth 600 h / 47 h of independent draws: about 18,000; four standard errors.
    n = 18_000
    for field, sd in ((0, 0.3), (2, 0.5)):
        exact = next(m for m in moments["lognormal"] if m["sd_input"] == sd and m["clip"] == 2.5)
        assert noise[field].mean() == pytest.approx(exact["mean_after_clip"], abs=4 * sd / np.sqrt(n))
        assert noise[field].std() == pytest.approx(exact["sd_after_clip"], rel=4 * 1.5 / np.sqrt(2 * n))
        assert noise[field].min() == pytest.approx(exact["min"], rel=1e-12)
        assert noise[field].max() == pytest.approx(exact["max"], rel=1e-12)
    assert noise[1].std() == pytest.approx(50 * moments["clip_2p5_sd_factor_normal"], rel=4 / np.sqrt(2 * n))
    assert abs(noise[1].mean()) < 4 * 50 / np.sqrt(n)


@compiled
def test_share_of_cut_draws_is_that_of_a_normal_distribution(free, moments):
    z = gaussian(*free)
    share = (np.abs(z) > 2.5 - 1e-9).mean()
    assert share == pytest.approx(moments["prob_clipped"], rel=0.1)


@compiled
def test_correlations_hold_in_gaussian_space_and_are_weaker_between_factors(free, moments):
    z = gaussian(*free).reshape(3, -1)
    # The cut at 2.5 sd changes a correlation by less than 0.01.
    np.testing.assert_allclose(np.corrcoef(z), FORCING_CORRELATION, atol=0.03)
    actual = np.corrcoef(free[1].reshape(3, -1))
    exact = moments["correlation_of_multipliers"]
    assert actual[0, 2] == pytest.approx(exact["SW_P_actual"], abs=0.03)
    assert actual[0, 1] == pytest.approx(exact["SW_LW_actual"], abs=0.03)
    assert actual[1, 2] == pytest.approx(exact["LW_P_actual"], abs=0.03)


@compiled
@pytest.mark.parametrize(
    ("dt", "interval", "name"), [(900.0, 900.0, "dt_0.25h"), (HOUR, HOUR, "dt_1h"), (HOUR, 3 * HOUR, "dt_3h")]
)
def test_autoregression_has_the_coefficient_of_a_day(dt, interval, name, moments):
    options = EnsembleOptions(control=False, centering="none", forcing_interval=interval)
    hold = round(interval / dt)
    noise = forcing(options, steps=200 * hold, dt=dt)[1, ::hold]
    # Longwave is linear in its normal but for the cut; regress each draw on the one before.
    before, after = noise[:-1].reshape(-1), noise[1:].reshape(-1)
    phi = (before * after).sum() / (before**2).sum()
    assert phi == pytest.approx(moments["ar1"][name]["phi"], abs=0.01)


@compiled
def test_a_draw_is_held_for_its_interval():
    options = EnsembleOptions(forcing_interval=3 * HOUR)
    noise = forcing(options, steps=12)
    for draw in range(4):
        for hour in (1, 2):
            np.testing.assert_array_equal(noise[:, 3 * draw + hour], noise[:, 3 * draw])
    assert (noise[1, 3, :, :-1] != noise[1, 2, :, :-1]).all()


@compiled
def test_the_first_draw_has_the_full_variance():
    noise = forcing(EnsembleOptions(control=False, centering="none"), cells=np.arange(400), steps=1)
    assert noise[1].std() == pytest.approx(50 * 0.98872, rel=4 / np.sqrt(2 * 9600))


@compiled
@pytest.mark.parametrize(("members", "control"), [(12, False), (20, False), (24, False), (24, True), (50, False)])
def test_centring_shrinks_the_spread_as_it_should(members, control, moments):
    perturbed = members - control
    factor = moments["zero_mean_sd_factor"].get(str(perturbed), np.sqrt((perturbed - 1) / perturbed))
    cells = np.arange(6000 // members)
    as_lis = state_noise(EnsembleOptions(members=members, control=control, cap=10.0), cells, 0, HOUR)
    stretched = state_noise(
        EnsembleOptions(members=members, control=control, cap=10.0, centering="rescaled"), cells, 0, HOUR
    )
    z = as_lis[:, :, :perturbed] / np.array([p.sd for p in STATE_PERTURBATIONS])[:, None]
    np.testing.assert_allclose(z.mean(axis=2), 0.0, atol=1e-14)
    assert z.std() == pytest.approx(factor, rel=4 / np.sqrt(2 * z.size / 2.5))
    np.testing.assert_allclose(stretched, as_lis / np.sqrt((perturbed - 1) / perturbed), rtol=1e-12, atol=1e-18)


@compiled
def test_state_noise_has_the_papers_sd_and_correlation_and_is_white():
    options = EnsembleOptions(control=False, centering="none")
    draws = np.stack([state_noise(options, CELLS, 3 * k, HOUR) for k in range(40)])
    z = draws.transpose(2, 0, 1, 3).reshape(5, -1)
    n = z.shape[1]
    expected = np.array([p.sd for p in STATE_PERTURBATIONS]) * 0.98872
    np.testing.assert_allclose(z.std(axis=1), expected, rtol=4 / np.sqrt(2 * n))
    np.testing.assert_allclose(np.corrcoef(z), STATE_CORRELATION, atol=0.02)
    lag = np.corrcoef(draws[:-1, :, 0].reshape(-1), draws[1:, :, 0].reshape(-1))[0, 1]
    assert abs(lag) < 4 / np.sqrt(n)
    assert state_noise(options, CELLS, 1, HOUR) is None


@pytest.mark.parametrize("members", [4, 24, 27, 100])
@pytest.mark.parametrize("centering", CENTERING)
def test_the_control_is_untouched_and_the_others_have_its_mean(members, centering):
    options = EnsembleOptions(members=members, centering=centering)
    noise = forcing(options, cells=np.arange(5), steps=30)
    np.testing.assert_array_equal(noise[0, ..., -1], 1.0)
    np.testing.assert_array_equal(noise[1, ..., -1], 0.0)
    np.testing.assert_array_equal(noise[2, ..., -1], 1.0)
    np.testing.assert_allclose(noise[1, ..., :-1].mean(axis=-1), 0.0, atol=1e-12)
    if members > 4:
        # With three perturbed members a factor may reach its bound, 0.
        np.testing.assert_allclose(noise[[0, 2], ..., :-1].mean(axis=-1), 1.0, rtol=0, atol=1e-14)
    assert noise[[0, 2]].min() >= 0.0
    assert (state_noise(options, CELLS, 0, HOUR)[..., -1] == 0.0).all()


@pytest.mark.parametrize("members", [5, 24])
@pytest.mark.parametrize("hold", [1, 3])
def test_noise_does_not_depend_on_chunks_of_time_or_cells(members, hold):
    options = EnsembleOptions(members=members, forcing_interval=hold * HOUR)
    whole = forcing(options, cells=np.arange(7), steps=60)
    again = forcing(options, cells=np.arange(7), steps=60, chunks=[1, 20, 37], parts=((4, 7), (0, 1), (1, 4)))
    np.testing.assert_array_equal(again, whole)
    some = forcing(options, cells=np.array([2, 5]), steps=60)
    np.testing.assert_array_equal(some, whole[:, :, [2, 5]])


@compiled
def test_noise_is_the_same_on_any_number_of_threads():
    options = EnsembleOptions(members=9)
    cells = np.arange(40)
    alone, spread_out = (np.empty((48, blocks(40, 9), 3, LANES)) for _ in range(2))
    forcing_noise(options, cells, 0, HOUR, forcing_memory(options, cells), alone)
    memory = forcing_memory(options, cells)

    def work(first, last):
        forcing_noise(options, cells, 0, HOUR, memory, spread_out, first=first, last=last)

    spread(work, cells.size, chunk=3)
    np.testing.assert_array_equal(spread_out, alone)


@compiled
def test_runs_that_differ_in_one_setting_share_their_normals():
    small, large = EnsembleOptions(), EnsembleOptions(scales=(("sw_down", 2.0),))
    a, b = forcing(small, steps=24), forcing(large, steps=24)
    np.testing.assert_array_equal(a[1:], b[1:])
    # Before the bias is removed, a factor of another sd is a monotonous function of the same normal.
    order = a[0, ..., :-1].argsort(axis=-1)
    np.testing.assert_array_equal(b[0, ..., :-1].argsort(axis=-1), order)
    other = forcing(EnsembleOptions(seed=2), steps=24)
    assert abs(np.corrcoef(a[1].reshape(-1), other[1].reshape(-1))[0, 1]) < 0.1


def test_a_scale_of_0_switches_a_perturbation_off():
    options = EnsembleOptions(scales=(("sw_down", 0.0), ("sm1", 0.0)))
    noise = forcing(options, cells=np.arange(3), steps=5)
    np.testing.assert_array_equal(noise[0], 1.0)
    assert noise[2].std() > 0.1
    assert (state_noise(options, CELLS, 0, HOUR)[:, 0] == 0.0).all()


def test_lanes_beyond_the_last_column_repeat_it():
    options = EnsembleOptions(members=5)
    out = np.full((6, 1, 3, LANES), np.nan)
    cells = np.array([4])
    forcing_noise(options, cells, 0, HOUR, forcing_memory(options, cells), out)
    np.testing.assert_array_equal(out[..., 5:], np.repeat(out[..., 4:5], 3, axis=-1))


def toy(steps, correct):
    """Members of a bucket that drains as a high power of its water, with noise each step; the last has none."""
    noise = 0.02 * normals(1, 5, np.arange(1), np.arange(steps), 1, 24)[0]
    x = np.full((1, 1, 24), 0.3)
    low, high = np.full((1, 1), -np.inf), np.full((1, 1), np.inf)
    gaps = []
    for k in range(steps):
        x += 0.004 - 0.5 * np.abs(x) ** 4
        x[0, 0, :-1] += noise[k, 0, :-1]
        if correct:
            center_on_control(0, 1, low, high, x)
        gaps.append(x[0, 0, :-1].mean() - x[0, 0, -1])
    return np.array(gaps), x[0, 0, -1]


def test_the_correction_keeps_the_mean_on_the_control_where_nonlinear_drainage_would_move_it():
    drifting, control = toy(300, correct=False)
    held, same = toy(300, correct=True)
    np.testing.assert_allclose(held, 0.0, atol=1e-15)
    assert control == same
    # Noise drains more than it fills: the uncorrected mean falls well below the control.
    assert drifting[100:].mean() < -0.01


def test_members_pushed_out_of_bounds_take_the_controls_value_and_the_mean_still_holds():
    x = np.array([[[0.020, 0.021, 0.30, 0.35, 0.05]]])
    low, high = np.full((1, 1), 0.02), np.full((1, 1), 0.40)
    center_on_control(0, 1, low, high, x)
    assert x[0, 0, -1] == 0.05
    assert x.min() >= 0.02
    assert x[0, 0, :-1].mean() == pytest.approx(0.05, abs=1e-15)
    assert (x[0, 0, :2] == 0.05).all()


def test_a_control_beyond_its_bound_leaves_all_members_within_theirs():
    x = np.array([[[0.1, 0.2, 0.3, 0.6]]])
    center_on_control(0, 1, np.full((1, 1), 0.02), np.full((1, 1), 0.45), x)
    assert (x[0, 0, :-1] <= 0.45).all()
    assert x[0, 0, -1] == 0.6


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"members": 1}, "4 to 100"),
        ({"members": 101}, "4 to 100"),
        ({"members": 24.0}, "members"),
        ({"seed": -1}, "seed"),
        ({"forcing_interval": 0.0}, "forcing_interval"),
        ({"state_interval": 1e6}, "state_interval"),
        ({"centering": "mean"}, "'lis'"),
        ({"tau": -1.0}, "tau"),
        ({"cap": np.nan}, "cap"),
        ({"scales": (("snow", 1.0),)}, "snow"),
        ({"scales": (("lai", -1.0),)}, "scale of lai"),
    ],
)
def test_a_wrong_setting_is_named(settings, message):
    with pytest.raises(ValueError, match=message):
        EnsembleOptions(**settings)


def test_an_interval_that_does_not_fit_the_time_step_is_named():
    options = EnsembleOptions(forcing_interval=1.5 * HOUR)
    with pytest.raises(ValueError, match=r"forcing_interval.*multiple of the time step"):
        options.hold("forcing", HOUR)
    assert options.hold("forcing", 3 * HOUR) == 1


def test_too_small_an_array_is_named():
    options = EnsembleOptions()
    with pytest.raises(ValueError, match="1440 columns need"):
        forcing_noise(options, CELLS, 0, HOUR, forcing_memory(options, CELLS), np.empty((2, 10, 3, LANES)))


def test_a_correlation_that_no_numbers_can_have_is_named():
    with pytest.raises(ValueError, match="negative eigenvalue"):
        rotation(((1.0, 0.9, 0.0), (0.9, 1.0, 0.9), (0.0, 0.9, 1.0)))
    with pytest.raises(ValueError, match="not a symmetric matrix"):
        rotation(((1.0, 0.5), (0.4, 1.0)))
