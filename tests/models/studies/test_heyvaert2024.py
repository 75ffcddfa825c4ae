"""The paper's settings as it prints them, and its numbers beside a run's."""

import json

import numba
import numpy as np
import pytest

from models.assimilation.observe import check_sensors
from models.assimilation.run import run_assimilation
from models.experiment import Experiment
from models.studies import STUDIES, heyvaert2024
from models.studies.heyvaert2024 import EXPERIMENTS, choices_of, compare
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
    twin = twin_of()
    result = run_assimilation(twin, choices_of("OL", choices()))
    table = compare(result)
    assert all(np.isfinite(ours) and ours > 0.0 for _, ours in table)
    spread = {printed.what: (printed.value, ours) for printed, ours in table}
    paper, ours = spread["range of soil moisture over members, domain mean, 0-10 cm"]
    # The interval of the state's noise is not printed: the same size is all that can be asked for.
    assert 0.4 * paper < ours < 1.6 * paper
