"""Views of the page Land: linked lines, the triangle of soils, pairs with a tower, response curves."""

import numpy as np
import pytest

from explorer.views.curves import CURVES, POINTS, CurvesView, leaf
from explorer.views.lines import COMPARE, DIFFERENCE, Line, LinkedLines, Plot
from explorer.views.scatter import FEW, PairsView
from explorer.views.texture import SIDE, TextureView, fill_triangle
from models.land.columns import cold_start, column_table

GROUPS = {
    "one": (Plot((Line("rain", "rain"),), "mm d⁻¹", bars=True), Plot((Line("x", "X"), Line("y", "Y")), "K")),
    "two": (Plot((Line("x", "X"),), "", limits=(0.0, 1.0)),),
}
DAYS = np.datetime64("2015-01-01") + np.arange(10)


def values(shift=0.0):
    return {"rain": np.arange(10.0), "x": np.arange(10.0) + shift, "y": np.full(10, 2.0 + shift)}


def test_lines_show_b_and_a_or_their_difference_on_one_axis_of_time():
    view = LinkedLines(GROUPS)
    view.update(DAYS, values(1.0), values())
    np.testing.assert_allclose(view.columns["x_d"], 1.0)
    figures = view.figures["one"]
    assert figures[0].x_range is figures[1].x_range
    drawn = view._drawn["one"][1]
    assert all(line.visible for line in drawn[COMPARE])
    view.show("one", DIFFERENCE)
    assert not any(line.visible for line in drawn[COMPARE])
    assert all(line.visible for line in drawn[DIFFERENCE])
    assert figures[1].y_range.start < 1.0 < figures[1].y_range.end
    view.show("two")
    assert view.figures["two"][0].x_range is figures[0].x_range


def test_each_vertical_axis_has_a_unit_and_what_is_missing_leaves_the_legend():
    view = LinkedLines(GROUPS)
    view.update(DAYS, {"x": np.arange(10.0)})
    view.show("two")
    assert [fig.yaxis[0].axis_label for figures in view.figures.values() for fig in figures] == [
        "[mm d⁻¹]",
        "[K]",
        "[0–1]",
    ]
    shown = {item.name: item.visible for item in view._drawn["one"][1]["items"]}
    assert shown == {"x_b": True, "y_b": False}
    with pytest.raises(KeyError, match="No group"):
        view.show("three")


def test_a_plane_over_sand_and_clay_stays_a_plane_between_the_points():
    pairs = np.array([(s, c) for s in range(0, 101, 10) for c in range(0, 101 - s, 10)], float)
    sand, clay = pairs.T
    filled = fill_triangle(sand, clay, 2.0 + 0.01 * sand - 0.02 * clay)
    at = (np.arange(SIDE) + 0.5) * 100.0 / SIDE
    x, y = np.meshgrid(at, at)
    inside = x + y < 100.0
    np.testing.assert_allclose(filled[inside], (2.0 + 0.01 * x - 0.02 * y)[inside], rtol=1e-6)
    assert np.isnan(filled[~inside & (x + y > 100.0)]).all()


def test_a_triangle_without_its_reference_says_so():
    view = TextureView()
    with pytest.raises(ValueError, match="10 % sand and 10 % clay"):
        view.update(np.array([0.0, 50.0]), np.array([0.0, 50.0]), np.ones(2), name="GPP", unit="")


def test_few_pairs_are_points_and_many_are_counted():
    view = PairsView()
    rng = np.random.default_rng(1)
    for size in (FEW, 5 * FEW):
        seen = rng.normal(size=size)
        seen[:3] = np.nan
        view.update(seen, seen + 0.1, seen, "SSM [m³ m⁻³]")
        assert view.points.data["b"].size == (size - 3 if size <= FEW else 0)
        counted = np.nansum(view.counts.data["image"][0])
        assert counted == (0 if size <= FEW else size - 3)
    with pytest.raises(ValueError, match="pair them by day"):
        view.update(np.zeros(3), np.zeros(2), np.zeros(3), "")


def test_curves_are_the_models_own_functions():
    a = cold_start(column_table([10], [6]))
    b = cold_start(column_table([10], [6]), overrides={"vcmax25": 80.0})
    view = CurvesView()
    view.update(b, a)
    for name in CURVES:
        assert np.isfinite(view.sources[name].data["y_b"]).all()
    conductivity = view.sources["conductivity"].data["y_b"]
    assert conductivity[-1] == pytest.approx(3.6e6 * float(a.get("k_sat")[0]))
    assert view.sources["light"].data["y_b"][-1] > 1.5 * view.sources["light"].data["y_a"][-1]
    dark, _ = leaf(a, np.zeros(POINTS), np.full(POINTS, 298.15), np.full(POINTS, 1000.0))
    assert (dark == 0.0).all()
