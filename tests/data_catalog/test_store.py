import errno
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from data_catalog.world import soil_file as h
from data_catalog.world import store
from data_catalog.world import weather as w
from data_catalog.world.phenology import fpar
from data_catalog.world.soil import SoilDays
from models.kernel import Cancelled
from models.packing import DRIVERS
from models.wetness import rescale_smrz
from tests.data_catalog.worlds import drawn, part_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def few(monkeypatch):
    """The world as 300 of its cells."""
    static = part_of().isel(cell=slice(200, 500))
    monkeypatch.setattr(store, "open_static", lambda grid: static)
    return static


def value_of(blocks, name):
    """(cell, day) of a packed driver in its unit; NaN for cells without a block."""
    v = DRIVERS.index(name)
    found = np.full((blocks.n_cell, len(blocks.time)), np.nan)
    used = blocks.cell_of >= 0
    lanes = np.moveaxis(blocks.data[:, :, v], 1, 2)  # (block, lane, day)
    found[blocks.cell_of[used]] = lanes[used] * blocks.scale[v] + blocks.offset[v]
    return found


def is_mapped(array):
    """Whether an array is a view of a mapped file."""
    while array is not None and not isinstance(array, np.memmap):
        array = getattr(array, "base", None)
    return array is not None


def test_packed_drivers_are_the_weather_to_half_a_quantum(few, tmp_path):
    store.build("108km", folder=tmp_path)
    blocks, limits = store.open_blocks("108km", folder=tmp_path), store.open_limits("108km", folder=tmp_path)
    weather, water = drawn(few), SoilDays(few, "108km").days(np.arange(few.sizes["cell"])).astype(float)
    low, high = (limits[n].astype(float)[:, None] for n in ("smrz_min", "smrz_max"))
    np.testing.assert_allclose(low[:, 0], water[:, h.SMRZ].min(axis=1), rtol=1e-6)
    exact = {
        "par": 0.45 * 0.0864 * weather[:, w.SW_DOWN],
        "tmin": weather[:, w.TMIN],
        "vpd": weather[:, w.VPD],
        "smrz_rescaled": rescale_smrz(water[:, h.SMRZ], low, high),
        "smsf": water[:, h.SMSF],
        "t_soil": water[:, h.T_SOIL],
        "frozen": water[:, h.FROZEN],
    }
    for v, name in enumerate(DRIVERS):
        # The limits are kept in float32, which moves the logarithm a little near the dry end.
        slack = 2e-4 if name == "smrz_rescaled" else 1e-6
        difference = np.abs(value_of(blocks, name) - exact[name])
        assert difference.max() <= 0.5 * blocks.scale[v] + slack, name


def test_tiles_hold_every_plant_type_of_every_cell_once(few, tmp_path):
    store.build("108km", folder=tmp_path)
    blocks = store.open_blocks("108km", folder=tmp_path)
    found = np.zeros_like(few["pft_fraction"].values)
    leaves = np.zeros((*found.shape, blocks.fpar.shape[1]), dtype=np.uint8)
    tile, lane = np.nonzero(blocks.fraction > 0)
    cell = blocks.cell_of[blocks.block_of[tile], lane]
    np.add.at(found, (cell, blocks.pft[tile].astype(int) - 1), blocks.fraction[tile, lane])
    leaves[cell, blocks.pft[tile].astype(int) - 1] = blocks.fpar[tile, :, lane]
    np.testing.assert_array_equal(found, few["pft_fraction"].values)
    np.testing.assert_array_equal(leaves, np.where(found[:, :, None] > 0, fpar(few), 0))


def test_opened_blocks_are_mapped_and_cannot_be_written(few, tmp_path):
    store.build("108km", folder=tmp_path)
    blocks = store.open_blocks("108km", folder=tmp_path)
    assert is_mapped(blocks.data)
    assert is_mapped(blocks.fpar)
    assert blocks.packed
    with pytest.raises(ValueError, match="read-only"):
        blocks.data[0, 0, 0, 0] = 1


def test_a_built_world_is_kept_as_it_is(few, tmp_path):
    assert not store.is_built("108km", folder=tmp_path)
    place = store.build("108km", folder=tmp_path)
    before = (place / "data.npy").stat().st_mtime_ns
    assert store.is_built("108km", folder=tmp_path)
    assert store.build("108km", folder=tmp_path) == place
    assert (place / "data.npy").stat().st_mtime_ns == before


def test_a_build_gives_the_same_bytes_again(few, tmp_path):
    a, b = store.build("108km", folder=tmp_path / "a"), store.build("108km", folder=tmp_path / "b")
    for path in a.iterdir():
        assert path.read_bytes() == (b / path.name).read_bytes(), path.name


def test_progress_climbs_to_one(few, tmp_path):
    seen = []
    store.build("108km", folder=tmp_path, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_a_cancelled_build_leaves_nothing(few, tmp_path):
    with pytest.raises(Cancelled):
        store.build("108km", folder=tmp_path, cancelled=lambda: True)
    assert list(tmp_path.iterdir()) == []


KILLED = """
import sys, time
from pathlib import Path
from data_catalog.world import store
from tests.data_catalog.worlds import part_of
static = part_of().isel(cell=slice(200, 500))
store.open_static = lambda grid: static
def wait(done):
    Path(sys.argv[1], "begun").touch()
    time.sleep(60)
store.build("108km", folder=sys.argv[1], progress=wait)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_killed_build_leaves_nothing_that_passes_for_a_world(few, tmp_path):
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT)
    try:
        for _ in range(2400):  # it may have to compile first
            if (tmp_path / "begun").exists():
                break
            assert process.poll() is None, "the build ended before it was killed"
            time.sleep(0.1)
    finally:
        process.kill()
        process.wait()
    assert (tmp_path / "begun").exists()
    assert not store.is_built("108km", folder=tmp_path)
    left = [p for p in tmp_path.iterdir() if p.is_dir()]
    assert len(left) == 1  # the unfinished folder, under a name that nobody opens
    # An hour later the next build clears it away.
    old = time.time() - 3600
    for path in [*left[0].iterdir(), left[0]]:
        os.utime(path, (old, old))
    place = store.build("108km", folder=tmp_path)
    assert [p for p in tmp_path.iterdir() if p.is_dir()] == [place]


def test_two_builds_at_once_do_not_disturb_each_other(few, tmp_path):
    with ThreadPoolExecutor(2) as pool:
        places = list(pool.map(lambda _: store.build("108km", folder=tmp_path), range(2)))
    assert places[0] == places[1]
    assert list(tmp_path.iterdir()) == [places[0]]
    assert np.isfinite(value_of(store.open_blocks("108km", folder=tmp_path), "tmin")).any()


def test_a_world_that_is_not_built_says_how_to_build_it(few, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"launch\.py world build --grid 108km"):
        store.open_blocks("108km", folder=tmp_path)


def test_a_damaged_world_says_what_to_delete(few, tmp_path):
    place = store.build("108km", folder=tmp_path)
    with (place / "data.npy").open("r+b") as file:
        file.truncate(10_000)
    with pytest.raises(ValueError, match=r"is damaged.*delete it"):
        store.open_blocks("108km", folder=tmp_path)


def test_a_full_disk_is_named_before_anything_is_written(few, tmp_path, monkeypatch):
    monkeypatch.setattr(store.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 10})())
    with pytest.raises(OSError, match=r"no room for the packed world \(\d+ MB\).*XDG_CACHE_HOME") as caught:
        store.build("108km", folder=tmp_path)
    assert caught.value.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_leaves_nothing(few, tmp_path, monkeypatch):
    def full(path, *rest):
        path.write_bytes(b"part")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "_write_data", full)
    with pytest.raises(OSError, match="no room for the packed world"):
        store.build("108km", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(few, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match=r"cannot be written to .*file"):
        store.build("108km", folder=tmp_path / "file")


def test_an_unknown_grid_is_named_with_those_there_are(tmp_path):
    with pytest.raises((KeyError, ValueError), match="36km"):
        store.build("5km", folder=tmp_path)


def test_two_who_open_a_world_share_one_mapping(few, tmp_path):
    store.build("108km", folder=tmp_path)
    one, other = store.open_blocks("108km", folder=tmp_path), store.open_blocks("108km", folder=tmp_path)
    assert np.shares_memory(one.data, other.data)
