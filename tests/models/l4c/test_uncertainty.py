"""Eq. 10: the Jacobian against the complex step, the variance against draws, cells, shares."""

import os

import numpy as np
import pytest

from models.l4c.bplut import load_bplut
from models.l4c.column import PARAMETERS
from models.l4c.forward import Start, daily_bins, integrate, start_of_year
from models.l4c.input_errors import SOURCES, error_rows, input_errors
from models.l4c.params import PFTS
from models.l4c.rows import pft_rows
from models.l4c.sampled import sampled_error
from models.l4c.uncertainty import error_budget, jacobian, shares_of_area, unit_budget, world_budget
from models.packing import DRIVERS, LANES
from tests.models.l4c.worlds import packed_world

SLOW = os.environ.get("NUMBA_DISABLE_JIT") == "1"


@pytest.fixture(scope="module")
def world():
    blocks = packed_world(40, days=6 if SLOW else 365).of([0, 1]).as_float(np.float64)
    rows = pft_rows(load_bplut(), blocks)
    f_aut = np.array([load_bplut()[p].f_aut for p in PFTS])[blocks.pft - 1][:, None].repeat(LANES, 1)
    return blocks, rows, start_of_year(blocks, rows, f_aut), f_aut


def complex_nee(p: dict, x: dict, pools: np.ndarray, f_aut: np.ndarray) -> np.ndarray:
    """NEE of the paper's equations, written a second time, for complex numbers."""

    def ramp(y):
        return np.where(y.real <= 0, 0, np.where(y.real >= 1, 1, y))

    gpp = p["light"] * x["par"] * x["fpar"] * ramp((p["vpd_high"] - x["vpd"]) * p["vpd_slope"])
    gpp = gpp * ramp((x["tmin"] - p["tmin_low"]) * p["tmin_slope"])
    gpp = gpp * ramp((x["smrz_rescaled"] - p["smrz_low"]) * p["smrz_slope"])
    gpp = gpp * np.where(x["frozen"] == 1, p["ft_min"], p["ft_max"])
    above = x["t_soil"] * p["t_scale"] + p["t_offset"]
    warm = p["beta0"] * (p["inverse_beta1"] - 1 / above)
    km = np.where(warm.real >= 0, 1, np.exp(warm)) * ramp((x["smsf"] - p["smsf_low"]) * p["smsf_slope"])
    fast, med, slow = pools
    return km * (p["k_fast"] * fast + (1 - p["f_med"]) * p["k_med"] * med + p["k_slow"] * slow) - (1 - f_aut) * gpp


def test_jacobian_agrees_with_the_complex_step_to_1e_10(world):
    blocks, rows, start, f_aut = world
    ours = jacobian(blocks, rows, start, f_aut)
    run = integrate(blocks, rows, start, daily_bins(blocks))
    pools = np.stack([run.out[:, :, run.names.index(f"soc_{n}")] for n in ("fast", "med", "slow")])
    p = {
        n: r[:, None]
        for n, r in zip(PARAMETERS, rows[blocks.pft - 1].reshape(-1, 20, LANES).swapaxes(0, 1), strict=True)
    }
    data = blocks.data[blocks.block_of]
    x = {name: data[:, :, i] for i, name in enumerate(DRIVERS)}
    x["fpar"] = blocks.fpar[:, blocks.fpar_step]
    scale = np.abs(ours).max(axis=(0, 1, 3))
    for i, name in enumerate(SOURCES):
        stepped = dict(x)
        stepped[name] = x[name] + 1e-30j
        reference = complex_nee(p, {k: np.asarray(v, complex) for k, v in stepped.items()}, pools, f_aut[:, None])
        assert np.abs(ours[:, :, i] - reference.imag / 1e-30).max() <= 1e-10 * scale[i], name
        assert scale[i] > 0


def test_variance_is_the_sum_of_the_squares_of_jacobian_and_errors(world):
    blocks, rows, start, f_aut = world
    budget = error_budget(blocks, rows, start, f_aut, daily_bins(blocks))
    absolute, relative = error_rows(input_errors())
    data = blocks.data[blocks.block_of]
    slopes = jacobian(blocks, rows, start, f_aut)
    for i, name in enumerate(SOURCES):
        x = blocks.fpar[:, blocks.fpar_step] if name == "fpar" else data[:, :, DRIVERS.index(name)]
        own = blocks.pft - 1
        sigma = absolute[own, i][:, None, None] + relative[own, i][:, None, None] * x
        np.testing.assert_allclose(budget.squares[:, :, i], (slopes[:, :, i] * sigma) ** 2, rtol=1e-10, atol=1e-18)
    run = integrate(blocks, rows, start, daily_bins(blocks))
    np.testing.assert_allclose(budget.gpp, run.out[:, :, 0], rtol=1e-13)
    np.testing.assert_allclose(budget.rh, run.out[:, :, 1:4].sum(axis=2), rtol=1e-12)


@pytest.mark.skipif(SLOW, reason="Draws are for compiled code.")
def test_the_published_errors_give_the_ubrmse_of_draws_within_a_tenth_where_no_ramp_is_at_its_limits():
    blocks = packed_world(200).as_float(np.float64)
    table = load_bplut()
    rows = pft_rows(table, blocks)
    f_aut = np.array([table[p].f_aut for p in PFTS])[blocks.pft - 1][:, None].repeat(LANES, 1)
    start, days = start_of_year(blocks, rows, f_aut), np.arange(3, 365, 14)
    drawn = sampled_error(blocks, rows, start, f_aut, days, members=150)
    linear = np.sqrt(error_budget(blocks, rows, start, f_aut, daily_bins(blocks)).squares.sum(axis=2))[:, days]
    inside = drawn.inside & (blocks.fraction > 0)[:, None] & (linear > 0.01)
    pft = np.broadcast_to(blocks.pft[:, None, None], inside.shape)
    tested = 0
    for number in range(1, 9):
        of_type = inside & (pft == number)
        if of_type.sum() >= 50:  # fewer are no sample of a year
            ubrmse = np.sqrt(np.mean(drawn.std[of_type] ** 2)), np.sqrt(np.mean(linear[of_type] ** 2))
            assert abs(ubrmse[0] / ubrmse[1] - 1) < 0.1, PFTS[number - 1]
            tested += 1
    assert tested >= 5
    # Single days too, unless Tmult (Eq. 9) bends within the error of the soil temperature, as it does on cold soil.
    t_soil = blocks.data[blocks.block_of][:, days][:, :, DRIVERS.index("t_soil")]
    beta = np.array([table[p].tsoil_beta for p in PFTS])[blocks.pft - 1][:, None, None]
    beta2 = np.array([table[p].tsoil_beta2 for p in PFTS])[blocks.pft - 1][:, None, None]
    bend = beta * input_errors()["GRS"].t_soil / (t_soil - beta2) ** 2  # relative change of Tmult by one error
    straight = inside & (bend < 0.3)
    assert straight.sum() > 200
    noise = 1 / np.sqrt(2 * drawn.members)
    ratio = drawn.std[straight] / linear[straight]
    assert (np.abs(ratio - 1) < 0.1 + 2 * noise).mean() > 0.99
    # And where ramps are at their limits the linear error does miss: that is what the condition is for.
    outside = ~drawn.inside & (blocks.fraction > 0)[:, None] & (linear > 0.01)
    missed = np.abs(drawn.std[outside] / linear[outside] - 1) > 0.1 + 2 * noise
    assert missed.mean() > 0.1


def test_one_run_gives_the_budget_of_any_errors(world):
    blocks, rows, start, f_aut = world
    units = unit_budget(blocks, rows, start, f_aut, daily_bins(blocks))
    other = {pft: e._replace(par=0.2, vpd=0.4, smrz=7.0) for pft, e in input_errors().items()}
    again = error_budget(blocks, rows, start, f_aut, daily_bins(blocks), other, fpar_rank=1.0)
    np.testing.assert_allclose(units.budget(other, 1.0).squares, again.squares, rtol=1e-12)
    usual = units.budget()
    there = usual.squares[:, :, 0] > 1e-12
    ratio = (again.squares[:, :, 0][there] / usual.squares[:, :, 0][there]).reshape(-1)
    allowed = {round((0.2 / e.par) ** 2, 6) for e in input_errors().values()}
    assert set(np.round(ratio, 6)) <= allowed


def test_cells_join_their_plant_types_by_the_mean_of_squares_and_packed_drivers_agree_with_floats():
    packed = packed_world(40, days=20 if SLOW else 365).of([0])
    wide = packed.as_float(np.float64)
    table = load_bplut()
    f_aut = np.array([table[p].f_aut for p in PFTS])[packed.pft - 1][:, None].repeat(LANES, 1)

    def budget(blocks):
        rows = pft_rows(table, blocks)
        start = start_of_year(blocks, rows, f_aut.astype(blocks.float_type))
        bins = np.zeros(len(blocks.time), np.int32)
        return error_budget(blocks, rows, start, f_aut.astype(blocks.float_type), bins)

    ours, exact = budget(packed), budget(wide)
    there = packed.cell_of[0][packed.cell_of[0] >= 0]
    np.testing.assert_allclose(ours.of_cells()[there], exact.of_cells()[there], rtol=2e-3)
    cell, lane = there[0], 0
    tiles = np.flatnonzero(packed.fraction[:, lane] > 0)
    weight = packed.fraction[tiles, lane] / packed.fraction[tiles, lane].sum()
    variance = exact.squares[tiles, 0, :, lane].sum(axis=1) / len(packed.time)
    np.testing.assert_allclose(exact.of_cells()[cell, 0], np.sqrt((weight * variance).sum()), rtol=1e-6)
    np.testing.assert_allclose(np.nansum(exact.by_source()[cell, 0]), 1, rtol=1e-12)


def test_world_budget_takes_options_and_grows_with_the_errors():
    blocks = packed_world(20, days=5 if SLOW else 365)
    usual = world_budget(blocks).of_cells()
    larger = world_budget(blocks, fpar_rank=4).of_cells()
    there = np.isfinite(usual)
    assert (larger[there] >= usual[there]).all()
    assert larger[there].mean() > usual[there].mean()


def test_shares_of_area_weigh_cells_by_their_vegetated_area():
    std, flux = np.array([1.0, 2.0, np.nan, 1.5]), np.array([2.0, 10.0, 1.0, 10.0])
    shares = shares_of_area(std, flux, np.array([1.0, 3.0, 5.0, 2.0]), np.array([50.0, 50.0, 50.0, 0.0]))
    np.testing.assert_allclose(shares, [3 / 6, 1 / 4, 5 / 6])


def test_input_errors_are_the_quality_columns_and_must_lie_within_bounds():
    errors = input_errors()
    assert errors["ENF"].par == 0.3
    assert errors["GRS"].smrz == 20
    np.testing.assert_allclose(errors["DBF"].fpar(4), 0.4)
    assert input_errors("V5") == errors
    with pytest.raises(ValueError, match=r"V4|lacks|not a number"):
        input_errors("V4")
    blocks = packed_world(4, days=5)
    with pytest.raises(ValueError, match="error par of ENF"):
        world_budget(blocks, errors=errors | {"ENF": errors["ENF"]._replace(par=2.0)})
    with pytest.raises(ValueError, match="fpar_rank"):
        world_budget(blocks, fpar_rank=5)


def test_soil_carbon_of_a_run_is_not_written_to_by_its_uncertainty(world):
    blocks, rows, start, f_aut = world
    before = Start(start.soc.copy(), start.litterfall.copy(), start.missing_days, start.never_decays)
    error_budget(blocks, rows, start, f_aut, daily_bins(blocks))
    np.testing.assert_array_equal(start.soc, before.soc)
