"""EASE-Grid 2.0 against published numbers, a peer library and itself."""

import numpy as np
import pytest

from data_catalog.grid import GRIDS, EaseGrid, project, unproject

PUBLISHED = {"1km": "M01", "3km": "M03", "9km": "M09", "36km": "M36"}


# The reference's own cell sizes of 3 and 36 km are rounded to 1 cm: its columns drift from ours by so many cells.
ROUNDING = {"1km": 1e-6, "3km": 1e-2, "9km": 1e-6, "36km": 2e-5}


@pytest.mark.reference
@pytest.mark.parametrize(("name", "published"), PUBLISHED.items())
def test_rows_and_columns_agree_with_the_reference_exactly(shared, name, published):
    reference = np.load(shared / "reference" / "l4c" / "ease2.npz")
    longitude, latitude = reference["lonlat"].T
    grid = EaseGrid(name)
    exact = np.stack(grid.row_col_exact(latitude, longitude), axis=-1)
    theirs = reference[f"{published}_rowcol_exact"]
    np.testing.assert_allclose(exact, theirs, atol=ROUNDING[name])
    rows, columns = grid.shape
    expected = np.clip(reference[f"{published}_rowcol"], 0, [rows - 1, columns - 1])  # the reference does not clip
    ours = np.stack(grid.row_col(latitude, longitude), axis=-1)
    decided = np.abs(theirs - np.floor(theirs) - 0.5) > ROUNDING[name]  # not at an edge that its rounding moves
    np.testing.assert_array_equal(ours[decided], expected[decided])
    assert decided.mean() > 0.97
    if name != "3km":
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.reference
def test_centres_of_the_9_km_cells_agree_with_the_reference(shared):
    reference = np.load(shared / "reference" / "l4c" / "ease2.npz")
    grid = EaseGrid("9km")
    latitude, _ = grid.lat_lon(np.arange(1624), 0)
    _, longitude = grid.lat_lon(0, np.arange(3856))
    np.testing.assert_allclose(latitude, reference["M09_lat"], atol=2e-8)  # the reference is rounded
    np.testing.assert_allclose(longitude, reference["M09_lon"], atol=2e-8)


@pytest.mark.reference
def test_land_points_of_a_smap_grid_lie_on_our_centres(shared):
    xr = pytest.importorskip("xarray")
    with xr.open_dataset(shared / "data" / "smap" / "ease36land.nc") as land:
        row, column = EaseGrid("36km").row_col(land.lat.values, land.lon.values)
        np.testing.assert_array_equal((405 - row) * 964 + column, land.gpi.values)  # it counts rows from the south


def test_projection_agrees_with_a_peer_library():
    pyproj = pytest.importorskip("pyproj")
    rng = np.random.default_rng(7)
    latitude, longitude = rng.uniform(-90, 90, 500), rng.uniform(-180, 180, 500)
    x, y = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:6933", always_xy=True).transform(longitude, latitude)
    np.testing.assert_allclose(project(latitude, longitude), (x, y), atol=1e-3)  # a millimetre
    np.testing.assert_allclose(unproject(x, y), (latitude, longitude), atol=1e-8)


@pytest.mark.parametrize("name", GRIDS)
def test_every_centre_falls_back_into_its_own_cell(name):
    grid = EaseGrid(name)
    rows, columns = grid.shape
    rng = np.random.default_rng(1)
    row = np.concatenate([[0, rows - 2], rng.integers(0, rows - 1, 300)])
    column = np.concatenate([[0, columns - 2], rng.integers(0, columns - 1, 300)])
    np.testing.assert_array_equal(grid.row_col(*grid.lat_lon(row, column)), (row, column))


@pytest.mark.parametrize("name", GRIDS)
def test_places_at_the_edge_of_the_map_are_clipped_into_it(name):
    grid = EaseGrid(name)
    rows, columns = grid.shape
    row, column = grid.row_col([90.0, -90.0, 0.0], [0.0, 0.0, 180.0])
    assert row[0] == 0
    assert row[1] == rows - 1
    assert column[2] in (columns - 1, columns - 2 if name == "108km" else columns - 1)
    assert grid.row_col(0.0, 181.0)[1] == grid.row_col(0.0, -179.0)[1]


def test_the_cells_of_the_map_cover_the_ellipsoid_between_its_parallels():
    north = EaseGrid("36km").edges()[0][0]
    sine, ecc = np.sin(np.radians(north)), np.sqrt(6.69437999014e-3)
    half_minor = 6356752.314245**2 / 2  # area of a zone of the ellipsoid from the equator to a parallel, closed form
    zone = 2 * np.pi * half_minor * (sine / (1 - ecc**2 * sine**2) + np.arctanh(ecc * sine) / ecc)
    assert EaseGrid("36km").cell_area * 406 * 964 == pytest.approx(2 * zone, rel=1e-7)  # the published cell is rounded


def test_nine_cells_of_36_km_share_one_cell_of_108_km():
    row, column = np.meshgrid(np.arange(406), np.arange(964), indexing="ij")
    coarse_row, coarse_column = EaseGrid("36km").parent(row, column, "108km")
    counts = np.bincount((coarse_row * 322 + coarse_column).ravel())
    assert counts.sum() == 406 * 964
    assert counts.size == 136 * 322
    assert (counts.reshape(136, 322)[:-1, :-1] == 9).all()
    with pytest.raises(ValueError, match="do not nest"):
        EaseGrid("108km").parent(0, 0, "36km")


@pytest.mark.parametrize(
    ("latitude", "longitude", "message"),
    [(120.0, 10.0, "latitude = 120"), (np.nan, 0.0, "latitude holds"), (0.0, np.inf, "longitude holds")],
)
def test_impossible_coordinates_are_named(latitude, longitude, message):
    with pytest.raises(ValueError, match=message):
        EaseGrid("36km").row_col(latitude, longitude)


def test_an_unknown_grid_is_refused_with_the_names_that_exist():
    with pytest.raises(KeyError, match="36km"):
        EaseGrid("25km")
