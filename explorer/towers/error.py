"""The error of NEE that the inputs' errors make at each tower, beside the ubRMSE that the tower sees (Fig. 4)."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from explorer.tower_runs import TowerSite
from explorer.towers.batch import batches_of
from explorer.towers.seen import seen
from explorer.towers.sites import by_months
from explorer.towers.table import Table
from models.kernel import Cancelled
from models.l4c.input_errors import MIDDLE_RANK, input_errors
from models.l4c.params import PFTS
from models.options import L4COptions

__all__ = ["error_frame"]


def error_frame(
    table: Table,
    sites: tuple[TowerSite, ...],
    options: L4COptions,
    fpar_rank: float = MIDDLE_RANK,
    progress: Callable[[float], None] = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> pd.DataFrame:
    """Lay the error of Eq. 10 beside the observed ubRMSE, at the towers that measured NEE by day.

    The error of a tower is the root of the mean square of the days that count. A tower with months alone has an error
    of months, which Eq. 10 does not give, and is left out.

    Returns
    -------
    DataFrame
        Columns site, PFT, observed, error [gC m-2 d-1], n.

    Raises
    ------
    models.kernel.Cancelled
        If it was taken back.
    """
    place = {site: k for k, site in enumerate(table.sites)}
    daily = tuple(site for site in sites if not by_months(site) and seen(site, "nee").values.size and site in place)
    errors = input_errors("V5" if options.bplut == "V5" else "V7")
    rows = []
    batches = batches_of(daily, options)
    for k, batch in enumerate(batches):
        if cancelled():
            raise Cancelled
        std = batch.nee_error(options, errors, fpar_rank)
        for number, site in enumerate(batch.sites):
            days = std[number, batch.days[number]][seen(site, "nee").place]
            rows.append(
                {
                    "site": site.site,
                    "PFT": PFTS[site.pft - 1],
                    "observed": float(table.scores["nee"].ubrmse[place[site]]),
                    "error": float(np.sqrt(np.nanmean(np.square(days, dtype=np.float64)))),
                    "n": int(days.size),
                }
            )
        progress((k + 1) / len(batches))
    return pd.DataFrame(rows, columns=["site", "PFT", "observed", "error", "n"]).sort_values("site", ignore_index=True)
