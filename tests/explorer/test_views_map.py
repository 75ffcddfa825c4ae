import gc
import json
import weakref

import numpy as np
import pytest
from bokeh.document import Document
from bokeh.events import RangesUpdate, SelectionGeometry, Tap

from data_catalog.grid import EaseGrid
from explorer.style import LEVELS, scale_for
from explorer.views.earth import box_outline, coast_lines, graticule
from explorer.views.lookup import CellTable, aggregate, cell_table
from explorer.views.map import MapView, caption
from explorer.views.projection import PROJECTIONS
from explorer.views.viewport import PIXELS, box_of, picture_size, view_extent

PLACES = {"Rome": (41.9, 12.5), "Alice Springs": (-23.7, 133.9), "Yakutsk": (62.0, 129.7), "Fiji": (-17.8, 178.0)}


@pytest.fixture(scope="module")
def everywhere() -> CellTable:
    """Every cell of the 36-km grid, land or sea."""
    rows, columns = EaseGrid("36km").shape
    row, column = np.divmod(np.arange(rows * columns), columns)
    return CellTable(EaseGrid("36km"), row, column)


@pytest.mark.parametrize("name", PROJECTIONS)
def test_projections_are_their_own_inverse(name):
    plane = PROJECTIONS[name]
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(-179.9, 179.9, 500), rng.uniform(max(plane.south, -89), 89, 500)
    back_lon, back_lat = plane.inverse(*plane.forward(lon, lat))
    np.testing.assert_allclose(back_lon, lon, atol=1e-8)
    np.testing.assert_allclose(back_lat, lat, atol=1e-8)


def test_equal_earth_agrees_with_its_published_extent():
    # Savric et al. 2018: the map of the unit sphere is 5.4133 wide and 2.6347 high.
    x, _ = PROJECTIONS["equal_earth"].forward(180.0, 0.0)
    _, y = PROJECTIONS["equal_earth"].forward(0.0, 90.0)
    assert float(x) == pytest.approx(5.4133 / 2, abs=1e-4)
    assert float(y) == pytest.approx(2.6347 / 2, abs=1e-4)


@pytest.mark.parametrize("name", ["equal_earth", "north_polar"])
def test_equal_area_projections_keep_areas(name):
    plane = PROJECTIONS[name]
    areas = []
    for lat in (35.0, 60.0, 75.0):
        lon = np.array([10.0, 11.0, 11.0, 10.0])
        x, y = plane.forward(lon, np.array([lat, lat, lat + 1, lat + 1]))
        shoelace = 0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))
        areas.append(shoelace / (np.sin(np.radians(lat + 1)) - np.sin(np.radians(lat))))
    np.testing.assert_allclose(areas, areas[0], rtol=1e-3)  # chords for arcs: 0.5 degree squared / 8


@pytest.mark.parametrize(
    ("name", "place"),
    [(name, place) for name in PROJECTIONS for place in PLACES if PLACES[place][0] > PROJECTIONS[name].south],
)
def test_a_place_lands_in_the_pixel_that_shows_it(name, place, everywhere):
    lat, lon = PLACES[place]
    plane = PROJECTIONS[name]
    left, right, bottom, top = plane.extent
    width, height = picture_size(plane.aspect)
    cells = everywhere.full(plane, width, height)
    x, y = plane.forward(lon, lat)
    column, row = int((x - left) / (right - left) * width), int((y - bottom) / (top - bottom) * height)
    cell = cells[row, column]
    # A pixel is about as large as a cell, so the place lies within 1.5 cells of the one its pixel shows.
    away = np.hypot(everywhere.latitude[cell] - lat, (everywhere.longitude[cell] - lon) * np.cos(np.radians(lat)))
    assert away < 1.0


@pytest.mark.parametrize("grid", ["36km", "108km"])
def test_the_look_up_table_is_the_grids_own_answer_at_every_pixel(grid):
    ease = EaseGrid(grid)
    row, column = np.divmod(np.arange(ease.shape[0] * ease.shape[1]), ease.shape[1])
    table, plane = CellTable(ease, row, column), PROJECTIONS["equal_earth"]
    left, right, bottom, top = extent = (-0.7, 0.9, -0.3, 1.0)
    cells = table.pixels(plane, extent, 160, 130)
    x = left + (np.arange(160) + 0.5) / 160 * (right - left)
    y = bottom + (np.arange(130) + 0.5) / 130 * (top - bottom)
    lon, lat = plane.inverse(x[None], y[:, None])
    expected_row, expected_column = ease.row_col(lat, lon)
    np.testing.assert_array_equal(cells, expected_row * ease.shape[1] + expected_column)


def test_sea_and_space_hold_no_cell(world):
    table = world.table
    cells = table.full(PROJECTIONS["equal_earth"], 300, 130)
    assert cells[0, 0] == table.n_cell
    assert set(np.unique(cells)) <= set(range(table.n_cell + 1))
    assert not cells.flags.writeable


def test_cells_are_found_by_place(world):
    table = world.table
    for cell in (0, 17, table.n_cell - 1):
        lat, lon = table.latitude[cell], table.longitude[cell]
        assert table.cell_at(lat, lon) == cell
        assert table.nearest(lat + 0.1, lon) == cell
    assert table.cell_at(np.nan, 0.0) is None
    assert table.cell_at(-89.0, 0.0) is None


def test_equal_cells_share_one_table(world):
    rows = np.array([3, 4]), np.array([5, 6])
    assert cell_table("108km", *rows) is cell_table("108km", *(r.copy() for r in rows))
    with pytest.raises(ValueError, match="outside the 108km grid"):
        CellTable(EaseGrid("108km"), np.array([500]), np.array([0]))


def test_datashader_averages_the_cells_under_a_pixel(everywhere):
    # Coins of 0 and 1: a pixel of one sample is black or white, the mean of n samples strays by 1 / (2 sqrt(n)).
    coins = np.random.default_rng(2).integers(0, 2, everywhere.n_cell)
    plane = PROJECTIONS["plate_carree"]
    fine = everywhere.fineness(plane, plane.extent, 240)
    assert fine == 4
    image = aggregate(coins, everywhere.full(plane, 240, 94, fine), plane.extent, 240, 94)
    assert image.std() == pytest.approx(0.5 / 4, abs=0.02)  # 4 x 4 samples, nearly all of different cells
    assert image.mean() == pytest.approx(0.5, abs=0.01)


def test_aggregation_ignores_missing_values(everywhere):
    values = np.where(everywhere.longitude < 0, np.nan, 7.0)
    plane = PROJECTIONS["plate_carree"]
    image = aggregate(values, everywhere.full(plane, 100, 40), plane.extent, 100, 40)
    assert np.isnan(image[:, :49]).all()
    np.testing.assert_array_equal(image[2:-2, 51:], 7.0)


def test_a_map_shows_levels_of_its_scale_within_the_payload(world):
    view = MapView(world.table)
    values = np.linspace(0.0, 100.0, world.n_cell).astype(np.float32)
    values[3] = np.nan
    scale = scale_for("gpp", values=[0.0, 80.0])
    view.update(values, scale, title="GPP")
    (image,) = view._source.data["image"]
    assert image.dtype == np.uint8
    assert image.size <= PIXELS
    cells = world.table.full(PROJECTIONS["equal_earth"], *image.shape[::-1])
    assert (image[cells == 3] == LEVELS).all()
    np.testing.assert_array_equal(image[cells == world.n_cell], LEVELS)
    for cell in (10, 100, 230):
        shown = image[cells == cell]
        expected = np.clip(
            round(float((values[cell] - scale.low) / (scale.high - scale.low)) * (LEVELS - 1)), 0, LEVELS - 1
        )
        if shown.size:
            assert set(shown) <= {expected, expected - 1, expected + 1}


def test_the_colour_bar_says_unit_and_that_weather_is_synthetic(world):
    view = MapView(world.table)
    view.update(np.ones(world.n_cell), scale_for("nee"), title="B", synthetic=True)
    assert "gC m⁻² yr⁻¹" in view._bar.title
    assert "synthetic" in view._bar.title
    assert (view._bar_mapper.low, view._bar_mapper.high) == (-300.0, 300.0)
    assert len(view._mapper.palette) == LEVELS
    view.update(np.ones(world.n_cell), scale_for("nee"), synthetic=False)
    assert "synthetic" not in view._bar.title


def test_a_caption_tells_what_can_not_be_seen(world):
    view = MapView(world.table)
    view.update(np.full(world.n_cell, 2.5), scale_for("gpp", 3), title="<script>GPP")
    assert "mean 2.5" in view.caption
    assert "gC m⁻² d⁻¹" in view.caption
    assert "<script>" not in view.caption_pane.object
    assert "no cell" in caption(np.full(3, np.nan), scale_for("gpp"), "")


def test_a_wrong_number_of_values_is_refused(world):
    with pytest.raises(ValueError, match="needs one value for each"):
        MapView(world.table).update(np.ones(3), scale_for("gpp"))


def test_a_click_reaches_the_page_as_a_place(world):
    view, heard = MapView(world.table), []
    view.on_tap(lambda lat, lon: heard.append((lat, lon)))
    x, y = PROJECTIONS["equal_earth"].forward(12.5, 41.9)
    view.figure._trigger_event(Tap(view.figure, x=float(x), y=float(y)))
    view.figure._trigger_event(Tap(view.figure, x=9.0, y=9.0))
    assert heard == [pytest.approx((41.9, 12.5))]


def test_a_drawn_box_reaches_the_page_as_degrees(world):
    view, heard = MapView(world.table, projection="plate_carree"), []
    view.on_box(lambda *box: heard.append(box))
    geometry = {"type": "rect", "x0": -12.0, "x1": 40.0, "y0": 35.0, "y1": 71.0}
    view.figure._trigger_event(SelectionGeometry(view.figure, geometry=geometry, final=False))
    view.figure._trigger_event(SelectionGeometry(view.figure, geometry=geometry, final=True))
    assert heard == [pytest.approx((-12.0, 35.0, 40.0, 71.0))]


def test_a_box_on_a_curved_map_holds_what_was_drawn():
    plane = PROJECTIONS["equal_earth"]
    x, y = plane.forward(np.array([-10.0, 40.0]), np.array([35.0, 70.0]))
    west, south, east, north = box_of(plane, x[0], x[1], y[0], y[1])
    assert west <= -10.0
    assert east >= 40.0
    assert (south, north) == (pytest.approx(35.0, abs=0.02), pytest.approx(70.0, abs=0.02))
    assert box_of(plane, 8.0, 9.0, 8.0, 9.0) is None


def test_a_closer_look_is_drawn_afresh_and_a_reset_shows_all(world):
    view = MapView(world.table)
    view.update(np.arange(world.n_cell, dtype=float), scale_for("gpp"))
    whole = view._source.data
    view.figure._trigger_event(RangesUpdate(view.figure, x0=0.0, x1=0.4, y0=0.4, y1=0.6))
    near = view._source.data
    assert near["dw"][0] == pytest.approx(0.4 * 1.3)
    assert near["image"][0].size <= PIXELS
    view.update(np.arange(world.n_cell, dtype=float)[::-1].copy(), scale_for("gpp"))
    assert view._source.data["dw"] == near["dw"]
    view.figure._trigger_event(RangesUpdate(view.figure, x0=-3.0, x1=3.0, y0=-2.0, y1=2.0))
    assert view._source.data["dw"] == whole["dw"]
    assert view_extent(PROJECTIONS["equal_earth"], 4.0, 4.1, 0.0, 0.1) is None


def test_a_region_over_the_antimeridian_is_outlined_on_both_sides():
    outline = box_outline(PROJECTIONS["plate_carree"], 170.0, -20.0, -170.0, 10.0)
    first, second = np.split(outline["x"], np.flatnonzero(np.isnan(outline["x"]))[:1])
    assert (first.min(), first.max()) == (170.0, 180.0)
    assert (np.nanmin(second), np.nanmax(second)) == (-180.0, -170.0)


def test_marks_and_regions_come_and_go(world):
    view = MapView(world.table)
    view.select(41.9, 12.5)
    view.region(-12, 35, 40, 71)
    x, y = PROJECTIONS["equal_earth"].forward(12.5, 41.9)
    assert view._mark_source.data == {"x": [pytest.approx(float(x))], "y": [pytest.approx(float(y))]}
    assert len(view._lines["box"].data["x"]) > 100
    view.select(None)
    view.region(None)
    assert view._mark_source.data["x"] == []
    assert not len(view._lines["box"].data["x"])


def test_another_projection_and_another_grid_redraw_the_map(world):
    view = MapView(world.table)
    view.update(np.ones(world.n_cell), scale_for("gpp"))
    view.set_projection("plate_carree")
    assert view._source.data["dw"] == [360.0]
    with pytest.raises(KeyError, match="there are equal_earth"):
        view.set_projection("mercator")
    view.set_table(CellTable(EaseGrid("36km"), np.array([100]), np.array([100])))
    view.update(np.ones(1), scale_for("gpp"))
    assert view.values.size == 1


def test_graticules_have_words_and_no_line_leaves_the_plane():
    for plane in PROJECTIONS.values():
        lines, rim, words = graticule(plane)
        left, right, bottom, top = plane.extent
        for columns in (lines, rim, coast_lines(plane.name)):
            assert np.nanmin(columns["x"]) >= left - 1e-3
            assert np.nanmax(columns["x"]) <= right + 1e-3
            assert np.nanmin(columns["y"]) >= bottom - 1e-3
            assert np.nanmax(columns["y"]) <= top + 1e-3
        assert {len(column) for column in words.values()} == {len(words["text"])}


def test_coasts_run_along_the_land_and_grow_finer_closer_by():
    whole = coast_lines("plate_carree")
    assert len(whole["x"]) > 4000
    # The Strait of Gibraltar: a coast passes within half a degree of it.
    away = np.hypot(whole["x"] + 5.6, whole["y"] - 36.0)
    assert np.nanmin(away) < 0.5
    near = coast_lines("plate_carree", (-12.0, 4.0, 35.0, 45.0))
    inside = (near["x"] > -12) & (near["x"] < 4) & (near["y"] > 35) & (near["y"] < 45)
    coarse = (whole["x"] > -12) & (whole["x"] < 4) & (whole["y"] > 35) & (whole["y"] < 45)
    assert inside.sum() > 2 * coarse.sum() > 0
    # No line jumps across the map.
    for name in ("plate_carree", "equal_earth"):
        steps = np.abs(np.diff(coast_lines(name)["x"]))
        left, right, _, _ = PROJECTIONS[name].extent
        assert np.nanmax(steps) < 0.2 * (right - left)


def test_the_map_is_a_document_without_a_python_only_model(world):
    view = MapView(world.table)
    view.update(np.ones(world.n_cell), scale_for("gpp"))
    document = Document()
    view.pane.get_root(document)
    assert len(json.dumps(document.to_json(deferred=False))) < 4_000_000


def test_a_closed_map_is_forgotten(world):
    class Listener:
        def hear(self, lat, lon):
            """Hear a click."""

    view, listener, document = MapView(world.table), Listener(), Document()
    view.on_tap(listener.hear)
    view.update(np.ones(world.n_cell), scale_for("gpp"))
    document.add_root(view.figure)
    gone = weakref.ref(view), weakref.ref(listener)
    document.clear()
    del view, listener, document
    gc.collect()
    assert [reference() for reference in gone] == [None, None]
