"""Starting soil carbon: exact, closed form, and nothing where nothing decays."""

import numba
import numpy as np
import pytest

from models.l4c.bplut import load_bplut
from models.l4c.forward import daily_bins, integrate, start_of_year, to_cells
from models.l4c.litter import litter_schedule
from models.l4c.params import PFTS
from models.l4c.rows import pft_rows
from tests.models.l4c.reference import read_set_a, run_cells
from tests.models.l4c.worlds import packed_world

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="loops over days and lanes take minutes uncompiled")


@pytest.fixture(scope="module")
def set_a(shared):
    return read_set_a(shared)


@pytest.fixture(scope="module")
def world():
    return packed_world(120).as_float(np.float64)


def rows_and_respiration(world, **options):
    table = load_bplut()
    return pft_rows(table, world, **options), np.array([table[PFTS[p - 1]].f_aut for p in world.pft])[:, None]


@pytest.mark.reference
def test_the_periodic_state_is_that_of_the_reference(set_a):
    ds, drivers, params = set_a
    blocks, start, _ = run_cells(drivers, ds.PFT.values, params)
    np.testing.assert_allclose(to_cells(blocks, start.soc), ds.SOC_exact_periodic.values.T, rtol=1e-10)
    np.testing.assert_allclose(365 * to_cells(blocks, start.litterfall), ds.litterfall_annual.values, rtol=1e-12)


@pytest.mark.reference
def test_the_analytical_state_is_that_of_the_reference(set_a):
    ds, drivers, params = set_a
    blocks, start, _ = run_cells(drivers, ds.PFT.values, params, how="analytical")
    np.testing.assert_allclose(to_cells(blocks, start.soc), ds.SOC_analytical.values.T, rtol=1e-10)


@pytest.mark.parametrize("litterfall", ["constant", "schedule"])
def test_a_year_from_the_periodic_state_ends_where_it_began_and_takes_up_nothing(world, litterfall):
    rows, f_aut = rows_and_respiration(world)
    start = start_of_year(world, rows, f_aut, litterfall=litterfall)
    run = integrate(world, rows, start, np.zeros(365, np.int32), litterfall=litterfall)
    used = (world.fraction > 0) & ~start.never_decays
    grown = np.broadcast_to(used[:, None], start.soc.shape)
    np.testing.assert_allclose(run.soc_final[grown], start.soc[grown], rtol=1e-10)
    gpp, rh = run.out[:, 0, 0], run.out[:, 0, 1:4].sum(axis=1)
    nee = f_aut * gpp + rh - gpp
    assert abs(nee[used]).max() < 1e-6  # gC m-2 yr-1


def test_the_analytical_start_is_off_balance_where_the_periodic_one_is_not(world):
    rows, f_aut = rows_and_respiration(world)
    start = start_of_year(world, rows, f_aut, how="analytical")
    run = integrate(world, rows, start, np.zeros(365, np.int32))
    used = world.fraction > 0
    nee = (f_aut * run.out[:, 0, 0] + run.out[:, 0, 1:4].sum(axis=1) - run.out[:, 0, 0])[used]
    assert 1 < abs(nee).mean() < 100


def test_where_nothing_ever_decays_the_pools_start_at_zero_and_are_counted(world):
    data = world.data.copy()
    data[..., 4, :] = 0.0  # SMSF below every ramp but those that are open at 0
    dry = type(world)(**{**vars(world), "data": data})
    table = {pft: params._replace(smsf_low=1.0, smsf_high=30.0) for pft, params in load_bplut().items()}
    rows = pft_rows(table, dry)
    start = start_of_year(dry, rows, rows_and_respiration(dry)[1])
    used = dry.fraction > 0
    assert start.never_decays[used].all()
    assert (start.soc == 0).all()
    run = integrate(dry, rows, start, daily_bins(dry))
    assert np.isfinite(run.out).all()


def test_litter_shares_of_a_year_add_up_and_never_turn_negative(world):
    share, step = litter_schedule(world, "schedule")
    np.testing.assert_allclose(share[:, step].mean(axis=1), 1.0, rtol=1e-12)
    assert (share >= 0).all()
    assert share.shape[1] == 46
    even, _ = litter_schedule(world, "constant")
    assert (even == 1).all()


def test_a_scheduled_year_has_the_litter_of_an_even_one(world):
    rows, f_aut = rows_and_respiration(world)
    even = start_of_year(world, rows, f_aut)
    scheduled = start_of_year(world, rows, f_aut, litterfall="schedule")
    np.testing.assert_array_equal(even.litterfall, scheduled.litterfall)
    assert not np.allclose(even.soc, scheduled.soc, rtol=1e-3)


@pytest.mark.parametrize(("how", "soc"), [("given", None), ("periodic", np.zeros((1, 3, 16))), ("guess", None)])
def test_a_start_that_cannot_be_is_refused(world, how, soc):
    rows, f_aut = rows_and_respiration(world)
    with pytest.raises(ValueError, match="soc_start"):
        start_of_year(world, rows, f_aut, how=how, soc=soc)
