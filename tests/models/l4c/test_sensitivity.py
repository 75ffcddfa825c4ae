"""Constraints removed, and outputs of a region as functions of parameters."""

import os
from dataclasses import replace

import numpy as np
import pytest

from models.l4c.changed import NEUTRAL, changed_inputs, dried, within
from models.l4c.drought import FLUXES, run_drought
from models.l4c.params import PFTS
from models.l4c.sensitivity import INPUT, RegionOutput, factors_of, remove_constraints
from models.options import L4COptions
from models.packing import DRIVERS
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


def test_the_limits_of_a_ramp_never_cross_however_far_factors_reach(blocks):
    names = ("smrz_low", "smrz_high", "vpd_low", "vpd_high", "tmin_low", "tmin_high")
    factors = factors_of(L4COptions(), [(pft, name) for pft in PFTS for name in names], share=None)
    gpp = RegionOutput(blocks, np.ones(blocks.n_cell), "gpp")
    worst = [f.high if f.name.endswith("low") else f.low for f in factors]
    assert np.isfinite(gpp(factors, worst))


def test_unknown_outputs_parameters_and_empty_regions_are_refused(blocks):
    with pytest.raises(ValueError, match="output = 'le'"):
        RegionOutput(blocks, np.ones(blocks.n_cell), "le")
    with pytest.raises(ValueError, match="no vegetated cell"):
        RegionOutput(blocks, np.zeros(blocks.n_cell))
    with pytest.raises(ValueError, match="GRS lue is no parameter"):
        factors_of(L4COptions(), [("GRS", "lue")])
    with pytest.raises(ValueError, match="input rain is no parameter"):
        factors_of(L4COptions(), [(INPUT, "rain")])
    with pytest.raises(ValueError, match="no day"):
        RegionOutput(blocks, np.ones(blocks.n_cell), days=np.zeros(365, bool))


def test_changed_inputs_are_the_same_whether_drivers_are_packed_or_floats(blocks):
    wide = blocks.as_float(np.float64)
    changes = {"par": 1.2, "tmin": -3.0, "smsf": 0.7, "t_soil": 2.0}
    packed, plain = changed_inputs(blocks, changes), changed_inputs(wide, changes)
    np.testing.assert_allclose(packed.as_float(np.float64).data, plain.data, rtol=1e-9)
    assert np.shares_memory(changed_inputs(blocks, NEUTRAL._asdict()).data, blocks.data)
    bright = changed_inputs(wide, {"fpar": 1.5})
    assert bright.fpar.max() == 1
    np.testing.assert_allclose(changed_inputs(blocks, {"fpar": 1.5}).as_float(float).fpar, bright.fpar, atol=0.02)
    with pytest.raises(ValueError, match="change of tmin"):
        changed_inputs(blocks, {"tmin": 60.0})
    with pytest.raises(ValueError, match="no input"):
        changed_inputs(blocks, {"rain": 1.0})


def test_light_times_a_number_is_gpp_times_it_and_days_of_a_period_count_alone(blocks):
    weight = np.ones(blocks.n_cell)
    gpp = RegionOutput(blocks, weight, "gpp")
    factors = factors_of(L4COptions(), [(INPUT, "par")])
    assert (factors[0].low, factors[0].base, factors[0].high) == (0.9, 1.0, 1.1)
    assert gpp(factors, [1.1]) == pytest.approx(1.1 * gpp(factors, [1.0]), rel=1e-5)
    half = np.arange(365) < 180
    parts = [RegionOutput(blocks, weight, "gpp", days=days)((), ()) for days in (half, ~half)]
    assert np.average(parts, weights=[180, 185]) == pytest.approx(gpp((), ()), rel=1e-5)


def test_dried_soil_is_drier_on_its_days_in_its_cells_alone(blocks):
    cells, days = np.arange(blocks.n_cell) < 5, np.arange(365) // 60 == 2
    limits = np.full(blocks.n_cell, 20.0), np.full(blocks.n_cell, 80.0)
    dry, wide = dried(blocks, 0.5, days, cells, limits).as_float(np.float64), blocks.as_float(np.float64)
    changed = (dry.data != wide.data).any(axis=2)
    assert set(np.flatnonzero(changed.any(axis=(0, 2)))) <= set(np.flatnonzero(days))
    block, lane = np.nonzero(changed.any(axis=1))
    assert set(blocks.cell_of[block, lane]) <= set(np.flatnonzero(cells))
    there = cells[blocks.cell_of] & (blocks.cell_of >= 0)

    def of(name):
        return (x.data[:, days, DRIVERS.index(name)].transpose(0, 2, 1)[there] for x in (wide, dry))

    before, after = of("smsf")
    np.testing.assert_allclose(after, 0.5 * before, atol=0.002)
    before, after = (20 + (np.exp((x - 5) * np.log(101) / 95) - 1) / 100 * 60 for x in of("smrz_rescaled"))
    np.testing.assert_allclose(after, np.maximum(0.5 * before, 20.0), atol=0.01)
    with pytest.raises(ValueError, match="factor = -1"):
        dried(blocks, -1.0, days, cells, limits)


def test_a_drought_of_some_cells_is_the_same_whether_the_others_are_there_or_not(blocks):
    mask, days = np.arange(blocks.n_cell) % 3 == 0, (np.arange(365) >= 150) & (np.arange(365) < 240)
    part, cells = within(blocks, mask)
    np.testing.assert_array_equal(cells, np.flatnonzero(mask))
    limits = np.full(blocks.n_cell, 20.0), np.full(blocks.n_cell, 80.0)
    area = 1.0 + np.arange(blocks.n_cell)
    one = run_drought(blocks, 0.5, days, mask, limits, area)
    other = run_drought(part, 0.5, days, np.ones(part.n_cell, bool), tuple(x[cells] for x in limits), area[cells])
    for flux in FLUXES:
        change = one.change(flux)
        np.testing.assert_allclose(change, other.change(flux), rtol=1e-4, atol=1e-2)
        np.testing.assert_allclose(one.changed_days[flux], other.changed_days[flux], rtol=1e-4, atol=1e-4)
        apart = one.changed_days[flux] - one.usual_days[flux]
        np.testing.assert_array_equal(apart[:150], 0)
        assert np.abs(apart[days]).max() > 0
    assert (one.change("gpp") <= 1e-3).all()
    assert one.changed_days["gpp"][240:] == pytest.approx(one.usual_days["gpp"][240:], rel=1e-6)
    month = one.change("gpp", 6)
    assert month.shape == (mask.sum(),)
