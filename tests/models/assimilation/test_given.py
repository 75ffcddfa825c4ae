"""Observations from a file: the same numbers as the synthetic ones they were saved from, or one clear message."""

import numba
import numpy as np
import pytest
import xarray as xr

from models.assimilation.given import given_observations
from models.assimilation.run import run_assimilation
from models.observation import sensor_named
from tests.models.assimilation.conftest import choices

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="an ensemble over months needs compiled kernels")
UNITS = {"units": "m3 m-3"}


@pytest.fixture
def saved(twin, result) -> xr.Dataset:
    """Soil moisture as a file would hold it: by number of the cell, in local solar time."""
    log = result.logs["ssm"]
    time = twin.days[log.day].astype("datetime64[s]") + (log.hour * 3600).astype("timedelta64[s]")
    return xr.Dataset(
        {"ssm_obs": (("time", "cell"), log.raw.T.astype(float), UNITS)},
        {"time": time.astype("datetime64[ns]"), "cell": twin.cells},
        {"time_zone": "local mean solar time", "source": "a file of the test"},
    )


def test_observations_come_back_from_a_file(twin, result, saved):
    np.testing.assert_array_equal(given_observations(saved, sensor_named("ssm"), twin), result.logs["ssm"].raw)


def test_places_may_be_given_by_latitude_and_longitude_and_times_in_utc(twin, result, saved):
    shuffled = saved.isel(cell=slice(None, None, -1)).rename(cell="column").drop_vars("column")
    shuffled = shuffled.assign(
        latitude=("column", twin.latitude[::-1] + 0.1), longitude=("column", twin.longitude[::-1] + 0.1)
    )
    shuffled.attrs = {}
    # Cells west of Greenwich: half an hour does not change the overpass.
    found = given_observations(shuffled, sensor_named("ssm"), twin)
    np.testing.assert_array_equal(found, result.logs["ssm"].raw)


def test_a_run_on_files_is_the_run_on_what_they_hold(twin, saved):
    plain = choices().with_sensor("ssm", rescale="none")
    synthetic = run_assimilation(twin, plain)
    given = run_assimilation(twin, plain, observations={"ssm": saved})
    # Saved in single precision.
    np.testing.assert_allclose(given.daily("ssm"), synthetic.daily("ssm"), atol=1e-4)
    assert np.isnan(given.diagnostics("ssm").spread_skill)
    assert given.to_dataset().attrs["observations"] == "ssm: a file of the test"
    assert synthetic.to_dataset().attrs["observations"] == "ssm: synthetic"


def test_observations_from_a_file_are_rescaled_as_the_sensor_asks(twin, saved):
    wetter = saved.assign(ssm_obs=(saved.ssm_obs * 1.3 + 0.05).assign_attrs(UNITS))
    result = run_assimilation(twin, choices(), observations={"ssm": wetter})
    log = result.logs["ssm"]
    raw, rescaled = np.nanmean(log.raw - log.open_loop), np.nanmean(log.observed - log.open_loop)
    assert raw > 0.1
    assert abs(rescaled) < 0.02


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda ds: ds.assign(ssm_obs=ds.ssm_obs.assign_attrs(units="%")), "has the unit '%'; Surface soil moisture"),
        (lambda ds: ds.assign(ssm_obs=ds.ssm_obs.drop_attrs()), "has no unit"),
        (lambda ds: ds.rename(ssm_obs="soil"), "lack ssm; they have soil"),
        (lambda ds: ds.assign(ssm_obs=(ds.ssm_obs * 100).assign_attrs(UNITS)), "a wrong unit or a fill value"),
        (lambda ds: ds.assign_coords(time=ds.time + np.timedelta64(700, "D")), "choose a period that they share"),
        (lambda ds: ds.assign_coords(time=ds.time - np.timedelta64(5113, "D")), "may be moved: years = 14"),
        (lambda ds: ds.assign_coords(cell=ds.cell + 5000), "lies in the 12 cells of the run"),
        (lambda ds: ds.drop_vars("cell"), "give latitude and longitude"),
        (lambda ds: ds.rename(cell="pixel"), "lies on"),
    ],
)
def test_a_file_that_does_not_fit_gives_one_clear_message(twin, saved, change, words):
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        given_observations(change(saved), sensor_named("ssm"), twin)


def test_dates_of_a_file_may_be_moved_by_whole_years(twin, result, saved):
    earlier = saved.assign_coords(time=saved.time - np.timedelta64(365 * 13 + 366 + 3 - 1, "D"))
    first = earlier.time.values[0].astype("datetime64[Y]")
    years = int((twin.days[0].astype("datetime64[Y]") - first).astype(int))
    found = given_observations(earlier, sensor_named("ssm"), twin, years=years)
    np.testing.assert_array_equal(found, result.logs["ssm"].raw)


def test_a_run_that_names_a_file_needs_it(twin, saved):
    named = choices().with_sensor("ssm", source="f0123abcd")
    with pytest.raises(ValueError, match="'f0123abcd', which were not handed over: give them with --observations ssm"):
        run_assimilation(twin, named)
    assert run_assimilation(twin, named, observations={"ssm": saved}).choices.sensor("ssm").source == "f0123abcd"
    with pytest.raises(ValueError, match="is no name of a file"):
        choices().with_sensor("ssm", source="../etc/passwd")


def test_observations_of_a_sensor_that_is_off_are_refused(twin, saved):
    with pytest.raises(ValueError, match="given for 'lai', which the experiment does not use"):
        run_assimilation(twin, choices(), observations={"lai": saved})
