"""AmeriFlux half hours: BASE tables and archives, Level-2 tables, the sheet that says where the tower stands."""

import io
import zipfile

import numpy as np
import pytest

from data_catalog import CATALOG
from data_catalog.datasets.ameriflux_badm import read_bif, site_of_archive
from data_catalog.datasets.ameriflux_base import read_base
from data_catalog.datasets.ameriflux_l2 import is_level2, read_level2
from data_catalog.datasets.fluxnet_columns import GC_PER_UMOL
from data_catalog.datasets.land_forcing import open_forcing
from data_catalog.datasets.land_towers import land_towers_in, observed_in, open_land_tower
from data_catalog.scan import scan

COLUMNS = [
    *("TIMESTAMP_START", "TIMESTAMP_END", "FC", "LE_1_1_1", "H", "TA_1_2_1", "TA_1_1_1", "TA_PI_F_1_1_1", "WS", "PA"),
    *("RH", "SWC_1_1_1", "SWC_2_1_1", "SWC_1_2_1", "TS_1_1_1", "SW_IN", "LW_IN", "P"),
]
NAME = "AMF_US-Tst_BASE_HH_3-5.csv"


def stamp(time):
    return str(time).translate(str.maketrans("", "", "-T:"))[:12]


def table(days=3, change=lambda row, k: row, site="US-Tst"):
    """Write a BASE table: a cool cloudless June."""
    start = np.datetime64("2012-06-01T00:00") + np.arange(48 * days) * np.timedelta64(30, "m")
    lines = [f"# Site: {site}", "# Version: 3-5", ",".join(COLUMNS)]
    for k, time in enumerate(start):
        sun = max(0.0, np.cos((k % 48 / 2.0 - 12.0) / 12.0 * np.pi))
        row = dict.fromkeys(COLUMNS, -9999)
        row |= {"FC": 2.0 - 10 * sun, "LE_1_1_1": 200 * sun, "H": 100 * sun, "TA_1_1_1": 10 + 8 * sun, "TA_1_2_1": 99.0}
        row |= {"TA_PI_F_1_1_1": 11.0, "WS": 2.5, "PA": 98.0, "RH": 60.0, "SWC_1_1_1": 20.0, "SWC_2_1_1": 30.0}
        row |= {"SWC_1_2_1": 35.0, "TS_1_1_1": 12.0, "SW_IN": 800 * sun, "LW_IN": 320.0, "P": 0.5 if k == 3 else 0.0}
        row |= {"TIMESTAMP_START": stamp(time), "TIMESTAMP_END": stamp(time + np.timedelta64(30, "m"))}
        row = change(row, k)
        if row is not None:
            lines.append(",".join(str(row[name]) for name in COLUMNS))
    return "\n".join(lines) + "\n"


def sheet(**values):
    """Write a BADM sheet as a workbook of shared strings."""
    rows = [["SITE_ID", "GROUP_ID", "VARIABLE_GROUP", "VARIABLE", "DATAVALUE"]]
    rows += [["US-Tst", "1", "GRP", name, value] for name, value in values.items()]
    words = list(dict.fromkeys(word for row in rows for word in row))
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    cells = "".join(
        f'<row r="{k + 1}">'
        + "".join(f'<c r="{"ABCDE"[j]}{k + 1}" t="s"><v>{words.index(word)}</v></c>' for j, word in enumerate(row))
        + "</row>"
        for k, row in enumerate(rows)
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr(
            "xl/sharedStrings.xml", f"<sst {space}>" + "".join(f"<si><t>{w}</t></si>" for w in words) + "</sst>"
        )
        book.writestr("xl/worksheets/sheet1.xml", f"<worksheet {space}><sheetData>{cells}</sheetData></worksheet>")
    return out.getvalue()


PLACE = {"LOCATION_LAT": "41.5", "LOCATION_LONG": "-93.5", "LOCATION_ELEV": "300", "IGBP": "CRO", "SITE_NAME": "Test"}


@pytest.fixture
def path(tmp_path):
    (tmp_path / NAME).write_text(table())
    return tmp_path / NAME


def test_names_with_qualifiers_come_in_our_names_and_units(path):
    ds = read_base(path).isel(site=0)
    assert float(ds["t_air"][0]) == pytest.approx(283.15)  # the highest sensor, not the filled series
    assert ds["t_air"].attrs["column"] == "TA_1_1_1"
    assert float(ds["ssm"][0]) == pytest.approx(0.25)  # the mean of both places
    assert float(ds["rzsm"][0]) == pytest.approx(0.35)
    assert float(ds["nee"][0]) == pytest.approx(2.0 * GC_PER_UMOL)
    assert float(ds["precip"][3]) == pytest.approx(24.0)
    assert float(ds["pressure"][0]) == pytest.approx(98000.0)
    assert ds.attrs["resolution"] == "HH"
    assert "gpp" in ds.attrs["missing"]


def test_gaps_take_the_teams_own_filled_series_and_missing_rows_stay(tmp_path):
    def change(row, k):
        if k == 10:
            return row | {"TA_1_1_1": -9999, "LE_1_1_1": -9999}
        return None if k in (20, 21) else row

    (tmp_path / NAME).write_text(table(change=change))
    ds = read_base(tmp_path / NAME).isel(site=0)
    assert ds.sizes["time"] == 144
    assert float(ds["t_air"][10]) == pytest.approx(284.15)
    assert np.isnan(ds["le"].values[[10, 20, 21]]).all()
    assert ds["t_air"].attrs["column"] == "TA_1_1_1 TA_PI_F_1_1_1"


def test_an_archive_with_its_sheet_says_where_the_tower_stands(tmp_path):
    archive = tmp_path / "AMF_US-Tst_BASE-BADM_3-5.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr(NAME, table())
        out.writestr("AMF_US-Tst_BIF_20200101.xlsx", sheet(**PLACE))
    ds = read_base(archive)
    assert float(ds["latitude"][0]) == 41.5
    assert (str(ds["igbp"][0].values), int(ds["pft"][0])) == ("CRO", 7)
    weather = open_forcing(archive)
    assert int(weather["vegetation"]) == 12
    assert weather.attrs["stamp"] == "start"
    row = scan(archive)[0]
    assert (row.kind, row.site) == ("tower", "US-Tst")
    assert "position" not in row.problem


def test_a_sheet_beside_a_table_serves_too_and_a_strange_one_is_refused(path, tmp_path):
    assert "position unknown" in scan(path)[0].problem
    (tmp_path / "AMF_AA-Flx_BIF_CCBY4_20200101.xlsx").write_bytes(sheet(**PLACE))
    assert site_of_archive(path, "US-Tst")["longitude"] == -93.5
    assert "position" not in scan(path)[0].problem
    with pytest.raises(ValueError, match="not a whole workbook"):
        read_bif(b"PK nothing")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr("xl/sharedStrings.xml", "<!DOCTYPE x [<!ENTITY a 'b'>]><sst/>")
        book.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
    with pytest.raises(ValueError, match="entities"):
        read_bif(out.getvalue())


def test_a_tower_of_a_folder_runs_with_its_own_hours_and_the_worlds_soil(path, tmp_path):
    (tmp_path / "AMF_AA-Flx_BIF_CCBY4_20200101.xlsx").write_bytes(sheet(**PLACE))
    assert land_towers_in([tmp_path]) == {"US-Tst": path}
    tower = open_land_tower("US-Tst", [tmp_path])
    assert not tower.daily
    assert 1 <= int(tower.forcing["soil"]) <= 12
    assert "those of the world's cell" in tower.forcing.attrs["notes"]
    assert float(tower.observed["le"].mean()) == pytest.approx(float(observed_in(path)["le"].mean()))
    assert set(tower.observed.data_vars) == {"ssm", "rzsm", "t_soil", "le", "h", "nee"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# Site: US-Tst\n# Version: 3-5\nTIMESTAMP,TA\n201206010000,1\n", "TIMESTAMP_START and TIMESTAMP_END"),
        (table().replace("201206010030,201206010100", "201206010030,soon"), "not a regular table"),
        (table(change=lambda row, k: row | {"TIMESTAMP_START": "201206010000"} if k == 1 else row), "sort the rows"),
        (
            table(change=lambda row, k: row | {"TIMESTAMP_END": "201206010010"} if k == 0 else row),
            "steps of 10 minutes",
        ),
        (table(change=lambda row, k: row | {"TA_1_1_1": 290.0}), "expected in deg C"),
        ("a,b\n1,2\n", "No AmeriFlux BASE table"),
    ],
)
def test_a_broken_table_is_told_of(tmp_path, text, said):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(ValueError, match=said):
        read_base(tmp_path / "x.csv")


LEVEL2 = """\
Sitename: Test Shrubland Arizona USA
Location: Latitude: 31.7438  Longitude: -110.0522  Elevation (masl): 1370
Ecosystem type: OSH Open Shrublands
YEAR, GAP, DTIME, DOY, HRMIN, TA, WS, LE, PREC, PRESS, VPD, SWC1, SWC2, Rg
YEAR, GAP, DTIME, DOY, HRMIN, deg C, m/s, W/m2, mm, kPa, kPa, %, %, W/m2
100.0,100.0,100.0 , 100.0 , 100.0,  97.2, 97.2, 97.2, 97.2, 87.5, 87.5,100.0, 94.5,  0.0
"""


def level2(units=None):
    head = LEVEL2 if units is None else LEVEL2.replace(*units)
    rows = [
        f"2007,0,180.5,{180 + (k + 1) // 48},{(k + 1) % 48 // 2 * 100 + (k + 1) % 2 * 30},"
        f"20.0,2.0,{-9999 if k == 5 else 30.0},0.1,86.0,1.5,6,{-6999 if k < 3 else 9},100"
        for k in range(96)
    ]
    return head + "\n".join(rows) + "\n"


def test_a_level_2_table_gives_time_at_the_start_and_two_kinds_of_gaps(tmp_path):
    (tmp_path / "AMF_USTst_2007_L2_WG_V004.csv").write_text(level2())
    assert is_level2(level2())
    ds = read_level2(tmp_path / "AMF_USTst_2007_L2_WG_V004.csv")
    assert ds["time"].values[0] == np.datetime64("2007-06-29T00:00")
    assert str(ds["site"].values[0]) == "US-Tst"
    record = ds.isel(site=0)
    assert np.isnan(record["le"].values[5])
    assert np.isnan(record["rzsm"].values[:3]).all()
    assert float(record["vpd"][0]) == pytest.approx(1500.0)
    assert float(record["precip"][0]) == pytest.approx(4.8)
    assert (float(record["elevation"]), str(record["igbp"].values)) == (1370.0, "OSH")
    assert land_towers_in([tmp_path]) == {"US-Tst": tmp_path / "AMF_USTst_2007_L2_WG_V004.csv"}


def test_a_level_2_table_in_another_unit_is_refused(tmp_path):
    (tmp_path / "x.csv").write_text(level2(("mm, kPa, kPa", "mm, hPa, kPa")))
    with pytest.raises(ValueError, match="PRESS is in 'hPa', not 'kPa'"):
        read_level2(tmp_path / "x.csv")


def test_the_real_archive_is_read(shared):
    ds = read_base(shared / "data" / "ameriflux" / "AMF_US-CRT_BASE-BADM_2-5.zip")
    assert str(ds["site"].values[0]) == "US-CRT"
    assert float(ds["latitude"][0]) == pytest.approx(41.628495)
    assert ds.sizes["time"] == 96
    assert CATALOG["ameriflux-base"].load is read_base
