"""A small synthetic world and twins on it that several tests of assimilation share."""

import functools

import numpy as np
import pytest

from models.assimilation.options import AssimilationChoices
from models.assimilation.run import run_assimilation
from models.assimilation.twin import prepare_twin
from models.assimilation.world import World
from models.experiment import Experiment
from models.land.columns import column_table
from models.normals import normals

CELLS = 12


def weather(cells: np.ndarray, first_day: int, last_day: int, step_hours: float) -> np.ndarray:
    """Temperate, synthetic weather with rain every few days, a function of cell and day alone."""
    per_day = round(24 / step_hours)
    days = np.arange(first_day, last_day)
    hour = (np.arange(per_day) + 0.5) * step_hours
    noise = normals(5, 9, np.asarray(cells, np.int64), days.astype(np.int64), 2, 1)[:, :, :, 0]
    sun = np.maximum(np.cos(2.0 * np.pi * (hour / 24.0 - 0.5)), 0.0)
    season = np.cos(2.0 * np.pi * (days - 200) / 365.0)
    shape = (len(cells), days.size, per_day)
    cloud = np.exp(-0.3 * np.maximum(noise[:, :, 0], 0.0))[:, :, None]
    t = 286.0 + 7.0 * season[None, :, None] + 5.0 * (sun - 0.4)[None, None, :] + noise[:, :, 0, None]
    rain = np.where(noise[:, :, 1] > 0.6, 6.0 * noise[:, :, 1], 0.0)[:, :, None] / 86400.0
    one = np.ones(shape)
    fields = (t * one, 0.007 * one, 1e5 * one, 3.0 * one, 750.0 * sun * cloud * one, 320.0 * one, rain * one, sun * one)
    return np.stack([field.transpose(1, 2, 0).reshape(-1, len(cells)) for field in fields], axis=-1)


def small_world(count: int = 40) -> World:
    """Cells of grass, crop and shrub on a few soils."""
    places = np.arange(count)
    latitude, longitude = np.linspace(38.0, 52.0, count), np.linspace(-8.0, 25.0, count)
    vegetation, soil = np.array([10, 12, 7, 14])[places % 4], np.array([3, 4, 6, 9, 8])[places % 5]

    def table_of(cells):
        return column_table(
            vegetation[cells],
            soil[cells],
            vegetation_fraction=0.8,
            t_bottom=285.0,
            latitude=latitude[cells],
            longitude=longitude[cells],
        )

    def fields_of(cells):
        return {"sand": np.full(cells.size, 40.0), "clay": np.full(cells.size, 20.0)}

    return World("a small synthetic world", latitude, longitude, 2015, 3, table_of, weather, fields_of)


def choices(**settings) -> AssimilationChoices:
    """Settings of a small and fast run."""
    return AssimilationChoices(
        **{"members": 12, "time_step": 3.0, "warm_up": 20, "spin_up": 1, "sensors": ("ssm",)} | settings
    )


def experiment(period=("2015-05-01", "2015-07-09"), **settings) -> Experiment:
    """Experiment of seventy summer days."""
    return Experiment(model="assimilation", period=period, assimilation=choices(**settings))


@functools.cache
def twin_of(count: int = CELLS, period=("2015-05-01", "2015-07-09"), **settings):
    """Twin on the first cells."""
    return prepare_twin(experiment(period, **settings), small_world(), cells=np.arange(count))


@pytest.fixture(scope="session")
def twin():
    """The twin that most tests run on."""
    return twin_of()


@pytest.fixture(scope="session")
def result(twin):
    """Surface soil moisture and leaf area assimilated, brightness temperature watched."""
    sensors = {"ssm": {}, "lai": {}, "tb_h": {"use": "monitor"}}
    return run_assimilation(twin, choices(sensors=sensors))
