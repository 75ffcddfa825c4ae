"""The FLUXNET reader against an independent plain read of real files, and against broken ones."""

import gzip
import io
import zipfile

import numpy as np
import pandas as pd
import pytest

from data_catalog.datasets.fluxnet import file_name, read_fluxnet
from data_catalog.datasets.fluxnet_columns import GC_PER_UMOL
from data_catalog.datasets.fluxnet_daily import to_daily

NAME = "FLX_XX-Tst_FLUXNET2015_SUBSET_DD_2001-2001_1-4.csv"
COLUMNS = {
    "TA_F": (10.0, 283.15, "t_air"),
    "SW_IN_F": (150.0, 150.0, "sw_down"),
    "VPD_F": (8.5, 850.0, "vpd"),
    "PA_F": (98.0, 98000.0, "pressure"),
    "P_F": (3.0, 3.0, "precip"),
    "TS_F_MDS_1": (9.0, 282.15, "t_soil"),
    "SWC_F_MDS_1": (25.0, 0.25, "ssm"),
    "NEE_VUT_REF": (-2.0, -2.0, "nee"),
    "GPP_NT_VUT_REF": (6.0, 6.0, "gpp"),
    "RECO_NT_VUT_REF": (4.0, 4.0, "reco"),
}


def table(days=100, **changes):
    """A daily table of constant numbers as a DataFrame of text."""
    time = pd.date_range("2001-01-01", periods=days).strftime("%Y%m%d")
    frame = pd.DataFrame({"TIMESTAMP": time} | {name: np.full(days, value) for name, (value, _, _) in COLUMNS.items()})
    frame["NEE_VUT_REF_QC"] = 0.9
    for name, value in changes.items():
        if value is None:
            frame = frame.drop(columns=name)
        else:
            frame[name] = value
    return frame


def as_bytes(frame, **options):
    return frame.to_csv(index=False, **options).encode()


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def half_hours(days=3, **changes):
    time = pd.date_range("2001-06-01", periods=48 * days, freq="30min")
    frame = pd.DataFrame(
        {
            "TIMESTAMP_START": time.strftime("%Y%m%d%H%M"),
            "TIMESTAMP_END": (time + pd.Timedelta("30min")).strftime("%Y%m%d%H%M"),
        }
    )
    values = {name: value for name, (value, _, _) in COLUMNS.items()} | {"P_F": 0.1, "NEE_VUT_REF_QC": 0.0}
    for name, value in values.items():
        frame[name] = value
    frame["TA_F"] = 10.0 - 5.0 * np.cos(2 * np.pi * np.arange(48 * days) / 48)
    for name, value in changes.items():
        frame[name] = value
    return frame


HH_NAME = "FLX_XX-Tst_FLUXNET2015_FULLSET_HH_2001-2001_1-4.csv"


# --- units and names -------------------------------------------------------------------------------------------


def test_every_column_comes_out_in_our_name_and_unit():
    ds = read_fluxnet(as_bytes(table()), name=NAME)
    for value, (_, ours, name) in zip(COLUMNS.values(), COLUMNS.values(), strict=True):
        assert value[1] == ours
        np.testing.assert_allclose(ds[name].values, ours, rtol=1e-12)
    assert ds["nee"].dims == ("time", "site")
    assert ds["site"].item() == "XX-Tst"
    assert ds["vpd"].attrs["units"] == "Pa"


def test_partitioned_fluxes_carry_the_quality_of_net_exchange():
    ds = read_fluxnet(as_bytes(table()), name=NAME)
    np.testing.assert_array_equal(ds["gpp_qc"].values, 0.9)


def test_fill_values_and_absent_days_are_gaps():
    frame = table(GPP_NT_VUT_REF=np.where(np.arange(100) == 7, -9999, 6.0)).drop(index=[20, 21])
    ds = read_fluxnet(as_bytes(frame), name=NAME)
    assert ds.sizes["time"] == 100
    assert np.flatnonzero(np.isnan(ds["gpp"].values[:, 0])).tolist() == [7, 20, 21]
    assert np.flatnonzero(np.isnan(ds["vpd"].values[:, 0])).tolist() == [20, 21]


def test_a_column_of_fill_values_gives_way_to_the_next_choice():
    frame = table(GPP_NT_VUT_REF=-9999.0).assign(GPP_NT_CUT_REF=5.0)
    ds = read_fluxnet(as_bytes(frame), name=NAME)
    assert ds["gpp"].attrs["column"] == "GPP_NT_CUT_REF"
    np.testing.assert_array_equal(ds["gpp"].values, 5.0)


def test_daytime_partitioning_is_an_option():
    frame = table().assign(GPP_DT_VUT_REF=7.0, RECO_DT_VUT_REF=5.0)
    assert read_fluxnet(as_bytes(frame), name=NAME, partitioning="DT")["gpp"].values[0, 0] == 7.0
    with pytest.raises(ValueError, match="'NT'"):
        read_fluxnet(as_bytes(frame), name=NAME, partitioning="SR")


def test_half_hourly_fluxes_turn_from_micromoles_to_grams():
    ds = read_fluxnet(as_bytes(half_hours()), name=HH_NAME)
    np.testing.assert_allclose(ds["gpp"].values, 6.0 * GC_PER_UMOL)
    assert pytest.approx(1.0378, abs=1e-4) == GC_PER_UMOL  # 12.011 g/mol x 86400 s/d
    np.testing.assert_allclose(ds["precip"].values, 4.8)  # 0.1 mm a half hour


def test_yearly_sums_become_daily_rates():
    frame = table(2)
    frame["TIMESTAMP"] = ["2003", "2004"]
    frame["GPP_NT_VUT_REF"] = [730.0, 732.0]
    frame["P_F"] = [365.0, 366.0]
    ds = read_fluxnet(as_bytes(frame), name=NAME.replace("_DD_", "_YY_"))
    np.testing.assert_allclose(ds["gpp"].values[:, 0], [2.0, 2.0])
    np.testing.assert_allclose(ds["precip"].values[:, 0], [1.0, 1.0])


def test_weekly_and_hourly_records_are_recognised():
    weekly = table(3).rename(columns={"TIMESTAMP": "TIMESTAMP_START"})
    weekly["TIMESTAMP_START"] = ["20010101", "20010108", "20010115"]
    weekly["TIMESTAMP_END"] = ["20010107", "20010114", "20010121"]
    ds = read_fluxnet(as_bytes(weekly), name=NAME.replace("_DD_", "_WW_"))
    assert (ds.attrs["resolution"], ds["gpp"].values[0, 0], ds.sizes["time"]) == ("WW", 6.0, 3)
    hourly = half_hours().iloc[::2].copy()
    hourly["TIMESTAMP_END"] = [*hourly["TIMESTAMP_START"].iloc[1:], "200106040000"]
    ds = read_fluxnet(as_bytes(hourly), name=HH_NAME.replace("_HH_", "_HR_"))
    assert (ds.attrs["resolution"], ds.sizes["time"]) == ("HR", 72)
    np.testing.assert_allclose(ds["precip"].values, 2.4)
    assert to_daily(ds).sizes["time"] == 3


# --- days out of half hours ------------------------------------------------------------------------------------


def test_days_are_means_extremes_and_shares_of_good_half_hours():
    flags = np.tile(np.where(np.arange(48) < 12, 2.0, np.where(np.arange(48) < 24, 1.0, 0.0)), 3)
    hh = read_fluxnet(as_bytes(half_hours(NEE_VUT_REF_QC=flags)), name=HH_NAME)
    day = to_daily(hh)
    assert day.sizes["time"] == 3
    np.testing.assert_allclose(day["t_air"].values[:, 0], 283.15, atol=1e-9)
    np.testing.assert_allclose(day["tmin"].values[:, 0], 278.15, atol=1e-9)
    np.testing.assert_allclose(day["tmax"].values[:, 0], 288.15, atol=1e-9)
    np.testing.assert_allclose(day["nee_qc"].values[:, 0], 0.75)
    np.testing.assert_allclose(day["precip"].values[:, 0], 4.8)
    assert day.attrs["resolution"] == "DD"


@pytest.mark.parametrize(("missing", "held"), [(9, True), (10, False)])
def test_a_day_needs_four_fifths_of_its_half_hours(missing, held):
    flux = np.full(144, 6.0)
    flux[48 : 48 + missing] = -9999
    day = to_daily(read_fluxnet(as_bytes(half_hours(GPP_NT_VUT_REF=flux)), name=HH_NAME))
    assert np.isfinite(day["gpp"].values[1, 0]) == held
    assert np.isfinite(day["gpp"].values[[0, 2], 0]).all()


def test_monthly_records_cannot_become_days():
    frame = table(2)
    frame["TIMESTAMP"] = ["200301", "200302"]
    with pytest.raises(ValueError, match="resolution = 'MM'"):
        to_daily(read_fluxnet(as_bytes(frame), name=NAME.replace("_DD_", "_MM_")))


# --- real files against a plain read ---------------------------------------------------------------------------


def plain(path, columns):
    return pd.read_csv(path, usecols=columns)[columns].replace(-9999, np.nan)


PAIRS = {
    "t_air": ("TA_F", 1.0, 273.15),
    "sw_down": ("SW_IN_F", 1.0, 0.0),
    "vpd": ("VPD_F", 100.0, 0.0),
    "gpp": ("GPP_NT_VUT_REF", 1.0, 0.0),
    "reco": ("RECO_NT_VUT_REF", 1.0, 0.0),
    "nee": ("NEE_VUT_REF", 1.0, 0.0),
    "nee_qc": ("NEE_VUT_REF_QC", 1.0, 0.0),
}


def agree(path):
    ds = read_fluxnet(path)
    frame = plain(path, [column for column, _, _ in PAIRS.values()])
    assert len(frame) == ds.sizes["time"]
    for ours, (column, scale, offset) in PAIRS.items():
        expected = frame[column].to_numpy(float) * scale + offset
        got = ds[ours].values[:, 0]
        outside = ds[ours].attrs.get("values_outside_bounds", 0)
        differs = ~((got == expected) | np.isclose(got, expected, rtol=1e-12) | (np.isnan(got) & np.isnan(expected)))
        assert differs.sum() == outside, (path.name, ours)
    return ds


def test_daily_towers_agree_with_a_plain_read(shared):
    paths = sorted((shared / "data/fluxnet2015").glob("daily*/FLX_*DD*.csv"))
    assert len(paths) == 11
    for path in paths:
        ds = agree(path)
        assert ds.attrs["resolution"] == "DD"
        assert {"latitude", "longitude", "igbp", "pft"} <= set(ds.coords)  # from the site list one folder up


def test_all_monthly_towers_agree_with_a_plain_read(shared):
    paths = sorted((shared / "data/fluxnet2015/monthly").glob("*.csv"))
    assert len(paths) == 165
    for path in paths:
        assert agree(path).attrs["resolution"] == "MM"


def test_a_real_half_hourly_excerpt_agrees_with_a_plain_read(shared):
    path = next((shared / "data/fluxnet2015/halfhourly").glob("*.csv"))
    ds = read_fluxnet(path)
    frame = plain(path, ["GPP_NT_VUT_REF", "TA_F", "P_F"])
    np.testing.assert_allclose(ds["gpp"].values[:, 0], frame["GPP_NT_VUT_REF"] * 12.011e-6 * 86400)
    np.testing.assert_allclose(ds["precip"].values[:, 0], frame["P_F"] * 48)
    assert to_daily(ds).sizes["time"] == 3
    assert np.isnan(to_daily(ds)["t_air"].values[2, 0])  # the excerpt ends after three half hours of the third day


def test_daily_gpp_adds_up_to_the_monthly_file(shared):
    base = shared / "data/fluxnet2015"
    daily = read_fluxnet(next((base / "daily").glob("*FR-Pue*")))
    monthly = read_fluxnet(next((base / "monthly").glob("*FR-Pue*")))
    means = daily["gpp"].isel(site=0).resample(time="MS").mean()
    both = means.to_series().to_frame("d").join(monthly["gpp"].isel(site=0).to_series().rename("m")).dropna()
    assert len(both) > 150
    np.testing.assert_allclose(both["d"], both["m"], rtol=2e-4, atol=2e-4)  # the monthly file has six digits


# --- file names and archives -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "site", "resolution", "product"),
    [
        ("FLX_US-Var_FLUXNET2015_SUBSET_DD_2000-2014_1-4.csv", "US-Var", "DD", "SUBSET"),
        ("FLX_CH-Cha_FLUXNET2015_FULLSET_HH_2005-2020_beta-3.csv", "CH-Cha", "HH", "FULLSET"),
        ("AMF_US-Ne3_FLUXNET_FULLSET_HR_2001-2020_3-5.csv", "US-Ne3", "HR", "FULLSET"),
        ("ICOSETC_FR-Hes_FLUXNET_DD_L2.csv", "FR-Hes", "DD", ""),
        ("ICOSETC_DE-Gwg_FLUXNET_FLUXMET_HH_2023-2025_v1.3_r1.csv", "DE-Gwg", "HH", "FLUXMET"),
        ("FLX_FR-Pue_FLUXNET2015_AUXMETEO_2000-2014_2-4.csv", None, None, None),
    ],
)
def test_names_of_several_releases_are_understood(name, site, resolution, product):
    parts = file_name(name)
    assert (parts.get("site"), parts.get("resolution"), parts.get("product")) == (site, resolution, product)


def test_of_an_archive_the_daily_flux_table_is_read():
    data = zipped(
        **{
            HH_NAME: as_bytes(half_hours()),
            NAME: as_bytes(table()),
            NAME.replace("SUBSET_DD", "ERAI_DD"): "TIMESTAMP,TA_ERA\n20010101,1\n",
            "FLX_XX-Tst_FLUXNET2015_AUXMETEO_2001-2001_1-4.csv": "a,b\n1,2\n",
        }
    )
    assert read_fluxnet(data, name="FLX_XX-Tst_FLUXNET2015_FULLSET_2001-2001_1-4.zip").attrs["resolution"] == "DD"
    assert read_fluxnet(data, name="x.zip", resolution="HH").attrs["resolution"] == "HH"
    with pytest.raises(ValueError, match="No MM table is in this file; it has: DD, HH"):
        read_fluxnet(data, name="x.zip", resolution="MM")


def test_daily_minimum_comes_from_the_half_hours_of_the_archive():
    daily = table(3, TIMESTAMP=["20010601", "20010602", "20010603"])
    hh = half_hours()
    hh.loc[48:60, "TA_F"] = -9999  # 13 of 48 half hours of the second day
    data = zipped(**{HH_NAME: as_bytes(hh), NAME: as_bytes(daily)})
    ds = read_fluxnet(data, name="x.zip")
    np.testing.assert_allclose(ds["tmin"].values[:, 0], [278.15, np.nan, 278.15])
    assert "tmin" not in ds.attrs["missing"].split()


def test_position_and_plant_type_come_from_a_bif_table_in_the_archive():
    bif = "SITE_ID;GROUP_ID;VARIABLE_GROUP;VARIABLE;DATAVALUE\nXX-Tst;1;G;LOCATION_LAT;48.5\n"
    bif += "XX-Tst;1;G;LOCATION_LONG;7.25\nXX-Tst;2;G;IGBP;EBF\n"
    ds = read_fluxnet(zipped(**{NAME: as_bytes(table()), "FLX_AA-Flx_BIF_LATEST.csv": bif}), name="x.zip")
    assert (ds["latitude"].item(), ds["longitude"].item(), ds["pft"].item()) == (48.5, 7.25, 2)


def test_gzip_carriage_returns_and_byte_order_marks_are_read():
    plain_text = as_bytes(table())
    expected = read_fluxnet(plain_text, name=NAME)
    for data in (
        gzip.compress(plain_text),
        plain_text.replace(b"\n", b"\r"),
        plain_text.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + plain_text,
    ):
        assert read_fluxnet(data, name=NAME).equals(expected)


# --- broken files: one clear sentence each ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (as_bytes(table(GPP_NT_VUT_REF=None)), "GPP_NT_VUT_REF .gpp. is missing.*can drive L4C, not judge it"),
        (as_bytes(table(VPD_F=None)), "VPD_F .vpd. is missing; accepted: VPD_F, VPD_F_MDS.*VPD comes from the world"),
        (as_bytes(table(TA_F=-9999)), "TA_F .t_air. holds nothing but -9999"),
        (as_bytes(table(), sep=";"), "separated by ';'; FLUXNET tables use ','"),
        (as_bytes(table(), sep="\t"), "FLUXNET tables use ','"),
        (as_bytes(table())[:-20], "the last line.* of 12 values: the file was cut off"),
        (as_bytes(table(0)), "there is a header and no row"),
        (b"# Site: US-Tw3\n# Version: 5-5\nTIMESTAMP_START,FC\n201301010000,1\n", "starts with TIMESTAMP"),
        (b"\x89HDF\r\n\x1a\n" + b"\x00" * 50, "not a text table"),
        ("TIMESTAMP".encode("utf-16"), "UTF-16"),
        (as_bytes(pd.concat([table(5), table(1)])), "20010101 stands there twice"),
        (as_bytes(table(5).iloc[::-1]), "time runs back at TIMESTAMP 20010104"),
        (as_bytes(table(3, TIMESTAMP=["20010101", "20010102", "20010230"])), "does not exist|Fetch"),
        (as_bytes(table(3, TIMESTAMP=["2001-01-01", "x", "y"])), "TIMESTAMP = '2001-01-01' in row 2"),
        (as_bytes(table(3, VPD_F=["1", "abc", "3"])), "VPD_F = 'abc' in row 3; numbers and -9999 are accepted"),
        (as_bytes(table(TA_F=283.0)), r"100 of 100 values of TA_F lie outside .*expected in deg C"),
        (as_bytes(table(VPD_F=850.0)), "VPD_F lie outside .*expected in hPa"),
        (as_bytes(table(VPD_F=0.85).assign(TA_F=15.0)), "VPD_F never exceeds 85 Pa.*looks like kPa"),
        (as_bytes(table(PA_F=980.0)), "PA_F lie outside .*expected in kPa"),
        (as_bytes(table(SWC_F_MDS_1=0.25).assign(TA_F=15.0)), "SWC_F_MDS_1 never exceeds .*% by volume is expected"),
    ],
)
def test_broken_tables_are_named_in_one_sentence(data, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_fluxnet(data, name=NAME)
    assert NAME in str(caught.value)


def test_half_hours_under_a_daily_name_are_noticed():
    with pytest.raises(
        ValueError, match=r"the name says DD \(daily\), but TIMESTAMP_START 200106010000 is half-hourly"
    ):
        read_fluxnet(as_bytes(half_hours()), name=NAME)


def test_a_file_without_gpp_can_still_drive():
    ds = read_fluxnet(as_bytes(table(GPP_NT_VUT_REF=None)), name=NAME, need="drivers")
    assert "gpp" not in ds
    assert "gpp" in ds.attrs["missing"].split()


def test_single_impossible_values_become_counted_gaps():
    ds = read_fluxnet(as_bytes(table(VPD_F=np.where(np.arange(100) == 3, 9999.0, 8.5))), name=NAME)
    assert np.flatnonzero(np.isnan(ds["vpd"].values[:, 0])).tolist() == [3]
    assert ds["vpd"].attrs["values_outside_bounds"] == 1


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no file"):
        read_fluxnet(tmp_path / NAME)


def test_infinite_values_become_counted_gaps():
    frame = table().astype({"VPD_F": object})
    frame.loc[5, "VPD_F"] = "inf"
    ds = read_fluxnet(as_bytes(frame), name=NAME)
    assert np.isnan(ds["vpd"].values[5, 0])
    assert ds["vpd"].attrs["values_outside_bounds"] == 1


def test_damaged_bytes_never_raise_anything_but_a_plain_message():
    random = np.random.default_rng(0)
    whole = [(as_bytes(table(12)), NAME), (zipped(**{NAME: as_bytes(table(12))}), "x.zip")]
    tokens = (b"-9999", b"inf", b"1e400", b",", b"\n", b'"', b"\r", b"\x00", b";", b"999999999999", b"-")
    kinds = set()
    for k in range(300):
        data, name = whole[k % 2]
        data = bytearray(data)
        for _ in range(random.integers(1, 4)):
            place = int(random.integers(len(data)))
            token = tokens[random.integers(len(tokens))]
            data[place : place + int(random.integers(1, 20))] = token
        try:
            ds = read_fluxnet(bytes(data), name=name, need=())
        except ValueError as error:
            kinds.add(type(error))
        else:
            assert not any(np.isinf(ds[v].values).any() for v in ("t_air", "vpd", "gpp") if v in ds)
    assert kinds == {ValueError}  # no bare decoding or parsing error of a library
