"""What a visitor gives away and takes home: links, files; and that each opens again."""

import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from PIL import Image

from models.experiment import Experiment
from tests.browser.server import ROOT


def download(visitor, words: str) -> tuple[str, bytes]:
    """Press a download button; returns the file's name and content."""
    page = visitor.page
    button = page.get_by_role("button", name=words).or_(page.get_by_role("link", name=words)).first
    with page.expect_download() as waiting:
        button.click()
    with open(waiting.value.path(), "rb") as file:  # noqa: PTH123 - the browser's own path
        return waiting.value.suggested_filename, file.read()


def test_a_link_opens_the_same_state_for_somebody_else(visit):
    first = visit("grid=108km")
    first.press("LUE max", "ArrowRight", 6)
    first.until(lambda: "against A" in first.kpis()["GPP"])
    first.choose("Region", "Amazon")
    first.choose("Variable", "NPP")
    first.click("B − A")
    first.page.mouse.click(*first.place(-60.0, -5.0))
    first.until(lambda: {"at", "variable", "show", "GRS.lue_max"} <= set(first.query()), "the state in the address")
    first.still(first.query)
    first.click("Share")
    first.until(lambda: any("copied" in text for text in first.messages()), "a word that the link is copied")
    first.until(lambda: "B − A" in first.map()["title"])
    second = visit(first.page.url.split("?", 1)[1])
    second.until(lambda: second.map()["print"] == first.map()["print"], "the same map")
    assert second.number("LUE max") == first.number("LUE max")
    assert second.page.get_by_role("combobox", name="Region").inner_text() == "Amazon"
    assert second.map()["title"] == first.map()["title"]
    assert second.column("gpp_b") == first.column("gpp_b")
    assert {k: v for k, v in second.kpis().items() if k != "Last run"} == {
        k: v for k, v in first.kpis().items() if k != "Last run"
    }
    second.press("LUE max", "ArrowRight", 3)
    second.until(lambda: second.number("LUE max") != first.number("LUE max"))
    assert first.page.get_by_role("combobox", name="Region").inner_text() == "Amazon", "one visitor is not the other"


@pytest.mark.parametrize(
    "wrong",
    [
        {
            "GRS.lue_max=99": ["lue_max", "99"],
            "variable=love": ["variable", "love", "gpp"],
            "when=d999": ["when", "d999", "annual"],
            "at=91,0": ["at", "91", "90"],
        },
        {"GRS.vpd_low=kPa": ["vpd_low", "kPa"], "tower=<script>alert(1)</script>": ["tower"]},
    ],
    ids=["out of range", "no numbers, no names"],
)
def test_an_address_that_cannot_be_says_why_and_the_page_still_works(visit, wrong):
    visitor = visit(f"grid=108km&{'&'.join(wrong)}")
    for words in wrong.values():
        message = visitor.until(
            lambda words=words: next((t for t in visitor.messages() if all(word in t for word in words)), ""),
            f"a message with {words}",
        )
        assert "From the address" in message
    before = visitor.map()
    visitor.press("LUE max", "ArrowRight", 4)
    visitor.until(lambda: visitor.map()["sum"] > before["sum"])


def test_files_taken_home_open_again(visit, tmp_path):
    visitor = visit("grid=108km&GRS.lue_max=2.0&tab=runs")
    name, toml = download(visitor, "Experiment (.toml)")
    experiment = Experiment.from_toml(toml)
    assert name.endswith(".toml")
    assert ("GRS", "lue_max", 2.0) in experiment.l4c.parameters

    _, series = download(visitor, "Series of the cell (.csv)")
    frame = pd.read_csv(io.BytesIO(series), comment="#")
    assert len(frame) == 365
    assert np.isfinite(frame.select_dtypes("number")).to_numpy().mean() > 0.9

    _, totals = download(visitor, "Totals (.csv)")
    assert "All" in pd.read_csv(io.BytesIO(totals), comment="#").iloc[:, 0].tolist()

    _, picture = download(visitor, "Map (.png)")
    image = Image.open(io.BytesIO(picture))
    image.load()
    assert min(image.size) > 300
    assert len(image.convert("RGB").getcolors(1 << 24)) > 50

    name, script = download(visitor, "Python script (.py)")
    compile(script, name, "exec")


def test_the_netcdf_of_a_region_holds_the_experiment_and_the_numbers(visit):
    visitor = visit("grid=108km&GRS.lue_max=2.0&tab=runs")
    visitor.choose("Region", "Iberia")
    visitor.until(lambda: visitor.cells() < 200)
    visitor.click("Prepare NetCDF")
    ready = visitor.button("NetCDF (.nc,")
    ready.wait_for()
    _, data = download(visitor, "NetCDF (.nc,")
    with xr.open_dataset(io.BytesIO(data), engine="h5netcdf") as result:
        assert result.sizes["time"] == 365
        assert result.sizes["cell"] == visitor.cells()
        assert ("GRS", "lue_max", 2.0) in Experiment.from_attrs(result.attrs).l4c.parameters
        assert float(result["gpp"].mean()) > 0
        assert result["gpp"].attrs["units"] == "gC m-2 d-1"


def test_the_script_reproduces_the_numbers_of_the_page(visit, tmp_path):
    visitor = visit("grid=108km&GRS.lue_max=2.0&tab=runs")
    visitor.choose("Region", "Iberia")
    visitor.until(lambda: visitor.cells() < 200)
    _, script = download(visitor, "Python script (.py)")
    (tmp_path / "again.py").write_bytes(script)
    done = subprocess.run(
        [sys.executable, "again.py"],
        cwd=tmp_path, env={**__import__("os").environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    made = [*tmp_path.glob("*.nc")]
    assert len(made) == 1, done.stdout
    with xr.open_dataset(made[0], engine="h5netcdf") as result:
        assert result.sizes["cell"] == visitor.cells()
