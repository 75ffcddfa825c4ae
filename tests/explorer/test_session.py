"""A visitor's session: edits, coalesced runs, cancel, pins, undo, messages, and an end that leaves nothing."""

import gc
import time
import weakref
from dataclasses import replace

import numpy as np
import pytest

from explorer import session as module
from explorer.address import Selection
from explorer.question import Question, answer, changes
from explorer.session import MOST_PINS, Session, describe, visitors
from explorer.worlds import World, Worlds
from models.experiment import Experiment
from models.kernel import Cancelled
from models.options import L4COptions
from models.regions import REGIONS, Region
from tests.explorer.conftest import make_places


def wait(condition, seconds=120.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


@pytest.fixture
def told():
    return []


@pytest.fixture
def session(worlds, told):
    made = Session("", worlds, tell=lambda text, kind: told.append((kind, text)))
    yield made
    made.close()


def settled(session):
    """Wait until the numbers of the present state are there."""
    wait(lambda: session.answer is not None and session.answer.question.b == session.b and session.share is None)
    return session.answer


def test_an_edit_of_b_is_answered_and_leaves_a_alone(session):
    session.edit(b=session.b.with_parameters("GRS", lue_max=3.0))
    shown = settled(session)
    assert shown.totals_b["GRS"]["gpp"] > 1.2 * shown.totals_a["GRS"]["gpp"]
    assert shown.totals_b["ENF"]["gpp"] == shown.totals_a["ENF"]["gpp"]
    assert session.a == Experiment()
    assert np.nanmax(shown.field_b - shown.field_a) > 0


def test_equal_experiments_share_their_arrays(session):
    session.ask()
    shown = settled(session)
    assert shown.field_a is shown.field_b
    assert shown.totals_a is shown.totals_b


def test_what_did_not_change_is_taken_over_from_the_last_answer(session):
    session.ask()
    first = settled(session)
    session.edit(b=session.b.with_parameters("DBF", f_aut=0.5))
    second = settled(session)
    assert second.field_a is first.field_a
    assert second.series_a is first.series_a
    assert second.density is first.density


def test_many_quick_edits_end_with_the_newest(session):
    for step in range(40):
        session.edit(b=session.b.with_parameters("GRS", lue_max=1.0 + step / 20))
    shown = settled(session)
    assert shown.question.b.l4c.parameters == (("GRS", "lue_max", 1.0 + 39 / 20),)


def test_one_drag_is_one_step_of_undo(session):
    for step in range(5):
        session.edit(("GRS", "lue_max"), b=session.b.with_parameters("GRS", lue_max=2.0 + step / 10))
    session._edited_at -= 2.0  # the hand rests for two seconds
    session.edit(("GRS", "lue_max"), b=session.b.with_parameters("GRS", lue_max=3.0))
    session.undo()
    assert session.b.l4c.parameters == (("GRS", "lue_max", 2.4),)
    session.undo()
    assert session.b == Experiment()
    session.undo()
    assert session.b == Experiment()


def test_a_reset_that_follows_a_drag_at_once_is_a_step_of_its_own(session):
    session.edit(("GRS", "lue_max"), b=session.b.with_parameters("GRS", lue_max=2.0))
    session.edit(("GRS", "f_aut"), b=session.b.with_parameters("GRS", f_aut=0.6))
    edited = session.b
    session.reset()
    session.undo()
    assert session.b == edited
    session.undo()
    assert session.b.l4c.parameters == (("GRS", "lue_max", 2.0),)


def test_a_run_with_another_range_of_wetness_takes_drivers_rescaled_so(world):
    made = []

    def rescaled(smrz_range, **how):
        made.append(smrz_range)
        return world.blocks

    other = World(world.grid, world.blocks, make_places(), rescaled)
    options = L4COptions(smrz_range="minimum_100")
    assert other.result(options).run.smrz_range == "minimum_100"
    other.result(L4COptions(smrz_range="minimum_100", bplut="V5"))
    assert made == ["minimum_100"]
    assert other.result(L4COptions()).run.smrz_range == "observed"


def test_reset_swap_and_promote(session):
    edited = session.b.with_parameters("GRS", lue_max=3.0)
    session.edit(b=edited)
    session.swap()
    assert (session.a, session.b) == (edited, Experiment())
    session.swap()
    session.promote()
    assert session.a == session.b == edited
    session.edit(b=edited.with_parameters("GRS", lue_max=1.0))
    session.reset()
    assert session.b == edited


def test_a_region_restricts_the_totals_and_both_experiments(session):
    session.ask()
    whole = settled(session)
    session.where(region=Region("half", -180.0, -90.0, 0.0, 90.0))
    wait(lambda: session.answer.cells < whole.cells)
    assert session.a.region == session.b.region
    assert 0 < session.answer.totals_b["all"]["gpp"] < whole.totals_b["all"]["gpp"]


def test_an_empty_region_says_so_and_the_page_stays_where_it_was(session, told):
    session.ask()
    settled(session)
    session.where(region=Region("sea", -140.0, -60.0, -139.9, -59.9))
    wait(lambda: told)
    kind, text = told[0]
    assert kind == "error"
    assert "sea" in text
    assert "no land cell" in text
    assert session.b.region == REGIONS["world"]


def test_cancel_stops_a_long_run_and_goes_back_to_what_is_shown(session, told, monkeypatch):
    session.ask()
    shown = settled(session)
    started = []

    def slow(world, question, last, progress, cancelled):
        started.append(question)
        while not cancelled():
            progress(0.5)
            time.sleep(0.002)
        raise Cancelled

    monkeypatch.setattr(module, "answer", slow)
    session.edit(b=session.b.with_parameters("GRS", lue_max=4.0))
    wait(lambda: session.share is not None)
    assert "Running" in session.doing
    session.cancel()
    wait(lambda: session.share is None)
    assert session.b == shown.question.b
    assert told[-1][0] == "info"
    assert "Stopped" in told[-1][1]


def test_pins_keep_totals_and_reopen_their_experiment(session):
    with pytest.raises(ValueError, match="not finished"):
        session.pin()
    edited = session.b.with_parameters("GRS", lue_max=3.0)
    session.edit(b=edited)
    settled(session)
    session.pin()
    session.reset()
    settled(session)
    assert session.pins[0].totals["all"]["gpp"] > session.answer.totals_b["all"]["gpp"]
    session.reopen(session.pins[0])
    assert session.b == edited
    session.remove(session.pins[0])
    assert session.pins == []


def test_the_table_of_pins_has_a_limit_that_is_named(session):
    session.ask()
    settled(session)
    for _ in range(MOST_PINS):
        session.pin()
    with pytest.raises(ValueError, match=f"{MOST_PINS} runs"):
        session.pin()


def test_problems_of_the_address_are_told_when_the_page_is_loaded(worlds, told):
    session = Session("GRS.lue_max=99&variable=nee", worlds, tell=lambda text, kind: told.append((kind, text)))
    assert told == []
    session.load()
    assert len(told) == 1
    assert "lue_max = 99" in told[0][1]
    assert session.selection.variable == "nee"
    session.close()


def test_a_page_without_a_ready_world_waits_and_turns_to_the_finest(world):
    empty = Worlds()
    session = Session("", empty)
    session.ask()
    assert session.answer is None
    assert not session.follow()
    empty.add(world)
    session.follow()
    assert settled(session).world is world
    session.close()


def test_a_grid_named_in_the_address_is_kept(worlds):
    session = Session("grid=108km&GRS.f_aut=0.5", worlds)
    assert session.wanted == "108km"
    assert not session.follow()
    assert session.query == "grid=108km&GRS.f_aut=0.5"
    session.close()


def test_a_finer_grid_is_waited_for_on_the_one_that_is_ready(world, worlds):
    session = Session("grid=36km&GRS.f_aut=0.5", worlds)
    assert session.b.grid == session.a.grid == "108km"
    session.ask()
    assert settled(session).world is world
    assert session.query == "GRS.f_aut=0.5"  # the finest grid is what an address means that names none
    session.close()


def test_visitors_are_counted_while_they_are_here(worlds):
    before = visitors()
    session = Session("", worlds)
    assert visitors() == before + 1
    session.close()
    assert visitors() == before


def test_a_closed_session_is_forgotten(worlds):
    session = Session("", worlds)
    session.edit(b=session.b.with_parameters("GRS", lue_max=3.0))
    settled(session)
    alive = weakref.ref(session)
    session.close()
    del session
    for _ in range(3):
        gc.collect()
    assert alive() is None


def test_month_and_day_maps_are_means_of_their_days(world):
    def field(when):
        question = Question(Experiment(), Experiment(), Selection(when=when))
        return answer(world, question, None, lambda share: None, lambda: False).field_b

    year, july = field("annual"), field("m07")
    days = [field(f"d{day}") for day in (182, 183)]
    assert np.nanmean(year) == pytest.approx(365 * np.nanmean([field(f"m{m:02d}") for m in range(1, 13)]), rel=0.02)
    assert np.nanmin(july) >= 0
    assert days[0].shape == july.shape


def test_differences_are_said_in_words():
    a = Experiment()
    b = a.with_parameters("GRS", lue_max=2.0)
    b = replace(b, l4c=replace(b.l4c, without=("vpd",), frozen_gpp="zero"))
    assert changes(a, a) == []
    words = changes(a, b)
    assert "GPP of frozen days ft_min → zero" in words
    assert "no VPD constraint" in words
    assert any(word.startswith("GRS lue_max 1.678 → 2 ") for word in words)


def test_an_unexpected_error_is_told_with_what_to_do_next():
    assert describe(ValueError("vpd is in kPa")) == "vpd is in kPa"
    assert describe(KeyError("No dataset")) == "No dataset"
    assert "reload the page" in describe(ZeroDivisionError("division by zero"))


def test_a_refused_file_is_told_and_the_session_goes_on(session, told):
    def refuse(data):
        msg = "fpar = 90 lies outside [0, 1]; give a fraction."
        raise ValueError(msg)

    session.attempt(refuse, b"anything")
    assert told == [("error", "fpar = 90 lies outside [0, 1]; give a fraction.")]
    session.edit(b=session.b.with_parameters("GRS", lue_max=2.0))
    assert settled(session).question.b == session.b


def test_closing_tells_nobody(session):
    session.ask()
    settled(session)
    heard = []
    session.param.watch(heard.append, ["answer", "pins"])
    session.close()
    assert session.answer is None
    assert heard == []
