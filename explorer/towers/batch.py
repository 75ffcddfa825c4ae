"""Towers side by side: those of one plant type run in one call of the kernel, each on its own days.

A tower's lane holds nothing before its first day and after its last, which leaves its pools as they were, so that it
runs as it would alone. Towers share a batch if they are of one plant type and begin on the same day of the year: the
soil carbon of a run is that of its first day.
"""

import functools
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from data_catalog.drivers import L4C_DRIVERS
from explorer.tower_runs import TowerSite
from models.climatology import day_of_365
from models.l4c.drivers import pack_blocks
from models.l4c.forward import Start, daily_bins, integrate, to_cells
from models.l4c.input_errors import InputErrors
from models.l4c.params import PFTS
from models.l4c.rows import pft_rows
from models.l4c.start import start_of_record
from models.l4c.uncertainty import error_budget
from models.options import L4COptions
from models.packing import LANES, Blocks
from models.variables import VARIABLES

__all__ = ["Batch", "BatchRun", "batches_of", "of_type"]

MOST_STARTS = 6
"""Starting soil carbons that a batch keeps: of A, B, and a few tables tried before."""


@dataclass(frozen=True, eq=False)
class BatchRun:
    """Daily results of the towers of a batch.

    Attributes
    ----------
    batch : Batch
    options : L4COptions
        Of this plant type alone, see `of_type`.
    fields : dict of str to (site, day) array
        "gpp", "reco", "nee" [gC m-2 d-1]; of a run in full every output of L4C. NaN outside a tower's days.
    """

    batch: "Batch"
    options: L4COptions
    fields: dict[str, np.ndarray]

    def of_site(self, number: int, name: str) -> np.ndarray:
        """Return a daily result of one tower over its own days."""
        return self.fields[name][number, self.batch.days[number]]


def of_type(options: L4COptions, pft: int) -> L4COptions:
    """Return options with the changes of one plant type (1-8) alone: those of other types don't touch its runs."""
    code = PFTS[pft - 1]
    return replace(options, parameters=tuple(entry for entry in options.parameters if entry[0] == code))


class Batch:
    """Towers of one plant type on common days, packed as the kernel takes them.

    Parameters
    ----------
    sites : sequence of TowerSite
        Of one plant type, whose records begin on the same day of the year.
    dtype : dtype
        float32 of many sites, float64 of one that is looked at closely.
    """

    def __init__(self, sites: Iterable[TowerSite], dtype: np.typing.DTypeLike = np.float32):
        self.sites = tuple(sites)
        self.pft = self.sites[0].pft
        self.dtype = np.dtype(dtype)
        spans = [site.drivers["time"].values[[0, -1]].astype("datetime64[D]") for site in self.sites]
        first, last = min(span[0] for span in spans), max(span[1] for span in spans)
        self.time = np.arange(first, last + 1)
        self.days = [slice(int((a - first).astype(int)), int((b - first).astype(int)) + 1) for a, b in spans]
        self._lock = threading.Lock()
        self._blocks: dict[str, Blocks] = {}
        self._starts: dict[L4COptions, Start] = {}

    def _drivers(self) -> xr.Dataset:
        """Lay the towers' drivers side by side."""
        shape = len(self.sites), self.time.size
        ds = xr.Dataset(coords={"time": self.time.astype("datetime64[ns]"), "cell": np.arange(shape[0])})
        for name in L4C_DRIVERS:
            values = np.full(shape, np.nan)
            for k, site in enumerate(self.sites):
                values[k, self.days[k]] = site.drivers[name].values[0]
            ds[name] = (("cell", "time"), values, VARIABLES[name].cf_attrs)
        for name in ("smrz_min", "smrz_max"):
            values = [float(site.drivers[name].values[0]) for site in self.sites]
            ds[name] = ("cell", values, VARIABLES[name].cf_attrs)
        ds["pft"] = ("cell", np.full(shape[0], self.pft))
        return ds

    def blocks(self, smrz_range: str) -> Blocks:
        """Return the packed drivers, root-zone wetness rescaled between the limits that an option names."""
        with self._lock:
            if smrz_range not in self._blocks:
                self._blocks[smrz_range] = pack_blocks(self._drivers(), smrz_range, self.dtype)
            return self._blocks[smrz_range]

    def _rows(self, options: L4COptions, blocks: Blocks) -> tuple[np.ndarray, np.ndarray]:
        """Return kernel rows and f_aut (tile, lane)."""
        table = options.table()
        f_aut = np.full((blocks.n_tile, LANES), table[PFTS[self.pft - 1]].f_aut, blocks.float_type)
        return pft_rows(table, blocks, options.without, options.frozen_gpp), f_aut

    def start(self, options: L4COptions) -> Start:
        """Return the starting soil carbon and the litterfall, of the last few tables kept."""
        plain = options.baseline()
        with self._lock:
            found = self._starts.get(plain)
        if found is None:
            blocks = self.blocks(plain.smrz_range)
            how = "analytical" if plain.soc_start == "analytical" else "periodic"
            found = start_of_record(blocks, *self._rows(plain, blocks), how=how, litterfall=plain.litterfall)
            with self._lock:
                self._starts[plain] = found
                while len(self._starts) > MOST_STARTS:
                    del self._starts[next(iter(self._starts))]
        return found

    def run(self, options: L4COptions, *, full: bool = False) -> BatchRun:
        """Run every tower of the batch.

        Parameters
        ----------
        options : L4COptions
            What is run; changes of other plant types don't matter.
        full : bool
            Whether every output is kept, or GPP, RE and NEE.
        """
        options = of_type(options, self.pft)
        blocks, start = self.blocks(options.smrz_range), self.start(options)
        rows, _ = self._rows(options, blocks)
        ran = integrate(
            blocks, rows, start, daily_bins(blocks), outputs="full" if full else "live", litterfall=options.litterfall
        )
        of_cells = to_cells(blocks, ran.out)
        fields = {name: of_cells[:, :, place] for place, name in enumerate(ran.names)}
        if full:
            fields["rh"] = fields["rh_fast"] + fields["rh_med"] + fields["rh_slow"]
            fields["soc"] = fields["soc_fast"] + fields["soc_med"] + fields["soc_slow"]
        fields["ra"] = fields["gpp"].dtype.type(options.table()[PFTS[self.pft - 1]].f_aut) * fields["gpp"]
        fields["npp"] = fields["gpp"] - fields["ra"]
        fields["reco"] = fields["ra"] + fields["rh"]
        fields["nee"] = fields["reco"] - fields["gpp"]
        if not full:
            fields = {name: fields[name] for name in ("gpp", "reco", "nee")}
        return BatchRun(self, options, fields)

    def nee_error(self, options: L4COptions, errors: dict[str, InputErrors] | None, fpar_rank: float) -> np.ndarray:
        """Return the standard error of NEE by Eq. 10 of Jones et al. 2017 (site, day) [gC m-2 d-1]."""
        options = of_type(options, self.pft)
        blocks, start = self.blocks(options.smrz_range), self.start(options)
        rows, f_aut = self._rows(options, blocks)
        budget = error_budget(
            blocks, rows, start, f_aut, daily_bins(blocks), errors, fpar_rank=fpar_rank, litterfall=options.litterfall
        )
        return budget.of_cells()


@functools.lru_cache(maxsize=48)
def _batch(sites: tuple[TowerSite, ...], dtype: str) -> Batch:
    return Batch(sites, dtype)


def batches_of(sites: Iterable[TowerSite], options: L4COptions | None = None, dtype: str = "float32") -> list[Batch]:
    """Put towers into batches; the batches of the process are shared by its visitors.

    A litterfall by schedule follows the leaves of a tower's own record, so each tower is then a batch of its own.
    """
    alone = options is not None and options.litterfall != "constant"
    groups: dict[tuple, list[TowerSite]] = {}
    for site in sites:
        begin = int(day_of_365(site.drivers["time"].values[:1])[0])
        groups.setdefault((site.pft, begin, site.site if alone else ""), []).append(site)
    return [_batch(tuple(group), dtype) for _, group in sorted(groups.items())]
