"""The page Carbon without a browser: it builds, follows its session, and shows no one else's code."""

import html
import re

import pytest
from bokeh.document import Document
from panel.io.state import set_curdoc
from panel.pane import HTML, Markdown

from explorer.address import TABS
from explorer.pages import PAGES
from explorer.pages.carbon import CarbonPage
from explorer.pages.carbon_runs import RunsTab
from explorer.pages.take_away import LARGEST_EXPERIMENT
from explorer.upstream import busy_watchers
from explorer.worlds import GRIDS, Worlds
from models.l4c.params import RAMPS, L4CParams
from models.regions import REGIONS
from tests.explorer.held import held
from tests.explorer.held import settle as settle_until


def made(worlds, address=""):
    """Make a page whose posted calls wait for `settle`, as they wait for the event loop of a server."""
    return held(CarbonPage(address, worlds))


@pytest.fixture
def page(worlds):
    page = made(worlds)
    yield page
    page.session.close()


def settle(page):
    """Run what was posted until the numbers of the present state are drawn; returns them."""
    session = page.session

    def drawn():
        asked = session.answer.question if session.answer is not None else None
        return asked is not None and (asked.a, asked.b, asked.selection) == (session.a, session.b, session.selection)

    settle_until(page, drawn)
    return session.answer


def test_every_page_has_a_name_an_address_and_a_word_on_what_it_is():
    for page in PAGES:
        assert page.title
        assert page.slug.isidentifier()
        assert len(page.lead) > 20


def test_the_way_to_a_page_of_the_same_model_takes_the_experiments_along():
    page = CarbonPage("GRS.lue_max=1.9&region=Europe&variable=nee", Worlds())
    links = dict(re.findall(r'href="\./([a-z]+)\??([^"]*)"', page.ways[0].object))
    assert list(links) == [one.slug for one in PAGES]
    assert not links["land"]
    assert not links["data"]
    for other in (one for one in PAGES if one.takes == "l4c"):
        opened = other(html.unescape(links[other.slug]), Worlds())
        assert opened.session.problems == []
        assert opened.session.b.l4c == page.session.b.l4c
        assert opened.session.b.region == REGIONS["Europe"]
        opened.session.close()
    page.session.close()


def test_the_page_builds_without_a_browser_and_before_any_world_is_ready():
    document = Document()
    page = CarbonPage("", Worlds())
    with set_curdoc(document):
        root = page.page.get_root(document)
    assert root is not None
    assert page.session.answer is None
    assert busy_watchers(page.page) == []
    page.session.close()


def test_a_moved_slider_changes_b_and_what_is_drawn(page):
    page.session.ask()
    settle(page)
    before = page.map.view.values.copy()
    page.controls.table.lue_max = 3.0
    settle(page)
    assert page.session.b.l4c.parameters == (("GRS", "lue_max", 3.0),)
    assert page.session.a.l4c.parameters == ()
    assert (page.map.view.values > before).any()
    assert "lue_max" in page.controls.compare.changed.object
    assert page.controls.table.edited == ["lue_max"]


def test_a_dragged_ramp_limit_moves_the_slider_and_back(page):
    page.session.ask()
    settle(page)
    page.ramps._on_drag("vpd", 400.0, 3000.0)
    assert page.controls.table.vpd == (400.0, 3000.0)
    page.controls.table.vpd = (500.0, 3500.0)
    params = page.session.b.l4c.table()["GRS"]
    assert (params.vpd_low, params.vpd_high) == (500.0, 3500.0)


@pytest.mark.parametrize("driver", [*RAMPS, "t_soil"])
def test_each_constraint_has_an_editor(page, driver):
    page.ramps.driver.value = driver
    page.session.ask()
    settle(page)
    assert page.ramps.editor.driver == driver
    fields = {"t_soil": ("tsoil_beta",)}.get(driver, RAMPS.get(driver))
    values = [getattr(page.session.b.l4c.table()["GRS"], f) + 5.0 for f in fields]
    page.ramps._on_drag(driver, values[0], values[-1])
    table = page.session.b.l4c.table()["GRS"]
    assert [getattr(table, f) for f in fields] == pytest.approx(values)


def test_a_value_that_is_refused_puts_the_slider_back_and_says_why(page):
    with pytest.raises(ValueError, match="tmin_low"):
        page.controls.move("GRS", {"tmin_low": 999.0})
    assert page.session.b.l4c.parameters == ()


def test_one_click_resets_one_parameter(page):
    page.controls.table.lue_max = 3.0
    page.controls.table.f_aut = 0.6
    control = next(c for c in page.controls.table.controls if c.name == "lue_max")
    page.controls._on_reset(control)
    assert page.session.b.l4c.parameters == (("GRS", "f_aut", 0.6),)


def test_every_parameter_of_every_plant_type_can_be_reached(page):
    for pft in page.controls.pft.options.values():
        page.controls.pft.value = pft
        shown = page.session.b.l4c.table()[pft]
        for control in page.controls.table.controls:
            value = getattr(page.controls.table, control.name)
            expected = tuple(getattr(shown, f) for f in control.fields)
            assert (value if isinstance(value, tuple) else (value,)) == expected
    assert len(L4CParams._fields) == sum(len(c.fields) for c in page.controls.table.controls)


def test_switches_and_options_reach_the_experiment(page):
    page.controls.switches.value = [s for s in page.controls.switches.value if s != "vpd"]
    page.controls.choices["frozen_gpp"].value = "zero"
    page.controls.choices["spin_up"].value = "experiment"
    page.controls.choices["bplut"].value = "V5"
    options = page.session.b.l4c
    assert (options.without, options.frozen_gpp, options.spin_up, options.bplut) == (
        ("vpd",),
        "zero",
        "experiment",
        "V5",
    )
    assert page.session.a.l4c.bplut == "V7"


def test_regions_by_name_and_by_box(page):
    page.session.ask()
    settle(page)
    page.controls.where.region.value = "Northern land"
    assert page.session.b.region == REGIONS["Northern land"]
    page.controls.where.draw(-90.0, -40.0, 90.0, 60.0)
    assert page.session.b.region.name == "drawn"
    assert page.controls.where.region.value == "Drawn box"
    with pytest.raises(ValueError, match="no land cell"):
        page.controls.where.draw(-140.0, -60.0, -139.9, -59.9)


def test_a_click_on_the_map_selects_the_nearest_cell_and_one_at_sea_says_so(page, world):
    page.session.ask()
    settle(page)
    lat, lon = float(world.latitude[7]), float(world.longitude[7])
    page.map._on_tap(lat + 0.1, lon + 0.1)
    assert page.session.selection.at == (lat, lon)
    assert settle(page).cell == 7
    away = next((a, o) for a in range(-80, 80, 10) for o in range(-170, 180, 10) if _far(world, a, o))
    page.map._on_tap(*map(float, away))
    assert page.session.selection.at == (lat, lon)
    assert "no land" in page.told[-1][1]


def _far(world, lat, lon):
    cell = world.table.nearest(lat, lon)
    return abs(world.latitude[cell] - lat) > 6


def test_period_variable_and_view_switches_are_in_the_selection(page):
    page.map.period.value = "m"
    page.map.month.value = "Mar"
    page.map.variable.value = "soc"
    page.map.show.value = "B-A"
    assert page.session.selection.when == "m03"
    assert (page.session.selection.variable, page.session.selection.show) == ("soc", "B-A")
    settle(page)
    assert page.map.view.scale.diverging


def test_limits_of_the_map_stay_while_a_slider_moves(page):
    page.session.ask()
    settle(page)
    scale = page.map.view.scale
    page.controls.table.lue_max = 3.5
    settle(page)
    assert page.map.view.scale is scale


@pytest.mark.parametrize("tab", [tab for tab in TABS if tab != "towers"])
def test_each_tab_draws_the_numbers(page, tab):
    page.session.ask()
    settle(page)
    page.tabs.active = TABS.index(tab)
    settle(page)
    assert page.session.selection.tab == tab
    document = Document()
    with set_curdoc(document):
        assert page.page.get_root(document) is not None


def test_hostile_text_in_the_address_is_never_shown_as_code(worlds):
    evil = "<img src=x onerror=alert(1)>"
    page = CarbonPage(f"pft={evil}&region={evil}&tower={evil}&{evil}=1&GRS.lue_max={evil}", worlds)
    document = Document()
    with set_curdoc(document):
        page.page.get_root(document)
    shown = "".join(str(pane.object) for pane in page.page.select((HTML, Markdown)))
    assert "<img" not in shown
    assert page.session.problems
    page.session.close()


def test_a_hostile_region_name_in_a_file_is_refused(page):
    page.session.ask()
    settle(page)
    text = b'[region]\nname = "<script>alert(1)</script>"\nwest = 0\nsouth = 0\neast = 9\nnorth = 9\n'
    with pytest.raises(ValueError, match="region cannot be called"):
        page.runs.open.read(text)
    with pytest.raises(ValueError, match="fewer than"):
        page.runs.open.read(b"x" * (LARGEST_EXPERIMENT + 1))


def test_an_experiment_of_another_model_is_refused(page):
    with pytest.raises(ValueError, match='this page runs "l4c"'):
        page.runs.open.read(b'model = "land"')


def test_an_experiment_file_opens_as_b(page):
    page.controls.table.lue_max = 3.0
    settle(page)
    text = page.runs._toml()
    page.session.reset()
    page.runs.open.read(text)
    assert page.session.b.l4c.parameters == (("GRS", "lue_max", 3.0),)


def test_a_saved_bplut_comes_back_as_the_same_experiment(page):
    page.controls.table.lue_max = 3.0
    saved = page.controls._bplut().read()
    page.session.reset()
    page.controls._load_table(saved)
    assert page.session.b.l4c.parameters == (("GRS", "lue_max", 3.0),)
    with pytest.raises(ValueError, match="column"):
        page.controls._load_table(b"a,b\n1,2\n")


def test_exports_of_what_is_shown_are_not_empty(page):
    with pytest.raises(ValueError, match="computed"):
        page.runs._series()
    page.session.ask()
    settle(page)
    assert page.runs._picture().startswith(b"\x89PNG")
    assert b"gpp" in page.runs._series()
    assert b"GRS" in page.runs._totals()
    assert b"experiment" in page.runs._script().lower()


def test_pins_show_in_the_table_and_leave_it(page):
    page.session.ask()
    settle(page)
    rows = len(page.runs.rows)
    page.session.pin()
    assert len(page.runs.rows) == rows + 1
    page.session.remove(page.session.pins[0])
    assert len(page.runs.rows) == rows


def test_a_too_large_netcdf_names_the_limit_and_the_command_line():
    text = RunsTab._too_large(3_000_000_000)
    assert "50 MB" in text
    assert "3,000" in text
    assert "python launch.py run" in text


def test_two_visitors_can_look_at_every_tab_at_the_same_time(worlds):
    documents = [Document(), Document()]
    for document in documents:
        with set_curdoc(document):
            page = CarbonPage("", worlds)
            roots = [page.page.get_root(document)]
            roots += [pane.get_root(document) for pane in (page.towers.pane, page.totals.pane, page.equations.pane)]
            for root in roots:
                document.add_root(root)  # raises if a model belongs to another visitor
            page.session.close()
    assert not set(documents[0].models) & set(documents[1].models)


def test_pages_share_no_state(worlds):
    one, two = CarbonPage("", worlds), CarbonPage("", worlds)
    one.controls.table.lue_max = 3.0
    assert two.session.b.l4c.parameters == ()
    assert two.controls.table.lue_max != 3.0
    one.session.close()
    two.session.close()


def test_the_grids_on_screen_are_those_of_the_world():
    assert GRIDS == ("108km", "36km")
