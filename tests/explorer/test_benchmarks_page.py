"""The page Benchmarks without a browser: it compares, follows a slider, lists the paper, and writes a granule."""

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from bokeh.document import Document
from panel.io.state import set_curdoc

from data_catalog.entry import FileEntry
from explorer.address import read_address
from explorer.assimilation.address import read_assimilation
from explorer.benchmarks.address import TABS, BenchmarkSelection, read_benchmarks, write_benchmarks
from explorer.benchmarks.budgets import budgets_of
from explorer.benchmarks.export import comparison_csv
from explorer.benchmarks.granule import day_of_run, write_granule
from explorer.benchmarks.paper import PLACES, address_of, rows
from explorer.benchmarks.sources import sources_for
from explorer.data.library import Item
from explorer.pages import PAGES
from explorer.pages.benchmarks import BenchmarksPage
from explorer.sensitivity.address import read_sensitivity
from explorer.towers.address import read_towers
from models.experiment import Experiment
from models.l4c.uncertainty import Shares
from models.regions import Region
from models.studies import jones2017
from models.studies.jones2017 import Answers
from tests.explorer.held import held, settle

READERS = {
    "carbon": read_address,
    "towers": read_towers,
    "sensitivity": read_sensitivity,
    "assimilation": read_assimilation,
    "benchmarks": read_benchmarks,
}


def made(worlds, address=""):
    """Make a page whose posted calls wait for `settle`, as they wait for the event loop of a server."""
    page = held(BenchmarksPage(address, worlds))
    page.session.load()
    page.session.follow()
    return page


def answered(page):
    """Say whether the newest numbers are those of the state."""
    answer, session = page.session.answer, page.session
    return answer is not None and (answer.question.a, answer.question.b, answer.question.selection) == (
        session.a,
        session.b,
        session.selection,
    )


@pytest.fixture
def page(worlds):
    page = made(worlds)
    settle(page, lambda: answered(page))
    yield page
    page.session.close()


def test_every_tab_opens_and_draws_its_own_numbers(page):
    document = Document()
    with set_curdoc(document):
        assert page.page.get_root(document) is not None
    for number, name in enumerate(TABS):
        page.tabs.active = number
        settle(page, lambda: answered(page))
        assert len(page.tab_places[name]) == 1
    page.tabs.active = 0
    settle(page, lambda: answered(page))
    image = page.gpp.model.source.data["image"][0]
    assert image.shape[1] == 12
    assert np.isfinite(image).any()
    assert "Synthetic benchmark" in page.gpp.words.object
    assert "North American Boreal" in page.budgets.table.object
    assert "not balanced" in page.budgets.words.object
    assert "Synthetic inventory" in page.soc.table.object
    assert not page.told


def test_a_moved_parameter_moves_b_and_its_agreement_while_a_and_the_slope_stand_still(page):
    before = page.session.answer.shown
    assert before.a is before.b
    page.controls.move("GRS", {"lue_max": 0.6})
    settle(page, lambda: answered(page))
    after = page.session.answer.shown
    assert after.b.slope == after.a.slope == before.a.slope
    np.testing.assert_array_equal(after.a.r, before.a.r)
    assert after.b.of_means.rmse > after.a.of_means.rmse
    assert "lue_max=0.6" in page.session.query
    assert page.session.carried.endswith("GRS.lue_max=0.6")
    page.session.select(show="A")
    settle(page, lambda: answered(page))
    assert page.gpp.model.figure.title.text == "GPP, L4C A"


def test_nature_may_have_another_table_and_then_a_itself_is_wrong(page):
    right = page.session.answer.shown.a.of_cells.r
    page.session.select(truth="V4")
    settle(page, lambda: answered(page))
    assert page.session.answer.shown.a.of_cells.r < right
    assert "BPLUT V4" in page.gpp.words.object


def test_an_address_opens_the_same_state_and_what_it_gets_wrong_is_said():
    a, b, selection, problems = read_benchmarks("GRS.lue_max=1.9&tab=nee&nee_against=world&width=10&truth=V5")
    assert not problems
    assert selection == BenchmarkSelection(tab="nee", nee="world", width=10, truth="V5")
    assert read_benchmarks(write_benchmarks(a, b, selection))[:3] == (a, b, selection)
    _, _, plain, problems = read_benchmarks("tab=nowhere&width=3&nee_against=<b>&day=400&truth=V9")
    assert plain == BenchmarkSelection()
    assert len(problems) == 5


def test_files_of_the_folders_come_before_the_worlds_own_truth_and_a_missing_product_is_said(worlds):
    row = FileEntry(product="gome2-sif", variables=("sif",), shown="july.nc", path=Path("july.nc"))
    two = (Item("f1", row, ""), Item("f2", replace(row, shown="august.nc", path=Path("august.nc")), ""))
    first, world = sources_for("gpp", two)
    assert (first.key, len(first.paths), first.note) == ("gome2-sif", 2, "2 files")
    assert world.of_world
    assert world.synthetic
    layers = [Item(f"f{k}", replace(row, product="ncscd", variables=("soc",), shown=f"{k}.nc"), "") for k in range(2)]
    assert [source.key for source in sources_for("soc", layers)] == ["f0", "f1", "world"]
    page = made(worlds, "gpp_against=gome2-sif")
    page.session._listed(())
    assert "No file of gome2-sif" in page.told[0][1]
    assert page.session.source("gpp").of_world
    page.session.close()


def test_budgets_of_all_partitions_add_up_to_the_whole(world):
    result = world.result(Experiment().l4c)
    for parts in ("transcom", "continents", "biomes"):
        budgets = budgets_of(parts, result, result, world, None)
        for quantity in ("gpp", "rh", "soc"):
            assert budgets.closure(quantity) == pytest.approx(0.0, abs=1e-5 * budgets.world.b[quantity])
    assert budgets.world.b == pytest.approx(
        {q: v for q, v in result.total(None, world.area)["all"].items() if q in budgets.world.b}
    )


def test_every_figure_of_the_paper_is_one_click_away_and_the_address_is_accepted_there():
    listed = rows(page.slug for page in PAGES)
    names = {figure.name for figure in (*jones2017.FIGURES, *jones2017.EQUATIONS)}
    assert {figure.name for figure, _ in listed} == names
    b = Experiment().with_parameters("GRS", lue_max=1.9)
    for _, place in listed:
        address = address_of(place, b.to_query())
        slug, _, query = address.removeprefix("./").partition("?")
        _, read, selection, problems = READERS[slug](query)
        assert not problems, address
        assert selection.tab == place.query["tab"]
        assert not place.takes or read.l4c == b.l4c
    assert len({(place.page, tuple(place.query.items())) for place in PLACES}) == len(PLACES)


def test_a_comparison_is_saved_with_what_made_it(page):
    text = comparison_csv(page.session.answer)
    assert "# GPP by month and latitude against synthetic: " in text
    assert "[l4c]" in text or "grid" in text
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert lines[0].startswith("month,latitude [degrees],gpp B [gC m-2 d-1]")
    assert len(lines) == 1 + 12 * page.session.answer.shown.b.latitude.size
    with pytest.raises(ValueError, match="nothing to save"):
        comparison_csv(None)


def test_a_day_of_a_run_becomes_a_granule_that_comes_back_without_loss(world, tmp_path):
    west = float(world.longitude[0])
    experiment = Experiment(region=Region("strip", max(west - 15, -180), 20, min(west + 15, 180), 80))
    told = []
    granule = write_granule(world, experiment, 195, tmp_path, told.append, lambda: False, errors=False)
    assert granule.datasets == 65
    assert granule.cells > 100
    assert granule.table["largest difference"].max() < 1e-6
    assert told == sorted(told)
    ds = day_of_run(world, experiment, 195)
    with h5py.File(granule.path) as file:
        assert file["NEE/nee_mean"].shape == (1624, 3856)
        assert (file["NEE/nee_mean"][...] > -9999).sum() == granule.cells
    fraction = ds["pft_fraction"].values
    mean = np.nansum(ds["gpp_pft"].values[..., 0] * fraction, axis=1) / fraction.sum(axis=1)
    np.testing.assert_allclose(mean, ds["gpp"].values[:, 0], rtol=1e-5)
    with pytest.raises(ValueError, match="days 1 to 364 are"):
        day_of_run(world, experiment, 364)


def test_the_paper_tab_lays_ours_beside_the_printed_numbers(page, monkeypatch):
    shares = Shares(0.71, 0.79, 0.88)
    made_up = Answers(shares, {2.5: shares}, {"smrz": {"gpp": (0.4, 0.1), "rh": (0.2, 0.05)}})
    monkeypatch.setattr(jones2017, "answer", lambda *arguments, **how: made_up)
    page.tabs.active = TABS.index("paper")
    settle(page, lambda: answered(page))
    assert "–" in page.paper.printed.object
    page.paper.run()
    settle(page, lambda: page.paper.changed.object)
    assert "SMRZ" in page.paper.changed.object
    for number in ("71", "79", "88"):
        assert f"<td>{number}</td>" in page.paper.printed.object
    assert len(page.paper.views) == len(PLACES)
