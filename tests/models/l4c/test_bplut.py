"""Published tables hold the published numbers; a user's file keeps every byte it did not mean to change."""

import csv
import re

import pytest

from models.l4c.bplut import BPLUTS, COLUMNS, BplutFile, check_table, load_bplut, pft_of
from models.l4c.params import PFTS, L4CParams
from models.options import L4COptions

FILES = {"V7": "bplut_V7_20220728.csv", "V5": "bplut_V5_20200731.csv"}


@pytest.mark.parametrize("version", BPLUTS)
def test_every_shipped_table_is_complete_and_within_bounds(version):
    table = load_bplut(version)
    assert tuple(table) == PFTS
    check_table(table)
    assert all(params.k_med == 0.4 and params.tsoil_beta1 == 66.02 for params in table.values())


@pytest.mark.reference
@pytest.mark.parametrize("version", FILES)
def test_a_shipped_table_equals_the_published_file(shared, version):
    with (shared / "reference/l4c" / FILES[version]).open(newline="") as file:
        rows = list(csv.DictReader(file))
    for pft, row in zip(PFTS, rows, strict=True):
        assert load_bplut(version)[pft] == L4CParams(*(float(row[COLUMNS[name]]) for name in L4CParams._fields))


@pytest.mark.reference
def test_the_missions_own_file_with_its_header_in_a_comment_is_read_and_kept(shared):
    path = shared / "data/smap/SMAP_BPLUT_2020-07-31.csv"
    file = BplutFile.read(path)
    assert file.overrides("V5") == ()
    assert file.write() == path.read_text()
    changed = file.with_values("GRS", lue_max=1.7)
    assert sum(a != b for a, b in zip(file.lines, changed.lines, strict=True)) == 1


def test_the_default_table_is_v7_unrounded():
    grass = load_bplut()["GRS"]
    assert (grass.lue_max, grass.f_med, grass.k_slow, grass.tmin_low) == (1.6776136, 0.55, 0.0093, 250.41261)


def test_version_4_keeps_its_carbon_use_efficiency_and_absolute_decay_rates():
    published_cue = dict(zip(PFTS, (0.7, 0.57, 0.79, 0.78, 0.65, 0.6, 0.72, 0.71), strict=True))
    slow = dict(zip(PFTS, (0.000251, 0.00026, 0.00026, 0.000279, 0.00014, 0.000233, 0.000177, 0.000326), strict=True))
    for pft, params in load_bplut("V4").items():
        assert 1 - params.f_aut == pytest.approx(published_cue[pft], abs=1e-12)
        assert params.k_fast * params.k_slow == pytest.approx(slow[pft], abs=5.1e-7)  # published to six decimals


def test_the_rounded_table_rounds_as_other_readers_do():
    rounded = load_bplut("V7-rounded")
    assert [rounded[pft].f_med for pft in PFTS] == [0.3, 0.3, 0.7, 0.3, 0.4, 0.6, 0.5, 0.8]
    assert {params.k_slow for params in rounded.values()} == {0.009}
    assert (rounded["ENF"].lue_max, rounded["ENF"].tmin_low, rounded["ENF"].ft_min) == (1.3119, 249.8, 0.773)


def test_the_mission_names_of_crops_are_known():
    assert [pft_of(name) for name in ("CCP", "ccr", "CRP", "BCP", " BCR ")] == ["CCR", "CCR", "CCR", "BCR", "BCR"]


def mission_text(end="\r\n"):
    text = BplutFile.read("models/l4c/tables/bplut_v7.csv").write()
    return "\ufeff# revised by hand\n" + text.replace("\n", end)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_read_and_written_is_the_same_file(tmp_path, end):
    data = mission_text(end).encode()
    path = tmp_path / "mine.csv"
    path.write_bytes(data)
    table = BplutFile.read(path)
    assert table.params() == load_bplut("V7")
    table.write(tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == data
    assert BplutFile.read(data) == BplutFile.read(data.decode()) == table


def test_a_changed_value_changes_its_own_cell_alone():
    table = BplutFile.read(mission_text())
    changed = table.with_values("CCP", lue_max=1.75, vpd_low=170.0)
    before, after = table.write(), changed.write()
    assert after == before.replace("1.613005", "1.75")
    assert changed.params()["CCR"] == load_bplut()["CCR"]._replace(lue_max=1.75)
    assert changed.overrides("V7") == (("CCR", "lue_max", 1.75),)
    assert L4COptions(parameters=changed.overrides("V7")).table() == changed.params()


def test_columns_may_stand_in_any_order_with_others_between():
    text = "note,LC_Label," + ",".join(reversed(COLUMNS.values())) + "\n"
    for pft, params in load_bplut().items():
        values = params._asdict()
        text += f'"a, b",{pft},' + ",".join(repr(values[name]) for name in reversed(COLUMNS)) + "\n"
    table = BplutFile.read(text)
    assert table.params() == load_bplut()
    assert '"a, b",GRS' in table.with_values("GRS", lue_max=2.0).write()


def test_a_whole_table_can_be_saved_into_a_file():
    target = load_bplut("V5")
    saved = BplutFile.read(mission_text()).with_table(target)
    assert BplutFile.read(saved.write()).params() == target


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("LUEmax", "LUE", ["lacks the column LUEmax"]),
        ("6,GRS", "6,GRX", ["'GRX'", "GRS"]),
        ("6,GRS", "6,ENF", ["two rows for ENF"]),
        ("1.6776136", "", ["GRS LUEmax", "''", "not a number"]),
        ("1.6776136", "nan", ["GRS LUEmax", "'nan'"]),
        ("1.6776136", "16.7", ["GRS lue_max", "16.7", "[0.5, 4.5]", "gC MJ-1"]),
        ("0,4700", "4000,3000", ["GRS vpd_low = 4000", "vpd_high = 3000", "swapped"]),
        ("0,4700", "0", ["Row 8", "43 values", "44 columns"]),
    ],
)
def test_a_broken_file_is_refused_with_its_row_and_column(old, new, words):
    with pytest.raises(ValueError, match=re.escape(words[0])) as caught:
        BplutFile.read(mission_text().replace(old, new))
    assert [word for word in words if word not in str(caught.value)] == []


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.csv"):
        BplutFile.read("nowhere.csv")
    (tmp_path / "binary.csv").write_bytes(b"\x89HDF\xff\n")
    with pytest.raises(ValueError, match="UTF-8"):
        BplutFile.read(tmp_path / "binary.csv")
    with pytest.raises(ValueError, match="empty"):
        BplutFile.read("\n")
    with pytest.raises(ValueError, match="larger than"):
        BplutFile.read("a,b\n" * 300_000)
    with pytest.raises(ValueError, match="no row for ENF"):
        BplutFile.read(mission_text().split("1,ENF")[0])
    with pytest.raises(ValueError, match="V7-rounded"):
        load_bplut("V6")
