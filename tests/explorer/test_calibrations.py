"""The command that calibrates on towers."""

from click.testing import CliRunner

from launch import main
from models.l4c.bplut import BplutFile, load_bplut


def test_calibrate_prints_what_came_of_a_tower_that_ships_and_writes_a_table(tmp_path):
    out = tmp_path / "mine.csv"
    words = ["calibrate", "--pft", "DBF", "--steps", "gpp", "--free", "gpp=lue_max,vpd_high", "--starts", "1"]
    done = CliRunner().invoke(main, [*words, "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "FR-Hes" in done.output
    assert "lue_max" in done.output
    mine = BplutFile.read(out).params()
    assert mine["DBF"].lue_max != load_bplut()["DBF"].lue_max
    assert mine["GRS"] == load_bplut()["GRS"]


def test_calibrate_says_in_one_line_what_is_wrong():
    for words, said in (("--steps gpp,le", "steps"), ("--free a", "--free"), ("--prior 20", "prior")):
        done = CliRunner().invoke(main, ["calibrate", *words.split()])
        assert done.exit_code == 2
        assert said in done.output
