"""The paper's settings as it prints them, and its numbers beside a run's."""

import json

import numba
import numpy as np
import pytest

from models.assimilation.observe import check_sensors
from models.assimilation.run import run_assimilation
from models.experiment import Experiment
from models.studies import STUDIES, heyvaert2024
from models.studies.heyvaert2024 import EXPERIMENTS, answers, choices_of, compare
from tests.models.assimilation.conftest import choices, twin_of


def test_six_experiments_assimilate_what_their_names_say():
    assert list(EXPERIMENTS) == ["OL", "SSM", "LAI", "VOD", "SSM+LAI", "SSM+VOD"]
    for name, ours in EXPERIMENTS.items():
        expected = () if name == "OL" else tuple(name.lower().split("+"))
        assert tuple(sensor.name for sensor in ours.assimilated) == expected
        check_sensors(ours)
        experiment = Experiment(model="assimilation", assimilation=ours)
        assert Experiment.from_query(experiment.to_query()) == experiment


def test_errors_of_observations_are_those_of_table_2(shared):
    path = shared / "reference" / "assimilation" / "closed_form_kf.json"
    printed = json.loads(path.read_text())["table2"]["obs_sd"]
    for name, value in printed.items():
        assert EXPERIMENTS[name].sensor(name.lower()).error_std == value


def test_updated_variables_are_those_of_table_1():
    soil = ("sm1", "sm2", "sm3", "sm4")
    assert EXPERIMENTS["SSM"].sensor("ssm").updates == soil
    assert EXPERIMENTS["LAI"].sensor("lai").updates == ("lai",)
    assert EXPERIMENTS["SSM+VOD"].sensor("vod").updates == (*soil, "lai")


def test_an_unknown_experiment_is_named_with_those_there_are():
    with pytest.raises(KeyError, match=r"no experiment 'Tb'; there are OL, SSM"):
        choices_of("Tb")


def test_papers_are_listed():
    assert heyvaert2024 in STUDIES


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="an ensemble over months needs compiled kernels")
def test_the_papers_numbers_stand_beside_a_runs_own():
    twin = twin_of(limits="lis")
    result = run_assimilation(twin, choices_of("OL", choices()))
    table = compare(result)
    assert all(np.isfinite(ours) == (printed.experiment == "OL") for printed, ours in table)
    spread = {printed.what: (printed.value, ours) for printed, ours in table}
    paper, ours = spread["range of soil moisture over members, domain mean, 0-10 cm"]
    # The interval of the state's noise is not printed: the same size is all that can be asked for.
    assert 0.4 * paper < ours < 1.6 * paper


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="an ensemble over months needs compiled kernels")
def test_every_figure_s_question_is_answered_by_the_sensors_there_are():
    sensors = {"ssm": {}, "lai": {}, "tb_h": {"use": "monitor"}}
    result = run_assimilation(twin_of(), choices(sensors=sensors))
    found = answers(result)
    asked = {figure.where for figure, _ in found}
    assert asked == {figure.where for figure in heyvaert2024.FIGURES}
    got = {(figure.where, answer.what): answer.value for figure, answer in found}
    assert got["Table 4", "LAI, median over cells"] < 1.0
    assert got["Fig. 11", "SSM, median over cells"] == pytest.approx(1.0, abs=0.25)
    assert ("Figs. 9-10", "LAI: sd, sm1") not in got, "leaf area updates leaf area alone"
    together = next(value for (where, what), value in got.items() if what.startswith("SSM and LAI"))
    assert np.isnan(together) or -1.0 <= together <= 1.0
    printed = {one.what: ours for one, ours in compare(result)}
    assert printed["typical innovation of brightness temperature"] > 1.0


def test_the_years_of_the_comparison_are_enough_for_a_climatology():
    first, last = (int(day[:4]) for day in heyvaert2024.PERIOD)
    assert last - first + 1 >= heyvaert2024.FEWEST_YEARS
