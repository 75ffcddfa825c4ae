"""The land of an assimilation run drives carbon: Ops against Open Loop, Calib and the truth."""

from copy import copy

import numba
import numpy as np
import pytest

from data_catalog import open_dataset
from data_catalog.world.twin_world import twin_world
from models.assimilation.options import AssimilationChoices
from models.assimilation.run import run_assimilation
from models.assimilation.twin import prepare_twin
from models.coupling import CARBON_RUNS, FLUXES, drive_carbon, stack_carbon
from models.experiment import Experiment
from models.kernel import Cancelled
from models.regions import Region

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="an ensemble over a year needs compiled kernels")
PLAIN = Region("La Mancha", -6.5, 37.5, -1.5, 41.5)


@pytest.fixture(scope="module")
def result():
    """Soil moisture and leaf area assimilated over a year, in a preview."""
    choices = AssimilationChoices(sensors=("ssm", "lai"), members=8, time_step=3.0, warm_up=20, spin_up=1)
    experiment = Experiment(model="assimilation", region=PLAIN, assimilation=choices)
    return run_assimilation(prepare_twin(experiment, twin_world("108km")), choices)


@pytest.fixture(scope="module")
def drivers(result):
    """Drivers of the cells."""
    return open_dataset("reference-earth", grid="108km").isel(cell=result.twin.cells).load()


@pytest.fixture(scope="module")
def runs(result, drivers):
    return drive_carbon(result, drivers)


def distance(runs, name: str, flux: str) -> np.ndarray:
    """RMS difference to the run that the true land drives, of each cell."""
    gap = runs[name][flux].values - runs["truth"][flux].values
    return np.sqrt(np.nanmean(gap**2, axis=1))


def test_carbon_of_the_analysis_is_nearer_to_that_of_the_truth(runs):
    for flux in FLUXES:
        ops, loop, calib = (distance(runs, name, flux).mean() for name in ("ops", "open_loop", "calib"))
        assert ops < loop
        assert ops < calib


def test_all_runs_start_from_the_open_loops_soil_and_balance_over_its_year(runs):
    assert list(runs) == list(CARBON_RUNS)
    # In single precision, against fluxes of hundreds of gC m-2 a year.
    assert np.abs(runs["open_loop"]["nee"].sum("time")).max() < 1.0
    assert np.abs(runs["ops"]["nee"].sum("time")).max() > 1.0


def test_runs_are_stacked_for_a_file(runs):
    ds = stack_carbon(runs)
    assert ds["gpp"].dims == ("carbon_run", "cell", "time")
    np.testing.assert_array_equal(ds["rh"].sel(carbon_run="ops"), runs["ops"]["rh"])
    assert ds["nee"].attrs["units"] == "gC m-2 d-1"


def test_a_part_of_a_year_is_refused(result, drivers):
    part = copy(result)
    part.days_done = 300
    with pytest.raises(ValueError, match=r"needs a whole year .* has 300 days so far"):
        drive_carbon(part, drivers)


def test_it_can_be_taken_back(result, drivers):
    with pytest.raises(Cancelled):
        drive_carbon(result, drivers, cancelled=lambda: True)
