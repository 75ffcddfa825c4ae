"""What strangers' and broken files do to the catalog: one clear line each, and the other files are still listed."""

import contextlib
import io
import os
import random
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_catalog import CATALOG, scan_cache
from data_catalog import scan as scanning
from data_catalog.datasets import ismn, noaa_co2, uscrn
from data_catalog.datasets.fluxnet_example import write_example as write_tower
from data_catalog.datasets.ismn_example import EXAMPLE_NAME as SENSOR
from data_catalog.datasets.tables import LONGEST_LINE, open_tables
from data_catalog.entry import FileEntry
from data_catalog.scan import examine, grouped, scan
from data_catalog.scan_table import scan_table
from tests.benchmarks.fuzz import mutated

TOWER = "FLX_XX-Tst_FLUXNET2015_SUBSET_DD_2001-2001_1-4.csv"
TEXTS = ("fluxnet", "ameriflux-base", "ameriflux-l2", "ameriflux-l4", "tower-tables", "dalec-tables", "ismn", "uscrn")
TEXTS += ("noaa-co2", "fluxnet-tables", "modis-subset")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setattr(scan_cache.platformdirs, "user_cache_dir", lambda _: str(folder))


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """The bytes of an example of each dataset of text, by its name."""
    folder = tmp_path_factory.mktemp("texts")
    for name in TEXTS:
        CATALOG[name].write_example(folder / CATALOG[name].example_name)
    return {name: (CATALOG[name].example_name, (folder / CATALOG[name].example_name).read_bytes()) for name in TEXTS}


def one_line(row):
    assert isinstance(row, FileEntry)
    assert "\n" not in row.problem
    assert len(row.problem) <= 600
    return row.problem


def tower_lines(tmp_path):
    write_tower(tmp_path / TOWER, days=60)
    return (tmp_path / TOWER).read_text().splitlines()


def rewritten(tmp_path, lines, ending="\n"):
    (tmp_path / TOWER).write_bytes((ending.join(lines) + ending).encode())
    return examine(tmp_path / TOWER)


def test_a_zip_bomb_and_names_that_leave_the_archive_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(TOWER, b"0" * 30_000_000)
    assert "unpacks" in one_line(examine(tmp_path / "bomb.zip"))
    for name in ("../" + TOWER, "/etc/" + TOWER, "C:\\data\\" + TOWER, "..\\" + TOWER):
        with zipfile.ZipFile(tmp_path / "out.zip", "w") as archive:
            archive.writestr(name, "a")
        assert "points outside the archive" in one_line(examine(tmp_path / "out.zip"))


@pytest.mark.parametrize("name", ["climatology.npz", "AMF_AA-Flx_BIF_CCBY4_20201218.xlsx"])
def test_an_archive_damaged_inside_is_one_line(tmp_path, name):
    if name.endswith(".npz"):
        CATALOG["climatology-npz"].write_example(tmp_path / name)
    else:
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/worksheets/sheet1.xml", "<sheet>" + "a1b2" * 900 + "</sheet>")
    data = bytearray((tmp_path / name).read_bytes())
    for k in range(60, 140):
        data[k] ^= 0x55
    (tmp_path / name).write_bytes(data)
    assert "not a whole" in one_line(examine(tmp_path / name))


def test_a_zip_from_windows_is_read(tmp_path):
    lines = tower_lines(tmp_path)
    with zipfile.ZipFile(tmp_path / "tower.zip", "w") as archive:
        archive.writestr("data\\" + TOWER, "\r\n".join(lines) + "\r\n")
    assert examine(tmp_path / "tower.zip").steps == 60


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_ends_of_three_systems_and_a_byte_order_mark_are_the_same_table(tmp_path, ending):
    lines = tower_lines(tmp_path)
    plain = rewritten(tmp_path, lines)
    marked = rewritten(tmp_path, ["\ufeff" + lines[0], *lines[1:]], ending)
    assert (marked.period, marked.gaps, marked.variables) == (plain.period, plain.gaps, plain.variables)


def test_a_giant_line_is_refused_before_it_is_parsed(tmp_path):
    (tmp_path / "giant.txt").write_bytes(b"53974 20170301 " + b"1" * 3_000_000)
    assert "longer than" in one_line(examine(tmp_path / "giant.txt"))
    with pytest.raises(ValueError, match="from byte 2 a line is longer than"):
        open_tables(b"a\n" + b"b" * (LONGEST_LINE + 2), "x.csv")[0].text()


def test_another_fill_value_a_time_twice_and_a_cut_row_are_told(tmp_path):
    lines = tower_lines(tmp_path)
    cells = [line.split(",") for line in lines]
    place = cells[0].index("TA_F")
    filled = [
        ",".join([*row[:place], "-999.9", *row[place + 1 :]]) if 5 < k < 20 else lines[k] for k, row in enumerate(cells)
    ]
    assert "lie outside" in one_line(rewritten(tmp_path, filled))
    assert "stands there twice" in one_line(rewritten(tmp_path, [*lines[:9], lines[8], *lines[9:]]))
    assert "cut off" in one_line(rewritten(tmp_path, [*lines[:-1], lines[-1][:20]]))


def test_swapped_latitude_and_longitude_are_told(tmp_path):
    ismn.write_example(tmp_path / SENSOR)
    text = (tmp_path / SENSOR).read_text().replace("43.15000     2.95670", " 2.95670   143.15000", 1)
    (tmp_path / SENSOR).write_text(text.replace(" 2.95670   143.15000", "143.15000     2.95670"))
    assert "swapped" in one_line(examine(tmp_path / SENSOR))
    with pytest.raises(ValueError, match="are latitude and longitude swapped"):
        ismn.load(tmp_path / SENSOR, plainly=True)
    uscrn.write_example(tmp_path / "u.txt")
    (tmp_path / "u.txt").write_text((tmp_path / "u.txt").read_text().replace("-96.61 39.10", "39.10 -96.61"))
    assert "swapped" in one_line(examine(tmp_path / "u.txt"))


def test_hdf5_and_netcdf_cut_anywhere_are_one_line(tmp_path):
    for name in ("cardamom", "vic", "point-series"):
        place = tmp_path / CATALOG[name].example_name
        CATALOG[name].write_example(place)
        whole = place.read_bytes()
        for share in (0.02, 0.3, 0.7, 0.95):
            place.write_bytes(whole[: int(len(whole) * share)])
            assert one_line(examine(place)) or share > 0.9


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are those of POSIX")
def test_a_folder_without_permission_is_listed_and_the_rest_is_read(tmp_path, monkeypatch):
    write_tower(tmp_path / TOWER, days=30)
    (tmp_path / "closed").mkdir()
    walk = os.walk

    def refusing(top, **options):  # the tests may run as one to whom nothing is closed
        options["onerror"](PermissionError(13, "Permission denied", str(tmp_path / "closed")))
        yield from walk(top, **options)

    monkeypatch.setattr(scanning.os, "walk", refusing)
    rows = {row.shown: row for row in scan(tmp_path)}
    assert "Permission denied" in rows["closed"].problem
    assert rows[TOWER].steps == 30


def test_a_file_that_changes_while_it_is_read_says_so_and_is_read_again(tmp_path, monkeypatch):
    write_tower(tmp_path / TOWER, days=30)
    real = scanning.examine

    def slow(path, *options):
        row = real(path, *options)
        with path.open("a") as stream:
            stream.write("\n")
        return row

    monkeypatch.setattr(scanning, "examine", slow)
    assert "changed while it was read" in scan(tmp_path)[0].problem
    monkeypatch.setattr(scanning, "examine", real)
    assert "changed" not in scan(tmp_path)[0].problem


def test_what_was_found_is_kept_until_the_file_or_a_list_of_sites_beside_it_changes(tmp_path, monkeypatch):
    write_tower(tmp_path / TOWER, days=30)
    first = scan(tmp_path)
    looked = []
    monkeypatch.setattr(scanning, "examine", lambda path, *options: looked.append(path.name) or FileEntry())
    assert scan(tmp_path) == first
    assert looked == []
    (tmp_path / "sites.csv").write_text("SITE_ID,LOCATION_LAT,LOCATION_LONG,IGBP\nXX-Tst,48.5,7.0,GRA\n")
    scan(tmp_path)
    assert sorted(looked) == sorted([TOWER, "sites.csv"])


def test_a_damaged_cache_is_begun_anew(tmp_path):
    write_tower(tmp_path / TOWER, days=30)
    first = scan(tmp_path)
    place = scan_cache.ScanCache().place
    place.write_bytes(b"no database" * 100)
    assert scan(tmp_path) == first


def test_many_files_of_one_layout_are_told_by_the_first_and_grouped(tmp_path):
    for year in (2001, 2002, 2003, 2005, 2006, 2007, 2009, 2010):  # the dates of a leap year would lack a day
        lines = tower_lines(tmp_path)
        name = TOWER.replace("XX-Tst", f"XX-T{year % 100:02d}")
        (tmp_path / name).write_text("\n".join(line.replace("2001", str(year), 1) for line in lines) + "\n")
    (tmp_path / TOWER).unlink()
    quick, deep = scan(tmp_path, cache=False, deep=False), scan(tmp_path, cache=False, deep=True)
    assert [(row.period, row.steps, row.site, row.variables, row.problem) for row in quick] == [
        (row.period, row.steps, row.site, row.variables, row.problem) for row in deep
    ]
    assert sum("gaps not counted" in row.notes for row in quick) == 6
    table = scan_table(quick)
    assert table.count("\n") >= len(quick)
    assert "8 files; 8 are data: 8 fluxnet" in table
    series = [row.__class__(**(row.__dict__ | {"series": "towers", "problem": ""})) for row in quick]
    assert grouped(series)[0].files == 8
    assert grouped(series)[0].period == ("2001-01-01", "2010-03-01")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), name=st.sampled_from(TEXTS))
def test_a_mutated_text_is_read_or_told_in_one_line(tmp_path, texts, seed, name):
    label, whole = texts[name]
    place = tmp_path / label
    place.write_bytes(mutated(whole[:20_000], random.Random(seed)))
    one_line(examine(place))
    with contextlib.suppress(ValueError):  # in one line: `examine` says the same
        CATALOG[name].load(place).close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.floats(150.5, 2999.0, width=32), min_size=1, max_size=30))
def test_what_is_written_as_monthly_flasks_is_read_back(tmp_path, values):
    rows = [f"XXX {2000 + k // 12} {k % 12 + 1:2d} {value!r}" for k, value in enumerate(values)]
    (tmp_path / "co2.txt").write_text("# flask\n# data_fields: site year month value\n" + "\n".join(rows) + "\n")
    np.testing.assert_allclose(noaa_co2.load(tmp_path / "co2.txt")["co2"].values[:, 0], values)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.floats(0.0, 0.999), min_size=2, max_size=40), ceop=st.booleans())
def test_what_is_written_as_a_sensor_is_read_back(tmp_path, values, ceop):
    ismn.write_example(tmp_path / SENSOR, hours=len(values), ceop=ceop, station="A hill")
    text = io.StringIO((tmp_path / SENSOR).read_text())
    lines = text.read().splitlines()
    body = lines if ceop else lines[1:]
    changed = [line.rsplit(maxsplit=3)[0] + f" {value!r} G M" for line, value in zip(body, values, strict=True)]
    (tmp_path / SENSOR).write_text("\n".join([*([] if ceop else lines[:1]), *changed]) + "\n")
    ds = ismn.read_sensor(tmp_path / SENSOR, plainly=True)
    np.testing.assert_allclose(ds["ssm"].values[:, 0], values)
    assert (ds["ssm_qc"].values == 0.0).all()
