import numpy as np
import pytest

from explorer.views.density import DOMAINS, DensityCache, driver_density
from explorer.views.ramps import CURVES, RampBoard, RampEditor, beta0_of, half_temperature, response
from models.l4c.bplut import load_bplut
from models.l4c.params import RAMPS, L4CParams
from models.packing import DRIVERS
from models.quantity import parameters_of

GRS = load_bplut("V7")["GRS"]
DECLARED = parameters_of(L4CParams)


def drag(editor: RampEditor, *x: float, final: bool = True) -> None:
    """Do what the browser does when a handle was moved."""
    editor._dragged.data = {"x": list(x), "final": [int(final)] * len(x)}


# Density


@pytest.mark.parametrize("driver", DOMAINS)
def test_a_density_is_the_histogram_of_the_drivers_weighted_by_area(world, driver):
    density = driver_density(world.blocks, driver, world.area)
    b = world.blocks
    variable = DRIVERS.index({"smrz": "smrz_rescaled"}.get(driver, driver))
    values = b.data[b.block_of, :, variable, :]
    weight = np.where(b.cell_of[b.block_of] >= 0, b.fraction, 0.0)[:, None, :] * world.area[0]
    expected, _ = np.histogram(values, density.edges, weights=np.broadcast_to(weight, values.shape))
    np.testing.assert_allclose(density.share, expected / expected.sum(), atol=2e-6)  # values on an edge of float32
    assert density.share.sum() == pytest.approx(1.0)


def test_shares_below_a_limit_are_those_of_the_days(world):
    density = driver_density(world.blocks, "tmin", world.area)
    b = world.blocks
    values = b.data[b.block_of, :, DRIVERS.index("tmin"), :].astype(float)
    weight = np.broadcast_to(b.fraction[:, None, :], values.shape).astype(float)
    for limit in (270.0, 281.3, 290.0):
        expected = weight[values < limit].sum() / weight.sum()
        assert density.below(limit) == pytest.approx(expected, abs=2e-3)  # within a bin the days are spread evenly
    assert density.below(150.0) == 0.0
    assert density.below(400.0) == pytest.approx(1.0)


def test_a_density_counts_the_region_and_the_plant_type_alone(world):
    north = world.latitude > 0
    of_grass = driver_density(world.blocks, "vpd", world.area, mask=north, pft=6)
    grass = int(((world.pft_fraction[:, 5] > 0) & north).sum())
    assert of_grass.days == grass * len(world.time)
    nothing = driver_density(world.blocks, "vpd", world.area, mask=np.zeros(world.n_cell, bool))
    assert nothing.days == 0
    assert nothing.share.sum() == 0.0
    with pytest.raises(KeyError, match="there are tmin"):
        driver_density(world.blocks, "rain", world.area)


def test_missing_days_are_left_out(world):
    from dataclasses import replace

    data = world.blocks.data.copy()
    data[:, :100, DRIVERS.index("vpd")] = np.nan
    density = driver_density(replace(world.blocks, data=data), "vpd", world.area, pft=6)
    cells = int((world.pft_fraction[:, 5] > 0).sum())
    assert density.days == cells * (len(world.time) - 100)


def test_densities_are_kept_and_the_oldest_goes(world):
    cache = DensityCache(world.blocks, world.area, size=2)
    first = cache.get("vpd", "world")
    assert cache.get("vpd", "world") is first
    cache.get("tmin", "world")
    cache.get("smsf", "world")
    assert cache.get("vpd", "world") is not first


def test_coarse_bars_hold_the_same_days(world):
    density = driver_density(world.blocks, "vpd", world.area)
    edges, share = density.coarse(-500.0, 12000.0, 50)
    assert len(edges) == 51
    assert share.sum() == pytest.approx(1.0)


# Curves and handles


@pytest.mark.parametrize("driver", CURVES)
def test_the_curve_is_the_physics(driver):
    editor = RampEditor(driver)
    editor.update(GRS, GRS, None)
    x, y = editor._curve.data["x"], editor._curve.data["y"]
    np.testing.assert_array_equal(y, response(driver, x, GRS))
    assert y.min() >= 0.0
    assert y.max() <= 1.0
    rises = y[-1] > y[0]
    assert rises == (driver != "vpd")


@pytest.mark.parametrize("driver", RAMPS)
def test_handles_stand_at_the_limits_with_all_their_digits(driver):
    editor = RampEditor(driver)
    editor.update(GRS, None, None)
    low, high = (getattr(GRS, name) for name in RAMPS[driver])
    assert editor._handles.data["x"] == [low, high]
    assert editor._limits.data["lowest"] == [DECLARED[name].low for name in RAMPS[driver]]
    assert editor._limits.data["highest"] == [DECLARED[name].high for name in RAMPS[driver]]
    assert editor.domain[0] < DECLARED[RAMPS[driver][0]].low


def test_a_dragged_handle_reaches_the_page_and_the_other_keeps_its_digits():
    editor, heard = RampEditor("tmin"), []
    editor.on_change(lambda *values: heard.append(values))
    editor.update(GRS, GRS, None)
    drag(editor, 262.34567, GRS.tmin_high, final=False)
    drag(editor, 263.0, GRS.tmin_high)
    assert [final for *_, final in heard] == [False, True]
    low, high, _ = heard[0]
    assert low == pytest.approx(262.34567, abs=0.6)
    assert low != 262.34567
    assert high == GRS.tmin_high


def test_limits_never_cross_nor_leave_their_bounds():
    editor, heard = RampEditor("vpd"), []
    editor.on_change(lambda low, high, final: heard.append((low, high)))
    editor.update(GRS, GRS, None)
    drag(editor, 3900.0, 3000.0)
    drag(editor, -800.0, 99_000.0)
    for low, high in heard:
        assert low < high
        assert DECLARED["vpd_low"].low <= low <= DECLARED["vpd_low"].high
        assert DECLARED["vpd_high"].low <= high <= DECLARED["vpd_high"].high


def test_handles_are_left_alone_while_a_hand_holds_them():
    editor = RampEditor("tmin")
    editor.update(GRS, GRS, None)
    before = editor._handles.data["x"]
    drag(editor, 260.0, GRS.tmin_high, final=False)
    editor.update(GRS._replace(tmin_low=260.0), GRS, None)
    assert editor._handles.data["x"] == before
    drag(editor, 261.0, GRS.tmin_high, final=True)
    editor.update(GRS._replace(tmin_low=261.0), GRS, None)
    assert editor._handles.data["x"][0] == 261.0


def test_an_update_that_changes_nothing_sends_nothing():
    editor = RampEditor("tmin")
    editor.update(GRS, GRS, None)
    data = editor._curve.data
    editor.update(GRS._replace(vpd_low=100.0), GRS, None)
    assert editor._curve.data is data


def test_the_temperature_handle_is_where_the_curve_is_one_half():
    for beta0 in (100.0, 250.0, 600.0):
        t_half = half_temperature(GRS, beta0)
        assert float(response("t_soil", np.float64(t_half), GRS._replace(tsoil_beta=beta0))) == pytest.approx(0.5)
        assert beta0_of(GRS, t_half) == pytest.approx(beta0)
    editor, heard = RampEditor("t_soil"), []
    editor.on_change(lambda *values: heard.append(values))
    editor.update(GRS, None, None)
    drag(editor, half_temperature(GRS, 300.0))
    assert heard[0][0] == heard[0][1] == pytest.approx(300.0, abs=2.5)


def test_the_text_says_on_how_many_days_the_limits_act(world):
    density = driver_density(world.blocks, "vpd", world.area)
    editor = RampEditor("vpd")
    editor.update(GRS._replace(vpd_low=0.0, vpd_high=9000.0), GRS, density)
    assert editor.text == "0 % of days stopped · 100 % limited · 0 % free"
    editor.update(GRS._replace(vpd_low=3999.0, vpd_high=9000.0), GRS, density)
    assert editor.text.endswith("100 % free")
    empty = driver_density(world.blocks, "vpd", world.area, mask=np.zeros(world.n_cell, bool))
    editor.update(GRS, GRS, empty)
    assert editor.text == "none of this plant type here"


def test_bars_are_coloured_by_what_the_curve_does(world):
    density = driver_density(world.blocks, "tmin", world.area)
    editor = RampEditor("tmin")
    editor.update(GRS._replace(tmin_low=275.0, tmin_high=290.0), GRS, density)
    bars = editor._bar_source.data
    colours = np.array(bars["colour"])
    assert len(set(colours[bars["right"] < 275.0])) == 1
    assert len(set(colours[bars["left"] > 290.0])) == 1
    assert len(set(colours)) == 3


def test_a_board_tells_which_parameters_moved(world):
    board, heard = RampBoard(), []
    board.on_change(lambda *values: heard.append(values))
    board.update(GRS, GRS, {"vpd": driver_density(world.blocks, "vpd", world.area)})
    drag(board.editors["smsf"], 5.0, GRS.smsf_high)
    drag(board.editors["t_soil"], half_temperature(GRS, 300.0))
    assert heard[0][0] == ("smsf_low", "smsf_high")
    assert heard[1][0] == ("tsoil_beta",)
    assert len(heard[1][1]) == 1


def test_every_axis_of_the_editor_has_a_unit():
    for driver in CURVES:
        editor = RampEditor(driver)
        assert editor.figure.xaxis.axis_label.endswith("]")
        assert editor.figure.yaxis.axis_label == "multiplier [0–1]"
    with pytest.raises(KeyError, match="there are vpd"):
        RampEditor("rain")
