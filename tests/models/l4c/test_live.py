"""The live run: what a slider remakes is what a run from scratch gives."""

import threading
from dataclasses import replace

import numba
import numpy as np
import pytest

from models.kernel import Cancelled
from models.l4c import column
from models.l4c.cache import ByteCache
from models.l4c.ladder import Ladder
from models.l4c.live import FIELDS, LiveRun
from models.l4c.params import PFTS, L4CParams
from models.l4c.warm import warm as warm_up
from models.options import L4COptions
from models.quantity import parameters_of
from tests.models.l4c.worlds import packed_world

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="loops over days and lanes take minutes uncompiled")

N_CELL = 300
DAY_180 = ("day", 180)
QUICK = ("gpp", "npp", "ra", "rh", "reco", "nee", "soc")


@pytest.fixture(scope="module")
def blocks():
    return packed_world(N_CELL)


@pytest.fixture(scope="module")
def warm(blocks):
    """A run that has answered before."""
    run = LiveRun(blocks)
    run.result(L4COptions())
    return run


def moved(name: str, by: float = 0.06) -> tuple:
    """A parameter of grassland, moved by a share of its range, inwards."""
    p, value = parameters_of(L4CParams)[name], getattr(L4COptions().table()["GRS"], name)
    step = by * (p.high - p.low)
    return ("GRS", name, value + step if value + step <= p.high else value - step)


@pytest.mark.parametrize("spin_up", ["table", "experiment"])
@pytest.mark.parametrize("name", L4CParams._fields)
def test_a_moved_parameter_gives_what_a_run_from_scratch_gives(blocks, warm, name, spin_up):
    for by in (0.02, 0.04, 0.06):  # the third move is the one that uses what the second has kept
        options = L4COptions(parameters=(moved(name, by),), spin_up=spin_up)
        live = warm.result(options)
    scratch = LiveRun(blocks).result(options)
    for variable in ("gpp", "rh", "soc"):
        expected = scratch.field(variable)
        # 16 bits of GPP by the factors that stay put: 8e-6 of a cell's highest day.
        np.testing.assert_allclose(live.field(variable), expected, rtol=2e-5, atol=2e-5 * np.nanmax(expected))


def test_only_the_edited_plant_type_is_remade(blocks):
    run = LiveRun(blocks)
    before = run.result(L4COptions())
    kept = len(run.ladder.pieces)
    after = run.result(L4COptions(parameters=(moved("vpd_high"),)))
    assert len(run.ladder.pieces) <= kept + 2  # GPP of grassland, and what its next move will need
    for pft in PFTS:
        same = np.array_equal(before.field_of("gpp", pft), after.field_of("gpp", pft), equal_nan=True)
        assert same is (pft != "GRS")


@pytest.mark.parametrize("name", ["lue_max", "f_aut"])
def test_a_scaling_remakes_nothing(blocks, name):
    run = LiveRun(blocks)
    run.result(L4COptions())
    kept = len(run.ladder.pieces)
    for spin_up in ("table", "experiment"):
        run.result(L4COptions(parameters=(moved(name),), spin_up=spin_up))
    assert len(run.ladder.pieces) == kept


def test_with_the_soil_of_the_table_a_gpp_parameter_changes_no_rh(warm):
    before, after = (
        warm.result(o) for o in (L4COptions(), L4COptions(parameters=(moved("tmin_high"), moved("lue_max"))))
    )
    assert not np.allclose(before.field("gpp"), after.field("gpp"), equal_nan=True)
    np.testing.assert_array_equal(before.field("rh"), after.field("rh"))
    np.testing.assert_array_equal(before.field("soc"), after.field("soc"))


def test_with_the_soil_of_the_experiment_rh_follows_litterfall(warm):
    options = L4COptions(parameters=(moved("lue_max"),), spin_up="experiment")
    ratio = moved("lue_max")[2] / L4COptions().table()["GRS"].lue_max
    before, after = warm.result(L4COptions()), warm.result(options)
    np.testing.assert_allclose(after.field_of("rh", "GRS"), ratio * before.field_of("rh", "GRS"), rtol=1e-6)


def test_a_year_from_the_periodic_state_is_in_balance(warm):
    nee, rh = warm.result(L4COptions()).field("nee"), warm.result(L4COptions()).field("rh")
    assert np.nanmax(abs(nee)) < 1e-5 * np.nanmax(rh)  # float32


def test_fields_hang_together(warm):
    result = warm.result(L4COptions(parameters=(moved("smsf_high"), moved("lue_max"))))
    for when in ("annual", ("month", 6), DAY_180):
        f = {name: result.field(name, when) for name in FIELDS}
        close = {"rtol": 2e-4, "atol": 1e-3}
        np.testing.assert_allclose(f["nee"], f["ra"] + f["rh"] - f["gpp"], **close)
        np.testing.assert_allclose(f["rh"], f["rh_fast"] + f["rh_med"] + f["rh_slow"], **close)
        np.testing.assert_allclose(f["soc"], f["soc_fast"] + f["soc_med"] + f["soc_slow"], **close)
    annual = result.field("gpp")
    months = sum(
        result.field("gpp", ("month", m)) * d for m, d in enumerate((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31))
    )
    np.testing.assert_allclose(annual, months, rtol=1e-5)


def test_a_map_of_a_day_is_that_day_of_the_series(warm, blocks):
    result = warm.result(L4COptions())
    cell = int(warm.cells[7])
    ds = result.series(cell)
    for name in FIELDS:
        assert float(ds[name][180]) == pytest.approx(float(result.field(name, DAY_180)[cell]), rel=2e-3, abs=2e-4)
        assert ds[f"{name}_pft"].dims == ("pft", "time")
    assert float(ds.gpp.sum()) == pytest.approx(float(result.field("gpp")[cell]), rel=1e-4)
    # A day near zero flux hides no drift: the year closes in float64.
    assert abs(float(ds.nee.sum())) < 1e-6
    assert ds.gpp.dtype == np.float64


def test_a_cell_without_plants_is_nan_on_the_map_and_empty_in_the_series(warm, blocks):
    bare = np.setdiff1d(np.arange(N_CELL), warm.cells)
    assert len(bare)
    result = warm.result(L4COptions())
    assert np.isnan(result.field("gpp")[bare]).all()
    assert result.series(int(bare[0])).sizes["pft"] == 0


def test_totals_add_up_the_map(warm, blocks):
    result = warm.result(L4COptions())
    area = np.linspace(1e9, 2e9, N_CELL)
    mask = np.zeros(N_CELL, bool)
    mask[: N_CELL // 2] = True
    totals = result.total(mask, area)
    vegetated = np.zeros(N_CELL)
    vegetated[warm.cells] = warm.vegetated[warm.has_cell]
    expected = np.nansum((result.field("gpp") * vegetated * area)[mask]) / 1e15
    assert totals["all"]["gpp"] == pytest.approx(expected, rel=1e-5)
    assert totals["all"]["soc"] > 0
    for values in totals.values():
        assert values["nee"] == pytest.approx(values["ra"] + values["rh"] - values["gpp"])
    whole = result.total(None, area)["all"]["gpp"]
    assert whole == pytest.approx(totals["all"]["gpp"] + result.total(~mask, area)["all"]["gpp"], rel=1e-6)


def test_options_change_the_result(warm):
    base = warm.result(L4COptions())
    for change in (
        {"bplut": "V5"}, {"frozen_gpp": "zero"}, {"litterfall": "schedule"}, {"soc_start": "analytical"},
        {"without": ("vpd",)},
    ):  # fmt: skip
        other = warm.result(replace(L4COptions(), **change))
        assert not np.array_equal(base.field("nee", ("month", 5)), other.field("nee", ("month", 5)), equal_nan=True), (
            change
        )


def test_a_run_that_is_taken_back_leaves_nothing_half_done(blocks):
    run = LiveRun(blocks)
    calls = iter(range(1000))
    with pytest.raises(Cancelled):
        run.result(L4COptions(), cancelled=lambda: next(calls) > 4)
    expected = LiveRun(blocks).result(L4COptions()).field("nee", ("month", 4))
    np.testing.assert_allclose(run.result(L4COptions()).field("nee", ("month", 4)), expected, rtol=1e-4, atol=1e-4)


def test_many_visitors_get_the_same_numbers(blocks):
    run, results = LiveRun(blocks), {}
    wanted = [L4COptions(parameters=(moved("vpd_high", 0.01 * (k % 3)),)) for k in range(12)]

    def visit(k: int) -> None:
        results[k] = run.result(wanted[k]).field("gpp")

    visitors = [threading.Thread(target=visit, args=(k,)) for k in range(12)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    for k in range(12):
        np.testing.assert_allclose(results[k], LiveRun(blocks).result(wanted[k]).field("gpp"), rtol=2e-5, atol=1e-3)


def test_progress_ends_at_one(blocks):
    told = []
    LiveRun(blocks).result(L4COptions(), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_memory_stays_within_its_limit(blocks):
    run = LiveRun(blocks, limit=2_000_000)
    for k in range(20):
        run.result(L4COptions(parameters=(moved("vpd_high", 0.01 * k), moved("k_fast", 0.01 * k))))
        assert run.ladder.pieces.bytes <= 2_000_000


def test_results_cannot_be_written_to(warm):
    light = warm.ladder.light(6, warm.result(L4COptions())._unit[0][5])
    with pytest.raises(ValueError, match="read-only"):
        light.months[:] = 0


@pytest.mark.parametrize("when", ["monthly", ("month", 12), ("day", 365), ("week", 1), 3])
def test_a_time_that_is_not_there_is_named(warm, when):
    with pytest.raises(ValueError, match=r"when = .* is not accepted"):
        warm.result(L4COptions()).field("gpp", when)


def test_a_field_that_is_not_there_is_named(warm):
    with pytest.raises(KeyError, match="No field is named 'lai'"):
        warm.result(L4COptions()).field("lai")


def test_drivers_rescaled_otherwise_are_refused(warm):
    with pytest.raises(ValueError, match="smrz_range = 'minimum_100'"):
        warm.result(L4COptions(smrz_range="minimum_100"))


def test_a_value_is_made_once_however_many_ask():
    cache, made = ByteCache(100), []
    gate = threading.Event()

    def make():
        gate.wait(5)
        made.append(1)
        return "value"

    askers = [threading.Thread(target=cache.get, args=("key", make, len)) for _ in range(8)]
    for asker in askers:
        asker.start()
    gate.set()
    for asker in askers:
        asker.join()
    assert made == [1]
    assert cache.bytes == 5


def test_the_least_recently_used_value_is_dropped_first():
    cache = ByteCache(10)
    for key in "abc":
        cache.get(key, lambda: "four", len)
    assert "a" not in cache
    cache.get("b", lambda: "else", len)
    cache.get("d", lambda: "four", len)
    assert "b" in cache
    assert "c" not in cache


def test_a_run_taken_back_does_not_take_back_who_waits_for_it():
    cache, started, gate = ByteCache(100), threading.Event(), threading.Event()
    got = []

    def give_up():
        started.set()
        gate.wait(5)
        raise Cancelled

    def first():
        with pytest.raises(Cancelled):
            cache.get("key", give_up, len)

    one = threading.Thread(target=first)
    one.start()
    started.wait(5)
    two = threading.Thread(target=lambda: got.append(cache.get("key", lambda: "mine", len)))
    two.start()
    gate.set()
    one.join()
    two.join()
    assert got == ["mine"]


def test_what_a_dragged_slider_leaves_alone_is_kept_from_the_second_time_on(blocks):
    ladder = Ladder(blocks, 10**9)
    row = LiveRun(blocks).result(L4COptions())._unit[0][5]
    kept = []
    for k in range(3):
        moved_row = row.copy()
        moved_row[13 * 16 : 14 * 16] += k  # smsf_low
        ladder.decay(6, moved_row, moved_row, "periodic", "constant")
        names = [key[0] for key in ladder.pieces.keys()]  # noqa: SIM118 (no mapping)
        kept.append(names.count("temperature"))
    assert kept == [0, 1, 1]


@pytest.mark.parametrize("change", [("vpd_high", "table"), ("smsf_high", "table"), ("k_fast", "experiment")])
def test_cells_in_view_are_shown_before_the_rest_and_are_right(blocks, change):
    name, spin_up = change
    run = LiveRun(blocks)
    run.result(L4COptions())
    options = L4COptions(parameters=(moved(name),), spin_up=spin_up)
    view, shown = run.cells[:20], []
    final = run.result(options, first=view, partial=shown.append)
    assert len(shown) == 1
    for variable in ("gpp", "rh", "nee"):
        expected = final.field(variable, ("month", 6))
        np.testing.assert_array_equal(shown[0].field(variable, ("month", 6))[view], expected[view])
    assert run.result(options, first=view, partial=shown.append) is not None
    assert len(shown) == 1


def test_warming_up_leaves_no_kernel_of_the_live_run_to_compile(blocks):
    warm_up()
    kernels = (column.light_use, column.move_ramp, column.decompose, column.equilibrium, column.run_full)
    before = [len(kernel.signatures) for kernel in kernels]
    run = LiveRun(blocks)
    for by in (0.0, 0.02, 0.04):
        run.result(L4COptions(parameters=(moved("vpd_high", by), moved("smsf_high", by)))).field("f_vpd")
    run.result(L4COptions()).series(int(run.cells[0]))
    assert [len(kernel.signatures) for kernel in kernels] == before
