"""Every file of the folder of real data is read, or listed with the reason; values that no other test compares."""

import numpy as np
import pandas as pd
import pytest

from data_catalog import CATALOG
from data_catalog.datasets import ismn
from data_catalog.datasets.fluxnet import read_fluxnet
from data_catalog.datasets.fluxnet_columns import GC_PER_UMOL
from data_catalog.scan import scan

REASONS = {
    "PROVENANCE.md": "is a document",
    "README.md": "is a document",
    "Metadata.xml": "is a document",
    "SPL3FTP_E_example.dmr.xml": "is a document",
    "FI-Hyy_initial_obs.csv": "a text table of no known kind",
    "MOD09A1.A2017193.h18v04.006.2017202035302.hdf.zip": "it holds sur_refl_b01",
    "MOD11B2.A2017001.h14v04.006.2017013155631.hdf.zip": "an HDF-EOS2 tile of no product that is read",
    "ahdat99_13.csv": "open it with first_year=1999",
    "CG-Tch.modis.average_cutout.nc": "holds no value of ndvi, evi: all are gaps",
    "FparLai_QC_2017_149_LU.tif": "",  # the quality of a map that lies beside it
}
"""Files that give no values as they are: all others do. (Files of ``.dmr`` are documents, too.)"""
BESIDE = {"sites": 6, "bplut": 1, "grid": 6, "metadata": 3}
"""Kinds of files that hold no series or maps, and how many there are."""


@pytest.fixture(scope="module")
def data(shared):
    return shared / "data"


@pytest.fixture(scope="module")
def rows(data):
    return scan(data, cache=False, deep=False)


def test_every_file_gives_values_or_a_reason(rows, data):
    assert len(rows) == sum(path.is_file() for path in data.rglob("*"))
    silent = [row for row in rows if not row.variables and row.kind not in BESIDE]
    for row in silent:
        name = row.path.name
        reason = "is a document" if name.endswith(".dmr") else REASONS.get(name)
        assert reason is not None, f"{row.shown}: {row.problem}"
        assert reason in row.problem, row.problem
    assert {row.path.name for row in silent if not row.path.name.endswith(".dmr")} == set(REASONS)
    for kind, count in BESIDE.items():
        assert sum(row.kind == kind for row in rows) == count, kind


def test_every_file_that_is_read_says_what_it_is_and_what_it_is_for(rows):
    for row in rows:
        if row.variables and row.product:
            assert row.citation, row.shown
            assert row.licence, row.shown
            assert row.title, row.shown
            assert "Error" not in row.problem, row.shown
            assert all(0.0 <= share <= 1.0 for share in (*row.gaps.values(), *row.quality.values())), row.shown


def test_months_and_years_of_a_full_set_hold_the_numbers_of_the_files(data):
    for path in sorted((data / "fluxnet2015/monthly_fullset").glob("*.csv")):
        frame, ds = pd.read_csv(path, na_values=[-9999]), read_fluxnet(path, need=())
        yearly = "_YY_" in path.name
        days = 365.0 + (frame["TIMESTAMP"] % 4 == 0) if yearly else 1.0  # sums of a year against means of its days
        for ours, column in (("gpp", "GPP_NT_VUT_REF"), ("nee", "NEE_VUT_REF")):
            held = ds[ours].isel(site=0).to_numpy()
            np.testing.assert_allclose(held, frame[column] / days, rtol=1e-6, equal_nan=True, err_msg=path.name)
        np.testing.assert_allclose(ds["t_air"].isel(site=0), frame["TA_F"] + 273.15, rtol=1e-6)


def test_level_2_half_hours_hold_the_numbers_of_the_file(data):
    path = data / "ameriflux/AMF_USWhs_2007_L2_WG_V004.csv"
    lines = path.read_text().splitlines()
    top = next(k for k, line in enumerate(lines) if line.startswith("YEAR"))
    frame = pd.read_csv(path, skiprows=[*range(top), top + 1], na_values=[-9999, -6999], skipinitialspace=True)
    frame.columns = frame.columns.str.strip()
    with CATALOG["ameriflux-l2"].load(path) as ds:
        kept = frame.iloc[-ds.sizes["time"] :] if len(frame) > ds.sizes["time"] else frame
        for ours, column, factor, offset in (("t_air", "TA", 1.0, 273.15), ("nee", "FC", GC_PER_UMOL, 0.0)):
            np.testing.assert_allclose(ds[ours].isel(site=0), kept[column] * factor + offset, rtol=1e-6, err_msg=ours)


def test_every_soil_moisture_sensor_holds_the_numbers_of_its_file(data):
    paths = sorted([*(data / "ismn").rglob("*.stm"), *(data / "hawaii_timeseries/ismn").rglob("*.stm")])
    assert len(paths) >= 11
    for path in paths:
        lines = path.read_text().splitlines()
        ceop = len(lines[0].split()) > 12 and lines[0].count("/") >= 2 and lines[0].count(":") >= 2
        place = -3 if ceop else 2
        values = np.array([float(line.split()[place]) for line in (lines if ceop else lines[1:]) if line.strip()])
        ds = ismn.read_sensor(path, plainly=True)
        expected = np.where((values < 0.0) | (values > 1.0), np.nan, values)
        np.testing.assert_allclose(ds["soil_moisture"].isel(site=0), expected, equal_nan=True, err_msg=path.name)
