"""The carbon paper: its numbers beside a run's own."""

import importlib
import os

import numpy as np
import pytest

from models.studies import STUDIES, jones2017
from tests.models.l4c.worlds import packed_world


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="Many years are for compiled code.")
def test_a_run_answers_every_printed_number():
    blocks = packed_world(40)
    told = []
    latitude = np.linspace(-50, 70, blocks.n_cell)
    answers = jones2017.answer(blocks, np.ones(blocks.n_cell), latitude, progress=told.append)
    rows = jones2017.compare(answers)
    assert [printed.value for printed, _ in rows] == [0.66, 0.83, 0.82]
    assert all(0 <= ours <= 1 for _, ours in rows)
    assert set(answers.changed) == {"smrz", "vpd", "smsf", "tmin", "ft"}
    assert answers.by_rank[2.5] == answers.shares
    assert answers.by_rank[1.0].world >= answers.shares.world >= answers.by_rank[4.0].world
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)


def test_the_study_is_listed_and_what_makes_its_figures_exists():
    assert jones2017 in STUDIES
    assert jones2017.EXPERIMENTS["without ft"].without == ("ft",)
    for figure in (*jones2017.FIGURES, *jones2017.EQUATIONS):
        module, _, name = figure.made_by.rpartition(".")
        try:
            importlib.import_module(figure.made_by)
        except ModuleNotFoundError:
            assert hasattr(importlib.import_module(module), name), figure
