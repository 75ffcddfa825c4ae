"""Controls: a table's bounds become sliders that lose no digit of the table's values."""

import pytest

from explorer.controls import controls_class, controls_of, decimals, nice_step, parameter_row
from models.l4c.params import RAMPS, L4CParams

MIDDLE = L4CParams(*((p.low + p.high) / 2 for p in L4CParams._field_defaults.values()))
EXACT = MIDDLE._replace(lue_max=1.3119494, tmin_low=249.76302, tmin_high=284.3398, k_slow=0.0093)


@pytest.mark.parametrize(("size", "step"), [(0.02, 0.02), (0.3, 0.5), (7.0, 10.0), (0.0004975, 0.0005), (1.0, 1.0)])
def test_a_step_is_one_two_or_five_times_a_power_of_ten(size, step):
    assert nice_step(size) == step


@pytest.mark.parametrize(("step", "places"), [(0.02, 2), (0.5, 1), (10.0, 0), (0.0005, 4), (1.0, 0)])
def test_decimals_tell_two_neighbouring_positions_apart(step, places):
    assert decimals(step) == places


def test_every_field_of_the_table_is_on_one_slider():
    fields = [f for control in controls_of(L4CParams, RAMPS) for f in control.fields]
    assert sorted(fields) == sorted(L4CParams._fields)


def test_the_two_limits_of_a_ramp_share_a_slider():
    vpd = next(c for c in controls_of(L4CParams, RAMPS) if c.name == "vpd")
    assert vpd.fields == ("vpd_low", "vpd_high")
    assert vpd.label == "VPD ramp [Pa]"
    assert (vpd.low, vpd.high) == (0.0, 10000.0)
    assert "VPD that stops GPP" in vpd.help
    assert "Jones" in vpd.help


def test_showing_values_keeps_every_digit_and_calls_nobody():
    calls = []
    controls = controls_class(L4CParams, RAMPS)(moved=calls.append)
    controls.show(EXACT, EXACT)
    assert controls.lue_max == 1.3119494
    assert controls.tmin == (249.76302, 284.3398)
    assert calls == []
    assert controls.edited == []


def test_a_moved_slider_reports_only_its_own_fields():
    calls = []
    controls = controls_class(L4CParams, RAMPS)(moved=calls.append)
    controls.show(EXACT, EXACT)
    controls.lue_max = 1.5
    controls.vpd = (500.0, 3000.0)
    assert calls == [{"lue_max": 1.5}, {"vpd_low": 500.0, "vpd_high": 3000.0}]


def test_a_range_slider_cannot_carry_a_limit_beyond_its_own_bounds_nor_cross_the_other():
    tmin = next(c for c in controls_of(L4CParams, RAMPS) if c.name == "tmin")
    assert tmin.held((300.0, 320.0)) == (285.0, 320.0)
    low, high = tmin.held((275.0, 275.0))
    assert high - low >= tmin.step * 0.999
    smrz = next(c for c in controls_of(L4CParams, RAMPS) if c.name == "smrz")
    low, high = smrz.held((60.0, 10.0))
    assert low < high


def test_an_emptied_number_entry_keeps_the_old_value():
    calls = []
    controls = controls_class(L4CParams, RAMPS)(moved=calls.append)
    controls.show(EXACT, EXACT)
    controls.lue_max = None
    assert calls == [{"lue_max": 1.3119494}]


def test_an_edited_parameter_is_marked_and_its_reset_button_wakes():
    controls = controls_class(L4CParams, RAMPS)()
    lue = next(c for c in controls.controls if c.name == "lue_max")
    asked = []
    slider, back = parameter_row(controls, lue, asked.append)
    controls.show(EXACT, EXACT)
    assert back.disabled
    controls.show(EXACT._replace(lue_max=2.0), EXACT)
    assert controls.edited == ["lue_max"]
    assert not back.disabled
    assert slider.label.startswith("●")
    back.clicks += 1
    assert asked == [lue]


def test_widgets_take_step_bounds_and_format_from_the_table():
    controls = controls_class(L4CParams, RAMPS)()
    k_slow = next(c for c in controls.controls if c.name == "k_slow")
    slider, _ = parameter_row(controls, k_slow, lambda control: None)
    assert (slider.start, slider.end, slider.step, slider.format) == (0.0005, 0.1, 0.0005, "0.0000")
    assert "over that of the fast pool" in slider.description
