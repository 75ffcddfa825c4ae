"""Between grids: nearest as the papers do, means and amounts that are conserved, grids never confused."""

import numpy as np
import pytest
import xarray as xr

from data_catalog.datasets.ease_file import ease_axes
from data_catalog.grid import EaseGrid
from data_catalog.rect_grid import RectGrid, grid_of, same_grid
from data_catalog.regrid import cells_of_points, map_values, onto_cells, overlaps, regrid
from data_catalog.world.static import open_static


def quarter(step=0.25):
    return RectGrid.of_centres(np.arange(90 - step / 2, -90, -step), np.arange(-180 + step / 2, 180, step))


def on_ease(name, values, **attrs):
    shape = values.shape[-2:]
    coords = ease_axes(name, np.arange(shape[0]), np.arange(shape[1]))
    dims = ("time", "y", "x")[-values.ndim :]
    return xr.Dataset({"ssm": (dims, values)}, coords=coords, attrs=attrs)


def test_areas_of_cells_are_those_of_the_ellipsoid_and_the_globe_is_whole():
    grid = quarter()
    assert grid.area().sum() == pytest.approx(510_065_621_724_000.0, rel=1e-6)  # WGS 84
    ease = RectGrid.ease("36km")
    # The projection preserves areas: every cell has the area of its square.
    np.testing.assert_allclose(ease.area(), EaseGrid("36km").cell_area, rtol=1e-7)


@pytest.mark.parametrize("name", ["M36", "M09"])
def test_nearest_takes_the_row_and_column_of_the_peer_program(shared, name):
    peer = np.load(shared / "reference" / "l4c" / "ease2.npz")
    rows, columns = RectGrid.ease({"M36": "36km", "M09": "9km"}[name]).shape
    number = np.arange(rows * columns, dtype=np.float64).reshape(rows, columns)
    lonlat = peer["lonlat"]
    inside = np.abs(lonlat[:, 1]) < 85.0
    source = RectGrid.ease({"M36": "36km", "M09": "9km"}[name])
    for (lon, lat), (row, column) in zip(lonlat[inside][:60], peer[f"{name}_rowcol"][inside][:60], strict=True):
        target = RectGrid(
            "point",
            np.array([lat + 1e-3, lat - 1e-3]),
            np.array([lon - 1e-3, lon + 1e-3]),
            np.array([lat]),
            np.array([lon]),
        )
        assert map_values(number, source, target, "nearest")[0, 0] == row * columns + column


def test_centres_of_the_9km_grid_are_the_peer_programs(shared):
    peer = np.load(shared / "reference" / "l4c" / "ease2.npz")
    grid = RectGrid.ease("9km")
    np.testing.assert_allclose(grid.latitude, peer["M09_lat"], atol=1e-6)
    np.testing.assert_allclose(grid.longitude, peer["M09_lon"], atol=1e-6)


def test_amounts_are_conserved_between_a_regular_grid_and_ease_in_both_directions():
    rng = np.random.default_rng(1)
    regular, ease = quarter(1.0), RectGrid.ease("36km")
    amounts = rng.uniform(0.0, 5.0, regular.shape)
    inside = np.abs(regular.latitude) < 84.0
    amounts[~inside] = 0.0
    moved = map_values(amounts, regular, ease, "conservative")
    assert np.nansum(moved) == pytest.approx(amounts.sum(), rel=1e-12)
    back = map_values(moved, ease, regular, "conservative")
    assert np.nansum(back) == pytest.approx(amounts.sum(), rel=1e-12)


def test_a_mean_keeps_the_mean_over_area_and_a_constant():
    rng = np.random.default_rng(2)
    regular, ease = quarter(0.5), RectGrid.ease("36km")
    values = rng.uniform(0.0, 1.0, regular.shape)
    moved = map_values(values, regular, ease, "mean")
    north = ease.latitude_edges[0]
    part = map_values(
        values,
        regular,
        RectGrid("band", np.array([north, -north]), np.array([-180.0, 180.0]), np.zeros(1), np.zeros(1)),
    )
    assert moved.mean() == pytest.approx(part[0, 0], rel=1e-9)
    np.testing.assert_allclose(map_values(np.full(regular.shape, 3.0), regular, ease), 3.0, rtol=1e-12)


def test_nested_cells_give_the_plain_mean_of_sixteen_and_missing_ones_do_not_count():
    rng = np.random.default_rng(3)
    fine, coarse = (
        RectGrid.ease("9km", slice(400, 440), slice(800, 880)),
        RectGrid.ease("36km", slice(100, 110), slice(200, 220)),
    )
    values = rng.uniform(0.0, 1.0, fine.shape)
    plain = values.reshape(10, 4, 20, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(map_values(values, fine, coarse), plain, rtol=1e-9)
    values[:3, :4] = np.nan  # 12 of the 16
    assert np.isnan(map_values(values, fine, coarse)[0, 0])
    assert map_values(values, fine, coarse, least=0.0)[0, 0] == pytest.approx(np.nanmean(values[:4, :4]), rel=1e-9)
    np.testing.assert_array_equal(map_values(plain, coarse, fine, "nearest"), plain.repeat(4, 0).repeat(4, 1))


def test_intervals_share_what_they_share_across_the_date_line():
    shared = overlaps(np.array([0.0, 180.0, 360.0]), np.array([-90.0, 90.0]), period=360.0).toarray()
    np.testing.assert_allclose(shared, [[90.0, 90.0]])
    down = overlaps(np.array([3.0, 2.0, 0.0]), np.array([0.0, 2.5])).toarray()
    np.testing.assert_allclose(down, [[0.5, 2.0]])


def test_longitudes_of_0_to_360_fall_on_the_same_cells():
    rng = np.random.default_rng(4)
    values = rng.uniform(size=(18, 36))
    latitude = np.arange(85.0, -90, -10.0)
    here = RectGrid.of_centres(latitude, np.arange(-175.0, 180, 10.0))
    there = RectGrid.of_centres(latitude, np.arange(5.0, 360, 10.0))
    ease = RectGrid.ease("108km")
    for how in ("nearest", "mean"):
        a, b = map_values(values, here, ease, how), map_values(np.roll(values, 18, axis=1), there, ease, how)
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_a_9km_file_taken_for_36km_is_an_error():
    wrong = on_ease("9km", np.zeros((40, 40), np.float32), grid="EASE2 36 km")
    with pytest.raises(ValueError, match="say that they are on EASE2 36 km; their rows and latitudes are those of 9km"):
        grid_of(wrong)
    with pytest.raises(ValueError, match="of no EASE-Grid"):
        grid_of(wrong.assign_coords(latitude=("y", np.linspace(50, 40, 40))))
    assert grid_of(wrong.assign_attrs(grid="EASE2 9 km")).name == "9km"


def test_a_dataset_keeps_names_attributes_and_flags_and_stays_lazy():
    values = np.random.default_rng(5).uniform(size=(2, 406, 964)).astype(np.float32)
    ds = on_ease("36km", values, grid="EASE2 36 km").chunk({"time": 1})
    ds["ssm_qc"] = (("y", "x"), np.arange(406 * 964, dtype=np.int32).reshape(406, 964))
    ds["ssm"].attrs["units"] = "m3 m-3"
    moved = regrid(ds, quarter(1.0), "mean")
    assert moved["ssm"].chunks
    assert moved["ssm"].dims == ("time", "latitude", "longitude")
    assert moved["ssm"].attrs["units"] == "m3 m-3"
    assert moved["ssm_qc"].dtype.kind in "if"
    again = regrid(moved, "36km", "nearest")
    assert again["ssm"].shape == (2, 406, 964)
    assert again.attrs["grid"] == "EASE2 36 km"
    assert "nearest from" in again.attrs["regridded"]


def test_strips_of_a_large_map_give_what_the_whole_map_gives():
    grid = quarter(1.0)
    values = np.random.default_rng(6).uniform(size=(1, 180, 360))
    values[0, 50:60] = np.nan
    ds = xr.Dataset(
        {"lai": (("time", "latitude", "longitude"), values)},
        coords={"latitude": grid.latitude, "longitude": grid.longitude},
    )
    whole = regrid(ds, "36km")["lai"].to_numpy()
    strips = regrid(ds.chunk({"latitude": 37}), "36km")["lai"]
    np.testing.assert_allclose(strips.to_numpy(), whole, rtol=1e-12)


def test_the_cells_of_the_world_take_their_own_values():
    world = open_static("36km")
    number = np.arange(406 * 964, dtype=np.float64).reshape(406, 964)
    cells = onto_cells(on_ease("36km", number, grid="EASE2 36 km"), world)
    np.testing.assert_array_equal(cells["ssm"], world["row"].to_numpy() * 964 + world["column"].to_numpy())


def test_points_are_averaged_over_the_cells_that_hold_them():
    latitude, longitude = EaseGrid("36km").lat_lon(np.array([100, 100, 120]), np.array([300, 300, 10]))
    mean, count = cells_of_points(np.array([1.0, 3.0, np.nan]), latitude, longitude)
    assert mean[100, 300] == 2.0
    assert count[100, 300] == 2
    assert count.sum() == 2


def test_the_25km_grid_of_smos_is_known_and_words_are_checked():
    grid = RectGrid.ease_25km()
    np.testing.assert_allclose(grid.area(), 25025.2600081**2, rtol=1e-7)
    assert same_grid(grid, RectGrid.ease_25km())
    with pytest.raises(ValueError, match="how = 'cubic' is not accepted"):
        map_values(np.zeros(grid.shape), grid, grid, "cubic")


def test_a_kilometre_goes_to_nine_and_back_as_81_to_one():
    rng = np.random.default_rng(7)
    fine, coarse = RectGrid.ease("1km"), RectGrid.ease("9km")
    assert fine.shape == tuple(9 * count for count in coarse.shape)
    np.testing.assert_allclose(fine.latitude_edges[::9], coarse.latitude_edges, atol=1e-9)
    fine = RectGrid.ease("1km", slice(4500, 4590), slice(13500, 13680))
    coarse = RectGrid.ease("9km", slice(500, 510), slice(1500, 1520))
    values = rng.uniform(size=fine.shape)
    plain = values.reshape(10, 9, 20, 9).mean(axis=(1, 3))
    np.testing.assert_allclose(map_values(values, fine, coarse), plain, rtol=1e-9)
    np.testing.assert_allclose(map_values(values, fine, coarse, "conservative").sum(), values.sum(), rtol=1e-12)
    np.testing.assert_array_equal(map_values(plain, coarse, fine, "nearest"), plain.repeat(9, 0).repeat(9, 1))
    np.testing.assert_array_equal(map_values(values, fine, coarse, "nearest"), values[4::9, 4::9])


def test_a_block_of_the_1km_grid_knows_itself_and_goes_to_36km():
    rows, columns = np.arange(36 * 100, 36 * 102), np.arange(36 * 200, 36 * 203)
    ds = xr.Dataset({"fpar": (("y", "x"), np.ones((72, 108), np.float32))}, coords=ease_axes("1km", rows, columns))
    assert grid_of(ds).name == "1km"
    moved = regrid(ds, RectGrid.ease("36km", slice(99, 103), slice(199, 204)))
    held = np.isfinite(moved["fpar"].to_numpy())
    assert held.sum() == 6
    assert held[1:3, 1:4].all()
    assert moved["row"].to_numpy().tolist() == [99, 100, 101, 102]
    with pytest.raises(ValueError, match="say that they are on EASE2 9 km; their rows and latitudes are those of 1km"):
        grid_of(ds.assign_attrs(grid="EASE2 9 km"))
