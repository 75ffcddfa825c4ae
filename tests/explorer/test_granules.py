"""The command that writes a run as granules of the carbon product."""

import h5py
import numpy as np
from click.testing import CliRunner

from launch import main

PLAN = """
grid = "108km"
period = ["2015-07-01", "2015-07-01"]
per_pft = true
[region]
name = "box"
west = 0
south = 44
east = 6
north = 49
"""


def test_a_run_of_the_world_becomes_a_granule_with_errors_and_flags(tmp_path):
    (tmp_path / "plan.toml").write_text(PLAN)
    runner = CliRunner()
    done = runner.invoke(main, ["run", str(tmp_path / "plan.toml"), "--out", str(tmp_path / "run.nc")])
    assert done.exit_code == 0, done.output
    done = runner.invoke(main, ["granules", str(tmp_path / "run.nc"), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    (path,) = (tmp_path / "out").glob("SMAP_L4_C_mdl_20150701T000000_*.h5")
    with h5py.File(path) as file:
        nee, error = (file[name][200:600, 1800:2100] for name in ("NEE/nee_mean", "QA/nee_rmse_mean"))
        held = nee > -9999
        assert held.sum() > 144
        np.testing.assert_array_equal(error > 0, held)
        assert error[held].max() < 6
        frozen = file["EC/frozen_area"][200:600, 1800:2100]
        assert set(np.unique(frozen[held])) <= {0.0, 100.0}
