"""Blocks: every cell once, neighbours together, nothing lost between integers and floats."""

import numpy as np
import pytest

from models.packing import DRIVERS, LANES, order_cells, tiles_of_blocks
from tests.models.l4c.worlds import packed_world


@pytest.fixture(scope="module")
def fractions():
    rng = np.random.default_rng(3)
    n = 5000
    latitude, longitude = rng.uniform(-60, 80, n), rng.uniform(-180, 180, n)
    fraction = np.zeros((n, 8))
    fraction[np.arange(n), (np.abs(latitude) // 12).astype(int) % 8] = 0.7
    fraction[np.arange(0, n, 2), 5] = 0.3
    fraction[::50] = 0
    return latitude, longitude, fraction


def test_every_vegetated_cell_lies_in_one_lane_and_no_other_does(fractions):
    cell_of = order_cells(*fractions)
    found = np.sort(cell_of[cell_of >= 0])
    np.testing.assert_array_equal(found, np.flatnonzero(fractions[2].any(axis=1)))


def test_every_fraction_lies_in_one_tile(fractions):
    cell_of = order_cells(*fractions)
    block_of, pft, fraction = tiles_of_blocks(cell_of, fractions[2])
    back = np.zeros_like(fractions[2])
    tile, lane = np.nonzero(fraction)
    np.add.at(back, (cell_of[block_of[tile], lane], pft[tile] - 1), fraction[tile, lane])
    np.testing.assert_allclose(back, fractions[2], rtol=1e-6)
    assert len(np.unique(block_of * 8 + pft - 1)) == len(pft)
    assert (np.diff(pft.astype(int)) >= 0).all()  # tiles of a type lie together


def test_sorting_by_plant_type_fills_the_tiles(fractions):
    latitude, longitude, fraction = fractions
    sorted_blocks = tiles_of_blocks(order_cells(latitude, longitude, fraction), fraction)[2]
    as_they_come = np.flatnonzero(fraction.any(axis=1))
    as_they_come = as_they_come[: len(as_they_come) // LANES * LANES].reshape(-1, LANES)
    unsorted_blocks = tiles_of_blocks(as_they_come, fraction)[2]
    used = np.count_nonzero(sorted_blocks) / sorted_blocks.size
    assert used > 0.8
    assert used > 1.3 * np.count_nonzero(unsorted_blocks) / unsorted_blocks.size


def test_neighbours_share_blocks(fractions):
    latitude, _, _ = fractions
    cell_of = order_cells(*fractions)
    spread = [np.ptp(latitude[cells[cells >= 0]]) for cells in cell_of]
    assert np.median(spread) < 60


def test_decoded_values_are_those_of_scale_and_offset():
    world = packed_world(40, days=5)
    wide = world.as_float(np.float64)
    for place in range(len(DRIVERS)):
        expected = world.data[:, :, place] * world.scale[place] + world.offset[place]
        np.testing.assert_allclose(wide.data[:, :, place], expected, rtol=1e-14)
    np.testing.assert_allclose(wide.fpar, world.fpar * 0.01, rtol=1e-14)
    assert wide.as_float(np.float64) is wide
    assert wide.float_type == np.float64
    assert world.float_type == np.float32
    assert world.packed
    assert not wide.packed


def test_some_blocks_keep_their_tiles_and_cells():
    world = packed_world(200, days=3)
    part = world.of([3, 1])
    np.testing.assert_array_equal(part.data, world.data[[3, 1]])
    np.testing.assert_array_equal(part.cell_of, world.cell_of[[3, 1]])
    for block, old in enumerate((3, 1)):
        np.testing.assert_array_equal(
            np.sort(part.pft[part.block_of == block]), np.sort(world.pft[world.block_of == old])
        )


def test_gaps_of_a_constraint_that_is_removed_are_filled_and_others_stay():
    world = packed_world(20, days=4).as_float(np.float64)
    data = world.data.copy()
    data[0, 1, DRIVERS.index("vpd")] = data[0, 2, DRIVERS.index("tmin")] = np.nan
    gappy = type(world)(**{**vars(world), "data": data})
    filled = gappy.without_gaps(["vpd"])
    assert np.isfinite(filled.data[:, :, DRIVERS.index("vpd")]).all()
    assert np.isnan(filled.data[0, 2, DRIVERS.index("tmin")]).all()
    assert np.isnan(gappy.data[0, 1, DRIVERS.index("vpd")]).all()
    assert world.without_gaps(["vpd"]) is world


def test_blocks_are_read_only():
    world = packed_world(20, days=3)
    for name in ("data", "fpar", "fraction", "cell_of"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(world, name)[:] = 0
    assert 0 < world.lanes_used <= 1
