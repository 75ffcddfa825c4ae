"""Random numbers by counter: the published vectors, and the same draw whatever the order."""

import numba
import numpy as np
import pytest

from models.draws import normal_pair, philox, uniforms
from models.kernel import kernel, spread

KNOWN = [
    # counter, key, result: known-answer vectors of Random123 1.09, philox4x32 with 10 rounds
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
slow = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="a million draws take minutes uncompiled")


@kernel
def normals(seed, first, last, out):
    for column in range(first, last):
        for step in range(out.shape[1]):
            out[column, step], _ = normal_pair(seed, 1, column, step)


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_philox_gives_the_published_vectors(counter, key, expected):
    assert tuple(int(x) for x in philox(*counter, *key)) == expected


def draw(columns, steps, seed=7, stream=0):
    out = np.empty((len(columns), len(steps)))
    uniforms(seed, stream, np.asarray(columns, np.int64), np.asarray(steps, np.int64), out)
    return out


def test_a_draw_hangs_on_its_name_alone():
    whole = draw(range(20), range(30))
    np.testing.assert_array_equal(draw([5, 3], [29, 0]), whole[[5, 3]][:, [29, 0]])
    assert ((whole > 0) & (whole < 1)).all()


def test_seeds_and_streams_are_independent():
    a, b, c = draw(range(50), range(50)), draw(range(50), range(50), seed=8), draw(range(50), range(50), stream=1)
    for other in (b, c):
        three_sigma = 3 / np.sqrt(a.size)
        assert abs(np.corrcoef(a.ravel(), other.ravel())[0, 1]) < three_sigma


@slow
def test_normals_are_the_same_whatever_the_thread_count_and_have_the_right_moments():
    one, many = np.empty((400, 365)), np.empty((400, 365))
    normals(3, 0, 400, one)
    spread(lambda first, last: normals(3, first, last, many), 400, chunk=7)
    np.testing.assert_array_equal(one, many)
    n = one.size
    assert abs(one.mean()) < 4 / np.sqrt(n)
    assert abs(one.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs((one**3).mean()) < 4 * np.sqrt(15 / n)
    assert abs((one**4).mean() - 3) < 4 * np.sqrt(96 / n)
