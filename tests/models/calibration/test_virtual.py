"""Virtual towers of a world: their parameters come back."""

import os

import numpy as np
import pytest
import xarray as xr

from models.calibration.fit import calibrate
from models.calibration.options import FREE, CalibrationOptions
from models.calibration.virtual import displaced, virtual_towers
from models.l4c.bplut import load_bplut
from models.l4c.params import PFTS
from models.variables import VARIABLES
from tests.models.calibration.twins import DAILY, virtual_site

pytestmark = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="Fits are for compiled code.")


def small_world(cells: int = 4) -> xr.Dataset:
    sites = [virtual_site("x", i + 1, days=365, warm=4.0 * i) for i in range(cells)]
    table = np.stack([site.drivers for site in sites])
    ds = xr.Dataset(
        {n: (("cell", "time"), table[:, :, i], VARIABLES[n].cf_attrs) for i, n in enumerate(DAILY)},
        {"time": sites[0].time.astype("datetime64[ns]"), "cell": np.arange(cells)},
    )
    fraction = np.zeros((cells, 8))
    fraction[:, PFTS.index("GRS")] = 0.9
    fraction[0] = 0
    ds["pft_fraction"] = (("cell", "pft"), fraction)
    return ds


@pytest.mark.parametrize("soil", ["effective", "steady"])
def test_identified_parameters_of_virtual_towers_come_back_within_a_hundredth(soil):
    truth = load_bplut()["GRS"]._replace(smrz_low=8.0, smsf_low=3.0, vpd_low=400.0)
    sites = virtual_towers(small_world(), "GRS", 9, truth, soil=soil)
    assert [site.name for site in sites] == ["cell 1", "cell 2", "cell 3"]
    free = {name for names in FREE.values() for name in names}
    start = {"GRS": displaced(truth, free, 0.3)}
    result = calibrate(sites, "GRS", CalibrationOptions(soil=soil, starts=2), table=start)
    found = {name for fit in result.steps for name in fit.identified.found}
    assert len(found) >= 10
    for name in found:
        assert abs(getattr(result.after, name) / getattr(truth, name) - 1) < 0.01, name


def test_noise_of_virtual_towers_has_its_size_and_its_name():
    truth = load_bplut()["GRS"]
    calm, noisy, again = (virtual_towers(small_world(), "GRS", 2, truth, noise=n) for n in (0.0, 0.5, 0.5))
    difference = noisy[0].observed["gpp"] - calm[0].observed["gpp"]
    assert difference.std() == pytest.approx(0.5, rel=3 / np.sqrt(2 * 365))
    np.testing.assert_array_equal(noisy[1].observed["nee"], again[1].observed["nee"])
    with pytest.raises(ValueError, match="No cell of these drivers grows ENF"):
        virtual_towers(small_world(), "ENF", 2, truth)
