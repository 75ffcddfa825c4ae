"""Hostile and broken files through both doors, the command and the page: one clear line each, nothing lost."""

import json
import zipfile

import h5py
import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

from data_catalog import CATALOG, scan_cache
from data_catalog.datasets import era5, ismn, spl3smp, vodca
from data_catalog.datasets.fluxnet_example import write_example as write_tower
from data_catalog.datasets.ismn_example import EXAMPLE_NAME as SENSOR
from explorer.data.library import added
from launch import main

TOWER = "FLX_XX-Tst_FLUXNET2015_SUBSET_DD_2001-2001_1-4.csv"
NO_PLACE = "position unknown: lay a site list or the network's BIF table beside it"
GRANULE = "SMAP_L3_SM_P_20210701_R18290_001.h5"


def cut(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def zipped(path, name, data):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)


def with_a_column(lines, column, value):
    place = lines[0].split(",").index(column)
    cells = [line.split(",") for line in lines]
    for row in cells[5:25]:
        row[place] = value
    return [",".join(row) for row in cells]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One folder of everything that a catalog should survive, and what is to be said of each file."""
    place = tmp_path_factory.mktemp("hostile")
    write_tower(place / TOWER, days=40)
    lines = (place / TOWER).read_text().splitlines()
    said = {TOWER: ""}

    def text(name, content, words, ending="\n", start=""):
        (place / name).write_bytes((start + ending.join(content) + ending).encode())
        said[name] = words

    text(f"cr_{TOWER}", lines, "", "\r")
    text(f"bom_{TOWER}", lines, "", "\r\n", "\ufeff")
    text(f"fill_{TOWER}", with_a_column(lines, "TA_F", "-6999"), "all are the same, as a fill value: write -9999")
    text(f"twice_{TOWER}", [*lines[:9], lines[8], *lines[9:]], "stands there twice")
    text("C:\\data\\tower.csv", lines, "")
    zipped(place / "dots.zip", f"../../{TOWER}", "\n".join(lines))
    said["dots.zip"] = "points outside the archive"
    zipped(place / "drive.zip", f"C:\\data\\{TOWER}", "\n".join(lines))
    said["drive.zip"] = "points outside the archive"
    zipped(place / "bomb.zip", TOWER, b"0" * 20_000_000)
    said["bomb.zip"] = "unpacks"
    zipped(place / "half.zip", TOWER, "\n".join(lines))
    cut(place / "half.zip", 0.5)
    said["half.zip"] = "not a whole zip archive"
    spl3smp.ENTRY.write_example(place / GRANULE)
    cut(place / GRANULE, 0.7)
    said[GRANULE] = "is it truncated or damaged?"
    CATALOG["vic"].write_example(place / "half.nc")
    cut(place / "half.nc", 0.5)
    said["half.nc"] = "is it truncated or damaged?"
    vodca.ENTRY.write_example(place / "v.nc")
    with xr.open_dataset(place / "v.nc", engine="h5netcdf", decode_times=False) as ds:
        ds.rename(lat="lon", lon="lat").to_netcdf(place / "turned.nc", engine="h5netcdf")
    said |= {"v.nc": "", "turned.nc": "are latitude and longitude swapped?"}
    era5.ENTRY.write_example(place / "again.nc")
    with h5py.File(place / "again.nc", "r+") as file:
        file["valid_time"][1] = file["valid_time"][0]
    said["again.nc"] = "take out what is double"
    ismn.write_example(place / SENSOR)
    start, rest = (place / SENSOR).read_text().split("\n", 1)
    (place / SENSOR).write_text(start.replace("43.15000", "143.1500") + "\n" + rest)
    said[SENSOR] = "is no place"
    with (place / "giant.csv").open("wb") as stream:
        stream.write(b"TIMESTAMP,TA_F,SW_IN_F,VPD_F,GPP_NT_VUT_REF\n20010101," + b"1" * 70_000)
        stream.truncate(2 * 2**30)  # takes no room on the disk
    said["giant.csv"] = "2,147,483,648 bytes; at most"
    return place, said


def test_the_command_says_one_line_of_each_and_lists_all(folder, monkeypatch, tmp_path):
    monkeypatch.setattr(scan_cache.platformdirs, "user_cache_dir", lambda _: str(tmp_path))
    place, said = folder
    done = CliRunner().invoke(main, ["catalog", str(place), "--json"])
    assert done.exit_code == 0, done.output
    found = {row["shown"]: row["problem"].removeprefix(NO_PLACE) for row in json.loads(done.stdout)}
    assert set(found) == set(said)
    for name, words in said.items():
        assert words in found[name] if words else not found[name], (name, found[name])
        assert "\n" not in found[name]


def test_the_page_takes_what_is_whole_and_refuses_the_rest_in_one_line(folder, tmp_path):
    place, said = folder
    for name, words in said.items():
        if name == "giant.csv":
            continue  # no browser sends more than `LARGEST_UPLOAD`
        session = tmp_path / f"s{len(list(tmp_path.iterdir()))}"
        session.mkdir()
        item, refused = None, ""
        try:
            item = added((place / name).read_bytes(), name, session)
        except ValueError as error:
            refused = str(error)
        assert words in (refused or item.row.problem), (name, refused)
        assert bool(refused) <= bool(words)
        assert "\n" not in refused
        assert bool(list(session.iterdir())) == (item is not None)


def test_a_wrong_fill_value_of_a_granule_does_not_pass_for_soil_moisture(tmp_path):
    spl3smp.ENTRY.write_example(tmp_path / GRANULE)
    with h5py.File(tmp_path / GRANULE, "r+") as file:
        found = []
        file.visit(lambda name: found.append(name) if name.endswith("/soil_moisture") else None)
        for name in found:
            values = file[name][()]
            file[name][...] = np.where(values == -9999.0, np.float32(-999.0), values)
    assert found
    with CATALOG["spl3smp"].load(tmp_path / GRANULE) as ds:
        assert ds["ssm"].min() >= 0.0
        assert ds["ssm"].isnull().any()
