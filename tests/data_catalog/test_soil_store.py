"""The land surface model run over a grid of the world, block by block, into the packed drivers."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from data_catalog.datasets import reference_earth
from data_catalog.world import cache_folder, hourly, soil_store, store, surface
from data_catalog.world.soil_run import run_cells
from models.kernel import Cancelled
from models.packing import LANES
from models.wetness import restore_smrz
from tests.data_catalog.test_store import value_of
from tests.data_catalog.worlds import part_of

ROOT = Path(__file__).resolve().parents[2]
BOX = (-94.0, 41.0, -91.5, 43.0)


@pytest.fixture
def few(monkeypatch):
    """The 36-km world as some cells of Iowa, run from the shipped state alone."""
    static = part_of("36km", 1, BOX)
    for module in (store, soil_store, hourly, surface, reference_earth):
        monkeypatch.setattr(module, "open_static", lambda grid: static)
    monkeypatch.setattr(soil_store, "CYCLES", 0)
    monkeypatch.setattr(soil_store, "LAST_CYCLES", 0)
    monkeypatch.setattr(soil_store, "BLOCKS", 1)
    assert static.sizes["cell"] > LANES
    reference_earth._blocks.cache_clear()
    yield static
    reference_earth._blocks.cache_clear()


def test_the_soil_of_the_grid_s_own_run_replaces_that_of_the_coarse_cells(few, tmp_path):
    plain = store.build("36km", folder=tmp_path)
    before = store.open_blocks("36km", folder=tmp_path)
    assert "108-km cell around it" in store.soil_of("36km", folder=tmp_path)
    opened = reference_earth.load("36km", folder=tmp_path)
    seen = []
    place = soil_store.build_own("36km", folder=tmp_path, progress=seen.append)
    assert place != plain
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    blocks, limits = store.open_blocks("36km", folder=tmp_path), store.open_limits("36km", folder=tmp_path)
    assert store.soil_of("36km", folder=tmp_path).endswith("open loop on synthetic weather, 36-km grid")
    for name in ("par", "tmin", "vpd"):
        np.testing.assert_array_equal(value_of(blocks, name), value_of(before, name))
    cells = np.arange(few.sizes["cell"])
    run = run_cells("36km", cells, start=soil_store.start_of("36km", cells), cycles=0, last_cycles=0)
    np.testing.assert_allclose(value_of(blocks, "smsf"), run.smsf, atol=0.002)
    np.testing.assert_allclose(value_of(blocks, "t_soil"), run.t_soil, atol=0.006)
    np.testing.assert_array_equal(value_of(blocks, "frozen"), run.frozen)
    low, high = (limits[n].astype(float)[:, None] for n in ("smrz_min", "smrz_max"))
    smrz = restore_smrz(value_of(blocks, "smrz_rescaled"), low, high)
    np.testing.assert_allclose(smrz, run.smrz, atol=2e-4 * (high - low).max() + 1e-3)
    np.testing.assert_allclose(limits["smrz_wilting"], 100.0 * run.wilting / run.porosity, rtol=1e-6)
    # Cells in other blocks of lanes: the same to rounding, which a year lets grow a little.
    np.testing.assert_allclose(limits["drift"], run.water_drift, rtol=1e-3)
    # What was opened before stays what it was; what is opened now is new.
    np.testing.assert_allclose(opened["smsf"].values, value_of(before, "smsf"), rtol=1e-6)
    again = reference_earth.load("36km", folder=tmp_path)
    assert "36-km grid" in again.attrs["source"]
    np.testing.assert_allclose(again["smsf"].values, value_of(blocks, "smsf"), rtol=1e-6)
    assert soil_store.build_own("36km", folder=tmp_path) == place
    assert soil_store.share_done("36km", folder=tmp_path) == 1.0


def test_a_cancelled_run_goes_on_where_it_stopped_and_gives_the_same_numbers(few, tmp_path):
    whole = soil_store.build_own("36km", folder=tmp_path / "whole")
    told = []

    def half() -> bool:
        return bool(told) and told[-1] > 0.4

    with pytest.raises(Cancelled):
        soil_store.build_own("36km", folder=tmp_path / "part", progress=told.append, cancelled=half)
    done = soil_store.share_done("36km", folder=tmp_path / "part")
    assert 0.0 < done < 1.0
    # Until it is whole, the soil of the coarse cells is what is opened.
    assert "around it" in store.soil_of("36km", folder=tmp_path / "part")
    later = []
    place = soil_store.build_own("36km", folder=tmp_path / "part", progress=later.append)
    assert later[0] > done
    for path in whole.iterdir():
        assert path.read_bytes() == (place / path.name).read_bytes(), path.name


KILLED = """
import sys, time
from pathlib import Path
from data_catalog.world import hourly, soil_store, store, surface
from tests.data_catalog.worlds import part_of
static = part_of("36km", 1, {box})
for module in (store, soil_store, hourly, surface):
    module.open_static = lambda grid: static
soil_store.CYCLES = soil_store.LAST_CYCLES = 0
soil_store.BLOCKS = 1
def wait(share):
    if soil_store.share_done("36km", folder=sys.argv[1]) > 0.0:
        Path(sys.argv[1], "begun").touch()
        time.sleep(60)
soil_store.build_own("36km", folder=sys.argv[1], progress=wait)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_killed_run_is_taken_up_again(few, tmp_path):
    process = subprocess.Popen([sys.executable, "-c", KILLED.format(box=BOX), str(tmp_path)], cwd=ROOT)
    try:
        for _ in range(2400):  # it may have to compile first
            if (tmp_path / "begun").exists():
                break
            assert process.poll() is None, "the run ended before it was killed"
            time.sleep(0.1)
        assert (tmp_path / "begun").exists()
        with pytest.raises(BlockingIOError, match="Another process is running the land model"):
            soil_store.build_own("36km", folder=tmp_path)
    finally:
        process.kill()
        process.wait()
    assert not cache_folder.runs_own_soil("36km", folder=tmp_path)
    done = soil_store.share_done("36km", folder=tmp_path)
    assert 0.0 < done < 1.0
    later = []
    place = soil_store.build_own("36km", folder=tmp_path, progress=later.append)
    assert later[0] > done
    meta = json.loads((place / "meta.json").read_text(encoding="utf-8"))
    assert "36-km grid" in meta["soil"]
    assert sorted(p.name for p in place.iterdir()) == sorted(
        [*(f"{name}.npy" for name in (*store.SMALL, *store.MAPPED)), "meta.json"]
    )


def test_the_coarse_grid_needs_no_run_of_its_own(few, tmp_path, monkeypatch):
    coarse = part_of().isel(cell=slice(200, 300))
    monkeypatch.setattr(store, "open_static", lambda grid: coarse)
    assert soil_store.build_own("108km", folder=tmp_path) == store.folder_of("108km", tmp_path)


def test_a_start_is_the_coarse_cell_s_with_its_share_of_the_pores(few):
    cells = np.arange(few.sizes["cell"])
    state = soil_store.start_of("36km", cells)
    assert state.shape == (len(soil_store.STATE), cells.size)
    water = state[soil_store.STATE.index("theta_2")]
    assert np.isfinite(water).all()
    assert ((water > 0.02) & (water < 0.6)).all()
