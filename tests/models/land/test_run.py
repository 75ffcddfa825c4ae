"""From labelled data to labelled data."""

import numpy as np
import pytest
from numba import config, njit

from models.kernel import Cancelled
from models.land import layout as at
from models.land.columns import cold_start, column_table
from models.land.forcing import columns_from_dataset, forcing_array
from models.land.params import class_values, parameter_table
from models.land.radiation import shortwave
from models.land.run import LandOptions, advance, run_land
from models.quantity import parameters_of
from models.variables import VARIABLES
from tests.models.land.conftest import random_weather, run_steps, site_weather

DAYS = 1 if config.DISABLE_JIT else 60


@pytest.fixture(scope="module")
def weather(bondville):
    return site_weather(bondville).isel(time=slice(0, DAYS * 48))


@pytest.fixture(scope="module")
def table():
    return column_table([12, 4], [4, 4], t_bottom=285.0, latitude=40.01, longitude=-88.37, site=[0, 0])


def test_a_run_returns_named_quantities_in_the_units_of_the_nomenclature(weather, table):
    ds = run_land(weather, table)
    water = "soil_moisture ssm rzsm smsf smrz swe snow_depth transpiration soil_evaporation interception_evaporation et"
    rest = "soil_temperature t_soil frozen lai fpar le h runoff drainage gpp npp nee soc_fast soc_stable leaf_carbon"
    for name in f"{water} {rest}".split():
        quantity = VARIABLES[name]
        assert ds[name].attrs["units"] == quantity.unit
        assert float(ds[name].min()) >= quantity.low
        assert float(ds[name].max()) <= quantity.high
    assert ds.soil_moisture.dims == ("column", "layer", "time")
    assert ds.sizes["time"] == DAYS
    np.testing.assert_allclose(ds.nee, ds.ra + ds.rh - ds.gpp, atol=1e-4)
    np.testing.assert_allclose(ds.et, ds.transpiration + ds.soil_evaporation + ds.interception_evaporation, atol=1e-5)


def test_native_steps_average_to_the_daily_means(weather, table):
    daily = run_land(weather, table)
    native = run_land(weather, table, LandOptions(output="native"))
    assert native.sizes["time"] == 24 * daily.sizes["time"]
    for name in ("ssm", "gpp", "le", "runoff"):
        mean = native[name].values.reshape(2, -1, 24).mean(axis=2)
        np.testing.assert_allclose(mean, daily[name].values, rtol=2e-4, atol=1e-5)  # float32 outputs


def test_columns_do_not_know_their_neighbours():
    rng = np.random.default_rng(3)
    vegetation, soil = rng.integers(1, 13, 21), rng.integers(1, 13, 21)
    weather = random_weather(rng, 6 if config.DISABLE_JIT else 120, 21)
    together = cold_start(column_table(vegetation, soil))
    run_steps(together, weather)
    order = rng.permutation(21)
    mixed = cold_start(column_table(vegetation[order], soil[order], site=order))
    run_steps(mixed, weather)
    for name in ("theta_1", "t_ground", "swe", "leaf", "soc_fast"):
        # Blocks without snow, light or ice skip those stages, which give the same numbers to rounding.
        np.testing.assert_allclose(mixed.get(name), together.get(name)[order], rtol=1e-9, atol=1e-12)


def test_a_run_in_two_pieces_equals_a_run_in_one(weather, table):
    forcing, _ = forcing_array(weather, 3600.0, np.array([40.01]), np.array([-88.37]))
    options = LandOptions()
    whole, pieces = cold_start(table), cold_start(table)
    advance(whole, forcing, options)
    advance(pieces, forcing, options, last_step=17)
    advance(pieces, forcing, options, first_step=17)
    np.testing.assert_array_equal(whole.state, pieces.state)


def test_members_share_forcing_and_perturbed_members_part(weather, table):
    forcing, _ = forcing_array(weather, 3600.0, np.array([40.01]), np.array([-88.37]))
    columns = cold_start(column_table(np.full(24, 12), [4], latitude=40.01, longitude=-88.37, site=0))
    noise = np.zeros((forcing.shape[0], 3, 3, at.LANES))
    noise[:, :, 0] = noise[:, :, 2] = np.random.default_rng(0).lognormal(0.0, 0.5, (1, 3, at.LANES))
    advance(columns, forcing, LandOptions(), perturbation=noise)
    assert np.unique(columns.get("t_soil_1")).size == 24
    noise[:, :, 0] = noise[:, :, 2] = 1.0
    twin, single = cold_start(columns.table), cold_start(column_table([12], [4], latitude=40.01, longitude=-88.37))
    advance(twin, forcing, LandOptions(), perturbation=noise)
    advance(single, forcing, LandOptions())
    np.testing.assert_array_equal(twin.get("theta_1"), single.get("theta_1")[0])


def test_weaker_coupling_keeps_rain_near_the_surface(weather, table):
    strong, weak = run_land(weather, table), run_land(weather, table, overrides={"coupling": 0.2})
    assert (weak.ssm - weak.rzsm).std() > (strong.ssm - strong.rzsm).std()


def test_spin_up_ends_when_water_and_leaf_area_repeat_and_balances_soil_carbon(weather):
    if config.DISABLE_JIT:
        pytest.skip("Spin-up needs compiled kernels.")
    table = column_table([10], [3], t_bottom=285.0, latitude=40.01, longitude=-88.37, site=[0])
    options = LandOptions(spin_up=60, soil_carbon="balanced")
    ds = run_land(weather, table, options)
    assert ds.attrs["spin_up_settled"] == 1
    assert 1 < ds.attrs["spin_up_cycles"] < 60
    assert ds.attrs["spin_up_water_drift"] <= 0.001
    change = ds.soc_fast.isel(time=-1) - ds.soc_fast.isel(time=0)
    assert abs(float(change.isel(column=0))) < 0.02 * float(ds.soc_fast.isel(column=0, time=0))


def test_progress_rises_to_one_and_cancelling_stops(weather, table):
    seen = []
    run_land(weather, table, LandOptions(spin_up=1), progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    with pytest.raises(Cancelled):
        run_land(weather, table, cancelled=lambda: True)


def test_bad_input_is_named_with_what_is_accepted(weather, table):
    with pytest.raises(
        ValueError, match="vegetation class 21 is not in the table: classes are whole numbers from 1 to 20"
    ):
        cold_start(column_table([21], [4]))
    with pytest.raises(ValueError, match="vegetation_fraction = 96 1 lies outside"):
        column_table([12], [4], vegetation_fraction=96.0)
    with pytest.raises(KeyError, match="No land parameter is named 'vcmax'"):
        cold_start(table, overrides={"vcmax": 50.0})
    with pytest.raises(ValueError, match="vcmax25 = 500"):
        cold_start(table, overrides={"vcmax25": 500.0})
    with pytest.raises(ValueError, match="dt = 600"):
        LandOptions(dt=600.0)
    celsius = weather.assign(T=weather["T"] - 273.15)
    with pytest.raises(ValueError, match=r"t_air = .* K at step 0, site 0 lies outside"):
        run_land(celsius, table)
    with pytest.raises(ValueError, match="The forcing lacks lw_down"):
        run_land(weather.drop_vars("LW"), table)
    gap = weather.copy(deep=True)
    gap["wind"][0, 5] = np.nan
    with pytest.raises(ValueError, match="wind of the forcing is missing at step 5"):
        run_land(gap, table)
    wrong = weather.copy(deep=True)
    wrong["P"].attrs["units"] = "hPa"
    with pytest.raises(ValueError, match="pressure of the forcing is in 'hPa', not 'Pa'"):
        run_land(wrong, table)


def test_a_file_of_columns_describes_them_and_settings_stand_above_it(bondville):
    ds = bondville.assign(veg=("column", [12, 4, 7]), soil=("column", [4, 3, 6]), site=("column", [0, 2, 2]))
    described = columns_from_dataset(ds, shdmax=95, latitude=40.0, longitude=-88.0)
    np.testing.assert_array_equal(described.vegetation, [12, 4, 7])
    np.testing.assert_allclose(described.vegetation_fraction, 0.95)
    np.testing.assert_allclose(described.t_bottom, bondville.tbot.values[[0, 2, 2]])
    np.testing.assert_array_equal(columns_from_dataset(ds, soil=[1, 1, 1]).soil, 1)
    assert columns_from_dataset(bondville, vegetation=12, soil=4).site.tolist() == [0, 1, 2, 3]
    assert columns_from_dataset(bondville, vegetation=[12, 10], soil=4, climate=["BOR", "IL"]).site.tolist() == [2, 0]
    with pytest.raises(ValueError, match="The forcing has no climate 'X'; it has IL, MED, BOR, ATL"):
        columns_from_dataset(bondville, vegetation=[12], soil=4, climate=["X"])
    with pytest.raises(ValueError, match="No vegetation class is given"):
        columns_from_dataset(bondville)
    with pytest.raises(ValueError, match="A column has no 'colour'"):
        columns_from_dataset(ds, colour=4)


def test_setting_soil_moisture_moves_the_liquid_alone_and_setting_lai_the_leaves(table):
    columns = cold_start(table)
    columns.set("soil_liquid", columns.get("soil_liquid") - 0.1)  # 0.1 of ice
    columns.set("soil_moisture", np.full((4, 2), 0.9))
    np.testing.assert_allclose(columns.get("soil_moisture") - columns.get("soil_liquid"), 0.1)
    np.testing.assert_allclose(columns.get("soil_moisture"), np.tile(columns.get("porosity"), (4, 1)))
    columns.set("soil_moisture", np.zeros((4, 2)))
    np.testing.assert_allclose(columns.get("soil_liquid"), 0.02)
    columns.set("lai", np.array([3.0, 0.0]))
    np.testing.assert_allclose(columns.get("leaf") * columns.get("sla") * 1e-3, [3.0, 0.05])
    with pytest.raises(KeyError, match="Columns have no 'gpp'"):
        columns.get("gpp")
    with pytest.raises(KeyError, match="'vcmax25' can't be set"):
        columns.set("vcmax25", 50.0)


def test_every_parameter_is_declared_once_and_every_class_lies_within_its_bounds():
    declared = parameter_table()
    assert set(at.PARAMETERS) == set(declared)
    for name, count in (("vegetation", 20), ("soil", 19)):
        for key, values in class_values(name, np.arange(1, count + 1)).items():
            bounds = parameters_of(declared[key])[key]
            assert bounds.long_name
            assert bounds.source
            assert np.all((values >= bounds.low) & (values <= bounds.high)), key


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="It is about compiled code.")
def test_a_stage_is_vector_code():
    stage = njit(error_model="numpy", fastmath={"contract"})(shortwave.py_func)
    stage(np.ones(at.SIZE))
    assembly = stage.inspect_asm(stage.signatures[0])
    packed = sum(assembly.count(f"{name}pd") for name in ("vmul", "mul", "vadd", "add"))
    scalar = sum(assembly.count(f"{name}sd") for name in ("vmul", "mul", "vadd", "add"))
    if not packed and not scalar:
        pytest.skip("This processor's instructions have other names.")
    assert packed > 10 * scalar
