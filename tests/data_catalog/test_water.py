import numpy as np
import pytest

from data_catalog.world import water as h
from data_catalog.world import weather as w
from models.quantity import parameters_of
from models.variables import VARIABLES
from tests.data_catalog.worlds import nearest, part_of, sample

# Yakutia, North Slope of Alaska, Sahara, central Amazon, Iowa
TUNDRA, SAHARA, AMAZON, IOWA = (69.0, -150.0), (23.0, 10.0), (-3.0, -62.0), (42.0, -93.0)


def at(place):
    i = nearest(part_of(), *place)
    return sample()[0][i], sample()[1][i]


def test_water_closes_every_day():
    weather, water, start, soil = sample()
    full = (h.TOP_DEPTH + h.DEEP_DEPTH) * soil.porosity[:, None]
    stored = water[:, h.SMRZ] / 100.0 * full + water[:, h.SWE]
    before = np.concatenate([start[:, :3].sum(axis=1, keepdims=True), stored[:, :-1]], axis=1)
    left = weather[:, w.PRECIP] - water[:, h.ET] - water[:, h.RUNOFF] - water[:, h.DRAINAGE]
    assert np.abs(left - (stored - before)).max() < 1e-9  # mm


def test_the_year_ends_as_it_began():
    _, water, start, soil = sample()
    full = (h.TOP_DEPTH + h.DEEP_DEPTH) * soil.porosity
    end = water[:, h.SMRZ, -1] / 100.0 * full
    # The criterion of the spin-up; two soil layers add to one root zone.
    assert np.abs(end - start[:, 0] - start[:, 1]).max() < 2 * h.CLOSED
    assert np.abs(water[:, h.SWE, -1] - start[:, 2]).max() < h.CLOSED
    assert np.abs(water[:, h.T_SOIL, -1] - start[:, 3]).max() < h.CLOSED


@pytest.mark.parametrize("name", ["smsf", "smrz", "t_soil", "frozen", "swe"])
def test_water_stays_within_what_is_possible(name):
    x = sample()[1][:, h.WATER.index(name)]
    assert VARIABLES[name].low <= x.min()
    assert x.max() <= VARIABLES[name].high


def test_no_flux_is_negative():
    water = sample()[1]
    assert water[:, [h.ET, h.RUNOFF, h.DRAINAGE]].min() >= 0.0


def test_rain_wets_the_surface_and_dry_days_dry_it():
    weather, water = at(IOWA)
    summer = slice(150, 250)
    change = np.diff(water[h.SMSF])[summer]
    rain = weather[w.PRECIP, 1:][summer]
    assert change[rain > 5.0].min() > 0.0
    assert change[rain == 0.0].mean() < -0.2


def test_the_surface_is_livelier_than_the_root_zone():
    water = sample()[1]
    moist = water[:, h.SMRZ].mean(axis=1) > 30.0
    assert (water[moist, h.SMSF].std(axis=1) > water[moist, h.SMRZ].std(axis=1)).mean() > 0.7


def test_tundra_is_frozen_in_winter_and_thawed_in_summer():
    _, water = at(TUNDRA)
    assert water[h.FROZEN, :90].all()
    assert not water[h.FROZEN, 190:210].any()
    assert water[h.T_SOIL, :90].max() < 270.0


def test_snow_keeps_the_soil_warmer_than_the_air():
    static = part_of()
    i = nearest(static, 51.0, -72.0)  # Quebec
    weather, water = sample()[0][i], sample()[1][i]
    assert water[h.SWE, 30:60].min() > 20.0
    assert water[h.T_SOIL, 30:60].mean() > weather[w.T_AIR, 30:60].mean() + 5.0


# Quebec, West Siberia: mm of water at the deepest of the year
@pytest.mark.parametrize(("latitude", "longitude", "low", "high"), [(51, -72, 120, 350), (62, 75, 60, 220)])
def test_snow_packs_of_the_north_are_as_deep_as_surveys_find(latitude, longitude, low, high):
    peak = sample()[1][nearest(part_of(), latitude, longitude), h.SWE].max()
    assert low < peak < high


def test_the_sahara_is_dry_and_the_amazon_wet():
    assert at(SAHARA)[1][h.SMSF].mean() < 15.0
    assert at(AMAZON)[1][h.SMSF].mean() > 60.0
    assert at(AMAZON)[1][h.SMRZ].min() > 50.0


def test_evaporation_is_within_the_energy_and_the_rain():
    weather, water = sample()[0], sample()[1]
    assert (water[:, h.ET] * 28.36 <= weather[:, w.SW_DOWN] + 1e-9).all()  # 2.45 MJ kg-1 / 86400 s
    assert (water[:, h.ET].sum(axis=1) <= weather[:, w.PRECIP].sum(axis=1) + 0.1).all()


def test_every_parameter_is_declared_and_within_its_bounds():
    declared = parameters_of(h.Balance)
    assert set(declared) == set(h.BALANCE._fields)
    for name, quantity in declared.items():
        quantity.check(name, getattr(h.BALANCE, name))
        assert quantity.source, name
