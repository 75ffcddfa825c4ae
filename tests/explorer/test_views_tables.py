import numpy as np
import pandas as pd
import pytest
import xarray as xr

from explorer.style import (
    LEVELS,
    LINE_COLOURS,
    PFT_COLOURS,
    number,
    scale_for,
    signed,
    statistic_unit,
    symbol_text,
    unit_text,
)
from explorer.views.equations import EQUATIONS, equation_html, equations
from explorer.views.totals import TOTALS, Kpi, KpiStrip, TotalsView, kpi_strip, totals_table
from explorer.views.towers import DriverSourcesView, ScoresView, TowerScatterView, TowerSeriesView, count_pairs
from explorer.views.zonal import ZonalView, zonal_mean
from models.l4c.bplut import load_bplut
from models.l4c.params import PFTS, L4CParams
from models.options import L4COptions
from models.quantity import parameters_of
from models.variables import VARIABLES

DAYS = np.datetime64("2016-01-01") + np.arange(366)


# Scales


@pytest.mark.parametrize("variable", ["gpp", "nee", "soc", "e_mult", "tmin", "smsf", "par"])
@pytest.mark.parametrize("when", ["annual", 3])
def test_every_scale_has_limits_colours_and_a_unit(variable, when):
    scale = scale_for(variable, when)
    assert scale.low < scale.high
    assert len(scale.palette) == LEVELS
    assert scale.unit == statistic_unit(variable, when)
    assert "-" not in scale.unit


def test_differences_and_nee_are_symmetric_about_zero():
    values = np.array([-3.0, 0.0, 0.0, 12.0, np.nan])
    for scale in (scale_for("gpp", difference=True, values=values), scale_for("nee", values=values), scale_for("nee")):
        assert scale.diverging
        assert scale.low == -scale.high
        middle = scale.levels(np.array([0.0]))[0]
        assert middle == LEVELS // 2
    assert scale_for("gpp", difference=True, values=np.zeros(5)).high > 0


def test_levels_mark_missing_values_and_clip_the_rest():
    scale = scale_for("gpp", values=[0.0, 100.0])
    levels = scale.levels(np.array([np.nan, -5.0, scale.low, scale.high, 1e9], dtype=np.float32))
    np.testing.assert_array_equal(levels, [LEVELS, 0, 0, LEVELS - 1, LEVELS - 1])


def test_an_unknown_variable_has_no_scale():
    with pytest.raises(KeyError, match=r"models\.variables has"):
        scale_for("photosynthesis")


def test_units_and_numbers_are_written_as_people_do():
    assert unit_text("gC m-2 d-1") == "gC m⁻² d⁻¹"
    assert unit_text("m3 m-3") == "m³ m⁻³"
    assert statistic_unit("gpp") == "gC m⁻² yr⁻¹"
    assert statistic_unit("soc") == "gC m⁻²"
    assert number(float("nan")) == "no data"
    assert number(123456.0) == "123,456"
    assert signed(-2.0) == "−2"
    assert symbol_text("f_PAR") == "fPAR"


def relative_luminance(colour: str) -> float:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return sum(
        w * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
        for w, c in zip((0.2126, 0.7152, 0.0722), (red, green, blue), strict=True)
    )


def test_line_colours_show_on_white_and_on_black():
    for colour in (*PFT_COLOURS.values(), *LINE_COLOURS):
        light = relative_luminance(colour)
        assert (1.05) / (light + 0.05) > 2.0
        assert (light + 0.05) / 0.06 > 3.0
    assert len(set(PFT_COLOURS.values())) == len(PFTS)


# Zonal mean


def test_a_zonal_mean_is_weighted_by_area():
    latitude, area = np.array([10.5, 10.9, 50.0]), np.array([1.0, 3.0, 1.0])
    centres, mean = zonal_mean(np.array([4.0, 8.0, 1.0]), latitude, area, 2.0)
    assert mean[centres == 11.0] == pytest.approx(7.0)
    assert mean[centres == 51.0] == pytest.approx(1.0)
    assert np.isnan(mean[centres == -31.0])


def test_zonal_means_give_the_mean_of_the_region_back(world):
    rng = np.random.default_rng(0)
    values = rng.normal(size=world.n_cell)
    mask = world.longitude > 0
    centres, mean = zonal_mean(values, world.latitude, world.area, 4.0, mask)
    _, weight = zonal_mean(world.area, world.latitude, world.area, 4.0, mask)
    count = np.bincount(((world.latitude[mask] + 90) / 4).astype(int), minlength=len(centres))
    assert np.nansum(mean * count) / count.sum() == pytest.approx(values[mask].mean())
    assert np.isfinite(weight).sum() == (count > 0).sum()


def test_the_zonal_view_shows_a_b_and_the_difference(world):
    view, scale = ZonalView(), scale_for("gpp")
    a = np.full(world.n_cell, 2.0)
    view.update(a + 1.0, a, world.latitude, world.area, scale)
    np.testing.assert_allclose(view.source.data["d"][np.isfinite(view.source.data["d"])], 1.0)
    assert scale.unit in view.values.xaxis.axis_label
    assert scale.unit in view.difference.xaxis.axis_label
    assert view.difference.x_range.start == -view.difference.x_range.end
    view.update(a, a, world.latitude, world.area, scale, np.zeros(world.n_cell, bool))
    assert np.isnan(view.source.data["b"]).all()


# Totals and key numbers


def test_totals_sum_to_all_and_differ_by_b_minus_a(world):
    a = world.result(L4COptions()).total(None, world.area)
    b = world.result(L4COptions(parameters=(("GRS", "lue_max", 2.0),))).total(None, world.area)
    frame = totals_table(a, b, "gpp")
    assert list(frame.index) == [*[pft for pft in PFTS if pft in a], "All"]
    np.testing.assert_allclose(frame["A"][:-1].sum(), frame["A"]["All"], rtol=1e-6)
    np.testing.assert_allclose(frame["B − A"], frame["B"] - frame["A"])
    assert frame["B − A"]["GRS"] > 0
    assert frame["B − A"]["EBF"] == 0
    whole = totals_table(a, b)
    assert len(whole.columns) == 3 * len(TOTALS)
    assert all("Pg C" in group for group, _ in whole.columns)
    view = TotalsView()
    view.update(a, b)
    assert view.pane.object.count("<tr>") == len(whole) + 2
    assert 'scope="row"' in view.pane.object


def test_a_plant_type_that_grows_in_one_run_only_counts_as_nothing_in_the_other():
    one, two = {"all": {"gpp": 1.0}, "GRS": {"gpp": 1.0}}, {"all": {"gpp": 0.0}}
    frame = totals_table(one, two, "gpp")
    assert frame.loc["GRS", "B − A"] == -1.0
    assert np.isnan(totals_table(two, one, "gpp").loc["GRS", "B − A [%]"])


def test_key_numbers_are_escaped_and_say_how_they_changed():
    text = kpi_strip(
        [Kpi("<b>GPP", 121.0, "Pg C yr⁻¹", 120.0, 'a "note"'), Kpi("RH", 5.0, "Pg C", 5.0 + 1e-9), Kpi("t", 3, "ms")]
    )
    assert "<b>GPP" not in text
    assert "+1 against A (+0.83 %)" in text
    assert "same as A" in text
    assert text.count('class="kpi"') == 3
    strip = KpiStrip()
    strip.update([Kpi("NEE", float("nan"), "Pg C yr⁻¹", 0.0)])
    assert "no data" in strip.pane.object


# Towers


@pytest.fixture
def tower() -> xr.Dataset:
    """A year of a tower with a gap and a filled month."""
    gpp = 5 + 4 * np.sin(np.arange(366) / 58)
    gpp[50:60] = np.nan
    qc = np.ones(366)
    qc[100:130] = 0.3
    return xr.Dataset(
        {"gpp": (("time", "site"), gpp[:, None]), "gpp_qc": (("time", "site"), qc[:, None])}, coords={"time": DAYS}
    )


def test_tower_days_are_coloured_by_quality_and_gaps_stay_gaps(tower):
    view = TowerSeriesView()
    model = xr.Dataset({"gpp": ("time", np.full(365, 4.0))}, coords={"time": DAYS[:365]})
    view.update(tower, model, model + 1, "gpp", "FR-Hes <x>")
    data = view.observed.data
    assert data["value"].size == 356
    assert len(set(data["colour"])) == 2
    assert sum(colour == data["colour"][95] for colour in data["colour"]) == 30
    np.testing.assert_array_equal(view.model.data["b"], 4.0)
    np.testing.assert_array_equal(view.model.data["a"], 5.0)
    assert view.figure.yaxis.axis_label == "GPP [gC m⁻² d⁻¹]"
    assert "<x>" not in view._title.object
    view.update(tower, None, None, "nee")
    assert view.observed.data["value"].size == 0


def test_baseline_days_are_matched_to_those_of_the_experiment(tower):
    b = xr.Dataset({"gpp": ("time", np.arange(10.0))}, coords={"time": DAYS[10:20]})
    a = xr.Dataset({"gpp": ("time", np.arange(366.0))}, coords={"time": DAYS})
    view = TowerSeriesView()
    view.update(tower, b, a)
    np.testing.assert_array_equal(view.model.data["a"], np.arange(10.0, 20.0))


def test_the_scatter_counts_every_pair_once():
    rng = np.random.default_rng(5)
    obs, model = rng.normal(4, 2, 200_000), rng.normal(4, 2, 200_000)
    obs[:7] = np.nan
    good = np.isfinite(obs)
    low, high = -20.0, 30.0
    assert count_pairs(obs[good], model[good], low, high).sum() == 199_993
    view = TowerScatterView()
    view.update(obs, model, "gpp")
    (image,) = view.source.data["image"]
    assert np.nansum(10**image) == pytest.approx(199_993, rel=1e-5)
    assert view.text == "199,993 days"
    assert "gC m⁻² d⁻¹" in view.figure.xaxis.axis_label
    with pytest.raises(ValueError, match="pair them by day"):
        view.update(obs, model[1:])
    view.update(np.zeros(0), np.zeros(0))
    assert view.text == "no days with both"


def test_a_point_lands_in_the_pixel_of_its_values():
    count = count_pairs(np.array([2.5]), np.array([7.5]), 0.0, 10.0, side=10)
    assert count[7, 2] == 1
    assert count.sum() == 1


def test_tables_of_scores_and_sources_are_escaped():
    scores = pd.DataFrame({"season": ["all", "<i>"], "n": [365, 90], "R": [0.91234, np.nan]})
    view = ScoresView()
    view.update(scores)
    assert "0.912" in view.pane.object
    assert "&lt;i&gt;" in view.pane.object
    assert "–" in view.pane.object
    sources = DriverSourcesView()
    sources.update(pd.DataFrame({"driver": ["fpar"], "source": ["the embedded world"], "share": [1.0]}))
    assert "synthetic" in sources.pane.object


# Equations


def test_every_parameter_stands_beside_an_equation_with_its_number():
    params = load_bplut("V7")["DBF"]
    declared = parameters_of(L4CParams)
    assert set(EQUATIONS) == {p.group for p in declared.values()}
    for group, lines in EQUATIONS.items():
        named = {name for *_, names in lines for name in names}
        own = {name for name, p in declared.items() if p.group == group}
        assert own <= named
        assert number(float(getattr(params, next(iter(own)))), 4) in equation_html(group, params)
    with pytest.raises(KeyError, match="there are Light use"):
        equations("Water")


def test_equations_need_no_script_and_no_network():
    for group in EQUATIONS:
        text = equation_html(group)
        assert "<script" not in text
        assert "http" not in text
    assert set(VARIABLES) >= set(TOTALS)
