"""Real files of satellites and reanalyses, their values against a plain read with h5py, pandas or tifffile."""

import gzip
import zipfile

import h5py
import numpy as np
import pandas as pd
import pytest

from data_catalog import CATALOG
from data_catalog.grid import EaseGrid
from data_catalog.scan import examine


@pytest.fixture(scope="module")
def data(shared):
    return shared / "data"


def plain(path, name, fill=None):
    with h5py.File(path) as file:
        values = file[name][:].astype(np.float64)
    return np.where(values == fill, np.nan, values) if fill is not None else values


@pytest.mark.parametrize("day", ["20150401", "20150402"])
def test_a_smap_granule_is_what_h5py_reads(data, day):
    path = data / f"smap/SPL3SMP/SMAP_L3_SM_P_{day}_R13080_001.h5"
    group = "Soil_Moisture_Retrieval_Data"
    with CATALOG["spl3smp"].load(path) as ds:
        assert ds["ssm"].chunks  # lazy
        assert ds.attrs["grid"] == "EASE2 36 km"
        assert ds.attrs["product_version"] == "R13080"
        for ours, theirs in (("ssm", "soil_moisture"), ("tb_h", "tb_h_corrected"), ("vwc", "vegetation_water_content")):
            mine, theirs = ds[ours].isel(time=0).to_numpy(), plain(path, f"{group}/{theirs}", -9999.0)
            held = np.isfinite(mine)
            np.testing.assert_allclose(mine[held], theirs[held], rtol=1e-6)
            # What is missing beyond fill lies outside the product's own valid range.
            assert (held == np.isfinite(theirs)).mean() > 0.99
        flag = plain(path, f"{group}/retrieval_qual_flag")
        good = ds["ssm_qc"].isel(time=0).to_numpy() == 0
        np.testing.assert_array_equal(good, (flag != 65534) & ((flag.astype(int) & 0b111) == 0))
        latitude = plain(path, f"{group}/latitude", -9999.0)
        np.testing.assert_allclose(np.nanmax(latitude, axis=1), ds["latitude"], atol=1e-3)
        assert str(ds["time"].values[0])[:13] == f"{day[:4]}-{day[4:6]}-{day[6:]}T06"


def test_a_36km_granule_asked_for_as_9km_is_an_error(data):
    path = data / "smap/SPL3SMP/SMAP_L3_SM_P_20150401_R13080_001.h5"
    with pytest.raises(ValueError, match=r"is on EASE2 36 km \(406 x 964 cells\), not EASE2 9 km"):
        CATALOG["spl3smp-e"].load(path)
    assert examine(path).product == "spl3smp"


def test_a_subset_of_smaps_freeze_thaw_lies_on_its_own_rows_and_columns(data):
    path = data / "smap/SPL3FTP_subsetted.nc4"
    group = "Freeze_Thaw_Retrieval_Data_Global"
    with CATALOG["spl3ftp"].load(path) as ds:
        height = plain(path, f"{group}/altitude_dem", -9999.0)
        np.testing.assert_allclose(ds["elevation"].to_numpy(), height, rtol=1e-6)
        latitude = plain(path, f"{group}/latitude", -9999.0)
        np.testing.assert_allclose(np.nanmax(latitude[0], axis=1), ds["latitude"], atol=1e-3)
        row = EaseGrid("36km").row_col(ds["latitude"].to_numpy(), np.zeros(27))[0]
        np.testing.assert_array_equal(ds["row"], row)


def test_brightness_temperatures_of_a_polar_grid_are_scaled_and_placed(data):
    path = next((data / "brightness_temperature").glob("*.nc"))
    with CATALOG["cetb"].load(path) as ds:
        stored = plain(path, "TB")
        tb = np.where((stored == 0) | (stored == 60000), np.nan, stored * 0.01)
        np.testing.assert_allclose(ds["tb"].to_numpy(), tb, rtol=1e-5)
        assert ds.attrs["channel"] == "18 GHz H"
        # The pole is the corner that the four central pixels share; the edge of the grid lies on the equator's side.
        assert ds["latitude"].to_numpy()[359:361, 359:361] == pytest.approx(89.842, abs=1e-3)
        assert 0.0 < ds["latitude"].to_numpy()[0, 360] < 1.0
        assert ds["longitude"].to_numpy()[360, 700] == pytest.approx(90.0, abs=0.2)


def test_merged_soil_moisture_keeps_its_flags(data):
    path = next((data / "esa_cci_sm").glob("*.nc"))
    with CATALOG["esa-cci-sm"].load(path) as ds:
        np.testing.assert_allclose(ds["ssm"].to_numpy(), plain(path, "sm", -9999.0), rtol=1e-6)
        flag = plain(path, "flag")
        np.testing.assert_array_equal(ds["ssm_qc"].to_numpy() == 0, flag == 0)
        assert str(ds["time"].values[0])[:10] == "2016-06-07"
    path = next((data / "c3s_sm").glob("*.nc"))
    with CATALOG["c3s-sm"].load(path) as ds:
        np.testing.assert_allclose(ds["ssm"].to_numpy(), plain(path, "sm", -9999.0), rtol=1e-6)
        assert ds.attrs["product_version"] == "v201706.0"


def test_a_cell_of_ascat_gives_the_series_of_one_point(data):
    path = data / "ascat/H110_1324.nc"
    with h5py.File(path) as file:
        sizes, lat, lon = file["row_size"][:], file["lat"][:], file["lon"][:]
        k = int(np.argmax(sizes))
        start = int(sizes[:k].sum())
        part = slice(start, start + int(sizes[k]))
        sm, days, ssf = file["sm"][part].astype(float), file["time"][part], file["ssf"][part]
    with CATALOG["ascat-cells"].load(path, at=(float(lat[k]), float(lon[k]))) as ds:
        np.testing.assert_array_equal(ds["smsf"].to_numpy()[:, 0], np.where(sm == 127, np.nan, sm))
        expected = pd.Timestamp("1900-01-01") + pd.to_timedelta(days, unit="D")
        assert np.abs(ds["time"].to_numpy() - expected.to_numpy()).max() < np.timedelta64(2, "ms")
        assert (ds["frozen"].to_numpy()[:, 0] == 1).sum() == (ssf == 2).sum()
    with CATALOG["ascat-cells"].load(path) as ds:
        assert ds.sizes["point"] == int(sizes.sum())
    with pytest.raises(ValueError, match="has no point within 50 km"):
        CATALOG["ascat-cells"].load(path, at=(0.0, 0.0))


def test_an_orbit_of_ascat_is_unpacked(data):
    path = next((data / "ascat").glob("W_XX*.nc"))
    with CATALOG["ascat-swath"].load(path) as ds:
        stored = plain(path, "soil_moisture")
        np.testing.assert_allclose(ds["smsf"], np.where(stored > 10000, np.nan, stored * 0.01).ravel(), rtol=1e-5)
        np.testing.assert_allclose(ds["latitude"], plain(path, "latitude").ravel() * 1e-6, atol=1e-5)  # float32
        seconds = plain(path, "utc_line_nodes")
        first = np.datetime64("2000-01-01") + np.timedelta64(int(seconds[0]), "s")
        assert ds["time"].to_numpy()[0] == first
        assert np.abs(ds["longitude"]).max() <= 180.0


def test_both_layouts_of_era5_are_read(data):
    old, new = data / "era5/ERA5_AN_20100101_1200.nc", data / "era5/ERA5_Texas_2024_03_01_04.nc"
    with CATALOG["era5"].load(old) as ds:
        # Longitudes of the file run from 0; ours from -180.
        east = ds["ssm"].sel(longitude=slice(0.0, 179.75)).to_numpy()[0]
        np.testing.assert_allclose(east, plain(old, "swvl1")[:, :720], rtol=1e-6)
        assert str(ds["time"].values[0]) == "2010-01-01T12:00:00.000000000"
        assert ds.sizes["layer"] == 2
    with CATALOG["era5"].load(new) as ds:
        np.testing.assert_allclose(ds["ssm"], plain(new, "swvl1"), rtol=1e-6)
        assert ds["time"].to_numpy()[-1] == np.datetime64("2024-03-04T23:00")
        assert "expver" not in ds.coords


def test_merra2_imerg_and_gldas_are_what_h5py_reads(data):
    path = data / "merra2/M2T1NXSLV_temporal.nc4"
    with CATALOG["merra2"].load(path) as ds:
        np.testing.assert_allclose(ds["pressure"], plain(path, "PS"), rtol=1e-6)
        assert ds["time"].to_numpy()[0] == np.datetime64("2021-01-10T01:30")
    path = data / "imerg/GPM_3IMERGHH_bounds.nc4"
    with CATALOG["imerg"].load(path) as ds:
        rain = plain(path, "Grid/precipitationCal", np.float32(-9999.9).item())
        np.testing.assert_allclose(ds["precip_rate"], rain.transpose(0, 2, 1) / 3600.0, rtol=1e-5)
        assert ds["time"].to_numpy()[0] == np.datetime64("2020-01-01T12:00")
    path = next((data / "gldas").glob("GLDAS_NOAH*.nc4"))
    with CATALOG["gldas"].load(path) as ds:
        water = plain(path, "SoilMoi0_10cm_inst", -9999.0)
        np.testing.assert_allclose(ds["ssm"], water / 100.0, rtol=1e-5)
        np.testing.assert_allclose(ds["lw_down"], plain(path, "LWdown_f_tavg", -9999.0), rtol=1e-6)
        assert ds["time"].to_numpy()[0] == np.datetime64("2015-01-01T00:00")
    path = data / "gldas/GLDASp4_elevation_025d.nc4"
    with CATALOG["gldas"].load(path) as ds:
        np.testing.assert_allclose(ds["elevation"], plain(path, "GLDAS_elevation", -9999.0), rtol=1e-6)


def test_geotiffs_of_modis_are_scaled_and_lie_in_luxembourg(data):
    tifffile = pytest.importorskip("tifffile")
    path = data / "modis/Lai_500m_2017_149_LU.tif"
    stored = tifffile.imread(path)
    with CATALOG["modis-lai"].load(path) as ds:
        expected = np.where(stored <= 100, stored * 0.1, np.nan)
        np.testing.assert_allclose(ds["lai"].to_numpy()[0], expected, rtol=1e-6)
        assert ds["latitude"].mean() == pytest.approx(49.8, abs=0.1)
        assert ds["longitude"].mean() == pytest.approx(6.1, abs=0.1)
        assert str(ds["time"].values[0])[:10] == "2017-05-29"
    bits = tifffile.imread(data / "modis/FparLai_QC_2017_149_LU.tif")
    with CATALOG["modis-lai"].load(data / "modis/FparLai_QC_2017_149_LU.tif") as ds:
        quality = ds["fpar_lai_qc"].to_numpy()[0]
        np.testing.assert_array_equal(quality == 0, (bits >> 5) == 0)
        np.testing.assert_array_equal(quality == 1, (bits >> 5) == 1)


def test_a_tile_of_hdf_eos_is_read_by_its_structure(data):
    sd = pytest.importorskip("pyhdf.SD")
    path = data / "modis/MOD13A2.A2016145.h18v04.006.2016166145124.hdf"
    file = sd.SD(str(path))
    stored = file.select("1 km 16 days NDVI").get().astype(float)
    file.end()
    with CATALOG["modis-vi"].load(path) as ds:
        np.testing.assert_allclose(
            ds["ndvi"].to_numpy()[0], np.where(stored == -3000, np.nan, stored * 1e-4), rtol=1e-5
        )
        # 219 x 185 pixels of 926.6 m from (670117.9, 5608858.4).
        y = 5608858.446491 - 0.5 * (5608858.446491 - 5437432.741376) / 185
        assert ds["latitude"].to_numpy()[0, 0] == pytest.approx(np.degrees(y / 6371007.181), abs=1e-6)
        assert str(ds["time"].values[0])[:10] == "2016-05-24"


def test_every_real_gridded_file_is_recognised_or_listed_with_the_reason(data):
    known = {
        "smap/SPL3FTP_subsetted.nc4": "spl3ftp",
        "merra2/M2T1NXSLV_temporal.nc4": "merra2",
        "imerg/GPM_3IMERGHH_bounds.nc4": "imerg",
        "gldas/GLDASp4_landmask_025d.nc4": "gldas",
        "modis/FparLai_QC_2017_149_LU.tif": "modis-lai",
        "modis/MOD13A2.A2016145.h18v04.006.2016166145124.hdf": "modis-vi",
        "ascat/H110_1324.nc": "ascat-cells",
    }
    for name, product in known.items():
        row = examine(data / name)
        assert (row.product, row.problem) == (product, ""), name
        assert row.citation
        assert row.licence
    row = examine(data / "modis/MOD09A1.A2017193.h18v04.006.2017202035302.hdf.zip")
    assert "MOD09A1" in row.problem
    assert "an HDF-EOS2 tile of no product that is read (it holds sur_refl_b01" in row.problem


def test_one_file_in_a_zip_is_its_own_product(data, tmp_path):
    pytest.importorskip("pyhdf")
    path = data / "modis/MOD13A2.A2016145.h18v04.006.2016166145124.hdf"
    with zipfile.ZipFile(tmp_path / f"{path.name}.zip", "w") as archive:
        archive.write(path, path.name)
    row = examine(tmp_path / f"{path.name}.zip")
    assert (row.product, row.variables, row.problem) == ("packed", ("ndvi",), "")
    with CATALOG["packed"].load(tmp_path / f"{path.name}.zip") as packed, CATALOG["modis-vi"].load(path) as plainly:
        np.testing.assert_array_equal(packed["ndvi"], plainly["ndvi"])
    path = data / "merra2/M2T1NXSLV_temporal.nc4"
    (tmp_path / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 1))
    assert examine(tmp_path / f"{path.name}.gz").notes.startswith("merra2, packed")
    with CATALOG["packed"].load(tmp_path / f"{path.name}.gz") as packed, CATALOG["merra2"].load(path) as plainly:
        np.testing.assert_array_equal(packed["pressure"], plainly["pressure"])
