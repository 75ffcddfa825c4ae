"""L4C at towers by their months: what is run, what is compared, and the table by plant type."""

import numpy as np
import pandas as pd
import pytest

from data_catalog.datasets.fluxnet import read_fluxnet
from data_catalog.tower_months import days_of_months, monthly, monthly_towers_in
from explorer.tower_table import by_plant_type, tower_rows


@pytest.fixture(scope="module")
def towers(shared):
    return shared / "data/fluxnet2015"


def test_all_monthly_towers_are_found_and_days_go_before_months(towers):
    found = monthly_towers_in([towers / "monthly", towers / "daily"])
    assert len(found) == 166
    assert sum("_MM_" in path.name for path in found.values()) == 157


def test_months_of_a_daily_record_are_those_of_the_monthly_file(towers):
    days = read_fluxnet(next((towers / "daily").glob("FLX_FR-Pue*")), need=())
    months = read_fluxnet(next((towers / "monthly_fullset").glob("*_MM_*")), need=())
    ours, theirs = monthly(days)["gpp"], monthly(months)["gpp"]
    both = np.intersect1d(ours["time"], theirs["time"])
    # two releases of the product, years apart
    np.testing.assert_allclose(ours.sel(time=both), theirs.sel(time=both), atol=0.6)


def test_months_alone_become_days_without_a_measurement(towers):
    record = read_fluxnet(next((towers / "monthly").glob("FLX_AR-SLu*")), need=())
    days = days_of_months(record)
    assert days.sizes["time"] == 365 * 3
    assert float(days["latitude"].values[0]) == pytest.approx(-33.4648)
    assert not days.data_vars


def test_a_tower_with_months_alone_is_run_on_the_worlds_days(tmp_path, towers):
    source = next((towers / "monthly").glob("FLX_AU-Fog*"))
    (tmp_path / source.name).write_bytes(source.read_bytes())
    (tmp_path / "sites.csv").write_text("SITE_ID,LOCATION_LAT,LOCATION_LONG,IGBP\nAU-Fog,-12.5452,131.3072,WET\n")
    (tmp_path / source.name.replace("AU-Fog", "ZZ-Sea")).write_bytes(source.read_bytes())
    rows = tower_rows([tmp_path], shipped=False).set_index("site")
    assert rows.loc["AU-Fog", "driven"] == "world"
    assert rows.loc["AU-Fog", "pft"] == 6
    assert rows.loc["AU-Fog", "months"] >= 24
    assert -1 <= rows.loc["AU-Fog", "gpp_r"] <= 1
    assert "latitude of ZZ-Sea is not known" in rows.loc["ZZ-Sea", "problem"]


def test_the_table_by_plant_type_counts_each_tower_once():
    rows = pd.DataFrame(
        {
            "site": ["a", "b", "c", "d"],
            "pft": [1, 1, 6, 0],
            "problem": ["", "", "", "no place"],
            "gpp_r": [0.5, 0.7, 0.9, np.nan],
            "gpp_rmse": [1.0, 2.0, 3.0, np.nan],
            "gpp_ubrmse": [1.0, 1.0, 1.0, np.nan],
            "gpp_bias": [0.0, -1.0, 1.0, np.nan],
        }
    )
    table = by_plant_type(rows).set_index("PFT")
    assert table.loc["ENF", ["towers", "R", "RMSE", "bias"]].tolist() == [2, pytest.approx(0.6), 1.5, -0.5]
    assert table.loc["all", "towers"] == 3
