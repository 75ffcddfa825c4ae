"""The command that calibrates on towers."""

import signal

import pytest
from click.testing import CliRunner

from explorer.calibrations import _stoppable
from launch import main
from models.l4c.bplut import BplutFile, load_bplut


def test_calibrate_prints_what_came_of_a_tower_that_ships_and_writes_a_table(tmp_path):
    out = tmp_path / "mine.csv"
    words = ["calibrate", "--pft", "DBF", "--steps", "gpp", "--free", "gpp=lue_max,vpd_high", "--starts", "1"]
    done = CliRunner().invoke(main, [*words, "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "FR-Hes" in done.output
    assert "lue_max" in done.output
    assert "All sites of a plant type, before -> after" in done.output
    mine = BplutFile.read(out).params()
    assert mine["DBF"].lue_max != load_bplut()["DBF"].lue_max
    assert mine["GRS"] == load_bplut()["GRS"]


def test_calibrate_says_in_one_line_what_is_wrong():
    wrong = {
        "--steps gpp,le": "steps", "--free a": "--free", "--prior 20": "prior", "--prior much": "--prior",
        "--bounds lue_max=1": "--bounds",
    }  # fmt: skip
    for words, said in wrong.items():
        done = CliRunner().invoke(main, ["calibrate", *words.split()])
        assert done.exit_code == 2
        assert said in done.output


def test_calibrate_puts_virtual_towers_into_the_world_and_says_what_came_back():
    words = "calibrate --pft GRS --virtual 2 --steps gpp --free gpp=lue_max,vpd_high --bounds lue_max=1:3 --starts 1"
    done = CliRunner().invoke(main, words.split())
    assert done.exit_code == 0, done.output
    assert "1 to 3" in done.output
    line = next(line for line in done.output.splitlines() if "0.00%" in line and "lue_max" in line)
    assert line.endswith("identified")


def test_a_first_interrupt_stops_a_fit_and_keeps_its_best():
    with _stoppable() as stopped:
        assert not stopped()
        signal.raise_signal(signal.SIGINT)
        assert stopped()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
