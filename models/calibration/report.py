"""A calibration in words and tables, for the command line."""

from collections.abc import Mapping, Sequence

import numpy as np

from models.calibration.fit import Calibration
from models.calibration.folds import POOLED, ScoreRow
from models.calibration.identify import Profile
from models.calibration.search import StepFit
from models.l4c.params import L4CParams
from models.quantity import parameters_of

__all__ = ["parameter_lines", "profile_lines", "score_lines", "summary_lines", "twin_lines"]

UNIT = "gC m-2 d-1"
ORDER = {"gpp": 0, "reco": 1, "nee": 2}
SHOWN = ("rmse", "ubrmse", "r", "bias")
HEADS = f"{'RMSE':>14}  {'ubRMSE':>14}  {'R':>14}  {'bias':>14}"


def _width(width: float) -> str:
    return "as it starts" if np.isnan(width) else f"{width:.0%}" if width else "none"


def _step_lines(fit: StepFit) -> list[str]:
    """Say how a step went: its cost, its starts, its prior, parameters that stand in for each other."""
    name = fit.step.upper()
    lines = [f"{name}: {fit.days:,} days of {', '.join(fit.sites)}"]
    if fit.choice:
        tried = ", ".join(f"{_width(one.width)} {one.cost:.3f}" for one in fit.choice)
        lines.append(f"    cost at sites left out in turn, by the width of the prior: {tried} {UNIT}")
    if fit.kept:
        lines.append("    no width served sites left out: the step stays where it starts")
    else:
        prior = f"prior of {fit.prior:.0%} of the bounds" if fit.prior else "no prior"
        lines.append(
            f"    cost {fit.before:.3f} -> {fit.after:.3f} {UNIT}, {prior}; "
            f"{fit.agreed} of {len(fit.costs)} starts end there, {fit.evaluations} evaluations"
        )
    return lines


def parameter_lines(calibration: Calibration) -> list[str]:
    """Return, for each step, its cost and the table of its parameters: before, after, standard errors, verdict."""
    declared = parameters_of(L4CParams)
    lines = []
    for fit in calibration.steps:
        lines += _step_lines(fit)
        lines.append(
            f"    {'parameter':<11} {'unit':<8} {'bounds':>16} {'before':>10} {'after':>10} "
            f"{'error by':>9} {'error by':>9}"
        )
        lines.append(f"    {'':<11} {'':<8} {'':>16} {'':>10} {'':>10} {'days':>9} {'sites':>9}  verdict")
        judged = fit.identified
        columns = (
            judged.names,
            fit.values_before,
            fit.values_after,
            judged.std_error,
            judged.site_error,
            judged.verdict,
        )
        for name, old, new, error, by_sites, verdict in zip(*columns, strict=True):
            p = declared[name]
            low, high = calibration.options.bounds.get(name, (p.low, p.high))
            said = verdict or "identified"
            between = "-" if np.isnan(by_sites) else f"{by_sites:.2g}"
            lines.append(
                f"    {name:<11} {p.unit:<8} {f'{low:g} to {high:g}':>16} {old:10.4g} {new:10.4g} {error:9.2g} "
                f"{between:>9}  {said}"
            )
        pairs = judged.strongest_pairs()
        if pairs:
            lines.append("    errors go together: " + ", ".join(f"{a} and {b} ({r:+.2f})" for a, b, r in pairs[:4]))
    if calibration.stopped:
        lines.append("stopped: the best so far")
    return lines


def _pairs(row: ScoreRow, names: Sequence[str] = SHOWN) -> str:
    return "  ".join(f"{float(getattr(row.before, n)):5.2f} -> {float(getattr(row.after, n)):5.2f}" for n in names)


def score_lines(rows: Sequence[ScoreRow]) -> list[str]:
    """Return the table of scores by flux, sample and site, before and after; pooled rows last."""
    lines = [f"{'flux':<5} {'site':<10} {'sample':<8} {'days':>7}  {HEADS}"]
    for row in sorted(rows, key=lambda r: (ORDER[r.flux], r.sample != "in", r.sample, r.site == POOLED, r.site)):
        lines.append(f"{row.flux:<5} {row.site:<10} {row.sample:<8} {int(row.after.n):7,d}  {_pairs(row)}")
    return lines


def summary_lines(results: Mapping[str, Sequence[ScoreRow]]) -> list[str]:
    """Return one line for each plant type, flux and sample: the scores of all its sites' days, before and after."""
    lines = [f"{'type':<5} {'flux':<5} {'sample':<8} {'sites':>5} {'days':>7}  {HEADS}"]
    for pft, rows in results.items():
        pooled = [row for row in rows if row.site == POOLED]
        for row in sorted(pooled, key=lambda r: (ORDER[r.flux], r.sample != "in", r.sample)):
            sites = sum((r.flux, r.sample) == (row.flux, row.sample) for r in rows) - 1
            lines.append(f"{pft:<5} {row.flux:<5} {row.sample:<8} {sites:5d} {int(row.after.n):7,d}  {_pairs(row)}")
    return lines


def profile_lines(profiles: Sequence[Profile]) -> list[str]:
    """Return, for each parameter, its values and the cost with the others fitted anew."""
    declared = parameters_of(L4CParams)
    lines = []
    for one in profiles:
        lines.append(f"    {one.name:<11} {declared[one.name].unit:<8} " + " ".join(f"{v:9.4g}" for v in one.values))
        lines.append(f"    {'':<11} {'cost':<8} " + " ".join(f"{c:9.4f}" for c in one.rmse))
    return lines


def twin_lines(calibration: Calibration, truth: L4CParams) -> list[str]:
    """Return what came back of a twin's parameters; the last step that fitted a parameter gives its verdict."""
    verdicts = {
        name: why
        for fit in calibration.steps
        for name, why in zip(fit.identified.names, fit.identified.verdict, strict=True)
    }
    lines = [f"    {'parameter':<11} {'truth':>10} {'start':>10} {'found':>10} {'apart':>8}"]
    for name, why in verdicts.items():
        true, begun, found = (getattr(p, name) for p in (truth, calibration.before, calibration.after))
        apart = f"{abs(found / true - 1):8.2%}" if abs(true) > 1e-3 else f"{abs(found - true):8.2g}"
        lines.append(f"    {name:<11} {true:10.4g} {begun:10.4g} {found:10.4g} {apart}  {why or 'identified'}")
    return lines
