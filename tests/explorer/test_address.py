"""The address: every state travels through it, and nothing harmful comes in."""

from dataclasses import replace

import pytest

from explorer.address import MAPPED, Selection, baseline_of, read_address, write_address
from models.experiment import Experiment
from models.l4c.live import FIELDS
from models.regions import REGIONS, Region


def states():
    plain = Experiment()
    edited = plain.with_parameters("GRS", lue_max=1.9, vpd_low=500.0, vpd_high=3000.0)
    switched = replace(edited, l4c=replace(edited.l4c, without=("vpd",), frozen_gpp="zero"))
    iberia = replace(switched, region=REGIONS["Iberia"], grid="36km")
    drawn = replace(plain, region=Region("drawn", 170.0, 50.0, -160.0, 70.0))
    other_table = replace(plain, l4c=replace(plain.l4c, bplut="V5"))
    look = Selection(variable="nee", when="m07", show="B-A", at=(-12.5, 30.25), pft="DBF", tab="totals")
    return [
        (plain, plain, Selection()),
        (plain, edited, Selection(site="US-Tw3", tab="towers")),
        (baseline_of(iberia), iberia, look),
        (replace(edited, region=iberia.region, grid=iberia.grid), iberia, replace(look, when="d200")),
        (drawn, drawn, Selection()),
        (plain, other_table, Selection()),
    ]


@pytest.mark.parametrize("state", states())
def test_a_state_comes_back_from_its_address(state):
    a, b, selection = state
    assert read_address(write_address(a, b, selection)) == (a, b, selection, [])


def test_the_untouched_page_has_an_empty_address():
    assert write_address(Experiment(), Experiment(), Selection()) == ""


def test_every_mapped_variable_is_a_field_of_the_engine():
    assert set(MAPPED) <= set(FIELDS)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("GRS.lue_max=99", ("lue_max", "99")),
        ("GRS.lue_max=abc", ("lue_max", "abc")),
        ("XYZ.lue_max=1.5", ("XYZ",)),
        ("variable=weather", ("variable", "weather")),
        ("when=m13", ("when", "m13")),
        ("at=95,10", ("at", "95")),
        ("at=nan,10", ("at", "nan")),
        ("show=C", ("show", "C")),
        ("pft=<script>alert(1)</script>", ("pft",)),
        ("tower=../../etc/passwd", ("tower",)),
        ("region=Atlantis", ("Atlantis",)),
        ("colour=red", ("colour",)),
        ("baseline=GRS.lue_max%3D99", ("baseline", "99")),
        ("GRS.vpd_low=3500&GRS.vpd_high=2000", ("vpd",)),
    ],
)
def test_what_is_not_accepted_is_left_out_and_named(address, told):
    a, b, selection, problems = read_address(address)
    assert (a, b, selection) == (Experiment(), Experiment(), Selection()) or "vpd" in told[0]
    assert problems
    for word in told:
        assert word in " ".join(problems)


def test_one_bad_value_does_not_lose_the_good_ones():
    _, b, selection, problems = read_address("GRS.lue_max=99&ENF.f_aut=0.4&variable=nee&without=vpd")
    assert b.l4c.parameters == (("ENF", "f_aut", 0.4),)
    assert b.l4c.without == ("vpd",)
    assert selection.variable == "nee"
    assert len(problems) == 1


def test_the_limits_of_a_ramp_may_be_acceptable_only_together():
    # V7 GRS: VPD 0 to 4700 Pa; the low limit alone would lie above the high one of ENF, 3190.
    _, b, _, problems = read_address("colour=red&ENF.vpd_low=3500&ENF.vpd_high=6000")
    assert {(p, n): v for p, n, v in b.l4c.parameters} == {
        ("ENF", "vpd_low"): 3500.0,
        ("ENF", "vpd_high"): 6000.0,
    }
    assert len(problems) == 1


@pytest.mark.parametrize("address", ["x" * 20_000, "a=1&" * 500, "a=1&a=2", "%ff=%ff"])
def test_a_monstrous_address_opens_the_plain_page(address):
    a, b, selection, problems = read_address(address)
    assert (a, b, selection) == (Experiment(), Experiment(), Selection())
    assert problems
