"""A calibration's results as tables: parameters, scores, files to take away."""

import pandas as pd

from explorer.export import program
from explorer.towers.calibration import Outcome
from models.calibration.cost import STEPS
from models.calibration.folds import POOLED
from models.l4c.bplut import BplutFile
from models.l4c.params import L4CParams
from models.quantity import parameters_of

__all__ = ["bplut_text", "parameter_frame", "report_csv", "sample_words", "score_frame"]

SCORES = ("rmse", "ubrmse", "r", "bias")


def parameter_frame(outcome: Outcome) -> pd.DataFrame:
    """Return a row for each free parameter of each step.

    Columns: step, parameter, unit, low, high, before, after, std_error, site_error, truth (of a twin), verdict ("" for
    an identified one).
    """
    declared, rows = parameters_of(L4CParams), []
    for fit in outcome.calibration.steps:
        judged = fit.identified
        columns = (
            judged.names,
            fit.values_before,
            fit.values_after,
            judged.std_error,
            judged.site_error,
            judged.verdict,
        )
        for name, before, after, error, by_sites, verdict in zip(*columns, strict=True):
            p = declared[name]
            low, high = outcome.request.options.bounds.get(name, (p.low, p.high))
            truth = float("nan") if outcome.truth is None else float(getattr(outcome.truth, name))
            rows.append(
                {
                    "step": fit.step, "parameter": name, "unit": p.unit, "low": low, "high": high, "before": before,
                    "after": after, "std_error": float(error), "site_error": float(by_sites), "truth": truth,
                    "verdict": verdict,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def sample_words(sample: str) -> str:
    """Say what a sample of scores is."""
    return {"in": "fitted", "out": "left out by its fold", "held out": "held out"}[sample]


def score_frame(outcome: Outcome) -> pd.DataFrame:
    """Return scores before and after: flux, site, sample, n, then a pair of columns for each score, ``rmse_before``."""
    rows = []
    for row in outcome.rows:
        pairs = {
            f"{name}_{when}": float(getattr(scores, name))
            for name in SCORES
            for when, scores in (("before", row.before), ("after", row.after))
        }
        rows.append({"flux": row.flux, "site": row.site, "sample": row.sample, "n": int(row.after.n), **pairs})
    frame = pd.DataFrame(rows)
    order = {flux: k for k, flux in enumerate(STEPS)}
    key = frame["flux"].map(order) * 100 + frame["sample"].map({"in": 0, "out": 10, "held out": 20})
    return frame.iloc[(key + (frame["site"] == POOLED)).argsort(kind="stable")].reset_index(drop=True)


def bplut_text(outcome: Outcome, base: str, table: dict[str, L4CParams]) -> str:
    """Return a biome property table in the mission's format: ``table``, with the fitted values in their place."""
    fitted = {outcome.request.pft: outcome.calibration.after}
    return BplutFile.shipped(base).with_table(table | fitted).write()


def report_csv(outcome: Outcome) -> str:
    """Return parameters and scores as one CSV file, with what was asked for above them."""
    options, request = outcome.request.options, outcome.request
    source = "virtual towers of a synthetic world" if request.twin is not None else "eddy-covariance towers"
    head = [
        f"# {program()}: calibration of L4C, {request.words}, on {source}",
        f"# sites: {', '.join(site.name for site in outcome.sites)}",
        f"# held out: {', '.join(site.site for site in request.held) or 'none'}; folds: {request.turns}",
        f"# {options}",
        f"# {request.rules}",
        f"# stopped before its end: {outcome.calibration.stopped}",
    ]
    return "\n".join([*head, parameter_frame(outcome).to_csv(index=False), score_frame(outcome).to_csv(index=False)])
