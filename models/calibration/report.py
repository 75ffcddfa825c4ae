"""A calibration in words and tables, for the command line and for the screen."""

from collections.abc import Sequence

from models.calibration.fit import Calibration
from models.calibration.folds import POOLED, CrossValidation, ScoreRow
from models.l4c.params import L4CParams
from models.quantity import parameters_of

__all__ = ["parameter_lines", "score_lines"]


def parameter_lines(calibration: Calibration) -> list[str]:
    """Return the table of parameters: before, after, standard error, verdict; a line for each step's cost."""
    declared = parameters_of(L4CParams)
    lines = []
    for fit in calibration.steps:
        lines.append(
            f"{fit.step.upper()}: cost {fit.before:.3f} -> {fit.after:.3f} gC m-2 d-1, {fit.days:,} days of "
            f"{', '.join(fit.sites)}; {fit.agreed} of {len(fit.costs)} starts end there, {fit.evaluations} evaluations"
        )
        lines.append(f"    {'parameter':<11} {'unit':<8} {'before':>10} {'after':>10} {'error':>9}  verdict")
        judged = fit.identified
        columns = (judged.names, fit.values_before, fit.values_after, judged.std_error, judged.verdict)
        for name, old, new, error, verdict in zip(*columns, strict=True):
            said = verdict or "identified"
            lines.append(f"    {name:<11} {declared[name].unit:<8} {old:10.4g} {new:10.4g} {error:9.2g}  {said}")
    if calibration.stopped:
        lines.append("stopped: the best so far")
    return lines


def score_lines(rows: Sequence[ScoreRow], validation: CrossValidation | None = None) -> list[str]:
    """Return the table of scores by flux and site, before and after, in and out of sample; pooled rows last."""
    rows = [*rows, *(validation.rows if validation is not None else ())]
    lines = [
        f"{'flux':<5} {'site':<10} {'sample':<6} {'days':>6}   {'RMSE':>13}   {'ubRMSE':>13}   {'R':>13}   {'bias':>13}"
    ]
    order = {"gpp": 0, "reco": 1, "nee": 2}
    for row in sorted(rows, key=lambda r: (order[r.flux], r.sample, r.site == POOLED, r.site)):
        b, a = row.before, row.after
        pairs = (f"{float(getattr(b, n)):5.2f} -> {float(getattr(a, n)):5.2f}" for n in ("rmse", "ubrmse", "r", "bias"))
        lines.append(f"{row.flux:<5} {row.site:<10} {row.sample:<6} {int(a.n):6d}   " + "   ".join(pairs))
    return lines
