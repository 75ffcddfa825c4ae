"""An experiment is a value: it is checked when made, and text gives it back exactly."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.experiment import CHOICES, Experiment, L4COptions, Region
from models.l4c.bplut import load_bplut
from models.l4c.params import PFTS, RAMPS, L4CParams
from models.options import CONSTRAINTS, L4C_CHOICES
from models.quantity import parameters_of
from models.regions import REGIONS

PARAMETERS = parameters_of(L4CParams)
FREE = [name for name in PARAMETERS if name not in {limit for pair in RAMPS.values() for limit in pair}]


def numbers(low, high):
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


overrides = st.one_of(
    [
        *(
            st.tuples(st.sampled_from(PFTS), st.just(name), numbers(PARAMETERS[name].low, PARAMETERS[name].high))
            for name in FREE
        ),
        st.tuples(st.sampled_from(PFTS), st.just("vpd_high"), numbers(5000.0, 10000.0)),
        st.tuples(st.sampled_from(PFTS), st.just("tmin_low"), numbers(220.0, 262.0)),
    ]
)
options = st.builds(
    L4COptions,
    parameters=st.lists(overrides, max_size=12).map(tuple),
    without=st.lists(st.sampled_from(CONSTRAINTS), max_size=6).map(tuple),
    **{name: st.sampled_from(accepted) for name, accepted in L4C_CHOICES.items()},
)
boxes = st.tuples(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 ,.()&/-]{0,20}", fullmatch=True),
    numbers(-180, 180),
    numbers(-90, 0),
    numbers(-180, 180),
    numbers(1e-3, 90),
).filter(lambda box: box[1] != box[3])
experiments = st.builds(
    Experiment,
    site=st.sampled_from(["", "US-Ne3", "CH-DAV", "my_site.2"]),
    region=st.one_of(st.sampled_from(list(REGIONS.values())), boxes.map(lambda box: Region(*box))),
    period=st.sampled_from([("", ""), ("2015-03-31", ""), ("", "2016-02-29"), ("2015-01-01", "2015-12-31")]),
    per_pft=st.booleans(),
    seed=st.integers(0, 2**31 - 1),
    l4c=options,
    **{name: st.sampled_from(accepted) for name, accepted in CHOICES.items()},
)


@settings(max_examples=60, deadline=None)
@given(experiments)
def test_toml_gives_the_experiment_back(experiment):
    assert Experiment.from_toml(experiment.to_toml()) == experiment


@settings(max_examples=60, deadline=None)
@given(experiments)
def test_a_url_gives_the_experiment_back(experiment):
    query = experiment.to_query()
    assert Experiment.from_query(query) == experiment
    assert not set(query) & set("<>\"' \\{}"), "a URL carries no character that a page would have to escape"


@settings(max_examples=60, deadline=None)
@given(experiments)
def test_the_attributes_of_a_result_give_the_experiment_back(experiment):
    again = Experiment.from_attrs(experiment.to_attrs())
    assert again == experiment
    assert hash(again) == hash(experiment)


def refusal(read, text):
    """Return the message with which a text is refused, "" if it is read; anything but ValueError fails the test."""
    try:
        read(text)
    except ValueError as error:
        return str(error)
    return ""


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)))
def test_any_text_as_an_experiment_file_is_read_or_refused_with_one_message(text):
    assert len(refusal(Experiment.from_toml, text)) < 600


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_as_a_url_is_read_or_refused_with_one_message(text):
    assert len(refusal(Experiment.from_query, text)) < 600


def test_the_default_experiment_has_an_empty_url():
    assert Experiment().to_query() == ""
    assert Experiment.from_query("") == Experiment() == Experiment.from_toml("")


def test_a_url_holds_only_what_differs():
    experiment = replace(Experiment(), grid="36km", region=REGIONS["Iberia"]).with_parameters("GRS", lue_max=1.9)
    assert experiment.to_query() == "grid=36km&region=Iberia&GRS.lue_max=1.9"


def test_equal_choices_are_equal_whatever_their_order():
    one = L4COptions(parameters=(("GRS", "lue_max", 1.9), ("ENF", "f_aut", 0.4)), without=("smsf", "vpd"))
    other = L4COptions(parameters={"ENF": {"f_aut": 0.4}, "GRS": {"lue_max": 1.9}}, without=["vpd", "smsf"])
    assert one == other
    assert hash(one) == hash(other)


def test_a_value_moved_back_to_the_table_is_the_table():
    there = Experiment().with_parameters("CCP", lue_max=2.0)
    assert there.l4c.parameters == (("CCR", "lue_max", 2.0),)
    assert there.with_parameters("CCR", lue_max=load_bplut()["CCR"].lue_max) == Experiment()
    assert there.with_parameters("CCR", lue_max=None) == Experiment()


def test_overrides_reach_the_table_and_nothing_else():
    table = L4COptions(parameters=(("GRS", "lue_max", 1.9),)).table()
    assert table["GRS"] == load_bplut()["GRS"]._replace(lue_max=1.9)
    assert all(table[pft] == load_bplut()[pft] for pft in PFTS if pft != "GRS")


def test_the_baseline_is_the_unedited_table_unless_soils_are_to_follow_the_experiment():
    edited = L4COptions(bplut="V5", parameters=(("GRS", "lue_max", 1.9),), without=("vpd",), frozen_gpp="zero")
    assert edited.baseline() == L4COptions(bplut="V5", frozen_gpp="zero")
    following = replace(edited, spin_up="experiment")
    assert following.baseline() == following


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"parameters": (("XYZ", "lue_max", 1.0),)}, ["XYZ", "ENF", "BCR"]),
        ({"parameters": (("GRS", "lue", 1.0),)}, ["GRS", "'lue'", "lue_max"]),
        ({"parameters": (("GRS", "lue_max", 99.0),)}, ["GRS lue_max", "99", "[0.5, 4.5]"]),
        ({"parameters": (("GRS", "lue_max", float("nan")),)}, ["GRS lue_max", "nan", "[0.5, 4.5]"]),
        ({"parameters": (("GRS", "lue_max", float("inf")),)}, ["GRS lue_max", "inf"]),
        ({"parameters": (("GRS", "lue_max", True),)}, ["GRS lue_max", "True", "not a number"]),
        ({"parameters": (("GRS", "lue_max", "2"),)}, ["GRS", "'2'", "not a number"]),
        ({"parameters": "GRS"}, ["parameters", "'GRS'"]),
        ({"parameters": {"GRS": 1.0}}, ["parameters.GRS", "1.0"]),
        (
            {"parameters": (("GRS", "vpd_low", 4000.0), ("GRS", "vpd_high", 3000.0))},
            ["vpd_low = 4000", "vpd_high = 3000"],
        ),
        ({"parameters": (("ENF", "tmin_high", 260.0), ("ENF", "tmin_low", 270.0))}, ["ENF tmin_low", "swapped"]),
        ({"bplut": "V9"}, ["bplut", "'V9'", "'V7'", "'V5'", "'V4'"]),
        ({"frozen_gpp": 0}, ["frozen_gpp", "0", "'ft_min'"]),
        ({"without": ("rain",)}, ["without", "'rain'", "'vpd'"]),
        ({"without": "vpd"}, ["without", "list"]),
        ({"soc_start": "spun"}, ["soc_start", "'periodic'"]),
    ],
)
def test_a_wrong_option_of_l4c_is_named_with_what_is_accepted(change, words):
    with pytest.raises(ValueError, match=re.escape(words[0])) as caught:
        L4COptions(**change)
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "tcf"}, ["model", "'tcf'", "'l4c'"]),
        ({"dataset": "../../etc/passwd"}, ["dataset", "'reference-earth'"]),
        ({"grid": "9km"}, ["grid", "'36km'"]),
        ({"site": "../../etc/passwd"}, ["site"]),
        ({"site": "<script>"}, ["site"]),
        ({"region": "Atlantis"}, ["Atlantis", "Iberia"]),
        ({"region": 3}, ["region", "box"]),
        ({"period": ("2015-02-30", "")}, ["2015-02-30"]),
        ({"period": ("2016-01-01", "2015-01-01")}, ["2016-01-01", "after"]),
        ({"period": "2015"}, ["period", "two days"]),
        ({"output": "hourly"}, ["output", "'daily'"]),
        ({"per_pft": "yes"}, ["per_pft", "true or false"]),
        ({"precision": "float16"}, ["precision", "'float64'"]),
        ({"seed": -1}, ["seed", "-1"]),
        ({"seed": 1.5}, ["seed", "1.5"]),
        ({"l4c": {}}, ["l4c"]),
    ],
)
def test_a_wrong_field_is_named_with_what_is_accepted(change, words):
    with pytest.raises(ValueError, match=re.escape(words[0])) as caught:
        Experiment(**change)
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"\xff\xfe\x00", ["UTF-8"]),
        ("model = ", ["not TOML"]),
        ("x" * 300_000, ["300,000"]),
        ("a = " + "[" * 20_000, ["nests"]),
        ("colour = 'red'", ["'colour'", "dataset"]),
        ("l4c = 3", ["l4c", "table"]),
        ("[l4c]\nlue = 3", ["l4c", "'lue'", "bplut"]),
        ("[l4c.parameters]\nGRS = 3", ["GRS", "3"]),
        ("[l4c.parameters.GRS]\nlue_max = 'big'", ["GRS", "'big'"]),
        ("[l4c.parameters.GRS]\nlue_max = nan", ["GRS lue_max", "nan"]),
        ("[region]\nwest = 'a'", ["west", "'a'"]),
        ("[region]\nradius = 3", ["region", "'radius'"]),
        ("[region]\nsouth = 50\nnorth = 40", ["south", "50", "40"]),
        ("period = [1, 2]", ["period"]),
        ("site = '/etc/passwd'", ["site"]),
    ],
)
def test_a_hostile_experiment_file_gets_one_clear_message(text, words):
    with pytest.raises(ValueError, match=re.escape(words[0])) as caught:
        Experiment.from_toml(text)
    message = str(caught.value)
    assert [word for word in words if word not in message] == []
    assert len(message) < 600
    assert "\n" not in message


@pytest.mark.parametrize(
    "query",
    [
        *(
            "grid=9km",
            "a=1",
            "GRS.lue_max=nan",
            "GRS.lue_max=1e999",
            "GRS.lue_max=%3Cscript%3E",
            "grid=36km&grid=108km",
        ),
        *(
            "GRS.lue_max=%3Cscript%3E",
            "box=1,2,3",
            "box=a,b,c,d",
            "XXX.lue_max=2",
            "seed=9999999999999",
            "per_pft=maybe",
            "without=rain",
            "l4c=V7",
        ),
        *("x" * 20_000, "&".join(f"a{i}=1" for i in range(500)), "region=%3Cimg%20src=x%3E&box=0,0,1,1", "period=2015"),
    ],
)
def test_a_hostile_url_is_refused(query):
    with pytest.raises(ValueError, match=r"\w \w") as caught:
        Experiment.from_query(query)
    assert len(str(caught.value)) < 600


def test_attributes_without_an_experiment_say_so():
    for attrs in ({}, {"experiment": "{"}, {"experiment": "[1]"}, {"experiment": 3}):
        with pytest.raises(ValueError, match="experiment"):
            Experiment.from_attrs(attrs)
