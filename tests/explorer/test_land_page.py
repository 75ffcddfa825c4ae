"""The page Land without a browser: it builds, follows its session, and every tab draws the numbers of the model."""

import ast
from dataclasses import replace

import numpy as np
import pytest
from bokeh.document import Document
from panel.io.state import set_curdoc
from panel.pane import HTML, Markdown

from data_catalog.world.soil import parents_of, shipped
from data_catalog.world.soil_file import SMSF
from data_catalog.world.static import open_static
from explorer.land.address import MAPPED, TABS, LandSelection, plain_land, read_land, write_land
from explorer.land.engine import Engine
from explorer.land.open_loop import open_loop_field
from explorer.pages.land import LandPage
from explorer.pages.land_parameters import CONTROLS, table_values
from explorer.pages.take_away import LARGEST_EXPERIMENT
from explorer.worlds import Stage, Worlds, table_of
from models.experiment import Experiment
from models.land.params import SOIL_CLASSES, VEGETATION_CLASSES, parameter_table
from models.regions import REGIONS, Region
from tests.explorer.held import held
from tests.explorer.held import settle as settle_until

QUICK = "land.cycles=2&region=box&box=8.0,45.0,11.0,47.5"
"""Two passes through the year, and a region of a few cells."""


def made(address=QUICK):
    """Make a page whose posted calls wait for `settle`, as they wait for the event loop of a server."""
    return held(LandPage(address, Worlds()))


@pytest.fixture(scope="module")
def the_page():
    page = made()
    yield page
    page.session.close()


@pytest.fixture
def page(the_page):
    """The page as somebody finds it who has just opened it; it is made once, which takes a second."""
    session = the_page.session
    session.cancel()
    session.regional, session._history, the_page.told = None, [], []
    a, b, selection, _ = read_land(QUICK)
    session.edit(a=a, b=b, selection=selection)
    the_page.tabs.active = 0
    settle(the_page)
    return the_page


def settle(page, until=None):
    """Run what was posted until the numbers of the present state are drawn, or until a condition holds."""
    session = page.session

    def drawn():
        asked = session.answer.question if session.answer is not None else None
        return asked is not None and (asked.a, asked.b) == (session.a, session.b)

    settle_until(page, until or drawn)


def root(page):
    document = Document()
    with set_curdoc(document):
        return page.page.get_root(document)


def test_the_page_builds_without_a_browser_and_before_the_engine_is_ready():
    busy = Engine()
    busy._stage = Stage("land", "Compiling the land surface model (once)", 0.3)
    page = made("")
    page.session.engine = busy
    page.session.ask()
    assert root(page) is not None
    page._show_progress()
    assert "Compiling" in page.status.object
    busy._stage = Stage()
    assert page.session.follow() is False
    settle(page)
    page.session.close()


def test_a_moved_slider_changes_b_its_series_and_the_key_numbers(page):
    before = page.series.view.columns["soil_moisture_1_b"].copy()
    page.controls.parameters.table.porosity = 0.6
    settle(page)
    assert page.session.b.land.parameters == (("porosity", 0.6),)
    assert page.session.a.land.parameters == ()
    columns = page.series.view.columns
    assert (columns["soil_moisture_1_b"] != before).any()
    np.testing.assert_array_equal(columns["soil_moisture_1_a"], before)
    assert "against A" in page.kpis.pane.object
    assert "porosity 0.476 → 0.6 m³ m⁻³" in page.controls.compare.changed.object
    page.controls._on_moved({"b": 9.0})
    page.session.put_back("porosity")
    assert page.session.b.land.parameters == (("b", 9.0),)
    page.session.reset()
    settle(page)
    assert "same as A" in page.kpis.pane.object
    page.session.undo()
    assert page.session.b.land.parameters == (("b", 9.0),)


def test_every_declared_parameter_has_a_row_and_is_found_by_name(page):
    parameters = page.controls.parameters
    assert {c.name for c in CONTROLS} == set(parameter_table())
    assert {name for names in parameters.groups.values() for name in names} == set(parameter_table())
    for position in range(len(parameters.groups)):
        parameters._open(position)
    assert set(parameters.rows) == set(parameter_table())
    parameters.search.value = "snow_viscosity"
    assert parameters.found.objects == [parameters.rows["snow_viscosity"]]


def test_a_slider_that_counts_in_powers_of_ten_sets_the_parameter_in_its_unit(page):
    control = next(c for c in CONTROLS if c.name == "k_sat")
    assert "10⁻⁶ m s⁻¹" in control.label
    page.controls.parameters.table.k_sat = 5.5
    assert dict(page.session.b.land.parameters)["k_sat"] == 5.5e-6


def test_every_published_value_lies_on_its_slider_and_comes_back_unrounded():
    for vegetation in range(1, len(VEGETATION_CLASSES) + 1):
        values = table_values(vegetation, 1 + vegetation % len(SOIL_CLASSES))
        for control in CONTROLS:
            value = values[control.name]
            assert control.held(control.shown((value,))) == (pytest.approx(value, rel=1e-9, abs=0.0),), control.name


def test_a_class_brings_its_column_of_the_table(page):
    page.controls.soil.value = SOIL_CLASSES.index("sand") + 1
    settle(page)
    assert dict(page.session.b.land.columns) == {"soil": 1}
    assert page.controls.parameters.table.porosity == 0.339
    assert page.controls.parameters.table.edited == []
    assert float(page.session.answer.b.columns.get("porosity")[0]) == 0.339
    page.controls.soil.value = 0
    assert page.session.b.land.columns == ()


def test_options_reach_the_experiment_and_a_keeps_its_own(page):
    page.controls.choices["hydraulics"].value = "van_genuchten"
    page.controls.choices["drainage"].value = "groundwater"
    page.controls.cycles.value = 3
    page.controls.settle.value = False
    land = page.session.b.land
    assert (land.hydraulics, land.drainage, land.cycles, land.stop_when_settled) == (
        "van_genuchten",
        "groundwater",
        3,
        False,
    )
    assert page.session.a.land.hydraulics == "clapp_hornberger"


def test_each_tab_is_drawn(page):
    for tab in TABS:
        page.tabs.active = TABS.index(tab)
        assert page.session.selection.tab == tab
        settle(page, lambda tab=tab: tab != "texture" or page.texture.view.text)
    assert root(page) is not None


def test_balances_close_and_the_spin_up_is_told_against_its_criterion(page):
    page.tabs.active = TABS.index("balances")
    text = page.balances.text.object
    assert "Water and carbon close" in text
    assert "criterion 0.001" in text
    assert np.abs(page.balances.view.columns["water_b"]).max() < 1e-9


def test_the_hours_of_a_day_are_those_of_that_day_whatever_the_step_of_a(page):
    page.tabs.active = TABS.index("day")
    page.day.day.value = 40
    columns, hours = page.day.view.columns, page.session.answer.b.hours
    np.testing.assert_array_equal(columns["le_b"], hours["le"].values[39 * 24 : 40 * 24])
    page.session.options(time_step=3.0)
    settle(page)
    assert page.day.view.columns["le_b"].size == 8
    assert np.isfinite(page.day.view.columns["le_a"]).all()


def test_the_triangle_of_soils_is_one_at_its_reference_and_changes_with_the_variable(page):
    page.tabs.active = TABS.index("texture")
    settle(page, lambda: page.texture.view.text and page.texture._asked is None)
    page.texture.variable.value = "ssm"
    points = page.texture.view._points.data
    at = (points["sand"] == 10.0) & (points["clay"] == 10.0)
    assert points["shown"][at] == 1.0
    assert points["shown"][points["sand"] == 90.0].max() < 1.0, "sand holds less water"
    page.texture.variable.value = "nee"
    assert page.texture.view._points.data["shown"][at] == 0.0
    assert page.session.selection.surface == "nee"
    page.controls.choices["hydraulics"].value = "van_genuchten"
    settle(page)
    assert "Clapp and Hornberger" in page.texture.words.object


def test_a_tower_is_compared_with_what_it_measured(page):
    page.tabs.active = TABS.index("tower")
    assert "Choose Tower" in page.tower.words.object
    page.session.where(dataset="tower", site="FR-Hes")
    settle(page)
    assert page.tower.shown.visible
    columns = page.tower.series.columns
    assert np.isfinite(columns["ssm_obs"]).sum() > 300
    assert "ubRMSE" in page.tower.scores.pane.object
    page.tower.variable.value = "le"
    seen = np.isfinite(page.tower.pairs.points.data["observed"]).sum()
    assert 0 < seen < 366, "few days of latent heat: points"
    page.session.visit((46.0, 9.0))
    settle(page)
    assert page.session.b.dataset == "reference-earth"
    assert not page.tower.shown.visible


def test_a_region_says_what_it_takes_fills_the_map_and_tells_when_it_is_out_of_date(page):
    session = page.session
    settle(page, lambda: page.map.update() or session.lands)
    assert "cells" in page.map.cost.object
    assert "open loop; run the region" in page.map.view.caption
    assert page.map.synthetic
    session.select(variable="lai")
    assert "run the region for LAI" in page.map.view.caption
    assert not page.map.synthetic, "the elevation stands in for what the open loop does not hold"
    session.select(variable="ssm")
    session.run_region()
    assert page.map.run.disabled
    settle(page, lambda: session.regional.finished)
    cells = session.cells(session.b.region)
    seen = np.isfinite(page.map.view.values)
    assert set(np.flatnonzero(seen)) == set(cells)
    assert page.map.synthetic
    for variable in ("gpp", "soil_moisture_3", "swe"):
        for when in ("annual", "m07", "d196"):
            session.select(variable=variable, when=when)
            assert np.isfinite(page.map.view.values[cells]).all()
    session.select(show="B-A", when="annual", variable="et")
    assert (page.map.view.values[cells] == 0.0).all()
    assert page.map.view.scale.unit == "mm yr⁻¹"
    session.move({"porosity": 0.6})
    assert "run again" in page.map.view.caption


def test_a_cancelled_region_leaves_the_map_that_was_there(page):
    session = page.session
    session.where(region=REGIONS["Europe"])
    session.run_region()
    settle(page, lambda: session.share is not None)
    session.cancel()
    settle(page, lambda: session.share is None)
    assert session.regional is None
    assert not page.map.run.disabled


def test_a_place_that_is_moved_does_not_take_the_progress_of_a_region_away(page):
    session = page.session
    session.progressed("Running 823 cells of Europe", 0.2, "slow region")
    session.progressed("Running A and B at the selected place", 0.9)
    session.idle()
    assert (session.share, session.doing) == (0.2, "Running 823 cells of Europe")
    session.idle("slow region")
    assert session.share is None


def test_a_click_selects_the_nearest_cell_and_one_at_sea_says_so(page):
    table = table_of("108km")
    cell = table.nearest(-5.0, -60.0)
    page.map._on_tap(float(table.latitude[cell]) + 0.1, float(table.longitude[cell]))
    assert page.session.selection.at == (table.latitude[cell], table.longitude[cell])
    page.map._on_tap(5.0, -140.0)
    assert "no land" in page.told[-1][1]
    with pytest.raises(ValueError, match="no land"):
        page.map.draw(-140.0, 2.0, -130.0, 8.0)
    page.map.draw(0.0, 45.0, 5.0, 48.0)
    assert page.session.a.region == page.session.b.region == Region("drawn", 0.0, 45.0, 5.0, 48.0)


def test_a_region_that_is_too_large_says_so_and_cannot_be_run(page):
    page.session.where(grid="36km", region=REGIONS["world"])
    assert "the page runs up to" in page.map.cost.object
    assert page.map.run.disabled
    with pytest.raises(ValueError, match="launch"):
        page.session.run_region()


def test_the_address_opens_exactly_what_was_shared(page):
    session = page.session
    session.move({"vcmax25": 61.5})
    session.column(soil=6)
    session.promote()
    session.move({"b": 7.5})
    session.select(variable="swe", when="m03", show="A", tab="day", day=77, group="snow", surface="gpp")
    other = made(session.query)
    assert (other.session.a, other.session.b) == (session.a, session.b)
    assert other.session.selection == session.selection
    assert other.session.problems == []
    other.session.close()


def test_an_address_without_anything_is_short_and_one_with_the_world_says_so():
    plain = plain_land()
    assert write_land(plain, plain, LandSelection()) == ""
    world = replace(plain, region=REGIONS["world"])
    assert read_land(write_land(world, world, LandSelection()))[1] == world


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("land.parameters.porosity=7", ["porosity", "7", "0.1"]),
        ("land.columns.soil=99", ["soil", "99", "19"]),
        ("land.time_step=2", ["time_step", "2", "0.5"]),
        ("variable=love", ["variable", "love", "ssm"]),
        ("day=999", ["day", "999"]),
        ("at=91,0", ["at", "91", "90"]),
        ("model=l4c", ["model", "land"]),
        ("site=<script>", ["site", "tower"]),
    ],
)
def test_an_address_that_cannot_be_names_the_field_and_what_is_accepted(wrong, words):
    a, b, selection, problems = read_land(wrong)
    assert len(problems) == 1
    assert all(word in problems[0] for word in words)
    assert (a, b, selection) == (plain_land(), plain_land(), LandSelection())


def test_hostile_text_in_the_address_is_never_shown_as_code():
    evil = "<img src=x onerror=alert(1)>"
    page = made(f"region={evil}&site={evil}&{evil}=1&land.parameters.{evil}=1&tab={evil}&dataset=tower")
    shown = "".join(str(pane.object) for pane in page.page.select((HTML, Markdown)))
    assert "<img" not in shown
    assert page.session.problems
    page.session.close()


def test_a_tower_that_is_not_here_is_told_of(page):
    page.session.where(dataset="tower", site="XX-Non")
    settle(page, lambda: page.told)
    assert "XX-Non" in page.told[-1][1]
    assert page.session.b.dataset == "reference-earth", "the page shows again what it had"


def test_an_address_with_a_tower_that_is_not_here_opens_a_cell_and_says_so():
    for address, words in (("dataset=tower&site=XX-Non", "XX-Non"), ("dataset=file", "command line")):
        page = made(address)
        assert page.session.b.dataset == page.session.a.dataset == "reference-earth"
        assert words in page.session.problems[0]
        page.session.close()


def test_pinned_runs_keep_their_place_and_their_numbers(page):
    page.tabs.active = TABS.index("runs")
    page.session.move({"porosity": 0.6})
    settle(page)
    page.session.pin()
    page.session.reset()
    page.session.select(at=(40.0, -4.0))
    settle(page)
    assert len(page.runs.rows) == 3
    pin = page.session.pins[0]
    page.session.reopen(pin)
    settle(page)
    assert page.session.b.land.parameters == (("porosity", 0.6),)
    assert page.session.selection.at == (46.0, 9.0)
    page.session.remove(pin)
    assert len(page.runs.rows) == 2


def test_files_taken_home_hold_the_numbers_and_open_again(page):
    page.session.move({"vcmax25": 61.5})
    settle(page)
    page.tabs.active = TABS.index("runs")
    text = page.runs._series().decode()
    assert "soil_moisture 0-10 cm B [m3 m-3]" in text
    assert "synthetic weather" in text
    ast.parse(page.runs._script().decode())
    saved = page.runs._toml()
    assert Experiment.from_toml(saved).region.name == "cell"
    page.runs.of.value = "region"
    assert Experiment.from_toml(page.runs._toml()) == page.session.b
    page.session.reset()
    page.runs.open.read(saved)
    assert page.session.b.land.parameters == (("vcmax25", 61.5),)
    assert page.session.a.region == page.session.b.region
    page.map.update()
    settle(page, lambda: page.session.lands)
    assert page.runs._picture().startswith(b"\x89PNG")


def test_the_place_is_taken_home_as_netcdf(page):
    page.tabs.active = TABS.index("runs")
    page.runs._prepare()
    settle(page, lambda: page.runs.netcdf.data)
    assert not page.runs.netcdf.save.disabled
    page.session.move({"b": 7.0})
    assert page.runs.netcdf.save.disabled, "a file of another experiment is withdrawn"


@pytest.mark.parametrize(
    ("text", "words"),
    [(b'model = "l4c"', 'this page runs "land"'), (b'model = "land"\ndataset = "file"', "runs on a file")],
)
def test_an_experiment_of_another_kind_is_refused(page, text, words):
    with pytest.raises(ValueError, match=words):
        page.runs.open.read(text)
    with pytest.raises(ValueError, match="fewer than"):
        page.runs.open.read(b"x" * (LARGEST_EXPERIMENT + 1))


def test_two_visitors_share_no_model_and_no_state():
    documents = [Document(), Document()]
    pages = []
    for document in documents:
        with set_curdoc(document):
            page = made()
            for name in ("day", "texture"):
                page._open(name)
            document.add_root(page.page.get_root(document))  # raises if a model belongs to another visitor
            pages.append(page)
    assert not set(documents[0].models) & set(documents[1].models)
    pages[0].session.b = replace(pages[0].session.b, land=replace(pages[0].session.b.land, parameters={"b": 9.0}))
    assert pages[1].session.b.land.parameters == ()
    assert pages[1].controls.parameters.table.b != 9.0
    for page in pages:
        page.session.close()
        assert page.session.regional is None


def test_every_variable_of_the_map_has_a_unit_or_is_a_fraction(page):
    page.session.select(variable=MAPPED[0])
    for variable in page.map.variable.options.values():
        page.map._scale(variable, "annual", False, np.array([0.1, 0.2]))


def test_until_a_region_is_run_the_map_shows_the_soil_of_the_worlds_open_loop():
    run = shipped()
    ssm = open_loop_field("108km", "ssm", "annual")
    in_order = parents_of(open_static("108km"), "108km")
    assert np.allclose(ssm, (run.soil[:, SMSF].mean(axis=1) * run.porosity / 100.0)[in_order])
    assert ssm.max() < 0.6, "m3 m-3, not per cent"
    july, day = (open_loop_field("108km", "t_soil", when) for when in ("m07", "d196"))
    assert np.abs(july - day).mean() < 5.0
    assert len(open_loop_field("36km", "rzsm", "m01")) == open_static("36km").sizes["cell"]
