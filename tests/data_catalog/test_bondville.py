"""Bondville's weather in the text formats of the Noah models."""

import numpy as np
import pytest

from data_catalog import CATALOG
from data_catalog.datasets.bondville import is_bondville, read_bondville, read_bondville_observed
from data_catalog.datasets.land_forcing import open_forcing
from data_catalog.scan import scan
from models.land.description import describe_columns
from models.land.options import LandChoices

NAMELISTS = """\
!----------
&location
 latitude               =  40.01      ! latitude [degrees]
 longitude              = -88.37      ! longitude [degrees]
 vegetation_category    = 12          ! category
 soil_category          = 8           ! soil texture class
 deep_soil_temperature  = 285.0       ! [K]
 elevation              = 218.0       ! elevation [m]
 maximum_vegetation_pct = 96.0        ! [0-100]
/
&conversion
 have_relative_humidity = .true.      ! set to true
 temperature_offset     = 273.15      ! 273.15 to convert C to K
 temperature_scale      = 1.0
 pressure_scale         = 100.0       ! 100.0 to convert mb to Pa
 precipitation_scale    = 0.014111    ! inches/30min to mm/s
/
-----------
yyyy mm dd hh mi |  m s{-1}   |     C       |    %     |    mb    |  W m{-2}  |  W m{-2} | Inches/timestep
"""
TAG = "yyyy mm dd hh mi  m s{-1}  degrees\n<Forcing>  This tag begins the section of forcing data.\n"


def rows(first="1998-01-02T00:00", days=3, tag=False):
    """Write half hours: 5 degC, 80 %, 990 hPa, an inch of rain in the second record."""
    lines = []
    for k in range(48 * days + 1):
        time = np.datetime64(first) + k * np.timedelta64(30, "m")
        stamp = str(time).translate(str.maketrans("-T:", "   "))
        rain = 1.0 if k == 20 else 0.0
        if tag:
            lines.append(f"{stamp} 3.0 178.0 278.15 80.0 990.0 100.0 300.0 {rain * 0.014111:.10f}")
        else:
            lines.append(f"{stamp}  3.0  5.0  80.0  990.0  100.0  300.0  {rain}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def both(tmp_path):
    (tmp_path / "a.dat").write_text(NAMELISTS + rows())
    (tmp_path / "b.dat").write_text(TAG + rows(tag=True))
    return tmp_path / "a.dat", tmp_path / "b.dat"


def test_both_formats_give_the_same_weather_in_our_units(both):
    a, b = (read_bondville(path) for path in both)
    for name in ("t_air", "q_air", "pressure", "wind", "sw_down", "lw_down", "precip_rate"):
        np.testing.assert_allclose(a[name], b[name], rtol=1e-6)
    assert float(a["t_air"][0]) == pytest.approx(278.15)
    assert float(a["pressure"][0]) == pytest.approx(99000.0)
    saturated = 611.2 * np.exp(17.67 * 5.0 / 248.5)
    assert float(a["q_air"][0]) == pytest.approx(0.622 * 0.8 * saturated / (99000.0 - 0.378 * 0.8 * saturated))
    assert float(a["precip_rate"].sum()) * 1800.0 == pytest.approx(25.4, rel=1e-3)


def test_days_begin_at_midnight_of_local_standard_time_and_the_clock_stays_utc(both):
    ds = read_bondville(both[0])
    assert ds["time"].values[0] == np.datetime64("1998-01-02T06:30")  # ends half an hour after midnight, UTC-6
    assert ds.sizes["time"] == 96
    assert (ds.attrs["clock"], ds.attrs["stamp"], ds.attrs["utc_offset"]) == ("UTC", "end", 0.0)


def test_the_namelist_describes_the_column_and_the_other_format_says_that_it_does_not(both):
    a, b = (open_forcing(path) for path in both)
    table = describe_columns(a, LandChoices()).table
    assert (int(table.vegetation[0]), int(table.soil[0])) == (12, 8)
    assert float(table.vegetation_fraction[0]) == pytest.approx(0.96)
    assert "does not say its place" in b.attrs["notes"]


def test_it_is_recognised_by_its_content(both, tmp_path):
    (tmp_path / "other.dat").write_text("1 2 3\n")
    kinds = {row.shown: row.kind for row in scan(tmp_path)}
    assert kinds == {"a.dat": "weather", "b.dat": "weather", "other.dat": "unknown"}
    assert not is_bondville("TIMESTAMP,TA_F\n200001010000,1\n")
    assert CATALOG["bondville"].feeds == ("forcing",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing of it\n1998 01 01 00 00 1 2 3\n", "neither the namelists"),
        (NAMELISTS + rows()[:-20] + "\n", "cut off"),
        (TAG + rows(tag=True).replace("178.0", "north", 1), "not a regular table"),
    ],
)
def test_a_broken_file_is_told_of(tmp_path, text, said):
    (tmp_path / "x.dat").write_text(text)
    with pytest.raises(ValueError, match=said):
        read_bondville(tmp_path / "x.dat")


def test_the_observations_keep_their_gaps(tmp_path):
    (tmp_path / "obs.dat").write_text(
        "TIMESTAMP LAI SM1 SM2 SIF\n2001050100 0.05 0.235 0.376 0.1\n2001050200 -999 0.2 0.3 1\n"
    )
    ds = read_bondville_observed(tmp_path / "obs.dat")
    assert np.isnan(ds["lai"].values[1])
    assert ds["ssm"].values.tolist() == [0.235, 0.2]
    assert scan(tmp_path)[0].kind == "observations"


def test_the_real_files_are_the_same_year(shared):
    folder = shared / "data" / "bondville"
    a, b = (read_bondville(folder / name) for name in ("hrldas_bondville.dat", "noah-owp-modular_bondville.dat"))
    assert (a.sizes["time"], b.sizes["time"]) == (363 * 48, 365 * 48)
    same = b.sel(time=a["time"])
    for name in ("t_air", "sw_down", "lw_down"):
        np.testing.assert_allclose(a[name], same[name], atol=0.06)  # rounded differently by their makers
    assert float(b["precip_rate"].sum()) * 1800.0 == pytest.approx(926.0, abs=2.0)
