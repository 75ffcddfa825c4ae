"""The address of the page Sensitivity: what it holds, and what it refuses."""

from dataclasses import replace

import pytest

from explorer.sensitivity.address import (
    SensitivitySelection,
    errors_of,
    factors_named,
    read_sensitivity,
    with_errors,
    write_sensitivity,
)
from explorer.sensitivity.indices import PRESETS
from models.experiment import Experiment
from models.options import L4COptions


def test_an_address_reopens_what_was_asked():
    selection = replace(
        with_errors(SensitivitySelection(), "GRS", par=0.2, fpar_best=0.01), tab="indices", output="gpp", rank=3.5,
        share=12.5, factors="ENF.lue_max,input.tmin", samples=128, at=(10.5, -3.25), seed=7,
    )  # fmt: skip
    experiment = Experiment(region="Iberia", period=("2015-05-01", ""), l4c=L4COptions(spin_up="experiment"), seed=3)
    _, b, again, problems = read_sensitivity(write_sensitivity(experiment, selection))
    assert (b, again, problems) == (experiment, selection, [])
    assert errors_of(again)["GRS"].par == 0.2
    assert with_errors(again, "GRS", par=None, fpar_best=None).errors == ""


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("factors=GRS.nothing", "factors: 'GRS.nothing'"),
        ("factors=<script>", "factors"),
        ("errors=GRS.par:7", "error par of GRS = 7"),
        ("errors=XXX.par:0.1", "errors: 'XXX.par:0.1'"),
        ("rank=9", "rank = 9"),
        ("rank=best", "rank = 'best' is not a number"),
        ("samples=100", "samples = 100 is no power of 2"),
        ("tab=nothing", "tab = 'nothing'"),
        ("model=land", 'this one runs "l4c"'),
        ("at=99,0", "at = 99"),
    ],
)
def test_what_an_address_holds_that_is_not_accepted_is_said_and_left_out(query, said):
    _, b, selection, problems = read_sensitivity(query)
    assert selection == SensitivitySelection()
    assert b.model == "l4c"
    assert any(said in problem for problem in problems), problems


def test_every_set_of_factors_can_be_asked_for():
    for make in PRESETS.values():
        words = ",".join(f"{pft}.{name}" for pft, name in make("ENF"))
        assert len(factors_named(words)) == len(make("ENF"))
