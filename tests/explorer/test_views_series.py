import numpy as np
import pytest
import xarray as xr

from explorer.views.series import GROUPS, PLOTS, SeriesView
from models.options import L4COptions
from models.variables import VARIABLES


@pytest.fixture(scope="module")
def runs(world) -> tuple[xr.Dataset, xr.Dataset]:
    """The series of one cell, of A and of B."""
    cell = int(np.argmax(world.pft_fraction.sum(axis=1)))
    a = world.result(L4COptions()).series(cell)
    drier = tuple((pft, "vpd_high", 3000.0) for pft in ("CCR", "GRS", "SHR"))
    return a, world.result(L4COptions(parameters=drier)).series(cell)


def sources(view):
    return {group: source.data for group, source in view._sources.items()}


def test_the_plots_hold_b_a_and_their_difference(runs):
    a, b = runs
    view = SeriesView()
    view.update(b, a, title="here")
    data = sources(view)["fluxes"]
    np.testing.assert_allclose(data["gpp_b"], b["gpp"].values, rtol=1e-6)
    np.testing.assert_allclose(data["gpp_a"], a["gpp"].values, rtol=1e-6)
    np.testing.assert_allclose(data["gpp_d"], b["gpp"].values - a["gpp"].values, rtol=1e-6)
    assert data["time"].size == 365
    assert not (data["gpp_d"] == 0).all()


def test_only_the_group_on_screen_is_made_and_sent(runs):
    a, b = runs
    view = SeriesView()
    view.update(b, a)
    assert list(view.figures) == ["fluxes"]
    view.show("drivers")
    np.testing.assert_allclose(sources(view)["drivers"]["tmin_b"], b["tmin"].values, rtol=1e-6)
    assert [column.visible for column in view._columns.values()] == [group == "drivers" for group in GROUPS]
    with pytest.raises(KeyError, match="there are fluxes"):
        view.show("weather")


def test_every_plot_has_a_unit_and_the_plots_share_their_time():
    view = SeriesView()
    for group in GROUPS:
        view.show(group)
    assert list(view.figures) == list(GROUPS)
    for group, figures in view.figures.items():
        for fig, plot in zip(figures, PLOTS[group], strict=True):
            assert fig.yaxis.axis_label.strip("[]")
            assert len({VARIABLES[name].unit for name in plot.variables}) == 1
            assert fig.x_range is view._time


def test_the_vertical_axis_holds_all_values(runs):
    a, b = runs
    view = SeriesView()
    view.update(b, a)
    fig = view.figures["fluxes"][0]
    data = sources(view)["fluxes"]
    shown = np.concatenate([data[f"{name}_{suffix}"] for name in ("gpp", "ra", "rh", "nee") for suffix in "ab"])
    assert fig.y_range.start < shown.min()
    assert fig.y_range.end > shown.max()


def test_a_plant_type_has_its_own_series(runs):
    _, b = runs
    pft = int(b["pft"].values[0])
    view = SeriesView()
    view.update(b, None, pft=("ENF", "EBF", "DNF", "DBF", "SHR", "GRS", "CCR", "BCR")[pft - 1])
    np.testing.assert_allclose(sources(view)["fluxes"]["gpp_b"], b["gpp_pft"].sel(pft=pft).values, rtol=1e-6)
    assert np.isnan(sources(view)["fluxes"]["gpp_a"]).all()
    with pytest.raises(ValueError, match="there are ENF"):
        view.update(b, None, pft="XYZ")


def test_different_days_are_refused(runs):
    a, b = runs
    with pytest.raises(ValueError, match="different days"):
        SeriesView().update(b, a.isel(time=slice(10)))


def test_a_title_is_text_and_clearing_empties_the_plots(runs):
    a, b = runs
    view = SeriesView()
    view.update(b, a, title="<img src=x onerror=alert(1)>")
    assert "<img" not in view._title.object
    view.clear("nothing")
    assert all(len(data["time"]) == 0 for data in sources(view).values())


def test_a_cell_without_vegetation_draws_nothing(runs):
    a, _ = runs
    bare = xr.Dataset(coords={"time": a["time"], "pft": ("pft", np.zeros(0, int))})
    view = SeriesView()
    view.update(bare, bare, title="desert")
    assert np.isnan(sources(view)["fluxes"]["gpp_b"]).all()
    assert not any(item.visible for item in view._legends["fluxes"])
