"""A grid's own run of the land surface model: offered where there is none, followed, and swapped in when it is done."""

import json
import time

import pytest

from explorer import prepare
from explorer.pages.carbon import CarbonPage
from explorer.session import Session
from explorer.worlds import World, Worlds
from tests.explorer.conftest import make_blocks, make_places

COARSE = "land surface model, 108-km grid, each cell's soil that of the 108-km cell around it"
OWN = "land surface model, 36-km grid"


@pytest.fixture(scope="module")
def two():
    """The same places with soil of a coarser grid, and with soil of their own."""
    places = make_places()
    return [
        World("108km", make_blocks(places, seed=seed), places, soil=soil, own_soil=own)
        for seed, soil, own in ((4, COARSE, False), (9, OWN, True))
    ]


def wait(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_a_world_whose_soil_was_run_takes_the_place_of_the_one_before(two):
    known = Worlds()
    known.add(two[0])
    session = Session("", known)
    session.ask()
    wait(lambda: session.answer is not None)
    assert session.answer.world is two[0]
    known.add(two[1])
    assert not session.follow()  # the grid is the same
    wait(lambda: session.answer.world is two[1])
    asked = session._asked
    session.follow()
    assert session._asked == asked  # asked once
    session.close()


def test_the_page_says_where_the_soil_comes_from_and_offers_a_run_where_it_is_borrowed(two):
    known = Worlds()
    known.add(two[0])
    page = CarbonPage("", known)
    controls = page.controls
    assert COARSE in controls.soil.object
    assert controls.run_soil.visible
    known.add(two[1])
    controls.show()
    assert OWN in controls.soil.object
    assert not controls.run_soil.visible
    page.session.close()


def test_a_run_that_cannot_be_started_says_so(two):
    known, told = Worlds(), []
    session = Session("", known, tell=lambda text, kind: told.append((kind, text)))
    session.run_soil()
    assert told[0][0] == "warning"
    assert not session.waiting
    session.close()


def test_a_started_run_is_a_stage_that_cancel_ends(two, monkeypatch):
    known, asked = Worlds(), []
    known.add(two[0])
    monkeypatch.setattr(known, "_prepare", asked.append)
    session = Session("", known)
    session.run_soil()
    assert session.waiting
    wait(lambda: asked == [["soil", "108km"]])
    assert known.stage.busy
    assert known.stage.text == "Running the land surface model on every cell, 108-km grid"
    assert not known.run_soil("108km")  # one at a time
    session.close()


def test_the_child_says_how_far_it_is_and_when_it_is_ready(monkeypatch, capsys):
    def build_own(grid, progress):
        progress(0.5)

    monkeypatch.setattr(prepare.soil_store, "build_own", build_own)
    monkeypatch.setattr(prepare.soil_store, "share_done", lambda grid: 0.25)
    monkeypatch.setattr(prepare.os, "nice", lambda by: None)
    assert prepare.main(["soil", "36km"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["stage"] for line in lines] == ["soil", "soil", "ready"]
    assert [line["share"] for line in lines] == [0.25, 0.5, 1.0]
    assert {line["grid"] for line in lines} == {"36km"}
