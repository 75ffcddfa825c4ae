"""NEE uncertainty (Eq. 10): its cost over that of a forward run, the areas that meet the mission's limit, linearity."""

import time

import numpy as np

from data_catalog import open_dataset
from data_catalog.world import store
from models.l4c.bplut import load_bplut
from models.l4c.forward import daily_bins, integrate, start_of_year
from models.l4c.input_errors import RANKS
from models.l4c.params import PFTS
from models.l4c.rows import pft_rows
from models.l4c.sampled import sampled_error
from models.l4c.sensitivity import remove_constraints
from models.l4c.uncertainty import error_budget, shares_of_area, world_unit_budget
from models.packing import LANES
from tests.benchmarks.timing import interleaved

__all__ = ["rows"]

SLICES, BLOCKS, PASSES = 4, 24, 20
PAPER = {"world": 0.66, "north": 0.83, "relative": 0.82}


def _parts(blocks):
    table = load_bplut()
    f_aut = np.array([table[p].f_aut for p in PFTS])[blocks.pft - 1][:, None].repeat(LANES, 1).astype(blocks.float_type)
    rows_ = pft_rows(table, blocks)
    return rows_, f_aut, start_of_year(blocks, rows_, f_aut)


def rows(grid: str = "108km") -> list[tuple[str, float, float | str, str]]:
    """Return (name, value, target, note)."""
    blocks = store.open_blocks(grid)
    table = []
    for kind in ("packed", "float64"):
        parts = []
        for i in range(SLICES):
            some = blocks.of(range(i * BLOCKS, (i + 1) * BLOCKS))
            some = some if kind == "packed" else some.as_float(np.float64)
            parts.append((some, *_parts(some)))
        bins = np.zeros(len(blocks.time), np.int32)

        def forward(i, parts=parts, bins=bins, outputs="full"):
            some, rows_, _, start = parts[i]
            integrate(some, rows_, start, bins, outputs=outputs)

        def live(i, forward=forward):
            forward(i, outputs="live")

        def jacobian(i, parts=parts, bins=bins):
            some, rows_, f_aut, start = parts[i]
            error_budget(some, rows_, start, f_aut, bins)

        took = interleaved({"full": forward, "live": live, "errors": jacobian}, SLICES, PASSES, clock=time.process_time)
        for other in ("full", "live"):
            note = f"all of J and J E J' of a year, against the forward run ({other} outputs)"
            table.append((f"{kind}: cost / forward run, {other}", took["errors"] / took[other], "<= 4", note))
    ds = open_dataset("reference-earth", grid=grid)
    area = ds["area"].values * np.nan_to_num(ds["pft_fraction"].values).sum(axis=ds["pft_fraction"].dims.index("pft"))
    units = world_unit_budget(blocks)
    for rank in RANKS:
        budget = units.budget(fpar_rank=rank)
        shares = shares_of_area(
            budget.of_cells()[:, 0], budget.flux_of_cells()[:, 0], area, ds["latitude"].values
        )._asdict()
        for name, value in shares.items():
            note = f"fPAR quality rank {rank:g}; the paper's number beside it, on another world"
            table.append((f"share of area, {name}, rank {rank:g}", round(value, 3), f"{PAPER[name]:.2f}", note))
    for name, fluxes in remove_constraints(blocks).shares(area).items():
        flux = "rh" if name == "smsf" else "gpp"
        for limit, share in zip((5, 30), fluxes[flux], strict=True):
            note = f"share of the vegetated area whose annual {flux.upper()} changes by {limit} % or more (Fig. 8)"
            table.append((f"{name} removed: area >= {limit} %", round(share, 3), None, note))
    chosen = blocks.of(range(0, len(blocks.cell_of), max(1, len(blocks.cell_of) // 12))).as_float(np.float64)
    rows_, f_aut, start = _parts(chosen)
    days = np.arange(0, 365, 30)
    drawn = sampled_error(chosen, rows_, start, f_aut, days, members=300)
    linear = np.sqrt(error_budget(chosen, rows_, start, f_aut, daily_bins(chosen)).squares.sum(axis=2))[:, days]
    used = (chosen.fraction > 0)[:, None] & (linear > 0.01)
    for label, where in (("far from limits", used & drawn.inside), ("all days", used)):
        ratio = drawn.std[where] / linear[where]
        low, middle, high = np.percentile(ratio, [5, 50, 95])
        note = f"5 and 95 %: {low:.2f}, {high:.2f}; {where.sum()} days and lanes, errors of V7 in full"
        table.append((f"drawn / linear error, {label}, median", round(float(middle), 3), "0.9-1.1", note))
    return table
