"""The 365-day climatology of a daily series."""

import numpy as np
import pytest

from models.climatology import climatology365, day_of_365


def days(first, last):
    return np.arange(np.datetime64(first), np.datetime64(last) + 1)


@pytest.mark.reference
def test_the_climatology_agrees_with_the_reference(shared):
    with np.load(shared / "reference/l4c/climatology365.npz") as reference:
        time = reference["dates"].astype("datetime64[D]")
        np.testing.assert_allclose(climatology365(reference["series"], time), reference["clim"].T, rtol=1e-13)
        place, leap = day_of_365(time), day_of_365(time) < 0
        assert leap.sum() == 1
        np.testing.assert_array_equal(place[~leap] + 1, reference["ordinals"][~leap])


def test_every_year_counts_365_days_and_leaves_29_february_out():
    for year in (2015, 2016, 2000, 1900, 2100):  # 1900 and 2100 are no leap years
        time = days(f"{year}-01-01", f"{year}-12-31")
        place = day_of_365(time)
        assert place[place >= 0].tolist() == list(range(365)), year
        assert time[place < 0].astype(str).tolist() == ([f"{year}-02-29"] if len(time) == 366 else [])


def test_a_missing_day_is_the_mean_of_the_other_years():
    time = days("2015-01-01", "2017-12-31")
    values = np.ones((2, len(time)))
    values[0, 3], values[0, 365 + 3], values[0, 366 + 365 + 3] = np.nan, 2.0, 4.0
    values[1, [9, 365 + 9, 366 + 365 + 9]] = np.nan
    clim = climatology365(values, time)
    assert clim[0, 3] == 3.0
    assert np.isnan(clim[1]).nonzero()[0].tolist() == [9]
    np.testing.assert_array_equal(climatology365(values.T, time, axis=0), clim.T)
