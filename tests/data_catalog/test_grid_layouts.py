"""Layouts of which no example ships: subsets, HDF-EOS2 and HDF5 tiles, packed and hostile archives, broken grids."""

import zipfile

import h5py
import numpy as np
import pytest
import xarray as xr

from data_catalog import CATALOG
from data_catalog.datasets import igbp_soc
from data_catalog.datasets.geotiff import read_geotiff, sinusoidal, write_geotiff
from data_catalog.datasets.modis_lai import load as load_lai
from data_catalog.datasets.product_columns import times_of
from data_catalog.datasets.regular_file import on_latitude_longitude
from data_catalog.datasets.smap_example import new_granule, put, subset_axes
from data_catalog.grid import EaseGrid
from data_catalog.rect_grid import grid_of
from data_catalog.scan import examine

STRUCTURE = """GROUP=GridStructure
	GROUP=GRID_1
		GridName="MOD_Grid_MOD15A2H"
		XDim=4
		YDim=3
		UpperLeftPointMtrs=(0.000000,5559752.598333)
		LowerRightMtrs=(1853.250870,5558362.660180)
		Projection=GCTP_SNSOID
			OBJECT=DataField_1
				DataFieldName="Lai_500m"
END
"""


def lai_tile(path):
    sd = pytest.importorskip("pyhdf.SD")
    file = sd.SD(str(path), sd.SDC.WRITE | sd.SDC.CREATE)
    lai = np.array([[10, 20, 255, 249], [70, 0, 100, 35], [5, 6, 7, 8]], np.uint8)
    qc = np.array([[0, 32, 157, 157], [2, 97, 8, 16], [0, 0, 0, 64]], np.uint8)
    for name, values in (("Fpar_500m", lai), ("Lai_500m", lai), ("FparLai_QC", qc)):
        field = file.create(name, sd.SDC.UINT8, (3, 4))
        field[:] = values
        field.endaccess()
    file.attr("StructMetadata.0").set(sd.SDC.CHAR, STRUCTURE)
    file.end()
    return lai, qc


def test_a_tile_of_leaf_area_in_hdf_eos2_is_scaled_placed_and_judged(tmp_path):
    path = tmp_path / "MOD15A2H.A2021185.h18v04.061.2021194030303.hdf"
    lai, _ = lai_tile(path)
    with load_lai(path) as ds:
        np.testing.assert_allclose(ds["lai"].to_numpy()[0], np.where(lai <= 100, lai * 0.1, np.nan), rtol=1e-6)
        np.testing.assert_allclose(ds["fpar"].to_numpy()[0], np.where(lai <= 100, lai * 0.01, np.nan), rtol=1e-6)
        quality = ds["lai_qc"].to_numpy()[0]
        assert quality[0].tolist() == [0, 1, 3, 3]  # main, saturated, and two that are no data
        assert quality[2].tolist() == [0, 0, 0, 2]  # the last by the back-up algorithm
        assert float(ds["latitude"][0, 0]) == pytest.approx(49.998, abs=0.001)
        assert str(ds["time"].values[0])[:10] == "2021-07-04"
    other = path.rename(tmp_path / "renamed.hdf")
    assert examine(other).product == "modis-lai"


def test_a_tile_that_is_fetched_again_under_the_name_of_a_damaged_one_is_read(tmp_path):
    path = tmp_path / "MOD15A2H.A2021185.h18v04.061.2021194030303.hdf"
    lai_tile(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    for _ in range(2):
        assert "cannot be read as HDF4; is it truncated or damaged?" in examine(path).problem
    path.write_bytes(whole)
    assert examine(path).problem == ""


def test_a_tile_of_viirs_is_read(tmp_path):
    path = tmp_path / "VNP15A2H.A2021185.h18v04.001.2021194030303.h5"
    grid = "HDFEOS/GRIDS/VIIRS_Grid_VNP15A2H"
    lai = np.array([[10, 255], [30, 40]], np.uint8)
    with h5py.File(path, "w") as file:
        for name in ("Fpar", "Lai"):
            file[f"{grid}/Data Fields/{name}"] = lai
        file[f"{grid}/Data Fields/FparLai_QC"] = np.zeros((2, 2), np.uint8)
        file[f"{grid}/XDim"] = np.array([231.7, 695.0])
        file[f"{grid}/YDim"] = np.array([5559521.0, 5559058.0])
    assert examine(path).product == "modis-lai"
    with load_lai(path) as ds:
        np.testing.assert_allclose(ds["lai"].to_numpy()[0], [[1.0, np.nan], [3.0, 4.0]], rtol=1e-6)


def test_a_subset_of_the_9km_product_is_not_taken_for_36km(tmp_path):
    path = tmp_path / "SMAP_L3_SM_P_E_20210701_R19240_001_subset.h5"
    with new_granule(path, "SPL3SMP_E", "R19240", "2021-07-01T00:00:00.000Z") as file:
        shape = subset_axes(file, "9km", slice(500, 510), slice(900, 920))
        for name, kind, fill in (("soil_moisture", np.float32, -9999.0), ("retrieval_qual_flag", np.uint16, 65534)):
            put(file, f"Soil_Moisture_Retrieval_Data_AM/{name}", shape, np.full(shape, 0.2, kind), fill=fill)
    assert examine(path).product == "spl3smp-e"
    with CATALOG["spl3smp-e"].load(path) as ds:
        assert ds["row"].to_numpy()[0] == 500
        assert grid_of(ds).name == "9km"
    with pytest.raises(ValueError, match="is on EASE2 9 km"):
        CATALOG["spl3smp"].load(path)


def test_coordinates_that_are_not_of_the_grid_are_refused(tmp_path):
    path = tmp_path / "SMAP_L4_SM_gph_20210701T013000_Vv7032_001.h5"
    CATALOG["spl4smgp"].write_example(path)
    with h5py.File(path, "r+") as file:
        file["x"][:] = file["x"][:] + 4000.0
    with pytest.raises(ValueError, match="m off the centres of EASE2 9 km"):
        CATALOG["spl4smgp"].load(path)
    with h5py.File(path, "r+") as file:
        file["x"][:] = np.arange(file["x"].size) * 9000.0  # not 9008 m
    with pytest.raises(ValueError, match=r"step of 9000\.0 m"):
        CATALOG["spl4smgp"].load(path)


def test_a_fill_value_may_be_an_array_and_units_must_be_the_products(tmp_path):
    path = tmp_path / "SMAP_L4_SM_lmc_00000000T000000_Vv7030_001.h5"
    group = "Land-Model-Constants_Data"
    shape = EaseGrid("36km").shape
    corner = (slice(0, 2), slice(0, 2))
    with new_granule(path, "SPL4SMLM", "Vv7030", "") as file:
        values = np.array([[0.4, -9999.0], [0.5, 0.3]], np.float32)
        put(file, f"{group}/clsm_poros", shape, values, corner=corner, array_fill=True, units="m3 m-3")
    with CATALOG["spl4smlm"].load(path, grid="36km") as ds:
        np.testing.assert_allclose(ds["porosity"].to_numpy()[:2, :2], [[0.4, np.nan], [0.5, 0.3]], rtol=1e-6)
    with pytest.raises(ValueError, match="not EASE2 9 km"):
        CATALOG["spl4smlm"].load(path)
    with h5py.File(path, "r+") as file:
        file[f"{group}/clsm_poros"].attrs["units"] = "percent"
    with pytest.raises(ValueError, match="is in 'percent', not 'm3 m-3'"):
        CATALOG["spl4smlm"].load(path, grid="36km")


def test_a_zip_of_the_climate_data_store_is_one_dataset_and_a_hostile_one_is_refused(tmp_path):
    path = tmp_path / "download.zip"
    CATALOG["era5-zip"].write_example(path)
    with CATALOG["era5-zip"].load(path) as ds:
        assert {"t_air", "sw_down", "precip_rate", "vpd"} <= set(ds.data_vars)
        assert ds.sizes["time"] == 48
    evil = tmp_path / "evil.zip"
    with zipfile.ZipFile(evil, "w") as archive:
        archive.writestr("../data_0.nc", b"x")
    assert "points outside the archive" in examine(evil).problem
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("data_0.nc", b"no netcdf")
    row = examine(broken)
    assert row.product == "era5-zip"
    assert "neither NetCDF nor HDF5" in row.problem


def test_swapped_latitude_and_longitude_are_named():
    raw = xr.Dataset(
        {"sm": (("lat", "lon"), np.zeros((4, 3)))}, {"lat": [-120.0, 0.0, 100.0, 170.0], "lon": [0.0, 10.0, 20.0]}
    )
    with pytest.raises(ValueError, match="are latitude and longitude swapped"):
        on_latitude_longitude(raw, "x.nc")


def test_times_are_decoded_without_a_calendar_library():
    assert times_of(np.array([0.5]), "days since 1858-11-17")[0] == np.datetime64("1858-11-17T12:00")
    assert times_of(np.array([90]), " minutes since 2000-01-01 03:00:00")[0] == np.datetime64("2000-01-01T04:30")
    assert np.isnat(times_of(np.array([np.nan]), "hours since 1900-01-01 00:00:00.0")[0])
    with pytest.raises(ValueError, match="calendar 'noleap'"):
        times_of(np.array([1]), "days since 2000-01-01", "noleap")
    with pytest.raises(ValueError, match="are in 'fortnights'"):
        times_of(np.array([1]), "fortnights")


def test_a_geotiff_gives_back_what_was_written_and_says_where_it_lies(tmp_path):
    pytest.importorskip("tifffile")
    bands = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    write_geotiff(tmp_path / "a.tif", bands, (10.0, 50.0), 0.5, projection="geographic", fill=-1.0)
    tiff = read_geotiff(tmp_path / "a.tif")
    np.testing.assert_array_equal(tiff.values, bands)
    latitude, longitude = tiff.lat_lon()
    assert (latitude[0, 0], longitude[0, 0]) == (49.75, 10.25)
    assert (tiff.projection, tiff.fill) == ("geographic", -1.0)
    # A sinusoidal coordinate off the globe is nowhere.
    assert np.isnan(sinusoidal(np.array([2e7]), np.array([5e6]))[1]).all()


def test_a_geotiff_packed_with_lzw_is_read_without_another_package(tmp_path, monkeypatch):
    tifffile = pytest.importorskip("tifffile")

    def without_codecs(*_, **__):
        msg = "<COMPRESSION.LZW: 5> requires the 'imagecodecs' package"
        raise ValueError(msg)

    monkeypatch.setattr(tifffile, "imread", without_codecs)
    from PIL import Image, TiffImagePlugin

    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[33550], tags[33922] = (463.3, 463.3, 0.0), (0.0, 0.0, 0.0, 1000.0, 5559752.6, 0.0)
    tags.tagtype[33550] = tags.tagtype[33922] = 12
    lai = np.arange(60, dtype=np.uint8).reshape(6, 10)
    Image.fromarray(lai).save(tmp_path / "Lai_500m.tif", compression="tiff_lzw", tiffinfo=tags)
    np.testing.assert_array_equal(read_geotiff(tmp_path / "Lai_500m.tif").values[0], lai)


def test_another_surface_of_the_soil_archive_is_not_taken_for_carbon(tmp_path):
    igbp_soc.write_example(tmp_path / "soilcarb.dat")
    with igbp_soc.load(tmp_path / "soilcarb.dat") as ds:
        assert ds["soc"].isel(latitude=0, longitude=0).isnull()  # -2 is nothing
        assert ds["latitude"].to_numpy()[-1] == pytest.approx(45.0 + 1 / 24)
    (tmp_path / "soilcarb.dat").rename(tmp_path / "bulkdens.dat")
    assert "bulkdens.dat is bulk density of IGBP-DIS" in examine(tmp_path / "bulkdens.dat").problem


def test_a_map_of_appeears_takes_its_day_from_its_name(tmp_path):
    lai = np.full((1, 3, 4), 20, np.uint8)
    path = tmp_path / "MCD15A3H.061_Lai_500m_doy2021185_aid0001.tif"
    write_geotiff(path, lai, (6.0, 50.0), 0.0041667, projection="geographic", fill=255.0)
    with load_lai(path) as ds:
        assert str(ds["time"].to_numpy()[0])[:10] == "2021-07-04"
        np.testing.assert_allclose(ds["lai"], 2.0)
    assert examine(path).period == ("2021-07-04", "2021-07-04")
