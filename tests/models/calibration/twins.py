"""Weather and fluxes of virtual towers whose parameters are known."""

import numpy as np

from models.calibration.cost import simulate
from models.calibration.sites import DAILY, SiteDays
from models.l4c.bplut import load_bplut
from models.l4c.params import PFTS

__all__ = ["DAILY", "observed_by", "truth", "virtual_site"]


def virtual_site(
    name: str, seed: int, *, pft: int = 6, days: int = 730, warm: float = 0.0, frost: bool = True
) -> SiteDays:
    """Weather with a season, dry and cold enough to move every ramp; no observations."""
    random = np.random.default_rng(seed)
    day = np.arange(days)
    season = -np.cos(2 * np.pi * (day + 10 * seed) / 365)

    def noise(size):
        return size * random.standard_normal(days)

    air = 281 + warm + 13 * season + noise(4)
    dry = np.clip(45 - 30 * season + noise(15), 5, 100)
    table = np.stack(
        [
            np.clip(7 + 4 * season + noise(1.5), 0.2, 15),
            np.clip(0.5 + 0.3 * season + noise(0.05), 0.02, 0.95),
            air - 5,
            np.clip(1200 + 1000 * season + noise(700), 0, 7000),
            dry,
            air + 2 + noise(1),
            np.clip(35 - 20 * season + noise(14), 1, 100),
            ((air < 271) & frost).astype(float),
        ],
        axis=1,
    )
    nothing = {flux: np.full(days, np.nan) for flux in ("gpp", "reco", "nee")}
    return SiteDays(name, pft, np.datetime64("2003-01-01") + day, np.ascontiguousarray(table), nothing)


def observed_by(site: SiteDays, params, *, soil: str = "steady", noise: float = 0.0, factor: float = 6.0) -> SiteDays:
    """Give a site the fluxes of these parameters, with errors."""
    random = np.random.default_rng(len(site.name) + int(site.drivers.sum()) % 1000)
    params = np.array(params, float)
    if soil == "steady":
        run = simulate(site, params, "steady")
        fluxes = {"gpp": run.gpp, "reco": run.reco, "nee": run.nee}
    else:
        from models.calibration.terms import gpp_of_days, kmult_of_days

        gpp, km = gpp_of_days(site.drivers, params)[0], kmult_of_days(site.drivers, params)[0]
        reco = params[9] * gpp + factor * km
        fluxes = {"gpp": gpp, "reco": reco, "nee": reco - gpp}
    return site.with_fluxes(**{k: v + noise * random.standard_normal(len(v)) for k, v in fluxes.items()})


def truth(pft: str = "GRS", **changed: float):
    """Parameters that a twin's towers obey."""
    assert pft in PFTS
    return load_bplut()[pft]._replace(smrz_low=8.0, smsf_low=3.0, vpd_low=400.0, **changed)
