"""Twins: known parameters come back, unknown ones are flagged; stopping keeps the best; sites held out."""

import os

import numpy as np
import pytest

from models.calibration.controls import NAMES, Controls
from models.calibration.cost import Problem
from models.calibration.fit import calibrate
from models.calibration.folds import POOLED, cross_validate, folds_of, hold_out, score_sites
from models.calibration.identify import identify, profile
from models.calibration.options import FREE, CalibrationOptions, with_free
from models.calibration.report import parameter_lines, score_lines
from models.l4c.bplut import BplutFile, load_bplut
from models.l4c.params import L4CParams
from models.quantity import parameters_of
from tests.models.calibration.twins import observed_by, truth, virtual_site

pytestmark = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="Fits are for compiled code.")
PARAMETERS = parameters_of(L4CParams)


def twin(soil="effective", noise=0.0, frost=True, params=None):
    params = params or truth()
    weather = (virtual_site(name, i + 1, warm=3.0 * i, frost=frost) for i, name in enumerate(("A", "B", "C")))
    return [observed_by(site, params, soil=soil, noise=noise) for site in weather]


def moved(params, share, seed=0):
    """Every parameter that a calibration frees, off by a share: temperatures by that share of 60 K."""
    random, values = np.random.default_rng(seed), params._asdict()
    for name in sorted({n for names in FREE.values() for n in names}):
        size = share * (60.0 if name.startswith("tmin") else abs(values[name]))
        value = values[name] + random.choice([-1, 1]) * size
        values[name] = float(np.clip(value, PARAMETERS[name].low, PARAMETERS[name].high))
    return params._replace(**{name: values[name] for name in values})


@pytest.mark.parametrize("soil", ["effective", "fitted", "steady"])
@pytest.mark.parametrize("share", [0.1, 0.3])
def test_identified_parameters_come_back_within_a_hundredth(soil, share):
    known = truth()
    options = CalibrationOptions(soil=soil, starts=2)
    result = calibrate(twin(soil), "GRS", options, table={"GRS": moved(known, share)})
    identified = {name for fit in result.steps for name in fit.identified.found}
    assert len(identified) >= 10
    for name in identified:
        assert abs(getattr(result.after, name) / getattr(known, name) - 1) < 0.01, name


def test_parameters_that_the_days_do_not_touch_are_flagged_and_stay():
    known = truth()
    result = calibrate(twin(frost=False), "GRS", CalibrationOptions(steps=("gpp",), starts=1), table={"GRS": known})
    judged = result.steps[0].identified
    verdict = dict(zip(judged.names, judged.verdict, strict=True))
    assert verdict["ft_min"] == "no day answers to it"
    assert not np.isfinite(judged.std_error[judged.names.index("ft_min")])
    assert verdict["lue_max"] == ""
    assert any("no day answers" in line for line in parameter_lines(result))


def test_standard_errors_match_the_spread_of_fits_to_drawn_noise():
    known = truth()
    options = with_free(CalibrationOptions(steps=("gpp",), starts=1, weights="days"), gpp=("lue_max", "smrz_high"))
    fits, errors = [], []
    base = twin()
    random = np.random.default_rng(5)
    for _ in range(24):
        sites = [s.with_fluxes(gpp=s.observed["gpp"] + 1.0 * random.standard_normal(len(s.time))) for s in base]
        result = calibrate(sites, "GRS", options, table={"GRS": known})
        fits.append([result.after.lue_max, result.after.smrz_high])
        errors.append(result.steps[0].identified.std_error)
    ratio = np.std(fits, axis=0) / np.mean(errors, axis=0)
    # A standard deviation of 24 fits is known to 1 / sqrt(46) = 15 %.
    assert (np.abs(ratio - 1) < 3 * 0.15).all()


def test_cost_profile_is_lowest_at_the_fit():
    known = truth()
    controls = Controls(FREE["reco"], np.array(known, float))
    problem = Problem("reco", twin(), controls)
    along = profile(problem, np.array(known, float), "tsoil_beta", points=5)
    assert along.values[np.nanargmin(along.rmse)] == pytest.approx(known.tsoil_beta)
    assert np.nanmin(along.rmse) < 1e-6 < np.nanmax(along.rmse)


def test_a_bound_in_the_way_is_reported():
    known = truth()
    options = CalibrationOptions(steps=("gpp",), bounds={"lue_max": (0.5, 1.4)}, starts=1)
    result = calibrate(twin(), "GRS", options, table={"GRS": known._replace(lue_max=1.2)})
    judged = result.steps[0].identified
    assert judged.verdict[judged.names.index("lue_max")] == "at a bound"
    assert result.after.lue_max <= 1.4


def test_a_stopped_calibration_keeps_the_best_so_far_and_tells_of_falling_cost():
    told = []
    start = moved(truth(), 0.3)
    result = calibrate(
        twin(), "GRS", CalibrationOptions(starts=4), table={"GRS": start}, told=told.append,
        cancelled=lambda: len(told) >= 8,
    )  # fmt: skip
    assert result.stopped
    assert [p.best for p in told] == sorted((p.best for p in told), reverse=True)
    assert result.steps[0].after == told[-1].best < result.steps[0].before
    assert "stopped: the best so far" in parameter_lines(result)


def test_a_fit_is_never_worse_than_its_start_and_equal_seeds_give_equal_fits():
    sites = twin(noise=1.0)
    options = CalibrationOptions(steps=("gpp", "nee"), starts=2, loss="huber", max_evaluations=30)
    one, two = (calibrate(sites, "GRS", options) for _ in range(2))
    assert one.after == two.after
    assert all(fit.after <= fit.before for fit in one.steps)


def test_a_robust_loss_resists_wild_days():
    known = truth()
    sites = twin(noise=0.2)
    for site in sites:
        site.observed["gpp"][::17] += 25.0
    free = with_free(CalibrationOptions(steps=("gpp",), starts=1), gpp=("lue_max",))
    plain = calibrate(sites, "GRS", free, table={"GRS": known}).after.lue_max
    from dataclasses import replace

    robust = calibrate(sites, "GRS", replace(free, loss="cauchy"), table={"GRS": known}).after.lue_max
    assert abs(robust - known.lue_max) < 0.2 * abs(plain - known.lue_max)


def test_every_control_gives_a_valid_table_and_its_slopes_agree_with_differences():
    random = np.random.default_rng(3)
    controls = Controls(FREE["gpp"], np.array(load_bplut()["GRS"], float))
    for _ in range(50):
        x = random.uniform(0.01, 0.99, len(controls.free))
        p = L4CParams(*controls.params(x))
        assert p.tmin_low < p.tmin_high
        assert p.vpd_low < p.vpd_high
        assert p.smrz_low < p.smrz_high
        np.testing.assert_allclose(controls.of(np.array(p)), x, atol=1e-9)
        difference = np.empty_like(controls.slopes(x))
        for k in range(len(x)):
            up, down = x.copy(), x.copy()
            up[k] += 1e-6
            down[k] -= 1e-6
            difference[:, k] = (controls.values(up) - controls.values(down)) / 2e-6
        np.testing.assert_allclose(controls.slopes(x), difference, rtol=1e-5, atol=1e-4)
    with pytest.raises(ValueError, match="no parameter 'lue'"):
        Controls(("lue",), np.array(load_bplut()["GRS"], float))


def test_sites_held_out_are_scored_by_the_fold_that_did_not_see_them(tmp_path):
    sites = twin(noise=0.5)
    folds = folds_of(sites, 3)
    assert sorted(name for fold in folds for name in fold) == ["A", "B", "C"]
    options = CalibrationOptions(steps=("gpp", "reco"), starts=1)
    start = {"GRS": moved(truth(), 0.2)}
    validation = cross_validate(sites, "GRS", folds, options)
    pooled = next(row for row in validation.rows if row.site == POOLED and row.flux == "gpp")
    assert pooled.after.rmse < pooled.before.rmse
    assert {row.site for row in validation.rows} == {"A", "B", "C", POOLED}
    fitted, held = hold_out(sites, ["B"])
    result = calibrate(fitted, "GRS", options, table=start)
    rows = score_sites(held, result.before, result.after, options, "out")
    assert len(score_lines([*rows, *validation.rows])) == 1 + len(rows) + len(validation.rows)
    result.table().write(tmp_path / "mine.csv")
    assert BplutFile.read(tmp_path / "mine.csv").params()["GRS"] == result.after
    with pytest.raises(ValueError, match="No site is called D"):
        hold_out(sites, ["D"])


def test_sites_of_another_plant_type_and_unknown_choices_are_refused():
    with pytest.raises(ValueError, match="other plant types came A, B, C"):
        calibrate(twin(), "ENF")
    with pytest.raises(ValueError, match="loss = 'l3'"):
        CalibrationOptions(loss="l3")
    with pytest.raises(ValueError, match="percentile = 0"):
        CalibrationOptions(percentile=0)
    empty = [site.with_fluxes(gpp=np.full(len(site.time), np.nan)) for site in twin()]
    with pytest.raises(ValueError, match="No site has days of GPP"):
        calibrate(empty, "GRS")


def test_identify_ties_parameters_that_move_together():
    params = np.array(truth(), float)
    controls = Controls(("k_fast", "k_med", "k_slow", "f_fast", "f_med"), params)
    judged = identify(Problem("reco", twin("steady"), controls, soil="steady"), params)
    assert len(judged.found) < 5


def test_a_prior_holds_what_the_data_leave_open_and_lets_go_of_what_they_know():
    known = truth()
    start = {"GRS": known._replace(lue_max=1.2, ft_min=0.5)}
    options = CalibrationOptions(steps=("gpp",), starts=1, prior=0.1, bounds={"ft_min": (0.0, 1.0)})
    result = calibrate(twin(frost=False, noise=0.5), "GRS", options, table=start)
    assert result.after.ft_min == pytest.approx(0.5, abs=1e-3)
    assert result.after.lue_max == pytest.approx(known.lue_max, rel=0.1)


def test_re_counts_while_nee_is_fitted_if_it_is_asked_to():
    sites = twin(noise=0.5)
    alone, both = (
        Problem("nee", sites, Controls(FREE["nee"], np.array(truth(), float)), keep_reco=weight) for weight in (0, 1)
    )
    x = both.controls.of(np.array(truth(), float)) * 0.9
    assert both.residuals(x).size == 2 * alone.residuals(x).size
    up, down = x + 1e-6 * np.eye(4)[1], x - 1e-6 * np.eye(4)[1]
    difference = (both.residuals(up) - both.residuals(down)) / 2e-6
    np.testing.assert_allclose(both.jacobian(x)[:, 1], difference, atol=1e-4 * np.abs(difference).max())


def test_the_width_of_a_prior_is_chosen_by_the_sites_left_out_and_a_step_that_serves_none_stays():
    known = truth()
    options = with_free(CalibrationOptions(steps=("gpp",), starts=1, prior_by_sites=True), gpp=("lue_max", "vpd_high"))
    wrong = calibrate(twin(noise=0.5), "GRS", options, table={"GRS": known._replace(lue_max=1.2)}).steps[0]
    assert not wrong.kept
    costs = {one.width: one.cost for one in wrong.choice}
    assert costs[wrong.prior] == min(costs.values())
    contrary = [
        site.with_fluxes(gpp=site.observed["gpp"] * factor)
        for site, factor in zip(twin(), (0.4, 1.0, 1.6), strict=True)
    ]
    result = calibrate(contrary, "GRS", options, table={"GRS": known})
    assert result.steps[0].kept
    assert result.after == known
    assert any("stays where it starts" in line for line in parameter_lines(result))


def test_sites_that_want_different_parameters_widen_the_error_between_sites():
    params = np.array(truth(), float)
    controls = Controls(("lue_max",), params)
    alike = identify(Problem("gpp", twin(noise=0.3), controls), params)
    apart = [site.with_fluxes(gpp=site.observed["gpp"] * (0.7 + 0.3 * k)) for k, site in enumerate(twin(noise=0.3))]
    differing = identify(Problem("gpp", apart, controls), params)
    assert differing.site_error[0] > 10 * alike.site_error[0]
    assert differing.verdict[0].startswith("sites differ")
    assert np.isnan(identify(Problem("gpp", apart[:2], controls), params).site_error[0])


def test_a_parameter_that_no_day_answers_to_is_put_back_after_random_starts():
    known = truth()
    options = with_free(CalibrationOptions(steps=("gpp",), starts=4), gpp=("lue_max", "ft_min"))
    result = calibrate(twin(frost=False), "GRS", options, table={"GRS": known._replace(lue_max=1.2)})
    assert result.after.ft_min == known.ft_min
    assert result.after.lue_max == pytest.approx(known.lue_max, rel=1e-3)


def test_a_calibration_gives_its_problem_of_a_step_back():
    known = truth()
    sites = twin(noise=0.3)
    result = calibrate(sites, "GRS", CalibrationOptions(steps=("gpp", "reco"), starts=1), table={"GRS": known})
    problem, params = result.problem("gpp", sites)
    assert np.sqrt((problem.at(params)[0] ** 2).mean()) == pytest.approx(result.steps[0].after)
    with pytest.raises(ValueError, match="step = 'nee' was not done"):
        result.problem("nee", sites)


def test_a_ramp_that_came_to_rest_on_its_last_day_is_not_called_identified():
    params = np.array(truth(smsf_high=12.0), float)
    sites = [site.with_fluxes() for site in twin()]
    for site in sites:
        site.drivers[:, 6] = np.maximum(site.drivers[:, 6], 20.0)  # every day is wetter than the ramp
    at_rest = params.copy()
    at_rest[NAMES.index("smsf_high")] = 20.0
    sites = [observed_by(site, L4CParams(*params), soil="effective") for site in sites]
    judged = identify(Problem("reco", sites, Controls(("f_aut", "smsf_high"), at_rest)), at_rest)
    assert judged.verdict == ("", "no day answers to it below the fit")
    assert not np.isfinite(judged.std_error[1])


def test_a_tower_without_re_tells_nothing_of_its_soil_and_judges_gpp_alone():
    known = truth()
    sites = twin()
    sites[0] = sites[0].with_fluxes(reco=np.full(len(sites[0].time), np.nan))
    result = calibrate(sites, "GRS", CalibrationOptions(starts=1), table={"GRS": known})
    assert [fit.sites for fit in result.steps] == [("A", "B", "C"), ("B", "C"), ("B", "C")]
    rows = score_sites(sites, known, known, result.options, "in")
    assert {row.site for row in rows if row.flux == "nee"} == {"B", "C", POOLED}
    alone = sites[:1]
    with pytest.raises(ValueError, match="No site has days of RECO that count; leave this step out"):
        calibrate(alone, "GRS", CalibrationOptions(starts=1), table={"GRS": known})
