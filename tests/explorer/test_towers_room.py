"""The page Towers without widgets: many towers at once give what each gives alone; scores, errors, files."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from explorer.assimilation.address import plain_assimilation, read_assimilation
from explorer.export import netcdf_bytes
from explorer.tower_runs import TowerSite
from explorer.towers import export, trio
from explorer.towers.address import TABS, TowersSelection, read_towers, write_towers
from explorer.towers.answer import answer_site, answer_tables, season_of
from explorer.towers.batch import Batch, batches_of
from explorer.towers.error import error_frame
from explorer.towers.seen import seen
from explorer.towers.table import intervals_of, mean_row, score_table, table_frame
from models.experiment import Experiment, run
from models.l4c.params import PFTS
from models.l4c.uncertainty import budget_of
from models.options import L4COptions
from models.skill.scores import compare_with_tower, scores
from models.variables import VARIABLES

UNITS = {name: VARIABLES[name].unit for name in ("par", "fpar", "tmin", "vpd", "smrz", "smsf", "t_soil", "frozen")}


def make_site(code, pft, first, days, *, months=False, fluxes=("gpp", "reco", "nee")):
    """Make a tower with seasons and noise; its fluxes are those of another table, with a gap and bad days."""
    rng = np.random.default_rng(sum(map(ord, code)))
    time = np.datetime64(first, "D") + np.arange(days)
    season = np.cos(2 * np.pi * ((time - time.astype("datetime64[Y]")).astype(int) - 196) / 365)
    level = {
        "par": np.maximum(7 + 4 * season + rng.normal(0, 1, days), 0.1),
        "fpar": 0.5 + 0.3 * season,
        "tmin": 281 + 10 * season + rng.normal(0, 3, days),
        "vpd": np.maximum(900 + 600 * season + rng.normal(0, 200, days), 0),
        "smrz": np.clip(55 - 20 * season + rng.normal(0, 5, days), 1, 100),
        "smsf": np.clip(45 - 15 * season + rng.normal(0, 6, days), 1, 100),
        "t_soil": 284 + 9 * season + rng.normal(0, 1, days),
    }
    level["frozen"] = (level["tmin"] < 270).astype(float)
    coords = {"time": time.astype("datetime64[ns]"), "cell": [0]}
    drivers = xr.Dataset({n: (("cell", "time"), v[None], {"units": UNITS[n]}) for n, v in level.items()}, coords)
    drivers["smrz_min"], drivers["smrz_max"] = ("cell", [5.0], {"units": "%"}), ("cell", [95.0], {"units": "%"})
    drivers["pft"] = ("cell", np.array([pft], np.uint8))
    drivers = drivers.assign_coords(latitude=("cell", [45.0]), longitude=("cell", [7.0]))
    true = run(
        Experiment(dataset="tower", site=code, l4c=L4COptions(bplut="V5"), output="daily", per_pft=False), drivers
    ).isel(cell=0)
    values = {"gpp": true["gpp"], "reco": true["ra"] + true["rh"], "nee": true["nee"]}
    observed = xr.Dataset(coords={"time": drivers["time"], "site": [code]})
    for flux in fluxes:
        observed[flux] = (("time", "site"), (values[flux].values + rng.normal(0, 0.4, days))[:, None])
    if months:
        observed = observed.resample(time="MS").mean().assign_attrs(resolution="MM")
    else:
        quality = np.where(rng.uniform(size=days) < 0.1, 0.3, 0.95)
        observed["nee_qc"] = (("time", "site"), quality[:, None])
        observed[fluxes[0]][30:40] = np.nan
        observed.attrs["resolution"] = "DD"
    observed.attrs |= {"title": f"Made-up tower {code}", "citation": "nobody 2026", "licence": "CC0"}
    observed = observed.assign_coords(igbp=("site", ["GRA"]))
    sources = pd.DataFrame({"driver": ["par"], "source": ["tower SW_IN"], "share": [1.0]})
    return TowerSite(code, f"Made-up tower {code}", observed, drivers, sources)


@pytest.fixture(scope="module")
def sites():
    return (
        make_site("XX-Aaa", 6, "2003-01-01", 1461),
        make_site("XX-Bbb", 6, "2005-01-01", 730),
        make_site("XX-Ccc", 6, "2004-05-25", 800),
        make_site("XX-Ddd", 1, "2004-01-01", 731, months=True),
        make_site("XX-Eee", 8, "2005-01-01", 365, fluxes=("gpp",)),
    )


MOVED = L4COptions(parameters=(("GRS", "lue_max", 2.1), ("GRS", "smsf_high", 60.0), ("ENF", "f_aut", 0.4)))


@pytest.mark.parametrize(
    "options",
    [
        MOVED,
        replace(MOVED, spin_up="experiment", without=("vpd", "smsf")),
        L4COptions(litterfall="schedule", smrz_range="minimum_100", frozen_gpp="zero"),
    ],
)
def test_towers_side_by_side_give_what_each_gives_alone(sites, options):
    for batch in batches_of(sites, options, "float64"):
        side_by_side = batch.run(options, full=True)
        for k, site in enumerate(batch.sites):
            plan = Experiment(dataset="tower", site=site.site, l4c=options, output="daily", per_pft=False)
            alone = run(plan, site.drivers).isel(cell=0)
            for name in ("gpp", "nee", "soc_slow", "f_smrz", "t_mult"):
                np.testing.assert_allclose(
                    side_by_side.of_site(k, name), alone[name].values, rtol=1e-9, atol=1e-9, err_msg=site.site
                )


def test_towers_of_one_type_and_first_day_share_a_batch_and_float32_is_close(sites):
    batches = batches_of(sites)
    assert [[site.site for site in batch.sites] for batch in batches] == [
        ["XX-Ddd"], ["XX-Aaa", "XX-Bbb"], ["XX-Ccc"], ["XX-Eee"],
    ]  # fmt: skip
    assert batches_of(sites)[1] is batches[1]
    quick, exact = batches[1].run(MOVED), Batch(batches[1].sites, "float64").run(MOVED)
    for name in ("gpp", "reco", "nee"):
        for k in range(2):
            # Single precision of pools that are a thousand times a day's flux.
            np.testing.assert_allclose(quick.of_site(k, name), exact.of_site(k, name), atol=2e-4)


def test_days_count_by_their_quality_and_months_by_their_mean(sites):
    daily, monthly = sites[0], sites[3]
    what = seen(daily, "reco")
    good = daily.observed["nee_qc"].values[:, 0] >= 0.7
    assert what.values.size == good.sum()
    assert np.array_equal(what.simulated(np.arange(1461.0)), np.flatnonzero(good))
    of_months = seen(monthly, "gpp")
    assert of_months.values.size == 24
    days = monthly.drivers["time"].to_series()
    expected = pd.Series(np.arange(731.0), days.index).resample("MS").mean()
    np.testing.assert_allclose(of_months.simulated(np.arange(731.0)), expected)
    assert seen(sites[4], "nee").values.size == 0


def test_the_table_agrees_with_the_scores_of_one_tower_and_keeps_what_did_not_change(sites):
    table = score_table(sites, L4COptions())
    plan = Experiment(dataset="tower", site="XX-Aaa", output="daily", per_pft=False)
    one = compare_with_tower(run(plan, sites[0].drivers), sites[0].observed[["nee", "nee_qc"]]).sel(season="all")
    for name in ("r", "rmse", "ubrmse", "bias"):
        assert float(getattr(table.scores["nee"], name)[0]) == pytest.approx(
            float(one[name].sel(variable="nee")), abs=1e-4
        )
    moved = score_table(sites, L4COptions(parameters=(("GRS", "lue_max", 2.1),)), table)
    kept = [batch for batch in moved.runs if moved.runs[batch] is table.runs[batch]]
    assert {batch.pft for batch in kept} == {1, 8}
    assert (moved.scores["gpp"].rmse[:3] != table.scores["gpp"].rmse[:3]).all()
    frame = table_frame(table, "nee")
    assert list(frame["size"]) == sorted(frame["size"])
    assert "XX-Eee" not in set(frame["site"])
    assert mean_row(frame)["rmse"] == pytest.approx(frame["rmse"].mean())
    model, tower = table.spread["gpp"][:, 0]
    r, ub = table.scores["gpp"].r[0], table.scores["gpp"].ubrmse[0]
    assert ub**2 == pytest.approx(model**2 + tower**2 - 2 * model * tower * r, rel=1e-6)


def test_intervals_hold_the_scores_of_every_tower(sites):
    table = score_table(sites, L4COptions())
    ends = intervals_of(table, "gpp", sites)
    for name in ("r", "rmse", "ubrmse", "bias"):
        value = getattr(table.scores["gpp"], name)
        assert (getattr(ends.low, name) < value).all()
        assert (value < getattr(ends.high, name)).all()


def test_one_tower_is_run_with_a_and_b_and_a_is_taken_over(sites):
    site = sites[0]
    first = answer_site(site, L4COptions(), L4COptions())
    assert first.a is first.b
    second = answer_site(site, L4COptions(), MOVED, first)
    assert second.a is first.a
    what, b, a = second.pairs("gpp")
    value, low, high = second.scores["gpp", "b"]
    assert float(value.rmse) == pytest.approx(float(scores(b, what.values).rmse))
    assert low.rmse < value.rmse < high.rmse
    assert float(second.scores["gpp", "a"][0].rmse) == pytest.approx(float(scores(a, what.values).rmse))
    # A change of another plant type is none of this tower.
    third = answer_site(site, L4COptions(), replace(MOVED, parameters=(("ENF", "lue_max", 1.9),)), second)
    assert third.b is third.a


def test_the_mean_year_is_that_of_the_days_that_count(sites):
    what = seen(sites[0], "gpp")
    season = season_of(what, what.values + 1.0)
    np.testing.assert_allclose(season["0"] - season["mean"], 1.0)
    months = pd.Series(what.values, pd.DatetimeIndex(what.time.astype("datetime64[ns]")))
    july = months[months.index.month == 7].groupby(lambda day: day.year).mean()
    assert season.loc[7, "mean"] == pytest.approx(july.mean())
    assert season.loc[7, "high"] - season.loc[7, "mean"] == pytest.approx(july.std())


def test_the_error_of_a_tower_is_that_of_eq_10_over_its_days(sites):
    options = L4COptions()
    table = score_table(sites, options)
    frame = error_frame(table, sites, options, fpar_rank=1.0).set_index("site")
    assert list(frame.index) == ["XX-Aaa", "XX-Bbb", "XX-Ccc"]  # neither months nor a tower without NEE
    std = budget_of(options, sites[0].drivers, fpar_rank=1.0)["nee_std"].values[0]
    expected = np.sqrt(np.mean(std[seen(sites[0], "nee").place] ** 2))
    assert frame.loc["XX-Aaa", "error"] == pytest.approx(expected, rel=1e-4)


class Land:
    """A finished land run of two cells, as far as the trio asks: wetter after its analysis."""

    def __init__(self, where):
        self.days = np.datetime64("2015-01-01") + np.arange(365)
        self.twin = type("Twin", (), {})()
        self.twin.latitude, self.twin.longitude = np.array([where[0], -30.0]), np.array([where[1], 100.0])
        self.twin.start = {"theta_max": np.array([0.5, 0.5])}

    def daily(self, name, which):
        season = 0.25 + 0.1 * np.sin(np.arange(365) / 58.0)
        return np.stack([season + (0.05 if which == "analysis" else 0.0)] * 2)


def test_the_three_runs_are_there_or_say_how_to_get_them(sites, monkeypatch):
    alone = {site: trio.Land(np.full(365, 40.0), np.full(365, 50.0), (10.0, 90.0)) for site in sites}
    monkeypatch.setattr(trio, "_of_world", lambda asked: alone)
    monkeypatch.setattr(trio, "finished", lambda: ())
    some = trio.run_trio(sites, L4COptions(), None)
    assert list(some.tables) == ["open_loop"]
    assert "Assimilation" in some.missing["ops"]
    assert "calibrated BPLUT" in some.missing["calib"]
    experiment = replace(plain_assimilation(), grid="108km")
    monkeypatch.setattr(trio, "finished", lambda: ((experiment, Land((45.2, 7.2))),))
    whole = trio.run_trio(sites, L4COptions(), L4COptions(bplut="V5"))
    assert list(whole.tables) == list(trio.RUNS)
    assert not whole.missing
    wet = whole.tables["ops"].sites[0].drivers
    assert float(wet["smsf"].values.max()) == pytest.approx(100 * (0.25 + 0.1 + 0.05) / 0.5, abs=0.1)
    frame = trio.trio_frame(whole, ("gpp", "nee"))
    assert list(frame["run"]) == ["Ops", "Open Loop", "Calib"] * 2
    # The towers' fluxes are V5's with their own drivers, so that Calib must be the best.
    assert frame["RMSE"][2] < min(frame["RMSE"][0], frame["RMSE"][1])
    tests = trio.tests_frame(whole, ("gpp",))
    assert set(tests["runs"]) == {"Ops − Open Loop", "Calib − Open Loop", "Ops − Calib"}
    assert (tests["towers"] == 5).all()


def test_the_link_to_the_page_assimilation_holds_a_box_around_the_tower(sites):
    query = trio.assimilation_address(sites[0]).partition("?")[2]
    _, b, selection, problems = read_assimilation(query)
    assert not problems
    assert (b.region.west, b.region.south) == (5.0, 43.0)
    assert selection.at == (45.0, 7.0)


def test_files_carry_sources_licences_and_the_experiment(sites):
    experiment = Experiment().with_parameters("GRS", lue_max=2.1)
    answer = answer_site(sites[0], L4COptions(), experiment.l4c)
    data = netcdf_bytes(export.site_dataset(answer, experiment))
    with xr.open_dataset(io.BytesIO(data), engine="h5netcdf") as ds:
        np.testing.assert_allclose(ds["gpp"].values, answer.b.of_site(0, "gpp"))
        np.testing.assert_allclose(ds["gpp_a"].values, answer.a.of_site(0, "gpp"))
        np.testing.assert_allclose(ds["nee_obs"].values, sites[0].observed["nee"].values[:, 0])
        assert ds["gpp"].attrs["units"] == "gC m-2 d-1"
        assert ds.attrs["licence"] == "CC0"
        assert Experiment.from_toml(ds.attrs["experiment"]) == experiment
    text = export.site_csv(answer_site(sites[3], L4COptions(), L4COptions()), experiment)
    rows = pd.read_csv(io.StringIO(text), comment="#")
    assert len(rows) == 731
    assert rows["gpp_obs [1]"].notna().sum() == 24
    tables = answer_tables(sites, L4COptions(), experiment.l4c, None, lambda share: None, lambda: False)
    text = export.table_csv(tables, sites, experiment)
    rows = pd.read_csv(io.StringIO(text), comment="#")
    assert len(rows) == 13  # five towers with GPP, four with RE and NEE
    assert "XX-Ddd: " in text
    assert "licence: CC0" in text
    with xr.open_dataset(
        io.BytesIO(netcdf_bytes(export.sites_dataset(tables, sites, experiment))), engine="h5netcdf"
    ) as ds:
        row = ds.sel(site="XX-Bbb", time=slice("2005-01-01", "2006-12-31"))
        np.testing.assert_allclose(row["gpp"].values, tables.b.daily(sites[1], "gpp"))
        assert set(ds["licence"].values) == {"CC0"}


def test_the_address_reopens_what_is_looked_at():
    b = Experiment().with_parameters("GRS", lue_max=2.1)
    selection = TowersSelection(tab=TABS[1], site="US-Tw3", flux="nee", group="GRS", search="vaira (ca)", score="r")
    query = write_towers(Experiment(), b, selection)
    assert read_towers(query) == (Experiment(), b, selection, [])
    _, _, plain, problems = read_towers("tab=nothing&flux=co2&pft=TREE&tower=<b>&score=x&lue=3")
    assert plain == TowersSelection()
    assert len(problems) == 6
    assert PFTS[5] == "GRS"
