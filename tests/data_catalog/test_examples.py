"""Every dataset that can write an example reads it back, and the scan knows it by its content."""

import shutil

import numpy as np
import pytest

from data_catalog import CATALOG
from data_catalog.entry import FEEDS, FileEntry
from data_catalog.scan import examine
from models.variables import VARIABLES

WITH_EXAMPLE = [name for name, entry in CATALOG.items() if entry.write_example is not None]


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """Write each example once."""
    folder = tmp_path_factory.mktemp("examples")
    paths = {}
    for name in WITH_EXAMPLE:
        paths[name] = folder / name / CATALOG[name].example_name
        paths[name].parent.mkdir()
        CATALOG[name].write_example(paths[name])
    return paths


@pytest.mark.parametrize("name", WITH_EXAMPLE)
def test_an_example_is_recognised_as_its_own_product_alone(name, examples):
    row = examine(examples[name])
    assert row.product == name, row.problem
    assert set(row.feeds) <= set(FEEDS)
    assert row.variables


@pytest.mark.parametrize("name", WITH_EXAMPLE)
def test_an_example_is_recognised_by_content_under_another_name(name, examples, tmp_path):
    other = tmp_path / f"renamed{examples[name].suffix}"
    (shutil.copytree if examples[name].is_dir() else shutil.copy)(examples[name], other)
    assert examine(other).product == name


@pytest.mark.parametrize("name", WITH_EXAMPLE)
def test_an_example_loads_in_our_names_units_and_bounds(name, examples):
    with CATALOG[name].load(examples[name]) as ds:
        held = [variable for variable in ds.data_vars if variable in VARIABLES]
        assert held
        for variable in held:
            quantity, values = VARIABLES[variable], ds[variable].to_numpy()
            assert ds[variable].attrs["units"] == quantity.unit, variable
            assert np.isfinite(values).any(), variable
            assert np.nanmin(values) >= quantity.low, variable
            assert np.nanmax(values) <= quantity.high, variable


@pytest.mark.parametrize("name", WITH_EXAMPLE)
def test_an_example_cut_in_half_is_one_clear_line(name, examples, tmp_path):
    if examples[name].is_dir():
        pytest.skip("a folder is not cut")
    whole = examples[name].read_bytes()
    cut = tmp_path / examples[name].name
    cut.write_bytes(whole[: len(whole) // 2])
    row = examine(cut)
    assert isinstance(row, FileEntry)
    if not row.problem:  # a text may end with a whole line
        assert row.product == name
    assert "\n" not in row.problem


def test_an_entry_survives_the_cache_and_the_list():
    row = FileEntry(product="x", variables=("gpp",), period=("2001-01-01", "2001-12-31"), gaps={"gpp": 0.25}, steps=365)
    assert FileEntry.from_json(row.as_json()) == row
    assert "gaps: gpp 25%" in str(row)
    with pytest.raises(ValueError, match="feeds = 'nothing' is not accepted"):
        FileEntry(feeds=("nothing",))
