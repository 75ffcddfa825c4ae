import csv
import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from PIL import Image

from explorer import export
from explorer.picture import draw_map
from explorer.style import scale_for
from explorer.views.projection import PROJECTIONS
from explorer.views.totals import totals_table
from models.experiment import Experiment, run
from models.l4c.run import OUTPUTS
from models.options import L4COptions
from models.regions import Region

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "synthetic weather of a test"
EDITED = Experiment().with_parameters("GRS", lue_max=2.125, vpd_high=4321.5)


def drivers(n_cell: int = 5) -> xr.Dataset:
    """A year of drivers of a few grassland cells, in our names and units."""
    rng = np.random.default_rng(8)
    time = np.arange("2015-01-01", "2016-01-01", dtype="datetime64[D]").astype("datetime64[ns]")
    season = np.cos(2 * np.pi * (np.arange(365) - 196) / 365)
    day = {
        "par": (7 + 3 * season, "MJ m-2 d-1"),
        "fpar": (0.5 + 0.3 * season, "1"),
        "tmin": (281 + 9 * season, "K"),
        "vpd": (900 + 500 * season, "Pa"),
        "smrz": (55 - 15 * season, "%"),
        "smsf": (45 - 15 * season, "%"),
        "t_soil": (285 + 8 * season, "K"),
        "frozen": (np.zeros(365), "1"),
    }
    shift = 1 + 0.05 * rng.random(n_cell)[:, None]
    fields = {
        name: (("cell", "time"), np.where(values < 200, values * shift, values + shift), {"units": unit})
        for name, (values, unit) in day.items()
    }
    fields["frozen"] = (("cell", "time"), np.zeros((n_cell, 365)), {"units": "1"})
    fields["fpar"] = (("cell", "time"), np.clip(fields["fpar"][1], 0, 1), {"units": "1"})
    fields["pft"] = ("cell", np.full(n_cell, 6))
    fields["smrz_min"] = ("cell", np.full(n_cell, 30.0), {"units": "%"})
    fields["smrz_max"] = ("cell", np.full(n_cell, 80.0), {"units": "%"})
    fields["latitude"] = ("cell", np.linspace(40.0, 44.0, n_cell), {"units": "degrees_north"})
    fields["longitude"] = ("cell", np.linspace(1.0, 5.0, n_cell), {"units": "degrees_east"})
    return xr.Dataset(fields, coords={"time": time}, attrs={"source": SOURCE, "synthetic": "true"})


@pytest.fixture(scope="module")
def result() -> xr.Dataset:
    return run(replace(EDITED, dataset="file"), drivers())


def read_csv(text: str) -> tuple[list[str], pd.DataFrame]:
    lines = text.splitlines()
    head = [line for line in lines if line.startswith("# ")]
    return head, pd.read_csv(io.StringIO("\n".join(lines[len(head) :])))


# NetCDF


def test_a_netcdf_opens_again_with_its_experiment_and_its_numbers(result, tmp_path):
    data = export.netcdf_bytes(result)
    path = tmp_path / "again.nc"
    path.write_bytes(data)
    with xr.open_dataset(path, engine="h5netcdf") as again:
        assert Experiment.from_attrs(again.attrs) == replace(EDITED, dataset="file")
        for name in OUTPUTS:
            np.testing.assert_array_equal(again[name].values, result[name].values)
            assert again[name].attrs["units"] == result[name].attrs["units"]
        assert "synthetic" in again.attrs["source"]
    with h5py.File(path) as file:
        assert file["gpp"].compression == "gzip"


@pytest.mark.parametrize("output", ["daily", "monthly", "annual"])
def test_the_size_that_is_stated_is_that_of_the_result(output):
    experiment = replace(EDITED, dataset="file", output=output, precision="float32")
    size = run(experiment, drivers(40)).nbytes
    stated = export.netcdf_size(experiment, 40, 365)
    # What a cell has besides its series is a rough number, which an annual result feels.
    assert stated == pytest.approx(size, rel={"daily": 0.02, "monthly": 0.1, "annual": 0.4}[output])


def test_large_results_are_offered_by_month():
    assert export.output_for(1000, 365) == "daily"
    assert export.output_for(20_000, 365) == "monthly"
    assert export.output_for(100_000, 365) == "annual"
    assert export.netcdf_size(replace(EDITED, per_pft=True), 10, 365) > 8 * export.netcdf_size(EDITED, 10, 365)


# CSV


def test_a_series_has_place_units_and_parameters(world):
    a = world.result(L4COptions()).series(7)
    b = world.result(EDITED.l4c).series(7)
    lat, lon = float(world.latitude[7]), float(world.longitude[7])
    head, frame = read_csv(export.series_csv(b, a, lat=lat, lon=lon, experiment=EDITED, source=SOURCE))
    np.testing.assert_allclose(frame["gpp B [gC m-2 d-1]"], b["gpp"].values, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(frame["gpp A [gC m-2 d-1]"], a["gpp"].values, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(frame["vpd [Pa]"], b["vpd"].values, rtol=1e-8)
    assert frame["date"][0] == "2015-01-01"
    assert (frame["latitude [degrees]"] == float(f"{lat:.9g}")).all()
    assert any(SOURCE in line for line in head)
    assert any("Land Carbon Explorer" in line for line in head)
    toml = "\n".join(line[4:] for line in head[head.index("# experiment B:") + 1 :])
    assert Experiment.from_toml(toml) == EDITED


def test_missing_values_are_empty_cells(world):
    b = world.result(L4COptions()).series(7)
    b["gpp"] = b["gpp"].where(b["time"] != b["time"][4])
    _, frame = read_csv(export.series_csv(b, None, lat=1.0, lon=2.0, experiment=EDITED, source=SOURCE))
    assert frame["gpp B [gC m-2 d-1]"].isna().sum() == 1


def test_totals_keep_plant_types_and_units(world):
    a = world.result(L4COptions()).total(None, world.area)
    b = world.result(EDITED.l4c).total(None, world.area)
    region = Region("a box", -10.0, 30.0, 40.0, 70.0)
    head, frame = read_csv(export.totals_csv(totals_table(a, b), replace(EDITED, region=region), SOURCE))
    assert list(frame["PFT"])[-1] == "All"
    assert frame["GPP [Pg C yr-1] B"].iloc[-1] == pytest.approx(b["all"]["gpp"], rel=1e-8)
    assert "-10 to 40 degrees east" in head[0]


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "−x", "\t=1"])
def test_no_text_of_a_csv_is_taken_for_a_formula(text):
    frame = pd.DataFrame({text: [1.0]}, index=pd.Index([text], name="PFT"))
    table = export.totals_csv(frame, EDITED, f"line\n{text}")
    rows = [row for row in csv.reader(io.StringIO(table)) if row and not row[0].startswith("# ")]
    assert len(rows) == 2
    for row in rows:
        for cell in row:
            assert cell.strip()[:1] not in ("=", "+", "-", "@", "−")


def test_numbers_of_a_csv_stay_numbers():
    frame = pd.DataFrame({"x": [-1.25]}, index=pd.Index(["GRS"], name="PFT"))
    assert export.totals_csv(frame, EDITED, SOURCE).splitlines()[-1] == "GRS,-1.25"


# PNG


def test_a_picture_is_a_png_of_the_map_on_screen(world):
    values = np.linspace(0, 100, world.n_cell)
    scale = scale_for("gpp", values=[0.0, 100.0])
    data = export.map_png(values, scale, world.table, title="GPP <B> −", width=900, region=(-12, 35, 40, 71))
    picture = Image.open(io.BytesIO(data))
    assert picture.format == "PNG"
    assert picture.width == 900
    # The pixel at a cell's centre has the colour that its value has on the scale.
    plane = PROJECTIONS["equal_earth"]
    left, right, bottom, top = plane.extent
    border, head = 3 * 12, 4 * 12
    across = 900 - 2 * border
    down = round(across / plane.aspect)
    pixels, found = np.asarray(picture.convert("RGB")).astype(int), 0
    for cell in range(0, world.n_cell, 3):
        lat, lon = world.table.latitude[cell], world.table.longitude[cell]
        if not plane.south + 3 < lat < plane.north - 3:
            continue
        x, y = plane.forward(lon, lat)
        column, row = border + (x - left) / (right - left) * across, head + (top - y) / (top - bottom) * down
        colour = scale.palette[scale.levels(values[cell : cell + 1])[0]]
        expected = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        found += np.abs(pixels[int(row), int(column)] - expected).max() <= 12
    assert found > 50  # of some 70; lines of coasts and degrees lie over a few


def test_pictures_of_every_projection_say_that_weather_is_synthetic(world):
    scale = scale_for("nee")
    values = np.zeros(world.n_cell)
    for name in PROJECTIONS:
        options = {"projection": name, "title": "", "width": 500, "region": None}
        with_words = draw_map(values, scale, world.table, synthetic=True, **options)
        without = draw_map(values, scale, world.table, synthetic=False, **options)
        assert with_words.tobytes() != without.tobytes()
    with pytest.raises(ValueError, match="400, 6000"):
        export.map_png(values, scale, world.table, width=100_000)


# The experiment


def test_the_toml_is_the_experiment():
    assert Experiment.from_toml(export.experiment_toml(EDITED)) == EDITED


def test_the_script_gives_the_same_numbers(tmp_path):
    ds = drivers()
    ds.to_netcdf(tmp_path / "drivers.nc", engine="h5netcdf")
    experiment = replace(EDITED, dataset="file", output="monthly")
    (tmp_path / "again.py").write_text(export.script(experiment), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "again.py", "out.nc", "drivers.nc"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "mean NEE [gC m-2 d-1]" in done.stdout
    expected = run(experiment, ds)
    with xr.open_dataset(tmp_path / "out.nc", engine="h5netcdf") as again:
        assert Experiment.from_attrs(again.attrs) == experiment
        for name in OUTPUTS:
            np.testing.assert_array_equal(again[name].values, expected[name].values)


@pytest.mark.parametrize(
    "experiment",
    [
        EDITED,
        replace(EDITED, dataset="tower", site="FR-Hes"),
        replace(EDITED, region=Region("a (b), c/d & e.f", -5, 5, 5, 9)),
    ],
    ids=["world", "tower", "strange name"],
)
def test_every_script_is_python_and_holds_its_experiment(experiment):
    code = export.script(experiment)
    compile(code, "script.py", "exec")
    names: dict = {}
    exec(code[code.index("EXPERIMENT = ") : code.index("def main")], names)
    assert Experiment.from_toml(names["EXPERIMENT"]) == experiment


def test_file_names_are_safe():
    name = export.filename(replace(EDITED, region=Region("a (b), c/d & e.f", -5, 5, 5, 9)), "nc")
    assert name == "l4c-a-b-c-d-e-f.nc"
