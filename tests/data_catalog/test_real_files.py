"""Every real in-situ file beside the project against an independent plain read, and the files that are not read."""

import zipfile

import h5py
import numpy as np
import pandas as pd
import pytest

from data_catalog.datasets import (
    ameriflux_l4,
    cardamom,
    dalec_tables,
    fluxnet_tables,
    ismn,
    modis_subset,
    noaa_co2,
    openghg_flux,
    plumber2,
    point_series,
    tower_tables,
    uscrn,
    vic,
)
from data_catalog.datasets.fluxnet import read_fluxnet
from data_catalog.datasets.fluxnet_columns import GC_PER_UMOL

KELVIN = 273.15
FLUXNET = ("GPP_NT_VUT_REF", "RECO_NT_VUT_REF", "NEE_VUT_REF")


def same(ds, name, expected, tolerance=1e-9):
    """Compare a record of one place, gaps included, where both have the step."""
    found = ds[name].isel(site=0).to_numpy()
    assert found.shape == np.shape(expected), name
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=1e-9, equal_nan=True, err_msg=name)


def plain(path, **options):
    return pd.read_csv(path, na_values=[-9999, -9999.0, "-9999.0", -6999], **options)


def test_all_monthly_towers_hold_the_numbers_of_the_file(shared):
    paths = sorted((shared / "data/fluxnet2015/monthly").glob("*.csv"))
    assert len(paths) == 165
    for path in paths[::8]:
        frame, ds = plain(path, usecols=["TIMESTAMP", *FLUXNET, "TA_F"]), read_fluxnet(path, need=())
        assert ds["time"].to_numpy()[0].astype("datetime64[M]") == np.datetime64(str(frame["TIMESTAMP"][0])[:4] + "-01")
        for ours, column in zip(("gpp", "reco", "nee"), FLUXNET, strict=True):
            if ours in ds:
                same(ds, ours, frame[column].to_numpy())
        same(ds, "t_air", frame["TA_F"].to_numpy() + KELVIN)


def test_level_4_half_hours_hold_the_numbers_of_the_file(shared):
    path = shared / "data/ameriflux/AMF_USMe2_2004_L4_h_V002.txt"
    frame, ds = plain(path, skipinitialspace=True), ameriflux_l4.load(path)
    assert ds["time"].values[0] == np.datetime64("2004-01-01T00:00")
    assert ds.sizes["time"] == 366 * 48
    same(ds, "t_air", frame["Ta_f"] + KELVIN)
    same(ds, "vpd", frame["VPD_f"] * 100)
    same(ds, "nee", frame["NEE_st_fMDS"] * GC_PER_UMOL)
    same(ds, "gpp", frame["GPP_st_MDS"] * GC_PER_UMOL)
    same(ds, "nee_qc", frame["NEE_st_fMDSqc"])


def test_tables_of_three_programs_hold_the_numbers_of_the_files(shared):
    folder = shared / "data/other_towers"
    frame = pd.read_csv(folder / "Example_DETha98.txt", sep="\t", skiprows=[1], na_values=[-9999], lineterminator="\r")
    ds = tower_tables.load(folder / "Example_DETha98.txt")
    assert str(ds["site"].values[0]) == "DE-Tha"
    same(ds, "nee", frame["NEE"] * GC_PER_UMOL)
    same(ds, "t_air", frame["Tair"] + KELVIN)
    frame = pd.read_csv(folder / "CH-DAV_FP2022.5_2022.07_30MIN.diive.csv", skiprows=[1])
    ds = tower_tables.load(folder / "CH-DAV_FP2022.5_2022.07_30MIN.diive.csv")
    assert ds["time"].values[0] == np.datetime64("2022-07-01T00:00")
    same(ds, "gpp", frame["GPP_CUT_REF_f"] * GC_PER_UMOL)
    same(ds, "pressure", frame["PA"] * 100)
    frame, ds = pd.read_csv(folder / "subdaily_BE_Vie_2014.csv"), tower_tables.load(folder / "subdaily_BE_Vie_2014.csv")
    same(ds, "fpar", frame["fapar"])
    same(ds, "vpd", frame["vpd"])
    assert "gpp" not in ds  # that of the file is a model's


def test_a_table_of_several_sites_and_a_workbook_hold_their_numbers(shared):
    path = shared / "data/fluxnet2015/daily_multisite/df_for_stepwise_regression.csv"
    frame = pd.read_csv(path)
    frame = frame[frame["siteid"] == "FI-Hyy"]
    ds = fluxnet_tables.load(path, site="FI-Hyy")
    held = ds["gpp"].isel(site=0).sel(time=pd.to_datetime(frame["TIMESTAMP"]).to_numpy())
    np.testing.assert_allclose(held, frame["GPP_NT_VUT_REF"], equal_nan=True)
    openpyxl = pytest.importorskip("openpyxl")
    path = next((shared / "data/fluxnet2015/xlsx").glob("*.xlsx"))
    rows = list(openpyxl.load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True))
    ds = fluxnet_tables.load(path)
    place = rows[0].index("GPP_NT_VUT_REF")
    values = np.array([float(row[place]) for row in rows[1:] if row[0]])
    same(ds, "gpp", np.where(values == -9999, np.nan, values))


@pytest.mark.parametrize("plainly", [True, False])
def test_soil_moisture_sensors_hold_the_numbers_of_the_files(shared, plainly):
    if not plainly:
        pytest.importorskip("ismn")
    path = next((shared / "data/ismn/OZNET").glob("*Widgiewa*"))
    rows = [line.split() for line in path.read_text().splitlines()[1:]]
    ds = ismn.read_sensor(path, plainly=plainly)
    expected = np.array([float(row[2]) for row in rows])
    same(ds, "soil_moisture", np.where(expected <= -999, np.nan, expected))
    assert ds["ssm_qc"].isel(site=0).values[0] == (0.0 if rows[0][3] == "G" else 3.0)
    assert ds["time"].values[0] == np.datetime64(f"{rows[0][0].replace('/', '-')}T{rows[0][1]}")


def test_the_two_formats_of_a_sensor_are_the_same_record(shared):
    folder = shared / "data/ismn/tuw_ismn_test_data"
    one, two = (ismn.load(next((folder / name).rglob("*.stm"))) for name in ("format_ceop_sep", "format_header_values"))
    assert one["ssm"].equals(two["ssm"])
    archives = [ismn.load(path) for path in sorted((folder / "zip_archives").rglob("Data_sep*.zip"))]
    assert archives[0]["ssm"].equals(archives[1]["ssm"])
    network = ismn.load(next((folder / "zip_archives").rglob("Data_header_values.zip")), station="CST_01")
    with zipfile.ZipFile(next((folder / "zip_archives").rglob("Data_header_values.zip"))) as archive:
        name = next(name for name in archive.namelist() if "CST-01" in name and name.endswith(".stm"))
        rows = [line.split() for line in archive.read(name).decode().splitlines()[1:] if line.strip()]
    same(network, "ssm", np.array([float(row[2]) for row in rows]))


def test_a_climate_reference_station_holds_the_numbers_of_the_file(shared):
    path = shared / "data/uscrn/KS_Manhattan_6_SSW.csv"
    frame, ds = pd.read_csv(path), uscrn.load(path)
    frame = frame.set_index(pd.to_datetime(frame["LST_DATE"].astype(str))).reindex(ds["time"].to_numpy())
    same(ds, "t_air", frame["T_DAILY_AVG"].where(frame["T_DAILY_AVG"] > -9000) + KELVIN)
    same(ds, "ssm", frame["SOIL_MOISTURE_5_DAILY"].where(frame["SOIL_MOISTURE_5_DAILY"] > -90))
    same(ds, "sw_down", frame["SOLARAD_DAILY"].where(frame["SOLARAD_DAILY"] > -9000) / 0.0864)


def test_flasks_and_months_of_carbon_dioxide_hold_the_numbers_of_the_files(shared):
    folder = shared / "data/co2"
    for path in sorted(folder.glob("*ccgg_month.txt")):
        rows = [line.split() for line in path.read_text().splitlines() if not line.startswith("#")]
        same(noaa_co2.load(path), "co2", np.array([float(row[3]) for row in rows]))
    rows = [line.split() for line in (folder / "co2_mm_mlo.txt").read_text().splitlines() if not line.startswith("#")]
    same(noaa_co2.load(folder / "co2_mm_mlo.txt"), "co2", np.array([float(row[3]) for row in rows]))
    text = (folder / "co2_mlo_surface-flask_1_ccgg_event.txt").read_text().splitlines()
    rows = [line.split() for line in text if line.startswith("MLO ") and line.split()[11].startswith(".")]
    first = ["-".join(row[1:4]) + "T" + ":".join(row[4:7]) for row in rows]
    expected = pd.Series([float(row[10]) for row in rows], index=pd.to_datetime(first)).groupby(level=0).mean()
    ds = noaa_co2.load(folder / "co2_mlo_surface-flask_1_ccgg_event.txt").isel(site=0)
    held = ds["co2"].sel(time=expected.index.to_numpy().astype("datetime64[ns]")).to_numpy()
    np.testing.assert_allclose(held, expected.to_numpy(float))


def test_leaf_area_of_satellites_at_points_holds_the_numbers_of_the_files(shared):
    frame = pd.read_csv(shared / "data/modis/CH-Lae_MCD15A3H_gee_subset.csv")
    ds = modis_subset.load(shared / "data/modis/CH-Lae_MCD15A3H_gee_subset.csv")
    same(ds, "fpar", (frame["Fpar"] * 0.01).where(frame["Fpar"] <= 100))
    assert ((frame["FparLai_QC"] // 32 <= 1) == (ds["fpar_qc"].values[:, 0] <= 1)).all()
    path = next((shared / "data/modis").glob("*_MOD15A2.asc"))
    rows = [line.split(",") for line in path.read_text().splitlines() if ".Lai_1km," in line]
    same(
        modis_subset.load(path),
        "lai",
        np.array([float(row[9]) * 0.1 if float(row[9]) <= 100 else np.nan for row in rows]),
    )


def test_files_of_carbon_models_hold_the_numbers_of_the_files(shared):
    folder = shared / "data/cardamom"
    path = next(folder.glob("fluxval_US-NR1*"))
    with h5py.File(path) as file:
        ds = cardamom.load(path)
        vpd, gpp = file["VPD"][:], file["GPP"][:]
        same(ds, "vpd", vpd * 100)
        same(ds, "gpp", np.where(gpp == -9999, np.nan, gpp))
        assert float(ds["latitude"].values[0]) == pytest.approx(float(file["LAT"][()]))
    assert cardamom.load(folder / "CARDAMOM_DEMO_DRIVERS_prototype.cbf.nc").sizes["time"] == 192
    for path in sorted((folder / "CARDAMOM-FLUXVAL_v1.0/validation_data").glob("*.csv"))[::40]:
        frame, ds = pd.read_csv(path), dalec_tables.load(path)
        same(ds, "gpp", frame["GPP"].where(frame["GPP"] > -9990))
    frame, ds = pd.read_csv(folder / "ahdat99_13.csv"), dalec_tables.load(folder / "ahdat99_13.csv", first_year=1999)
    same(ds, "nee", frame["nee"])
    with pytest.raises(ValueError, match="the column year still says 2003: open it with first_year=1999"):
        dalec_tables.load(folder / "ahdat99_13.csv")
    path = folder / "FI-Hyy_timeseries_met.csv"
    same(dalec_tables.load(path, first_year=2003), "vpd", pd.read_csv(path)["vpd_kPa"] * 1000)
    with pytest.raises(ValueError, match="ends no month of"):
        dalec_tables.load(path, first_year=2004)
    path = folder / "dalec_drivers.OREGON.no_obs.csv"
    same(dalec_tables.load(path), "t_air", pd.read_csv(path, encoding="utf-8-sig")["temp"] + KELVIN)
    path = folder / "co2-gpp-cardamom_EUROPE_2012.nc"
    with h5py.File(path) as file, openghg_flux.load(path) as ds:
        np.testing.assert_allclose(ds["gpp"].values[0], file["flux"][:, :, 0] * 12.011 * 86400, rtol=1e-12)


def test_weather_of_towers_and_of_a_catchment_holds_the_numbers_of_the_files(shared):
    path = next((shared / "data/plumber2").glob("*.nc"))
    with h5py.File(path) as file:
        ds = plumber2.load(path)
        same(ds, "vpd", file["VPD"][:, 0, 0].astype(float) * 100)
        same(ds, "sw_down", file["SWdown"][:, 0, 0].astype(float))
        assert (str(ds["site"].values[0]), str(ds["igbp"].values[0]), int(ds["pft"].values[0])) == ("FI-Hyy", "ENF", 1)
    xr = pytest.importorskip("xarray")
    folder = shared / "data/walnut_gulch"
    path = next(folder.glob("livneh*"))
    with xr.open_dataset(path, engine="scipy") as raw:
        ds = vic.load(path)
        np.testing.assert_allclose(ds["t_air"], raw["temp"].values.reshape(2928, 15) + KELVIN)
        np.testing.assert_allclose(ds["precip_rate"], raw["prec"].values.reshape(2928, 15) / 10800)
    path = folder / "params.WalnutGulch.MOD_IGBP.0.0625_deg.nc"
    with xr.open_dataset(path, engine="scipy") as raw:
        expected = (
            (raw["Cv"] * raw["LAI"].fillna(0)).sum("veg_class").transpose("month", "lat", "lon").values.reshape(12, 15)
        )
        np.testing.assert_allclose(vic.load(path)["lai_clim"], expected)


def test_series_of_grid_points_hold_the_numbers_of_the_files(shared):
    folder = shared / "data/hawaii_timeseries"
    cases = {
        "SMAP/smap_spl3smpv5_asc": ("soil_moisture_pm", 1.0),
        "SMOS/smos_ic_asc": ("Soil_Moisture", 1.0),
        "esa_cci_sm/v061/combined": ("sm", 1.0),
        "era5_land/sm_precip_lai": ("swvl1", 1.0),
        "gldas/gldas21_ts": ("SoilMoi0_10cm_inst", 0.01),
    }
    for name, (column, factor) in cases.items():
        path = folder / name / "0165.nc"
        with h5py.File(path) as file, point_series.load(path) as ds:
            values = file[column][:].astype(float) * factor
            numbers = [str(number) for number in file["location_id"][:]]
            here = ds["ssm"].isel(site=0).to_numpy()
            raw = values[numbers.index(str(ds["site"].values[0]))]
            kept = np.where((raw < 0) | (raw > 1) | ~np.isfinite(raw), np.nan, raw)
            np.testing.assert_allclose(here, kept, rtol=1e-6, equal_nan=True, err_msg=name)
            assert np.isfinite(here).any()
