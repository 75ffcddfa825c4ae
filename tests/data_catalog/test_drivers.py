"""Drivers at a tower: the tower's where it measured, the world's elsewhere, and who gave which day."""

import numpy as np
import pytest
import xarray as xr

from data_catalog.datasets import climatology_npz
from data_catalog.datasets.towers import ENTRY
from data_catalog.drivers import L4C_DRIVERS, nearest_cell, tower_drivers
from models.experiment import Experiment, L4COptions, run
from models.skill.scores import compare_with_tower
from models.variables import VARIABLES

DAYS = 800


@pytest.fixture
def world():
    """Four cells: forest here, grass near, bare in between, one far away."""
    day = np.arange(365)
    season = -np.cos(2 * np.pi * day / 365)
    values = {
        "par": 7 + 4 * season,
        "tmin": 280 + 8 * season,
        "vpd": 900 + 500 * season,
        "smrz": 60 - 20 * season,
        "smsf": 50 - 30 * season,
        "t_soil": 284 + 8 * season,
        "frozen": (season < -0.9).astype(float),
    }
    ds = xr.Dataset(
        {name: (("cell", "time"), np.tile(v, (4, 1)), VARIABLES[name].cf_attrs) for name, v in values.items()},
        {
            "time": np.datetime64("2015-01-01", "ns") + day * np.timedelta64(1, "D"),
            "cell": np.arange(4),
            "pft": np.arange(1, 9),
            "latitude": ("cell", [48.0, 48.4, 49.0, -30.0]),
            "longitude": ("cell", [7.0, 7.0, 7.0, 20.0]),
        },
    )
    fraction = np.zeros((4, 8))
    fraction[0, 3], fraction[0, 5], fraction[2, 5], fraction[3, 5] = 0.5, 0.3, 0.9, 0.9
    ds["pft_fraction"] = (("cell", "pft"), fraction)
    ds["fpar"] = (("cell", "pft", "time"), np.broadcast_to(np.arange(1, 9)[None, :, None] / 10, (4, 8, 365)).copy())
    ds["smrz_min"], ds["smrz_max"] = ("cell", np.full(4, 40.0)), ("cell", np.full(4, 80.0))
    ds["sand"] = ("cell", np.full(4, 40.0))
    ds["t_range_clim"] = (("cell", "month"), np.full((4, 12), 10.0))
    return ds.assign_attrs(grid="test grid")


@pytest.fixture
def tower():
    time = np.datetime64("2003-01-01", "ns") + np.arange(DAYS) * np.timedelta64(1, "D")
    season = -np.cos(2 * np.pi * np.arange(DAYS) / 365.25)
    values = {
        "t_air": 283 + 12 * season,
        "tmin": 278 + 11 * season,
        "sw_down": 160 + 100 * season,
        "vpd": 600 + 400 * season,
        "t_soil": 282 + 8 * season,
        "ssm": 0.25 - 0.1 * season,
        "rzsm": 0.30 - 0.05 * season,
    }
    ds = xr.Dataset(
        {name: (("time", "site"), v[:, None], VARIABLES[name].cf_attrs) for name, v in values.items()},
        {
            "time": time,
            "site": ["XX-Tst"],
            "latitude": ("site", [48.1]),
            "longitude": ("site", [7.1]),
            "pft": ("site", [4]),
        },
    )
    return ds.assign_attrs(resolution="DD", source="measured: test")


def share(sources, driver, start):
    rows = sources[(sources["driver"] == driver) & sources["source"].str.startswith(start)]
    return float(rows["share"].sum())


def test_what_the_tower_measured_is_taken_from_it(world, tower):
    ds, sources = tower_drivers(tower, world)
    assert set(L4C_DRIVERS) <= set(ds.data_vars)
    assert ds["par"].dims == ("cell", "time")
    np.testing.assert_allclose(ds["par"].values[0], tower["sw_down"].values[:, 0] * 0.45 * 0.0864)
    np.testing.assert_array_equal(ds["tmin"].values[0], tower["tmin"].values[:, 0])
    np.testing.assert_array_equal(ds["vpd"].values[0], tower["vpd"].values[:, 0])
    np.testing.assert_array_equal(ds["frozen"].values[0], tower["t_air"].values[:, 0] < 273.15)
    for driver in set(L4C_DRIVERS) - {"fpar"}:
        assert share(sources, driver, "tower") == 1.0


def test_fpar_is_the_worlds_for_the_towers_plant_type(world, tower):
    ds, sources = tower_drivers(tower, world)
    np.testing.assert_allclose(ds["fpar"].values, 0.4)
    assert "plant type 4" in sources[sources["driver"] == "fpar"]["source"].item()
    np.testing.assert_allclose(tower_drivers(tower, world, pft=6)[0]["fpar"].values, 0.6)
    own = tower.assign(fpar=tower["vpd"] * 0 + 0.33)
    np.testing.assert_allclose(tower_drivers(own, world)[0]["fpar"].values, 0.33)


def test_gaps_are_the_worlds_by_calendar_day_and_counted(world, tower):
    gap = slice(100, 300)
    tower["vpd"][gap] = np.nan
    ds, sources = tower_drivers(tower, world)
    np.testing.assert_array_equal(ds["vpd"].values[0, gap], world["vpd"].values[0, gap])
    assert share(sources, "vpd", "reference-earth test grid") == pytest.approx(200 / DAYS)
    for driver, group in sources.groupby("driver"):
        assert group["share"].sum() == pytest.approx(1.0), driver
    assert "25% reference-earth" in ds["vpd"].attrs["source"]
    left, missing = tower_drivers(tower, world, fill_gaps=False)
    assert np.isnan(left["vpd"].values[0, gap]).all()
    assert share(missing, "vpd", "missing") == pytest.approx(200 / DAYS)
    assert share(missing, "fpar", "reference-earth") == 1.0  # never measured: the world's in any case


def test_left_gaps_stay_gaps_whoever_is_next_and_each_day_says_who_gave_it(world, tower):
    gap = slice(100, 300)
    file = tower.copy(deep=True)
    tower["vpd"][gap] = np.nan
    ds, sources = tower_drivers(tower, world, file=file)
    assert share(sources, "vpd", "file") == pytest.approx(200 / DAYS)
    meanings = dict(
        zip(ds["vpd_source"].attrs["flag_values"], ds["vpd_source"].attrs["flag_meanings"].split(), strict=True)
    )
    assert {meanings[k].split("_")[0] for k in np.unique(ds["vpd_source"].values[0, gap])} == {"file"}
    assert "vpd: " in ds.attrs["driver_sources"]
    left, missing = tower_drivers(tower, world, file=file, fill_gaps={"vpd": False})
    assert np.isnan(left["vpd"].values[0, gap]).all()
    assert (left["vpd_source"].values[0, gap] == -1).all()
    assert share(missing, "vpd", "missing") == pytest.approx(200 / DAYS)
    assert np.isfinite(left["tmin"]).all()


def test_the_29th_of_february_takes_the_worlds_28th(world, tower):
    tower["t_soil"][:] = np.nan
    ds, _ = tower_drivers(tower, world)
    days = ds["time"].values.astype("datetime64[D]")
    at = int(np.flatnonzero(days == np.datetime64("2004-02-29"))[0])
    np.testing.assert_array_equal(ds["t_soil"].values[0, at - 1 : at + 2], world["t_soil"].values[0, [58, 58, 59]])


def test_wetness_is_water_over_porosity(world, tower):
    ds, _ = tower_drivers(tower, world)
    porosity = 0.489 - 0.00126 * 40.0
    np.testing.assert_allclose(ds["smsf"].values[0], 100 * tower["ssm"].values[:, 0] / porosity)
    np.testing.assert_allclose(ds["smrz"].values[0], 100 * tower["rzsm"].values[:, 0] / porosity)
    assert ds["smrz_min"].item() == ds["smrz"].min().item()
    assert ds["smrz_max"].item() == ds["smrz"].max().item()
    peat = tower.assign(ssm=tower["ssm"] * 2.5)  # wetter than the pores of the world's soil
    assert tower_drivers(peat, world)[0]["smsf"].max().item() == 100.0


def test_the_only_layer_serves_for_the_root_zone_too_and_says_so(world, tower):
    ds, sources = tower_drivers(tower.drop_vars("rzsm"), world)
    np.testing.assert_array_equal(ds["smrz"].values, ds["smsf"].values)
    assert "(only layer)" in sources[sources["driver"] == "smrz"]["source"].item()


def test_filled_moisture_keeps_the_towers_range(world, tower):
    tower["rzsm"][400:] = np.nan
    ds, _ = tower_drivers(tower, world)
    own = ds["smrz"].values[0, :400]
    assert own.min() - 1e-9 <= ds["smrz"].values[0, 400:].min()
    assert ds["smrz"].values[0, 400:].max() <= own.max() + 1e-9
    assert (
        np.corrcoef(ds["smrz"].values[0, 400:765], world["smrz"].values[0, (400 + np.arange(365)) % 365])[0, 1] > 0.99
    )


def test_without_soil_moisture_everything_of_it_is_the_worlds(world, tower):
    ds, _ = tower_drivers(tower.drop_vars(["ssm", "rzsm"]), world)
    assert (ds["smrz_min"].item(), ds["smrz_max"].item()) == (40.0, 80.0)
    np.testing.assert_array_equal(ds["smrz"].values[0, :365], world["smrz"].values[0])


def test_a_daily_file_without_tmin_gets_an_estimate_that_says_so(world, tower):
    ds, sources = tower_drivers(tower.drop_vars("tmin"), world)
    assert share(sources, "tmin", "tower t_air less half the daily range (estimated)") == 1.0
    below = tower["t_air"].values[:, 0] - ds["tmin"].values[0]
    assert below.mean() == pytest.approx(5.0, rel=0.02)  # half of the world's 10 K, on an average day


def test_the_estimate_of_tmin_is_within_two_kelvin_at_real_towers():
    from data_catalog import open_dataset
    from data_catalog.towers import open_tower

    world = open_dataset("reference-earth", grid="108km")
    for site in ("US-Tw3", "US-ARM", "FR-Hes"):
        tower = open_tower(site)
        estimate, _ = tower_drivers(tower.drop_vars("tmin"), world, fill_gaps=False)
        error = estimate["tmin"].values[0] - tower["tmin"].values[:, 0]
        assert np.sqrt(np.nanmean(error**2)) < 2.1, site


def test_the_nearest_cell_with_the_plant_type_is_found(world):
    assert nearest_cell(world, 48.0, 7.0, 4)[0] == 0
    assert nearest_cell(world, 48.9, 7.0, 6)[0] == 2
    place, distance = nearest_cell(world, 48.4, 7.0, 1)  # no such trees anywhere: the nearest that is not bare
    assert (place, round(distance)) == (0, 44)
    with pytest.raises(ValueError, match="No vegetated cell of the world lies within 500 km of 0, -150"):
        nearest_cell(world, 0.0, -150.0, 4)
    east = world.assign_coords(longitude=("cell", [179.9, 0.0, 0.0, 0.0]))
    assert nearest_cell(east, 48.0, -179.9, 4)[1] < 20  # across the date line


def test_an_unknown_place_or_plant_type_is_asked_for(world, tower):
    with pytest.raises(ValueError, match="The latitude of XX-Tst is not known: give latitude="):
        tower_drivers(tower.drop_vars("latitude"), world)
    with pytest.raises(ValueError, match="The pft of XX-Tst is not known"):
        tower_drivers(tower.drop_vars("pft"), world)
    with pytest.raises(ValueError, match="pft = 9 is no plant type"):
        tower_drivers(tower, world, pft=9)
    ds, _ = tower_drivers(tower.drop_vars(["latitude", "pft"]), world, latitude=48.0, pft=4)
    assert ds["pft"].item() == 4


def test_half_hours_are_sent_through_to_daily(world, tower):
    with pytest.raises(ValueError, match="'HH'; L4C runs on days"):
        tower_drivers(tower.assign_attrs(resolution="HH"), world)


def test_neither_tower_nor_world_are_written_to(world, tower):
    before = tower.copy(deep=True), world.copy(deep=True)
    tower_drivers(tower, world)
    assert tower.identical(before[0])
    assert world.identical(before[1])


# --- L4C on them -----------------------------------------------------------------------------------------------


def test_l4c_runs_at_a_tower_and_is_scored(world, tower):
    ds, _ = tower_drivers(tower, world)
    result = run(Experiment(dataset="tower", site="XX-Tst"), ds)
    observed = tower.assign(gpp=("time", result["gpp"].values[0])).assign(
        gpp=lambda d: d["gpp"].expand_dims(site=1, axis=1)
    )
    table = compare_with_tower(result, observed)
    assert float(table["rmse"].sel(variable="gpp", season="all")) == pytest.approx(0.0, abs=1e-12)


def test_l4c_follows_the_seasons_of_a_real_beech_forest():
    drivers = ENTRY.load(site="FR-Hes")
    from data_catalog.towers import open_tower

    result = run(Experiment(dataset="tower", site="FR-Hes"), drivers)
    gpp = compare_with_tower(result, open_tower("FR-Hes")).sel(variable="gpp", season="all")
    assert float(gpp["r"]) > 0.8  # with the BPLUT as published; a wrong unit leaves no correlation or a bias of tens
    assert abs(float(gpp["bias"])) < 3.0


# --- the 365-day climatology of a site -------------------------------------------------------------------------


def test_the_real_climatology_of_us_ne3_runs_to_its_published_numbers(shared):
    path = shared / "reference/l4c/site_US-Ne3_climatology.npz"
    ds = climatology_npz.load(path)
    expected = np.load(path, allow_pickle=False)
    options = L4COptions(smrz_range="minimum_100", soc_start="analytical")  # as the reference program does
    result = run(Experiment(dataset="file", l4c=options), ds)
    # The reference was stored in float64 from parameters in float64; what differs is the order of additions.
    np.testing.assert_allclose(result["gpp"].values, expected["out_GPP"], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(result["ra"].values, expected["out_RA"], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(result["rh"].values, expected["out_RH"], rtol=1e-6)
    np.testing.assert_allclose(result["nee"].values, expected["out_NEE"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(result["t_mult"].values, expected["out_Tmult"], rtol=1e-6)
    np.testing.assert_allclose(result["w_mult"].values, expected["out_Wmult"], rtol=1e-6)


def test_a_climatology_may_hold_no_python_objects(tmp_path):
    path = climatology_npz.write_example(tmp_path / "site.npz")
    assert climatology_npz.is_climatology(path)
    stored = dict(np.load(path))
    stored["PFT"] = np.array([4, None], dtype=object)
    np.savez(tmp_path / "objects.npz", **stored)
    with pytest.raises(ValueError, match="array PFT holds Python objects"):
        climatology_npz.load(tmp_path / "objects.npz")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"VPD": None}, "array VPD is missing"),
        ({"PAR": np.zeros((2, 7))}, r"PAR has shape \(2, 7\); \(PFT, dates\) = \(2, 365\)"),
        ({"dates": np.array(["1 Jan"] * 365)}, "dates = '1 Jan'"),
    ],
)
def test_a_broken_climatology_is_named(tmp_path, change, message):
    stored = dict(np.load(climatology_npz.write_example(tmp_path / "site.npz"))) | change
    np.savez(tmp_path / "broken.npz", **{name: array for name, array in stored.items() if array is not None})
    with pytest.raises(ValueError, match=message):
        climatology_npz.load(tmp_path / "broken.npz")


def test_a_cut_climatology_says_so(tmp_path):
    path = climatology_npz.write_example(tmp_path / "site.npz")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"not a whole \.npz archive"):
        climatology_npz.load(path)
