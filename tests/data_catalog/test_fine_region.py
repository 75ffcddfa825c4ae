"""Regions of the 9-km grid: smooth climate, a store that a kill leaves whole or not at all, drivers that L4C runs."""

import numpy as np
import pytest
import xarray as xr

from data_catalog import fine_region
from data_catalog.datasets.driver_file import open_drivers
from data_catalog.fine_region import build_region, built_regions, fine_static, share_done, store_of
from data_catalog.grid import EaseGrid
from data_catalog.scan import examine
from data_catalog.world.static import open_static
from models.experiment import Experiment, run
from models.kernel import Cancelled
from models.regions import Region, region_named, region_of_box

BOX = Region("some hills", -1.0, 43.0, 1.0, 44.0)


@pytest.fixture(scope="module")
def static():
    return fine_static(BOX)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("worlds")
    return build_region(BOX, folder)


def test_a_fine_cell_has_the_plants_of_the_coarse_cell_around_it_and_a_climate_without_steps(static):
    coarse = open_static("36km")
    row, column = EaseGrid("9km").parent(static["row"].to_numpy(), static["column"].to_numpy(), "36km")
    for k in (0, 50, static.sizes["cell"] - 1):
        around = int(np.flatnonzero((coarse["row"] == row[k]) & (coarse["column"] == column[k]))[0])
        np.testing.assert_array_equal(static["pft_fraction"][k], coarse["pft_fraction"][around])
        assert abs(float(static["t_air"][k].mean() - coarse["t_air"][around].mean())) < 3.0
    assert (static["latitude"] >= BOX.south).all()
    assert (static["latitude"] <= BOX.north).all()
    one_row = static["row"] == static["row"][0]
    steps = np.abs(np.diff(static["t_air"].to_numpy()[one_row, 6]))
    whole = np.abs(np.diff(coarse["t_air"].to_numpy()[coarse["row"] == row[0], 6]))
    assert steps.max() < whole.max()
    assert float(static["area"].max()) <= EaseGrid("9km").cell_area


def test_a_region_at_the_centres_of_coarse_cells_has_their_climate():
    coarse = open_static("36km")
    number = np.full(EaseGrid("36km").shape, -1)
    number[coarse["row"], coarse["column"]] = np.arange(coarse.sizes["cell"])
    row, column = (coarse[axis].to_numpy()[[9000]] for axis in ("row", "column"))
    near, weight = fine_region._between(4 * row + 1.5, 4 * column + 1.5, number)
    assert float((weight * (near == 9000)).sum()) == pytest.approx(1.0)


def test_a_store_runs_l4c_and_is_recognised(built):
    with open_drivers(built) as ds:
        assert ds.sizes["time"] == 365
        assert "synthetic" in ds.attrs["source"]
        result = run(Experiment(dataset="file", output="annual"), ds)
    gpp = result["gpp"].to_numpy()
    assert np.isfinite(gpp).mean() > 0.9
    assert 100 < np.nanmean(gpp) < 3000
    assert examine(built).product == "driver-file"


def test_a_build_that_was_killed_leaves_no_store_and_goes_on_to_the_same_numbers(built, tmp_path, monkeypatch):
    monkeypatch.setattr(fine_region, "BLOCK", 64)
    asked = iter([False, False, True])
    with pytest.raises(Cancelled):
        build_region(BOX, tmp_path, cancelled=lambda: next(asked))
    assert built_regions(tmp_path) == ()
    assert 0.0 < share_done(BOX, tmp_path) < 1.0
    # A kill in the middle of a block: what it wrote is not marked, and is written again.
    draw = fine_region.draw_days

    def killed(cells, tables):
        raise KeyboardInterrupt

    monkeypatch.setattr(fine_region, "draw_days", killed)
    with pytest.raises(KeyboardInterrupt):
        build_region(BOX, tmp_path)
    monkeypatch.setattr(fine_region, "draw_days", draw)
    told = []
    path = build_region(BOX, tmp_path, progress=told.append)
    assert told[0] > 2 * 64 / 700
    assert built_regions(tmp_path) == (path,) == (store_of(BOX, tmp_path),)
    assert share_done(BOX, tmp_path) == 1.0
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    with xr.open_zarr(built) as whole, xr.open_zarr(path) as again:
        xr.testing.assert_equal(whole.load(), again.load())


def test_a_region_that_is_too_large_or_all_water_is_refused():
    with pytest.raises(ValueError, match="land cells of 9 km"):
        fine_static(region_named("Northern land"))
    with pytest.raises(ValueError, match="has 0 land cells"):
        fine_static(Region("sea", -30.0, 30.0, -28.0, 32.0))
    with pytest.raises(ValueError, match="no box"):
        region_of_box("1,2,3")
