"""Calibration on the page Towers: twins come back, a stop keeps the best, the tab makes a version to use."""

import dataclasses
import html
import os
import re
import time

import numpy as np
import pytest

from explorer.address import read_address
from explorer.pages.towers_calibration import CalibrationTab
from explorer.pages.towers_calibration_setup import CalibrationSetup
from explorer.tower_runs import open_site
from explorer.towers.calibration import Request, Trace, Twin, fit_request, held_at_first, profiles_of, usable
from explorer.towers.calibration_tables import bplut_text, parameter_frame, report_csv, score_frame
from explorer.towers.session import TowersSession
from models.calibration.folds import POOLED
from models.calibration.options import FREE, CalibrationOptions
from models.calibration.sites import QualityRules
from models.l4c.bplut import BplutFile, load_bplut

pytestmark = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="Fits are for compiled code.")

SHORT = CalibrationOptions(steps=("gpp",), free={**FREE, "gpp": ("lue_max", "vpd_high", "ft_min")}, starts=1)


def twin(options=SHORT, folds=0, **more) -> Request:
    start = load_bplut()["GRS"]
    return Request("GRS", (), (), options, QualityRules(), folds, start, Twin(towers=3, **more))


@pytest.fixture(scope="module")
def outcome():
    return fit_request(twin(folds=3), Trace())


def test_a_twin_returns_what_its_towers_identify_and_the_cost_falls():
    trace = Trace()
    outcome = fit_request(twin(), trace)
    frame = parameter_frame(outcome)
    found = frame[frame["verdict"] == ""]
    assert set(found["parameter"]) >= {"lue_max", "vpd_high"}
    np.testing.assert_allclose(found["after"], found["truth"], rtol=0.01)
    assert (np.abs(found["before"] / found["truth"] - 1) > 0.25).any()
    ((step, cost, best),) = trace.curves()
    assert step == "gpp"
    assert cost.size == best.size > 3
    assert (np.diff(best) <= 0).all()


def test_folds_score_every_tower_by_the_fit_that_did_not_see_it(outcome):
    frame = score_frame(outcome)
    out = frame[(frame["sample"] == "out") & (frame["flux"] == "gpp")]
    assert len(out) == 4
    assert out["site"].iloc[-1] == POOLED
    assert (out["rmse_after"] < out["rmse_before"]).all()


def test_a_stopped_fit_keeps_its_best_and_runs_no_folds():
    asked = []
    outcome = fit_request(twin(folds=3), Trace(), cancelled=lambda: asked.append(0) or len(asked) > 4)
    assert outcome.calibration.stopped
    assert outcome.validation is None
    assert outcome.calibration.steps[0].after < outcome.calibration.steps[0].before
    assert {row.sample for row in outcome.rows} == {"in"}


def test_tables_say_what_was_asked_and_the_bplut_reads_back(outcome):
    text = report_csv(outcome)
    assert "synthetic" in text
    assert "lue_max" in text
    assert "rmse_before" in text
    written = BplutFile.read(bplut_text(outcome, "V7", load_bplut()).encode()).params()
    assert written["GRS"] == outcome.calibration.after
    assert written["ENF"] == load_bplut()["ENF"]


def test_profiles_are_lowest_at_the_fit(outcome):
    made = profiles_of(outcome, "gpp", points=3)
    assert [one.name for one in made] == ["lue_max", "vpd_high", "ft_min"]
    after = outcome.calibration.after
    assert made[0].values[np.nanargmin(made[0].rmse)] == pytest.approx(after.lue_max)


def test_a_request_that_cannot_be_run_says_what_to_choose():
    start = load_bplut()["GRS"]
    with pytest.raises(ValueError, match="No tower of GRS is fitted; choose one"):
        Request("GRS", (), (), SHORT, QualityRules(), 0, start)
    with pytest.raises(ValueError, match="5 folds of 3 towers"):
        twin(folds=5)


def test_the_widgets_make_the_request_and_a_tower_is_in_one_list_at_most():
    session = TowersSession("")
    setup = CalibrationSetup(session)
    assert "No tower of" in setup.note.object
    session.sites = (open_site("FR-Hes"), open_site("US-AR1"))
    assert setup.pft.value == "DBF"  # of the tower that is looked at
    session.selection = dataclasses.replace(session.selection, site="US-AR1")
    assert setup.pft.value == "GRS"
    setup.pft.value = "DBF"
    assert setup.fitted.value == ["FR-Hes"]
    setup.free["nee"].value = []
    setup.free["gpp"].value = ["lue_max"]
    setup._bounds["lue_max"].value = (1.0, 2.0)
    request = setup.request()
    assert [site.site for site in request.fitted] == ["FR-Hes"]
    assert request.options.steps == ("gpp", "reco")
    assert request.options.bounds == {"lue_max": (1.0, 2.0)}
    assert request.turns == 0  # one tower cannot be split
    setup.held.value = ["FR-Hes"]
    assert setup.fitted.value == []
    with pytest.raises(ValueError, match="No tower of DBF is fitted"):
        setup.request()
    setup.kind.value = "twin"
    setup.noise.value = None
    with pytest.raises(ValueError, match=r"Error of a day .* is empty"):
        setup.request()
    setup.noise.value = 0.0
    assert setup.request().twin == Twin()
    setup.soil.value = "steady"
    assert "k_fast" in setup.free["reco"].options


def test_wetlands_judge_rather_than_fit_at_first():
    site = open_site("US-AR1")
    wet = type(site)(
        "XX-Wet", "", site.observed.assign_coords(igbp=("site", ["WET"])), site.drivers, site.sources
    )  # fmt: skip
    both = usable((site, wet), "GRS")
    assert held_at_first(both) == ("XX-Wet",)
    assert held_at_first((wet,)) == ()  # alone it is fitted after all


def test_the_tab_calibrates_and_its_parameters_become_experiment_b():
    session = TowersSession("")
    tab = CalibrationTab(session)
    tab.setup.kind.value = "twin"
    tab.setup.pft.value = "GRS"
    tab.setup.count.value = 2
    tab.setup.starts.value = 1
    for step in ("reco", "nee"):
        tab.setup.free[step].value = []
    tab.setup.free["gpp"].value = ["lue_max"]
    session.edit(b=session.b.with_parameters("GRS", lue_max=2.0))
    tab.run()
    end = time.monotonic() + 60
    while (tab.outcome is None or not tab.results.pane.visible) and time.monotonic() < end:
        time.sleep(0.02)
    results = tab.results
    assert "Synthetic" in results.headline.object
    assert "identified" in results.parameters.object
    assert not tab.start.disabled
    results._use()
    assert session.b.l4c.table()["GRS"].lue_max == pytest.approx(2.0, rel=1e-3)
    assert session.calibrated == session.b.l4c
    query = html.unescape(re.search(r"carbon\?([^']*)", results.carbon.object)[1])
    _, b, _, problems = read_address(query)
    assert not problems
    assert b.l4c.table()["GRS"] == session.b.l4c.table()["GRS"]
