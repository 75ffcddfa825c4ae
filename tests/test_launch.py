"""The command line: what it prints, what it writes, and how it says no."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

import launch
from data_catalog.datasets.driver_file import open_drivers, write_example
from models.examples import EXAMPLES
from models.experiment import Experiment, run_to_file
from models.l4c.bplut import BplutFile

LAUNCH = Path(launch.__file__)


@pytest.fixture
def call():
    return lambda *args: CliRunner().invoke(launch.main, [str(a) for a in args])


@pytest.fixture
def drivers(tmp_path):
    write_example(tmp_path / "drivers.nc")
    return tmp_path / "drivers.nc"


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "carbon.toml").write_text(EXAMPLES["carbon"])
    return tmp_path / "carbon.toml"


@pytest.mark.parametrize(
    "command", [[], ["serve"], ["run"], ["world"], ["world", "build"], ["world", "info"], ["catalog"]]
)
def test_every_command_explains_itself(call, command):
    result = call(*command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_the_version_is_told(call):
    result = call("--version")
    assert result.exit_code == 0
    assert "Land Carbon Explorer" in result.output


def test_help_is_told_before_anything_heavy_is_imported():
    code = "import sys, launch; from click.testing import CliRunner; CliRunner().invoke(launch.main, ['--help']);"
    code += "print([m for m in ('numpy', 'xarray', 'numba', 'panel', 'models', 'explorer.app') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=LAUNCH.parent, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_example_is_the_default_experiment_with_a_word_on_every_setting(call):
    result = call("run", "--example", "carbon")
    assert result.exit_code == 0
    assert Experiment.from_toml(result.output) == Experiment()
    for setting in (*Experiment().to_mapping(), *Experiment().to_mapping()["l4c"]):
        assert setting in result.output, setting


def test_the_commented_parts_of_the_example_work_when_uncommented():
    text = EXAMPLES["carbon"].replace('region = "world"', "")
    lines = [line.removeprefix("# ") if line[2:3] in "[lvnwse" and ("=" in line or "[" in line) else line
             for line in text.splitlines()]  # fmt: skip
    start = next(i for i, line in enumerate(lines) if line.startswith("[l4c.parameters"))
    experiment = Experiment.from_toml(
        "\n".join(lines[:start] + [line for line in lines[start:] if line[:1] in "[lvnwse"])
    )
    assert experiment.region.west == -10.0
    assert ("GRS", "lue_max", 1.9) in experiment.l4c.parameters


@pytest.mark.parametrize("name", ["out.nc", "out.zarr"])
def test_a_run_on_a_file_writes_its_result(call, plan, drivers, tmp_path, name):
    if name.endswith("zarr"):
        pytest.importorskip("zarr")
    result = call("run", plan, "--drivers", drivers, "--out", tmp_path / name)
    assert result.exit_code == 0, result.output
    assert "8 cells x 365" in result.output
    assert "note: root-zone wetness is rescaled between the record's minimum and 100 %" in result.output
    with xr.open_dataset(tmp_path / name, engine="zarr" if name.endswith("zarr") else "h5netcdf") as ds:
        for variable in (
            "gpp",
            "npp",
            "ra",
            "rh",
            "nee",
            "soc_fast",
            "soc_med",
            "soc_slow",
            "e_mult",
            "t_mult",
            "w_mult",
        ):
            assert ds[variable].dims == ("cell", "time")
            assert not ds[variable].isnull().any()
        assert Experiment.from_attrs(ds.attrs).dataset == "file"


@pytest.mark.reference
def test_the_example_reproduces_the_reference_run_in_a_process_of_its_own(shared, tmp_path):
    reference = shared / "reference/l4c/set_a.nc"
    run = [sys.executable, LAUNCH, "run"]
    example = subprocess.run([*run, "--example", "carbon"], capture_output=True, check=True, cwd=tmp_path)
    (tmp_path / "carbon.toml").write_bytes(example.stdout)
    done = subprocess.run(
        [*run, "carbon.toml", "--drivers", reference, "--out", "out.nc"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    names = {
        "gpp": "GPP",
        "npp": "NPP",
        "ra": "RA",
        "rh": "RH",
        "e_mult": "Emult",
        "t_mult": "Tmult",
        "w_mult": "Wmult",
    }
    with xr.open_dataset(tmp_path / "out.nc") as ours, xr.open_dataset(reference) as theirs:
        for name, expected in names.items():
            np.testing.assert_allclose(ours[name], theirs[expected], rtol=1e-10, err_msg=name)
        np.testing.assert_allclose(ours["nee"], theirs["NEE"], rtol=1e-6, atol=1e-9)
        for place, pool in enumerate(("fast", "med", "slow")):
            np.testing.assert_allclose(ours[f"soc_{pool}_end"], theirs["SOC_final"][place], rtol=1e-10)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("grid = '9km'", ["grid", "'9km'", "'36km'"]),
        ("[l4c.parameters.GRS]\nvpd_low = 3000.0\nvpd_high = 2000.0", ["vpd_low = 3000", "swapped"]),
        ("[l4c.parameters.XYZ]\nlue_max = 1.0", ["XYZ", "ENF"]),
        ("[l4c.parameters.GRS]\nlue_max = nan", ["lue_max", "nan"]),
        ("[region]\nwest = -30.0\neast = -20.0\nsouth = -20.0\nnorth = -10.0", ["none of the 8 cells"]),
        ("this is no TOML", ["not TOML"]),
    ],
)
def test_a_wrong_experiment_ends_with_status_2_and_one_line(call, plan, drivers, tmp_path, text, words):
    plan.write_text(text)
    result = call("run", plan, "--drivers", drivers, "--out", tmp_path / "out.nc")
    assert result.exit_code == 2
    assert [word for word in words if word not in result.output] == []
    assert len([line for line in result.output.splitlines() if line.startswith("Error")]) == 1
    assert not (tmp_path / "out.nc").exists()


def test_wrong_arguments_end_with_status_2_and_one_line(call, plan, drivers, tmp_path):
    (tmp_path / "broken.nc").write_bytes(drivers.read_bytes()[:5000])
    (tmp_path / "folder.zarr").mkdir()
    out = tmp_path / "out.nc"
    cases = [
        (["run"], "EXPERIMENT.toml"),
        (["run", plan], "--out"),
        (["run", plan, "--out", tmp_path / "out.txt"], ".nc"),
        (["run", plan, "--out", tmp_path / "no/out.nc"], "no folder"),
        (["run", plan, "--out", tmp_path / "folder.zarr"], "left alone"),
        (["run", tmp_path / "no.toml", "--out", out], "no.toml"),
        (["run", plan, "--drivers", tmp_path / "no.nc", "--out", out], "no.nc"),
        (["run", plan, "--drivers", tmp_path / "broken.nc", "--out", out], "truncated"),
        (["run", plan, "--drivers", drivers, "--out", drivers], "itself"),
        (["run", plan, "--drivers", drivers, "--out", out, "--scheduler", "tcp://localhost:1"], "Zarr"),
        (["run", "--example", "cabron"], "carbon"),
        (["world", "build", "--grid", "9km"], "--region NAME"),
        (["catalog", tmp_path / "nowhere"], "nowhere"),
        (["fly"], "fly"),
    ]
    for args, word in cases:
        result = call(*args)
        assert result.exit_code == 2, (args, result.output)
        assert word in result.output, (args, result.output)
        assert "Traceback" not in result.output
    assert drivers.stat().st_size > 5000


def test_a_run_at_a_tower_says_where_its_drivers_come_from_and_how_it_agrees(call, plan, tmp_path):
    plan.write_text('dataset = "tower"\nsite = "FR-Hes"\n')
    result = call("run", plan, "--out", tmp_path / "out.nc")
    assert result.exit_code == 0, result.output
    assert "tower SW_IN_F" in result.output
    assert "reference-earth 108km" in result.output
    rows = [line.split() for line in result.output.splitlines()]
    gpp = next(row for row in rows if row[:2] == ["gpp", "all"])
    assert float(gpp[2]) > 0.7  # R of daily GPP; a year has its season
    assert int(gpp[-1]) > 300
    with xr.open_dataset(tmp_path / "out.nc") as ds:
        assert "synthetic" in ds.attrs["source"]
        assert ds.attrs["site"] == "FR-Hes"
    plan.write_text('dataset = "tower"\nsite = "XX-Xxx"\n')
    result = call("run", plan, "--out", tmp_path / "out.nc")
    assert result.exit_code == 2
    assert "XX-Xxx" in result.output
    assert "FR-Hes" in result.output


def test_a_result_can_be_run_again(call, plan, drivers, tmp_path):
    plan.write_text("[l4c.parameters.GRS]\nlue_max = 2.125\n")
    first, second = tmp_path / "first.nc", tmp_path / "second.nc"
    assert call("run", plan, "--drivers", drivers, "--out", first).exit_code == 0
    assert call("run", first, "--drivers", drivers, "--out", second).exit_code == 0
    with xr.open_dataset(first) as one, xr.open_dataset(second) as two:
        xr.testing.assert_equal(one, two)
        assert one.attrs["experiment"] == two.attrs["experiment"]
    assert call("run", drivers, "--drivers", drivers, "--out", second).exit_code == 2


def test_a_table_of_ones_own_replaces_the_published_one(call, plan, drivers, tmp_path):
    table = tmp_path / "mine.csv"
    BplutFile.read(LAUNCH.parent / "models/l4c/tables/bplut_v5.csv").write(table)
    mine, v5 = tmp_path / "mine.nc", tmp_path / "v5.nc"
    assert call("run", plan, "--drivers", drivers, "--bplut", table, "--out", mine).exit_code == 0
    plan.write_text('[l4c]\nbplut = "V5"\n')
    assert call("run", plan, "--drivers", drivers, "--out", v5).exit_code == 0
    with xr.open_dataset(mine) as one, xr.open_dataset(v5) as two:
        xr.testing.assert_equal(one, two)
    table.write_text(table.read_text().replace("ENF", "EMF"))
    result = call("run", plan, "--drivers", drivers, "--bplut", table, "--out", mine)
    assert result.exit_code == 2
    assert "'EMF'" in result.output


@pytest.mark.reference
def test_drivers_are_recognised_by_their_content(call, plan, shared, tmp_path):
    path = shared / "reference/l4c/site_US-Ne3_climatology.npz"
    result = call("run", plan, "--drivers", path, "--out", tmp_path / "out.nc")
    assert result.exit_code == 0, result.output
    with np.load(path) as reference, xr.open_dataset(tmp_path / "out.nc") as ds:
        np.testing.assert_allclose(ds["gpp"], reference["out_GPP"], rtol=1e-9)


def test_a_bug_still_shows_where_it_happened(call, plan, drivers, tmp_path, monkeypatch):
    import models.experiment

    def fail(*_, **__):
        return np.zeros(3).reshape(2, 2)

    monkeypatch.setattr(models.experiment, "run_to_file", fail)
    result = call("run", plan, "--drivers", drivers, "--out", tmp_path / "out.nc")
    assert result.exit_code == 1
    assert isinstance(result.exception, ValueError)


def test_without_a_command_the_app_is_served(call, monkeypatch):
    import types

    heard = {}
    app = types.ModuleType("explorer.app")
    app.serve = lambda **options: heard.update(options)
    monkeypatch.setitem(sys.modules, "explorer.app", app)
    assert call("--port", 0, "--no-show", "--allow-websocket-origin", "here.org").exit_code == 0
    assert heard["port"] == 0
    assert heard["show"] is False
    assert heard["origins"] == ("here.org",)
    assert heard["address"] == "localhost"
    assert call().exit_code == 0
    assert heard["port"] == 5006
    assert heard["show"] is True


def test_a_cluster_writes_the_same_result(call, plan, drivers, tmp_path):
    distributed = pytest.importorskip("distributed")
    pytest.importorskip("zarr")
    experiment = Experiment(dataset="file")
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        open_drivers(drivers, block=4) as ds,
    ):
        run_to_file(experiment, ds, tmp_path / "there.zarr", scheduler=cluster.scheduler_address, block=4)
    with open_drivers(drivers) as ds:
        run_to_file(experiment, ds, tmp_path / "here.zarr")
    with xr.open_zarr(tmp_path / "there.zarr") as there, xr.open_zarr(tmp_path / "here.zarr") as here:
        xr.testing.assert_equal(there, here)
    result = call("run", plan, "--drivers", drivers, "--out", tmp_path / "out.zarr", "--scheduler", "tcp://127.0.0.1:1")
    assert result.exit_code == 2
    assert "No dask scheduler answers" in result.output
