"""Constraints removed, and outputs of a region as functions of parameters."""

import os
from dataclasses import replace

import numpy as np
import pytest

from models.l4c.sensitivity import RegionOutput, factors_of, remove_constraints
from models.options import L4COptions
from models.skill.sensitivity import one_at_a_time, sobol
from tests.models.l4c.worlds import packed_world

pytestmark = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="Many years are for compiled code.")


@pytest.fixture(scope="module")
def blocks():
    return packed_world(30)


def test_removing_a_constraint_of_light_use_raises_gpp_alone_and_of_decomposition_rh_alone(blocks):
    removed = remove_constraints(blocks)
    for i, name in enumerate(removed.names):
        gpp, rh = removed.gpp[i], removed.rh[i]
        there = np.isfinite(gpp) & np.isfinite(rh)
        assert there.sum() > 20
        moved, still = (rh, gpp) if name == "smsf" else (gpp, rh)
        assert (moved[there] >= -1e-3).all(), name
        assert moved[there].max() > 1, name
        np.testing.assert_allclose(still[there], 0, atol=1e-3)


def test_shares_of_area_count_cells_by_the_size_of_their_change(blocks):
    removed = remove_constraints(blocks, names=("smrz",))
    area = np.ones(blocks.n_cell)
    five, thirty = removed.shares(area)["smrz"]["gpp"]
    there = np.isfinite(removed.gpp[0])
    assert five == pytest.approx((np.abs(removed.gpp[0][there]) >= 5).mean())
    assert five >= thirty


def test_an_output_of_a_region_answers_to_its_parameters_as_the_model_does(blocks):
    options = replace(L4COptions(), spin_up="experiment")
    weight = np.ones(blocks.n_cell)
    kinds = sorted(set(blocks.pft.tolist()))
    from models.l4c.params import PFTS

    pft = PFTS[kinds[0] - 1]
    gpp = RegionOutput(blocks, weight, "gpp", options)
    factors = factors_of(options, [(pft, "lue_max"), (pft, "f_med"), (pft, "tsoil_beta")])
    base = [getattr(options.table()[pft], f.name) for f in factors]
    tornado = one_at_a_time(lambda v: gpp(factors, v), base, [f.low for f in factors], [f.high for f in factors])
    assert tornado.order[0] == 0
    np.testing.assert_allclose(tornado.low[1:], tornado.base, rtol=1e-6)  # GPP knows nothing of the soil
    shares = sobol(lambda v: gpp(factors, v), [f.low for f in factors], [f.high for f in factors], samples=16)
    np.testing.assert_allclose(shares.total, [1, 0, 0], atol=0.15)  # sixteen samples
    nee = RegionOutput(blocks, weight, "nee", options)
    assert abs(nee(factors, base)) < 0.01 * gpp(factors, base)  # a soil in balance gives back what it got


def test_unknown_outputs_parameters_and_empty_regions_are_refused(blocks):
    with pytest.raises(ValueError, match="output = 'le'"):
        RegionOutput(blocks, np.ones(blocks.n_cell), "le")
    with pytest.raises(ValueError, match="no vegetated cell"):
        RegionOutput(blocks, np.zeros(blocks.n_cell))
    with pytest.raises(ValueError, match="GRS lue is no parameter"):
        factors_of(L4COptions(), [("GRS", "lue")])
