"""The whole cycle: a twin that works, noise that has names, cancel and resume, cells in full."""

import threading
from dataclasses import replace

import numba
import numpy as np
import pytest

from models.assimilation.record import REASONS
from models.assimilation.run import estimate, run_assimilation
from models.assimilation.run_ensemble import Ensemble
from models.assimilation.twin import prepare_twin
from models.assimilation.warm import warm
from models.kernel import Cancelled
from models.regions import Region
from tests.models.assimilation.conftest import CELLS, choices, experiment, small_world, twin_of

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="an ensemble over months needs compiled kernels")


def updates(result, name="ssm"):
    """Arrays of a log in which runs may differ."""
    log = result.logs[name]
    return log.forecast, log.analysis, log.hpht, log.increment, log.gain


def test_observations_with_right_errors_make_the_state_better(twin, result):
    for variable in ("ssm", "rzsm"):
        loop, analysis = (result.field(variable, "rmsd", run) for run in ("open_loop", "analysis"))
        assert np.mean(analysis < loop) >= 0.8
    assert result.field("lai", "rmsd", "analysis").mean() < result.field("lai", "rmsd", "open_loop").mean()
    found = result.diagnostics("ssm")
    # The bounds of a long record, and twice what chance adds to it in this short one.
    chance = 2.0 / np.sqrt(found.count)
    assert abs(found.normalised_std - 1.0) < 0.1 + chance
    assert abs(found.lag1) < 0.1 + chance
    assert 0.8 < found.spread_skill < 1.25
    assert found.verdict.startswith("The filter is consistent")
    assert result.logs["ssm"].unit == "m3 m-3"


@pytest.mark.parametrize(("factor", "words"), [(0.25, "assumed too small"), (4.0, "assumed too large")])
def test_a_wrong_observation_error_is_found_out(twin, factor, words):
    wrong = choices().with_sensor("ssm", error_std=0.0125 * factor, true_error_std=0.0125)
    found = run_assimilation(twin, wrong).diagnostics("ssm")
    assert words in found.verdict
    assert (found.normalised_std > 1.1) == (factor < 1.0)


def test_a_watched_sensor_changes_nothing(twin, result):
    without = run_assimilation(twin, choices(sensors={"ssm": {}, "lai": {}}))
    for ours, theirs in zip(updates(without), updates(result), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    log = result.logs["tb_h"]
    assert set(np.unique(log.reason)) <= {k for k, name in enumerate(REASONS) if name != "used"}
    np.testing.assert_array_equal(log.forecast, log.analysis)
    assert result.diagnostics("tb_h").count > 100


def test_results_do_not_depend_on_threads_and_chunks(twin, result, monkeypatch):
    again = Ensemble.run

    def in_one_piece(self, begin, end, weather, **settings):
        monkeypatch.setattr("models.assimilation.run_ensemble.COLUMNS_OF_CHUNK", 10**6)
        monkeypatch.setattr("models.assimilation.run_ensemble.THREADS", 1)
        again(self, begin, end, weather, **settings)

    monkeypatch.setattr(Ensemble, "run", in_one_piece)
    monkeypatch.setattr("models.assimilation.twin.COLUMN_STEPS", 3e4)
    fresh = prepare_twin(experiment(), small_world(), cells=np.arange(CELLS))
    assert len(fresh.pieces) > len(twin.pieces) or len(fresh.pieces) > 4
    other = run_assimilation(fresh, result.choices)
    np.testing.assert_array_equal(fresh.truth["ssm"], twin.truth["ssm"])
    for name in ("ssm", "tb_h"):
        for ours, theirs in zip(updates(other, name), updates(result, name), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_runs_that_differ_in_one_setting_share_their_noise(twin, result):
    other = run_assimilation(twin, choices(sensors={"lai": {}}))
    assert other.open_loop is result.open_loop
    # Until the first soil moisture is taken in, the two are one.
    first = np.array([np.flatnonzero(row)[0] for row in np.isfinite(result.logs["ssm"].forecast)])
    day = result.logs["ssm"].day[first]
    for cell, until in enumerate(day):
        ours, theirs = (r.daily("ssm", "analysis")[cell, :until] for r in (other, result))
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(other.logs["lai"].raw, result.logs["lai"].raw)


def test_another_seed_is_another_truth(twin):
    other = prepare_twin(replace(experiment(), seed=2), small_world(), cells=np.arange(CELLS))
    assert np.abs(other.truth["ssm"] - twin.truth["ssm"]).max() > 0.01


def test_cancel_keeps_what_is_done_and_resume_goes_on(twin, result):
    parts, stop = [], threading.Event()

    def partial(so_far):
        parts.append(so_far.days_done)
        stop.set()

    cut = run_assimilation(twin, result.choices, partial=partial, cancelled=stop.is_set)
    assert parts == [31]
    assert not cut.complete
    assert cut.days_done == 31
    np.testing.assert_array_equal(cut.daily("ssm")[:, :31], result.daily("ssm")[:, :31])
    assert np.isnan(cut.daily("ssm")[:, 31:]).all()
    assert cut.diagnostics("ssm").count > 0
    np.testing.assert_array_equal(cut.diagnostic("ssm", "count", 5), result.diagnostic("ssm", "count", 5))
    whole = run_assimilation(twin, result.choices, resume=cut)
    assert whole.complete
    for ours, theirs in zip(updates(whole), updates(result), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_cancelled_open_loop_goes_on_where_it_stopped(result):
    fresh = prepare_twin(experiment(), small_world(), cells=np.arange(CELLS))
    asked = []

    def soon():
        asked.append(1)
        return len(asked) > 6

    cut = run_assimilation(fresh, result.choices, cancelled=soon)
    assert cut.days_done == 0
    assert not cut.complete
    assert not cut.logs
    whole = run_assimilation(fresh, result.choices, resume=cut)
    np.testing.assert_array_equal(whole.daily("ssm"), result.daily("ssm"))


def test_two_who_ask_at_once_share_one_open_loop(result):
    fresh = prepare_twin(experiment(), small_world(), cells=np.arange(CELLS))
    found = {}

    def ask(name):
        found[name] = run_assimilation(fresh, choices(sensors={name: {}}))

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("ssm", "lai")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found["ssm"].open_loop is found["lai"].open_loop
    np.testing.assert_array_equal(found["lai"].daily("ssm", "open_loop"), result.daily("ssm", "open_loop"))


def test_a_truth_can_be_taken_back():
    with pytest.raises(Cancelled):
        prepare_twin(experiment(), small_world(), cells=np.arange(4), cancelled=lambda: True)


def test_a_cell_in_full_is_the_cell_of_the_run(result):
    cell = 5
    series = result.series(cell)
    assert series.analysis.shape[1:] == (5, 12)
    at = np.arange(result.days_done * len(result.twin.snapshots.steps))
    np.testing.assert_allclose(
        series.open_loop.mean(axis=2), result.open_loop_run.snapshots.mean[cell, at], rtol=1e-6, atol=1e-7
    )
    for name, log in result.logs.items():
        kept = [one for one in series.updates if one["sensor"] == name]
        there = np.flatnonzero(np.isfinite(log.forecast[cell]))
        assert len(kept) == there.size
        for k, field in (("HE", "forecast"), ("HA", "analysis")):
            means = np.array([one[k].mean() for one in kept])
            np.testing.assert_allclose(means, getattr(log, field)[cell, there], rtol=1e-6)
        np.testing.assert_allclose(np.array([one["gain"] for one in kept]), log.gain[cell, there], rtol=1e-5, atol=1e-9)
    times = [one["time"] for one in series.updates]
    assert times == sorted(times)


def test_rejected_observations_are_counted_by_reason(result):
    log = result.logs["ssm"]
    found = result.diagnostics("ssm")
    assert sum(found.reasons.values()) == log.reason.size
    assert found.reasons["used"] == np.isfinite(log.increment).all(axis=2).sum()
    assert found.reasons["rain"] > 0
    np.testing.assert_array_equal(
        result.diagnostic("ssm", "rejected:rain"), (log.reason == REASONS.index("rain")).sum(axis=1)
    )


def test_the_control_member_keeps_the_mean_from_drifting():
    settings = {"members": 12, "sensors": (), "bias_correction": "ryu"}
    twin = twin_of()
    run = run_assimilation(twin, choices(**settings))
    free = run_assimilation(twin, choices(sensors=()))
    control = np.abs(run.daily("rzsm", "open_loop", "control")).mean()
    assert control < 0.25 * run.daily("rzsm", "open_loop", "spread").mean()
    assert not free.open_loop.control


@pytest.mark.parametrize(
    "settings",
    [{"method": "etkf"}, {"bounds": "clip"}, {"adaptive": "geosldas"}, {"observation_draws": "lis"}, {"members": 10}],
)
def test_every_way_of_updating_makes_soil_moisture_better(twin, settings):
    result = run_assimilation(twin, choices(**settings))
    assert result.field("ssm", "rmsd", "analysis").mean() < result.field("ssm", "rmsd", "open_loop").mean()


@pytest.mark.parametrize("factor", [0.25, 4.0])
def test_adaptive_errors_go_towards_the_right_ones(twin, factor):
    wrong = choices().with_sensor("ssm", error_std=0.0125 * factor, true_error_std=0.0125)
    fixed, adapted = (run_assimilation(twin, replace(wrong, adaptive=word)) for word in ("off", "geosldas"))
    scale = adapted.filter.scale[1].mean()
    assert (scale > 1.0) == (factor < 1.0)
    level = [np.log(run.diagnostics("ssm").normalised_std) for run in (fixed, adapted)]
    assert abs(level[1]) < abs(level[0])


def test_kernels_can_be_warmed():
    warm()


def test_a_region_without_cells_and_days_without_weather_are_refused():
    world = small_world()
    with pytest.raises(ValueError, match="holds no cell of a small synthetic world"):
        prepare_twin(replace(experiment(), region=Region("sea", -60.0, 10.0, -50.0, 20.0)), world)
    with pytest.raises(ValueError, match="is not within the weather of a small synthetic world, 2015-01-01 to 2017"):
        prepare_twin(replace(experiment(), period=("2014-12-01", "2015-02-01")), world)
    days, first = world.days_of(("2016-02-27", "2016-03-02"))
    assert [str(day)[5:] for day in days] == ["02-27", "02-28", "03-01", "03-02"]
    assert first == 365 + 57


def test_a_twin_of_another_truth_is_not_taken(twin):
    with pytest.raises(ValueError, match="prepare it again"):
        run_assimilation(twin, choices(precipitation_quality="poor"))


def test_an_estimate_grows_with_cells_members_and_days():
    small, large = estimate(choices(), 10, 30), estimate(choices(members=24), 100, 365)
    assert 0.0 < small.seconds < large.seconds
    assert 0.0 < small.nbytes < large.nbytes
