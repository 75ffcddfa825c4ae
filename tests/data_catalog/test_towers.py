"""The towers that ship with the app, and the processing that made them."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from data_catalog.datasets.fluxnet_columns import GC_PER_UMOL
from data_catalog.towers import TOWERS, open_tower, towers_in
from data_catalog.towers.build import daily_table, half_hours
from data_catalog.towers.gapfill import despike, fill_by_similar_weather, interpolate_short, ustar_threshold
from data_catalog.towers.partition import lloyd_taylor, partition_by_night, temperature_sensitivity
from data_catalog.towers.recipes import RECIPES, Recipe

DAY = 48


def weather(days=60):
    """Half hours of a summer: radiation, temperature [deg C], VPD [hPa], night."""
    hour = np.arange(days * DAY) % DAY / 2
    day = np.arange(days * DAY) // DAY
    sun = np.maximum(0.0, np.sin((hour - 6) / 12 * np.pi)) * (500 + 200 * np.sin(day))
    t_air = 15 + 6 * np.sin((hour - 9) / 12 * np.pi) + 4 * np.sin(day / 3.0)
    return sun, t_air, np.maximum(0.5, t_air - 8), sun < 10


# --- what ships ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("site", TOWERS)
def test_a_shipped_tower_opens_with_place_plant_type_citation_and_licence(site):
    ds = open_tower(site)
    tower = TOWERS[site]
    assert (ds["site"].item(), ds["pft"].item(), ds["latitude"].item()) == (site, tower.pft, tower.latitude)
    assert {"gpp", "reco", "nee", "t_air", "sw_down", "vpd"} <= set(ds.data_vars)
    assert ds.sizes["time"] >= tower.days
    assert "CC-BY-4.0" in ds.attrs["licence"] or "MIT" in ds.attrs["licence"]
    assert ds.attrs["citation"]
    assert "half hours" in ds.attrs["processing"].lower() or "unchanged" in ds.attrs["processing"]
    assert not ds.attrs["synthetic"]


@pytest.mark.parametrize("site", TOWERS)
def test_net_exchange_of_a_shipped_tower_is_respiration_less_photosynthesis(site):
    ds = open_tower(site)
    balance = (ds["reco"] - ds["gpp"] - ds["nee"]).values
    # Five digits in the file; and averages of a day may leave out different half hours of RECO than of NEE.
    assert np.nanpercentile(np.abs(balance), 95) < 0.02
    assert np.nanmax(np.abs(balance)) < 1.0


def test_shipped_towers_are_as_productive_as_such_plants_are():
    expected = {"FR-Hes": (1200, 2000), "US-AR1": (200, 900), "US-ARM": (400, 1300), "US-Tw3": (1500, 2700)}
    for site, (low, high) in expected.items():  # gC m-2 yr-1; beech forest, switchgrass, wheat, irrigated alfalfa
        assert low < float(open_tower(site)["gpp"].mean()) * 365 < high, site


def test_all_shipped_files_stay_within_two_megabytes():
    assert sum(tower.path.stat().st_size for tower in TOWERS.values()) < 2_000_000


def test_every_recipe_is_shipped_and_every_file_belongs_to_a_recipe():
    assert [recipe.site for recipe in RECIPES] == list(TOWERS)
    folder = next(iter(TOWERS.values())).path.parent
    assert {path.name for path in folder.glob("*.zip")} == {tower.file for tower in TOWERS.values()}
    for tower in TOWERS.values():
        with zipfile.ZipFile(tower.path) as archive:
            assert len(archive.namelist()) == 1


def test_us_ar1_is_the_fluxnet2015_record(shared):
    path = next((shared / "data/fluxnet2015/monthly").glob("*US-AR1*"))
    monthly = pd.read_csv(path)
    ours = open_tower("US-AR1")["gpp"].isel(site=0).resample(time="MS").mean().values
    theirs = monthly["GPP_NT_VUT_REF"]  # release 1-4, ours is 1-3: partitioning was rerun, differences stay below 0.2
    np.testing.assert_allclose(ours, theirs, atol=0.2)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.999


def test_an_unknown_tower_is_named_with_those_that_ship():
    with pytest.raises(KeyError, match="No tower is named 'XX-Xxx'; these ship with the app: US-Tw3"):
        open_tower("XX-Xxx")


def test_a_users_own_file_goes_before_the_shipped_one(shared, tmp_path):
    source = next((shared / "data/fluxnet2015/daily").glob("*US-Var*"))
    text = source.read_text().splitlines()[:40]
    (tmp_path / "deep").mkdir()
    mine = tmp_path / "deep" / "FLX_US-ARM_FLUXNET2015_SUBSET_DD_2000-2000_1-4.csv"
    mine.write_text("\n".join(text) + "\n")
    (tmp_path / "FLX_US-ARM_FLUXNET2015_SUBSET_MM_2000-2000_1-4.csv").write_text("too coarse to run")
    assert towers_in([tmp_path]) == {"US-ARM": mine}
    assert open_tower("US-ARM", [tmp_path]).sizes["time"] == 39
    assert open_tower("FR-Hes", [tmp_path]).sizes["time"] == 366


def test_a_networks_archive_of_all_resolutions_is_found_by_its_site(tmp_path):
    names = ("FLX_US-Var_FLUXNET2015_SUBSET_2000-2014_1-4.zip", "AMF_US-Ne3_FLUXNET_FULLSET_2001-2020_3-5.zip")
    for name in names:
        (tmp_path / name).write_bytes(b"")
    assert {site: path.name for site, path in towers_in([tmp_path]).items()} == dict(
        zip(("US-Var", "US-Ne3"), names, strict=True)
    )


# --- filling and cleaning --------------------------------------------------------------------------------------


def test_spikes_go_and_the_daily_course_stays():
    sun, _, _, night = weather()
    flux = 3.0 - 0.03 * sun + np.random.default_rng(1).normal(0, 0.3, sun.size)
    spiky = flux.copy()
    places = np.arange(500, 2500, 97)
    spiky[places] += 25.0
    clean = despike(spiky, night)
    assert np.isnan(clean[places]).all()
    assert np.isnan(clean).mean() < 0.05
    assert np.isfinite(spiky).all()


def test_only_short_gaps_are_interpolated():
    line = np.arange(20.0)
    gappy = line.copy()
    gappy[[3, 4, 10, 11, 12, 13, 14, 0, 19]] = np.nan
    filled = interpolate_short(gappy, longest=4)
    np.testing.assert_array_equal(filled[[3, 4]], [3.0, 4.0])
    assert np.isnan(filled[[0, 10, 11, 12, 13, 14, 19]]).all()


def test_gaps_take_the_flux_of_similar_weather():
    sun, t_air, vpd, _ = weather()
    flux = 2.0 - 0.02 * sun + 0.1 * t_air
    gappy = flux.copy()
    gap = np.random.default_rng(2).random(flux.size) < 0.3
    gap[1000:1096] = True  # two whole days
    gappy[gap] = np.nan
    filled, quality = fill_by_similar_weather(gappy, sun, t_air, vpd)
    assert np.isfinite(filled).all()
    np.testing.assert_array_equal(filled[~gap], flux[~gap])
    assert (quality[~gap] == 0).all()
    assert (quality[gap] >= 1).all()
    error = filled[gap] - flux[gap]
    assert abs(error.mean()) < 0.05
    assert error.std() < 0.6  # 50 W m-2 and 2.5 K of tolerance leave about half a unit


def test_a_gap_longer_than_the_widest_window_stays():
    sun, t_air, vpd, _ = weather(100)
    flux = np.full(sun.size, np.nan)
    flux[: 10 * DAY] = 1.0
    filled, quality = fill_by_similar_weather(flux, sun, t_air, vpd)
    assert np.isnan(filled[60 * DAY :]).all()
    assert np.isnan(quality[60 * DAY :]).all()


def test_the_friction_velocity_threshold_is_where_the_flux_levels_off():
    random = np.random.default_rng(5)
    n = 20_000
    ustar = random.uniform(0.0, 0.6, n)
    t_air = random.uniform(5, 20, n)
    flux = 4.0 * np.minimum(1.0, ustar / 0.2) + random.normal(0, 0.2, n)
    found = ustar_threshold(flux, ustar, t_air, np.ones(n, bool))
    assert found == pytest.approx(0.2, abs=0.04)  # classes are 0.03 wide
    assert np.isnan(ustar_threshold(flux[:100], ustar[:100], t_air[:100], np.ones(100, bool)))


# --- partitioning ----------------------------------------------------------------------------------------------


def test_respiration_at_the_reference_temperature_is_the_reference():
    assert lloyd_taylor(283.15, 3.0, 250.0) == pytest.approx(3.0)
    # Lloyd & Taylor 1994, Eq. 11 with E_0 = 308.56: respiration doubles from 10 to about 17.8 deg C (their Fig. 2)
    assert lloyd_taylor(293.15, 1.0, 308.56) == pytest.approx(np.exp(308.56 * (1 / 56.02 - 1 / 66.02)))


@pytest.mark.parametrize("e0", [120.0, 250.0, 380.0])
def test_night_time_partitioning_returns_what_it_was_made_of(e0):
    sun, t_air, _, night = weather(90)
    kelvin = t_air + 273.15
    r_ref = 2.0 + np.sin(np.arange(sun.size) / DAY / 20)
    reco = lloyd_taylor(kelvin, r_ref, e0)
    gpp = 0.02 * sun
    noise = np.random.default_rng(7).normal(0, 0.2, sun.size)
    nee = reco - gpp + noise
    measured = nee.copy()
    measured[::3] = np.nan
    found_reco, found_gpp, sensitivity = partition_by_night(measured, nee, kelvin, night, np.full(sun.size, 2001))
    # a rising reference within a window of 15 days is seen as a little temperature response
    assert sensitivity[2001] == pytest.approx(e0, rel=0.15)
    assert np.abs(found_reco - reco).mean() < 0.06 * reco.mean()
    assert found_gpp.mean() == pytest.approx(gpp.mean(), rel=0.05)
    np.testing.assert_allclose(found_reco - found_gpp, nee, rtol=1e-12, atol=1e-12)


def test_a_year_without_nights_borrows_the_sensitivity_of_the_others():
    sun, t_air, _, night = weather(60)
    kelvin = t_air + 273.15
    nee = lloyd_taylor(kelvin, 2.0, 200.0) - 0.02 * sun
    year = np.where(np.arange(sun.size) < sun.size // 2, 2001, 2002)
    measured = np.where(year == 2002, np.nan, nee)
    _, _, sensitivity = partition_by_night(measured, nee, kelvin, night, year)
    assert sensitivity[2002] == pytest.approx(sensitivity[2001])
    with pytest.raises(ValueError, match="No year has enough measured nights"):
        partition_by_night(np.full(sun.size, np.nan), nee, kelvin, night, year)


def test_nights_of_one_temperature_say_nothing_of_its_effect():
    assert np.isnan(temperature_sensitivity(np.full(30 * DAY, 2.0), np.full(30 * DAY, 280.0)))


def test_half_hours_of_a_package_become_days_of_known_fluxes():
    days = 60
    sun, t_air, vpd, _ = weather(days)
    reco = lloyd_taylor(t_air + 273.15, 2.5, 220.0)
    gpp = 0.02 * sun
    end = pd.date_range("2015-06-01 00:30", periods=days * DAY, freq="30min")
    random = np.random.default_rng(11)
    source = pd.DataFrame(
        {
            "TIMESTAMP_END": end.strftime("%Y%m%d%H%M"),
            "TA": t_air,
            "SW": sun,
            "VPD": vpd,
            "FC": reco - gpp + random.normal(0, 0.3, sun.size),
            "Q": np.where(random.random(sun.size) < 0.1, 2, 0),
            "U": random.uniform(0.2, 0.6, sun.size),
        }
    )
    source.loc[source["Q"] == 2, "FC"] = 20.0
    source.loc[random.random(sun.size) < 0.1, "FC"] = -9999
    columns = {"TA": "TA", "SW_IN": "SW", "VPD": "VPD", "NEE": "FC", "FLAG": "Q", "USTAR": "U"}
    recipe = Recipe(
        *("XX-Tst", "test", 0.0, 0.0, 0.0, "GRA", 6, "", "", "", "", "", "", "", ""),
        stamp="TIMESTAMP_END",
        columns={name: ((column, 1.0),) for name, column in columns.items()},
    )
    frame = half_hours(source.to_csv(index=False), recipe)
    assert frame.index[0] == pd.Timestamp("2015-06-01 00:00")
    table, found = daily_table(frame, recipe)
    assert len(table) == days
    assert found["temperature_sensitivity"][2015] == pytest.approx(220.0, rel=0.15)
    true = gpp.reshape(days, DAY).mean(axis=1) * GC_PER_UMOL
    assert np.corrcoef(table["GPP_NT_VUT_REF"], true)[0, 1] > 0.97
    assert table["GPP_NT_VUT_REF"].mean() == pytest.approx(true.mean(), rel=0.05)
    np.testing.assert_allclose(table["TA_F_MIN"], t_air.reshape(days, DAY).min(axis=1))
