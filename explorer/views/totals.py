"""Regional totals as a table, and the strip of key numbers above the page."""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import panel as pn

from explorer.style import number, signed
from models.l4c.params import PFT_NAMES, PFTS

__all__ = ["KPI_CSS", "TOTALS", "Kpi", "KpiStrip", "TotalsView", "kpi_strip", "totals_table"]

TOTALS = {"gpp": "GPP", "ra": "RA", "rh": "RH", "nee": "NEE", "soc": "SOC"}
"""Variables of the table and their symbols, in the order of the screen."""

UNITS = {name: "Pg C" if name == "soc" else "Pg C yr⁻¹" for name in TOTALS}


PLACES = 4
"""Decimals of a total at most: 0.0001 Pg C is far below what any of them is known to."""


def totals_table(
    a: Mapping[str, Mapping[str, float]], b: Mapping[str, Mapping[str, float]], variable: str | None = None
) -> pd.DataFrame:
    """Return totals of a region by plant type, of A, B and their difference.

    Parameters
    ----------
    a, b : mapping
        Plant type (and "all") -> variable -> total [Pg C yr-1; SOC: Pg C].
    variable : str, optional
        One of `TOTALS`: columns A, B, B − A and B − A [%]. Without it every variable, in columns
        ("GPP [Pg C yr⁻¹]", "A") and so on.

    Returns
    -------
    DataFrame
        One row for each plant type that grows in the region, in the order of the BPLUT, then "All".
    """
    rows = [pft for pft in PFTS if pft in a or pft in b] + ["all"]

    def of(totals: Mapping, pft: str, name: str) -> float:
        return float(totals.get(pft, {}).get(name, 0.0))

    index = pd.Index([pft if pft != "all" else "All" for pft in rows], name="PFT")
    if variable is not None:
        frame = pd.DataFrame(
            {"A": [of(a, pft, variable) for pft in rows], "B": [of(b, pft, variable) for pft in rows]}, index=index
        )
        frame["B − A"] = frame["B"] - frame["A"]
        frame["B − A [%]"] = 100.0 * frame["B − A"] / frame["A"].abs().where(frame["A"] != 0.0)
        return frame
    columns = {}
    for name, symbol in TOTALS.items():
        head = f"{symbol} [{UNITS[name]}]"
        columns[head, "A"] = [of(a, pft, name) for pft in rows]
        columns[head, "B"] = [of(b, pft, name) for pft in rows]
        columns[head, "B − A"] = [of(b, pft, name) - of(a, pft, name) for pft in rows]
    return pd.DataFrame(columns, index=index)


TABLE_CSS = """
.totals{overflow-x:auto}
.totals table{border-collapse:collapse;width:100%;font-size:12px;font-variant-numeric:tabular-nums}
.totals th,.totals td{padding:3px 7px;text-align:right;white-space:nowrap;border-bottom:1px solid rgba(128,128,128,.22)}
.totals th:first-child,.totals td:first-child{text-align:left}
.totals thead th{font-weight:500;opacity:.75}
.totals thead tr:first-child th{text-align:center;border-bottom:0}
.totals .edge{border-left:1px solid rgba(128,128,128,.35)}
.totals tbody tr:last-child{font-weight:600}
.totals .up{color:#c75a20}.totals .down{color:#2f8fd0}
.totals caption{caption-side:bottom;text-align:left;font-size:11px;opacity:.7;padding-top:4px}
"""


class TotalsView:
    """All totals in one table that a screen reader can read."""

    def __init__(self):
        self.pane = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))

    def update(self, a: Mapping[str, Mapping[str, float]], b: Mapping[str, Mapping[str, float]]) -> None:
        """Show the totals of A and B; see `totals_table`."""
        self.pane.object = totals_html(totals_table(a, b))


def totals_html(frame: pd.DataFrame) -> str:
    """Write `totals_table` of all variables as HTML; what rose is orange and has a plus, what fell blue and a minus."""
    groups = list(dict.fromkeys(group for group, _ in frame.columns))
    first = "".join(f'<th class="edge" colspan="3" scope="colgroup">{html.escape(group)}</th>' for group in groups)
    second = "".join(
        f'<th class="{"edge" if name == "A" else ""}" scope="col">{html.escape(name)}</th>' for _, name in frame.columns
    )
    lines = []
    for pft, row in frame.iterrows():
        cells = []
        for (_, name), value in row.items():
            shown = signed(value, 3, PLACES) if name == "B − A" else number(value, 3, PLACES)
            tone = "edge" if name == "A" else "" if name == "B" or shown == "0" else "up" if value > 0 else "down"
            cells.append(f'<td class="{tone}">{shown}</td>')
        meaning = html.escape(PFT_NAMES.get(pft, "all plant types"))
        lines.append(f'<tr><th scope="row" title="{meaning}">{html.escape(str(pft))}</th>{"".join(cells)}</tr>')
    return (
        f'<div class="totals"><table><caption>Sum over the region; NEE is positive to the atmosphere. A: baseline, '
        f"B: experiment.</caption><thead><tr><th></th>{first}</tr><tr><th scope='col'>PFT</th>{second}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


@dataclass(frozen=True)
class Kpi:
    """One key number: its name, value and unit, the baseline it is compared with, and a word on it."""

    label: str
    value: float
    unit: str
    baseline: float | None = None
    note: str = ""


KPI_CSS = """
.kpis{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:10px}
.kpi{border:1px solid rgba(128,128,128,.25);border-radius:10px;padding:8px 14px}
.kpi .t{font-size:12px;opacity:.75}
.kpi .v{font-size:20px;font-weight:600;font-variant-numeric:tabular-nums}
.kpi .v span{font-size:12px;font-weight:400;opacity:.75}
.kpi .d{font-size:12px;font-variant-numeric:tabular-nums;min-height:1.3em}
.kpi .up{color:#c75a20}.kpi .down{color:#2f8fd0}.kpi .same{opacity:.7}
"""

NARROW_CSS = """
.kpis{grid-template-columns:repeat(auto-fit,minmax(100px,1fr));gap:8px}
.kpi{padding:6px 9px}
.kpi .v{white-space:nowrap;font-size:18px}
.kpi .v span{font-size:11px}
"""


def kpi_strip(items: Sequence[Kpi]) -> str:
    """Write key numbers as HTML; all text is escaped."""
    cards = []
    for item in items:
        if item.baseline is None:
            change = f'<div class="d same">{html.escape(item.note)}</div>'
        else:
            difference = item.value - item.baseline
            # Round-off of the totals is no change.
            same = not math.isfinite(difference) or abs(difference) < 1e-6 * max(abs(item.baseline), 1e-3)
            tone = "same" if same else "up" if difference > 0 else "down"
            words = (
                "same as A"
                if same
                else f"{signed(difference, 3, PLACES)} against A{_percent(difference, item.baseline)}"
            )
            change = f'<div class="d {tone}">{words}</div>'
        title = f' title="{html.escape(item.note, quote=True)}"' if item.note else ""
        cards.append(
            f'<div class="kpi" role="group"{title}><div class="t">{html.escape(item.label)}</div>'
            f'<div class="v">{number(item.value, 3, PLACES)} <span>{html.escape(item.unit)}</span></div>{change}</div>'
        )
    return f'<div class="kpis">{"".join(cards)}</div>'


def _percent(difference: float, baseline: float) -> str:
    """Return a change in percent where the baseline is not about 0."""
    return f" ({signed(100.0 * difference / abs(baseline), 2)} %)" if abs(baseline) > 1e-3 else ""


class KpiStrip:
    """The strip of key numbers.

    Parameters
    ----------
    narrow : bool
        Whether eight of them are to stand side by side.
    """

    def __init__(self, *, narrow: bool = False):
        css = KPI_CSS + NARROW_CSS if narrow else KPI_CSS
        self.pane = pn.pane.HTML("", stylesheets=[css], sizing_mode="stretch_width", margin=(4, 10))

    def update(self, items: Sequence[Kpi]) -> None:
        """Show other numbers."""
        self.pane.object = kpi_strip(items)
