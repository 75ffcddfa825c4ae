import numpy as np
import pytest

from data_catalog.world import ranges, store
from models.kernel import Cancelled
from models.wetness import rescale_smrz, restore_smrz
from tests.data_catalog.test_store import few, is_mapped, value_of  # noqa: F401  (few is a fixture)

QUANTUM = 0.002  # % in which wetness is packed


@pytest.fixture
def built(few, tmp_path):  # noqa: F811
    store.build("108km", folder=tmp_path)
    return tmp_path


@pytest.mark.parametrize("smrz_range", ["wilting_point", "minimum_100"])
def test_wetness_is_rescaled_between_the_limits_asked_for_and_all_else_is_kept(built, smrz_range):
    observed = store.open_blocks("108km", folder=built)
    blocks = ranges.open_rescaled("108km", smrz_range, folder=built)
    limits = store.open_limits("108km", folder=built)
    low, high = (limits[name].astype(float)[:, None] for name in ("smrz_min", "smrz_max"))
    smrz = restore_smrz(value_of(observed, "smrz_rescaled"), low, high)
    if smrz_range == "wilting_point":
        expected = rescale_smrz(smrz, limits["smrz_wilting"].astype(float)[:, None], high)
    else:
        expected = rescale_smrz(smrz, low, np.full_like(high, 100.0))
    found = value_of(blocks, "smrz_rescaled")
    np.testing.assert_allclose(found, expected, atol=0.51 * QUANTUM, rtol=0)
    assert np.abs(found - value_of(observed, "smrz_rescaled")).max() > 1
    for name in ("par", "tmin", "vpd", "smsf", "t_soil", "frozen"):
        np.testing.assert_array_equal(value_of(blocks, name), value_of(observed, name))
    assert is_mapped(blocks.data)


def test_a_cancelled_rescale_leaves_nothing_behind(built):
    folder = store.folder_of("108km", built)
    before = sorted(folder.iterdir())
    with pytest.raises(Cancelled):
        ranges.open_rescaled("108km", "minimum_100", folder=built, cancelled=lambda: True)
    assert sorted(folder.iterdir()) == before


def test_an_unknown_range_is_named(built):
    with pytest.raises(ValueError, match="smrz_range = 'widest' is unknown; observed, wilting_point, minimum_100"):
        ranges.open_rescaled("108km", "widest", folder=built)
