"""What a visitor of the page Benchmarks takes away as CSV: zonal months, soil carbon by latitude, budgets."""

from explorer.benchmarks.budgets import QUANTITIES, Budgets
from explorer.benchmarks.question import BenchmarkAnswer, FluxComparison
from explorer.benchmarks.stocks import Stocks
from explorer.export import head_lines, table_text
from models.variables import VARIABLES

__all__ = ["comparison_csv"]


def comparison_csv(answer: BenchmarkAnswer | None) -> str:
    """Return what the tab of an answer shows, below what made it.

    Raises
    ------
    ValueError
        If the tab shows no comparison yet.
    """
    shown = None if answer is None else answer.shown
    if isinstance(shown, FluxComparison):
        about, columns, rows = _months(shown)
    elif isinstance(shown, Stocks):
        about, columns, rows = _stocks(shown)
    elif isinstance(shown, Budgets):
        about, columns, rows = _budgets(shown)
    else:
        msg = "There is nothing to save yet; open a tab that compares, and wait for its plots."
        raise ValueError(msg)
    source = f"{answer.world.soil or 'drivers of the world'}; synthetic weather on real climate, {answer.world.grid}"
    return table_text(rows, [*about, *head_lines(answer.question.b, source)], columns)


def _months(shown: FluxComparison) -> tuple[list[str], list[str], list]:
    unit, theirs = VARIABLES[shown.variable].unit, VARIABLES[shown.source.variable].unit
    synthetic = "synthetic: " if shown.source.synthetic else ""
    about = [
        f"{shown.variable.upper()} by month and latitude against {synthetic}{shown.source.title} ({shown.source.note})",
        f"benchmark: {shown.source.citation or 'this project'}; slope to the model's unit {shown.a.slope:.6g}",
    ]
    name = shown.source.variable
    columns = ["month", "latitude [degrees]", f"{shown.variable} B [{unit}]", f"{shown.variable} A [{unit}]"]
    columns += [f"{name} benchmark [{theirs}]", f"benchmark scaled [{unit}]", "R B [1]", "R A [1]"]
    rows = [
        (month + 1, latitude, b, a, raw, scaled, r_b, r_a)
        for month in range(shown.b.model.shape[0])
        for latitude, b, a, raw, scaled, r_b, r_a in zip(
            shown.b.latitude,
            shown.b.model[month],
            shown.a.model[month],
            shown.b.benchmark[month],
            shown.b.scaled[month],
            shown.b.r,
            shown.a.r,
            strict=True,
        )
    ]
    return about, columns, rows


def _stocks(shown: Stocks) -> tuple[list[str], list[str], list]:
    about = ["Soil organic carbon by latitude, over the model's vegetated area"]
    about += [f"{p.label}: {p.source.citation or p.source.note}" for p in shown.profiles if p.source is not None]
    columns = ["latitude [degrees]"]
    columns += [f"{p.label} {what}" for p in shown.profiles for what in ("[gC m-2]", "[Pg C]")]
    rows = [
        (latitude, *(value for p in shown.profiles for value in (p.density[k], p.stock[k])))
        for k, latitude in enumerate(shown.latitude)
    ]
    return about, columns, rows


def _budgets(shown: Budgets) -> tuple[list[str], list[str], list]:
    about = [f"Budgets of regions, {shown.title}: {shown.note}"]
    columns = ["region", "vegetated area [m2]", "quantity", "B [Pg C yr-1; SOC Pg C]", "A", "published", "low", "high"]
    columns += ["years", "method", "source"]
    rows = []
    for row in (*shown.rows, shown.rest, shown.world):
        for quantity in QUANTITIES:
            theirs = [p for p in row.published if p.quantity == quantity] or [None]
            for p in theirs:
                printed = (
                    ("", "", "", "", "", "") if p is None else (p.value, p.low, p.high, p.years, p.method, p.source)
                )
                rows.append((row.name, row.area, quantity, row.b[quantity], row.a[quantity], *printed))
    return about, columns, rows
