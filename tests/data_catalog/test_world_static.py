"""The embedded world's cells: what they hold, whether it adds up, and whether known places are what they are."""

import numpy as np
import pytest
import xarray as xr

from data_catalog.grid import EaseGrid
from data_catalog.world import outlines
from data_catalog.world.coarsen import coarsen
from data_catalog.world.land_cover import IGBP, KOPPEN, pft_fraction
from data_catalog.world.phenology import fpar, potential_evaporation
from data_catalog.world.static import CLIMATE_FILES, open_static
from data_catalog.world.weather_rules import saturation_pressure
from models.variables import VARIABLES

# Land of the Earth without permanent ice, lakes and rivers [m2]: 148.9e6 km2 of land, less Antarctica (14.0) and the
# ice of Greenland and of mountains (2.3), less inland water (2.9 of the land; Lehner and Doell 2004, Messager 2016).
LAND = 129.7e12

BOUNDS = {
    "latitude": (-60, 84), "longitude": (-180, 180), "land_fraction": (0.004, 1.0), "elevation": (-430, 6000),
    "fapar_max": (0, 0.75), "cloud_water": (0, 100), "koppen": (0, 30), "igbp_fraction": (0, 1),
    "pft_fraction": (0, 1), "t_air": (223, 316), "t_range": (3, 20), "t_anomaly_std": (0.8, 8), "precip": (0, 75),
    "snowfall": (0, 2),
    "wet_days": (0, 28), "vapour_pressure": (2, 4000), "vpd": (0, 9000), "pressure": (48000, 104000),
    "sw_down": (0, 420), "sw_clear": (0, 520), "sw_top": (0, 560), "wind": (1, 6), "sand": (5, 92), "clay": (3, 60),
}  # fmt: skip

PLACES = {
    "Manaus": (-2.5, -60.5), "Sahara": (24.0, 5.0), "Yakutia": (66.0, 125.0), "Iowa": (42.0, -94.0),
    "Tibet": (33.0, 88.0), "Uganda": (1.0, 32.0), "Congo": (0.5, 22.0), "Verkhoyansk": (67.5, 133.4),
    "Mumbai coast": (17.5, 73.6), "Ukraine": (49.0, 33.0), "Gobi": (43.6, 104.4), "Takla Makan": (39.0, 83.0),
    "Qaidam": (37.0, 94.0), "Tarim": (39.5, 76.0), "Quebec": (51.0, -72.0), "West Siberia": (62.0, 75.0),
}  # fmt: skip


@pytest.fixture(scope="module")
def world():
    return open_static("36km")


@pytest.fixture(scope="module", params=["36km", "108km"])
def either(request):
    return open_static(request.param)


@pytest.fixture(scope="module")
def place(world):
    index = np.full(EaseGrid("36km").shape, -1)
    index[world["row"].values, world["column"].values] = np.arange(world.sizes["cell"])

    def at(name):
        row, column = EaseGrid("36km").row_col(*PLACES[name])
        return world.isel(cell=int(index[row, column]))

    return at


def share(cell, *names):
    pft = ("ENF", "EBF", "DNF", "DBF", "SHR", "GRS", "CCR", "BCR")
    return float(sum(cell["pft_fraction"].values[pft.index(name)] for name in names))


def test_every_field_is_finite_and_in_range_on_every_cell(either):
    assert set(BOUNDS) | {"row", "column", "area"} == set(either.variables) - set(either.dims)
    for name, (low, high) in BOUNDS.items():
        values = either[name].values
        assert np.isfinite(values).all(), name
        assert values.min() >= low - 1e-6, name
        assert values.max() <= high + 1e-6, name


def test_fields_bear_the_units_of_the_nomenclature(either):
    for name in either.variables:
        if name in either.dims:
            continue
        assert either[name].attrs["units"], name
        assert either[name].attrs["long_name"], name
        if name in VARIABLES:
            assert either[name].attrs["units"] == VARIABLES[name].unit, name


def test_the_world_has_about_a_hundred_thousand_cells_in_row_major_order(world):
    assert 95_000 < world.sizes["cell"] < 105_000
    key = world["row"].values.astype(int) * 964 + world["column"].values
    assert (np.diff(key) > 0).all()
    np.testing.assert_allclose(world["latitude"], EaseGrid("36km").lat_lon(world["row"], world["column"])[0])


def test_areas_add_up_to_the_land_of_the_earth_without_ice(either):
    assert float(either["area"].sum()) == pytest.approx(LAND, rel=0.03)


def test_plant_types_and_land_cover_fill_no_more_than_the_land(either):
    pft = either["pft_fraction"].values.sum(axis=1, dtype=np.float64)
    np.testing.assert_allclose(either["igbp_fraction"].values.sum(axis=1), 1.0, atol=2e-5)  # rounded fractions
    bare = either["igbp_fraction"].values[:, [12, 14, 15]].sum(axis=1, dtype=np.float64)
    np.testing.assert_allclose(pft + bare, 1.0, atol=2e-4)  # of the coarse file: eight fractions, each rounded to 2e-5
    assert pft.max() <= 1.0 + 2e-4


def test_coarse_cells_conserve_the_area_under_each_plant_type(world):
    coarse = open_static("108km")
    for ds in (coarsen(world[["row", "column", "area", "koppen", "pft_fraction"]]), coarse):
        area = (ds["pft_fraction"].astype(float) * ds["area"]).sum("cell")
        expected = (world["pft_fraction"].astype(float) * world["area"]).sum("cell")
        np.testing.assert_allclose(area, expected, rtol=2e-4)  # fractions of the file are rounded to 2e-5
    np.testing.assert_allclose(coarse["area"].sum(), world["area"].sum(), rtol=1e-6)


def test_the_coarse_file_is_the_mean_of_the_fine_one(world):
    names = ["row", "column", "area", "koppen", "t_air", "precip", "snowfall", "sw_down", "elevation"]
    expected, coarse = coarsen(world[names]), open_static("108km")
    np.testing.assert_array_equal(coarse["row"], expected["row"])
    np.testing.assert_array_equal(coarse["koppen"], expected["koppen"])
    steps = {"t_air": 0.05, "precip": 0.02 + 0.01, "snowfall": 0.01, "sw_down": 0.5, "elevation": 1.0}  # rain and snow
    for name, step in steps.items():
        np.testing.assert_allclose(coarse[name], expected[name], atol=0.51 * step)  # half a step of the packing


def test_coarsening_weighs_by_area_and_takes_the_largest_climate():
    fine = xr.Dataset(
        {
            "row": ("cell", [0, 0, 1, 3]), "column": ("cell", [0, 1, 1, 0]), "koppen": ("cell", [4, 4, 2, 7]),
            "area": ("cell", [1.0, 1.0, 3.0, 5.0]), "t_air": (("cell", "month"), [[0.0], [5.0], [10.0], [20.0]]),
        }
    )  # fmt: skip
    coarse = coarsen(fine)
    np.testing.assert_array_equal(coarse["koppen"], [2, 7])
    np.testing.assert_array_equal(coarse["area"], [5.0, 5.0])
    np.testing.assert_allclose(coarse["t_air"][:, 0], [(0 + 5 + 30) / 5, 20.0])


def test_air_holds_no_more_vapour_than_it_can_and_the_sun_no_less_than_the_ground_gets(either):
    assert (either["vapour_pressure"] <= saturation_pressure(either["t_air"]) * 0.98 + 2.0).all()
    assert (either["sw_down"] <= either["sw_clear"] + 1.0).all()  # each is rounded
    assert (either["sw_clear"] <= either["sw_top"] + 1.0).all()
    assert (either["wet_days"].values <= np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])).all()


def test_means_of_the_land_are_those_of_the_earth(world):
    weight = world["area"] / world["area"].sum()
    mean = {name: float((world[name].mean("month") * weight).sum()) for name in ("t_air", "precip", "sw_down")}
    assert mean["t_air"] - 273.15 == pytest.approx(13.9, abs=1.0)  # CRU, land without ice sheets
    assert mean["precip"] * 365.25 == pytest.approx(790.0, rel=0.08)  # GPCC, land without Antarctica and Greenland
    assert mean["sw_down"] == pytest.approx(188.0, rel=0.05)  # Wild et al. 2015: 184-192 over land


def test_the_amazon_is_evergreen_hot_and_wet(place):
    cell = place("Manaus")
    assert share(cell, "EBF") > 0.6
    assert float(cell["t_air"].min()) > 297.0
    assert float(cell["precip"].mean()) * 365 > 1800.0
    assert KOPPEN[int(cell["koppen"])][0] == "A"


def test_the_sahara_is_barren_and_dry(place):
    cell = place("Sahara")
    assert float(cell["pft_fraction"].sum()) < 0.02
    assert float(cell["precip"].mean()) * 365 < 150.0
    assert float(cell["sw_down"].mean()) > 240.0
    assert float(cell["t_range"].mean()) > 13.0
    assert KOPPEN[int(cell["koppen"])] == "BWh"


def test_eastern_siberia_is_cold_and_its_trees_are_larches(place):
    cell = place("Yakutia")
    assert share(cell, "DNF") > share(cell, "ENF", "EBF", "DBF")
    assert float(place("Verkhoyansk")["t_air"].min()) < 235.0
    assert float(cell["t_air"].max() - cell["t_air"].min()) > 45.0


def test_snow_falls_in_the_cold_and_only_there(world):
    snow, celsius = world["snowfall"].values, world["t_air"].values - 273.15
    assert (snow <= world["precip"].values).all()
    assert (snow[celsius > 8.1] == 0.0).all()  # temperatures are rounded
    frost = (celsius < -10.0) & (world["latitude"].values > 45.0)[:, None]
    assert (snow[frost] > 0.05).mean() > 0.99


def test_cold_deserts_stay_dry_and_wet_winters_are_white(place):
    january = {name: 31.0 * float(place(name)["precip"][0]) for name in PLACES}
    for name in ("Gobi", "Takla Makan", "Qaidam", "Tarim", "Tibet"):
        assert january[name] < 6.0, name  # mm; 1-4 at stations
    for name in ("Yakutia", "Verkhoyansk"):
        assert 4.0 < january[name] < 12.0, name  # 6-9 mm at Yakutsk and Verkhoyansk
    assert 25.0 < january["Quebec"] < 60.0
    assert 12.0 < january["West Siberia"] < 35.0


def test_the_corn_belt_grows_crops(place):
    assert share(place("Iowa"), "CCR", "BCR") > 0.8
    assert share(place("Ukraine"), "CCR", "BCR") > 0.7


def test_tibet_is_high_and_cold(place):
    cell = place("Tibet")
    assert float(cell["elevation"]) > 4500.0
    assert float(cell["pressure"].mean()) < 60000.0
    assert float(cell["t_air"].mean()) < 273.0
    assert KOPPEN[int(cell["koppen"])][0] == "E"


def test_the_monsoon_rains_in_its_season(place):
    precip = place("Mumbai coast")["precip"].values
    assert precip[5:8].mean() > 50 * precip[0:3].mean()


def test_leaves_are_out_in_their_season(world):
    green = fpar(world)
    fraction = world["pft_fraction"].values
    assert green.shape == (world.sizes["cell"], 8, 46)
    assert green.dtype == np.uint8
    assert green.max() <= 95
    assert (green[fraction == 0] == 0).all()
    assert (green[fraction > 0] > 0).all()
    area = world["area"].values
    north, south = (world["latitude"].values * sign > 35 for sign in (1, -1))

    def season(cells, pft):
        weight = (fraction[cells, pft] * area[cells])[:, None]
        return (green[cells, pft] * weight).sum(axis=0) / weight.sum()

    assert 18 <= season(north, 3).argmax() <= 32  # June to early September
    assert season(south, 5).argmax() not in range(15, 33)
    assert season(north, 3).min() < 0.3 * season(north, 3).max()
    everywhere = np.ones(len(area), dtype=bool)
    assert season(everywhere, 1).min() > 0.8 * season(everywhere, 1).max()


def test_fpar_of_the_coarse_world_agrees_with_the_fine_one(world):
    coarse = open_static("108km")
    area = {}
    for name, ds in (("fine", world), ("coarse", coarse)):
        weight = ds["pft_fraction"].values * ds["area"].values[:, None]
        area[name] = (fpar(ds) * weight[..., None]).sum(axis=(0, 2)) / weight.sum(axis=0) / 46.0
    # Seasons are thresholds of climate, which means over 3 x 3 cells blur: a few per cent, more for rare larch
    np.testing.assert_allclose(area["coarse"], area["fine"], rtol=0.06)


def test_potential_evaporation_is_that_of_the_land(world):
    weight = world["area"].values / world["area"].values.sum()
    total = (potential_evaporation(world).mean(axis=1) * weight).sum() * 365.0
    assert 850.0 < total < 1250.0  # mm per year; estimates by Priestley-Taylor over land


def test_trees_without_a_name_follow_the_cells_own_forests():
    igbp = np.zeros((3, 16))
    igbp[0, [1, 7]] = 0.5  # evergreen broadleaf and woody savanna
    igbp[1, 7] = 1.0
    igbp[2, [11, 15]] = 0.5
    out = pft_fraction(igbp, np.array([KOPPEN.index(n) for n in ("Aw", "Dfc", "Cfa")]), np.array([20.0, 120.0, 0.0]))
    np.testing.assert_allclose(out[0, 1], 0.5 + 0.45 * 0.5, rtol=1e-6)
    np.testing.assert_allclose(out[1, [0, 2, 4]], [0.45 * 0.2, 0.45 * 0.8, 0.55], rtol=1e-6)
    np.testing.assert_allclose(out[2], [0, 0, 0, 0, 0, 0, 0.3, 0.2], atol=1e-7)
    assert len(IGBP) == 16


def test_the_shipped_files_are_small_and_name_their_sources():
    assert sum(path.stat().st_size for path in CLIMATE_FILES.values()) < 9e6
    assert outlines.COAST_FILE.stat().st_size < 400e3
    for path in CLIMATE_FILES.values():
        with xr.open_dataset(path, engine="h5netcdf") as ds:
            for word in ("ITU-R", "GPT2w", "MCD12C1", "fAPARmax", "Koeppen", "Linke"):
                assert word in ds.attrs["sources"], word
            for word in ("MIT", "CC BY 4.0", "NASA open data", "Apache-2.0", "BSD-3-Clause"):
                assert word in ds.attrs["licences"], word
            assert "RMSE" in ds.attrs["errors"]
    assert "assumed" in open_static("108km").attrs["source"]
    assumed = open_static("108km").attrs["assumptions"]
    for word in ("fPAR is synthetic", "wet_days", "wind: assumed", "sand and clay: assumed", "mixed forest"):
        assert word in assumed, word


def test_a_visitor_can_not_change_what_another_one_reads():
    first = open_static("108km")
    first["t_air"] = first["t_air"] * 0.0
    assert float(open_static("108km")["t_air"].min()) > 200.0
    with pytest.raises(ValueError, match="read-only"):
        open_static("108km")["t_air"].values[:] = 0.0


def test_an_unknown_grid_of_the_world_is_refused():
    with pytest.raises(ValueError, match="36km and 108km"):
        open_static("9km")


@pytest.mark.parametrize("resolution", outlines.RESOLUTIONS)
def test_coastlines_stay_on_the_map_and_never_jump_across_it(resolution):
    lines = outlines.coastlines(resolution)
    assert len(lines) > 100
    for line in lines:
        assert line.shape[1] == 2
        assert np.abs(line[:, 0]).max() <= 180.0 + 1e-4
        assert np.abs(line[:, 1]).max() <= 86.0
        assert np.abs(np.diff(line[:, 0])).max() < 15.0  # the jump of a stitched ring is 360
    ends = [line for line in lines if np.abs(np.abs(line[[0, -1], 0]) - 180.0).max() < 0.02]
    assert len(ends) >= 3  # Chukotka on both sides, Antarctica


def test_coastlines_enclose_the_land_of_the_world(world):
    """Even-odd rule along each meridian: of land cells well inside, nearly all lie within the coastlines."""
    lines = outlines.coastlines("50m")
    inner = (world["land_fraction"].values > 0.99) & (np.abs(world["latitude"].values) < 60)
    pick = np.flatnonzero(inner)[::97]
    x, y = world["longitude"].values[pick], world["latitude"].values[pick]
    north_of = np.zeros(pick.size, dtype=int)
    for line in lines:
        x0, y0, x1, y1 = line[:-1, 0], line[:-1, 1], line[1:, 0], line[1:, 1]
        if line[:, 1].max() < y.min():
            continue
        crosses = (x0[None] > x[:, None]) != (x1[None] > x[:, None])
        with np.errstate(divide="ignore", invalid="ignore"):
            at = y0 + (x[:, None] - x0) / (x1 - x0) * (y1 - y0)
        north_of += (crosses & (at > y[:, None])).sum(axis=1)
    assert (north_of % 2 == 1).mean() > 0.99


@pytest.mark.reference
def test_the_climate_agrees_with_the_towers(shared):
    from tests.benchmarks.climate import TARGETS, compare

    scores = compare(shared / "data" / "fluxnet2015")
    for name, (lowest_r, highest_rmse) in TARGETS.items():
        r, _, rmse, n = scores[name]
        assert n > (300 if "frost" in name else 1500), name
        assert r >= lowest_r, name
        assert rmse <= highest_rmse, name
    for name in ("precipitation in frost [mm d-1]", "precipitation in frost, towers left out of the fit [mm d-1]"):
        assert abs(scores[name][1]) < 0.05  # mm d-1
    assert scores["liquid rain of the map in frost [mm d-1]"][1] < -0.35


@pytest.mark.reference
def test_land_cover_agrees_with_that_of_a_soil_moisture_granule(shared, world):
    h5py = pytest.importorskip("h5py")
    dominant = np.full((406, 964), 254)
    for path in sorted((shared / "data" / "smap" / "SPL3SMP").glob("*.h5")):
        with h5py.File(path) as granule:
            first = granule["Soil_Moisture_Retrieval_Data/landcover_class"][..., 0]
            dominant = np.where(first < 254, first, dominant)
    theirs = dominant[world["row"].values, world["column"].values]
    seen = (theirs > 0) & (theirs < 17)
    assert seen.mean() > 0.7
    groups = np.array([0, 1, 1, 1, 1, 1, 2, 2, 3, 3, 3, 4, 5, 6, 5, 7, 8])  # forest, shrub, grass and savanna, ...
    ours = world["igbp_fraction"].values.argmax(axis=1) + 1
    # Another year, another collection of the map, another majority rule: the broad kinds agree for most cells.
    assert (groups[ours[seen]] == groups[theirs[seen]]).mean() > 0.65
    forest = world["igbp_fraction"].values[:, :5].sum(axis=1)
    assert forest[seen & (theirs == 2)].mean() > 0.6
    assert world["igbp_fraction"].values[seen & (theirs == 16), 15].mean() > 0.7
