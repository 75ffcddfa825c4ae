"""Real observations at the cells of the world, for the filter and beside the world's own days."""

import numpy as np
import pytest
import xarray as xr

from data_catalog import CATALOG
from data_catalog.beside_world import beside_world, world_ssm
from data_catalog.grid import EaseGrid
from data_catalog.observations import as_observations, open_observations
from data_catalog.world.static import open_static
from models.observation import sensor_named


def stations(values, latitude, longitude, name="ssm", **more):
    time = np.datetime64("2015-06-01", "ns") + np.arange(len(values)) * np.timedelta64(1, "D")
    ds = xr.Dataset({name: (("time", "site"), np.asarray(values, float))}, coords={"time": time})
    return ds.assign_coords(latitude=("site", latitude), longitude=("site", longitude)).assign_attrs(**more)


def cell_at(number, grid="108km"):
    static = open_static(grid)
    return float(static["latitude"][number]), float(static["longitude"][number])


def test_two_points_in_a_cell_are_averaged_and_the_sea_is_left_out():
    lat, lon = cell_at(5000)
    ds = stations([[0.1, 0.3, 0.2], [0.2, np.nan, 0.2]], [lat, lat + 0.01, 0.0], [lon, lon, -140.0])
    found = as_observations(ds, "ssm")
    np.testing.assert_array_equal(found["column"], [5000])
    np.testing.assert_allclose(found["ssm_obs"][:, 0], [0.2, 0.2])
    assert found["ssm_obs"].attrs["error_std"] == sensor_named("ssm").error_std
    assert found.attrs["synthetic"] == 0


def test_flags_are_respected_and_none_good_is_an_error_that_says_what_to_do():
    lat, lon = cell_at(5000)
    ds = stations([[0.1], [0.3]], [lat], [lon])
    ds["ssm_qc"] = (("time", "site"), [[0], [2]])
    assert as_observations(ds, "ssm").sizes["time"] == 1
    ds["ssm_qc"] = (("time", "site"), [[3], [3]])
    with pytest.raises(ValueError, match="Pass quality=None"):
        as_observations(ds, "ssm")
    assert as_observations(ds, "ssm", quality=None).sizes["time"] == 2


def test_optical_depth_is_taken_under_the_flag_of_its_retrieval():
    lat, lon = cell_at(5000)
    ds = stations([[0.4], [0.6]], [lat], [lon], name="vod_l")
    ds["ssm_qc"] = (("time", "site"), [[0], [2]])
    np.testing.assert_allclose(as_observations(ds, "lvod")["vod_l_obs"], [[0.4]])


def test_days_take_the_hour_of_their_overpass_in_local_time():
    lat, lon = cell_at(5000)
    ds = stations([[0.1]], [lat], [lon], title="SMAP SPL3SMP, time series, PM")
    assert str(as_observations(ds, "ssm")["time"].values[0]).endswith("T18:00:00.000000000")
    assert str(as_observations(ds, "ssm", hour=13.5)["time"].values[0]).endswith("T13:30:00.000000000")
    assert as_observations(ds, "ssm").attrs["time_zone"] == "local mean solar time"


def test_wetness_becomes_moisture_by_the_porosity_of_the_world():
    lat, lon = cell_at(5000)
    found = as_observations(stations([[50.0]], [lat], [lon], name="smsf"), "ssm")
    assert 0.15 < float(found["ssm_obs"][0, 0]) < 0.3
    assert "porosity" in found.attrs["notes"]
    with pytest.raises(ValueError, match="The data lack lai"):
        as_observations(stations([[50.0]], [lat], [lon], name="smsf"), "lai")


def test_several_files_follow_one_another_and_are_kept_in_netcdf(tmp_path):
    lat, lon = cell_at(5000)
    later = stations([[0.3]], [lat], [lon], source="b")
    later = later.assign_coords(time=later["time"] + np.timedelta64(5, "D"))
    both = as_observations([later, stations([[0.1], [0.2]], [lat], [lon], source="a")], "ssm")
    np.testing.assert_allclose(both["ssm_obs"][:, 0], [0.1, 0.2, 0.3])
    assert both["ssm_obs"].attrs["units"] == "m3 m-3"
    both.to_netcdf(tmp_path / "obs.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "obs.nc", engine="h5netcdf") as kept:
        xr.testing.assert_allclose(kept, both)
        assert kept.attrs["time_zone"] == "local mean solar time"


def test_the_sea_alone_is_an_error():
    with pytest.raises(ValueError, match="no value of ssm in a land cell"):
        as_observations(stations([[0.2]], [0.0], [-140.0]), "ssm")


def test_hawaii_is_seen_by_smap_smos_era5_and_a_station_at_one_cell(shared):
    folder = shared / "data/hawaii_timeseries"
    files = {
        "SMAP": folder / "SMAP/smap_spl3smpv5_asc/0165.nc",
        "SMOS": folder / "SMOS/smos_ic_asc/0165.nc",
        "ERA5-Land": folder / "era5_land/sm_precip_lai/0165.nc",
        "SCAN": next(folder.rglob("*.stm")),
    }
    cells = {}
    for name, path in files.items():
        found = open_observations(path, "ssm")
        assert "ssm_obs" in found
        assert found["ssm_obs"].dims == ("time", "column")
        assert found["ssm_obs"].attrs["units"] == "m3 m-3"
        assert 0.0 <= float(found["ssm_obs"].min()) <= float(found["ssm_obs"].max()) <= 1.0
        assert found.attrs["citation"]
        cells[name] = set(found["column"].to_numpy().tolist())
    row, column = EaseGrid("108km").row_col(19.767, -155.417)  # Silver Sword
    static = open_static("108km")
    here = int(np.flatnonzero((static["row"].to_numpy() == row) & (static["column"].to_numpy() == column))[0])
    assert set.intersection(*cells.values()) == {here}


def test_the_filter_takes_the_observations_of_hawaii(shared):
    from models.assimilation.given import given_observations

    class Twin:
        cells = np.array([7278])
        days = np.datetime64("2018-03-01") + np.arange(60)

    with CATALOG["point-series"].load(shared / "data/hawaii_timeseries/SMAP/smap_spl3smpv5_asc/0165.nc") as ds:
        found = as_observations(ds, "ssm")
    Twin.latitude, Twin.longitude = (found[name].to_numpy()[:1] for name in ("latitude", "longitude"))
    laid = given_observations(found, sensor_named("ssm"), Twin)
    assert laid.shape == (1, 120)
    assert np.isnan(laid[0, 0::2]).all()  # 06:00: this file holds the evenings
    evening = laid[0, 1::2]
    held = found["ssm_obs"].sel(column=7278, time=slice("2018-03-01", "2018-04-29")).dropna("time")
    np.testing.assert_allclose(evening[np.isfinite(evening)], held)
    assert held.size > 10


def test_two_granules_of_smap_lie_beside_the_world_on_the_same_cells(shared):
    paths = sorted((shared / "data/smap/SPL3SMP").glob("*.h5"))
    granules = [CATALOG["spl3smp"].load(path) for path in paths]
    both = beside_world(granules)
    world = open_static("36km")
    assert both["ssm_obs"].shape == both["ssm_sim"].shape == (2, world.sizes["cell"])
    day = granules[0]
    field = day["ssm"].where(day["ssm_qc"] <= 1).to_numpy()[0]
    np.testing.assert_array_equal(both["ssm_obs"][0], field[world["row"], world["column"]])
    seen = np.isfinite(both["ssm_obs"].to_numpy())
    assert seen.sum() > 30_000
    # Deserts are dry and rain forests wet in both.
    assert np.corrcoef(both["ssm_obs"].to_numpy()[seen], both["ssm_sim"].to_numpy()[seen])[0, 1] > 0.5
    for ds in granules:
        ds.close()


def test_the_29th_of_february_takes_the_day_before_and_december_stays_december():
    times = np.array(["2016-02-28", "2016-02-29", "2016-12-31", "2015-12-31"], "datetime64[ns]")
    ssm = world_ssm("108km", times, np.array([5000]))
    assert float(ssm[0, 0]) == float(ssm[1, 0])
    assert float(ssm[2, 0]) == float(ssm[3, 0])
    assert ssm.attrs["source"].startswith("synthetic")
