"""Normal numbers in bulk: normal, independent, and the same for the same name."""

import numba
import numpy as np
import pytest
from scipy import stats

from models.normals import normals

CELLS = np.array([3, 70_000, 5])
compiled = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="thousands of draws take minutes uncompiled")


@compiled
def test_numbers_are_standard_normal_to_the_fourth_moment():
    z = normals(1, 7, np.arange(50), np.arange(250), 3, 24).reshape(-1)
    n = z.size
    # Four standard errors of each moment of 900,000 draws.
    assert abs(z.mean()) < 4 / np.sqrt(n)
    assert abs(z.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs((z**3).mean()) < 4 * np.sqrt(15 / n)
    assert abs((z**4).mean() - 3) < 4 * np.sqrt(96 / n)
    assert stats.kstest(z[:200_000], "norm").pvalue > 1e-4


@compiled
@pytest.mark.parametrize("axis", [0, 1, 2, 3])
def test_neighbours_along_every_part_of_the_name_are_independent(axis):
    z = np.moveaxis(normals(1, 7, np.arange(40), np.arange(100), 5, 24), axis, 0)
    a, b = z[:-1].reshape(-1), z[1:].reshape(-1)
    four_sigma = 4 / np.sqrt(a.size)
    assert abs(np.corrcoef(a, b)[0, 1]) < four_sigma
    assert abs(np.corrcoef(a * a, b * b)[0, 1]) < four_sigma


def test_a_number_depends_on_its_name_alone():
    whole = normals(9, 2, CELLS, np.arange(10, 20), 3, 24)
    np.testing.assert_array_equal(normals(9, 2, CELLS[1:2], np.array([13]), 3, 24)[0, 0], whole[1, 3])
    np.testing.assert_array_equal(normals(9, 2, CELLS, np.arange(10, 20), 2, 24), whole[:, :, :2])


@pytest.mark.parametrize("members", [1, 5, 12, 23])
def test_a_larger_ensemble_begins_with_the_members_of_a_smaller_one(members):
    whole = normals(9, 2, CELLS, np.arange(4), 3, 24)
    np.testing.assert_array_equal(normals(9, 2, CELLS, np.arange(4), 3, members), whole[..., :members])


def test_seed_stream_cell_step_and_row_each_change_the_numbers():
    base = normals(1, 1, np.array([1]), np.array([1]), 1, 24)
    others = [
        normals(2, 1, np.array([1]), np.array([1]), 1, 24),
        normals(1, 2, np.array([1]), np.array([1]), 1, 24),
        normals(1, 1, np.array([2]), np.array([1]), 1, 24),
        normals(1, 1, np.array([1]), np.array([2]), 1, 24),
        normals(1, 1, np.array([1]), np.array([1]), 2, 24)[:, :, 1:],
    ]
    for other in others:
        assert not np.isclose(base, other).any()
