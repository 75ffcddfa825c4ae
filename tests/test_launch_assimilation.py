"""Assimilation from the command line: an example that runs, a result that runs again, one line for bad input."""

import numba
import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

from launch import main

compiled = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="an ensemble over weeks needs compiled kernels")
SMALL = """
model = "assimilation"
period = ["2015-06-01", "2015-06-12"]
[region]
west = -6.0
south = 38.0
east = -3.0
north = 41.0
[assimilation]
members = 8
time_step = 3.0
warm_up = 10
spin_up = 1
"""


def run(*arguments: str):
    return CliRunner().invoke(main, ["run", *map(str, arguments)])


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    folder = tmp_path_factory.mktemp("assimilation")
    (folder / "small.toml").write_text(SMALL)
    done = run(folder / "small.toml", "--out", folder / "small.nc")
    return folder, done


@compiled
def test_an_experiment_becomes_a_file_and_says_what_came_of_it(outcome):
    folder, done = outcome
    assert done.exit_code == 0, done.output
    assert "about" in done.output
    assert "note: ssm: " in done.output
    with xr.open_dataset(folder / "small.nc", engine="h5netcdf") as ds:
        assert ds.sizes["time"] == 12
        assert np.isfinite(ds["ssm_analysis"].values).all()
        assert ds.attrs["source"].startswith("synthetic")


@compiled
def test_a_result_can_be_run_again_and_on_its_own_observations(outcome):
    folder, _ = outcome
    with xr.open_dataset(folder / "small.nc", engine="h5netcdf") as ds:
        first = ds["ssm_analysis"].values
        saved = ds[["ssm_obs_raw"]].rename(ssm_obs_raw="ssm", overpass_ssm="time").load()
        saved.attrs["time_zone"] = "local mean solar time"
        saved[["ssm"]].to_netcdf(folder / "observed.nc", engine="h5netcdf")
    again = run(folder / "small.nc", "--out", folder / "again.nc", "--observations", f"ssm={folder / 'observed.nc'}")
    assert again.exit_code == 0, again.output
    with xr.open_dataset(folder / "again.nc", engine="h5netcdf") as ds:
        np.testing.assert_array_equal(ds["ssm_obs_raw"].values, saved["ssm"].values)
        # Observations of a file are rescaled as the sensor asks, so the analysis is another.
        assert ds["ssm_analysis"].shape == first.shape


@compiled
def test_carbon_needs_a_whole_year(outcome):
    folder, _ = outcome
    done = run(folder / "small.toml", "--out", folder / "short.nc", "--carbon", folder / "carbon.nc")
    assert done.exit_code == 2
    assert "Carbon needs a whole year from January to December; the run has 12 days" in done.output
    assert not (folder / "short.nc").exists()


@compiled
def test_the_land_of_a_year_drives_carbon(outcome):
    folder, _ = outcome
    year = SMALL.replace('["2015-06-01", "2015-06-12"]', '["", ""]').replace("south = 38.0", "south = 40.0")
    (folder / "year.toml").write_text(year)
    done = run(folder / "year.toml", "--out", folder / "year.nc", "--carbon", folder / "carbon.nc")
    assert done.exit_code == 0, done.output
    assert "note: Ops: driven by the analysis; RMSD to the truth's [gC m-2 d-1]: gpp" in done.output
    with xr.open_dataset(folder / "carbon.nc", engine="h5netcdf") as ds:
        assert ds["nee"].sizes["time"] == 365
        assert list(ds["carbon_run"].values) == ["ops", "open_loop", "calib", "truth"]


def test_the_example_is_an_experiment_of_its_model():
    from models.experiment import Experiment

    done = run("--example", "assimilation")
    experiment = Experiment.from_toml(done.output)
    assert experiment.model == "assimilation"
    assert experiment.assimilation == Experiment().assimilation


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("members = 8", "members = 1"), "assimilation.members = 1"),
        (("[assimilation]", "[assimilation]\nsensors = {ssm = {error_std = -1.0}}"), "ssm.error_std = -1.0"),
        (("[assimilation]", "[assimilation]\nsensors = {sif = {}}"), "there is no such sensor"),
        (("west = -6.0\nsouth = 38.0\neast = -3.0", "west = -30.0\nsouth = 38.0\neast = -25.0"), "holds no cell"),
        (('"2015-06-12"', '"2065-06-12"'), "is not within the weather"),
    ],
)
def test_bad_input_ends_with_status_2_and_one_line(tmp_path, change, words):
    old, new = change
    assert old in SMALL
    (tmp_path / "bad.toml").write_text(SMALL.replace(old, new))
    done = run(tmp_path / "bad.toml", "--out", tmp_path / "bad.nc")
    assert done.exit_code == 2
    assert words in done.output
    assert len(done.output.strip().splitlines()) <= 2
    assert not (tmp_path / "bad.nc").exists()


def test_files_of_other_models_are_refused(tmp_path):
    (tmp_path / "small.toml").write_text(SMALL)
    done = run(tmp_path / "small.toml", "--out", tmp_path / "o.nc", "--drivers", tmp_path / "d.nc")
    assert done.exit_code == 2
    assert "--drivers is nothing for model" in done.output
    done = run(tmp_path / "small.toml", "--out", tmp_path / "o.nc", "--observations", "ssm")
    assert done.exit_code == 2
    assert "give SENSOR=FILE" in done.output


@compiled
def test_a_file_of_no_product_is_refused(tmp_path):
    (tmp_path / "small.toml").write_text(SMALL)
    xr.Dataset({"soil": ("time", [0.2])}).to_netcdf(tmp_path / "odd.nc", engine="h5netcdf")
    given = f"ssm={tmp_path / 'odd.nc'}"
    done = run(tmp_path / "small.toml", "--out", tmp_path / "o.nc", "--observations", given)
    assert done.exit_code == 2
    assert "is of no product that the catalog knows" in done.output
