"""The page Assimilation without a browser: it runs a small region, draws every tab, and says what is wrong."""

from dataclasses import replace

import numpy as np
import param
import pytest
import xarray as xr
from bokeh.document import Document
from panel.io.state import set_curdoc
from panel.pane import HTML, Markdown
from zarr.storage import ZipStore

from explorer.assimilation import runs
from explorer.assimilation.address import SHOWN, TABS, plain_assimilation, read_assimilation, write_assimilation
from explorer.assimilation.export import zarr_of
from explorer.assimilation.presets import PRESETS, changes, preset_of
from explorer.assimilation.scales import title_of, unit_of_statistic
from explorer.pages.assimilation import AssimilationPage
from explorer.pages.assimilation_maps import field_of
from explorer.upstream import busy_watchers
from explorer.worlds import Worlds
from models.experiment import Experiment
from models.kernel import Cancelled
from models.regions import Region
from tests.explorer.held import held, settle

SMALL = "region=drawn&box=-6.0,39.0,-3.0,41.5&assimilation.members=5&assimilation.spin_up=0&assimilation.warm_up=5"
"""A few cells of Spain with few members, over the whole year that carbon needs."""

pytestmark = pytest.mark.xdist_group("assimilation page")  # its tests share one run

BOTH = "&assimilation.sensors.ssm.use=assimilate&assimilation.sensors.lai.use=monitor"


def made(address=""):
    """Make a page whose posted calls wait for `settle`, as they wait for the event loop of a server."""
    page = held(AssimilationPage(address, Worlds()))
    page.session.loaded = True
    return page


@pytest.fixture(scope="module")
def page():
    """A page with a finished run; tests put back what they change."""
    page = made(SMALL + BOTH)
    page.session.ask()
    settle(page, lambda: page.session.is_shown)
    yield page
    page.session.close()


def column(view, name):
    """Return the values of a source's column, of whichever source of the view has it."""
    sources = [value for value in vars(view).values() if hasattr(value, "data") and name in value.data]
    return np.asarray(sources[0].data[name])


def test_the_page_builds_before_any_run_and_shows_no_hostile_text_of_its_address_as_code():
    evil = "<img src=x onerror=alert(1)>"
    page = made(f"sensor={evil}&region={evil}&tab={evil}&{evil}=1&assimilation.members={evil}")
    document = Document()
    with set_curdoc(document):
        assert page.page.get_root(document) is not None
    assert page.session.answer is None
    assert "No run yet" in page.label.object
    assert busy_watchers(page.page) == []
    shown = "".join(str(pane.object) for pane in page.page.select((HTML, Markdown)))
    assert "<img" not in shown
    assert len(page.session.problems) >= 4
    page.session.close()


def test_a_run_says_that_its_truth_is_known_and_that_it_is_synthetic(page):
    assert "Synthetic twin, truth known" in page.label.object
    assert page.session.answer.result.complete
    assert "Observations used" in page.kpis.pane.object
    assert np.isfinite(page.maps.map.view.values).sum() == page.session.size.cells


def test_the_page_says_how_long_and_how_large_a_run_is_before_it_starts(page):
    said = page.controls.estimate.object
    assert f"{page.session.size.cells} cells × 365 days × 5 members" in said
    assert "MB" in said
    assert "on screen" in said


@pytest.mark.parametrize("tab", TABS)
def test_each_tab_draws_numbers(page, tab):
    page.session.select(tab=tab)
    document = Document()
    with set_curdoc(document):
        assert getattr(page, tab).pane.get_root(document) is not None
    if tab == "maps":
        assert np.isfinite(column(page.maps.series, "da")).all()
        assert "analysis" in page.maps.map.view.figure.title.text.lower()
    if tab == "innovations":
        view = page.innovations
        assert len(view.increments.source.data["image"]) == 1
        assert view.histogram.sources[0].data["density"].max() > 0.2
        assert np.isfinite(view.hovmoeller.source.data["image"][0]).any()
        assert "points" in view.pairs.text, "two sensors that see the same day"
    if tab == "verdict":
        assert "SSM" in page.verdict.sentences.object
        watched = page.session.answer.result.diagnostic("ssm", "count") > 0
        assert len(page.verdict.level.sources[0].data["sd"]) == watched.sum() > 0
        assert page.verdict.ranks.source.data["share"].size == 6
        assert page.verdict.desroziers.source.data["sensor"] == ["SSM", "LAI"]
    if tab == "skill":
        assert page.skill.boxes.source.data["group"] == ["SSM", "RZSM", "LAI", "GPP", "ET"]
        assert "p" in page.skill.table.object
    if tab == "carbon":
        settle(page, lambda: page.carbon.shown is not None)
        assert np.isfinite(page.carbon.map.view.values).any()
        assert "Open Loop" in page.carbon.table.object
        assert page.carbon.lines.source.data["ops"].size == 365
    if tab == "cell":
        settle(page, lambda: page.cell.shown is not None)
        assert len(page.cell.updates) > 50
        assert len(page.cell.update_view.members.data["before"]) == 5
        assert "innovation" in page.cell.update_view.sentence.object
    if tab == "paper":
        assert "0.065" in page.paper.printed.object
        settle(page, lambda: "Fig. 11" in page.paper.figures.object)
        assert "not on board" in page.paper.figures.object
        assert "Less than 3 years" in page.paper.size.object
    if tab == "runs":
        assert "observations used" in page.runs.rows[0].object


def test_arrow_keys_and_slider_step_through_the_updates_of_a_cell(page):
    page.session.select(tab="cell", update=0)
    settle(page, lambda: page.cell.shown is not None)
    before = page.cell.update_view.sentence.object
    page.cell.update_view._on_turn("data", None, {"step": [1], "turn": [1]})
    assert page.session.selection.update == 1
    assert "Update 2 of" in page.cell.update_view.sentence.object != before
    page.cell.which.value = 5
    assert page.session.selection.update == 4
    page.cell.step(-10)
    assert page.session.selection.update == 0
    page.cell.used_only.value = False
    assert any(not one.used for one in page.cell.updates)
    page.cell.used_only.value = True


def test_an_increment_is_the_gain_times_the_innovation(page):
    page.session.select(tab="cell")
    settle(page, lambda: page.cell.shown is not None)
    for one in page.cell.updates[:40]:
        np.testing.assert_allclose(one.gain[0], one.weight, rtol=0.02)  # float32 against float64
        expected = one.gain * one.innovation
        np.testing.assert_allclose(one.increment[:4], expected[:4], atol=2e-6 + 0.02 * np.abs(expected).max())


def test_a_click_on_the_map_selects_a_cell_of_the_run_and_one_elsewhere_says_so(page):
    twin = page.session.answer.result.twin
    lat, lon = float(twin.latitude[3]), float(twin.longitude[3])
    page.maps.map._on_tap(lat + 0.1, lon - 0.1)
    assert page.session.selection.at == (lat, lon)
    page.maps.map._on_tap(10.0, 60.0)
    assert page.session.selection.at == (lat, lon)
    assert "no cell" in page.told[-1][1]


def test_every_statistic_of_variables_and_sensors_can_be_mapped_with_its_unit(page):
    outcome, cells = page.session.answer, page.session.size.cells
    for statistic in page.maps.statistic.options.values():
        for show in SHOWN:
            selection = replace(page.session.selection, statistic=statistic, show=show, variable="ssm", sensor="ssm")
            assert field_of(outcome, selection).shape == (cells,)
            assert isinstance(unit_of_statistic(selection), str)
            assert "·" in title_of(selection)
    page.session.select(tab="maps", statistic="spread", variable="gpp", show="analysis")
    assert not np.isfinite(page.maps.map.view.values).any(), "members of GPP are not kept"
    page.session.select(statistic="mean", variable="ssm", show="difference")


def test_another_sensor_keeps_truth_and_open_loop(page):
    session, first = page.session, page.session.answer.result
    session.edit(b=replace(session.b, assimilation=session.b.assimilation.with_sensor("ssm", error_std=0.05)))
    settle(page, lambda: session.is_shown)
    second = session.answer.result
    assert second.twin is first.twin
    assert second.open_loop is first.open_loop
    assert second.choices.sensor("ssm").error_std == 0.05
    session.undo()
    settle(page, lambda: session.is_shown)
    assert session.answer.result is first, "a finished run is kept"
    other = replace(session.b, assimilation=session.b.assimilation.with_sensor("ssm", error_std=0.031))
    kept = runs.kept(other)
    assert kept.truth
    assert kept.open_loop
    assert kept.seconds < runs.size_of(other).seconds
    assert not runs.kept(replace(other, seed=77)).truth


def test_before_a_run_every_tab_says_what_it_will_show_and_what_to_do():
    page = made(SMALL.replace("members=5", "members=7"))
    for tab in ("innovations", "verdict", "skill", "carbon", "cell"):
        page.session.select(tab=tab)
        card = page.tab_places[tab][0]
        assert "press Run" in card.objects[0].object
        assert card.objects[1].label == "Run the preview"
    assert not page.maps.series.pane.visible, "no axes without numbers"
    page.session.close()


def test_members_of_a_cell_are_there_while_the_run_goes_on(page):
    session = page.session
    session.select(tab="cell")
    settle(page, lambda: page.cell.updates)
    tab = page.cell
    assert not tab._outgrown(session.answer.result.days_done)
    with param.parameterized.discard_events(session):
        session.running = True
    assert not tab._outgrown(tab._days + 30)
    assert tab._outgrown(2 * tab._days)
    with param.parameterized.discard_events(session):
        session.running = False


def test_b_less_a_compares_two_runs_once_a_is_promoted(page):
    session = page.session
    session.promote()
    session.select(tab="maps", show="B-A")
    np.testing.assert_array_equal(page.maps.map.view.values[session.answer.result.twin.cells], 0.0)
    session.baseline_table()
    assert np.nanmax(np.abs(page.maps.map.view.values)) > 0.0
    session.select(show="difference")


def test_the_paper_s_presets_are_recognised_and_set_their_sensors(page):
    plain = plain_assimilation().assimilation
    for title, choose in PRESETS.items():
        assert preset_of(choose(plain)) == title
        assert choose(plain).members == plain.members
    b = replace(page.session.b, assimilation=PRESETS["SSM + VOD"](plain))
    assert any("X band" in word for word in changes(page.session.baseline_of(b), b))


def test_an_address_reopens_the_state():
    address = SMALL + BOTH + "&tab=verdict&sensor=lai&when=JJA&assimilation.sensors.ssm.error_std=0.05"
    a, b, selection, problems = read_assimilation(address)
    assert problems == []
    assert (selection.tab, selection.sensor, selection.when) == ("verdict", "lai", "JJA")
    assert read_assimilation(write_assimilation(a, b, selection))[:3] == (a, b, selection)
    plain = plain_assimilation()
    assert write_assimilation(*read_assimilation("")[:3]) == ""
    assert read_assimilation("")[1] == plain


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("assimilation.sensors.ssm.error_std=-1", "error_std = -1"),
        ("assimilation.members=1", "members = 1"),
        ("period=2050-01-01,2050-03-01", "2050"),
        ("region=nowhere&box=-140,-60,-139,-59", "holds no cell"),
        ("region=world&assimilation.time_step=1.0", "python launch.py run"),
    ],
)
def test_bad_settings_give_one_clear_message(address, words):
    _a, b, _selection, problems = read_assimilation(address)
    if not problems:
        try:
            problems = [runs.size_of(b).refusal]
        except ValueError as error:
            problems = [str(error)]
    assert len(problems) == 1
    assert words in problems[0]


def test_a_hand_s_bad_number_is_refused_and_the_page_shows_the_old_one(page):
    before = page.session.b
    with pytest.raises(ValueError, match="updates is empty"):
        page.controls._on_sensor("ssm", (), {"updates": ()})
    assert page.session.b == before
    with pytest.raises(ValueError, match="forcing_interval"):
        page.controls.filter._move_numbers({"forcing_interval": 5.0})
    assert page.session.b == before


def test_a_cancelled_run_keeps_what_is_done_and_is_gone_on_with():
    region = Region("drawn", -6.0, 39.0, -2.5, 41.5)
    experiment = replace(plain_assimilation(), region=region, period=("2015-01-01", "2015-06-30"))
    experiment = replace(
        experiment, assimilation=replace(experiment.assimilation, members=6, spin_up=0, warm_up=5.0, forcing_error=0.9)
    )
    parts = []

    def go_on(resume=None, stop=True):
        return runs.run(
            experiment, progress=lambda share, words="": None, partial=parts.append,
            cancelled=lambda: stop and len(parts) >= 2, resume=resume,
        )  # fmt: skip

    some = go_on()
    assert not some.complete
    assert some.days_done >= 59
    done_before = some.daily("ssm")[:, : some.days_done].copy()
    whole = go_on(resume=some, stop=False)
    assert whole.complete
    np.testing.assert_array_equal(whole.daily("ssm")[:, : done_before.shape[1]], done_before)
    with pytest.raises(Cancelled):
        runs.run(
            replace(experiment, seed=9), progress=lambda share, words="": None, partial=parts.append,
            cancelled=lambda: True,
        )  # fmt: skip


def test_exports_of_the_run_are_whole_and_reopen_it(page, tmp_path):
    assert page.runs._picture().startswith(b"\x89PNG")
    assert b"SSM analysis" in page.runs._series()
    assert b"normalised_std" in page.runs._diagnostics()
    compile(page.runs._script(), "assimilation.py", "exec")
    text = page.runs._toml()
    assert Experiment.from_toml(text) == page.session.b
    page.runs.open.read(text)
    with pytest.raises(ValueError, match='this page runs "assimilation"'):
        page.runs.open.read(b'model = "land"')
    whole = page.session.answer.result.to_dataset()
    (tmp_path / "all.zarr.zip").write_bytes(zarr_of(page.session.answer))
    with xr.open_zarr(ZipStore(tmp_path / "all.zarr.zip", mode="r"), consolidated=False) as ds:
        assert set(ds.variables) == set(whole.variables)
        np.testing.assert_array_equal(ds["ssm_analysis"], whole["ssm_analysis"])
        assert Experiment.from_attrs(ds.attrs) == page.session.b
    page.session.pin({"observations": 1.0})
    assert len(page.session.pins) == 1
    page.session.remove(page.session.pins[0])
