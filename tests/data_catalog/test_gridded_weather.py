"""Reanalyses as forcing of the land model and as daily drivers."""

import numpy as np
import pytest
import xarray as xr

from data_catalog import CATALOG
from data_catalog.datasets.ecmwf_fields import fix
from data_catalog.datasets.humid_air import specific_humidity, vapour_pressure_deficit, vpd_of_dewpoint
from data_catalog.gridded_weather import daily_drivers, weather_at
from models.land.forcing import rename_forcing


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("weather")


def example(name, folder):
    path = folder / CATALOG[name].example_name
    if not path.exists():
        CATALOG[name].write_example(path)
    return path


def test_era5_becomes_forcing_that_the_land_model_takes(folder):
    with CATALOG["era5"].load(example("era5", folder)) as ds:
        weather = weather_at(ds, [47.5, 47.1], [8.5, 8.9])
        cell = ds.sel(latitude=47.5, longitude=8.5)
        np.testing.assert_allclose(weather["t_air"][:, 0], cell["t_air"], rtol=1e-6)
    assert weather["time"].to_numpy()[0] == np.datetime64("2021-07-01T00:00")  # the file's 01:00 ends its hour
    assert "longwave radiation of a clear sky, estimated" in weather.attrs["notes"]
    forcing = rename_forcing(weather)
    assert forcing.sizes["site"] == 2


def test_accumulations_of_era5_land_run_from_midnight_and_are_taken_apart(folder):
    path = example("era5-land", folder)
    with CATALOG["era5-land"].load(path) as ds, xr.open_dataset(path) as raw:
        total, rate = raw["tp"].to_numpy(), ds["precip_rate"].to_numpy()
    metres = rate * 3600.0 / 1000.0
    np.testing.assert_allclose(metres[0], total[0], rtol=1e-5)  # 01:00
    np.testing.assert_allclose(metres[24], total[24], rtol=1e-5)  # 01:00 of the next day
    np.testing.assert_allclose(metres[:24].sum(axis=0), total[23], rtol=1e-4)  # 00:00 holds the whole day
    assert (rate >= -1e-9).all()


def test_final_and_preliminary_days_are_joined():
    values = np.array([[1.0, np.nan], [np.nan, 2.0]])
    raw = xr.Dataset({"t2m": (("expver", "time"), values)}, coords={"expver": [1, 5], "time": [0, 1]})
    np.testing.assert_array_equal(fix(raw, "x.nc")["t2m"], [1.0, 2.0])


def test_humidity_agrees_between_dew_point_and_specific_humidity():
    t, d, p = (xr.DataArray([value]) for value in (300.0, 290.0, 1e5))
    q = specific_humidity(d, p)
    assert float(q[0]) == pytest.approx(0.01208, rel=0.01)
    # Two formulae of saturation over water differ by 1 % at these temperatures.
    assert float(vapour_pressure_deficit(t, q, p)[0]) == pytest.approx(float(vpd_of_dewpoint(t, d)[0]), rel=0.02)


def test_daily_drivers_are_those_of_the_hours(folder):
    with CATALOG["era5"].load(example("era5", folder)) as ds:
        days = daily_drivers(ds)
        assert days.sizes["time"] == 2
        first = ds.isel(time=slice(0, 24))
        np.testing.assert_allclose(days["tmin"][0], first["t_air"].min("time"), rtol=1e-6)
        np.testing.assert_allclose(days["par"][0], 0.45 * 0.0864 * first["sw_down"].mean("time"), rtol=1e-5)
        np.testing.assert_allclose(days["vpd"][0], first["vpd"].mean("time"), rtol=1e-5)
        with pytest.raises(ValueError, match="hold no whole day"):
            daily_drivers(ds.isel(time=slice(0, 5)))


def test_what_is_missing_is_said_in_one_line(folder):
    with CATALOG["imerg"].load(example("imerg", folder)) as rain:
        with pytest.raises(ValueError, match="The files lack t_air, q_air, pressure"):
            weather_at(rain, [47.2], [8.2])
        with pytest.raises(ValueError, match="latitude = 10 lies outside"):
            weather_at(rain, [10.0], [8.2])
