"""Choices of the land surface model: checked when made, given back by text, and all the run needs beside weather."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config

from models.examples import EXAMPLES
from models.experiment import Experiment, LandChoices, run
from models.land.description import describe_columns
from models.land.experiment import run_columns
from models.land.options import COLUMN_SETTINGS, LAND_CHOICES
from models.land.params import parameter_table
from models.quantity import parameters_of

compiled = pytest.mark.skipif(bool(config.DISABLE_JIT), reason="Runs of days need compiled kernels.")
PARAMETERS = {name: parameters_of(table)[name] for name, table in parameter_table().items()}


def numbers(low, high):
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


def one_value(name):
    low, high = COLUMN_SETTINGS[name]
    if name == "climate":
        return st.one_of(st.integers(0, 99), st.sampled_from(["IL", "MED", "e5", "US-Ne3"]))
    return st.integers(low, high) if isinstance(low, int) else numbers(low, high)


def setting(name):
    kinds = [one_value(name), st.lists(one_value(name), min_size=1, max_size=4)]
    if name not in ("vegetation", "climate"):
        kinds.append(st.dictionaries(st.integers(1, 20), one_value(name), min_size=1, max_size=3))
    return st.one_of(kinds)


choices = st.builds(
    LandChoices,
    time_step=st.sampled_from([0.5, 1.0, 3.0]),
    cycles=st.integers(1, 10_000),
    stop_when_settled=st.booleans(),
    soil_moisture=numbers(0.0, 1.0),
    utc_offset=numbers(-14.0, 14.0),
    start=st.sampled_from(["", "1998-01-01T00:00"]),
    parameters=st.lists(
        st.sampled_from(list(PARAMETERS)).flatmap(
            lambda name: st.tuples(st.just(name), numbers(PARAMETERS[name].low, PARAMETERS[name].high))
        ),
        max_size=5,
    ).map(tuple),
    columns=st.fixed_dictionaries({}, optional={name: setting(name) for name in COLUMN_SETTINGS}),
    **{name: st.sampled_from(accepted) for name, accepted in LAND_CHOICES.items()},
)
experiments = st.builds(Experiment, model=st.sampled_from(["land", "l4c"]), dataset=st.just("file"), land=choices)


@settings(max_examples=80, deadline=None)
@given(experiments)
def test_text_gives_the_experiment_back(experiment):
    assert Experiment.from_toml(experiment.to_toml()) == experiment
    assert Experiment.from_attrs(experiment.to_attrs()) == experiment
    query = experiment.to_query()
    assert Experiment.from_query(query) == experiment
    assert not set(query) & set("<>\"' \\{}")
    assert hash(Experiment.from_query(query)) == hash(experiment)


def test_an_experiment_of_l4c_says_nothing_of_the_land_surface_model():
    assert "land" not in Experiment().to_mapping()
    assert "land" not in Experiment().to_toml()
    assert Experiment().to_query() == ""


def test_the_example_is_the_default():
    assert Experiment.from_toml(EXAMPLES["land"]) == Experiment(model="land", dataset="file")
    for name in LandChoices().to_mapping():
        assert name in EXAMPLES["land"], name
    for name in COLUMN_SETTINGS:
        assert name in EXAMPLES["land"], name


def test_every_commented_setting_of_the_example_works():
    lines = EXAMPLES["land"].split("[land.columns]")[1].splitlines()
    for line in lines:
        if line.startswith("# ") and " = " in line and line[2].islower():
            table = "parameters" if line.startswith(("# vcmax25", "# coupling")) else "columns"
            experiment = Experiment.from_toml(f"[land.{table}]\n{line[2:]}")
            assert getattr(experiment.land, table)


def test_other_names_mean_the_same():
    theirs = LandChoices(columns={"veg": "cropland", "shdmax": [96.0, 90.0], "tbot": 285, "soil": "silt loam"})
    ours = LandChoices(columns={"vegetation": 12, "vegetation_fraction": [0.96, 0.9], "t_bottom": 285.0, "soil": 4})
    assert theirs == ours
    assert LandChoices(start=datetime(1998, 1, 1)).start == "1998-01-01T00:00"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"time_step": 2.0}, "time_step = 2.0"),
        ({"time_step": True}, "time_step = True"),
        ({"cycles": 0}, "cycles = 0"),
        ({"cycles": 2.5}, "cycles = 2.5"),
        ({"output": "hourly"}, "'daily', 'native'"),
        ({"soil_moisture": float("nan")}, "soil_moisture = nan"),
        ({"start": "yesterday"}, "1998-01-01T00:00"),
        ({"stop_when_settled": "yes"}, "true or false"),
        ({"parameters": {"vmax": 1.0}}, "No land parameter is named 'vmax'"),
        ({"parameters": {"vcmax25": 900.0}}, "vcmax25 = 900"),
        ({"parameters": {"vcmax25": "high"}}, "'high' is not a number"),
        ({"parameters": 3}, "not a table"),
        ({"columns": {"vegetation": 21}}, "class within [1, 20]"),
        ({"columns": {"soil": "mud"}}, "'mud' is not a class"),
        ({"columns": {"height": 2.0}}, "no setting 'height'"),
        ({"columns": {"veg": 1, "vegetation": 2}}, "vegetation twice"),
        ({"columns": {"latitude": []}}, "empty list"),
        ({"columns": {"vegetation": {"1": 2}}}, "a value or a list"),
        ({"columns": {"shdmax": 101.0}}, "within [0, 100]"),
        ({"columns": "all"}, "not a table"),
    ],
)
def test_a_wrong_choice_is_refused_in_words(wrong, said):
    with pytest.raises(ValueError, match=r"land|vcmax25|setting") as caught:
        LandChoices(**wrong)
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["land.nothing=1", "land.columns.x=1", "land.rows.soil=1", "land.time_step=fast"])
def test_an_address_with_a_wrong_choice_is_refused(text):
    with pytest.raises(ValueError, match="land"):
        Experiment.from_query(text)


def weather(days=2, sites=2, dim="climate", **variables):
    """Steady weather, half-hourly, synthetic."""
    values = {"T": 288.0, "q": 0.006, "P": 1e5, "wind": 3.0, "SW": 200.0, "LW": 320.0, "PR": 2e-5}
    ds = xr.Dataset({name: ((dim, "time"), np.full((sites, 48 * days), value)) for name, value in values.items()})
    return ds.assign(variables).assign_attrs(climates="IL,MED")


PLACE = {"latitude": 40.0, "longitude": -88.0}


def test_settings_of_the_experiment_stand_above_the_file():
    ds = weather(veg=("climate", [12, 10]), soil=("climate", [4, 3]), tbot=("climate", [285.0, 289.0]))
    table = describe_columns(ds, LandChoices(columns={**PLACE, "soil": 9, "shdmax": {12: 96, 10: 90}})).table
    assert table.vegetation.tolist() == [12, 10]
    assert table.soil.tolist() == [9, 9]
    assert table.t_bottom.tolist() == [285.0, 289.0]
    assert table.vegetation_fraction.tolist() == [0.96, 0.9]


def test_columns_take_what_their_climate_says():
    ds = weather(tbot=("climate", [285.0, 289.0]))
    told = {**PLACE, "vegetation": [12, 10], "soil": 4, "climate": ["MED", "MED"]}
    table = describe_columns(ds, LandChoices(columns=told)).table
    assert table.site.tolist() == [1, 1]
    assert table.t_bottom.tolist() == [289.0, 289.0]


def test_names_of_columns_say_their_climate():
    ds = weather(veg=("column", [12, 10, 4]), soil=("column", [4, 3, 1]))
    ds = ds.assign_coords(column=["MED:a", "IL:b", "MED:c"])
    described = describe_columns(ds, LandChoices(columns=PLACE))
    assert described.table.site.tolist() == [1, 0, 1]
    assert described.names.tolist() == ["MED:a", "IL:b", "MED:c"]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({**PLACE, "soil": 4}, "No vegetation class"),
        ({"vegetation": 12, "soil": 4, "longitude": 0.0}, "No latitude"),
        ({**PLACE, "vegetation": [1, 2, 3], "soil": 4}, "3 columns, and weather of 2 sites"),
        ({**PLACE, "vegetation": [1, 2, 3], "soil": [4, 4]}, "vegetation has 3"),
        ({**PLACE, "vegetation": 1, "soil": 4, "climate": "BOR"}, "no climate 'BOR'; it has IL, MED"),
        ({**PLACE, "vegetation": 1, "soil": 4, "climate": 2}, "sites 0 to 1"),
        ({**PLACE, "vegetation": 1, "soil": 4, "shdmax": {2: 90}}, "no value for class 1"),
    ],
)
def test_columns_that_are_not_described_are_refused(columns, said):
    with pytest.raises(ValueError, match=r".") as caught:
        describe_columns(weather(), LandChoices(columns=columns))
    assert said in str(caught.value)


@pytest.mark.parametrize("wrong", [{"per_pft": True}, {"output": "annual"}, {"precision": "float32"}])
def test_what_the_model_does_not_do_is_refused(wrong):
    experiment = Experiment(**{"model": "land", "dataset": "file", **wrong})
    with pytest.raises(ValueError, match=next(iter(wrong))):
        run(experiment, weather())


@compiled
def test_a_run_gives_its_experiment_back_and_only_the_period_and_region_asked_for():
    land = LandChoices(
        cycles=2,
        start="1998-01-01T00:00",
        columns={"vegetation": 12, "soil": 4, "latitude": [40.0, 60.0], "longitude": 10.0, "climate": [0, 1]},
    )
    whole = Experiment(model="land", dataset="file", land=land)
    ds = run(whole, weather())
    assert ds.sizes["column"] == 2
    assert Experiment.from_attrs(ds.attrs) == whole
    box = {"name": "north", "west": 0.0, "south": 50.0, "east": 20.0, "north": 70.0}
    mapping = {**whole.to_mapping(), "region": box, "period": ["1998-01-02", ""]}
    part = run(Experiment.from_mapping(mapping), weather())
    assert dict(part.sizes) == {"column": 1, "time": 1, "layer": 4}
    xr.testing.assert_allclose(part.gpp, ds.gpp.isel(column=[1], time=[1]).assign_coords(column=[0]))


HERE = {"latitude": 40.0, "longitude": -88.0}


@compiled
def test_blocks_of_columns_give_what_one_run_of_all_gives_and_lazy_weather_is_read_for_each():
    pytest.importorskip("dask")
    columns = {**HERE, "vegetation": [12, 1, 10, 4] * 3, "soil": 4, "climate": [0, 1, 0, 1] * 3}
    land = LandChoices(cycles=3, stop_when_settled=True, start="1998-01-01T00:00", columns=columns)
    experiment = Experiment(model="land", dataset="file", land=land)
    whole = run(experiment, weather())
    parts = run_columns(experiment, weather().chunk({"climate": 1}), block=5)
    assert set(parts.data_vars) == set(whole.data_vars)
    for name in whole.data_vars:
        # Lanes of a block share what they pass over, so that rounding may differ.
        np.testing.assert_allclose(parts[name].values, whole[name].values, rtol=1e-5, atol=1e-9, err_msg=name)
    assert parts["column"].values.tolist() == list(range(12))
    np.testing.assert_array_equal(parts["forcing_site"], whole["forcing_site"])
    for name in ("spin_up_cycles", "spin_up_water_drift", "spin_up_settled"):
        assert parts.attrs[name] == whole.attrs[name]


@compiled
def test_months_are_means_of_their_days_and_pools_those_of_their_last():
    land = LandChoices(cycles=1, start="1998-01-31T00:00", columns={**HERE, "vegetation": 12, "soil": 4})
    days = run(Experiment(model="land", dataset="file", land=land), weather())
    months = run(Experiment(model="land", dataset="file", output="monthly", land=land), weather())
    assert months["time"].values.astype("datetime64[D]").tolist() == [
        np.datetime64(f"1998-0{k}-01").item() for k in (1, 2)
    ]
    np.testing.assert_allclose(months["gpp"][:, 0], days["gpp"][:, 0], rtol=1e-6)
    np.testing.assert_allclose(months["soil_moisture"][:, :, 1], days["soil_moisture"][:, :, 1], rtol=1e-6)
    np.testing.assert_array_equal(months["soc_fast"][:, 0], days["soc_fast"][:, 0])
    assert Experiment.from_attrs(months.attrs).output == "monthly"
    with pytest.raises(ValueError, match="contradict"):
        run(Experiment(model="land", dataset="file", output="monthly", land=replace(land, output="native")), weather())


def test_sand_and_clay_take_the_place_of_the_soil_class():
    said = describe_columns(
        weather(), LandChoices(columns={**HERE, "vegetation": 12, "sand": [0.4, 0.9], "clay": 0.05})
    )
    assert said.table.soil.tolist() == [4, 1]
    assert said.texture["b"] == pytest.approx([3.705, 3.705])
    own = LandChoices(columns={**HERE, "vegetation": 12, "sand": 0.4, "clay": 0.2, "soil": 9}, parameters={"b": 5.0})
    said = describe_columns(weather(), own)
    assert said.table.soil.tolist() == [9, 9]
    assert "b" not in said.texture
    with pytest.raises(ValueError, match="one is missing"):
        describe_columns(weather(), LandChoices(columns={**HERE, "vegetation": 12, "soil": 4, "sand": 0.4}))


@compiled
def test_sand_and_clay_reach_the_run():
    land = {"cycles": 1, "start": "1998-01-01T00:00"}
    plain = {**HERE, "vegetation": 12, "soil": 4}
    runs = [
        run(Experiment(model="land", dataset="file", land=LandChoices(columns=plain | more, **land)), weather())
        for more in ({}, {"sand": 0.9, "clay": 0.03})
    ]
    assert float(np.abs(runs[0]["ssm"] - runs[1]["ssm"]).max()) > 0.005
