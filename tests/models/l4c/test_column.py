"""The kernels: reference numbers, balances that must close, gaps, and vectors."""

import re

import numba
import numpy as np
import pytest

from models.l4c import column, forward
from models.l4c.bplut import load_bplut
from models.l4c.forward import daily_bins, integrate, monthly_bins, start_of_year, to_cells, to_pfts
from models.l4c.ladder import Ladder
from models.l4c.params import PFTS, L4CParams
from models.l4c.rows import pft_rows
from models.l4c.spinup import DAYS_OF_YEAR
from models.packing import DRIVERS
from tests.models.l4c.reference import outputs, read_set_a, run_cells
from tests.models.l4c.worlds import packed_world

NAMES = {
    "gpp": "GPP", "rh": "RH", "e_mult": "Emult", "t_mult": "Tmult", "w_mult": "Wmult", "f_vpd": "f_vpd",
    "f_tmin": "f_tmin", "f_smrz": "f_smrz", "f_ft": "f_ft",
}  # fmt: skip
POOLS = ("fast", "med", "slow")
compiled_only = pytest.mark.skipif(
    numba.config.DISABLE_JIT, reason="a loop over days and lanes takes minutes uncompiled"
)


@pytest.fixture(scope="module")
def set_a(shared):
    return read_set_a(shared)


def table_of(pft: np.ndarray) -> L4CParams:
    """V7 parameters of each cell."""
    table = load_bplut()
    rows = [table[PFTS[p - 1]] if 1 <= p <= 8 else table["GRS"] for p in pft]
    return L4CParams(*(np.array(column) for column in zip(*rows, strict=True)))


@pytest.mark.reference
@compiled_only
def test_every_output_of_the_reference_run_within_its_tolerance(set_a):
    ds, drivers, params = set_a
    blocks, _, run = run_cells(drivers, ds.PFT.values, params, how="analytical")
    out = outputs(blocks, run)
    for ours, theirs in NAMES.items():
        np.testing.assert_allclose(out[ours], ds[theirs].values, rtol=1e-10, err_msg=ours)
    for place, pool in enumerate(POOLS):
        np.testing.assert_allclose(out[f"rh_{pool}"], ds.RH_pools.values[place], rtol=1e-10)
    ra = params.f_aut[:, None] * out["gpp"]
    np.testing.assert_allclose(ra, ds.RA.values, rtol=1e-10)
    np.testing.assert_allclose(ra + out["rh"] - out["gpp"], ds.NEE.values, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(to_cells(blocks, run.soc_final), ds.SOC_final.values.T, rtol=1e-10)


@pytest.mark.reference
@compiled_only
def test_float32_stays_within_its_tolerance_of_the_reference(set_a):
    ds, drivers, params = set_a
    blocks, _, run = run_cells(drivers, ds.PFT.values, params, how="analytical", dtype=np.float32)
    for ours, theirs in NAMES.items():
        values = ds[theirs].values
        np.testing.assert_allclose(outputs(blocks, run)[ours], values, atol=2e-6 * abs(values).max(), err_msg=ours)


@pytest.mark.reference
@compiled_only
@pytest.mark.parametrize("pft", [7, 8])
def test_a_year_of_real_drivers_at_us_ne3_agrees_with_the_reference(shared, pft):
    with np.load(shared / "reference/l4c/site_US-Ne3_climatology.npz") as z:
        site = {name: z[name] for name in z.files}
    place = int(np.flatnonzero(site["PFT"] == pft)[0])
    one = slice(place, place + 1)
    drivers = {
        "par": site["PAR"], "fpar": site["fPAR"], "tmin": site["Tmin"], "vpd": site["VPD"],
        "smrz_rescaled": site["out_SMRZ_rescaled"], "smsf": site["SMSF"], "t_soil": site["Tsoil"],
        "frozen": 1.0 - site["FT"],
    }  # fmt: skip
    drivers = {name: values[one] for name, values in drivers.items()}
    soc = site["out_SOC_init"].T[one]
    litter = site["out_litterfall_annual"][one] / DAYS_OF_YEAR
    blocks, _, run = run_cells(drivers, site["PFT"][one], table_of(site["PFT"][one]), soc=soc, litter=litter)
    out = outputs(blocks, run)
    for ours, theirs in NAMES.items():
        np.testing.assert_allclose(out[ours], site[f"out_{theirs}"][one], rtol=1e-10, err_msg=ours)
    np.testing.assert_allclose(to_cells(blocks, run.soc_final), site["out_SOC_final"].T[one], rtol=1e-10)


@pytest.fixture(scope="module")
def edges(shared):
    with np.load(shared / "reference/l4c/edge_litter400.npz") as z:
        edge = {name: z[name] for name in z.files}
    drivers = {
        "par": edge["drv_PAR"], "fpar": edge["drv_fPAR"], "tmin": edge["drv_Tmin"], "vpd": edge["drv_VPD"],
        "smrz_rescaled": edge["out_SMRZ_rescaled"], "smsf": edge["drv_SMSF"], "t_soil": edge["drv_Tsoil"],
        "frozen": 1.0 - edge["drv_FT"],
    }  # fmt: skip
    pft = edge["PFT"]
    litter = edge["litterfall_in"] / DAYS_OF_YEAR
    blocks, _, run = run_cells(drivers, pft, table_of(pft), soc=edge["soc0"].T, litter=litter)
    return edge, blocks, run, outputs(blocks, run)


# 6: a gap in FT counts as thawed there; 22, 23, 29: at and below the pole decomposition runs on; 24, 25: PFT 0 and 9.
ORDINARY = [case for case in range(32) if case not in (6, 22, 23, 24, 25, 29)]


@pytest.mark.reference
@compiled_only
@pytest.mark.parametrize("case", ORDINARY)
def test_edge_cases_agree_with_the_reference_where_it_calls_none_a_defect(edges, case):
    edge, blocks, run, out = edges
    for ours, theirs in NAMES.items():
        np.testing.assert_allclose(out[ours][case], edge[f"out_{theirs}"][case], rtol=1e-10, atol=1e-14, err_msg=ours)
    np.testing.assert_allclose(to_cells(blocks, run.soc_final)[case], edge["out_SOC_final"][:, case], rtol=1e-10)


@pytest.mark.reference
@compiled_only
def test_decomposition_stops_at_and_below_the_pole(edges):
    _, _, _, out = edges
    assert (out["rh"][22:24] == 0).all()
    assert (out["t_mult"][22:24] == 0).all()


@pytest.mark.reference
@compiled_only
def test_a_cell_without_a_plant_type_has_no_flux(edges):
    _, _, _, out = edges
    assert np.isnan(out["gpp"][24:26]).all()
    assert np.isnan(out["rh"][24:26]).all()


@pytest.mark.reference
@compiled_only
def test_a_gap_in_freeze_thaw_is_a_gap_in_gpp(edges):
    edge, _, _, out = edges
    np.testing.assert_array_equal(np.isnan(out["gpp"][6]), np.isnan(edge["drv_FT"][6]))
    assert np.isfinite(out["rh"][6]).all()


@pytest.mark.reference
@compiled_only
def test_carbon_pools_change_by_litterfall_less_rh_every_day(set_a):
    ds, drivers, params = set_a
    blocks, start, run = run_cells(drivers, ds.PFT.values, params, how="analytical")
    out = outputs(blocks, run)
    soc = out["soc_fast"] + out["soc_med"] + out["soc_slow"]
    last = to_cells(blocks, run.soc_final).sum(axis=1, keepdims=True)
    change = np.diff(np.concatenate([soc, last], axis=1), axis=1)
    litter = to_cells(blocks, start.litterfall)[:, None]
    # Round-off of pools of 1e4 gC m-2 in float64.
    np.testing.assert_allclose(change, litter - out["rh"], atol=1e-11)


def gappy(drivers: dict, **gaps: list[int]) -> dict:
    """Drivers with some days of some variables missing."""
    drivers = {name: values.copy() for name, values in drivers.items()}
    for name, days in gaps.items():
        drivers[name][:, days] = np.nan
    return drivers


@pytest.mark.reference
@compiled_only
@pytest.mark.parametrize("name", ["par", "fpar", "tmin", "vpd", "smrz_rescaled", "frozen"])
def test_a_gap_in_a_gpp_driver_is_a_gap_in_that_day_of_gpp_alone(set_a, name):
    ds, drivers, params = set_a
    whole = outputs(*run_cells(drivers, ds.PFT.values, params)[::2])
    blocks, start, run = run_cells(gappy(drivers, **{name: [9, 200]}), ds.PFT.values, params)
    out = outputs(blocks, run)
    assert np.isnan(out["gpp"][:, [9, 200]]).all()
    keep = np.delete(np.arange(365), [9, 200])
    np.testing.assert_array_equal(out["gpp"][:, keep], whole["gpp"][:, keep])
    assert np.isfinite(out["rh"]).all()
    assert (to_cells(blocks, start.missing_days.astype(float)) == 2).all()
    npp = ((1 - params.f_aut)[:, None] * whole["gpp"][:, keep]).sum(axis=1)
    np.testing.assert_allclose(to_cells(blocks, start.litterfall), npp / 363, rtol=1e-12)


@pytest.mark.reference
@compiled_only
@pytest.mark.parametrize("name", ["t_soil", "smsf"])
def test_a_gap_in_a_decay_driver_leaves_the_pools_as_they_were(set_a, name):
    ds, drivers, params = set_a
    blocks, _, run = run_cells(gappy(drivers, **{name: [49]}), ds.PFT.values, params)
    out = outputs(blocks, run)
    assert np.isnan(out["rh"][:, 49]).all()
    assert np.isfinite(np.delete(out["rh"], 49, axis=1)).all()
    for pool in POOLS:
        np.testing.assert_array_equal(out[f"soc_{pool}"][:, 49], out[f"soc_{pool}"][:, 50])


@pytest.mark.reference
def test_the_callers_arrays_are_not_written_to(set_a):
    ds, drivers, params = set_a
    days = 3 if numba.config.DISABLE_JIT else 365
    some = {name: values[:16, :days].copy() for name, values in drivers.items()}
    before = {name: values.copy() for name, values in some.items()}
    soc = ds.SOC_init.values.T[:16].copy()
    few = L4CParams(*(np.asarray(v)[:16] for v in params))
    run_cells(some, ds.PFT.values[:16], few, soc=soc)
    for name, values in some.items():
        np.testing.assert_array_equal(values, before[name])
    np.testing.assert_array_equal(soc, ds.SOC_init.values.T[:16])


@pytest.mark.reference
def test_a_few_days_agree_with_the_reference_compiled_or_not(set_a):
    ds, drivers, params = set_a
    some = {name: values[:16, :3] for name, values in drivers.items()}
    few = L4CParams(*(np.asarray(v)[:16] for v in params))
    litter = ds.litterfall_annual.values[:16] / DAYS_OF_YEAR
    blocks, _, run = run_cells(some, ds.PFT.values[:16], few, soc=ds.SOC_init.values.T[:16], litter=litter)
    out = outputs(blocks, run)
    for ours, theirs in NAMES.items():
        np.testing.assert_allclose(out[ours], ds[theirs].values[:16, :3], rtol=1e-10, err_msg=ours)


@compiled_only
def test_one_plant_type_of_a_cell_run_as_a_tile_is_the_mean_of_its_pixels():
    """GPP is linear in fPAR, RH and SOC in pools and litterfall: 81 pixels of one type collapse exactly."""
    rng = np.random.default_rng(1)
    world = packed_world(16, kinds=1, bare=0.0).as_float(np.float64).of([0])
    pft = int(world.pft[0])
    weather = {name: world.data[0, :, place, :1].T for place, name in enumerate(DRIVERS)}
    pixels = 81
    fpar = np.clip(0.5 + 0.1 * rng.standard_normal((pixels, 1)) + 0.1 * rng.standard_normal((pixels, 365)), 0, 1)
    drivers = {name: np.repeat(x, pixels, axis=0) for name, x in weather.items()} | {"fpar": fpar}
    soc, litter = rng.uniform(10, 5000, (pixels, 3)), rng.uniform(0.1, 3, pixels)
    many = outputs(
        *run_cells(drivers, np.full(pixels, pft), table_of(np.full(pixels, pft)), soc=soc, litter=litter)[::2]
    )
    one_tile = {name: x[:1] for name, x in drivers.items()} | {"fpar": fpar.mean(axis=0, keepdims=True)}
    one = run_cells(one_tile, [pft], table_of([pft]), soc=soc.mean(axis=0)[None], litter=litter.mean()[None])
    for name, values in outputs(*one[::2]).items():
        np.testing.assert_allclose(values[0], many[name].mean(axis=0), rtol=1e-12, atol=1e-13, err_msg=name)


@compiled_only
def test_monthly_sums_are_sums_of_days_and_a_single_day_is_itself():
    world = packed_world(100)
    rows = pft_rows(load_bplut(), world)
    f_aut = of_tiles(world)
    start = start_of_year(world, rows, f_aut)
    days = integrate(world, rows, start, daily_bins(world))
    months = integrate(world, rows, start, monthly_bins(world))
    assert months.out.shape[1] == 12
    np.testing.assert_allclose(
        months.out, np.add.reduceat(days.out, np.searchsorted(monthly_bins(world), range(12)), axis=1), rtol=1e-5
    )
    single = np.full(365, -1, np.int32)
    single[180] = 0
    one = integrate(world, rows, start, single)
    np.testing.assert_array_equal(one.out[:, 0], days.out[:, 180])
    live = integrate(world, rows, start, single, outputs="live")
    np.testing.assert_allclose(live.out[:, 0, 0], days.out[:, 180, 0], rtol=1e-6)
    np.testing.assert_allclose(live.out[:, 0, 1], days.out[:, 180, 1:4].sum(axis=1), rtol=1e-5)


def of_tiles(world) -> np.ndarray:
    table = load_bplut()
    return np.array([table[PFTS[p - 1]].f_aut for p in world.pft])[:, None]


@compiled_only
def test_packed_drivers_give_what_their_decoded_values_give():
    world = packed_world(200)
    exact = world.as_float(np.float64)
    results = {}
    for name, blocks in (("packed", world), ("exact", exact)):
        rows = pft_rows(load_bplut(), blocks)
        run = integrate(blocks, rows, start_of_year(blocks, rows, of_tiles(blocks)), np.zeros(365, np.int32))
        results[name] = {n: to_pfts(blocks, run.out[:, 0, place]) for place, n in enumerate(run.names)}
    for name, values in results["exact"].items():
        # float32 arithmetic and a 16-bit temperature multiplier in the spin-up
        np.testing.assert_allclose(results["packed"][name], values, rtol=3e-4, atol=1e-4, err_msg=name)


@compiled_only
def test_the_result_does_not_hang_on_how_tiles_are_spread(monkeypatch):
    world = packed_world(300)
    rows = pft_rows(load_bplut(), world)
    many = integrate(world, rows, start_of_year(world, rows, of_tiles(world)), monthly_bins(world))
    monkeypatch.setattr(forward, "CHUNK", 10_000)
    one = integrate(world, rows, start_of_year(world, rows, of_tiles(world)), monthly_bins(world))
    np.testing.assert_array_equal(one.out, many.out)


@compiled_only
@pytest.mark.parametrize("without", ["vpd", "tmin", "smrz", "ft", "t_soil", "smsf"])
def test_a_constraint_that_is_removed_is_1(without):
    factor = {"t_soil": "t_mult", "smsf": "w_mult"}.get(without, f"f_{without}")
    for world in (packed_world(60), packed_world(60).as_float(np.float64)):
        rows = pft_rows(load_bplut(), world, without=(without,))
        run = integrate(world, rows, start_of_year(world, rows, of_tiles(world)), daily_bins(world))
        for name in ("f_vpd", "f_tmin", "f_smrz", "f_ft", "t_mult", "w_mult"):
            values = run.out[:, :, run.names.index(name)].transpose(0, 2, 1)[world.fraction > 0]
            assert bool((values == 1).all()) is (name == factor), name


@compiled_only
def test_frozen_ground_may_stop_gpp():
    world = packed_world(60).as_float(np.float64)
    rows = pft_rows(load_bplut(), world, frozen_gpp="zero")
    run = integrate(world, rows, start_of_year(world, rows, of_tiles(world)), daily_bins(world))
    frozen = world.data[world.block_of][:, :, 6] == 1
    assert frozen.any()
    assert (run.out[:, :, 0][frozen] == 0).all()


def test_swapped_limits_are_named():
    world = packed_world(20, days=3)
    table = load_bplut()
    table["GRS"] = table["GRS"]._replace(vpd_low=5000.0)
    with pytest.raises(ValueError, match=r"vpd_low = 5000 must be below vpd_high = 4700 Pa"):
        pft_rows(table, world)


@compiled_only
@pytest.mark.parametrize("name", ["light_use", "temperature", "decompose", "equilibrium", "run_live"])
def test_the_loop_over_lanes_is_made_of_vector_instructions(name):
    world = packed_world(40)
    rows = pft_rows(load_bplut(), world)
    start = start_of_year(world, rows, of_tiles(world))
    integrate(world, rows, start, monthly_bins(world), outputs="live")
    ladder = Ladder(world, 10**7)
    pft = int(world.pft[0])
    row = rows[pft - 1]
    ladder.light(pft, row)
    ladder.decay(pft, row, row, "periodic", "constant")
    cached = getattr(column, name)
    signature = next(s for s in cached.signatures if "uint16" in str(s))
    fresh = numba.njit(error_model="numpy", nogil=True)(cached.py_func)  # code from the cache cannot be looked into
    fresh.compile(signature)
    assembly = fresh.inspect_asm(signature)
    vectors = len(re.findall(r"\bv?(?:mul|add|sub)ps\b|\bf(?:mul|add|sub)\s+v", assembly))  # x86, and ARM
    # A loop that stays scalar has none.
    assert vectors >= 12
