"""What disturbs radiometers for good: mountains and towns are masked, plains are not, and every field is labelled."""

import numpy as np
import pytest

from data_catalog.grid import EaseGrid
from data_catalog.world.disturbances import complex_terrain, radio_interference
from data_catalog.world.static import open_static
from data_catalog.world.surface import surface
from models.observation.masks import mask_named


def nearest(grid, latitude, longitude):
    """Return the cell at a place."""
    static = open_static(grid)
    return int(np.argmin(np.hypot(static["latitude"].values - latitude, static["longitude"].values - longitude)))


@pytest.mark.parametrize("grid", ["36km", "108km"])
def test_mountains_are_complex_and_plains_are_not(grid):
    terrain, most = complex_terrain(grid), mask_named("terrain").default
    assert terrain.shape == (open_static(grid).sizes["cell"],)
    assert ((terrain >= 0.0) & (terrain <= 1.0)).all()
    for latitude, longitude in ((46.5, 10.0), (42.7, 44.0), (39.0, -106.0)):
        assert terrain[nearest(grid, latitude, longitude)] > most
    for latitude, longitude in ((52.0, 20.0), (49.0, 32.0), (38.0, -99.0)):
        assert terrain[nearest(grid, latitude, longitude)] < most


def test_a_coarse_cell_has_the_mean_of_its_fine_ones():
    fine, coarse = open_static("36km"), open_static("108km")
    cell = nearest("108km", 46.5, 10.0)
    row, column = EaseGrid("36km").parent(fine["row"].values, fine["column"].values, "108km")
    inside = (row == coarse["row"].values[cell]) & (column == coarse["column"].values[cell])
    expected = np.average(complex_terrain("36km")[inside], weights=fine["land_fraction"].values[inside])
    assert complex_terrain("108km")[cell] == pytest.approx(expected, rel=1e-3)


def test_interference_stands_where_towns_do():
    towns = open_static("108km")["igbp_fraction"].values[:, 12]
    rfi = radio_interference("108km")
    assert (rfi[towns == 0.0] == 0.0).all()
    assert (np.diff(rfi[np.argsort(towns)]) >= 0.0).all()
    assert 0.005 < (rfi > mask_named("rfi").default).mean() < 0.2


def test_both_fields_are_labelled_synthetic():
    land = surface("108km", np.array([5000, 6000]))
    for name in ("terrain", "rfi"):
        assert land[name].attrs["units"] == "1"
        assert land[name].attrs["source"].startswith("synthetic")
