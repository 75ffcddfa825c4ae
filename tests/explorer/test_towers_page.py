"""The page Towers without a browser: it opens the towers that ship, every tab draws, a moved parameter reaches all."""

import numpy as np
import pytest
from bokeh.document import Document
from panel.io.state import set_curdoc

from explorer import tower_runs
from explorer.pages.towers import TAB_WORDS, TowersPage
from explorer.towers.address import TABS
from explorer.towers.sites import candidates
from explorer.views.residuals import medians_by
from explorer.views.taylor import target_places, taylor_places
from explorer.worlds import Worlds
from models.l4c.bplut import load_bplut
from tests.explorer.held import held, settle

TOWERS = ["FR-Hes", "US-AR1", "US-ARM", "US-Tw3"]


@pytest.fixture(scope="module")
def the_page():
    before = tower_runs.folders()
    tower_runs.offer([])
    page = held(TowersPage("tower=US-AR1&flux=nee&GRS.lue_max=1.9", Worlds()))
    page.session.load()
    settle(page, lambda: page.session.answer is not None and page.session.table is not None)
    yield page
    page.session.close()
    tower_runs.offer(before)


@pytest.fixture
def page(the_page):
    """The page with one tower chosen and nothing moved."""
    session = the_page.session
    session.edit(b=session.a)
    session.select(site="US-AR1", flux="nee", group="", search="", tab="site", score="ubrmse")
    settle(the_page, lambda: session.answer.site.site == "US-AR1" and session.table.b is session.table.a)
    the_page.told.clear()
    return the_page


def test_the_address_chooses_tower_flux_and_parameters(the_page):
    session = the_page.session
    assert [site.site for site in session.sites] == TOWERS
    assert (session.site.site, session.selection.flux, session.pft) == ("US-AR1", "nee", "GRS")
    assert session.b.l4c.table()["GRS"].lue_max == 1.9
    assert session.query == "GRS.lue_max=1.9&tower=US-AR1&flux=nee"
    assert set(TAB_WORDS) == set(TABS)


def test_every_tab_opens_and_draws(page):
    document = Document()
    with set_curdoc(document):
        assert page.page.get_root(document) is not None
    for number, name in enumerate(TAB_WORDS):
        page.tabs.active = number
        settle(page, lambda name=name: page.tab_places[name][0] is getattr(page, name).pane)
        assert page.session.selection.tab == name
        if name == "skill":
            settle(page, lambda: np.isfinite(np.asarray(page.skill.ladder.source.data["low"], float)).sum() == 4)
        if name == "uncertainty":
            settle(page, lambda: page.uncertainty._frame is not None)
    assert len(page.site.series.model.data["b"]) == page.session.site.drivers.sizes["time"]
    assert list(page.skill.ladder.source.data["site"]) == sorted(
        TOWERS, key=lambda code: page.session.table.b.size["nee"][TOWERS.index(code)]
    )
    assert page.skill.table.pane.content.count("<tr data-key") == len(TOWERS)
    assert page.skill.ladder._line.visible
    assert page.skill.ladder._line.location == 1.6
    assert set(page.uncertainty._frame["site"]) == set(TOWERS)
    assert "US-AR1" in page.export.words.object


def test_a_moved_parameter_reaches_one_tower_and_every_tower_of_its_type(page):
    session = page.session
    page.tabs.active = list(TAB_WORDS).index("site")
    old, table = np.array(page.site.series.model.data["b"]), session.table
    points = page.site.series.observed.data
    page.controls.table.lue_max = 2.2
    settle(page, lambda: session.answer.b is not session.answer.a and session.table is not table)
    assert session.b.l4c.parameters == (("GRS", "lue_max", 2.2),)
    assert not np.allclose(page.site.series.model.data["b"], old, equal_nan=True)
    np.testing.assert_allclose(page.site.series.model.data["a"], old)
    assert page.site.series.observed.data is points  # what the tower saw does not travel again
    changed = session.table.b.scores["nee"].rmse != session.table.a.scores["nee"].rmse
    assert [site.site for site in np.array(session.sites)[changed]] == ["US-AR1"]
    page.skill.update()
    ladder, k = page.skill.ladder.source.data, TOWERS.index("US-AR1")
    place = list(ladder["site"]).index("US-AR1")
    assert ladder["score"][place] == session.table.b.scores["nee"].ubrmse[k]
    assert ladder["before"][place] == session.table.a.scores["nee"].ubrmse[k]
    page.controls.compare.reset.clicks += 1
    settle(page, lambda: session.table.b is session.table.a)


def test_a_flux_or_another_tower_is_drawn_and_sliders_turn_to_what_grows_there(page):
    session = page.session
    page.flux.value = "gpp"
    assert page.site.series.figure.yaxis.axis_label.startswith("GPP")
    page.controls.site.value = "FR-Hes"
    settle(page, lambda: session.answer.site.site == "FR-Hes")
    assert page.controls.table.lue_max == load_bplut()["DBF"].lue_max
    assert "FR-Hes" in page.site.series._title.object
    session.select(group="CCR")
    assert [site.site for site in session.shown] == ["US-ARM"]
    session.select(group="", search="hesse")
    assert [site.site for site in session.shown] == ["FR-Hes"]


def test_a_calibrated_table_takes_the_place_of_b_and_is_calib(page):
    session = page.session
    better = load_bplut()["GRS"]._replace(lue_max=1.3, f_aut=0.4)
    session.take_calibrated({"GRS": better})
    assert session.b.l4c.table()["GRS"] == better
    assert session.calibrated == session.b.l4c
    assert session.parameters.f_aut == 0.4
    settle(page, lambda: session.table.b is not session.table.a)


def test_a_tower_that_is_not_here_is_told(page):
    session = page.session
    session.selection = type(session.selection)(site="ZZ-Non")
    session._take(session.sites)
    assert session.selection.site == ""
    assert any("ZZ-Non" in text and "US-ARM" in text for _, text in page.told)


def test_of_several_files_of_a_tower_the_one_with_days_is_taken(tmp_path):
    from data_catalog.entry import FileEntry
    from explorer.data.library import Item

    def item(name, period, feeds, product="fluxnet"):
        row = FileEntry(product=product, kind="tower", site="AA-One", variables=("gpp",), period=period, feeds=feeds)
        return Item(name, row, "your folders")

    months = item("months", ("2000-01-01", "2010-12-01"), ("towers", "benchmarks"))
    short = item("short", ("2000-01-01", "2000-02-01"), ("drivers", "towers"))
    days = item("days", ("2001-01-01", "2003-12-31"), ("drivers", "towers"))
    others = item("others", ("1990-01-01", "2015-12-01"), ("towers",), product="dalec-tables")
    assert candidates([others, months, short, days])["AA-One"] is days
    assert candidates([others, short, months])["AA-One"] is months


def test_diagrams_place_a_series_by_its_scores():
    r, spread = np.array([0.8]), np.array([1.3])
    x, y = taylor_places(r, spread)
    ubrmse = np.sqrt(1 + spread**2 - 2 * spread * r)
    assert np.hypot(x - 1.0, y) == pytest.approx(ubrmse)
    x, y = target_places(np.array([0.3, -0.3]), np.array([0.4, 0.4]), np.array([1.2, 0.8]))
    np.testing.assert_allclose(np.hypot(x, y), 0.5)
    assert (x > 0).tolist() == [True, False]


def test_medians_follow_a_residual_along_its_driver_and_a_constant_driver_has_one():
    driver = np.linspace(0.0, 10.0, 501)
    centre, quartiles = medians_by(driver, 2.0 * driver)
    np.testing.assert_allclose(quartiles[1], 2.0 * centre, atol=0.05)
    assert centre.size == 10
    centre, quartiles = medians_by(np.full(40, 3.0), np.arange(40.0))
    assert centre.tolist() == [3.0]
    assert quartiles[1, 0] == 19.5
    assert medians_by(np.zeros(0), np.zeros(0))[0].size == 0
