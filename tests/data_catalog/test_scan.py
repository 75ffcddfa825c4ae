"""What a folder holds, recognised by content, with the reason for what is not."""

import shutil

import numpy as np
import pytest

from data_catalog import scan as module
from data_catalog import scan_cache
from data_catalog.datasets import climatology_npz, driver_file
from data_catalog.scan import scan
from data_catalog.towers import TOWERS
from models.experiment import Experiment
from tests.data_catalog.test_fluxnet import NAME, as_bytes, table, zipped


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """Keep what is found away from the user's own cache."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setattr(scan_cache.platformdirs, "user_cache_dir", lambda _: str(folder))


def kinds(rows):
    return {row.path.name: row.kind for row in rows}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "towers").mkdir()
    (tmp_path / "towers" / NAME).write_bytes(as_bytes(table()))
    (tmp_path / "towers" / "sites.csv").write_text("SITE_ID,LOCATION_LAT,LOCATION_LONG,IGBP\nXX-Tst,48.5,7.0,GRA\n")
    shutil.copy(TOWERS["FR-Hes"].path, tmp_path / "towers")
    driver_file.write_example(tmp_path / "drivers.nc", days=30)
    driver_file.write_example(tmp_path / "drivers.zarr", days=30)
    climatology_npz.write_example(tmp_path / "site.npz")
    (tmp_path / "run.toml").write_text(Experiment().to_toml())
    (tmp_path / "notes.md").write_text("nothing")
    return tmp_path


def test_every_file_is_recognised_by_what_it_holds(folder):
    assert kinds(scan(folder)) == {
        NAME: "tower",
        "sites.csv": "sites",
        TOWERS["FR-Hes"].file: "tower",
        "drivers.nc": "drivers",
        "drivers.zarr": "drivers",
        "site.npz": "climatology",
        "run.toml": "experiment",
        "notes.md": "document",
    }


def test_a_tower_says_its_period_its_gaps_and_its_site(folder):
    gappy = table(GPP_NT_VUT_REF=np.where(np.arange(100) < 25, -9999, 6.0))
    (folder / "towers" / NAME).write_bytes(as_bytes(gappy))
    row = next(row for row in scan(folder / "towers") if row.path.name == NAME)
    assert row.site == "XX-Tst"
    assert "2001-01-01 to 2001-04-10, 100 steps, gaps: gpp 25%" in str(row)
    assert row.problem == ""


def test_a_tower_says_what_it_lacks(tmp_path):
    path = tmp_path / NAME.replace("_DD_", "_MM_")
    frame = table(12, GPP_NT_VUT_REF=None)
    frame["TIMESTAMP"] = [f"2001{month:02d}" for month in range(1, 13)]
    path.write_bytes(as_bytes(frame))
    problem = scan(path)[0].problem
    assert "lacks gpp: cannot be judged" in problem
    assert "position unknown" in problem
    assert "too coarse to drive L4C" in scan(path)[0].notes


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (NAME, as_bytes(table())[:-20], "the file was cut off"),
        ("x.zip", zipped(**{"../evil.csv": "a"}), "points outside the archive"),
        ("x.zip", zipped(**{"readme.txt": "a", "b.csv": "b"}), "an archive without a FLUXNET table"),
        ("x.zip", b"PK\x03\x04 cut", "not a whole zip archive"),
        ("a.toml", b"= nothing", "not valid TOML"),
        ("a.toml", b"title = 'pyproject'", "a TOML file, but no experiment"),
        ("a.nc", b"\x89HDF\r\n\x1a\n cut", "cannot be read as hdf5; is it truncated"),
        ("a.nc", b"hello", "a text table of no known kind"),
        ("a.npz", zipped(**{"x.npy": "a"}), "a NumPy archive without the arrays"),
        ("a.csv", b"x,y\n1,2\n", "a text table of no known kind; it starts with 'x,y'"),
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"# Site: US-Tw3\n# Version: 5-5\nTIMESTAMP_START,FC\n1,2\n", "AmeriFlux BASE"),
        ("a.pdf", b"%PDF", "a PDF document"),
        ("a", b"\x01\x00", "a binary file of no known kind"),
    ],
)
def test_what_cannot_be_read_is_listed_with_the_reason(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    row = scan(tmp_path)[0]
    assert row.feeds == ()
    assert reason in row.problem
    assert "\n    ! " in str(row)


def test_a_bplut_is_recognised_and_its_rows_are_counted(shared, tmp_path):
    source = shared / "reference/l4c/bplut_V7_20220728.csv"
    assert scan(source)[0].kind == "bplut"
    assert scan(source)[0].problem == ""
    assert scan(shared / "data/smap/SMAP_BPLUT_2020-07-31.csv")[0].kind == "bplut"
    cut = tmp_path / "bplut.csv"
    cut.write_text("\n".join(source.read_text().splitlines()[:4]))
    assert "one for each of 8 plant types" in scan(cut)[0].problem


def test_links_out_of_the_folder_are_not_followed(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / NAME).write_bytes(as_bytes(table()))
    (inside / NAME).symlink_to(tmp_path / NAME)
    (inside / "loop").symlink_to(tmp_path)
    assert scan(inside) == []


def test_a_huge_folder_is_cut_with_a_word(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_FILES", 3)
    for k in range(5):
        (tmp_path / f"{k}.md").write_text("")
    rows = scan(tmp_path)
    assert len(rows) == 4
    assert "more than 3 files" in rows[-1].problem


def test_nothing_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is nothing at"):
        scan(tmp_path / "absent")
